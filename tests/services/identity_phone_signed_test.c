/* A new phone by signature: who has lost the old one and holds a certificate (REG-50, OTP-09). */
#include "identity_signing_help.h"

#define NEW      "0868000909"
#define NEW_E164 "84868000909"

static const Identity__AccountStep *start_change(struct harness *h)
{
    Identity__StartPhoneChangeRequest request = IDENTITY__START_PHONE_CHANGE_REQUEST__INIT;

    request.phone = text(NEW);
    return harness_call(h, "StartPhoneChange", &request.base, MC_OK);
}

static ProtobufCBinaryData signed_by(struct harness *h, const struct cert_party *holder,
                                     Identity__SigningPurpose purpose, ProtobufCBinaryData subject)
{
    Identity__StartSigningRequest request = start_of(purpose, IDENTITY__SUBJECT_KIND__CITIZEN);

    request.subject = subject;
    return sign_as(h, holder, &request);
}

static Identity__FinishPhoneChangeRequest finish_with(struct harness *h, ProtobufCBinaryData step,
                                                      ProtobufCBinaryData signing_id)
{
    Identity__FinishPhoneChangeRequest request = IDENTITY__FINISH_PHONE_CHANGE_REQUEST__INIT;
    Otp__Proof proof = proof_of(h, OTP__PURPOSE__PHONE_CHANGE, step, NEW_E164);

    request.step = step;
    request.proof = harness_token(h, "otp", &proof.base);
    request.signing_id = signing_id;
    return request;
}

static void a_signature_stands_for_the_old_phone(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);
    /* signed in by certificate: no code to the phone that is lost */
    act_as(h, claims_of(login_as(h, &world.citizen, IDENTITY__SUBJECT_KIND__CITIZEN)->session));
    const Identity__AccountStep *step = start_change(h);
    const Identity__AccountStep *other = start_change(h);
    const Identity__SigningPurpose change = IDENTITY__SIGNING_PURPOSE__SIGN_PHONE_LOST;

    Identity__FinishPhoneChangeRequest finish = finish_with(
        h, step->step,
        signed_by(h, &world.citizen, IDENTITY__SIGNING_PURPOSE__SIGN_PASSWORD_RESET, step->step));
    harness_call(h, "FinishPhoneChange", &finish.base, MC_EXPIRED); /* for something else */
    finish.signing_id = signed_by(h, &world.citizen, change, other->step);
    harness_call(h, "FinishPhoneChange", &finish.base, MC_DENIED);
    assert_true(harness_violated(h, "signing_id", "SIGNING_OTHER_PURPOSE"));
    finish.signing_id = signed_by(h, &world.citizen, change, step->step);
    finish.proof = text(""); /* the new phone is proved in any case */
    harness_call(h, "FinishPhoneChange", &finish.base, MC_DENIED);
    assert_true(harness_violated(h, "proof", "PROOF_INVALID"));
    finish = finish_with(h, step->step, finish.signing_id);
    (void)harness_call(h, "FinishPhoneChange", &finish.base, MC_OK);
    const Identity__AccountOpened *told = harness_last_event(
        h, "identity.contact_changed", &identity__account_opened__descriptor, NULL);
    assert_string_equal(told->phone, NEW_E164);
    finish = finish_with(h, other->step, finish.signing_id); /* it is spent */
    harness_call(h, "FinishPhoneChange", &finish.base, MC_EXPIRED);
}

/* Somebody else's certificate, however good, is not the owner's. */
static void another_certificate_changes_nothing(void **state)
{
    struct harness *h = *state;
    (void)open_account(h, &binh);
    (void)register_as(h, &world.enterprise, IDENTITY__SUBJECT_KIND__ENTERPRISE);
    act_as(h, claims_of(sign_in(h, &binh)->session));
    const Identity__AccountStep *step = start_change(h);
    Identity__StartSigningRequest request =
        start_of(IDENTITY__SIGNING_PURPOSE__SIGN_PHONE_LOST, IDENTITY__SUBJECT_KIND__ENTERPRISE);

    request.subject = step->step;
    Identity__FinishPhoneChangeRequest finish =
        finish_with(h, step->step, sign_as(h, &world.enterprise, &request));
    harness_call(h, "FinishPhoneChange", &finish.base, MC_DENIED);
    assert_true(harness_violated(h, "signing_id", "SIGNING_OTHER_PURPOSE"));
    assert_int_equal(harness_events(h, "identity.contact_changed"), 0);
}

/* An enterprise's account is found by its tax code, and has no password to close it with. */
static void an_account_of_a_certificate(void **state)
{
    struct harness *h = *state;
    (void)register_as(h, &world.enterprise, IDENTITY__SUBJECT_KIND__ENTERPRISE);
    act_as(h,
           claims_of(login_as(h, &world.enterprise, IDENTITY__SUBJECT_KIND__ENTERPRISE)->session));
    Identity__ReadAccountRequest read = IDENTITY__READ_ACCOUNT_REQUEST__INIT;
    harness_purpose(h, "Kiểm tra");
    const Identity__AccountDetails *own = harness_call(h, "ReadAccount", &read.base, MC_OK);
    Identity__StartClosingRequest closing = IDENTITY__START_CLOSING_REQUEST__INIT;
    closing.password = text(PASSWORD);
    closing.reason = text("Giải thể");
    harness_call(h, "StartClosing", &closing.base, MC_CONFLICT);
    assert_true(harness_violated(h, "password", "CLOSING_AT_DESK"));

    act_as_operator(h);
    read.login_id = own->login_id;
    const Identity__AccountDetails *found = harness_call(h, "ReadAccount", &read.base, MC_OK);
    assert_string_equal(found->account_id, own->account_id);
    assert_string_equal(found->tax_code, own->login_id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_signing_room, close_room)
        TEST(a_signature_stands_for_the_old_phone),
        TEST(another_certificate_changes_nothing),
        TEST(an_account_of_a_certificate),
    };
    return cmocka_run_group_tests(tests, open_signing_world, close_signing_world);
}
