/*
 * GetLogin: what a screen shows that waits for the code: where it goes, and why it will not come.
 * Who holds the sign-in's id has given the right password: nobody else learns anything here.
 */
#include "common/ident.h"

#include "account.h"

enum mc_status identity_get_login(struct identity *identity, struct mc_txn *txn,
                                  const Identity__GetLoginRequest *req, Identity__LoginReply *rep)
{
    (void)identity;
    const IdentityState__Account *account = NULL;
    const IdentityState__Person *person = NULL;
    char masked[MC_MASK_SIZE];

    const IdentityState__Login *login = identity_login_load(txn, req->login);
    if (login != NULL)
        account = identity_account_load(txn, mc_key_bytes(login->account));
    if (account == NULL || !identity_account_may_sign_in(account))
        return mc_refuse(txn, MC_EXPIRED, "login", "LOGIN_EXPIRED", NULL);
    person = identity_person_open(txn, account->person);
    if (person == NULL)
        return txn->status;

    mc_mask_phone(masked, sizeof masked, person->phone);
    rep->login = req->login;
    rep->phone_masked = mc_strdup(txn->arena, masked);
    rep->expires_at_ms = login->expires_at_ms;
    if (login->code[0] != '\0') {
        rep->code = login->code;
        rep->message = identity_code_text(txn, login->code, "", login->code_until_ms);
    }
    return rep->phone_masked != NULL ? txn->status : mc_fail(txn, MC_FULL, "arena");
}
