/*
 * Signers far away: a carrier's mobile PKI, which asks for the PIN on the SIM, and a provider that
 * keeps its customers' keys and asks in its app. Only the identity room's files include it.
 */
#pragma once

#include "identity.h"

enum {
    IDENTITY_SIGNER_BACKOFF_MS = 1000,
    IDENTITY_SIGNER_BACKOFF_MAX_MS = 10000,
    IDENTITY_SIGNER_LEASE_MS = 30000, /* longer than identity.signer_timeout can be */
    IDENTITY_SIGNER_ANSWER_MAX = 64 << 10,
    IDENTITY_SIGNER_CALLBACKS_MAX = 8, /* heeded, of one signing: each costs a look */
};

/* Who is to sign; all NULL when a token at hand does. */
struct identity_signer {
    const char *kind;  /* of the job */
    const char *who;   /* the phone, or the account at the provider */
    const char *phone; /* the SIM's, which the PIN proves */
};

/* USB_TOKEN, SIM_PKI, REMOTE_CA: methods that end in a signature. */
bool identity_method_signs(const char *method);
/* Finds and counts who is to sign; refuses the call when he cannot be asked. */
void identity_signer_check(struct mc_txn *txn, const Identity__StartSigningRequest *req,
                           struct identity_signer *ret_signer);
/* Asks him now, and notes the job in the signing, which is the caller's to save; no-op for a token.
 */
void identity_signer_ask(struct mc_txn *txn, struct mc_bytes id, IdentityState__Signing *signing,
                         const struct identity_signer *signer);

/* Effects signer.sim and signer.remote. */
enum mc_status identity_sim_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                    const ProtobufCMessage *payload,
                                    struct mc_http_request *ret_request);
enum mc_status identity_remote_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       struct mc_http_request *ret_request);
enum mc_status identity_signer_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                    const ProtobufCMessage *payload, const struct mc_result *result,
                                    enum mc_verdict *ret_verdict);

enum mc_status identity_signer_callback(struct identity *identity, struct mc_txn *txn,
                                        const Motcua__WebhookRequest *req,
                                        Motcua__WebhookReply *rep);
