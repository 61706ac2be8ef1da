/*
 * Papers' contents. A file is kept once, whoever handed it in:
 *
 *     files:  SHA-256 (32)                             ->  DossierState__File
 *     pieces: file id (16) ‖ number, big-endian (8)    ->  sealed bytes, DOSSIER_CHUNK of plain
 * text
 *
 * The pieces lie in the store and not beside it: what a record refers to is on disk if and only if
 * the record is, one flush holds for both, and the write list of a turn is complete. Their keys
 * begin with the id of the upload they came by, so that what is written together lies together;
 * a hash would scatter it. A piece has its hash in the file's record: a range can be read without
 * the rest, and still nothing is given out that was not put in.
 */
#include <string.h>

#include "dossier.h"

static struct mc_bytes fault(struct mc_txn *txn, enum mc_status status, const char *why)
{
    mc_fail(txn, status, why);
    return (struct mc_bytes){NULL, 0};
}

static struct mc_bytes piece_key(struct mc_txn *txn, struct mc_bytes id, uint64_t number)
{
    return mc_key_join(txn, id, mc_key_u64(txn, number));
}

void dossier_piece_put(struct mc_txn *txn, struct mc_bytes id, uint64_t number,
                       struct mc_bytes plain, uint8_t ret_hash[MC_HASH_LEN])
{
    mc_hash(ret_hash, plain);
    mc_put(txn, DOSSIER_PIECES, piece_key(txn, id, number),
           mc_key_bytes(mc_seal_bytes(txn, plain)));
}

void dossier_pieces_drop(struct mc_txn *txn, struct mc_bytes id, uint64_t size)
{
    for (uint64_t number = 0; number * DOSSIER_CHUNK < size; number++)
        mc_drop(txn, DOSSIER_PIECES, piece_key(txn, id, number));
}

struct dossier_file dossier_file_open(struct mc_txn *txn, struct mc_bytes hash)
{
    struct dossier_file file = {.hash = hash};

    if (hash.len == MC_HASH_LEN)
        file.record = mc_load(txn, DOSSIER_FILES, hash, &dossier_state__file__descriptor);
    if (file.record != NULL && (file.record->file_id.len != MC_ID_LEN ||
                                file.record->piece_hashes.len % MC_HASH_LEN != 0)) {
        (void)mc_fail(txn, MC_CORRUPT, "file record");
        file.record = NULL;
    }
    return file;
}

static void refer(struct mc_txn *txn, const struct dossier_file *file)
{
    DossierState__File *record = file->record;

    if (record->ends_at_ms != 0)
        dossier_end_drop(txn, record->ends_at_ms, DOSSIER_END_FILE, file->hash);
    record->ends_at_ms = 0;
    record->references++;
    mc_save(txn, DOSSIER_FILES, file->hash, &record->base);
}

void dossier_file_hold(struct mc_txn *txn, struct mc_bytes hash)
{
    struct dossier_file file = dossier_file_open(txn, hash);

    if (file.record != NULL)
        refer(txn, &file);
    else
        (void)mc_fail(txn, MC_CORRUPT, "file missing");
}

void dossier_file_release(const struct dossier *dossier, struct mc_txn *txn, struct mc_bytes hash)
{
    struct dossier_file file = dossier_file_open(txn, hash);

    if (file.record == NULL || file.record->references == 0) {
        (void)mc_fail(txn, MC_CORRUPT, "file reference");
        return;
    }
    file.record->references--;
    if (file.record->references == 0) {
        file.record->ends_at_ms = txn->now_ms + dossier->orphan_grace_ms;
        dossier_end_put(txn, file.record->ends_at_ms, DOSSIER_END_FILE, hash);
    }
    mc_save(txn, DOSSIER_FILES, hash, &file.record->base);
}

void dossier_file_make(const struct dossier *dossier, struct mc_txn *txn, struct mc_bytes hash,
                       const DossierState__File *made)
{
    struct dossier_file file = dossier_file_open(txn, hash);

    if (file.record != NULL) { /* somebody handed it in before: his pieces do for both */
        dossier_pieces_drop(txn, mc_key_bytes(made->file_id), made->size);
        dossier_scan_ask(dossier, txn, hash, file.record);
        refer(txn, &file);
        return;
    }
    DossierState__File record = *made;
    record.references = 1;
    record.made_at_ms = txn->now_ms;
    dossier_scan_ask(dossier, txn, hash, &record);
    mc_save(txn, DOSSIER_FILES, hash, &record.base);
}

