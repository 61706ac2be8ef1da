/*
 * Dash: the operators' dashboard, on a listener of its own (gateway.dashboard).
 *
 * An operator signs in with a token that `motcuactl dashboard token` made (short-lived, good once)
 * and holds a session in this process's memory from then on: a restart signs everybody out. What a
 * page asks for goes to the rooms as "operator:<name>" with the roles of the token, so audit has
 * the person's own name; only the methods of dash_methods are asked, each with the role it needs.
 * Over TCP a room knows us by our key and takes nobody's word for another, so rooms on other
 * machines show numbers only.
 *
 * Pages of other addresses reach nothing: the Host must be ours, a POST needs our own Origin, the
 * cookie is HttpOnly and SameSite=Strict, and the policy has no place for scripts but our files.
 */
#pragma once

#include "common/config.h"
#include "common/role.h"

#include "map.h"
#include "sse.h"

struct gateway;
struct gateway_exchange;

enum {
    DASH_SESSIONS_MAX = 64,
    DASH_TOKENS_MAX = 256,                   /* that have been used and would still be good */
    DASH_TOKEN_LIFE_MAX_MS = 15 * 60 * 1000, /* whatever a token says */
    DASH_NAME_MAX = 48,                      /* characters of an operator's name */
    DASH_ROLES_SIZE = 32,
    DASH_SESSION_LEN = 32, /* random bytes; the cookie has them in hex */
    DASH_VIEWERS_MAX = 32,
    DASH_TICK_MS = 1000,
    DASH_ARENA = 4 << 20,
};

struct dash_session {
    uint8_t hash[MC_HASH_LEN]; /* of the cookie: our memory alone signs nobody in */
    char caller[DASH_NAME_MAX + sizeof "operator:"];
    unsigned roles;     /* of enum mc_role */
    int64_t expires_ms; /* 0: free */
};

struct dash_sessions {
    int64_t since_ms; /* what was used before this start is forgotten: older tokens are refused */
    struct dash_session list[DASH_SESSIONS_MAX];
    struct dash_token {
        uint8_t id[MC_ID_LEN];
        int64_t expires_ms;
    } used[DASH_TOKENS_MAX];
};

/* --- dash_session.c: pure --- */

/*
 * What a token's payload says, as a session; the caller opened the token with our key. NULL: it is
 * no operator's, its time is over, it was used before or made before we began, or there is no place
 * (64 operators at once).
 * The cookie's value is the hex of `secret`.
 */
struct dash_session *dash_sign_in(struct dash_sessions *sessions, struct mc_bytes payload,
                                  const uint8_t secret[DASH_SESSION_LEN], int64_t now_ms,
                                  int64_t life_ms);
/* NULL: no such session, or its time is over. */
struct dash_session *dash_session_find(struct dash_sessions *sessions, const char *cookie,
                                       int64_t now_ms);
void dash_sign_out(struct dash_session *session);
/* "view,operate": as a header to a room says them. */
void dash_roles_text(unsigned roles, char out[DASH_ROLES_SIZE]);

/* --- dash_ask.c: pure --- */

struct dash_method {
    const char *service; /* "Room": the house's own, of every room */
    const char *name;
    unsigned role;
};
extern const struct dash_method dash_methods[];
extern const size_t dash_methods_len;

/* "/api/otp/Room/Peek". NULL: not a method of the dashboard, or the room has none of that name. */
const struct dash_method *dash_method_find(const char *path, struct gateway_method *ret_method);

/*
 * Whether a Host header is ours: `host` and localhost with our port, or one of the names under
 * which a proxy on this machine shows us (DNS rebinding).
 */
mc_nodiscard bool dash_host_ok(const char *header, const char *host, uint16_t port,
                               const struct mc_config_list *names);
/* Whether an Origin header is the page at that Host. */
mc_nodiscard bool dash_origin_ok(const char *origin, const char *host);

/* --- the listener --- */

struct dash_viewer {
    struct gateway_sse sse;
    struct dash_session *session;
    uint8_t hash[MC_HASH_LEN]; /* the session's, when it began: its place may be another's now */
};

struct dash {
    struct dash_sessions sessions;
    struct mc_token_verifier verifier;
    char host[80]; /* as listened at, without brackets or port */
    struct dash_viewer viewers[DASH_VIEWERS_MAX];
    struct mc_timer *tick;
    struct mc_arena arena; /* of one picture: its answers, then its text */
    struct mc_bytes stats[GATEWAY_ROOMS];
    struct mc_bytes health[GATEWAY_ROOMS];
    struct mc_bytes latest; /* the last picture, as an event; empty: none yet */
    unsigned looking;       /* rounds under way for the next picture */
};

/* Listens when gateway.dashboard says so. NULL, or why not. */
const char *dash_open(struct gateway *gateway);
void dash_close(struct gateway *gateway);
/* Ends the streams, so that the process can end. */
void dash_drain(struct gateway *gateway);

/* --- dash_stream.c --- */

/* GET /dash/stream: the picture of all rooms, every second, one for all viewers. */
void dash_stream(struct gateway_exchange *exchange, struct dash_session *session);
void dash_tick(void *arg);
