/*
 * Crypto: randomness, ids, hashes, sealed values, signatures and key files.
 *
 * OpenSSL and libsodium stay behind this header (password.h is the other door). Nothing
 * here needs to be opened first: the libraries are readied once, at first use, and a
 * machine on which they or the kernel's randomness fail is one we abort on. Functions
 * without a status cannot fail. Keys are bytes of the caller's; he wipes them.
 */
#pragma once

#include "common/arena.h"
#include "common/base.h"

enum {
    MC_KEY_LEN = 32,  /* every symmetric key, and the seed of a signing key */
    MC_HASH_LEN = 32, /* SHA-256, and the keyed hashes */
    MC_UUID_TEXT_LEN = 36,
    MC_SEAL_NONCE_LEN = 24,
    MC_SEAL_TAG_LEN = 16,
    MC_SEAL_OVERHEAD = 1 + MC_SEAL_NONCE_LEN + MC_SEAL_TAG_LEN,
    MC_SIGN_PUBLIC_LEN = 32,
    MC_SIGN_SECRET_LEN = 64,
    MC_SIGNATURE_LEN = 64,
    MC_SIGN_NUMBER_MAX = 99,   /* of a key file <room>.sign.<n> */
    MC_SIGN_KEYS_MAX = 16,     /* public keys a signer has at most, old ones too */
    MC_TOKEN_MAX = 4096,       /* characters of a signed token */
    MC_TOKEN_CACHE_LEN = 2048, /* tokens remembered as verified; a power of two */
    MC_KEY_FILE_MAX = 1024,    /* bytes of key material in one file */
};

/*
 * Randomness is a parameter, so that a test or a simulation can replay it.
 * A struct mc_random is borrowed by whoever draws, and serves one thread.
 */
struct mc_random {
    void (*fill)(void *arg, void *bytes, size_t len);
    void *arg;
};

/* The real one: getrandom() through a pool that is wiped as it is used and emptied by fork. */
mc_nodiscard enum mc_status mc_random_open(struct mc_random *random);
void mc_random_close(struct mc_random *random);

/* The same stream for the same seed, however it is drawn. For tests and simulation only. */
struct mc_random_seeded {
    uint8_t key[MC_KEY_LEN];
    uint64_t block;
    size_t left;
    uint8_t pool[512];
};
struct mc_random mc_random_seed(struct mc_random_seeded *state, uint64_t seed);

static inline void mc_random_fill(const struct mc_random *random, void *bytes, size_t len)
{
    random->fill(random->arg, bytes, len);
}

/* Returns 0 … end-1, each as likely as the others. */
uint64_t mc_random_below(const struct mc_random *random, uint64_t end);

/* UUIDv7 (RFC 9562 sect. 5.7): 48 bits of milliseconds, then random. */
void mc_uuid7(uint8_t id[MC_ID_LEN], int64_t now_ms, const struct mc_random *random);
mc_nodiscard bool mc_uuid7_time(const uint8_t id[MC_ID_LEN], int64_t *ret_ms); /* false: not v7 */
void mc_uuid_text(char out[MC_UUID_TEXT_LEN + 1], const uint8_t id[MC_ID_LEN]);
mc_nodiscard bool mc_uuid_parse(uint8_t id[MC_ID_LEN], struct mc_bytes text);

/* SHA-256; of several parts it is the hash of their plain concatenation. */
void mc_hash(uint8_t out[MC_HASH_LEN], struct mc_bytes bytes);
void mc_hash_parts(uint8_t out[MC_HASH_LEN], const struct mc_bytes parts[], size_t n);

/* SHA-256 of what comes in pieces (an uploaded file). Nothing to free when abandoned. */
struct mc_hasher {
    _Alignas(16) uint8_t state[128];
};
void mc_hasher_begin(struct mc_hasher *hasher);
void mc_hasher_add(struct mc_hasher *hasher, struct mc_bytes bytes);
void mc_hasher_end(struct mc_hasher *hasher, uint8_t out[MC_HASH_LEN]);

/* Keyed BLAKE2b; purpose and parts are framed by their lengths, so ("ab","c") is not ("a","bc"). */
void mc_mac(uint8_t out[MC_HASH_LEN], const uint8_t key[MC_KEY_LEN], const char *purpose,
            const struct mc_bytes parts[], size_t n);

/* For webhooks and foreign APIs (RFC 2104); our own hashes are mc_mac(). */
void mc_hmac_sha256(uint8_t out[MC_HASH_LEN], struct mc_bytes key, struct mc_bytes message);

/* PBKDF2 (RFC 8018), for proofs of work; passwords have password.h. */
void mc_pbkdf2_sha256(uint8_t *out, size_t len, struct mc_bytes password, struct mc_bytes salt,
                      unsigned rounds);

/* Finds bit rot in a stored value, not tampering: XXH3 of the XXH3 of each. */
uint64_t mc_checksum(struct mc_bytes a, struct mc_bytes b);

/* Spreads keys over chains in memory; for nothing that is kept, nor for what strangers choose. */
uint64_t mc_spread(struct mc_bytes bytes, uint64_t seed);

/* Constant time in the contents. */
mc_nodiscard bool mc_equal(const void *a, const void *b, size_t len);
void mc_wipe(void *bytes, size_t len);

/* Text forms. Encoders write NUL after the text and return its length. */
size_t mc_hex(char *out, struct mc_bytes bytes); /* 2 × len + 1 bytes */
size_t mc_base64_size(size_t len);               /* what either base64 form may need, with NUL */
size_t mc_base64(char *out, struct mc_bytes bytes);
size_t mc_base64url(char *out, struct mc_bytes bytes); /* no padding */

