/*
 * A receipt's or a certificate's code as anybody may print it: the text, the keys' file, and the
 * message behind a signature that is right. What is decoded becomes the same text again.
 */
#include <stdlib.h>
#include <string.h>

#include "common/envelope.h"

#include "services/verify/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void base45(struct mc_bytes text)
{
    static uint8_t out[MC_PROOF_TEXT_MAX];
    static char again[2 * MC_PROOF_TEXT_MAX];
    size_t len = 0;

    if (text.len <= MC_PROOF_TEXT_MAX && mc_unbase45(out, sizeof out, text, &len) &&
        (mc_base45(again, (struct mc_bytes){out, len}) != text.len ||
         memcmp(again, text.data, text.len) != 0))
        abort();
}

static void behind_a_signature(struct mc_arena *arena, uint8_t (*keys)[MC_SIGN_PUBLIC_LEN],
                               const uint8_t *secret, struct mc_bytes input,
                               const struct verify_code *of)
{
    const ProtobufCMessage *message = NULL;
    const char *code = mc_proof_make(arena, secret, of->kind, input);

    if (code != NULL && input.len > 0 &&
        verify_code_open(arena, keys, 1, of, (struct mc_bytes){code, strlen(code)}, &message) ==
            MC_UNAUTHENTICATED)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mc_arena arena;
    static uint8_t keys[MC_PROOF_KEYS_MAX][MC_SIGN_PUBLIC_LEN];
    static uint8_t secret[MC_SIGN_SECRET_LEN];
    const struct mc_bytes input = {data, size};
    const Payment__ReceiptProof *receipt = NULL;

    if (arena.base == NULL) {
        const uint8_t seed[MC_KEY_LEN] = {1};
        if (mc_arena_init(&arena, 16 << 20) != MC_OK)
            abort();
        mc_sign_key(seed, keys[0], secret);
    }
    mc_arena_reset(&arena);
    base45(input);
    (void)verify_receipt_open(&arena, keys, 1, input, &receipt);
    uint8_t told[MC_PROOF_KEYS_MAX][MC_SIGN_PUBLIC_LEN];
    (void)verify_keys(input, told);
    behind_a_signature(&arena, keys, secret, input, &verify_receipt_code);
    behind_a_signature(&arena, keys, secret, input, &verify_certificate_code);
    return 0;
}
