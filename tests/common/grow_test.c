/* A store that is looked after: it grows before it is full, and knows who reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off: cmocka wants these four before it */
#include <cmocka.h>
/* clang-format on */

#include <sys/stat.h>
#include <sys/wait.h>

#include "common/frame.h"
#include "common/store_mdb.h"

#include "store_help.h"

enum { SMALL = 1 << 20, LARGE = 4 << 20, MIB = 1 << 20 };

static enum mc_status put_large(struct store_test *t, unsigned number)
{
    static uint8_t value[32 << 10];
    struct mc_turn turn;
    struct mc_txn txn;
    char key[16];

    (void)snprintf(key, sizeof key, "k%u", number);
    turn_begin(t, &turn);
    txn_begin(t, &turn, &txn);
    mc_put(&txn, TABLE_ONE, text(key), (struct mc_bytes){value, sizeof value});
    (void)mc_txn_apply(&txn);
    return turn_end(t, &turn);
}

static unsigned fill(struct store_test *t, unsigned from)
{
    while (put_large(t, from) == MC_OK)
        from++;
    return from;
}

static void what_was_full_takes_more_after_it_grew(void **state)
{
    struct store_test t;
    struct mc_store_usage usage;

    (void)state;
    store_open(&t, SMALL);
    unsigned n = fill(&t, 0);
    assert_true(n > 10);
    assert_string_equal(get_one(&t, "nothing"), ""); /* a snapshot is kept, and not open */
    assert_int_equal(mc_store_grow(t.store, LARGE), MC_OK);
    mc_store_usage(t.store, &usage);
    assert_int_equal(usage.map_bytes, LARGE);
    assert_true(fill(&t, n) > 3 * n);
    struct mc_txn txn;
    struct mc_bytes value;
    look(&t, &txn);
    assert_true(mc_get(&txn, TABLE_ONE, text("k0"), &value)); /* from before */
    assert_true(mc_get(&txn, TABLE_ONE, text("k40"), &value));
    look_end(&t, &txn);
    store_done(&t);
}

static void one_that_took_its_space_stays_as_large(void **state)
{
    struct store_test t;
    struct mc_store_usage usage;
    struct stat about;
    char path[128];

    (void)state;
    store_open(&t, SMALL);
    t.preallocate = true;
    store_reopen(&t);
    assert_int_equal(mc_store_grow(t.store, LARGE), MC_OK);
    (void)snprintf(path, sizeof path, "%s/data.mdb", t.dir);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_size, LARGE);
    store_reopen(&t); /* configured with the small size still */
    mc_store_usage(t.store, &usage);
    assert_int_equal(usage.map_bytes, LARGE);
    store_done(&t);
}

static void it_grows_from_80_percent_on_up_to_the_largest(void **state)
{
    static const struct {
        size_t map, used, max, want; /* MiB */
    } rows[] = {
        {100, 79, 400, 100},  /* one below */
        {100, 80, 400, 125},  /* at the limit */
        {100, 100, 400, 125}, /* full */
        {100, 80, 110, 110},  /* the last step is shorter */
        {400, 399, 400, 400}, /* the largest */
        {500, 499, 400, 500}, /* larger than the largest: configured so */
        {20, 19, 400, 36},    /* small ones by 16 MiB */
        {100, 99, 0, 100},    /* it does not grow */
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(rows); i++) {
        const struct mc_store_usage usage = {.map_bytes = rows[i].map * MIB,
                                             .used_bytes = rows[i].used * MIB};

        assert_int_equal(mc_store_next_size(&usage, rows[i].max * MIB), rows[i].want * MIB);
    }
}

static void readers_are_counted(void **state)
{
    struct store_test t;
    struct mc_store_readers readers;
    MDB_txn *mdb = NULL;

    (void)state;
    store_open(&t, LARGE);
    mc_store_readers(t.store, &readers);
    assert_int_equal(readers.open, 0);
    put_one(&t, "a", "1");
    assert_int_equal(mdb_txn_begin(t.store->env, NULL, MDB_RDONLY, &mdb), 0);
    put_one(&t, "a", "2");
    put_one(&t, "a", "3");
    mc_store_readers(t.store, &readers);
    assert_int_equal(readers.open, 1);
    assert_int_equal(readers.lag, 2);
    mdb_txn_abort(mdb);
    mc_store_readers(t.store, &readers);
    assert_int_equal(readers.open, 0);
    store_done(&t);
}

/* Another process that looks, and dies. */
static void what_a_dead_process_left_is_cleared(void **state)
{
    struct store_test t;
    struct mc_store_readers readers;

    (void)state;
    store_open(&t, LARGE);
    pid_t child = fork();
    if (child == 0) {
        MDB_env *env = NULL;
        MDB_txn *mdb = NULL;

        bool open = mdb_env_create(&env) == 0 && mdb_env_open(env, t.dir, MDB_NOTLS, 0600) == 0 &&
                    mdb_txn_begin(env, NULL, MDB_RDONLY, &mdb) == 0;
        _exit(open ? 0 : 1);
    }
    int code = 0;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_int_equal(code, 0);
    mc_store_readers(t.store, &readers);
    assert_int_equal(readers.open, 1);
    mc_store_tend(t.store);
    mc_store_readers(t.store, &readers);
    assert_int_equal(readers.open, 0);
    assert_int_equal(readers.cleared, 1);
    store_done(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_full_takes_more_after_it_grew),
        cmocka_unit_test(one_that_took_its_space_stays_as_large),
        cmocka_unit_test(it_grows_from_80_percent_on_up_to_the_largest),
        cmocka_unit_test(readers_are_counted),
        cmocka_unit_test(what_a_dead_process_left_is_cleared),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
