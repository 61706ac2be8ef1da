/* GetReceipt: a receipt as it was issued (RCP-05), for the owner or an officer of the unit. */
#include <string.h>

#include "payment.h"

enum { NUMBER_MAX = 32 };

enum mc_status payment_get_receipt(struct payment *payment, struct mc_txn *txn,
                                   const Payment__GetReceiptRequest *req, Payment__Receipt *rep)
{
    char words[MC_MONEY_WORDS_SIZE];
    const PaymentState__Order *order = NULL;

    (void)payment;
    if (req->number[0] == '\0')
        return mc_refuse(txn, MC_INVALID, "number", "FIELD_REQUIRED", "field", "number", NULL);
    if (strlen(req->number) > NUMBER_MAX)
        return mc_refuse(txn, MC_INVALID, "number", "FIELD_INVALID", "field", "number", NULL);
    const PaymentState__Receipt *receipt = mc_load(txn, PAYMENT_RECEIPTS, mc_key_text(req->number),
                                                   &payment_state__receipt__descriptor);
    if (receipt != NULL)
        order = payment_order_load(txn, mc_key_bytes(receipt->order_id));
    if (txn->status != MC_OK)
        return txn->status;
    if (receipt == NULL || order == NULL || !payment_visible(txn, order))
        return mc_refuse(txn, MC_NOT_FOUND, "number", "NOT_FOUND", NULL);

    mc_money_words(words, sizeof words, receipt->amount);
    rep->number = req->number;
    rep->symbol = receipt->symbol;
    rep->serial = receipt->serial;
    rep->order_id = receipt->order_id;
    rep->unit = order->unit;
    rep->unit_name = order->unit_name;
    rep->dossier_code = order->dossier_code;
    if (receipt->payer_name.len > 0)
        rep->payer_name = mc_open_text(txn, receipt->payer_name);
    rep->kind = (Payment__ItemKind)receipt->kind;
    rep->item_name = receipt->item_name;
    rep->amount = receipt->amount;
    rep->amount_in_words = mc_strdup(txn->arena, words);
    rep->transaction_id = receipt->transaction_id;
    rep->issued_at_ms = receipt->issued_at_ms;
    const PaymentState__ReceiptEnd *end = payment_receipt_end(txn, req->number);
    if (end != NULL) {
        rep->cancelled_at_ms = end->at_ms;
        rep->cancel_reason = end->reason;
        rep->replaced_by = end->replaced_by;
    }
    if (rep->amount_in_words == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return txn->status;
}
