#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "common/pauses.h"
#include "common/stage.h"
#include "common/tally.h"

static const char *const house_tables[MC_TABLE_ROOM] = {
    [MC_TABLE_META] = "meta",       [MC_TABLE_JOURNAL] = "journal",
    [MC_TABLE_JOBS] = "jobs",       [MC_TABLE_DUE] = "due",
    [MC_TABLE_DEAD] = "dead",       [MC_TABLE_ANSWERS] = "answers",
    [MC_TABLE_CURSORS] = "cursors", [MC_TABLE_STAGE] = "stage",
    [MC_TABLE_ACTIONS] = "actions", [MC_TABLE_ACTION_SET] = "action_set",
};

enum mc_status mc_status_from_mdb(int rc)
{
    switch (rc) {
    case MDB_SUCCESS:
        return MC_OK;
    case MDB_NOTFOUND:
        return MC_NOT_FOUND;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case ENOSPC:
    case EDQUOT:
    case EROFS:
        return MC_FULL;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_INVALID:
        return MC_CORRUPT;
    default:
        return MC_IO;
    }
}

bool mc_store_disk_is_full(const struct mc_store *store)
{
    enum { WRITE_MAX = 1 << 20 }; /* more than LMDB hands to one write */
    struct statvfs disk;
    int fd = -1;

    return mdb_env_get_fd(store->env, &fd) == MDB_SUCCESS && fstatvfs(fd, &disk) == 0 &&
           disk.f_bavail * disk.f_frsize < WRITE_MAX;
}

uint64_t mc_value_checksum(unsigned table, MDB_val key, const uint8_t *value, size_t len)
{
    uint8_t where[1 + MC_KEY_MAX];

    assert(key.mv_size <= MC_KEY_MAX);
    where[0] = (uint8_t)table;
    memcpy(where + 1, key.mv_data, key.mv_size);
    return mc_checksum((struct mc_bytes){where, 1 + key.mv_size}, (struct mc_bytes){value, len});
}

/* Takes the whole map's space from the file system now, so that later there is always room. */
static int preallocate(MDB_env *env, size_t size)
{
    struct stat now;
    int fd = -1;
    int rc = mdb_env_get_fd(env, &fd);

    if (rc != MDB_SUCCESS)
        return rc;
    if (fstat(fd, &now) != 0)
        return errno;
    if ((size_t)now.st_size >= size)
        return 0;
    rc = posix_fallocate(fd, 0, (off_t)size);
    return rc != 0 ? rc : (fsync(fd) == 0 ? 0 : errno);
}

static int open_tables(struct mc_store *store, const struct mc_store_options *options)
{
    MDB_txn *mdb = NULL;
    int rc = mdb_txn_begin(store->env, NULL, 0, &mdb);

    if (rc != MDB_SUCCESS)
        return rc;
    for (size_t i = 0; i < store->tables_len && rc == MDB_SUCCESS; i++) {
        const char *name = i < MC_TABLE_ROOM ? house_tables[i] : options->tables[i - MC_TABLE_ROOM];
        rc = mdb_dbi_open(mdb, name, MDB_CREATE, &store->tables[i]);
    }
    if (rc != MDB_SUCCESS) {
        mdb_txn_abort(mdb);
        return rc;
    }
    return mdb_txn_commit(mdb);
}

/* A store that has grown by itself stays so: its file has the size that was taken then. */
static size_t map_size_of(const struct mc_store_options *options)
{
    char path[512];
    struct stat now;

    (void)snprintf(path, sizeof path, "%s/data.mdb", options->dir);
    if (!options->preallocate || stat(path, &now) != 0)
        return options->map_size;
    return MC_MAX(options->map_size, (size_t)now.st_size);
}

static int open_environment(struct mc_store *store, const struct mc_store_options *options)
{
    size_t map_size = map_size_of(options);
    unsigned flags = MDB_NOTLS | MDB_NORDAHEAD | (options->unsafe_no_sync ? MDB_NOSYNC : 0);
    int stale = 0;
    int rc = mdb_env_create(&store->env);

    if (rc != MDB_SUCCESS)
        return rc;
    if ((rc = mdb_env_set_mapsize(store->env, map_size)) != MDB_SUCCESS ||
        (rc = mdb_env_set_maxdbs(store->env, MC_TABLES_MAX)) != MDB_SUCCESS ||
        (rc = mdb_env_open(store->env, options->dir, flags, 0600)) != MDB_SUCCESS ||
        (rc = mdb_reader_check(store->env, &stale)) != MDB_SUCCESS)
        return rc;
    if (options->preallocate && (rc = preallocate(store->env, map_size)) != 0)
        return rc;
    return open_tables(store, options);
}

