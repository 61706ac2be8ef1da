/* Due times as officers and citizens meet them: reminders, lateness, apologies, agencies' days. */
#include "../../services/dossier/work.h"
#include "dossier_help.h"

static const char *const rights_all[] = {"DOSSIER_RECEIVE", "DOSSIER_PROCESS", "DOSSIER_APPROVE",
                                         "RESULT_RETURN", "CALENDAR_EDIT"};
static const struct mc_caller calendar_officer = {
    .account_id = "0190a07b-0000-7000-8000-0000000000fe",
    .unit = "000.00.31.H53",
    .who = MC_OFFICER,
    .rights = rights_all,
    .rights_len = MC_LEN(rights_all),
};

static struct harness *open_at(int day, int hour, int minute)
{
    struct harness *h = harness_open(&dossier_room, NULL);

    harness_set_clock(h, local(2026, 9, day, hour, minute));
    return h;
}

static void tick_at(struct harness *h, int day, int hour, int minute)
{
    harness_set_clock(h, local(2026, 9, day, hour, minute));
    harness_tick(h);
}

static Dossier__DossierReply *apologise(struct harness *h, const Dossier__DossierReply *at,
                                        const char *reason, int64_t due_ms, enum mc_status want)
{
    Dossier__ApologiseRequest req = DOSSIER__APOLOGISE_REQUEST__INIT;

    req.dossier_id = at->dossier_id;
    req.version = at->version;
    req.reason = mc_unconst(reason);
    req.due_at_ms = due_ms;
    harness_as(h, &officer);
    return harness_call(h, "Apologise", &req.base, want);
}

static Dossier__CountWorkReply *count_work(struct harness *h)
{
    Dossier__CountWorkRequest req = DOSSIER__COUNT_WORK_REQUEST__INIT;

    harness_as(h, &officer);
    return harness_call(h, "CountWork", &req.base, MC_OK);
}

/* S22: warned on 09/09 09:32, apologised once, late in the end. */
static void test_apology(void **state)
{
    struct harness *h = open_at(7, 9, 32);
    Dossier__DossierReply *at = processing(h);
    const Motcua__Event *event;

    (void)state;
    assert_int_equal(at->due_at_ms, local(2026, 9, 10, 9, 32));
    tick_at(h, 9, 9, 31);
    assert_int_equal(harness_events(h, "dossier.due_soon"), 0);
    tick_at(h, 9, 9, 32);
    harness_tick(h);
    harness_reopen(h);
    harness_tick(h);
    assert_int_equal(harness_events(h, "dossier.due_soon"), 1);
    const Dossier__Due *due =
        harness_last_event(h, "dossier.due_soon", &dossier__due__descriptor, &event);
    assert_string_equal(due->officer, officer.account_id);
    assert_int_equal(due->working_ms_left, 8 * HOUR);

    int64_t later = local(2026, 9, 14, 9, 32);
    apologise(h, at, "", later, MC_INVALID);
    assert_true(harness_violated(h, "reason", "REASON_REQUIRED"));
    apologise(h, at, "Chờ xác minh", at->due_at_ms, MC_INVALID);
    assert_true(harness_violated(h, "due_at_ms", "DUE_NOT_LATER"));
    apologise(h, at, "Chờ xác minh", local(2026, 9, 12, 9, 0), MC_INVALID);
    assert_true(harness_violated(h, "due_at_ms", "DUE_NOT_WORKING_TIME"));
    apologise(h, at, "Chờ xác minh", local(2026, 9, 14, 12, 0), MC_INVALID);
    assert_true(harness_violated(h, "due_at_ms", "DUE_NOT_WORKING_TIME"));
    apologise(h, at, "Chờ xác minh", local(2026, 10, 22, 9, 33), MC_INVALID);
    assert_true(harness_violated(h, "due_at_ms", "DUE_TOO_FAR"));
    at = apologise(h, at, "Chờ xác minh", later, MC_OK); /* the version that the tick left alone */
    assert_int_equal(at->due_at_ms, later);
    due = harness_last_event(h, "dossier.apologised", &dossier__due__descriptor, &event);
    assert_int_equal(due->due_before_ms, local(2026, 9, 10, 9, 32));
    assert_int_equal(due->due_at_ms, later);
    assert_string_equal(due->reason, "Chờ xác minh");
    apologise(h, at, "Lần nữa", local(2026, 9, 15, 9, 32), MC_EXPIRED);
    assert_true(harness_violated(h, "", "APOLOGY_ONCE"));
    const Dossier__DossierView *view = get_as(h, &alice, at->dossier_id, MC_OK);
    assert_string_equal(view->apology->reason, "Chờ xác minh");
    assert_int_equal(view->apology->due_after_ms, later);

    tick_at(h, 10, 9, 33); /* the old due time says nothing any more */
    assert_int_equal(harness_events(h, "dossier.due_soon"), 1);
    assert_int_equal(harness_events(h, "dossier.overdue"), 0);
    tick_at(h, 11, 9, 32);
    assert_int_equal(harness_events(h, "dossier.due_soon"), 2);
    tick_at(h, 14, 7, 32);
    assert_int_equal(harness_events(h, "dossier.due_soon"), 3);
    assert_int_equal(count_work(h)->overdue, 0);
    tick_at(h, 14, 9, 32);
    harness_tick(h);
    assert_int_equal(harness_events(h, "dossier.overdue"), 1);
    assert_int_equal(count_work(h)->overdue, 1);
    advance_as(h, &officer, at, DOSSIER__STATE__FINISHED, "", MC_OK);
    assert_int_equal(count_work(h)->overdue, 0);
    assert_int_equal(harness_rows(h, DOSSIER_ALARMS), 0);
    harness_close(h);
}

