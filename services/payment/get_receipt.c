/* GetReceipt: a receipt as it was issued (RCP-05), for the owner or an officer of the unit. */
#include <string.h>

#include "payment.h"

const PaymentState__Receipt *payment_receipt_load(struct mc_txn *txn, const char *number,
                                                  PaymentState__Order **ret_order)
{
    PaymentState__Order *order = NULL;

    if (number[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "number", "FIELD_REQUIRED", "field", "number", NULL);
    if (strlen(number) > PAYMENT_RECEIPT_NUMBER_MAX)
        (void)mc_refuse(txn, MC_INVALID, "number", "FIELD_INVALID", "field", "number", NULL);
    const PaymentState__Receipt *receipt =
        mc_load(txn, PAYMENT_RECEIPTS, mc_key_text(number), &payment_state__receipt__descriptor);
    if (receipt != NULL)
        order = payment_order_load(txn, mc_key_bytes(receipt->order_id));
    if (txn->status == MC_OK && (order == NULL || !payment_visible(txn, order)))
        (void)mc_refuse(txn, MC_NOT_FOUND, "number", "NOT_FOUND", NULL);
    if (txn->status != MC_OK)
        return NULL;
    *ret_order = order;
    return receipt;
}

static void show_end(struct mc_txn *txn, const char *number, Payment__Receipt *rep)
{
    const PaymentState__ReceiptEnd *end = payment_receipt_end(txn, number);

    if (end == NULL)
        return;
    rep->cancelled_at_ms = end->at_ms;
    rep->cancel_reason = end->reason;
    rep->replaced_by = end->replaced_by;
    if (end->note.len > 0)
        rep->cancel_note = mc_open_text(txn, end->note);
}

void payment_receipt_show(struct payment *payment, struct mc_txn *txn, const char *number,
                          const PaymentState__Receipt *receipt, const PaymentState__Order *order,
                          Payment__Receipt *rep)
{
    const PaymentState__ReceiptPrint facts = payment_receipt_facts(txn, number, receipt, order);
    char words[MC_MONEY_WORDS_SIZE];
    char amount[MC_MONEY_STYLE_SIZE];
    struct mc_bytes file;

    mc_money_words(words, sizeof words, receipt->amount);
    mc_money_show(amount, sizeof amount, receipt->amount, MC_MONEY_DONG);
    rep->number = mc_strdup(txn->arena, number);
    rep->symbol = receipt->symbol;
    rep->serial = receipt->serial;
    rep->order_id = receipt->order_id;
    rep->unit = order->unit;
    rep->unit_name = order->unit_name;
    rep->dossier_code = order->dossier_code;
    rep->payer_name = facts.payer_name;
    rep->kind = (Payment__ItemKind)receipt->kind;
    rep->kind_text = mc_unconst(payment_kind_text(receipt->kind));
    rep->item_name = receipt->item_name;
    rep->amount = receipt->amount;
    rep->amount_text = mc_strdup(txn->arena, amount);
    rep->amount_in_words = mc_strdup(txn->arena, words);
    rep->transaction_id = receipt->transaction_id;
    rep->issued_at_ms = receipt->issued_at_ms;
    rep->replaces = receipt->replaces;
    rep->printed = mc_get(txn, PAYMENT_RECEIPT_FILES, mc_key_text(number), &file);
    rep->proof = payment_receipt_proof(payment, txn->arena, &facts);
    show_end(txn, number, rep);
    if (rep->number == NULL || rep->amount_in_words == NULL || rep->amount_text == NULL ||
        rep->proof == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
}

enum mc_status payment_get_receipt(struct payment *payment, struct mc_txn *txn,
                                   const Payment__GetReceiptRequest *req, Payment__Receipt *rep)
{
    PaymentState__Order *order = NULL;

    if (!payment_member_stand(payment, txn))
        return txn->status;
    const PaymentState__Receipt *receipt = payment_receipt_load(txn, req->number, &order);
    if (receipt != NULL)
        payment_receipt_show(payment, txn, req->number, receipt, order, rep);
    return txn->status;
}
