/* Attempts at paying, against a platform that answers well, badly, late, twice or not at all. */
#include "common/crypto.h"
#include "common/date.h"

#include "payment_help.h"

static void state_is(struct harness *h, Payment__OrderState order, Payment__AttemptState last)
{
    assert_int_equal(current(h)->state, order);
    assert_int_equal(attempt(h)->state, last);
    (void)books(h);
}

#define ORDER(name)   PAYMENT__ORDER_STATE__##name
#define ATTEMPT(name) PAYMENT__ATTEMPT_STATE__##name

/* GET_BILL: the platform's PDF, with its SHA-256; what is no PDF is asked for again. */
static void bill_comes(struct harness *h)
{
    static const char pdf[] = "%PDF-1.4\n%%EOF\n";
    Payment__GetBillRequest req = PAYMENT__GET_BILL_REQUEST__INIT;
    struct harness_exchange exchange;
    struct mc_json *sent = NULL;
    uint8_t hash[MC_HASH_LEN];

    req.order_id = current(h)->order_id;
    as_account(h, OWNER);
    (void)harness_call(h, "GetBill", &req.base, MC_NOT_FOUND);
    assert_string_equal(harness_header(h)->code, "BILL_NOT_THERE");
    assert_true(harness_effect(h, "platform.bill", &exchange));
    assert_int_equal(mc_json_parse(exchange.http.body, &sent), MC_OK);
    assert_string_equal(mc_json_text(sent, "LoaiBanTin"), "GET_BILL");
    mc_json_free(sent);
    harness_answer(h, &exchange, 200, "{\"error_code\":\"05\",\"message\":\"\"}");
    harness_advance(h, 2 * MINUTE_MS);
    assert_true(harness_effect(h, "platform.bill", &exchange));
    harness_answer(h, &exchange, 200, pdf);
    as_account(h, OWNER);
    const Payment__Bill *bill = harness_call(h, "GetBill", &req.base, MC_OK);
    assert_int_equal(bill->content.len, sizeof pdf - 1);
    assert_memory_equal(bill->content.data, pdf, sizeof pdf - 1);
    mc_hash(hash, (struct mc_bytes){pdf, sizeof pdf - 1});
    assert_memory_equal(bill->sha256.data, hash, sizeof hash);
    assert_int_equal(harness_jobs(h, PAYMENT_LANE_BILL), 0);
    as_account(h, STRANGER);
    (void)harness_call(h, "GetBill", &req.base, MC_NOT_FOUND);
    assert_string_equal(harness_header(h)->code, "NOT_FOUND");
}

/* S23: INIT with the hash of the vectors, callback, the same callback again, query, receipt. */
static void s23_paid_through_the_platform(void **state)
{
    struct harness *h = room_open();
    struct harness_exchange exchange;
    int64_t at_ms = 0;

    (void)state;
    open_account(h);
    (void)order_new(h);
    assert_int_equal(mc_stamp_parse("20260907093300", &at_ms), MC_WHY_OK);
    harness_set_clock(h, at_ms);
    const Payment__StartPaymentReply *started = start_as(h, current(h)->order_id, MC_OK);
    assert_string_equal(started->reference, "dvc0002031H53260907000720260907093300");

    assert_true(harness_effect(h, "platform.init", &exchange));
    assert_string_equal(exchange.http.method, "POST");
    assert_string_equal(exchange.http.url, "https://platform.test/api");
    assert_true(exchange.http.once);
    struct mc_json *sent = NULL;
    assert_int_equal(mc_json_parse(exchange.http.body, &sent), MC_OK);
    assert_string_equal(mc_json_text(sent, "MaXacThuc"),
                        "23eeb6f0c97544703134bec07cbe558c9f91fc79582db8ab13e894cf317c11ee");
    assert_string_equal(mc_json_text(sent, "ThongTinBienLai.HoTenNguoiNop"), "Nguyễn Thị Hoà Bình");
    assert_string_equal(mc_json_text(sent, "ThongTinBienLai.MaDVC"), "1.001193.01");
    assert_string_equal(mc_json_text(sent, "ThongTinBienLai.PhiLePhi.0.MaPhiLePhi"), "2771");
    mc_json_free(sent);
    harness_answer(h, &exchange, 200, INIT_OK);
    state_is(h, ORDER(PENDING), ATTEMPT(WAITING));
    assert_string_equal(attempt(h)->pay_url, PAGE_URL);
    no_query_due(h);

    const struct confirm_fields *told =
        CONFIRM(.reference = started->reference,
                .hash = "6727edf97e0e923c9121fa2261aa5c0f15d12a5d9a6761a008a8cce9ea693045");
    assert_string_equal(confirm(h, told), "00");
    state_is(h, ORDER(PENDING), ATTEMPT(CONFIRMING)); /* a CONFIRM alone proves nothing */
    assert_string_equal(confirm(h, told), "00");
    query_answer(h, QUERY_PAID);
    state_is(h, ORDER(PAID), ATTEMPT(SUCCEEDED));
    assert_string_equal(confirm(h, told), "00");
    no_query_due(h);
    state_is(h, ORDER(PAID), ATTEMPT(SUCCEEDED));

    assert_int_equal(harness_events(h, "payment.paid"), 1);
    bill_comes(h);
    assert_int_equal(harness_rows(h, PAYMENT_RECEIPTS), 1);
    assert_string_equal(attempt(h)->transaction_id, "FT26250000123");
    assert_string_equal(attempt(h)->bank, "VIETINBANK");
    assert_string_equal(attempt(h)->message, "Thanh toán thành công");
    assert_string_equal(attempt(h)->pay_url, "");
    money_is(h, 8000, 0);
    assert_int_equal(harness_jobs(h, PAYMENT_LANE_INIT) + harness_jobs(h, PAYMENT_LANE_QUERY), 0);
    harness_close(h);
}

