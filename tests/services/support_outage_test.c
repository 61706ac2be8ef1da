/* C13: a member's system that does not answer becomes a request for support by itself. */
#include "services/support/integration.h"
#include "support_help.h"

#define MINUTE_MS 60000LL
#define PATIENCE  (30 * MINUTE_MS)

static int open_room(void **state)
{
    *state = harness_open(&support_room, NULL);
    return *state != NULL ? 0 : -1;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

#define OUTAGE_TEST(test) cmocka_unit_test_setup_teardown(test, open_room, close_room)

static void circuit(struct harness *h, const char *type, bool production)
{
    static const char *const keys[] = {"partner:namdinh", NULL};
    Partner__CircuitTold body = PARTNER__CIRCUIT_TOLD__INIT;

    body.partner_id = text("namdinh");
    body.partner_name = text("Một cửa điện tử tỉnh Nam Định");
    body.dstcode = text("VN:COOP:" PROVINCE_UNIT);
    body.partner_unit = text(PROVINCE_UNIT);
    body.reason = text("NO_ANSWER");
    body.since_ms = harness_now(h);
    body.production = production;
    harness_event(h, "partner", type, &body.base, keys);
}

#define OPENED(h) circuit(h, "partner.circuit_opened", true)
#define CLOSED(h) circuit(h, "partner.circuit_closed", true)

static const Support__Request *by_code(struct harness *h, const char *code)
{
    Support__GetRequestRequest req = SUPPORT__GET_REQUEST_REQUEST__INIT;

    req.code = text(code);
    return harness_call(h, "GetRequest", &req.base, MC_OK);
}

static void after(struct harness *h, int64_t ms)
{
    harness_advance(h, ms);
    harness_tick(h);
}

static void what_lasts_is_a_request_of_its_unit(void **state)
{
    struct harness *h = *state;

    OPENED(h);
    after(h, PATIENCE - 1);
    assert_int_equal(harness_events(h, "support.request_sent"), 0);
    after(h, 1);
    assert_int_equal(harness_events(h, "support.request_sent"), 1);
    assert_int_equal(harness_events(h, "support.mail_wanted"), 0); /* nobody wrote an address */
    as_maker(h);
    const Support__Request *request = by_code(h, "YCHT-2026-000001");
    assert_int_equal(request->state, SUPPORT__REQUEST_STATE__REQUEST_SENT);
    assert_string_equal(request->form->title,
                        "Một cửa điện tử tỉnh Nam Định- hệ thống không trả lời");
    assert_non_null(strstr(request->form->description, "VN:COOP:" PROVINCE_UNIT));
    assert_non_null(strstr(request->form->description, "NO_ANSWER"));
    assert_string_equal(request->form->email, "");
    assert_true(request->due_at_ms > harness_now(h)); /* SUP-16 holds for it too */
    after(h, PATIENCE);
    assert_int_equal(harness_events(h, "support.request_sent"), 1);
}

static void what_ends_in_time_is_none(void **state)
{
    struct harness *h = *state;

    OPENED(h);
    after(h, PATIENCE - 1);
    CLOSED(h);
    after(h, PATIENCE);
    circuit(h, "partner.circuit_opened", false); /* a test system */
    after(h, PATIENCE);
    CLOSED(h); /* of what was never heard to open */
    assert_int_equal(harness_events(h, "support.request_sent"), 0);
    assert_int_equal(harness_rows(h, SUPPORT_ALARMS), 0);
}

/* One request while it is dealt with; a new one when that is over. */
static void what_comes_and_goes_is_one_request(void **state)
{
    struct harness *h = *state;

    for (int i = 0; i < 2; i++) {
        OPENED(h);
        after(h, PATIENCE);
        CLOSED(h);
    }
    assert_int_equal(harness_events(h, "support.request_sent"), 1);
    as_staff(h);
    const Support__Request *request = by_code(h, "YCHT-2026-000001");
    assert_int_equal(request->n_comments, 3); /* it answers; it does not; it does */
    assert_non_null(strstr(request->comments[0]->text, "trả lời trở lại"));
    assert_non_null(strstr(request->comments[1]->text, "lại không trả lời"));
    request = move(h, request, SUPPORT__REQUEST_STATE__REQUEST_IN_PROGRESS, "", MC_OK);
    assert_non_null(move(h, request, SUPPORT__REQUEST_STATE__REQUEST_DONE, "Xong", MC_OK));
    OPENED(h);
    after(h, PATIENCE);
    assert_int_equal(harness_events(h, "support.request_sent"), 2);
    CLOSED(h);
    as_staff(h);
    assert_int_equal(by_code(h, "YCHT-2026-000002")->n_comments, 1);
    assert_int_equal(by_code(h, "YCHT-2026-000001")->n_comments,
                     4); /* with the answer, as it was */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OUTAGE_TEST(what_lasts_is_a_request_of_its_unit),
        OUTAGE_TEST(what_ends_in_time_is_none),
        OUTAGE_TEST(what_comes_and_goes_is_one_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
