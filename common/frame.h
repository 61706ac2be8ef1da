/*
 * Frame: a room at work, without sockets. The daemon (daemon.c) feeds it from the bus; the
 * tests' harness and a simulation feed it by hand. No other file includes this.
 */
#pragma once

#include "common/clock.h"
#include "common/envelope.h"
#include "common/log.h"
#include "common/service.h"
#include "common/turn.h"

enum {
    MC_TURN_ARENA = 512 << 20, /* address space; only touched pages cost memory */
    MC_CALL_BUDGET = 4 << 20,  /* arena bytes one call may take, besides its body */
    MC_METHODS_MAX = 160,
    MC_BUSY_RETRY_MS = 1000, /* when a call that found a queue full should come again */
    MC_METHOD_BUCKETS = 20,  /* 8 µs … 4 s, doubling */
    MC_TURN_BUCKETS = 13,    /* 1 … 4096 calls, doubling */
    MC_REVOKED_MAX = 4096,   /* sessions remembered as revoked, until they would have ended */
    MC_ANSWER_LIFE_MS = 24 * 3600 * 1000, /* E: how long a repeat gets its answer */
    MC_CLOCK_SKEW_MS = 5 * 60 * 1000,     /* how far ahead a caller's request id may be */
};

struct mc_method_stats {
    uint64_t ok;
    uint64_t refused;
    uint64_t failed;
    uint64_t us_total;
    uint64_t buckets[MC_METHOD_BUCKETS];
};

/* One method the room answers: its own, or one of the house's. */
struct mc_method {
    const struct mc_route *route;
    const ProtobufCServiceDescriptor *service;
    const ProtobufCMethodDescriptor *proto;
    char name[MC_METHOD_MAX + 1]; /* motcua.otp.v1.Otp/Issue */
    bool house;                   /* its handler takes the service, not the room's ctx */
    struct mc_method_stats stats;
};

struct mc_followed {
    const char *room;
    uint64_t applied; /* as the last commit left it */
    uint64_t last;
    int64_t heard_ms;
    bool lineage_known; /* whose journal it was (lineage.h) */
    uint8_t lineage[MC_ID_LEN];
    bool diverged; /* it lost events that were applied: following has stopped */
    uint64_t fork;
    uint8_t offered[MC_ID_LEN];
};

struct mc_service_options {
    const char *data_dir;   /* this room's own folder */
    const char *backup_dir; /* NULL or "": no backups are made */
    size_t map_size;
    size_t map_max; /* 0: it does not grow by itself */
    bool preallocate;
    bool unsafe_no_sync;
    const struct mc_clock *clock;
    const struct mc_random *random;
    struct mc_log *log;             /* NULL: silent */
    const struct mc_keyring *seal;  /* NULL: derived from the master key */
    const uint8_t *master;          /* MC_KEY_LEN bytes: everything at rest is sealed under it */
    const uint8_t *sign_seed;       /* MC_KEY_LEN bytes */
    const struct mc_config *config; /* what it was started with; NULL: nobody can be told */
    /* MC_KEY_LEN bytes that never change, for ids of what is done once; NULL: sign_seed. */
    const uint8_t *first_seed;
    /* The public signing keys of a room, MC_SIGN_KEYS_MAX at most; 0: none is known here. */
    size_t (*public_keys)(void *arg, const char *room, uint8_t ret_keys[][MC_SIGN_PUBLIC_LEN]);
    void *public_keys_arg;
    uint64_t alone_max; /* jobs that one operator may act on without a second (actions.h) */
};

/* Who follows this room's journal, as it said at its last Follow. */
struct mc_follower {
    char name[64];
    uint64_t after;
    int64_t heard_ms;
};

enum { MC_FOLLOWED_MAX = 12, MC_FOLLOWERS_MAX = 16 };

enum { MC_GATE_PLACE_SIZE = 65 }; /* of a destination as due.h has it */

