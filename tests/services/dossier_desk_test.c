/* Dossiers of the desk and of the post; receiving for another unit; the citizen's list by state. */
#include "dossier_help.h"

#define PERSON "012193990017"
#define DESK   "000.15.43.H35" /* stranger's */

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

static void account(struct harness *h, const char *id, const char *number, const char *name)
{
    Identity__AccountOpened opened = IDENTITY__ACCOUNT_OPENED__INIT;
    const char *const keys[] = {"account:x", NULL};

    opened.account_id = mc_unconst(id);
    opened.login_id = mc_unconst(number);
    opened.full_name = mc_unconst(name);
    harness_event(h, "identity", "identity.account_opened", &opened.base, keys);
}

static Dossier__DossierReply *desk_as(struct harness *h, const struct mc_caller *caller,
                                      Dossier__Channel channel, const char *unit,
                                      const char *number, const char *name, enum mc_status want)
{
    Dossier__ReceiveAtDeskRequest req = DOSSIER__RECEIVE_AT_DESK_REQUEST__INIT;
    Dossier__Applicant applicant = DOSSIER__APPLICANT__INIT;

    applicant.full_name = mc_unconst(name);
    applicant.id_number = mc_unconst(number);
    applicant.phone = mc_unconst("0912000101");
    req.procedure_code = mc_unconst(SINGLE);
    req.unit = mc_unconst(unit);
    req.channel = channel;
    req.abstract = mc_unconst("Xác nhận tình trạng hôn nhân");
    req.applicant = &applicant;
    harness_as(h, caller);
    return harness_call(h, "ReceiveAtDesk", &req.base, want);
}

static Dossier__ListReply *list_of(struct harness *h, const struct mc_caller *caller,
                                   Dossier__State state)
{
    Dossier__ListMineRequest req = DOSSIER__LIST_MINE_REQUEST__INIT;
    Dossier__State states[] = {state};

    req.states = states;
    req.n_states = state == DOSSIER__STATE__DRAFT ? 0 : 1;
    harness_as(h, caller);
    return harness_call(h, "ListMine", &req.base, MC_OK);
}

static Dossier__ListReply *unit_of(struct harness *h, const struct mc_caller *caller)
{
    Dossier__ListUnitRequest req = DOSSIER__LIST_UNIT_REQUEST__INIT;

    harness_as(h, caller);
    return harness_call(h, "ListUnit", &req.base, MC_OK);
}

/* DOS-24, DIG-05: received at once, with code and due time; he is asked to open an account. */
static void test_without_account(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = desk_as(h, &officer, DOSSIER__CHANNEL__AT_DESK, "", "012193990017",
                                        "Nguyễn Thị Hoà Bình", MC_OK);

    assert_int_equal(at->state, DOSSIER__STATE__RECEIVED);
    assert_string_equal(at->code, "000.20.31.H53-260907-0001");
    assert_int_equal(at->due_at_ms, local(2026, 9, 10, 9, 20));
    assert_non_null(strstr(at->message, "đăng ký tài khoản trên Cổng Dịch vụ công quốc gia"));
    Dossier__DossierView *view = get_as(h, &officer, at->dossier_id, MC_OK);
    assert_int_equal(view->channel, DOSSIER__CHANNEL__AT_DESK);
    assert_string_equal(view->owner_account, "");
    assert_string_equal(view->owner_name, "Nguyễn Thị Hoà Bình");
    assert_string_equal(view->applicant->id_number, PERSON);
    assert_string_equal(view->applicant->phone, "0912000101");
    assert_int_equal(view->sent_at_ms, harness_now(h));
    assert_int_equal(view->n_history, 1);
    const Motcua__Event *event = NULL;
    (void)harness_last_event(h, "dossier.accepted", &dossier__changed__descriptor, &event);
    assert_int_equal(event->n_keys, 2); /* no account */
    assert_int_equal(unit_of(h, &officer)->n_dossiers, 1);

    /* He opens one: what he filed is in his list, as if it always had been. */
    account(h, ALICE_ID, PERSON, "NGUYỄN THỊ HÒA BÌNH");
    Dossier__ListReply *mine = list_of(h, &alice, DOSSIER__STATE__DRAFT);
    assert_int_equal(mine->n_dossiers, 1);
    assert_string_equal(mine->dossiers[0]->code, at->code);
    assert_int_equal(mine->dossiers[0]->channel, DOSSIER__CHANNEL__AT_DESK);
    assert_int_equal(harness_rows(h, DOSSIER_APPLICANTS), 0);
    assert_int_equal(harness_events(h, "dossier.claimed"), 1);
    /* Once his, it stays his, whoever opens an account next. */
    account(h, bob.account_id, PERSON, "Nguyễn Thị Hoà Bình");
    assert_int_equal(list_of(h, &bob, DOSSIER__STATE__DRAFT)->n_dossiers, 0);
}

