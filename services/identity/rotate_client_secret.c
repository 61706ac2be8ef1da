/*
 * RotateClientSecret: a new secret; the old one is good for another day, so that a portal can
 * change it without a night shift, or ends at once when it leaked.
 */
#include "common/text.h"

#include "oidc.h"

enum mc_status identity_rotate_client_secret(struct identity *identity, struct mc_txn *txn,
                                             const Identity__RotateClientSecretRequest *req,
                                             Identity__RotateClientSecretReply *rep)
{
    IdentityState__Client *client = oidc_client_load(txn, req->client_id);

    (void)identity;
    if (req->reason[0] == '\0')
        return mc_refuse(txn, MC_INVALID, "reason", "FIELD_REQUIRED", "field", "lý do", NULL);
    if (mc_text_chars(req->reason) > IDENTITY_REASON_MAX)
        return mc_refuse(txn, MC_INVALID, "reason", "FIELD_TOO_LONG", "field", "Lý do", "max",
                         "500 ký tự", NULL);
    if (client == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "client_id", "OIDC_CLIENT_UNKNOWN", NULL);
    if (client->jwks[0] != '\0')
        return mc_refuse(txn, MC_CONFLICT, "client_id", "OIDC_CLIENT_HAS_KEYS", NULL);
    rep->client_secret = oidc_secret_make(txn);
    rep->before_until_ms = req->at_once ? txn->now_ms : txn->now_ms + OIDC_SECRET_BEFORE_MS;
    client->secret_before_hash = client->secret_hash;
    client->secret_before_until_ms = rep->before_until_ms;
    client->secret_hash = identity_data(oidc_secret_key(txn, "oidc_client", rep->client_secret));
    mc_save(txn, IDENTITY_CLIENTS, mc_key_text(req->client_id), &client->base);
    oidc_client_emit(txn, "identity.client_secret_rotated", req->client_id, client, req->reason);
    return txn->status;
}
