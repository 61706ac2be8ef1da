/* SMS gateways: rates, pauses, and less work for who does badly (part E, GOV.UK Notify's rule). */
#include "otp_help.h"

enum { MANY = 40, QUARTER_MS = 15 * 60 * 1000 };

#define A "sms:viettel"
#define B "sms:vnpt"

static void as_operator(struct harness *h)
{
    harness_as(h, &(struct mc_caller){.name = "operator:hoa", .who = MC_OPERATOR});
}

static Otp__GatewayView *pause_gateway(struct harness *h, const char *name, bool drain,
                                       int64_t until_ms, enum mc_status want)
{
    Otp__PauseGatewayRequest request = OTP__PAUSE_GATEWAY_REQUEST__INIT;

    request.gateway = text(name);
    request.reason = text("nhà mạng bảo trì");
    request.drain = drain;
    request.until_ms = until_ms;
    as_operator(h);
    return harness_call(h, "PauseGateway", &request.base, want);
}

static Otp__GatewayView *resume(struct harness *h, const char *name, enum mc_status want)
{
    Otp__ResumeGatewayRequest request = OTP__RESUME_GATEWAY_REQUEST__INIT;

    request.gateway = text(name);
    request.reason = text("xong");
    as_operator(h);
    return harness_call(h, "ResumeGateway", &request.base, want);
}

static Otp__GatewayView *view_of(struct harness *h, const char *name)
{
    Otp__ListGatewaysRequest request = OTP__LIST_GATEWAYS_REQUEST__INIT;

    as_operator(h);
    Otp__ListGatewaysReply *reply = harness_call(h, "ListGateways", &request.base, MC_OK);
    for (size_t i = 0; i < reply->n_gateways; i++)
        if (strcmp(reply->gateways[i]->gateway, name) == 0)
            return reply->gateways[i];
    fail_msg("no gateway %s", name);
    return NULL;
}

static void queue(struct harness *h, size_t count)
{
    for (size_t i = 0; i < count; i++)
        (void)enqueue(h, OTP__LANE__TRANSACTIONAL, BINH, "Ho so da co ket qua", MC_OK);
}

