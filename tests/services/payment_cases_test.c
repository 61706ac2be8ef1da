/* Money without a place: every late, double, short or long payment is a case, and two officers end
 * it. */
#include "payment_officers.h"

#define OTHER "000.21.31.H53" /* a unit beside UNIT */

static void each_misfit_is_a_case(void **state)
{
    static const struct {
        const char *body;
        Payment__CaseKind kind;
        int64_t amount;
    } cases[] = {
        {"{\"TrangThaiGD\":\"00\",\"SoTien\":\"7000\"}", PAYMENT__CASE_KIND__SHORT_PAYMENT, 7000},
        {"{\"TrangThaiGD\":\"00\",\"SoTien\":\"8001\"}", PAYMENT__CASE_KIND__EXCESS_PAYMENT, 8001},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct harness *h = room_open();
        (void)order_new(h);
        come(h, "FT1", cases[i].body);
        const Payment__Case *found = only_case(h);
        assert_int_equal(found->kind, cases[i].kind);
        assert_int_equal(found->state, PAYMENT__CASE_STATE__CASE_OPEN);
        assert_int_equal(found->amount, cases[i].amount);
        assert_int_equal(found->expected, 8000);
        assert_string_equal(found->unit, UNIT);
        assert_string_equal(found->dossier_code, CODE);
        assert_string_equal(found->transaction_id, "FT1");
        assert_int_equal(harness_events(h, "payment.case_opened"), 1);
        money_is(h, 0, cases[i].amount);
        harness_close(h);
    }
}

/* 8.000 đ that came after the order had expired pays it when two officers say so: with a receipt.
 */
static void late_money_pays_the_order_after_all(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    const char *reference = start(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference, .code = "24")), "00");
    query_answer(h, QUERY_FAILED);
    harness_advance(h, ORDER_LIFE_MS);
    harness_tick(h);
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__EXPIRED);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference)), "00");
    query_answer(h, QUERY_PAID);
    const Payment__Case *found = only_case(h);
    assert_int_equal(found->kind, PAYMENT__CASE_KIND__LATE_PAYMENT);
    assert_int_equal(current(h)->n_receipts, 0);

    Payment__ResolveCaseRequest apply =
        PROPOSE(.action = PAYMENT__CASE_ACTION__APPLY_TO_ORDER, .order_id = found->order_id);
    found = propose(h, found, apply, MC_OK);
    assert_int_equal(found->state, PAYMENT__CASE_STATE__CASE_PROPOSED);
    (void)decide(h, found, FIRST, true, MC_DENIED); /* two persons */
    assert_string_equal(harness_header(h)->code, "SECOND_PERSON_NEEDED");
    money_is(h, 0, 8000);
    as_clerk(h, FIRST, UNIT);
    (void)propose(h, found, apply, MC_CONFLICT);
    found = decide(h, found, SECOND, true, MC_OK);
    assert_int_equal(found->state, PAYMENT__CASE_STATE__CASE_RESOLVED);
    assert_string_equal(found->decided_by, SECOND);
    assert_int_equal(found->n_notes, 1);
    assert_string_equal(found->notes[0]->text, "đã đối chiếu sao kê");

    const Payment__Order *order = current(h);
    assert_int_equal(order->state, PAYMENT__ORDER_STATE__PAID);
    assert_int_equal(order->n_receipts, 1);
    assert_int_equal(order->n_attempts, 1);
    assert_int_equal(order->attempts[0]->state, PAYMENT__ATTEMPT_STATE__SUCCEEDED);
    assert_int_equal(harness_events(h, "payment.paid"), 1);
    money_is(h, 8000, 0);
    assert_int_equal(cases_of(h, false)->n_cases, 0);
    assert_int_equal(cases_of(h, true)->n_cases, 1);
    (void)decide(h, found, SECOND, true, MC_CONFLICT);
    assert_string_equal(harness_header(h)->code, "CASE_RESOLVED");
    harness_close(h);
}

/* 7.000 đ and then 1.000 đ: together what is owed. */
static void two_short_payments_pay_together(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    come(h, "FT1", "{\"TrangThaiGD\":\"00\",\"SoTien\":\"7000\"}");
    come(h, "FT2", "{\"TrangThaiGD\":\"00\",\"SoTien\":\"1000\"}");
    const Payment__ListCasesReply *rep = cases_of(h, false);
    assert_int_equal(rep->n_cases, 2); /* the oldest first */
    const Payment__Case *first = rep->cases[0];
    ProtobufCBinaryData with[] = {rep->cases[1]->case_id, rep->cases[1]->case_id};
    assert_int_equal(first->amount, 7000);

    Payment__ResolveCaseRequest apply =
        PROPOSE(.action = PAYMENT__CASE_ACTION__APPLY_TO_ORDER, .order_id = first->order_id);
    (void)propose(h, first, apply, MC_CONFLICT);
    assert_true(harness_violated(h, "with_cases", "CASE_AMOUNT_SHORT"));
    apply.with_cases = with;
    apply.n_with_cases = 2; /* the same one twice is not twice its money */
    (void)propose(h, first, apply, MC_INVALID);
    apply.n_with_cases = 1;
    first = propose(h, first, apply, MC_OK);
    (void)decide(h, first, SECOND, true, MC_OK);
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__PAID);
    assert_int_equal(current(h)->n_receipts, 1);
    money_is(h, 8000, 0);
    assert_int_equal(cases_of(h, false)->n_cases, 0);
    harness_close(h);
}

