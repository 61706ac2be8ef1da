/* Events become notices; notices are listed, read, and sent by SMS. */
#include <stdio.h>
#include <string.h>

#include "feed.h"
#include "services/notification/notification.h"

#define BINH       "01907b00-0000-7000-8000-00000000000b"
#define THO        "01907b00-0000-7000-8000-00000000000c"
#define BINH_PHONE "84912000101"
#define CODE       "000.20.31.H53-260907-0007"
#define HOUR_MS    3600000LL

static const struct mc_caller binh = {.account_id = BINH, .ial = 2};
static const struct mc_caller tho = {.account_id = THO, .ial = 2};

static char *text(const char *literal)
{
    return mc_unconst(literal);
}

static void account_event(struct harness *h, const char *type, const char *account,
                          const char *phone)
{
    Identity__AccountOpened body = IDENTITY__ACCOUNT_OPENED__INIT;

    body.account_id = text(account);
    body.full_name = text("Nguyễn Thị Hoà Bình");
    body.phone = text(phone);
    harness_event(h, "identity", type, &body.base, (const char *const[]){"account:" BINH, NULL});
}

/* A second before now, so that what follows is newer. */
static void opened(struct harness *h)
{
    int64_t now_ms = harness_now(h);

    harness_set_clock(h, now_ms - 1000);
    account_event(h, "identity.account_opened", BINH, BINH_PHONE);
    harness_set_clock(h, now_ms);
}

static void dossier_is(Dossier__Changed *body)
{
    static uint8_t id[MC_ID_LEN] = {1, 2, 3};

    dossier__changed__init(body);
    body->dossier_id = (ProtobufCBinaryData){sizeof id, id};
    body->internal_number = 17;
    body->code = text(CODE);
    body->from = DOSSIER__STATE__NEW;
    body->to = DOSSIER__STATE__RECEIVED;
    body->owner_account = text(BINH);
    body->procedure_name = text("Đăng ký khai sinh");
    body->unit_name = text("Thị trấn Bến Cầu");
    body->due_at_ms = HARNESS_T0 + 72 * HOUR_MS;
}

static void dossier_event(struct harness *h, const char *type, const Dossier__Changed *body)
{
    harness_event(h, "dossier", type, &body->base,
                  (const char *const[]){"dossier:" CODE, "account:" BINH, NULL});
}

static void accepted(struct harness *h)
{
    Dossier__Changed body;

    dossier_is(&body);
    dossier_event(h, "dossier.accepted", &body);
}

static const Notification__ListInboxReply *inbox(struct harness *h, const struct mc_caller *who)
{
    Notification__ListInboxRequest request = NOTIFICATION__LIST_INBOX_REQUEST__INIT;

    harness_as(h, who);
    return harness_call(h, "ListInbox", &request.base, MC_OK);
}

static const Notification__Notice *newest(struct harness *h)
{
    const Notification__ListInboxReply *reply = inbox(h, &binh);

    assert_true(reply->n_notices > 0);
    return reply->notices[0];
}

static uint32_t mark(struct harness *h, const struct mc_caller *who, const ProtobufCBinaryData *ids,
                     size_t n)
{
    Notification__MarkReadRequest request = NOTIFICATION__MARK_READ_REQUEST__INIT;

    harness_as(h, who);
    request.notice_ids = mc_unconst(ids);
    request.n_notice_ids = n;
    const Notification__MarkReadReply *reply = harness_call(h, "MarkRead", &request.base, MC_OK);
    return reply->marked;
}

/* The request that an SMS's effect makes to the otp room; NULL when none is due. */
static const Otp__EnqueueSmsRequest *sms_request(struct harness *h,
                                                 struct harness_exchange *exchange)
{
    if (!harness_effect(h, "otp.enqueue", exchange))
        return NULL;
    assert_string_equal(exchange->call.room, "otp");
    assert_string_equal(exchange->call.method, "EnqueueSms");
    return (const void *)exchange->call.request;
}

static void sms_queued(struct harness *h, const struct harness_exchange *exchange)
{
    Otp__EnqueueSmsReply reply = OTP__ENQUEUE_SMS_REPLY__INIT;

    reply.job_id = 1;
    harness_reply(h, exchange, &reply.base);
}

static void sms_result(struct harness *h, const struct harness_exchange *exchange,
                       enum mc_status status, const char *code)
{
    harness_result(
        h, exchange,
        &(struct mc_result){.outcome = MC_HTTP_ANSWERED, .status = status, .code = code});
}

