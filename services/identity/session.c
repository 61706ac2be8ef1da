/*
 * Sessions: a signed token that every room verifies without a call, and a refresh token that is
 * exchanged once for the next pair.
 *
 *     refresh token: base64url(session id (16) ‖ random (32) ‖ MAC of both (16))
 *
 * Only the hash of the random part is kept. The MAC tells a token that once was good, which means
 * theft and ends the session, from one that somebody made up, which means nothing.
 */
#include <string.h>

#include "officer.h"

enum {
    REFRESH_MAC_LEN = 16,
    REFRESH_LEN = MC_ID_LEN + IDENTITY_REFRESH_SECRET_LEN + REFRESH_MAC_LEN,
    REFRESH_TEXT_SIZE = 96, /* base64url of 64 bytes, and NUL */
};

static void refresh_mac(const struct mc_txn *txn, const uint8_t *token,
                        uint8_t ret_mac[MC_HASH_LEN])
{
    const struct mc_bytes parts[] = {{token, MC_ID_LEN + IDENTITY_REFRESH_SECRET_LEN}};

    mc_mac(ret_mac, txn->secrets->mac, "identity.refresh", parts, MC_LEN(parts));
}

static struct mc_bytes secret_hash(struct mc_txn *txn, const uint8_t *secret)
{
    uint8_t hash[MC_HASH_LEN];

    mc_hash(hash, (struct mc_bytes){secret, IDENTITY_REFRESH_SECRET_LEN});
    return mc_copy(txn->arena, hash, sizeof hash);
}

bool identity_refresh_read(struct mc_txn *txn, const char *token, struct mc_bytes *ret_session_id,
                           struct mc_bytes *ret_hash)
{
    uint8_t bytes[REFRESH_LEN];
    uint8_t mac[MC_HASH_LEN];
    size_t len = 0;

    if (!mc_unbase64url(bytes, sizeof bytes, mc_key_text(token), &len) || len != REFRESH_LEN)
        return false;
    refresh_mac(txn, bytes, mac);
    if (!mc_equal(mac, bytes + MC_ID_LEN + IDENTITY_REFRESH_SECRET_LEN, REFRESH_MAC_LEN))
        return false;
    *ret_session_id = mc_copy(txn->arena, bytes, MC_ID_LEN);
    *ret_hash = secret_hash(txn, bytes + MC_ID_LEN);
    mc_wipe(bytes, sizeof bytes);
    if (ret_session_id->data == NULL || ret_hash->data == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return false;
    }
    return true;
}

static char *refresh_make(struct mc_txn *txn, struct mc_bytes id, struct mc_bytes *ret_hash)
{
    uint8_t bytes[REFRESH_LEN];
    uint8_t mac[MC_HASH_LEN];
    char text[REFRESH_TEXT_SIZE];

    memcpy(bytes, id.data, MC_ID_LEN);
    mc_random_fill(txn->random, bytes + MC_ID_LEN, IDENTITY_REFRESH_SECRET_LEN);
    refresh_mac(txn, bytes, mac);
    memcpy(bytes + MC_ID_LEN + IDENTITY_REFRESH_SECRET_LEN, mac, REFRESH_MAC_LEN);
    (void)mc_base64url(text, (struct mc_bytes){bytes, sizeof bytes});
    *ret_hash = secret_hash(txn, bytes + MC_ID_LEN);
    char *token = mc_strdup(txn->arena, text);
    mc_wipe(bytes, sizeof bytes);
    mc_wipe(text, sizeof text);
    return token;
}

uint32_t identity_session_ial(const IdentityState__Session *session,
                              const IdentityState__Account *account)
{
    return MC_MAX(account->ial, session->ial);
}

bool identity_session_is_temporary(const IdentityState__Session *session,
                                   const IdentityState__Account *account)
{
    return account->password_temporary && !session->without_password;
}

