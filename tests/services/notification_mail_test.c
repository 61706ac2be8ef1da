/* E-mails: who gets one, what the relay's word makes of it, and that each fact is mailed once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"
#include "services/notification/mail.h"

#define CODE    "YCHT-260907-0001"
#define TO      "mot-cua@tayninh.example.vn"
#define HOUR_MS 3600000LL

static char *text(const char *literal)
{
    return mc_unconst(literal);
}

static const char *const with_relay[] = {"notification.relay=smtps://relay.example:465",
                                         "notification.mail_from=khong-tra-loi@dvc.example.vn",
                                         NULL};

static int open_room(void **state)
{
    *state = harness_open(&notification_room, with_relay);
    return 0;
}

static int open_without(void **state)
{
    *state = harness_open(&notification_room, NULL);
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

#define ROOM_TEST(test)          cmocka_unit_test_setup_teardown(test, open_room, close_room)
#define WITHOUT_RELAY_TEST(test) cmocka_unit_test_setup_teardown(test, open_without, close_room)

static void wanted_of(struct harness *h, const char *to, const char *title, const char *dedupe)
{
    Support__MailWanted body = SUPPORT__MAIL_WANTED__INIT;

    body.template_ = text("SUPPORT_REQUEST_MOVED");
    body.email = text(to);
    body.code = text(CODE);
    body.title = text(title);
    body.state_name = text("Đã xử lý xong");
    body.text = text("Đã cấu hình");
    body.time = text("07/09/2026 09:20:00");
    body.dedupe = text(dedupe);
    harness_event(h, "support", "support.mail_wanted", &body.base,
                  (const char *const[]){"support:" CODE, NULL});
}

static void wanted(struct harness *h)
{
    wanted_of(h, TO, "Cấu hình URL", CODE "/4");
}

static const Notification__MailTold *told(struct harness *h, const char *type)
{
    const Motcua__Event *event = NULL;
    const Notification__MailTold *body =
        harness_last_event(h, type, &notification__mail_told__descriptor, &event);

    assert_string_equal(event->keys[0], "support:" CODE);
    assert_memory_equal(event->keys[1], "mail:", 5);
    assert_null(strstr(event->keys[1], "@"));
    return body;
}

static struct harness_exchange due(struct harness *h)
{
    struct harness_exchange exchange;

    assert_true(harness_effect(h, "mail", &exchange));
    assert_non_null(exchange.http.mail);
    return exchange;
}

static void is_away(struct harness *h, const struct harness_exchange *exchange,
                    enum mc_http_outcome outcome)
{
    harness_result(h, exchange, &(struct mc_result){.outcome = outcome, .code = "NO_ANSWER"});
}

/* The line of a message that begins so, in the call's memory. */
static const char *line(const struct mc_http_request *request, const char *begin)
{
    static char found[200];
    const char *at = memmem(request->body.data, request->body.len, begin, strlen(begin));

    assert_non_null(at);
    (void)snprintf(found, sizeof found, "%.*s", (int)strcspn(at, "\r"), at);
    return found;
}

/* NOT-07: each outcome is mailed to «Email phản hồi». */
static void an_outcome_is_mailed(void **state)
{
    struct harness *h = *state;

    wanted(h);
    struct harness_exchange exchange = due(h);
    assert_string_equal(exchange.http.url, "smtps://relay.example:465");
    assert_string_equal(exchange.http.mail->to, TO);
    assert_string_equal(exchange.http.mail->from, "khong-tra-loi@dvc.example.vn");
    assert_false(exchange.http.mail->plain);
    assert_non_null(strstr(line(&exchange.http, "Subject: "), "=?UTF-8?"));
    harness_answer(h, &exchange, 250, "");
    assert_int_equal(told(h, "notification.mail_sent")->state, NOTIFICATION__MAIL_STATE__MAIL_SENT);
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_MAIL), 0);
    assert_int_equal(harness_rows(h, NOTIFICATION_MAILS), 1);
}

/* The same outcome told again is one mail; the next one is another. */
static void an_outcome_is_mailed_once(void **state)
{
    struct harness *h = *state;

    wanted(h);
    wanted(h);
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_MAIL), 1);
    wanted_of(h, TO, "Cấu hình URL", CODE "/5");
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_MAIL), 2);
}

/* Greylisting, a relay that is away, one that does not let us in: the same mail again. */
static void what_may_pass_later_is_tried_again(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    char id[200];

    wanted(h);
    exchange = due(h);
    (void)snprintf(id, sizeof id, "%s", line(&exchange.http, "Message-ID: "));
    harness_answer(h, &exchange, 451, "");
    assert_false(harness_effect(h, "mail", &exchange)); /* not at once */
    harness_advance(h, HOUR_MS);
    exchange = due(h);
    is_away(h, &exchange, MC_HTTP_NOT_SENT);
    harness_advance(h, HOUR_MS);
    exchange = due(h);
    harness_answer(h, &exchange, 530, ""); /* RFC 4954: authentication required */
    harness_advance(h, HOUR_MS);
    exchange = due(h);
    is_away(h, &exchange, MC_HTTP_UNKNOWN); /* it may have the mail: at least once */
    harness_advance(h, HOUR_MS);
    exchange = due(h);
    assert_string_equal(line(&exchange.http, "Message-ID: "), id);
    assert_int_equal(harness_events(h, "notification.mail_failed"), 0);
    harness_answer(h, &exchange, 250, "");
    assert_int_equal(harness_events(h, "notification.mail_sent"), 1);
}

