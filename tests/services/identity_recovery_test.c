/* The ways back that need no phone: a certificate's signature (OTP-08, OTP-09). */
#include "identity_signing_help.h"

#define NEXT      "Gieng#Lang7sau"
#define CITIZEN   IDENTITY__SUBJECT_KIND__CITIZEN
#define NEW_PHONE "84868000303"

static ProtobufCBinaryData sign_about(struct harness *h, Identity__SigningPurpose purpose,
                                      ProtobufCBinaryData subject, const struct cert_party *holder)
{
    Identity__StartSigningRequest request = start_of(purpose, CITIZEN);

    request.subject = subject;
    return sign_as(h, holder, &request);
}

static ProtobufCBinaryData start_reset(struct harness *h)
{
    Identity__StartPasswordResetRequest request = IDENTITY__START_PASSWORD_RESET_REQUEST__INIT;

    request.login_id = text(BINH_ID);
    const Identity__StartPasswordResetReply *reply =
        harness_call(h, "StartPasswordReset", &request.base, MC_OK);
    return reply->reset;
}

static Identity__FinishPasswordResetRequest finish_with(ProtobufCBinaryData reset,
                                                        ProtobufCBinaryData signing_id)
{
    Identity__FinishPasswordResetRequest finish = IDENTITY__FINISH_PASSWORD_RESET_REQUEST__INIT;

    finish.reset = reset;
    finish.signing_id = signing_id;
    finish.password = finish.password_again = text(NEXT);
    return finish;
}

static void a_signature_resets_the_password_OTP_08(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    ProtobufCBinaryData reset = start_reset(h);
    ProtobufCBinaryData other = start_reset(h);
    ProtobufCBinaryData signing_id =
        sign_about(h, IDENTITY__SIGNING_PURPOSE__SIGN_PASSWORD_RESET, reset, &world.citizen);
    Identity__FinishPasswordResetRequest finish = finish_with(other, signing_id);
    harness_call(h, "FinishPasswordReset", &finish.base, MC_DENIED); /* for another request */
    finish = finish_with(reset, signing_id);
    finish.password = finish.password_again = text("Matkhau@2024");
    harness_call(h, "FinishPasswordReset", &finish.base, MC_INVALID); /* and not spent by that */
    finish = finish_with(reset, signing_id);
    (void)harness_call(h, "FinishPasswordReset", &finish.base, MC_OK);
    assert_string_equal(login_with(h, BINH_ID, NEXT)->code, "");
    finish = finish_with(other, signing_id);
    harness_call(h, "FinishPasswordReset", &finish.base, MC_EXPIRED); /* spent */
}

static void a_signature_of_another_purpose_resets_nothing(void **state)
{
    struct harness *h = *state;

    (void)open_account(h, &binh);
    ProtobufCBinaryData reset = start_reset(h);
    ProtobufCBinaryData signing_id =
        sign_about(h, IDENTITY__SIGNING_PURPOSE__SIGN_PHONE_LOST, reset, &world.citizen);
    Identity__FinishPasswordResetRequest finish = finish_with(reset, signing_id);
    harness_call(h, "FinishPasswordReset", &finish.base, MC_EXPIRED);
    assert_string_equal(login_with(h, BINH_ID, PASSWORD)->code, "");
}

/* OTP-09 «Mất số điện thoại nhận OTP»: signed in by certificate, the new phone proved, signed. */
static void a_lost_phone_is_replaced_by_signature_OTP_09(void **state)
{
    struct harness *h = *state;
    Identity__StartPhoneChangeRequest start = IDENTITY__START_PHONE_CHANGE_REQUEST__INIT;
    Identity__FinishPhoneChangeRequest finish = IDENTITY__FINISH_PHONE_CHANGE_REQUEST__INIT;

    (void)open_account(h, &binh);
    act_as(h, claims_of(sign_in(h, &binh)->session));
    start.phone = text("0868000303");
    const Identity__AccountStep *step = harness_call(h, "StartPhoneChange", &start.base, MC_OK);
    Otp__Proof proof = proof_of(h, OTP__PURPOSE__PHONE_CHANGE, step->step, NEW_PHONE);
    finish.step = step->step;
    finish.proof = harness_token(h, "otp", &proof.base);
    harness_call(h, "FinishPhoneChange", &finish.base, MC_DENIED); /* the old one is not proved */
    finish.signing_id =
        sign_about(h, IDENTITY__SIGNING_PURPOSE__SIGN_PHONE_LOST, step->step, &world.citizen);
    (void)harness_call(h, "FinishPhoneChange", &finish.base, MC_OK);
    assert_int_equal(harness_events(h, "identity.contact_changed"), 1); /* the old phone is told */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_signing_room, close_room)
        TEST(a_signature_resets_the_password_OTP_08),
        TEST(a_signature_of_another_purpose_resets_nothing),
        TEST(a_lost_phone_is_replaced_by_signature_OTP_09),
    };
    return cmocka_run_group_tests(tests, open_signing_world, close_signing_world);
}
