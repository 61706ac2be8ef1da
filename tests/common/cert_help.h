/*
 * Certificate authorities for tests: keys, certificates, signatures, responders and lists, made in
 * memory at a time of the test's choice. Nothing of it is ever written but what cert_write()
 * writes.
 */
#pragma once

#include <assert.h>
#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "common/crypto_cert.h"

#define CERT_DAY_MS (24LL * 3600 * 1000)
#define CERT_UID    "0.9.2342.19200300.100.1.1"

struct cert_party {
    X509 *cert;
    EVP_PKEY *key;
};

/* One attribute of a subject. */
struct cert_part {
    const char *oid; /* "CN", "O", CERT_UID */
    const char *value;
    int type;    /* 0: UTF8String */
    bool joined; /* in the same RDN as the one before it */
};

struct cert_spec {
    const struct cert_party *issuer; /* NULL: itself */
    const char *name;                /* CN, when there are no parts */
    struct cert_part parts[10];
    EVP_PKEY *key; /* borrowed; NULL: a new P-256 one */
    int64_t from_ms;
    int64_t until_ms;
    const char *basic;    /* "critical,CA:TRUE" */
    const char *usage;    /* "digitalSignature"; "" for none at all */
    const char *purposes; /* extended key usage */
    const char *places;   /* authorityInfoAccess */
    const char *lists;    /* crlDistributionPoints */
    const EVP_MD *hash;   /* SHA-256 */
};

static inline void cert_free(struct cert_party *party)
{
    X509_free(party->cert);
    EVP_PKEY_free(party->key);
    *party = (struct cert_party){0};
}

static inline ASN1_TIME *cert_time(int64_t at_ms)
{
    ASN1_TIME *at = ASN1_TIME_set(NULL, (time_t)(at_ms / 1000));

    assert(at != NULL);
    return at;
}

static inline void cert_extend(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;

    if (value == NULL || value[0] == '\0')
        return;
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert(extension != NULL);
    int added = X509_add_ext(x, extension, -1);
    assert(added == 1);
    X509_EXTENSION_free(extension);
}

static inline void cert_subject(X509_NAME *name, const struct cert_spec *spec)
{
    const struct cert_part plain[] = {{.oid = "CN", .value = spec->name}};
    const struct cert_part *parts = spec->name != NULL ? plain : spec->parts;
    size_t len = spec->name != NULL ? 1 : MC_LEN(spec->parts);

    for (size_t i = 0; i < len && parts[i].oid != NULL; i++) {
        ASN1_OBJECT *object = OBJ_txt2obj(parts[i].oid, 0);
        ASN1_STRING *string = NULL;
        int mask = parts[i].type == V_ASN1_BMPSTRING         ? B_ASN1_BMPSTRING
                   : parts[i].type == V_ASN1_PRINTABLESTRING ? B_ASN1_PRINTABLESTRING
                                                             : B_ASN1_UTF8STRING;
        int type =
            ASN1_mbstring_copy(&string, (const unsigned char *)parts[i].value,
                               (int)strlen(parts[i].value), MBSTRING_UTF8, (unsigned long)mask);
        assert(object != NULL && type > 0);
        int added =
            X509_NAME_add_entry_by_OBJ(name, object, type, ASN1_STRING_get0_data(string),
                                       ASN1_STRING_length(string), -1, parts[i].joined ? -1 : 0);
        assert(added == 1);
        ASN1_STRING_free(string);
        ASN1_OBJECT_free(object);
    }
}