static char *sign_claims(const struct identity *identity, struct mc_txn *txn, struct mc_bytes id,
                         const IdentityState__Session *session,
                         const IdentityState__Account *account)
{
    Motcua__SessionClaims claims = MOTCUA__SESSION_CLAIMS__INIT;
    struct identity_units units;

    claims.session_id = identity_uuid(txn, id);
    claims.account_id = identity_uuid(txn, mc_key_bytes(session->account));
    claims.subject_kind = account->subject_kind;
    claims.ial = identity_session_ial(session, account);
    identity_units_read(txn, account, &units);
    const IdentityState__Assignment *acting = identity_units_find(&units, session->unit);
    if (acting == NULL && units.len > 0)
        acting = units.rows[0];
    if (acting != NULL) {
        claims.unit = acting->unit;
        claims.rights = acting->rights;
        claims.n_rights = acting->n_rights;
    }
    claims.issued_at_ms = txn->now_ms;
    claims.expires_at_ms = session->token_expires_at_ms;
    claims.type = MOTCUA__TOKEN_TYPE__TOKEN_SESSION;
    claims.temporary = identity_session_is_temporary(session, account);
    size_t size = motcua__session_claims__get_packed_size(&claims);
    uint8_t *packed = mc_alloc(txn->arena, size);
    if (packed == NULL)
        return NULL;
    (void)motcua__session_claims__pack(&claims, packed);
    return mc_token_sign(txn->arena, identity->sign_secret, (struct mc_bytes){packed, size});
}

void identity_session_renew(struct identity *identity, struct mc_txn *txn, struct mc_bytes id,
                            IdentityState__Session *session, const IdentityState__Account *account,
                            Identity__SessionReply *rep)
{
    struct mc_bytes hash;
    Identity__Profile *profile = mc_alloc(txn->arena, sizeof *profile);

    if (txn->status != MC_OK)
        return;
    session->token_expires_at_ms =
        MC_MIN(txn->now_ms + identity->session_life_ms, session->expires_at_ms);
    session->refresh_expires_at_ms =
        MC_MIN(txn->now_ms + identity->refresh_life_ms, session->expires_at_ms);
    rep->refresh = refresh_make(txn, id, &hash);
    rep->session = sign_claims(identity, txn, id, session, account);
    if (rep->refresh == NULL || rep->session == NULL || hash.data == NULL || profile == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    session->refresh_hash = identity_data(hash);
    session->last_used_at_ms = txn->now_ms;
    mc_save(txn, IDENTITY_SESSIONS, id, &session->base);

    identity__profile__init(profile);
    identity_profile_fill(txn, mc_key_bytes(session->account), account, profile);
    rep->profile = profile;
    rep->expires_at_ms = session->token_expires_at_ms;
    rep->refresh_expires_at_ms = session->refresh_expires_at_ms;
}

/* Ends it everywhere: its refresh token here, its session token in every room that hears. */
void identity_session_revoke(struct mc_txn *txn, struct mc_bytes id,
                             const IdentityState__Session *session)
{
    Motcua__SessionRevoked revoked = MOTCUA__SESSION_REVOKED__INIT;
    struct mc_bytes account = mc_key_bytes(session->account);
    const char *keys[] = {identity_key(txn, "account", account), identity_key(txn, "session", id),
                          NULL};

    revoked.session_id = identity_uuid(txn, id);
    revoked.until_ms = session->token_expires_at_ms;
    identity_oidc_session_ended(txn, id, account);
    mc_drop(txn, IDENTITY_SESSIONS, id);
    mc_drop(txn, IDENTITY_ACCOUNT_SESSIONS, mc_key_join(txn, account, id));
    mc_emit(txn, "identity.session_revoked", &revoked.base, MC_PLAIN, keys);
}

/* The account's sessions, oldest first. */
static size_t list(struct mc_txn *txn, struct mc_bytes account_id,
                   struct mc_bytes ids[IDENTITY_SESSIONS_MAX])
{
    size_t len = 0;
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_ACCOUNT_SESSIONS, account_id, (struct mc_bytes){0}, MC_FORWARD);

    while (len < IDENTITY_SESSIONS_MAX && mc_next(&cursor))
        ids[len++] = (struct mc_bytes){(const uint8_t *)cursor.key.data + MC_ID_LEN, MC_ID_LEN};
    return len;
}

