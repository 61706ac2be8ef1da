/*
 * Daemon: a room with its sockets. It turns what arrives (calls, other rooms' events, results
 * of effects, time) into turns of the frame, and what a commit allows into replies, follow
 * requests and effects. Nothing leaves before its commit.
 *
 *     daemon.c          boot, the turn, drain          daemon_calls.c    calls in, replies out
 *     daemon_follow.c   other rooms' journals          daemon_effects.c  exchanges with outside
 *     daemon_upkeep.c   backups and checks, beside all that
 *     daemon_redo.c     every commit told once more, beside the backups
 *
 * Only these files include this.
 */
#pragma once

#include "common/frame.h"
#include "common/pool.h"
#include "common/process.h"

enum {
    TURN_CALLS_MAX = 4096,      /* calls in one turn: bounds p99 */
    TOLD_MAX = 256,             /* replies sent together */
    TURN_ARENA_SOFT = 96 << 20, /* stop receiving when a turn has taken this much memory */
    TEND_MS = 10000,            /* how often the store is looked after */
    PARKED_MAX = 1024,          /* calls that wait for something */
    PARKED_LOOK_MS = 200,       /* how often waiting calls look at the time */
    SCREENS_MAX = 512,          /* persons' reads that wait: they look no more often than that */
    EMPTY_MAX = 4096,           /* request ids that were told there is nothing */
    FOLLOW_CREDIT = 500,
    FOLLOW_WAIT_MS = 5000,
    FOLLOW_TIMEOUT_MS = 12000,
    FOLLOW_PAUSE_MS = 1000,    /* after a refusal, or a commit that failed */
    FOLLOW_DIVERGED_MS = 2000, /* how often one that has stopped looks whether it may go on */
    EFFECTS_MAX = 256,         /* exchanges under way */
    EFFECT_CALL_MS = 20000,
    REFUSING_PAUSE_MS = 1000, /* how long a full store is left alone */
    DRAIN_MS = 5000,
    TICK_MS = 1000,
    SLOW_CALL_MS = 100,     /* calls slower than this are logged */
    FRAME_SLACK = 64 << 10, /* a frame is larger than the body it carries */
};

struct daemon;

/* A call kept beyond its turn: parked, or in the pool. Copies of what the message held. */
struct held {
    struct held *next;
    struct daemon *daemon;
    struct mc_origin origin;
    char caller[MC_BUS_CALLER_MAX + 1];
    unsigned roles;
    bool named;
    int64_t arrived_ms;
    struct mc_work work;
    bool worked;
    size_t header_len;
    size_t body_len;
    uint8_t bytes[];
};

/* Calls kept for another run, newest first. */
struct waiting {
    struct held *first;
    size_t len;
    bool look; /* they get another run in the next turn */
};

/* A call that took nothing and was told so. */
struct told_empty {
    bool known;
    uint8_t request_id[MC_ID_LEN];
};

/* A call of this turn. */
struct slot {
    struct mc_message message; /* closed at the turn's end, unless it came from a held call */
    struct held *held;
    const struct mc_origin *origin;
    struct mc_call call;
};

struct follow {
    struct daemon *daemon;
    struct mc_followed *state;
    struct mc_timer *again;
    uint8_t *batch; /* a FollowReply to apply, copied */
    size_t batch_len;
    bool asking;
};

/* An effect under way, from its lease to its result's turn. */
struct exchange {
    struct daemon *daemon;
    unsigned lane;
    uint8_t token[12];
    const ProtobufCMethodDescriptor *method; /* via another room */
    bool busy;
    bool reported;
    enum mc_http_outcome outcome;
    unsigned http_status;
    unsigned step;
    enum mc_status status;
    int64_t retry_after_ms;
    char code[64];
    uint8_t *body;
    size_t body_len;
    struct mc_http_detail *detail;
};

/* Effects leased in a turn, to be started after its commit. */
struct leased {
    struct mc_job jobs[EFFECTS_MAX];
    unsigned lanes[EFFECTS_MAX];
    size_t len;
};

struct daemon_config {
    int64_t map_size;
    int64_t map_max;
    int64_t alone_max;
    bool preallocate;
    const char *listen_tcp;
    const char *callers_file;
    bool listen_group;
    bool allow_plain_http;
    int64_t pool_threads;
    int64_t pool_queue;
    int64_t queue_max;
    const char *backup_dir;
    int64_t backup_rate;
    int64_t backup_keep;
    bool backup_redo;
};

struct upkeep;
struct daemon_redo;

