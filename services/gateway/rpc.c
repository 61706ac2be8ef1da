/* A method of a room, called over HTTP, and its reply. */
#include <string.h>

#include "common/json.h"

#include "gateway.h"

static const char *header_of(const void *arg, const char *name)
{
    return mc_httpd_header(arg, name);
}

/* Rooms are ours: their replies are read as they are, also by a gateway older than the room. */
static bool write_body(struct gateway_exchange *exchange, struct mc_bytes body,
                       struct mc_bytes *ret_text)
{
    struct mc_arena *arena = &exchange->gateway->arena;

    *ret_text = body;
    if (exchange->format == GATEWAY_PROTO)
        return true;
    ProtobufCMessage *message =
        protobuf_c_message_unpack(exchange->method->output, &arena->protobuf, body.len, body.data);
    return message != NULL && mc_json_encode(arena, message, ret_text) == MC_OK;
}

static void answer_reply(struct gateway_exchange *exchange, struct mc_bytes body)
{
    struct gateway_refusal refusal;
    struct mc_bytes text = {0};

    if (!write_body(exchange, body, &text)) {
        (void)gateway_refuse(&exchange->gateway->arena, &refusal, mc_status_rpc(MC_IO), "",
                             "UNAVAILABLE");
        gateway_answer_refusal(exchange, &refusal);
        return;
    }
    gateway_answer(exchange,
                   &(struct gateway_answer){
                       .http = 200,
                       .content_type = exchange->format == GATEWAY_PROTO ? "application/proto"
                                                                         : "application/json",
                       .body = text,
                   });
}

/* Silence is no refusal: the call may have happened. The same Idempotency-Key finds out. */
static void answer_silence(struct gateway_exchange *exchange)
{
    struct gateway_refusal refusal;

    (void)gateway_refuse(&exchange->gateway->arena, &refusal, MC_RPC_DEADLINE_EXCEEDED, "",
                         "DEADLINE_EXCEEDED");
    gateway_answer_refusal(exchange, &refusal);
}

static void answered(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct gateway_exchange *exchange = arg;
    struct mc_arena *arena = &exchange->gateway->arena;

    if (head == NULL)
        answer_silence(exchange);
    else if (head->status == 0)
        answer_reply(exchange, body);
    else
        gateway_answer_refusal(exchange, &(struct gateway_refusal){.head = *head});
    mc_arena_reset(arena);
}

/* What the answer needs is kept: the call itself goes with the turn. */
static void keep(struct gateway_exchange *exchange, const struct gateway_call *call)
{
    if (call->method.proto != NULL) {
        exchange->room = call->method.room;
        exchange->method = call->method.proto;
        exchange->label = call->method.proto->name;
        exchange->format = call->format;
    }
    exchange->has_id = call->head.request_id.len > 0;
    memcpy(exchange->request_id, call->request_id, MC_ID_LEN);
    memcpy(exchange->traceparent, call->traceparent, sizeof exchange->traceparent);
}

void gateway_source_of(const struct gateway_exchange *exchange,
                       char ret_source[GATEWAY_SOURCE_SIZE])
{
    const struct gateway_settings *settings = &exchange->gateway->settings;
    const struct gateway_source_rules rules = {
        .proxies = &settings->proxies,
        .ipv4_bits = (unsigned)settings->source_ipv4,
        .ipv6_bits = (unsigned)settings->source_ipv6,
    };

    gateway_source(&rules, mc_httpd_remote(exchange->request), mc_httpd_headers(exchange->request),
                   ret_source);
}

void gateway_rpc_call(struct gateway_exchange *exchange, const struct gateway_call *call)
{
    keep(exchange, call);
    gateway_ask(exchange, call->method.room->name, call, answered);
}

void gateway_rpc(struct gateway_exchange *exchange)
{
    struct gateway *gateway = exchange->gateway;
    struct gateway_moment moment = gateway_now(gateway);
    struct gateway_refusal refusal;
    struct gateway_call call;
    char source[GATEWAY_SOURCE_SIZE];
    struct gateway_asked asked = {
        .method = mc_httpd_method(exchange->request),
        .path = mc_httpd_path(exchange->request),
        .header = header_of,
        .arg = exchange->request,
        .source = source,
        .body = mc_httpd_body(exchange->request),
    };
    struct gateway_limits limits = {
        .body_max = (size_t)gateway->settings.body_max,
        .upload_max = (size_t)gateway->settings.upload_max,
    };

    gateway_source_of(exchange, source);
    bool mapped = gateway_map(&gateway->arena, &asked, &limits, &moment, &call, &refusal);

    keep(exchange, &call);
    if (!mapped)
        gateway_answer_refusal(exchange, &refusal);
    else
        gateway_ask(exchange, call.method.room->name, &call, answered);
}
