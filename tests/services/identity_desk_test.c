/* An officer of a one-door unit makes an account for a citizen (OFF-18 to OFF-33). */
#include "identity_files.h"
#include "identity_help.h"
#include "services/identity/officer.h"

#define ONE_STOP "000.05.01.H38" /* Trung tâm phục vụ hành chính công tỉnh Lào Cai */
#define DISTRICT "000.00.43.H35"
#define PIECE    IDENTITY_SCAN_PIECE

static const struct person pang = {"012203990033", "Lò Văn Pâng", "21/06/2003", "0912000303",
                                   "84912000303"};
static const struct person desk = {"015085990041", "Vàng Thị Một Cửa", "02/02/1985", "0912000404",
                                   "84912000404"};

static uint8_t file[IDENTITY_SCAN_MAX + 1];

static void grant(struct harness *h, const struct person *who, const char *unit, const char *right)
{
    Identity__GrantRightsRequest request = IDENTITY__GRANT_RIGHTS_REQUEST__INIT;

    act_as_operator(h);
    request.login_id = text(who->login_id);
    request.unit = text(unit);
    request.rights = (char **)mc_unconst(&right);
    request.n_rights = right != NULL ? 1 : 0;
    request.reason = text("Quyết định 468");
    (void)harness_call(h, "GrantRights", &request.base, MC_OK);
}

static void act_as_officer(struct harness *h, const struct person *who)
{
    act_as_front(h);
    act_as(h, claims_of(sign_in(h, who)->session));
}

/* An officer with the right, signed in. */
static void open_desk(struct harness *h)
{
    (void)open_account(h, &desk);
    grant(h, &desk, ONE_STOP, "CITIZEN_ACCOUNT_CREATE");
    act_as_officer(h, &desk);
}

static Identity__StartCitizenAccountRequest request_of(const struct person *who)
{
    Identity__StartCitizenAccountRequest request = IDENTITY__START_CITIZEN_ACCOUNT_REQUEST__INIT;

    request.login_id = text(who->login_id);
    request.full_name = text(who->name);
    request.birth_date = text(who->birth);
    request.phone = text(who->phone);
    request.consent_version = form_of(who).consent_version;
    request.scan_name = text("cccd.pdf");
    request.scan = (ProtobufCBinaryData){make_pdf(file, 3 * PIECE + 17), file};
    return request;
}

static ProtobufCBinaryData begin(struct harness *h, const struct person *who)
{
    Identity__StartCitizenAccountRequest request = request_of(who);
    const Identity__StartCitizenAccountReply *reply =
        harness_call(h, "StartCitizenAccount", &request.base, MC_OK);

    return reply->registration_id;
}

static const Identity__CitizenAccount *look(struct harness *h, ProtobufCBinaryData id)
{
    Identity__GetCitizenAccountRequest request = IDENTITY__GET_CITIZEN_ACCOUNT_REQUEST__INIT;

    request.registration_id = id;
    return harness_call(h, "GetCitizenAccount", &request.base, MC_OK);
}

static void ask_code(struct harness *h, ProtobufCBinaryData id, enum mc_status want)
{
    Identity__SendCitizenCodeRequest request = IDENTITY__SEND_CITIZEN_CODE_REQUEST__INIT;

    request.registration_id = id;
    (void)harness_call(h, "SendCitizenCode", &request.base, want);
}

static const Identity__CreateCitizenAccountReply *create(struct harness *h, ProtobufCBinaryData id,
                                                         Otp__Purpose purpose, const char *phone,
                                                         enum mc_status want)
{
    Identity__CreateCitizenAccountRequest request = IDENTITY__CREATE_CITIZEN_ACCOUNT_REQUEST__INIT;
    Otp__Proof proof = proof_of(h, purpose, id, phone);

    request.registration_id = id;
    request.proof = harness_token(h, "otp", &proof.base);
    return harness_call(h, "CreateCitizenAccount", &request.base, want);
}

/* From the form to the code on the citizen's phone. */
static ProtobufCBinaryData begin_and_code(struct harness *h, const struct person *who)
{
    ProtobufCBinaryData id = begin(h, who);

    carrier_says(h, 200, MATCH);
    ask_code(h, id, MC_OK);
    code_goes_out(h);
    return id;
}

