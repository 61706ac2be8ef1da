/*
 * Proof: a few facts, signed, as short text for a QR code. Whoever has the public key can check it
 * on a machine that is connected to nothing.
 *
 *     <kind> ":" base45( message ‖ Ed25519 signature of <kind> ‖ NUL ‖ message )
 *
 * Base45 (RFC 9285) has the letters of a QR code's alphanumeric mode, which takes 5½ bits for each.
 * The kind is part of what is signed: a text of one kind is never taken for another, nor for any
 * other thing the same key signs. What the message says is the caller's to judge.
 */
#pragma once

#include "common/arena.h"
#include "common/crypto.h"

enum {
    MC_PROOF_KIND_MAX = 16,
    MC_PROOF_MESSAGE_MAX = 1024, /* a code that a phone still reads */
    MC_PROOF_TEXT_MAX = 2048,
    MC_PROOF_KEYS_MAX = 16,
};

/* NULL: no memory, or the message is too long. Kind: capital letters and digits. */
mc_nodiscard char *mc_proof_make(struct mc_arena *arena, const uint8_t secret[MC_SIGN_SECRET_LEN],
                                 const char *kind, struct mc_bytes message);

/*
 * MC_INVALID: no text of this kind; MC_UNAUTHENTICATED: none of the keys signed it; MC_FULL: no
 * memory. The message lives in the arena.
 */
mc_nodiscard enum mc_status mc_proof_open(struct mc_arena *arena,
                                          uint8_t (*keys)[MC_SIGN_PUBLIC_LEN], size_t keys_len,
                                          const char *kind, struct mc_bytes text,
                                          struct mc_bytes *ret_message);

/* The text form alone. Encode: (len / 2 * 3 + 3) bytes; decode takes the one canonical form only.
 */
size_t mc_base45(char *out, struct mc_bytes bytes);
mc_nodiscard bool mc_unbase45(uint8_t *out, size_t size, struct mc_bytes text, size_t *ret_len);
