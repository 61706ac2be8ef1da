/* JSON: our messages both ways, what is refused and why, foreign documents, the writer. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"

#include "sample.pb-c.h"

static struct mc_arena arena;

static int setup(void **state)
{
    (void)state;
    return mc_arena_init(&arena, 64 << 20) == MC_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    mc_arena_done(&arena);
    return 0;
}

static struct mc_bytes text_of(const char *text)
{
    return (struct mc_bytes){text, strlen(text)};
}

static Sample__Everything *decoded(const char *text)
{
    struct mc_json_error error = {.code = "none"};
    ProtobufCMessage *message = NULL;

    if (mc_json_decode(&arena, &sample__everything__descriptor, text_of(text), &message, &error) !=
        MC_OK)
        fail_msg("%s refused: %s at '%s'", text, error.code, error.field);
    return (Sample__Everything *)message;
}

static void refuses(const char *text, const char *code, const char *field)
{
    struct mc_json_error error = {.code = "none"};
    ProtobufCMessage *message;

    assert_int_equal(
        mc_json_decode(&arena, &sample__everything__descriptor, text_of(text), &message, &error),
        MC_INVALID);
    assert_string_equal(error.code, code);
    assert_string_equal(error.field, field);
}

static void encodes(const Sample__Everything *message, const char *want)
{
    struct mc_bytes text;

    assert_int_equal(mc_json_encode(&arena, &message->base, &text), MC_OK);
    assert_int_equal(strlen(text.data), text.len);
    assert_string_equal(text.data, want);
}

/* `text` is the canonical form: it goes in and comes out the same. */
static void round_trips(const char *text)
{
    encodes(decoded(text), text);
}

static void canonical_texts_come_back(void **state)
{
    (void)state;
    round_trips("{}");
    round_trips("{\"fInt32\":-2147483648,\"fInt64\":\"-9223372036854775808\","
                "\"fUint32\":4294967295,\"fUint64\":\"18446744073709551615\"}");
    round_trips("{\"fFloat\":0.1,\"fDouble\":0.1,\"fBool\":true,\"colour\":\"COLOUR_BELOW\"}");
    round_trips("{\"fFloat\":\"NaN\",\"fDouble\":\"-Infinity\"}");
    round_trips("{\"fFloat\":3.4028235e+38,\"fDouble\":1.7976931348623157e+308}");
    round_trips("{\"text\":\"\\\"Đặng\\\\ \\u003c\\n\\t\\u0001😀\",\"data\":\"AP8=\"}");
    round_trips("{\"item\":{\"name\":\"a\",\"amount\":\"5\",\"tags\":[\"\",\"b\"],"
                "\"leaf\":{\"size1Kb\":3}}}");
    round_trips("{\"items\":[{},{\"name\":\"a\"}],\"names\":[\"x\"],\"blobs\":[\"\",\"AA==\"]}");
    round_trips("{\"rInt32\":[0,-1],\"rSint64\":[\"0\"],\"rFixed32\":[1],\"rDouble\":[0,1.5],"
                "\"rBool\":[false,true],\"colours\":[\"COLOUR_UNSPECIFIED\",\"COLOUR_FAR\"],"
                "\"rUint64\":[\"1\"],\"rFloat\":[0.5]}");
}

static void oneofs_keep_their_defaults(void **state)
{
    (void)state;
    round_trips("{\"chosenNumber\":0}");
    round_trips("{\"chosenText\":\"\"}");
    round_trips("{\"chosenLeaf\":{}}");
    round_trips("{\"chosenFlag\":false}");
    round_trips("{\"chosenData\":\"\"}");
    round_trips("{\"chosenColour\":\"COLOUR_UNSPECIFIED\"}");
    round_trips("{\"chosenDouble\":0}");
    round_trips("{\"count\":0}");
    encodes(decoded("{\"chosenNumber\":null,\"chosenFlag\":true}"), "{\"chosenFlag\":true}");
    refuses("{\"chosenNumber\":1,\"chosenFlag\":true}", MC_CODE_FIELD_DUPLICATE, "chosen_flag");
}

