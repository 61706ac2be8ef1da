/* The dashboard's listener: its files, who is signed in, and what pages ask the rooms. */
#include "dash.h"

#include <stdio.h>
#include <string.h>

#include "common/file.h"
#include "common/json.h"

#include "room.pb-c.h"

#include "gateway.h"
#include "headers.h"

extern const struct mc_embedded dash_files[];
extern const size_t dash_files_len;

enum {
    HTTP_OK = 200,
    HTTP_NO_CONTENT = 204,
    HTTP_DENIED = 403,
    HTTP_NOT_FOUND = 404,
    HTTP_METHOD_NOT_ALLOWED = 405,
    HTTP_MISDIRECTED = 421, /* RFC 9110 15.5.20 */
    RPC_DENIED = 7,
    RPC_LIMITED = 8,
    RPC_UNAUTHENTICATED = 16,
    RPC_INVALID = 3,
    COOKIE_MAX = 2 * DASH_SESSION_LEN,
    SET_COOKIE_SIZE = 256,
    SIGN_IN_MAX = 8 << 10,
    CONNECTIONS_MAX = 256,
    MS = 1000,
};

/* Scripts and styles are files of ours, nothing is made into code, and charts draw by the DOM. */
static const char policy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    "require-trusted-types-for 'script'; trusted-types 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'";

static const char *cookie_name(const struct gateway *gateway)
{
    return gateway->settings.tls_cert[0] != '\0' ? "__Host-motcua-dashboard" : "motcua-dashboard";
}

static int64_t now_ms(struct gateway *gateway)
{
    return mc_now_ms(&gateway->process.clock);
}

static void refuse(struct gateway_exchange *exchange, unsigned http, unsigned rpc, const char *code)
{
    gateway_refuse_with(exchange, http, rpc, code, (struct mc_header){0});
}

/* --- files --- */

static const char *type_of(const char *name)
{
    static const struct {
        const char *ending;
        const char *type;
    } types[] = {
        {".html", "text/html; charset=utf-8"},     {".css", "text/css; charset=utf-8"},
        {".js", "text/javascript; charset=utf-8"}, {".svg", "image/svg+xml"},
        {".txt", "text/plain; charset=utf-8"},
    };
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot != NULL && i < MC_LEN(types); i++)
        if (strcmp(dot, types[i].ending) == 0)
            return types[i].type;
    return "application/octet-stream";
}

/* Names are compared whole and never become paths: there is nothing to walk out of. */
static void answer_file(struct gateway_exchange *exchange, const char *path)
{
    const char *name = strcmp(path, "/") == 0 ? "index.html" : path + 1;

    for (size_t i = 0; i < dash_files_len; i++)
        if (strcmp(dash_files[i].name, name) == 0) {
            gateway_answer(exchange, &(struct gateway_answer){
                                         .http = HTTP_OK,
                                         .content_type = type_of(name),
                                         .body = {dash_files[i].data, *dash_files[i].len},
                                         .policy = policy,
                                     });
            return;
        }
    refuse(exchange, HTTP_NOT_FOUND, MC_RPC_UNIMPLEMENTED, "PAGE_NOT_FOUND");
}

/* --- who is signed in --- */

static struct dash_session *session_of(struct gateway_exchange *exchange)
{
    struct gateway *gateway = exchange->gateway;
    const char *cookie =
        gateway_cookie(&gateway->arena, mc_httpd_header(exchange->request, "Cookie"),
                       cookie_name(gateway), COOKIE_MAX);

    return dash_session_find(&gateway->dash.sessions, cookie, now_ms(gateway));
}

static void write_methods(struct mc_json_writer *writer, const struct dash_session *session)
{
    mc_json_key(writer, "methods");
    mc_json_array(writer);
    for (size_t i = 0; i < dash_methods_len; i++) {
        const struct dash_method *method = &dash_methods[i];
        bool is_house = strcmp(method->service, "Room") == 0;

        for (size_t r = 0; (session->roles & method->role) != 0 && r < GATEWAY_ROOMS; r++) {
            const ProtobufCServiceDescriptor *service =
                is_house ? &motcua__room__descriptor : gateway_rooms[r].service;

            if (strcmp(service->short_name, method->service) != 0 ||
                protobuf_c_service_descriptor_get_method_by_name(service, method->name) == NULL)
                continue;
            char name[80];
            (void)snprintf(name, sizeof name, "%s/%s", method->service, method->name);
            mc_json_string(writer, name);
            break;
        }
    }
    mc_json_end(writer);
}

