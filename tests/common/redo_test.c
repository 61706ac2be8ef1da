/* Redo: a copy of the store, carried on to any commit, is the store as it was then, row by row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off: cmocka wants these four before it */
#include <cmocka.h>
/* clang-format on */

#include <fcntl.h>
#include <sys/stat.h>

#include "common/redo.h"

#include "store_help.h"

enum { MAP = 64 << 20, STEP_MS = 10, KEYS = 60, TURNS = 400, SMALL = 4096 };

static struct store_test test;
static struct mc_redo *redo;
static char redo_dir[56];
static char copy_dir[56];
static const char lineage[] = "07000000000000000000000000000000";

static void redo_begin(size_t segment)
{
    struct mc_redo_options options = {.dir = redo_dir,
                                      .lineage = {7},
                                      .commit = mc_store_counts(test.store)->commit,
                                      .now_ms = test.now_ms,
                                      .segment = segment};

    assert_int_equal(mc_redo_open(&redo, &options), MC_OK);
    mc_store_tell(test.store, redo);
}

/* As after kill -9: nobody says goodbye to the files. */
static void start_again(size_t segment)
{
    store_reopen(&test);
    mc_redo_close(redo);
    redo_begin(segment);
}

static int set_up(void **state)
{
    (void)state;
    store_open(&test, MAP);
    test.staged = 1;
    store_reopen(&test);
    (void)snprintf(redo_dir, sizeof redo_dir, "%.40s.redo", test.dir);
    (void)snprintf(copy_dir, sizeof copy_dir, "%.40s.copy", test.dir);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    store_done(&test);
    mc_redo_close(redo);
    if (access(copy_dir, F_OK) == 0)
        store_remove(copy_dir);
    if (access(redo_dir, F_OK) == 0)
        store_remove(redo_dir);
    return 0;
}

