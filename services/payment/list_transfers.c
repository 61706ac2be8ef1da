/* ListTransfers: what came to an account, by the bank's transaction number; for operators and
 * rooms. */
#include <string.h>

#include "transfer.h"

static Payment__Transfer *row_show(struct mc_cursor *cursor,
                                   const Payment__ListTransfersRequest *req,
                                   const PaymentState__Transfer *record)
{
    struct mc_txn *txn = cursor->txn;
    Payment__Transfer *shown = mc_alloc(txn->arena, sizeof *shown);
    size_t head = strlen(req->bin) + strlen(req->account) + 2;
    char *transaction = mc_sprintf(txn->arena, "%.*s", (int)(cursor->key.len - head),
                                   (const char *)cursor->key.data + head);

    if (shown == NULL || transaction == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    payment__transfer__init(shown);
    shown->bin = req->bin;
    shown->account = req->account;
    shown->transaction_id = transaction;
    shown->amount = record->amount;
    shown->at_ms = record->at_ms;
    shown->state = (Payment__TransferState)record->state;
    shown->order_id = record->order_id;
    shown->attempt_id = record->attempt_id;
    shown->content = mc_open_text(txn, record->content);
    shown->matched_by = record->matched_by;
    shown->unit = record->unit;
    return shown;
}

/* The token of a page is the first transaction of the next. */
enum mc_status payment_list_transfers(struct payment *payment, struct mc_txn *txn,
                                      const Payment__ListTransfersRequest *req,
                                      Payment__ListTransfersReply *rep)
{
    size_t size = req->page_size != 0 ? req->page_size : PAYMENT_PAGE_DEFAULT;
    const struct payment_credit like = {req->bin, req->account, "x", "", 1, 0};
    const char *wrong = payment_credit_check(&like);

    (void)payment;
    if (wrong != NULL)
        (void)mc_refuse(txn, MC_INVALID, strcmp(wrong, "bank") == 0 ? "bin" : wrong,
                        "FIELD_INVALID", "field", wrong, NULL);
    if (size > PAYMENT_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (strlen(req->page_token) > PAYMENT_TRANSACTION_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token",
                        NULL);
    if (txn->status != MC_OK)
        return txn->status;
    rep->transfers = mc_alloc(txn->arena, size * sizeof(Payment__Transfer *));
    if (rep->transfers == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");

    struct mc_bytes prefix = payment_transfer_key(txn, req->bin, req->account, "");
    struct mc_bytes from = {0};
    if (req->page_token[0] != '\0')
        from = mc_key_join(txn, prefix, mc_key_text(req->page_token));
    struct mc_cursor cursor = mc_seek(txn, PAYMENT_TRANSFERS, prefix, from, MC_FORWARD);
    for (size_t scanned = 0; mc_next(&cursor); scanned++) {
        const PaymentState__Transfer *record =
            mc_row(&cursor, &payment_state__transfer__descriptor);
        if (record == NULL)
            return txn->status;
        bool wanted = req->state == PAYMENT__TRANSFER_STATE__TRANSFER_STATE_UNSPECIFIED ||
                      record->state == (uint32_t)req->state;
        bool full = rep->n_transfers == size || scanned == PAYMENT_PAGE_SCAN;
        if (!wanted && !full) {
            mc_pass(&cursor);
            continue;
        }
        Payment__Transfer *shown = row_show(&cursor, req, record);
        if (shown == NULL)
            return txn->status;
        if (full) {
            rep->next_page_token = shown->transaction_id;
            break;
        }
        rep->transfers[rep->n_transfers++] = shown;
    }
    return txn->status;
}
