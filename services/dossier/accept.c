/* Accept: «Tiếp nhận». The official code and the due time (DOS-08, DOS-09, DOS-10). */
#include "dossier.h"

enum mc_status dossier_accept(struct dossier *dossier, struct mc_txn *txn,
                              const Dossier__AcceptRequest *req, Dossier__DossierReply *rep)
{
    struct dossier_open open = {0};

    if (dossier_open(txn, req->dossier_id, "", &open) != MC_OK)
        return txn->status;
    if (open.actor != DOSSIER_BY_OFFICER) /* nobody decides about his own dossier */
        return mc_refuse(txn, MC_DENIED, "", "OWN_DOSSIER", NULL);
    if (dossier_check_version(txn, &open, req->version) == MC_OK &&
        dossier_move(dossier, txn, &open, DOSSIER__STATE__RECEIVED, "") == MC_OK)
        dossier_fill_reply(dossier, txn, &open, rep);
    return txn->status;
}
