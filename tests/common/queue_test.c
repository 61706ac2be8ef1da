/* What operators see of a queue, and how they pause one: the house's methods, at a room. */
#include <stdlib.h>

#include "common/frame.h"
#include "common/jobs.h"
#include "common/pauses.h"
#include "common/queue.h"
#include "common/store_mdb.h"
#include "common/tally.h"

#include "bell_room.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static const struct mc_caller an = {.name = "operator:an"};

static int64_t limit_ms(const void *ctx, unsigned lane)
{
    (void)ctx;
    return lane == BELL_OUT ? 2 * MINUTE : 0;
}

static struct mc_room limited; /* the bell, with a limit */

static int open_room(void **state)
{
    limited = bell_room;
    limited.lane_limit_ms = limit_ms;
    *state = harness_open(&limited, NULL);
    harness_as(*state, &an);
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

/* --- a turn of one's own --- */

struct moment {
    struct mc_turn turn;
    struct mc_txn txn;
    struct mc_call call;
    Motcua__Header head;
};

static struct mc_txn *begin(struct harness *h, struct moment *m)
{
    struct mc_service *service = harness_service(h);

    motcua__header__init(&m->head);
    m->call = (struct mc_call){.head = &m->head};
    mc_arena_budget(&service->arena, service->arena.size);
    mc_turn_begin(&m->turn, service->store, &service->arena, harness_now(h));
    mc_txn_open(&m->txn, &m->turn);
    mc_txn_fill(service, &m->txn, &m->call);
    return &m->txn;
}

static void end(struct harness *h, struct moment *m)
{
    assert_int_equal(mc_txn_apply(&m->txn), MC_OK);
    assert_int_equal(mc_turn_commit(&m->turn), MC_OK);
    mc_arena_reset(&harness_service(h)->arena);
}

static uint64_t add_due(struct harness *h, const char *destination, size_t n, int64_t due_ms)
{
    static const char *const keys[] = {"dossier:000.20.31.H53-1", "account:1", NULL};
    const struct mc_job_spec spec = {.lane = BELL_OUT,
                                     .kind = "bell.http",
                                     .payload = {"x", 1},
                                     .destination = destination,
                                     .attempts_max = 3,
                                     .due_ms = due_ms,
                                     .keys = keys};
    struct moment m;
    struct mc_txn *txn = begin(h, &m);
    uint64_t id = 0;

    for (size_t i = 0; i < n; i++)
        id = mc_job_add(txn, &spec);
    end(h, &m);
    return id;
}

static uint64_t add(struct harness *h, const char *destination, size_t n)
{
    return add_due(h, destination, n, 0);
}

enum fate { KEEP, DONE, RETRY, BURY };

static size_t take(struct harness *h, const char *worker, size_t n, enum fate fate)
{
    const struct mc_lease spec = {.lane = BELL_OUT, .worker = worker, .lease_ms = MINUTE};
    struct mc_job *jobs = calloc(n, sizeof *jobs);
    struct moment m;
    struct mc_txn *txn = begin(h, &m);
    size_t got = mc_jobs_lease(txn, &spec, jobs, n);

    for (size_t i = 0; i < got; i++) {
        if (fate == DONE)
            mc_job_done(txn, &jobs[i]);
        else if (fate == RETRY)
            mc_job_retry(txn, &jobs[i], "BUSY", 0);
        else if (fate == BURY)
            mc_job_bury(txn, &jobs[i], "WRONG_NUMBER");
    }
    end(h, &m);
    free(jobs);
    return got;
}

static const Motcua__ShapeReply *shape(struct harness *h, const Motcua__JobState *states, size_t n,
                                       uint32_t destinations)
{
    Motcua__ShapeRequest request = MOTCUA__SHAPE_REQUEST__INIT;

    request.lane = mc_unconst("out");
    request.states = mc_unconst(states);
    request.n_states = n;
    request.destinations = destinations;
    return harness_call(h, "Shape", &request.base, MC_OK);
}

static const Motcua__LaneStats *stats(struct harness *h)
{
    Motcua__StatsRequest request = MOTCUA__STATS_REQUEST__INIT;
    const Motcua__StatsReply *reply = harness_call(h, "Stats", &request.base, MC_OK);

    return reply->lanes[BELL_OUT];
}

static void pause_it(struct harness *h, const char *destination, bool whole, int64_t until_ms,
                     enum mc_status want)
{
    Motcua__PauseLaneRequest request = MOTCUA__PAUSE_LANE_REQUEST__INIT;

    request.lane = mc_unconst("out");
    request.destination = mc_unconst(destination);
    request.whole_lane = whole;
    request.reason = mc_unconst("nhà mạng bảo trì");
    request.until_ms = until_ms;
    (void)harness_call(h, "PauseLane", &request.base, want);
}

static void resume(struct harness *h, const char *destination, bool whole, enum mc_status want)
{
    Motcua__ResumeLaneRequest request = MOTCUA__RESUME_LANE_REQUEST__INIT;

    request.lane = mc_unconst("out");
    request.destination = mc_unconst(destination);
    request.whole_lane = whole;
    request.reason = mc_unconst("xong");
    (void)harness_call(h, "ResumeLane", &request.base, want);
}

/* --- shape --- */

/* Rows are destinations, the fullest first; columns are ages; every number is what it says. */
static void the_shape_of_a_queue(void **state)
{
    struct harness *h = *state;

    add(h, "viettel", 3);
    harness_advance(h, 2 * HOUR);
    add(h, "viettel", 2);
    add(h, "mobifone", 4);
    add(h, "itel", 1);
    harness_advance(h, 20 * SECOND);
    assert_int_equal(take(h, "sms:a", 2, KEEP), 2); /* the oldest: viettel's */
    assert_int_equal(take(h, "sms:b", 1, BURY), 1);
    assert_int_equal(take(h, "sms:b", 2, RETRY), 2);

    const Motcua__ShapeReply *told = shape(h, NULL, 0, 2);
    assert_int_equal(told->n_age_limits_ms, 8);
    assert_int_equal(told->n_rows, 2);
    assert_int_equal(told->other_destinations, 1);
    assert_string_equal(told->rows[0]->destination, "mobifone");
    assert_string_equal(told->rows[1]->destination, "viettel");
    assert_int_equal(told->rows[0]->ages[1], 4); /* within 30 seconds */
    assert_int_equal(told->rows[1]->total, 4);
    assert_int_equal(told->rows[1]->ages[6], 2); /* within six hours: in the hands of sms:a */
    assert_int_equal(told->rows[1]->leased, 2);
    assert_int_equal(told->rows[1]->dead, 1);
    assert_int_equal(told->other->total, 1);
    assert_int_equal(told->total->total, 9);
    assert_int_equal(told->total->retrying, 2);
    assert_int_equal(told->total->ages[1] + told->total->ages[6], 9);
    assert_in_range(told->total->oldest_ms, 2 * HOUR, 2 * HOUR + 30 * SECOND);
    assert_int_equal(told->n_holders, 1);
    assert_string_equal(told->holders[0]->worker, "sms:a");
    assert_int_equal(told->holders[0]->count, 2);
    assert_int_equal(told->n_reasons, 1);
    assert_string_equal(told->reasons[0]->reason, "WRONG_NUMBER");
    assert_int_equal(told->reasons[0]->count, 1);
    assert_int_equal(told->stats->queued, 7);

    const Motcua__JobState dead[] = {MOTCUA__JOB_STATE__DEAD};
    told = shape(h, dead, 1, 0);
    assert_int_equal(told->total->total, 1);
    assert_int_equal(told->total->ages[6], 1);
}

/* A store of before there were tallies: neither rows nor the word that there are. */
static void forget_tallies(struct mc_store *store)
{
    MDB_val key = {sizeof "state", mc_unconst("state")};
    MDB_dbi meta = store->tables[MC_TABLE_META];
    MDB_cursor *cursor = NULL;
    uint8_t value[4096];
    MDB_txn *mdb = NULL;
    MDB_val k;
    MDB_val v;

    assert_int_equal(mdb_txn_begin(store->env, NULL, 0, &mdb), 0);
    assert_int_equal(mdb_get(mdb, meta, &key, &v), 0);
    Motcua__StoreState *old = motcua__store_state__unpack(NULL, v.mv_size - VALUE_HEAD,
                                                          (const uint8_t *)v.mv_data + VALUE_HEAD);
    assert_true(old->tallied);
    old->tallied = false;
    size_t len = motcua__store_state__pack(old, value + VALUE_HEAD);
    motcua__store_state__free_unpacked(old, NULL);
    mc_value_seal(MC_TABLE_META, key, value, len);
    v = (MDB_val){VALUE_HEAD + len, value};
    assert_int_equal(mdb_put(mdb, meta, &key, &v, 0), 0);
    assert_int_equal(mdb_cursor_open(mdb, meta, &cursor), 0);
    while (mdb_cursor_get(cursor, &k, &v, MDB_NEXT) == 0)
        if (k.mv_size > 6 && memcmp(k.mv_data, "tally/", 6) == 0)
            assert_int_equal(mdb_cursor_del(cursor, 0), 0);
    mdb_cursor_close(cursor);
    assert_int_equal(mdb_txn_commit(mdb), 0);
}

/* The same from the rows of the commit, after a start; and from the jobs, when there are none. */
static void the_shape_survives(void **state)
{
    struct harness *h = *state;

    add(h, "viettel", 5);
    harness_advance(h, 90 * SECOND);
    assert_int_equal(take(h, "sms:a", 3, BURY), 3);
    for (int i = 0; i < 3; i++) {
        harness_reopen(h);
        const Motcua__ShapeReply *told = shape(h, NULL, 0, 0);
        assert_int_equal(told->n_rows, 1);
        assert_int_equal(told->rows[0]->queued, 2);
        assert_int_equal(told->rows[0]->dead, 3);
        assert_int_equal(told->rows[0]->ages[3], 2);
        assert_int_equal(told->reasons[0]->count, 3);

        if (i == 0)
            forget_tallies(harness_service(h)->store);
        else
            pause_it(h, "x", false, 0, MC_OK); /* any commit writes what was counted */
    }
}

static void a_refused_commit_counts_nothing(void **state)
{
    struct harness *h = *state;
    const struct mc_job_spec spec = {.lane = BELL_OUT, .kind = "bell.http", .destination = "x"};
    struct moment m;

    add(h, "x", 2);
    assert_true(mc_job_add(begin(h, &m), &spec) != 0);
    assert_int_equal(mc_txn_apply(&m.txn), MC_OK);
    m.turn.status = MC_FULL; /* as when the disk says no */
    assert_int_equal(mc_turn_commit(&m.turn), MC_FULL);
    assert_int_equal(mc_tally_sum(harness_service(h)->store, BELL_OUT, MC_TALLY_FRESH), 2);
}

static void scheduled_and_retried_are_told_apart(void **state)
{
    struct harness *h = *state;

    add(h, "a", 3);
    add_due(h, "a", 2, harness_now(h) + HOUR);
    assert_int_equal(stats(h)->queued, 5);
    assert_int_equal(stats(h)->scheduled, 2);
    assert_int_equal(stats(h)->retrying, 0);
    assert_int_equal(take(h, "w", 10, RETRY), 3);
    assert_int_equal(stats(h)->scheduled, 5); /* after their back-off */
    assert_int_equal(stats(h)->retrying, 3);
    harness_advance(h, 61 * MINUTE);
    assert_int_equal(stats(h)->scheduled, 0);
    assert_int_equal(take(h, "w", 10, DONE), 5);
    assert_int_equal(stats(h)->retrying, 0);
}

/* A last question about a payment is put a day ahead: nobody is to be called for it before. */
static void what_is_for_later_is_not_old(void **state)
{
    struct harness *h = *state;

    add_due(h, "a", 1, harness_now(h) + 24 * HOUR);
    harness_advance(h, HOUR);
    const Motcua__LaneStats *told = stats(h);
    assert_int_equal(told->queued, 1);
    assert_int_equal(told->oldest_ms, 0);
    assert_false(told->forecast->late);
    assert_int_equal(shape(h, NULL, 0, 0)->total->oldest_ms, 0);
    add(h, "b", 1); /* behind it, and waiting */
    harness_advance(h, MINUTE);
    assert_in_range(stats(h)->oldest_ms, MINUTE - SECOND, MINUTE + SECOND);
    assert_int_equal(take(h, "w", 1, DONE), 1);
    assert_int_equal(stats(h)->oldest_ms, 0);
    harness_advance(h, 23 * HOUR + 9 * MINUTE); /* ten minutes over its time */
    assert_in_range(stats(h)->oldest_ms, 9 * MINUTE, 11 * MINUTE);
    assert_true(stats(h)->forecast->late);
    assert_int_equal(take(h, "w", 1, RETRY), 1);
    assert_in_range(stats(h)->oldest_ms, 9 * MINUTE, 11 * MINUTE); /* its age stays */
    harness_advance(h, HOUR);
    assert_int_equal(take(h, "w", 1, DONE), 1);
    assert_int_equal(stats(h)->oldest_ms, 0);
}

static void the_forecast(void **state)
{
    struct harness *h = *state;

    assert_int_equal(stats(h)->limit_ms, 2 * MINUTE);
    add(h, "a", 120);
    for (int i = 0; i < 60; i++) {
        harness_advance(h, SECOND);
        (void)take(h, "w", 1, DONE);
    }
    const Motcua__LaneStats *told = stats(h); /* 60 left, one a second; but 120 came in this time */
    assert_int_equal(told->queued, 60);
    assert_in_range((int)told->out_per_minute, 55, 65);
    assert_false(told->forecast->late);
    harness_advance(h, 6 * MINUTE); /* nothing moves any more */
    told = stats(h);
    assert_int_equal((int)told->out_per_minute, 0);
    assert_int_equal(told->forecast->empty_at_ms, 0);
    assert_true(told->forecast->late);
    const Motcua__ShapeReply *shaped = shape(h, NULL, 0, 0);
    assert_true(shaped->n_out_minutes >= 7);
    uint64_t out = 0;
    for (size_t i = 0; i < shaped->n_out_minutes; i++)
        out += shaped->out_minutes[i];
    assert_int_equal(out, 60);
}

static void what_shape_refuses(void **state)
{
    struct harness *h = *state;
    Motcua__ShapeRequest request = MOTCUA__SHAPE_REQUEST__INIT;
    Motcua__JobState wrong = MOTCUA__JOB_STATE__JOB_STATE_UNSPECIFIED;

    request.lane = mc_unconst("kitchen");
    request.destinations = MC_SHAPE_ROWS_MAX + 1;
    request.states = &wrong;
    request.n_states = 1;
    assert_null(harness_call(h, "Shape", &request.base, MC_NOT_FOUND));
    assert_int_equal(harness_header(h)->n_violations, 3);
    request = (Motcua__ShapeRequest)MOTCUA__SHAPE_REQUEST__INIT;
    request.lane = mc_unconst("out");
    request.destinations = MC_SHAPE_ROWS_MAX;
    assert_non_null(harness_call(h, "Shape", &request.base, MC_OK));
}

/* --- one job, and jobs by business id --- */

static const Motcua__JobPage *page_of(struct harness *h, uint64_t id)
{
    Motcua__GetJobRequest request = MOTCUA__GET_JOB_REQUEST__INIT;

    request.id = id;
    return harness_call(h, "GetJob", &request.base, MC_OK);
}

static void act(struct harness *h, Motcua__ActionKind kind, uint64_t id, Motcua__JobState in,
                const char *destination)
{
    Motcua__PrepareActionRequest prepare = MOTCUA__PREPARE_ACTION_REQUEST__INIT;
    Motcua__RunActionRequest run = MOTCUA__RUN_ACTION_REQUEST__INIT;
    Motcua__JobFilter filter = MOTCUA__JOB_FILTER__INIT;

    filter.lane = mc_unconst("out");
    filter.state = in;
    filter.ids = &id;
    filter.n_ids = 1;
    prepare.kind = kind;
    prepare.filter = &filter;
    prepare.reason = mc_unconst("địa chỉ cũ sai");
    prepare.destination = mc_unconst(destination);
    const Motcua__Action *action = harness_call(h, "PrepareAction", &prepare.base, MC_OK);
    assert_int_equal(action->count, 1);
    run.action_id = action->action_id;
    run.set_hash = action->set_hash;
    assert_non_null(harness_call(h, "RunAction", &run.base, MC_OK));
    harness_tick(h);
}

/* Each attempt that failed, and each hand that was laid on it; what it was before is kept. */
static void a_jobs_whole_history(void **state)
{
    struct harness *h = *state;
    uint64_t id = add(h, "old", 1);

    assert_int_equal(take(h, "w1", 1, RETRY), 1);
    harness_advance(h, 10 * SECOND);
    assert_int_equal(take(h, "w2", 1, KEEP), 1); /* never heard of again */
    harness_advance(h, 2 * MINUTE);
    assert_int_equal(take(h, "w3", 1, BURY), 1);
    const Motcua__JobPage *page = page_of(h, id);
    assert_string_equal(page->lane, "out");
    assert_int_equal(page->job->payload.len, 0);
    assert_int_equal(page->job->state, MOTCUA__JOB_STATE__DEAD);
    assert_int_equal(page->job->n_failures, 3);
    assert_string_equal(page->job->failures[0]->worker, "w1");
    assert_string_equal(page->job->failures[0]->error, "BUSY");
    assert_int_equal(page->job->failures[1]->number, 2);
    assert_string_equal(page->job->failures[1]->error, "LEASE_RAN_OUT");
    assert_string_equal(page->job->failures[2]->error, "WRONG_NUMBER");

    act(h, MOTCUA__ACTION_KIND__MOVE, id, MOTCUA__JOB_STATE__DEAD, "new");
    act(h, MOTCUA__ACTION_KIND__RETRY, id, MOTCUA__JOB_STATE__DEAD, "");
    page = page_of(h, id);
    assert_string_equal(page->job->destination, "new");
    assert_int_equal(page->job->state, MOTCUA__JOB_STATE__QUEUED);
    assert_int_equal(page->job->n_touches, 2);
    assert_string_equal(page->job->touches[0]->from_destination, "old");
    assert_string_equal(page->job->touches[0]->by, "operator:an");
    assert_int_equal(page->job->touches[1]->attempts, 3);
    assert_int_equal(page->n_actions, 2);
    assert_string_equal(page->actions[0]->reason, "địa chỉ cũ sai");

    for (int i = 0; i < 2 * MC_JOB_HISTORY_MAX; i++) { /* it remembers the last ones only */
        act(h, MOTCUA__ACTION_KIND__HOLD, id, MOTCUA__JOB_STATE__QUEUED, "");
        act(h, MOTCUA__ACTION_KIND__RELEASE, id, MOTCUA__JOB_STATE__HELD, "");
    }
    page = page_of(h, id);
    assert_int_equal(page->job->n_touches, MC_JOB_HISTORY_MAX);
    assert_int_equal(page->job->touches[7]->kind, MOTCUA__ACTION_KIND__RELEASE);
    assert_int_equal(take(h, "w", 1, DONE), 1);
    Motcua__GetJobRequest request = MOTCUA__GET_JOB_REQUEST__INIT;
    request.id = id;
    assert_null(harness_call(h, "GetJob", &request.base, MC_NOT_FOUND));
    request.id = UINT64_MAX;
    assert_null(harness_call(h, "GetJob", &request.base, MC_NOT_FOUND));
}

/* In parts, each of which says how much it has read; nothing changes by it. */
static void jobs_are_found_by_a_business_id(void **state)
{
    struct harness *h = *state;
    Motcua__FindJobsRequest request = MOTCUA__FIND_JOBS_REQUEST__INIT;
    size_t found = 0;
    size_t looked = 0;
    size_t calls = 0;

    add(h, "a", 3);
    assert_int_equal(take(h, "w", 1, BURY), 1);
    harness_as(h, &(struct mc_caller){.name = "portal:a"});
    for (int i = 0; i < MC_FIND_LOOK_MAX; i++) {
        Bell__OrderRequest order = BELL__ORDER_REQUEST__INIT;
        order.kind = mc_unconst("bell.http");
        assert_non_null(harness_call(h, "Order", &order.base, MC_OK));
    }
    harness_as(h, &an);
    request.key = mc_unconst("dossier:000.20.31.H53-1");
    request.limit = 2;
    for (const Motcua__FindJobsReply *told = NULL; told == NULL || told->more; calls++) {
        told = harness_call(h, "FindJobs", &request.base, MC_OK);
        assert_non_null(told);
        assert_true(told->looked_at <= MC_FIND_LOOK_MAX);
        for (size_t i = 0; i < told->n_jobs; i++)
            assert_int_equal(told->jobs[i]->payload.len, 0);
        found += told->n_jobs;
        looked += told->looked_at;
        request.place = told->place;
    }
    assert_int_equal(found, 3);
    assert_int_equal(looked, MC_FIND_LOOK_MAX + 3);
    assert_int_equal(calls, 3);
    assert_int_equal(harness_dead(h, BELL_OUT), 1);

    request = (Motcua__FindJobsRequest)MOTCUA__FIND_JOBS_REQUEST__INIT;
    request.limit = MC_FIND_JOBS_MAX + 1;
    uint8_t wrong[9] = {2};
    request.place = (ProtobufCBinaryData){sizeof wrong, wrong};
    assert_null(harness_call(h, "FindJobs", &request.base, MC_INVALID));
    assert_int_equal(harness_header(h)->n_violations, 3);
}

/* --- pauses --- */

/* Nobody takes of it, others go on; who, why and until when is seen everywhere. */
static void a_destination_is_paused(void **state)
{
    struct harness *h = *state;
    Motcua__HealthRequest ask = MOTCUA__HEALTH_REQUEST__INIT;

    uint64_t id = add(h, "viettel", 3);
    add(h, "mobifone", 2);
    pause_it(h, "viettel", false, 0, MC_OK);
    assert_int_equal(take(h, "w", 10, DONE), 2);
    assert_int_equal(take(h, "w", 10, DONE), 0);
    const Motcua__LaneStats *told = stats(h);
    assert_int_equal(told->n_pauses, 1);
    assert_string_equal(told->pauses[0]->by, "operator:an");
    assert_string_equal(told->pauses[0]->reason, "nhà mạng bảo trì");
    assert_true(shape(h, NULL, 0, 0)->rows[0]->paused);
    assert_string_equal(page_of(h, id)->pause->destination, "viettel");
    const Motcua__HealthReply *health = harness_call(h, "Health", &ask.base, MC_OK);
    assert_true(health->ready);
    assert_string_equal(health->problems[0], "LANE_PAUSED out/viettel");

    harness_reopen(h);
    assert_int_equal(take(h, "w", 10, DONE), 0);
    resume(h, "viettel", false, MC_OK);
    resume(h, "viettel", false, MC_NOT_FOUND);
    assert_int_equal(take(h, "w", 10, DONE), 3);
    assert_int_equal(stats(h)->n_pauses, 0);
    assert_int_equal(harness_events(h, "bell.queue_paused"), 1);
    assert_int_equal(harness_events(h, "bell.queue_resumed"), 1);
}

static void a_pause_ends_by_itself(void **state)
{
    struct harness *h = *state;
    const Motcua__Event *event = NULL;

    add(h, "viettel", 2);
    pause_it(h, "", true, harness_now(h) + HOUR, MC_OK);
    assert_true(stats(h)->forecast->paused);
    assert_int_equal(take(h, "w", 1, DONE), 0);
    harness_advance(h, HOUR - 1);
    assert_int_equal(take(h, "w", 1, DONE), 0);
    harness_advance(h, 1);
    assert_int_equal(take(h, "w", 1, DONE), 1);
    assert_int_equal(harness_events(h, "bell.queue_resumed"), 0);
    harness_tick(h);
    const Motcua__LanePause *told =
        harness_last_event(h, "bell.queue_resumed", &motcua__lane_pause__descriptor, &event);
    assert_string_equal(told->resumed_by, "system");
    assert_string_equal(told->by, "operator:an");
    assert_string_equal(event->keys[0], "queue:bell/out");
    harness_tick(h);
    assert_int_equal(harness_events(h, "bell.queue_resumed"), 1);
}

/* What waits behind a pause does not wake anybody, but its end does. */
static void the_next_due_knows_pauses(void **state)
{
    struct harness *h = *state;
    struct moment m;

    add(h, "viettel", 2);
    add_due(h, "mobifone", 1, harness_now(h) + DAY);
    struct mc_txn *txn = begin(h, &m);
    assert_int_equal(mc_jobs_next_due(txn, BELL_OUT), harness_now(h));
    end(h, &m);
    pause_it(h, "viettel", false, harness_now(h) + HOUR, MC_OK);
    txn = begin(h, &m);
    assert_int_equal(mc_jobs_next_due(txn, BELL_OUT), harness_now(h) + HOUR);
    end(h, &m);
    pause_it(h, "viettel", false, 0, MC_OK); /* for good: the other's is next */
    txn = begin(h, &m);
    assert_int_equal(mc_jobs_next_due(txn, BELL_OUT), harness_now(h) + DAY);
    end(h, &m);
    pause_it(h, "", true, 0, MC_OK);
    txn = begin(h, &m);
    assert_true(mc_jobs_next_due(txn, BELL_OUT) == INT64_MAX);
    end(h, &m);
}

static void what_pausing_refuses(void **state)
{
    struct harness *h = *state;
    char longest[MC_PAUSE_DESTINATION_MAX + 2];
    Motcua__PauseLaneRequest request = MOTCUA__PAUSE_LANE_REQUEST__INIT;

    memset(longest, 'x', sizeof longest);
    longest[MC_PAUSE_DESTINATION_MAX + 1] = '\0';
    request.lane = mc_unconst("kitchen");
    request.destination = longest;
    request.until_ms = harness_now(h);
    assert_null(harness_call(h, "PauseLane", &request.base, MC_NOT_FOUND));
    assert_int_equal(harness_header(h)->n_violations, 4);
    pause_it(h, "x", true, 0, MC_INVALID);
    pause_it(h, "x", false, harness_now(h) + MC_PAUSE_DAYS_MAX * DAY + 1, MC_INVALID);
    pause_it(h, "x", false, harness_now(h) + MC_PAUSE_DAYS_MAX * DAY, MC_OK);
    longest[MC_PAUSE_DESTINATION_MAX] = '\0';
    pause_it(h, longest, false, 0, MC_OK);
    for (int i = 2; i < MC_PAUSES_MAX; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "d%d", i);
        pause_it(h, name, false, 0, MC_OK);
    }
    pause_it(h, "one more", false, 0, MC_LIMITED);
    pause_it(h, "d2", false, 0, MC_OK); /* again is not more */
    harness_as(h, &(struct mc_caller){.name = "portal:a"});
    pause_it(h, "x", false, 0, MC_DENIED);
}

int main(void)
{
#define ROOM_TEST(test) cmocka_unit_test_setup_teardown(test, open_room, close_room)
    const struct CMUnitTest tests[] = {
        ROOM_TEST(the_shape_of_a_queue),
        ROOM_TEST(the_shape_survives),
        ROOM_TEST(a_refused_commit_counts_nothing),
        ROOM_TEST(scheduled_and_retried_are_told_apart),
        ROOM_TEST(what_is_for_later_is_not_old),
        ROOM_TEST(the_forecast),
        ROOM_TEST(what_shape_refuses),
        ROOM_TEST(a_jobs_whole_history),
        ROOM_TEST(jobs_are_found_by_a_business_id),
        ROOM_TEST(a_destination_is_paused),
        ROOM_TEST(a_pause_ends_by_itself),
        ROOM_TEST(the_next_due_knows_pauses),
        ROOM_TEST(what_pausing_refuses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