/* A wrong digit must not show one person's dossier to another. */
static void test_numbers_and_names(void **state)
{
    struct harness *h = *state;

    account(h, ALICE_ID, PERSON, "Nguyễn Thị Hoà Bình");
    (void)desk_as(h, &officer, DOSSIER__CHANNEL__AT_DESK, "", PERSON, "Trần Đức Anh", MC_INVALID);
    assert_true(harness_violated(h, "applicant.full_name", "APPLICANT_NAME_DIFFERS"));
    (void)desk_as(h, &officer, DOSSIER__CHANNEL__AT_DESK, "", "12", "", MC_INVALID);
    assert_true(harness_violated(h, "applicant.id_number", "ID_FORMAT"));
    assert_true(harness_violated(h, "applicant.full_name", "FIELD_REQUIRED"));
    (void)desk_as(h, &officer, DOSSIER__CHANNEL__BY_PORTAL, "", "", "A", MC_INVALID);
    assert_true(harness_violated(h, "channel", "FIELD_INVALID"));
    assert_true(harness_violated(h, "applicant.id_number", "ID_REQUIRED"));
    Dossier__DossierReply *at = desk_as(h, &officer, DOSSIER__CHANNEL__BY_POST, "",
                                        "012 193 990 017", "nguyễn thị hòa bình", MC_OK);
    assert_string_equal(at->message, "Được tiếp nhận"); /* he has an account */
    assert_int_equal(list_of(h, &alice, DOSSIER__STATE__RECEIVED)->n_dossiers, 1);

    (void)desk_as(h, &officer, DOSSIER__CHANNEL__AT_DESK, "", "038085990025", "Lê Thử", MC_OK);
    account(h, bob.account_id, "038085990025", "Phạm Khác Tên"); /* not the one at the desk */
    assert_int_equal(list_of(h, &bob, DOSSIER__STATE__DRAFT)->n_dossiers, 0);
    account(h, officer.account_id, "001085990043", "Phạm Thử Nghiệm");
    (void)desk_as(h, &officer, DOSSIER__CHANNEL__AT_DESK, "", "001085990043", "Phạm Thử Nghiệm",
                  MC_DENIED);
    assert_true(harness_violated(h, "", "OWN_DOSSIER"));
}

/* NĐ 118/2025: a desk far away receives; the code is its own, the work is the other unit's. */
static void test_for_another_unit(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at =
        desk_as(h, &stranger, DOSSIER__CHANNEL__AT_DESK, BEN_CAU, PERSON, "Nguyễn Thị A", MC_OK);

    assert_string_equal(at->code, DESK "-260907-0001");
    assert_int_equal(unit_of(h, &stranger)->n_dossiers, 1);
    assert_int_equal(unit_of(h, &officer)->n_dossiers, 1);
    Dossier__DossierView *view = get_as(h, &officer, at->dossier_id, MC_OK);
    assert_string_equal(view->unit, BEN_CAU);
    assert_string_equal(view->receiving_unit_name, "UBND xã Nùng Nàng");

    at = advance_as(h, &stranger, at, DOSSIER__STATE__PROCESSING, "", MC_OK); /* sends it on */
    (void)advance_as(h, &stranger, at, DOSSIER__STATE__FINISHED, "", MC_DENIED);
    assert_true(harness_violated(h, "", "DESK_ONLY"));
    at = advance_as(h, &officer, at, DOSSIER__STATE__FINISHED, "", MC_OK);
    at = advance_as(h, &stranger, at, DOSSIER__STATE__RETURNED, "", MC_OK); /* and hands over */
    assert_int_equal(at->state, DOSSIER__STATE__RETURNED);

    /* Of both its units an officer above sees it once. */
    struct mc_caller above = stranger;
    above.unit = "000.00.43.H35";
    (void)desk_as(h, &stranger, DOSSIER__CHANNEL__AT_DESK, "", PERSON, "Nguyễn Thị A", MC_OK);
    assert_int_equal(unit_of(h, &above)->n_dossiers, 2);
    /* It is nobody else's. */
    struct mc_caller third = stranger;
    third.unit = "000.05.01.H38";
    (void)get_as(h, &third, at->dossier_id, MC_NOT_FOUND);
}

