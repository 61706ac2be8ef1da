/*
 * Settle: money came, as the platform's own record says. Either the order takes it, or it goes to
 * suspense and becomes an officer's case; in both cases it is in the books. Never both, never
 * twice: the attempt's state moves in the same transaction.
 */
#include "payment.h"

static const char *source_of(const struct payment_case *c)
{
    return c->account != NULL ? c->account : PAYMENT_RECEIVABLE;
}

static struct mc_bytes place_of(struct mc_txn *txn, const struct payment_case *c)
{
    return mc_key_join(txn, c->order_id, c->attempt_id);
}

/* NULL when the order takes the money; else why not. */
static const char *misfit(struct mc_txn *txn, const struct payment_case *c, int64_t amount)
{
    struct mc_bytes other;

    if (c->order->state == PAYMENT__ORDER_STATE__PAID)
        return "ALREADY_PAID";
    if (payment_order_next(c->order->state, PAYMENT_ORDER_PAY) ==
        PAYMENT__ORDER_STATE__ORDER_STATE_UNSPECIFIED)
        return "ORDER_CLOSED";
    if (c->misplaced)
        return "ACCOUNT_WRONG";
    if (amount != c->order->total && c->account == NULL)
        return "AMOUNT_WRONG";
    if (amount != c->order->total) /* a payer typed it himself */
        return amount < c->order->total ? "UNDERPAID" : "OVERPAID";
    /* one transaction of the platform pays one attempt */
    if (c->attempt->transaction_id[0] != '\0' &&
        mc_get(txn, PAYMENT_TRANSACTIONS, mc_key_text(c->attempt->transaction_id), &other))
        return "TRANSACTION_REUSED";
    return NULL;
}

static void post_paid(struct mc_txn *txn, const struct payment_case *c)
{
    struct payment_line lines[PAYMENT_ITEMS_MAX + 1] = {{source_of(c), c->order->total}};
    size_t n = 1;

    assert(c->order->n_items <= PAYMENT_ITEMS_MAX);
    for (size_t i = 0; i < c->order->n_items; i++) {
        const PaymentState__Item *item = c->order->items[i];
        char account[PAYMENT_ACCOUNT_SIZE];
        if (!payment_account_agency(account, sizeof account, c->order->unit, item->kind,
                                    item->code)) {
            (void)mc_fail(txn, MC_CORRUPT, "an item without an account");
            return;
        }
        lines[n++] = (struct payment_line){mc_strdup(txn->arena, account), -item->amount};
        if (lines[n - 1].account == NULL) {
            (void)mc_fail(txn, MC_LIMITED, "arena full");
            return;
        }
    }
    payment_transfer(txn, lines, n, c->attempt_id);
}

static void take(struct mc_txn *txn, struct payment_case *c)
{
    payment_attempt_step(c, PAYMENT_ATTEMPT_PAY);
    c->attempt->error = mc_unconst("");
    payment_expiry_drop(txn, c->order_id, c->order);
    c->order->state = payment_order_next(c->order->state, PAYMENT_ORDER_PAY);
    c->order->paid_at_ms = txn->now_ms;
    payment_receipts_issue(txn, c);
    post_paid(txn, c);
    payment_order_save(txn, c->order_id, c->order);
    payment_attempt_save(txn, c);
    if (c->attempt->transaction_id[0] != '\0')
        mc_put(txn, PAYMENT_TRANSACTIONS, mc_key_text(c->attempt->transaction_id),
               place_of(txn, c));
    payment_emit(txn, "payment.paid", c, "");
}

static void suspend(struct mc_txn *txn, struct payment_case *c, int64_t amount, const char *reason)
{
    const struct payment_line lines[] = {{source_of(c), amount}, {PAYMENT_SUSPENSE, -amount}};

    payment_attempt_step(c, PAYMENT_ATTEMPT_MISFIT);
    c->attempt->error = mc_unconst(reason);
    payment_transfer(txn, lines, MC_LEN(lines), c->attempt_id);
    payment_attempt_save(txn, c);
    payment_emit(txn, "payment.suspense", c, reason);
}

void payment_settle(struct mc_txn *txn, struct payment_case *c, int64_t amount)
{
    const char *reason = misfit(txn, c, amount);

    c->attempt->query_job = 0;
    if (reason == NULL)
        take(txn, c);
    else
        suspend(txn, c, amount, reason);
}