static void takes_other_spellings(void **state)
{
    (void)state;
    encodes(decoded(" {\"f_int32\" : \"7\", \"f_int64\":8, \"item\":{\"leaf\":{\"size_1_kb\":1}}}"),
            "{\"fInt32\":7,\"fInt64\":\"8\",\"item\":{\"leaf\":{\"size1Kb\":1}}}");
    encodes(decoded("{\"fInt32\":1e2,\"fUint32\":1.0,\"fDouble\":\"2.5e0\",\"fFloat\":1}"),
            "{\"fInt32\":100,\"fUint32\":1,\"fFloat\":1,\"fDouble\":2.5}");
    encodes(decoded("{\"colour\":1000,\"colours\":[-5]}"),
            "{\"colour\":\"COLOUR_FAR\",\"colours\":[\"COLOUR_BELOW\"]}");
    encodes(decoded("{\"data\":\"-_8\",\"blobs\":[\"+/8=\",\"AA\"]}"),
            "{\"data\":\"+/8=\",\"blobs\":[\"+/8=\",\"AA==\"]}");
    encodes(decoded("{\"text\":null,\"items\":null,\"item\":null,\"fInt32\":0,\"fBool\":false}"),
            "{}");
}

static void refuses_what_is_not_json(void **state)
{
    struct mc_json_error error;
    ProtobufCMessage *message;
    struct mc_bytes text = text_of("{\"text\": \"abc\", }");

    (void)state;
    refuses("", MC_CODE_JSON_INVALID, "");
    refuses("[]", MC_CODE_JSON_INVALID, "");
    refuses("1", MC_CODE_JSON_INVALID, "");
    refuses("{} x", MC_CODE_JSON_INVALID, "");
    refuses("{\"fInt32\":01}", MC_CODE_JSON_INVALID, "");
    refuses("{\"fDouble\":NaN}", MC_CODE_JSON_INVALID, "");
    refuses("{\"text\":\"a\\u0000b\"}", MC_CODE_JSON_INVALID, "");
    refuses("{\"text\":\"\xff\"}", MC_CODE_JSON_INVALID, "");
    refuses("{\"text\":\"\\ud800\"}", MC_CODE_JSON_INVALID, "");
    refuses("{\"text\":\"a\",\"text\":\"a\"}", MC_CODE_JSON_INVALID, "");
    assert_int_equal(
        mc_json_decode(&arena, &sample__everything__descriptor, text, &message, &error),
        MC_INVALID);
    assert_in_range(error.position, 15, text.len);
}

