/* ListPaperUses: who used or read a paper, when and why, newest first: for its holder. */
#include "dossier.h"

static bool add_row(struct mc_txn *txn, const struct mc_cursor *cursor,
                    Dossier__ListPaperUsesReply *rep)
{
    const DossierState__PaperUse *use = mc_row(cursor, &dossier_state__paper_use__descriptor);
    Dossier__PaperUse *row = use != NULL ? dossier_alloc(txn, sizeof *row) : NULL;

    if (row == NULL)
        return false;
    dossier__paper_use__init(row);
    row->at_ms = use->at_ms;
    row->how = use->how;
    row->by = use->by;
    row->unit = use->unit;
    row->purpose = use->purpose;
    row->dossier_id = use->dossier_id;
    row->procedure_name = use->procedure_name;
    rep->uses[rep->n_uses++] = row;
    return true;
}

enum mc_status dossier_list_paper_uses(struct dossier *dossier, struct mc_txn *txn,
                                       const Dossier__ListPaperUsesRequest *req,
                                       Dossier__ListPaperUsesReply *rep)
{
    struct dossier_stored stored = {0};
    struct dossier_page page;

    (void)dossier;
    if (dossier_stored_open(txn, req->paper_id, NULL, &stored) != MC_OK)
        return txn->status;
    if (!stored.holder)
        return mc_refuse(txn, MC_DENIED, "", "PAPER_NOT_YOURS", NULL);
    if (!dossier_page_of(txn, stored.id, MC_ID_LEN, req->page_size, req->page_token, &page))
        return txn->status;
    rep->uses = dossier_list(txn, page.size);
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_PAPER_USES, page.prefix, page.from, MC_BACKWARD);
    while (rep->uses != NULL && mc_next(&cursor)) {
        if (rep->n_uses == page.size) {
            rep->next_page_token = page.last;
            break;
        }
        if (!add_row(txn, &cursor, rep))
            break;
        dossier_page_at(txn, &page, cursor.key);
    }
    return txn->status;
}
