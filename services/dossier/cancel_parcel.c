/* CancelParcel: before the post has collected it, by the owner or an officer who may return (S32).
 */
#include "dossier.h"

enum mc_status dossier_cancel_parcel(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__CancelParcelRequest *req,
                                     Dossier__DossierReply *rep)
{
    struct dossier_open open = {0};

    if (dossier_open(txn, req->dossier_id, "", &open) != MC_OK)
        return txn->status;
    if (open.actor == DOSSIER_BY_OFFICER) {
        if (!dossier_may(txn->caller, DOSSIER_RIGHT_RETURN))
            mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", "right", DOSSIER_RIGHT_RETURN, NULL);
        if (dossier_check_version(txn, &open, req->version) != MC_OK)
            return txn->status;
    }
    DossierState__Parcel *parcel = open.record->parcel;
    if (txn->status != MC_OK)
        return txn->status;
    if (parcel == NULL || parcel->state != DOSSIER__PARCEL_STATE__PARCEL_REGISTERED)
        return mc_refuse(txn, MC_EXPIRED, "", "PARCEL_NOT_CANCELLABLE", NULL);
    parcel->state = DOSSIER__PARCEL_STATE__PARCEL_CANCELLING;
    dossier_parcel_job(txn, open.record, DOSSIER_POST_CANCEL, 0);
    dossier_save(txn, &open);
    dossier_tell(txn, &open, "dossier.parcel_cancelling", "");
    dossier_fill_reply(dossier, txn, &open, rep);
    return txn->status;
}
