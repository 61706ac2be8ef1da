/*
 * Redo: every commit of a room told once more, in files beside its backups, so that a backup can be
 * carried on to any moment after it (offline.h).
 *
 *     <backup.dir>/<room>/redo/<lineage>-<first commit>.redo
 *
 *     head:    "MCREDO1\n"
 *     record:  length (4) ‖ commit (8) ‖ time, epoch ms (8) ‖ XXH3 of both and the rows (8) ‖ rows
 *     row:     table (1) ‖ key length (2) ‖ value length (4; 2^32-1: dropped) ‖ key ‖ value
 *
 * all little-endian. Commits are numbered without gaps (StoreState.commit), and a record is written
 * before its commit: after kill -9 the files know every commit, and at most one that never
 * happened, which the next file's begin overrules. They are flushed once a second, by a thread: a
 * machine that loses its power may lose the last second of them (that is a gap, see below).
 *
 * A backup disk that is full or broken never stops the room: it goes on untold, says so in Health
 * (REDO_BROKEN), and a minute later a new file begins. Nobody is carried over the gap; the next
 * backup mends it. The folder belongs on a disk, not on a share: a commit waits for the write here
 * (not for its flush).
 */
#pragma once

#include "common/store.h"

enum {
    MC_REDO_SEGMENT = 64 << 20, /* a file is ended past this size */
    MC_REDO_RECORD_MAX = 512 << 20,
    MC_REDO_RETRY_MS = 60 * 1000,
    MC_REDO_PATH_MAX = 400,
};

struct mc_redo; /* opaque */

struct mc_redo_options {
    const char *dir; /* made with the first file */
    uint8_t lineage[MC_ID_LEN];
    uint64_t commit; /* the store is at (turn.h) */
    int64_t now_ms;
    size_t segment; /* 0: MC_REDO_SEGMENT */
};

/* mc_store_tell() has a store tell its commits from then on. MC_FULL: no memory. What cannot be
 * written is told by mc_redo_broken(), not here. */
mc_nodiscard enum mc_status mc_redo_open(struct mc_redo **ret_redo,
                                         const struct mc_redo_options *options);
void mc_redo_close(struct mc_redo *redo);

/* <root>/<room>/redo, cut at MC_REDO_PATH_MAX. */
void mc_redo_folder(char dir[MC_REDO_PATH_MAX], const char *root, const char *room);

/* Commits are missing that no good backup has gone past yet. */
bool mc_redo_broken(const struct mc_redo *redo);
/* A good backup was begun at a moment: what was missed before is in it. */
void mc_redo_backed_up(struct mc_redo *redo, int64_t begun_ms);
/* A descriptor of what was written since it was last asked for, for a thread to flush and close;
 * -1: nothing was. */
int mc_redo_unflushed(struct mc_redo *redo);
/*
 * Removes files that were last written to before a moment; never the newest of the lineage that the
 * room has: it is written to, however quiet it was.
 */
void mc_redo_prune(const char *dir, const uint8_t lineage[MC_ID_LEN], int64_t before_ms);

/* What the store tells (turn.c, stage.c, tally.c): rows, then one word on all of them. */
struct mc_redo_row {
    unsigned table;
    struct mc_bytes key;
    struct mc_bytes value; /* data NULL: dropped */
};
void mc_redo_add(struct mc_redo *redo, const struct mc_redo_row *row);
void mc_redo_write(struct mc_redo *redo, uint64_t commit, int64_t now_ms); /* it is about to be */
void mc_redo_undo(struct mc_redo *redo);                                   /* it was not */
void mc_redo_forget(struct mc_redo *redo);                                 /* nor will be */

/* Takes the first record, or row, off the front of bytes. False: there is none that is whole. */
struct mc_redo_record {
    uint64_t commit;
    int64_t at_ms;
    struct mc_bytes rows;
};
mc_nodiscard bool mc_redo_next(struct mc_bytes *left, struct mc_redo_record *ret_record);
mc_nodiscard bool mc_redo_row_next(struct mc_bytes *left, struct mc_redo_row *ret_row);

/* The files of a lineage (in hex, as a manifest has it), the oldest first. */
struct mc_redo_file {
    char path[MC_REDO_PATH_MAX];
    uint64_t first; /* commit */
    uint64_t size;
};
/* The newest record of a lineage, its rows left out; commit 0: none. */
struct mc_redo_record mc_redo_last(const char *dir, const char *lineage);
/* A file's records, mapped; undone by munmap(). False: it cannot be read, or is no such file. */
mc_nodiscard bool mc_redo_map(const struct mc_redo_file *file, struct mc_bytes *ret_map,
                              struct mc_bytes *ret_records);
/* Into an array to be freed; returns how many, 0 when there are none or they cannot be listed. */
size_t mc_redo_files(const char *dir, const char *lineage, struct mc_redo_file **ret_files);

struct mc_redo_replay {
    const char *dir;
    const char *lineage;
    int64_t until_ms; /* commits after this moment are left; INT64_MAX: none is */
    /* What came of it: */
    uint64_t commits; /* applied */
    int64_t last_ms;  /* when the last of them was made */
};

/*
 * Applies what the files tell of the commits after the store's own; nobody else has it open, and it
 * is closed and opened again afterwards. MC_CONFLICT: commits before that moment are missing, the
 * store is at the last one that is told; MC_CORRUPT, MC_FULL, MC_IO. All with a line in `why`.
 */
mc_nodiscard enum mc_status mc_redo_replay(struct mc_redo_replay *replay, struct mc_store *store,
                                           char *why, size_t why_size);
