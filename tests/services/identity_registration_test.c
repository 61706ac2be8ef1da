/* Registration by mobile subscription: scenarios S01, S02, S06, S08 and what may go wrong. */
#include "identity_help.h"

/* S01, REG-19, REG-22, NOT-01 */
static void a_citizen_registers_with_a_mobile_subscription_S01(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    Identity__StartRegistrationRequest form = form_of(&binh);
    const Identity__StartRegistrationReply *started =
        harness_call(h, "StartRegistration", &form.base, MC_OK);
    ProtobufCBinaryData id = started->registration_id;

    assert_int_equal(started->state, IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER);
    assert_string_equal(started->phone_masked, "091****101");
    harness_reopen(h);

    assert_true(harness_effect(h, "carrier.check", &exchange));
    assert_string_equal(exchange.http.method, "POST");
    assert_string_equal(exchange.http.url, CARRIER_URL);
    assert_string_equal(exchange.http.content_type, "application/json");
    const char *body = exchange.http.body.data;
    assert_non_null(strstr(body, "\"msisdn\":\"84912000101\""));
    assert_non_null(strstr(body, "\"id_number\":\"012193990017\""));
    assert_non_null(strstr(body, "\"birth_date\":\"05/03/1993\""));
    /* the tone stands elsewhere and the case differs: the same name (domain 1.7) */
    harness_answer(h, &exchange, 200,
                   "{\"carrier\":\"Vinaphone\",\"owner\":{\"full_name\":\"NGUYỄN THỊ HÒA BÌNH\","
                   "\"id_number\":\"012193990017 \",\"birth_date\":\"5/3/1993\"}}");
    assert_int_equal(registration(h, id)->state, IDENTITY__REGISTRATION_STATE__AWAITING_CODE);
    assert_true(strlen(registration(h, id)->waits_for) > 0);
    harness_reopen(h);

    assert_true(harness_effect(h, "otp.issue", &exchange));
    assert_string_equal(exchange.call.room, "otp");
    assert_string_equal(exchange.call.method, "Issue");
    const Otp__IssueRequest *issue = (const void *)exchange.call.request;
    assert_int_equal(issue->purpose, OTP__PURPOSE__REGISTER);
    assert_string_equal(issue->phone, BINH_PHONE);
    assert_int_equal(issue->subject.len, MC_ID_LEN);
    assert_memory_equal(issue->subject.data, id.data, MC_ID_LEN);
    Otp__IssueReply issued = OTP__ISSUE_REPLY__INIT;
    harness_reply(h, &exchange, &issued.base);
    harness_advance(h, 75000);
    harness_reopen(h);

    Identity__FinishRegistrationRequest finish = finish_of(h, id, &binh);
    const Identity__FinishRegistrationReply *done =
        harness_call(h, "FinishRegistration", &finish.base, MC_OK);
    assert_int_equal(done->ial, 2);
    assert_string_equal(done->message, "Đăng ký tài khoản thành công.");
    assert_int_equal(registration(h, id)->state, IDENTITY__REGISTRATION_STATE__DONE);

    const Motcua__Event *event;
    const Identity__AccountOpened *opened = harness_last_event(
        h, "identity.account_opened", &identity__account_opened__descriptor, &event);
    assert_string_equal(opened->account_id, done->account_id);
    assert_string_equal(opened->full_name, "Nguyễn Thị Hoà Bình"); /* as typed */
    assert_string_equal(opened->phone, BINH_PHONE);
    assert_string_equal(opened->login_id, BINH_ID);
    for (size_t i = 0; i < event->n_keys; i++)
        assert_null(strstr(event->keys[i], BINH_ID));
    assert_int_equal(harness_events(h, "identity.registration_started"), 1);
    assert_int_equal(harness_events(h, "identity.registration_checked"), 1);
    assert_int_equal(harness_jobs(h, IDENTITY_LANE_CARRIER), 0);
    assert_int_equal(harness_jobs(h, IDENTITY_LANE_CODE), 0);
}

static void assert_no_account(struct harness *h)
{
    assert_int_equal(harness_rows(h, IDENTITY_ACCOUNTS), 0);
    assert_int_equal(harness_jobs(h, IDENTITY_LANE_CODE), 0);
    assert_int_equal(harness_events(h, "identity.account_opened"), 0);
}

