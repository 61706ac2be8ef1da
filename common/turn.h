/*
 * Turn: one durable step of a room. Between begin and commit the frame opens a txn per call,
 * runs its handler, and applies what it wrote; the commit flushes all of it at once. Only the
 * frame, the tests' harness and a simulation use this.
 */
#pragma once

#include "common/txn.h"

/* An event on its way to the journal. */
struct mc_event_out {
    struct mc_event_out *next;
    Motcua__Event event;
};

struct mc_stage_row;
struct mc_redo;

struct mc_turn {
    struct mc_store *store;
    struct mc_arena *arena;
    void *view; /* LMDB's write transaction */
    int64_t now_ms;
    enum mc_status status;
    const char *why;
    uint64_t journal_last;
    uint64_t job_last;
    struct mc_lane_count lanes[MC_LANES_MAX];
    struct mc_tally_step *tally; /* of its calls, oldest first */
    struct mc_tally_step *tally_last;
    uint64_t stage_last;
    struct mc_stage_row **overlay; /* what was staged in this turn, by key */
    size_t staged_rows;
    size_t merged; /* of the store's merge order, when this commits */
    bool stepped;  /* a step of merging was made */
    bool forgot;   /* all that was merged is out of the stage, when this commits */
    bool pauses_changed;
    bool changed;       /* something was applied */
    unsigned lanes_due; /* lanes that got work which is due now */
};

/* Counters as the last commit left them. */
struct mc_store_counts {
    uint64_t commit; /* turns on disk, ever: they are numbered without gaps */
    uint64_t journal_last;
    uint64_t job_last;
    struct mc_lane_count lanes[MC_LANES_MAX];
};
const struct mc_store_counts *mc_store_counts(const struct mc_store *store);

/* Each commit is told to it from now on (redo.h); NULL: no longer. */
void mc_store_tell(struct mc_store *store, struct mc_redo *redo);

/* The same numbers as a message tells them; its lane and age are left to who knows them. */
void mc_lane_stats(const struct mc_lane_count *count, Motcua__LaneStats *ret_stats);

/* The turn begins its transaction at the first write call; a failure sticks in its status. */
void mc_turn_begin(struct mc_turn *turn, struct mc_store *store, struct mc_arena *arena,
                   int64_t now_ms);
/* On disk when it returns MC_OK; otherwise nothing of the turn happened. Nothing to write: no
 * flush. */
mc_nodiscard enum mc_status mc_turn_commit(struct mc_turn *turn);
void mc_turn_abort(struct mc_turn *turn);
/* Nothing else to do: merges a step of what is staged. True when there is more. */
bool mc_turn_idle(struct mc_turn *turn);

/* What a call runs in: everything but the view and the buffers is the frame's to fill. */
void mc_txn_open(struct mc_txn *txn, struct mc_turn *turn);
/* Applies the call's writes, events and counts to the turn. A fault here spoils the turn. */
enum mc_status mc_txn_apply(struct mc_txn *txn);

/* A read view for MC_READ calls. One at a time; renew is cheap. */
mc_nodiscard enum mc_status mc_snapshot_open(struct mc_store *store, struct mc_arena *arena,
                                             struct mc_txn *ret_txn);
void mc_snapshot_close(struct mc_txn *txn);

/* When the next job of a lane is due: epoch ms, or INT64_MAX. */
int64_t mc_jobs_next_due(struct mc_txn *txn, unsigned lane);
/* Age of the lane's oldest live job, in ms. */
int64_t mc_jobs_oldest(struct mc_txn *txn, unsigned lane);
/* Live or dead jobs after an id, payloads left out. */
size_t mc_jobs_peek(struct mc_txn *txn, int lane, bool dead, uint64_t after, Motcua__Job **ret_jobs,
                    size_t max);
