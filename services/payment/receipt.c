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

/* What is new about a receipt; the rest is the order's. */
struct issue {
    uint32_t kind;
    const char *item_name;
    int64_t amount;
    const char *payer; /* "" when nobody told */
    const char *transaction_id;
    const char *bank;
    const char *replaces;
};

/* Its row in the lists of its unit and those above, by an id that grows with time. */
static struct mc_bytes index_put(struct mc_txn *txn, const char *unit, const char *number)
{
    struct mc_bytes id = mc_new_id(txn);

    mc_put(txn, PAYMENT_RECEIPT_IDS, id, mc_key_text(number));
    mc_unit_index_put(txn, PAYMENT_BY_UNIT, "b", unit, id);
    return id;
}

static char *issue(struct mc_txn *txn, struct mc_bytes order_id, const PaymentState__Order *order,
                   const struct issue *issue)
{
    PaymentState__Receipt receipt = PAYMENT_STATE__RECEIPT__INIT;
    char symbol[SYMBOL_SIZE];
    char *number = number_next(txn, order->unit, symbol, &receipt.serial);

    if (number == NULL)
        return NULL;
    struct mc_bytes id = index_put(txn, order->unit, number);
    receipt.symbol = symbol;
    receipt.order_id = (ProtobufCBinaryData){order_id.len, mc_unconst(order_id.data)};
    receipt.id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    if (issue->payer[0] != '\0') /* sealed anew: each value has its own nonce */
        receipt.payer_name = mc_seal_text(txn, issue->payer);
    receipt.kind = issue->kind;
    receipt.item_name = mc_unconst(issue->item_name);
    receipt.amount = issue->amount;
    receipt.transaction_id = mc_unconst(issue->transaction_id);
    receipt.bank = mc_unconst(issue->bank);
    receipt.replaces = mc_unconst(issue->replaces);
    receipt.issued_at_ms = txn->now_ms;
    mc_save(txn, PAYMENT_RECEIPTS, mc_key_text(number), &receipt.base);
    payment_receipt_print(txn, number, &receipt, order);
    return number;
}

static const char *payer_of(struct mc_txn *txn, const PaymentState__Order *order)
{
    const PaymentState__Payer *known = mc_load(
        txn, PAYMENT_PAYERS, mc_key_text(order->owner_account), &payment_state__payer__descriptor);

    return known != NULL && known->name.len > 0 ? mc_open_text(txn, known->name) : "";
}

void payment_receipts_issue(struct mc_txn *txn, struct payment_case *c)
{
    static const uint32_t kinds[] = {PAYMENT__ITEM_KIND__FEE, PAYMENT__ITEM_KIND__CHARGE,
                                     PAYMENT__ITEM_KIND__FINE, PAYMENT__ITEM_KIND__TAX_DEBT};
    const char *payer = payer_of(txn, c->order);

    c->order->receipts = mc_alloc(txn->arena, MC_LEN(kinds) * sizeof(char *));
    if (c->order->receipts == NULL || payer == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < MC_LEN(kinds); i++) {
        struct issue new = {.kind = kinds[i],
                            .payer = payer,
                            .transaction_id = c->attempt->transaction_id,
                            .bank = c->attempt->bank,
                            .replaces = ""};

        new.item_name = items_of(txn, c->order, kinds[i], &new.amount);
        char *number = new.item_name != NULL ? issue(txn, c->order_id, c->order, &new) : NULL;
        if (number != NULL)
            c->order->receipts[c->order->n_receipts++] = number;
    }
}

char *payment_receipt_replace(struct mc_txn *txn, PaymentState__Order *order, const char *number,
                              const PaymentState__Receipt *old, const char *payer)
{
    char **longer = mc_alloc(txn->arena, (order->n_receipts + 1) * sizeof(char *));
    struct issue new = {.kind = old->kind,
                        .item_name = old->item_name,
                        .amount = old->amount,
                        .payer = payer,
                        .transaction_id = old->transaction_id,
                        .bank = old->bank,
                        .replaces = number};

    if (longer == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    if (payer[0] == '\0' && old->payer_name.len > 0)
        new.payer = mc_open_text(txn, old->payer_name);
    char *made = issue(txn, mc_key_bytes(old->order_id), order, &new);
    if (made == NULL)
        return NULL;
    memcpy(longer, order->receipts, order->n_receipts * sizeof(char *));
    longer[order->n_receipts++] = made;
    order->receipts = longer;
    return made;
}
