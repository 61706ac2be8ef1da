/* An HTTP request made a call, or refused (Connect unary protocol). */
#include "otp.pb-c.h"

#include "gateway_help.h"

enum { INVALID = 3, LIMITED = 8, UNIMPLEMENTED = 12, UNAUTHENTICATED = 16 };

/* --- paths --- */

static void every_method_of_every_room_has_its_path(void **state)
{
    (void)state;
    for (size_t i = 0; i < GATEWAY_ROOMS; i++) {
        const ProtobufCServiceDescriptor *service = gateway_rooms[i].service;

        for (unsigned m = 0; m < service->n_methods; m++) {
            const ProtobufCMethodDescriptor *method = &service->methods[m];
            bool is_hook = strcmp(method->input->name, "motcua.v1.WebhookRequest") == 0;
            char path[160];

            (void)snprintf(path, sizeof path, "/%s/%s", service->name, method->name);
            struct gateway_method found = gateway_method_find(path);
            assert_ptr_equal(found.proto, is_hook ? NULL : method);
            assert_ptr_equal(found.room, is_hook ? NULL : &gateway_rooms[i]);
            assert_true(mc_method_is_valid(path + 1));
        }
    }
}

static void only_the_exact_path_is_a_method(void **state)
{
    static const char *const paths[] = {
        "",
        "/",
        "motcua.otp.v1.Otp/Issue",
        "/motcua.otp.v1.Otp",
        "/motcua.otp.v1.Otp/",
        "/motcua.otp.v1.Otp/issue",
        "/motcua.otp.v1.Otp/Issue/",
        "/motcua.otp.v1.Otp/Issue%20",
        "//motcua.otp.v1.Otp/Issue",
        "/motcua.otp.v1.Otp/%49ssue",
        "/motcua.otp.v2.Otp/Issue",
        "/motcua.v1.Room/Stats",
        "/motcua.payment.v1.Payment/PlatformConfirm",
        "/motcua.otp.v1.Otp/DeliveryWebhook",
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(paths); i++)
        assert_null(gateway_method_find(paths[i]).proto);
    assert_true(gateway_method_find("/motcua.dossier.v1.Dossier/Attach").takes_files);
    assert_false(gateway_method_find("/motcua.dossier.v1.Dossier/Submit").takes_files);
}

static void an_unknown_method_is_404_and_another_verb_405(void **state)
{
    struct edge *edge = *state;

    edge->asked.path = "/motcua.otp.v1.Otp/Nothing";
    assert_refused(edge, UNIMPLEMENTED, "", "METHOD_UNKNOWN");
    assert_int_equal(edge->refusal.http, 404);
    edge->asked.path = "/motcua.otp.v1.Otp/Issue";
    edge->asked.method = "GET";
    assert_refused(edge, UNIMPLEMENTED, "", "HTTP_METHOD_UNSUPPORTED");
    assert_int_equal(edge->refusal.http, 405);
    assert_string_equal(edge->refusal.extra.name, "Allow");
}

/* --- headers --- */

static void a_plain_call_has_an_id_a_trace_and_a_deadline(void **state)
{
    struct edge *edge = *state;
    int64_t made_ms = 0;

    assert_true(edge_map(edge));
    const Motcua__Header *head = &edge->call.head;
    assert_string_equal(edge->call.method.room->name, "otp");
    assert_string_equal(head->method, "motcua.otp.v1.Otp/Issue");
    assert_string_equal(head->caller, "portal:http");
    assert_int_equal(head->session.len, 0);
    assert_int_equal(head->request_id.len, MC_ID_LEN);
    assert_true(mc_uuid7_time(head->request_id.data, &made_ms));
    assert_int_equal(made_ms, TEST_NOW_MS);
    assert_true(mc_trace_is_valid(head->traceparent));
    assert_int_equal(head->deadline_ms, TEST_NOW_MS + GATEWAY_TIMEOUT_MS);
    assert_int_equal(edge->call.timeout_ms, GATEWAY_TIMEOUT_MS);

    const Otp__IssueRequest *request =
        (const void *)otp__issue_request__unpack(NULL, edge->call.body.len, edge->call.body.data);
    assert_string_equal(request->phone, "0912000101");
    otp__issue_request__free_unpacked(mc_unconst(request), NULL);
    assert_true(mc_envelope_pack(&edge->arena, head).data != NULL);
}

