/* Templates and the texts in them: fields, marks, and what is refused where. Pure. */
#include "print_help.h"

static struct mc_arena arena;

static const char *why_of(const char *json)
{
    static char why[PRINT_WHY_MAX];

    mc_arena_reset(&arena);
    why[0] = '\0';
    const Template__Document *document =
        print_template_read(&arena, (struct mc_bytes){json, strlen(json)}, why);
    return document != NULL ? "" : why;
}

#define DOCUMENT(blocks) "{\"title\":\"T\",\"fields\":[\"a*\",\"b\"],\"blocks\":[" blocks "]}"

static void what_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        const char *want;
    } cases[] = {
        {DOCUMENT(""), ""},
        {DOCUMENT("{\"text\":{\"text\":\"x {a} **{b}**\"}}"), ""},
        {DOCUMENT("{\"text\":{\"text\":\"{c}\"}}"), "blocks[0]: unknown field c"},
        {DOCUMENT("{\"space\":1},{\"when\":\"!c\",\"space\":1}"), "blocks[1]: unknown field c"},
        {DOCUMENT("{\"when\":\"!b\",\"space\":1}"), ""},
        {DOCUMENT("{\"text\":{\"text\":\"{a\"}}"),
         "blocks[0]: a brace or mark without its other half in {a"},
        {DOCUMENT("{\"text\":{\"text\":\"a**b\"}}"),
         "blocks[0]: a brace or mark without its other half in a**b"},
        {DOCUMENT("{\"when\":\"a\"}"), "blocks[0]: nothing to show"},
        {DOCUMENT("{\"space\":251}"), "blocks[0]: a number out of range"},
        {DOCUMENT("{\"space\":250}"), ""},
        {DOCUMENT("{\"text\":{\"text\":\"x\",\"size\":41}}"), "blocks[0]: a number out of range"},
        {DOCUMENT("{\"table\":{\"name\":\"t\",\"columns\":[{\"heading\":\"H\",\"part\":0.5}]}}"),
         "blocks[0]: column parts do not add up to 1 in t"},
        {DOCUMENT("{\"table\":{\"name\":\"t\",\"columns\":[{\"heading\":\"H\",\"part\":1}]}}"), ""},
        {"{\"title\":\"T\",\"fields\":[\"a\",\"a*\"]}", "fields: not a name, or given twice: a*"},
        {"{\"title\":\"T\",\"fields\":[\"A\"]}", "fields: not a name, or given twice: A"},
        {"{\"fields\":[]}", "title: is missing "},
        {"{\"title\":\"T\",\"colour\":1}", "colour: FIELD_UNKNOWN, at byte 0"},
        {"{", ": JSON_INVALID, at byte 1"},
    };

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        const char *got = why_of(cases[i].json);
        size_t len = strlen(got);
        while (len > 0 && got[len - 1] == ' ')
            len--;
        size_t want = strlen(cases[i].want);
        while (want > 0 && cases[i].want[want - 1] == ' ')
            want--;
        if (len != want || memcmp(got, cases[i].want, want) != 0)
            fail_msg("%s: \"%s\", not \"%s\"", cases[i].json, got, cases[i].want);
    }
}

static struct print_text expanded(const char *template, bool upper)
{
    static Print__Field values[2];
    static Print__Field *list[] = {&values[0], &values[1]};
    static Print__RenderRequest request;
    struct print_text out;

    print__render_request__init(&request);
    print__field__init(&values[0]);
    print__field__init(&values[1]);
    values[0].name = text("a");
    values[0].value = text("**Đặng** {b} __x__");
    values[1].name = text("b");
    values[1].value = text("");
    request.fields = list;
    request.n_fields = 2;
    const struct print_fields fields = {.request = &request, .signed_by = "S", .signed_at = ""};
    mc_arena_reset(&arena);
    assert_true(print_expand(&arena, template, &fields, upper, &out));
    return out;
}

static void values_are_text_and_nothing_else(void **state)
{
    (void)state;
    struct print_text text = expanded("x **{a}** y__{b}z__{signed_by}", false);

    assert_string_equal(text.text, "x **Đặng** {b} __x__ yzS");
    assert_int_equal(text.spans_len, 2);
    assert_true(text.spans[0].bold && !text.spans[0].italic);
    assert_int_equal(text.spans[0].from, 2);
    assert_memory_equal(text.text + text.spans[0].from, "**Đặng**", strlen("**Đặng**"));
    assert_true(text.spans[1].italic);
    assert_int_equal(text.spans[1].to - text.spans[1].from, 1);
    assert_string_equal(expanded("số {a}", true).text, "SỐ **ĐẶNG** {B} __X__");
}

static void a_text_too_long_is_refused(void **state)
{
    (void)state;
    static char value[PRINT_TEXT_MAX + 2];
    Print__Field only = PRINT__FIELD__INIT;
    Print__Field *list[] = {&only};
    Print__RenderRequest request = PRINT__RENDER_REQUEST__INIT;
    struct print_text out;

    memset(value, 'a', PRINT_TEXT_MAX);
    only.name = text("a");
    only.value = value;
    request.fields = list;
    request.n_fields = 1;
    const struct print_fields fields = {.request = &request, .signed_by = "", .signed_at = ""};
    assert_true(print_expand(&arena, "{a}", &fields, false, &out));
    value[PRINT_TEXT_MAX] = 'a';
    assert_false(print_expand(&arena, "{a}", &fields, false, &out));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
        cmocka_unit_test(values_are_text_and_nothing_else),
        cmocka_unit_test(a_text_too_long_is_refused),
    };
    assert_int_equal(mc_arena_init(&arena, 16 << 20), MC_OK);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    mc_arena_done(&arena);
    return failed;
}
