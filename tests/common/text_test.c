#include "common/text.h"

#include "vectors.h"

static const char *folded(const char *text)
{
    static char out[MC_TEXT_COMPARE_MAX];

    assert_int_equal(mc_text_fold(out, sizeof out, text), MC_OK);
    return out;
}

static const char *cleaned(const char *text)
{
    static char out[1024];

    assert_int_equal(mc_text_clean(out, sizeof out, text), MC_OK);
    return out;
}

static const char *unaccented(const char *text)
{
    static char out[1024];

    assert_int_equal(mc_text_unaccent(out, sizeof out, text), MC_OK);
    return out;
}

static size_t put_utf8(char *out, unsigned long point)
{
    if (point < 0x80) {
        out[0] = (char)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (char)(0xC0 | (point >> 6));
        out[1] = (char)(0x80 | (point & 0x3F));
        return 2;
    }
    out[0] = (char)(0xE0 | (point >> 12));
    out[1] = (char)(0x80 | ((point >> 6) & 0x3F));
    out[2] = (char)(0x80 | (point & 0x3F));
    return 3;
}

/* Undoes \uXXXX and \xXX of the vectors' first column. */
static void unescape(char *out, const char *text)
{
    while (*text != '\0') {
        char hex[5] = "";
        size_t digits = text[0] != '\\' ? 0 : text[1] == 'u' ? 4 : 2;
        if (digits == 0) {
            *out++ = *text++;
            continue;
        }
        memcpy(hex, text + 2, digits);
        out += put_utf8(out, strtoul(hex, NULL, 16));
        text += 2 + digits;
    }
    *out = '\0';
}

static void name_vectors(void **state)
{
    struct vectors *vectors = vectors_open("name_vectors");

    (void)state;
    while (vectors_next(vectors)) {
        char input[VECTORS_FIELD];
        char clean[MC_NAME_SIZE];
        char upper[MC_NAME_SIZE];
        unescape(input, vectors_get(vectors, "input_escaped"));
        assert_int_equal(mc_text_clean(clean, sizeof clean, input), MC_OK);
        assert_string_equal(clean, vectors_get(vectors, "nfc"));
        assert_int_equal(mc_text_upper(upper, sizeof upper, clean), MC_OK);
        assert_string_equal(upper, vectors_get(vectors, "upper"));
        assert_string_equal(folded(input), vectors_get(vectors, "search_key"));
        assert_string_equal(folded(upper), vectors_get(vectors, "search_key"));
        assert_true(mc_name_valid(clean));
    }
    assert_int_equal(vectors->rows, 7);
}

/* All 134 letters: upper case, fold, and unaccented in both cases. */
static void every_vietnamese_letter(void **state)
{
    struct vectors *vectors = vectors_open("vietnamese_letters");

    (void)state;
    while (vectors_next(vectors)) {
        const char *lower = vectors_get(vectors, "lower");
        const char *upper = vectors_get(vectors, "upper");
        const char *ascii = vectors_get(vectors, "ascii_fold");
        char out[16];
        assert_int_equal(mc_text_upper(out, sizeof out, lower), MC_OK);
        assert_string_equal(out, upper);
        assert_string_equal(folded(lower), ascii);
        assert_string_equal(folded(upper), ascii);
        assert_string_equal(unaccented(lower), ascii);
        char big[2] = {(char)(ascii[0] - 'a' + 'A'), '\0'};
        assert_string_equal(unaccented(upper), big);
        assert_string_equal(cleaned(lower), lower);
        assert_string_equal(cleaned(upper), upper);
    }
    assert_int_equal(vectors->rows, 67);
}

static void spellings_of_one_word_are_the_same(void **state)
{
    (void)state;
    assert_true(mc_text_same("Hoà", "Hòa"));
    assert_true(mc_text_same("THUÝ", "thúy"));
    assert_true(mc_text_same("khoẻ", "khỏe"));
    assert_true(mc_text_same("ANH ", "anh"));
    assert_true(mc_text_same("\xEF\xBC\xA8\xE1\xBB\x93", "Hồ")); /* full-width H */
    assert_false(mc_text_same("Hoà", "Hoàn"));
    assert_false(mc_text_same("a\x80", "a\x80"));
    assert_true(
        mc_text_contains("TRUNG TÂM PHỤC VỤ HÀNH CHÍNH CÔNG tỉnh", "Phục vụ hành chính công"));
    assert_false(mc_text_contains("Ủy ban nhân dân", "một cửa"));
}