/* S02, REG-20, REG-21 */
static void the_sim_belongs_to_somebody_else_S02(void **state)
{
    struct harness *h = *state;
    struct person other = binh;
    other.name = "Trần Đức Anh";
    ProtobufCBinaryData id = start(h, &other);

    harness_reopen(h);
    carrier_says(h, 200,
                 "{\"carrier\":\"Vinaphone\",\"owner\":{\"full_name\":\"NGUYỄN THỊ HÒA BÌNH\","
                 "\"id_number\":\"012193990017\",\"birth_date\":\"05/03/1993\"}}");
    const Identity__Registration *refused = registration(h, id);
    assert_int_equal(refused->state, IDENTITY__REGISTRATION_STATE__REFUSED);
    assert_string_equal(refused->code, "SUBSCRIBER_MISMATCH");
    assert_string_equal(refused->message,
                        "Thông tin đăng ký không khớp với thông tin thuê bao tại nhà mạng "
                        "Vinaphone, vui lòng kiểm tra/đăng ký lại với nhà mạng!");

    const Identity__RegistrationChanged *event = harness_last_event(
        h, "identity.registration_refused", &identity__registration_changed__descriptor, NULL);
    assert_int_equal(event->n_fields, 1);
    assert_string_equal(event->fields[0], "full_name");

    Identity__FinishRegistrationRequest finish = finish_of(h, id, &other);
    harness_call(h, "FinishRegistration", &finish.base, MC_EXPIRED);
    assert_true(harness_violated(h, "registration_id", "REGISTRATION_REFUSED"));
    assert_no_account(h);
}

static void the_carrier_compares_itself_and_names_nobody_S02(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = start(h, &binh);

    carrier_says(h, 200, "{\"result\":\"MISMATCH\",\"fields\":[\"birth_date\",\"Bí mật\"]}");
    const Identity__Registration *refused = registration(h, id);
    assert_string_equal(refused->code, "SUBSCRIBER_MISMATCH");
    assert_null(strstr(refused->message, "{carrier}")); /* the prefix's carrier instead */
    assert_null(strstr(refused->message, "mạng ,"));
    const Identity__RegistrationChanged *event = harness_last_event(
        h, "identity.registration_refused", &identity__registration_changed__descriptor, NULL);
    assert_int_equal(event->n_fields, 1);
    assert_string_equal(event->fields[0], "birth_date");
}

/* S06, REG-28: the exact text, and every other wrong field in the same answer. */
static void the_identity_number_is_missing_S06(void **state)
{
    struct harness *h = *state;
    Identity__StartRegistrationRequest form = form_of(&binh);

    form.login_id = text("");
    harness_call(h, "StartRegistration", &form.base, MC_INVALID);
    const Motcua__Header *header = harness_header(h);
    assert_int_equal(header->n_violations, 1);
    assert_string_equal(header->violations[0]->field, "login_id");
    assert_string_equal(header->violations[0]->code, "ID_REQUIRED");
    assert_string_equal(header->violations[0]->message, "Bạn phải nhập cmt/cccd.");
    assert_int_equal(harness_rows(h, IDENTITY_REGISTRATIONS), 0);
}

static void an_empty_form_hears_of_every_field_REG_15(void **state)
{
    struct harness *h = *state;
    Identity__StartRegistrationRequest form = IDENTITY__START_REGISTRATION_REQUEST__INIT;

    harness_call(h, "StartRegistration", &form.base, MC_INVALID);
    assert_true(harness_violated(h, "subject_kind", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "method", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "login_id", "ID_REQUIRED"));
    assert_true(harness_violated(h, "full_name", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "birth_date", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "phone", "FIELD_REQUIRED"));
    assert_true(harness_violated(h, "consent_version", "CONSENT_REQUIRED"));
    assert_false(harness_violated(h, "email", "FIELD_REQUIRED")); /* optional, REG-13 */
}