/* RCP-02, RCP-03, RCP-04, RCP-07: a failed try, then a good one: two rows, one receipt. */
static void rcp03_failed_then_paid(void **state)
{
    struct harness *h = room_open();
    Payment__ListOrdersRequest list = PAYMENT__LIST_ORDERS_REQUEST__INIT;
    Payment__GetReceiptRequest get = PAYMENT__GET_RECEIPT_REQUEST__INIT;

    (void)state;
    open_account(h);
    accept(h, CODE, 1000, 7);
    assert_string_equal(current(h)->total_text, "1.000 VND");
    const char *first = start(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = first, .amount = "1000", .code = "24")),
                        "00");
    query_answer(h, QUERY_FAILED);
    state_is(h, ORDER(PENDING), ATTEMPT(FAILED));
    assert_string_equal(attempt(h)->message, "Thanh toán không thành công");
    assert_int_equal(harness_rows(h, PAYMENT_RECEIPTS), 0);
    money_is(h, 0, 0);

    harness_advance(h, 88000);
    const char *second = start(h);
    assert_string_not_equal(first, second);
    assert_string_equal(
        confirm(h, CONFIRM(.reference = second, .amount = "1000", .transaction = "FT2")), "00");
    query_answer(h, QUERY_PAID);

    as_account(h, OWNER);
    const Payment__ListOrdersReply *history = harness_call(h, "ListOrders", &list.base, MC_OK);
    assert_int_equal(history->n_orders, 1);
    const Payment__Order *order = history->orders[0];
    assert_int_equal(order->n_attempts, 2);
    assert_string_equal(order->attempts[0]->message, "Thanh toán không thành công");
    assert_string_equal(order->attempts[1]->message, "Thanh toán thành công");
    assert_true(order->attempts[0]->at_ms < order->attempts[1]->at_ms);
    assert_int_equal(order->n_receipts, 1);
    assert_string_equal(order->receipts[0], "28AA-26E/0000001");
    assert_int_equal(order->transaction_fee, 0); /* FEE-04 */
    assert_string_equal(order->description, "Thanh toán lệ phí cho hồ sơ " CODE);

    get.number = order->receipts[0];
    const Payment__Receipt *receipt = harness_call(h, "GetReceipt", &get.base, MC_OK);
    assert_string_equal(receipt->payer_name, "Nguyễn Thị Hoà Bình");
    assert_string_equal(receipt->amount_in_words, "Một nghìn đồng");
    assert_int_equal(receipt->kind, PAYMENT__ITEM_KIND__CHARGE);
    assert_string_equal(receipt->item_name, "Lệ phí hộ tịch");
    assert_string_equal(receipt->transaction_id, "FT2");
    assert_int_equal(harness_rows(h, PAYMENT_RECEIPTS), 1);
    money_is(h, 1000, 0);
    (void)start_as(h, current(h)->order_id, MC_CONFLICT);
    assert_true(harness_violated(h, "", "ALREADY_PAID"));
    harness_close(h);
}

/* S24: what is wrong is answered with an error, audited, and changes nothing. */
static void s24_callbacks_that_are_not_believed(void **state)
{
    struct harness *h = room_open();
    size_t refused = 0;

    (void)state;
    (void)order_new(h);
    const char *reference = start(h);
    const struct {
        const char *label;
        const struct confirm_fields *fields;
        const char *want;
    } cases[] = {
        {"forged hash",
         CONFIRM(.reference = reference,
                 .hash = "0000000000000000000000000000000000000000000000000000000000000000"),
         "97"},
        {"no hash", CONFIRM(.reference = reference, .hash = ""), "97"},
        {"hash of another callback",
         CONFIRM(.reference = reference, .transaction = "FT9",
                 .hash = "6727edf97e0e923c9121fa2261aa5c0f15d12a5d9a6761a008a8cce9ea693045"),
         "97"},
        {"partner", CONFIRM(.reference = reference, .partner = "OTHER"), "03"},
        {"unknown reference", CONFIRM(.reference = "dvc1"), "01"},
        {"no reference", CONFIRM(.reference = ""), "01"},
        {"less", CONFIRM(.reference = reference, .amount = "7999"), "04"},
        {"more", CONFIRM(.reference = reference, .amount = "80000"), "04"},
        {"zero in front", CONFIRM(.reference = reference, .amount = "08000"), "04"},
        {"dots", CONFIRM(.reference = reference, .amount = "8.000"), "04"},
        {"currency", CONFIRM(.reference = reference, .currency = "USD"), "05"},
        {"a bar moves borders", CONFIRM(.reference = reference, .transaction = "A|B"), "99"},
    };
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        const char *got = confirm(h, cases[i].fields);
        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].label, got);
        refused++;
    }
    static const char *const bodies[] = {
        "",
        "{}",
        "[]",
        "null",
        "{\"LoaiBanTin\":\"CONFIRM\"",
        "{\"LoaiBanTin\":\"INIT\"}",
        "{\"LoaiBanTin\":1,\"MaLoi\":\"00\"}",
    };
    for (size_t i = 0; i < MC_LEN(bodies); i++, refused++)
        assert_string_equal(callback(h, bodies[i]), "99");
    assert_int_equal(harness_events(h, "payment.confirm_refused"), refused);
    state_is(h, ORDER(PENDING), ATTEMPT(WAITING));
    no_query_due(h);
    money_is(h, 0, 0);
    harness_close(h);
}

