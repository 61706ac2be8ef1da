/* The history of an account: who changed what, when and why; and who may read it. */
#include "account_help.h"

static const Identity__ListAccountChangesReply *changes(struct harness *h, const char *account_id,
                                                        uint32_t size, uint64_t before)
{
    Identity__ListAccountChangesRequest request = IDENTITY__LIST_ACCOUNT_CHANGES_REQUEST__INIT;

    request.account_id = text(account_id);
    request.page_size = size;
    request.before = before;
    harness_purpose(h, "Xem lịch sử tài khoản của mình");
    return harness_call(h, "ListAccountChanges", &request.base, MC_OK);
}

static void every_change_is_kept_with_before_and_after(void **state)
{
    struct harness *h = *state;
    char *account = open_account(h, &binh);

    harness_advance(h, MINUTE_MS);
    give_rights(h, &binh, DISTRICT, (struct rights){{"DOSSIER_RECEIVE", "FEE_COLLECT"}});
    harness_advance(h, MINUTE_MS);
    set_status(h, &binh, INACTIVE);
    set_status(h, &binh, ACTIVE);
    harness_reopen(h);
    (void)become(h, &binh);
    const Identity__ListAccountChangesReply *list = changes(h, "", 0, 0);
    assert_string_equal(list->account_id, account);
    assert_int_equal(list->n_changes, 3);
    assert_int_equal(list->next_before, 0);
    assert_int_equal(list->changes[0]->version, 4);
    const Identity__AccountChange *off = list->changes[1];
    assert_string_equal(fact_in(off, "status")->before, "ACCOUNT_ACTIVE");
    assert_string_equal(fact_in(off, "status")->after, "ACCOUNT_INACTIVE");
    assert_string_equal(off->actor, "operator:test");
    assert_string_equal(off->way, "OPERATOR");
    assert_string_equal(off->reason, "Theo đề nghị của đơn vị");
    assert_int_equal(off->at_ms, harness_now(h));
    const Identity__AccountChange *grant = list->changes[2];
    assert_int_equal(grant->n_facts, 3); /* and that he is staff now */
    assert_string_equal(fact_in(grant, "unit")->after, DISTRICT);
    assert_string_equal(fact_in(grant, "rights")->after, "DOSSIER_RECEIVE,FEE_COLLECT");
    assert_int_equal(grant->at_ms, harness_now(h) - MINUTE_MS);
    /* the event names what changed, and holds nothing of it */
    const Identity__AccountChanged *event = harness_last_event(
        h, "identity.account_changed", &identity__account_changed__descriptor, NULL);
    assert_int_equal(event->n_facts, 1);
    assert_string_equal(event->facts[0], "status");
}

static void a_long_history_comes_in_pages(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);

    for (int i = 0; i < 4; i++) {
        set_status(h, &binh, INACTIVE);
        set_status(h, &binh, ACTIVE);
    }
    (void)become(h, &binh);
    const Identity__ListAccountChangesReply *first = changes(h, "", 3, 0);
    assert_int_equal(first->n_changes, 3);
    assert_int_equal(first->changes[0]->version, 9);
    assert_int_equal(first->next_before, 7);
    const Identity__ListAccountChangesReply *next = changes(h, "", 3, first->next_before);
    assert_int_equal(next->changes[0]->version, 6);
    const Identity__ListAccountChangesReply *last = changes(h, "", 3, next->next_before);
    assert_int_equal(last->n_changes, 2);
    assert_int_equal(last->next_before, 0);
    Identity__ListAccountChangesRequest wide = IDENTITY__LIST_ACCOUNT_CHANGES_REQUEST__INIT;
    wide.page_size = IDENTITY_PAGE_MAX;
    (void)harness_call(h, "ListAccountChanges", &wide.base, MC_OK);
    wide.page_size = IDENTITY_PAGE_MAX + 1;
    harness_call(h, "ListAccountChanges", &wide.base, MC_INVALID);
    assert_true(harness_violated(h, "page_size", "PAGE_SIZE_INVALID"));
}

/* Somebody else's history: a right, a unit in reach, a purpose; and that one looked is kept. */
static void an_officer_reads_for_a_purpose(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &tho);
    char *account = open_account(h, &binh);
    Identity__ListAccountChangesRequest request = IDENTITY__LIST_ACCOUNT_CHANGES_REQUEST__INIT;
    request.account_id = account;

    (void)become(h, &tho);
    harness_purpose(h, "Tò mò");
    harness_call(h, "ListAccountChanges", &request.base, MC_DENIED);
    assert_true(harness_violated(h, "", "RIGHT_MISSING"));
    act_as_officer(h, PROVINCE, (struct rights){{"ACCOUNT_VIEW"}});
    harness_purpose(h, " ");
    harness_call(h, "ListAccountChanges", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "purpose", "PURPOSE_REQUIRED"));
    char purpose[IDENTITY_PURPOSE_MAX + 2] = {0};
    memset(purpose, 'x', IDENTITY_PURPOSE_MAX + 1);
    harness_purpose(h, purpose);
    harness_call(h, "ListAccountChanges", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "purpose", "FIELD_TOO_LONG"));
    assert_int_equal(harness_events(h, "identity.personal_data_read"), 0);
    purpose[IDENTITY_PURPOSE_MAX] = '\0';
    harness_purpose(h, purpose);
    (void)harness_call(h, "ListAccountChanges", &request.base, MC_OK);
    harness_purpose(h, "Giải quyết khiếu nại 12");
    (void)harness_call(h, "ListAccountChanges", &request.base, MC_OK);
    assert_int_equal(harness_events(h, "identity.personal_data_read"), 2);
    const Identity__PersonalDataRead *read = harness_last_event(
        h, "identity.personal_data_read", &identity__personal_data_read__descriptor, NULL);
    assert_string_equal(read->account_id, account);
    assert_string_equal(read->what, "changes");
    assert_string_equal(read->purpose, "Giải quyết khiếu nại 12");

    give_rights(h, &binh, ELSEWHERE, (struct rights){{"DOSSIER_RECEIVE"}});
    (void)become(h, &tho);
    harness_call(h, "ListAccountChanges", &request.base, MC_DENIED);
    assert_true(harness_violated(h, "account_id", "UNIT_OUTSIDE"));
}

/* Two hundred people an hour is a desk's work; more is a list. */
static void an_officers_reading_is_limited(void **state)
{
    struct harness *h = *state;
    Identity__ReadAccountRequest request = IDENTITY__READ_ACCOUNT_REQUEST__INIT;
    (void)open_account(h, &tho);
    (void)open_account(h, &binh);

    act_as_officer(h, DISTRICT, (struct rights){{"ACCOUNT_VIEW"}});
    harness_purpose(h, "Thống kê");
    request.login_id = text(BINH_ID);
    for (int i = 0; i < IDENTITY_READS_AN_HOUR; i++)
        (void)harness_call(h, "ReadAccount", &request.base, MC_OK);
    harness_call(h, "ReadAccount", &request.base, MC_LIMITED);
    assert_true(harness_violated(h, "", "READS_TOO_MANY"));
    assert_int_equal(harness_events(h, "identity.personal_data_read"), IDENTITY_READS_AN_HOUR);
    harness_advance(h, IDENTITY_STARTS_WINDOW_MS);
    (void)become(h, &tho);
    (void)harness_call(h, "ReadAccount", &request.base, MC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(every_change_is_kept_with_before_and_after),
        TEST(a_long_history_comes_in_pages),
        TEST(an_officer_reads_for_a_purpose),
        TEST(an_officers_reading_is_limited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
