/* The books checked each night whatever their length; orders by the caller's own key; fines. */
#include "payment_officers.h"

static void pay(struct harness *h, const char *code, const char *transaction)
{
    const Payment__StartPaymentReply *started = start_as(h, order_of(h, code)->order_id, MC_OK);
    const char *reference = started->reference;

    init_answer(h, INIT_OK);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference, .transaction = transaction)),
                        "00");
    query_answer(h, QUERY_PAID);
}

static void pay_many(struct harness *h, unsigned from, unsigned n)
{
    for (unsigned i = from; i < from + n; i++) {
        char code[32];
        char transaction[16];
        (void)snprintf(code, sizeof code, "%s-%04u", UNIT, i);
        (void)snprintf(transaction, sizeof transaction, "FT%u", i);
        accept(h, code, 8000, (uint8_t)i);
        pay(h, code, transaction);
    }
}

static const Payment__BookCheck *nightly(struct harness *h)
{
    return books(h)->nightly;
}

static void each_night_and_once(void **state)
{
    struct harness *h = room_open();

    (void)state;
    assert_null(nightly(h));
    pay_many(h, 0, 3);
    harness_tick(h); /* 09:20: the day's check has not been yet */
    assert_false(nightly(h)->running);
    assert_string_equal(nightly(h)->problem, "");
    assert_int_equal(nightly(h)->postings, 6);
    assert_int_equal(harness_events(h, "payment.books_checked"), 1);
    harness_tick(h);
    assert_int_equal(harness_events(h, "payment.books_checked"), 1);

    harness_set_clock(h, HARNESS_T0 - 20 * MINUTE_MS + 16 * 60 * MINUTE_MS); /* 01:00 */
    pay_many(h, 3, 1);
    harness_tick(h);
    assert_int_equal(harness_events(h, "payment.books_checked"), 1);
    harness_advance(h, 60 * MINUTE_MS); /* 02:00, and everything from the start again */
    harness_tick(h);
    assert_int_equal(harness_events(h, "payment.books_checked"), 2);
    assert_int_equal(nightly(h)->postings, 8);
    harness_close(h);
}

/* The nightly check sees what the call sees, and goes on where it was after a restart. */
enum spoil { SPOIL_NONE, SPOIL_BALANCE, SPOIL_POSTING, SPOIL_GAP, SPOIL_ACCOUNT };
static enum spoil spoil_now;

static enum mc_status spoil_tick(void *ctx, struct mc_txn *txn)
{
    PaymentState__Posting posting = PAYMENT_STATE__POSTING__INIT;
    PaymentState__Balance balance = PAYMENT_STATE__BALANCE__INIT;
    struct mc_bytes account = mc_key_text(PAYMENT_RECEIVABLE);

    posting.account = text(PAYMENT_RECEIVABLE);
    posting.amount = 8001;
    posting.transfer = 1;
    balance.debit = 8001;
    if (spoil_now == SPOIL_BALANCE)
        mc_save(txn, PAYMENT_BALANCES, account, &balance.base);
    else if (spoil_now == SPOIL_POSTING)
        mc_save(txn, PAYMENT_POSTINGS, mc_key_u64(txn, 1), &posting.base);
    else if (spoil_now == SPOIL_GAP)
        mc_drop(txn, PAYMENT_POSTINGS, mc_key_u64(txn, 1));
    else if (spoil_now == SPOIL_ACCOUNT)
        mc_drop(txn, PAYMENT_BALANCES, account);
    spoil_now = SPOIL_NONE;
    return payment_tick(ctx, txn);
}

static void spoiled_books_are_seen(void **state)
{
    static const char *const want[] = {"", "BALANCE_DIFFERS", "TRANSFER_UNBALANCED", "SEQUENCE_GAP",
                                       "ACCOUNT_WITHOUT_BALANCE"};
    struct mc_room spoiled = payment_room;

    (void)state;
    spoiled.tick = spoil_tick;
    for (enum spoil spoil = SPOIL_BALANCE; spoil <= SPOIL_ACCOUNT; spoil++) {
        struct harness *h = room_open_as(&spoiled);
        Payment__CheckLedgerRequest req = PAYMENT__CHECK_LEDGER_REQUEST__INIT;

        pay_many(h, 0, 2);
        spoil_now = spoil;
        harness_tick(h);
        as_room(h);
        const Payment__CheckLedgerReply *reply = harness_call(h, "CheckLedger", &req.base, MC_OK);
        assert_false(reply->nightly->running);
        assert_string_equal(reply->nightly->problem, want[spoil]);
        harness_close(h);
    }
}

