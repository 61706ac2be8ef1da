/* CountWork: how much there is, by state, and how much is late; from counts, never by walking. */
#include "work.h"

enum mc_status dossier_count_work(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__CountWorkRequest *req,
                                  Dossier__CountWorkReply *rep)
{
    const struct dossier_catalogue *catalogue = &dossier->catalogue;
    const char *unit = dossier_unit_of_caller(txn, req->unit);
    Dossier__StateCount *rows = dossier_alloc(txn, DOSSIER_STATES_LEN * sizeof rows[0]);

    rep->states = dossier_list(txn, DOSSIER_STATES_LEN);
    if (unit == NULL || rows == NULL || rep->states == NULL)
        return txn->status;
    for (unsigned at = DOSSIER__STATE__NEW; at < DOSSIER_STATES_LEN; at++) {
        dossier__state_count__init(&rows[at]);
        rows[at].state = (Dossier__State)at;
        rows[at].state_name =
            dossier_text(txn, dossier_state_text(dossier, (Dossier__State)at, DOSSIER_BY_OFFICER));
        rep->states[rep->n_states++] = &rows[at];
    }
    for (size_t i = 0; i < catalogue->units_len && txn->status == MC_OK; i++) {
        const char *one = catalogue->units[i].code;

        if (!mc_agency_within(one, unit))
            continue;
        for (unsigned at = DOSSIER__STATE__NEW; at < DOSSIER_STATES_LEN; at++)
            rows[at].count += dossier_count_get(txn, one, at);
        rep->overdue += dossier_count_get(txn, one, DOSSIER_COUNT_OVERDUE);
    }
    for (unsigned at = DOSSIER__STATE__NEW; at < DOSSIER_STATES_LEN; at++)
        rep->open += dossier_state_is_open((Dossier__State)at) ? rows[at].count : 0;
    return txn->status;
}
