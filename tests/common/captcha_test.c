/* What every room's captchas have in common; a room's own tests are in tests/services. */
#include "../captcha_help.h"
#include "store_help.h"

enum { MAP = 32 << 20, LIFE_MS = 600000 };

static const struct mc_captcha mine = {
    .purpose = "test.mine", .table = TABLE_ONE, .life_ms = LIFE_MS, .prefix = 1};
static const struct mc_captcha other = {
    .purpose = "test.other", .table = TABLE_ONE, .life_ms = LIFE_MS, .prefix = 1};

/* Taken apart or put together by a test itself, until it ends. */
static struct mc_arena kept;

static const char *challenge_of(struct store_test *t, const struct mc_captcha *captcha,
                                const char *whom, unsigned level)
{
    struct mc_txn txn;
    int64_t expires_ms = 0;

    look(t, &txn);
    const char *made = mc_captcha_make(&txn, captcha, whom, level, &expires_ms);
    assert_non_null(made);
    assert_int_equal(expires_ms, (t->now_ms + LIFE_MS) / 1000 * 1000);
    const char *copy = mc_strdup(&kept, made);
    look_end(t, &txn);
    return copy;
}

static char *solved_for(struct store_test *t, const struct mc_captcha *captcha, const char *whom)
{
    const char *challenge = challenge_of(t, captcha, whom, 0);

    return captcha_payload(&kept, challenge, captcha_solve(challenge));
}

/* "" when it was spent; else the code it was refused with. */
static const char *spend(struct store_test *t, const struct mc_captcha *captcha, const char *whom,
                         const char *solved, unsigned level)
{
    static char code[32];
    struct mc_turn turn;
    struct mc_txn txn;

    code[0] = '\0';
    turn_begin(t, &turn);
    txn_begin(t, &turn, &txn);
    if (!mc_captcha_spend(&txn, captcha, whom, solved, level)) {
        assert_int_equal(txn.violations_len, 1);
        assert_string_equal(txn.violations[0]->field, "captcha");
        (void)snprintf(code, sizeof code, "%s", txn.violations[0]->code);
    }
    assert_int_equal(mc_txn_apply(&txn), code[0] == '\0' ? MC_OK : MC_INVALID);
    assert_int_equal(turn_end(t, &turn), MC_OK);
    return code;
}

static void it_is_for_one_purpose_and_one_thing_once(void **state)
{
    struct store_test *t = *state;
    const char *solved = solved_for(t, &mine, "this");

    assert_string_equal(spend(t, &other, "this", solved, 0), "CAPTCHA_WRONG");
    assert_string_equal(spend(t, &mine, "that", solved, 0), "CAPTCHA_WRONG");
    assert_string_equal(spend(t, &mine, "this", "", 0), "CAPTCHA_REQUIRED");
    assert_string_equal(spend(t, &mine, "this", solved, 1), "CAPTCHA_REQUIRED"); /* too easy */
    assert_string_equal(spend(t, &mine, "this", solved, 0), "");
    assert_string_equal(spend(t, &mine, "this", solved, 0), "CAPTCHA_REQUIRED");
}

static void a_look_or_a_refused_call_spends_none(void **state)
{
    struct store_test *t = *state;
    const char *solved = solved_for(t, &mine, "this");
    struct mc_turn turn;
    struct mc_txn txn;

    look(t, &txn);
    assert_true(mc_captcha_spend(&txn, &mine, "this", solved, 0));
    look_end(t, &txn);
    turn_begin(t, &turn);
    txn_begin(t, &turn, &txn);
    assert_true(mc_captcha_spend(&txn, &mine, "this", solved, 0));
    assert_int_equal(mc_refuse(&txn, MC_INVALID, "title", "FIELD_REQUIRED", NULL), MC_INVALID);
    assert_int_equal(mc_txn_apply(&txn), MC_INVALID);
    assert_int_equal(turn_end(t, &turn), MC_OK);
    assert_string_equal(spend(t, &mine, "this", solved, 0), "");
}

static void it_is_good_until_its_second_is_over(void **state)
{
    struct store_test *t = *state;
    const char *first = solved_for(t, &mine, "this");
    const char *second = solved_for(t, &mine, "this");

    t->now_ms += LIFE_MS - 1;
    assert_string_equal(spend(t, &mine, "this", first, 0), "");
    t->now_ms++;
    assert_string_equal(spend(t, &mine, "this", second, 0), "CAPTCHA_EXPIRED");
    assert_string_equal(spend(t, &mine, "this", first, 0), "CAPTCHA_EXPIRED");
}

