/* Sessions: refresh, theft of a refresh token, logout, profile, limits. */
#include "identity_help.h"

static const Identity__SessionReply *refresh(struct harness *h, char *token, enum mc_status want)
{
    Identity__RefreshRequest request = IDENTITY__REFRESH_REQUEST__INIT;

    request.refresh = token;
    return harness_call(h, "Refresh", &request.base, want);
}

static void a_refresh_token_is_good_once(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    const Identity__SessionReply *first = sign_in(h, &binh);
    harness_advance(h, 14 * MINUTE_MS);
    harness_reopen(h);
    const Identity__SessionReply *second = refresh(h, first->refresh, MC_OK);
    assert_string_equal(second->code, "");
    assert_string_not_equal(second->refresh, first->refresh);
    assert_string_equal(claims_of(second->session)->session_id,
                        claims_of(first->session)->session_id);
    assert_int_equal(second->expires_at_ms, harness_now(h) + 15 * MINUTE_MS);
    assert_string_equal(second->profile->full_name, "Nguyễn Thị Hoà Bình");

    /* somebody has the old one too: the whole session ends, for both */
    harness_reopen(h);
    const Identity__SessionReply *stolen = refresh(h, first->refresh, MC_OK);
    assert_string_equal(stolen->code, "SESSION_REVOKED");
    assert_string_equal(stolen->session, "");
    assert_string_equal(stolen->refresh, "");
    assert_true(strlen(stolen->message) > 0);
    refresh(h, second->refresh, MC_UNAUTHENTICATED);
    assert_true(harness_violated(h, "refresh", "SESSION_EXPIRED"));

    const Motcua__SessionRevoked *event = harness_last_event(
        h, "identity.session_revoked", &motcua__session_revoked__descriptor, NULL);
    assert_string_equal(event->session_id, claims_of(first->session)->session_id);
    assert_int_equal(event->until_ms, second->expires_at_ms);
    assert_int_equal(harness_rows(h, IDENTITY_SESSIONS), 0);
    assert_int_equal(harness_rows(h, IDENTITY_ACCOUNT_SESSIONS), 0);
}

static void a_repeated_refresh_is_answered_alike(void **state)
{
    struct harness *h = *state;
    struct mc_bytes id = request_id(h, 1);
    Identity__RefreshRequest request = IDENTITY__REFRESH_REQUEST__INIT;

    (void)open_account(h, &binh);
    request.refresh = sign_in(h, &binh)->refresh;
    const Identity__SessionReply *a = harness_call_as(h, id.data, "Refresh", &request.base, MC_OK);
    harness_reopen(h);
    const Identity__SessionReply *b = harness_call_as(h, id.data, "Refresh", &request.base, MC_OK);
    assert_string_equal(a->refresh, b->refresh);
    assert_int_equal(harness_events(h, "identity.session_revoked"), 0);
}

/* Made-up tokens do no harm: the session goes on. */
static void a_forged_refresh_token_is_nothing(void **state)
{
    struct harness *h = *state;
    char forged[128];

    (void)open_account(h, &binh);
    const Identity__SessionReply *session = sign_in(h, &binh);
    refresh(h, text(""), MC_UNAUTHENTICATED);
    refresh(h, text("AAAA"), MC_UNAUTHENTICATED);
    refresh(h, session->session, MC_UNAUTHENTICATED);
    (void)snprintf(forged, sizeof forged, "%s", session->refresh);
    forged[40] = forged[40] == 'A' ? 'B' : 'A';
    refresh(h, forged, MC_UNAUTHENTICATED);
    assert_true(harness_violated(h, "refresh", "SESSION_INVALID"));
    assert_string_equal(refresh(h, session->refresh, MC_OK)->code, "");
}

static void an_idle_session_ends(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    char *token = sign_in(h, &binh)->refresh;
    harness_advance(h, 120 * MINUTE_MS - 1);
    token = refresh(h, token, MC_OK)->refresh;
    harness_advance(h, 120 * MINUTE_MS);
    refresh(h, token, MC_UNAUTHENTICATED);
    assert_true(harness_violated(h, "refresh", "SESSION_EXPIRED"));
}

