/*
 * The OpenID provider of the identity room: what its files share (LOG-01, LOG-07, SYS-03, SYS-04,
 * REG-45, REG-46; OpenID Connect Core 1.0, RFC 6749, 7636, 9207, 9700).
 *
 * Authorization code with PKCE (S256) only. A browser comes from a portal (Authorize), signs in or
 * is signed in already, agrees to what is handed over, and goes back with a code that is good once
 * for a minute; shown again, it takes back what was made of it. The portal's server exchanges it
 * for an ID token (ES256) and an access token for /userinfo. There are no refresh tokens: a portal
 * asks again with prompt=none while the browser's session here lasts.
 *
 * `sub` is pairwise: portals of different sectors cannot compare their users by it. TechID is the
 * same at all portals and, like the identity number, handed over only to a client that is allowed
 * the scope for it. `acr` is LoA1 … LoA3, the session's identity assurance (IAL):
 * the account's, or 3 where a certificate signed in.
 *
 * Cookies, codes and tokens are 32 random bytes; the store knows keyed hashes of them.
 */
#pragma once

#include "identity.h"

enum {
    OIDC_SECRET_LEN = 32,
    OIDC_SECRET_TEXT = 43, /* of these in base64url */
    OIDC_CLIENT_ID_MAX = 40,
    OIDC_CLIENT_NAME_MAX = 120, /* characters */
    OIDC_URI_MAX = 512,
    OIDC_URIS_MAX = 10,
    OIDC_CLIENT_JWKS_MAX = 4096,
    OIDC_CLIENTS_PAGE = 20,
    OIDC_CONSENTS_MAX = 100,
    OIDC_STATE_MAX = 512,
    OIDC_NONCE_MAX = 255,
    OIDC_SCOPE_MAX = 256,
    OIDC_SCOPES_LEN = 6,
    OIDC_CHALLENGE_LEN = 43, /* SHA-256 in base64url */
    OIDC_VERIFIER_MIN = 43,
    OIDC_VERIFIER_MAX = 128,
    OIDC_LEVEL_MAX = 3,
    OIDC_AUTHORIZATION_MS = 15 * 60 * 1000,
    OIDC_CODE_MS = 60 * 1000,
    OIDC_TOKEN_MS = 10 * 60 * 1000, /* of an access token */
    OIDC_ID_TOKEN_MS = 5 * 60 * 1000,
    OIDC_ASSERTION_MS = 5 * 60 * 1000, /* the longest life a client's own word may have */
    OIDC_SKEW_MS = 60 * 1000,          /* clocks of portals */
    OIDC_SECRET_BEFORE_MS = 24 * 60 * 60 * 1000,
    OIDC_KEY_AFTER_MS = 24 * 60 * 60 * 1000, /* shown after its last signature */
    OIDC_KEYS_MAX = 8,
    OIDC_SESSION_CLIENTS_MAX = 100, /* portals one session is used at */
    OIDC_LOGOUT_MS = 2 * 60 * 1000,
    OIDC_LOGOUT_ATTEMPTS = 5,
    OIDC_LOGOUT_ANSWER_MAX = 4 << 10,
    OIDC_LOGOUT_BACKOFF_MS = 2000,
    OIDC_LOGOUT_TIMEOUT_MS = 10000,
};

/* Secrets: text for the bearer, a key of a table for us. */
char *oidc_secret_make(struct mc_txn *txn);
struct mc_bytes oidc_secret_key(struct mc_txn *txn, const char *purpose, const char *secret);

/* Clients. */
IdentityState__Client *oidc_client_load(struct mc_txn *txn, const char *client_id);
bool oidc_client_id_ok(const char *client_id);
bool oidc_uri_ok(const struct identity *identity, const char *uri);
bool oidc_uri_is_among(char *const *uris, size_t len, const char *uri);
char *oidc_uri_origin(struct mc_txn *txn, const char *uri);
void oidc_client_fill(const char *client_id, const IdentityState__Client *client,
                      Identity__Client *ret_client);
void oidc_client_emit(struct mc_txn *txn, const char *type, const char *client_id,
                      const IdentityState__Client *client, const char *reason);
/* The client of a token request, or NULL: it is not who it says. */
const IdentityState__Client *oidc_client_authenticate(const struct identity *identity,
                                                      struct mc_txn *txn,
                                                      const Identity__ExchangeCodeRequest *req,
                                                      const char **ret_client_id);

/* Scopes: a list of words made an array without what we do not know. */
bool oidc_scope_is_known(const char *scope);
bool oidc_scope_has(char *const *scopes, size_t len, const char *scope);
char *oidc_scope_join(struct mc_txn *txn, char *const *scopes, size_t len);

