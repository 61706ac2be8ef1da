/*
 * What a bank is asked about a tax payment, and what follows:
 *
 *     POST <bank>/taxes             {"reference", "link_token", "tax_code", "payer_name",
 *                                    "return_url", "items": [{the treasury's fields}]}
 *          {"result": "PAGE", "url": "https://…"} | {"result": "REFUSED", "code": "…"}
 *     POST <bank>/taxes/<reference> {}
 *          {"state": "PAID" | "PENDING" | "FAILED", "transaction_id", "amount"}
 *
 * The reference makes the first one repeatable: a bank that knows it gives the same page again.
 */
#include <inttypes.h>
#include <string.h>

#include "tax.h"

static PaymentState__TaxPayment *load(struct mc_txn *txn, const char *account, struct mc_bytes id)
{
    PaymentState__TaxPayment *record =
        mc_load(txn, PAYMENT_TAX_PAYMENTS, payment_tax_key(txn, account, id),
                &payment_state__tax_payment__descriptor);

    if (record == NULL)
        (void)mc_fail(txn, MC_CORRUPT, "a question about no tax payment");
    return record;
}

static void ended(struct mc_txn *txn, const char *account, struct mc_bytes id,
                  PaymentState__TaxPayment *record, Payment__AttemptState state, const char *error)
{
    record->state = state;
    record->error = mc_unconst(error);
    record->query_job = 0;
    payment_tax_save(txn, account, id, record);
    payment_tax_emit(txn, account, id, record);
}

/* The fields of a budget payment, section by section as the treasury reads them. */
static void row_write(struct mc_json_writer *writer, const PaymentState__TaxDebt *debt)
{
    mc_json_object(writer);
    payment_json_pair(writer, "SO_QDINH", debt->notice);
    payment_json_pair(writer, "NGAY_QDINH", debt->notice_date);
    payment_json_pair(writer, "MA_CHUONG", debt->chapter);
    payment_json_pair(writer, "MA_TMUC", debt->item);
    payment_json_pair(writer, "TEN_TMUC", debt->item_name);
    payment_json_pair(writer, "MA_CQ_THU", debt->office);
    payment_json_pair(writer, "SHKB", debt->treasury);
    payment_json_pair(writer, "TK_NSNN", debt->account);
    payment_json_pair(writer, "MA_DBHC", debt->area);
    payment_json_pair(writer, "KY_THUE", debt->period);
    mc_json_key(writer, "SO_TIEN");
    mc_json_int(writer, debt->amount);
    mc_json_end(writer);
}

enum mc_status payment_tax_start_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                      const ProtobufCMessage *payload,
                                      struct mc_http_request *ret_request)
{
    const PaymentState__TaxStart *start = (const PaymentState__TaxStart *)(const void *)payload;
    const char *path = mc_sprintf(arena, "/%s/taxes", start->bank);
    struct mc_json_writer writer;

    (void)job;
    if (path == NULL)
        return MC_FULL;
    mc_json_begin(&writer, arena);
    mc_json_object(&writer);
    payment_json_pair(&writer, "reference", start->reference);
    payment_json_pair(&writer, "link_token", start->link_token);
    payment_json_pair(&writer, "tax_code", start->tax_code);
    payment_json_pair(&writer, "payer_name", start->payer_name);
    payment_json_pair(&writer, "return_url", start->return_url);
    mc_json_key(&writer, "items");
    mc_json_array(&writer);
    for (size_t i = 0; i < start->n_rows; i++)
        row_write(&writer, start->rows[i]);
    mc_json_end(&writer);
    mc_json_end(&writer);
    return payment_bank_post(ctx, arena, path, &writer, ret_request);
}

