/* FinishUpload: all parts are there, and are what the sender has. GetUpload: how far it came. */
#include <string.h>

#include "support.h"

enum mc_status support_finish_upload(struct support *support, struct mc_txn *txn,
                                     const Support__FinishUploadRequest *req,
                                     Support__UploadReply *rep)
{
    uint8_t told[MC_HASH_LEN];
    uint8_t hash[MC_HASH_LEN];
    struct mc_hasher hasher;

    if (!mc_unhex(told, sizeof told, mc_key_text(req->sha256)))
        return mc_refuse(txn, MC_INVALID, "sha256", "FIELD_INVALID", "field",
                         support_label("sha256"), NULL);
    SupportState__File *file = support_upload_open(txn, req->file_id);
    if (file == NULL)
        return txn->status;
    if (file->received != file->size)
        return mc_refuse(txn, MC_EXPIRED, "file_id", "UPLOAD_INCOMPLETE", NULL);
    struct mc_bytes kept = mc_open_bytes(txn, file->hasher);
    if (kept.len != sizeof hasher.state)
        return mc_fail(txn, MC_CORRUPT, "upload hash");
    memcpy(hasher.state, kept.data, sizeof hasher.state);
    mc_hasher_end(&hasher, hash);
    if (memcmp(hash, told, sizeof hash) != 0)
        return mc_refuse(txn, MC_CONFLICT, "sha256", "FILE_CHECKSUM", NULL);

    if (file->sha256.len == 0) /* not when it is told once more */
        support_scan_ask(support, txn, req->file_id, file);
    file->sha256 = support_bytes(mc_keep(txn, hash, sizeof hash));
    support_upload_save(txn, req->file_id, file);
    support_upload_answer(txn, req->file_id, file, rep);
    return txn->status;
}

enum mc_status support_get_upload(struct support *support, struct mc_txn *txn,
                                  const Support__GetUploadRequest *req, Support__UploadReply *rep)
{
    const SupportState__File *file = support_upload_open(txn, req->file_id);

    (void)support;
    if (file != NULL)
        support_upload_answer(txn, req->file_id, file, rep);
    return txn->status;
}
