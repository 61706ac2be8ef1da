/*
 * LoginAuthorization: the code on the phone was right, or a certificate's signature (LOG-03). The
 * same session opens as by FinishLogin or LoginByCertificate, and a signature raises the one that
 * the browser has to level 3; the browser holds a cookie for it, never its tokens.
 */
#include "oidc.h"
#include "signing.h"

/* OFF-31: no portal is told who somebody is by a password that somebody else made. */
static bool is_temporary(struct mc_txn *txn, ProtobufCBinaryData login_id)
{
    const IdentityState__Login *login = NULL;
    const IdentityState__Account *account = NULL;

    if (login_id.len == MC_ID_LEN)
        login = mc_load(txn, IDENTITY_LOGINS, mc_key_bytes(login_id),
                        &identity_state__login__descriptor);
    if (login != NULL)
        account = identity_account_load(txn, mc_key_bytes(login->account));
    return account != NULL && account->password_temporary;
}

static enum mc_status open_session(struct identity *identity, struct mc_txn *txn,
                                   const Identity__LoginAuthorizationRequest *req,
                                   Identity__SessionReply *opened)
{
    Identity__LoginByCertificateRequest signed_ = IDENTITY__LOGIN_BY_CERTIFICATE_REQUEST__INIT;
    Identity__FinishLoginRequest finish = IDENTITY__FINISH_LOGIN_REQUEST__INIT;

    if (req->signing_id.len != 0) {
        signed_.signing_id = req->signing_id;
        return identity_login_by_certificate(identity, txn, &signed_, opened);
    }
    if (is_temporary(txn, req->login))
        return mc_refuse(txn, MC_DENIED, "login", "PASSWORD_TEMPORARY", NULL);
    finish.login = req->login;
    finish.proof = req->proof;
    return identity_finish_login(identity, txn, &finish, opened);
}

enum mc_status identity_login_authorization(struct identity *identity, struct mc_txn *txn,
                                            const Identity__LoginAuthorizationRequest *req,
                                            Identity__AuthorizeReply *rep)
{
    Identity__SessionReply opened = IDENTITY__SESSION_REPLY__INIT;
    struct oidc_authorization at;
    struct oidc_browser browser;

    if (!oidc_authorization_load(txn, req->authorization, req->browser, &at, rep))
        return txn->status;
    if (open_session(identity, txn, req, &opened) != MC_OK)
        return txn->status;
    rep->browser = oidc_browser_sign_in(txn, req->browser, &opened, &browser);
    if (txn->status != MC_OK)
        return txn->status;
    at.record->browser_hash = identity_data(browser.key);
    oidc_advance(identity, txn, &at, &(struct oidc_advance){.browser = &browser, .fresh = true},
                 rep);
    return txn->status;
}