static int open_room(void **state)
{
    *state = harness_open(&notification_room, NULL);
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

/* --- how long they stay (notification.keep) --- */

static void hold(struct harness *h, const char *method, const char *key)
{
    Motcua__AddHoldRequest request = MOTCUA__ADD_HOLD_REQUEST__INIT;

    harness_as(h, &(struct mc_caller){.name = "operator:an", .who = MC_OPERATOR});
    request.key = text(key);
    request.reason = text("khiếu nại 17");
    (void)harness_call(h, method, &request.base, MC_OK);
}

static const Motcua__RetentionPreview *preview(struct harness *h)
{
    Motcua__PreviewRetentionRequest request = MOTCUA__PREVIEW_RETENTION_REQUEST__INIT;

    harness_as(h, &(struct mc_caller){.name = "operator:an", .who = MC_OPERATOR});
    request.rule = text("notices");
    return harness_call(h, "PreviewRetention", &request.base, MC_OK);
}

static void old_notices_go_unless_held(void **state)
{
    struct harness *h =
        harness_open(&notification_room, (const char *const[]){"notification.keep=30d", NULL});

    (void)state;
    opened(h); /* the account's own notice, a second earlier */
    accepted(h);
    harness_advance(h, 720 * HOUR_MS);
    assert_int_equal(preview(h)->count, 1); /* what is as old as the limit stays */
    size_t keys_before = harness_rows(h, NOTIFICATION_BY_KEY);
    accepted(h);
    size_t keys_of_one = harness_rows(h, NOTIFICATION_BY_KEY) - keys_before;
    harness_advance(h, 1000);
    assert_int_equal(preview(h)->count, 2);
    hold(h, "AddHold", "dossier:" CODE);
    assert_int_equal(preview(h)->held, 1);
    hold(h, "AddHold", "account:" BINH);
    hold(h, "ReleaseHold", "dossier:" CODE);
    assert_int_equal(preview(h)->held, 2); /* by its account */
    harness_tick(h);
    assert_int_equal(inbox(h, &binh)->n_notices, 3);
    hold(h, "ReleaseHold", "account:" BINH);
    harness_tick(h);
    const Notification__ListInboxReply *left = inbox(h, &binh);
    assert_int_equal(left->n_notices, 1);
    assert_int_equal(left->unread, 1);
    assert_int_equal(preview(h)->count, 0);
    assert_int_equal(harness_rows(h, NOTIFICATION_BY_KEY), keys_of_one);
    harness_close(h);
}

static void notices_stay_for_ever_unless_it_is_said(void **state)
{
    struct harness *h = *state;

    opened(h);
    accepted(h);
    harness_advance(h, 36500LL * 24 * HOUR_MS);
    harness_tick(h);
    assert_int_equal(preview(h)->before_ms, 0);
    assert_int_equal(inbox(h, &binh)->n_notices, 2);
}

/* --- events become notices --- */

/* NOT-01: the words, the variables, the SMS behind codes, sent once for the fact. */
static void an_accepted_dossier_is_told(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    opened(h);
    accepted(h);
    const Notification__Notice *notice = newest(h);
    assert_string_equal(notice->template_, "DOSSIER_ACCEPTED");
    assert_int_equal(notice->template_version, 1);
    assert_string_equal(notice->title, "Hồ sơ đã được tiếp nhận");
    assert_string_equal(notice->text, "Hồ sơ " CODE " - Đăng ký khai sinh đã được Thị trấn Bến Cầu "
                                      "tiếp nhận lúc 09:20 07/09/2026. Hẹn trả kết quả: 09:20 "
                                      "10/09/2026.");
    assert_string_equal(notice->about, "dossier:" CODE);
    assert_string_equal(notice->sms_state, "waiting");
    assert_int_equal(notice->at_ms, HARNESS_T0);
    assert_false(notice->read);
    assert_int_equal(notice->notice_id.len, MC_ID_LEN);

    const Motcua__Event *event = NULL;
    const Notification__NoticeMade *made = harness_last_event(
        h, "notification.notice_made", &notification__notice_made__descriptor, &event);
    assert_string_equal(made->account_id, BINH);
    assert_string_equal(made->template_, "DOSSIER_ACCEPTED");
    assert_string_equal(event->cause_event, "dossier/1");
    assert_int_equal(event->n_keys, 3);
    assert_string_equal(event->keys[0], "dossier:" CODE);

    const Otp__EnqueueSmsRequest *sms = sms_request(h, &exchange);
    assert_non_null(sms);
    assert_int_equal(sms->lane, OTP__LANE__TRANSACTIONAL);
    assert_string_equal(sms->phone, BINH_PHONE);
    assert_string_equal(sms->text, "Ho so " CODE " da duoc tiep nhan ngay 09:20 07/09/2026. Hen "
                                   "tra ket qua: 09:20 10/09/2026.");
    assert_string_equal(sms->dedupe, "dossier/1");
    assert_string_equal(sms->unit_code, "000.20.31.H53"); /* it bears the cost */
    assert_string_equal(sms->template_, "DOSSIER_ACCEPTED");
    assert_int_equal(sms->expires_at_ms, HARNESS_T0 + 24 * HOUR_MS);
    assert_int_equal(sms->n_keys, 3); /* with the one its journal is followed by */
    sms_queued(h, &exchange);
    assert_string_equal(newest(h)->sms_state, "queued");
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), 0);
}

static void sms_event(struct harness *h, const char *type, Otp__DeliveryState state,
                      const char *reason, const char *key)
{
    Otp__SmsChanged body = OTP__SMS_CHANGED__INIT;

    body.job_id = 1;
    body.state = state;
    body.reason = text(reason);
    harness_event(h, "otp", type, &body.base, (const char *const[]){"phone:0", key, NULL});
}

/* NOT-08: what the otp room tells of it is seen; late, again and of nothing known does no harm. */
static void the_sms_of_a_notice_is_followed(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    char key[128];

    opened(h);
    accepted(h);
    const Otp__EnqueueSmsRequest *sms = sms_request(h, &exchange);
    assert_non_null(sms);
    (void)snprintf(key, sizeof key, "%s", sms->keys[sms->n_keys - 1]);
    assert_memory_equal(key, "notice_sms:", 11);
    /* The journal overtakes the answer. */
    sms_event(h, "otp.sms_sent", OTP__DELIVERY_STATE__SENT, "", key);
    assert_string_equal(newest(h)->sms_state, "sent");
    sms_queued(h, &exchange);
    assert_string_equal(newest(h)->sms_state, "sent");
    sms_event(h, "otp.sms_queued", OTP__DELIVERY_STATE__QUEUED, "", key);
    assert_string_equal(newest(h)->sms_state, "sent");
    sms_event(h, "otp.sms_failed", OTP__DELIVERY_STATE__FAILED, "ABSENT", key);
    assert_string_equal(newest(h)->sms_state, "failed");
    assert_string_equal(newest(h)->sms_reason, "ABSENT");
    int64_t at_ms = newest(h)->sms_at_ms;
    assert_int_equal(at_ms, harness_now(h));
    harness_advance(h, 1000);
    sms_event(h, "otp.sms_failed", OTP__DELIVERY_STATE__FAILED, "OTHER", key);
    sms_event(h, "otp.sms_delivered", OTP__DELIVERY_STATE__DELIVERED, "", key);
    assert_string_equal(newest(h)->sms_reason, "ABSENT");
    assert_int_equal(newest(h)->sms_at_ms, at_ms);
    sms_event(h, "otp.sms_sent", OTP__DELIVERY_STATE__SENT, "", "notice_sms:x");
    sms_event(h, "otp.sms_sent", OTP__DELIVERY_STATE__SENT, "", "notice_sms:" BINH ":" THO);
    sms_event(h, "otp.sms_sent", OTP__DELIVERY_STATE__SENT, "", "dossier:" CODE);
    assert_string_equal(newest(h)->sms_state, "failed");
}