static void a_rate_is_kept_at_the_millisecond(void **state)
{
    static const char *const settings[] = {"otp.gateway_rates=sms:viettel=4, sms:other=1", NULL};
    struct harness *h = harness_open(&otp_room, settings);
    char words[2 * MC_GSM7_PART + 1];

    (void)state;
    queue(h, 20);
    assert_int_equal(lease(h, A, 20)->n_jobs, 4);
    assert_int_equal(lease(h, A, 20)->n_jobs, 0);
    harness_reopen(h);
    harness_advance(h, 249);
    assert_int_equal(lease(h, A, 20)->n_jobs, 0);
    harness_advance(h, 1);
    assert_int_equal(lease(h, A, 20)->n_jobs, 1);
    harness_advance(h, HOUR_MS); /* no more than a second's worth is saved up */
    assert_int_equal(lease(h, A, 20)->n_jobs, 4);
    assert_int_equal(view_of(h, A)->rate, 4);
    assert_int_equal(lease(h, B, 5)->n_jobs, 5); /* who is not named has no cap */
    assert_int_equal(view_of(h, B)->rate, 0);
    (void)lease(h, B, 20);

    /* Parts count, not texts: what is too much is owed. */
    memset(words, 'a', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    harness_advance(h, 10 * SECOND_MS);
    for (int i = 0; i < 6; i++)
        (void)enqueue(h, OTP__LANE__TRANSACTIONAL, BINH, words, MC_OK);
    assert_int_equal(lease(h, A, 20)->n_jobs, 4); /* of two parts each */
    harness_advance(h, SECOND_MS);
    assert_int_equal(lease(h, A, 20)->n_jobs, 0);
    harness_advance(h, 250);
    assert_int_equal(lease(h, A, 20)->n_jobs, 1);
    harness_close(h);
}

static void rates_must_be_readable(void **state)
{
    static const char *const good[] = {"sms:a=1", "sms:b=100000"};
    static const char *const bad[] = {"sms:a",    "=5",      "sms:a=",   "sms:a=0",
                                      "sms:a=-1", "sms:a=x", "sms:a=5x", "sms:a=100001"};
    struct otp otp = {.gateway_rates = {good, MC_LEN(good)}};

    (void)state;
    assert_true(otp_gateway_rates_read(&otp));
    assert_int_equal(otp_gateway_rate(&otp, "sms:b"), 100000);
    assert_int_equal(otp_gateway_rate(&otp, "sms:"), 0);
    for (size_t i = 0; i < MC_LEN(bad); i++) {
        otp.gateway_rates = (struct mc_config_list){&bad[i], 1};
        assert_false(otp_gateway_rates_read(&otp));
    }
}

static void a_paused_gateway_gives_back_what_it_holds(void **state)
{
    struct harness *h = *state;
    const Motcua__Event *event = NULL;

    (void)issue(h, 1, BINH, MC_OK);
    Otp__SmsJob *job = lease(h, A, 1)->jobs[0];
    assert_int_equal(view_of(h, A)->held, 1);
    assert_int_equal(view_of(h, A)->mode, OTP__GATEWAY_MODE__ACTIVE);

    Otp__GatewayView *view = pause_gateway(h, A, false, 0, MC_OK);
    assert_int_equal(view->mode, OTP__GATEWAY_MODE__PAUSED);
    assert_string_equal(view->by, "operator:hoa");
    assert_string_equal(view->reason, "nhà mạng bảo trì");
    Otp__GatewayChanged *changed =
        harness_last_event(h, "otp.gateway_paused", &otp__gateway_changed__descriptor, &event);
    assert_string_equal(event->actor, "operator:hoa");
    assert_string_equal(event->keys[0], "gateway:" A);
    assert_string_equal(changed->reason, "nhà mạng bảo trì");
    assert_int_equal(view_of(h, A)->held, 0);
    assert_false(ack(h, A, job)->ok);
    assert_int_equal(lease(h, A, 5)->n_jobs, 0);
    harness_reopen(h);
    assert_int_equal(lease(h, A, 5)->n_jobs, 0);
    Otp__SmsJob *again = lease(h, B, 5)->jobs[0];
    assert_int_equal(again->attempt, 2);
    assert_true(ack(h, B, again)->ok);

    (void)issue(h, 2, THO, MC_OK);
    view = resume(h, A, MC_OK);
    assert_int_equal(view->mode, OTP__GATEWAY_MODE__ACTIVE);
    assert_string_equal(view->reason, "");
    assert_int_equal(lease(h, A, 5)->n_jobs, 1);
    assert_int_equal(harness_events(h, "otp.gateway_resumed"), 1);
    (void)resume(h, A, MC_CONFLICT);
}

static void a_draining_gateway_finishes(void **state)
{
    struct harness *h = *state;

    queue(h, 3);
    Otp__LeaseJobsReply *held = lease(h, A, 2);
    assert_int_equal(pause_gateway(h, A, true, 0, MC_OK)->mode, OTP__GATEWAY_MODE__DRAINING);
    assert_int_equal(lease(h, A, 5)->n_jobs, 0);
    assert_int_equal(view_of(h, A)->held, 2);
    assert_true(ack(h, A, held->jobs[0])->ok);
    assert_true(nack(h, A, held->jobs[1], false, 1)->ok);
    assert_int_equal(view_of(h, A)->held, 0);
    harness_advance(h, SECOND_MS);
    assert_int_equal(lease(h, A, 5)->n_jobs, 0);
    assert_int_equal(lease(h, B, 5)->n_jobs, 2);
}

static void a_pause_ends_when_it_was_said(void **state)
{
    struct harness *h = *state;

    queue(h, 1);
    (void)lease(h, A, 1);
    (void)pause_gateway(h, A, false, HARNESS_T0 + HOUR_MS, MC_OK);
    assert_int_equal(view_of(h, A)->until_ms, HARNESS_T0 + HOUR_MS);
    harness_set_clock(h, HARNESS_T0 + HOUR_MS - 1);
    harness_tick(h);
    assert_int_equal(lease(h, A, 1)->n_jobs, 0);
    assert_int_equal(harness_events(h, "otp.gateway_resumed"), 0);
    harness_set_clock(h, HARNESS_T0 + HOUR_MS);
    assert_int_equal(lease(h, A, 1)->n_jobs, 1); /* before the tick */
    harness_tick(h);
    Otp__GatewayChanged *changed =
        harness_last_event(h, "otp.gateway_resumed", &otp__gateway_changed__descriptor, NULL);
    assert_string_equal(changed->reason, "UNTIL");
    harness_tick(h);
    assert_int_equal(harness_events(h, "otp.gateway_resumed"), 1);
}

static void pauses_are_checked(void **state)
{
    struct harness *h = *state;
    Otp__PauseGatewayRequest request = OTP__PAUSE_GATEWAY_REQUEST__INIT;
    char reason[OTP_WHY_MAX + 2];

    (void)pause_gateway(h, A, false, 0, MC_NOT_FOUND); /* never seen: a typing error */
    (void)resume(h, A, MC_NOT_FOUND);
    (void)lease(h, A, 1);
    (void)pause_gateway(h, A, false, HARNESS_T0, MC_INVALID);
    assert_true(harness_violated(h, "until_ms", "FIELD_INVALID"));
    (void)pause_gateway(h, A, false, HARNESS_T0 + OTP_PAUSE_MAX_MS + 1, MC_INVALID);
    (void)pause_gateway(h, A, false, HARNESS_T0 + OTP_PAUSE_MAX_MS, MC_OK);
    request.gateway = text(A);
    request.reason = text("  ");
    (void)harness_call(h, "PauseGateway", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "reason", "FIELD_REQUIRED"));
    request.reason = text("a\nb");
    (void)harness_call(h, "PauseGateway", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "reason", "FIELD_INVALID"));
    memset(reason, 'r', sizeof reason);
    reason[OTP_WHY_MAX + 1] = '\0';
    request.reason = reason;
    (void)harness_call(h, "PauseGateway", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "reason", "FIELD_TOO_LONG"));
    reason[OTP_WHY_MAX] = '\0';
    (void)harness_call(h, "PauseGateway", &request.base, MC_OK);
    as_gateway(h, A);
    (void)harness_call(h, "PauseGateway", &request.base, MC_DENIED);
    as_room(h);
    (void)harness_call(h, "PauseGateway", &request.base, MC_DENIED);
}

