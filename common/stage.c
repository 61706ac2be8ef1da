#include "common/stage.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { OVERLAY_BUCKETS = 1024, ROW_HEAD = 3, BUCKETS_MIN = 4096 };

static MDB_val key_of(const struct mc_stage_row *row)
{
    return (MDB_val){row->key_len, mc_unconst(row->bytes)};
}

static struct mc_stage_row **chain_find(struct mc_stage_row **chain, unsigned table, MDB_val key)
{
    while (*chain != NULL && ((*chain)->table != table || mc_key_compare(key_of(*chain), key) != 0))
        chain = &(*chain)->next;
    return chain;
}

static const struct mc_stage_row *heap_find(const struct mc_stage *stage, unsigned table,
                                            MDB_val key)
{
    if (stage->rows == 0)
        return NULL;
    return *chain_find(&stage->buckets[mc_key_hash(table, key) % stage->buckets_len], table, key);
}

const struct mc_stage_row *mc_stage_find(const struct mc_txn *txn, unsigned table, MDB_val key)
{
    const struct mc_store *store = txn->store;
    const struct mc_stage_row *row = NULL;

    if (txn->turn != NULL && txn->turn->staged_rows > 0)
        row =
            *chain_find(&txn->turn->overlay[mc_key_hash(table, key) % OVERLAY_BUCKETS], table, key);
    if (row == NULL)
        row = heap_find(&store->stage, table, key);
    if (row == NULL)
        row = heap_find(&store->merging, table, key);
    return row;
}

static void row_fill(struct mc_stage_row *row, unsigned table, MDB_val key, struct mc_bytes value)
{
    row->next = NULL;
    row->table = table;
    row->key_len = (uint32_t)key.mv_size;
    row->value_len = (uint32_t)value.len;
    memcpy(row->bytes, key.mv_data, key.mv_size);
    if (value.len > 0)
        memcpy(row->bytes + key.mv_size, value.data, value.len);
}

static bool heap_grow(struct mc_stage *stage)
{
    size_t len = stage->buckets_len > 0 ? 4 * stage->buckets_len : BUCKETS_MIN;
    struct mc_stage_row **buckets = calloc(len, sizeof(struct mc_stage_row *));

    if (buckets == NULL)
        return stage->buckets_len > 0; /* slower, not wrong */
    for (size_t i = 0; i < stage->buckets_len; i++)
        while (stage->buckets[i] != NULL) {
            struct mc_stage_row *row = stage->buckets[i];
            struct mc_stage_row **chain = &buckets[mc_key_hash(row->table, key_of(row)) % len];

            stage->buckets[i] = row->next;
            row->next = *chain;
            *chain = row;
        }
    free(stage->buckets);
    stage->buckets = buckets;
    stage->buckets_len = len;
    return true;
}

/* Keeps a copy of a row, in place of an older one. False: out of memory. */
static bool heap_put(struct mc_stage *stage, unsigned table, MDB_val key, struct mc_bytes value)
{
    struct mc_stage_row *row = malloc(sizeof *row + key.mv_size + value.len);

    if (row == NULL || (stage->rows >= 2 * stage->buckets_len && !heap_grow(stage))) {
        free(row);
        return false;
    }
    row_fill(row, table, key, value);
    struct mc_stage_row **at =
        chain_find(&stage->buckets[mc_key_hash(table, key) % stage->buckets_len], table, key);
    struct mc_stage_row *old = *at;
    row->next = old != NULL ? old->next : NULL;
    *at = row;
    stage->rows += old == NULL;
    free(old);
    return true;
}

static void heap_free(struct mc_stage *stage)
{
    for (size_t i = 0; i < stage->buckets_len; i++)
        while (stage->buckets[i] != NULL) {
            struct mc_stage_row *row = stage->buckets[i];

            stage->buckets[i] = row->next;
            free(row);
        }
    free(stage->buckets);
    *stage = (struct mc_stage){0};
}

void mc_stage_free(struct mc_store *store)
{
    heap_free(&store->stage);
    heap_free(&store->merging);
    free(store->merge_order);
    store->merge_order = NULL;
}

