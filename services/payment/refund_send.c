/*
 * platform.refund, platform.refund_query: the platform is asked to send money back, and when its
 * answer is lost it is asked what became of it. REFUND goes again only after the platform said that
 * it knows nothing of it, and always by the same reference.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/date.h"
#include "common/json.h"

#include "payment.h"

enum { AMOUNT_SIZE = 24 };

/* error_code of a platform that has no such reference, or had it before. */
#define ERROR_UNKNOWN   "01"
#define ERROR_DUPLICATE "02"

static struct mc_bytes packed(struct mc_txn *txn, const PaymentState__RefundSend *send)
{
    size_t len = protobuf_c_message_get_packed_size(&send->base);
    uint8_t *data = mc_alloc(txn->arena, len + 1);

    if (data == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return (struct mc_bytes){0};
    }
    return (struct mc_bytes){data, protobuf_c_message_pack(&send->base, data)};
}

static void job_add(struct payment *payment, struct mc_txn *txn,
                    const PaymentState__RefundSend *send, const char *kind, int64_t due_ms)
{
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = PAYMENT_LANE_REFUND,
                              .kind = kind,
                              .payload = packed(txn, send),
                              .due_ms = due_ms,
                              .backoff_ms = (uint32_t)payment->query_backoff_ms,
                              .backoff_max_ms = (uint32_t)payment->query_backoff_max_ms,
                              .destination = "platform",
                          });
}

void payment_refund_send(struct payment *payment, struct mc_txn *txn, struct mc_bytes id,
                         const PaymentState__Refund *refund)
{
    PaymentState__RefundSend send = PAYMENT_STATE__REFUND_SEND__INIT;

    send.refund_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    send.at_ms = txn->now_ms;
    send.reference = refund->reference;
    send.original_reference = refund->original_reference;
    send.transaction_id = refund->transaction_id;
    send.amount = refund->amount;
    job_add(payment, txn, &send, "platform.refund", txn->now_ms);
}

static void ask(struct payment *payment, struct mc_txn *txn, const PaymentState__RefundSend *send)
{
    job_add(payment, txn, send, "platform.refund_query", txn->now_ms + payment->query_backoff_ms);
}

static enum mc_status request_of(const struct payment *payment, struct mc_arena *arena,
                                 const char *const *names, const char *const *values,
                                 struct mc_http_request *ret_request)
{
    struct mc_json_writer writer;
    char hash[PAYMENT_HASH_SIZE];

    payment_hash(hash, values, payment->secret);
    mc_json_begin(&writer, arena);
    mc_json_object(&writer);
    for (size_t i = 0; values[i] != NULL; i++) {
        mc_json_key(&writer, names[i]);
        mc_json_string(&writer, values[i]);
    }
    mc_json_key(&writer, "MaXacThuc");
    mc_json_string(&writer, hash);
    mc_json_end(&writer);
    *ret_request = (struct mc_http_request){
        .method = "POST",
        .url = payment->platform_url,
        .content_type = "application/json",
        .timeout_ms = PAYMENT_HTTP_TIMEOUT_MS,
        .answer_max = PAYMENT_ANSWER_MAX,
    };
    return mc_json_finish(&writer, &ret_request->body);
}

enum mc_status payment_refund_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                   const ProtobufCMessage *payload,
                                   struct mc_http_request *ret_request)
{
    static const char *const names[] = {"LoaiBanTin",  "PhienBan",   "MaDoiTac",
                                        "MaThamChieu", "MaHoanTien", "MaGiaoDich",
                                        "SoTien",      "MaTienTe",   "ThoiGianGD"};
    const struct payment *payment = ctx;
    const PaymentState__RefundSend *send = (const PaymentState__RefundSend *)(const void *)payload;
    char amount[AMOUNT_SIZE];
    char stamp[MC_STAMP_SIZE];

    if (job->unreported)
        return MC_EXPIRED; /* it may have gone out: ask */
    (void)snprintf(amount, sizeof amount, "%" PRId64, send->amount);
    mc_time_format_stamp(stamp, sizeof stamp, send->at_ms);
    const char *const values[] = {"REFUND",
                                  PAYMENT_PROTOCOL,
                                  payment->partner,
                                  send->original_reference,
                                  send->reference,
                                  send->transaction_id,
                                  amount,
                                  PAYMENT_CURRENCY,
                                  stamp,
                                  NULL};
    enum mc_status status = request_of(payment, arena, names, values, ret_request);
    ret_request->once = true;
    return status;
}

enum mc_status payment_refund_query_http(void *ctx, struct mc_arena *arena,
                                         const struct mc_job *job, const ProtobufCMessage *payload,
                                         struct mc_http_request *ret_request)
{
    static const char *const names[] = {"LoaiBanTin", "PhienBan", "MaDoiTac", "MaHoanTien",
                                        "ThoiGianGD"};
    const struct payment *payment = ctx;
    const PaymentState__RefundSend *send = (const PaymentState__RefundSend *)(const void *)payload;
    char stamp[MC_STAMP_SIZE];

    (void)job;
    mc_time_format_stamp(stamp, sizeof stamp, send->at_ms);
    const char *const values[] = {
        "QUERY_REFUND", PAYMENT_PROTOCOL, payment->partner, send->reference, stamp, NULL};
    return request_of(payment, arena, names, values, ret_request);
}

