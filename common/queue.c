/* What a lane looks like: its numbers, and by age and destination. */
#include "common/queue.h"

#include <stdlib.h>
#include <string.h>

#include "common/forecast.h"
#include "common/frame.h"
#include "common/pauses.h"
#include "common/store_mdb.h"
#include "common/tally.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
static const int64_t age_limits_ms[] = {5 * SECOND,  30 * SECOND, MINUTE,   5 * MINUTE,
                                        15 * MINUTE, HOUR,        6 * HOUR, 24 * HOUR};
enum { COLUMNS = MC_LEN(age_limits_ms) + 1 };

static void *new_of(struct mc_txn *txn, const ProtobufCMessageDescriptor *type)
{
    void *message = mc_alloc(txn->arena, type->sizeof_message);

    if (message == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        protobuf_c_message_init(type, message);
    return message;
}

/* --- a lane's numbers --- */

/* Of the jobs that wait. */
struct waiting {
    int64_t now_ms;
    int64_t again;
    int64_t later;    /* made for a time that has not come */
    int64_t first_ms; /* since when the oldest waits; 0: there is none */
};

static void see_waiting(void *arg, const struct mc_tally *tally)
{
    struct waiting *waiting = arg;

    const struct mc_ages *fresh = &tally->slots[MC_TALLY_FRESH];
    const struct mc_ages *again = &tally->slots[MC_TALLY_AGAIN];

    waiting->again += again->total;
    waiting->later += mc_ages_after(fresh, waiting->now_ms);
    waiting->first_ms = mc_earlier_ms(waiting->first_ms, mc_ages_first_ms(fresh));
    waiting->first_ms = mc_earlier_ms(waiting->first_ms, mc_ages_first_ms(again));
}

static void tell_forecast(struct mc_txn *txn, const struct mc_forecast_of *of, bool paused,
                          Motcua__LaneStats *stats)
{
    struct mc_forecast told = mc_forecast(of);

    stats->forecast = new_of(txn, &motcua__lane_forecast__descriptor);
    if (stats->forecast == NULL)
        return;
    stats->forecast->empty_at_ms = told.empty_at_ms;
    stats->forecast->late_at_ms = told.late_at_ms;
    stats->forecast->late = told.late;
    stats->forecast->paused = paused;
}

void mc_queue_stats(struct mc_service *service, struct mc_txn *txn, unsigned lane,
                    Motcua__LaneStats *ret_stats)
{
    const struct mc_store *store = service->store;
    struct mc_rates rates = mc_minutes_rates(&store->minutes, lane, txn->now_ms);
    bool paused = mc_is_paused(store, lane, NULL, txn->now_ms);
    struct waiting waiting = {.now_ms = txn->now_ms};

    mc_tally_each(store, lane, MC_TALLY_DESTINATION, see_waiting, &waiting);
    mc_lane_stats(&store->counts.lanes[lane], ret_stats);
    ret_stats->lane = mc_unconst(service->room->lanes[lane]);
    ret_stats->oldest_ms = mc_jobs_oldest(txn, lane);
    ret_stats->retrying = (uint64_t)waiting.again;
    ret_stats->scheduled = (uint64_t)mc_tally_scheduled(store, lane, txn->now_ms);
    ret_stats->in_per_minute = rates.in;
    ret_stats->out_per_minute = rates.out;
    ret_stats->failed_per_minute = rates.failed;
    if (service->room->lane_limit_ms != NULL)
        ret_stats->limit_ms = service->room->lane_limit_ms(service->ctx, lane);
    ret_stats->n_pauses = mc_pauses_of(txn, (int)lane, &ret_stats->pauses);
    const struct mc_forecast_of of = {
        .now_ms = txn->now_ms,
        .waiting = store->counts.lanes[lane].queued - waiting.later,
        .oldest_age_ms = waiting.first_ms != 0 ? MC_MAX(txn->now_ms - waiting.first_ms, 0) : 0,
        .limit_ms = ret_stats->limit_ms,
        .in = rates.in,
        .out = paused ? 0 : rates.out,
    };
    tell_forecast(txn, &of, paused, ret_stats);
}

/* --- by age and destination --- */

struct item {
    const struct mc_tally *tally;
    int64_t count; /* in the slots that are wanted */
};

/* Tallies of a lane. */
struct list {
    unsigned slots; /* bits */
    struct item *items;
    size_t len;
    size_t size; /* 0: they are being counted */
};

static int64_t count_of(const struct mc_tally *tally, unsigned slots)
{
    int64_t count = 0;

    for (unsigned i = 0; i < MC_TALLY_SLOTS; i++)
        count += (slots >> i & 1U) != 0 ? tally->slots[i].total : 0;
    return count;
}

static void see(void *arg, const struct mc_tally *tally)
{
    struct list *list = arg;

    if (list->items != NULL && list->len < list->size) {
        list->items[list->len].tally = tally;
        list->items[list->len].count = count_of(tally, list->slots);
    }
    list->len++;
}

static int by_count(const void *a, const void *b)
{
    const struct item *left = a;
    const struct item *right = b;

    if (left->count != right->count)
        return left->count > right->count ? -1 : 1;
    return strcmp(left->tally->text, right->tally->text);
}

/* The fullest first. */
static struct list list_of(struct mc_txn *txn, unsigned lane, enum mc_tally_what what,
                           unsigned slots)
{
    struct list list = {.slots = slots};

    mc_tally_each(txn->store, lane, what, see, &list);
    list.size = list.len;
    list.len = 0;
    list.items = mc_alloc(txn->arena, MC_MAX(list.size, 1) * sizeof *list.items);
    if (list.items == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return (struct list){0};
    }
    mc_tally_each(txn->store, lane, what, see, &list);
    qsort(list.items, list.len, sizeof *list.items, by_count);
    return list;
}

static Motcua__ShapeRow *row_new(struct mc_txn *txn)
{
    Motcua__ShapeRow *row = new_of(txn, &motcua__shape_row__descriptor);

    if (row == NULL)
        return NULL;
    row->ages = mc_alloc(txn->arena, COLUMNS * sizeof *row->ages);
    row->n_ages = row->ages != NULL ? COLUMNS : 0;
    if (row->ages == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return row->ages != NULL ? row : NULL;
}

static void row_add(Motcua__ShapeRow *row, const struct mc_tally *tally, unsigned slots,
                    int64_t now_ms)
{
    for (unsigned i = 0; i < MC_TALLY_SLOTS; i++) {
        const struct mc_ages *ages = &tally->slots[i];
        int64_t first_ms = mc_ages_first_ms(ages);

        if ((slots >> i & 1U) == 0)
            continue;
        mc_ages_columns(ages, now_ms, age_limits_ms, MC_LEN(age_limits_ms), row->ages);
        row->total += (uint64_t)ages->total;
        if (first_ms != 0)
            row->oldest_ms = MC_MAX(row->oldest_ms, MC_MAX(now_ms - first_ms, 0));
    }
    row->queued +=
        (uint64_t)(tally->slots[MC_TALLY_FRESH].total + tally->slots[MC_TALLY_AGAIN].total);
    row->retrying += (uint64_t)tally->slots[MC_TALLY_AGAIN].total;
    row->leased += (uint64_t)tally->slots[MC_TALLY_LEASED].total;
    row->held += (uint64_t)tally->slots[MC_TALLY_HELD].total;
    row->dead += (uint64_t)tally->slots[MC_TALLY_DEAD].total;
}

static void tell_rows(struct mc_txn *txn, unsigned lane, unsigned slots, size_t most,
                      Motcua__ShapeReply *rep)
{
    struct list list = list_of(txn, lane, MC_TALLY_DESTINATION, slots);

    rep->rows = mc_alloc(txn->arena, (most + 1) * sizeof(void *));
    rep->other = row_new(txn);
    rep->total = row_new(txn);
    if (rep->rows == NULL || rep->other == NULL || rep->total == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < list.len; i++) {
        const struct mc_tally *tally = list.items[i].tally;
        Motcua__ShapeRow *row = rep->other;

        row_add(rep->total, tally, slots, txn->now_ms);
        if (i >= most) {
            rep->other_destinations++;
        } else {
            if ((row = row_new(txn)) == NULL)
                return;
            row->destination = mc_strdup(txn->arena, tally->text);
            row->paused = mc_is_paused(txn->store, lane, tally->text, txn->now_ms);
            rep->rows[rep->n_rows++] = row;
        }
        row_add(row, tally, slots, txn->now_ms);
    }
}

static int64_t age_of(const struct mc_txn *txn, const struct mc_tally *tally)
{
    return MC_MAX(txn->now_ms - mc_ages_first_ms(&tally->slots[0]), 0);
}

static void tell_holders(struct mc_txn *txn, unsigned lane, Motcua__ShapeReply *rep)
{
    struct list list = list_of(txn, lane, MC_TALLY_WORKER, 1);
    size_t most = MC_MIN(list.len, (size_t)MC_SHAPE_LIST_MAX);

    rep->holders = mc_alloc(txn->arena, (most + 1) * sizeof(void *));
    for (size_t i = 0; rep->holders != NULL && i < most; i++) {
        Motcua__LaneHolder *holder = new_of(txn, &motcua__lane_holder__descriptor);

        if (holder == NULL)
            return;
        holder->worker = mc_strdup(txn->arena, list.items[i].tally->text);
        holder->count = (uint64_t)list.items[i].count;
        holder->oldest_ms = age_of(txn, list.items[i].tally);
        rep->holders[rep->n_holders++] = holder;
    }
    rep->other_holders = (uint32_t)(list.len - most);
}

static void tell_reasons(struct mc_txn *txn, unsigned lane, Motcua__ShapeReply *rep)
{
    struct list list = list_of(txn, lane, MC_TALLY_REASON, 1);
    size_t most = MC_MIN(list.len, (size_t)MC_SHAPE_LIST_MAX);

    rep->reasons = mc_alloc(txn->arena, (most + 1) * sizeof(void *));
    for (size_t i = 0; rep->reasons != NULL && i < most; i++) {
        Motcua__DeadReason *reason = new_of(txn, &motcua__dead_reason__descriptor);

        if (reason == NULL)
            return;
        reason->reason = mc_strdup(txn->arena, list.items[i].tally->text);
        reason->count = (uint64_t)list.items[i].count;
        reason->oldest_ms = age_of(txn, list.items[i].tally);
        rep->reasons[rep->n_reasons++] = reason;
    }
    rep->other_reasons = (uint32_t)(list.len - most);
}

static void tell_minutes(struct mc_txn *txn, unsigned lane, Motcua__ShapeReply *rep)
{
    const struct mc_minutes *minutes = &txn->store->minutes;
    int64_t minute_ms = txn->now_ms - txn->now_ms % MINUTE;
    int64_t first_ms = minutes->since_ms != 0 ? minutes->since_ms : txn->now_ms;
    int64_t known = (minute_ms - (first_ms - first_ms % MINUTE)) / MINUTE + 1;
    unsigned len = (unsigned)MC_MIN(MC_MAX(known, 1), (int64_t)MC_MINUTES);
    uint64_t *numbers = mc_alloc(txn->arena, 3 * (size_t)len * sizeof *numbers);

    if (numbers == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    rep->in_minutes = numbers;
    rep->out_minutes = numbers + len;
    rep->failed_minutes = numbers + (size_t)2 * len;
    rep->n_in_minutes = rep->n_out_minutes = rep->n_failed_minutes = len;
    rep->minutes_from_ms = MC_MAX(minute_ms - (int64_t)(len - 1) * MINUTE, first_ms);
    for (unsigned i = 0; i < len; i++) {
        struct mc_minute minute = mc_minutes_at(minutes, lane, txn->now_ms, len - 1 - i);

        rep->in_minutes[i] = minute.in;
        rep->out_minutes[i] = minute.out;
        rep->failed_minutes[i] = minute.failed;
    }
}

static unsigned slots_of(Motcua__JobState state)
{
    switch (state) {
    case MOTCUA__JOB_STATE__QUEUED:
        return 1U << MC_TALLY_FRESH | 1U << MC_TALLY_AGAIN;
    case MOTCUA__JOB_STATE__LEASED:
        return 1U << MC_TALLY_LEASED;
    case MOTCUA__JOB_STATE__HELD:
        return 1U << MC_TALLY_HELD;
    case MOTCUA__JOB_STATE__DEAD:
        return 1U << MC_TALLY_DEAD;
    case MOTCUA__JOB_STATE__JOB_STATE_UNSPECIFIED:
    case _MOTCUA__JOB_STATE_IS_INT_SIZE:
        break;
    }
    return 0;
}

enum mc_status mc_queue_shape(struct mc_service *service, struct mc_txn *txn,
                              const Motcua__ShapeRequest *req, Motcua__ShapeReply *rep)
{
    int lane = mc_lane_named(service->room, req->lane);
    size_t most = req->destinations != 0 ? req->destinations : MC_SHAPE_ROWS;
    unsigned live = slots_of(MOTCUA__JOB_STATE__QUEUED) | slots_of(MOTCUA__JOB_STATE__LEASED) |
                    slots_of(MOTCUA__JOB_STATE__HELD);
    unsigned slots = req->n_states == 0 ? live : 0;

    if (lane < 0)
        (void)mc_refuse(txn, MC_NOT_FOUND, "lane", "NOT_FOUND", NULL);
    if (most > MC_SHAPE_ROWS_MAX)
        (void)mc_refuse(txn, MC_INVALID, "destinations", "FIELD_INVALID", "field", "destinations",
                        NULL);
    for (size_t i = 0; i < req->n_states; i++) {
        if (slots_of(req->states[i]) == 0)
            (void)mc_refuse(txn, MC_INVALID, "states", "FIELD_INVALID", "field", "states", NULL);
        slots |= slots_of(req->states[i]);
    }
    if (txn->status != MC_OK)
        return txn->status;
    rep->lane = req->lane;
    rep->now_ms = txn->now_ms;
    rep->age_limits_ms = mc_unconst(age_limits_ms);
    rep->n_age_limits_ms = MC_LEN(age_limits_ms);
    rep->stats = new_of(txn, &motcua__lane_stats__descriptor);
    if (rep->stats == NULL)
        return txn->status;
    mc_queue_stats(service, txn, (unsigned)lane, rep->stats);
    tell_rows(txn, (unsigned)lane, slots, most, rep);
    tell_holders(txn, (unsigned)lane, rep);
    tell_reasons(txn, (unsigned)lane, rep);
    tell_minutes(txn, (unsigned)lane, rep);
    return txn->status;
}
