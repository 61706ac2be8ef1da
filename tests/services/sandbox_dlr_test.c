/* Delivery reports: Kannel's escapes, and what handsets do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* clang-format off: cmocka wants these before it */
#include <cmocka.h>
/* clang-format on */

#include "../../services/sandbox/sandbox.h"

static void escapes_are_filled_in(void **state)
{
    struct mc_arena arena;

    (void)state;
    assert_int_equal(mc_arena_init(&arena, 4096), MC_OK);
    assert_string_equal(sandbox_dlr_url(&arena, "http://e/r?sig=a%2Bb&st=%d", 8, "84912000101", 0),
                        "http://e/r?sig=a%2Bb&st=8");
    assert_string_equal(sandbox_dlr_url(&arena, "%p %A %t %x %", 2, "84912000101", 0),
                        "%2B84912000101 NACK 19700101070000 %x %");
    assert_string_equal(sandbox_dlr_url(&arena, "", 1, "84912000101", 0), "");
    mc_arena_done(&arena);
}

static void states_are(const char *phone, unsigned mask, int first, int second)
{
    int codes[4] = {-1, -1, -1, -1};

    sandbox_dlr_states(phone, mask, codes);
    assert_int_equal(codes[0], first);
    if (first != 0)
        assert_int_equal(codes[1], second);
}

static void handsets_differ(void **state)
{
    (void)state;
    states_are("84912000101", 31, 8, 1);
    states_are("84912000998", 31, 8, 2);
    states_are("84912000999", 31, 8, 4);
    states_are("84912000997", 31, 16, 0);
    states_are("84912000101", 1, 1, 0);
    states_are("84912000101", 2, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_are_filled_in),
        cmocka_unit_test(handsets_differ),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
