/* Accounts and sessions by certificate (REG-36 to REG-41, LOG-03), and who gets neither. */
#include "identity_signing_help.h"

#define CITIZEN    IDENTITY__SUBJECT_KIND__CITIZEN
#define ENTERPRISE IDENTITY__SUBJECT_KIND__ENTERPRISE
#define AGENCY     IDENTITY__SUBJECT_KIND__STATE_AGENCY
#define REGISTER   IDENTITY__SIGNING_PURPOSE__SIGN_REGISTER
#define LOGIN      IDENTITY__SIGNING_PURPOSE__SIGN_LOGIN

static void refused(struct harness *h, const struct cert_party *holder, Identity__SubjectKind kind,
                    const char *code)
{
    const Identity__Signing *begun = begin(h, REGISTER, kind);
    const Identity__Signing *sent =
        submit(h, begun->signing_id, signature_by(holder, mc_key_bytes(begun->text)));

    assert_int_equal(sent->state, IDENTITY__SIGNING_STATE__SIGNING_REFUSED);
    assert_string_equal(sent->code, code);
    assert_true(strlen(sent->message) > 10);
    assert_null(sent->certificate);
    assert_int_equal(harness_jobs(h, IDENTITY_LANE_REVOCATION), 0);
}

/* S10: which certificate it was, for whoever reads the audit log: issuer, serial, fingerprint. */
static void audit_names_the_certificate(struct harness *h, const struct cert_party *holder)
{
    uint8_t fingerprint[SHA256_DIGEST_LENGTH];
    unsigned len = sizeof fingerprint;
    const Identity__SigningChanged *accepted = harness_last_event(
        h, "identity.signing_accepted", &identity__signing_changed__descriptor, NULL);
    BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(holder->cert), NULL);
    char *hex = BN_bn2hex(serial);

    assert_int_equal(X509_digest(holder->cert, EVP_sha256(), fingerprint, &len), 1);
    assert_int_equal(accepted->certificate_sha256.len, len);
    assert_memory_equal(accepted->certificate_sha256.data, fingerprint, len);
    assert_int_equal(strcasecmp(accepted->serial, hex), 0);
    assert_string_equal(accepted->issuer, "Co quan chung thuc so thu nghiem");
    OPENSSL_free(hex);
    BN_free(serial);
}

/* REG-36, REG-40, REG-41, S10: what the certificate says is shown, the e-mail is added, the account
 * is. */
static void three_kinds_of_subjects_register_REG_36_REG_41(void **state)
{
    struct harness *h = *state;
    const Identity__Signing *begun = begin(h, REGISTER, AGENCY);

    assert_int_equal(begun->state, IDENTITY__SIGNING_STATE__SIGNING_AWAITED);
    assert_int_equal(begun->expires_at_ms, harness_now(h) + 5 * MINUTE_MS);
    assert_null(begun->certificate);
    (void)submit(h, begun->signing_id, signature_by(&world.agency, mc_key_bytes(begun->text)));
    harness_reopen(h); /* what is asked of the authority survives */
    responder_is_good(h, &world.agency);
    const Identity__Signing *accepted = signing(h, begun->signing_id);
    assert_int_equal(accepted->state, IDENTITY__SIGNING_STATE__SIGNING_ACCEPTED);
    assert_string_equal(accepted->certificate->name, "UBND xã Bến Cầu");
    assert_string_equal(accepted->certificate->issuer, "Co quan chung thuc so thu nghiem");
    assert_string_equal(accepted->certificate->valid_from, "08/08/2026");
    assert_string_equal(accepted->certificate->valid_until, "07/10/2026");
    assert_null(strstr(accepted->certificate->number_masked, MNS));

    audit_names_the_certificate(h, &world.agency);

    Identity__RegisterByCertificateRequest request = agree(begun->signing_id);
    const Identity__RegisterByCertificateReply *agency =
        harness_call(h, "RegisterByCertificate", &request.base, MC_OK);
    assert_int_equal(agency->state, IDENTITY__REGISTRATION_STATE__DONE);
    assert_int_equal(agency->ial, 3);
    assert_true(strlen(agency->account_id) == MC_UUID_TEXT_LEN);
    assert_true(strlen(agency->message) > 0);
    const Identity__AccountOpened *opened = harness_last_event(
        h, "identity.account_opened", &identity__account_opened__descriptor, NULL);
    assert_string_equal(opened->login_id, MNS);
    assert_string_equal(opened->full_name, "UBND xã Bến Cầu");
    assert_string_equal(opened->phone, "");

    assert_int_equal(register_as(h, &world.enterprise, ENTERPRISE)->ial, 3);
    assert_int_equal(register_as(h, &world.citizen, CITIZEN)->ial, 3);
    assert_int_equal(harness_rows(h, IDENTITY_ACCOUNTS), 3);
    assert_int_equal(harness_rows(h, IDENTITY_LOGIN_INDEX), 4); /* the citizen's CMND too */
    assert_int_equal(harness_rows(h, IDENTITY_EVIDENCE), 3);
    assert_int_equal(harness_jobs(h, IDENTITY_LANE_CODE), 0);
}

