/* Any bytes as a token, and as a set of keys: nothing that we did not sign passes. */
#include <string.h>

#include "common/crypto_jose.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define JWKS                                                                                       \
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","                                                \
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                                       \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mc_arena arena;
    struct mc_bytes payload;

    if (arena.base == NULL && mc_arena_init(&arena, 8 << 20) != MC_OK)
        return 0;
    char *text = mc_alloc(&arena, size + 1);
    if (text != NULL) {
        if (size > 0)
            memcpy(text, data, size);
        (void)mc_jose_usable((struct mc_bytes){text, size});
        (void)mc_jose_verify(&arena, (struct mc_bytes){text, size}, "eyJhbGciOiJFUzI1NiJ9.e30.AA",
                             &payload);
        assert(mc_jose_verify(&arena, (struct mc_bytes){JWKS, sizeof JWKS - 1}, text, &payload) !=
               MC_OK);
        (void)mc_jose_peek(&arena, text, &payload);
    }
    mc_arena_reset(&arena);
    return 0;
}