/* Decoders take the one canonical form only; hex may be in either case. */
mc_nodiscard bool mc_unhex(void *out, size_t len, struct mc_bytes text); /* exactly len bytes */
mc_nodiscard bool mc_unbase64(void *out, size_t size, struct mc_bytes text, size_t *ret_len);
mc_nodiscard bool mc_unbase64url(void *out, size_t size, struct mc_bytes text, size_t *ret_len);

/* A key for one purpose from a room's master key; the purpose is a constant of the code. */
void mc_key_derive(uint8_t out[MC_KEY_LEN], const uint8_t master[MC_KEY_LEN], const char *purpose);

/*
 * Sealed values: XChaCha20-Poly1305, random nonce. On disk:
 *
 *     key id (1) ‖ nonce (24) ‖ ciphertext ‖ tag (16)
 *
 * The key id is a hash of the key, so nobody numbers keys. `current` seals, both open:
 * rotation is current → previous, and reseal what mc_sealed_is_current() denies.
 */
struct mc_keyring {
    struct mc_keyring_key {
        uint8_t bytes[MC_KEY_LEN];
        uint8_t id;
    } keys[2];
    size_t len;
};

void mc_keyring_set(struct mc_keyring *ring, const uint8_t current[MC_KEY_LEN],
                    const uint8_t *previous); /* previous: MC_KEY_LEN bytes, or NULL */
void mc_keyring_wipe(struct mc_keyring *ring);

size_t mc_sealed_len(size_t plain_len);
void mc_seal(const struct mc_keyring *ring, const struct mc_random *random, struct mc_bytes ad,
             struct mc_bytes plain, uint8_t *out); /* mc_sealed_len() bytes */

/* Out has room for sealed.len - MC_SEAL_OVERHEAD bytes. MC_CORRUPT: none of our keys opens it. */
mc_nodiscard enum mc_status mc_unseal(const struct mc_keyring *ring, struct mc_bytes ad,
                                      struct mc_bytes sealed, uint8_t *out, size_t *ret_len);
bool mc_sealed_is_current(const struct mc_keyring *ring, struct mc_bytes sealed);

/* Ed25519 (RFC 8032). The seed is what a key file holds. */
void mc_sign_key(const uint8_t seed[MC_KEY_LEN], uint8_t public_key[MC_SIGN_PUBLIC_LEN],
                 uint8_t secret_key[MC_SIGN_SECRET_LEN]);
void mc_sign_public(uint8_t public_key[MC_SIGN_PUBLIC_LEN],
                    const uint8_t secret_key[MC_SIGN_SECRET_LEN]);
void mc_sign(uint8_t signature[MC_SIGNATURE_LEN], const uint8_t secret_key[MC_SIGN_SECRET_LEN],
             struct mc_bytes message);
mc_nodiscard bool mc_sign_verify(const uint8_t signature[MC_SIGNATURE_LEN],
                                 const uint8_t public_key[MC_SIGN_PUBLIC_LEN],
                                 struct mc_bytes message);

/*
 * Signed tokens: "v1.<base64url payload>.<base64url signature>"; the signature is over all
 * before its dot. What the payload says (who, until when) is the caller's to check, each time.
 */
mc_nodiscard char *mc_token_sign(struct mc_arena *arena, const uint8_t secret[MC_SIGN_SECRET_LEN],
                                 struct mc_bytes payload); /* NULL: arena full, or too long */

/* A signer's public keys (rotation), and the tokens they lately verified. One thread. 64 KiB. */
struct mc_token_verifier {
    uint8_t keys[MC_SIGN_KEYS_MAX][MC_SIGN_PUBLIC_LEN];
    size_t len;
    uint8_t seen[MC_TOKEN_CACHE_LEN][MC_HASH_LEN];
};

void mc_token_verifier_set(struct mc_token_verifier *verifier,
                           const uint8_t current[MC_SIGN_PUBLIC_LEN], const uint8_t *previous);
/* The same with all a signer has, 1 to MC_SIGN_KEYS_MAX. */
void mc_token_verifier_set_all(struct mc_token_verifier *verifier,
                               uint8_t (*keys)[MC_SIGN_PUBLIC_LEN], size_t len);

/* MC_UNAUTHENTICATED: not ours; MC_FULL: the arena is. The payload lives in the arena. */
mc_nodiscard enum mc_status mc_token_open(struct mc_token_verifier *verifier,
                                          struct mc_arena *arena, struct mc_bytes token,
                                          struct mc_bytes *ret_payload);

/*
 * Key files: hex text and a newline. Load refuses a file that others may touch (MC_DENIED),
 * and one that is not exactly len bytes of hex (MC_INVALID); MC_NOT_FOUND, MC_IO as they say.
 * Create draws the key, never overwrites (MC_CONFLICT), and has it on disk when it returns.
 */
mc_nodiscard enum mc_status mc_key_load(const char *path, uint8_t *out, size_t len);
mc_nodiscard enum mc_status mc_key_create(const char *path, const struct mc_random *random,
                                          size_t len);
/* The same for a key that seals after `before`: never one with its id, by which both are told
 * apart. */
mc_nodiscard enum mc_status mc_seal_key_create(const char *path, const struct mc_random *random,
                                               const uint8_t before[MC_KEY_LEN]);
/*
 * The public keys of a signer: such a file with one key a line, the oldest first. Save replaces the
 * file as a whole, and leaves it with the owner and mode that it had.
 */
mc_nodiscard enum mc_status
mc_public_keys_load(const char *path, uint8_t ret_keys[][MC_SIGN_PUBLIC_LEN], size_t *ret_len);
mc_nodiscard enum mc_status mc_public_keys_save(const char *path,
                                                uint8_t (*keys)[MC_SIGN_PUBLIC_LEN], size_t len);
const char *mc_key_sentence(enum mc_status status); /* what a boot error should say */
