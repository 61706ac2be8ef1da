/*
 * The daemon: configuration, boot, exchanges, drain. What it does with a request is in routes.c.
 */
#include "gateway.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/notify.h"

#include "dvcqg_file.h"
#include "events.h"
#include "headers.h"

enum {
    HTTP_UNAVAILABLE = 503,
    HTTP_INTERNAL = 500,
    FLUSH_STEPS = 32, /* turns of the loop for the last answers to leave */
    TEXT_MAX = 256,
    ROUND_TIMEOUT_MAX_MS = 10000,
};

#define AT(field) offsetof(struct gateway_settings, field)

/* clang-format off */
static const struct mc_config_key keys[] = {
    {"gateway.listen", MC_CONFIG_STRING, AT(listen), "127.0.0.1:8080", 3, 80,
        "Address and port of HTTP, 127.0.0.1:8080 or [::1]:8080; port 0 is any free one."},
    {"gateway.tls_cert", MC_CONFIG_PATH, AT(tls_cert), "", 0, 0,
        "PEM file of the certificate and its chain; empty: plain HTTP, behind a proxy."},
    {"gateway.tls_key", MC_CONFIG_PATH, AT(tls_key), "", 0, 0,
        "PEM file of the certificate's key."},
    {"gateway.body_max", MC_CONFIG_SIZE, AT(body_max), "256KiB", 1024, 1 << 20,
        "Largest body of a request."},
    {"gateway.upload_max", MC_CONFIG_SIZE, AT(upload_max), "8MiB", 1024, GATEWAY_UPLOAD_MAX,
        "Largest body of a request with a file in it; base64 makes files a third larger."},
    {"gateway.connections", MC_CONFIG_INT, AT(connections), "1024", 1, 65536,
        "Connections at once."},
    {"gateway.connections_per_address", MC_CONFIG_INT, AT(connections_per_address), "0", 0, 65536,
        "Connections at once from one IPv4 address or IPv6 /64; 0: no limit (behind a proxy)."},
    {"gateway.calls", MC_CONFIG_INT, AT(calls), "4096", 1, MC_LINK_CALLS_MAX,
        "Requests under way at once; beyond them: 503."},
    {"gateway.webhook_timeout", MC_CONFIG_DURATION, AT(webhook_timeout_ms), "10s", 100, GATEWAY_TIMEOUT_MAX_MS,
        "How long a webhook's sender waits for the room before he is told to come again."},
    {"gateway.round_timeout", MC_CONFIG_DURATION, AT(round_timeout_ms), "1s", 10, ROUND_TIMEOUT_MAX_MS,
        "How long /readyz and /metrics wait for the rooms."},
    {"gateway.cors_origins", MC_CONFIG_LIST, AT(cors_origins), "", 0, 64,
        "Origins whose pages may call from a browser: https://dichvucong.example.vn."},
    {"gateway.proxies", MC_CONFIG_LIST, AT(proxies), "", 0, 64,
        "Proxies whose X-Forwarded-For is believed: addresses or prefixes, 10.0.0.0/8."},
    {"gateway.source_ipv4", MC_CONFIG_INT, AT(source_ipv4), "24", 8, 32,
        "Bits of an IPv4 address that make one source: budgets are counted by source."},
    {"gateway.source_ipv6", MC_CONFIG_INT, AT(source_ipv6), "48", 16, 128,
        "Bits of an IPv6 address that make one source."},
    {"gateway.dashboard", MC_CONFIG_STRING, AT(dashboard), "", 0, 80,
        "Address and port of the operators' dashboard, 127.0.0.1:8081; empty: none. Beyond this machine it needs gateway.tls_cert."},
    {"gateway.dashboard_hosts", MC_CONFIG_LIST, AT(dashboard_hosts), "", 0, 16,
        "Other names (Host headers) under which browsers reach the dashboard: dieuhanh.example.vn."},
    {"gateway.dashboard_session", MC_CONFIG_DURATION, AT(dashboard_session_ms), "8h", 60000, 86400000,
        "How long an operator stays signed in to the dashboard."},
};
/* clang-format on */

