/* The dashboard's door: tokens, sessions, hosts, origins, cookies, and what may be asked. */
#include "envelope.pb-c.h"

#include "../../services/gateway/dash.h"
#include "../../services/gateway/headers.h"
#include "gateway_help.h"

enum { LIFE_MS = 3600 * 1000, TOKEN_MS = 60 * 1000 };

struct door {
    struct mc_arena arena;
    struct dash_sessions sessions;
    Motcua__OperatorClaims claims;
    uint8_t id[MC_ID_LEN];
    char *roles[4];
    uint8_t secret[DASH_SESSION_LEN];
};

static int door_open(void **state)
{
    static struct door door;

    door = (struct door){.claims = MOTCUA__OPERATOR_CLAIMS__INIT};
    assert_int_equal(mc_arena_init(&door.arena, TEST_ARENA), MC_OK);
    door.claims.token_id = (ProtobufCBinaryData){MC_ID_LEN, door.id};
    door.claims.name = mc_unconst("an");
    door.claims.roles = door.roles;
    door.roles[0] = mc_unconst("operate");
    door.claims.n_roles = 1;
    door.claims.issued_at_ms = TEST_NOW_MS;
    door.claims.expires_at_ms = TEST_NOW_MS + TOKEN_MS;
    door.claims.type = MOTCUA__TOKEN_TYPE__TOKEN_OPERATOR;
    memset(door.secret, 7, sizeof door.secret);
    *state = &door;
    return 0;
}

static int door_close(void **state)
{
    struct door *door = *state;

    mc_arena_done(&door->arena);
    return 0;
}

static struct dash_session *knock(struct door *door, int64_t now_ms)
{
    struct mc_bytes payload = mc_body_pack(&door->arena, &door->claims.base);

    return dash_sign_in(&door->sessions, payload, door->secret, now_ms, LIFE_MS);
}

static const char *cookie_of(struct door *door)
{
    static char text[2 * DASH_SESSION_LEN + 1];

    (void)mc_hex(text, (struct mc_bytes){door->secret, DASH_SESSION_LEN});
    return text;
}

static void a_token_opens_a_session_under_the_operators_own_name(void **state)
{
    struct door *door = *state;
    struct dash_session *session = knock(door, TEST_NOW_MS);

    assert_non_null(session);
    assert_string_equal(session->caller, "operator:an");
    assert_int_equal(session->roles, MC_ROLE_VIEW | MC_ROLE_OPERATE); /* who may act may look */
    assert_ptr_equal(dash_session_find(&door->sessions, cookie_of(door), TEST_NOW_MS), session);
}

/* What was used before a restart is forgotten with it, so nothing from before is taken. */
static void a_token_from_before_our_start_opens_nothing(void **state)
{
    struct door *door = *state;

    door->sessions.since_ms = TEST_NOW_MS + 1;
    assert_null(knock(door, TEST_NOW_MS + 1));
    door->sessions.since_ms = TEST_NOW_MS;
    assert_non_null(knock(door, TEST_NOW_MS + 1));
}

static void roles_are_told_to_rooms(void **state)
{
    char text[DASH_ROLES_SIZE];

    (void)state;
    dash_roles_text(MC_ROLES_ALL, text);
    assert_string_equal(text, "view,operate,approve");
    dash_roles_text(MC_ROLE_VIEW, text);
    assert_string_equal(text, "view");
}

static void a_token_is_good_once(void **state)
{
    struct door *door = *state;

    assert_non_null(knock(door, TEST_NOW_MS));
    assert_null(knock(door, TEST_NOW_MS + 1));
    door->id[0] = 1;
    assert_non_null(knock(door, TEST_NOW_MS + 1));
}

static void a_token_ends_and_may_not_be_long(void **state)
{
    struct door *door = *state;

    assert_null(knock(door, TEST_NOW_MS + TOKEN_MS));
    door->claims.expires_at_ms = TEST_NOW_MS + DASH_TOKEN_LIFE_MAX_MS + 1;
    assert_null(knock(door, TEST_NOW_MS));
    door->claims.expires_at_ms--;
    assert_non_null(knock(door, TEST_NOW_MS));
}

