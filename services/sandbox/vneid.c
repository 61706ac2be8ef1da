/*
 * VNeID, the national identity provider, simulated: an OpenID issuer at <base>/vneid.
 *
 *     GET  /vneid/oauth2/authorize    a page: who signs in, and what goes wrong (its mood)
 *     POST /vneid/oauth2/authorize    number=…&mood=…  and back with a code; number empty: refused
 *     POST /vneid/oauth2/token        code, PKCE, private_key_jwt (the word is read, not verified)
 *     GET  /vneid/oauth2/userinfo     the made-up people of the other registers
 *     GET  /vneid/oauth2/jwks         POST /vneid/rotate: another key from now on
 *
 * Moods: expired, alg_none, wrong_aud, wrong_nonce, wrong_iss, wrong_key, other_sub, other_techid,
 * enterprise, ial3; anything else is good.
 */
#include <stdio.h>
#include <string.h>

#include "common/crypto.h"
#include "common/crypto_jose.h"

#include "sandbox.h"

enum { TOKEN_S = 300 };

static const char page[] =
    "<!doctype html><html lang=vi><meta charset=utf-8><title>VNeID (mô phỏng)</title>"
    "<body style=\"font:16px sans-serif;max-width:32em;margin:2em auto\"><h1>VNeID (mô phỏng)</h1>"
    "<form method=post action=\"/vneid/oauth2/authorize?%s\"><p><label>Số định danh "
    "<input name=number></label><p><label>Lỗi <input name=mood></label>"
    "<p><button>Đăng nhập</button></form>";

static const char *query_value(struct sandbox *sandbox, struct mc_httpd_request *request,
                               const char *name)
{
    const char *query = mc_httpd_query(request);
    struct mc_form form;

    if (mc_form_decode(&sandbox->turn, (struct mc_bytes){query, strlen(query)}, &form) != MC_OK)
        return "";
    const char *value = mc_form_get(&form, name);
    return value != NULL ? value : "";
}

static const char *form_value(const struct mc_form *form, const char *name)
{
    const char *value = mc_form_get(form, name);

    return value != NULL ? value : "";
}

void sandbox_vneid_authorize(struct sandbox *sandbox, struct mc_httpd_request *request,
                             const char *tail, struct sandbox_answer *answer)
{
    char *html = mc_sprintf(&sandbox->turn, page, sandbox_escape(sandbox, mc_httpd_query(request)));

    (void)tail;
    sandbox_say(answer, 200, "text/html; charset=utf-8", html != NULL ? html : "");
}

static void secret_make(struct sandbox *sandbox, char text[SANDBOX_SECRET_TEXT])
{
    uint8_t bytes[32];

    mc_random_fill(&sandbox->process.random, bytes, sizeof bytes);
    (void)mc_base64url(text, (struct mc_bytes){bytes, sizeof bytes});
}

static void go_back(struct sandbox *sandbox, struct mc_httpd_request *request, const char *what,
                    const char *value, struct sandbox_answer *answer)
{
    const char *uri = query_value(sandbox, request, "redirect_uri");
    const char *state = query_value(sandbox, request, "state");

    answer->location = mc_sprintf(&sandbox->turn, "%s?%s=%s&state=%s", uri, what, value, state);
    if (answer->location == NULL || !mc_header_value_ok(answer->location)) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "redirect_uri");
        return;
    }
    sandbox_say(answer, 302, "text/plain", "");
}

void sandbox_vneid_choice(struct sandbox *sandbox, struct mc_httpd_request *request,
                          const char *tail, struct sandbox_answer *answer)
{
    struct sandbox_grant *grant =
        &sandbox->vneid.grants[sandbox->vneid.next++ % SANDBOX_GRANTS_MAX];
    struct sandbox_subscriber person;
    struct mc_form form;

    (void)tail;
    if (mc_form_decode(&sandbox->turn, mc_httpd_body(request), &form) != MC_OK) {
        sandbox_refuse(sandbox, answer, 400, "FIELD_INVALID", "form");
        return;
    }
    if (!sandbox_person_find(form_value(&form, "number"), &person)) {
        go_back(sandbox, request, "error", "access_denied", answer);
        return;
    }
    *grant = (struct sandbox_grant){0};
    secret_make(sandbox, grant->code);
    secret_make(sandbox, grant->token);
    (void)snprintf(grant->number, sizeof grant->number, "%s", form_value(&form, "number"));
    (void)snprintf(grant->mood, sizeof grant->mood, "%s", form_value(&form, "mood"));
    (void)snprintf(grant->client_id, sizeof grant->client_id, "%s",
                   query_value(sandbox, request, "client_id"));
    (void)snprintf(grant->redirect_uri, sizeof grant->redirect_uri, "%s",
                   query_value(sandbox, request, "redirect_uri"));
    (void)snprintf(grant->nonce, sizeof grant->nonce, "%s", query_value(sandbox, request, "nonce"));
    (void)snprintf(grant->challenge, sizeof grant->challenge, "%s",
                   query_value(sandbox, request, "code_challenge"));
    go_back(sandbox, request, "code", grant->code, answer);
}

