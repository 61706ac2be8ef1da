/* Revocation: what a responder (RFC 6960) or an authority's list (RFC 5280) says. */
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "common/crypto_cert.h"

struct pair {
    X509 *cert;
    X509 *issuer;
};

static void pair_free(struct pair *pair)
{
    X509_free(pair->cert);
    X509_free(pair->issuer);
    ERR_clear_error();
}

static bool pair_open(struct pair *pair, struct mc_bytes cert, struct mc_bytes issuer)
{
    pair->cert = mc_cert_open(cert);
    pair->issuer = mc_cert_open(issuer);
    return pair->cert != NULL && pair->issuer != NULL;
}

/* SHA-1 here names a certificate and protects nothing; responders know no other (RFC 5019). */
static OCSP_CERTID *id_of(const struct pair *pair)
{
    return OCSP_cert_to_id(EVP_sha1(), pair->cert, pair->issuer);
}

enum mc_status mc_ocsp_request(struct mc_arena *arena, struct mc_bytes cert, struct mc_bytes issuer,
                               const uint8_t nonce[MC_OCSP_NONCE_LEN], struct mc_bytes *ret_request)
{
    mc_cleanup(pair_free) struct pair pair = {0};
    enum mc_status status = MC_INVALID;

    if (!pair_open(&pair, cert, issuer))
        return MC_INVALID;
    OCSP_REQUEST *request = OCSP_REQUEST_new();
    OCSP_CERTID *id = id_of(&pair);
    int len = 0;
    if (request != NULL && id != NULL && OCSP_request_add0_id(request, id) != NULL) {
        id = NULL; /* the request's now */
        if (OCSP_request_add1_nonce(request, mc_unconst(nonce), MC_OCSP_NONCE_LEN) == 1)
            len = i2d_OCSP_REQUEST(request, NULL);
    }
    if (len > 0) {
        uint8_t *der = mc_alloc(arena, (size_t)len);
        unsigned char *at = der;
        status = der != NULL ? MC_OK : MC_FULL;
        if (der != NULL) {
            (void)i2d_OCSP_REQUEST(request, &at);
            *ret_request = (struct mc_bytes){der, (size_t)len};
        }
    }
    OCSP_CERTID_free(id);
    OCSP_REQUEST_free(request);
    return status;
}

struct said {
    OCSP_RESPONSE *response;
    OCSP_BASICRESP *basic;
};

static void said_free(struct said *said)
{
    OCSP_BASICRESP_free(said->basic);
    OCSP_RESPONSE_free(said->response);
    ERR_clear_error();
}

static bool said_open(struct said *said, struct mc_bytes answer)
{
    const unsigned char *at = answer.data;

    if (answer.len == 0 || answer.len > MC_OCSP_MAX)
        return false;
    said->response = d2i_OCSP_RESPONSE(NULL, &at, (long)answer.len);
    if (said->response == NULL || at != (const unsigned char *)answer.data + answer.len ||
        OCSP_response_status(said->response) != OCSP_RESPONSE_STATUS_SUCCESSFUL)
        return false;
    said->basic = OCSP_response_get1_basic(said->response);
    return said->basic != NULL;
}

static bool is_signed_by_the_right_one(struct mc_trust *trust, const struct said *said,
                                       const struct pair *pair, int64_t now_ms)
{
    const ASN1_OBJECT *algorithm = NULL;
    STACK_OF(X509) *certs = sk_X509_new_null();
    int hash = NID_undef;
    int key = NID_undef;
    bool right = false;

    X509_ALGOR_get0(&algorithm, NULL, NULL, OCSP_resp_get0_tbs_sigalg(said->basic));
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(trust->store), (time_t)(now_ms / 1000));
    if (certs != NULL && sk_X509_push(certs, pair->issuer) > 0 &&
        OBJ_find_sigid_algs(OBJ_obj2nid(algorithm), &hash, &key) == 1 &&
        mc_cert_hash_is_strong(hash))
        right = OCSP_basic_verify(said->basic, certs, trust->store, 0) == 1;
    sk_X509_free(certs);
    return right;
}

/* A nonce that is not ours is an answer to somebody else, kept and shown again. */
static bool nonce_is_ours(const struct said *said, const struct mc_ocsp_question *question)
{
    int at = OCSP_BASICRESP_get_ext_by_NID(said->basic, NID_id_pkix_OCSP_Nonce, -1);

    if (at < 0)
        return !question->nonce_needed;
    const ASN1_OCTET_STRING *value =
        X509_EXTENSION_get_data(OCSP_BASICRESP_get_ext(said->basic, at));
    /* an OCTET STRING in the extension's own: 04 10 and the nonce */
    const unsigned char *bytes = ASN1_STRING_get0_data(value);
    return ASN1_STRING_length(value) == MC_OCSP_NONCE_LEN + 2 && bytes[0] == V_ASN1_OCTET_STRING &&
           bytes[1] == MC_OCSP_NONCE_LEN && mc_equal(bytes + 2, question->nonce, MC_OCSP_NONCE_LEN);
}

