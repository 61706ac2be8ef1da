/* A new phone: proved by both, or at the desk (REG-50). */
#include "account_help.h"

#define NEW      "0868000909"
#define NEW_E164 "84868000909"
#define NEW_MASK "086****909"

static const Identity__AccountStep *start_change(struct harness *h, const char *account_id)
{
    Identity__StartPhoneChangeRequest request = IDENTITY__START_PHONE_CHANGE_REQUEST__INIT;

    request.account_id = text(account_id);
    request.phone = text(NEW);
    request.reason = text("Mất SIM, đã đối chiếu CCCD");
    return harness_call(h, "StartPhoneChange", &request.base, MC_OK);
}

static char *proof_for(struct harness *h, ProtobufCBinaryData subject, const char *phone)
{
    Otp__Proof proof = proof_of(h, OTP__PURPOSE__PHONE_CHANGE, subject, phone);

    return harness_token(h, "otp", &proof.base);
}

static Identity__FinishPhoneChangeRequest finish_of_step(struct harness *h,
                                                         const Identity__AccountStep *step)
{
    Identity__FinishPhoneChangeRequest request = IDENTITY__FINISH_PHONE_CHANGE_REQUEST__INIT;

    request.step = step->step;
    request.proof = proof_for(h, step->step, NEW_E164);
    if (step->old_phone_subject.len > 0)
        request.old_phone_proof = proof_for(h, step->old_phone_subject, BINH_PHONE);
    return request;
}

/* The next code asked of the otp room goes to this phone, for this subject. */
static void expect_code(struct harness *h, ProtobufCBinaryData subject, const char *phone)
{
    struct harness_exchange exchange;
    Otp__IssueReply issued = OTP__ISSUE_REPLY__INIT;

    assert_true(harness_effect(h, "otp.issue", &exchange));
    const Otp__IssueRequest *issue = (const void *)exchange.call.request;
    assert_int_equal(issue->purpose, OTP__PURPOSE__PHONE_CHANGE);
    assert_string_equal(issue->phone, phone);
    assert_int_equal(issue->subject.len, MC_ID_LEN);
    assert_memory_equal(issue->subject.data, subject.data, MC_ID_LEN);
    harness_reply(h, &exchange, &issued.base);
}

static void both_phones_are_proved_REG_50(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);
    const Motcua__SessionClaims *session = become(h, &binh);
    const Identity__AccountStep *step = start_change(h, "");

    assert_string_equal(step->phone_masked, NEW_MASK);
    assert_string_equal(step->old_phone_masked, "091****101");
    assert_memory_not_equal(step->step.data, step->old_phone_subject.data, MC_ID_LEN);
    harness_reopen(h);
    expect_code(h, step->step, NEW_E164);
    expect_code(h, step->old_phone_subject, BINH_PHONE);
    Identity__FinishPhoneChangeRequest finish = finish_of_step(h, step);
    const Identity__UpdateAccountReply *done =
        harness_call(h, "FinishPhoneChange", &finish.base, MC_OK);
    assert_int_equal(done->version, 2);
    assert_string_equal(profile(h)->phone_masked, NEW_MASK); /* the session stays */
    const Identity__AccountOpened *told = harness_last_event(
        h, "identity.contact_changed", &identity__account_opened__descriptor, NULL);
    assert_string_equal(told->phone, NEW_E164);
    assert_int_equal(harness_rows(h, IDENTITY_STEPS), 0);
    harness_call(h, "FinishPhoneChange", &finish.base, MC_EXPIRED); /* it is spent */
    assert_true(harness_violated(h, "step", "STEP_EXPIRED"));
    /* the next code to sign in goes to the new phone */
    act_as_front(h);
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->phone_masked, NEW_MASK);
    act_as(h, session);
}

static void refuse_proofs(struct harness *h, const Identity__FinishPhoneChangeRequest *finish,
                          const char *field, const char *code)
{
    harness_call(h, "FinishPhoneChange", &finish->base, MC_DENIED);
    assert_true(harness_violated(h, field, code));
    assert_int_equal(harness_events(h, "identity.contact_changed"), 0);
}

