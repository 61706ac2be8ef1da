/* RunContract: a contract test by hand, now; it counts as any other run. */
#include "check.h"

enum mc_status partner_run_contract(struct partner *partner, struct mc_txn *txn,
                                    const Partner__RunContractRequest *req, Partner__ApiCheck *rep)
{
    Partner__Contract *told = NULL;
    const PartnerState__Contract *record = partner_contract_mine(txn, req->contract_id, &told);

    if (record == NULL)
        return txn->status;
    if (told->state == PARTNER__CONTRACT_STATE__CONTRACT_ENDED)
        return mc_refuse(txn, MC_EXPIRED, "contract_id", "CONTRACT_OVER", NULL);
    partner_budget_take(partner, txn, told->unit);
    const char *why = partner_contract_start(txn, record, told, rep);
    if (why != NULL)
        return mc_refuse(txn, MC_EXPIRED, "contract_id", why, NULL);
    return txn->status;
}
