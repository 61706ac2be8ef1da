/* ListOrders: the payment history (RCP-01, RCP-02), newest first; of the caller or of a dossier. */
#include <string.h>

#include "payment.h"

/* A page ends at an order; its token is that order's id in hex. */
enum { TOKEN_LEN = 2 * MC_ID_LEN };

static bool request_check(struct mc_txn *txn, const Payment__ListOrdersRequest *req,
                          uint8_t before[MC_ID_LEN])
{
    if (req->page_size > PAYMENT_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (req->page_token[0] != '\0' && !mc_unhex(before, MC_ID_LEN, mc_key_text(req->page_token)))
        (void)mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token",
                        NULL);
    if (strlen(req->dossier_code) > PAYMENT_CODE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "dossier_code", "DOSSIER_CODE_FORMAT", NULL);
    if (req->dossier_code[0] == '\0' && txn->caller->account_id == NULL)
        (void)mc_refuse(txn, MC_UNAUTHENTICATED, "", "SESSION_REQUIRED", NULL);
    return txn->status == MC_OK;
}

static bool add(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Order *order,
                Payment__ListOrdersReply *rep)
{
    Payment__Order *shown = mc_alloc(txn->arena, sizeof *shown);

    if (shown == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return false;
    }
    payment__order__init(shown);
    payment_order_show(txn, id, order, shown);
    rep->orders[rep->n_orders++] = shown;
    return txn->status == MC_OK;
}

static void fill(struct mc_txn *txn, struct mc_cursor *cursor, size_t size,
                 Payment__ListOrdersReply *rep)
{
    size_t attempts = 0;

    for (size_t scanned = 0; scanned < PAYMENT_PAGE_SCAN && mc_next(cursor); scanned++) {
        char token[TOKEN_LEN + 1];
        struct mc_bytes id = {(const uint8_t *)cursor->key.data + cursor->key.len - MC_ID_LEN,
                              MC_ID_LEN};
        if (rep->n_orders == size || attempts >= PAYMENT_PAGE_ATTEMPTS) {
            (void)mc_hex(token, mc_key_bytes(rep->orders[rep->n_orders - 1]->order_id));
            rep->next_page_token = mc_strdup(txn->arena, token);
            if (rep->next_page_token == NULL)
                (void)mc_fail(txn, MC_LIMITED, "arena full");
            return;
        }
        const PaymentState__Order *order = payment_order_load(txn, id);
        if (order == NULL)
            return;
        if (!payment_visible(txn, order))
            continue;
        if (!add(txn, id, order, rep))
            return;
        attempts += rep->orders[rep->n_orders - 1]->n_attempts;
    }
}

enum mc_status payment_list_orders(struct payment *payment, struct mc_txn *txn,
                                   const Payment__ListOrdersRequest *req,
                                   Payment__ListOrdersReply *rep)
{
    uint8_t before[MC_ID_LEN];
    size_t size = req->page_size != 0 ? req->page_size : PAYMENT_PAGE_DEFAULT;
    bool of_dossier = req->dossier_code[0] != '\0';

    (void)payment;
    if (!request_check(txn, req, before))
        return txn->status;
    struct mc_bytes prefix = of_dossier ? payment_dossier_prefix(txn, req->dossier_code)
                                        : payment_owner_prefix(txn, txn->caller->account_id);
    struct mc_bytes from = {0};
    if (req->page_token[0] != '\0')
        from = mc_key_join(txn, prefix, (struct mc_bytes){before, sizeof before});
    rep->orders = mc_alloc(txn->arena, size * sizeof(Payment__Order *));
    if (rep->orders == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    struct mc_cursor cursor =
        mc_seek(txn, of_dossier ? PAYMENT_BY_DOSSIER : PAYMENT_BY_OWNER, prefix, from, MC_BACKWARD);
    fill(txn, &cursor, size, rep);
    return txn->status;
}