static enum mc_status load_counts(struct mc_store *store)
{
    struct mc_arena arena;
    enum mc_status status = mc_arena_init(&arena, 16 << 20);

    if (status == MC_OK)
        status = mc_store_load_counts(store, &arena);
    if (status == MC_OK)
        status = mc_stage_load(store, &arena);
    mc_arena_done(&arena);
    return status;
}

enum mc_status mc_store_open(struct mc_store **ret_store, const struct mc_store_options *options,
                             char *why, size_t why_size)
{
    struct mc_store *store = calloc(1, sizeof *store);

    assert(MC_TABLE_ROOM + options->tables_len <= MC_TABLES_MAX);
    if (store == NULL)
        return MC_FULL;
    store->tables_len = MC_TABLE_ROOM + options->tables_len;
    store->staged = options->staged;
    store->preallocate = options->preallocate;
    int rc = open_environment(store, options);
    if (rc != MDB_SUCCESS) {
        (void)snprintf(why, why_size, "%s: %s", options->dir, mdb_strerror(rc));
        mc_store_close(store);
        return mc_status_from_mdb(rc) == MC_OK ? MC_IO : mc_status_from_mdb(rc);
    }

    enum mc_status status = load_counts(store);
    if (status != MC_OK) {
        (void)snprintf(why, why_size, "%s: damaged, or written by another version", options->dir);
        mc_store_close(store);
        return status;
    }
    *ret_store = store;
    return MC_OK;
}

static int open_copy(struct mc_store *store, const struct mc_store_options *options)
{
    MDB_txn *mdb = NULL;
    int rc = mdb_env_create(&store->env);

    if (rc != MDB_SUCCESS || (rc = mdb_env_set_maxdbs(store->env, MC_TABLES_MAX)) != MDB_SUCCESS ||
        (rc = mdb_env_open(store->env, options->dir,
                           MDB_RDONLY | MDB_NOTLS | MDB_NOLOCK | MDB_NORDAHEAD, 0)) !=
            MDB_SUCCESS ||
        (rc = mdb_txn_begin(store->env, NULL, MDB_RDONLY, &mdb)) != MDB_SUCCESS)
        return rc;
    for (size_t i = 0; i < store->tables_len && rc == MDB_SUCCESS; i++) {
        const char *name = i < MC_TABLE_ROOM ? house_tables[i] : options->tables[i - MC_TABLE_ROOM];
        rc = mdb_dbi_open(mdb, name, 0, &store->tables[i]);
        if (rc == MDB_NOTFOUND) { /* of a version that did not know it yet */
            store->absent |= UINT64_C(1) << i;
            rc = MDB_SUCCESS;
        }
    }
    if (rc == MDB_SUCCESS)
        return mdb_txn_commit(mdb);
    mdb_txn_abort(mdb);
    return rc;
}

enum mc_status mc_store_open_copy(struct mc_store **ret_store,
                                  const struct mc_store_options *options, char *why,
                                  size_t why_size)
{
    struct mc_store *store = calloc(1, sizeof *store);

    assert(MC_TABLE_ROOM + options->tables_len <= MC_TABLES_MAX);
    if (store == NULL)
        return MC_FULL;
    store->tables_len = MC_TABLE_ROOM + options->tables_len;
    store->staged = options->staged;
    int rc = open_copy(store, options);
    if (rc != MDB_SUCCESS) {
        (void)snprintf(why, why_size, "%s: %s", options->dir, mdb_strerror(rc));
        mc_store_close(store);
        return mc_status_from_mdb(rc) == MC_OK ? MC_IO : mc_status_from_mdb(rc);
    }
    *ret_store = store;
    return MC_OK;
}

enum mc_status mc_store_copy(const struct mc_store *store, int fd)
{
    int rc = mdb_env_copyfd2(store->env, fd, MDB_CP_COMPACT);

    return rc == MDB_SUCCESS ? MC_OK : rc == MDB_INCOMPATIBLE ? MC_CORRUPT : MC_IO;
}

