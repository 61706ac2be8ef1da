/* What portals' servers ask: configuration, keys, tokens, userinfo. JSON by RFC 6749 and 6750. */
#include <string.h>

#include "common/json.h"

#include "headers.h"
#include "oidc.h"

extern const char mc_data_oidc_style[];
extern const size_t mc_data_oidc_style_len;
extern const char mc_data_oidc_captcha[];
extern const size_t mc_data_oidc_captcha_len;

enum { HTTP_OK = 200, HTTP_BAD = 400, HTTP_UNAUTHORIZED = 401, HTTP_UNAVAILABLE = 503 };

static void answer_json(struct gateway_exchange *exchange, int http, const char *json,
                        const char *challenge)
{
    struct gateway_headers extra = {0};

    if (challenge != NULL)
        gateway_header_add(&extra, "WWW-Authenticate", challenge);
    gateway_answer(exchange, &(struct gateway_answer){
                                 .http = http,
                                 .content_type = "application/json",
                                 .body = {json, strlen(json)},
                                 .headers = extra.lines,
                             });
}

static void answer_error(struct gateway_exchange *exchange, int http, const char *error,
                         const char *description)
{
    struct mc_json_writer writer;
    struct mc_bytes text = {0};

    mc_json_begin(&writer, &exchange->gateway->arena);
    mc_json_object(&writer);
    mc_json_key(&writer, "error");
    mc_json_string(&writer, error);
    if (description[0] != '\0') {
        mc_json_key(&writer, "error_description");
        mc_json_string(&writer, description);
    }
    mc_json_end(&writer);
    answer_json(exchange, http, mc_json_finish(&writer, &text) == MC_OK ? text.data : "{}",
                http == HTTP_UNAUTHORIZED ? "Basic realm=\"motcua\"" : NULL);
}

static void *reply_of(struct gateway_exchange *exchange, const Motcua__Header *head,
                      struct mc_bytes body, const ProtobufCMessageDescriptor *type)
{
    void *reply = NULL;

    if (head != NULL && head->status == 0)
        reply = protobuf_c_message_unpack(type, &exchange->gateway->arena.protobuf, body.len,
                                          body.data);
    if (reply == NULL && head != NULL && head->status == mc_status_rpc(MC_INVALID))
        answer_error(exchange, HTTP_BAD, "invalid_request", head->code);
    else if (reply == NULL)
        answer_error(exchange, HTTP_UNAVAILABLE, "temporarily_unavailable", "");
    return reply;
}

/* --- configuration and keys --- */

static void provider_answered(struct gateway_exchange *exchange, const Motcua__Header *head,
                              struct mc_bytes body, bool keys)
{
    const Identity__Provider *provider =
        reply_of(exchange, head, body, &identity__provider__descriptor);
    struct mc_arena *arena = &exchange->gateway->arena;

    if (provider != NULL)
        answer_json(exchange, HTTP_OK, keys ? provider->jwks : provider->configuration, NULL);
    mc_arena_reset(arena);
}

static void configuration_answered(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    provider_answered(arg, head, body, false);
}

static void jwks_answered(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    provider_answered(arg, head, body, true);
}

void gateway_oidc_configuration(struct gateway_exchange *exchange)
{
    Identity__GetProviderRequest request = IDENTITY__GET_PROVIDER_REQUEST__INIT;

    oidc_ask(exchange, "identity", "GetProvider", &request.base, configuration_answered);
}

void gateway_oidc_jwks(struct gateway_exchange *exchange)
{
    Identity__GetProviderRequest request = IDENTITY__GET_PROVIDER_REQUEST__INIT;

    oidc_ask(exchange, "identity", "GetProvider", &request.base, jwks_answered);
}

void gateway_oidc_style(struct gateway_exchange *exchange)
{
    gateway_answer(exchange, &(struct gateway_answer){
                                 .http = HTTP_OK,
                                 .content_type = "text/css; charset=utf-8",
                                 .body = {mc_data_oidc_style, mc_data_oidc_style_len},
                             });
}

void gateway_oidc_captcha(struct gateway_exchange *exchange)
{
    gateway_answer(exchange, &(struct gateway_answer){
                                 .http = HTTP_OK,
                                 .content_type = "text/javascript; charset=utf-8",
                                 .body = {mc_data_oidc_captcha, mc_data_oidc_captcha_len},
                             });
}

/* --- tokens --- */

