/* A member's own system: CapNhatTienDoHoSoMC and TraCuuHoSo (requirements F, domain 2.7). */
#include "dossier_file_help.h"
#include "dossier_help.h"

#define TAY_NINH "000.00.00.H53"
#define OTHER    "000.00.00.H35"
#define PARTNER  "tayninh"
#define STATE(n) DOSSIER__STATE__##n

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

#define MEMBER_TEST(test) cmocka_unit_test_setup_teardown(test, open_room, close_room)

static void as_gateway(struct harness *h)
{
    harness_as(h, &(struct mc_caller){.name = "room:gateway", .who = MC_ROOM});
}

static Dossier__ReceiveProgressReply *tell(struct harness *h, const char *unit, const char *code,
                                           Dossier__State to, int64_t at_ms, const char *note,
                                           enum mc_status want)
{
    Dossier__ReceiveProgressRequest req = DOSSIER__RECEIVE_PROGRESS_REQUEST__INIT;
    Dossier__ProgressStep step = DOSSIER__PROGRESS_STEP__INIT;
    Dossier__ProgressStep *steps[] = {&step};

    step.code = mc_unconst(code);
    step.to = to;
    step.at_ms = at_ms;
    step.note = mc_unconst(note);
    req.unit = mc_unconst(unit);
    req.partner_id = mc_unconst(PARTNER);
    req.steps = steps;
    req.n_steps = 1;
    as_gateway(h);
    return harness_call(h, "ReceiveProgress", &req.base, want);
}

static Dossier__PartnerDossier *look_up(struct harness *h, const char *unit, const char *code,
                                        enum mc_status want)
{
    Dossier__LookUpForPartnerRequest req = DOSSIER__LOOK_UP_FOR_PARTNER_REQUEST__INIT;

    req.unit = mc_unconst(unit);
    req.code = mc_unconst(code);
    req.partner_id = mc_unconst(PARTNER);
    as_gateway(h);
    return harness_call(h, "LookUpForPartner", &req.base, want);
}

/* The code outlives the replies of the harness. */
static char code[MC_DOSSIER_CODE_SIZE];

static ProtobufCBinaryData a_dossier(struct harness *h)
{
    static uint8_t id[MC_ID_LEN];
    const Dossier__DossierReply *at = received(h);

    (void)snprintf(code, sizeof code, "%s", at->code);
    memcpy(id, at->dossier_id.data, sizeof id);
    return (ProtobufCBinaryData){sizeof id, id};
}

/* The steps of its officers, by the one table, in its name. */
static void progress_moves_the_dossier(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = a_dossier(h);
    static const Dossier__State way[] = {STATE(PROCESSING), STATE(FINISHED), STATE(RETURNED)};

    for (size_t i = 0; i < MC_LEN(way); i++) {
        harness_advance(h, HOUR);
        const Dossier__ReceiveProgressReply *rep =
            tell(h, TAY_NINH, code, way[i], harness_now(h), "Phòng Tư pháp", MC_OK);
        assert_int_equal(rep->steps[0]->state, way[i]);
        assert_false(rep->steps[0]->again);
        const Dossier__Changed *told =
            harness_last_event(h, "dossier.advanced", &dossier__changed__descriptor, NULL);
        assert_string_equal(told->told_by, PARTNER);
    }
    const Dossier__DossierView *view = get_as(h, &officer, id, MC_OK);
    assert_int_equal(view->state, STATE(RETURNED));
    assert_string_equal(view->history[view->n_history - 1]->actor, "partner:" PARTNER);
    assert_string_equal(view->history[view->n_history - 1]->reason, "Phòng Tư pháp");
}