/* A flood of forgeries does not fill the disk; the books and good callbacks go on. */
static void forgeries_in_the_journal_are_bounded(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    const char *reference = start(h);
    for (int i = 0; i < PAYMENT_UNPROVEN_PER_MINUTE; i++)
        assert_string_equal(confirm(h, CONFIRM(.reference = reference, .hash = "0")), "97");
    assert_int_equal(harness_events(h, "payment.confirm_refused"), PAYMENT_UNPROVEN_PER_MINUTE);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference, .hash = "0")), "97");
    assert_int_equal(harness_events(h, "payment.confirm_refused"), PAYMENT_UNPROVEN_PER_MINUTE);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference, .amount = "1")), "04");
    assert_int_equal(harness_events(h, "payment.confirm_refused"), PAYMENT_UNPROVEN_PER_MINUTE + 1);
    harness_advance(h, MINUTE_MS);
    assert_string_equal(callback(h, "{"), "99");
    assert_int_equal(harness_events(h, "payment.confirm_refused"), PAYMENT_UNPROVEN_PER_MINUTE + 2);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference)), "00");
    query_answer(h, QUERY_PAID);
    money_is(h, 8000, 0);
    harness_close(h);
}

static void replay_on_another_order(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    const char *reference = start(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference)), "00");
    query_answer(h, QUERY_PAID);

    /* the same sum, another dossier, the same transaction of the platform */
    accept(h, "000.20.31.H53-260907-0008", 8000, 8);
    const Payment__Order *other = order_of(h, "000.20.31.H53-260907-0008");
    const Payment__StartPaymentReply *started = start_as(h, other->order_id, MC_OK);
    init_answer(h, INIT_OK);
    assert_string_equal(
        confirm(
            h, CONFIRM(.reference = started->reference,
                       .hash = "6727edf97e0e923c9121fa2261aa5c0f15d12a5d9a6761a008a8cce9ea693045")),
        "97");
    /* with a right hash it is the platform's own mistake: seen by an officer, never two receipts */
    assert_string_equal(confirm(h, CONFIRM(.reference = started->reference)), "00");
    query_answer(h, QUERY_PAID);
    other = order_of(h, "000.20.31.H53-260907-0008");
    assert_int_equal(other->state, ORDER(PENDING));
    assert_int_equal(other->attempts[0]->state, ATTEMPT(SUSPENSE));
    assert_string_equal(other->attempts[0]->error, "TRANSACTION_REUSED");
    money_is(h, 8000, 8000);
    assert_int_equal(harness_rows(h, PAYMENT_RECEIPTS), 1);
    harness_close(h);
}

static void callback_before_inits_answer(void **state)
{
    struct harness *h = room_open();
    struct harness_exchange init;

    (void)state;
    (void)order_new(h);
    const Payment__StartPaymentReply *started = start_as(h, current(h)->order_id, MC_OK);
    assert_true(harness_effect(h, "platform.init", &init));
    assert_string_equal(confirm(h, CONFIRM(.reference = started->reference)), "00");
    state_is(h, ORDER(PENDING), ATTEMPT(CONFIRMING));
    harness_answer(h, &init, 200, INIT_OK);
    state_is(h, ORDER(PENDING), ATTEMPT(CONFIRMING));
    query_answer(h, QUERY_PAID);
    state_is(h, ORDER(PAID), ATTEMPT(SUCCEEDED));
    money_is(h, 8000, 0);
    harness_close(h);
}

/* The later INIT error does not undo what the platform's own record says. */
static void inits_error_after_the_money(void **state)
{
    struct harness *h = room_open();
    struct harness_exchange init;

    (void)state;
    (void)order_new(h);
    const Payment__StartPaymentReply *started = start_as(h, current(h)->order_id, MC_OK);
    assert_true(harness_effect(h, "platform.init", &init));
    assert_string_equal(confirm(h, CONFIRM(.reference = started->reference)), "00");
    query_answer(h, QUERY_PAID);
    harness_answer(h, &init, 200, "{\"error_code\":\"1\",\"message\":\"x\"}");
    state_is(h, ORDER(PAID), ATTEMPT(SUCCEEDED));
    money_is(h, 8000, 0);
    harness_close(h);
}

