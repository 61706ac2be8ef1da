/* Signatures: CMS with the signer's certificate in it (RFC 5652). */
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "common/crypto_cert.h"

struct signature {
    CMS_ContentInfo *cms;
    STACK_OF(X509) * certs;
    CMS_SignerInfo *signer;
    X509 *cert; /* one of certs */
};

static void signature_free(struct signature *signature)
{
    sk_X509_pop_free(signature->certs, X509_free);
    CMS_ContentInfo_free(signature->cms);
    ERR_clear_error();
}

static int algorithm_nid(const X509_ALGOR *algorithm)
{
    const ASN1_OBJECT *object = NULL;

    if (algorithm == NULL)
        return NID_undef;
    X509_ALGOR_get0(&object, NULL, NULL, algorithm);
    return OBJ_obj2nid(object);
}

/* Whose key made it: the one certificate in the bag that the signer's info names. */
static bool open_signature(struct mc_bytes bytes, struct signature *signature)
{
    const unsigned char *at = bytes.data;

    if (bytes.len == 0 || bytes.len > MC_CMS_MAX)
        return false;
    signature->cms = d2i_CMS_ContentInfo(NULL, &at, (long)bytes.len);
    if (signature->cms == NULL || at != (const unsigned char *)bytes.data + bytes.len ||
        OBJ_obj2nid(CMS_get0_type(signature->cms)) != NID_pkcs7_signed ||
        OBJ_obj2nid(CMS_get0_eContentType(signature->cms)) != NID_pkcs7_data)
        return false;
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(signature->cms);
    signature->certs = CMS_get1_certs(signature->cms);
    if (sk_CMS_SignerInfo_num(signers) != 1 || sk_X509_num(signature->certs) < 1 ||
        sk_X509_num(signature->certs) > MC_CERT_BAG_MAX)
        return false;
    signature->signer = sk_CMS_SignerInfo_value(signers, 0);
    for (int i = 0; i < sk_X509_num(signature->certs) && signature->cert == NULL; i++) {
        X509 *x = sk_X509_value(signature->certs, i);
        if (CMS_SignerInfo_cert_cmp(signature->signer, x) == 0)
            signature->cert = x;
    }
    return signature->cert != NULL;
}

/* What is left out of the parameters is SHA-1. */
static bool mask_is_strong(const X509_ALGOR *mask)
{
    if (algorithm_nid(mask) != NID_mgf1)
        return false;
    X509_ALGOR *hash = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(X509_ALGOR), mask->parameter);
    bool strong = mc_cert_hash_is_strong(algorithm_nid(hash));
    X509_ALGOR_free(hash);
    return strong;
}

static bool pss_is_strong(const X509_ALGOR *algorithm, int digest)
{
    RSA_PSS_PARAMS *pss =
        ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS), algorithm->parameter);
    bool strong = pss != NULL && algorithm_nid(pss->hashAlgorithm) == digest &&
                  mask_is_strong(pss->maskGenAlgorithm);

    RSA_PSS_PARAMS_free(pss);
    return strong;
}

static bool algorithms_are_strong(const struct signature *signature)
{
    X509_ALGOR *digest = NULL;
    X509_ALGOR *algorithm = NULL;
    int hash = NID_undef;
    int key = NID_undef;

    CMS_SignerInfo_get0_algs(signature->signer, NULL, NULL, &digest, &algorithm);
    int nid = algorithm_nid(algorithm);
    if (!mc_cert_hash_is_strong(algorithm_nid(digest)) ||
        !mc_cert_key_is_strong(X509_get0_pubkey(signature->cert)))
        return false;
    if (nid == NID_rsassaPss)
        return pss_is_strong(algorithm, algorithm_nid(digest));
    /* rsaEncryption takes the digest's hash; the others name their own, which must be the same */
    return nid == NID_rsaEncryption ||
           (OBJ_find_sigid_algs(nid, &hash, &key) == 1 && hash == algorithm_nid(digest));
}

/*
 * The text inside, if any, must be ours to the byte: it is not signed for what it says, but because
 * we asked for it. A text of ours does not begin like a set of signed attributes (0x31), so a
 * signature over attributes cannot be shown as one over a text.
 */
static bool signs(const struct signature *signature, struct mc_bytes text)
{
    ASN1_OCTET_STRING **inside = CMS_get0_content(signature->cms);
    bool attached = inside != NULL && *inside != NULL;
    const unsigned flags = CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY | CMS_NOCRL;

    if (attached && ((size_t)ASN1_STRING_length(*inside) != text.len ||
                     memcmp(ASN1_STRING_get0_data(*inside), text.data, text.len) != 0))
        return false;
    BIO *apart = attached ? NULL : BIO_new_mem_buf(text.data, (int)text.len);
    bool right = (attached || apart != NULL) &&
                 CMS_verify(signature->cms, NULL, NULL, apart, NULL, flags) == 1;
    BIO_free(apart);
    return right;
}

static enum mc_cert_verdict verdict_of(int error)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return MC_CERT_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return MC_CERT_EARLY;
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
        return MC_CERT_WEAK;
    default:
        return MC_CERT_UNTRUSTED;
    }
}

