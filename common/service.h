/*
 * Service: the frame around a room's handlers.
 *
 *     socket -> decode -> answered before? -> may this caller? -> handler -> apply
 *            -> commit -> reply -> followers, effects
 *
 * A room is data: one proto `service`, one ctx, a row per method, per event it follows
 * and per effect it performs. The frame does everything that is the same for every
 * message; a handler does the rest. An effect's result, another room's event, a timer:
 * each is again a message at the top.
 */
#pragma once

#include "common/config.h"
#include "common/envelope.h"
#include "common/http.h"
#include "common/jobs.h"
#include "common/signers.h"
#include "common/work.h"

/* A handler: check, load, decide, save, emit, answer. Anything but MC_OK wrote nothing. */
typedef enum mc_status mc_handler(void *ctx, struct mc_txn *txn, const ProtobufCMessage *req,
                                  ProtobufCMessage *rep);

/*
 * CPU work that must not hold up the loop (work.h). The route's prepare function asks for it from
 * a snapshot; a pool does it; then the handler runs as usual and finds the result in txn->work.
 * What it was computed from may have changed meanwhile: check.
 */
typedef enum mc_status mc_prepare(void *ctx, struct mc_txn *snapshot, const ProtobufCMessage *req,
                                  struct mc_work *ret_work);

enum mc_mode {
    MC_READ,         /* runs on a snapshot, answered at once */
    MC_WRITE,        /* one effect per request id; answered after the commit */
    MC_WRITE_FRESH,  /* no answer is kept: the handler itself knows a repeat when it sees one; that
                        there was nothing, the daemon remembers */
    MC_WRITE_SECRET, /* as MC_WRITE, and the answer is sealed: it holds tokens or personal data
                      */
};

/* In the column for an officer's right, of a route for operators: they need the role to approve. */
#define MC_RIGHT_APPROVE "operator.approve"

struct mc_route {
    const char *method;  /* as in the .proto */
    const char *request; /* C type names: checked against the .proto at start-up */
    const char *reply;
    mc_handler *handler;
    enum mc_mode mode;
    unsigned who;      /* enum mc_who bits; MC_ANYONE lets everybody in */
    const char *right; /* an officer's right that is needed, or NULL */
    mc_prepare *prepare;
    size_t body_max; /* 0: MC_BODY_MAX of common/envelope.h */
};

/*
 * Turns a table of rows into routes, with one typed call per row so that a handler never
 * casts and the compiler checks it:
 *
 *     #define OTP_ROUTES(X)                                                          \
 *         X(Issue, otp_issue, Otp__IssueRequest, Otp__IssueReply, MC_WRITE, MC_ROOM, NULL)
 *     #define OTP_CALL(method, fn, req, rep, ...) MC_ROUTE_CALL(struct otp, fn, req, rep)
 *     OTP_ROUTES(OTP_CALL)
 *     static const struct mc_route routes[] = {OTP_ROUTES(MC_ROUTE_ROW)};
 *
 * A row may end in two more columns: its prepare function, and the size of its largest body.
 */
#define MC_ROUTE_CALL(ctx_type, fn, req_type, rep_type)                                            \
    static enum mc_status fn##_call(void *ctx, struct mc_txn *txn, const ProtobufCMessage *req,    \
                                    ProtobufCMessage *rep)                                         \
    {                                                                                              \
        return fn((ctx_type *)ctx, txn, (const req_type *)(const void *)req,                       \
                  (rep_type *)(void *)rep);                                                        \
    }