static void reordered_callbacks(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    const char *reference = start(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference)), "00");
    query_answer(h, QUERY_PAID);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference, .code = "24")), "00");
    no_query_due(h);
    state_is(h, ORDER(PAID), ATTEMPT(SUCCEEDED));
    money_is(h, 8000, 0);
    harness_close(h);
}

static void success_after_failure(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    const char *reference = start(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference, .code = "24")), "00");
    query_answer(h, QUERY_FAILED);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference, .code = "24")), "00");
    query_answer(h, QUERY_FAILED); /* nothing new, but its word alone is not believed */
    state_is(h, ORDER(PENDING), ATTEMPT(FAILED));
    no_query_due(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference)), "00");
    state_is(h, ORDER(PENDING), ATTEMPT(CONFIRMING));
    query_answer(h, QUERY_PAID);
    state_is(h, ORDER(PAID), ATTEMPT(SUCCEEDED));
    assert_string_equal(attempt(h)->error, "");
    money_is(h, 8000, 0);
    harness_close(h);
}

static void last_answer(struct harness *h, const char *body)
{
    struct harness_exchange exchange;

    assert_true(harness_effect(h, "platform.last_query", &exchange));
    harness_answer(h, &exchange, 200, body);
}

/*
 * Paid after it failed, and the platform says "not paid", or nothing: the page's money is found by
 * the question at its end, even when the platform answers with an error first.
 */
static void failed_is_asked_about_once_more(void **state)
{
    static const bool told[] = {true, false};
    struct harness_exchange exchange;

    (void)state;
    for (size_t i = 0; i < MC_LEN(told); i++) {
        struct harness *h = room_open();
        (void)order_new(h);
        const char *reference = start(h);
        assert_string_equal(confirm(h, CONFIRM(.reference = reference, .code = "24")), "00");
        query_answer(h, QUERY_FAILED);
        if (told[i]) { /* it lies, and is asked */
            assert_string_equal(confirm(h, CONFIRM(.reference = reference, .code = "24")), "00");
            query_answer(h, QUERY_PAID);
        } else {
            harness_advance(h, DAY_MS - 2 * MINUTE_MS);
            assert_false(harness_effect(h, "platform.last_query", &exchange));
            harness_advance(h, 2 * MINUTE_MS);
            last_answer(h, "{\"error_code\":\"01\",\"message\":\"x\"}");
            harness_advance(h, 20 * MINUTE_MS);
            last_answer(h, QUERY_PAID);
        }
        state_is(h, ORDER(PAID), ATTEMPT(SUCCEEDED));
        money_is(h, 8000, 0);
        no_query_due(h);
        harness_close(h);
    }
}

static void failed_is_asked_about_no_longer(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    const char *reference = start(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference, .code = "24")), "00");
    query_answer(h, QUERY_FAILED);
    harness_advance(h, DAY_MS);
    last_answer(h, QUERY_FAILED);
    assert_int_equal(harness_jobs(h, PAYMENT_LANE_LATER), 0);
    state_is(h, ORDER(PENDING), ATTEMPT(FAILED));
    harness_close(h);
}

/* "Failed" was told first, "paid" while the question was under way: paid is believed longer. */
static void better_news_while_confirming(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    const char *reference = start(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference, .code = "24")), "00");
    assert_string_equal(confirm(h, CONFIRM(.reference = reference, .transaction = "FT7")), "00");
    harness_advance(h, DAY_MS * 3);
    query_answer(h, QUERY_PENDING);
    state_is(h, ORDER(PENDING), ATTEMPT(CONFIRMING)); /* waited for without end */
    harness_advance(h, 11 * MINUTE_MS);
    query_answer(h, QUERY_PAID);
    state_is(h, ORDER(PAID), ATTEMPT(SUCCEEDED));
    assert_string_equal(attempt(h)->transaction_id, "FT7");
    harness_close(h);
}

/* An old question's answer comes when a new one was asked: the new one counts. */
static void answer_to_a_dropped_question(void **state)
{
    struct harness *h = room_open();
    struct harness_exchange old;

    (void)state;
    (void)order_new(h);
    const char *reference = start(h);
    harness_advance(h, 15 * MINUTE_MS);
    assert_true(harness_effect(h, "platform.query", &old));
    assert_string_equal(confirm(h, CONFIRM(.reference = reference)), "00");
    harness_answer(h, &old, 200, QUERY_FAILED);
    state_is(h, ORDER(PENDING), ATTEMPT(CONFIRMING));
    query_answer(h, QUERY_PAID);
    state_is(h, ORDER(PAID), ATTEMPT(SUCCEEDED));
    money_is(h, 8000, 0);
    harness_close(h);
}

static void told_failed_and_pending_for_long(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    const char *reference = start(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference, .code = "24")), "00");
    query_answer(h, QUERY_PENDING);
    state_is(h, ORDER(PENDING), ATTEMPT(CONFIRMING));
    harness_advance(h, 15 * MINUTE_MS);
    query_answer(h, QUERY_PENDING);
    state_is(h, ORDER(PENDING), ATTEMPT(FAILED));
    harness_close(h);
}

