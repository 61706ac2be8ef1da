/* Sign-in: scenario S09, the lock, and proofs (LOG-04, LOG-05). */
#include "account_help.h"

#define WRONG "Nuoc#Chay9dau"

/* S09: CCCD, password, code, session; over restarts. */
static void a_citizen_signs_in_S09(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    char *account = open_account(h, &binh);

    harness_reopen(h);
    const Identity__LoginReply *login = login_with(h, BINH_ID, PASSWORD);
    assert_string_equal(login->code, "");
    assert_string_equal(login->message, "");
    assert_string_equal(login->phone_masked, "091****101");
    assert_int_equal(login->expires_at_ms, harness_now(h) + 10 * MINUTE_MS);
    harness_reopen(h);

    assert_true(harness_effect(h, "otp.issue", &exchange));
    const Otp__IssueRequest *issue = (const void *)exchange.call.request;
    assert_int_equal(issue->purpose, OTP__PURPOSE__LOGIN);
    assert_string_equal(issue->phone, BINH_PHONE);
    assert_memory_equal(issue->subject.data, login->login.data, MC_ID_LEN);
    Otp__IssueReply issued = OTP__ISSUE_REPLY__INIT;
    harness_reply(h, &exchange, &issued.base);
    harness_reopen(h);

    Identity__FinishLoginRequest finish = finish_login_of(h, login->login, BINH_PHONE);
    const Identity__SessionReply *session = harness_call(h, "FinishLogin", &finish.base, MC_OK);
    const Motcua__SessionClaims *claims = claims_of(session->session);
    assert_string_equal(claims->account_id, account);
    assert_int_equal(claims->subject_kind, IDENTITY__SUBJECT_KIND__CITIZEN);
    assert_int_equal(claims->ial, 2);
    assert_string_equal(claims->unit, "");
    assert_int_equal(claims->issued_at_ms, harness_now(h));
    assert_int_equal(claims->expires_at_ms, harness_now(h) + 15 * MINUTE_MS);
    assert_int_equal(session->expires_at_ms, claims->expires_at_ms);
    assert_int_equal(session->refresh_expires_at_ms, harness_now(h) + 120 * MINUTE_MS);
    assert_string_equal(session->profile->full_name, "Nguyễn Thị Hoà Bình");
    assert_string_equal(session->profile->phone_masked, "091****101");
    assert_null(strstr(session->profile->login_id_masked, BINH_ID));
    assert_int_equal(harness_events(h, "identity.login_started"), 1);
    assert_int_equal(harness_events(h, "identity.session_opened"), 1);
    assert_int_equal(harness_rows(h, IDENTITY_LOGINS), 0);
}

/* Whether the number is known or not, the answers are the same to the last (S09). */
static void wrong_passwords_lock_known_and_unknown_numbers_alike_S09(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    for (int i = 1; i <= IDENTITY_FAILURES_MAX; i++) {
        const Identity__LoginReply *known = login_with(h, BINH_ID, WRONG);
        const Identity__LoginReply *unknown = login_with(h, tho.login_id, WRONG);
        const char *want = i < IDENTITY_FAILURES_MAX ? "LOGIN_WRONG" : "ACCOUNT_LOCKED";
        assert_string_equal(known->code, want);
        assert_string_equal(unknown->code, want);
        assert_string_equal(known->message, unknown->message);
        assert_int_equal(known->login.len, 0);
        harness_reopen(h); /* the count is kept */
    }
    /* the right password does not help while the lock lasts, and does not tell it is right */
    const Identity__LoginReply *right = login_with(h, BINH_ID, PASSWORD);
    const Identity__LoginReply *unknown = login_with(h, tho.login_id, PASSWORD);
    assert_string_equal(right->code, "ACCOUNT_LOCKED");
    assert_non_null(strstr(right->message, "30 phút"));
    assert_string_equal(right->message, unknown->message);
    harness_advance(h, 30 * MINUTE_MS - 1);
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "ACCOUNT_LOCKED");
    assert_non_null(strstr(login_with(h, BINH_ID, PASSWORD)->message, " 1 phút"));
    harness_advance(h, 1);
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "");
    assert_int_equal(harness_events(h, "identity.login_locked"), 2);
}

