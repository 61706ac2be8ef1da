/*
 * SetSubState: where a dossier stands within its national state, in the agency's own words
 * (data/sub_states.csv). It goes when the state changes; the national portal never sees it.
 */
#include <string.h>

#include "dossier.h"

enum mc_status dossier_set_sub_state(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__SetSubStateRequest *req,
                                     Dossier__DossierReply *rep)
{
    struct dossier_open open = {0};
    const struct dossier_sub_state *row = NULL;

    if (dossier_open_officer(txn, req->dossier_id, &open) != MC_OK ||
        dossier_check_version(txn, &open, req->version) != MC_OK)
        return txn->status;
    if (!dossier_may(txn->caller, DOSSIER_RIGHT_ACCEPT) &&
        !dossier_may(txn->caller, DOSSIER_RIGHT_PROCESS))
        return mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", "right", DOSSIER_RIGHT_PROCESS, NULL);
    if (req->sub_state[0] != '\0') {
        row = dossier_sub_state_find(&dossier->sub_states, req->sub_state, open.record->unit);
        if (row == NULL || row->state != open.was)
            return mc_refuse(txn, MC_INVALID, "sub_state", "SUB_STATE_UNKNOWN", "state",
                             dossier_state_text(dossier, open.was, DOSSIER_BY_OFFICER), NULL);
    }
    open.record->sub_state = row != NULL ? mc_unconst(row->code) : mc_unconst("");
    dossier_save(txn, &open);
    dossier_tell(txn, &open, "dossier.sub_state_set", "");
    dossier_fill_reply(dossier, txn, &open, rep);
    return txn->status;
}
