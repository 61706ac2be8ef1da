/* Forms as data, without a room: patterns, definitions and their mistakes, values and theirs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off: cmocka wants these four before it */
#include <cmocka.h>
/* clang-format on */

#include <stdio.h>
#include <string.h>

#include "../../services/dossier/form.h"

static struct mc_arena arena;
static struct dossier_problems problems;
static struct dossier_places places;

static struct mc_bytes bytes_of(const char *text)
{
    return (struct mc_bytes){text, strlen(text)};
}

static int begin(void **state)
{
    static const char provinces[] = "gso_code,full_name\n80,Tỉnh Tây Ninh\n01,Hà Nội\n";
    static const char communes[] = "gso_code,full_name,province_gso_code\n25681,Xã Bến Cầu,80\n"
                                   "00004,Phường Ba Đình,01\n";

    (void)state;
    assert_int_equal(mc_arena_init(&arena, 16 << 20), MC_OK);
    return dossier_places_load(&places, &arena, bytes_of(provinces), bytes_of(communes));
}

static int end(void **state)
{
    (void)state;
    mc_arena_done(&arena);
    return 0;
}

static void forget(void)
{
    memset(&problems, 0, sizeof problems);
    problems.arena = &arena;
}

static bool told(const char *field, const char *code)
{
    for (size_t i = 0; i < problems.len; i++)
        if (strcmp(problems.rows[i].field, field) == 0 && strcmp(problems.rows[i].code, code) == 0)
            return true;
    return false;
}

static void show(void)
{
    for (size_t i = 0; i < problems.len; i++)
        print_message("%s %s %s\n", problems.rows[i].field, problems.rows[i].code,
                      problems.rows[i].label);
}

/* --- patterns --- */

static void test_patterns(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *text;
        bool match;
    } cases[] = {
        {"\\d{4}", "2026", true},
        {"\\d{4}", "202", false},
        {"\\d{4}", "20266", false},
        {"[A-Z]{2,3}-\\d+", "AB-1", true},
        {"[A-Z]{2,3}-\\d+", "ABCD-1", false},
        {"a?b*c", "c", true},
        {"a?b*c", "abbbc", true},
        {"a?b*c", "aabc", false},
        {"[^0-9]+", "Nguyễn", true},
        {"[^0-9]+", "Nguyễn1", false},
        {".{6}", "Nguyễn", true}, /* characters, not bytes */
        {"\\w+\\.\\w+", "a.b", true},
        {"\\w+\\.\\w+", "a-b", false},
        {"\\d{2,}", "1", false},
        {"\\d{2,}", "1234567", true},
        {"x{0,2}", "", true},
        {"[a\\-z]+", "a-z", true},
        {"[a\\-z]+", "b", false},
    };
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        assert_true(dossier_pattern_valid(cases[i].pattern));
        if (dossier_pattern_match(cases[i].pattern, cases[i].text) != cases[i].match)
            fail_msg("%s on %s", cases[i].pattern, cases[i].text);
    }
    static const char *const bad[] = {"",    "(a)",    "a|b",  "[",  "[]",  "[^]",   "a{",
                                      "a{2", "a{3,2}", "a{0}", "*a", "a**", "\\q",   "[z-a]",
                                      "^a$", "a{999}", "\\",   "[a", "đ",   "a{,2}", "{2}"};
    for (size_t i = 0; i < MC_LEN(bad); i++)
        if (dossier_pattern_valid(bad[i]))
            fail_msg("%s is taken", bad[i]);
    char most[DOSSIER_PATTERN_MAX + 2];
    memset(most, 'a', sizeof most);
    most[DOSSIER_PATTERN_MAX] = '\0';
    assert_true(dossier_pattern_valid(most));
    most[DOSSIER_PATTERN_MAX] = 'a';
    most[DOSSIER_PATTERN_MAX + 1] = '\0';
    assert_false(dossier_pattern_valid(most));
    assert_true(dossier_pattern_valid("a{255}b"));
    assert_false(dossier_pattern_valid("a{256}b"));
}

