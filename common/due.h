/*
 * Due: the order in which jobs may be taken.
 *
 *     MC_TABLE_DUE: lane (1) ‖ destination, NUL ‖ due time (8) ‖ job id (8) -> nothing
 *
 * What goes to one destination lies together, the earliest first: a carrier that is down, with a
 * hundred thousand texts waiting, costs nothing to who takes for another one. A walk merges the
 * destinations it is about, so that the earliest of them all comes first. Only jobs.c and the
 * tests' harness include this.
 */
#pragma once

#include "common/txn.h"

enum {
    MC_DUE_DESTINATION_MAX = 64, /* bytes of a destination in the key; what is longer shares */
    MC_DUE_HEADS_MAX = 256,      /* destinations one walk merges */
};

void mc_due_put(struct mc_txn *txn, const Motcua__Job *job);
void mc_due_drop(struct mc_txn *txn, const Motcua__Job *job);

/*
 * The first destination of a lane behind another by name (NULL: of all) that has jobs in any state
 * but held, and when its first is due. One look, whatever lies there.
 */
mc_nodiscard bool mc_due_destination(struct mc_txn *txn, unsigned lane, const char *after,
                                     char ret_destination[MC_DUE_DESTINATION_MAX + 1],
                                     int64_t *ret_due_ms);

struct mc_due_head;
struct mc_due_walk {
    struct mc_txn *txn;
    unsigned lane;
    int64_t from_ms;
    struct mc_due_head *heads[MC_DUE_HEADS_MAX];
    size_t len;
    bool passes_paused;
    struct mc_due_head *taken; /* the row that was given last: it moves on at the next step */
};

/*
 * A lane's jobs that are due at from_ms or later: those of some destinations (ended by NULL), or of
 * all when that is NULL. Rows may be put and dropped while walking.
 */
void mc_due_begin(struct mc_due_walk *walk, struct mc_txn *txn, unsigned lane,
                  const char *const *destinations, int64_t from_ms);
/* The same of what may be taken now: destinations that are paused are passed over (pauses.h). */
void mc_due_begin_open(struct mc_due_walk *walk, struct mc_txn *txn, unsigned lane,
                       const char *const *destinations);
/* The next job that is due at until_ms or earlier; false: there is none. */
mc_nodiscard bool mc_due_next(struct mc_due_walk *walk, int64_t until_ms, int64_t *ret_due_ms,
                              uint64_t *ret_id);
