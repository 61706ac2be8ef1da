/*
 * LookUpForPartner: TraCuuHoSo of a member's system: a dossier of its unit by its code, its facts
 * and steps, and nobody's name. What else the member needs it was sent (ReadForPartner).
 */
#include "dossier.h"

static void steps_show(struct mc_txn *txn, const DossierState__Dossier *record,
                       Dossier__PartnerDossier *rep)
{
    size_t n = record->n_steps;
    Dossier__PartnerStep *rows = dossier_alloc(txn, (n + 1) * sizeof *rows);

    rep->steps = dossier_list(txn, n);
    if (rep->steps == NULL || rows == NULL)
        return;
    for (; rep->n_steps < n; rep->n_steps++) {
        const DossierState__Step *step = record->steps[rep->n_steps];

        dossier__partner_step__init(&rows[rep->n_steps]);
        rows[rep->n_steps].at_ms = step->at_ms;
        rows[rep->n_steps].from = (Dossier__State)step->from;
        rows[rep->n_steps].to = (Dossier__State)step->to;
        rep->steps[rep->n_steps] = &rows[rep->n_steps];
    }
}

static void show(const struct dossier *dossier, struct mc_txn *txn,
                 const DossierState__Dossier *record, Dossier__PartnerDossier *rep)
{
    rep->code = record->code;
    rep->procedure_code = record->procedure_code;
    rep->procedure_name = record->procedure_name;
    rep->unit = record->unit;
    rep->unit_name = record->unit_name;
    rep->state = (Dossier__State)record->state;
    rep->state_name =
        dossier_text(txn, dossier_state_text(dossier, rep->state, DOSSIER_BY_OFFICER));
    rep->sent_at_ms = record->sent_at_ms;
    rep->received_at_ms = record->received_at_ms;
    rep->due_at_ms = record->due_at_ms;
    rep->finished_at_ms = record->finished_at_ms;
    rep->returned_at_ms = record->returned_at_ms;
    rep->return_way = (Dossier__ReturnWay)record->return_way;
    steps_show(txn, record, rep);
}

enum mc_status dossier_member_check(struct mc_txn *txn, const struct dossier_member *who,
                                    const char *code)
{
    if (code[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "code", "FIELD_REQUIRED", "field", "mã hồ sơ", NULL);
    if (who->partner_id[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "partner_id", "FIELD_REQUIRED", "field", "đối tác", NULL);
    if (who->unit[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "unit", "FIELD_REQUIRED", "field", "đơn vị", NULL);
    return txn->status;
}

enum mc_status dossier_member_open(struct mc_txn *txn, const struct dossier_member *who,
                                   const char *code, struct dossier_open *ret_open)
{
    enum mc_status status = dossier_open_any(txn, (ProtobufCBinaryData){0}, code, ret_open);

    if (status == MC_NOT_FOUND ||
        (status == MC_OK && !dossier_is_of_member(ret_open->record, who->unit)))
        return mc_refuse(txn, MC_NOT_FOUND, "code", "DOSSIER_NOT_FOUND", NULL);
    return status;
}

enum mc_status dossier_look_up_for_partner(struct dossier *dossier, struct mc_txn *txn,
                                           const Dossier__LookUpForPartnerRequest *req,
                                           Dossier__PartnerDossier *rep)
{
    Dossier__ReadForPartner read = DOSSIER__READ_FOR_PARTNER__INIT;
    const struct dossier_member who = {req->unit, req->partner_id};
    struct dossier_open open = {0};

    if (dossier_member_check(txn, &who, req->code) != MC_OK ||
        dossier_member_open(txn, &who, req->code, &open) != MC_OK)
        return txn->status;
    show(dossier, txn, open.record, rep);
    read.dossier_id = open.record->dossier_id;
    read.partner_id = req->partner_id;
    read.unit = open.record->unit;
    mc_emit(txn, "dossier.read_for_partner", &read.base, MC_PLAIN, dossier_keys(txn, open.record));
    return txn->status;
}
