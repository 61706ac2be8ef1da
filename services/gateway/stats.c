#include "stats.h"

#include <string.h>

enum {
    METHOD_BUCKETS = 20, /* ≤ 8 µs, doubling (room.proto, us_buckets); the last takes the rest */
    TURN_BUCKETS = 13,   /* ≤ 1 call, doubling */
    MS = 1000,
    US = 1000000,
};

/* Upper bounds, all but the last bucket's, which has none. */
static const double method_bounds[METHOD_BUCKETS - 1] = {
    8e-6,      16e-6,     32e-6,     64e-6,      128e-6,     256e-6,   512e-6,
    1024e-6,   2048e-6,   4096e-6,   8192e-6,    16384e-6,   32768e-6, 65536e-6,
    131072e-6, 262144e-6, 524288e-6, 1048576e-6, 2097152e-6,
};
static const double turn_bounds[TURN_BUCKETS - 1] = {1,  2,   4,   8,   16,   32,
                                                     64, 128, 256, 512, 1024, 2048};

/* One table has not the room for all series; each name stays in one. */
struct tables {
    struct mc_metrics rooms;
    struct mc_metrics methods;
};

struct label {
    const char *name;
    const char *value; /* NULL: no such label */
};

static void label(char labels[MC_METRIC_LABELS_MAX], const char *room, struct label second,
                  struct label third)
{
    labels[0] = '\0';
    mc_metric_label(labels, "room", room);
    if (second.value != NULL)
        mc_metric_label(labels, second.name, second.value);
    if (third.value != NULL)
        mc_metric_label(labels, third.name, third.value);
}

static void gauge(struct mc_metrics *metrics, const char *name, const char *help, const char *room,
                  struct label second, struct label third, double value)
{
    char labels[MC_METRIC_LABELS_MAX];

    label(labels, room, second, third);
    mc_metric_set(mc_metric_gauge(metrics, name, labels, help), value);
}

static void counter(struct mc_metrics *metrics, const char *name, const char *help,
                    const char *room, struct label second, struct label third, uint64_t value)
{
    char labels[MC_METRIC_LABELS_MAX];

    label(labels, room, second, third);
    mc_metric_add(mc_metric_counter(metrics, name, labels, help), value);
}

static const struct label none = {NULL, NULL};

/* When it will be late is told only where it will be: there is no number for "never". */
static void add_outlook(struct mc_metrics *metrics, const Motcua__StatsReply *stats,
                        const char *room, const Motcua__LaneStats *lane)
{
    const struct label queue = {"queue", lane->lane};
    const Motcua__LaneForecast *forecast = lane->forecast;

    gauge(metrics, "motcua_queue_retrying_jobs", "Queued jobs that have failed before.", room,
          queue, none, (double)lane->retrying);
    gauge(metrics, "motcua_queue_scheduled_jobs", "Queued jobs that are not due yet.", room, queue,
          none, (double)lane->scheduled);
    gauge(metrics, "motcua_queue_pauses",
          "Pauses by operators, of the lane or of destinations of it.", room, queue, none,
          (double)lane->n_pauses);
    if (lane->limit_ms == 0 || forecast == NULL)
        return;
    gauge(metrics, "motcua_queue_limit_seconds", "A job that waits longer is late.", room, queue,
          none, (double)lane->limit_ms / MS);
    gauge(metrics, "motcua_queue_late", "1: a job waits longer than the limit.", room, queue, none,
          forecast->late);
    if (forecast->late_at_ms > stats->now_ms)
        gauge(metrics, "motcua_queue_late_in_seconds",
              "Until a job will wait longer than the limit, at the present rate.", room, queue,
              none, (double)(forecast->late_at_ms - stats->now_ms) / MS);
}

static void add_lane(struct mc_metrics *metrics, const char *room, const Motcua__LaneStats *lane)
{
    const struct label queue = {"queue", lane->lane};
    const struct {
        const char *state;
        uint64_t n;
    } states[] = {
        {"queued", lane->queued},
        {"leased", lane->leased},
        {"held", lane->held},
        {"dead", lane->dead},
    };

    for (size_t i = 0; i < MC_LEN(states); i++)
        gauge(metrics, "motcua_queue_jobs", "Jobs in the queue, by state.", room, queue,
              (struct label){"state", states[i].state}, (double)states[i].n);
    gauge(metrics, "motcua_queue_oldest_age_seconds",
          "Age of the oldest live job; 0 when there is none.", room, queue, none,
          (double)lane->oldest_ms / MS);
    counter(metrics, "motcua_queue_enqueued_total", "Jobs put into the queue.", room, queue, none,
            lane->enqueued_total);
    counter(metrics, "motcua_queue_done_total", "Jobs done.", room, queue, none, lane->done_total);
    counter(metrics, "motcua_queue_failed_total", "Attempts that did not succeed.", room, queue,
            none, lane->failed_total);
    counter(metrics, "motcua_queue_expired_total", "Jobs whose life ended before they were done.",
            room, queue, none, lane->expired_total);
}

