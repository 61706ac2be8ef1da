/*
 * Refresh: one refresh token, one new pair. A token that was exchanged before is in two hands:
 * the whole session ends, and that is an answer (MC_OK) because it must be remembered.
 */
#include "account.h"
#include "password.h"

static void revoke(struct mc_txn *txn, struct mc_bytes id, const IdentityState__Session *session,
                   Identity__SessionReply *rep)
{
    identity_session_revoke(txn, id, session);
    rep->code = mc_unconst("SESSION_REVOKED");
    rep->message = identity_text(txn, "SESSION_REVOKED", NULL);
}

enum mc_status identity_refresh(struct identity *identity, struct mc_txn *txn,
                                const Identity__RefreshRequest *req, Identity__SessionReply *rep)
{
    struct mc_bytes id;
    struct mc_bytes hash;

    if (!identity_refresh_read(txn, req->refresh, &id, &hash))
        return mc_refuse(txn, MC_UNAUTHENTICATED, "refresh", "SESSION_INVALID", NULL);
    IdentityState__Session *session =
        mc_load(txn, IDENTITY_SESSIONS, id, &identity_state__session__descriptor);
    if (session == NULL || session->expires_at_ms <= txn->now_ms)
        return mc_refuse(txn, MC_UNAUTHENTICATED, "refresh", "SESSION_EXPIRED", NULL);

    const IdentityState__Account *account =
        identity_account_load(txn, mc_key_bytes(session->account));
    bool spent = session->refresh_hash.len != hash.len ||
                 !mc_equal(session->refresh_hash.data, hash.data, hash.len);
    if (spent || account == NULL || !identity_account_may_sign_in(account)) {
        revoke(txn, id, session, rep);
        if (spent && account != NULL)
            identity_security_emit(txn, "identity.session_stolen", mc_key_bytes(session->account));
        return txn->status;
    }
    if (session->refresh_expires_at_ms <= txn->now_ms)
        return mc_refuse(txn, MC_UNAUTHENTICATED, "refresh", "SESSION_EXPIRED", NULL);
    identity_session_renew(identity, txn, id, session, account, rep);
    return txn->status;
}
