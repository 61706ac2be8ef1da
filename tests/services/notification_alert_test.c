/* Failure alerts: who may subscribe whom, what is told when, and that every alert ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../harness.h"
#include "services/notification/alert.h"

#define TAY_NINH  "000.00.00.H53"
#define BEN_CAU   "000.20.31.H53"
#define LONG_AN   "000.00.00.H36"
#define LAN       "0190a07b-0000-7000-8000-0000000000a1"
#define MINUTE_MS 60000LL
#define HOUR_MS   (60 * MINUTE_MS)
#define CONNECT   "connection"

static const char *const rights[] = {ALERT_RIGHT, ALERT_RIGHT_NATIONAL};

static char *text(const char *literal)
{
    return mc_unconst(literal);
}

static void as_officer(struct harness *h, const char *unit, size_t rights_len)
{
    harness_as(h, &(struct mc_caller){.name = "portal:test",
                                      .who = MC_OFFICER,
                                      .account_id = LAN,
                                      .unit = unit,
                                      .rights = rights,
                                      .rights_len = rights_len,
                                      .ial = 2});
}

static int open_room(void **state)
{
    *state = harness_open(&notification_room, NULL);
    as_officer(*state, TAY_NINH, 1);
    return 0;
}

static int open_narrow(void **state)
{
    static const char *const settings[] = {"notification.alerts_per_subscription=2",
                                           "notification.alerts_per_phone=3", NULL};

    *state = harness_open(&notification_room, settings);
    as_officer(*state, TAY_NINH, 1);
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

#define ROOM_TEST(test)   cmocka_unit_test_setup_teardown(test, open_room, close_room)
#define NARROW_TEST(test) cmocka_unit_test_setup_teardown(test, open_narrow, close_room)

struct form {
    char *phones[ALERT_PHONES_MAX + 1];
    char *emails[ALERT_EMAILS_MAX + 1];
    Notification__SaveAlertSubscriptionRequest request;
};

static Notification__SaveAlertSubscriptionRequest *fill(struct form *form, const char *unit,
                                                        const char *service)
{
    notification__save_alert_subscription_request__init(&form->request);
    form->phones[0] = text("0912000101");
    form->emails[0] = text("canhbao@tayninh.example.vn");
    form->request.unit = text(unit);
    form->request.service_type = text(service);
    form->request.phones = form->phones;
    form->request.n_phones = 1;
    form->request.emails = form->emails;
    form->request.n_emails = 1;
    form->request.following = true;
    return &form->request;
}

static Notification__AlertSubscription *save(struct harness *h, const struct form *form,
                                             enum mc_status want)
{
    return harness_call(h, "SaveAlertSubscription", &form->request.base, want);
}

static Notification__AlertSubscription *subscribe(struct harness *h, const char *unit,
                                                  const char *service)
{
    struct form form;

    (void)fill(&form, unit, service);
    return save(h, &form, MC_OK);
}

static void edit(struct form *form, const Notification__AlertSubscription *seen)
{
    form->request.subscription_id = seen->subscription_id;
    form->request.version = seen->version;
}

static Notification__AlertSubscription *set_follow(struct harness *h, ProtobufCBinaryData id,
                                                   bool following)
{
    Notification__SetFollowRequest request = NOTIFICATION__SET_FOLLOW_REQUEST__INIT;

    request.subscription_id = id;
    request.following = following;
    return harness_call(h, "SetFollow", &request.base, MC_OK);
}

static const Notification__ListAlertsReply *alerts(struct harness *h)
{
    Notification__ListAlertsRequest request = NOTIFICATION__LIST_ALERTS_REQUEST__INIT;

    request.page_size = NOTIFICATION_PAGE_MAX;
    return harness_call(h, "ListAlerts", &request.base, MC_OK);
}

/* --- made-up events --- */

static void contract(struct harness *h, const char *type, const char *unit, const char *dstcode,
                     uint8_t which)
{
    Partner__ContractChanged body = PARTNER__CONTRACT_CHANGED__INIT;
    uint8_t id[MC_ID_LEN] = {which};

    body.contract_id = (ProtobufCBinaryData){sizeof id, id};
    body.name = text("API session Tây Ninh");
    body.api_type = text("session");
    body.unit = text(unit);
    body.dstcode = text(dstcode);
    body.reason = text("HTTP 503");
    harness_event(h, "partner", type, &body.base, (const char *const[]){"unit:" TAY_NINH, NULL});
}

