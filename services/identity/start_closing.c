/*
 * StartClosing: an owner closes the account: the password, then a code to the phone. A session that
 * was stolen has neither. A wrong password is an answer, because the try must be counted.
 */
#include <string.h>

#include "common/password.h"

#include "account.h"

static const IdentityState__Account *own_account(struct mc_txn *txn)
{
    struct mc_bytes id = identity_id_parse(txn, txn->caller->account_id);

    return id.len == MC_ID_LEN ? identity_account_load(txn, id) : NULL;
}

enum mc_status identity_start_closing_prepare(void *ctx, struct mc_txn *snapshot,
                                              const ProtobufCMessage *req, struct mc_work *ret_work)
{
    (void)ctx;
    const Identity__StartClosingRequest *closing = (const void *)req;
    const IdentityState__Account *account = own_account(snapshot);
    size_t len = strlen(closing->password);

    ret_work->kind = MC_WORK_NONE;
    if (account == NULL || len == 0 || len > MC_PASSWORD_MAX)
        return MC_OK;
    const char *hash = mc_open_text(snapshot, account->password_hash);
    if (snapshot->status != MC_OK || strlen(hash) >= sizeof ret_work->hash)
        return snapshot->status;
    memcpy(ret_work->password, closing->password, len + 1);
    memcpy(ret_work->hash, hash, strlen(hash) + 1);
    ret_work->kind = MC_WORK_VERIFY;
    return MC_OK;
}

/* An account of a certificate has none: its hash is everybody's. */
static bool has_password(struct mc_txn *txn, const IdentityState__Account *account)
{
    return strcmp(mc_open_text(txn, account->password_hash), mc_password_dummy_hash) != 0;
}

static bool password_is_right(struct mc_txn *txn, const IdentityState__Account *account)
{
    const char *hash = mc_open_text(txn, account->password_hash);

    return txn->status == MC_OK && txn->work->ok && strcmp(hash, txn->work->hash) == 0;
}

static enum mc_status check(struct mc_txn *txn, const Identity__StartClosingRequest *req)
{
    if (req->password[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "password", "FIELD_REQUIRED", "field", "mật khẩu", NULL);
    else if (strlen(req->password) > MC_PASSWORD_MAX)
        (void)mc_refuse(txn, MC_INVALID, "password", "FIELD_TOO_LONG", "field", "Mật khẩu", "max",
                        "128 byte", NULL);
    identity_check_reason(txn, req->reason);
    return txn->status;
}

enum mc_status identity_start_closing(struct identity *identity, struct mc_txn *txn,
                                      const Identity__StartClosingRequest *req,
                                      Identity__AccountStep *rep)
{
    struct identity_target target = {0};

    if (check(txn, req) != MC_OK || !identity_target_own(txn, &target) ||
        !identity_account_is_active(txn, target.account) ||
        !identity_budget_take(txn, "budget.closing", target.id, IDENTITY_STEPS_AN_HOUR,
                              "STEPS_TOO_MANY"))
        return txn->status;
    if (!has_password(txn, target.account))
        return mc_refuse(txn, MC_CONFLICT, "password", "CLOSING_AT_DESK", NULL);
    if (txn->work == NULL || txn->work->kind != MC_WORK_VERIFY)
        return mc_refuse(txn, MC_BUSY, "", "BUSY", NULL);
    if (!password_is_right(txn, target.account)) {
        rep->code = mc_unconst("PASSWORD_WRONG");
        rep->message = identity_text(txn, "PASSWORD_WRONG", NULL);
        return txn->status;
    }
    const IdentityState__Person *person = identity_person_open(txn, target.account->person);
    if (person == NULL)
        return txn->status;
    const struct identity_step step = {
        .kind = OTP__PURPOSE__ACCOUNT_CLOSE,
        .target = &target,
        .person = person,
        .phone = person->phone,
        .reason = req->reason,
    };
    identity_step_begin(identity, txn, &step, rep);
    return txn->status;
}
