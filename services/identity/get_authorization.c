/* GetAuthorization: the page again, when something on it was wrong, or in another language. */
#include "oidc.h"

enum mc_status identity_get_authorization(struct identity *identity, struct mc_txn *txn,
                                          const Identity__GetAuthorizationRequest *req,
                                          Identity__AuthorizeReply *rep)
{
    struct oidc_authorization at;

    (void)identity;
    if (!oidc_authorization_load(txn, req->authorization, req->browser, &at, rep))
        return txn->status;
    rep->step = IDENTITY__AUTHORIZE_STEP__SHOW_LOGIN;
    rep->authorization = req->authorization;
    rep->client_name = at.client->name;
    rep->form_origin = oidc_uri_origin(txn, at.record->redirect_uri);
    return txn->status;
}
