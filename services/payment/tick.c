/*
 * The tick: orders nobody paid in time end, one that is being paid right now is left for later; and
 * a step of the nightly check.
 */
#include <endian.h>
#include <string.h>

#include "land.h"
#include "reconcile.h"

static void expire(struct mc_txn *txn, struct mc_bytes id, PaymentState__Order *order)
{
    bool open = false;

    (void)payment_attempts_count(txn, id, &open);
    if (!open) {
        payment_order_end(txn, id, order, PAYMENT_ORDER_EXPIRE, "payment.order_expired", "");
        return;
    }
    payment_expiry_drop(txn, id, order);
    order->expires_at_ms = txn->now_ms + PAYMENT_POSTPONE_MS;
    payment_expiry_put(txn, id, order);
    payment_order_save(txn, id, order);
}

enum mc_status payment_tick(void *ctx, struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, PAYMENT_EXPIRY, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    for (size_t n = 0; n < PAYMENT_TICK_ROWS && mc_next(&cursor); n++) {
        uint64_t due = 0;
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + sizeof due, MC_ID_LEN};

        if (cursor.key.len != sizeof due + MC_ID_LEN)
            return mc_fail(txn, MC_CORRUPT, "expiry row");
        memcpy(&due, cursor.key.data, sizeof due);
        if ((int64_t)be64toh(due) > txn->now_ms)
            break;
        PaymentState__Order *order = payment_order_load(txn, id);
        if (order == NULL)
            return mc_fail(txn, MC_CORRUPT, "an expiry row without its order");
        expire(txn, id, order);
    }
    if (txn->status == MC_OK)
        payment_books_check(ctx, txn);
    payment_land_tick(txn);
    payment_reconcile_tick(ctx, txn);
    return txn->status;
}
