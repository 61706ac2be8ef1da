/*
 * Backup: a copy of a room's store in a folder of its own, made while the room works.
 *
 *     <backup.dir>/<room>/20261122T214424.123/data.mdb        the store, compacted
 *                                             manifest.json   BackupManifest
 *
 * Two threads make it: one writes the store into a socket, the other takes it out at the rate that
 * is allowed, hashes it and flushes it piece by piece, so that the room's own flushes never wait
 * behind one large one. The copy is then opened and every row read back; only then does the folder
 * get its name (until then it ends in ".part"; one with problems ends in ".bad" and is kept for
 * people to see). Keys are not in it. What is committed after it is told beside it (redo.h), for as
 * long as the oldest that is kept needs it.
 */
#pragma once

#include <stdatomic.h>

#include "common/json.h"
#include "common/store_check.h"

#include "room.pb-c.h"

enum {
    MC_BACKUP_PATH_MAX = 400,
    MC_BACKUP_WHY_MAX = MC_CHECK_PROBLEM_SIZE,
    MC_BACKUP_PIECE_MIN = 64 << 10,
    MC_MANIFEST_MAX = 64 << 10,
};

struct mc_backup_options {
    const char *root; /* backup.dir */
    const char *room;
    const struct mc_store *store;        /* what is copied */
    const struct mc_store_options *open; /* its tables */
    struct mc_keyring keys;              /* a copy: sealed events are opened on trial */
    uint8_t lineage[MC_ID_LEN];
    int64_t now_ms;
    size_t piece; /* bytes per mc_backup_move() */
    size_t keep;  /* older ones are removed after a good one; 0: none is */
};

struct mc_backup {
    struct mc_backup_options options;
    char folder[MC_BACKUP_PATH_MAX]; /* its name in the end */
    char part[MC_BACKUP_PATH_MAX];
    int fd;      /* of data.mdb */
    int ends[2]; /* the copier writes 1, the mover reads 0 */
    struct mc_hasher hasher;
    atomic_uint_least64_t bytes; /* moved so far */
    bool ended;                  /* nothing more comes */
    enum mc_status copied;       /* what the copier says */
    enum mc_status moved;
    struct mc_store_check check;
    uint8_t hash[MC_HASH_LEN];
    char why[MC_BACKUP_WHY_MAX]; /* of a failure */
};

/* Makes the folder. MC_IO, MC_CONFLICT with a line in `why`. */
mc_nodiscard enum mc_status mc_backup_begin(struct mc_backup *backup,
                                            const struct mc_backup_options *options);
void mc_backup_copy(struct mc_backup *backup); /* the first thread: until all is copied */
void mc_backup_move(struct mc_backup *backup); /* the second: one piece; sets `ended` */
void mc_backup_stop(struct mc_backup *backup); /* from any thread: both end soon */
/* In a thread, after both: reads it back, names it. MC_OK; MC_CORRUPT: `check` has problems; else
 * `why`. */
mc_nodiscard enum mc_status mc_backup_finish(struct mc_backup *backup);
/* Closes what is open; removes the folder unless it was finished. */
void mc_backup_close(struct mc_backup *backup);

/* What a manifest says; NULL: it is none, and *ret_error says where it is wrong. */
mc_nodiscard Motcua__BackupManifest *mc_backup_manifest_parse(struct mc_arena *arena,
                                                              struct mc_bytes text,
                                                              struct mc_json_error *ret_error);
/* Reads <folder>/manifest.json. NULL with a line in `why`. */
mc_nodiscard Motcua__BackupManifest *mc_backup_manifest(struct mc_arena *arena, const char *folder,
                                                        char *why, size_t why_size);
/* Whether data.mdb is the one the manifest tells of; when `target` is not NULL it is copied there
 * (a file that must not exist), flushed. MC_CORRUPT: it is another; else MC_IO. */
mc_nodiscard enum mc_status mc_backup_read(const Motcua__BackupManifest *manifest,
                                           const char *folder, const char *target, char *why,
                                           size_t why_size);
/* Flushes a folder's entries. */
mc_nodiscard bool mc_folder_sync(const char *path);
