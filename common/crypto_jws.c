/*
 * Signatures: a compact JWS (RFC 7515) with the signer's certificates in its header.
 *
 *     base64url({"alg": "PS256", "x5c": [base64 DER, …]}) . base64url(text) . base64url(signature)
 *
 * The text between the dots may be left out (appendix F): it is ours, we know it.
 */
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

#include "common/crypto_cert.h"
#include "common/json.h"

enum { SIGNATURE_MAX = MC_CERT_RSA_BITS_MAX / 8 };

static const struct algorithm {
    const char *name;
    const char *hash;
    const char *group; /* of an EC key; NULL: RSA */
    bool pss;
} algorithms[] = {
    {"RS256", "SHA256", NULL, false},
    {"RS384", "SHA384", NULL, false},
    {"RS512", "SHA512", NULL, false},
    {"PS256", "SHA256", NULL, true},
    {"PS384", "SHA384", NULL, true},
    {"PS512", "SHA512", NULL, true},
    {"ES256", "SHA256", SN_X9_62_prime256v1, false},
    {"ES384", "SHA384", SN_secp384r1, false},
    {"ES512", "SHA512", SN_secp521r1, false},
};

struct jws {
    struct mc_bytes signed_part; /* header and text, with their dot */
    const struct algorithm *algorithm;
    STACK_OF(X509) * certs;
    uint8_t signature[SIGNATURE_MAX];
    size_t signature_len;
};

static void jws_free(struct jws *jws)
{
    sk_X509_pop_free(jws->certs, X509_free);
    ERR_clear_error();
}

static const struct algorithm *algorithm_find(const char *name)
{
    for (size_t i = 0; name != NULL && i < MC_LEN(algorithms); i++)
        if (strcmp(algorithms[i].name, name) == 0)
            return &algorithms[i];
    return NULL;
}

static bool add_cert(struct mc_arena *arena, const char *base64, struct jws *jws)
{
    size_t len = 0;
    size_t size = base64 != NULL ? strlen(base64) : 0;
    uint8_t *der = size > 0 ? mc_alloc(arena, size) : NULL;

    if (der == NULL || !mc_unbase64(der, size, (struct mc_bytes){base64, size}, &len))
        return false;
    X509 *x = mc_cert_open((struct mc_bytes){der, len});
    if (x == NULL || sk_X509_push(jws->certs, x) == 0) {
        X509_free(x);
        return false;
    }
    return true;
}

/* What must be understood (crit) is not: we know of nothing that would change what was signed. */
static bool read_header(struct mc_arena *arena, struct mc_bytes base64, struct jws *jws)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    size_t len = 0;
    uint8_t *text = mc_alloc(arena, base64.len + 1);

    if (text == NULL || !mc_unbase64url(text, base64.len, base64, &len) ||
        mc_json_parse((struct mc_bytes){text, len}, &json) != MC_OK ||
        mc_json_at(json, "crit") != NULL)
        return false;
    size_t count = mc_json_count(json, "x5c");
    jws->algorithm = algorithm_find(mc_json_text(json, "alg"));
    jws->certs = sk_X509_new_null();
    if (jws->certs == NULL || count < 1 || count > MC_CERT_BAG_MAX)
        return false;
    for (size_t i = 0; i < count; i++)
        if (!add_cert(arena, mc_json_text(mc_json_item(json, "x5c", i), ""), jws))
            return false;
    return true;
}

/* header "." our text: what the signature must be over, whether the text came along or not. */
static bool join(struct mc_arena *arena, struct mc_bytes header, struct mc_bytes text,
                 struct jws *jws)
{
    char *joined = mc_alloc(arena, header.len + 1 + mc_base64_size(text.len));

    if (joined == NULL)
        return false;
    memcpy(joined, header.data, header.len);
    joined[header.len] = '.';
    size_t len = mc_base64url(joined + header.len + 1, text);
    jws->signed_part = (struct mc_bytes){joined, header.len + 1 + len};
    return true;
}

/* False: no JWS. `ret_ours`: the text in it, if any, is ours to the byte. */
static bool jws_open(struct mc_arena *arena, struct mc_bytes bytes, struct mc_bytes text,
                     struct jws *jws, bool *ret_ours)
{
    const char *all = bytes.data;
    const char *first = memchr(all, '.', bytes.len);
    const char *last = memrchr(all, '.', bytes.len);

