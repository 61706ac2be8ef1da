#include "common/signers.h"

#include <string.h>

#include "common/service.h"

static bool same(const struct mc_token_verifier *verifier, uint8_t (*keys)[MC_SIGN_PUBLIC_LEN],
                 size_t len)
{
    return len == verifier->len && memcmp(verifier->keys, keys, len * sizeof *keys) == 0;
}

/* Its array is zeroed at each call: never inlined. */
static __attribute__((noinline)) void read_keys(struct mc_signers *signers,
                                                const struct mc_boot *boot, const char *room)
{
    uint8_t keys[MC_SIGN_KEYS_MAX][MC_SIGN_PUBLIC_LEN];
    size_t len = boot->public_keys(boot, room, keys);

    if (len > 0 && !same(&signers->verifier, keys, len))
        mc_token_verifier_set_all(&signers->verifier, keys, len);
}

bool mc_signers_ready(struct mc_signers *signers, const struct mc_boot *boot, const char *room,
                      int64_t now_ms)
{
    bool fresh = signers->verifier.len > 0 && now_ms >= signers->read_ms &&
                 now_ms - signers->read_ms < MC_SIGNERS_READ_MS;

    if (!fresh) {
        read_keys(signers, boot, room);
        signers->read_ms = now_ms;
    }
    return signers->verifier.len > 0;
}