static void what_is_refused_has_failed(void **state)
{
    struct harness *h = *state;

    wanted(h);
    struct harness_exchange exchange = due(h);
    harness_answer(h, &exchange, 550, "");
    const Notification__MailTold *body = told(h, "notification.mail_failed");
    assert_int_equal(body->state, NOTIFICATION__MAIL_STATE__MAIL_FAILED);
    assert_string_equal(body->reason, "SMTP_550");
    assert_int_equal(harness_dead(h, NOTIFICATION_LANE_MAIL), 1);
}

/* The life of a mail begins with the fact: at its end, and one millisecond before. */
static void what_is_old_is_not_mailed(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    wanted(h);
    harness_advance(h, 72 * HOUR_MS - 1);
    exchange = due(h);
    harness_answer(h, &exchange, 451, "");
    harness_advance(h, HOUR_MS);
    assert_false(harness_effect(h, "mail", &exchange));
    const Notification__MailTold *body = told(h, "notification.mail_failed");
    assert_int_equal(body->state, NOTIFICATION__MAIL_STATE__MAIL_EXPIRED);
    assert_string_equal(body->reason, "SMTP_451");
}

/* A title with a line break adds no header; an address that is none is not handed on. */
static void nobody_adds_a_header(void **state)
{
    struct harness *h = *state;

    wanted_of(h, TO, "x\r\nBcc: y@example.vn", "1");
    struct harness_exchange exchange = due(h);
    assert_null(memmem(exchange.http.body.data, exchange.http.body.len, "\r\nBcc:", 6));
    harness_answer(h, &exchange, 250, "");
    wanted_of(h, "a@example.vn\r\nBcc: b@example.vn", "x", "2");
    assert_int_equal(told(h, "notification.mail_failed")->state,
                     NOTIFICATION__MAIL_STATE__MAIL_REFUSED);
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_MAIL), 0);
}

static void kept_so_long(void **state)
{
    struct harness *h = *state;

    wanted(h);
    struct harness_exchange exchange = due(h);
    harness_answer(h, &exchange, 250, "");
    harness_advance(h, 400 * (24 * HOUR_MS) - 1);
    harness_tick(h);
    assert_int_equal(harness_rows(h, NOTIFICATION_MAILS), 1);
    harness_advance(h, 1);
    harness_tick(h);
    assert_int_equal(harness_rows(h, NOTIFICATION_MAILS), 0);
    assert_int_equal(harness_rows(h, NOTIFICATION_MAIL_DEDUPES), 0);
}

static void without_a_relay_it_says_so(void **state)
{
    struct harness *h = *state;

    wanted(h);
    assert_int_equal(told(h, "notification.mail_failed")->state,
                     NOTIFICATION__MAIL_STATE__MAIL_NO_RELAY);
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_MAIL), 0);
}

/* --- an alert's addresses (NOT-02, NOT-08) --- */

static const Notification__AlertMessage *alert_mail(struct harness *h)
{
    Notification__ListAlertsRequest request = NOTIFICATION__LIST_ALERTS_REQUEST__INIT;

    const Notification__ListAlertsReply *reply =
        harness_call(h, "ListAlerts", &request.base, MC_OK);
    assert_int_equal(reply->n_alerts, 1);
    assert_true(reply->alerts[0]->messages[1]->email);
    return reply->alerts[0]->messages[1];
}

static void an_alert_is_mailed(void **state)
{
    struct harness *h = *state;
    Notification__SaveAlertSubscriptionRequest request =
        NOTIFICATION__SAVE_ALERT_SUBSCRIPTION_REQUEST__INIT;
    Partner__ContractChanged body = PARTNER__CONTRACT_CHANGED__INIT;
    static const char *const rights[] = {"ERROR_ALERT_SUBSCRIBE"};
    uint8_t id[MC_ID_LEN] = {1};

    harness_as(h, &(struct mc_caller){.name = "portal:test",
                                      .who = MC_OFFICER,
                                      .account_id = "0190a07b-0000-7000-8000-0000000000a1",
                                      .unit = "000.00.00.H53",
                                      .rights = rights,
                                      .rights_len = 1,
                                      .ial = 2});
    request.unit = text("000.00.00.H53");
    request.service_type = text("connection");
    request.phones = (char *[]){text("0912000101")};
    request.n_phones = 1;
    request.emails = (char *[]){text(TO)};
    request.n_emails = 1;
    request.following = true;
    (void)harness_call(h, "SaveAlertSubscription", &request.base, MC_OK);
    body.contract_id = (ProtobufCBinaryData){sizeof id, id};
    body.name = text("API session Tây Ninh");
    body.api_type = text("session");
    body.unit = text("000.00.00.H53");
    body.dstcode = text("H53");
    body.reason = text("HTTP 503");
    harness_event(h, "partner", "partner.contract_broken", &body.base,
                  (const char *const[]){"unit:000.00.00.H53", NULL});
    assert_int_equal(alert_mail(h)->state, NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_SENDING);
    struct harness_exchange exchange = due(h);
    assert_string_equal(exchange.http.mail->to, TO);
    harness_answer(h, &exchange, 550, "");
    assert_int_equal(alert_mail(h)->state, NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_FAILED);
    assert_string_equal(alert_mail(h)->reason, "SMTP_550");
}

