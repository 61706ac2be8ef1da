/* Rounds of reports (RPT-07, RPT-11): targets, deadlines, who confirms, who is reminded. */
#include "../../services/dossier/rounds.h"
#include "dossier_help.h"

#define DISTRICT "000.00.31.H53"

static const char *const rights_all[] = {"DOSSIER_RECEIVE", "DOSSIER_PROCESS", "DOSSIER_APPROVE",
                                         "RESULT_RETURN", "DOSSIER_MONITOR"};
static const struct mc_caller monitor = {
    .account_id = "0190a07b-0000-7000-8000-0000000000fe",
    .unit = DISTRICT,
    .rights = rights_all,
    .rights_len = MC_LEN(rights_all),
};

static Dossier__Round *save(struct harness *h, const struct mc_caller *caller,
                            const Dossier__Round *old, const char *code, uint32_t percent,
                            int64_t units_by_ms, enum mc_status want)
{
    Dossier__SaveRoundRequest req = DOSSIER__SAVE_ROUND_REQUEST__INIT;
    Dossier__RoundTarget target = DOSSIER__ROUND_TARGET__INIT;
    Dossier__RoundTarget *targets[] = {&target};

    target.code = mc_unconst(code);
    target.percent = percent;
    req.targets = targets;
    req.n_targets = 1;
    req.name = mc_unconst("Đợt 1: thanh toán trực tuyến");
    req.from = mc_unconst("2026-09");
    req.units_by_ms = units_by_ms;
    req.rollup_by_ms = units_by_ms + DAY;
    if (old != NULL) {
        req.round_id = old->round_id;
        req.version = old->version;
        req.reason = mc_unconst("Lùi hạn theo đề nghị của các đơn vị");
    }
    harness_as(h, caller);
    return harness_call(h, "SaveRound", &req.base, want);
}

static Dossier__Round *confirm(struct harness *h, const struct mc_caller *caller,
                               const Dossier__Round *round, enum mc_status want)
{
    Dossier__ConfirmRoundRequest req = DOSSIER__CONFIRM_ROUND_REQUEST__INIT;

    req.round_id = round->round_id;
    req.note = mc_unconst("Số liệu đúng");
    harness_as(h, caller);
    return harness_call(h, "ConfirmRound", &req.base, want);
}

static Dossier__GetRoundReply *get(struct harness *h, const struct mc_caller *caller,
                                   const Dossier__Round *round, bool behind, enum mc_status want)
{
    Dossier__GetRoundRequest req = DOSSIER__GET_ROUND_REQUEST__INIT;

    req.round_id = round->round_id;
    req.behind = behind;
    harness_as(h, caller);
    return harness_call(h, "GetRound", &req.base, want);
}

static void grant(struct harness *h, const struct mc_caller *to, char *right)
{
    Identity__RightsGranted granted = IDENTITY__RIGHTS_GRANTED__INIT;
    const char *const keys[] = {"account:x", NULL};
    char *rights[] = {right};

    granted.account_id = mc_unconst(to->account_id);
    granted.unit = mc_unconst(to->unit);
    granted.rights = rights;
    granted.n_rights = 1;
    harness_event(h, "identity", "identity.rights_granted", &granted.base, keys);
}

static const int64_t week = 7LL * DAY;

/* A unit confirms in time, the other is behind; the round's own row has the sums of all. */
static void test_confirmed(void **state)
{
    struct harness *h = harness_open(&dossier_room, NULL);

    (void)state;
    (void)finished(h);
    Dossier__Round *round =
        save(h, &monitor, NULL, "ORIGINAL_RESULT_AVAILABLE", 80, HARNESS_T0 + week, MC_OK);
    assert_int_equal(round->units, 2);
    Dossier__GetRoundReply *rep = get(h, &monitor, round, false, MC_OK);
    assert_int_equal(rep->n_units, 3);
    assert_string_equal(rep->units[0]->unit, DISTRICT);
    assert_string_equal(rep->units[1]->unit, BEN_CAU);
    assert_int_equal(rep->units[0]->scores[0]->denominator, 1);
    assert_int_equal(rep->units[1]->scores[0]->missing, 1);
    assert_false(rep->units[1]->scores[0]->met);
    round = confirm(h, &officer, round, MC_OK);
    assert_int_equal(confirm(h, &officer, round, MC_OK)->confirmed, 1);
    rep = get(h, &monitor, round, false, MC_OK);
    assert_int_equal(rep->units[1]->times, 2);
    assert_false(rep->units[1]->late);
    assert_int_equal(rep->units[1]->scores[0]->confirmed_denominator, 1);
    assert_string_equal(rep->units[1]->note, "Số liệu đúng");
    assert_int_equal(get(h, &monitor, round, true, MC_OK)->n_units, 2);
    assert_int_equal(get(h, &officer, round, false, MC_OK)->n_units, 1); /* his own unit's */
    (void)get(h, &stranger, round, false, MC_NOT_FOUND);
    (void)confirm(h, &stranger, round, MC_NOT_FOUND);
    /* what was confirmed stands for its target; a deadline still moves */
    (void)save(h, &monitor, round, "ORIGINAL_RESULT_AVAILABLE", 81, HARNESS_T0 + week, MC_EXPIRED);
    assert_true(harness_violated(h, "targets", "ROUND_CONFIRMED"));
    round = save(h, &monitor, round, "ORIGINAL_RESULT_AVAILABLE", 80, HARNESS_T0 + 2 * week, MC_OK);
    assert_int_equal(round->n_history, 2);
    assert_string_equal(round->history[1]->what, "CHANGED");
    harness_close(h);
}

