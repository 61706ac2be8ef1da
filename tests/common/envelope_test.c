/* The envelope: headers and bodies at their limits, statuses both ways, traces. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <string.h>

#include "common/envelope.h"

#include "sample.pb-c.h"

#define TRACE "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

static struct mc_arena arena;
static uint8_t id[MC_ID_LEN] = {1, 2, 3};

static int setup(void **state)
{
    (void)state;
    return mc_arena_init(&arena, 16 << 20) == MC_OK ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    mc_arena_done(&arena);
    return 0;
}

static Motcua__Header a_header(void)
{
    Motcua__Header header = MOTCUA__HEADER__INIT;

    header.request_id = (ProtobufCBinaryData){sizeof id, id};
    header.method = mc_unconst("motcua.otp.v1.Otp/Issue");
    return header;
}

static void refused(const Motcua__Header *header, const char *code, const char *field)
{
    struct mc_validate_error error = {"", "none"};
    size_t len = motcua__header__get_packed_size(header);
    uint8_t *bytes = mc_alloc(&arena, len);

    assert_non_null(bytes);
    motcua__header__pack(header, bytes);
    assert_null(mc_envelope_open(&arena, (struct mc_bytes){bytes, len}, &error));
    assert_string_equal(error.code, code);
    assert_string_equal(error.field, field);
}

static Motcua__Header *opened(const Motcua__Header *header)
{
    struct mc_validate_error error = {"", "none"};
    struct mc_bytes bytes = mc_envelope_pack(&arena, header);

    assert_non_null(bytes.data);
    Motcua__Header *copy = mc_envelope_open(&arena, bytes, &error);
    if (copy == NULL)
        fail_msg("refused: %s at '%s'", error.code, error.field);
    return copy;
}

static void a_header_comes_back(void **state)
{
    Motcua__Header header = a_header();

    (void)state;
    header.tag = 77;
    header.deadline_ms = 1700000000000;
    header.traceparent = mc_unconst(TRACE);
    header.purpose = mc_unconst("Tra cứu hồ sơ");
    Motcua__Header *copy = opened(&header);
    assert_memory_equal(copy->request_id.data, id, sizeof id);
    assert_string_equal(copy->method, header.method);
    assert_string_equal(copy->traceparent, TRACE);
    assert_string_equal(copy->purpose, header.purpose);
    assert_int_equal(copy->tag, 77);
    assert_int_equal(copy->deadline_ms, 1700000000000);
}

static void request_ids_have_sixteen_bytes(void **state)
{
    static uint8_t long_id[MC_ID_LEN + 1];
    Motcua__Header header = a_header();

    (void)state;
    header.request_id = (ProtobufCBinaryData){MC_ID_LEN - 1, long_id};
    refused(&header, MC_CODE_FIELD_INVALID, "request_id");
    header.request_id = (ProtobufCBinaryData){MC_ID_LEN + 1, long_id};
    refused(&header, MC_CODE_FIELD_INVALID, "request_id");
    header.request_id.len = 0;
    refused(&header, MC_CODE_FIELD_INVALID, "request_id");
}

static void methods_have_one_shape(void **state)
{
    static const char *const bad[] = {
        "",
        "motcua.otp.v1.Otp",
        "motcua.otp.v1.Otp/",
        "motcua.otp.v1.otp/Issue",
        "motcua.otp.v1.Otp/issue",
        "motcua.otp.v.Otp/Issue",
        "motcua.otp.Otp/Issue",
        "motcua..v1.Otp/Issue",
        "other.otp.v1.Otp/Issue",
        "motcua.otp.v1.Otp/Issue/",
        "motcua.otp.v1.Otp/Issue ",
        "/motcua.otp.v1.Otp/Issue",
        "motcua.otp.v1.Otp/../Issue",
    };
    char method[MC_METHOD_MAX + 2] = "motcua.otp.v1.Otp/";
    Motcua__Header header = a_header();

    (void)state;
    assert_true(mc_method_is_valid("motcua.otp.v1.Otp/Issue"));
    assert_true(mc_method_is_valid("motcua.a_2.v10.X/Y2"));
    assert_true(mc_method_is_valid("motcua.v1.Room/Follow"));
    for (size_t i = 0; i < MC_LEN(bad); i++)
        assert_false(mc_method_is_valid(bad[i]));
    memset(method + strlen(method), 'A', MC_METHOD_MAX - strlen(method));
    assert_true(mc_method_is_valid(method));
    method[MC_METHOD_MAX] = 'A';
    assert_false(mc_method_is_valid(method));
    header.method = mc_unconst("otp");
    refused(&header, MC_CODE_FIELD_INVALID, "method");
}

static void sources_are_short_plain_words(void **state)
{
    static const char *const bad[] = {"203.0.113.0 ", "a\nb", "a,b", "a\"b", "é", "{}"};
    char source[MC_SOURCE_MAX + 2];
    Motcua__Header header = a_header();

    (void)state;
    assert_true(mc_source_is_valid(""));
    assert_true(mc_source_is_valid("203.0.113.0/24"));
    assert_true(mc_source_is_valid("2001:db8:1::/48"));
    assert_true(mc_source_is_valid("Kiosk_7-B"));
    for (size_t i = 0; i < MC_LEN(bad); i++)
        assert_false(mc_source_is_valid(bad[i]));
    memset(source, 'a', sizeof source);
    source[MC_SOURCE_MAX + 1] = '\0';
    assert_false(mc_source_is_valid(source));
    header.source = source;
    refused(&header, MC_CODE_FIELD_INVALID, "source");
    source[MC_SOURCE_MAX] = '\0';
    assert_true(mc_source_is_valid(source));
}

static void sessions_and_headers_are_bounded(void **state)
{
    static uint8_t session[MC_SESSION_MAX + 1];
    static uint8_t large[MC_HEADER_MAX + 1];
    static char purpose[MC_HEADER_TEXT_MAX + 2];
    struct mc_validate_error error;
    Motcua__Header header = a_header();

    (void)state;
    header.session = (ProtobufCBinaryData){MC_SESSION_MAX, session};
    assert_int_equal(opened(&header)->session.len, MC_SESSION_MAX);
    header.session.len++;
    refused(&header, MC_CODE_FIELD_TOO_LONG, "session");

    header.session.len = 0;
    memset(purpose, 'a', MC_HEADER_TEXT_MAX);
    header.purpose = purpose;
    assert_int_equal(strlen(opened(&header)->purpose), MC_HEADER_TEXT_MAX);
    purpose[MC_HEADER_TEXT_MAX] = 'a';
    refused(&header, MC_CODE_FIELD_TOO_LONG, "purpose");

    assert_null(mc_envelope_open(&arena, (struct mc_bytes){large, sizeof large}, &error));
    assert_string_equal(error.code, MC_CODE_TOO_LONG);
    assert_null(mc_envelope_open(&arena, (struct mc_bytes){large, sizeof large - 1}, &error));
    assert_string_equal(error.code, MC_CODE_WIRE_INVALID);
}

static void a_bad_traceparent_is_dropped(void **state)
{
    static const char *const bad[] = {
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-011",
        "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
        "",
    };
    Motcua__Header header = a_header();

    (void)state;
    for (size_t i = 0; i < MC_LEN(bad); i++) {
        assert_false(mc_trace_is_valid(bad[i]));
        header.traceparent = mc_unconst(bad[i]);
        assert_string_equal(opened(&header)->traceparent, "");
    }
}

static void replies_drop_violations_that_do_not_fit(void **state)
{
    static Motcua__Violation violations[MC_VIOLATIONS_MAX + 1];
    static Motcua__Violation *list[MC_VIOLATIONS_MAX + 1];
    Motcua__Header header = a_header();

    (void)state;
    for (size_t i = 0; i < MC_LEN(list); i++) {
        violations[i] = (Motcua__Violation)MOTCUA__VIOLATION__INIT;
        violations[i].field = mc_unconst("items[2].amount");
        list[i] = &violations[i];
    }
    header.violations = list;
    header.n_violations = MC_LEN(list);
    assert_int_equal(opened(&header)->n_violations, MC_VIOLATIONS_MAX);
    for (size_t i = 0; i < MC_LEN(list); i++)
        violations[i].message =
            mc_unconst("Thông tin đăng ký không khớp với thông tin thuê bao tại nhà mạng, "
                       "vui lòng kiểm tra, đăng ký lại với nhà mạng");
    size_t kept = opened(&header)->n_violations;
    assert_in_range(kept, 30, 60);
    assert_int_equal(header.n_violations, MC_LEN(list));
}

static void a_header_too_large_is_not_packed(void **state)
{
    static char text[MC_HEADER_MAX];
    Motcua__Header header = a_header();

    (void)state;
    memset(text, 'a', sizeof text - 1);
    header.message = text;
    assert_null(mc_envelope_pack(&arena, &header).data);
}

static void replies_may_lack_id_and_method(void **state)
{
    struct mc_validate_error error;
    Motcua__Header header = MOTCUA__HEADER__INIT;
    Motcua__Header *copy;

    (void)state;
    header.status = 3;
    struct mc_bytes bytes = mc_envelope_pack(&arena, &header);
    assert_null(mc_envelope_open(&arena, bytes, &error));
    copy = mc_envelope_open_reply(&arena, bytes, &error);
    assert_non_null(copy);
    assert_int_equal(copy->status, 3);
}

static void bodies_are_bounded(void **state)
{
    static uint8_t data[MC_BODY_MAX];
    struct mc_validate_error error;
    Sample__Leaf leaf = SAMPLE__LEAF__INIT;
    const ProtobufCMessageDescriptor *type = &sample__leaf__descriptor;

    (void)state;
    leaf.data = (ProtobufCBinaryData){sizeof data - 4, data};
    struct mc_bytes body = mc_body_pack(&arena, &leaf.base);
    assert_int_equal(body.len, MC_BODY_MAX);
    assert_non_null(mc_body_open(&arena, type, body, MC_BODY_MAX, &error));
    assert_null(mc_body_open(&arena, type, body, MC_BODY_MAX - 1, &error));
    assert_string_equal(error.code, MC_CODE_TOO_LONG);
    assert_non_null(mc_body_open(&arena, type, (struct mc_bytes){NULL, 0}, MC_BODY_MAX, &error));
    assert_null(mc_body_open(&arena, type, (struct mc_bytes){"\x08", 1}, MC_BODY_MAX, &error));

    mc_arena_budget(&arena, 1000);
    assert_null(mc_body_open(&arena, type, body, MC_BODY_MAX, &error));
    assert_string_equal(error.code, MC_CODE_ARENA_FULL);
    mc_arena_budget(&arena, SIZE_MAX);
}

static void statuses_go_out_and_come_back(void **state)
{
    static const enum mc_status same[] = {
        MC_OK,       MC_INVALID, MC_UNAUTHENTICATED, MC_DENIED, MC_NOT_FOUND,
        MC_CONFLICT, MC_EXPIRED, MC_LIMITED,         MC_BUSY,   MC_CORRUPT,
        MC_IO,
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(same); i++)
        assert_int_equal(mc_status_of_rpc(mc_status_rpc(same[i])), same[i]);
    assert_int_equal(mc_status_rpc(MC_INVALID), 3);
    assert_int_equal(mc_status_rpc(MC_FULL), 14);
    assert_int_equal(mc_status_rpc(MC_UNAUTHENTICATED), 16);
    assert_int_equal(mc_status_of_rpc(17), MC_IO);
    for (unsigned rpc = 0; rpc <= 16; rpc++)
        assert_int_equal(mc_rpc_of_name(mc_rpc_name(rpc)), rpc);
    assert_string_equal(mc_rpc_name(3), "invalid_argument");
    assert_string_equal(mc_rpc_name(99), "unknown");
    assert_int_equal(mc_rpc_http(0), 200);
    assert_int_equal(mc_rpc_http(3), 400);
    assert_int_equal(mc_rpc_http(8), 429);
    assert_int_equal(mc_rpc_http(MC_RPC_DEADLINE_EXCEEDED), 504);
    assert_int_equal(mc_rpc_http(99), 500);
}

static void traces_begin_and_go_on(void **state)
{
    uint8_t random[MC_TRACE_RANDOM_LEN] = {0};
    char text[MC_TRACEPARENT_LEN + 1];

    (void)state;
    mc_trace_new(random, text); /* all zeros would be no trace */
    assert_string_equal(text, "00-00000000000000000000000000000001-0000000000000001-01");
    assert_true(mc_trace_is_valid(text));
    for (size_t i = 0; i < sizeof random; i++)
        random[i] = (uint8_t)(0xa0 + i);
    mc_trace_new(random, text);
    assert_string_equal(text, "00-a0a1a2a3a4a5a6a7a8a9aaabacadaeaf-b0b1b2b3b4b5b6b7-01");
    mc_trace_child(TRACE, random, text);
    assert_string_equal(text, "00-0af7651916cd43dd8448eb211c80319c-a0a1a2a3a4a5a6a7-01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_comes_back),
        cmocka_unit_test(request_ids_have_sixteen_bytes),
        cmocka_unit_test(methods_have_one_shape),
        cmocka_unit_test(sources_are_short_plain_words),
        cmocka_unit_test(sessions_and_headers_are_bounded),
        cmocka_unit_test(a_bad_traceparent_is_dropped),
        cmocka_unit_test(replies_drop_violations_that_do_not_fit),
        cmocka_unit_test(a_header_too_large_is_not_packed),
        cmocka_unit_test(replies_may_lack_id_and_method),
        cmocka_unit_test(bodies_are_bounded),
        cmocka_unit_test(statuses_go_out_and_come_back),
        cmocka_unit_test(traces_begin_and_go_on),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