static void fail_times(struct harness *h, int times, const char *last_code)
{
    const Identity__LoginReply *reply = NULL;

    for (int i = 0; i < times; i++)
        reply = login_with(h, BINH_ID, WRONG);
    assert_non_null(reply);
    assert_string_equal(reply->code, last_code);
}

/* Part E: five in thirty minutes; a fifth a moment later begins a new window. */
static void failures_count_within_their_window(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    fail_times(h, 4, "LOGIN_WRONG");
    harness_advance(h, 30 * MINUTE_MS);
    fail_times(h, 4, "LOGIN_WRONG");
    harness_advance(h, 30 * MINUTE_MS - 1);
    fail_times(h, 1, "ACCOUNT_LOCKED");
}

static void a_right_password_forgets_the_failures(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    fail_times(h, 4, "LOGIN_WRONG");
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "");
    assert_int_equal(harness_rows(h, IDENTITY_FAILURES), 1); /* over all sources it counts on */
    fail_times(h, 4, "LOGIN_WRONG");
}

static void each_lock_in_a_row_is_longer(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    fail_times(h, 5, "ACCOUNT_LOCKED");
    harness_advance(h, 30 * MINUTE_MS);
    fail_times(h, 5, "ACCOUNT_LOCKED");
    harness_advance(h, 60 * MINUTE_MS - 1);
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "ACCOUNT_LOCKED");
    harness_advance(h, 1);
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "");
}

/* D1 (keycloak/keycloak#30969): however often, it ends by itself, and in less than a day. */
static void no_lock_is_for_ever(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    for (unsigned i = 0; i < IDENTITY_LOCK_DOUBLINGS_MAX + 3; i++) {
        fail_times(h, 5, "ACCOUNT_LOCKED");
        harness_advance(h, (30LL * MINUTE_MS << MC_MIN(i, IDENTITY_LOCK_DOUBLINGS_MAX)) - 1);
        assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "ACCOUNT_LOCKED");
        harness_advance(h, 1);
    }
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "");
    assert_true(30LL * MINUTE_MS << IDENTITY_LOCK_DOUBLINGS_MAX < 24LL * 60 * MINUTE_MS);
}

static void the_tick_forgets_old_failures(void **state)
{
    struct harness *h = *state;

    fail_times(h, 1, "LOGIN_WRONG");
    harness_advance(h, 30 * MINUTE_MS - 1);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_FAILURES), 2); /* of the number, and from here */
    harness_advance(h, 1);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_FAILURES), 0);
}

/* A room whose first tick leaves more failures than one step takes away. */
static bool planted;
static enum mc_status plant_or_tick(void *ctx, struct mc_txn *txn)
{
    IdentityState__Failures failures = IDENTITY_STATE__FAILURES__INIT;

    if (planted)
        return identity_tick(ctx, txn);
    planted = true;
    failures.count = 1;
    failures.since_ms = txn->now_ms;
    for (int i = 0; i < 2 * IDENTITY_TICK_ROWS + 1; i++) {
        char number[16];
        (void)snprintf(number, sizeof number, "%09d", i);
        failures.forget_at_ms = txn->now_ms + (i % 2 == 0 ? 1 : MINUTE_MS);
        mc_save(txn, IDENTITY_FAILURES, identity_login_index(txn, number), &failures.base);
    }
    return txn->status;
}

static void failures_are_swept_in_steps(void **state)
{
    (void)state;
    struct mc_room room = identity_room;
    room.tick = plant_or_tick;
    planted = false;
    struct harness *h = harness_open(&room, NULL);

    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_FAILURES), 2 * IDENTITY_TICK_ROWS + 1);
    harness_advance(h, 1);
    harness_tick(h);
    assert_true(harness_rows(h, IDENTITY_FAILURES) > IDENTITY_TICK_ROWS);
    harness_tick(h);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_FAILURES), IDENTITY_TICK_ROWS); /* those to keep */
    harness_advance(h, MINUTE_MS);
    harness_tick(h); /* goes on where it was, then begins again */
    harness_tick(h);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_FAILURES), 0);
    harness_close(h);
}

