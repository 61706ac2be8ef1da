/*
 * GrantRights: an account's unit and rights from now on (OFF-02, OFF-03, OFF-11, S14). An operator
 * may give anything; an officer with RIGHTS_GRANT only within his own unit, and only an APCA_ADMIN
 * passes on the rights that make administrators. Nobody grants to himself.
 */
#include <string.h>

#include "common/ident.h"
#include "common/text.h"

#include "account.h"

struct grant {
    char login_id[MC_CCCD_SIZE];
    char unit[MC_AGENCY_CODE_SIZE];
};

static void check_unit(struct mc_txn *txn, const Identity__GrantRightsRequest *req,
                       struct grant *grant)
{
    if (req->unit[0] == '\0' && req->n_rights == 0)
        return;
    if (req->unit[0] == '\0') {
        (void)mc_refuse(txn, MC_INVALID, "unit", "FIELD_REQUIRED", "field", "đơn vị", NULL);
        return;
    }
    enum mc_why why = mc_agency_parse(req->unit, grant->unit, sizeof grant->unit);
    if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "unit", mc_why_code(why), NULL);
}

static bool is_among(char *const *rights, size_t len, const char *right)
{
    for (size_t i = 0; i < len; i++)
        if (strcmp(rights[i], right) == 0)
            return true;
    return false;
}

static void check_rights(const struct identity *identity, struct mc_txn *txn,
                         const Identity__GrantRightsRequest *req)
{
    if (req->n_rights > IDENTITY_RIGHTS_MAX) {
        (void)mc_refuse(txn, MC_INVALID, "rights", "LIST_TOO_LONG", NULL);
        return;
    }
    for (size_t i = 0; i < req->n_rights; i++) {
        char field[32];
        (void)snprintf(field, sizeof field, "rights[%zu]", i);
        if (!identity_right_is_known(identity, req->rights[i]))
            (void)mc_refuse(txn, MC_INVALID, mc_strdup(txn->arena, field), "RIGHT_UNKNOWN", NULL);
        else if (is_among(req->rights, i, req->rights[i]))
            (void)mc_refuse(txn, MC_INVALID, mc_strdup(txn->arena, field), "RIGHT_TWICE", NULL);
    }
}

static enum mc_status check(const struct identity *identity, struct mc_txn *txn,
                            const Identity__GrantRightsRequest *req, struct grant *grant)
{
    enum mc_identity_kind kind;
    enum mc_why why =
        mc_identity_parse(req->login_id, grant->login_id, sizeof grant->login_id, &kind);

    if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "login_id", mc_why_code(why), NULL);
    check_unit(txn, req, grant);
    check_rights(identity, txn, req);
    if (req->reason[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "reason", "FIELD_REQUIRED", "field", "lý do", NULL);
    else if (mc_text_chars(req->reason) > IDENTITY_REASON_MAX)
        (void)mc_refuse(txn, MC_INVALID, "reason", "FIELD_TOO_LONG", "field", "Lý do", "max",
                        "500 ký tự", NULL);
    return txn->status;
}

static bool caller_has(const struct mc_txn *txn, const char *right)
{
    for (size_t i = 0; i < txn->caller->rights_len; i++)
        if (strcmp(txn->caller->rights[i], right) == 0)
            return true;
    return false;
}

/* What an officer may do; the account's present unit counts too, or units could be raided. */
static void check_officer(struct mc_txn *txn, const Identity__GrantRightsRequest *req,
                          const struct grant *grant, const IdentityState__Account *account)
{
    const char *own = txn->caller->unit;
    struct mc_bytes session;

    if (identity_session_of_caller(txn, &session) == NULL)
        return;
    if (own == NULL || !caller_has(txn, "RIGHTS_GRANT")) {
        (void)mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", NULL);
        return;
    }
    if ((grant->unit[0] != '\0' && !mc_agency_within(grant->unit, own)) ||
        (account->unit[0] != '\0' && !mc_agency_within(account->unit, own)))
        (void)mc_refuse(txn, MC_DENIED, "unit", "UNIT_OUTSIDE", NULL);
    if (caller_has(txn, "APCA_ADMIN"))
        return;
    if (is_among(req->rights, req->n_rights, "APCA_ADMIN") ||
        is_among(req->rights, req->n_rights, "RIGHTS_GRANT"))
        (void)mc_refuse(txn, MC_DENIED, "rights", "RIGHT_NOT_YOURS", NULL);
}

