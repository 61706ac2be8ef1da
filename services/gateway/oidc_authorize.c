/* Authorize, log in, code, consent: the browser's way through the pages. */
#include <stdio.h>
#include <string.h>

#include "oidc.h"

enum { HTTP_BAD = 400, HTTP_NOT_FOUND = 404, HTTP_UNAVAILABLE = 503, HTTP_SERVER = 500 };

bool oidc_read(struct gateway_exchange *exchange, struct oidc_form *ret_form)
{
    struct mc_httpd_request *request = exchange->request;

    return oidc_form_read(&exchange->gateway->arena, mc_httpd_method(request),
                          mc_httpd_query(request), mc_httpd_header(request, "Content-Type"),
                          mc_httpd_body(request), ret_form);
}

bool oidc_read_page(struct gateway_exchange *exchange, struct oidc_form *ret_form)
{
    if (oidc_read(exchange, ret_form))
        return true;
    oidc_show_refusal(exchange, ret_form, HTTP_BAD, "Yêu cầu đăng nhập không đọc được.");
    return false;
}

char *oidc_browser_of(struct gateway_exchange *exchange)
{
    return mc_unconst(
        oidc_cookie(&exchange->gateway->arena, mc_httpd_header(exchange->request, "Cookie")));
}

static const struct gateway_room *room_of(const char *name)
{
    const struct gateway_room *room = gateway_rooms;

    while (strcmp(room->name, name) != 0)
        room++;
    return room;
}

void oidc_ask(struct gateway_exchange *exchange, const char *name, const char *method,
              const ProtobufCMessage *request, mc_link_answered *answered)
{
    struct gateway *gateway = exchange->gateway;
    const struct gateway_room *room = room_of(name);
    struct gateway_moment moment = gateway_now(gateway);
    struct gateway_call call = {0};
    struct oidc_form none = {0};
    char source[GATEWAY_SOURCE_SIZE];

    gateway_head_begin(&call, mc_httpd_header(exchange->request, "Traceparent"), &moment,
                       GATEWAY_TIMEOUT_MS);
    call.head.method = mc_sprintf(&gateway->arena, "%s/%s", room->service->name, method);
    call.head.caller = gateway->process.caller;
    gateway_source_of(exchange, source);
    call.head.source = source;
    call.body = mc_body_pack(&gateway->arena, request);
    exchange->room = room;
    memcpy(exchange->traceparent, call.traceparent, sizeof exchange->traceparent);
    if (call.head.method == NULL || call.body.data == NULL ||
        mc_link_call(gateway->process.links, room->name, &call.head, call.body, call.timeout_ms,
                     answered, exchange) != MC_OK)
        oidc_show_refusal(exchange, &none, HTTP_UNAVAILABLE, NULL);
}

void *oidc_reply(struct gateway_exchange *exchange, const struct oidc_form *form,
                 const Motcua__Header *head, struct mc_bytes body,
                 const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *reply = NULL;

    if (head != NULL && head->status == 0)
        reply = protobuf_c_message_unpack(type, &exchange->gateway->arena.protobuf, body.len,
                                          body.data);
    if (reply != NULL)
        return reply;
    unsigned http =
        head != NULL && head->status != 0 ? mc_rpc_http(head->status) : HTTP_UNAVAILABLE;
    oidc_show_refusal(exchange, form, (int)http,
                      http < HTTP_SERVER && head != NULL ? head->message : NULL);
    return NULL;
}

void oidc_go_on(struct gateway_exchange *exchange, const struct oidc_form *form,
                const Identity__AuthorizeReply *reply)
{
    if (reply->step == IDENTITY__AUTHORIZE_STEP__GO_BACK)
        oidc_redirect(exchange, reply->location, reply->browser);
    else if (reply->step == IDENTITY__AUTHORIZE_STEP__SHOW_LOGIN)
        oidc_show_login(exchange, form, reply,
                        reply->message[0] != '\0' ? reply->message : exchange->note);
    else if (reply->step == IDENTITY__AUTHORIZE_STEP__SHOW_CONSENT)
        oidc_show_consent(exchange, form, reply);
    else
        oidc_show_refusal(exchange, form, HTTP_BAD, reply->message);
}

/* What a room was asked is answered; the form is read again, it was readable before. */
void oidc_gone_on(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct gateway_exchange *exchange = arg;
    struct mc_arena *arena = &exchange->gateway->arena;
    struct oidc_form form;

    (void)oidc_read(exchange, &form);
    const Identity__AuthorizeReply *reply =
        oidc_reply(exchange, &form, head, body, &identity__authorize_reply__descriptor);
    if (reply != NULL)
        oidc_go_on(exchange, &form, reply);
    mc_arena_reset(arena);
}