#define MC_ROUTE_ROW(method, fn, req_type, rep_type, ...)                                          \
    {#method, #req_type, #rep_type, fn##_call, MC_ROUTE_COLUMNS(__VA_ARGS__, 0, 0, 0)},
#define MC_ROUTE_COLUMNS(mode, who, right, prepare, body_max, ...)                                 \
    mode, who, right, prepare, body_max

/* An event of another room, as a handler sees it. */
typedef enum mc_status mc_event_handler(void *ctx, struct mc_txn *txn, const Motcua__Event *event,
                                        const ProtobufCMessage *body);

/* One row per event type the room listens to. Types it does not name are passed over. */
struct mc_follow {
    const char *room;
    const char *type;
    const ProtobufCMessageDescriptor *body;
    mc_event_handler *handler;
};

#define MC_FOLLOW_CALL(ctx_type, fn, body_type)                                                    \
    static enum mc_status fn##_event(void *ctx, struct mc_txn *txn, const Motcua__Event *event,    \
                                     const ProtobufCMessage *body)                                 \
    {                                                                                              \
        return fn((ctx_type *)ctx, txn, event, (const body_type *)(const void *)body);             \
    }

/* What became of an effect. */
struct mc_result {
    enum mc_http_outcome outcome; /* ANSWERED, NOT_SENT (safe to repeat), UNKNOWN (ask first) */
    unsigned http_status;         /* via HTTP */
    unsigned step;                /* of the request that was made */
    struct mc_bytes body;         /* via HTTP */
    enum mc_status status;  /* via another room: its status; MC_BUSY when it was not reached */
    const char *code;       /* its stable error code, or "" */
    int64_t retry_after_ms; /* via another room: when it makes sense to ask again; 0: unknown */
    const ProtobufCMessage *reply;       /* via another room, when status is MC_OK */
    const struct mc_http_detail *detail; /* via HTTP, when the request asked for it; else NULL */
    bool gave_up; /* no attempt follows, whatever the verdict: its life or its attempts are over */
};

enum mc_verdict {
    MC_DONE,  /* the job is over, whatever the outcome was */
    MC_AGAIN, /* one exchange of several went well: the next is built at once */
    MC_RETRY, /* try again after the back-off; dead when attempts are used up */
    MC_BURY,  /* never try again: a dead letter */
};

struct mc_room_call {
    const char *room; /* "otp" */
    const ProtobufCServiceDescriptor *service;
    const char *method; /* "Issue" */
    const ProtobufCMessage *request;
};

/*
 * Whether a destination may be asked, and how many of its jobs at once. What waits for one that is
 * closed or full costs a look by destination, not by job, and holds nobody else up.
 */
struct mc_gate {
    int64_t open_ms; /* not before; INT64_MAX: not until something changes */
    unsigned most;
};

/*
 * A kind of job the room performs itself: build the exchange from the job (pure), and
 * handle its result as a message. `done` runs in a turn like any handler; what it writes
 * commits together with the job's end. Its verdict is told through ret_verdict.
 */
struct mc_effect {
    const char *kind;
    unsigned lane;
    const ProtobufCMessageDescriptor *payload;
    enum mc_status (*http)(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                           const ProtobufCMessage *payload, struct mc_http_request *ret_request);
    /* Instead of `http`: with a look at the store, for what holds when it is sent (a session, an
     * address) and not when the job was made. */
    enum mc_status (*http_now)(void *ctx, struct mc_txn *snapshot, const struct mc_job *job,
                               const ProtobufCMessage *payload,
                               struct mc_http_request *ret_request);
    enum mc_status (*call)(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                           const ProtobufCMessage *payload, struct mc_room_call *ret_call);
    enum mc_status (*done)(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                           const ProtobufCMessage *payload, const struct mc_result *result,
                           enum mc_verdict *ret_verdict);
    int64_t lease_ms;     /* longer than the exchange can take */
    unsigned concurrency; /* at most this many of its lane at once; the lane's largest counts */
    bool ask_first;       /* an attempt that never reported back is told to `done` as UNKNOWN, not
                             repeated */
    /* Of the whole lane: its first effect's counts. NULL: every destination is open. */
    void (*gate)(void *ctx, struct mc_txn *txn, const char *destination, struct mc_gate *ret_gate);
};

/* What a room gets at boot, before the first turn; what it points to lives as long as the process.
 */