/* --- exchanges --- */

struct gateway_moment gateway_now(struct gateway *gateway)
{
    return (struct gateway_moment){mc_now_ms(&gateway->process.clock), &gateway->process.random};
}

static void count(struct gateway_exchange *exchange, int http, int64_t us)
{
    struct mc_metrics *metrics = &exchange->gateway->metrics;
    char labels[MC_METRIC_LABELS_MAX] = "";
    char code[8];

    mc_metric_label(labels, "room", exchange->room != NULL ? exchange->room->name : "gateway");
    mc_metric_label(labels, "method", exchange->label);
    mc_metric_observe(mc_metric_histogram(metrics, "motcua_http_request_duration_seconds", labels,
                                          "Time from a request's last byte to its answer.", NULL,
                                          0),
                      (double)us / 1e6);
    (void)snprintf(code, sizeof code, "%d", http);
    mc_metric_label(labels, "code", code);
    mc_metric_add(mc_metric_counter(metrics, "motcua_http_requests_total", labels,
                                    "Requests answered, by HTTP status."),
                  1);
}

/* Ids and codes only: paths and queries may carry what is a person's. */
static void tell(struct gateway_exchange *exchange, const struct gateway_answer *answer, int64_t us)
{
    struct gateway *gateway = exchange->gateway;
    bool notable = answer->http >= HTTP_INTERNAL || us >= GATEWAY_SLOW_MS * INT64_C(1000);
    struct mc_log_line line;

    mc_log_begin(&line, &gateway->process.log, notable ? MC_LOG_INFO : MC_LOG_DEBUG,
                 mc_now_ms(&gateway->process.clock), "request");
    if (exchange->room != NULL)
        mc_log_text(&line, "to", exchange->room->name);
    mc_log_text(&line, "method", exchange->label);
    mc_log_int(&line, "http", answer->http);
    mc_log_text(&line, "code", answer->code);
    mc_log_int(&line, "us", us);
    if (exchange->has_id)
        mc_log_hex(&line, "id", (struct mc_bytes){exchange->request_id, MC_ID_LEN});
    if (exchange->traceparent[0] != '\0')
        mc_log_text(&line, "trace", exchange->traceparent);
    mc_log_end(&line);
}

static void release(struct gateway_exchange *exchange)
{
    struct gateway *gateway = exchange->gateway;

    *exchange = (struct gateway_exchange){.gateway = gateway, .next = gateway->free};
    gateway->free = exchange;
    gateway->under_way--;
}

static void fill_headers(struct gateway_exchange *exchange, const struct gateway_answer *answer,
                         char id[MC_UUID_TEXT_LEN + 1], struct gateway_headers *headers)
{
    struct gateway *gateway = exchange->gateway;

    if (answer->content_type != NULL)
        gateway_header_add(headers, "Content-Type", answer->content_type);
    gateway_headers_safe(headers, gateway->settings.tls_cert[0] != '\0');
    if (answer->policy != NULL)
        gateway_headers_policy(headers, answer->policy);
    if (exchange->has_id) {
        mc_uuid_text(id, exchange->request_id);
        gateway_header_add(headers, "Motcua-Request-Id", id);
    }
    if (exchange->traceparent[0] != '\0')
        gateway_header_add(headers, "Traceparent", exchange->traceparent);
    if (gateway->settings.cors_origins.len > 0)
        gateway_header_add(headers, "Vary", "Origin");
    gateway_headers_cors(headers, exchange->allowed_origin);
    for (const struct mc_header *line = answer->headers; line != NULL && line->name != NULL; line++)
        gateway_header_add(headers, line->name, line->value);
}

static void told(struct gateway_exchange *exchange, const struct gateway_answer *answer)
{
    struct gateway *gateway = exchange->gateway;
    int64_t us = (mc_mono_ns(&gateway->process.clock) - exchange->started_ns) / 1000;

    count(exchange, answer->http, us);
    tell(exchange, answer, us);
}

