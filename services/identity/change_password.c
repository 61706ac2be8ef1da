/*
 * ChangePassword: the old one, the new one, and every other session ends. It is the one thing a
 * session can do that was opened with a temporary password (OFF-31). Wrong old passwords count as
 * failed sign-ins: who found a session open must not guess on with it.
 */
#include <string.h>

#include "password.h"

struct change {
    struct mc_bytes session_id;
    IdentityState__Session *session;
    struct mc_bytes account_id;
    IdentityState__Account *account;
    struct identity_failures failures;
};

/* What prepare and handler must both find; false: the call was refused. */
static bool load(const struct identity *identity, struct mc_txn *txn,
                 const Identity__ChangePasswordRequest *req, struct change *change)
{
    const char *field = NULL;

    *change = (struct change){0};
    change->session = identity_session_of_caller(txn, &change->session_id);
    if (change->session == NULL)
        return false;
    change->account_id = mc_key_bytes(change->session->account);
    change->account = identity_account_load(txn, change->account_id);
    if (change->account == NULL) {
        (void)mc_refuse(txn, MC_UNAUTHENTICATED, "", "SESSION_INVALID", NULL);
        return false;
    }
    const IdentityState__Person *person = identity_person_open(txn, change->account->person);
    if (person == NULL)
        return false;
    if (req->old_password[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "old_password", "FIELD_REQUIRED", "field",
                        "mật khẩu hiện tại", NULL);
    const char *code = identity_password_check(person, req->password, req->password_again, &field);
    if (code == NULL && strcmp(req->password, req->old_password) == 0) {
        field = "password";
        code = "PASSWORD_SAME";
    }
    if (code != NULL)
        (void)mc_refuse(txn, MC_INVALID, field, code, NULL);
    identity_failures_look(identity, txn, mc_key_bytes(change->account->login_index),
                           &change->failures);
    return txn->status == MC_OK;
}

enum mc_status identity_change_password_prepare(void *ctx, struct mc_txn *snapshot,
                                                const ProtobufCMessage *req,
                                                struct mc_work *ret_work)
{
    const Identity__ChangePasswordRequest *change_req = (const void *)req;
    struct change change;

    ret_work->kind = MC_WORK_NONE;
    if (!load(ctx, snapshot, change_req, &change) ||
        change.failures.locked_until_ms > snapshot->now_ms)
        return snapshot->status;
    const IdentityState__Person *person = identity_person_open(snapshot, change.account->person);
    const char *hash = mc_open_text(snapshot, change.account->password_hash);
    if (snapshot->status == MC_OK)
        identity_password_prepare(ctx, person, hash, change_req->old_password, change_req->password,
                                  ret_work);
    return snapshot->status;
}

static void say(struct mc_txn *txn, Identity__ChangePasswordReply *rep, const char *code)
{
    rep->code = mc_unconst(code);
    rep->message = identity_text(txn, code, NULL);
}

/* Remembered, so MC_OK. */
static void refuse_old(const struct identity *identity, struct mc_txn *txn,
                       const struct change *change, Identity__ChangePasswordReply *rep)
{
    int64_t until_ms = identity_failures_count(identity, txn, &change->failures);

    if (until_ms > txn->now_ms)
        identity_locked_say(txn, until_ms, &rep->code, &rep->message);
    else
        say(txn, rep, "PASSWORD_OLD_WRONG");
}

enum mc_status identity_change_password(struct identity *identity, struct mc_txn *txn,
                                        const Identity__ChangePasswordRequest *req,
                                        Identity__ChangePasswordReply *rep)
{
    struct change change;

    if (!load(identity, txn, req, &change))
        return txn->status;
    if (change.failures.locked_until_ms > txn->now_ms) {
        identity_locked_say(txn, change.failures.locked_until_ms, &rep->code, &rep->message);
        return txn->status;
    }
    if (!identity_password_made(txn, MC_WORK_CHANGE))
        return txn->status;
    const char *hash = mc_open_text(txn, change.account->password_hash);
    if (txn->status != MC_OK)
        return txn->status;
    if (!txn->work->ok || strcmp(hash, txn->work->hash) != 0) {
        refuse_old(identity, txn, &change, rep);
        return txn->status;
    }
    identity_failures_forget(txn, &change.failures);
    identity_password_set(txn, change.account_id, change.account, txn->work->fresh);
    identity_sessions_revoke_but(txn, change.account_id, change.session_id);
    rep->session = mc_alloc(txn->arena, sizeof *rep->session);
    if (rep->session == NULL)
        return mc_fail(txn, MC_FULL, "arena");
    identity__session_reply__init(rep->session);
    identity_session_renew(identity, txn, change.session_id, change.session, change.account,
                           rep->session);
    identity_security_emit(txn, "identity.password_changed", change.account_id);
    return txn->status;
}
