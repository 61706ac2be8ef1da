/*
 * Files: uploads until something uses them, then files of a request.
 *
 *     files:     file id                                    -> File
 *     pieces:    file id (16) ‖ number, big-endian (8)      -> sealed bytes, SUPPORT_CHUNK of plain
 *     uploads:   account id (16) ‖ file id (16)             -> nothing; not used yet
 *     file_ends: due time, big-endian (8) ‖ file id (16)    -> account id (16)
 *
 * The pieces lie in the store, as papers' do in the dossier room: what a record refers to is on
 * disk if and only if the record is. A file belongs to one thing for ever; one that nothing uses
 * goes when its time is over.
 */
#include <string.h>

#include "common/retention.h"

#include "support.h"

static struct mc_bytes piece_key(struct mc_txn *txn, ProtobufCBinaryData id, uint64_t number)
{
    return mc_key_join(txn, mc_key_bytes(id), mc_key_u64(txn, number));
}

void support_piece_put(struct mc_txn *txn, ProtobufCBinaryData id, uint64_t number,
                       struct mc_bytes plain, uint8_t ret_hash[MC_HASH_LEN])
{
    mc_hash(ret_hash, plain);
    mc_put(txn, SUPPORT_PIECES, piece_key(txn, id, number),
           mc_key_bytes(mc_seal_bytes(txn, plain)));
}

SupportState__File *support_file_load(struct mc_txn *txn, struct mc_bytes id)
{
    return id.len == MC_ID_LEN ? mc_load(txn, SUPPORT_FILES, id, &support_state__file__descriptor)
                               : NULL;
}

SupportState__File *support_upload_open(struct mc_txn *txn, ProtobufCBinaryData id)
{
    SupportState__File *file = support_file_load(txn, mc_key_bytes(id));

    if (txn->status == MC_OK &&
        (file == NULL || file->ends_at_ms == 0 || file->ends_at_ms <= txn->now_ms ||
         strcmp(file->by, support_actor(txn)) != 0)) {
        (void)mc_refuse(txn, MC_NOT_FOUND, "file_id", "UPLOAD_NOT_FOUND", NULL);
        return NULL;
    }
    return txn->status == MC_OK ? file : NULL;
}

void support_upload_save(struct mc_txn *txn, ProtobufCBinaryData id, const SupportState__File *file)
{
    mc_save(txn, SUPPORT_FILES, mc_key_bytes(id), &file->base);
}

static char *hex_of(struct mc_txn *txn, ProtobufCBinaryData hash)
{
    char text[2 * MC_HASH_LEN + 1] = "";

    if (hash.len == MC_HASH_LEN)
        (void)mc_hex(text, mc_key_bytes(hash));
    return support_text(txn, text);
}

void support_upload_answer(struct mc_txn *txn, ProtobufCBinaryData id,
                           const SupportState__File *file, Support__UploadReply *rep)
{
    rep->file_id = id;
    rep->size = file->size;
    rep->received = file->received;
    rep->part_size = SUPPORT_CHUNK;
    rep->ends_at_ms = file->ends_at_ms;
    rep->content_type = file->content_type;
    rep->sha256 = hex_of(txn, file->sha256);
}

/* It is in use from now on: no list of uploads has it, and no end. */
static void use(struct mc_txn *txn, enum support_kind kind, struct mc_bytes owner,
                ProtobufCBinaryData id, SupportState__File *file)
{
    struct mc_bytes end =
        mc_key_join(txn, mc_key_u64(txn, (uint64_t)file->ends_at_ms), mc_key_bytes(id));
    struct mc_bytes account;

    if (mc_get(txn, SUPPORT_FILE_ENDS, end, &account))
        mc_drop(txn, SUPPORT_UPLOADS, mc_key_join(txn, account, mc_key_bytes(id)));
    mc_drop(txn, SUPPORT_FILE_ENDS, end);
    file->ends_at_ms = 0;
    file->at_ms = txn->now_ms;
    file->user_kind = (uint32_t)kind;
    file->user = support_bytes(owner);
    file->hasher = (ProtobufCBinaryData){0};
    support_upload_save(txn, id, file);
}

static uint64_t size_of(struct mc_txn *txn, size_t n, const ProtobufCBinaryData *ids)
{
    uint64_t size = 0;

    for (size_t i = 0; i < n; i++) {
        const SupportState__File *file = support_file_load(txn, mc_key_bytes(ids[i]));

        size += file != NULL ? file->size : 0;
    }
    return size;
}

static void use_one(struct mc_txn *txn, enum support_kind kind, struct mc_bytes owner,
                    ProtobufCBinaryData id, uint64_t *size)
{
    SupportState__File *file = support_upload_open(txn, id);

    if (file == NULL)
        return;
    *size += file->size;
    support_scan_check(txn, "file_ids", file);
    if (file->sha256.len != MC_HASH_LEN)
        (void)mc_refuse(txn, MC_EXPIRED, "file_ids", "UPLOAD_INCOMPLETE", NULL);
    else if (*size > SUPPORT_FILES_SIZE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "file_ids", "SUPPORT_FILES_TOO_LARGE", "max",
                        support_printf(txn, "%d", SUPPORT_FILES_SIZE_MAX >> 20), NULL);
    else if (txn->status == MC_OK)
        use(txn, kind, owner, id, file);
}