static bool look_up(struct harness *h, const char *login_id)
{
    Identity__LookUpCitizenRequest request = IDENTITY__LOOK_UP_CITIZEN_REQUEST__INIT;

    request.login_id = text(login_id);
    const Identity__LookUpCitizenReply *reply =
        harness_call(h, "LookUpCitizen", &request.base, MC_OK);
    if (reply->exists)
        assert_string_equal(reply->code, "ACCOUNT_EXISTS");
    return reply->exists;
}

/* The whole story, across a restart in the middle (OFF-18 to OFF-31). */
static void an_officer_makes_an_account_OFF_31(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Otp__EnqueueSmsReply queued = OTP__ENQUEUE_SMS_REPLY__INIT;

    open_desk(h);
    assert_true(look_up(h, desk.login_id)); /* OFF-23 */
    assert_false(look_up(h, pang.login_id));
    ProtobufCBinaryData id = begin(h, &pang);
    const Identity__CitizenAccount *seen = look(h, id);
    assert_int_equal(seen->state, IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER);
    assert_string_equal(seen->officer_name, desk.name); /* OFF-28 */
    assert_non_null(strstr(seen->unit_name, "Lào Cai"));
    assert_int_equal(seen->scan_size, 3 * PIECE + 17);
    ask_code(h, id, MC_EXPIRED); /* the carrier has not answered yet (OFF-26) */
    carrier_says(h, 200, MATCH);
    assert_int_equal(look(h, id)->state, IDENTITY__REGISTRATION_STATE__AWAITING_CODE);
    assert_false(
        harness_effect(h, "otp.issue", &exchange)); /* the paper is signed first (OFF-29) */
    ask_code(h, id, MC_OK);
    assert_true(harness_effect(h, "otp.issue", &exchange));
    const Otp__IssueRequest *issue = (const void *)exchange.call.request;
    assert_int_equal(issue->purpose, OTP__PURPOSE__OFFICER_CREATE);
    assert_non_null(strstr(issue->unit, "Trung tâm phục vụ hành chính công"));
    assert_true(issue->officer[0] != '\0'); /* whose budgets it is charged to (part E) */
    assert_true(issue->unit_code[0] != '\0');
    assert_int_equal(strlen(issue->identity), 32);
    Otp__IssueReply issued = OTP__ISSUE_REPLY__INIT;
    harness_reply(h, &exchange, &issued.base);

    harness_reopen(h);
    ((struct identity *)harness_ctx(h))->population_url = "https://population.test/";
    const Identity__CreateCitizenAccountReply *done =
        create(h, id, OTP__PURPOSE__OFFICER_CREATE, pang.phone_e164, MC_OK);
    assert_true(look_up(h, pang.login_id));
    assert_int_equal(look(h, id)->password_sms, 0);
    assert_true(harness_effect(h, "otp.sms", &exchange));
    const Otp__EnqueueSmsRequest *sms = (const void *)exchange.call.request;
    assert_int_equal(sms->lane, OTP__LANE__TRANSACTIONAL);
    assert_string_equal(sms->phone, pang.phone_e164);
    assert_true(sms->forget);
    assert_string_equal(sms->template_, "ACCOUNT_PASSWORD");
    assert_true(sms->unit_code[0] != '\0'); /* so that its officers see where it is (LOG-09) */
    assert_null(strstr(sms->text, pang.login_id)); /* not number and password in one message */
    const char *password = strstr(sms->text, "Mat khau tam: ");
    assert_non_null(password);
    char temporary[64];
    (void)snprintf(temporary, sizeof temporary, "%.12s", password + strlen("Mat khau tam: "));
    queued.job_id = 77;
    harness_reply(h, &exchange, &queued.base);
    assert_int_equal(look(h, id)->password_sms, 77); /* NOT-08 */
    assert_string_equal(look(h, id)->account_id, done->account_id);
    assert_int_equal(harness_events(h, "identity.account_made"), 1);
    assert_int_equal(harness_jobs(h, IDENTITY_LANE_POPULATION), 1); /* SYS-07 */

    act_as_front(h);
    const Identity__LoginReply *login = login_with(h, pang.login_id, temporary);
    assert_string_equal(login->code, "");
}