/* The otp room takes eight keys: the last of a full list gives way, and the notice keeps it. */
static void a_full_list_of_keys(void **state)
{
    static const char *const eight[] = {"a:1", "b:1", "c:1", "d:1", "e:1",
                                        "f:1", "g:1", "h:1", NULL};
    struct harness *h = *state;

    opened(h);
    for (size_t n = 7; n <= 8; n++) {
        struct harness_exchange exchange;
        Dossier__Changed body;

        dossier_is(&body);
        harness_event(h, "dossier", "dossier.accepted", &body.base, eight + (8 - n));
        const Otp__EnqueueSmsRequest *sms = sms_request(h, &exchange);
        assert_non_null(sms);
        assert_int_equal(sms->n_keys, NOTIFICATION_SMS_KEYS_MAX);
        assert_string_equal(sms->keys[6], n == 7 ? "h:1" : "g:1");
        assert_memory_equal(sms->keys[7], "notice_sms:", 11);
        sms_queued(h, &exchange);
    }
}

/* We gave up, but the otp room had it: its journal is believed. */
static void an_sms_thought_refused_was_queued(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    char key[128];

    opened(h);
    accepted(h);
    const Otp__EnqueueSmsRequest *sms = sms_request(h, &exchange);
    assert_non_null(sms);
    (void)snprintf(key, sizeof key, "%s", sms->keys[sms->n_keys - 1]);
    sms_result(h, &exchange, MC_DENIED, "NO");
    assert_string_equal(newest(h)->sms_state, "refused");
    assert_string_equal(newest(h)->sms_reason, "NO");
    sms_event(h, "otp.sms_delivered", OTP__DELIVERY_STATE__DELIVERED, "", key);
    assert_string_equal(newest(h)->sms_state, "delivered");
    assert_string_equal(newest(h)->sms_reason, "");
}

/* Every rule, by its event: template, and whether an SMS goes along. */
static void every_step_of_a_dossier(void **state)
{
    static const struct {
        const char *event;
        const char *want; /* NULL: nobody is told */
        Dossier__State to;
        bool sms;
    } cases[] = {
        {"dossier.sent", "DOSSIER_SUBMITTED", DOSSIER__STATE__NEW, true},
        {"dossier.accepted", "DOSSIER_ACCEPTED", DOSSIER__STATE__RECEIVED, true},
        {"dossier.advanced", "DOSSIER_REFUSED", DOSSIER__STATE__REFUSED, true},
        {"dossier.advanced", "DOSSIER_PROCESSING", DOSSIER__STATE__PROCESSING, false},
        {"dossier.advanced", "DOSSIER_SUPPLEMENT", DOSSIER__STATE__SUPPLEMENT_REQUESTED, true},
        {"dossier.advanced", NULL, DOSSIER__STATE__FINANCIAL_OBLIGATION, false},
        {"dossier.advanced", "DOSSIER_WITHDRAWN", DOSSIER__STATE__WITHDRAWN, false},
        {"dossier.advanced", "DOSSIER_STOPPED", DOSSIER__STATE__STOPPED, true},
        {"dossier.advanced", "DOSSIER_FINISHED", DOSSIER__STATE__FINISHED, true},
        {"dossier.advanced", "DOSSIER_RETURNED", DOSSIER__STATE__RETURNED, true},
        {"dossier.drafted", NULL, DOSSIER__STATE__DRAFT, false},
        {"dossier.paid", NULL, DOSSIER__STATE__PROCESSING, false},
    };
    struct harness *h = *state;
    struct harness_exchange exchange;
    size_t notices = 1;

    opened(h);
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        Dossier__Changed body;

        dossier_is(&body);
        body.from = DOSSIER__STATE__DRAFT;
        if (cases[i].to == DOSSIER__STATE__DRAFT)
            body.from = DOSSIER__STATE__NEW;
        body.to = cases[i].to;
        body.reason = text("thiếu tờ khai");
        harness_advance(h, 1000);
        dossier_event(h, cases[i].event, &body);
        notices += cases[i].want != NULL;
        assert_int_equal(inbox(h, &binh)->n_notices, notices);
        if (cases[i].want != NULL)
            assert_string_equal(newest(h)->template_, cases[i].want);
        bool sent = sms_request(h, &exchange) != NULL;
        assert_int_equal(sent, cases[i].sms);
        if (sent)
            sms_queued(h, &exchange);
    }
}

/* DOS-09: before acceptance there is no code; the internal number stands for it. */
static void a_dossier_without_code(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Dossier__Changed body;

    opened(h);
    dossier_is(&body);
    body.code = text("");
    body.from = DOSSIER__STATE__DRAFT;
    body.to = DOSSIER__STATE__NEW;
    dossier_event(h, "dossier.sent", &body);
    assert_string_equal(newest(h)->about, "dossier:01020300-0000-0000-0000-000000000000");
    const Otp__EnqueueSmsRequest *sms = sms_request(h, &exchange);
    assert_non_null(sms);
    assert_string_equal(sms->text,
                        "Ho so so 17 da gui toi Thi tran Ben Cau. Vui long theo doi trang "
                        "thai tren dichvucong.gov.vn.");
}

static void no_due_time(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Dossier__Changed body;

    opened(h);
    dossier_is(&body);
    body.due_at_ms = 0;
    dossier_event(h, "dossier.accepted", &body);
    const Otp__EnqueueSmsRequest *sms = sms_request(h, &exchange);
    assert_non_null(sms);
    assert_string_equal(sms->text,
                        "Ho so " CODE " da duoc tiep nhan ngay 09:20 07/09/2026. Hen tra "
                        "ket qua: theo quy dinh.");
}