static bool is(const struct sandbox_grant *grant, const char *mood)
{
    return strcmp(grant->mood, mood) == 0;
}

static void pair(struct mc_json_writer *writer, const char *name, const char *value)
{
    mc_json_key(writer, name);
    mc_json_string(writer, value);
}

static void number(struct mc_json_writer *writer, const char *name, int64_t value)
{
    mc_json_key(writer, name);
    mc_json_int(writer, value);
}

static void key_of(const struct sandbox *sandbox, unsigned offset,
                   uint8_t ret_secret[MC_JOSE_SECRET_LEN])
{
    memset(ret_secret, 0, MC_JOSE_SECRET_LEN);
    ret_secret[0] = 0x5a;
    ret_secret[MC_JOSE_SECRET_LEN - 1] = (uint8_t)(sandbox->vneid.key + 1 + offset);
}

static struct mc_bytes claims_of(struct sandbox *sandbox, const struct sandbox_grant *grant)
{
    struct mc_json_writer writer;
    struct mc_bytes text = {"{}", 2};
    int64_t now = mc_now_ms(&sandbox->process.clock) / 1000;
    const char *iss = mc_sprintf(&sandbox->turn, "%s/vneid", sandbox->base);

    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    pair(&writer, "iss", is(grant, "wrong_iss") ? "https://other.example.vn" : iss);
    pair(&writer, "sub", grant->number);
    pair(&writer, "aud", is(grant, "wrong_aud") ? "somebody-else" : grant->client_id);
    pair(&writer, "nonce", is(grant, "wrong_nonce") ? "another" : grant->nonce);
    number(&writer, "iat", is(grant, "expired") ? now - TOKEN_S - TOKEN_S : now);
    number(&writer, "exp", is(grant, "expired") ? now - TOKEN_S : now + TOKEN_S);
    mc_json_end(&writer);
    return mc_json_finish(&writer, &text) == MC_OK ? text : (struct mc_bytes){"{}", 2};
}

static const char *token_of(struct sandbox *sandbox, const struct sandbox_grant *grant)
{
    struct mc_bytes claims = claims_of(sandbox, grant);
    uint8_t secret[MC_JOSE_SECRET_LEN];
    char *text = mc_alloc(&sandbox->turn, mc_base64_size(claims.len));

    if (is(grant, "alg_none") && text != NULL) {
        (void)mc_base64url(text, claims);
        return mc_sprintf(&sandbox->turn, "eyJhbGciOiJub25lIn0.%s.", text);
    }
    key_of(sandbox, is(grant, "wrong_key") ? 100 : 0, secret);
    return mc_jose_sign(&sandbox->turn, secret, "JWT", claims);
}

static struct sandbox_grant *grant_find(struct sandbox *sandbox, const char *code, bool by_token)
{
    for (size_t i = 0; code[0] != '\0' && i < SANDBOX_GRANTS_MAX; i++) {
        struct sandbox_grant *grant = &sandbox->vneid.grants[i];
        if (strcmp(by_token ? grant->token : grant->code, code) == 0)
            return grant;
    }
    return NULL;
}

static bool verifier_fits(const struct mc_form *form, const struct sandbox_grant *grant)
{
    uint8_t hash[MC_HASH_LEN];
    char text[2 * MC_HASH_LEN];
    const char *verifier = form_value(form, "code_verifier");

    mc_hash(hash, (struct mc_bytes){verifier, strlen(verifier)});
    (void)mc_base64url(text, (struct mc_bytes){hash, sizeof hash});
    return strcmp(text, grant->challenge) == 0;
}

/* The client's own word is there and is about it: its signature is for a real issuer to verify. */
static bool client_says_so(struct sandbox *sandbox, const struct mc_form *form,
                           const struct sandbox_grant *grant)
{
    mc_cleanup(mc_json_freep) struct mc_json *claims = NULL;
    struct mc_bytes payload;

    if (!mc_jose_peek(&sandbox->turn, form_value(form, "client_assertion"), &payload) ||
        mc_json_parse(payload, &claims) != MC_OK)
        return false;
    const char *sub = mc_json_text(claims, "sub");
    return sub != NULL && strcmp(sub, grant->client_id) == 0;
}