/* DOS-05, DOS-06: my dossiers by state. */
static void test_filter(void **state)
{
    struct harness *h = *state;

    (void)save_as(h, &alice, SINGLE, MC_OK);
    (void)in_state(h, DOSSIER__STATE__SUPPLEMENT_REQUESTED, true);
    (void)in_state(h, DOSSIER__STATE__PROCESSING, true);
    assert_int_equal(list_of(h, &alice, DOSSIER__STATE__DRAFT)->n_dossiers, 3);
    Dossier__ListReply *waiting = list_of(h, &alice, DOSSIER__STATE__SUPPLEMENT_REQUESTED);
    assert_int_equal(waiting->n_dossiers, 1);
    assert_string_equal(waiting->dossiers[0]->state_name, "Yêu cầu bổ sung hồ sơ");
    assert_string_equal(waiting->dossiers[0]->reason, why);
    assert_int_equal(list_of(h, &alice, DOSSIER__STATE__RETURNED)->n_dossiers, 0);
}

/* A page looks at so many rows and no more; its token goes on from there. */
static void test_filter_is_bounded(void **state)
{
    struct harness *h = *state;
    Dossier__ListMineRequest req = DOSSIER__LIST_MINE_REQUEST__INIT;
    Dossier__State states[] = {DOSSIER__STATE__NEW};

    (void)sent(h, SINGLE); /* the oldest */
    for (int i = 0; i < DOSSIER_FILTER_ROWS_MAX; i++)
        (void)save_as(h, &alice, SINGLE, MC_OK);
    req.states = states;
    req.n_states = 1;
    harness_as(h, &alice);
    Dossier__ListReply *page = harness_call(h, "ListMine", &req.base, MC_OK);
    assert_int_equal(page->n_dossiers, 0);
    req.page_token = page->next_page_token;
    page = harness_call(h, "ListMine", &req.base, MC_OK);
    assert_int_equal(page->n_dossiers, 1);
    assert_string_equal(page->next_page_token, "");
}

/* What came on paper is scanned by those who have it in hand. */
static void test_scan(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at =
        desk_as(h, &officer, DOSSIER__CHANNEL__AT_DESK, "", PERSON, "Nguyễn Thị Hoà Bình", MC_OK);
    Dossier__AttachRequest req = DOSSIER__ATTACH_REQUEST__INIT;
    static const char pdf[] = "%PDF-1.4\n%%EOF\n";

    req.dossier_id = at->dossier_id;
    req.component = mc_unconst("Tờ khai");
    req.file_name = mc_unconst("to-khai.pdf");
    req.content = (ProtobufCBinaryData){sizeof pdf - 1, (uint8_t *)mc_unconst(pdf)};
    harness_as(h, &officer);
    (void)harness_call(h, "Attach", &req.base, MC_CONFLICT); /* from no screen at all */
    req.version = at->version;
    const Dossier__AttachReply *kept = harness_call(h, "Attach", &req.base, MC_OK);
    assert_int_equal(kept->version, at->version + 1);
    assert_int_equal(get_as(h, &officer, at->dossier_id, MC_OK)->n_attachments, 1);
    Dossier__DossierReply *online = received(h);
    req.dossier_id = online->dossier_id;
    harness_as(h, &officer);
    (void)harness_call(h, "Attach", &req.base, MC_DENIED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_without_account, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_numbers_and_names, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_for_another_unit, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_filter, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_filter_is_bounded, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_scan, open_room, close_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
