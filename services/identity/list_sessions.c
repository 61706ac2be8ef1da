/* ListSessions: where the account is signed in, so that a stranger's session is seen and ended. */
#include "identity.h"

static Identity__SessionInfo *describe(struct mc_txn *txn, struct mc_bytes id,
                                       const IdentityState__Session *session, struct mc_bytes own)
{
    Identity__SessionInfo *info = mc_alloc(txn->arena, sizeof *info);

    if (info == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return NULL;
    }
    identity__session_info__init(info);
    info->session_id = identity_uuid(txn, id);
    info->current = mc_bytes_same(id, own);
    info->opened_at_ms = session->opened_at_ms;
    info->last_used_at_ms = session->last_used_at_ms;
    info->expires_at_ms = session->expires_at_ms;
    if (session->place.len != 0)
        info->place = mc_open_text(txn, session->place);
    if (session->device.len != 0)
        info->device = mc_open_text(txn, session->device);
    return info;
}

enum mc_status identity_list_sessions(struct identity *identity, struct mc_txn *txn,
                                      const Identity__ListSessionsRequest *req,
                                      Identity__ListSessionsReply *rep)
{
    (void)identity;
    (void)req;
    struct mc_bytes own;
    const IdentityState__Session *current = identity_session_of_caller(txn, &own);

    if (current == NULL)
        return txn->status;
    rep->sessions = mc_alloc(txn->arena, IDENTITY_SESSIONS_MAX * sizeof(Identity__SessionInfo *));
    if (rep->sessions == NULL)
        return mc_fail(txn, MC_FULL, "arena");
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_ACCOUNT_SESSIONS, mc_key_bytes(current->account),
                (struct mc_bytes){0}, MC_FORWARD);
    while (rep->n_sessions < IDENTITY_SESSIONS_MAX && mc_next(&cursor)) {
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + MC_ID_LEN, MC_ID_LEN};
        const IdentityState__Session *session =
            mc_load(txn, IDENTITY_SESSIONS, id, &identity_state__session__descriptor);
        if (session != NULL && session->refresh_expires_at_ms > txn->now_ms)
            rep->sessions[rep->n_sessions++] = describe(txn, id, session, own);
    }
    return txn->status;
}