/* Handed on from one officer to another: the citizen is not told. */
static void a_step_within_a_state_is_not_told(void **state)
{
    struct harness *h = *state;
    Dossier__Changed body;

    opened(h);
    dossier_is(&body);
    body.from = DOSSIER__STATE__PROCESSING;
    body.to = DOSSIER__STATE__PROCESSING;
    dossier_event(h, "dossier.advanced", &body);
    assert_int_equal(inbox(h, &binh)->n_notices, 1);
}

/* Filed at the desk, without an account: nobody to tell, and the journal goes on. */
static void a_dossier_without_account(void **state)
{
    struct harness *h = *state;
    Dossier__Changed body;

    dossier_is(&body);
    body.owner_account = text("");
    dossier_event(h, "dossier.accepted", &body);
    body.owner_account = text("not an id");
    dossier_event(h, "dossier.accepted", &body);
    assert_int_equal(harness_rows(h, NOTIFICATION_NOTICES), 0);
    accepted(h);
    assert_int_equal(harness_rows(h, NOTIFICATION_NOTICES), 1);
}

static void payments_are_told(void **state)
{
    char *receipts[] = {text("28AA-26E/0000001"), text("28AA-26E/0000002")};
    static const struct {
        const char *event;
        const char *want;
        const char *want_sms;
    } cases[] = {
        {"payment.order_created", "DOSSIER_PAYMENT",
         "Can nop 1.378.500 dong cho ho so " CODE ". Tra cuu va thanh toan tai dichvucong.gov.vn."},
        {"payment.attempt_failed", "PAYMENT_FAILED",
         "Thanh toan 1.378.500 dong cho ho so " CODE " khong thanh cong. Vui long thu lai."},
        {"payment.paid", "PAYMENT_OK",
         "Da thanh toan 1.378.500 dong cho ho so " CODE ". Ma giao dich FT26250000123."},
    };
    struct harness *h = *state;
    struct harness_exchange exchange;

    opened(h);
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        Payment__OrderChanged body = PAYMENT__ORDER_CHANGED__INIT;

        body.dossier_code = text(CODE);
        body.owner_account = text(BINH);
        body.amount = 1378500;
        body.transaction_id = text("FT26250000123");
        body.receipts = receipts;
        body.n_receipts = MC_LEN(receipts);
        harness_advance(h, 1000);
        harness_event(h, "payment", cases[i].event, &body.base,
                      (const char *const[]){"payment:1", NULL});
        assert_string_equal(newest(h)->template_, cases[i].want);
        assert_string_equal(newest(h)->about, "dossier:" CODE);
        const Otp__EnqueueSmsRequest *sms = sms_request(h, &exchange);
        assert_non_null(sms);
        assert_string_equal(sms->text, cases[i].want_sms);
        sms_queued(h, &exchange);
    }
    assert_string_equal(newest(h)->text,
                        "Đã thanh toán 1.378.500 đồng cho hồ sơ " CODE
                        " lúc 09:20 07/09/2026. Mã giao dịch: FT26250000123. Biên lai: "
                        "28AA-26E/0000001, 28AA-26E/0000002.");

    Payment__OrderChanged body = PAYMENT__ORDER_CHANGED__INIT; /* a tax: of no dossier */
    body.owner_account = text(BINH);
    body.amount = 1378500;
    harness_event(h, "payment", "payment.attempt_failed", &body.base,
                  (const char *const[]){"payment:2", NULL});
    assert_string_equal(newest(h)->text, "Thanh toán 1.378.500 đồng không thành công lúc 09:20 "
                                         "07/09/2026. Vui lòng thử lại.");
}

/* NOT-01: a bank is linked; a tax is paid; money comes back. Steps between are nobody's news. */
static void links_taxes_and_refunds_are_told(void **state)
{
    struct harness *h = *state;
    Payment__LinkChanged link = PAYMENT__LINK_CHANGED__INIT;
    Payment__TaxChanged tax = PAYMENT__TAX_CHANGED__INIT;
    Payment__RefundChanged refund = PAYMENT__REFUND_CHANGED__INIT;
    const char *const keys[] = {NULL};

    opened(h);
    link.account_id = text(BINH);
    link.bank = text("Vietcombank");
    link.state = PAYMENT__LINK_STATE__LINK_CHECKING;
    harness_advance(h, 1000);
    harness_event(h, "payment", "payment.link_changed", &link.base, keys);
    assert_int_equal(inbox(h, &binh)->n_notices, 1);
    link.state = PAYMENT__LINK_STATE__LINKED;
    harness_advance(h, 1000);
    harness_event(h, "payment", "payment.link_changed", &link.base, keys);
    assert_string_equal(newest(h)->title, "Liên kết tài khoản thành công");
    assert_non_null(strstr(newest(h)->text, "Vietcombank"));

    tax.account_id = text(BINH);
    tax.state = PAYMENT__ATTEMPT_STATE__CONFIRMING;
    harness_advance(h, 1000);
    harness_event(h, "payment", "payment.tax_changed", &tax.base, keys);
    tax.state = PAYMENT__ATTEMPT_STATE__SUCCEEDED;
    harness_advance(h, 1000);
    harness_event(h, "payment", "payment.tax_changed", &tax.base, keys);
    assert_string_equal(newest(h)->title, "Nộp thuế thành công");

    refund.owner_account = text(BINH);
    refund.dossier_code = text("000.20.31.H53-260907-0007");
    refund.amount = 1378500;
    harness_advance(h, 1000);
    harness_event(h, "payment", "payment.refund_done", &refund.base, keys);
    assert_non_null(strstr(newest(h)->text, "1.378.500"));
    assert_non_null(strstr(newest(h)->text, "hồ sơ " CODE));
    refund.dossier_code = text(""); /* money that was no dossier's */
    refund.transaction_id = text("FT26250000123");
    harness_advance(h, 1000);
    harness_event(h, "payment", "payment.refund_done", &refund.base, keys);
    assert_non_null(strstr(newest(h)->text, "giao dịch FT26250000123"));
    refund.owner_account = text(""); /* paid at a desk */
    harness_advance(h, 1000);
    harness_event(h, "payment", "payment.refund_done", &refund.base, keys);
    assert_int_equal(inbox(h, &binh)->n_notices, 5);
}

