/* Indicators of QĐ 766: S35, drill-down, officers, what is taken back, and the journal's own sums.
 */
#include "../../services/dossier/indicators.h"
#include "dossier_help.h"

static const char *const rights_all[] = {"DOSSIER_RECEIVE", "DOSSIER_PROCESS", "DOSSIER_APPROVE",
                                         "RESULT_RETURN", "DOSSIER_MONITOR"};
static const struct mc_caller monitor = {
    .account_id = "0190a07b-0000-7000-8000-0000000000fe",
    .unit = "000.00.31.H53",
    .rights = rights_all,
    .rights_len = MC_LEN(rights_all),
};
static const struct mc_caller operator_of = {.name = "operator:test", .who = MC_OPERATOR};

static struct harness *open_monday(void)
{
    struct harness *h = harness_open(&dossier_room, NULL);
    Identity__AccountOpened opened = IDENTITY__ACCOUNT_OPENED__INIT;
    const char *const keys[] = {"account:x", NULL};

    harness_set_clock(h, local(2026, 9, 7, 9, 20));
    opened.account_id = mc_unconst(ALICE_ID);
    opened.login_id = mc_unconst("001099000019");
    opened.full_name = mc_unconst("Nguyễn Thử Nghiệm");
    harness_event(h, "identity", "identity.account_opened", &opened.base, keys);
    return h;
}

static Dossier__ShowIndicatorsReply *show(struct harness *h, const struct mc_caller *caller,
                                          const char *from, const char *to)
{
    Dossier__ShowIndicatorsRequest req = DOSSIER__SHOW_INDICATORS_REQUEST__INIT;

    req.from = mc_unconst(from);
    req.to = mc_unconst(to);
    harness_as(h, caller);
    return harness_call(h, "ShowIndicators", &req.base, MC_OK);
}

static const Dossier__Score *score(const Dossier__ShowIndicatorsReply *shown, const char *code)
{
    for (size_t i = 0; i < shown->n_indicators; i++)
        if (strcmp(shown->indicators[i]->code, code) == 0)
            return shown->indicators[i]->score;
    fail_msg("no indicator %s", code);
    return NULL;
}

static int64_t counted(const Dossier__ShowIndicatorsReply *shown, const char *name)
{
    for (size_t i = 0; i < shown->n_counts; i++)
        if (strcmp(shown->counts[i]->name, name) == 0)
            return shown->counts[i]->count;
    fail_msg("no count %s", name);
    return -1;
}

static size_t behind(struct harness *h, const char *month, const char *counted_as)
{
    Dossier__ListCountedRequest req = DOSSIER__LIST_COUNTED_REQUEST__INIT;
    size_t seen = 0;

    req.unit = mc_unconst(BEN_CAU);
    req.month = mc_unconst(month);
    req.counted_as = mc_unconst(counted_as);
    req.page_size = 7;
    do {
        harness_as(h, &officer);
        Dossier__ListCountedReply *rep = harness_call(h, "ListCounted", &req.base, MC_OK);
        seen += rep->n_dossiers;
        req.page_token = rep->next_page_token;
    } while (req.page_token[0] != '\0');
    return seen;
}

static void deposit(struct harness *h, const Dossier__DossierReply *at)
{
    static const uint8_t pdf[] = "%PDF-1.7\nKet qua";
    Dossier__DepositPaperRequest req = DOSSIER__DEPOSIT_PAPER_REQUEST__INIT;

    req.dossier_id = at->dossier_id;
    req.version = at->version;
    req.origin = DOSSIER__PAPER_ORIGIN__RESULT_OF_DOSSIER;
    req.content = (ProtobufCBinaryData){sizeof pdf, mc_unconst(pdf)};
    req.file_name = mc_unconst("ket-qua.pdf");
    req.result_code = mc_unconst("KQ.G15.000031");
    static unsigned papers;
    char number[32];
    (void)snprintf(number, sizeof number, "%u/2026", ++papers);
    req.number = number;
    req.issued_on = mc_unconst("07/09/2026");
    harness_as(h, &officer);
    harness_call(h, "DepositPaper", &req.base, MC_OK);
}

