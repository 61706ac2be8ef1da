/*
 * Forecast: what is due before the desks close today and not finished yet; and what of it will be
 * late if the unit goes on as in the last five working days. The pace comes from counts of each
 * day; a unit without a past is taken at its word: only what is late already is foreseen then.
 */
#include <stdio.h>

#include "work.h"

enum { PACE_DAYS = 5, LOOKED_AT_MAX = 1000, WORK_HOURS = 8 };

static uint64_t finished_on(const struct dossier *dossier, struct mc_txn *txn, const char *unit,
                            int64_t at_ms)
{
    const struct dossier_catalogue *catalogue = &dossier->catalogue;
    uint64_t sum = 0;

    for (size_t i = 0; i < catalogue->units_len; i++)
        if (mc_agency_within(catalogue->units[i].code, unit))
            sum += dossier_finished_get(txn, catalogue->units[i].code, at_ms);
    return sum;
}

/* Of the last five working days before today. */
static uint64_t finished_lately(const struct dossier *dossier, struct mc_txn *txn,
                                const struct mc_calendar *calendar, const char *unit)
{
    uint64_t sum = 0;
    int64_t at_ms = mc_working_closes(calendar, txn->now_ms);

    for (int i = 0; i < PACE_DAYS; i++) {
        at_ms = mc_working_before(calendar, at_ms, MC_WORK_MS);
        sum += finished_on(dossier, txn, unit, at_ms);
    }
    return sum;
}

/* The n-th of today's is late when fewer than n will be finished until its due time. */
static bool comes_late(const struct mc_calendar *calendar, int64_t now_ms, uint64_t finished,
                       uint32_t n, int64_t due_ms)
{
    int64_t left_ms = mc_working_ms(calendar, now_ms, due_ms);
    uint64_t pace_ms = (uint64_t)PACE_DAYS * MC_WORK_MS;

    return finished > 0 && (uint64_t)left_ms * finished < n * pace_ms;
}

static void look(const struct dossier *dossier, struct mc_txn *txn, struct dossier_queues *queues,
                 const struct mc_calendar *calendar, uint64_t finished, size_t rows_max,
                 Dossier__ForecastReply *rep)
{
    const uint8_t *head = NULL;

    for (size_t seen = 0; (head = dossier_queues_head(queues)) != NULL; seen++) {
        int64_t due_ms = dossier_tail_due(head);

        if (due_ms > rep->until_ms)
            return;
        rep->more = seen == LOOKED_AT_MAX;
        if (rep->more)
            return;
        rep->due_today++;
        rep->likely_late += comes_late(calendar, txn->now_ms, finished, rep->due_today, due_ms);
        if (rep->n_dossiers < rows_max) {
            Dossier__DossierSummary *row = dossier_work_row(dossier, txn, head);
            if (row == NULL)
                return;
            rep->dossiers[rep->n_dossiers++] = row;
        }
        dossier_queues_step(queues);
    }
}

enum mc_status dossier_forecast(struct dossier *dossier, struct mc_txn *txn,
                                const Dossier__ForecastRequest *req, Dossier__ForecastReply *rep)
{
    struct dossier_queues queues;
    size_t rows_max = 0;
    const char *unit = dossier_unit_of_caller(txn, req->unit);

    if (unit == NULL || !dossier_page(txn, req->rows_max, &rows_max))
        return txn->status;
    const struct mc_calendar *calendar = dossier_calendar_of(dossier, txn, unit);
    struct mc_bytes now = mc_key_join(txn, mc_key_u64(txn, (uint64_t)txn->now_ms),
                                      mc_keep(txn, (const uint8_t[MC_ID_LEN]){0}, MC_ID_LEN));
    rep->dossiers = dossier_list(txn, rows_max);
    if (rep->dossiers == NULL || !dossier_queues_open(txn, DOSSIER_WORK, now, &queues))
        return txn->status;
    rep->until_ms = mc_working_closes(calendar, txn->now_ms);
    uint64_t finished = finished_lately(dossier, txn, calendar, unit);
    rep->finished_per_day = (uint32_t)(finished * 10 / PACE_DAYS);
    dossier_queues_add_units(dossier, &queues, unit, DOSSIER__STATE__RECEIVED, true);
    dossier_queues_add_units(dossier, &queues, unit, DOSSIER__STATE__PROCESSING, true);
    look(dossier, txn, &queues, calendar, finished, rows_max, rep);
    for (size_t i = 0; i < dossier->catalogue.units_len; i++)
        if (mc_agency_within(dossier->catalogue.units[i].code, unit))
            rep->overdue +=
                dossier_count_get(txn, dossier->catalogue.units[i].code, DOSSIER_COUNT_OVERDUE);
    return txn->status;
}
