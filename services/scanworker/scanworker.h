/* The scan worker: what its files share. Nothing outside this folder includes it. */
#pragma once

#include "common/process.h"

#include "scan.pb-c.h"

#include "clamd.h"
#include "verdict.h"

enum {
    SCANWORKER_ROOMS = 2, /* that take files */
    SCANWORKER_TOKEN_MAX = 64,
    SCANWORKER_CALL_MS = 10000, /* a call to a room */
    SCANWORKER_PAUSE_MS = 500,  /* after a failure; doubles */
    SCANWORKER_PAUSE_MAX_MS = 60000,
};

struct scanworker;

/* A room and the file of it that is in hand; neither waits for the other's. */
struct scanworker_line {
    struct scanworker *worker; /* NULL: this room is not served */
    const char *room;
    const char *service; /* of its proto */
    struct clamd *clamd;
    struct mc_defer *next; /* to lease */
    struct mc_timer *rest;
    unsigned failures; /* one after another */
    bool busy;         /* a call is under way, or a file is in hand */
    bool asked;        /* for the next stretch of the file; the answer is wanted */
    uint8_t token[SCANWORKER_TOKEN_MAX];
    size_t token_len;
    uint64_t size;
    uint64_t sent;
};

struct scanworker {
    struct mc_process process;
    const char *address;
    struct mc_config_list rooms;
    int64_t timeout_ms;
    int64_t lease_ms;
    int64_t wait_ms;

    struct mc_arena turn; /* of one callback */
    struct scanworker_line lines[SCANWORKER_ROOMS];
};

extern const struct mc_config_key scanworker_config[];
extern const size_t scanworker_config_len;

mc_nodiscard enum mc_status scanworker_open(struct scanworker *worker, char *why, size_t why_size);
void scanworker_close(struct scanworker *worker);
