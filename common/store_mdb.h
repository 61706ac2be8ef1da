/* What store.c, txn.c, cursor.c, turn.c, stage.c, tally.c and redo_replay.c share: LMDB. No other
 * file includes this. */
#pragma once

#include <lmdb.h>

#include "common/minutes.h"
#include "common/turn.h"

enum {
    VALUE_VERSION = 1,
    VALUE_HEAD = 1 + sizeof(uint64_t), /* version, checksum */
};

/* A row of a staged table: key, value. */
struct mc_stage_row {
    struct mc_stage_row *next;
    unsigned table;
    uint32_t key_len;
    uint32_t value_len; /* 0: dropped */
    uint8_t bytes[];
};

/* Staged rows in memory, the newest of each key. */
struct mc_stage {
    struct mc_stage_row **buckets;
    size_t buckets_len;
    size_t rows;
    uint64_t last;    /* sequence of the newest */
    int64_t since_ms; /* when the first came */
};

struct mc_store {
    MDB_env *env;
    MDB_dbi tables[MC_TABLES_MAX];
    int64_t id_ms;     /* of the newest id */
    unsigned id_count; /* its place among those of that millisecond */
    size_t tables_len;
    MDB_txn *snapshot; /* reset between uses */
    struct mc_store_counts counts;
    uint64_t commits;
    bool refusing;

    struct mc_tallies *tallies; /* tally.h */
    struct mc_minutes minutes;
    struct mc_pause *pauses; /* pauses.h */
    size_t pauses_len;

    struct mc_redo *redo; /* NULL: commits are not told */
    bool preallocate;
    uint64_t readers_cleared;
    uint64_t absent; /* bits of all tables: not in this copy */
    uint64_t staged; /* which tables are, from MC_TABLE_ROOM on */
    uint64_t stage_last;
    struct mc_stage stage;             /* what gathers */
    struct mc_stage merging;           /* what is being merged, */
    struct mc_stage_row **merge_order; /* in this order, */
    size_t merged;                     /* so far */
    uint64_t forget_to;                /* merged: goes from the stage up to here; 0: nothing does */
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

/* What went wrong with LMDB spoils the turn. Returns its status. */
enum mc_status mc_turn_fail(struct mc_turn *turn, int rc);

/* All that a turn changes goes through these: what is told again is what was written. LMDB's
 * codes; nothing to drop is fine. */
int mc_turn_put(struct mc_turn *turn, unsigned table, MDB_val key, MDB_val value, unsigned flags);
int mc_turn_drop(struct mc_turn *turn, unsigned table, MDB_val key);
/* What a cursor did; a value without data: dropped. */
void mc_turn_tell(struct mc_turn *turn, unsigned table, MDB_val key, struct mc_bytes value);

MDB_val mc_mdb_val(struct mc_bytes bytes);
int mc_key_compare(MDB_val a, MDB_val b);
uint64_t mc_key_hash(unsigned table, MDB_val key); /* spreads keys over chains in memory */

/* The call's own write under a key, or NULL. */
struct mc_write *mc_buffered(struct mc_txn *txn, unsigned table, MDB_val key);

/* A value's head: made over the bytes behind it; checked, and what lies behind it. */
void mc_value_seal(unsigned table, MDB_val key, uint8_t *value, size_t len);
bool mc_value_open(unsigned table, MDB_val key, MDB_val value, struct mc_bytes *ret_bytes);
void *mc_unpack(struct mc_txn *txn, struct mc_bytes bytes, const ProtobufCMessageDescriptor *type);