static void breaks(struct harness *h, uint8_t which)
{
    contract(h, "partner.contract_broken", TAY_NINH, "H53", which);
}

static void mends(struct harness *h, uint8_t which)
{
    contract(h, "partner.contract_mended", TAY_NINH, "H53", which);
}

/* --- who is told: subscriptions --- */

/* NOT-06: the sample's phone has eleven digits; every wrong field is named, with its place. */
static void wrong_fields_are_named(void **state)
{
    struct harness *h = *state;
    struct form form;

    (void)fill(&form, TAY_NINH, "land_payment");
    form.phones[0] = text("09452568242");
    form.phones[1] = text("02763822123");
    form.phones[2] = text("01620001012");
    form.phones[3] = text("0912000101");
    form.phones[4] = text("+84912000101");
    form.request.n_phones = 5;
    form.emails[0] = text("khong-phai-email");
    form.request.service_type = text("eaten");
    form.request.unit = text("");
    (void)save(h, &form, MC_INVALID);
    assert_true(harness_violated(h, "phones[0]", "PHONE_FORMAT"));
    assert_true(harness_violated(h, "phones[1]", "PHONE_FIXED_LINE"));
    assert_true(harness_violated(h, "phones[2]", "PHONE_PREFIX_RETIRED"));
    assert_true(harness_violated(h, "phones[4]", "ALERT_ADDRESS_TWICE"));
    assert_true(harness_violated(h, "emails[0]", "EMAIL_FORMAT"));
    assert_true(harness_violated(h, "service_type", "FIELD_INVALID"));
    assert_true(harness_violated(h, "unit", "FIELD_REQUIRED"));
    assert_int_equal(harness_rows(h, NOTIFICATION_SUBSCRIPTIONS), 0);

    form.request.n_phones = form.request.n_emails = 0;
    (void)save(h, &form, MC_INVALID);
    assert_true(harness_violated(h, "phones", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "emails", "FIELD_REQUIRED"));
}

static void ten_of_each_and_no_more(void **state)
{
    struct harness *h = *state;
    struct form form;
    char phones[ALERT_PHONES_MAX + 1][16];
    char emails[ALERT_EMAILS_MAX + 1][32];

    (void)fill(&form, TAY_NINH, "land_payment");
    for (int i = 0; i <= ALERT_PHONES_MAX; i++) {
        (void)snprintf(phones[i], sizeof phones[i], "09120001%02d", i);
        (void)snprintf(emails[i], sizeof emails[i], "can.bo%d@tayninh.example.vn", i);
        form.phones[i] = phones[i];
        form.emails[i] = emails[i];
    }
    form.request.n_phones = form.request.n_emails = ALERT_PHONES_MAX + 1;
    (void)save(h, &form, MC_INVALID);
    assert_true(harness_violated(h, "phones", "FIELD_TOO_LONG"));
    assert_true(harness_violated(h, "emails", "FIELD_TOO_LONG"));
    form.request.n_phones = form.request.n_emails = ALERT_PHONES_MAX;
    const Notification__AlertSubscription *saved = save(h, &form, MC_OK);
    assert_int_equal(saved->n_phones, ALERT_PHONES_MAX);
    assert_string_equal(saved->phones[9], "0912000109");
}

/* NOT-04: an officer with the right, within the own tree; the house's own: nationally. */
static void only_within_the_own_tree(void **state)
{
    struct harness *h = *state;
    struct form form;

    (void)subscribe(h, BEN_CAU, "receipt");
    (void)fill(&form, LONG_AN, "receipt");
    (void)save(h, &form, MC_DENIED);
    assert_true(harness_violated(h, "unit", "RIGHT_MISSING"));
    (void)fill(&form, TAY_NINH, "queues");
    (void)save(h, &form, MC_DENIED);
    assert_true(harness_violated(h, "service_type", "RIGHT_MISSING"));
    as_officer(h, TAY_NINH, 2);
    (void)save(h, &form, MC_OK);
    as_officer(h, BEN_CAU, 1);
    (void)fill(&form, TAY_NINH, "receipt");
    (void)save(h, &form, MC_DENIED);
    as_officer(h, TAY_NINH, 0);
    (void)save(h, &form, MC_DENIED); /* without the right */
}

