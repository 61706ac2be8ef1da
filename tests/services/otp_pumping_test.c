/* The pumping shield: many codes sent to a block of numbers or by a unit, and few entered. */
#include "otp_help.h"

enum { SENDS = 20, MOST = 5, PIECE_MS = 3 * 60 * 1000, HOLD_MS = 6 * 60 * 60 * 1000 };

#define BLOCK "prefix:8491200"
#define UNIT  "000.20.31.H53"

static int open_small(void **state)
{
    static const char *const settings[] = {"otp.pumping_sends=20", "otp.pumping_most=5", NULL};
    *state = harness_open(&otp_room, settings);
    return 0;
}

#define SMALL_TEST(test) cmocka_unit_test_setup_teardown(test, open_small, close_room)

struct sending {
    const char *block; /* the first six digits: 091200 */
    const char *unit_code;
    Otp__Purpose purpose;
    bool decoy;
};
static const struct sending plain = {.block = "091200", .purpose = OTP__PURPOSE__REGISTER};

/* To another phone each time; true when it was sent. */
static void send_one(struct harness *h, unsigned number, const struct sending *to,
                     enum mc_status want)
{
    Otp__IssueRequest request = OTP__ISSUE_REQUEST__INIT;
    char phone[16];
    static unsigned next;

    (void)snprintf(phone, sizeof phone, "%s%04u", to->block, next++ % 10000);
    request.purpose = to->purpose;
    request.subject = subject(number);
    request.phone = phone;
    request.unit_code = text(to->unit_code != NULL ? to->unit_code : "");
    request.decoy = to->decoy;
    as_room(h);
    (void)harness_call(h, "Issue", &request.base, want);
}

/* So many are sent, and the first of them entered. */
static void send_many(struct harness *h, const struct sending *to, unsigned count, unsigned entered)
{
    for (unsigned i = 0; i < count; i++) {
        send_one(h, i, to, MC_OK);
        const char *code = to->decoy ? NULL : next_code(h);
        if (i < entered)
            assert_true(verify(h, i, code)->correct);
    }
}

static Otp__ListAlarmsReply *alarms(struct harness *h)
{
    Otp__ListAlarmsRequest request = OTP__LIST_ALARMS_REQUEST__INIT;

    harness_as(h, &(struct mc_caller){.name = "operator:hoa", .who = MC_OPERATOR});
    return harness_call(h, "ListAlarms", &request.base, MC_OK);
}

static void raise_alarm(struct harness *h, const struct sending *to)
{
    send_many(h, to, SENDS, 0);
    assert_int_equal(harness_events(h, "otp.pumping_suspected"), 0); /* they may be on their way */
    harness_advance(h, PIECE_MS);
    send_one(h, 100, to, MC_OK);
    assert_int_equal(harness_events(h, "otp.pumping_suspected"), 1);
}

static void a_block_that_enters_nothing_gets_few(void **state)
{
    struct harness *h = *state;
    const struct sending other = {.block = "098700", .purpose = OTP__PURPOSE__REGISTER};

    raise_alarm(h, &plain);
    Otp__PumpingChanged *changed =
        harness_last_event(h, "otp.pumping_suspected", &otp__pumping_changed__descriptor, NULL);
    assert_string_equal(changed->scope, BLOCK);
    assert_int_equal(changed->sent, SENDS);
    assert_int_equal(changed->verified, 0);
    harness_reopen(h);
    for (unsigned i = 0; i < MOST; i++)
        send_one(h, 110 + i, &plain, MC_OK);
    send_one(h, 120, &plain, MC_LIMITED);
    assert_true(harness_violated(h, "phone", "OTP_LIMIT_UNUSUAL"));
    int64_t wait_ms = harness_header(h)->retry_after_ms;
    assert_true(wait_ms >= HOUR_MS && wait_ms <= HOUR_MS + PIECE_MS);
    send_one(h, 121, &other, MC_OK);
    Otp__ListAlarmsReply *list = alarms(h);
    assert_int_equal(list->n_alarms, 1);
    assert_string_equal(list->alarms[0]->scope, BLOCK);
    assert_int_equal(list->alarms[0]->sent, SENDS);
    assert_int_equal(list->alarms[0]->used, MOST);
    assert_int_equal(list->alarms[0]->most, MOST);
    assert_int_equal(harness_events(h, "otp.pumping_suspected"), 1); /* told once */
    harness_advance(h, wait_ms - 1);
    send_one(h, 122, &plain, MC_LIMITED);
    harness_advance(h, 1);
    send_one(h, 122, &plain, MC_OK);
}

static void who_enters_enough_is_not_suspected(void **state)
{
    struct harness *h = *state;

    send_many(h, &plain, SENDS, SENDS / 5); /* 20 of a hundred */
    harness_advance(h, PIECE_MS);
    send_one(h, 100, &plain, MC_OK);
    assert_int_equal(harness_events(h, "otp.pumping_suspected"), 0);
}

static void one_less_is_suspected(void **state)
{
    struct harness *h = *state;

    send_many(h, &plain, SENDS, SENDS / 5 - 1);
    harness_advance(h, PIECE_MS);
    send_one(h, 100, &plain, MC_OK);
    assert_int_equal(harness_events(h, "otp.pumping_suspected"), 1);
}

