/* Personal tax and the vehicle charge (TAX-01 … TAX-11), and the traps of the tax gateway's JSON.
 */
#include "payment_outside_help.h"
#include "services/payment/tax.h"

#define DECISION "11012260000000017"
#define OTHER    "11012260000000025"

#define PERSONAL                                                                                   \
    "{\"MST\":\"012193990017\",\"TEN_NNT\":\"NGUYỄN THỊ HÒA BÌNH\",\"MA_TMUC\":\"2864\","    \
    "\"NO_CUOI_KY\":\"300000\",\"SO_QDINH\":\"\"}"
#define VEHICLE(number, amount)                                                                    \
    "{\"MST\":\"012193990017\",\"TEN_NNT\":\"NGUYỄN THỊ HÒA BÌNH\",\"MA_TMUC\":\"2824\","    \
    "\"NO_CUOI_KY\":" amount ",\"SO_QDINH\":\"" number                                             \
    "\",\"NGAY_QDINH\":\"01/09/2026\",\"MA_CHUONG\":\"757\",\"SHKB\":\"0111\"}"

static const Payment__TaxInfo *info(struct harness *h)
{
    Payment__GetTaxInfoRequest req = PAYMENT__GET_TAX_INFO_REQUEST__INIT;

    as_account(h, OWNER);
    return harness_call(h, "GetTaxInfo", &req.base, MC_OK);
}

static const Payment__TaxInfo *look_up(struct harness *h, enum mc_status want)
{
    Payment__StartTaxLookUpRequest req = PAYMENT__START_TAX_LOOK_UP_REQUEST__INIT;

    as_account(h, OWNER);
    return harness_call(h, "StartTaxLookUp", &req.base, want);
}

static const Payment__TaxInfo *owes(struct harness *h, const char *rows)
{
    char sothue[4096];

    (void)look_up(h, MC_OK);
    (void)snprintf(sothue, sizeof sothue, "\"ROW_SOTHUE\":%s", rows);
    gip_answer(h, "tax.debts", "00047", sothue);
    return info(h);
}

static const Payment__TaxPayment *pay(struct harness *h, bool personal, const char *decision,
                                      const char *bank, enum mc_status want)
{
    Payment__PayTaxRequest req = PAYMENT__PAY_TAX_REQUEST__INIT;

    as_account(h, OWNER);
    req.personal = personal;
    req.decision = text(decision);
    req.bank = text(bank);
    return harness_call(h, "PayTax", &req.base, want);
}

static const Payment__TaxPayment *payment_now(struct harness *h, const char *method,
                                              ProtobufCBinaryData id)
{
    Payment__GetTaxPaymentRequest req = PAYMENT__GET_TAX_PAYMENT_REQUEST__INIT;

    as_account(h, OWNER);
    req.payment_id = id;
    return harness_call(h, method, &req.base, MC_OK);
}

static void debts_are_shown_as_the_law_allows(void **state)
{
    struct harness *h = outside_open();

    (void)state;
    person_known(h, false);
    (void)look_up(h, MC_INVALID);
    assert_string_equal(harness_header(h)->code, "TAX_CODE_MISSING");
    person_known(h, true);
    const Payment__TaxInfo *shown =
        owes(h, "[" PERSONAL "," VEHICLE(DECISION, "\"1200000\"") "," VEHICLE(OTHER, "0") "]");
    assert_int_equal(shown->state, PAYMENT__LOOK_UP_STATE__FOUND);
    assert_true(shown->can_pay);
    assert_int_equal(shown->n_personal, 1); /* TAX-04: the message has no place for an amount */
    assert_string_equal(shown->personal[0]->name, "Lệ phí môn bài mức (bậc) 3");
    assert_int_equal(shown->n_decisions, 1); /* what is paid is not owed */
    assert_string_equal(shown->decisions[0]->number, DECISION);
    assert_string_equal(shown->decisions[0]->date, "2026-09-01");
    assert_string_equal(shown->decisions[0]->amount_text, "1.200.000");

    shown = owes(h, PERSONAL); /* one element, not a list */
    assert_int_equal(shown->n_personal, 1);
    shown = owes(h, "[]");
    assert_false(shown->can_pay); /* TAX-02 */
    harness_close(h);
}

