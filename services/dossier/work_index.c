/*
 * Indexes and counts of the work queue, kept in step with the records.
 *
 *     work:     unit, 0, state (1), due time (8), dossier id   -> nothing
 *     assigned: account id, and the same                       -> nothing
 *     alarms:   time (8), dossier id                           -> nothing
 *     counts:   unit, 0, state (1) or 255 for what is late     -> how many (8)
 *               unit, 0, 254, day since 1970 (8): finished then -> how many (8)
 *
 * Numbers are big-endian. A place without a due time is the last. Drafts have none of all this.
 */
#include <string.h>

#include "common/date.h"

#include "work.h"

enum { COUNT_FINISHED = 254 };

bool dossier_state_is_open(Dossier__State state)
{
    return state != DOSSIER__STATE__DRAFT && !dossier_state_is_final(state);
}

static struct mc_bytes tail(struct mc_txn *txn, int64_t at_ms, const DossierState__Dossier *record)
{
    return mc_key_join(txn, mc_key_u64(txn, (uint64_t)at_ms), mc_key_bytes(record->dossier_id));
}

static struct mc_bytes place(struct mc_txn *txn, const DossierState__Dossier *record)
{
    int64_t due_ms = dossier_work_due(record);

    return tail(txn, due_ms > 0 ? due_ms : INT64_MAX, record);
}

static struct mc_bytes work_key(struct mc_txn *txn, const DossierState__Dossier *record)
{
    return mc_key_join(txn, dossier_unit_prefix(txn, record->unit, (Dossier__State)record->state),
                       place(txn, record));
}

/* Empty: nobody holds it. */
static struct mc_bytes assigned_key(struct mc_txn *txn, const DossierState__Dossier *record)
{
    uint8_t account[MC_ID_LEN];

    if (!mc_uuid_parse(account, mc_key_text(record->assignee)))
        return (struct mc_bytes){0};
    return mc_key_join(txn, mc_keep(txn, account, sizeof account), work_key(txn, record));
}

static bool has_place(const DossierState__Dossier *record)
{
    return record != NULL && dossier_state_is_open((Dossier__State)record->state);
}

static bool same(struct mc_bytes a, struct mc_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void move_key(struct mc_txn *txn, unsigned table, struct mc_bytes from, struct mc_bytes to)
{
    if (same(from, to))
        return;
    if (from.len > 0)
        mc_drop(txn, table, from);
    if (to.len > 0)
        mc_put(txn, table, to, mc_key_text(""));
}

static struct mc_bytes count_key(struct mc_txn *txn, const char *unit, unsigned what)
{
    uint8_t end[] = {0, (uint8_t)what};

    return mc_key_join(txn, mc_key_text(unit), mc_keep(txn, end, sizeof end));
}

static struct mc_bytes finished_key(struct mc_txn *txn, const char *unit, int64_t at_ms)
{
    int64_t day = mc_date_days(mc_date_from_ms(at_ms));

    return mc_key_join(txn, count_key(txn, unit, COUNT_FINISHED), mc_key_u64(txn, (uint64_t)day));
}

static uint64_t count_get(struct mc_txn *txn, struct mc_bytes key)
{
    struct mc_bytes value;
    uint64_t count = 0;

    if (!mc_get(txn, DOSSIER_COUNTS, key, &value))
        return 0;
    for (size_t i = 0; i < value.len; i++)
        count = count << 8 | ((const uint8_t *)value.data)[i];
    return count;
}

uint64_t dossier_count_get(struct mc_txn *txn, const char *unit, unsigned what)
{
    return count_get(txn, count_key(txn, unit, what));
}

uint64_t dossier_finished_get(struct mc_txn *txn, const char *unit, int64_t at_ms)
{
    return count_get(txn, finished_key(txn, unit, at_ms));
}

static void count(struct mc_txn *txn, struct mc_bytes key, bool more)
{
    uint64_t now = count_get(txn, key);

    if (!more && now == 0) {
        (void)mc_fail(txn, MC_CORRUPT, "a count of dossiers below zero");
        return;
    }
    mc_put(txn, DOSSIER_COUNTS, key, mc_key_u64(txn, more ? now + 1 : now - 1));
}

static void count_finished(struct mc_txn *txn, const DossierState__Dossier *was,
                           const DossierState__Dossier *is)
{
    if (is->state == DOSSIER__STATE__FINISHED)
        count(txn, finished_key(txn, is->unit, is->finished_at_ms), true);
    else if (was != NULL && was->state == DOSSIER__STATE__FINISHED &&
             is->state == DOSSIER__STATE__PROCESSING) /* sent back by the leader */
        count(txn, finished_key(txn, was->unit, was->finished_at_ms), false);
}

static bool counts_late(const DossierState__Dossier *record)
{
    return record->overdue_at_ms != 0 && dossier_clock_runs(record);
}

static void count_both(struct mc_txn *txn, const DossierState__Dossier *was,
                       const DossierState__Dossier *is)
{
    if (was == NULL || was->state != is->state) {
        if (was != NULL)
            count(txn, count_key(txn, was->unit, was->state), false);
        count(txn, count_key(txn, is->unit, is->state), true);
        count_finished(txn, was, is);
    }
    bool was_late = was != NULL && counts_late(was);
    if (was_late != counts_late(is))
        count(txn, count_key(txn, is->unit, DOSSIER_COUNT_OVERDUE), !was_late);
}

void dossier_work_index(struct mc_txn *txn, const DossierState__Dossier *record)
{
    const struct mc_bytes none = {0};
    const DossierState__Dossier *was =
        mc_load(txn, DOSSIER_DOSSIERS, mc_key_bytes(record->dossier_id),
                &dossier_state__dossier__descriptor);

    if (record->state == DOSSIER__STATE__DRAFT || txn->status != MC_OK)
        return;
    if (was != NULL && was->state == DOSSIER__STATE__DRAFT)
        was = NULL; /* its unit could still change then */
    count_both(txn, was, record);
    move_key(txn, DOSSIER_WORK, has_place(was) ? work_key(txn, was) : none,
             has_place(record) ? work_key(txn, record) : none);
    move_key(txn, DOSSIER_ASSIGNED, has_place(was) ? assigned_key(txn, was) : none,
             has_place(record) ? assigned_key(txn, record) : none);
    move_key(txn, DOSSIER_ALARMS,
             was != NULL && was->alarm_at_ms != 0 ? tail(txn, was->alarm_at_ms, was) : none,
             record->alarm_at_ms != 0 ? tail(txn, record->alarm_at_ms, record) : none);
}