/* REG-40: by his own number, whichever of the two authorities gave it: the same account. */
static void an_officers_own_certificate_is_a_citizens_REG_40(void **state)
{
    struct harness *h = *state;
    const char *account = register_as(h, &world.officer, CITIZEN)->account_id;
    const Identity__SessionReply *session = login_as(h, &world.officer, CITIZEN);
    const Motcua__SessionClaims *claims = claims_of(session->session);

    assert_string_equal(claims->account_id, account);
    assert_int_equal(claims->subject_kind, CITIZEN);
    assert_int_equal(claims->ial, 3);
    assert_string_equal(claims->unit, ""); /* it gives no rights */
    session = login_as(h, &world.citizen, CITIZEN);
    assert_string_equal(claims_of(session->session)->account_id, account);
}

static void a_session_by_token_is_of_level_3_LOG_03(void **state)
{
    struct harness *h = *state;
    const char *account = register_as(h, &world.enterprise, ENTERPRISE)->account_id;
    const Identity__SessionReply *session = login_as(h, &world.enterprise, ENTERPRISE);
    const Motcua__SessionClaims *claims = claims_of(session->session);

    assert_string_equal(claims->account_id, account);
    assert_int_equal(claims->ial, 3);
    assert_int_equal(claims->subject_kind, ENTERPRISE);
    assert_string_equal(session->profile->full_name, "CÔNG TY CỔ PHẦN THỬ NGHIỆM");
    assert_string_equal(session->profile->phone_masked, "");
    assert_int_equal(harness_events(h, "identity.session_opened"), 1);
    assert_int_equal(harness_rows(h, IDENTITY_LOGIN_EVIDENCE), 1);
    assert_int_equal(harness_rows(h, IDENTITY_FAILURES), 1); /* where he comes from is known now */
}

/* Opened by phone at level 2; the certificate lifts the session, not the account. */
static void a_certificate_lifts_the_session(void **state)
{
    struct harness *h = *state;
    const char *account = open_account(h, &binh);
    const Identity__SessionReply *session = login_as(h, &world.citizen, CITIZEN);

    assert_string_equal(claims_of(session->session)->account_id, account);
    assert_int_equal(claims_of(session->session)->ial, 3);
    Identity__RefreshRequest refresh = IDENTITY__REFRESH_REQUEST__INIT;
    refresh.refresh = session->refresh;
    const Identity__SessionReply *next = harness_call(h, "Refresh", &refresh.base, MC_OK);
    assert_int_equal(claims_of(next->session)->ial, 3);
    assert_int_equal(claims_of(sign_in(h, &binh)->session)->ial, 2);
}

/* D2: who was made an account at a desk and never used its password signs in by certificate. */
static void a_temporary_password_does_not_hold_it_up(void **state)
{
    (void)state;
    struct mc_room room = identity_room;

    room.tick = make_temporary;
    assert_int_equal(mc_arena_init(&kept, 1 << 20), MC_OK);
    struct harness *h = open_signing_room_of(&room, "identity.accept_crl=false");
    (void)open_account(h, &binh);
    harness_tick(h);
    const Identity__SessionReply *session = login_as(h, &world.citizen, CITIZEN);
    assert_false(claims_of(session->session)->temporary);
    Identity__RefreshRequest refresh = IDENTITY__REFRESH_REQUEST__INIT;
    refresh.refresh = session->refresh;
    session = harness_call(h, "Refresh", &refresh.base, MC_OK);
    assert_false(claims_of(session->session)->temporary);
    assert_true(claims_of(sign_in(h, &binh)->session)->temporary);
    harness_close(h);
    mc_arena_done(&kept);
}

