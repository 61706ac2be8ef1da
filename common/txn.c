/* Records: a call's writes in its buffer, its reads through it. */
#include "common/txn.h"

#include <string.h>

#include "common/pack.h"
#include "common/stage.h"
#include "common/unpack.h"

uint64_t mc_key_hash(unsigned table, MDB_val key)
{
    return mc_spread((struct mc_bytes){key.mv_data, key.mv_size}, table);
}

/* Where the chain of this hash begins. */
static struct mc_write **chain_at(struct mc_txn *txn, uint64_t hash)
{
    return txn->index_large != NULL ? &txn->index_large[hash % txn->index_large_len]
                                    : &txn->index[hash % MC_WRITE_BUCKETS];
}

int mc_key_compare(MDB_val a, MDB_val b)
{
    int order = memcmp(a.mv_data, b.mv_data, MC_MIN(a.mv_size, b.mv_size));

    if (order != 0 || a.mv_size == b.mv_size)
        return order;
    return a.mv_size < b.mv_size ? -1 : 1;
}

MDB_val mc_mdb_val(struct mc_bytes bytes)
{
    return (MDB_val){bytes.len, mc_unconst(bytes.data)};
}

static struct mc_write *in_chain(struct mc_write *write, unsigned table, MDB_val key)
{
    while (write != NULL && (write->table != table || mc_key_compare(write->key, key) != 0))
        write = write->bucket_next;
    return write;
}

struct mc_write *mc_buffered(struct mc_txn *txn, unsigned table, MDB_val key)
{
    return txn->writes != NULL ? in_chain(*chain_at(txn, mc_key_hash(table, key)), table, key)
                               : NULL;
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
        struct mc_write **chain = chain_at(txn, mc_key_hash(write->table, write->key));

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

    struct mc_write **chain = chain_at(txn, mc_key_hash(table, mc_mdb_val(key)));
    struct mc_write *write = in_chain(*chain, table, mc_mdb_val(key));
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
    *write = (struct mc_write){
        .table = table, .key = mc_mdb_val(kept), .value = value, .bucket_next = *chain};
    *chain = write;
    if (txn->writes_last != NULL)
        txn->writes_last->next = write;
    else
        txn->writes = write;
    txn->writes_last = write;
    txn->writes_len++;
    index_grow(txn);
}

static bool may_write(struct mc_txn *txn, struct mc_bytes key)
{
    if (txn->status == MC_OK && !key_fits(key))
        (void)mc_fail(txn, MC_INVALID, "key empty or too long");
    return txn->status == MC_OK;
}

static bool is_value(struct mc_txn *txn, const uint8_t *value, size_t len)
{
    if (len > MC_VALUE_MAX)
        (void)mc_fail(txn, MC_LIMITED, "value too large");
    else if (value == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return txn->status == MC_OK;
}

/* Room for a value of `len` bytes behind its head; NULL with the call failed. */
static uint8_t *value_new(struct mc_txn *txn, struct mc_bytes key, size_t len)
{
    if (!may_write(txn, key))
        return NULL;
    uint8_t *value = len <= MC_VALUE_MAX ? mc_alloc(txn->arena, VALUE_HEAD + len) : NULL;
    return is_value(txn, value, len) ? value : NULL;
}

void mc_value_seal(unsigned table, MDB_val key, uint8_t *value, size_t len)
{
    uint64_t checksum = mc_value_checksum(table, key, value + VALUE_HEAD, len);

    value[0] = VALUE_VERSION;
    memcpy(value + 1, &checksum, sizeof checksum);
}

/* The bytes behind a stored value's head; false when they are not what was written. */
bool mc_value_open(unsigned table, MDB_val key, MDB_val value, struct mc_bytes *ret_bytes)
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
    MDB_val k = mc_mdb_val(key);
    MDB_val v;

    *ret_bytes = (struct mc_bytes){0};
    if (txn->status != MC_OK || !key_fits(key))
        return false;
    const struct mc_write *write = mc_buffered(txn, table, k);
    if (write != NULL) {
        if (write->value.data == NULL)
            return false;
        *ret_bytes = (struct mc_bytes){(const uint8_t *)write->value.data + VALUE_HEAD,
                                       write->value.len - VALUE_HEAD};
        return true;
    }

    const struct mc_stage_row *staged =
        mc_is_staged(txn->store, table) ? mc_stage_find(txn, table, k) : NULL;
    if (staged != NULL) {
        *ret_bytes = (struct mc_bytes){staged->bytes + staged->key_len + VALUE_HEAD,
                                       staged->value_len - VALUE_HEAD};
        return staged->value_len > 0;
    }

    int rc = mdb_get(txn->view, txn->store->tables[table], &k, &v);
    if (rc == MDB_NOTFOUND)
        return false;
    if (rc != MDB_SUCCESS)
        (void)mc_fail(txn, mc_status_from_mdb(rc), mdb_strerror(rc));
    else if (!mc_value_open(table, k, v, ret_bytes))
        (void)mc_fail(txn, MC_CORRUPT, "value does not match its checksum");
    return txn->status == MC_OK;
}

void *mc_unpack(struct mc_txn *txn, struct mc_bytes bytes, const ProtobufCMessageDescriptor *type)
{
    void *record = mc_unpack_message(txn->arena, type, bytes);

    if (record == NULL)
        (void)mc_fail(txn, txn->arena->full ? MC_LIMITED : MC_CORRUPT, type->name);
    return record;
}

void *mc_load(struct mc_txn *txn, unsigned table, struct mc_bytes key,
              const ProtobufCMessageDescriptor *type)
{
    struct mc_bytes bytes;

    return find(txn, table, key, &bytes) ? mc_unpack(txn, bytes, type) : NULL;
}

void mc_save(struct mc_txn *txn, unsigned table, struct mc_bytes key,
             const ProtobufCMessage *record)
{
    size_t len = 0;

    if (!may_write(txn, key))
        return;
    uint8_t *value = mc_pack(txn->arena, record, VALUE_HEAD, &len);
    if (!is_value(txn, value, len))
        return;
    mc_value_seal(table, mc_mdb_val(key), value, len);
    buffer(txn, table, key, (struct mc_bytes){value, VALUE_HEAD + len});
}

bool mc_get(struct mc_txn *txn, unsigned table, struct mc_bytes key, struct mc_bytes *ret_value)
{
    struct mc_bytes bytes;

    *ret_value = (struct mc_bytes){0};
    if (!find(txn, table, key, &bytes))
        return false;
    *ret_value = mc_keep(txn, bytes.data, bytes.len);
    return ret_value->data != NULL;
}

void mc_put(struct mc_txn *txn, unsigned table, struct mc_bytes key, struct mc_bytes bytes)
{
    uint8_t *value = value_new(txn, key, bytes.len);

    if (value == NULL)
        return;
    if (bytes.len > 0)
        memcpy(value + VALUE_HEAD, bytes.data, bytes.len);
    mc_value_seal(table, mc_mdb_val(key), value, bytes.len);
    buffer(txn, table, key, (struct mc_bytes){value, VALUE_HEAD + bytes.len});
}

void mc_drop(struct mc_txn *txn, unsigned table, struct mc_bytes key)
{
    if (txn->status == MC_OK && key_fits(key))
        buffer(txn, table, key, (struct mc_bytes){0});
}
