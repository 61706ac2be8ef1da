/* What is sent to a Kannel gateway, and what its answers mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* clang-format off: cmocka wants these before it */
#include <cmocka.h>
/* clang-format on */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../services/smsworker/kannel.h"
#include "../../services/smsworker/smsworker.h"

static const struct kannel_login login = {
    .url = "http://gw.test/cgi-bin/sendsms",
    .username = "motcua",
    .password = "a&b=c d",
    .sender = "DVCQG",
    .report_base = "https://edge.test",
};

static void every_value_is_encoded(void **state)
{
    const struct kannel_sms sms = {"84912000101", "Mã: 1 +%&", true, "/webhooks/sms?ref=r&sig=s"};
    struct mc_arena arena;

    (void)state;
    assert_int_equal(mc_arena_init(&arena, 65536), MC_OK);
    assert_string_equal(
        kannel_url(&arena, &login, &sms),
        "http://gw.test/cgi-bin/sendsms?username=motcua&password=a%26b%3Dc%20d&from=DVCQG"
        "&to=84912000101&text=M%C3%A3%3A%201%20%2B%25%26&charset=UTF-8&coding=2&dlr-mask=31"
        "&dlr-url=https%3A%2F%2Fedge.test%2Fwebhooks%2Fsms%3Fref%3Dr%26sig%3Ds%26st%3D%25d");
    mc_arena_done(&arena);
}

static void without_a_base_no_reports(void **state)
{
    const struct kannel_sms sms = {"84912000101", "x", false, "/webhooks/sms?ref=r"};
    struct kannel_login silent = login;
    struct mc_arena arena;

    (void)state;
    silent.report_base = "";
    assert_int_equal(mc_arena_init(&arena, 65536), MC_OK);
    const char *url = kannel_url(&arena, &silent, &sms);
    assert_non_null(strstr(url, "&coding=0&dlr-mask=0"));
    assert_null(strstr(url, "dlr-url"));
    mc_arena_done(&arena);
}

static void full_arena_is_no_url(void **state)
{
    const struct kannel_sms sms = {"84912000101", "x", false, "/r"};
    struct mc_arena arena;

    (void)state;
    assert_int_equal(mc_arena_init(&arena, 64), MC_OK);
    assert_null(kannel_url(&arena, &login, &sms));
    mc_arena_done(&arena);
}

static enum verdict judge(int status, const char *body, char *reference)
{
    const struct mc_http_answer answer = {
        .outcome = MC_HTTP_ANSWERED, .status = status, .body = {body, strlen(body)}};

    return kannel_judge(&answer, reference);
}

static void answers_are_judged(void **state)
{
    static const struct {
        const char *body;
        int status;
        enum verdict want;
    } cases[] = {
        {"0: Accepted for delivery", 202, VERDICT_TAKEN},
        {"3: Queued for later delivery", 202, VERDICT_TAKEN},
        {"Sent.", 200, VERDICT_TAKEN},
        {"<html>log in", 200, VERDICT_PERHAPS},
        {"", 202, VERDICT_PERHAPS},
        {"Missing receiver number, rejected", 400, VERDICT_REFUSED},
        {"Unknown request", 404, VERDICT_REFUSED},
        {"", 401, VERDICT_LOCKED},
        {"Authorization failed for sendsms", 403, VERDICT_LOCKED},
        {"", 408, VERDICT_RETRY},
        {"", 429, VERDICT_SLOW},
        {"", 500, VERDICT_RETRY},
        {"Temporal failure, try again later.", 503, VERDICT_RETRY},
        {"", 302, VERDICT_RETRY},
    };
    char reference[KANNEL_REFERENCE_SIZE];

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++)
        assert_int_equal(judge(cases[i].status, cases[i].body, reference), cases[i].want);
    const struct mc_http_answer away = {.outcome = MC_HTTP_NOT_SENT};
    const struct mc_http_answer lost = {.outcome = MC_HTTP_UNKNOWN, .status = 202};
    assert_int_equal(kannel_judge(&away, reference), VERDICT_RETRY);
    assert_int_equal(kannel_judge(&lost, reference), VERDICT_PERHAPS);
}

