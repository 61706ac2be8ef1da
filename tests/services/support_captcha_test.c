/* The captcha of feedback without a session: solved, once, in time; and only there. */
#include "support_feedback_help.h"

enum { CAPTCHA_MS = 600000 };

static void refused(struct harness *h, char *captcha, const char *code)
{
    Support__SendFeedbackRequest req = form();
    size_t sent = harness_rows(h, SUPPORT_FEEDBACK_TABLE);
    size_t spent = harness_rows(h, SUPPORT_CAPTCHAS);
    size_t budgets = harness_rows(h, SUPPORT_BUDGETS);

    req.captcha = captcha;
    assert_null(harness_call(h, "SendFeedback", &req.base, MC_INVALID));
    assert_int_equal(harness_header(h)->n_violations, 1);
    assert_true(harness_violated(h, "captcha", code));
    assert_int_equal(harness_rows(h, SUPPORT_FEEDBACK_TABLE), sent);
    assert_int_equal(harness_rows(h, SUPPORT_CAPTCHAS), spent);
    assert_int_equal(harness_rows(h, SUPPORT_BUDGETS), budgets);
}

static void sent(struct harness *h, char *captcha)
{
    Support__SendFeedbackRequest req = form();

    req.captcha = captcha;
    assert_non_null(harness_call(h, "SendFeedback", &req.base, MC_OK));
}

static void who_has_no_session_solves_one_once(void **state)
{
    struct harness *h = *state;

    as_nobody(h);
    const Support__GetCaptchaReply *asked = captcha_of(h);
    assert_true(asked->required);
    assert_int_equal(asked->expires_at_ms, harness_now(h) + CAPTCHA_MS);
    refused(h, text(""), "CAPTCHA_REQUIRED");
    char *captcha = solved_captcha(h);
    harness_from(h, "203.0.113.0/24"); /* a phone has another address by now: the same captcha */
    sent(h, captcha);
    refused(h, captcha, "CAPTCHA_REQUIRED");
    harness_from(h, "");
    refused(h, captcha, "CAPTCHA_REQUIRED"); /* and from nowhere else */
    harness_reopen(h);                       /* spent for ever */
    as_nobody(h);
    refused(h, captcha, "CAPTCHA_REQUIRED");
    sent(h, solved_captcha(h));
    assert_int_equal(harness_rows(h, SUPPORT_CAPTCHAS), 2);
}

static void a_repeat_of_the_call_is_the_same_answer(void **state)
{
    struct harness *h = *state;
    struct mc_bytes id = harness_id(h, 1);
    Support__SendFeedbackRequest req = form();

    as_nobody(h);
    req.captcha = solved_captcha(h);
    const Support__Feedback *made = harness_call_as(h, id.data, "SendFeedback", &req.base, MC_OK);
    const Support__Feedback *again = harness_call_as(h, id.data, "SendFeedback", &req.base, MC_OK);
    assert_string_equal(made->code, again->code);
    assert_string_equal(made->key, again->key);
    assert_int_equal(harness_rows(h, SUPPORT_FEEDBACK_TABLE), 1);
}

/* Every failed condition is told at once, and a typing mistake costs no second captcha. */
static void a_refused_form_does_not_spend_it(void **state)
{
    struct harness *h = *state;
    Support__SendFeedbackRequest req = form();

    as_nobody(h);
    req.title = text("");
    assert_null(harness_call(h, "SendFeedback", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "captcha", "CAPTCHA_REQUIRED"));
    assert_true(harness_violated(h, "title", "FIELD_REQUIRED"));
    req.captcha = solved_captcha(h);
    assert_null(harness_call(h, "SendFeedback", &req.base, MC_INVALID));
    assert_int_equal(harness_header(h)->n_violations, 1);
    ProtobufCBinaryData file = {MC_ID_LEN, mc_unconst(harness_id(h, 2).data)};
    req.title = form().title;
    req.n_file_ids = 1;
    req.file_ids = &file;
    assert_null(harness_call(h, "SendFeedback", &req.base, MC_UNAUTHENTICATED));
    assert_int_equal(harness_rows(h, SUPPORT_CAPTCHAS), 0);
    sent(h, req.captcha);
}

static void it_runs_out(void **state)
{
    struct harness *h = *state;

    as_nobody(h);
    char *first = solved_captcha(h);
    char *second = solved_captcha(h);
    harness_advance(h, CAPTCHA_MS - 1);
    sent(h, first);
    harness_tick(h);
    assert_int_equal(harness_rows(h, SUPPORT_CAPTCHAS), 1);
    harness_advance(h, 1);
    refused(h, second, "CAPTCHA_EXPIRED");
    harness_tick(h); /* what has run out need not be remembered as spent */
    assert_int_equal(harness_rows(h, SUPPORT_CAPTCHAS), 0);
}

static void nothing_of_it_can_be_forged(void **state)
{
    struct harness *h = *state;

    as_nobody(h);
    const char *challenge = captcha_of(h)->challenge;
    uint32_t counter = captcha_solve(challenge);
    const char *level = strstr(challenge, "\"level\":0");
    assert_non_null(level);
    char *harder = mc_sprintf(&kept, "%.*s\"level\":1%s", (int)(level - challenge), challenge,
                              level + strlen("\"level\":0"));
    refused(h, captcha_payload(&kept, harder, counter), "CAPTCHA_WRONG");
    refused(h, captcha_payload(&kept, challenge, -1), "CAPTCHA_WRONG");
    if (counter > 0) /* the first that fits is the one that was found: those before do not */
        refused(h, captcha_payload(&kept, challenge, counter - 1), "CAPTCHA_WRONG");
    refused(h, text("eyJ9"), "CAPTCHA_WRONG");
    sent(h, captcha_payload(&kept, challenge, counter));
}

static void a_session_needs_none(void **state)
{
    struct harness *h = *state;

    as_person(h, SENDER);
    assert_false(captcha_of(h)->required);
    sent(h, text(""));
    sent(h, text("not looked at"));
    assert_int_equal(harness_rows(h, SUPPORT_CAPTCHAS), 0);
}

/* support.feedback_captcha off: the limit of the source alone. */
static void an_operator_may_do_without(void **state)
{
    static const char *const settings[] = {"support.feedback_captcha=false",
                                           "support.anonymous_hour=1", NULL};
    struct harness *h = harness_open(&support_room, settings);
    Support__SendFeedbackRequest req = form();

    (void)state;
    as_nobody(h);
    assert_false(captcha_of(h)->required);
    sent(h, text(""));
    assert_null(harness_call(h, "SendFeedback", &req.base, MC_LIMITED));
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(who_has_no_session_solves_one_once), TEST(a_repeat_of_the_call_is_the_same_answer),
        TEST(a_refused_form_does_not_spend_it),   TEST(it_runs_out),
        TEST(nothing_of_it_can_be_forged),        TEST(a_session_needs_none),
        TEST(an_operator_may_do_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
