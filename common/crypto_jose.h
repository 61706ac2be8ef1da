/*
 * JOSE: signed JSON (RFC 7515, RFC 7519) and the keys it is checked with (RFC 7517). The owner of
 * cjose.
 *
 * What we sign is ES256, by a secret of 32 bytes that the caller drew and keeps sealed. What others
 * sign is taken when it is ES256, RS256 (2048 to 4096 bits) or PS256 and a key of theirs fits;
 * "none" and the symmetric algorithms are not. What a token says (who, for whom, until when) is
 * the caller's to check.
 */
#pragma once

#include "common/arena.h"
#include "common/base.h"

enum {
    MC_JOSE_SECRET_LEN = 32,
    MC_JOSE_POINT_LEN = 32, /* each coordinate of a public key on P-256 */
    MC_JOSE_KID_SIZE = 23,  /* 16 bytes of the public key's hash in base64url, and NUL */
    MC_JOSE_TOKEN_MAX = 16 << 10,
    MC_JOSE_JWKS_MAX = 32 << 10,
    MC_JOSE_KEYS_MAX = 16, /* of a set; the others are passed over */
};

/* The public half. False: these bytes are no key (one draw in 2^32 or so); draw again. */
mc_nodiscard bool mc_jose_public(const uint8_t secret[MC_JOSE_SECRET_LEN],
                                 uint8_t ret_x[MC_JOSE_POINT_LEN],
                                 uint8_t ret_y[MC_JOSE_POINT_LEN]);

/* The name of a public key: a hash of it, so nobody numbers keys. */
void mc_jose_kid(const uint8_t x[MC_JOSE_POINT_LEN], const uint8_t y[MC_JOSE_POINT_LEN],
                 char ret_kid[MC_JOSE_KID_SIZE]);

/* A compact JWS over the payload; `typ` is "JWT", "logout+jwt" …. NULL: no memory. */
mc_nodiscard char *mc_jose_sign(struct mc_arena *arena, const uint8_t secret[MC_JOSE_SECRET_LEN],
                                const char *typ, struct mc_bytes payload);

/*
 * Checks a compact JWS by a set of keys {"keys": […]}. MC_UNAUTHENTICATED: no key of the set made
 * it; MC_NOT_FOUND: the set has no key of its name (it may have been rotated: fetch it again);
 * MC_FULL: the arena. The payload lives in the arena.
 */
mc_nodiscard enum mc_status mc_jose_verify(struct mc_arena *arena, struct mc_bytes jwks,
                                           const char *token, struct mc_bytes *ret_payload);

/* What a token says of itself, before anybody vouches for it. False: it is none. */
mc_nodiscard bool mc_jose_peek(struct mc_arena *arena, const char *token,
                               struct mc_bytes *ret_payload);

/* How many keys of the set we could check with. */
mc_nodiscard size_t mc_jose_usable(struct mc_bytes jwks);
