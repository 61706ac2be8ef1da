/* Staged tables: whatever is staged, merged, half merged or read back, a row is what was last
 * written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off: cmocka wants these four before it */
#include <cmocka.h>
/* clang-format on */

#include "common/stage.h"

#include "store_help.h"

enum { KEYS = 4000, MAP = 256 << 20, TURNS = 3000, MANY = 50000 };

static struct store_test test;

static void staged_open(size_t map_size)
{
    store_open(&test, map_size);
    test.staged = 1;
    store_reopen(&test);
}

/* A key that is anywhere in the table, and a value that says whose it is and when it was written.
 */
static struct mc_bytes key_at(uint32_t number, uint8_t key[8])
{
    uint64_t spread = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);

    memcpy(key, &spread, sizeof spread);
    return (struct mc_bytes){key, sizeof spread};
}

struct value {
    uint32_t number;
    uint32_t version;
};

static void assert_row(struct mc_txn *txn, uint32_t number, uint32_t version)
{
    uint8_t key[8];
    struct mc_bytes bytes;
    struct value value;

    bool found = mc_get(txn, TABLE_ONE, key_at(number, key), &bytes);
    assert_int_equal(txn->status, MC_OK);
    assert_int_equal(found, version != 0);
    if (!found)
        return;
    assert_int_equal(bytes.len, sizeof value);
    memcpy(&value, bytes.data, sizeof value);
    assert_int_equal(value.number, number);
    assert_int_equal(value.version, version);
}

static void write_row(struct mc_txn *txn, uint32_t number, uint32_t version)
{
    uint8_t key[8];
    struct value value = {number, version};

    if (version == 0)
        mc_drop(txn, TABLE_ONE, key_at(number, key));
    else
        mc_put(txn, TABLE_ONE, key_at(number, key), (struct mc_bytes){&value, sizeof value});
}

static void assert_all(const uint32_t *versions, uint32_t len)
{
    struct mc_txn txn;

    look(&test, &txn);
    for (uint32_t i = 0; i < len; i++)
        assert_row(&txn, i, versions[i]);
    look_end(&test, &txn);
}

