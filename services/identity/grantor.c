/*
 * Who gives units and rights, and where (OFF-03, ACT-03): an operator (bootstrap); the top
 * administrator, APCA_ADMIN of the agency identity.top_agency names (the Government Office), for
 * the whole country; an administrator of level 1, RIGHTS_GRANT of a ministry or province itself,
 * for what carries its level-1 code. A district's RIGHTS_GRANT reaches nothing.
 */
#include <string.h>

#include "common/date.h"

#include "officer.h"

enum identity_way identity_grantor_way(const struct identity_grantor *grantor)
{
    return grantor->account_id == NULL ? IDENTITY_BY_OPERATOR : IDENTITY_AT_DESK;
}

bool identity_page_size(struct mc_txn *txn, uint32_t asked, size_t most, size_t *ret_size)
{
    char max[24];

    *ret_size = asked != 0 ? asked : IDENTITY_PAGE_DEFAULT;
    if (*ret_size <= most)
        return true;
    (void)snprintf(max, sizeof max, "%zu", most);
    return mc_refuse(txn, MC_INVALID, "page_size", "PAGE_SIZE_INVALID", "max", max, NULL) == MC_OK;
}

bool identity_grantor_find(const struct identity *identity, struct mc_txn *txn,
                           struct identity_grantor *ret_grantor)
{
    struct mc_bytes session;
    const char *own = txn->caller->unit;

    *ret_grantor = (struct identity_grantor){.account_id = txn->caller->account_id};
    if ((txn->caller->who & MC_OPERATOR) != 0) {
        ret_grantor->everywhere = true;
        ret_grantor->makes_administrators = true;
        return true;
    }
    if (identity_session_of_caller(txn, &session) == NULL)
        return false;
    bool top = identity_caller_has(txn, "APCA_ADMIN");
    if (own == NULL || !(top || identity_caller_has(txn, "RIGHTS_GRANT"))) {
        (void)mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", NULL);
        return false;
    }
    if (!identity_agency_is_root(own)) {
        (void)mc_refuse(txn, MC_DENIED, "", "LEVEL_1_ONLY", NULL);
        return false;
    }
    ret_grantor->level1 = identity_agency_level1(txn, own);
    ret_grantor->makes_administrators = top;
    ret_grantor->everywhere = top && strcmp(ret_grantor->level1, identity->top_agency) == 0;
    return txn->status == MC_OK;
}

bool identity_grantor_reaches(struct mc_txn *txn, const struct identity_grantor *grantor,
                              const char *unit)
{
    return grantor->everywhere || (grantor->level1 != NULL &&
                                   strcmp(identity_agency_level1(txn, unit), grantor->level1) == 0);
}

static void refuse_ended(struct mc_txn *txn, const char *field, int64_t until_ms)
{
    char day[MC_DATE_SIZE];

    mc_date_format(day, sizeof day, mc_date_from_ms(until_ms));
    (void)mc_refuse(txn, MC_CONFLICT, field, "AGENCY_ENDED", "date", day, NULL);
}

/* An operator sets up what the table may not know yet; an administrator picks from the table. */
void identity_grantor_check_unit(struct mc_txn *txn, const struct identity_grantor *grantor,
                                 const char *field, const char *unit)
{
    const IdentityState__Agency *agency = identity_agency_load(txn, unit);

    if (!identity_grantor_reaches(txn, grantor, unit))
        (void)mc_refuse(txn, MC_DENIED, field, "UNIT_OUTSIDE", NULL);
    else if (agency == NULL && grantor->account_id != NULL)
        (void)mc_refuse(txn, MC_NOT_FOUND, field, "AGENCY_UNKNOWN", NULL);
    else if (agency != NULL && !identity_agency_is_valid(agency, txn->now_ms)) {
        if (agency->valid_until_ms != 0 && agency->valid_until_ms <= txn->now_ms)
            refuse_ended(txn, field, agency->valid_until_ms);
        else
            (void)mc_refuse(txn, MC_CONFLICT, field, "AGENCY_NOT_YET", NULL);
    }
}

IdentityState__Account *identity_officer_find(struct mc_txn *txn, const char *account_id,
                                              const char *login_id, struct mc_bytes *ret_id)
{
    char number[MC_CCCD_SIZE];
    enum mc_identity_kind kind;
    IdentityState__Account *account = NULL;
    const char *field = account_id[0] != '\0' ? "account_id" : "login_id";

    if (account_id[0] != '\0') {
        *ret_id = identity_id_parse(txn, account_id);
    } else {
        enum mc_why why = mc_identity_parse(login_id, number, sizeof number, &kind);
        if (why != MC_WHY_OK) {
            (void)mc_refuse(txn, MC_INVALID, field, mc_why_code(why), NULL);
            return NULL;
        }
        if (!identity_account_find(txn, identity_login_index(txn, number), ret_id))
            *ret_id = (struct mc_bytes){0};
    }
    if (txn->status == MC_OK)
        account = identity_account_load(txn, *ret_id);
    if (account == NULL)
        (void)mc_refuse(txn, MC_NOT_FOUND, field, "NO_ACCOUNTS_FOUND", NULL);
    return account;
}
