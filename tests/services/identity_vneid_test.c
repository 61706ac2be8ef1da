/* VNeID: what is asked of it and when, its keys' rotation, whose account it is (SYS-16, REG-47). */
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/crypto_jose.h"
#include "common/date.h"
#include "common/json.h"

#include "identity_help.h"
#include "services/identity/vneid.h"

#define ISSUER   "https://vneid.test"
#define CALLBACK "https://portal.test/cb"

static int open_vneid(void **state)
{
    static const char *const settings[] = {"identity.carrier_url=" CARRIER_URL,
                                           "identity.vneid_issuer=" ISSUER, NULL};

    if (mc_arena_init(&kept, 1 << 20) != MC_OK)
        return -1;
    *state = harness_open(&identity_room, settings);
    return 0;
}

/* A browser on its way: what VNeID was asked, and what our cookie and the answer's state are. */
struct trip {
    const char *browser;
    const char *state;
    const char *nonce;
};

static const char *value_in(const char *uri, const char *name)
{
    const char *at = strstr(uri, name);

    assert_non_null(at);
    at += strlen(name);
    return mc_sprintf(&kept, "%.*s", (int)strcspn(at, "&"), at);
}

static void register_portal(struct harness *h)
{
    static char *uris[1];
    Identity__SaveClientRequest request = IDENTITY__SAVE_CLIENT_REQUEST__INIT;
    Identity__Client client = IDENTITY__CLIENT__INIT;

    uris[0] = text(CALLBACK);
    client.client_id = text("cong");
    client.name = text("Cổng thử");
    client.unit = text("000.20.31.H53");
    client.redirect_uris = uris;
    client.n_redirect_uris = 1;
    request.client = &client;
    request.reason = text("thử");
    act_as_operator(h);
    (void)harness_call(h, "SaveClient", &request.base, MC_OK);
    act_as_front(h);
    harness_tick(h);
}

static struct trip set_out(struct harness *h)
{
    Identity__AuthorizeRequest ask = IDENTITY__AUTHORIZE_REQUEST__INIT;
    Identity__StartVneidRequest start_it = IDENTITY__START_VNEID_REQUEST__INIT;

