/*
 * Attempts: order id, attempt id -> Attempt; and by reference -> order id, attempt id.
 *
 * An attempt has at most one query under way or planned, from its first moment on: the plan made
 * together with INIT finds out what became of it when no answer is ever heard.
 */
#include <string.h>

#include "payment.h"

bool payment_case_load(struct mc_txn *txn, struct mc_bytes order_id, struct mc_bytes attempt_id,
                       struct payment_case *ret_case)
{
    PaymentState__Order *order = payment_order_load(txn, order_id);
    PaymentState__Attempt *attempt =
        mc_load(txn, PAYMENT_ATTEMPTS, mc_key_join(txn, order_id, attempt_id),
                &payment_state__attempt__descriptor);

    if (order == NULL || attempt == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "an attempt without its order");
        return false;
    }
    *ret_case = (struct payment_case){
        .order_id = order_id, .attempt_id = attempt_id, .order = order, .attempt = attempt};
    return true;
}

void payment_attempt_save(struct mc_txn *txn, const struct payment_case *c)
{
    mc_save(txn, PAYMENT_ATTEMPTS, mc_key_join(txn, c->order_id, c->attempt_id), &c->attempt->base);
}

bool payment_attempt_open(const PaymentState__Attempt *attempt)
{
    return attempt->state == PAYMENT__ATTEMPT_STATE__STARTING ||
           attempt->state == PAYMENT__ATTEMPT_STATE__WAITING ||
           attempt->state == PAYMENT__ATTEMPT_STATE__CONFIRMING ||
           attempt->state == PAYMENT__ATTEMPT_STATE__UNKNOWN;
}

size_t payment_attempts_count(struct mc_txn *txn, struct mc_bytes order_id, bool *ret_open)
{
    struct mc_cursor cursor =
        mc_seek(txn, PAYMENT_ATTEMPTS, order_id, (struct mc_bytes){0}, MC_FORWARD);
    size_t n = 0;

    *ret_open = false;
    while (n < PAYMENT_ATTEMPTS_MAX && mc_next(&cursor)) {
        const PaymentState__Attempt *attempt = mc_row(&cursor, &payment_state__attempt__descriptor);
        if (attempt == NULL)
            break;
        *ret_open = *ret_open || payment_attempt_open(attempt);
        n++;
    }
    return n;
}

static const char *const *job_keys(struct mc_txn *txn, const struct payment_case *c)
{
    char id[MC_UUID_TEXT_LEN + 1];
    const char **keys = mc_alloc(txn->arena, 3 * sizeof *keys);

    if (keys == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    mc_uuid_text(id, c->order_id.data);
    keys[0] = mc_sprintf(txn->arena, "payment:%s", id);
    if (c->order->dossier_code[0] != '\0')
        keys[1] = mc_sprintf(txn->arena, "dossier:%s", c->order->dossier_code);
    return keys;
}

struct mc_bytes payment_packed(struct mc_txn *txn, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *data = mc_alloc(txn->arena, len + 1);

    if (data == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return (struct mc_bytes){0};
    }
    return (struct mc_bytes){data, protobuf_c_message_pack(message, data)};
}

static void query_add(struct payment *payment, struct mc_txn *txn, struct payment_case *c,
                      int64_t due_ms, unsigned lane, const char *kind)
{
    PaymentState__Query query = PAYMENT_STATE__QUERY__INIT;

    if (c->attempt->query_job != 0)
        mc_job_cancel(txn, c->attempt->query_job);
    query.order_id = (ProtobufCBinaryData){c->order_id.len, mc_unconst(c->order_id.data)};
    query.attempt_id = (ProtobufCBinaryData){c->attempt_id.len, mc_unconst(c->attempt_id.data)};
    query.reference = c->attempt->reference;
    query.at_ms = due_ms;
    c->attempt->query_job =
        mc_job_add(txn, &(struct mc_job_spec){
                            .lane = lane,
                            .kind = kind,
                            .payload = payment_packed(txn, &query.base),
                            .due_ms = due_ms,
                            .backoff_ms = (uint32_t)payment->query_backoff_ms,
                            .backoff_max_ms = (uint32_t)payment->query_backoff_max_ms,
                            .destination = "platform",
                            .keys = job_keys(txn, c),
                        });
}

void payment_query_plan(struct payment *payment, struct mc_txn *txn, struct payment_case *c,
                        int64_t due_ms)
{
    query_add(payment, txn, c, due_ms, PAYMENT_LANE_QUERY, "platform.query");
}

void payment_query_last(struct payment *payment, struct mc_txn *txn, struct payment_case *c,
                        int64_t due_ms)
{
    query_add(payment, txn, c, due_ms, PAYMENT_LANE_LATER, "platform.last_query");
}

/*
 * Tried again only while nothing has left this machine, and never after a minute: an INIT whose
 * answer was lost may have been done, so the effect asks first and is not repeated.
 */
void payment_init_add(struct mc_txn *txn, const struct payment_case *c,
                      const PaymentState__Init *init)
{
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = PAYMENT_LANE_INIT,
                              .kind = "platform.init",
                              .payload = payment_packed(txn, &init->base),
                              .expires_ms = txn->now_ms + PAYMENT_INIT_LIFE_MS,
                              .attempts_max = PAYMENT_INITS_MAX,
                              .backoff_ms = PAYMENT_INIT_BACKOFF_MS,
                              .destination = "platform",
                              .keys = job_keys(txn, c),
                              .forget = true,
                          });
}

void payment_attempt_step(struct payment_case *c, enum payment_attempt_step step)
{
    Payment__AttemptState next = payment_attempt_next(c->attempt->state, step);

    assert(next != PAYMENT__ATTEMPT_STATE__ATTEMPT_STATE_UNSPECIFIED);
    c->attempt->state = next;
}

void payment_attempt_fail(struct mc_txn *txn, struct payment_case *c, const char *error)
{
    payment_attempt_step(c, PAYMENT_ATTEMPT_FAIL);
    c->attempt->error = mc_unconst(error);
    payment_attempt_save(txn, c);
    payment_emit(txn, "payment.attempt_failed", c, error);
}
