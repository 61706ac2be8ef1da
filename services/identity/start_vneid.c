/* StartVneid: the browser goes to VNeID; what it must bring back is kept here. */
#include "common/crypto.h"

#include "vneid.h"

static char *challenge_of(struct mc_txn *txn, const char *verifier)
{
    uint8_t hash[MC_HASH_LEN];
    char text[2 * MC_HASH_LEN];

    mc_hash(hash, mc_key_text(verifier));
    (void)mc_base64url(text, (struct mc_bytes){hash, sizeof hash});
    char *copy = mc_strdup(txn->arena, text);
    return copy != NULL ? copy : mc_unconst("");
}

static char *location_of(const struct identity *identity, struct mc_txn *txn, const char *state,
                         const char *nonce, const char *verifier)
{
    const char *const pairs[][2] = {
        {"response_type", "code"},
        {"client_id", identity->vneid_client_id},
        {"redirect_uri", mc_sprintf(txn->arena, "%s/oauth2/vneid", identity->oidc_issuer)},
        {"scope", "openid"},
        {"state", state},
        {"nonce", nonce},
        {"code_challenge", challenge_of(txn, verifier)},
        {"code_challenge_method", "S256"},
    };
    char *uri = mc_unconst(vneid_url(identity, txn, "/oauth2/authorize"));

    for (size_t i = 0; i < MC_LEN(pairs) && uri != NULL; i++)
        uri = oidc_uri_add(txn, uri, pairs[i][0], pairs[i][1] != NULL ? pairs[i][1] : "");
    return uri;
}

enum mc_status identity_start_vneid(struct identity *identity, struct mc_txn *txn,
                                    const Identity__StartVneidRequest *req,
                                    Identity__AuthorizeReply *rep)
{
    IdentityState__VneidLogin login = IDENTITY_STATE__VNEID_LOGIN__INIT;
    struct oidc_authorization at;

    if (!oidc_authorization_load(txn, req->authorization, req->browser, &at, rep))
        return txn->status;
    if (!vneid_is_open(identity)) {
        vneid_show_login(identity, txn, &at, "VNEID_UNAVAILABLE", rep);
        return txn->status;
    }
    const char *state = oidc_secret_make(txn);
    const char *verifier = oidc_secret_make(txn);
    login.nonce = oidc_secret_make(txn);
    login.authorization = req->authorization;
    login.verifier = mc_seal_text(txn, verifier);
    login.step = VNEID_AWAY;
    login.expires_at_ms = txn->now_ms + VNEID_LOGIN_MS;
    mc_save(txn, IDENTITY_VNEID_LOGINS, oidc_secret_key(txn, "vneid_state", state), &login.base);
    rep->step = IDENTITY__AUTHORIZE_STEP__GO_BACK;
    rep->location = location_of(identity, txn, state, login.nonce, verifier);
    return txn->status;
}
