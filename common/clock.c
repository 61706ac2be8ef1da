#include "common/clock.h"

#include <time.h>

enum { MS_PER_S = 1000, NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

static int64_t real_now_ms(void *arg)
{
    struct timespec now;

    (void)arg;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * MS_PER_S + now.tv_nsec / NS_PER_MS;
}

static int64_t real_mono_ns(void *arg)
{
    struct timespec now;

    (void)arg;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

static int64_t manual_now_ms(void *arg)
{
    const struct mc_clock_manual *manual = arg;
    return manual->now_ms;
}

static int64_t manual_mono_ns(void *arg)
{
    const struct mc_clock_manual *manual = arg;
    return manual->mono_ns;
}

struct mc_clock mc_clock_real(void)
{
    return (struct mc_clock){.now_ms = real_now_ms, .mono_ns = real_mono_ns};
}

struct mc_clock mc_clock_from(struct mc_clock_manual *manual)
{
    return (struct mc_clock){.now_ms = manual_now_ms, .mono_ns = manual_mono_ns, .arg = manual};
}

void mc_clock_advance(struct mc_clock_manual *manual, int64_t ms)
{
    manual->now_ms += ms;
    manual->mono_ns += ms * NS_PER_MS;
}
