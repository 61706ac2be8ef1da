/* The way from a signer's certificate to a root, and whether it was made for signing. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "common/crypto_cert.h"

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
static enum mc_cert_verdict check_chain(struct mc_trust *trust, X509 *cert, STACK_OF(X509) * with,
                                        int64_t now_ms, X509 **ret_issuer)
{
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    enum mc_cert_verdict verdict = MC_CERT_UNTRUSTED;

    if (ctx != NULL && X509_STORE_CTX_init(ctx, trust->store, cert, with) == 1) {
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

enum mc_cert_verdict mc_cert_judge(struct mc_trust *trust, struct mc_arena *arena, X509 *cert,
                                   STACK_OF(X509) * with, int64_t now_ms, struct mc_cert *ret_cert)
{
    X509 *issuer = NULL;

    if (!mc_cert_read(arena, cert, ret_cert))
        return MC_CERT_MALFORMED;
    enum mc_cert_verdict verdict = check_chain(trust, cert, with, now_ms, &issuer);
    if (verdict == MC_CERT_OK && !is_for_signing(cert))
        verdict = MC_CERT_USAGE;
    if (issuer != NULL)
        ret_cert->issuer_der = mc_cert_der(arena, issuer);
    if (verdict == MC_CERT_OK && ret_cert->issuer_der.len == 0)
        verdict = MC_CERT_MALFORMED;
    X509_free(issuer);
    return verdict;
}