/* A renewed certificate of the same person opens the same account; so does the old number alone. */
static void a_renewed_certificate_is_the_same_person(void **state)
{
    struct harness *h = *state;
    const char *account = register_as(h, &world.citizen, CITIZEN)->account_id;
    struct cert_party renewed =
        holder_of(&world.root, "Nguyễn Thị Hoà Bình", "CCCD:" BINH_ID, NULL);
    struct cert_party old = holder_of(&world.root, "Nguyễn Thị Hoà Bình", "CMND:012345678", NULL);

    assert_string_equal(claims_of(login_as(h, &renewed, CITIZEN)->session)->account_id, account);
    assert_string_equal(claims_of(login_as(h, &old, CITIZEN)->session)->account_id, account);
    cert_free(&renewed);
    cert_free(&old);
}

static void one_account_per_number_REG_48(void **state)
{
    struct harness *h = *state;
    Identity__RegisterByCertificateRequest first =
        agree(sign_for(h, &world.enterprise, REGISTER, ENTERPRISE));
    Identity__RegisterByCertificateRequest second =
        agree(sign_for(h, &world.enterprise, REGISTER, ENTERPRISE));

    (void)harness_call(h, "RegisterByCertificate", &first.base, MC_OK);
    harness_call(h, "RegisterByCertificate", &second.base, MC_CONFLICT);
    assert_true(harness_violated(h, "signing_id", "ACCOUNT_EXISTS"));
    (void)open_account(h, &binh);
    second = agree(sign_for(h, &world.citizen, REGISTER, CITIZEN));
    harness_call(h, "RegisterByCertificate", &second.base, MC_CONFLICT);
}

static void the_wrong_authority_opens_nothing_REG_54(void **state)
{
    struct harness *h = *state;

    refused(h, &world.enterprise, AGENCY, "CERT_UNTRUSTED");
    refused(h, &world.agency, ENTERPRISE, "CERT_UNTRUSTED");
    refused(h, &world.agency, CITIZEN, "CERT_NOT_OF_SUBJECT");
    refused(h, &world.officer, ENTERPRISE, "CERT_UNTRUSTED");
    refused(h, &world.officer, AGENCY, "CERT_NOT_OF_SUBJECT");
}

/* S11: who is named decides, not what the caller chose; an employee is not the enterprise. */
static void a_certificate_is_of_its_subject(void **state)
{
    struct harness *h = *state;
    struct cert_party employee = holder_of(&world.root, "Nhân viên", "MST:" MST, "CCCD:" BINH_ID);
    struct cert_party nobody = holder_of(&world.root, "CCCD:" BINH_ID, "no number", NULL);
    struct cert_party two =
        holder_of(&world.root, "Hai người", "CCCD:" BINH_ID, "CCCD:038085990025");
    struct cert_party wrong = holder_of(&world.root, "Sai số", "MST:9900000017", "CCCD:1234");

    refused(h, &world.enterprise, CITIZEN, "CERT_NOT_OF_SUBJECT");
    refused(h, &world.citizen, ENTERPRISE, "CERT_NOT_OF_SUBJECT");
    refused(h, &employee, ENTERPRISE, "CERT_NOT_OF_SUBJECT");
    refused(h, &nobody, CITIZEN, "CERT_NO_ID");
    refused(h, &two, CITIZEN, "CERT_ID_AMBIGUOUS");
    refused(h, &wrong, ENTERPRISE, "CERT_NO_ID"); /* its check digit is wrong */
    assert_int_equal(register_as(h, &employee, CITIZEN)->ial, 3);
    cert_free(&employee);
    cert_free(&nobody);
    cert_free(&two);
    cert_free(&wrong);
}

