/* Forgotten passwords (LOG-06): the way back, and nothing learned by whoever only has a number. */
#include "identity_captcha_help.h"

#define NEXT "Gieng#Lang7sau"

static const Identity__StartPasswordResetReply *start_reset(struct harness *h, const char *login_id,
                                                            enum mc_status want)
{
    Identity__StartPasswordResetRequest request = IDENTITY__START_PASSWORD_RESET_REQUEST__INIT;

    request.login_id = text(login_id);
    return harness_call(h, "StartPasswordReset", &request.base, want);
}

static Otp__IssueRequest *issue_of(struct harness *h)
{
    struct harness_exchange exchange;
    Otp__IssueReply reply = OTP__ISSUE_REPLY__INIT;

    assert_true(harness_effect(h, "otp.issue", &exchange));
    Otp__IssueRequest *issue = mc_unconst(exchange.call.request);
    assert_int_equal(issue->purpose, OTP__PURPOSE__PASSWORD_RESET);
    harness_reply(h, &exchange, &reply.base);
    return issue;
}

static Identity__FinishPasswordResetRequest
finish_of_reset(struct harness *h, ProtobufCBinaryData reset, const char *phone)
{
    Identity__FinishPasswordResetRequest finish = IDENTITY__FINISH_PASSWORD_RESET_REQUEST__INIT;
    Otp__Proof proof = proof_of(h, OTP__PURPOSE__PASSWORD_RESET, reset, phone);

    finish.reset = reset;
    finish.proof = harness_token(h, "otp", &proof.base);
    finish.password = finish.password_again = text(NEXT);
    return finish;
}

static void a_forgotten_password_is_set_anew_LOG_06(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    const Identity__SessionReply *session = sign_in(h, &binh);
    const Identity__StartPasswordResetReply *started = start_reset(h, BINH_ID, MC_OK);
    const Otp__IssueRequest *issue = issue_of(h);
    assert_string_equal(issue->phone, BINH_PHONE);
    assert_false(issue->decoy);
    harness_reopen(h);
    Identity__FinishPasswordResetRequest finish = finish_of_reset(h, started->reset, BINH_PHONE);
    const Identity__FinishPasswordResetReply *done =
        harness_call(h, "FinishPasswordReset", &finish.base, MC_OK);
    assert_true(strlen(done->message) > 0);
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "LOGIN_WRONG");
    assert_string_equal(login_with(h, BINH_ID, NEXT)->code, "");
    assert_int_equal(harness_rows(h, IDENTITY_SESSIONS), 0); /* every session has ended */
    assert_int_equal(harness_events(h, "identity.password_reset"), 1);
    Identity__RefreshRequest refresh = IDENTITY__REFRESH_REQUEST__INIT;
    refresh.refresh = session->refresh;
    harness_call(h, "Refresh", &refresh.base, MC_UNAUTHENTICATED);
    harness_call(h, "FinishPasswordReset", &finish.base, MC_EXPIRED); /* once */
}

/* Enumeration: answers, rows and jobs are the same, but for a flag only the otp room sees. */
static void known_and_unknown_numbers_answer_alike_LOG_06(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    const Identity__StartPasswordResetReply *known = start_reset(h, BINH_ID, MC_OK);
    const Otp__IssueRequest *real = issue_of(h);
    const Identity__StartPasswordResetReply *unknown = start_reset(h, tho.login_id, MC_OK);
    const Otp__IssueRequest *decoy = issue_of(h);
    assert_string_equal(known->message, unknown->message);
    assert_int_equal(known->reset.len, unknown->reset.len);
    assert_int_equal(known->expires_at_ms, unknown->expires_at_ms);
    assert_false(real->decoy);
    assert_true(decoy->decoy);
    assert_int_equal(strlen(decoy->phone), strlen(real->phone));
    assert_int_equal(strlen(decoy->identity), strlen(real->identity));
    (void)start_reset(h, tho.login_id, MC_OK);
    assert_string_equal(issue_of(h)->phone, decoy->phone); /* always the same one */

    /* without the right proof both end in the same words */
    Identity__FinishPasswordResetRequest finish = finish_of_reset(h, unknown->reset, decoy->phone);
    harness_call(h, "FinishPasswordReset", &finish.base, MC_DENIED);
    assert_true(harness_violated(h, "proof", "PROOF_INVALID"));
    finish = finish_of_reset(h, known->reset, tho.phone_e164);
    harness_call(h, "FinishPasswordReset", &finish.base, MC_DENIED);
    assert_true(harness_violated(h, "proof", "PROOF_INVALID"));
    assert_int_equal(harness_rows(h, IDENTITY_RESETS), 3);
    harness_advance(h, 10 * MINUTE_MS);
    finish = finish_of_reset(h, known->reset, BINH_PHONE);
    harness_call(h, "FinishPasswordReset", &finish.base, MC_EXPIRED);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_RESETS), 0);
}

