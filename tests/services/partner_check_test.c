/* «Kiểm tra API»: what may be asked, what is shown of the answer, who sees it (API-01 … API-06). */
#include "common/lane_watch.h"

#include "partner_delivery_help.h"

static void types_have_a_body_to_begin_with(void **state)
{
    struct harness *h = *state;
    Partner__ListApiTypesRequest req = PARTNER__LIST_API_TYPES_REQUEST__INIT;
    const Partner__ListApiTypesReply *rep = harness_call(h, "ListApiTypes", &req.base, MC_OK);

    assert_int_equal(rep->n_types, 9);
    assert_string_equal(rep->types[0]->name, "API BNDP nhận thông báo thuế đất");
    assert_string_equal(rep->types[1]->name, "API BNDP thanh toán thuế đất");
    assert_string_equal(rep->types[2]->name, "API file đính kèm");
    for (size_t i = 0; i < rep->n_types; i++) {
        mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
        assert_int_equal(mc_json_parse(mc_key_bytes(rep->types[i]->sample_body), &json), MC_OK);
        assert_true(rep->types[i]->n_fields > 0);
    }
}

static void check_asks_what_was_typed(void **state)
{
    struct harness *h = *state;
    const Partner__ApiCheck *check = start_check(h, "land_notice", PUBLIC_URL, MC_OK);
    struct harness_exchange exchange;

    assert_int_equal(check->state, PARTNER__API_CHECK_STATE__API_CHECK_WAITING);
    assert_true(harness_effect(h, "check.call", &exchange));
    assert_string_equal(exchange.http.method, "POST");
    assert_string_equal(exchange.http.url, PUBLIC_URL);
    assert_string_equal(exchange.http.headers[1].name, "dstcode");
    assert_string_equal(exchange.http.headers[1].value, "VN:COOP:" TAY_NINH);
    assert_memory_equal(exchange.http.body.data, SAMPLE_BODY, strlen(SAMPLE_BODY));
    assert_non_null(exchange.http.guard);
    assert_true(exchange.http.once && exchange.http.detail);
    assert_int_equal(harness_events(h, "partner.api_check_started"), 1);
}

static void answer_is_shown_raw(void **state)
{
    static const char body[] = "{\"status\":\"1\",\"message\":\"OK\"}";
    struct harness *h = *state;
    const Partner__ApiCheck *check = start_check(h, "land_notice", PUBLIC_URL, MC_OK);
    ProtobufCBinaryData id = check->check_id;

    check_answered(h, 200, body);
    check = get_check(h, id, MC_OK);
    assert_int_equal(check->state, PARTNER__API_CHECK_STATE__API_CHECK_ANSWERED);
    assert_int_equal(check->http_status, 200);
    assert_memory_equal(check->head.data, "HTTP/1.1 200 X\r\nServer: test\r\n", 30);
    assert_memory_equal(check->body.data, body, strlen(body));
    assert_int_equal(check->body_len, strlen(body));
    assert_int_equal(check->times->tls_us, 5000);
    assert_string_equal(check->url, PUBLIC_URL);
    assert_memory_equal(check->request_body.data, SAMPLE_BODY, strlen(SAMPLE_BODY));
    assert_true(check->verdict->fits);
    assert_true(check->verdict->succeeded);
    assert_string_equal(check->verdict->error_code, "1");
    assert_string_equal(check->verdict->error_meaning, "Đã nhận");
    assert_int_equal(harness_events(h, "partner.api_checked"), 1);
}

struct verdict_case {
    const char *type;
    const char *body;
    const char *problems; /* "path:CODE …" */
    unsigned status;
    bool succeeded;
};

