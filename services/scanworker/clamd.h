/*
 * One file through clamd: a connection, INSTREAM, the file in chunks, one line back (clamd(8)).
 *
 *     zINSTREAM\0 ‖ { length, big-endian (4) ‖ bytes }… ‖ 0 (4)      ->      answer ‖ \0
 *
 * One at a time. `ready`: it takes the next chunk. `ended` comes once for each begin that did not
 * end in clamd_stop(): with the answer, or with an empty one and why. It may come at any time;
 * callbacks may begin and stop.
 */
#pragma once

#include "common/base.h"

struct mc_loop;
struct clamd;

enum { CLAMD_CHUNK_MAX = 128 * 1024, CLAMD_ANSWER_MAX = 1024 };

struct clamd_events {
    void (*ready)(void *arg);
    void (*ended)(void *arg, struct mc_bytes answer, const char *why);
    void *arg;
};

/* A socket's path, or "10.0.0.9:3310" or "[fd00::9]:3310"; a name would have to be looked up. */
mc_nodiscard bool clamd_address_is_good(const char *address);

mc_nodiscard struct clamd *clamd_create(struct mc_loop *loop, int64_t timeout_ms,
                                        const struct clamd_events *events);
void clamd_destroy(struct clamd *clamd);

/* False: it could not even begin; nothing will be called. */
mc_nodiscard bool clamd_begin(struct clamd *clamd, const char *address);
/* After `ready`, at most CLAMD_CHUNK_MAX bytes, which are copied; none: that was all. */
void clamd_send(struct clamd *clamd, struct mc_bytes chunk);
void clamd_stop(struct clamd *clamd);
