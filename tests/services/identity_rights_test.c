/* Rights: who may give what to whom (OFF-02 to OFF-04, OFF-11, S14). */
#include "identity_help.h"

#define PROVINCE  "000.00.00.H35"
#define DISTRICT  "000.00.43.H35"
#define COMMUNE   "000.15.43.H35"
#define ELSEWHERE "000.02.03.H48"
#define ONE_STOP  "000.05.01.H38" /* Trung tâm phục vụ hành chính công tỉnh Lào Cai */

static const struct person pang = {"012203990033", "Lò Văn Pâng", "21/06/2003", "0912000303",
                                   "84912000303"};

struct grant_case {
    const char *login_id;
    const char *unit;
    const char *rights[4]; /* ends with NULL */
};

static void *grant(struct harness *h, struct grant_case given, enum mc_status want)
{
    Identity__GrantRightsRequest request = IDENTITY__GRANT_RIGHTS_REQUEST__INIT;

    request.login_id = text(given.login_id);
    request.unit = text(given.unit);
    request.rights = (char **)mc_unconst(given.rights);
    while (request.n_rights < MC_LEN(given.rights) && given.rights[request.n_rights] != NULL)
        request.n_rights += 1;
    request.reason = text("Quyết định 12/QĐ-UBND");
    return harness_call(h, "GrantRights", &request.base, want);
}

/* Thử Nghiệm becomes an administrator of a unit and acts from now on. */
static void act_as_admin_of(struct harness *h, const char *unit, const char *right)
{
    act_as_operator(h);
    (void)grant(h, (struct grant_case){tho.login_id, unit, {"RIGHTS_GRANT", right}}, MC_OK);
    act_as_front(h);
    act_as(h, claims_of(sign_in(h, &tho)->session));
}

static void an_operator_makes_an_officer_OFF_02(void **state)
{
    struct harness *h = *state;
    Identity__GetProfileRequest get = IDENTITY__GET_PROFILE_REQUEST__INIT;
    char *account = open_account(h, &tho);

    act_as_operator(h);
    const Identity__GrantRightsReply *reply = grant(
        h, (struct grant_case){tho.login_id, "h56.14", {"DOSSIER_RECEIVE", "FEE_COLLECT"}}, MC_OK);
    assert_string_equal(reply->account_id, account);
    harness_reopen(h);
    act_as_front(h);
    const Motcua__SessionClaims *claims = claims_of(sign_in(h, &tho)->session);
    assert_string_equal(claims->unit, "H56.14");
    assert_int_equal(claims->n_rights, 2);
    assert_string_equal(claims->rights[0], "DOSSIER_RECEIVE");
    act_as(h, claims);
    const Identity__Profile *profile = harness_call(h, "GetProfile", &get.base, MC_OK);
    assert_string_equal(profile->unit, "H56.14");
    assert_int_equal(profile->n_rights, 2);

    const Motcua__Event *event;
    const Identity__RightsGranted *granted = harness_last_event(
        h, "identity.rights_granted", &identity__rights_granted__descriptor, &event);
    assert_string_equal(granted->account_id, account);
    assert_string_equal(granted->unit, "H56.14");
    assert_string_equal(granted->reason, "Quyết định 12/QĐ-UBND");
}

/* S14: the scope is the administrator's own unit and what is below it. */
static void an_administrator_grants_within_his_unit_S14(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &tho);
    (void)open_account(h, &pang);
    act_as_admin_of(h, PROVINCE, NULL);
    (void)grant(h, (struct grant_case){pang.login_id, DISTRICT, {"DOSSIER_MONITOR"}}, MC_OK);
    (void)grant(h, (struct grant_case){pang.login_id, COMMUNE, {"DOSSIER_RECEIVE"}}, MC_OK);
    (void)grant(h, (struct grant_case){pang.login_id, PROVINCE, {"DOSSIER_RECEIVE"}}, MC_OK);
    grant(h, (struct grant_case){pang.login_id, ELSEWHERE, {"DOSSIER_RECEIVE"}}, MC_DENIED);
    assert_true(harness_violated(h, "unit", "UNIT_OUTSIDE"));
    grant(h, (struct grant_case){pang.login_id, "000.00.00.H36", {"DOSSIER_RECEIVE"}}, MC_DENIED);
}