static void verdict_names_every_field(void **state)
{
    static const struct verdict_case cases[] = {
        {"session", "{\"session\":\"x\",\"error_code\":\"00\"}", "", 200, true},
        {"session", "{\"session\":\"x\",\"error_code\":0}", "", 200, true},
        {"session", "{\"session\":\"x\",\"error_code\":\"-1\"}", "", 200, false},
        {"session", "{}", "error_code:MISSING session:MISSING ", 200, false},
        {"session", "{\"session\":7,\"error_code\":[]}",
         "error_code:WRONG_KIND session:WRONG_KIND ", 200, false},
        {"session", "{\"session\":\"x\",\"error_code\":0}", ":HTTP_STATUS ", 500, true},
        {"session", "<html>", ":NOT_JSON ", 200, false},
        {"session", "[]", ":HTTP_STATUS :NOT_JSON ", 502, false},
        {"fee_look_up", "{\"error_code\":1,\"data\":[]}", "data:WRONG_KIND ", 200, true},
        {"fee_look_up", "{\"error_code\":-1}", "", 200, false},
    };
    struct harness *h = *state;
    const struct partner *partner = harness_ctx(h);
    struct mc_arena arena;

    assert_int_equal(mc_arena_init(&arena, 1 << 20), MC_OK);
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        const struct verdict_case *c = &cases[i];
        char got[256] = "";
        const Partner__ApiVerdict *verdict = partner_answer_judge(
            &partner->book, &arena, c->type, c->status, mc_key_text(c->body), true);

        for (size_t n = 0; n < verdict->n_problems; n++) {
            size_t len = strlen(got);
            (void)snprintf(got + len, sizeof got - len, "%s:%s ", verdict->problems[n]->path,
                           verdict->problems[n]->code);
            assert_true(verdict->problems[n]->message[0] != '\0');
        }
        assert_string_equal(got, c->problems);
        assert_int_equal(verdict->fits, c->problems[0] == '\0');
        assert_int_equal(verdict->succeeded, c->succeeded);
    }
    const Partner__ApiVerdict *cut =
        partner_answer_judge(&partner->book, &arena, "session", 200, mc_key_text("{\"a\":"), false);
    assert_string_equal(cut->problems[0]->code, "TOO_LONG");
    mc_arena_done(&arena);
}

/* The shape is of names and kinds: what two people's answers have in common. */
static void shape_is_not_of_what_is_said(void **state)
{
    static const char *const alike[] = {"{\"a\":\"x\",\"b\":[{\"c\":1}]}",
                                        "{\"a\":\"\",\"b\":[{\"c\":9},{\"c\":2}]}"};
    static const char *const others[] = {"{\"a\":1,\"b\":[{\"c\":1}]}",
                                         "{\"a\":\"x\",\"b\":[{\"d\":1}]}",
                                         "{\"a\":\"x\",\"b\":{\"c\":1}}", "{\"a\":\"x\"}"};
    const struct partner *partner = harness_ctx(*state);
    struct mc_arena arena;

    assert_int_equal(mc_arena_init(&arena, 1 << 20), MC_OK);
    const char *shape =
        partner_answer_judge(&partner->book, &arena, "file", 200, mc_key_text(alike[0]), true)
            ->shape;
    assert_string_equal(
        partner_answer_judge(&partner->book, &arena, "file", 200, mc_key_text(alike[1]), true)
            ->shape,
        shape);
    for (size_t i = 0; i < MC_LEN(others); i++)
        assert_string_not_equal(
            partner_answer_judge(&partner->book, &arena, "file", 200, mc_key_text(others[i]), true)
                ->shape,
            shape);
    mc_arena_done(&arena);
}

static void every_wrong_field_is_named(void **state)
{
    struct harness *h = *state;
    Partner__StartApiCheckRequest req = PARTNER__START_API_CHECK_REQUEST__INIT;

    assert_null(harness_call(h, "StartApiCheck", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "api_type", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "url", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "body", "FIELD_REQUIRED"));
    req.api_type = text("nothing");
    req.url = text("https://169.254.169.254/latest/meta-data");
    req.dstcode = text("a\r\nX: y");
    req.body = data("{");
    assert_null(harness_call(h, "StartApiCheck", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "api_type", "FIELD_INVALID"));
    assert_true(harness_violated(h, "url", "URL_INTERNAL"));
    assert_true(harness_violated(h, "dstcode", "FIELD_INVALID"));
    assert_true(harness_violated(h, "body", "API_BODY_JSON"));
    assert_int_equal(harness_jobs(h, PARTNER_LANE_CHECK), 0);
}