static void few_codes_prove_nothing(void **state)
{
    struct harness *h = *state;

    send_many(h, &plain, SENDS - 1, 0);
    harness_advance(h, PIECE_MS);
    send_one(h, 100, &plain, MC_OK);
    assert_int_equal(harness_events(h, "otp.pumping_suspected"), 0);
    harness_advance(h, PIECE_MS);
    send_one(h, 101, &plain, MC_OK);
    assert_int_equal(harness_events(h, "otp.pumping_suspected"), 1);
}

/* A unit whose codes go all over the country is seen as a unit. */
static void a_unit_is_suspected_as_a_block_is(void **state)
{
    struct harness *h = *state;
    struct sending to = {.unit_code = UNIT, .purpose = OTP__PURPOSE__REGISTER};
    char block[8];

    to.block = block;
    for (unsigned i = 0; i <= SENDS; i++) {
        (void)snprintf(block, sizeof block, "09%02u0%u", 60 + i % 9, i % 10);
        if (i == SENDS)
            harness_advance(h, PIECE_MS);
        send_one(h, i, &to, MC_OK);
    }
    assert_int_equal(alarms(h)->n_alarms, 1);
    assert_string_equal(alarms(h)->alarms[0]->scope, "unit:" UNIT);
    for (unsigned i = 0; i < MOST; i++)
        send_one(h, 110 + i, &to, MC_OK);
    send_one(h, 120, &to, MC_LIMITED);
    assert_true(harness_violated(h, "unit_code", "OTP_LIMIT_UNUSUAL"));
    to.unit_code = "another";
    send_one(h, 121, &to, MC_OK);
}

static void people_who_enter_their_codes_end_it(void **state)
{
    struct harness *h = *state;

    raise_alarm(h, &plain);
    for (unsigned i = 0; i < 50; i++) /* what was queued before */
        if (lease(h, "sms:viettel", 1)->n_jobs == 0)
            break;
    for (unsigned i = 0; i < OTP_PUMPING_ENTERED; i++) {
        assert_int_equal(harness_events(h, "otp.pumping_ended"), 0);
        send_one(h, 110 + i, &plain, MC_OK);
        assert_true(verify(h, 110 + i, next_code(h))->correct);
    }
    Otp__PumpingChanged *changed =
        harness_last_event(h, "otp.pumping_ended", &otp__pumping_changed__descriptor, NULL);
    assert_string_equal(changed->scope, BLOCK);
    assert_string_equal(changed->reason, "RECOVERED");
    assert_int_equal(alarms(h)->n_alarms, 0);
    for (unsigned i = 0; i < 2 * MOST; i++)
        send_one(h, 130 + i, &plain, MC_OK); /* and what was before is not held against it */
    assert_int_equal(harness_events(h, "otp.pumping_suspected"), 1);
}

static void a_suspicion_ends_in_time(void **state)
{
    struct harness *h = *state;

    raise_alarm(h, &plain);
    harness_advance(h, HOLD_MS - 1);
    harness_tick(h);
    assert_int_equal(alarms(h)->n_alarms, 1);
    harness_advance(h, 1);
    harness_tick(h);
    assert_int_equal(alarms(h)->n_alarms, 0);
    Otp__PumpingChanged *changed =
        harness_last_event(h, "otp.pumping_ended", &otp__pumping_changed__descriptor, NULL);
    assert_string_equal(changed->reason, "QUIET");
}

/* LOG-06: a refusal would tell who has an account; a decoy sends nothing and counts for nothing. */
static void resets_are_never_refused_here(void **state)
{
    struct harness *h = *state;
    struct sending reset = {
        .block = "091200", .purpose = OTP__PURPOSE__PASSWORD_RESET, .decoy = true};

    send_many(h, &reset, SENDS, 0);
    harness_advance(h, PIECE_MS);
    send_one(h, 99, &reset, MC_OK);
    assert_int_equal(harness_events(h, "otp.pumping_suspected"), 0);
    raise_alarm(h, &plain);
    for (unsigned i = 0; i < MOST; i++)
        send_one(h, 110 + i, &plain, MC_OK);
    send_one(h, 120, &plain, MC_LIMITED);
    send_one(h, 121, &reset, MC_OK);
    reset.decoy = false;
    send_one(h, 122, &reset, MC_OK);
}

static void what_is_quiet_is_forgotten(void **state)
{
    struct harness *h = *state;

    send_many(h, &plain, 1, 1);
    for (int i = 0; i < 5; i++) {
        harness_advance(h, HOUR_MS);
        harness_tick(h);
    }
    assert_int_equal(harness_rows(h, OTP_SHIELDS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SMALL_TEST(a_block_that_enters_nothing_gets_few),
        SMALL_TEST(who_enters_enough_is_not_suspected),
        SMALL_TEST(one_less_is_suspected),
        SMALL_TEST(few_codes_prove_nothing),
        SMALL_TEST(a_unit_is_suspected_as_a_block_is),
        SMALL_TEST(people_who_enter_their_codes_end_it),
        SMALL_TEST(a_suspicion_ends_in_time),
        SMALL_TEST(resets_are_never_refused_here),
        SMALL_TEST(what_is_quiet_is_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
