#include "common/store_check.h"

#include <endian.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/stage.h"

enum { CHECK_ARENA = 64 << 20, LANE_SHIFT = 56 };

struct found {
    uint64_t queued[MC_LANES_MAX];
    uint64_t leased[MC_LANES_MAX];
    uint64_t held[MC_LANES_MAX];
    uint64_t dead[MC_LANES_MAX];
    uint64_t due;
    uint64_t journal;  /* the last number */
    uint64_t job_last; /* the highest */
    Motcua__StoreState *state;
};

struct walk {
    const struct mc_store *store;
    struct mc_store_check *check;
    struct mc_arena row;   /* of one row */
    struct mc_arena state; /* of the state row */
    MDB_txn *mdb;
    struct found found;
};

__attribute__((format(printf, 2, 3))) static void problem(struct mc_store_check *check,
                                                          const char *format, ...)
{
    va_list list;

    if (check->problems_len == MC_CHECK_PROBLEMS_MAX) {
        check->problems_more++;
        return;
    }
    va_start(list, format);
    (void)vsnprintf(check->problems[check->problems_len++], MC_CHECK_PROBLEM_SIZE, format, list);
    va_end(list);
}

/* Keys of a room's tables may be of a person's making: they are told as a hash. */
static void row_problem(struct walk *walk, unsigned table, MDB_val key, const char *what)
{
    uint8_t hash[MC_HASH_LEN];
    char hex[17];

    mc_hash(hash, (struct mc_bytes){key.mv_data, key.mv_size});
    (void)mc_hex(hex, (struct mc_bytes){hash, 8});
    problem(walk->check, "table %u (%s), key %s: %s", table,
            table < MC_TABLE_ROOM ? mc_house_table(table) : "room", hex, what);
}

static uint64_t number_of(MDB_val key)
{
    uint64_t number = 0;

    if (key.mv_size == sizeof number)
        memcpy(&number, key.mv_data, sizeof number);
    return be64toh(number);
}

/* An event's body as it lies in the journal: the newest keys open it. */
static bool opens(struct walk *walk, const Motcua__Event *event)
{
    static const struct mc_bytes ad = {"motcua record", 13}; /* moment.c */
    size_t len = 0;
    uint8_t *out = mc_alloc(&walk->row, event->body.len + 1);

    return out != NULL &&
           mc_unseal(walk->check->keys, ad, mc_key_bytes(event->body), out, &len) == MC_OK;
}

static void look_event(struct walk *walk, MDB_val key, struct mc_bytes value)
{
    uint64_t number = number_of(key);
    const Motcua__Event *event = motcua__event__unpack(&walk->row.protobuf, value.len, value.data);

    if (number != walk->found.journal + 1)
        problem(walk->check, "journal: after %llu comes %llu",
                (unsigned long long)walk->found.journal, (unsigned long long)number);
    walk->found.journal = number;
    if (event == NULL || event->seq != number) {
        row_problem(walk, MC_TABLE_JOURNAL, key, "not the event of this number");
        return;
    }
    if (!event->sealed || walk->check->keys == NULL)
        return;
    if (opens(walk, event))
        walk->check->opened++;
    else
        row_problem(walk, MC_TABLE_JOURNAL, key, "no key of ours opens it");
}

static void look_job(struct walk *walk, unsigned table, MDB_val key, struct mc_bytes value)
{
    const Motcua__Job *job = motcua__job__unpack(&walk->row.protobuf, value.len, value.data);
    struct found *found = &walk->found;
    uint64_t number = number_of(key);
    unsigned lane = (unsigned)(number >> LANE_SHIFT);

    if (job == NULL || job->id != number || lane >= MC_LANES_MAX) {
        row_problem(walk, table, key, "not the job of this number");
        return;
    }
    found->job_last = MC_MAX(found->job_last, number & ((UINT64_C(1) << LANE_SHIFT) - 1));
    if (table == MC_TABLE_DEAD)
        found->dead[lane]++;
    else if (job->state == MOTCUA__JOB_STATE__LEASED)
        found->leased[lane]++;
    else if (job->state == MOTCUA__JOB_STATE__HELD)
        found->held[lane]++;
    else
        found->queued[lane]++;
}

