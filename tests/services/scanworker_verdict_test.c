/* What clamd's answers mean; everything that is not plainly clean is not clean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off: cmocka wants these four before it */
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "../../services/scanworker/clamd.h"
#include "../../services/scanworker/verdict.h"

static void test_answers(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        enum verdict want;
        const char *name;
    } rows[] = {
        {"stream: OK", VERDICT_CLEAN, ""},
        {"stream: OK\n", VERDICT_CLEAN, ""},
        {"stream: Eicar-Test-Signature FOUND", VERDICT_INFECTED, "Eicar-Test-Signature"},
        {"stream: OK FOUND", VERDICT_INFECTED, "OK"},
        {"stream: a\x01 b FOUND\r\n", VERDICT_INFECTED, "a??b"},
        {"INSTREAM size limit exceeded. ERROR", VERDICT_IMPOSSIBLE, ""},
        {"stream: Can't allocate memory ERROR", VERDICT_RETRY, ""},
        {"UNKNOWN COMMAND", VERDICT_RETRY, ""},
        {"stream:  FOUND", VERDICT_RETRY, ""},
        {"stream: NOT OK", VERDICT_RETRY, ""},
        {"OK", VERDICT_RETRY, ""},
        {"", VERDICT_RETRY, ""},
        {"\n", VERDICT_RETRY, ""},
    };
    char name[VERDICT_NAME_SIZE];
    char line[300] = "stream: ";

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct mc_bytes bytes = {rows[i].line, strlen(rows[i].line)};
        assert_int_equal(verdict_read(bytes, name), rows[i].want);
        assert_string_equal(name, rows[i].name);
    }
    memset(line + 8, 'x', 200);
    memcpy(line + 208, " FOUND", 7);
    assert_int_equal(verdict_read((struct mc_bytes){line, strlen(line)}, name), VERDICT_INFECTED);
    assert_int_equal(strlen(name), VERDICT_NAME_SIZE - 1);
}

static void test_addresses(void **state)
{
    (void)state;
    static const char *const good[] = {"/run/clamav/clamd.ctl", "127.0.0.1:3310", "[::1]:3310"};
    static const char *const bad[] = {"",      "clamd", "localhost:3310", "127.0.0.1",
                                      ":3310", "[]:1",  "127.0.0.1:x"};
    char path[200] = "/";

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(clamd_address_is_good(good[i]));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(clamd_address_is_good(bad[i]));
    memset(path + 1, 'p', 150); /* longer than a socket's path */
    assert_false(clamd_address_is_good(path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),
        cmocka_unit_test(test_addresses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
