/*
 * ApproveRefund: another officer decides. Approved, the money is set aside at once, so that nothing
 * else can use it, and is sent. RecordRefund: how it was sent, when the platform could not.
 */
#include <string.h>

#include "payment.h"

enum { NUMBER_MAX = 64 };

/* What the agency earned by the order -> refunds:payable. */
static uint64_t set_aside(struct mc_txn *txn, struct mc_bytes id,
                          const PaymentState__Refund *refund)
{
    struct payment_line lines[PAYMENT_ITEMS_MAX + 1];
    const PaymentState__Order *order = payment_order_load(txn, mc_key_bytes(refund->order_id));

    if (order == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "a refund without its order");
        return 0;
    }
    size_t n = payment_earned_lines(txn, order, 1, lines);
    if (txn->status != MC_OK)
        return 0;
    lines[n++] = (struct payment_line){PAYMENT_PAYABLE, -refund->amount};
    return payment_transfer(txn, lines, n,
                            &(struct payment_cause){.kind = PAYMENT_CAUSE_REFUND, .id = id});
}

enum mc_status payment_approve_refund(struct payment *payment, struct mc_txn *txn,
                                      const Payment__ApproveRefundRequest *req,
                                      Payment__Refund *rep)
{
    struct mc_bytes id = mc_key_bytes(req->refund_id);
    const char *reason = payment_line_read(txn, "reason", req->reason, !req->approve);
    PaymentState__Refund *refund = payment_refund_take(txn, id, req->version);

    if (refund == NULL)
        return txn->status;
    if (refund->state != PAYMENT__REFUND_STATE__REFUND_REQUESTED)
        return mc_refuse(txn, MC_CONFLICT, "", "REFUND_DECIDED", NULL);
    if (strcmp(refund->requested_by, payment_actor(txn)) == 0)
        return mc_refuse(txn, MC_DENIED, "", "SECOND_PERSON_NEEDED", NULL);

    if (req->approve) {
        uint64_t transfer = set_aside(txn, id, refund);
        if (txn->status != MC_OK)
            return txn->status;
        payment_refund_approve(payment, txn, id, refund, transfer, reason);
    } else {
        refund->decided_by = mc_unconst(payment_actor(txn));
        refund->decided_at_ms = txn->now_ms;
        refund->decision = mc_seal_text(txn, reason);
        payment_refund_refuse(txn, id, refund, "NOT_APPROVED");
    }
    if (txn->status == MC_OK)
        payment_refund_show(txn, id, refund, rep);
    return txn->status;
}

enum mc_status payment_record_refund(struct payment *payment, struct mc_txn *txn,
                                     const Payment__RecordRefundRequest *req, Payment__Refund *rep)
{
    struct mc_bytes id = mc_key_bytes(req->refund_id);
    const char *number = payment_line_read(txn, "transfer_number", req->transfer_number, true);

    (void)payment;
    if (strlen(number) > NUMBER_MAX)
        (void)mc_refuse(txn, MC_INVALID, "transfer_number", "FIELD_TOO_LONG", "field",
                        "transfer_number", "max", "64", NULL);
    PaymentState__Refund *refund = payment_refund_take(txn, id, req->version);
    if (refund == NULL)
        return txn->status;
    if (refund->state != PAYMENT__REFUND_STATE__REFUND_APPROVED || refund->by_platform)
        return mc_refuse(txn, MC_CONFLICT, "", "REFUND_NOT_BY_HAND", NULL);

    refund->transfer_number = mc_unconst(number);
    payment_refund_finish(txn, id, refund, true);
    if (txn->status == MC_OK)
        payment_refund_show(txn, id, refund, rep);
    return txn->status;
}