/* The journal says the same as the sums on disk. */
static void expect_journal_agrees(struct harness *h)
{
    Dossier__CheckIndicatorsRequest req = DOSSIER__CHECK_INDICATORS_REQUEST__INIT;
    static int64_t sums[64][DOSSIER_TALLIES_LEN];
    Dossier__CheckIndicatorsReply *rep = NULL;

    memset(sums, 0, sizeof sums);
    do {
        harness_as(h, &operator_of);
        rep = harness_call(h, "CheckIndicators", &req.base, MC_OK);
        for (size_t i = 0; i < rep->n_sums; i++)
            for (size_t j = 0; j < DOSSIER_TALLIES_LEN; j++)
                sums[rep->sums[i]->month_number % 64][j] += rep->sums[i]->counts[j];
        req.after = rep->next_after;
    } while (!rep->done);
    for (size_t i = 0; i < rep->n_kept; i++) /* one unit has them all */
        for (size_t j = 0; j < DOSSIER_TALLIES_LEN; j++)
            assert_int_equal(rep->kept[i]->counts[j], sums[rep->kept[i]->month_number % 64][j]);
    assert_true(rep->n_kept > 0);
}

/* Asked twice: the second time by the leader. */
static Dossier__DossierReply *asked_twice(struct harness *h)
{
    Dossier__DossierReply *at = processing(h);

    for (int i = 0; i < 2; i++) {
        at = advance_as(h, &officer, at, DOSSIER__STATE__SUPPLEMENT_REQUESTED, why, MC_OK);
        at = submit_as(h, &alice, at->dossier_id, MC_OK);
        at = advance_as(h, &officer, at, DOSSIER__STATE__PROCESSING, "", MC_OK);
    }
    return at;
}

/* S35: 100 dossiers in September 2026: 90 on time, 4 late, 2 asked twice, 4 running past due. */
static void test_s35(void **state)
{
    struct harness *h = open_monday();
    Dossier__DossierReply *late[4];
    const Dossier__ShowIndicatorsReply *shown;

    (void)state;
    for (int i = 0; i < 90; i++) {
        Dossier__DossierReply *at = finished(h);
        if (i < 60 - 6)
            deposit(h, at);
    }
    for (int i = 0; i < 2; i++)
        deposit(h, advance_as(h, &officer, asked_twice(h), DOSSIER__STATE__FINISHED, "", MC_OK));
    for (int i = 0; i < 4; i++)
        late[i] = processing(h);
    for (int i = 0; i < 4; i++)
        processing(h);
    harness_set_clock(h, local(2026, 9, 11, 9, 20));
    harness_tick(h);
    for (int i = 0; i < 4; i++)
        deposit(h, advance_as(h, &officer, late[i], DOSSIER__STATE__FINISHED, "", MC_OK));

    shown = show(h, &monitor, "2026-09", "");
    const Dossier__Score *on_time = score(shown, "ON_TIME");
    assert_int_equal(on_time->numerator, 90);
    assert_int_equal(on_time->denominator, 100);
    assert_int_equal(on_time->percent_hundredths, 9000);
    assert_int_equal(on_time->points_hundredths, 1800);
    assert_true(on_time->below_target);
    const Dossier__Score *online = score(shown, "ONLINE_DOSSIERS");
    assert_int_equal(online->numerator, 60);
    assert_int_equal(online->denominator, 96); /* the four that run have no result yet */
    assert_int_equal(online->points_hundredths, 600);
    assert_int_equal(score(shown, "PETITION_PROCESSING_ON_TIME")->points_hundredths, 600);
    assert_int_equal(score(shown, "PETITION_HANDLING_SATISFACTION")->points_hundredths, 600);
    assert_int_equal(score(shown, "DOSSIER_RECEIVING_SATISFACTION")->points_hundredths, 600);
    assert_false(score(shown, "PAYMENT_DOSSIERS")->scored); /* no fee in any of them */
    assert_false(score(shown, "DOSSIER_SYNC")->scored);
    assert_int_equal(counted(shown, "LATE"), 4);
    assert_int_equal(counted(shown, "SUPPLEMENTS"), 2);
    assert_int_equal(counted(shown, "RUNNING_LATE"), 4);
    assert_int_equal(counted(shown, "VERIFIED"), 100);

    assert_int_equal(behind(h, "2026-09", "ON_TIME"), 90);
    assert_int_equal(behind(h, "2026-09", "LATE"), 4);
    assert_int_equal(behind(h, "2026-09", "SUPPLEMENTS"), 2);
    assert_int_equal(behind(h, "2026-09", "RUNNING_LATE"), 4);
    assert_int_equal(behind(h, "2026-09", "WENT_LATE"), 8);
    assert_int_equal(behind(h, "2026-09", "LATE_ENDED"), 4);
    assert_int_equal(behind(h, "2026-09", "RECEIVED"), 100);
    assert_int_equal(behind(h, "2026-10", "ON_TIME"), 0);
    assert_int_equal(behind(h, "2026-10", "RUNNING_LATE"), 4);
    expect_journal_agrees(h);
    harness_close(h);
}