static void a_silent_tax_office_is_told(void **state)
{
    struct harness *h = outside_open();
    struct harness_exchange exchange;

    (void)state;
    person_known(h, true);
    (void)look_up(h, MC_OK);
    for (int i = 0; i < 10 && info(h)->state == PAYMENT__LOOK_UP_STATE__LOOKING; i++) {
        if (harness_effect(h, "tax.debts", &exchange))
            harness_answer(h, &exchange, 500, "");
        harness_advance(h, 20000);
    }
    assert_int_equal(info(h)->state, PAYMENT__LOOK_UP_STATE__LOOK_UP_OFFLINE);
    assert_string_equal(info(h)->error, "TAX_OFFLINE");
    harness_close(h);
}

static void one_choice_at_a_bank_that_can(void **state)
{
    struct harness *h = outside_open();

    (void)state;
    person_known(h, true);
    (void)pay(h, true, "", "BID", MC_EXPIRED);
    assert_string_equal(harness_header(h)->code, "TAX_LOOK_UP_OLD");
    (void)owes(h, "[" PERSONAL "," VEHICLE(DECISION, "1200000") "]");
    (void)pay(h, true, DECISION, "BID", MC_INVALID); /* TAX-06 */
    assert_true(harness_violated(h, "decision", "TAX_CHOOSE_ONE"));
    (void)pay(h, false, "", "ACB", MC_INVALID);
    assert_true(harness_violated(h, "bank", "BANK_NOT_CONNECTED"));
    (void)pay(h, false, OTHER, "BID", MC_NOT_FOUND);
    assert_string_equal(harness_header(h)->code, "TAX_NO_DEBT");
    (void)pay(h, false, DECISION, "VCB", MC_DENIED); /* TAX-08, the seed's words */
    assert_string_equal(harness_header(h)->message,
                        "Người dùng chưa liên kết tài khoản thanh toán");
    harness_advance(h, PAYMENT_TAX_FRESH_MS);
    assert_non_null(pay(h, false, DECISION, "BID", MC_OK));
    (void)owes(h, "[" PERSONAL "]");
    harness_advance(h, PAYMENT_TAX_FRESH_MS + 1);
    (void)pay(h, true, "", "BID", MC_EXPIRED);
    harness_close(h);
}

