/* The OpenID provider: limits, lives, keys, clients' own keys (LOG-01, LOG-07, REG-46). */
#include <inttypes.h>

#include "common/crypto_jose.h"
#include "common/json.h"

#include "identity_help.h"
#include "services/identity/oidc.h"

#define CALLBACK  "https://portal.test/cb"
#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk" /* RFC 7636, appendix B */
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

static Identity__Client client_of(const char *id)
{
    static char *uris[1];
    static char *scopes[2];
    Identity__Client client = IDENTITY__CLIENT__INIT;

    uris[0] = text(CALLBACK);
    scopes[0] = text("profile");
    scopes[1] = text("techid");
    client.client_id = text(id);
    client.name = text("Cổng thử");
    client.unit = text("000.20.31.H53");
    client.redirect_uris = uris;
    client.n_redirect_uris = 1;
    client.scopes = scopes;
    client.n_scopes = 2;
    return client;
}

static const Identity__SaveClientReply *save(struct harness *h, Identity__Client *client,
                                             enum mc_status want)
{
    Identity__SaveClientRequest request = IDENTITY__SAVE_CLIENT_REQUEST__INIT;

    request.client = client;
    request.reason = text("thử");
    act_as_operator(h);
    const Identity__SaveClientReply *reply = harness_call(h, "SaveClient", &request.base, want);
    act_as_front(h);
    return reply;
}

static Identity__AuthorizeRequest asks(const char *client_id, const char *browser)
{
    Identity__AuthorizeRequest request = IDENTITY__AUTHORIZE_REQUEST__INIT;

    request.client_id = text(client_id);
    request.redirect_uri = text(CALLBACK);
    request.response_type = text("code");
    request.scope = text("openid profile techid email");
    request.code_challenge = text(CHALLENGE);
    request.code_challenge_method = text("S256");
    request.browser = text(browser);
    return request;
}

static const Identity__AuthorizeReply *authorize(struct harness *h,
                                                 Identity__AuthorizeRequest *request)
{
    return harness_call(h, "Authorize", &request->base, MC_OK);
}

/* From the portal to the code it is given, by a person who signs in; the browser's cookie too. */
static const char *code_for(struct harness *h, const char *client_id, const char **browser)
{
    Identity__AuthorizeRequest request = asks(client_id, *browser);
    const Identity__AuthorizeReply *reply = authorize(h, &request);

    if (reply->browser[0] != '\0')
        *browser = reply->browser;
    if (reply->step == IDENTITY__AUTHORIZE_STEP__SHOW_LOGIN) {
        Identity__LoginAuthorizationRequest login = IDENTITY__LOGIN_AUTHORIZATION_REQUEST__INIT;
        const Identity__LoginReply *started = login_with(h, binh.login_id, PASSWORD);
        code_goes_out(h);
        Otp__Proof proof = proof_of(h, OTP__PURPOSE__LOGIN, started->login, binh.phone_e164);
        login.authorization = reply->authorization;
        login.browser = text(*browser);
        login.login = started->login;
        login.proof = harness_token(h, "otp", &proof.base);
        reply = harness_call(h, "LoginAuthorization", &login.base, MC_OK);
        assert_string_not_equal(reply->browser, "");
        *browser = reply->browser;
    }
    if (reply->step == IDENTITY__AUTHORIZE_STEP__SHOW_CONSENT) {
        Identity__ConsentAuthorizationRequest agree = IDENTITY__CONSENT_AUTHORIZATION_REQUEST__INIT;
        agree.authorization = reply->authorization;
        agree.browser = text(*browser);
        agree.allow = true;
        reply = harness_call(h, "ConsentAuthorization", &agree.base, MC_OK);
    }
    assert_int_equal(reply->step, IDENTITY__AUTHORIZE_STEP__GO_BACK);
    const char *code = strstr(reply->location, "code=");
    assert_non_null(code);
    return mc_sprintf(&kept, "%.43s", code + 5);
}