/* Another unit's officer is not taken over, nor stripped of his rights. */
static void another_units_officer_is_out_of_reach(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &tho);
    (void)open_account(h, &pang);
    act_as_operator(h);
    (void)grant(h, (struct grant_case){pang.login_id, ELSEWHERE, {"DOSSIER_RECEIVE"}}, MC_OK);
    act_as_admin_of(h, PROVINCE, NULL);
    grant(h, (struct grant_case){pang.login_id, ELSEWHERE, {"DOSSIER_RECEIVE"}}, MC_DENIED);
    grant(h, (struct grant_case){pang.login_id, ELSEWHERE, {NULL}}, MC_DENIED);
    assert_true(harness_violated(h, "unit", "UNIT_OUTSIDE"));
    grant(h, (struct grant_case){pang.login_id, "", {NULL}}, MC_DENIED);

    /* A unit of one's own may be added: rights belong to a unit, and none leaks to the other. */
    (void)grant(h, (struct grant_case){pang.login_id, DISTRICT, {"DOSSIER_APPROVE"}}, MC_OK);
    act_as_front(h);
    const Motcua__SessionClaims *claims = claims_of(sign_in(h, &pang)->session);
    assert_string_equal(claims->unit, ELSEWHERE);
    assert_int_equal(claims->n_rights, 1);
    assert_string_equal(claims->rights[0], "DOSSIER_RECEIVE");
    act_as(h, claims_of(sign_in(h, &tho)->session));
    (void)grant(h, (struct grant_case){pang.login_id, "", {NULL}}, MC_OK); /* takes his own back */
    act_as_front(h);
    assert_string_equal(claims_of(sign_in(h, &pang)->session)->unit, ELSEWHERE);
}

static void only_the_top_makes_administrators(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &tho);
    (void)open_account(h, &pang);
    act_as_admin_of(h, PROVINCE, NULL);
    grant(h, (struct grant_case){pang.login_id, DISTRICT, {"RIGHTS_GRANT"}}, MC_DENIED);
    assert_true(harness_violated(h, "rights", "RIGHT_NOT_YOURS"));
    grant(h, (struct grant_case){pang.login_id, DISTRICT, {"APCA_ADMIN"}}, MC_DENIED);
    act_as_admin_of(h, PROVINCE, "APCA_ADMIN");
    grant(h, (struct grant_case){pang.login_id, DISTRICT, {"RIGHTS_GRANT"}}, MC_CONFLICT);
    assert_true(harness_violated(h, "rights", "LEVEL_1_ONLY"));
    (void)grant(h, (struct grant_case){pang.login_id, PROVINCE, {"RIGHTS_GRANT"}}, MC_OK);
    grant(h, (struct grant_case){pang.login_id, ELSEWHERE, {"DOSSIER_RECEIVE"}}, MC_DENIED);
}

static void nobody_grants_to_himself(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &tho);
    act_as_admin_of(h, PROVINCE, NULL);
    grant(h, (struct grant_case){tho.login_id, DISTRICT, {"DOSSIER_APPROVE"}}, MC_DENIED);
    assert_true(harness_violated(h, "login_id", "RIGHTS_TO_SELF"));
}

static void an_officer_without_the_right_and_a_citizen_are_denied(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &tho);
    (void)open_account(h, &pang);
    act_as_operator(h);
    (void)grant(h, (struct grant_case){tho.login_id, PROVINCE, {"DOSSIER_RECEIVE"}}, MC_OK);
    act_as_front(h);
    act_as(h, claims_of(sign_in(h, &tho)->session));
    grant(h, (struct grant_case){pang.login_id, DISTRICT, {"DOSSIER_RECEIVE"}}, MC_DENIED);
    assert_true(harness_violated(h, "", "RIGHT_MISSING"));
    act_as_front(h);
    act_as(h, claims_of(sign_in(h, &pang)->session));
    grant(h, (struct grant_case){tho.login_id, DISTRICT, {"DOSSIER_RECEIVE"}}, MC_DENIED);
}

