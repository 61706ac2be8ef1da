/* Reports of mail systems: what is taken from them, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off: cmocka wants these four before it */
#include <cmocka.h>
/* clang-format on */

#include <string.h>

#include "common/dsn.h"

#define HEAD                                                                                       \
    "From: MAILER-DAEMON@relay.example\r\nContent-Type: multipart/report;\r\n"                     \
    " report-type=delivery-status; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"      \
    "Action: failed\r\nStatus: 4.0.0\r\n--b\r\n"
#define REPORT "Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; relay\r\n\r\n"

struct dsn_case {
    const char *text;
    const char *status; /* NULL: no report */
    bool failed;
};

static void reports_are_read(void **state)
{
    static const struct dsn_case cases[] = {
        {HEAD REPORT "Final-Recipient: rfc822; a@b.vn\r\nAction: failed\r\nStatus: 5.1.1\r\n"
                     "Diagnostic-Code: smtp; 550 no such user\r\n--b--\r\n",
         "5.1.1", true},
        {HEAD REPORT "Status: 4.4.7 (delayed)\nACTION:delayed\n", "4.4.7", false},
        {REPORT "Action: failed\nStatus: 5.999.999", "5.999.999", true},
        {REPORT "Action: failed\nStatus: 5.1.1\n\nAction: delivered\nStatus: 2.0.0\n", "5.1.1",
         true},
        {HEAD REPORT "Action: failed\r\n", NULL, false},
        {HEAD REPORT "Status: 5.1.1\r\n", NULL, false},
        {HEAD, NULL, false}, /* words of people are not fields */
        {REPORT "Action: failed\nStatus: 5.1\n", NULL, false},
        {REPORT "Action: failed\nStatus: 5.1.1111\n", NULL, false},
        {REPORT "Action: failed\nStatus: 55.1.1\n", NULL, false},
        {REPORT "Action: failed\nStatus: 6.1.1\n", NULL, false},
        {REPORT "Action: failed\nStatus: 5.1.1x\n", NULL, false},
        {REPORT
         "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nAction: failed\r\nStatus: 5.0.0\r\n",
         NULL, false},
        {"", NULL, false},
        {"\n\n", NULL, false},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct mc_dsn dsn;
        bool read = mc_dsn_read((struct mc_bytes){cases[i].text, strlen(cases[i].text)}, &dsn);

        assert_int_equal(read, cases[i].status != NULL);
        if (!read)
            continue;
        assert_string_equal(dsn.status, cases[i].status);
        assert_int_equal(dsn.failed, cases[i].failed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reports_are_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