static void a_proposal_that_is_refused_goes_back(void **state)
{
    struct harness *h = room_open();
    Payment__AssignCaseRequest assign = PAYMENT__ASSIGN_CASE_REQUEST__INIT;

    (void)state;
    (void)order_new(h);
    const char *first = start(h); /* fails, the second is paid, and then so is the first */
    assert_string_equal(confirm(h, CONFIRM(.reference = first, .code = "24")), "00");
    query_answer(h, QUERY_FAILED);
    come(h, "FT2", QUERY_PAID);
    assert_string_equal(confirm(h, CONFIRM(.reference = first, .transaction = "FT1")), "00");
    query_answer(h, QUERY_PAID);
    const Payment__Case *found = only_case(h);
    assert_int_equal(found->kind, PAYMENT__CASE_KIND__DOUBLE_PAYMENT);

    assign.case_id = found->case_id;
    assign.version = found->version;
    assign.note = text("gọi cho người nộp");
    as_clerk(h, FIRST, UNIT);
    found = harness_call(h, "AssignCase", &assign.base, MC_OK);
    assert_int_equal(found->state, PAYMENT__CASE_STATE__CASE_ASSIGNED);
    assert_string_equal(found->assigned_to, FIRST);
    (void)harness_call(h, "AssignCase", &assign.base, MC_CONFLICT); /* of an older version */
    assert_true(harness_violated(h, "version", "CASE_CHANGED"));

    Payment__ResolveCaseRequest treasury =
        PROPOSE(.action = PAYMENT__CASE_ACTION__TO_TREASURY, .decision_number = text("12/QĐ-UBND"));
    found = propose(h, found, treasury, MC_OK);
    found = decide(h, found, SECOND, false, MC_OK);
    assert_int_equal(found->state, PAYMENT__CASE_STATE__CASE_ASSIGNED);
    assert_int_equal(found->n_notes, 3);
    money_is(h, 8000, 8000);
    (void)decide(h, found, SECOND, true, MC_CONFLICT);
    assert_string_equal(harness_header(h)->code, "CASE_NOT_PROPOSED");

    found = propose(h, found, treasury, MC_OK);
    (void)decide(h, found, SECOND, true, MC_OK);
    assert_int_equal(credit_of(h, "treasury:" UNIT), 8000);
    assert_int_equal(credit_of(h, PAYMENT_SUSPENSE), 0);
    assert_int_equal(current(h)->n_receipts, 1);
    harness_close(h);
}

static void what_cannot_be_done_is_refused_at_once(void **state)
{
    struct harness *h = room_open();
    uint8_t unknown[MC_ID_LEN] = {1};
    ProtobufCBinaryData many[PAYMENT_CASES_WITH_MAX + 1];

    (void)state;
    (void)order_new(h);
    come(h, "FT1", "{\"TrangThaiGD\":\"00\",\"SoTien\":\"9000\"}");
    const Payment__Case *found = only_case(h);
    ProtobufCBinaryData nobody = {sizeof unknown, unknown};
    for (size_t i = 0; i < MC_LEN(many); i++)
        many[i] = nobody;

    const struct {
        Payment__ResolveCaseRequest req;
        enum mc_status want;
        const char *field;
        const char *code;
    } cases[] = {
        {PROPOSE(.action = PAYMENT__CASE_ACTION__CASE_ACTION_UNSPECIFIED), MC_INVALID, "action",
         "FIELD_INVALID"},
        {PROPOSE(.action = PAYMENT__CASE_ACTION__APPLY_TO_ORDER), MC_INVALID, "order_id",
         "FIELD_INVALID"},
        {PROPOSE(.action = PAYMENT__CASE_ACTION__APPLY_TO_ORDER, .order_id = nobody), MC_NOT_FOUND,
         "order_id", "NOT_FOUND"},
        {PROPOSE(.action = PAYMENT__CASE_ACTION__APPLY_TO_ORDER, .order_id = found->order_id,
                 .n_with_cases = 1, .with_cases = many),
         MC_CONFLICT, "with_cases", "CASE_NOT_FREE"},
        {PROPOSE(.action = PAYMENT__CASE_ACTION__APPLY_TO_ORDER, .order_id = found->order_id,
                 .n_with_cases = MC_LEN(many), .with_cases = many),
         MC_INVALID, "with_cases", "FIELD_INVALID"},
        {PROPOSE(.action = PAYMENT__CASE_ACTION__TO_TREASURY), MC_INVALID, "decision_number",
         "FIELD_REQUIRED"},
        {PROPOSE(.action = PAYMENT__CASE_ACTION__NO_ACTION, .decision_number = text("1")),
         MC_INVALID, "decision_number", "FIELD_INVALID"},
        {PROPOSE(.action = PAYMENT__CASE_ACTION__NO_ACTION), MC_CONFLICT, "action",
         "CASE_HOLDS_MONEY"},
    };
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        (void)propose(h, found, cases[i].req, cases[i].want);
        if (!harness_violated(h, cases[i].field, cases[i].code))
            fail_msg("%zu: %s", i, harness_header(h)->code);
    }
    assert_int_equal(only_case(h)->version, found->version);
    money_is(h, 0, 9000);
    harness_close(h);
}

