/*
 * The least durability can cost: a ROUTER drained into one LMDB transaction, committed, and
 * then answered. No frame, no handler, no checks.
 *
 *     ref_store ENDPOINT FOLDER MAP HEADER BODY ROW…
 *
 * MAP in MiB; HEADER and BODY are sizes of a reply. A row is KIND:KEY:VALUE, sizes in bytes, a
 * table of its own: c the next number, t milliseconds and then random (UUIDv7), r random, o the
 * same key once per commit, s random and staged: appended under the next number, and merged into
 * its table in key order, by the numbers of common/stage.h.
 */
#include <endian.h>
#include <fcntl.h>
#include <lmdb.h>
#include <time.h>
#include <unistd.h>

#include "ref.h"

enum { ROWS_MAX = 32, KEY_MAX = 511, VALUE_MAX = 4096 };

struct row {
    size_t key;
    size_t value;
    MDB_dbi table;
    MDB_dbi stage;
    char kind;
};

/* One staged table at most. */
enum {
    GATHER = 16384,   /* MC_STAGE_ROWS */
    STEP_MIN = 256,   /* MC_STAGE_STEP_MIN */
    DELETES = 2048,   /* MC_STAGE_DELETES */
    STAGED_HEAD = 12, /* of a staged row: what stands before its key */
    STAGED_MAX = 8 * GATHER,
    STAGED_KEY = 16,
};
static uint8_t gathered[STAGED_MAX][STAGED_KEY];
static size_t gathered_len;
static uint8_t merging[STAGED_MAX][STAGED_KEY];
static size_t merging_len;
static size_t merged;
static uint64_t merging_last;
static uint64_t forget_to;

static struct row rows[ROWS_MAX];
static size_t rows_len;
static uint64_t counter;

static void ok(int rc, const char *what)
{
    if (rc == MDB_SUCCESS)
        return;
    fprintf(stderr, "%s: %s\n", what, mdb_strerror(rc));
    exit(1);
}

static uint64_t drawn(void)
{
    static uint64_t state = 0x2545f4914f6cdd1d;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void parse(int argc, char **argv)
{
    for (int i = 0; i < argc && rows_len < ROWS_MAX; i++) {
        struct row *row = &rows[rows_len++];
        char *rest = argv[i] + 2;

        row->kind = argv[i][0];
        row->key = strtoul(rest, &rest, 10);
        row->value = strtoul(rest + 1, NULL, 10);
        ref_check(row->key >= (row->kind == 'o' ? 1 : 8) && row->key <= KEY_MAX &&
                      (row->kind != 's' || row->key == STAGED_KEY) && row->value <= VALUE_MAX,
                  argv[i]);
    }
}

static MDB_env *open_store(const char *folder, size_t map)
{
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    int fd = -1;
    char name[24];

    ok(mdb_env_create(&env), folder);
    ok(mdb_env_set_mapsize(env, map), folder);
    ok(mdb_env_set_maxdbs(env, ROWS_MAX), folder);
    ok(mdb_env_open(env, folder, MDB_NORDAHEAD, 0600), folder);
    ok(mdb_env_get_fd(env, &fd), folder);
    ref_check(posix_fallocate(fd, 0, (off_t)map) == 0 && fsync(fd) == 0, folder);
    ok(mdb_txn_begin(env, NULL, 0, &txn), folder);
    for (size_t i = 0; i < rows_len; i++) {
        (void)snprintf(name, sizeof name, "t%zu", i);
        ok(mdb_dbi_open(txn, name, MDB_CREATE, &rows[i].table), name);
        (void)snprintf(name, sizeof name, "s%zu", i);
        if (rows[i].kind == 's')
            ok(mdb_dbi_open(txn, name, MDB_CREATE, &rows[i].stage), name);
    }
    ok(mdb_txn_commit(txn), folder);
    return env;
}

static void make_key(const struct row *row, uint8_t *key)
{
    uint64_t number = htobe64(counter);

    memset(key, 0, row->key);
    if (row->kind == 'c')
        memcpy(key + row->key - sizeof number, &number, sizeof number);
    if (row->kind != 't' && row->kind != 'r' && row->kind != 's')
        return;
    for (size_t at = 0; at < row->key; at += sizeof number) {
        uint64_t random = drawn();
        size_t left = row->key - at;

        memcpy(key + at, &random, left < sizeof random ? left : sizeof random);
    }
    if (row->kind == 't') {
        struct timespec now;
        (void)clock_gettime(CLOCK_REALTIME, &now);
        uint64_t ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
        ms = htobe64(ms << 16);
        memcpy(key, &ms, 6);
    }
}

static void put(MDB_txn *txn, const struct row *row)
{
    static uint8_t value_bytes[VALUE_MAX];
    uint8_t key_bytes[KEY_MAX];
    MDB_val key = {row->key, key_bytes};
    MDB_val value = {row->value, value_bytes};

    make_key(row, key_bytes);
    ok(mdb_put(txn, row->table, &key, &value, 0), "put");
}

static void put_staged(MDB_txn *txn, const struct row *row)
{
    static uint8_t value_bytes[VALUE_MAX];
    uint64_t number = htobe64(counter);
    MDB_val key = {sizeof number, &number};
    MDB_val value = {STAGED_HEAD + row->key + row->value, value_bytes};

    ref_check(gathered_len < STAGED_MAX, "the stage is not merged as fast as it fills");
    make_key(row, gathered[gathered_len]);
    memcpy(value_bytes + STAGED_HEAD, gathered[gathered_len++], STAGED_KEY);
    ok(mdb_put(txn, row->stage, &key, &value, MDB_APPEND), "stage");
}

static int by_key(const void *a, const void *b)
{
    return memcmp(a, b, STAGED_KEY);
}

static void forget(MDB_txn *txn, const struct row *row, size_t calls)
{
    size_t most = 4 * calls > DELETES ? 4 * calls : DELETES;
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val value;
    size_t n = 0;

    ok(mdb_cursor_open(txn, row->stage, &cursor), "stage");
    for (int rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST); rc == MDB_SUCCESS && n < most;
         n++) {
        uint64_t number = 0;

        memcpy(&number, key.mv_data, sizeof number);
        if (be64toh(number) > forget_to)
            break;
        ok(mdb_cursor_del(cursor, 0), "forget");
        rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    }
    mdb_cursor_close(cursor);
    if (n < most)
        forget_to = 0;
}

