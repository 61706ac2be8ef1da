/* What a lane's numbers mean, and what is told of it. */
#include "common/lane_watch.h"

#include "common/queue.h"

static bool held(int64_t *since_ms, bool holds, int64_t now_ms)
{
    if (!holds)
        *since_ms = 0;
    else if (*since_ms == 0)
        *since_ms = now_ms;
    return holds && now_ms - *since_ms >= MC_LANE_WATCH_HOLD_MS;
}

enum mc_lane_news mc_lane_judge(Motcua__LaneWatch *row, const struct mc_lane_sight *sight)
{
    bool over = sight->oldest_age_ms > sight->limit_ms;
    bool soon = sight->late_at_ms != 0 && sight->late_at_ms - sight->now_ms <= sight->limit_ms / 2;
    bool warned = held(&row->warned_ms, soon && !row->late, sight->now_ms);
    bool well =
        held(&row->well_ms, row->late && !soon && sight->oldest_age_ms < sight->limit_ms / 2,
             sight->now_ms);

    if (!row->late && (over || warned)) {
        row->late = true;
        row->since_ms = sight->now_ms;
        row->warned_ms = 0;
        return MC_LANE_LATE;
    }
    if (!well)
        return MC_LANE_SAME;
    row->late = false;
    row->well_ms = 0;
    return MC_LANE_WELL;
}

static struct mc_bytes key_of(struct mc_txn *txn, const char *lane)
{
    return mc_key_join(txn, mc_key_text("late/"), mc_key_text(lane));
}

static void tell(const struct mc_service *service, struct mc_txn *txn,
                 const Motcua__LaneStats *stats, const struct mc_lane_sight *sight,
                 int64_t since_ms, const char *what)
{
    Motcua__QueueLate body = MOTCUA__QUEUE_LATE__INIT;
    const char *type = mc_sprintf(txn->arena, "%s.queue_%s", service->room->name, what);
    const char *keys[] = {mc_sprintf(txn->arena, "queue:%s/%s", service->room->name, stats->lane),
                          NULL};

    if (type == NULL || keys[0] == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    body.lane = stats->lane;
    body.limit_ms = sight->limit_ms;
    body.oldest_age_ms = sight->oldest_age_ms;
    body.late_at_ms = sight->late_at_ms;
    body.waiting = stats->queued;
    body.since_ms = since_ms;
    mc_emit(txn, type, &body.base, MC_PLAIN, keys);
}

static Motcua__LaneWatch *row_open(struct mc_txn *txn, struct mc_bytes key)
{
    Motcua__LaneWatch *row = mc_load(txn, MC_TABLE_META, key, &motcua__lane_watch__descriptor);

    if (row == NULL && txn->status == MC_OK) {
        row = mc_alloc(txn->arena, sizeof *row);
        if (row == NULL)
            (void)mc_fail(txn, MC_LIMITED, "arena full");
        else
            motcua__lane_watch__init(row);
    }
    return row;
}

static bool differs(const Motcua__LaneWatch *a, const Motcua__LaneWatch *b)
{
    return a->late != b->late || a->warned_ms != b->warned_ms || a->well_ms != b->well_ms;
}

static void look(struct mc_service *service, struct mc_txn *txn, unsigned lane)
{
    Motcua__LaneStats stats = MOTCUA__LANE_STATS__INIT;

    mc_queue_stats(service, txn, lane, &stats);
    struct mc_bytes key = key_of(txn, service->room->lanes[lane]);
    Motcua__LaneWatch *row = row_open(txn, key);
    if (row == NULL || stats.forecast == NULL)
        return;
    const struct mc_lane_sight sight = {
        .now_ms = txn->now_ms,
        .limit_ms = stats.limit_ms,
        .oldest_age_ms = stats.oldest_ms,
        .late_at_ms = stats.forecast->late_at_ms,
    };
    const Motcua__LaneWatch before = *row;
    switch (mc_lane_judge(row, &sight)) {
    case MC_LANE_LATE:
        tell(service, txn, &stats, &sight, row->since_ms, "late");
        break;
    case MC_LANE_WELL:
        tell(service, txn, &stats, &sight, row->since_ms, "recovered");
        break;
    case MC_LANE_SAME:
        break;
    }
    if (differs(&before, row))
        mc_save(txn, MC_TABLE_META, key, &row->base);
}

void mc_lane_watch_step(struct mc_service *service, struct mc_txn *txn)
{
    const struct mc_room *room = service->room;

    if (room->lane_limit_ms == NULL || service->lanes_watched_ms + MC_LANE_WATCH_MS > txn->now_ms)
        return;
    service->lanes_watched_ms = txn->now_ms;
    for (unsigned lane = 0; lane < room->lanes_len && txn->status == MC_OK; lane++)
        if (room->lane_limit_ms(service->ctx, lane) > 0)
            look(service, txn, lane);
}