/* Both pages of two tries were paid: one is taken, the other is an officer's case. */
static void double_success(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    const char *first = start(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = first, .code = "24")), "00");
    query_answer(h, QUERY_FAILED);
    harness_advance(h, 1000);
    const char *second = start(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = second, .transaction = "FT2")), "00");
    query_answer(h, QUERY_PAID);
    assert_string_equal(confirm(h, CONFIRM(.reference = first, .transaction = "FT1")), "00");
    query_answer(h, QUERY_PAID);

    const Payment__Order *order = current(h);
    assert_int_equal(order->attempts[0]->state, ATTEMPT(SUSPENSE));
    assert_string_equal(order->attempts[0]->error, "ALREADY_PAID");
    assert_int_equal(order->attempts[1]->state, ATTEMPT(SUCCEEDED));
    assert_int_equal(order->n_receipts, 1);
    money_is(h, 8000, 8000);
    assert_int_equal(harness_events(h, "payment.suspense"), 1);
    assert_int_equal(harness_events(h, "payment.paid"), 1);
    assert_string_equal(confirm(h, CONFIRM(.reference = first, .transaction = "FT1")), "00");
    no_query_due(h);
    money_is(h, 8000, 8000);
    harness_close(h);
}

static void other_amount_at_the_platform(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    const char *reference = start(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference)), "00");
    query_answer(h, "{\"TrangThaiGD\":\"00\",\"SoTien\":\"7000\"}");
    state_is(h, ORDER(PENDING), ATTEMPT(SUSPENSE));
    assert_string_equal(attempt(h)->error, "AMOUNT_WRONG");
    money_is(h, 0, 7000);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference)), "00");
    no_query_due(h);
    /* the order can still be paid */
    harness_advance(h, 1000);
    const char *second = start(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = second, .transaction = "FT2")), "00");
    query_answer(
        h, "{\"error_code\":\"0\",\"message\":\"{\\\"TrangThaiGD\\\":\\\"00\\\",\\\"SoTien\\\":"
           "\\\"8000\\\"}\"}");
    state_is(h, ORDER(PAID), ATTEMPT(SUCCEEDED));
    money_is(h, 8000, 7000);
    harness_close(h);
}

static void init_timeout(struct harness *h)
{
    struct harness_exchange exchange;

    (void)order_new(h);
    (void)start_as(h, current(h)->order_id, MC_OK);
    assert_true(harness_effect(h, "platform.init", &exchange));
    harness_result(h, &exchange, &(struct mc_result){.outcome = MC_HTTP_UNKNOWN, .code = ""});
    state_is(h, ORDER(PENDING), ATTEMPT(UNKNOWN));
    assert_int_equal(harness_jobs(h, PAYMENT_LANE_INIT), 0); /* never a second INIT */
    (void)start_as(h, current(h)->order_id, MC_CONFLICT);
    assert_true(harness_violated(h, "", "PAYMENT_PENDING"));
    no_query_due(h);
    harness_advance(h, 5000);
}

static void unknown_then_paid(void **state)
{
    struct harness *h = room_open();
    struct harness_exchange exchange;

    (void)state;
    init_timeout(h);
    assert_true(harness_effect(h, "platform.query", &exchange));
    harness_result(h, &exchange, &(struct mc_result){.outcome = MC_HTTP_UNKNOWN, .code = ""});
    state_is(h, ORDER(PENDING), ATTEMPT(UNKNOWN));
    harness_advance(h, 5000);
    query_answer(h, QUERY_PAID);
    state_is(h, ORDER(PAID), ATTEMPT(SUCCEEDED));
    money_is(h, 8000, 0);
    harness_close(h);
}

static void unknown_then_failed(void **state)
{
    struct harness *h = room_open();

    (void)state;
    init_timeout(h);
    query_answer(h, QUERY_FAILED);
    state_is(h, ORDER(PENDING), ATTEMPT(FAILED));
    assert_string_equal(attempt(h)->error, "QUERY_02");
    harness_advance(h, 1000);
    (void)start(h); /* the payer may try again */
    money_is(h, 0, 0);
    harness_close(h);
}

/* Whatever the query answers that is no answer, the money stays where it is and we ask on. */
static void query_answers_that_say_nothing(void **state)
{
    static const struct {
        unsigned status;
        const char *body;
    } cases[] = {
        {500, QUERY_PAID},
        {404, QUERY_PAID},
        {200, ""},
        {200, "<html>"},
        {200, "{}"},
        {200, "[]"},
        {200, "{\"TrangThaiGD\":0}"},
        {200, "{\"TrangThaiGD\":\"\"}"},
        {200, "{\"error_code\":\"0\",\"message\":\"\"}"},
        {200, "{\"error_code\":\"9\",\"message\":\"busy\"}"},
        {200, "{\"TrangThaiGD\":\"00\",\"MaThamChieu\":\"dvc-of-another\"}"},
        {200, "{\"TrangThaiGD\":\"00\",\"SoTien\":\"0\"}"},
        {200, "{\"TrangThaiGD\":\"00\",\"SoTien\":\"-8000\"}"},
        {200, "{\"TrangThaiGD\":\"00\",\"SoTien\":\"99999999999999999999\"}"},
        {200, "{\"TrangThaiGD\":\"00\",\"SoTien\":\"999999000001\"}"},
        {200, "{\"TrangThaiGD\":\"00\",\"MaTienTe\":\"USD\"}"},
        {200, QUERY_PENDING},
    };
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    const char *reference = start(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference)), "00");
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct harness_exchange exchange;
        if (!harness_effect(h, "platform.query", &exchange))
            fail_msg("case %zu: nobody asks on", i);
        harness_answer(h, &exchange, cases[i].status, cases[i].body);
        state_is(h, ORDER(PENDING), ATTEMPT(CONFIRMING));
        harness_advance(h, 10 * MINUTE_MS); /* the longest pause */
    }
    query_answer(h, QUERY_PAID);
    state_is(h, ORDER(PAID), ATTEMPT(SUCCEEDED));
    money_is(h, 8000, 0);
    harness_close(h);
}

