/* The life of a dossier: who holds it, notes, supplements, copies, every change and as it was. */
#include <stdio.h>

#include "../../services/dossier/fields.h"
#include "dossier_help.h"

#define COLLEAGUE "0190a07b-0000-7000-8000-0000000000fc"

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

static Dossier__DossierReply *assign_as(struct harness *h, const struct mc_caller *caller,
                                        const Dossier__DossierReply *at, const char *department,
                                        const char *assignee, enum mc_status want)
{
    Dossier__AssignRequest req = DOSSIER__ASSIGN_REQUEST__INIT;

    req.dossier_id = at->dossier_id;
    req.version = at->version;
    req.department = mc_unconst(department);
    req.assignee = mc_unconst(assignee);
    harness_as(h, caller);
    return harness_call(h, "Assign", &req.base, want);
}

static Dossier__DossierReply *note_as(struct harness *h, const struct mc_caller *caller,
                                      const Dossier__DossierReply *at, const char *text,
                                      bool to_citizen, enum mc_status want)
{
    Dossier__AddNoteRequest req = DOSSIER__ADD_NOTE_REQUEST__INIT;

    req.dossier_id = at->dossier_id;
    req.version = at->version;
    req.text = mc_unconst(text);
    req.to_citizen = to_citizen;
    harness_as(h, caller);
    return harness_call(h, "AddNote", &req.base, want);
}

static Dossier__ListNotesReply *notes_of(struct harness *h, const struct mc_caller *caller,
                                         ProtobufCBinaryData id, uint32_t size, const char *token)
{
    Dossier__ListNotesRequest req = DOSSIER__LIST_NOTES_REQUEST__INIT;

    req.dossier_id = id;
    req.page_size = size;
    req.page_token = mc_unconst(token);
    harness_as(h, caller);
    return harness_call(h, "ListNotes", &req.base, MC_OK);
}

static Dossier__ListChangesReply *changes_of(struct harness *h, const struct mc_caller *caller,
                                             ProtobufCBinaryData id)
{
    Dossier__ListChangesRequest req = DOSSIER__LIST_CHANGES_REQUEST__INIT;

    req.dossier_id = id;
    req.page_size = 100;
    harness_as(h, caller);
    return harness_call(h, "ListChanges", &req.base, MC_OK);
}

static Dossier__DossierView *as_of(struct harness *h, const struct mc_caller *caller,
                                   ProtobufCBinaryData id, int64_t at_ms, enum mc_status want)
{
    Dossier__GetRequest req = DOSSIER__GET_REQUEST__INIT;

    req.dossier_id = id;
    req.as_of_ms = at_ms;
    harness_as(h, caller);
    return harness_call(h, "Get", &req.base, want);
}

static const Dossier__FieldChange *field_of(const Dossier__Change *change, const char *name)
{
    for (size_t i = 0; i < change->n_fields; i++)
        if (strcmp(change->fields[i]->field, name) == 0)
            return change->fields[i];
    return NULL;
}

static void grant(struct harness *h, const char *account, const char *unit, const char *right)
{
    Identity__RightsGranted granted = IDENTITY__RIGHTS_GRANTED__INIT;
    char *rights[] = {mc_unconst(right)};
    const char *const keys[] = {"account:x", NULL};

    granted.account_id = mc_unconst(account);
    granted.unit = mc_unconst(unit);
    granted.rights = rights;
    granted.n_rights = 1;
    harness_event(h, "identity", "identity.rights_granted", &granted.base, keys);
}

