/* Money that goes back: two officers, the books in two steps, and a platform that may not answer.
 */
#include "payment_officers.h"

#define DONE    "{\"error_code\":\"0\",\"TrangThaiGD\":\"00\"}"
#define AT_WORK "{\"error_code\":\"0\",\"TrangThaiGD\":\"01\"}"
#define NO      "{\"error_code\":\"0\",\"TrangThaiGD\":\"24\"}"
#define NEVER   "{\"error_code\":\"01\",\"message\":\"x\"}"

#define PAYOUT "payout:" UNIT

/* A house whose platform sends money back to VIETINBANK. */
static struct harness *generous_room(void)
{
    static const char *const settings[] = {"payment.platform_secret_file=@secret",
                                           "payment.platform_url=https://platform.test/api",
                                           "payment.platform_refunds=true", NULL};
    struct harness *h = harness_open(&payment_room, settings);
    struct payment *payment = harness_ctx(h);

    for (size_t i = 0; i < payment->banks.n; i++)
        if (strcmp(payment->banks.rows[i].code, "CTG") == 0)
            payment->banks.rows[i].refund = true;
    return h;
}

static void pay_order(struct harness *h)
{
    (void)order_new(h);
    come(h, "FT1", QUERY_PAID);
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__PAID);
}

static const Payment__Refund *request(struct harness *h, int64_t amount, enum mc_status want)
{
    Payment__RequestRefundRequest req = PAYMENT__REQUEST_REFUND_REQUEST__INIT;

    req.order_id = current(h)->order_id;
    req.amount = amount;
    req.reason = text("hồ sơ nộp nhầm");
    as_clerk(h, FIRST, UNIT);
    return harness_call(h, "RequestRefund", &req.base, want);
}

static const Payment__Refund *approve(struct harness *h, const Payment__Refund *of, const char *who,
                                      bool yes, enum mc_status want)
{
    Payment__ApproveRefundRequest req = PAYMENT__APPROVE_REFUND_REQUEST__INIT;

    req.refund_id = of->refund_id;
    req.version = of->version;
    req.approve = yes;
    req.reason = text(yes ? "" : "không đủ căn cứ");
    as_clerk(h, who, UNIT);
    return harness_call(h, "ApproveRefund", &req.base, want);
}

static const Payment__Refund *refund_now(struct harness *h, const Payment__Refund *of)
{
    Payment__GetRefundRequest req = PAYMENT__GET_REFUND_REQUEST__INIT;

    req.refund_id = of->refund_id;
    as_clerk(h, FIRST, UNIT);
    return harness_call(h, "GetRefund", &req.base, MC_OK);
}

static const Payment__Refund *record(struct harness *h, const Payment__Refund *of,
                                     enum mc_status want)
{
    Payment__RecordRefundRequest req = PAYMENT__RECORD_REFUND_REQUEST__INIT;

    req.refund_id = of->refund_id;
    req.version = of->version;
    req.transfer_number = text("UNC-2026/114");
    as_clerk(h, FIRST, UNIT);
    return harness_call(h, "RecordRefund", &req.base, want);
}

static const Payment__Receipt *receipt(struct harness *h)
{
    Payment__GetReceiptRequest req = PAYMENT__GET_RECEIPT_REQUEST__INIT;

    req.number = current(h)->receipts[0];
    as_account(h, OWNER);
    return harness_call(h, "GetReceipt", &req.base, MC_OK);
}

static size_t under_way(struct harness *h)
{
    Payment__ListRefundsRequest req = PAYMENT__LIST_REFUNDS_REQUEST__INIT;

    as_clerk(h, FIRST, UNIT);
    return ((const Payment__ListRefundsReply *)harness_call(h, "ListRefunds", &req.base, MC_OK))
        ->n_refunds;
}