static void query_hash(void **state)
{
    struct harness *h = room_open();
    struct harness_exchange exchange;
    struct mc_json *json = NULL;
    int64_t at_ms = 0;

    (void)state;
    (void)order_new(h);
    assert_int_equal(mc_stamp_parse("20260907093300", &at_ms), MC_WHY_OK);
    harness_set_clock(h, at_ms);
    const char *reference = start(h);
    harness_set_clock(h, at_ms + 7 * MINUTE_MS);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference)), "00");
    assert_true(harness_effect(h, "platform.query", &exchange));
    assert_int_equal(mc_json_parse(exchange.http.body, &json), MC_OK);
    assert_string_equal(mc_json_text(json, "MaXacThuc"),
                        "13c29b29df25252371aa6061ff8ce1ec2c7216bfff5cd61a5bd63c1483ecf454");
    mc_json_free(json);
    harness_close(h);
}

static void init_answers(void **state)
{
    static const struct {
        unsigned status;
        const char *body;
        Payment__AttemptState want;
        const char *error;
    } cases[] = {
        {200, "{\"error_code\":\"1\",\"message\":\"no\"}", ATTEMPT(FAILED), "INIT_1"},
        {200, "{\"error_code\":\"0\",\"message\":\"\"}", ATTEMPT(FAILED), "INIT_NO_PAGE"},
        {200, "{\"error_code\":\"0\"}", ATTEMPT(FAILED), "INIT_NO_PAGE"},
        {200, "{\"error_code\":\"0\",\"message\":\"{}\"}", ATTEMPT(FAILED), "INIT_NO_PAGE"},
        {200, "{\"error_code\":\"0\",\"message\":\"{\\\"UrlThanhToan\\\":\\\"http://p/\\\"}\"}",
         ATTEMPT(FAILED), "INIT_NO_PAGE"},
        {200,
         "{\"error_code\":\"0\",\"message\":\"{\\\"UrlThanhToan\\\":\\\"javascript:alert(1)\\\"}"
         "\"}",
         ATTEMPT(FAILED), "INIT_NO_PAGE"},
        {200, "", ATTEMPT(UNKNOWN), ""},
        {200, "{\"error_code\":\"\"}", ATTEMPT(UNKNOWN), ""},
        {200, "{\"error_code\":0}", ATTEMPT(UNKNOWN), ""},
        {500, INIT_OK, ATTEMPT(UNKNOWN), ""},
        {302, INIT_OK, ATTEMPT(UNKNOWN), ""},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct harness *h = room_open();
        struct harness_exchange exchange;

        (void)order_new(h);
        (void)start_as(h, current(h)->order_id, MC_OK);
        assert_true(harness_effect(h, "platform.init", &exchange));
        harness_answer(h, &exchange, cases[i].status, cases[i].body);
        assert_int_equal(attempt(h)->state, cases[i].want);
        assert_string_equal(attempt(h)->error, cases[i].error);
        assert_string_equal(attempt(h)->pay_url, "");
        assert_int_equal(harness_jobs(h, PAYMENT_LANE_INIT), 0);
        assert_int_equal(harness_jobs(h, PAYMENT_LANE_QUERY), cases[i].want == ATTEMPT(UNKNOWN));
        harness_close(h);
    }
}

/* Nothing left this machine: the same INIT again, a few times, and then the try has failed. */
static void platform_away(void **state)
{
    struct harness *h = room_open();
    struct harness_exchange exchange;

    (void)state;
    (void)order_new(h);
    (void)start_as(h, current(h)->order_id, MC_OK);
    for (int i = 0; i < PAYMENT_INITS_MAX; i++) {
        state_is(h, ORDER(PENDING), ATTEMPT(STARTING));
        assert_true(harness_effect(h, "platform.init", &exchange));
        harness_result(h, &exchange, &(struct mc_result){.outcome = MC_HTTP_NOT_SENT, .code = ""});
        harness_advance(h, (int64_t)PAYMENT_INIT_BACKOFF_MS << i);
    }
    state_is(h, ORDER(PENDING), ATTEMPT(FAILED));
    assert_string_equal(attempt(h)->error, "PLATFORM_AWAY");
    assert_int_equal(harness_jobs(h, PAYMENT_LANE_INIT), 0);
    assert_int_equal(harness_jobs(h, PAYMENT_LANE_QUERY), 0);
    harness_close(h);
}