static void refuses_wrong_values_by_name(void **state)
{
    (void)state;
    refuses("{\"nothing\":1}", MC_CODE_FIELD_UNKNOWN, "nothing");
    refuses("{\"items\":[{},{\"leaf\":{\"no\":1}}]}", MC_CODE_FIELD_UNKNOWN, "items[1].leaf.no");
    refuses("{\"text\":\"a\",\"f_int32\":1,\"fInt32\":1}", MC_CODE_FIELD_DUPLICATE, "f_int32");
    refuses("{\"fInt32\":2147483648}", MC_CODE_FIELD_INVALID, "f_int32");
    refuses("{\"fInt32\":-2147483649}", MC_CODE_FIELD_INVALID, "f_int32");
    refuses("{\"fInt32\":1.5}", MC_CODE_FIELD_INVALID, "f_int32");
    refuses("{\"fInt32\":\"\"}", MC_CODE_FIELD_INVALID, "f_int32");
    refuses("{\"fInt32\":\" 1\"}", MC_CODE_FIELD_INVALID, "f_int32");
    refuses("{\"fInt32\":true}", MC_CODE_FIELD_INVALID, "f_int32");
    refuses("{\"fUint32\":-1}", MC_CODE_FIELD_INVALID, "f_uint32");
    refuses("{\"fInt64\":\"9223372036854775808\"}", MC_CODE_FIELD_INVALID, "f_int64");
    refuses("{\"fUint64\":\"18446744073709551616\"}", MC_CODE_FIELD_INVALID, "f_uint64");
    refuses("{\"fUint64\":1e300}", MC_CODE_FIELD_INVALID, "f_uint64");
    refuses("{\"fFloat\":3.5e38}", MC_CODE_FIELD_INVALID, "f_float");
    refuses("{\"fDouble\":\"inf\"}", MC_CODE_FIELD_INVALID, "f_double");
    refuses("{\"fDouble\":\"0x1\"}", MC_CODE_FIELD_INVALID, "f_double");
    refuses("{\"fDouble\":\"1e999\"}", MC_CODE_FIELD_INVALID, "f_double");
    refuses("{\"fBool\":1}", MC_CODE_FIELD_INVALID, "f_bool");
    refuses("{\"colour\":\"RED\"}", MC_CODE_FIELD_INVALID, "colour");
    refuses("{\"colour\":3}", MC_CODE_FIELD_INVALID, "colour");
    refuses("{\"text\":1}", MC_CODE_FIELD_INVALID, "text");
    refuses("{\"item\":[]}", MC_CODE_FIELD_INVALID, "item");
    refuses("{\"names\":\"a\"}", MC_CODE_FIELD_INVALID, "names");
    refuses("{\"names\":[\"a\",null]}", MC_CODE_FIELD_INVALID, "names[1]");
    refuses("{\"data\":\"A\"}", MC_CODE_FIELD_INVALID, "data");
    refuses("{\"data\":\"AA=\"}", MC_CODE_FIELD_INVALID, "data");
    refuses("{\"data\":\"AB==\"}", MC_CODE_FIELD_INVALID, "data"); /* stray bits */
    refuses("{\"data\":\"A A=\"}", MC_CODE_FIELD_INVALID, "data");
    refuses("{\"data\":\"A===\"}", MC_CODE_FIELD_INVALID, "data");
}

/* {"key":<open>aaa…a<close>} with n characters, or n times `unit` with commas */
static char *filled(const char *head, const char *unit, size_t n, const char *tail)
{
    char *text = mc_alloc(&arena, strlen(head) + n * strlen(unit) + strlen(tail) + 1);

    assert_non_null(text);
    char *at = stpcpy(text, head);
    for (size_t i = 0; i < n; i++)
        at = stpcpy(at, unit);
    (void)stpcpy(at, tail);
    return text;
}

static void bounds_everything(void **state)
{
    struct mc_json_error error;
    ProtobufCMessage *message;

    (void)state;
    (void)decoded(filled("{\"text\":\"", "a", MC_STRING_MAX, "\"}"));
    refuses(filled("{\"text\":\"", "a", MC_STRING_MAX + 1, "\"}"), MC_CODE_FIELD_TOO_LONG, "text");
    (void)decoded(filled("{\"data\":\"", "AAAA", MC_BYTES_MAX / 3, "AA\"}"));
    refuses(filled("{\"data\":\"", "AAAA", MC_BYTES_MAX / 3, "AAA\"}"), MC_CODE_FIELD_TOO_LONG,
            "data");
    (void)decoded(filled("{\"rInt32\":[", "1,", MC_LIST_MAX - 1, "1]}"));
    refuses(filled("{\"rInt32\":[", "1,", MC_LIST_MAX, "1]}"), MC_CODE_LIST_TOO_LONG, "r_int32");

    const char *seven = "{\"down\":{\"down\":{\"down\":{\"down\":{\"down\":{\"down\":{\"down\":{}"
                        "}}}}}}}";
    const char *eight = "{\"down\":{\"down\":{\"down\":{\"down\":{\"down\":{\"down\":{\"down\":{"
                        "\"down\":{}}}}}}}}}";
    assert_int_equal(
        mc_json_decode(&arena, &sample__loop__descriptor, text_of(seven), &message, &error), MC_OK);
    assert_int_equal(
        mc_json_decode(&arena, &sample__loop__descriptor, text_of(eight), &message, &error),
        MC_INVALID);
    assert_string_equal(error.code, MC_CODE_TOO_DEEP);
    refuses(filled("{\"text\":", "[", MC_JSON_DEPTH_MAX, ""), MC_CODE_TOO_DEEP, "");
    refuses(filled("{\"text\":", "[", MC_JSON_DEPTH_MAX - 1, ""), MC_CODE_JSON_INVALID, "");
    refuses(filled("", " ", MC_JSON_TEXT_MAX + 1, ""), MC_CODE_TOO_LONG, "");
    refuses(filled("", " ", MC_JSON_TEXT_MAX, ""), MC_CODE_JSON_INVALID, "");
}

