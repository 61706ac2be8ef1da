/* Faults: which strike, how often, and that a run can be had again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* clang-format off: cmocka wants these before it */
#include <cmocka.h>
/* clang-format on */

#include "../../services/sandbox/faults.h"

static void counted_orders_end(void **state)
{
    struct sandbox_faults faults;
    int64_t ms = 0;

    (void)state;
    sandbox_faults_open(&faults, 1);
    sandbox_fault_order(&faults, SANDBOX_SMS, SANDBOX_FAULT_HTTP500, 2, 1.0, -1);
    assert_int_equal(sandbox_fault_of_request(&faults, SANDBOX_CARRIER, &ms), SANDBOX_FAULT_NONE);
    assert_int_equal(sandbox_fault_of_request(&faults, SANDBOX_SMS, &ms), SANDBOX_FAULT_HTTP500);
    assert_int_equal(sandbox_fault_of_request(&faults, SANDBOX_SMS, &ms), SANDBOX_FAULT_HTTP500);
    assert_int_equal(sandbox_fault_of_request(&faults, SANDBOX_SMS, &ms), SANDBOX_FAULT_NONE);
    assert_int_equal(faults.orders[SANDBOX_SMS][SANDBOX_FAULT_HTTP500].struck, 2);
}

static void others_stand_until_forgotten(void **state)
{
    struct sandbox_faults faults;
    int64_t ms = 0;

    (void)state;
    sandbox_faults_open(&faults, 1);
    sandbox_fault_order(&faults, SANDBOX_PLATFORM, SANDBOX_FAULT_SLOW, 0, 1.0, -1);
    for (int i = 0; i < 100; i++)
        assert_int_equal(sandbox_fault_of_request(&faults, SANDBOX_PLATFORM, &ms),
                         SANDBOX_FAULT_SLOW);
    assert_int_equal(ms, 2000);
    sandbox_fault_order(&faults, SANDBOX_PLATFORM, SANDBOX_FAULT_SLOW, 0, 1.0, 7);
    (void)sandbox_fault_of_request(&faults, SANDBOX_PLATFORM, &ms);
    assert_int_equal(ms, 7);
    sandbox_fault_order(&faults, SANDBOX_PLATFORM, SANDBOX_FAULT_NONE, 0, 1.0, -1);
    assert_int_equal(sandbox_fault_of_request(&faults, SANDBOX_PLATFORM, &ms), SANDBOX_FAULT_NONE);
}

static unsigned strikes(uint64_t seed, double rate, char pattern[1000])
{
    struct sandbox_faults faults;
    unsigned count = 0;
    int64_t ms = 0;

    sandbox_faults_open(&faults, seed);
    sandbox_fault_order(&faults, SANDBOX_SMS, SANDBOX_FAULT_RESET, 0, rate, -1);
    for (unsigned i = 0; i < 1000; i++) {
        pattern[i] = (char)sandbox_fault_strikes(&faults, SANDBOX_SMS, SANDBOX_FAULT_RESET, &ms);
        count += (unsigned)pattern[i];
    }
    return count;
}

static void chance_is_replayed_by_its_seed(void **state)
{
    char one[1000];
    char two[1000];

    (void)state;
    unsigned count = strikes(7, 0.1, one);
    assert_in_range(count, 60, 140);
    assert_int_equal(strikes(7, 0.1, two), count);
    assert_memory_equal(one, two, sizeof one);
    (void)strikes(8, 0.1, two);
    assert_memory_not_equal(one, two, sizeof one);
    assert_int_equal(strikes(7, 0.0, one), 0);
    assert_int_equal(strikes(7, 1.0, one), 1000);
}

static void callbacks_are_no_requests(void **state)
{
    struct sandbox_faults faults;
    int64_t ms = 0;

    (void)state;
    sandbox_faults_open(&faults, 1);
    sandbox_fault_order(&faults, SANDBOX_SMS, SANDBOX_FAULT_NO_CALLBACK, 1, 1.0, -1);
    assert_int_equal(sandbox_fault_of_request(&faults, SANDBOX_SMS, &ms), SANDBOX_FAULT_NONE);
    assert_true(sandbox_fault_strikes(&faults, SANDBOX_SMS, SANDBOX_FAULT_NO_CALLBACK, &ms));
    assert_false(sandbox_fault_strikes(&faults, SANDBOX_SMS, SANDBOX_FAULT_NO_CALLBACK, &ms));
    assert_int_equal(sandbox_fault_of_request(&faults, SANDBOX_NO_SYSTEM, &ms), SANDBOX_FAULT_NONE);
}

static void names_go_both_ways(void **state)
{
    enum sandbox_fault_kind kind = SANDBOX_FAULT_NONE;
    enum sandbox_system system = SANDBOX_NO_SYSTEM;

    (void)state;
    for (unsigned i = 0; i < SANDBOX_FAULTS_LEN; i++) {
        assert_true(sandbox_fault_parse(sandbox_fault_name((enum sandbox_fault_kind)i), &kind));
        assert_int_equal(kind, i);
    }
    for (unsigned i = 0; i < SANDBOX_SYSTEMS_LEN; i++) {
        assert_true(sandbox_system_parse(sandbox_system_name((enum sandbox_system)i), &system));
        assert_int_equal(system, i);
    }
    assert_false(sandbox_fault_parse("", &kind));
    assert_false(sandbox_system_parse("SMS", &system));
}

static void what_a_system_lacks_cannot_fail(void **state)
{
    (void)state;
    assert_true(sandbox_fault_applies(SANDBOX_CARRIER, SANDBOX_FAULT_THROTTLE));
    assert_false(sandbox_fault_applies(SANDBOX_CARRIER, SANDBOX_FAULT_LATE_CALLBACK));
    assert_false(sandbox_fault_applies(SANDBOX_SMS, SANDBOX_FAULT_WRONG_AMOUNT));
    assert_true(sandbox_fault_applies(SANDBOX_PLATFORM, SANDBOX_FAULT_WRONG_AMOUNT));
    assert_true(sandbox_fault_applies(SANDBOX_SMS, SANDBOX_FAULT_DUPLICATE_CALLBACK));
    assert_false(sandbox_fault_applies(SANDBOX_SMS, SANDBOX_FAULT_CONTRADICT));
    assert_true(sandbox_fault_applies(SANDBOX_PLATFORM, SANDBOX_FAULT_FORGET));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counted_orders_end),
        cmocka_unit_test(others_stand_until_forgotten),
        cmocka_unit_test(chance_is_replayed_by_its_seed),
        cmocka_unit_test(callbacks_are_no_requests),
        cmocka_unit_test(names_go_both_ways),
        cmocka_unit_test(what_a_system_lacks_cannot_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
