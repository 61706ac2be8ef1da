/* Passwords that people choose and change (REG-23, REG-24, OFF-31; part D1). */
#include "common/password.h"

#include "identity_help.h"

#define NEXT  "Gieng#Lang7sau"
#define WRONG "Nuoc#Chay9dau"

static const Identity__ChangePasswordReply *
change(struct harness *h, const char *old, const char *next, const char *again, enum mc_status want)
{
    Identity__ChangePasswordRequest request = IDENTITY__CHANGE_PASSWORD_REQUEST__INIT;

    request.old_password = text(old);
    request.password = text(next);
    request.password_again = text(again);
    return harness_call(h, "ChangePassword", &request.base, want);
}

static void a_password_is_changed_and_other_sessions_end(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    const Identity__SessionReply *other = sign_in(h, &binh);
    const Identity__SessionReply *session = sign_in(h, &binh);
    act_as(h, claims_of(session->session));
    const Identity__ChangePasswordReply *done = change(h, PASSWORD, NEXT, NEXT, MC_OK);
    assert_string_equal(done->code, "");
    assert_string_equal(claims_of(done->session->session)->session_id,
                        claims_of(session->session)->session_id);
    assert_int_equal(harness_rows(h, IDENTITY_SESSIONS), 1);
    const Motcua__SessionRevoked *revoked = harness_last_event(
        h, "identity.session_revoked", &motcua__session_revoked__descriptor, NULL);
    assert_string_equal(revoked->session_id, claims_of(other->session)->session_id);
    assert_int_equal(harness_events(h, "identity.password_changed"), 1);

    act_as_front(h);
    Identity__RefreshRequest refresh = IDENTITY__REFRESH_REQUEST__INIT;
    refresh.refresh = done->session->refresh; /* a new pair, as after every step up */
    assert_string_equal(
        ((const Identity__SessionReply *)harness_call(h, "Refresh", &refresh.base, MC_OK))->code,
        "");
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "LOGIN_WRONG");
    assert_string_equal(login_with(h, BINH_ID, NEXT)->code, "");
}

/* Whoever finds a session open cannot guess the password with it. */
static void wrong_old_passwords_count_like_sign_ins(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    const Identity__SessionReply *session = sign_in(h, &binh);
    act_as(h, claims_of(session->session));
    for (int i = 1; i < IDENTITY_FAILURES_MAX; i++)
        assert_string_equal(change(h, WRONG, NEXT, NEXT, MC_OK)->code, "PASSWORD_OLD_WRONG");
    assert_string_equal(change(h, WRONG, NEXT, NEXT, MC_OK)->code, "ACCOUNT_LOCKED");
    assert_string_equal(change(h, PASSWORD, NEXT, NEXT, MC_OK)->code, "ACCOUNT_LOCKED");
    assert_int_equal(harness_events(h, "identity.password_changed"), 0);
    harness_advance(h, 30 * MINUTE_MS);
    assert_string_equal(change(h, PASSWORD, NEXT, NEXT, MC_OK)->code, "");
}

static void refused(struct harness *h, const char *password, const char *field, const char *code)
{
    change(h, PASSWORD, password, strcmp(field, "password_again") == 0 ? NEXT : password,
           MC_INVALID);
    if (!harness_violated(h, field, code))
        fail_msg("%s: not %s but %s", password, code, harness_header(h)->code);
}

