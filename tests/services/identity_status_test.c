/* An account's status: who moves it from where to where, what it ends, how it is counted (OFF-08).
 */
#include "account_help.h"

/* The table, move by move: what is not listed is refused to everybody. */
static void the_table_of_moves(void **state)
{
    (void)state;
    static const char *const want[6] = {
        /* to:   ACTIVE INACTIVE LOCKED CLOSING CLOSED; o owner, d desk, p operator, s system */
        [ACTIVE] = "- dp odp o dps", [INACTIVE] = "dp - dp - dps", [LOCKED] = "dp - - - dps",
        [CLOSING] = "odp - dp - s",  [CLOSED] = "dp - - - -",
    };
    static const char ways[] = "odps";

    for (unsigned from = ACTIVE; from <= CLOSED; from++) {
        char row[64];
        char *save = NULL;
        (void)snprintf(row, sizeof row, "%s", want[from]);
        char *cell = strtok_r(row, " ", &save);
        for (unsigned to = ACTIVE; to <= CLOSED; to++, cell = strtok_r(NULL, " ", &save))
            for (unsigned way = 0; way < 4; way++)
                if (identity_status_may((Identity__AccountStatus)from, (Identity__AccountStatus)to,
                                        (enum identity_way)way) !=
                    (strchr(cell, ways[way]) != NULL))
                    fail_msg("%u to %u by %c", from, to, ways[way]);
    }
}

/* OFF-08: «Không kích hoạt» within the own tree; every session of it ends, and its way back. */
static void an_administrator_switches_his_officers_off_and_on_OFF_08(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &tho);
    char *clerk = open_account(h, &pang);
    give_rights(h, &pang, DISTRICT, (struct rights){{"DOSSIER_RECEIVE"}});
    const Motcua__SessionClaims *session = claims_of(sign_in(h, &pang)->session);

    act_as_officer(h, PROVINCE, (struct rights){{"ACCOUNT_STATUS"}});
    Identity__SetAccountStatusRequest off = status_request(clerk, INACTIVE);
    const Identity__SetAccountStatusReply *done =
        harness_call(h, "SetAccountStatus", &off.base, MC_OK);
    assert_int_equal(done->status, INACTIVE);
    const Motcua__SessionRevoked *revoked = harness_last_event(
        h, "identity.session_revoked", &motcua__session_revoked__descriptor, NULL);
    assert_string_equal(revoked->session_id, session->session_id);
    const Identity__StatusChanged *changed = harness_last_event(
        h, "identity.status_changed", &identity__status_changed__descriptor, NULL);
    assert_int_equal(changed->from, ACTIVE);
    assert_int_equal(changed->to, INACTIVE);
    assert_string_equal(changed->reason, "Nghỉ công tác");

    harness_call(h, "SetAccountStatus", &off.base, MC_CONFLICT); /* it is already */
    assert_true(harness_violated(h, "status", "STATUS_NOT_ALLOWED"));
    assert_non_null(strstr(harness_header(h)->message, "“Không kích hoạt”"));
    act_as_front(h);
    assert_string_equal(login_with(h, pang.login_id, PASSWORD)->code, "LOGIN_WRONG");
    harness_reopen(h);
    set_status(h, &pang, ACTIVE);
    act_as(h, claims_of(sign_in(h, &pang)->session));
    assert_string_equal(profile(h)->status_text, "Kích hoạt");
}

static void refused(struct harness *h, const char *account, enum mc_status want, const char *field,
                    const char *code)
{
    Identity__SetAccountStatusRequest off = status_request(account, INACTIVE);

    harness_call(h, "SetAccountStatus", &off.base, want);
    assert_true(harness_violated(h, field, code));
}

/* Who has not the right, not the unit, or himself in hand. */
static void nobody_reaches_beyond_his_right(void **state)
{
    struct harness *h = *state;
    char *own = open_account(h, &tho);
    char *clerk = open_account(h, &pang);
    char *citizen = open_account(h, &binh);

    give_rights(h, &pang, ELSEWHERE, (struct rights){{"DOSSIER_RECEIVE"}});
    (void)become(h, &binh);
    refused(h, clerk, MC_DENIED, "", "RIGHT_MISSING");
    refused(h, "0190a07b-0000-7000-8000-00000000cafe", MC_DENIED, "", "RIGHT_MISSING");
    act_as_officer(h, PROVINCE, (struct rights){{"ACCOUNT_VIEW"}});
    refused(h, clerk, MC_DENIED, "", "RIGHT_MISSING");
    act_as_officer(h, PROVINCE, (struct rights){{"ACCOUNT_STATUS"}});
    refused(h, clerk, MC_DENIED, "account_id", "UNIT_OUTSIDE");
    refused(h, citizen, MC_DENIED, "", "RIGHT_MISSING"); /* only the top */
    refused(h, own, MC_CONFLICT, "status", "STATUS_NOT_ALLOWED");
    refused(h, "0190a07b-0000-7000-8000-00000000cafe", MC_NOT_FOUND, "account_id",
            "NO_ACCOUNTS_FOUND");
    act_as_officer(h, PROVINCE, (struct rights){{"ACCOUNT_STATUS", "APCA_ADMIN"}});
    refused(h, citizen, MC_DENIED, "", "RIGHT_MISSING");
    act_as_officer(h, "000.00.00.G22", (struct rights){{"ACCOUNT_STATUS", "APCA_ADMIN"}});
    Identity__SetAccountStatusRequest off = status_request(citizen, LOCKED);
    (void)harness_call(h, "SetAccountStatus", &off.base, MC_OK);
    off.account_id = clerk;
    (void)harness_call(h, "SetAccountStatus", &off.base, MC_OK);
    refused(h, own, MC_CONFLICT, "status", "STATUS_NOT_ALLOWED"); /* himself is no officer's case */
}

