/* What redo files tell, applied to a restored store. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "common/date.h"
#include "common/redo.h"
#include "common/store_mdb.h"

struct walk {
    struct mc_redo_replay *replay;
    struct mc_store *store;
    uint64_t at;    /* the commit the store is at */
    uint64_t limit; /* this file's records from here on are the next one's */
    bool done;      /* all up to the moment is applied */
};

static int apply_row(struct walk *walk, MDB_txn *mdb, const struct mc_redo_row *row)
{
    if (row->table >= walk->store->tables_len)
        return MDB_INVALID;
    MDB_val key = mc_mdb_val(row->key);
    MDB_val value = mc_mdb_val(row->value);
    MDB_dbi table = walk->store->tables[row->table];
    if (row->value.data != NULL)
        return mdb_put(mdb, table, &key, &value, 0);
    int rc = mdb_del(mdb, table, &key, NULL);
    return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}

static enum mc_status apply_record(struct walk *walk, const struct mc_redo_record *record)
{
    struct mc_bytes left = record->rows;
    struct mc_redo_row row;
    MDB_txn *mdb = NULL;
    int rc = mdb_txn_begin(walk->store->env, NULL, 0, &mdb);

    if (rc != MDB_SUCCESS)
        return mc_status_from_mdb(rc);
    while (rc == MDB_SUCCESS && left.len > 0)
        rc = mc_redo_row_next(&left, &row) ? apply_row(walk, mdb, &row) : MDB_INVALID;
    if (rc != MDB_SUCCESS) {
        mdb_txn_abort(mdb);
        return mc_status_from_mdb(rc);
    }
    if ((rc = mdb_txn_commit(mdb)) != MDB_SUCCESS)
        return mc_status_from_mdb(rc);
    walk->at = record->commit;
    walk->replay->commits++;
    walk->replay->last_ms = record->at_ms;
    return MC_OK;
}

static enum mc_status apply_file(struct walk *walk, struct mc_bytes left)
{
    struct mc_redo_record record;
    enum mc_status status = MC_OK;

    while (status == MC_OK && !walk->done && mc_redo_next(&left, &record)) {
        if (record.commit <= walk->at)
            continue;
        if (record.commit >= walk->limit)
            break;
        if (record.at_ms > walk->replay->until_ms)
            walk->done = true;
        else
            status = record.commit == walk->at + 1 ? apply_record(walk, &record) : MC_CONFLICT;
    }
    return status;
}

static enum mc_status apply_files(struct walk *walk, const struct mc_redo_file *files, size_t n)
{
    enum mc_status status = MC_OK;
    struct mc_bytes map;
    struct mc_bytes records;

    for (size_t i = 0; i < n && status == MC_OK && !walk->done; i++) {
        walk->limit = i + 1 < n ? files[i + 1].first : UINT64_MAX;
        if (walk->limit <= walk->at + 1)
            continue;
        if (files[i].first > walk->at + 1)
            return MC_CONFLICT;
        if (!mc_redo_map(&files[i], &map, &records))
            return MC_IO;
        status = apply_file(walk, records);
        (void)munmap(mc_unconst(map.data), map.len);
    }
    return status;
}

enum mc_status mc_redo_replay(struct mc_redo_replay *replay, struct mc_store *store, char *why,
                              size_t why_size)
{
    struct walk walk = {.replay = replay, .store = store, .at = store->counts.commit};
    struct mc_redo_file *files = NULL;
    char last[MC_RFC3339_SIZE] = "the backup";

    replay->commits = 0;
    replay->last_ms = 0;
    size_t n = mc_redo_files(replay->dir, replay->lineage, &files);
    enum mc_status status = apply_files(&walk, files, n);
    free(files);
    if (status == MC_CONFLICT && replay->last_ms >= replay->until_ms)
        return MC_OK; /* what is missing is later */
    if (replay->last_ms != 0)
        mc_time_format_rfc3339(last, sizeof last, replay->last_ms);
    if (status == MC_CONFLICT)
        (void)snprintf(why, why_size,
                       "%.120s: commit %llu and those after it are missing; told until %s",
                       replay->dir, (unsigned long long)walk.at + 1, last);
    else if (status != MC_OK)
        (void)snprintf(why, why_size, "%.120s: commit %llu cannot be applied", replay->dir,
                       (unsigned long long)walk.at + 1);
    return status;
}