static void new_passwords_are_strong_and_not_about_oneself_REG_23(void **state)
{
    struct harness *h = *state;
    char longest[MC_PASSWORD_MAX + 2];

    (void)open_account(h, &binh);
    act_as(h, claims_of(sign_in(h, &binh)->session));
    refused(h, "Sen@Hg7", "password", "PASSWORD_WEAK"); /* 7 characters */
    refused(h, "sen@hong7x", "password", "PASSWORD_WEAK");
    refused(h, "Aa@123456", "password", "PASSWORD_DENIED"); /* printed in public guides */
    refused(h, "Aa@" BINH_ID, "password", "PASSWORD_DENIED");
    refused(h, "Aa@0912000101x", "password", "PASSWORD_DENIED");
    refused(h, "NguyenThiHoaBinh@7", "password", "PASSWORD_DENIED");
    refused(h, "HoàBình@79xk", "password", "PASSWORD_DENIED");  /* with its marks */
    refused(h, "Xk#05.03.1993", "password", "PASSWORD_DENIED"); /* the birth date */
    refused(h, "Matkhau@2024", "password", "PASSWORD_GUESSABLE");
    refused(h, "Mậtkhẩu@123A", "password", "PASSWORD_GUESSABLE");
    refused(h, "Dichvucong@2027", "password", "PASSWORD_GUESSABLE");
    refused(h, "Anhyeuem@2024", "password", "PASSWORD_GUESSABLE");
    refused(h, PASSWORD, "password", "PASSWORD_SAME");
    refused(h, "Gieng#Lang8tam", "password_again", "PASSWORD_DIFFERS"); /* REG-24 */
    memset(longest, 'x', sizeof longest);
    memcpy(longest, "Aa#7kq", 6);
    longest[MC_PASSWORD_MAX + 1] = '\0';
    refused(h, longest, "password", "PASSWORD_WEAK");
    change(h, "", NEXT, NEXT, MC_INVALID);
    assert_true(harness_violated(h, "old_password", "FIELD_REQUIRED"));
    assert_int_equal(harness_events(h, "identity.password_changed"), 0);
    for (int i = 0; i < MC_PASSWORD_MAX; i++) /* no repeats, which would be easy to guess */
        longest[i] = "Aa#7kqXz9!mPw3rTy"[(i * i + 3 * i) % 17];
    longest[MC_PASSWORD_MAX] = '\0';
    assert_string_equal(change(h, PASSWORD, longest, longest, MC_OK)->code, "");
}

static void registration_asks_the_same_REG_23(void **state)
{
    struct harness *h = *state;
    ProtobufCBinaryData id = start_and_match(h, &binh);
    Identity__FinishRegistrationRequest finish = finish_of(h, id, &binh);

    finish.password = finish.password_again = text("Matkhau@2024");
    harness_call(h, "FinishRegistration", &finish.base, MC_INVALID);
    assert_true(harness_violated(h, "password", "PASSWORD_GUESSABLE"));
    finish.password = finish.password_again = text("Hoabinh#79xk");
    harness_call(h, "FinishRegistration", &finish.base, MC_INVALID);
    assert_true(harness_violated(h, "password", "PASSWORD_DENIED"));
    finish.password = finish.password_again = text(PASSWORD);
    (void)harness_call(h, "FinishRegistration", &finish.base, MC_OK);
}

/* A room whose tick hands out temporary passwords, or hashes of another cost. */
static const char *given;
static struct mc_password_cost given_cost;
static enum mc_status give_all(void *ctx, struct mc_txn *txn)
{
    static struct mc_work work;
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_ACCOUNTS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    memset(&work, 0, sizeof work);
    if (given_cost.passes == 0) {
        identity_password_temporary_prepare(txn, &work);
    } else {
        work.kind = MC_WORK_HASH;
        (void)snprintf(work.password, sizeof work.password, "%s", PASSWORD);
    }
    mc_work_run(&work, given_cost.passes == 0 ? MC_PASSWORD_COST_TEST : given_cost,
                (struct mc_bytes){0});
    txn->work = &work;
    while (mc_next(&cursor)) {
        IdentityState__Account *account = mc_row(&cursor, &identity_state__account__descriptor);
        assert_non_null(account);
        given = identity_password_temporary(ctx, txn, account);
        account->password_temporary = given_cost.passes == 0;
        mc_save(txn, IDENTITY_ACCOUNTS, cursor.key, &account->base);
    }
    given = work.password;
    txn->work = NULL;
    return txn->status;
}

static struct harness *open_giving(struct mc_password_cost cost)
{
    static const char *const settings[] = {"identity.carrier_url=" CARRIER_URL, NULL};
    static struct mc_room room;

