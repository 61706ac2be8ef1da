/* ListRounds: those of the caller's unit, of the units above and of those below; newest first. */
#include "rounds.h"

static bool add(const struct dossier *dossier, struct mc_txn *txn, struct mc_bytes key,
                DossierState__Round *record, Dossier__ListRoundsReply *rep)
{
    const struct dossier_round round = {key, record};
    Dossier__Round *row = dossier_alloc(txn, sizeof *row);

    if (row == NULL)
        return false;
    dossier__round__init(row);
    dossier_round_fill(dossier, txn, &round, row);
    rep->rounds[rep->n_rounds++] = row;
    return txn->status == MC_OK;
}

enum mc_status dossier_list_rounds(struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__ListRoundsRequest *req,
                                   Dossier__ListRoundsReply *rep)
{
    struct dossier_page page;
    size_t seen = 0;

    if (!dossier_page_of(txn, (struct mc_bytes){0}, MC_ID_LEN, req->page_size, req->page_token,
                         &page))
        return txn->status;
    rep->rounds = dossier_list(txn, page.size);
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_ROUNDS, (struct mc_bytes){0}, page.from, MC_BACKWARD);
    while (rep->rounds != NULL && txn->status == MC_OK && mc_next(&cursor)) {
        if (rep->n_rounds == page.size || seen++ == DOSSIER_ROUND_SEEN_MAX) {
            rep->next_page_token = page.last;
            break;
        }
        DossierState__Round *record = mc_row(&cursor, &dossier_state__round__descriptor);
        if (record == NULL)
            break;
        dossier_page_at(txn, &page, cursor.key);
        if (dossier_round_is_seen(txn, record) && !(req->open && record->closed) &&
            !add(dossier, txn, cursor.key, record, rep))
            break;
    }
    return txn->status;
}
