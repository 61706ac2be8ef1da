#include "common/crypto_jose.h"

#include <cjose/cjose.h>
#include <openssl/bn.h>
#include <openssl/ec.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto.h"
#include "common/json.h"

enum {
    RSA_BYTES_MIN = 256, /* 2048 bits */
    RSA_BYTES_MAX = 512,
    RSA_EXPONENT_MAX = 8,
    KID_BYTES = 16,
    HEADER_MAX = 4096,
    SIGNATURE_MAX = 1024,
};

static void jwk_release(cjose_jwk_t **jwk)
{
    if (*jwk != NULL)
        (void)cjose_jwk_release(*jwk);
}

static void jws_release(cjose_jws_t **jws)
{
    if (*jws != NULL)
        cjose_jws_release(*jws);
}

static void header_release(cjose_header_t **header)
{
    if (*header != NULL)
        cjose_header_release(*header);
}

/* --- our own keys --- */

struct curve {
    EC_GROUP *group;
    EC_POINT *point;
    BIGNUM *secret, *x, *y;
};

static void curve_free(struct curve *curve)
{
    EC_POINT_free(curve->point);
    EC_GROUP_free(curve->group);
    BN_clear_free(curve->secret);
    BN_free(curve->x);
    BN_free(curve->y);
}

bool mc_jose_public(const uint8_t secret[MC_JOSE_SECRET_LEN], uint8_t ret_x[MC_JOSE_POINT_LEN],
                    uint8_t ret_y[MC_JOSE_POINT_LEN])
{
    mc_cleanup(curve_free) struct curve curve = {
        .group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1),
        .secret = BN_bin2bn(secret, MC_JOSE_SECRET_LEN, NULL),
        .x = BN_new(),
        .y = BN_new(),
    };

    if (curve.group == NULL || curve.secret == NULL || curve.x == NULL || curve.y == NULL)
        return false;
    curve.point = EC_POINT_new(curve.group);
    BN_set_flags(curve.secret, BN_FLG_CONSTTIME);
    return curve.point != NULL && !BN_is_zero(curve.secret) &&
           BN_cmp(curve.secret, EC_GROUP_get0_order(curve.group)) < 0 &&
           EC_POINT_mul(curve.group, curve.point, curve.secret, NULL, NULL, NULL) == 1 &&
           EC_POINT_get_affine_coordinates(curve.group, curve.point, curve.x, curve.y, NULL) == 1 &&
           BN_bn2binpad(curve.x, ret_x, MC_JOSE_POINT_LEN) == MC_JOSE_POINT_LEN &&
           BN_bn2binpad(curve.y, ret_y, MC_JOSE_POINT_LEN) == MC_JOSE_POINT_LEN;
}

void mc_jose_kid(const uint8_t x[MC_JOSE_POINT_LEN], const uint8_t y[MC_JOSE_POINT_LEN],
                 char ret_kid[MC_JOSE_KID_SIZE])
{
    uint8_t hash[MC_HASH_LEN];
    const struct mc_bytes parts[] = {{x, MC_JOSE_POINT_LEN}, {y, MC_JOSE_POINT_LEN}};

    mc_hash_parts(hash, parts, MC_LEN(parts));
    (void)mc_base64url(ret_kid, (struct mc_bytes){hash, KID_BYTES});
}

static cjose_jwk_t *own_key(const uint8_t secret[MC_JOSE_SECRET_LEN], char kid[MC_JOSE_KID_SIZE])
{
    uint8_t d[MC_JOSE_SECRET_LEN];
    uint8_t x[MC_JOSE_POINT_LEN];
    uint8_t y[MC_JOSE_POINT_LEN];

    if (!mc_jose_public(secret, x, y))
        return NULL;
    memcpy(d, secret, sizeof d);
    mc_jose_kid(x, y, kid);
    cjose_jwk_ec_keyspec spec = {CJOSE_JWK_EC_P_256, d, sizeof d, x, sizeof x, y, sizeof y};
    cjose_jwk_t *jwk = cjose_jwk_create_EC_spec(&spec, NULL);
    mc_wipe(d, sizeof d);
    return jwk;
}