    given_cost = cost;
    room = identity_room;
    room.tick = give_all;
    assert_int_equal(mc_arena_init(&kept, 1 << 20), MC_OK);
    return harness_open(&room, settings);
}

static void close_giving(struct harness *h)
{
    harness_close(h);
    mc_arena_done(&kept);
}

static const Identity__SessionReply *sign_in_with(struct harness *h, const char *password)
{
    const Identity__LoginReply *login = login_with(h, BINH_ID, password);

    assert_string_equal(login->code, "");
    code_goes_out(h);
    Identity__FinishLoginRequest finish = finish_login_of(h, login->login, BINH_PHONE);
    return harness_call(h, "FinishLogin", &finish.base, MC_OK);
}

/* OFF-31: it signs in, and then can do nothing but set a real one. */
static void a_temporary_password_must_be_changed_first_OFF_31(void **state)
{
    (void)state;
    struct harness *h = open_giving((struct mc_password_cost){0});
    Identity__GetProfileRequest get = IDENTITY__GET_PROFILE_REQUEST__INIT;
    Identity__ListSessionsRequest list = IDENTITY__LIST_SESSIONS_REQUEST__INIT;

    (void)open_account(h, &binh);
    harness_tick(h);
    const Identity__SessionReply *session = sign_in_with(h, given);
    const Motcua__SessionClaims *claims = claims_of(session->session);
    assert_true(claims->temporary);
    harness_session(h, session->session);
    harness_call(h, "GetProfile", &get.base, MC_DENIED);
    assert_string_equal(harness_header(h)->code, "PASSWORD_TEMPORARY");
    harness_call(h, "ListSessions", &list.base, MC_DENIED);
    const Identity__ChangePasswordReply *done = change(h, given, NEXT, NEXT, MC_OK);
    assert_string_equal(done->code, "");
    assert_false(claims_of(done->session->session)->temporary);
    harness_call(h, "GetProfile", &get.base, MC_DENIED); /* the old token stays what it is */
    harness_session(h, done->session->session);
    (void)harness_call(h, "GetProfile", &get.base, MC_OK);
    harness_session(h, NULL);
    assert_false(claims_of(sign_in_with(h, NEXT)->session)->temporary);
    close_giving(h);
}

/* LOG-09: the SMS came too late; only who has the right one learns so. */
static void a_temporary_password_runs_out_LOG_09(void **state)
{
    (void)state;
    struct harness *h = open_giving((struct mc_password_cost){0});
    const int64_t life = 168 * 60 * MINUTE_MS;

    (void)open_account(h, &binh);
    harness_tick(h);
    harness_advance(h, life - 1);
    assert_string_equal(login_with(h, BINH_ID, given)->code, "");
    harness_advance(h, 1);
    const Identity__LoginReply *late = login_with(h, BINH_ID, given);
    assert_string_equal(late->code, "PASSWORD_EXPIRED");
    assert_int_equal(late->login.len, 0);
    assert_non_null(strstr(late->message, "Quên mật khẩu"));
    assert_string_equal(login_with(h, BINH_ID, WRONG)->code, "LOGIN_WRONG");
    close_giving(h);
}

/* A row of the store's accounts, as it lies there. */
static void costs_that_were_raised_are_caught_up(void **state)
{
    (void)state;
    struct harness *h = open_giving((struct mc_password_cost){.passes = 2, .memory = 16384});

    (void)open_account(h, &binh);
    harness_tick(h); /* now the hash is of another cost than today's */
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "");
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, ""); /* the fresh one fits too */
    assert_string_equal(login_with(h, BINH_ID, WRONG)->code, "LOGIN_WRONG");
    close_giving(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(a_password_is_changed_and_other_sessions_end),
        TEST(wrong_old_passwords_count_like_sign_ins),
        TEST(new_passwords_are_strong_and_not_about_oneself_REG_23),
        TEST(registration_asks_the_same_REG_23),
        cmocka_unit_test(a_temporary_password_must_be_changed_first_OFF_31),
        cmocka_unit_test(a_temporary_password_runs_out_LOG_09),
        cmocka_unit_test(costs_that_were_raised_are_caught_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
