#include "common/signers.h"

#include <string.h>

#include "common/service.h"

static bool same(const struct mc_token_verifier *verifier, uint8_t (*keys)[MC_SIGN_PUBLIC_LEN],
                 size_t len)
{
    return len == verifier->len && memcmp(verifier->keys, keys, len * sizeof *keys) == 0;
}

bool mc_signers_ready(struct mc_signers *signers, const struct mc_boot *boot, const char *room,
                      int64_t now_ms)
{
    uint8_t keys[MC_SIGN_KEYS_MAX][MC_SIGN_PUBLIC_LEN];
    bool fresh = signers->verifier.len > 0 && now_ms >= signers->read_ms &&
                 now_ms - signers->read_ms < MC_SIGNERS_READ_MS;

    if (fresh)
        return true;
    size_t len = boot->public_keys(boot, room, keys);
    signers->read_ms = now_ms;
    if (len > 0 && !same(&signers->verifier, keys, len))
        mc_token_verifier_set_all(&signers->verifier, keys, len);
    return signers->verifier.len > 0;
}
