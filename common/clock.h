/*
 * Clock: the only way to learn the time.
 *
 * A daemon makes one real clock at boot and hands it down; tests and the simulation hand down one
 * that stands still until it is set. Wall time (`now_ms`, Unix epoch) is for what people and the
 * law see and may jump; monotonic time (`mono_ns`) is for measuring. Nothing here can fail.
 */
#pragma once

#include "common/base.h"

struct mc_clock {
    int64_t (*now_ms)(void *arg);
    int64_t (*mono_ns)(void *arg);
    void *arg;
};

struct mc_clock mc_clock_real(void);

static inline int64_t mc_now_ms(const struct mc_clock *clock)
{
    return clock->now_ms(clock->arg);
}

static inline int64_t mc_mono_ns(const struct mc_clock *clock)
{
    return clock->mono_ns(clock->arg);
}

/* A clock that stands still. It must outlive the mc_clock made from it. */
struct mc_clock_manual {
    int64_t now_ms;
    int64_t mono_ns;
};

struct mc_clock mc_clock_from(struct mc_clock_manual *manual);

/* Lets both times pass together, as they do when nobody sets the wall clock. */
void mc_clock_advance(struct mc_clock_manual *manual, int64_t ms);
