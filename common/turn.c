/* Turns: what calls wrote becomes one transaction, and one flush. */
#include <endian.h>
#include <errno.h>
#include <string.h>

#include "common/pack.h"
#include "common/pauses.h"
#include "common/redo.h"
#include "common/stage.h"
#include "common/tally.h"

static const char state_key[] = "state";

void mc_turn_begin(struct mc_turn *turn, struct mc_store *store, struct mc_arena *arena,
                   int64_t now_ms)
{
    MDB_txn *mdb = NULL;
    int rc = mdb_txn_begin(store->env, NULL, 0, &mdb);

    *turn = (struct mc_turn){
        .store = store,
        .arena = arena,
        .view = mdb,
        .now_ms = now_ms,
        .journal_last = store->counts.journal_last,
        .job_last = store->counts.job_last,
        .stage_last = store->stage_last,
        .status = mc_status_from_mdb(rc),
        .why = rc != MDB_SUCCESS ? mdb_strerror(rc) : NULL,
    };
    memcpy(turn->lanes, store->counts.lanes, sizeof turn->lanes);
}

void mc_turn_abort(struct mc_turn *turn)
{
    if (turn->view != NULL)
        mdb_txn_abort(turn->view);
    turn->view = NULL;
    if (turn->store->redo != NULL)
        mc_redo_forget(turn->store->redo);
}

enum mc_status mc_turn_fail(struct mc_turn *turn, int rc)
{
    if (rc == EIO && mc_store_disk_is_full(turn->store))
        rc = ENOSPC;
    if (turn->status == MC_OK) {
        turn->status = mc_status_from_mdb(rc);
        turn->why = mdb_strerror(rc);
    }
    return turn->status;
}

void mc_turn_tell(struct mc_turn *turn, unsigned table, MDB_val key, struct mc_bytes value)
{
    const struct mc_redo_row row = {table, {key.mv_data, key.mv_size}, value};

    if (turn->store->redo != NULL)
        mc_redo_add(turn->store->redo, &row);
}

int mc_turn_put(struct mc_turn *turn, unsigned table, MDB_val key, MDB_val value, unsigned flags)
{
    int rc = mdb_put(turn->view, turn->store->tables[table], &key, &value, flags);

    if (rc == MDB_SUCCESS)
        mc_turn_tell(turn, table, key, (struct mc_bytes){value.mv_data, value.mv_size});
    return rc;
}

int mc_turn_drop(struct mc_turn *turn, unsigned table, MDB_val key)
{
    int rc = mdb_del(turn->view, turn->store->tables[table], &key, NULL);

    if (rc == MDB_SUCCESS)
        mc_turn_tell(turn, table, key, (struct mc_bytes){0});
    return rc == MDB_NOTFOUND ? MDB_SUCCESS : rc;
}

static enum mc_status put(struct mc_turn *turn, unsigned table, MDB_val key, struct mc_bytes value,
                          unsigned flags)
{
    int rc = mc_turn_put(turn, table, key, mc_mdb_val(value), flags);

    return rc == MDB_SUCCESS ? MC_OK : mc_turn_fail(turn, rc);
}

static enum mc_status apply_writes(struct mc_turn *turn, const struct mc_write *write)
{
    enum mc_status status = MC_OK;

    for (; write != NULL && status == MC_OK; write = write->next) {
        if (mc_is_staged(turn->store, write->table)) {
            status = mc_stage_write(turn, write);
            continue;
        }
        if (write->value.data != NULL) {
            status = put(turn, write->table, write->key, write->value, 0);
            continue;
        }
        int rc = mc_turn_drop(turn, write->table, write->key);
        if (rc != MDB_SUCCESS)
            status = mc_turn_fail(turn, rc);
    }
    return status;
}

static enum mc_status put_message(struct mc_turn *turn, unsigned table, MDB_val key,
                                  const ProtobufCMessage *message, unsigned flags)
{
    size_t len = 0;
    uint8_t *value = mc_pack(turn->arena, message, VALUE_HEAD, &len);

    if (value == NULL) {
        turn->why = "arena full";
        return turn->status = MC_FULL;
    }
    mc_value_seal(table, key, value, len);
    return put(turn, table, key, (struct mc_bytes){value, VALUE_HEAD + len}, flags);
}

