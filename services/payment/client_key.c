/*
 * The caller's own name for an order, good for ever: the frame keeps answers for a day, and a
 * client that comes back later must not make a second order.
 *
 *     client_keys   caller, 0, key -> order id, hash of the request
 */
#include <string.h>

#include "common/crypto.h"

#include "payment.h"

enum { CLIENT_KEY_MAX = 64, CLIENT_VALUE_LEN = MC_ID_LEN + MC_HASH_LEN };

static struct mc_bytes key_of(struct mc_txn *txn, const char *text)
{
    const char *caller = txn->caller->name;

    return mc_key_join(txn, (struct mc_bytes){caller, strlen(caller) + 1}, mc_key_text(text));
}

static bool body_hash(struct mc_txn *txn, const Payment__CreateOrderRequest *req,
                      uint8_t hash[MC_HASH_LEN])
{
    size_t len = protobuf_c_message_get_packed_size(&req->base);
    uint8_t *body = mc_alloc(txn->arena, len + 1);

    if (body == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return false;
    }
    mc_hash(hash, (struct mc_bytes){body, protobuf_c_message_pack(&req->base, body)});
    return true;
}

struct mc_bytes payment_client_order(struct mc_txn *txn, const Payment__CreateOrderRequest *req)
{
    static const char letters[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._:/-";
    size_t len = strlen(req->client_key);
    uint8_t hash[MC_HASH_LEN];
    struct mc_bytes known;

    if (len == 0)
        return (struct mc_bytes){0};
    if (len > CLIENT_KEY_MAX || strspn(req->client_key, letters) != len) {
        (void)mc_refuse(txn, MC_INVALID, "client_key", "FIELD_INVALID", "field", "client_key",
                        NULL);
        return (struct mc_bytes){0};
    }
    if (!mc_get(txn, PAYMENT_CLIENT_KEYS, key_of(txn, req->client_key), &known) ||
        known.len != CLIENT_VALUE_LEN || !body_hash(txn, req, hash))
        return (struct mc_bytes){0};
    if (memcmp((const uint8_t *)known.data + MC_ID_LEN, hash, sizeof hash) != 0) {
        (void)mc_refuse(txn, MC_CONFLICT, "client_key", "ORDER_KEY_REUSED", NULL);
        return (struct mc_bytes){0};
    }
    return (struct mc_bytes){known.data, MC_ID_LEN};
}

void payment_client_order_put(struct mc_txn *txn, const Payment__CreateOrderRequest *req,
                              struct mc_bytes order_id)
{
    uint8_t hash[MC_HASH_LEN];

    if (req->client_key[0] != '\0' && txn->status == MC_OK && body_hash(txn, req, hash))
        mc_put(txn, PAYMENT_CLIENT_KEYS, key_of(txn, req->client_key),
               mc_key_join(txn, order_id, mc_keep(txn, hash, sizeof hash)));
}
