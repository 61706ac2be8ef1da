#include "common/date.h"

#include "vectors.h"

/* 2026-09-07 09:33:00 in Vietnam. */
static const int64_t monday_morning_ms = INT64_C(1788748380000);

static struct mc_date date(int year, int month, int day)
{
    return (struct mc_date){year, month, day};
}

static void days_go_there_and_back(void **state)
{
    (void)state;
    assert_int_equal(mc_date_days(date(1970, 1, 1)), 0);
    assert_int_equal(mc_date_days(date(2000, 3, 1)), 11017);
    assert_int_equal(mc_date_days(date(1, 1, 1)), -719162);
    assert_int_equal(mc_date_days(date(9999, 12, 31)), 2932896);
    struct mc_date expected = date(1895, 1, 1);
    for (int64_t days = mc_date_days(expected); days < 60000; days++) {
        struct mc_date got = mc_date_from_days(days);
        assert_int_equal(mc_date_compare(got, expected), 0);
        assert_int_equal(mc_date_days(got), days);
        expected.day++;
        if (!mc_date_valid(expected))
            expected = date(expected.year, expected.month + 1, 1);
        if (expected.month > 12)
            expected = date(expected.year + 1, 1, 1);
    }
}

static void weekdays(void **state)
{
    (void)state;
    assert_int_equal(mc_date_weekday(date(2026, 9, 7)), MC_MONDAY);
    assert_int_equal(mc_date_weekday(date(1970, 1, 1)), MC_THURSDAY);
    assert_int_equal(mc_date_weekday(date(1969, 12, 28)), MC_SUNDAY);
    assert_int_equal(mc_date_weekday(date(1, 1, 1)), MC_MONDAY);
    assert_int_equal(mc_date_weekday(date(9999, 12, 31)), MC_FRIDAY);
}

static void calendar_limits(void **state)
{
    (void)state;
    assert_true(mc_date_valid(date(2024, 2, 29)));
    assert_false(mc_date_valid(date(2023, 2, 29)));
    assert_false(mc_date_valid(date(1900, 2, 29)));
    assert_true(mc_date_valid(date(2000, 2, 29)));
    assert_false(mc_date_valid(date(2024, 13, 1)));
    assert_false(mc_date_valid(date(2024, 4, 31)));
    assert_false(mc_date_valid(date(0, 1, 1)));
    assert_false(mc_date_valid(date(10000, 1, 1)));
    assert_false(mc_date_valid(date(1993, 0, 0)));
}

static void instants_are_shown_in_vietnam(void **state)
{
    char out[MC_RFC3339_SIZE];
    char stamp[MC_STAMP_SIZE];

    (void)state;
    mc_time_format(out, sizeof out, monday_morning_ms);
    assert_string_equal(out, "07/09/2026 09:33");
    mc_time_format_stamp(stamp, sizeof stamp, monday_morning_ms);
    assert_string_equal(stamp, "20260907093300");
    mc_time_format_rfc3339(out, sizeof out, monday_morning_ms + 7);
    assert_string_equal(out, "2026-09-07T02:33:00.007Z");
    mc_time_format_rfc3339(out, sizeof out, -1);
    assert_string_equal(out, "1969-12-31T23:59:59.999Z");
    mc_time_format(out, sizeof out, -1);
    assert_string_equal(out, "01/01/1970 06:59");
}

/* A 12-hour clock put afternoon payments in the morning: midnight, noon, and after noon. */
static void stamps_have_24_hours(void **state)
{
    static const char *const stamps[] = {"20260907000000", "20260907005959", "20260907120000",
                                         "20260907130501", "20260907235959", "20240229000000"};

    (void)state;
    for (size_t i = 0; i < MC_LEN(stamps); i++) {
        int64_t ms = 0;
        char out[MC_STAMP_SIZE];
        assert_int_equal(mc_stamp_parse(stamps[i], &ms), MC_WHY_OK);
        mc_time_format_stamp(out, sizeof out, ms);
        assert_string_equal(out, stamps[i]);
    }
}

static void stamps_refused(void **state)
{
    int64_t ms = 0;

    (void)state;
    assert_int_equal(mc_stamp_parse("", &ms), MC_WHY_DATE_FORMAT);
    assert_int_equal(mc_stamp_parse("2026090709330", &ms), MC_WHY_DATE_FORMAT);
    assert_int_equal(mc_stamp_parse("202609070933000", &ms), MC_WHY_DATE_FORMAT);
    assert_int_equal(mc_stamp_parse("2026-09-0709:3", &ms), MC_WHY_DATE_FORMAT);
    assert_int_equal(mc_stamp_parse("20260907240000", &ms), MC_WHY_DATE_INVALID);
    assert_int_equal(mc_stamp_parse("20260907096000", &ms), MC_WHY_DATE_INVALID);
    assert_int_equal(mc_stamp_parse("20260907093360", &ms), MC_WHY_DATE_INVALID);
    assert_int_equal(mc_stamp_parse("20230229093300", &ms), MC_WHY_DATE_INVALID);
    assert_int_equal(mc_stamp_parse("00000101000000", &ms), MC_WHY_DATE_INVALID);
}

static void local_days_begin_at_midnight_in_vietnam(void **state)
{
    int64_t midnight = mc_date_to_ms(date(2026, 9, 7));

    (void)state;
    assert_int_equal(mc_date_from_ms(midnight).day, 7);
    assert_int_equal(mc_date_from_ms(midnight - 1).day, 6);
    struct mc_local local = mc_local_from_ms(monday_morning_ms + 5);
    assert_int_equal(local.hour, 9);
    assert_int_equal(local.minute, 33);
    assert_int_equal(local.ms, 5);
    assert_true(mc_local_to_ms(&local) == monday_morning_ms + 5);
}