    ask.client_id = text("cong");
    ask.redirect_uri = text(CALLBACK);
    ask.response_type = text("code");
    ask.scope = text("openid");
    ask.code_challenge = text("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    ask.code_challenge_method = text("S256");
    const Identity__AuthorizeReply *page = harness_call(h, "Authorize", &ask.base, MC_OK);
    assert_int_equal(page->step, IDENTITY__AUTHORIZE_STEP__SHOW_LOGIN);
    assert_true(page->vneid);
    assert_string_equal(page->form_origin, "https://portal.test https://vneid.test");
    start_it.authorization = page->authorization;
    start_it.browser = page->browser;
    const Identity__AuthorizeReply *away = harness_call(h, "StartVneid", &start_it.base, MC_OK);
    assert_int_equal(away->step, IDENTITY__AUTHORIZE_STEP__GO_BACK);
    assert_ptr_equal(strstr(away->location, ISSUER "/oauth2/authorize?"), away->location);
    return (struct trip){page->browser, value_in(away->location, "&state="),
                         value_in(away->location, "&nonce=")};
}

static const Identity__AuthorizeReply *come_back(struct harness *h, const struct trip *trip,
                                                 const char *iss)
{
    Identity__ReturnVneidRequest back = IDENTITY__RETURN_VNEID_REQUEST__INIT;

    back.state = text(trip->state);
    back.code = text("the-code");
    back.iss = text(iss);
    back.browser = text(trip->browser);
    return harness_call(h, "ReturnVneid", &back.base, MC_OK);
}

static const Identity__AuthorizeReply *outcome(struct harness *h, const struct trip *trip)
{
    Identity__FinishVneidRequest finish = IDENTITY__FINISH_VNEID_REQUEST__INIT;

    finish.state = text(trip->state);
    finish.browser = text(trip->browser);
    return harness_call(h, "FinishVneid", &finish.base, MC_OK);
}

/* --- VNeID's side --- */

static uint8_t issuer_key[MC_JOSE_SECRET_LEN] = {[31] = 1};

static const char *keys_json(void)
{
    uint8_t x[MC_JOSE_POINT_LEN];
    uint8_t y[MC_JOSE_POINT_LEN];
    char kid[MC_JOSE_KID_SIZE];
    char x_text[2 * MC_JOSE_POINT_LEN];
    char y_text[2 * MC_JOSE_POINT_LEN];

    assert_true(mc_jose_public(issuer_key, x, y));
    mc_jose_kid(x, y, kid);
    (void)mc_base64url(x_text, (struct mc_bytes){x, sizeof x});
    (void)mc_base64url(y_text, (struct mc_bytes){y, sizeof y});
    return mc_sprintf(&kept,
                      "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"%s\",\"x\":\"%s\","
                      "\"y\":\"%s\"}]}",
                      kid, x_text, y_text);
}

static void tokens_come(struct harness *h, const struct trip *trip, int64_t ends_s)
{
    struct harness_exchange exchange;
    int64_t now = harness_now(h) / 1000;
    char *claims = mc_sprintf(&kept,
                              "{\"iss\":\"" ISSUER "\",\"sub\":\"s\",\"aud\":[\"motcua\"],"
                              "\"nonce\":\"%s\",\"iat\":%" PRId64 ",\"exp\":%" PRId64 "}",
                              trip->nonce, now, now + ends_s);
    char *token = mc_jose_sign(&kept, issuer_key, "JWT", mc_key_text(claims));

    assert_true(harness_effect(h, "vneid.token", &exchange));
    assert_string_equal(exchange.http.url, ISSUER "/oauth2/token");
    assert_true(exchange.http.once);
    assert_non_null(memmem(exchange.http.body.data, exchange.http.body.len, "code=the-code&", 14));
    harness_answer(h, &exchange, 200,
                   mc_sprintf(&kept, "{\"access_token\":\"t\",\"id_token\":\"%s\"}", token));
}

static void keys_come(struct harness *h)
{
    struct harness_exchange exchange;

    assert_true(harness_effect(h, "vneid.keys", &exchange));
    harness_answer(h, &exchange, 200, keys_json());
}

static void claims_come(struct harness *h, const char *number, const char *tech_id, int ial)
{
    struct harness_exchange exchange;

    assert_true(harness_effect(h, "vneid.userinfo", &exchange));
    assert_string_equal(exchange.http.headers[0].value, "Bearer t");
    harness_answer(h, &exchange, 200,
                   mc_sprintf(&kept,
                              "{\"sub\":\"s\",\"LoaiTaiKhoan\":\"1\",\"SoDinhDanh\":\"%s\","
                              "\"HoVaTen\":\"Nguyễn Thị Hoà Bình\",\"NgayThangNamSinh\":"
                              "\"05/03/1993\",\"TechID\":\"%s\",\"IAL\":%d}",
                              number, tech_id, ial));
}

/* --- tests --- */

static void keys_are_fetched_when_a_name_is_new(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    register_portal(h);
    for (int turn = 0; turn < 3; turn++) {
        issuer_key[31] = turn < 2 ? 1 : 2; /* the last time VNeID has rotated */
        struct trip trip = set_out(h);
        assert_int_equal(come_back(h, &trip, ISSUER)->step,
                         IDENTITY__AUTHORIZE_STEP__AUTHORIZE_STEP_UNSPECIFIED);
        tokens_come(h, &trip, 60);
        if (turn == 1)
            assert_false(harness_effect(h, "vneid.keys", &exchange)); /* known */
        else
            keys_come(h);
        claims_come(h, BINH_ID, "T1", 2);
        assert_int_equal(outcome(h, &trip)->step, IDENTITY__AUTHORIZE_STEP__SHOW_CONSENT);
        assert_int_equal(outcome(h, &trip)->step, IDENTITY__AUTHORIZE_STEP__SHOW_REFUSAL);
    }
    assert_int_equal(harness_events(h, "identity.account_opened"), 1);
    assert_int_equal(harness_events(h, "identity.vneid_linked"), 1);
    assert_int_equal(harness_rows(h, IDENTITY_VNEID_LOGINS), 0);
    issuer_key[31] = 1;
}

static void an_unknown_key_is_asked_about_once(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    register_portal(h);
    struct trip trip = set_out(h);
    (void)come_back(h, &trip, "");
    tokens_come(h, &trip, 60);
    issuer_key[31] = 3;
    keys_come(h);
    issuer_key[31] = 1;
    assert_false(harness_effect(h, "vneid.keys", &exchange));
    assert_string_equal(outcome(h, &trip)->code, "VNEID_WRONG");
}

static void a_token_of_yesterday_is_not_taken(void **state)
{
    struct harness *h = *state;

    register_portal(h);
    for (int late = 0; late < 2; late++) {
        struct trip trip = set_out(h);
        (void)come_back(h, &trip, ISSUER);
        tokens_come(h, &trip, late ? -OIDC_SKEW_MS / 1000 : 1 - OIDC_SKEW_MS / 1000);
        if (late == 0)
            keys_come(h);
        if (late)
            assert_string_equal(outcome(h, &trip)->code, "VNEID_WRONG");
        else
            claims_come(h, BINH_ID, "T1", 2);
    }
}

/* S34: numbers and TechIDs that do not go together: an alarm, and nothing else happens. */
static void what_does_not_fit_is_an_alarm(void **state)
{
    static const struct {
        const char *number;
        const char *tech_id;
    } others[] = {{BINH_ID, "T2"}, {"038085990025", "T1"}, {"001085990043", "T1"}};
    struct harness *h = *state;

    register_portal(h);
    char *account = open_account(h, &binh);
    (void)open_account(h, &tho);
    for (size_t i = 0; i <= MC_LEN(others); i++) {
        struct trip trip = set_out(h);
        (void)come_back(h, &trip, ISSUER);
        tokens_come(h, &trip, 60);
        if (i == 0)
            keys_come(h);
        claims_come(h, i == 0 ? BINH_ID : others[i - 1].number,
                    i == 0 ? "T1" : others[i - 1].tech_id, 3);
        const Identity__AuthorizeReply *reply = outcome(h, &trip);
        if (i == 0)
            assert_int_equal(reply->step, IDENTITY__AUTHORIZE_STEP__SHOW_CONSENT);
        else
            assert_string_equal(reply->code, "VNEID_TECHID_OTHER");
    }
    assert_int_equal(harness_events(h, "identity.vneid_alarm"), MC_LEN(others));
    assert_int_equal(harness_events(h, "identity.vneid_linked"), 1);
    assert_int_equal(harness_events(h, "identity.account_opened"), 2);
    const Identity__VneidChanged *alarm =
        harness_last_event(h, "identity.vneid_linked", &identity__vneid_changed__descriptor, NULL);
    assert_string_equal(alarm->account_id, account);
}

/*
 * D2 (ory/kratos#4312, #694, #3785): who was made an account and never used its password signs in
 * by VNeID: linked, no error, no loop; and is no longer asked for a password he need not have.
 */
static void who_was_made_an_account_signs_in(void **state)
{
    static const char *const settings[] = {"identity.carrier_url=" CARRIER_URL,
                                           "identity.vneid_issuer=" ISSUER, NULL};
    struct mc_room room = identity_room;

    (void)state;
    room.tick = make_temporary;
    assert_int_equal(mc_arena_init(&kept, 1 << 20), MC_OK);
    struct harness *h = harness_open(&room, settings);
    register_portal(h);
    (void)open_account(h, &binh);
    harness_tick(h);
    struct trip trip = set_out(h);
    (void)come_back(h, &trip, ISSUER);
    tokens_come(h, &trip, 60);
    keys_come(h);
    claims_come(h, BINH_ID, "T1", 2);
    assert_int_equal(outcome(h, &trip)->step, IDENTITY__AUTHORIZE_STEP__SHOW_CONSENT);
    assert_int_equal(harness_events(h, "identity.account_opened"), 1);
    assert_int_equal(harness_events(h, "identity.vneid_linked"), 1);
    harness_close(h);
    mc_arena_done(&kept);
}

/* A code is exchanged once: what may have arrived is not sent again; another issuer's is not taken.
 */
static void a_code_is_not_sent_twice(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    register_portal(h);
    struct trip trip = set_out(h);
    (void)come_back(h, &trip, ISSUER);
    assert_true(harness_effect(h, "vneid.token", &exchange));
    harness_result(h, &exchange, &(struct mc_result){.outcome = MC_HTTP_NOT_SENT});
    harness_advance(h, VNEID_BACKOFF_MS);
    assert_true(harness_effect(h, "vneid.token", &exchange));
    harness_result(h, &exchange, &(struct mc_result){.outcome = MC_HTTP_UNKNOWN});
    harness_advance(h, 10LL * VNEID_BACKOFF_MS);
    assert_false(harness_effect(h, "vneid.token", &exchange));
    assert_string_equal(outcome(h, &trip)->code, "VNEID_UNAVAILABLE");

    trip = set_out(h);
    assert_string_equal(come_back(h, &trip, "https://other.test")->code, "VNEID_CANCELLED");
    assert_false(harness_effect(h, "vneid.token", &exchange));
    trip = set_out(h);
    harness_advance(h, VNEID_LOGIN_MS);
    assert_int_equal(come_back(h, &trip, ISSUER)->step, IDENTITY__AUTHORIZE_STEP__SHOW_REFUSAL);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_VNEID_LOGINS), 0);
}

