/*
 * Signings: a text of ours, signed with a certificate, and what may come of it. Only the identity
 * room's files include it.
 *
 *     AWAITED --signature--> CHECKING --authority: good--> ACCEPTED --used--> SPENT
 *        |                      |
 *        +------- wrong --------+----> REFUSED, with its code
 *
 * A signing lives identity.signing_life from its start to its use, whatever happens meanwhile.
 */
#pragma once

#include "common/crypto_cert.h"

#include "account.h"

enum {
    IDENTITY_SIGNING_SUBJECT_MAX = 64, /* bytes of what a proof is for */
    IDENTITY_SIGNING_RANDOM_LEN = 32,
    IDENTITY_SIGNINGS_AN_HOUR = 10, /* prompts on one phone or at one provider's account */
    IDENTITY_CA_ACCOUNT_MAX = 64,   /* characters */
    IDENTITY_HOLDER_NAME_MAX = 200, /* characters; names of offices are long */
    IDENTITY_REVOCATION_ATTEMPTS = 4,
    IDENTITY_REVOCATION_BACKOFF_MS = 500,
    IDENTITY_REVOCATION_BACKOFF_MAX_MS = 4000,
    IDENTITY_REVOCATION_LEASE_MS = 40000, /* longer than identity.revocation_timeout can be */
    IDENTITY_IAL_CERTIFICATE = 3,         /* REG-08 */
};

/* Who a certificate says its holder is, for one kind of subject (signing_holder.c, pure). */
const char *identity_holder_read(struct mc_arena *arena, const struct mc_cert *cert,
                                 unsigned subject_kind, IdentityState__Holder *ret_holder);
/* The stable code of a verdict that is not MC_CERT_OK. */
const char *identity_cert_code(enum mc_cert_verdict verdict);

/* The set of authorities whose word counts for this signer (REG-54). NULL: none is set up. */
struct mc_trust *identity_trust_of(const struct identity *identity,
                                   const IdentityState__Signing *signing);

/* NULL when there is none, or its time is over. */
IdentityState__Signing *identity_signing_load(struct mc_txn *txn, struct mc_bytes id);
void identity_signing_save(struct mc_txn *txn, struct mc_bytes id, IdentityState__Signing *signing,
                           const IdentityState__Holder *holder); /* NULL: as it was */
IdentityState__Holder *identity_signing_holder(struct mc_txn *txn,
                                               const IdentityState__Signing *signing);
void identity_signing_refuse(struct mc_txn *txn, struct mc_bytes id,
                             IdentityState__Signing *signing, const char *code);
void identity_signing_emit(struct mc_txn *txn, const char *type, struct mc_bytes id,
                           const IdentityState__Signing *signing, struct mc_bytes account,
                           const IdentityState__Holder *holder); /* NULL: not known yet */
void identity_signing_fill(struct mc_txn *txn, struct mc_bytes id,
                           const IdentityState__Signing *signing, Identity__Signing *rep);

/*
 * A signature has come, from a token, a SIM or an app. It is judged; when it is right the authority
 * is asked. The text is used up by it, whatever the outcome.
 */
void identity_signing_signed(struct identity *identity, struct mc_txn *txn, struct mc_bytes id,
                             IdentityState__Signing *signing, struct mc_bytes signature);

/*
 * Accepted, in time, for this purpose and by this session: its holder. NULL and the call refused
 * when not. What comes of it then ends it with identity_signing_spend().
 */
IdentityState__Signing *identity_signing_accepted(struct mc_txn *txn, struct mc_bytes id,
                                                  Identity__SigningPurpose purpose,
                                                  IdentityState__Holder **ret_holder);
void identity_signing_spend(struct mc_txn *txn, struct mc_bytes id, IdentityState__Signing *signing,
                            struct mc_bytes account);

/* The account of one of the holder's numbers; false when there is none. */
bool identity_holder_account(struct mc_txn *txn, const IdentityState__Holder *holder,
                             struct mc_bytes *ret_account);

/*
 * A strong proof (IAL3): the owner of this account signed for this purpose and this request
 * (`subject`, as StartSigning got it). True once; then it is spent. False and the call refused
 * when it does not hold. For changing a lost phone, a forgotten password and the like.
 */
struct identity_strong_claim {
    Identity__SigningPurpose purpose;
    struct mc_bytes account;
    struct mc_bytes subject;
};
bool identity_strong_proof(struct mc_txn *txn, ProtobufCBinaryData signing_id,
                           const struct identity_strong_claim *claim);

/* Effects: is the certificate still good? By the responder, or by the list when that is away. */
void identity_revocation_ask(struct identity *identity, struct mc_txn *txn, struct mc_bytes id,
                             IdentityState__Signing *signing, const IdentityState__Holder *holder);
enum mc_status identity_ocsp_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                     const ProtobufCMessage *payload,
                                     struct mc_http_request *ret_request);
enum mc_status identity_ocsp_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                  const ProtobufCMessage *payload, const struct mc_result *result,
                                  enum mc_verdict *ret_verdict);
enum mc_status identity_crl_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                    const ProtobufCMessage *payload,
                                    struct mc_http_request *ret_request);
enum mc_status identity_crl_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                 const ProtobufCMessage *payload, const struct mc_result *result,
                                 enum mc_verdict *ret_verdict);

/* Boot and housekeeping. */
mc_nodiscard enum mc_status identity_signing_boot(struct identity *identity, char *why,
                                                  size_t why_size);
void identity_signing_close_methods(struct identity *identity); /* once the tables are read */
void identity_signing_stop(struct identity *identity);
void identity_signings_expire(const struct identity *identity, struct mc_txn *txn);

/* Handlers, one file each. */
enum mc_status identity_start_signing(struct identity *identity, struct mc_txn *txn,
                                      const Identity__StartSigningRequest *req,
                                      Identity__Signing *rep);
enum mc_status identity_submit_signature(struct identity *identity, struct mc_txn *txn,
                                         const Identity__SubmitSignatureRequest *req,
                                         Identity__Signing *rep);
enum mc_status identity_get_signing(struct identity *identity, struct mc_txn *txn,
                                    const Identity__GetSigningRequest *req, Identity__Signing *rep);
enum mc_status identity_register_by_certificate(struct identity *identity, struct mc_txn *txn,
                                                const Identity__RegisterByCertificateRequest *req,
                                                Identity__RegisterByCertificateReply *rep);
enum mc_status identity_login_by_certificate(struct identity *identity, struct mc_txn *txn,
                                             const Identity__LoginByCertificateRequest *req,
                                             Identity__SessionReply *rep);
enum mc_status identity_get_signing_guide(struct identity *identity, struct mc_txn *txn,
                                          const Identity__GetSigningGuideRequest *req,
                                          Identity__SigningGuide *rep);
enum mc_status identity_get_signing_evidence(struct identity *identity, struct mc_txn *txn,
                                             const Identity__GetSigningEvidenceRequest *req,
                                             Identity__SigningEvidence *rep);
