#include "common/money.h"

#include "vectors.h"

static void amount_vectors(void **state)
{
    struct vectors *vectors = vectors_open("amount_vectors");

    (void)state;
    while (vectors_next(vectors)) {
        int64_t amount = strtoll(vectors_get(vectors, "amount"), NULL, 10);
        int64_t parsed = -1;
        char text[MC_MONEY_SIZE];
        char words[MC_MONEY_WORDS_SIZE];
        mc_money_format(text, sizeof text, amount);
        assert_string_equal(text, vectors_get(vectors, "formatted"));
        mc_money_words(words, sizeof words, amount);
        assert_string_equal(words, vectors_get(vectors, "in_words"));
        assert_int_equal(mc_money_parse(text, &parsed), MC_WHY_OK);
        assert_true(parsed == amount);
        assert_int_equal(mc_money_parse(vectors_get(vectors, "amount"), &parsed), MC_WHY_OK);
        assert_true(parsed == amount);
    }
    assert_int_equal(vectors->rows, 26);
}

static void words_at_the_ends(void **state)
{
    static const struct {
        int64_t amount;
        const char *want;
    } cases[] = {
        {0, "Không đồng"},
        {1, "Một đồng"},
        {21, "Hai mươi mốt đồng"},
        {104, "Một trăm linh bốn đồng"},
        {1378500, "Một triệu ba trăm bảy mươi tám nghìn năm trăm đồng"},
        {-20, "Âm hai mươi đồng"},
        {1000000000000000000, "Một tỷ tỷ đồng"},
    };
    char words[MC_MONEY_WORDS_SIZE];
    char text[MC_MONEY_SIZE];

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        mc_money_words(words, sizeof words, cases[i].amount);
        assert_string_equal(words, cases[i].want);
    }
    mc_money_words(words, sizeof words, INT64_MIN);
    mc_money_words(words, sizeof words, 7777777777777777777);
    mc_money_words(words, sizeof words, -4444444444444444444);
    mc_money_format(text, sizeof text, INT64_MIN);
    assert_string_equal(text, "-9.223.372.036.854.775.808");
    mc_money_format(text, sizeof text, 0);
    assert_string_equal(text, "0");
}

static void parse_accepts_groups(void **state)
{
    int64_t amount = -1;

    (void)state;
    assert_int_equal(mc_money_parse(" 1,378,500 ", &amount), MC_WHY_OK);
    assert_true(amount == 1378500);
    assert_int_equal(mc_money_parse("0", &amount), MC_WHY_OK);
    assert_true(amount == 0);
    assert_int_equal(mc_money_parse("9.223.372.036.854.775.807", &amount), MC_WHY_OK);
    assert_true(amount == INT64_MAX);
}

static void parse_refuses(void **state)
{
    static const struct {
        const char *text;
        enum mc_why want;
    } cases[] = {
        {"", MC_WHY_FIELD_REQUIRED},
        {"  ", MC_WHY_FIELD_REQUIRED},
        {"1.378,50", MC_WHY_AMOUNT_DECIMAL},
        {"1000.5", MC_WHY_AMOUNT_DECIMAL},
        {"1,00", MC_WHY_AMOUNT_DECIMAL},
        {"1.5", MC_WHY_AMOUNT_DECIMAL},
        {"1.378,500", MC_WHY_AMOUNT_FORMAT},
        {"1.37.500", MC_WHY_AMOUNT_FORMAT},
        {"1..000", MC_WHY_AMOUNT_FORMAT},
        {"1.", MC_WHY_AMOUNT_FORMAT},
        {".500", MC_WHY_AMOUNT_FORMAT},
        {"1.0000", MC_WHY_AMOUNT_FORMAT},
        {"1000.000", MC_WHY_AMOUNT_FORMAT},
        {"0.500", MC_WHY_AMOUNT_FORMAT},
        {"-5", MC_WHY_AMOUNT_FORMAT},
        {"+5", MC_WHY_AMOUNT_FORMAT},
        {"007", MC_WHY_AMOUNT_FORMAT},
        {"1 000", MC_WHY_AMOUNT_FORMAT},
        {"1e3", MC_WHY_AMOUNT_FORMAT},
        {"1000đ", MC_WHY_AMOUNT_FORMAT},
        {"9223372036854775808", MC_WHY_AMOUNT_TOO_LARGE},
        {"99999999999999999999", MC_WHY_AMOUNT_TOO_LARGE},
    };
    int64_t amount = 42;

    (void)state;
    for (size_t i = 0; i < MC_LEN(cases); i++)
        assert_string_equal(mc_why_code(mc_money_parse(cases[i].text, &amount)),
                            mc_why_code(cases[i].want));
    assert_true(amount == 42);
}

static void arithmetic_stops_at_the_ends(void **state)
{
    int64_t amount = 0;

    (void)state;
    assert_true(mc_money_add(INT64_MAX - 1, 1, &amount));
    assert_true(amount == INT64_MAX);
    assert_false(mc_money_add(INT64_MAX, 1, &amount));
    assert_true(amount == INT64_MAX);
    assert_true(mc_money_sub(INT64_MIN + 1, 1, &amount));
    assert_true(amount == INT64_MIN);
    assert_false(mc_money_sub(INT64_MIN, 1, &amount));
    assert_true(amount == INT64_MIN);
}

/* RCP-07: one amount, as each screen of the portal writes it. */
static void every_screen_has_its_style(void **state)
{
    (void)state;
    static const struct {
        int64_t amount;
        enum mc_money_style style;
        const char *want;
    } cases[] = {
        {1000, MC_MONEY_VND, "1.000 VND"},
        {1000, MC_MONEY_DONG, "1.000 đ"},
        {1000, MC_MONEY_HISTORY, "1,000 đ"},
        {0, MC_MONEY_FEE, "0đ"},
        {1378500, MC_MONEY_PLAIN, "1.378.500"},
        {1378500, MC_MONEY_HISTORY, "1,378,500 đ"},
        {-9223372036854775807 - 1, MC_MONEY_VND, "-9.223.372.036.854.775.808 VND"},
    };
    char text[MC_MONEY_STYLE_SIZE];

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        mc_money_show(text, sizeof text, cases[i].amount, cases[i].style);
        assert_string_equal(text, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amount_vectors),
        cmocka_unit_test(words_at_the_ends),
        cmocka_unit_test(parse_accepts_groups),
        cmocka_unit_test(parse_refuses),
        cmocka_unit_test(arithmetic_stops_at_the_ends),
        cmocka_unit_test(every_screen_has_its_style),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