/* What makes others' matchers take for ever. */
static void test_a_pattern_takes_no_longer_than_its_text(void **state)
{
    (void)state;
    static char text[4001];

    memset(text, 'a', sizeof text - 1);
    for (int i = 0; i < 50; i++)
        assert_false(dossier_pattern_match("a*a*a*a*a*a*a*a*a*a*b", text));
}

/* --- definitions --- */

#define HEAD                                                                                       \
    "{\"code\":\"x\",\"version\":1,\"title\":\"Tờ "                                              \
    "khai\",\"basis\":\"Luật\",\"from\":\"01/07/2025\","                                         \
    "\"procedures\":[\"1.001193\"],\"sections\":[{\"title\":\"Phần\",\"fields\":["
#define TAIL "]}],\"rules\":[]}"

static enum mc_status load(struct dossier_form *form, const char *text)
{
    forget();
    return dossier_form_load(form, &arena, (struct mc_bytes){text, strlen(text)}, &problems);
}

static void refuse(const char *fields, const char *place, const char *code)
{
    struct dossier_form form;
    char text[8192];

    (void)snprintf(text, sizeof text, HEAD "%s" TAIL, fields);
    assert_int_equal(load(&form, text), MC_INVALID);
    if (!told(place, code)) {
        show();
        fail_msg("no %s at %s for %s", code, place, fields);
    }
}

#define F(name, type, more)                                                                        \
    "{\"name\":\"" name "\",\"type\":\"" type "\",\"label\":\"Nhãn " name "\"" more "}"

static void test_definitions_with_mistakes(void **state)
{
    (void)state;
    struct dossier_form form;
#define AT "sections[0].fields[0]"
    refuse("{\"name\":\"a\",\"type\":\"text\"}", AT ".label", "FORM_DEF_MISSING");
    refuse("{\"type\":\"text\",\"label\":\"A\"}", AT ".name", "FORM_DEF_MISSING");
    refuse(F("Ab", "text", ""), AT ".name", "FORM_DEF_VALUE");
    refuse(F("a", "colour", ""), AT ".type", "FORM_DEF_TYPE");
    refuse(F("a", "text", ",\"colour\":1"), AT, "FORM_DEF_KEY");
    refuse(F("a", "text", ",\"age_min\":1"), AT, "FORM_DEF_KEY");
    refuse(F("a", "text", ",\"required\":1"), AT ".required", "FORM_DEF_VALUE");
    refuse(F("a", "text", ",\"min\":5,\"max\":4"), AT ".max", "FORM_DEF_VALUE");
    refuse(F("a", "text", ",\"max\":1001"), AT ".max", "FORM_DEF_VALUE");
    refuse(F("a", "text", ",\"pattern\":\"(a)\""), AT ".pattern", "FORM_DEF_PATTERN");
    refuse(F("a", "text", ",\"fact\":\"name\""), AT ".fact", "FORM_DEF_VALUE");
    refuse(F("a", "choice", ""), AT ".options", "FORM_DEF_MISSING");
    refuse(F("a", "choice", ",\"options\":[{\"value\":\"x\"}]"), AT ".options[0].label",
           "FORM_DEF_MISSING");
    refuse(F("a", "choice",
             ",\"options\":[{\"value\":\"x\",\"label\":\"X\"},{\"value\":\"x\",\"label\":\"Y\"}]"),
           AT ".options[1]", "FORM_DEF_TWICE");
    refuse(F("a", "file", ""), AT ".component", "FORM_DEF_MISSING");
    refuse(F("a", "group", ""), AT ".fields", "FORM_DEF_MISSING");
    refuse(F("g", "group",
             ",\"fields\":[" F("h", "group", ",\"fields\":[" F("a", "text", "") "]") "]"),
           AT ".fields[0].type", "FORM_DEF_TYPE");
    refuse(F("a", "text", "") "," F("a", "text", ""), "sections[0].fields[1]", "FORM_DEF_TWICE");
    refuse(F("a", "text", ",\"show_when\":{\"field\":\"z\",\"is\":\"x\"}"), AT ".show_when",
           "FORM_DEF_FIELD");
    refuse(F("a", "text", ",\"required_when\":{\"field\":\"z\",\"filled\":true}"),
           AT ".required_when", "FORM_DEF_FIELD");
    refuse(F("a", "text", ",\"show_when\":{\"field\":\"a\",\"filled\":true}"), AT ".show_when",
           "FORM_DEF_FIELD");
    refuse(F("a", "commune", ",\"province\":\"z\""), AT ".province", "FORM_DEF_FIELD");
    refuse(
        F("a", "text", ",\"show_when\":{\"field\":\"c\",\"is\":\"maybe\"}") "," F("c", "check", ""),
        AT ".show_when", "FORM_DEF_VALUE");
    refuse(
        F("a", "text", ",\"show_when\":{\"field\":\"b\",\"filled\":true}") "," F(
            "b", "text",
            ",\"show_when\":{\"field\":\"c\",\"filled\":true}") "," F("c", "text",
                                                                      ",\"show_when\":{\"field\":"
                                                                      "\"a\",\"filled\":true}"),
        "sections[0].fields[1].show_when", "FORM_DEF_CYCLE");
    assert_int_equal(load(&form, "{\"code\":\"x\"}"), MC_INVALID);
    assert_true(told("title", "FORM_DEF_MISSING") && told("from", "FORM_DEF_MISSING"));
    assert_true(told("sections", "FORM_DEF_MISSING") && told("procedures", "FORM_DEF_MISSING"));
    assert_int_equal(load(&form, "[]"), MC_INVALID);
    assert_int_equal(load(&form, "{"), MC_INVALID);
    assert_true(told("", "JSON_INVALID"));
}