static void paid_at_the_banks_page(void **state)
{
    struct harness *h = outside_open();
    struct harness_exchange exchange;

    (void)state;
    person_known(h, true);
    (void)owes(h, "[" PERSONAL "," VEHICLE(DECISION, "1200000") "]");
    ProtobufCBinaryData id = pay(h, false, DECISION, "BID", MC_OK)->payment_id;
    (void)pay(h, false, DECISION, "BID", MC_CONFLICT);
    assert_string_equal(harness_header(h)->code, "PAYMENT_PENDING");
    assert_true(harness_effect(h, "bank.tax_start", &exchange));
    assert_string_equal(exchange.http.url, "https://banks.test/BID/taxes");
    assert_non_null(strstr(exchange.http.body.data, "\"SO_QDINH\":\"" DECISION "\""));
    assert_null(strstr(exchange.http.body.data, "2864")); /* personal tax is another payment */
    harness_result(h, &exchange, &(struct mc_result){.outcome = MC_HTTP_UNKNOWN});
    harness_advance(h, 5000);
    assert_true(harness_effect(h, "bank.tax_start", &exchange));
    harness_answer(h, &exchange, 200, "{\"result\":\"PAGE\",\"url\":\"https://bidv.test/p/1\"}");
    const Payment__TaxPayment *now = payment_now(h, "GetTaxPayment", id);
    assert_int_equal(now->state, PAYMENT__ATTEMPT_STATE__WAITING);
    assert_string_equal(now->pay_url, "https://bidv.test/p/1");

    (void)payment_now(h, "CheckTaxPayment", id); /* back from the bank */
    assert_true(harness_effect(h, "bank.tax_query", &exchange));
    harness_answer(h, &exchange, 200, "{\"state\":\"PENDING\"}");
    harness_advance(h, 10000);
    assert_true(harness_effect(h, "bank.tax_query", &exchange));
    harness_answer(h, &exchange, 200,
                   "{\"state\":\"PAID\",\"transaction_id\":\"NSNN1\",\"amount\":1200000}");
    now = payment_now(h, "GetTaxPayment", id);
    assert_int_equal(now->state, PAYMENT__ATTEMPT_STATE__SUCCEEDED);
    assert_string_equal(now->message, "Thanh toán thành công");
    assert_string_equal(now->transaction_id, "NSNN1");
    (void)pay(h, false, DECISION, "BID", MC_CONFLICT); /* the tax office is slow to know */
    assert_string_equal(harness_header(h)->code, "ALREADY_PAID");

    id = pay(h, true, "", "BID", MC_OK)->payment_id; /* personal tax, as a whole */
    now = payment_now(h, "GetTaxPayment", id);
    assert_int_equal(now->amount, 0);
    assert_int_equal(now->n_items, 1);
    assert_true(harness_effect(h, "bank.tax_start", &exchange));
    harness_answer(h, &exchange, 200, "{\"result\":\"REFUSED\"}");
    Payment__ListTaxPaymentsRequest req = PAYMENT__LIST_TAX_PAYMENTS_REQUEST__INIT;
    req.page_size = 1; /* TAX-11 */
    const Payment__ListTaxPaymentsReply *page =
        harness_call(h, "ListTaxPayments", &req.base, MC_OK);
    assert_int_equal(page->n_payments, 1);
    assert_string_equal(page->payments[0]->message, "Thanh toán không thành công");
    req.page_token = page->next_page_token;
    page = harness_call(h, "ListTaxPayments", &req.base, MC_OK);
    assert_string_equal(page->payments[0]->decision, DECISION);
    assert_string_equal(page->next_page_token, "");
    assert_non_null(pay(h, true, "", "BID", MC_OK)); /* another try */
    harness_close(h);
}

static void another_amount_is_for_an_officer(void **state)
{
    struct harness *h = outside_open();
    struct harness_exchange exchange;

    (void)state;
    person_known(h, true);
    (void)owes(h, VEHICLE(DECISION, "1200000"));
    ProtobufCBinaryData id = pay(h, false, DECISION, "BID", MC_OK)->payment_id;
    assert_true(harness_effect(h, "bank.tax_start", &exchange));
    harness_answer(h, &exchange, 200, "{\"result\":\"PAGE\",\"url\":\"https://bidv.test/p/1\"}");
    (void)payment_now(h, "CheckTaxPayment", id);
    assert_true(harness_effect(h, "bank.tax_query", &exchange));
    harness_answer(h, &exchange, 200, "{\"state\":\"PAID\",\"amount\":1}");
    const Payment__TaxPayment *now = payment_now(h, "GetTaxPayment", id);
    assert_int_equal(now->state, PAYMENT__ATTEMPT_STATE__SUSPENSE);
    assert_string_equal(now->error, "AMOUNT_WRONG");
    assert_int_equal(harness_events(h, "payment.case_opened"), 1);
    harness_close(h);
}

