#include "common/offline.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "common/backup.h"
#include "common/date.h"
#include "common/lineage.h"
#include "common/redo.h"

enum {
    PATH = MC_BACKUP_PATH_MAX,
    WHY = 512,
    ARENA = 16 << 20,
    ROOM_TO_WRITE = 16 << 20,
    ROOM_TO_CARRY = 1 << 30, /* of addresses: the file takes what it needs */
    MAP_PER_BYTE = 4,        /* of what is told: rows take pages */
    EPOCH_MS_LEN = 13,
};

struct offline {
    struct mc_process *process;
    const struct mc_room *room;
    char dir[PATH]; /* where the store belongs */
    int lock;
    struct mc_arena arena;
    struct mc_keyring keys;
    uint8_t master[MC_KEY_LEN];
    struct mc_store_check check;
    size_t size; /* of the backup's file; carried on, of what came of it */
    struct mc_redo_replay replay;
    bool carried;
    char why[WHY];
};

bool mc_offline_parse(int *argc, char **argv, struct mc_offline *ret_offline)
{
    int kept = 1;

    *ret_offline = (struct mc_offline){0};
    for (int i = 1; i < *argc; i++) {
        bool verify = strcmp(argv[i], "--verify") == 0;
        bool until = strcmp(argv[i], "--until") == 0;
        bool restore = strcmp(argv[i], "--restore") == 0;
        bool folder = i + 1 < *argc && argv[i + 1][0] != '-';

        if (!verify && !restore && !until) {
            argv[kept++] = argv[i];
            continue;
        }
        if ((until ? ret_offline->what != MC_OFFLINE_RESTORE : ret_offline->what != MC_ONLINE) ||
            (!verify && !folder)) {
            fprintf(stderr, "%s: --verify [FOLDER] or --restore FOLDER [--until MOMENT]\n",
                    argv[0]);
            return false;
        }
        if (until) {
            ret_offline->until = argv[++i];
            continue;
        }
        ret_offline->what = verify ? MC_OFFLINE_VERIFY : MC_OFFLINE_RESTORE;
        ret_offline->folder = folder ? argv[++i] : NULL;
    }
    argv[kept] = NULL;
    *argc = kept;
    return true;
}

static int refuse(const struct offline *o, int code)
{
    fprintf(stderr, "%s: %s\n", o->room->name, o->why);
    return code;
}

/* The store's own word of whose master key it is; a store without one was never started. */
static bool is_ours(struct offline *o, struct mc_store *store)
{
    uint8_t check[MC_KEY_LEN];
    struct mc_bytes known;
    struct mc_txn txn;

    mc_key_derive(check, o->master, "check");
    if (mc_snapshot_open(store, &o->arena, &txn) != MC_OK)
        return false;
    bool found = mc_get(&txn, MC_TABLE_META, mc_key_text("master"), &known);
    bool same = !found || (known.len == sizeof check && mc_equal(known.data, check, sizeof check));
    mc_snapshot_close(&txn);
    return same;
}

/* Every row of what lies in a folder, with our keys. */
static int look(struct offline *o, const char *folder)
{
    const struct mc_store_options options = {
        .dir = folder, .tables = o->room->tables, .tables_len = o->room->tables_len};
    struct mc_store *store = NULL;

    if (mc_store_open_copy(&store, &options, o->why, sizeof o->why) != MC_OK)
        return refuse(o, EX_DATAERR);
    bool ours = is_ours(o, store);
    o->check = (struct mc_store_check){.keys = &o->keys};
    enum mc_status status = mc_store_check(store, &o->check);
    mc_store_close(store);
    (void)snprintf(o->why, sizeof o->why, "%s: %s", folder,
                   ours ? "does not read" : "was sealed with another master key");
    if (status != MC_OK || !ours)
        return refuse(o, EX_DATAERR);
    for (size_t i = 0; i < o->check.problems_len; i++)
        printf("%s\n", o->check.problems[i]);
    if (o->check.problems_more > 0)
        printf("and %llu more\n", (unsigned long long)o->check.problems_more);
    return o->check.problems_len == 0 ? EX_OK : EX_DATAERR;
}

static bool manifest_fits(struct offline *o, const char *folder, const char *target)
{
    const Motcua__BackupManifest *manifest =
        mc_backup_manifest(&o->arena, folder, o->why, sizeof o->why);

    if (manifest == NULL)
        return false;
    if (strcmp(manifest->room, o->room->name) != 0) {
        (void)snprintf(o->why, sizeof o->why, "%s: is of the room %s", folder, manifest->room);
        return false;
    }
    o->size = manifest->size;
    o->replay.lineage = manifest->lineage;
    return mc_backup_read(manifest, folder, target, o->why, sizeof o->why) == MC_OK;
}

