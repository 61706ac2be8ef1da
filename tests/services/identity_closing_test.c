/* An owner closes an account, and may take that back in time. */
#include "account_help.h"

#define DAY_MS (24LL * 60 * MINUTE_MS)

static Identity__StartClosingRequest closing_of(const char *password)
{
    Identity__StartClosingRequest request = IDENTITY__START_CLOSING_REQUEST__INIT;

    request.password = text(password);
    request.reason = text("Không dùng nữa");
    return request;
}

static Identity__FinishClosingRequest finish_closing_of(struct harness *h, ProtobufCBinaryData step)
{
    Identity__FinishClosingRequest finish = IDENTITY__FINISH_CLOSING_REQUEST__INIT;
    Otp__Proof proof = proof_of(h, OTP__PURPOSE__ACCOUNT_CLOSE, step, BINH_PHONE);

    finish.step = step;
    finish.proof = harness_token(h, "otp", &proof.base);
    return finish;
}

static const Identity__FinishClosingReply *close_account(struct harness *h)
{
    Identity__StartClosingRequest start_request = closing_of(PASSWORD);
    const Identity__AccountStep *step = harness_call(h, "StartClosing", &start_request.base, MC_OK);

    assert_string_equal(step->code, "");
    code_goes_out(h);
    Identity__FinishClosingRequest finish = finish_closing_of(h, step->step);
    return harness_call(h, "FinishClosing", &finish.base, MC_OK);
}

static void it_closes_when_its_time_is_over(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);
    (void)become(h, &binh);
    const Identity__FinishClosingReply *closing = close_account(h);

    assert_int_equal(closing->closes_at_ms, harness_now(h) + 30 * DAY_MS);
    assert_int_equal(harness_events(h, "identity.session_revoked"), 1);
    harness_reopen(h);
    harness_set_clock(h, closing->closes_at_ms - 1);
    harness_tick(h);
    assert_int_equal(count_of(count_accounts(h), "SUBSCRIBER", CLOSING, false)->count, 1);
    harness_advance(h, 1);
    harness_tick(h);
    assert_int_equal(count_of(count_accounts(h), "SUBSCRIBER", CLOSED, false)->count, 1);
    assert_int_equal(harness_rows(h, IDENTITY_CLOSINGS), 0);
    act_as_front(h);
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "LOGIN_WRONG");
}

static void it_is_taken_back_in_time(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);
    (void)become(h, &binh);
    const Identity__FinishClosingReply *closing = close_account(h);

    harness_advance(h, 29 * DAY_MS);
    (void)become(h, &binh);
    assert_string_equal(profile(h)->status_text, "Đang chờ đóng");
    assert_int_equal(profile(h)->closes_at_ms, closing->closes_at_ms);
    Identity__SetAccountStatusRequest back = status_request("", ACTIVE);
    (void)harness_call(h, "SetAccountStatus", &back.base, MC_OK);
    assert_int_equal(profile(h)->status, ACTIVE); /* this session goes on */
    assert_int_equal(profile(h)->closes_at_ms, 0);
    harness_set_clock(h, closing->closes_at_ms);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_CLOSINGS), 0);
    (void)become(h, &binh);
    assert_int_equal(profile(h)->status, ACTIVE);
}

/* Closed again after it was taken back: the first day passes it over. */
static void the_second_closing_counts_from_its_own_day(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);
    (void)become(h, &binh);
    const Identity__FinishClosingReply *first = close_account(h);

    harness_advance(h, DAY_MS);
    (void)become(h, &binh);
    Identity__SetAccountStatusRequest back = status_request("", ACTIVE);
    (void)harness_call(h, "SetAccountStatus", &back.base, MC_OK);
    const Identity__FinishClosingReply *second = close_account(h);
    harness_set_clock(h, first->closes_at_ms);
    harness_tick(h);
    (void)become(h, &binh);
    assert_int_equal(profile(h)->status, CLOSING);
    harness_set_clock(h, second->closes_at_ms);
    harness_tick(h);
    assert_int_equal(count_of(count_accounts(h), "SUBSCRIBER", CLOSED, false)->count, 1);
}

/* A stolen session knows no password, and may not guess. */
static void a_session_alone_closes_nothing(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);
    (void)become(h, &binh);
    Identity__StartClosingRequest request = closing_of("");

    harness_call(h, "StartClosing", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "password", "FIELD_REQUIRED"));
    request.password = text("Nuoc#Chay9dau");
    for (int i = 0; i < IDENTITY_STEPS_AN_HOUR; i++) {
        const Identity__AccountStep *step = harness_call(h, "StartClosing", &request.base, MC_OK);
        assert_string_equal(step->code, "PASSWORD_WRONG");
        assert_int_equal(step->step.len, 0);
    }
    request.password = text(PASSWORD);
    harness_call(h, "StartClosing", &request.base, MC_LIMITED);
    assert_int_equal(harness_rows(h, IDENTITY_STEPS), 0);
    Identity__SetAccountStatusRequest direct = status_request("", CLOSING);
    harness_call(h, "SetAccountStatus", &direct.base, MC_CONFLICT);
    direct.status = CLOSED;
    harness_call(h, "SetAccountStatus", &direct.base, MC_CONFLICT);
}

/* OTP-11: the code of a phone change closes nothing. */
static void the_code_is_of_the_closing(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);
    (void)become(h, &binh);
    Identity__StartClosingRequest request = closing_of(PASSWORD);
    const Identity__AccountStep *step = harness_call(h, "StartClosing", &request.base, MC_OK);
    Identity__FinishClosingRequest finish = finish_closing_of(h, step->step);
    Otp__Proof proof = proof_of(h, OTP__PURPOSE__PHONE_CHANGE, step->step, BINH_PHONE);

    finish.proof = harness_token(h, "otp", &proof.base);
    harness_call(h, "FinishClosing", &finish.base, MC_DENIED);
    assert_true(harness_violated(h, "proof", "PROOF_INVALID"));
    Identity__FinishPhoneChangeRequest phone = IDENTITY__FINISH_PHONE_CHANGE_REQUEST__INIT;
    phone.step = step->step;
    phone.proof = finish.proof;
    harness_call(h, "FinishPhoneChange", &phone.base, MC_EXPIRED);
    assert_true(harness_violated(h, "step", "STEP_EXPIRED"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(it_closes_when_its_time_is_over),
        TEST(it_is_taken_back_in_time),
        TEST(the_second_closing_counts_from_its_own_day),
        TEST(a_session_alone_closes_nothing),
        TEST(the_code_is_of_the_closing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
