/* The SMS queue: lanes, leases, returns, reports; OTP-12, reliability I9. */
#include "otp_help.h"

enum { QUEUED = OTP__DELIVERY_STATE__QUEUED, HANDED_OVER = OTP__DELIVERY_STATE__HANDED_OVER };
enum { SENT = OTP__DELIVERY_STATE__SENT, DELIVERED = OTP__DELIVERY_STATE__DELIVERED };
enum { FAILED = OTP__DELIVERY_STATE__FAILED, EXPIRED = OTP__DELIVERY_STATE__EXPIRED };

static Otp__ReportDeliveryReply *report(struct harness *h, const char *reference, int to)
{
    Otp__ReportDeliveryRequest request = OTP__REPORT_DELIVERY_REQUEST__INIT;
    Otp__DeliveryReport one = OTP__DELIVERY_REPORT__INIT;
    Otp__DeliveryReport *list[] = {&one};

    one.reference = text(reference);
    one.state = (Otp__DeliveryState)to;
    one.reason = text("stat:UNDELIV\n");
    request.reports = list;
    request.n_reports = 1;
    as_gateway(h, "sms:viettel");
    return harness_call(h, "ReportDelivery", &request.base, MC_OK);
}

static Otp__SmsJob *lease_one(struct harness *h, const char *gateway)
{
    Otp__LeaseJobsReply *reply = lease(h, gateway, 1);

    assert_int_equal(reply->n_jobs, 1);
    return reply->jobs[0];
}

static void a_lease_holds_what_a_gateway_needs(void **state)
{
    struct harness *h = *state;

    Otp__IssueReply *issued = issue(h, 1, BINH, MC_OK);
    Otp__SmsJob *job = lease_one(h, "sms:vnpt");
    assert_int_equal(job->token.len, 12);
    assert_int_equal(job->lane, OTP__LANE__OTP);
    assert_string_equal(job->phone, "84912000101");
    assert_string_equal(job->carrier, "vinaphone");
    assert_int_equal(job->expires_at_ms, issued->expires_at_ms - 30 * SECOND_MS);
    assert_int_equal(job->attempt, 1);
    assert_int_equal(strlen(job->reference), OTP_REFERENCE_LEN);
    assert_int_equal(strncmp(job->report_path, "/webhooks/sms?ref=", 18), 0);
    assert_int_equal(strncmp(job->report_path + 18, job->reference, OTP_REFERENCE_LEN), 0);

    Otp__LeaseJobsRequest request = OTP__LEASE_JOBS_REQUEST__INIT; /* reports by the socket */
    (void)issue(h, 2, THO, MC_OK);
    request.credit = 1;
    request.without_report_path = true;
    as_gateway(h, "sms:vnpt");
    const Otp__LeaseJobsReply *reply = harness_call(h, "LeaseJobs", &request.base, MC_OK);
    assert_int_equal(reply->n_jobs, 1);
    assert_string_equal(reply->jobs[0]->report_path, "");
}

static void status_follows_an_sms_through_its_life(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    assert_int_equal(status_of(h, 1)->state, QUEUED);
    Otp__SmsJob *job = lease_one(h, "sms:viettel");
    assert_int_equal(status_of(h, 1)->state, HANDED_OVER);
    assert_true(nack(h, "sms:viettel", job, false, 0)->ok);
    assert_int_equal(status_of(h, 1)->state, QUEUED);
    harness_advance(h, OTP_CODE_BACKOFF_MS);
    job = lease_one(h, "sms:viettel");
    assert_true(ack(h, "sms:viettel", job)->ok);
    assert_int_equal(status_of(h, 1)->state, SENT);
    harness_reopen(h);
    assert_int_equal(report(h, job->reference, DELIVERED)->applied, 1);
    Otp__StatusReply *reply = status_of(h, 1);
    assert_int_equal(reply->state, DELIVERED);
    assert_string_equal(reply->phone_masked, "091****101");
    assert_string_equal(reply->reason, "");
    assert_int_equal(harness_events(h, "otp.sms_sent"), 1);
    assert_int_equal(harness_events(h, "otp.sms_delivered"), 1);
}

static void status_tells_a_failure_in_words(void **state)
{
    struct harness *h = *state;
    const Motcua__Event *event = NULL;

    (void)issue(h, 1, BINH, MC_OK);
    assert_true(nack(h, "sms:viettel", lease_one(h, "sms:viettel"), true, 0)->ok);
    Otp__StatusReply *reply = status_of(h, 1);
    assert_int_equal(reply->state, FAILED);
    assert_non_null(strstr(reply->reason, "khởi động lại điện thoại")); /* OTP-12 */
    assert_int_equal(harness_dead(h, OTP_LANE_OTP), 1);
    Otp__SmsChanged *changed =
        harness_last_event(h, "otp.sms_failed", &otp__sms_changed__descriptor, &event);
    assert_string_equal(changed->reason, "ESME_RMSGQFUL");
    assert_string_equal(changed->gateway, "sms:viettel");
    assert_string_equal(changed->phone_masked, "091****101");
    assert_int_equal(changed->lane, OTP__LANE__OTP);
    assert_int_equal(event->n_keys, 3);
    char message[64]; /* motcuactl trace message:<the job's number> */
    (void)snprintf(message, sizeof message, "message:%llu", (unsigned long long)changed->job_id);
    assert_string_equal(event->keys[2], message);

    Otp__StatusRequest request = OTP__STATUS_REQUEST__INIT;
    request.purpose = OTP__PURPOSE__REGISTER;
    request.subject = subject(77);
    as_anyone(h);
    (void)harness_call(h, "Status", &request.base, MC_NOT_FOUND);
}

