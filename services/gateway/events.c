/*
 * GET /events: a unit's feed as server-sent events, for portals that do not follow over ZeroMQ.
 *
 *     session: <session>                 a member's system, as /dvcqg/v1/session gave it
 *     Authorization: Bearer <session>    or an officer's
 *     Last-Event-ID: 1234                goes on behind that one; without it from now on
 *     ?unit=…&type=…&type=…              a unit below the session's; types, at most 16
 *
 * Each event's id is its sequence, its data a CloudEvent; the event motcua.feed.gap, which has no
 * id, says that some were too old to be kept. It ends with the session, or when the reader is too
 * slow, and nothing is lost: the reader comes again with the last id it saw.
 */
#include "events.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { SEQUENCE_DIGITS_MAX = 19 };

static void ask(struct gateway_stream *stream);

static void let_go(struct gateway_stream *stream)
{
    mc_link_forget(stream->gateway->process.links, stream);
    mc_wipe(stream->session, stream->session_len);
    stream->gateway = NULL;
}

static void reader_gone(void *arg)
{
    let_go(arg);
}

void gateway_events_end(struct gateway *gateway)
{
    for (size_t i = 0; gateway->streams != NULL && i < GATEWAY_STREAMS; i++) {
        struct gateway_stream *stream = &gateway->streams[i];

        if (stream->gateway == NULL || stream->exchange != NULL)
            continue; /* not answered yet: the exchange's end is its end */
        gateway_sse_close(&stream->sse);
        let_go(stream);
    }
}

/* False: it is over. */
static bool send_event(struct gateway_stream *stream, const struct gateway_sse_event *event)
{
    struct mc_bytes text = {0};

    return gateway_sse_text(&stream->gateway->arena, event, &text) == MC_OK &&
           gateway_sse_send(&stream->sse, text);
}

static bool send_all(struct gateway_stream *stream, const Partner__ReadFeedReply *reply)
{
    static const struct gateway_sse_event gap = {NULL, "motcua.feed.gap", {"{}", 2}};
    char id[SEQUENCE_DIGITS_MAX + 2];

    if (reply->gap && !send_event(stream, &gap))
        return false;
    for (size_t i = 0; i < reply->n_events; i++) {
        const Partner__FeedEvent *one = reply->events[i];
        (void)snprintf(id, sizeof id, "%" PRIu64, one->sequence);
        const struct gateway_sse_event event = {id, one->type, {one->event.data, one->event.len}};
        if (!send_event(stream, &event))
            return false;
    }
    stream->after = reply->last;
    stream->from_now = false;
    return true;
}

/* The first answer opens the stream, or is what the request is answered with. */
static bool open_stream(struct gateway_stream *stream, const Motcua__Header *head)
{
    struct gateway_exchange *exchange = stream->exchange;
    struct gateway_refusal refusal = {0};

    stream->exchange = NULL;
    if (head != NULL && head->status == 0 &&
        gateway_answer_events(exchange, &stream->sse, reader_gone, stream))
        return true;
    if (head != NULL && head->status != 0)
        refusal.head = *head;
    else
        (void)gateway_refuse(&exchange->gateway->arena, &refusal, mc_status_rpc(MC_BUSY), "",
                             "UNAVAILABLE");
    gateway_answer_refusal(exchange, &refusal);
    let_go(stream);
    return false;
}

static void answered(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct gateway_stream *stream = arg;
    struct mc_arena *arena = &stream->gateway->arena;
    Partner__ReadFeedReply *reply = NULL;

    if (stream->exchange != NULL && !open_stream(stream, head)) {
        mc_arena_reset(arena);
        return;
    }
    if (head == NULL) { /* the room is away; it has been waited for */
        ask(stream);
        mc_arena_reset(arena);
        return;
    }
    if (head->status == 0)
        reply = partner__read_feed_reply__unpack(&arena->protobuf, body.len, body.data);
    if (reply != NULL && send_all(stream, reply)) {
        ask(stream);
    } else { /* the session has ended, or the reader is too slow: it comes again */
        gateway_sse_close(&stream->sse);
        let_go(stream);
    }
    mc_arena_reset(arena);
}

/* A member's session is the partner room's to judge, an officer's is every room's. */
static void address(struct gateway_stream *stream, struct gateway_call *call,
                    Partner__ReadFeedRequest *request)
{
    Partner__ReadMemberFeedRequest member = PARTNER__READ_MEMBER_FEED_REQUEST__INIT;
    struct mc_arena *arena = &stream->gateway->arena;

    if (!stream->member) {
        call->head.method = mc_unconst("motcua.partner.v1.Partner/ReadFeed");
        call->head.caller = mc_unconst("portal:http");
        call->head.session = (ProtobufCBinaryData){stream->session_len, stream->session};
        call->body = mc_body_pack(arena, &request->base);
        return;
    }
    call->head.method = mc_unconst("motcua.partner.v1.Partner/ReadMemberFeed");
    call->head.caller = stream->gateway->process.caller;
    member.session = mc_sprintf(arena, "%.*s", (int)stream->session_len, (char *)stream->session);
    member.feed = request;
    if (member.session != NULL)
        call->body = mc_body_pack(arena, &member.base);
}