/* A row of the due index names a live job that is due then. */
static void look_due(struct walk *walk, MDB_val key)
{
    enum { TAIL = 16 };
    uint64_t due = 0;
    MDB_val id;
    MDB_val value;
    struct mc_bytes bytes;

    walk->found.due++;
    if (key.mv_size <= TAIL) {
        row_problem(walk, MC_TABLE_DUE, key, "too short");
        return;
    }
    uint8_t *tail = (uint8_t *)key.mv_data + key.mv_size - TAIL;
    memcpy(&due, tail, sizeof due);
    id = (MDB_val){sizeof(uint64_t), tail + sizeof due};
    const Motcua__Job *job = NULL;
    if (mdb_get(walk->mdb, walk->store->tables[MC_TABLE_JOBS], &id, &value) == MDB_SUCCESS &&
        mc_value_open(MC_TABLE_JOBS, id, value, &bytes))
        job = motcua__job__unpack(&walk->row.protobuf, bytes.len, bytes.data);
    if (job == NULL || (uint64_t)job->due_ms != be64toh(due))
        row_problem(walk, MC_TABLE_DUE, key, "no job is due then");
}

/* What waits to be merged: table (1) ‖ key length (2) ‖ key ‖ value with its head (stage.h). */
static void look_staged(struct walk *walk, MDB_val key, struct mc_bytes value)
{
    enum { HEAD = 3 };
    const uint8_t *at = value.data;
    uint16_t key_len = 0;
    struct mc_bytes bytes;

    if (value.len >= HEAD)
        memcpy(&key_len, at + 1, sizeof key_len);
    key_len = le16toh(key_len);
    if (value.len < HEAD || key_len == 0 || value.len < (size_t)HEAD + key_len ||
        at[0] >= walk->store->tables_len) {
        row_problem(walk, MC_TABLE_STAGE, key, "not a staged row");
        return;
    }
    MDB_val inner = {key_len, mc_unconst(at + HEAD)};
    MDB_val row = {value.len - HEAD - key_len, mc_unconst(at + HEAD + key_len)};
    if (row.mv_size > 0 && !mc_value_open(at[0], inner, row, &bytes))
        row_problem(walk, MC_TABLE_STAGE, key, "the staged value is not what was written");
}

static void look_state(struct walk *walk, MDB_val key, struct mc_bytes value)
{
    static const char name[] = "state";

    if (key.mv_size != sizeof name || memcmp(key.mv_data, name, sizeof name) != 0)
        return;
    walk->found.state = motcua__store_state__unpack(&walk->state.protobuf, value.len, value.data);
    if (walk->found.state == NULL)
        row_problem(walk, MC_TABLE_META, key, "not the state of a store");
}

static void look(struct walk *walk, unsigned table, MDB_val key, MDB_val value)
{
    struct mc_bytes bytes;

    if (!mc_value_open(table, key, value, &bytes)) {
        row_problem(walk, table, key, "not what was written");
        return;
    }
    switch (table) {
    case MC_TABLE_META:
        look_state(walk, key, bytes);
        break;
    case MC_TABLE_JOURNAL:
        look_event(walk, key, bytes);
        break;
    case MC_TABLE_JOBS:
    case MC_TABLE_DEAD:
        look_job(walk, table, key, bytes);
        break;
    case MC_TABLE_DUE:
        look_due(walk, key);
        break;
    case MC_TABLE_STAGE:
        look_staged(walk, key, bytes);
        break;
    default:
        break;
    }
    mc_arena_reset(&walk->row);
}

static enum mc_status look_table(struct walk *walk, unsigned table)
{
    MDB_cursor *cursor = NULL;
    MDB_val key;
    MDB_val value;
    int rc = mdb_cursor_open(walk->mdb, walk->store->tables[table], &cursor);