static void the_fields_of_a_grant_are_checked(void **state)
{
    struct harness *h = *state;
    char reason[IDENTITY_REASON_MAX + 2] = {0};
    Identity__GrantRightsRequest request = IDENTITY__GRANT_RIGHTS_REQUEST__INIT;

    (void)open_account(h, &tho);
    act_as_operator(h);
    harness_call(h, "GrantRights", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "login_id", "ID_REQUIRED"));
    assert_true(harness_violated(h, "reason", "FIELD_REQUIRED"));
    grant(h, (struct grant_case){tho.login_id, "", {"DOSSIER_RECEIVE"}}, MC_INVALID);
    assert_true(harness_violated(h, "unit", "FIELD_REQUIRED"));
    grant(h, (struct grant_case){tho.login_id, "nowhere", {"DOSSIER_RECEIVE"}}, MC_INVALID);
    grant(h, (struct grant_case){tho.login_id, "000.00.43.X35", {"DOSSIER_RECEIVE"}}, MC_INVALID);
    grant(h, (struct grant_case){tho.login_id, DISTRICT, {"DOSSIER_RECEIVE", "EVERYTHING"}},
          MC_INVALID);
    assert_true(harness_violated(h, "rights[1]", "RIGHT_UNKNOWN"));
    grant(h, (struct grant_case){tho.login_id, DISTRICT, {"API_TEST", "API_TEST"}}, MC_INVALID);
    assert_true(harness_violated(h, "rights[1]", "RIGHT_TWICE"));
    grant(h, (struct grant_case){pang.login_id, DISTRICT, {"DOSSIER_RECEIVE"}}, MC_NOT_FOUND);
    assert_true(harness_violated(h, "login_id", "NO_ACCOUNTS_FOUND"));

    memset(reason, 'x', IDENTITY_REASON_MAX + 1);
    request.login_id = text(tho.login_id);
    request.unit = text(DISTRICT);
    request.reason = reason;
    harness_call(h, "GrantRights", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "reason", "FIELD_TOO_LONG"));
    reason[IDENTITY_REASON_MAX] = '\0';
    (void)harness_call(h, "GrantRights", &request.base, MC_OK);
}

static void what_is_taken_away_ends_the_sessions(void **state)
{
    struct harness *h = *state;
    Identity__RefreshRequest refresh = IDENTITY__REFRESH_REQUEST__INIT;

    (void)open_account(h, &tho);
    act_as_operator(h);
    (void)grant(h, (struct grant_case){tho.login_id, DISTRICT, {"API_TEST"}}, MC_OK);
    act_as_front(h);
    const Identity__SessionReply *session = sign_in(h, &tho);
    act_as_operator(h);
    (void)grant(h, (struct grant_case){tho.login_id, DISTRICT, {"API_TEST", "AUDIT_VIEW"}}, MC_OK);
    assert_int_equal(harness_events(h, "identity.session_revoked"), 0);

    act_as_front(h); /* more rights come with the next token */
    refresh.refresh = session->refresh;
    session = harness_call(h, "Refresh", &refresh.base, MC_OK);
    assert_int_equal(claims_of(session->session)->n_rights, 2);

    act_as_operator(h);
    (void)grant(h, (struct grant_case){tho.login_id, "", {NULL}}, MC_OK);
    assert_int_equal(harness_events(h, "identity.session_revoked"), 1);
    act_as_front(h);
    refresh.refresh = session->refresh;
    harness_call(h, "Refresh", &refresh.base, MC_UNAUTHENTICATED);
    assert_string_equal(claims_of(sign_in(h, &tho)->session)->unit, "");
}

/* The administrator's own session was ended meanwhile: his token alone is not enough here. */
static void an_ended_session_grants_nothing(void **state)
{
    struct harness *h = *state;
    Identity__LogoutRequest logout = IDENTITY__LOGOUT_REQUEST__INIT;

    (void)open_account(h, &tho);
    (void)open_account(h, &pang);
    act_as_admin_of(h, PROVINCE, NULL);
    (void)harness_call(h, "Logout", &logout.base, MC_OK);
    grant(h, (struct grant_case){pang.login_id, DISTRICT, {"DOSSIER_RECEIVE"}}, MC_UNAUTHENTICATED);
}