static void test_rules_with_mistakes(void **state)
{
    (void)state;
    struct dossier_form form;
    static const struct {
        const char *rule;
        const char *place;
        const char *code;
    } cases[] = {
        {"{\"kind\":\"smell\",\"fields\":[\"a\",\"b\"],\"message\":\"X\"}", "rules[0].kind",
         "FORM_DEF_VALUE"},
        {"{\"kind\":\"order\",\"fields\":[\"a\",\"z\"],\"message\":\"X\"}", "rules[0]",
         "FORM_DEF_FIELD"},
        {"{\"kind\":\"order\",\"fields\":[\"a\",\"c\"],\"message\":\"X\"}", "rules[0]",
         "FORM_DEF_FIELD"},
        {"{\"kind\":\"order\",\"fields\":[\"a\"],\"message\":\"X\"}", "rules[0].fields",
         "FORM_DEF_VALUE"},
        {"{\"kind\":\"order\",\"fields\":[\"a\",\"b\"]}", "rules[0].message", "FORM_DEF_MISSING"},
        {"{\"kind\":\"order\",\"fields\":[\"a\",\"b\"],\"message\":\"X\",\"why\":1}", "rules[0]",
         "FORM_DEF_KEY"},
    };
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        char text[4096];

        (void)snprintf(text, sizeof text, HEAD "%s]}],\"rules\":[%s]}",
                       F("a", "date", "") "," F("b", "birth", "") "," F("c", "text", ""),
                       cases[i].rule);
        assert_int_equal(load(&form, text), MC_INVALID);
        if (!told(cases[i].place, cases[i].code)) {
            show();
            fail_msg("case %zu", i);
        }
    }
}

static void many_fields(char *text, size_t size, size_t n)
{
    int len = snprintf(text, size, HEAD);

    for (size_t i = 0; i < n; i++)
        len += snprintf(text + len, size - (size_t)len, "%s" F("f%zu", "text", ""),
                        i > 0 ? "," : "", i, i);
    (void)snprintf(text + len, size - (size_t)len, TAIL);
}