struct daemon {
    struct mc_process process;
    struct daemon_config settings;
    struct mc_service *service;
    struct mc_listener *listener;
    struct mc_watch *watches[2];
    struct mc_defer *soon;
    struct mc_http *http;
    struct mc_pool *pool;
    struct slot *slots;
    size_t writes[TURN_CALLS_MAX]; /* slots whose call writes */
    size_t slots_len;
    size_t writes_len;
    size_t told[TOLD_MAX]; /* slots whose reply is ready and not sent yet */
    size_t told_len;
    struct waiting parked;  /* reads: each commit gets them another run */
    struct waiting takers;  /* writes: run last in each turn, on top of what it brought */
    struct waiting screens; /* reads for persons: no commit wakes them */
    struct waiting worked;  /* the pool is done with them */
    struct told_empty empty[EMPTY_MAX]; /* by an id's last bytes, which are random */
    struct mc_timer *parked_timer;
    struct mc_timer *tick_timer;
    struct mc_timer *step_timer; /* the house has more to do than one tick's part */
    struct mc_timer *effects_timer;
    struct follow follows[MC_FOLLOWED_MAX];
    struct exchange exchanges[EFFECTS_MAX];
    struct leased leased;
    unsigned lanes_running[MC_LANES_MAX];
    unsigned running;
    struct upkeep *upkeep;    /* NULL until the first is asked for */
    struct daemon_redo *redo; /* NULL: commits are not told */
    struct mc_timer *tend_timer;
    bool cannot_grow;             /* told already */
    struct mc_timer *pause_timer; /* the store refused: leave it alone for a moment */
    int lock;                     /* keeps a second daemon out of our folder */
    struct mc_keyring seal;       /* on its way to the service */
    unsigned seal_number;         /* of the key that seals */
    uint8_t master[MC_KEY_LEN];
    uint8_t sign_seed[MC_KEY_LEN];
    uint8_t first_seed[MC_KEY_LEN]; /* of ids of what is done once: never another */
    unsigned sign_number;           /* 0: the first signs */
    bool tick_due;
    bool step_due;
    bool effects_due;
    bool stopping;
    bool closing; /* the last turn */
};

static inline int64_t daemon_now(const struct daemon *d)
{
    return mc_now_ms(&d->process.clock);
}

void daemon_log(struct daemon *d, enum mc_log_level level, const char *event, const char *key,
                const char *value);

/* Calls: taken from the bus, or again from where they waited, as far as they go without a turn. */
void daemon_receive(struct daemon *d);
void daemon_resume(struct daemon *d, struct waiting *list);
/* After its commit: a call that took nothing is remembered, and takes nothing any more. */
void daemon_note_empty(struct daemon *d, const struct mc_call *call);
void daemon_reply(struct daemon *d, struct slot *slot);
void daemon_tell_all(struct daemon *d); /* replies that need no commit leave now */
void daemon_park(struct daemon *d, struct slot *slot);
void daemon_held_free(struct held *held);

/* Follows: what other rooms' journals brought, applied in a turn; then the next is asked for. */
void daemon_follow_ask(struct follow *follow);
void daemon_follow_again(void *arg);
bool daemon_has_batches(const struct daemon *d);
void daemon_apply_batches(struct daemon *d, struct mc_turn *turn);
void daemon_batches_applied(struct daemon *d);

/* Effects: leased in a turn, started after its commit, their results told in another turn. */
bool daemon_has_results(const struct daemon *d);
void daemon_tell_results(struct daemon *d, struct mc_turn *turn);
void daemon_results_told(struct daemon *d);
void daemon_lease_effects(struct daemon *d, struct mc_turn *turn);
void daemon_start_effects(struct daemon *d);
void daemon_plan_effects(struct daemon *d);

/* Upkeep (upkeep.h): begun when it is asked for, in threads; its result is told in a turn. */
void daemon_upkeep_look(struct daemon *d);
bool daemon_upkeep_runs(const struct daemon *d); /* threads of it may read the store */
bool daemon_upkeep_ended(const struct daemon *d);
bool daemon_upkeep_steps(const struct daemon *d); /* it has something to do in a turn */
void daemon_upkeep_tell(struct daemon *d, struct mc_turn *turn);
void daemon_upkeep_told(struct daemon *d);
void daemon_upkeep_close(struct daemon *d);

/* Redo files (redo.h): once the store is open; every second; before the loop goes. The writer
 * itself is the service's and ends with its store. */
mc_nodiscard bool daemon_redo_open(struct daemon *d);
void daemon_redo_tick(struct daemon *d);
void daemon_redo_close(struct daemon *d);