static enum mc_status apply_events(struct mc_turn *turn, struct mc_event_out *out)
{
    enum mc_status status = MC_OK;

    for (; out != NULL && status == MC_OK; out = out->next) {
        uint64_t key = htobe64(++turn->journal_last);

        out->event.seq = turn->journal_last;
        status = put_message(turn, MC_TABLE_JOURNAL, (MDB_val){sizeof key, &key}, &out->event.base,
                             MDB_APPEND);
    }
    return status;
}

static void apply_lanes(struct mc_turn *turn, const struct mc_txn *txn)
{
    for (unsigned i = 0; i < MC_LANES_MAX; i++) {
        const struct mc_lane_count *delta = &txn->lanes[i];
        struct mc_lane_count *lane = &turn->lanes[i];

        if ((txn->lanes_touched & 1U << i) == 0)
            continue;
        lane->queued += delta->queued;
        lane->leased += delta->leased;
        lane->held += delta->held;
        lane->dead += delta->dead;
        lane->enqueued_total += delta->enqueued_total;
        lane->done_total += delta->done_total;
        lane->failed_total += delta->failed_total;
        lane->expired_total += delta->expired_total;
        if (delta->enqueued_total > 0)
            turn->lanes_due |= 1U << i;
    }
}

static void apply_tally(struct mc_turn *turn, const struct mc_txn *txn)
{
    if (txn->tally == NULL)
        return;
    if (turn->tally_last != NULL)
        turn->tally_last->next = txn->tally;
    else
        turn->tally = txn->tally;
    turn->tally_last = txn->tally_last;
}

void mc_txn_open(struct mc_txn *txn, struct mc_turn *turn)
{
    *txn = (struct mc_txn){
        .store = turn->store,
        .arena = turn->arena,
        .turn = turn,
        .view = turn->view,
        .now_ms = turn->now_ms,
        .cause_event = "",
        .actor = "",
        .status = turn->status,
    };
}

enum mc_status mc_txn_apply(struct mc_txn *txn)
{
    struct mc_turn *turn = txn->turn;

    if (txn->status != MC_OK)
        return txn->status;
    if (txn->writes == NULL && txn->events == NULL)
        return MC_OK;
    if (apply_writes(turn, txn->writes) != MC_OK || apply_events(turn, txn->events) != MC_OK)
        return mc_fail(txn, turn->status, turn->why);
    turn->job_last += txn->jobs_added;
    apply_lanes(turn, txn);
    apply_tally(turn, txn);
    turn->pauses_changed = turn->pauses_changed || txn->pauses_changed;
    turn->changed = true;
    return MC_OK;
}

void mc_lane_stats(const struct mc_lane_count *count, Motcua__LaneStats *ret_stats)
{
    ret_stats->queued = (uint64_t)count->queued;
    ret_stats->leased = (uint64_t)count->leased;
    ret_stats->held = (uint64_t)count->held;
    ret_stats->dead = (uint64_t)count->dead;
    ret_stats->enqueued_total = (uint64_t)count->enqueued_total;
    ret_stats->done_total = (uint64_t)count->done_total;
    ret_stats->failed_total = (uint64_t)count->failed_total;
    ret_stats->expired_total = (uint64_t)count->expired_total;
}

static enum mc_status put_state(struct mc_turn *turn)
{
    Motcua__StoreState state = MOTCUA__STORE_STATE__INIT;
    Motcua__LaneStats lanes[MC_LANES_MAX];
    Motcua__LaneStats *list[MC_LANES_MAX];

    for (size_t i = 0; i < MC_LANES_MAX; i++) {
        motcua__lane_stats__init(&lanes[i]);
        mc_lane_stats(&turn->lanes[i], &lanes[i]);
        list[i] = &lanes[i];
    }
    state.journal_last = turn->journal_last;
    state.job_last = turn->job_last;
    state.lanes = list;
    state.n_lanes = MC_LANES_MAX;
    state.tallied = true;
    state.commit = turn->store->counts.commit + 1;
    MDB_val key = {sizeof state_key, mc_unconst(state_key)};
    return put_message(turn, MC_TABLE_META, key, &state.base, 0);
}

enum mc_status mc_store_load_counts(struct mc_store *store, struct mc_arena *arena)
{
    struct mc_txn txn;
    enum mc_status status = mc_snapshot_open(store, arena, &txn);

