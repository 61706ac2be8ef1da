/* Partners that call us: passwords, sessions, services, and who guesses (API-08). */
#include "common/json.h"

#include "dossier.pb-c.h"
#include "support.pb-c.h"

#include "partner_delivery_help.h"
#include "services/partner/inbound.h"

static void as_gateway(struct harness *h)
{
    harness_as(h, &(struct mc_caller){.name = "room:gateway", .who = MC_ROOM});
}

static void save_partner(struct harness *h, const char *id, const char *unit)
{
    struct profile p;

    profile_init(&p);
    p.profile.partner_id = text(id);
    p.profile.unit = text(unit);
    as_admin(h, unit);
    (void)harness_call(h, "SavePartner", &p.request.base, MC_OK);
}

static int open_admin(void **state)
{
    static const char *const settings[] = {"partner.inbound_per_minute=3",
                                           "partner.own_dstcode=VN:DVCQG", NULL};

    *state = harness_open(&partner_room, settings);
    harness_from(*state, "203.0.113.0/24");
    save_partner(*state, "longan", LONG_AN);
    save_partner(*state, PARTNER_ID, TAY_NINH);
    return 0;
}

#define INBOUND_TEST(test) cmocka_unit_test_setup_teardown(test, open_admin, close_room)

/* What a partner shows us; returns the credential's id. */
static ProtobufCBinaryData save(struct harness *h, const char *id, const char *name,
                                const char *password, enum mc_status want)
{
    Partner__SaveCredentialRequest req = PARTNER__SAVE_CREDENTIAL_REQUEST__INIT;

    req.partner_id = text(id);
    req.way = PARTNER__CREDENTIAL_WAY__INBOUND;
    req.username = text(name);
    req.password = text(password);
    req.reason = text("công văn 12");
    as_admin(h, strcmp(id, PARTNER_ID) == 0 ? TAY_NINH : LONG_AN);
    const Partner__PartnerView *view = harness_call(h, "SaveCredential", &req.base, want);
    return view != NULL ? view->credentials[view->n_credentials - 1]->credential_id
                        : (ProtobufCBinaryData){0};
}

static void end(struct harness *h, ProtobufCBinaryData id)
{
    Partner__EndCredentialRequest req = PARTNER__END_CREDENTIAL_REQUEST__INIT;

    req.partner_id = text(PARTNER_ID);
    req.credential_id = id;
    req.reason = text("thay hệ thống");
    as_admin(h, TAY_NINH);
    assert_non_null(harness_call(h, "EndCredential", &req.base, MC_OK));
}

#define NAME     "tayninh.motcua"
#define PASSWORD "CANARY-mat-khau-1"

/* What the other side is answered: its error_code; the session goes to *ret_session. */
static const char *log_in(struct harness *h, const char *body, unsigned want_http,
                          char ret_session[PARTNER_INBOUND_TOKEN_SIZE])
{
    static char code[16];
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    Motcua__WebhookRequest req = MOTCUA__WEBHOOK_REQUEST__INIT;

    req.body = data(body);
    req.dstcode = text("VN:DVCQG");
    as_gateway(h);
    const Motcua__WebhookReply *rep = harness_call(h, "InboundSession", &req.base, MC_OK);
    assert_int_equal(rep->status, want_http);
    assert_int_equal(mc_json_parse(mc_key_bytes(rep->body), &json), MC_OK);
    (void)snprintf(code, sizeof code, "%s", mc_json_text(json, "error_code"));
    if (ret_session != NULL && mc_json_text(json, "session") != NULL)
        (void)snprintf(ret_session, PARTNER_INBOUND_TOKEN_SIZE, "%s",
                       mc_json_text(json, "session"));
    return code;
}

static const char *credentials(const char *name, const char *password)
{
    static char body[256];

    (void)snprintf(body, sizeof body, "{\"username\":\"%s\",\"password\":\"%s\"}", name, password);
    return body;
}

static const Partner__InboundCallReply *call(struct harness *h, const char *session,
                                             const char *rest)
{
    static char body[512];
    Motcua__WebhookRequest req = MOTCUA__WEBHOOK_REQUEST__INIT;

    (void)snprintf(body, sizeof body, "{\"session\":\"%s\"%s}", session, rest);
    req.body = data(body);
    as_gateway(h);
    return harness_call(h, "InboundCall", &req.base, MC_OK);
}

