/* A lost phone's change waits, and who still holds the phone stops it (OTP-09). */
#include "account_help.h"

#define NEXT      "Gieng#Lang7sau"
#define NEW       "0868000909"
#define NEW_E164  "84868000909"
#define NEW_MASK  "086****909"
#define OTHER     "0868000808"
#define REASON    "Mất SIM, đã đối chiếu CCCD"
#define DAY_MS    (24LL * 60 * MINUTE_MS)
#define EDIT_VIEW ((struct rights){{"ACCOUNT_EDIT", "ACCOUNT_VIEW"}})

/* A world with an officer, Thử Nghiệm, and a citizen, Bình, whose account it is. */
static char *open_both(struct harness *h)
{
    (void)open_account(h, &tho);
    return open_account(h, &binh);
}

/* At the desk: the officer acts from now on. */
static const Identity__UpdateAccountReply *change_at_desk(struct harness *h, const char *account,
                                                          const char *phone, const char *phone_e164)
{
    Identity__StartPhoneChangeRequest start = IDENTITY__START_PHONE_CHANGE_REQUEST__INIT;
    Identity__FinishPhoneChangeRequest finish = IDENTITY__FINISH_PHONE_CHANGE_REQUEST__INIT;

    act_as_officer(h, DISTRICT, EDIT_VIEW);
    start.account_id = text(account);
    start.phone = text(phone);
    start.reason = text(REASON);
    const Identity__AccountStep *step = harness_call(h, "StartPhoneChange", &start.base, MC_OK);
    Otp__Proof proof = proof_of(h, OTP__PURPOSE__PHONE_CHANGE, step->step, phone_e164);
    finish.step = step->step;
    finish.proof = harness_token(h, "otp", &proof.base);
    return harness_call(h, "FinishPhoneChange", &finish.base, MC_OK);
}

static const Identity__PhoneChangeTold *told(struct harness *h, const char *type)
{
    return harness_last_event(h, type, &identity__phone_change_told__descriptor, NULL);
}

static Identity__StopPhoneChangeRequest stop_of(const char *account, const char *reason)
{
    Identity__StopPhoneChangeRequest request = IDENTITY__STOP_PHONE_CHANGE_REQUEST__INIT;

    request.account_id = text(account);
    request.reason = text(reason);
    return request;
}

static void assert_phone_stays(struct harness *h)
{
    harness_advance(h, 2 * DAY_MS);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_PHONE_WAITS), 0);
    assert_int_equal(harness_events(h, "identity.contact_changed"), 0);
    assert_int_equal(harness_events(h, "identity.phone_change_stopped"), 1);
    assert_string_equal(told(h, "identity.phone_change_stopped")->phone_masked, NEW_MASK);
    (void)become(h, &binh); /* by the old phone's code */
    assert_string_equal(profile(h)->next_phone_masked, "");
    assert_int_equal(profile(h)->next_phone_at_ms, 0);
    act_as_front(h);
}

/* Told at once, seen by officer and owner, through restarts; at its day, not a moment before. */
static void a_change_at_the_desk_waits_a_day_OTP_09(void **state)
{
    struct harness *h = *state;
    char *account = open_both(h);
    const Identity__UpdateAccountReply *done = change_at_desk(h, account, NEW, NEW_E164);
    int64_t at_ms = harness_now(h) + DAY_MS;

    assert_int_equal(done->takes_effect_at_ms, at_ms);
    assert_int_equal(done->version, 2);
    assert_true(done->message[0] != '\0');
    const Identity__PhoneChangeTold *waits = told(h, "identity.phone_change_waits");
    assert_string_equal(waits->account_id, account);
    assert_string_equal(waits->phone_masked, NEW_MASK);
    assert_int_equal(waits->takes_effect_at_ms, at_ms);
    Identity__ReadAccountRequest read = IDENTITY__READ_ACCOUNT_REQUEST__INIT;
    read.account_id = account;
    harness_purpose(h, "Trả lời công dân");
    const Identity__AccountDetails *seen = harness_call(h, "ReadAccount", &read.base, MC_OK);
    assert_string_equal(seen->phone, BINH_PHONE);
    assert_string_equal(seen->next_phone, NEW_E164);
    assert_int_equal(seen->next_phone_at_ms, at_ms);

    harness_reopen(h);
    harness_set_clock(h, at_ms - 1);
    harness_tick(h);
    (void)become(h, &binh);
    assert_string_equal(profile(h)->next_phone_masked, NEW_MASK);
    assert_int_equal(profile(h)->next_phone_at_ms, at_ms);
    harness_advance(h, 1);
    harness_tick(h);
    assert_string_equal(profile(h)->phone_masked, NEW_MASK);
    assert_string_equal(profile(h)->next_phone_masked, "");
    assert_int_equal(harness_events(h, "identity.contact_changed"), 1);
    assert_int_equal(harness_rows(h, IDENTITY_PHONE_WAITS), 0);
}

static void a_live_session_stops_it(void **state)
{
    struct harness *h = *state;
    char *account = open_both(h);
    Identity__StopPhoneChangeRequest stop = stop_of("", "");

    (void)become(h, &binh);
    harness_call(h, "StopPhoneChange", &stop.base, MC_CONFLICT);
    assert_true(harness_violated(h, "", "PHONE_CHANGE_NONE"));
    (void)change_at_desk(h, account, NEW, NEW_E164);
    (void)become(h, &binh);
    const Identity__UpdateAccountReply *done =
        harness_call(h, "StopPhoneChange", &stop.base, MC_OK);
    assert_int_equal(done->version, 3);
    harness_call(h, "StopPhoneChange", &stop.base, MC_CONFLICT);
    assert_phone_stays(h);
}