/* Part E: another gateway on the second try, when there is one. */
static void a_code_that_failed_goes_to_another_gateway(void **state)
{
    struct harness *h = *state;

    (void)lease(h, B, 1); /* it is at work */
    (void)issue(h, 1, BINH, MC_OK);
    assert_true(nack(h, A, lease(h, A, 1)->jobs[0], false, 1)->ok);
    harness_advance(h, SECOND_MS);
    assert_int_equal(lease(h, A, 1)->n_jobs, 0);
    Otp__SmsJob *job = lease(h, B, 1)->jobs[0];
    assert_int_equal(job->attempt, 2);
    assert_true(nack(h, B, job, false, 1)->ok);
    harness_advance(h, SECOND_MS);
    assert_int_equal(lease(h, A, 1)->n_jobs, 1);
}

static void a_code_does_not_wait_for_a_gateway_that_is_not_there(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    assert_true(nack(h, A, lease(h, A, 1)->jobs[0], false, 1)->ok); /* alone */
    harness_advance(h, 1);
    Otp__LeaseJobsReply *reply = lease(h, A, 1);
    assert_int_equal(reply->n_jobs, 1);

    (void)lease(h, B, 1); /* there, and then silent for longer than a code can wait */
    assert_true(nack(h, A, reply->jobs[0], false, 1)->ok);
    harness_advance(h, 5 * SECOND_MS);
    assert_int_equal(lease(h, A, 1)->n_jobs, 0);
    harness_advance(h, 1);
    assert_int_equal(lease(h, A, 1)->n_jobs, 1);
}

/* What a carrier took; the first `answered` of them are told delivered at once. */
static void send_many(struct harness *h, const char *gateway, size_t count, size_t answered)
{
    for (size_t i = 0; i < count; i++) {
        Otp__ReportDeliveryRequest request = OTP__REPORT_DELIVERY_REQUEST__INIT;
        Otp__DeliveryReport one = OTP__DELIVERY_REPORT__INIT;
        Otp__DeliveryReport *list[] = {&one};

        queue(h, 1);
        Otp__LeaseJobsReply *reply = lease(h, gateway, 1);
        assert_int_equal(reply->n_jobs, 1);
        assert_true(ack(h, gateway, reply->jobs[0])->ok);
        if (i >= answered)
            continue;
        one.reference = reply->jobs[0]->reference;
        one.state = OTP__DELIVERY_STATE__DELIVERED;
        request.reports = list;
        request.n_reports = 1;
        (void)harness_call(h, "ReportDelivery", &request.base, MC_OK);
    }
}