/* OTP-05, OTP-11: of another purpose, subject, phone, step; swapped; out of time; none. */
static void a_proof_of_anything_else_changes_nothing(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);
    (void)become(h, &binh);
    const Identity__AccountStep *step = start_change(h, "");
    const Identity__AccountStep *other = start_change(h, "");
    const Identity__FinishPhoneChangeRequest good = finish_of_step(h, step);
    Identity__FinishPhoneChangeRequest finish = good;

    finish.old_phone_proof = text("");
    refuse_proofs(h, &finish, "old_phone_proof", "PROOF_INVALID");
    finish = good;
    finish.proof = good.old_phone_proof;
    finish.old_phone_proof = good.proof;
    refuse_proofs(h, &finish, "proof", "PROOF_INVALID");
    finish = good;
    finish.old_phone_proof = good.proof; /* one phone twice */
    refuse_proofs(h, &finish, "old_phone_proof", "PROOF_INVALID");
    finish.old_phone_proof = proof_for(h, step->old_phone_subject, NEW_E164);
    refuse_proofs(h, &finish, "old_phone_proof", "PROOF_INVALID");
    finish.old_phone_proof = proof_for(h, other->old_phone_subject, BINH_PHONE);
    refuse_proofs(h, &finish, "old_phone_proof", "PROOF_INVALID");
    Otp__Proof login = proof_of(h, OTP__PURPOSE__LOGIN, step->step, NEW_E164);
    finish = good;
    finish.proof = harness_token(h, "otp", &login.base);
    refuse_proofs(h, &finish, "proof", "PROOF_INVALID");
    Otp__Proof late = proof_of(h, OTP__PURPOSE__PHONE_CHANGE, step->step, NEW_E164);
    late.expires_at_ms = harness_now(h);
    finish.proof = harness_token(h, "otp", &late.base);
    refuse_proofs(h, &finish, "proof", "PROOF_EXPIRED");
    (void)harness_call(h, "FinishPhoneChange", &good.base, MC_OK);
}

/* A lost phone: an officer, a reason, the new phone's code; the old one hears (notification). */
static void a_desk_changes_a_lost_phone(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &tho);
    (void)open_account(h, &pang);
    char *account = open_account(h, &binh);
    Identity__StartPhoneChangeRequest request = IDENTITY__START_PHONE_CHANGE_REQUEST__INIT;
    request.login_id = text(BINH_ID);
    request.phone = text(NEW);

    (void)become(h, &tho);
    harness_call(h, "StartPhoneChange", &request.base, MC_DENIED);
    act_as_officer(h, DISTRICT, (struct rights){{"ACCOUNT_EDIT"}});
    harness_call(h, "StartPhoneChange", &request.base, MC_INVALID);
    assert_true(harness_violated(h, "reason", "FIELD_REQUIRED"));
    const Identity__AccountStep *step = start_change(h, account);
    assert_int_equal(step->old_phone_subject.len, 0);
    expect_code(h, step->step, NEW_E164);
    Identity__FinishPhoneChangeRequest finish = finish_of_step(h, step);

    /* another officer with the same right, and the citizen, hold nothing */
    give_rights(h, &pang, DISTRICT, (struct rights){{"ACCOUNT_EDIT"}});
    (void)become(h, &pang);
    harness_call(h, "FinishPhoneChange", &finish.base, MC_EXPIRED);
    (void)become(h, &binh);
    harness_call(h, "FinishPhoneChange", &finish.base, MC_EXPIRED);
    /* whose right was taken meanwhile finishes nothing */
    act_as_officer(h, DISTRICT, (struct rights){{"ACCOUNT_VIEW"}});
    harness_call(h, "FinishPhoneChange", &finish.base, MC_DENIED);
    act_as_officer(h, DISTRICT, (struct rights){{"ACCOUNT_EDIT"}});
    (void)harness_call(h, "FinishPhoneChange", &finish.base, MC_OK);
    harness_advance(h, 24LL * 60 * MINUTE_MS); /* identity_phone_wait_test.c */
    harness_tick(h);

    Identity__ListAccountChangesRequest list = IDENTITY__LIST_ACCOUNT_CHANGES_REQUEST__INIT;
    struct person moved = binh;
    moved.phone_e164 = NEW_E164;
    harness_purpose(h, "Xem lại");
    (void)become(h, &moved);
    const Identity__ListAccountChangesReply *changes =
        harness_call(h, "ListAccountChanges", &list.base, MC_OK);
    assert_string_equal(changes->changes[1]->way, "DESK");
    assert_string_equal(changes->changes[1]->unit, DISTRICT);
    assert_string_equal(fact_in(changes->changes[1], "next_phone")->after, NEW_E164);
    assert_string_equal(changes->changes[0]->way, "SYSTEM");
    assert_string_equal(changes->changes[0]->reason, "Mất SIM, đã đối chiếu CCCD");
    assert_string_equal(fact_in(changes->changes[0], "phone")->before, BINH_PHONE);
}

