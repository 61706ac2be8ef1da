/* Budgets beside the phone's: a person's, an officer's, a unit's, an address prefix's (part E). */
#include "otp_help.h"

enum { OFFICER_MOST = 60, SMALL = 3 };

static int open_small(void **state)
{
    static const char *const settings[] = {"otp.sends_identity=3", "otp.sends_unit=3",
                                           "otp.sends_source=3", NULL};
    *state = harness_open(&otp_room, settings);
    return 0;
}

#define SMALL_TEST(test) cmocka_unit_test_setup_teardown(test, open_small, close_room)

/* Always another phone, so that only the budget in question speaks. */
static const char *any_phone(void)
{
    static char phone[16];
    static unsigned next;

    (void)snprintf(phone, sizeof phone, "0912%06u", next++ % 1000000);
    return phone;
}

struct charged {
    const char *identity;
    const char *officer;
    const char *unit_code;
    const char *source;
};

static void issue_for(struct harness *h, unsigned number, const struct charged *who,
                      enum mc_status want)
{
    Otp__IssueRequest request = issue_request(number, any_phone());

    request.identity = text(who->identity != NULL ? who->identity : "");
    request.officer = text(who->officer != NULL ? who->officer : "");
    request.unit_code = text(who->unit_code != NULL ? who->unit_code : "");
    request.source = text(who->source != NULL ? who->source : "");
    as_room(h);
    (void)harness_call(h, "Issue", &request.base, want);
}

static void an_officer_has_sixty_an_hour(void **state)
{
    struct harness *h = *state;
    const struct charged one = {.officer = "officer-1"};
    const struct charged other = {.officer = "officer-2"};

    for (unsigned i = 0; i < OFFICER_MOST; i++)
        issue_for(h, i, &one, MC_OK);
    harness_reopen(h);
    issue_for(h, 100, &one, MC_LIMITED);
    assert_true(harness_violated(h, "officer", "OTP_LIMIT_OFFICER"));
    int64_t wait_ms = harness_header(h)->retry_after_ms;
    assert_true(wait_ms >= HOUR_MS && wait_ms <= HOUR_MS + HOUR_MS / OTP_WINDOW_PIECES);
    assert_non_null(strstr(harness_header(h)->message, " phút"));
    issue_for(h, 101, &other, MC_OK);
    harness_set_clock(h, HARNESS_T0 + wait_ms - 1);
    issue_for(h, 102, &one, MC_LIMITED);
    assert_int_equal(harness_header(h)->retry_after_ms, 1);
    harness_set_clock(h, HARNESS_T0 + wait_ms);
    issue_for(h, 102, &one, MC_OK);
}

static void each_name_has_its_own(void **state)
{
    static const struct {
        struct charged who;
        struct charged other;
        const char *field;
        const char *code;
        int64_t window_ms;
    } cases[] = {
        {{.identity = "a"}, {.identity = "b"}, "identity", "OTP_LIMIT_IDENTITY", 24 * HOUR_MS},
        {{.unit_code = "a"}, {.unit_code = "b"}, "unit_code", "OTP_LIMIT_UNIT", HOUR_MS},
        {{.source = "a"}, {.source = "b"}, "source", "OTP_LIMIT_SOURCE", HOUR_MS},
    };

    for (unsigned i = 0; i < MC_LEN(cases); i++) {
        struct harness *h = *state;
        int64_t begin = harness_now(h);
        unsigned number = 10 * i;

        for (unsigned n = 0; n < SMALL; n++)
            issue_for(h, number + n, &cases[i].who, MC_OK);
        issue_for(h, number + 5, &cases[i].who, MC_LIMITED);
        assert_true(harness_violated(h, cases[i].field, cases[i].code));
        issue_for(h, number + 6, &cases[i].other, MC_OK);
        /* The last piece of time may have begun before the first code was sent, not after. */
        harness_set_clock(h, begin + cases[i].window_ms + cases[i].window_ms / OTP_WINDOW_PIECES);
        issue_for(h, number + 7, &cases[i].who, MC_OK);
        assert_true(harness_header(h)->retry_after_ms == 0);
    }
}

/* Everything that is used up is told, and the time is the longest of them. */
static void all_that_is_used_up_is_told(void **state)
{
    struct harness *h = *state;
    const struct charged who = {.identity = "i", .unit_code = "u", .source = "s"};

    for (unsigned n = 0; n < SMALL; n++)
        issue_for(h, n, &who, MC_OK);
    size_t jobs = harness_jobs(h, OTP_LANE_OTP);
    issue_for(h, 10, &who, MC_LIMITED);
    assert_true(harness_violated(h, "identity", "OTP_LIMIT_IDENTITY"));
    assert_true(harness_violated(h, "unit_code", "OTP_LIMIT_UNIT"));
    assert_true(harness_violated(h, "source", "OTP_LIMIT_SOURCE"));
    assert_true(harness_header(h)->retry_after_ms > 22 * HOUR_MS);
    assert_int_equal(harness_jobs(h, OTP_LANE_OTP), jobs);

    /* What one refuses charges no other. */
    const struct charged fresh = {.identity = "fresh", .unit_code = "u"};
    const struct charged alone = {.identity = "fresh"};
    for (unsigned n = 0; n < 2 * SMALL; n++)
        issue_for(h, 20 + n, &fresh, MC_LIMITED);
    issue_for(h, 30, &alone, MC_OK);
}