static const Identity__ExchangeCodeReply *exchange(struct harness *h, const char *client_id,
                                                   const char *secret, const char *code)
{
    Identity__ExchangeCodeRequest request = IDENTITY__EXCHANGE_CODE_REQUEST__INIT;

    request.grant_type = text("authorization_code");
    request.client_id = text(client_id);
    request.client_secret = text(secret);
    request.redirect_uri = text(CALLBACK);
    request.code_verifier = text(VERIFIER);
    request.code = text(code);
    return harness_call(h, "ExchangeCode", &request.base, MC_OK);
}

static const char *userinfo(struct harness *h, const char *token)
{
    Identity__GetUserinfoRequest request = IDENTITY__GET_USERINFO_REQUEST__INIT;

    request.access_token = text(token);
    return ((const Identity__GetUserinfoReply *)harness_call(h, "GetUserinfo", &request.base,
                                                             MC_OK))
        ->json;
}

static const Identity__Provider *provider(struct harness *h)
{
    Identity__GetProviderRequest request = IDENTITY__GET_PROVIDER_REQUEST__INIT;

    return harness_call(h, "GetProvider", &request.base, MC_OK);
}

static void a_code_lives_a_minute(void **state)
{
    struct harness *h = *state;
    Identity__Client client = client_of("cong");
    const char *secret = save(h, &client, MC_OK)->client_secret;
    const char *browser = "";

    (void)open_account(h, &binh);
    harness_tick(h);
    const char *code = code_for(h, "cong", &browser);
    harness_advance(h, OIDC_CODE_MS - 1);
    const Identity__ExchangeCodeReply *tokens = exchange(h, "cong", secret, code);
    assert_string_equal(tokens->error, "");
    assert_string_equal(tokens->scope, "openid profile techid"); /* email is not this client's */
    const char *told = userinfo(h, tokens->access_token);
    assert_non_null(strstr(told, "\"HoVaTen\":\"Nguyễn Thị Hoà Bình\""));
    assert_non_null(strstr(told, "\"TechID\":"));
    assert_null(strstr(told, BINH_ID));
    assert_null(strstr(told, BINH_PHONE));
    harness_advance(h, OIDC_TOKEN_MS - 1);
    assert_string_not_equal(userinfo(h, tokens->access_token), "");
    harness_advance(h, 1);
    assert_string_equal(userinfo(h, tokens->access_token), "");

    code = code_for(h, "cong", &browser); /* signed in and agreed to: no page */
    harness_advance(h, OIDC_CODE_MS);
    assert_string_equal(exchange(h, "cong", secret, code)->error, "invalid_grant");
    harness_advance(h, OIDC_TOKEN_MS);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_CODES), 0);
    assert_int_equal(harness_rows(h, IDENTITY_ACCESS_TOKENS), 0);
    assert_int_equal(harness_rows(h, IDENTITY_AUTHORIZATIONS), 0);
    assert_int_equal(harness_rows(h, IDENTITY_BROWSERS), 1);
    assert_int_equal(harness_rows(h, IDENTITY_SESSIONS), 1);
    harness_advance(h, 720 * MINUTE_MS);
    harness_tick(h);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_BROWSERS), 0);
    Identity__AuthorizeRequest request = asks("cong", browser);
    assert_int_equal(authorize(h, &request)->step, IDENTITY__AUTHORIZE_STEP__SHOW_LOGIN);
}

/* The logout token: signed by a key that is shown, of the session that the ID token named. */
static void the_portal_is_told(struct harness *h, const char *id_token)
{
    struct harness_exchange exchange;
    struct mc_bytes payload;
    struct mc_json *logout = NULL;
    struct mc_json *before = NULL;

    assert_true(harness_effect(h, "oidc.logout", &exchange));
    assert_string_equal(exchange.http.url, CALLBACK "/out");
    const char *token = (const char *)exchange.http.body.data + strlen("logout_token=");
    assert_int_equal(
        mc_jose_verify(&kept, mc_key_text(provider(h)->jwks),
                       mc_sprintf(&kept, "%.*s", (int)(exchange.http.body.len - 13), token),
                       &payload),
        MC_OK);
    assert_int_equal(mc_json_parse(payload, &logout), MC_OK);
    assert_true(mc_jose_peek(&kept, id_token, &payload));
    assert_int_equal(mc_json_parse(payload, &before), MC_OK);
    assert_string_equal(mc_json_text(logout, "sid"), mc_json_text(before, "sid"));
    assert_string_equal(mc_json_text(logout, "sub"), mc_json_text(before, "sub"));
    assert_null(mc_json_at(logout, "nonce"));
    mc_json_free(logout);
    mc_json_free(before);
    harness_answer(h, &exchange, 503, "");
    assert_int_equal(harness_jobs(h, IDENTITY_LANE_LOGOUT), 1);
    harness_advance(h, OIDC_LOGOUT_BACKOFF_MS);
    assert_true(harness_effect(h, "oidc.logout", &exchange));
    harness_answer(h, &exchange, 200, "");
    assert_int_equal(harness_jobs(h, IDENTITY_LANE_LOGOUT), 0);
}

