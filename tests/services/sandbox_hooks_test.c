/* The sandbox's receiver of webhooks: signatures by Standard Webhooks, faults as often as ordered.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off: cmocka wants these four before it */
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <string.h>

#include "services/sandbox/hooks.h"

/* The example of Standard Webhooks' own libraries. */
static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
static const char body[] = "{\"test\": 2432232314}";
#define SIGNATURE "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
static const int64_t at_ms = INT64_C(1614265330000);

static struct sandbox_hooks hooks;
static struct mc_arena memory;

static int open_all(void **state)
{
    (void)state;
    memset(&hooks, 0, sizeof hooks);
    return mc_arena_init(&memory, 16 << 20) == MC_OK ? 0 : -1;
}

static int close_all(void **state)
{
    (void)state;
    mc_arena_done(&memory);
    return 0;
}

static struct sandbox_hook *of(const char *name)
{
    return sandbox_hook_of(&hooks, &memory, name);
}

static struct sandbox_hook_signed signed_well(void)
{
    return (struct sandbox_hook_signed){
        .id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
        .timestamp = "1614265330",
        .signature = SIGNATURE,
        .body = {body, sizeof body - 1},
    };
}

static enum sandbox_hook_verdict verify(struct sandbox_hook_signed message, int64_t now_ms)
{
    return sandbox_hook_verify(&memory, secret, &message, now_ms);
}

static void a_signature_that_holds(void **state)
{
    struct sandbox_hook_signed message = signed_well();

    (void)state;
    assert_int_equal(verify(message, at_ms), SANDBOX_HOOK_VALID);
    message.signature = "v2,eHg= v1,eHg= " SIGNATURE; /* another's version, an old key */
    assert_int_equal(verify(message, at_ms), SANDBOX_HOOK_VALID);
}

static void a_signature_that_does_not(void **state)
{
    struct sandbox_hook_signed message = signed_well();

    (void)state;
    message.body.len--;
    assert_int_equal(verify(message, at_ms), SANDBOX_HOOK_INVALID);
    message = signed_well();
    message.id = "msg_another";
    assert_int_equal(verify(message, at_ms), SANDBOX_HOOK_INVALID);
    message = signed_well();
    message.signature = "";
    assert_int_equal(verify(message, at_ms), SANDBOX_HOOK_INVALID);
    message.signature = "v1a,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
    assert_int_equal(verify(message, at_ms), SANDBOX_HOOK_INVALID);
    message.signature = "x x x x x x x x " SIGNATURE; /* one past those that are looked at */
    assert_int_equal(verify(message, at_ms), SANDBOX_HOOK_INVALID);
    message.signature = "x x x x x x x " SIGNATURE;
    assert_int_equal(verify(message, at_ms), SANDBOX_HOOK_VALID);
}

static void a_header_that_is_missing(void **state)
{
    struct sandbox_hook_signed message = signed_well();

    (void)state;
    message.signature = NULL;
    assert_int_equal(verify(message, at_ms), SANDBOX_HOOK_UNSIGNED);
    message = signed_well();
    message.id = NULL;
    assert_int_equal(verify(message, at_ms), SANDBOX_HOOK_UNSIGNED);
    message = signed_well();
    message.timestamp = "yesterday";
    assert_int_equal(verify(message, at_ms), SANDBOX_HOOK_UNSIGNED);
}

static void a_time_too_far_away(void **state)
{
    const int64_t apart_ms = INT64_C(1000) * SANDBOX_HOOK_TOLERANCE_S;

    (void)state;
    assert_int_equal(verify(signed_well(), at_ms + apart_ms), SANDBOX_HOOK_VALID);
    assert_int_equal(verify(signed_well(), at_ms + apart_ms + 1000), SANDBOX_HOOK_STALE);
    assert_int_equal(verify(signed_well(), at_ms - apart_ms), SANDBOX_HOOK_VALID);
    assert_int_equal(verify(signed_well(), at_ms - apart_ms - 1000), SANDBOX_HOOK_STALE);
}

