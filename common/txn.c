#include "common/txn.h"

#include <endian.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/messages.h"
#include "common/store_mdb.h"

/* One buffered put, or a delete when value.data is NULL. */
struct mc_write {
    struct mc_write *next;
    struct mc_write *bucket_next;
    unsigned table;
    MDB_val key;
    struct mc_bytes value; /* with its head */
};

struct mc_event_out {
    struct mc_event_out *next;
    Motcua__Event event;
};

static const char state_key[] = "state";

enum mc_status mc_fail(struct mc_txn *txn, enum mc_status status, const char *why)
{
    assert(status != MC_OK);

    if (txn->status == MC_OK) {
        txn->status = status;
        txn->why = why;
    }
    return txn->status;
}

enum { VIOLATIONS_MAX = 64, VIOLATION_ARGS_MAX = 8, VIOLATION_TEXT_MAX = 512 };

enum mc_status mc_refuse(struct mc_txn *txn, enum mc_status status, const char *field,
                         const char *code, ...)
{
    const char *args[2 * VIOLATION_ARGS_MAX + 1] = {NULL};
    char text[VIOLATION_TEXT_MAX];
    size_t args_len = 0;
    va_list list;

    va_start(list, code);
    for (const char *arg; args_len < MC_LEN(args) - 1 && (arg = va_arg(list, const char *));)
        args[args_len++] = arg;
    va_end(list);
    (void)mc_message_format(text, sizeof text, code, args);

    if (txn->violations == NULL)
        txn->violations = mc_alloc(txn->arena, VIOLATIONS_MAX * sizeof(Motcua__Violation *));
    Motcua__Violation *violation = mc_alloc(txn->arena, sizeof *violation);
    if (txn->violations != NULL && violation != NULL && txn->violations_len < VIOLATIONS_MAX) {
        motcua__violation__init(violation);
        violation->field = mc_strdup(txn->arena, field);
        violation->code = mc_strdup(txn->arena, code);
        violation->message = mc_strdup(txn->arena, text);
        if (violation->message != NULL)
            txn->violations[txn->violations_len++] = violation;
    }
    return mc_fail(txn, status, code);
}

enum mc_status mc_wait(const struct mc_txn *txn, int64_t wait_ms)
{
    return txn->now_ms - txn->arrived_ms < wait_ms ? MC_WAIT : MC_OK;
}

/* Where the chain of a table's key begins. */
static struct mc_write **chain_of(struct mc_txn *txn, unsigned table, MDB_val key)
{
    const uint8_t *bytes = key.mv_data;
    uint32_t hash = 2166136261U ^ table; /* FNV-1a: only spreads the call's own few keys */

    for (size_t i = 0; i < key.mv_size; i++)
        hash = (hash ^ bytes[i]) * 16777619U;
    hash ^= hash >> 15;
    return txn->index_large != NULL ? &txn->index_large[hash % txn->index_large_len]
                                    : &txn->index[hash % MC_WRITE_BUCKETS];
}

static int key_compare(MDB_val a, MDB_val b)
{
    int order = memcmp(a.mv_data, b.mv_data, MC_MIN(a.mv_size, b.mv_size));

    if (order != 0 || a.mv_size == b.mv_size)
        return order;
    return a.mv_size < b.mv_size ? -1 : 1;
}

static MDB_val mdb_val(struct mc_bytes bytes)
{
    return (MDB_val){bytes.len, mc_unconst(bytes.data)};
}

static struct mc_write *buffered(struct mc_txn *txn, unsigned table, MDB_val key)
{
    struct mc_write *write = txn->writes != NULL ? *chain_of(txn, table, key) : NULL;

    while (write != NULL && (write->table != table || key_compare(write->key, key) != 0))
        write = write->bucket_next;
    return write;
}

