/* What a person may have us call: every way to write an inside address that looks like another. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "common/guard.h"
#include "common/messages.h"

static const char *const sandbox_items[] = {"127.0.0.0/8", "fd00:1::/32"};
static const struct mc_config_list sandbox = {sandbox_items, MC_LEN(sandbox_items)};
static const char *const port_items[] = {"443", "8443"};
static const struct mc_config_list ports = {port_items, MC_LEN(port_items)};
static const struct mc_guard strict = {.allow_plain = true};

#define INVALID  MC_CODE_URL_INVALID
#define INTERNAL MC_CODE_URL_INTERNAL

struct url_case {
    const char *url;
    const char *want; /* NULL: may be asked */
};

static void urls_are_read_in_one_way_only(void **state)
{
    static const struct url_case cases[] = {
        {"https://motcua.tayninh.gov.vn/api/session", NULL},
        {"http://motcua.tayninh.gov.vn", NULL},
        {"https://motcua.tayninh.gov.vn:443/a?b=c&d=%20", NULL},
        {"https://1.1.1.1/", NULL},
        {"https://[2606:4700:4700::1111]/", NULL},
        {"https://xn--ti-jja.example.vn/", NULL},
        /* schemes */
        {"ftp://example.vn/", MC_CODE_URL_SCHEME},
        {"file:///etc/passwd", MC_CODE_URL_SCHEME},
        {"gopher://127.0.0.1:6379/_", MC_CODE_URL_SCHEME},
        {"HTTPS://example.vn/", MC_CODE_URL_SCHEME},
        {"//example.vn/", MC_CODE_URL_SCHEME},
        {"https:example.vn", MC_CODE_URL_SCHEME},
        /* loopback, and all its spellings */
        {"http://127.0.0.1/", INTERNAL},
        {"http://127.255.255.254/", INTERNAL},
        {"http://0.0.0.0/", INTERNAL},
        {"http://127.1/", INVALID},
        {"http://127.0.1/", INVALID},
        {"http://2130706433/", INVALID},
        {"http://017700000001/", INVALID},
        {"http://0177.0.0.1/", INVALID},
        {"http://0x7f000001/", INVALID},
        {"http://0x7f.0.0.1/", INVALID},
        {"http://127.0.0.1./", INVALID},
        {"http://127.000.000.001/", INVALID},
        {"http://[::1]/", INTERNAL},
        {"http://[::]/", INTERNAL},
        {"http://[0:0:0:0:0:0:0:1]/", INTERNAL},
        {"http://[::ffff:127.0.0.1]/", INTERNAL},
        {"http://[::ffff:7f00:1]/", INTERNAL},
        {"http://[::127.0.0.1]/", INTERNAL},
        {"http://[64:ff9b::7f00:1]/", INTERNAL},
        {"http://[2002:7f00:1::]/", INTERNAL},
        {"http://[2001:0:7f00:1::]/", INTERNAL},
        {"http://[fe80::1]/", INTERNAL},
        {"http://[fe80::1%25eth0]/", INVALID},
        {"http://[fd00::1]/", INTERNAL},
        {"http://[ff02::1]/", INTERNAL},
        {"http://127.0.0.1%2f@example.vn/", MC_CODE_URL_USER},
        {"http://example.vn@127.0.0.1/", MC_CODE_URL_USER},
        {"http://user:secret@example.vn/", MC_CODE_URL_USER},
        {"http://example.vn:80@127.0.0.1/", MC_CODE_URL_USER},
        {"http://example.vn\\@127.0.0.1/", INVALID},
        {"http://example.vn#@127.0.0.1/", INVALID},
        {"http://127.0.0.1%00.example.vn/", INVALID},
        {"http://1\xe2\x91\xa1"
         "7.0.0.1/",
         INVALID}, /* a circled two */
        {"http://\xe3\x80\x82/", INVALID},
        {"http://[127.0.0.1]/", INVALID},
        {"http://[::1/", INVALID},
        {"http://::1/", INVALID},
        /* private, metadata, the rest that is nobody's on the Internet */
        {"http://10.0.0.1/", INTERNAL},
        {"http://172.16.0.1/", INTERNAL},
        {"http://172.31.255.255/", INTERNAL},
        {"http://172.32.0.1/", NULL},
        {"http://192.168.1.1/", INTERNAL},
        {"http://169.254.169.254/latest/meta-data/", INTERNAL},
        {"http://100.64.0.1/", INTERNAL},
        {"http://100.128.0.1/", NULL},
        {"http://198.18.0.1/", INTERNAL},
        {"http://203.0.113.7/", INTERNAL},
        {"http://224.0.0.1/", INTERNAL},
        {"http://255.255.255.255/", INTERNAL},
        /* names */
        {"http://example.vn./", INVALID},
        {"http://.example.vn/", INVALID},
        {"http://a..vn/", INVALID},
        {"http://-a.vn/", INVALID},
        {"http://a-.vn/", INVALID},
        {"http://a_b.vn/", INVALID},
        {"http://example.1/", INVALID},
        {"http:///", INVALID},
        {"http://:80/", INVALID},
        {"", INVALID},
        /* ports */
        {"https://example.vn:22/", MC_CODE_URL_PORT},
        {"https://example.vn:0/", INVALID},
        {"https://example.vn:0443/", INVALID},
        {"https://example.vn:65536/", INVALID},
        {"https://example.vn:/", INVALID},
        {"https://example.vn:443x/", INVALID},
        /* what ends a line, or does not belong */
        {"https://example.vn/a b", INVALID},
        {"https://example.vn/\r\nX: y", INVALID},
        {"https://example.vn/\t", INVALID},
        {"https://example.vn/đ", INVALID},
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        const char *got = mc_guard_url(&strict, cases[i].url);
        bool same = got == cases[i].want ||
                    (got != NULL && cases[i].want != NULL && strcmp(got, cases[i].want) == 0);
        if (!same)
            fail_msg("%s: %s", cases[i].url, got != NULL ? got : "allowed");
        assert_true(got == NULL || mc_message_text(got) != NULL);
    }
}