/* D5: duplicates are normal, and come late: an old «4» does not bring a finished dossier back. */
static void a_repeat_changes_nothing(void **state)
{
    struct harness *h = *state;
    int64_t first = harness_now(h) + HOUR;

    (void)a_dossier(h);
    harness_advance(h, INT64_C(3) * HOUR);
    (void)tell(h, TAY_NINH, code, STATE(PROCESSING), first, "", MC_OK);
    uint64_t version =
        tell(h, TAY_NINH, code, STATE(FINISHED), first + HOUR, "", MC_OK)->steps[0]->version;
    size_t events = harness_events(h, "dossier.advanced");
    static const struct {
        Dossier__State to;
        int64_t after;
    } late[] = {{STATE(FINISHED), HOUR},        /* the same */
                {STATE(PROCESSING), 0},         /* the one before */
                {STATE(FINISHED), HOUR + 1000}, /* where it is, told once more with a new time */
                {STATE(RETURNED), HOUR}};       /* another, of the same moment: not later */
    for (size_t i = 0; i < MC_LEN(late); i++) {
        const Dossier__ReceiveProgressReply *rep =
            tell(h, TAY_NINH, code, late[i].to, first + late[i].after, "x", MC_OK);
        assert_true(rep->steps[0]->again);
        assert_int_equal(rep->steps[0]->state, STATE(FINISHED));
        assert_int_equal(rep->steps[0]->version, version);
    }
    assert_int_equal(harness_events(h, "dossier.advanced"), events);
}

/* An officer here asked for papers meanwhile: what was done there before does not end the wait. */
static void what_is_older_than_a_step_here_comes_too_late(void **state)
{
    struct harness *h = *state;

    (void)a_dossier(h);
    const Dossier__DossierReply *at = processing(h);
    (void)snprintf(code, sizeof code, "%s", at->code);
    harness_advance(h, HOUR);
    int64_t asked = harness_now(h);
    (void)advance_as(h, &officer, at, STATE(SUPPLEMENT_REQUESTED), why, MC_OK);
    harness_advance(h, HOUR);
    int64_t late = asked - DOSSIER_PROGRESS_AHEAD_MS - 1;
    const Dossier__ReceiveProgressReply *rep =
        tell(h, TAY_NINH, code, STATE(PROCESSING), late, "", MC_OK);
    assert_true(rep->steps[0]->again);
    assert_int_equal(rep->steps[0]->state, STATE(SUPPLEMENT_REQUESTED));
    rep = tell(h, TAY_NINH, code, STATE(PROCESSING), late + 1, "", MC_OK);
    assert_false(rep->steps[0]->again); /* clocks differ by so much */
}

static void the_table_holds_for_members_too(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = a_dossier(h);

    assert_null(tell(h, TAY_NINH, code, STATE(RETURNED), harness_now(h), "", MC_EXPIRED));
    assert_true(harness_violated(h, "to", "TRANSITION_NOT_ALLOWED"));
    assert_null(tell(h, TAY_NINH, code, STATE(STOPPED), harness_now(h), "", MC_INVALID));
    assert_true(harness_violated(h, "reason", "REASON_REQUIRED"));
    assert_null(tell(h, TAY_NINH, code, STATE(WITHDRAWN), harness_now(h), "", MC_EXPIRED));
    (void)tell(h, TAY_NINH, code, STATE(PROCESSING), harness_now(h), "", MC_OK);
    harness_advance(h, HOUR);
    (void)tell(h, TAY_NINH, code, STATE(SUPPLEMENT_REQUESTED), harness_now(h), why, MC_OK);
    const Dossier__DossierView *view = get_as(h, &alice, id, MC_OK);
    assert_string_equal(view->supplement->reason, why);
    harness_advance(h, HOUR);
    (void)tell(h, TAY_NINH, code, STATE(PROCESSING), harness_now(h), "", MC_OK);
    harness_advance(h, HOUR); /* a second one is the leader's, and a member's is not known here */
    assert_null(
        tell(h, TAY_NINH, code, STATE(SUPPLEMENT_REQUESTED), harness_now(h), why, MC_DENIED));
    assert_true(harness_violated(h, "to", "SUPPLEMENT_ONCE"));
}