static int verify(struct offline *o, const char *folder)
{
    if (folder != NULL && !manifest_fits(o, folder, NULL))
        return refuse(o, EX_DATAERR);
    int code = look(o, folder != NULL ? folder : o->dir);
    if (code == EX_OK)
        printf("whole: %llu rows, %llu events, %llu sealed ones open\n",
               (unsigned long long)atomic_load(&o->check.rows),
               (unsigned long long)o->check.journal_last, (unsigned long long)o->check.opened);
    return code;
}

/* yyyyMMddHHmmss, epoch ms, "end". */
static bool read_moment(const char *text, int64_t *ret_ms)
{
    char *end = NULL;

    if (strcmp(text, "end") == 0) {
        *ret_ms = INT64_MAX;
        return true;
    }
    if (mc_stamp_parse(text, ret_ms) == MC_WHY_OK) {
        *ret_ms += 999; /* the whole second */
        return true;
    }
    errno = 0;
    *ret_ms = strtoll(text, &end, 10);
    return errno == 0 && *end == '\0' && strlen(text) == EPOCH_MS_LEN;
}

/* What was committed after the backup, up to a moment. */
static int carry_on(struct offline *o, const char *folder, const char *part, const char *until)
{
    struct mc_store_options options = {.dir = part,
                                       .unsafe_no_sync =
                                           true, /* the lineage's commit flushes all */
                                       .tables = o->room->tables,
                                       .tables_len = o->room->tables_len,
                                       .staged = o->room->staged};
    struct mc_redo_file *files = NULL;
    struct mc_store *store = NULL;
    char dir[PATH + 16];
    char path[PATH + 32];
    struct stat now;

    (void)snprintf(o->why, sizeof o->why,
                   "--until: yyyyMMddHHmmss of Vietnam, epoch milliseconds, or end");
    if (!read_moment(until, &o->replay.until_ms))
        return refuse(o, EX_USAGE);
    (void)snprintf(dir, sizeof dir, "%s/../redo", folder);
    o->replay.dir = dir;
    options.map_size = o->size + ROOM_TO_CARRY;
    size_t n = mc_redo_files(dir, o->replay.lineage, &files);
    for (size_t i = 0; i < n; i++)
        options.map_size += MAP_PER_BYTE * (size_t)files[i].size;
    free(files);
    if (mc_store_open(&store, &options, o->why, sizeof o->why) != MC_OK)
        return refuse(o, EX_DATAERR);
    enum mc_status status = mc_redo_replay(&o->replay, store, o->why, sizeof o->why);
    mc_store_close(store);
    if (status != MC_OK)
        return refuse(o, EX_DATAERR);
    (void)snprintf(path, sizeof path, "%s/data.mdb", part);
    (void)snprintf(o->why, sizeof o->why, "%s: cannot be read", path);
    if (stat(path, &now) != 0)
        return refuse(o, EX_SOFTWARE);
    o->size = (size_t)now.st_size;
    o->carried = true;
    return EX_OK;
}

/* The new lineage is in the file before it lies where a daemon would find it. */
static bool begin_lineage(struct offline *o, const char *folder)
{
    const struct mc_store_options options = {.dir = folder,
                                             .map_size = o->size + ROOM_TO_WRITE,
                                             .tables = o->room->tables,
                                             .tables_len = o->room->tables_len,
                                             .staged = o->room->staged};
    struct mc_store *store = NULL;
    uint8_t id[MC_ID_LEN];
    struct mc_turn turn;
    struct mc_txn txn;

    if (mc_store_open(&store, &options, o->why, sizeof o->why) != MC_OK)
        return false;
    mc_random_fill(&o->process->random, id, sizeof id);
    mc_arena_reset(&o->arena);
    mc_turn_begin(&turn, store, &o->arena, mc_now_ms(&o->process->clock));
    mc_txn_open(&txn, &turn);
    txn.now_ms = turn.now_ms;
    mc_lineage_begin(&txn, id);
    (void)mc_txn_apply(&txn);
    enum mc_status status = mc_turn_commit(&turn);
    (void)snprintf(o->why, sizeof o->why, "%s: the new lineage cannot be written", folder);
    mc_store_close(store);
    return status == MC_OK;
}