    if (rc != MDB_SUCCESS)
        return MC_IO;
    while ((rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == MDB_SUCCESS &&
           !atomic_load(&walk->check->stop)) {
        look(walk, table, key, value);
        atomic_fetch_add(&walk->check->rows, 1);
    }
    mdb_cursor_close(cursor);
    if (rc == MDB_SUCCESS)
        return MC_BUSY;
    if (rc != MDB_NOTFOUND)
        problem(walk->check, "table %u: %s", table, mdb_strerror(rc));
    return MC_OK;
}

static void compare_lane(struct walk *walk, unsigned lane, const Motcua__LaneStats *kept)
{
    const struct found *found = &walk->found;

    if (kept->queued != found->queued[lane] || kept->leased != found->leased[lane] ||
        kept->held != found->held[lane] || kept->dead != found->dead[lane])
        problem(walk->check,
                "lane %u counts %llu/%llu/%llu/%llu queued/leased/held/dead, there are "
                "%llu/%llu/%llu/%llu",
                lane, (unsigned long long)kept->queued, (unsigned long long)kept->leased,
                (unsigned long long)kept->held, (unsigned long long)kept->dead,
                (unsigned long long)found->queued[lane], (unsigned long long)found->leased[lane],
                (unsigned long long)found->held[lane], (unsigned long long)found->dead[lane]);
}

static void compare(struct walk *walk)
{
    static const Motcua__StoreState empty = MOTCUA__STORE_STATE__INIT;
    const struct found *found = &walk->found;
    const Motcua__StoreState *state = found->state != NULL ? found->state : &empty;
    uint64_t due = 0;

    for (unsigned i = 0; i < MC_LANES_MAX; i++) {
        due += found->queued[i] + found->leased[i];
        if (i < state->n_lanes)
            compare_lane(walk, i, state->lanes[i]);
    }
    if (due != found->due)
        problem(walk->check, "due: %llu rows for %llu jobs", (unsigned long long)found->due,
                (unsigned long long)due);
    if (state->journal_last != found->journal)
        problem(walk->check, "journal: ends at %llu, counted %llu",
                (unsigned long long)found->journal, (unsigned long long)state->journal_last);
    if (state->job_last < found->job_last)
        problem(walk->check, "jobs: number %llu is in use, counted %llu",
                (unsigned long long)found->job_last, (unsigned long long)state->job_last);
    walk->check->journal_last = found->journal;
}

static uint64_t rows_of(struct walk *walk)
{
    uint64_t rows = 0;

    for (unsigned i = 0; i < walk->store->tables_len; i++) {
        MDB_stat stat = {0};

        if ((walk->store->absent >> i & 1U) == 0 &&
            mdb_stat(walk->mdb, walk->store->tables[i], &stat) == MDB_SUCCESS)
            rows += stat.ms_entries;
    }
    return rows;
}

enum mc_status mc_store_check(const struct mc_store *store, struct mc_store_check *check)
{
    struct walk walk = {.store = store, .check = check};
    enum mc_status status = MC_FULL;

    if (mc_arena_init(&walk.row, CHECK_ARENA) == MC_OK &&
        mc_arena_init(&walk.state, CHECK_ARENA) == MC_OK)
        status =
            mdb_txn_begin(store->env, NULL, MDB_RDONLY, &walk.mdb) == MDB_SUCCESS ? MC_OK : MC_IO;
    if (status == MC_OK) {
        check->rows_total = rows_of(&walk);
        for (unsigned i = 0; i < store->tables_len && status == MC_OK; i++)
            if ((store->absent >> i & 1U) == 0)
                status = look_table(&walk, i);
        if (status == MC_OK)
            compare(&walk);
        mdb_txn_abort(walk.mdb);
    }
    if (walk.state.base != NULL)
        mc_arena_done(&walk.state);
    if (walk.row.base != NULL)
        mc_arena_done(&walk.row);
    return status;
}
