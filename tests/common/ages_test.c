/* How many there are by age: as if each were kept, to a quarter of its age, in little memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off: cmocka wants these four before it */
#include <cmocka.h>
/* clang-format on */

#include <stdlib.h>

#include "common/ages.h"

#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
static const int64_t t0 = INT64_C(1788747600000);
static const int64_t limits[] = {5 * SECOND, 30 * SECOND, MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR};
enum { COLUMNS = MC_LEN(limits) + 1 };

static void add(struct mc_ages *ages, int64_t at_ms, int64_t now_ms, int64_t n)
{
    assert_true(mc_ages_add(ages, at_ms, now_ms, n));
}

static void a_few_moments_are_told_to_the_second(void **state)
{
    struct mc_ages ages = {0};
    uint64_t columns[COLUMNS] = {0};

    (void)state;
    add(&ages, t0, t0, 2);
    add(&ages, t0 - 20 * SECOND, t0, 1);
    add(&ages, t0 - 2 * HOUR, t0, 1);
    mc_ages_columns(&ages, t0, limits, MC_LEN(limits), columns);
    assert_int_equal(columns[0], 2);
    assert_int_equal(columns[1], 1);
    assert_int_equal(columns[COLUMNS - 1], 1);
    assert_int_equal(ages.total, 4);
    assert_int_equal(mc_ages_after(&ages, t0 - MINUTE), 3);
    assert_in_range(mc_ages_first_ms(&ages), t0 - 2 * HOUR, t0 - 2 * HOUR + SECOND);

    add(&ages, t0, t0, -2);
    add(&ages, t0 - 20 * SECOND, t0, -1);
    add(&ages, t0 - 2 * HOUR, t0, -1);
    assert_int_equal(ages.len, 0);
    assert_int_equal(ages.total, 0);
    assert_int_equal(mc_ages_first_ms(&ages), 0);
    mc_ages_free(&ages);
}

/* What waits for later: the same, ahead of now. */
static void moments_ahead_are_counted_too(void **state)
{
    struct mc_ages ages = {0};

    (void)state;
    for (int64_t i = 1; i <= 1000; i++)
        add(&ages, t0 + i * MINUTE, t0, 1);
    assert_true(ages.len <= MC_AGES_CELLS_MAX);
    assert_in_range(mc_ages_after(&ages, t0 + 500 * MINUTE), 400, 600);
    assert_int_equal(mc_ages_after(&ages, t0), 1000);
    assert_int_equal(mc_ages_after(&ages, t0 + 2000 * MINUTE), 0);
    mc_ages_free(&ages);
}

/* Each cell apart from the others, in order, none empty, none wider than a quarter of its age. */
static void check_cells(const struct mc_ages *ages, int64_t joined_s)
{
    int64_t total = 0;

    for (size_t i = 0; i < ages->len; i++) {
        const struct mc_ages_cell *cell = &ages->cells[i];
        int64_t end_s = (cell->start + 1) << cell->log;

        total += cell->count;
        assert_true(cell->count != 0);
        assert_true(i + 1 == ages->len || end_s <= ages->cells[i + 1].start
                                                       << ages->cells[i + 1].log);
        assert_true(cell->log == 0 || 4 * (INT64_C(1) << cell->log) <= joined_s - end_s);
    }
    assert_int_equal(total, ages->total);
}

/* A queue that fills and drains at random over days, beside a list of every moment in it. */
static void as_if_each_were_kept(void **state)
{
    enum { STEPS = 200000, MOST = 20000 };
    int64_t *list = calloc(MOST, sizeof *list);
    struct mc_ages ages = {0};
    int64_t now = t0;
    size_t len = 0;
    size_t widest = 0;

    (void)state;
    assert_non_null(list);
    srandom(7);
    for (size_t step = 0; step < STEPS; step++) {
        now += random() % (random() % 100 == 0 ? HOUR : 2 * SECOND);
        bool fills = (step / 30000) % 2 == 0;
        if (len < MOST && (len == 0 || random() % 10 < (fills ? 8 : 3))) {
            list[len++] = now;
            add(&ages, now, now, 1);
        } else {
            size_t which = (size_t)random() % len;
            add(&ages, list[which], now, -1);
            list[which] = list[--len];
        }
        assert_int_equal(ages.total, len);
        widest = MC_MAX(widest, ages.len);
        if (step % 1000 == 0)
            check_cells(&ages, now / 1000 + 1);
    }
    assert_true(widest <= MC_AGES_CELLS_MAX);

    for (size_t i = 0; i < MC_LEN(limits); i++) {
        int64_t younger = 0; /* surely */
        int64_t perhaps = 0;
        int64_t told = mc_ages_after(&ages, now - limits[i]);

        for (size_t j = 0; j < len; j++) {
            younger += now - list[j] + SECOND < limits[i] * 3 / 4;
            perhaps += now - list[j] - SECOND <= limits[i] * 4 / 3;
        }
        assert_in_range(told, younger, perhaps);
    }
    while (len > 0)
        add(&ages, list[--len], now, -1);
    assert_int_equal(ages.len, 0);
    mc_ages_free(&ages);
    free(list);
}

/* A moment in each of very many spans: still no more than the most. */
static void there_is_a_most(void **state)
{
    struct mc_ages ages = {0};

    (void)state;
    for (int64_t s = 1; s < INT64_C(1) << 40; s += s / 16 + 1)
        add(&ages, t0 + s * SECOND, t0, 1);
    assert_true(ages.len <= MC_AGES_CELLS_MAX);
    assert_true(ages.size <= MC_AGES_CELLS_MAX);
    mc_ages_free(&ages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_moments_are_told_to_the_second),
        cmocka_unit_test(moments_ahead_are_counted_too),
        cmocka_unit_test(as_if_each_were_kept),
        cmocka_unit_test(there_is_a_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
