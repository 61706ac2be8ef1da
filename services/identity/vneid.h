/*
 * VNeID: signing in by the national identity provider (method VNEID; for citizens the only way
 * since 1/7/2024). We are a client there: authorization code with PKCE, state and nonce, all of it
 * kept here; the exchange, the issuer's keys and the claims are jobs of their own lane. We say who
 * we are by a signature (private_key_jwt) with the keys that /oauth2/jwks shows: nothing secret is
 * shared.
 *
 *     StartVneid -> VNeID's page -> ReturnVneid -> vneid.token (-> vneid.keys) -> vneid.userinfo
 *     -> an account, known by TechID or else by its number -> FinishVneid: a session
 *
 * A second TechID for a number we know, or a known TechID with the number of somebody else, is an
 * alarm for people, never a merge.
 */
#pragma once

#include "account.h"
#include "oidc.h"

enum {
    VNEID_LOGIN_MS = 10 * 60 * 1000, /* at VNeID's page */
    VNEID_WAIT_MS = 800,             /* FinishVneid, before it is asked again */
    VNEID_LIFE_MS = 30 * 1000,       /* of a job: a person waits */
    VNEID_ATTEMPTS = 3,
    VNEID_BACKOFF_MS = 500,
    VNEID_TIMEOUT_MS = 8000,
    VNEID_ANSWER_MAX = 64 << 10,
    VNEID_TEXT_MAX = 200, /* bytes of TechID and sub */
};

enum vneid_step { VNEID_AWAY, VNEID_ASKING, VNEID_DONE, VNEID_FAILED };

bool vneid_is_open(const struct identity *identity);
void vneid_close_method(struct identity *identity);
const char *vneid_url(const struct identity *identity, struct mc_txn *txn, const char *path);
IdentityState__VneidLogin *vneid_load(struct mc_txn *txn, struct mc_bytes key);
/* One more question of the login; `form` empty: a GET, with the token if there is one. */
void vneid_ask(const struct identity *identity, struct mc_txn *txn, const char *kind,
               struct mc_bytes key, const char *url, const char *form, const char *bearer);
/* The person is who the claims say: finds, links or opens the account. NULL: so; else why not. */
struct mc_json;
const char *vneid_account(const struct identity *identity, struct mc_txn *txn,
                          const struct mc_json *claims, IdentityState__VneidLogin *login);
void vneid_emit(struct mc_txn *txn, const char *type, struct mc_bytes account, const char *code);
/* Back to the choice of accounts, with what to say. */
void vneid_show_login(const struct identity *identity, struct mc_txn *txn,
                      const struct oidc_authorization *at, const char *code,
                      Identity__AuthorizeReply *rep);