/* Both ask, as gateways do all the time; returns A's share of the work after the tick. */
static uint32_t share_after(struct harness *h, int64_t ms)
{
    harness_advance(h, ms);
    (void)lease(h, A, 1);
    (void)lease(h, B, 1);
    harness_tick(h);
    return view_of(h, A)->share_percent;
}

static void a_slow_gateway_gets_less_by_steps(void **state)
{
    struct harness *h = *state;

    send_many(h, A, 20, 17); /* 15 in a hundred are slow */
    send_many(h, B, 20, 18); /* 10 */
    assert_int_equal(share_after(h, 5 * MINUTE_MS - 1), 100);
    assert_int_equal(share_after(h, MINUTE_MS + 1), 50);
    Otp__GatewayView *view = view_of(h, A);
    assert_false(view->healthy);
    assert_int_equal(view->sent, 20);
    assert_int_equal(view->slow, 3);
    assert_true(view_of(h, B)->healthy);
    assert_int_equal(view_of(h, B)->share_percent, 100);
    Otp__GatewayChanged *changed =
        harness_last_event(h, "otp.gateway_share_changed", &otp__gateway_changed__descriptor, NULL);
    assert_string_equal(changed->reason, "SLOW");
    assert_int_equal(changed->share_percent, 50);

    assert_int_equal(share_after(h, 5 * MINUTE_MS - 1), 50); /* a change every five minutes */
    assert_int_equal(share_after(h, 1), 25);
    assert_int_equal(share_after(h, 5 * MINUTE_MS),
                     50); /* a quarter later nothing speaks against it */
    assert_int_equal(share_after(h, 5 * MINUTE_MS), 100);
    assert_int_equal(harness_events(h, "otp.gateway_share_changed"), 4);
}

/* What two gateways sent in turns is told in one call: each gets its own. */
static void one_call_tells_of_several_gateways(void **state)
{
    struct harness *h = *state;
    Otp__ReportDeliveryRequest request = OTP__REPORT_DELIVERY_REQUEST__INIT;
    Otp__DeliveryReport reports[40];
    Otp__DeliveryReport *list[40];

    for (size_t i = 0; i < MC_LEN(reports); i++) {
        const char *gateway = i % 2 == 0 ? A : B;

        queue(h, 1);
        Otp__LeaseJobsReply *reply = lease(h, gateway, 1);
        assert_true(ack(h, gateway, reply->jobs[0])->ok);
        otp__delivery_report__init(&reports[i]);
        reports[i].reference = reply->jobs[0]->reference;
        reports[i].state = OTP__DELIVERY_STATE__DELIVERED;
        list[i] = &reports[i];
    }
    request.reports = list + 5; /* of A the first three are not told, of B two */
    request.n_reports = MC_LEN(reports) - 5;
    Otp__ReportDeliveryReply *reply = harness_call(h, "ReportDelivery", &request.base, MC_OK);
    assert_int_equal(reply->applied, request.n_reports);
    assert_int_equal(share_after(h, 6 * MINUTE_MS), 50);
    assert_int_equal(view_of(h, A)->slow, 3);
    assert_int_equal(view_of(h, B)->slow, 2);
    assert_int_equal(view_of(h, B)->share_percent, 100);
}

static void when_all_are_slow_none_is_cut(void **state)
{
    struct harness *h = *state;

    send_many(h, A, 20, 10);
    send_many(h, B, 20, 10);
    assert_int_equal(share_after(h, 6 * MINUTE_MS), 100);
    assert_int_equal(view_of(h, B)->share_percent, 100);
    assert_int_equal(harness_events(h, "otp.gateway_share_changed"), 0);
}