void support_files_use(struct mc_txn *txn, enum support_kind kind, struct mc_bytes owner,
                       size_t n_new, const ProtobufCBinaryData *new_ids, size_t *n_ids,
                       ProtobufCBinaryData **ids)
{
    ProtobufCBinaryData *all =
        support_alloc(txn, (*n_ids + n_new + 1) * sizeof(ProtobufCBinaryData));

    if (n_new == 0 || all == NULL)
        return;
    if (*n_ids + n_new > SUPPORT_FILES_MAX) {
        (void)mc_refuse(txn, MC_INVALID, "file_ids", "SUPPORT_FILES_TOO_MANY", "max",
                        support_printf(txn, "%d", SUPPORT_FILES_MAX), NULL);
        return;
    }
    uint64_t size = size_of(txn, *n_ids, *ids);
    for (size_t i = 0; i < *n_ids; i++)
        all[i] = (*ids)[i];
    for (size_t i = 0; i < n_new && txn->status == MC_OK; i++) {
        use_one(txn, kind, owner, new_ids[i], &size);
        all[(*n_ids)++] = new_ids[i];
    }
    *ids = all;
}

Support__File **support_files_show(struct mc_txn *txn, size_t n, const ProtobufCBinaryData *ids)
{
    Support__File **rows = (Support__File **)support_rows(txn, n, sizeof(Support__File));

    for (size_t i = 0; rows != NULL && i < n; i++) {
        const SupportState__File *file = support_file_load(txn, mc_key_bytes(ids[i]));

        support__file__init(rows[i]);
        rows[i]->file_id = ids[i];
        if (file == NULL) {
            (void)mc_fail(txn, MC_CORRUPT, "file missing");
            break;
        }
        rows[i]->file_name = mc_open_text(txn, file->name);
        rows[i]->content_type = file->content_type;
        rows[i]->size = file->size;
        rows[i]->sha256 = hex_of(txn, file->sha256);
        rows[i]->by = file->by;
        rows[i]->at_ms = file->at_ms;
        rows[i]->forgotten_at_ms = file->forgotten_at_ms;
        rows[i]->scan = (Motcua__Scan)file->scan;
        rows[i]->malware = file->malware;
    }
    return rows;
}

static struct mc_bytes fault(struct mc_txn *txn, const char *why)
{
    (void)mc_fail(txn, MC_CORRUPT, why);
    return (struct mc_bytes){0};
}

/* One piece, as it was put in. */
static struct mc_bytes piece_get(struct mc_txn *txn, ProtobufCBinaryData id,
                                 const SupportState__File *file, uint64_t number)
{
    uint64_t len = MC_MIN(file->size - number * SUPPORT_CHUNK, (uint64_t)SUPPORT_CHUNK);
    struct mc_bytes sealed;
    uint8_t found[MC_HASH_LEN];

    if (!mc_get(txn, SUPPORT_PIECES, piece_key(txn, id, number), &sealed))
        return fault(txn, "file piece missing");
    struct mc_bytes plain = mc_open_bytes(txn, support_bytes(sealed));
    if (plain.len != len || (number + 1) * MC_HASH_LEN > file->piece_hashes.len)
        return fault(txn, "file piece length");
    mc_hash(found, plain);
    if (memcmp(found, file->piece_hashes.data + number * MC_HASH_LEN, MC_HASH_LEN) != 0)
        return fault(txn, "file piece hash");
    return plain;
}

struct mc_bytes support_file_range(struct mc_txn *txn, ProtobufCBinaryData id,
                                   const SupportState__File *file, uint64_t offset, uint64_t len)
{
    uint64_t want = offset < file->size ? MC_MIN(len, file->size - offset) : 0;
    uint8_t *out = support_alloc(txn, want + 1);
    uint64_t have = 0;

    while (out != NULL && have < want) {
        uint64_t at = offset + have;
        size_t skip = (size_t)(at % SUPPORT_CHUNK);
        struct mc_bytes piece = piece_get(txn, id, file, at / SUPPORT_CHUNK);

        if (piece.len <= skip)
            return fault(txn, "file piece");
        size_t take = MC_MIN(piece.len - skip, (size_t)(want - have));
        memcpy(out + have, (const uint8_t *)piece.data + skip, take);
        have += take;
    }
    return out != NULL ? (struct mc_bytes){out, have} : (struct mc_bytes){0};
}

void support_pieces_drop(struct mc_txn *txn, struct mc_bytes id, const SupportState__File *file)
{
    for (uint64_t i = 0; i * SUPPORT_CHUNK < file->received; i++)
        mc_drop(txn, SUPPORT_PIECES, piece_key(txn, support_bytes(id), i));
}

void support_file_drop(struct mc_txn *txn, struct mc_bytes id)
{
    const SupportState__File *file = support_file_load(txn, id);

    if (file != NULL)
        support_pieces_drop(txn, id, file);
    mc_drop(txn, SUPPORT_FILES, id);
}

enum mc_status support_collect_files(struct support *support, struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, SUPPORT_FILE_ENDS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    uint64_t gone = 0;

    (void)support;
    for (int i = 0; i < SUPPORT_COLLECT_ROWS && mc_next(&cursor); i++) {
        const uint8_t *key = cursor.key.data;
        uint64_t due = 0;

        if (cursor.key.len != 8 + MC_ID_LEN || cursor.value.len != MC_ID_LEN)
            return mc_fail(txn, MC_CORRUPT, "file end");
        for (int b = 0; b < 8; b++)
            due = due << 8 | key[b];
        if ((int64_t)due > txn->now_ms)
            break;
        struct mc_bytes id = mc_keep(txn, key + 8, MC_ID_LEN);
        mc_drop(txn, SUPPORT_UPLOADS, mc_key_join(txn, cursor.value, id));
        support_file_drop(txn, id);
        mc_drop(txn, SUPPORT_FILE_ENDS, cursor.key);
        gone++;
    }
    mc_retention_count(txn, "uploads", gone);
    return txn->status;
}
