/*
 * GetCitizenAccount: how far a request at the desk is: what it waits for, why it was refused, and
 * which SMS carries the password; the otp room's SmsStatus tells where that is (OTP-12, NOT-08).
 */
#include "officer.h"

static void fill_block(struct mc_txn *txn, const IdentityState__Registration *registration,
                       Identity__CitizenAccount *rep)
{
    const IdentityState__Desk *block = identity_desk_unseal(txn, registration->desk);

    if (block == NULL)
        return;
    rep->officer_name = block->officer_name;
    rep->unit = registration->unit;
    rep->unit_name = block->unit_name;
    rep->created_at_ms = block->at_ms;
    rep->scan_name = block->scan_name;
    rep->scan_size = block->scan_size;
}

static void fill_made(struct mc_txn *txn, struct mc_bytes account_id, Identity__CitizenAccount *rep)
{
    const IdentityState__Made *made =
        mc_load(txn, IDENTITY_MADE, account_id, &identity_state__made__descriptor);

    rep->account_id = identity_uuid(txn, account_id);
    if (made == NULL)
        return;
    rep->password_sms = made->sms_job;
    if (made->sms_code[0] != '\0') {
        rep->code = made->sms_code;
        rep->message = identity_text(txn, made->sms_code, NULL);
    }
}

enum mc_status identity_get_citizen_account(struct identity *identity, struct mc_txn *txn,
                                            const Identity__GetCitizenAccountRequest *req,
                                            Identity__CitizenAccount *rep)
{
    (void)identity;
    struct identity_desk desk;
    const IdentityState__Registration *registration =
        identity_desk_request(txn, mc_key_bytes(req->registration_id), &desk);

    if (registration == NULL)
        return txn->status;
    rep->registration_id = req->registration_id;
    rep->state = (Identity__RegistrationState)registration->state;
    rep->phone_masked = registration->phone_masked;
    rep->expires_at_ms = registration->expires_at_ms;
    fill_block(txn, registration, rep);
    if (registration->code[0] != '\0') {
        rep->code = registration->code;
        rep->message = identity_code_text(txn, registration->code, registration->carrier,
                                          registration->code_until_ms);
    }
    if (registration->account.len == MC_ID_LEN)
        fill_made(txn, mc_key_bytes(registration->account), rep);
    return txn->status;
}