static const Payment__CheckLedgerReply *account(struct harness *h, const char *name,
                                                enum mc_status want)
{
    Payment__CheckLedgerRequest req = PAYMENT__CHECK_LEDGER_REQUEST__INIT;

    req.account = text(name);
    as_room(h);
    return harness_call(h, "CheckLedger", &req.base, want);
}

static void one_account(void **state)
{
    struct mc_room spoiled = payment_room;
    char longest[PAYMENT_ACCOUNT_SIZE + 1];

    (void)state;
    spoiled.tick = spoil_tick;
    struct harness *h = room_open_as(&spoiled);
    pay_many(h, 0, 3);
    const Payment__CheckLedgerReply *reply = account(h, "agency:" UNIT ":charge:2771", MC_OK);
    assert_true(reply->balanced);
    assert_int_equal(reply->postings, 3);
    assert_int_equal(reply->credit, 24000);
    assert_int_equal(reply->debit, 0);
    (void)account(h, "agency:" UNIT ":charge:27", MC_NOT_FOUND);
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    (void)account(h, longest, MC_INVALID);
    spoil_now = SPOIL_BALANCE;
    harness_tick(h);
    assert_string_equal(account(h, PAYMENT_RECEIVABLE, MC_OK)->problem, "BALANCE_DIFFERS");
    harness_close(h);
}

static void order_fill(Payment__CreateOrderRequest *req, Payment__Item **items, Payment__Item *item)
{
    payment__create_order_request__init(req);
    payment__item__init(item);
    item->kind = PAYMENT__ITEM_KIND__FEE;
    item->code = text("2716");
    item->name = text("Phí chứng thực");
    item->amount = 2000;
    items[0] = item;
    req->items = items;
    req->n_items = 1;
    req->unit = text(UNIT);
    req->owner_account = text(OWNER);
}

/* The caller's key is good for ever, for each caller his own. */
static void one_order_per_client_key(void **state)
{
    struct harness *h = room_open();
    Payment__CreateOrderRequest req;
    Payment__Item item;
    Payment__Item *items[1];
    char longest[66];

    (void)state;
    order_fill(&req, items, &item);
    req.client_key = text("tayninh/2026/363815");
    as_room(h);
    const Payment__Order *order = harness_call(h, "CreateOrder", &req.base, MC_OK);
    ProtobufCBinaryData id = order->order_id;
    harness_advance(h, 3 * DAY_MS); /* the frame has forgotten its answer */
    order = harness_call(h, "CreateOrder", &req.base, MC_OK);
    assert_memory_equal(order->order_id.data, id.data, MC_ID_LEN);
    assert_int_equal(harness_rows(h, PAYMENT_ORDERS), 1);
    item.amount = 2001;
    (void)harness_call(h, "CreateOrder", &req.base, MC_CONFLICT);
    assert_true(harness_violated(h, "client_key", "ORDER_KEY_REUSED"));
    item.amount = 2000;
    harness_as(h, &(struct mc_caller){.name = "room:other", .who = MC_ROOM});
    order = harness_call(h, "CreateOrder", &req.base, MC_OK);
    assert_memory_not_equal(order->order_id.data, id.data, MC_ID_LEN);
    assert_int_equal(harness_rows(h, PAYMENT_ORDERS), 2);

    memset(longest, 'k', sizeof longest);
    longest[65] = '\0';
    req.client_key = longest;
    (void)harness_call(h, "CreateOrder", &req.base, MC_INVALID);
    longest[64] = '\0';
    (void)harness_call(h, "CreateOrder", &req.base, MC_OK);
    req.client_key = text("a b");
    (void)harness_call(h, "CreateOrder", &req.base, MC_INVALID);
    harness_close(h);
}