static void add_follow(struct mc_metrics *metrics, const Motcua__StatsReply *stats,
                       const char *room, const Motcua__FollowStats *follow)
{
    const struct label from = {"from", follow->room};
    uint64_t lag = follow->last > follow->applied ? follow->last - follow->applied : 0;

    gauge(metrics, "motcua_follow_lag_events", "Events of the other room not yet applied.", room,
          from, none, (double)lag);
    counter(metrics, "motcua_follow_applied_total", "Events of the other room applied.", room, from,
            none, follow->applied);
    counter(metrics, "motcua_follow_refused_total",
            "Events of the other room that were passed over: what they should have done was not "
            "done.",
            room, from, none, follow->refused);
    gauge(metrics, "motcua_follow_diverged",
          "1: the other room was restored and has lost events that were applied: following has "
          "stopped.",
          room, from, none, follow->diverged);
    if (follow->heard_ms > 0)
        gauge(metrics, "motcua_follow_heard_age_seconds", "Since the other room was last heard.",
              room, from, none, (double)MC_MAX(stats->now_ms - follow->heard_ms, 0) / MS);
}

static void add_store(struct mc_metrics *metrics, const char *room, const Motcua__StoreStats *store)
{
    gauge(metrics, "motcua_store_used_bytes", "Bytes of the store in use.", room, none, none,
          (double)store->used_bytes);
    gauge(metrics, "motcua_store_map_bytes", "Bytes the store may grow to.", room, none, none,
          (double)store->map_bytes);
    gauge(metrics, "motcua_store_refusing",
          "1: the store is full or read-only, writes are refused.", room, none, none,
          store->refusing);
    gauge(metrics, "motcua_redo_broken",
          "1: commits since the last good backup were not told beside it.", room, none, none,
          store->redo_broken);
    gauge(metrics, "motcua_store_readers", "Read transactions that are open.", room, none, none,
          store->readers);
    gauge(metrics, "motcua_store_reader_lag_commits",
          "Commits since the oldest open read transaction began: pages given up since are not "
          "used again.",
          room, none, none, (double)store->reader_lag);
    counter(metrics, "motcua_store_readers_cleared_total",
            "Read transactions of processes that died.", room, none, none, store->readers_cleared);
    counter(metrics, "motcua_store_commits_total", "Commits.", room, none, none, store->commits);
}

/* Buckets as counted elsewhere; how many observations there were, and their sum. */
static void histogram(struct mc_metric *metric, const uint64_t *buckets, size_t len, double sum)
{
    for (size_t i = 0; i < len; i++) {
        metric->buckets[MC_MIN(i, metric->bounds_len)] += buckets[i];
        metric->count += buckets[i];
    }
    metric->value = sum;
}

static void add_turns(struct mc_metrics *metrics, const char *room, const Motcua__StatsReply *stats)
{
    char labels[MC_METRIC_LABELS_MAX];

    label(labels, room, none, none);
    histogram(mc_metric_histogram(metrics, "motcua_turn_calls", labels,
                                  "Calls that one turn, and so one commit, took together.",
                                  turn_bounds, MC_LEN(turn_bounds)),
              stats->turn_size_buckets, stats->n_turn_size_buckets, (double)stats->calls);
}