/* A code that would arrive too late never leaves: at the millisecond. */
static void a_code_leaves_only_while_it_is_of_use(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    (void)issue(h, 2, THO, MC_OK);
    harness_set_clock(h, HARNESS_T0 + 89999);
    assert_int_equal(status_of(h, 1)->state, QUEUED);
    assert_int_equal(lease(h, "sms:viettel", 1)->n_jobs, 1);
    harness_set_clock(h, HARNESS_T0 + 90000);
    assert_int_equal(status_of(h, 2)->state, EXPIRED); /* nobody has looked yet */
    assert_int_equal(lease(h, "sms:viettel", 5)->n_jobs, 0);
    Otp__StatusReply *reply = status_of(h, 2);
    assert_int_equal(reply->state, EXPIRED);
    assert_non_null(strstr(reply->reason, "Gửi lại OTP"));
    assert_int_equal(harness_dead(h, OTP_LANE_OTP), 1);
    assert_int_equal(harness_events(h, "otp.sms_expired"), 1);
    assert_int_equal(status_of(h, 1)->state, HANDED_OVER);
}

static void spent_jobs_do_not_use_up_the_credit(void **state)
{
    struct harness *h = *state;

    for (unsigned i = 0; i < 20; i++) {
        char phone[16];
        (void)snprintf(phone, sizeof phone, "09120003%02u", i);
        (void)issue(h, i, phone, MC_OK);
    }
    harness_advance(h, 2 * MINUTE_MS);
    (void)issue(h, 100, THO, MC_OK);
    assert_int_equal(lease(h, "sms:viettel", 1)->n_jobs, 1);
    assert_int_equal(harness_dead(h, OTP_LANE_OTP), 20);
    assert_int_equal(harness_events(h, "otp.sms_expired"), 20);
}

/* OTP behind bulk is what notify had to fix twice: here it cannot be. */
static void codes_go_before_notices_and_bulk(void **state)
{
    struct harness *h = *state;
    Otp__Lane lanes[] = {OTP__LANE__BULK, OTP__LANE__OTP, OTP__LANE__TRANSACTIONAL};
    Otp__LeaseJobsRequest request = OTP__LEASE_JOBS_REQUEST__INIT;

    for (int i = 0; i < 3; i++) {
        (void)enqueue(h, OTP__LANE__BULK, BINH, "bulk", MC_OK);
        (void)enqueue(h, OTP__LANE__TRANSACTIONAL, BINH, "notice", MC_OK);
    }
    (void)issue(h, 1, BINH, MC_OK);
    request.lanes = lanes;
    request.n_lanes = MC_LEN(lanes);
    request.credit = 5;
    as_gateway(h, "sms:viettel");
    Otp__LeaseJobsReply *reply = harness_call(h, "LeaseJobs", &request.base, MC_OK);
    assert_int_equal(reply->n_jobs, 5);
    assert_int_equal(reply->jobs[0]->lane, OTP__LANE__OTP);
    for (size_t i = 1; i < 4; i++)
        assert_int_equal(reply->jobs[i]->lane, OTP__LANE__TRANSACTIONAL);
    assert_int_equal(reply->jobs[4]->lane, OTP__LANE__BULK);

    request.n_lanes = 1; /* a gateway for bulk only */
    (void)issue(h, 2, THO, MC_OK);
    as_gateway(h, "sms:bulk");
    reply = harness_call(h, "LeaseJobs", &request.base, MC_OK);
    assert_int_equal(reply->n_jobs, 2);
    assert_int_equal(reply->jobs[1]->lane, OTP__LANE__BULK);
}

static void carriers_are_chosen_by_prefix(void **state)
{
    struct harness *h = *state;
    char *carriers[] = {text("viettel"), text("itel")};
    Otp__LeaseJobsRequest request = OTP__LEASE_JOBS_REQUEST__INIT;

    (void)issue(h, 1, BINH, MC_OK);
    (void)issue(h, 2, THO, MC_OK);
    request.credit = 10;
    request.carriers = carriers;
    request.n_carriers = 2;
    as_gateway(h, "sms:viettel");
    Otp__LeaseJobsReply *reply = harness_call(h, "LeaseJobs", &request.base, MC_OK);
    assert_int_equal(reply->n_jobs, 1);
    assert_string_equal(reply->jobs[0]->phone, "84868000202");
    assert_string_equal(reply->jobs[0]->carrier, "viettel");
}

