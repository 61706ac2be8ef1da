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

void payment_receipt_cancel(struct mc_txn *txn, const char *number, const char *reason)
{
    PaymentState__ReceiptEnd end = PAYMENT_STATE__RECEIPT_END__INIT;

    if (payment_receipt_end(txn, number) != NULL)
        return; /* it ends once */
    end.at_ms = txn->now_ms;
    end.by = mc_unconst(payment_actor(txn));
    end.reason = mc_unconst(reason);
    mc_save(txn, PAYMENT_RECEIPT_ENDS, mc_key_text(number), &end.base);
}
