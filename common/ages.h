/*
 * Ages: how many things there are by when they were made (or will be due), in little memory.
 *
 * A cell counts what lies in one span of 2^log seconds that begins at a multiple of its width, so
 * two spans lie one in the other or apart, and each moment has at most one cell. New moments get a
 * second to themselves; when there are many cells, neighbours become one where they are far from
 * now: a moment is then known to a quarter of its distance. What was added under a moment can be
 * taken away under the same one at any time after.
 */
#pragma once

#include "common/base.h"

enum {
    MC_AGES_CELLS_SOFT = 64, /* from here on neighbours are joined */
    MC_AGES_CELLS_MAX = 256, /* never more: joined nearer to now than a quarter, if need be */
    MC_AGES_LOG_MAX = 40,
};

struct mc_ages_cell {
    int64_t start; /* in widths: it begins at start << log seconds */
    unsigned log;
    int64_t count;
};

struct mc_ages {
    struct mc_ages_cell *cells; /* in order of time */
    size_t len;
    size_t size;
    int64_t total;
};

/* Adds n (or takes -n away) at a moment. False: no memory, nothing was done. */
mc_nodiscard bool mc_ages_add(struct mc_ages *ages, int64_t at_ms, int64_t now_ms, int64_t n);
void mc_ages_free(struct mc_ages *ages);

/* Epoch ms in the middle of a cell: what all of it is taken for. */
int64_t mc_ages_middle_ms(const struct mc_ages_cell *cell);
/* The middle of the oldest cell; 0: there is none. */
int64_t mc_ages_first_ms(const struct mc_ages *ages);
/* The earlier of two such moments; 0 is none. */
static inline int64_t mc_earlier_ms(int64_t a_ms, int64_t b_ms)
{
    return a_ms == 0 || (b_ms != 0 && b_ms < a_ms) ? b_ms : a_ms;
}
/* How many are after a moment. */
int64_t mc_ages_after(const struct mc_ages *ages, int64_t at_ms);
/* Adds to counts[] by age: at most limits_ms[0], limits_ms[1] …; the last count is what is older.
 */
void mc_ages_columns(const struct mc_ages *ages, int64_t now_ms, const int64_t *limits_ms,
                     size_t len, uint64_t *counts);
