/* GetAccountStep: what a waiting screen shows; for who began the step. */
#include <string.h>

#include "account.h"

enum mc_status identity_get_account_step(struct identity *identity, struct mc_txn *txn,
                                         const Identity__GetAccountStepRequest *req,
                                         Identity__AccountStep *rep)
{
    (void)identity;
    struct mc_bytes id = mc_key_bytes(req->step);
    const IdentityState__Step *step = identity_step_find(txn, id);
    const char *own = txn->caller->account_id;

    if (step == NULL || own == NULL || strcmp(step->began_by, own) != 0)
        return mc_refuse(txn, MC_EXPIRED, "step", "STEP_EXPIRED", NULL);
    identity_step_fill(txn, id, step, rep);
    return txn->status;
}