/* I9: at any instant at most one valid lease per job. */
static void two_gateways_never_hold_one_job(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    Otp__SmsJob *first = lease_one(h, "sms:viettel");
    assert_int_equal(lease(h, "sms:vnpt", 10)->n_jobs, 0);
    harness_advance(h, OTP_LEASE_DEFAULT_MS - 1);
    assert_int_equal(lease(h, "sms:vnpt", 10)->n_jobs, 0);
    harness_advance(h, 1);
    assert_int_equal(status_of(h, 1)->state, QUEUED);
    Otp__SmsJob *second = lease_one(h, "sms:vnpt");
    assert_int_equal(second->attempt, 2);
    assert_string_equal(second->reference, first->reference);
    assert_string_equal(code_in(second->text), code_in(first->text));

    Otp__JobResult *stale = ack(h, "sms:viettel", first);
    assert_false(stale->ok);
    assert_string_equal(stale->code, "LEASE_STALE");
    assert_false(ack(h, "sms:viettel", second)->ok); /* a token is its own gateway's */
    assert_false(nack(h, "sms:viettel", first, true, 0)->ok);
    assert_int_equal(status_of(h, 1)->state, HANDED_OVER);
    assert_true(ack(h, "sms:vnpt", second)->ok);
    assert_false(ack(h, "sms:vnpt", second)->ok);
    assert_int_equal(harness_events(h, "otp.sms_sent"), 1);
}

static void one_stale_token_does_not_spoil_the_others(void **state)
{
    struct harness *h = *state;
    Otp__AckJobsRequest request = OTP__ACK_JOBS_REQUEST__INIT;
    Otp__Ack acks[4];
    Otp__Ack *list[4];

    (void)issue(h, 1, BINH, MC_OK);
    (void)issue(h, 2, THO, MC_OK);
    Otp__LeaseJobsReply *leased = lease(h, "sms:viettel", 5);
    assert_int_equal(leased->n_jobs, 2);
    for (size_t i = 0; i < 4; i++) {
        otp__ack__init(&acks[i]);
        list[i] = &acks[i];
    }
    acks[0].token = leased->jobs[0]->token;
    acks[1].token = leased->jobs[0]->token;
    acks[2].token = (ProtobufCBinaryData){3, leased->jobs[0]->token.data};
    acks[3].token = leased->jobs[1]->token;
    request.acks = list;
    request.n_acks = 4;
    Otp__JobResults *results = harness_call(h, "AckJobs", &request.base, MC_OK);
    assert_int_equal(results->n_results, 4);
    assert_true(results->results[0]->ok);
    assert_string_equal(results->results[1]->code, "LEASE_STALE");
    assert_string_equal(results->results[2]->code, "LEASE_STALE");
    assert_true(results->results[3]->ok);
    assert_int_equal(harness_jobs(h, OTP_LANE_OTP), 0);
    assert_int_equal(status_of(h, 2)->state, SENT);
}

/* A gateway whose reply was lost asks again with the same id, and is given what it holds. */
static void a_repeated_lease_is_the_same_lease(void **state)
{
    struct harness *h = *state;
    Otp__LeaseJobsRequest request = OTP__LEASE_JOBS_REQUEST__INIT;
    struct mc_caller gateway = {.name = "sms:viettel", .who = MC_SMS};
    uint8_t id[MC_ID_LEN];
    struct mc_random_seeded seeded;
    struct mc_random random = mc_random_seed(&seeded, 7);

    (void)issue(h, 1, BINH, MC_OK);
    (void)issue(h, 2, THO, MC_OK);
    harness_as(h, &gateway);
    request.credit = 5;
    mc_uuid7(id, harness_now(h), &random);
    Otp__LeaseJobsReply *first = harness_call_as(h, id, "LeaseJobs", &request.base, MC_OK);
    harness_reopen(h);
    Otp__LeaseJobsReply *again = harness_call_as(h, id, "LeaseJobs", &request.base, MC_OK);
    assert_int_equal(first->n_jobs, 2);
    assert_int_equal(again->n_jobs, 2);
    assert_string_equal(again->jobs[0]->text, first->jobs[0]->text);
    assert_memory_equal(again->jobs[0]->token.data, first->jobs[0]->token.data, 12);
    assert_int_equal(again->jobs[0]->attempt, 1);

    Otp__AckJobsRequest acks = OTP__ACK_JOBS_REQUEST__INIT;
    Otp__Ack ack = OTP__ACK__INIT;
    Otp__Ack *list[] = {&ack};
    ack.token = first->jobs[0]->token;
    acks.acks = list;
    acks.n_acks = 1;
    (void)harness_call(h, "AckJobs", &acks.base, MC_OK);
    again = harness_call_as(h, id, "LeaseJobs", &request.base, MC_OK);
    assert_int_equal(again->n_jobs, 1); /* only what it still holds */
    assert_int_equal(
        ((Otp__LeaseJobsReply *)harness_call(h, "LeaseJobs", &request.base, MC_OK))->n_jobs,
        0); /* another call: nothing is due */
}

static void a_late_ack_counts_while_nobody_else_has_the_job(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    Otp__SmsJob *job = lease_one(h, "sms:viettel");
    harness_advance(h, 60 * SECOND_MS);
    harness_reopen(h);
    assert_true(ack(h, "sms:viettel", job)->ok);
    assert_int_equal(lease(h, "sms:vnpt", 1)->n_jobs, 0);
}

