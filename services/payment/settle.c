/*
 * Settle: money came, as the platform's own record says. Either the order takes it, or it goes to
 * suspense and becomes an officer's case; in both cases it is in the books. Never both, never
 * twice: the attempt's state moves in the same transaction.
 */
#include <string.h>

#include "land.h"
#include "reconcile.h"

static const char *source_of(const struct payment_case *c)
{
    return c->account != NULL ? c->account : PAYMENT_RECEIVABLE;
}

static struct mc_bytes place_of(struct mc_txn *txn, const struct payment_case *c)
{
    return mc_key_join(txn, c->order_id, c->attempt_id);
}

static bool is_transaction_known(struct mc_txn *txn, const struct payment_case *c)
{
    struct mc_bytes other;

    return c->attempt->transaction_id[0] != '\0' &&
           mc_get(txn, PAYMENT_TRANSACTIONS, mc_key_text(c->attempt->transaction_id), &other);
}

/* Why the order does not take the money; kind ..._UNSPECIFIED: it does. */
struct misfit {
    Payment__CaseKind kind;
    const char *reason;
};

static struct misfit misfit(struct mc_txn *txn, const struct payment_case *c, int64_t amount)
{
    if (c->order->state == PAYMENT__ORDER_STATE__PAID)
        return (struct misfit){PAYMENT__CASE_KIND__DOUBLE_PAYMENT, "ALREADY_PAID"};
    if (payment_order_next(c->order->state, PAYMENT_ORDER_PAY) ==
        PAYMENT__ORDER_STATE__ORDER_STATE_UNSPECIFIED)
        return (struct misfit){PAYMENT__CASE_KIND__LATE_PAYMENT, "ORDER_CLOSED"};
    if (c->misplaced)
        return (struct misfit){PAYMENT__CASE_KIND__WRONG_ACCOUNT, "ACCOUNT_WRONG"};
    bool typed = c->account != NULL; /* by the payer himself */
    if (amount < c->order->total)
        return (struct misfit){PAYMENT__CASE_KIND__SHORT_PAYMENT,
                               typed ? "UNDERPAID" : "AMOUNT_WRONG"};
    if (amount > c->order->total)
        return (struct misfit){PAYMENT__CASE_KIND__EXCESS_PAYMENT,
                               typed ? "OVERPAID" : "AMOUNT_WRONG"};
    /* one transaction of the platform pays one attempt */
    if (is_transaction_known(txn, c))
        return (struct misfit){PAYMENT__CASE_KIND__TRANSACTION_REUSED, "TRANSACTION_REUSED"};
    return (struct misfit){0};
}

size_t payment_earned_lines(struct mc_txn *txn, const PaymentState__Order *order, int sign,
                            struct payment_line *lines)
{
    size_t n = 0;

    assert(order->n_items <= PAYMENT_ITEMS_MAX);
    for (; n < order->n_items; n++) {
        const PaymentState__Item *item = order->items[n];
        char account[PAYMENT_ACCOUNT_SIZE];
        if (!payment_account_agency(account, sizeof account, order->unit, item->kind, item->code)) {
            (void)mc_fail(txn, MC_CORRUPT, "an item without an account");
            return 0;
        }
        lines[n] = (struct payment_line){mc_strdup(txn->arena, account), sign * item->amount};
        if (lines[n].account == NULL) {
            (void)mc_fail(txn, MC_LIMITED, "arena full");
            return 0;
        }
    }
    return n;
}

static struct payment_cause cause_of(const struct payment_case *c)
{
    return (struct payment_cause){.kind = PAYMENT_CAUSE_ATTEMPT, .id = c->attempt_id};
}

static void post_paid(struct mc_txn *txn, const struct payment_case *c)
{
    struct payment_line lines[PAYMENT_ITEMS_MAX + 1] = {{source_of(c), c->order->total}};
    const struct payment_cause cause = cause_of(c);
    size_t n = 1 + payment_earned_lines(txn, c->order, -1, lines + 1);

    if (txn->status == MC_OK)
        (void)payment_transfer(txn, lines, n, &cause);
}

void payment_order_take(struct mc_txn *txn, struct payment_case *c, enum payment_order_step by,
                        enum payment_attempt_step how)
{
    if (txn->status != MC_OK)
        return;
    payment_attempt_step(c, how);
    c->attempt->error = mc_unconst("");
    payment_expiry_drop(txn, c->order_id, c->order);
    c->order->state = payment_order_next(c->order->state, by);
    c->order->paid_at_ms = txn->now_ms;
    payment_receipts_issue(txn, c);
    payment_order_save(txn, c->order_id, c->order);
    payment_attempt_save(txn, c);
    if (c->attempt->transaction_id[0] != '\0' && !is_transaction_known(txn, c))
        mc_put(txn, PAYMENT_TRANSACTIONS, mc_key_text(c->attempt->transaction_id),
               place_of(txn, c));
    if (c->order->land_notice[0] != '\0')
        payment_land_paid(txn, c); /* first: the event tells whether more is due */
    payment_emit(txn, "payment.paid", c, "");
}

static void suspend(struct mc_txn *txn, struct payment_case *c, int64_t amount,
                    const struct misfit *why)
{
    const struct payment_line lines[] = {{source_of(c), amount}, {PAYMENT_SUSPENSE, -amount}};
    const struct payment_cause cause = cause_of(c);

    payment_attempt_step(c, PAYMENT_ATTEMPT_MISFIT);
    c->attempt->error = mc_unconst(why->reason);
    (void)payment_transfer(txn, lines, MC_LEN(lines), &cause);
    payment_attempt_save(txn, c);
    payment_emit(txn, "payment.suspense", c, why->reason);
    (void)payment_case_open(txn, &(struct payment_case_spec){
                                     .kind = why->kind,
                                     .amount = amount,
                                     .expected = c->order->total,
                                     .account = PAYMENT_SUSPENSE,
                                     .source = source_of(c),
                                     .order_id = c->order_id,
                                     .attempt_id = c->attempt_id,
                                     .unit = c->order->unit,
                                     .dossier_code = c->order->dossier_code,
                                     .transaction_id = c->attempt->transaction_id,
                                     .bank = c->attempt->bank,
                                 });
}

void payment_settle(struct mc_txn *txn, struct payment_case *c, int64_t amount)
{
    const struct misfit why = misfit(txn, c, amount);

    payment_booked(txn, c, amount);
    c->attempt->query_job = 0;
    if (why.kind != PAYMENT__CASE_KIND__CASE_KIND_UNSPECIFIED) {
        suspend(txn, c, amount, &why);
        return;
    }
    post_paid(txn, c);
    payment_order_take(txn, c, PAYMENT_ORDER_PAY, PAYMENT_ATTEMPT_PAY);
}
