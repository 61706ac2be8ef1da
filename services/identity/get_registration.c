/* GetRegistration: what a waiting screen shows, and what support is told it waits for. */
#include "identity.h"

static const char *waits_for(uint32_t state)
{
    switch ((Identity__RegistrationState)state) {
    case IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER:
        return "Nhà mạng đang đối chiếu thông tin thuê bao.";
    case IDENTITY__REGISTRATION_STATE__AWAITING_CODE:
        return "Người đăng ký nhập mã OTP và đặt mật khẩu.";
    case IDENTITY__REGISTRATION_STATE__REGISTRATION_STATE_UNSPECIFIED:
    case IDENTITY__REGISTRATION_STATE__REFUSED:
    case IDENTITY__REGISTRATION_STATE__DONE:
    case _IDENTITY__REGISTRATION_STATE_IS_INT_SIZE:
        break;
    }
    return "";
}

enum mc_status identity_get_registration(struct identity *identity, struct mc_txn *txn,
                                         const Identity__GetRegistrationRequest *req,
                                         Identity__Registration *rep)
{
    (void)identity;
    struct mc_bytes id = mc_key_bytes(req->registration_id);
    IdentityState__Registration *registration = identity_registration_load(txn, id);

    if (registration == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "registration_id", "REGISTRATION_EXPIRED", NULL);

    rep->registration_id = req->registration_id;
    rep->state = (Identity__RegistrationState)registration->state;
    rep->phone_masked = registration->phone_masked;
    rep->expires_at_ms = registration->expires_at_ms;
    rep->waits_for = mc_unconst(waits_for(registration->state));
    if (registration->state == IDENTITY__REGISTRATION_STATE__REFUSED) {
        const char *args[] = {"carrier", registration->carrier, NULL};
        rep->code = registration->code;
        rep->message = identity_text(txn, registration->code, args);
    }
    return txn->status;
}