static void returned_jobs_back_off_and_die(void **state)
{
    struct harness *h = *state;
    int64_t pause = OTP_CODE_BACKOFF_MS;

    (void)issue(h, 1, BINH, MC_OK);
    for (uint32_t attempt = 1; attempt <= OTP_CODE_ATTEMPTS; attempt++) {
        Otp__SmsJob *job = lease_one(h, "sms:viettel");
        assert_int_equal(job->attempt, attempt);
        assert_true(nack(h, "sms:viettel", job, false, 0)->ok);
        harness_advance(h, pause - 1);
        assert_int_equal(lease(h, "sms:viettel", 1)->n_jobs, 0);
        harness_advance(h, 1);
        pause = MC_MIN(2 * pause, (int64_t)OTP_CODE_BACKOFF_MAX_MS);
    }
    assert_int_equal(status_of(h, 1)->state, FAILED);
    assert_int_equal(harness_dead(h, OTP_LANE_OTP), 1);
    assert_int_equal(harness_events(h, "otp.sms_failed"), 1);
    assert_int_equal(lease(h, "sms:viettel", 1)->n_jobs, 0);
}

static void a_gateway_may_name_its_own_pause(void **state)
{
    struct harness *h = *state;

    (void)enqueue(h, OTP__LANE__BULK, BINH, "Xin chao", MC_OK);
    assert_true(nack(h, "sms:viettel", lease_one(h, "sms:viettel"), false, 5000)->ok);
    harness_advance(h, 4999);
    assert_int_equal(lease(h, "sms:viettel", 1)->n_jobs, 0);
    harness_advance(h, 1);
    /* At most a day, however long it asks for. */
    assert_true(nack(h, "sms:viettel", lease_one(h, "sms:viettel"), false, UINT32_MAX)->ok);
    harness_advance(h, OTP_RETRY_MAX_MS);
    assert_int_equal(lease(h, "sms:viettel", 1)->n_jobs, 1);
}

static void leases_that_never_report_end_in_a_dead_letter(void **state)
{
    struct harness *h = *state;

    (void)enqueue(h, OTP__LANE__TRANSACTIONAL, BINH, "Xin chao", MC_OK);
    for (int i = 0; i < OTP_NOTICE_ATTEMPTS; i++) {
        assert_int_equal(lease(h, "sms:viettel", 1)->n_jobs, 1);
        harness_advance(h, OTP_LEASE_DEFAULT_MS);
    }
    assert_int_equal(lease(h, "sms:viettel", 1)->n_jobs, 0);
    assert_int_equal(harness_dead(h, OTP_LANE_TRANSACTIONAL), 1);
    assert_int_equal(harness_events(h, "otp.sms_failed"), 1);
}

static void reports_only_move_a_state_on(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    Otp__SmsJob *job = lease_one(h, "sms:viettel");
    assert_true(ack(h, "sms:viettel", job)->ok);
    assert_int_equal(report(h, job->reference, SENT)->ignored, 1);
    assert_int_equal(report(h, job->reference, FAILED)->applied, 1);
    assert_int_equal(report(h, job->reference, FAILED)->ignored, 1);
    assert_int_equal(report(h, job->reference, DELIVERED)->ignored, 1);
    assert_int_equal(report(h, job->reference, SENT)->ignored, 1);
    assert_int_equal(status_of(h, 1)->state, FAILED);
    assert_int_equal(harness_events(h, "otp.sms_failed"), 1);
    Otp__SmsChanged *changed =
        harness_last_event(h, "otp.sms_failed", &otp__sms_changed__descriptor, NULL);
    assert_string_equal(changed->reason, "stat:UNDELIV ");

    assert_int_equal(report(h, "", DELIVERED)->ignored, 1);
    assert_int_equal(report(h, "00000000000000zz", DELIVERED)->ignored, 1);
    assert_int_equal(report(h, "ffffffffffffffff", DELIVERED)->ignored, 1);
    assert_int_equal(report(h, "0000000000000099", DELIVERED)->ignored, 1);
}

static void a_report_may_come_before_the_ack(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    Otp__SmsJob *job = lease_one(h, "sms:viettel");
    assert_int_equal(report(h, job->reference, SENT)->ignored, 1);
    assert_int_equal(report(h, job->reference, DELIVERED)->applied, 1);
    assert_int_equal(status_of(h, 1)->state, DELIVERED);
    assert_true(ack(h, "sms:viettel", job)->ok);
    assert_int_equal(status_of(h, 1)->state, DELIVERED);
    assert_int_equal(harness_jobs(h, OTP_LANE_OTP), 0);
    assert_int_equal(harness_events(h, "otp.sms_sent"), 0);
}

static void what_arrived_is_not_sent_again(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    Otp__SmsJob *job = lease_one(h, "sms:viettel");
    assert_true(nack(h, "sms:viettel", job, false, 0)->ok); /* a timeout, it thought */
    assert_int_equal(report(h, job->reference, DELIVERED)->applied, 1);
    harness_advance(h, OTP_CODE_BACKOFF_MS);
    assert_int_equal(lease(h, "sms:viettel", 1)->n_jobs, 0);
    /* Of what nobody ever held there is nothing to report. */
    (void)issue(h, 2, THO, MC_OK);
    assert_int_equal(report(h, "0000000000000002", DELIVERED)->applied, 0);
    assert_int_equal(status_of(h, 2)->state, QUEUED);
}

