/*
 * ConfirmRound: a unit stands by its numbers as they are now (RPT-07). After the deadline it still
 * can, and is late; again and again until the round is closed, the last one counts.
 */
#include <string.h>

#include "rounds.h"

static void fill_numbers(const struct dossier *dossier, struct mc_txn *txn,
                         const DossierState__Round *record, const char *unit,
                         DossierState__RoundReport *report)
{
    struct dossier_sums sums;
    size_t n = record->n_targets;

    report->numerators = dossier_alloc(txn, n * sizeof report->numerators[0]);
    report->denominators = dossier_alloc(txn, n * sizeof report->denominators[0]);
    if (report->numerators == NULL || report->denominators == NULL)
        return;
    dossier_round_sums(dossier, txn, record, unit, &sums);
    for (size_t i = 0; i < n; i++) {
        const struct dossier_indicator *indicator =
            dossier_indicator_find(dossier->indicators, record->targets[i]->code);
        bool known = indicator != NULL && indicator->measured;

        report->numerators[i] = known ? sums.of[indicator->numerator] : 0;
        report->denominators[i] = known ? sums.of[indicator->denominator] : 0;
    }
    report->n_numerators = report->n_denominators = n;
}

static void count_first(const struct dossier_round *round, const char *unit)
{
    if (strcmp(unit, round->record->unit) == 0)
        round->record->rolled_up = true;
    else
        round->record->confirmed++;
}

static bool check(const struct dossier *dossier, struct mc_txn *txn,
                  const struct dossier_round *round)
{
    const char *unit = txn->caller->unit;

    if (unit == NULL || !dossier_round_has(dossier, round->record, unit))
        mc_refuse(txn, MC_DENIED, "", "ROUND_NOT_OF_UNIT", NULL);
    else if (round->record->closed)
        mc_refuse(txn, MC_EXPIRED, "", "ROUND_CLOSED", NULL);
    return txn->status == MC_OK;
}

enum mc_status dossier_confirm_round(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__ConfirmRoundRequest *req, Dossier__Round *rep)
{
    struct dossier_round round = {0};
    DossierState__RoundReport fresh = DOSSIER_STATE__ROUND_REPORT__INIT;
    Dossier__RoundChanged changed = DOSSIER__ROUND_CHANGED__INIT;
    const char *unit = txn->caller->unit;
    const char *note = dossier_lines(txn, "note", req->note, DOSSIER_REASON_CHARS_MAX);

    if (note == NULL || !dossier_round_open(txn, req->round_id, &round) ||
        !check(dossier, txn, &round))
        return txn->status;
    DossierState__RoundReport *report = dossier_round_report(txn, round.id, unit);
    if (report == NULL) {
        report = &fresh;
        report->late = txn->now_ms >= dossier_round_by_ms(round.record, unit);
        count_first(&round, unit);
        mc_save(txn, DOSSIER_ROUNDS, round.id, &round.record->base);
    }
    fill_numbers(dossier, txn, round.record, unit, report);
    report->at_ms = txn->now_ms;
    report->by = mc_unconst(txn->caller->account_id != NULL ? txn->caller->account_id : "");
    report->note = mc_seal_text(txn, note);
    report->times++;
    mc_save(txn, DOSSIER_ROUND_REPORTS, dossier_round_report_key(txn, round.id, unit),
            &report->base);
    changed.unit = mc_unconst(unit);
    changed.late = report->late;
    dossier_round_tell(txn, &round, "dossier.round_confirmed", &changed);
    dossier_round_fill(dossier, txn, &round, rep);
    return txn->status;
}