void dossier_file_put(const struct dossier *dossier, struct mc_txn *txn,
                      const uint8_t hash[MC_HASH_LEN], struct mc_bytes content, const char *type)
{
    struct mc_bytes name = mc_keep(txn, hash, MC_HASH_LEN);
    size_t pieces = (content.len + DOSSIER_CHUNK - 1) / DOSSIER_CHUNK;
    uint8_t *hashes = dossier_alloc(txn, pieces * MC_HASH_LEN + 1);
    DossierState__File made = DOSSIER_STATE__FILE__INIT;

    if (name.len == 0 || hashes == NULL)
        return;
    struct dossier_file known = dossier_file_open(txn, name);
    if (known.record != NULL) {
        dossier_scan_ask(dossier, txn, name, known.record);
        refer(txn, &known);
        return;
    }
    struct mc_bytes id = mc_new_id(txn);
    for (size_t i = 0; i < pieces; i++) {
        size_t at = i * DOSSIER_CHUNK;
        size_t len = MC_MIN(content.len - at, (size_t)DOSSIER_CHUNK);

        dossier_piece_put(txn, id, i, (struct mc_bytes){(const uint8_t *)content.data + at, len},
                          hashes + i * MC_HASH_LEN);
    }
    made.file_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    made.size = content.len;
    made.content_type = mc_unconst(type);
    made.piece_hashes = (ProtobufCBinaryData){pieces * MC_HASH_LEN, hashes};
    dossier_file_make(dossier, txn, name, &made);
}

/* One piece, as it was put in. */
static struct mc_bytes piece_get(struct mc_txn *txn, const DossierState__File *file,
                                 uint64_t number)
{
    uint64_t before = number * DOSSIER_CHUNK;
    uint64_t len = MC_MIN(file->size - before, (uint64_t)DOSSIER_CHUNK);
    struct mc_bytes sealed;
    uint8_t found[MC_HASH_LEN];

    if (!mc_get(txn, DOSSIER_PIECES, piece_key(txn, mc_key_bytes(file->file_id), number), &sealed))
        return fault(txn, MC_CORRUPT, "file piece missing");
    struct mc_bytes plain =
        mc_open_bytes(txn, (ProtobufCBinaryData){sealed.len, mc_unconst(sealed.data)});
    if (plain.len != len || (number + 1) * MC_HASH_LEN > file->piece_hashes.len)
        return fault(txn, MC_CORRUPT, "file piece length");
    mc_hash(found, plain);
    if (memcmp(found, file->piece_hashes.data + number * MC_HASH_LEN, MC_HASH_LEN) != 0)
        return fault(txn, MC_CORRUPT, "file piece hash");
    return plain;
}

struct mc_bytes dossier_file_range(struct mc_txn *txn, const DossierState__File *file,
                                   uint64_t offset, uint64_t len)
{
    uint64_t want = offset < file->size ? MC_MIN(len, file->size - offset) : 0;
    uint8_t *out = dossier_alloc(txn, want + 1);
    uint64_t have = 0;

    while (out != NULL && have < want) {
        uint64_t at = offset + have;
        size_t skip = (size_t)(at % DOSSIER_CHUNK);
        struct mc_bytes piece = piece_get(txn, file, at / DOSSIER_CHUNK);

        if (piece.len <= skip)
            return fault(txn, MC_CORRUPT, "file piece");
        size_t take = MC_MIN(piece.len - skip, (size_t)(want - have));
        memcpy(out + have, (const uint8_t *)piece.data + skip, take);
        have += take;
    }
    return out != NULL ? (struct mc_bytes){out, have} : (struct mc_bytes){0};
}

struct mc_bytes dossier_file_get(struct mc_txn *txn, struct mc_bytes hash, uint64_t size)
{
    struct dossier_file file = dossier_file_open(txn, hash);
    uint8_t found[MC_HASH_LEN];

    if (file.record == NULL || file.record->size != size)
        return fault(txn, MC_CORRUPT, "file missing");
    struct mc_bytes content = dossier_file_range(txn, file.record, 0, size);
    if (txn->status != MC_OK)
        return (struct mc_bytes){0};
    mc_hash(found, content);
    if (memcmp(found, hash.data, MC_HASH_LEN) != 0)
        return fault(txn, MC_CORRUPT, "file hash");
    return content;
}