/* S11: expired, of tomorrow, of an authority nobody here knows; each is told what it is. The
   revoked one and the silent responder are in identity_signing_test. */
static void a_certificate_must_hold_today_S11(void **state)
{
    struct harness *h = *state;
    struct cert_spec spec = cert_holder(&world.root, HARNESS_T0);
    struct cert_party foreign_root = cert_authority("Nước ngoài-CA", NULL, HARNESS_T0);
    struct cert_party foreign =
        holder_of(&foreign_root, "Nguyễn Thị Hoà Bình", "CCCD:" BINH_ID, NULL);

    spec.parts[0] = (struct cert_part){.oid = CERT_UID, .value = "CCCD:" BINH_ID};
    spec.parts[1] = (struct cert_part){.oid = "CN", .value = "Nguyễn Thị Hoà Bình"};
    spec.until_ms = HARNESS_T0 - 1000;
    struct cert_party expired = cert_make(&spec);
    spec.from_ms = HARNESS_T0 + DAY_MS;
    spec.until_ms = HARNESS_T0 + 2 * DAY_MS;
    struct cert_party early = cert_make(&spec);

    refused(h, &expired, CITIZEN, "CERT_EXPIRED");
    refused(h, &early, CITIZEN, "CERT_NOT_YET");
    refused(h, &foreign, CITIZEN, "CERT_UNTRUSTED");
    assert_int_equal(harness_rows(h, IDENTITY_ACCOUNTS), 0);
    cert_free(&expired);
    cert_free(&early);
    cert_free(&foreign);
    cert_free(&foreign_root);
}

static void a_phone_is_proved_by_a_code(void **state)
{
    struct harness *h = *state;
    Identity__RegisterByCertificateRequest request =
        agree(sign_for(h, &world.citizen, REGISTER, CITIZEN));

    request.phone = text(binh.phone);
    const Identity__RegisterByCertificateReply *reply =
        harness_call(h, "RegisterByCertificate", &request.base, MC_OK);
    assert_int_equal(reply->state, IDENTITY__REGISTRATION_STATE__AWAITING_CODE);
    assert_string_equal(reply->account_id, "");
    assert_int_equal(harness_rows(h, IDENTITY_ACCOUNTS), 0);
    code_goes_out(h);
    Identity__FinishRegistrationRequest finish = finish_of(h, reply->registration_id, &binh);
    finish.password = text("");
    finish.password_again = text("");
    const Identity__FinishRegistrationReply *done =
        harness_call(h, "FinishRegistration", &finish.base, MC_OK);
    assert_int_equal(done->ial, 3);
    assert_int_equal(harness_rows(h, IDENTITY_LOGIN_INDEX), 2);
    /* no password, not even the empty one, signs in; the certificate does */
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "LOGIN_WRONG");
    const Identity__SessionReply *session = login_as(h, &world.citizen, CITIZEN);
    assert_string_equal(session->profile->phone_masked, "091****101");
}

/* A form by certificate may set a password; a form by phone may not leave it out (REG-23). */
static void a_password_is_left_out_only_with_a_certificate(void **state)
{
    struct harness *h = *state;
    Identity__RegisterByCertificateRequest request =
        agree(sign_for(h, &world.citizen, REGISTER, CITIZEN));
    ProtobufCBinaryData id = start_and_match(h, &tho);
    Identity__FinishRegistrationRequest finish = finish_of(h, id, &tho);

    finish.password = text("");
    finish.password_again = text("");
    harness_call(h, "FinishRegistration", &finish.base, MC_INVALID);

    request.phone = text(binh.phone);
    const Identity__RegisterByCertificateReply *reply =
        harness_call(h, "RegisterByCertificate", &request.base, MC_OK);
    code_goes_out(h);
    finish = finish_of(h, reply->registration_id, &binh);
    finish.password_again = text("");
    harness_call(h, "FinishRegistration", &finish.base, MC_INVALID);
    finish.password_again = text(PASSWORD);
    (void)harness_call(h, "FinishRegistration", &finish.base, MC_OK);
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "");
}