static void test_limits_of_a_definition(void **state)
{
    (void)state;
    struct dossier_form form;
    static char text[DOSSIER_FORM_DEFINITION_MAX + 100];

    many_fields(text, sizeof text, DOSSIER_FORM_FIELDS_MAX);
    assert_int_equal(load(&form, text), MC_OK);
    assert_int_equal(form.fields_len, DOSSIER_FORM_FIELDS_MAX);
    many_fields(text, sizeof text, DOSSIER_FORM_FIELDS_MAX + 1);
    assert_int_equal(load(&form, text), MC_INVALID);
    many_fields(text, sizeof text, 1);
    size_t len = strlen(text);
    memset(text + len, ' ', DOSSIER_FORM_DEFINITION_MAX + 1 - len);
    text[DOSSIER_FORM_DEFINITION_MAX + 1] = '\0';
    assert_int_equal(load(&form, text), MC_INVALID);
    text[DOSSIER_FORM_DEFINITION_MAX] = '\0';
    assert_int_equal(load(&form, text), MC_OK);
    struct mc_arena small;
    assert_int_equal(mc_arena_init(&small, 65536), MC_OK);
    mc_arena_budget(&small, 20480);
    forget();
    assert_int_equal(dossier_form_load(&form, &small, bytes_of(text), &problems), MC_FULL);
    mc_arena_done(&small);
}

/* --- values --- */

static enum mc_status check_with(const struct dossier_form *form, const char *values,
                                 const char *const *components, size_t n, const char **ret_clean)
{
    struct mc_json *json mc_cleanup(mc_json_freep) = NULL;
    struct mc_bytes clean = {"", 0};
    const struct dossier_form_check check = {
        .form = form,
        .places = &places,
        .today = {2026, 9, 7},
        .components = components,
        .components_len = n,
        .papers = components != NULL,
    };

    forget();
    assert_int_equal(mc_json_parse(bytes_of(values), &json), MC_OK);
    enum mc_status status = dossier_form_check(&check, json, &problems, &clean);
    if (ret_clean != NULL)
        *ret_clean = clean.data;
    return status;
}

struct value_case {
    const char *value;
    const char *code; /* NULL: taken */
    const char *clean;
};

static void check_values(const char *field, const struct value_case *cases, size_t n)
{
    struct dossier_form form;
    char text[4096];

    (void)snprintf(text, sizeof text, HEAD "%s" TAIL, field);
    if (load(&form, text) != MC_OK)
        show();
    assert_int_equal(problems.len, 0);
    for (size_t i = 0; i < n; i++) {
        char values[2048];
        char want[2048];
        const char *clean;

        (void)snprintf(values, sizeof values, "{\"a\":%s}", cases[i].value);
        enum mc_status status = check_with(&form, values, NULL, 0, &clean);
        if (cases[i].code != NULL && !told("a", cases[i].code)) {
            show();
            fail_msg("%s: not %s", values, cases[i].code);
        }
        if (cases[i].code != NULL)
            continue;
        if (status != MC_OK)
            show();
        assert_int_equal(status, MC_OK);
        (void)snprintf(want, sizeof want, "{\"a\":%s}", cases[i].clean);
        assert_string_equal(clean, cases[i].clean[0] != '\0' ? want : "{}");
    }
}

#define CASES(field, ...)                                                                          \
    do {                                                                                           \
        static const struct value_case cases[] = {__VA_ARGS__};                                    \
        check_values(field, cases, MC_LEN(cases));                                                 \
    } while (0)