/* Away with what an earlier restore left, or this one. */
static void clear(const char *part)
{
    static const char *const files[] = {"data.mdb", "lock.mdb"};
    char path[PATH + 16];

    for (size_t i = 0; i < MC_LEN(files); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", part, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(part);
}

static int place(struct offline *o, const char *part)
{
    char from[PATH + 32];
    char to[PATH + 16];

    (void)snprintf(from, sizeof from, "%s/data.mdb", part);
    (void)snprintf(to, sizeof to, "%s/data.mdb", o->dir);
    (void)snprintf(o->why, sizeof o->why, "%s: cannot be put in place", to);
    bool placed = mc_folder_sync(part) && rename(from, to) == 0 && mc_folder_sync(o->dir);
    clear(part);
    if (!placed)
        return refuse(o, EX_SOFTWARE);
    if (o->carried) {
        char last[MC_RFC3339_SIZE] = "the backup's own moment";

        if (o->replay.last_ms != 0)
            mc_time_format_rfc3339(last, sizeof last, o->replay.last_ms);
        printf("carried on by %llu commits, to %s\n", (unsigned long long)o->replay.commits, last);
    }
    printf("restored: %llu rows, %llu events; a new lineage begins behind them\n",
           (unsigned long long)atomic_load(&o->check.rows),
           (unsigned long long)o->check.journal_last);
    return EX_OK;
}

static int restore(struct offline *o, const char *folder, const char *until)
{
    char part[PATH + 16];
    char path[PATH + 32];

    (void)snprintf(path, sizeof path, "%s/data.mdb", o->dir);
    (void)snprintf(o->why, sizeof o->why, "%s: is there already; move it away first", path);
    if (access(path, F_OK) == 0)
        return refuse(o, EX_CANTCREAT);
    (void)snprintf(part, sizeof part, "%s/restoring", o->dir);
    clear(part);
    (void)snprintf(o->why, sizeof o->why, "%s: cannot be made", part);
    if (mkdir(part, 0700) != 0)
        return refuse(o, EX_CANTCREAT);
    (void)snprintf(path, sizeof path, "%s/data.mdb", part);
    int code = manifest_fits(o, folder, path) ? EX_OK : refuse(o, EX_DATAERR);
    if (code == EX_OK && until != NULL)
        code = carry_on(o, folder, part, until);
    if (code == EX_OK)
        code = look(o, part);
    if (code == EX_OK && !begin_lineage(o, part))
        code = refuse(o, EX_SOFTWARE);
    if (code == EX_OK)
        return place(o, part);
    clear(part);
    return code;
}

static bool ready(struct offline *o, bool own)
{
    unsigned number = 0;

    (void)snprintf(o->dir, sizeof o->dir, "%s/%s", o->process->settings.data_dir, o->room->name);
    (void)snprintf(o->why, sizeof o->why, "%s: cannot be made, or is in use: stop the room first",
                   o->dir);
    if (own && (!mc_folder_make(o->dir, 0700) || (o->lock = mc_folder_lock(o->dir)) < 0))
        return false;
    (void)snprintf(o->why, sizeof o->why, "out of memory");
    if (mc_arena_init(&o->arena, ARENA) != MC_OK)
        return false;
    o->process->settings.keys_generate = false; /* a new key would open nothing */
    if (mc_process_secret(o->process, "master", o->master, o->why, sizeof o->why) != MC_OK)
        return false;
    return mc_process_seal_keys(o->process, o->master, &o->keys, &number, o->why, sizeof o->why) ==
           MC_OK;
}

int mc_offline_run(struct mc_process *process, const struct mc_room *room,
                   const struct mc_offline *offline)
{
    struct offline *o = calloc(1, sizeof *o);
    bool own = offline->what == MC_OFFLINE_RESTORE || offline->folder == NULL;
    int code = EX_SOFTWARE;

    if (o == NULL)
        abort(); /* nothing has begun */
    o->process = process;
    o->room = room;
    o->lock = -1;
    if (!ready(o, own))
        code = refuse(o, EX_SOFTWARE);
    else if (offline->what == MC_OFFLINE_RESTORE)
        code = restore(o, offline->folder, offline->until);
    else
        code = verify(o, offline->folder);
    if (o->lock >= 0)
        (void)close(o->lock);
    if (o->arena.base != NULL)
        mc_arena_done(&o->arena);
    mc_keyring_wipe(&o->keys);
    mc_wipe(o->master, sizeof o->master);
    free(o);
    return code;
}
