/*
 * Guessing passwords, from one place and from many: what it costs who guesses, and that it costs
 * the owner nothing (LOG-04; complaints of part D1: a stranger locks you out, nobody says so).
 */
#include "common/password.h"

#include "identity_captcha_help.h"

#define WRONG "Nuoc#Chay9dau"
#define HOME  "203.0.113.0/24"

static void be_at(struct harness *h, unsigned place)
{
    static char source[32];

    (void)snprintf(source, sizeof source, "198.51.%u.0/24", place);
    harness_from(h, source);
}

static const Identity__LoginReply *try_with(struct harness *h, const char *login_id,
                                            const char *password, char *captcha)
{
    Identity__LoginRequest request = IDENTITY__LOGIN_REQUEST__INIT;

    request.login_id = text(login_id);
    request.password = text(password);
    request.captcha = captcha;
    return harness_call(h, "Login", &request.base, MC_OK);
}

static void refused_without_captcha(struct harness *h, const char *login_id)
{
    Identity__LoginRequest request = IDENTITY__LOGIN_REQUEST__INIT;

    request.login_id = text(login_id);
    request.password = text(WRONG);
    harness_call(h, "Login", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "captcha", "CAPTCHA_REQUIRED"));
}

static int open_easy(void **state)
{
    static const char *const settings[] = {"identity.carrier_url=" CARRIER_URL,
                                           "identity.captcha_prefix=1", NULL};

    assert_int_equal(mc_arena_init(&kept, 1 << 20), MC_OK);
    *state = harness_open(&identity_room, settings);
    return 0;
}

/* D1: five failures of a stranger lock the stranger, and he is told; the owner comes in. */
static void a_stranger_locks_only_himself(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    be_at(h, 1);
    for (int i = 1; i <= IDENTITY_FAILURES_MAX; i++)
        assert_string_equal(login_with(h, BINH_ID, WRONG)->code,
                            i < IDENTITY_FAILURES_MAX ? "LOGIN_WRONG" : "ACCOUNT_LOCKED");
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "ACCOUNT_LOCKED");
    harness_from(h, HOME);
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "");
    be_at(h, 1); /* which does not let the stranger off */
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "ACCOUNT_LOCKED");
    /* the same prefix at another front end is another place */
    harness_as(h, &(struct mc_caller){.name = "portal:hue", .who = MC_PORTAL});
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "");
}

/* Many places: nothing locks, each guess costs work, and where the owner is known it does not. */
static void many_strangers_slow_only_strangers(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    harness_from(h, HOME);
    (void)sign_in(h, &binh);
    for (unsigned i = 0; i < IDENTITY_ACCOUNT_FAILURES_FREE; i++) {
        be_at(h, 10 + i / 4);
        assert_int_equal(captcha_of(h, BINH_ID)->level, 0);
        assert_string_equal(login_with(h, BINH_ID, WRONG)->code, "LOGIN_WRONG");
    }
    be_at(h, 99);
    assert_int_equal(captcha_of(h, BINH_ID)->level, 1);
    assert_true(captcha_of(h, BINH_ID)->required);
    refused_without_captcha(h, BINH_ID);
    assert_string_equal(try_with(h, BINH_ID, WRONG, solved_captcha(h, BINH_ID))->code,
                        "LOGIN_WRONG");
    assert_string_equal(try_with(h, BINH_ID, PASSWORD, solved_captcha(h, BINH_ID))->code, "");
    assert_int_equal(captcha_of(h, tho.login_id)->level, 0); /* other numbers are as before */

    harness_from(h, HOME);
    assert_int_equal(captcha_of(h, BINH_ID)->level, 0);
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "");
    harness_advance(h, 30 * MINUTE_MS); /* the window is over */
    be_at(h, 99);
    assert_int_equal(captcha_of(h, BINH_ID)->level, 0);
}

/* One password over many numbers, known ones or not: each ten more double the work. */
static void spraying_from_one_place_costs_ever_more(void **state)
{
    struct harness *h = *state;
    unsigned level = 0;

    be_at(h, 1);
    for (unsigned i = 0; i < 4 * IDENTITY_SOURCE_FAILURES_FREE; i++) {
        char number[16];
        (void)snprintf(number, sizeof number, "%09u", 100000000 + i);
        unsigned want = i >= 20 ? 2 : i >= 10 ? 1 : 0;
        level = captcha_of(h, number)->level;
        assert_int_equal(level, want);
        char *captcha = level > 0 ? solved_captcha(h, number) : text("");
        assert_string_equal(try_with(h, number, WRONG, captcha)->code, "LOGIN_WRONG");
    }
    assert_int_equal(captcha_of(h, BINH_ID)->level, 3);
    be_at(h, 2);
    assert_int_equal(captcha_of(h, BINH_ID)->level, 0);
}

