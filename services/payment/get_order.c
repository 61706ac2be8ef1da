/* GetOrder: one order with all its attempts, for who may see it. Others learn nothing. */
#include <string.h>

#include "payment.h"

static struct mc_bytes newest_of(struct mc_txn *txn, const char *dossier_code)
{
    struct mc_cursor cursor =
        mc_seek(txn, PAYMENT_BY_DOSSIER, payment_dossier_prefix(txn, dossier_code),
                (struct mc_bytes){0}, MC_BACKWARD);

    if (!mc_next(&cursor) || cursor.key.len < MC_ID_LEN)
        return (struct mc_bytes){0};
    return (struct mc_bytes){(const uint8_t *)cursor.key.data + cursor.key.len - MC_ID_LEN,
                             MC_ID_LEN};
}

enum mc_status payment_get_order(struct payment *payment, struct mc_txn *txn,
                                 const Payment__GetOrderRequest *req, Payment__Order *rep)
{
    struct mc_bytes id = mc_key_bytes(req->order_id);
    const PaymentState__Order *order = NULL;

    (void)payment;
    if ((id.len == 0) == (req->dossier_code[0] == '\0'))
        return mc_refuse(txn, MC_INVALID, "order_id", "FIELD_REQUIRED", "field",
                         "order_id hoặc dossier_code", NULL);
    if (id.len != 0 && id.len != MC_ID_LEN)
        return mc_refuse(txn, MC_INVALID, "order_id", "FIELD_INVALID", "field", "order_id", NULL);
    if (strlen(req->dossier_code) > PAYMENT_CODE_MAX)
        return mc_refuse(txn, MC_INVALID, "dossier_code", "DOSSIER_CODE_FORMAT", NULL);

    if (id.len == 0)
        id = newest_of(txn, req->dossier_code);
    if (id.len == MC_ID_LEN)
        order = payment_order_load(txn, id);
    if (txn->status == MC_OK && (order == NULL || !payment_visible(txn, order)))
        return mc_refuse(txn, MC_NOT_FOUND, "", "NOT_FOUND", NULL);
    if (order != NULL)
        payment_order_show(txn, id, order, rep);
    return txn->status;
}