    if (first == NULL || first == last ||
        memchr(first + 1, '.', (size_t)(last - first - 1)) != NULL)
        return false;
    const struct mc_bytes header = {all, (size_t)(first - all)};
    const struct mc_bytes inside = {first + 1, (size_t)(last - first - 1)};
    const struct mc_bytes signature = {last + 1, bytes.len - (size_t)(last + 1 - all)};
    if (!read_header(arena, header, jws) || !join(arena, header, text, jws) ||
        !mc_unbase64url(jws->signature, sizeof jws->signature, signature, &jws->signature_len))
        return false;
    const char *ours = (const char *)jws->signed_part.data + header.len + 1;
    *ret_ours = inside.len == 0 || (inside.len == jws->signed_part.len - header.len - 1 &&
                                    memcmp(inside.data, ours, inside.len) == 0);
    return true;
}

static bool key_fits(EVP_PKEY *key, const struct algorithm *algorithm)
{
    char group[32] = "";

    if (algorithm == NULL || !mc_cert_key_is_strong(key))
        return false;
    if (algorithm->group == NULL)
        return EVP_PKEY_is_a(key, "RSA") || (algorithm->pss && EVP_PKEY_is_a(key, "RSA-PSS"));
    return EVP_PKEY_is_a(key, "EC") &&
           EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof group,
                                          NULL) == 1 &&
           strcmp(group, algorithm->group) == 0;
}

/* r and s side by side, as JWS has them, to what OpenSSL takes. Returns its length, or 0. */
static size_t ec_signature(const struct jws *jws, EVP_PKEY *key, uint8_t *out, size_t size)
{
    size_t half = (size_t)(EVP_PKEY_get_bits(key) + 7) / 8;
    ECDSA_SIG *pair = ECDSA_SIG_new();
    int len = 0;

    if (pair != NULL && jws->signature_len == 2 * half) {
        BIGNUM *r = BN_bin2bn(jws->signature, (int)half, NULL);
        BIGNUM *s = BN_bin2bn(jws->signature + half, (int)half, NULL);
        if (r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
            unsigned char *at = out;
            len = i2d_ECDSA_SIG(pair, NULL);
            len = len > 0 && (size_t)len <= size ? i2d_ECDSA_SIG(pair, &at) : 0;
        } else {
            BN_free(r);
            BN_free(s);
        }
    }
    ECDSA_SIG_free(pair);
    return len > 0 ? (size_t)len : 0;
}

static bool is_right(const struct jws *jws, EVP_PKEY *key)
{
    uint8_t der[SIGNATURE_MAX];
    const uint8_t *signature = jws->signature;
    size_t len = jws->signature_len;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *options = NULL;

    if (jws->algorithm->group != NULL) {
        len = ec_signature(jws, key, der, sizeof der);
        signature = der;
    }
    bool right =
        ctx != NULL && len > 0 &&
        EVP_DigestVerifyInit_ex(ctx, &options, jws->algorithm->hash, NULL, NULL, key, NULL) == 1;
    if (right && jws->algorithm->pss) /* RFC 7518: the mask's hash is the same, salt as long */
        right = EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) > 0 &&
                EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) > 0;
    right = right &&
            EVP_DigestVerify(ctx, signature, len, jws->signed_part.data, jws->signed_part.len) == 1;
    EVP_MD_CTX_free(ctx);
    return right;
}

enum mc_cert_verdict mc_jws_verify(struct mc_trust *trust, struct mc_arena *arena,
                                   struct mc_bytes bytes, struct mc_bytes text, int64_t now_ms,
                                   struct mc_cert *ret_cert)
{
    mc_cleanup(jws_free) struct jws jws = {0};
    bool ours = false;

    *ret_cert = (struct mc_cert){0};
    if (bytes.len == 0 || bytes.len > MC_CMS_MAX || text.len == 0 || text.len > MC_CMS_MAX ||
        !jws_open(arena, bytes, text, &jws, &ours))
        return MC_CERT_MALFORMED;
    X509 *cert = sk_X509_value(jws.certs, 0);
    EVP_PKEY *key = X509_get0_pubkey(cert);
    if (!key_fits(key, jws.algorithm))
        return MC_CERT_WEAK;
    if (!ours || !is_right(&jws, key))
        return MC_CERT_SIGNATURE;
    return mc_cert_judge(trust, arena, cert, jws.certs, now_ms, ret_cert);
}

enum mc_cert_verdict mc_signature_verify(struct mc_trust *trust, struct mc_arena *arena,
                                         struct mc_bytes signature, struct mc_bytes text,
                                         int64_t now_ms, struct mc_cert *ret_cert)
{
    /* DER begins with a SEQUENCE, base64url of a JSON object with "ey" */
    bool jws = signature.len > 0 && *(const char *)signature.data == 'e';

    return jws ? mc_jws_verify(trust, arena, signature, text, now_ms, ret_cert)
               : mc_cms_verify(trust, arena, signature, text, now_ms, ret_cert);
}
