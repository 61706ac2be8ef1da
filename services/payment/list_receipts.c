/*
 * ListReceipts. A citizen's own and a dossier's go by their orders, newest first; a page ends at an
 * order. A unit's go by time, oldest first: the register of receipts, of the unit and all below it.
 */
#include <string.h>

#include "payment.h"

enum {
    TOKEN_LEN = 2 * MC_ID_LEN,
    PER_ORDER_MAX =
        20,       /* an order of which more were cancelled and issued again shows the newest */
    TIME_LEN = 6, /* bytes of a UUIDv7's time */
};

static bool add(struct payment *payment, struct mc_txn *txn, const char *number,
                Payment__ListReceiptsReply *rep)
{
    PaymentState__Order *order = NULL;
    const PaymentState__Receipt *receipt = payment_receipt_load(txn, number, &order);
    Payment__Receipt *shown = mc_alloc(txn->arena, sizeof *shown);

    if (receipt == NULL || shown == NULL) {
        (void)mc_fail(txn, shown == NULL ? MC_LIMITED : MC_CORRUPT, "a row without its receipt");
        return false;
    }
    payment__receipt__init(shown);
    payment_receipt_show(payment, txn, number, receipt, order, shown);
    rep->receipts[rep->n_receipts++] = shown;
    return txn->status == MC_OK;
}

/* --- by orders --- */

static bool token_read(struct mc_txn *txn, const char *token, uint8_t id[MC_ID_LEN])
{
    if (token[0] == '\0' || mc_unhex(id, MC_ID_LEN, mc_key_text(token)))
        return true;
    (void)mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token", NULL);
    return false;
}

static void of_orders(struct payment *payment, struct mc_txn *txn, struct mc_cursor *cursor,
                      size_t size, Payment__ListReceiptsReply *rep)
{
    char token[TOKEN_LEN + 1] = "";

    for (size_t scanned = 0; mc_next(cursor); scanned++) {
        struct mc_bytes id = {(const uint8_t *)cursor->key.data + cursor->key.len - MC_ID_LEN,
                              MC_ID_LEN};
        if (rep->n_receipts >= size || scanned == PAYMENT_PAGE_SCAN) {
            rep->next_page_token = mc_strdup(txn->arena, token);
            return;
        }
        const PaymentState__Order *order = payment_order_load(txn, id);
        if (order == NULL)
            return;
        (void)mc_hex(token, id);
        size_t first = order->n_receipts > PER_ORDER_MAX ? order->n_receipts - PER_ORDER_MAX : 0;
        for (size_t i = first; i < order->n_receipts && payment_visible(txn, order); i++)
            if (!add(payment, txn, order->receipts[i], rep))
                return;
    }
}

static void list_own(struct payment *payment, struct mc_txn *txn,
                     const Payment__ListReceiptsRequest *req, size_t size,
                     Payment__ListReceiptsReply *rep)
{
    bool of_dossier = req->dossier_code[0] != '\0';
    uint8_t before[MC_ID_LEN];
    struct mc_bytes from = {0};

    if (strlen(req->dossier_code) > PAYMENT_CODE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "dossier_code", "DOSSIER_CODE_FORMAT", NULL);
    if (!token_read(txn, req->page_token, before) || txn->status != MC_OK)
        return;
    struct mc_bytes prefix = of_dossier ? payment_dossier_prefix(txn, req->dossier_code)
                                        : payment_owner_prefix(txn, txn->caller->account_id);
    if (req->page_token[0] != '\0')
        from = mc_key_join(txn, prefix, (struct mc_bytes){before, sizeof before});
    struct mc_cursor cursor =
        mc_seek(txn, of_dossier ? PAYMENT_BY_DOSSIER : PAYMENT_BY_OWNER, prefix, from, MC_BACKWARD);
    of_orders(payment, txn, &cursor, size, rep);
}

/* --- by unit --- */

/* The token of a page that begins at a time: an id before all of that time. */
static const char *token_at(struct mc_txn *txn, int64_t at_ms)
{
    uint8_t id[MC_ID_LEN] = {0};
    char token[TOKEN_LEN + 1];

    for (size_t i = 0; i < TIME_LEN; i++)
        id[i] = (uint8_t)((uint64_t)at_ms >> (8 * (TIME_LEN - 1 - i)));
    (void)mc_hex(token, (struct mc_bytes){id, sizeof id});
    return mc_strdup(txn->arena, token);
}

static void list_unit(struct payment *payment, struct mc_txn *txn,
                      const Payment__ListReceiptsRequest *req, Payment__ListReceiptsReply *rep)
{
    const char *token = req->page_token[0] == '\0' && req->from_ms > 0 ? token_at(txn, req->from_ms)
                                                                       : req->page_token;
    struct mc_bytes id = {0};
    struct payment_page page;

    if (token == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    if (!payment_page_open(txn, "b", req->unit, req->page_size, token, &page))
        return;
    while (payment_page_next(&page, &id)) {
        struct mc_bytes number;
        int64_t at_ms = 0;

        if (req->to_ms > 0 && mc_uuid7_time(id.data, &at_ms) && at_ms >= req->to_ms)
            return;
        if (!mc_get(txn, PAYMENT_RECEIPT_IDS, id, &number)) {
            (void)mc_fail(txn, MC_CORRUPT, "a row without its receipt");
            return;
        }
        const char *text =
            mc_sprintf(txn->arena, "%.*s", (int)number.len, (const char *)number.data);
        if (text == NULL || !add(payment, txn, text, rep))
            return;
    }
    rep->next_page_token = payment_page_token(txn, &page, id);
}

enum mc_status payment_list_receipts(struct payment *payment, struct mc_txn *txn,
                                     const Payment__ListReceiptsRequest *req,
                                     Payment__ListReceiptsReply *rep)
{
    size_t size = req->page_size != 0 ? req->page_size : PAYMENT_PAGE_DEFAULT;

    if (!payment_member_stand(payment, txn))
        return txn->status;
    if (size > PAYMENT_PAGE_MAX)
        return mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (req->from_ms < 0 || req->to_ms < 0 || (req->to_ms > 0 && req->to_ms <= req->from_ms))
        return mc_refuse(txn, MC_INVALID, "to_ms", "FIELD_INVALID", "field", "to_ms", NULL);
    rep->receipts = mc_alloc(txn->arena, (size + PER_ORDER_MAX) * sizeof(Payment__Receipt *));
    if (rep->receipts == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    bool of_unit = req->unit[0] != '\0' ||
                   ((txn->caller->who & MC_OFFICER) != 0 && txn->caller->unit != NULL) ||
                   txn->caller->account_id == NULL;
    if (req->dossier_code[0] == '\0' && of_unit)
        list_unit(payment, txn, req, rep);
    else
        list_own(payment, txn, req, size, rep);
    return txn->status;
}