/* While somebody is paying the order, suspense does not pay it too. */
static void not_while_it_is_being_paid(void **state)
{
    struct harness *h = room_open();

    (void)state;
    (void)order_new(h);
    come(h, "FT1", "{\"TrangThaiGD\":\"00\",\"SoTien\":\"7000\"}");
    come(h, "FT2", "{\"TrangThaiGD\":\"00\",\"SoTien\":\"1000\"}");
    const Payment__ListCasesReply *rep = cases_of(h, false);
    const Payment__Case *first = rep->cases[0];
    Payment__ResolveCaseRequest apply =
        PROPOSE(.action = PAYMENT__CASE_ACTION__APPLY_TO_ORDER, .order_id = first->order_id,
                .n_with_cases = 1, .with_cases = &rep->cases[1]->case_id);
    first = propose(h, first, apply, MC_OK);
    harness_advance(h, 1000);
    const char *reference = start(h); /* and then he pays again, before it is decided */
    (void)decide(h, first, SECOND, true, MC_CONFLICT);
    assert_true(harness_violated(h, "order_id", "PAYMENT_PENDING"));
    assert_string_equal(confirm(h, CONFIRM(.reference = reference, .transaction = "FT3")), "00");
    query_answer(h, QUERY_PAID);
    (void)decide(h, first, SECOND, true, MC_CONFLICT);
    assert_true(harness_violated(h, "order_id", "ALREADY_PAID"));
    money_is(h, 8000, 8000);
    harness_close(h);
}

static void who_sees_which(void **state)
{
    struct harness *h = room_open();
    Payment__ListCasesRequest list = PAYMENT__LIST_CASES_REQUEST__INIT;
    Payment__GetCaseRequest get = PAYMENT__GET_CASE_REQUEST__INIT;

    (void)state;
    (void)order_new(h);
    come(h, "FT1", "{\"TrangThaiGD\":\"00\",\"SoTien\":\"7000\"}");
    come(h, "FT2", "{\"TrangThaiGD\":\"00\",\"SoTien\":\"7000\"}");
    come(h, "FT3", "{\"TrangThaiGD\":\"00\",\"SoTien\":\"7000\"}");
    get.case_id = cases_of(h, false)->cases[0]->case_id;

    as_account(h, OWNER);
    (void)harness_call(h, "ListCases", &list.base, MC_DENIED);
    as_officer(h, UNIT); /* without the right */
    (void)harness_call(h, "ListCases", &list.base, MC_DENIED);
    as_clerk(h, FIRST, OTHER);
    const Payment__ListCasesReply *rep = harness_call(h, "ListCases", &list.base, MC_OK);
    assert_int_equal(rep->n_cases, 0);
    (void)harness_call(h, "GetCase", &get.base, MC_NOT_FOUND);
    list.unit = text(UNIT);
    (void)harness_call(h, "ListCases", &list.base, MC_DENIED);
    list.unit = text("?");
    (void)harness_call(h, "ListCases", &list.base, MC_INVALID);
    list.unit = text("");

    as_clerk(h, FIRST, "000.00.31.H53"); /* the district above */
    (void)harness_call(h, "GetCase", &get.base, MC_OK);
    list.page_size = 2;
    rep = harness_call(h, "ListCases", &list.base, MC_OK);
    assert_int_equal(rep->n_cases, 2);
    list.page_token = rep->next_page_token;
    rep = harness_call(h, "ListCases", &list.base, MC_OK);
    assert_int_equal(rep->n_cases, 1);
    assert_string_equal(rep->next_page_token, "");
    list.page_size = PAYMENT_PAGE_MAX + 1;
    (void)harness_call(h, "ListCases", &list.base, MC_INVALID);
    list.page_size = PAYMENT_PAGE_MAX;
    list.page_token = text("x");
    (void)harness_call(h, "ListCases", &list.base, MC_INVALID);
    list.page_token = text("");
    harness_as(h, &(struct mc_caller){.name = "operator:ctl", .who = MC_OPERATOR});
    rep = harness_call(h, "ListCases", &list.base, MC_OK);
    assert_int_equal(rep->n_cases, 3);
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_misfit_is_a_case),
        cmocka_unit_test(late_money_pays_the_order_after_all),
        cmocka_unit_test(two_short_payments_pay_together),
        cmocka_unit_test(a_proposal_that_is_refused_goes_back),
        cmocka_unit_test(what_cannot_be_done_is_refused_at_once),
        cmocka_unit_test(not_while_it_is_being_paid),
        cmocka_unit_test(who_sees_which),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
