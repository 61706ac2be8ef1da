/*
 * UploadPart: the next part of a file, SUPPORT_CHUNK bytes, the last one what is left. A part that
 * came before is answered as it was then. The first part tells what the file is (SUP-10).
 */
#include <string.h>

#include "support.h"

static enum mc_status check_part(struct mc_txn *txn, const SupportState__File *file,
                                 const Support__UploadPartRequest *req)
{
    uint64_t left = file->size - file->received;

    if (req->offset != file->received)
        return mc_refuse(txn, MC_CONFLICT, "offset", "UPLOAD_GAP", "next",
                         support_printf(txn, "%llu", (unsigned long long)file->received), NULL);
    if (left == 0 || req->content.len != MC_MIN(left, (uint64_t)SUPPORT_CHUNK))
        return mc_refuse(txn, MC_INVALID, "content", "UPLOAD_PART_SIZE", "size",
                         support_printf(txn, "%d", SUPPORT_CHUNK), NULL);
    return MC_OK;
}

/* «Chỉ nhận file .jpg, .mp3, …» by content, never by name. */
static enum mc_status check_type(const struct support *support, struct mc_txn *txn,
                                 SupportState__File *file, struct mc_bytes first)
{
    const char *type = mc_sniff_any(first);
    uint64_t max = type != NULL ? mc_file_max(&support->file_types, type) : 0;

    if (max == 0)
        return mc_refuse(txn, MC_INVALID, "content", "SUPPORT_FILE_TYPES", NULL);
    if (file->size > max)
        return mc_refuse(txn, MC_INVALID, "content", "FILE_TOO_LARGE", "max",
                         support_printf(txn, "%llu", (unsigned long long)max >> 20), NULL);
    file->content_type = mc_unconst(type);
    return MC_OK;
}

/* The hash so far travels in the record: reading all parts again at the end would hold up others.
 */
static void hash_more(struct mc_txn *txn, SupportState__File *file, struct mc_bytes part)
{
    struct mc_bytes kept = mc_open_bytes(txn, file->hasher);
    struct mc_hasher hasher;

    if (kept.len != sizeof hasher.state) {
        (void)mc_fail(txn, MC_CORRUPT, "upload hash");
        return;
    }
    memcpy(hasher.state, kept.data, sizeof hasher.state);
    mc_hasher_add(&hasher, part);
    file->hasher = mc_seal_bytes(txn, (struct mc_bytes){hasher.state, sizeof hasher.state});
    mc_wipe(&hasher, sizeof hasher);
}

static void note_piece(struct mc_txn *txn, SupportState__File *file,
                       const uint8_t hash[MC_HASH_LEN])
{
    size_t len = file->piece_hashes.len;
    uint8_t *hashes = support_alloc(txn, len + MC_HASH_LEN);

    if (hashes == NULL)
        return;
    if (len > 0)
        memcpy(hashes, file->piece_hashes.data, len);
    memcpy(hashes + len, hash, MC_HASH_LEN);
    file->piece_hashes = (ProtobufCBinaryData){len + MC_HASH_LEN, hashes};
}

enum mc_status support_upload_part(struct support *support, struct mc_txn *txn,
                                   const Support__UploadPartRequest *req, Support__UploadReply *rep)
{
    struct mc_bytes part = mc_key_bytes(req->content);
    uint8_t hash[MC_HASH_LEN];
    SupportState__File *file = support_upload_open(txn, req->file_id);

    if (file == NULL)
        return txn->status;
    if (part.len > 0 && req->offset < file->received &&
        part.len <= file->received - req->offset) { /* sent again: it is there */
        support_upload_answer(txn, req->file_id, file, rep);
        return txn->status;
    }
    if (check_part(txn, file, req) != MC_OK ||
        (file->received == 0 && check_type(support, txn, file, part) != MC_OK))
        return txn->status;
    support_piece_put(txn, req->file_id, file->received / SUPPORT_CHUNK, part, hash);
    note_piece(txn, file, hash);
    hash_more(txn, file, part);
    file->received += part.len;
    support_upload_save(txn, req->file_id, file);
    support_upload_answer(txn, req->file_id, file, rep);
    return txn->status;
}
