/*
 * GetDesk: what the page «Tạo tài khoản công dân» shows of the officer (OFF-28): who he is and the
 * units he can choose, each with the cause when it cannot be chosen (OFF-32).
 */
#include "officer.h"

static void add_unit(struct mc_txn *txn, const IdentityState__Assignment *row,
                     Identity__DeskReply *rep)
{
    Identity__DeskUnit *message = mc_alloc(txn->arena, sizeof *message);
    const char *cause = identity_desk_cause(txn, row);

    if (message == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    identity__desk_unit__init(message);
    message->unit = identity_agency_message(txn, row->unit, identity_agency_load(txn, row->unit));
    if (cause != NULL) {
        message->code = mc_unconst(cause);
        message->message = identity_text(txn, cause, NULL);
    } else {
        rep->ready = true;
    }
    rep->units[rep->n_units++] = message;
}

enum mc_status identity_get_desk(struct identity *identity, struct mc_txn *txn,
                                 const Identity__GetDeskRequest *req, Identity__DeskReply *rep)
{
    (void)identity;
    (void)req;
    struct identity_desk desk;
    char masked[MC_MASK_SIZE];

    if (!identity_desk_officer(txn, &desk))
        return txn->status;
    mc_mask_phone(masked, sizeof masked, desk.person->phone);
    rep->officer_name = desk.person->full_name;
    rep->officer_phone_masked = mc_strdup(txn->arena, masked);
    rep->units = mc_alloc(txn->arena, IDENTITY_UNITS_MAX * sizeof(void *));
    if (rep->officer_phone_masked == NULL || rep->units == NULL)
        return mc_fail(txn, MC_FULL, "arena");
    for (size_t i = 0; i < desk.units.len && txn->status == MC_OK; i++)
        add_unit(txn, desk.units.rows[i], rep);
    if (!rep->ready) {
        const char *cause = rep->n_units > 0 ? rep->units[0]->code : "UNIT_NOT_ASSIGNED";
        rep->code = mc_unconst(cause);
        rep->message = identity_text(txn, cause, NULL);
    }
    return txn->status;
}
