/* ListContracts: the contract tests of a unit and those below it, newest first, with their state.
 */
#include "check.h"

enum mc_status partner_list_contracts(struct partner *partner, struct mc_txn *txn,
                                      const Partner__ListContractsRequest *req,
                                      Partner__ListContractsReply *rep)
{
    struct partner_page page;
    struct mc_bytes id;
    struct mc_bytes last = {0};

    (void)partner;
    if (!partner_page_open(txn, "contract", req->unit, req->page_size, req->page_token, &page))
        return txn->status;
    rep->contracts = mc_alloc(txn->arena, page.size * sizeof(Partner__Contract *));
    if (rep->contracts == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    while (partner_page_next(&page, &id)) {
        if (rep->n_contracts == page.size) {
            rep->next_page_token = mc_unconst(partner_page_token(txn, last));
            break;
        }
        Partner__Contract *told = NULL;
        const PartnerState__Contract *record = partner_contract_load(txn, id, &told);
        const PartnerState__Asked *asked =
            record != NULL ? partner_open(txn, record->asked, &partner_state__asked__descriptor)
                           : NULL;
        if (asked == NULL)
            continue;
        told->url = asked->url;
        rep->contracts[rep->n_contracts++] = told;
        last = id;
    }
    return txn->status;
}
