/* Reconciliation: a partner's statement of a day against what was booked (3.9). */
#include "payment_help.h"
#include "services/payment/reconcile.h"

#define BIN     "970415"
#define ACCOUNT "990000000017"
#define TODAY   "2026-09-07"

static struct harness *open_room(void)
{
    static const char *const settings[] = {"payment.platform_secret_file=@secret",
                                           "payment.platform_url=https://platform.test/api", NULL};

    return harness_open(&payment_room, settings);
}

static void as_operator(struct harness *h)
{
    harness_as(h, &(struct mc_caller){.name = "operator:test", .who = MC_OPERATOR});
}

static const Payment__Reconciliation *import(struct harness *h, bool bank, const char *day,
                                             const char *csv, enum mc_status want)
{
    Payment__ImportStatementRequest req = PAYMENT__IMPORT_STATEMENT_REQUEST__INIT;

    as_operator(h);
    req.bin = text(bank ? BIN : "");
    req.account = text(bank ? ACCOUNT : "");
    req.day = text(day);
    req.content = (ProtobufCBinaryData){strlen(csv), (uint8_t *)text(csv)};
    req.last = true;
    return harness_call(h, "ImportStatement", &req.base, want);
}

static const Payment__Reconciliation *report(struct harness *h, bool bank, const char *day,
                                             Payment__ExportFormat format)
{
    Payment__GetReconciliationRequest req = PAYMENT__GET_RECONCILIATION_REQUEST__INIT;

    as_operator(h);
    req.bin = text(bank ? BIN : "");
    req.account = text(bank ? ACCOUNT : "");
    req.day = text(day);
    req.format = format;
    return harness_call(h, "GetReconciliation", &req.base, MC_OK);
}

/* A paid order; the reference its page had. */
static const char *pay_one(struct harness *h)
{
    (void)order_new(h);
    const char *reference = start(h);
    assert_string_equal(confirm(h, CONFIRM(.reference = reference)), "00");
    query_answer(h, QUERY_PAID);
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__PAID);
    return reference;
}

static void matched_to_the_dong(void **state)
{
    struct harness *h = open_room();
    const char *reference = pay_one(h);
    char csv[512];

    (void)state;
    (void)snprintf(
        csv, sizeof csv,
        "MaThamChieu,MaGiaoDich,SoTien,TrangThaiGD\r\n%s,FT1,8.000,00\r\nother,FT2,1,24\r\n",
        reference);
    const Payment__Reconciliation *day = import(h, false, TODAY, csv, MC_OK);
    assert_int_equal(day->rows, 1);
    assert_int_equal(day->matched, 1);
    assert_int_equal(day->difference_count, 0);
    day = import(h, false, TODAY, csv, MC_OK); /* the same again */
    assert_int_equal(day->rows, 1);
    assert_int_equal(harness_events(h, "payment.case_opened"), 0);
    harness_close(h);
}

static void amounts_that_differ_and_strangers_are_cases(void **state)
{
    struct harness *h = open_room();
    const char *reference = pay_one(h);
    char csv[512];

    (void)state;
    (void)snprintf(csv, sizeof csv, "MaThamChieu,SoTien\n%s,9000\ndvcnobody,5000\n", reference);
    const Payment__Reconciliation *day = import(h, false, TODAY, csv, MC_OK);
    assert_int_equal(day->matched, 0);
    assert_int_equal(day->n_differences, 2);
    assert_int_equal(harness_events(h, "payment.case_opened"), 2);
    for (size_t i = 0; i < 2; i++) {
        const Payment__Difference *row = day->differences[i];
        bool ours = strcmp(row->reference, reference) == 0;
        assert_int_equal(row->kind, ours ? PAYMENT__CASE_KIND__AMOUNT_DIFFERS
                                         : PAYMENT__CASE_KIND__ONLY_THERE);
        assert_int_equal(row->ours, ours ? 8000 : 0);
        assert_int_equal(row->theirs, ours ? 9000 : 5000);
        assert_int_equal(row->case_id.len, MC_ID_LEN);
    }
    const Payment__Reconciliation *file = report(h, false, TODAY, PAYMENT__EXPORT_FORMAT__CSV);
    assert_string_equal(file->file_type, "text/csv");
    assert_non_null(memmem(file->file.data, file->file.len, "Chỉ có ở đối tác,0,5000", 27));
    file = report(h, false, TODAY, PAYMENT__EXPORT_FORMAT__XLSX);
    assert_memory_equal(file->file.data, "PK\3\4", 4);
    harness_close(h);
}

