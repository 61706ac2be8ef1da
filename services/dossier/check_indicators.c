/*
 * CheckIndicators: a stretch of the journal folded to sums again; asked until `done`, the stretches
 * added together are what is on disk, or something is wrong. `motcuactl indicators check` does it.
 */
#include <string.h>

#include "indicators.h"

enum { EVENTS_PER_CALL = 5000, BATCH = 500, BATCH_BYTES = 1 << 20, SUMS_MAX = 2000 };

struct fold {
    struct dossier_fact_sink base;
    struct mc_txn *txn;
    const char *unit;
    int64_t sign;
    Dossier__CheckIndicatorsReply *rep;
};

static Dossier__UnitSum *sum_of(struct fold *fold, uint32_t month)
{
    Dossier__CheckIndicatorsReply *rep = fold->rep;

    for (size_t i = rep->n_sums; i > 0; i--)
        if (rep->sums[i - 1]->month_number == month &&
            strcmp(rep->sums[i - 1]->unit, fold->unit) == 0)
            return rep->sums[i - 1];
    Dossier__UnitSum *sum = rep->n_sums < SUMS_MAX ? dossier_alloc(fold->txn, sizeof *sum) : NULL;
    int64_t *counts = dossier_alloc(fold->txn, DOSSIER_TALLIES_LEN * sizeof *counts);
    if (sum == NULL || counts == NULL) {
        (void)mc_fail(fold->txn, MC_LIMITED, "too many sums");
        return NULL;
    }
    dossier__unit_sum__init(sum);
    memset(counts, 0, DOSSIER_TALLIES_LEN * sizeof *counts);
    sum->unit = dossier_text(fold->txn, fold->unit);
    sum->month_number = month;
    sum->counts = counts;
    sum->n_counts = DOSSIER_TALLIES_LEN;
    rep->sums[rep->n_sums++] = sum;
    return sum;
}

static void fold_add(struct dossier_fact_sink *sink, const char *officer, uint32_t month,
                     uint64_t bits)
{
    struct fold *fold = (struct fold *)(void *)sink;
    Dossier__UnitSum *sum = officer[0] == '\0' ? sum_of(fold, month) : NULL;

    for (size_t i = 0; i < DOSSIER_TALLIES_LEN && sum != NULL; i++)
        if ((bits >> i & 1) != 0)
            sum->counts[i] += fold->sign;
}

static void fold_event(struct fold *fold, const Motcua__Event *event)
{
    if (strcmp(event->type, "dossier.counted") != 0)
        return;
    const Dossier__Counted *counted =
        dossier__counted__unpack(&fold->txn->arena->protobuf, event->body.len, event->body.data);
    if (counted == NULL || counted->was == NULL || counted->is == NULL) {
        (void)mc_fail(fold->txn, MC_CORRUPT, "an event that cannot be read");
        return;
    }
    fold->unit = counted->unit;
    fold->sign = -1;
    dossier_facts_add(&fold->base, counted->was);
    fold->sign = 1;
    dossier_facts_add(&fold->base, counted->is);
}

static void fill_kept(struct mc_txn *txn, Dossier__CheckIndicatorsReply *rep)
{
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_TALLIES, mc_key_text("U"), (struct mc_bytes){0}, MC_FORWARD);

    rep->kept = dossier_list(txn, SUMS_MAX);
    while (rep->kept != NULL && rep->n_kept < SUMS_MAX && mc_next(&cursor)) {
        const uint8_t *key = cursor.key.data;
        const DossierState__Tally *tally = mc_row(&cursor, &dossier_state__tally__descriptor);
        Dossier__UnitSum *sum = dossier_alloc(txn, sizeof *sum);

        if (tally == NULL || sum == NULL || cursor.key.len < 4)
            return;
        dossier__unit_sum__init(sum);
        sum->unit = dossier_text(txn, (const char *)key + 1); /* its NUL is in the key */
        sum->month_number = (uint32_t)key[cursor.key.len - 2] << 8 | key[cursor.key.len - 1];
        sum->counts = (int64_t *)(void *)tally->counts;
        sum->n_counts = tally->n_counts;
        rep->kept[rep->n_kept++] = sum;
    }
}

enum mc_status dossier_check_indicators(struct dossier *dossier, struct mc_txn *txn,
                                        const Dossier__CheckIndicatorsRequest *req,
                                        Dossier__CheckIndicatorsReply *rep)
{
    struct fold fold = {.base = {.add = fold_add}, .txn = txn, .rep = rep};
    Motcua__Event **events = dossier_list(txn, BATCH);

    (void)dossier;
    rep->sums = dossier_list(txn, SUMS_MAX);
    rep->next_after = req->after;
    for (int seen = 0; events != NULL && rep->sums != NULL && seen < EVENTS_PER_CALL;) {
        size_t n = mc_journal_read(txn, rep->next_after, events, BATCH, BATCH_BYTES);

        for (size_t i = 0; i < n && txn->status == MC_OK; i++) {
            rep->next_after = events[i]->seq;
            fold_event(&fold, events[i]);
        }
        rep->done = n == 0;
        if (n == 0 || txn->status != MC_OK)
            break;
        seen += (int)n;
    }
    if (rep->done)
        fill_kept(txn, rep);
    return txn->status;
}