/* Not «cancelled», not «paid»: what he reads is what became of it. */
static void refused_as_refunded(struct harness *h, ProtobufCBinaryData order_id)
{
    Payment__GetQrRequest qr = PAYMENT__GET_QR_REQUEST__INIT;
    Payment__CancelOrderRequest cancel = PAYMENT__CANCEL_ORDER_REQUEST__INIT;

    qr.order_id = cancel.order_id = order_id;
    cancel.reason = text("miễn lệ phí");
    (void)start_as(h, order_id, MC_EXPIRED);
    assert_true(harness_violated(h, "", "ORDER_REFUNDED"));
    (void)harness_call(h, "GetQr", &qr.base, MC_EXPIRED);
    assert_true(harness_violated(h, "", "ORDER_REFUNDED"));
    as_clerk(h, FIRST, UNIT);
    (void)harness_call(h, "CancelOrder", &cancel.base, MC_CONFLICT);
    assert_string_equal(harness_header(h)->code, "ORDER_REFUNDED");
}

static void by_hand(void **state)
{
    struct harness *h = room_open();

    (void)state;
    pay_order(h);
    (void)request(h, 7999, MC_INVALID);
    assert_true(harness_violated(h, "amount", "REFUND_AMOUNT"));
    const Payment__Refund *refund = request(h, 8000, MC_OK);
    assert_int_equal(refund->state, PAYMENT__REFUND_STATE__REFUND_REQUESTED);
    assert_string_equal(refund->reason, "hồ sơ nộp nhầm");
    assert_string_equal(refund->amount_text, "8.000 VND");
    assert_false(refund->by_platform);
    (void)request(h, 8000, MC_CONFLICT); /* once */
    assert_string_equal(harness_header(h)->code, "REFUND_EXISTS");
    money_is(h, 8000, 0);

    (void)approve(h, refund, FIRST, true, MC_DENIED);
    assert_string_equal(harness_header(h)->code, "SECOND_PERSON_NEEDED");
    (void)record(h, refund, MC_CONFLICT);
    refund = approve(h, refund, SECOND, true, MC_OK);
    assert_int_equal(refund->state, PAYMENT__REFUND_STATE__REFUND_APPROVED);
    assert_int_equal(credit_of(h, PAYMENT_PAYABLE), 8000);
    assert_int_equal(credit_of(h, "agency:" UNIT ":charge:2771"), 0);
    assert_int_equal(receipt(h)->cancelled_at_ms, 0); /* the money is still here */
    (void)approve(h, refund, SECOND, true, MC_CONFLICT);
    assert_string_equal(harness_header(h)->code, "REFUND_DECIDED");
    assert_int_equal(under_way(h), 1);

    refund = record(h, refund, MC_OK);
    assert_int_equal(refund->state, PAYMENT__REFUND_STATE__REFUND_DONE);
    assert_string_equal(refund->transfer_number, "UNC-2026/114");
    assert_int_equal(credit_of(h, PAYMENT_PAYABLE), 0);
    assert_int_equal(credit_of(h, PAYOUT), 8000);
    assert_int_equal(credit_of(h, PAYMENT_RECEIVABLE), -8000); /* the platform still owes it */
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__REFUNDED);
    assert_true(receipt(h)->cancelled_at_ms > 0);
    assert_string_equal(receipt(h)->cancel_reason, "REFUNDED");
    assert_int_equal(harness_events(h, "payment.refunded"), 1);
    assert_int_equal(under_way(h), 0);
    (void)record(h, refund, MC_CONFLICT);
    (void)request(h, 8000, MC_CONFLICT);
    refused_as_refunded(h, current(h)->order_id);
    harness_close(h);
}

static void not_approved(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    (void)request(h, 8000, MC_CONFLICT);
    assert_string_equal(harness_header(h)->code, "ORDER_NOT_PAID");
    come(h, "FT1", QUERY_PAID);
    const Payment__Refund *refund = request(h, 8000, MC_OK);
    refund = approve(h, refund, SECOND, false, MC_OK);
    assert_int_equal(refund->state, PAYMENT__REFUND_STATE__REFUND_REFUSED);
    assert_string_equal(refund->decision, "không đủ căn cứ");
    money_is(h, 8000, 0);
    assert_int_equal(under_way(h), 0);
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__PAID);
    (void)request(h, 8000, MC_OK); /* it may be asked again */
    harness_close(h);
}

