/*
 * Certificates: who signed a text of ours, and whether he may be believed.
 *
 * A signature comes as CMS (RFC 5652, PKCS#7) or as JWS (RFC 7515), with our text inside or apart
 * from it, and with the signer's certificate in it. Nothing that somebody says beside it counts:
 * the certificate is the one whose key made the signature, the text is compared with the one we
 * made, and identity is read from the ASN.1 of the subject, never from a printed name (whose order
 * and escapes vary).
 *
 * A trust set is read once, at boot. There are several, kept apart: what one authority may say,
 * another may not. Revocation is asked for elsewhere; requests are made and answers judged here.
 * Time is a parameter. Results live in the arena. One thread at a time per trust set.
 */
#pragma once

#include "common/arena.h"
#include "common/crypto.h"

enum {
    MC_CMS_MAX = 32 << 10,   /* bytes of a signature with its certificates */
    MC_OCSP_MAX = 32 << 10,  /* bytes of a responder's answer */
    MC_CRL_MAX = 4 << 20,    /* bytes of a revocation list */
    MC_CERT_BAG_MAX = 8,     /* certificates that come with a signature */
    MC_CERT_BETWEEN_MAX = 3, /* authorities between a signer and a root */
    MC_CERT_NUMBERS_MAX = 8,
    MC_CERT_TEXT_MAX = 512, /* bytes of a name or an address */
    MC_CERT_RSA_BITS_MIN = 2048,
    MC_CERT_RSA_BITS_MAX = 8192, /* a larger key only costs us time */
    MC_TRUST_MAX = 256,          /* certificates of a trust set */
    MC_TRUST_LEVEL = 2,          /* OpenSSL's: RSA 2048, SHA-2, on the whole way to the root */
    MC_OCSP_NONCE_LEN = 16,
    MC_CERT_SKEW_MS = 5 * 60 * 1000, /* what a responder's clock may be ahead of ours */
};

enum mc_cert_verdict {
    MC_CERT_OK,
    MC_CERT_MALFORMED, /* not what it should be, or past a limit */
    MC_CERT_SIGNATURE, /* not by this key, or not over this text */
    MC_CERT_WEAK,      /* RSA below 2048 bits, another curve, SHA-1 */
    MC_CERT_UNTRUSTED, /* no way to a root of the set */
    MC_CERT_EXPIRED,
    MC_CERT_EARLY, /* not valid yet */
    MC_CERT_USAGE, /* not made for signing */
    MC_CERT_REVOKED,
    MC_CERT_UNKNOWN, /* the responder does not know it */
    MC_CERT_STALE,   /* the answer is of another time */
};

/* "MST:0101234567" in a subject's UID or serialNumber: kind MST, number 0101234567. */
struct mc_cert_number {
    char kind[8]; /* upper case */
    char number[32];
};

struct mc_cert {
    struct mc_bytes der;
    struct mc_bytes issuer_der; /* for questions about revocation */
    uint8_t fingerprint[MC_HASH_LEN];
    const char *serial;      /* hex; "" when it is longer than RFC 5280 allows */
    const char *common_name; /* UTF-8 whatever its ASN.1 type was; "" when there is none */
    const char *organization;
    const char *issuer; /* the authority's common name, else its organization */
    struct mc_cert_number numbers[MC_CERT_NUMBERS_MAX]; /* those of UIDs first */
    size_t numbers_len;
    int64_t from_ms;
    int64_t until_ms;
    const char *ocsp_url; /* "" when it names none */
    const char *crl_url;
};

struct mc_trust;

/*
 * Reads a PEM file, or all files of a folder that end in .pem or .crt. Self-signed certificates
 * are the roots; the others help to find the way to them. MC_NOT_FOUND: no such path;
 * MC_INVALID: no root in it, a file that is no PEM, or more than MC_TRUST_MAX.
 */
mc_nodiscard enum mc_status mc_trust_load(const char *path, struct mc_trust **ret_trust);
void mc_trust_free(struct mc_trust *trust);
size_t mc_trust_len(const struct mc_trust *trust);

/*
 * Did the holder of a certificate that this set vouches for sign this text? `ret_cert` is filled
 * when so, and also when the signature is right but the certificate is refused (then for the log
 * only); it is all empty for MC_CERT_MALFORMED and MC_CERT_SIGNATURE.
 */
mc_nodiscard enum mc_cert_verdict mc_cms_verify(struct mc_trust *trust, struct mc_arena *arena,
                                                struct mc_bytes cms, struct mc_bytes text,
                                                int64_t now_ms, struct mc_cert *ret_cert);

/*
 * The same of a compact JWS whose header brings the certificates (x5c), the signer's first: what
 * the Government's plugin makes (RSA with PSS), and other tools. RS, PS and ES with SHA-2 only.
 */
mc_nodiscard enum mc_cert_verdict mc_jws_verify(struct mc_trust *trust, struct mc_arena *arena,
                                                struct mc_bytes jws, struct mc_bytes text,
                                                int64_t now_ms, struct mc_cert *ret_cert);

