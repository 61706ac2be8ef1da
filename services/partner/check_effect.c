/*
 * check.call: the call itself. It goes once; a daemon that dies on the way leaves a check whose
 * outcome is unknown, which is what it is.
 */
#include <string.h>

#include "common/header.h"
#include "common/json.h"

#include "check.h"

enum { HTTP_OK = 200, SESSION_MAX = 1024 };

static const char session_word[] = "nhap-session";
static const char key_word[] = "nhap-khoa-cua-dia-phuong";

static bool asks_session(const PartnerState__CheckCall *call)
{
    return call->session_url[0] != '\0' && call->session[0] == '\0';
}

static bool session_body(struct mc_arena *arena, const PartnerState__CheckCall *call,
                         struct mc_bytes *ret_body)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, arena);
    mc_json_object(&writer);
    mc_json_key(&writer, "username");
    mc_json_string(&writer, call->username);
    mc_json_key(&writer, "password");
    mc_json_string(&writer, call->password);
    mc_json_end(&writer);
    return mc_json_finish(&writer, ret_body) == MC_OK;
}

/* The text as it stands in JSON, without its quotes. */
static bool escaped(struct mc_arena *arena, const char *text, struct mc_bytes *ret_text)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, arena);
    mc_json_string(&writer, text);
    if (mc_json_finish(&writer, ret_text) != MC_OK || ret_text->len < 2)
        return false;
    *ret_text = (struct mc_bytes){(const char *)ret_text->data + 1, ret_text->len - 2};
    return true;
}

/* Every place of the word becomes the text; the body as it is when there is none. */
static bool filled(struct mc_arena *arena, struct mc_bytes body, const char *word, const char *text,
                   struct mc_bytes *ret_body)
{
    struct mc_bytes value = {0};
    size_t word_len = strlen(word);
    const char *from = body.data;
    size_t places = 0;

    for (const char *at = from;
         (at = memmem(at, body.len - (size_t)(at - from), word, word_len)) != NULL; at += word_len)
        places++;
    *ret_body = body;
    if (places == 0 || text[0] == '\0')
        return true;
    if (!escaped(arena, text, &value))
        return false;
    char *out = mc_alloc(arena, body.len + places * value.len);
    if (out == NULL)
        return false;
    char *to = out;
    const char *end = from + body.len;
    while (from < end) {
        const char *at = memmem(from, (size_t)(end - from), word, word_len);
        const char *stop = at != NULL ? at : end;
        to = mempcpy(to, from, (size_t)(stop - from));
        if (at != NULL)
            to = mempcpy(to, value.data, value.len);
        from = at != NULL ? at + word_len : end;
    }
    *ret_body = (struct mc_bytes){out, (size_t)(to - out)};
    return true;
}

static bool body_of(struct mc_arena *arena, const PartnerState__CheckCall *call,
                    struct mc_bytes *ret_body)
{
    struct mc_bytes body = mc_key_bytes(call->body);

    if (asks_session(call))
        return session_body(arena, call, ret_body);
    return filled(arena, body, session_word, call->session, &body) &&
           filled(arena, body, key_word, call->password, ret_body);
}

enum mc_status partner_check_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                  const ProtobufCMessage *payload,
                                  struct mc_http_request *ret_request)
{
    const struct partner *partner = ctx;
    const PartnerState__CheckCall *call = (const void *)payload;
    struct mc_header *headers = mc_alloc(arena, 3 * sizeof *headers);

    (void)job;
    struct mc_bytes body = {0};

    if (headers == NULL || !body_of(arena, call, &body))
        return MC_LIMITED;
    headers[0] = (struct mc_header){"Accept", "application/json"};
    if (call->dstcode[0] != '\0')
        headers[1] = (struct mc_header){"dstcode", call->dstcode};
    *ret_request = (struct mc_http_request){
        .method = "POST",
        .url = asks_session(call) ? call->session_url : call->url,
        .headers = headers,
        .content_type = "application/json; charset=utf-8",
        .body = body,
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

/* The session is there: the call itself is next, another job of the same check. False: it is not.
 */
static bool goes_on(struct mc_txn *txn, const PartnerState__CheckCall *call,
                    const PartnerState__Check *record, const struct mc_result *result)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    PartnerState__CheckCall next = *call;

    if (result->outcome != MC_HTTP_ANSWERED || result->http_status != HTTP_OK ||
        mc_json_parse(result->body, &json) != MC_OK)
        return false;
    const char *session = mc_json_text(json, "session");
    if (session == NULL || session[0] == '\0' || strlen(session) > SESSION_MAX)
        return false;
    next.session = mc_strdup(txn->arena, session);
    if (next.session == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        partner_check_job(txn, &next, record->host);
    return true;
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
    if (asks_session(call)) {
        if (goes_on(txn, call, record, result))
            return txn->status;
        told->session_failed = true;
    }
    told->state = state_of(result);
    told->ended_ms = txn->now_ms;
    told->http_status = result->http_status;
    told->body_len = result->body.len;
    if (result->detail != NULL)
        fill_detail(txn, result->detail, told);
    if (told->state == PARTNER__API_CHECK_STATE__API_CHECK_ANSWERED) {
        keep_answer(txn, result, record);
        told->verdict = partner_answer_judge(
            &partner->book, txn->arena, told->session_failed ? "session" : told->api_type,
            result->http_status, result->body, told->body_len == result->body.len);
        if (told->verdict == NULL)
            return mc_fail(txn, MC_LIMITED, "arena full");
    }
    partner_check_save(txn, id, record, told);
    partner_check_emit(txn, "partner.api_checked", record, told);
    if (told->contract_id.len == MC_ID_LEN)
        partner_contract_ran(txn, told);
    return txn->status;
}