static inline struct cert_party cert_make(const struct cert_spec *spec)
{
    static long serial = 1000;
    struct cert_party made = {.cert = X509_new(), .key = spec->key};
    const struct cert_party *issuer = spec->issuer != NULL ? spec->issuer : &made;

    if (made.key == NULL)
        made.key = EVP_EC_gen("P-256");
    else
        (void)EVP_PKEY_up_ref(made.key);
    assert(made.cert != NULL && made.key != NULL);
    ASN1_TIME *from = cert_time(spec->from_ms);
    ASN1_TIME *until = cert_time(spec->until_ms);
    (void)X509_set_version(made.cert, X509_VERSION_3);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(made.cert), ++serial);
    (void)X509_set1_notBefore(made.cert, from);
    (void)X509_set1_notAfter(made.cert, until);
    (void)X509_set_pubkey(made.cert, made.key);
    X509_NAME *name = X509_NAME_new();
    cert_subject(name, spec);
    (void)X509_set_subject_name(made.cert, name);
    X509_NAME_free(name);
    (void)X509_set_issuer_name(made.cert, X509_get_subject_name(issuer->cert));
    cert_extend(made.cert, issuer->cert, NID_basic_constraints, spec->basic);
    cert_extend(made.cert, issuer->cert, NID_key_usage, spec->usage);
    cert_extend(made.cert, issuer->cert, NID_ext_key_usage, spec->purposes);
    cert_extend(made.cert, issuer->cert, NID_info_access, spec->places);
    cert_extend(made.cert, issuer->cert, NID_crl_distribution_points, spec->lists);
    int done = X509_sign(made.cert, issuer->key, spec->hash != NULL ? spec->hash : EVP_sha256());
    assert(done > 0);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    return made;
}

/* An authority, good from two years before `now_ms` to two years after. */
static inline struct cert_party cert_authority(const char *name, const struct cert_party *issuer,
                                               int64_t now_ms)
{
    return cert_make(&(struct cert_spec){
        .issuer = issuer,
        .name = name,
        .from_ms = now_ms - CERT_DAY_MS * 730,
        .until_ms = now_ms + CERT_DAY_MS * 730,
        .basic = "critical,CA:TRUE",
        .usage = "critical,keyCertSign,cRLSign",
    });
}

/* What a holder's certificate is unless the test says otherwise. */
static inline struct cert_spec cert_holder(const struct cert_party *issuer, int64_t now_ms)
{
    return (struct cert_spec){
        .issuer = issuer,
        .from_ms = now_ms - CERT_DAY_MS * 30,
        .until_ms = now_ms + CERT_DAY_MS * 30,
        .basic = "critical,CA:FALSE",
        .usage = "critical,digitalSignature,nonRepudiation",
    };
}

static inline void cert_write(const char *path, const struct cert_party *const *parties)
{
    FILE *file = fopen(path, "we");

    assert(file != NULL);
    for (; *parties != NULL; parties++) {
        int written = PEM_write_X509(file, (*parties)->cert);
        assert(written == 1);
    }
    (void)fclose(file);
}

static inline struct mc_bytes cert_kept(struct mc_arena *arena, unsigned char *der, int len)
{
    assert(len > 0);
    struct mc_bytes bytes = mc_copy(arena, der, (size_t)len);
    assert(bytes.data != NULL);
    OPENSSL_free(der);
    return bytes;
}

static inline struct mc_bytes cert_der(struct mc_arena *arena, const struct cert_party *party)
{
    unsigned char *der = NULL;
    int len = i2d_X509(party->cert, &der);

    return cert_kept(arena, der, len);
}

struct cert_signing {
    const struct cert_party *signer;
    const struct cert_party *between[4]; /* authorities that come along */
    unsigned flags;                      /* CMS_DETACHED, CMS_NOATTR … */
    const EVP_MD *hash;
    bool pss;
    const EVP_MD *pss_hash; /* of the mask, when it is another */
};

static inline struct mc_bytes cert_sign(struct mc_arena *arena, const struct cert_signing *how,
                                        struct mc_bytes text)
{
    BIO *in = BIO_new_mem_buf(text.data, (int)text.len);
    CMS_ContentInfo *cms =
        CMS_sign(NULL, NULL, NULL, NULL, how->flags | CMS_BINARY | CMS_PARTIAL | CMS_STREAM);
    const unsigned key_param = how->pss ? CMS_KEY_PARAM : 0;
    CMS_SignerInfo *info = CMS_add1_signer(
        cms, how->signer->cert, how->signer->key, how->hash != NULL ? how->hash : EVP_sha256(),
        how->flags | CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP | key_param);
    unsigned char *der = NULL;

    assert(in != NULL && cms != NULL && info != NULL);
    if (how->pss) {
        EVP_PKEY_CTX *ctx = CMS_SignerInfo_get0_pkey_ctx(info);
        int set = EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING);
        assert(set > 0);
        if (how->pss_hash != NULL)
            (void)EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, how->pss_hash);
    }
    for (size_t i = 0; i < MC_LEN(how->between) && how->between[i] != NULL; i++)
        (void)CMS_add1_cert(cms, how->between[i]->cert);
    int final = CMS_final(cms, in, NULL, how->flags | CMS_BINARY);
    assert(final == 1);
    int len = i2d_CMS_ContentInfo(cms, &der);
    CMS_ContentInfo_free(cms);
    BIO_free(in);
    return cert_kept(arena, der, len);
}