static void ask(struct gateway_stream *stream)
{
    struct gateway *gateway = stream->gateway;
    struct gateway_moment moment = gateway_now(gateway);
    Partner__ReadFeedRequest request = PARTNER__READ_FEED_REQUEST__INIT;
    struct gateway_call call = {0};

    gateway_head_begin(&call, NULL, &moment, GATEWAY_STREAM_CALL_MS);
    call.head.source = stream->source;
    request.unit = stream->unit;
    request.after = stream->after;
    request.from_now = stream->from_now;
    request.types = stream->types;
    request.n_types = stream->types_len;
    request.wait_ms = stream->exchange != NULL ? 0 : GATEWAY_STREAM_WAIT_MS;
    address(stream, &call, &request);
    if (call.body.data != NULL &&
        mc_link_call(gateway->process.links, "partner", &call.head, call.body, call.timeout_ms,
                     answered, stream) == MC_OK)
        return;
    if (stream->exchange != NULL) {
        (void)open_stream(stream, NULL);
    } else {
        gateway_sse_close(&stream->sse);
        let_go(stream);
    }
}

static bool read_last_id(const struct mc_httpd_request *request, struct gateway_stream *stream)
{
    const char *text = mc_httpd_header(request, "Last-Event-ID");
    size_t len = text != NULL ? strlen(text) : 0;

    stream->from_now = len == 0;
    stream->after = 0;
    if (len > SEQUENCE_DIGITS_MAX || (len > 0 && strspn(text, "0123456789") != len))
        return false;
    for (size_t i = 0; i < len; i++)
        stream->after = stream->after * 10 + (uint64_t)(text[i] - '0');
    return true;
}

static bool read_session(const struct mc_httpd_request *request, struct gateway_stream *stream)
{
    static const char scheme[] = "Bearer ";
    const char *text = mc_httpd_header(request, "session");

    stream->member = text != NULL;
    if (!stream->member) {
        text = mc_httpd_header(request, "Authorization");
        if (text == NULL || strncasecmp(text, scheme, sizeof scheme - 1) != 0)
            return false;
        text += sizeof scheme - 1;
    }
    text += strspn(text, " ");
    stream->session_len = strlen(text);
    if (stream->session_len == 0 || stream->session_len > MC_SESSION_MAX)
        return false;
    memcpy(stream->session, text, stream->session_len);
    return true;
}

static char *keep_text(struct gateway_stream *stream, size_t *at, const char *text)
{
    size_t size = strlen(text) + 1;
    char *kept = stream->query + *at;

    if (size > sizeof stream->query - *at)
        return NULL;
    memcpy(kept, text, size);
    *at += size;
    return kept;
}

static bool read_query(struct gateway *gateway, const struct mc_httpd_request *request,
                       struct gateway_stream *stream)
{
    const char *query = mc_httpd_query(request);
    struct mc_form form = {0};
    size_t at = 0;

    if (mc_form_decode(&gateway->arena, (struct mc_bytes){query, strlen(query)}, &form) != MC_OK)
        return false;
    stream->types_len = 0;
    const char *unit = mc_form_get(&form, "unit");
    stream->unit = keep_text(stream, &at, unit != NULL ? unit : "");
    for (size_t i = 0; i < form.count; i++) {
        if (strcmp(form.pairs[i].name, "type") != 0)
            continue;
        if (stream->types_len == GATEWAY_STREAM_TYPES)
            return false;
        char *type = keep_text(stream, &at, form.pairs[i].value);
        if (type == NULL)
            return false;
        stream->types[stream->types_len++] = type;
    }
    return stream->unit != NULL;
}

static struct gateway_stream *free_stream(struct gateway *gateway)
{
    for (size_t i = 0; i < GATEWAY_STREAMS; i++)
        if (gateway->streams[i].gateway == NULL)
            return &gateway->streams[i];
    return NULL;
}

static void refuse(struct gateway_exchange *exchange, enum mc_status status, const char *field,
                   const char *code)
{
    struct gateway_refusal refusal;

    (void)gateway_refuse(&exchange->gateway->arena, &refusal, mc_status_rpc(status), field, code);
    gateway_answer_refusal(exchange, &refusal);
}

void gateway_events(struct gateway_exchange *exchange)
{
    struct gateway *gateway = exchange->gateway;
    struct gateway_stream *stream = free_stream(gateway);

    if (stream == NULL)
        refuse(exchange, MC_BUSY, "", "BUSY");
    else if (!read_session(exchange->request, stream))
        refuse(exchange, MC_UNAUTHENTICATED, "Authorization", "SESSION_INVALID");
    else if (!read_last_id(exchange->request, stream))
        refuse(exchange, MC_INVALID, "Last-Event-ID", "FIELD_INVALID");
    else if (!read_query(gateway, exchange->request, stream))
        refuse(exchange, MC_INVALID, "type", "LIST_TOO_LONG");
    else {
        stream->gateway = gateway;
        stream->exchange = exchange;
        gateway_source_of(exchange, stream->source);
        ask(stream);
    }
}
