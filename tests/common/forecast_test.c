/* When a queue is empty or late, and the rates that say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off: cmocka wants these four before it */
#include <cmocka.h>
/* clang-format on */

#include "common/forecast.h"
#include "common/minutes.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
static const int64_t t0 = INT64_C(1788747600000); /* a whole minute */

static void forecasts(void **state)
{
    static const struct {
        const char *name;
        int64_t waiting;
        int64_t oldest_s;
        int64_t limit_s;
        double in;
        double out;
        int64_t want_empty_s; /* -1: not told */
        int64_t want_late_s;
        bool want_late;
    } cases[] = {
        {"nothing waits", 0, 0, 90, 5, 10, 0, -1, false},
        {"it drains", 100, 5, 0, 10, 60, 120, -1, false},
        {"it drains in time", 100, 5, 120, 10, 60, 120, -1, false},
        {"as much comes as goes", 100, 5, 120, 60, 60, -1, -1, false},
        {"as much comes as goes, and it is too long", 200, 5, 120, 60, 60, -1, 117, false},
        {"it grows", 60, 5, 120, 90, 60, -1, 240, false},
        {"nothing is taken", 3, 30, 90, 0, 0, -1, 60, false},
        {"nothing is taken and nothing waits, but something comes", 0, 0, 90, 1, 0, 0, 90, false},
        {"one is late", 3, 91, 90, 0, 60, 3, -1, true},
        {"all is still", 3, 30, 0, 0, 0, -1, -1, false},
        {"in a year", 1000000, 5, 0, 0, 1, -1, -1, false},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        const struct mc_forecast_of of = {
            .now_ms = t0,
            .waiting = cases[i].waiting,
            .oldest_age_ms = cases[i].oldest_s * SECOND,
            .limit_ms = cases[i].limit_s * SECOND,
            .in = cases[i].in,
            .out = cases[i].out,
        };
        struct mc_forecast got = mc_forecast(&of);
        int64_t empty_s = got.empty_at_ms == 0 ? -1 : (got.empty_at_ms - t0) / SECOND;
        int64_t late_s = got.late_at_ms == 0 ? -1 : (got.late_at_ms - t0) / SECOND;

        if (empty_s != cases[i].want_empty_s ||
            (!cases[i].want_late && late_s != cases[i].want_late_s) ||
            got.late != cases[i].want_late)
            fail_msg("%s: empty %lld, late %lld %d", cases[i].name, (long long)empty_s,
                     (long long)late_s, got.late);
    }
}

/* The forecast against the queue itself, second by second. */
static void a_queue_is_late_when_it_was_said(void **state)
{
    enum { IN = 90, OUT = 60, LIMIT_S = 120, STEPS = 4000 };
    int64_t arrived[8 * STEPS];
    size_t head = 0;
    size_t tail = 0;
    int64_t first_late = 0;

    (void)state;
    for (int64_t s = 0; s < STEPS && first_late == 0; s++) {
        for (int64_t i = (s * IN) / 60; i < ((s + 1) * IN) / 60; i++)
            arrived[tail++] = s;
        for (int64_t i = (s * OUT) / 60; i < ((s + 1) * OUT) / 60 && head < tail; i++)
            head++;
        if (head < tail && s - arrived[head] > LIMIT_S)
            first_late = s;
    }
    const struct mc_forecast_of of = {
        .now_ms = t0, .waiting = 0, .limit_ms = LIMIT_S * SECOND, .in = IN, .out = OUT};
    int64_t told = (mc_forecast(&of).late_at_ms - t0) / SECOND;
    assert_in_range(told, first_late - 5, first_late + 5);
}

static void minutes_are_counted_and_forgotten(void **state)
{
    struct mc_minutes minutes = {0};
    struct mc_lane_count before[MC_LANES_MAX] = {0};
    struct mc_lane_count after[MC_LANES_MAX] = {0};

    (void)state;
    after[1].queued = after[1].enqueued_total = 10;
    mc_minutes_add(&minutes, t0, before, after);
    before[1] = after[1];
    after[1].queued = 4;
    after[1].done_total = 5;
    after[1].dead = after[1].failed_total = 1;
    mc_minutes_add(&minutes, t0 + MINUTE, before, after);

    int64_t now = t0 + MINUTE + 30 * SECOND;
    assert_int_equal(mc_minutes_at(&minutes, 1, now, 1).in, 10);
    assert_int_equal(mc_minutes_at(&minutes, 1, now, 0).out, 6);
    assert_int_equal(mc_minutes_at(&minutes, 1, now, 0).failed, 1);
    assert_int_equal(mc_minutes_at(&minutes, 0, now, 0).out, 0);
    struct mc_rates rates = mc_minutes_rates(&minutes, 1, now); /* of 90 seconds */
    assert_int_equal((int)(rates.in * 1.5 + 0.5), 10);
    assert_int_equal((int)(rates.out * 1.5 + 0.5), 6);

    now = t0 + 61 * MINUTE; /* nothing was committed since */
    assert_int_equal(mc_minutes_at(&minutes, 1, now, 60).out, 0);
    assert_int_equal((int)mc_minutes_rates(&minutes, 1, now).out, 0);
    before[1] = after[1]; /* the place of a minute is the one of an hour before */
    after[1].dead = 0;
    after[1].queued = 5;
    mc_minutes_add(&minutes, now, before, after);
    assert_int_equal(mc_minutes_at(&minutes, 1, now, 0).in, 1); /* a dead letter came back */
    assert_int_equal(mc_minutes_at(&minutes, 1, now, 0).out, 0);
    assert_int_equal(mc_minutes_at(&minutes, 1, now, 59).out, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forecasts),
        cmocka_unit_test(a_queue_is_late_when_it_was_said),
        cmocka_unit_test(minutes_are_counted_and_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
