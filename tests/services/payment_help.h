/* What the payment room's tests share: people, the platform's answers, whole stories. */
#pragma once

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"

#include "../harness.h"
#include "services/payment/payment.h"

#define OWNER         "0190a07b-0000-7000-8000-000000000001"
#define STRANGER      "0190a07b-0000-7000-8000-000000000002"
#define OFFICER       "0190a07b-0000-7000-8000-000000000003"
#define UNIT          "000.20.31.H53"
#define CODE          "000.20.31.H53-260907-0007"
#define SECRET        HARNESS_SECRET
#define PARTNER       "DVCQG_TEST"
#define PAGE_URL      "https://platform.test/pay/1"
#define INIT_OK       "{\"error_code\":\"0\",\"message\":\"{\\\"UrlThanhToan\\\":\\\"" PAGE_URL "\\\"}\"}"
#define QUERY_PAID    "{\"TrangThaiGD\":\"00\"}"
#define QUERY_PENDING "{\"TrangThaiGD\":\"01\"}"
#define QUERY_FAILED  "{\"TrangThaiGD\":\"02\"}"
#define MINUTE_MS     60000LL
#define DAY_MS        86400000LL
#define ORDER_LIFE_MS (DAY_MS * 30)

/* Message fields are not const, and nobody writes through these. */
static inline char *text(const char *literal)
{
    return mc_unconst(literal);
}

static inline struct harness *room_open_as(const struct mc_room *room)
{
    static const char *const settings[] = {"payment.platform_secret_file=@secret",
                                           "payment.platform_url=https://platform.test/api", NULL};
    return harness_open(room, settings);
}

static inline struct harness *room_open(void)
{
    return room_open_as(&payment_room);
}

static inline void as_room(struct harness *h)
{
    harness_as(h, &(struct mc_caller){.name = "room:gateway", .who = MC_ROOM});
}

static inline void as_account(struct harness *h, const char *account)
{
    harness_as(h, &(struct mc_caller){
                      .name = "portal:test", .who = MC_CITIZEN, .account_id = account, .ial = 2});
}

static inline void as_officer(struct harness *h, const char *unit)
{
    harness_as(h, &(struct mc_caller){.name = "portal:test",
                                      .who = MC_OFFICER,
                                      .account_id = OFFICER,
                                      .unit = unit,
                                      .ial = 2});
}

static inline Dossier__Changed accepted_of(struct harness *h, const char *code, int64_t fee,
                                           uint8_t last)
{
    Dossier__Changed changed = DOSSIER__CHANGED__INIT;
    struct mc_bytes id = harness_id(h, last);

    changed.dossier_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    changed.code = text(code);
    changed.from = DOSSIER__STATE__NEW;
    changed.to = DOSSIER__STATE__RECEIVED;
    changed.owner_account = text(OWNER);
    changed.procedure_code = text("1.001193");
    changed.procedure_name = text("Đăng ký khai sinh");
    changed.unit = text(UNIT);
    changed.unit_name = text("UBND Thị trấn Bến Cầu");
    changed.fee = fee;
    return changed;
}

static inline void accept(struct harness *h, const char *code, int64_t fee, uint8_t last)
{
    static const char *const no_keys[] = {NULL};
    Dossier__Changed changed = accepted_of(h, code, fee, last);

    harness_event(h, "dossier", "dossier.accepted", &changed.base, no_keys);
}

static inline const Payment__Order *order_of(struct harness *h, const char *code)
{
    Payment__GetOrderRequest req = PAYMENT__GET_ORDER_REQUEST__INIT;

    as_room(h);
    req.dossier_code = text(code);
    return harness_call(h, "GetOrder", &req.base, MC_OK);
}

/* One order of 8.000 đ for the dossier, and who owns it. */
static inline const Payment__Order *order_new(struct harness *h)
{
    accept(h, CODE, 8000, 7);
    return order_of(h, CODE);
}

static inline void open_account(struct harness *h)
{
    static const char *const no_keys[] = {NULL};
    Identity__AccountOpened opened = IDENTITY__ACCOUNT_OPENED__INIT;

    opened.account_id = text(OWNER);
    opened.full_name = text("Nguyễn Thị Hoà Bình");
    opened.login_id = text("012193990017");
    harness_event(h, "identity", "identity.account_opened", &opened.base, no_keys);
}

static inline const Payment__StartPaymentReply *
start_as(struct harness *h, ProtobufCBinaryData order_id, enum mc_status want)
{
    Payment__StartPaymentRequest req = PAYMENT__START_PAYMENT_REQUEST__INIT;

    as_account(h, OWNER);
    req.order_id = order_id;
    req.payer_address = text("192.0.2.10");
    return harness_call(h, "StartPayment", &req.base, want);
}

static inline const Payment__Order *current(struct harness *h)
{
    return order_of(h, CODE);
}

/* The newest attempt. */
static inline const Payment__Attempt *attempt(struct harness *h)
{
    const Payment__Order *order = current(h);

    assert_true(order->n_attempts > 0);
    return order->attempts[order->n_attempts - 1];
}