/* Who the page is, what it may do, and which rooms there are. */
static void answer_session(struct gateway_exchange *exchange, const struct dash_session *session,
                           const struct mc_header *headers)
{
    struct gateway *gateway = exchange->gateway;
    struct mc_json_writer writer;
    struct mc_bytes text = {"{}", 2};

    mc_json_begin(&writer, &gateway->arena);
    mc_json_object(&writer);
    mc_json_key(&writer, "operator");
    mc_json_string(&writer, session->caller);
    mc_json_key(&writer, "roles");
    mc_json_array(&writer);
    for (unsigned role = MC_ROLE_VIEW; role <= MC_ROLE_APPROVE; role <<= 1)
        if ((session->roles & role) != 0)
            mc_json_string(&writer, mc_role_word(role));
    mc_json_end(&writer);
    mc_json_key(&writer, "nowMs");
    mc_json_int(&writer, now_ms(gateway));
    mc_json_key(&writer, "expiresMs");
    mc_json_int(&writer, session->expires_ms);
    mc_json_key(&writer, "rooms");
    mc_json_array(&writer);
    for (size_t i = 0; i < GATEWAY_ROOMS; i++)
        mc_json_string(&writer, gateway_rooms[i].name);
    mc_json_end(&writer);
    write_methods(&writer, session);
    mc_json_end(&writer);
    if (mc_json_finish(&writer, &text) != MC_OK) {
        refuse(exchange, 0, mc_status_rpc(MC_FULL), "UNAVAILABLE");
        return;
    }
    gateway_answer(exchange, &(struct gateway_answer){.http = HTTP_OK,
                                                      .content_type = "application/json",
                                                      .body = text,
                                                      .headers = headers});
}

static const char *set_cookie(struct gateway *gateway, char out[SET_COOKIE_SIZE], const char *value,
                              int64_t life_ms)
{
    (void)snprintf(out, SET_COOKIE_SIZE, "%s=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%lld%s",
                   cookie_name(gateway), value, (long long)(life_ms / MS),
                   gateway->settings.tls_cert[0] != '\0' ? "; Secure" : "");
    return out;
}

/* An operator came in: the process's log has who and with which roles; the rooms' audit has what
 * he does. */
static void tell_signed_in(struct gateway *gateway, const struct dash_session *session)
{
    struct mc_log_line line;

    mc_log_begin(&line, &gateway->process.log, MC_LOG_NOTICE, now_ms(gateway),
                 "operator_signed_in");
    mc_log_text(&line, "who", session->caller);
    mc_log_bool(&line, "operate", (session->roles & MC_ROLE_OPERATE) != 0);
    mc_log_bool(&line, "approve", (session->roles & MC_ROLE_APPROVE) != 0);
    mc_log_end(&line);
}

/* The body is the token itself, as text/plain or application/json's string would be: just text. */
static void sign_in(struct gateway_exchange *exchange)
{
    struct gateway *gateway = exchange->gateway;
    struct dash *dash = &gateway->dash;
    struct mc_bytes token = mc_httpd_body(exchange->request);
    struct mc_bytes payload = {0};
    uint8_t secret[DASH_SESSION_LEN];
    char value[COOKIE_MAX + 1];
    char cookie[SET_COOKIE_SIZE];
    struct dash_session *session = NULL;

    mc_random_fill(&gateway->process.random, secret, sizeof secret);
    if (token.len <= MC_TOKEN_MAX &&
        mc_token_open(&dash->verifier, &gateway->arena, token, &payload) == MC_OK)
        session = dash_sign_in(&dash->sessions, payload, secret, now_ms(gateway),
                               gateway->settings.dashboard_session_ms);
    if (session == NULL) {
        refuse(exchange, 0, RPC_UNAUTHENTICATED, "OPERATOR_TOKEN_INVALID");
        return;
    }
    (void)mc_hex(value, (struct mc_bytes){secret, sizeof secret});
    mc_wipe(secret, sizeof secret);
    tell_signed_in(gateway, session);
    const struct mc_header headers[] = {
        {"Set-Cookie", set_cookie(gateway, cookie, value, gateway->settings.dashboard_session_ms)},
        {NULL, NULL},
    };
    answer_session(exchange, session, headers);
}

static void sign_out(struct gateway_exchange *exchange, struct dash_session *session)
{
    char cookie[SET_COOKIE_SIZE];
    const struct mc_header headers[] = {
        {"Set-Cookie", set_cookie(exchange->gateway, cookie, "", 0)}, {NULL, NULL}};

    if (session != NULL)
        dash_sign_out(session);
    gateway_answer(exchange, &(struct gateway_answer){.http = HTTP_NO_CONTENT, .headers = headers});
}

