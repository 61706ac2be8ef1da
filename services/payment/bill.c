/*
 * platform.bill: GET_BILL 1.0.6, the platform's own e-receipt of a payment it took, kept sealed
 * with its SHA-256. Asked for after the money is settled, and again with back-off for a day; an
 * order is as paid without it. GetBill gives it to who may see the order.
 *
 *     bills   order id -> Bill
 */
#include <string.h>

#include "common/crypto.h"
#include "common/date.h"
#include "common/json.h"

#include "payment.h"

enum { BILL_TRIES_MAX = 150 }; /* about a day, with the pauses of questions */

static const char pdf_mark[] = "%PDF-";

void payment_bill_plan(const struct payment *payment, struct mc_txn *txn,
                       const struct payment_case *c)
{
    PaymentState__Query query = PAYMENT_STATE__QUERY__INIT;

    query.order_id = (ProtobufCBinaryData){c->order_id.len, mc_unconst(c->order_id.data)};
    query.attempt_id = (ProtobufCBinaryData){c->attempt_id.len, mc_unconst(c->attempt_id.data)};
    query.reference = c->attempt->reference;
    query.at_ms = txn->now_ms;
    size_t len = payment_state__query__get_packed_size(&query);
    uint8_t *data = mc_alloc(txn->arena, len + 1);
    if (data == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = PAYMENT_LANE_BILL,
                              .kind = "platform.bill",
                              .payload = {data, payment_state__query__pack(&query, data)},
                              .due_ms = txn->now_ms,
                              .attempts_max = BILL_TRIES_MAX,
                              .backoff_ms = (uint32_t)payment->query_backoff_ms,
                              .backoff_max_ms = (uint32_t)payment->query_backoff_max_ms,
                              .destination = "platform",
                          });
}

enum mc_status payment_bill_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                 const ProtobufCMessage *payload,
                                 struct mc_http_request *ret_request)
{
    const struct payment *payment = ctx;
    const PaymentState__Query *query = (const PaymentState__Query *)(const void *)payload;

    (void)job;
    enum mc_status status =
        payment_question(payment, arena, "GET_BILL", query->reference, query->at_ms, ret_request);
    ret_request->answer_max = PAYMENT_BILL_MAX;
    return status;
}

static bool is_bill(const struct mc_result *result)
{
    return result->outcome == MC_HTTP_ANSWERED && result->http_status / 100 == 2 &&
           result->body.len > sizeof pdf_mark && result->body.len <= PAYMENT_BILL_MAX &&
           memcmp(result->body.data, pdf_mark, sizeof pdf_mark - 1) == 0;
}

enum mc_status payment_bill_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                 const ProtobufCMessage *payload, const struct mc_result *result,
                                 enum mc_verdict *ret_verdict)
{
    const PaymentState__Query *query = (const PaymentState__Query *)(const void *)payload;
    PaymentState__Bill bill = PAYMENT_STATE__BILL__INIT;
    uint8_t hash[MC_HASH_LEN];

    (void)ctx;
    (void)job;
    *ret_verdict = is_bill(result) ? MC_DONE : MC_RETRY;
    if (!is_bill(result))
        return MC_OK;
    mc_hash(hash, result->body);
    bill.attempt_id = query->attempt_id;
    bill.sha256 = (ProtobufCBinaryData){sizeof hash, hash};
    bill.content = mc_seal_bytes(txn, result->body);
    bill.at_ms = txn->now_ms;
    mc_save(txn, PAYMENT_BILLS, mc_key_bytes(query->order_id), &bill.base);
    return txn->status;
}

enum mc_status payment_get_bill(struct payment *payment, struct mc_txn *txn,
                                const Payment__GetBillRequest *req, Payment__Bill *rep)
{
    struct mc_bytes id = mc_key_bytes(req->order_id);

    (void)payment;
    if (id.len != MC_ID_LEN)
        return mc_refuse(txn, MC_INVALID, "order_id", "FIELD_INVALID", "field", "order_id", NULL);
    const PaymentState__Order *order = payment_order_load(txn, id);
    if (txn->status == MC_OK && (order == NULL || !payment_visible(txn, order)))
        return mc_refuse(txn, MC_NOT_FOUND, "order_id", "NOT_FOUND", NULL);
    const PaymentState__Bill *bill =
        mc_load(txn, PAYMENT_BILLS, id, &payment_state__bill__descriptor);
    if (txn->status == MC_OK && bill == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "order_id", "BILL_NOT_THERE", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    struct mc_bytes content = mc_open_bytes(txn, bill->content);
    rep->order_id = req->order_id;
    rep->sha256 = bill->sha256;
    rep->content = (ProtobufCBinaryData){content.len, mc_unconst(content.data)};
    rep->content_type = mc_unconst("application/pdf");
    rep->received_at_ms = bill->at_ms;
    return txn->status;
}