static void plain_http_and_ports_are_refused_by_name(void **state)
{
    struct harness *h = *state;

    (void)start_check(h, "session", "http://motcua.tayninh.gov.vn/", MC_INVALID);
    assert_true(harness_violated(h, "url", "URL_SCHEME"));
    (void)start_check(h, "session", "https://motcua.tayninh.gov.vn:22/", MC_INVALID);
    assert_true(harness_violated(h, "url", "URL_PORT"));
    (void)start_check(h, "session", "https://a:b@motcua.tayninh.gov.vn/", MC_INVALID);
    assert_true(harness_violated(h, "url", "URL_USER"));
}

static void body_at_the_limit_and_one_past(void **state)
{
    static char body[PARTNER_CHECK_BODY_MAX + 2];
    struct harness *h = *state;
    Partner__StartApiCheckRequest req = PARTNER__START_API_CHECK_REQUEST__INIT;

    memset(body, ' ', sizeof body - 1);
    body[0] = '{';
    body[PARTNER_CHECK_BODY_MAX - 1] = '}';
    req.api_type = text("session");
    req.url = text(PUBLIC_URL);
    req.body = (ProtobufCBinaryData){PARTNER_CHECK_BODY_MAX, (uint8_t *)body};
    assert_non_null(harness_call(h, "StartApiCheck", &req.base, MC_OK));
    req.body.len++;
    assert_null(harness_call(h, "StartApiCheck", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "body", "FIELD_TOO_LONG"));
}

static void name_that_leads_inside_says_so(void **state)
{
    struct harness *h = *state;
    const Partner__ApiCheck *check = start_check(h, "session", PUBLIC_URL, MC_OK);
    ProtobufCBinaryData id = check->check_id;
    struct harness_exchange exchange;
    static const struct mc_http_detail denied = {.denied = true};

    assert_true(harness_effect(h, "check.call", &exchange));
    harness_result(h, &exchange,
                   &(struct mc_result){.outcome = MC_HTTP_NOT_SENT, .detail = &denied});
    check = get_check(h, id, MC_OK);
    assert_int_equal(check->state, PARTNER__API_CHECK_STATE__API_CHECK_NOT_ALLOWED);
    assert_null(check->verdict);
    assert_int_equal(check->body.len, 0);
}

/* A daemon that died on the way: the call may have been made, and is not made again. */
static void lost_call_is_unknown_and_not_repeated(void **state)
{
    struct harness *h = *state;
    const Partner__ApiCheck *check = start_check(h, "session", PUBLIC_URL, MC_OK);
    ProtobufCBinaryData id = check->check_id;
    struct harness_exchange exchange;

    assert_true(harness_effect(h, "check.call", &exchange));
    harness_reopen(h);
    harness_advance(h, 2LL * PARTNER_CHECK_LEASE_MS);
    assert_false(harness_effect(h, "check.call", &exchange));
    assert_int_equal(get_check(h, id, MC_OK)->state, PARTNER__API_CHECK_STATE__API_CHECK_UNKNOWN);
}

static void units_see_their_own_and_below(void **state)
{
    struct harness *h = *state;

    as_officer(h, MINH, BEN_CAU);
    const Partner__ApiCheck *check = start_check(h, "session", PUBLIC_URL, MC_OK);
    ProtobufCBinaryData id = check->check_id;
    as_officer(h, LAN, TAY_NINH);
    assert_non_null(get_check(h, id, MC_OK));
    as_officer(h, LAN, LONG_AN);
    assert_null(get_check(h, id, MC_NOT_FOUND));

    Partner__ListApiChecksRequest req = PARTNER__LIST_API_CHECKS_REQUEST__INIT;
    const Partner__ListApiChecksReply *rep = harness_call(h, "ListApiChecks", &req.base, MC_OK);
    assert_int_equal(rep->n_checks, 0);
    req.unit = text(TAY_NINH);
    assert_null(harness_call(h, "ListApiChecks", &req.base, MC_DENIED));
    as_officer(h, LAN, TAY_NINH);
    rep = harness_call(h, "ListApiChecks", &req.base, MC_OK);
    assert_int_equal(rep->n_checks, 1);
    assert_int_equal(rep->checks[0]->request_body.len, 0);
}

