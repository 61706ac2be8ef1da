/* Password: the rule of REG-23, the deny list, and hashes that can be made harder later. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "common/password.h"

static void reg_23_policy(void **unused)
{
    (void)unused;
    static const char *const own_names[] = {"001099000123", "0869123603", "lan", NULL};
    static const struct {
        const char *password;
        const char *want;
    } cases[] = {
        {"Sen@Hong7", NULL},
        {"Sen@Hg7x", NULL},             /* 8 characters */
        {"Sen@Hg7", "PASSWORD_WEAK"},   /* 7 */
        {"sen@hong7", "PASSWORD_WEAK"}, /* no upper case */
        {"SEN@HONG7", "PASSWORD_WEAK"}, /* no lower case */
        {"Sen@Hongg", "PASSWORD_WEAK"}, /* no digit */
        {"SenHHong7", "PASSWORD_WEAK"}, /* nothing special */
        {"Sen Hong7", NULL},            /* a blank is special enough */
        {"Sen\tHong7", "PASSWORD_WEAK"},
        {"Hồng7Sen", NULL},           /* 8 characters in 10 bytes */
        {"Hồng7Se", "PASSWORD_WEAK"}, /* 7 characters in 9 bytes */
        {"", "PASSWORD_WEAK"},
        {"Aa@123456", "PASSWORD_DENIED"},
        {"aA@123456", "PASSWORD_DENIED"},
        {"P@ssw0rd", "PASSWORD_DENIED"},
        {"Dichvucong@123", "PASSWORD_DENIED"},
        {"Aa@1234567x", NULL},
        {"Aa@001099000123", "PASSWORD_DENIED"}, /* login id */
        {"xX#0869123603", "PASSWORD_DENIED"},   /* phone */
        {"Lan@Hong7", NULL},                    /* a name of three letters is no secret lost */
    };

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        const char *got = mc_password_check(cases[i].password, own_names);

        if (cases[i].want == NULL)
            assert_null(got);
        else
            assert_string_equal(got, cases[i].want);
    }
    assert_null(mc_password_check("xX#0869123603", NULL));
}

static void longest(void **unused)
{
    (void)unused;
    char password[MC_PASSWORD_MAX + 2];
    char hash[MC_PASSWORD_HASH_SIZE];

    memset(password, 'x', sizeof(password));
    memcpy(password, "Aa@1", 4);
    password[MC_PASSWORD_MAX] = '\0';
    assert_null(mc_password_check(password, NULL));
    assert_int_equal(mc_password_hash(hash, password, MC_PASSWORD_COST_TEST), MC_OK);
    assert_true(mc_password_verify(hash, password));
    password[MC_PASSWORD_MAX] = 'x';
    password[MC_PASSWORD_MAX + 1] = '\0';
    assert_string_equal(mc_password_check(password, NULL), "PASSWORD_WEAK");
    assert_int_equal(mc_password_hash(hash, password, MC_PASSWORD_COST_TEST), MC_INVALID);
    assert_false(mc_password_verify(hash, password));
}

static void hash_verifies_only_its_own(void **unused)
{
    (void)unused;
    char hash[MC_PASSWORD_HASH_SIZE];
    char again[MC_PASSWORD_HASH_SIZE];

    assert_int_equal(mc_password_hash(hash, "Sen@Hong7", MC_PASSWORD_COST_TEST), MC_OK);
    assert_int_equal(strncmp(hash, "$argon2id$v=19$m=8,t=1,p=1$", 27), 0);
    assert_int_equal(mc_password_hash(again, "Sen@Hong7", MC_PASSWORD_COST_TEST), MC_OK);
    assert_string_not_equal(hash, again); /* salted */
    assert_true(mc_password_verify(hash, "Sen@Hong7"));
    assert_true(mc_password_verify(again, "Sen@Hong7"));
    assert_false(mc_password_verify(hash, "Sen@Hong8"));
    assert_false(mc_password_verify(hash, "sen@Hong7"));
    assert_false(mc_password_verify("", "Sen@Hong7"));
    assert_false(mc_password_verify("$argon2id$v=19$m=8,t=1,p=1$", "Sen@Hong7"));
    hash[strlen(hash) - 2] ^= 1;
    assert_false(mc_password_verify(hash, "Sen@Hong7"));
}

static void cost_can_be_raised(void **unused)
{
    (void)unused;
    char hash[MC_PASSWORD_HASH_SIZE];

    assert_int_equal(mc_password_hash(hash, "Sen@Hong7", MC_PASSWORD_COST_TEST), MC_OK);
    assert_false(mc_password_needs_rehash(hash, MC_PASSWORD_COST_TEST));
    assert_true(mc_password_needs_rehash(hash, MC_PASSWORD_COST));
    assert_true(mc_password_needs_rehash("not a hash", MC_PASSWORD_COST));
    assert_int_equal(
        mc_password_hash(hash, "Sen@Hong7", (struct mc_password_cost){.passes = 1, .memory = 1}),
        MC_FULL);
}

static void dummy_costs_the_same(void **unused)
{
    (void)unused;
    assert_false(mc_password_needs_rehash(mc_password_dummy_hash, MC_PASSWORD_COST));
    assert_false(mc_password_verify(mc_password_dummy_hash, "Sen@Hong7"));
    assert_false(mc_password_verify(mc_password_dummy_hash, ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reg_23_policy),
        cmocka_unit_test(longest),
        cmocka_unit_test(hash_verifies_only_its_own),
        cmocka_unit_test(cost_can_be_raised),
        cmocka_unit_test(dummy_costs_the_same),
    };
    return cmocka_run_group_tests_name("password", tests, NULL, NULL);
}