/* One of a unit and a type of service; changes need the version that was seen. */
static void changes_are_kept(void **state)
{
    struct harness *h = *state;
    struct form form;
    Notification__DeleteAlertSubscriptionRequest drop =
        NOTIFICATION__DELETE_ALERT_SUBSCRIPTION_REQUEST__INIT;

    const Notification__AlertSubscription *first = subscribe(h, TAY_NINH, "receipt");
    (void)fill(&form, TAY_NINH, "receipt");
    (void)save(h, &form, MC_CONFLICT);
    assert_true(harness_violated(h, "service_type", "ALERT_SUBSCRIPTION_EXISTS"));
    edit(&form, first);
    form.phones[1] = text("0912000102");
    form.request.n_phones = 2;
    const Notification__AlertSubscription *second = save(h, &form, MC_OK);
    assert_int_equal(second->version, 2);
    assert_string_equal(second->changes[0]->what, "changed");
    assert_int_equal(second->changes[0]->n_fields, 1);
    assert_string_equal(second->changes[0]->fields[0], "phones");
    assert_string_equal(second->changes[0]->by, LAN);
    (void)save(h, &form, MC_CONFLICT); /* with the old version */
    assert_true(harness_violated(h, "version", "ALERT_SUBSCRIPTION_CHANGED"));

    drop.subscription_id = first->subscription_id;
    drop.version = 2;
    const Notification__AlertSubscription *gone =
        harness_call(h, "DeleteAlertSubscription", &drop.base, MC_OK);
    assert_true(gone->deleted);
    breaks(h, 1);
    assert_int_equal(alerts(h)->n_alerts, 0);
    (void)harness_call(h, "DeleteAlertSubscription", &drop.base, MC_EXPIRED);
    form.request.version = 3;
    const Notification__AlertSubscription *back = save(h, &form, MC_OK);
    assert_false(back->deleted);
    assert_string_equal(back->changes[0]->what, "restored");
    assert_int_equal(back->n_changes, 4);
}

static const Notification__ListAlertSubscriptionsReply *
list(struct harness *h, const Notification__ListAlertSubscriptionsRequest *request)
{
    return harness_call(h, "ListAlertSubscriptions", &request->base, MC_OK);
}

/* NOT-05: the columns, and every filter; phones are masked here, and whole in a form. */
static void lists_by_every_column(void **state)
{
    struct harness *h = *state;
    struct form form;
    Notification__ListAlertSubscriptionsRequest request =
        NOTIFICATION__LIST_ALERT_SUBSCRIPTIONS_REQUEST__INIT;
    Notification__GetAlertSubscriptionRequest get =
        NOTIFICATION__GET_ALERT_SUBSCRIPTION_REQUEST__INIT;

    (void)subscribe(h, TAY_NINH, "receipt");
    (void)subscribe(h, TAY_NINH, "land_payment");
    (void)fill(&form, BEN_CAU, "land_payment");
    form.phones[0] = text("0987000202");
    form.emails[0] = text("bencau@tayninh.example.vn");
    form.request.following = false;
    const Notification__AlertSubscription *below = save(h, &form, MC_OK);

    const Notification__ListAlertSubscriptionsReply *all = list(h, &request);
    assert_int_equal(all->n_subscriptions, 3);
    assert_string_equal(all->subscriptions[0]->unit, BEN_CAU);
    assert_string_equal(all->subscriptions[0]->service_name, "Thanh toán thuế đất");
    assert_null(strstr(all->subscriptions[0]->phones[0], "0987000202"));
    assert_null(strstr(all->subscriptions[0]->emails[0], "bencau"));
    assert_false(all->subscriptions[0]->following);

    request.unit = text(BEN_CAU);
    assert_int_equal(list(h, &request)->n_subscriptions, 1);
    request.unit = text("");
    request.service_type = text("land_payment");
    assert_int_equal(list(h, &request)->n_subscriptions, 2);
    request.follow = NOTIFICATION__ALERT_FOLLOW__ALERT_FOLLOW_ON;
    assert_int_equal(list(h, &request)->n_subscriptions, 1);
    request.follow = NOTIFICATION__ALERT_FOLLOW__ALERT_FOLLOW_OFF;
    assert_int_equal(list(h, &request)->n_subscriptions, 1);
    notification__list_alert_subscriptions_request__init(&request);
    request.phone = text("0987000202");
    assert_int_equal(list(h, &request)->n_subscriptions, 1);
    request.phone = text("");
    request.email = text("canhbao@tayninh.example.vn");
    assert_int_equal(list(h, &request)->n_subscriptions, 2);
    request.email = text("");
    request.deleted = true;
    assert_int_equal(list(h, &request)->n_subscriptions, 0);

    get.subscription_id = below->subscription_id;
    const Notification__AlertSubscription *whole =
        harness_call(h, "GetAlertSubscription", &get.base, MC_OK);
    assert_string_equal(whole->phones[0], "0987000202");
    assert_int_equal(harness_events(h, "notification.alert_subscription_read"), 1);
    as_officer(h, LONG_AN, 1);
    (void)harness_call(h, "GetAlertSubscription", &get.base, MC_NOT_FOUND);
    assert_int_equal(list(h, &request)->n_subscriptions, 0);
}