static void nobody_outside_names_the_caller(void **state)
{
    struct edge *edge = *state;

    edge_header(edge, "Caller", "room:payment");
    edge_header(edge, "Motcua-Caller", "operator:an");
    assert_true(edge_map(edge));
    assert_string_equal(edge->call.head.caller, "portal:http");
}

static void the_source_is_the_gateways_word(void **state)
{
    struct edge *edge = *state;

    assert_true(edge_map(edge));
    assert_string_equal(edge->call.head.source, "");
    edge_header(edge, "Source", "10.0.0.0/8");
    edge->asked.source = "203.0.113.0/24";
    assert_true(edge_map(edge));
    assert_string_equal(edge->call.head.source, "203.0.113.0/24");
}

static void content_types_that_are_ours(void **state)
{
    static const struct {
        const char *type;
        enum gateway_format format;
    } good[] = {
        {"application/json", GATEWAY_JSON},
        {"Application/JSON;charset=UTF-8", GATEWAY_JSON},
        {"application/json ; charset=\"utf-8\"", GATEWAY_JSON},
        {"application/proto", GATEWAY_PROTO},
        {"application/proto; charset=utf-8", GATEWAY_PROTO},
    };
    static const char *const bad[] = {
        "",
        "text/plain",
        "application/jsonp",
        "application/json, text/plain",
        "application/json; charset=latin1",
        "application/connect+json",
        "application/grpc",
        "application/protobuf",
    };
    struct edge *edge = *state;

    for (size_t i = 0; i < MC_LEN(good); i++) {
        edge_header(edge, "Content-Type", good[i].type);
        assert_true(edge_map(edge));
        assert_int_equal(edge->call.format, good[i].format);
    }
    for (size_t i = 0; i <= MC_LEN(bad); i++) {
        edge_header(edge, "Content-Type", i < MC_LEN(bad) ? bad[i] : NULL);
        assert_refused(edge, INVALID, "Content-Type", "CONTENT_TYPE_UNSUPPORTED");
        assert_int_equal(edge->refusal.http, 415);
        assert_string_equal(edge->refusal.extra.name, "Accept-Post");
    }
}

static void compression_and_other_versions_are_refused(void **state)
{
    struct edge *edge = *state;

    edge_header(edge, "Content-Encoding", "identity");
    edge_header(edge, "Connect-Protocol-Version", "1");
    assert_true(edge_map(edge));
    edge_header(edge, "Connect-Protocol-Version", "2");
    assert_refused(edge, INVALID, "Connect-Protocol-Version", "PROTOCOL_VERSION_UNSUPPORTED");
    edge_header(edge, "Content-Encoding", "gzip");
    assert_refused(edge, UNIMPLEMENTED, "Content-Encoding", "CONTENT_ENCODING_UNSUPPORTED");
    assert_string_equal(edge->refusal.extra.name, "Accept-Encoding");
}

