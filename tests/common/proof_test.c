/* Short signed texts: base45 by the RFC's examples, and what is not as it was signed. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <string.h>

#include "common/proof.h"

static struct mc_arena arena;

static struct mc_bytes bytes(const char *text)
{
    return (struct mc_bytes){text, strlen(text)};
}

/* RFC 9285, sections 4.3 and 4.4. */
static void base45_is_the_rfcs(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"AB", "BB8"},
        {"Hello!!", "%69 VD92EX0"},
        {"base-45", "UJCLQE7W581"},
        {"ietf!", "QED8WEX0"},
        {"", ""},
    };
    static const char *const wrong[] = {"A", "QED8", "GGX", "::", ":::", "QED8WEX", "qed", "0a0"};
    char text[64];
    uint8_t out[64];
    size_t len = 0;

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        (void)mc_base45(text, bytes(cases[i][0]));
        assert_string_equal(text, cases[i][1]);
        assert_true(mc_unbase45(out, strlen(cases[i][0]), bytes(text), &len));
        assert_int_equal(len, strlen(cases[i][0]));
        assert_memory_equal(out, cases[i][0], len);
        if (len > 0)
            assert_false(mc_unbase45(out, len - 1, bytes(text), &len));
    }
    for (size_t i = 0; i < MC_LEN(wrong); i++)
        if (mc_unbase45(out, sizeof out, bytes(wrong[i]), &len))
            fail_msg("%s was decoded", wrong[i]);
}

static void a_proof_is_what_was_signed_or_nothing(void **state)
{
    (void)state;
    uint8_t keys[2][MC_SIGN_PUBLIC_LEN];
    uint8_t secrets[2][MC_SIGN_SECRET_LEN];
    struct mc_bytes message;

    for (uint8_t i = 0; i < 2; i++) {
        const uint8_t seed[MC_KEY_LEN] = {i, 1};
        mc_sign_key(seed, keys[i], secrets[i]);
    }
    char *text = mc_proof_make(&arena, secrets[1], "MCBL1", bytes("28AA-26E/0000001 8000"));
    assert_non_null(text);
    assert_int_equal(mc_proof_open(&arena, keys, 2, "MCBL1", bytes(text), &message), MC_OK);
    assert_memory_equal(message.data, "28AA-26E/0000001 8000", message.len);
    assert_int_equal(mc_proof_open(&arena, keys, 1, "MCBL1", bytes(text), &message),
                     MC_UNAUTHENTICATED); /* another's key */
    assert_int_equal(mc_proof_open(&arena, keys, 2, "MCBL2", bytes(text), &message), MC_INVALID);
    text[4] = '2'; /* it says another kind */
    assert_int_equal(mc_proof_open(&arena, keys, 2, "MCBL2", bytes(text), &message),
                     MC_UNAUTHENTICATED);
    text[4] = '1';
    for (size_t i = 6; text[i] != '\0'; i++) {
        char was = text[i];
        text[i] = was == '0' ? '1' : '0';
        assert_int_not_equal(mc_proof_open(&arena, keys, 2, "MCBL1", bytes(text), &message), MC_OK);
        text[i] = was;
    }
    text[strlen(text) - 3] = '\0';
    assert_int_not_equal(mc_proof_open(&arena, keys, 2, "MCBL1", bytes(text), &message), MC_OK);
}

static void a_long_message_is_refused(void **state)
{
    (void)state;
    static uint8_t long_one[MC_PROOF_MESSAGE_MAX + 1];
    uint8_t key[1][MC_SIGN_PUBLIC_LEN];
    uint8_t secret[MC_SIGN_SECRET_LEN];
    const uint8_t seed[MC_KEY_LEN] = {1};
    struct mc_bytes message;

    mc_sign_key(seed, key[0], secret);
    const char *text =
        mc_proof_make(&arena, secret, "MCBL1", (struct mc_bytes){long_one, MC_PROOF_MESSAGE_MAX});
    assert_non_null(text);
    assert_int_equal(mc_proof_open(&arena, key, 1, "MCBL1", bytes(text), &message), MC_OK);
    assert_null(
        mc_proof_make(&arena, secret, "MCBL1", (struct mc_bytes){long_one, sizeof long_one}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base45_is_the_rfcs),
        cmocka_unit_test(a_proof_is_what_was_signed_or_nothing),
        cmocka_unit_test(a_long_message_is_refused),
    };
    assert_int_equal(mc_arena_init(&arena, 4 << 20), MC_OK);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mc_arena_done(&arena);
    return failed;
}