static void nobody_is_cut_when_there_is_no_other(void **state)
{
    struct harness *h = *state;

    send_many(h, A, 20, 10);
    send_many(h, B, 20, 20);
    (void)pause_gateway(h, B, false, 0, MC_OK);
    assert_int_equal(share_after(h, 6 * MINUTE_MS), 100);
    (void)resume(h, B, MC_OK);
    assert_int_equal(share_after(h, SECOND_MS), 50);
    /* And while the other is away, the one that is left gets all of it. */
    harness_advance(h, MINUTE_MS);
    queue(h, 10);
    assert_int_equal(lease(h, A, 10)->n_jobs, 10);
}

static void who_never_reports_is_not_slow(void **state)
{
    struct harness *h = *state;

    send_many(h, A, 20, 0);
    send_many(h, B, 20, 20);
    assert_int_equal(share_after(h, 6 * MINUTE_MS), 100);
    assert_false(view_of(h, A)->reports);
    assert_true(view_of(h, B)->reports);
}

static void few_texts_prove_nothing(void **state)
{
    struct harness *h = *state;

    send_many(h, A, 19, 10);
    send_many(h, B, 20, 20);
    assert_int_equal(share_after(h, 6 * MINUTE_MS), 100);
}

static void hand_overs_that_fail_count_at_once(void **state)
{
    struct harness *h = *state;

    send_many(h, A, 17, 17);
    queue(h, 3);
    Otp__LeaseJobsReply *reply = lease(h, A, 3);
    assert_true(nack(h, A, reply->jobs[0], false, UINT32_MAX)->ok);
    assert_true(
        nack(h, A, reply->jobs[1], true, 0)->ok); /* the number's fault, not the gateway's */
    send_many(h, B, 20, 20);
    assert_int_equal(share_after(h, SECOND_MS), 100);
    assert_int_equal(view_of(h, A)->failed, 1);
    harness_advance(h, OTP_LEASE_DEFAULT_MS); /* the third was never reported */
    reply = lease(h, B, 3);
    assert_int_equal(view_of(h, A)->failed, 2);
    queue(h, 1);
    assert_true(nack(h, A, lease(h, A, 1)->jobs[0], false, UINT32_MAX)->ok);
    assert_int_equal(view_of(h, A)->failed, 3);
    assert_int_equal(share_after(h, SECOND_MS), 50);
    Otp__GatewayChanged *changed =
        harness_last_event(h, "otp.gateway_share_changed", &otp__gateway_changed__descriptor, NULL);
    assert_string_equal(changed->reason, "FAILING");
}

static void a_share_is_of_what_all_take(void **state)
{
    struct harness *h = *state;

    send_many(h, A, 20, 10);
    send_many(h, B, 20, 20);
    assert_int_equal(share_after(h, 6 * MINUTE_MS), 50);
    assert_int_equal(share_after(h, 5 * MINUTE_MS), 25);
    harness_advance(h, 2 * MINUTE_MS);
    queue(h, 2 * MANY);
    (void)lease(h, B, 1);
    assert_int_equal(lease(h, A, MANY)->n_jobs, 1); /* one, to see whether it does better */
    assert_int_equal(lease(h, A, MANY)->n_jobs, 0);
    assert_int_equal(lease(h, B, MANY)->n_jobs, MANY);
    size_t got = lease(h, A, MANY)->n_jobs;
    assert_true(got >= MANY / 4 - 2 && got <= MANY / 4 + 2);
    assert_true(lease(h, A, MANY)->n_jobs <= 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rate_is_kept_at_the_millisecond),
        cmocka_unit_test(rates_must_be_readable),
        ROOM_TEST(a_paused_gateway_gives_back_what_it_holds),
        ROOM_TEST(a_draining_gateway_finishes),
        ROOM_TEST(a_pause_ends_when_it_was_said),
        ROOM_TEST(pauses_are_checked),
        ROOM_TEST(a_code_that_failed_goes_to_another_gateway),
        ROOM_TEST(a_code_does_not_wait_for_a_gateway_that_is_not_there),
        ROOM_TEST(a_slow_gateway_gets_less_by_steps),
        ROOM_TEST(one_call_tells_of_several_gateways),
        ROOM_TEST(when_all_are_slow_none_is_cut),
        ROOM_TEST(nobody_is_cut_when_there_is_no_other),
        ROOM_TEST(who_never_reports_is_not_slow),
        ROOM_TEST(few_texts_prove_nothing),
        ROOM_TEST(hand_overs_that_fail_count_at_once),
        ROOM_TEST(a_share_is_of_what_all_take),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
