#include "common/ages.h"

#include <stdlib.h>
#include <string.h>

static int64_t second_of(int64_t ms)
{
    return ms >= 0 ? ms / 1000 : 0;
}

static int64_t start_s(const struct mc_ages_cell *cell)
{
    return cell->start << cell->log;
}

static int64_t end_s(const struct mc_ages_cell *cell)
{
    return (cell->start + 1) << cell->log;
}

/* The first cell that ends after a second: it covers it, or would come behind it. */
static size_t place_of(const struct mc_ages *ages, int64_t second)
{
    size_t low = 0;
    size_t high = ages->len;

    if (high > 0 && start_s(&ages->cells[high - 1]) <= second) /* mostly the newest */
        return end_s(&ages->cells[high - 1]) > second ? high - 1 : high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (end_s(&ages->cells[middle]) <= second)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void remove_at(struct mc_ages *ages, size_t place)
{
    ages->len--;
    memmove(&ages->cells[place], &ages->cells[place + 1],
            (ages->len - place) * sizeof *ages->cells);
}

static bool grow(struct mc_ages *ages)
{
    size_t size = ages->size > 0 ? 2 * ages->size : 4;
    struct mc_ages_cell *cells = realloc(ages->cells, size * sizeof *cells);

    if (cells == NULL)
        return false;
    ages->cells = cells;
    ages->size = size;
    return true;
}

static void insert_at(struct mc_ages *ages, size_t place, int64_t second)
{
    memmove(&ages->cells[place + 1], &ages->cells[place],
            (ages->len - place) * sizeof *ages->cells);
    ages->cells[place] = (struct mc_ages_cell){.start = second};
    ages->len++;
}

/* May the span of this width around the cell be one cell, so far from now as it is? */
static bool is_far(const struct mc_ages_cell *cell, unsigned log, int64_t now_s, int64_t share)
{
    int64_t first = cell->start >> (log - cell->log) << log;
    int64_t last = first + (INT64_C(1) << log);
    int64_t distance = now_s >= last ? now_s - last : MC_MAX(first - now_s, INT64_C(0));

    return distance >= share << log;
}

static bool overlap(const struct mc_ages_cell *a, const struct mc_ages_cell *b)
{
    return start_s(a) < end_s(b) && start_s(b) < end_s(a);
}

/* Widens cells as far as they may be, and joins those that then lie in one another. */
static void join(struct mc_ages *ages, int64_t now_s, int64_t share)
{
    size_t kept = 0;

    for (size_t i = 0; i < ages->len; i++) {
        struct mc_ages_cell cell = ages->cells[i];

        while (cell.log < MC_AGES_LOG_MAX && is_far(&cell, cell.log + 1, now_s, share)) {
            cell.start >>= 1;
            cell.log++;
        }
        while (kept > 0 && overlap(&ages->cells[kept - 1], &cell)) {
            const struct mc_ages_cell *before = &ages->cells[--kept];

            if (before->log > cell.log) {
                cell.start = before->start;
                cell.log = before->log;
            }
            cell.count += before->count;
        }
        ages->cells[kept++] = cell;
    }
    ages->len = kept;
}

/* A cell is no wider than a quarter of its distance, unless there are too many even so. */
static void tidy(struct mc_ages *ages, int64_t now_s)
{
    enum { SHARE = 4 };

    join(ages, now_s, SHARE);
    for (int64_t share = SHARE / 2; ages->len >= MC_AGES_CELLS_MAX; share /= 2)
        join(ages, now_s, share);
}

static bool has_room(struct mc_ages *ages, int64_t now_s)
{
    if (ages->len == ages->size && ages->len >= MC_AGES_CELLS_SOFT)
        tidy(ages, now_s);
    return ages->len < ages->size || grow(ages);
}

static bool covers(const struct mc_ages *ages, size_t place, int64_t second)
{
    return place < ages->len && start_s(&ages->cells[place]) <= second;
}

bool mc_ages_add(struct mc_ages *ages, int64_t at_ms, int64_t now_ms, int64_t n)
{
    int64_t second = second_of(at_ms);
    size_t place = place_of(ages, second);

    if (!covers(ages, place, second)) {
        if (!has_room(ages, second_of(now_ms)))
            return false;
        place = place_of(ages, second);
        if (!covers(ages, place, second))
            insert_at(ages, place, second);
    }
    ages->cells[place].count += n;
    ages->total += n;
    if (ages->cells[place].count == 0)
        remove_at(ages, place);
    return true;
}

void mc_ages_free(struct mc_ages *ages)
{
    free(ages->cells);
    *ages = (struct mc_ages){0};
}

int64_t mc_ages_middle_ms(const struct mc_ages_cell *cell)
{
    return (start_s(cell) + end_s(cell)) * 1000 / 2;
}

int64_t mc_ages_first_ms(const struct mc_ages *ages)
{
    return ages->len > 0 ? mc_ages_middle_ms(&ages->cells[0]) : 0;
}

int64_t mc_ages_after(const struct mc_ages *ages, int64_t at_ms)
{
    int64_t n = 0;

    for (size_t i = ages->len; i > 0 && mc_ages_middle_ms(&ages->cells[i - 1]) > at_ms; i--)
        n += ages->cells[i - 1].count;
    return n;
}

void mc_ages_columns(const struct mc_ages *ages, int64_t now_ms, const int64_t *limits_ms,
                     size_t len, uint64_t *counts)
{
    for (size_t i = 0; i < ages->len; i++) {
        int64_t age_ms = now_ms - mc_ages_middle_ms(&ages->cells[i]);
        size_t column = 0;

        while (column < len && age_ms > limits_ms[column])
            column++;
        counts[column] += (uint64_t)ages->cells[i].count;
    }
}
