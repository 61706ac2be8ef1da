#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off: cmocka wants these four before it */
#include <cmocka.h>
/* clang-format on */

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/envelope.h"

#include "store_model.h"

enum { MAP = 32 << 20, SMALL_MAP = 1 << 20 };

static const char canary[] = "CANARY 0869123603 Nguyen Van A";

/* --- the write buffer --- */

static void a_call_reads_what_it_wrote(void **state)
{
    struct store_test t;
    struct mc_turn turn;
    struct mc_txn txn;
    struct mc_bytes value;

    (void)state;
    store_open(&t, MAP);
    put_one(&t, "old", "1");
    turn_begin(&t, &turn);
    txn_begin(&t, &turn, &txn);
    mc_put(&txn, TABLE_ONE, text("new"), text("2"));
    assert_true(mc_get(&txn, TABLE_ONE, text("new"), &value));
    assert_memory_equal(value.data, "2", 1);
    assert_false(mc_get(&txn, TABLE_TWO, text("new"), &value)); /* another table */
    mc_put(&txn, TABLE_ONE, text("old"), text("3"));
    assert_true(mc_get(&txn, TABLE_ONE, text("old"), &value));
    assert_memory_equal(value.data, "3", 1);
    mc_drop(&txn, TABLE_ONE, text("old"));
    assert_false(mc_get(&txn, TABLE_ONE, text("old"), &value));
    mc_put(&txn, TABLE_ONE, text("empty"), (struct mc_bytes){0});
    assert_true(mc_get(&txn, TABLE_ONE, text("empty"), &value));
    assert_int_equal(value.len, 0);
    assert_int_equal(txn.status, MC_OK);
    mc_turn_abort(&turn);
    store_done(&t);
}

static void a_refused_call_leaves_nothing(void **state)
{
    struct store_test t;
    struct mc_turn turn;
    struct mc_txn txn;
    Motcua__SessionRevoked body = MOTCUA__SESSION_REVOKED__INIT;

    (void)state;
    store_open(&t, MAP);
    turn_begin(&t, &turn);
    txn_begin(&t, &turn, &txn);
    mc_put(&txn, TABLE_ONE, text("a"), text("1"));
    (void)mc_count(&txn, "n");
    mc_emit(&txn, "test.happened", &body.base, MC_PLAIN, NULL);
    assert_int_equal(mc_refuse(&txn, MC_CONFLICT, "a", "CONFLICT", NULL), MC_CONFLICT);
    assert_int_equal(mc_txn_apply(&txn), MC_CONFLICT);
    assert_int_equal(turn.status, MC_OK);
    assert_int_equal(turn_end(&t, &turn), MC_OK);
    assert_string_equal(get_one(&t, "a"), "");
    assert_int_equal(mc_store_counts(t.store)->journal_last, 0);
    turn_begin(&t, &turn);
    txn_begin(&t, &turn, &txn);
    assert_int_equal(mc_count(&txn, "n"), 1);
    mc_turn_abort(&turn);
    store_done(&t);
}