/* The account exists by now: told, and none is made; also when it came between the steps. */
static void an_account_that_exists_is_told_OFF_23(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    open_desk(h);
    Identity__StartCitizenAccountRequest request = request_of(&binh);
    harness_call(h, "StartCitizenAccount", &request.base, MC_CONFLICT);
    assert_true(harness_violated(h, "login_id", "ACCOUNT_EXISTS"));
    ProtobufCBinaryData id = begin_and_code(h, &pang);
    act_as_front(h);
    (void)open_account(h, &pang);
    act_as_officer(h, &desk);
    (void)create(h, id, OTP__PURPOSE__OFFICER_CREATE, pang.phone_e164, MC_CONFLICT);
}

/* OFF-26: the carrier says it is somebody else's phone; the officer's own is refused at once. */
static void the_phone_must_be_the_citizens_OFF_26(void **state)
{
    struct harness *h = *state;

    open_desk(h);
    Identity__StartCitizenAccountRequest request = request_of(&pang);
    request.phone = text(desk.phone);
    harness_call(h, "StartCitizenAccount", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "phone", "PHONE_OF_OFFICER"));
    ProtobufCBinaryData id = begin(h, &pang);
    carrier_says(h, 200,
                 "{\"result\":\"MISMATCH\",\"fields\":[\"full_name\"],\"carrier\":\"Viettel\"}");
    const Identity__CitizenAccount *seen = look(h, id);
    assert_int_equal(seen->state, IDENTITY__REGISTRATION_STATE__REFUSED);
    assert_string_equal(seen->code, "SUBSCRIBER_MISMATCH");
    assert_non_null(strstr(seen->message, "Viettel"));
    ask_code(h, id, MC_EXPIRED);
}

/* OFF-30: another purpose's proof, another phone's, another request's, and a used one. */
static void a_proof_is_for_this_request_only(void **state)
{
    struct harness *h = *state;

    open_desk(h);
    ProtobufCBinaryData id = begin_and_code(h, &pang);
    ProtobufCBinaryData other = begin_and_code(h, &tho);
    (void)create(h, id, OTP__PURPOSE__REGISTER, pang.phone_e164, MC_DENIED);
    (void)create(h, id, OTP__PURPOSE__LOGIN, pang.phone_e164, MC_DENIED);
    (void)create(h, id, OTP__PURPOSE__OFFICER_CREATE, desk.phone_e164, MC_DENIED);
    (void)create(h, other, OTP__PURPOSE__OFFICER_CREATE, pang.phone_e164, MC_DENIED);
    (void)create(h, id, OTP__PURPOSE__OFFICER_CREATE, pang.phone_e164, MC_OK);
    (void)create(h, id, OTP__PURPOSE__OFFICER_CREATE, pang.phone_e164, MC_EXPIRED);

    /* and the citizen's own way does not finish what a desk began */
    act_as_front(h);
    Identity__FinishRegistrationRequest finish = finish_of(h, other, &tho);
    Otp__Proof proof = proof_of(h, OTP__PURPOSE__OFFICER_CREATE, other, tho.phone_e164);
    finish.proof = harness_token(h, "otp", &proof.base);
    harness_call(h, "FinishRegistration", &finish.base, MC_DENIED);
}