static uint32_t call_webhook(struct harness *h, const char *path, const char *st)
{
    Motcua__WebhookRequest request = MOTCUA__WEBHOOK_REQUEST__INIT;
    char query[256];

    (void)snprintf(query, sizeof query, "%s&st=%s", strchr(path, '?') + 1, st);
    request.method = text("GET");
    request.path = text("/webhooks/sms");
    request.query = query;
    harness_as(h, &(struct mc_caller){.name = "room:gateway", .who = MC_ROOM});
    Motcua__WebhookReply *reply = harness_call(h, "DeliveryWebhook", &request.base, MC_OK);
    return reply->status;
}

static void an_http_gateway_reports_by_its_signed_path(void **state)
{
    struct harness *h = *state;
    char path[256];

    (void)issue(h, 1, BINH, MC_OK);
    Otp__SmsJob *job = lease_one(h, "sms:kannel");
    assert_true(ack(h, "sms:kannel", job)->ok);
    assert_int_equal(call_webhook(h, job->report_path, "4"), 200);
    assert_int_equal(call_webhook(h, job->report_path, "8"), 200);
    assert_int_equal(status_of(h, 1)->state, SENT);
    assert_int_equal(call_webhook(h, job->report_path, ""), 400);
    assert_int_equal(call_webhook(h, job->report_path, "x"), 400);
    assert_int_equal(call_webhook(h, job->report_path, "12345"), 400);

    (void)snprintf(path, sizeof path, "%s", job->report_path);
    char *last = path + strlen(path) - 1;
    *last = *last == '0' ? '1' : '0';
    assert_int_equal(call_webhook(h, path, "1"), 403);
    *last = '\0';
    assert_int_equal(call_webhook(h, path, "1"), 403);
    (void)snprintf(path, sizeof path, "%s", job->report_path);
    char *reference = strstr(path, "ref=") + 4; /* another's reference under this signature */
    reference[OTP_REFERENCE_LEN - 1] = reference[OTP_REFERENCE_LEN - 1] == '7' ? '8' : '7';
    assert_int_equal(call_webhook(h, path, "1"), 403);
    assert_int_equal(call_webhook(h, "?x=1", "1"), 403);
    assert_int_equal(status_of(h, 1)->state, SENT);

    assert_int_equal(call_webhook(h, job->report_path, "1"), 200);
    assert_int_equal(call_webhook(h, job->report_path, "2"), 200); /* late: harmless */
    assert_int_equal(status_of(h, 1)->state, DELIVERED);

    (void)issue(h, 2, THO, MC_OK);
    job = lease_one(h, "sms:kannel");
    assert_true(ack(h, "sms:kannel", job)->ok);
    assert_int_equal(call_webhook(h, job->report_path, "16"), 200);
    assert_int_equal(status_of(h, 2)->state, FAILED);

    Motcua__WebhookRequest request = MOTCUA__WEBHOOK_REQUEST__INIT;
    request.path = text("/webhooks/other");
    harness_as(h, &(struct mc_caller){.name = "room:gateway", .who = MC_ROOM});
    Motcua__WebhookReply *reply = harness_call(h, "DeliveryWebhook", &request.base, MC_OK);
    assert_int_equal(reply->status, 404);
}

static void lease_limits(void **state)
{
    struct harness *h = *state;
    Otp__LeaseJobsRequest request = OTP__LEASE_JOBS_REQUEST__INIT;
    Otp__Lane lane = OTP__LANE__LANE_UNSPECIFIED;
    char *carriers[OTP_CARRIERS_MAX + 1];

    as_gateway(h, "sms:viettel");
    (void)harness_call(h, "LeaseJobs", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "credit", "FIELD_INVALID"));
    request.credit = OTP_CREDIT_MAX + 1;
    request.lease_ms = OTP_LEASE_MIN_MS - 1;
    request.wait_ms = OTP_WAIT_MAX_MS + 1;
    request.lanes = &lane;
    request.n_lanes = 1;
    for (size_t i = 0; i < MC_LEN(carriers); i++)
        carriers[i] = text("viettel");
    request.carriers = carriers;
    request.n_carriers = MC_LEN(carriers);
    (void)harness_call(h, "LeaseJobs", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "credit", "FIELD_INVALID"));
    assert_true(harness_violated(h, "lease_ms", "FIELD_INVALID"));
    assert_true(harness_violated(h, "wait_ms", "FIELD_INVALID"));
    assert_true(harness_violated(h, "lanes[0]", "FIELD_INVALID"));
    assert_true(harness_violated(h, "carriers", "FIELD_TOO_LONG"));
    request.lease_ms = OTP_LEASE_MAX_MS + 1;
    (void)harness_call(h, "LeaseJobs", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "lease_ms", "FIELD_INVALID"));

    request.credit = OTP_CREDIT_MAX;
    request.lease_ms = OTP_LEASE_MAX_MS;
    request.wait_ms = 0;
    request.n_lanes = 0;
    request.n_carriers = OTP_CARRIERS_MAX;
    (void)harness_call(h, "LeaseJobs", &request.base, MC_OK);
    request.lease_ms = OTP_LEASE_MIN_MS;
    request.wait_ms = OTP_WAIT_MAX_MS; /* nothing there: the call waits */
    (void)harness_call(h, "LeaseJobs", &request.base, MC_WAIT);
    as_room(h);
    (void)harness_call(h, "LeaseJobs", &request.base, MC_DENIED);
}

