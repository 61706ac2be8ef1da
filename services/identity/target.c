/*
 * Targets: whose account a call is about, and what the caller is to it. Nobody learns of another
 * account's existence who has no right to it; nobody deals with his own account as an officer; and
 * an officer reaches accounts of his own unit and those below it, and citizens; the top
 * administrator (identity.top_agency) everybody.
 */
#include <string.h>

#include "common/ident.h"
#include "common/text.h"

#include "officer.h"

bool identity_caller_has(const struct mc_txn *txn, const char *right)
{
    if ((txn->caller->who & MC_OFFICER) == 0)
        return false;
    for (size_t i = 0; i < txn->caller->rights_len; i++)
        if (strcmp(txn->caller->rights[i], right) == 0)
            return true;
    return false;
}

bool identity_target_own(struct mc_txn *txn, struct identity_target *ret_target)
{
    struct mc_bytes session_id;
    const IdentityState__Session *session = identity_session_of_caller(txn, &session_id);

    if (session == NULL)
        return false;
    ret_target->id = mc_key_bytes(session->account);
    ret_target->way = IDENTITY_BY_OWNER;
    ret_target->account = identity_account_load(txn, ret_target->id);
    if (ret_target->account == NULL)
        (void)mc_fail(txn, MC_CORRUPT, "session without account");
    return txn->status == MC_OK;
}

enum mc_why identity_number_parse(const char *text, char out[MC_TAX_CODE_SIZE])
{
    struct mc_tax_code tax;
    enum mc_identity_kind kind;
    enum mc_why why = mc_identity_parse(text, out, MC_TAX_CODE_SIZE, &kind);

    if (why == MC_WHY_OK || mc_budget_code_parse(text, out, MC_TAX_CODE_SIZE) == MC_WHY_OK)
        return MC_WHY_OK;
    if (mc_tax_code_parse(text, &tax) != MC_WHY_OK)
        return why;
    memcpy(out, tax.code, sizeof tax.code);
    return MC_WHY_OK;
}

static bool find(struct mc_txn *txn, const char *account_id, const char *login_id,
                 struct identity_target *target)
{
    char number[MC_TAX_CODE_SIZE];
    const char *field = account_id[0] != '\0' ? "account_id" : "login_id";

    if (account_id[0] != '\0') {
        target->id = identity_id_parse(txn, account_id);
    } else {
        enum mc_why why = identity_number_parse(login_id, number);
        if (why != MC_WHY_OK)
            return mc_refuse(txn, MC_INVALID, field, mc_why_code(why), NULL) == MC_OK;
        if (!identity_account_find(txn, identity_login_index(txn, number), &target->id))
            target->id = (struct mc_bytes){0};
    }
    target->account = identity_account_load(txn, target->id);
    if (target->account == NULL)
        (void)mc_refuse(txn, MC_NOT_FOUND, field, "NO_ACCOUNTS_FOUND", NULL);
    return txn->status == MC_OK;
}

static bool is_own(struct mc_txn *txn, const struct identity_target *target)
{
    const char *own = txn->caller->account_id;

    return own != NULL && strcmp(own, identity_uuid(txn, target->id)) == 0;
}

static bool is_top(const struct identity *identity, struct mc_txn *txn)
{
    return identity_caller_has(txn, "APCA_ADMIN") && identity_agency_is_root(txn->caller->unit) &&
           strcmp(identity_agency_level1(txn, txn->caller->unit), identity->top_agency) == 0;
}

/* All units of the account, or it would be reached through the least of them. */
static bool in_reach(const struct identity *identity, struct mc_txn *txn,
                     struct identity_target *target)
{
    struct identity_units units;
    struct mc_bytes session;

    if (identity_session_of_caller(txn, &session) == NULL)
        return false;
    target->everywhere = is_top(identity, txn);
    identity_units_read(txn, target->account, &units);
    for (size_t i = 0; i < units.len && !target->everywhere && txn->status == MC_OK; i++)
        if (!mc_agency_within(units.rows[i]->unit, txn->caller->unit))
            (void)mc_refuse(txn, MC_DENIED, "account_id", "UNIT_OUTSIDE", NULL);
    return txn->status == MC_OK;
}

