/* The order of a timeline, and the table of sentences. */
#include <stdio.h>
#include <string.h>

#include "../harness.h"
#include "services/audit/audit.h"
#include "services/audit/order.h"

static char *text(const char *literal)
{
    return mc_unconst(literal);
}

static void places(void **state)
{
    static const struct {
        const char *text;
        uint64_t want_seq; /* 0: not one */
    } cases[] = {
        {"dossier/42", 42},
        {"a/1", 1},
        {"a/18446744073709551615", UINT64_MAX},
        {"", 0},
        {"dossier", 0},
        {"dossier/", 0},
        {"/42", 0},
        {"dossier/0", 0},
        {"dossier/4x", 0},
        {"dossier/-1", 0},
        {"a/18446744073709551616", 0},
    };
    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct audit_place place;
        bool got = audit_place_parse(cases[i].text, &place);
        assert_int_equal(got, cases[i].want_seq != 0);
        if (got)
            assert_int_equal(place.seq, cases[i].want_seq);
    }
}

struct line {
    const char *room;
    uint64_t seq;
    int64_t at_ms;
    const char *cause_event;
};

/* Orders the lines and writes "room/seq" of each, with blanks between. */
static void assert_order(const struct line *lines, size_t n, const char *want)
{
    Audit__Entry entries[16];
    Audit__Entry *list[16];
    struct mc_arena arena;
    char got[256] = "";
    size_t len = 0;

    assert_true(n <= MC_LEN(entries));
    assert_int_equal(mc_arena_init(&arena, 1 << 20), MC_OK);
    for (size_t i = 0; i < n; i++) {
        audit__entry__init(&entries[i]);
        entries[i].room = text(lines[i].room);
        entries[i].seq = lines[i].seq;
        entries[i].at_ms = lines[i].at_ms;
        entries[i].cause_event = text(lines[i].cause_event);
        list[i] = &entries[i];
    }
    assert_true(audit_order(&arena, list, n));
    for (size_t i = 0; i < n; i++)
        len += (size_t)snprintf(got + len, sizeof got - len, "%s%s/%llu", i > 0 ? " " : "",
                                list[i]->room, (unsigned long long)list[i]->seq);
    assert_string_equal(got, want);
    mc_arena_done(&arena);
}

/* The payment room's clock is a minute behind: its answer still comes after what it answers. */
static void causes_come_before_effects(void **state)
{
    static const struct line lines[] = {
        {"payment", 1, 1000, "dossier/2"},  {"notification", 1, 500, "payment/1"},
        {"dossier", 2, 60000, ""},          {"dossier", 1, 59000, ""},
        {"dossier", 3, 60500, "payment/1"},
    };
    (void)state;
    assert_order(lines, MC_LEN(lines), "dossier/1 dossier/2 payment/1 notification/1 dossier/3");
}

static void time_decides_between_rooms_then_name(void **state)
{
    static const struct line lines[] = {
        {"payment", 9, 30, ""},
        {"otp", 5, 20, ""},
        {"dossier", 4, 20, ""},
        {"identity", 7, 10, ""},
    };
    (void)state;
    assert_order(lines, MC_LEN(lines), "identity/7 dossier/4 otp/5 payment/9");
}

/* A journal's own order stands even when the clock was set back within it. */
static void a_journal_keeps_its_order(void **state)
{
    static const struct line lines[] = {
        {"dossier", 2, 100, ""}, {"dossier", 1, 900, ""}, {"otp", 1, 500, ""}};
    (void)state;
    assert_order(lines, MC_LEN(lines), "otp/1 dossier/1 dossier/2");
}

static void causes_outside_and_circles_do_not_stop_it(void **state)
{
    static const struct line outside[] = {{"otp", 2, 10, "dossier/77"}, {"otp", 1, 5, "nonsense"}};
    static const struct line circle[] = {{"a", 1, 10, "b/1"}, {"b", 1, 20, "a/1"}};
    static const struct line self[] = {{"a", 1, 10, "a/1"}};

    (void)state;
    assert_order(outside, MC_LEN(outside), "otp/1 otp/2");
    assert_order(circle, MC_LEN(circle), "a/1 b/1");
    assert_order(self, MC_LEN(self), "a/1");
    assert_order(self, 0, "");
}

/* "otp/1" is not the cause "otpx/1" names, nor the other way round. */
static void room_names_are_whole(void **state)
{
    static const struct line lines[] = {
        {"otp", 1, 90, ""}, {"otpx", 1, 50, ""}, {"z", 1, 10, "otpx/1"}, {"y", 1, 20, "otp/1"}};
    (void)state;
    assert_order(lines, MC_LEN(lines), "otpx/1 z/1 otp/1 y/1");
}

/* The table is read at boot: a bad one stops it. */
static void summaries_that_do_not_fit(void **state)
{
    static const char *const bad[] = {"", "type,summary_vi\na.b,\n",
                                      "type,summary_vi\na.b,Một\na.b,Hai\n",
                                      "type,summary_vi\n\"a.b,Một\n"};
    struct audit *audit = test_calloc(1, sizeof *audit);

    (void)state;
    for (size_t i = 0; i < MC_LEN(bad); i++)
        assert_int_equal(audit_summaries_read(audit, mc_key_text(bad[i])), MC_INVALID);
    assert_int_equal(audit_summaries_read(audit, mc_key_text("type,summary_vi\na.b,Một\n")), MC_OK);
    assert_string_equal(audit_summary_of(audit, "a.b"), "Một");
    assert_null(audit_summary_of(audit, "a.c"));
    test_free(audit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(places),
        cmocka_unit_test(causes_come_before_effects),
        cmocka_unit_test(time_decides_between_rooms_then_name),
        cmocka_unit_test(a_journal_keeps_its_order),
        cmocka_unit_test(causes_outside_and_circles_do_not_stop_it),
        cmocka_unit_test(room_names_are_whole),
        cmocka_unit_test(summaries_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