static const Identity__RegistrationMethod *method_for(struct harness *h, Identity__SubjectKind kind,
                                                      int64_t at_ms)
{
    Identity__ListMethodsRequest request = IDENTITY__LIST_METHODS_REQUEST__INIT;

    request.subject_kind = kind;
    request.at_ms = at_ms;
    const Identity__ListMethodsReply *reply = harness_call(h, "ListMethods", &request.base, MC_OK);
    for (size_t i = 0; i < reply->n_methods; i++)
        if (strcmp(reply->methods[i]->code, "VNEID") == 0)
            return reply->methods[i];
    fail_msg("VNEID is not listed");
    return NULL;
}

/* REG-05, REG-45: open where an issuer is configured, in its days, for citizens; else why not. */
static void the_method_is_listed_as_it_is(void **state)
{
    struct harness *h = *state;
    int64_t opens = mc_date_to_ms((struct mc_date){2024, 7, 1});

    assert_true(method_for(h, IDENTITY__SUBJECT_KIND__CITIZEN, 0)->open);
    assert_true(method_for(h, IDENTITY__SUBJECT_KIND__CITIZEN, opens)->open);
    assert_string_equal(method_for(h, IDENTITY__SUBJECT_KIND__CITIZEN, opens - 1)->code_why,
                        "METHOD_NOT_YET");
    assert_string_equal(method_for(h, IDENTITY__SUBJECT_KIND__ENTERPRISE, 0)->code_why,
                        "METHOD_NOT_OPEN");
    Identity__StartRegistrationRequest form = form_of(&binh);
    form.method = text("VNEID");
    harness_call(h, "StartRegistration", &form.base, MC_INVALID);
    assert_true(harness_violated(h, "method", "METHOD_AT_VNEID"));
}