static void lists_in_pages(void **state)
{
    struct harness *h = *state;
    Notification__ListAlertSubscriptionsRequest request =
        NOTIFICATION__LIST_ALERT_SUBSCRIPTIONS_REQUEST__INIT;

    (void)subscribe(h, TAY_NINH, "receipt");
    (void)subscribe(h, TAY_NINH, "land_payment");
    (void)subscribe(h, TAY_NINH, "dossier_sync");
    request.page_size = 2;
    const Notification__ListAlertSubscriptionsReply *page = list(h, &request);
    assert_int_equal(page->n_subscriptions, 2);
    assert_string_equal(page->subscriptions[0]->service_type, "dossier_sync");
    request.page_token = page->next_page_token;
    page = list(h, &request);
    assert_int_equal(page->n_subscriptions, 1);
    assert_string_equal(page->subscriptions[0]->service_type, "receipt");
    assert_string_equal(page->next_page_token, "");
    request.page_size = NOTIFICATION_PAGE_MAX + 1;
    request.page_token = text("zz");
    (void)harness_call(h, "ListAlertSubscriptions", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "page_size", "FIELD_INVALID"));
    assert_true(harness_violated(h, "page_token", "FIELD_INVALID"));
}

/* --- what is told --- */

static const Otp__EnqueueSmsRequest *next_sms(struct harness *h, struct harness_exchange *exchange)
{
    if (!harness_effect(h, "alert.sms", exchange))
        return NULL;
    assert_string_equal(exchange->call.method, "EnqueueSms");
    const Otp__EnqueueSmsRequest *request = (const void *)exchange->call.request;
    assert_int_equal(request->lane, OTP__LANE__TRANSACTIONAL);
    assert_true(strlen(request->text) <= ALERT_SMS_MAX);
    return request;
}

static void queued(struct harness *h, const struct harness_exchange *exchange)
{
    Otp__EnqueueSmsReply reply = OTP__ENQUEUE_SMS_REPLY__INIT;

    reply.job_id = 1;
    harness_reply(h, exchange, &reply.base);
}

/* NOT-02: at once, to each phone; further ones together, when the window is over. */
static void the_first_at_once_and_the_rest_together(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    (void)subscribe(h, TAY_NINH, CONNECT);
    breaks(h, 1);
    const Otp__EnqueueSmsRequest *sms = next_sms(h, &exchange);
    assert_non_null(sms);
    assert_string_equal(sms->phone, "84912000101");
    assert_string_equal(sms->text,
                        "CANH BAO: kiem thu API API session Tay Ninh khong dat. Loi: HTTP 503.");
    assert_string_equal(sms->unit_code, TAY_NINH);
    queued(h, &exchange);
    assert_null(next_sms(h, &exchange));

    for (uint8_t which = 2; which <= 38; which++)
        breaks(h, which);
    breaks(h, 2); /* twice is once */
    harness_tick(h);
    assert_null(next_sms(h, &exchange));
    harness_advance(h, HOUR_MS);
    harness_tick(h);
    sms = next_sms(h, &exchange);
    assert_non_null(sms);
    assert_non_null(strstr(sms->text, " Va 36 loi khac tu 09:20 07/09."));
    queued(h, &exchange);
    harness_advance(h, HOUR_MS);
    harness_tick(h);
    assert_null(next_sms(h, &exchange));
    const Notification__ListAlertsReply *told = alerts(h);
    assert_int_equal(told->n_alerts, 2);
    assert_int_equal(told->alerts[0]->kind, NOTIFICATION__ALERT_KIND__ALERT_MORE);
    assert_int_equal(told->alerts[0]->count, 38);
    assert_int_equal(told->alerts[1]->kind, NOTIFICATION__ALERT_KIND__ALERT_FAILURE);
    assert_non_null(strstr(told->alerts[0]->text, "Và 36 lỗi khác"));
}

