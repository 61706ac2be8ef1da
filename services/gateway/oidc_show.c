/* The pages of a sign-in: account and password, code, consent, refusal, signing out. */
#include <string.h>

#include "common/crypto.h"

#include "oidc.h"

/* Where a form may lead by redirects when the page cannot know: any site, and nothing but sites. */
#define ANYWHERE "https: http://127.0.0.1:* http://localhost:*"

static const char *hex_of(struct mc_arena *arena, ProtobufCBinaryData id)
{
    char *text = mc_alloc(arena, 2 * id.len + 1);

    if (text == NULL)
        return "";
    (void)mc_hex(text, (struct mc_bytes){id.data, id.len});
    return text;
}

static void add_field(struct oidc_page *page, const char *name, const char *key,
                      const char *attributes)
{
    oidc_page_add(page, "<label for=\"");
    oidc_page_add(page, name);
    oidc_page_add(page, "\">");
    oidc_page_say(page, key);
    oidc_page_add(page, "</label>\n<input id=\"");
    oidc_page_add(page, name);
    oidc_page_add(page, "\" name=\"");
    oidc_page_add(page, name);
    oidc_page_add(page, "\" required ");
    oidc_page_add(page, attributes);
    oidc_page_add(page, ">\n");
}

/* LOG-02: which account; SYS-14: that of the post is announced and not open. */
static void add_providers(struct oidc_page *page, const char *authorization, bool vneid)
{
    oidc_page_add(page, "<h2>");
    oidc_page_say(page, "providers");
    oidc_page_add(page, "</h2>\n<ul>\n<li><a href=\"#login_id\">");
    oidc_page_say(page, "provider_national");
    oidc_page_add(page, "</a></li>\n<li>");
    if (vneid) {
        oidc_page_form(page, "/oauth2/vneid", authorization);
        oidc_page_button(page, "provider_vneid", "go", "vneid");
        oidc_page_add(page, "</form></li>\n<li>");
    }
    oidc_page_say(page, "provider_vnpost");
    oidc_page_add(page, "</li>\n</ul>\n");
}

static void add_language(struct oidc_page *page, const char *authorization)
{
    oidc_page_add(page, "<p><a lang=\"");
    oidc_page_add(page, page->english ? "vi" : "en");
    oidc_page_add(page, "\" href=\"/oauth2/login?lang=");
    oidc_page_add(page, page->english ? "vi" : "en");
    oidc_page_add(page, "&amp;authorization=");
    oidc_page_text(page, authorization);
    oidc_page_add(page, "\">");
    oidc_page_say(page, "other_language");
    oidc_page_add(page, "</a></p>\n");
}

/* Work before the password is looked at. The script fills the field in; where it does not run
 * (none, or a browser that cannot do the work) the page goes on saying which ways are left. */
static void add_captcha(struct oidc_page *page)
{
    page->script = true;
    oidc_page_add(page, "<input type=\"hidden\" id=\"captcha\" name=\"captcha\" value=\"\">\n"
                        "<p id=\"captcha_noscript\" class=\"alert\">");
    oidc_page_say(page, "captcha_noscript");
    oidc_page_add(page, "</p>\n<p id=\"captcha_wait\" role=\"status\" hidden>");
    oidc_page_say(page, "captcha_wait");
    oidc_page_add(page, "</p>\n<script type=\"module\" src=\"/oauth2/captcha.js\"></script>\n");
}

/* LOG-03, the tab «Sim ký số»; also the way to assurance level 3 for who has a password. */
static void add_sim(struct oidc_page *page, const char *authorization)
{
    oidc_page_add(page, "<h2>");
    oidc_page_say(page, "sim_tab");
    oidc_page_add(page, "</h2>\n");
    oidc_page_form(page, "/oauth2/sim", authorization);
    add_field(page, "phone", "sim_phone", "inputmode=\"tel\" autocomplete=\"tel\"");
    oidc_page_button(page, "sim_login", "go", "sim");
    oidc_page_add(page, "</form>\n");
}

