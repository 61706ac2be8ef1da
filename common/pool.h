/*
 * Pool: a few threads for work that is long in the processor, such as hashing a password.
 *
 * `work` runs in some thread and may touch only what its argument owns; `done` runs afterwards on
 * the loop's thread, exactly once for every accepted job, and gets MC_OK, or MC_BUSY when the pool
 * was destroyed before the job began. The number of accepted jobs not yet done is bounded: past it
 * a job is refused with MC_BUSY and neither function is called. The pool is used from the loop's
 * thread only. Start signal handling (mc_loop_signals) before it, so the threads inherit the mask.
 */
#pragma once

#include "common/base.h"

struct mc_loop;
struct mc_pool;

mc_nodiscard struct mc_pool *mc_pool_create(struct mc_loop *loop, unsigned threads,
                                            unsigned jobs_max);

/* Waits for the jobs that run, drops the others, calls `done` for all. Not to be called in a
 * `done`. */
void mc_pool_destroy(struct mc_pool *pool);

mc_nodiscard enum mc_status mc_pool_run(struct mc_pool *pool, void (*work)(void *arg),
                                        void (*done)(void *arg, enum mc_status status), void *arg);

/* Accepted and not yet done. */
unsigned mc_pool_load(const struct mc_pool *pool);