static void clean_tidies_blanks_and_signs(void **state)
{
    (void)state;
    assert_string_equal(cleaned("  a \t b\xC2\xA0\xE3\x80\x80 c  "), "a b c");
    assert_string_equal(cleaned("\xEF\xBB\xBFK\xE2\x80\x99"
                                "Br\xE2\x80\x8B\xC4\x83"),
                        "K'Bră");
    assert_string_equal(cleaned(" \xC2\xA0 "), "");
    /* dropping a zero-width character brings letter and mark together */
    assert_string_equal(cleaned("a\xE2\x80\x8B\xCC\x81"), "á");
    /* marks in another order than the canonical one: dot below, then circumflex */
    assert_string_equal(cleaned("e\xCC\x82\xCC\xA3"), "ệ");
    assert_string_equal(cleaned("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB"), "한");
}

static void clean_refuses_what_hides(void **state)
{
    static const char reversed[] = {'\xE2', '\x80', '\xAE', 'a', '\0'};
    static const char isolated[] = {'\xE2', '\x81', '\xA6', '\0'};
    static const char *const bad[] = {
        "a\nb",         "a\rb", "a\x01", "a\x7F",        "\xC2\x85", reversed,           isolated,
        "\xE2\x80\xA8", "\xFF", "\xC3",  "\xED\xA0\x80", "\xC0\xAF", "\xF4\x90\x80\x80",
    };
    char out[64];

    (void)state;
    for (size_t i = 0; i < MC_LEN(bad); i++) {
        assert_int_equal(mc_text_clean(out, sizeof out, bad[i]), MC_INVALID);
        assert_string_equal(out, "");
    }
}

static void clean_lines_keeps_paragraphs(void **state)
{
    char out[64];

    (void)state;
    assert_int_equal(mc_text_clean_lines(out, sizeof out, "\r\n a \r\nb\n\n\n\n c\rd \n"), MC_OK);
    assert_string_equal(out, "a\nb\n\nc\nd");
    assert_int_equal(mc_text_clean_lines(out, sizeof out, "a\x01"), MC_INVALID);
    assert_string_equal(folded("a\nB"), "a b");
}

static void marks_at_the_limit_and_past_it(void **state)
{
    char text[2 + 2 * (MC_TEXT_MARKS_MAX + 1)] = "q";
    char out[MC_TEXT_SIZE(sizeof text)];

    (void)state;
    for (size_t i = 0; i < MC_TEXT_MARKS_MAX; i++)
        memcpy(text + 1 + 2 * i, "\xCC\x81", 3);
    assert_int_equal(mc_text_clean(out, sizeof out, text), MC_OK);
    assert_string_equal(out, text);
    memcpy(text + 1 + (size_t)(2 * MC_TEXT_MARKS_MAX), "\xCC\x81", 3);
    assert_int_equal(mc_text_clean(out, sizeof out, text), MC_INVALID);
}

static void buffers_exact_and_one_short(void **state)
{
    char out[8];

    (void)state;
    assert_int_equal(mc_text_clean(out, sizeof "ấn", "ấn"), MC_OK);
    assert_int_equal(mc_text_clean(out, sizeof "ấn" - 1, "ấn"), MC_FULL);
    assert_string_equal(out, "");
    assert_int_equal(mc_text_fold(out, 3, "ấn"), MC_OK);
    assert_int_equal(mc_text_fold(out, 2, "ấn"), MC_FULL);
    assert_int_equal(mc_text_upper(out, sizeof "Ấn" - 1, "ấn"), MC_FULL);
    assert_int_equal(mc_text_unaccent(out, 2, "ấn"), MC_FULL);
    assert_int_equal(mc_text_clean(out, 1, ""), MC_OK);
}

static void unaccent_for_sms(void **state)
{
    char out[16];

    (void)state;
    assert_string_equal(unaccented("Đặng Thuỳ Ưng – “Hẹn” 5€…\n"),
                        "Dang Thuy Ung - \"Hen\" 5€...\n");
    assert_string_equal(unaccented("Y Ƀăm Ênuôl"), "Y Bam Enuol");
    assert_string_equal(unaccented("Ho\xCC\x80"
                                   "a"),
                        "Hoa");
    assert_int_equal(mc_text_unaccent(out, sizeof out, "\xFF"), MC_INVALID);
}