static void without_an_issuer_it_is_closed(void **state)
{
    const Identity__RegistrationMethod *method =
        method_for(*state, IDENTITY__SUBJECT_KIND__CITIZEN, 0);

    assert_false(method->open);
    assert_string_equal(method->code_why, "METHOD_NOT_OPEN");
    assert_string_not_equal(method->message, "");
}

/* An operator's table that closes it: who has an account signs in, nobody gets a new one. */
static void a_closed_method_opens_no_account(void **state)
{
    char path[] = "/tmp/mc-vneid-XXXXXX";
    char setting[64];
    const char *const settings[] = {"identity.carrier_url=" CARRIER_URL,
                                    "identity.vneid_issuer=" ISSUER, setting, NULL};
    static const char table[] =
        "code,name_vi,ial,open,citizen,enterprise,state_agency,officer_rights,fields,condition,"
        "verifier,confirmation\n"
        "SUBSCRIBER,a,2,yes,..,,,yes,\"login_id*,full_name*,birth_date*,phone*\",a,b,c\n"
        "VNEID,b,,yes,..30/06/2026,,,yes,vneid*,a,b,c\n";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, table, sizeof table - 1), (ssize_t)sizeof table - 1);
    assert_int_equal(close(fd), 0);
    (void)snprintf(setting, sizeof setting, "identity.methods_file=%s", path);
    assert_int_equal(mc_arena_init(&kept, 1 << 20), MC_OK);
    struct harness *h = harness_open(&identity_room, settings);
    register_portal(h);
    (void)open_account(h, &binh);
    for (int i = 0; i < 2; i++) {
        struct trip trip = set_out(h);
        (void)come_back(h, &trip, ISSUER);
        tokens_come(h, &trip, 60);
        if (i == 0)
            keys_come(h);
        claims_come(h, i == 0 ? BINH_ID : "001085990043", i == 0 ? "T1" : "T3", 2);
        const Identity__AuthorizeReply *reply = outcome(h, &trip);
        if (i == 0)
            assert_int_equal(reply->step, IDENTITY__AUTHORIZE_STEP__SHOW_CONSENT);
        else
            assert_string_equal(reply->code, "METHOD_NOT_OPEN");
    }
    assert_int_equal(harness_rows(h, IDENTITY_ACCOUNTS), 1);
    harness_close(h);
    mc_arena_done(&kept);
    (void)remove(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_are_fetched_when_a_name_is_new, open_vneid,
                                        close_room),
        cmocka_unit_test_setup_teardown(an_unknown_key_is_asked_about_once, open_vneid, close_room),
        cmocka_unit_test_setup_teardown(a_token_of_yesterday_is_not_taken, open_vneid, close_room),
        cmocka_unit_test_setup_teardown(what_does_not_fit_is_an_alarm, open_vneid, close_room),
        cmocka_unit_test_setup_teardown(a_code_is_not_sent_twice, open_vneid, close_room),
        cmocka_unit_test_setup_teardown(the_method_is_listed_as_it_is, open_vneid, close_room),
        cmocka_unit_test_setup_teardown(without_an_issuer_it_is_closed, open_room, close_room),
        cmocka_unit_test(who_was_made_an_account_signs_in),
        cmocka_unit_test(a_closed_method_opens_no_account),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
