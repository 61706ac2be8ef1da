/* CancelOrder: what is not owed after all; never while somebody is paying it. */
#include "payment.h"

enum mc_status payment_cancel_order(struct payment *payment, struct mc_txn *txn,
                                    const Payment__CancelOrderRequest *req, Payment__Order *rep)
{
    struct mc_bytes id = mc_key_bytes(req->order_id);
    bool open = false;

    (void)payment;
    if (id.len != MC_ID_LEN)
        (void)mc_refuse(txn, MC_INVALID, "order_id", "FIELD_INVALID", "field", "order_id", NULL);
    const char *reason = payment_line_read(txn, "reason", req->reason, true);
    if (txn->status != MC_OK)
        return txn->status;
    PaymentState__Order *order = payment_order_load(txn, id);
    if (txn->status == MC_OK && (order == NULL || !mc_unit_mine(txn, order->unit)))
        return mc_refuse(txn, MC_NOT_FOUND, "order_id", "NOT_FOUND", NULL);
    (void)payment_attempts_count(txn, id, &open);
    if (txn->status != MC_OK)
        return txn->status;
    if (open)
        return mc_refuse(txn, MC_CONFLICT, "", "PAYMENT_PENDING", NULL);
    if (payment_order_next(order->state, PAYMENT_ORDER_CANCEL) ==
        PAYMENT__ORDER_STATE__ORDER_STATE_UNSPECIFIED)
        return mc_refuse(txn, MC_CONFLICT, "", payment_order_ended(order->state), NULL);

    order->cancel_note = mc_seal_text(txn, reason);
    payment_order_end(txn, id, order, PAYMENT_ORDER_CANCEL, "payment.order_cancelled", "NOT_OWED");
    payment_order_show(txn, id, order, rep);
    return txn->status;
}
