/* Who is signed in to the dashboard. Pure. */
#include <stdio.h>
#include <string.h>

#include "envelope.pb-c.h"

#include "dash.h"

/* An unknown role is a mistake, and gives nothing at all. */
static unsigned roles_of(const Motcua__OperatorClaims *claims)
{
    unsigned roles = 0;

    for (size_t i = 0; i < claims->n_roles; i++) {
        unsigned role = 0;

        if (!mc_roles_read(claims->roles[i], &role))
            return 0;
        roles |= role;
    }
    return roles;
}

void dash_roles_text(unsigned roles, char out[DASH_ROLES_SIZE])
{
    out[0] = '\0';
    for (unsigned role = MC_ROLE_VIEW; role <= MC_ROLE_APPROVE; role <<= 1)
        if ((roles & role) != 0)
            (void)snprintf(out + strlen(out), DASH_ROLES_SIZE - strlen(out), "%s%s",
                           out[0] != '\0' ? "," : "", mc_role_word(role));
}

static bool claims_ok(const Motcua__OperatorClaims *claims, int64_t now_ms)
{
    size_t len = strlen(claims->name);

    return claims->type == MOTCUA__TOKEN_TYPE__TOKEN_OPERATOR &&
           claims->token_id.len == MC_ID_LEN && len > 0 && len <= DASH_NAME_MAX &&
           strspn(claims->name, "abcdefghijklmnopqrstuvwxyz0123456789_.-") == len &&
           claims->expires_at_ms > now_ms &&
           claims->expires_at_ms - now_ms <= DASH_TOKEN_LIFE_MAX_MS && roles_of(claims) != 0;
}

/* True: it was not used before, and is now. Without a free place nobody knows, so it is refused. */
static bool token_use(struct dash_sessions *sessions, const Motcua__OperatorClaims *claims,
                      int64_t now_ms)
{
    struct dash_token *place = NULL;

    for (size_t i = 0; i < DASH_TOKENS_MAX; i++) {
        struct dash_token *token = &sessions->used[i];

        if (token->expires_ms <= now_ms)
            place = token;
        else if (memcmp(token->id, claims->token_id.data, MC_ID_LEN) == 0)
            return false;
    }
    if (place == NULL)
        return false;
    memcpy(place->id, claims->token_id.data, MC_ID_LEN);
    place->expires_ms = claims->expires_at_ms;
    return true;
}

static struct dash_session *session_take(struct dash_sessions *sessions, int64_t now_ms)
{
    for (size_t i = 0; i < DASH_SESSIONS_MAX; i++)
        if (sessions->list[i].expires_ms <= now_ms)
            return &sessions->list[i];
    return NULL;
}

struct dash_session *dash_sign_in(struct dash_sessions *sessions, struct mc_bytes payload,
                                  const uint8_t secret[DASH_SESSION_LEN], int64_t now_ms,
                                  int64_t life_ms)
{
    Motcua__OperatorClaims *claims =
        motcua__operator_claims__unpack(NULL, payload.len, payload.data);
    struct dash_session *session = session_take(sessions, now_ms);

    if (claims != NULL && session != NULL && claims_ok(claims, now_ms) &&
        claims->issued_at_ms >= sessions->since_ms && token_use(sessions, claims, now_ms)) {
        mc_hash(session->hash, (struct mc_bytes){secret, DASH_SESSION_LEN});
        (void)snprintf(session->caller, sizeof session->caller, "operator:%s", claims->name);
        session->roles = roles_of(claims);
        session->expires_ms = now_ms + life_ms;
    } else {
        session = NULL;
    }
    if (claims != NULL)
        motcua__operator_claims__free_unpacked(claims, NULL);
    return session;
}

struct dash_session *dash_session_find(struct dash_sessions *sessions, const char *cookie,
                                       int64_t now_ms)
{
    uint8_t secret[DASH_SESSION_LEN];
    uint8_t hash[MC_HASH_LEN];

    if (!mc_unhex(secret, sizeof secret, (struct mc_bytes){cookie, strlen(cookie)}))
        return NULL;
    mc_hash(hash, (struct mc_bytes){secret, sizeof secret});
    mc_wipe(secret, sizeof secret);
    for (size_t i = 0; i < DASH_SESSIONS_MAX; i++) {
        struct dash_session *session = &sessions->list[i];

        if (session->expires_ms > now_ms && memcmp(session->hash, hash, sizeof hash) == 0)
            return session;
    }
    return NULL;
}

void dash_sign_out(struct dash_session *session)
{
    *session = (struct dash_session){0};
}
