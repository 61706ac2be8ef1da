/* GetLink: the caller's link, or the try that is under way (BNK-10); may wait for news of it. */
#include "link.h"

enum mc_status payment_get_link(struct payment *payment, struct mc_txn *txn,
                                const Payment__GetLinkRequest *req, Payment__BankLink *rep)
{
    if (req->wait_ms > PAYMENT_WAIT_MAX_MS)
        return mc_refuse(txn, MC_INVALID, "wait_ms", "FIELD_INVALID", "field", "wait_ms", NULL);
    const PaymentState__Link *link = payment_link_load(txn, txn->caller->account_id);
    if (link == NULL)
        return txn->status;
    bool moves = link->state == PAYMENT__LINK_STATE__LINK_CHECKING ||
                 link->state == PAYMENT__LINK_STATE__LINK_CONFIRMING;
    if (moves && mc_wait(txn, req->wait_ms) == MC_WAIT)
        return MC_WAIT;
    payment_link_show(payment, txn, link, rep);
    return txn->status;
}