static void recovery_is_told_once_when_all_are_mended(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    (void)subscribe(h, TAY_NINH, CONNECT);
    breaks(h, 1);
    breaks(h, 2);
    mends(h, 1);
    mends(h, 1);
    assert_int_equal(alerts(h)->n_alerts, 1);
    harness_reopen(h); /* what is known survives */
    as_officer(h, TAY_NINH, 1);
    harness_advance(h, MINUTE_MS);
    mends(h, 2);
    mends(h, 2);
    const Notification__ListAlertsReply *told = alerts(h);
    assert_int_equal(told->n_alerts, 2);
    assert_int_equal(told->alerts[0]->kind, NOTIFICATION__ALERT_KIND__ALERT_RECOVERY);
    assert_int_equal(told->alerts[0]->count, 2);
    assert_string_equal(told->alerts[0]->messages[1]->address + 1,
                        told->alerts[1]->messages[1]->address + 1);
    assert_true(told->alerts[0]->messages[1]->email);
    assert_int_equal(harness_rows(h, NOTIFICATION_EPISODES), 0);
    assert_int_equal(harness_rows(h, NOTIFICATION_TOLD), 0);
    assert_int_equal(harness_rows(h, NOTIFICATION_FAILING), 0);
    assert_int_equal(harness_rows(h, NOTIFICATION_ALERTS_DUE), 0);
    (void)next_sms(h, &exchange);
    queued(h, &exchange);
    const Otp__EnqueueSmsRequest *over = next_sms(h, &exchange);
    assert_non_null(over);
    assert_non_null(strstr(over->text, "DA KHAC PHUC: "));
}

/* Units above are told of what is below, others are not; who does not follow is not told. */
static void the_right_units_are_told(void **state)
{
    struct harness *h = *state;

    const Notification__AlertSubscription *province = subscribe(h, TAY_NINH, CONNECT);
    (void)subscribe(h, TAY_NINH, "land_payment");
    contract(h, "partner.contract_broken", BEN_CAU, "H53", 1);
    assert_int_equal(alerts(h)->n_alerts, 1);
    contract(h, "partner.contract_broken", LONG_AN, "H36", 1);
    contract(h, "partner.contract_broken", "", "H00", 1); /* an operator's: of no unit */
    assert_int_equal(alerts(h)->n_alerts, 1);
    (void)set_follow(h, province->subscription_id, false);
    contract(h, "partner.contract_mended", BEN_CAU, "H53", 1);
    contract(h, "partner.contract_broken", BEN_CAU, "H53", 1);
    assert_int_equal(alerts(h)->n_alerts, 1);
    (void)set_follow(h, province->subscription_id, true);
    contract(h, "partner.contract_broken", BEN_CAU, "H53", 2);
    assert_int_equal(alerts(h)->n_alerts, 2);
}

static void a_gateway_that_fails_is_of_the_house(void **state)
{
    struct harness *h = *state;
    Otp__GatewayChanged body = OTP__GATEWAY_CHANGED__INIT;

    as_officer(h, TAY_NINH, 2);
    (void)subscribe(h, TAY_NINH, "sms");
    body.gateway = text("sms:viettel");
    body.reason = text("FAILING");
    body.share_percent = 50;
    harness_event(h, "otp", "otp.gateway_share_changed", &body.base, NULL);
    body.share_percent = 25;
    harness_event(h, "otp", "otp.gateway_share_changed", &body.base, NULL);
    assert_int_equal(alerts(h)->n_alerts, 1);
    body.share_percent = 100;
    harness_event(h, "otp", "otp.gateway_share_changed", &body.base, NULL);
    const Notification__ListAlertsReply *told = alerts(h);
    assert_int_equal(told->n_alerts, 2);
    assert_int_equal(told->alerts[0]->kind, NOTIFICATION__ALERT_KIND__ALERT_RECOVERY);
}