static enum mc_status check_grantor(const struct identity *identity, struct mc_txn *txn,
                                    const Identity__GrantRightsRequest *req,
                                    const struct grant *grant, struct mc_bytes account_id,
                                    const IdentityState__Account *account)
{
    const char *own_account = txn->caller->account_id;
    const struct identity_method *method = identity_method_find(identity, account->method);

    if (own_account != NULL && strcmp(own_account, identity_uuid(txn, account_id)) == 0)
        return mc_refuse(txn, MC_DENIED, "login_id", "RIGHTS_TO_SELF", NULL);
    if ((txn->caller->who & MC_OPERATOR) == 0)
        check_officer(txn, req, grant, account);
    if (req->n_rights > 0 && (method == NULL || !method->officer_rights)) /* REG-09 */
        (void)mc_refuse(txn, MC_CONFLICT, "login_id", "RIGHTS_NOT_FOR_METHOD", NULL);
    return txn->status;
}

static bool loses_something(const Identity__GrantRightsRequest *req, const struct grant *grant,
                            const IdentityState__Account *account)
{
    if (account->unit[0] != '\0' && strcmp(account->unit, grant->unit) != 0)
        return true;
    for (size_t i = 0; i < account->n_rights; i++)
        if (!is_among(req->rights, req->n_rights, account->rights[i]))
            return true;
    return false;
}

static void emit(struct mc_txn *txn, const Identity__GrantRightsRequest *req,
                 const struct grant *grant, struct mc_bytes account_id)
{
    Identity__RightsGranted granted = IDENTITY__RIGHTS_GRANTED__INIT;
    const char *keys[] = {identity_key(txn, "account", account_id), NULL};

    granted.account_id = identity_uuid(txn, account_id);
    granted.unit = mc_unconst(grant->unit);
    granted.rights = req->rights;
    granted.n_rights = req->n_rights;
    granted.reason = req->reason;
    mc_emit(txn, "identity.rights_granted", &granted.base, MC_SEALED, keys);
}

enum mc_status identity_grant_rights(struct identity *identity, struct mc_txn *txn,
                                     const Identity__GrantRightsRequest *req,
                                     Identity__GrantRightsReply *rep)
{
    struct grant grant = {0};
    struct mc_bytes id = {0};
    IdentityState__Account *account = NULL;
    struct identity_change change;

    if (check(identity, txn, req, &grant) != MC_OK)
        return txn->status;
    if (identity_account_find(txn, identity_login_index(txn, grant.login_id), &id))
        account = identity_account_load(txn, id);
    if (account == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "login_id", "NO_ACCOUNTS_FOUND", NULL);
    if (check_grantor(identity, txn, req, &grant, id, account) != MC_OK)
        return txn->status;

    if (!identity_change_begin(txn, id, account, &change))
        return txn->status;
    /* A session token would keep what was taken away until it ends; more rights can wait. */
    if (loses_something(req, &grant, account))
        identity_sessions_revoke(txn, id);
    account->unit = grant.unit;
    account->rights = req->rights;
    account->n_rights = req->n_rights;
    identity_change_save(txn, &change,
                         (txn->caller->who & MC_OPERATOR) != 0 ? IDENTITY_BY_OPERATOR
                                                               : IDENTITY_AT_DESK,
                         req->reason);
    emit(txn, req, &grant, id);
    rep->account_id = identity_uuid(txn, id);
    return txn->status;
}