static void test_values_of_each_type(void **state)
{
    (void)state;
    CASES(F("a", "text", ",\"required\":true,\"min\":2,\"max\":5"), {"\"  \"", "FORM_REQUIRED", ""},
          {"null", "FORM_REQUIRED", ""}, {"\"x\"", "FORM_TOO_SHORT", ""},
          {"\"Nguyễn\"", "FORM_TOO_LONG", ""}, {"\" Bến  \"", NULL, "\"Bến\""},
          {"\"Bến Tắ\"", "FORM_TOO_LONG", ""}, {"7", "FORM_VALUE", ""},
          {"\"a\\u0007b\"", "FORM_VALUE", ""});
    CASES(F("a", "text", ""), {"\"\"", NULL, ""}, {"null", NULL, ""});
    CASES(F("a", "text", ",\"pattern\":\"[A-Z]\\\\d+\""), {"\"A12\"", NULL, "\"A12\""},
          {"\"12\"", "FORM_PATTERN", ""});
    CASES(F("a", "name", ""), {"\"Nguyễn Thị Hoà Bình\"", NULL, "\"Nguyễn Thị Hoà Bình\""},
          {"\"Nguyễn 2\"", "NAME_INVALID", ""});
    CASES(F("a", "number", ",\"min\":1,\"max\":50"), {"1", NULL, "1"}, {"50", NULL, "50"},
          {"0", "FORM_MIN", ""}, {"51", "FORM_MAX", ""}, {"\"7\"", "FORM_VALUE", ""},
          {"1.5", "FORM_VALUE", ""});
    CASES(F("a", "number", ""), {"-5", NULL, "-5"});
    CASES(F("a", "money", ",\"max\":2000000"), {"\"1.378.500\"", NULL, "1378500"},
          {"2000000", NULL, "2000000"}, {"2000001", "FORM_MAX", ""}, {"-1", "FORM_MIN", ""},
          {"\"1,5\"", "FORM_VALUE", ""});
    CASES(F("a", "date", ",\"not_future\":true"), {"\"7/9/2026\"", NULL, "\"07/09/2026\""},
          {"\"08/09/2026\"", "FORM_DATE_FUTURE", ""}, {"\"31/02/2026\"", "DATE_INVALID", ""},
          {"\"2026\"", "DATE_FORMAT", ""});
    CASES(F("a", "date", ",\"not_past\":true"), {"\"06/09/2026\"", "FORM_DATE_PAST", ""},
          {"\"07/09/2026\"", NULL, "\"07/09/2026\""});
    CASES(F("a", "birth", ",\"age_min\":20,\"age_max\":60"),
          {"\"07/09/2006\"", NULL, "\"07/09/2006\""}, {"\"08/09/2006\"", "FORM_AGE_MIN", ""},
          {"\"2006\"", NULL, "\"2006\""}, {"\"1965\"", NULL, "\"1965\""},
          {"\"1964\"", "FORM_AGE_MAX", ""});
    CASES(F("a", "identity", ""), {"\"012 193 990 017\"", NULL, "\"012193990017\""},
          {"\"123456789\"", NULL, "\"123456789\""}, {"\"12345\"", "ID_FORMAT", ""});
    CASES(F("a", "personal_id", ""), {"\"123456789\"", "CCCD_FORMAT", ""});
    CASES(F("a", "phone", ""), {"\"0912 000 101\"", NULL, "\"0912000101\""},
          {"\"+84912000101\"", NULL, "\"0912000101\""}, {"\"912000101\"", "PHONE_NO_ZERO", ""});
    CASES(F("a", "email", ""), {"\"an@example.vn\"", NULL, "\"an@example.vn\""},
          {"\"an\"", "EMAIL_FORMAT", ""});
    CASES(F("a", "choice", ",\"options\":[{\"value\":\"x\",\"label\":\"X\"}]"),
          {"\"x\"", NULL, "\"x\""}, {"\"y\"", "FORM_CHOICE", ""});
    CASES(F("a", "choices",
            ",\"min\":1,\"max\":2,\"options\":[{\"value\":\"x\",\"label\":\"X\"},{\"value\":\"y\","
            "\"label\":\"Y\"},{\"value\":\"z\",\"label\":\"Z\"}]"),
          {"[\"x\",\"y\"]", NULL, "[\"x\",\"y\"]"}, {"[\"x\",\"x\"]", "FORM_CHOICE", ""},
          {"[\"x\",\"y\",\"z\"]", "FORM_ITEMS_MAX", ""}, {"\"x\"", "FORM_VALUE", ""},
          {"[\"q\"]", "FORM_CHOICE", ""});
    CASES(F("a", "check", ",\"required\":true"), {"true", NULL, "true"},
          {"false", "FORM_REQUIRED", ""}, {"\"true\"", "FORM_VALUE", ""});
    CASES(F("a", "province", ""), {"\"80\"", NULL, "\"80\""}, {"\"99\"", "FORM_CHOICE", ""});
    CASES(F("a", "file", ",\"component\":\"Giấy\""), {"\"x\"", "FORM_VALUE", ""});
    CASES(F("a", "group", ",\"min\":1,\"max\":2,\"fields\":[" F("n", "text", "") "]"),
          {"[{\"n\":\"x\"},{}]", NULL, "[{\"n\":\"x\"},{}]"}, {"[]", "FORM_ITEMS_MIN", ""},
          {"null", "FORM_ITEMS_MIN", ""}, {"[{},{},{}]", "FORM_ITEMS_MAX", ""},
          {"{}", "FORM_VALUE", ""}, {"[1]", "FORM_VALUE", ""});
}

