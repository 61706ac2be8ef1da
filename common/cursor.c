/* Walks over a table, merged with what the call has written itself. */
#include <string.h>

#include "common/stage.h"

struct mc_cursor mc_seek(struct mc_txn *txn, unsigned table, struct mc_bytes prefix,
                         struct mc_bytes from, enum mc_direction direction)
{
    return (struct mc_cursor){
        .txn = txn, .table = table, .prefix = prefix, .from = from, .direction = direction};
}

static bool has_prefix(MDB_val key, struct mc_bytes prefix)
{
    return key.mv_size >= prefix.len &&
           (prefix.len == 0 || memcmp(key.mv_data, prefix.data, prefix.len) == 0);
}

/* The first key beyond all that begin with the prefix; false when there is no such key. */
static bool prefix_end(struct mc_bytes prefix, uint8_t *end, MDB_val *ret_end)
{
    size_t len = prefix.len;

    if (len > 0)
        memcpy(end, prefix.data, len);
    while (len > 0 && end[len - 1] == 0xff)
        len--;
    if (len == 0)
        return false;
    end[len - 1]++;
    *ret_end = (MDB_val){len, end};
    return true;
}

/* Where the walk stands: rows strictly before (backward) or from (forward) `at`. */
struct place {
    MDB_val at;
    bool bounded; /* backward with no end: from the very last key */
    bool after;   /* forward: strictly after `at` */
};

static struct place place_of(const struct mc_cursor *cursor, uint8_t *end)
{
    MDB_val from = mc_mdb_val(cursor->from);
    struct place place = {.bounded = true};

    if (cursor->started) {
        place.at = (MDB_val){cursor->place_len, mc_unconst(cursor->place)};
        place.after = true;
        return place;
    }
    if (cursor->direction == MC_FORWARD) {
        place.at = mc_mdb_val(cursor->prefix);
        place.bounded = cursor->prefix.len > 0;
        if (from.mv_size > 0 && (!place.bounded || mc_key_compare(from, place.at) > 0))
            place = (struct place){.at = from, .bounded = true};
        return place;
    }
    place.bounded = prefix_end(cursor->prefix, end, &place.at);
    if (from.mv_size > 0 && (!place.bounded || mc_key_compare(from, place.at) < 0))
        place = (struct place){.at = from, .bounded = true};
    return place;
}

static int step_forward(MDB_cursor *mdb, const struct place *place, MDB_val *key, MDB_val *value)
{
    if (!place->bounded)
        return mdb_cursor_get(mdb, key, value, MDB_FIRST);
    *key = place->at;
    int rc = mdb_cursor_get(mdb, key, value, MDB_SET_RANGE);
    if (rc == MDB_SUCCESS && place->after && mc_key_compare(*key, place->at) == 0)
        rc = mdb_cursor_get(mdb, key, value, MDB_NEXT);
    return rc;
}

static int step_backward(MDB_cursor *mdb, const struct place *place, MDB_val *key, MDB_val *value)
{
    if (!place->bounded)
        return mdb_cursor_get(mdb, key, value, MDB_LAST);
    *key = place->at;
    int rc = mdb_cursor_get(mdb, key, value, MDB_SET_RANGE);
    return mdb_cursor_get(mdb, key, value, rc == MDB_SUCCESS ? MDB_PREV : MDB_LAST);
}

/* The call wrote it itself, or a newer one is staged. */
static bool is_hidden(const struct mc_cursor *cursor, MDB_val key)
{
    struct mc_txn *txn = cursor->txn;

    return mc_buffered(txn, cursor->table, key) != NULL ||
           (mc_is_staged(txn->store, cursor->table) &&
            mc_stage_find(txn, cursor->table, key) != NULL);
}

/* The next row of the store beyond the place that the buffer does not hide. */
static int next_stored(const struct mc_cursor *cursor, struct place place, MDB_val *key,
                       MDB_val *value)
{
    struct mc_txn *txn = cursor->txn;
    MDB_cursor *mdb = NULL;
    int rc = mdb_cursor_open(txn->view, txn->store->tables[cursor->table], &mdb);

    if (rc != MDB_SUCCESS)
        return rc;
    rc = cursor->direction == MC_FORWARD ? step_forward(mdb, &place, key, value)
                                         : step_backward(mdb, &place, key, value);
    while (rc == MDB_SUCCESS && has_prefix(*key, cursor->prefix) && is_hidden(cursor, *key))
        rc = mdb_cursor_get(mdb, key, value, cursor->direction == MC_FORWARD ? MDB_NEXT : MDB_PREV);
    mdb_cursor_close(mdb);
    return rc == MDB_SUCCESS && !has_prefix(*key, cursor->prefix) ? MDB_NOTFOUND : rc;
}