void gateway_answer(struct gateway_exchange *exchange, const struct gateway_answer *answer)
{
    struct gateway_headers headers = {0};
    char id[MC_UUID_TEXT_LEN + 1];

    fill_headers(exchange, answer, id, &headers);
    told(exchange, answer);
    mc_httpd_reply(exchange->request, answer->http, headers.lines, answer->body);
    release(exchange);
}

bool gateway_answer_events(struct gateway_exchange *exchange, struct gateway_sse *sse,
                           void (*closed)(void *arg), void *arg)
{
    static const struct gateway_answer answer = {.http = 200};
    struct gateway_headers headers = {0};
    char id[MC_UUID_TEXT_LEN + 1];

    fill_headers(exchange, &answer, id, &headers);
    const struct gateway_sse_config config = {
        .headers = headers.lines, .closed = closed, .arg = arg};
    if (gateway_sse_open(sse, exchange->gateway->process.loop, exchange->request, &config) != MC_OK)
        return false;
    told(exchange, &answer);
    release(exchange);
    return true;
}

struct mc_httpd_request *gateway_answer_body(struct gateway_exchange *exchange,
                                             const struct gateway_answer *answer,
                                             const struct gateway_body *body)
{
    struct mc_httpd_request *request = exchange->request;
    struct gateway_headers headers = {0};
    char id[MC_UUID_TEXT_LEN + 1];

    fill_headers(exchange, answer, id, &headers);
    told(exchange, answer);
    mc_httpd_body_begin(request, answer->http, headers.lines, body->length, body->more,
                        body->closed, body->arg);
    release(exchange);
    return request;
}

void gateway_answer_refusal(struct gateway_exchange *exchange,
                            const struct gateway_refusal *refusal)
{
    const Motcua__Header *head = &refusal->head;
    struct gateway_headers extra = {0};
    struct mc_bytes text = {0};
    char seconds[24];
    unsigned http = refusal->http != 0 ? refusal->http : mc_rpc_http(head->status);

    if (gateway_error_json(&exchange->gateway->arena, head, &text) != MC_OK)
        text = (struct mc_bytes){"{}", 2};
    if (head->code[0] != '\0' && mc_header_value_ok(head->code))
        gateway_header_add(&extra, "Motcua-Code", head->code);
    if (head->retry_after_ms > 0) {
        (void)snprintf(seconds, sizeof seconds, "%" PRId64, (head->retry_after_ms - 1) / 1000 + 1);
        gateway_header_add(&extra, "Retry-After", seconds);
    }
    if (head->status == mc_status_rpc(MC_UNAUTHENTICATED))
        gateway_header_add(&extra, "WWW-Authenticate", "Bearer");
    if (refusal->extra.name != NULL)
        gateway_header_add(&extra, refusal->extra.name, refusal->extra.value);
    gateway_answer(exchange, &(struct gateway_answer){
                                 .http = (int)http,
                                 .content_type = "application/json",
                                 .body = text,
                                 .code = head->code,
                                 .headers = extra.lines,
                             });
}

void gateway_ask(struct gateway_exchange *exchange, const char *room,
                 const struct gateway_call *call, mc_link_answered *answered)
{
    struct gateway *gateway = exchange->gateway;
    struct gateway_refusal refusal;
    enum mc_status status = mc_link_call(gateway->process.links, room, &call->head, call->body,
                                         call->timeout_ms, answered, exchange);

    if (status == MC_OK)
        return;
    (void)gateway_refuse(&gateway->arena, &refusal, mc_status_rpc(MC_BUSY), "",
                         status == MC_BUSY ? "BUSY" : "UNAVAILABLE");
    refusal.head.retry_after_ms = 1000;
    gateway_answer_refusal(exchange, &refusal);
}

/* --- boot --- */