char *mc_jose_sign(struct mc_arena *arena, const uint8_t secret[MC_JOSE_SECRET_LEN],
                   const char *typ, struct mc_bytes payload)
{
    char kid[MC_JOSE_KID_SIZE];
    const char *text = NULL;
    mc_cleanup(jwk_release) cjose_jwk_t *jwk = own_key(secret, kid);
    mc_cleanup(header_release) cjose_header_t *header = cjose_header_new(NULL);
    mc_cleanup(jws_release) cjose_jws_t *jws = NULL;

    if (jwk == NULL || header == NULL ||
        !cjose_header_set(header, CJOSE_HDR_ALG, CJOSE_HDR_ALG_ES256, NULL) ||
        !cjose_header_set(header, CJOSE_HDR_KID, kid, NULL) ||
        !cjose_header_set(header, "typ", typ, NULL))
        return NULL;
    jws = cjose_jws_sign(jwk, header, payload.data, payload.len, NULL);
    if (jws == NULL || !cjose_jws_export(jws, &text, NULL))
        return NULL;
    return mc_strdup(arena, text);
}

/* --- others' tokens --- */

static bool decode(struct mc_arena *arena, const char *text, size_t len, size_t max,
                   struct mc_bytes *ret_bytes)
{
    uint8_t *bytes = len <= max ? mc_alloc(arena, len + 1) : NULL;
    size_t got = 0;

    if (bytes == NULL || len == 0 ||
        !mc_unbase64url(bytes, len, (struct mc_bytes){text, len}, &got))
        return false;
    *ret_bytes = (struct mc_bytes){bytes, got};
    return true;
}

/* header.payload.signature, and nothing else. */
static bool split(const char *token, size_t ret_at[2])
{
    const char *first = strchr(token, '.');
    const char *second = first != NULL ? strchr(first + 1, '.') : NULL;

    if (second == NULL || strchr(second + 1, '.') != NULL || strlen(token) > MC_JOSE_TOKEN_MAX)
        return false;
    ret_at[0] = (size_t)(first - token);
    ret_at[1] = (size_t)(second - token);
    return true;
}

bool mc_jose_peek(struct mc_arena *arena, const char *token, struct mc_bytes *ret_payload)
{
    size_t at[2];

    return split(token, at) &&
           decode(arena, token + at[0] + 1, at[1] - at[0] - 1, MC_JOSE_TOKEN_MAX, ret_payload);
}

struct wanted {
    const char *alg;
    const char *kid; /* NULL: the token does not say */
    const char *kty;
};

static const char *kty_of(const char *alg)
{
    if (alg == NULL)
        return NULL;
    return strcmp(alg, "ES256") == 0                                ? "EC"
           : strcmp(alg, "RS256") == 0 || strcmp(alg, "PS256") == 0 ? "RSA"
                                                                    : NULL;
}

/* "crit" names what must be understood: we understand nothing beyond the basics. */
static bool header_read(const struct mc_json *header, struct wanted *ret_wanted)
{
    ret_wanted->alg = mc_json_text(header, "alg");
    ret_wanted->kid = mc_json_text(header, "kid");
    ret_wanted->kty = kty_of(ret_wanted->alg);
    return ret_wanted->kty != NULL && mc_json_at(header, "crit") == NULL &&
           mc_json_at(header, "b64") == NULL;
}

static bool says(const struct mc_json *key, const char *name, const char *value)
{
    const char *text = mc_json_text(key, name);

    return text != NULL && strcmp(text, value) == 0;
}

static bool says_or_is_silent(const struct mc_json *key, const char *name, const char *value)
{
    return mc_json_text(key, name) == NULL || says(key, name, value);
}

static bool member(const struct mc_json *key, const char *name, uint8_t *bytes, size_t size,
                   size_t *ret_len)
{
    const char *text = mc_json_text(key, name);

    return text != NULL &&
           mc_unbase64url(bytes, size, (struct mc_bytes){text, strlen(text)}, ret_len);
}

static cjose_jwk_t *rsa_key(const struct mc_json *key)
{
    uint8_t n[RSA_BYTES_MAX];
    uint8_t e[RSA_EXPONENT_MAX];
    cjose_jwk_rsa_keyspec spec = {.e = e, .n = n};

    if (!member(key, "n", n, sizeof n, &spec.nlen) || !member(key, "e", e, sizeof e, &spec.elen) ||
        spec.nlen < RSA_BYTES_MIN || spec.elen == 0 || n[0] == 0)
        return NULL;
    return cjose_jwk_create_RSA_spec(&spec, NULL);
}