bool identity_target_find(const struct identity *identity, struct mc_txn *txn,
                          const char *account_id, const char *login_id, const char *right,
                          struct identity_target *ret_target)
{
    const char *own = txn->caller->account_id;
    if (txn->status != MC_OK)
        return false;
    bool named = account_id[0] != '\0' || login_id[0] != '\0';

    if (own != NULL && (!named || strcmp(account_id, own) == 0))
        return identity_target_own(txn, ret_target);
    if ((txn->caller->who & MC_OPERATOR) != 0) {
        ret_target->way = IDENTITY_BY_OPERATOR;
        return find(txn, account_id, login_id, ret_target);
    }
    if (!identity_caller_has(txn, right))
        return mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", "right", right, NULL) == MC_OK;
    ret_target->way = IDENTITY_AT_DESK;
    if (!find(txn, account_id, login_id, ret_target))
        return false;
    if (is_own(txn, ret_target)) /* by his number: still himself */
        return identity_target_own(txn, ret_target);
    return in_reach(identity, txn, ret_target);
}

void identity_check_reason(struct mc_txn *txn, const char *reason)
{
    if (reason[strspn(reason, " \t\n")] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "reason", "FIELD_REQUIRED", "field", "lý do", NULL);
    else if (mc_text_chars(reason) > IDENTITY_REASON_MAX)
        (void)mc_refuse(txn, MC_INVALID, "reason", "FIELD_TOO_LONG", "field", "Lý do", "max",
                        "500 ký tự", NULL);
}

bool identity_check_version(struct mc_txn *txn, const IdentityState__Account *account,
                            uint64_t version)
{
    if (version != 0 && version != account->version)
        (void)mc_refuse(txn, MC_CONFLICT, "version", "ACCOUNT_CHANGED", NULL);
    return txn->status == MC_OK;
}

bool identity_check_purpose(struct mc_txn *txn)
{
    const char *purpose = txn->header->purpose;

    if (purpose[strspn(purpose, " \t")] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "purpose", "PURPOSE_REQUIRED", NULL);
    else if (mc_text_chars(purpose) > IDENTITY_PURPOSE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "purpose", "FIELD_TOO_LONG", "field", "Mục đích", "max",
                        "200 ký tự", NULL);
    return txn->status == MC_OK;
}

/* An officer who reads account after account is slowed down: that is no work at a desk. */
void identity_read_emit(struct mc_txn *txn, const struct identity_target *target, const char *what)
{
    Identity__PersonalDataRead read = IDENTITY__PERSONAL_DATA_READ__INIT;
    struct mc_bytes reader = identity_id_parse(txn, txn->caller->account_id);

    if (target->way == IDENTITY_AT_DESK &&
        !identity_budget_take(txn, "budget.read", reader, IDENTITY_READS_AN_HOUR, "READS_TOO_MANY"))
        return;
    const char *keys[] = {identity_key(txn, "account", target->id), NULL};

    read.account_id = identity_uuid(txn, target->id);
    read.what = mc_unconst(what);
    read.purpose = txn->header->purpose;
    mc_emit(txn, "identity.personal_data_read", &read.base, MC_SEALED, keys);
}

bool identity_budget_take(struct mc_txn *txn, const char *what, struct mc_bytes key, int64_t max,
                          const char *code)
{
    IdentityState__Starts fresh = IDENTITY_STATE__STARTS__INIT;
    struct mc_bytes row = mc_blind(txn, what, identity_uuid(txn, key));
    IdentityState__Starts *starts =
        mc_load(txn, IDENTITY_STARTS, row, &identity_state__starts__descriptor);

    if (starts == NULL || starts->since_ms + IDENTITY_STARTS_WINDOW_MS <= txn->now_ms) {
        fresh.since_ms = txn->now_ms;
        starts = &fresh;
    }
    if (starts->count >= max) {
        txn->retry_after_ms = starts->since_ms + IDENTITY_STARTS_WINDOW_MS - txn->now_ms;
        return mc_refuse(txn, MC_LIMITED, "", code, NULL) == MC_OK;
    }
    starts->count += 1;
    mc_save(txn, IDENTITY_STARTS, row, &starts->base);
    return txn->status == MC_OK;
}