/* C5: whose account an officer changes is told; his own changes are no news to him. */
static void what_officers_do_to_an_account_is_told(void **state)
{
    struct harness *h = *state;
    Identity__AccountChanged changed = IDENTITY__ACCOUNT_CHANGED__INIT;
    const char *const keys[] = {NULL};

    opened(h);
    changed.account_id = text(BINH);
    harness_event_by(h, "account:" BINH, "identity", "identity.account_changed", &changed.base,
                     keys);
    harness_event_by(h, "system", "identity", "identity.account_changed", &changed.base, keys);
    assert_int_equal(inbox(h, &binh)->n_notices, 1);
    harness_advance(h, 1000);
    harness_event_by(h, "account:" THO, "identity", "identity.account_changed", &changed.base,
                     keys);
    assert_string_equal(newest(h)->title, "Thông tin tài khoản được cán bộ cập nhật");
}

/* OTP-09: the phone that may not be lost hears what is to come, and how it is stopped; once. */
static void a_lost_phones_change_is_told_to_the_old_phone(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Identity__PhoneChangeTold waits = IDENTITY__PHONE_CHANGE_TOLD__INIT;
    Identity__AccountChanged changed = IDENTITY__ACCOUNT_CHANGED__INIT;
    char *facts[] = {text("next_phone")};
    const char *const keys[] = {"account:" BINH, NULL};

    opened(h);
    waits.account_id = changed.account_id = text(BINH);
    waits.phone_masked = text("086****909");
    waits.takes_effect_at_ms = HARNESS_T0 + 24 * HOUR_MS;
    changed.facts = facts;
    changed.n_facts = 1;
    harness_advance(h, 1000);
    harness_event_by(h, "account:" THO, "identity", "identity.phone_change_waits", &waits.base,
                     keys);
    harness_event_by(h, "account:" THO, "identity", "identity.account_changed", &changed.base,
                     keys);
    const Otp__EnqueueSmsRequest *sms = sms_request(h, &exchange);
    assert_non_null(sms);
    assert_string_equal(sms->phone, BINH_PHONE);
    assert_string_equal(sms->text, "So dien thoai tai khoan Cong DVCQG se doi sang 086****909 luc "
                                   "09:20 08/09/2026. Neu khong phai ban, vui long dang nhap de "
                                   "huy, hoac chon Quen mat khau.");
    sms_queued(h, &exchange);
    assert_int_equal(inbox(h, &binh)->n_notices, 2);
    harness_advance(h, 1000);
    harness_event(h, "identity", "identity.phone_change_stopped", &waits.base, keys);
    assert_string_equal(newest(h)->title, "Yêu cầu đổi số điện thoại đã bị hủy");
    assert_string_equal(sms_request(h, &exchange)->phone, BINH_PHONE);
}

static void a_new_phone_is_used_from_then_on(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    opened(h);
    assert_string_equal(newest(h)->text,
                        "Chào Nguyễn Thị Hoà Bình, tài khoản của bạn trên Cổng Dịch "
                        "vụ công đã được mở lúc 09:19 07/09/2026.");
    assert_string_equal(newest(h)->sms_state, "none");
    harness_advance(h, 1000);
    account_event(h, "identity.contact_changed", BINH, "84868000202");
    const Otp__EnqueueSmsRequest *sms = sms_request(h, &exchange);
    assert_non_null(sms);
    assert_string_equal(sms->phone, "84868000202");
    sms_queued(h, &exchange);
    /* REG-50: who holds the old phone hears the same; no notice waits for that one */
    sms = sms_request(h, &exchange);
    assert_non_null(sms);
    assert_string_equal(sms->phone, BINH_PHONE);
    assert_non_null(strstr(sms->text, "da thay doi luc"));
    sms_queued(h, &exchange);
    assert_string_equal(newest(h)->sms_state, "queued");
    accepted(h);
    assert_string_equal(sms_request(h, &exchange)->phone, "84868000202");
}

static void merged(struct harness *h, const char *type, const char *account)
{
    Identity__AccountsMerged body = IDENTITY__ACCOUNTS_MERGED__INIT;

    body.kept_account_id = text(THO);
    body.merged_account_id = text(account);
    harness_event(h, "identity", type, &body.base, (const char *const[]){NULL});
}

/* What was told stays with whom it was told; what comes is told to the account that goes on. */
static void a_merged_accounts_notices_go_to_the_other(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    opened(h);
    account_event(h, "identity.account_opened", THO, "84868000202");
    merged(h, "identity.accounts_merged", BINH);
    merged(h, "identity.accounts_merged", "");
    assert_int_equal(harness_rows(h, NOTIFICATION_ALIASES), 1);
    harness_reopen(h);
    accepted(h);
    assert_string_equal(sms_request(h, &exchange)->phone, "84868000202");
    assert_int_equal(inbox(h, &tho)->n_notices, 3); /* opened, merged, accepted */
    assert_int_equal(inbox(h, &binh)->n_notices, 1);
    harness_advance(h, 1000);
    merged(h, "identity.accounts_unmerged", BINH);
    assert_string_equal(inbox(h, &tho)->notices[0]->template_, "ACCOUNTS_UNMERGED");
    harness_advance(h, 1000);
    accepted(h);
    assert_int_equal(inbox(h, &tho)->n_notices, 4);
    assert_int_equal(inbox(h, &binh)->n_notices, 2);
}

static void an_account_without_phone_has_no_sms(void **state)
{
    struct harness *h = *state;

    account_event(h, "identity.account_opened", BINH, "");
    accepted(h);
    assert_int_equal(inbox(h, &binh)->n_notices, 2);
    for (size_t i = 0; i < 2; i++)
        assert_string_equal(inbox(h, &binh)->notices[i]->sms_state, "none");
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), 0);
}

