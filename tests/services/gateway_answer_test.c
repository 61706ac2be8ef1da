/* What the edge says: Connect errors, headers that protect, CORS, metrics. */
#include "common/json.h"

#include "../../services/gateway/headers.h"
#include "../../services/gateway/stats.h"
#include "gateway_help.h"

/* --- errors --- */

static Motcua__Violation violation_of(const char *field, const char *code)
{
    Motcua__Violation violation = MOTCUA__VIOLATION__INIT;

    violation.field = mc_unconst(field);
    violation.code = mc_unconst(code);
    violation.message = mc_unconst("Không hợp lệ.");
    return violation;
}

static Motcua__Header head_of(unsigned rpc, const char *code)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;

    head.status = rpc;
    head.code = mc_unconst(code);
    head.message = mc_unconst("Không \"được\".");
    return head;
}

static void every_failed_condition_is_a_detail(void **state)
{
    struct edge *edge = *state;
    Motcua__Violation phone = violation_of("phone", "PHONE_FORMAT");
    Motcua__Violation name = violation_of("name", "FIELD_REQUIRED");
    Motcua__Violation *list[] = {&phone, &name};
    Motcua__Header head = head_of(3, "PHONE_FORMAT");
    struct mc_bytes text = {0};
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;

    head.violations = list;
    head.n_violations = 2;
    assert_int_equal(gateway_error_json(&edge->arena, &head, &text), MC_OK);
    assert_int_equal(mc_json_parse(text, &json), MC_OK);
    assert_string_equal(mc_json_text(json, "code"), "invalid_argument");
    assert_string_equal(mc_json_text(json, "message"), "Không \"được\".");
    assert_int_equal(mc_json_count(json, "details"), 2);
    assert_string_equal(mc_json_text(json, "details.0.type"), "motcua.v1.Violation");
    assert_string_equal(mc_json_text(json, "details.1.debug.field"), "name");
    assert_string_equal(mc_json_text(json, "details.1.debug.code"), "FIELD_REQUIRED");
    assert_string_equal(mc_json_text(json, "details.1.debug.message"), "Không hợp lệ.");

    /* base64 of the message, without padding: what decodes with it added is the violation */
    const char *value = mc_json_text(json, "details.0.value");
    char padded[256];
    uint8_t wire[192];
    size_t len = 0;
    assert_null(strchr(value, '='));
    (void)snprintf(padded, sizeof padded, "%s%.*s", value, (int)((4 - strlen(value) % 4) % 4),
                   "==");
    assert_true(mc_unbase64(wire, sizeof wire, (struct mc_bytes){padded, strlen(padded)}, &len));
    Motcua__Violation *back = motcua__violation__unpack(&edge->arena.protobuf, len, wire);
    assert_non_null(back);
    assert_string_equal(back->field, "phone");
}

static void the_stable_code_is_always_the_first_detail(void **state)
{
    struct edge *edge = *state;
    Motcua__Violation phone = violation_of("phone", "PHONE_FORMAT");
    Motcua__Violation *list[] = {&phone};
    Motcua__Header head = head_of(14, "BUSY");

    for (head.n_violations = 0; head.n_violations < 2; head.n_violations++) {
        struct mc_bytes text = {0};
        mc_cleanup(mc_json_freep) struct mc_json *json = NULL;

        head.violations = list;
        assert_int_equal(gateway_error_json(&edge->arena, &head, &text), MC_OK);
        assert_int_equal(mc_json_parse(text, &json), MC_OK);
        assert_string_equal(mc_json_text(json, "code"), "unavailable");
        assert_int_equal(mc_json_count(json, "details"), head.n_violations + 1);
        assert_string_equal(mc_json_text(json, "details.0.debug.code"), "BUSY");
        assert_string_equal(mc_json_text(json, "details.0.debug.field"), "");
    }
}

static void an_error_without_code_has_no_details(void **state)
{
    struct edge *edge = *state;
    Motcua__Header head = head_of(99, "");
    struct mc_bytes text = {0};

    assert_int_equal(gateway_error_json(&edge->arena, &head, &text), MC_OK);
    assert_string_equal(
        text.data, "{\"code\":\"unknown\",\"message\":\"Không \\\"được\\\".\",\"details\":[]}");
}