static void assert_answer(const Partner__InboundCallReply *rep, unsigned http, const char *code)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;

    assert_non_null(rep->answer);
    assert_int_equal(rep->answer->status, http);
    assert_int_equal(mc_json_parse(mc_key_bytes(rep->answer->body), &json), MC_OK);
    assert_string_equal(mc_json_text(json, "error_code"), code);
}

static void session_opens_services(void **state)
{
    struct harness *h = *state;
    char session[PARTNER_INBOUND_TOKEN_SIZE] = "";
    (void)save(h, PARTNER_ID, NAME, PASSWORD, MC_OK);

    assert_string_equal(log_in(h, credentials(NAME, PASSWORD), 200, session), "0");
    const Partner__InboundCallReply *rep =
        call(h, session, ",\"service\":\"LayThuTuc\",\"maTTHC\":\"1.001193\"");
    assert_null(rep->answer);
    assert_string_equal(rep->room, "dossier");
    assert_string_equal(rep->method, "motcua.dossier.v1.Dossier/GetProcedure");
    Dossier__GetProcedureRequest *request =
        dossier__get_procedure_request__unpack(NULL, rep->request.len, rep->request.data);
    assert_string_equal(request->code, "1.001193");
    dossier__get_procedure_request__free_unpacked(request, NULL);
    assert_int_equal(harness_events(h, "partner.inbound_called"), 1);

    /* a member reads its own people's questions, whatever it asks for */
    rep = call(h, session, ",\"service\":\"LayDanhSachHoiDapGuiTuDVCQG\",\"unit\":\"" LONG_AN "\"");
    Support__ListForPartnerRequest *list =
        support__list_for_partner_request__unpack(NULL, rep->request.len, rep->request.data);
    assert_string_equal(list->unit, TAY_NINH);
    support__list_for_partner_request__free_unpacked(list, NULL);
    rep = call(h, session, ",\"service\":\"NhanThongBaoThueDat\"");
    assert_true(rep->raw);
    assert_string_equal(rep->room, "payment");
}

/* CapNhatTienDoHoSoMC: for its own unit, in its own name, whatever the body says. */
static void progress_goes_to_the_dossier_room(void **state)
{
    struct harness *h = *state;
    char session[PARTNER_INBOUND_TOKEN_SIZE] = "";
    (void)save(h, PARTNER_ID, NAME, PASSWORD, MC_OK);

    (void)log_in(h, credentials(NAME, PASSWORD), 200, session);
    const Partner__InboundCallReply *rep =
        call(h, session,
             ",\"service\":\"CapNhatTienDoHoSoMC\",\"madonvi\":\"" LONG_AN "\",\"data\":["
             "{\"MaHoSo\":\"" DOSSIER_CODE "\",\"TrangThai\":\"4\",\"ThoiDiemXuLy\":"
             "\"20260907092000\",\"NoiDungXuLy\":\"x\"},{\"TrangThai\":11}]");
    assert_string_equal(rep->method, "motcua.dossier.v1.Dossier/ReceiveProgress");
    Dossier__ReceiveProgressRequest *progress =
        dossier__receive_progress_request__unpack(NULL, rep->request.len, rep->request.data);
    assert_string_equal(progress->unit, TAY_NINH);
    assert_string_equal(progress->partner_id, PARTNER_ID);
    assert_int_equal(progress->n_steps, 2);
    assert_string_equal(progress->steps[0]->code, DOSSIER_CODE);
    assert_int_equal(progress->steps[0]->to, DOSSIER__STATE__PROCESSING);
    assert_int_equal(progress->steps[0]->at_ms, HARNESS_T0);
    assert_int_equal(progress->steps[1]->to, DOSSIER__STATE__DRAFT); /* refused over there */
    assert_int_equal(progress->steps[1]->at_ms, 0);
    dossier__receive_progress_request__free_unpacked(progress, NULL);
    rep = call(h, session, ",\"service\":\"TraCuuHoSo\",\"MaHoSo\":\"" DOSSIER_CODE "\"");
    assert_string_equal(rep->method, "motcua.dossier.v1.Dossier/LookUpForPartner");
    rep = call(h, session,
               ",\"service\":\"TaiTepTin\",\"MaHoSo\":\"" DOSSIER_CODE
               "\",\"TepDinhKemId\":\"ab\",\"ViTri\":1000,\"DoDai\":-5");
    assert_string_equal(rep->method, "motcua.dossier.v1.Dossier/ReadFileForPartner");
    Dossier__ReadFileForPartnerRequest *file =
        dossier__read_file_for_partner_request__unpack(NULL, rep->request.len, rep->request.data);
    assert_string_equal(file->unit, TAY_NINH);
    assert_string_equal(file->partner_id, PARTNER_ID);
    assert_string_equal(file->sha256, "ab");
    assert_int_equal(file->offset, 1000);
    assert_int_equal(file->length, 0);
    dossier__read_file_for_partner_request__free_unpacked(file, NULL);
}