void oidc_show_login(struct gateway_exchange *exchange, const struct oidc_form *form,
                     const Identity__AuthorizeReply *reply, const char *note)
{
    struct mc_arena *arena = &exchange->gateway->arena;
    const char *authorization = hex_of(arena, reply->authorization);
    struct oidc_page page;

    oidc_page_begin(&page, arena, form->english, "login_title");
    oidc_page_add(&page, "<p>");
    oidc_page_say(&page, "login_to");
    oidc_page_add(&page, " <strong>");
    oidc_page_text(&page, reply->client_name);
    oidc_page_add(&page, "</strong></p>\n");
    oidc_page_alert(&page, note);
    add_providers(&page, authorization, reply->vneid);
    oidc_page_form(&page, "/oauth2/login", authorization);
    add_field(&page, "login_id", "login_id", "inputmode=\"numeric\" autocomplete=\"username\"");
    add_field(&page, "password", "password", "type=\"password\" autocomplete=\"current-password\"");
    if (exchange->captcha)
        add_captcha(&page);
    oidc_page_button(&page, "login", "go", "login");
    oidc_page_add(&page, "</form>\n");
    if (reply->sim)
        add_sim(&page, authorization);
    add_language(&page, authorization);
    oidc_page_send(&page, exchange, 200, reply->form_origin, reply->browser);
}

void oidc_show_sim(struct gateway_exchange *exchange, const struct oidc_form *form,
                   const Identity__Signing *signing)
{
    struct mc_arena *arena = &exchange->gateway->arena;
    const char *next = mc_sprintf(
        arena, "/oauth2/sim?lang=%s&authorization=%s&signing=%s", form->english ? "en" : "vi",
        hex_of(arena, oidc_id(arena, form, "authorization")), hex_of(arena, signing->signing_id));
    struct oidc_page page;

    oidc_page_begin(&page, arena, form->english, "sim_title");
    oidc_page_add(&page, "<p>");
    oidc_page_say(&page, "sim_code");
    oidc_page_add(&page, " <strong>");
    oidc_page_text(&page, signing->check_code);
    oidc_page_add(&page, "</strong></p>\n<p role=\"status\">");
    oidc_page_text(&page, signing->waits_for);
    oidc_page_add(&page, "</p>\n<p><a href=\"");
    oidc_page_text(&page, next != NULL ? next : "");
    oidc_page_add(&page, "\">");
    oidc_page_say(&page, "sim_next");
    oidc_page_add(&page, "</a></p>\n");
    page.refresh = next != NULL ? mc_sprintf(arena, "2; url=%s", next) : NULL;
    oidc_page_send(&page, exchange, 200, "", "");
}

void oidc_show_code(struct gateway_exchange *exchange, const struct oidc_form *form,
                    const char *login, const char *phone_masked, struct oidc_code_note note)
{
    struct oidc_page page;
    const char *authorization = oidc_value(form, "authorization");

    oidc_page_begin(&page, &exchange->gateway->arena, form->english, "code_title");
    oidc_page_add(&page, "<p>");
    oidc_page_say(&page, "code_sent");
    oidc_page_add(&page, " <strong>");
    oidc_page_text(&page, phone_masked);
    oidc_page_add(&page, "</strong></p>\n");
    if (note.sent_again) {
        oidc_page_add(&page, "<p role=\"status\">");
        oidc_page_say(&page, "resent");
        oidc_page_add(&page, "</p>\n");
    }
    oidc_page_alert(&page, note.refusal);
    for (int again = 0; again < 2; again++) {
        oidc_page_form(&page, again ? "/oauth2/resend" : "/oauth2/code", authorization);
        oidc_page_hidden(&page, "login", login);
        oidc_page_hidden(&page, "phone_masked", phone_masked);
        if (!again)
            add_field(&page, "code", "code",
                      "inputmode=\"numeric\" autocomplete=\"one-time-code\" maxlength=\"6\"");
        oidc_page_button(&page, again ? "resend" : "verify", "go", again ? "resend" : "verify");
        oidc_page_add(&page, "</form>\n");
    }
    /* The code leads on to the portal when it has been agreed to before: any portal's address. */
    oidc_page_send(&page, exchange, 200, ANYWHERE, "");
}

