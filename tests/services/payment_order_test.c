/* Orders, who may see them, receipts, the ledger's check, limits at and one past. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "payment_help.h"

static Payment__Item item_of(Payment__ItemKind kind, const char *code, int64_t amount)
{
    Payment__Item item = PAYMENT__ITEM__INIT;

    item.kind = kind;
    item.code = text(code);
    item.name = text("Phí thử nghiệm");
    item.amount = amount;
    return item;
}

struct asked {
    Payment__CreateOrderRequest req;
    Payment__Item items[PAYMENT_ITEMS_MAX + 1];
    Payment__Item *pointers[PAYMENT_ITEMS_MAX + 1];
};

static void asked_fill(struct asked *asked, size_t n, int64_t amount)
{
    asked->req = (Payment__CreateOrderRequest)PAYMENT__CREATE_ORDER_REQUEST__INIT;
    for (size_t i = 0; i < PAYMENT_ITEMS_MAX + 1; i++) {
        asked->items[i] = item_of(PAYMENT__ITEM_KIND__FEE, "2716", amount);
        asked->pointers[i] = &asked->items[i];
    }
    asked->req.dossier_code = text(CODE);
    asked->req.procedure_code = text("2.000815");
    asked->req.unit = text(UNIT);
    asked->req.unit_name = text("UBND  Thị trấn Bến Cầu ");
    asked->req.owner_account = text(OWNER);
    asked->req.items = asked->pointers;
    asked->req.n_items = n;
    asked->req.description = text("Chứng thực bản sao");
}

static const Payment__Order *create(struct harness *h, struct asked *asked, enum mc_status want)
{
    as_room(h);
    return harness_call(h, "CreateOrder", &asked->req.base, want);
}

static void accepted_dossier_makes_one_order(void **state)
{
    struct harness *h = room_open();

    (void)state;
    const Payment__Order *order = order_new(h);
    assert_int_equal(order->state, PAYMENT__ORDER_STATE__PENDING);
    assert_int_equal(order->total, 8000);
    assert_string_equal(order->total_text, "8.000 VND");
    assert_int_equal(order->n_items, 1);
    assert_int_equal(order->items[0]->kind, PAYMENT__ITEM_KIND__CHARGE);
    assert_string_equal(order->items[0]->code, "2771");
    assert_string_equal(order->items[0]->name, "Lệ phí hộ tịch");
    assert_string_equal(order->unit_name, "UBND Thị trấn Bến Cầu");
    assert_int_equal(order->expires_at_ms, HARNESS_T0 + ORDER_LIFE_MS);
    accept(h, CODE, 8000, 7);
    accept(h, CODE, 9000, 7);
    assert_int_equal(harness_rows(h, PAYMENT_ORDERS), 1);
    assert_int_equal(harness_events(h, "payment.order_created"), 1);

    const Motcua__Event *event = NULL;
    const Payment__OrderChanged *body =
        harness_last_event(h, "payment.order_created", &payment__order_changed__descriptor, &event);
    assert_int_equal(body->amount, 8000);
    assert_string_equal(body->unit, UNIT);
    assert_int_equal(event->n_keys, 3);
    assert_string_equal(event->keys[1], "dossier:" CODE);
    assert_string_equal(event->keys[2], "account:" OWNER);
    harness_close(h);
}

static void a_dossier_without_a_fee_makes_none(void **state)
{
    static const int64_t fees[] = {0, -1, PAYMENT_AMOUNT_MAX + 1, INT64_MAX, INT64_MIN};
    struct harness *h = room_open();

    (void)state;
    for (size_t i = 0; i < MC_LEN(fees); i++)
        accept(h, CODE, fees[i], (uint8_t)(10 + i));
    assert_int_equal(harness_rows(h, PAYMENT_ORDERS), 0);
    accept(h, CODE, PAYMENT_AMOUNT_MAX, 20);
    assert_int_equal(harness_rows(h, PAYMENT_ORDERS), 1);
    assert_string_equal(current(h)->total_text, "999.999.000.000 VND");
    harness_close(h);
}

static void create_order(void **state)
{
    struct harness *h = room_open();
    struct asked asked;

    (void)state;
    asked_fill(&asked, 2, 2000);
    asked.items[1] = item_of(PAYMENT__ITEM_KIND__CHARGE, "2771", 8000);
    const Payment__Order *order = create(h, &asked, MC_OK);
    assert_int_equal(order->total, 10000);
    assert_string_equal(order->unit_name, "UBND Thị trấn Bến Cầu");
    assert_string_equal(order->description, "Chứng thực bản sao");
    harness_as(h, &(struct mc_caller){.name = "operator:ops", .who = MC_OPERATOR});
    (void)harness_call(h, "CreateOrder", &asked.req.base, MC_OK);
    as_account(h, OWNER);
    (void)harness_call(h, "CreateOrder", &asked.req.base, MC_DENIED);
    harness_close(h);
}

static void amounts_that_overflow_are_refused(void **state)
{
    struct harness *h = room_open();
    struct asked asked;

    (void)state;
    asked_fill(&asked, 1, PAYMENT_AMOUNT_MAX);
    assert_int_equal(create(h, &asked, MC_OK)->total, PAYMENT_AMOUNT_MAX);
    asked_fill(&asked, 1, PAYMENT_AMOUNT_MAX + 1);
    (void)create(h, &asked, MC_INVALID);
    assert_true(harness_violated(h, "items[0].amount", "AMOUNT_TOO_LARGE"));
    asked_fill(&asked, 2, INT64_MAX);
    (void)create(h, &asked, MC_INVALID);
    asked_fill(&asked, 2, PAYMENT_AMOUNT_MAX);
    (void)create(h, &asked, MC_INVALID);
    assert_true(harness_violated(h, "items[1].amount", "AMOUNT_TOO_LARGE"));
    asked_fill(&asked, 1, 0);
    (void)create(h, &asked, MC_INVALID);
    assert_true(harness_violated(h, "items[0].amount", "FIELD_INVALID"));
    asked_fill(&asked, 1, INT64_MIN);
    (void)create(h, &asked, MC_INVALID);
    assert_int_equal(harness_rows(h, PAYMENT_ORDERS), 1);
    harness_close(h);
}

static void create_order_refusals(void **state)
{
    struct harness *h = room_open();
    struct asked asked;
    char long_text[PAYMENT_TEXT_MAX + 2];

    (void)state;
    asked_fill(&asked, PAYMENT_ITEMS_MAX, 1);
    (void)create(h, &asked, MC_OK);
    asked_fill(&asked, PAYMENT_ITEMS_MAX + 1, 1);
    (void)create(h, &asked, MC_INVALID);
    assert_true(harness_violated(h, "items", "FIELD_TOO_LONG"));

    /* every failed condition is told at once */
    asked_fill(&asked, 0, 1);
    asked.req.unit = text("nowhere");
    asked.req.procedure_code = text("1");
    asked.req.owner_account = text("me");
    asked.req.dossier_code = text("a|b");
    asked.req.dossier_id = (ProtobufCBinaryData){3, (uint8_t *)text("abc")};
    (void)create(h, &asked, MC_INVALID);
    assert_true(harness_violated(h, "items", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "unit", "AGENCY_CODE_FORMAT"));
    assert_true(harness_violated(h, "procedure_code", "PROCEDURE_CODE_FORMAT"));
    assert_true(harness_violated(h, "owner_account", "FIELD_INVALID"));
    assert_true(harness_violated(h, "dossier_code", "DOSSIER_CODE_FORMAT"));
    assert_true(harness_violated(h, "dossier_id", "FIELD_INVALID"));

    asked_fill(&asked, 1, 1);
    asked.items[0].kind = PAYMENT__ITEM_KIND__ITEM_KIND_UNSPECIFIED;
    asked.items[0].code = text("27:71");
    asked.items[0].name = text("  ");
    (void)create(h, &asked, MC_INVALID);
    assert_true(harness_violated(h, "items[0].kind", "FIELD_INVALID"));
    assert_true(harness_violated(h, "items[0].code", "FIELD_INVALID"));
    assert_true(harness_violated(h, "items[0].name", "FIELD_REQUIRED"));

    memset(long_text, 'a', sizeof long_text);
    long_text[sizeof long_text - 1] = '\0';
    asked_fill(&asked, 1, 1);
    asked.items[0].code = text("12345678901234567");
    asked.req.description = long_text;
    (void)create(h, &asked, MC_INVALID);
    assert_true(harness_violated(h, "items[0].code", "FIELD_INVALID"));
    assert_true(harness_violated(h, "description", "FIELD_TOO_LONG"));
    long_text[PAYMENT_TEXT_MAX] = '\0';
    asked.items[0].code = text("1234567890123456");
    (void)create(h, &asked, MC_OK);
    harness_close(h);
}