struct cert_answer {
    const struct cert_party *signer;
    const struct cert_party *about;
    const struct cert_party *issuer; /* of `about` */
    int status;                      /* V_OCSP_CERTSTATUS_… */
    int64_t this_ms;
    int64_t next_ms; /* 0: none */
    const uint8_t *nonce;
    const EVP_MD *hash;
    unsigned long flags; /* OCSP_NOCERTS */
};

static inline struct mc_bytes cert_ocsp(struct mc_arena *arena, const struct cert_answer *says)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), says->about->cert, says->issuer->cert);
    ASN1_TIME *from = cert_time(says->this_ms);
    ASN1_TIME *until = says->next_ms != 0 ? cert_time(says->next_ms) : NULL;
    ASN1_TIME *revoked =
        says->status == V_OCSP_CERTSTATUS_REVOKED ? cert_time(says->this_ms) : NULL;
    unsigned char *der = NULL;

    OCSP_SINGLERESP *single =
        OCSP_basic_add1_status(basic, id, says->status, 0, revoked, from, until);
    assert(single != NULL);
    if (says->nonce != NULL)
        (void)OCSP_basic_add1_nonce(basic, mc_unconst(says->nonce), MC_OCSP_NONCE_LEN);
    int done = OCSP_basic_sign(basic, says->signer->cert, says->signer->key,
                               says->hash != NULL ? says->hash : EVP_sha256(), NULL, says->flags);
    assert(done == 1);
    OCSP_RESPONSE *response = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    int len = i2d_OCSP_RESPONSE(response, &der);
    OCSP_RESPONSE_free(response);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    ASN1_TIME_free(revoked);
    return cert_kept(arena, der, len);
}

struct cert_list {
    const struct cert_party *issuer;
    const struct cert_party *revoked; /* or NULL */
    int64_t this_ms;
    int64_t next_ms;  /* 0: none */
    const char *part; /* issuingDistributionPoint */
    bool delta;
    const EVP_MD *hash;
};

static inline struct mc_bytes cert_crl(struct mc_arena *arena, const struct cert_list *says)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = cert_time(says->this_ms);
    unsigned char *der = NULL;

    (void)X509_CRL_set_version(crl, X509_CRL_VERSION_2);
    (void)X509_CRL_set_issuer_name(crl, X509_get_subject_name(says->issuer->cert));
    (void)X509_CRL_set1_lastUpdate(crl, from);
    if (says->next_ms != 0) {
        ASN1_TIME *until = cert_time(says->next_ms);
        (void)X509_CRL_set1_nextUpdate(crl, until);
        ASN1_TIME_free(until);
    }
    if (says->revoked != NULL) {
        X509_REVOKED *entry = X509_REVOKED_new();
        (void)X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(says->revoked->cert));
        (void)X509_REVOKED_set_revocationDate(entry, from);
        (void)X509_CRL_add0_revoked(crl, entry);
    }
    if (says->part != NULL) {
        X509V3_CTX ctx;
        X509V3_set_ctx(&ctx, says->issuer->cert, NULL, NULL, crl, 0);
        X509_EXTENSION *part =
            X509V3_EXT_conf_nid(NULL, &ctx, NID_issuing_distribution_point, says->part);
        assert(part != NULL);
        (void)X509_CRL_add_ext(crl, part, -1);
        X509_EXTENSION_free(part);
    }
    if (says->delta) {
        ASN1_INTEGER *number = ASN1_INTEGER_new();
        (void)ASN1_INTEGER_set(number, 1);
        (void)X509_CRL_add1_ext_i2d(crl, NID_delta_crl, number, 1, 0);
        ASN1_INTEGER_free(number);
    }
    (void)X509_CRL_sort(crl);
    int done =
        X509_CRL_sign(crl, says->issuer->key, says->hash != NULL ? says->hash : EVP_sha256());
    assert(done > 0);
    int len = i2d_X509_CRL(crl, &der);
    X509_CRL_free(crl);
    ASN1_TIME_free(from);
    return cert_kept(arena, der, len);
}