bool gateway_listen_parse(const char *text, char *host, size_t size, uint16_t *ret_port)
{
    const char *colon = strrchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;
    unsigned port = 0;
    size_t digits = colon != NULL ? strspn(colon + 1, "0123456789") : 0;

    if (len > 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (len == 0 || len >= size || digits == 0 || digits > 5 || colon[1 + digits] != '\0')
        return false;
    for (size_t i = 0; i < digits; i++)
        port = port * 10 + (unsigned)(colon[1 + i] - '0');
    memcpy(host, text, len);
    host[len] = '\0';
    *ret_port = (uint16_t)port;
    return port <= UINT16_MAX;
}

/* For whoever started us with port 0. Written whole or not at all: a reader may be waiting. */
bool gateway_port_write(const struct gateway *gateway, const char *file, uint16_t port)
{
    char path[TEXT_MAX];
    char temporary[TEXT_MAX];
    char text[8];
    int path_len = snprintf(path, sizeof path, "%s/%s", gateway->process.run_dir, file);
    int temporary_len = snprintf(temporary, sizeof temporary, "%s.new", path);
    int len = snprintf(text, sizeof text, "%u\n", (unsigned)port);

    if (path_len >= (int)sizeof path || temporary_len >= (int)sizeof temporary)
        return false;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0)
        return false;
    bool written = write(fd, text, (size_t)len) == len;
    (void)close(fd);
    return written && rename(temporary, path) == 0;
}

static bool exchanges_make(struct gateway *gateway)
{
    size_t n = (size_t)gateway->settings.calls;
    size_t size = n * sizeof *gateway->exchanges;

    if (mc_arena_init(&gateway->memory, size + GATEWAY_STREAMS_SIZE + GATEWAY_DOWNLOADS_SIZE +
                                            3 * sizeof(max_align_t)) != MC_OK ||
        mc_arena_init(&gateway->arena, GATEWAY_ARENA) != MC_OK)
        return false;
    for (size_t i = 0; i < GATEWAY_ROUNDS; i++)
        if (mc_arena_init(&gateway->rounds[i].arena, GATEWAY_ROUND_ARENA) != MC_OK)
            return false;
    gateway->exchanges = mc_alloc(&gateway->memory, size);
    for (size_t i = 0; gateway->exchanges != NULL && i < n; i++) {
        gateway->exchanges[i].gateway = gateway;
        gateway->exchanges[i].next = gateway->free;
        gateway->free = &gateway->exchanges[i];
    }
    gateway->streams = mc_alloc(&gateway->memory, GATEWAY_STREAMS_SIZE);
    gateway->downloads = mc_alloc(&gateway->memory, GATEWAY_DOWNLOADS_SIZE);
    return gateway->exchanges != NULL && gateway->streams != NULL && gateway->downloads != NULL;
}

static const char *httpd_open(struct gateway *gateway)
{
    const struct gateway_settings *settings = &gateway->settings;
    char host[TEXT_MAX];
    uint16_t port = 0;

    if (!gateway_listen_parse(settings->listen, host, sizeof host, &port))
        return "gateway.listen is not address:port";
    if (!gateway_proxies_ok(&settings->proxies))
        return "gateway.proxies holds what is neither an address nor a prefix";
    if ((settings->tls_cert[0] == '\0') != (settings->tls_key[0] == '\0'))
        return "gateway.tls_cert and gateway.tls_key go together";
    struct mc_httpd_config config = {
        .socket = mc_notify_socket(getenv("LISTEN_PID"), getenv("LISTEN_FDS"),
                                   getenv("LISTEN_FDNAMES"), "gateway"),
        .host = host,
        .port = port,
        .cert_file = settings->tls_cert[0] != '\0' ? settings->tls_cert : NULL,
        .key_file = settings->tls_key[0] != '\0' ? settings->tls_key : NULL,
        .body_max = (size_t)MC_MAX(settings->body_max, settings->upload_max),
        .connections_max = (unsigned)settings->connections,
        .per_address_max = (unsigned)settings->connections_per_address,
        .clock = &gateway->process.clock,
    };
    enum mc_status status =
        mc_httpd_create(gateway->process.loop, &config, gateway_handle, gateway, &gateway->httpd);
    if (status == MC_INVALID)
        return "gateway.listen is not a numeric address, or the certificate or key is unusable";
    if (status != MC_OK)
        return "cannot listen at gateway.listen: is the port taken?";
    return gateway_port_write(gateway, "port", mc_httpd_port(gateway->httpd))
               ? NULL
               : "cannot write gateway/port into run.dir";
}