static void who_may_see(void **state)
{
    struct harness *h = room_open();
    Payment__GetOrderRequest get = PAYMENT__GET_ORDER_REQUEST__INIT;

    (void)state;
    get.order_id = order_new(h)->order_id;
    as_account(h, OWNER);
    (void)harness_call(h, "GetOrder", &get.base, MC_OK);
    as_account(h, STRANGER);
    (void)harness_call(h, "GetOrder", &get.base, MC_NOT_FOUND);
    as_officer(h, UNIT);
    (void)harness_call(h, "GetOrder", &get.base, MC_OK);
    as_officer(h, "000.00.31.H53"); /* above it */
    (void)harness_call(h, "GetOrder", &get.base, MC_OK);
    as_officer(h, "000.21.31.H53"); /* beside it */
    (void)harness_call(h, "GetOrder", &get.base, MC_NOT_FOUND);
    /* a room that passes on a session has only what the session has */
    harness_as(h, &(struct mc_caller){
                      .name = "room:gateway", .who = MC_ROOM | MC_CITIZEN, .account_id = STRANGER});
    (void)harness_call(h, "GetOrder", &get.base, MC_NOT_FOUND);
    harness_as(h, &(struct mc_caller){.name = "sms:viettel", .who = MC_SMS});
    (void)harness_call(h, "GetOrder", &get.base, MC_UNAUTHENTICATED);
    harness_close(h);
}