static void lists_of_tokens_have_a_limit(void **state)
{
    struct harness *h = *state;
    Otp__AckJobsRequest acks = OTP__ACK_JOBS_REQUEST__INIT;
    Otp__NackJobsRequest nacks = OTP__NACK_JOBS_REQUEST__INIT;
    Otp__ReportDeliveryRequest reports = OTP__REPORT_DELIVERY_REQUEST__INIT;
    static Otp__Ack ack = OTP__ACK__INIT;
    static Otp__Nack nack = OTP__NACK__INIT;
    static Otp__DeliveryReport one = OTP__DELIVERY_REPORT__INIT;
    static Otp__Ack *ack_list[OTP_CREDIT_MAX + 1];
    static Otp__Nack *nack_list[OTP_CREDIT_MAX + 1];
    static Otp__DeliveryReport *report_list[OTP_CREDIT_MAX + 1];

    one.state = OTP__DELIVERY_STATE__SENT;
    for (size_t i = 0; i <= OTP_CREDIT_MAX; i++) {
        ack_list[i] = &ack;
        nack_list[i] = &nack;
        report_list[i] = &one;
    }
    acks.acks = ack_list;
    nacks.nacks = nack_list;
    reports.reports = report_list;
    as_gateway(h, "sms:viettel");
    acks.n_acks = nacks.n_nacks = reports.n_reports = OTP_CREDIT_MAX + 1;
    (void)harness_call(h, "AckJobs", &acks.base, MC_INVALID);
    assert_true(harness_violated(h, "acks", "FIELD_TOO_LONG"));
    (void)harness_call(h, "NackJobs", &nacks.base, MC_INVALID);
    assert_true(harness_violated(h, "nacks", "FIELD_TOO_LONG"));
    (void)harness_call(h, "ReportDelivery", &reports.base, MC_INVALID);
    assert_true(harness_violated(h, "reports", "FIELD_TOO_LONG"));
    acks.n_acks = nacks.n_nacks = reports.n_reports = OTP_CREDIT_MAX;
    (void)harness_call(h, "AckJobs", &acks.base, MC_OK);
    (void)harness_call(h, "NackJobs", &nacks.base, MC_OK);
    (void)harness_call(h, "ReportDelivery", &reports.base, MC_OK);
    one.state = OTP__DELIVERY_STATE__QUEUED;
    (void)harness_call(h, "ReportDelivery", &reports.base, MC_INVALID);
    assert_true(harness_violated(h, "reports[0].state", "FIELD_INVALID"));
}

static void a_full_lease_and_its_acks(void **state)
{
    struct harness *h = *state;
    Otp__AckJobsRequest request = OTP__ACK_JOBS_REQUEST__INIT;
    static Otp__Ack acks[OTP_CREDIT_MAX];
    static Otp__Ack *list[OTP_CREDIT_MAX];

    for (int i = 0; i <= OTP_CREDIT_MAX; i++)
        (void)enqueue(h, OTP__LANE__BULK, BINH, "Xin chao", MC_OK);
    Otp__LeaseJobsReply *leased = lease(h, "sms:viettel", OTP_CREDIT_MAX);
    assert_int_equal(leased->n_jobs, OTP_CREDIT_MAX);
    for (size_t i = 0; i < leased->n_jobs; i++) {
        otp__ack__init(&acks[i]);
        acks[i].token = leased->jobs[i]->token;
        list[i] = &acks[i];
    }
    request.acks = list;
    request.n_acks = leased->n_jobs;
    Otp__JobResults *results = harness_call(h, "AckJobs", &request.base, MC_OK);
    for (size_t i = 0; i < results->n_results; i++)
        assert_true(results->results[i]->ok);
    assert_int_equal(harness_jobs(h, OTP_LANE_BULK), 1);
    assert_int_equal(harness_rows(h, OTP_MESSAGES), OTP_CREDIT_MAX);
}

static void notices_are_checked(void **state)
{
    struct harness *h = *state;
    Otp__EnqueueSmsRequest request = OTP__ENQUEUE_SMS_REQUEST__INIT;
    char dedupe[OTP_DEDUPE_MAX + 2];

    request.phone = text(BINH);
    request.text = text("  ");
    request.lane = OTP__LANE__OTP;
    request.expires_at_ms = HARNESS_T0;
    memset(dedupe, 'd', sizeof dedupe);
    dedupe[OTP_DEDUPE_MAX + 1] = '\0';
    request.dedupe = dedupe;
    as_room(h);
    (void)harness_call(h, "EnqueueSms", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "lane", "FIELD_INVALID"));
    assert_true(harness_violated(h, "text", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "expires_at_ms", "FIELD_INVALID"));
    assert_true(harness_violated(h, "dedupe", "FIELD_TOO_LONG"));

    request.lane = OTP__LANE__BULK;
    request.text = text("a\x01"
                        "b");
    request.expires_at_ms = HARNESS_T0 + OTP_NOTICE_LIFE_MAX_MS + 1;
    (void)harness_call(h, "EnqueueSms", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "text", "FIELD_INVALID"));
    assert_true(harness_violated(h, "expires_at_ms", "FIELD_INVALID"));
    request.text = text("Xin chao");
    request.expires_at_ms = HARNESS_T0 + OTP_NOTICE_LIFE_MAX_MS;
    dedupe[OTP_DEDUPE_MAX] = '\0';
    (void)harness_call(h, "EnqueueSms", &request.base, MC_OK);
    (void)enqueue(h, OTP__LANE__BULK, "123", "Xin chao", MC_INVALID);
    assert_true(harness_violated(h, "phone", "PHONE_FORMAT"));
    as_gateway(h, "sms:viettel");
    (void)harness_call(h, "EnqueueSms", &request.base, MC_DENIED);
}