/* A stored row taken apart; false when it is not one. */
static bool row_open(const struct mc_store *store, struct mc_bytes bytes, unsigned *ret_table,
                     MDB_val *ret_key, struct mc_bytes *ret_value)
{
    const uint8_t *at = bytes.data;
    uint16_t key_len = 0;

    if (bytes.len < ROW_HEAD)
        return false;
    memcpy(&key_len, at + 1, sizeof key_len);
    key_len = le16toh(key_len);
    *ret_table = at[0];
    *ret_key = (MDB_val){key_len, mc_unconst(at + ROW_HEAD)};
    if (key_len == 0 || key_len > MC_KEY_MAX || bytes.len < (size_t)ROW_HEAD + key_len)
        return false;
    *ret_value = (struct mc_bytes){at + ROW_HEAD + key_len, bytes.len - ROW_HEAD - key_len};
    return at[0] < store->tables_len;
}

enum mc_status mc_stage_load(struct mc_store *store, struct mc_arena *arena)
{
    struct mc_txn txn;
    enum mc_status status = mc_snapshot_open(store, arena, &txn);
    struct mc_cursor cursor =
        mc_seek(&txn, MC_TABLE_STAGE, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    while (status == MC_OK && mc_next(&cursor)) {
        unsigned table = 0;
        MDB_val key;
        struct mc_bytes value;
        uint64_t seq = 0;

        memcpy(&seq, cursor.key.data, sizeof seq);
        store->stage.last = store->stage_last = be64toh(seq);
        if (!row_open(store, cursor.value, &table, &key, &value))
            status = MC_CORRUPT;
        else if (!heap_put(&store->stage, table, key, value))
            status = MC_FULL;
        mc_pass(&cursor);
    }
    if (status == MC_OK)
        status = txn.status;
    mc_snapshot_close(&txn);
    return status;
}

/* What this turn staged, for its later calls. */
static bool overlay_put(struct mc_turn *turn, const struct mc_write *write)
{
    if (turn->overlay == NULL)
        turn->overlay = mc_alloc(turn->arena, OVERLAY_BUCKETS * sizeof(struct mc_stage_row *));
    struct mc_stage_row *row =
        mc_alloc(turn->arena, sizeof *row + write->key.mv_size + write->value.len);
    if (turn->overlay == NULL || row == NULL)
        return false;
    row_fill(row, write->table, write->key, write->value);
    struct mc_stage_row **at =
        chain_find(&turn->overlay[mc_key_hash(write->table, write->key) % OVERLAY_BUCKETS],
                   write->table, write->key);
    row->next = *at != NULL ? (*at)->next : NULL;
    *at = row;
    turn->staged_rows++;
    return true;
}

enum mc_status mc_stage_write(struct mc_turn *turn, const struct mc_write *write)
{
    size_t len = ROW_HEAD + write->key.mv_size + write->value.len;
    uint8_t *value = mc_alloc(turn->arena, VALUE_HEAD + len);
    uint16_t key_len = htole16((uint16_t)write->key.mv_size);
    uint64_t seq = htobe64(turn->stage_last + 1);

