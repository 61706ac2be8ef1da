/* Where a message is, told live: OTP-12, LOG-09, NOT-08; and what it cost. */
#include "otp_help.h"

enum { QUEUED = OTP__DELIVERY_STATE__QUEUED, SENT = OTP__DELIVERY_STATE__SENT };
enum { DELIVERED = OTP__DELIVERY_STATE__DELIVERED, UNKNOWN = OTP__DELIVERY_STATE__UNKNOWN };
enum { REPORT_WAIT_MS = 15 * 60 * 1000, HINT_MS = 20 * 1000 };

#define UNIT  "000.20.31.H53"
#define OTHER "000.21.31.H53"

static Otp__ReportDeliveryReply *report(struct harness *h, const char *reference, int to)
{
    Otp__ReportDeliveryRequest request = OTP__REPORT_DELIVERY_REQUEST__INIT;
    Otp__DeliveryReport one = OTP__DELIVERY_REPORT__INIT;
    Otp__DeliveryReport *list[] = {&one};

    one.reference = text(reference);
    one.state = (Otp__DeliveryState)to;
    request.reports = list;
    request.n_reports = 1;
    as_gateway(h, "sms:viettel");
    return harness_call(h, "ReportDelivery", &request.base, MC_OK);
}

static Otp__StatusReply *wait_for(struct harness *h, unsigned number, int seen, const char *tag,
                                  uint32_t wait_ms, enum mc_status want)
{
    Otp__StatusRequest request = OTP__STATUS_REQUEST__INIT;

    request.purpose = OTP__PURPOSE__REGISTER;
    request.subject = subject(number);
    request.seen_state = (Otp__DeliveryState)seen;
    request.seen_tag = text(tag);
    request.wait_ms = wait_ms;
    as_anyone(h);
    return harness_call(h, "Status", &request.base, want);
}

static void a_screen_waits_for_what_is_new(void **state)
{
    struct harness *h = *state;
    const char *tag = issue(h, 1, BINH, MC_OK)->tag;

    assert_int_equal(wait_for(h, 1, 0, "", 5000, MC_OK)->state, QUEUED); /* nothing shown yet */
    assert_int_equal(wait_for(h, 1, QUEUED, "", 5000, MC_OK)->state, QUEUED);
    (void)wait_for(h, 1, QUEUED, tag, 5000, MC_WAIT);
    (void)wait_for(h, 1, QUEUED, tag, 0, MC_OK);
    (void)wait_for(h, 1, QUEUED, tag, OTP_WAIT_MAX_MS, MC_WAIT);
    (void)wait_for(h, 1, QUEUED, tag, OTP_WAIT_MAX_MS + 1, MC_INVALID);
    assert_true(harness_violated(h, "wait_ms", "FIELD_INVALID"));
    Otp__SmsJob *job = lease(h, "sms:viettel", 1)->jobs[0];
    assert_int_equal(wait_for(h, 1, QUEUED, tag, 5000, MC_OK)->state,
                     OTP__DELIVERY_STATE__HANDED_OVER);
    assert_true(ack(h, "sms:viettel", job)->ok);
    (void)wait_for(h, 1, SENT, tag, 5000, MC_WAIT);
    harness_advance(h, MINUTE_MS);
    Otp__IssueReply *again = resend(h, 1, MC_OK); /* another code: its tag is to be shown */
    Otp__StatusReply *reply = wait_for(h, 1, QUEUED, tag, 5000, MC_OK);
    assert_string_equal(reply->tag, again->tag);
}

static void hints_are_the_portals_own_words(void **state)
{
    struct harness *h = *state;

    (void)issue(h, 1, BINH, MC_OK);
    harness_advance(h, HINT_MS - 1);
    Otp__StatusReply *reply = status_of(h, 1);
    assert_int_equal(reply->n_hints, 0);
    assert_string_equal(reply->state_text, "Tin nhắn đang chờ gửi.");
    harness_advance(h, 1);
    reply = status_of(h, 1);
    assert_int_equal(reply->n_hints, 2);
    assert_string_equal(reply->hints[0], "Số điện thoại nhập không đúng");
    assert_string_equal(reply->hints[1],
                        "Lỗi mạng, thiết bị. Cán bộ có thể gửi lại mã OTP. Nếu sau nhiều lần gửi "
                        "lại mã OTP vẫn không nhận được, đề nghị công dân khởi động lại điện "
                        "thoại.");
    Otp__SmsJob *job = lease(h, "sms:viettel", 1)->jobs[0];
    assert_int_equal(status_of(h, 1)->n_hints, 2);
    assert_true(ack(h, "sms:viettel", job)->ok);
    assert_int_equal(status_of(h, 1)->n_hints, 2);
    assert_int_equal(report(h, job->reference, DELIVERED)->applied, 1);
    assert_int_equal(status_of(h, 1)->n_hints, 0);

    (void)issue(h, 2, THO, MC_OK);
    assert_true(nack(h, "sms:viettel", lease(h, "sms:viettel", 1)->jobs[0], true, 0)->ok);
    assert_int_equal(status_of(h, 2)->n_hints, 2); /* at once: there is nothing to wait for */
}