/* OFF-03 ACT-03: the Government Office's administrator acts for the country, others at home. */
static void the_top_administrator_reaches_everybody_OFF_03(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &tho);
    (void)open_account(h, &pang);
    act_as_admin_of(h, "000.00.00.G22", "APCA_ADMIN");
    (void)grant(h, (struct grant_case){pang.login_id, ELSEWHERE, {"DOSSIER_RECEIVE"}}, MC_OK);
    (void)grant(h, (struct grant_case){pang.login_id, COMMUNE, {"DOSSIER_RECEIVE"}}, MC_OK);
}

/* A district's administrator reaches nothing, even below himself: only level 1 gives rights. */
static void an_administrator_below_level_1_grants_nothing_OFF_03(void **state)
{
    struct harness *h = *state;
    const char *rights[] = {"RIGHTS_GRANT"};

    char *account = open_account(h, &tho);
    (void)open_account(h, &pang);
    act_as_front(h);
    Motcua__SessionClaims claims = *claims_of(sign_in(h, &tho)->session);
    claims.unit = text(DISTRICT); /* as a token from before the rule might say */
    claims.rights = (char **)mc_unconst(rights);
    claims.n_rights = 1;
    assert_string_equal(claims.account_id, account);
    act_as(h, &claims);
    grant(h, (struct grant_case){pang.login_id, COMMUNE, {"DOSSIER_RECEIVE"}}, MC_DENIED);
    assert_true(harness_violated(h, "", "LEVEL_1_ONLY"));
}

/* OFF-04 OFF-32 S14: only staff of a one-door unit may make accounts for citizens. */
static void the_right_to_make_accounts_needs_a_one_door_unit_OFF_04(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &tho);
    (void)open_account(h, &pang);
    act_as_admin_of(h, "000.00.00.H38", NULL);
    (void)grant(h, (struct grant_case){pang.login_id, ONE_STOP, {"CITIZEN_ACCOUNT_CREATE"}}, MC_OK);
    act_as_operator(h);
    grant(h, (struct grant_case){pang.login_id, DISTRICT, {"CITIZEN_ACCOUNT_CREATE"}}, MC_CONFLICT);
    assert_true(harness_violated(h, "unit", "UNIT_NAME_LACKS_TEXT"));
    grant(h, (struct grant_case){pang.login_id, "H99.14", {"CITIZEN_ACCOUNT_CREATE"}},
          MC_NOT_FOUND);
}

/* Codes of provinces that were merged stay, as past ones: nobody new is put there. */
static void an_agency_that_ended_takes_nobody(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &tho);
    act_as_operator(h);
    grant(h, (struct grant_case){tho.login_id, "000.00.00.H10", {"DOSSIER_RECEIVE"}}, MC_CONFLICT);
    assert_true(harness_violated(h, "unit", "AGENCY_ENDED"));
    assert_non_null(strstr(harness_header(h)->message, "01/07/2025"));
}

/* REG-09: the table says which accounts may not hold rights. */
static void post_office_accounts_hold_no_rights_REG_09(void **state)
{
    struct harness *h = *state;
    const struct identity *identity = harness_ctx(h);

    assert_false(identity_method_find(identity, "VNPOST")->officer_rights);
    assert_true(identity_method_find(identity, "SUBSCRIBER")->officer_rights);
    assert_int_equal(identity_method_find(identity, "USB_TOKEN")->ial, 3);  /* REG-08 */
    assert_int_equal(identity_method_find(identity, "SUBSCRIBER")->ial, 2); /* REG-07 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(an_operator_makes_an_officer_OFF_02),
        TEST(an_administrator_grants_within_his_unit_S14),
        TEST(another_units_officer_is_out_of_reach),
        TEST(only_the_top_makes_administrators),
        TEST(the_top_administrator_reaches_everybody_OFF_03),
        TEST(an_administrator_below_level_1_grants_nothing_OFF_03),
        TEST(the_right_to_make_accounts_needs_a_one_door_unit_OFF_04),
        TEST(an_agency_that_ended_takes_nobody),
        TEST(nobody_grants_to_himself),
        TEST(an_officer_without_the_right_and_a_citizen_are_denied),
        TEST(the_fields_of_a_grant_are_checked),
        TEST(what_is_taken_away_ends_the_sessions),
        TEST(an_ended_session_grants_nothing),
        TEST(post_office_accounts_hold_no_rights_REG_09),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
