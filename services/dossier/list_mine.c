/* ListMine: the caller's dossiers, newest first (DOS-05). */
#include <string.h>

#include "dossier.h"

static bool wanted(const Dossier__ListMineRequest *req, Dossier__State state)
{
    for (size_t i = 0; i < req->n_states; i++)
        if (req->states[i] == state)
            return true;
    return req->n_states == 0;
}

static bool add_row(const struct dossier *dossier, struct mc_txn *txn,
                    const Dossier__ListMineRequest *req, struct mc_bytes id,
                    Dossier__ListReply *rep)
{
    const DossierState__Dossier *record = dossier_indexed(txn, id, "owners index");

    if (record == NULL)
        return false;
    if (!wanted(req, (Dossier__State)record->state))
        return true;
    Dossier__DossierSummary *row = dossier_summary(dossier, txn, record, DOSSIER_BY_CITIZEN);
    if (row == NULL)
        return false;
    rep->dossiers[rep->n_dossiers++] = row;
    return true;
}

enum mc_status dossier_list_mine(struct dossier *dossier, struct mc_txn *txn,
                                 const Dossier__ListMineRequest *req, Dossier__ListReply *rep)
{
    size_t size = 0;
    struct mc_bytes before;

    if (txn->caller->account_id == NULL)
        return mc_refuse(txn, MC_UNAUTHENTICATED, "", "SESSION_REQUIRED", NULL);
    struct mc_bytes owner = dossier_owner_prefix(txn, txn->caller->account_id);
    if (!dossier_page(txn, req->page_size, &size) || !dossier_token(txn, req->page_token, &before))
        return txn->status;
    rep->dossiers = dossier_list(txn, size);
    if (rep->dossiers == NULL)
        return txn->status;

    char *last = mc_unconst("");
    struct mc_bytes from = before.len > 0 ? mc_key_join(txn, owner, before) : before;
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_OWNERS, owner, from, MC_BACKWARD);
    for (size_t rows = 0; mc_next(&cursor); rows++) {
        const uint8_t *key = cursor.key.data;
        struct mc_bytes id = {key + owner.len, cursor.key.len - owner.len};

        if (rep->n_dossiers == size || rows == DOSSIER_FILTER_ROWS_MAX) {
            rep->next_page_token = last;
            break;
        }
        if (!add_row(dossier, txn, req, id, rep))
            break;
        last = dossier_token_text(txn, (ProtobufCBinaryData){id.len, mc_unconst(id.data)});
    }
    return txn->status;
}
