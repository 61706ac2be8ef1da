/*
 * check.call: the call itself. It goes once; a daemon that dies on the way leaves a check whose
 * outcome is unknown, which is what it is.
 */
#include <string.h>

#include "common/header.h"

#include "check.h"

enum mc_status partner_check_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                  const ProtobufCMessage *payload,
                                  struct mc_http_request *ret_request)
{
    const struct partner *partner = ctx;
    const PartnerState__CheckCall *call = (const void *)payload;
    struct mc_header *headers = mc_alloc(arena, 3 * sizeof *headers);

    (void)job;
    if (headers == NULL)
        return MC_LIMITED;
    headers[0] = (struct mc_header){"Accept", "application/json"};
    if (call->dstcode[0] != '\0')
        headers[1] = (struct mc_header){"dstcode", call->dstcode};
    *ret_request = (struct mc_http_request){
        .method = "POST",
        .url = call->url,
        .headers = headers,
        .content_type = "application/json; charset=utf-8",
        .body = mc_key_bytes(call->body),
        .timeout_ms = PARTNER_CHECK_TIMEOUT_MS,
        .answer_max = PARTNER_CHECK_BODY_MAX,
        .once = true,
        .guard = &partner->guard,
        .detail = true,
    };
    return MC_OK;
}

static Partner__ApiCheckState state_of(const struct mc_result *result)
{
    if (result->detail != NULL && result->detail->denied)
        return PARTNER__API_CHECK_STATE__API_CHECK_NOT_ALLOWED;
    switch (result->outcome) {
    case MC_HTTP_ANSWERED:
        return PARTNER__API_CHECK_STATE__API_CHECK_ANSWERED;
    case MC_HTTP_NOT_SENT:
        return PARTNER__API_CHECK_STATE__API_CHECK_NOT_SENT;
    case MC_HTTP_UNKNOWN:
        break;
    }
    return PARTNER__API_CHECK_STATE__API_CHECK_UNKNOWN;
}

static void fill_detail(struct mc_txn *txn, const struct mc_http_detail *detail,
                        Partner__ApiCheck *told)
{
    Partner__ApiTimes *times = mc_alloc(txn->arena, sizeof *times);

    if (times == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    partner__api_times__init(times);
    times->dns_us = detail->dns_us;
    times->connect_us = detail->connect_us;
    times->tls_us = detail->tls_us;
    times->first_byte_us = detail->first_byte_us;
    times->total_us = detail->total_us;
    told->times = times;
    told->body_len = detail->body_len;
    told->why = mc_unconst(detail->why);
}

static void keep_answer(struct mc_txn *txn, const struct mc_result *result,
                        PartnerState__Check *record)
{
    PartnerState__Answered answered = PARTNER_STATE__ANSWERED__INIT;

    if (result->detail != NULL)
        answered.head = (ProtobufCBinaryData){result->detail->head_len,
                                              mc_unconst((const uint8_t *)result->detail->head)};
    answered.body = (ProtobufCBinaryData){result->body.len, mc_unconst(result->body.data)};
    record->answered = partner_seal(txn, &answered.base);
}

enum mc_status partner_check_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                  const ProtobufCMessage *payload, const struct mc_result *result,
                                  enum mc_verdict *ret_verdict)
{
    const struct partner *partner = ctx;
    const PartnerState__CheckCall *call = (const void *)payload;
    struct mc_bytes id = mc_key_bytes(call->check_id);
    Partner__ApiCheck *told = NULL;

    (void)job;
    *ret_verdict = MC_DONE;
    PartnerState__Check *record = partner_check_load(txn, id, &told);
    if (record == NULL || told->state != PARTNER__API_CHECK_STATE__API_CHECK_WAITING)
        return txn->status;
    told->state = state_of(result);
    told->ended_ms = txn->now_ms;
    told->http_status = result->http_status;
    told->body_len = result->body.len;
    if (result->detail != NULL)
        fill_detail(txn, result->detail, told);
    if (told->state == PARTNER__API_CHECK_STATE__API_CHECK_ANSWERED) {
        keep_answer(txn, result, record);
        told->verdict =
            partner_answer_judge(&partner->book, txn->arena, told->api_type, result->http_status,
                                 result->body, told->body_len == result->body.len);
        if (told->verdict == NULL)
            return mc_fail(txn, MC_LIMITED, "arena full");
    }
    partner_check_save(txn, id, record, told);
    partner_check_emit(txn, "partner.api_checked", record, told);
    if (told->contract_id.len == MC_ID_LEN)
        partner_contract_ran(txn, told);
    return txn->status;
}
