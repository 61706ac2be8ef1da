/*
 * Ends: uploads that were never used, and files that nobody refers to any more, by when they go.
 *
 *     file_ends: due time, big-endian (8) ‖ kind (1) ‖ key of its own table  ->  nothing
 *
 * A row here and the record's own word of it are written together. The tick takes what is due, a
 * few at a time: a file of 20 MiB is 80 rows to drop.
 */
#include <string.h>

#include "common/retention.h"

#include "dossier.h"

enum { END_KEY = 9 };

static struct mc_bytes end_key(struct mc_txn *txn, int64_t at_ms, enum dossier_end what,
                               struct mc_bytes key)
{
    uint8_t kind = (uint8_t)what;
    struct mc_bytes front =
        mc_key_join(txn, mc_key_u64(txn, (uint64_t)at_ms), mc_keep(txn, &kind, 1));

    return mc_key_join(txn, front, key);
}

void dossier_end_put(struct mc_txn *txn, int64_t at_ms, enum dossier_end what, struct mc_bytes key)
{
    mc_put(txn, DOSSIER_FILE_ENDS, end_key(txn, at_ms, what, key), mc_key_text(""));
}

void dossier_end_drop(struct mc_txn *txn, int64_t at_ms, enum dossier_end what, struct mc_bytes key)
{
    mc_drop(txn, DOSSIER_FILE_ENDS, end_key(txn, at_ms, what, key));
}

static void end_file(struct mc_txn *txn, struct mc_bytes hash)
{
    struct dossier_file file = dossier_file_open(txn, hash);

    if (file.record == NULL || file.record->references > 0)
        return;
    dossier_pieces_drop(txn, mc_key_bytes(file.record->file_id), file.record->size);
    mc_drop(txn, DOSSIER_FILES, hash);
}

static void end_upload(const struct dossier *dossier, struct mc_txn *txn, struct mc_bytes key)
{
    const DossierState__Upload *upload =
        mc_load(txn, DOSSIER_UPLOADS, key, &dossier_state__upload__descriptor);
    struct mc_bytes id = {(const uint8_t *)key.data + MC_ID_LEN, MC_ID_LEN};

    if (upload == NULL)
        return;
    if (upload->sha256.len > 0)
        dossier_file_release(dossier, txn, mc_key_bytes(upload->sha256));
    else
        dossier_pieces_drop(txn, id, upload->received);
    mc_drop(txn, DOSSIER_UPLOADS, key);
}

static int64_t due_of(struct mc_bytes key)
{
    const uint8_t *at = key.data;
    uint64_t due = 0;

    for (int i = 0; i < 8; i++)
        due = due << 8 | at[i];
    return (int64_t)due;
}

enum mc_status dossier_collect_files(struct dossier *dossier, struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_FILE_ENDS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (int i = 0; i < DOSSIER_COLLECT_ROWS && mc_next(&cursor); i++) {
        const uint8_t *row = cursor.key.data;
        struct mc_bytes key = {row + END_KEY, cursor.key.len - END_KEY};

        if (cursor.key.len <= END_KEY)
            return mc_fail(txn, MC_CORRUPT, "file end");
        if (due_of(cursor.key) > txn->now_ms)
            break;
        if (row[END_KEY - 1] == DOSSIER_END_FILE)
            end_file(txn, key);
        else if (key.len == (size_t)2 * MC_ID_LEN)
            end_upload(dossier, txn, key);
        mc_drop(txn, DOSSIER_FILE_ENDS, cursor.key);
        gone++;
    }
    mc_retention_count(txn, "uploads", gone);
    return txn->status;
}
