/*
 * The way to VNeID (a form of the login page) and back (a redirect of VNeID's). The identity room
 * asks VNeID meanwhile; it is asked for the outcome until there is one.
 */
#include <string.h>

#include "oidc.h"

enum { WAIT_S_MAX = 20, NS_PER_S = 1000000000, HTTP_UNAVAILABLE = 503 };

static void ask_outcome(struct gateway_exchange *exchange, const struct oidc_form *form);

static void answered(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct gateway_exchange *exchange = arg;
    struct gateway *gateway = exchange->gateway;
    int64_t waited_ns = mc_mono_ns(&gateway->process.clock) - exchange->started_ns;
    struct oidc_form form;

    (void)oidc_read(exchange, &form);
    const Identity__AuthorizeReply *reply =
        oidc_reply(exchange, &form, head, body, &identity__authorize_reply__descriptor);
    if (reply != NULL && reply->step != IDENTITY__AUTHORIZE_STEP__AUTHORIZE_STEP_UNSPECIFIED)
        oidc_go_on(exchange, &form, reply);
    else if (reply != NULL && waited_ns / NS_PER_S < WAIT_S_MAX)
        ask_outcome(exchange, &form);
    else if (reply != NULL)
        oidc_show_refusal(exchange, &form, HTTP_UNAVAILABLE, NULL);
    mc_arena_reset(&gateway->arena);
}

static void ask_outcome(struct gateway_exchange *exchange, const struct oidc_form *form)
{
    Identity__FinishVneidRequest request = IDENTITY__FINISH_VNEID_REQUEST__INIT;

    request.state = oidc_value(form, "state");
    request.browser = oidc_browser_of(exchange);
    oidc_ask(exchange, "identity", "FinishVneid", &request.base, answered);
}

static void come_back(struct gateway_exchange *exchange, const struct oidc_form *form)
{
    Identity__ReturnVneidRequest request = IDENTITY__RETURN_VNEID_REQUEST__INIT;

    request.state = oidc_value(form, "state");
    request.code = oidc_value(form, "code");
    request.error = oidc_value(form, "error");
    request.iss = oidc_value(form, "iss");
    request.browser = oidc_browser_of(exchange);
    oidc_ask(exchange, "identity", "ReturnVneid", &request.base, answered);
}

void gateway_oidc_vneid(struct gateway_exchange *exchange)
{
    Identity__StartVneidRequest request = IDENTITY__START_VNEID_REQUEST__INIT;
    struct oidc_form form;

    if (!oidc_read_page(exchange, &form))
        return;
    if (strcmp(mc_httpd_method(exchange->request), "GET") == 0) {
        come_back(exchange, &form);
        return;
    }
    request.authorization = oidc_id(&exchange->gateway->arena, &form, "authorization");
    request.browser = oidc_browser_of(exchange);
    oidc_ask(exchange, "identity", "StartVneid", &request.base, oidc_gone_on);
}