static void a_session_that_ended_ends_all_of_it(void **state)
{
    struct harness *h = *state;
    Identity__Client client = client_of("cong");
    client.backchannel_logout_uri = text(CALLBACK "/out");
    const char *secret = save(h, &client, MC_OK)->client_secret;
    const char *browser = "";

    (void)open_account(h, &binh);
    harness_tick(h);
    const Identity__ExchangeCodeReply *tokens =
        exchange(h, "cong", secret, code_for(h, "cong", &browser));
    const char *code = code_for(h, "cong", &browser);
    Identity__EndBrowserRequest leave = IDENTITY__END_BROWSER_REQUEST__INIT;
    leave.browser = text(browser);
    const Identity__EndBrowserReply *asked = harness_call(h, "EndBrowser", &leave.base, MC_OK);
    assert_false(asked->ended);
    leave.confirmation = text("x");
    assert_false(
        ((const Identity__EndBrowserReply *)harness_call(h, "EndBrowser", &leave.base, MC_OK))
            ->ended);
    leave.confirmation = asked->confirmation;
    assert_true(
        ((const Identity__EndBrowserReply *)harness_call(h, "EndBrowser", &leave.base, MC_OK))
            ->ended);
    assert_int_equal(harness_events(h, "identity.session_revoked"), 1);
    assert_int_equal(harness_rows(h, IDENTITY_SESSION_CLIENTS), 0);
    the_portal_is_told(h, tokens->id_token);
    assert_string_equal(userinfo(h, tokens->access_token), "");
    assert_string_equal(exchange(h, "cong", secret, code)->error, "invalid_grant");
}

/* sub: the same at portals of one sector, another at others; TechID: one for all (REG-46). */
static void who_sees_the_same_person(void **state)
{
    struct harness *h = *state;
    static const char *const ids[] = {"a", "b", "c"};
    const char *told[3];
    const char *browser = "";

    (void)open_account(h, &binh);
    harness_tick(h);
    for (size_t i = 0; i < 3; i++) {
        Identity__Client client = client_of(ids[i]);
        client.sector = text(i < 2 ? "tinh" : "");
        const char *secret = save(h, &client, MC_OK)->client_secret;
        told[i] =
            userinfo(h, exchange(h, ids[i], secret, code_for(h, ids[i], &browser))->access_token);
    }
    assert_string_equal(told[0], told[1]);
    assert_memory_not_equal(told[0], told[2], strlen("{\"sub\":\"xxxxxxxxxx"));
    assert_string_equal(strstr(told[0], "\"TechID\""), strstr(told[2], "\"TechID\""));
}

static const Identity__ReadForMemberReply *read_for_member(struct harness *h, const char *client_id,
                                                           const uint8_t *account,
                                                           const char *partner_id,
                                                           enum mc_status want)
{
    Identity__ReadForMemberRequest request = IDENTITY__READ_FOR_MEMBER_REQUEST__INIT;

    request.client_id = text(client_id);
    request.account_id = (ProtobufCBinaryData){MC_ID_LEN, mc_unconst(account)};
    request.partner_id = text(partner_id);
    harness_as(h, &(struct mc_caller){.name = "room:partner", .who = MC_ROOM});
    const Identity__ReadForMemberReply *reply =
        harness_call(h, "ReadForMember", &request.base, want);
    act_as_front(h);
    return reply;
}

/* A member's system: by the scopes agreed to, under the portal's sub; else only to forget (REG-46).
 */
