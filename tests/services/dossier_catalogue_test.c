/* The catalogue as people search it (DOS-01, DOS-02, DOS-03). */
#include "dossier_help.h"

static int open_room(void **state)
{
    *state = harness_open(&dossier_room, NULL);
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

static Dossier__SearchProceduresReply *search(struct harness *h, const char *unit,
                                              const char *sector, const char *words)
{
    Dossier__SearchProceduresRequest req = DOSSIER__SEARCH_PROCEDURES_REQUEST__INIT;

    req.unit = mc_unconst(unit);
    req.sector = mc_unconst(sector);
    req.words = mc_unconst(words);
    req.page_size = 100;
    return harness_call(h, "SearchProcedures", &req.base, MC_OK);
}

static void refuse_search(struct harness *h, const char *unit, const char *words,
                          uint32_t page_size, const char *token, const char *field,
                          const char *code)
{
    Dossier__SearchProceduresRequest req = DOSSIER__SEARCH_PROCEDURES_REQUEST__INIT;

    req.unit = mc_unconst(unit);
    req.words = mc_unconst(words);
    req.page_size = page_size;
    req.page_token = mc_unconst(token);
    (void)harness_call(h, "SearchProcedures", &req.base, MC_INVALID);
    assert_true(harness_violated(h, field, code));
}

/* «Đơn vị: thị trấn Bến Cầu, Lĩnh vực: Tư pháp(xã), Tên thủ tục: khai sinh» (DOS-01) */
static void test_the_example_of_the_guide(void **state)
{
    struct harness *h = *state;
    static const char *const sectors[] = {"Tư pháp(xã)", "Lĩnh vực ngành Tư pháp (Xã)", "tu phap",
                                          "Hộ tịch"};

    for (size_t i = 0; i < MC_LEN(sectors); i++) {
        Dossier__SearchProceduresReply *found =
            search(h, "thị trấn Bến Cầu", sectors[i], "khai sinh");

        /* With the department's name also «liên thông khai sinh», as on the guide's screen. */
        assert_int_equal(found->total, i < 3 ? 8 : 7);
        assert_int_equal(found->n_procedures, found->total);
        assert_string_equal(found->procedures[0]->code, BIRTH);
        assert_string_equal(found->procedures[0]->name, "Đăng ký khai sinh");
        assert_string_equal(found->procedures[0]->service_level, "FULL");
        assert_int_equal(found->procedures[0]->fee, 1000);
        assert_int_equal(found->procedures[0]->n_units, 1);
        assert_string_equal(found->procedures[0]->units[0]->code, BEN_CAU);
    }
}

static void test_words_without_marks(void **state)
{
    struct harness *h = *state;
    Dossier__SearchProceduresReply *with = search(h, BEN_CAU, "", "khai sinh");
    Dossier__SearchProceduresReply *without = search(h, "thi tran ben cau", "", "KHAI SINH");
    Dossier__SearchProceduresReply *turned = search(h, BEN_CAU, "", "sinh khai");

    assert_int_equal(with->total, without->total);
    assert_true(turned->total >= with->total);
    assert_string_equal(search(h, "", "", "đăng ký kết hôn")->procedures[0]->code, "1.000894");
    assert_int_equal(search(h, "", "", "không có thủ tục này")->total, 0);
    assert_int_equal(search(h, "Sa Pa", "", "khai sinh")->total, 0);
}

/* «ly» is in many names; with its mark only those that have it come first. */
static void test_marks_rank_first(void **state)
{
    struct harness *h = *state;
    Dossier__SearchProceduresReply *found = search(h, "", "", "khai tử");

    assert_string_equal(found->procedures[0]->name, "Đăng ký khai tử");
    found = search(h, "", "", "hộ");
    size_t i = 0;
    while (i < found->n_procedures && (strstr(found->procedures[i]->name, "hộ") != NULL ||
                                       strstr(found->procedures[i]->name, "Hộ") != NULL))
        i++;
    assert_true(i > 0);
    for (; i < found->n_procedures; i++)
        assert_null(strstr(found->procedures[i]->name, "hộ"));
}

/* DOS-02: the fields with their counts, whatever field is chosen. */
static void test_counts_per_sector(void **state)
{
    struct harness *h = *state;
    Dossier__SearchProceduresReply *all = search(h, BEN_CAU, "", "");
    Dossier__SearchProceduresReply *one = search(h, BEN_CAU, "Hộ tịch", "");
    uint32_t sum = 0;

    for (size_t i = 0; i < all->n_sectors; i++) {
        sum += all->sectors[i]->count;
        if (strcmp(all->sectors[i]->sector, "Hộ tịch") == 0)
            assert_int_equal(all->sectors[i]->count, one->total);
    }
    assert_int_equal(sum, all->total);
    assert_int_equal(one->n_sectors, all->n_sectors);
    assert_true(one->total < all->total);
}

/* DOS-02: «Cấp tỉnh: … ; Cấp xã: …», and the filters of level and service level. */
static void test_levels(void **state)
{
    struct harness *h = *state;
    Dossier__SearchProceduresRequest req = DOSSIER__SEARCH_PROCEDURES_REQUEST__INIT;
    uint32_t communes = 0;
    uint32_t sum = 0;

    req.level = mc_unconst("Xã");
    req.page_size = 100;
    Dossier__SearchProceduresReply *found = harness_call(h, "SearchProcedures", &req.base, MC_OK);
    for (size_t i = 0; i < found->n_levels; i++) {
        sum += found->levels[i]->count;
        if (strcmp(found->levels[i]->level, "xã") == 0)
            communes = found->levels[i]->count;
    }
    assert_int_equal(sum, 55);
    assert_int_equal(found->total, communes);
    assert_true(communes > 30 && communes < 55);

    req.service_level = mc_unconst("FULL");
    found = harness_call(h, "SearchProcedures", &req.base, MC_OK);
    assert_int_equal(found->total, 4);
    for (size_t i = 0; i < found->n_procedures; i++)
        assert_string_equal(found->procedures[i]->service_level, "FULL");
}

/* «Lý lịch tư pháp» is a field of its own, not the department's nickname. */
static void test_sector_by_its_own_name(void **state)
{
    struct harness *h = *state;
    Dossier__SearchProceduresReply *found = search(h, "", "lý lịch tư pháp", "");

    assert_int_equal(found->total, 1);
    assert_string_equal(found->procedures[0]->code, "2.000488");
}

static void test_by_code(void **state)
{
    struct harness *h = *state;
    Dossier__SearchProceduresReply *found = search(h, "", "", "1.004873.000.00.00.H53");

    assert_int_equal(found->total, 1);
    assert_string_equal(found->procedures[0]->code, SINGLE);
}

static void test_pages(void **state)
{
    struct harness *h = *state;
    Dossier__SearchProceduresRequest req = DOSSIER__SEARCH_PROCEDURES_REQUEST__INIT;
    size_t seen = 0;
    uint32_t total = 0;

    req.page_size = 7;
    for (;;) {
        Dossier__SearchProceduresReply *page =
            harness_call(h, "SearchProcedures", &req.base, MC_OK);

        assert_true(page->n_procedures <= 7);
        seen += page->n_procedures;
        total = page->total;
        if (page->next_page_token[0] == '\0')
            break;
        req.page_token = page->next_page_token;
    }
    assert_int_equal(total, 55);
    assert_int_equal(seen, total);
    req.page_token = mc_unconst("9999");
    Dossier__SearchProceduresReply *past = harness_call(h, "SearchProcedures", &req.base, MC_OK);
    assert_int_equal(past->n_procedures, 0);
    assert_string_equal(past->next_page_token, "");
}

static void test_limits(void **state)
{
    struct harness *h = *state;
    char words[DOSSIER_WORDS_CHARS_MAX + 2];

    memset(words, 'a', sizeof words);
    words[DOSSIER_WORDS_CHARS_MAX] = '\0';
    assert_int_equal(search(h, "", "", words)->total, 0);
    words[DOSSIER_WORDS_CHARS_MAX] = 'a';
    words[DOSSIER_WORDS_CHARS_MAX + 1] = '\0';
    refuse_search(h, "", words, 0, "", "words", "FIELD_TOO_LONG");
    refuse_search(h, words, "", 0, "", "unit", "FIELD_TOO_LONG");
    refuse_search(h, "", "khai\nsinh\x01", 0, "", "words", "FIELD_INVALID");
    refuse_search(h, "", "", 101, "", "page_size", "PAGE_SIZE_INVALID");
    refuse_search(h, "", "", 0, "x", "page_token", "PAGE_TOKEN_INVALID");
    refuse_search(h, "", "", 0, "99999999999999999999", "page_token", "PAGE_TOKEN_INVALID");
}

static void test_get_procedure(void **state)
{
    struct harness *h = *state;
    Dossier__GetProcedureRequest req = DOSSIER__GET_PROCEDURE_REQUEST__INIT;

    req.code = mc_unconst("1.004873.H53");
    Dossier__Procedure *one = harness_call(h, "GetProcedure", &req.base, MC_OK);
    assert_string_equal(one->code, SINGLE);
    assert_string_equal(one->deadline_unit, "working_day");
    assert_int_equal(one->deadline_value, 3);
    assert_int_equal(one->fee, 0);
    assert_int_equal(one->n_units, 2); /* the communes of the sample */
    req.code = mc_unconst("9.999999");
    (void)harness_call(h, "GetProcedure", &req.base, MC_NOT_FOUND);
    assert_true(harness_violated(h, "code", "PROCEDURE_UNKNOWN"));
    req.code = mc_unconst("khai sinh");
    (void)harness_call(h, "GetProcedure", &req.base, MC_INVALID);
    assert_true(harness_violated(h, "code", "PROCEDURE_CODE_FORMAT"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_example_of_the_guide),
        cmocka_unit_test(test_words_without_marks),
        cmocka_unit_test(test_marks_rank_first),
        cmocka_unit_test(test_counts_per_sector),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_sector_by_its_own_name),
        cmocka_unit_test(test_by_code),
        cmocka_unit_test(test_pages),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_get_procedure),
    };
    return cmocka_run_group_tests(tests, open_room, close_room);
}
