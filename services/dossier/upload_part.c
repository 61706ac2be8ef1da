/*
 * UploadPart: the next part of a file, DOSSIER_CHUNK bytes, the last one what is left. A part that
 * came before is answered as it was then; one ahead of its turn is refused. The first part tells
 * what the file is, and whether it may be that large.
 */
#include <string.h>

#include "dossier.h"

static enum mc_status check_part(struct mc_txn *txn, const DossierState__Upload *record,
                                 const Dossier__UploadPartRequest *req)
{
    uint64_t left = record->size - record->received;

    if (req->offset != record->received)
        return mc_refuse(txn, MC_CONFLICT, "offset", "UPLOAD_GAP", "next",
                         dossier_number_text(txn, record->received), NULL);
    if (req->content.len != MC_MIN(left, (uint64_t)DOSSIER_CHUNK) || left == 0)
        return mc_refuse(txn, MC_INVALID, "content", "UPLOAD_PART_SIZE", "size",
                         dossier_number_text(txn, DOSSIER_CHUNK), NULL);
    return MC_OK;
}

static enum mc_status check_type(const struct dossier *dossier, struct mc_txn *txn,
                                 DossierState__Upload *record, struct mc_bytes first)
{
    const char *type = mc_sniff(first);

    if (type == NULL)
        return mc_refuse(txn, MC_INVALID, "content", "FILE_TYPE", NULL);
    uint64_t max = mc_file_max(&dossier->file_types, type);
    if (record->size > max)
        return mc_refuse(txn, MC_INVALID, "content", "FILE_TOO_LARGE", "max",
                         dossier_number_text(txn, max >> 20), NULL);
    record->content_type = mc_unconst(type);
    return MC_OK;
}

/*
 * The hash so far travels in the record, as the library keeps it: reading all parts again at the
 * end would hold up everybody. It is good for this library; after a change of it the last step
 * finds that the hashes differ, and the file is sent again.
 */
static void hash_more(struct mc_txn *txn, DossierState__Upload *record, struct mc_bytes part)
{
    struct mc_bytes kept = mc_open_bytes(txn, record->hasher);
    struct mc_hasher hasher;

    if (kept.len != sizeof hasher.state) {
        (void)mc_fail(txn, MC_CORRUPT, "upload hash");
        return;
    }
    memcpy(hasher.state, kept.data, sizeof hasher.state);
    mc_hasher_add(&hasher, part);
    record->hasher = mc_seal_bytes(txn, (struct mc_bytes){hasher.state, sizeof hasher.state});
    mc_wipe(&hasher, sizeof hasher);
}

static void note_piece(struct mc_txn *txn, DossierState__Upload *record,
                       const uint8_t hash[MC_HASH_LEN])
{
    size_t len = record->piece_hashes.len;
    uint8_t *hashes = dossier_alloc(txn, len + MC_HASH_LEN);

    if (hashes == NULL)
        return;
    if (len > 0)
        memcpy(hashes, record->piece_hashes.data, len);
    memcpy(hashes + len, hash, MC_HASH_LEN);
    record->piece_hashes = (ProtobufCBinaryData){len + MC_HASH_LEN, hashes};
}

enum mc_status dossier_upload_part(struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__UploadPartRequest *req, Dossier__UploadReply *rep)
{
    struct dossier_upload upload;
    struct mc_bytes part = mc_key_bytes(req->content);
    uint8_t hash[MC_HASH_LEN];

    if (dossier_upload_open(txn, req->upload_id, &upload) != MC_OK)
        return txn->status;
    DossierState__Upload *record = upload.record;
    if (part.len > 0 && req->offset < record->received &&
        part.len <= record->received - req->offset) { /* sent again: it is there */
        dossier_upload_answer(txn, &upload, rep);
        return txn->status;
    }
    if (check_part(txn, record, req) != MC_OK ||
        (record->received == 0 && check_type(dossier, txn, record, part) != MC_OK))
        return txn->status;
    dossier_piece_put(txn, upload.id, record->received / DOSSIER_CHUNK, part, hash);
    note_piece(txn, record, hash);
    hash_more(txn, record, part);
    record->received += part.len;
    dossier_upload_save(txn, &upload);
    dossier_upload_answer(txn, &upload, rep);
    return txn->status;
}
