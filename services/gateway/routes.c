/* Which request goes where: a few fixed paths, and for all others the methods of the rooms. */
#include <stdio.h>
#include <string.h>

#include "gateway.h"
#include "headers.h"
#include "oidc.h"

enum {
    HTTP_OK = 200,
    HTTP_NO_CONTENT = 204,
    HTTP_NOT_FOUND = 404,
    HTTP_METHOD_NOT_ALLOWED = 405,
    HTTP_UNAVAILABLE = 503,
    NOT_AT_THE_END = 1, /* once we end: go elsewhere, or come again */
};

struct route {
    const char *path;
    const char *methods; /* for Allow, too */
    const char *label;
    void (*handle)(struct gateway_exchange *exchange);
    unsigned flags;
};

/* clang-format off */
static const struct route routes[] = {
    {"/",                 "GET, HEAD", "page",            gateway_page,            0},
    {"/livez",            "GET, HEAD", "livez",           gateway_livez,           0},
    {"/readyz",           "GET, HEAD", "readyz",          gateway_readyz,          NOT_AT_THE_END},
    {"/metrics",          "GET, HEAD", "metrics",         gateway_metrics,         0},
    {"/events",           "GET",       "events",          gateway_events,          NOT_AT_THE_END},
    {"/dvcqg/v1/session", "POST",      "dvcqg_session",   gateway_dvcqg_session,   0},
    {"/dvcqg/v1/data",    "POST",      "dvcqg_data",      gateway_dvcqg_data,      0},
    {"/dvcqg/v1/file",    "GET, HEAD", "dvcqg_file",      gateway_dvcqg_file,      NOT_AT_THE_END},
    {"/webhooks/payment", "POST",      "webhook_payment", gateway_webhook_payment, 0},
    {"/webhooks/bank",    "POST",      "webhook_bank",    gateway_webhook_bank,    0},
    {"/webhooks/tax-notice", "POST",   "webhook_tax",     gateway_webhook_tax,     0},
    {"/webhooks/signer",  "POST",      "webhook_signer",  gateway_webhook_signer,  0},
    {"/webhooks/sms",     "GET, POST", "webhook_sms",     gateway_webhook_sms,     0},
    {"/.well-known/openid-configuration", "GET, HEAD", "oidc_configuration", gateway_oidc_configuration, 0},
    {"/oauth2/jwks",      "GET, HEAD", "oidc_jwks",       gateway_oidc_jwks,       0},
    {"/oauth2/style.css", "GET, HEAD", "oidc_style",      gateway_oidc_style,      0},
    {"/oauth2/captcha.js", "GET, HEAD", "oidc_captcha",   gateway_oidc_captcha,    0},
    {"/oauth2/authorize", "GET, POST", "oidc_authorize",  gateway_oidc_authorize,  0},
    {"/oauth2/login",     "GET, POST", "oidc_login",      gateway_oidc_login,      0},
    {"/oauth2/code",      "POST",      "oidc_code",       gateway_oidc_code,       0},
    {"/oauth2/resend",    "POST",      "oidc_resend",     gateway_oidc_resend,     0},
    {"/oauth2/consent",   "POST",      "oidc_consent",    gateway_oidc_consent,    0},
    {"/oauth2/vneid",     "GET, POST", "oidc_vneid",      gateway_oidc_vneid,      0},
    {"/oauth2/sim",       "GET, POST", "oidc_sim",        gateway_oidc_sim,        0},
    {"/oauth2/token",     "POST",      "oidc_token",      gateway_oidc_token,      0},
    {"/oauth2/userinfo",  "GET, POST", "oidc_userinfo",   gateway_oidc_userinfo,   0},
    {"/oauth2/logout",    "GET, POST", "oidc_logout",     gateway_oidc_logout,     0},
};
/* clang-format on */

static const struct route *route_find(const char *path)
{
    for (size_t i = 0; i < MC_LEN(routes); i++)
        if (strcmp(routes[i].path, path) == 0)
            return &routes[i];
    return NULL;
}

/* A whole word of "GET, HEAD". */
static bool allows(const char *methods, const char *method)
{
    const char *at = strstr(methods, method);

    return at != NULL && strchr(" ,", at[strlen(method)]) != NULL;
}

void gateway_refuse_with(struct gateway_exchange *exchange, unsigned http, unsigned rpc,
                         const char *code, struct mc_header extra)
{
    struct gateway_refusal refusal;

    (void)gateway_refuse(&exchange->gateway->arena, &refusal, rpc, "", code);
    refusal.http = http;
    refusal.extra = extra;
    gateway_answer_refusal(exchange, &refusal);
}

static void answer_preflight(struct gateway_exchange *exchange)
{
    struct gateway_headers extra = {0};

    gateway_headers_preflight(&extra, exchange->allowed_origin);
    gateway_answer(exchange,
                   &(struct gateway_answer){.http = HTTP_NO_CONTENT, .headers = extra.lines});
}

static void dispatch(struct gateway_exchange *exchange)
{
    const char *path = mc_httpd_path(exchange->request);
    const char *method = mc_httpd_method(exchange->request);
    const struct route *route = route_find(path);
    bool is_method = route == NULL && strncmp(path, "/motcua.", 8) == 0;

    exchange->label = route != NULL ? route->label : is_method ? "unknown" : "none";
    if (exchange->gateway->draining && route != NULL && (route->flags & NOT_AT_THE_END) != 0) {
        gateway_refuse_with(exchange, 0, mc_status_rpc(MC_BUSY), "UNAVAILABLE",
                            (struct mc_header){0});
    } else if (route != NULL) {
        if (allows(route->methods, method))
            route->handle(exchange);
        else
            gateway_refuse_with(exchange, HTTP_METHOD_NOT_ALLOWED, MC_RPC_UNIMPLEMENTED,
                                "METHOD_UNKNOWN", (struct mc_header){"Allow", route->methods});
    } else if (!is_method) {
        gateway_refuse_with(exchange, HTTP_NOT_FOUND, MC_RPC_UNIMPLEMENTED, "PAGE_NOT_FOUND",
                            (struct mc_header){0});
    } else if (strcmp(method, "OPTIONS") == 0) {
        answer_preflight(exchange);
    } else {
        gateway_rpc(exchange);
    }
}

/* No place even for telling why. But a busy process is alive: it must not be restarted for it. */
static void answer_full(struct mc_httpd_request *request)
{
    static const struct mc_header wait[] = {{"Retry-After", "1"}, {NULL, NULL}};
    bool asks_life = strcmp(mc_httpd_path(request), "/livez") == 0;

    mc_httpd_reply(request, asks_life ? HTTP_OK : HTTP_UNAVAILABLE, asks_life ? NULL : wait,
                   (struct mc_bytes){0});
}

struct gateway_exchange *gateway_take(struct gateway *gateway, struct mc_httpd_request *request)
{
    struct gateway_exchange *exchange = gateway->free;

    if (exchange == NULL) {
        answer_full(request);
        return NULL;
    }
    gateway->free = exchange->next;
    gateway->under_way++;
    exchange->next = NULL;
    exchange->request = request;
    exchange->started_ns = mc_mono_ns(&gateway->process.clock);
    return exchange;
}

void gateway_handle(void *arg, struct mc_httpd_request *request)
{
    struct gateway *gateway = arg;
    struct gateway_exchange *exchange = gateway_take(gateway, request);

    if (exchange == NULL)
        return;
    exchange->allowed_origin =
        gateway_origin_find(&gateway->settings.cors_origins, mc_httpd_header(request, "Origin"));
    dispatch(exchange);
    mc_arena_reset(&gateway->arena);
}