/* Lost: nothing is heard. Late: it is heard after that. Double and unknown: harmless. */
static void a_report_may_be_lost_and_late(void **state)
{
    struct harness *h = *state;
    (void)issue(h, 1, BINH, MC_OK);
    Otp__SmsJob *job = lease(h, "sms:viettel", 1)->jobs[0];
    assert_true(ack(h, "sms:viettel", job)->ok);
    harness_advance(h, REPORT_WAIT_MS - 1);
    assert_int_equal(status_of(h, 1)->state, SENT);
    harness_advance(h, 1);
    Otp__StatusReply *reply = status_of(h, 1);
    assert_int_equal(reply->state, UNKNOWN);
    assert_int_equal(reply->n_hints, 2);
    assert_non_null(strstr(reply->reason, "khởi động lại điện thoại"));
    assert_string_equal(reply->state_text, "Nhà mạng đã nhận tin nhắn nhưng chưa báo kết quả.");
    harness_reopen(h);
    assert_int_equal(report(h, job->reference, DELIVERED)->applied, 1);
    assert_int_equal(status_of(h, 1)->state, DELIVERED);
    assert_int_equal(report(h, job->reference, DELIVERED)->ignored, 1);
    assert_int_equal(report(h, "0000000000000777", DELIVERED)->ignored, 1);
    assert_int_equal(harness_events(h, "otp.sms_delivered"), 1);
}

static uint64_t enqueue_for(struct harness *h, const char *unit_code, const char *template,
                            enum mc_status want)
{
    Otp__EnqueueSmsRequest request = OTP__ENQUEUE_SMS_REQUEST__INIT;

    request.lane = OTP__LANE__TRANSACTIONAL;
    request.phone = text(BINH);
    request.text = text("Tai khoan Cong DVCQG da duoc tao.");
    request.unit_code = text(unit_code);
    request.template_ = text(template);
    as_room(h);
    Otp__EnqueueSmsReply *reply = harness_call(h, "EnqueueSms", &request.base, want);
    return reply != NULL ? reply->job_id : 0;
}

static void as_officer(struct harness *h, const char *unit)
{
    harness_as(h, &(struct mc_caller){
                      .name = "portal:x", .who = MC_OFFICER, .account_id = "1", .unit = unit});
}

static Otp__SmsStatusReply *sms_status(struct harness *h, uint64_t job_id, enum mc_status want)
{
    Otp__SmsStatusRequest request = OTP__SMS_STATUS_REQUEST__INIT;

    request.job_id = job_id;
    return harness_call(h, "SmsStatus", &request.base, want);
}

