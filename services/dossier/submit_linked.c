/* SubmitLinked: all parts of a request are sent together, or none is. */
#include "dossier.h"

enum mc_status dossier_submit_linked(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__SubmitLinkedRequest *req,
                                     Dossier__LinkedView *rep)
{
    unsigned actor = 0;
    const DossierState__Group *group = dossier_group_open(txn, req->group_id, &actor);

    if (group == NULL)
        return txn->status;
    if ((actor & DOSSIER_BY_CITIZEN) == 0)
        return mc_refuse(txn, MC_DENIED, "", "DOSSIER_NOT_YOURS", NULL);
    for (size_t i = 0; i < group->n_parts && txn->status == MC_OK; i++) {
        struct dossier_open open = {0};

        if (dossier_open(txn, group->parts[i]->dossier_id, "", &open) != MC_OK ||
            dossier_send(dossier, txn, &open) != MC_OK)
            break;
    }
    if (txn->status == MC_OK)
        dossier_fill_linked(dossier, txn, mc_key_bytes(req->group_id), group, DOSSIER_BY_CITIZEN,
                            rep);
    return txn->status;
}