/* Paid there, and its confirmation never came: the platform is asked, and then it is booked. */
static void paid_there_only_is_asked_about(void **state)
{
    struct harness *h = open_room();
    char csv[256];

    (void)state;
    (void)order_new(h);
    (void)snprintf(csv, sizeof csv, "MaThamChieu,SoTien\n%s,8000\n", start(h));
    const Payment__Reconciliation *day = import(h, false, TODAY, csv, MC_OK);
    assert_int_equal(day->n_differences, 1);
    assert_true(day->differences[0]->asked);
    query_answer(h, QUERY_PAID);
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__PAID);
    day = report(h, false, TODAY, PAYMENT__EXPORT_FORMAT__EXPORT_FORMAT_UNSPECIFIED);
    assert_true(day->differences[0]->resolved_at_ms != 0);
    assert_int_equal(harness_events(h, "payment.case_opened"), 0);
    harness_close(h);
}

/* Its list says paid, its answer says not: an officer's. */
static void a_platform_that_contradicts_itself_is_a_case(void **state)
{
    struct harness *h = open_room();
    char csv[256];

    (void)state;
    (void)order_new(h);
    (void)snprintf(csv, sizeof csv, "MaThamChieu,SoTien\n%s,8000\n", start(h));
    (void)import(h, false, TODAY, csv, MC_OK);
    query_answer(h, QUERY_FAILED);
    const Payment__Reconciliation *day =
        report(h, false, TODAY, PAYMENT__EXPORT_FORMAT__EXPORT_FORMAT_UNSPECIFIED);
    assert_int_equal(day->differences[0]->case_id.len, MC_ID_LEN);
    assert_int_equal(harness_events(h, "payment.case_opened"), 1);
    harness_close(h);
}

static void booked_here_only(void **state)
{
    struct harness *h = open_room();
    const char *reference = pay_one(h);

    (void)state;
    const Payment__Reconciliation *day = import(h, false, TODAY, "MaThamChieu,SoTien\n", MC_OK);
    assert_int_equal(day->n_differences, 1);
    assert_string_equal(day->differences[0]->reference, reference);
    assert_int_equal(day->differences[0]->kind, PAYMENT__CASE_KIND__ONLY_HERE);
    harness_close(h);
}

/* Booked at 23:30: the platform may list it tomorrow. */
static void around_midnight(void **state)
{
    struct harness *h = open_room();
    char csv[256];

    (void)state;
    harness_advance(h, (14 * 60 + 10) * MINUTE_MS); /* 23:30 */
    const char *reference = pay_one(h);
    const Payment__Reconciliation *day = import(h, false, TODAY, "MaThamChieu,SoTien\n", MC_OK);
    assert_int_equal(day->difference_count, 0);
    harness_advance(h, DAY_MS);
    (void)snprintf(csv, sizeof csv, "MaThamChieu,SoTien\n%s,8000\n", reference);
    day = import(h, false, "2026-09-08", csv, MC_OK);
    assert_int_equal(day->matched, 1);
    assert_int_equal(day->difference_count, 0);
    harness_close(h);
}