/* A refused event is passed over: the journal does not stop at it. */
static void an_account_event_without_id(void **state)
{
    struct harness *h = *state;

    account_event(h, "identity.account_opened", "", BINH_PHONE);
    assert_int_equal(harness_rows(h, NOTIFICATION_ACCOUNTS), 0);
    opened(h);
    assert_int_equal(harness_rows(h, NOTIFICATION_ACCOUNTS), 1);
}

/* --- the fact before the account --- */

/* The notice is there at once; its SMS goes when the account is known, once. */
static void the_dossier_comes_before_its_account(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    accepted(h);
    assert_string_equal(newest(h)->sms_state, "waiting");
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), 0);
    assert_int_equal(harness_rows(h, NOTIFICATION_WAITING), 1);
    harness_reopen(h);
    harness_tick(h);
    harness_advance(h, HOUR_MS);
    opened(h);
    assert_int_equal(harness_rows(h, NOTIFICATION_WAITING), 0);
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), 1);
    const Otp__EnqueueSmsRequest *sms = sms_request(h, &exchange);
    assert_string_equal(sms->phone, BINH_PHONE);
    assert_string_equal(sms->dedupe, "dossier/1");
    assert_int_equal(sms->expires_at_ms, HARNESS_T0 + 24 * HOUR_MS);
    sms_queued(h, &exchange);
    assert_string_equal(inbox(h, &binh)->notices[1]->sms_state, "queued");
    opened(h);
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), 0);
    assert_int_equal(harness_events(h, "notification.notice_made"), 3);
}

static void a_held_sms_of_an_account_without_phone(void **state)
{
    struct harness *h = *state;

    accepted(h);
    account_event(h, "identity.account_opened", BINH, "");
    assert_string_equal(inbox(h, &binh)->notices[1]->sms_state, "none");
    assert_int_equal(harness_rows(h, NOTIFICATION_WAITING), 0);
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), 0);
}

/* Yesterday's news is not sent: at its last moment it is still held, then it is over. */
static void a_held_sms_gets_too_old(void **state)
{
    struct harness *h = *state;

    accepted(h);
    harness_advance(h, 24 * HOUR_MS - 1);
    harness_tick(h);
    assert_string_equal(newest(h)->sms_state, "waiting");
    harness_advance(h, 1);
    harness_tick(h);
    assert_string_equal(newest(h)->sms_state, "refused");
    assert_int_equal(harness_rows(h, NOTIFICATION_WAITING), 0);
    assert_int_equal(harness_events(h, "notification.sms_refused"), 1);
    opened(h);
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), 0);
}

/* --- what the otp room says --- */

static void an_sms_that_is_refused(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    opened(h);
    accepted(h);
    assert_non_null(sms_request(h, &exchange));
    sms_result(h, &exchange, MC_INVALID, "PHONE_FORMAT");
    assert_string_equal(newest(h)->sms_state, "refused");
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), 0);
    assert_int_equal(harness_dead(h, NOTIFICATION_LANE_SMS), 0);
    const Notification__NoticeMade *refused = harness_last_event(
        h, "notification.sms_refused", &notification__notice_made__descriptor, NULL);
    assert_string_equal(refused->template_, "DOSSIER_ACCEPTED");
}

/* Away, full, or out of budget: asked again, and in the end a dead letter. */
static void an_otp_room_that_is_away(void **state)
{
    static const enum mc_status away[] = {MC_BUSY, MC_LIMITED, MC_FULL, MC_IO};
    struct harness *h = *state;
    struct harness_exchange exchange;

    opened(h);
    accepted(h);
    for (size_t i = 1; i < NOTIFICATION_SMS_ATTEMPTS; i++) {
        assert_non_null(sms_request(h, &exchange));
        sms_result(h, &exchange, away[i % MC_LEN(away)], "BUSY");
        assert_string_equal(newest(h)->sms_state, "waiting");
        assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), 1);
        assert_null(sms_request(h, &exchange));
        harness_advance(h, 2 * (int64_t)NOTIFICATION_SMS_BACKOFF_MAX_MS);
    }
    assert_non_null(sms_request(h, &exchange));
    sms_result(h, &exchange, MC_BUSY, "");
    assert_string_equal(newest(h)->sms_state, "refused");
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), 0);
    assert_int_equal(harness_dead(h, NOTIFICATION_LANE_SMS), 1);
    assert_int_equal(harness_events(h, "notification.sms_refused"), 1);
}

/* Its life ends while the otp room is away: not sent late. */
static void an_sms_whose_life_ends(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    opened(h);
    accepted(h);
    harness_advance(h, 24 * HOUR_MS);
    assert_null(sms_request(h, &exchange));
    assert_string_equal(newest(h)->sms_state, "refused");
    assert_int_equal(harness_dead(h, NOTIFICATION_LANE_SMS), 1);
    assert_int_equal(harness_events(h, "notification.sms_refused"), 1);
}

/* Died between the otp room's answer and the commit: asked again with the same dedupe. */
static void an_attempt_that_never_reported(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    opened(h);
    accepted(h);
    assert_non_null(sms_request(h, &exchange));
    harness_reopen(h);
    const Otp__EnqueueSmsRequest *sms = sms_request(h, &exchange);
    assert_non_null(sms);
    assert_string_equal(sms->dedupe, "dossier/1");
    sms_queued(h, &exchange);
    assert_string_equal(newest(h)->sms_state, "queued");
}

/* --- the inbox --- */

static void nothing_yet(void **state)
{
    const Notification__ListInboxReply *reply = inbox(*state, &binh);

    assert_int_equal(reply->n_notices, 0);
    assert_int_equal(reply->unread, 0);
    assert_string_equal(reply->next_page_token, "");
    assert_int_equal(mark(*state, &binh, NULL, 0), 0);
}

