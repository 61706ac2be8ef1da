/*
 * Signers: whose signatures a room believes. The public keys of another room, looked at again every
 * two seconds of use: a key that its owner publishes is believed by then, before the owner signs
 * with it (five seconds, motcuactl key switch), and one that was taken away is not any more. No
 * file, or one that does not read, changes nothing.
 */
#pragma once

#include "common/crypto.h"

enum { MC_SIGNERS_READ_MS = 2000 };

struct mc_boot;

struct mc_signers {
    struct mc_token_verifier verifier; /* empty until the first key was found */
    int64_t read_ms;
};

/* False: the room has published no key yet; it may start after this one. */
mc_nodiscard bool mc_signers_ready(struct mc_signers *signers, const struct mc_boot *boot,
                                   const char *room, int64_t now_ms);
