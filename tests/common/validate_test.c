/* The wire validator: what it refuses, with which name and code, at each limit and one past. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/validate.h"

#include "envelope.pb-c.h"
#include "sample.pb-c.h"

#define EVERYTHING (&sample__everything__descriptor)
#define WIRE(text) ((struct mc_bytes){"" text, sizeof(text) - 1})

static void accepts(const ProtobufCMessageDescriptor *type, struct mc_bytes wire)
{
    struct mc_validate_error error = {"", "none"};

    if (mc_validate(type, wire, &error) != MC_OK)
        fail_msg("refused: %s at '%s'", error.code, error.field);
    ProtobufCMessage *message = protobuf_c_message_unpack(type, NULL, wire.len, wire.data);
    assert_non_null(message);
    assert_int_equal(message->n_unknown_fields, 0);
    protobuf_c_message_free_unpacked(message, NULL);
}

static void refuses_within(const struct mc_limits *limits, struct mc_bytes wire, const char *code,
                           const char *field)
{
    struct mc_validate_error error = {"", "none"};

    assert_int_equal(mc_validate_within(EVERYTHING, wire, limits, &error), MC_INVALID);
    assert_string_equal(error.code, code);
    assert_string_equal(error.field, field);
}

static void refuses(struct mc_bytes wire, const char *code, const char *field)
{
    struct mc_limits limits = MC_LIMITS_DEFAULT;

    refuses_within(&limits, wire, code, field);
}

static void takes_a_message_with_every_field(void **state)
{
    static int32_t numbers[] = {-1, 0, INT32_MAX};
    static double reals[] = {1.5, -2};
    char *names[] = {mc_unconst("Nguyễn"), mc_unconst("한 字 😀")};
    Sample__Leaf leaf = SAMPLE__LEAF__INIT;
    Sample__Item item = SAMPLE__ITEM__INIT;
    Sample__Item *items[] = {&item, &item};
    Sample__Everything all = SAMPLE__EVERYTHING__INIT;
    uint8_t wire[512];

    (void)state;
    leaf.data = (ProtobufCBinaryData){3, mc_unconst("\0\1\2")};
    item.leaf = &leaf;
    all.f_int32 = -7;
    all.f_sint64 = INT64_MIN;
    all.f_fixed64 = UINT64_MAX;
    all.f_uint32 = UINT32_MAX;
    all.f_sint32 = INT32_MIN;
    all.f_float = 2.5F;
    all.f_bool = 1;
    all.colour = SAMPLE__COLOUR__COLOUR_BELOW;
    all.text = mc_unconst("Một cửa");
    all.n_items = 2;
    all.items = items;
    all.n_names = 2;
    all.names = names;
    all.n_r_int32 = 3;
    all.r_int32 = numbers;
    all.n_r_double = 2;
    all.r_double = reals;
    all.choice_case = SAMPLE__EVERYTHING__CHOICE_CHOSEN_LEAF;
    all.chosen_leaf = &leaf;
    all.maybe_count_case = SAMPLE__EVERYTHING__MAYBE_COUNT_COUNT;
    all.far_away = 9;
    assert_true(sample__everything__get_packed_size(&all) <= sizeof wire);
    accepts(EVERYTHING, (struct mc_bytes){wire, sample__everything__pack(&all, wire)});
    accepts(EVERYTHING, (struct mc_bytes){NULL, 0});
}

static void takes_lists_packed_and_unpacked(void **state)
{
    (void)state;
    accepts(EVERYTHING, WIRE("\x8a\x02\x02\x01\x02")); /* r_int32, packed */
    accepts(EVERYTHING, WIRE("\x88\x02\x01\x88\x02\x02"));
    accepts(EVERYTHING, WIRE("\xba\x02\x02\x01\x02")); /* r_uint64, not packed in the .proto */
    accepts(EVERYTHING, WIRE("\xb8\x02\x01\xba\x02\x01\x05")); /* both */
    accepts(EVERYTHING, WIRE("\x8a\x02\x00"));                 /* packed and empty */
    refuses(WIRE("\x9a\x02\x05\x01\x02\x03\x04\x05"), MC_CODE_WIRE_INVALID, "r_fixed32[1]");
    refuses(WIRE("\x8a\x02\x02\x01\x80"), MC_CODE_WIRE_INVALID, "r_int32[1]");
    refuses(WIRE("\xaa\x02\x03\x00\x01\x02"), MC_CODE_FIELD_INVALID, "r_bool[2]");
}

