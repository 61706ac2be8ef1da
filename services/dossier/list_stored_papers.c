/*
 * ListStoredPapers: a citizen's own; for an officer, those of the owner of a dossier that he has in
 * hand, for a purpose and told to the log. By kind and number, as the national store is asked.
 */
#include <string.h>

#include "dossier.h"

static struct mc_bytes holder_of(struct mc_txn *txn, const Dossier__ListStoredPapersRequest *req)
{
    struct dossier_open open = {0};
    Dossier__PapersListed listed = DOSSIER__PAPERS_LISTED__INIT;

    if (req->dossier_id.len == 0 && txn->caller->account_id == NULL)
        mc_refuse(txn, MC_UNAUTHENTICATED, "", "SESSION_REQUIRED", NULL);
    else if (req->dossier_id.len == 0)
        return dossier_holder_of_account(txn, txn->caller->account_id);
    if (txn->status != MC_OK || dossier_open(txn, req->dossier_id, "", &open) != MC_OK ||
        !dossier_check_purpose(txn, open.actor))
        return (struct mc_bytes){0};
    if (open.actor == DOSSIER_BY_OFFICER) {
        listed.dossier_id = open.record->dossier_id;
        listed.by = mc_unconst(txn->actor);
        listed.unit = mc_unconst(txn->caller->unit);
        listed.purpose = txn->header->purpose;
        mc_emit(txn, "dossier.papers_listed", &listed.base, MC_SEALED,
                dossier_keys(txn, open.record));
    }
    return dossier_holder_of_dossier(txn, open.record);
}

static bool fits(const Dossier__ListStoredPapersRequest *req, const Dossier__StoredPaper *paper)
{
    return (req->result_code[0] == '\0' || strcmp(req->result_code, paper->result_code) == 0) &&
           (req->number[0] == '\0' || strcmp(req->number, paper->number) == 0) &&
           (!req->valid_only || paper->state == DOSSIER__PAPER_STATE__PAPER_VALID);
}

enum mc_status dossier_list_stored_papers(struct dossier *dossier, struct mc_txn *txn,
                                          const Dossier__ListStoredPapersRequest *req,
                                          Dossier__ListStoredPapersReply *rep)
{
    (void)dossier;
    struct mc_bytes holder = holder_of(txn, req);

    if (txn->status != MC_OK || holder.len == 0)
        return txn->status; /* whose number we do not know holds nothing */
    rep->papers = dossier_list(txn, DOSSIER_STORED_MAX);
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_HOLDERS, holder, (struct mc_bytes){0}, MC_BACKWARD);
    while (rep->papers != NULL && rep->n_papers < DOSSIER_STORED_MAX && mc_next(&cursor)) {
        struct mc_bytes id = mc_keep(txn, (const uint8_t *)cursor.key.data + holder.len,
                                     cursor.key.len - holder.len);
        const DossierState__StoredPaper *record =
            mc_load(txn, DOSSIER_STORED_PAPERS, id, &dossier_state__stored_paper__descriptor);
        Dossier__StoredPaper *row = record != NULL ? dossier_alloc(txn, sizeof *row) : NULL;

        if (row == NULL)
            return mc_fail(txn, MC_CORRUPT, "holders index");
        dossier_stored_fill(txn, id, record, row);
        if (fits(req, row))
            rep->papers[rep->n_papers++] = row;
    }
    return txn->status;
}
