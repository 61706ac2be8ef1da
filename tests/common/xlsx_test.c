/* Tables as Excel files; what is in them openpyxl reads in tests/flow/officers.py (OFF-07). */
#include <string.h>

#include "common/xlsx.h"

#include "../harness.h"

static const char *const head[] = {"STT", "Tên"};
static const unsigned widths[] = {6, 30};

static int open_arena(void **state)
{
    static struct mc_arena arena;

    *state = &arena;
    return mc_arena_init(&arena, 64 << 20) == MC_OK ? 0 : -1;
}

static int close_arena(void **state)
{
    mc_arena_done(*state);
    return 0;
}

static void a_table_becomes_a_zip_in_memory(void **state)
{
    struct mc_bytes file = {0};
    struct mc_xlsx *xlsx = mc_xlsx_open("Người dùng", head, widths, MC_LEN(head));

    assert_non_null(xlsx);
    assert_true(mc_xlsx_row(xlsx, (const char *const[]){"1", "=1+1"}));
    assert_true(mc_xlsx_row(xlsx, (const char *const[]){"2", "Nguyễn Thị Hoà Bình"}));
    assert_int_equal(mc_xlsx_close(xlsx, *state, &file), MC_OK);
    assert_memory_equal(file.data, "PK\3\4", 4);
    assert_non_null(memmem(file.data, file.len, "xl/worksheets/sheet1.xml", 24));
}

static void rows_have_a_limit(void **state)
{
    struct mc_bytes file = {0};
    struct mc_xlsx *xlsx = mc_xlsx_open("x", head, widths, MC_LEN(head));

    assert_non_null(xlsx);
    for (int i = 0; i < MC_XLSX_ROWS_MAX; i++)
        assert_true(mc_xlsx_row(xlsx, (const char *const[]){"1", "x"}));
    assert_false(mc_xlsx_row(xlsx, (const char *const[]){"1", "x"}));
    assert_int_equal(mc_xlsx_close(xlsx, *state, &file), MC_OK);
}

static void cells_have_a_limit(void **state)
{
    char *cell = mc_alloc(*state, MC_XLSX_CELL_MAX + 2);
    struct mc_xlsx *xlsx = mc_xlsx_open("x", head, widths, MC_LEN(head));

    assert_non_null(cell);
    assert_non_null(xlsx);
    memset(cell, 'x', MC_XLSX_CELL_MAX + 1);
    assert_false(mc_xlsx_row(xlsx, (const char *const[]){"1", cell}));
    cell[MC_XLSX_CELL_MAX] = '\0';
    assert_true(mc_xlsx_row(xlsx, (const char *const[]){"1", cell}));
    mc_xlsx_abandon(xlsx);
}

static void a_file_that_does_not_fit_is_told(void **state)
{
    struct mc_bytes file = {0};
    struct mc_arena *arena = *state;
    struct mc_xlsx *xlsx = mc_xlsx_open("x", head, widths, MC_LEN(head));

    assert_non_null(xlsx);
    mc_arena_budget(arena, 100);
    assert_int_equal(mc_xlsx_close(xlsx, arena, &file), MC_FULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)
        TEST(a_table_becomes_a_zip_in_memory),
        TEST(rows_have_a_limit),
        TEST(cells_have_a_limit),
        TEST(a_file_that_does_not_fit_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
