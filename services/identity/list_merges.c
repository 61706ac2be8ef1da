/* ListMerges: proposals and what became of them, newest first; for the top administrator. */
#include "account.h"
#include "officer.h"

static bool add_row(struct mc_txn *txn, const struct mc_cursor *cursor, uint32_t wanted,
                    Identity__ListMergesReply *rep)
{
    const IdentityState__Merge *merge = mc_row(cursor, &identity_state__merge__descriptor);
    Identity__Merge *row = mc_alloc(txn->arena, sizeof *row);

    if (merge == NULL || row == NULL)
        return mc_fail(txn, MC_FULL, "arena") == MC_OK;
    if (wanted != 0 && merge->state != wanted)
        return true;
    identity__merge__init(row);
    identity_merge_fill(txn, cursor->key, merge, row);
    rep->merges[rep->n_merges++] = row;
    return txn->status == MC_OK;
}

enum mc_status identity_list_merges(struct identity *identity, struct mc_txn *txn,
                                    const Identity__ListMergesRequest *req,
                                    Identity__ListMergesReply *rep)
{
    struct identity_grantor grantor;
    size_t size = 0;

    if (!identity_page_size(txn, req->page_size, IDENTITY_PAGE_MAX, &size) ||
        !identity_grantor_find(identity, txn, &grantor))
        return txn->status;
    if (!grantor.everywhere)
        return mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", "right", "APCA_ADMIN", NULL);
    if (req->before.len != 0 && req->before.len != MC_ID_LEN)
        return mc_refuse(txn, MC_INVALID, "before", "PAGE_TOKEN_INVALID", NULL);
    rep->merges = mc_alloc(txn->arena, size * sizeof(Identity__Merge *));
    if (rep->merges == NULL)
        return mc_fail(txn, MC_FULL, "arena");
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_MERGES, (struct mc_bytes){0}, mc_key_bytes(req->before), MC_BACKWARD);
    struct mc_bytes last = {0};
    for (size_t seen = 0; mc_next(&cursor); seen++) {
        if (rep->n_merges == size || seen == IDENTITY_MERGE_SCAN) {
            rep->next_before = identity_data(last);
            break;
        }
        if (!add_row(txn, &cursor, (uint32_t)req->state, rep))
            break;
        last = cursor.key;
    }
    return txn->status;
}
