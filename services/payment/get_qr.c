/*
 * GetQr: an order as a VietQR code. Its short reference is made when it is first asked for, and
 * stays: the code is the same however often it is shown. Money is only believed when the bank
 * tells of it (bank_notice.c).
 */
#include <stdio.h>
#include <string.h>

#include "common/date.h"
#include "common/qr.h"

#include "transfer.h"
#include "vietqr.h"

enum { COUNTER_SIZE = 16 };

static bool can_be_paid(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Order *order)
{
    bool open = false;

    if (order == NULL || !payment_visible(txn, order))
        (void)mc_refuse(txn, MC_NOT_FOUND, "order_id", "NOT_FOUND", NULL);
    else if (!payment_refuse_unpayable(txn, order) &&
             ((void)payment_attempts_count(txn, id, &open), open))
        (void)mc_refuse(txn, MC_CONFLICT, "", "PAYMENT_PENDING", NULL); /* it is being paid */
    return txn->status == MC_OK;
}

static void reference_make(struct mc_txn *txn, struct mc_bytes id, PaymentState__Order *order)
{
    struct mc_date today = mc_date_from_ms(txn->now_ms);
    char squeezed[PAYMENT_SQUEEZED_SIZE];
    char reference[PAYMENT_SHORT_SIZE];
    char counter[COUNTER_SIZE] = "qr:";

    mc_date_format_yymmdd(counter + 3, MC_YYMMDD_SIZE, today);
    uint64_t number = mc_count(txn, counter);
    if (number == 0)
        return;
    if (number > PAYMENT_SHORT_NUMBER_MAX) {
        (void)mc_refuse(txn, MC_LIMITED, "", "QR_NUMBERS_USED", NULL);
        return;
    }
    payment_short_reference(reference, today, number);
    order->qr_reference = mc_strdup(txn->arena, reference);
    if (order->qr_reference == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    payment_order_save(txn, id, order);
    mc_put(txn, PAYMENT_QR_REFERENCES, mc_key_text(order->qr_reference), id);
    payment_squeeze(squeezed, sizeof squeezed, order->dossier_code);
    if (squeezed[0] != '\0' && strlen(squeezed) < PAYMENT_HIT_SIZE)
        mc_put(txn, PAYMENT_QR_REFERENCES, mc_keep(txn, squeezed, strlen(squeezed)), id);
}

static void picture(struct mc_txn *txn, Payment__QrFormat format, Payment__Qr *rep)
{
    struct mc_bytes image = {0};
    bool png = format == PAYMENT__QR_FORMAT__PNG;
    enum mc_status status = png ? mc_qr_png(txn->arena, rep->payload, 0, &image)
                                : mc_qr_svg(txn->arena, rep->payload, &image);

    if (status != MC_OK) {
        (void)mc_fail(txn, MC_LIMITED, "no memory for the picture");
        return;
    }
    rep->content_type = mc_unconst(png ? "image/png" : "image/svg+xml");
    rep->image = (ProtobufCBinaryData){image.len, mc_unconst(image.data)};
}

static void show(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Order *order,
                 const PaymentState__Beneficiary *to, Payment__Qr *rep)
{
    char payload[PAYMENT_QR_SIZE];
    char amount[MC_MONEY_SIZE];
    const struct payment_qr qr = {to->bin, to->account, order->total, order->qr_reference};

    if (!payment_vietqr(payload, sizeof payload, &qr)) {
        (void)mc_fail(txn, MC_CORRUPT, "an order that VietQR cannot show");
        return;
    }
    mc_money_format(amount, sizeof amount, order->total);
    rep->order_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    rep->payload = mc_strdup(txn->arena, payload);
    rep->reference = order->qr_reference;
    rep->bin = to->bin;
    rep->account = to->account;
    rep->account_name = to->name;
    rep->amount = order->total;
    rep->amount_text = mc_sprintf(txn->arena, "%s VND", amount);
    rep->expires_at_ms = order->expires_at_ms;
    if (rep->payload == NULL || rep->amount_text == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
}

enum mc_status payment_get_qr(struct payment *payment, struct mc_txn *txn,
                              const Payment__GetQrRequest *req, Payment__Qr *rep)
{
    struct mc_bytes id = mc_key_bytes(req->order_id);

    (void)payment;
    if (id.len != MC_ID_LEN)
        return mc_refuse(txn, MC_INVALID, "order_id", "FIELD_INVALID", "field", "order_id", NULL);
    PaymentState__Order *order = payment_order_load(txn, id);
    if (txn->status != MC_OK || !can_be_paid(txn, id, order))
        return txn->status;
    /* a tax goes to the treasury, never to an agency's account */
    const PaymentState__Beneficiary *to =
        order->land_notice[0] == '\0' ? payment_beneficiary_of(txn, order->unit) : NULL;
    if (to == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "", "QR_NO_ACCOUNT", NULL);

    if (order->qr_reference[0] == '\0')
        reference_make(txn, id, order);
    if (txn->status == MC_OK)
        show(txn, id, order, to, rep);
    if (txn->status == MC_OK)
        picture(txn, req->format, rep);
    return txn->status;
}