/* The old phone's code, without a session and without the password. */
static void a_password_set_by_the_old_phones_code_stops_it(void **state)
{
    struct harness *h = *state;
    char *account = open_both(h);
    Identity__StartPasswordResetRequest start = IDENTITY__START_PASSWORD_RESET_REQUEST__INIT;
    Identity__FinishPasswordResetRequest finish = IDENTITY__FINISH_PASSWORD_RESET_REQUEST__INIT;

    (void)change_at_desk(h, account, NEW, NEW_E164);
    act_as_front(h);
    start.login_id = text(BINH_ID);
    const Identity__StartPasswordResetReply *reset =
        harness_call(h, "StartPasswordReset", &start.base, MC_OK);
    Otp__Proof proof = proof_of(h, OTP__PURPOSE__PASSWORD_RESET, reset->reset, BINH_PHONE);
    finish.reset = reset->reset;
    finish.proof = harness_token(h, "otp", &proof.base);
    finish.password = finish.password_again = text(NEXT);
    (void)harness_call(h, "FinishPasswordReset", &finish.base, MC_OK);
    assert_string_equal(login_with(h, BINH_ID, NEXT)->code, "");
    assert_int_equal(harness_events(h, "identity.phone_change_stopped"), 1);
    harness_advance(h, 2 * DAY_MS);
    harness_tick(h);
    assert_int_equal(harness_events(h, "identity.contact_changed"), 0);
}

/* By right and with a reason; who has neither stops nothing of somebody else's. */
static void an_officer_stops_it_with_a_reason(void **state)
{
    struct harness *h = *state;
    char *account = open_both(h);
    Identity__StopPhoneChangeRequest stop = stop_of(account, "");

    (void)change_at_desk(h, account, NEW, NEW_E164);
    harness_call(h, "StopPhoneChange", &stop.base, MC_INVALID);
    assert_true(harness_violated(h, "reason", "FIELD_REQUIRED"));
    stop = stop_of(account, "Công dân báo không yêu cầu");
    act_as_officer(h, DISTRICT, (struct rights){{"ACCOUNT_VIEW"}});
    harness_call(h, "StopPhoneChange", &stop.base, MC_DENIED);
    act_as_officer(h, DISTRICT, EDIT_VIEW);
    (void)harness_call(h, "StopPhoneChange", &stop.base, MC_OK);
    assert_phone_stays(h);
}

static void a_locked_account_gets_no_new_phone(void **state)
{
    struct harness *h = *state;
    char *account = open_both(h);

    (void)change_at_desk(h, account, NEW, NEW_E164);
    (void)become(h, &binh);
    Identity__SetAccountStatusRequest lock = status_request("", LOCKED);
    (void)harness_call(h, "SetAccountStatus", &lock.base, MC_OK);
    act_as_operator(h);
    Identity__SetAccountStatusRequest open = status_request(account, ACTIVE);
    (void)harness_call(h, "SetAccountStatus", &open.base, MC_OK);
    assert_phone_stays(h);
}

/* The same phone again waits no longer; another one waits its own day. */
static void a_second_change_counts_from_its_own_time(void **state)
{
    struct harness *h = *state;
    char *account = open_both(h);
    int64_t first = change_at_desk(h, account, NEW, NEW_E164)->takes_effect_at_ms;

    harness_advance(h, DAY_MS / 4);
    assert_int_equal(change_at_desk(h, account, NEW, NEW_E164)->takes_effect_at_ms, first);
    int64_t second = change_at_desk(h, account, OTHER, "84868000808")->takes_effect_at_ms;
    assert_int_equal(second, first + DAY_MS / 4);
    harness_set_clock(h, first);
    harness_tick(h);
    assert_int_equal(harness_events(h, "identity.contact_changed"), 0);
    harness_set_clock(h, second);
    harness_tick(h);
    assert_int_equal(harness_events(h, "identity.contact_changed"), 1);
    assert_int_equal(harness_rows(h, IDENTITY_PHONE_WAITS), 0);
}

/* An installation that wants none: 0 is at once, and a moment is a moment. */
static void the_wait_is_configured(void **state)
{
    struct harness *h = *state;
    struct identity *identity = harness_ctx(h);
    char *account = open_both(h);

    identity->phone_wait_desk_ms = 0;
    assert_int_equal(change_at_desk(h, account, NEW, NEW_E164)->takes_effect_at_ms, 0);
    assert_int_equal(harness_events(h, "identity.contact_changed"), 1);
    assert_int_equal(harness_events(h, "identity.phone_change_waits"), 0);
    identity->phone_wait_desk_ms = 1;
    assert_int_equal(change_at_desk(h, account, OTHER, "84868000808")->takes_effect_at_ms,
                     harness_now(h) + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(a_change_at_the_desk_waits_a_day_OTP_09),
        TEST(a_live_session_stops_it),
        TEST(a_password_set_by_the_old_phones_code_stops_it),
        TEST(an_officer_stops_it_with_a_reason),
        TEST(a_locked_account_gets_no_new_phone),
        TEST(a_second_change_counts_from_its_own_time),
        TEST(the_wait_is_configured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
