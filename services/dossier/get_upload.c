/* GetUpload: how far it came, for who was cut off. */
#include "dossier.h"

enum mc_status dossier_get_upload(struct dossier *dossier, struct mc_txn *txn,
                                  const Dossier__GetUploadRequest *req, Dossier__UploadReply *rep)
{
    struct dossier_upload upload;

    (void)dossier;
    if (dossier_upload_open(txn, req->upload_id, &upload) == MC_OK)
        dossier_upload_answer(txn, &upload, rep);
    return txn->status;
}
