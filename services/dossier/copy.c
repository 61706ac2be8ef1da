/*
 * Copy: a new draft with the content and papers of one's own dossier. What was refused cannot be
 * reopened (S19); what was typed and scanned for it need not be done again.
 */
#include <string.h>

#include "dossier.h"

static void take_over(struct mc_txn *txn, const DossierState__Dossier *from,
                      DossierState__Dossier *to)
{
    to->procedure_code = from->procedure_code;
    to->procedure_name = from->procedure_name;
    to->sector = from->sector;
    to->unit = from->unit;
    to->unit_name = from->unit_name;
    to->abstract = from->abstract;
    to->form = from->form;
    to->form_code = from->form_code;
    to->form_version = from->form_version;
    to->papers = from->papers; /* their content lies under its hash, once */
    to->n_papers = from->n_papers;
    to->papers_size = from->papers_size;
    to->copied_from = from->dossier_id;
    for (size_t i = 0; i < to->n_papers; i++)
        dossier_file_hold(txn, mc_key_bytes(to->papers[i]->sha256));
}

enum mc_status dossier_copy(struct dossier *dossier, struct mc_txn *txn,
                            const Dossier__CopyRequest *req, Dossier__DossierReply *rep)
{
    struct dossier_open from = {0};
    struct dossier_open to = {0};

    if (dossier_open(txn, req->dossier_id, "", &from) != MC_OK)
        return txn->status;
    if (from.actor != DOSSIER_BY_CITIZEN)
        return mc_refuse(txn, MC_DENIED, "", "DOSSIER_NOT_YOURS", NULL);
    if (dossier_procedure_find(&dossier->catalogue, from.record->procedure_code) == NULL)
        return mc_refuse(txn, MC_EXPIRED, "", "PROCEDURE_UNKNOWN", NULL);
    dossier_begin(txn, dossier_session_account(txn), &to);
    if (txn->status != MC_OK || to.record == NULL)
        return txn->status;
    take_over(txn, from.record, to.record);
    dossier_form_bind(dossier, txn, &to, "", 0);
    if (txn->status != MC_OK)
        return txn->status;
    dossier_save(txn, &to);
    dossier_tell(txn, &to, "dossier.drafted", "");
    dossier_fill_reply(dossier, txn, &to, rep);
    return txn->status;
}
