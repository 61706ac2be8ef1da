/*
 * Orders: how they are kept and found.
 *
 *     orders       order id                            -> Order
 *     by_owner     account id, 0, order id             -> nothing; also for who it was merged into
 *     by_dossier   "c", dossier code, 0, order id      -> nothing
 *                  "e", dossier id                     -> order id: made by its acceptance
 *                  "d", dossier id, order id           -> nothing
 *     expiry       expires_at_ms, order id             -> nothing; PENDING orders only
 *
 * Order ids grow with time, so a walk backward is newest first.
 */
#include <stdio.h>
#include <string.h>

#include "common/ident.h"
#include "common/messages.h"

#include "land.h"

static struct mc_bytes key_text(struct mc_txn *txn, const char *kind, const char *text,
                                struct mc_bytes end)
{
    /* the NUL keeps "A" from being a beginning of "AB" */
    struct mc_bytes head =
        mc_key_join(txn, mc_key_text(kind), (struct mc_bytes){text, strlen(text) + 1});

    return end.len > 0 ? mc_key_join(txn, head, end) : head;
}

struct mc_bytes payment_dossier_prefix(struct mc_txn *txn, const char *code)
{
    return key_text(txn, "c", code, (struct mc_bytes){0});
}

struct mc_bytes payment_owner_prefix(struct mc_txn *txn, const char *account)
{
    return key_text(txn, "", account, (struct mc_bytes){0});
}

struct mc_bytes payment_dossier_key(struct mc_txn *txn, const char *kind, struct mc_bytes id)
{
    return mc_key_join(txn, mc_key_text(kind), id);
}

static struct mc_bytes expiry_key(struct mc_txn *txn, struct mc_bytes id,
                                  const PaymentState__Order *order)
{
    return mc_key_join(txn, mc_key_u64(txn, (uint64_t)order->expires_at_ms), id);
}

void payment_expiry_put(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Order *order)
{
    mc_put(txn, PAYMENT_EXPIRY, expiry_key(txn, id, order), (struct mc_bytes){0});
}

void payment_expiry_drop(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Order *order)
{
    mc_drop(txn, PAYMENT_EXPIRY, expiry_key(txn, id, order));
}

PaymentState__Order *payment_order_load(struct mc_txn *txn, struct mc_bytes id)
{
    return mc_load(txn, PAYMENT_ORDERS, id, &payment_state__order__descriptor);
}

void payment_order_save(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Order *order)
{
    mc_save(txn, PAYMENT_ORDERS, id, &order->base);
}

static void index_put(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Order *order)
{
    static const struct mc_bytes nothing;

    mc_put(txn, PAYMENT_BY_OWNER,
           mc_key_join(txn, payment_owner_prefix(txn, order->owner_account), id), nothing);
    const char *kept = payment_merged_into(txn, order->owner_account);
    if (kept != NULL)
        mc_put(txn, PAYMENT_BY_OWNER, mc_key_join(txn, payment_owner_prefix(txn, kept), id),
               nothing);
    if (order->dossier_code[0] != '\0')
        mc_put(txn, PAYMENT_BY_DOSSIER, key_text(txn, "c", order->dossier_code, id), nothing);
    if (order->dossier_id.len > 0) {
        struct mc_bytes prefix = payment_dossier_key(txn, "d", mc_key_bytes(order->dossier_id));
        mc_put(txn, PAYMENT_BY_DOSSIER, mc_key_join(txn, prefix, id), nothing);
    }
}

struct mc_bytes payment_order_open(struct payment *payment, struct mc_txn *txn,
                                   PaymentState__Order *order)
{
    struct mc_bytes id = mc_new_id(txn);

    order->state = PAYMENT__ORDER_STATE__PENDING;
    order->created_at_ms = txn->now_ms;
    order->expires_at_ms = txn->now_ms + payment->order_life_ms;
    payment_order_save(txn, id, order);
    index_put(txn, id, order);
    payment_expiry_put(txn, id, order);
    payment_emit(txn, "payment.order_created",
                 &(struct payment_case){.order_id = id, .order = order}, "");
    return id;
}

