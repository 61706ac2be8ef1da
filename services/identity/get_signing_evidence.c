/*
 * GetSigningEvidence: what a signature was accepted on, for a dispute: the text, the signature with
 * its certificates, the authority's answer of that moment. An operator's, with a reason, and kept.
 */
#include "signing.h"

static const IdentityState__Evidence *find(struct mc_txn *txn, struct mc_bytes id)
{
    const IdentityState__Evidence *evidence = NULL;

    if (id.len == MC_ID_LEN)
        evidence = mc_load(txn, IDENTITY_EVIDENCE, id, &identity_state__evidence__descriptor);
    if (evidence == NULL && id.len == MC_ID_LEN)
        evidence = mc_load(txn, IDENTITY_LOGIN_EVIDENCE, id, &identity_state__evidence__descriptor);
    return evidence;
}

enum mc_status identity_get_signing_evidence(struct identity *identity, struct mc_txn *txn,
                                             const Identity__GetSigningEvidenceRequest *req,
                                             Identity__SigningEvidence *rep)
{
    (void)identity;
    struct mc_bytes id = mc_key_bytes(req->signing_id);
    Identity__EvidenceRead read = IDENTITY__EVIDENCE_READ__INIT;

    identity_check_reason(txn, req->reason);
    if (txn->status != MC_OK)
        return txn->status;
    const IdentityState__Evidence *evidence = find(txn, id);
    if (evidence == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "signing_id", "EVIDENCE_NOT_FOUND", NULL);
    struct mc_bytes plain = mc_open_bytes(txn, evidence->holder);
    const IdentityState__Holder *holder =
        identity_state__holder__unpack(&txn->arena->protobuf, plain.len, plain.data);
    if (txn->status != MC_OK || holder == NULL)
        return mc_fail(txn, MC_CORRUPT, "holder");

    const char *keys[] = {identity_key(txn, "signing", id), NULL};
    read.signing_id = req->signing_id;
    read.reason = req->reason;
    mc_emit(txn, "identity.evidence_read", &read.base, MC_SEALED, keys);
    rep->purpose = (Identity__SigningPurpose)evidence->purpose;
    if (evidence->account.len == MC_ID_LEN) /* none yet: a phone was still to be proved */
        rep->account_id = identity_uuid(txn, mc_key_bytes(evidence->account));
    rep->text = identity_data(mc_key_text(evidence->text));
    rep->signature = holder->signature;
    rep->revocation = holder->revocation;
    rep->revocation_answer = holder->revocation_answer;
    rep->signed_at_ms = holder->signed_at_ms;
    rep->used_at_ms = evidence->used_at_ms;
    return txn->status;
}