static void exchanged(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct gateway_exchange *exchange = arg;
    struct mc_arena *arena = &exchange->gateway->arena;
    struct mc_json_writer writer;
    struct mc_bytes text = {0};
    const Identity__ExchangeCodeReply *reply =
        reply_of(exchange, head, body, &identity__exchange_code_reply__descriptor);

    if (reply != NULL && reply->error[0] != '\0') {
        bool who = strcmp(reply->error, "invalid_client") == 0;
        answer_error(exchange, who ? HTTP_UNAUTHORIZED : HTTP_BAD, reply->error,
                     reply->error_description);
    } else if (reply != NULL) {
        mc_json_begin(&writer, arena);
        mc_json_object(&writer);
        mc_json_key(&writer, "access_token");
        mc_json_string(&writer, reply->access_token);
        mc_json_key(&writer, "token_type");
        mc_json_string(&writer, "Bearer");
        mc_json_key(&writer, "expires_in");
        mc_json_uint(&writer, reply->expires_in);
        mc_json_key(&writer, "scope");
        mc_json_string(&writer, reply->scope);
        mc_json_key(&writer, "id_token");
        mc_json_string(&writer, reply->id_token);
        mc_json_end(&writer);
        if (mc_json_finish(&writer, &text) == MC_OK)
            answer_json(exchange, HTTP_OK, text.data, NULL);
        else
            answer_error(exchange, HTTP_UNAVAILABLE, "temporarily_unavailable", "");
    }
    mc_arena_reset(arena);
}

/* Who asks, by one way only; and whoever says his name twice says the same (RFC 6749 2.3). */
static bool read_client(struct gateway_exchange *exchange, const struct oidc_form *form,
                        Identity__ExchangeCodeRequest *request)
{
    const char *header = mc_httpd_header(exchange->request, "Authorization");

    request->client_id = oidc_value(form, "client_id");
    request->client_secret = oidc_value(form, "client_secret");
    request->by_header = header != NULL;
    if (header == NULL)
        return true;
    char *named = request->client_id;
    return request->client_secret[0] == '\0' &&
           oidc_basic(&exchange->gateway->arena, header, &request->client_id,
                      &request->client_secret) &&
           (named[0] == '\0' || strcmp(named, request->client_id) == 0);
}

void gateway_oidc_token(struct gateway_exchange *exchange)
{
    Identity__ExchangeCodeRequest request = IDENTITY__EXCHANGE_CODE_REQUEST__INIT;
    struct oidc_form form;

    if (!oidc_read(exchange, &form)) {
        answer_error(exchange, HTTP_BAD, "invalid_request", "the form cannot be read");
        return;
    }
    if (!read_client(exchange, &form, &request)) {
        answer_error(exchange, HTTP_UNAUTHORIZED, "invalid_client",
                     "the client is not who it says");
        return;
    }
    request.grant_type = oidc_value(&form, "grant_type");
    request.code = oidc_value(&form, "code");
    request.redirect_uri = oidc_value(&form, "redirect_uri");
    request.code_verifier = oidc_value(&form, "code_verifier");
    request.client_assertion_type = oidc_value(&form, "client_assertion_type");
    request.client_assertion = oidc_value(&form, "client_assertion");
    oidc_ask(exchange, "identity", "ExchangeCode", &request.base, exchanged);
}

/* --- userinfo --- */

static void userinfo_answered(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct gateway_exchange *exchange = arg;
    struct mc_arena *arena = &exchange->gateway->arena;
    const Identity__GetUserinfoReply *reply =
        reply_of(exchange, head, body, &identity__get_userinfo_reply__descriptor);

    if (reply != NULL && reply->json[0] == '\0')
        answer_json(exchange, HTTP_UNAUTHORIZED, "{\"error\":\"invalid_token\"}",
                    "Bearer error=\"invalid_token\"");
    else if (reply != NULL)
        answer_json(exchange, HTTP_OK, reply->json, NULL);
    mc_arena_reset(arena);
}

void gateway_oidc_userinfo(struct gateway_exchange *exchange)
{
    Identity__GetUserinfoRequest request = IDENTITY__GET_USERINFO_REQUEST__INIT;
    const char *token = oidc_bearer(mc_httpd_header(exchange->request, "Authorization"));

    if (token[0] == '\0' || strlen(token) > OIDC_COOKIE_MAX) {
        answer_json(exchange, HTTP_UNAUTHORIZED, "{\"error\":\"invalid_token\"}", "Bearer");
        return;
    }
    request.access_token = mc_unconst(token);
    oidc_ask(exchange, "identity", "GetUserinfo", &request.base, userinfo_answered);
}
