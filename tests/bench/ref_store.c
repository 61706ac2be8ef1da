/*
 * The least durability can cost: a ROUTER drained into one LMDB transaction, committed, and
 * then answered. No frame, no handler, no checks.
 *
 *     ref_store ENDPOINT FOLDER MAP HEADER BODY ROW…
 *
 * MAP in MiB; HEADER and BODY are sizes of a reply. A row is KIND:KEY:VALUE, sizes in bytes, a
 * table of its own: c the next number, t milliseconds and then random (UUIDv7), r random, o the
 * same key once per commit.
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
    char kind;
};

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
                      row->value <= VALUE_MAX,
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
    if (row->kind != 't' && row->kind != 'r')
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

static void put_call(MDB_txn *txn)
{
    counter++;
    for (size_t i = 0; i < rows_len; i++)
        if (rows[i].kind != 'o')
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
            if (rows[i].kind == 'o')
                put(txn, &rows[i]);
        ok(mdb_txn_commit(txn), "commit");
        commits++;
        for (size_t i = 0; i < n; i++)
            ref_reply(socket, &calls[i], header, body);
    }
}
