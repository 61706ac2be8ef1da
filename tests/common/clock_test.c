/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include "common/clock.h"

static void real_clock_moves_forward(void **state)
{
    struct mc_clock clock = mc_clock_real();
    int64_t before = mc_mono_ns(&clock);

    (void)state;
    assert_true(mc_mono_ns(&clock) >= before);
    assert_true(mc_now_ms(&clock) > INT64_C(1700000000000)); /* milliseconds, not seconds */
}

static void manual_clock_stands_still_until_advanced(void **state)
{
    struct mc_clock_manual manual = {.now_ms = 1000, .mono_ns = 5};
    struct mc_clock clock = mc_clock_from(&manual);

    (void)state;
    assert_int_equal(mc_now_ms(&clock), 1000);
    assert_int_equal(mc_now_ms(&clock), 1000);
    mc_clock_advance(&manual, 250);
    assert_int_equal(mc_now_ms(&clock), 1250);
    assert_int_equal(mc_mono_ns(&clock), 250000005);
    manual.now_ms = 10; /* somebody sets the wall clock back: measuring does not notice */
    assert_int_equal(mc_now_ms(&clock), 10);
    assert_int_equal(mc_mono_ns(&clock), 250000005);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(real_clock_moves_forward),
        cmocka_unit_test(manual_clock_stands_still_until_advanced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
