/*
 * Supplements that are not answered in time: what was accepted is stopped (5->8), what was not is
 * refused (5->3), by the system, with the reason that the citizen is told.
 *
 *     supplements: answer by, big-endian; dossier id -> nothing
 *
 * A dossier that waits for money does not end by itself: for land the law leaves that to an
 * officer.
 */
#include <string.h>

#include "common/messages.h"

#include "dossier.h"

enum { ROWS_PER_TICK = 50 };

static struct mc_bytes watch_key(struct mc_txn *txn, const DossierState__Dossier *record)
{
    return mc_key_join(txn, mc_key_u64(txn, (uint64_t)record->supplement->answer_by_ms),
                       mc_key_bytes(record->dossier_id));
}

void dossier_supplement_watch(struct mc_txn *txn, const DossierState__Dossier *record)
{
    mc_put(txn, DOSSIER_SUPPLEMENTS, watch_key(txn, record), (struct mc_bytes){0});
}

void dossier_supplement_unwatch(struct mc_txn *txn, const DossierState__Dossier *record)
{
    if (record->supplement != NULL)
        mc_drop(txn, DOSSIER_SUPPLEMENTS, watch_key(txn, record));
}

static void expire(struct dossier *dossier, struct mc_txn *txn, ProtobufCBinaryData id)
{
    struct dossier_open open = {0};

    if (dossier_open_any(txn, id, "", &open) != MC_OK)
        return;
    bool waits = open.was == DOSSIER__STATE__SUPPLEMENT_REQUESTED &&
                 open.record->answered_at_ms == 0 && open.record->supplement != NULL &&
                 open.record->supplement->answer_by_ms <= txn->now_ms;
    Dossier__State to =
        open.record->received_at_ms != 0 ? DOSSIER__STATE__STOPPED : DOSSIER__STATE__REFUSED;
    if (waits)
        (void)!dossier_move(dossier, txn, &open, to, mc_message_text("SUPPLEMENT_EXPIRED"));
}

enum mc_status dossier_expire_supplements(struct dossier *dossier, struct mc_txn *txn)
{
    struct mc_bytes now = mc_key_u64(txn, (uint64_t)txn->now_ms);
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_SUPPLEMENTS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    for (int i = 0; i < ROWS_PER_TICK && mc_next(&cursor); i++) {
        if (cursor.key.len != now.len + MC_ID_LEN || memcmp(cursor.key.data, now.data, now.len) > 0)
            break;
        struct mc_bytes id = mc_keep(txn, (const uint8_t *)cursor.key.data + now.len, MC_ID_LEN);
        mc_drop(txn, DOSSIER_SUPPLEMENTS, cursor.key);
        expire(dossier, txn, (ProtobufCBinaryData){id.len, mc_unconst(id.data)});
    }
    return txn->status;
}
