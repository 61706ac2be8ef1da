/* What store.c, txn.c, cursor.c and turn.c share: LMDB. No other file includes this. */
#pragma once

#include <lmdb.h>

#include "common/turn.h"

enum {
    VALUE_VERSION = 1,
    VALUE_HEAD = 1 + sizeof(uint64_t), /* version, checksum */
};

struct mc_store {
    MDB_env *env;
    MDB_dbi tables[MC_TABLES_MAX];
    size_t tables_len;
    MDB_txn *snapshot; /* reset between uses */
    struct mc_store_counts counts;
    uint64_t commits;
    bool refusing;
};

enum mc_status mc_status_from_mdb(int rc);

/* No room on the file system: the last write fits in part, which LMDB tells as EIO. */
bool mc_store_disk_is_full(const struct mc_store *store);
uint64_t mc_value_checksum(unsigned table, MDB_val key, const uint8_t *value, size_t len);

/* Fills the store's counters from its state row. */
mc_nodiscard enum mc_status mc_store_load_counts(struct mc_store *store, struct mc_arena *arena);

/* One buffered put, or a delete when value.data is NULL. */
struct mc_write {
    struct mc_write *next;
    struct mc_write *bucket_next;
    unsigned table;
    MDB_val key;
    struct mc_bytes value; /* with its head */
};

MDB_val mc_mdb_val(struct mc_bytes bytes);
int mc_key_compare(MDB_val a, MDB_val b);

/* The call's own write under a key, or NULL. */
struct mc_write *mc_buffered(struct mc_txn *txn, unsigned table, MDB_val key);

/* A value's head: made over the bytes behind it; checked, and what lies behind it. */
void mc_value_seal(unsigned table, MDB_val key, uint8_t *value, size_t len);
bool mc_value_open(unsigned table, MDB_val key, MDB_val value, struct mc_bytes *ret_bytes);
void *mc_unpack(struct mc_txn *txn, struct mc_bytes bytes, const ProtobufCMessageDescriptor *type);
