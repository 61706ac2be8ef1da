/*
 * An upload: a file that comes in parts, in order, each kept when it is answered. Whoever was cut
 * off asks how far it came and goes on. It belongs to one account and lives for
 * dossier.upload_life.
 */
#include <string.h>

#include "dossier.h"

enum mc_status dossier_upload_open(struct mc_txn *txn, ProtobufCBinaryData id,
                                   struct dossier_upload *ret_upload)
{
    *ret_upload = (struct dossier_upload){0};
    if (txn->caller->account_id == NULL)
        return mc_refuse(txn, MC_UNAUTHENTICATED, "", "SESSION_REQUIRED", NULL);
    struct mc_bytes account = dossier_owner_prefix(txn, txn->caller->account_id);
    if (txn->status != MC_OK)
        return txn->status;
    if (id.len == MC_ID_LEN) {
        ret_upload->id = mc_key_bytes(id);
        ret_upload->key = mc_key_join(txn, account, ret_upload->id);
        ret_upload->record =
            mc_load(txn, DOSSIER_UPLOADS, ret_upload->key, &dossier_state__upload__descriptor);
    }
    if (txn->status == MC_OK &&
        (ret_upload->record == NULL || ret_upload->record->ends_at_ms <= txn->now_ms))
        return mc_refuse(txn, MC_NOT_FOUND, "upload_id", "UPLOAD_NOT_FOUND", NULL);
    return txn->status;
}

void dossier_upload_save(struct mc_txn *txn, const struct dossier_upload *upload)
{
    mc_save(txn, DOSSIER_UPLOADS, upload->key, &upload->record->base);
}

void dossier_upload_answer(struct mc_txn *txn, const struct dossier_upload *upload,
                           Dossier__UploadReply *rep)
{
    const DossierState__Upload *record = upload->record;
    char sha256[2 * MC_HASH_LEN + 1];

    rep->upload_id = (ProtobufCBinaryData){upload->id.len, mc_unconst(upload->id.data)};
    rep->size = record->size;
    rep->received = record->received;
    rep->part_size = DOSSIER_CHUNK;
    rep->ends_at_ms = record->ends_at_ms;
    rep->content_type = record->content_type;
    if (record->sha256.len == MC_HASH_LEN) {
        (void)mc_hex(sha256, mc_key_bytes(record->sha256));
        rep->sha256 = dossier_text(txn, sha256);
    }
}

enum mc_status dossier_upload_take(struct mc_txn *txn, ProtobufCBinaryData id,
                                   struct dossier_file *ret_file)
{
    struct dossier_upload upload;

    if (dossier_upload_open(txn, id, &upload) != MC_OK || upload.record == NULL)
        return txn->status;
    if (upload.record->sha256.len != MC_HASH_LEN)
        return mc_refuse(txn, MC_EXPIRED, "upload_id", "UPLOAD_INCOMPLETE", NULL);
    *ret_file = dossier_file_open(txn, mc_key_bytes(upload.record->sha256));
    if (ret_file->record == NULL)
        return mc_fail(txn, MC_CORRUPT, "upload without its file");
    dossier_end_drop(txn, upload.record->ends_at_ms, DOSSIER_END_UPLOAD, upload.key);
    mc_drop(txn, DOSSIER_UPLOADS, upload.key);
    return txn->status;
}
