/* What operators do to many jobs: what was previewed is what runs, and who did it is known. */
#include "common/actions.h"

#include "bell_room.h"

static const struct mc_caller an = {.name = "operator:an"};
static const struct mc_caller binh = {.name = "operator:binh"};
static const struct mc_caller portal = {.name = "portal:a"};

static int open_room(void **state)
{
    *state = harness_open(&bell_room, NULL);
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

static void order(struct harness *h, const char *text, size_t n)
{
    Bell__OrderRequest request = BELL__ORDER_REQUEST__INIT;

    harness_as(h, &portal);
    request.kind = mc_unconst("bell.http");
    request.text = mc_unconst(text);
    for (size_t i = 0; i < n; i++)
        assert_non_null(harness_call(h, "Order", &request.base, MC_OK));
}

/* n dead letters: each was tried once, and buried. */
static void bury(struct harness *h, size_t n)
{
    struct harness_exchange exchange;

    order(h, "bury", n);
    for (size_t i = 0; i < n; i++) {
        assert_true(harness_effect(h, "bell.http", &exchange));
        harness_answer(h, &exchange, 500, "");
    }
    assert_int_equal(harness_dead(h, BELL_OUT), n);
}

static void filter_of(Motcua__JobFilter *filter, Motcua__JobState state)
{
    motcua__job_filter__init(filter);
    filter->lane = mc_unconst("out");
    filter->state = state;
}

static const Motcua__Action *prepare(struct harness *h, Motcua__ActionKind kind,
                                     Motcua__JobFilter *filter, const char *destination)
{
    Motcua__PrepareActionRequest request = MOTCUA__PREPARE_ACTION_REQUEST__INIT;

    request.kind = kind;
    request.filter = filter;
    request.destination = mc_unconst(destination);
    request.reason = mc_unconst("đối tác đã chạy lại");
    harness_as(h, &an);
    return harness_call(h, "PrepareAction", &request.base, MC_OK);
}

static const Motcua__Action *get(struct harness *h, const Motcua__Action *action)
{
    Motcua__GetActionRequest request = MOTCUA__GET_ACTION_REQUEST__INIT;

    request.action_id = action->action_id;
    harness_as(h, &an);
    return harness_call(h, "GetAction", &request.base, MC_OK);
}

static const Motcua__Action *bound(struct harness *h, const char *method,
                                   const struct mc_caller *who, const Motcua__Action *action,
                                   enum mc_status want)
{
    Motcua__RunActionRequest request = MOTCUA__RUN_ACTION_REQUEST__INIT;

    request.action_id = action->action_id;
    request.set_hash = action->set_hash;
    harness_as(h, who);
    return harness_call(h, method, &request.base, want);
}

static const Motcua__Action *settle(struct harness *h, const Motcua__Action *action)
{
    for (size_t i = 0; i < 50; i++)
        harness_tick(h);
    return get(h, action);
}

static void dead_letters_are_tried_again(void **state)
{
    struct harness *h = *state;
    Motcua__JobFilter filter;
    struct harness_exchange exchange;

    bury(h, 3);
    assert_false(harness_effect(h, "bell.http", &exchange));
    filter_of(&filter, MOTCUA__JOB_STATE__DEAD);
    const Motcua__Action *action = prepare(h, MOTCUA__ACTION_KIND__RETRY, &filter, "");
    assert_int_equal(action->state, MOTCUA__ACTION_STATE__PREPARED);
    assert_int_equal(action->count, 3);
    assert_int_equal(action->n_sample, 3);
    assert_int_equal(action->sample[0]->payload.len, 0);
    assert_false(action->needs_approval);
    assert_int_equal(harness_dead(h, BELL_OUT), 3); /* looking changes nothing */

    assert_non_null(bound(h, "RunAction", &an, action, MC_OK));
    const Motcua__Action *done = settle(h, action);
    assert_int_equal(done->state, MOTCUA__ACTION_STATE__DONE);
    assert_int_equal(done->done, 3);
    assert_string_equal(done->run_by, "operator:an");
    assert_int_equal(harness_dead(h, BELL_OUT), 0);
    assert_int_equal(harness_jobs(h, BELL_OUT), 3);
    assert_true(harness_effect(h, "bell.http", &exchange));
    assert_int_equal(harness_events(h, "bell.queue_action_prepared"), 1);
    assert_int_equal(harness_events(h, "bell.queue_action_run"), 1);
    assert_int_equal(harness_events(h, "bell.queue_action_done"), 1);
    assert_int_equal(harness_rows(h, MC_TABLE_ACTION_SET), 0);
}

/* What came after the preview is not touched, and what moved on meanwhile is passed over. */
static void what_was_seen_is_what_runs(void **state)
{
    struct harness *h = *state;
    Motcua__JobFilter filter;
    struct harness_exchange exchange;

    bury(h, 2);
    filter_of(&filter, MOTCUA__JOB_STATE__DEAD);
    const Motcua__Action *action = prepare(h, MOTCUA__ACTION_KIND__RETRY, &filter, "");
    uint64_t first = action->sample[0]->id;
    filter.ids = &first;
    filter.n_ids = 1;
    const Motcua__Action *single = prepare(h, MOTCUA__ACTION_KIND__DROP, &filter, "");
    assert_int_equal(single->count, 1);
    assert_non_null(bound(h, "RunAction", &an, single, MC_OK));
    (void)settle(h, single);
    order(h, "bury", 1);
    assert_true(harness_effect(h, "bell.http", &exchange));
    harness_answer(h, &exchange, 500, "");

    assert_non_null(bound(h, "RunAction", &an, action, MC_OK));
    const Motcua__Action *done = settle(h, action);
    assert_int_equal(done->done, 1);
    assert_int_equal(done->skipped, 1);
    assert_int_equal(harness_jobs(h, BELL_OUT), 1);
    assert_int_equal(harness_dead(h, BELL_OUT), 1);
}

static void another_hash_is_refused(void **state)
{
    struct harness *h = *state;
    Motcua__JobFilter filter;

    bury(h, 1);
    filter_of(&filter, MOTCUA__JOB_STATE__DEAD);
    const Motcua__Action *action = prepare(h, MOTCUA__ACTION_KIND__RETRY, &filter, "");
    action->set_hash.data[0] ^= 1;
    assert_null(bound(h, "RunAction", &an, action, MC_CONFLICT));
    action->set_hash.data[0] ^= 1;
    assert_null(bound(h, "RunAction", &portal, action, MC_DENIED));
    assert_null(bound(h, "ApproveAction", &binh, action, MC_CONFLICT));
    assert_non_null(bound(h, "RunAction", &an, action, MC_OK));
    assert_null(bound(h, "RunAction", &an, action, MC_CONFLICT));
}

/* At the limit one operator is enough; with one job more a second has to agree. */
static void many_jobs_need_a_second_operator(void **state)
{
    struct harness *h = *state;
    Motcua__JobFilter filter;

    order(h, "done", MC_ACTION_ALONE_MAX);
    filter_of(&filter, MOTCUA__JOB_STATE__QUEUED);
    assert_false(prepare(h, MOTCUA__ACTION_KIND__HOLD, &filter, "")->needs_approval);
    order(h, "done", 1);
    const Motcua__Action *action = prepare(h, MOTCUA__ACTION_KIND__HOLD, &filter, "");
    assert_true(action->needs_approval);
    assert_non_null(bound(h, "RunAction", &an, action, MC_OK));
    assert_int_equal(settle(h, action)->state, MOTCUA__ACTION_STATE__ASKED);
    assert_null(bound(h, "ApproveAction", &an, action, MC_DENIED));
    assert_non_null(bound(h, "ApproveAction", &binh, action, MC_OK));
    const Motcua__Action *done = settle(h, action);
    assert_int_equal(done->state, MOTCUA__ACTION_STATE__DONE);
    assert_string_equal(done->approved_by, "operator:binh");
    assert_int_equal(done->done, MC_ACTION_ALONE_MAX + 1);
}

/* actions.alone_max, at its least. */
static void one_job_needs_a_second_operator(void **state)
{
    struct harness *h = *state;
    Motcua__JobFilter filter;

    harness_service(h)->options.alone_max = 0;
    order(h, "done", 1);
    filter_of(&filter, MOTCUA__JOB_STATE__QUEUED);
    assert_true(prepare(h, MOTCUA__ACTION_KIND__HOLD, &filter, "")->needs_approval);
}

/* The other side is well again: what waits out its pause is due now, what was never tried is not
 * touched: it may be for a later time. */
static void a_pause_after_failures_is_ended(void **state)
{
    struct harness *h = *state;
    Motcua__JobFilter filter;
    struct harness_exchange exchange;

    order(h, "retry", 2);
    for (int i = 0; i < 2; i++) {
        assert_true(harness_effect(h, "bell.http", &exchange));
        harness_answer(h, &exchange, 503, "");
    }
    assert_false(harness_effect(h, "bell.http", &exchange)); /* they rest */
    order(h, "done", 1);
    filter_of(&filter, MOTCUA__JOB_STATE__QUEUED);
    const Motcua__Action *action = prepare(h, MOTCUA__ACTION_KIND__RETRY, &filter, "");
    assert_int_equal(action->count, 2);
    assert_non_null(bound(h, "RunAction", &an, action, MC_OK));
    const Motcua__Action *done = settle(h, action);
    assert_int_equal(done->state, MOTCUA__ACTION_STATE__DONE);
    assert_int_equal(done->done, 2);
    assert_int_equal(harness_jobs(h, BELL_OUT), 3);
    for (int i = 0; i < 3; i++)
        assert_true(harness_effect(h, "bell.http", &exchange));
}

static void held_jobs_wait_until_they_are_released(void **state)
{
    struct harness *h = *state;
    Motcua__JobFilter filter;
    struct harness_exchange exchange;

    order(h, "done", 2);
    filter_of(&filter, MOTCUA__JOB_STATE__QUEUED);
    const Motcua__Action *action = prepare(h, MOTCUA__ACTION_KIND__HOLD, &filter, "");
    assert_non_null(bound(h, "RunAction", &an, action, MC_OK));
    (void)settle(h, action);
    assert_false(harness_effect(h, "bell.http", &exchange));

    filter.state = MOTCUA__JOB_STATE__HELD;
    action = prepare(h, MOTCUA__ACTION_KIND__MOVE, &filter, "elsewhere");
    assert_non_null(bound(h, "RunAction", &an, action, MC_OK));
    (void)settle(h, action);
    filter.destination = mc_unconst("elsewhere");
    action = prepare(h, MOTCUA__ACTION_KIND__RELEASE, &filter, "");
    assert_int_equal(action->count, 2);
    assert_non_null(bound(h, "RunAction", &an, action, MC_OK));
    assert_int_equal(settle(h, action)->done, 2);
    assert_true(harness_effect(h, "bell.http", &exchange));
    harness_answer(h, &exchange, 200, "");
    filter.state = MOTCUA__JOB_STATE__QUEUED;
    action = prepare(h, MOTCUA__ACTION_KIND__DROP, &filter, "");
    assert_non_null(bound(h, "RunAction", &an, action, MC_OK));
    (void)settle(h, action);
    assert_int_equal(harness_jobs(h, BELL_OUT), 0);
}

/* In chunks, between other calls; stopped in the middle, what was done stays done. */
static void a_long_action_can_be_stopped(void **state)
{
    enum { JOBS = 3 * MC_ACTION_CHUNK };
    struct harness *h = *state;
    Motcua__StopActionRequest stop = MOTCUA__STOP_ACTION_REQUEST__INIT;
    Motcua__JobFilter filter;

    order(h, "done", JOBS);
    filter_of(&filter, MOTCUA__JOB_STATE__QUEUED);
    const Motcua__Action *action = prepare(h, MOTCUA__ACTION_KIND__HOLD, &filter, "");
    assert_int_equal(action->state, MOTCUA__ACTION_STATE__COUNTING);
    assert_int_equal(action->count, MC_ACTION_CHUNK);
    action = settle(h, action);
    assert_int_equal(action->count, JOBS);
    assert_int_equal(action->n_sample, MC_ACTION_SAMPLE);
    assert_non_null(bound(h, "RunAction", &an, action, MC_OK));
    assert_non_null(bound(h, "ApproveAction", &binh, action, MC_OK));
    harness_tick(h);
    assert_int_equal(get(h, action)->done, MC_ACTION_STEP);
    stop.action_id = action->action_id;
    assert_null(harness_call(h, "StopAction", &stop.base, MC_INVALID));
    stop.reason = mc_unconst("nhầm hàng đợi");
    assert_non_null(harness_call(h, "StopAction", &stop.base, MC_OK));
    const Motcua__Action *stopped = settle(h, action);
    assert_int_equal(stopped->state, MOTCUA__ACTION_STATE__STOPPED);
    assert_int_equal(stopped->done, MC_ACTION_STEP);
    assert_int_equal(harness_rows(h, MC_TABLE_ACTION_SET), 0);
    assert_null(harness_call(h, "StopAction", &stop.base, MC_CONFLICT));
}

static void what_is_never_run_is_forgotten(void **state)
{
    struct harness *h = *state;
    Motcua__JobFilter filter;

    bury(h, 1);
    filter_of(&filter, MOTCUA__JOB_STATE__DEAD);
    const Motcua__Action *action = prepare(h, MOTCUA__ACTION_KIND__RETRY, &filter, "");
    harness_advance(h, MC_ACTION_LIFE_MS - 1);
    assert_int_equal(settle(h, action)->state, MOTCUA__ACTION_STATE__PREPARED);
    harness_advance(h, 1);
    assert_int_equal(settle(h, action)->state, MOTCUA__ACTION_STATE__STOPPED);
    assert_int_equal(harness_dead(h, BELL_OUT), 1);
}

static void refusals(void **state)
{
    static const struct {
        Motcua__ActionKind kind;
        Motcua__JobState job_state;
        const char *lane;
        const char *destination;
        const char *reason;
        const char *field;
    } cases[] = {
        {MOTCUA__ACTION_KIND__RETRY, MOTCUA__JOB_STATE__HELD, "out", "", "x", "filter.state"},
        {MOTCUA__ACTION_KIND__HOLD, MOTCUA__JOB_STATE__LEASED, "out", "", "x", "filter.state"},
        {MOTCUA__ACTION_KIND__DROP, MOTCUA__JOB_STATE__LEASED, "out", "", "x", "filter.state"},
        {MOTCUA__ACTION_KIND__RELEASE, MOTCUA__JOB_STATE__DEAD, "out", "", "x", "filter.state"},
        {MOTCUA__ACTION_KIND__RETRY, MOTCUA__JOB_STATE__DEAD, "", "", "x", "filter.lane"},
        {MOTCUA__ACTION_KIND__RETRY, MOTCUA__JOB_STATE__DEAD, "kitchen", "", "x", "filter.lane"},
        {MOTCUA__ACTION_KIND__RETRY, MOTCUA__JOB_STATE__DEAD, "out", "", "", "reason"},
        {MOTCUA__ACTION_KIND__MOVE, MOTCUA__JOB_STATE__DEAD, "out", "", "x", "destination"},
        {MOTCUA__ACTION_KIND__RETRY, MOTCUA__JOB_STATE__DEAD, "out", "y", "x", "destination"},
    };
    struct harness *h = *state;

    harness_as(h, &an);
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        Motcua__PrepareActionRequest request = MOTCUA__PREPARE_ACTION_REQUEST__INIT;
        Motcua__JobFilter filter;

        filter_of(&filter, cases[i].job_state);
        filter.lane = mc_unconst(cases[i].lane);
        request.kind = cases[i].kind;
        request.filter = &filter;
        request.destination = mc_unconst(cases[i].destination);
        request.reason = mc_unconst(cases[i].reason);
        assert_null(harness_call(h, "PrepareAction", &request.base, MC_INVALID));
        assert_string_equal(harness_header(h)->violations[0]->field, cases[i].field);
    }
    harness_as(h, &portal);
    Motcua__PrepareActionRequest request = MOTCUA__PREPARE_ACTION_REQUEST__INIT;
    assert_null(harness_call(h, "PrepareAction", &request.base, MC_DENIED));
}