/* --- what pages ask --- */

static const char *header_of(const void *arg, const char *name)
{
    return mc_httpd_header(arg, name);
}

/* The room hears the operator's own name: it asks and audits as if he had typed it there. */
static void call_room(struct gateway_exchange *exchange, const struct dash_session *session,
                      const struct gateway_method *method)
{
    struct gateway *gateway = exchange->gateway;
    struct gateway_moment moment = gateway_now(gateway);
    struct gateway_refusal refusal;
    struct gateway_call call;
    char roles[DASH_ROLES_SIZE];
    const struct gateway_limits limits = {.body_max = (size_t)gateway->settings.body_max};
    const ProtobufCServiceDescriptor *service = NULL;
    bool is_house = protobuf_c_service_descriptor_get_method_by_name(
                        &motcua__room__descriptor, method->proto->name) == method->proto;

    service = is_house ? &motcua__room__descriptor : method->room->service;
    const struct gateway_asked asked = {
        .method = mc_httpd_method(exchange->request),
        .path = mc_sprintf(&gateway->arena, "/%s/%s", service->name, method->proto->name),
        .header = header_of,
        .arg = exchange->request,
        .body = mc_httpd_body(exchange->request),
    };

    if (asked.path == NULL) {
        refuse(exchange, 0, RPC_LIMITED, "UNAVAILABLE");
        return;
    }
    if (!gateway_map_method(&gateway->arena, &asked, method, &limits, &moment, &call, &refusal)) {
        gateway_answer_refusal(exchange, &refusal);
        return;
    }
    dash_roles_text(session->roles, roles);
    call.head.caller = mc_unconst(session->caller);
    call.head.roles = roles; /* he has no more there than here */
    call.head.session = (ProtobufCBinaryData){0};
    call.head.source = call.head.device = mc_unconst(protobuf_c_empty_string);
    gateway_rpc_call(exchange, &call);
}

static void api(struct gateway_exchange *exchange, const char *path)
{
    struct dash_session *session = session_of(exchange);
    struct gateway_method method;
    bool posted = strcmp(mc_httpd_method(exchange->request), "POST") == 0;
    const struct dash_method *row = dash_method_find(path, &method);

    if (strcmp(path, "/api/sign-in") == 0 && posted)
        sign_in(exchange);
    else if (strcmp(path, "/api/sign-out") == 0 && posted)
        sign_out(exchange, session);
    else if (session == NULL)
        refuse(exchange, 0, RPC_UNAUTHENTICATED, "SESSION_REQUIRED");
    else if (strcmp(path, "/api/session") == 0 && !posted)
        answer_session(exchange, session, NULL);
    else if (row == NULL)
        refuse(exchange, HTTP_NOT_FOUND, MC_RPC_UNIMPLEMENTED, "METHOD_UNKNOWN");
    else if ((session->roles & row->role) == 0)
        refuse(exchange, 0, RPC_DENIED, "OPERATOR_ROLE_MISSING");
    else
        call_room(exchange, session, &method);
}

/* --- the listener --- */

static void stream(struct gateway_exchange *exchange)
{
    struct dash_session *session = session_of(exchange);

    if (session == NULL)
        refuse(exchange, 0, RPC_UNAUTHENTICATED, "SESSION_REQUIRED");
    else
        dash_stream(exchange, session);
}

/* Fetch metadata says what a browser knows of who asks; other clients do not send it. */
static bool from_elsewhere(struct mc_httpd_request *request)
{
    const char *site = mc_httpd_header(request, "Sec-Fetch-Site");

    return site != NULL && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0;
}