    if (value == NULL || !overlay_put(turn, write))
        return mc_turn_fail(turn, ENOSPC);
    uint8_t *at = value + VALUE_HEAD;
    at[0] = (uint8_t)write->table;
    memcpy(at + 1, &key_len, sizeof key_len);
    memcpy(at + ROW_HEAD, write->key.mv_data, write->key.mv_size);
    if (write->value.len > 0)
        memcpy(at + ROW_HEAD + write->key.mv_size, write->value.data, write->value.len);
    MDB_val k = {sizeof seq, &seq};
    MDB_val v = {VALUE_HEAD + len, value};
    mc_value_seal(MC_TABLE_STAGE, k, value, len);
    int rc = mc_turn_put(turn, MC_TABLE_STAGE, k, v, MDB_APPEND);
    if (rc != MDB_SUCCESS)
        return mc_turn_fail(turn, rc);
    turn->stage_last++;
    return MC_OK;
}

static int by_table_and_key(const void *a, const void *b)
{
    const struct mc_stage_row *left = *(const struct mc_stage_row *const *)a;
    const struct mc_stage_row *right = *(const struct mc_stage_row *const *)b;

    if (left->table != right->table)
        return left->table < right->table ? -1 : 1;
    return mc_key_compare(key_of(left), key_of(right));
}

/* What memory holds becomes the generation that is merged; new writes gather in the next. */
static bool merge_begin(struct mc_store *store)
{
    size_t n = 0;
    struct mc_stage_row **order = malloc(store->stage.rows * sizeof(struct mc_stage_row *));

    if (order == NULL)
        return false; /* later */
    store->merging = store->stage;
    store->stage = (struct mc_stage){0};
    for (size_t i = 0; i < store->merging.buckets_len; i++)
        for (struct mc_stage_row *row = store->merging.buckets[i]; row != NULL; row = row->next)
            order[n++] = row;
    qsort(order, n, sizeof(struct mc_stage_row *), by_table_and_key);
    store->merge_order = order;
    store->merged = 0;
    return true;
}

static void merge_row(struct mc_turn *turn, const struct mc_stage_row *row)
{
    MDB_val key = key_of(row);
    MDB_val value = {row->value_len, mc_unconst(row->bytes + row->key_len)};
    int rc = row->value_len > 0 ? mc_turn_put(turn, row->table, key, value, 0)
                                : mc_turn_drop(turn, row->table, key);

    if (rc != MDB_SUCCESS)
        (void)mc_turn_fail(turn, rc);
}

/* Merged rows go from the front of the stage. */
static void forget_merged(struct mc_turn *turn)
{
    struct mc_store *store = turn->store;
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val value;
    int rc = mdb_cursor_open(turn->view, store->tables[MC_TABLE_STAGE], &cursor);
    size_t most =
        MC_MAX(4 * turn->staged_rows, (size_t)MC_STAGE_DELETES); /* faster than it fills */
    size_t n = 0;

    if (rc != MDB_SUCCESS) {
        (void)mc_turn_fail(turn, rc);
        return;
    }
    turn->changed = true;
    rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    for (; rc == MDB_SUCCESS && n < most; n++) {
        uint64_t seq = 0;

        memcpy(&seq, key.mv_data, sizeof seq);
        if (be64toh(seq) > store->forget_to)
            break;
        if ((rc = mdb_cursor_del(cursor, 0)) == MDB_SUCCESS) {
            mc_turn_tell(turn, MC_TABLE_STAGE, (MDB_val){sizeof seq, &seq}, (struct mc_bytes){0});
            rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
        }
    }
    mdb_cursor_close(cursor);
    if (rc != MDB_SUCCESS && rc != MDB_NOTFOUND)
        (void)mc_turn_fail(turn, rc);
    turn->forgot = n < most;
}

void mc_stage_step(struct mc_turn *turn, bool idle)
{
    struct mc_store *store = turn->store;
    size_t step = MC_MAX(4 * turn->staged_rows, (size_t)MC_STAGE_STEP_MIN);

    if (turn->status != MC_OK || turn->stepped)
        return;
    turn->stepped = true;
    if (store->forget_to != 0) {
        forget_merged(turn);
        return;
    }
    bool old =
        idle && store->stage.rows > 0 && turn->now_ms - store->stage.since_ms >= MC_STAGE_AGE_MS;
    if (store->merging.rows == 0 &&
        !((store->stage.rows >= MC_STAGE_ROWS || old) && merge_begin(store)))
        return;
    turn->merged = store->merged;
    while (turn->merged < store->merging.rows && step-- > 0 && turn->status == MC_OK)
        merge_row(turn, store->merge_order[turn->merged++]);
    turn->changed = true;
}

static void keep_overlay(struct mc_turn *turn)
{
    struct mc_store *store = turn->store;

    for (size_t i = 0; turn->overlay != NULL && i < OVERLAY_BUCKETS; i++)
        for (const struct mc_stage_row *row = turn->overlay[i]; row != NULL; row = row->next) {
            if (store->stage.rows == 0)
                store->stage.since_ms = turn->now_ms;
            /* It is on disk: a process that cannot keep it in mind starts again and reads it. */
            if (!heap_put(&store->stage, row->table, key_of(row),
                          (struct mc_bytes){row->bytes + row->key_len, row->value_len}))
                abort();
        }
    store->stage.last = store->stage_last = turn->stage_last;
}

void mc_stage_committed(struct mc_turn *turn)
{
    struct mc_store *store = turn->store;

    keep_overlay(turn);
    if (turn->forgot)
        store->forget_to = 0;
    store->merged = MC_MAX(store->merged, turn->merged);
    if (store->merging.rows > 0 && store->merged == store->merging.rows) {
        store->forget_to = store->merging.last;
        heap_free(&store->merging);
        free(store->merge_order);
        store->merge_order = NULL;
        store->merged = 0;
    }
}
