/* What store.c and txn.c share: LMDB. No other file includes this. */
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
uint64_t mc_value_checksum(unsigned table, MDB_val key, const uint8_t *value, size_t len);

/* Fills the store's counters from its state row. */
mc_nodiscard enum mc_status mc_store_load_counts(struct mc_store *store, struct mc_arena *arena);
