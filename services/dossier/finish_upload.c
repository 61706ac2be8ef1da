/* FinishUpload: all parts came, and together they are what the sender has. */
#include <string.h>

#include "dossier.h"

static bool hash_whole(struct mc_txn *txn, const DossierState__Upload *record,
                       uint8_t ret_hash[MC_HASH_LEN])
{
    struct mc_bytes kept = mc_open_bytes(txn, record->hasher);
    struct mc_hasher hasher;

    if (kept.len != sizeof hasher.state) {
        (void)mc_fail(txn, MC_CORRUPT, "upload hash");
        return false;
    }
    memcpy(hasher.state, kept.data, sizeof hasher.state);
    mc_hasher_end(&hasher, ret_hash);
    return true;
}

enum mc_status dossier_finish_upload(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__FinishUploadRequest *req,
                                     Dossier__UploadReply *rep)
{
    struct dossier_upload upload;
    uint8_t told[MC_HASH_LEN];
    uint8_t hash[MC_HASH_LEN];

    if (!mc_unhex(told, sizeof told, mc_key_text(req->sha256)))
        return mc_refuse(txn, MC_INVALID, "sha256", "FIELD_INVALID", "field", "sha256", NULL);
    if (dossier_upload_open(txn, req->upload_id, &upload) != MC_OK)
        return txn->status;
    DossierState__Upload *record = upload.record;
    if (record->sha256.len == 0 && record->received != record->size)
        return mc_refuse(txn, MC_EXPIRED, "upload_id", "UPLOAD_INCOMPLETE", NULL);
    if (record->sha256.len == MC_HASH_LEN)
        memcpy(hash, record->sha256.data, sizeof hash); /* asked again */
    else if (!hash_whole(txn, record, hash))
        return txn->status;
    if (memcmp(hash, told, sizeof hash) != 0)
        return mc_refuse(txn, MC_CONFLICT, "sha256", "FILE_CHECKSUM", NULL);

    if (record->sha256.len == 0) {
        DossierState__File made = DOSSIER_STATE__FILE__INIT;
        struct mc_bytes name = mc_keep(txn, hash, sizeof hash);

        made.file_id = (ProtobufCBinaryData){upload.id.len, mc_unconst(upload.id.data)};
        made.size = record->size;
        made.content_type = record->content_type;
        made.piece_hashes = record->piece_hashes;
        dossier_file_make(dossier, txn, name, &made);
        record->sha256 = (ProtobufCBinaryData){name.len, mc_unconst(name.data)};
        record->piece_hashes = (ProtobufCBinaryData){0};
        record->hasher = (ProtobufCBinaryData){0};
        dossier_upload_save(txn, &upload);
    }
    dossier_upload_answer(txn, &upload, rep);
    return txn->status;
}
