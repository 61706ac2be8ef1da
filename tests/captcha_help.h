/* Captchas, solved as a browser would. */
#pragma once

#include <string.h>

#include "common/captcha.h"
#include "common/crypto.h"
#include "common/json.h"

#include "harness.h"

/* The first counter whose key begins with the prefix, by the challenge's own parameters. */
static inline uint32_t captcha_solve(const char *challenge)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    uint8_t password[20];
    uint8_t salt[16];
    uint8_t key[32];
    char hex[65];
    int64_t cost = 0;

    assert_int_equal(mc_json_parse(mc_key_text(challenge), &json), MC_OK);
    assert_string_equal(mc_json_text(json, "parameters.algorithm"), "PBKDF2/SHA-256");
    const char *prefix = mc_json_text(json, "parameters.keyPrefix");
    assert_non_null(prefix);
    assert_true(mc_unhex(password, 16, mc_key_text(mc_json_text(json, "parameters.nonce"))));
    assert_true(mc_unhex(salt, 16, mc_key_text(mc_json_text(json, "parameters.salt"))));
    assert_true(mc_json_number(json, "parameters.cost", &cost));
    for (uint32_t counter = 0;; counter++) {
        for (int i = 0; i < 4; i++)
            password[16 + i] = (uint8_t)(counter >> (24 - 8 * i));
        mc_pbkdf2_sha256(key, sizeof key, (struct mc_bytes){password, sizeof password},
                         (struct mc_bytes){salt, sizeof salt}, (unsigned)cost);
        (void)mc_hex(hex, (struct mc_bytes){key, sizeof key});
        if (strncmp(hex, prefix, strlen(prefix)) == 0)
            return counter;
    }
}

static inline char *captcha_base64(struct mc_arena *arena, const char *json)
{
    char *out = mc_alloc(arena, mc_base64_size(strlen(json)));

    assert_non_null(out);
    (void)mc_base64(out, mc_key_text(json));
    return out;
}

/* What the widget would send: base64 of the challenge and the solution. */
static inline char *captcha_payload(struct mc_arena *arena, const char *challenge, int64_t counter)
{
    const char *json = mc_sprintf(arena,
                                  "{\"challenge\":%s,\"solution\":{\"counter\":%lld,"
                                  "\"derivedKey\":\"00\",\"time\":1.5}}",
                                  challenge, (long long)counter);

    assert_non_null(json);
    return captcha_base64(arena, json);
}