static void get_order_refusals(void **state)
{
    struct harness *h = room_open();
    Payment__GetOrderRequest get = PAYMENT__GET_ORDER_REQUEST__INIT;
    struct mc_bytes id = harness_id(h, 9);

    (void)state;
    as_room(h);
    (void)harness_call(h, "GetOrder", &get.base, MC_INVALID);
    get.order_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    (void)harness_call(h, "GetOrder", &get.base, MC_NOT_FOUND);
    get.dossier_code = text(CODE);
    (void)harness_call(h, "GetOrder", &get.base, MC_INVALID);
    get.order_id = (ProtobufCBinaryData){0};
    (void)harness_call(h, "GetOrder", &get.base, MC_NOT_FOUND);
    get.dossier_code = text("000.20.31.H53-260907-000"); /* a beginning is not the code */
    (void)order_new(h);
    (void)harness_call(h, "GetOrder", &get.base, MC_NOT_FOUND);
    get = (Payment__GetOrderRequest)PAYMENT__GET_ORDER_REQUEST__INIT;
    get.order_id = (ProtobufCBinaryData){3, (uint8_t *)text("abc")};
    (void)harness_call(h, "GetOrder", &get.base, MC_INVALID);
    harness_close(h);
}

static void list_pages_newest_first(void **state)
{
    struct harness *h = room_open();
    Payment__ListOrdersRequest list = PAYMENT__LIST_ORDERS_REQUEST__INIT;

    (void)state;
    for (uint8_t i = 1; i <= 5; i++) {
        accept(h, CODE, INT64_C(1000) * i, i);
        harness_advance(h, 1000);
    }
    as_account(h, OWNER);
    list.page_size = 2;
    int64_t want = 5000;
    for (size_t page = 0; page < 3; page++) {
        const Payment__ListOrdersReply *reply = harness_call(h, "ListOrders", &list.base, MC_OK);
        assert_int_equal(reply->n_orders, page < 2 ? 2 : 1);
        for (size_t i = 0; i < reply->n_orders; i++, want -= 1000)
            assert_int_equal(reply->orders[i]->total, want);
        assert_int_equal(reply->next_page_token[0] != '\0', page < 2);
        list.page_token = reply->next_page_token;
    }
    list.page_token = text("zz");
    (void)harness_call(h, "ListOrders", &list.base, MC_INVALID);
    list.page_token = text("");
    list.page_size = PAYMENT_PAGE_MAX;
    (void)harness_call(h, "ListOrders", &list.base, MC_OK);
    list.page_size = PAYMENT_PAGE_MAX + 1;
    (void)harness_call(h, "ListOrders", &list.base, MC_INVALID);
    list.page_size = 0;
    as_account(h, STRANGER);
    const Payment__ListOrdersReply *none = harness_call(h, "ListOrders", &list.base, MC_OK);
    assert_int_equal(none->n_orders, 0);
    list.dossier_code = text(CODE);
    none = harness_call(h, "ListOrders", &list.base, MC_OK);
    assert_int_equal(none->n_orders, 0);
    as_officer(h, UNIT);
    none = harness_call(h, "ListOrders", &list.base, MC_OK);
    assert_int_equal(none->n_orders, 5);
    as_room(h);
    list.dossier_code = text("");
    (void)harness_call(h, "ListOrders", &list.base, MC_UNAUTHENTICATED);
    harness_close(h);
}

