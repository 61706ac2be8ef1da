/*
 * ReportSync: whoever carries dossiers to the national portal or a partner says how it went. It is
 * no change of the dossier: its version and history stay as they are.
 *
 *     unsynced: time of the first change not carried, big-endian; dossier id -> nothing
 */
#include <string.h>

#include "dossier.h"

static struct mc_bytes unsynced_key(struct mc_txn *txn, const DossierState__Dossier *record)
{
    return mc_key_join(txn, mc_key_u64(txn, (uint64_t)record->sync->unsynced_since_ms),
                       mc_key_bytes(record->dossier_id));
}

void dossier_sync_changed(struct mc_txn *txn, DossierState__Dossier *record)
{
    if (record->state == DOSSIER__STATE__DRAFT)
        return;
    if (record->sync == NULL) {
        record->sync = dossier_alloc(txn, sizeof *record->sync);
        if (record->sync == NULL)
            return;
        dossier_state__sync__init(record->sync);
    }
    record->sync->state = DOSSIER__SYNC_STATE__SYNC_PENDING;
    if (record->sync->unsynced_since_ms != 0)
        return;
    record->sync->unsynced_since_ms = txn->now_ms;
    mc_put(txn, DOSSIER_UNSYNCED, unsynced_key(txn, record), (struct mc_bytes){0});
}

enum mc_status dossier_report_sync(struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__ReportSyncRequest *req,
                                   Dossier__ReportSyncReply *rep)
{
    struct dossier_open open = {0};
    char *problem = dossier_line(txn, "problem", req->problem, DOSSIER_SYNC_PROBLEM_CHARS_MAX);

    (void)dossier;
    if (problem == NULL)
        return txn->status;
    enum mc_status status = dossier_open_any(txn, req->dossier_id, "", &open);
    if (status == MC_NOT_FOUND || (status == MC_OK && open.record->sync == NULL))
        return mc_refuse(txn, MC_NOT_FOUND, "", "DOSSIER_NOT_FOUND", NULL);
    if (status != MC_OK)
        return status;
    DossierState__Sync *sync = open.record->sync;
    if (req->version > open.record->version)
        return mc_refuse(txn, MC_INVALID, "version", "STALE_VERSION", NULL);
    if (problem[0] != '\0') {
        sync->state = DOSSIER__SYNC_STATE__SYNC_FAILED;
    } else if (req->version > sync->version) {
        sync->version = req->version;
        sync->synced_at_ms = txn->now_ms;
    }
    sync->problem = problem;
    if (problem[0] == '\0' && sync->version == open.record->version) {
        if (sync->unsynced_since_ms != 0)
            mc_drop(txn, DOSSIER_UNSYNCED, unsynced_key(txn, open.record));
        sync->unsynced_since_ms = 0;
        sync->state = DOSSIER__SYNC_STATE__SYNC_DONE;
    }
    mc_save(txn, DOSSIER_DOSSIERS, mc_key_bytes(open.record->dossier_id), &open.record->base);
    rep->state = (Dossier__SyncState)sync->state;
    return txn->status;
}

static Dossier__Unsynced *row_of(struct mc_txn *txn, struct mc_bytes key)
{
    Dossier__Unsynced *row = dossier_alloc(txn, sizeof *row);
    struct dossier_open open = {0};
    struct mc_bytes id = mc_keep(txn, (const uint8_t *)key.data + sizeof(uint64_t), MC_ID_LEN);

    if (row == NULL || id.len != MC_ID_LEN)
        return NULL;
    if (dossier_open_any(txn, (ProtobufCBinaryData){id.len, mc_unconst(id.data)}, "", &open) !=
            MC_OK ||
        open.record->sync == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "unsynced index");
        return NULL;
    }
    dossier__unsynced__init(row);
    row->dossier_id = open.record->dossier_id;
    row->code = open.record->code;
    row->version = open.record->version;
    row->synced_version = open.record->sync->version;
    row->since_ms = open.record->sync->unsynced_since_ms;
    row->problem = open.record->sync->problem;
    return row;
}

enum mc_status dossier_list_unsynced(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__ListUnsyncedRequest *req,
                                     Dossier__ListUnsyncedReply *rep)
{
    struct dossier_page page;

    (void)dossier;
    if (!dossier_page_of(txn, (struct mc_bytes){0}, sizeof(uint64_t) + MC_ID_LEN, req->page_size,
                         req->page_token, &page))
        return txn->status;
    rep->dossiers = dossier_list(txn, page.size);
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_UNSYNCED, page.prefix, page.from, MC_FORWARD);
    while (rep->dossiers != NULL && mc_next(&cursor)) {
        bool taken = page.from.len == cursor.key.len &&
                     memcmp(page.from.data, cursor.key.data, cursor.key.len) == 0;

        if (taken) /* the last row of the page before */
            continue;
        if (rep->n_dossiers == page.size) {
            rep->next_page_token = page.last;
            break;
        }
        Dossier__Unsynced *row = row_of(txn, cursor.key);
        if (row == NULL)
            break;
        rep->dossiers[rep->n_dossiers++] = row;
        dossier_page_at(txn, &page, cursor.key);
    }
    return txn->status;
}