static void init_too_late_is_not_sent(void **state)
{
    struct harness *h = room_open();
    struct harness_exchange exchange;

    (void)state;
    (void)order_new(h);
    (void)start_as(h, current(h)->order_id, MC_OK);
    harness_advance(h, PAYMENT_INIT_LIFE_MS);
    assert_false(harness_effect(h, "platform.init", &exchange));
    state_is(h, ORDER(PENDING), ATTEMPT(FAILED));
    assert_string_equal(attempt(h)->error, "PLATFORM_AWAY");
    harness_advance(h, 1000);
    (void)start(h);
    harness_close(h);
}

/* The daemon died with INIT in flight: it is asked about, and never sent a second time. */
static void restart_with_init_in_flight(void **state)
{
    struct harness *h = room_open();
    struct harness_exchange exchange;

    (void)state;
    (void)order_new(h);
    (void)start_as(h, current(h)->order_id, MC_OK);
    assert_true(harness_effect(h, "platform.init", &exchange));
    harness_reopen(h);
    assert_false(harness_effect(h, "platform.init", &exchange));
    state_is(h, ORDER(PENDING), ATTEMPT(UNKNOWN));
    harness_advance(h, 5000);
    query_answer(h, QUERY_PAID);
    state_is(h, ORDER(PAID), ATTEMPT(SUCCEEDED));
    harness_close(h);
}

/* No callback ever came: the room asks by itself. */
static void callback_lost(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    (void)start(h);
    harness_advance(h, 15 * MINUTE_MS - 1);
    no_query_due(h);
    harness_advance(h, 1);
    query_answer(h, QUERY_PENDING);
    state_is(h, ORDER(PENDING), ATTEMPT(WAITING));
    harness_advance(h, 5000);
    query_answer(h, "{\"TrangThaiGD\":\"00\",\"MaGiaoDich\":\"FT5\",\"MaNganHang\":\"BIDV\"}");
    state_is(h, ORDER(PAID), ATTEMPT(SUCCEEDED));
    assert_string_equal(attempt(h)->transaction_id, "FT5");
    assert_string_equal(attempt(h)->bank, "BIDV");
    money_is(h, 8000, 0);
    harness_close(h);
}

static void page_never_paid(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    const char *reference = start(h);
    harness_advance(h, DAY_MS - 1);
    query_answer(h, QUERY_PENDING);
    state_is(h, ORDER(PENDING), ATTEMPT(WAITING));
    harness_advance(h, 5000);
    query_answer(h, QUERY_PENDING);
    state_is(h, ORDER(PENDING), ATTEMPT(FAILED));
    assert_string_equal(attempt(h)->error, "NOT_PAID_IN_TIME");
    /* and the money that comes even later is seen */
    assert_string_equal(confirm(h, CONFIRM(.reference = reference)), "00");
    query_answer(h, QUERY_PAID);
    state_is(h, ORDER(PAID), ATTEMPT(SUCCEEDED));
    harness_close(h);
}

/* A page whose address never reached us cannot be paid: the payer need not wait a day. */
static void unknown_and_pending_is_short(void **state)
{
    struct harness *h = room_open();

    (void)state;
    init_timeout(h);
    query_answer(h, QUERY_PENDING);
    state_is(h, ORDER(PENDING), ATTEMPT(UNKNOWN));
    harness_advance(h, 15 * MINUTE_MS);
    query_answer(h, QUERY_PENDING);
    state_is(h, ORDER(PENDING), ATTEMPT(FAILED));
    harness_close(h);
}

static void success_after_cancel(void **state)
{
    static const char *const no_keys[] = {NULL};
    struct harness *h = room_open();
    Dossier__Changed ended = accepted_of(h, CODE, 8000, 7);

    (void)state;
    (void)order_new(h);
    const char *reference = start(h);
    ended.to = DOSSIER__STATE__WITHDRAWN;
    harness_event(h, "dossier", "dossier.advanced", &ended.base, no_keys);
    assert_int_equal(current(h)->state, ORDER(CANCELLED));
    assert_string_equal(confirm(h, CONFIRM(.reference = reference)), "00");
    query_answer(h, QUERY_PAID);
    state_is(h, ORDER(CANCELLED), ATTEMPT(SUSPENSE));
    assert_string_equal(attempt(h)->error, "ORDER_CLOSED");
    money_is(h, 0, 8000);
    assert_int_equal(harness_rows(h, PAYMENT_RECEIPTS), 0);
    (void)start_as(h, current(h)->order_id, MC_EXPIRED);
    assert_true(harness_violated(h, "", "ORDER_CANCELLED"));
    harness_close(h);
}

static void success_after_expiry(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    const char *reference = start(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference, .code = "24")), "00");
    query_answer(h, QUERY_FAILED);
    harness_advance(h, ORDER_LIFE_MS);
    harness_tick(h);
    assert_int_equal(current(h)->state, ORDER(EXPIRED));
    assert_string_equal(confirm(h, CONFIRM(.reference = reference)), "00");
    query_answer(h, QUERY_PAID);
    state_is(h, ORDER(EXPIRED), ATTEMPT(SUSPENSE));
    money_is(h, 0, 8000);
    harness_close(h);
}

