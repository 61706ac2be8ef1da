/* Records as their readers see them. */
#include "common/messages.h"

#include "dossier.h"

/* DOS-06: the words on citizens' screens are the provinces', on officers' the national ones. */
const char *dossier_state_text(const struct dossier *dossier, Dossier__State state, unsigned actor)
{
    const char *code = NULL;

    if (state == DOSSIER__STATE__DRAFT)
        code = "DOSSIER_DRAFT";
    else if (actor == DOSSIER_BY_CITIZEN && state == DOSSIER__STATE__NEW)
        code = "DOSSIER_SENT";
    else if (actor == DOSSIER_BY_CITIZEN && state == DOSSIER__STATE__PROCESSING)
        code = "DOSSIER_PROCESSING";
    else if (actor == DOSSIER_BY_CITIZEN && state == DOSSIER__STATE__SUPPLEMENT_REQUESTED)
        code = "DOSSIER_SUPPLEMENT";
    const char *text = code != NULL ? mc_message_text(code) : dossier->state_names[state];
    return text != NULL ? text : "";
}

char *dossier_owner_name(struct mc_txn *txn, const char *account)
{
    uint8_t id[MC_ID_LEN];
    const DossierState__Account *known = NULL;

    if (mc_uuid_parse(id, mc_key_text(account)))
        known = mc_load(txn, DOSSIER_ACCOUNTS, mc_copy(txn->arena, id, sizeof id),
                        &dossier_state__account__descriptor);
    if (known == NULL || known->full_name.len == 0)
        return dossier_text(txn, "");
    return mc_open_text(txn, known->full_name);
}

char *dossier_record_name(struct mc_txn *txn, const DossierState__Dossier *record)
{
    if (record->owner_account[0] == '\0' && record->applicant != NULL)
        return mc_open_text(txn, record->applicant->full_name);
    return dossier_owner_name(txn, record->owner_account);
}

void dossier_fill_reply(const struct dossier *dossier, struct mc_txn *txn,
                        const struct dossier_open *open, Dossier__DossierReply *rep)
{
    const DossierState__Dossier *record = open->record;
    Dossier__State state = (Dossier__State)record->state;

    rep->dossier_id = record->dossier_id;
    rep->internal_number = record->internal_number;
    rep->code = record->code;
    rep->state = state;
    rep->version = record->version;
    rep->due_at_ms = record->due_at_ms;
    rep->message = dossier_text(txn, dossier_state_text(dossier, state, open->actor));
}

static char *last_reason(struct mc_txn *txn, const DossierState__Dossier *record)
{
    for (size_t i = record->n_steps; i > 0; i--)
        if (record->steps[i - 1]->reason.len > 0)
            return mc_open_text(txn, record->steps[i - 1]->reason);
    return dossier_text(txn, "");
}

DossierState__Dossier *dossier_indexed(struct mc_txn *txn, struct mc_bytes id, const char *index)
{
    DossierState__Dossier *record =
        mc_load(txn, DOSSIER_DOSSIERS, id, &dossier_state__dossier__descriptor);

    if (record != NULL && record->state < DOSSIER_STATES_LEN)
        return record;
    (void)mc_fail(txn, MC_CORRUPT, index);
    return NULL;
}

Dossier__DossierSummary *dossier_summary(const struct dossier *dossier, struct mc_txn *txn,
                                         const DossierState__Dossier *record, unsigned actor)
{
    Dossier__DossierSummary *row = dossier_alloc(txn, sizeof *row);
    Dossier__State state = (Dossier__State)record->state;

    const struct dossier_sub_state *sub =
        dossier_sub_state_find(&dossier->sub_states, record->sub_state, record->unit);

    if (row == NULL)
        return NULL;
    dossier__dossier_summary__init(row);
    row->dossier_id = record->dossier_id;
    row->internal_number = record->internal_number;
    row->code = record->code;
    row->procedure_name = record->procedure_name;
    row->unit_name = record->unit_name;
    row->sector = record->sector;
    row->state = state;
    row->state_name = dossier_text(txn, dossier_state_text(dossier, state, actor));
    row->created_at_ms = record->created_at_ms;
    row->sent_at_ms = record->sent_at_ms;
    row->received_at_ms = record->received_at_ms;
    row->due_at_ms = record->due_at_ms;
    row->reason = last_reason(txn, record);
    row->owner_name = dossier_record_name(txn, record);
    row->money = (Dossier__MoneyState)record->money;
    row->version = record->version;
    row->channel = (Dossier__Channel)record->channel;
    row->sub_state_name = mc_unconst(sub != NULL ? sub->name : "");
    row->department = record->department;
    row->return_way = (Dossier__ReturnWay)record->return_way;
    if (record->parcel != NULL)
        row->parcel = (Dossier__ParcelState)record->parcel->state;
    return row;
}

static Dossier__Unit *unit_message(struct mc_txn *txn, const struct dossier_unit *unit)
{
    Dossier__Unit *out = dossier_alloc(txn, sizeof *out);

    if (out == NULL)
        return NULL;
    dossier__unit__init(out);
    out->code = mc_unconst(unit->code);
    out->name = mc_unconst(unit->name);
    return out;
}

static void fill_units(const struct dossier *dossier, struct mc_txn *txn,
                       const struct dossier_procedure *procedure, const struct dossier_query *query,
                       Dossier__Procedure *out)
{
    const struct dossier_catalogue *catalogue = &dossier->catalogue;
    size_t max = MC_MIN(catalogue->units_len, (size_t)DOSSIER_REPLY_UNITS_MAX);

    out->units = dossier_list(txn, max);
    if (out->units == NULL)
        return;
    for (size_t i = 0; i < catalogue->units_len && out->n_units < max; i++) {
        const struct dossier_unit *unit = &catalogue->units[i];

        if (!dossier_query_at_unit(query, unit) || !dossier_unit_takes(unit, procedure))
            continue;
        Dossier__Unit *message = unit_message(txn, unit);
        if (message == NULL)
            return;
        out->units[out->n_units++] = message;
    }
}

/* The catalogue lives as long as the process, so its texts are lent to the reply. */
void dossier_fill_procedure(const struct dossier *dossier, struct mc_txn *txn,
                            const struct dossier_procedure *procedure,
                            const struct dossier_query *query, Dossier__Procedure *out)
{
    out->code = mc_unconst(procedure->code);
    out->name = mc_unconst(procedure->name);
    out->sector = mc_unconst(procedure->sector);
    out->level = mc_unconst(procedure->level);
    out->service_level = mc_unconst(procedure->service_level);
    out->deadline_unit = mc_unconst(mc_time_limit_name(procedure->limit));
    out->deadline_value = procedure->limit_value;
    out->version = procedure->version;
    out->old_level = procedure->old_level;
    fill_units(dossier, txn, procedure, query, out);
    if (out->n_units != 1)
        return; /* what it costs depends on the unit */
    const struct dossier_fee *fee = dossier_fee_of(procedure, out->units[0]->code);
    out->fee = fee != NULL ? fee->amount_desk : 0;
    out->fee_online = fee != NULL && fee->amount != fee->amount_desk ? fee->amount : 0;
}