static void no_session_outlasts_its_maximum(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    const int64_t end = harness_now(h) + 720 * MINUTE_MS;
    char *token = sign_in(h, &binh)->refresh;
    for (int hour = 1; hour < 12; hour++) {
        harness_advance(h, 60 * MINUTE_MS);
        token = refresh(h, token, MC_OK)->refresh;
    }
    harness_advance(h, 60 * MINUTE_MS - 1);
    const Identity__SessionReply *last = refresh(h, token, MC_OK);
    assert_int_equal(last->expires_at_ms, end);
    assert_int_equal(last->refresh_expires_at_ms, end);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_SESSIONS), 1);
    harness_advance(h, 1);
    refresh(h, last->refresh, MC_UNAUTHENTICATED);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_SESSIONS), 0);
    assert_int_equal(harness_rows(h, IDENTITY_ACCOUNT_SESSIONS), 0);
}

static void an_accounts_oldest_session_gives_way(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    const Identity__SessionReply *first = sign_in(h, &binh);
    for (int i = 1; i < IDENTITY_SESSIONS_MAX; i++) {
        harness_advance(h, 1);
        (void)sign_in(h, &binh);
    }
    assert_int_equal(harness_events(h, "identity.session_revoked"), 0);
    harness_advance(h, 1);
    (void)sign_in(h, &binh);
    assert_int_equal(harness_rows(h, IDENTITY_SESSIONS), IDENTITY_SESSIONS_MAX);
    const Motcua__SessionRevoked *event = harness_last_event(
        h, "identity.session_revoked", &motcua__session_revoked__descriptor, NULL);
    assert_string_equal(event->session_id, claims_of(first->session)->session_id);
}

static void logout_ends_the_session_everywhere(void **state)
{
    struct harness *h = *state;
    Identity__LogoutRequest logout = IDENTITY__LOGOUT_REQUEST__INIT;
    Identity__GetProfileRequest get = IDENTITY__GET_PROFILE_REQUEST__INIT;

    (void)open_account(h, &binh);
    const Identity__SessionReply *session = sign_in(h, &binh);
    const Identity__SessionReply *other = sign_in(h, &binh);
    act_as(h, claims_of(session->session));
    (void)harness_call(h, "Logout", &logout.base, MC_OK);
    assert_int_equal(harness_events(h, "identity.session_revoked"), 1);
    harness_call(h, "GetProfile", &get.base, MC_UNAUTHENTICATED);
    harness_call(h, "Logout", &logout.base, MC_UNAUTHENTICATED);
    act_as_front(h);
    refresh(h, session->refresh, MC_UNAUTHENTICATED);
    assert_string_equal(refresh(h, other->refresh, MC_OK)->code, "");
}

static void the_profile_is_the_sessions_own(void **state)
{
    struct harness *h = *state;
    Identity__GetProfileRequest get = IDENTITY__GET_PROFILE_REQUEST__INIT;

    char *account = open_account(h, &binh);
    (void)open_account(h, &tho);
    const Identity__SessionReply *session = sign_in(h, &binh);
    act_as(h, claims_of(session->session));
    const Identity__Profile *profile = harness_call(h, "GetProfile", &get.base, MC_OK);
    assert_string_equal(profile->account_id, account);
    assert_string_equal(profile->full_name, "Nguyễn Thị Hoà Bình");
    assert_string_equal(profile->birth_date, "05/03/1993");
    assert_string_equal(profile->phone_masked, "091****101");
    assert_null(strstr(profile->login_id_masked, "193990"));
    assert_string_equal(profile->email_masked, "");
    assert_int_equal(profile->ial, 2);
}