static inline void init_answer(struct harness *h, const char *body)
{
    struct harness_exchange exchange;

    assert_true(harness_effect(h, "platform.init", &exchange));
    assert_true(exchange.http.once);
    harness_answer(h, &exchange, 200, body);
}

static inline void query_answer(struct harness *h, const char *body)
{
    struct harness_exchange exchange;

    assert_true(harness_effect(h, "platform.query", &exchange));
    harness_answer(h, &exchange, 200, body);
}

static inline void no_query_due(struct harness *h)
{
    struct harness_exchange exchange;

    assert_false(harness_effect(h, "platform.query", &exchange));
}

/* An attempt that waits for its payer. */
static inline const char *start(struct harness *h)
{
    const Payment__StartPaymentReply *reply = start_as(h, current(h)->order_id, MC_OK);

    assert_int_equal(reply->state, PAYMENT__ATTEMPT_STATE__STARTING);
    init_answer(h, INIT_OK);
    assert_int_equal(attempt(h)->state, PAYMENT__ATTEMPT_STATE__WAITING);
    assert_string_equal(attempt(h)->pay_url, PAGE_URL);
    return reply->reference;
}

/* What is NULL is as it should be. */
struct confirm_fields {
    const char *reference;
    const char *code;
    const char *amount;
    const char *partner;
    const char *currency;
    const char *transaction;
    const char *hash;
};

#define CONFIRM(...) (&(struct confirm_fields){__VA_ARGS__})

static inline const char *either(const char *given, const char *usual)
{
    return given != NULL ? given : usual;
}

/* Sends raw bytes to the callback; returns its answer's MaLoi. */
static inline const char *callback(struct harness *h, const char *body)
{
    static char code[16];
    Motcua__WebhookRequest req = MOTCUA__WEBHOOK_REQUEST__INIT;
    struct mc_json *json = NULL;

    as_room(h);
    req.method = text("POST");
    req.content_type = text("application/json");
    req.body = (ProtobufCBinaryData){strlen(body), (uint8_t *)text(body)};
    const Motcua__WebhookReply *reply = harness_call(h, "PlatformConfirm", &req.base, MC_OK);
    assert_int_equal(mc_json_parse(mc_key_bytes(reply->body), &json), MC_OK);
    (void)snprintf(code, sizeof code, "%s", mc_json_text(json, "MaLoi"));
    mc_json_free(json);
    return code;
}

static inline const char *confirm(struct harness *h, const struct confirm_fields *fields)
{
    char hash[PAYMENT_HASH_SIZE];
    char body[2048];
    const char *code = either(fields->code, "00");
    const char *amount = either(fields->amount, "8000");
    const char *partner = either(fields->partner, PARTNER);
    const char *currency = either(fields->currency, "VND");
    const char *transaction = either(fields->transaction, "FT26250000123");
    static const char information[] = "THANH TOAN HO SO " CODE;
    const char *const values[] = {"CONFIRM",        code,        partner,     fields->reference,
                                  amount,           currency,    transaction, "VIETINBANK",
                                  "20260907093455", information, NULL};

    payment_hash(hash, values, SECRET);
    (void)snprintf(body, sizeof body,
                   "{\"LoaiBanTin\":\"CONFIRM\",\"MaLoi\":\"%s\",\"MaDoiTac\":\"%s\","
                   "\"MaThamChieu\":\"%s\",\"SoTien\":\"%s\",\"MaTienTe\":\"%s\","
                   "\"MaGiaoDich\":\"%s\",\"MaNganHang\":\"VIETINBANK\","
                   "\"ThoiGianGD\":\"20260907093455\",\"ThongTinGiaoDich\":\"THANH TOAN HO SO " CODE
                   "\",\"MaXacThuc\":\"%s\"}",
                   code, partner, fields->reference, amount, currency, transaction,
                   either(fields->hash, hash));
    return callback(h, body);
}

/* The books must always hold: everything summed again, and equal. */
static inline const Payment__CheckLedgerReply *books(struct harness *h)
{
    Payment__CheckLedgerRequest req = PAYMENT__CHECK_LEDGER_REQUEST__INIT;

    as_room(h);
    const Payment__CheckLedgerReply *reply = harness_call(h, "CheckLedger", &req.base, MC_OK);
    assert_string_equal(reply->problem, "");
    assert_true(reply->balanced);
    assert_int_equal(reply->debit, reply->credit);
    return reply;
}

static inline int64_t credit_of(struct harness *h, const char *account)
{
    const Payment__CheckLedgerReply *reply = books(h);

    for (size_t i = 0; i < reply->n_balances; i++)
        if (strcmp(reply->balances[i]->account, account) == 0)
            return reply->balances[i]->credit - reply->balances[i]->debit;
    return 0;
}

/* Exactly this much is in the order's place, and this much in suspense. */
static inline void money_is(struct harness *h, int64_t earned, int64_t suspended)
{
    assert_int_equal(credit_of(h, "agency:" UNIT ":charge:2771"), earned);
    assert_int_equal(credit_of(h, PAYMENT_SUSPENSE), suspended);
    assert_int_equal(credit_of(h, PAYMENT_RECEIVABLE), -(earned + suspended));
}