static bool is_of_now(const ASN1_TIME *from, const ASN1_TIME *until, int64_t age_max_ms,
                      int64_t now_ms)
{
    int64_t from_ms;
    int64_t until_ms;

    if (!mc_cert_time(from, &from_ms) || from_ms > now_ms + MC_CERT_SKEW_MS)
        return false;
    if (until == NULL)
        return age_max_ms > 0 && from_ms + age_max_ms + MC_CERT_SKEW_MS > now_ms;
    return mc_cert_time(until, &until_ms) && until_ms >= from_ms && until_ms > now_ms;
}

enum mc_cert_verdict mc_ocsp_check(struct mc_trust *trust, struct mc_bytes answer,
                                   const struct mc_ocsp_question *question, int64_t now_ms)
{
    mc_cleanup(pair_free) struct pair pair = {0};
    mc_cleanup(said_free) struct said said = {0};
    ASN1_GENERALIZEDTIME *from = NULL;
    ASN1_GENERALIZEDTIME *until = NULL;
    int status = V_OCSP_CERTSTATUS_UNKNOWN;

    if (!said_open(&said, answer) || !pair_open(&pair, question->cert, question->issuer))
        return MC_CERT_MALFORMED;
    if (!is_signed_by_the_right_one(trust, &said, &pair, now_ms) || !nonce_is_ours(&said, question))
        return MC_CERT_SIGNATURE;
    OCSP_CERTID *id = id_of(&pair);
    bool told = id != NULL &&
                OCSP_resp_find_status(said.basic, id, &status, NULL, NULL, &from, &until) == 1;
    OCSP_CERTID_free(id);
    if (!told)
        return MC_CERT_UNKNOWN; /* about another certificate */
    if (!is_of_now(from, until, question->age_max_ms, now_ms))
        return MC_CERT_STALE;
    return status == V_OCSP_CERTSTATUS_GOOD      ? MC_CERT_OK
           : status == V_OCSP_CERTSTATUS_REVOKED ? MC_CERT_REVOKED
                                                 : MC_CERT_UNKNOWN;
}

/* A part of a list, or one for authorities only, says nothing by not naming a certificate. */
static bool is_complete(const X509_CRL *crl)
{
    for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
        const X509_EXTENSION *extension = X509_CRL_get_ext(crl, i);
        int nid = OBJ_obj2nid(X509_EXTENSION_get_object(mc_unconst(extension)));
        if (nid == NID_delta_crl ||
            (X509_EXTENSION_get_critical(extension) == 1 && nid != NID_issuing_distribution_point))
            return false;
    }
    ISSUING_DIST_POINT *part =
        X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, NULL, NULL);
    bool complete = part == NULL || (part->onlyCA <= 0 && part->onlyattr <= 0 &&
                                     part->indirectCRL <= 0 && part->onlysomereasons == NULL);
    ISSUING_DIST_POINT_free(part);
    return complete;
}

static bool is_the_issuers(X509_CRL *crl, const struct pair *pair)
{
    EVP_PKEY *key = X509_get0_pubkey(pair->issuer);
    int hash = NID_undef;
    int kind = NID_undef;

    return X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(pair->issuer)) == 0 &&
           X509_NAME_cmp(X509_get_issuer_name(pair->cert), X509_CRL_get_issuer(crl)) == 0 &&
           (X509_get_key_usage(pair->issuer) & KU_CRL_SIGN) != 0 &&
           OBJ_find_sigid_algs(X509_CRL_get_signature_nid(crl), &hash, &kind) == 1 &&
           mc_cert_hash_is_strong(hash) && mc_cert_key_is_strong(key) &&
           X509_CRL_verify(crl, key) == 1;
}

static enum mc_cert_verdict judge(X509_CRL *crl, const struct pair *pair, int64_t now_ms)
{
    X509_REVOKED *entry = NULL;

    if (!is_the_issuers(crl, pair))
        return MC_CERT_SIGNATURE;
    if (!is_complete(crl))
        return MC_CERT_MALFORMED;
    if (X509_CRL_get0_nextUpdate(crl) == NULL ||
        !is_of_now(X509_CRL_get0_lastUpdate(crl), X509_CRL_get0_nextUpdate(crl), 0, now_ms))
        return MC_CERT_STALE;
    /* 2: "removeFromCRL", which only a delta list may say */
    return X509_CRL_get0_by_cert(crl, &entry, pair->cert) == 0 ? MC_CERT_OK : MC_CERT_REVOKED;
}

enum mc_cert_verdict mc_crl_check(struct mc_bytes bytes, struct mc_bytes cert,
                                  struct mc_bytes issuer, int64_t now_ms)
{
    mc_cleanup(pair_free) struct pair pair = {0};
    const unsigned char *at = bytes.data;

    if (bytes.len == 0 || bytes.len > MC_CRL_MAX || !pair_open(&pair, cert, issuer))
        return MC_CERT_MALFORMED;
    X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)bytes.len);
    bool whole = crl != NULL && at == (const unsigned char *)bytes.data + bytes.len;
    enum mc_cert_verdict verdict = whole ? judge(crl, &pair, now_ms) : MC_CERT_MALFORMED;
    X509_CRL_free(crl);
    return verdict;
}
