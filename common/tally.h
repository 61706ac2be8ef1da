/*
 * Tallies: how many jobs a lane has by destination, state and age; who holds them, why they died.
 *
 * Kept with the jobs themselves: what a call does to a job is noted in the call (mc_tally_leave,
 * mc_tally_enter), added up in memory when its turn commits, and the rows that changed are written
 * in that commit. So looking costs the same at ten jobs and at ten million.
 *
 *     MC_TABLE_META: "tally/" ‖ lane (1) ‖ what (1) ‖ text -> motcua.v1.Tally
 *
 * A row that counts nothing is dropped. A store from before there were tallies is counted once,
 * when it is opened.
 */
#pragma once

#include "common/ages.h"
#include "common/txn.h"

enum mc_tally_what {
    MC_TALLY_DESTINATION, /* by when jobs were made, or are due for the first time */
    MC_TALLY_WORKER,      /* leased ones; likewise */
    MC_TALLY_REASON,      /* dead ones; likewise */
    MC_TALLY_DUE,         /* queued ones that were not due when they were made, by when they are */
    MC_TALLY_WHAT_END,
};

/* Of a destination's jobs; the other tallies use the first slot only. */
enum mc_tally_slot {
    MC_TALLY_FRESH, /* queued, never tried */
    MC_TALLY_AGAIN, /* queued, tried before */
    MC_TALLY_LEASED,
    MC_TALLY_HELD,
    MC_TALLY_DEAD,
    MC_TALLY_SLOTS,
    MC_TALLY_NONE = MC_TALLY_SLOTS,
};

enum { MC_TALLY_TEXT_MAX = 64 }; /* bytes; texts that begin alike share */

struct mc_tally {
    struct mc_tally *next; /* of its chain */
    unsigned lane;
    enum mc_tally_what what;
    char text[MC_TALLY_TEXT_MAX + 1];
    struct mc_ages slots[MC_TALLY_SLOTS];
    struct mc_tally *changed_next;
    bool changed; /* since the last commit */
};

/* A job as it is now leaves its place in the numbers; it enters another when it has changed. */
void mc_tally_leave(struct mc_txn *txn, const Motcua__Job *job);
void mc_tally_enter(struct mc_txn *txn, const Motcua__Job *job);

/* One job's change of place, as a call notes it. */
struct mc_tally_step {
    struct mc_tally_step *next;
    struct mc_tally *tally;
    int64_t at_ms;
    enum mc_tally_slot from;
    enum mc_tally_slot to;
};

/* Calls back for every tally of a lane of this kind, in no order. */
typedef void mc_tally_seen(void *arg, const struct mc_tally *tally);
void mc_tally_each(const struct mc_store *store, unsigned lane, enum mc_tally_what what,
                   mc_tally_seen *seen, void *arg);

/* How many jobs of one destination are in a slot, as of the last commit. */
int64_t mc_tally_of_destination(const struct mc_store *store, unsigned lane,
                                const char *destination, enum mc_tally_slot slot);
/* How many there are in a slot of all tallies of a lane. */
int64_t mc_tally_sum(const struct mc_store *store, unsigned lane, enum mc_tally_slot slot);
/* Since when the lane's oldest live job waits, to a quarter of its age; 0: there is none. */
int64_t mc_tally_first_ms(const struct mc_store *store, unsigned lane);
/* Queued jobs that are due after now. */
int64_t mc_tally_scheduled(const struct mc_store *store, unsigned lane, int64_t now_ms);

/*
 * The store's and the turn's part. Apply: the turn's steps are added up and the rows that changed
 * are put; a failure spoils the turn, and then undo takes them away again.
 */
void mc_tallies_apply(struct mc_turn *turn);
void mc_tallies_undo(struct mc_turn *turn);
void mc_tallies_committed(struct mc_turn *turn);
/* counted: the store has its rows; else its jobs are counted now. */
mc_nodiscard enum mc_status mc_tallies_load(struct mc_store *store, struct mc_arena *arena,
                                            bool counted);
void mc_tallies_free(struct mc_store *store);