static void a_full_arena_is_told(void **state)
{
    struct edge *edge = *state;
    Motcua__Header head = head_of(3, "PHONE_FORMAT");
    struct mc_bytes text = {0};

    mc_arena_budget(&edge->arena, 32);
    assert_int_equal(gateway_error_json(&edge->arena, &head, &text), MC_FULL);
}

/* --- headers --- */

static const char *value_of(const struct gateway_headers *headers, const char *name)
{
    for (const struct mc_header *line = headers->lines; line->name != NULL; line++)
        if (strcmp(line->name, name) == 0)
            return line->value;
    return NULL;
}

static void every_answer_protects_its_reader(void **state)
{
    struct gateway_headers plain = {0};
    struct gateway_headers secure = {0};

    (void)state;
    gateway_headers_safe(&plain, false);
    gateway_headers_safe(&secure, true);
    assert_string_equal(value_of(&plain, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(value_of(&plain, "Cache-Control"), "no-store");
    assert_non_null(strstr(value_of(&plain, "Content-Security-Policy"), "default-src 'none'"));
    assert_null(value_of(&plain, "Strict-Transport-Security"));
    assert_non_null(value_of(&secure, "Strict-Transport-Security"));
    assert_true(mc_headers_ok(secure.lines));
}

static void only_listed_origins_may_read(void **state)
{
    static const char *const items[] = {"https://portal.example.vn", "null"};
    static const char *const others[] = {"https://portal.example.vn.evil.example",
                                         "http://portal.example.vn", "https://portal.example.vn/",
                                         "null", ""};
    struct mc_config_list origins = {items, MC_LEN(items)};
    struct mc_config_list nobody = {NULL, 0};
    struct gateway_headers open = {0};
    struct gateway_headers closed = {0};

    (void)state;
    for (size_t i = 0; i < MC_LEN(others); i++)
        assert_null(gateway_origin_find(&origins, others[i]));
    assert_null(gateway_origin_find(&origins, NULL));
    assert_null(gateway_origin_find(&nobody, items[0]));
    assert_ptr_equal(gateway_origin_find(&origins, "https://portal.example.vn"), items[0]);

    gateway_headers_preflight(&open, items[0]);
    gateway_headers_cors(&open, items[0]);
    assert_string_equal(value_of(&open, "Access-Control-Allow-Origin"), items[0]);
    assert_non_null(strstr(value_of(&open, "Access-Control-Allow-Headers"), "Authorization"));
    gateway_headers_preflight(&closed, NULL);
    gateway_headers_cors(&closed, NULL);
    assert_string_equal(value_of(&closed, "Allow"), "POST, OPTIONS");
    assert_int_equal(closed.len, 1);
    assert_true(mc_headers_ok(open.lines));
}

/* --- metrics --- */

static struct mc_metrics own;

static const char *text_of(struct edge *edge,
                           const Motcua__StatsReply *const replies[GATEWAY_ROOMS])
{
    struct mc_bytes text = {0};

    mc_metrics_init(&own);
    assert_int_equal(gateway_stats_text(&edge->arena, replies, &own, &text), MC_OK);
    assert_int_equal(strlen(text.data), text.len);
    return text.data;
}

static void assert_line(const char *text, const char *line)
{
    char whole[256];

    (void)snprintf(whole, sizeof whole, "\n%s\n", line);
    if (strstr(text, whole) == NULL)
        fail_msg("no line: %s", line);
}

static void a_silent_room_is_down(void **state)
{
    const Motcua__StatsReply *replies[GATEWAY_ROOMS] = {NULL};
    const char *text = text_of(*state, replies);

    assert_line(text, "motcua_room_up{room=\"identity\"} 0");
    assert_line(text, "motcua_room_up{room=\"audit\"} 0");
    assert_null(strstr(text, "motcua_store"));
}

static void a_rooms_numbers_have_names_and_units(void **state)
{
    Motcua__LaneStats lane = MOTCUA__LANE_STATS__INIT;
    Motcua__LaneStats *lanes[] = {&lane};
    Motcua__LaneForecast forecast = MOTCUA__LANE_FORECAST__INIT;
    Motcua__FollowStats follow = MOTCUA__FOLLOW_STATS__INIT;
    Motcua__FollowStats *follows[] = {&follow};
    Motcua__StoreStats store = MOTCUA__STORE_STATS__INIT;
    Motcua__StatsReply stats = MOTCUA__STATS_REPLY__INIT;
    uint64_t turns[] = {5, 0, 1};
    const Motcua__StatsReply *replies[GATEWAY_ROOMS] = {NULL, &stats};

    lane.lane = mc_unconst("otp");
    lane.queued = 3;
    lane.dead = 1;
    lane.enqueued_total = 10;
    lane.failed_total = 2;
    lane.oldest_ms = 2500;
    lane.retrying = 2;
    lane.limit_ms = 90000;
    lane.forecast = &forecast;
    forecast.late_at_ms = 63000;
    follow.room = mc_unconst("identity");
    follow.applied = 7;
    follow.last = 9;
    follow.heard_ms = 1000;
    store.map_bytes = 1 << 20;
    store.used_bytes = 4096;
    stats.version = mc_unconst("0.1.0");
    stats.now_ms = 3000;
    stats.started_ms = 500;
    stats.journal_last = 42;
    stats.memory_bytes = 1 << 16;
    stats.calls = 9;
    stats.turns = 6;
    stats.lanes = lanes;
    stats.n_lanes = 1;
    stats.follows = follows;
    stats.n_follows = 1;
    stats.store = &store;
    stats.turn_size_buckets = turns;
    stats.n_turn_size_buckets = MC_LEN(turns);

    const char *text = text_of(*state, replies);
    assert_line(text, "motcua_room_up{room=\"otp\"} 1");
    assert_line(text, "motcua_queue_jobs{room=\"otp\",queue=\"otp\",state=\"queued\"} 3");
    assert_line(text, "motcua_queue_jobs{room=\"otp\",queue=\"otp\",state=\"dead\"} 1");
    assert_line(text, "motcua_queue_oldest_age_seconds{room=\"otp\",queue=\"otp\"} 2.5");
    assert_line(text, "motcua_queue_retrying_jobs{room=\"otp\",queue=\"otp\"} 2");
    assert_line(text, "motcua_queue_limit_seconds{room=\"otp\",queue=\"otp\"} 90");
    assert_line(text, "motcua_queue_late{room=\"otp\",queue=\"otp\"} 0");
    assert_line(text, "motcua_queue_late_in_seconds{room=\"otp\",queue=\"otp\"} 60");
    assert_line(text, "motcua_queue_enqueued_total{room=\"otp\",queue=\"otp\"} 10");
    assert_line(text, "motcua_queue_failed_total{room=\"otp\",queue=\"otp\"} 2");
    assert_line(text, "motcua_follow_lag_events{room=\"otp\",from=\"identity\"} 2");
    assert_line(text, "motcua_follow_heard_age_seconds{room=\"otp\",from=\"identity\"} 2");
    assert_line(text, "motcua_store_used_bytes{room=\"otp\"} 4096");
    assert_line(text, "motcua_store_map_bytes{room=\"otp\"} 1048576");
    assert_line(text, "motcua_journal_last_sequence{room=\"otp\"} 42");
    assert_line(text, "motcua_room_memory_bytes{room=\"otp\"} 65536");
    assert_line(text, "motcua_room_start_time_seconds{room=\"otp\"} 0.5");
    assert_line(text, "motcua_turn_calls_bucket{room=\"otp\",le=\"1\"} 5");
    assert_line(text, "motcua_turn_calls_bucket{room=\"otp\",le=\"4\"} 6");
    assert_line(text, "motcua_turn_calls_sum{room=\"otp\"} 9");
}

static void latencies_become_seconds_and_add_up(void **state)
{
    Motcua__MethodStats method = MOTCUA__METHOD_STATS__INIT;
    Motcua__MethodStats *methods[] = {&method};
    Motcua__StatsReply stats = MOTCUA__STATS_REPLY__INIT;
    uint64_t buckets[20] = {[0] = 1, [1] = 2, [19] = 4};
    const Motcua__StatsReply *replies[GATEWAY_ROOMS] = {NULL, &stats};

    method.method = mc_unconst("motcua.otp.v1.Otp/Issue");
    method.ok = 4;
    method.refused = 2;
    method.failed = 1;
    method.us_total = 12500000;
    method.us_buckets = buckets;
    method.n_us_buckets = MC_LEN(buckets);
    stats.methods = methods;
    stats.n_methods = 1;

    const char *text = text_of(*state, replies);
    assert_line(text, "motcua_method_calls_total{room=\"otp\",method=\"Issue\",outcome=\"ok\"} 4");
    assert_line(text,
                "motcua_method_calls_total{room=\"otp\",method=\"Issue\",outcome=\"refused\"} 2");
    assert_line(text,
                "motcua_method_calls_total{room=\"otp\",method=\"Issue\",outcome=\"failed\"} 1");
    assert_line(text,
                "motcua_method_duration_seconds_bucket{room=\"otp\",method=\"Issue\",le=\"8e-06\"} "
                "1");
    assert_line(
        text,
        "motcua_method_duration_seconds_bucket{room=\"otp\",method=\"Issue\",le=\"1.6e-05\"} 3");
    assert_line(
        text,
        "motcua_method_duration_seconds_bucket{room=\"otp\",method=\"Issue\",le=\"2.097152\"} 3");
    assert_line(
        text, "motcua_method_duration_seconds_bucket{room=\"otp\",method=\"Issue\",le=\"+Inf\"} 7");
    assert_line(text, "motcua_method_duration_seconds_sum{room=\"otp\",method=\"Issue\"} 12.5");
    assert_line(text, "motcua_method_duration_seconds_count{room=\"otp\",method=\"Issue\"} 7");
}

/* Six rooms with all their methods, lanes and follows: nothing is dropped, no name told twice. */
static void all_rooms_fit(void **state)
{
    enum { METHODS = 14, LANES = 4, FOLLOWS = 3 };
    static Motcua__MethodStats methods[METHODS];
    static Motcua__LaneStats lanes[LANES];
    static Motcua__FollowStats follows[FOLLOWS];
    static char names[METHODS][32];
    Motcua__MethodStats *method_list[METHODS];
    Motcua__LaneStats *lane_list[LANES];
    Motcua__FollowStats *follow_list[FOLLOWS];
    Motcua__StoreStats store = MOTCUA__STORE_STATS__INIT;
    Motcua__StatsReply stats = MOTCUA__STATS_REPLY__INIT;
    const Motcua__StatsReply *replies[GATEWAY_ROOMS];

    for (size_t i = 0; i < METHODS; i++) {
        (void)snprintf(names[i], sizeof names[i], "m.v1.R/M%zu", i);
        motcua__method_stats__init(&methods[i]);
        methods[i].method = names[i];
        method_list[i] = &methods[i];
    }
    for (size_t i = 0; i < LANES; i++) {
        motcua__lane_stats__init(&lanes[i]);
        lanes[i].lane = names[i];
        lane_list[i] = &lanes[i];
    }
    for (size_t i = 0; i < FOLLOWS; i++) {
        motcua__follow_stats__init(&follows[i]);
        follows[i].room = names[i];
        follows[i].heard_ms = 1;
        follow_list[i] = &follows[i];
    }
    stats.methods = method_list;
    stats.n_methods = METHODS;
    stats.lanes = lane_list;
    stats.n_lanes = LANES;
    stats.follows = follow_list;
    stats.n_follows = FOLLOWS;
    stats.store = &store;
    for (size_t i = 0; i < GATEWAY_ROOMS; i++)
        replies[i] = &stats;

    const char *text = text_of(*state, replies);
    const char *dropped = strstr(text, "\nmotcua_metrics_dropped_total ");
    assert_non_null(dropped);
    assert_null(strstr(dropped + 1, "\nmotcua_metrics_dropped_total "));
    assert_line(text, "motcua_metrics_dropped_total 0");
}

#define EDGE_TEST(test) cmocka_unit_test_setup_teardown(test, edge_open, edge_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EDGE_TEST(every_failed_condition_is_a_detail),
        EDGE_TEST(the_stable_code_is_always_the_first_detail),
        EDGE_TEST(an_error_without_code_has_no_details),
        EDGE_TEST(a_full_arena_is_told),
        cmocka_unit_test(every_answer_protects_its_reader),
        cmocka_unit_test(only_listed_origins_may_read),
        EDGE_TEST(a_silent_room_is_down),
        EDGE_TEST(a_rooms_numbers_have_names_and_units),
        EDGE_TEST(latencies_become_seconds_and_add_up),
        EDGE_TEST(all_rooms_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
