/* Working time: every row of the deadline tables, and the edges between them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off: cmocka wants these four before it */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* clang-format on */

#include <cmocka.h>

#include "common/calendar.h"
#include "common/csv.h"
#include "common/date.h"

extern const char mc_data_calendar_vn[];
extern const size_t mc_data_calendar_vn_len;

static struct mc_day days[MC_CALENDAR_DAYS_MAX];
static struct mc_calendar calendar;

static int load(void **state)
{
    (void)state;
    const struct mc_bytes text = {mc_data_calendar_vn, mc_data_calendar_vn_len};

    return mc_calendar_load(&calendar, days, text) == MC_OK ? 0 : -1;
}

/* "2026-09-07 09:32" */
static int64_t at(const char *text)
{
    int parts[5] = {0};
    const char *rest = text;

    for (size_t i = 0; i < MC_LEN(parts); i++) {
        char *end = NULL;

        parts[i] = (int)strtol(rest, &end, 10);
        assert_ptr_not_equal(end, rest);
        rest = end + (*end != '\0');
    }
    const struct mc_local local = {{parts[0], parts[1], parts[2]}, parts[3], parts[4], 0, 0};
    return mc_local_to_ms(&local);
}

static int64_t cell_at(const struct mc_csv *csv, size_t column)
{
    char text[32];

    assert_true(mc_csv_copy(csv, column, text, sizeof text));
    return at(text);
}

static long cell_number(const struct mc_csv *csv, size_t column)
{
    char text[32];

    assert_true(mc_csv_copy(csv, column, text, sizeof text));
    return strtol(text, NULL, 10);
}

static void read_file(char *out, size_t size, size_t *ret_len, const char *path)
{
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    *ret_len = fread(out, 1, size, file);
    assert_int_equal(fclose(file), 0);
    assert_true(*ret_len > 0 && *ret_len < size);
}

static void expect(const struct mc_csv *csv, int64_t got, int64_t want)
{
    char got_text[MC_DATETIME_SIZE];
    char want_text[MC_DATETIME_SIZE];

    mc_time_format(got_text, sizeof got_text, got);
    mc_time_format(want_text, sizeof want_text, want);
    if (got != want)
        fail_msg("%.*s: %s, not %s", (int)mc_csv_field(csv, 0).len,
                 (const char *)mc_csv_field(csv, 0).data, got_text, want_text);
}

/* S15, S20 and all other rows. */
static void test_due_vectors(void **state)
{
    static char text[8192];
    size_t len = 0;
    struct mc_csv csv;
    int rows = 0;

    (void)state;
    read_file(text, sizeof text, &len, MC_SOURCE_DIR "/tests/vectors/deadline_vectors.csv");
    mc_csv_open(&csv, text, len);
    assert_true(mc_csv_next(&csv));
    for (; mc_csv_next(&csv); rows++) {
        enum mc_time_limit limit = MC_WORKING_DAY;
        int64_t received = cell_at(&csv, 0);

        assert_true(mc_time_limit_parse(mc_csv_field(&csv, 1), &limit));
        expect(&csv, mc_working_start(&calendar, received), cell_at(&csv, 3));
        expect(&csv, mc_working_due(&calendar, received, limit, (uint32_t)cell_number(&csv, 2)),
               cell_at(&csv, 4));
    }
    assert_int_equal(rows, 17);
}

/* S17 and all other rows. */
static void test_extension_vectors(void **state)
{
    static char text[8192];
    size_t len = 0;
    struct mc_csv csv;
    int rows = 0;

    (void)state;
    read_file(text, sizeof text, &len,
              MC_SOURCE_DIR "/tests/vectors/deadline_extension_vectors.csv");
    mc_csv_open(&csv, text, len);
    assert_true(mc_csv_next(&csv));
    for (; mc_csv_next(&csv); rows++) {
        int64_t waited = mc_working_ms(&calendar, cell_at(&csv, 1), cell_at(&csv, 2));

        assert_int_equal(waited, cell_number(&csv, 3) * 60000);
        expect(&csv, mc_working_extended(&calendar, cell_at(&csv, 0), waited), cell_at(&csv, 4));
    }
    assert_int_equal(rows, 4);
}