/* A bank's statement brings what no notice told. */
static void a_banks_statement_is_taken_like_notices(void **state)
{
    static const char csv[] = "\xEF\xBB\xBFSố tham chiếu,Ngày giao dịch,Ghi có,Ghi nợ,Diễn giải\r\n"
                              "FT1,07/09/2026 09:34,\"8,000\",,CT den " CODE "\r\n"
                              "FT2,07/09/2026,,50000,phi dich vu\r\n"
                              "FT3,07/09/2026,7.000,,khong ro\r\n";
    struct harness *h = open_room();
    Payment__Beneficiary to = PAYMENT__BENEFICIARY__INIT;
    Payment__GetQrRequest qr = PAYMENT__GET_QR_REQUEST__INIT;

    (void)state;
    as_operator(h);
    to.unit = text(UNIT);
    to.bin = text(BIN);
    to.account = text(ACCOUNT);
    to.name = text("UBND");
    (void)harness_call(h, "SaveBeneficiary", &to.base, MC_OK);
    qr.order_id = order_new(h)->order_id;
    as_account(h, OWNER);
    (void)harness_call(h, "GetQr", &qr.base, MC_OK);
    const Payment__Reconciliation *day = import(h, true, TODAY, csv, MC_OK);
    assert_int_equal(day->rows, 2);
    assert_int_equal(day->matched, 2); /* one paid the order, the other is a case of its own */
    assert_int_equal(current(h)->state, PAYMENT__ORDER_STATE__PAID);
    assert_int_equal(credit_of(h, "bank:" BIN ":" ACCOUNT), -15000);
    assert_int_equal(harness_events(h, "payment.case_opened"), 1);
    day = import(h, true, TODAY, csv, MC_OK);
    assert_int_equal(day->rows, 2);
    assert_int_equal(credit_of(h, "bank:" BIN ":" ACCOUNT), -15000);
    harness_close(h);
}

static void statements_that_cannot_be_read(void **state)
{
    static const struct {
        const char *csv;
        const char *code;
    } cases[] = {
        {"", "STATEMENT_COLUMNS"},
        {"SoTien\n1\n", "STATEMENT_COLUMNS"},
        {"MaThamChieu,SoTien\nx,1.5\n", "STATEMENT_ROW"},
        {"MaThamChieu,SoTien\n,15\n", "STATEMENT_ROW"},
        {"MaThamChieu,SoTien\n\"x,15\n", "STATEMENT_ROW"},
    };
    static char many[64 * 1024];
    struct harness *h = open_room();

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        (void)import(h, false, TODAY, cases[i].csv, MC_INVALID);
        if (!harness_violated(h, "content", cases[i].code))
            fail_msg("%s", cases[i].csv);
    }
    (void)import(h, false, "2026-09-08", "MaThamChieu,SoTien\n", MC_INVALID);
    (void)import(h, false, "07/09/2026", "MaThamChieu,SoTien\n", MC_INVALID);
    size_t len = (size_t)snprintf(many, sizeof many, "MaThamChieu,SoTien\n");
    for (int i = 0; i < PAYMENT_STATEMENT_ROWS_MAX; i++)
        len += (size_t)snprintf(many + len, sizeof many - len, "ref%d,1000\n", i);
    assert_int_equal(import(h, false, TODAY, many, MC_OK)->rows, PAYMENT_STATEMENT_ROWS_MAX);
    (void)snprintf(many + len, sizeof many - len, "one,1\n");
    (void)import(h, false, TODAY, many, MC_INVALID);
    assert_true(harness_violated(h, "content", "LIST_TOO_LONG"));
    harness_close(h);
}

static void a_missing_statement_is_told_once(void **state)
{
    struct harness *h = open_room();

    (void)state;
    (void)pay_one(h);
    harness_advance(h, DAY_MS); /* 09:20 of the next day: not due before 10:00 */
    harness_tick(h);
    assert_int_equal(harness_events(h, "payment.statement_missing"), 0);
    harness_advance(h, 60 * MINUTE_MS);
    harness_tick(h);
    harness_tick(h);
    assert_int_equal(harness_events(h, "payment.statement_missing"), 1);
    assert_true(report(h, false, TODAY, 0)->missing);
    harness_advance(h, DAY_MS); /* a day without payments needs no statement */
    harness_tick(h);
    assert_int_equal(harness_events(h, "payment.statement_missing"), 1);
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matched_to_the_dong),
        cmocka_unit_test(amounts_that_differ_and_strangers_are_cases),
        cmocka_unit_test(paid_there_only_is_asked_about),
        cmocka_unit_test(a_platform_that_contradicts_itself_is_a_case),
        cmocka_unit_test(booked_here_only),
        cmocka_unit_test(around_midnight),
        cmocka_unit_test(a_banks_statement_is_taken_like_notices),
        cmocka_unit_test(statements_that_cannot_be_read),
        cmocka_unit_test(a_missing_statement_is_told_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
