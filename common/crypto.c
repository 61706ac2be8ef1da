#include "common/crypto.h"

#include <endian.h>
#include <limits.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(sizeof(crypto_hash_sha256_state) <= sizeof(struct mc_hasher), "hasher");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES == MC_SEAL_NONCE_LEN, "nonce");
_Static_assert(crypto_aead_xchacha20poly1305_ietf_ABYTES == MC_SEAL_TAG_LEN, "tag");
_Static_assert(crypto_sign_SECRETKEYBYTES == MC_SIGN_SECRET_LEN, "sign");
_Static_assert(sizeof(((struct mc_random_seeded *)0)->pool) % 64 == 0, "whole ChaCha20 blocks");
_Static_assert((MC_TOKEN_CACHE_LEN & (MC_TOKEN_CACHE_LEN - 1)) == 0, "a power of two");

/* Fetched once, because OpenSSL 3 looks an algorithm up by name on every implicit use. */
static EVP_MD *sha256;
static pthread_key_t sha256_context_key;
static pthread_once_t openssl_once = PTHREAD_ONCE_INIT;
static _Thread_local EVP_MD_CTX *sha256_context; /* contexts are not for sharing by threads */

static void must(bool ok)
{
    if (!ok)
        abort(); /* the library is broken or out of memory: no secret is safe with us */
}

static void sha256_context_free(void *context)
{
    EVP_MD_CTX_free(context);
}

/* Before main, because libsodium picks its fast code here and would use the slow one until then. */
__attribute__((constructor)) static void sodium_ready(void)
{
    must(sodium_init() >= 0);
}

static void openssl_ready(void)
{
    must((sha256 = EVP_MD_fetch(NULL, "SHA256", NULL)) != NULL);
    must(pthread_key_create(&sha256_context_key, sha256_context_free) == 0);
}

static EVP_MD_CTX *sha256_begin(void)
{
    must(pthread_once(&openssl_once, openssl_ready) == 0);
    if (sha256_context == NULL) {
        must((sha256_context = EVP_MD_CTX_new()) != NULL);
        must(pthread_setspecific(sha256_context_key, sha256_context) == 0);
    }
    must(EVP_DigestInit_ex2(sha256_context, sha256, NULL) == 1);
    return sha256_context;
}

void mc_hash_parts(uint8_t out[MC_HASH_LEN], const struct mc_bytes parts[], size_t n)
{
    EVP_MD_CTX *context = sha256_begin();

    for (size_t i = 0; i < n; i++)
        must(EVP_DigestUpdate(context, parts[i].data, parts[i].len) == 1);
    must(EVP_DigestFinal_ex(context, out, NULL) == 1);
}

void mc_hash(uint8_t out[MC_HASH_LEN], struct mc_bytes bytes)
{
    mc_hash_parts(out, &bytes, 1);
}

static crypto_hash_sha256_state *hasher_state(struct mc_hasher *hasher)
{
    return (void *)hasher->state;
}

void mc_hasher_begin(struct mc_hasher *hasher)
{
    (void)crypto_hash_sha256_init(hasher_state(hasher));
}

void mc_hasher_add(struct mc_hasher *hasher, struct mc_bytes bytes)
{
    (void)crypto_hash_sha256_update(hasher_state(hasher), bytes.data, bytes.len);
}

void mc_hasher_end(struct mc_hasher *hasher, uint8_t out[MC_HASH_LEN])
{
    (void)crypto_hash_sha256_final(hasher_state(hasher), out);
    mc_wipe(hasher, sizeof(*hasher));
}

static void number_put(uint8_t out[8], uint64_t number)
{
    for (size_t i = 0; i < 8; i++)
        out[i] = (uint8_t)(number >> (8 * i));
}

static uint64_t number_get(const uint8_t in[8])
{
    uint64_t number = 0;

    for (size_t i = 8; i-- > 0;)
        number = number << 8 | in[i];
    return number;
}

static void mac_add(crypto_generichash_state *state, struct mc_bytes part)
{
    uint8_t frame[8];

    number_put(frame, part.len);
    (void)crypto_generichash_update(state, frame, sizeof(frame));
    (void)crypto_generichash_update(state, part.data, part.len);
}

void mc_mac(uint8_t out[MC_HASH_LEN], const uint8_t key[MC_KEY_LEN], const char *purpose,
            const struct mc_bytes parts[], size_t n)
{
    crypto_generichash_state state;

    (void)crypto_generichash_init(&state, key, MC_KEY_LEN, MC_HASH_LEN);
    mac_add(&state, (struct mc_bytes){purpose, strlen(purpose)});
    for (size_t i = 0; i < n; i++)
        mac_add(&state, parts[i]);
    (void)crypto_generichash_final(&state, out, MC_HASH_LEN);
    mc_wipe(&state, sizeof(state));
}