/* OFF-32: which of the two causes; the page tells it before anything is typed. */
static void the_refusal_tells_the_cause_OFF_32(void **state)
{
    struct harness *h = *state;
    Identity__GetDeskRequest get = IDENTITY__GET_DESK_REQUEST__INIT;
    Identity__StartCitizenAccountRequest request = request_of(&pang);

    (void)open_account(h, &desk);
    act_as_officer(h, &desk);
    const Identity__DeskReply *page = harness_call(h, "GetDesk", &get.base, MC_OK);
    assert_false(page->ready);
    assert_string_equal(page->code, "UNIT_NOT_ASSIGNED");
    harness_call(h, "StartCitizenAccount", &request.base, MC_DENIED); /* a citizen */

    grant(h, &desk, DISTRICT, "DOSSIER_RECEIVE");
    act_as_officer(h, &desk);
    page = harness_call(h, "GetDesk", &get.base, MC_OK);
    assert_false(page->ready);
    assert_string_equal(page->code, "UNIT_NAME_LACKS_TEXT");
    assert_non_null(
        strstr(page->message, "“Trung tâm phục vụ hành chính công” hoặc “Bộ phận một cửa”"));
    harness_call(h, "StartCitizenAccount", &request.base, MC_DENIED);
    assert_true(harness_violated(h, "unit", "UNIT_NAME_LACKS_TEXT"));
    request.unit = text(ONE_STOP);
    harness_call(h, "StartCitizenAccount", &request.base, MC_DENIED);
    assert_true(harness_violated(h, "unit", "UNIT_NOT_ASSIGNED"));

    grant(h, &desk, ONE_STOP, "DOSSIER_RECEIVE"); /* the unit, and not the right */
    act_as_officer(h, &desk);
    harness_call(h, "StartCitizenAccount", &request.base, MC_DENIED);
    assert_true(harness_violated(h, "", "RIGHT_MISSING"));
    grant(h, &desk, ONE_STOP, "CITIZEN_ACCOUNT_CREATE");
    act_as_officer(h, &desk);
    page = harness_call(h, "GetDesk", &get.base, MC_OK);
    assert_true(page->ready);
    assert_string_equal(page->units[0]->code, "UNIT_NAME_LACKS_TEXT");
    assert_string_equal(page->units[1]->code, "");
    (void)harness_call(h, "StartCitizenAccount", &request.base, MC_OK);
}

/* What is taken away in the middle ends the work: the account counts, not the token. */
static void a_right_that_is_taken_away_ends_the_work(void **state)
{
    struct harness *h = *state;

    open_desk(h);
    ProtobufCBinaryData id = begin_and_code(h, &pang);
    grant(h, &desk, ONE_STOP, "DOSSIER_RECEIVE");
    act_as_officer(h, &desk);
    (void)create(h, id, OTP__PURPOSE__OFFICER_CREATE, pang.phone_e164, MC_DENIED);
    assert_true(harness_violated(h, "", "RIGHT_MISSING"));
}

/* Another officer of the same unit does not see it: it does not exist for him. */
static void a_request_is_its_officers_alone(void **state)
{
    struct harness *h = *state;
    Identity__PrintRequestFormRequest print = IDENTITY__PRINT_REQUEST_FORM_REQUEST__INIT;
    Identity__GetCitizenAccountRequest get = IDENTITY__GET_CITIZEN_ACCOUNT_REQUEST__INIT;

    open_desk(h);
    ProtobufCBinaryData id = begin_and_code(h, &pang);
    act_as_front(h);
    (void)open_account(h, &tho);
    grant(h, &tho, ONE_STOP, "CITIZEN_ACCOUNT_CREATE");
    act_as_officer(h, &tho);
    get.registration_id = print.registration_id = id;
    harness_call(h, "GetCitizenAccount", &get.base, MC_NOT_FOUND);
    harness_call(h, "PrintRequestForm", &print.base, MC_NOT_FOUND);
    ask_code(h, id, MC_NOT_FOUND);
    (void)create(h, id, OTP__PURPOSE__OFFICER_CREATE, pang.phone_e164, MC_NOT_FOUND);
}

/* OFF-24 OFF-27: 5 MB and one byte; files that are not what they say. */
static void scans_are_what_they_say_OFF_24(void **state)
{
    struct harness *h = *state;
    Identity__StartCitizenAccountRequest request = request_of(&pang);
    static const char *const bare[] = {"a.txt", NULL};
    static const char *const macros[] = {"[Content_Types].xml", "word/document.xml",
                                         "word/vbaProject.bin", NULL};

    open_desk(h);
    request.scan.len = make_pdf(file, IDENTITY_SCAN_MAX + 1);
    harness_call(h, "StartCitizenAccount", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "scan", "SCAN_TOO_LARGE"));
    assert_string_equal(harness_header(h)->message, "Dung lượng không vượt quá 5MB");
    request.scan.len = 0;
    harness_call(h, "StartCitizenAccount", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "scan", "ID_FILE_HINT"));
    for (int i = 0; i < 3; i++) { /* any ZIP, a document with macros, a spreadsheet */
        request.scan.len = i == 0   ? make_zip(file, bare)
                           : i == 1 ? make_zip(file, macros)
                                    : make_doc(file, "Workbook");
        harness_call(h, "StartCitizenAccount", &request.base, MC_INVALID);
        assert_true(harness_violated(h, "scan", "ID_FILE_HINT"));
    }
    request.scan.len = make_docx(file); /* a document under another name */
    harness_call(h, "StartCitizenAccount", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "scan_name", "SCAN_NAME_TYPE"));
    request.scan_name = text("../cccd.docx");
    harness_call(h, "StartCitizenAccount", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "scan_name", "FILE_NAME_INVALID"));
    assert_int_equal(harness_rows(h, IDENTITY_SCANS), 0);

    request.scan_name = text("CCCD hai mặt.DOCX");
    (void)harness_call(h, "StartCitizenAccount", &request.base, MC_OK);
    request.scan.len = make_doc(file, "WordDocument");
    request.scan_name = text("cccd.doc");
    (void)harness_call(h, "StartCitizenAccount", &request.base, MC_OK);
    request.scan.len = make_pdf(file, IDENTITY_SCAN_MAX);
    request.scan_name = text("cccd.pdf");
    (void)harness_call(h, "StartCitizenAccount", &request.base, MC_OK);
}

