/* GetSigning: what a waiting screen shows. Who has the id began it. */
#include "signing.h"

enum mc_status identity_get_signing(struct identity *identity, struct mc_txn *txn,
                                    const Identity__GetSigningRequest *req, Identity__Signing *rep)
{
    (void)identity;
    struct mc_bytes id = mc_key_bytes(req->signing_id);
    IdentityState__Signing *signing = identity_signing_load(txn, id);

    if (signing == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "signing_id", "SIGNING_EXPIRED", NULL);
    if (signing->state == IDENTITY__SIGNING_STATE__SIGNING_AWAITED)
        signing->holder = (ProtobufCBinaryData){0}; /* it holds no certificate yet */
    identity_signing_fill(txn, id, signing, rep);
    return txn->status;
}