static void copy_store(void)
{
    char path[128];

    if (access(copy_dir, F_OK) == 0)
        store_remove(copy_dir);
    assert_int_equal(mkdir(copy_dir, 0700), 0);
    (void)snprintf(path, sizeof path, "%s/data.mdb", copy_dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    assert_int_equal(mc_store_copy(test.store, fd), MC_OK);
    (void)close(fd);
}

/* Every row of every table, staged or not, in one number. */
static uint64_t digest(void)
{
    uint64_t sum = 0;
    struct mc_txn txn;

    look(&test, &txn);
    for (unsigned table = 0; table <= TABLE_TWO; table++) {
        struct mc_cursor cursor =
            mc_seek(&txn, table, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
        while (mc_next(&cursor)) {
            uint64_t row = mc_checksum(cursor.key, cursor.value) + table;

            sum = mc_checksum((struct mc_bytes){&sum, sizeof sum},
                              (struct mc_bytes){&row, sizeof row});
            mc_pass(&cursor);
        }
    }
    assert_int_equal(txn.status, MC_OK);
    look_end(&test, &txn);
    return sum;
}

static uint64_t commit_of_store(void)
{
    return mc_store_counts(test.store)->commit;
}

static void one_turn(void)
{
    struct mc_turn turn;
    struct mc_txn txn;
    char value[64];

    test.now_ms += STEP_MS;
    turn_begin(&test, &turn);
    txn_begin(&test, &turn, &txn);
    for (unsigned i = 0; i < 5; i++) {
        uint8_t key = (uint8_t)(1 + mc_random_below(&test.random, KEYS));
        unsigned table = mc_random_below(&test.random, 2) == 0 ? TABLE_ONE : TABLE_TWO;
        struct mc_bytes bytes = {value, mc_random_below(&test.random, sizeof value)};

        memset(value, (int)key, sizeof value);
        if (mc_random_below(&test.random, 4) == 0)
            mc_drop(&txn, table, (struct mc_bytes){&key, 1});
        else
            mc_put(&txn, table, (struct mc_bytes){&key, 1}, bytes);
    }
    assert_int_equal(mc_txn_apply(&txn), MC_OK);
    if (mc_random_below(&test.random, 8) == 0)
        mc_turn_idle(&turn);
    if (mc_random_below(&test.random, 8) == 0)
        mc_turn_abort(&turn);
    else
        assert_int_equal(mc_turn_commit(&turn), MC_OK);
    mc_arena_reset(&test.arena);
}

struct carried {
    enum mc_status status;
    uint64_t commits;
    uint64_t commit;
    uint64_t digest;
    char why[256];
};

/* The copy, carried on until a moment. The copy itself stays as it is. */
static struct carried carry(int64_t until_ms)
{
    struct mc_redo_replay replay = {.dir = redo_dir, .lineage = lineage, .until_ms = until_ms};
    struct store_test kept = test;
    struct carried carried = {0};
    char from[sizeof test.dir];
    char command[300];

    (void)snprintf(from, sizeof from, "%s.try", copy_dir);
    (void)snprintf(command, sizeof command, "rm -rf %s && cp -r %s %s", from, copy_dir, from);
    assert_int_equal(system(command), 0); // NOLINT(cert-env33-c): a test's own folder
    (void)snprintf(test.dir, sizeof test.dir, "%s", from);
    test.store = NULL;
    store_reopen(&test);
    carried.status = mc_redo_replay(&replay, test.store, carried.why, sizeof carried.why);
    carried.commits = replay.commits;
    store_reopen(&test);
    carried.commit = commit_of_store();
    carried.digest = digest();
    mc_store_close(test.store);
    store_remove(test.dir);
    test.store = kept.store;
    memcpy(test.dir, kept.dir, sizeof test.dir);
    return carried;
}

static void a_copy_is_carried_to_any_commit(void **state)
{
    uint64_t digests[TURNS];
    int64_t times[TURNS];
    uint64_t commits[TURNS];

    (void)state;
    redo_begin(SMALL);
    for (unsigned i = 0; i < 20; i++)
        one_turn();
    copy_store();
    uint64_t copied = commit_of_store();
    for (unsigned i = 0; i < TURNS; i++) {
        one_turn();
        if (i % 90 == 89)
            start_again(SMALL);
        digests[i] = digest();
        times[i] = test.now_ms;
        commits[i] = commit_of_store();
    }
    assert_false(mc_redo_broken(redo));
    for (unsigned i = 3; i < TURNS; i += 37) {
        struct carried at = carry(times[i]);

        assert_int_equal(at.status, MC_OK);
        assert_int_equal(at.commit, commits[i]);
        assert_int_equal(at.commits, commits[i] - copied);
        assert_true(at.digest == digests[i]);
    }
    struct carried end = carry(INT64_MAX);
    assert_int_equal(end.status, MC_OK);
    assert_true(end.digest == digest());
    assert_int_equal(carry(times[0] - STEP_MS - 1).commits, 0);
}

/* kill -9 between the word and the deed: the next start's own commit overrules it. */
static void a_commit_that_never_was_is_overruled(void **state)
{
    const struct mc_redo_row never = {TABLE_TWO, {"never", 5}, {"was", 3}};

    (void)state;
    redo_begin(0);
    copy_store();
    one_turn();
    mc_redo_add(redo, &never);
    mc_redo_write(redo, commit_of_store() + 1, test.now_ms);
    start_again(0);
    assert_false(mc_redo_broken(redo));
    put_one(&test, "then", "was");
    struct carried end = carry(INT64_MAX);
    assert_int_equal(end.status, MC_OK);
    assert_true(end.digest == digest());

    mc_redo_add(redo, &never); /* one that LMDB refused leaves no trace */
    mc_redo_write(redo, commit_of_store() + 1, test.now_ms);
    mc_redo_undo(redo);
    mc_redo_add(redo, &never);
    mc_redo_forget(redo);
    put_one(&test, "after", "was");
    end = carry(INT64_MAX);
    assert_int_equal(end.status, MC_OK);
    assert_true(end.digest == digest());
}

static void cut(const char *path, int64_t bytes)
{
    struct stat now;

    assert_int_equal(stat(path, &now), 0);
    assert_int_equal(truncate(path, now.st_size - bytes), 0);
}

/* Power loss: the store has a commit that the files have lost the end of. */
static void a_gap_is_told_and_not_passed_over(void **state)
{
    struct mc_redo_file *files = NULL;

    (void)state;
    redo_begin(0);
    copy_store();
    one_turn();
    put_one(&test, "a", "1");
    int64_t before = test.now_ms;
    uint64_t known = digest();
    test.now_ms += STEP_MS;
    put_one(&test, "b", "2");
    assert_int_equal(mc_redo_files(redo_dir, lineage, &files), 1);
    cut(files[0].path, 1);
    free(files);
    struct carried end = carry(INT64_MAX); /* nothing later is told: all there is */
    assert_int_equal(end.status, MC_OK);
    assert_true(end.digest == known);

    test.now_ms += STEP_MS;
    start_again(0);
    assert_true(mc_redo_broken(redo));
    put_one(&test, "c", "3");
    end = carry(INT64_MAX);
    assert_int_equal(end.status, MC_CONFLICT);
    assert_true(end.digest == known);
    assert_non_null(strstr(end.why, "missing"));
    end = carry(before);
    assert_int_equal(end.status, MC_OK);
    assert_true(end.digest == known);

    mc_redo_backed_up(redo, test.now_ms); /* begun in the same moment: it may not have all */
    assert_true(mc_redo_broken(redo));
    copy_store();
    mc_redo_backed_up(redo, test.now_ms + 1);
    assert_false(mc_redo_broken(redo));
    put_one(&test, "d", "4");
    end = carry(INT64_MAX);
    assert_int_equal(end.status, MC_OK);
    assert_true(end.digest == digest());
}

static void a_folder_that_cannot_be_written_stops_nobody(void **state)
{
    (void)state;
    FILE *in_the_way = fopen(redo_dir, "w");
    assert_non_null(in_the_way);
    (void)fclose(in_the_way);
    redo_begin(0);
    assert_false(mc_redo_broken(redo));
    put_one(&test, "a", "1");
    assert_true(mc_redo_broken(redo));
    assert_int_equal(unlink(redo_dir), 0);
    test.now_ms += MC_REDO_RETRY_MS - 1;
    put_one(&test, "b", "2");
    assert_int_not_equal(access(redo_dir, F_OK), 0); /* left alone for a minute */
    copy_store();
    test.now_ms++;
    put_one(&test, "c", "3");
    assert_int_equal(access(redo_dir, F_OK), 0);
    assert_true(mc_redo_broken(redo));
    struct carried end = carry(INT64_MAX);
    assert_int_equal(end.status, MC_OK);
    assert_true(end.digest == digest());
}

static void files_end_at_their_size_and_go_when_old(void **state)
{
    static const uint8_t own[MC_ID_LEN] = {7};
    static const uint8_t other[MC_ID_LEN] = {8};
    const size_t head = 8;
    struct mc_redo_file *files = NULL;
    struct stat now;

    (void)state;
    redo_begin(0);
    put_one(&test, "a", "1");
    assert_int_equal(mc_redo_files(redo_dir, lineage, &files), 1);
    uint64_t one = files[0].size - head;
    free(files);
    start_again(head + 2 * one); /* two such commits fill a file */
    for (unsigned i = 0; i < 5; i++)
        put_one(&test, "a", "1");
    size_t n = mc_redo_files(redo_dir, lineage, &files);
    assert_int_equal(n, 1 + 3);
    assert_int_equal(files[2].first, files[1].first + 2);
    assert_int_equal(files[3].first, files[2].first + 2);
    uint64_t last = files[3].first;
    assert_int_equal(stat(files[3].path, &now), 0);
    assert_int_equal(now.st_mode & 0777, 0600);
    free(files);
    assert_int_equal(mc_redo_files(redo_dir, "08000000000000000000000000000000", &files), 0);
    free(files);
    int64_t written_ms = (int64_t)now.st_mtim.tv_sec * 1000;
    mc_redo_prune(redo_dir, own, written_ms - 60000);
    assert_int_equal(mc_redo_files(redo_dir, lineage, &files), n);
    free(files);
    mc_redo_prune(redo_dir, own, written_ms + 60000);
    assert_int_equal(mc_redo_files(redo_dir, lineage, &files), 1); /* it is written to */
    assert_int_equal(files[0].first, last);
    free(files);
    put_one(&test, "a", "2"); /* ends it, and begins another: nothing is lost */
    assert_int_equal(mc_redo_last(redo_dir, lineage).commit, mc_store_counts(test.store)->commit);
    mc_redo_prune(redo_dir, other, written_ms + 60000);
    assert_int_equal(mc_redo_files(redo_dir, lineage, &files), 0);
    free(files);
}

static void what_is_to_be_flushed_is_handed_out_once(void **state)
{
    (void)state;
    redo_begin(0);
    assert_int_equal(mc_redo_unflushed(redo), -1);
    put_one(&test, "a", "1");
    int fd = mc_redo_unflushed(redo);
    assert_true(fd >= 0);
    assert_int_equal(fdatasync(fd), 0);
    (void)close(fd);
    assert_int_equal(mc_redo_unflushed(redo), -1);
}

#define REDO_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REDO_TEST(a_copy_is_carried_to_any_commit),
        REDO_TEST(a_commit_that_never_was_is_overruled),
        REDO_TEST(a_gap_is_told_and_not_passed_over),
        REDO_TEST(a_folder_that_cannot_be_written_stops_nobody),
        REDO_TEST(files_end_at_their_size_and_go_when_old),
        REDO_TEST(what_is_to_be_flushed_is_handed_out_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
