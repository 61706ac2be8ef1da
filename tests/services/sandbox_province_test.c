/* A province's one-door system in the sandbox: references once in effect, faults as often as
 * ordered. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off: cmocka wants these four before it */
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <string.h>

#include "services/sandbox/province.h"

static struct sandbox_provinces provinces;
static struct mc_arena memory;

static int open_all(void **state)
{
    (void)state;
    memset(&provinces, 0, sizeof provinces);
    return mc_arena_init(&memory, 16 << 20) == MC_OK ? 0 : -1;
}

static int close_all(void **state)
{
    (void)state;
    mc_arena_done(&memory);
    return 0;
}

static struct sandbox_province *of(const char *dstcode)
{
    return sandbox_province_of(&provinces, &memory, dstcode);
}

static void a_dstcode_is_one_province(void **state)
{
    char longest[SANDBOX_DSTCODE_SIZE + 1];

    (void)state;
    assert_non_null(of("VN:COOP:000.00.00.H53"));
    assert_ptr_equal(of("VN:COOP:000.00.00.H53"), of("VN:COOP:000.00.00.H53"));
    assert_ptr_not_equal(of("VN:COOP:000.00.00.H53"), of("VN:COOP:000.00.00.H36"));
    assert_null(of(""));
    memset(longest, 'a', sizeof longest);
    longest[SANDBOX_DSTCODE_SIZE] = '\0';
    assert_null(of(longest)); /* one past the limit */
    longest[SANDBOX_DSTCODE_SIZE - 1] = '\0';
    assert_non_null(of(longest));
}

static void what_it_has_is_its_own(void **state)
{
    struct sandbox_province *one = of("A");
    struct sandbox_province *two = of("B");

    (void)state;
    struct sandbox_item *item = sandbox_item_add(&provinces, &memory, one, "ref-1");
    assert_non_null(item);
    (void)snprintf(item->object, sizeof item->object, "HS-1");
    assert_ptr_equal(sandbox_item_find(&provinces, one, "ref-1"), item);
    assert_null(sandbox_item_find(&provinces, two, "ref-1"));
    assert_true(sandbox_province_has(one, "HS-1"));
    assert_false(sandbox_province_has(two, "HS-1"));
    assert_int_equal(one->items, 1);
}

static void a_fault_strikes_as_often_as_ordered(void **state)
{
    struct sandbox_province *one = of("A");
    enum sandbox_province_fault fault = SANDBOX_PROVINCE_WELL;

    (void)state;
    assert_true(sandbox_province_fault_parse("http500", &fault));
    assert_false(sandbox_province_fault_parse("nothing like it", &fault));
    one->fault = SANDBOX_PROVINCE_HTTP500;
    one->fault_left = 2;
    assert_int_equal(sandbox_province_strikes(one, 0), SANDBOX_PROVINCE_HTTP500);
    assert_int_equal(sandbox_province_strikes(one, 0), SANDBOX_PROVINCE_HTTP500);
    assert_int_equal(sandbox_province_strikes(one, 0), SANDBOX_PROVINCE_WELL);
}

static void what_is_down_for_an_hour_comes_back(void **state)
{
    struct sandbox_province *one = of("A");

    (void)state;
    one->fault = SANDBOX_PROVINCE_DOWN;
    one->fault_until_ms = 3600000;
    assert_int_equal(sandbox_province_strikes(one, 3599999), SANDBOX_PROVINCE_DOWN);
    assert_int_equal(sandbox_province_strikes(one, 3600000), SANDBOX_PROVINCE_WELL);
    assert_int_equal(sandbox_province_strikes(one, 0), SANDBOX_PROVINCE_WELL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_dstcode_is_one_province, open_all, close_all),
        cmocka_unit_test_setup_teardown(what_it_has_is_its_own, open_all, close_all),
        cmocka_unit_test_setup_teardown(a_fault_strikes_as_often_as_ordered, open_all, close_all),
        cmocka_unit_test_setup_teardown(what_is_down_for_an_hour_comes_back, open_all, close_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