/* Four times the chains when they get long: a lease of 500 jobs writes 1,500 rows. */
static void index_grow(struct mc_txn *txn)
{
    size_t now = txn->index_large != NULL ? txn->index_large_len : MC_WRITE_BUCKETS;

    if (txn->writes_len < 2 * now)
        return;
    struct mc_write **larger = mc_alloc(txn->arena, 4 * now * sizeof(void *));
    if (larger == NULL)
        return; /* slower, not wrong; whoever needs the memory will say so */
    txn->index_large = larger;
    txn->index_large_len = 4 * now;
    for (struct mc_write *write = txn->writes; write != NULL; write = write->next) {
        struct mc_write **chain = chain_of(txn, write->table, write->key);

        write->bucket_next = *chain;
        *chain = write;
    }
}

static bool key_fits(struct mc_bytes key)
{
    return key.len > 0 && key.len <= MC_KEY_MAX;
}

/* Buffers a value (with its head) or a delete. */
static void buffer(struct mc_txn *txn, unsigned table, struct mc_bytes key, struct mc_bytes value)
{
    assert(txn->turn != NULL && key_fits(key));

    struct mc_write *write = buffered(txn, table, mdb_val(key));
    if (write != NULL) {
        write->value = value;
        txn->rewrites++;
        return;
    }
    write = mc_alloc(txn->arena, sizeof *write);
    struct mc_bytes kept = mc_copy(txn->arena, key.data, key.len);
    if (write == NULL || kept.data == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    struct mc_write **chain = chain_of(txn, table, mdb_val(key));
    *write = (struct mc_write){
        .table = table, .key = mdb_val(kept), .value = value, .bucket_next = *chain};
    *chain = write;
    if (txn->writes_last != NULL)
        txn->writes_last->next = write;
    else
        txn->writes = write;
    txn->writes_last = write;
    txn->writes_len++;
    index_grow(txn);
}

/* Room for a value of `len` bytes behind its head; NULL with the call failed. */
static uint8_t *value_new(struct mc_txn *txn, struct mc_bytes key, size_t len)
{
    if (txn->status != MC_OK)
        return NULL;
    if (!key_fits(key)) {
        (void)mc_fail(txn, MC_INVALID, "key empty or too long");
        return NULL;
    }
    if (len > MC_VALUE_MAX) {
        (void)mc_fail(txn, MC_LIMITED, "value too large");
        return NULL;
    }
    uint8_t *value = mc_alloc(txn->arena, VALUE_HEAD + len);
    if (value == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return value;
}

static void value_seal(unsigned table, MDB_val key, uint8_t *value, size_t len)
{
    uint64_t checksum = mc_value_checksum(table, key, value + VALUE_HEAD, len);

    value[0] = VALUE_VERSION;
    memcpy(value + 1, &checksum, sizeof checksum);
}

/* The bytes behind a stored value's head; false when they are not what was written. */
static bool value_open(unsigned table, MDB_val key, MDB_val value, struct mc_bytes *ret_bytes)
{
    const uint8_t *bytes = value.mv_data;
    uint64_t checksum = 0;

    if (value.mv_size < VALUE_HEAD || bytes[0] != VALUE_VERSION)
        return false;
    memcpy(&checksum, bytes + 1, sizeof checksum);
    *ret_bytes = (struct mc_bytes){bytes + VALUE_HEAD, value.mv_size - VALUE_HEAD};
    return checksum == mc_value_checksum(table, key, ret_bytes->data, ret_bytes->len);
}

/* Finds the bytes under a key, where they lie: in the buffer or on LMDB's page. */
static bool find(struct mc_txn *txn, unsigned table, struct mc_bytes key,
                 struct mc_bytes *ret_bytes)
{
    MDB_val k = mdb_val(key);
    MDB_val v;

    if (txn->status != MC_OK || !key_fits(key))
        return false;
    const struct mc_write *write = buffered(txn, table, k);
    if (write != NULL) {
        if (write->value.data == NULL)
            return false;
        *ret_bytes = (struct mc_bytes){(const uint8_t *)write->value.data + VALUE_HEAD,
                                       write->value.len - VALUE_HEAD};
        return true;
    }

    int rc = mdb_get(txn->view, txn->store->tables[table], &k, &v);
    if (rc == MDB_NOTFOUND)
        return false;
    if (rc != MDB_SUCCESS)
        (void)mc_fail(txn, mc_status_from_mdb(rc), mdb_strerror(rc));
    else if (!value_open(table, k, v, ret_bytes))
        (void)mc_fail(txn, MC_CORRUPT, "value does not match its checksum");
    return txn->status == MC_OK;
}

static void *unpack(struct mc_txn *txn, struct mc_bytes bytes,
                    const ProtobufCMessageDescriptor *type)
{
    void *record = protobuf_c_message_unpack(type, &txn->arena->protobuf, bytes.len, bytes.data);

    if (record == NULL)
        (void)mc_fail(txn, txn->arena->full ? MC_LIMITED : MC_CORRUPT, type->name);
    return record;
}

void *mc_load(struct mc_txn *txn, unsigned table, struct mc_bytes key,
              const ProtobufCMessageDescriptor *type)
{
    struct mc_bytes bytes;

    return find(txn, table, key, &bytes) ? unpack(txn, bytes, type) : NULL;
}

void mc_save(struct mc_txn *txn, unsigned table, struct mc_bytes key,
             const ProtobufCMessage *record)
{
    size_t len = protobuf_c_message_get_packed_size(record);
    uint8_t *value = value_new(txn, key, len);

    if (value == NULL)
        return;
    (void)protobuf_c_message_pack(record, value + VALUE_HEAD);
    value_seal(table, mdb_val(key), value, len);
    buffer(txn, table, key, (struct mc_bytes){value, VALUE_HEAD + len});
}

bool mc_get(struct mc_txn *txn, unsigned table, struct mc_bytes key, struct mc_bytes *ret_value)
{
    struct mc_bytes bytes;

    *ret_value = (struct mc_bytes){0};
    if (!find(txn, table, key, &bytes))
        return false;
    *ret_value = mc_copy(txn->arena, bytes.data, bytes.len);
    if (ret_value->data == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return ret_value->data != NULL;
}

void mc_put(struct mc_txn *txn, unsigned table, struct mc_bytes key, struct mc_bytes bytes)
{
    uint8_t *value = value_new(txn, key, bytes.len);

    if (value == NULL)
        return;
    if (bytes.len > 0)
        memcpy(value + VALUE_HEAD, bytes.data, bytes.len);
    value_seal(table, mdb_val(key), value, bytes.len);
    buffer(txn, table, key, (struct mc_bytes){value, VALUE_HEAD + bytes.len});
}

void mc_drop(struct mc_txn *txn, unsigned table, struct mc_bytes key)
{
    if (txn->status == MC_OK && key_fits(key))
        buffer(txn, table, key, (struct mc_bytes){0});
}

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
    MDB_val from = mdb_val(cursor->from);
    struct place place = {.bounded = true};

    if (cursor->started) {
        place.at = (MDB_val){cursor->place_len, mc_unconst(cursor->place)};
        place.after = true;
        return place;
    }
    if (cursor->direction == MC_FORWARD) {
        place.at = mdb_val(cursor->prefix);
        place.bounded = cursor->prefix.len > 0;
        if (from.mv_size > 0 && (!place.bounded || key_compare(from, place.at) > 0))
            place = (struct place){.at = from, .bounded = true};
        return place;
    }
    place.bounded = prefix_end(cursor->prefix, end, &place.at);
    if (from.mv_size > 0 && (!place.bounded || key_compare(from, place.at) < 0))
        place = (struct place){.at = from, .bounded = true};
    return place;
}

static int step_forward(MDB_cursor *mdb, const struct place *place, MDB_val *key, MDB_val *value)
{
    if (!place->bounded)
        return mdb_cursor_get(mdb, key, value, MDB_FIRST);
    *key = place->at;
    int rc = mdb_cursor_get(mdb, key, value, MDB_SET_RANGE);
    if (rc == MDB_SUCCESS && place->after && key_compare(*key, place->at) == 0)
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
    while (rc == MDB_SUCCESS && has_prefix(*key, cursor->prefix) &&
           buffered(txn, cursor->table, *key) != NULL)
        rc = mdb_cursor_get(mdb, key, value, cursor->direction == MC_FORWARD ? MDB_NEXT : MDB_PREV);
    mdb_cursor_close(mdb);
    return rc == MDB_SUCCESS && !has_prefix(*key, cursor->prefix) ? MDB_NOTFOUND : rc;
}

static bool is_ahead(const struct mc_cursor *cursor, struct place place,
                     const struct mc_write *write)
{
    bool forward = cursor->direction == MC_FORWARD;
    int from = place.bounded ? key_compare(write->key, place.at) : (forward ? 1 : -1);

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
        int order = cursor->nearest != NULL ? key_compare(write->key, cursor->nearest->key) : 0;
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
        int order = rc == MDB_SUCCESS ? key_compare(write->key, key) : 0;
        if (rc != MDB_SUCCESS || (cursor->direction == MC_FORWARD ? order < 0 : order > 0))
            return cursor_take(cursor, write->key,
                               (struct mc_bytes){(const uint8_t *)write->value.data + VALUE_HEAD,
                                                 write->value.len - VALUE_HEAD});
    }
    if (rc != MDB_SUCCESS)
        return false;
    struct mc_bytes bytes;
    if (!value_open(cursor->table, key, value, &bytes)) {
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
    return cursor->txn->status == MC_OK ? unpack(cursor->txn, cursor->value, type) : NULL;
}

uint64_t mc_count(struct mc_txn *txn, const char *name)
{
    struct mc_bytes value;
    uint64_t number = 0;
    char key[MC_KEY_MAX];
    int len = snprintf(key, sizeof key, "count/%s", name);

    assert(len > 0 && (size_t)len < sizeof key);
    if (mc_get(txn, MC_TABLE_META, (struct mc_bytes){key, (size_t)len}, &value)) {
        if (value.len != sizeof number)
            (void)mc_fail(txn, MC_CORRUPT, name);
        else
            memcpy(&number, value.data, sizeof number);
    }
    number = htole64(le64toh(number) + 1);
    mc_put(txn, MC_TABLE_META, (struct mc_bytes){key, (size_t)len},
           (struct mc_bytes){&number, sizeof number});
    return txn->status == MC_OK ? le64toh(number) : 0;
}

static size_t list_len(const char *const *list)
{
    size_t len = 0;

    while (list != NULL && list[len] != NULL)
        len++;
    return len;
}

char **mc_list_copy(struct mc_arena *arena, const char *const *list, size_t *ret_len)
{
    size_t len = list_len(list);
    char **copy = mc_alloc(arena, (len + 1) * sizeof *copy);

    *ret_len = 0;
    for (size_t i = 0; copy != NULL && i < len; i++) {
        copy[i] = mc_strdup(arena, list[i]);
        if (copy[i] == NULL)
            return NULL;
        *ret_len = i + 1;
    }
    return copy;
}

void mc_emit(struct mc_txn *txn, const char *type, const ProtobufCMessage *body, enum mc_seal seal,
             const char *const *keys)
{
    size_t len = protobuf_c_message_get_packed_size(body);

    if (len > MC_EVENT_MAX)
        (void)mc_fail(txn, MC_LIMITED, "event too large");
    uint8_t *packed = txn->status == MC_OK ? mc_alloc(txn->arena, len) : NULL;
    struct mc_event_out *out = packed != NULL ? mc_alloc(txn->arena, sizeof *out) : NULL;

    assert(txn->turn != NULL);
    if (out == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    (void)protobuf_c_message_pack(body, packed);
    motcua__event__init(&out->event);
    out->event.type = mc_unconst(type);
    out->event.at_ms = txn->now_ms;
    out->event.cause = txn->header->request_id;
    out->event.traceparent = txn->header->traceparent;
    out->event.actor = mc_unconst(txn->actor);
    out->event.cause_event = mc_unconst(txn->cause_event);
    out->event.keys = mc_list_copy(txn->arena, keys, &out->event.n_keys);
    out->event.body = (ProtobufCBinaryData){len, packed};
    out->event.sealed = seal == MC_SEALED;
    if (out->event.sealed)
        out->event.body = mc_seal_bytes(txn, (struct mc_bytes){packed, len});
    if (out->event.keys == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");

    if (txn->events_last != NULL)
        txn->events_last->next = out;
    else
        txn->events = out;
    txn->events_last = out;
}

static const struct mc_bytes seal_ad = {"motcua record", 13};

ProtobufCBinaryData mc_seal_bytes(struct mc_txn *txn, struct mc_bytes plain)
{
    size_t len = mc_sealed_len(plain.len);
    uint8_t *out = txn->status == MC_OK ? mc_alloc(txn->arena, len) : NULL;

    if (out == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return (ProtobufCBinaryData){0};
    }
    mc_seal(&txn->secrets->seal, txn->random, seal_ad, plain, out);
    return (ProtobufCBinaryData){len, out};
}

struct mc_bytes mc_open_bytes(struct mc_txn *txn, ProtobufCBinaryData sealed)
{
    size_t len = 0;

    if (txn->status != MC_OK || sealed.len == 0) /* a field that was never set */
        return (struct mc_bytes){0};
    uint8_t *out = mc_alloc(txn->arena, sealed.len);
    if (out == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return (struct mc_bytes){0};
    }
    if (mc_unseal(&txn->secrets->seal, seal_ad, (struct mc_bytes){sealed.data, sealed.len}, out,
                  &len) != MC_OK) {
        (void)mc_fail(txn, MC_CORRUPT, "a sealed value does not open");
        return (struct mc_bytes){0};
    }
    out[len] = '\0';
    return (struct mc_bytes){out, len};
}

ProtobufCBinaryData mc_seal_text(struct mc_txn *txn, const char *plain)
{
    return mc_seal_bytes(txn, mc_key_text(plain));
}

char *mc_open_text(struct mc_txn *txn, ProtobufCBinaryData sealed)
{
    struct mc_bytes plain = mc_open_bytes(txn, sealed);

    return plain.data != NULL ? mc_unconst(plain.data) : mc_unconst("");
}

struct mc_bytes mc_blind(struct mc_txn *txn, const char *purpose, const char *text)
{
    uint8_t mac[MC_HASH_LEN];
    struct mc_bytes part = mc_key_text(text);

    mc_mac(mac, txn->secrets->blind, purpose, &part, 1);
    struct mc_bytes blind = mc_copy(txn->arena, mac, 16);
    if (blind.data == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return blind;
}

struct mc_bytes mc_new_id(struct mc_txn *txn)
{
    uint8_t id[MC_ID_LEN];

    mc_uuid7(id, txn->now_ms, txn->random);
    struct mc_bytes copy = mc_copy(txn->arena, id, sizeof id);
    if (copy.data == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return copy;
}

struct mc_bytes mc_key_u64(struct mc_txn *txn, uint64_t number)
{
    uint64_t big = htobe64(number);
    struct mc_bytes key = mc_copy(txn->arena, &big, sizeof big);

    if (key.data == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return key;
}

struct mc_bytes mc_key_join(struct mc_txn *txn, struct mc_bytes a, struct mc_bytes b)
{
    uint8_t *key = mc_alloc(txn->arena, a.len + b.len);

    if (key == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return (struct mc_bytes){0};
    }
    if (a.len > 0)
        memcpy(key, a.data, a.len);
    if (b.len > 0)
        memcpy(key + a.len, b.data, b.len);
    return (struct mc_bytes){key, a.len + b.len};
}

void mc_turn_begin(struct mc_turn *turn, struct mc_store *store, struct mc_arena *arena,
                   int64_t now_ms)
{
    MDB_txn *mdb = NULL;
    int rc = mdb_txn_begin(store->env, NULL, 0, &mdb);

    *turn = (struct mc_turn){
        .store = store,
        .arena = arena,
        .view = mdb,
        .now_ms = now_ms,
        .journal_last = store->counts.journal_last,
        .job_last = store->counts.job_last,
        .status = mc_status_from_mdb(rc),
        .why = rc != MDB_SUCCESS ? mdb_strerror(rc) : NULL,
    };
    memcpy(turn->lanes, store->counts.lanes, sizeof turn->lanes);
}

void mc_turn_abort(struct mc_turn *turn)
{
    if (turn->view != NULL)
        mdb_txn_abort(turn->view);
    turn->view = NULL;
}

static enum mc_status turn_fail(struct mc_turn *turn, int rc)
{
    if (turn->status == MC_OK) {
        turn->status = mc_status_from_mdb(rc);
        turn->why = mdb_strerror(rc);
    }
    return turn->status;
}

static enum mc_status put(struct mc_turn *turn, unsigned table, MDB_val key, struct mc_bytes value,
                          unsigned flags)
{
    MDB_val v = mdb_val(value);
    int rc = mdb_put(turn->view, turn->store->tables[table], &key, &v, flags);

    return rc == MDB_SUCCESS ? MC_OK : turn_fail(turn, rc);
}

static enum mc_status apply_writes(struct mc_turn *turn, const struct mc_write *write)
{
    enum mc_status status = MC_OK;

    for (; write != NULL && status == MC_OK; write = write->next) {
        if (write->value.data != NULL) {
            status = put(turn, write->table, write->key, write->value, 0);
            continue;
        }
        MDB_val key = write->key;
        int rc = mdb_del(turn->view, turn->store->tables[write->table], &key, NULL);
        if (rc != MDB_SUCCESS && rc != MDB_NOTFOUND)
            status = turn_fail(turn, rc);
    }
    return status;
}

static enum mc_status put_message(struct mc_turn *turn, unsigned table, MDB_val key,
                                  const ProtobufCMessage *message, unsigned flags)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *value = mc_alloc(turn->arena, VALUE_HEAD + len);

    if (value == NULL) {
        turn->why = "arena full";
        return turn->status = MC_FULL;
    }
    (void)protobuf_c_message_pack(message, value + VALUE_HEAD);
    value_seal(table, key, value, len);
    return put(turn, table, key, (struct mc_bytes){value, VALUE_HEAD + len}, flags);
}

static enum mc_status apply_events(struct mc_turn *turn, struct mc_event_out *out)
{
    enum mc_status status = MC_OK;

    for (; out != NULL && status == MC_OK; out = out->next) {
        uint64_t key = htobe64(++turn->journal_last);

        out->event.seq = turn->journal_last;
        status = put_message(turn, MC_TABLE_JOURNAL, (MDB_val){sizeof key, &key}, &out->event.base,
                             MDB_APPEND);
    }
    return status;
}

static void apply_lanes(struct mc_turn *turn, const struct mc_txn *txn)
{
    for (unsigned i = 0; i < MC_LANES_MAX; i++) {
        const struct mc_lane_count *delta = &txn->lanes[i];
        struct mc_lane_count *lane = &turn->lanes[i];

        if ((txn->lanes_touched & 1U << i) == 0)
            continue;
        lane->queued += delta->queued;
        lane->leased += delta->leased;
        lane->held += delta->held;
        lane->dead += delta->dead;
        lane->enqueued_total += delta->enqueued_total;
        lane->done_total += delta->done_total;
        lane->failed_total += delta->failed_total;
        lane->expired_total += delta->expired_total;
        if (delta->enqueued_total > 0)
            turn->lanes_due |= 1U << i;
    }
}

void mc_txn_open(struct mc_txn *txn, struct mc_turn *turn)
{
    *txn = (struct mc_txn){
        .store = turn->store,
        .arena = turn->arena,
        .turn = turn,
        .view = turn->view,
        .now_ms = turn->now_ms,
        .cause_event = "",
        .actor = "",
        .status = turn->status,
    };
}

enum mc_status mc_txn_apply(struct mc_txn *txn)
{
    struct mc_turn *turn = txn->turn;

    if (txn->status != MC_OK)
        return txn->status;
    if (txn->writes == NULL && txn->events == NULL)
        return MC_OK;
    if (apply_writes(turn, txn->writes) != MC_OK || apply_events(turn, txn->events) != MC_OK)
        return mc_fail(txn, turn->status, turn->why);
    turn->job_last += txn->jobs_added;
    apply_lanes(turn, txn);
    turn->changed = true;
    return MC_OK;
}

static enum mc_status put_state(struct mc_turn *turn)
{
    Motcua__StoreState state = MOTCUA__STORE_STATE__INIT;
    Motcua__LaneStats lanes[MC_LANES_MAX];
    Motcua__LaneStats *list[MC_LANES_MAX];

    for (size_t i = 0; i < MC_LANES_MAX; i++) {
        const struct mc_lane_count *lane = &turn->lanes[i];

        motcua__lane_stats__init(&lanes[i]);
        lanes[i].queued = (uint64_t)lane->queued;
        lanes[i].leased = (uint64_t)lane->leased;
        lanes[i].held = (uint64_t)lane->held;
        lanes[i].dead = (uint64_t)lane->dead;
        lanes[i].enqueued_total = (uint64_t)lane->enqueued_total;
        lanes[i].done_total = (uint64_t)lane->done_total;
        lanes[i].failed_total = (uint64_t)lane->failed_total;
        lanes[i].expired_total = (uint64_t)lane->expired_total;
        list[i] = &lanes[i];
    }
    state.journal_last = turn->journal_last;
    state.job_last = turn->job_last;
    state.lanes = list;
    state.n_lanes = MC_LANES_MAX;
    MDB_val key = {sizeof state_key, mc_unconst(state_key)};
    return put_message(turn, MC_TABLE_META, key, &state.base, 0);
}

enum mc_status mc_store_load_counts(struct mc_store *store, struct mc_arena *arena)
{
    struct mc_txn txn;
    enum mc_status status = mc_snapshot_open(store, arena, &txn);

    if (status != MC_OK)
        return status;
    const Motcua__StoreState *state =
        mc_load(&txn, MC_TABLE_META, (struct mc_bytes){state_key, sizeof state_key},
                &motcua__store_state__descriptor);
    if (state != NULL) {
        store->counts.journal_last = state->journal_last;
        store->counts.job_last = state->job_last;
        for (size_t i = 0; i < MC_MIN(state->n_lanes, (size_t)MC_LANES_MAX); i++)
            store->counts.lanes[i] = (struct mc_lane_count){
                .queued = (int64_t)state->lanes[i]->queued,
                .leased = (int64_t)state->lanes[i]->leased,
                .held = (int64_t)state->lanes[i]->held,
                .dead = (int64_t)state->lanes[i]->dead,
                .enqueued_total = (int64_t)state->lanes[i]->enqueued_total,
                .done_total = (int64_t)state->lanes[i]->done_total,
                .failed_total = (int64_t)state->lanes[i]->failed_total,
                .expired_total = (int64_t)state->lanes[i]->expired_total,
            };
    }
    status = txn.status;
    mc_snapshot_close(&txn);
    return status;
}

enum mc_status mc_turn_commit(struct mc_turn *turn)
{
    struct mc_store *store = turn->store;

    if (turn->status == MC_OK && turn->changed)
        (void)put_state(turn);
    if (turn->status != MC_OK || !turn->changed) {
        mc_turn_abort(turn);
        if (turn->status == MC_FULL)
            store->refusing = true;
        return turn->status;
    }

    int rc = mdb_txn_commit(turn->view);
    turn->view = NULL;
    if (rc != MDB_SUCCESS) {
        if (turn_fail(turn, rc) == MC_FULL)
            store->refusing = true;
        return turn->status;
    }
    store->counts.journal_last = turn->journal_last;
    store->counts.job_last = turn->job_last;
    memcpy(store->counts.lanes, turn->lanes, sizeof turn->lanes);
    store->commits++;
    store->refusing = false;
    return MC_OK;
}

enum mc_status mc_snapshot_open(struct mc_store *store, struct mc_arena *arena,
                                struct mc_txn *ret_txn)
{
    int rc = store->snapshot != NULL
                 ? mdb_txn_renew(store->snapshot)
                 : mdb_txn_begin(store->env, NULL, MDB_RDONLY, &store->snapshot);

    *ret_txn = (struct mc_txn){
        .store = store,
        .arena = arena,
        .view = store->snapshot,
        .cause_event = "",
        .actor = "",
        .status = mc_status_from_mdb(rc),
    };
    return ret_txn->status;
}

void mc_snapshot_close(struct mc_txn *txn)
{
    if (txn->view != NULL)
        mdb_txn_reset(txn->view);
    txn->view = NULL;
}