/* What runs late over the month's end counts in each month until it ends. */
static void test_over_the_months(void **state)
{
    struct harness *h = open_monday();

    (void)state;
    harness_set_clock(h, local(2026, 9, 25, 9, 20)); /* due on the 30th */
    Dossier__DossierReply *at = processing(h);
    harness_set_clock(h, local(2026, 9, 30, 9, 21));
    harness_tick(h);
    harness_set_clock(h, local(2026, 11, 2, 9, 0));
    assert_int_equal(counted(show(h, &officer, "2026-10", ""), "RUNNING_LATE"), 1);
    advance_as(h, &officer, at, DOSSIER__STATE__FINISHED, "", MC_OK);
    assert_int_equal(counted(show(h, &officer, "2026-09", ""), "RUNNING_LATE"), 1);
    assert_int_equal(counted(show(h, &officer, "2026-10", ""), "RUNNING_LATE"), 1);
    assert_int_equal(counted(show(h, &officer, "2026-11", ""), "RUNNING_LATE"), 0);
    assert_int_equal(counted(show(h, &officer, "2026-11", ""), "LATE"), 1);
    const Dossier__Score *quarter = score(show(h, &officer, "2026-09", "2026-11"), "ON_TIME");
    assert_int_equal(quarter->denominator, 1);
    assert_int_equal(quarter->numerator, 0);
    assert_int_equal(behind(h, "2026-10", "RUNNING_LATE"), 1);
    assert_int_equal(behind(h, "2026-11", "RUNNING_LATE"), 0);
    expect_journal_agrees(h);
    harness_close(h);
}

/* The leader sends a result back: what was counted is taken off, and counted anew at its real end.
 */
static void test_taken_back(void **state)
{
    struct harness *h = open_monday();
    Dossier__DossierReply *at = finished(h);

    (void)state;
    assert_int_equal(counted(show(h, &officer, "2026-09", ""), "ON_TIME"), 1);
    at = advance_as(h, &officer, at, DOSSIER__STATE__PROCESSING, "Sai ngày sinh", MC_OK);
    assert_int_equal(counted(show(h, &officer, "2026-09", ""), "ENDED"), 0);
    assert_int_equal(behind(h, "2026-09", "ENDED"), 0);
    harness_set_clock(h, local(2026, 10, 1, 9, 0));
    harness_tick(h);
    at = advance_as(h, &officer, at, DOSSIER__STATE__FINISHED, "", MC_OK);
    advance_as(h, &officer, at, DOSSIER__STATE__RETURNED, "", MC_OK);
    assert_int_equal(counted(show(h, &officer, "2026-09", ""), "ON_TIME"), 0);
    assert_int_equal(counted(show(h, &officer, "2026-10", ""), "LATE"), 1);
    assert_int_equal(counted(show(h, &officer, "2026-10", ""), "ENDED"), 1);
    expect_journal_agrees(h);
    harness_close(h);
}