static Partner__ReadFeedReply *read_feed(struct harness *h, char *session, const char *unit,
                                         enum mc_status want)
{
    Partner__ReadMemberFeedRequest req = PARTNER__READ_MEMBER_FEED_REQUEST__INIT;
    Partner__ReadFeedRequest feed = PARTNER__READ_FEED_REQUEST__INIT;

    feed.unit = text(unit);
    feed.from_now = true;
    req.session = session;
    req.feed = &feed;
    as_gateway(h);
    return harness_call(h, "ReadMemberFeed", &req.base, want);
}

/* /events for a member's system: by its own session, of its own unit, while its credential lives.
 */
static void a_member_hears_its_own_units_events(void **state)
{
    struct harness *h = *state;
    char session[PARTNER_INBOUND_TOKEN_SIZE] = "";
    ProtobufCBinaryData credential = save(h, PARTNER_ID, NAME, PASSWORD, MC_OK);
    uint8_t kept[MC_ID_LEN];

    memcpy(kept, credential.data, sizeof kept);
    (void)log_in(h, credentials(NAME, PASSWORD), 200, session);
    assert_non_null(read_feed(h, session, "", MC_OK));
    assert_non_null(read_feed(h, session, BEN_CAU, MC_OK));
    assert_null(read_feed(h, session, LONG_AN, MC_DENIED));
    assert_true(harness_violated(h, "unit", "RIGHT_MISSING"));
    assert_null(read_feed(h, session, "x", MC_INVALID));
    assert_null(read_feed(h, mc_unconst("tayninh.00"), "", MC_UNAUTHENTICATED));
    end(h, (ProtobufCBinaryData){sizeof kept, kept});
    assert_null(read_feed(h, session, "", MC_UNAUTHENTICATED));
    assert_true(harness_violated(h, "session", "SESSION_INVALID"));
}

/* DongBoHoiDap: a question of the member's own people, to a unit of its own. */
static void feedback_is_of_the_members_own_unit(void **state)
{
    struct harness *h = *state;
    char session[PARTNER_INBOUND_TOKEN_SIZE] = "";
    Motcua__WebhookRequest req = MOTCUA__WEBHOOK_REQUEST__INIT;
    char body[512];
    (void)save(h, PARTNER_ID, NAME, PASSWORD, MC_OK);

    (void)log_in(h, credentials(NAME, PASSWORD), 200, session);
    const Partner__InboundCallReply *rep =
        call(h, session,
             ",\"service\":\"DongBoHoiDap\",\"MaHoiDap\":\"HD-1\",\"madonvi\":\"" BEN_CAU
             "\",\"LoaiHoiDap\":2,\"TieuDe\":\"Giờ làm việc\"");
    Support__ReceiveFeedbackRequest *feedback =
        support__receive_feedback_request__unpack(NULL, rep->request.len, rep->request.data);
    assert_string_equal(feedback->unit, BEN_CAU);
    assert_string_equal(feedback->partner_code, "HD-1");
    assert_int_equal(feedback->kind, SUPPORT__FEEDBACK_KIND__KIND_CONDUCT);
    support__receive_feedback_request__free_unpacked(feedback, NULL);
    (void)snprintf(body, sizeof body,
                   "{\"session\":\"%s\",\"service\":\"DongBoHoiDap\",\"madonvi\":\"" LONG_AN "\"}",
                   session);
    req.body = data(body);
    assert_null(harness_call(h, "InboundCall", &req.base, MC_DENIED));
    assert_true(harness_violated(h, "madonvi", "RIGHT_MISSING"));
}

