/*
 * Refunds, as they are kept:
 *
 *     refunds   refund id -> Refund
 *     by_unit   "r" or "R": under way, all of them (units.c)
 */
#include <string.h>

#include "common/crypto.h"
#include "common/ident.h"

#include "payment.h"

static const char *uuid_key(struct mc_txn *txn, const char *prefix, struct mc_bytes id)
{
    char text[MC_UUID_TEXT_LEN + 1];

    mc_uuid_text(text, id.data);
    const char *key = mc_sprintf(txn->arena, "%s:%s", prefix, text);
    if (key == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return key;
}

static const char *type_of(uint32_t state)
{
    switch ((Payment__RefundState)state) {
    case PAYMENT__REFUND_STATE__REFUND_REQUESTED:
        return "payment.refund_requested";
    case PAYMENT__REFUND_STATE__REFUND_APPROVED:
        return "payment.refund_approved";
    case PAYMENT__REFUND_STATE__REFUND_SENT:
        return "payment.refund_sent";
    case PAYMENT__REFUND_STATE__REFUND_UNKNOWN:
        return "payment.refund_unknown";
    case PAYMENT__REFUND_STATE__REFUND_DONE:
        return "payment.refund_done";
    case PAYMENT__REFUND_STATE__REFUND_REFUSED:
    case PAYMENT__REFUND_STATE__REFUND_STATE_UNSPECIFIED:
    case _PAYMENT__REFUND_STATE_IS_INT_SIZE:
    default:
        return "payment.refund_refused";
    }
}

static void emit(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Refund *refund)
{
    Payment__RefundChanged event = PAYMENT__REFUND_CHANGED__INIT;
    const char *keys[5] = {NULL};
    size_t n = 0;

    event.refund_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    event.state = (Payment__RefundState)refund->state;
    event.order_id = refund->order_id;
    event.case_id = refund->case_id;
    event.attempt_id = refund->attempt_id;
    event.unit = refund->unit;
    event.dossier_code = refund->dossier_code;
    event.amount = refund->amount;
    event.transaction_id = refund->transaction_id;
    event.by = mc_unconst(payment_actor(txn));
    event.error = refund->error;
    event.owner_account = refund->owner_account;
    keys[n++] = uuid_key(txn, "refund", id);
    if (refund->order_id.len == MC_ID_LEN)
        keys[n++] = uuid_key(txn, "payment", mc_key_bytes(refund->order_id));
    if (refund->dossier_code[0] != '\0')
        keys[n++] = mc_sprintf(txn->arena, "dossier:%s", refund->dossier_code);
    if (refund->owner_account[0] != '\0')
        keys[n++] = mc_sprintf(txn->arena, "account:%s", refund->owner_account);
    if (txn->status == MC_OK)
        mc_emit(txn, type_of(refund->state), &event.base, MC_PLAIN, keys);
}

static void save(struct mc_txn *txn, struct mc_bytes id, PaymentState__Refund *refund)
{
    refund->version++;
    mc_save(txn, PAYMENT_REFUNDS, id, &refund->base);
    emit(txn, id, refund);
}

/* The platform sends back what one of its own transactions brought, and where the bank can. */
static bool is_for_platform(const struct payment *payment, const struct payment_refund_spec *spec)
{
    const struct payment_bank *bank =
        spec->attempt != NULL ? payment_bank_find(&payment->banks, spec->attempt->bank) : NULL;

    return payment->platform_refunds && bank != NULL && bank->refund &&
           strcmp(spec->source, PAYMENT_RECEIVABLE) == 0 && spec->attempt->reference[0] != '\0' &&
           spec->attempt->transaction_id[0] != '\0' && spec->amount <= spec->came;
}

PaymentState__Refund *payment_refund_open(const struct payment *payment, struct mc_txn *txn,
                                          const struct payment_refund_spec *spec,
                                          struct mc_bytes *ret_id)
{
    PaymentState__Refund *refund = mc_alloc(txn->arena, sizeof *refund);
    struct mc_bytes id = mc_new_id(txn);
    char hex[2 * MC_ID_LEN + 1] = "";

    if (refund == NULL || txn->status != MC_OK) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    (void)mc_hex(hex, id);
    payment_state__refund__init(refund);
    refund->state = PAYMENT__REFUND_STATE__REFUND_REQUESTED;
    refund->order_id = (ProtobufCBinaryData){spec->order_id.len, mc_unconst(spec->order_id.data)};
    refund->case_id = (ProtobufCBinaryData){spec->case_id.len, mc_unconst(spec->case_id.data)};
    refund->attempt_id =
        (ProtobufCBinaryData){spec->attempt_id.len, mc_unconst(spec->attempt_id.data)};
    refund->unit = mc_unconst(spec->unit);
    refund->dossier_code = mc_unconst(spec->dossier_code);
    refund->owner_account = mc_unconst(spec->owner_account);
    refund->amount = spec->amount;
    refund->reference = mc_sprintf(txn->arena, "hoan%s", hex); /* hoàn tiền */
    refund->source = mc_unconst(spec->source);
    if (spec->attempt != NULL) {
        refund->original_reference = spec->attempt->reference;
        refund->transaction_id = spec->attempt->transaction_id;
        refund->bank = spec->attempt->bank;
    }
    refund->by_platform = is_for_platform(payment, spec);
    refund->requested_by = mc_unconst(spec->requested_by);
    refund->requested_at_ms = txn->now_ms;
    refund->reason = mc_seal_text(txn, spec->reason);
    if (refund->reference == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    mc_unit_index_put(txn, PAYMENT_BY_UNIT, "r", refund->unit, id);
    mc_unit_index_put(txn, PAYMENT_BY_UNIT, "R", refund->unit, id);
    save(txn, id, refund);
    *ret_id = id;
    return refund;
}

void payment_refund_step(struct mc_txn *txn, struct mc_bytes id, PaymentState__Refund *refund,
                         enum payment_refund_step step, const char *error)
{
    Payment__RefundState next = payment_refund_next(refund->state, step);

    assert(next != PAYMENT__REFUND_STATE__REFUND_STATE_UNSPECIFIED);
    refund->state = next;
    refund->error = mc_unconst(error);
    save(txn, id, refund);
}

void payment_refund_approve(struct payment *payment, struct mc_txn *txn, struct mc_bytes id,
                            PaymentState__Refund *refund, uint64_t set_aside, const char *decision)
{
    refund->set_aside = set_aside;
    refund->decided_by = mc_unconst(payment_actor(txn));
    refund->decided_at_ms = txn->now_ms;
    refund->decision = mc_seal_text(txn, decision);
    payment_refund_step(txn, id, refund, PAYMENT_REFUND_APPROVE, "");
    if (refund->by_platform)
        payment_refund_send(payment, txn, id, refund);
}

/* REFUNDED, and its receipts are worth nothing any more. */
static void order_finish(struct mc_txn *txn, const PaymentState__Refund *refund)
{
    struct mc_bytes id = mc_key_bytes(refund->order_id);
    PaymentState__Order *order = payment_order_load(txn, id);

    if (order == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "a refund without its order");
        return;
    }
    order->state = payment_order_next(order->state, PAYMENT_ORDER_REFUND);
    assert(order->state != PAYMENT__ORDER_STATE__ORDER_STATE_UNSPECIFIED);
    for (size_t i = 0; i < order->n_receipts; i++)
        (void)payment_receipt_cancel(txn, order->receipts[i],
                                     &(struct payment_receipt_ending){.reason = "REFUNDED"});
    payment_order_save(txn, id, order);
    payment_emit(txn, "payment.refunded", &(struct payment_case){.order_id = id, .order = order},
                 "");
}

void payment_refund_finish(struct mc_txn *txn, struct mc_bytes id, PaymentState__Refund *refund,
                           bool by_hand)
{
    const char *from = refund->source;

    /* by hand it leaves an agency's own account: what the platform owes us it still owes */
    if (by_hand && strcmp(from, PAYMENT_RECEIVABLE) == 0)
        from = mc_sprintf(txn->arena, "payout:%s", refund->unit);
    if (from == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    const struct payment_line lines[] = {{PAYMENT_PAYABLE, refund->amount},
                                         {from, -refund->amount}};
    (void)payment_transfer(
        txn, lines, MC_LEN(lines),
        &(struct payment_cause){.kind = PAYMENT_CAUSE_REFUND, .step = 1, .id = id});
    refund->done_at_ms = txn->now_ms;
    mc_unit_index_drop(txn, PAYMENT_BY_UNIT, "r", refund->unit, id);
    payment_refund_step(txn, id, refund, PAYMENT_REFUND_FINISH, "");
    if (refund->order_id.len == MC_ID_LEN && refund->case_id.len == 0)
        order_finish(txn, refund);
}

/* The order can be asked back again; what came from a case becomes a case again. */
static void origin_restore(struct mc_txn *txn, const PaymentState__Refund *refund)
{
    if (refund->case_id.len > 0) {
        (void)payment_case_open(txn, &(struct payment_case_spec){
                                         .kind = PAYMENT__CASE_KIND__REFUND_FAILED,
                                         .amount = refund->amount,
                                         .account = PAYMENT_SUSPENSE,
                                         .source = refund->source,
                                         .order_id = mc_key_bytes(refund->order_id),
                                         .attempt_id = mc_key_bytes(refund->attempt_id),
                                         .unit = refund->unit,
                                         .dossier_code = refund->dossier_code,
                                         .transaction_id = refund->transaction_id,
                                         .bank = refund->bank,
                                     });
        return;
    }
    PaymentState__Order *order = payment_order_load(txn, mc_key_bytes(refund->order_id));
    if (order == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "a refund without its order");
        return;
    }
    order->refund_id = (ProtobufCBinaryData){0};
    payment_order_save(txn, mc_key_bytes(refund->order_id), order);
}

void payment_refund_refuse(struct mc_txn *txn, struct mc_bytes id, PaymentState__Refund *refund,
                           const char *error)
{
    const struct payment_line lines[] = {{PAYMENT_PAYABLE, refund->amount},
                                         {PAYMENT_SUSPENSE, -refund->amount}};
    const struct payment_cause cause = {
        .kind = PAYMENT_CAUSE_REFUND, .step = 2, .id = id, .reverses = refund->set_aside};

    if (refund->set_aside != 0 && refund->case_id.len > 0)
        (void)payment_transfer(txn, lines, MC_LEN(lines), &cause);
    else if (refund->set_aside != 0)
        (void)payment_transfer_back(txn, refund->set_aside, &cause);
    mc_unit_index_drop(txn, PAYMENT_BY_UNIT, "r", refund->unit, id);
    payment_refund_step(txn, id, refund, PAYMENT_REFUND_REFUSE, error);
    origin_restore(txn, refund);
}

PaymentState__Refund *payment_refund_get(struct mc_txn *txn, struct mc_bytes id)
{
    return mc_load(txn, PAYMENT_REFUNDS, id, &payment_state__refund__descriptor);
}

PaymentState__Refund *payment_refund_take(struct mc_txn *txn, struct mc_bytes id, uint32_t version)
{
    if (id.len != MC_ID_LEN) {
        (void)mc_refuse(txn, MC_INVALID, "refund_id", "FIELD_INVALID", "field", "refund_id", NULL);
        return NULL;
    }
    PaymentState__Refund *refund = payment_refund_get(txn, id);
    if (txn->status == MC_OK && (refund == NULL || !mc_unit_mine(txn, refund->unit)))
        (void)mc_refuse(txn, MC_NOT_FOUND, "refund_id", "NOT_FOUND", NULL);
    else if (txn->status == MC_OK && refund->version != version)
        (void)mc_refuse(txn, MC_CONFLICT, "version", "CASE_CHANGED", NULL);
    return txn->status == MC_OK ? refund : NULL;
}

void payment_refund_show(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Refund *refund,
                         Payment__Refund *rep)
{
    char amount[MC_MONEY_SIZE];

    mc_money_format(amount, sizeof amount, refund->amount);
    rep->refund_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    rep->state = (Payment__RefundState)refund->state;
    rep->order_id = refund->order_id;
    rep->case_id = refund->case_id;
    rep->attempt_id = refund->attempt_id;
    rep->unit = refund->unit;
    rep->dossier_code = refund->dossier_code;
    rep->amount = refund->amount;
    rep->amount_text = mc_sprintf(txn->arena, "%s VND", amount); /* RCP-07 */
    rep->reference = refund->reference;
    rep->transaction_id = refund->transaction_id;
    rep->bank = refund->bank;
    rep->by_platform = refund->by_platform;
    rep->requested_by = refund->requested_by;
    rep->requested_at_ms = refund->requested_at_ms;
    rep->decided_by = refund->decided_by;
    rep->decided_at_ms = refund->decided_at_ms;
    rep->done_at_ms = refund->done_at_ms;
    rep->reason = mc_open_text(txn, refund->reason);
    if (refund->decision.len > 0)
        rep->decision = mc_open_text(txn, refund->decision);
    rep->transfer_number = refund->transfer_number;
    rep->error = refund->error;
    rep->version = refund->version;
    if (rep->amount_text == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
}
