/*
 * cert.ocsp, cert.crl: is the certificate still good? Its authority's responder is asked (RFC
 * 6960); when that stays away, the policy decides: refuse, or take the authority's list while it is
 * fresh (identity.accept_crl). No answer is never a good one. What was answered is kept as
 * evidence.
 *
 * The address is the certificate's own, which a trusted authority has signed, or
 * identity.ocsp_url. Answers are signed, so http:// will do (http.allow_plain).
 */
#include <string.h>

#include "signing.h"

enum { HTTP_OK = 200, DAY_MS = 24 * 3600 * 1000 };

static void job_add(struct mc_txn *txn, const char *kind,
                    const IdentityState__RevocationCheck *check, int64_t expires_ms)
{
    const char *keys[] = {identity_key(txn, "signing", mc_key_bytes(check->signing_id)), NULL};

    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = IDENTITY_LANE_REVOCATION,
                              .kind = kind,
                              .payload = identity_pack(txn, &check->base),
                              .expires_ms = expires_ms,
                              .attempts_max = IDENTITY_REVOCATION_ATTEMPTS,
                              .backoff_ms = IDENTITY_REVOCATION_BACKOFF_MS,
                              .backoff_max_ms = IDENTITY_REVOCATION_BACKOFF_MAX_MS,
                              .destination = kind,
                              .keys = keys,
                              .forget = true,
                          });
}

static IdentityState__RevocationCheck check_of(struct mc_bytes id,
                                               const IdentityState__Holder *holder, const char *url)
{
    IdentityState__RevocationCheck check = IDENTITY_STATE__REVOCATION_CHECK__INIT;

    check.signing_id = identity_data(id);
    check.certificate = holder->certificate;
    check.issuer = holder->issuer_certificate;
    check.url = mc_unconst(url);
    return check;
}

/* The responder is away, or there is none. */
static void ask_list(const struct identity *identity, struct mc_txn *txn, struct mc_bytes id,
                     IdentityState__Signing *signing, const IdentityState__Holder *holder)
{
    if (!identity->accept_crl || holder->crl_url[0] == '\0') {
        identity_signing_refuse(txn, id, signing, "CERT_CHECK_AWAY");
        return;
    }
    const IdentityState__RevocationCheck check = check_of(id, holder, holder->crl_url);
    job_add(txn, "cert.crl", &check, signing->expires_at_ms);
}

void identity_revocation_ask(struct identity *identity, struct mc_txn *txn, struct mc_bytes id,
                             IdentityState__Signing *signing, const IdentityState__Holder *holder)
{
    const char *url = identity->ocsp_url[0] != '\0' ? identity->ocsp_url : holder->ocsp_url;
    uint8_t nonce[MC_OCSP_NONCE_LEN];

    if (url[0] == '\0') {
        ask_list(identity, txn, id, signing, holder);
        return;
    }
    IdentityState__RevocationCheck check = check_of(id, holder, url);
    mc_random_fill(txn->random, nonce, sizeof nonce);
    check.nonce = (ProtobufCBinaryData){sizeof nonce, nonce};
    job_add(txn, "cert.ocsp", &check, signing->expires_at_ms);
}

enum mc_status identity_ocsp_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                     const ProtobufCMessage *payload,
                                     struct mc_http_request *ret_request)
{
    (void)job;
    const struct identity *identity = ctx;
    const IdentityState__RevocationCheck *check = (const void *)payload;

    *ret_request = (struct mc_http_request){
        .method = "POST",
        .url = check->url,
        .content_type = "application/ocsp-request",
        .timeout_ms = identity->revocation_timeout_ms,
        .answer_max = MC_OCSP_MAX,
    };
    if (check->nonce.len != MC_OCSP_NONCE_LEN)
        return MC_CORRUPT;
    return mc_ocsp_request(arena, mc_key_bytes(check->certificate), mc_key_bytes(check->issuer),
                           check->nonce.data, &ret_request->body);
}

enum mc_status identity_crl_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                    const ProtobufCMessage *payload,
                                    struct mc_http_request *ret_request)
{
    (void)arena;
    (void)job;
    const struct identity *identity = ctx;
    const IdentityState__RevocationCheck *check = (const void *)payload;

    *ret_request = (struct mc_http_request){
        .method = "GET",
        .url = check->url,
        .timeout_ms = identity->revocation_timeout_ms,
        .answer_max = MC_CRL_MAX,
    };
    return MC_OK;
}