/* REG-13, REG-14: one wrong field each. */
static void each_field_is_checked(void **state)
{
    struct harness *h = *state;
    char name[3 * 101 + 1] = {0};
    char consent[IDENTITY_CONSENT_MAX + 2] = {0};
    memset(name, 'a', 101);
    memset(consent, 'c', IDENTITY_CONSENT_MAX + 1);
    const struct {
        const char *field, *code;
        const char *login_id, *name, *birth, *phone, *email, *consent;
    } cases[] = {
        {"login_id", "ID_FORMAT", "01219399001", NULL, NULL, NULL, NULL, NULL},
        {"login_id", "CCCD_PROVINCE", "003193990017", NULL, NULL, NULL, NULL, NULL},
        {"login_id", "CCCD_BIRTH_FUTURE", "012993990017", NULL, NULL, NULL, NULL, NULL},
        {"birth_date", "BIRTH_YEAR_MISMATCH", NULL, NULL, "05/03/1994", NULL, NULL, NULL},
        {"birth_date", "DATE_FORMAT", NULL, NULL, "1993-03-05", NULL, NULL, NULL},
        {"birth_date", "DATE_INVALID", NULL, NULL, "29/02/1993", NULL, NULL, NULL},
        {"birth_date", "DATE_INVALID", NULL, NULL, "08/09/2026", NULL, NULL, NULL},
        {"full_name", "NAME_INVALID", NULL, "Bình 2", NULL, NULL, NULL, NULL},
        {"full_name", "FIELD_REQUIRED", NULL, "   ", NULL, NULL, NULL, NULL},
        {"full_name", "FIELD_TOO_LONG", NULL, name, NULL, NULL, NULL, NULL},
        {"phone", "PHONE_FIXED_LINE", NULL, NULL, NULL, "0243000101", NULL, NULL},
        {"phone", "PHONE_NO_ZERO", NULL, NULL, NULL, "912000101", NULL, NULL},
        {"email", "EMAIL_FORMAT", NULL, NULL, NULL, NULL, "not-an-address", NULL},
        {"consent_version", "FIELD_TOO_LONG", NULL, NULL, NULL, NULL, NULL, consent},
    };

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        Identity__StartRegistrationRequest form = form_of(&binh);
        form.login_id = cases[i].login_id != NULL ? text(cases[i].login_id) : form.login_id;
        form.full_name = cases[i].name != NULL ? text(cases[i].name) : form.full_name;
        form.birth_date = cases[i].birth != NULL ? text(cases[i].birth) : form.birth_date;
        form.phone = cases[i].phone != NULL ? text(cases[i].phone) : form.phone;
        form.email = cases[i].email != NULL ? text(cases[i].email) : form.email;
        form.consent_version =
            cases[i].consent != NULL ? text(cases[i].consent) : form.consent_version;
        harness_call(h, "StartRegistration", &form.base, MC_INVALID);
        if (!harness_violated(h, cases[i].field, cases[i].code))
            fail_msg("case %zu: %s %s expected, got %s %s", i, cases[i].field, cases[i].code,
                     harness_header(h)->violations[0]->field, harness_header(h)->code);
    }
    assert_int_equal(harness_rows(h, IDENTITY_REGISTRATIONS), 0);
}

/* What people type is taken: CMND (REG-14), +84, a year of birth, limits reached exactly. */
static void good_forms_are_taken(void **state)
{
    struct harness *h = *state;
    char name[101] = {0};
    memset(name, 'a', 100);
    Identity__StartRegistrationRequest form = form_of(&binh);

    form.login_id = text("290988774");
    form.full_name = name;
    form.birth_date = text("1990");
    form.phone = text("+84 912.000.101");
    form.email = text("a@example.vn");
    (void)harness_call(h, "StartRegistration", &form.base, MC_OK);
    form = form_of(&binh);
    form.login_id = text(" 012193 990 017 ");
    form.birth_date = text("7/9/1993");
    (void)harness_call(h, "StartRegistration", &form.base, MC_OK);
}

/* REG-05, REG-10, DEC-01: the table decides what is open and for whom. */
static void only_open_methods_for_their_subjects(void **state)
{
    struct harness *h = *state;
    const struct {
        const char *method;
        Identity__SubjectKind kind;
        const char *why;
    } cases[] = {
        {"SUBSCRIBER", IDENTITY__SUBJECT_KIND__CITIZEN, NULL},
        {"SUBSCRIBER", IDENTITY__SUBJECT_KIND__ENTERPRISE, "METHOD_NOT_FOR_SUBJECT"},
        {"SUBSCRIBER", IDENTITY__SUBJECT_KIND__STATE_AGENCY, "METHOD_NOT_FOR_SUBJECT"},
        {"OFFICER_CREATED", IDENTITY__SUBJECT_KIND__CITIZEN, "METHOD_AT_DESK"},
        {"CARRIER_PIGEON", IDENTITY__SUBJECT_KIND__CITIZEN, "METHOD_NOT_OPEN"},
    };

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        Identity__StartRegistrationRequest form = form_of(&binh);
        form.method = text(cases[i].method);
        form.subject_kind = cases[i].kind;
        harness_call(h, "StartRegistration", &form.base, cases[i].why == NULL ? MC_OK : MC_INVALID);
        if (cases[i].why != NULL)
            assert_true(harness_violated(h, "method", cases[i].why));
    }
}

