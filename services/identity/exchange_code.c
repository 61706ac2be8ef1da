/*
 * ExchangeCode: a portal's server brings the code its user came back with (RFC 6749 4.1.3). A code
 * is good once; whoever brings it again, or brings it wrongly, ends it and what was made of it
 * (RFC 9700 2.1.1, 4.5).
 */
#include <string.h>

#include "account.h"
#include "oidc.h"

static void fail(Identity__ExchangeCodeReply *rep, const char *error, const char *description)
{
    rep->error = mc_unconst(error);
    rep->error_description = mc_unconst(description);
}

static bool verifier_fits(const char *verifier, const char *challenge)
{
    uint8_t hash[MC_HASH_LEN];
    char text[2 * MC_HASH_LEN];
    size_t len = strlen(verifier);

    if (len < OIDC_VERIFIER_MIN || len > OIDC_VERIFIER_MAX)
        return false;
    mc_hash(hash, mc_key_text(verifier));
    (void)mc_base64url(text, (struct mc_bytes){hash, sizeof hash});
    return strlen(challenge) == OIDC_CHALLENGE_LEN && mc_equal(text, challenge, OIDC_CHALLENGE_LEN);
}

/* Somebody else has it too. */
static void end_replayed(struct mc_txn *txn, struct mc_bytes key, const IdentityState__Code *code)
{
    if (code->token.len != 0)
        mc_drop(txn, IDENTITY_ACCESS_TOKENS, mc_key_bytes(code->token));
    mc_drop(txn, IDENTITY_CODES, key);
    oidc_served_emit(txn, "identity.code_replayed", code->client_id, mc_key_bytes(code->account),
                     mc_key_bytes(code->session), code->scopes, code->n_scopes);
}

static const char *wrong_with(const struct mc_txn *txn, const IdentityState__Code *code,
                              const Identity__ExchangeCodeRequest *req, const char *client_id)
{
    if (code->used)
        return "the code was used before";
    if (strcmp(code->client_id, client_id) != 0)
        return "the code is another client's";
    if (code->expires_at_ms <= txn->now_ms)
        return "the code has expired";
    if (strcmp(code->redirect_uri, req->redirect_uri) != 0)
        return "redirect_uri is not the one of the request";
    if (!verifier_fits(req->code_verifier, code->challenge))
        return "code_verifier does not fit";
    return NULL;
}

/* How well who signed in is known; 0: the person signed out, or was shut out, since. */
static unsigned level_of(struct mc_txn *txn, const IdentityState__Code *code)
{
    const IdentityState__Session *session = mc_load(
        txn, IDENTITY_SESSIONS, mc_key_bytes(code->session), &identity_state__session__descriptor);
    const IdentityState__Account *account = NULL;

    if (session != NULL && session->expires_at_ms > txn->now_ms)
        account = identity_account_load(txn, mc_key_bytes(code->account));
    if (account == NULL || !identity_account_may_sign_in(account))
        return 0;
    return oidc_level(session, account);
}

static struct mc_bytes make_token(struct mc_txn *txn, const IdentityState__Code *code,
                                  const char *secret)
{
    IdentityState__AccessToken token = IDENTITY_STATE__ACCESS_TOKEN__INIT;
    struct mc_bytes key = oidc_secret_key(txn, "oidc_token", secret);

    token.client_id = code->client_id;
    token.account = code->account;
    token.session = code->session;
    token.scopes = code->scopes;
    token.n_scopes = code->n_scopes;
    token.expires_at_ms = txn->now_ms + OIDC_TOKEN_MS;
    mc_save(txn, IDENTITY_ACCESS_TOKENS, key, &token.base);
    return key;
}

static void give(const struct identity *identity, struct mc_txn *txn, struct mc_bytes key,
                 IdentityState__Code *code, const IdentityState__Client *client, unsigned level,
                 Identity__ExchangeCodeReply *rep)
{
    rep->access_token = oidc_secret_make(txn);
    struct mc_bytes claims = oidc_id_claims(identity, txn, code, client, level, rep->access_token);
    if (txn->status != MC_OK)
        return;
    rep->id_token = oidc_sign(txn, "JWT", claims);
    rep->scope = oidc_scope_join(txn, code->scopes, code->n_scopes);
    rep->expires_in = OIDC_TOKEN_MS / 1000;
    code->used = true;
    code->token = identity_data(make_token(txn, code, rep->access_token));
    code->forget_at_ms = txn->now_ms + OIDC_TOKEN_MS;
    mc_save(txn, IDENTITY_CODES, key, &code->base);
    oidc_session_used(identity, txn, code);
    oidc_served_emit(txn, "identity.claims_released", code->client_id, mc_key_bytes(code->account),
                     mc_key_bytes(code->session), code->scopes, code->n_scopes);
}

static void exchange(const struct identity *identity, struct mc_txn *txn,
                     const Identity__ExchangeCodeRequest *req, const char *client_id,
                     const IdentityState__Client *client, Identity__ExchangeCodeReply *rep)
{
    struct mc_bytes key = oidc_secret_key(txn, "oidc_code", req->code);
    IdentityState__Code *code =
        mc_load(txn, IDENTITY_CODES, key, &identity_state__code__descriptor);

    if (code == NULL) {
        fail(rep, "invalid_grant", "the code is not known");
        return;
    }
    const char *wrong = wrong_with(txn, code, req, client_id);
    unsigned level = wrong == NULL ? level_of(txn, code) : 0;
    if (wrong != NULL)
        end_replayed(txn, key, code);
    if (wrong != NULL || level == 0)
        fail(rep, "invalid_grant", wrong != NULL ? wrong : "the session is over");
    else
        give(identity, txn, key, code, client, level, rep);
}

enum mc_status identity_exchange_code(struct identity *identity, struct mc_txn *txn,
                                      const Identity__ExchangeCodeRequest *req,
                                      Identity__ExchangeCodeReply *rep)
{
    const char *client_id = NULL;
    const IdentityState__Client *client = oidc_client_authenticate(identity, txn, req, &client_id);

    if (client == NULL)
        fail(rep, "invalid_client", "the client is not who it says");
    else if (strcmp(req->grant_type, "authorization_code") != 0)
        fail(rep, req->grant_type[0] == '\0' ? "invalid_request" : "unsupported_grant_type",
             "grant_type must be authorization_code");
    else if (req->code[0] == '\0' || req->code_verifier[0] == '\0')
        fail(rep, "invalid_request", "code and code_verifier are needed");
    else
        exchange(identity, txn, req, client_id, client, rep);
    return txn->status;
}
