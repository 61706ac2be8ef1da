/*
 * Signing in by a signature on the SIM (LOG-03): the phone is asked, the page waits, and looks
 * again every two seconds, without a script. What was signed raises the browser's session to level
 * 3, so a portal that asks for LoA3 gets it from who has only a password otherwise.
 */
#include "oidc.h"

enum { HTTP_SERVER = 500 };

static void sign_in(struct gateway_exchange *exchange, const struct oidc_form *form,
                    const Identity__Signing *signing)
{
    Identity__LoginAuthorizationRequest request = IDENTITY__LOGIN_AUTHORIZATION_REQUEST__INIT;

    request.authorization = oidc_id(&exchange->gateway->arena, form, "authorization");
    request.browser = oidc_browser_of(exchange);
    request.signing_id = signing->signing_id;
    oidc_ask(exchange, "identity", "LoginAuthorization", &request.base, oidc_gone_on);
}

/* A Signing: just begun, or looked at again. */
static void answered(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct gateway_exchange *exchange = arg;
    struct mc_arena *arena = &exchange->gateway->arena;
    const Identity__Signing *signing = NULL;
    struct oidc_form form;

    (void)oidc_read(exchange, &form);
    if (head != NULL && head->status != 0 && mc_rpc_http(head->status) < HTTP_SERVER)
        oidc_show_again(exchange, &form, head->message);
    else
        signing = oidc_reply(exchange, &form, head, body, &identity__signing__descriptor);
    if (signing == NULL) {
        mc_arena_reset(arena);
        return;
    }
    if (signing->state == IDENTITY__SIGNING_STATE__SIGNING_ACCEPTED)
        sign_in(exchange, &form, signing);
    else if (signing->state == IDENTITY__SIGNING_STATE__SIGNING_AWAITED ||
             signing->state == IDENTITY__SIGNING_STATE__SIGNING_CHECKING)
        oidc_show_sim(exchange, &form, signing);
    else
        oidc_show_again(exchange, &form, signing->message);
    mc_arena_reset(arena);
}

void gateway_oidc_sim(struct gateway_exchange *exchange)
{
    Identity__StartSigningRequest start = IDENTITY__START_SIGNING_REQUEST__INIT;
    Identity__GetSigningRequest look = IDENTITY__GET_SIGNING_REQUEST__INIT;
    struct oidc_form form;

    if (!oidc_read_page(exchange, &form))
        return;
    look.signing_id = oidc_id(&exchange->gateway->arena, &form, "signing");
    if (look.signing_id.len > 0) {
        oidc_ask(exchange, "identity", "GetSigning", &look.base, answered);
        return;
    }
    start.purpose = IDENTITY__SIGNING_PURPOSE__SIGN_LOGIN;
    start.method = mc_unconst("SIM_PKI");
    start.subject_kind = IDENTITY__SUBJECT_KIND__CITIZEN;
    start.phone = oidc_value(&form, "phone");
    oidc_ask(exchange, "identity", "StartSigning", &start.base, answered);
}