/* Still waited for, or NULL: over, or answered by an earlier try. */
static IdentityState__Signing *waiting(struct mc_txn *txn,
                                       const IdentityState__RevocationCheck *check)
{
    IdentityState__Signing *signing = identity_signing_load(txn, mc_key_bytes(check->signing_id));

    return signing != NULL && signing->state == IDENTITY__SIGNING_STATE__SIGNING_CHECKING ? signing
                                                                                          : NULL;
}

static void accept(struct mc_txn *txn, struct mc_bytes id, IdentityState__Signing *signing,
                   const char *revocation, struct mc_bytes answer)
{
    IdentityState__Holder *holder = identity_signing_holder(txn, signing);

    if (holder == NULL)
        return;
    holder->revocation = mc_unconst(revocation);
    holder->revocation_answer = identity_data(answer);
    signing->state = IDENTITY__SIGNING_STATE__SIGNING_ACCEPTED;
    identity_signing_save(txn, id, signing, holder);
    identity_signing_emit(txn, "identity.signing_accepted", id, signing, (struct mc_bytes){0},
                          holder);
}

/* True: the authority has spoken, and the signing goes on or ends by it. */
static bool settled(struct mc_txn *txn, struct mc_bytes id, IdentityState__Signing *signing,
                    enum mc_cert_verdict verdict)
{
    if (verdict != MC_CERT_REVOKED && verdict != MC_CERT_UNKNOWN)
        return false;
    identity_signing_refuse(txn, id, signing, identity_cert_code(verdict));
    return true;
}

static enum mc_cert_verdict ocsp_verdict(const struct identity *identity, const struct mc_txn *txn,
                                         const IdentityState__Signing *signing,
                                         const IdentityState__RevocationCheck *check,
                                         const struct mc_result *result)
{
    const struct mc_ocsp_question question = {
        .cert = mc_key_bytes(check->certificate),
        .issuer = mc_key_bytes(check->issuer),
        .nonce = check->nonce.data,
        .nonce_needed = identity->ocsp_nonce_needed,
        .age_max_ms = DAY_MS,
    };
    struct mc_trust *trust = identity_trust_of(identity, signing);

    if (trust == NULL || result->outcome != MC_HTTP_ANSWERED || result->http_status != HTTP_OK)
        return MC_CERT_STALE;
    return mc_ocsp_check(trust, result->body, &question, txn->now_ms);
}

enum mc_status identity_ocsp_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                  const ProtobufCMessage *payload, const struct mc_result *result,
                                  enum mc_verdict *ret_verdict)
{
    (void)job;
    const struct identity *identity = ctx;
    const IdentityState__RevocationCheck *check = (const void *)payload;
    struct mc_bytes id = mc_key_bytes(check->signing_id);
    IdentityState__Signing *signing = waiting(txn, check);

    *ret_verdict = MC_DONE;
    if (signing == NULL)
        return txn->status;
    enum mc_cert_verdict verdict = ocsp_verdict(identity, txn, signing, check, result);
    if (verdict == MC_CERT_OK) {
        accept(txn, id, signing, "OCSP", result->body);
    } else if (settled(txn, id, signing, verdict)) {
        return txn->status;
    } else if (!result->gave_up) {
        *ret_verdict = MC_RETRY;
    } else {
        const IdentityState__Holder *holder = identity_signing_holder(txn, signing);
        if (holder != NULL)
            ask_list(identity, txn, id, signing, holder);
    }
    return txn->status;
}

enum mc_status identity_crl_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                 const ProtobufCMessage *payload, const struct mc_result *result,
                                 enum mc_verdict *ret_verdict)
{
    (void)ctx;
    (void)job;
    const IdentityState__RevocationCheck *check = (const void *)payload;
    struct mc_bytes id = mc_key_bytes(check->signing_id);
    IdentityState__Signing *signing = waiting(txn, check);
    enum mc_cert_verdict verdict = MC_CERT_STALE;
    uint8_t hash[MC_HASH_LEN];

    *ret_verdict = MC_DONE;
    if (signing == NULL)
        return txn->status;
    if (result->outcome == MC_HTTP_ANSWERED && result->http_status == HTTP_OK)
        verdict = mc_crl_check(result->body, mc_key_bytes(check->certificate),
                               mc_key_bytes(check->issuer), txn->now_ms);
    if (verdict == MC_CERT_OK) {
        mc_hash(hash, result->body); /* a list is too long to keep with every signature */
        accept(txn, id, signing, "CRL", (struct mc_bytes){hash, sizeof hash});
    } else if (settled(txn, id, signing, verdict)) {
        return txn->status;
    } else if (!result->gave_up) {
        *ret_verdict = MC_RETRY;
    } else {
        identity_signing_refuse(txn, id, signing, "CERT_CHECK_AWAY");
    }
    return txn->status;
}