static Otp__EnqueueManySmsReply *enqueue_many(struct harness *h, Otp__EnqueueSmsRequest *requests,
                                              size_t n, enum mc_status want)
{
    static Otp__EnqueueSmsRequest *list[OTP_ENQUEUE_MAX + 1];
    Otp__EnqueueManySmsRequest request = OTP__ENQUEUE_MANY_SMS_REQUEST__INIT;

    for (size_t i = 0; i < n; i++)
        list[i] = &requests[i];
    request.messages = list;
    request.n_messages = n;
    as_room(h);
    return harness_call(h, "EnqueueManySms", &request.base, want);
}

static void many_notices_are_queued_in_one_call_or_none_is(void **state)
{
    static Otp__EnqueueSmsRequest requests[OTP_ENQUEUE_MAX + 1];
    struct harness *h = *state;

    for (size_t i = 0; i < MC_LEN(requests); i++) {
        otp__enqueue_sms_request__init(&requests[i]);
        requests[i].lane = OTP__LANE__BULK;
        requests[i].phone = text(BINH);
        requests[i].text = text("Xin chao");
    }
    requests[0].dedupe = requests[2].dedupe = text("dossier/42");

    requests[1].phone = text("123");
    requests[2].text = text("");
    (void)enqueue_many(h, requests, 3, MC_INVALID);
    assert_true(harness_violated(h, "messages[1].phone", "PHONE_FORMAT"));
    assert_true(harness_violated(h, "messages[2].text", "FIELD_REQUIRED"));
    assert_int_equal(harness_jobs(h, OTP_LANE_BULK), 0);

    requests[1].phone = text(THO);
    requests[2].text = text("Xin chao");
    const Otp__EnqueueManySmsReply *reply = enqueue_many(h, requests, 3, MC_OK);
    assert_int_equal(reply->n_results, 3);
    assert_true(reply->results[1]->job_id != reply->results[0]->job_id);
    assert_true(reply->results[2]->duplicate); /* within the call, too */
    assert_true(reply->results[2]->job_id == reply->results[0]->job_id);
    assert_int_equal(harness_jobs(h, OTP_LANE_BULK), 2);

    (void)enqueue_many(h, requests, 0, MC_INVALID);
    assert_true(harness_violated(h, "messages", "FIELD_REQUIRED"));
    (void)enqueue_many(h, requests, OTP_ENQUEUE_MAX, MC_OK);
    (void)enqueue_many(h, requests, OTP_ENQUEUE_MAX + 1, MC_INVALID);
    assert_true(harness_violated(h, "messages", "FIELD_TOO_LONG"));
}

static void notices_lose_their_marks_and_have_a_longest_text(void **state)
{
    struct harness *h = *state;
    const size_t most = (size_t)OTP_SMS_PARTS_MAX * MC_GSM7_PART;
    char words[1024];

    (void)enqueue(h, OTP__LANE__BULK, BINH, "Hồ sơ đã gửi\r\nCảm ơn", MC_OK);
    Otp__SmsJob *job = lease_one(h, "sms:viettel");
    assert_string_equal(job->text, "Ho so da gui\nCam on");
    assert_string_equal(job->encoding, "GSM7");
    assert_int_equal(job->expires_at_ms, HARNESS_T0 + OTP_NOTICE_LIFE_MS);
    assert_int_equal(harness_events(h, "otp.sms_queued"), 1);

    assert_true(most + 1 < sizeof words);
    memset(words, 'a', most + 1);
    words[most + 1] = '\0';
    (void)enqueue(h, OTP__LANE__BULK, BINH, words, MC_INVALID);
    assert_true(harness_violated(h, "text", "FIELD_TOO_LONG"));
    words[most] = '\0';
    (void)enqueue(h, OTP__LANE__BULK, BINH, words, MC_OK);
    assert_int_equal(lease_one(h, "sms:viettel")->parts, OTP_SMS_PARTS_MAX);
}

static void marks_may_be_kept(void **state)
{
    (void)state;
    static const char *const settings[] = {"otp.keep_accents=true", NULL};
    struct harness *h = harness_open(&otp_room, settings);

    (void)enqueue(h, OTP__LANE__BULK, BINH, "Hồ sơ  đã gửi", MC_OK);
    Otp__SmsJob *job = lease_one(h, "sms:viettel");
    assert_string_equal(job->text, "Hồ sơ đã gửi");
    assert_string_equal(job->encoding, "UCS2");
    harness_close(h);
}