/* The level a captcha was made for counts, not only that it is solved. */
static void an_easy_captcha_is_no_good_at_a_hard_place(void **state)
{
    struct harness *h = *state;

    be_at(h, 2);
    char *easy = solved_captcha(h, BINH_ID);
    be_at(h, 1);
    for (unsigned i = 0; i < IDENTITY_SOURCE_FAILURES_FREE; i++) {
        char number[16];
        (void)snprintf(number, sizeof number, "%09u", 100000000 + i);
        assert_string_equal(login_with(h, number, WRONG)->code, "LOGIN_WRONG");
    }
    Identity__LoginRequest request = IDENTITY__LOGIN_REQUEST__INIT;
    request.login_id = text(BINH_ID);
    request.password = text(WRONG);
    request.captcha = easy;
    harness_call(h, "Login", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "captcha", "CAPTCHA_REQUIRED"));
}

/* What the pool is asked to do, for the last Login. */
static struct mc_work wanted;
static enum mc_status record(void *ctx, struct mc_txn *snapshot, const ProtobufCMessage *req,
                             struct mc_work *ret_work)
{
    enum mc_status status = identity_login_prepare(ctx, snapshot, req, ret_work);

    wanted = *ret_work;
    return status;
}

static struct harness *open_recording(void)
{
    static const char *const settings[] = {"identity.carrier_url=" CARRIER_URL, NULL};
    static struct mc_route routes[256];
    static struct mc_room room;

    room = identity_room;
    assert_true(room.routes_len <= MC_LEN(routes));
    memcpy(routes, room.routes, room.routes_len * sizeof *routes);
    for (size_t i = 0; i < room.routes_len; i++)
        if (strcmp(routes[i].method, "Login") == 0)
            routes[i].prepare = record;
    room.routes = routes;
    return harness_open(&room, settings);
}

/* Same answer and same work, whether the number is known or not: one Argon2id of today's cost. */
static void known_and_unknown_numbers_cost_the_same_work(void **state)
{
    (void)state;
    assert_int_equal(mc_arena_init(&kept, 1 << 20), MC_OK);
    struct harness *h = open_recording();

    (void)open_account(h, &binh);
    const Identity__LoginReply *known = login_with(h, BINH_ID, WRONG);
    assert_int_equal(wanted.kind, MC_WORK_VERIFY);
    assert_ptr_equal(strstr(wanted.hash, "$argon2id$"), wanted.hash);
    const Identity__LoginReply *unknown = login_with(h, tho.login_id, WRONG);
    assert_int_equal(wanted.kind, MC_WORK_VERIFY);
    assert_string_equal(wanted.hash, mc_password_dummy_hash);
    assert_false(mc_password_needs_rehash(wanted.hash, MC_PASSWORD_COST));
    assert_string_equal(known->code, unknown->code);
    assert_string_equal(known->message, unknown->message);
    for (int i = 1; i < IDENTITY_FAILURES_MAX; i++) {
        (void)login_with(h, BINH_ID, WRONG);
        (void)login_with(h, tho.login_id, WRONG);
    }
    (void)login_with(h, BINH_ID, PASSWORD); /* locked: no work for either */
    assert_int_equal(wanted.kind, MC_WORK_NONE);
    (void)login_with(h, tho.login_id, PASSWORD);
    assert_int_equal(wanted.kind, MC_WORK_NONE);
    harness_close(h);
    mc_arena_done(&kept);
}

/* Where somebody signs in is remembered, and forgotten again. */
static void a_known_source_is_known_for_a_while(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    harness_from(h, HOME);
    (void)sign_in(h, &binh);
    assert_int_equal(harness_rows(h, IDENTITY_FAILURES), 1);
    (void)login_with(h, BINH_ID, WRONG);
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "");
    assert_int_equal(harness_rows(h, IDENTITY_FAILURES), 3);
    harness_advance(h, 720 * 60 * MINUTE_MS - 1);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_FAILURES), 1);
    harness_advance(h, 1);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_FAILURES), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_easy, close_room)
        TEST(a_stranger_locks_only_himself),
        TEST(many_strangers_slow_only_strangers),
        TEST(spraying_from_one_place_costs_ever_more),
        TEST(an_easy_captcha_is_no_good_at_a_hard_place),
        cmocka_unit_test(known_and_unknown_numbers_cost_the_same_work),
        TEST(a_known_source_is_known_for_a_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
