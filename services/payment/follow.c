/*
 * What other rooms tell: an accepted dossier with a fee becomes an order, an ended one takes its
 * unpaid orders with it, an opened account, or a changed one,
 * gives the name for receipts.
 */
#include <string.h>

#include "common/ident.h"

#include "land.h"

/* Refused, withdrawn or stopped dossiers cost nothing any more. */
enum { CANCEL_MAX = 100 };

static bool fill(struct mc_txn *txn, const Dossier__Changed *body, PaymentState__Order *order)
{
    struct payment_fee fee = payment_fee_of(body->procedure_code);
    PaymentState__Item *item = mc_alloc(txn->arena, sizeof *item);

    order->items = mc_alloc(txn->arena, sizeof(PaymentState__Item *));
    if (item == NULL || order->items == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return false;
    }
    payment_state__item__init(item);
    item->kind = fee.kind;
    item->code = mc_strdup(txn->arena, fee.code);
    item->name = mc_strdup(txn->arena, fee.name);
    item->amount = body->fee;
    order->items[0] = item;
    order->n_items = 1;
    /* Collected before acceptance there is no official code yet: the internal number stands in. */
    order->dossier_code =
        body->code[0] != '\0'
            ? body->code
            : mc_sprintf(txn->arena, "%llu", (unsigned long long)body->internal_number);
    if (order->dossier_code == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return false;
    }
    order->dossier_id = body->dossier_id;
    order->procedure_code = body->procedure_code;
    order->procedure_name = body->procedure_name;
    order->unit = body->unit;
    order->unit_name = body->unit_name;
    order->owner_account = body->owner_account;
    /* FEE-04: «Thanh toán lệ phí cho hồ sơ 363815» */
    const char *description =
        mc_sprintf(txn->arena, "Thanh toán %s cho hồ sơ %s",
                   fee.kind == PAYMENT__ITEM_KIND__CHARGE ? "lệ phí" : "phí", order->dossier_code);
    if (item->code == NULL || item->name == NULL || description == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return false;
    }
    order->description = mc_seal_text(txn, description);
    return txn->status == MC_OK;
}

enum mc_status payment_dossier_accepted(struct payment *payment, struct mc_txn *txn,
                                        const Motcua__Event *event, const Dossier__Changed *body)
{
    PaymentState__Order order = PAYMENT_STATE__ORDER__INIT;
    struct mc_bytes made;

    (void)event;
    payment_land_dossier_keep(txn, body);
    /* an amount no order can have is the dossier room's mistake: an event cannot be refused */
    if (body->dossier_id.len != MC_ID_LEN || !payment_total_add(&order.total, body->fee))
        return MC_OK;
    struct mc_bytes key = payment_dossier_key(txn, "e", mc_key_bytes(body->dossier_id));
    if (mc_get(txn, PAYMENT_BY_DOSSIER, key, &made))
        return txn->status; /* accepted twice: one order */
    if (txn->status != MC_OK || !fill(txn, body, &order))
        return txn->status;
    mc_put(txn, PAYMENT_BY_DOSSIER, key, payment_order_open(payment, txn, &order));
    return txn->status;
}

enum mc_status payment_dossier_moved(struct payment *payment, struct mc_txn *txn,
                                     const Motcua__Event *event, const Dossier__Changed *body)
{
    if (body->to == DOSSIER__STATE__FINANCIAL_OBLIGATION && body->fee > 0)
        return payment_dossier_accepted(payment, txn, event, body); /* «Thu trước» */
    if (body->dossier_id.len != MC_ID_LEN ||
        (body->to != DOSSIER__STATE__REFUSED && body->to != DOSSIER__STATE__WITHDRAWN &&
         body->to != DOSSIER__STATE__STOPPED))
        return MC_OK;
    struct mc_cursor cursor = mc_seek(txn, PAYMENT_BY_DOSSIER,
                                      payment_dossier_key(txn, "d", mc_key_bytes(body->dossier_id)),
                                      (struct mc_bytes){0}, MC_FORWARD);
    for (size_t n = 0; n < CANCEL_MAX && mc_next(&cursor); n++) {
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + cursor.key.len - MC_ID_LEN,
                              MC_ID_LEN};
        PaymentState__Order *order = payment_order_load(txn, id);
        if (order != NULL && order->state == PAYMENT__ORDER_STATE__PENDING)
            payment_order_end(txn, id, order, PAYMENT_ORDER_CANCEL, "payment.order_cancelled",
                              "DOSSIER_ENDED");
    }
    return txn->status;
}

static bool is_account(const char *id)
{
    return id[0] != '\0' && strlen(id) <= MC_UUID_TEXT_LEN;
}

/* What was told before, so that one event does not take away what another brought. */
static PaymentState__Payer *payer_of(struct mc_txn *txn, const char *account)
{
    PaymentState__Payer *payer =
        mc_load(txn, PAYMENT_PAYERS, mc_key_text(account), &payment_state__payer__descriptor);

    if (payer != NULL)
        return payer;
    payer = mc_alloc(txn->arena, sizeof *payer);
    if (payer == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        payment_state__payer__init(payer);
    return payer;
}

enum mc_status payment_account_opened(struct payment *payment, struct mc_txn *txn,
                                      const Motcua__Event *event,
                                      const Identity__AccountOpened *body)
{
    (void)payment;
    (void)event;
    PaymentState__Payer *payer =
        is_account(body->account_id) ? payer_of(txn, body->account_id) : NULL;
    if (payer == NULL)
        return txn->status;
    payer->name = mc_seal_text(txn, body->full_name);
    payer->identity = mc_seal_text(txn, body->login_id);
    payer->phone = mc_seal_text(txn, body->phone);
    mc_save(txn, PAYMENT_PAYERS, mc_key_text(body->account_id), &payer->base);
    return txn->status;
}

enum mc_status payment_tax_code_changed(struct payment *payment, struct mc_txn *txn,
                                        const Motcua__Event *event,
                                        const Identity__TaxCodeChanged *body)
{
    (void)payment;
    (void)event;
    PaymentState__Payer *payer =
        is_account(body->account_id) ? payer_of(txn, body->account_id) : NULL;
    if (payer == NULL)
        return txn->status;
    payer->tax_code = mc_seal_text(txn, body->tax_code);
    mc_save(txn, PAYMENT_PAYERS, mc_key_text(body->account_id), &payer->base);
    return txn->status;
}