/* DOS-24: received, it goes to a department; processed, from hand to hand; the holder is shown. */
static void test_assign(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = received(h);

    (void)assign_as(h, &officer, at, "Phòng Tư pháp", COLLEAGUE, MC_INVALID);
    assert_true(harness_violated(h, "assignee", "ASSIGNEE_NOT_HERE"));
    grant(h, COLLEAGUE, "000.15.43.H35", "DOSSIER_PROCESS"); /* elsewhere */
    (void)assign_as(h, &officer, at, "Phòng Tư pháp", COLLEAGUE, MC_INVALID);
    grant(h, COLLEAGUE, BEN_CAU, "DOSSIER_RECEIVE"); /* may not process */
    (void)assign_as(h, &officer, at, "Phòng Tư pháp", COLLEAGUE, MC_INVALID);
    grant(h, COLLEAGUE, BEN_CAU, "DOSSIER_PROCESS");
    (void)assign_as(h, &officer, at, "", "", MC_INVALID);
    assert_true(harness_violated(h, "department", "FIELD_REQUIRED"));
    (void)assign_as(h, &officer, at, "Phòng Tư pháp", "x", MC_INVALID);

    Dossier__DossierReply *held = assign_as(h, &officer, at, "Phòng Tư pháp", COLLEAGUE, MC_OK);
    assert_int_equal(held->state, DOSSIER__STATE__PROCESSING);
    (void)assign_as(h, &officer, at, "Phòng Tư pháp", "", MC_CONFLICT); /* a stale screen */
    Dossier__DossierView *view = get_as(h, &alice, at->dossier_id, MC_OK);
    assert_string_equal(view->department, "Phòng Tư pháp");
    assert_string_equal(view->assignee, COLLEAGUE);

    held = assign_as(h, &officer, held, "", officer.account_id, MC_OK); /* taken by oneself */
    assert_int_equal(held->state, DOSSIER__STATE__PROCESSING);
    held = advance_as(h, &officer, held, DOSSIER__STATE__SUPPLEMENT_REQUESTED, why, MC_OK);
    held = assign_as(h, &officer, held, "Một cửa", "", MC_OK); /* no step: only the holder */
    assert_int_equal(held->state, DOSSIER__STATE__SUPPLEMENT_REQUESTED);
    assert_int_equal(harness_events(h, "dossier.assigned"), 1);
    (void)assign_as(h, &alice, held, "Một cửa", "", MC_DENIED);

    Dossier__DossierReply *gone = in_state(h, DOSSIER__STATE__REFUSED, false);
    (void)assign_as(h, &officer, gone, "Một cửa", "", MC_EXPIRED);
    assert_true(harness_violated(h, "", "DOSSIER_ENDED"));
}

/* Units taken from an officer take his dossiers-to-be with them. */
static void test_assignee_lost_his_unit(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = received(h);
    Identity__UnitsAssigned assigned = IDENTITY__UNITS_ASSIGNED__INIT;
    const char *const keys[] = {"account:x", NULL};

    grant(h, COLLEAGUE, BEN_CAU, "DOSSIER_PROCESS");
    assigned.account_id = mc_unconst(COLLEAGUE);
    harness_event(h, "identity", "identity.units_assigned", &assigned.base, keys);
    (void)assign_as(h, &officer, at, "", COLLEAGUE, MC_INVALID);
    grant(h, COLLEAGUE, BEN_CAU, "DOSSIER_PROCESS");
    grant(h, COLLEAGUE, "", "DOSSIER_PROCESS"); /* no unit: all is taken */
    (void)assign_as(h, &officer, at, "", COLLEAGUE, MC_INVALID);
}