static void networks_and_ports_are_configured(void **state)
{
    const struct mc_guard guard = {.networks = &sandbox, .ports = &ports};
    static const char *const bad_items[] = {"loopback"};
    static const struct mc_config_list bad = {bad_items, 1};

    (void)state;
    assert_true(mc_guard_is_sound(&guard));
    assert_true(mc_guard_is_sound(&strict));
    assert_false(mc_guard_is_sound(&(struct mc_guard){.networks = &bad}));
    assert_false(mc_guard_is_sound(&(struct mc_guard){.ports = &bad}));
    assert_null(mc_guard_url(&guard, "https://127.0.0.1:8443/"));
    assert_null(mc_guard_url(&guard, "https://[fd00:1::7]/"));
    assert_string_equal(mc_guard_url(&guard, "https://[fd00:2::7]/"), INTERNAL);
    assert_string_equal(mc_guard_url(&guard, "https://10.0.0.1/"), INTERNAL);
    assert_string_equal(mc_guard_url(&guard, "https://example.vn:8444/"), MC_CODE_URL_PORT);
    assert_string_equal(mc_guard_url(&guard, "http://example.vn/"), MC_CODE_URL_SCHEME);
    assert_true(mc_message_text(MC_CODE_URL_PORT) != NULL);
}

static void url_at_the_limit_and_one_past(void **state)
{
    static char url[MC_GUARD_URL_MAX + 2];
    static char host[300];

    (void)state;
    memset(url, 'a', sizeof url - 1);
    memcpy(url, "https://a.vn/", 13);
    assert_string_equal(mc_guard_url(&strict, url), INVALID);
    url[MC_GUARD_URL_MAX] = '\0';
    assert_null(mc_guard_url(&strict, url));
    /* a label of 63 letters, and of 64 */
    (void)snprintf(host, sizeof host, "https://%.63s.vn/", url + 20);
    assert_null(mc_guard_url(&strict, host));
    (void)snprintf(host, sizeof host, "https://%.64s.vn/", url + 20);
    assert_string_equal(mc_guard_url(&strict, host), INVALID);
}

static void addresses_of_sockets_are_judged_alike(void **state)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr other = {.sa_family = AF_UNIX};

    (void)state;
    assert_int_equal(inet_pton(AF_INET, "127.0.0.1", &v4.sin_addr), 1);
    assert_false(mc_guard_address(&strict, (struct sockaddr *)&v4));
    assert_int_equal(inet_pton(AF_INET, "8.8.8.8", &v4.sin_addr), 1);
    assert_true(mc_guard_address(&strict, (struct sockaddr *)&v4));
    assert_int_equal(inet_pton(AF_INET6, "::ffff:10.0.0.1", &v6.sin6_addr), 1);
    assert_false(mc_guard_address(&strict, (struct sockaddr *)&v6));
    assert_int_equal(inet_pton(AF_INET6, "2606:4700::1", &v6.sin6_addr), 1);
    assert_true(mc_guard_address(&strict, (struct sockaddr *)&v6));
    assert_false(mc_guard_address(&strict, &other));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(urls_are_read_in_one_way_only),
        cmocka_unit_test(networks_and_ports_are_configured),
        cmocka_unit_test(url_at_the_limit_and_one_past),
        cmocka_unit_test(addresses_of_sockets_are_judged_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
