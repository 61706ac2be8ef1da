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
    return mc_cert_judge(trust, arena, signature.cert, signature.certs, now_ms, ret_cert);
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