static void start_refusals(void **state)
{
    struct harness *h = room_open();
    Payment__StartPaymentRequest req = PAYMENT__START_PAYMENT_REQUEST__INIT;

    (void)state;
    req.order_id = order_new(h)->order_id;
    as_room(h);
    (void)harness_call(h, "StartPayment", &req.base, MC_UNAUTHENTICATED);
    as_account(h, STRANGER);
    (void)harness_call(h, "StartPayment", &req.base, MC_NOT_FOUND);
    as_officer(h, UNIT);
    (void)harness_call(h, "StartPayment", &req.base, MC_NOT_FOUND);
    as_account(h, OWNER);
    req.return_url = text("http://plain.test/");
    req.bank = text("bidv");
    req.payer_address = text("192.0.2.10|");
    (void)harness_call(h, "StartPayment", &req.base, MC_INVALID);
    assert_true(harness_violated(h, "return_url", "FIELD_INVALID"));
    assert_true(harness_violated(h, "bank", "BANK_NOT_CONNECTED"));
    assert_true(harness_violated(h, "payer_address", "FIELD_INVALID"));
    req.order_id = (ProtobufCBinaryData){0};
    (void)harness_call(h, "StartPayment", &req.base, MC_INVALID);
    assert_true(harness_violated(h, "order_id", "FIELD_INVALID"));
    assert_int_equal(harness_rows(h, PAYMENT_ATTEMPTS), 0);
    harness_close(h);
}

static void expired_order_is_not_paid(void **state)
{
    struct harness *h = room_open();

    (void)state;
    const Payment__Order *order = order_new(h);
    harness_set_clock(h, order->expires_at_ms - 1);
    harness_tick(h);
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__PENDING);
    harness_advance(h, 1);
    (void)start_as(h, order->order_id, MC_EXPIRED); /* even before the tick */
    assert_true(harness_violated(h, "", "ORDER_EXPIRED"));
    harness_tick(h);
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__EXPIRED);
    assert_int_equal(harness_events(h, "payment.order_expired"), 1);
    assert_int_equal(harness_rows(h, PAYMENT_EXPIRY), 0);
    harness_close(h);
}

static void a_tick_is_bounded(void **state)
{
    struct harness *h = room_open();
    struct asked asked;

    (void)state;
    asked_fill(&asked, 1, 1000);
    for (int i = 0; i < PAYMENT_TICK_ROWS + 1; i++)
        (void)create(h, &asked, MC_OK);
    harness_advance(h, ORDER_LIFE_MS);
    harness_tick(h);
    assert_int_equal(harness_rows(h, PAYMENT_EXPIRY), 1);
    harness_tick(h);
    assert_int_equal(harness_rows(h, PAYMENT_EXPIRY), 0);
    harness_close(h);
}

