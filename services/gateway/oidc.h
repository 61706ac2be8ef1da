/*
 * The OpenID provider's HTTP side: endpoints and pages. All that is decided and remembered is the
 * identity room's; a page carries the little it needs to go on in hidden fields, and only the
 * browser that began can go on (its cookie).
 *
 * Pages are plain HTML that works without scripts and by keyboard alone, in Vietnamese or English;
 * nothing on them is taken from elsewhere. One has a script, ours: the login page whose number
 * needs a captcha, which is work; without it VNeID is the way in.
 */
#pragma once

#include "identity.pb-c.h"
#include "otp.pb-c.h"

#include "gateway.h"

enum {
    OIDC_PAGE_SIZE = 32 << 10,
    OIDC_COOKIE_MAX = 64, /* characters of its value */
    OIDC_VALUE_MAX = 4096,
};

#define OIDC_COOKIE "__Host-motcua"

/* A query or a form, read. */
struct oidc_form {
    struct mc_form pairs;
    bool english;
};

/* False: broken, too much, a name twice (RFC 6749 3.1), or not a form. Pure. */
mc_nodiscard bool oidc_form_read(struct mc_arena *arena, const char *method, const char *query,
                                 const char *content_type, struct mc_bytes body,
                                 struct oidc_form *ret_form);
/* The value, or "". */
char *oidc_value(const struct oidc_form *form, const char *name);
/* 16 bytes of hex; empty when it is none. */
ProtobufCBinaryData oidc_id(struct mc_arena *arena, const struct oidc_form *form, const char *name);

/* Our cookie among those of a Cookie header (may be NULL); "" when it is not there. Pure. */
const char *oidc_cookie(struct mc_arena *arena, const char *header);

/* HTTP Basic of RFC 6749 2.3.1. False: there is none, or it cannot be read. Pure. */
mc_nodiscard bool oidc_basic(struct mc_arena *arena, const char *header, char **ret_id,
                             char **ret_secret);
/* The token of "Bearer …", or "". Pure. */
const char *oidc_bearer(const char *header);

/* A page in the making. What does not fit makes it broken, and it is not sent. */
struct oidc_page {
    struct mc_arena *arena;
    char *text;
    size_t len;
    bool broken;
    bool english;
    bool script;         /* the page's policy lets our script run and ask us */
    const char *refresh; /* the value of a Refresh header, or NULL */
};
void oidc_page_begin(struct oidc_page *page, struct mc_arena *arena, bool english,
                     const char *title_key);
/* Ours: as it is. */
void oidc_page_add(struct oidc_page *page, const char *html);
/* Anybody's: & < > " ' as entities. */
void oidc_page_text(struct oidc_page *page, const char *text);
/* A text of data/oidc_texts.csv, in the page's language. */
void oidc_page_say(struct oidc_page *page, const char *key);
void oidc_page_hidden(struct oidc_page *page, const char *name, const char *value);
void oidc_page_form(struct oidc_page *page, const char *action, const char *authorization);
void oidc_page_button(struct oidc_page *page, const char *key, const char *name, const char *value);
void oidc_page_alert(struct oidc_page *page, const char *text); /* "": nothing */
/* Sends it. `form_origin`: where its forms may lead in the end; "" here only. */
void oidc_page_send(struct oidc_page *page, struct gateway_exchange *exchange, int http,
                    const char *form_origin, const char *cookie);

/* The pages. */
void oidc_show_login(struct gateway_exchange *exchange, const struct oidc_form *form,
                     const Identity__AuthorizeReply *reply, const char *note);
/* What the page of the code says beside where it was sent. */
struct oidc_code_note {
    const char *refusal; /* "": none */
    bool sent_again;
};
void oidc_show_code(struct gateway_exchange *exchange, const struct oidc_form *form,
                    const char *login, const char *phone_masked, struct oidc_code_note note);
/* There is no code to wait for, nor to send again: why, and the way back to the login page. */
void oidc_show_unsent(struct gateway_exchange *exchange, const struct oidc_form *form,
                      const char *reason);
/* While somebody signs on the SIM: the code that both screens show. */
void oidc_show_sim(struct gateway_exchange *exchange, const struct oidc_form *form,
                   const Identity__Signing *signing);
void oidc_show_consent(struct gateway_exchange *exchange, const struct oidc_form *form,
                       const Identity__AuthorizeReply *reply);
void oidc_show_refusal(struct gateway_exchange *exchange, const struct oidc_form *form, int http,
                       const char *message);
void oidc_show_logout(struct gateway_exchange *exchange, const struct oidc_form *form,
                      const Identity__EndBrowserReply *reply);

/* Reads the request's query or form; what was readable once is so again. */
bool oidc_read(struct gateway_exchange *exchange, struct oidc_form *ret_form);
/* The same for a page: false, and it is told that it cannot be read. */
mc_nodiscard bool oidc_read_page(struct gateway_exchange *exchange, struct oidc_form *ret_form);
char *oidc_browser_of(struct gateway_exchange *exchange);
/* The login page again, with a note. */
void oidc_show_again(struct gateway_exchange *exchange, const struct oidc_form *form,
                     const char *text);
/* An AuthorizeReply: the browser goes on by it. */
mc_link_answered oidc_gone_on;
/* Asks a room; when it cannot be asked the exchange is answered. */
void oidc_ask(struct gateway_exchange *exchange, const char *name, const char *method,
              const ProtobufCMessage *request, mc_link_answered *answered);
/* The reply, or NULL with the exchange answered: silence, a refusal. */
void *oidc_reply(struct gateway_exchange *exchange, const struct oidc_form *form,
                 const Motcua__Header *head, struct mc_bytes body,
                 const ProtobufCMessageDescriptor *type);
/* Where the browser goes next, whatever the identity room says. */
void oidc_go_on(struct gateway_exchange *exchange, const struct oidc_form *form,
                const Identity__AuthorizeReply *reply);
void oidc_redirect(struct gateway_exchange *exchange, const char *location, const char *cookie);

/* Endpoints (routes.c). */
void gateway_oidc_configuration(struct gateway_exchange *exchange);
void gateway_oidc_jwks(struct gateway_exchange *exchange);
void gateway_oidc_style(struct gateway_exchange *exchange);
void gateway_oidc_captcha(struct gateway_exchange *exchange);
void gateway_oidc_authorize(struct gateway_exchange *exchange);
void gateway_oidc_login(struct gateway_exchange *exchange);
void gateway_oidc_code(struct gateway_exchange *exchange);
void gateway_oidc_resend(struct gateway_exchange *exchange);
void gateway_oidc_consent(struct gateway_exchange *exchange);
void gateway_oidc_sim(struct gateway_exchange *exchange);
void gateway_oidc_vneid(struct gateway_exchange *exchange);
void gateway_oidc_token(struct gateway_exchange *exchange);
void gateway_oidc_userinfo(struct gateway_exchange *exchange);
void gateway_oidc_logout(struct gateway_exchange *exchange);