static void uploads_have_their_own_limit(void **state)
{
    struct mc_limits limits = MC_LIMITS_DEFAULT;
    struct mc_json_error error;
    ProtobufCMessage *message;
    struct mc_bytes text;
    const char *json = filled("{\"data\":\"", "AAAA", MC_UPLOAD_MAX / 3, "\"}");

    (void)state;
    limits.bytes_max = MC_UPLOAD_MAX;
    assert_int_equal(mc_json_decode_within(&arena, &sample__everything__descriptor, text_of(json),
                                           &limits, &message, &error),
                     MC_OK);
    assert_int_equal(((Sample__Everything *)message)->data.len, MC_UPLOAD_MAX);
    assert_int_equal(mc_json_encode(&arena, message, &text), MC_OK);
    assert_string_equal(text.data, json);
}

static void a_full_arena_is_said(void **state)
{
    struct mc_json_error error;
    ProtobufCMessage *message;
    struct mc_bytes text;
    Sample__Everything *all = decoded("{\"text\":\"abcdefghijklmnopqrstuvwxyz\"}");

    (void)state;
    for (size_t budget = 0; budget <= sizeof(Sample__Everything); budget += 16) {
        mc_arena_budget(&arena, budget);
        assert_int_equal(mc_json_decode(&arena, &sample__everything__descriptor,
                                        text_of("{\"text\":\"a\"}"), &message, &error),
                         MC_FULL);
        assert_string_equal(error.code, MC_CODE_ARENA_FULL);
    }
    mc_arena_budget(&arena, 100);
    assert_int_equal(mc_json_encode(&arena, &all->base, &text), MC_FULL);
    mc_arena_budget(&arena, SIZE_MAX);
}

static void pretty_is_for_people(void **state)
{
    struct mc_bytes text;

    (void)state;
    Sample__Everything *all =
        decoded("{\"items\":[{},{\"name\":\"a\",\"amount\":1}],\"text\":\"b\"}");
    assert_int_equal(mc_json_encode_pretty(&arena, &all->base, &text), MC_OK);
    assert_string_equal(text.data, "{\n"
                                   "  \"text\": \"b\",\n"
                                   "  \"items\": [\n"
                                   "    {},\n"
                                   "    {\n"
                                   "      \"name\": \"a\",\n"
                                   "      \"amount\": \"1\"\n"
                                   "    }\n"
                                   "  ]\n"
                                   "}");
}

static void unknown_enum_numbers_are_written_as_numbers(void **state)
{
    Sample__Everything all = SAMPLE__EVERYTHING__INIT;

    (void)state;
    memcpy(&all.colour, &(int32_t){77}, sizeof(int32_t)); /* a newer peer's, or our own mistake */
    encodes(&all, "{\"colour\":77}");
}

