/*
 * What users of other one-door systems complained of, in public: each must not happen here. The
 * names are those of the repositories and the numbers of the complaints.
 */
#include "dossier_help.h"

static int open_room(void **state)
{
    *state = harness_open(&dossier_room, NULL);
    return 0;
}

static int close_room(void **state)
{
    harness_close(*state);
    return 0;
}

static void same_code(struct harness *h, const Dossier__DossierReply *at, const char *code)
{
    assert_string_equal(at->code, code);
    assert_string_equal(get_as(h, &alice, at->dossier_id, MC_OK)->code, code);
    assert_string_equal(get_as(h, &officer, at->dossier_id, MC_OK)->code, code);
}

/* opencps 280, 805, 1084: the code changes or is lost between steps, or only the staff have it. */
static void test_code_stays(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = received(h);
    const char *code = at->code;
    static const Dossier__State way[] = {
        DOSSIER__STATE__PROCESSING, DOSSIER__STATE__SUPPLEMENT_REQUESTED,
        DOSSIER__STATE__PROCESSING, DOSSIER__STATE__FINISHED,
        DOSSIER__STATE__PROCESSING, DOSSIER__STATE__FINISHED,
        DOSSIER__STATE__RETURNED,
    };

    for (size_t i = 0; i < MC_LEN(way); i++) {
        harness_advance(h, DAY);
        at = advance_as(h, &officer, at, way[i], why, MC_OK);
        same_code(h, at, code);
    }
}

/* opencps 488, opencrvs-core 7477, 7215, 6140: two dossiers after a refresh or on a slow line. */
static void test_no_duplicates(void **state)
{
    struct harness *h = *state;
    Dossier__SaveDraftRequest save = DOSSIER__SAVE_DRAFT_REQUEST__INIT;
    Dossier__SubmitRequest submit = DOSSIER__SUBMIT_REQUEST__INIT;
    const uint8_t first[MC_ID_LEN] = {1};
    const uint8_t second[MC_ID_LEN] = {2};
    Dossier__DossierReply *at = NULL;

    save.procedure_code = mc_unconst(SINGLE);
    save.unit = mc_unconst(BEN_CAU);
    harness_as(h, &alice);
    for (int i = 0; i < 3; i++)
        at = harness_call_as(h, first, "SaveDraft", &save.base, MC_OK);
    assert_int_equal(harness_rows(h, DOSSIER_DOSSIERS), 1);
    submit.dossier_id = at->dossier_id;
    for (int i = 0; i < 3; i++)
        at = harness_call_as(h, second, "Submit", &submit.base, MC_OK);
    assert_int_equal(harness_events(h, "dossier.sent"), 1);
    (void)submit_as(h, &alice, at->dossier_id, MC_EXPIRED); /* another click */
}

/* opencrvs-core 10322: a second, illegal reject is accepted. */
static void test_refused_once(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *new = sent(h, SINGLE);
    Dossier__DossierReply *at = advance_as(h, &officer, new, DOSSIER__STATE__REFUSED, why, MC_OK);

    (void)advance_as(h, &officer, new, DOSSIER__STATE__REFUSED, why, MC_CONFLICT); /* old screen */
    (void)advance_as(h, &officer, at, DOSSIER__STATE__REFUSED, why, MC_EXPIRED);
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->n_history, 2);
}

/* opencps 1254: "overdue" is wrong after several rounds of supplements. */
static void test_rounds_of_supplements(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = processing(h); /* Monday 7/9 09:20, due Thursday 10/9 09:20 */

    assert_int_equal(at->due_at_ms, local(2026, 9, 10, 9, 20));
    for (int round = 0; round < 3; round++) {
        at = advance_as(h, &officer, at, DOSSIER__STATE__SUPPLEMENT_REQUESTED, why, MC_OK);
        harness_advance(h, DAY); /* a whole working day he waits */
        (void)submit_as(h, &alice, at->dossier_id, MC_OK);
        harness_advance(h, (int64_t)5 * MINUTE); /* the officer's own minutes count */
        at->version = get_as(h, &officer, at->dossier_id, MC_OK)->version;
        at = advance_as(h, &officer, at, DOSSIER__STATE__PROCESSING, "", MC_OK);
    }
    /* three working days later: Friday 11/9, Monday 14/9, Tuesday 15/9 */
    assert_int_equal(at->due_at_ms, local(2026, 9, 15, 9, 20));
}

/* opencrvs-core 9946: somebody's work is shown to others; 12292, 11089: it never leaves the outbox.
 */
static void test_only_his_own(void **state)
{
    struct harness *h = *state;
    Dossier__ListMineRequest req = DOSSIER__LIST_MINE_REQUEST__INIT;

    (void)sent(h, SINGLE);
    harness_as(h, &bob);
    assert_int_equal(
        ((Dossier__ListReply *)harness_call(h, "ListMine", &req.base, MC_OK))->n_dossiers, 0);
    harness_as(h, &alice);
    Dossier__ListReply *mine = harness_call(h, "ListMine", &req.base, MC_OK);
    assert_int_equal(mine->n_dossiers, 1);
    assert_int_equal(mine->dossiers[0]->state, DOSSIER__STATE__NEW);
}

/* opencps-v2 1365, 1367, 1369: a code sent by e-mail is asked for before one may edit or send. */
static void test_a_session_is_enough(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);

    assert_int_equal(submit_as(h, &alice, draft->dossier_id, MC_OK)->state, DOSSIER__STATE__NEW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_code_stays, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_no_duplicates, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_refused_once, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_rounds_of_supplements, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_only_his_own, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_a_session_is_enough, open_room, close_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