static void a_members_system_is_told_what_was_agreed_to(void **state)
{
    struct harness *h = *state;
    uint8_t account[MC_ID_LEN];
    const char *browser = "";
    Identity__Client client = client_of("cong");
    Identity__Client other = client_of("khac");

    (void)open_account(h, &binh);
    harness_tick(h);
    (void)save(h, &other, MC_OK);
    const char *secret = save(h, &client, MC_OK)->client_secret;
    const char *user =
        userinfo(h, exchange(h, "cong", secret, code_for(h, "cong", &browser))->access_token);
    const Identity__ClientServed *given =
        harness_last_event(h, "identity.consent_given", &identity__client_served__descriptor, NULL);
    assert_true(mc_uuid_parse(account, mc_key_text(given->account_id)));

    const char *told = read_for_member(h, "cong", account, "tayninh", MC_OK)->json;
    assert_non_null(strstr(told, "\"TrangThai\":\"1\""));
    assert_non_null(strstr(told, "\"HoVaTen\""));
    assert_non_null(strstr(told, "\"TechID\""));
    assert_null(strstr(told, "SoDienThoai"));
    assert_null(strstr(told, "SoDinhDanh"));
    const char *sub = mc_sprintf(&kept, "%.31s", strstr(user, "\"sub\"")); /* name, 22 letters */
    assert_non_null(strstr(told, sub));
    const Identity__ReadForMember *read = harness_last_event(
        h, "identity.read_for_member", &identity__read_for_member__descriptor, NULL);
    assert_string_equal(read->partner_id, "tayninh");
    assert_int_equal(read->n_scopes, 3);

    told = read_for_member(h, "khac", account, "tayninh", MC_OK)->json;
    assert_non_null(strstr(told, "\"TrangThai\":\"0\"}"));
    assert_null(strstr(told, "HoVaTen"));
    assert_null(read_for_member(h, "cong", account, "", MC_INVALID));
    assert_null(read_for_member(h, "nobody", account, "tayninh", MC_NOT_FOUND));
    account[0] ^= 1;
    assert_null(read_for_member(h, "cong", account, "tayninh", MC_NOT_FOUND));
    Identity__ReadForMemberRequest request = IDENTITY__READ_FOR_MEMBER_REQUEST__INIT;
    act_as_operator(h);
    assert_null(harness_call(h, "ReadForMember", &request.base, MC_DENIED));
}

/* The next key is shown a whole life before it signs, the last one as long as its tokens live. */
static void keys_take_turns(void **state)
{
    struct harness *h = *state;
    const int64_t life = 90LL * 24 * 60 * MINUTE_MS;
    Identity__Client client = client_of("cong");
    const char *secret = save(h, &client, MC_OK)->client_secret;
    char *before = NULL;

    (void)open_account(h, &binh);
    harness_tick(h);
    for (int turn = 0; turn < 3; turn++) {
        const char *browser = "";
        struct mc_bytes payload;
        char *shown = provider(h)->jwks;
        assert_int_equal(mc_jose_usable(mc_key_text(shown)), turn == 0 ? 2 : 3);
        char *token = exchange(h, "cong", secret, code_for(h, "cong", &browser))->id_token;
        assert_int_equal(mc_jose_verify(&kept, mc_key_text(shown), token, &payload), MC_OK);
        if (before != NULL) /* a portal that fetched the keys a whole life ago */
            assert_int_equal(mc_jose_verify(&kept, mc_key_text(before), token, &payload), MC_OK);
        before = shown;
        harness_advance(h, life);
        harness_tick(h);
    }
    harness_advance(h, OIDC_KEY_AFTER_MS);
    harness_tick(h);
    assert_int_equal(mc_jose_usable(mc_key_text(provider(h)->jwks)), 2);
}