/* REG-48 */
static void a_number_has_one_account(void **state)
{
    struct harness *h = *state;
    Identity__StartRegistrationRequest form = form_of(&binh);

    (void)open_account(h, &binh);
    harness_reopen(h);
    harness_call(h, "StartRegistration", &form.base, MC_CONFLICT);
    assert_true(harness_violated(h, "login_id", "ACCOUNT_EXISTS"));
    assert_int_equal(harness_rows(h, IDENTITY_ACCOUNTS), 1);
}

static void of_two_registrations_of_one_number_the_second_is_refused_REG_48(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData first = start_and_match(h, &binh);
    ProtobufCBinaryData second = start_and_match(h, &binh);
    Identity__FinishRegistrationRequest a = finish_of(h, first, &binh);
    Identity__FinishRegistrationRequest b = finish_of(h, second, &binh);

    (void)harness_call(h, "FinishRegistration", &b.base, MC_OK);
    harness_call(h, "FinishRegistration", &a.base, MC_CONFLICT);
    assert_true(harness_violated(h, "registration_id", "ACCOUNT_EXISTS"));
    assert_int_equal(harness_rows(h, IDENTITY_ACCOUNTS), 1);
}

static void a_repeated_request_has_one_effect(void **state)
{
    struct harness *h = *state;
    struct mc_bytes first = request_id(h, 1);
    Identity__StartRegistrationRequest form = form_of(&binh);
    const Identity__StartRegistrationReply *a =
        harness_call_as(h, first.data, "StartRegistration", &form.base, MC_OK);

    harness_reopen(h);
    const Identity__StartRegistrationReply *b =
        harness_call_as(h, first.data, "StartRegistration", &form.base, MC_OK);
    assert_memory_equal(a->registration_id.data, b->registration_id.data, MC_ID_LEN);
    assert_int_equal(harness_jobs(h, IDENTITY_LANE_CARRIER), 1);
    carrier_says(h, 200, MATCH);
    code_goes_out(h);

    struct mc_bytes second = request_id(h, 2);
    Identity__FinishRegistrationRequest finish = finish_of(h, a->registration_id, &binh);
    const Identity__FinishRegistrationReply *c =
        harness_call_as(h, second.data, "FinishRegistration", &finish.base, MC_OK);
    harness_reopen(h);
    const Identity__FinishRegistrationReply *d =
        harness_call_as(h, second.data, "FinishRegistration", &finish.base, MC_OK);
    assert_string_equal(c->account_id, d->account_id);
    assert_int_equal(harness_rows(h, IDENTITY_ACCOUNTS), 1);
    assert_int_equal(harness_events(h, "identity.account_opened"), 1);
}

static void a_registration_is_spent_once(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = start_and_match(h, &binh);
    Identity__FinishRegistrationRequest finish = finish_of(h, id, &binh);

    (void)harness_call(h, "FinishRegistration", &finish.base, MC_OK);
    harness_call(h, "FinishRegistration", &finish.base, MC_EXPIRED);
    assert_true(harness_violated(h, "registration_id", "REGISTRATION_SPENT"));
}

/* DEC-03: the password needs both the owner and the code. */
static void the_password_waits_for_the_carrier(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = start(h, &binh);
    Identity__FinishRegistrationRequest finish = finish_of(h, id, &binh);

    harness_call(h, "FinishRegistration", &finish.base, MC_EXPIRED);
    assert_true(harness_violated(h, "registration_id", "REGISTRATION_NOT_READY"));
    assert_no_account(h);
}

static void refuse_proof(struct harness *h, ProtobufCBinaryData id, const char *proof,
                         const char *code)
{
    Identity__FinishRegistrationRequest finish = finish_of(h, id, &binh);

    finish.proof = text(proof);
    harness_call(h, "FinishRegistration", &finish.base, MC_DENIED);
    assert_true(harness_violated(h, "proof", code));
    assert_int_equal(harness_rows(h, IDENTITY_ACCOUNTS), 0);
}