static void tell_listening(struct gateway *gateway)
{
    struct mc_log_line line;

    mc_log_begin(&line, &gateway->process.log, MC_LOG_NOTICE, mc_now_ms(&gateway->process.clock),
                 "listening");
    mc_log_text(&line, "at", gateway->settings.listen);
    mc_log_int(&line, "port", mc_httpd_port(gateway->httpd));
    mc_log_bool(&line, "tls", gateway->settings.tls_cert[0] != '\0');
    if (gateway->dashboard != NULL)
        mc_log_int(&line, "dashboard", mc_httpd_port(gateway->dashboard));
    mc_log_end(&line);
}

static const char *boot(struct gateway *gateway)
{
    for (size_t i = 0; i < GATEWAY_ROOMS; i++) {
        const ProtobufCServiceDescriptor *service = gateway_rooms[i].service;

        for (unsigned m = 0; m < service->n_methods; m++)
            if (mc_descriptor_check(service->methods[m].input) != MC_OK ||
                mc_descriptor_check(service->methods[m].output) != MC_OK)
                return "a message type is too deep, too large, or holds a map";
    }
    mc_metrics_init(&gateway->metrics);
    if (!exchanges_make(gateway))
        return "no memory";
    const char *why = httpd_open(gateway);
    if (why == NULL)
        why = dash_open(gateway);
    if (why == NULL)
        tell_listening(gateway);
    return why;
}

/* --- the end --- */

static void time_is_over(void *arg)
{
    *(bool *)arg = true;
}

/* Who is connected gets his answer; who comes now, the next start's. */
static void drain(struct gateway *gateway)
{
    struct mc_loop *loop = gateway->process.loop;
    bool over = false;
    bool alive = true;
    struct mc_timer *end = mc_timer_create(loop, time_is_over, &over);

    gateway->draining = true;
    gateway_events_end(gateway); /* their readers come again */
    dash_drain(gateway);
    mc_httpd_drain(gateway->httpd);
    if (end != NULL)
        mc_timer_start(end, GATEWAY_DRAIN_MS);
    while (alive && end != NULL && !over &&
           (gateway->under_way > 0 || mc_httpd_connections(gateway->httpd) > 0))
        alive = mc_loop_step(loop, true) == MC_OK;
    mc_timer_destroy(end);
    for (unsigned i = 0; alive && i < FLUSH_STEPS; i++)
        alive = mc_loop_step(loop, false) == MC_OK;
}

static void gateway_close(struct gateway *gateway)
{
    gateway_events_end(gateway);
    dash_close(gateway);
    mc_httpd_destroy(gateway->httpd);
    for (size_t i = 0; gateway->exchanges != NULL && i < (size_t)gateway->settings.calls; i++) {
        struct gateway_exchange *exchange = &gateway->exchanges[i];

        if (exchange->request == NULL)
            continue;
        mc_link_forget(gateway->process.links, exchange);
        mc_httpd_reply(exchange->request, HTTP_UNAVAILABLE, NULL, (struct mc_bytes){0});
    }
    for (size_t i = 0; i < GATEWAY_ROUNDS; i++) {
        for (size_t n = 0; n < GATEWAY_ROOMS; n++)
            mc_link_forget(gateway->process.links, &gateway->rounds[i].answers[n]);
        mc_arena_done(&gateway->rounds[i].arena);
    }
    mc_arena_done(&gateway->arena);
    mc_arena_done(&gateway->memory);
}

int gateway_main(struct gateway *gateway, int argc, char **argv)
{
    const struct mc_config_group group = {keys, MC_LEN(keys), &gateway->settings};
    int code = EX_OK;

    if (!mc_process_open(&gateway->process, "gateway", argc, argv, &group, 1, &code))
        return code;
    code = EX_OK;
    const char *why = boot(gateway);
    if (why == NULL && mc_process_run(&gateway->process) != MC_OK)
        why = "the loop ended";
    if (why == NULL)
        drain(gateway);
    else
        code = mc_process_fatal(&gateway->process, why);
    gateway_close(gateway);
    mc_process_close(&gateway->process);
    return code;
}