/* What the platform says of a refund. */
enum word { WORD_NONE, WORD_PENDING, WORD_DONE, WORD_REFUSED, WORD_UNKNOWN, WORD_DUPLICATE };

static enum word word_of_error(const char *error)
{
    if (strcmp(error, ERROR_UNKNOWN) == 0)
        return WORD_UNKNOWN;
    if (strcmp(error, ERROR_DUPLICATE) == 0)
        return WORD_DUPLICATE;
    return strcmp(error, "0") == 0 ? WORD_NONE : WORD_REFUSED;
}

static enum word word_of(struct mc_arena *arena, const struct mc_result *result,
                         const PaymentState__RefundSend *send, const char **ret_code)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;

    *ret_code = "";
    if (result->outcome != MC_HTTP_ANSWERED || result->http_status / 100 != 2 ||
        mc_json_parse(result->body, &json) != MC_OK)
        return WORD_NONE;
    const char *about = mc_json_text(json, "MaHoanTien");
    const char *state = mc_json_text(json, "TrangThaiGD");
    const char *error = mc_json_text(json, "error_code");
    if (about != NULL && strcmp(about, send->reference) != 0)
        return WORD_NONE; /* an answer to another question */
    const char *code = state != NULL ? state : error;
    if (code == NULL || strlen(code) > PAYMENT_REFERENCE_MAX)
        return WORD_NONE;
    *ret_code = mc_sprintf(arena, "REFUND_%s", code);
    if (state == NULL || (error != NULL && strcmp(error, "0") != 0))
        return error != NULL ? word_of_error(error) : WORD_NONE;
    switch (payment_truth_of(state)) {
    case PAYMENT_TRUTH_PAID:
        return WORD_DONE;
    case PAYMENT_TRUTH_PENDING:
        return WORD_PENDING;
    case PAYMENT_TRUTH_FAILED:
    default:
        return WORD_REFUSED;
    }
}

static bool is_over(const PaymentState__Refund *refund)
{
    return refund->state == PAYMENT__REFUND_STATE__REFUND_DONE ||
           refund->state == PAYMENT__REFUND_STATE__REFUND_REFUSED;
}

/* Takes the step only when it is one: the same news twice is no news. */
static void step(struct mc_txn *txn, struct mc_bytes id, PaymentState__Refund *refund,
                 enum payment_refund_step way)
{
    if (payment_refund_next(refund->state, way) != PAYMENT__REFUND_STATE__REFUND_STATE_UNSPECIFIED)
        payment_refund_step(txn, id, refund, way, "");
}

static PaymentState__Refund *refund_of(struct mc_txn *txn, struct mc_bytes id)
{
    PaymentState__Refund *refund = payment_refund_get(txn, id);

    if (refund == NULL)
        (void)mc_fail(txn, MC_CORRUPT, "a job without its refund");
    return refund;
}

enum mc_status payment_refund_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                   const ProtobufCMessage *payload, const struct mc_result *result,
                                   enum mc_verdict *ret_verdict)
{
    struct payment *payment = ctx;
    const PaymentState__RefundSend *send = (const PaymentState__RefundSend *)(const void *)payload;
    struct mc_bytes id = mc_key_bytes(send->refund_id);
    PaymentState__Refund *refund = refund_of(txn, id);
    const char *code = "";

    (void)job;
    *ret_verdict = MC_DONE;
    if (refund == NULL || is_over(refund))
        return txn->status;
    if (result->outcome == MC_HTTP_NOT_SENT) {
        *ret_verdict = MC_RETRY;
        return txn->status;
    }
    switch (word_of(txn->arena, result, send, &code)) {
    case WORD_DONE:
        payment_refund_finish(txn, id, refund, false);
        break;
    case WORD_REFUSED:
        payment_refund_refuse(txn, id, refund, code);
        break;
    case WORD_PENDING:
        step(txn, id, refund, PAYMENT_REFUND_ACCEPT);
        ask(payment, txn, send);
        break;
    case WORD_NONE:
    case WORD_UNKNOWN:
    case WORD_DUPLICATE:
    default:
        step(txn, id, refund, PAYMENT_REFUND_SILENCE);
        ask(payment, txn, send);
        break;
    }
    return txn->status;
}

enum mc_status payment_refund_query_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                         const ProtobufCMessage *payload,
                                         const struct mc_result *result,
                                         enum mc_verdict *ret_verdict)
{
    struct payment *payment = ctx;
    const PaymentState__RefundSend *send = (const PaymentState__RefundSend *)(const void *)payload;
    struct mc_bytes id = mc_key_bytes(send->refund_id);
    PaymentState__Refund *refund = refund_of(txn, id);
    const char *code = "";

    (void)job;
    *ret_verdict = MC_DONE;
    if (refund == NULL || is_over(refund))
        return txn->status;
    switch (word_of(txn->arena, result, send, &code)) {
    case WORD_DONE:
        payment_refund_finish(txn, id, refund, false);
        break;
    case WORD_REFUSED:
        payment_refund_refuse(txn, id, refund, code);
        break;
    case WORD_UNKNOWN: /* it never came there: the same once more */
        payment_refund_send(payment, txn, id, refund);
        break;
    case WORD_PENDING:
        step(txn, id, refund, PAYMENT_REFUND_ACCEPT);
        *ret_verdict = MC_RETRY;
        break;
    case WORD_NONE:
    case WORD_DUPLICATE:
    default:
        *ret_verdict = MC_RETRY;
        break;
    }
    return txn->status;
}