static void test_notes(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = received(h);
    char long_text[DOSSIER_NOTE_CHARS_MAX + 2];

    memset(long_text, 'a', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    (void)note_as(h, &officer, at, long_text, false, MC_INVALID);
    (void)note_as(h, &officer, at, "", false, MC_INVALID);
    (void)note_as(h, &alice, at, "Tôi", false, MC_DENIED);
    (void)note_as(h, &stranger, at, "Tôi", false, MC_NOT_FOUND);
    long_text[DOSSIER_NOTE_CHARS_MAX] = '\0';
    at = note_as(h, &officer, at, long_text, false, MC_OK);
    Dossier__DossierReply *stale = at;
    at = note_as(h, &officer, at, "Mời ông/bà mang bản chính khi đến nhận", true, MC_OK);
    (void)note_as(h, &district, stale, "muộn", false, MC_CONFLICT);
    assert_int_equal(harness_events(h, "dossier.noted"), 1);
    assert_int_equal(harness_events(h, "dossier.noted_internally"), 1);
    const Motcua__Event *event = NULL;
    const Dossier__Changed *told =
        harness_last_event(h, "dossier.noted_internally", &dossier__changed__descriptor, &event);
    assert_string_equal(told->reason, "");

    assert_int_equal(get_as(h, &officer, at->dossier_id, MC_OK)->notes, 2);
    Dossier__ListNotesReply *all = notes_of(h, &officer, at->dossier_id, 1, "");
    assert_int_equal(all->n_notes, 1);
    assert_string_equal(all->notes[0]->text, "Mời ông/bà mang bản chính khi đến nhận");
    all = notes_of(h, &officer, at->dossier_id, 1, all->next_page_token);
    assert_int_equal(all->n_notes, 1);
    assert_string_equal(all->notes[0]->text, long_text);
    assert_string_equal(all->next_page_token, "");
    Dossier__ListNotesReply *his = notes_of(h, &alice, at->dossier_id, 0, "");
    assert_int_equal(his->n_notes, 1);
    assert_true(his->notes[0]->to_citizen);
}

/* DOS-07, S17: the request for a supplement is written once and names all that is missing. */
static void test_supplement_list(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = processing(h);
    Dossier__AdvanceRequest req = DOSSIER__ADVANCE_REQUEST__INIT;
    Dossier__SupplementItem items[DOSSIER_SUPPLEMENT_MAX + 1];
    Dossier__SupplementItem *list[DOSSIER_SUPPLEMENT_MAX + 1];

    for (size_t i = 0; i < MC_LEN(items); i++) {
        dossier__supplement_item__init(&items[i]);
        items[i].component = mc_unconst("Tờ khai");
        items[i].request = mc_unconst("Ký và ghi rõ họ tên");
        list[i] = &items[i];
    }
    req.dossier_id = at->dossier_id;
    req.version = at->version;
    req.to = DOSSIER__STATE__SUPPLEMENT_REQUESTED;
    req.reason = mc_unconst(why);
    req.supplement = list;
    req.n_supplement = MC_LEN(items);
    harness_as(h, &officer);
    (void)harness_call(h, "Advance", &req.base, MC_INVALID);
    assert_true(harness_violated(h, "supplement", "LIST_TOO_LONG"));
    req.n_supplement = DOSSIER_SUPPLEMENT_MAX;
    at = harness_call(h, "Advance", &req.base, MC_OK);

    Dossier__DossierView *view = get_as(h, &alice, at->dossier_id, MC_OK);
    assert_non_null(view->supplement);
    assert_string_equal(view->supplement->reason, why);
    assert_int_equal(view->supplement->n_items, DOSSIER_SUPPLEMENT_MAX);
    assert_string_equal(view->supplement->items[0]->request, "Ký và ghi rõ họ tên");
    assert_int_equal(view->supplement->answered_at_ms, 0);
    harness_advance(h, HOUR);
    (void)submit_as(h, &alice, at->dossier_id, MC_OK);
    view = get_as(h, &alice, at->dossier_id, MC_OK);
    assert_int_equal(view->supplement->answered_at_ms, harness_now(h));

    at->version = view->version;
    at = advance_as(h, &officer, at, DOSSIER__STATE__PROCESSING, "", MC_OK);
    static const char *const clerk_rights[] = {"DOSSIER_PROCESS"};
    struct mc_caller clerk = officer;
    clerk.rights = clerk_rights;
    clerk.rights_len = 1;
    (void)advance_as(h, &clerk, at, DOSSIER__STATE__SUPPLEMENT_REQUESTED, why, MC_DENIED);
    assert_true(harness_violated(h, "to", "SUPPLEMENT_ONCE"));
}

/* S19: what was refused stays refused; its content goes into a new draft. */
static void test_refused_is_copied(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = in_state(h, DOSSIER__STATE__REFUSED, false);
    Dossier__CopyRequest req = DOSSIER__COPY_REQUEST__INIT;

    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->refused_at_ms, harness_now(h));
    (void)submit_as(h, &alice, at->dossier_id, MC_EXPIRED);
    (void)advance_as(h, &officer, at, DOSSIER__STATE__NEW, why, MC_EXPIRED);
    req.dossier_id = at->dossier_id;
    harness_as(h, &officer);
    (void)harness_call(h, "Copy", &req.base, MC_DENIED);
    harness_as(h, &bob);
    (void)harness_call(h, "Copy", &req.base, MC_NOT_FOUND);
    harness_as(h, &alice);
    Dossier__DossierReply *copy = harness_call(h, "Copy", &req.base, MC_OK);
    assert_int_equal(copy->internal_number, at->internal_number + 1);
    Dossier__DossierView *view = get_as(h, &alice, copy->dossier_id, MC_OK);
    assert_int_equal(view->state, DOSSIER__STATE__DRAFT);
    assert_string_equal(view->abstract, "Đăng ký khai sinh cho con");
    assert_memory_equal(view->copied_from.data, at->dossier_id.data, MC_ID_LEN);
    assert_int_equal(submit_as(h, &alice, copy->dossier_id, MC_OK)->state, DOSSIER__STATE__NEW);
}

