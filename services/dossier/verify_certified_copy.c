/*
 * VerifyCertifiedCopy: is the file that was shown the one that was certified? For anybody, without
 * a name of the person: a wrong code, a wrong file and a copy that is not sealed answer alike.
 */
#include <string.h>

#include "dossier.h"

enum mc_status dossier_verify_certified_copy(struct dossier *dossier, struct mc_txn *txn,
                                             const Dossier__VerifyCertifiedCopyRequest *req,
                                             Dossier__VerifyCertifiedCopyReply *rep)
{
    uint8_t key[2 * MC_ID_LEN];
    uint8_t hash[MC_HASH_LEN];

    (void)dossier;
    if (!mc_unhex(key, sizeof key, mc_key_text(req->code)))
        mc_refuse(txn, MC_INVALID, "code", "FIELD_INVALID", "field", "code", NULL);
    if (!mc_unhex(hash, sizeof hash, mc_key_text(req->sha256)))
        mc_refuse(txn, MC_INVALID, "sha256", "FIELD_INVALID", "field", "sha256", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    const DossierState__CertifiedCopy *record =
        mc_load(txn, DOSSIER_COPIES, (struct mc_bytes){key, sizeof key},
                &dossier_state__certified_copy__descriptor);
    if (record == NULL || record->state != DOSSIER__COPY_STATE__COPY_SEALED ||
        !mc_bytes_same(mc_key_bytes(record->sha256), (struct mc_bytes){hash, sizeof hash}))
        return txn->status; /* valid: false, and nothing else */
    rep->valid = true;
    rep->copy_number = record->copy_number;
    rep->unit_name = record->unit_name;
    rep->name = record->name;
    rep->signed_by_name = dossier_owner_name(txn, record->signed_by);
    rep->sealed_at_ms = record->sealed_at_ms;
    return txn->status;
}