static void reads_foreign_documents(void **state)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    struct mc_json *none = NULL;
    int64_t number = 0;
    double real = 0;
    bool flag = false;

    (void)state;
    assert_int_equal(mc_json_parse(text_of("{\"a\":{\"b\":\"x\",\"n\":-5,\"r\":1.5,\"t\":true,"
                                           "\"l\":[{\"k\":1},{\"k\":2}]}}"),
                                   &json),
                     MC_OK);
    assert_string_equal(mc_json_text(json, "a.b"), "x");
    assert_null(mc_json_text(json, "a.n"));
    assert_null(mc_json_text(json, "a.b.c"));
    assert_null(mc_json_text(json, "z"));
    assert_true(mc_json_number(json, "a.n", &number));
    assert_int_equal(number, -5);
    assert_false(mc_json_number(json, "a.r", &number));
    assert_true(mc_json_real(json, "a.r", &real));
    assert_true(mc_json_bool(json, "a.t", &flag));
    assert_true(flag);
    assert_int_equal(mc_json_count(json, "a.l"), 2);
    assert_int_equal(mc_json_count(json, "a"), 5);
    assert_int_equal(mc_json_count(json, "a.b"), 0);
    assert_true(mc_json_number(json, "a.l.1.k", &number));
    assert_int_equal(number, 2);
    assert_false(mc_json_number(json, "a.l.2.k", &number));
    assert_false(mc_json_number(json, "a.l.x.k", &number));
    assert_true(mc_json_number(mc_json_item(json, "a.l", 0), "k", &number));
    assert_int_equal(number, 1);
    assert_null(mc_json_item(json, "a.l", 2));
    assert_ptr_equal(mc_json_at(json, ""), json);

    assert_int_equal(mc_json_parse(text_of("{\"a\":1,\"a\":2}"), &none), MC_INVALID);
    assert_int_equal(mc_json_parse(text_of("{'a':1}"), &none), MC_INVALID);
    mc_json_free(none);
}

static void writes_any_document(void **state)
{
    struct mc_json_writer writer;
    struct mc_bytes text;

    (void)state;
    mc_json_begin(&writer, &arena);
    mc_json_object(&writer);
    mc_json_key(&writer, "k\"");
    mc_json_string_n(&writer, (struct mc_bytes){"a\0\x80z", 4});
    mc_json_key(&writer, "list");
    mc_json_array(&writer);
    mc_json_int(&writer, INT64_MIN);
    mc_json_uint(&writer, UINT64_MAX);
    mc_json_double(&writer, 0.1);
    mc_json_double(&writer, INFINITY);
    mc_json_true_or_false(&writer, true);
    mc_json_string(&writer, NULL);
    mc_json_array(&writer);
    mc_json_end(&writer);
    mc_json_base64(&writer, (struct mc_bytes){"abcd", 4});
    mc_json_end(&writer);
    mc_json_end(&writer);
    assert_int_equal(mc_json_finish(&writer, &text), MC_OK);
    assert_string_equal(text.data, "{\"k\\\"\":\"a\\u0000\xef\xbf\xbdz\",\"list\":["
                                   "-9223372036854775808,18446744073709551615,0.1,\"Infinity\","
                                   "true,null,[],\"YWJjZA==\"]}");
}

static void the_writer_bounds_depth(void **state)
{
    struct mc_json_writer writer;
    struct mc_bytes text;

    (void)state;
    for (unsigned depth = MC_JSON_DEPTH_MAX; depth <= MC_JSON_DEPTH_MAX + 1; depth++) {
        mc_json_begin(&writer, &arena);
        for (unsigned i = 0; i < depth; i++)
            mc_json_array(&writer);
        for (unsigned i = 0; i < depth; i++)
            mc_json_end(&writer);
        assert_int_equal(mc_json_finish(&writer, &text),
                         depth <= MC_JSON_DEPTH_MAX ? MC_OK : MC_FULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(canonical_texts_come_back),
        cmocka_unit_test(oneofs_keep_their_defaults),
        cmocka_unit_test(takes_other_spellings),
        cmocka_unit_test(refuses_what_is_not_json),
        cmocka_unit_test(refuses_wrong_values_by_name),
        cmocka_unit_test(bounds_everything),
        cmocka_unit_test(uploads_have_their_own_limit),
        cmocka_unit_test(a_full_arena_is_said),
        cmocka_unit_test(pretty_is_for_people),
        cmocka_unit_test(unknown_enum_numbers_are_written_as_numbers),
        cmocka_unit_test(reads_foreign_documents),
        cmocka_unit_test(writes_any_document),
        cmocka_unit_test(the_writer_bounds_depth),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
