/*
 * SaveRound, CloseRound: an officer who monitors begins a round, moves its deadlines, and ends it;
 * who, when and why is kept. What units confirmed stands for the targets and months it was
 * confirmed for: these change only while nobody has confirmed.
 */
#include <string.h>

#include "rounds.h"

/* He can change a round of his own unit or of one below it; of those above he sees it only. */
static bool may_change(struct mc_txn *txn, const struct dossier_round *round, uint64_t version)
{
    if (!mc_agency_within(round->record->unit, txn->caller->unit))
        mc_refuse(txn, MC_DENIED, "unit", "UNIT_NOT_YOURS", NULL);
    else if (round->record->version != version)
        mc_refuse(txn, MC_CONFLICT, "version", "STALE_VERSION", NULL);
    else if (round->record->closed)
        mc_refuse(txn, MC_EXPIRED, "", "ROUND_CLOSED", NULL);
    return txn->status == MC_OK;
}

static const char *required(struct mc_txn *txn, const char *field, const char *text, size_t max)
{
    const char *clean = dossier_line(txn, field, text, max);

    if (clean != NULL && clean[0] == '\0')
        mc_refuse(txn, MC_INVALID, field, "FIELD_REQUIRED", "field", field, NULL);
    return clean;
}

static DossierState__RoundTarget *target_of(const struct dossier *dossier, struct mc_txn *txn,
                                            const Dossier__RoundTarget *asked)
{
    const struct dossier_indicator *indicator =
        dossier_indicator_find(dossier->indicators, asked->code);
    DossierState__RoundTarget *target = dossier_alloc(txn, sizeof *target);

    if (indicator == NULL || !indicator->measured) {
        mc_refuse(txn, MC_INVALID, "targets", "INDICATOR_NOT_MEASURED", NULL);
        return NULL;
    }
    if (asked->percent > 100) {
        mc_refuse(txn, MC_INVALID, "targets", "ROUND_TARGET", NULL);
        return NULL;
    }
    if (target == NULL)
        return NULL;
    dossier_state__round_target__init(target);
    target->code = mc_unconst(indicator->code);
    target->percent = asked->percent != 0 ? asked->percent : indicator->threshold;
    return target;
}

static void read_targets(const struct dossier *dossier, struct mc_txn *txn,
                         const Dossier__SaveRoundRequest *req, DossierState__Round *record)
{
    record->n_targets = 0;
    if (req->n_targets == 0 || req->n_targets > DOSSIER_ROUND_TARGETS_MAX) {
        mc_refuse(txn, MC_INVALID, "targets", "ROUND_TARGET", NULL);
        return;
    }
    record->targets = dossier_list(txn, req->n_targets);
    for (size_t i = 0; i < req->n_targets && record->targets != NULL; i++) {
        DossierState__RoundTarget *target = target_of(dossier, txn, req->targets[i]);

        if (target == NULL)
            return;
        for (size_t j = 0; j < record->n_targets; j++)
            if (strcmp(record->targets[j]->code, target->code) == 0)
                mc_refuse(txn, MC_INVALID, "targets", "ROUND_TARGET", NULL);
        record->targets[record->n_targets++] = target;
    }
}

/* A deadline that does not change may be over already. */
static void read_deadlines(struct mc_txn *txn, const Dossier__SaveRoundRequest *req,
                           DossierState__Round *record)
{
    if (req->units_by_ms != record->units_by_ms && req->units_by_ms <= txn->now_ms)
        mc_refuse(txn, MC_INVALID, "units_by_ms", "ROUND_DEADLINE", NULL);
    if (req->rollup_by_ms < req->units_by_ms ||
        (req->rollup_by_ms != record->rollup_by_ms && req->rollup_by_ms <= txn->now_ms))
        mc_refuse(txn, MC_INVALID, "rollup_by_ms", "ROUND_DEADLINE", NULL);
    record->units_by_ms = req->units_by_ms;
    record->rollup_by_ms = req->rollup_by_ms;
}

static bool same_question(const DossierState__Round *a, const DossierState__Round *b)
{
    if (a->from_month != b->from_month || a->to_month != b->to_month ||
        a->n_targets != b->n_targets)
        return false;
    for (size_t i = 0; i < a->n_targets; i++)
        if (strcmp(a->targets[i]->code, b->targets[i]->code) != 0 ||
            a->targets[i]->percent != b->targets[i]->percent)
            return false;
    return true;
}