static void dispatch(struct gateway_exchange *exchange)
{
    struct gateway *gateway = exchange->gateway;
    const char *path = mc_httpd_path(exchange->request);
    const char *method = mc_httpd_method(exchange->request);
    const char *host = mc_httpd_header(exchange->request, "Host");
    bool is_get = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
    bool is_api = strncmp(path, "/api/", 5) == 0;
    bool is_stream = strcmp(path, "/dash/stream") == 0;

    exchange->label = is_api ? "dashboard_api" : is_stream ? "dashboard_stream" : "dashboard";
    if (!dash_host_ok(host, gateway->dash.host, mc_httpd_port(gateway->dashboard),
                      &gateway->settings.dashboard_hosts))
        refuse(exchange, HTTP_MISDIRECTED, RPC_DENIED, "HOST_UNKNOWN");
    else if (gateway->draining)
        refuse(exchange, 0, mc_status_rpc(MC_BUSY), "UNAVAILABLE");
    else if (!is_get && (!is_api || strcmp(method, "POST") != 0))
        gateway_refuse_with(exchange, HTTP_METHOD_NOT_ALLOWED, MC_RPC_UNIMPLEMENTED,
                            "METHOD_UNKNOWN",
                            (struct mc_header){"Allow", is_api ? "GET, POST" : "GET, HEAD"});
    else if ((!is_get && !dash_origin_ok(mc_httpd_header(exchange->request, "Origin"), host)) ||
             ((is_api || is_stream) && from_elsewhere(exchange->request)))
        refuse(exchange, HTTP_DENIED, RPC_DENIED, "ORIGIN_DENIED");
    else if (is_api)
        api(exchange, path);
    else if (is_stream && strcmp(method, "GET") == 0)
        stream(exchange);
    else
        answer_file(exchange, path);
}

static void handle(void *arg, struct mc_httpd_request *request)
{
    struct gateway *gateway = arg;
    struct gateway_exchange *exchange = gateway_take(gateway, request);

    if (exchange == NULL)
        return;
    dispatch(exchange);
    mc_arena_reset(&gateway->arena);
}

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0;
}

/* Our own key signs the tokens, so whoever may read it (motcuactl) makes them. */
static const char *key_open(struct gateway *gateway)
{
    static char why[320]; /* outlives the boot, which ends with it */
    uint8_t seed[MC_KEY_LEN];
    uint8_t public_key[MC_SIGN_PUBLIC_LEN];
    uint8_t secret_key[MC_SIGN_SECRET_LEN];

    if (mc_process_secret(&gateway->process, "sign", seed, why, sizeof why) != MC_OK)
        return why;
    mc_sign_key(seed, public_key, secret_key);
    mc_wipe(seed, sizeof seed);
    mc_wipe(secret_key, sizeof secret_key);
    mc_token_verifier_set(&gateway->dash.verifier, public_key, NULL);
    return NULL;
}

const char *dash_open(struct gateway *gateway)
{
    const struct gateway_settings *settings = &gateway->settings;
    struct dash *dash = &gateway->dash;
    uint16_t port = 0;

    if (settings->dashboard[0] == '\0')
        return NULL;
    dash->sessions.since_ms = now_ms(gateway);
    if (!gateway_listen_parse(settings->dashboard, dash->host, sizeof dash->host, &port))
        return "gateway.dashboard is not address:port";
    if (!is_loopback(dash->host) && settings->tls_cert[0] == '\0')
        return "gateway.dashboard leaves this machine: it needs gateway.tls_cert";
    const char *why = key_open(gateway);
    if (why != NULL)
        return why;
    dash->tick = mc_timer_create(gateway->process.loop, dash_tick, gateway);
    if (dash->tick == NULL || mc_arena_init(&dash->arena, DASH_ARENA) != MC_OK)
        return "no memory";
    const struct mc_httpd_config config = {
        .host = dash->host,
        .port = port,
        .cert_file = settings->tls_cert[0] != '\0' ? settings->tls_cert : NULL,
        .key_file = settings->tls_key[0] != '\0' ? settings->tls_key : NULL,
        .body_max = (size_t)MC_MIN(settings->body_max, (int64_t)GATEWAY_BODY_MAX),
        .connections_max = CONNECTIONS_MAX,
        .clock = &gateway->process.clock,
    };
    if (mc_httpd_create(gateway->process.loop, &config, handle, gateway, &gateway->dashboard) !=
        MC_OK)
        return "cannot listen at gateway.dashboard: is the port taken?";
    return gateway_port_write(gateway, "dashboard", mc_httpd_port(gateway->dashboard))
               ? NULL
               : "cannot write gateway/dashboard into run.dir";
}

void dash_drain(struct gateway *gateway)
{
    mc_timer_destroy(gateway->dash.tick);
    gateway->dash.tick = NULL;
    for (size_t i = 0; i < DASH_VIEWERS_MAX; i++)
        gateway_sse_close(&gateway->dash.viewers[i].sse);
}

void dash_close(struct gateway *gateway)
{
    dash_drain(gateway);
    mc_httpd_destroy(gateway->dashboard);
    gateway->dashboard = NULL;
    if (gateway->dash.arena.base != NULL)
        mc_arena_done(&gateway->dash.arena);
    mc_wipe(&gateway->dash.sessions, sizeof gateway->dash.sessions);
}