static void errors_stick(void **state)
{
    struct store_test t;
    struct mc_turn turn;
    struct mc_txn txn;
    struct mc_bytes value;

    (void)state;
    store_open(&t, MAP);
    put_one(&t, "a", "1");
    turn_begin(&t, &turn);
    txn_begin(&t, &turn, &txn);
    (void)mc_refuse(&txn, MC_EXPIRED, "x", "FIELD_REQUIRED", "field", "x", NULL);
    (void)mc_refuse(&txn, MC_INVALID, "y", "FIELD_INVALID", NULL);
    assert_int_equal(txn.status, MC_EXPIRED); /* the first decides */
    assert_int_equal(txn.violations_len, 2);  /* both are told */
    assert_string_equal(txn.violations[1]->field, "y");
    assert_false(mc_get(&txn, TABLE_ONE, text("a"), &value));
    assert_int_equal(mc_count(&txn, "n"), 0);
    struct mc_cursor cursor =
        mc_seek(&txn, TABLE_ONE, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    assert_false(mc_next(&cursor));
    assert_int_equal(mc_seal_text(&txn, "x").len, 0);
    assert_int_equal(mc_txn_apply(&txn), MC_EXPIRED);
    assert_int_equal(turn_end(&t, &turn), MC_OK);
    assert_string_equal(get_one(&t, "a"), "1");
    store_done(&t);
}

static void violations_stop_at_100(void **state)
{
    struct store_test t;
    struct mc_turn turn;
    struct mc_txn txn;

    (void)state;
    store_open(&t, MAP);
    turn_begin(&t, &turn);
    txn_begin(&t, &turn, &txn);
    for (int i = 0; i < MC_VIOLATIONS_MAX + 20; i++)
        (void)mc_refuse(&txn, MC_INVALID, "x", "FIELD_INVALID", NULL);
    assert_int_equal(txn.violations_len, MC_VIOLATIONS_MAX);
    mc_turn_abort(&turn);
    store_done(&t);
}

static void one_refused_call_does_not_spoil_the_others(void **state)
{
    struct store_test t;
    struct mc_turn turn;
    struct mc_txn txn;

    (void)state;
    store_open(&t, MAP);
    turn_begin(&t, &turn);
    for (int i = 0; i < 3; i++) {
        const char *const names[] = {"first", "second", "third"};

        txn_begin(&t, &turn, &txn);
        mc_put(&txn, TABLE_ONE, text(names[i]), text("here"));
        mc_put(&txn, TABLE_ONE, text("last"), text(names[i])); /* in order: the later wins */
        if (i == 1)
            (void)mc_fail(&txn, MC_LIMITED, "test");
        else
            assert_int_equal(mc_count(&txn, "n"), i == 0 ? 1 : 2);
        (void)mc_txn_apply(&txn);
    }
    assert_int_equal(turn_end(&t, &turn), MC_OK);
    assert_string_equal(get_one(&t, "first"), "here");
    assert_string_equal(get_one(&t, "second"), "");
    assert_string_equal(get_one(&t, "third"), "here");
    assert_string_equal(get_one(&t, "last"), "third");
    store_done(&t);
}

/* Notices of one turn are read in the order they were made. */
static void ids_keep_their_order(void **state)
{
    struct store_test t;
    uint8_t before[MC_ID_LEN] = {0};
    uint8_t id[MC_ID_LEN];
    int64_t ms = 0;

    (void)state;
    store_open(&t, MAP);
    for (int i = 0; i < 10000;
         i++) { /* more than 4,096 in one millisecond; then the clock goes back */
        mc_store_id(t.store, id, i < 9000 ? STORE_T0 : STORE_T0 - 1000, &t.random);
        assert_true(memcmp(before, id, sizeof id) < 0);
        assert_true(mc_uuid7_time(id, &ms) && ms >= STORE_T0 && ms <= STORE_T0 + 2);
        memcpy(before, id, sizeof id);
    }
    mc_store_id(t.store, id, STORE_T0 + 10, &t.random);
    assert_true(memcmp(before, id, sizeof id) < 0);
    assert_true(mc_uuid7_time(id, &ms) && ms == STORE_T0 + 10);
    store_done(&t);
}

static void a_turn_without_writes_does_not_flush(void **state)
{
    struct store_test t;
    struct mc_turn turn;
    struct mc_txn txn;
    struct mc_store_usage usage;

    (void)state;
    store_open(&t, MAP);
    turn_begin(&t, &turn);
    txn_begin(&t, &turn, &txn);
    assert_int_equal(mc_txn_apply(&txn), MC_OK);
    assert_int_equal(turn_end(&t, &turn), MC_OK);
    mc_store_usage(t.store, &usage);
    assert_int_equal(usage.commits, 0);
    put_one(&t, "a", "1");
    mc_store_usage(t.store, &usage);
    assert_int_equal(usage.commits, 1);
    store_done(&t);
}

/* Thousands of random histories against a sorted array. */
static void the_store_is_a_sorted_array(void **state)
{
    struct model *model = calloc(1, sizeof *model);
    struct mc_random_seeded seeded;
    uint8_t bytes[2000];

    (void)state;
    assert_non_null(model);
    for (uint64_t seed = 1; seed <= 100; seed++) { /* about 30,000 operations, 8,000 walks */
        struct mc_random random = mc_random_seed(&seeded, seed);
        struct store_test t;

        mc_random_fill(&random, bytes, sizeof bytes);
        store_open(&t, MAP);
        model_run(model, &t, bytes, sizeof bytes);
        store_done(&t);
    }
    free(model);
}

/* --- cursors --- */

static void walk_all(struct mc_txn *txn, const char *prefix, const char *from,
                     enum mc_direction direction, char *ret_keys)
{
    struct mc_cursor cursor = mc_seek(txn, TABLE_ONE, text(prefix), text(from), direction);

    *ret_keys = '\0';
    while (mc_next(&cursor))
        (void)sprintf(ret_keys + strlen(ret_keys), "%.*s ", (int)cursor.key.len,
                      (const char *)cursor.key.data);
}

static void cursors_keep_to_prefix_and_from(void **state)
{
    static const struct {
        const char *prefix;
        const char *from;
        enum mc_direction direction;
        const char *want;
    } cases[] = {
        {"", "", MC_FORWARD, "a b b1 b2 b3 c "},
        {"", "", MC_BACKWARD, "c b3 b2 b1 b a "},
        {"b", "", MC_FORWARD, "b b1 b2 b3 "},
        {"b", "", MC_BACKWARD, "b3 b2 b1 b "},
        {"b", "b2", MC_FORWARD, "b2 b3 "},
        {"b", "b2", MC_BACKWARD, "b1 b "},
        {"b", "a", MC_FORWARD, "b b1 b2 b3 "},  /* from before the prefix */
        {"b", "c", MC_BACKWARD, "b3 b2 b1 b "}, /* from after it */
        {"b", "c", MC_FORWARD, ""},
        {"b", "a", MC_BACKWARD, ""},
        {"x", "", MC_FORWARD, ""},
        {"x", "", MC_BACKWARD, ""},
        {"\xff", "", MC_BACKWARD, ""},
    };
    struct store_test t;
    struct mc_turn turn;
    struct mc_txn txn;
    char keys[256];

    (void)state;
    store_open(&t, MAP);
    put_one(&t, "a", "");
    put_one(&t, "b", "");
    put_one(&t, "b2", "");
    put_one(&t, "bx", "");
    put_one(&t, "c", "");
    turn_begin(&t, &turn);
    txn_begin(&t, &turn, &txn);
    mc_put(&txn, TABLE_ONE, text("b1"), text(""));
    mc_put(&txn, TABLE_ONE, text("b3"), text(""));
    mc_put(&txn, TABLE_ONE, text("b"), text("again"));
    mc_drop(&txn, TABLE_ONE, text("bx"));
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        walk_all(&txn, cases[i].prefix, cases[i].from, cases[i].direction, keys);
        assert_string_equal(keys, cases[i].want);
    }
    mc_turn_abort(&turn);
    store_done(&t);
}