static void addresses_have_rules(void **state)
{
    static const char *const bad[] = {
        "",
        "http://portal.test/cb",
        "https://",
        "https:///cb",
        "https://portal.test/cb#a",
        "https://u@portal.test/cb",
        "https://portal.test/c b",
        "https://portal.test/\"x",
        "https://portal.test/;x",
        "javascript:alert(1)",
        "//portal.test",
        "https://pórtal.test/",
    };
    struct harness *h = *state;
    Identity__Client client = client_of("cong");
    char uri[OIDC_URI_MAX + 2] = "https://portal.test/";
    char *one[] = {uri};
    char *many[OIDC_URIS_MAX + 1];

    memset(uri + strlen(uri), 'a', sizeof uri - strlen(uri));
    uri[OIDC_URI_MAX] = '\0';
    client.redirect_uris = one;
    (void)save(h, &client, MC_OK);
    uri[OIDC_URI_MAX] = 'a';
    uri[OIDC_URI_MAX + 1] = '\0';
    (void)save(h, &client, MC_INVALID);
    assert_true(harness_violated(h, "client.redirect_uris[0]", "OIDC_URI"));
    for (size_t i = 0; i < MC_LEN(bad); i++) {
        one[0] = text(bad[i]);
        (void)save(h, &client, MC_INVALID);
        assert_true(harness_violated(h, "client.redirect_uris[0]", "OIDC_URI"));
    }
    for (size_t i = 0; i < MC_LEN(many); i++)
        many[i] = text(CALLBACK);
    client.redirect_uris = many;
    client.n_redirect_uris = OIDC_URIS_MAX;
    (void)save(h, &client, MC_OK);
    client.n_redirect_uris++;
    (void)save(h, &client, MC_INVALID);
    client.n_redirect_uris = 0;
    client.client_id = text("Cong");
    client.unit = text("");
    client.name = text(" ");
    client.jwks = text("{\"keys\":[]}");
    (void)save(h, &client, MC_INVALID);
    assert_true(harness_violated(h, "client.client_id", "OIDC_CLIENT_ID"));
    assert_true(harness_violated(h, "client.name", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "client.redirect_uris", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "client.jwks", "OIDC_JWKS"));
    assert_int_equal(harness_rows(h, IDENTITY_CLIENTS), 1);
}

/* --- private_key_jwt --- */

static const uint8_t own_secret[MC_JOSE_SECRET_LEN] = {[31] = 42};

static char *own_jwks(void)
{
    uint8_t x[MC_JOSE_POINT_LEN];
    uint8_t y[MC_JOSE_POINT_LEN];
    char kid[MC_JOSE_KID_SIZE];
    char x_text[2 * MC_JOSE_POINT_LEN];
    char y_text[2 * MC_JOSE_POINT_LEN];

    assert_true(mc_jose_public(own_secret, x, y));
    mc_jose_kid(x, y, kid);
    (void)mc_base64url(x_text, (struct mc_bytes){x, sizeof x});
    (void)mc_base64url(y_text, (struct mc_bytes){y, sizeof y});
    return mc_sprintf(&kept,
                      "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"%s\",\"x\":\"%s\","
                      "\"y\":\"%s\"}]}",
                      kid, x_text, y_text);
}

static const char *error_of_assertion(struct harness *h, const char *iss, const char *aud,
                                      int64_t life_s, const char *jti)
{
    Identity__ExchangeCodeRequest request = IDENTITY__EXCHANGE_CODE_REQUEST__INIT;
    char *claims = mc_sprintf(
        &kept, "{\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":\"%s\",\"exp\":%" PRId64 ",\"jti\":\"%s\"}",
        iss, iss, aud, harness_now(h) / 1000 + life_s, jti);

    request.client_assertion_type = text("urn:ietf:params:oauth:client-assertion-type:jwt-bearer");
    request.client_assertion = mc_jose_sign(&kept, own_secret, "JWT", mc_key_text(claims));
    request.grant_type = text("authorization_code");
    request.code = text("A");
    request.code_verifier = text(VERIFIER);
    return ((const Identity__ExchangeCodeReply *)harness_call(h, "ExchangeCode", &request.base,
                                                              MC_OK))
        ->error;
}

