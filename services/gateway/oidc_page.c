/* How a page is put together: our words as they are, everybody else's with their marks made safe.
 */
#include <stdio.h>
#include <string.h>

#include "common/csv.h"

#include "headers.h"
#include "oidc.h"

extern const char mc_data_oidc_texts[];
extern const size_t mc_data_oidc_texts_len;

enum { TEXT_SIZE = 512, POLICY_SIZE = 1024 };

static void add(struct oidc_page *page, const char *text, size_t len)
{
    if (page->text == NULL || page->len + len > OIDC_PAGE_SIZE) {
        page->broken = true;
        return;
    }
    memcpy(page->text + page->len, text, len);
    page->len += len;
}

void oidc_page_add(struct oidc_page *page, const char *html)
{
    add(page, html, strlen(html));
}

void oidc_page_text(struct oidc_page *page, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *entity = *text == '&'    ? "&amp;"
                             : *text == '<'  ? "&lt;"
                             : *text == '>'  ? "&gt;"
                             : *text == '"'  ? "&quot;"
                             : *text == '\'' ? "&#39;"
                                             : NULL;
        if (entity != NULL)
            oidc_page_add(page, entity);
        else
            add(page, text, 1);
    }
}

void oidc_page_say(struct oidc_page *page, const char *key)
{
    struct mc_csv csv;
    char text[TEXT_SIZE];

    mc_csv_open(&csv, mc_data_oidc_texts, mc_data_oidc_texts_len);
    bool found = mc_csv_next(&csv);
    size_t column = found ? mc_csv_column(&csv, page->english ? "en" : "vi") : 0;
    while (mc_csv_next(&csv))
        if (mc_csv_is(&csv, 0, key) && mc_csv_copy(&csv, column, text, sizeof text)) {
            oidc_page_text(page, text);
            return;
        }
    page->broken = true;
}

void oidc_page_begin(struct oidc_page *page, struct mc_arena *arena, bool english,
                     const char *title_key)
{
    *page = (struct oidc_page){.arena = arena, .english = english};
    page->text = mc_alloc(arena, OIDC_PAGE_SIZE);
    oidc_page_add(page, "<!DOCTYPE html>\n<html lang=\"");
    oidc_page_add(page, english ? "en" : "vi");
    oidc_page_add(page, "\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
                        "content=\"width=device-width, initial-scale=1\">\n"
                        "<meta name=\"robots\" content=\"noindex\">\n"
                        "<link rel=\"stylesheet\" href=\"/oauth2/style.css\">\n<title>");
    oidc_page_say(page, title_key);
    oidc_page_add(page, " – ");
    oidc_page_say(page, "portal");
    oidc_page_add(page, "</title>\n</head>\n<body>\n<main>\n<p class=\"portal\">");
    oidc_page_say(page, "portal");
    oidc_page_add(page, "</p>\n<h1>");
    oidc_page_say(page, title_key);
    oidc_page_add(page, "</h1>\n");
}

void oidc_page_hidden(struct oidc_page *page, const char *name, const char *value)
{
    oidc_page_add(page, "<input type=\"hidden\" name=\"");
    oidc_page_add(page, name);
    oidc_page_add(page, "\" value=\"");
    oidc_page_text(page, value);
    oidc_page_add(page, "\">\n");
}

void oidc_page_form(struct oidc_page *page, const char *action, const char *authorization)
{
    oidc_page_add(page, "<form method=\"post\" action=\"");
    oidc_page_add(page, action);
    oidc_page_add(page, "\">\n");
    oidc_page_hidden(page, "authorization", authorization);
    oidc_page_hidden(page, "lang", page->english ? "en" : "vi");
}

void oidc_page_button(struct oidc_page *page, const char *key, const char *name, const char *value)
{
    oidc_page_add(page, "<button type=\"submit\" name=\"");
    oidc_page_add(page, name);
    oidc_page_add(page, "\" value=\"");
    oidc_page_text(page, value);
    oidc_page_add(page, "\">");
    oidc_page_say(page, key);
    oidc_page_add(page, "</button>\n");
}

void oidc_page_alert(struct oidc_page *page, const char *text)
{
    if (text[0] == '\0')
        return;
    oidc_page_add(page, "<p class=\"alert\" role=\"alert\">");
    oidc_page_text(page, text);
    oidc_page_add(page, "</p>\n");
}

static const char *cookie_line(struct mc_arena *arena, const char *cookie)
{
    return mc_sprintf(arena, OIDC_COOKIE "=%s; Path=/; Secure; HttpOnly; SameSite=Lax", cookie);
}

void oidc_page_send(struct oidc_page *page, struct gateway_exchange *exchange, int http,
                    const char *form_origin, const char *cookie)
{
    struct gateway_headers extra = {0};
    char policy[POLICY_SIZE];

    oidc_page_add(page, "</main>\n</body>\n</html>\n");
    /* Browsers hold a form's redirects to form-action, too: hence the portal's own origin. */
    (void)snprintf(policy, sizeof policy,
                   "default-src 'none'; style-src 'self'; %sbase-uri 'none'; "
                   "frame-ancestors 'none'; form-action 'self' %s",
                   page->script ? "script-src 'self'; connect-src 'self'; " : "", form_origin);
    if (cookie[0] != '\0') {
        const char *line = cookie_line(page->arena, cookie);
        page->broken = page->broken || line == NULL;
        gateway_header_add(&extra, "Set-Cookie", line);
    }
    if (page->refresh != NULL)
        gateway_header_add(&extra, "Refresh", page->refresh);
    gateway_answer(exchange, &(struct gateway_answer){
                                 .http = page->broken ? 500 : http,
                                 .content_type = "text/html; charset=utf-8",
                                 .body = {page->text, page->broken ? 0 : page->len},
                                 .headers = page->broken ? NULL : extra.lines,
                                 .policy = policy,
                             });
}

void oidc_redirect(struct gateway_exchange *exchange, const char *location, const char *cookie)
{
    struct gateway_headers extra = {0};
    bool posted = strcmp(mc_httpd_method(exchange->request), "POST") == 0;

    gateway_header_add(&extra, "Location", location);
    if (cookie[0] != '\0')
        gateway_header_add(&extra, "Set-Cookie", cookie_line(&exchange->gateway->arena, cookie));
    gateway_answer(exchange, &(struct gateway_answer){
                                 .http = posted ? 303 : 302,
                                 .headers = extra.lines,
                             });
}