/* OTP-11: codes of anything else reset nothing. */
static void a_proof_of_another_purpose_resets_nothing(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    ProtobufCBinaryData reset = start_reset(h, BINH_ID, MC_OK)->reset;
    Identity__FinishPasswordResetRequest finish = finish_of_reset(h, reset, BINH_PHONE);
    Otp__Proof proof = proof_of(h, OTP__PURPOSE__LOGIN, reset, BINH_PHONE);
    finish.proof = harness_token(h, "otp", &proof.base);
    harness_call(h, "FinishPasswordReset", &finish.base, MC_DENIED);
    proof = proof_of(h, OTP__PURPOSE__PASSWORD_RESET, start_reset(h, BINH_ID, MC_OK)->reset,
                     BINH_PHONE);
    finish.proof = harness_token(h, "otp", &proof.base);
    harness_call(h, "FinishPasswordReset", &finish.base, MC_DENIED);
    finish = finish_of_reset(h, reset, BINH_PHONE);
    finish.password = finish.password_again = text("Matkhau@2024");
    harness_call(h, "FinishPasswordReset", &finish.base, MC_INVALID);
    assert_true(harness_violated(h, "password", "PASSWORD_GUESSABLE"));
}

/* D1: nobody uses up another's codes through recovery; the owner has a count of his own. */
static void resets_are_counted_strangers_apart_from_the_owner(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    harness_from(h, "203.0.113.0/24");
    (void)sign_in(h, &binh);
    for (int i = 0; i < 4; i++) {
        harness_from(h, i % 2 == 0 ? "198.51.1.0/24" : "198.51.2.0/24");
        (void)start_reset(h, BINH_ID, MC_OK);
        (void)start_reset(h, tho.login_id, MC_OK);
    }
    harness_from(h, "198.51.3.0/24");
    start_reset(h, BINH_ID, MC_LIMITED);
    assert_true(harness_violated(h, "login_id", "RESET_TOO_MANY"));
    assert_true(harness_header(h)->retry_after_ms > 0);
    start_reset(h, tho.login_id, MC_LIMITED); /* unknown numbers alike */
    harness_from(h, "203.0.113.0/24");
    (void)start_reset(h, BINH_ID, MC_OK);
    harness_from(h, "198.51.3.0/24");
    harness_advance(h, 24 * 60 * MINUTE_MS);
    (void)start_reset(h, BINH_ID, MC_OK);
}

static void a_reset_wants_a_captcha_where_login_does(void **state)
{
    struct harness *h = *state;

    harness_as(h, &(struct mc_caller){.name = "portal:http", .who = MC_PORTAL});
    start_reset(h, BINH_ID, MC_INVALID);
    assert_true(harness_violated(h, "captcha", "CAPTCHA_REQUIRED"));
    start_reset(h, "12", MC_INVALID);
    assert_true(harness_violated(h, "login_id", "ID_FORMAT"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(a_forgotten_password_is_set_anew_LOG_06),
        TEST(known_and_unknown_numbers_answer_alike_LOG_06),
        TEST(a_proof_of_another_purpose_resets_nothing),
        TEST(resets_are_counted_strangers_apart_from_the_owner),
        TEST(a_reset_wants_a_captcha_where_login_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
