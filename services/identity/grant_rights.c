/*
 * GrantRights: what an account may do in one unit from now on (OFF-02, OFF-14, OFF-17, S14); the
 * unit is assigned with it if it is not yet. No unit and no rights takes all away that the grantor
 * reaches. Who may, and where, is grantor.c; nobody grants to himself; only an APCA_ADMIN passes on
 * the rights that make administrators, and those belong to a ministry or province itself (OFF-03).
 */
#include <string.h>

#include "officer.h"

struct grant {
    char unit[MC_AGENCY_CODE_SIZE];
    struct identity_grantor by;
    struct identity_units units; /* as they were, then as they are to be */
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
    char number[MC_CCCD_SIZE];
    enum mc_identity_kind kind;
    enum mc_why why = req->account_id[0] != '\0'
                          ? MC_WHY_OK
                          : mc_identity_parse(req->login_id, number, sizeof number, &kind);

    if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "login_id", mc_why_code(why), NULL);
    check_unit(txn, req, grant);
    check_rights(identity, txn, req);
    identity_check_reason(txn, req->reason);
    return txn->status;
}

/* Administrators are made by administrators of the top, and only where one can act. */
static void check_administrator(struct mc_txn *txn, const Identity__GrantRightsRequest *req,
                                const struct grant *grant)
{
    if (!is_among(req->rights, req->n_rights, "APCA_ADMIN") &&
        !is_among(req->rights, req->n_rights, "RIGHTS_GRANT"))
        return;
    if (!grant->by.makes_administrators)
        (void)mc_refuse(txn, MC_DENIED, "rights", "RIGHT_NOT_YOURS", NULL);
    else if (!identity_agency_is_root(grant->unit))
        (void)mc_refuse(txn, MC_CONFLICT, "rights", "LEVEL_1_ONLY", NULL);
}

/* OFF-04: only staff of a one-door unit may hold it; the refusal is the name's (OFF-32). */
static void check_one_stop(struct mc_txn *txn, const Identity__GrantRightsRequest *req,
                           const struct grant *grant)
{
    if (!is_among(req->rights, req->n_rights, "CITIZEN_ACCOUNT_CREATE"))
        return;
    const IdentityState__Agency *agency = identity_agency_load(txn, grant->unit);
    if (agency == NULL)
        (void)mc_refuse(txn, MC_NOT_FOUND, "unit", "AGENCY_UNKNOWN", NULL);
    else if (!identity_agency_is_one_stop(agency))
        (void)mc_refuse(txn, MC_CONFLICT, "unit", "UNIT_NAME_LACKS_TEXT", NULL);
}

static enum mc_status check_grant(const struct identity *identity, struct mc_txn *txn,
                                  const Identity__GrantRightsRequest *req,
                                  const struct grant *grant, struct mc_bytes account_id,
                                  const IdentityState__Account *account)
{
    const struct identity_method *method = identity_method_find(identity, account->method);

    if (grant->by.account_id != NULL &&
        strcmp(grant->by.account_id, identity_uuid(txn, account_id)) == 0)
        return mc_refuse(txn, MC_DENIED, "login_id", "RIGHTS_TO_SELF", NULL);
    if (req->version != 0 && req->version != account->version)
        return mc_refuse(txn, MC_CONFLICT, "version", "CONFLICT", NULL);
    if (req->n_rights > 0 && (method == NULL || !method->officer_rights)) /* REG-09 */
        (void)mc_refuse(txn, MC_CONFLICT, "login_id", "RIGHTS_NOT_FOR_METHOD", NULL);
    if (grant->unit[0] != '\0' && identity_units_find(&grant->units, grant->unit) != NULL) {
        if (!identity_grantor_reaches(txn, &grant->by, grant->unit))
            (void)mc_refuse(txn, MC_DENIED, "unit", "UNIT_OUTSIDE", NULL);
    } else if (grant->unit[0] != '\0') {
        identity_grantor_check_unit(txn, &grant->by, "unit", grant->unit);
    }
    check_administrator(txn, req, grant);
    check_one_stop(txn, req, grant);
    return txn->status;
}

/* All the grantor reaches; something there is not his to take, if he reaches nothing. */
static bool take_all(struct mc_txn *txn, struct grant *grant)
{
    size_t before = grant->units.len;

    for (size_t i = before; i-- > 0;)
        if (identity_grantor_reaches(txn, &grant->by, grant->units.rows[i]->unit))
            identity_units_remove(&grant->units, grant->units.rows[i]->unit);
    if (before > 0 && grant->units.len == before)
        (void)mc_refuse(txn, MC_DENIED, "unit", "UNIT_OUTSIDE", NULL);
    return grant->units.len < before;
}

/* True when the account lost something. */
static bool give(struct mc_txn *txn, const Identity__GrantRightsRequest *req, struct grant *grant)
{
    if (grant->unit[0] == '\0')
        return take_all(txn, grant);
    IdentityState__Assignment *row = identity_units_find(&grant->units, grant->unit);
    if (row == NULL)
        row = identity_units_add(txn, &grant->units, grant->unit);
    if (row == NULL)
        return false;
    bool lost = false;
    for (size_t i = 0; i < row->n_rights; i++)
        lost = lost || !is_among(req->rights, req->n_rights, row->rights[i]);
    row->rights = req->rights;
    row->n_rights = req->n_rights;
    return lost;
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
    struct identity_change change;
    struct mc_bytes id;

    if (check(identity, txn, req, &grant) != MC_OK ||
        !identity_grantor_find(identity, txn, &grant.by))
        return txn->status;
    IdentityState__Account *account =
        identity_officer_find(txn, req->account_id, req->login_id, &id);
    if (account == NULL)
        return txn->status;
    identity_units_read(txn, account, &grant.units);
    if (check_grant(identity, txn, req, &grant, id, account) != MC_OK)
        return txn->status;

    if (!identity_change_begin(txn, id, account, &change))
        return txn->status;
    /* A session token would keep what was taken away until it ends; more rights can wait. */
    bool lost = give(txn, req, &grant);
    if (txn->status != MC_OK)
        return txn->status;
    if (lost)
        identity_sessions_revoke(txn, id);
    identity_units_write(txn, account, &grant.units);
    account->staff = true;
    identity_change_save(txn, &change, identity_grantor_way(&grant.by), req->reason);
    emit(txn, req, &grant, id);
    rep->account_id = identity_uuid(txn, id);
    return txn->status;
}
