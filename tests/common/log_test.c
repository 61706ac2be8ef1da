/* Log: a line is a line whatever is in it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/log.h"

enum { OUT_SIZE = 8192 };
#define NOW_MS 1788747600412LL
#define HEAD   "ts=2026-09-07T02:20:00.412Z level=info room=otp event=call"

struct fixture {
    int ends[2];
    struct mc_log log;
    char out[OUT_SIZE];
};

static int begin(void **state)
{
    static struct fixture fixture;

    if (pipe2(fixture.ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    fixture.log = mc_log_make("otp", fixture.ends[1], MC_LOG_INFO, MC_LOG_LOGFMT, NULL);
    *state = &fixture;
    return 0;
}

static int end(void **state)
{
    struct fixture *f = *state;

    return close(f->ends[0]) + close(f->ends[1]);
}

static const char *written(struct fixture *f)
{
    ssize_t got = read(f->ends[0], f->out, sizeof(f->out) - 1);

    f->out[got > 0 ? got : 0] = '\0';
    return f->out;
}

static void one_line(void **state)
{
    struct fixture *f = *state;
    struct mc_log_line line;

    mc_log_begin(&line, &f->log, MC_LOG_INFO, NOW_MS, "call");
    mc_log_text(&line, "method", "Verify");
    mc_log_text(&line, "absent", NULL);
    mc_log_text(&line, "empty", "");
    mc_log_int(&line, "us", -412);
    mc_log_bool(&line, "again", true);
    mc_log_hex(&line, "id", (struct mc_bytes){"\x01\xff", 2});
    mc_log_end(&line);
    assert_string_equal(written(f), HEAD " method=Verify empty=\"\" us=-412 again=true id=01ff\n");
}

static void json_line(void **state)
{
    struct fixture *f = *state;
    struct mc_log_line line;

    f->log.format = MC_LOG_JSON;
    mc_log_begin(&line, &f->log, MC_LOG_ERROR, NOW_MS, "call");
    mc_log_text(&line, "name", "Nguyễn \"A\"\r\n");
    mc_log_int(&line, "us", 1);
    mc_log_end(&line);
    assert_string_equal(written(f), "{\"ts\":\"2026-09-07T02:20:00.412Z\",\"level\":\"error\","
                                    "\"room\":\"otp\",\"event\":\"call\","
                                    "\"name\":\"Nguyễn \\\"A\\\"\\u000d\\n\",\"us\":1}\n");
}

static void nothing_can_be_forged(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *value;
        const char *want;
    } cases[] = {
        {"a b", "\"a b\""},
        {"a=b", "\"a=b\""},
        {"a\nlevel=error", "\"a\\nlevel=error\""},
        {"a\rb", "\"a\\u000db\""},
        {"\" x=\"1", "\"\\\" x=\\\"1\""},
        {"\\", "\"\\\\\""},
        {"\x1b[31m", "\"\\u001b[31m\""},
        {"\x7f", "\"\\u007f\""},
        {"\xff\xfe", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xc0\x8a", "\"\xef\xbf\xbd\xef\xbf\xbd\""}, /* an overlong line feed */
        {"\xe2\x80\xa8", "\"\\u2028\""},              /* line separator */
        {"\xc2\x85", "\"\\u0085\""},                  /* next line */
        {"a\xe2\x80\xae"
         "b\xe2\x80\xac",
         "\"a\\u202eb\\u202c\""},                                     /* right-to-left override */
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""}, /* half a surrogate pair */
        {"Hồ", "\"Hồ\""},
    };
    char want[256];

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct mc_log_line line;

        mc_log_begin(&line, &f->log, MC_LOG_INFO, NOW_MS, "call");
        mc_log_text(&line, "v", cases[i].value);
        mc_log_end(&line);
        (void)snprintf(want, sizeof(want), HEAD " v=%s\n", cases[i].want);
        assert_string_equal(written(f), want);
    }

    struct mc_log_line line;
    mc_log_begin(&line, &f->log, MC_LOG_INFO, NOW_MS, "call");
    mc_log_text(&line, "k=1 x", "v");
    mc_log_bytes(&line, "nul", (struct mc_bytes){"a\0b", 3});
    mc_log_end(&line);
    assert_string_equal(written(f), HEAD " k_1_x=v nul=\"a\\u0000b\"\n");
}

static void long_values_are_cut(void **state)
{
    struct fixture *f = *state;
    struct mc_log_line line;
    char value[MC_LOG_VALUE_MAX + 2];
    char want[1024];

    memset(value, 'x', sizeof(value));
    value[MC_LOG_VALUE_MAX] = '\0';
    mc_log_begin(&line, &f->log, MC_LOG_INFO, NOW_MS, "call");
    mc_log_text(&line, "v", value);
    mc_log_end(&line);
    (void)snprintf(want, sizeof(want), HEAD " v=%s\n", value);
    assert_string_equal(written(f), want);

    value[MC_LOG_VALUE_MAX] = 'x';
    value[MC_LOG_VALUE_MAX + 1] = '\0';
    mc_log_begin(&line, &f->log, MC_LOG_INFO, NOW_MS, "call");
    mc_log_text(&line, "v", value);
    mc_log_end(&line);
    (void)snprintf(want, sizeof(want), HEAD " v=%.512s cut=true\n", value);
    assert_string_equal(written(f), want);
}