/* An order is not ended under the hands of who is paying it. */
static void no_expiry_while_paying(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    harness_advance(h, ORDER_LIFE_MS - 1);
    const char *reference = start(h);
    harness_advance(h, 1);
    harness_tick(h);
    state_is(h, ORDER(PENDING), ATTEMPT(WAITING));
    assert_string_equal(confirm(h, CONFIRM(.reference = reference)), "00");
    query_answer(h, QUERY_PAID);
    state_is(h, ORDER(PAID), ATTEMPT(SUCCEEDED));
    assert_int_equal(harness_rows(h, PAYMENT_EXPIRY), 0);
    harness_close(h);
}

/* The same story with the daemon restarted after every step. */
static void restart_between_any_two_steps(void **state)
{
    struct harness *h = room_open();
    struct harness_exchange exchange;

    (void)state;
    open_account(h);
    harness_reopen(h);
    (void)order_new(h);
    harness_reopen(h);
    const Payment__StartPaymentReply *started = start_as(h, current(h)->order_id, MC_OK);
    harness_reopen(h);
    init_answer(h, INIT_OK);
    harness_reopen(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = started->reference)), "00");
    harness_reopen(h);
    assert_true(harness_effect(h, "platform.query", &exchange));
    harness_reopen(h); /* a query may be repeated */
    query_answer(h, QUERY_PAID);
    harness_reopen(h);
    state_is(h, ORDER(PAID), ATTEMPT(SUCCEEDED));
    assert_string_equal(confirm(h, CONFIRM(.reference = started->reference)), "00");
    harness_reopen(h);
    accept(h, CODE, 8000, 7);
    assert_int_equal(harness_rows(h, PAYMENT_ORDERS), 1);
    assert_int_equal(harness_events(h, "payment.paid"), 1);
    money_is(h, 8000, 0);
    harness_close(h);
}

static void a_request_twice_is_one_attempt(void **state)
{
    struct harness *h = room_open();
    Payment__StartPaymentRequest req = PAYMENT__START_PAYMENT_REQUEST__INIT;
    struct mc_random_seeded seeded;
    struct mc_random random = mc_random_seed(&seeded, 99);
    uint8_t id[MC_ID_LEN];

    (void)state;
    (void)order_new(h);
    req.order_id = current(h)->order_id;
    as_account(h, OWNER);
    mc_uuid7(id, harness_now(h), &random);
    const Payment__StartPaymentReply *first =
        harness_call_as(h, id, "StartPayment", &req.base, MC_OK);
    const Payment__StartPaymentReply *again =
        harness_call_as(h, id, "StartPayment", &req.base, MC_OK);
    assert_string_equal(first->reference, again->reference);
    assert_memory_equal(first->attempt_id.data, again->attempt_id.data, MC_ID_LEN);
    assert_int_equal(harness_rows(h, PAYMENT_ATTEMPTS), 1);
    assert_int_equal(harness_jobs(h, PAYMENT_LANE_INIT), 1);
    req.bank = text("BIDV");
    (void)harness_call_as(h, id, "StartPayment", &req.base, MC_CONFLICT);
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(s23_paid_through_the_platform),
        cmocka_unit_test(rcp03_failed_then_paid),
        cmocka_unit_test(s24_callbacks_that_are_not_believed),
        cmocka_unit_test(forgeries_in_the_journal_are_bounded),
        cmocka_unit_test(replay_on_another_order),
        cmocka_unit_test(callback_before_inits_answer),
        cmocka_unit_test(inits_error_after_the_money),
        cmocka_unit_test(reordered_callbacks),
        cmocka_unit_test(success_after_failure),
        cmocka_unit_test(failed_is_asked_about_once_more),
        cmocka_unit_test(failed_is_asked_about_no_longer),
        cmocka_unit_test(better_news_while_confirming),
        cmocka_unit_test(answer_to_a_dropped_question),
        cmocka_unit_test(told_failed_and_pending_for_long),
        cmocka_unit_test(double_success),
        cmocka_unit_test(other_amount_at_the_platform),
        cmocka_unit_test(unknown_then_paid),
        cmocka_unit_test(unknown_then_failed),
        cmocka_unit_test(query_answers_that_say_nothing),
        cmocka_unit_test(query_hash),
        cmocka_unit_test(init_answers),
        cmocka_unit_test(platform_away),
        cmocka_unit_test(init_too_late_is_not_sent),
        cmocka_unit_test(restart_with_init_in_flight),
        cmocka_unit_test(callback_lost),
        cmocka_unit_test(page_never_paid),
        cmocka_unit_test(unknown_and_pending_is_short),
        cmocka_unit_test(success_after_cancel),
        cmocka_unit_test(success_after_expiry),
        cmocka_unit_test(no_expiry_while_paying),
        cmocka_unit_test(restart_between_any_two_steps),
        cmocka_unit_test(a_request_twice_is_one_attempt),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