void gateway_oidc_authorize(struct gateway_exchange *exchange)
{
    Identity__AuthorizeRequest request = IDENTITY__AUTHORIZE_REQUEST__INIT;
    struct oidc_form form;

    if (!oidc_read_page(exchange, &form))
        return;
    request.client_id = oidc_value(&form, "client_id");
    request.redirect_uri = oidc_value(&form, "redirect_uri");
    request.response_type = oidc_value(&form, "response_type");
    request.scope = oidc_value(&form, "scope");
    request.state = oidc_value(&form, "state");
    request.nonce = oidc_value(&form, "nonce");
    request.code_challenge = oidc_value(&form, "code_challenge");
    request.code_challenge_method = oidc_value(&form, "code_challenge_method");
    request.prompt = oidc_value(&form, "prompt");
    request.max_age = oidc_value(&form, "max_age");
    request.acr_values = oidc_value(&form, "acr_values");
    request.response_mode = oidc_value(&form, "response_mode");
    request.has_request =
        oidc_value(&form, "request")[0] != '\0' || oidc_value(&form, "request_uri")[0] != '\0';
    request.browser = oidc_browser_of(exchange);
    oidc_ask(exchange, "identity", "Authorize", &request.base, oidc_gone_on);
}

/* The same page again, with a note or in another language. */
void oidc_show_again(struct gateway_exchange *exchange, const struct oidc_form *form,
                     const char *text)
{
    Identity__GetAuthorizationRequest request = IDENTITY__GET_AUTHORIZATION_REQUEST__INIT;

    (void)snprintf(exchange->note, sizeof exchange->note, "%s", text);
    request.authorization = oidc_id(&exchange->gateway->arena, form, "authorization");
    request.browser = oidc_browser_of(exchange);
    oidc_ask(exchange, "identity", "GetAuthorization", &request.base, oidc_gone_on);
}

/* --- account and password --- */

/* CAPTCHA_REQUIRED, _EXPIRED, _WRONG: the page comes with the script that does the work (LOG-04).
 */
static void logged_in(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    static const char captcha[] = "CAPTCHA_";
    struct gateway_exchange *exchange = arg;
    struct mc_arena *arena = &exchange->gateway->arena;
    struct oidc_form form;
    const Identity__LoginReply *reply = NULL;
    const char *text = "";

    (void)oidc_read(exchange, &form);
    bool wrong = head != NULL && head->status != 0 && mc_rpc_http(head->status) < HTTP_SERVER;
    if (wrong) {
        text = head->message;
        exchange->captcha = strncmp(head->code, captcha, sizeof captcha - 1) == 0;
    } else {
        reply = oidc_reply(exchange, &form, head, body, &identity__login_reply__descriptor);
    }
    if (reply != NULL && reply->code[0] != '\0') {
        text = reply->message;
        wrong = true;
    }
    if (wrong) {
        oidc_show_again(exchange, &form, text);
    } else if (reply != NULL) {
        char *login = mc_alloc(arena, 2 * reply->login.len + 1);
        if (login != NULL)
            (void)mc_hex(login, (struct mc_bytes){reply->login.data, reply->login.len});
        oidc_show_code(exchange, &form, login != NULL ? login : "", reply->phone_masked,
                       (struct oidc_code_note){.refusal = ""});
    }
    mc_arena_reset(arena);
}

void gateway_oidc_login(struct gateway_exchange *exchange)
{
    Identity__LoginRequest request = IDENTITY__LOGIN_REQUEST__INIT;
    struct oidc_form form;

    if (!oidc_read_page(exchange, &form))
        return;
    if (strcmp(mc_httpd_method(exchange->request), "POST") != 0) {
        oidc_show_again(exchange, &form, "");
        return;
    }
    request.login_id = oidc_value(&form, "login_id");
    request.password = oidc_value(&form, "password");
    request.captcha = oidc_value(&form, "captcha");
    oidc_ask(exchange, "identity", "Login", &request.base, logged_in);
}

/* --- the code on the phone --- */

static void show_code_again(struct gateway_exchange *exchange, const struct oidc_form *form,
                            const char *text)
{
    oidc_show_code(exchange, form, oidc_value(form, "login"), oidc_value(form, "phone_masked"),
                   (struct oidc_code_note){.refusal = text});
}

/* Identity knows why the code never left (a budget, a lock): the otp room has none to send again, a
 * new sign-in asks for one. Else what the otp room said stands. */
static void told_why(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct gateway_exchange *exchange = arg;
    struct mc_arena *arena = &exchange->gateway->arena;
    const Identity__LoginReply *reply = NULL;
    struct oidc_form form;

    (void)oidc_read(exchange, &form);
    if (head != NULL && head->status == 0)
        reply = identity__login_reply__unpack(&arena->protobuf, body.len, body.data);
    if (reply != NULL && reply->code[0] != '\0')
        oidc_show_unsent(exchange, &form, reply->message);
    else
        show_code_again(exchange, &form, exchange->note);
    mc_arena_reset(arena);
}

/* The otp room knows no code of this sign-in: it is over, or there never was one. */
static void ask_why(struct gateway_exchange *exchange, const struct oidc_form *form,
                    const char *text)
{
    Identity__GetLoginRequest request = IDENTITY__GET_LOGIN_REQUEST__INIT;

    (void)snprintf(exchange->note, sizeof exchange->note, "%s", text);
    request.login = oidc_id(&exchange->gateway->arena, form, "login");
    oidc_ask(exchange, "identity", "GetLogin", &request.base, told_why);
}