static void the_new_phone_is_checked(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);
    (void)become(h, &binh);
    static const struct {
        const char *phone, *code;
        enum mc_status want;
    } cases[] = {
        {"", "FIELD_REQUIRED", MC_INVALID},          {"0243000101", "PHONE_FIXED_LINE", MC_INVALID},
        {"868000909", "PHONE_NO_ZERO", MC_INVALID},  {"0912000101", "PHONE_SAME", MC_CONFLICT},
        {"+84912000101", "PHONE_SAME", MC_CONFLICT},
    };

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        Identity__StartPhoneChangeRequest request = IDENTITY__START_PHONE_CHANGE_REQUEST__INIT;
        request.phone = text(cases[i].phone);
        harness_call(h, "StartPhoneChange", &request.base, cases[i].want);
        assert_true(harness_violated(h, "phone", cases[i].code));
    }
}

static void changes_of_phone_are_limited(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);
    (void)become(h, &binh);

    for (int i = 0; i < IDENTITY_STEPS_AN_HOUR; i++)
        (void)start_change(h, "");
    Identity__StartPhoneChangeRequest request = IDENTITY__START_PHONE_CHANGE_REQUEST__INIT;
    request.phone = text(NEW);
    harness_call(h, "StartPhoneChange", &request.base, MC_LIMITED);
    assert_true(harness_violated(h, "", "STEPS_TOO_MANY"));
    harness_advance(h, IDENTITY_STARTS_WINDOW_MS);
    (void)become(h, &binh);
    (void)start_change(h, "");
}

/* D1: that a code cannot be sent is told to who waits for it. */
static void a_code_that_cannot_be_sent_is_told(void **state)
{
    struct harness *h = *state;
    struct harness_exchange exchange;
    (void)open_account(h, &binh);
    (void)become(h, &binh);
    const Identity__AccountStep *step = start_change(h, "");

    expect_code(h, step->step, NEW_E164);
    assert_true(harness_effect(h, "otp.issue", &exchange)); /* the old phone's */
    harness_result(h, &exchange,
                   &(struct mc_result){.status = MC_LIMITED, .code = "OTP_SEND_LIMIT"});
    Identity__GetAccountStepRequest get = IDENTITY__GET_ACCOUNT_STEP_REQUEST__INIT;
    get.step = step->step;
    const Identity__AccountStep *now = harness_call(h, "GetAccountStep", &get.base, MC_OK);
    assert_string_equal(now->code, "OTP_SEND_LIMIT");
    assert_true(now->message[0] != '\0');
    assert_string_equal(now->phone_masked, NEW_MASK);
    (void)open_account(h, &tho);
    (void)become(h, &tho);
    harness_call(h, "GetAccountStep", &get.base, MC_EXPIRED);
}

static void a_step_expires(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);
    (void)become(h, &binh);
    const Identity__AccountStep *step = start_change(h, "");

    assert_int_equal(step->expires_at_ms, harness_now(h) + 15 * MINUTE_MS);
    harness_advance(h, 15 * MINUTE_MS - 1);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_STEPS), 1);
    harness_advance(h, 1);
    (void)become(h, &binh);
    Identity__FinishPhoneChangeRequest finish = finish_of_step(h, step);
    harness_call(h, "FinishPhoneChange", &finish.base, MC_EXPIRED);
    harness_tick(h);
    assert_int_equal(harness_rows(h, IDENTITY_STEPS), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_room, close_room)
        TEST(both_phones_are_proved_REG_50),
        TEST(a_proof_of_anything_else_changes_nothing),
        TEST(a_desk_changes_a_lost_phone),
        TEST(the_new_phone_is_checked),
        TEST(changes_of_phone_are_limited),
        TEST(a_code_that_cannot_be_sent_is_told),
        TEST(a_step_expires),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
