/*
 * /dvcqg/v1: partners' systems call us as they would call the national portal.
 *
 *     POST /dvcqg/v1/session   {"username", "password"}, header dstcode
 *                              -> {"session", "error_code"}
 *     POST /dvcqg/v1/data      {"session", "service", …} -> {"error_code", "message", "result"}
 *     GET  /dvcqg/v1/file      dvcqg_file.c
 *
 * The partner room knows who calls and which method of which room a service is; here it is only
 * called, and the reply written as JSON. An error names every field: "violations".
 */
#include "dvcqg.h"

#include <string.h>

#include "common/json.h"

#include "partner.pb-c.h"

enum { HTTP_OK = 200 };

static const char json_type[] = "application/json; charset=utf-8";

static void begin(struct mc_json_writer *writer, struct gateway_exchange *exchange,
                  const char *error_code, const char *message)
{
    mc_json_begin(writer, &exchange->gateway->arena);
    mc_json_object(writer);
    mc_json_key(writer, "error_code");
    mc_json_string(writer, error_code);
    mc_json_key(writer, "message");
    mc_json_string(writer, message);
}

static void finish(struct gateway_exchange *exchange, struct mc_json_writer *writer, int http,
                   const char *code)
{
    struct mc_bytes text = {0};

    mc_json_end(writer);
    if (mc_json_finish(writer, &text) != MC_OK)
        text = (struct mc_bytes){"{\"error_code\":\"-9\"}", 19};
    gateway_answer(exchange,
                   &(struct gateway_answer){
                       .http = http, .content_type = json_type, .body = text, .code = code});
}

/* In the words of the other side: a code, a sentence, and every field that was wrong. */
void gateway_dvcqg_refuse(struct gateway_exchange *exchange, const Motcua__Header *head, int http)
{
    struct mc_json_writer writer;
    bool invalid = head->status == mc_status_rpc(MC_INVALID);

    begin(&writer, exchange, invalid ? "-2" : "-1", head->message);
    mc_json_key(&writer, "code");
    mc_json_string(&writer, head->code);
    mc_json_key(&writer, "violations");
    mc_json_array(&writer);
    for (size_t i = 0; i < head->n_violations; i++) {
        mc_json_object(&writer);
        mc_json_key(&writer, "field");
        mc_json_string(&writer, head->violations[i]->field);
        mc_json_key(&writer, "code");
        mc_json_string(&writer, head->violations[i]->code);
        mc_json_key(&writer, "message");
        mc_json_string(&writer, head->violations[i]->message);
        mc_json_end(&writer);
    }
    mc_json_end(&writer);
    finish(exchange, &writer, http != 0 ? http : (int)mc_rpc_http(head->status), head->code);
}

/* What was asked may have been done: the other side asks again, and rooms know a repeat. */
void gateway_dvcqg_silence(struct gateway_exchange *exchange)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    struct gateway_refusal refusal;

    if (!gateway_refuse(&exchange->gateway->arena, &refusal, mc_status_rpc(MC_BUSY), "",
                        "UNAVAILABLE"))
        head = refusal.head;
    gateway_dvcqg_refuse(exchange, &head, 0);
}

static void done(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct gateway_exchange *exchange = arg;
    struct mc_arena *arena = &exchange->gateway->arena;
    struct mc_json_writer writer;
    ProtobufCMessage *reply = NULL;

    if (head != NULL && head->status == 0)
        reply = protobuf_c_message_unpack(exchange->method->output, &arena->protobuf, body.len,
                                          body.data);
    if (head != NULL && head->status != 0) {
        gateway_dvcqg_refuse(exchange, head, 0);
    } else if (reply == NULL) {
        gateway_dvcqg_silence(exchange);
    } else {
        begin(&writer, exchange, "0", "Thành công");
        mc_json_key(&writer, "result");
        mc_json_message(&writer, reply);
        finish(exchange, &writer, HTTP_OK, NULL);
    }
    mc_arena_reset(arena);
}

void gateway_dvcqg_answer(struct gateway_exchange *exchange, const Motcua__WebhookReply *reply)
{
    gateway_answer(exchange, &(struct gateway_answer){.http = (int)reply->status,
                                                      .content_type = json_type,
                                                      .body = {reply->body.data, reply->body.len}});
}

static bool forward(struct gateway_exchange *exchange, const Partner__InboundCallReply *reply)
{
    struct gateway *gateway = exchange->gateway;
    struct gateway_moment moment = gateway_now(gateway);
    struct gateway_call call = {0};
    char source[GATEWAY_SOURCE_SIZE];
    const char *path = mc_sprintf(&gateway->arena, "/%s", reply->method);

    gateway_head_begin(&call, exchange->traceparent, &moment, gateway->settings.webhook_timeout_ms);
    gateway_source_of(exchange, source);
    call.head.method = reply->method;
    call.head.caller = gateway->process.caller;
    call.head.source = source;
    call.body = (struct mc_bytes){reply->request.data, reply->request.len};
    if (reply->raw) {
        gateway_webhook_ask(exchange, reply->room, &call);
        return true;
    }
    call.method = path != NULL ? gateway_method_find(path) : (struct gateway_method){0};
    if (call.method.proto == NULL)
        return false;
    exchange->method = call.method.proto;
    gateway_ask(exchange, reply->room, &call, done);
    return true;
}

static void judged(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct gateway_exchange *exchange = arg;
    struct mc_arena *arena = &exchange->gateway->arena;
    const Partner__InboundCallReply *reply = NULL;

    if (head != NULL && head->status == 0)
        reply = partner__inbound_call_reply__unpack(&arena->protobuf, body.len, body.data);
    if (head != NULL && head->status != 0)
        gateway_dvcqg_refuse(exchange, head, 0);
    else if (reply != NULL && reply->answer != NULL)
        gateway_dvcqg_answer(exchange, reply->answer);
    else if (reply == NULL || !forward(exchange, reply))
        gateway_dvcqg_silence(exchange);
    mc_arena_reset(arena);
}

void gateway_dvcqg_session(struct gateway_exchange *exchange)
{
    gateway_webhook_pass(exchange, "partner", "InboundSession", NULL);
}

void gateway_dvcqg_data(struct gateway_exchange *exchange)
{
    gateway_webhook_pass(exchange, "partner", "InboundCall", judged);
}