/* S09: the right password of a disabled account gets the same text as a wrong one. */
static void a_disabled_account_cannot_sign_in_S09(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);
    const Identity__LoginReply *before = login_with(h, BINH_ID, PASSWORD);
    code_goes_out(h);
    const Identity__SessionReply *session = sign_in(h, &binh);

    set_status(h, &binh, IDENTITY__ACCOUNT_STATUS__ACCOUNT_INACTIVE);
    const Identity__LoginReply *wrong = login_with(h, tho.login_id, PASSWORD);
    const Identity__LoginReply *disabled = login_with(h, BINH_ID, PASSWORD);
    assert_string_equal(disabled->code, "LOGIN_WRONG");
    assert_string_equal(disabled->message, wrong->message);

    Identity__FinishLoginRequest finish = finish_login_of(h, before->login, BINH_PHONE);
    harness_call(h, "FinishLogin", &finish.base, MC_EXPIRED);
    Identity__RefreshRequest refresh = IDENTITY__REFRESH_REQUEST__INIT;
    refresh.refresh = session->refresh;
    harness_call(h, "Refresh", &refresh.base, MC_UNAUTHENTICATED);
    assert_true(harness_violated(h, "refresh", "SESSION_EXPIRED"));
}

static void login_fields_are_checked(void **state)
{
    struct harness *h = *state;
    char long_password[130] = {0};
    Identity__LoginRequest request = IDENTITY__LOGIN_REQUEST__INIT;

    harness_call(h, "Login", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "login_id", "ID_REQUIRED"));
    assert_true(harness_violated(h, "password", "FIELD_REQUIRED"));
    request.login_id = text("12345");
    memset(long_password, 'a', 129);
    request.password = long_password;
    harness_call(h, "Login", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "login_id", "ID_FORMAT"));
    assert_true(harness_violated(h, "password", "FIELD_TOO_LONG"));
    long_password[128] = '\0';
    assert_string_equal(login_with(h, BINH_ID, long_password)->code, "LOGIN_WRONG");
}

static void a_repeated_login_has_one_effect(void **state)
{
    struct harness *h = *state;
    struct mc_bytes id = request_id(h, 1);
    Identity__LoginRequest request = IDENTITY__LOGIN_REQUEST__INIT;
    request.login_id = text(BINH_ID);
    request.password = text(WRONG);

    (void)open_account(h, &binh);
    for (int i = 0; i < IDENTITY_FAILURES_MAX + 1; i++) {
        const Identity__LoginReply *reply =
            harness_call_as(h, id.data, "Login", &request.base, MC_OK);
        assert_string_equal(reply->code, "LOGIN_WRONG");
    }
    assert_int_equal(harness_events(h, "identity.login_refused"), 1);

    id = request_id(h, 2);
    request.password = text(PASSWORD);
    const Identity__LoginReply *a = harness_call_as(h, id.data, "Login", &request.base, MC_OK);
    harness_reopen(h);
    const Identity__LoginReply *b = harness_call_as(h, id.data, "Login", &request.base, MC_OK);
    assert_memory_equal(a->login.data, b->login.data, MC_ID_LEN);
    assert_int_equal(harness_jobs(h, IDENTITY_LANE_CODE), 1);
    code_goes_out(h);

    id = request_id(h, 3);
    Identity__FinishLoginRequest finish = finish_login_of(h, a->login, BINH_PHONE);
    const Identity__SessionReply *c =
        harness_call_as(h, id.data, "FinishLogin", &finish.base, MC_OK);
    const Identity__SessionReply *d =
        harness_call_as(h, id.data, "FinishLogin", &finish.base, MC_OK);
    assert_string_equal(c->session, d->session);
    assert_string_equal(c->refresh, d->refresh);
    assert_int_equal(harness_rows(h, IDENTITY_SESSIONS), 1);
}

static void refuse_proof(struct harness *h, ProtobufCBinaryData login, const Otp__Proof *proof,
                         const char *room, const char *code)
{
    Identity__FinishLoginRequest finish = IDENTITY__FINISH_LOGIN_REQUEST__INIT;

    finish.login = login;
    finish.proof = harness_token(h, room, &proof->base);
    harness_call(h, "FinishLogin", &finish.base, MC_DENIED);
    assert_true(harness_violated(h, "proof", code));
    assert_int_equal(harness_rows(h, IDENTITY_SESSIONS), 0);
}