static struct dossier_form *family(void)
{
    static struct dossier_form form;
    static const char text[] = HEAD F(
        "kind", "choice",
        ",\"required\":true,\"options\":[{\"value\":\"home\",\"label\":\"Nhà\"},{\"value\":"
        "\"post\","
        "\"label\":\"Bưu điện\"}]") "," F("province", "province",
                                          ",\"show_when\":{\"field\":\"kind\",\"is\":\"post\"},"
                                          "\"required_when\":{\"field\":\"kind\","
                                          "\"is\":\"post\"}") "," F("commune", "commune",
                                                                    ",\"province\":\"province\","
                                                                    "\"show_when\":{\"field\":"
                                                                    "\"province\",\"filled\":"
                                                                    "true}") "," F("children",
                                                                                   "group",
                                                                                   ",\"fields\":"
                                                                                   "[" F("name", "name", ",\"required\":true") "," F("ill", "check", "") "," F(
                                                                                       "illness",
                                                                                       "text",
                                                                                       ",\"show_"
                                                                                       "when\":{"
                                                                                       "\"field\""
                                                                                       ":\"ill\","
                                                                                       "\"is\":"
                                                                                       "true},"
                                                                                       "\"require"
                                                                                       "d_when\":"
                                                                                       "{"
                                                                                       "\"field\""
                                                                                       ":\"kind\""
                                                                                       ",\"is\":"
                                                                                       "\"post\""
                                                                                       "}") "]") "," F("first",
                                                                                                       "date",
                                                                                                       "") "," F("last",
                                                                                                                 "date",
                                                                                                                 "") "," F("paper",
                                                                                                                           "file",
                                                                                                                           ",\"component\":\"Giấy\",\"required\":true") "," F("phone",
                                                                                                                                                                              "phone",
                                                                                                                                                                              "") "," F("email",
                                                                                                                                                                                        "email",
                                                                                                                                                                                        "") "]}],\"rules\":[{\"kind\":\"order\",\"fields\":[\"first\",\"last\"],\"message\":\"Sau phải "
                                                                                                                                                                                            "sau trước.\"},{\"kind\":\"any\",\"fields\":[\"phone\",\"email\"],\"message\":\"Cần một "
                                                                                                                                                                                            "trong hai.\"}]}";

    if (load(&form, text) != MC_OK)
        show();
    assert_int_equal(problems.len, 0);
    return &form;
}

