/*
 * CancelReceipt: an officer of the unit takes back a receipt that is wrong, and issues another for
 * the same money when it is to be had (NĐ 123/2020: never changed; cancelled, with a reference).
 */
#include "payment.h"

enum mc_status payment_cancel_receipt(struct payment *payment, struct mc_txn *txn,
                                      const Payment__CancelReceiptRequest *req,
                                      Payment__Receipt *rep)
{
    PaymentState__Order *order = NULL;
    const char *fresh = NULL;
    const PaymentState__Receipt *receipt = payment_receipt_load(txn, req->number, &order);
    const char *note = payment_line_read(txn, "reason", req->reason, true);
    const char *payer = payment_line_read(txn, "payer_name", req->payer_name, false);

    if (txn->status == MC_OK && !mc_unit_mine(txn, order->unit)) /* his own, as a citizen */
        return mc_refuse(txn, MC_DENIED, "number", "UNIT_NOT_YOURS", NULL);
    if (txn->status == MC_OK && payment_receipt_end(txn, req->number) != NULL)
        return mc_refuse(txn, MC_CONFLICT, "number", "RECEIPT_CANCELLED", "number", req->number,
                         NULL);
    if (txn->status == MC_OK && req->replace && order->state != PAYMENT__ORDER_STATE__PAID)
        return mc_refuse(txn, MC_CONFLICT, "replace", "RECEIPT_WITHOUT_MONEY", NULL);
    if (txn->status != MC_OK)
        return txn->status;

    if (req->replace) {
        fresh = payment_receipt_replace(txn, order, req->number, receipt, payer);
        if (fresh == NULL)
            return txn->status;
        payment_order_save(txn, mc_key_bytes(receipt->order_id), order);
    }
    (void)payment_receipt_cancel(
        txn, req->number,
        &(struct payment_receipt_ending){
            .reason = req->replace ? "REPLACED" : "CANCELLED", .note = note, .replaced_by = fresh});
    payment_receipt_show(payment, txn, req->number, receipt, order, rep);
    return txn->status;
}