static void a_proof_of_anything_else_opens_no_session(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    ProtobufCBinaryData login = login_with(h, BINH_ID, PASSWORD)->login;
    ProtobufCBinaryData other = login_with(h, BINH_ID, PASSWORD)->login;
    Otp__Proof proof = proof_of(h, OTP__PURPOSE__LOGIN, login, BINH_PHONE);

    refuse_proof(h, login, &proof, "identity", "PROOF_INVALID");
    proof.type = text("otp.other"); /* another token of the right room is no proof */
    refuse_proof(h, login, &proof, "otp", "PROOF_INVALID");
    proof = proof_of(h, OTP__PURPOSE__REGISTER, login, BINH_PHONE);
    refuse_proof(h, login, &proof, "otp", "PROOF_INVALID");
    proof = proof_of(h, OTP__PURPOSE__LOGIN, other, BINH_PHONE);
    refuse_proof(h, login, &proof, "otp", "PROOF_INVALID");
    proof = proof_of(h, OTP__PURPOSE__LOGIN, login, tho.phone_e164);
    refuse_proof(h, login, &proof, "otp", "PROOF_INVALID");
    proof = proof_of(h, OTP__PURPOSE__LOGIN, login, BINH_PHONE);
    proof.expires_at_ms = harness_now(h);
    refuse_proof(h, login, &proof, "otp", "PROOF_EXPIRED");

    Identity__FinishLoginRequest finish = finish_login_of(h, login, BINH_PHONE);
    (void)harness_call(h, "FinishLogin", &finish.base, MC_OK);
    harness_call(h, "FinishLogin", &finish.base, MC_EXPIRED); /* spent */
    assert_true(harness_violated(h, "login", "LOGIN_EXPIRED"));
}

static void a_sign_in_expires(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    ProtobufCBinaryData login = login_with(h, BINH_ID, PASSWORD)->login;
    harness_advance(h, 10 * MINUTE_MS);
    Identity__FinishLoginRequest finish = finish_login_of(h, login, BINH_PHONE);
    harness_call(h, "FinishLogin", &finish.base, MC_EXPIRED);
    assert_true(harness_violated(h, "login", "LOGIN_EXPIRED"));
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_LOGINS), 0);
}

static const Identity__LoginReply *get_login(struct harness *h, ProtobufCBinaryData login,
                                             enum mc_status want)
{
    Identity__GetLoginRequest request = IDENTITY__GET_LOGIN_REQUEST__INIT;

    request.login = login;
    return harness_call(h, "GetLogin", &request.base, want);
}

/* D1 (wso2/product-is#28017): who waits for a code that will not come is told so, and why. */
static void a_code_that_cannot_be_sent_ends_the_sign_in(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    const struct mc_result limited = {
        .status = MC_LIMITED, .code = "OTP_TOO_MANY", .retry_after_ms = 30 * MINUTE_MS};

    (void)open_account(h, &binh);
    ProtobufCBinaryData login = login_with(h, BINH_ID, PASSWORD)->login;
    const Identity__LoginReply *waiting = get_login(h, login, MC_OK);
    assert_string_equal(waiting->code, "");
    assert_string_equal(waiting->phone_masked, "091****101");
    assert_true(harness_effect(h, "otp.issue", &exchange));
    harness_result(h, &exchange, &limited);
    harness_reopen(h);
    waiting = get_login(h, login, MC_OK);
    assert_string_equal(waiting->code, "OTP_TOO_MANY");
    assert_non_null(strstr(waiting->message, "30 phút"));
    Identity__FinishLoginRequest finish = finish_login_of(h, login, BINH_PHONE);
    harness_call(h, "FinishLogin", &finish.base, MC_EXPIRED);
    const Identity__LoginChanged *event =
        harness_last_event(h, "identity.login_refused", &identity__login_changed__descriptor, NULL);
    assert_string_equal(event->code, "OTP_TOO_MANY");

    harness_advance(h, 10 * MINUTE_MS - 1);
    (void)get_login(h, login, MC_OK);
    harness_advance(h, 1);
    get_login(h, login, MC_EXPIRED);
    assert_true(harness_violated(h, "login", "LOGIN_EXPIRED"));
    get_login(h, (ProtobufCBinaryData){3, login.data}, MC_EXPIRED);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_LOGINS), 0);
}