void mc_hmac_sha256(uint8_t out[MC_HASH_LEN], struct mc_bytes key, struct mc_bytes message)
{
    crypto_auth_hmacsha256_state state;

    (void)crypto_auth_hmacsha256_init(&state, key.data, key.len);
    (void)crypto_auth_hmacsha256_update(&state, message.data, message.len);
    (void)crypto_auth_hmacsha256_final(&state, out);
    mc_wipe(&state, sizeof(state));
}

void mc_pbkdf2_sha256(uint8_t *out, size_t len, struct mc_bytes password, struct mc_bytes salt,
                      unsigned rounds)
{
    must(password.len <= INT_MAX && salt.len <= INT_MAX && len <= INT_MAX && rounds <= INT_MAX);
    must(PKCS5_PBKDF2_HMAC(password.data, (int)password.len, salt.data, (int)salt.len, (int)rounds,
                           EVP_sha256(), (int)len, out) == 1);
}

/* Each has a hash of its own, so no byte can move from one to the other unseen. */
uint64_t mc_checksum(struct mc_bytes a, struct mc_bytes b)
{
    const uint64_t both[] = {htole64(XXH3_64bits(a.data, a.len)),
                             htole64(XXH3_64bits(b.data, b.len))};

    return XXH3_64bits(both, sizeof both);
}

uint64_t mc_spread(struct mc_bytes bytes, uint64_t seed)
{
    return XXH3_64bits_withSeed(bytes.data, bytes.len, seed);
}

bool mc_equal(const void *a, const void *b, size_t len)
{
    return sodium_memcmp(a, b, len) == 0;
}

void mc_wipe(void *bytes, size_t len)
{
    sodium_memzero(bytes, len);
}

size_t mc_hex(char *out, struct mc_bytes bytes)
{
    (void)sodium_bin2hex(out, 2 * bytes.len + 1, bytes.data, bytes.len);
    return 2 * bytes.len;
}

bool mc_unhex(void *out, size_t len, struct mc_bytes text)
{
    size_t done = 0;

    return text.len == 2 * len &&
           sodium_hex2bin(out, len, text.data, text.len, NULL, &done, NULL) == 0 && done == len;
}

size_t mc_base64_size(size_t len)
{
    return sodium_base64_encoded_len(len, sodium_base64_VARIANT_ORIGINAL);
}

static size_t base64_encode(char *out, struct mc_bytes bytes, int variant)
{
    size_t size = sodium_base64_encoded_len(bytes.len, variant);

    (void)sodium_bin2base64(out, size, bytes.data, bytes.len, variant);
    return size - 1;
}

size_t mc_base64(char *out, struct mc_bytes bytes)
{
    return base64_encode(out, bytes, sodium_base64_VARIANT_ORIGINAL);
}

