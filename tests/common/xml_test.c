/* Foreign XML: one element or many read alike, and what may not come in. */
#include <stdio.h>
#include <string.h>

#include "common/xml.h"

#include "../harness.h"

static enum mc_status parse(const char *text, const struct mc_xml **ret_root)
{
    static struct mc_arena arena;

    if (arena.base == NULL)
        assert_int_equal(mc_arena_init(&arena, 8 << 20), MC_OK);
    mc_arena_reset(&arena);
    return mc_xml_parse(&arena, mc_key_text(text), ret_root);
}

static void one_or_many(void **state)
{
    const struct mc_xml *root = NULL;
    size_t n = 0;

    (void)state;
    assert_int_equal(parse("<?xml version=\"1.0\"?><a xmlns=\"x\"> <b>1</b><c> xin chào </c>"
                           "<b><![CDATA[<2>]]></b></a>",
                           &root),
                     MC_OK);
    assert_string_equal(root->name, "a");
    assert_string_equal(mc_xml_text(root, "c"), "xin chào");
    assert_string_equal(mc_xml_text(root, "d"), "");
    for (const struct mc_xml *b = mc_xml_child(root, "b"); b != NULL; b = mc_xml_same(b))
        n++;
    assert_int_equal(n, 2);
    assert_string_equal(mc_xml_same(mc_xml_child(root, "b"))->text, "<2>");
    assert_null(mc_xml_child(NULL, "b"));
}

static void what_may_not_come_in(void **state)
{
    static const char *const bad[] = {
        "",
        "<a>",
        "text",
        "<!DOCTYPE a><a/>",
        "<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><a>&e;</a>",
        "<!DOCTYPE a [<!ENTITY e \"1234567890\"><!ENTITY f \"&e;&e;&e;&e;\">]><a>&f;</a>",
        "<a>\xff</a>",
    };
    const struct mc_xml *root = NULL;
    char deep[1024] = "";

    (void)state;
    for (size_t i = 0; i < MC_LEN(bad); i++)
        if (parse(bad[i], &root) != MC_INVALID)
            fail_msg("%s", bad[i]);
    for (unsigned i = 0; i <= MC_XML_DEPTH_MAX; i++)
        strcat(deep, "<a>"); /* NOLINT: within the buffer */
    for (unsigned i = 0; i <= MC_XML_DEPTH_MAX; i++)
        strcat(deep, "</a>"); /* NOLINT */
    assert_int_equal(parse(deep, &root), MC_OK);
    char deeper[1100];
    (void)snprintf(deeper, sizeof deeper, "<a>%s</a>", deep);
    assert_int_equal(parse(deeper, &root), MC_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_or_many),
        cmocka_unit_test(what_may_not_come_in),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