static cjose_jwk_t *ec_key(const struct mc_json *key)
{
    uint8_t x[MC_JOSE_POINT_LEN];
    uint8_t y[MC_JOSE_POINT_LEN];
    cjose_jwk_ec_keyspec spec = {.crv = CJOSE_JWK_EC_P_256, .x = x, .y = y};

    if (!says(key, "crv", "P-256") || !member(key, "x", x, sizeof x, &spec.xlen) ||
        !member(key, "y", y, sizeof y, &spec.ylen) || spec.xlen != sizeof x ||
        spec.ylen != sizeof y)
        return NULL;
    return cjose_jwk_create_EC_spec(&spec, NULL);
}

static cjose_jwk_t *key_read(const struct mc_json *key)
{
    if (!says_or_is_silent(key, "use", "sig"))
        return NULL;
    return says(key, "kty", "RSA") ? rsa_key(key) : says(key, "kty", "EC") ? ec_key(key) : NULL;
}

static bool fits(const struct mc_json *key, const struct wanted *wanted)
{
    return says(key, "kty", wanted->kty) && says_or_is_silent(key, "alg", wanted->alg) &&
           (wanted->kid == NULL || says_or_is_silent(key, "kid", wanted->kid));
}

static bool signed_by(const char *token, const struct mc_json *key)
{
    mc_cleanup(jwk_release) cjose_jwk_t *jwk = key_read(key);
    mc_cleanup(jws_release) cjose_jws_t *jws = NULL;

    if (jwk == NULL)
        return false;
    jws = cjose_jws_import(token, strlen(token), NULL);
    return jws != NULL && cjose_jws_verify(jws, jwk, NULL);
}

static enum mc_status find_signer(const struct mc_json *set, const struct wanted *wanted,
                                  const char *token)
{
    size_t count = MC_MIN(mc_json_count(set, "keys"), (size_t)MC_JOSE_KEYS_MAX);
    enum mc_status status = MC_NOT_FOUND;

    for (size_t i = 0; i < count; i++) {
        const struct mc_json *key = mc_json_item(set, "keys", i);
        if (!fits(key, wanted))
            continue;
        if (signed_by(token, key))
            return MC_OK;
        status = MC_UNAUTHENTICATED;
    }
    return status;
}

/* cjose passes over what is left at a signature's end; then one token would have many texts. */
static bool signature_ok(struct mc_arena *arena, const char *text, const char *kty)
{
    struct mc_bytes bytes;

    return decode(arena, text, strlen(text), SIGNATURE_MAX, &bytes) &&
           (strcmp(kty, "EC") != 0 || bytes.len == (size_t)2 * MC_JOSE_POINT_LEN);
}

enum mc_status mc_jose_verify(struct mc_arena *arena, struct mc_bytes jwks, const char *token,
                              struct mc_bytes *ret_payload)
{
    mc_cleanup(mc_json_freep) struct mc_json *set = NULL;
    mc_cleanup(mc_json_freep) struct mc_json *header = NULL;
    struct mc_bytes text;
    struct wanted wanted;
    size_t at[2];

    if (!split(token, at) || jwks.len > MC_JOSE_JWKS_MAX || mc_json_parse(jwks, &set) != MC_OK ||
        !decode(arena, token, at[0], HEADER_MAX, &text) || mc_json_parse(text, &header) != MC_OK ||
        !header_read(header, &wanted) || !signature_ok(arena, token + at[1] + 1, wanted.kty))
        return arena->full ? MC_FULL : MC_UNAUTHENTICATED;
    enum mc_status status = find_signer(set, &wanted, token);
    if (status == MC_OK && !mc_jose_peek(arena, token, ret_payload))
        return arena->full ? MC_FULL : MC_UNAUTHENTICATED;
    return status;
}

size_t mc_jose_usable(struct mc_bytes jwks)
{
    mc_cleanup(mc_json_freep) struct mc_json *set = NULL;
    size_t usable = 0;

    if (jwks.len > MC_JOSE_JWKS_MAX || mc_json_parse(jwks, &set) != MC_OK)
        return 0;
    size_t count = MC_MIN(mc_json_count(set, "keys"), (size_t)MC_JOSE_KEYS_MAX);
    for (size_t i = 0; i < count; i++) {
        mc_cleanup(jwk_release) cjose_jwk_t *jwk = key_read(mc_json_item(set, "keys", i));
        usable += jwk != NULL;
    }
    return usable;
}