void payment_order_end(struct mc_txn *txn, struct mc_bytes id, PaymentState__Order *order,
                       enum payment_order_step step, const char *type, const char *reason)
{
    Payment__OrderState next = payment_order_next(order->state, step);

    assert(next != PAYMENT__ORDER_STATE__ORDER_STATE_UNSPECIFIED);
    order->state = next;
    payment_expiry_drop(txn, id, order);
    payment_order_save(txn, id, order);
    payment_emit(txn, type, &(struct payment_case){.order_id = id, .order = order}, reason);
}

static const char *id_text(struct mc_txn *txn, const char *prefix, struct mc_bytes id)
{
    char text[MC_UUID_TEXT_LEN + 1] = "";

    if (id.len == MC_ID_LEN)
        mc_uuid_text(text, id.data);
    return mc_sprintf(txn->arena, "%s:%s", prefix, text);
}

void payment_order_keys(struct mc_txn *txn, struct mc_bytes order_id,
                        const PaymentState__Order *order, const char *keys[PAYMENT_KEYS_MAX])
{
    size_t n = 0;

    keys[n++] = id_text(txn, "payment", order_id);
    if (order->dossier_code[0] != '\0')
        keys[n++] = mc_sprintf(txn->arena, "dossier:%s", order->dossier_code);
    else if (order->dossier_id.len == MC_ID_LEN)
        keys[n++] = id_text(txn, "dossier", mc_key_bytes(order->dossier_id));
    if (order->owner_account[0] != '\0')
        keys[n++] = mc_sprintf(txn->arena, "account:%s", order->owner_account);
    keys[n] = NULL;
}

void payment_emit(struct mc_txn *txn, const char *type, const struct payment_case *c,
                  const char *reason)
{
    Payment__OrderChanged event = PAYMENT__ORDER_CHANGED__INIT;
    const PaymentState__Order *order = c->order;
    const char *keys[PAYMENT_KEYS_MAX];

    event.order_id = (ProtobufCBinaryData){c->order_id.len, mc_unconst(c->order_id.data)};
    event.state = (Payment__OrderState)order->state;
    event.dossier_id = order->dossier_id;
    event.dossier_code = order->dossier_code;
    event.owner_account = order->owner_account;
    event.amount = order->total;
    event.unit = order->unit;
    event.more_due = payment_land_is_due(txn, order->dossier_code);
    event.n_receipts = order->n_receipts;
    event.receipts = order->receipts;
    event.reason = mc_unconst(reason);
    if (c->attempt != NULL) {
        event.attempt_id = (ProtobufCBinaryData){c->attempt_id.len, mc_unconst(c->attempt_id.data)};
        event.attempt_state = (Payment__AttemptState)c->attempt->state;
        event.transaction_id = c->attempt->transaction_id;
    }
    payment_order_keys(txn, c->order_id, order, keys);
    mc_emit(txn, type, &event.base, MC_PLAIN, keys);
}

bool payment_visible(struct mc_txn *txn, const PaymentState__Order *order)
{
    const struct mc_caller *caller = txn->caller;

    if (caller->account_id != NULL && payment_is_owned(txn, order, caller->account_id))
        return true;
    if ((caller->who & MC_OFFICER) != 0 && caller->unit != NULL)
        return mc_agency_within(order->unit, caller->unit);
    /* a room that passes on a citizen's session speaks for the citizen, not for itself */
    return caller->account_id == NULL && (caller->who & MC_ROOM) != 0;
}

bool payment_refuse_unpayable(struct mc_txn *txn, const PaymentState__Order *order)
{
    const char *code = payment_order_ended(order->state);

    if (code == NULL && order->expires_at_ms <= txn->now_ms)
        code = "ORDER_EXPIRED"; /* the clock was quicker than who ends it */
    if (code == NULL)
        return false;
    (void)mc_refuse(txn, order->state == PAYMENT__ORDER_STATE__PAID ? MC_CONFLICT : MC_EXPIRED, "",
                    code, NULL);
    return true;
}