/* At the limit of apology_days, and one minute past it in the test above. */
static void test_apology_at_its_limit(void **state)
{
    struct harness *h = open_at(7, 9, 32);
    Dossier__DossierReply *at = processing(h);

    (void)state;
    /* 30 working days after 10/09: six weeks without a holiday */
    assert_int_equal(apologise(h, at, "Chờ xác minh", local(2026, 10, 22, 9, 32), MC_OK)->due_at_ms,
                     local(2026, 10, 22, 9, 32));
    harness_close(h);
}

static void test_apology_not_now(void **state)
{
    static const Dossier__State states[] = {
        DOSSIER__STATE__NEW, DOSSIER__STATE__SUPPLEMENT_REQUESTED,
        DOSSIER__STATE__FINANCIAL_OBLIGATION, DOSSIER__STATE__FINISHED, DOSSIER__STATE__REFUSED};
    struct harness *h = open_at(7, 9, 32);

    (void)state;
    for (size_t i = 0; i < MC_LEN(states); i++) {
        apologise(h, in_state(h, states[i], true), "Chậm", local(2026, 9, 14, 9, 32), MC_EXPIRED);
        assert_true(harness_violated(h, "", "APOLOGY_NOT_NOW"));
    }
    harness_close(h);
}

/* S17 across a restart: while the citizen is waited for nothing is due, and the clock goes on. */
static void test_the_clock_stands_still(void **state)
{
    struct harness *h = open_at(9, 9, 0);
    Dossier__DossierReply *at = processing(h);

    (void)state;
    assert_int_equal(at->due_at_ms, local(2026, 9, 14, 9, 0));
    harness_set_clock(h, local(2026, 9, 9, 10, 0));
    at = advance_as(h, &officer, at, DOSSIER__STATE__SUPPLEMENT_REQUESTED, why, MC_OK);
    assert_int_equal(harness_rows(h, DOSSIER_ALARMS), 0);
    harness_reopen(h);
    tick_at(h, 11, 9, 30);
    assert_int_equal(harness_events(h, "dossier.due_soon"), 0);
    harness_set_clock(h, local(2026, 9, 11, 10, 0));
    at = submit_as(h, &alice, at->dossier_id, MC_OK);
    harness_reopen(h);
    harness_set_clock(h, local(2026, 9, 14, 15, 0)); /* read on Monday; the wait ended on Friday */
    at = advance_as(h, &officer, at, DOSSIER__STATE__PROCESSING, "", MC_OK);
    assert_int_equal(at->due_at_ms, local(2026, 9, 16, 9, 0));
    harness_tick(h);
    assert_int_equal(harness_events(h, "dossier.due_soon"), 0);
    tick_at(h, 15, 9, 0);
    assert_int_equal(harness_events(h, "dossier.due_soon"), 1);
    harness_close(h);
}