/* S22: an apology moves the due time, not the promise. */
static void test_an_apology_does_not_help(void **state)
{
    struct harness *h = open_monday();
    Dossier__ApologiseRequest req = DOSSIER__APOLOGISE_REQUEST__INIT;
    Dossier__DossierReply *at = processing(h);

    (void)state;
    req.dossier_id = at->dossier_id;
    req.version = at->version;
    req.reason = mc_unconst("Chờ xác minh");
    req.due_at_ms = local(2026, 9, 14, 9, 20);
    harness_as(h, &officer);
    at = harness_call(h, "Apologise", &req.base, MC_OK);
    harness_set_clock(h, local(2026, 9, 10, 9, 20));
    harness_tick(h);
    assert_int_equal(counted(show(h, &officer, "2026-09", ""), "RUNNING_LATE"), 1);
    assert_int_equal(harness_events(h, "dossier.overdue"), 0);
    harness_set_clock(h, local(2026, 9, 11, 9, 20));
    advance_as(h, &officer, at, DOSSIER__STATE__FINISHED, "", MC_OK);
    assert_int_equal(counted(show(h, &officer, "2026-09", ""), "LATE"), 1);
    assert_int_equal(counted(show(h, &officer, "2026-09", ""), "RUNNING_LATE"), 0);
    harness_close(h);
}

/* RPT-04: paid on the platform, of those with a fee. */
static void test_payments(void **state)
{
    struct harness *h = open_monday();

    (void)state;
    for (int i = 0; i < 2; i++) {
        Dossier__DossierReply *at = accept_as(h, &officer, sent(h, BIRTH), MC_OK);

        at = advance_as(h, &officer, at, DOSSIER__STATE__PROCESSING, "", MC_OK);
        if (i == 0)
            pay(h, at->dossier_id);
        at->version = get_as(h, &officer, at->dossier_id, MC_OK)->version;
        at = advance_as(h, &officer, at, DOSSIER__STATE__FINISHED, "", MC_OK);
        if (i == 1) /* afterwards: its month counts it still */
            assert_int_equal(
                score(show(h, &officer, "", ""), "PAYMENT_DOSSIERS")->points_hundredths, 300);
        if (i == 1)
            pay(h, at->dossier_id);
    }
    const Dossier__Score *paid = score(show(h, &officer, "", ""), "PAYMENT_DOSSIERS");
    assert_int_equal(paid->numerator, 2);
    assert_int_equal(paid->points_hundredths, 600);
    harness_close(h);
}

static Dossier__CompareIndicatorReply *compare(struct harness *h, const struct mc_caller *caller,
                                               Dossier__CompareBy by, enum mc_status want)
{
    Dossier__CompareIndicatorRequest req = DOSSIER__COMPARE_INDICATOR_REQUEST__INIT;

    req.code = mc_unconst("ON_TIME");
    req.by = by;
    req.from = mc_unconst("2026-09");
    req.to = mc_unconst("2026-10");
    harness_as(h, caller);
    return harness_call(h, "CompareIndicator", &req.base, want);
}