/* --- asked for by another room --- */

static void asks(Notification__NotifyRequest *request, Notification__NotifyValue values[5],
                 Notification__NotifyValue *list[5], char **emails, size_t n)
{
    static const char *const names[] = {"code", "title", "time"};

    notification__notify_request__init(request);
    for (size_t i = 0; i < MC_LEN(names); i++) {
        notification__notify_value__init(&values[i]);
        values[i].name = text(names[i]);
        values[i].value = text("X");
        list[i] = &values[i];
    }
    request->template_ = text("SUPPORT_REQUEST_SENT");
    request->values = list;
    request->n_values = MC_LEN(names);
    request->dedupe = text("fact 1");
    request->emails = emails;
    request->n_emails = n;
}

static void a_room_has_it_mailed_once(void **state)
{
    static const struct mc_caller room = {.name = "room:partner", .who = MC_ROOM};
    struct harness *h = *state;
    Notification__NotifyRequest request;
    Notification__NotifyValue values[5];
    Notification__NotifyValue *list[5];
    char *emails[] = {text(TO), text("b@example.vn")};

    harness_as(h, &room);
    asks(&request, values, list, emails, 1);
    (void)harness_call(h, "Notify", &request.base, MC_OK);
    struct harness_exchange exchange = due(h);
    harness_answer(h, &exchange, 250, "");
    request.n_emails = 2;
    const Notification__NotifyReply *reply = harness_call(h, "Notify", &request.base, MC_OK);
    assert_int_equal(reply->n_mails, 2);
    assert_int_equal(reply->mails[0], NOTIFICATION__MAIL_STATE__MAIL_SENT);
    assert_int_equal(reply->mails[1], NOTIFICATION__MAIL_STATE__MAIL_WAITING);
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_MAIL), 1);
    request.dedupe = text("fact 2");
    request.expires_at_ms = harness_now(h);
    reply = harness_call(h, "Notify", &request.base, MC_OK);
    assert_int_equal(reply->mails[0], NOTIFICATION__MAIL_STATE__MAIL_EXPIRED);
}

static void every_field_that_is_wrong_is_named(void **state)
{
    static const struct mc_caller room = {.name = "room:partner", .who = MC_ROOM};
    struct harness *h = *state;
    Notification__NotifyRequest request;
    Notification__NotifyValue values[5];
    Notification__NotifyValue *list[5];
    char *emails[NOTIFY_EMAILS_MAX + 1];

    for (size_t i = 0; i < MC_LEN(emails); i++)
        emails[i] = text(TO);
    harness_as(h, &room);
    asks(&request, values, list, emails, NOTIFY_EMAILS_MAX);
    (void)harness_call(h, "Notify", &request.base, MC_OK);
    request.n_emails++;
    request.n_values--; /* {time} */
    request.dedupe = text("");
    emails[1] = text("none");
    (void)harness_call(h, "Notify", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "emails", "FIELD_TOO_LONG"));
    assert_true(harness_violated(h, "emails[1]", "EMAIL_FORMAT"));
    assert_true(harness_violated(h, "values", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "dedupe", "FIELD_REQUIRED"));
    request.n_emails = 0;
    request.template_ = text("NONE");
    (void)harness_call(h, "Notify", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "emails", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "template", "TEMPLATE_UNKNOWN"));
    assert_non_null(strstr(harness_header(h)->violations[0]->message, "“NONE”"));
    request.template_ = text("");
    (void)harness_call(h, "Notify", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "template", "FIELD_REQUIRED"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(an_outcome_is_mailed),
        ROOM_TEST(an_outcome_is_mailed_once),
        ROOM_TEST(what_may_pass_later_is_tried_again),
        ROOM_TEST(what_is_refused_has_failed),
        ROOM_TEST(what_is_old_is_not_mailed),
        ROOM_TEST(nobody_adds_a_header),
        ROOM_TEST(kept_so_long),
        WITHOUT_RELAY_TEST(without_a_relay_it_says_so),
        ROOM_TEST(an_alert_is_mailed),
        ROOM_TEST(a_room_has_it_mailed_once),
        ROOM_TEST(every_field_that_is_wrong_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