/* The way to a root; a root itself, or any other authority, signs no texts of people. */
static enum mc_cert_verdict check_chain(struct mc_trust *trust, const struct signature *signature,
                                        int64_t now_ms, X509 **ret_issuer)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    enum mc_cert_verdict verdict = MC_CERT_UNTRUSTED;

    if (ctx != NULL &&
        X509_STORE_CTX_init(ctx, trust->store, signature->cert, signature->certs) == 1) {
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
        X509_VERIFY_PARAM_set_time(param, (time_t)(now_ms / 1000));
        X509_VERIFY_PARAM_set_depth(param, MC_CERT_BETWEEN_MAX);
        X509_VERIFY_PARAM_set_auth_level(param, MC_TRUST_LEVEL);
        if (X509_verify_cert(ctx) != 1)
            verdict = verdict_of(X509_STORE_CTX_get_error(ctx));
        else if (sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) > 1) {
            *ret_issuer = sk_X509_value(X509_STORE_CTX_get0_chain(ctx), 1);
            (void)X509_up_ref(*ret_issuer);
            verdict = MC_CERT_OK;
        }
    }
    X509_STORE_CTX_free(ctx);
    return verdict;
}

/*
 * digitalSignature must be there, and no authority's certificate will do. Where purposes are
 * listed and we know one of them, signing in or signing mail must be among them: a responder's
 * or a web server's certificate is nobody's signature.
 */
static bool is_for_signing(X509 *x)
{
    uint32_t purposes = X509_get_extended_key_usage(x);

    if ((X509_get_extension_flags(x) & EXFLAG_KUSAGE) == 0 ||
        (X509_get_key_usage(x) & KU_DIGITAL_SIGNATURE) == 0 || X509_check_ca(x) != 0)
        return false;
    return purposes == 0 || purposes == UINT32_MAX ||
           (purposes & (XKU_SSL_CLIENT | XKU_SMIME | XKU_ANYEKU)) != 0;
}

static enum mc_cert_verdict judge(struct mc_trust *trust, struct mc_arena *arena,
                                  const struct signature *signature, int64_t now_ms,
                                  struct mc_cert *ret_cert)
{
    X509 *issuer = NULL;

    if (!mc_cert_read(arena, signature->cert, ret_cert))
        return MC_CERT_MALFORMED;
    enum mc_cert_verdict verdict = check_chain(trust, signature, now_ms, &issuer);
    if (verdict == MC_CERT_OK && !is_for_signing(signature->cert))
        verdict = MC_CERT_USAGE;
    if (issuer != NULL)
        ret_cert->issuer_der = mc_cert_der(arena, issuer);
    if (verdict == MC_CERT_OK && ret_cert->issuer_der.len == 0)
        verdict = MC_CERT_MALFORMED;
    X509_free(issuer);
    return verdict;
}

enum mc_cert_verdict mc_cms_verify(struct mc_trust *trust, struct mc_arena *arena,
                                   struct mc_bytes cms, struct mc_bytes text, int64_t now_ms,
                                   struct mc_cert *ret_cert)
{
    mc_cleanup(signature_free) struct signature signature = {0};

    *ret_cert = (struct mc_cert){0};
    if (text.len == 0 || text.len > MC_CMS_MAX || !open_signature(cms, &signature))
        return MC_CERT_MALFORMED;
    if (!algorithms_are_strong(&signature)) /* before anything is computed with that key */
        return MC_CERT_WEAK;
    if (!signs(&signature, text))
        return MC_CERT_SIGNATURE;
    return judge(trust, arena, &signature, now_ms, ret_cert);
}

struct signing {
    BIO *cert_file;
    BIO *key_file;
    BIO *text;
    X509 *cert;
    EVP_PKEY *key;
    STACK_OF(X509) * chain;
    CMS_ContentInfo *cms;
};

static void signing_free(struct signing *signing)
{
    CMS_ContentInfo_free(signing->cms);
    sk_X509_pop_free(signing->chain, X509_free);
    EVP_PKEY_free(signing->key);
    X509_free(signing->cert);
    BIO_free(signing->text);
    BIO_free(signing->key_file);
    BIO_free(signing->cert_file);
    ERR_clear_error();
}

static bool signing_open(struct signing *signing)
{
    X509 *x;

    if (signing->cert_file == NULL || signing->key_file == NULL || signing->text == NULL ||
        signing->chain == NULL)
        return false;
    signing->cert = PEM_read_bio_X509(signing->cert_file, NULL, NULL, NULL);
    signing->key = PEM_read_bio_PrivateKey(signing->key_file, NULL, NULL, NULL);
    while ((x = PEM_read_bio_X509(signing->cert_file, NULL, NULL, NULL)) != NULL)
        if (sk_X509_push(signing->chain, x) == 0) {
            X509_free(x);
            return false;
        }
    return signing->cert != NULL && signing->key != NULL;
}

enum mc_status mc_cms_sign(struct mc_arena *arena, const char *cert_file, const char *key_file,
                           struct mc_bytes text, struct mc_bytes *ret_cms)
{
    mc_cleanup(signing_free) struct signing signing = {
        .cert_file = BIO_new_file(cert_file, "r"),
        .key_file = BIO_new_file(key_file, "r"),
        .text = BIO_new_mem_buf(text.data, (int)text.len),
        .chain = sk_X509_new_null(),
    };

    if (!signing_open(&signing))
        return MC_NOT_FOUND;
    signing.cms = CMS_sign(signing.cert, signing.key, signing.chain, signing.text,
                           CMS_BINARY | CMS_DETACHED | CMS_NOSMIMECAP);
    int len = signing.cms != NULL ? i2d_CMS_ContentInfo(signing.cms, NULL) : 0;
    if (len <= 0 || len > MC_CMS_MAX)
        return MC_INVALID;
    uint8_t *der = mc_alloc(arena, (size_t)len);
    unsigned char *at = der;
    if (der == NULL)
        return MC_FULL;
    (void)i2d_CMS_ContentInfo(signing.cms, &at);
    *ret_cms = (struct mc_bytes){der, (size_t)len};
    return MC_OK;
}
