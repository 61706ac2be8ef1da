/*
 * FinishPasswordReset: the code was right, or the owner signed (OTP-08), so a new password is set
 * (LOG-06). Every session ends:
 * who forgot his password may also have lost a device. The person is told, on the phone too. A code
 * to the phone proves that it is not lost, so a change of it that waits is stopped (OTP-09).
 */
#include "account.h"
#include "password.h"
#include "signing.h"

struct finish {
    struct mc_bytes id;
    const IdentityState__Reset *reset;
    struct mc_bytes account_id;
    IdentityState__Account *account;
    const IdentityState__Person *person;
};

/* By the code, or without the phone by the owner's signature (OTP-08). */
static bool is_proved(struct identity *identity, struct mc_txn *txn,
                      const Identity__FinishPasswordResetRequest *req, const struct finish *finish)
{
    const struct identity_claim claim = {OTP__PURPOSE__PASSWORD_RESET, finish->id,
                                         finish->person->phone};
    const struct identity_strong_claim strong = {IDENTITY__SIGNING_PURPOSE__SIGN_PASSWORD_RESET,
                                                 finish->account_id, finish->id};
    const char *code = NULL;

    if (req->signing_id.len != 0)
        return identity_strong_proof(txn, req->signing_id, &strong);
    if (!identity_proof_holds(identity, txn, req->proof, &claim, &code))
        (void)mc_refuse(txn, MC_DENIED, "proof", code, NULL);
    return txn->status == MC_OK;
}

/* What prepare and handler must both find; false: the call was refused. */
static bool load(struct identity *identity, struct mc_txn *txn,
                 const Identity__FinishPasswordResetRequest *req, struct finish *finish)
{
    const char *field = "proof";
    const char *code = NULL;

    *finish = (struct finish){.id = mc_key_bytes(req->reset)};
    if (finish->id.len == MC_ID_LEN)
        finish->reset =
            mc_load(txn, IDENTITY_RESETS, finish->id, &identity_state__reset__descriptor);
    if (finish->reset == NULL || finish->reset->expires_at_ms <= txn->now_ms) {
        (void)mc_refuse(txn, MC_EXPIRED, "reset", "RESET_EXPIRED", NULL);
        return false;
    }
    finish->account_id = mc_key_bytes(finish->reset->account);
    finish->account = identity_account_load(txn, finish->account_id);
    if (finish->account == NULL || !identity_account_may_sign_in(finish->account)) {
        (void)mc_refuse(txn, MC_DENIED, "proof", "PROOF_INVALID", NULL); /* as a wrong proof is */
        return false;
    }
    finish->person = identity_person_open(txn, finish->account->person);
    if (finish->person == NULL)
        return false;
    if (!is_proved(identity, txn, req, finish))
        return false;
    code = identity_password_check(finish->person, req->password, req->password_again, &field);
    if (code != NULL)
        (void)mc_refuse(txn, MC_INVALID, field, code, NULL);
    return txn->status == MC_OK;
}

enum mc_status identity_finish_password_reset_prepare(void *ctx, struct mc_txn *snapshot,
                                                      const ProtobufCMessage *req,
                                                      struct mc_work *ret_work)
{
    const Identity__FinishPasswordResetRequest *reset_req = (const void *)req;
    struct finish finish;

    ret_work->kind = MC_WORK_NONE;
    if (load(ctx, snapshot, reset_req, &finish))
        identity_password_prepare(ctx, finish.person, NULL, NULL, reset_req->password, ret_work);
    return snapshot->status;
}

enum mc_status identity_finish_password_reset(struct identity *identity, struct mc_txn *txn,
                                              const Identity__FinishPasswordResetRequest *req,
                                              Identity__FinishPasswordResetReply *rep)
{
    struct identity_failures failures;
    struct finish finish;

    if (!load(identity, txn, req, &finish) || !identity_password_made(txn, MC_WORK_HASH))
        return txn->status;
    mc_drop(txn, IDENTITY_RESETS, finish.id);
    identity_password_set(txn, finish.account_id, finish.account, txn->work->hash);
    if (req->signing_id.len == 0) /* who signs may well have lost the phone */
        identity_phone_is_held(txn, finish.account_id, finish.account);
    identity_sessions_revoke(txn, finish.account_id);
    identity_failures_look(identity, txn, mc_key_bytes(finish.reset->login_index), &failures);
    identity_failures_forget(txn, &failures);
    identity_security_emit(txn, "identity.password_reset", finish.account_id);
    rep->message = identity_text(txn, "RESET_DONE", NULL);
    return txn->status;
}