static void a_resend_is_charged_like_its_first_code(void **state)
{
    struct harness *h = *state;
    const struct charged who = {.identity = "i"};

    issue_for(h, 1, &who, MC_OK);
    for (unsigned n = 0; n < SMALL - 1; n++) {
        harness_advance(h, MINUTE_MS);
        (void)resend(h, 1, MC_OK);
    }
    harness_advance(h, MINUTE_MS);
    (void)resend(h, 1, MC_LIMITED);
    assert_true(harness_violated(h, "identity", "OTP_LIMIT_IDENTITY"));
}

static void names_have_a_longest_length(void **state)
{
    struct harness *h = *state;
    char name[OTP_WHO_MAX + 2];
    const struct charged who = {name, name, name, name};

    memset(name, 'n', sizeof name);
    name[OTP_WHO_MAX] = '\0';
    issue_for(h, 1, &who, MC_OK);
    name[OTP_WHO_MAX] = 'n';
    name[OTP_WHO_MAX + 1] = '\0';
    issue_for(h, 2, &who, MC_INVALID);
    assert_true(harness_violated(h, "identity", "FIELD_TOO_LONG"));
    assert_true(harness_violated(h, "officer", "FIELD_TOO_LONG"));
    assert_true(harness_violated(h, "unit_code", "FIELD_TOO_LONG"));
    assert_true(harness_violated(h, "source", "FIELD_TOO_LONG"));
    name[1] = '\n';
    name[2] = '\0';
    issue_for(h, 2, &who, MC_INVALID);
    assert_true(harness_violated(h, "source", "FIELD_INVALID"));
}

static void what_counts_no_more_is_forgotten(void **state)
{
    struct harness *h = *state;
    const struct charged hour = {.officer = "o"};
    const struct charged day = {.identity = "i"};

    issue_for(h, 1, &hour, MC_OK);
    issue_for(h, 2, &day, MC_OK);
    for (int i = 0; i < 3; i++) {
        harness_advance(h, 25 * MINUTE_MS);
        harness_tick(h);
    }
    for (int i = 0; i < 3; i++)
        harness_tick(h);
    assert_int_equal(harness_rows(h, OTP_BUDGETS), 1);
    harness_advance(h, 26 * HOUR_MS);
    for (int i = 0; i < 5; i++) {
        harness_tick(h);
        harness_advance(h, MINUTE_MS);
    }
    assert_int_equal(harness_rows(h, OTP_BUDGETS), 0);
}

/* A window beside a plain list of times, over a long random walk. */
static void a_window_is_never_shorter_than_it_says(void **state)
{
    enum { STEPS = 4000, MOST = 7 };
    static int64_t sent[STEPS];
    struct harness *h = *state;
    struct mc_arena *arena = calloc(1, sizeof *arena);
    struct mc_random_seeded seed;
    struct mc_random random = mc_random_seed(&seed, 3);
    const OtpState__Window *window = NULL;
    const int64_t window_ms = HOUR_MS;
    int64_t now = HARNESS_T0;
    size_t len = 0;

    (void)h;
    assert_non_null(arena);
    assert_int_equal(mc_arena_init(arena, 64 << 20), MC_OK);
    struct mc_txn txn = {.arena = arena};
    for (int i = 0; i < STEPS; i++) {
        size_t within = 0;
        size_t nearly = 0;

        now += (int64_t)mc_random_below(&random, 6 * MINUTE_MS);
        for (size_t n = 0; n < len; n++) {
            within += sent[n] > now - window_ms;
            nearly += sent[n] > now - window_ms - window_ms / OTP_WINDOW_PIECES;
        }
        uint64_t sum = otp_window_sum(window, now, window_ms, 0);
        assert_true(sum >= within && sum <= nearly);
        int64_t at = otp_window_free_at(window, now, window_ms, MOST);
        if (at != 0) {
            assert_true(at > now && sum >= MOST);
            assert_true(otp_window_sum(window, at - 1, window_ms, 0) >= MOST);
            assert_true(otp_window_sum(window, at, window_ms, 0) < MOST);
            continue;
        }
        txn.now_ms = now;
        window = otp_window_add(&txn, window, window_ms, now, 1);
        assert_non_null(window);
        assert_true(window->n_counts <= OTP_WINDOW_PIECES + 1);
        sent[len++] = now;
        assert_true(within < MOST);
    }
    mc_arena_done(arena);
    free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(an_officer_has_sixty_an_hour),
        SMALL_TEST(each_name_has_its_own),
        SMALL_TEST(all_that_is_used_up_is_told),
        SMALL_TEST(a_resend_is_charged_like_its_first_code),
        ROOM_TEST(names_have_a_longest_length),
        ROOM_TEST(what_counts_no_more_is_forgotten),
        ROOM_TEST(a_window_is_never_shorter_than_it_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