static void limits(void **state)
{
    struct harness *h = *state;
    Motcua__ListActionsRequest list = MOTCUA__LIST_ACTIONS_REQUEST__INIT;
    Motcua__PrepareActionRequest request = MOTCUA__PREPARE_ACTION_REQUEST__INIT;
    uint64_t ids[MC_ACTION_IDS_MAX + 1] = {0};
    Motcua__JobFilter filter;

    filter_of(&filter, MOTCUA__JOB_STATE__DEAD);
    filter.ids = ids;
    filter.n_ids = MC_ACTION_IDS_MAX;
    (void)prepare(h, MOTCUA__ACTION_KIND__RETRY, &filter, "");
    filter.n_ids++;
    request.kind = MOTCUA__ACTION_KIND__RETRY;
    request.filter = &filter;
    request.reason = mc_unconst("x");
    assert_null(harness_call(h, "PrepareAction", &request.base, MC_INVALID));
    filter.n_ids = 0;
    for (size_t i = 1; i < MC_ACTION_OPEN_MAX; i++)
        (void)prepare(h, MOTCUA__ACTION_KIND__RETRY, &filter, "");
    assert_null(harness_call(h, "PrepareAction", &request.base, MC_LIMITED));

    list.page_size = MC_ACTION_PAGE_MAX + 1;
    assert_null(harness_call(h, "ListActions", &list.base, MC_INVALID));
    list.page_size = MC_ACTION_OPEN_MAX - 1;
    const Motcua__ListActionsReply *page = harness_call(h, "ListActions", &list.base, MC_OK);
    assert_int_equal(page->n_actions, MC_ACTION_OPEN_MAX - 1);
    assert_true(page->more);
    list.before = page->actions[page->n_actions - 1]->action_id;
    page = harness_call(h, "ListActions", &list.base, MC_OK);
    assert_int_equal(page->n_actions, 1);
    assert_false(page->more);
}

int main(void)
{
#define ROOM_TEST(test) cmocka_unit_test_setup_teardown(test, open_room, close_room)
    const struct CMUnitTest tests[] = {
        ROOM_TEST(dead_letters_are_tried_again),
        ROOM_TEST(what_was_seen_is_what_runs),
        ROOM_TEST(another_hash_is_refused),
        ROOM_TEST(many_jobs_need_a_second_operator),
        ROOM_TEST(one_job_needs_a_second_operator),
        ROOM_TEST(a_pause_after_failures_is_ended),
        ROOM_TEST(held_jobs_wait_until_they_are_released),
        ROOM_TEST(a_long_action_can_be_stopped),
        ROOM_TEST(what_is_never_run_is_forgotten),
        ROOM_TEST(refusals),
        ROOM_TEST(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