static void a_long_walk_fits_a_small_budget(void **state)
{
    struct store_test t;
    struct mc_turn turn;
    struct mc_txn txn;
    char value[1000];
    size_t rows = 0;

    (void)state;
    memset(value, 'v', sizeof value);
    store_open(&t, MAP);
    turn_begin(&t, &turn);
    for (int i = 0; i < 1000; i++) {
        char key[16];

        (void)snprintf(key, sizeof key, "%06d", i);
        txn_begin(&t, &turn, &txn);
        mc_put(&txn, TABLE_ONE, text(key), (struct mc_bytes){value, sizeof value});
        assert_int_equal(mc_txn_apply(&txn), MC_OK);
    }
    assert_int_equal(turn_end(&t, &turn), MC_OK);

    look(&t, &txn);
    mc_arena_budget(&t.arena, 8192);
    struct mc_cursor cursor =
        mc_seek(&txn, TABLE_ONE, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    for (; mc_next(&cursor); rows++)
        mc_pass(&cursor);
    assert_int_equal(rows, 1000);
    assert_int_equal(txn.status, MC_OK);

    cursor = mc_seek(&txn, TABLE_ONE, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    while (mc_next(&cursor))
        ;
    assert_int_equal(txn.status, MC_LIMITED); /* without it the budget ends the call */
    look_end(&t, &txn);
    store_done(&t);
}

/* --- limits --- */

static void keys_at_the_limit(void **state)
{
    struct store_test t;
    struct mc_turn turn;
    struct mc_txn txn;
    struct mc_bytes value;
    char key[MC_KEY_MAX + 1];
    const struct mc_bytes most = {key, MC_KEY_MAX};
    const struct mc_bytes over = {key, MC_KEY_MAX + 1};

    (void)state;
    memset(key, 0xff, sizeof key);
    store_open(&t, MAP);
    turn_begin(&t, &turn);
    txn_begin(&t, &turn, &txn);
    mc_put(&txn, TABLE_ONE, most, text("at"));
    assert_int_equal(mc_txn_apply(&txn), MC_OK);
    assert_int_equal(turn_end(&t, &turn), MC_OK);

    turn_begin(&t, &turn);
    txn_begin(&t, &turn, &txn);
    assert_true(mc_get(&txn, TABLE_ONE, most, &value));
    assert_false(mc_get(&txn, TABLE_ONE, over, &value)); /* nobody's */
    assert_false(mc_get(&txn, TABLE_ONE, (struct mc_bytes){"", 0}, &value));
    mc_drop(&txn, TABLE_ONE, over);
    for (int backward = 0; backward < 2; backward++) {
        enum mc_direction direction = backward ? MC_BACKWARD : MC_FORWARD;
        struct mc_cursor cursor = mc_seek(&txn, TABLE_ONE, most, (struct mc_bytes){0}, direction);
        assert_true(mc_next(&cursor));
        assert_false(mc_next(&cursor));
        cursor = mc_seek(&txn, TABLE_ONE, over, (struct mc_bytes){0}, direction);
        assert_false(mc_next(&cursor));
        cursor = mc_seek(&txn, TABLE_ONE, (struct mc_bytes){0}, over, direction);
        assert_true(mc_next(&cursor) == (direction == MC_BACKWARD));
    }
    assert_int_equal(txn.status, MC_OK);
    mc_put(&txn, TABLE_ONE, over, text("x"));
    assert_int_equal(txn.status, MC_INVALID);
    txn_begin(&t, &turn, &txn);
    mc_put(&txn, TABLE_ONE, (struct mc_bytes){"", 0}, text("x"));
    assert_int_equal(txn.status, MC_INVALID);
    mc_turn_abort(&turn);
    store_done(&t);
}

static void values_at_the_limit(void **state)
{
    struct store_test t;
    struct mc_turn turn;
    struct mc_txn txn;
    struct mc_bytes value;
    uint8_t *big = calloc(1, MC_VALUE_MAX + 1);

    (void)state;
    assert_non_null(big);
    store_open(&t, MAP);
    turn_begin(&t, &turn);
    txn_begin(&t, &turn, &txn);
    mc_put(&txn, TABLE_ONE, text("big"), (struct mc_bytes){big, MC_VALUE_MAX});
    assert_int_equal(mc_txn_apply(&txn), MC_OK);
    txn_begin(&t, &turn, &txn);
    assert_true(mc_get(&txn, TABLE_ONE, text("big"), &value));
    assert_int_equal(value.len, MC_VALUE_MAX);
    mc_put(&txn, TABLE_ONE, text("bigger"), (struct mc_bytes){big, MC_VALUE_MAX + 1});
    assert_int_equal(txn.status, MC_LIMITED);
    assert_int_equal(mc_txn_apply(&txn), MC_LIMITED);
    assert_int_equal(turn_end(&t, &turn), MC_OK);
    free(big);
    store_done(&t);
}

static void events_at_the_limit(void **state)
{
    struct store_test t;
    struct mc_turn turn;
    struct mc_txn txn;
    Motcua__SessionRevoked body = MOTCUA__SESSION_REVOKED__INIT;
    char *long_text = calloc(1, MC_EVENT_MAX + 1);

    (void)state;
    assert_non_null(long_text);
    memset(long_text, 'x', MC_EVENT_MAX - 4); /* tag, and three bytes of length */
    body.session_id = long_text;
    store_open(&t, MAP);
    turn_begin(&t, &turn);
    txn_begin(&t, &turn, &txn);
    mc_emit(&txn, "test.long", &body.base, MC_SEALED, NULL);
    assert_int_equal(mc_txn_apply(&txn), MC_OK);
    long_text[MC_EVENT_MAX - 4] = 'x';
    txn_begin(&t, &turn, &txn);
    mc_emit(&txn, "test.long", &body.base, MC_SEALED, NULL);
    assert_int_equal(mc_txn_apply(&txn), MC_LIMITED);
    assert_int_equal(turn_end(&t, &turn), MC_OK);
    assert_int_equal(mc_store_counts(t.store)->journal_last, 1);
    free(long_text);
    store_done(&t);
}

/* --- counters and events --- */

static void counters_and_sequences_survive_reopening(void **state)
{
    struct store_test t;
    uint64_t number = 0;

    (void)state;
    store_open(&t, MAP);
    for (int round = 0; round < 20; round++) {
        struct mc_turn turn;

        turn_begin(&t, &turn);
        for (int call = 0; call < 3; call++) {
            Motcua__SessionRevoked body = MOTCUA__SESSION_REVOKED__INIT;
            struct mc_txn txn;

            txn_begin(&t, &turn, &txn);
            mc_emit(&txn, "test.happened", &body.base, MC_PLAIN, NULL);
            uint64_t got = mc_count(&txn, "n");
            assert_int_equal(got, number + 1);
            if (call == 1)
                (void)mc_fail(&txn, MC_CONFLICT, "test");
            if (mc_txn_apply(&txn) == MC_OK)
                number++;
        }
        assert_int_equal(turn_end(&t, &turn), MC_OK);
        assert_int_equal(mc_store_counts(t.store)->journal_last, number);
        if (round % 3 == 0)
            store_reopen(&t);
    }
    assert_int_equal(number, 40);
    store_done(&t);
}

static bool file_holds(const char *dir, const char *needle)
{
    char path[128];
    struct stat info;
    bool found = false;

    (void)snprintf(path, sizeof path, "%s/data.mdb", dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &info), 0);
    char *bytes = malloc((size_t)info.st_size);
    assert_non_null(bytes);
    assert_int_equal(read(fd, bytes, (size_t)info.st_size), info.st_size);
    found = memmem(bytes, (size_t)info.st_size, needle, strlen(needle)) != NULL;
    free(bytes);
    (void)close(fd);
    return found;
}

static void sealed_events_are_not_plain_on_disk(void **state)
{
    for (int sealed = 0; sealed < 2; sealed++) {
        const char *const keys[] = {"account:1", "dossier:2", NULL};
        Motcua__SessionRevoked body = MOTCUA__SESSION_REVOKED__INIT;
        Motcua__Event *event = NULL;
        struct store_test t;
        struct mc_turn turn;
        struct mc_txn txn;

        (void)state;
        store_open(&t, MAP);
        body.session_id = mc_unconst(canary);
        turn_begin(&t, &turn);
        txn_begin(&t, &turn, &txn);
        mc_emit(&txn, "test.sealed", &body.base, sealed ? MC_SEALED : MC_PLAIN, keys);
        assert_int_equal(mc_txn_apply(&txn), MC_OK);
        assert_int_equal(turn_end(&t, &turn), MC_OK);
        assert_true(file_holds(t.dir, canary) ==
                    !sealed); /* the plain one shows the search works */

        look(&t, &txn);
        assert_int_equal(mc_journal_read(&txn, 0, &event, 1, SIZE_MAX), 1);
        assert_false(event->sealed);
        assert_int_equal(event->n_keys, 2);
        assert_string_equal(event->keys[1], "dossier:2");
        assert_string_equal(event->actor, "room:test");
        Motcua__SessionRevoked *opened =
            motcua__session_revoked__unpack(NULL, event->body.len, event->body.data);
        assert_non_null(opened);
        assert_string_equal(opened->session_id, canary);
        motcua__session_revoked__free_unpacked(opened, NULL);
        look_end(&t, &txn);
        store_done(&t);
    }
}

static void journal_reads_are_bounded(void **state)
{
    struct store_test t;
    struct mc_turn turn;
    struct mc_txn txn;
    Motcua__Event *events[8];

    (void)state;
    store_open(&t, MAP);
    turn_begin(&t, &turn);
    txn_begin(&t, &turn, &txn);
    for (int i = 0; i < 5; i++) {
        Motcua__SessionRevoked body = MOTCUA__SESSION_REVOKED__INIT;
        mc_emit(&txn, "test.happened", &body.base, MC_PLAIN, NULL);
    }
    assert_int_equal(mc_txn_apply(&txn), MC_OK);
    assert_int_equal(turn_end(&t, &turn), MC_OK);
    look(&t, &txn);
    assert_int_equal(mc_journal_read(&txn, 0, events, 2, SIZE_MAX), 2);
    assert_int_equal(mc_journal_read(&txn, 2, events, 8, SIZE_MAX), 3);
    assert_int_equal(events[0]->seq, 3);
    assert_int_equal(mc_journal_read(&txn, 0, events, 8, 1), 1); /* never none: it would stall */
    assert_int_equal(mc_journal_read(&txn, 5, events, 8, SIZE_MAX), 0);
    look_end(&t, &txn);
    store_done(&t);
}

static void sealed_values_open_or_are_corrupt(void **state)
{
    struct store_test t;
    struct mc_turn turn;
    struct mc_txn txn;

    (void)state;
    store_open(&t, MAP);
    turn_begin(&t, &turn);
    txn_begin(&t, &turn, &txn);
    ProtobufCBinaryData sealed = mc_seal_text(&txn, canary);
    assert_string_equal(mc_open_text(&txn, sealed), canary);
    assert_string_equal(mc_open_text(&txn, (ProtobufCBinaryData){0}), ""); /* never set */
    assert_int_equal(txn.status, MC_OK);
    struct mc_bytes one = mc_blind(&txn, "phone", "0869123603");
    assert_int_equal(one.len, 16);
    assert_memory_equal(one.data, mc_blind(&txn, "phone", "0869123603").data, 16);
    assert_memory_not_equal(one.data, mc_blind(&txn, "id", "0869123603").data, 16);
    sealed.data[sealed.len - 1] ^= 1;
    assert_string_equal(mc_open_text(&txn, sealed), "");
    assert_int_equal(txn.status, MC_CORRUPT);
    txn_begin(&t, &turn, &txn);
    sealed.len = MC_SEAL_OVERHEAD - 1;
    assert_string_equal(mc_open_text(&txn, sealed), "");
    assert_int_equal(txn.status, MC_CORRUPT);
    mc_turn_abort(&turn);
    store_done(&t);
}

/* --- bit rot: LMDB has no checksums, so a flipped bit must be ours to see --- */

enum { ROT_ROWS = 200, ROT_FLIPS = 400 };
enum { SEEN_WRONG = 1, SEEN_CORRUPT = 2, SEEN_MISSING = 4, SEEN_CLOSED = 8 };

static void rot_row(int i, char *key, char *value)
{
    (void)sprintf(key, "key-%04d", i);
    (void)sprintf(value, "value-%04d-%0*d", i, 20 + i, i * 7919);
}

static void rot_write(struct store_test *t)
{
    for (int i = 0; i < ROT_ROWS; i++) {
        Motcua__SessionRevoked body = MOTCUA__SESSION_REVOKED__INIT;
        char key[16];
        char value[300];
        struct mc_turn turn;
        struct mc_txn txn;

        rot_row(i, key, value);
        turn_begin(t, &turn);
        txn_begin(t, &turn, &txn);
        mc_put(&txn, TABLE_ONE, text(key), text(value));
        body.until_ms = i + 1;
        mc_emit(&txn, "test.rot", &body.base, i % 2 ? MC_SEALED : MC_PLAIN, NULL);
        must(mc_txn_apply(&txn) == MC_OK);
        must(turn_end(t, &turn) == MC_OK);
    }
}

static int rot_seen(enum mc_status status)
{
    return status == MC_OK                           ? 0
           : status == MC_CORRUPT || status == MC_IO ? SEEN_CORRUPT
                                                     : SEEN_WRONG;
}

static int rot_gets(struct store_test *t)
{
    int seen = 0;

    for (int i = 0; i < ROT_ROWS; i++) {
        struct mc_bytes value;
        struct mc_txn txn;
        char key[16];
        char want[300];

        rot_row(i, key, want);
        look(t, &txn);
        if (mc_get(&txn, TABLE_ONE, text(key), &value))
            seen |= bytes_compare(value, text(want)) != 0 ? SEEN_WRONG : 0;
        else
            seen |= txn.status == MC_OK ? SEEN_MISSING : rot_seen(txn.status);
        look_end(t, &txn);
    }
    return seen;
}

static int rot_walk(struct store_test *t)
{
    struct mc_txn txn;
    int seen = 0;
    int rows = 0;

    look(t, &txn);
    struct mc_cursor cursor =
        mc_seek(&txn, TABLE_ONE, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    for (; rows <= ROT_ROWS && mc_next(&cursor); rows++) {
        char key[16];
        char want[300];
        int i = cursor.key.len == 8 ? (int)strtol((const char *)cursor.key.data + 4, NULL, 10) : -1;

        rot_row(i, key, want);
        if (bytes_compare(cursor.key, text(key)) != 0 ||
            bytes_compare(cursor.value, text(want)) != 0)
            seen |= SEEN_WRONG;
    }
    seen |= rot_seen(txn.status);
    look_end(t, &txn);
    return seen | (rows < ROT_ROWS ? SEEN_MISSING : 0);
}

static int rot_journal(struct store_test *t)
{
    struct mc_txn txn;
    uint64_t after = 0;
    int seen = 0;
    Motcua__Event *event = NULL;

    look(t, &txn);
    while (mc_journal_read(&txn, after, &event, 1, SIZE_MAX) == 1) {
        Motcua__SessionRevoked *body =
            motcua__session_revoked__unpack(NULL, event->body.len, event->body.data);

        if (event->seq <= after || body == NULL || body->until_ms != (int64_t)event->seq)
            seen |= SEEN_WRONG;
        motcua__session_revoked__free_unpacked(body, NULL);
        after = event->seq;
    }
    seen |= rot_seen(txn.status);
    look_end(t, &txn);
    return seen | (after < ROT_ROWS ? SEEN_MISSING : 0);
}

/* In a process of its own: LMDB itself may fall over a broken page. */
static int rot_child(const char *dir, size_t map_size)
{
    struct store_test t = {.map_size = map_size};
    uint8_t key[MC_KEY_LEN] = {7};
    static const char *const tables[] = {"one", "two"};
    char why[256];
    const struct mc_store_options options = {.dir = dir,
                                             .map_size = map_size,
                                             .unsafe_no_sync = true,
                                             .tables = tables,
                                             .tables_len = 2};

    (void)alarm(10);
    (void)signal(SIGSEGV, SIG_DFL); /* cmocka would go on with the parent's test */
    (void)signal(SIGBUS, SIG_DFL);
    (void)signal(SIGABRT, SIG_DFL);
    must(freopen("/dev/null", "w", stderr) != NULL);
    motcua__header__init(&t.header);
    mc_keyring_set(&t.secrets.seal, key, NULL);
    must(mc_arena_init(&t.arena, STORE_ARENA) == MC_OK);
    if (mc_store_open(&t.store, &options, why, sizeof why) != MC_OK)
        return SEEN_CLOSED;
    return rot_gets(&t) | rot_walk(&t) | rot_journal(&t);
}

static void write_file(const char *path, const void *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    must(fd >= 0 && write(fd, bytes, len) == (ssize_t)len && close(fd) == 0);
}

static uint8_t *read_file(const char *path, size_t *ret_len)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    must(fd >= 0 && fstat(fd, &info) == 0);
    uint8_t *bytes = malloc((size_t)info.st_size);
    must(bytes != NULL && read(fd, bytes, (size_t)info.st_size) == info.st_size);
    (void)close(fd);
    *ret_len = (size_t)info.st_size;
    return bytes;
}

static int rot_look(const char *dir, size_t map_size)
{
    int status = 0;
    pid_t child = fork();

    must(child >= 0);
    if (child == 0)
        _exit(rot_child(dir, map_size));
    must(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) && WEXITSTATUS(status) < 16 ? WEXITSTATUS(status) : -1;
}

static void a_flipped_bit_is_never_served(void **state)
{
    struct store_test t;
    struct mc_random_seeded seeded;
    struct mc_random random = mc_random_seed(&seeded, 5);
    char dir[] = "/tmp/motcua_rot.XXXXXX";
    char path[96];
    size_t len = 0;
    int corrupt = 0;
    int missing = 0;
    int crashed = 0;
    int untouched = 0;

    (void)state;
    store_open(&t, MAP);
    rot_write(&t);
    (void)snprintf(path, sizeof path, "%s/data.mdb", t.dir);
    uint8_t *bytes = read_file(path, &len);
    assert_non_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/data.mdb", dir);
    for (int i = 0; i <= ROT_FLIPS; i++) {
        size_t at = mc_random_below(&random, len);
        uint8_t bit = (uint8_t)(1U << mc_random_below(&random, 8));

        bytes[at] ^= i > 0 ? bit : 0; /* the first round is the file as it was */
        write_file(path, bytes, len);
        int seen = rot_look(dir, MAP);
        bytes[at] ^= i > 0 ? bit : 0;
        if (i == 0)
            assert_int_equal(seen, 0);
        if (seen >= 0 && (seen & SEEN_WRONG) != 0)
            fail_msg("bit %x at %zu: wrong data", (unsigned)bit, at);
        crashed += seen < 0;
        corrupt += seen >= 0 && (seen & (SEEN_CORRUPT | SEEN_CLOSED)) != 0;
        missing += seen == SEEN_MISSING;
        untouched += seen == 0;
    }
    print_message(
        "%d flips: %d detected, %d rows missing, %d ended the process, %d without effect\n",
        ROT_FLIPS, corrupt, missing, crashed, untouched);
    assert_true(corrupt > 0);
    free(bytes);
    store_remove(dir);
    store_done(&t);
}

/* The surest case: a bit of a value itself. */
static void a_rotten_value_is_corrupt_and_its_neighbour_is_not(void **state)
{
    struct store_test t;
    struct mc_bytes value;
    struct mc_txn txn;
    char path[96];
    size_t len = 0;

    (void)state;
    store_open(&t, MAP);
    put_one(&t, "good", "a good value");
    put_one(&t, "rotten", canary);
    (void)snprintf(path, sizeof path, "%s/data.mdb", t.dir);
    uint8_t *bytes = read_file(path, &len);
    uint8_t *at = bytes;
    while ((at = memmem(at, len - (size_t)(at - bytes), canary, sizeof canary - 1)) != NULL)
        *at++ ^= 0x40;
    mc_store_close(t.store);
    t.store = NULL;
    write_file(path, bytes, len);
    free(bytes);
    store_reopen(&t);
    look(&t, &txn);
    assert_false(mc_get(&txn, TABLE_ONE, text("rotten"), &value));
    assert_int_equal(txn.status, MC_CORRUPT);
    look_end(&t, &txn);
    assert_string_equal(get_one(&t, "good"), "a good value");
    store_done(&t);
}

/* --- a full map, and folders that do not do --- */

static enum mc_status fill_one(struct store_test *t, int number)
{
    static const char value[3000];
    struct mc_turn turn;
    struct mc_txn txn;
    char key[16];

    (void)snprintf(key, sizeof key, "f%08d", number);
    turn_begin(t, &turn);
    txn_begin(t, &turn, &txn);
    mc_put(&txn, TABLE_ONE, text(key), (struct mc_bytes){value, sizeof value});
    (void)mc_txn_apply(&txn);
    return turn_end(t, &turn);
}

static enum mc_status empty_one(struct store_test *t, int number)
{
    struct mc_turn turn;
    struct mc_txn txn;
    char key[16];

    (void)snprintf(key, sizeof key, "f%08d", number);
    turn_begin(t, &turn);
    txn_begin(t, &turn, &txn);
    mc_drop(&txn, TABLE_ONE, text(key));
    (void)mc_txn_apply(&txn);
    return turn_end(t, &turn);
}

static size_t rows_of(struct store_test *t)
{
    struct mc_txn txn;
    size_t rows = 0;

    look(t, &txn);
    struct mc_cursor cursor =
        mc_seek(&txn, TABLE_ONE, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    for (; mc_next(&cursor); rows++)
        mc_pass(&cursor);
    assert_int_equal(txn.status, MC_OK);
    look_end(t, &txn);
    return rows;
}

static void a_full_map_refuses_and_recovers(void **state)
{
    for (int preallocated = 0; preallocated < 2; preallocated++) {
        struct store_test t;
        struct mc_store_usage usage;
        int rows = 0;

        (void)state;
        store_open(&t, SMALL_MAP);
        t.preallocate = preallocated != 0;
        store_reopen(&t);
        while (fill_one(&t, rows) == MC_OK)
            rows++;
        assert_true(rows > 100);
        for (int i = 0; i < 5; i++) /* and again, and again */
            assert_int_equal(fill_one(&t, rows), MC_FULL);
        mc_store_usage(t.store, &usage);
        assert_true(usage.refusing);
        assert_true(usage.used_bytes > usage.map_bytes / 10 * 8);
        assert_int_equal(rows_of(&t), rows);

        for (int i = 0; i < rows; i++) /* deleting works although nothing can be added */
            assert_int_equal(empty_one(&t, i), MC_OK);
        mc_store_usage(t.store, &usage);
        assert_false(usage.refusing);
        assert_int_equal(rows_of(&t), 0);
        for (int i = 0; i < rows / 2; i++)
            assert_int_equal(fill_one(&t, i), MC_OK);
        store_reopen(&t);
        assert_int_equal(rows_of(&t), rows / 2);
        store_done(&t);
    }
}

/* Housekeeping drops many small rows in one turn: it must get through when nothing else does. */
static void a_full_map_can_be_pruned_by_the_hundred(void **state)
{
    static const char value[200];
    struct store_test t;
    struct mc_turn turn;
    struct mc_txn txn;
    enum mc_status status = MC_OK;
    int rows = 0;

    (void)state;
    store_open(&t, SMALL_MAP);
    while (status == MC_OK) {
        turn_begin(&t, &turn);
        txn_begin(&t, &turn, &txn);
        for (int i = 0; i < 10; i++) { /* spread all over the tree */
            char key[16];

            (void)snprintf(key, sizeof key, "%03d%08d", (rows + i) * 7919 % 1000, rows + i);
            mc_put(&txn, TABLE_ONE, text(key), (struct mc_bytes){value, sizeof value});
        }
        (void)mc_txn_apply(&txn);
        status = turn_end(&t, &turn);
        rows += status == MC_OK ? 10 : 0;
    }
    assert_int_equal(status, MC_FULL);
    assert_int_equal(rows_of(&t), rows);
    turn_begin(&t, &turn);
    txn_begin(&t, &turn, &txn);
    struct mc_cursor cursor =
        mc_seek(&txn, TABLE_ONE, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    for (int i = 0; i < 512 && mc_next(&cursor); i++)
        mc_drop(&txn, TABLE_ONE, cursor.key);
    assert_int_equal(mc_txn_apply(&txn), MC_OK);
    assert_int_equal(turn_end(&t, &turn), MC_OK);
    assert_int_equal(rows_of(&t), rows - 512);
    store_done(&t);
}

static void a_preallocated_file_has_its_size_at_once(void **state)
{
    struct store_test t;
    struct stat info;
    char path[96];

    (void)state;
    store_open(&t, SMALL_MAP);
    t.preallocate = true;
    store_reopen(&t);
    (void)snprintf(path, sizeof path, "%s/data.mdb", t.dir);
    assert_int_equal(stat(path, &info), 0);
    assert_int_equal(info.st_size, SMALL_MAP);
    assert_true(info.st_blocks * 512 >= SMALL_MAP);
    assert_int_equal(info.st_mode & 0777, 0600);
    store_done(&t);
}

static void a_folder_that_does_not_do_is_told(void **state)
{
    enum { NOBODY = 65534 };
    char dir[] = "/tmp/motcua_ro.XXXXXX";
    char why[256] = "";
    struct mc_store *store = NULL;
    struct mc_store_options options = {.dir = dir, .map_size = SMALL_MAP, .unsafe_no_sync = true};

    (void)state;
    assert_non_null(mkdtemp(dir));
    assert_int_equal(chmod(dir, 0555), 0);
    bool root = geteuid() == 0;
    if (root) /* root may write anywhere */
        assert_int_equal(seteuid(NOBODY), 0);
    enum mc_status status = mc_store_open(&store, &options, why, sizeof why);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(status, MC_IO);
    assert_null(store);
    assert_non_null(strstr(why, dir));
    assert_non_null(strstr(why, "Permission denied"));

    options.dir = "/tmp/motcua_no_such_folder/x";
    assert_int_equal(mc_store_open(&store, &options, why, sizeof why), MC_IO);
    assert_non_null(strstr(why, "No such file"));
    assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_reads_what_it_wrote),
        cmocka_unit_test(a_refused_call_leaves_nothing),
        cmocka_unit_test(errors_stick),
        cmocka_unit_test(violations_stop_at_100),
        cmocka_unit_test(one_refused_call_does_not_spoil_the_others),
        cmocka_unit_test(ids_keep_their_order),
        cmocka_unit_test(a_turn_without_writes_does_not_flush),
        cmocka_unit_test(the_store_is_a_sorted_array),
        cmocka_unit_test(cursors_keep_to_prefix_and_from),
        cmocka_unit_test(a_long_walk_fits_a_small_budget),
        cmocka_unit_test(keys_at_the_limit),
        cmocka_unit_test(values_at_the_limit),
        cmocka_unit_test(events_at_the_limit),
        cmocka_unit_test(counters_and_sequences_survive_reopening),
        cmocka_unit_test(sealed_events_are_not_plain_on_disk),
        cmocka_unit_test(journal_reads_are_bounded),
        cmocka_unit_test(sealed_values_open_or_are_corrupt),
        cmocka_unit_test(a_flipped_bit_is_never_served),
        cmocka_unit_test(a_rotten_value_is_corrupt_and_its_neighbour_is_not),
        cmocka_unit_test(a_full_map_refuses_and_recovers),
        cmocka_unit_test(a_full_map_can_be_pruned_by_the_hundred),
        cmocka_unit_test(a_preallocated_file_has_its_size_at_once),
        cmocka_unit_test(a_folder_that_does_not_do_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