/* One's own sessions: seen, ended one by one or all but this one. */
static void sessions_are_listed_and_ended_by_their_owner(void **state)
{
    struct harness *h = *state;
    Identity__ListSessionsRequest list = IDENTITY__LIST_SESSIONS_REQUEST__INIT;
    Identity__RevokeSessionsRequest end = IDENTITY__REVOKE_SESSIONS_REQUEST__INIT;

    (void)open_account(h, &binh);
    (void)open_account(h, &tho);
    harness_from(h, "203.0.113.0/24");
    const Identity__SessionReply *first = sign_in(h, &binh);
    harness_from(h, "198.51.100.0/24");
    harness_advance(h, MINUTE_MS);
    const Identity__SessionReply *second = sign_in(h, &binh);
    const Identity__SessionReply *third = sign_in(h, &binh);
    const Identity__SessionReply *other = sign_in(h, &tho);
    harness_advance(h, MINUTE_MS);
    (void)refresh(h, third->refresh, MC_OK);

    act_as(h, claims_of(second->session));
    const Identity__ListSessionsReply *seen = harness_call(h, "ListSessions", &list.base, MC_OK);
    assert_int_equal(seen->n_sessions, 3);
    assert_string_equal(seen->sessions[0]->session_id, claims_of(first->session)->session_id);
    assert_string_equal(seen->sessions[0]->place, "203.0.113.0/24");
    assert_string_equal(seen->sessions[1]->place, "198.51.100.0/24");
    assert_false(seen->sessions[0]->current);
    assert_true(seen->sessions[1]->current);
    assert_int_equal(seen->sessions[1]->opened_at_ms, harness_now(h) - MINUTE_MS);
    assert_int_equal(seen->sessions[2]->last_used_at_ms, harness_now(h));

    end.session_id = claims_of(other->session)->session_id; /* another's */
    harness_call(h, "RevokeSessions", &end.base, MC_NOT_FOUND);
    end.session_id = text("0190a07b-0000-7000-8000-00000000abcd");
    harness_call(h, "RevokeSessions", &end.base, MC_NOT_FOUND);
    end.session_id = text("guess");
    harness_call(h, "RevokeSessions", &end.base, MC_NOT_FOUND);
    end.session_id = claims_of(first->session)->session_id;
    (void)harness_call(h, "RevokeSessions", &end.base, MC_OK);
    const Motcua__SessionRevoked *event = harness_last_event(
        h, "identity.session_revoked", &motcua__session_revoked__descriptor, NULL);
    assert_string_equal(event->session_id, claims_of(first->session)->session_id);
    end.session_id = text("");
    (void)harness_call(h, "RevokeSessions", &end.base, MC_OK);
    seen = harness_call(h, "ListSessions", &list.base, MC_OK);
    assert_int_equal(seen->n_sessions, 1);
    assert_true(seen->sessions[0]->current);
    act_as_front(h);
    refresh(h, third->refresh, MC_UNAUTHENTICATED);
    assert_string_equal(refresh(h, other->refresh, MC_OK)->code, "");
}

/* The person is told, and what made-up tokens do is no theft. */
static void theft_is_told_to_the_person(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    const Identity__SessionReply *session = sign_in(h, &binh);
    refresh(h, text("AAAA"), MC_UNAUTHENTICATED);
    (void)refresh(h, session->refresh, MC_OK);
    assert_int_equal(harness_events(h, "identity.session_stolen"), 0);
    assert_string_equal(refresh(h, session->refresh, MC_OK)->code, "SESSION_REVOKED");
    assert_int_equal(harness_events(h, "identity.session_stolen"), 1);
}

static void refused_token(struct harness *h, const char *token, const char *code)
{
    Identity__GetProfileRequest get = IDENTITY__GET_PROFILE_REQUEST__INIT;

    harness_session(h, token);
    harness_call(h, "GetProfile", &get.base, MC_UNAUTHENTICATED);
    assert_string_equal(harness_header(h)->code, code);
    harness_session(h, NULL);
}