static size_t rows_of(unsigned table)
{
    struct mc_txn txn;
    size_t rows = 0;

    look(&test, &txn);
    struct mc_cursor cursor =
        mc_seek(&txn, table, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    while (mc_next(&cursor)) {
        rows++;
        mc_pass(&cursor);
    }
    look_end(&test, &txn);
    return rows;
}

static bool idle_turn(void)
{
    struct mc_turn turn;

    turn_begin(&test, &turn);
    bool more = mc_turn_idle(&turn);
    assert_int_equal(turn_end(&test, &turn), MC_OK);
    return more;
}

/* Calls that succeed and calls that are refused, turns that commit and turns that do not. */
static void one_turn(uint32_t *versions, uint32_t version)
{
    uint32_t next[KEYS];
    struct mc_turn turn;

    memcpy(next, versions, sizeof next);
    turn_begin(&test, &turn);
    for (size_t call = mc_random_below(&test.random, 6); call > 0; call--) {
        uint32_t numbers[4];
        struct mc_txn txn;

        txn_begin(&test, &turn, &txn);
        bool refused = mc_random_below(&test.random, 5) == 0;
        for (size_t i = 0; i < MC_LEN(numbers); i++) {
            numbers[i] = (uint32_t)mc_random_below(&test.random, KEYS);
            bool drop = mc_random_below(&test.random, 4) == 0;
            assert_row(&txn, numbers[i], next[numbers[i]]); /* an earlier call's, too */
            if (refused)
                continue;
            next[numbers[i]] = drop ? 0 : version;
            write_row(&txn, numbers[i], next[numbers[i]]);
            assert_row(&txn, numbers[i], next[numbers[i]]);
        }
        if (refused)
            (void)mc_fail(&txn, MC_DENIED, "refused");
        assert_int_equal(mc_txn_apply(&txn), refused ? MC_DENIED : MC_OK);
    }
    if (mc_random_below(&test.random, 8) == 0) {
        mc_turn_abort(&turn);
        mc_arena_reset(&test.arena);
        return;
    }
    assert_int_equal(turn_end(&test, &turn), MC_OK);
    memcpy(versions, next, sizeof next);
}

static void a_row_is_what_was_last_written(void **state)
{
    static uint32_t versions[KEYS];

    (void)state;
    memset(versions, 0, sizeof versions);
    staged_open(MAP);
    for (uint32_t i = 1; i <= TURNS; i++) {
        one_turn(versions, i);
        test.now_ms += (int64_t)mc_random_below(&test.random, 2000);
        if (mc_random_below(&test.random, 3) == 0)
            (void)idle_turn();
        if (mc_random_below(&test.random, 50) == 0)
            store_reopen(&test); /* as after a crash: with whatever was merged by then */
        if (i % 500 == 0)
            assert_all(versions, KEYS);
    }
    test.now_ms += MC_STAGE_AGE_MS;
    while (idle_turn())
        continue;
    assert_int_equal(rows_of(MC_TABLE_STAGE), 0);
    assert_all(versions, KEYS);
    store_reopen(&test);
    assert_all(versions, KEYS);
    store_done(&test);
}

static void a_long_load_is_merged_as_it_goes(void **state)
{
    (void)state;
    staged_open(MAP);
    for (uint32_t i = 0; i < MANY;) {
        struct mc_turn turn;
        struct mc_txn txn;

        turn_begin(&test, &turn);
        txn_begin(&test, &turn, &txn);
        for (uint32_t end = i + 500; i < end; i++)
            write_row(&txn, i, 1);
        assert_int_equal(mc_txn_apply(&txn), MC_OK);
        assert_int_equal(turn_end(&test, &turn), MC_OK);
        /* the stage stays within what gathers, what is merged and what is being forgotten */
        assert_true(test.store->stage.rows + test.store->merging.rows <= 3 * MC_STAGE_ROWS);
    }
    assert_true(rows_of(TABLE_ONE) > MC_STAGE_ROWS);
    test.now_ms += MC_STAGE_AGE_MS;
    while (idle_turn())
        continue;
    assert_int_equal(rows_of(TABLE_ONE), MANY);
    assert_int_equal(rows_of(MC_TABLE_STAGE), 0);
    store_done(&test);
}

/* A walk gives merged rows only, and never one that a staged write has changed or dropped. */
static void a_walk_passes_over_what_is_staged(void **state)
{
    struct mc_turn turn;
    struct mc_txn txn;

    (void)state;
    staged_open(MAP);
    for (uint32_t version = 1; version <= 2; version++) {
        turn_begin(&test, &turn);
        txn_begin(&test, &turn, &txn);
        for (uint32_t i = 0; i < (version == 1 ? 10 : 3); i++)
            write_row(&txn, i, version == 1 ? 1 : 0);
        assert_int_equal(mc_txn_apply(&txn), MC_OK);
        assert_int_equal(turn_end(&test, &turn), MC_OK);
        assert_int_equal(rows_of(TABLE_ONE), version == 1 ? 0 : 7);
        test.now_ms += MC_STAGE_AGE_MS;
        while (idle_turn())
            continue;
        assert_int_equal(rows_of(TABLE_ONE), version == 1 ? 10 : 7);
    }
    store_done(&test);
}

/* A turn that does not fit leaves nothing behind, on disk or in memory. */
static void a_full_store_stages_nothing(void **state)
{
    enum { SMALL = 1 << 20, VALUE = 2000 };
    static uint8_t large[VALUE];
    enum mc_status status = MC_OK;
    uint32_t written = 0;
    uint8_t key[8];
    struct mc_txn txn;

    (void)state;
    staged_open(SMALL);
    while (status == MC_OK) {
        struct mc_turn turn;

        turn_begin(&test, &turn);
        txn_begin(&test, &turn, &txn);
        mc_put(&txn, TABLE_ONE, key_at(written, key), (struct mc_bytes){large, sizeof large});
        (void)mc_txn_apply(&txn);
        status = turn_end(&test, &turn);
        written += status == MC_OK;
    }
    assert_int_equal(status, MC_FULL);
    assert_true(written > 10);
    for (int restart = 0; restart < 2; restart++) {
        struct mc_bytes bytes;

        look(&test, &txn);
        assert_true(mc_get(&txn, TABLE_ONE, key_at(written - 1, key), &bytes));
        assert_false(mc_get(&txn, TABLE_ONE, key_at(written, key), &bytes));
        look_end(&test, &txn);
        store_reopen(&test);
    }
    store_done(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_what_was_last_written),
        cmocka_unit_test(a_long_load_is_merged_as_it_goes),
        cmocka_unit_test(a_walk_passes_over_what_is_staged),
        cmocka_unit_test(a_full_store_stages_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
