/*
 * platform.query: asks the platform what became of an attempt. Only its answer moves money: a
 * CONFIRM alone does not. Repeated with back-off until the truth is known.
 */
#include <string.h>

#include "common/date.h"
#include "common/json.h"

#include "reconcile.h"

enum mc_status payment_question(const struct payment *payment, struct mc_arena *arena,
                                const char *message, const char *reference, int64_t at_ms,
                                struct mc_http_request *ret_request)
{
    char stamp[MC_STAMP_SIZE];
    char hash[PAYMENT_HASH_SIZE];
    struct mc_json_writer writer;

    mc_time_format_stamp(stamp, sizeof stamp, at_ms);
    static const char *const names[] = {"LoaiBanTin", "PhienBan", "MaDoiTac", "MaThamChieu",
                                        "ThoiGianGD"};
    const char *const fields[] = {message, PAYMENT_PROTOCOL, payment->partner, reference, stamp,
                                  NULL};
    payment_hash(hash, fields, payment->secret);
    mc_json_begin(&writer, arena);
    mc_json_object(&writer);
    for (size_t i = 0; i < MC_LEN(names); i++) {
        mc_json_key(&writer, names[i]);
        mc_json_string(&writer, fields[i]);
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

enum mc_status payment_query_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                  const ProtobufCMessage *payload,
                                  struct mc_http_request *ret_request)
{
    const PaymentState__Query *query = (const PaymentState__Query *)(const void *)payload;

    (void)job;
    /* the time of the plan, so that a repeated question is the same bytes */
    return payment_question(ctx, arena, "QUERY", query->reference, query->at_ms, ret_request);
}

/* What the platform said; arena memory. */
struct truth {
    enum payment_truth state;
    const char *code;        /* TrangThaiGD, or error_code */
    const char *transaction; /* or NULL */
    const char *bank;        /* or NULL */
    int64_t amount;          /* 0: not said */
    bool is_error;           /* the platform's own: no word about the money */
};

static const char *short_text(struct mc_arena *arena, const struct mc_json *json, const char *name,
                              size_t max)
{
    const char *text = mc_json_text(json, name);

    return text != NULL && text[0] != '\0' && strlen(text) <= max ? mc_strdup(arena, text) : NULL;
}

static bool details_read(struct mc_arena *arena, const struct mc_json *json, const char *reference,
                         struct truth *truth)
{
    const char *about = mc_json_text(json, "MaThamChieu");
    const char *amount = mc_json_text(json, "SoTien");
    const char *currency = mc_json_text(json, "MaTienTe");

    if (about != NULL && strcmp(about, reference) != 0)
        return false; /* an answer to another question */
    if (currency != NULL && strcmp(currency, PAYMENT_CURRENCY) != 0)
        return false;
    if (amount != NULL && (mc_money_parse(amount, &truth->amount) != MC_WHY_OK ||
                           truth->amount < 1 || truth->amount > PAYMENT_AMOUNT_MAX))
        return false;
    truth->code = short_text(arena, json, "TrangThaiGD", PAYMENT_REFERENCE_MAX);
    truth->transaction = short_text(arena, json, "MaGiaoDich", PAYMENT_TRANSACTION_MAX);
    truth->bank = short_text(arena, json, "MaNganHang", PAYMENT_BANK_MAX);
    if (truth->code == NULL)
        return false;
    truth->state = payment_truth_of(truth->code);
    return true;
}

/* TrangThaiGD stands in the answer itself, or in the JSON text of its `message` as with INIT. */
static bool truth_read(struct mc_arena *arena, const struct mc_result *result,
                       const char *reference, struct truth *ret_truth)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    mc_cleanup(mc_json_freep) struct mc_json *message = NULL;

    if (result->outcome != MC_HTTP_ANSWERED || result->http_status / 100 != 2 ||
        mc_json_parse(result->body, &json) != MC_OK)
        return false;
    if (mc_json_text(json, "TrangThaiGD") != NULL)
        return details_read(arena, json, reference, ret_truth);
    const char *text = mc_json_text(json, "message");
    if (text != NULL && mc_json_parse(mc_key_text(text), &message) == MC_OK &&
        mc_json_text(message, "TrangThaiGD") != NULL)
        return details_read(arena, message, reference, ret_truth);
    /* an error of the platform is no truth about the money: ask again, within patience */
    const char *error = short_text(arena, json, "error_code", PAYMENT_REFERENCE_MAX);
    if (error == NULL || strcmp(error, "0") == 0)
        return false;
    ret_truth->state = PAYMENT_TRUTH_PENDING;
    ret_truth->code = error;
    ret_truth->is_error = true;
    return true;
}

