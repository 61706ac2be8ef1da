/*
 * Webhooks: what outside systems send us, passed raw to the room that can judge its signature.
 *
 * The room says status and body of the answer. A room that cannot be reached is 503: every sender
 * of ours repeats, and the rooms take repeats for what they are.
 */
#include <string.h>

#include "gateway.h"

enum { HTTP_OK = 200, HTTP_LAST = 599, HTTP_INTERNAL = 500 };

static char *text_of(const char *text)
{
    return mc_unconst(text != NULL ? text : "");
}

static void answer_room(struct gateway_exchange *exchange, struct mc_bytes body)
{
    struct gateway_refusal refusal;
    Motcua__WebhookReply *reply =
        motcua__webhook_reply__unpack(&exchange->gateway->arena.protobuf, body.len, body.data);

    if (reply == NULL || reply->status < HTTP_OK || reply->status > HTTP_LAST) {
        (void)gateway_refuse(&exchange->gateway->arena, &refusal, mc_status_rpc(MC_IO), "",
                             "UNAVAILABLE");
        gateway_answer_refusal(exchange, &refusal);
        return;
    }
    bool typed = reply->content_type[0] != '\0' && mc_header_value_ok(reply->content_type);
    gateway_answer(exchange,
                   &(struct gateway_answer){
                       .http = (int)reply->status,
                       .content_type = typed ? reply->content_type : "text/plain; charset=utf-8",
                       .body = {reply->body.data, reply->body.len},
                   });
}

static void answered(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct gateway_exchange *exchange = arg;
    struct mc_arena *arena = &exchange->gateway->arena;
    struct gateway_refusal refusal;

    if (head == NULL) {
        (void)gateway_refuse(arena, &refusal, mc_status_rpc(MC_BUSY), "", "UNAVAILABLE");
        refusal.head.retry_after_ms = 1000;
        gateway_answer_refusal(exchange, &refusal);
    } else if (head->status == 0) {
        answer_room(exchange, body);
    } else {
        gateway_answer_refusal(exchange, &(struct gateway_refusal){.head = *head});
    }
    mc_arena_reset(arena);
}

static Motcua__WebhookRequest request_of(const struct mc_httpd_request *http, struct mc_bytes body)
{
    Motcua__WebhookRequest request = MOTCUA__WEBHOOK_REQUEST__INIT;

    request.method = text_of(mc_httpd_method(http));
    request.path = text_of(mc_httpd_path(http));
    request.query = text_of(mc_httpd_query(http));
    request.content_type = text_of(mc_httpd_header(http, "Content-Type"));
    request.body = (ProtobufCBinaryData){body.len, mc_unconst(body.data)};
    request.remote = text_of(mc_httpd_remote(http));
    request.signature = text_of(mc_httpd_header(http, "Webhook-Signature"));
    request.webhook_id = text_of(mc_httpd_header(http, "Webhook-Id"));
    request.webhook_timestamp = text_of(mc_httpd_header(http, "Webhook-Timestamp"));
    request.dstcode = text_of(mc_httpd_header(http, "dstcode"));
    return request;
}

static void say(struct gateway_exchange *exchange, const struct gateway_room *room,
                const char *method, struct mc_bytes body, mc_link_answered *then)
{
    struct gateway *gateway = exchange->gateway;
    struct gateway_moment moment = gateway_now(gateway);
    struct gateway_refusal refusal;
    struct gateway_call call = {0};
    Motcua__WebhookRequest request = request_of(exchange->request, body);
    char source[GATEWAY_SOURCE_SIZE];

    gateway_source_of(exchange, source);
    gateway_head_begin(&call, mc_httpd_header(exchange->request, "Traceparent"), &moment,
                       gateway->settings.webhook_timeout_ms);
    call.head.method = mc_sprintf(&gateway->arena, "%s/%s", room->service->name, method);
    call.head.caller =
        gateway->process.caller; /* these methods are for rooms, of which we are one */
    call.head.source = source;
    exchange->room = room;
    exchange->has_id = true;
    memcpy(exchange->request_id, call.request_id, MC_ID_LEN);
    memcpy(exchange->traceparent, call.traceparent, sizeof exchange->traceparent);

    if (request.body.len > (size_t)gateway->settings.body_max) {
        (void)gateway_refuse(&gateway->arena, &refusal, mc_status_rpc(MC_INVALID), "",
                             MC_CODE_TOO_LONG);
        gateway_answer_refusal(exchange, &refusal);
        return;
    }
    call.body = mc_body_pack(&gateway->arena, &request.base);
    if (call.head.method == NULL || call.body.data == NULL) {
        (void)gateway_refuse(&gateway->arena, &refusal, mc_status_rpc(MC_LIMITED), "",
                             MC_CODE_ARENA_FULL);
        gateway_answer_refusal(exchange, &refusal);
        return;
    }
    gateway_ask(exchange, room->name, &call, then);
}

static void pass(struct gateway_exchange *exchange, const struct gateway_room *room,
                 const char *method, mc_link_answered *then)
{
    say(exchange, room, method, mc_httpd_body(exchange->request), then);
}

static const struct gateway_room *room_of(const char *name)
{
    const struct gateway_room *room = gateway_rooms;

    while (strcmp(room->name, name) != 0)
        room++;
    return room;
}

void gateway_webhook_payment(struct gateway_exchange *exchange)
{
    pass(exchange, room_of("payment"), "PlatformConfirm", answered);
}

void gateway_webhook_bank(struct gateway_exchange *exchange)
{
    pass(exchange, room_of("payment"), "BankNotice", answered);
}

void gateway_webhook_tax(struct gateway_exchange *exchange)
{
    pass(exchange, room_of("payment"), "TaxNotice", answered);
}

void gateway_webhook_sms(struct gateway_exchange *exchange)
{
    pass(exchange, room_of("otp"), "DeliveryWebhook", answered);
}

void gateway_webhook_signer(struct gateway_exchange *exchange)
{
    pass(exchange, room_of("identity"), "SignerCallback", answered);
}

void gateway_webhook_pass(struct gateway_exchange *exchange, const char *room, const char *method,
                          mc_link_answered *then)
{
    pass(exchange, room_of(room), method, then != NULL ? then : answered);
}

void gateway_webhook_say(struct gateway_exchange *exchange, const char *room, const char *method,
                         struct mc_bytes body, mc_link_answered *then)
{
    say(exchange, room_of(room), method, body, then);
}

void gateway_webhook_ask(struct gateway_exchange *exchange, const char *room,
                         const struct gateway_call *call)
{
    gateway_ask(exchange, room, call, answered);
}
