/*
 * LoginAuthorization: the code on the phone was right. The same session opens as by FinishLogin;
 * the browser holds a cookie for it, never its tokens.
 */
#include "oidc.h"

enum mc_status identity_login_authorization(struct identity *identity, struct mc_txn *txn,
                                            const Identity__LoginAuthorizationRequest *req,
                                            Identity__AuthorizeReply *rep)
{
    Identity__FinishLoginRequest finish = IDENTITY__FINISH_LOGIN_REQUEST__INIT;
    Identity__SessionReply opened = IDENTITY__SESSION_REPLY__INIT;
    struct oidc_authorization at;
    struct oidc_browser browser;

    if (!oidc_authorization_load(txn, req->authorization, req->browser, &at, rep))
        return txn->status;
    finish.login = req->login;
    finish.proof = req->proof;
    if (identity_finish_login(identity, txn, &finish, &opened) != MC_OK)
        return txn->status;
    rep->browser = oidc_browser_sign_in(txn, req->browser, &opened, &browser);
    if (txn->status != MC_OK)
        return txn->status;
    at.record->browser_hash = identity_data(browser.key);
    oidc_advance(identity, txn, &at, &(struct oidc_advance){.browser = &browser, .fresh = true},
                 rep);
    return txn->status;
}
