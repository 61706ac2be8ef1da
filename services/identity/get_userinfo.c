/*
 * GetUserinfo: what the token's scopes say about the person, as it is now. That it may be read was
 * written down when the token was given (identity.claims_released).
 */
#include "account.h"
#include "oidc.h"

enum mc_status identity_get_userinfo(struct identity *identity, struct mc_txn *txn,
                                     const Identity__GetUserinfoRequest *req,
                                     Identity__GetUserinfoReply *rep)
{
    struct mc_bytes key = oidc_secret_key(txn, "oidc_token", req->access_token);
    const IdentityState__AccessToken *token =
        mc_load(txn, IDENTITY_ACCESS_TOKENS, key, &identity_state__access_token__descriptor);
    const IdentityState__Session *session = NULL;
    const IdentityState__Account *account = NULL;
    const IdentityState__Client *client = NULL;

    (void)identity;
    if (token != NULL && token->expires_at_ms > txn->now_ms) {
        session = mc_load(txn, IDENTITY_SESSIONS, mc_key_bytes(token->session),
                          &identity_state__session__descriptor);
        account = identity_account_load(txn, mc_key_bytes(token->account));
        client = oidc_client_load(txn, token->client_id);
    }
    struct mc_bytes consent;
    if (session == NULL || account == NULL || !identity_account_may_sign_in(account) ||
        client == NULL || client->disabled ||
        !mc_get(txn, IDENTITY_CONSENTS,
                oidc_consent_key(txn, mc_key_bytes(token->account), token->client_id), &consent))
        return txn->status;
    struct mc_bytes json = oidc_userinfo_claims(txn, token, client, session, account);
    if (txn->status == MC_OK)
        rep->json = mc_unconst(json.data);
    return txn->status;
}
