/*
 * RevokeConsent: a portal is told nothing more before the person agrees again. Tokens it holds
 * by then are worth nothing: they are few, so each is looked at when it is used.
 */
#include "oidc.h"

enum mc_status identity_revoke_consent(struct identity *identity, struct mc_txn *txn,
                                       const Identity__RevokeConsentRequest *req,
                                       Identity__RevokeConsentReply *rep)
{
    struct mc_bytes session_id;
    const IdentityState__Session *session = identity_session_of_caller(txn, &session_id);
    struct mc_bytes value;

    (void)identity;
    (void)rep;
    if (session == NULL)
        return txn->status;
    if (!oidc_client_id_ok(req->client_id))
        return mc_refuse(txn, MC_INVALID, "client_id", "OIDC_CLIENT_ID", NULL);
    struct mc_bytes account = mc_key_bytes(session->account);
    struct mc_bytes key = oidc_consent_key(txn, account, req->client_id);
    if (!mc_get(txn, IDENTITY_CONSENTS, key, &value))
        return mc_refuse(txn, MC_NOT_FOUND, "client_id", "OIDC_CONSENT_UNKNOWN", NULL);
    mc_drop(txn, IDENTITY_CONSENTS, key);
    oidc_served_emit(txn, "identity.consent_revoked", req->client_id, account, session_id, NULL, 0);
    oidc_member_tell(txn, req->client_id, account);
    return txn->status;
}