/* A step of merging, at each commit. */
static void merge(MDB_txn *txn, const struct row *row, size_t calls)
{
    static uint8_t value_bytes[VALUE_MAX];
    size_t step = 4 * calls > STEP_MIN ? 4 * calls : STEP_MIN;

    if (forget_to != 0) {
        forget(txn, row, calls);
        return;
    }
    if (merging_len == 0 && gathered_len >= GATHER) {
        memcpy(merging, gathered, gathered_len * STAGED_KEY);
        merging_len = gathered_len;
        merging_last = counter;
        gathered_len = 0;
        merged = 0;
        qsort(merging, merging_len, STAGED_KEY, by_key);
    }
    for (; merged < merging_len && step > 0; step--) {
        MDB_val key = {STAGED_KEY, merging[merged++]};
        MDB_val value = {row->value, value_bytes};

        ok(mdb_put(txn, row->table, &key, &value, 0), "merge");
    }
    if (merging_len > 0 && merged == merging_len) {
        forget_to = merging_last;
        merging_len = 0;
    }
}

static void put_call(MDB_txn *txn)
{
    counter++;
    for (size_t i = 0; i < rows_len; i++)
        if (rows[i].kind == 's')
            put_staged(txn, &rows[i]);
        else if (rows[i].kind != 'o')
            put(txn, &rows[i]);
}

int main(int argc, char **argv)
{
    static struct ref_call calls[REF_TURN_MAX];
    uint64_t commits = 0;

    if (argc < 7)
        return 64;
    parse(argc - 6, argv + 6);
    size_t header = ref_size(argv[4], REF_TAG);
    size_t body = ref_size(argv[5], 0);
    MDB_env *env = open_store(argv[2], strtoul(argv[3], NULL, 10) << 20);
    void *socket = ref_open(argv[1]);
    for (;;) {
        MDB_txn *txn = NULL;
        size_t n = 0;

        ref_wait(socket);
        while (n < REF_TURN_MAX && ref_take(socket, &calls[n], commits)) {
            if (n++ == 0)
                ok(mdb_txn_begin(env, NULL, 0, &txn), "begin");
            put_call(txn);
        }
        if (n == 0)
            continue;
        for (size_t i = 0; i < rows_len; i++)
            if (rows[i].kind == 's')
                merge(txn, &rows[i], n);
            else if (rows[i].kind == 'o')
                put(txn, &rows[i]);
        ok(mdb_txn_commit(txn), "commit");
        commits++;
        for (size_t i = 0; i < n; i++)
            ref_reply(socket, &calls[i], header, body);
    }
}