static void reference_is_read_when_given(void **state)
{
    char reference[KANNEL_REFERENCE_SIZE];
    char body[128];

    (void)state;
    (void)judge(202, "0: Accepted for delivery: 7f6c-12", reference);
    assert_string_equal(reference, "7f6c-12");
    (void)judge(202, "0: Accepted for delivery", reference);
    assert_string_equal(reference, "");
    (void)judge(202, "0: Accepted for delivery: two words", reference);
    assert_string_equal(reference, "");
    (void)snprintf(body, sizeof body, "0: Accepted: %064d", 1); /* as long as it may be */
    (void)judge(202, body, reference);
    assert_int_equal(strlen(reference), 64);
    (void)snprintf(body, sizeof body, "0: Accepted: %065d", 1);
    (void)judge(202, body, reference);
    assert_string_equal(reference, "");
}

/* OTP-03: a code may not arrive twice; a notice may. */
static void doubt_is_settled_by_the_lane(void **state)
{
    (void)state;
    assert_int_equal(verdict_settle(VERDICT_PERHAPS, true), VERDICT_TAKEN);
    assert_int_equal(verdict_settle(VERDICT_PERHAPS, false), VERDICT_RETRY);
    assert_int_equal(verdict_settle(VERDICT_REFUSED, true), VERDICT_REFUSED);
    assert_true(verdict_is_unwell(VERDICT_LOCKED));
    assert_true(verdict_is_unwell(VERDICT_PERHAPS));
    assert_false(verdict_is_unwell(VERDICT_TAKEN));
    assert_false(verdict_is_unwell(VERDICT_LATER));
    assert_false(verdict_is_unwell(VERDICT_SLOW));
    assert_false(verdict_is_unwell(VERDICT_REFUSED)); /* the text's fault, not the gateway's */
}

static void pauses_grow_to_a_minute(void **state)
{
    (void)state;
    assert_int_equal(verdict_pause_ms(0), 1000);
    assert_int_equal(verdict_pause_ms(5), 32000);
    assert_int_equal(verdict_pause_ms(6), 60000);
    assert_int_equal(verdict_pause_ms(1000000), 60000);
}

static void write_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(close(fd), 0);
}

static void password_is_one_private_line(void **state)
{
    char folder[] = "/tmp/smsworker_XXXXXX";
    char path[64];
    char password[SMSWORKER_PASSWORD_MAX + 1] = "";
    char text[SMSWORKER_PASSWORD_MAX + 3];

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/password", folder);
    assert_int_equal(smsworker_password(path, password), MC_NOT_FOUND);
    write_file(path, "secret word\n", 0600);
    assert_int_equal(smsworker_password(path, password), MC_OK);
    assert_string_equal(password, "secret word");
    write_file(path, "secret", 0640);
    assert_int_equal(smsworker_password(path, password), MC_DENIED);
    write_file(path, "two\nlines", 0600);
    assert_int_equal(smsworker_password(path, password), MC_INVALID);
    write_file(path, "\n", 0600);
    assert_int_equal(smsworker_password(path, password), MC_INVALID);
    memset(text, 'x', sizeof text);
    text[SMSWORKER_PASSWORD_MAX] = '\n';
    text[SMSWORKER_PASSWORD_MAX + 1] = '\0';
    write_file(path, text, 0600);
    assert_int_equal(smsworker_password(path, password), MC_OK);
    text[SMSWORKER_PASSWORD_MAX] = 'x';
    write_file(path, text, 0600);
    assert_int_equal(smsworker_password(path, password), MC_INVALID);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

static void lanes_have_names(void **state)
{
    Otp__Lane lane = OTP__LANE__LANE_UNSPECIFIED;

    (void)state;
    assert_true(smsworker_lane_parse("bulk", &lane));
    assert_int_equal(lane, OTP__LANE__BULK);
    assert_false(smsworker_lane_parse("OTP", &lane));
    assert_false(smsworker_lane_parse("", &lane));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_is_encoded),
        cmocka_unit_test(without_a_base_no_reports),
        cmocka_unit_test(full_arena_is_no_url),
        cmocka_unit_test(answers_are_judged),
        cmocka_unit_test(reference_is_read_when_given),
        cmocka_unit_test(doubt_is_settled_by_the_lane),
        cmocka_unit_test(pauses_grow_to_a_minute),
        cmocka_unit_test(password_is_one_private_line),
        cmocka_unit_test(lanes_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