static void what_is_no_operators_token_opens_nothing(void **state)
{
    struct door *door = *state;
    char longest[DASH_NAME_MAX + 2] = "";

    door->claims.type = MOTCUA__TOKEN_TYPE__TOKEN_SESSION;
    assert_null(knock(door, TEST_NOW_MS));
    door->claims.type = MOTCUA__TOKEN_TYPE__TOKEN_OPERATOR;
    door->claims.n_roles = 0;
    assert_null(knock(door, TEST_NOW_MS));
    door->claims.n_roles = 1;
    door->roles[0] = mc_unconst("root");
    assert_null(knock(door, TEST_NOW_MS));
    door->roles[0] = mc_unconst("view");
    door->claims.token_id.len--;
    assert_null(knock(door, TEST_NOW_MS));
    door->claims.token_id.len++;
    static const char *const names[] = {"", "a b", "An", "room:otp", "<b>", "ân"};
    for (size_t i = 0; i < MC_LEN(names); i++) {
        door->claims.name = mc_unconst(names[i]);
        assert_null(knock(door, TEST_NOW_MS));
    }
    memset(longest, 'a', DASH_NAME_MAX + 1);
    door->claims.name = longest;
    assert_null(knock(door, TEST_NOW_MS));
    longest[DASH_NAME_MAX] = '\0';
    assert_non_null(knock(door, TEST_NOW_MS));
    assert_null(dash_sign_in(&door->sessions, (struct mc_bytes){"\xff\xff", 2}, door->secret,
                             TEST_NOW_MS, LIFE_MS));
}

static void a_session_ends_by_time_and_by_its_owner(void **state)
{
    struct door *door = *state;
    struct dash_session *session = knock(door, TEST_NOW_MS);
    const char *cookie = cookie_of(door);

    assert_non_null(dash_session_find(&door->sessions, cookie, TEST_NOW_MS + LIFE_MS - 1));
    assert_null(dash_session_find(&door->sessions, cookie, TEST_NOW_MS + LIFE_MS));
    dash_sign_out(session);
    assert_null(dash_session_find(&door->sessions, cookie, TEST_NOW_MS));
}

static void another_cookie_is_nobodys(void **state)
{
    struct door *door = *state;
    char cookie[2 * DASH_SESSION_LEN + 2];

    assert_non_null(knock(door, TEST_NOW_MS));
    (void)snprintf(cookie, sizeof cookie, "%s", cookie_of(door));
    for (size_t i = 0; i < (size_t)2 * DASH_SESSION_LEN; i++) {
        char before = cookie[i];

        cookie[i] = before == 'f' ? 'e' : 'f';
        assert_null(dash_session_find(&door->sessions, cookie, TEST_NOW_MS));
        cookie[i] = before;
    }
    assert_null(dash_session_find(&door->sessions, "", TEST_NOW_MS));
    assert_null(dash_session_find(&door->sessions, "zz", TEST_NOW_MS));
    cookie[(size_t)2 * DASH_SESSION_LEN] = '0';
    cookie[(size_t)2 * DASH_SESSION_LEN + 1] = '\0';
    assert_null(dash_session_find(&door->sessions, cookie, TEST_NOW_MS));
}

static void places_are_bounded_and_come_back(void **state)
{
    struct door *door = *state;

    for (unsigned i = 0; i < DASH_SESSIONS_MAX; i++) {
        door->id[1] = (uint8_t)i;
        door->secret[0] = (uint8_t)i;
        assert_non_null(knock(door, TEST_NOW_MS));
    }
    door->id[1] = DASH_SESSIONS_MAX;
    assert_null(knock(door, TEST_NOW_MS));
    door->claims.expires_at_ms += LIFE_MS;
    assert_non_null(knock(door, TEST_NOW_MS + LIFE_MS));
}

static void only_our_hosts_are_answered(void **state)
{
    static const char *const named[] = {"dieuhanh.example.vn"};
    const struct mc_config_list names = {named, MC_LEN(named)};
    static const char *const foreign[] = {"",
                                          "127.0.0.1",
                                          "127.0.0.1:8082",
                                          "evil.example",
                                          "localhost",
                                          "127.0.0.1:8081.evil.example",
                                          "dieuhanh.example.vn:1",
                                          "127.0.0.1:8081 ",
                                          "LOCALHOST:8081x"};

    (void)state;
    assert_true(dash_host_ok("127.0.0.1:8081", "127.0.0.1", 8081, &names));
    assert_true(dash_host_ok("localhost:8081", "127.0.0.1", 8081, &names));
    assert_true(dash_host_ok("[::1]:8081", "::1", 8081, &names));
    assert_true(dash_host_ok("dieuhanh.example.vn", "127.0.0.1", 8081, &names));
    assert_false(dash_host_ok(NULL, "127.0.0.1", 8081, &names));
    for (size_t i = 0; i < MC_LEN(foreign); i++)
        assert_false(dash_host_ok(foreign[i], "127.0.0.1", 8081, &names));
}