static void a_proof_of_anything_else_is_refused(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = start_and_match(h, &binh);
    ProtobufCBinaryData other = start_and_match(h, &tho);
    Otp__Proof proof = proof_of(h, OTP__PURPOSE__REGISTER, id, BINH_PHONE);
    char *good = harness_token(h, "otp", &proof.base);

    refuse_proof(h, id, "", "PROOF_INVALID");
    refuse_proof(h, id, "v1.AAAA.BBBB", "PROOF_INVALID");
    refuse_proof(h, id, harness_token(h, "payment", &proof.base), "PROOF_INVALID"); /* foreign */
    char forged[MC_TOKEN_MAX + 1];
    (void)snprintf(forged, sizeof forged, "%s", good);
    forged[5] = forged[5] == 'A' ? 'B' : 'A';
    refuse_proof(h, id, forged, "PROOF_INVALID");

    proof = proof_of(h, OTP__PURPOSE__LOGIN, id, BINH_PHONE);
    refuse_proof(h, id, harness_token(h, "otp", &proof.base), "PROOF_INVALID");
    proof = proof_of(h, OTP__PURPOSE__REGISTER, other, BINH_PHONE);
    refuse_proof(h, id, harness_token(h, "otp", &proof.base), "PROOF_INVALID");
    proof = proof_of(h, OTP__PURPOSE__REGISTER, id, "84868000202");
    refuse_proof(h, id, harness_token(h, "otp", &proof.base), "PROOF_INVALID");
    proof = proof_of(h, OTP__PURPOSE__REGISTER, id, BINH_PHONE);
    proof.expires_at_ms = harness_now(h);
    refuse_proof(h, id, harness_token(h, "otp", &proof.base), "PROOF_EXPIRED");

    proof.expires_at_ms = harness_now(h) + 1;
    Identity__FinishRegistrationRequest finish = finish_of(h, id, &binh);
    finish.proof = harness_token(h, "otp", &proof.base);
    (void)harness_call(h, "FinishRegistration", &finish.base, MC_OK);
}

/* S08, REG-23, REG-24: the rule, the list of known passwords, the own names, typed twice. */
static void weak_passwords_are_refused_S08(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = start_and_match(h, &binh);
    const struct {
        const char *password;
        const char *code;
    } cases[] = {
        {"", "PASSWORD_WEAK"},
        {"aa@123456", "PASSWORD_WEAK"},
        {"Aa123456", "PASSWORD_WEAK"},
        {"Aa@1234", "PASSWORD_WEAK"},
        {"Aa@123456", "PASSWORD_DENIED"},
        {"Aa@012193990017", "PASSWORD_DENIED"},
    };

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        Identity__FinishRegistrationRequest finish = finish_of(h, id, &binh);
        finish.password = text(cases[i].password);
        finish.password_again = text(cases[i].password);
        harness_call(h, "FinishRegistration", &finish.base, MC_INVALID);
        assert_true(harness_violated(h, "password", cases[i].code));
    }
    Identity__FinishRegistrationRequest finish = finish_of(h, id, &binh);
    finish.password_again = text("Nuoc#Chay8dao");
    harness_call(h, "FinishRegistration", &finish.base, MC_INVALID);
    assert_true(harness_violated(h, "password_again", "PASSWORD_DIFFERS"));
    assert_no_account(h);
}

static void a_pending_registration_expires(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = start_and_match(h, &binh);
    Identity__GetRegistrationRequest get = IDENTITY__GET_REGISTRATION_REQUEST__INIT;
    get.registration_id = id;

    harness_advance(h, 30 * MINUTE_MS - 1);
    harness_tick(h);
    assert_int_equal(registration(h, id)->state, IDENTITY__REGISTRATION_STATE__AWAITING_CODE);
    harness_advance(h, 1);
    harness_call(h, "GetRegistration", &get.base, MC_NOT_FOUND); /* before the tick, too */
    Identity__FinishRegistrationRequest finish = finish_of(h, id, &binh);
    harness_call(h, "FinishRegistration", &finish.base, MC_EXPIRED);
    assert_true(harness_violated(h, "registration_id", "REGISTRATION_EXPIRED"));
    assert_int_equal(harness_rows(h, IDENTITY_REGISTRATIONS), 1);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_REGISTRATIONS), 0);
    assert_int_equal(harness_events(h, "identity.registration_expired"), 1);
}