static void utf8_validity(void **state)
{
    (void)state;
    assert_true(mc_utf8_valid("", 0));
    assert_true(mc_utf8_valid("Tiếng Việt \xF0\x9F\x98\x80", strlen("Tiếng Việt") + 5));
    assert_false(mc_utf8_valid("a\0b", 3));
    assert_false(mc_utf8_valid("\xE1\xBA", 2));
    assert_false(mc_utf8_valid("\xC1\x81", 2));
    assert_false(mc_utf8_valid("\xED\xBF\xBF", 3));
    assert_false(mc_utf8_valid("\x80", 1));
    assert_true(mc_utf8_valid("\xF4\x8F\xBF\xBF", 4));
    assert_false(mc_utf8_valid("\xF4\x90\x80\x80", 4));
}

static void cuts_fall_between_characters(void **state)
{
    char text[] = "Nguyễn";

    (void)state;
    assert_int_equal(mc_text_chars("Nguyễn Thị"), 10);
    assert_int_equal(mc_text_prefix("ệ", 1, 3), 3);
    assert_int_equal(mc_text_prefix("ệ", 1, 2), 0);
    assert_int_equal(mc_text_prefix("aệ", 5, 3), 1);
    assert_int_equal(mc_text_prefix("aệb", 2, SIZE_MAX), 4);
    assert_int_equal(mc_text_prefix("ae\xCC\x82\xCC\xA3", 2, SIZE_MAX),
                     1); /* not e without marks */
    assert_int_equal(mc_text_prefix("ae\xCC\x82\xCC\xA3z", 4, SIZE_MAX), 6);
    assert_int_equal(mc_text_prefix("abc", 0, SIZE_MAX), 0);
    assert_int_equal(mc_text_prefix("abc", 3, 3), 3);
    mc_text_truncate(text, 5);
    assert_string_equal(text, "Nguyễ");
    mc_text_truncate(text, 50);
    assert_string_equal(text, "Nguyễ");
}

static void names_at_the_limit_and_past_it(void **state)
{
    char name[MC_NAME_SIZE + 8] = "";

    (void)state;
    for (size_t i = 0; i < MC_NAME_CHARS_MAX; i++)
        memcpy(name + 3 * i, "ệ", sizeof "ệ");
    assert_int_equal(mc_name_check(name), MC_WHY_OK);
    memcpy(name + (size_t)(3 * MC_NAME_CHARS_MAX), "a", 2);
    assert_int_equal(mc_name_check(name), MC_WHY_FIELD_TOO_LONG);
}

static void names_of_everyone(void **state)
{
    static const char *const good[] = {"H'Liên Niê", "K'Brể", "Y Ƀăm",          "Čil Ŏng",
                                       "Anne-Marie", "Lý",    "John F. Kennedy"};
    static const char *const bad[] = {"Nguyễn Văn 4", "a\tb", "A@B", "Trần+",        "٣", "😀",
                                      "---",          "'",    "A_B", "A\xE2\x80\x8B"};

    (void)state;
    for (size_t i = 0; i < MC_LEN(good); i++)
        assert_int_equal(mc_name_check(good[i]), MC_WHY_OK);
    for (size_t i = 0; i < MC_LEN(bad); i++)
        assert_int_equal(mc_name_check(bad[i]), MC_WHY_NAME_INVALID);
    assert_int_equal(mc_name_check(""), MC_WHY_FIELD_REQUIRED);
    assert_int_equal(mc_name_check("a\xFF"), MC_WHY_FIELD_UTF8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_vectors),
        cmocka_unit_test(every_vietnamese_letter),
        cmocka_unit_test(spellings_of_one_word_are_the_same),
        cmocka_unit_test(clean_tidies_blanks_and_signs),
        cmocka_unit_test(clean_refuses_what_hides),
        cmocka_unit_test(clean_lines_keeps_paragraphs),
        cmocka_unit_test(marks_at_the_limit_and_past_it),
        cmocka_unit_test(buffers_exact_and_one_short),
        cmocka_unit_test(unaccent_for_sms),
        cmocka_unit_test(utf8_validity),
        cmocka_unit_test(cuts_fall_between_characters),
        cmocka_unit_test(names_at_the_limit_and_past_it),
        cmocka_unit_test(names_of_everyone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