/* Keys. */
void oidc_keys_turn(const struct identity *identity, struct mc_txn *txn);
char *oidc_sign(struct mc_txn *txn, const char *typ, struct mc_bytes payload);
struct mc_bytes oidc_jwks(struct mc_txn *txn);

/* Browsers: who is signed in there; false: nobody. Using it keeps the session awake. */
struct oidc_browser {
    struct mc_bytes key;
    IdentityState__Browser *record;
    IdentityState__Session *session;
    IdentityState__Account *account;
};
bool oidc_browser_find(struct mc_txn *txn, const char *secret, struct oidc_browser *ret_browser);
void oidc_browser_use(const struct identity *identity, struct mc_txn *txn,
                      const struct oidc_browser *browser);
/* Signs it in by a session just opened; returns the cookie's new value, `ret_browser` is who. */
char *oidc_browser_sign_in(struct mc_txn *txn, const char *before,
                           const Identity__SessionReply *opened, struct oidc_browser *ret_browser);

/* Authorizations. */
struct oidc_authorization {
    struct mc_bytes id;
    IdentityState__Authorization *record;
    const IdentityState__Client *client;
};
/* False: there is none (any more) for this browser; the reply says so. */
bool oidc_authorization_load(struct mc_txn *txn, ProtobufCBinaryData id, const char *browser,
                             struct oidc_authorization *ret, Identity__AuthorizeReply *rep);
/* What comes next: sign in, agree, or back with a code. */
struct oidc_advance {
    const struct oidc_browser *browser; /* NULL: nobody is signed in */
    bool silent;                        /* prompt=none: no page may be shown */
    bool fresh;                         /* has just signed in */
};
void oidc_advance(const struct identity *identity, struct mc_txn *txn,
                  const struct oidc_authorization *at, const struct oidc_advance *advance,
                  Identity__AuthorizeReply *rep);
/* The page to sign in on: for whom, where its forms may lead, which ways are open. */
void oidc_fill_login(const struct identity *identity, struct mc_txn *txn,
                     const struct oidc_authorization *at, Identity__AuthorizeReply *rep);
void oidc_refuse_page(struct mc_txn *txn, const char *code, Identity__AuthorizeReply *rep);
void oidc_go_back(const struct identity *identity, struct mc_txn *txn,
                  const IdentityState__Authorization *record, const char *name, const char *value,
                  const char *description, Identity__AuthorizeReply *rep);
struct mc_bytes oidc_consent_key(struct mc_txn *txn, struct mc_bytes account,
                                 const char *client_id);
void oidc_served_emit(struct mc_txn *txn, const char *type, const char *client_id,
                      struct mc_bytes account, struct mc_bytes session, char *const *scopes,
                      size_t scopes_len);

/* What members were told of an account is not so any more: each hears that has its owner's consent;
 * and one that has it no more, so that it forgets (member.c). */
void oidc_members_tell(struct mc_txn *txn, struct mc_bytes account);
void oidc_member_tell(struct mc_txn *txn, const char *client_id, struct mc_bytes account);

/* Claims: what a token or /userinfo says, as JSON; empty: it cannot be told. */
char *oidc_sub(struct mc_txn *txn, const char *client_id, const IdentityState__Client *client,
               struct mc_bytes account);
char *oidc_sid(struct mc_txn *txn, const char *client_id, struct mc_bytes session);
struct mc_bytes oidc_id_claims(const struct identity *identity, struct mc_txn *txn,
                               const IdentityState__Code *code, const IdentityState__Client *client,
                               unsigned level, const char *access_token);
/* For a member's system; consent NULL: its owner has taken it back. */
struct mc_bytes oidc_member_claims(struct mc_txn *txn, const char *client_id,
                                   const IdentityState__Client *client, struct mc_bytes id,
                                   const IdentityState__Account *account,
                                   const IdentityState__Consent *consent);
struct mc_bytes oidc_userinfo_claims(struct mc_txn *txn, const IdentityState__AccessToken *token,
                                     const IdentityState__Client *client,
                                     const IdentityState__Session *session,
                                     const IdentityState__Account *account);
unsigned oidc_level(const IdentityState__Session *session,
                    const IdentityState__Account *account); /* 1 … 3 */
extern const char *const oidc_levels[OIDC_LEVEL_MAX];       /* LoA1 … */
extern const char *const oidc_scopes[OIDC_SCOPES_LEN];

/* The portal knows of the session from now on, and is told when it ends. */
void oidc_session_used(const struct identity *identity, struct mc_txn *txn,
                       const IdentityState__Code *code);

/* For room.c and tick.c. */
bool identity_oidc_issuer_ok(const struct identity *identity);
void identity_oidc_tick(struct identity *identity, struct mc_txn *txn);

/* "a=b" appended to an address, percent signs and all. NULL: the arena. */
char *oidc_uri_add(struct mc_txn *txn, const char *uri, const char *name, const char *value);