/* invalid_grant: the client is who it says, only the code is none. */
static void a_clients_word_is_good_once(void **state)
{
    struct harness *h = *state;
    const char *us = "https://localhost:8443";
    Identity__Client client = client_of("cong");
    Identity__Client other = client_of("khac");

    client.jwks = own_jwks();
    assert_string_equal(save(h, &client, MC_OK)->client_secret, "");
    (void)save(h, &other, MC_OK);
    assert_string_equal(error_of_assertion(h, "cong", us, 60, "1"), "invalid_grant");
    assert_string_equal(error_of_assertion(h, "cong", us, 60, "1"), "invalid_client");
    assert_string_equal(
        error_of_assertion(h, "cong", "https://localhost:8443/oauth2/token", 300, "2"),
        "invalid_grant");
    assert_string_equal(error_of_assertion(h, "cong", "https://other.test", 60, "3"),
                        "invalid_client");
    assert_string_equal(error_of_assertion(h, "cong", us, 361, "4"), "invalid_client");
    assert_string_equal(error_of_assertion(h, "cong", us, 360, "4"), "invalid_grant");
    assert_string_equal(error_of_assertion(h, "cong", us, -60, "5"), "invalid_client");
    assert_string_equal(error_of_assertion(h, "cong", us, -59, "5"), "invalid_grant");
    assert_string_equal(error_of_assertion(h, "cong", us, 60, ""), "invalid_client");
    assert_string_equal(error_of_assertion(h, "khac", us, 60, "6"), "invalid_client");
    assert_string_equal(exchange(h, "cong", "", "A")->error, "invalid_client");
    harness_advance(h, 8 * MINUTE_MS);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_ASSERTIONS), 0);
}

static void a_secret_is_changed_without_a_night_shift(void **state)
{
    struct harness *h = *state;
    Identity__RotateClientSecretRequest rotate = IDENTITY__ROTATE_CLIENT_SECRET_REQUEST__INIT;
    Identity__Client client = client_of("cong");
    const char *first = save(h, &client, MC_OK)->client_secret;

    assert_string_equal(save(h, &client, MC_OK)->client_secret, ""); /* told once */
    act_as_operator(h);
    rotate.client_id = text("cong");
    harness_call(h, "RotateClientSecret", &rotate.base, MC_INVALID);
    rotate.reason = text("định kỳ");
    const Identity__RotateClientSecretReply *rotated =
        harness_call(h, "RotateClientSecret", &rotate.base, MC_OK);
    const char *second = rotated->client_secret;
    rotate.client_id = text("khac");
    harness_call(h, "RotateClientSecret", &rotate.base, MC_NOT_FOUND);
    act_as_front(h);
    harness_advance(h, OIDC_SECRET_BEFORE_MS - 1);
    assert_string_equal(exchange(h, "cong", first, "A")->error, "invalid_grant");
    harness_advance(h, 1);
    assert_string_equal(exchange(h, "cong", first, "A")->error, "invalid_client");
    assert_string_equal(exchange(h, "cong", second, "A")->error, "invalid_grant");
    act_as_operator(h);
    rotate.client_id = text("cong");
    rotate.at_once = true;
    (void)harness_call(h, "RotateClientSecret", &rotate.base, MC_OK);
    act_as_front(h);
    assert_string_equal(exchange(h, "cong", second, "A")->error, "invalid_client");
}

/* OFF-31: it has to be changed before anything else, also before another portal. */
static void a_temporary_password_signs_in_at_no_portal(void **state)
{
    (void)state;
    static const char *const settings[] = {"identity.carrier_url=" CARRIER_URL, NULL};
    struct mc_room room = identity_room;
    const char *browser = "";

    room.tick = make_temporary;
    assert_int_equal(mc_arena_init(&kept, 1 << 20), MC_OK);
    struct harness *h = harness_open(&room, settings);
    Identity__Client client = client_of("tayninh");
    (void)save(h, &client, MC_OK);
    (void)open_account(h, &binh);
    (void)code_for(h, "tayninh", &browser);
    harness_tick(h);

    Identity__AuthorizeRequest again = asks("tayninh", browser);
    const Identity__AuthorizeReply *reply = authorize(h, &again);
    assert_int_equal(reply->step, IDENTITY__AUTHORIZE_STEP__SHOW_LOGIN);
    const Identity__LoginReply *started = login_with(h, binh.login_id, PASSWORD);
    code_goes_out(h);
    Identity__LoginAuthorizationRequest login = IDENTITY__LOGIN_AUTHORIZATION_REQUEST__INIT;
    Otp__Proof proof = proof_of(h, OTP__PURPOSE__LOGIN, started->login, binh.phone_e164);
    login.authorization = reply->authorization;
    login.browser = reply->browser[0] != '\0' ? reply->browser : text(browser);
    login.login = started->login;
    login.proof = harness_token(h, "otp", &proof.base);
    harness_call(h, "LoginAuthorization", &login.base, MC_DENIED);
    assert_true(harness_violated(h, "login", "PASSWORD_TEMPORARY"));
    harness_close(h);
    mc_arena_done(&kept);
}