static void long_lines_are_cut_between_fields(void **state)
{
    struct fixture *f = *state;

    for (int json = 0; json <= 1; json++) {
        for (size_t step = 1; step < 80; step++) {
            struct mc_log_line line;

            f->log.format = json ? MC_LOG_JSON : MC_LOG_LOGFMT;
            mc_log_begin(&line, &f->log, MC_LOG_INFO, NOW_MS, "call");
            for (size_t i = 0; i < MC_LOG_LINE_MAX; i += step)
                mc_log_bytes(&line, "k",
                             (struct mc_bytes){"\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
                                               "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
                                               "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n"
                                               "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n",
                                               step});
            mc_log_end(&line);
            const char *got = written(f);
            size_t len = strlen(got);
            assert_true(len <= MC_LOG_LINE_MAX);
            assert_ptr_equal(strchr(got, '\n'), got + len - 1);
            assert_string_equal(got + len - (json ? 14 : 12),
                                json ? "\",\"cut\":true}\n" : "n\" cut=true\n");
        }
    }
}

static void levels_and_prefix(void **state)
{
    struct fixture *f = *state;
    struct mc_log_line line;
    struct stat info;
    char stream[64];
    enum mc_log_level level;

    mc_log_begin(&line, &f->log, MC_LOG_DEBUG, NOW_MS, "call");
    mc_log_text(&line, "v", "x");
    mc_log_end(&line);
    assert_string_equal(written(f), "");
    mc_log_begin(&line, NULL, MC_LOG_ERROR, NOW_MS, "call");
    mc_log_int(&line, "v", 1);
    mc_log_end(&line);

    assert_int_equal(fstat(f->ends[1], &info), 0);
    (void)snprintf(stream, sizeof(stream), "%ju:%ju", (uintmax_t)info.st_dev,
                   (uintmax_t)info.st_ino);
    f->log = mc_log_make("otp", f->ends[1], MC_LOG_INFO, MC_LOG_LOGFMT, stream);
    mc_log_begin(&line, &f->log, MC_LOG_INFO, NOW_MS, "call");
    mc_log_end(&line);
    assert_string_equal(written(f), "<6>" HEAD "\n");
    assert_false(mc_log_make("otp", f->ends[1], MC_LOG_INFO, MC_LOG_LOGFMT, "1:2").prefix);

    assert_true(mc_log_level_parse("debug", &level));
    assert_int_equal(level, MC_LOG_DEBUG);
    assert_false(mc_log_level_parse("loud", &level));
}

static void lost_lines_are_told(void **state)
{
    struct fixture *f = *state;
    struct mc_log_line line;
    int fd = f->log.fd;

    f->log.fd = -1;
    for (size_t i = 0; i < 2; i++) {
        mc_log_begin(&line, &f->log, MC_LOG_INFO, NOW_MS, "call");
        mc_log_end(&line);
    }
    f->log.fd = fd;
    mc_log_begin(&line, &f->log, MC_LOG_INFO, NOW_MS, "call");
    mc_log_end(&line);
    assert_string_equal(written(f), HEAD " lost=2\n");
    mc_log_begin(&line, &f->log, MC_LOG_INFO, NOW_MS, "call");
    mc_log_end(&line);
    assert_string_equal(written(f), HEAD "\n");
}

static void personal_values_are_masked(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *value;
        const char *want;
    } cases[] = {
        {"0869123603", "0869xxx603"}, {"001099000123", "0010xxx123"},
        {"086912360", "xxx"},         {"", "xxx"},
        {"Nguyễn Văn An", "xxx"},     {"an@example.vn", "an@exxx.vn"},
    };
    struct mc_log_line line;
    char masked[MC_LOG_MASK_SIZE];

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        mc_log_mask(masked, cases[i].value);
        assert_string_equal(masked, cases[i].want);
    }
    mc_log_begin(&line, &f->log, MC_LOG_INFO, NOW_MS, "call");
    mc_log_masked(&line, "phone", "0869123603");
    mc_log_masked(&line, "none", NULL);
    mc_log_end(&line);
    assert_string_equal(written(f), HEAD " phone=0869xxx603\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_line, begin, end),
        cmocka_unit_test_setup_teardown(json_line, begin, end),
        cmocka_unit_test_setup_teardown(nothing_can_be_forged, begin, end),
        cmocka_unit_test_setup_teardown(long_values_are_cut, begin, end),
        cmocka_unit_test_setup_teardown(long_lines_are_cut_between_fields, begin, end),
        cmocka_unit_test_setup_teardown(levels_and_prefix, begin, end),
        cmocka_unit_test_setup_teardown(lost_lines_are_told, begin, end),
        cmocka_unit_test_setup_teardown(personal_values_are_masked, begin, end),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