struct mc_boot {
    const char *data_dir; /* this room's own folder, for files beside the store */
    const struct mc_random *random;
    const struct mc_secrets *secrets;
    /* MC_SIGN_SECRET_LEN bytes: signs this room's tokens and proofs. What it points to changes when
     * an operator switches keys: copies of it, or of its public half, are not to be kept. */
    const uint8_t *sign_secret;
    /* The public keys of a room ("otp"), MC_SIGN_KEYS_MAX at most, for what it signed, now and
     * before; of ourselves the one that signs now comes first. 0: it has none here. */
    size_t (*public_keys)(const struct mc_boot *boot, const char *room,
                          uint8_t ret_keys[][MC_SIGN_PUBLIC_LEN]);
    void *keys;    /* the frame's */
    char why[256]; /* to be filled when boot is refused */
};

/* One look of a rule at its rows: to take away what is over, or only to count it. */
struct mc_sweep {
    int64_t before_ms; /* what was made before this is over */
    size_t looks;      /* rows that are looked at, at most */
    bool dry;          /* changes nothing */
    uint64_t looked_at;
    uint64_t over;
    uint64_t held;     /* over, but somebody needs it (holds.h) */
    int64_t oldest_ms; /* of what is over; 0: nothing is */
    bool more;         /* not all was looked at */
};

enum mc_retention_action { MC_RETAIN_ERASE, MC_RETAIN_FORGET };

/* How long one kind of data is kept (B1-51). */
struct mc_retention {
    const char *rule; /* "challenges" */
    const char *what;
    const char *key;   /* of the configuration; a duration. NULL: the next two say */
    int64_t keep_ms;   /* a constant of the room */
    const char *until; /* "until it is used" */
    const char *source;
    enum mc_retention_action action;
    unsigned table; /* whose keys begin with a time-ordered id: the oldest is the first. 0: none */
    size_t id_at;   /* where in the key the id is */
    /* The rule itself, when it can be previewed; it minds holds. */
    void (*sweep)(void *ctx, struct mc_txn *txn, struct mc_sweep *sweep);
};

/* A service, as data. Its name is also its folder, its unit, its socket. */
struct mc_room {
    const char *name;
    const ProtobufCServiceDescriptor *proto;
    const struct mc_route *routes;
    size_t routes_len;
    const char *const *tables; /* its own, from MC_TABLE_ROOM on */
    size_t tables_len;
    uint64_t staged; /* bits of `tables` whose keys are random and change often (stage.h) */
    const char *const *lanes; /* names of its job lanes */
    size_t lanes_len;
    /* A job of this lane that waits longer is late; 0, or no function: none is. */
    int64_t (*lane_limit_ms)(const void *ctx, unsigned lane);
    /* Whether anything of this lane can ever go there; no function: a lane's destinations are free.
     */
    bool (*knows_destination)(const void *ctx, struct mc_txn *txn, unsigned lane,
                              const char *destination);
    unsigned money; /* bits of `lanes` that move money: two operators act on them (actions.h) */
    const struct mc_follow *follows;
    size_t follows_len;
    const struct mc_effect *effects;
    size_t effects_len;
    const struct mc_config_key *config; /* targets are offsets into the ctx */
    size_t config_len;
    const struct mc_retention *retention; /* what else the house has: retention.c */
    size_t retention_len;
    size_t ctx_size;
    enum mc_status (*boot)(void *ctx, struct mc_boot *boot);
    void (*shutdown)(void *ctx);
    /* What of the configuration needs an eye: one stable code for Health, or NULL. */
    const char *(*problem)(const void *ctx);
    enum mc_status (*tick)(void *ctx, struct mc_txn *txn);    /* housekeeping, in bounded steps */
    int64_t tick_ms;                                          /* 0: none */
    enum mc_status (*closing)(void *ctx, struct mc_txn *txn); /* the last turn before a clean end */
};

/* Runs a room as a daemon: config, keys, store, sockets, loop, drain on SIGTERM. Returns exit code.
 */
int mc_service_main(const struct mc_room *room, int argc, char **argv);
