/*
 * FinishVneid: what has become of it. An empty reply: not known yet, ask again. A session opens
 * once, for the browser that went.
 */
#include "vneid.h"

static void sign_in(struct identity *identity, struct mc_txn *txn,
                    const Identity__FinishVneidRequest *req, const struct oidc_authorization *at,
                    const IdentityState__VneidLogin *login, Identity__AuthorizeReply *rep)
{
    Identity__SessionReply opened = IDENTITY__SESSION_REPLY__INIT;
    struct mc_bytes id = mc_key_bytes(login->account);
    const IdentityState__Account *account = identity_account_load(txn, id);
    struct oidc_browser browser;

    if (account == NULL || !identity_account_may_sign_in(account)) {
        vneid_show_login(identity, txn, at, "LOGIN_EXPIRED", rep);
        return;
    }
    identity_session_open_at(identity, txn, id, account, account->ial, &opened);
    if (txn->status != MC_OK)
        return;
    rep->browser = oidc_browser_sign_in(txn, req->browser, &opened, &browser);
    if (txn->status != MC_OK)
        return;
    at->record->browser_hash = identity_data(browser.key);
    oidc_advance(identity, txn, at, &(struct oidc_advance){.browser = &browser, .fresh = true},
                 rep);
}

enum mc_status identity_finish_vneid(struct identity *identity, struct mc_txn *txn,
                                     const Identity__FinishVneidRequest *req,
                                     Identity__AuthorizeReply *rep)
{
    struct mc_bytes key = oidc_secret_key(txn, "vneid_state", req->state);
    const IdentityState__VneidLogin *login = vneid_load(txn, key);
    struct oidc_authorization at;

    if (login == NULL || login->step == VNEID_AWAY) {
        oidc_refuse_page(txn, "OIDC_AUTHORIZATION_OVER", rep);
        return txn->status;
    }
    if (!oidc_authorization_load(txn, login->authorization, req->browser, &at, rep))
        return txn->status;
    if (login->step == VNEID_ASKING)
        return mc_wait(txn, VNEID_WAIT_MS);
    mc_drop(txn, IDENTITY_VNEID_LOGINS, key);
    if (login->step == VNEID_DONE)
        sign_in(identity, txn, req, &at, login, rep);
    else
        vneid_show_login(identity, txn, &at, login->code, rep);
    return txn->status;
}