/* All are taken, or none; and each that is wrong is named. */
static void what_is_wrong_is_named_by_its_place(void **state)
{
    struct harness *h = *state;
    Dossier__ReceiveProgressRequest req = DOSSIER__RECEIVE_PROGRESS_REQUEST__INIT;
    Dossier__ProgressStep rows[4];
    Dossier__ProgressStep *steps[DOSSIER_PROGRESS_MAX + 1];
    ProtobufCBinaryData id = a_dossier(h);

    for (size_t i = 0; i < MC_LEN(rows); i++) {
        dossier__progress_step__init(&rows[i]);
        rows[i].code = code;
        rows[i].to = STATE(PROCESSING);
        rows[i].at_ms = harness_now(h);
        steps[i] = &rows[i];
    }
    rows[1].code = mc_unconst("000.20.31.H53-260907-9999");
    rows[2].to = STATE(DRAFT);
    rows[3].at_ms = harness_now(h) + DOSSIER_PROGRESS_AHEAD_MS + 1;
    req.steps = steps;
    as_gateway(h);
    assert_null(harness_call(h, "ReceiveProgress", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "unit", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "partner_id", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "steps", "FIELD_REQUIRED"));
    req.unit = mc_unconst(TAY_NINH);
    req.partner_id = mc_unconst(PARTNER);
    req.n_steps = MC_LEN(rows);
    assert_null(harness_call(h, "ReceiveProgress", &req.base, MC_NOT_FOUND));
    assert_true(harness_violated(h, "steps[1].code", "DOSSIER_NOT_FOUND"));
    assert_true(harness_violated(h, "steps[2].to", "FIELD_INVALID"));
    assert_true(harness_violated(h, "steps[3].at_ms", "FIELD_INVALID"));
    assert_int_equal(harness_header(h)->n_violations, 3);
    assert_int_equal(get_as(h, &officer, id, MC_OK)->state, STATE(RECEIVED));

    for (size_t i = 0; i < MC_LEN(steps); i++)
        steps[i] = &rows[0];
    req.n_steps = DOSSIER_PROGRESS_MAX + 1;
    as_gateway(h);
    assert_null(harness_call(h, "ReceiveProgress", &req.base, MC_INVALID));
    assert_true(harness_violated(h, "steps", "LIST_TOO_LONG"));
    rows[0].at_ms = harness_now(h) + DOSSIER_PROGRESS_AHEAD_MS;
    req.n_steps = DOSSIER_PROGRESS_MAX;
    const Dossier__ReceiveProgressReply *rep = harness_call(h, "ReceiveProgress", &req.base, MC_OK);
    assert_false(rep->steps[0]->again);
    assert_true(rep->steps[1]->again);
}

static void others_dossiers_are_not_there(void **state)
{
    struct harness *h = *state;

    (void)a_dossier(h);
    assert_null(tell(h, OTHER, code, STATE(PROCESSING), harness_now(h), "", MC_NOT_FOUND));
    assert_null(look_up(h, OTHER, code, MC_NOT_FOUND));
    assert_null(look_up(h, TAY_NINH, "000.20.31.H53-260907-9999", MC_NOT_FOUND));
    assert_null(look_up(h, "", "", MC_INVALID));
    assert_true(harness_violated(h, "code", "FIELD_REQUIRED"));
    harness_as(h, &officer);
    Dossier__LookUpForPartnerRequest req = DOSSIER__LOOK_UP_FOR_PARTNER_REQUEST__INIT;
    assert_null(harness_call(h, "LookUpForPartner", &req.base, MC_DENIED));
}

static void a_look_up_names_nobody_and_is_written_down(void **state)
{
    struct harness *h = *state;

    (void)a_dossier(h);
    const Dossier__PartnerDossier *found = look_up(h, TAY_NINH, code, MC_OK);
    assert_string_equal(found->code, code);
    assert_string_equal(found->procedure_code, SINGLE);
    assert_string_equal(found->state_name, "Được tiếp nhận");
    assert_int_equal(found->n_steps, 2);
    assert_int_equal(found->steps[1]->to, STATE(RECEIVED));
    const Dossier__ReadForPartner *read = harness_last_event(
        h, "dossier.read_for_partner", &dossier__read_for_partner__descriptor, NULL);
    assert_string_equal(read->partner_id, PARTNER);
    assert_string_equal(read->unit, BEN_CAU);
}

