/*
 * A receipt that is worth nothing any more. The receipt itself is never changed (NĐ 123/2020): its
 * end is a record of its own.
 *
 *     receipt_ends   number -> ReceiptEnd
 */
#include "payment.h"

const PaymentState__ReceiptEnd *payment_receipt_end(struct mc_txn *txn, const char *number)
{
    return mc_load(txn, PAYMENT_RECEIPT_ENDS, mc_key_text(number),
                   &payment_state__receipt_end__descriptor);
}

static void tell(struct mc_txn *txn, const char *number, const PaymentState__ReceiptEnd *end)
{
    Payment__ReceiptChanged event = PAYMENT__RECEIPT_CHANGED__INIT;
    const PaymentState__Receipt *receipt =
        mc_load(txn, PAYMENT_RECEIPTS, mc_key_text(number), &payment_state__receipt__descriptor);
    const PaymentState__Order *order =
        receipt != NULL ? payment_order_load(txn, mc_key_bytes(receipt->order_id)) : NULL;

    if (order == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "a receipt without its order");
        return;
    }
    event.reason = end->reason;
    event.replaced_by = end->replaced_by;
    payment_receipt_emit(txn, "payment.receipt_cancelled", number, receipt, order, &event);
}

bool payment_receipt_cancel(struct mc_txn *txn, const char *number,
                            const struct payment_receipt_ending *how)
{
    PaymentState__ReceiptEnd end = PAYMENT_STATE__RECEIPT_END__INIT;

    if (payment_receipt_end(txn, number) != NULL)
        return false; /* it ends once */
    end.at_ms = txn->now_ms;
    end.by = mc_unconst(payment_actor(txn));
    end.reason = mc_unconst(how->reason);
    if (how->note != NULL)
        end.note = mc_seal_text(txn, how->note);
    if (how->replaced_by != NULL)
        end.replaced_by = mc_unconst(how->replaced_by);
    mc_save(txn, PAYMENT_RECEIPT_ENDS, mc_key_text(number), &end.base);
    tell(txn, number, &end);
    return true;
}
