/* StartUpload: a file will come in parts. */
#include "dossier.h"

/* What the account has under way: bounded, so that nobody fills the store with unused files. */
static void check_open(struct mc_txn *txn, struct mc_bytes account, uint64_t size)
{
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_UPLOADS, account, (struct mc_bytes){0}, MC_FORWARD);
    unsigned uploads = 0;

    while (uploads < DOSSIER_UPLOADS_MAX && mc_next(&cursor)) {
        const DossierState__Upload *upload = mc_row(&cursor, &dossier_state__upload__descriptor);
        if (upload == NULL)
            return;
        uploads++;
        size += upload->size;
        mc_pass(&cursor);
    }
    if (uploads >= DOSSIER_UPLOADS_MAX || size > DOSSIER_UPLOADS_SIZE_MAX)
        mc_refuse(txn, MC_LIMITED, "", "UPLOADS_TOO_MANY", NULL);
}

enum mc_status dossier_start_upload(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__StartUploadRequest *req,
                                    Dossier__UploadReply *rep)
{
    DossierState__Upload record = DOSSIER_STATE__UPLOAD__INIT;
    struct dossier_upload upload = {.record = &record};
    struct mc_hasher hasher;

    if (txn->caller->account_id == NULL)
        return mc_refuse(txn, MC_UNAUTHENTICATED, "", "SESSION_REQUIRED", NULL);
    if (req->size == 0)
        mc_refuse(txn, MC_INVALID, "size", "FIELD_REQUIRED", "field", "size", NULL);
    else if (req->size > dossier->file_types.largest)
        mc_refuse(txn, MC_INVALID, "size", "FILE_TOO_LARGE", "max",
                  dossier_number_text(txn, dossier->file_types.largest >> 20), NULL);
    struct mc_bytes account = dossier_owner_prefix(txn, txn->caller->account_id);
    if (txn->status == MC_OK)
        check_open(txn, account, req->size);
    if (txn->status != MC_OK)
        return txn->status;

    upload.id = mc_new_id(txn);
    upload.key = mc_key_join(txn, account, upload.id);
    mc_hasher_begin(&hasher);
    record.size = req->size;
    record.ends_at_ms = txn->now_ms + dossier->upload_life_ms;
    record.hasher = mc_seal_bytes(txn, (struct mc_bytes){hasher.state, sizeof hasher.state});
    dossier_upload_save(txn, &upload);
    dossier_end_put(txn, record.ends_at_ms, DOSSIER_END_UPLOAD, upload.key);
    dossier_upload_answer(txn, &upload, rep);
    return txn->status;
}
