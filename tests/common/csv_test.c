#include "common/csv.h"

#include "vectors.h"

static struct mc_csv csv;

static void open_text(const char *text)
{
    mc_csv_open(&csv, text, strlen(text));
}

static void reads_fields_as_rfc_4180_writes_them(void **state)
{
    char out[16];

    (void)state;
    open_text("\xEF\xBB\xBF"
              "key,text\r\na,\"x, \"\"y\"\"\r\nz\"\n\n\nb,\n");
    assert_true(mc_csv_next(&csv));
    assert_int_equal(mc_csv_column(&csv, "text"), 1);
    assert_int_equal(mc_csv_column(&csv, "none"), 2);
    assert_true(mc_csv_next(&csv));
    assert_true(mc_csv_is(&csv, 1, "x, \"y\"\r\nz"));
    assert_true(mc_csv_next(&csv));
    assert_int_equal(csv.fields_len, 2);
    assert_true(mc_csv_is(&csv, 0, "b"));
    assert_true(mc_csv_is(&csv, 1, ""));
    assert_true(mc_csv_is(&csv, 7, ""));
    assert_true(mc_csv_copy(&csv, 0, out, 2));
    assert_string_equal(out, "b");
    assert_false(mc_csv_copy(&csv, 0, out, 1));
    assert_string_equal(out, "");
    assert_false(mc_csv_next(&csv));
    assert_int_equal(csv.status, MC_OK);
}

/* Which line a complaint is about: empty lines and line ends within quotes count. */
static void rows_know_their_line(void **state)
{
    (void)state;
    open_text("key\r\na\n\n\"b\nc\"\nd");
    const size_t lines[] = {1, 2, 4, 6};
    for (size_t i = 0; i < 4; i++) {
        assert_true(mc_csv_next(&csv));
        assert_int_equal(csv.line, lines[i]);
    }
    assert_false(mc_csv_next(&csv));
}

static void last_row_needs_no_line_end(void **state)
{
    (void)state;
    open_text("a,b,");
    assert_true(mc_csv_next(&csv));
    assert_int_equal(csv.fields_len, 3);
    assert_false(mc_csv_next(&csv));
    open_text("\"a\"");
    assert_true(mc_csv_next(&csv));
    assert_true(mc_csv_is(&csv, 0, "a"));
    open_text("");
    assert_false(mc_csv_next(&csv));
    assert_int_equal(csv.status, MC_OK);
}

static void stray_quotes_stop_the_reader(void **state)
{
    static const char *const bad[] = {"a\"b", "\"a", "\"a\"b,c", "\"a\"\"", "x,\""};

    (void)state;
    for (size_t i = 0; i < MC_LEN(bad); i++) {
        open_text(bad[i]);
        assert_false(mc_csv_next(&csv));
        assert_int_equal(csv.status, MC_INVALID);
        assert_int_equal(csv.fields_len, 0);
        assert_false(mc_csv_next(&csv));
    }
}

static void fields_at_the_limit_and_past_it(void **state)
{
    char text[MC_CSV_FIELDS_MAX + 1];

    (void)state;
    memset(text, ',', sizeof text);
    mc_csv_open(&csv, text, MC_CSV_FIELDS_MAX - 1);
    assert_true(mc_csv_next(&csv));
    assert_int_equal(csv.fields_len, MC_CSV_FIELDS_MAX);
    mc_csv_open(&csv, text, MC_CSV_FIELDS_MAX);
    assert_false(mc_csv_next(&csv));
    assert_int_equal(csv.status, MC_FULL);
}

static void doubled_quotes_at_the_limit_and_past_it(void **state)
{
    char text[MC_CSV_QUOTED_MAX + 3];

    (void)state;
    memset(text, 'x', sizeof text);
    text[0] = text[1] = text[2] = '"';
    text[MC_CSV_QUOTED_MAX + 1] = '"';
    mc_csv_open(&csv, text, MC_CSV_QUOTED_MAX + 2);
    assert_true(mc_csv_next(&csv));
    assert_int_equal(csv.fields[0].len, MC_CSV_QUOTED_MAX - 1);
    text[MC_CSV_QUOTED_MAX + 1] = 'x';
    text[MC_CSV_QUOTED_MAX + 2] = '"';
    mc_csv_open(&csv, text, MC_CSV_QUOTED_MAX + 3);
    assert_false(mc_csv_next(&csv));
    assert_int_equal(csv.status, MC_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_fields_as_rfc_4180_writes_them),
        cmocka_unit_test(rows_know_their_line),
        cmocka_unit_test(last_row_needs_no_line_end),
        cmocka_unit_test(stray_quotes_stop_the_reader),
        cmocka_unit_test(fields_at_the_limit_and_past_it),
        cmocka_unit_test(doubled_quotes_at_the_limit_and_past_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