static void kinds_of_files_are_told_apart(void **state)
{
    (void)state;
    size_t len = make_docx(file);

    assert_string_equal(identity_scan_type((struct mc_bytes){file, len}), "docx");
    for (size_t cut = 0; cut < len; cut++) /* every beginning of it is nothing */
        assert_null(identity_scan_type((struct mc_bytes){file, cut}));
    put_le(file + len - 6, 0xffffff00U, 4); /* a directory outside the file */
    assert_null(identity_scan_type((struct mc_bytes){file, len}));
    len = make_doc(file, "WordDocument");
    assert_string_equal(identity_scan_type((struct mc_bytes){file, len}), "doc");
    put_le(file + 30, 12, 2); /* a sector size of the other version */
    assert_null(identity_scan_type((struct mc_bytes){file, len}));
    len = make_pdf(file, 4000);
    assert_string_equal(identity_scan_type((struct mc_bytes){file, len}), "pdf");
    assert_null(identity_scan_type((struct mc_bytes){file, len - 12})); /* cut off */
    memcpy(file, "MZ\x90", 3);
    assert_null(identity_scan_type((struct mc_bytes){file, len}));
}

/* A request that nobody finishes ends, with its scan; the scan of an account stays its time. */
static void scans_end_on_their_day(void **state)
{
    struct harness *h = *state;
    Identity__ReadScanRequest read = IDENTITY__READ_SCAN_REQUEST__INIT;
    struct identity *identity = harness_ctx(h);

    open_desk(h);
    ProtobufCBinaryData id = begin_and_code(h, &pang);
    (void)begin(h, &tho);
    assert_int_equal(harness_rows(h, IDENTITY_SCANS), 2 * 5);
    const Identity__CreateCitizenAccountReply *done =
        create(h, id, OTP__PURPOSE__OFFICER_CREATE, pang.phone_e164, MC_OK);
    harness_advance(h, identity->registration_life_ms + 1);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_SCANS), 5);
    assert_int_equal(harness_rows(h, IDENTITY_REGISTRATIONS), 0);

    act_as_officer(h, &desk);
    read.account_id = done->account_id;
    harness_call(h, "ReadScan", &read.base, MC_INVALID); /* no purpose */
    harness_purpose(h, "Kiểm tra giấy tờ");
    const Identity__ReadScanReply *scan = harness_call(h, "ReadScan", &read.base, MC_OK);
    assert_int_equal(scan->content.len, 3 * PIECE + 17);
    (void)make_pdf(file, 3 * PIECE + 17);
    assert_memory_equal(scan->content.data, file, scan->content.len);
    assert_string_equal(scan->type, "pdf");
    assert_int_equal(harness_events(h, "identity.personal_data_read"), 1);
    harness_advance(h, identity->scan_retention_ms);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_SCANS), 0);
    assert_int_equal(harness_rows(h, IDENTITY_SCAN_ENDS), 0);
    act_as_officer(h, &desk);
    harness_call(h, "ReadScan", &read.base, MC_NOT_FOUND);
    assert_true(harness_violated(h, "account_id", "SCAN_GONE"));
}

