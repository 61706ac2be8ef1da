/*
 * SubmitSignature: what a USB token signed (REG-38, LOG-03). One signature for one text: also a
 * wrong one ends the signing, and is told as an answer, because that must be remembered.
 */
#include <string.h>

#include "signing.h"

enum mc_status identity_submit_signature(struct identity *identity, struct mc_txn *txn,
                                         const Identity__SubmitSignatureRequest *req,
                                         Identity__Signing *rep)
{
    struct mc_bytes id = mc_key_bytes(req->signing_id);
    IdentityState__Signing *signing = identity_signing_load(txn, id);

    if (req->signature.len == 0)
        (void)mc_refuse(txn, MC_INVALID, "signature", "FIELD_REQUIRED", "field", "chữ ký số", NULL);
    else if (req->signature.len > MC_CMS_MAX)
        (void)mc_refuse(txn, MC_INVALID, "signature", "FIELD_TOO_LONG", "field", "Chữ ký số", "max",
                        "32 KiB", NULL);
    if (signing == NULL || strcmp(signing->method, "USB_TOKEN") != 0)
        return mc_refuse(txn, MC_EXPIRED, "signing_id", "SIGNING_EXPIRED", NULL);
    if (signing->state != IDENTITY__SIGNING_STATE__SIGNING_AWAITED)
        return mc_refuse(txn, MC_EXPIRED, "signing_id", "SIGNING_SPENT", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    identity_signing_signed(identity, txn, id, signing, mc_key_bytes(req->signature));
    identity_signing_fill(txn, id, signing, rep);
    return txn->status;
}
