#include "common/frame.h"
#include "common/turn.h"

#include "bell_room.h"

/* Destinations that are closed or full: "closed…", "late…" (opens a minute after the start), and
 * all others take two at once. */
static void test_gate(void *ctx, struct mc_txn *txn, const char *destination,
                      struct mc_gate *ret_gate)
{
    (void)ctx, (void)txn;
    if (strncmp(destination, "closed", 6) == 0)
        ret_gate->open_ms = INT64_MAX;
    else if (strncmp(destination, "late", 4) == 0)
        ret_gate->open_ms = HARNESS_T0 + 60000;
    ret_gate->most = 2;
}

static enum mc_status test_http_now(void *ctx, struct mc_txn *snapshot, const struct mc_job *job,
                                    const ProtobufCMessage *payload,
                                    struct mc_http_request *ret_request)
{
    struct mc_bytes value = {0};

    (void)ctx, (void)job, (void)payload;
    ret_request->method = "POST";
    ret_request->url =
        mc_get(snapshot, BELL_RINGS, mc_key_text("url"), &value)
            ? mc_sprintf(snapshot->arena, "%.*s", (int)value.len, (const char *)value.data)
            : "https://bell.test/none";
    return snapshot->status;
}

static enum mc_status test_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                const ProtobufCMessage *payload, const struct mc_result *result,
                                enum mc_verdict *ret_verdict)
{
    (void)ctx, (void)job, (void)payload;
    *ret_verdict = result->http_status == 202 ? MC_AGAIN : MC_DONE;
    return txn->status;
}

static const struct mc_effect gated_effects[] = {
    {.kind = "gated",
     .lane = BELL_OUT,
     .payload = &bell__note__descriptor,
     .http_now = test_http_now,
     .done = test_done,
     .lease_ms = BELL_LEASE_MS,
     .concurrency = 64,
     .gate = test_gate},
};

struct gate_test {
    struct harness *h;
    struct mc_service *service;
    struct mc_room room;
    struct mc_job jobs[64];
};

static struct gate_test *open_test(void)
{
    static struct gate_test t;

    t = (struct gate_test){.room = bell_room};
    t.room.effects = gated_effects;
    t.room.effects_len = MC_LEN(gated_effects);
    t.h = harness_open(&t.room, NULL);
    t.service = harness_service(t.h);
    return &t;
}

static void add(struct gate_test *t, const char *destination, size_t n)
{
    struct mc_turn turn;
    struct mc_txn txn;
    Motcua__Header head = MOTCUA__HEADER__INIT;
    struct mc_call call = {.head = &head, .caller = {.name = "room:test", .who = MC_ROOM}};

    mc_turn_begin(&turn, t->service->store, &t->service->arena, harness_now(t->h));
    mc_arena_budget(&t->service->arena, 32 << 20);
    mc_txn_open(&txn, &turn);
    mc_txn_fill(t->service, &txn, &call);
    txn.actor = "test";
    for (size_t i = 0; i < n; i++)
        assert_int_not_equal(mc_job_add(&txn, &(struct mc_job_spec){.lane = BELL_OUT,
                                                                    .kind = "gated",
                                                                    .destination = destination}),
                             0);
    assert_int_equal(mc_txn_apply(&txn), MC_OK);
    assert_int_equal(mc_turn_commit(&turn), MC_OK);
    mc_arena_reset(&t->service->arena);
}

/* Leases; the destinations that got some, one letter each. */
static const char *lease(struct gate_test *t, size_t max)
{
    static char got[65];
    struct mc_turn turn;

    mc_turn_begin(&turn, t->service->store, &t->service->arena, harness_now(t->h));
    size_t n = mc_effects_lease(t->service, &turn, BELL_OUT, t->jobs, max);
    for (size_t i = 0; i < n; i++)
        got[i] = t->jobs[i].record->destination[0];
    got[n] = '\0';
    assert_int_equal(mc_turn_commit(&turn), MC_OK);
    return got;
}

static int64_t next_due(struct gate_test *t)
{
    struct mc_txn txn;

    assert_int_equal(mc_snapshot_open(t->service->store, &t->service->arena, &txn), MC_OK);
    int64_t due = mc_effects_next_due(t->service, &txn, BELL_OUT);
    mc_snapshot_close(&txn);
    mc_arena_reset(&t->service->arena);
    return due;
}