/* Housekeeping goes in steps: one row past a step waits for the next tick. */
static void one_tick_takes_a_bounded_number_away(void **state)
{
    struct harness *h = *state;

    ((struct identity *)harness_ctx(h))->starts_max = 1000;
    for (int i = 0; i < IDENTITY_TICK_ROWS + 1; i++)
        (void)start(h, &binh);
    harness_advance(h, 30 * MINUTE_MS);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_REGISTRATIONS), 1);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_REGISTRATIONS), 0);
}

/* Nobody finds out by trying whose phone it is, nor by trying phones who somebody is. */
static void a_phone_and_a_number_are_tried_so_often(void **state)
{
    struct harness *h = *state;
    struct person same_phone = tho;
    struct person same_number = binh;
    same_phone.phone = binh.phone;
    same_number.phone = tho.phone;

    for (int i = 0; i < 5; i++)
        (void)start(h, &binh);
    harness_reopen(h);
    Identity__StartRegistrationRequest form = form_of(&same_phone);
    harness_call(h, "StartRegistration", &form.base, MC_LIMITED);
    assert_true(harness_violated(h, "phone", "REGISTRATION_TOO_MANY"));
    assert_int_equal(harness_header(h)->retry_after_ms, 60 * MINUTE_MS);
    form = form_of(&same_number);
    harness_call(h, "StartRegistration", &form.base, MC_LIMITED);
    assert_true(harness_violated(h, "login_id", "REGISTRATION_TOO_MANY"));
    (void)start(h, &tho);

    harness_advance(h, 60 * MINUTE_MS - 1);
    form = form_of(&binh);
    harness_call(h, "StartRegistration", &form.base, MC_LIMITED);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_STARTS), 4);
    harness_advance(h, 1);
    (void)start(h, &binh);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_STARTS), 2);
}

/* Too late: the answer about a registration that is gone changes nothing. */
static void a_carriers_late_answer_is_nothing(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;

    (void)start(h, &binh);
    assert_true(harness_effect(h, "carrier.check", &exchange));
    harness_advance(h, 1);
    harness_set_clock(h, harness_now(h) + 30 * MINUTE_MS);
    harness_tick(h);
    harness_answer(h, &exchange, 200, MATCH);
    assert_int_equal(harness_rows(h, IDENTITY_REGISTRATIONS), 0);
    assert_no_account(h);
}

static void an_unknown_registration_is_not_found(void **state)
{
    struct harness *h = *state;
    Identity__GetRegistrationRequest get = IDENTITY__GET_REGISTRATION_REQUEST__INIT;
    uint8_t bytes[MC_ID_LEN + 1] = {1};

    get.registration_id = (ProtobufCBinaryData){MC_ID_LEN, bytes};
    harness_call(h, "GetRegistration", &get.base, MC_NOT_FOUND);
    get.registration_id.len = 0;
    harness_call(h, "GetRegistration", &get.base, MC_NOT_FOUND);
    get.registration_id.len = sizeof bytes;
    harness_call(h, "GetRegistration", &get.base, MC_NOT_FOUND);
}

static void nobody_answers(struct harness *h, const char *kind)
{
    const struct mc_result timeout = {.outcome = MC_HTTP_UNKNOWN};
    struct harness_exchange exchange;

    assert_true(harness_effect(h, kind, &exchange));
    harness_result(h, &exchange, &timeout);
}

/* An outage of hours: the registration lives as long as it may, over restarts, and says so. */
static void a_silent_carrier_is_asked_while_the_registration_lives(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = start(h, &binh);
    struct harness_exchange exchange;

    assert_string_equal(registration(h, id)->waits_for,
                        "Nhà mạng đang đối chiếu thông tin thuê bao.");
    for (int i = 0; i < 29; i++) {
        nobody_answers(h, "carrier.check");
        if (i == 2)
            assert_string_equal(
                registration(h, id)->waits_for,
                "Hệ thống của nhà mạng VNPT VinaPhone đang gián đoạn, đã hỏi 3 lần. "
                "Lượt đăng ký được giữ đến 07/09/2026 09:50; hệ thống sẽ tự hỏi "
                "lại, bạn không cần đăng ký lại.");
        harness_advance(h, MINUTE_MS);
        harness_reopen(h);
    }
    nobody_answers(h, "carrier.check"); /* the next question would come too late */
    const Identity__Registration *refused = registration(h, id);
    assert_int_equal(refused->state, IDENTITY__REGISTRATION_STATE__REFUSED);
    assert_string_equal(refused->code, "CARRIER_UNAVAILABLE");
    assert_true(strlen(refused->message) > 0);
    assert_false(harness_effect(h, "carrier.check", &exchange));
    assert_int_equal(harness_dead(h, IDENTITY_LANE_CARRIER), 0);
    assert_int_equal(harness_events(h, "identity.registration_refused"), 1);
    assert_no_account(h);
    (void)start(h, &binh); /* a new form is welcome */
}