/* A room whose tick makes every session one that a certificate opened. */
static enum mc_status sign_by_certificate(void *ctx, struct mc_txn *txn)
{
    (void)ctx;
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_SESSIONS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    while (mc_next(&cursor)) {
        IdentityState__Session *session = mc_row(&cursor, &identity_state__session__descriptor);
        assert_non_null(session);
        session->ial = 3;
        mc_save(txn, IDENTITY_SESSIONS, cursor.key, &session->base);
    }
    oidc_keys_turn(ctx, txn);
    return txn->status;
}

static void assert_claim(const char *id_token, const char *name, const char *want)
{
    struct mc_bytes payload;
    struct mc_json *claims = NULL;

    assert_true(mc_jose_peek(&kept, id_token, &payload));
    assert_int_equal(mc_json_parse(payload, &claims), MC_OK);
    assert_string_equal(mc_json_text(claims, name), want);
    mc_json_free(claims);
}

/* LOG-03, LOG-07: the account is of level 2; who signed in by certificate is of level 3. */
static void the_level_is_the_sessions(void **state)
{
    (void)state;
    static const char *const settings[] = {"identity.carrier_url=" CARRIER_URL, NULL};
    struct mc_room room = identity_room;
    const char *browser = "";

    room.tick = sign_by_certificate;
    assert_int_equal(mc_arena_init(&kept, 1 << 20), MC_OK);
    struct harness *h = harness_open(&room, settings);
    Identity__Client client = client_of("tayninh");
    const char *secret = save(h, &client, MC_OK)->client_secret;
    harness_tick(h);
    (void)open_account(h, &binh);
    const Identity__ExchangeCodeReply *before =
        exchange(h, "tayninh", secret, code_for(h, "tayninh", &browser));
    assert_claim(before->id_token, "acr", "LoA2");
    assert_non_null(strstr(userinfo(h, before->access_token), "\"IAL\":2"));
    Identity__AuthorizeRequest strong = asks("tayninh", browser);
    strong.acr_values = text("LoA3");
    assert_int_equal(authorize(h, &strong)->step, IDENTITY__AUTHORIZE_STEP__SHOW_LOGIN);

    harness_tick(h);
    assert_int_equal(authorize(h, &strong)->step, IDENTITY__AUTHORIZE_STEP__GO_BACK);
    const Identity__ExchangeCodeReply *after =
        exchange(h, "tayninh", secret, code_for(h, "tayninh", &browser));
    assert_claim(after->id_token, "acr", "LoA3");
    const char *told = userinfo(h, after->access_token);
    assert_non_null(strstr(told, "\"IAL\":3"));
    assert_non_null(strstr(told, "\"loAs\":\"LoA3\""));
    harness_close(h);
    mc_arena_done(&kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_code_lives_a_minute, open_room, close_room),
        cmocka_unit_test_setup_teardown(a_session_that_ended_ends_all_of_it, open_room, close_room),
        cmocka_unit_test_setup_teardown(who_sees_the_same_person, open_room, close_room),
        cmocka_unit_test_setup_teardown(a_members_system_is_told_what_was_agreed_to, open_room,
                                        close_room),
        cmocka_unit_test_setup_teardown(keys_take_turns, open_room, close_room),
        cmocka_unit_test_setup_teardown(addresses_have_rules, open_room, close_room),
        cmocka_unit_test_setup_teardown(a_clients_word_is_good_once, open_room, close_room),
        cmocka_unit_test_setup_teardown(a_secret_is_changed_without_a_night_shift, open_room,
                                        close_room),
        cmocka_unit_test(a_temporary_password_signs_in_at_no_portal),
        cmocka_unit_test(the_level_is_the_sessions),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