static const Payment__Refund *approved(struct harness *h)
{
    pay_order(h);
    const Payment__Refund *refund = request(h, 8000, MC_OK);
    assert_true(refund->by_platform);
    return approve(h, refund, SECOND, true, MC_OK);
}

static void refund_answer(struct harness *h, const char *kind, const char *body)
{
    struct harness_exchange exchange;

    assert_true(harness_effect(h, kind, &exchange));
    harness_answer(h, &exchange, 200, body);
}

static void by_the_platform(void **state)
{
    struct harness *h = generous_room();
    struct harness_exchange exchange;
    struct mc_json *sent = NULL;

    (void)state;
    const Payment__Refund *refund = approved(h);
    assert_true(harness_effect(h, "platform.refund", &exchange));
    assert_true(exchange.http.once);
    assert_int_equal(mc_json_parse(exchange.http.body, &sent), MC_OK);
    assert_string_equal(mc_json_text(sent, "LoaiBanTin"), "REFUND");
    assert_string_equal(mc_json_text(sent, "MaHoanTien"), refund->reference);
    assert_string_equal(mc_json_text(sent, "MaGiaoDich"), "FT1");
    assert_string_equal(mc_json_text(sent, "SoTien"), "8000");
    mc_json_free(sent);
    harness_answer(h, &exchange, 200, AT_WORK);
    assert_int_equal(refund_now(h, refund)->state, PAYMENT__REFUND_STATE__REFUND_SENT);
    (void)record(h, refund_now(h, refund), MC_CONFLICT); /* the platform is at it */
    harness_advance(h, MINUTE_MS);
    refund_answer(h, "platform.refund_query", AT_WORK);
    harness_advance(h, MINUTE_MS);
    refund_answer(h, "platform.refund_query", DONE);
    assert_int_equal(refund_now(h, refund)->state, PAYMENT__REFUND_STATE__REFUND_DONE);
    money_is(h, 0, 0);
    assert_int_equal(credit_of(h, PAYMENT_PAYABLE), 0);
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__REFUNDED);
    assert_int_equal(harness_jobs(h, PAYMENT_LANE_REFUND), 0);
    harness_close(h);
}

/* A lost answer is unknown, never failed: asked until known, across a restart too. */
static void unknown_until_known(void **state)
{
    struct harness *h = generous_room();
    struct harness_exchange exchange;
    const struct mc_result lost = {.outcome = MC_HTTP_UNKNOWN};

    (void)state;
    const Payment__Refund *refund = approved(h);
    assert_true(harness_effect(h, "platform.refund", &exchange));
    harness_result(h, &exchange, &lost);
    assert_int_equal(refund_now(h, refund)->state, PAYMENT__REFUND_STATE__REFUND_UNKNOWN);
    assert_false(harness_effect(h, "platform.refund", &exchange)); /* asked, not repeated */
    static const char *const nothing[] = {"", "{}", "{\"TrangThaiGD\":\"00\",\"MaHoanTien\":\"x\"}",
                                          "{\"error_code\":\"0\"}"};
    for (size_t i = 0; i < MC_LEN(nothing); i++) {
        harness_advance(h, 10 * MINUTE_MS);
        refund_answer(h, "platform.refund_query", nothing[i]);
        assert_int_equal(refund_now(h, refund)->state, PAYMENT__REFUND_STATE__REFUND_UNKNOWN);
    }
    assert_int_equal(credit_of(h, PAYMENT_PAYABLE), 8000);
    harness_reopen(h);
    harness_advance(h, 10 * MINUTE_MS);
    refund_answer(h, "platform.refund_query", DONE);
    assert_int_equal(refund_now(h, refund)->state, PAYMENT__REFUND_STATE__REFUND_DONE);
    money_is(h, 0, 0);
    harness_close(h);
}

