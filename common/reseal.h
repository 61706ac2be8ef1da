/*
 * Reseal: after a key was changed, what lies in the store under the old one is sealed anew.
 *
 * A room seals by mc_seal_bytes() alone, so a sealed value is known without knowing its record: it
 * begins with the old key's id, and that key opens it (it is authenticated: nothing else does). The
 * new one has the same length and takes its place. So the walk is over all tables of any room, in
 * steps between the calls, and goes on after a crash where it was (META "reseal"). First what is
 * staged (stage.h), then every table; passes are made until one finds nothing more. Then the old
 * key is no longer needed by the store; backups from before still are sealed with it.
 */
#pragma once

#include "common/frame.h"

enum {
    MC_RESEAL_ROWS = 500,      /* looked at in a step */
    MC_RESEAL_BYTES = 1 << 20, /* the same */
};

/* Seals anew, in place, what the ring's previous key sealed anywhere in a record. Returns how many.
 */
size_t mc_reseal_bytes(const struct mc_keyring *ring, const struct mc_random *random,
                       struct mc_arena *arena, uint8_t *bytes, size_t len);

struct mc_reseal_progress {
    uint64_t rows;
    uint64_t resealed;
    bool done;
};

/* A step, in a turn. Its progress holds when the turn commits. */
void mc_reseal_step(struct mc_service *service, struct mc_turn *turn,
                    struct mc_reseal_progress *ret_progress);

/* Whether all is sealed with this key; and at a service's start, drops the key before it if so. */
bool mc_reseal_is_done(struct mc_service *service, uint8_t key_id);
void mc_reseal_open(struct mc_service *service);