/* Nobody was there for days: what is late is said once, the reminders before it not at all. */
static void test_after_an_outage(void **state)
{
    struct harness *h = open_at(7, 9, 20);

    (void)state;
    processing(h);
    harness_reopen(h);
    tick_at(h, 21, 10, 0);
    harness_tick(h);
    assert_int_equal(harness_events(h, "dossier.due_soon"), 0);
    assert_int_equal(harness_events(h, "dossier.overdue"), 1);
    harness_close(h);
}

/* What is sent is looked at within eight working hours. */
static void test_unexamined(void **state)
{
    struct harness *h = open_at(7, 9, 20);
    Dossier__DossierReply *at = sent(h, SINGLE);

    (void)state;
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->check_by_ms,
                     local(2026, 9, 8, 9, 20));
    tick_at(h, 8, 9, 19);
    assert_int_equal(harness_events(h, "dossier.unexamined"), 0);
    tick_at(h, 8, 9, 20);
    harness_tick(h);
    assert_int_equal(harness_events(h, "dossier.unexamined"), 1);
    assert_int_equal(count_work(h)->overdue, 1);
    accept_as(h, &officer, at, MC_OK);
    assert_int_equal(count_work(h)->overdue, 0);
    assert_int_equal(harness_rows(h, DOSSIER_ALARMS), 1);
    harness_close(h);
}

/* 300 due at the same time: a tick takes 256 of them, and none is said twice. */
static void test_many_at_once(void **state)
{
    struct harness *h = open_at(7, 9, 20);

    (void)state;
    for (int i = 0; i < 300; i++)
        sent(h, SINGLE);
    tick_at(h, 8, 9, 20);
    assert_int_equal(harness_events(h, "dossier.unexamined"), 256);
    harness_tick(h);
    harness_tick(h);
    assert_int_equal(harness_events(h, "dossier.unexamined"), 300);
    assert_int_equal(count_work(h)->overdue, 300);
    harness_close(h);
}

static void test_money_need_not_suspend(void **state)
{
    static const char *const settings[] = {"dossier.money_suspends=false", NULL};
    struct harness *h = harness_open(&dossier_room, settings);

    (void)state;
    harness_set_clock(h, local(2026, 9, 7, 9, 20));
    Dossier__DossierReply *at =
        advance_as(h, &officer, processing(h), DOSSIER__STATE__FINANCIAL_OBLIGATION, why, MC_OK);
    assert_int_equal(harness_rows(h, DOSSIER_ALARMS), 1);
    tick_at(h, 10, 9, 20);
    assert_int_equal(harness_events(h, "dossier.overdue"), 1);
    pay(h, at->dossier_id);
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->due_at_ms,
                     local(2026, 9, 10, 9, 20));
    harness_close(h);
}

static Dossier__CalendarReply *set_day(struct harness *h, const char *agency, const char *date,
                                       Dossier__DayKind kind, enum mc_status want)
{
    Dossier__SetCalendarRequest req = DOSSIER__SET_CALENDAR_REQUEST__INIT;
    Dossier__CalendarDay day = DOSSIER__CALENDAR_DAY__INIT;
    Dossier__CalendarDay *days[] = {&day};

    day.date = mc_unconst(date);
    day.kind = kind;
    day.name = mc_unconst("Nghỉ tránh bão số 5");
    req.agency = mc_unconst(agency);
    req.days = days;
    req.n_days = 1;
    harness_as(h, &calendar_officer);
    return harness_call(h, "SetCalendar", &req.base, want);
}