static void pages_go_back_in_time(void **state)
{
    struct harness *h = *state;
    Partner__ListApiChecksRequest req = PARTNER__LIST_API_CHECKS_REQUEST__INIT;
    int64_t before_ms = INT64_MAX;
    unsigned seen = 0;

    for (unsigned i = 0; i < 5; i++) {
        harness_advance(h, 1000);
        (void)start_check(h, "session", PUBLIC_URL, MC_OK);
    }
    req.page_size = 2;
    do {
        const Partner__ListApiChecksReply *rep = harness_call(h, "ListApiChecks", &req.base, MC_OK);
        for (size_t i = 0; i < rep->n_checks; i++) {
            assert_true(rep->checks[i]->started_ms < before_ms);
            before_ms = rep->checks[i]->started_ms;
        }
        seen += (unsigned)rep->n_checks;
        req.page_token = rep->next_page_token;
    } while (req.page_token[0] != '\0');
    assert_int_equal(seen, 5);
    req.page_token = text("zz");
    req.page_size = PARTNER_PAGE_MAX + 1;
    assert_null(harness_call(h, "ListApiChecks", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "page_token", "FIELD_INVALID"));
    assert_true(harness_violated(h, "page_size", "FIELD_INVALID"));
}

static int open_narrow(void **state)
{
    static const char *const settings[] = {"partner.checks_per_officer=2",
                                           "partner.checks_per_unit=3", NULL};

    *state = harness_open(&partner_room, settings);
    as_officer(*state, LAN, TAY_NINH);
    return 0;
}

static void officer_and_unit_have_their_hour(void **state)
{
    struct harness *h = *state;

    (void)start_check(h, "session", PUBLIC_URL, MC_OK);
    (void)start_check(h, "session", PUBLIC_URL, MC_OK);
    (void)start_check(h, "session", PUBLIC_URL, MC_LIMITED);
    assert_true(harness_header(h)->retry_after_ms > 0);
    as_officer(h, MINH, TAY_NINH);
    (void)start_check(h, "session", PUBLIC_URL, MC_OK);
    (void)start_check(h, "session", PUBLIC_URL, MC_LIMITED);
    as_officer(h, MINH, LONG_AN);
    (void)start_check(h, "session", PUBLIC_URL, MC_OK);
    harness_advance(h, HOUR_MS);
    as_officer(h, LAN, TAY_NINH);
    (void)start_check(h, "session", PUBLIC_URL, MC_OK);
}

static void right_is_needed(void **state)
{
    struct harness *h = *state;

    harness_as(h,
               &(struct mc_caller){
                   .name = "portal:test", .who = MC_OFFICER, .account_id = LAN, .unit = TAY_NINH});
    (void)start_check(h, "session", PUBLIC_URL, MC_DENIED);
}

static void old_checks_go(void **state)
{
    struct harness *h = *state;

    (void)start_check(h, "session", PUBLIC_URL, MC_OK);
    check_answered(h, 200, "{}");
    harness_advance(h, 89 * DAY_MS);
    harness_tick(h);
    assert_int_equal(harness_rows(h, PARTNER_CHECKS), 1);
    harness_advance(h, 2 * DAY_MS);
    harness_tick(h);
    assert_int_equal(harness_rows(h, PARTNER_CHECKS), 0);
    assert_int_equal(harness_rows(h, PARTNER_BY_UNIT), 0);
}

/* API-06: the session first, with what we show that partner; of both nothing is told. */
static void api_of_the_registry_is_asked_with_a_session(void **state)
{
    static const char body[] = "{\"session\":\"nhap-session\",\"service\":\"DongBoHoSoMC\"}";
    static const char login[] = "{\"username\":\"CANARY-dvcqg\",\"password\":\"CANARY-mat-khau\"}";
    static const char sent_body[] = "{\"session\":\"CANARY-\\\"1\",\"service\":\"DongBoHoSoMC\"}";
    struct harness *h = *state;
    Partner__StartApiCheckRequest req = PARTNER__START_API_CHECK_REQUEST__INIT;
    struct harness_exchange exchange;
    uint8_t packed[8192];

    req.api_type = text("dossier_sync");
    req.partner_id = text(PARTNER_ID);
    req.body = data(body);
    const Partner__ApiCheck *check = harness_call(h, "StartApiCheck", &req.base, MC_OK);
    ProtobufCBinaryData id = check->check_id;
    assert_true(harness_effect(h, "check.call", &exchange));
    assert_string_equal(exchange.http.url, SESSION_URL);
    assert_int_equal(exchange.http.body.len, sizeof login - 1);
    assert_memory_equal(exchange.http.body.data, login, sizeof login - 1);
    harness_answer(h, &exchange, 200, "{\"session\":\"CANARY-\\\"1\",\"error_code\":\"0\"}");
    assert_int_equal(get_check(h, id, MC_OK)->state, PARTNER__API_CHECK_STATE__API_CHECK_WAITING);
    assert_true(harness_effect(h, "check.call", &exchange));
    assert_string_equal(exchange.http.url, PUBLIC_URL);
    assert_int_equal(exchange.http.body.len, sizeof sent_body - 1);
    assert_memory_equal(exchange.http.body.data, sent_body, sizeof sent_body - 1);
    harness_answer(h, &exchange, 200, TAKEN_JSON);
    check = get_check(h, id, MC_OK);
    assert_true(check->verdict->fits && check->verdict->succeeded);
    assert_string_equal(check->url, "https://motcua.tayninh.gov.vn/…");
    assert_string_equal(check->session_url, "https://motcua.tayninh.gov.vn/…");
    size_t size = protobuf_c_message_pack(&check->base, packed);
    assert_null(memmem(packed, size, "CANARY", 6));
}