static Dossier__ReadAttachmentReply *read_file(struct harness *h, const char *unit,
                                               const char *sha256, uint64_t offset, uint64_t length,
                                               enum mc_status want)
{
    Dossier__ReadFileForPartnerRequest req = DOSSIER__READ_FILE_FOR_PARTNER_REQUEST__INIT;

    req.unit = mc_unconst(unit);
    req.partner_id = mc_unconst(PARTNER);
    req.code = code;
    req.sha256 = mc_unconst(sha256);
    req.offset = offset;
    req.length = length;
    as_gateway(h);
    return harness_call(h, "ReadFileForPartner", &req.base, want);
}

/* What DuongDanTaiTepTin leads to: in parts, for the member alone, and the citizen can see it. */
static void a_member_reads_the_files_it_was_sent(void **state)
{
    enum { LEN = 3000 };
    struct harness *h = *state;
    uint8_t *content = pdf_of(LEN, 7);
    char sha256[2 * MC_HASH_LEN + 1];
    const Dossier__DossierReply *draft = save_as(h, &alice, SINGLE, MC_OK);
    ProtobufCBinaryData id = {draft->dossier_id.len, draft->dossier_id.data};
    uint8_t kept_id[MC_ID_LEN];

    memcpy(kept_id, id.data, sizeof kept_id);
    id.data = kept_id;
    (void)snprintf(sha256, sizeof sha256, "%s",
                   attach_content(h, &alice, id, content, LEN, "Đơn")->sha256);
    const Dossier__DossierReply *at =
        accept_as(h, &officer, submit_as(h, &alice, id, MC_OK), MC_OK);
    (void)snprintf(code, sizeof code, "%s", at->code);

    const Dossier__ReadAttachmentReply *part = read_file(h, TAY_NINH, sha256, 1000, 500, MC_OK);
    assert_int_equal(part->size, LEN);
    assert_string_equal(part->content_type, "application/pdf");
    assert_int_equal(part->content.len, 500);
    assert_memory_equal(part->content.data, content + 1000, 500);
    const Dossier__FileRead *told =
        harness_last_event(h, "dossier.file_read", &dossier__file_read__descriptor, NULL);
    assert_string_equal(told->by, "partner:" PARTNER);
    assert_string_equal(told->unit, TAY_NINH);
    assert_int_equal(told->offset, 1000);
    assert_int_equal(read_file(h, TAY_NINH, sha256, 0, 0, MC_OK)->content.len, LEN);
    assert_int_equal(read_file(h, TAY_NINH, sha256, 0, DOSSIER_READ_MAX, MC_OK)->content.len, LEN);
    assert_null(read_file(h, TAY_NINH, sha256, 0, DOSSIER_READ_MAX + 1, MC_INVALID));
    assert_null(read_file(h, TAY_NINH, sha256, LEN + 1, 1, MC_INVALID));
    assert_true(harness_violated(h, "offset", "FILE_RANGE"));
    assert_null(read_file(h, OTHER, sha256, 0, 0, MC_NOT_FOUND));
    assert_null(read_file(h, TAY_NINH, hash_of("other", 5), 0, 0, MC_NOT_FOUND));
    assert_true(harness_violated(h, "sha256", "FILE_NOT_FOUND"));
    assert_null(read_file(h, "", "x", 0, 0, MC_INVALID));
    assert_int_equal(harness_header(h)->n_violations, 2);
    free(content);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        MEMBER_TEST(progress_moves_the_dossier),
        MEMBER_TEST(a_repeat_changes_nothing),
        MEMBER_TEST(what_is_older_than_a_step_here_comes_too_late),
        MEMBER_TEST(the_table_holds_for_members_too),
        MEMBER_TEST(what_is_wrong_is_named_by_its_place),
        MEMBER_TEST(others_dossiers_are_not_there),
        MEMBER_TEST(a_look_up_names_nobody_and_is_written_down),
        MEMBER_TEST(a_member_reads_the_files_it_was_sent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
