/*
 * PayLand: one notice becomes an order of who wants to pay it (LND-07), be he its taxpayer or not;
 * then it is paid like any other (StartPayment), with the treasury's fields. A notice has one order
 * at a time: another payer's takes its place unless that is being paid.
 */
#include <string.h>

#include "common/ident.h"

#include "land.h"

static PaymentState__LandNotice *notice_find(struct mc_txn *txn, const Payment__PayLandRequest *req,
                                             const PaymentState__LandLookUp **ret_look_up)
{
    const PaymentState__LandLookUp *look_up = NULL;
    PaymentState__LandNotice *notice = NULL;

    if (req->look_up_id.len == MC_ID_LEN)
        look_up = mc_load(txn, PAYMENT_LAND_LOOK_UPS, mc_key_bytes(req->look_up_id),
                          &payment_state__land_look_up__descriptor);
    if (look_up == NULL || look_up->state != PAYMENT__LOOK_UP_STATE__FOUND ||
        txn->now_ms - look_up->at_ms > PAYMENT_LAND_LIFE_MS) {
        (void)mc_refuse(txn, MC_EXPIRED, "", "TAX_LOOK_UP_OLD", NULL);
        return NULL;
    }
    if (req->notice[0] != '\0' && strlen(req->notice) <= PAYMENT_NOTICE_MAX)
        notice = payment_land_load(txn, look_up->dossier_code, req->notice);
    if (notice == NULL)
        (void)mc_refuse(txn, MC_NOT_FOUND, "notice", "NOT_FOUND", NULL);
    else if (notice->state != PAYMENT_LAND_DUE)
        (void)mc_refuse(txn, MC_CONFLICT, "", "ALREADY_PAID", NULL);
    *ret_look_up = look_up;
    return txn->status == MC_OK ? notice : NULL;
}

/* The order that is there: kept when it is the same payer's and sum; NULL: a new one is needed. */
static PaymentState__Order *order_keep(struct mc_txn *txn, const PaymentState__LandNotice *notice)
{
    struct mc_bytes id = mc_key_bytes(notice->order_id);
    bool open = false;

    PaymentState__Order *order = id.len == MC_ID_LEN ? payment_order_load(txn, id) : NULL;
    if (order == NULL || order->state != PAYMENT__ORDER_STATE__PENDING)
        return NULL;
    (void)payment_attempts_count(txn, id, &open);
    bool mine = payment_is_owned(txn, order, txn->caller->account_id);
    if (open && !mine)
        (void)mc_refuse(txn, MC_CONFLICT, "", "PAYMENT_PENDING", NULL);
    if (open || txn->status != MC_OK)
        return order;
    if (mine && order->total == notice->total && order->expires_at_ms > txn->now_ms)
        return order;
    payment_order_end(txn, id, order, PAYMENT_ORDER_CANCEL, "payment.order_cancelled", "REPLACED");
    return NULL;
}

static void items_fill(struct mc_txn *txn, const PaymentState__LandNotice *notice,
                       PaymentState__Order *order)
{
    const PaymentState__TaxDebts *debts = payment_land_lines(txn, notice->lines);
    size_t n = debts != NULL ? debts->n_rows : 0;
    PaymentState__Item *items = mc_alloc(txn->arena, (n + 1) * sizeof *items);

    order->items = mc_alloc(txn->arena, (n + 1) * sizeof(PaymentState__Item *));
    if (items == NULL || order->items == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    if (n == 0 || n > PAYMENT_ITEMS_MAX) {
        (void)mc_refuse(txn, MC_INVALID, "notice", "LIST_TOO_LONG", NULL);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        payment_state__item__init(&items[i]);
        items[i].kind = PAYMENT__ITEM_KIND__TAX_DEBT;
        items[i].code = debts->rows[i]->item;
        items[i].name = debts->rows[i]->item_name;
        items[i].amount = debts->rows[i]->amount;
        order->items[order->n_items++] = &items[i];
        if (items[i].code[0] == '\0' || !payment_total_add(&order->total, items[i].amount)) {
            /* told by the province only: the tax office has not said where the money goes */
            (void)mc_refuse(txn, MC_BUSY, "", "TAX_OFFLINE", NULL);
            return;
        }
    }
}

/* The dossier's unit: as it is here, or by its code. */
static void unit_fill(struct mc_txn *txn, const char *code, PaymentState__Order *order)
{
    struct mc_dossier_code parsed;
    const PaymentState__LandDossier *dossier = mc_load(
        txn, PAYMENT_LAND_DOSSIERS, mc_key_text(code), &payment_state__land_dossier__descriptor);

    if (dossier != NULL) {
        order->dossier_id = dossier->dossier_id;
        order->unit = dossier->unit;
        order->unit_name = dossier->unit_name;
        order->procedure_code = dossier->procedure_code;
        order->procedure_name = dossier->procedure_name;
    } else if (mc_dossier_code_parse(code, &parsed) == MC_WHY_OK) {
        order->unit = mc_strdup(txn->arena, parsed.agency);
    }
    if (order->unit == NULL || order->unit[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "dossier_code", "DOSSIER_CODE_FORMAT", NULL);
}

enum mc_status payment_pay_land(struct payment *payment, struct mc_txn *txn,
                                const Payment__PayLandRequest *req, Payment__Order *rep)
{
    PaymentState__Order fresh = PAYMENT_STATE__ORDER__INIT;
    const PaymentState__LandLookUp *look_up = NULL;
    PaymentState__LandNotice *notice = notice_find(txn, req, &look_up);

    if (notice == NULL)
        return txn->status;
    const PaymentState__Order *kept = order_keep(txn, notice);
    if (txn->status != MC_OK)
        return txn->status;
    if (kept != NULL) {
        payment_order_show(txn, mc_key_bytes(notice->order_id), kept, rep);
        return txn->status;
    }
    fresh.dossier_code = look_up->dossier_code;
    fresh.land_notice = req->notice;
    fresh.owner_account = mc_unconst(txn->caller->account_id);
    unit_fill(txn, look_up->dossier_code, &fresh);
    items_fill(txn, notice, &fresh);
    const char *words =
        mc_sprintf(txn->arena, "Nộp nghĩa vụ tài chính về đất đai, thông báo %s", req->notice);
    if (txn->status != MC_OK || words == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    fresh.description = mc_seal_text(txn, words);
    struct mc_bytes id = payment_order_open(payment, txn, &fresh);
    notice->order_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    payment_land_save(txn, look_up->dossier_code, req->notice, notice);
    if (txn->status == MC_OK)
        payment_order_show(txn, id, &fresh, rep);
    return txn->status;
}
