/*
 * RequestRefund: an officer asks that a paid order's money goes back. The amount he names must be
 * what the order holds, so that a second request by mistake, or one for another order, is seen.
 */
#include <string.h>

#include "payment.h"

/* The one attempt that succeeded. */
static bool paid_by(struct mc_txn *txn, struct mc_bytes order_id, struct mc_bytes *ret_id,
                    PaymentState__Attempt **ret_attempt)
{
    struct mc_cursor cursor =
        mc_seek(txn, PAYMENT_ATTEMPTS, order_id, (struct mc_bytes){0}, MC_FORWARD);

    while (mc_next(&cursor)) {
        PaymentState__Attempt *attempt = mc_row(&cursor, &payment_state__attempt__descriptor);
        if (attempt == NULL)
            return false;
        if (attempt->state != PAYMENT__ATTEMPT_STATE__SUCCEEDED)
            continue;
        *ret_id = mc_keep(txn, (const uint8_t *)cursor.key.data + MC_ID_LEN, MC_ID_LEN);
        *ret_attempt = attempt;
        return txn->status == MC_OK;
    }
    (void)mc_fail(txn, MC_CORRUPT, "a paid order without its attempt");
    return false;
}

/* By which account the attempt's money came, and how much: the first line it was posted as. */
static void source_of(struct mc_txn *txn, struct payment_refund_spec *spec)
{
    uint64_t transfer = payment_transfer_of(
        txn, &(struct payment_cause){.kind = PAYMENT_CAUSE_ATTEMPT, .id = spec->attempt_id});
    const PaymentState__Posting *first =
        transfer != 0 ? mc_load(txn, PAYMENT_POSTINGS, mc_key_u64(txn, transfer),
                                &payment_state__posting__descriptor)
                      : NULL;

    spec->source = first != NULL ? first->account : PAYMENT_RECEIVABLE;
    spec->came = first != NULL ? first->amount : 0;
}

static bool is_refundable(struct mc_txn *txn, const PaymentState__Order *order, int64_t amount)
{
    if (order == NULL || !mc_unit_mine(txn, order->unit))
        (void)mc_refuse(txn, MC_NOT_FOUND, "order_id", "NOT_FOUND", NULL);
    else if (order->refund_id.len > 0)
        (void)mc_refuse(txn, MC_CONFLICT, "", "REFUND_EXISTS", NULL);
    else if (order->state != PAYMENT__ORDER_STATE__PAID)
        (void)mc_refuse(txn, MC_CONFLICT, "", "ORDER_NOT_PAID", NULL);
    else if (order->land_notice[0] != '\0') /* it is the treasury's */
        (void)mc_refuse(txn, MC_CONFLICT, "", "REFUND_NOT_TAX", NULL);
    else if (amount != order->total)
        (void)mc_refuse(txn, MC_INVALID, "amount", "REFUND_AMOUNT", NULL);
    return txn->status == MC_OK;
}

enum mc_status payment_request_refund(struct payment *payment, struct mc_txn *txn,
                                      const Payment__RequestRefundRequest *req,
                                      Payment__Refund *rep)
{
    struct mc_bytes id = {0};
    struct payment_refund_spec spec = {.order_id = mc_key_bytes(req->order_id)};
    PaymentState__Attempt *attempt = NULL;

    if (req->order_id.len != MC_ID_LEN)
        (void)mc_refuse(txn, MC_INVALID, "order_id", "FIELD_INVALID", "field", "order_id", NULL);
    spec.reason = payment_line_read(txn, "reason", req->reason, true);
    if (txn->status != MC_OK)
        return txn->status;
    PaymentState__Order *order = payment_order_load(txn, spec.order_id);
    if (txn->status != MC_OK || !is_refundable(txn, order, req->amount) ||
        !paid_by(txn, spec.order_id, &spec.attempt_id, &attempt))
        return txn->status;

    spec.attempt = attempt;
    spec.unit = order->unit;
    spec.dossier_code = order->dossier_code;
    spec.owner_account = order->owner_account;
    source_of(txn, &spec);
    spec.amount = order->total;
    spec.requested_by = payment_actor(txn);
    const PaymentState__Refund *refund = payment_refund_open(payment, txn, &spec, &id);
    if (refund == NULL)
        return txn->status;
    order->refund_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    payment_order_save(txn, spec.order_id, order);
    payment_refund_show(txn, id, refund, rep);
    return txn->status;
}