static void delivery(struct harness *h, const char *type, const char *api_type, uint8_t which)
{
    Partner__DeliveryTold body = PARTNER__DELIVERY_TOLD__INIT;
    uint8_t id[MC_ID_LEN] = {which};

    body.delivery_id = (ProtobufCBinaryData){sizeof id, id};
    body.partner_id = text("h53");
    body.partner_name = text("UBND tỉnh Tây Ninh");
    body.partner_unit = text(TAY_NINH);
    body.unit = text(BEN_CAU);
    body.api_type = text(api_type);
    body.object = text("000.20.31.H53-260907-0007");
    body.reason = text("HTTP 503");
    body.attempts = 5;
    harness_event(h, "partner", type, &body.base, NULL);
}

/* RCP-06: by the seed's words; late and then given up is one failure, delivered ends it. */
static void a_receipt_that_is_not_delivered_is_told(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    (void)subscribe(h, TAY_NINH, "receipt");
    (void)subscribe(h, TAY_NINH, "land_payment");
    delivery(h, "partner.delivery_late", "receipt", 1);
    const Otp__EnqueueSmsRequest *sms = next_sms(h, &exchange);
    assert_non_null(sms);
    assert_string_equal(sms->text, "CANH BAO: bien lai ho so 000.20.31.H53-260907-0007 khong gui "
                                   "duoc ve UBND tinh Tay Ninh sau 5 lan. Loi: HTTP 503.");
    queued(h, &exchange);
    delivery(h, "partner.delivery_failed", "receipt", 1);
    assert_int_equal(alerts(h)->n_alerts, 1);
    delivery(h, "partner.delivery_late", "land_payment", 2); /* another type: its own episode */
    assert_int_equal(alerts(h)->n_alerts, 2);
    delivery(h, "partner.delivery_marked", "receipt", 1);
    delivery(h, "partner.delivery_recovered", "land_payment", 2);
    const Notification__ListAlertsReply *told = alerts(h);
    assert_int_equal(told->n_alerts, 4);
    assert_int_equal(told->alerts[0]->kind, NOTIFICATION__ALERT_KIND__ALERT_RECOVERY);
    assert_int_equal(told->alerts[1]->kind, NOTIFICATION__ALERT_KIND__ALERT_RECOVERY);
}

static void an_open_circuit_is_told(void **state)
{
    struct harness *h = *state;
    Partner__CircuitTold body = PARTNER__CIRCUIT_TOLD__INIT;

    (void)subscribe(h, TAY_NINH, CONNECT);
    body.partner_id = text("h53");
    body.partner_name = text("UBND tỉnh Tây Ninh");
    body.partner_unit = text(TAY_NINH);
    body.failures = 5;
    harness_event(h, "partner", "partner.circuit_opened", &body.base, NULL);
    harness_event(h, "partner", "partner.circuit_opened", &body.base, NULL);
    assert_int_equal(alerts(h)->n_alerts, 1);
    harness_event(h, "partner", "partner.circuit_closed", &body.base, NULL);
    harness_event(h, "partner", "partner.circuit_closed", &body.base, NULL);
    assert_int_equal(alerts(h)->n_alerts, 2);
}

static void a_queue_that_will_be_late_is_told(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Motcua__QueueLate body = MOTCUA__QUEUE_LATE__INIT;

    as_officer(h, TAY_NINH, 2);
    (void)subscribe(h, TAY_NINH, "queues");
    body.lane = text("transactional");
    body.oldest_age_ms = 11 * MINUTE_MS;
    harness_event(h, "otp", "otp.queue_late", &body.base, NULL);
    const Otp__EnqueueSmsRequest *sms = next_sms(h, &exchange);
    assert_non_null(sms);
    assert_string_equal(sms->text, "CANH BAO: hang doi otp/transactional se tre han. "
                                   "Cho lau nhat: 11 phut.");
    harness_event(h, "payment", "payment.queue_recovered", &body.base, NULL);
    assert_int_equal(alerts(h)->n_alerts, 1);
    harness_event(h, "otp", "otp.queue_recovered", &body.base, NULL);
    assert_int_equal(alerts(h)->n_alerts, 2);
    body.lane = text("rooms");
    harness_event(h, "partner", "partner.queue_late", &body.base, NULL);
    assert_int_equal(alerts(h)->n_alerts, 3);
    harness_event(h, "partner", "partner.queue_recovered", &body.base, NULL);
    assert_int_equal(alerts(h)->n_alerts, 4);
}

