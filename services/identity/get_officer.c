/*
 * GetOfficer: an account as the screen «Phân quyền đơn vị» needs it: its units with their rights
 * (OFF-10, OFF-12), and which of them the caller may change. Found by the whole identity number or
 * by id: only an administrator asks, and the number he gives he knows already.
 */
#include <string.h>

#include "officer.h"

static Identity__UnitRights *row_message(struct mc_txn *txn, const IdentityState__Assignment *row,
                                         const struct identity_grantor *grantor)
{
    Identity__UnitRights *message = mc_alloc(txn->arena, sizeof *message);

    if (message == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return NULL;
    }
    identity__unit_rights__init(message);
    message->unit = identity_agency_message(txn, row->unit, identity_agency_load(txn, row->unit));
    message->rights = row->rights;
    message->n_rights = row->n_rights;
    message->changeable = identity_grantor_reaches(txn, grantor, row->unit);
    return message->unit != NULL ? message : NULL;
}

void identity_officer_fill(struct mc_txn *txn, struct mc_bytes id,
                           const IdentityState__Account *account,
                           const struct identity_grantor *grantor, Identity__Officer *rep)
{
    struct identity_units units;
    char masked[MC_MASK_SIZE];
    const IdentityState__Person *person = identity_person_open(txn, account->person);

    if (person == NULL)
        return;
    identity_units_read(txn, account, &units);
    rep->account_id = identity_uuid(txn, id);
    rep->full_name = person->full_name;
    mc_mask_identity(masked, sizeof masked, person->login_id);
    rep->login_id_masked = mc_strdup(txn->arena, masked);
    mc_mask_phone(masked, sizeof masked, person->phone);
    rep->phone_masked = mc_strdup(txn->arena, masked);
    rep->version = account->version;
    rep->units = mc_alloc(txn->arena, IDENTITY_UNITS_MAX * sizeof(void *));
    if (rep->login_id_masked == NULL || rep->phone_masked == NULL || rep->units == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    for (size_t i = 0; i < units.len; i++) {
        rep->units[rep->n_units] = row_message(txn, units.rows[i], grantor);
        if (rep->units[rep->n_units] == NULL)
            return;
        rep->n_units += 1;
    }
}

enum mc_status identity_get_officer(struct identity *identity, struct mc_txn *txn,
                                    const Identity__GetOfficerRequest *req, Identity__Officer *rep)
{
    struct identity_grantor grantor;
    struct mc_bytes id;

    if (!identity_grantor_find(identity, txn, &grantor))
        return txn->status;
    const IdentityState__Account *account =
        identity_officer_find(txn, req->account_id, req->login_id, &id);
    if (account != NULL)
        identity_officer_fill(txn, id, account, &grantor, rep);
    return txn->status;
}