static bool holds(struct mc_bytes page, const char *part)
{
    return memmem(page.data, page.len, part, strlen(part)) != NULL;
}

/* OFF-29: every value of the form, escaped: names are typed by people. */
static void the_request_form_is_printed_OFF_29(void **state)
{
    struct harness *h = *state;
    Identity__PrintRequestFormRequest print = IDENTITY__PRINT_REQUEST_FORM_REQUEST__INIT;
    Identity__StartCitizenAccountRequest request = request_of(&pang);

    open_desk(h);
    request.scan_name = text("<script>alert(1)&.pdf");
    request.email = text("pang@example.vn");
    const Identity__StartCitizenAccountReply *started =
        harness_call(h, "StartCitizenAccount", &request.base, MC_OK);
    print.registration_id = started->registration_id;
    const Identity__PrintRequestFormReply *page =
        harness_call(h, "PrintRequestForm", &print.base, MC_OK);
    struct mc_bytes html = mc_key_bytes(page->content);
    const char *const parts[] = {pang.name,
                                 pang.login_id,
                                 pang.birth,
                                 pang.phone_e164,
                                 desk.name,
                                 desk.phone_e164,
                                 ONE_STOP,
                                 "pang@example.vn",
                                 "07/09/2026 09:20",
                                 "GIẤY ĐỀ NGHỊ TẠO TÀI KHOẢN",
                                 "&lt;script&gt;alert(1)&amp;.pdf"};
    for (size_t i = 0; i < MC_LEN(parts); i++)
        assert_true(holds(html, parts[i]));
    assert_false(holds(html, "<script>"));
    assert_false(holds(html, "{full_name}"));
}

/* An officer's look-ups, requests and codes have budgets: he is no directory, nor a siren. */
static void an_officer_has_budgets(void **state)
{
    struct harness *h = *state;
    Identity__LookUpCitizenRequest request = IDENTITY__LOOK_UP_CITIZEN_REQUEST__INIT;

    open_desk(h);
    for (int i = 0; i < IDENTITY_LOOK_UPS_AN_HOUR; i++)
        (void)look_up(h, pang.login_id);
    request.login_id = text(pang.login_id);
    harness_call(h, "LookUpCitizen", &request.base, MC_LIMITED);
    assert_true(harness_violated(h, "", "DESK_TOO_MANY"));
    assert_true(harness_header(h)->retry_after_ms > 0);
    harness_advance(h, 61 * MINUTE_MS);
    act_as_officer(h, &desk);
    (void)look_up(h, pang.login_id);
}

/* The otp room refuses a code: the officer reads why and asks again later (OTP-12). */
static void a_code_that_does_not_go_is_told(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    const struct mc_result refused = {.outcome = MC_HTTP_ANSWERED,
                                      .status = MC_LIMITED,
                                      .code = "OTP_SEND_LIMIT",
                                      .retry_after_ms = 10 * 60 * 1000};

    open_desk(h);
    ProtobufCBinaryData id = begin(h, &pang);
    carrier_says(h, 200, MATCH);
    ask_code(h, id, MC_OK);
    assert_true(harness_effect(h, "otp.issue", &exchange));
    harness_result(h, &exchange, &refused);
    assert_string_equal(look(h, id)->code, "OTP_SEND_LIMIT");
    assert_non_null(strstr(look(h, id)->message, " 10 phút"));
    assert_int_equal(look(h, id)->state, IDENTITY__REGISTRATION_STATE__AWAITING_CODE);
    ask_code(h, id, MC_OK);
    code_goes_out(h);
    assert_string_equal(look(h, id)->code, "");
}

static enum mc_status send_again(struct harness *h, const char *account, enum mc_status want)
{
    Identity__SendCitizenPasswordRequest request = IDENTITY__SEND_CITIZEN_PASSWORD_REQUEST__INIT;

    request.account_id = text(account);
    (void)harness_call(h, "SendCitizenPassword", &request.base, want);
    return want;
}

