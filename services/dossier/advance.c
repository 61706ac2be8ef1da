/* Advance: any step of the state table, by whom the table names. */
#include "dossier.h"

enum mc_status dossier_advance(struct dossier *dossier, struct mc_txn *txn,
                               const Dossier__AdvanceRequest *req, Dossier__DossierReply *rep)
{
    struct dossier_open open = {0};

    if (dossier_open(txn, req->dossier_id, "", &open) != MC_OK)
        return txn->status;
    if (dossier_check_version(txn, &open, req->version) == MC_OK &&
        dossier_move(dossier, txn, &open, req->to, req->reason) == MC_OK)
        dossier_fill_reply(dossier, txn, &open, rep);
    return txn->status;
}