/* It never came there: once more, by the same reference. */
static void sent_again_only_when_it_never_came(void **state)
{
    struct harness *h = generous_room();
    struct harness_exchange exchange;
    struct mc_json *sent = NULL;

    (void)state;
    const Payment__Refund *refund = approved(h);
    refund_answer(h, "platform.refund", "?");
    harness_advance(h, MINUTE_MS);
    refund_answer(h, "platform.refund_query", NEVER);
    assert_true(harness_effect(h, "platform.refund", &exchange));
    assert_int_equal(mc_json_parse(exchange.http.body, &sent), MC_OK);
    assert_string_equal(mc_json_text(sent, "MaHoanTien"), refund->reference);
    mc_json_free(sent);
    harness_answer(h, &exchange, 200, DONE);
    assert_int_equal(refund_now(h, refund)->state, PAYMENT__REFUND_STATE__REFUND_DONE);
    assert_int_equal(harness_events(h, "payment.refund_done"), 1);
    money_is(h, 0, 0);
    harness_close(h);
}

static void the_platform_refuses(void **state)
{
    struct harness *h = generous_room();

    (void)state;
    const Payment__Refund *refund = approved(h);
    refund_answer(h, "platform.refund", NO);
    refund = refund_now(h, refund);
    assert_int_equal(refund->state, PAYMENT__REFUND_STATE__REFUND_REFUSED);
    assert_string_equal(refund->error, "REFUND_24");
    money_is(h, 8000, 0); /* where it was */
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__PAID);
    assert_int_equal(receipt(h)->cancelled_at_ms, 0);
    (void)request(h, 8000, MC_OK);
    harness_close(h);
}

/* 9.000 đ for 8.000 đ: the order is paid, and 1.000 đ goes back. */
static void what_was_too_much_goes_back(void **state)
{
    struct harness *h = generous_room();

    (void)state;
    (void)order_new(h);
    come(h, "FT1", "{\"TrangThaiGD\":\"00\",\"SoTien\":\"9000\"}");
    const Payment__Case *found = only_case(h);
    found = propose(
        h, found,
        PROPOSE(.action = PAYMENT__CASE_ACTION__APPLY_TO_ORDER, .order_id = found->order_id),
        MC_OK);
    (void)decide(h, found, SECOND, true, MC_OK);
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__PAID);
    assert_int_equal(credit_of(h, PAYMENT_PAYABLE), 1000);
    refund_answer(h, "platform.refund", DONE);
    money_is(h, 8000, 0);
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__PAID);
    assert_int_equal(receipt(h)->cancelled_at_ms, 0);
    harness_close(h);
}

/* A case's money that cannot go back is a case again, not lost. */
static void a_case_that_goes_back(void **state)
{
    struct harness *h = generous_room();

    (void)state;
    (void)order_new(h);
    come(h, "FT1", "{\"TrangThaiGD\":\"00\",\"SoTien\":\"7000\"}");
    const Payment__Case *found = only_case(h);
    found = propose(h, found, PROPOSE(.action = PAYMENT__CASE_ACTION__REFUND_PAYER), MC_OK);
    (void)decide(h, found, SECOND, true, MC_OK);
    assert_int_equal(cases_of(h, false)->n_cases, 0);
    assert_int_equal(credit_of(h, PAYMENT_PAYABLE), 7000);
    refund_answer(h, "platform.refund", NO);
    money_is(h, 0, 7000);
    found = only_case(h);
    assert_int_equal(found->kind, PAYMENT__CASE_KIND__REFUND_FAILED);
    assert_int_equal(found->amount, 7000);
    found = propose(h, found, PROPOSE(.action = PAYMENT__CASE_ACTION__REFUND_PAYER), MC_OK);
    (void)decide(h, found, SECOND, true, MC_OK);
    refund_answer(h, "platform.refund", DONE);
    money_is(h, 0, 0);
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__PENDING);
    assert_int_equal(cases_of(h, false)->n_cases, 0);
    harness_close(h);
}