    if (status != MC_OK)
        return status;
    const Motcua__StoreState *state =
        mc_load(&txn, MC_TABLE_META, (struct mc_bytes){state_key, sizeof state_key},
                &motcua__store_state__descriptor);
    if (state != NULL) {
        store->counts.commit = state->commit;
        store->counts.journal_last = state->journal_last;
        store->counts.job_last = state->job_last;
        for (size_t i = 0; i < MC_MIN(state->n_lanes, (size_t)MC_LANES_MAX); i++)
            store->counts.lanes[i] = (struct mc_lane_count){
                .queued = (int64_t)state->lanes[i]->queued,
                .leased = (int64_t)state->lanes[i]->leased,
                .held = (int64_t)state->lanes[i]->held,
                .dead = (int64_t)state->lanes[i]->dead,
                .enqueued_total = (int64_t)state->lanes[i]->enqueued_total,
                .done_total = (int64_t)state->lanes[i]->done_total,
                .failed_total = (int64_t)state->lanes[i]->failed_total,
                .expired_total = (int64_t)state->lanes[i]->expired_total,
            };
    }
    bool counted = state != NULL && state->tallied;
    status = txn.status;
    mc_snapshot_close(&txn);
    mc_arena_reset(arena);
    if (status == MC_OK)
        status = mc_tallies_load(store, arena, counted);
    return status == MC_OK ? mc_pauses_load(store, arena) : status;
}

bool mc_turn_idle(struct mc_turn *turn)
{
    const struct mc_store *store = turn->store;

    if (!turn->changed) /* a changed turn merges its step anyway */
        mc_stage_step(turn, true);
    return store->merging.rows > 0 || store->forget_to != 0;
}

enum mc_status mc_turn_commit(struct mc_turn *turn)
{
    struct mc_store *store = turn->store;
    bool applied = false;

    if (turn->status == MC_OK && turn->changed) {
        mc_stage_step(turn, false);
        mc_tallies_apply(turn);
        applied = true;
        if (turn->status == MC_OK)
            (void)put_state(turn);
    }
    if (turn->status != MC_OK || !turn->changed) {
        mc_turn_abort(turn);
        if (applied)
            mc_tallies_undo(turn);
        if (turn->status == MC_FULL)
            store->refusing = true;
        return turn->status;
    }

    if (store->redo != NULL)
        mc_redo_write(store->redo, store->counts.commit + 1, turn->now_ms);
    int rc = mdb_txn_commit(turn->view);
    turn->view = NULL;
    if (rc != MDB_SUCCESS) {
        if (store->redo != NULL)
            mc_redo_undo(store->redo);
        mc_tallies_undo(turn);
        if (mc_turn_fail(turn, rc) == MC_FULL)
            store->refusing = true;
        return turn->status;
    }
    store->counts.commit++;
    store->counts.journal_last = turn->journal_last;
    store->counts.job_last = turn->job_last;
    mc_minutes_add(&store->minutes, turn->now_ms, store->counts.lanes, turn->lanes);
    memcpy(store->counts.lanes, turn->lanes, sizeof turn->lanes);
    mc_tallies_committed(turn);
    mc_stage_committed(turn);
    store->commits++;
    store->refusing = false;
    /* What cannot be read now cannot be read later either: the next start will say so. */
    if (turn->pauses_changed && mc_pauses_load(store, turn->arena) != MC_OK)
        return turn->status = MC_IO;
    return MC_OK;
}

enum mc_status mc_snapshot_open(struct mc_store *store, struct mc_arena *arena,
                                struct mc_txn *ret_txn)
{
    int rc = store->snapshot != NULL
                 ? mdb_txn_renew(store->snapshot)
                 : mdb_txn_begin(store->env, NULL, MDB_RDONLY, &store->snapshot);

    *ret_txn = (struct mc_txn){
        .store = store,
        .arena = arena,
        .view = store->snapshot,
        .cause_event = "",
        .actor = "",
        .status = mc_status_from_mdb(rc),
    };
    return ret_txn->status;
}

void mc_snapshot_close(struct mc_txn *txn)
{
    if (txn->view != NULL)
        mdb_txn_reset(txn->view);
    txn->view = NULL;
}
