/* What was booked on a wrong account is moved by another transfer, by two officers. */
#include "payment_officers.h"

#define EARNED "agency:" UNIT ":charge:2771"
#define RIGHT  "agency:" UNIT ":fee:2716"

static const Payment__Correction *request(struct harness *h, const char *from, const char *to,
                                          int64_t amount, enum mc_status want)
{
    Payment__RequestCorrectionRequest req = PAYMENT__REQUEST_CORRECTION_REQUEST__INIT;

    req.from_account = text(from);
    req.to_account = text(to);
    req.amount = amount;
    req.reason = text("hạch toán nhầm tiểu mục");
    as_clerk(h, FIRST, UNIT);
    return harness_call(h, "RequestCorrection", &req.base, want);
}

static const Payment__Correction *approve(struct harness *h, const Payment__Correction *of,
                                          const char *who, bool yes, enum mc_status want)
{
    Payment__ApproveCorrectionRequest req = PAYMENT__APPROVE_CORRECTION_REQUEST__INIT;

    req.correction_id = of->correction_id;
    req.version = of->version;
    req.approve = yes;
    req.reason = text("đã xem");
    as_clerk(h, who, UNIT);
    return harness_call(h, "ApproveCorrection", &req.base, want);
}

static size_t listed(struct harness *h, bool all)
{
    Payment__ListCorrectionsRequest req = PAYMENT__LIST_CORRECTIONS_REQUEST__INIT;

    req.all = all;
    as_clerk(h, SECOND, UNIT);
    return ((const Payment__ListCorrectionsReply *)harness_call(h, "ListCorrections", &req.base,
                                                                MC_OK))
        ->n_corrections;
}

static void moved_by_another_transfer(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    come(h, "FT1", QUERY_PAID);
    const Payment__Correction *made = request(h, EARNED, RIGHT, 8000, MC_OK);
    assert_string_equal(made->reason, "hạch toán nhầm tiểu mục");
    assert_string_equal(made->unit, UNIT);
    assert_int_equal(listed(h, false), 1);
    assert_int_equal(credit_of(h, EARNED), 8000);
    (void)approve(h, made, FIRST, true, MC_DENIED);
    assert_string_equal(harness_header(h)->code, "SECOND_PERSON_NEEDED");
    size_t rows = harness_rows(h, PAYMENT_POSTINGS);
    made = approve(h, made, SECOND, true, MC_OK);
    assert_int_equal(made->state, PAYMENT__CORRECTION_STATE__CORRECTION_DONE);
    assert_int_equal(credit_of(h, EARNED), 0);
    assert_int_equal(credit_of(h, RIGHT), 8000);
    assert_int_equal(harness_rows(h, PAYMENT_POSTINGS), rows + 2);
    (void)approve(h, made, SECOND, true, MC_CONFLICT);
    assert_string_equal(harness_header(h)->code, "CORRECTION_DECIDED");
    assert_int_equal(listed(h, false), 0);
    assert_int_equal(listed(h, true), 1);
    assert_int_equal(harness_events(h, "payment.correction_done"), 1);
    harness_close(h);
}

/* An agency cannot give what it did not earn, and a refusal changes nothing. */
static void not_more_than_there_is(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    come(h, "FT1", QUERY_PAID);
    const Payment__Correction *made = request(h, EARNED, RIGHT, 8001, MC_OK);
    (void)approve(h, made, SECOND, true, MC_CONFLICT);
    assert_string_equal(harness_header(h)->code, "LEDGER_OVERDRAWN");
    assert_int_equal(credit_of(h, EARNED), 8000);
    made = approve(h, made, SECOND, false, MC_OK);
    assert_int_equal(made->state, PAYMENT__CORRECTION_STATE__CORRECTION_REFUSED);
    assert_int_equal(credit_of(h, EARNED), 8000);
    assert_int_equal(listed(h, false), 0);
    harness_close(h);
}

static void to_suspense_is_a_case(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    come(h, "FT1", QUERY_PAID);
    const Payment__Correction *made = request(h, EARNED, PAYMENT_SUSPENSE, 3000, MC_OK);
    (void)approve(h, made, SECOND, true, MC_OK);
    const Payment__Case *found = only_case(h);
    assert_int_equal(found->kind, PAYMENT__CASE_KIND__UNMATCHED_PAYMENT);
    assert_int_equal(found->amount, 3000);
    money_is(h, 5000, 3000);
    harness_close(h);
}

static void accounts_that_are_not_ones_own(void **state)
{
    static const struct {
        const char *from;
        const char *to;
        int64_t amount;
        enum mc_status want;
        const char *field;
    } cases[] = {
        {PAYMENT_SUSPENSE, RIGHT, 1, MC_INVALID, "from_account"},
        {PAYMENT_RECEIVABLE, RIGHT, 1, MC_INVALID, "from_account"},
        {PAYMENT_PAYABLE, RIGHT, 1, MC_INVALID, "from_account"},
        {"", RIGHT, 1, MC_INVALID, "from_account"},
        {"agency:" UNIT, RIGHT, 1, MC_INVALID, "from_account"},
        {"agency:" UNIT ":gift:2716", RIGHT, 1, MC_INVALID, "from_account"},
        {"agency:" UNIT ":fee:2716:x", RIGHT, 1, MC_INVALID, "from_account"},
        {"agency::" UNIT ":fee:2716", EARNED, 1, MC_INVALID, "from_account"},
        {"treasury:" UNIT ":x", RIGHT, 1, MC_INVALID, "from_account"},
        {"agency:000.21.31.H53:fee:2716", RIGHT, 1, MC_DENIED, "from_account"},
        {EARNED, "treasury:000.21.31.H53", 1, MC_DENIED, "to_account"},
        {EARNED, EARNED, 1, MC_INVALID, "to_account"},
        {EARNED, RIGHT, 0, MC_INVALID, "amount"},
        {EARNED, RIGHT, PAYMENT_AMOUNT_MAX + 1, MC_INVALID, "amount"},
        {EARNED, RIGHT, PAYMENT_AMOUNT_MAX, MC_OK, NULL},
        {"treasury:" UNIT, "payout:" UNIT, 1, MC_OK, NULL},
    };
    struct harness *h = room_open();

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        (void)request(h, cases[i].from, cases[i].to, cases[i].amount, cases[i].want);
        if (cases[i].field != NULL &&
            !harness_violated(h, cases[i].field,
                              cases[i].want == MC_DENIED ? "UNIT_NOT_YOURS" : "FIELD_INVALID"))
            fail_msg("%zu", i);
    }
    assert_int_equal(listed(h, false), 2);
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moved_by_another_transfer),
        cmocka_unit_test(not_more_than_there_is),
        cmocka_unit_test(to_suspense_is_a_case),
        cmocka_unit_test(accounts_that_are_not_ones_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