void sandbox_vneid_token(struct sandbox *sandbox, struct mc_httpd_request *request,
                         const char *tail, struct sandbox_answer *answer)
{
    struct mc_json_writer writer;
    struct mc_form form;

    (void)tail;
    struct sandbox_grant *grant =
        mc_form_decode(&sandbox->turn, mc_httpd_body(request), &form) == MC_OK
            ? grant_find(sandbox, form_value(&form, "code"), false)
            : NULL;
    if (grant == NULL || !verifier_fits(&form, grant) || !client_says_so(sandbox, &form, grant) ||
        strcmp(form_value(&form, "redirect_uri"), grant->redirect_uri) != 0) {
        sandbox_refuse(sandbox, answer, 400, "invalid_grant", "code");
        return;
    }
    grant->code[0] = '\0';
    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    pair(&writer, "access_token", grant->token);
    pair(&writer, "token_type", "Bearer");
    number(&writer, "expires_in", TOKEN_S);
    pair(&writer, "id_token", token_of(sandbox, grant));
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

void sandbox_vneid_userinfo(struct sandbox *sandbox, struct mc_httpd_request *request,
                            const char *tail, struct sandbox_answer *answer)
{
    const char *header = mc_httpd_header(request, "Authorization");
    struct mc_json_writer writer;
    struct sandbox_subscriber person;

    (void)tail;
    const struct sandbox_grant *grant = header != NULL && strncmp(header, "Bearer ", 7) == 0
                                            ? grant_find(sandbox, header + 7, true)
                                            : NULL;
    if (grant == NULL || !sandbox_person_find(grant->number, &person)) {
        sandbox_refuse(sandbox, answer, 401, "invalid_token", "");
        return;
    }
    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    pair(&writer, "sub", is(grant, "other_sub") ? "somebody" : grant->number);
    pair(&writer, "LoaiTaiKhoan", is(grant, "enterprise") ? "2" : "1");
    pair(&writer, "SoDinhDanh", grant->number);
    pair(&writer, "HoVaTen", person.full_name);
    pair(&writer, "NgayThangNamSinh", person.birth_date);
    pair(&writer, "TechID",
         mc_sprintf(&sandbox->turn, "tech-%s%s", grant->number,
                    is(grant, "other_techid") ? "-2" : ""));
    pair(&writer, "loAs", is(grant, "ial3") ? "LoA3" : "LoA2");
    number(&writer, "IAL", is(grant, "ial3") ? 3 : 2);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

void sandbox_vneid_jwks(struct sandbox *sandbox, struct mc_httpd_request *request, const char *tail,
                        struct sandbox_answer *answer)
{
    uint8_t secret[MC_JOSE_SECRET_LEN];
    uint8_t x[MC_JOSE_POINT_LEN];
    uint8_t y[MC_JOSE_POINT_LEN];
    char kid[MC_JOSE_KID_SIZE];
    char text[2 * MC_JOSE_POINT_LEN];
    struct mc_json_writer writer;

    (void)request;
    (void)tail;
    key_of(sandbox, 0, secret);
    if (!mc_jose_public(secret, x, y))
        return;
    mc_jose_kid(x, y, kid);
    mc_json_begin(&writer, &sandbox->turn);
    mc_json_object(&writer);
    mc_json_key(&writer, "keys");
    mc_json_array(&writer);
    mc_json_object(&writer);
    pair(&writer, "kty", "EC");
    pair(&writer, "crv", "P-256");
    pair(&writer, "kid", kid);
    (void)mc_base64url(text, (struct mc_bytes){x, sizeof x});
    pair(&writer, "x", text);
    (void)mc_base64url(text, (struct mc_bytes){y, sizeof y});
    pair(&writer, "y", text);
    mc_json_end(&writer);
    mc_json_end(&writer);
    mc_json_end(&writer);
    sandbox_say_json(answer, 200, &writer);
}

void sandbox_vneid_rotate(struct sandbox *sandbox, struct mc_httpd_request *request,
                          const char *tail, struct sandbox_answer *answer)
{
    (void)request;
    (void)tail;
    sandbox->vneid.key = (uint8_t)((sandbox->vneid.key + 1) % 64);
    sandbox_say(answer, 200, "application/json", "{}");
}