/* RPT-06: person by person, for who may see it; RPT-08: unit by unit and month by month. */
static void test_compared(void **state)
{
    struct harness *h = open_monday();
    Dossier__ShowIndicatorsRequest mine = DOSSIER__SHOW_INDICATORS_REQUEST__INIT;

    (void)state;
    finished(h);
    finished(h);
    Dossier__CompareIndicatorReply *rep =
        compare(h, &monitor, DOSSIER__COMPARE_BY__BY_OFFICERS, MC_OK);
    assert_int_equal(rep->n_rows, 1);
    assert_string_equal(rep->rows[0]->subject, officer.account_id);
    assert_int_equal(rep->rows[0]->score->numerator, 2);
    compare(h, &officer, DOSSIER__COMPARE_BY__BY_OFFICERS, MC_DENIED);
    rep = compare(h, &monitor, DOSSIER__COMPARE_BY__BY_UNITS, MC_OK);
    for (size_t i = 0; i < rep->n_rows; i++)
        assert_int_equal(rep->rows[i]->score->numerator,
                         strcmp(rep->rows[i]->subject, BEN_CAU) == 0 ? 2 : 0);
    rep = compare(h, &monitor, DOSSIER__COMPARE_BY__BY_MONTHS, MC_OK);
    assert_int_equal(rep->n_rows, 2);
    assert_int_equal(rep->rows[0]->score->denominator, 2);
    assert_int_equal(rep->rows[1]->score->denominator, 0);

    mine.officer = mc_unconst("me");
    harness_as(h, &officer);
    assert_int_equal(
        score(harness_call(h, "ShowIndicators", &mine.base, MC_OK), "ON_TIME")->numerator, 2);
    mine.officer = mc_unconst(monitor.account_id);
    harness_call(h, "ShowIndicators", &mine.base, MC_DENIED);
    mine.officer = mc_unconst("");
    mine.from = mc_unconst("2026-13");
    harness_call(h, "ShowIndicators", &mine.base, MC_INVALID);
    mine.from = mc_unconst("2023-10");
    mine.to = mc_unconst("2026-09");
    harness_call(h, "ShowIndicators", &mine.base, MC_OK); /* 36 months */
    mine.from = mc_unconst("2023-09");
    harness_call(h, "ShowIndicators", &mine.base, MC_INVALID);
    harness_close(h);
}

/* RPT-10 */
static void test_exported(void **state)
{
    struct harness *h = open_monday();
    Dossier__ExportIndicatorsRequest req = DOSSIER__EXPORT_INDICATORS_REQUEST__INIT;

    (void)state;
    finished(h);
    harness_as(h, &officer);
    Dossier__ExportIndicatorsReply *rep = harness_call(h, "ExportIndicators", &req.base, MC_OK);
    assert_string_equal(rep->file_name, "chi-so-766-" BEN_CAU "-2026-09.xlsx");
    assert_memory_equal(rep->content.data, "PK\x03\x04", 4);
    req.csv = true;
    rep = harness_call(h, "ExportIndicators", &req.base, MC_OK);
    const char *text = (const char *)rep->content.data;
    assert_memory_equal(text, "\xEF\xBB\xBF\"Nhóm\"", 3 + 7);
    assert_non_null(memmem(text, rep->content.len, "\"1\",\"1\",\"100,00\",\"20\",\"20,00\"\r\n",
                           strlen("\"1\",\"1\",\"100,00\",\"20\",\"20,00\"\r\n")));
    harness_close(h);
}

/* Two decimals, half up; the target line gives all points; nothing occurred. */
static void test_points(void **state)
{
    struct dossier_indicator indicator = {.max_points = 6, .threshold = 50};
    int64_t points = -1;

    (void)state;
    assert_true(dossier_indicator_points(&indicator, 1, 2, &points));
    assert_int_equal(points, 600);
    assert_true(dossier_indicator_points(&indicator, 49, 100, &points));
    assert_int_equal(points, 588);
    indicator.threshold = 100;
    assert_true(dossier_indicator_points(&indicator, 1, 3, &points));
    assert_int_equal(points, 200);
    indicator.max_points = 20;
    assert_true(dossier_indicator_points(&indicator, 2, 3, &points));
    assert_int_equal(points, 1333);
    assert_true(dossier_indicator_points(&indicator, 1, 6, &points));
    assert_int_equal(points, 333);
    assert_false(dossier_indicator_points(&indicator, 0, 0, &points));
    assert_int_equal(points, 0);
    indicator.zero = DOSSIER_ZERO_FULL;
    assert_true(dossier_indicator_points(&indicator, 0, 0, &points));
    assert_int_equal(points, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_s35),        cmocka_unit_test(test_over_the_months),
        cmocka_unit_test(test_taken_back), cmocka_unit_test(test_an_apology_does_not_help),
        cmocka_unit_test(test_payments),   cmocka_unit_test(test_compared),
        cmocka_unit_test(test_exported),   cmocka_unit_test(test_points),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