static void the_same_fact_is_told_once(void **state)
{
    struct harness *h = *state;
    Otp__EnqueueSmsRequest request = OTP__ENQUEUE_SMS_REQUEST__INIT;

    request.lane = OTP__LANE__TRANSACTIONAL;
    request.phone = text(BINH);
    request.text = text("Ho so da co ket qua");
    request.dedupe = text("dossier:1:finished");
    as_room(h);
    Otp__EnqueueSmsReply *one = harness_call(h, "EnqueueSms", &request.base, MC_OK);
    assert_false(one->duplicate);
    Otp__EnqueueSmsReply *two = harness_call(h, "EnqueueSms", &request.base, MC_OK);
    assert_true(two->duplicate);
    assert_int_equal(two->job_id, one->job_id);
    request.phone = text(THO);
    Otp__EnqueueSmsReply *other = harness_call(h, "EnqueueSms", &request.base, MC_OK);
    assert_false(other->duplicate);
    assert_int_equal(harness_jobs(h, OTP_LANE_TRANSACTIONAL), 2);

    request.phone = text(BINH);
    harness_set_clock(h, HARNESS_T0 + 72 * HOUR_MS - 1);
    harness_tick(h);
    Otp__EnqueueSmsReply *late = harness_call(h, "EnqueueSms", &request.base, MC_OK);
    assert_true(late->duplicate);
    harness_set_clock(h, HARNESS_T0 + 72 * HOUR_MS);
    Otp__EnqueueSmsReply *again = harness_call(h, "EnqueueSms", &request.base, MC_OK);
    assert_false(again->duplicate);
    harness_tick(h);
    assert_int_equal(harness_rows(h, OTP_DEDUPE), 1);
}

/* D5 (rabbitmq-server#10937): a carrier that is typed wrong is not where texts are moved or paused.
 */
static void a_destination_typed_wrong_is_refused(void **state)
{
    static const struct {
        const char *destination;
        enum mc_status want;
    } cases[] = {{"vietel", MC_INVALID}, {"VIETTEL", MC_INVALID}, {"viettel", MC_OK}};
    struct harness *h = *state;

    (void)enqueue(h, OTP__LANE__BULK, BINH, "Xin chao", MC_OK);
    harness_as(h, &(struct mc_caller){.name = "operator:an", .who = MC_OPERATOR});
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        Motcua__PrepareActionRequest move = MOTCUA__PREPARE_ACTION_REQUEST__INIT;
        Motcua__PauseLaneRequest pause = MOTCUA__PAUSE_LANE_REQUEST__INIT;
        Motcua__JobFilter filter = MOTCUA__JOB_FILTER__INIT;

        filter.lane = pause.lane = text("bulk");
        filter.state = MOTCUA__JOB_STATE__QUEUED;
        move.kind = MOTCUA__ACTION_KIND__MOVE;
        move.filter = &filter;
        move.reason = pause.reason = text("nhà mạng bảo trì");
        move.destination = pause.destination = text(cases[i].destination);
        (void)harness_call(h, "PrepareAction", &move.base, cases[i].want);
        if (cases[i].want != MC_OK)
            assert_true(harness_violated(h, "destination", "DESTINATION_UNKNOWN"));
        (void)harness_call(h, "PauseLane", &pause.base, cases[i].want);
        if (cases[i].want != MC_OK)
            assert_true(harness_violated(h, "destination", "DESTINATION_UNKNOWN"));
    }
}

static void a_queue_survives_a_restart(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    (void)enqueue(h, OTP__LANE__BULK, THO, "Xin chao", MC_OK);
    Otp__SmsJob *job = lease_one(h, "sms:viettel");
    harness_reopen(h);
    assert_int_equal(status_of(h, 1)->state, HANDED_OVER);
    assert_int_equal(lease(h, "sms:vnpt", 5)->n_jobs, 1); /* the notice; the code is held */
    assert_true(ack(h, "sms:viettel", job)->ok);
    assert_true(verify(h, 1, code_in(job->text))->correct);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(a_lease_holds_what_a_gateway_needs),
        ROOM_TEST(status_follows_an_sms_through_its_life),
        ROOM_TEST(status_tells_a_failure_in_words),
        ROOM_TEST(a_code_leaves_only_while_it_is_of_use),
        ROOM_TEST(spent_jobs_do_not_use_up_the_credit),
        ROOM_TEST(codes_go_before_notices_and_bulk),
        ROOM_TEST(carriers_are_chosen_by_prefix),
        ROOM_TEST(two_gateways_never_hold_one_job),
        ROOM_TEST(one_stale_token_does_not_spoil_the_others),
        ROOM_TEST(a_late_ack_counts_while_nobody_else_has_the_job),
        ROOM_TEST(returned_jobs_back_off_and_die),
        ROOM_TEST(a_gateway_may_name_its_own_pause),
        ROOM_TEST(leases_that_never_report_end_in_a_dead_letter),
        ROOM_TEST(reports_only_move_a_state_on),
        ROOM_TEST(a_report_may_come_before_the_ack),
        ROOM_TEST(what_arrived_is_not_sent_again),
        ROOM_TEST(an_http_gateway_reports_by_its_signed_path),
        ROOM_TEST(lease_limits),
        ROOM_TEST(lists_of_tokens_have_a_limit),
        ROOM_TEST(a_full_lease_and_its_acks),
        ROOM_TEST(notices_are_checked),
        ROOM_TEST(many_notices_are_queued_in_one_call_or_none_is),
        ROOM_TEST(notices_lose_their_marks_and_have_a_longest_text),
        cmocka_unit_test(marks_may_be_kept),
        ROOM_TEST(a_repeated_lease_is_the_same_lease),
        ROOM_TEST(the_same_fact_is_told_once),
        ROOM_TEST(a_destination_typed_wrong_is_refused),
        ROOM_TEST(a_queue_survives_a_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