static void a_post_comes_from_our_own_page(void **state)
{
    (void)state;
    assert_true(dash_origin_ok("http://127.0.0.1:8081", "127.0.0.1:8081"));
    assert_true(dash_origin_ok("https://dieuhanh.example.vn", "dieuhanh.example.vn"));
    assert_false(dash_origin_ok(NULL, "127.0.0.1:8081"));
    assert_false(dash_origin_ok("null", "127.0.0.1:8081"));
    assert_false(dash_origin_ok("http://127.0.0.1:8082", "127.0.0.1:8081"));
    assert_false(dash_origin_ok("http://127.0.0.1:8081/", "127.0.0.1:8081"));
    assert_false(dash_origin_ok("ftp://127.0.0.1:8081", "127.0.0.1:8081"));
    assert_false(dash_origin_ok("http", "127.0.0.1:8081"));
    assert_false(dash_origin_ok("http://evil.example#127.0.0.1:8081", "127.0.0.1:8081"));
}

static void only_listed_methods_are_asked(void **state)
{
    struct gateway_method method = {0};
    const struct dash_method *row = dash_method_find("/api/otp/Room/Peek", &method);
    static const char *const foreign[] = {"/api/otp/Room/Follow",
                                          "/api/identity/Identity/SaveClient",
                                          "/api/otp/Otp/LeaseJobs",
                                          "/api/otp/Room/",
                                          "/api/otp/Room/Peek/",
                                          "/api/otp/Room/PeekX",
                                          "/api/otp/room/Peek",
                                          "/api/nobody/Room/Peek",
                                          "/api/dossier/Otp/ListGateways",
                                          "/api/otp/Audit/Timeline",
                                          "/api/../otp/Room/Peek",
                                          "/api/otp//Room/Peek",
                                          "/api/",
                                          "/apiotp/Room/Peek",
                                          "/api/otp/Room/Peek%00",
                                          "/motcua.otp.v1.Otp/Issue"};

    (void)state;
    assert_non_null(row);
    assert_int_equal(row->role, MC_ROLE_VIEW);
    assert_string_equal(method.room->name, "otp");
    assert_string_equal(method.proto->name, "Peek");
    row = dash_method_find("/api/payment/Room/ApproveAction", &method);
    assert_non_null(row);
    assert_int_equal(row->role, MC_ROLE_APPROVE);
    row = dash_method_find("/api/otp/Otp/PauseGateway", &method);
    assert_non_null(row);
    assert_int_equal(row->role, MC_ROLE_OPERATE);
    for (size_t i = 0; i < MC_LEN(foreign); i++)
        assert_null(dash_method_find(foreign[i], &method));
}

static void a_cookie_is_found_whole_or_not_at_all(void **state)
{
    struct door *door = *state;
    const struct {
        const char *header;
        const char *value;
    } cases[] = {
        {NULL, ""},
        {"", ""},
        {"a=1; motcua=xyz", "xyz"},
        {"motcua=xyz", "xyz"},
        {"motcua=xyz; motcua=other", "xyz"},
        {"xmotcua=1;motcua=b", "b"},
        {"motcuax=1", ""},
        {"motcua", ""},
        {"motcua=", ""},
        {"motcua=12345", ""}, /* one past the limit */
        {";;; ;motcua=1234", "1234"},
    };

    for (size_t i = 0; i < MC_LEN(cases); i++)
        assert_string_equal(gateway_cookie(&door->arena, cases[i].header, "motcua", 4),
                            cases[i].value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_token_opens_a_session_under_the_operators_own_name,
                                        door_open, door_close),
        cmocka_unit_test_setup_teardown(a_token_from_before_our_start_opens_nothing, door_open,
                                        door_close),
        cmocka_unit_test(roles_are_told_to_rooms),
        cmocka_unit_test_setup_teardown(a_token_is_good_once, door_open, door_close),
        cmocka_unit_test_setup_teardown(a_token_ends_and_may_not_be_long, door_open, door_close),
        cmocka_unit_test_setup_teardown(what_is_no_operators_token_opens_nothing, door_open,
                                        door_close),
        cmocka_unit_test_setup_teardown(a_session_ends_by_time_and_by_its_owner, door_open,
                                        door_close),
        cmocka_unit_test_setup_teardown(another_cookie_is_nobodys, door_open, door_close),
        cmocka_unit_test_setup_teardown(places_are_bounded_and_come_back, door_open, door_close),
        cmocka_unit_test(only_our_hosts_are_answered),
        cmocka_unit_test(a_post_comes_from_our_own_page),
        cmocka_unit_test(only_listed_methods_are_asked),
        cmocka_unit_test_setup_teardown(a_cookie_is_found_whole_or_not_at_all, door_open,
                                        door_close),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