/* The traps of the gateway's messages, one by one. */
static void the_gateways_dates(void **state)
{
    static const struct {
        const char *text;
        const char *want;
    } cases[] = {
        {"2026-09-04 00:00:00.0", "2026-09-04"},
        {"04/09/2026", "2026-09-04"},
        {"04-09-2026", "2026-09-04"},
        {"2026-09-04", "2026-09-04"},
        {"31/02/2026", ""},
        {"", ""},
    };
    struct mc_date date = {0};
    char out[PAYMENT_GIP_DATE_SIZE];

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        payment_gip_date(out, cases[i].text);
        assert_string_equal(out, cases[i].want);
    }
    assert_true(payment_gip_send_date("09-17-2026", &date)); /* MM-dd-yyyy */
    assert_int_equal(date.month, 9);
    assert_int_equal(date.day, 17);
    assert_false(payment_gip_send_date("17-09-2026", &date));
    assert_false(payment_gip_send_date("09-17-2026 ", &date));
}

static void a_number_with_a_suffix_is_the_same_person(void **state)
{
    (void)state;
    assert_true(payment_gip_same_person("012193990017", "012193990017"));
    assert_true(payment_gip_same_person("012193990017-001", "012193990017"));
    assert_true(payment_gip_same_person(" 012193990017 ", "012193990017"));
    assert_false(payment_gip_same_person("0121939900175", "012193990017"));
    assert_false(payment_gip_same_person("01219399001", "012193990017"));
    assert_false(payment_gip_same_person("012193990017", ""));
}

static void answers_that_are_not_believed(void **state)
{
    static const char *const bodies[] = {
        "{}",
        "{\"HEADER\":{\"MSG_REFID\":\"x\",\"SEND_DATE\":\"09-17-2026\"},\"BODY\":{\"ROW\":{"
        "\"TYPE\":"
        "\"00047\",\"SOTHUE\":{}}}}",
        "{\"HEADER\":{\"MSG_REFID\":\"q\",\"SEND_DATE\":\"17-09-2026\"},\"BODY\":{\"ROW\":{"
        "\"TYPE\":"
        "\"00047\",\"SOTHUE\":{}}}}",
        "{\"HEADER\":{\"MSG_REFID\":\"q\",\"SEND_DATE\":\"09-17-2026\"},\"BODY\":{\"ROW\":{"
        "\"TYPE\":"
        "\"00110\",\"SOTHUE\":{}}}}",
        "{\"HEADER\":{\"MSG_REFID\":\"q\",\"SEND_DATE\":\"09-17-2026\",\"ERROR_CODE\":\"99\"},"
        "\"BODY\":{\"ROW\":{\"TYPE\":\"00047\",\"SOTHUE\":{}}}}",
        "{\"HEADER\":{\"MSG_REFID\":\"q\",\"SEND_DATE\":\"09-17-2026\"},\"BODY\":{\"ROW\":{"
        "\"TYPE\":"
        "\"00047\",\"SOTHUE\":{\"ROW_SOTHUE\":[{\"NO_CUOI_KY\":\"1,5\"}]}}}}",
    };
    struct mc_arena arena;

    (void)state;
    assert_int_equal(mc_arena_init(&arena, 1 << 20), MC_OK);
    for (size_t i = 0; i < MC_LEN(bodies); i++) {
        struct mc_json *json = NULL;
        assert_int_equal(mc_json_parse(mc_key_text(bodies[i]), &json), MC_OK);
        struct payment_gip gip = payment_gip_read(&arena, json, "q", "00047");
        if (gip.state != PAYMENT_GIP_UNREADABLE)
            fail_msg("%zu was believed", i);
        mc_json_free(json);
    }
    mc_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(debts_are_shown_as_the_law_allows),
        cmocka_unit_test(a_silent_tax_office_is_told),
        cmocka_unit_test(one_choice_at_a_bank_that_can),
        cmocka_unit_test(paid_at_the_banks_page),
        cmocka_unit_test(another_amount_is_for_an_officer),
        cmocka_unit_test(the_gateways_dates),
        cmocka_unit_test(a_number_with_a_suffix_is_the_same_person),
        cmocka_unit_test(answers_that_are_not_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
