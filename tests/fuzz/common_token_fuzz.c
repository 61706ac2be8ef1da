/* Any bytes as a token, a sealed value, base64 and a UUID: refused or round-tripped, never more. */
#include <string.h>

#include "common/crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void token(struct mc_bytes input)
{
    static struct mc_token_verifier verifier;
    static struct mc_arena arena;
    uint8_t public_key[MC_SIGN_PUBLIC_LEN];
    uint8_t secret_key[MC_SIGN_SECRET_LEN];
    struct mc_bytes payload;

    mc_sign_key((const uint8_t[MC_KEY_LEN]){1}, public_key, secret_key);
    if (arena.base == NULL) {
        assert(mc_arena_init(&arena, 1 << 20) == MC_OK);
        mc_token_verifier_set(&verifier, public_key, NULL);
    }

    /* a forged one does not open, ours does */
    assert(mc_token_open(&verifier, &arena, input, &payload) != MC_OK);
    const char *text = mc_token_sign(&arena, secret_key, input);
    if (text != NULL) {
        struct mc_bytes made = {text, strlen(text)};
        assert(mc_token_open(&verifier, &arena, made, &payload) == MC_OK);
        assert(payload.len == input.len);
        assert(input.len == 0 || memcmp(payload.data, input.data, input.len) == 0);
    }
    mc_arena_reset(&arena);
}

static void text_forms(struct mc_bytes input)
{
    uint8_t bytes[1024];
    char again[2048];
    uint8_t id[MC_ID_LEN];
    size_t len;

    if (mc_unbase64url(bytes, sizeof(bytes), input, &len)) {
        assert(mc_base64url(again, (struct mc_bytes){bytes, len}) == input.len);
        assert(input.len == 0 || memcmp(again, input.data, input.len) == 0);
    }
    if (mc_unbase64(bytes, sizeof(bytes), input, &len)) {
        assert(mc_base64(again, (struct mc_bytes){bytes, len}) == input.len);
        assert(input.len == 0 || memcmp(again, input.data, input.len) == 0);
    }
    if (mc_uuid_parse(id, input)) {
        mc_uuid_text(again, id);
        assert(strncasecmp(again, input.data, input.len) == 0);
    }
}

static void sealed(struct mc_bytes input)
{
    struct mc_keyring ring;
    uint8_t out[4096];
    size_t len;

    if (input.len > sizeof(out))
        return;
    mc_keyring_set(&ring, (const uint8_t[MC_KEY_LEN]){1}, (const uint8_t[MC_KEY_LEN]){2});
    assert(mc_unseal(&ring, (struct mc_bytes){0}, input, out, &len) == MC_CORRUPT);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mc_bytes input = {data, size};

    token(input);
    text_forms(input);
    sealed(input);
    return 0;
}