static Dossier__State state_after(struct harness *h, bool accepted, int64_t wait_ms)
{
    Dossier__DossierReply *at = in_state(h, DOSSIER__STATE__SUPPLEMENT_REQUESTED, accepted);

    harness_advance(h, wait_ms);
    harness_tick(h);
    return get_as(h, &alice, at->dossier_id, MC_OK)->state;
}

/* 5->8 and 5->3 by the system: not answered in 30 days, and not a moment sooner. */
static void test_supplement_expires(void **state)
{
    struct harness *h = *state;
    const int64_t life = 30LL * DAY;

    assert_int_equal(state_after(h, true, life - 1), DOSSIER__STATE__SUPPLEMENT_REQUESTED);
    assert_int_equal(state_after(h, true, life), DOSSIER__STATE__STOPPED);
    assert_int_equal(state_after(h, false, life), DOSSIER__STATE__REFUSED);
    Dossier__DossierReply *at = in_state(h, DOSSIER__STATE__SUPPLEMENT_REQUESTED, true);
    Dossier__DossierView *view = get_as(h, &alice, at->dossier_id, MC_OK);
    assert_int_equal(view->supplement->answer_by_ms, harness_now(h) + life);
    (void)submit_as(h, &alice, at->dossier_id, MC_OK); /* answered: it is the officer's turn */
    harness_advance(h, 2 * life);
    harness_reopen(h);
    harness_tick(h);
    assert_int_equal(get_as(h, &alice, at->dossier_id, MC_OK)->state,
                     DOSSIER__STATE__SUPPLEMENT_REQUESTED);
    assert_int_equal(harness_rows(h, DOSSIER_SUPPLEMENTS), 0);
    Dossier__DossierReply *stopped = in_state(h, DOSSIER__STATE__SUPPLEMENT_REQUESTED, true);
    harness_advance(h, life);
    harness_tick(h);
    view = get_as(h, &alice, stopped->dossier_id, MC_OK);
    assert_string_equal(view->history[view->n_history - 1]->reason,
                        "Hồ sơ không được bổ sung trong thời hạn yêu cầu.");
}

static void test_sub_states(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = processing(h);
    Dossier__SetSubStateRequest req = DOSSIER__SET_SUB_STATE_REQUEST__INIT;

    req.dossier_id = at->dossier_id;
    req.version = at->version;
    req.sub_state = mc_unconst("RESULT_READY"); /* of another state */
    harness_as(h, &officer);
    (void)harness_call(h, "SetSubState", &req.base, MC_INVALID);
    assert_true(harness_violated(h, "sub_state", "SUB_STATE_UNKNOWN"));
    req.sub_state = mc_unconst("AWAITING_SIGNATURE");
    at = harness_call(h, "SetSubState", &req.base, MC_OK);
    Dossier__DossierView *view = get_as(h, &officer, at->dossier_id, MC_OK);
    assert_string_equal(view->sub_state_name, "Chờ lãnh đạo ký");
    assert_int_equal(view->state, DOSSIER__STATE__PROCESSING);
    (void)harness_call(h, "SetSubState", &req.base, MC_CONFLICT);
    (void)advance_as(h, &officer, at, DOSSIER__STATE__FINISHED, "", MC_OK);
    assert_string_equal(get_as(h, &officer, at->dossier_id, MC_OK)->sub_state, "");
}