static void fine_fill(Payment__Fine *fine)
{
    payment__fine__init(fine);
    fine->decision_number = text("0012345/QĐ-XPHC");
    fine->decision_date = text("01/09/2026");
    fine->authority_name = text("Công an huyện Bến Cầu");
    fine->violator = text("Nguyễn Thị Hoà Bình");
    fine->treasury = text("KBNN Bến Cầu");
}

static void a_fine_says_what_it_was_decided_by(void **state)
{
    static const char *const settings[] = {"payment.platform_secret_file=@secret",
                                           "payment.platform_url=https://platform.test/api",
                                           "payment.fine_service=3", NULL};
    struct harness *h = harness_open(&payment_room, settings);
    Payment__CreateOrderRequest req;
    Payment__Item item;
    Payment__Item *items[1];
    Payment__Fine fine;
    struct harness_exchange exchange;
    struct mc_json *sent = NULL;

    (void)state;
    order_fill(&req, items, &item);
    fine_fill(&fine);
    as_room(h);
    req.fine = &fine;
    (void)harness_call(h, "CreateOrder", &req.base, MC_INVALID); /* and no fine among the items */
    assert_true(harness_violated(h, "fine", "FIELD_INVALID"));
    item.kind = PAYMENT__ITEM_KIND__FINE;
    item.code = text("4299");
    req.fine = NULL;
    (void)harness_call(h, "CreateOrder", &req.base, MC_INVALID);
    assert_true(harness_violated(h, "fine", "FIELD_REQUIRED"));
    req.fine = &fine;
    fine.decision_date = text("31/02/2026");
    fine.violator = text("");
    (void)harness_call(h, "CreateOrder", &req.base, MC_INVALID);
    assert_true(harness_violated(h, "fine.decision_date", "FIELD_INVALID"));
    assert_true(harness_violated(h, "fine.violator", "FIELD_REQUIRED"));
    fine_fill(&fine);
    const Payment__Order *order = harness_call(h, "CreateOrder", &req.base, MC_OK);
    const Payment__StartPaymentReply *started = start_as(h, order->order_id, MC_OK);
    assert_true(harness_effect(h, "platform.init", &exchange));
    assert_int_equal(mc_json_parse(exchange.http.body, &sent), MC_OK);
    assert_string_equal(mc_json_text(sent, "ThongTinBienLai.MaDichVu"), "3");
    assert_string_equal(mc_json_text(sent, "ThongTinBienLai.SoQD"), "0012345/QĐ-XPHC");
    assert_string_equal(mc_json_text(sent, "ThongTinBienLai.NgayQD"), "01/09/2026");
    assert_string_equal(mc_json_text(sent, "ThongTinBienLai.TenNguoiViPham"),
                        "Nguyễn Thị Hoà Bình");
    assert_string_equal(mc_json_text(sent, "ThongTinBienLai.PhiLePhi.0.LoaiPhiLePhi"), "PHAT");
    mc_json_free(sent);
    harness_answer(h, &exchange, 200, INIT_OK);
    assert_string_equal(confirm(h, CONFIRM(.reference = started->reference, .amount = "2000")),
                        "00");
    query_answer(h, QUERY_PAID);
    assert_int_equal(credit_of(h, "agency:" UNIT ":fine:4299"), 2000);
    harness_close(h);
}

static void fines_need_a_platform_that_takes_them(void **state)
{
    struct harness *h = room_open();
    Payment__CreateOrderRequest req;
    Payment__Item item;
    Payment__Item *items[1];
    Payment__Fine fine;

    (void)state;
    order_fill(&req, items, &item);
    fine_fill(&fine);
    item.kind = PAYMENT__ITEM_KIND__FINE;
    req.fine = &fine;
    as_room(h);
    const Payment__Order *order = harness_call(h, "CreateOrder", &req.base, MC_OK);
    (void)start_as(h, order->order_id, MC_CONFLICT);
    assert_string_equal(harness_header(h)->code, "FINE_NOT_CONNECTED");
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_night_and_once),
        cmocka_unit_test(spoiled_books_are_seen),
        cmocka_unit_test(one_account),
        cmocka_unit_test(one_order_per_client_key),
        cmocka_unit_test(a_fine_says_what_it_was_decided_by),
        cmocka_unit_test(fines_need_a_platform_that_takes_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