static Dossier__CalendarReply *set_hours(struct harness *h, const char *from, const char *opens,
                                         const char *lunch, const char *resumes, const char *closes,
                                         enum mc_status want)
{
    Dossier__SetCalendarRequest req = DOSSIER__SET_CALENDAR_REQUEST__INIT;
    Dossier__CalendarHours hours = DOSSIER__CALENDAR_HOURS__INIT;
    Dossier__CalendarHours *list[] = {&hours};

    hours.from = mc_unconst(from);
    hours.opens = mc_unconst(opens);
    hours.lunch = mc_unconst(lunch);
    hours.resumes = mc_unconst(resumes);
    hours.closes = mc_unconst(closes);
    req.agency = mc_unconst(BEN_CAU);
    req.hours = list;
    req.n_hours = 1;
    harness_as(h, &calendar_officer);
    return harness_call(h, "SetCalendar", &req.base, want);
}

/* A district's storm day holds for its communes, until one of them says otherwise, or it is undone.
 */
static void test_an_agencys_own_days(void **state)
{
    struct harness *h = open_at(7, 9, 20);

    (void)state;
    assert_int_equal(processing(h)->due_at_ms, local(2026, 9, 10, 9, 20));
    set_day(h, "000.00.31.H53", "2026-09-08", DOSSIER__DAY_KIND__OFF, MC_OK);
    Dossier__DossierReply *at = processing(h);
    assert_int_equal(at->due_at_ms, local(2026, 9, 11, 9, 20));
    set_day(h, BEN_CAU, "2026-09-08", DOSSIER__DAY_KIND__WORK, MC_OK);
    assert_int_equal(processing(h)->due_at_ms, local(2026, 9, 10, 9, 20));
    set_day(h, BEN_CAU, "2026-09-08", DOSSIER__DAY_KIND__NATIONAL, MC_OK);
    assert_int_equal(processing(h)->due_at_ms, local(2026, 9, 11, 9, 20));
    Dossier__CalendarReply *own =
        set_day(h, "000.00.31.H53", "2026-09-08", DOSSIER__DAY_KIND__NATIONAL, MC_OK);
    assert_int_equal(processing(h)->due_at_ms, local(2026, 9, 10, 9, 20));
    assert_int_equal(own->n_days, 2); /* with its history */
    assert_string_equal(own->days[0]->name, "Nghỉ tránh bão số 5");
    assert_int_equal(own->national_until, 2027);
    assert_false(own->next_year_missing);
    assert_int_equal(harness_events(h, "dossier.calendar_changed"), 4);
    /* what was promised stays */
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->due_at_ms,
                     local(2026, 9, 11, 9, 20));

    set_day(h, "000.15.43.H35", "2026-09-08", DOSSIER__DAY_KIND__OFF, MC_DENIED);
    assert_true(harness_violated(h, "unit", "UNIT_NOT_YOURS"));
    set_day(h, BEN_CAU, "2026-08-06", DOSSIER__DAY_KIND__OFF, MC_INVALID);
    assert_true(harness_violated(h, "date", "CALENDAR_DAY_PAST"));
    set_day(h, BEN_CAU, "2026-08-07", DOSSIER__DAY_KIND__OFF, MC_OK);
    set_day(h, BEN_CAU, "2026-02-30", DOSSIER__DAY_KIND__OFF, MC_INVALID);
    set_day(h, BEN_CAU, "2026-2-20", DOSSIER__DAY_KIND__OFF, MC_INVALID);
    harness_close(h);
}

