/* FinishLogin: the code was right, so a session opens. The sign-in is spent by it. */
#include "account.h"

IdentityState__Login *identity_login_load(struct mc_txn *txn, ProtobufCBinaryData id)
{
    IdentityState__Login *login = NULL;

    if (id.len == MC_ID_LEN)
        login = mc_load(txn, IDENTITY_LOGINS, mc_key_bytes(id), &identity_state__login__descriptor);
    return login != NULL && login->expires_at_ms > txn->now_ms ? login : NULL;
}

enum mc_status identity_finish_login(struct identity *identity, struct mc_txn *txn,
                                     const Identity__FinishLoginRequest *req,
                                     Identity__SessionReply *rep)
{
    struct mc_bytes id = mc_key_bytes(req->login);
    const IdentityState__Login *login = identity_login_load(txn, req->login);
    const IdentityState__Account *account = NULL;
    const char *code;

    if (login != NULL && login->code[0] == '\0') /* else its code never left: see GetLogin */
        account = identity_account_load(txn, mc_key_bytes(login->account));
    if (account == NULL || !identity_account_may_sign_in(account))
        return mc_refuse(txn, MC_EXPIRED, "login", "LOGIN_EXPIRED", NULL);

    const IdentityState__Person *person = identity_person_open(txn, account->person);
    if (person == NULL)
        return txn->status;
    struct identity_claim claim = {OTP__PURPOSE__LOGIN, id, person->phone};
    if (!identity_proof_holds(identity, txn, req->proof, &claim, &code))
        return mc_refuse(txn, MC_DENIED, "proof", code, NULL);

    mc_drop(txn, IDENTITY_LOGINS, id);
    identity_source_know(identity, txn, mc_key_bytes(login->login_index));
    identity_session_open(identity, txn, mc_key_bytes(login->account), account, rep);
    return txn->status;
}