static void timeouts_have_a_ceiling(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } good[] = {
        {"1", 1}, {"0000000250", 250}, {"60000", 60000}, {"60001", 60000}, {"9999999999", 60000}};
    static const char *const bad[] = {"", "-1", "1.5", "1s", "10000000000", " 1"};
    struct edge *edge = *state;

    for (size_t i = 0; i < MC_LEN(good); i++) {
        edge_header(edge, "Connect-Timeout-Ms", good[i].text);
        assert_true(edge_map(edge));
        assert_int_equal(edge->call.timeout_ms, good[i].ms);
        assert_int_equal(edge->call.head.deadline_ms, TEST_NOW_MS + good[i].ms);
    }
    for (size_t i = 0; i < MC_LEN(bad); i++) {
        edge_header(edge, "Connect-Timeout-Ms", bad[i]);
        assert_refused(edge, INVALID, "Connect-Timeout-Ms", "TIMEOUT_INVALID");
    }
    edge_header(edge, "Connect-Timeout-Ms", "0");
    assert_refused(edge, MC_RPC_DEADLINE_EXCEEDED, "", "DEADLINE_EXCEEDED");
}

static void sessions_come_as_bearers(void **state)
{
    static const char *const bad[] = {"", "Bearer", "Bearer ", "Basic eDp5", "v1.a.b"};
    struct edge *edge = *state;
    char text[MC_SESSION_MAX + 16] = "Bearer ";

    edge_header(edge, "Authorization", "bearer  v1.a.b");
    assert_true(edge_map(edge));
    assert_int_equal(edge->call.head.session.len, 6);
    assert_memory_equal(edge->call.head.session.data, "v1.a.b", 6);
    for (size_t i = 0; i < MC_LEN(bad); i++) {
        edge_header(edge, "Authorization", bad[i]);
        assert_refused(edge, UNAUTHENTICATED, "Authorization", "SESSION_INVALID");
    }
    memset(text + 7, 'x', MC_SESSION_MAX);
    edge_header(edge, "Authorization", text);
    assert_true(edge_map(edge));
    assert_true(mc_envelope_pack(&edge->arena, &edge->call.head).data != NULL);
    text[7 + MC_SESSION_MAX] = 'x';
    assert_refused(edge, UNAUTHENTICATED, "Authorization", "SESSION_INVALID");
}

static void a_purpose_may_be_vietnamese(void **state)
{
    static const char *const bad[] = {"%", "%00", "%0a", "a\x7f", "%ff", "\xc3"};
    struct edge *edge = *state;
    char text[GATEWAY_PURPOSE_MAX + 2] = "";

    edge_header(edge, "Purpose", "gi%E1%BA%A3i quy%E1%BA%BFt");
    assert_true(edge_map(edge));
    assert_string_equal(edge->call.head.purpose, "giải quyết");
    edge_header(edge, "Purpose", "giải quyết");
    assert_true(edge_map(edge));
    assert_string_equal(edge->call.head.purpose, "giải quyết");
    for (size_t i = 0; i < MC_LEN(bad); i++) {
        edge_header(edge, "Purpose", bad[i]);
        assert_refused(edge, INVALID, "Purpose", "PURPOSE_INVALID");
    }
    memset(text, 'x', GATEWAY_PURPOSE_MAX);
    edge_header(edge, "Purpose", text);
    assert_true(edge_map(edge));
    text[GATEWAY_PURPOSE_MAX] = 'x';
    assert_refused(edge, INVALID, "Purpose", "PURPOSE_INVALID");
}

static void a_trace_goes_on_and_a_broken_one_starts_anew(void **state)
{
    struct edge *edge = *state;

    edge_header(edge, "Traceparent", TEST_TRACE);
    assert_true(edge_map(edge));
    assert_memory_equal(edge->call.traceparent, TEST_TRACE, 35);
    assert_string_not_equal(edge->call.traceparent, TEST_TRACE);
    edge_header(edge, "Traceparent", "00-zz");
    assert_true(edge_map(edge));
    assert_true(mc_trace_is_valid(edge->call.traceparent));
}

/* --- idempotency keys --- */

