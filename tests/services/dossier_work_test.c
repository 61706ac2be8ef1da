/* The work queue: by due time, by state, by officer, what is late, what will be. */
#include "../../services/dossier/work.h"
#include "dossier_help.h"

#define OFFICER_ID "0190a07b-0000-7000-8000-0000000000ff"

static Dossier__ListWorkReply *list(struct harness *h, const struct mc_caller *caller,
                                    const Dossier__ListWorkRequest *req, enum mc_status want)
{
    harness_as(h, caller);
    return harness_call(h, "ListWork", &req->base, want);
}

static struct harness *open_monday(void)
{
    struct harness *h = harness_open(&dossier_room, NULL);

    harness_set_clock(h, local(2026, 9, 7, 9, 20));
    return h;
}

static Dossier__DossierReply *assign(struct harness *h, const Dossier__DossierReply *at,
                                     const char *assignee)
{
    Dossier__AssignRequest req = DOSSIER__ASSIGN_REQUEST__INIT;

    req.dossier_id = at->dossier_id;
    req.version = at->version;
    req.department = mc_unconst("Tư pháp - Hộ tịch");
    req.assignee = mc_unconst(assignee);
    harness_as(h, &officer);
    return harness_call(h, "Assign", &req.base, MC_OK);
}

/* In order of due time, whatever the state; each filter gives its own; pages meet without a gap. */
static void test_by_due_time(void **state)
{
    struct harness *h = open_monday();
    Dossier__ListWorkRequest req = DOSSIER__LIST_WORK_REQUEST__INIT;
    int64_t last = 0;
    size_t seen = 0;

    (void)state;
    for (int i = 0; i < 12; i++) {
        harness_advance(h, MINUTE);
        in_state(h,
                 i % 3 == 0   ? DOSSIER__STATE__NEW
                 : i % 3 == 1 ? DOSSIER__STATE__PROCESSING
                              : DOSSIER__STATE__RECEIVED,
                 true);
    }
    in_state(h, DOSSIER__STATE__DRAFT, false);
    in_state(h, DOSSIER__STATE__REFUSED, false);
    in_state(h, DOSSIER__STATE__RETURNED, false);

    req.page_size = 5;
    do {
        const Dossier__ListWorkReply *page = list(h, &officer, &req, MC_OK);

        for (size_t i = 0; i < page->n_dossiers; i++, seen++) {
            assert_true(page->dossiers[i]->work_due_ms > last);
            last = page->dossiers[i]->work_due_ms;
        }
        req.page_token = page->next_page_token;
    } while (req.page_token[0] != '\0');
    assert_int_equal(seen, 12);

    req = (Dossier__ListWorkRequest)DOSSIER__LIST_WORK_REQUEST__INIT;
    req.state = DOSSIER__STATE__PROCESSING;
    assert_int_equal(list(h, &officer, &req, MC_OK)->n_dossiers, 4);
    req.due_before_ms = local(2026, 9, 10, 9, 26); /* received 09:22, 09:25 … */
    assert_int_equal(list(h, &officer, &req, MC_OK)->n_dossiers, 2);
    req.due_before_ms = local(2026, 9, 10, 9, 25);
    assert_int_equal(list(h, &officer, &req, MC_OK)->n_dossiers, 1);
    req.due_before_ms = 0;
    assert_int_equal(list(h, &district, &req, MC_OK)->n_dossiers, 4); /* own and below */
    assert_int_equal(list(h, &stranger, &req, MC_OK)->n_dossiers, 0);
    req.unit = mc_unconst(BEN_CAU);
    list(h, &stranger, &req, MC_DENIED);
    assert_true(harness_violated(h, "unit", "UNIT_NOT_YOURS"));
    req.unit = mc_unconst("x");
    list(h, &officer, &req, MC_INVALID);
    req.unit = mc_unconst("");
    req.page_token = mc_unconst("00");
    list(h, &officer, &req, MC_INVALID);
    harness_close(h);
}

static void test_of_an_officer(void **state)
{
    struct harness *h = open_monday();
    Dossier__ListWorkRequest req = DOSSIER__LIST_WORK_REQUEST__INIT;
    Dossier__DossierReply *mine = assign(h, received(h), OFFICER_ID);

    (void)state;
    harness_advance(h, MINUTE);
    Dossier__DossierReply *second = assign(h, received(h), OFFICER_ID);
    received(h);
    req.assignee = mc_unconst("me");
    Dossier__ListWorkReply *page = list(h, &officer, &req, MC_OK);
    assert_int_equal(page->n_dossiers, 2);
    assert_memory_equal(page->dossiers[0]->dossier_id.data, mine->dossier_id.data, MC_ID_LEN);
    assert_string_equal(page->dossiers[0]->assignee, OFFICER_ID);
    assert_string_equal(page->dossiers[0]->department, "Tư pháp - Hộ tịch");
    req.assignee = mc_unconst(OFFICER_ID);
    assert_int_equal(list(h, &district, &req, MC_OK)->n_dossiers, 2);
    assert_int_equal(list(h, &stranger, &req, MC_OK)->n_dossiers, 0); /* not of his unit */
    advance_as(h, &officer, second, DOSSIER__STATE__FINISHED, "", MC_OK);
    req.state = DOSSIER__STATE__PROCESSING;
    assert_int_equal(list(h, &officer, &req, MC_OK)->n_dossiers, 1);
    req.state = DOSSIER__STATE__FINISHED;
    assert_int_equal(list(h, &officer, &req, MC_OK)->n_dossiers, 1);
    req.assignee = mc_unconst("nobody");
    list(h, &officer, &req, MC_INVALID);
    assert_int_equal(harness_rows(h, DOSSIER_ASSIGNED), 2);
    harness_close(h);
}

