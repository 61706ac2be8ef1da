/* GetAuthorization: the page again, when something on it was wrong, or in another language. */
#include "oidc.h"

enum mc_status identity_get_authorization(struct identity *identity, struct mc_txn *txn,
                                          const Identity__GetAuthorizationRequest *req,
                                          Identity__AuthorizeReply *rep)
{
    struct oidc_authorization at;

    if (!oidc_authorization_load(txn, req->authorization, req->browser, &at, rep))
        return txn->status;
    rep->step = IDENTITY__AUTHORIZE_STEP__SHOW_LOGIN;
    oidc_fill_login(identity, txn, &at, rep);
    return txn->status;
}
