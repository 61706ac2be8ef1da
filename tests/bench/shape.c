/* What one call writes, read from the store it wrote. */
#include <endian.h>
#include <lmdb.h>
#include <string.h>

#include "bench.h"

static void ok(int rc, const char *dir)
{
    if (rc != MDB_SUCCESS)
        bench_die("%s: %s", dir, mdb_strerror(rc));
}

static struct bench_row *row_of(struct bench_shape *shape, MDB_val name)
{
    size_t len = name.mv_size < sizeof shape->rows[0].table - 1 ? name.mv_size
                                                                : sizeof shape->rows[0].table - 1;

    for (size_t i = 0; i < shape->len; i++)
        if (strlen(shape->rows[i].table) == len &&
            memcmp(shape->rows[i].table, name.mv_data, len) == 0)
            return &shape->rows[i];
    if (shape->len == BENCH_TABLES)
        bench_die("too many tables");
    struct bench_row *row = &shape->rows[shape->len++];
    *row = (struct bench_row){.rows = 0};
    memcpy(row->table, name.mv_data, len);
    return row;
}

/* What a walk over a table sees. */
struct walk {
    size_t rows;
    size_t keys;   /* bytes */
    size_t values; /* bytes */
    size_t above;  /* keys beyond the last one of the first look */
    size_t inner;  /* of the last row, as common/stage.h lays it out: the length of its key */
    size_t steps;  /* keys whose last eight bytes are the next number after the key before */
    uint8_t last[512];
    size_t last_len;
};

static uint64_t tail(const uint8_t *key, size_t len)
{
    uint64_t number = 0;

    if (len < sizeof number)
        return 0;
    memcpy(&number, key + len - sizeof number, sizeof number);
    return be64toh(number);
}

static int order(const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len)
{
    int found = memcmp(a, b, a_len < b_len ? a_len : b_len);

    return found != 0 ? found : (a_len > b_len) - (a_len < b_len);
}

/* A staged row: head (9), table (1), key length (2), key, value. */
enum { STAGED_HEAD = 9 + 1 + 2 };

static size_t inner_key(MDB_val value)
{
    uint16_t len = 0;

    if (value.mv_size < STAGED_HEAD)
        return 0;
    memcpy(&len, (const uint8_t *)value.mv_data + STAGED_HEAD - sizeof len, sizeof len);
    return le16toh(len);
}

static void walk(MDB_txn *txn, MDB_dbi dbi, const struct bench_row *row, struct walk *ret_walk)
{
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val value;

    *ret_walk = (struct walk){.rows = 0};
    ok(mdb_cursor_open(txn, dbi, &cursor), row->table);
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS) {
        if (ret_walk->rows > 0 &&
            tail(key.mv_data, key.mv_size) == tail(ret_walk->last, ret_walk->last_len) + 1)
            ret_walk->steps++;
        if (order(key.mv_data, key.mv_size, row->last, row->last_len) > 0)
            ret_walk->above++;
        ret_walk->rows++;
        ret_walk->keys += key.mv_size;
        ret_walk->values += value.mv_size;
        ret_walk->last_len = key.mv_size;
        ret_walk->inner = inner_key(value);
        memcpy(ret_walk->last, key.mv_data, key.mv_size);
    }
    mdb_cursor_close(cursor);
}

static void judge(struct bench_row *row, const struct walk *now, size_t calls)
{
    size_t added = now->rows - row->rows;

    row->key = now->keys / now->rows;
    row->value = now->values / now->rows;
    row->puts = (added + calls / 2) / calls;
    if (row->puts == 0) {
        row->kind = BENCH_ONCE;
        row->puts = now->rows;
    } else if (strcmp(row->table, "stage") == 0) {
        row->kind = BENCH_STAGED;
        row->value -= STAGED_HEAD + now->inner;
        row->key = now->inner;
    } else if (now->steps * 2 > now->rows) {
        row->kind = BENCH_COUNTER;
    } else {
        row->kind = now->above * 10 > added * 9 ? BENCH_TIME : BENCH_RANDOM;
    }
}

static void look(struct bench_shape *shape, const char *dir, size_t calls)
{
    MDB_env *env = NULL;
    MDB_txn *txn = NULL;
    MDB_cursor *names = NULL;
    MDB_val name;
    MDB_val ignored;
    MDB_dbi main_table;

    ok(mdb_env_create(&env), dir);
    ok(mdb_env_set_maxdbs(env, BENCH_TABLES), dir);
    ok(mdb_env_open(env, dir, MDB_RDONLY, 0600), dir);
    ok(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), dir);
    ok(mdb_dbi_open(txn, NULL, 0, &main_table), dir);
    ok(mdb_cursor_open(txn, main_table, &names), dir);
    while (mdb_cursor_get(names, &name, &ignored, MDB_NEXT) == MDB_SUCCESS) {
        struct bench_row *row = row_of(shape, name);
        struct walk now;
        MDB_dbi dbi;

        ok(mdb_dbi_open(txn, row->table, 0, &dbi), dir);
        walk(txn, dbi, row, &now);
        if (calls > 0 && now.rows > 0)
            judge(row, &now, calls);
        row->rows = now.rows;
        row->last_len = now.last_len;
        memcpy(row->last, now.last, now.last_len);
    }
    mdb_cursor_close(names);
    mdb_txn_abort(txn);
    mdb_env_close(env);
}

void bench_shape_before(struct bench_shape *shape, const char *dir)
{
    *shape = (struct bench_shape){.len = 0};
    look(shape, dir, 0);
}

void bench_shape_after(struct bench_shape *shape, const char *dir, size_t calls)
{
    size_t kept = 0;

    look(shape, dir, calls);
    for (size_t i = 0; i < shape->len; i++)
        if (shape->rows[i].puts > 0)
            shape->rows[kept++] = shape->rows[i];
    shape->len = kept;
}