static bool is_ahead(const struct mc_cursor *cursor, struct place place,
                     const struct mc_write *write)
{
    bool forward = cursor->direction == MC_FORWARD;
    int from = place.bounded ? mc_key_compare(write->key, place.at) : (forward ? 1 : -1);

    return forward ? from > 0 || (from == 0 && !place.after) : from < 0;
}

/*
 * The buffered put nearest beyond the place, or NULL. The walk remembers it and looks at new
 * writes only, so that a walk that writes a row per row it reads is not quadratic.
 */
static const struct mc_write *next_buffered(struct mc_cursor *cursor, struct place place)
{
    bool forward = cursor->direction == MC_FORWARD;
    const struct mc_write *write = cursor->txn->writes;

    if (cursor->rewrites != cursor->txn->rewrites ||
        (cursor->nearest != NULL && !is_ahead(cursor, place, cursor->nearest))) {
        cursor->seen = NULL;
        cursor->nearest = NULL;
        cursor->rewrites = cursor->txn->rewrites;
    }
    if (cursor->seen != NULL)
        write = cursor->seen->next;
    for (; write != NULL; write = write->next) {
        cursor->seen = write;
        if (write->table != cursor->table || write->value.data == NULL ||
            !has_prefix(write->key, cursor->prefix) || !is_ahead(cursor, place, write))
            continue;
        int order = cursor->nearest != NULL ? mc_key_compare(write->key, cursor->nearest->key) : 0;
        if (cursor->nearest == NULL || (forward ? order < 0 : order > 0))
            cursor->nearest = write;
    }
    return cursor->nearest;
}

/* Copies the row out of the page or buffer it lies in. */
static bool cursor_take(struct mc_cursor *cursor, MDB_val key, struct mc_bytes value)
{
    struct mc_txn *txn = cursor->txn;

    cursor->mark = txn->arena->used;
    cursor->key = mc_copy(txn->arena, key.mv_data, key.mv_size);
    cursor->value = mc_copy(txn->arena, value.data, value.len);
    memcpy(cursor->place, key.mv_data, key.mv_size);
    cursor->place_len = key.mv_size;
    cursor->started = true;
    if (cursor->key.data == NULL || cursor->value.data == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return txn->status == MC_OK;
}

bool mc_next(struct mc_cursor *cursor)
{
    struct mc_txn *txn = cursor->txn;
    uint8_t end[MC_KEY_MAX];
    MDB_val key = {0};
    MDB_val value = {0};

    if (txn->status != MC_OK || cursor->prefix.len > MC_KEY_MAX)
        return false;
    struct place place = place_of(cursor, end);
    const struct mc_write *write = next_buffered(cursor, place);
    int rc = next_stored(cursor, place, &key, &value);
    if (rc != MDB_SUCCESS && rc != MDB_NOTFOUND) {
        (void)mc_fail(txn, mc_status_from_mdb(rc), mdb_strerror(rc));
        return false;
    }

    if (write != NULL) {
        int order = rc == MDB_SUCCESS ? mc_key_compare(write->key, key) : 0;
        if (rc != MDB_SUCCESS || (cursor->direction == MC_FORWARD ? order < 0 : order > 0))
            return cursor_take(cursor, write->key,
                               (struct mc_bytes){(const uint8_t *)write->value.data + VALUE_HEAD,
                                                 write->value.len - VALUE_HEAD});
    }
    if (rc != MDB_SUCCESS)
        return false;
    struct mc_bytes bytes;
    if (!mc_value_open(cursor->table, key, value, &bytes)) {
        (void)mc_fail(txn, MC_CORRUPT, "value does not match its checksum");
        return false;
    }
    return cursor_take(cursor, key, bytes);
}

void mc_pass(struct mc_cursor *cursor)
{
    mc_arena_rewind(cursor->txn->arena, cursor->mark);
    cursor->key = (struct mc_bytes){0};
    cursor->value = (struct mc_bytes){0};
}

void *mc_row(const struct mc_cursor *cursor, const ProtobufCMessageDescriptor *type)
{
    return cursor->txn->status == MC_OK ? mc_unpack(cursor->txn, cursor->value, type) : NULL;
}