static void test_edges_of_the_day(void **state)
{
    static const struct {
        const char *received;
        const char *start;
    } rows[] = {
        {"2026-09-07 06:59", "2026-09-07 07:00"}, {"2026-09-07 07:00", "2026-09-07 07:00"},
        {"2026-09-07 11:29", "2026-09-07 11:29"}, {"2026-09-07 11:30", "2026-09-07 13:30"},
        {"2026-09-07 13:29", "2026-09-07 13:30"}, {"2026-09-07 16:59", "2026-09-07 16:59"},
        {"2026-09-07 17:00", "2026-09-08 07:00"}, {"2026-09-11 17:00", "2026-09-14 07:00"},
        {"2026-11-24 09:00", "2026-11-25 07:00"},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(rows); i++)
        assert_int_equal(mc_working_start(&calendar, at(rows[i].received)), at(rows[i].start));
}

static void test_hours_and_days_off(void **state)
{
    (void)state;
    /* A walk that ends with the morning ends at its end, not after lunch. */
    assert_int_equal(mc_working_due(&calendar, at("2026-09-07 09:30"), MC_WORKING_HOUR, 2),
                     at("2026-09-07 11:30"));
    /* Nine hours are a day and an hour. */
    assert_int_equal(mc_working_due(&calendar, at("2026-09-07 09:00"), MC_WORKING_HOUR, 9),
                     at("2026-09-08 10:00"));
    /* Calendar days that end on a Sunday go on to Monday. */
    assert_int_equal(mc_working_due(&calendar, at("2026-09-07 09:00"), MC_CALENDAR_DAY, 6),
                     at("2026-09-14 09:00"));
    /* A due time at the end of the morning moves into the afternoon. */
    assert_int_equal(mc_working_extended(&calendar, at("2026-09-07 11:30"), INT64_C(1800000)),
                     at("2026-09-07 14:00"));
    assert_int_equal(mc_working_extended(&calendar, at("2026-09-07 17:00"), 60000),
                     at("2026-09-08 07:01"));
    assert_int_equal(mc_working_ms(&calendar, at("2026-09-12 08:00"), at("2026-09-13 20:00")), 0);
    assert_int_equal(mc_working_ms(&calendar, at("2026-09-08 08:00"), at("2026-09-07 08:00")), 0);
    /* A whole working day from opening to opening. */
    assert_int_equal(mc_working_ms(&calendar, at("2026-09-07 07:00"), at("2026-09-08 07:00")),
                     INT64_C(28800000));
}

static enum mc_status load_text(const char *text)
{
    static struct mc_calendar other;
    static struct mc_day other_days[MC_CALENDAR_DAYS_MAX];

    return mc_calendar_load(&other, other_days, (struct mc_bytes){text, strlen(text)});
}

static void test_bad_tables(void **state)
{
    (void)state;
    assert_int_equal(load_text("date,weekday_vi,kind\n2026-01-01,T5,off\n"), MC_OK);
    assert_int_equal(load_text(""), MC_INVALID);
    assert_int_equal(load_text("date,weekday_vi,kind\n2026-01-01,T5,holiday\n"), MC_INVALID);
    assert_int_equal(load_text("date,weekday_vi,kind\n2026-02-29,T5,off\n"), MC_INVALID);
    assert_int_equal(load_text("date,weekday_vi,kind\n2026/01/01,T5,off\n"), MC_INVALID);
    assert_int_equal(load_text("date,weekday_vi,kind\n2026-01-02,T6,off\n2026-01-01,T5,off\n"),
                     MC_INVALID);
    assert_int_equal(load_text("date,weekday_vi,kind\n2026-01-01,T5,off\n2026-01-01,T5,off\n"),
                     MC_INVALID);
}

static void test_table_full(void **state)
{
    static char text[(MC_CALENDAR_DAYS_MAX + 2) * 32];

    (void)state;
    for (int more = 0; more <= 1; more++) {
        size_t len = (size_t)snprintf(text, sizeof text, "date,weekday_vi,kind\n");

        for (int i = 0; i < MC_CALENDAR_DAYS_MAX + more; i++) {
            char day[MC_DATE_SIZE];

            mc_date_format_iso(day, sizeof day, mc_date_from_days(20000 + i));
            len += (size_t)snprintf(text + len, sizeof text - len, "%s,T2,off\n", day);
        }
        assert_int_equal(load_text(text), more == 0 ? MC_OK : MC_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_due_vectors),      cmocka_unit_test(test_extension_vectors),
        cmocka_unit_test(test_edges_of_the_day), cmocka_unit_test(test_hours_and_days_off),
        cmocka_unit_test(test_bad_tables),       cmocka_unit_test(test_table_full),
    };
    return cmocka_run_group_tests(tests, load, NULL);
}
