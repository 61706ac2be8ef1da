/*
 * Submit: «Gửi hồ sơ» (DOS-04). A draft becomes NEW. A supplement of a dossier that was never
 * accepted becomes NEW again; of an accepted one it is noted that the citizen has answered, which
 * ends the wait, and an officer resumes.
 */
#include "dossier.h"

static enum mc_status answer_supplement(struct mc_txn *txn, const struct dossier_open *open)
{
    if (open->record->answered_at_ms == 0)
        open->record->answered_at_ms = txn->now_ms;
    dossier_supplement_unwatch(txn, open->record);
    if (open->record->supplement != NULL)
        open->record->supplement->answered_at_ms = txn->now_ms;
    dossier_note(txn, open, "");
    dossier_save(txn, open);
    dossier_tell(txn, open, "dossier.supplemented", "");
    return txn->status;
}

enum mc_status dossier_send(struct dossier *dossier, struct mc_txn *txn, struct dossier_open *open)
{
    bool supplement = open->was == DOSSIER__STATE__SUPPLEMENT_REQUESTED;

    if (open->actor != DOSSIER_BY_CITIZEN)
        return mc_refuse(txn, MC_DENIED, "", "DOSSIER_NOT_YOURS", NULL);
    if (open->was != DOSSIER__STATE__DRAFT && !supplement)
        return mc_refuse(txn, MC_EXPIRED, "", "DOSSIER_SENT_ALREADY", NULL);
    if (!supplement &&
        dossier_procedure_find(&dossier->catalogue, open->record->procedure_code) == NULL)
        return mc_refuse(txn, MC_EXPIRED, "", "PROCEDURE_ENDED", NULL);
    dossier_form_send(dossier, txn, open);
    if (txn->status != MC_OK)
        return txn->status;
    return supplement && open->record->received_at_ms != 0
               ? answer_supplement(txn, open)
               : dossier_move(dossier, txn, open, DOSSIER__STATE__NEW, "");
}

enum mc_status dossier_submit(struct dossier *dossier, struct mc_txn *txn,
                              const Dossier__SubmitRequest *req, Dossier__DossierReply *rep)
{
    struct dossier_open open = {0};

    if (dossier_open(txn, req->dossier_id, "", &open) != MC_OK)
        return txn->status;
    if (open.record->group_id.len > 0 && open.was == DOSSIER__STATE__DRAFT)
        return mc_refuse(txn, MC_EXPIRED, "", "LINKED_TOGETHER", NULL);
    if (dossier_send(dossier, txn, &open) == MC_OK)
        dossier_fill_reply(dossier, txn, &open, rep);
    return txn->status;
}