/* All at once, each with its place; what is not shown is neither asked for nor kept. */
static void test_conditions_groups_and_rules(void **state)
{
    (void)state;
    const struct dossier_form *form = family();
    const char *clean = "";
    static const char *const papers[] = {"Giấy"};

    assert_int_equal(
        check_with(form,
                   "{\"kind\":\"post\",\"children\":[{\"name\":\"An\"},{\"ill\":true}],"
                   "\"first\":\"02/01/2026\",\"last\":\"01/01/2026\",\"smell\":1}",
                   papers, 0, NULL),
        MC_INVALID);
    assert_true(told("province", "FORM_REQUIRED"));
    assert_true(told("children[1].name", "FORM_REQUIRED"));
    assert_true(told("children[1].illness", "FORM_REQUIRED"));
    assert_false(told("children[0].illness", "FORM_REQUIRED"));
    assert_true(told("last", "FORM_RULE"));
    assert_true(told("email", "FORM_RULE"));
    assert_true(told("paper", "FORM_FILE"));
    assert_true(told("smell", "FORM_UNKNOWN_FIELD"));
    assert_int_equal(problems.len, 7);

    assert_int_equal(check_with(form,
                                "{\"kind\":\"post\",\"province\":\"01\",\"commune\":\"25681\","
                                "\"phone\":\"0912000101\"}",
                                papers, 1, NULL),
                     MC_INVALID);
    assert_true(told("commune", "FORM_COMMUNE"));
    assert_int_equal(problems.len, 1);

    assert_int_equal(
        check_with(form,
                   "{\"phone\":\"0912000101\",\"kind\":\"home\",\"province\":\"nonsense\","
                   "\"commune\":7,\"children\":[{\"illness\":\"x\",\"name\":\"An\"}]}",
                   papers, 1, &clean),
        MC_OK);
    assert_string_equal(
        clean, "{\"kind\":\"home\",\"children\":[{\"name\":\"An\"}],\"phone\":\"0912000101\"}");
    assert_int_equal(check_with(form, "[]", papers, 1, NULL), MC_INVALID);
}

static void test_problems_have_an_end(void **state)
{
    (void)state;
    struct dossier_form form;
    char values[8192] = "{";
    size_t len = 1;

    many_fields(values, sizeof values, 1);
    assert_int_equal(load(&form, values), MC_OK);
    values[0] = '{';
    for (int i = 0; i < DOSSIER_FORM_PROBLEMS_MAX + 7; i++)
        len +=
            (size_t)snprintf(values + len, sizeof values - len, "%s\"x%d\":1", i > 0 ? "," : "", i);
    (void)snprintf(values + len, sizeof values - len, "}");
    assert_int_equal(check_with(&form, values, NULL, 0, NULL), MC_INVALID);
    assert_int_equal(problems.len, DOSSIER_FORM_PROBLEMS_MAX);
    assert_int_equal(problems.more, 7);
}

static void test_diff(void **state)
{
    (void)state;
    struct dossier_form_change changes[10];
    static const char before[] = HEAD F("a", "text", "") "," F("b", "text", "") "," F(
        "g", "group", ",\"fields\":[" F("n", "text", "") "]") TAIL;
    static const char after[] = HEAD F("a", "text", ",\"required\":true") "," F(
        "c", "text", "") "," F("g", "group", ",\"fields\":[" F("n", "text", ",\"max\":5") "]") TAIL;
    size_t n = dossier_form_diff(&arena, bytes_of(before), bytes_of(after), changes, 10);

    assert_int_equal(n, 4);
    assert_string_equal(changes[0].field, "a");
    assert_string_equal(changes[0].what, "CHANGED");
    assert_string_equal(changes[1].field, "c");
    assert_string_equal(changes[1].what, "ADDED");
    assert_string_equal(changes[1].label, "Nhãn c");
    assert_string_equal(changes[2].field, "g.n");
    assert_string_equal(changes[3].field, "b");
    assert_string_equal(changes[3].what, "REMOVED");
    assert_int_equal(dossier_form_diff(&arena, bytes_of(after), bytes_of(after), changes, 10), 0);
    assert_int_equal(dossier_form_diff(&arena, bytes_of(""), bytes_of(after), changes, 3), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_patterns),
        cmocka_unit_test(test_a_pattern_takes_no_longer_than_its_text),
        cmocka_unit_test(test_definitions_with_mistakes),
        cmocka_unit_test(test_rules_with_mistakes),
        cmocka_unit_test(test_limits_of_a_definition),
        cmocka_unit_test(test_values_of_each_type),
        cmocka_unit_test(test_conditions_groups_and_rules),
        cmocka_unit_test(test_problems_have_an_end),
        cmocka_unit_test(test_diff),
    };

    return cmocka_run_group_tests(tests, begin, end);
}