/* DOS-22: who changed what, when, from what to what; and the dossier as it was at any time. */
static void test_every_change(void **state)
{
    struct harness *h = *state;
    int64_t drafted = harness_now(h);
    Dossier__DossierReply *at = save_as(h, &alice, SINGLE, MC_OK);
    ProtobufCBinaryData id = at->dossier_id;

    assert_int_equal(changes_of(h, &alice, id)->n_changes, 0); /* a draft is its owner's affair */
    harness_advance(h, HOUR);
    int64_t sent_at = harness_now(h);
    at = submit_as(h, &alice, id, MC_OK);
    harness_advance(h, HOUR);
    int64_t received_at = harness_now(h);
    at = accept_as(h, &officer, at, MC_OK);
    harness_advance(h, HOUR);
    at = assign_as(h, &officer, at, "Phòng Tư pháp", "", MC_OK);
    harness_advance(h, HOUR);
    at = assign_as(h, &officer, at, "Văn phòng", "", MC_OK);

    Dossier__ListChangesReply *all = changes_of(h, &officer, id);
    assert_int_equal(all->n_changes, 4);
    const Dossier__FieldChange *field = field_of(all->changes[0], "department");
    assert_non_null(field);
    assert_string_equal(field->old, "Phòng Tư pháp");
    assert_string_equal(field->new_, "Văn phòng");
    assert_int_equal(all->changes[0]->version, at->version);
    assert_int_equal(all->changes[0]->at_ms, harness_now(h));
    assert_non_null(strstr(all->changes[0]->actor, officer.account_id));
    field = field_of(all->changes[2], "state");
    assert_string_equal(field->old, "NEW");
    assert_string_equal(field->new_, "RECEIVED");
    assert_string_equal(field_of(all->changes[2], "code")->old, "");
    assert_non_null(field_of(all->changes[3], "sent_at_ms"));
    assert_null(field_of(all->changes[3], "steps"));

    Dossier__DossierView *then = as_of(h, &officer, id, received_at, MC_OK);
    assert_int_equal(then->state, DOSSIER__STATE__RECEIVED);
    assert_string_equal(then->department, "");
    assert_int_equal(then->n_history, 2);
    assert_int_equal(then->version, 3);
    then = as_of(h, &alice, id, received_at - 1, MC_OK);
    assert_int_equal(then->state, DOSSIER__STATE__NEW);
    assert_string_equal(then->code, "");
    assert_int_equal(then->due_at_ms, 0);
    assert_string_equal(then->abstract, "Đăng ký khai sinh cho con");
    (void)as_of(h, &alice, id, sent_at - 1, MC_NOT_FOUND);
    assert_true(harness_violated(h, "as_of_ms", "AS_OF_TOO_EARLY"));
    (void)as_of(h, &alice, id, drafted - 1, MC_NOT_FOUND);
    assert_int_equal(as_of(h, &alice, id, harness_now(h) + DAY, MC_OK)->version, at->version);

    harness_reopen(h); /* and after a restart */
    assert_int_equal(as_of(h, &officer, id, received_at, MC_OK)->state, DOSSIER__STATE__RECEIVED);
}

static void save_again(struct harness *h, ProtobufCBinaryData id, const char *abstract)
{
    Dossier__SaveDraftRequest req = DOSSIER__SAVE_DRAFT_REQUEST__INIT;

    req.dossier_id = id;
    req.procedure_code = mc_unconst(SINGLE);
    req.unit = mc_unconst(BEN_CAU);
    req.abstract = mc_unconst(abstract);
    req.form = mc_unconst("{\"hoTen\":\"Nguyễn Thử Nghiệm\"}");
    harness_as(h, &alice);
    (void)harness_call(h, "SaveDraft", &req.base, MC_OK);
}