/* What the citizen's phone shows; the otp room says the text is queued, or that it cannot be. */
static const char *password_goes(struct harness *h, enum mc_status status)
{
    const struct mc_result refused = {.outcome = MC_HTTP_ANSWERED, .status = status};
    Otp__EnqueueSmsReply queued = OTP__ENQUEUE_SMS_REPLY__INIT;
    struct harness_exchange exchange;

    assert_true(harness_effect(h, "otp.sms", &exchange));
    const Otp__EnqueueSmsRequest *sms = (const void *)exchange.call.request;
    const char *at = strstr(sms->text, "Mat khau tam: ");
    assert_non_null(at);
    const char *password = mc_sprintf(&kept, "%.12s", at + strlen("Mat khau tam: "));
    queued.job_id = 77;
    if (status == MC_OK)
        harness_reply(h, &exchange, &queued.base);
    else
        harness_result(h, &exchange, &refused);
    return password;
}

/* OFF-31, NOT-08: the text could not be sent; then three others, each of which voids the last. */
static void a_password_that_did_not_come_is_sent_again(void **state)
{
    struct harness *h = *state;

    open_desk(h);
    ProtobufCBinaryData id = begin_and_code(h, &pang);
    const char *account = mc_strdup(
        &kept, create(h, id, OTP__PURPOSE__OFFICER_CREATE, pang.phone_e164, MC_OK)->account_id);
    (void)send_again(h, account, MC_CONFLICT);
    assert_true(harness_violated(h, "account_id", "PASSWORD_SMS_WAITS"));
    const char *before = password_goes(h, MC_INVALID);
    assert_string_equal(look(h, id)->code, "PASSWORD_SMS_FAILED");
    for (int i = 0; i < IDENTITY_PASSWORD_RESENDS_MAX; i++) {
        (void)send_again(h, account, MC_OK);
        assert_string_equal(look(h, id)->code, "");
        const char *fresh = password_goes(h, MC_OK);
        assert_int_equal(look(h, id)->password_sms, 77);
        act_as_front(h);
        assert_string_equal(login_with(h, pang.login_id, before)->code, "LOGIN_WRONG");
        assert_string_equal(login_with(h, pang.login_id, fresh)->code, "");
        act_as_officer(h, &desk);
        before = fresh;
    }
    (void)send_again(h, account, MC_LIMITED);
    assert_true(harness_violated(h, "account_id", "PASSWORD_SENDS_TOO_MANY"));
    assert_int_equal(harness_events(h, "identity.password_resent"), IDENTITY_PASSWORD_RESENDS_MAX);
}

/* Another officer of the same unit finds nothing; nor does one whose right is gone. */
static void a_password_is_sent_again_by_its_officer_alone(void **state)
{
    struct harness *h = *state;

    open_desk(h);
    ProtobufCBinaryData id = begin_and_code(h, &pang);
    const char *account = mc_strdup(
        &kept, create(h, id, OTP__PURPOSE__OFFICER_CREATE, pang.phone_e164, MC_OK)->account_id);
    (void)password_goes(h, MC_OK);
    (void)open_account(h, &tho);
    grant(h, &tho, ONE_STOP, "CITIZEN_ACCOUNT_CREATE");
    act_as_officer(h, &tho);
    (void)send_again(h, account, MC_NOT_FOUND);
    (void)send_again(h, "", MC_NOT_FOUND);
    grant(h, &desk, ONE_STOP, "DOSSIER_RECEIVE");
    act_as_officer(h, &desk);
    (void)send_again(h, account, MC_DENIED);
    assert_true(harness_violated(h, "", "RIGHT_MISSING"));
    assert_int_equal(harness_events(h, "identity.password_resent"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(an_officer_makes_an_account_OFF_31),
        TEST(an_account_that_exists_is_told_OFF_23),
        TEST(the_phone_must_be_the_citizens_OFF_26),
        TEST(a_proof_is_for_this_request_only),
        TEST(the_refusal_tells_the_cause_OFF_32),
        TEST(a_right_that_is_taken_away_ends_the_work),
        TEST(a_request_is_its_officers_alone),
        TEST(scans_are_what_they_say_OFF_24),
        TEST(kinds_of_files_are_told_apart),
        TEST(scans_end_on_their_day),
        TEST(the_request_form_is_printed_OFF_29),
        TEST(an_officer_has_budgets),
        TEST(a_code_that_does_not_go_is_told),
        TEST(a_password_that_did_not_come_is_sent_again),
        TEST(a_password_is_sent_again_by_its_officer_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
