/* A queue that will be late: told in time, once, and not again until it was well. */
#include "common/jobs.h"
#include "common/lane_watch.h"

#include "bell_room.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
static const int64_t t0 = INT64_C(1788747600000);

static void judges(void **state)
{
    static const struct {
        int64_t at_s;
        int64_t oldest_s;
        int64_t late_in_s; /* -1: not in sight */
        enum mc_lane_news want;
    } steps[] = {
        {0, 10, -1, MC_LANE_SAME},
        {5, 15, 70, MC_LANE_SAME}, /* in sight, and far: the limit is 120 s */
        {10, 20, 60, MC_LANE_SAME},
        {65, 30, 50, MC_LANE_SAME},
        {69, 30, 50, MC_LANE_SAME},
        {70, 30, 50, MC_LANE_LATE}, /* for a minute */
        {75, 30, 50, MC_LANE_SAME},
        {80, 130, 0, MC_LANE_SAME}, /* told already */
        {90, 59, -1, MC_LANE_SAME},
        {140, 60, -1, MC_LANE_SAME}, /* half of it is not younger than half of it */
        {145, 59, -1, MC_LANE_SAME}, /* so the minute begins again */
        {204, 59, -1, MC_LANE_SAME},
        {205, 59, -1, MC_LANE_WELL},
        {210, 120, -1, MC_LANE_SAME}, /* at the limit */
        {215, 121, -1, MC_LANE_LATE}, /* one past it: at once */
    };
    Motcua__LaneWatch row = MOTCUA__LANE_WATCH__INIT;

    (void)state;
    for (size_t i = 0; i < MC_LEN(steps); i++) {
        const struct mc_lane_sight sight = {
            .now_ms = t0 + steps[i].at_s * SECOND,
            .limit_ms = 2 * MINUTE,
            .oldest_age_ms = steps[i].oldest_s * SECOND,
            .late_at_ms =
                steps[i].late_in_s >= 0 ? t0 + (steps[i].at_s + steps[i].late_in_s) * SECOND : 0,
        };
        enum mc_lane_news got = mc_lane_judge(&row, &sight);

        if (got != steps[i].want)
            fail_msg("step %zu: %d", i, (int)got);
    }
}

static int64_t limit_ms(const void *ctx, unsigned lane)
{
    (void)ctx;
    return lane == BELL_OUT ? 2 * MINUTE : 0;
}

static struct mc_room limited; /* the bell, with a limit */

static void change(struct harness *h, bool add)
{
    const struct mc_lease spec = {.lane = BELL_OUT, .worker = "w", .lease_ms = MINUTE};
    struct mc_service *service = harness_service(h);
    Motcua__Header head = MOTCUA__HEADER__INIT;
    struct mc_call call = {.head = &head};
    struct mc_turn turn;
    struct mc_txn txn;
    struct mc_job job;

    mc_arena_budget(&service->arena, service->arena.size);
    mc_turn_begin(&turn, service->store, &service->arena, harness_now(h));
    mc_txn_open(&txn, &turn);
    mc_txn_fill(service, &txn, &call);
    if (add)
        assert_int_not_equal(mc_job_add(&txn, &(struct mc_job_spec){.lane = BELL_OUT,
                                                                    .kind = "bell.http",
                                                                    .payload = {"x", 1},
                                                                    .destination = "a"}),
                             0);
    else {
        assert_int_equal(mc_jobs_lease(&txn, &spec, &job, 1), 1);
        mc_job_done(&txn, &job);
    }
    assert_int_equal(mc_txn_apply(&txn), MC_OK);
    assert_int_equal(mc_turn_commit(&turn), MC_OK);
    mc_arena_reset(&service->arena);
}

static void a_late_lane_is_told_once_and_its_end_once(void **state)
{
    const Motcua__Event *event = NULL;

    (void)state;
    limited = bell_room;
    limited.lane_limit_ms = limit_ms;
    struct harness *h = harness_open(&limited, NULL);
    change(h, true);
    harness_tick(h);
    assert_int_equal(harness_events(h, "bell.queue_late"), 0);
    harness_advance(h, 2 * MINUTE + 1);
    harness_tick(h);
    const Motcua__QueueLate *late =
        harness_last_event(h, "bell.queue_late", &motcua__queue_late__descriptor, &event);
    assert_non_null(late);
    assert_string_equal(late->lane, bell_room.lanes[BELL_OUT]);
    assert_int_equal(late->limit_ms, 2 * MINUTE);
    assert_int_equal(late->oldest_age_ms, 2 * MINUTE + 1);
    assert_int_equal(late->waiting, 1);
    harness_reopen(h);
    harness_advance(h, MINUTE);
    harness_tick(h);
    assert_int_equal(harness_events(h, "bell.queue_late"), 1);
    change(h, false);
    for (int i = 0; i < 16; i++) { /* looked at every five seconds */
        harness_advance(h, MC_LANE_WATCH_MS);
        harness_tick(h);
    }
    assert_int_equal(harness_events(h, "bell.queue_recovered"), 1);
    assert_int_equal(harness_events(h, "bell.queue_late"), 1);
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges),
        cmocka_unit_test(a_late_lane_is_told_once_and_its_end_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