struct mc_service {
    const struct mc_room *room;
    void *ctx;
    struct mc_service_options options;
    struct mc_store *store;
    struct mc_arena arena;
    struct mc_secrets secrets;
    uint8_t sign_public[MC_SIGN_PUBLIC_LEN];
    uint8_t sign_secret[MC_SIGN_SECRET_LEN];
    uint8_t first_public[MC_SIGN_PUBLIC_LEN]; /* of the first key: rotation leaves it as it is */
    struct mc_boot boot;
    struct mc_signers sessions; /* identity's keys */
    struct mc_revoked {
        char session_id[MC_UUID_TEXT_LEN + 1];
        int64_t until_ms;
    } * revoked;
    size_t revoked_len;
    struct mc_method methods[MC_METHODS_MAX];
    size_t methods_len;
    struct mc_followed followed[MC_FOLLOWED_MAX];
    size_t followed_len;
    struct mc_follower followers[MC_FOLLOWERS_MAX];
    size_t followers_len;
    uint8_t lineage[MC_ID_LEN]; /* of our own journal */
    struct mc_redo *redo;       /* NULL: commits are not told; ends with the store */
    int64_t started_ms;
    uint64_t turns;
    uint64_t calls;
    uint64_t turn_sizes[MC_TURN_BUCKETS];
    uint32_t parked;
    /* When lane_watch.c looked last. */
    int64_t lanes_watched_ms;
    char gate_place[MC_LANES_MAX][MC_GATE_PLACE_SIZE]; /* the destination that a walk saw last */
    uint64_t upkeep_done;                              /* of the upkeep that runs (upkeep.h) */
    uint64_t upkeep_total;
};

/*
 * Readies a room: checks its table against its proto (a mismatch aborts: a bug), opens the
 * store, loads counters, cursors and revocations, boots the ctx (whose config is set already).
 */
mc_nodiscard enum mc_status mc_service_open(struct mc_service *service, const struct mc_room *room,
                                            void *ctx, const struct mc_service_options *options,
                                            char *why, size_t why_size);
void mc_service_close(struct mc_service *service);

/* A call on its way. The caller fills the first part; the rest is made by the functions below. */
struct mc_call {
    struct mc_bytes header;
    struct mc_bytes body;
    const char *transport_caller; /* from the CURVE key; NULL on ipc: the header's word counts */
    unsigned transport_roles;     /* of an operator with a CURVE key */
    int64_t arrived_ms;
    struct mc_work *work; /* done work, or NULL */

    struct mc_method *method;
    Motcua__Header *head;
    ProtobufCMessage *request;
    struct mc_caller caller;
    enum mc_status status;
    bool needs_work; /* prepare asked for the pool; wanted_work says what */
    struct mc_work wanted_work;
    struct mc_bytes answer_key;   /* where its answer is kept: mc_answer_find() says */
    struct mc_bytes reply_header; /* arena memory; empty while the call waits */
    struct mc_bytes reply_body;
};

/* Decodes and checks; false: refused, and the reply says why. */
mc_nodiscard bool mc_call_open(struct mc_service *service, struct mc_call *call);
bool mc_call_is_read(const struct mc_call *call);

/* A READ call on its own snapshot; also runs a WRITE call's prepare step (needs_work). */
void mc_call_read(struct mc_service *service, struct mc_call *call);
void mc_call_prepare(struct mc_service *service, struct mc_call *call);

/* A WRITE call inside a turn. Its reply may be sent when the turn's commit returned MC_OK. */
void mc_call_write(struct mc_service *service, struct mc_turn *turn, struct mc_call *call);

/* Answers a call that there is nothing for it, without running it. */
void mc_call_empty(struct mc_service *service, struct mc_call *call);

/* After a commit that failed: what the call is told instead. */
void mc_call_fail(struct mc_service *service, struct mc_call *call, enum mc_status status);

/* An event of another room: its handler's effect and the cursor, in one turn. Older ones are
 * passed. */
void mc_event_apply(struct mc_service *service, struct mc_turn *turn, const Motcua__Event *event);

/* An effect that reported back: runs `done`, then ends, repeats or buries the job. */
const struct mc_effect *mc_effect_of(const struct mc_service *service, const char *kind);
void mc_effect_done(struct mc_service *service, struct mc_turn *turn, struct mc_bytes token,
                    const struct mc_result *result);