static void fail_once(struct harness *h)
{
    (void)start_as(h, current(h)->order_id, MC_OK);
    init_answer(h, "{\"error_code\":\"1\",\"message\":\"\"}");
    harness_advance(h, 1); /* ids order by the millisecond */
}

/* Also: references stay different within one second. */
static void attempts_have_an_end(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    for (int i = 0; i < PAYMENT_ATTEMPTS_MAX; i++)
        fail_once(h);
    assert_int_equal(harness_rows(h, PAYMENT_REFERENCES), PAYMENT_ATTEMPTS_MAX);
    const Payment__Order *order = current(h);
    assert_int_equal(order->n_attempts, PAYMENT_ATTEMPTS_MAX);
    assert_string_equal(order->attempts[1]->reference + strlen(order->attempts[0]->reference),
                        "02");
    (void)start_as(h, order->order_id, MC_LIMITED);
    assert_true(harness_violated(h, "", "PAYMENT_ATTEMPTS"));
    harness_close(h);
}

static void pay(struct harness *h, const char *code, const char *amount, const char *transaction)
{
    const Payment__StartPaymentReply *started = start_as(h, order_of(h, code)->order_id, MC_OK);

    init_answer(h, INIT_OK);
    assert_string_equal(confirm(h, CONFIRM(.reference = started->reference, .amount = amount,
                                           .transaction = transaction)),
                        "00");
    query_answer(h, QUERY_PAID);
    assert_int_equal(order_of(h, code)->state, PAYMENT__ORDER_STATE__PAID);
}

/* Fee and charge apart (NĐ 123/2020), serials gapless per agency, from 1 again each year. */
static void receipts_per_kind_and_agency(void **state)
{
    struct harness *h = room_open();
    struct asked asked;
    Payment__GetReceiptRequest get = PAYMENT__GET_RECEIPT_REQUEST__INIT;

    (void)state;
    asked_fill(&asked, 3, 2000);
    asked.items[1] = item_of(PAYMENT__ITEM_KIND__CHARGE, "2771", 8000);
    (void)create(h, &asked, MC_OK);
    pay(h, CODE, "12000", "FT1");
    const Payment__Order *order = current(h);
    assert_int_equal(order->n_receipts, 2);
    assert_string_equal(order->receipts[0], "28AA-26E/0000001");
    assert_string_equal(order->receipts[1], "28AA-26E/0000002");

    as_officer(h, UNIT);
    get.number = order->receipts[0];
    const Payment__Receipt *fee = harness_call(h, "GetReceipt", &get.base, MC_OK);
    assert_int_equal(fee->kind, PAYMENT__ITEM_KIND__FEE);
    assert_int_equal(fee->amount, 4000);
    assert_string_equal(fee->amount_in_words, "Bốn nghìn đồng");
    assert_string_equal(fee->item_name, "Phí thử nghiệm; Phí thử nghiệm");
    assert_string_equal(fee->payer_name, ""); /* identity has not told it */
    get.number = order->receipts[1];
    const Payment__Receipt *charge = harness_call(h, "GetReceipt", &get.base, MC_OK);
    assert_int_equal(charge->kind, PAYMENT__ITEM_KIND__CHARGE);
    assert_int_equal(charge->amount, 8000);
    as_account(h, STRANGER);
    (void)harness_call(h, "GetReceipt", &get.base, MC_NOT_FOUND);
    as_officer(h, "000.21.31.H53");
    (void)harness_call(h, "GetReceipt", &get.base, MC_NOT_FOUND);

    asked.req.unit = text("000.21.31.H53");
    asked.req.dossier_code = text("B-260907-0001");
    (void)create(h, &asked, MC_OK);
    harness_advance(h, 1000);
    pay(h, "B-260907-0001", "12000", "FT2");
    assert_string_equal(order_of(h, "B-260907-0001")->receipts[0], "28AB-26E/0000001");

    harness_advance(h, ORDER_LIFE_MS * 4); /* 2027 */
    asked.req.unit = text(UNIT);
    asked.req.dossier_code = text("C-270105-0001");
    (void)create(h, &asked, MC_OK);
    pay(h, "C-270105-0001", "12000", "FT3");
    assert_string_equal(order_of(h, "C-270105-0001")->receipts[0], "28AA-27E/0000001");
    assert_int_equal(credit_of(h, "agency:" UNIT ":fee:2716"), 8000);
    assert_int_equal(credit_of(h, "agency:" UNIT ":charge:2771"), 16000);
    assert_int_equal(books(h)->postings, 12);
    harness_close(h);
}