void oidc_show_unsent(struct gateway_exchange *exchange, const struct oidc_form *form,
                      const char *reason)
{
    struct mc_arena *arena = &exchange->gateway->arena;
    struct oidc_page page;

    oidc_page_begin(&page, arena, form->english, "code_title");
    oidc_page_alert(&page, reason);
    oidc_page_add(&page, "<p>");
    oidc_page_say(&page, "code_unsent");
    oidc_page_add(&page, "</p>\n<p><a href=\"/oauth2/login?lang=");
    oidc_page_add(&page, form->english ? "en" : "vi");
    oidc_page_add(&page, "&amp;authorization=");
    oidc_page_add(&page, hex_of(arena, oidc_id(arena, form, "authorization")));
    oidc_page_add(&page, "\">");
    oidc_page_say(&page, "code_unsent_next");
    oidc_page_add(&page, "</a></p>\n");
    oidc_page_send(&page, exchange, 200, "", "");
}

void oidc_show_consent(struct gateway_exchange *exchange, const struct oidc_form *form,
                       const Identity__AuthorizeReply *reply)
{
    struct mc_arena *arena = &exchange->gateway->arena;
    struct oidc_page page;

    oidc_page_begin(&page, arena, form->english, "consent_title");
    oidc_page_add(&page, "<p>");
    oidc_page_say(&page, "consent_as");
    oidc_page_add(&page, " <strong>");
    oidc_page_text(&page, reply->full_name);
    oidc_page_add(&page, "</strong>.</p>\n<p><strong>");
    oidc_page_text(&page, reply->client_name);
    oidc_page_add(&page, "</strong> ");
    oidc_page_say(&page, "consent_asks");
    oidc_page_add(&page, "</p>\n<ul>\n");
    for (size_t i = 0; i < reply->n_scopes; i++) {
        const char *key = mc_sprintf(arena, "scope_%s", reply->scopes[i]);
        oidc_page_add(&page, "<li>");
        oidc_page_say(&page, key != NULL ? key : "");
        oidc_page_add(&page, "</li>\n");
    }
    oidc_page_add(&page, "</ul>\n<p>");
    oidc_page_say(&page, "consent_later");
    oidc_page_add(&page, "</p>\n");
    oidc_page_form(&page, "/oauth2/consent", hex_of(arena, reply->authorization));
    oidc_page_button(&page, "allow", "go", "allow");
    oidc_page_button(&page, "deny", "go", "deny");
    oidc_page_add(&page, "</form>\n");
    oidc_page_send(&page, exchange, 200, reply->form_origin, reply->browser);
}

void oidc_show_refusal(struct gateway_exchange *exchange, const struct oidc_form *form, int http,
                       const char *message)
{
    struct oidc_page page;

    oidc_page_begin(&page, &exchange->gateway->arena, form->english, "refusal_title");
    if (message != NULL) {
        oidc_page_alert(&page, message);
    } else {
        oidc_page_add(&page, "<p role=\"alert\">");
        oidc_page_say(&page, "unavailable");
        oidc_page_add(&page, "</p>\n");
    }
    oidc_page_send(&page, exchange, http, "", "");
}

void oidc_show_logout(struct gateway_exchange *exchange, const struct oidc_form *form,
                      const Identity__EndBrowserReply *reply)
{
    static const char *const names[] = {"id_token_hint", "client_id", "post_logout_redirect_uri",
                                        "state"};
    struct oidc_page page;

    oidc_page_begin(&page, &exchange->gateway->arena, form->english, "logout_title");
    oidc_page_add(&page, "<p>");
    oidc_page_say(&page, reply->ended ? "logout_done" : "logout_asks");
    oidc_page_add(&page, "</p>\n");
    if (!reply->ended) {
        oidc_page_form(&page, "/oauth2/logout", "");
        for (size_t i = 0; i < MC_LEN(names); i++)
            if (oidc_value(form, names[i])[0] != '\0')
                oidc_page_hidden(&page, names[i], oidc_value(form, names[i]));
        oidc_page_hidden(&page, "confirmation", reply->confirmation);
        oidc_page_button(&page, "logout", "go", "logout");
        oidc_page_add(&page, "</form>\n");
    }
    oidc_page_send(&page, exchange, 200, ANYWHERE, "");
}
