/*
 * ListVouchers, SetVoucherDelivery: the vouchers of a dossier's paid notices, and whether the
 * province has them (LND-09 … LND-11). Delivering is the notification room's; what it tells here
 * stays until the province acknowledges.
 */
#include <string.h>

#include "common/ident.h"

#include "land.h"

static void show(struct mc_txn *txn, const char *code, const char *notice,
                 const PaymentState__LandNotice *record, Payment__Voucher *rep)
{
    const PaymentState__TaxDebts *debts = payment_land_lines(txn, record->lines);
    const PaymentState__Order *order = record->order_id.len == MC_ID_LEN
                                           ? payment_order_load(txn, mc_key_bytes(record->order_id))
                                           : NULL;

    if (debts == NULL)
        return;
    rep->dossier_code = mc_unconst(code);
    rep->notice = mc_unconst(notice);
    rep->amount = record->total;
    rep->taxpayer = debts->n_rows > 0 ? debts->rows[0]->taxpayer : mc_unconst("");
    rep->paid_at_ms = record->paid_at_ms;
    rep->transaction_id = record->transaction_id;
    rep->state = (Payment__VoucherState)record->voucher;
    rep->tries = record->voucher_tries;
    rep->error = record->voucher_error;
    rep->order_id = record->order_id;
    if (order != NULL) {
        rep->receipts = order->receipts;
        rep->n_receipts = order->n_receipts;
    }
}

/* Who paid it, an officer of its unit or above, a room. */
static bool may_see(struct mc_txn *txn, const PaymentState__LandNotice *record)
{
    const PaymentState__Order *order = record->order_id.len == MC_ID_LEN
                                           ? payment_order_load(txn, mc_key_bytes(record->order_id))
                                           : NULL;

    return order != NULL && payment_visible(txn, order);
}

enum mc_status payment_list_vouchers(struct payment *payment, struct mc_txn *txn,
                                     const Payment__ListVouchersRequest *req,
                                     Payment__ListVouchersReply *rep)
{
    (void)payment;
    if (req->dossier_code[0] == '\0' || strlen(req->dossier_code) > PAYMENT_CODE_MAX)
        return mc_refuse(txn, MC_INVALID, "dossier_code", "DOSSIER_CODE_FORMAT", NULL);
    rep->vouchers = mc_alloc(txn->arena, PAYMENT_LAND_NOTICES_MAX * sizeof(Payment__Voucher *));
    if (rep->vouchers == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    struct mc_bytes prefix = payment_land_key(txn, req->dossier_code, "");
    struct mc_cursor cursor =
        mc_seek(txn, PAYMENT_LAND_NOTICES, prefix, (struct mc_bytes){0}, MC_FORWARD);
    for (size_t i = 0; i < PAYMENT_LAND_NOTICES_MAX && mc_next(&cursor); i++) {
        const PaymentState__LandNotice *record =
            mc_row(&cursor, &payment_state__land_notice__descriptor);
        const char *notice = mc_sprintf(txn->arena, "%.*s", (int)(cursor.key.len - prefix.len),
                                        (const char *)cursor.key.data + prefix.len);
        Payment__Voucher *voucher = mc_alloc(txn->arena, sizeof *voucher);
        if (record == NULL || notice == NULL || voucher == NULL)
            return mc_fail(txn, MC_LIMITED, "arena full");
        if (record->state != PAYMENT_LAND_PAID || !may_see(txn, record))
            continue;
        payment__voucher__init(voucher);
        show(txn, req->dossier_code, notice, record, voucher);
        rep->vouchers[rep->n_vouchers++] = voucher;
    }
    return txn->status;
}

enum mc_status payment_set_voucher_delivery(struct payment *payment, struct mc_txn *txn,
                                            const Payment__SetVoucherDeliveryRequest *req,
                                            Payment__Voucher *rep)
{
    PaymentState__LandNotice *record = NULL;
    Payment__VoucherDelivery event = PAYMENT__VOUCHER_DELIVERY__INIT;

    (void)payment;
    if (strlen(req->error) > PAYMENT_TEXT_MAX)
        return mc_refuse(txn, MC_INVALID, "error", "FIELD_TOO_LONG", "field", "error", "max", "500",
                         NULL);
    if (req->state != PAYMENT__VOUCHER_STATE__VOUCHER_ACKNOWLEDGED &&
        req->state != PAYMENT__VOUCHER_STATE__VOUCHER_UNDELIVERED)
        return mc_refuse(txn, MC_INVALID, "state", "FIELD_INVALID", "field", "state", NULL);
    if (strlen(req->dossier_code) <= PAYMENT_CODE_MAX && req->notice[0] != '\0' &&
        strlen(req->notice) <= PAYMENT_NOTICE_MAX)
        record = payment_land_load(txn, req->dossier_code, req->notice);
    if (record == NULL || record->state != PAYMENT_LAND_PAID)
        return mc_refuse(txn, MC_NOT_FOUND, "notice", "NOT_FOUND", NULL);
    if (record->voucher != PAYMENT__VOUCHER_STATE__VOUCHER_ACKNOWLEDGED) {
        const char *keys[] = {mc_sprintf(txn->arena, "dossier:%s", req->dossier_code), NULL};
        record->voucher = req->state;
        record->voucher_tries++;
        record->voucher_error = req->error;
        payment_land_save(txn, req->dossier_code, req->notice, record);
        event.dossier_code = req->dossier_code;
        event.notice = req->notice;
        event.state = req->state;
        event.tries = record->voucher_tries;
        event.error = req->error;
        event.unit = record->unit;
        mc_emit(txn, "payment.voucher_delivery", &event.base, MC_PLAIN, keys);
    }
    if (txn->status == MC_OK)
        show(txn, req->dossier_code, req->notice, record, rep);
    return txn->status;
}