/* LOG-09: the password that was sent by SMS is late; the officer sees where it is. */
static void an_officer_sees_the_own_units_messages(void **state)
{
    struct harness *h = *state;
    uint64_t id = enqueue_for(h, UNIT, "ACCOUNT_PASSWORD", MC_OK);
    uint64_t nobodys = enqueue_for(h, "", "", MC_OK);

    harness_advance(h, HINT_MS);
    as_officer(h, UNIT);
    Otp__SmsStatusReply *reply = sms_status(h, id, MC_OK);
    assert_int_equal(reply->state, QUEUED);
    assert_string_equal(reply->phone_masked, "091****101");
    assert_int_equal(reply->n_hints, 2);
    assert_string_equal(reply->hints[1], "Tin nhắn đến chậm do lỗi mạng hoặc thiết bị.");
    (void)sms_status(h, nobodys, MC_NOT_FOUND);
    (void)sms_status(h, 12345, MC_NOT_FOUND);
    as_officer(h, OTHER);
    (void)sms_status(h, id, MC_NOT_FOUND);
    as_officer(h, NULL);
    (void)sms_status(h, id, MC_DENIED);
    as_anyone(h);
    (void)sms_status(h, id, MC_UNAUTHENTICATED);

    Otp__SmsJob *job = lease(h, "sms:viettel", 1)->jobs[0];
    assert_string_equal(job->template_, "ACCOUNT_PASSWORD");
    assert_string_equal(job->sender, "DVCQG");
    assert_true(ack(h, "sms:viettel", job)->ok);
    as_officer(h, UNIT);
    reply = sms_status(h, id, MC_OK);
    assert_int_equal(reply->state, SENT);
    assert_string_equal(reply->gateway, "sms:viettel");
    assert_int_equal(reply->changed_at_ms, harness_now(h));
    as_officer(h, OTHER);
    (void)sms_status(h, id, MC_NOT_FOUND);
    as_room(h);
    assert_int_equal(sms_status(h, id, MC_OK)->state, SENT);
    harness_advance(h, REPORT_WAIT_MS);
    assert_int_equal(sms_status(h, id, MC_OK)->state, UNKNOWN);
}

static void templates_and_brandnames_have_a_form(void **state)
{
    static const char *const good[] = {"DVCQG", "A", "TTHC-HCM 1", "abcdefghijk", "V.N_&-"};
    static const char *const bad[] = {"",       "abcdefghijkl", "123",  " DVCQG",
                                      "DVCQG ", "Cổng DV",      "a\tb", "a/b"};
    struct harness *h = *state;
    char name[OTP_TEMPLATE_NAME_MAX + 2];

    for (size_t i = 0; i < MC_LEN(good); i++)
        assert_true(otp_brandname_is_valid(good[i]));
    for (size_t i = 0; i < MC_LEN(bad); i++)
        assert_false(otp_brandname_is_valid(bad[i]));
    memset(name, 'T', sizeof name);
    name[OTP_TEMPLATE_NAME_MAX] = '\0';
    (void)enqueue_for(h, "", name, MC_OK);
    name[OTP_TEMPLATE_NAME_MAX] = 'T';
    name[OTP_TEMPLATE_NAME_MAX + 1] = '\0';
    (void)enqueue_for(h, "", name, MC_INVALID);
    assert_true(harness_violated(h, "template", "FIELD_TOO_LONG"));
    (void)enqueue_for(h, "", "Dossier", MC_INVALID);
    assert_true(harness_violated(h, "template", "FIELD_INVALID"));
    (void)issue(h, 1, BINH, MC_OK);
    Otp__SmsJob *job = lease(h, "sms:viettel", 1)->jobs[0];
    assert_string_equal(job->template_, "OTP_REGISTER");
}

static Otp__SmsCostsReply *costs(struct harness *h, const char *month, const char *after,
                                 uint32_t limit, enum mc_status want)
{
    Otp__SmsCostsRequest request = OTP__SMS_COSTS_REQUEST__INIT;

    request.month = text(month);
    request.after = text(after);
    request.limit = limit;
    harness_as(h, &(struct mc_caller){.name = "operator:hoa", .who = MC_OPERATOR});
    return harness_call(h, "SmsCosts", &request.base, want);
}

/* In one call, whatever units they are for. */
static void take_all(struct harness *h)
{
    Otp__LeaseJobsReply *reply = lease(h, "sms:viettel", 50);
    Otp__AckJobsRequest request = OTP__ACK_JOBS_REQUEST__INIT;
    Otp__Ack acks[50];
    Otp__Ack *list[50];

    for (size_t i = 0; i < reply->n_jobs; i++) {
        otp__ack__init(&acks[i]);
        acks[i].token = reply->jobs[i]->token;
        list[i] = &acks[i];
    }
    request.acks = list;
    request.n_acks = reply->n_jobs;
    Otp__JobResults *results = harness_call(h, "AckJobs", &request.base, MC_OK);
    for (size_t i = 0; i < results->n_results; i++)
        assert_true(results->results[i]->ok);
}

