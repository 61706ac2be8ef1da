/*
 * Receipts: number -> Receipt, never changed.
 *
 * A number is "<symbol>/<serial>": 28AA-26E/0000001. The symbol is the agency's series, two digits
 * and two letters given out at its first receipt, then the year and E for electronic (after the
 * paper 28AA-17T of TT 303/2016). Serials are gapless per agency and year: the counter moves only
 * with a receipt that is committed. One receipt per kind: fee and charge apart (NĐ 123/2020).
 */
#include <stdio.h>
#include <string.h>

#include "common/date.h"

#include "payment.h"

enum {
    SERIES_FIRST = 28,
    SERIES_LAST = 99,
    LETTERS = 26,
    SERIES_SIZE = 8,
    SYMBOL_SIZE = 16,
    COUNTER_SIZE = 32,
};

static bool series_of(struct mc_txn *txn, const char *unit, char out[SERIES_SIZE])
{
    struct mc_bytes key = mc_key_text(unit);
    struct mc_bytes known;

    if (mc_get(txn, PAYMENT_SERIES, key, &known) && known.len < SERIES_SIZE) {
        memcpy(out, known.data, known.len);
        out[known.len] = '\0';
        return true;
    }
    uint64_t n = mc_count(txn, "series");
    if (n == 0)
        return false;
    uint64_t prefix = SERIES_FIRST + (n - 1) / LETTERS / LETTERS;
    if (prefix > SERIES_LAST) {
        (void)mc_fail(txn, MC_FULL, "no receipt series left");
        return false;
    }
    (void)snprintf(out, SERIES_SIZE, "%02u%c%c", (unsigned)(prefix % 100),
                   (char)('A' + (char)((n - 1) / LETTERS % LETTERS)),
                   (char)('A' + (char)((n - 1) % LETTERS)));
    mc_put(txn, PAYMENT_SERIES, key, mc_key_text(out));
    return true;
}

/* The names of the items of a kind, joined; their sum. */
static const char *items_of(struct mc_txn *txn, const PaymentState__Order *order, uint32_t kind,
                            int64_t *ret_amount)
{
    const char *name = NULL;

    *ret_amount = 0;
    for (size_t i = 0; i < order->n_items; i++) {
        const PaymentState__Item *item = order->items[i];
        if (item->kind != kind)
            continue;
        *ret_amount += item->amount; /* part of a total that was checked */
        name = name == NULL ? item->name : mc_sprintf(txn->arena, "%s; %s", name, item->name);
        if (name == NULL)
            (void)mc_fail(txn, MC_LIMITED, "arena full");
    }
    return name;
}

static char *number_next(struct mc_txn *txn, const char *unit, char symbol[SYMBOL_SIZE],
                         uint64_t *ret_serial)
{
    char series[SERIES_SIZE];
    char counter[COUNTER_SIZE];

    if (!series_of(txn, unit, series))
        return NULL;
    (void)snprintf(symbol, SYMBOL_SIZE, "%s-%02uE", series,
                   (unsigned)mc_date_from_ms(txn->now_ms).year % 100);
    (void)snprintf(counter, sizeof counter, "receipt:%s", symbol);
    *ret_serial = mc_count(txn, counter);
    char *number = mc_sprintf(txn->arena, "%s/%07llu", symbol, (unsigned long long)*ret_serial);
    if (number == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return number;
}

static char *issue(struct mc_txn *txn, const struct payment_case *c, uint32_t kind,
                   ProtobufCBinaryData payer)
{
    PaymentState__Receipt receipt = PAYMENT_STATE__RECEIPT__INIT;
    char symbol[SYMBOL_SIZE];

    receipt.item_name = mc_unconst(items_of(txn, c->order, kind, &receipt.amount));
    if (receipt.item_name == NULL)
        return NULL;
    char *number = number_next(txn, c->order->unit, symbol, &receipt.serial);
    if (number == NULL)
        return NULL;
    receipt.symbol = symbol;
    receipt.order_id = (ProtobufCBinaryData){c->order_id.len, mc_unconst(c->order_id.data)};
    receipt.payer_name = payer;
    receipt.kind = kind;
    receipt.transaction_id = c->attempt->transaction_id;
    receipt.issued_at_ms = txn->now_ms;
    mc_save(txn, PAYMENT_RECEIPTS, mc_key_text(number), &receipt.base);
    return number;
}

void payment_receipts_issue(struct mc_txn *txn, struct payment_case *c)
{
    static const uint32_t kinds[] = {PAYMENT__ITEM_KIND__FEE, PAYMENT__ITEM_KIND__CHARGE,
                                     PAYMENT__ITEM_KIND__FINE, PAYMENT__ITEM_KIND__TAX_DEBT};
    const PaymentState__Payer *known =
        mc_load(txn, PAYMENT_PAYERS, mc_key_text(c->order->owner_account),
                &payment_state__payer__descriptor);
    ProtobufCBinaryData payer = {0};

    if (known != NULL && known->name.len > 0) /* sealed anew: each value has its own nonce */
        payer = mc_seal_text(txn, mc_open_text(txn, known->name));
    c->order->receipts = mc_alloc(txn->arena, MC_LEN(kinds) * sizeof(char *));
    if (c->order->receipts == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < MC_LEN(kinds); i++) {
        char *number = issue(txn, c, kinds[i], payer);
        if (number != NULL)
            c->order->receipts[c->order->n_receipts++] = number;
    }
}