/* A solved one of so many characters: the same with spaces in its JSON. */
static char *long_payload(const char *challenge, size_t json_len)
{
    const char *json = mc_sprintf(&kept, "{\"challenge\":%s,\"solution\":{\"counter\":%u}}",
                                  challenge, captcha_solve(challenge));

    return captcha_base64(&kept, mc_sprintf(&kept, "%-*s", (int)json_len, json));
}

static void solved_ones_have_their_length(void **state)
{
    struct store_test *t = *state;
    const char *challenge = challenge_of(t, &mine, "this", 0);
    const size_t longest = MC_CAPTCHA_SOLVED_MAX / 4 * 3;

    assert_int_equal(strlen(long_payload(challenge, longest)), MC_CAPTCHA_SOLVED_MAX);
    assert_string_equal(spend(t, &mine, "this", long_payload(challenge, longest + 1), 0),
                        "CAPTCHA_WRONG");
    assert_string_equal(spend(t, &mine, "this", long_payload(challenge, longest), 0), "");
}

static void levels_are_work(void **state)
{
    static const struct {
        int64_t prefix;
        unsigned level;
        const char *zeros;
        int64_t cost;
    } rows[] = {
        {1, 0, "0", 100},
        {1, 3, "0", 800},
        {1, 4, "00", 100},
        {MC_CAPTCHA_PREFIX_MAX, MC_CAPTCHA_LEVEL_MAX, "000000", 800},
    };
    struct store_test *t = *state;

    for (size_t i = 0; i < MC_LEN(rows); i++) {
        mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
        struct mc_captcha captcha = mine;
        int64_t cost = 0;

        captcha.prefix = rows[i].prefix;
        const char *challenge = challenge_of(t, &captcha, "this", rows[i].level);
        assert_int_equal(mc_json_parse(mc_key_text(challenge), &json), MC_OK);
        assert_string_equal(mc_json_text(json, "parameters.keyPrefix"), rows[i].zeros);
        assert_true(mc_json_number(json, "parameters.cost", &cost));
        assert_int_equal(cost, rows[i].cost);
    }
}

static uint64_t expire(struct store_test *t, unsigned rows)
{
    struct mc_turn turn;
    struct mc_txn txn;

    turn_begin(t, &turn);
    txn_begin(t, &turn, &txn);
    uint64_t gone = mc_captcha_expire(&txn, TABLE_ONE, rows);
    assert_int_equal(mc_txn_apply(&txn), MC_OK);
    assert_int_equal(turn_end(t, &turn), MC_OK);
    return gone;
}

static void spent_ones_are_forgotten_when_they_have_run_out(void **state)
{
    enum { SPENT = 3 };
    struct store_test *t = *state;

    for (int i = 0; i < SPENT; i++)
        assert_string_equal(spend(t, &mine, "this", solved_for(t, &mine, "this"), 0), "");
    t->now_ms += 1000; /* one more, a second younger */
    assert_string_equal(spend(t, &mine, "this", solved_for(t, &mine, "this"), 0), "");
    t->now_ms += LIFE_MS - 1000 - 1;
    assert_int_equal(expire(t, SPENT + 1), 0);
    t->now_ms++;
    assert_int_equal(expire(t, SPENT - 1), SPENT - 1);
    assert_int_equal(expire(t, SPENT + 1), 1);
    t->now_ms += 1000;
    assert_int_equal(expire(t, SPENT + 1), 1);
    assert_int_equal(expire(t, SPENT + 1), 0);
}

static int open_store(void **state)
{
    static struct store_test test;

    store_open(&test, MAP);
    *state = &test;
    return mc_arena_init(&kept, 1 << 20) == MC_OK ? 0 : -1;
}

static int close_store(void **state)
{
    mc_arena_done(&kept);
    store_done(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_store, close_store)
        TEST(it_is_for_one_purpose_and_one_thing_once),
        TEST(a_look_or_a_refused_call_spends_none),
        TEST(it_is_good_until_its_second_is_over),
        TEST(solved_ones_have_their_length),
        TEST(levels_are_work),
        TEST(spent_ones_are_forgotten_when_they_have_run_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