/* The password that an enterprise set with its phone signs in by its tax code, and can be reset. */
static void an_enterprise_keeps_its_password(void **state)
{
    struct harness *h = *state;
    Identity__RegisterByCertificateRequest request =
        agree(sign_for(h, &world.enterprise, REGISTER, ENTERPRISE));
    Identity__StartPasswordResetRequest reset = IDENTITY__START_PASSWORD_RESET_REQUEST__INIT;

    request.phone = text(binh.phone);
    const Identity__RegisterByCertificateReply *reply =
        harness_call(h, "RegisterByCertificate", &request.base, MC_OK);
    code_goes_out(h);
    Identity__FinishRegistrationRequest finish = finish_of(h, reply->registration_id, &binh);
    (void)harness_call(h, "FinishRegistration", &finish.base, MC_OK);
    assert_string_equal(login_with(h, MST, "Sai-mat-khau-1#")->code, "LOGIN_WRONG");
    const Identity__LoginReply *login = login_with(h, MST, PASSWORD);
    assert_string_equal(login->code, "");
    code_goes_out(h);
    Identity__FinishLoginRequest signed_in = finish_login_of(h, login->login, binh.phone_e164);
    const Identity__SessionReply *session = harness_call(h, "FinishLogin", &signed_in.base, MC_OK);
    assert_int_equal(claims_of(session->session)->subject_kind, ENTERPRISE);
    reset.login_id = text(MST);
    (void)harness_call(h, "StartPasswordReset", &reset.base, MC_OK);
}

static void the_form_is_checked_REG_41(void **state)
{
    struct harness *h = *state;
    Identity__RegisterByCertificateRequest request =
        agree(sign_for(h, &world.citizen, REGISTER, CITIZEN));

    request.email = text("no mail");
    request.phone = text("0276");
    request.consent_version = text("");
    harness_call(h, "RegisterByCertificate", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "email", "EMAIL_FORMAT"));
    assert_true(harness_violated(h, "consent_version", "CONSENT_REQUIRED"));
    assert_int_equal(harness_header(h)->n_violations, 3);
    request = agree(request.signing_id); /* the signature was not used up by that */
    (void)harness_call(h, "RegisterByCertificate", &request.base, MC_OK);

    Identity__StartRegistrationRequest form = form_of(&binh);
    form.method = text("USB_TOKEN");
    harness_call(h, "StartRegistration", &form.base, MC_INVALID);
    assert_true(harness_violated(h, "method", "METHOD_NEEDS_SIGNATURE"));
}

static void nobody_signs_in_without_an_account(void **state)
{
    struct harness *h = *state;
    Identity__LoginByCertificateRequest login = IDENTITY__LOGIN_BY_CERTIFICATE_REQUEST__INIT;

    login.signing_id = sign_for(h, &world.citizen, LOGIN, CITIZEN);
    harness_call(h, "LoginByCertificate", &login.base, MC_NOT_FOUND);
    assert_true(harness_violated(h, "signing_id", "CERT_NO_ACCOUNT"));
    (void)register_as(h, &world.enterprise, ENTERPRISE);
    harness_call(h, "LoginByCertificate", &login.base, MC_NOT_FOUND);
}

static void a_locked_account_stays_locked(void **state)
{
    struct harness *h = *state;
    const char *account = register_as(h, &world.citizen, CITIZEN)->account_id;
    Identity__SetAccountStatusRequest lock = IDENTITY__SET_ACCOUNT_STATUS_REQUEST__INIT;
    Identity__LoginByCertificateRequest login = IDENTITY__LOGIN_BY_CERTIFICATE_REQUEST__INIT;

    act_as_operator(h);
    lock.account_id = text(account);
    lock.status = IDENTITY__ACCOUNT_STATUS__ACCOUNT_LOCKED;
    lock.version = 1;
    lock.reason = text("nghi ngờ bị chiếm");
    (void)harness_call(h, "SetAccountStatus", &lock.base, MC_OK);
    act_as_front(h);
    login.signing_id = sign_for(h, &world.citizen, LOGIN, CITIZEN);
    harness_call(h, "LoginByCertificate", &login.base, MC_DENIED);
    assert_true(harness_violated(h, "signing_id", "ACCOUNT_NOT_ACTIVE"));
    assert_int_equal(harness_rows(h, IDENTITY_SESSIONS), 0);
}

