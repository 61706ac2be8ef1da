/*
 * SendCitizenPassword: the temporary password did not reach the citizen (OFF-31, NOT-08), who is
 * still at the desk: the officer who made the account has another one drawn and sent. The one
 * before is good for nothing any more. Once the citizen has set his own, nobody sends him one.
 */
#include "officer.h"

struct resending {
    struct mc_bytes account_id;
    IdentityState__Account *account;
    IdentityState__Made *made;
};

static void load(struct mc_txn *txn, const char *account_id, struct resending *ret)
{
    *ret = (struct resending){.account_id = identity_id_parse(txn, account_id)};
    if (ret->account_id.len != MC_ID_LEN)
        return;
    ret->made = mc_load(txn, IDENTITY_MADE, ret->account_id, &identity_state__made__descriptor);
    ret->account = identity_account_load(txn, ret->account_id);
}

static const char *wrong_with(const struct resending *resending)
{
    const IdentityState__Made *made = resending->made;

    if (!resending->account->password_temporary)
        return "PASSWORD_OWN";
    if (made->sms_job == 0 && made->sms_code[0] == '\0')
        return "PASSWORD_SMS_WAITS"; /* two on their way: nobody knew which counts */
    return NULL;
}

/* Only who made it, for the unit he made it for, while he may do so there. */
static bool is_his(struct mc_txn *txn, const struct resending *resending)
{
    struct identity_desk desk;

    if (!identity_desk_officer(txn, &desk))
        return false;
    if (resending->made == NULL || resending->account == NULL ||
        !mc_bytes_same(mc_key_bytes(resending->made->officer), desk.officer_id)) {
        (void)mc_refuse(txn, MC_NOT_FOUND, "account_id", "NO_ACCOUNTS_FOUND", NULL);
        return false;
    }
    return identity_desk_open(txn, resending->made->unit, &desk);
}

static enum mc_status check(struct mc_txn *txn, const struct resending *resending)
{
    const char *wrong = wrong_with(resending);

    if (!identity_account_may_sign_in(resending->account))
        return mc_refuse(txn, MC_CONFLICT, "account_id", "ACCOUNT_NOT_ACTIVE", "status",
                         identity_status_text(identity_status_of(resending->account)), NULL);
    if (wrong != NULL)
        return mc_refuse(txn, MC_CONFLICT, "account_id", wrong, NULL);
    if (resending->made->password_sends >= IDENTITY_PASSWORD_RESENDS_MAX)
        return mc_refuse(txn, MC_LIMITED, "account_id", "PASSWORD_SENDS_TOO_MANY", NULL);
    return txn->status;
}

/* The pool hashes only what has a chance; what is wrong the handler tells. */
enum mc_status identity_send_citizen_password_prepare(void *ctx, struct mc_txn *snapshot,
                                                      const ProtobufCMessage *req,
                                                      struct mc_work *ret_work)
{
    (void)ctx;
    const Identity__SendCitizenPasswordRequest *send = (const void *)req;
    struct resending resending;

    ret_work->kind = MC_WORK_NONE;
    load(snapshot, send->account_id, &resending);
    if (resending.account != NULL && resending.made != NULL && wrong_with(&resending) == NULL)
        identity_password_temporary_prepare(snapshot, ret_work);
    return MC_OK;
}

static void tell(struct mc_txn *txn, const struct resending *resending)
{
    Identity__AccountMade resent = IDENTITY__ACCOUNT_MADE__INIT;
    const char *keys[] = {identity_key(txn, "account", resending->account_id), NULL};

    resent.account_id = identity_uuid(txn, resending->account_id);
    resent.officer_id = identity_uuid(txn, mc_key_bytes(resending->made->officer));
    resent.unit = resending->made->unit;
    mc_emit(txn, "identity.password_resent", &resent.base, MC_PLAIN, keys);
}

enum mc_status identity_send_citizen_password(struct identity *identity, struct mc_txn *txn,
                                              const Identity__SendCitizenPasswordRequest *req,
                                              Identity__SendCitizenPasswordReply *rep)
{
    struct resending resending;

    load(txn, req->account_id, &resending);
    if (!is_his(txn, &resending) || check(txn, &resending) != MC_OK)
        return txn->status;
    const IdentityState__Person *person = identity_person_open(txn, resending.account->person);
    const char *password = identity_password_temporary(identity, txn, resending.account);
    if (person == NULL || password == NULL)
        return txn->status;
    resending.made->password_sends += 1;
    resending.made->sms_job = 0;
    resending.made->sms_code = mc_unconst("");
    mc_save(txn, IDENTITY_MADE, resending.account_id, &resending.made->base);
    mc_save(txn, IDENTITY_ACCOUNTS, resending.account_id, &resending.account->base);
    identity_sessions_revoke(txn, resending.account_id); /* of the password before */
    identity_password_sms_ask(txn, resending.account_id, person, resending.made, password);
    tell(txn, &resending);
    rep->sends_left = IDENTITY_PASSWORD_RESENDS_MAX - resending.made->password_sends;
    rep->message = identity_text(txn, "PASSWORD_SENT_AGAIN", NULL);
    return txn->status;
}