static void test_refused(void **state)
{
    struct harness *h = harness_open(&dossier_room, NULL);

    (void)state;
    (void)save(h, &monitor, NULL, "ONLINE_PROVIDED", 50, HARNESS_T0 + week, MC_INVALID);
    assert_true(harness_violated(h, "targets", "INDICATOR_NOT_MEASURED"));
    (void)save(h, &monitor, NULL, "ONLINE_DOSSIERS", 101, HARNESS_T0 + week, MC_INVALID);
    assert_true(harness_violated(h, "targets", "ROUND_TARGET"));
    (void)save(h, &monitor, NULL, "ONLINE_DOSSIERS", 100, harness_now(h), MC_INVALID);
    assert_true(harness_violated(h, "units_by_ms", "ROUND_DEADLINE"));
    (void)save(h, &officer, NULL, "ONLINE_DOSSIERS", 100, HARNESS_T0 + week, MC_DENIED);
    Dossier__Round *round =
        save(h, &monitor, NULL, "ONLINE_DOSSIERS", 0, harness_now(h) + 1, MC_OK);
    assert_int_equal(round->targets[0]->percent, 50); /* the indicator's own line */
    Dossier__CloseRoundRequest req = DOSSIER__CLOSE_ROUND_REQUEST__INIT;
    req.round_id = round->round_id;
    req.version = round->version;
    harness_as(h, &monitor);
    harness_call(h, "CloseRound", &req.base, MC_INVALID); /* no reason */
    req.reason = mc_unconst("Đã tổng hợp xong");
    assert_true(((Dossier__Round *)harness_call(h, "CloseRound", &req.base, MC_OK))->closed);
    (void)confirm(h, &officer, round, MC_EXPIRED);
    assert_true(harness_violated(h, "", "ROUND_CLOSED"));
    assert_int_equal(harness_rows(h, DOSSIER_ROUND_ALARMS), 0);
    harness_close(h);
}

/* RPT-11: once before the deadline and once at it; in time is what comes before it. */
static void test_reminded(void **state)
{
    struct harness *h = harness_open(&dossier_room, NULL);
    char approve[] = "DOSSIER_APPROVE";
    char monitors[] = "DOSSIER_MONITOR";

    (void)state;
    grant(h, &officer, approve);
    grant(h, &stranger, approve);
    grant(h, &monitor, monitors);
    Dossier__Round *round =
        save(h, &monitor, NULL, "PAYMENT_DOSSIERS", 0, HARNESS_T0 + week, MC_OK);
    harness_set_clock(h, HARNESS_T0 + week - DAY - 1);
    harness_tick(h);
    assert_int_equal(harness_events(h, "dossier.round_due_soon"), 0);
    harness_advance(h, 1);
    harness_tick(h);
    harness_tick(h);
    assert_int_equal(harness_events(h, "dossier.round_due_soon"), 1);
    harness_set_clock(h, HARNESS_T0 + week);
    for (int i = 0; i < 4; i++)
        harness_tick(h);
    assert_int_equal(harness_events(h, "dossier.round_late"), 1);
    const Dossier__RoundReminder *told =
        harness_last_event(h, "dossier.round_behind", &dossier__round_reminder__descriptor, NULL);
    assert_int_equal(told->behind, 2);
    assert_string_equal(told->account, monitor.account_id);
    (void)confirm(h, &officer, round, MC_OK);
    assert_true(get(h, &officer, round, false, MC_OK)->units[0]->late);
    harness_close(h);
}

static void test_exported_and_listed(void **state)
{
    struct harness *h = harness_open(&dossier_room, NULL);
    Dossier__ExportRoundRequest req = DOSSIER__EXPORT_ROUND_REQUEST__INIT;
    Dossier__ListRoundsRequest list = DOSSIER__LIST_ROUNDS_REQUEST__INIT;

    (void)state;
    req.round_id =
        save(h, &monitor, NULL, "PAYMENT_DOSSIERS", 0, HARNESS_T0 + week, MC_OK)->round_id;
    req.csv = true;
    Dossier__ExportIndicatorsReply *file = harness_call(h, "ExportRound", &req.base, MC_OK);
    assert_non_null(memmem(file->content.data, file->content.len, "\"" BEN_CAU "\"", 15));
    req.csv = false;
    file = harness_call(h, "ExportRound", &req.base, MC_OK);
    assert_memory_equal(file->content.data, "PK", 2);
    harness_as(h, &officer);
    Dossier__ListRoundsReply *rounds = harness_call(h, "ListRounds", &list.base, MC_OK);
    assert_int_equal(rounds->n_rounds, 1);
    harness_as(h, &stranger);
    rounds = harness_call(h, "ListRounds", &list.base, MC_OK);
    assert_int_equal(rounds->n_rounds, 0);
    harness_close(h);
}

static void test_missing(void **state)
{
    (void)state;
    assert_int_equal(dossier_round_missing(0, 0, 80), 0);
    assert_int_equal(dossier_round_missing(4, 5, 80), 0);
    assert_int_equal(dossier_round_missing(3, 5, 80), 1);
    assert_int_equal(dossier_round_missing(8, 11, 80), 1); /* 8,8: nine are needed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_confirmed), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_reminded),  cmocka_unit_test(test_exported_and_listed),
        cmocka_unit_test(test_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