static void revoke(struct mc_txn *txn, struct mc_bytes account_id, struct mc_bytes id)
{
    const IdentityState__Session *session =
        mc_load(txn, IDENTITY_SESSIONS, id, &identity_state__session__descriptor);

    if (session != NULL)
        identity_session_revoke(txn, id, session);
    else
        mc_drop(txn, IDENTITY_ACCOUNT_SESSIONS, mc_key_join(txn, account_id, id));
}

/* Revokes the account's oldest sessions until at most `keep` are left. */
static void thin_out(struct mc_txn *txn, struct mc_bytes account_id, size_t keep)
{
    struct mc_bytes ids[IDENTITY_SESSIONS_MAX];
    size_t len = list(txn, account_id, ids);

    for (size_t i = 0; i + keep < len; i++)
        revoke(txn, account_id, ids[i]);
}

void identity_sessions_revoke(struct mc_txn *txn, struct mc_bytes account_id)
{
    thin_out(txn, account_id, 0);
}

void identity_sessions_revoke_but(struct mc_txn *txn, struct mc_bytes account_id,
                                  struct mc_bytes keep)
{
    struct mc_bytes ids[IDENTITY_SESSIONS_MAX];
    size_t len = list(txn, account_id, ids);

    for (size_t i = 0; i < len; i++)
        if (!mc_bytes_same(ids[i], keep))
            revoke(txn, account_id, ids[i]);
}

/* For its owner, who looks for a session that is not his. */
static void describe(struct mc_txn *txn, IdentityState__Session *session)
{
    if (txn->header->source[0] != '\0')
        session->place = mc_seal_text(txn, txn->header->source);
    if (txn->header->device[0] != '\0')
        session->device = mc_seal_text(txn, txn->header->device);
}

static void open_session(struct identity *identity, struct mc_txn *txn, struct mc_bytes account_id,
                         const IdentityState__Account *account, IdentityState__Session *session,
                         Identity__SessionReply *rep)
{
    Identity__LoginChanged changed = IDENTITY__LOGIN_CHANGED__INIT;
    struct mc_bytes id = mc_new_id(txn);
    const char *keys[] = {identity_key(txn, "account", account_id),
                          identity_key(txn, "session", id), NULL};

    thin_out(txn, account_id, IDENTITY_SESSIONS_MAX - 1);
    session->account = identity_data(account_id);
    session->opened_at_ms = txn->now_ms;
    describe(txn, session);
    session->expires_at_ms = txn->now_ms + identity->session_max_ms;
    mc_put(txn, IDENTITY_ACCOUNT_SESSIONS, mc_key_join(txn, account_id, id), (struct mc_bytes){0});
    identity_session_renew(identity, txn, id, session, account, rep);

    changed.account_id = identity_uuid(txn, account_id);
    changed.session_id = identity_uuid(txn, id);
    mc_emit(txn, "identity.session_opened", &changed.base, MC_PLAIN, keys);
}

void identity_session_open(struct identity *identity, struct mc_txn *txn,
                           struct mc_bytes account_id, const IdentityState__Account *account,
                           Identity__SessionReply *rep)
{
    IdentityState__Session session = IDENTITY_STATE__SESSION__INIT;

    open_session(identity, txn, account_id, account, &session, rep);
}

void identity_session_open_at(struct identity *identity, struct mc_txn *txn,
                              struct mc_bytes account_id, const IdentityState__Account *account,
                              uint32_t ial, Identity__SessionReply *rep)
{
    IdentityState__Session session = IDENTITY_STATE__SESSION__INIT;

    session.ial = ial > account->ial ? ial : 0;
    session.without_password = true;
    open_session(identity, txn, account_id, account, &session, rep);
}

IdentityState__Session *identity_session_of_caller(struct mc_txn *txn, struct mc_bytes *ret_id)
{
    struct mc_bytes id = identity_id_parse(txn, txn->caller->session_id);
    IdentityState__Session *session = NULL;

    if (id.len == MC_ID_LEN)
        session = mc_load(txn, IDENTITY_SESSIONS, id, &identity_state__session__descriptor);
    if (session == NULL || session->expires_at_ms <= txn->now_ms) {
        (void)mc_refuse(txn, MC_UNAUTHENTICATED, "", "SESSION_INVALID", NULL);
        return NULL;
    }
    *ret_id = id;
    return session;
}