static void add_room(struct mc_metrics *metrics, const char *room, const Motcua__StatsReply *stats)
{
    gauge(metrics, "motcua_room_info", "What runs; always 1.", room,
          (struct label){"version", stats->version}, none, 1);
    gauge(metrics, "motcua_room_start_time_seconds", "When it started, since the epoch.", room,
          none, none, (double)stats->started_ms / MS);
    gauge(metrics, "motcua_room_memory_bytes", "Resident memory.", room, none, none,
          (double)stats->memory_bytes);
    gauge(metrics, "motcua_room_parked_calls", "Calls that wait for something to give.", room, none,
          none, stats->parked);
    gauge(metrics, "motcua_journal_last_sequence", "The newest event of the journal.", room, none,
          none, (double)stats->journal_last);
    counter(metrics, "motcua_room_turns_total", "Turns of the loop that had calls.", room, none,
            none, stats->turns);
    add_turns(metrics, room, stats);
    if (stats->store != NULL)
        add_store(metrics, room, stats->store);
    for (size_t i = 0; i < stats->n_lanes; i++) {
        add_lane(metrics, room, stats->lanes[i]);
        add_outlook(metrics, stats, room, stats->lanes[i]);
    }
    for (size_t i = 0; i < stats->n_follows; i++)
        add_follow(metrics, stats, room, stats->follows[i]);
}

/* "motcua.otp.v1.Otp/Issue" is Issue; the house's own are Room/Stats, and so on. */
static const char *short_name(const char *method)
{
    const char *slash = strrchr(method, '/');

    if (strncmp(method, "motcua.v1.Room/", 15) == 0)
        return method + 10;
    return slash != NULL ? slash + 1 : method;
}

static bool was_called(const Motcua__MethodStats *method)
{
    return method->ok + method->refused + method->failed > 0;
}

static void add_method(struct mc_metrics *metrics, const char *room,
                       const Motcua__MethodStats *method)
{
    const struct label name = {"method", short_name(method->method)};
    const struct {
        const char *outcome;
        uint64_t n;
    } outcomes[] = {{"ok", method->ok}, {"refused", method->refused}, {"failed", method->failed}};
    char labels[MC_METRIC_LABELS_MAX];

    for (size_t i = 0; i < MC_LEN(outcomes); i++)
        counter(metrics, "motcua_method_calls_total", "Calls answered, by outcome.", room, name,
                (struct label){"outcome", outcomes[i].outcome}, outcomes[i].n);
    label(labels, room, name, none);
    histogram(mc_metric_histogram(metrics, "motcua_method_duration_seconds", labels,
                                  "Time in the handler, without commit.", method_bounds,
                                  MC_LEN(method_bounds)),
              method->us_buckets, method->n_us_buckets, (double)method->us_total / US);
}

static void fill(struct tables *tables, const Motcua__StatsReply *const replies[GATEWAY_ROOMS])
{
    for (size_t i = 0; i < GATEWAY_ROOMS; i++) {
        const Motcua__StatsReply *stats = replies[i];

        gauge(&tables->rooms, "motcua_room_up", "1: the room answered in time.",
              gateway_rooms[i].name, none, none, stats != NULL);
        if (stats == NULL)
            continue;
        add_room(&tables->rooms, gateway_rooms[i].name, stats);
        for (size_t n = 0; n < stats->n_methods; n++) /* some are called once a year */
            if (was_called(stats->methods[n]))
                add_method(&tables->methods, gateway_rooms[i].name, stats->methods[n]);
    }
}

/* Every table brings the count of what it dropped under one name: told once, by our own. */
static void merge_dropped(struct mc_metrics *own, struct mc_metrics *other)
{
    mc_metric_add(own->dropped, other->dropped->count);
    other->firsts = other->dropped->next_name;
}

enum mc_status gateway_stats_text(struct mc_arena *arena,
                                  const Motcua__StatsReply *const replies[GATEWAY_ROOMS],
                                  struct mc_metrics *own, struct mc_bytes *ret_text)
{
    struct tables *tables = mc_alloc(arena, sizeof *tables);
    char *text = mc_alloc(arena, GATEWAY_METRICS_MAX);
    size_t len = 0;

    if (tables == NULL || text == NULL)
        return MC_FULL;
    mc_metrics_init(&tables->rooms);
    mc_metrics_init(&tables->methods);
    fill(tables, replies);
    merge_dropped(own, &tables->rooms);
    merge_dropped(own, &tables->methods);

    const struct mc_metrics *all[] = {own, &tables->rooms, &tables->methods};
    for (size_t i = 0; i < MC_LEN(all); i++) {
        len += mc_metrics_text(all[i], text + len, GATEWAY_METRICS_MAX - len);
        if (len >= GATEWAY_METRICS_MAX)
            return MC_FULL;
    }
    *ret_text = (struct mc_bytes){text, len};
    return MC_OK;
}
