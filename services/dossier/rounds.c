/* A round of reports on disk, and as it is told. */
#include "rounds.h"

#include <string.h>

bool dossier_round_is_seen(const struct mc_txn *txn, const DossierState__Round *record)
{
    const char *own = txn->caller->unit;

    return (txn->caller->who & MC_OPERATOR) != 0 ||
           (own != NULL &&
            (mc_agency_within(record->unit, own) || mc_agency_within(own, record->unit)));
}

bool dossier_round_open(struct mc_txn *txn, ProtobufCBinaryData id, struct dossier_round *ret_round)
{
    ret_round->id = mc_key_bytes(id);
    ret_round->record = NULL;
    if (id.len == MC_ID_LEN)
        ret_round->record =
            mc_load(txn, DOSSIER_ROUNDS, ret_round->id, &dossier_state__round__descriptor);
    if (ret_round->record != NULL && dossier_round_is_seen(txn, ret_round->record))
        return true;
    mc_refuse(txn, MC_NOT_FOUND, "round_id", "ROUND_UNKNOWN", NULL);
    return false;
}

void dossier_round_save(struct mc_txn *txn, const struct dossier_round *round, const char *what,
                        const char *reason)
{
    DossierState__Round *record = round->record;
    DossierState__RoundStep *step = dossier_alloc(txn, sizeof *step);
    DossierState__RoundStep **steps = dossier_list(txn, record->n_steps + 1);

    if (step == NULL || steps == NULL)
        return;
    for (size_t i = 0; i < record->n_steps; i++)
        steps[i] = record->steps[i];
    dossier_state__round_step__init(step);
    step->at_ms = txn->now_ms;
    step->by = mc_unconst(txn->caller->account_id != NULL ? txn->caller->account_id : "");
    step->what = mc_unconst(what);
    step->reason = mc_unconst(reason);
    steps[record->n_steps++] = step;
    record->steps = steps;
    record->version++;
    mc_save(txn, DOSSIER_ROUNDS, round->id, &record->base);
}

void dossier_round_tell(struct mc_txn *txn, const struct dossier_round *round, const char *event,
                        const Dossier__RoundChanged *with)
{
    Dossier__RoundChanged changed = *with;
    char uuid[MC_UUID_TEXT_LEN + 1];

    mc_uuid_text(uuid, round->id.data);
    const char *key = mc_sprintf(txn->arena, "round:%s", uuid);
    const char *const keys[] = {key != NULL ? key : "", NULL};
    changed.round_id = (ProtobufCBinaryData){round->id.len, mc_unconst(round->id.data)};
    changed.version = round->record->version;
    changed.name = round->record->name;
    changed.by = mc_unconst(txn->actor);
    if (changed.unit[0] == '\0')
        changed.unit = round->record->unit;
    mc_emit(txn, event, &changed.base, MC_PLAIN, keys);
}

static bool is_below(const DossierState__Round *record, const char *unit)
{
    return strcmp(unit, record->unit) != 0 && mc_agency_within(unit, record->unit);
}

bool dossier_round_has(const struct dossier *dossier, const DossierState__Round *record,
                       const char *unit)
{
    return strcmp(unit, record->unit) == 0 ||
           (is_below(record, unit) && dossier_unit_find(&dossier->catalogue, unit) != NULL);
}

uint32_t dossier_round_units(const struct dossier *dossier, const DossierState__Round *record)
{
    uint32_t units = 0;

    for (size_t i = 0; i < dossier->catalogue.units_len; i++)
        units += is_below(record, dossier->catalogue.units[i].code) ? 1 : 0;
    return units;
}

int64_t dossier_round_by_ms(const DossierState__Round *record, const char *unit)
{
    return strcmp(unit, record->unit) == 0 ? record->rollup_by_ms : record->units_by_ms;
}

struct mc_bytes dossier_round_report_key(struct mc_txn *txn, struct mc_bytes id, const char *unit)
{
    return mc_key_join(txn, id, mc_key_text(unit));
}

DossierState__RoundReport *dossier_round_report(struct mc_txn *txn, struct mc_bytes id,
                                                const char *unit)
{
    return mc_load(txn, DOSSIER_ROUND_REPORTS, dossier_round_report_key(txn, id, unit),
                   &dossier_state__round_report__descriptor);
}

void dossier_round_sums(const struct dossier *dossier, struct mc_txn *txn,
                        const DossierState__Round *record, const char *unit,
                        struct dossier_sums *sums)
{
    if (strcmp(unit, record->unit) == 0) {
        dossier_sums_of(dossier, txn, unit, "", record->from_month, record->to_month, sums);
        return;
    }
    *sums = (struct dossier_sums){0};
    dossier_sums_read(txn, unit, "", record->from_month, record->to_month, sums);
    dossier_sums_end(sums);
}

static void fill_targets(const struct dossier *dossier, struct mc_txn *txn,
                         const DossierState__Round *record, Dossier__Round *rep)
{
    rep->targets = dossier_list(txn, record->n_targets);
    for (size_t i = 0; i < record->n_targets && rep->targets != NULL; i++) {
        const struct dossier_indicator *indicator =
            dossier_indicator_find(dossier->indicators, record->targets[i]->code);
        Dossier__RoundTarget *row = dossier_alloc(txn, sizeof *row);

        if (row == NULL)
            return;
        dossier__round_target__init(row);
        row->code = record->targets[i]->code;
        row->percent = record->targets[i]->percent;
        row->name = mc_unconst(indicator != NULL ? indicator->name : "");
        rep->targets[rep->n_targets++] = row;
    }
}

static void fill_history(struct mc_txn *txn, const DossierState__Round *record, Dossier__Round *rep)
{
    rep->history = dossier_list(txn, record->n_steps);
    for (size_t i = 0; i < record->n_steps && rep->history != NULL; i++) {
        Dossier__RoundStep *row = dossier_alloc(txn, sizeof *row);

        if (row == NULL)
            return;
        dossier__round_step__init(row);
        row->at_ms = record->steps[i]->at_ms;
        row->by = record->steps[i]->by;
        row->what = record->steps[i]->what;
        row->reason = record->steps[i]->reason;
        rep->history[rep->n_history++] = row;
    }
}

void dossier_round_fill(const struct dossier *dossier, struct mc_txn *txn,
                        const struct dossier_round *round, Dossier__Round *rep)
{
    const DossierState__Round *record = round->record;

    if (txn->status != MC_OK)
        return;
    rep->round_id = (ProtobufCBinaryData){round->id.len, mc_unconst(round->id.data)};
    rep->version = record->version;
    rep->name = record->name;
    rep->unit = record->unit;
    rep->from = dossier_month_text(txn, record->from_month);
    rep->to = dossier_month_text(txn, record->to_month);
    rep->units_by_ms = record->units_by_ms;
    rep->rollup_by_ms = record->rollup_by_ms;
    rep->closed = record->closed;
    rep->units = dossier_round_units(dossier, record);
    rep->confirmed = record->confirmed;
    rep->rolled_up = record->rolled_up;
    fill_targets(dossier, txn, record, rep);
    fill_history(txn, record, rep);
}