static void a_page_ends_early_with_many_attempts(void **state)
{
    struct harness *h = room_open();
    Payment__ListOrdersRequest list = PAYMENT__LIST_ORDERS_REQUEST__INIT;

    (void)state;
    for (uint8_t i = 1; i <= 5; i++) {
        accept(h, CODE, 1000, i);
        harness_advance(h, 1000);
        for (int n = 0; n < PAYMENT_ATTEMPTS_MAX; n++)
            fail_once(h);
    }
    as_account(h, OWNER);
    const Payment__ListOrdersReply *first = harness_call(h, "ListOrders", &list.base, MC_OK);
    assert_int_equal(first->n_orders, PAYMENT_PAGE_ATTEMPTS / PAYMENT_ATTEMPTS_MAX);
    list.page_token = first->next_page_token;
    const Payment__ListOrdersReply *second = harness_call(h, "ListOrders", &list.base, MC_OK);
    assert_int_equal(second->n_orders, 1);
    assert_string_equal(second->next_page_token, "");
    harness_close(h);
}

static void key_file(char *path, const char *secret, unsigned mode)
{
    char hex[2 * PAYMENT_SECRET_MAX + 8];
    char *slash = NULL;

    memcpy(path, "/tmp/motcua_key.XXXXXX", sizeof "/tmp/motcua_key.XXXXXX");
    assert_non_null(mkdtemp(path));
    slash = path + strlen(path);
    memcpy(slash, "/key", sizeof "/key");
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)mc_hex(hex, (struct mc_bytes){secret, strlen(secret)});
    (void)fprintf(file, "%s\n", hex);
    (void)fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void key_file_drop(char *path)
{
    assert_int_equal(unlink(path), 0);
    *strrchr(path, '/') = '\0';
    assert_int_equal(rmdir(path), 0);
}

/* The secret is a file of hex that nobody else may read; without one, nothing starts. */
static void boot_checks(void **state)
{
    char longest[PAYMENT_SECRET_MAX + 2];
    char good[64];
    char wide[64];
    char exact[64];
    char past[64];
    char brief[64];

    (void)state;
    memset(longest, 's', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    key_file(past, longest, 0600);
    longest[sizeof longest - 2] = '\0';
    key_file(exact, longest, 0600);
    key_file(good, "12345678", 0600);
    key_file(wide, "12345678", 0644);
    key_file(brief, "1234567", 0600);
    const struct {
        const char *label;
        struct payment payment;
        enum mc_status want;
        const char *secret;
    } cases[] = {
        {"no secret", {.secret_file = ""}, MC_INVALID, NULL},
        {"shortest", {.secret_file = good}, MC_OK, "12345678"},
        {"longest", {.secret_file = exact}, MC_OK, longest},
        {"too long", {.secret_file = past}, MC_INVALID, NULL},
        {"too short", {.secret_file = brief}, MC_INVALID, NULL},
        {"others may read", {.secret_file = wide}, MC_DENIED, NULL},
        {"no file", {.secret_file = "/nonexistent/key"}, MC_NOT_FOUND, NULL},
        {"plain", {.platform_url = "http://p.test/", .secret_file = good}, MC_INVALID, NULL},
        {"plain allowed",
         {.platform_url = "http://p.test/", .secret_file = good, .allow_plain_http = true},
         MC_OK,
         "12345678"},
        {"bar", {.partner = "A|B", .secret_file = good}, MC_INVALID, NULL},
        {"pauses",
         {.query_backoff_ms = 2, .query_backoff_max_ms = 1, .secret_file = good},
         MC_INVALID,
         NULL},
    };
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct payment payment = cases[i].payment;
        struct mc_boot boot = {0};
        payment.platform_url = either(payment.platform_url, "https://p.test/");
        payment.partner = either(payment.partner, PARTNER);
        payment.secret_file = either(payment.secret_file, "");
        payment.banks_file = "";
        payment.bank_secret_file = "";
        payment.bank_gateway_url = "";
        payment.tax_url = "";
        payment.notice_key_file = "";
        if (payment_boot(&payment, &boot) != cases[i].want)
            fail_msg("%s: %s", cases[i].label, boot.why);
        if (cases[i].secret != NULL)
            assert_string_equal(payment.secret, cases[i].secret);
        else
            assert_string_not_equal(boot.why, "");
    }
    key_file_drop(good);
    key_file_drop(wide);
    key_file_drop(exact);
    key_file_drop(past);
    key_file_drop(brief);
}