static void a_carrier_that_comes_back_is_heard(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = start(h, &binh);

    for (int i = 0; i < 28; i++) {
        nobody_answers(h, "carrier.check");
        harness_advance(h, MINUTE_MS);
    }
    carrier_says(h, 200, MATCH);
    assert_int_equal(registration(h, id)->state, IDENTITY__REGISTRATION_STATE__AWAITING_CODE);
    assert_string_equal(registration(h, id)->waits_for,
                        "Người đăng ký nhập mã OTP và đặt mật khẩu.");
}

static void a_carrier_with_trouble_is_asked_again(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = start(h, &binh);

    carrier_says(h, 503, "");
    harness_advance(h, MINUTE_MS);
    carrier_says(h, 429, "");
    harness_advance(h, MINUTE_MS);
    carrier_says(h, 200, "<html>maintenance</html>");
    harness_advance(h, MINUTE_MS);
    carrier_says(h, 200, MATCH);
    assert_int_equal(registration(h, id)->state, IDENTITY__REGISTRATION_STATE__AWAITING_CODE);
}

static void a_carrier_that_refuses_us_is_an_operators_matter(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = start(h, &binh);

    carrier_says(h, 401, "{}");
    assert_string_equal(registration(h, id)->code, "CARRIER_UNAVAILABLE");
    assert_int_equal(harness_dead(h, IDENTITY_LANE_CARRIER), 1);
}

static void refused_code(struct harness *h, enum mc_status status, const char *code)
{
    struct harness_exchange exchange;
    const struct mc_result result = {.status = status, .code = code};

    assert_true(harness_effect(h, "otp.issue", &exchange));
    harness_result(h, &exchange, &result);
}

static void the_otp_room_refuses_or_is_away(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = start(h, &binh);

    carrier_says(h, 200, MATCH);
    refused_code(h, MC_BUSY, "");
    harness_advance(h, MINUTE_MS);
    assert_int_equal(registration(h, id)->state, IDENTITY__REGISTRATION_STATE__AWAITING_CODE);
    refused_code(h, MC_LIMITED, "OTP_TOO_MANY");
    assert_string_equal(registration(h, id)->code, "OTP_TOO_MANY");

    id = start(h, &tho);
    carrier_says(h, 200, MATCH);
    for (int i = 0; i < IDENTITY_CODE_ATTEMPTS; i++) {
        refused_code(h, MC_BUSY, "");
        harness_advance(h, MINUTE_MS);
    }
    assert_string_equal(registration(h, id)->code, "OTP_UNAVAILABLE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(a_citizen_registers_with_a_mobile_subscription_S01),
        TEST(the_sim_belongs_to_somebody_else_S02),
        TEST(the_carrier_compares_itself_and_names_nobody_S02),
        TEST(the_identity_number_is_missing_S06),
        TEST(an_empty_form_hears_of_every_field_REG_15),
        TEST(each_field_is_checked),
        TEST(good_forms_are_taken),
        TEST(only_open_methods_for_their_subjects),
        TEST(a_number_has_one_account),
        TEST(of_two_registrations_of_one_number_the_second_is_refused_REG_48),
        TEST(a_repeated_request_has_one_effect),
        TEST(a_registration_is_spent_once),
        TEST(the_password_waits_for_the_carrier),
        TEST(a_proof_of_anything_else_is_refused),
        TEST(weak_passwords_are_refused_S08),
        TEST(a_pending_registration_expires),
        TEST(one_tick_takes_a_bounded_number_away),
        TEST(a_phone_and_a_number_are_tried_so_often),
        TEST(a_carriers_late_answer_is_nothing),
        TEST(an_unknown_registration_is_not_found),
        TEST(a_silent_carrier_is_asked_while_the_registration_lives),
        TEST(a_carrier_that_comes_back_is_heard),
        TEST(a_carrier_with_trouble_is_asked_again),
        TEST(a_carrier_that_refuses_us_is_an_operators_matter),
        TEST(the_otp_room_refuses_or_is_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
