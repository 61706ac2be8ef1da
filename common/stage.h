/*
 * Stage: tables with random keys, written in order first.
 *
 * LMDB copies a page for every leaf it touches, so a row under a random key costs a page, and one
 * among its neighbours next to nothing. A room may mark such a table as staged: what a turn writes
 * to it is appended to MC_TABLE_STAGE in the same transaction, kept in memory too, and merged into
 * the table itself later, many rows at once and in key order. Reads look in the turn, in memory,
 * then in the table; a walk (mc_seek) passes over rows that are still staged.
 *
 *     MC_TABLE_STAGE: sequence (8, big-endian) -> table (1) ‖ key length (2) ‖ key ‖ value
 *
 * The value is as the table will hold it, with its head; empty: the key is dropped. After a crash
 * the stage is read back, and merging a row twice does no harm: the stage has the newer one.
 *
 * Only store.c, txn.c, cursor.c and turn.c include this.
 */
#pragma once

#include "common/store_mdb.h"

enum {
    MC_STAGE_ROWS = 16384,       /* merged from this many on, whatever the load */
    MC_STAGE_AGE_MS = 30 * 1000, /* or when the oldest has been here so long */
    MC_STAGE_STEP_MIN = 256,     /* rows merged in a turn, at least */
    MC_STAGE_DELETES = 2048,     /* merged rows forgotten in a turn, at least */
};

/* Reads the stage back at open. */
mc_nodiscard enum mc_status mc_stage_load(struct mc_store *store, struct mc_arena *arena);
void mc_stage_free(struct mc_store *store);

_Static_assert(MC_TABLES_MAX - MC_TABLE_ROOM <= 64, "a bit for each table of a room");
static inline bool mc_is_staged(const struct mc_store *store, unsigned table)
{
    return table >= MC_TABLE_ROOM && (store->staged >> (table - MC_TABLE_ROOM) & 1U) != 0;
}

/* The staged row under a key, newest first: this turn's, then memory's. NULL: ask the table. */
const struct mc_stage_row *mc_stage_find(const struct mc_txn *txn, unsigned table, MDB_val key);

/* Stages one write of a turn. */
mc_nodiscard enum mc_status mc_stage_write(struct mc_turn *turn, const struct mc_write *write);

/* Before the commit: merges a step when it is time; `idle` also when there is no hurry. */
void mc_stage_step(struct mc_turn *turn, bool idle);
/* After a commit that succeeded: what the turn staged is kept in memory, what it merged goes. */
void mc_stage_committed(struct mc_turn *turn);