static void evidence_is_kept_and_read_by_operators(void **state)
{
    struct harness *h = *state;
    Identity__StartSigningRequest start = start_of(REGISTER, ENTERPRISE);
    ProtobufCBinaryData id = sign_as(h, &world.enterprise, &start);
    Identity__RegisterByCertificateRequest request = agree(id);
    const Identity__RegisterByCertificateReply *registered =
        harness_call(h, "RegisterByCertificate", &request.base, MC_OK);
    Identity__GetSigningEvidenceRequest ask = IDENTITY__GET_SIGNING_EVIDENCE_REQUEST__INIT;
    struct mc_cert cert;

    ask.signing_id = id;
    act_as_operator(h);
    harness_call(h, "GetSigningEvidence", &ask.base, MC_INVALID); /* without a reason */
    ask.reason = text("khiếu nại số 12");
    const Identity__SigningEvidence *kept_one =
        harness_call(h, "GetSigningEvidence", &ask.base, MC_OK);
    assert_string_equal(kept_one->account_id, registered->account_id);
    assert_string_equal(kept_one->revocation, "OCSP");
    assert_true(kept_one->revocation_answer.len > 100);
    /* it still proves what it proved */
    const struct identity *identity = harness_ctx(h);
    assert_int_equal(mc_cms_verify(identity->trust_public, &kept, mc_key_bytes(kept_one->signature),
                                   mc_key_bytes(kept_one->text), kept_one->signed_at_ms, &cert),
                     MC_CERT_OK);
    assert_int_equal(harness_events(h, "identity.evidence_read"), 1);
    harness_advance(h, 3650 * DAY_MS - 1);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_EVIDENCE), 1);
    harness_advance(h, 1);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_EVIDENCE), 0);
    harness_call(h, "GetSigningEvidence", &ask.base, MC_NOT_FOUND);
}

static void the_guide_has_the_portals_words_REG_37_REG_39_REG_42(void **state)
{
    struct harness *h = *state;
    Identity__GetSigningGuideRequest ask = IDENTITY__GET_SIGNING_GUIDE_REQUEST__INIT;
    const Identity__SigningGuide *all = harness_call(h, "GetSigningGuide", &ask.base, MC_OK);

    ask.method = text("USB_TOKEN");
    const Identity__SigningGuide *token = harness_call(h, "GetSigningGuide", &ask.base, MC_OK);
    assert_true(all->n_texts > token->n_texts && token->n_texts >= 10);
    assert_string_equal(token->texts[2]->moment, "CONDITION");
    assert_string_equal(token->texts[2]->text, "Thiết bị máy tính được cài Driver USB ký số");
    bool tools = false;
    for (size_t i = 0; i < token->n_texts; i++)
        tools = tools || strcmp(token->texts[i]->link, "http://portal.ca.gov.vn/KnowledgeSharing/"
                                                       "Pages/TaiPhanMem.aspx") == 0;
    assert_true(tools);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_signing_room, close_room)
        TEST(three_kinds_of_subjects_register_REG_36_REG_41),
        TEST(an_officers_own_certificate_is_a_citizens_REG_40),
        TEST(a_session_by_token_is_of_level_3_LOG_03),
        TEST(a_certificate_lifts_the_session),
        cmocka_unit_test(a_temporary_password_does_not_hold_it_up),
        TEST(a_renewed_certificate_is_the_same_person),
        TEST(one_account_per_number_REG_48),
        TEST(the_wrong_authority_opens_nothing_REG_54),
        TEST(a_certificate_is_of_its_subject),
        TEST(a_certificate_must_hold_today_S11),
        TEST(a_phone_is_proved_by_a_code),
        TEST(an_enterprise_keeps_its_password),
        TEST(a_password_is_left_out_only_with_a_certificate),
        TEST(the_form_is_checked_REG_41),
        TEST(nobody_signs_in_without_an_account),
        TEST(a_locked_account_stays_locked),
        TEST(evidence_is_kept_and_read_by_operators),
        TEST(the_guide_has_the_portals_words_REG_37_REG_39_REG_42),
    };
    return cmocka_run_group_tests(tests, open_signing_world, close_signing_world);
}