/* What he types while he answers is one change, from what it was to what he sent. */
static void test_typing_is_one_change(void **state)
{
    struct harness *h = *state;
    Dossier__DossierReply *at = in_state(h, DOSSIER__STATE__SUPPLEMENT_REQUESTED, true);
    char text[32];

    size_t before = changes_of(h, &officer, at->dossier_id)->n_changes;
    for (int i = 0; i < 20; i++) {
        (void)snprintf(text, sizeof text, "Trích yếu lần %d", i);
        save_again(h, at->dossier_id, text);
    }
    Dossier__ListChangesReply *all = changes_of(h, &officer, at->dossier_id);
    assert_int_equal(all->n_changes, before + 1);
    const Dossier__FieldChange *field = field_of(all->changes[0], "abstract");
    assert_string_equal(field->old, "Đăng ký khai sinh cho con");
    assert_string_equal(field->new_, "Trích yếu lần 19");
    assert_null(field_of(all->changes[0], "form")); /* sealed anew, but the same words */
    save_again(h, at->dossier_id, "Đăng ký khai sinh cho con"); /* and back again */
    assert_int_equal(harness_rows(h, DOSSIER_CHANGES), before + 1);
}

static void split_ok(const uint8_t *bytes, size_t len, bool want)
{
    struct dossier_fields fields;

    assert_int_equal(dossier_fields_split((struct mc_bytes){bytes, len}, &fields), want);
    if (want)
        assert_int_equal(dossier_fields_size(&fields), len);
}

static void test_fields(void **state)
{
    static const uint8_t good[] = {0x08, 0x96, 0x01, 0x12, 0x01, 'a', 0x12, 0x00, 0x1d, 1, 2, 3, 4};
    static const uint8_t apart[] = {0x08, 0x01, 0x12, 0x00, 0x08, 0x01};
    static const uint8_t zero[] = {0x00, 0x01};
    static const uint8_t high[] = {0x80, 0x08, 0x01}; /* field 128 */
    static const uint8_t cut[] = {0x12, 0x05, 'a'};
    static const uint8_t group[] = {0x0b};

    (void)state;
    split_ok(good, sizeof good, true);
    split_ok(good, 0, true);
    split_ok(apart, sizeof apart, false);
    split_ok(zero, sizeof zero, false);
    split_ok(high, sizeof high, false);
    split_ok(cut, sizeof cut, false);
    split_ok(group, sizeof group, false);
    for (size_t i = 1; i < sizeof good; i++) { /* a cut is told, or falls between two fields */
        struct dossier_fields fields;

        if (dossier_fields_split((struct mc_bytes){good, i}, &fields))
            assert_true(i == 3 || i == 6 || i == 8);
    }
}

/* STATES.md is what the code does. */
static void test_states_are_documented(void **state)
{
    struct harness *h = *state;
    Dossier__ListStagesRequest req = DOSSIER__LIST_STAGES_REQUEST__INIT;
    static char text[2 * DOSSIER_STAGES_TEXT_MAX];
    FILE *file = fopen(MC_SOURCE_DIR "/services/dossier/STATES.md", "re");

    assert_non_null(file);
    size_t len = fread(text, 1, sizeof text - 1, file);
    text[len] = '\0';
    assert_int_equal(fclose(file), 0);
    Dossier__ListStagesReply *reply = harness_call(h, "ListStages", &req.base, MC_OK);
    assert_int_equal(reply->n_stages, 31);
    assert_string_equal(text, reply->markdown);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_assign, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_assignee_lost_his_unit, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_notes, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_supplement_list, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_refused_is_copied, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_supplement_expires, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_sub_states, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_every_change, open_room, close_room),
        cmocka_unit_test_setup_teardown(test_typing_is_one_change, open_room, close_room),
        cmocka_unit_test(test_fields),
        cmocka_unit_test_setup_teardown(test_states_are_documented, open_room, close_room),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
