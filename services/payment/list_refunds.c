/* ListRefunds, GetRefund: an officer's refunds under way, oldest first, of his unit and all below.
 */
#include "payment.h"

static bool add(struct mc_txn *txn, struct mc_bytes id, Payment__ListRefundsReply *rep)
{
    Payment__Refund *shown = mc_alloc(txn->arena, sizeof *shown);
    const PaymentState__Refund *refund = payment_refund_get(txn, id);

    if (shown == NULL || refund == NULL) {
        (void)mc_fail(txn, shown == NULL ? MC_LIMITED : MC_CORRUPT, "a row without its refund");
        return false;
    }
    payment__refund__init(shown);
    payment_refund_show(txn, id, refund, shown);
    rep->refunds[rep->n_refunds++] = shown;
    return txn->status == MC_OK;
}

enum mc_status payment_list_refunds(struct payment *payment, struct mc_txn *txn,
                                    const Payment__ListRefundsRequest *req,
                                    Payment__ListRefundsReply *rep)
{
    struct payment_page page;
    struct mc_bytes id = {0};

    (void)payment;
    if (!payment_page_open(txn, req->all ? "R" : "r", req->unit, req->page_size, req->page_token,
                           &page))
        return txn->status;
    rep->refunds = mc_alloc(txn->arena, page.size * sizeof(Payment__Refund *));
    if (rep->refunds == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    while (payment_page_next(&page, &id))
        if (!add(txn, id, rep))
            return txn->status;
    rep->next_page_token = payment_page_token(txn, &page, id);
    return txn->status;
}

enum mc_status payment_get_refund(struct payment *payment, struct mc_txn *txn,
                                  const Payment__GetRefundRequest *req, Payment__Refund *rep)
{
    struct mc_bytes id = mc_key_bytes(req->refund_id);

    (void)payment;
    if (id.len != MC_ID_LEN)
        return mc_refuse(txn, MC_INVALID, "refund_id", "FIELD_INVALID", "field", "refund_id", NULL);
    const PaymentState__Refund *refund = payment_refund_get(txn, id);
    if (txn->status == MC_OK && (refund == NULL || !mc_unit_mine(txn, refund->unit)))
        return mc_refuse(txn, MC_NOT_FOUND, "refund_id", "NOT_FOUND", NULL);
    if (refund != NULL)
        payment_refund_show(txn, id, refund, rep);
    return txn->status;
}
