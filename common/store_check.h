/*
 * Store check: is a store whole?
 *
 *     every value is what was written under its key       the journal has every number, in order
 *     every job that waits or is leased has its due row   the queues' counters say what is there
 *     what is staged can be merged                        sealed events open, when the keys are
 * given
 *
 * It walks over all rows in a read transaction of its own, so it may run in a thread beside the
 * room's calls; what it takes from the room is that pages given up meanwhile wait. A problem is one
 * line that names table and key, never a value.
 */
#pragma once

#include <stdatomic.h>

#include "common/store.h"

enum { MC_CHECK_PROBLEMS_MAX = 20, MC_CHECK_PROBLEM_SIZE = 160 };

struct mc_store_check {
    const struct mc_keyring *keys; /* NULL: sealed events are not opened */
    atomic_uint_least64_t rows;    /* so far */
    atomic_bool stop;              /* set by another thread: ends at the next row */

    uint64_t rows_total; /* known once the check has begun */
    uint64_t journal_last;
    uint64_t opened; /* sealed events */
    size_t problems_len;
    uint64_t problems_more; /* found beside those that are listed */
    char problems[MC_CHECK_PROBLEMS_MAX][MC_CHECK_PROBLEM_SIZE];
};

/* MC_OK: looked at everything, `problems_len` says what was found; MC_BUSY: stopped; MC_FULL,
 * MC_IO: could not be read. */
mc_nodiscard enum mc_status mc_store_check(const struct mc_store *store,
                                           struct mc_store_check *check);