static void read_round(const struct dossier *dossier, struct mc_txn *txn,
                       const Dossier__SaveRoundRequest *req, DossierState__Round *record)
{
    DossierState__Round before = *record;

    record->name = mc_unconst(required(txn, "name", req->name, DOSSIER_ROUND_NAME_CHARS_MAX));
    if (req->from[0] == '\0')
        mc_refuse(txn, MC_INVALID, "from", "FIELD_REQUIRED", "field", "from", NULL);
    else if (!dossier_months_read(txn, req->from, req->to, &record->from_month, &record->to_month))
        return;
    read_targets(dossier, txn, req, record);
    read_deadlines(txn, req, record);
    if (txn->status == MC_OK && (before.confirmed > 0 || before.rolled_up) &&
        !same_question(&before, record))
        mc_refuse(txn, MC_EXPIRED, "targets", "ROUND_CONFIRMED", NULL);
}

static bool open_new(struct mc_txn *txn, const Dossier__SaveRoundRequest *req,
                     struct dossier_round *round)
{
    const char *unit = dossier_unit_of_caller(txn, req->unit);

    round->record = dossier_alloc(txn, sizeof *round->record);
    if (round->record == NULL || unit == NULL)
        return false;
    dossier_state__round__init(round->record);
    round->record->unit = mc_unconst(unit);
    round->id = mc_new_id(txn);
    return txn->status == MC_OK;
}

static bool open_old(struct mc_txn *txn, const Dossier__SaveRoundRequest *req,
                     struct dossier_round *round)
{
    if (!dossier_round_open(txn, req->round_id, round) || !may_change(txn, round, req->version))
        return false;
    if (req->unit[0] != '\0' && strcmp(req->unit, round->record->unit) != 0)
        mc_refuse(txn, MC_INVALID, "unit", "FIELD_INVALID", "field", "unit", NULL);
    if (round->record->n_steps >= DOSSIER_ROUND_STEPS_MAX)
        mc_refuse(txn, MC_LIMITED, "", "ROUND_CHANGES_TOO_MANY", NULL);
    return txn->status == MC_OK;
}

enum mc_status dossier_save_round(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__SaveRoundRequest *req, Dossier__Round *rep)
{
    bool is_new = req->round_id.len == 0;
    struct dossier_round round = {0};
    Dossier__RoundChanged changed = DOSSIER__ROUND_CHANGED__INIT;

    if (!(is_new ? open_new(txn, req, &round) : open_old(txn, req, &round)))
        return txn->status;
    const char *reason = is_new ? dossier_line(txn, "reason", req->reason, DOSSIER_REASON_CHARS_MAX)
                                : required(txn, "reason", req->reason, DOSSIER_REASON_CHARS_MAX);
    dossier_round_alarms_set(txn, &round, false);
    read_round(dossier, txn, req, round.record);
    if (txn->status != MC_OK)
        return txn->status;
    round.record->remind_ms = dossier->round_remind_ms;
    dossier_round_save(txn, &round, is_new ? "CREATED" : "CHANGED", reason);
    dossier_round_alarms_set(txn, &round, true);
    changed.reason = mc_unconst(reason);
    dossier_round_tell(txn, &round, "dossier.round_saved", &changed);
    dossier_round_fill(dossier, txn, &round, rep);
    return txn->status;
}

enum mc_status dossier_close_round(struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__CloseRoundRequest *req, Dossier__Round *rep)
{
    struct dossier_round round = {0};
    Dossier__RoundChanged changed = DOSSIER__ROUND_CHANGED__INIT;

    if (!dossier_round_open(txn, req->round_id, &round) || !may_change(txn, &round, req->version))
        return txn->status;
    const char *reason = required(txn, "reason", req->reason, DOSSIER_REASON_CHARS_MAX);
    if (txn->status != MC_OK)
        return txn->status;
    dossier_round_alarms_set(txn, &round, false);
    round.record->closed = true;
    dossier_round_save(txn, &round, "CLOSED", reason);
    changed.reason = mc_unconst(reason);
    dossier_round_tell(txn, &round, "dossier.round_closed", &changed);
    dossier_round_fill(dossier, txn, &round, rep);
    return txn->status;
}