static void costs_are_of_a_unit_and_a_month(void **state)
{
    struct harness *h = *state;
    Otp__IssueRequest request = issue_request(1, BINH);
    char words[2 * MC_GSM7_PART + 1];
    Otp__EnqueueSmsRequest notice = OTP__ENQUEUE_SMS_REQUEST__INIT;

    request.unit_code = text(UNIT);
    as_room(h);
    (void)harness_call(h, "Issue", &request.base, MC_OK);
    memset(words, 'a', sizeof words - 1);
    words[sizeof words - 1] = '\0';
    notice.lane = OTP__LANE__BULK;
    notice.phone = text(THO);
    notice.text = words;
    notice.unit_code = text(UNIT);
    (void)harness_call(h, "EnqueueSms", &notice.base, MC_OK);
    (void)enqueue_for(h, OTHER, "", MC_OK);
    (void)issue(h, 2, THO, MC_OK);                            /* of no unit */
    assert_int_equal(costs(h, "", "", 0, MC_OK)->n_units, 0); /* nobody took them yet */
    take_all(h);

    Otp__SmsCostsReply *reply = costs(h, "2026-09", "", 0, MC_OK);
    assert_string_equal(reply->month, "2026-09");
    assert_int_equal(reply->n_units, 3);
    assert_string_equal(reply->units[0]->unit_code, "");
    assert_int_equal(reply->units[0]->parts, 1);
    assert_string_equal(reply->units[1]->unit_code, UNIT);
    assert_int_equal(reply->units[1]->messages, 2);
    assert_int_equal(reply->units[1]->parts, 3);
    assert_int_equal(reply->units[1]->code_messages, 1);
    assert_int_equal(reply->units[1]->code_parts, 1);
    assert_string_equal(reply->units[2]->unit_code, OTHER);
    reply = costs(h, "", UNIT, 1, MC_OK); /* a page */
    assert_int_equal(reply->n_units, 1);
    assert_string_equal(reply->units[0]->unit_code, OTHER);
    assert_int_equal(costs(h, "", OTHER, 1, MC_OK)->n_units, 0);

    /* The month ends at midnight in Hà Nội. */
    const int64_t october_ms = 1790787600000LL;
    harness_set_clock(h, october_ms - 1);
    (void)enqueue_for(h, OTHER, "", MC_OK);
    take_all(h);
    harness_set_clock(h, october_ms);
    (void)enqueue_for(h, OTHER, "", MC_OK);
    take_all(h);
    assert_int_equal(costs(h, "2026-09", UNIT, 1, MC_OK)->units[0]->messages, 2);
    reply = costs(h, "", "", 0, MC_OK);
    assert_string_equal(reply->month, "2026-10");
    assert_int_equal(reply->n_units, 1);
    assert_int_equal(reply->units[0]->messages, 1);
}

static void what_arrived_without_an_ack_has_its_cost(void **state)
{
    struct harness *h = *state;

    (void)enqueue_for(h, UNIT, "", MC_OK);
    Otp__SmsJob *job = lease(h, "sms:viettel", 1)->jobs[0];
    assert_true(nack(h, "sms:viettel", job, false, 0)->ok);
    assert_int_equal(report(h, job->reference, DELIVERED)->applied, 1);
    assert_int_equal(costs(h, "", "", 0, MC_OK)->units[0]->messages, 1);
}

static void costs_are_checked(void **state)
{
    static const char *const bad[] = {"2026-9", "2026-13",  "2026-00", "2026/09",
                                      "202609", "2026-091", "x026-09", "2026-0a"};
    struct harness *h = *state;

    for (size_t i = 0; i < MC_LEN(bad); i++) {
        (void)costs(h, bad[i], "", 0, MC_INVALID);
        assert_true(harness_violated(h, "month", "FIELD_INVALID"));
    }
    (void)costs(h, "2026-12", "", OTP_COSTS_MAX, MC_OK);
    (void)costs(h, "", "", OTP_COSTS_MAX + 1, MC_INVALID);
    assert_true(harness_violated(h, "limit", "FIELD_INVALID"));
    Otp__SmsCostsRequest request = OTP__SMS_COSTS_REQUEST__INIT;
    as_gateway(h, "sms:viettel");
    (void)harness_call(h, "SmsCosts", &request.base, MC_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(a_screen_waits_for_what_is_new),
        ROOM_TEST(hints_are_the_portals_own_words),
        ROOM_TEST(a_report_may_be_lost_and_late),
        ROOM_TEST(an_officer_sees_the_own_units_messages),
        ROOM_TEST(templates_and_brandnames_have_a_form),
        ROOM_TEST(costs_are_of_a_unit_and_a_month),
        ROOM_TEST(what_arrived_without_an_ack_has_its_cost),
        ROOM_TEST(costs_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