static void verified(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct gateway_exchange *exchange = arg;
    struct mc_arena *arena = &exchange->gateway->arena;
    Identity__LoginAuthorizationRequest request = IDENTITY__LOGIN_AUTHORIZATION_REQUEST__INIT;
    struct oidc_form form;

    (void)oidc_read(exchange, &form);
    bool refused = head != NULL && head->status != 0 && mc_rpc_http(head->status) < HTTP_SERVER;
    const Otp__VerifyReply *reply =
        refused ? NULL : oidc_reply(exchange, &form, head, body, &otp__verify_reply__descriptor);
    if (refused) {
        show_code_again(exchange, &form, head->message);
    } else if (reply != NULL && strcmp(reply->code, "OTP_EXPIRED") == 0) {
        ask_why(exchange, &form, reply->message);
    } else if (reply != NULL && !reply->correct) {
        show_code_again(exchange, &form, reply->message);
    } else if (reply != NULL) {
        request.authorization = oidc_id(arena, &form, "authorization");
        request.browser = oidc_browser_of(exchange);
        request.login = oidc_id(arena, &form, "login");
        request.proof = reply->proof;
        oidc_ask(exchange, "identity", "LoginAuthorization", &request.base, oidc_gone_on);
    }
    mc_arena_reset(arena);
}

void gateway_oidc_code(struct gateway_exchange *exchange)
{
    Otp__VerifyRequest request = OTP__VERIFY_REQUEST__INIT;
    struct oidc_form form;

    if (!oidc_read_page(exchange, &form))
        return;
    request.purpose = OTP__PURPOSE__LOGIN;
    request.subject = oidc_id(&exchange->gateway->arena, &form, "login");
    request.code = oidc_value(&form, "code");
    oidc_ask(exchange, "otp", "Verify", &request.base, verified);
}

static void resent(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct gateway_exchange *exchange = arg;
    struct mc_arena *arena = &exchange->gateway->arena;
    struct oidc_form form;

    (void)body;
    (void)oidc_read(exchange, &form);
    if (head == NULL)
        oidc_show_refusal(exchange, &form, HTTP_UNAVAILABLE, NULL);
    else if (mc_rpc_http(head->status) == HTTP_NOT_FOUND)
        ask_why(exchange, &form, head->message);
    else
        oidc_show_code(
            exchange, &form, oidc_value(&form, "login"), oidc_value(&form, "phone_masked"),
            (struct oidc_code_note){.refusal = head->message, .sent_again = head->status == 0});
    mc_arena_reset(arena);
}

void gateway_oidc_resend(struct gateway_exchange *exchange)
{
    Otp__ResendRequest request = OTP__RESEND_REQUEST__INIT;
    struct oidc_form form;

    if (!oidc_read_page(exchange, &form))
        return;
    request.purpose = OTP__PURPOSE__LOGIN;
    request.subject = oidc_id(&exchange->gateway->arena, &form, "login");
    oidc_ask(exchange, "otp", "Resend", &request.base, resent);
}

void gateway_oidc_consent(struct gateway_exchange *exchange)
{
    Identity__ConsentAuthorizationRequest request = IDENTITY__CONSENT_AUTHORIZATION_REQUEST__INIT;
    struct oidc_form form;

    if (!oidc_read_page(exchange, &form))
        return;
    request.authorization = oidc_id(&exchange->gateway->arena, &form, "authorization");
    request.browser = oidc_browser_of(exchange);
    request.allow = strcmp(oidc_value(&form, "go"), "allow") == 0;
    oidc_ask(exchange, "identity", "ConsentAuthorization", &request.base, oidc_gone_on);
}

/* --- signing out --- */

static void ended(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct gateway_exchange *exchange = arg;
    struct mc_arena *arena = &exchange->gateway->arena;
    struct oidc_form form;

    (void)oidc_read(exchange, &form);
    const Identity__EndBrowserReply *reply =
        oidc_reply(exchange, &form, head, body, &identity__end_browser_reply__descriptor);
    if (reply != NULL && reply->ended && reply->location[0] != '\0')
        oidc_redirect(exchange, reply->location, "");
    else if (reply != NULL)
        oidc_show_logout(exchange, &form, reply);
    mc_arena_reset(arena);
}

void gateway_oidc_logout(struct gateway_exchange *exchange)
{
    Identity__EndBrowserRequest request = IDENTITY__END_BROWSER_REQUEST__INIT;
    struct oidc_form form;

    if (!oidc_read_page(exchange, &form))
        return;
    request.id_token_hint = oidc_value(&form, "id_token_hint");
    request.client_id = oidc_value(&form, "client_id");
    request.post_logout_redirect_uri = oidc_value(&form, "post_logout_redirect_uri");
    request.state = oidc_value(&form, "state");
    request.browser = oidc_browser_of(exchange);
    request.confirmation = oidc_value(&form, "confirmation");
    oidc_ask(exchange, "identity", "EndBrowser", &request.base, ended);
}