/* OFF-10: a further unit counts like the home unit; one outside is enough to be out of reach. */
static void an_officer_is_reached_through_all_his_units(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &tho);
    char *clerk = open_account(h, &pang);

    give_rights(h, &pang, DISTRICT, (struct rights){{"DOSSIER_RECEIVE"}});
    give_rights(h, &pang, PROVINCE, (struct rights){{"DOSSIER_RECEIVE"}});
    act_as_officer(h, DISTRICT, (struct rights){{"ACCOUNT_STATUS"}});
    refused(h, clerk, MC_DENIED, "account_id", "UNIT_OUTSIDE"); /* above, by his second unit */
    act_as_officer(h, PROVINCE, (struct rights){{"ACCOUNT_STATUS"}});
    Identity__SetAccountStatusRequest off = status_request(clerk, INACTIVE);
    (void)harness_call(h, "SetAccountStatus", &off.base, MC_OK);
    set_status(h, &pang, ACTIVE);
    give_rights(h, &pang, ELSEWHERE, (struct rights){{"DOSSIER_RECEIVE"}});
    act_as_officer(h, PROVINCE, (struct rights){{"ACCOUNT_STATUS"}});
    refused(h, clerk, MC_DENIED, "account_id", "UNIT_OUTSIDE");
}

/* A stranger in the account: its owner locks it; only a desk opens it again. */
static void an_owner_locks_his_account(void **state)
{
    struct harness *h = *state;
    char *account = open_account(h, &binh);
    const Motcua__SessionClaims *session = become(h, &binh);

    Identity__SetAccountStatusRequest lock = status_request("", LOCKED);
    lock.reason = text("");
    harness_call(h, "SetAccountStatus", &lock.base, MC_INVALID);
    assert_true(harness_violated(h, "reason", "FIELD_REQUIRED"));
    lock.reason = text("Mất điện thoại");
    lock.version = 7;
    harness_call(h, "SetAccountStatus", &lock.base, MC_CONFLICT);
    assert_true(harness_violated(h, "version", "ACCOUNT_CHANGED"));
    lock.version = 1;
    (void)harness_call(h, "SetAccountStatus", &lock.base, MC_OK);
    act_as(h, session);
    Identity__SetAccountStatusRequest unlock = status_request(account, ACTIVE);
    harness_call(h, "SetAccountStatus", &unlock.base, MC_UNAUTHENTICATED); /* that session ended */
    act_as_front(h);
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "LOGIN_WRONG");
    set_status(h, &binh, ACTIVE);
    (void)become(h, &binh);
}

/* A closed account keeps its number (REG-48), and may be reopened with a reason. */
static void a_closed_account_keeps_its_number(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);

    set_status(h, &binh, CLOSED);
    Identity__StartRegistrationRequest form = form_of(&binh);
    harness_call(h, "StartRegistration", &form.base, MC_CONFLICT);
    assert_true(harness_violated(h, "login_id", "ACCOUNT_EXISTS"));
    set_status(h, &binh, ACTIVE);
    (void)become(h, &binh);
}

/* REG-47: kept with every change, not counted by walking. */
static void accounts_are_counted_REG_47(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);
    (void)open_account(h, &tho);
    (void)open_account(h, &pang);

    set_status(h, &pang, LOCKED);
    set_status(h, &tho, CLOSED);
    harness_reopen(h);
    const Identity__CountAccountsReply *counts = count_accounts(h);
    assert_int_equal(counts->total, 3);
    assert_int_equal(counts->verified, 0);
    assert_int_equal(counts->n_counts, 3);
    assert_int_equal(count_of(counts, "SUBSCRIBER", ACTIVE, false)->count, 1);
    assert_int_equal(count_of(counts, "SUBSCRIBER", LOCKED, false)->count, 1);
    assert_int_equal(count_of(counts, "SUBSCRIBER", CLOSED, false)->count, 1);
    assert_int_equal(count_of(counts, "SUBSCRIBER", LOCKED, false)->subject_kind,
                     IDENTITY__SUBJECT_KIND__CITIZEN);
    set_status(h, &pang, ACTIVE);
    counts = count_accounts(h);
    assert_int_equal(count_of(counts, "SUBSCRIBER", ACTIVE, false)->count, 2);
    assert_int_equal(count_of(counts, "SUBSCRIBER", LOCKED, false)->count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        cmocka_unit_test(the_table_of_moves),
        TEST(an_administrator_switches_his_officers_off_and_on_OFF_08),
        TEST(nobody_reaches_beyond_his_right),
        TEST(an_officer_is_reached_through_all_his_units),
        TEST(an_owner_locks_his_account),
        TEST(a_closed_account_keeps_its_number),
        TEST(accounts_are_counted_REG_47),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
