/* SignCertifiedCopy: by who may certify (chairman, head of the justice office); never by who made
 * the copy. His name stands below the words of certification. */
#include <string.h>

#include "dossier.h"

enum mc_status dossier_sign_certified_copy(struct dossier *dossier, struct mc_txn *txn,
                                           const Dossier__CertifiedCopyRequest *req,
                                           Dossier__CertifiedCopy *rep)
{
    struct dossier_open open = {0};
    struct dossier_copy_open copy;

    (void)dossier;
    if (dossier_copy_open(txn, req, &open, &copy) != MC_OK)
        return txn->status;
    if (copy.record->state != DOSSIER__COPY_STATE__COPY_CREATED)
        return mc_refuse(txn, MC_EXPIRED, "copy_id", "COPY_STATE", NULL);
    if (strcmp(copy.record->created_by, txn->caller->account_id) == 0)
        return mc_refuse(txn, MC_DENIED, "copy_id", "COPY_SAME_PERSON", NULL);
    copy.record->state = DOSSIER__COPY_STATE__COPY_SIGNED;
    copy.record->signed_at_ms = txn->now_ms;
    copy.record->signed_by = mc_unconst(txn->caller->account_id);
    dossier_copy_step(txn, &copy, open.record, "dossier.copy_signed", rep);
    return txn->status;
}