/* Late is what has a running clock and is past its time: not what waits, not what is finished. */
static void test_what_is_late(void **state)
{
    struct harness *h = open_monday();
    Dossier__ListWorkRequest req = DOSSIER__LIST_WORK_REQUEST__INIT;

    (void)state;
    for (unsigned at = DOSSIER__STATE__NEW; at < DOSSIER_STATES_LEN; at++)
        in_state(h, (Dossier__State)at, true);
    req.overdue = true;
    assert_int_equal(list(h, &officer, &req, MC_OK)->n_dossiers, 0);
    harness_set_clock(h, local(2026, 9, 8, 9, 21));
    assert_int_equal(list(h, &officer, &req, MC_OK)->n_dossiers, 1); /* not looked at */
    harness_set_clock(h, local(2026, 9, 10, 9, 21));
    Dossier__ListWorkReply *page = list(h, &officer, &req, MC_OK);
    assert_int_equal(page->n_dossiers, 3);
    for (size_t i = 0; i < page->n_dossiers; i++)
        assert_true(page->dossiers[i]->overdue);
    harness_close(h);
}

static uint64_t in(const Dossier__CountWorkReply *counts, Dossier__State state)
{
    for (size_t i = 0; i < counts->n_states; i++)
        if (counts->states[i]->state == state)
            return counts->states[i]->count;
    fail_msg("no such state");
    return 0;
}

/* Counts follow every move, and are those of the index. */
static void test_counts(void **state)
{
    struct harness *h = open_monday();
    Dossier__CountWorkRequest req = DOSSIER__COUNT_WORK_REQUEST__INIT;

    (void)state;
    for (unsigned at = DOSSIER__STATE__DRAFT; at < DOSSIER_STATES_LEN; at++)
        in_state(h, (Dossier__State)at, true);
    harness_as(h, &district);
    Dossier__CountWorkReply *counts = harness_call(h, "CountWork", &req.base, MC_OK);
    for (unsigned at = DOSSIER__STATE__NEW; at < DOSSIER_STATES_LEN; at++)
        assert_int_equal(in(counts, (Dossier__State)at), 1);
    assert_int_equal(counts->open, 6);
    assert_int_equal(harness_rows(h, DOSSIER_WORK), 6);
    harness_as(h, &stranger);
    assert_int_equal(
        ((Dossier__CountWorkReply *)harness_call(h, "CountWork", &req.base, MC_OK))->open, 0);
    harness_as(h, &alice);
    harness_call(h, "CountWork", &req.base, MC_DENIED);
    harness_close(h);
}

static Dossier__ForecastReply *forecast(struct harness *h)
{
    Dossier__ForecastRequest req = DOSSIER__FORECAST_REQUEST__INIT;

    harness_as(h, &officer);
    return harness_call(h, "Forecast", &req.base, MC_OK);
}

/* Four finished on Friday: 0.8 a day. Of three that are due today at 09:20 none can be done by
 * then. */
static void test_forecast(void **state)
{
    struct harness *h = open_monday();
    const Dossier__ForecastReply *today;

    (void)state;
    harness_set_clock(h, local(2026, 9, 9, 9, 20));
    for (int i = 0; i < 3; i++)
        processing(h);
    harness_set_clock(h, local(2026, 9, 14, 7, 0)); /* due today, 09:20 */
    today = forecast(h);
    assert_int_equal(today->until_ms, local(2026, 9, 14, 17, 0));
    assert_int_equal(today->due_today, 3);
    assert_int_equal(today->n_dossiers, 3);
    assert_int_equal(today->likely_late, 0); /* nothing is known of this unit's pace */
    harness_set_clock(h, local(2026, 9, 11, 10, 0));
    for (int i = 0; i < 4; i++)
        finished(h);
    harness_set_clock(h, local(2026, 9, 14, 7, 0));
    today = forecast(h);
    assert_int_equal(today->finished_per_day, 8);
    assert_int_equal(today->likely_late, 3);
    harness_set_clock(h, local(2026, 9, 14, 9, 21));
    harness_tick(h);
    today = forecast(h);
    assert_int_equal(today->overdue, 3);
    assert_int_equal(today->due_today, 0);
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_due_time),  cmocka_unit_test(test_of_an_officer),
        cmocka_unit_test(test_what_is_late), cmocka_unit_test(test_counts),
        cmocka_unit_test(test_forecast),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
