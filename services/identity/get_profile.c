/* GetProfile: the session's own account. */
#include "identity.h"

enum mc_status identity_get_profile(struct identity *identity, struct mc_txn *txn,
                                    const Identity__GetProfileRequest *req, Identity__Profile *rep)
{
    (void)identity;
    (void)req;
    struct mc_bytes id;
    const IdentityState__Session *session = identity_session_of_caller(txn, &id);

    if (session == NULL)
        return txn->status;
    struct mc_bytes account_id = mc_key_bytes(session->account);
    const IdentityState__Account *account = identity_account_load(txn, account_id);
    if (account == NULL)
        return mc_fail(txn, MC_CORRUPT, "session without account");
    identity_profile_fill(txn, account_id, account, rep);
    return txn->status;
}