/* Forged: another key, another kind, cut, prolonged, another algorithm's shape, changed inside. */
static void a_forged_session_token_opens_nothing(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    const char *good = sign_in(h, &binh)->session;
    Motcua__SessionClaims claims = *claims_of(good);
    Otp__Proof proof = OTP__PROOF__INIT;
    char *forged = mc_strdup(&kept, good);
    size_t len = strlen(good);

    refused_token(h, harness_token(h, "otp", &claims.base), "SESSION_INVALID");
    refused_token(h, harness_token(h, "identity", &proof.base), "SESSION_INVALID");
    claims.type = MOTCUA__TOKEN_TYPE__TOKEN_TYPE_UNSPECIFIED;
    refused_token(h, harness_token(h, "identity", &claims.base), "SESSION_INVALID");
    forged[len - 1] = '\0';
    refused_token(h, forged, "SESSION_INVALID");
    refused_token(h, mc_sprintf(&kept, "%sA", good), "SESSION_INVALID");
    refused_token(h, mc_sprintf(&kept, "%s.", good), "SESSION_INVALID");
    refused_token(h, mc_sprintf(&kept, "v2%s", good + 2), "SESSION_INVALID");
    refused_token(h, mc_sprintf(&kept, "none%s", good + 2), "SESSION_INVALID");
    refused_token(h, mc_sprintf(&kept, "%.*s.", (int)(strrchr(good, '.') - good), good),
                  "SESSION_INVALID");
    for (size_t at = 3; at < len; at += 17) {
        memcpy(forged, good, len + 1);
        forged[at] = forged[at] == 'A' ? 'B' : 'A';
        if (strcmp(forged, good) != 0)
            refused_token(h, forged, "SESSION_INVALID");
    }
    claims = *claims_of(good);
    claims.expires_at_ms = harness_now(h);
    refused_token(h, harness_token(h, "identity", &claims.base), "SESSION_EXPIRED");
}

/* Fixation: no id or token that came before the sign-in is worth anything after it. */
static void signing_in_makes_everything_new(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    const Identity__SessionReply *first = sign_in(h, &binh);
    harness_session(h, first->session); /* a session somebody has slipped in */
    const Identity__SessionReply *second = sign_in(h, &binh);
    harness_session(h, NULL);
    assert_string_not_equal(claims_of(first->session)->session_id,
                            claims_of(second->session)->session_id);
    assert_string_not_equal(first->session, second->session);
    assert_string_not_equal(first->refresh, second->refresh);
}

static void who_may_call_what(void **state)
{
    struct harness *h = *state;
    Identity__GetProfileRequest get = IDENTITY__GET_PROFILE_REQUEST__INIT;
    Identity__LogoutRequest logout = IDENTITY__LOGOUT_REQUEST__INIT;
    Identity__StartRegistrationRequest form = form_of(&binh);

    harness_call(h, "GetProfile", &get.base, MC_UNAUTHENTICATED);
    harness_call(h, "Logout", &logout.base, MC_UNAUTHENTICATED);
    harness_as(h, &(struct mc_caller){.name = "sms:viettel", .who = MC_SMS});
    harness_call(h, "StartRegistration", &form.base, MC_UNAUTHENTICATED);
    harness_as(h, &(struct mc_caller){.name = "portal:tayninh", .who = MC_PORTAL});
    (void)harness_call(h, "StartRegistration", &form.base, MC_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(a_refresh_token_is_good_once),
        TEST(a_repeated_refresh_is_answered_alike),
        TEST(a_forged_refresh_token_is_nothing),
        TEST(an_idle_session_ends),
        TEST(no_session_outlasts_its_maximum),
        TEST(an_accounts_oldest_session_gives_way),
        TEST(logout_ends_the_session_everywhere),
        TEST(the_profile_is_the_sessions_own),
        TEST(sessions_are_listed_and_ended_by_their_owner),
        TEST(theft_is_told_to_the_person),
        TEST(a_forged_session_token_opens_nothing),
        TEST(signing_in_makes_everything_new),
        TEST(who_may_call_what),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