/* Winter hours from the 9th on: half past seven to noon, half past one to five. */
static void test_an_agencys_own_hours(void **state)
{
    struct harness *h = open_at(7, 9, 20);

    (void)state;
    set_hours(h, "2026-09-09", "07:30", "12:00", "13:30", "17:00", MC_OK);
    assert_int_equal(processing(h)->due_at_ms, local(2026, 9, 10, 9, 20));
    harness_set_clock(h, local(2026, 9, 7, 7, 5));
    assert_int_equal(processing(h)->due_at_ms,
                     local(2026, 9, 10, 7, 30)); /* not before they open */
    harness_set_clock(h, local(2026, 9, 10, 7, 10));
    assert_int_equal(get_as(h, &alice, sent(h, SINGLE)->dossier_id, MC_OK)->check_by_ms,
                     local(2026, 9, 11, 7, 30));
    set_hours(h, "2026-09-09", "07:30", "12:00", "13:30", "17:30", MC_INVALID);
    assert_true(harness_violated(h, "hours", "CALENDAR_HOURS_INVALID"));
    set_hours(h, "2026-09-09", "07:30", "07:00", "13:30", "21:00", MC_INVALID);
    set_hours(h, "2026-09-09", "7:30", "12:00", "13:30", "17:00", MC_INVALID);
    set_hours(h, "2026-09-09", "", "", "", "", MC_OK); /* as the others again */
    assert_int_equal(get_as(h, &alice, sent(h, SINGLE)->dossier_id, MC_OK)->check_by_ms,
                     local(2026, 9, 11, 7, 10));
    harness_close(h);
}

static void test_only_who_may_sets_it(void **state)
{
    struct harness *h = open_at(7, 9, 20);
    Dossier__SetCalendarRequest req = DOSSIER__SET_CALENDAR_REQUEST__INIT;

    (void)state;
    harness_as(h, &officer);
    harness_call(h, "SetCalendar", &req.base, MC_DENIED);
    harness_close(h);
}

static int64_t before(struct harness *h, int day, int hour, int minute, int64_t working_ms)
{
    const struct dossier *dossier = harness_ctx(h);

    return mc_working_before(&dossier->calendar, local(2026, 9, day, hour, minute), working_ms);
}

/* The way back through working time, over lunch, nights, week-ends and holidays. */
static void test_before_a_due_time(void **state)
{
    struct harness *h = open_at(7, 9, 20);

    (void)state;
    assert_int_equal(before(h, 10, 9, 32, 8 * HOUR), local(2026, 9, 9, 9, 32));
    assert_int_equal(before(h, 14, 9, 32, 8 * HOUR), local(2026, 9, 11, 9, 32));
    assert_int_equal(before(h, 10, 14, 0, 1 * HOUR), local(2026, 9, 10, 11, 0));
    assert_int_equal(before(h, 10, 13, 30, 30 * MINUTE), local(2026, 9, 10, 11, 0));
    assert_int_equal(before(h, 14, 7, 30, 1 * HOUR), local(2026, 9, 11, 16, 30));
    assert_int_equal(before(h, 3, 7, 0, 1 * HOUR), local(2026, 8, 28, 16, 0));
    assert_int_equal(before(h, 10, 17, 0, 16 * HOUR), local(2026, 9, 8, 17, 0));
    assert_int_equal(before(h, 13, 10, 0, 2 * HOUR), local(2026, 9, 11, 15, 0));
    harness_close(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apology),
        cmocka_unit_test(test_apology_at_its_limit),
        cmocka_unit_test(test_apology_not_now),
        cmocka_unit_test(test_the_clock_stands_still),
        cmocka_unit_test(test_after_an_outage),
        cmocka_unit_test(test_unexamined),
        cmocka_unit_test(test_many_at_once),
        cmocka_unit_test(test_money_need_not_suspend),
        cmocka_unit_test(test_an_agencys_own_days),
        cmocka_unit_test(test_an_agencys_own_hours),
        cmocka_unit_test(test_only_who_may_sets_it),
        cmocka_unit_test(test_before_a_due_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