uint64_t mc_store_disk_free(const char *dir)
{
    struct statvfs disk;

    return statvfs(dir, &disk) == 0 ? (uint64_t)disk.f_bavail * disk.f_frsize : 0;
}

const char *mc_house_table(unsigned table)
{
    return house_tables[table];
}

void mc_store_close(struct mc_store *store)
{
    if (store->snapshot != NULL)
        mdb_txn_abort(store->snapshot);
    if (store->env != NULL)
        mdb_env_close(store->env);
    mc_stage_free(store);
    mc_tallies_free(store);
    mc_pauses_free(store);
    free(store);
}

void mc_store_tend(struct mc_store *store)
{
    int stale = 0;

    if (mdb_reader_check(store->env, &stale) == MDB_SUCCESS && stale > 0)
        store->readers_cleared += (uint64_t)stale;
}

struct readers {
    struct mc_store_readers *found;
    uint64_t newest;
};

/* LMDB tells its table as text: process, thread, transaction ("-" when none is open). */
static int reader_line(const char *line, void *arg)
{
    struct readers *readers = arg;
    long pid = 0;
    char thread[64];
    unsigned long txn = 0;

    // NOLINTNEXTLINE(cert-err34-c): LMDB's own
    if (sscanf(line, "%ld %63s %lu", &pid, thread, &txn) == 3) {
        readers->found->open++;
        if (readers->newest > txn)
            readers->found->lag = MC_MAX(readers->found->lag, readers->newest - txn);
    }
    return 0;
}

void mc_store_readers(const struct mc_store *store, struct mc_store_readers *ret_readers)
{
    MDB_envinfo info = {0};
    struct readers readers = {.found = ret_readers};

    *ret_readers = (struct mc_store_readers){.cleared = store->readers_cleared};
    (void)mdb_env_info(store->env, &info);
    readers.newest = info.me_last_txnid;
    (void)mdb_reader_list(store->env, reader_line, &readers);
}

enum mc_status mc_store_grow(struct mc_store *store, size_t map_size)
{
    int rc = store->preallocate ? preallocate(store->env, map_size) : 0;

    if (rc == 0)
        rc = mdb_env_set_mapsize(store->env, map_size);
    return rc == 0 ? MC_OK : mc_status_from_mdb(rc);
}

/* Pages the free list holds: each of its rows begins with their number. */
static size_t free_pages(MDB_txn *mdb)
{
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val value;
    size_t pages = 0;

    if (mdb_cursor_open(mdb, 0, &cursor) != MDB_SUCCESS)
        return 0;
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS) {
        size_t count = 0;

        memcpy(&count, value.mv_data, sizeof count);
        pages += count;
    }
    mdb_cursor_close(cursor);
    return pages;
}

void mc_store_usage(const struct mc_store *store, struct mc_store_usage *ret_usage)
{
    MDB_envinfo info = {0};
    MDB_stat stat = {0};
    MDB_txn *mdb = NULL;

    (void)mdb_env_info(store->env, &info);
    (void)mdb_env_stat(store->env, &stat);
    size_t pages = info.me_last_pgno + 1;
    if (mdb_txn_begin(store->env, NULL, MDB_RDONLY, &mdb) == MDB_SUCCESS) {
        pages -= MC_MIN(pages, free_pages(mdb));
        mdb_txn_abort(mdb);
    }
    *ret_usage = (struct mc_store_usage){
        .map_bytes = info.me_mapsize,
        .used_bytes = pages * stat.ms_psize,
        .commits = store->commits,
        .refusing = store->refusing,
    };
}

const struct mc_store_counts *mc_store_counts(const struct mc_store *store)
{
    return &store->counts;
}

void mc_store_tell(struct mc_store *store, struct mc_redo *redo)
{
    store->redo = redo;
}

void mc_store_id(struct mc_store *store, uint8_t id[MC_ID_LEN], int64_t now_ms,
                 const struct mc_random *random)
{
    enum { COUNT_END = 1 << 12 };

    if (now_ms > store->id_ms || ++store->id_count == COUNT_END) {
        store->id_ms = MC_MAX(now_ms, store->id_ms + 1); /* a full millisecond borrows the next */
        store->id_count = 0;
    }
    mc_uuid7(id, store->id_ms, random);
    id[6] = (uint8_t)(0x70 | store->id_count >> 8);
    id[7] = (uint8_t)store->id_count;
}