static void get_receipt_refusals(void **state)
{
    struct harness *h = room_open();
    Payment__GetReceiptRequest get = PAYMENT__GET_RECEIPT_REQUEST__INIT;

    (void)state;
    as_account(h, OWNER);
    (void)harness_call(h, "GetReceipt", &get.base, MC_INVALID);
    get.number = text("28AA-26E/0000001");
    (void)harness_call(h, "GetReceipt", &get.base, MC_NOT_FOUND);
    get.number = text("123456789012345678901234567890123");
    (void)harness_call(h, "GetReceipt", &get.base, MC_INVALID);
    harness_close(h);
}

/* «Thu trước»: asked for before acceptance, when there is no official code yet. */
static void a_fee_before_acceptance_is_an_order_too(void **state)
{
    static const char *const no_keys[] = {NULL};
    struct harness *h = room_open();
    Dossier__Changed changed = accepted_of(h, "", 8000, 7);

    (void)state;
    changed.internal_number = 363815;
    changed.to = DOSSIER__STATE__FINANCIAL_OBLIGATION;
    harness_event(h, "dossier", "dossier.advanced", &changed.base, no_keys);
    assert_int_equal(order_of(h, "363815")->total, 8000);
    assert_non_null(strstr(order_of(h, "363815")->description, "363815")); /* FEE-04 */

    /* Paid and accepted afterwards: the fee is not asked for a second time. */
    accept(h, CODE, 8000, 7);
    assert_int_equal(harness_events(h, "payment.order_created"), 1);
    harness_close(h);
}

static void only_a_running_dossiers_order_is_cancelled(void **state)
{
    static const char *const no_keys[] = {NULL};
    struct harness *h = room_open();
    Dossier__Changed changed = accepted_of(h, CODE, 8000, 7);

    (void)state;
    (void)order_new(h);
    changed.to = DOSSIER__STATE__PROCESSING;
    harness_event(h, "dossier", "dossier.advanced", &changed.base, no_keys);
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__PENDING);
    pay(h, CODE, "8000", "FT1");
    changed.to = DOSSIER__STATE__STOPPED;
    harness_event(h, "dossier", "dossier.advanced", &changed.base, no_keys);
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__PAID);
    assert_int_equal(harness_events(h, "payment.order_cancelled"), 0);
    harness_close(h);
}

/* The check's own proof: a tick that spoils the books, in the ways it must see. */
enum spoil { SPOIL_BALANCE, SPOIL_POSTING, SPOIL_GAP, SPOIL_ACCOUNT, SPOILS_LEN };
static enum spoil spoil_now;

static enum mc_status spoil_tick(void *ctx, struct mc_txn *txn)
{
    PaymentState__Posting posting = PAYMENT_STATE__POSTING__INIT;
    PaymentState__Balance balance = PAYMENT_STATE__BALANCE__INIT;