enum mc_status payment_tax_start_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                      const ProtobufCMessage *payload,
                                      const struct mc_result *result, enum mc_verdict *ret_verdict)
{
    const struct payment *payment = ctx;
    const PaymentState__TaxStart *start = (const PaymentState__TaxStart *)(const void *)payload;
    struct mc_bytes id = mc_key_bytes(start->payment_id);
    mc_cleanup(mc_json_freep) struct mc_json *json = payment_outside_read(result);

    (void)job;
    *ret_verdict = MC_DONE;
    PaymentState__TaxPayment *record = load(txn, start->account, id);
    if (record == NULL || record->state != PAYMENT__ATTEMPT_STATE__STARTING)
        return txn->status;
    const char *word = json != NULL ? mc_json_text(json, "result") : NULL;
    const char *url = json != NULL ? mc_json_text(json, "url") : NULL;
    if (word != NULL && strcmp(word, "PAGE") == 0 && url != NULL &&
        payment_url_valid(payment, url)) {
        record->state = PAYMENT__ATTEMPT_STATE__WAITING;
        record->pay_url = mc_strdup(txn->arena, url);
        if (record->pay_url == NULL)
            return mc_fail(txn, MC_LIMITED, "arena full");
        payment_tax_plan(payment, txn, start->account, id, record,
                         txn->now_ms + payment->query_after_ms);
        payment_tax_save(txn, start->account, id, record);
        payment_tax_emit(txn, start->account, id, record);
    } else if (word != NULL && strcmp(word, "REFUSED") == 0) {
        ended(txn, start->account, id, record, PAYMENT__ATTEMPT_STATE__FAILED, "BANK_REFUSED");
    } else if (result->gave_up) { /* nobody was sent to a page: nothing can be paid there */
        ended(txn, start->account, id, record, PAYMENT__ATTEMPT_STATE__FAILED, "BANK_OFFLINE");
    } else {
        *ret_verdict = MC_RETRY;
    }
    return txn->status;
}

enum mc_status payment_tax_query_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                      const ProtobufCMessage *payload,
                                      struct mc_http_request *ret_request)
{
    const PaymentState__TaxAsk *ask = (const PaymentState__TaxAsk *)(const void *)payload;
    const char *path = mc_sprintf(arena, "/%s/taxes/%s", ask->bank, ask->reference);
    struct mc_json_writer writer;

    (void)job;
    if (path == NULL)
        return MC_FULL;
    mc_json_begin(&writer, arena);
    mc_json_object(&writer);
    mc_json_end(&writer);
    return payment_bank_post(ctx, arena, path, &writer, ret_request);
}

/* The bank booked it. An amount other than the decision's is for an officer to look at. */
static void paid(struct mc_txn *txn, const PaymentState__TaxAsk *ask, struct mc_bytes id,
                 PaymentState__TaxPayment *record, const struct mc_json *json)
{
    int64_t amount = record->amount;

    (void)mc_json_number(json, "amount", &amount);
    record->paid_at_ms = txn->now_ms;
    record->transaction_id = payment_outside_text(txn->arena, json, "transaction_id");
    bool other = record->decision[0] != '\0' && amount != record->amount;
    if (other) /* nothing of it lies with us: an officer asks the treasury */
        (void)payment_case_open(txn, &(struct payment_case_spec){
                                         .kind = PAYMENT__CASE_KIND__AMOUNT_DIFFERS,
                                         .expected = record->amount,
                                         .attempt_id = id,
                                         .transaction_id = record->transaction_id,
                                         .bank = record->bank,
                                         .note = mc_sprintf(txn->arena, "%s: ngân hàng thu %lld đ",
                                                            record->reference, (long long)amount),
                                     });
    ended(txn, ask->account, id, record,
          other ? PAYMENT__ATTEMPT_STATE__SUSPENSE : PAYMENT__ATTEMPT_STATE__SUCCEEDED,
          other ? "AMOUNT_WRONG" : "");
}

enum mc_status payment_tax_query_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                      const ProtobufCMessage *payload,
                                      const struct mc_result *result, enum mc_verdict *ret_verdict)
{
    const struct payment *payment = ctx;
    const PaymentState__TaxAsk *ask = (const PaymentState__TaxAsk *)(const void *)payload;
    struct mc_bytes id = mc_key_bytes(ask->ask_id);
    mc_cleanup(mc_json_freep) struct mc_json *json = payment_outside_read(result);

    (void)job;
    *ret_verdict = MC_DONE;
    PaymentState__TaxPayment *record = load(txn, ask->account, id);
    if (record == NULL || !payment_tax_is_open(record))
        return txn->status;
    const char *state = json != NULL ? mc_json_text(json, "state") : NULL;
    bool patient = txn->now_ms - record->at_ms < payment->attempt_life_ms;
    if (state != NULL && strcmp(state, "PAID") == 0)
        paid(txn, ask, id, record, json);
    else if (state != NULL && strcmp(state, "FAILED") == 0)
        ended(txn, ask->account, id, record, PAYMENT__ATTEMPT_STATE__FAILED, "BANK_REFUSED");
    else if (state != NULL && strcmp(state, "PENDING") == 0 && !patient)
        ended(txn, ask->account, id, record, PAYMENT__ATTEMPT_STATE__FAILED, "NOT_PAID_IN_TIME");
    else
        *ret_verdict = MC_RETRY; /* a payment is never called failed while the bank is silent */
    return txn->status;
}