/* Leases effects of a lane for this daemon. Spent ones are ended here, `done` told. */
size_t mc_effects_lease(struct mc_service *service, struct mc_turn *turn, unsigned lane,
                        struct mc_job *ret_jobs, size_t max);
/*
 * The same of a lane whose destinations have gates (gate.c): each gets what its gate lets through,
 * one after another from where the last walk ended.
 */
const struct mc_effect *mc_gate_effect(const struct mc_service *service, unsigned lane);
size_t mc_gate_lease(struct mc_service *service, struct mc_txn *txn, const struct mc_lease *spec,
                     struct mc_job *ret_jobs, size_t max);
/* When the next effect of a lane may start: epoch ms, or INT64_MAX. */
int64_t mc_effects_next_due(struct mc_service *service, struct mc_txn *snapshot, unsigned lane);
/* The exchange a job asks for; MC_OK with either request or call filled. */
mc_nodiscard enum mc_status mc_effect_build(struct mc_service *service, const struct mc_job *job,
                                            struct mc_http_request *ret_http,
                                            struct mc_room_call *ret_call);
/* After a start: what this daemon held when it died is due again. */
void mc_effects_reclaim(struct mc_service *service, struct mc_turn *turn);
unsigned mc_lane_concurrency(const struct mc_service *service, unsigned lane); /* 0: not ours */

/*
 * The house's housekeeping: old answers go, a part of an action is done. True: there is more to do
 * at once. A tick is that and the room's own, which keeps its pace whatever the house has to do.
 */
bool mc_service_step(struct mc_service *service, struct mc_turn *turn);
bool mc_service_tick(struct mc_service *service, struct mc_turn *turn);
void mc_service_closing(struct mc_service *service, struct mc_turn *turn);
/*
 * What size a store of this use should have: its own, or a step more. Grows by a quarter from 80
 * percent on, up to the largest that is configured.
 */
size_t mc_store_next_size(const struct mc_store_usage *usage, size_t map_max);
/* A txn that nobody called for, as "system"; a step that refuses is logged. */
void mc_own_step(struct mc_service *service, struct mc_turn *turn,
                 enum mc_status (*step)(void *ctx, struct mc_txn *txn), void *ctx,
                 const char *name);

/* What every txn of a call knows (call.c). */
void mc_txn_fill(struct mc_service *service, struct mc_txn *txn, struct mc_call *call);

/* How far another room's journal was applied (inner.c); and where revoked sessions are kept. */
uint64_t mc_cursor_load(struct mc_txn *txn, const char *room);
/* How many of its events were passed over here (inner.c). */
uint64_t mc_refused_load(struct mc_txn *txn, const char *room);
extern const char mc_revoked_prefix[];

/* Answers of repeated calls (answers.c). */
enum mc_answered { MC_ANSWERED_NOT, MC_ANSWERED_BEFORE, MC_ANSWERED_REFUSED };
enum mc_answered mc_answer_find(struct mc_txn *txn, struct mc_call *call,
                                struct mc_bytes *ret_body);
/* False, and refused: an id that could have been answered and forgotten, or is of tomorrow. */
bool mc_answer_timely(struct mc_txn *txn, const struct mc_call *call);
void mc_answer_keep(struct mc_txn *txn, const struct mc_call *call, struct mc_bytes body);
bool mc_answers_prune(struct mc_txn *txn, size_t max); /* true: more to prune */

/* Who calls (session.c). False: refused in txn. */
bool mc_caller_find(struct mc_service *service, struct mc_txn *txn, struct mc_call *call);
void mc_session_revoke(struct mc_service *service, const Motcua__SessionRevoked *revoked);

/* The house's own methods (house.c). */
/* An operator's reason: said, and of at most MC_REASON_CHARS. */
enum { MC_REASON_CHARS = 500 };
void mc_reason_check(struct mc_txn *txn, const char *reason);
/* The number of a lane; -1: the room has none of this name. */
int mc_lane_named(const struct mc_room *room, const char *name);

extern const struct mc_route mc_house_routes[];
extern const size_t mc_house_routes_len;