    (void)ctx;
    posting.account = text(PAYMENT_RECEIVABLE);
    posting.amount = 8001;
    posting.transfer = 1;
    switch (spoil_now) {
    case SPOIL_BALANCE:
        balance.debit = 8001;
        mc_save(txn, PAYMENT_BALANCES, mc_key_text(PAYMENT_RECEIVABLE), &balance.base);
        break;
    case SPOIL_POSTING:
        mc_save(txn, PAYMENT_POSTINGS, mc_key_u64(txn, 1), &posting.base);
        break;
    case SPOIL_GAP:
        mc_drop(txn, PAYMENT_POSTINGS, mc_key_u64(txn, 1));
        break;
    case SPOIL_ACCOUNT:
        mc_drop(txn, PAYMENT_BALANCES, mc_key_text(PAYMENT_RECEIVABLE));
        break;
    case SPOILS_LEN:
        break;
    }
    return txn->status;
}

static void check_sees_spoiled_books(void **state)
{
    static const char *const want[] = {"BALANCE_DIFFERS", "TRANSFER_UNBALANCED", "SEQUENCE_GAP",
                                       "ACCOUNT_WITHOUT_BALANCE"};
    struct mc_room spoiled = payment_room;

    (void)state;
    spoiled.tick = spoil_tick;
    for (spoil_now = SPOIL_BALANCE; spoil_now < SPOILS_LEN; spoil_now++) {
        struct harness *h = room_open_as(&spoiled);
        Payment__CheckLedgerRequest req = PAYMENT__CHECK_LEDGER_REQUEST__INIT;

        (void)order_new(h);
        pay(h, CODE, "8000", "FT1");
        (void)books(h);
        harness_tick(h);
        const Payment__CheckLedgerReply *reply = harness_call(h, "CheckLedger", &req.base, MC_OK);
        assert_false(reply->balanced);
        if (spoil_now != SPOIL_POSTING) /* that one is unbalanced in two ways */
            assert_string_equal(reply->problem, want[spoil_now]);
        harness_close(h);
    }
}

static void many_postings_are_checked_in_stretches(void **state)
{
    struct harness *h = room_open();

    (void)state;
    for (unsigned i = 0; i < 140; i++) {
        char code[32];
        char transaction[16];
        (void)snprintf(code, sizeof code, "%s-%04u", UNIT, i);
        (void)snprintf(transaction, sizeof transaction, "FT%u", i);
        accept(h, code, 8000, (uint8_t)i);
        pay(h, code, "8000", transaction);
    }
    const Payment__CheckLedgerReply *reply = books(h);
    assert_int_equal(reply->postings, 280);
    assert_int_equal(reply->debit, 140 * 8000);
    assert_int_equal(reply->n_balances, 2);
    harness_close(h);
}

static void check_of_empty_books(void **state)
{
    struct harness *h = room_open();

    (void)state;
    assert_int_equal(books(h)->postings, 0);
    as_account(h, OWNER);
    Payment__CheckLedgerRequest req = PAYMENT__CHECK_LEDGER_REQUEST__INIT;
    (void)harness_call(h, "CheckLedger", &req.base, MC_DENIED);
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted_dossier_makes_one_order),
        cmocka_unit_test(a_dossier_without_a_fee_makes_none),
        cmocka_unit_test(create_order),
        cmocka_unit_test(amounts_that_overflow_are_refused),
        cmocka_unit_test(create_order_refusals),
        cmocka_unit_test(who_may_see),
        cmocka_unit_test(get_order_refusals),
        cmocka_unit_test(list_pages_newest_first),
        cmocka_unit_test(start_refusals),
        cmocka_unit_test(expired_order_is_not_paid),
        cmocka_unit_test(a_tick_is_bounded),
        cmocka_unit_test(attempts_have_an_end),
        cmocka_unit_test(receipts_per_kind_and_agency),
        cmocka_unit_test(a_page_ends_early_with_many_attempts),
        cmocka_unit_test(boot_checks),
        cmocka_unit_test(get_receipt_refusals),
        cmocka_unit_test(only_a_running_dossiers_order_is_cancelled),
        cmocka_unit_test(a_fee_before_acceptance_is_an_order_too),
        cmocka_unit_test(check_sees_spoiled_books),
        cmocka_unit_test(many_postings_are_checked_in_stretches),
        cmocka_unit_test(check_of_empty_books),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
