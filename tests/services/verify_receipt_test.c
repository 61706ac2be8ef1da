/* A receipt's code, checked with public keys and nothing else. */
#include <string.h>

#include "common/envelope.h"

#include "../harness.h"
#include "services/verify/verify.h"

static struct mc_arena arena;

static void secret_of(uint8_t n, uint8_t key[MC_SIGN_PUBLIC_LEN],
                      uint8_t secret[MC_SIGN_SECRET_LEN])
{
    const uint8_t seed[MC_KEY_LEN] = {n};

    mc_sign_key(seed, key, secret);
}

static struct mc_bytes code_of(const uint8_t secret[MC_SIGN_SECRET_LEN], int64_t amount)
{
    Payment__ReceiptProof proof = PAYMENT__RECEIPT_PROOF__INIT;

    proof.number = mc_unconst("28AA-26E/0000001");
    proof.amount = amount;
    proof.payer_name = mc_unconst("Nguyễn Thị Hoà Bình");
    const char *code = mc_proof_make(&arena, secret, "MCBL1", mc_body_pack(&arena, &proof.base));
    assert_non_null(code);
    return mc_key_text(code);
}

static void what_was_signed_is_told_and_nothing_else(void **state)
{
    (void)state;
    uint8_t keys[2][MC_SIGN_PUBLIC_LEN];
    uint8_t secret[MC_SIGN_SECRET_LEN];
    uint8_t old_secret[MC_SIGN_SECRET_LEN];
    const Payment__ReceiptProof *receipt = NULL;

    secret_of(1, keys[0], secret);
    secret_of(2, keys[1], old_secret);
    struct mc_bytes code = code_of(old_secret, 8000); /* by a key that was in use before */
    assert_int_equal(verify_receipt_open(&arena, keys, 2, code, &receipt), MC_OK);
    assert_string_equal(receipt->number, "28AA-26E/0000001");
    assert_int_equal(receipt->amount, 8000);
    assert_string_equal(receipt->payer_name, "Nguyễn Thị Hoà Bình");
    assert_int_equal(verify_receipt_open(&arena, keys, 1, code, &receipt), MC_UNAUTHENTICATED);
    assert_int_equal(verify_receipt_open(&arena, keys, 2, mc_key_text("https://x"), &receipt),
                     MC_INVALID);
    /* signed, and no receipt: a field this program does not know is fine, what is no message is not
     */
    const char *other = mc_proof_make(&arena, secret, "MCBL1", mc_key_text("\xff\xff\xff"));
    assert_int_equal(verify_receipt_open(&arena, keys, 2, mc_key_text(other), &receipt),
                     MC_INVALID);
}

static void keys_are_hex_one_a_line(void **state)
{
    (void)state;
    static const char hex[] = "0101010101010101010101010101010101010101010101010101010101010101";
    uint8_t keys[MC_PROOF_KEYS_MAX][MC_SIGN_PUBLIC_LEN];
    char text[2048] = "";

    assert_int_equal(verify_keys(mc_key_text(""), keys), 0);
    assert_int_equal(verify_keys(mc_key_text(hex), keys), 1);
    for (size_t i = 0; i < MC_PROOF_KEYS_MAX; i++)
        (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s\n", hex);
    assert_int_equal(verify_keys(mc_key_text(text), keys), MC_PROOF_KEYS_MAX);
    (void)snprintf(text + strlen(text), sizeof text - strlen(text), "%s\n", hex);
    assert_int_equal(verify_keys(mc_key_text(text), keys), 0); /* one more than it takes */
    assert_int_equal(verify_keys(mc_key_text("0101\n"), keys), 0);
    assert_int_equal(keys[0][0], 1);
}

/* What one room signed is never taken for another's. */
static void a_certificate_is_no_receipt(void **state)
{
    (void)state;
    Partner__CertificateProof proof = PARTNER__CERTIFICATE_PROOF__INIT;
    uint8_t keys[1][MC_SIGN_PUBLIC_LEN];
    uint8_t secret[MC_SIGN_SECRET_LEN];
    const ProtobufCMessage *message = NULL;

    secret_of(1, keys[0], secret);
    proof.number = mc_unconst("CNTH-2026-000001");
    struct mc_bytes code =
        mc_key_text(mc_proof_make(&arena, secret, "MCTH1", mc_body_pack(&arena, &proof.base)));
    assert_int_equal(verify_code_open(&arena, keys, 1, &verify_certificate_code, code, &message),
                     MC_OK);
    assert_string_equal(((const Partner__CertificateProof *)(const void *)message)->number,
                        proof.number);
    assert_int_equal(verify_code_open(&arena, keys, 1, &verify_receipt_code, code, &message),
                     MC_INVALID);
    assert_int_equal(verify_code_open(&arena, keys, 1, &verify_certificate_code,
                                      code_of(secret, 8000), &message),
                     MC_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_signed_is_told_and_nothing_else),
        cmocka_unit_test(a_certificate_is_no_receipt),
        cmocka_unit_test(keys_are_hex_one_a_line),
    };
    assert_int_equal(mc_arena_init(&arena, 4 << 20), MC_OK);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mc_arena_done(&arena);
    return failed;
}