/* --- budgets --- */

/* A subscription's budget: what is over it is put together, and told when it may. */
static void a_subscription_is_not_flooded(void **state)
{
    struct harness *h = *state;
    char dstcode[8];

    (void)subscribe(h, TAY_NINH, CONNECT);
    for (int i = 0; i < 5; i++) {
        (void)snprintf(dstcode, sizeof dstcode, "H5%d", i);
        contract(h, "partner.contract_broken", TAY_NINH, dstcode, 1);
    }
    assert_int_equal(alerts(h)->n_alerts, 2);
    harness_advance(h, HOUR_MS);
    harness_tick(h);
    assert_int_equal(alerts(h)->n_alerts, 4);
    /* mended before it was told: never a word of it */
    contract(h, "partner.contract_mended", TAY_NINH, "H54", 1);
    assert_int_equal(alerts(h)->n_alerts, 4);
    assert_int_equal(harness_rows(h, NOTIFICATION_EPISODES), 4);
}

/* A phone's budget, over all subscriptions it is in: the fourth comes an hour after the first. */
static void a_phone_is_not_flooded(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    (void)subscribe(h, TAY_NINH, CONNECT);
    (void)subscribe(h, BEN_CAU, CONNECT);
    contract(h, "partner.contract_broken", BEN_CAU, "H53", 1);
    contract(h, "partner.contract_broken", BEN_CAU, "H54", 1);
    assert_int_equal(alerts(h)->n_alerts, 4);
    for (int i = 0; i < 3; i++) {
        assert_non_null(next_sms(h, &exchange));
        queued(h, &exchange);
    }
    assert_null(next_sms(h, &exchange));
    harness_advance(h, HOUR_MS);
    assert_non_null(next_sms(h, &exchange));
}

/* --- NOT-08: each message's own way --- */

static void the_state_of_each_message_is_known(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Otp__SmsChanged body = OTP__SMS_CHANGED__INIT;

    (void)subscribe(h, TAY_NINH, CONNECT);
    breaks(h, 1);
    const Notification__AlertMessage *message = alerts(h)->alerts[0]->messages[0];
    assert_int_equal(message->state, NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_SENDING);
    assert_null(strstr(message->address, "0912000101"));
    assert_int_equal(alerts(h)->alerts[0]->messages[1]->state,
                     NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_NO_CHANNEL);
    const Otp__EnqueueSmsRequest *sms = next_sms(h, &exchange);
    assert_non_null(sms);
    const char *const keys[] = {sms->keys[sms->n_keys - 1], NULL};
    body.state = OTP__DELIVERY_STATE__SENT;
    harness_event(h, "otp", "otp.sms_sent", &body.base, keys);
    queued(h, &exchange); /* the answer comes after the news */
    assert_int_equal(alerts(h)->alerts[0]->messages[0]->state,
                     NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_SENT);
    body.state = OTP__DELIVERY_STATE__FAILED;
    body.reason = text("ABSENT_SUBSCRIBER");
    harness_event(h, "otp", "otp.sms_failed", &body.base, keys);
    message = alerts(h)->alerts[0]->messages[0];
    assert_int_equal(message->state, NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_FAILED);
    assert_string_equal(message->reason, "ABSENT_SUBSCRIBER");
}

static void what_otp_refuses_is_said(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    (void)subscribe(h, TAY_NINH, CONNECT);
    breaks(h, 1);
    assert_non_null(next_sms(h, &exchange));
    harness_result(h, &exchange,
                   &(struct mc_result){.outcome = MC_HTTP_ANSWERED,
                                       .status = MC_INVALID,
                                       .code = "PHONE_PREFIX_UNKNOWN"});
    const Notification__AlertMessage *message = alerts(h)->alerts[0]->messages[0];
    assert_int_equal(message->state, NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_REFUSED);
    assert_string_equal(message->reason, "PHONE_PREFIX_UNKNOWN");
}

/* --- any order --- */

/*
 * Whatever the order of failures, recoveries, time and restarts: an episode is told by exactly one
 * alert, which comes before everything else of it, and by exactly one recovery, which is the last.
 */
