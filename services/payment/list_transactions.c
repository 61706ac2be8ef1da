/*
 * ListTransactions: «Lịch sử giao dịch» (RCP-01 … RCP-04). Orders newest first; the tries of each
 * in the order they were made, so that a failed one stands before the one that succeeded. A page
 * ends at an order; its token is that order's id in hex.
 */
#include <string.h>

#include "common/date.h"
#include "common/messages.h"

#include "payment.h"

enum { TOKEN_LEN = 2 * MC_ID_LEN };

static bool check(struct mc_txn *txn, const Payment__ListTransactionsRequest *req,
                  uint8_t before[MC_ID_LEN])
{
    if (req->page_size > PAYMENT_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (req->page_token[0] != '\0' && !mc_unhex(before, MC_ID_LEN, mc_key_text(req->page_token)))
        (void)mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token",
                        NULL);
    if (strlen(req->dossier_code) > PAYMENT_CODE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "dossier_code", "DOSSIER_CODE_FORMAT", NULL);
    if (req->from_ms < 0 || req->to_ms < 0 || (req->to_ms > 0 && req->to_ms <= req->from_ms))
        (void)mc_refuse(txn, MC_INVALID, "to_ms", "FIELD_INVALID", "field", "to_ms", NULL);
    if (req->outcome != PAYMENT__ATTEMPT_STATE__ATTEMPT_STATE_UNSPECIFIED &&
        req->outcome != PAYMENT__ATTEMPT_STATE__SUCCEEDED &&
        req->outcome != PAYMENT__ATTEMPT_STATE__FAILED)
        (void)mc_refuse(txn, MC_INVALID, "outcome", "FIELD_INVALID", "field", "outcome", NULL);
    return txn->status == MC_OK;
}

/* What there is to print: receipts that were not cancelled, of the try that succeeded (RCP-05). */
static void receipts_show(struct mc_txn *txn, const PaymentState__Order *order,
                          Payment__Transaction *row)
{
    row->receipts = mc_alloc(txn->arena, (order->n_receipts + 1) * sizeof(char *));
    if (row->receipts == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < order->n_receipts; i++)
        if (payment_receipt_end(txn, order->receipts[i]) == NULL)
            row->receipts[row->n_receipts++] = order->receipts[i];
    if (row->n_receipts > 0)
        row->print_label = mc_unconst(mc_message_text("PRINT_RECEIPT"));
}

static void row_add(struct mc_txn *txn, struct mc_bytes order_id, const PaymentState__Order *order,
                    const Payment__Attempt *attempt, Payment__ListTransactionsReply *rep)
{
    Payment__Transaction *row = mc_alloc(txn->arena, sizeof *row);
    char at[MC_TIME12_SIZE];
    char amount[MC_MONEY_STYLE_SIZE];

    if (row == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    payment__transaction__init(row);
    mc_time_format_12h(at, sizeof at, attempt->at_ms);
    mc_money_show(amount, sizeof amount, attempt->amount, MC_MONEY_HISTORY);
    row->dossier_code = order->dossier_code;
    row->at_ms = attempt->at_ms;
    row->at_text = mc_strdup(txn->arena, at);
    row->amount = attempt->amount;
    row->amount_text = mc_strdup(txn->arena, amount);
    row->state = attempt->state;
    row->outcome = attempt->message;
    row->order_id = (ProtobufCBinaryData){order_id.len, mc_unconst(order_id.data)};
    row->attempt_id = attempt->attempt_id;
    row->bank = attempt->bank;
    if (attempt->state == PAYMENT__ATTEMPT_STATE__SUCCEEDED)
        receipts_show(txn, order, row);
    if (row->at_text == NULL || row->amount_text == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    rep->transactions[rep->n_transactions++] = row;
}

static bool is_wanted(const Payment__ListTransactionsRequest *req, const Payment__Attempt *attempt)
{
    return req->outcome == PAYMENT__ATTEMPT_STATE__ATTEMPT_STATE_UNSPECIFIED ||
           attempt->state == req->outcome;
}

static void rows_add(struct mc_txn *txn, const Payment__ListTransactionsRequest *req,
                     struct mc_bytes id, const PaymentState__Order *order,
                     Payment__ListTransactionsReply *rep)
{
    Payment__Order shown = PAYMENT__ORDER__INIT;

    payment_order_show(txn, id, order, &shown);
    for (size_t i = 0; i < shown.n_attempts && txn->status == MC_OK; i++)
        if (is_wanted(req, shown.attempts[i]))
            row_add(txn, id, order, shown.attempts[i], rep);
}

static void fill(struct mc_txn *txn, const Payment__ListTransactionsRequest *req,
                 struct mc_cursor *cursor, size_t size, Payment__ListTransactionsReply *rep)
{
    char token[TOKEN_LEN + 1] = "";
    size_t orders = 0;

    for (size_t scanned = 0; mc_next(cursor) && txn->status == MC_OK; scanned++) {
        struct mc_bytes id = {(const uint8_t *)cursor->key.data + cursor->key.len - MC_ID_LEN,
                              MC_ID_LEN};
        int64_t made_ms = 0;

        if (orders == size || rep->n_transactions >= PAYMENT_PAGE_ATTEMPTS ||
            scanned == PAYMENT_PAGE_SCAN) {
            rep->next_page_token = mc_strdup(txn->arena, token);
            return;
        }
        (void)mc_hex(token, id);
        if (mc_uuid7_time(id.data, &made_ms) && made_ms < req->from_ms)
            return; /* ids go with time: all that follow are older */
        const PaymentState__Order *order = payment_order_load(txn, id);
        if (order == NULL)
            return;
        if (!payment_visible(txn, order) || (req->to_ms > 0 && made_ms >= req->to_ms))
            continue;
        rows_add(txn, req, id, order, rep);
        orders++;
    }
}

enum mc_status payment_list_transactions(struct payment *payment, struct mc_txn *txn,
                                         const Payment__ListTransactionsRequest *req,
                                         Payment__ListTransactionsReply *rep)
{
    size_t size = req->page_size != 0 ? req->page_size : PAYMENT_PAGE_DEFAULT;
    bool of_dossier = req->dossier_code[0] != '\0';
    uint8_t before[MC_ID_LEN];
    struct mc_bytes from = {0};

    (void)payment;
    if (!check(txn, req, before))
        return txn->status;
    struct mc_bytes prefix = of_dossier ? payment_dossier_prefix(txn, req->dossier_code)
                                        : payment_owner_prefix(txn, txn->caller->account_id);
    if (req->page_token[0] != '\0')
        from = mc_key_join(txn, prefix, (struct mc_bytes){before, sizeof before});
    rep->transactions = mc_alloc(txn->arena, (PAYMENT_PAGE_ATTEMPTS + PAYMENT_ATTEMPTS_MAX) *
                                                 sizeof(Payment__Transaction *));
    if (rep->transactions == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    struct mc_cursor cursor =
        mc_seek(txn, of_dossier ? PAYMENT_BY_DOSSIER : PAYMENT_BY_OWNER, prefix, from, MC_BACKWARD);
    fill(txn, req, &cursor, size, rep);
    return txn->status;
}
