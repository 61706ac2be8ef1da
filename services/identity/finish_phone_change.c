/*
 * FinishPhoneChange: the proofs of both phones, or of the new one at the desk, change it (REG-50).
 * Who has lost the old one and has a certificate signs instead (OTP-09); he signs in with it, too.
 * A change without the old phone's code may have to wait (identity.phone_wait_desk, _signed), so
 * that who still holds that phone can stop it: a stolen identity card alone takes over no account.
 */
#include "account.h"
#include "signing.h"

static bool phones_are_proved(struct identity *identity, struct mc_txn *txn,
                              const Identity__FinishPhoneChangeRequest *req,
                              const IdentityState__Step *step, struct mc_bytes account)
{
    struct mc_bytes id = mc_key_bytes(req->step);
    const struct identity_claim fresh = {OTP__PURPOSE__PHONE_CHANGE, id,
                                         mc_open_text(txn, step->phone)};

    if (!identity_step_proof(identity, txn, &fresh, "proof", req->proof))
        return false;
    if (step->old_phone.len == 0)
        return true;
    if (req->signing_id.len != 0)
        return identity_strong_proof(txn, req->signing_id,
                                     &(struct identity_strong_claim){
                                         IDENTITY__SIGNING_PURPOSE__SIGN_PHONE_LOST, account, id});
    const struct identity_claim old = {OTP__PURPOSE__PHONE_CHANGE,
                                       identity_step_old_subject(txn, id),
                                       mc_open_text(txn, step->old_phone)};
    return identity_step_proof(identity, txn, &old, "old_phone_proof", req->old_phone_proof);
}

static int64_t wait_of(const struct identity *identity, enum identity_way way,
                       const Identity__FinishPhoneChangeRequest *req)
{
    if (way != IDENTITY_BY_OWNER)
        return identity->phone_wait_desk_ms;
    return req->signing_id.len != 0 ? identity->phone_wait_signed_ms : 0;
}

enum mc_status identity_finish_phone_change(struct identity *identity, struct mc_txn *txn,
                                            const Identity__FinishPhoneChangeRequest *req,
                                            Identity__UpdateAccountReply *rep)
{
    struct identity_target target = {0};
    struct identity_change change;
    const IdentityState__Step *step =
        identity_step_load(identity, txn, req->step, OTP__PURPOSE__PHONE_CHANGE, &target);

    if (step == NULL || !identity_account_is_active(txn, target.account) ||
        !phones_are_proved(identity, txn, req, step, target.id) ||
        !identity_change_begin(txn, target.id, target.account, &change))
        return txn->status;

    const char *reason = mc_open_text(txn, step->reason);
    identity_phone_change(txn, &change, mc_open_text(txn, step->phone),
                          wait_of(identity, target.way, req), reason);
    mc_drop(txn, IDENTITY_STEPS, mc_key_bytes(req->step));
    identity_change_save(txn, &change, target.way, reason);
    rep->account_id = identity_uuid(txn, target.id);
    rep->version = target.account->version;
    rep->takes_effect_at_ms = target.account->next_phone_at_ms;
    if (rep->takes_effect_at_ms != 0)
        rep->message = identity_text(txn, "PHONE_CHANGE_WAITS", NULL);
    return txn->status;
}