static void what_is_wrong_is_named(void **state)
{
    struct harness *h = *state;
    char session[PARTNER_INBOUND_TOKEN_SIZE] = "";
    (void)save(h, PARTNER_ID, NAME, PASSWORD, MC_OK);
    Motcua__WebhookRequest other = MOTCUA__WEBHOOK_REQUEST__INIT;

    assert_string_equal(log_in(h, "{", 400, NULL), "-2");
    assert_string_equal(log_in(h, "{}", 400, NULL), "-2");
    assert_string_equal(log_in(h, "{\"username\":\"x\"}", 400, NULL), "-2");
    assert_string_equal(log_in(h, credentials(NAME, "wrong"), 401, NULL), "-1");
    assert_string_equal(log_in(h, credentials("nobody", PASSWORD), 401, NULL), "-1");
    other.body = data("{}");
    other.dstcode = text("VN:KHAC");
    const Motcua__WebhookReply *rep = harness_call(h, "InboundSession", &other.base, MC_OK);
    assert_non_null(memmem(rep->body.data, rep->body.len, "\"-5\"", 4));

    assert_string_equal(log_in(h, credentials(NAME, PASSWORD), 200, session), "0");
    assert_answer(call(h, "tayninh.0000", ",\"service\":\"LayThuTuc\""), 401, "-1");
    assert_answer(call(h, "", ",\"service\":\"LayThuTuc\""), 401, "-1");
    assert_answer(call(h, session, ",\"service\":\"XoaHet\""), 400, "-3");
    assert_answer(call(h, session, ""), 400, "-3");
}

static void session_ends(void **state)
{
    struct harness *h = *state;
    char session[PARTNER_INBOUND_TOKEN_SIZE] = "";
    ProtobufCBinaryData id = save(h, PARTNER_ID, NAME, PASSWORD, MC_OK);

    (void)log_in(h, credentials(NAME, PASSWORD), 200, session);
    harness_advance(h, 30 * MINUTE_MS - 1);
    assert_null(call(h, session, ",\"service\":\"LayThuTuc\"")->answer);
    harness_advance(h, 1);
    assert_answer(call(h, session, ",\"service\":\"LayThuTuc\""), 401, "-1");
    (void)log_in(h, credentials(NAME, PASSWORD), 200, session);
    end(h, id);
    assert_answer(call(h, session, ",\"service\":\"LayThuTuc\""), 401, "-1");
    assert_string_equal(log_in(h, credentials(NAME, PASSWORD), 401, NULL), "-1");
}

static void partner_has_its_minute(void **state)
{
    struct harness *h = *state;
    char session[PARTNER_INBOUND_TOKEN_SIZE] = "";
    (void)save(h, PARTNER_ID, NAME, PASSWORD, MC_OK);

    (void)log_in(h, credentials(NAME, PASSWORD), 200, session);
    for (unsigned i = 0; i < 3; i++)
        assert_null(call(h, session, ",\"service\":\"LayThuTuc\"")->answer);
    assert_answer(call(h, session, ",\"service\":\"LayThuTuc\""), 429, "-4");
    harness_advance(h, MINUTE_MS);
    assert_null(call(h, session, ",\"service\":\"LayThuTuc\"")->answer);
}