/* An operator's pause is a gate too: passed over, and awaited when it has an end. */
static void a_paused_destination_is_passed_over(void **state)
{
    struct gate_test *t = open_test();
    Motcua__PauseLaneRequest pause = MOTCUA__PAUSE_LANE_REQUEST__INIT;

    (void)state;
    add(t, "a", 2);
    add(t, "b", 1);
    harness_as(t->h, &(struct mc_caller){.name = "operator:an"});
    pause.lane = mc_unconst("out");
    pause.destination = mc_unconst("a");
    pause.reason = mc_unconst("bảo trì");
    pause.until_ms = harness_now(t->h) + 5000;
    assert_non_null(harness_call(t->h, "PauseLane", &pause.base, MC_OK));
    assert_string_equal(lease(t, 64), "b");
    assert_int_equal(next_due(t), HARNESS_T0 + 5000);
    harness_advance(t->h, 5000);
    assert_string_equal(lease(t, 64), "aa");
    harness_close(t->h);
}

static void each_destination_gets_what_its_gate_lets_through(void **state)
{
    struct gate_test *t = open_test();

    (void)state;
    add(t, "a", 3);
    add(t, "b", 1);
    add(t, "closed", 5);
    add(t, "late", 1);
    assert_int_equal(next_due(t), harness_now(t->h));
    assert_string_equal(lease(t, 64), "aab");
    assert_string_equal(lease(t, 64), ""); /* a has two in hand */
    /* a is full; b's lease ends before the late one opens */
    assert_int_equal(next_due(t), HARNESS_T0 + BELL_LEASE_MS);
    harness_close(t->h);
}

static void who_waits_longest_in_the_round_comes_first(void **state)
{
    struct gate_test *t = open_test();

    (void)state;
    add(t, "a", 2);
    add(t, "b", 2);
    add(t, "d", 2);
    assert_string_equal(lease(t, 2), "aa");
    add(t, "a", 2);
    assert_string_equal(lease(t, 3), "bbd"); /* on from where the last walk ended */
    assert_string_equal(lease(t, 3), "d");   /* the others are full */
    harness_close(t->h);
}

/* What waits for a closed destination costs one look: the memory and the work do not grow. */
static void a_backlog_of_a_closed_destination_costs_nothing(void **state)
{
    struct gate_test *t = open_test();

    (void)state;
    for (int i = 0; i < 20; i++)
        add(t, "closed", 500);
    add(t, "z", 1);
    struct mc_txn txn;
    assert_int_equal(mc_snapshot_open(t->service->store, &t->service->arena, &txn), MC_OK);
    size_t before = t->service->arena.used;
    assert_int_equal(mc_effects_next_due(t->service, &txn, BELL_OUT), harness_now(t->h));
    assert_true(t->service->arena.used - before < 8192);
    mc_snapshot_close(&txn);
    mc_arena_reset(&t->service->arena);
    assert_string_equal(lease(t, 64), "z");
    assert_int_equal(next_due(t), HARNESS_T0 + BELL_LEASE_MS); /* only of what is in hand */
    harness_close(t->h);
}

static void many_destinations_all_get_their_turn(void **state)
{
    struct gate_test *t = open_test();
    size_t got = 0;
    char name[16];

    (void)state;
    for (int i = 0; i < 400; i++) { /* more than one walk of due.h could merge */
        (void)snprintf(name, sizeof name, "p%03d", i);
        add(t, name, 1);
    }
    for (int i = 0; i < 10; i++)
        got += strlen(lease(t, 64));
    assert_int_equal(got, 400);
    harness_close(t->h);
}

/* MC_AGAIN: a session first, then the data, within one job; and each is built of what holds now. */
static void a_step_that_went_well_is_followed_by_the_next(void **state)
{
    struct gate_test *t = open_test();
    struct harness_exchange exchange;

    (void)state;
    add(t, "a", 1);
    assert_true(harness_effect(t->h, "gated", &exchange));
    assert_string_equal(exchange.http.url, "https://bell.test/none");
    harness_answer(t->h, &exchange, 202, "");
    assert_int_equal(harness_jobs(t->h, BELL_OUT), 1);
    assert_int_equal(mc_store_counts(t->service->store)->lanes[BELL_OUT].failed_total, 0);
    assert_true(harness_effect(t->h, "gated", &exchange));
    harness_answer(t->h, &exchange, 200, "");
    assert_int_equal(harness_jobs(t->h, BELL_OUT), 0);
    assert_int_equal(mc_store_counts(t->service->store)->lanes[BELL_OUT].done_total, 1);
    harness_close(t->h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_destination_gets_what_its_gate_lets_through),
        cmocka_unit_test(a_paused_destination_is_passed_over),
        cmocka_unit_test(who_waits_longest_in_the_round_comes_first),
        cmocka_unit_test(a_backlog_of_a_closed_destination_costs_nothing),
        cmocka_unit_test(many_destinations_all_get_their_turn),
        cmocka_unit_test(a_step_that_went_well_is_followed_by_the_next),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