static void instants_past_the_calendar_stop_at_its_ends(void **state)
{
    char out[MC_RFC3339_SIZE];

    (void)state;
    mc_time_format_rfc3339(out, sizeof out, INT64_MAX);
    assert_string_equal(out, "9999-12-31T23:59:59.999Z");
    mc_time_format_rfc3339(out, sizeof out, INT64_MIN);
    assert_string_equal(out, "0001-01-01T00:00:00.000Z");
    mc_time_format(out, sizeof out, INT64_MAX);
    assert_string_equal(out, "31/12/9999 23:59");
    mc_time_format(out, sizeof out, INT64_MIN);
    assert_string_equal(out, "01/01/0001 00:00");
}

static void dates_as_people_write_them(void **state)
{
    static const struct {
        const char *text;
        enum mc_why want;
        const char *shown;
    } cases[] = {
        {"05/03/1993", MC_WHY_OK, "05/03/1993"},  {" 5/3/1993 ", MC_WHY_OK, "05/03/1993"},
        {"29/02/2024", MC_WHY_OK, "29/02/2024"},  {"29/02/2023", MC_WHY_DATE_INVALID, NULL},
        {"0/3/1993", MC_WHY_DATE_INVALID, NULL},  {"5/13/1993", MC_WHY_DATE_INVALID, NULL},
        {"5/3/93", MC_WHY_DATE_FORMAT, NULL},     {"5/3/19933", MC_WHY_DATE_FORMAT, NULL},
        {"5-3-1993", MC_WHY_DATE_FORMAT, NULL},   {"1993-03-05", MC_WHY_DATE_FORMAT, NULL},
        {"005/3/1993", MC_WHY_DATE_FORMAT, NULL}, {"5/3/1993x", MC_WHY_DATE_FORMAT, NULL},
        {"", MC_WHY_FIELD_REQUIRED, NULL},        {"5/3", MC_WHY_DATE_FORMAT, NULL},
        {"1993", MC_WHY_DATE_FORMAT, NULL},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct mc_date got;
        char out[MC_DATE_SIZE];
        assert_int_equal(mc_date_parse(cases[i].text, &got), cases[i].want);
        if (cases[i].want != MC_WHY_OK)
            continue;
        mc_date_format(out, sizeof out, got);
        assert_string_equal(out, cases[i].shown);
    }
}

static void births_may_be_known_in_part(void **state)
{
    static const struct {
        const char *text;
        enum mc_why want;
        const char *shown;
        const char *iso;
    } cases[] = {
        {"1930", MC_WHY_OK, "1930", "1930"},
        {"3/1930", MC_WHY_OK, "03/1930", "1930-03"},
        {"1/3/1930", MC_WHY_OK, "01/03/1930", "1930-03-01"},
        {"13/1930", MC_WHY_DATE_INVALID, NULL, NULL},
        {"0/1930", MC_WHY_DATE_INVALID, NULL, NULL},
        {"0000", MC_WHY_DATE_INVALID, NULL, NULL},
        {"30", MC_WHY_DATE_FORMAT, NULL, NULL},
        {"1930/3", MC_WHY_DATE_FORMAT, NULL, NULL},
        {"19300", MC_WHY_DATE_FORMAT, NULL, NULL},
        {"/1930", MC_WHY_DATE_FORMAT, NULL, NULL},
        {" ", MC_WHY_FIELD_REQUIRED, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct mc_date got;
        char out[MC_DATE_SIZE];
        assert_int_equal(mc_birth_parse(cases[i].text, &got), cases[i].want);
        if (cases[i].want != MC_WHY_OK)
            continue;
        mc_date_format(out, sizeof out, got);
        assert_string_equal(out, cases[i].shown);
        mc_date_format_iso(out, sizeof out, got);
        assert_string_equal(out, cases[i].iso);
    }
}

static void yymmdd(void **state)
{
    char out[MC_YYMMDD_SIZE];

    (void)state;
    mc_date_format_yymmdd(out, sizeof out, date(2020, 6, 10));
    assert_string_equal(out, "200610");
}

/* RCP-02: the payment history's own clock; midnight and noon are twelve. */
static void twelve_hours(void **state)
{
    (void)state;
    static const struct {
        int hour;
        const char *want;
    } cases[] = {{0, "11/06/2020 12:18:21 AM"},
                 {8, "11/06/2020 08:18:21 AM"},
                 {11, "11/06/2020 11:18:21 AM"},
                 {12, "11/06/2020 12:18:21 PM"},
                 {23, "11/06/2020 11:18:21 PM"}};
    char text[MC_TIME12_SIZE];

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        const struct mc_local local = {{2020, 6, 11}, cases[i].hour, 18, 21, 0};
        mc_time_format_12h(text, sizeof text, mc_local_to_ms(&local));
        assert_string_equal(text, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_go_there_and_back),
        cmocka_unit_test(weekdays),
        cmocka_unit_test(calendar_limits),
        cmocka_unit_test(instants_are_shown_in_vietnam),
        cmocka_unit_test(stamps_have_24_hours),
        cmocka_unit_test(stamps_refused),
        cmocka_unit_test(local_days_begin_at_midnight_in_vietnam),
        cmocka_unit_test(instants_past_the_calendar_stop_at_its_ends),
        cmocka_unit_test(dates_as_people_write_them),
        cmocka_unit_test(births_may_be_known_in_part),
        cmocka_unit_test(yymmdd),
        cmocka_unit_test(twelve_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