static const char *outcome_text(uint32_t state)
{
    const char *code = state == PAYMENT__ATTEMPT_STATE__SUCCEEDED ? "PAYMENT_OK" /* RCP-04 */
                       : state == PAYMENT__ATTEMPT_STATE__FAILED  ? "PAYMENT_FAILED"
                                                                  : "PAYMENT_PENDING";
    const char *text = mc_message_text(code);

    return text != NULL ? text : "";
}

static Payment__Attempt *attempt_show(struct mc_txn *txn, struct mc_bytes id,
                                      const PaymentState__Attempt *attempt)
{
    Payment__Attempt *shown = mc_alloc(txn->arena, sizeof *shown);

    if (shown == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    payment__attempt__init(shown);
    shown->attempt_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    shown->state = (Payment__AttemptState)attempt->state;
    shown->reference = attempt->reference;
    shown->amount = attempt->amount;
    shown->at_ms = attempt->at_ms;
    shown->bank = attempt->bank;
    shown->transaction_id = attempt->transaction_id;
    shown->message = mc_unconst(outcome_text(attempt->state));
    shown->error = attempt->error;
    shown->return_url = attempt->return_url;
    if (attempt->state == PAYMENT__ATTEMPT_STATE__WAITING)
        shown->pay_url = attempt->pay_url;
    return shown;
}

/* RCP-03: every try is a row of its own, with its outcome. */
static void attempts_show(struct mc_txn *txn, struct mc_bytes order_id, Payment__Order *rep)
{
    rep->attempts = mc_alloc(txn->arena, PAYMENT_ATTEMPTS_MAX * sizeof(Payment__Attempt *));
    if (rep->attempts == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    struct mc_cursor cursor =
        mc_seek(txn, PAYMENT_ATTEMPTS, order_id, (struct mc_bytes){0}, MC_FORWARD);
    while (rep->n_attempts < PAYMENT_ATTEMPTS_MAX && mc_next(&cursor)) {
        const PaymentState__Attempt *attempt = mc_row(&cursor, &payment_state__attempt__descriptor);
        if (attempt == NULL)
            return;
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + MC_ID_LEN, MC_ID_LEN};
        Payment__Attempt *shown = attempt_show(txn, id, attempt);
        if (shown == NULL)
            return;
        rep->attempts[rep->n_attempts++] = shown;
    }
}

static void items_show(struct mc_txn *txn, const PaymentState__Order *order, Payment__Order *rep)
{
    rep->items = mc_alloc(txn->arena, (order->n_items + 1) * sizeof(Payment__Item *));
    Payment__Item *items = mc_alloc(txn->arena, (order->n_items + 1) * sizeof *items);
    if (rep->items == NULL || items == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < order->n_items; i++) {
        payment__item__init(&items[i]);
        items[i].kind = (Payment__ItemKind)order->items[i]->kind;
        items[i].code = order->items[i]->code;
        items[i].name = order->items[i]->name;
        items[i].amount = order->items[i]->amount;
        rep->items[i] = &items[i];
    }
    rep->n_items = order->n_items;
}

void payment_order_show(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Order *order,
                        Payment__Order *rep)
{
    char total[MC_MONEY_SIZE];

    rep->order_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    rep->state = (Payment__OrderState)order->state;
    rep->dossier_code = order->dossier_code;
    rep->dossier_id = order->dossier_id;
    rep->unit = order->unit;
    rep->unit_name = order->unit_name;
    rep->owner_account = order->owner_account;
    rep->total = order->total;
    rep->transaction_fee = 0; /* FEE-04: its own line, and nothing */
    rep->description =
        order->description.len > 0 ? mc_open_text(txn, order->description) : mc_unconst("");
    rep->created_at_ms = order->created_at_ms;
    rep->paid_at_ms = order->paid_at_ms;
    rep->expires_at_ms = order->expires_at_ms;
    rep->receipts = order->receipts;
    rep->n_receipts = order->n_receipts;
    mc_money_format(total, sizeof total, order->total);
    rep->total_text = mc_sprintf(txn->arena, "%s VND", total); /* RCP-07: 1.000 VND */
    items_show(txn, order, rep);
    attempts_show(txn, id, rep);
    if (rep->total_text == NULL || rep->description == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
}