/* The source is locked out, not the partner whose name it guesses at. */
static void guesser_is_locked_and_the_partner_is_not(void **state)
{
    struct harness *h = *state;
    (void)save(h, PARTNER_ID, NAME, PASSWORD, MC_OK);

    harness_from(h, "198.51.100.0/24");
    for (unsigned i = 0; i < PARTNER_INBOUND_FAILURES_MAX; i++)
        assert_string_equal(log_in(h, credentials(NAME, "guess"), 401, NULL), "-1");
    assert_string_equal(log_in(h, credentials(NAME, PASSWORD), 429, NULL), "-4");
    assert_int_equal(harness_events(h, "partner.inbound_locked"), 1);
    harness_from(h, "203.0.113.0/24");
    assert_string_equal(log_in(h, credentials(NAME, PASSWORD), 200, NULL), "0");
    harness_from(h, "198.51.100.0/24");
    harness_advance(h, PARTNER_INBOUND_LOCK_MS);
    assert_string_equal(log_in(h, credentials(NAME, PASSWORD), 200, NULL), "0");
}

/* Both are good while the other side changes over. */
static void two_credentials_are_good_at_once(void **state)
{
    struct harness *h = *state;
    char session[PARTNER_INBOUND_TOKEN_SIZE] = "";
    ProtobufCBinaryData first = save(h, PARTNER_ID, NAME, PASSWORD, MC_OK);

    (void)save(h, PARTNER_ID, NAME, "CANARY-mat-khau-2", MC_OK);
    assert_string_equal(log_in(h, credentials(NAME, PASSWORD), 200, session), "0");
    assert_string_equal(log_in(h, credentials(NAME, "CANARY-mat-khau-2"), 200, NULL), "0");
    end(h, first);
    assert_answer(call(h, session, ",\"service\":\"LayThuTuc\""), 401, "-1");
    assert_string_equal(log_in(h, credentials(NAME, PASSWORD), 401, NULL), "-1");
    assert_string_equal(log_in(h, credentials(NAME, "CANARY-mat-khau-2"), 200, NULL), "0");
}

/* What we show a partner opens nothing here. */
static void outbound_credential_is_none_of_this(void **state)
{
    struct harness *h = *state;

    as_admin(h, TAY_NINH);
    (void)save_credential(h, PASSWORD, MC_OK);
    assert_string_equal(log_in(h, credentials("CANARY-dvcqg", PASSWORD), 401, NULL), "-1");
}

static void sessions_are_bounded(void **state)
{
    struct harness *h = *state;
    char session[PARTNER_INBOUND_SESSIONS_MAX + 1][PARTNER_INBOUND_TOKEN_SIZE];
    (void)save(h, PARTNER_ID, NAME, PASSWORD, MC_OK);

    for (unsigned i = 0; i <= PARTNER_INBOUND_SESSIONS_MAX; i++) {
        harness_advance(h, 1000);
        (void)log_in(h, credentials(NAME, PASSWORD), 200, session[i]);
    }
    assert_answer(call(h, session[0], ",\"service\":\"LayThuTuc\""), 401, "-1");
    assert_null(call(h, session[1], ",\"service\":\"LayThuTuc\"")->answer);
    assert_null(
        call(h, session[PARTNER_INBOUND_SESSIONS_MAX], ",\"service\":\"LayThuTuc\"")->answer);
}

static void name_is_one_partners(void **state)
{
    struct harness *h = *state;

    (void)save(h, PARTNER_ID, NAME, PASSWORD, MC_OK);
    (void)save(h, "longan", NAME, "CANARY-mat-khau-3", MC_CONFLICT);
    assert_true(harness_violated(h, "username", "INBOUND_NAME_TAKEN"));
    assert_string_equal(log_in(h, credentials(NAME, "CANARY-mat-khau-3"), 401, NULL), "-1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        INBOUND_TEST(session_opens_services),
        INBOUND_TEST(progress_goes_to_the_dossier_room),
        INBOUND_TEST(a_member_hears_its_own_units_events),
        INBOUND_TEST(feedback_is_of_the_members_own_unit),
        INBOUND_TEST(what_is_wrong_is_named),
        INBOUND_TEST(session_ends),
        INBOUND_TEST(partner_has_its_minute),
        INBOUND_TEST(guesser_is_locked_and_the_partner_is_not),
        INBOUND_TEST(two_credentials_are_good_at_once),
        INBOUND_TEST(outbound_credential_is_none_of_this),
        INBOUND_TEST(sessions_are_bounded),
        INBOUND_TEST(name_is_one_partners),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
