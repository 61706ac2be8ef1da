/* Arena: fresh memory is zero, limits hold to the byte, what was begun and did not fit leaves
 * nothing. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <string.h>

#include "common/arena.h"

enum { SIZE = 4096 };

static int setup(void **state)
{
    static struct mc_arena arena;

    *state = &arena;
    return mc_arena_init(&arena, SIZE) == MC_OK ? 0 : -1;
}

static int teardown(void **state)
{
    mc_arena_done(*state);
    return 0;
}

static void assert_zero(const struct mc_arena *arena, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        assert_int_equal(arena->base[i], 0);
}

static void a_text_takes_what_it_needs(void **state)
{
    struct mc_arena *arena = *state;

    assert_string_equal(mc_sprintf(arena, "%s:%d", "message", 42), "message:42");
    assert_int_equal(arena->used, sizeof "message:42");
    assert_string_equal(mc_sprintf(arena, "%s", ""), "");
    assert_false(arena->full);
    mc_arena_reset(arena);
    assert_zero(arena, 0, SIZE);
}

static void a_text_fits_or_leaves_nothing(void **state)
{
    struct mc_arena *arena = *state;
    size_t used = 16;

    assert_non_null(mc_alloc(arena, used));
    mc_arena_budget(arena, 8);
    assert_null(mc_sprintf(arena, "%s", "12345678")); /* and its NUL: one past */
    assert_true(arena->full);
    assert_int_equal(arena->used, used);
    assert_zero(arena, used, SIZE);
    mc_arena_budget(arena, 8);
    assert_string_equal(mc_sprintf(arena, "%s", "1234567"), "1234567");
    assert_null(mc_alloc(arena, 1));
}

static void a_rewind_wipes(void **state)
{
    struct mc_arena *arena = *state;

    assert_non_null(mc_strdup(arena, "kept"));
    size_t used = arena->used;
    assert_non_null(mc_strdup(arena, "secret"));
    mc_arena_rewind(arena, used);
    assert_zero(arena, used, SIZE);
    assert_memory_equal(arena->base, "kept", 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_text_takes_what_it_needs, setup, teardown),
        cmocka_unit_test_setup_teardown(a_text_fits_or_leaves_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(a_rewind_wipes, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
