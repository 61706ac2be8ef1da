/*
 * Proofs: what the otp room signed about a phone. Verified here without a call. A proof may be
 * shown again; it is spent by the registration or sign-in it names, which moves on once.
 */
#include <string.h>

#include "identity.h"

static const Otp__Proof *open_proof(struct identity *identity, struct mc_txn *txn,
                                    const char *proof)
{
    struct mc_bytes payload;

    if (!mc_signers_ready(&identity->proofs, identity->boot, "otp", txn->now_ms)) {
        (void)mc_refuse(txn, MC_BUSY, "", "BUSY", NULL);
        return NULL;
    }
    enum mc_status status =
        mc_token_open(&identity->proofs.verifier, txn->arena, mc_key_text(proof), &payload);

    if (status == MC_FULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    if (status != MC_OK)
        return NULL;
    return otp__proof__unpack(&txn->arena->protobuf, payload.len, payload.data);
}

bool identity_proof_holds(struct identity *identity, struct mc_txn *txn, const char *proof,
                          const struct identity_claim *claim, const char **ret_code)
{
    const Otp__Proof *said = open_proof(identity, txn, proof);

    *ret_code = "PROOF_INVALID";
    if (said == NULL || strcmp(said->type, "otp.proof") != 0 || said->purpose != claim->purpose ||
        said->subject.len != claim->subject.len)
        return false;
    if (memcmp(said->subject.data, claim->subject.data, claim->subject.len) != 0)
        return false;
    if (strcmp(said->phone, claim->phone) != 0)
        return false;
    *ret_code = "PROOF_EXPIRED";
    return said->expires_at_ms > txn->now_ms;
}