/* Nobody sees or marks what is another's, and cannot tell that it is there. */
static void a_foreign_account_sees_nothing(void **state)
{
    struct harness *h = *state;

    accepted(h);
    ProtobufCBinaryData id = newest(h)->notice_id;
    assert_int_equal(inbox(h, &tho)->n_notices, 0);
    assert_int_equal(inbox(h, &tho)->unread, 0);
    assert_int_equal(mark(h, &tho, &id, 1), 0);
    assert_int_equal(mark(h, &tho, NULL, 0), 0);
    assert_int_equal(inbox(h, &binh)->unread, 1);
}

static void only_with_a_session(void **state)
{
    static const struct mc_caller portal = {.name = "portal:a"};
    Notification__ListInboxRequest list = NOTIFICATION__LIST_INBOX_REQUEST__INIT;
    Notification__MarkReadRequest marked = NOTIFICATION__MARK_READ_REQUEST__INIT;

    harness_as(*state, &portal);
    (void)harness_call(*state, "ListInbox", &list.base, MC_UNAUTHENTICATED);
    (void)harness_call(*state, "MarkRead", &marked.base, MC_UNAUTHENTICATED);
}

static void reading(void **state)
{
    struct harness *h = *state;
    Notification__ListInboxRequest unread = NOTIFICATION__LIST_INBOX_REQUEST__INIT;

    for (size_t i = 0; i < 3; i++) {
        accepted(h);
        harness_advance(h, 1000);
    }
    const Notification__ListInboxReply *all = inbox(h, &binh);
    assert_int_equal(all->unread, 3);
    assert_true(all->notices[0]->at_ms > all->notices[1]->at_ms);
    ProtobufCBinaryData ids[] = {all->notices[1]->notice_id,
                                 all->notices[1]->notice_id,
                                 {MC_ID_LEN, mc_unconst("0123456789abcdef")}};
    assert_int_equal(mark(h, &binh, ids, MC_LEN(ids)), 1);
    assert_int_equal(mark(h, &binh, ids, 1), 0);
    all = inbox(h, &binh);
    assert_int_equal(all->unread, 2);
    assert_false(all->notices[0]->read);
    assert_true(all->notices[1]->read);
    unread.unread_only = true;
    const Notification__ListInboxReply *rest = harness_call(h, "ListInbox", &unread.base, MC_OK);
    assert_int_equal(rest->n_notices, 2);
    assert_int_equal(rest->unread, 2);
    assert_int_equal(mark(h, &binh, NULL, 0), 2);
    rest = harness_call(h, "ListInbox", &unread.base, MC_OK);
    assert_int_equal(rest->n_notices, 0);
    assert_int_equal(rest->unread, 0);
    assert_int_equal(inbox(h, &binh)->n_notices, 3);
}

/* All at once has a limit; the next call marks the rest. */
static void reading_more_than_one_call_marks(void **state)
{
    struct harness *h = *state;

    for (size_t i = 0; i < NOTIFICATION_MARK_ALL_MAX + 1; i++)
        accepted(h);
    assert_int_equal(mark(h, &binh, NULL, 0), NOTIFICATION_MARK_ALL_MAX);
    assert_int_equal(inbox(h, &binh)->unread, 1);
    assert_int_equal(mark(h, &binh, NULL, 0), 1);
    assert_int_equal(inbox(h, &binh)->unread, 0);
}

/* An officer's reason of 1000 letters: whole in the inbox, shortened in the SMS; a page of them
 * fits a reply, and all those that were held fit the call that sends them. */
static void long_reasons(void **state)
{
    static char reason[1000 * 3 + 1];
    struct harness *h = *state;
    struct harness_exchange exchange;
    Notification__ListInboxRequest request = NOTIFICATION__LIST_INBOX_REQUEST__INIT;
    Dossier__Changed body;

    for (size_t i = 0; i < 1000; i++)
        memcpy(reason + i * 3, "ố", 4);
    dossier_is(&body);
    body.to = DOSSIER__STATE__REFUSED;
    body.reason = reason;
    for (size_t i = 0; i < NOTIFICATION_HELD_MAX; i++) {
        dossier_event(h, "dossier.advanced", &body);
        harness_advance(h, 1);
    }
    request.page_size = NOTIFICATION_PAGE_MAX;
    harness_as(h, &binh);
    const Notification__ListInboxReply *reply = harness_call(h, "ListInbox", &request.base, MC_OK);
    assert_int_equal(reply->n_notices, NOTIFICATION_PAGE_MAX);
    assert_non_null(strstr(reply->notices[0]->text, reason));
    assert_true(notification__list_inbox_reply__get_packed_size(reply) < MC_BODY_MAX);
    opened(h);
    assert_int_equal(harness_jobs(h, NOTIFICATION_LANE_SMS), NOTIFICATION_HELD_MAX);
    const Otp__EnqueueSmsRequest *sms = sms_request(h, &exchange);
    assert_string_equal(sms->text + strlen(sms->text) - 6, "ooo...");
    assert_true(strlen(sms->text) <= NOTIFICATION_SMS_MAX);
}

/* Every page, newest first, nothing twice; a notice that comes in between moves no page. */
static void paging(void **state)
{
    enum { NOTICES = 25 };
    struct harness *h = *state;
    Notification__ListInboxRequest request = NOTIFICATION__LIST_INBOX_REQUEST__INIT;
    int64_t last_ms = INT64_MAX;
    size_t seen = 0;

    for (size_t i = 0; i < NOTICES; i++) {
        accepted(h);
        harness_advance(h, 1000);
    }
    harness_as(h, &binh);
    assert_int_equal(inbox(h, &binh)->n_notices, NOTIFICATION_PAGE_DEFAULT);
    request.page_size = 10;
    do {
        const Notification__ListInboxReply *reply =
            harness_call(h, "ListInbox", &request.base, MC_OK);
        for (size_t i = 0; i < reply->n_notices; i++, seen++) {
            assert_true(reply->notices[i]->at_ms < last_ms);
            last_ms = reply->notices[i]->at_ms;
        }
        request.page_token = reply->next_page_token;
        if (seen == 10)
            accepted(h);
    } while (request.page_token[0] != '\0');
    assert_int_equal(seen, NOTICES);

    request.page_token = text("");
    request.page_size = NOTICES + 1; /* just all of them: no further page */
    const Notification__ListInboxReply *reply = harness_call(h, "ListInbox", &request.base, MC_OK);
    assert_int_equal(reply->n_notices, NOTICES + 1);
    assert_string_equal(reply->next_page_token, "");
}