static void a_uuid7_is_taken_as_it_is(void **state)
{
    static const char *const same[] = {"0198f2ab-5b1c-7c3d-8e4f-0123456789ab",
                                       "\"0198f2ab-5b1c-7c3d-8e4f-0123456789ab\""};
    uint8_t id[MC_ID_LEN];
    char text[MC_UUID_TEXT_LEN + 1];

    (void)state;
    for (size_t i = 0; i < MC_LEN(same); i++) {
        assert_true(gateway_id_of_key(same[i], id));
        mc_uuid_text(text, id);
        assert_string_equal(text, same[0]);
    }
}

static void another_key_becomes_a_uuid8(void **state)
{
    static const char *const keys[] = {"a", "order 17", "đơn số 1",
                                       "0198f2ab-5b1c-4c3d-8e4f-0123456789ab"};
    uint8_t ids[MC_LEN(keys)][MC_ID_LEN];
    uint8_t again[MC_ID_LEN];

    (void)state;
    for (size_t i = 0; i < MC_LEN(keys); i++) {
        assert_true(gateway_id_of_key(keys[i], ids[i]));
        assert_true(gateway_id_of_key(keys[i], again));
        assert_memory_equal(ids[i], again, MC_ID_LEN);
        assert_int_equal(ids[i][6] >> 4, 8);
        assert_int_equal(ids[i][8] >> 6, 2);
        for (size_t n = 0; n < i; n++)
            assert_memory_not_equal(ids[i], ids[n], MC_ID_LEN);
    }
    /* stored answers hang on it: sha256("a"), forever */
    static const uint8_t known[MC_ID_LEN] = {0xca, 0x97, 0x81, 0x12, 0xca, 0x1b, 0x8d, 0xca,
                                             0xba, 0xc2, 0x31, 0xb3, 0x9a, 0x23, 0xdc, 0x4d};
    assert_memory_equal(ids[0], known, MC_ID_LEN);
}

static void keys_have_a_length(void **state)
{
    struct edge *edge = *state;
    char key[GATEWAY_KEY_MAX + 2] = "";
    uint8_t id[MC_ID_LEN];

    memset(key, 'k', GATEWAY_KEY_MAX);
    assert_true(gateway_id_of_key(key, id));
    edge_header(edge, "Idempotency-Key", key);
    assert_true(edge_map(edge));
    assert_memory_equal(edge->call.head.request_id.data, id, MC_ID_LEN);

    key[GATEWAY_KEY_MAX] = 'k';
    assert_refused(edge, INVALID, "Idempotency-Key", "IDEMPOTENCY_KEY_INVALID");
    edge_header(edge, "Idempotency-Key", "");
    assert_refused(edge, INVALID, "Idempotency-Key", "IDEMPOTENCY_KEY_INVALID");
    edge_header(edge, "Idempotency-Key", "\"\"");
    assert_refused(edge, INVALID, "Idempotency-Key", "IDEMPOTENCY_KEY_INVALID");
    edge_header(edge, "Idempotency-Key", "\xff");
    assert_refused(edge, INVALID, "Idempotency-Key", "IDEMPOTENCY_KEY_INVALID");
}

/* --- bodies --- */

static void json_errors_name_the_field(void **state)
{
    struct edge *edge = *state;

    edge_body(edge, "{\"phone\":7}");
    assert_refused(edge, INVALID, "phone", "FIELD_INVALID");
    edge_body(edge, "{\"phones\":\"7\"}");
    assert_refused(edge, INVALID, "phones", "FIELD_UNKNOWN");
    edge_body(edge, "{\"keys\":[\"a\",1]}");
    assert_refused(edge, INVALID, "keys[1]", "FIELD_INVALID");
    edge_body(edge, "{\"phone\":");
    assert_refused(edge, INVALID, "", "JSON_INVALID");
    assert_non_null(strstr(edge->refusal.head.message, "vị trí"));
    edge_body(edge, "");
    assert_refused(edge, INVALID, "", "JSON_INVALID");
    edge_body(edge, "[]");
    assert_false(edge_map(edge));
}

