/*
 * Store: one LMDB environment, owned by one daemon.
 *
 * LMDB runs with its default sync flags only: a commit is on disk when it returns.
 * It has no checksums of its own (a flipped bit is served as data), so every value is
 *
 *     [format version, 1 byte][XXH3 of table, key and the rest, 8 bytes][bytes]
 *
 * The data file is allocated up to the map size at first start, so that "full" can only
 * be the map's own limit: writes are refused, reads and the service go on, and nothing
 * that was acknowledged is lost. A failed flush (EIO) ends the process: what the disk
 * holds is unknown then, and only a fresh start can tell.
 */
#pragma once

#include "common/arena.h"
#include "common/crypto.h"

/* Tables every room has; its own start at MC_TABLE_ROOM. */
enum mc_table {
    MC_TABLE_META,       /* name -> counter or state of the house */
    MC_TABLE_JOURNAL,    /* sequence -> motcua.v1.Event */
    MC_TABLE_JOBS,       /* job id -> motcua.v1.Job, live ones */
    MC_TABLE_DUE,        /* lane, destination, due time, job id -> nothing (due.h) */
    MC_TABLE_DEAD,       /* job id -> motcua.v1.Job that will not be tried again by itself */
    MC_TABLE_ANSWERS,    /* request id, caller -> hash of the request, reply */
    MC_TABLE_CURSORS,    /* other room -> last sequence applied */
    MC_TABLE_STAGE,      /* sequence -> a row of a staged table that is not merged yet (stage.h) */
    MC_TABLE_ACTIONS,    /* action id -> motcua.v1.ActionRow (actions.h) */
    MC_TABLE_ACTION_SET, /* action id, job id -> its attempts when it was counted */
    MC_TABLE_ROOM,
    MC_TABLES_MAX = 64,
};

enum {
    MC_KEY_MAX = 511, /* LMDB's own limit */
    MC_LANES_MAX = 16,
    MC_VALUE_MAX = 8 << 20,
};

struct mc_store_options {
    const char *dir;
    size_t map_size;
    bool preallocate;
    bool unsafe_no_sync;       /* simulation and fuzzing only */
    const char *const *tables; /* the room's own, named; index 0 is MC_TABLE_ROOM */
    size_t tables_len;
    uint64_t staged; /* bits of `tables`: random keys, written in order first (stage.h) */
};

struct mc_store; /* opaque: LMDB stays in store.c and txn.c */

/* Opens or creates the store. MC_IO with a line in `why` when it cannot. */
mc_nodiscard enum mc_status mc_store_open(struct mc_store **ret_store,
                                          const struct mc_store_options *options, char *why,
                                          size_t why_size);
void mc_store_close(struct mc_store *store);

/* Opens a copy of a store to be read only; nothing is written beside it. Tables that it does not
 * have are left out. */
mc_nodiscard enum mc_status mc_store_open_copy(struct mc_store **ret_store,
                                               const struct mc_store_options *options, char *why,
                                               size_t why_size);

/*
 * Writes the store as it is now into a descriptor, compacted, while it goes on being written. Takes
 * as long as the reader at the other end does, so it belongs into a thread; it holds a read
 * transaction, and meanwhile no page that is given up can be used again. MC_IO: the descriptor did
 * not take it.
 */
mc_nodiscard enum mc_status mc_store_copy(const struct mc_store *store, int fd);

/* Bytes between the end of the file system and what its processes may still take; 0: unknown. */
uint64_t mc_store_disk_free(const char *dir);

/*
 * A UUIDv7 behind all this process gave before for the store: the 12 bits after the milliseconds
 * count (RFC 9562 sect. 6.2, method 1), so that what one turn makes keeps its order.
 */
void mc_store_id(struct mc_store *store, uint8_t id[MC_ID_LEN], int64_t now_ms,
                 const struct mc_random *random);

/* The name of one of the tables that every room has. */
const char *mc_house_table(unsigned table);

struct mc_store_usage {
    size_t map_bytes;
    size_t used_bytes;
    uint64_t commits; /* since it was opened */
    bool refusing;    /* the last commit did not fit or was not allowed */
};

/*
 * Read transactions. One that stays open keeps all pages that are given up meanwhile from being
 * used again: the store grows. Those of processes that died are cleared by mc_store_tend(), to be
 * called every few seconds.
 */
struct mc_store_readers {
    unsigned open;
    uint64_t lag; /* commits since the oldest began */
    uint64_t cleared;
};
void mc_store_tend(struct mc_store *store);
void mc_store_readers(const struct mc_store *store, struct mc_store_readers *ret_readers);

/*
 * Gives the store a larger map (and takes its space from the disk when it was opened so). Nothing
 * may be open in it: no turn, no snapshot, no thread that reads. MC_FULL: the disk has no room; the
 * map is as it was.
 */
mc_nodiscard enum mc_status mc_store_grow(struct mc_store *store, size_t map_size);

void mc_store_usage(const struct mc_store *store, struct mc_store_usage *ret_usage);