static void orders_are_cancelled_by_who_may(void **state)
{
    struct harness *h = room_open();
    Payment__CancelOrderRequest req = PAYMENT__CANCEL_ORDER_REQUEST__INIT;

    (void)state;
    req.order_id = order_new(h)->order_id;
    req.reason = text("miễn lệ phí");
    as_account(h, OWNER);
    (void)harness_call(h, "CancelOrder", &req.base, MC_DENIED);
    as_officer(h, UNIT);
    (void)harness_call(h, "CancelOrder", &req.base, MC_DENIED);
    as_clerk(h, FIRST, "000.21.31.H53");
    (void)harness_call(h, "CancelOrder", &req.base, MC_NOT_FOUND);
    const char *reference = start(h);
    as_clerk(h, FIRST, UNIT);
    (void)harness_call(h, "CancelOrder", &req.base, MC_CONFLICT); /* somebody is paying it */
    assert_string_equal(harness_header(h)->code, "PAYMENT_PENDING");
    assert_string_equal(confirm(h, CONFIRM(.reference = reference, .code = "24")), "00");
    query_answer(h, QUERY_FAILED);
    req.reason = text("");
    as_clerk(h, FIRST, UNIT);
    (void)harness_call(h, "CancelOrder", &req.base, MC_INVALID);
    req.reason = text("miễn lệ phí");
    const Payment__Order *order = harness_call(h, "CancelOrder", &req.base, MC_OK);
    assert_int_equal(order->state, PAYMENT__ORDER_STATE__CANCELLED);
    (void)harness_call(h, "CancelOrder", &req.base, MC_CONFLICT);
    assert_string_equal(harness_header(h)->code, "ORDER_CANCELLED");
    (void)start_as(h, order->order_id, MC_EXPIRED);
    /* and the money of the first try comes after all: a case */
    assert_string_equal(confirm(h, CONFIRM(.reference = reference)), "00");
    query_answer(h, QUERY_PAID);
    assert_int_equal(only_case(h)->kind, PAYMENT__CASE_KIND__LATE_PAYMENT);
    (void)propose(
        h, only_case(h),
        PROPOSE(.action = PAYMENT__CASE_ACTION__APPLY_TO_ORDER, .order_id = order->order_id),
        MC_CONFLICT); /* it is not owed */
    assert_true(harness_violated(h, "order_id", "ORDER_CANCELLED"));
    harness_close(h);
}

/* Every state by every step. */
static void refund_states(void **state)
{
    /* APPROVE ACCEPT SILENCE FINISH REFUSE */
    static const uint8_t want[8][PAYMENT_REFUND_STEPS_LEN] = {
        {0, 0, 0, 0, 0}, /* unspecified */
        {2, 0, 0, 0, 6}, /* REQUESTED */
        {0, 3, 4, 5, 6}, /* APPROVED */
        {0, 0, 0, 5, 6}, /* SENT */
        {0, 3, 0, 5, 6}, /* UNKNOWN */
        {0, 0, 0, 0, 0}, /* DONE */
        {0, 0, 0, 0, 0}, /* REFUSED */
        {0, 0, 0, 0, 0},
    };

    (void)state;
    for (uint32_t from = 0; from < MC_LEN(want); from++)
        for (unsigned step = 0; step < PAYMENT_REFUND_STEPS_LEN; step++)
            assert_int_equal(payment_refund_next(from, (enum payment_refund_step)step),
                             want[from][step]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(not_approved),
        cmocka_unit_test(by_the_platform),
        cmocka_unit_test(unknown_until_known),
        cmocka_unit_test(sent_again_only_when_it_never_came),
        cmocka_unit_test(the_platform_refuses),
        cmocka_unit_test(what_was_too_much_goes_back),
        cmocka_unit_test(a_case_that_goes_back),
        cmocka_unit_test(orders_are_cancelled_by_who_may),
        cmocka_unit_test(refund_states),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
