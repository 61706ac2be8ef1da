/* RevokeSessions: one of the caller's own sessions by its id, or all but the one that asks. */
#include "identity.h"

enum mc_status identity_revoke_sessions(struct identity *identity, struct mc_txn *txn,
                                        const Identity__RevokeSessionsRequest *req,
                                        Identity__RevokeSessionsReply *rep)
{
    (void)identity;
    (void)rep;
    struct mc_bytes own;
    const IdentityState__Session *current = identity_session_of_caller(txn, &own);

    if (current == NULL)
        return txn->status;
    if (req->session_id[0] == '\0') {
        identity_sessions_revoke_but(txn, mc_key_bytes(current->account), own);
        return txn->status;
    }
    struct mc_bytes id = identity_id_parse(txn, req->session_id);
    const IdentityState__Session *session = NULL;
    if (id.len == MC_ID_LEN)
        session = mc_load(txn, IDENTITY_SESSIONS, id, &identity_state__session__descriptor);
    /* another's is as good as none */
    if (session == NULL ||
        !mc_bytes_same(mc_key_bytes(session->account), mc_key_bytes(current->account)))
        return mc_refuse(txn, MC_NOT_FOUND, "session_id", "NOT_FOUND", NULL);
    identity_session_revoke(txn, id, session);
    return txn->status;
}