static void every_episode_has_one_alert_and_one_recovery(void **state)
{
    enum { OBJECTS = 3, STEPS = 160 };
    struct harness *h = *state;
    bool failing[OBJECTS] = {false};
    unsigned seed = 20260907;
    size_t open = 0;
    size_t episodes = 0;

    (void)subscribe(h, TAY_NINH, CONNECT);
    for (int step = 0; step < STEPS + OBJECTS; step++) {
        seed = seed * 1103515245u + 12345u;
        unsigned which = step < STEPS ? (seed >> 16) % OBJECTS : (unsigned)(step - STEPS);
        bool fails = step < STEPS && (seed >> 24) % 3 == 0;

        if (fails && !failing[which]) {
            episodes += open == 0;
            open++;
        } else if (!fails && failing[which])
            open--;
        failing[which] = fails;
        (fails ? breaks : mends)(h, (uint8_t)which);
        harness_advance(h, (int64_t)((seed >> 8) % 7) * 10 * MINUTE_MS + 1000);
        harness_tick(h);
        if (step % 40 == 39) {
            harness_reopen(h);
            as_officer(h, TAY_NINH, 1);
        }
    }
    Notification__ListAlertsRequest request = NOTIFICATION__LIST_ALERTS_REQUEST__INIT;
    size_t counts[4] = {0};
    int next = NOTIFICATION__ALERT_KIND__ALERT_RECOVERY; /* newest first */
    request.page_size = NOTIFICATION_PAGE_MAX;
    do {
        const Notification__ListAlertsReply *page =
            harness_call(h, "ListAlerts", &request.base, MC_OK);

        for (size_t i = 0; i < page->n_alerts; i++) {
            int kind = (int)page->alerts[i]->kind;

            counts[kind]++;
            if (kind == NOTIFICATION__ALERT_KIND__ALERT_MORE)
                continue;
            assert_int_equal(kind, next);
            next = kind == NOTIFICATION__ALERT_KIND__ALERT_RECOVERY
                       ? NOTIFICATION__ALERT_KIND__ALERT_FAILURE
                       : NOTIFICATION__ALERT_KIND__ALERT_RECOVERY;
        }
        request.page_token = page->next_page_token;
    } while (request.page_token[0] != '\0');
    assert_int_equal(counts[NOTIFICATION__ALERT_KIND__ALERT_FAILURE], episodes);
    assert_int_equal(counts[NOTIFICATION__ALERT_KIND__ALERT_RECOVERY], episodes);
    assert_true(episodes > 5);
    assert_int_equal(harness_rows(h, NOTIFICATION_EPISODES), 0);
    assert_int_equal(harness_rows(h, NOTIFICATION_TOLD), 0);
    assert_int_equal(harness_rows(h, NOTIFICATION_ALERTS_DUE), 0);
}

static void what_was_sent_is_kept_for_its_time(void **state)
{
    struct harness *h = *state;

    (void)subscribe(h, TAY_NINH, CONNECT);
    breaks(h, 1);
    harness_advance(h, HOUR_MS * 24 * 399);
    harness_tick(h);
    assert_int_equal(alerts(h)->n_alerts, 1);
    harness_advance(h, HOUR_MS * 24 * 2);
    harness_tick(h);
    assert_int_equal(alerts(h)->n_alerts, 0);
    assert_int_equal(harness_rows(h, NOTIFICATION_ALERTS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(wrong_fields_are_named),
        ROOM_TEST(ten_of_each_and_no_more),
        ROOM_TEST(only_within_the_own_tree),
        ROOM_TEST(changes_are_kept),
        ROOM_TEST(lists_by_every_column),
        ROOM_TEST(lists_in_pages),
        ROOM_TEST(the_first_at_once_and_the_rest_together),
        ROOM_TEST(recovery_is_told_once_when_all_are_mended),
        ROOM_TEST(the_right_units_are_told),
        ROOM_TEST(a_gateway_that_fails_is_of_the_house),
        ROOM_TEST(a_receipt_that_is_not_delivered_is_told),
        ROOM_TEST(an_open_circuit_is_told),
        ROOM_TEST(a_queue_that_will_be_late_is_told),
        NARROW_TEST(a_subscription_is_not_flooded),
        NARROW_TEST(a_phone_is_not_flooded),
        ROOM_TEST(the_state_of_each_message_is_known),
        ROOM_TEST(what_otp_refuses_is_said),
        ROOM_TEST(every_episode_has_one_alert_and_one_recovery),
        ROOM_TEST(what_was_sent_is_kept_for_its_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
