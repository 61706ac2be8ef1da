/* Logout: ends the caller's session in every room. */
#include "identity.h"

enum mc_status identity_logout(struct identity *identity, struct mc_txn *txn,
                               const Identity__LogoutRequest *req, Identity__LogoutReply *rep)
{
    (void)identity;
    (void)req;
    (void)rep;
    struct mc_bytes id;
    const IdentityState__Session *session = identity_session_of_caller(txn, &id);

    if (session != NULL)
        identity_session_revoke(txn, id, session);
    return txn->status;
}