static void a_secret_of_the_right_length(void **state)
{
    struct sandbox_hook_signed message = signed_well();

    (void)state;
    assert_true(sandbox_hook_secret_ok(secret)); /* 24 bytes, the shortest */
    assert_true(sandbox_hook_secret_ok(""));
    assert_false(sandbox_hook_secret_ok("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaQ=")); /* 23 */
    assert_false(sandbox_hook_secret_ok("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    assert_false(sandbox_hook_secret_ok("whsec_…"));
    assert_int_equal(sandbox_hook_verify(&memory, "", &message, at_ms), SANDBOX_HOOK_NO_SECRET);
}

static void a_name_is_one_address(void **state)
{
    char longest[SANDBOX_HOOK_NAME_SIZE + 1];

    (void)state;
    assert_non_null(of("tay-ninh"));
    assert_ptr_equal(of("tay-ninh"), of("tay-ninh"));
    assert_null(of(""));
    assert_null(of("a b"));
    assert_null(of("<b>"));
    memset(longest, 'a', sizeof longest);
    longest[SANDBOX_HOOK_NAME_SIZE] = '\0';
    assert_null(of(longest)); /* one past the limit */
    longest[SANDBOX_HOOK_NAME_SIZE - 1] = '\0';
    assert_non_null(of(longest));
    while (hooks.len < SANDBOX_HOOKS_MAX) {
        (void)snprintf(longest, sizeof longest, "n%zu", hooks.len);
        assert_non_null(of(longest));
    }
    assert_null(of("one-more"));
    assert_non_null(of("tay-ninh"));
}

static void the_oldest_gives_way(void **state)
{
    struct sandbox_hook *hook = of("a");
    char id[16];

    (void)state;
    for (unsigned i = 0; i <= SANDBOX_HOOK_KEPT; i++) {
        (void)snprintf(id, sizeof id, "whk_%u", i);
        sandbox_hook_take(hook, id, "t", SANDBOX_HOOK_VALID, i);
    }
    sandbox_hook_take(hook, "whk_7", "t", SANDBOX_HOOK_INVALID, 1);
    assert_int_equal(hook->taken, SANDBOX_HOOK_KEPT + 1);
    assert_string_equal(hook->items[0].id, "whk_100");
    assert_int_equal(hook->items[7].times, 2);
    assert_int_equal(hook->items[7].verdict, SANDBOX_HOOK_INVALID);
}

static void faults_as_often_as_ordered(void **state)
{
    struct sandbox_hook *hook = of("a");
    enum sandbox_hook_fault fault;

    (void)state;
    for (unsigned i = 0; i < SANDBOX_HOOK_FAULTS_LEN; i++) {
        assert_true(
            sandbox_hook_fault_parse(sandbox_hook_fault_name((enum sandbox_hook_fault)i), &fault));
        assert_int_equal(fault, i);
    }
    assert_false(sandbox_hook_fault_parse("bored", &fault));
    hook->fault = SANDBOX_HOOK_HTTP500;
    hook->fault_left = 2;
    assert_int_equal(sandbox_hook_strikes(hook, 0), SANDBOX_HOOK_HTTP500);
    assert_int_equal(sandbox_hook_strikes(hook, 0), SANDBOX_HOOK_HTTP500);
    assert_int_equal(sandbox_hook_strikes(hook, 0), SANDBOX_HOOK_WELL);
    hook->fault = SANDBOX_HOOK_DOWN;
    hook->fault_until_ms = 3600000; /* an hour */
    assert_int_equal(sandbox_hook_strikes(hook, 3599999), SANDBOX_HOOK_DOWN);
    assert_int_equal(sandbox_hook_strikes(hook, 3600000), SANDBOX_HOOK_WELL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_signature_that_holds, open_all, close_all),
        cmocka_unit_test_setup_teardown(a_signature_that_does_not, open_all, close_all),
        cmocka_unit_test_setup_teardown(a_header_that_is_missing, open_all, close_all),
        cmocka_unit_test_setup_teardown(a_time_too_far_away, open_all, close_all),
        cmocka_unit_test_setup_teardown(a_secret_of_the_right_length, open_all, close_all),
        cmocka_unit_test_setup_teardown(a_name_is_one_address, open_all, close_all),
        cmocka_unit_test_setup_teardown(the_oldest_gives_way, open_all, close_all),
        cmocka_unit_test_setup_teardown(faults_as_often_as_ordered, open_all, close_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