size_t mc_base64url(char *out, struct mc_bytes bytes)
{
    return base64_encode(out, bytes, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static bool base64_decode(void *out, size_t size, struct mc_bytes text, size_t *ret_len,
                          int variant)
{
    const uint8_t *in = text.data;
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++)
        if (in[i] > 0x7f) /* libsodium 1.0.18 takes every such byte for a 63 */
            return false;
    if (sodium_base642bin(out, size, text.data, text.len, NULL, &len, NULL, variant) != 0)
        return false;
    *ret_len = len;
    return true;
}

bool mc_unbase64(void *out, size_t size, struct mc_bytes text, size_t *ret_len)
{
    return base64_decode(out, size, text, ret_len, sodium_base64_VARIANT_ORIGINAL);
}

bool mc_unbase64url(void *out, size_t size, struct mc_bytes text, size_t *ret_len)
{
    return base64_decode(out, size, text, ret_len, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

static void seeded_fill(void *arg, void *bytes, size_t len)
{
    struct mc_random_seeded *state = arg;
    static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES] = {0};
    uint8_t *out = bytes;

    while (len > 0) {
        if (state->left == 0) {
            memset(state->pool, 0, sizeof(state->pool));
            (void)crypto_stream_chacha20_xor_ic(state->pool, state->pool, sizeof(state->pool),
                                                nonce, state->block, state->key);
            state->block += sizeof(state->pool) / 64;
            state->left = sizeof(state->pool);
        }
        size_t take = MC_MIN(len, state->left);
        memcpy(out, state->pool + sizeof(state->pool) - state->left, take);
        state->left -= take;
        out += take;
        len -= take;
    }
}

struct mc_random mc_random_seed(struct mc_random_seeded *state, uint64_t seed)
{
    *state = (struct mc_random_seeded){0};
    number_put(state->key, seed);
    return (struct mc_random){.fill = seeded_fill, .arg = state};
}

/* The salt and person fields of BLAKE2b keep these hashes apart from every mc_mac(). */
void mc_key_derive(uint8_t out[MC_KEY_LEN], const uint8_t master[MC_KEY_LEN], const char *purpose)
{
    static const uint8_t salt[crypto_generichash_blake2b_SALTBYTES] = {0};
    static const uint8_t person[crypto_generichash_blake2b_PERSONALBYTES] = "motcua key 1";

    (void)crypto_generichash_blake2b_salt_personal(out, MC_KEY_LEN, (const uint8_t *)purpose,
                                                   strlen(purpose), master, MC_KEY_LEN, salt,
                                                   person);
}

static void keyring_key_set(struct mc_keyring_key *slot, const uint8_t *key)
{
    uint8_t hash[MC_KEY_LEN];

    memcpy(slot->bytes, key, MC_KEY_LEN);
    mc_key_derive(hash, key, "key id");
    slot->id = hash[0];
    mc_wipe(hash, sizeof(hash));
}

void mc_keyring_set(struct mc_keyring *ring, const uint8_t current[MC_KEY_LEN],
                    const uint8_t *previous)
{
    *ring = (struct mc_keyring){.len = previous != NULL ? 2 : 1};
    keyring_key_set(&ring->keys[0], current);
    if (previous != NULL)
        keyring_key_set(&ring->keys[1], previous);
}

void mc_keyring_wipe(struct mc_keyring *ring)
{
    mc_wipe(ring, sizeof(*ring));
}

size_t mc_sealed_len(size_t plain_len)
{
    return plain_len + MC_SEAL_OVERHEAD;
}

void mc_seal(const struct mc_keyring *ring, const struct mc_random *random, struct mc_bytes ad,
             struct mc_bytes plain, uint8_t *out)
{
    uint8_t *nonce = out + 1;

    assert(ring->len > 0);
    out[0] = ring->keys[0].id;
    mc_random_fill(random, nonce, MC_SEAL_NONCE_LEN);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(nonce + MC_SEAL_NONCE_LEN, NULL, plain.data,
                                                     plain.len, ad.data, ad.len, NULL, nonce,
                                                     ring->keys[0].bytes);
}

enum mc_status mc_unseal(const struct mc_keyring *ring, struct mc_bytes ad, struct mc_bytes sealed,
                         uint8_t *out, size_t *ret_len)
{
    const uint8_t *bytes = sealed.data;

    if (sealed.len < MC_SEAL_OVERHEAD)
        return MC_CORRUPT;

    const uint8_t *text = bytes + 1 + MC_SEAL_NONCE_LEN;
    size_t text_len = sealed.len - 1 - MC_SEAL_NONCE_LEN;
    for (size_t i = 0; i < ring->len; i++) { /* two keys may share an id */
        if (ring->keys[i].id == bytes[0] && crypto_aead_xchacha20poly1305_ietf_decrypt(
                                                out, NULL, NULL, text, text_len, ad.data, ad.len,
                                                bytes + 1, ring->keys[i].bytes) == 0) {
            *ret_len = sealed.len - MC_SEAL_OVERHEAD;
            return MC_OK;
        }
    }
    return MC_CORRUPT;
}

bool mc_sealed_is_current(const struct mc_keyring *ring, struct mc_bytes sealed)
{
    return sealed.len > 0 && *(const uint8_t *)sealed.data == ring->keys[0].id;
}

void mc_sign_key(const uint8_t seed[MC_KEY_LEN], uint8_t public_key[MC_SIGN_PUBLIC_LEN],
                 uint8_t secret_key[MC_SIGN_SECRET_LEN])
{
    (void)crypto_sign_seed_keypair(public_key, secret_key, seed);
}

void mc_sign_public(uint8_t public_key[MC_SIGN_PUBLIC_LEN],
                    const uint8_t secret_key[MC_SIGN_SECRET_LEN])
{
    must(crypto_sign_ed25519_sk_to_pk(public_key, secret_key) == 0);
}

void mc_sign(uint8_t signature[MC_SIGNATURE_LEN], const uint8_t secret_key[MC_SIGN_SECRET_LEN],
             struct mc_bytes message)
{
    (void)crypto_sign_detached(signature, NULL, message.data, message.len, secret_key);
}

bool mc_sign_verify(const uint8_t signature[MC_SIGNATURE_LEN],
                    const uint8_t public_key[MC_SIGN_PUBLIC_LEN], struct mc_bytes message)
{
    return crypto_sign_verify_detached(signature, message.data, message.len, public_key) == 0;
}

#define TOKEN_PREFIX "v1."
enum {
    TOKEN_PREFIX_LEN = sizeof(TOKEN_PREFIX) - 1,
    TOKEN_SIGNATURE_LEN = 86, /* 64 bytes in base64url */
};

char *mc_token_sign(struct mc_arena *arena, const uint8_t secret[MC_SIGN_SECRET_LEN],
                    struct mc_bytes payload)
{
    if (payload.len > MC_TOKEN_MAX)
        return NULL;

    char *token = mc_alloc(arena, TOKEN_PREFIX_LEN + mc_base64_size(payload.len) + 1 +
                                      TOKEN_SIGNATURE_LEN + 1);
    if (token == NULL)
        return NULL;
    memcpy(token, TOKEN_PREFIX, TOKEN_PREFIX_LEN);
    size_t len = TOKEN_PREFIX_LEN + mc_base64url(token + TOKEN_PREFIX_LEN, payload);
    if (len + 1 + TOKEN_SIGNATURE_LEN > MC_TOKEN_MAX)
        return NULL;

    uint8_t signature[MC_SIGNATURE_LEN];
    mc_sign(signature, secret, (struct mc_bytes){token, len});
    token[len] = '.';
    (void)mc_base64url(token + len + 1, (struct mc_bytes){signature, sizeof(signature)});
    return token;
}

void mc_token_verifier_set(struct mc_token_verifier *verifier,
                           const uint8_t current[MC_SIGN_PUBLIC_LEN], const uint8_t *previous)
{
    uint8_t keys[2][MC_SIGN_PUBLIC_LEN];

    memcpy(keys[0], current, MC_SIGN_PUBLIC_LEN);
    if (previous != NULL)
        memcpy(keys[1], previous, MC_SIGN_PUBLIC_LEN);
    mc_token_verifier_set_all(verifier, keys, previous != NULL ? 2 : 1);
}

void mc_token_verifier_set_all(struct mc_token_verifier *verifier,
                               uint8_t (*keys)[MC_SIGN_PUBLIC_LEN], size_t len)
{
    assert(len > 0 && len <= MC_SIGN_KEYS_MAX);
    memset(verifier, 0, sizeof(*verifier)); /* what a dropped key signed is forgotten with it */
    verifier->len = len;
    memcpy(verifier->keys, keys, len * sizeof *keys);
}

/* Only a token that verified is remembered, by its SHA-256, in the one slot where it can be. */
static bool token_verify(struct mc_token_verifier *verifier, struct mc_bytes token,
                         struct mc_bytes signed_part)
{
    uint8_t hash[MC_HASH_LEN];
    uint8_t signature[MC_SIGNATURE_LEN];
    size_t len;

    mc_hash(hash, token);
    uint8_t *seen = verifier->seen[number_get(hash) & (MC_TOKEN_CACHE_LEN - 1)];
    if (memcmp(seen, hash, sizeof(hash)) == 0)
        return true;

    struct mc_bytes text = {(const char *)token.data + signed_part.len + 1, TOKEN_SIGNATURE_LEN};
    if (!mc_unbase64url(signature, sizeof(signature), text, &len) || len != sizeof(signature))
        return false;
    for (size_t i = 0; i < verifier->len; i++) {
        if (mc_sign_verify(signature, verifier->keys[i], signed_part)) {
            memcpy(seen, hash, sizeof(hash));
            return true;
        }
    }
    return false;
}

enum mc_status mc_token_open(struct mc_token_verifier *verifier, struct mc_arena *arena,
                             struct mc_bytes token, struct mc_bytes *ret_payload)
{
    const char *text = token.data;

    if (token.len > MC_TOKEN_MAX || token.len < TOKEN_PREFIX_LEN + 1 + TOKEN_SIGNATURE_LEN)
        return MC_UNAUTHENTICATED;

    size_t signed_len = token.len - 1 - TOKEN_SIGNATURE_LEN;
    if (memcmp(text, TOKEN_PREFIX, TOKEN_PREFIX_LEN) != 0 || text[signed_len] != '.')
        return MC_UNAUTHENTICATED;
    if (!token_verify(verifier, token, (struct mc_bytes){text, signed_len}))
        return MC_UNAUTHENTICATED;

    struct mc_bytes coded = {text + TOKEN_PREFIX_LEN, signed_len - TOKEN_PREFIX_LEN};
    size_t size = coded.len / 4 * 3 + 3;
    uint8_t *payload = mc_alloc(arena, size);
    size_t len;
    if (payload == NULL)
        return MC_FULL;
    if (!mc_unbase64url(payload, size, coded, &len))
        return MC_UNAUTHENTICATED;
    *ret_payload = (struct mc_bytes){payload, len};
    return MC_OK;
}
