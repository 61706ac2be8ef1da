/*
 * Codes of a forgotten password (LOG-06): whoever asks learns neither whether there is an account
 * nor whose phone it is; a person there is not gets a code that is never sent.
 */
#include "otp_help.h"

static Otp__IssueReply *issue_reset(struct harness *h, unsigned number, bool decoy)
{
    Otp__IssueRequest request = issue_request(number, BINH);

    request.purpose = OTP__PURPOSE__PASSWORD_RESET;
    request.decoy = decoy;
    as_room(h);
    return harness_call(h, "Issue", &request.base, MC_OK);
}

static const Otp__StatusReply *reset_status(struct harness *h, unsigned number)
{
    Otp__StatusRequest request = OTP__STATUS_REQUEST__INIT;

    request.purpose = OTP__PURPOSE__PASSWORD_RESET;
    request.subject = subject(number);
    as_anyone(h);
    return harness_call(h, "Status", &request.base, MC_OK);
}

static Otp__IssueReply *reset_resend(struct harness *h, unsigned number, enum mc_status want)
{
    Otp__ResendRequest request = OTP__RESEND_REQUEST__INIT;

    request.purpose = OTP__PURPOSE__PASSWORD_RESET;
    request.subject = subject(number);
    as_anyone(h);
    return harness_call(h, "Resend", &request.base, want);
}

static void same(const Otp__StatusReply *a, const Otp__StatusReply *b)
{
    assert_int_equal(a->state, b->state);
    assert_string_equal(a->phone_masked, "");
    assert_string_equal(b->phone_masked, "");
    assert_int_equal(strlen(a->tag), strlen(b->tag));
    assert_int_equal(a->expires_at_ms, b->expires_at_ms);
    assert_int_equal(a->resend_at_ms, b->resend_at_ms);
    assert_int_equal(a->attempts_left, b->attempts_left);
    assert_string_equal(a->reason, b->reason);
}

static void a_decoy_looks_like_a_code_and_is_never_sent(void **state)
{
    struct harness *h = *state;
    Otp__VerifyRequest verify = OTP__VERIFY_REQUEST__INIT;

    (void)issue_reset(h, 1, false);
    assert_int_equal(harness_jobs(h, OTP_LANE_OTP), 1);
    (void)issue_reset(h, 2, true);
    assert_int_equal(harness_jobs(h, OTP_LANE_OTP), 1);
    same(reset_status(h, 1), reset_status(h, 2));

    verify.purpose = OTP__PURPOSE__PASSWORD_RESET;
    verify.code = text("000000");
    for (unsigned number = 1; number <= 2; number++) {
        verify.subject = subject(number);
        const Otp__VerifyReply *reply = harness_call(h, "Verify", &verify.base, MC_OK);
        assert_string_equal(reply->code, "OTP_WRONG");
        assert_int_equal(reply->attempts_left, 4);
    }
    same(reset_status(h, 1), reset_status(h, 2));
    harness_advance(h, 60 * SECOND_MS);
    assert_string_equal(reset_resend(h, 1, MC_OK)->phone_masked, "");
    assert_string_equal(reset_resend(h, 2, MC_OK)->phone_masked, "");
    assert_int_equal(harness_jobs(h, OTP_LANE_OTP), 1); /* the first one's new text */
    harness_advance(h, 120 * SECOND_MS);
    same(reset_status(h, 1), reset_status(h, 2));
    assert_int_equal(reset_status(h, 2)->state, OTP__DELIVERY_STATE__EXPIRED);
}

/* D1: what strangers may start rings the owner's phone twice at most. */
static void a_reset_is_sent_again_once(void **state)
{
    struct harness *h = *state;

    (void)issue_reset(h, 1, false);
    (void)issue_reset(h, 2, true);
    for (unsigned number = 1; number <= 2; number++) {
        harness_advance(h, 60 * SECOND_MS);
        (void)reset_resend(h, number, MC_OK);
        harness_advance(h, 60 * SECOND_MS);
        reset_resend(h, number, MC_LIMITED);
        assert_true(harness_violated(h, "subject", "OTP_RESET_LIMIT"));
    }
}

/* A decoy's number may be somebody's: it is charged to nobody's phone. */
static void decoys_use_up_nobodys_budget(void **state)
{
    struct harness *h = *state;

    for (unsigned number = 1; number <= 5; number++)
        (void)issue_reset(h, number, true);
    (void)issue(h, 9, BINH, MC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(a_decoy_looks_like_a_code_and_is_never_sent),
        ROOM_TEST(a_reset_is_sent_again_once),
        ROOM_TEST(decoys_use_up_nobodys_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
