/* ListApiChecks: who checked what, newest first, by unit and below. Without bodies. */
#include "check.h"

enum mc_status partner_list_api_checks(struct partner *partner, struct mc_txn *txn,
                                       const Partner__ListApiChecksRequest *req,
                                       Partner__ListApiChecksReply *rep)
{
    struct partner_page page;
    struct mc_bytes id;
    struct mc_bytes last = {0};

    (void)partner;
    if (!partner_page_open(txn, "check", req->unit, req->page_size, req->page_token, &page))
        return txn->status;
    rep->checks = mc_alloc(txn->arena, page.size * sizeof(Partner__ApiCheck *));
    if (rep->checks == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    while (partner_page_next(&page, &id)) {
        if (rep->n_checks == page.size) {
            rep->next_page_token = mc_unconst(partner_page_token(txn, last));
            break;
        }
        if (partner_check_load(txn, id, &rep->checks[rep->n_checks]) == NULL)
            continue;
        rep->n_checks++;
        last = id;
    }
    return txn->status;
}