static void bad_requests(void **state)
{
    static ProtobufCBinaryData ids[NOTIFICATION_MARK_MAX + 1];
    struct harness *h = *state;
    Notification__ListInboxRequest list = NOTIFICATION__LIST_INBOX_REQUEST__INIT;
    Notification__MarkReadRequest marked = NOTIFICATION__MARK_READ_REQUEST__INIT;

    harness_as(h, &binh);
    list.page_size = NOTIFICATION_PAGE_MAX;
    (void)harness_call(h, "ListInbox", &list.base, MC_OK);
    list.page_size = NOTIFICATION_PAGE_MAX + 1;
    (void)harness_call(h, "ListInbox", &list.base, MC_INVALID);
    assert_true(harness_violated(h, "page_size", "FIELD_INVALID"));
    list.page_size = 0;
    list.page_token = text("00");
    (void)harness_call(h, "ListInbox", &list.base, MC_INVALID);
    assert_true(harness_violated(h, "page_token", "FIELD_INVALID"));

    for (size_t i = 0; i < MC_LEN(ids); i++)
        ids[i] = (ProtobufCBinaryData){MC_ID_LEN, mc_unconst("0123456789abcdef")};
    marked.notice_ids = ids;
    marked.n_notice_ids = NOTIFICATION_MARK_MAX;
    (void)harness_call(h, "MarkRead", &marked.base, MC_OK);
    marked.n_notice_ids = NOTIFICATION_MARK_MAX + 1;
    (void)harness_call(h, "MarkRead", &marked.base, MC_INVALID);
    assert_true(harness_violated(h, "notice_ids", "FIELD_TOO_LONG"));
    marked.n_notice_ids = 2;
    ids[1].len = MC_ID_LEN - 1;
    (void)harness_call(h, "MarkRead", &marked.base, MC_INVALID);
    assert_true(harness_violated(h, "notice_ids[1]", "FIELD_INVALID"));
}

/* What is at rest shows neither names, phones nor texts. */
static void texts_are_sealed(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    opened(h);
    accepted(h);
    assert_non_null(sms_request(h, &exchange));
    assert_null(memmem(exchange.job->record->payload.data, exchange.job->record->payload.len,
                       BINH_PHONE, strlen(BINH_PHONE)));
    assert_true(exchange.job->record->forget);
}

/* Follow may bring an event again: it is one notice (the cursor moves with what it wrote). */
static void an_event_twice_is_one_notice(void **state)
{
    struct feed *feed = feed_open(&notification_room, NULL);
    Motcua__Event event = MOTCUA__EVENT__INIT;
    Notification__ListInboxRequest request = NOTIFICATION__LIST_INBOX_REQUEST__INIT;
    Dossier__Changed body;
    uint8_t packed[512];

    (void)state;
    dossier_is(&body);
    event.room = text("dossier");
    event.type = text("dossier.accepted");
    event.seq = 1;
    event.body.len = dossier__changed__pack(&body, packed);
    event.body.data = packed;
    feed_events(feed, &event, 1);
    feed_events(feed, &event, 1);
    feed_restart(feed);
    feed_events(feed, &event, 1);
    assert_int_equal(mc_store_counts(feed->service.store)->journal_last, 1);
    assert_null(feed_call(feed, "ListInbox", &request.base, MC_UNAUTHENTICATED));
    feed_close(feed);
}

int main(void)
{
#define ROOM_TEST(test) cmocka_unit_test_setup_teardown(test, open_room, close_room)
    const struct CMUnitTest tests[] = {
        ROOM_TEST(an_accepted_dossier_is_told),
        ROOM_TEST(the_sms_of_a_notice_is_followed),
        ROOM_TEST(an_sms_thought_refused_was_queued),
        ROOM_TEST(a_full_list_of_keys),
        ROOM_TEST(every_step_of_a_dossier),
        ROOM_TEST(a_dossier_without_code),
        ROOM_TEST(no_due_time),
        ROOM_TEST(a_step_within_a_state_is_not_told),
        ROOM_TEST(a_dossier_without_account),
        ROOM_TEST(payments_are_told),
        ROOM_TEST(links_taxes_and_refunds_are_told),
        ROOM_TEST(what_officers_do_to_an_account_is_told),
        ROOM_TEST(a_lost_phones_change_is_told_to_the_old_phone),
        ROOM_TEST(a_new_phone_is_used_from_then_on),
        ROOM_TEST(a_merged_accounts_notices_go_to_the_other),
        ROOM_TEST(an_account_without_phone_has_no_sms),
        ROOM_TEST(an_account_event_without_id),
        ROOM_TEST(the_dossier_comes_before_its_account),
        ROOM_TEST(a_held_sms_of_an_account_without_phone),
        ROOM_TEST(a_held_sms_gets_too_old),
        ROOM_TEST(an_sms_that_is_refused),
        ROOM_TEST(an_otp_room_that_is_away),
        ROOM_TEST(an_sms_whose_life_ends),
        ROOM_TEST(an_attempt_that_never_reported),
        ROOM_TEST(nothing_yet),
        ROOM_TEST(a_foreign_account_sees_nothing),
        ROOM_TEST(only_with_a_session),
        ROOM_TEST(reading),
        ROOM_TEST(reading_more_than_one_call_marks),
        ROOM_TEST(long_reasons),
        ROOM_TEST(paging),
        ROOM_TEST(bad_requests),
        ROOM_TEST(texts_are_sealed),
        ROOM_TEST(notices_stay_for_ever_unless_it_is_said),
        cmocka_unit_test(old_notices_go_unless_held),
        cmocka_unit_test(an_event_twice_is_one_notice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
