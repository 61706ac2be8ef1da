/* Whose address a request is counted by: nobody outside chooses it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <string.h>

#include "../../services/gateway/source.h"

static const char *const no_items[] = {NULL};
static const char *const our_items[] = {"10.0.0.0/8", "192.0.2.7", "2001:db8:ffff::/48"};
static const struct mc_config_list none = {no_items, 0};
static const struct mc_config_list ours = {our_items, MC_LEN(our_items)};

static void assert_source(const struct mc_config_list *proxies, const char *remote,
                          const char *first, const char *second, const char *want)
{
    const struct gateway_source_rules rules = {proxies, 24, 48};
    struct mc_header headers[] = {{"Host", "x"}, {NULL, NULL}, {NULL, NULL}, {NULL, NULL}};
    char source[GATEWAY_SOURCE_SIZE];

    if (first != NULL)
        headers[1] = (struct mc_header){"X-Forwarded-For", first};
    if (second != NULL)
        headers[2] = (struct mc_header){"x-forwarded-for", second};
    gateway_source(&rules, remote, headers, source);
    assert_string_equal(source, want);
    assert_true(mc_source_is_valid(source));
}

static void a_peer_is_its_prefix(void **state)
{
    (void)state;
    assert_source(&none, "203.0.113.77", NULL, NULL, "203.0.113.0/24");
    assert_source(&none, "::ffff:203.0.113.77", NULL, NULL, "203.0.113.0/24");
    assert_source(&none, "2001:db8:1:2:3:4:5:6", NULL, NULL, "2001:db8:1::/48");
    assert_source(&none, "::1", NULL, NULL, "::/48");
    assert_source(&none, "", NULL, NULL, "");
    assert_source(&none, "localhost", NULL, NULL, "");
}

static void prefixes_are_as_configured(void **state)
{
    (void)state;
    static const struct {
        unsigned v4, v6;
        const char *want4, *want6;
    } cases[] = {
        {32, 128, "203.0.113.77/32", "2001:db8:1:2:3:4:5:6/128"},
        {31, 64, "203.0.113.76/31", "2001:db8:1:2::/64"},
        {8, 33, "203.0.0.0/8", "2001:db8::/33"},
        {1, 1, "128.0.0.0/1", "::/1"},
    };
    char source[GATEWAY_SOURCE_SIZE];

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        const struct gateway_source_rules rules = {&none, cases[i].v4, cases[i].v6};
        gateway_source(&rules, "203.0.113.77", NULL, source);
        assert_string_equal(source, cases[i].want4);
        gateway_source(&rules, "2001:db8:1:2:3:4:5:6", NULL, source);
        assert_string_equal(source, cases[i].want6);
    }
}

static void a_strangers_word_does_not_count(void **state)
{
    (void)state;
    assert_source(&none, "203.0.113.77", "198.51.100.1", NULL, "203.0.113.0/24");
    assert_source(&ours, "203.0.113.77", "198.51.100.1", NULL, "203.0.113.0/24");
    assert_source(&ours, "192.0.2.8", "198.51.100.1", NULL, "192.0.2.0/24");
}

static void a_proxys_word_counts_from_its_end(void **state)
{
    (void)state;
    assert_source(&ours, "10.1.2.3", "198.51.100.1", NULL, "198.51.100.0/24");
    assert_source(&ours, "192.0.2.7", "2001:db8:1::9", NULL, "2001:db8:1::/48");
    /* what the client wrote before is not believed */
    assert_source(&ours, "10.1.2.3", "1.1.1.1, 198.51.100.1", NULL, "198.51.100.0/24");
    assert_source(&ours, "10.1.2.3", "1.1.1.1,198.51.100.1 , 10.9.9.9", NULL, "198.51.100.0/24");
    assert_source(&ours, "10.1.2.3", "1.1.1.1", "198.51.100.1", "198.51.100.0/24");
    assert_source(&ours, "10.1.2.3", "1.1.1.1, 198.51.100.1", "10.9.9.9", "198.51.100.0/24");
    assert_source(&ours, "2001:db8:ffff::1", "198.51.100.1:4711", NULL, "198.51.100.0/24");
    assert_source(&ours, "10.1.2.3", "[2001:db8:5::1]:4711", NULL, "2001:db8:5::/48");
    /* nonsense ends the walk at the last hop that is known */
    assert_source(&ours, "10.1.2.3", "198.51.100.1, unknown", NULL, "10.1.2.0/24");
    assert_source(&ours, "10.1.2.3", "198.51.100.1, nobody, 10.9.9.9", NULL, "10.9.9.0/24");
    assert_source(&ours, "10.1.2.3", "", NULL, "10.1.2.0/24");
    assert_source(&ours, "10.1.2.3", ",,,", NULL, "10.1.2.0/24");
    assert_source(&ours, "10.1.2.3", NULL, NULL, "10.1.2.0/24");
}

static void proxies_are_addresses_or_prefixes(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      "10.0.0.0/33", "10.0.0.0/",   "10.0.0.0/8x",
                                      "proxy", "::1/129",     "10.0.0.0/-1", "/8"};

    assert_true(gateway_proxies_ok(&none));
    assert_true(gateway_proxies_ok(&ours));
    for (size_t i = 0; i < MC_LEN(bad); i++)
        assert_false(gateway_proxies_ok(&(struct mc_config_list){&bad[i], 1}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_is_its_prefix),
        cmocka_unit_test(prefixes_are_as_configured),
        cmocka_unit_test(a_strangers_word_does_not_count),
        cmocka_unit_test(a_proxys_word_counts_from_its_end),
        cmocka_unit_test(proxies_are_addresses_or_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