/*
 * How long "pending" is believed. A page whose address never reached us cannot be paid; a payment
 * the platform called done is waited for without end.
 */
static bool is_patient(const struct payment *payment, const struct mc_txn *txn,
                       const PaymentState__Attempt *attempt)
{
    bool confirming = attempt->state == PAYMENT__ATTEMPT_STATE__CONFIRMING;
    bool payable = attempt->pay_url[0] != '\0' && !confirming;
    int64_t age_ms = txn->now_ms - attempt->at_ms;

    if (confirming && strcmp(attempt->told, "00") == 0)
        return true;
    return age_ms < (payable ? payment->attempt_life_ms : payment->query_after_ms);
}

/*
 * "Not paid" is not believed for ever either: a page can be paid until its life ends, and its word
 * may get lost or be wrong. So a failed attempt is asked about once more then; an error in place of
 * an answer is asked again, for as long as the page lived.
 */
static void ask_last(struct payment *payment, struct mc_txn *txn, struct payment_case *c)
{
    int64_t end_ms = c->attempt->at_ms + payment->attempt_life_ms;

    c->attempt->query_job = 0;
    if (c->attempt->pay_url[0] != '\0' && txn->now_ms < end_ms)
        payment_query_last(payment, txn, c, end_ms);
}

static bool is_error_in_time(const struct payment *payment, const struct mc_txn *txn,
                             const struct payment_case *c, const struct truth *truth)
{
    return truth->is_error && c->attempt->state == PAYMENT__ATTEMPT_STATE__FAILED &&
           txn->now_ms < c->attempt->at_ms + 2 * payment->attempt_life_ms;
}

static void paid(struct mc_txn *txn, struct payment_case *c, const struct truth *truth)
{
    if (truth->transaction != NULL)
        c->attempt->transaction_id = mc_unconst(truth->transaction);
    if (truth->bank != NULL)
        c->attempt->bank = mc_unconst(truth->bank);
    if (c->attempt->state == PAYMENT__ATTEMPT_STATE__FAILED)
        payment_attempt_step(c, PAYMENT_ATTEMPT_TOLD);
    payment_settle(txn, c, truth->amount != 0 ? truth->amount : c->attempt->amount);
}

enum mc_status payment_query_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                  const ProtobufCMessage *payload, const struct mc_result *result,
                                  enum mc_verdict *ret_verdict)
{
    struct payment *payment = ctx;
    const PaymentState__Query *query = (const PaymentState__Query *)(const void *)payload;
    struct truth truth = {0};
    struct payment_case c;

    (void)job;
    *ret_verdict = MC_DONE;
    if (!payment_case_load(txn, mc_key_bytes(query->order_id), mc_key_bytes(query->attempt_id), &c))
        return txn->status;
    if (c.attempt->state == PAYMENT__ATTEMPT_STATE__SUCCEEDED ||
        c.attempt->state == PAYMENT__ATTEMPT_STATE__SUSPENSE)
        return MC_OK;
    if (!truth_read(txn->arena, result, query->reference, &truth)) {
        *ret_verdict = MC_RETRY;
        return txn->status;
    }
    if (truth.state == PAYMENT_TRUTH_PAID) {
        paid(txn, &c, &truth);
        if (c.attempt->state == PAYMENT__ATTEMPT_STATE__SUCCEEDED)
            payment_bill_plan(payment, txn, &c);
    } else if ((truth.state == PAYMENT_TRUTH_PENDING && is_patient(payment, txn, c.attempt)) ||
               is_error_in_time(payment, txn, &c, &truth)) {
        *ret_verdict = MC_RETRY;
    } else if (payment_attempt_open(c.attempt)) {
        ask_last(payment, txn, &c);
        payment_attempt_fail(txn, &c,
                             truth.state == PAYMENT_TRUTH_PENDING
                                 ? "NOT_PAID_IN_TIME"
                                 : mc_sprintf(txn->arena, "QUERY_%s", truth.code));
        payment_not_booked(txn, &c);
    } else {
        ask_last(payment, txn, &c);
        payment_attempt_save(txn, &c);
        payment_not_booked(txn, &c);
    }
    return txn->status;
}