static void session_that_is_refused_is_shown(void **state)
{
    struct harness *h = *state;
    Partner__StartApiCheckRequest req = PARTNER__START_API_CHECK_REQUEST__INIT;
    struct harness_exchange exchange;

    req.api_type = text("dossier_sync");
    req.partner_id = text(PARTNER_ID);
    req.body = data("{}");
    const Partner__ApiCheck *check = harness_call(h, "StartApiCheck", &req.base, MC_OK);
    ProtobufCBinaryData id = check->check_id;
    assert_true(harness_effect(h, "check.call", &exchange));
    harness_answer(h, &exchange, 200, "{\"error_code\":\"-1\"}");
    check = get_check(h, id, MC_OK);
    assert_true(check->session_failed);
    assert_string_equal(check->verdict->problems[0]->path, "session");
    req.api_type = text("file"); /* this partner has none */
    (void)harness_call(h, "StartApiCheck", &req.base, MC_EXPIRED);
    assert_true(harness_violated(h, "partner_id", "PARTNER_API_MISSING"));
    req.partner_id = text("longan");
    (void)harness_call(h, "StartApiCheck", &req.base, MC_NOT_FOUND);
}

/* partner.check_limit, at the limit and one past it. */
static void a_check_that_waits_too_long_is_told(void **state)
{
    struct harness *h = *state;
    const Motcua__Event *event = NULL;

    (void)start_check(h, "land_notice", PUBLIC_URL, MC_OK);
    harness_advance(h, 5 * MINUTE_MS);
    harness_tick(h);
    assert_int_equal(harness_events(h, "partner.queue_late"), 0);
    harness_advance(h, MC_LANE_WATCH_MS);
    harness_tick(h);
    const Motcua__QueueLate *late =
        harness_last_event(h, "partner.queue_late", &motcua__queue_late__descriptor, &event);
    assert_non_null(late);
    assert_string_equal(late->lane, "check");
    assert_int_equal(late->limit_ms, 5 * MINUTE_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROOM_TEST(types_have_a_body_to_begin_with),
        ROOM_TEST(a_check_that_waits_too_long_is_told),
        ROOM_TEST(check_asks_what_was_typed),
        ROOM_TEST(answer_is_shown_raw),
        ROOM_TEST(verdict_names_every_field),
        ROOM_TEST(shape_is_not_of_what_is_said),
        ROOM_TEST(every_wrong_field_is_named),
        ROOM_TEST(plain_http_and_ports_are_refused_by_name),
        ROOM_TEST(body_at_the_limit_and_one_past),
        ROOM_TEST(name_that_leads_inside_says_so),
        ROOM_TEST(lost_call_is_unknown_and_not_repeated),
        ROOM_TEST(units_see_their_own_and_below),
        ROOM_TEST(pages_go_back_in_time),
        cmocka_unit_test_setup_teardown(officer_and_unit_have_their_hour, open_narrow, close_room),
        ROOM_TEST(right_is_needed),
        ROOM_TEST(old_checks_go),
        PARTNER_TEST(api_of_the_registry_is_asked_with_a_session),
        PARTNER_TEST(session_that_is_refused_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