static void protobuf_passes_as_it_came(void **state)
{
    struct edge *edge = *state;

    edge_header(edge, "Content-Type", "application/proto");
    edge_body(edge, "anything");
    assert_true(edge_map(edge));
    assert_ptr_equal(edge->call.body.data, edge->asked.body.data);
    edge_body(edge, "");
    assert_true(edge_map(edge));
    assert_int_equal(edge->call.body.len, 0);
}

static void assert_longest(struct edge *edge, size_t max)
{
    struct mc_bytes body = {mc_alloc(&edge->arena, max + 1), max};

    edge->asked.body = body;
    if (!edge_map(edge)) /* zeros are no JSON, but not too long either */
        assert_string_equal(edge->refusal.head.code, "JSON_INVALID");
    edge->asked.body.len++;
    assert_refused(edge, INVALID, "", "MESSAGE_TOO_LONG");
}

static void bodies_have_their_limits(void **state)
{
    struct edge *edge = *state;

    assert_longest(edge, GATEWAY_BODY_MAX);
    edge->asked.path = "/motcua.dossier.v1.Dossier/Attach";
    assert_longest(edge, GATEWAY_UPLOAD_MAX);
    edge_header(edge, "Content-Type", "application/proto");
    assert_longest(edge, MC_UPLOAD_MAX); /* what fits a frame of the bus */
    edge->limits.upload_max = 1000;
    assert_longest(edge, 1000);
}

static void a_full_arena_is_told_as_such(void **state)
{
    struct edge *edge = *state;

    mc_arena_budget(&edge->arena, 64);
    assert_false(edge_map(edge));
    assert_int_equal(edge->refusal.head.status, LIMITED);
}

static void every_code_has_its_text(void **state)
{
    static const char *const codes[] = {
        "METHOD_UNKNOWN",
        "HTTP_METHOD_UNSUPPORTED",
        "CONTENT_TYPE_UNSUPPORTED",
        "TIMEOUT_INVALID",
        "CONTENT_ENCODING_UNSUPPORTED",
        "PROTOCOL_VERSION_UNSUPPORTED",
        "SESSION_INVALID",
        "IDEMPOTENCY_KEY_INVALID",
        "PURPOSE_INVALID",
        "PAGE_NOT_FOUND",
        "DEADLINE_EXCEEDED",
        "UNAVAILABLE",
        "BUSY",
        "JSON_INVALID",
    };

    (void)state;
    for (size_t i = 0; i < MC_LEN(codes); i++)
        assert_non_null(mc_message_text(codes[i]));
}

#define EDGE_TEST(test) cmocka_unit_test_setup_teardown(test, edge_open, edge_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_method_of_every_room_has_its_path),
        cmocka_unit_test(only_the_exact_path_is_a_method),
        EDGE_TEST(an_unknown_method_is_404_and_another_verb_405),
        EDGE_TEST(a_plain_call_has_an_id_a_trace_and_a_deadline),
        EDGE_TEST(nobody_outside_names_the_caller),
        EDGE_TEST(the_source_is_the_gateways_word),
        EDGE_TEST(content_types_that_are_ours),
        EDGE_TEST(compression_and_other_versions_are_refused),
        EDGE_TEST(timeouts_have_a_ceiling),
        EDGE_TEST(sessions_come_as_bearers),
        EDGE_TEST(a_purpose_may_be_vietnamese),
        EDGE_TEST(a_trace_goes_on_and_a_broken_one_starts_anew),
        cmocka_unit_test(a_uuid7_is_taken_as_it_is),
        cmocka_unit_test(another_key_becomes_a_uuid8),
        EDGE_TEST(keys_have_a_length),
        EDGE_TEST(json_errors_name_the_field),
        EDGE_TEST(protobuf_passes_as_it_came),
        EDGE_TEST(bodies_have_their_limits),
        EDGE_TEST(a_full_arena_is_told_as_such),
        cmocka_unit_test(every_code_has_its_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