/* Either of them, as its first byte tells. */
mc_nodiscard enum mc_cert_verdict
mc_signature_verify(struct mc_trust *trust, struct mc_arena *arena, struct mc_bytes signature,
                    struct mc_bytes text, int64_t now_ms, struct mc_cert *ret_cert);

/* OCSP (RFC 6960). MC_INVALID: the certificates cannot be read; MC_FULL: the arena is full. */
mc_nodiscard enum mc_status mc_ocsp_request(struct mc_arena *arena, struct mc_bytes cert,
                                            struct mc_bytes issuer,
                                            const uint8_t nonce[MC_OCSP_NONCE_LEN],
                                            struct mc_bytes *ret_request);

/*
 * What a responder said: MC_CERT_OK is "good". It must be signed by the issuer, or by whom the
 * issuer appointed (OCSPSigning). A nonce must be ours; a responder that sends none is believed
 * by its times alone, unless `nonce_needed`.
 */
struct mc_ocsp_question {
    struct mc_bytes cert;
    struct mc_bytes issuer;
    const uint8_t *nonce;
    bool nonce_needed;
    int64_t age_max_ms; /* of an answer that does not tell when the next will be */
};
mc_nodiscard enum mc_cert_verdict mc_ocsp_check(struct mc_trust *trust, struct mc_bytes answer,
                                                const struct mc_ocsp_question *question,
                                                int64_t now_ms);

/* The same by a revocation list of the issuer; it must be complete and not past its next update. */
mc_nodiscard enum mc_cert_verdict mc_crl_check(struct mc_bytes crl, struct mc_bytes cert,
                                               struct mc_bytes issuer, int64_t now_ms);

/*
 * Signs a text as a token, a SIM or a remote service does: detached CMS, SHA-256, the chain of
 * `cert_file` with it. For the sandbox and tests: our daemons hold no such keys.
 */
mc_nodiscard enum mc_status mc_cms_sign(struct mc_arena *arena, const char *cert_file,
                                        const char *key_file, struct mc_bytes text,
                                        struct mc_bytes *ret_cms);

/*
 * Signers: the keys of agencies, for documents that this system makes in their name. A folder holds
 * <agency>.key (PKCS#8 PEM, nobody else may read it) and <agency>.pem (its certificate, then the
 * authorities between it and the root). Read once, at boot; then any thread may sign.
 */
struct mc_signers;
struct mc_signer;
enum { MC_SIGNERS_MAX = 4096, MC_SIGNER_NAME_MAX = 64 };

/*
 * MC_NOT_FOUND: no such folder; MC_DENIED: others may read a key; MC_INVALID: a key without its
 * certificate, that does not fit it or is weak; `why` names the file.
 */
mc_nodiscard enum mc_status mc_signers_load(const char *folder, struct mc_signers **ret_signers,
                                            char *why, size_t why_size);
void mc_signers_free(struct mc_signers *signers); /* NULL is allowed */
const struct mc_signer *mc_signers_find(const struct mc_signers *signers, const char *name);
size_t mc_signers_len(const struct mc_signers *signers);

const char *mc_signer_name(const struct mc_signer *signer); /* the certificate's common name */
bool mc_signer_is_valid_at(const struct mc_signer *signer, int64_t at_ms);
size_t mc_signer_size_max(const struct mc_signer *signer); /* bytes of its longest signature */

/*
 * A detached CAdES signature (ETSI EN 319 122-1, level B) over `text`, SHA-256, with the
 * certificates in it. The time it claims is `at_ms`. MC_FULL: no memory; MC_INVALID: OpenSSL's.
 */
mc_nodiscard enum mc_status mc_signer_sign(const struct mc_signer *signer, struct mc_arena *arena,
                                           struct mc_bytes text, int64_t at_ms,
                                           struct mc_bytes *ret_cms);

/* Shared by the files that implement this; the types are OpenSSL's. */
struct x509_st;
struct x509_store_st;
struct stack_st_X509;
struct asn1_string_st;
struct evp_pkey_st;
struct mc_trust {
    struct x509_store_st *store;
    size_t len;
};
mc_nodiscard enum mc_cert_verdict mc_cert_judge(struct mc_trust *trust, struct mc_arena *arena,
                                                struct x509_st *cert, struct stack_st_X509 *with,
                                                int64_t now_ms, struct mc_cert *ret_cert);
mc_nodiscard bool mc_cert_read(struct mc_arena *arena, struct x509_st *x, struct mc_cert *ret_cert);
mc_nodiscard struct x509_st *mc_cert_open(struct mc_bytes der); /* NULL: it is none, whole */
mc_nodiscard bool mc_cert_time(const struct asn1_string_st *time, int64_t *ret_ms);
bool mc_cert_key_is_strong(struct evp_pkey_st *key);
bool mc_cert_hash_is_strong(int nid);
mc_nodiscard struct mc_bytes mc_cert_der(struct mc_arena *arena, struct x509_st *x);