static void refuses_what_is_not_protobuf(void **state)
{
    (void)state;
    refuses(WIRE("\x80"), MC_CODE_WIRE_INVALID, "");
    refuses(WIRE("\x00\x01"), MC_CODE_WIRE_INVALID, "");                     /* field number 0 */
    refuses(WIRE("\x0b"), MC_CODE_WIRE_INVALID, "");                         /* a group begins */
    refuses(WIRE("\x0c"), MC_CODE_WIRE_INVALID, "");                         /* and ends */
    refuses(WIRE("\x0e\x01"), MC_CODE_WIRE_INVALID, "");                     /* wire type 6 */
    refuses(WIRE("\x88\x80\x80\x80\x80\x00\x01"), MC_CODE_WIRE_INVALID, ""); /* a tag of 6 bytes */
    refuses(WIRE("\xf8\xff\xff\xff\x1f\x01"), MC_CODE_WIRE_INVALID, "");     /* of 33 bits */
    refuses(WIRE("\x08"), MC_CODE_WIRE_INVALID, "f_int32");
    refuses(WIRE("\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), MC_CODE_WIRE_INVALID, "f_int64");
    refuses(WIRE("\x1d\x01\x02\x03"), MC_CODE_WIRE_INVALID, "f_sfixed32");
    refuses(WIRE("\x7a\x02\x61"), MC_CODE_WIRE_INVALID, "text");
    refuses(WIRE("\x8a\x01\x03\x0a\x05\x61"), MC_CODE_WIRE_INVALID, "item.name");
    refuses(WIRE("\x7a\xff\xff\xff\xff\x0f"), MC_CODE_WIRE_INVALID, "text");
}

static void refuses_wrong_wire_types_and_values(void **state)
{
    (void)state;
    refuses(WIRE("\x0d\x01\x02\x03\x04"), MC_CODE_FIELD_INVALID, "f_int32");
    refuses(WIRE("\x78\x01"), MC_CODE_FIELD_INVALID, "text");
    refuses(WIRE("\x0a\x01\x01"), MC_CODE_FIELD_INVALID, "f_int32"); /* packed, but not a list */
    refuses(WIRE("\x38\x80\x80\x80\x80\x10"), MC_CODE_FIELD_INVALID, "f_uint32"); /* 2^32 */
    refuses(WIRE("\x68\x02"), MC_CODE_FIELD_INVALID, "f_bool");
    refuses(WIRE("\x68\x81\x00"), MC_CODE_FIELD_INVALID, "f_bool");
    refuses(WIRE("\x70\x03"), MC_CODE_FIELD_INVALID, "colour");
    refuses(WIRE("\xb2\x02\x02\x01\x03"), MC_CODE_FIELD_INVALID, "colours[1]");
    accepts(EVERYTHING, WIRE("\x38\xff\xff\xff\xff\x0f")); /* 2^32 - 1 */
    accepts(EVERYTHING, WIRE("\x70\xe8\x07"));
}

static void refuses_unknown_fields(void **state)
{
    (void)state;
    refuses(WIRE("\xc0\x3e\x01"), MC_CODE_FIELD_UNKNOWN, "1000");
    refuses(WIRE("\x8a\x01\x02\x28\x01"), MC_CODE_FIELD_UNKNOWN, "item.5");
    refuses(WIRE("\xf2\x01\x00\xf2\x01\x02\x28\x01"), MC_CODE_FIELD_UNKNOWN, "items[1].5");
}

static void refuses_duplicates(void **state)
{
    (void)state;
    refuses(WIRE("\x08\x01\x08\x01"), MC_CODE_FIELD_DUPLICATE, "f_int32");
    refuses(WIRE("\x08\x01\x78\x01"), MC_CODE_FIELD_INVALID, "text");
    refuses(WIRE("\x8a\x01\x00\x8a\x01\x00"), MC_CODE_FIELD_DUPLICATE, "item");
    refuses(WIRE("\xa0\x01\x01\xaa\x01\x00"), MC_CODE_FIELD_DUPLICATE, "chosen_text");
    refuses(WIRE("\xa0\x01\x01\xa0\x01\x01"), MC_CODE_FIELD_DUPLICATE, "chosen_number");
    accepts(EVERYTHING, WIRE("\xa0\x01\x01\xc8\x02\x01")); /* members of two oneofs */
}

static void refuses_text_that_is_not_utf8(void **state)
{
    (void)state;
    refuses(WIRE("\x7a\x03\x61\x00\x62"), MC_CODE_FIELD_UTF8, "text");
    refuses(WIRE("\xfa\x01\x01\x61\xfa\x01\x01\xff"), MC_CODE_FIELD_UTF8, "names[1]");
}

/* Unicode 15, table 3-7, at both ends of each row and one past. */
static void knows_utf8(void **state)
{
    static const char *const good[] = {
        "",
        "a",
        "\x7f",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "12345678",
        "1234567890123456 Đặng Thị Ngọc 12345678",
    };
    static const char *const bad[] = {
        "\x80",
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x9f\xbf",
        "\xed\xa0\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xc2",
        "\xe1\x80",
        "\xf1\x80\x80",
        "\xc2\x41",
        "\xe1\x80\x41",
        "\xff",
        "12345678\xff",
        "\xf1\x80\x41\x80",
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(good); i++)
        assert_true(mc_utf8_is_valid((struct mc_bytes){good[i], strlen(good[i])}));
    for (size_t i = 0; i < MC_LEN(bad); i++)
        assert_false(mc_utf8_is_valid((struct mc_bytes){bad[i], strlen(bad[i])}));
    for (size_t nul = 0; nul < 24; nul++) {
        char text[24];
        memset(text, 'a', sizeof text);
        text[nul] = '\0';
        assert_int_equal(mc_utf8_prefix((struct mc_bytes){text, sizeof text}), nul);
        text[nul] = '\x01'; /* a control character is text */
        assert_true(mc_utf8_is_valid((struct mc_bytes){text, sizeof text}));
    }
}

static struct mc_bytes with_text_of(uint8_t *wire, const char *head, size_t len)
{
    size_t head_len = strlen(head);

    (void)mempcpy(wire, head, head_len);
    wire[head_len] = (uint8_t)(len | 0x80);
    wire[head_len + 1] = (uint8_t)(len >> 7 | 0x80);
    wire[head_len + 2] = (uint8_t)(len >> 14);
    memset(wire + head_len + 3, 'a', len);
    return (struct mc_bytes){wire, head_len + 3 + len};
}

static void bounds_text_and_bytes(void **state)
{
    static uint8_t wire[MC_BYTES_MAX + 16];
    struct mc_limits limits = MC_LIMITS_DEFAULT;

    (void)state;
    accepts(EVERYTHING, with_text_of(wire, "\x7a", MC_STRING_MAX));
    refuses(with_text_of(wire, "\x7a", MC_STRING_MAX + 1), MC_CODE_FIELD_TOO_LONG, "text");
    accepts(EVERYTHING, with_text_of(wire, "\x82\x01", MC_BYTES_MAX));
    refuses(with_text_of(wire, "\x82\x01", MC_BYTES_MAX + 1), MC_CODE_FIELD_TOO_LONG, "data");
    limits.bytes_max = 10;
    refuses_within(&limits, with_text_of(wire, "\x82\x01", 11), MC_CODE_FIELD_TOO_LONG, "data");
}

static void bounds_lists(void **state)
{
    static uint8_t wire[(MC_LIST_MAX + 1) * 3];
    static uint8_t packed[MC_LIST_MAX + 5];

    (void)state;
    for (size_t i = 0; i < sizeof wire; i += 3) {
        wire[i] = 0xf2;
        wire[i + 1] = 0x01;
    }
    accepts(EVERYTHING, (struct mc_bytes){wire, sizeof wire - 3});
    refuses((struct mc_bytes){wire, sizeof wire}, MC_CODE_LIST_TOO_LONG, "items");

    packed[0] = 0x8a;
    packed[1] = 0x02;
    packed[2] = (MC_LIST_MAX & 0x7f) | 0x80;
    packed[3] = MC_LIST_MAX >> 7;
    accepts(EVERYTHING, (struct mc_bytes){packed, 4 + MC_LIST_MAX});
    packed[2] += 1;
    refuses((struct mc_bytes){packed, 5 + MC_LIST_MAX}, MC_CODE_LIST_TOO_LONG, "r_int32");
}

/* levels inside the outermost, each in the field `tag` */
static struct mc_bytes nested(uint8_t *wire, uint8_t tag, unsigned levels)
{
    const uint8_t *start = wire;

    for (unsigned i = 0; i < levels; i++) {
        *wire++ = tag;
        *wire++ = (uint8_t)(2 * (levels - i - 1));
    }
    return (struct mc_bytes){start, (size_t)2 * levels};
}

static void bounds_depth(void **state)
{
    struct mc_validate_error error;
    uint8_t wire[32];

    (void)state;
    accepts(&sample__loop__descriptor, nested(wire, 0x12, MC_DEPTH_MAX - 1));
    assert_int_equal(
        mc_validate(&sample__loop__descriptor, nested(wire, 0x12, MC_DEPTH_MAX), &error),
        MC_INVALID);
    assert_string_equal(error.code, MC_CODE_TOO_DEEP);
    assert_string_equal(error.field, "down.down.down.down.down.down.down.down");
}

static void checks_types_at_boot(void **state)
{
    (void)state;
    assert_int_equal(mc_descriptor_check(EVERYTHING), MC_OK);
    assert_int_equal(mc_descriptor_check(&motcua__header__descriptor), MC_OK);
    assert_int_equal(mc_descriptor_check(&sample__deep2__descriptor), MC_OK);
    assert_int_equal(mc_descriptor_check(&sample__deep1__descriptor), MC_INVALID);
    assert_int_equal(mc_descriptor_check(&sample__loop__descriptor), MC_INVALID);
    assert_int_equal(mc_descriptor_check(&sample__mapped__descriptor), MC_INVALID);
}

static void prints_paths_within_bounds(void **state)
{
    char text[MC_PATH_SIZE];
    char name[200];
    struct mc_path up = {NULL, "items", 12};

    (void)state;
    mc_path_print(&(struct mc_path){&up, "amount", MC_PATH_NO_INDEX}, text);
    assert_string_equal(text, "items[12].amount");
    for (size_t i = 0; i < sizeof name - 2; i += 2)
        memcpy(name + i, "đ", 3);
    mc_path_print(&(struct mc_path){&up, name, 3}, text);
    assert_true(strlen(text) < MC_PATH_SIZE);
    assert_true(mc_utf8_is_valid((struct mc_bytes){text, strlen(text)}));
}

static void every_code_has_a_text(void **state)
{
    (void)state;
    assert_string_equal(mc_validate_text(MC_CODE_FIELD_INVALID),
                        "Giá trị của trường không hợp lệ.");
    assert_string_equal(mc_validate_text("?"), "Yêu cầu không hợp lệ.");
}

/* Run by hand: MC_BENCH=1 build/…/validate_test */
static void is_fast(void **state)
{
    struct mc_validate_error error;
    Motcua__Header header = MOTCUA__HEADER__INIT;
    struct timespec start;
    struct timespec end;
    uint8_t wire[256];
    static uint8_t session[50];

    (void)state;
    if (getenv("MC_BENCH") == NULL)
        skip();
    header.request_id = (ProtobufCBinaryData){16, session};
    header.session = (ProtobufCBinaryData){sizeof session, session};
    header.method = mc_unconst("motcua.otp.v1.Otp/Issue");
    header.traceparent = mc_unconst("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    header.deadline_ms = 1700000000000;
    header.purpose = mc_unconst("Tra cứu hồ sơ của công dân");
    struct mc_bytes bytes = {wire, motcua__header__pack(&header, wire)};
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    for (int i = 0; i < 1000000; i++)
        assert(mc_validate(&motcua__header__descriptor, bytes, &error) == MC_OK);
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    double ns = (double)(end.tv_sec - start.tv_sec) * 1e9 + (double)(end.tv_nsec - start.tv_nsec);
    print_message("%zu bytes: %.0f ns\n", bytes.len, ns / 1e6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_a_message_with_every_field),
        cmocka_unit_test(takes_lists_packed_and_unpacked),
        cmocka_unit_test(refuses_what_is_not_protobuf),
        cmocka_unit_test(refuses_wrong_wire_types_and_values),
        cmocka_unit_test(refuses_unknown_fields),
        cmocka_unit_test(refuses_duplicates),
        cmocka_unit_test(refuses_text_that_is_not_utf8),
        cmocka_unit_test(knows_utf8),
        cmocka_unit_test(bounds_text_and_bytes),
        cmocka_unit_test(bounds_lists),
        cmocka_unit_test(bounds_depth),
        cmocka_unit_test(checks_types_at_boot),
        cmocka_unit_test(prints_paths_within_bounds),
        cmocka_unit_test(every_code_has_a_text),
        cmocka_unit_test(is_fast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