/* S34: citizens' passwords are switched off (Decree 69/2024); who acts for a unit keeps his. */
static void citizens_may_be_sent_to_vneid_S34(void **state)
{
    (void)state;
    static const char *const settings[] = {"identity.carrier_url=" CARRIER_URL,
                                           "identity.citizen_passwords=false", NULL};

    assert_int_equal(mc_arena_init(&kept, 1 << 20), MC_OK);
    struct harness *h = harness_open(&identity_room, settings);
    (void)open_account(h, &binh);
    (void)open_account(h, &tho);
    assert_string_equal(login_with(h, BINH_ID, WRONG)->code, "LOGIN_WRONG"); /* tells nothing */
    const Identity__LoginReply *sent = login_with(h, BINH_ID, PASSWORD);
    assert_string_equal(sent->code, "LOGIN_BY_VNEID");
    assert_non_null(strstr(sent->message, "VNeID"));
    assert_int_equal(sent->login.len, 0);
    assert_int_equal(harness_rows(h, IDENTITY_LOGINS), 0);
    assert_int_equal(harness_jobs(h, IDENTITY_LANE_CODE), 0);
    give_rights(h, &tho, "000.20.31.H53", (struct rights){{"DOSSIER_RECEIVE"}});
    (void)sign_in(h, &tho);
    harness_close(h);
    mc_arena_done(&kept);
}

/* LOG-02 to LOG-06, OTP-08, OTP-09, OTP-13: the seed's words, and calls that there are. */
static void the_guide_names_the_ways_in_LOG_02(void **state)
{
    struct harness *h = *state;
    Identity__GetLoginGuideRequest request = IDENTITY__GET_LOGIN_GUIDE_REQUEST__INIT;
    static const char *const wanted[] = {"Chọn loại tài khoản bạn muốn sử dụng đăng nhập",
                                         "CMT/CCCD",
                                         "Usb ký số",
                                         "Sim ký số",
                                         "Tên đăng nhập",
                                         "Nhập mã xác thực",
                                         "Quên mật khẩu?",
                                         "Chọn phương thức xác thực khác",
                                         "Mất số điện thoại nhận OTP.",
                                         "Chưa có tài khoản? Đăng ký"};
    const Identity__LoginGuide *guide = harness_call(h, "GetLoginGuide", &request.base, MC_OK);

    for (size_t i = 0; i < MC_LEN(wanted); i++) {
        bool found = false;
        for (size_t n = 0; n < guide->n_items; n++)
            found = found || strcmp(guide->items[n]->text, wanted[i]) == 0;
        if (!found)
            fail_msg("no %s", wanted[i]);
    }
    for (size_t n = 0; n < guide->n_items; n++)
        if (guide->items[n]->call[0] != '\0')
            assert_non_null(protobuf_c_service_descriptor_get_method_by_name(
                &identity__identity__descriptor, guide->items[n]->call));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(a_citizen_signs_in_S09),
        TEST(the_guide_names_the_ways_in_LOG_02),
        TEST(wrong_passwords_lock_known_and_unknown_numbers_alike_S09),
        TEST(failures_count_within_their_window),
        TEST(a_right_password_forgets_the_failures),
        TEST(each_lock_in_a_row_is_longer),
        TEST(no_lock_is_for_ever),
        TEST(the_tick_forgets_old_failures),
        cmocka_unit_test(failures_are_swept_in_steps),
        TEST(a_disabled_account_cannot_sign_in_S09),
        TEST(login_fields_are_checked),
        TEST(a_repeated_login_has_one_effect),
        TEST(a_proof_of_anything_else_opens_no_session),
        TEST(a_sign_in_expires),
        TEST(a_code_that_cannot_be_sent_ends_the_sign_in),
        cmocka_unit_test(citizens_may_be_sent_to_vneid_S34),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
