/*
 * AssignUnits: «LƯU LẠI» of the dialog with two lists (OFF-12): the whole list of units in one
 * call, against the version it was shown with. What is added and what is taken away must lie in the
 * administrator's own tree; units elsewhere stay as they are. A unit that stays keeps its rights.
 */
#include <string.h>

#include "officer.h"

static bool is_listed(const Identity__AssignUnitsRequest *req, const char *code)
{
    for (size_t i = 0; i < req->n_units; i++)
        if (strcmp(req->units[i], code) == 0)
            return true;
    return false;
}

/* Codes in their one form, written back into the request. */
static enum mc_status check(struct mc_txn *txn, const Identity__AssignUnitsRequest *req)
{
    char field[32];
    char code[MC_AGENCY_CODE_SIZE];

    identity_check_reason(txn, req->reason);
    if (req->n_units > IDENTITY_UNITS_MAX)
        return mc_refuse(txn, MC_INVALID, "units", "UNITS_TOO_MANY", "max", "20", NULL);
    for (size_t i = 0; i < req->n_units; i++) {
        (void)snprintf(field, sizeof field, "units[%zu]", i);
        enum mc_why why = mc_agency_parse(req->units[i], code, sizeof code);
        if (why != MC_WHY_OK)
            (void)mc_refuse(txn, MC_INVALID, mc_strdup(txn->arena, field), mc_why_code(why), NULL);
        else
            req->units[i] = mc_strdup(txn->arena, code);
        if (req->units[i] == NULL)
            return mc_fail(txn, MC_FULL, "arena");
    }
    return txn->status;
}

/* REG-09: «Tài khoản cung cấp từ "Bưu điện Việt Nam" không dành cho CBCCVC cơ quan nhà nước». */
static void check_method(const struct identity *identity, struct mc_txn *txn,
                         const IdentityState__Account *account)
{
    const struct identity_method *method = identity_method_find(identity, account->method);

    if (method == NULL || !method->officer_rights)
        (void)mc_refuse(txn, MC_CONFLICT, "account_id", "RIGHTS_NOT_FOR_METHOD", NULL);
}

static bool take_away(struct mc_txn *txn, const struct identity_grantor *grantor,
                      const Identity__AssignUnitsRequest *req, struct identity_units *units)
{
    bool lost = false;

    for (size_t i = units->len; i-- > 0;) {
        const char *code = units->rows[i]->unit;
        if (is_listed(req, code))
            continue;
        if (!identity_grantor_reaches(txn, grantor, code))
            (void)mc_refuse(txn, MC_DENIED, "units", "UNIT_OUTSIDE", NULL);
        identity_units_remove(units, code);
        lost = true;
    }
    return lost;
}

static void add(struct mc_txn *txn, const struct identity_grantor *grantor,
                const Identity__AssignUnitsRequest *req, struct identity_units *units)
{
    char field[32];

    for (size_t i = 0; i < req->n_units && txn->status == MC_OK; i++) {
        if (identity_units_find(units, req->units[i]) != NULL)
            continue;
        (void)snprintf(field, sizeof field, "units[%zu]", i);
        identity_grantor_check_unit(txn, grantor, mc_strdup(txn->arena, field), req->units[i]);
        (void)identity_units_add(txn, units, req->units[i]);
    }
}

static void emit(struct mc_txn *txn, const Identity__AssignUnitsRequest *req, struct mc_bytes id)
{
    Identity__UnitsAssigned assigned = IDENTITY__UNITS_ASSIGNED__INIT;
    const char *keys[] = {identity_key(txn, "account", id), NULL};

    assigned.account_id = identity_uuid(txn, id);
    assigned.units = req->units;
    assigned.n_units = req->n_units;
    assigned.reason = req->reason;
    mc_emit(txn, "identity.units_assigned", &assigned.base, MC_SEALED, keys);
}

enum mc_status identity_assign_units(struct identity *identity, struct mc_txn *txn,
                                     const Identity__AssignUnitsRequest *req,
                                     Identity__Officer *rep)
{
    struct identity_grantor grantor;
    struct identity_units units;
    struct identity_change change;
    struct mc_bytes id;

    if (check(txn, req) != MC_OK || !identity_grantor_find(identity, txn, &grantor))
        return txn->status;
    IdentityState__Account *account = identity_officer_find(txn, req->account_id, "", &id);
    if (account == NULL)
        return txn->status;
    if (grantor.account_id != NULL && strcmp(grantor.account_id, req->account_id) == 0)
        return mc_refuse(txn, MC_DENIED, "account_id", "RIGHTS_TO_SELF", NULL);
    if (req->version != account->version)
        return mc_refuse(txn, MC_CONFLICT, "version", "CONFLICT", NULL);
    if (req->n_units > 0)
        check_method(identity, txn, account);

    identity_units_read(txn, account, &units);
    if (!identity_change_begin(txn, id, account, &change))
        return txn->status;
    bool lost = take_away(txn, &grantor, req, &units);
    add(txn, &grantor, req, &units);
    if (txn->status != MC_OK)
        return txn->status;
    if (lost) /* a session token would keep the unit until it ends */
        identity_sessions_revoke(txn, id);
    identity_units_write(txn, account, &units);
    account->staff = true;
    identity_change_save(txn, &change, identity_grantor_way(&grantor), req->reason);
    emit(txn, req, id);
    identity_officer_fill(txn, id, account, &grantor, rep);
    return txn->status;
}
