/*
 * Minutes: what came into each lane, left it and failed in it, for each of the last sixty minutes.
 *
 * In memory only, from this start on: after a restart it says since when it knows. Each commit adds
 * what it moved; looking adds up, and what has aged by itself counts as nothing.
 */
#pragma once

#include "common/txn.h"

enum { MC_MINUTES = 60, MC_MINUTES_RATE = 5 };

struct mc_minute {
    uint32_t in;
    uint32_t out; /* done, expired, dead, dropped */
    uint32_t failed;
};

struct mc_minutes {
    int64_t since_ms; /* the first commit that was added; 0: none yet */
    int64_t newest;   /* minute since the epoch */
    struct mc_minute lanes[MC_LANES_MAX][MC_MINUTES];
};

/* What a commit changed: all lanes as they were, and as they are. */
void mc_minutes_add(struct mc_minutes *minutes, int64_t now_ms, const struct mc_lane_count *before,
                    const struct mc_lane_count *after);
/* A lane's numbers `ago` minutes before the one that now_ms is in. */
struct mc_minute mc_minutes_at(const struct mc_minutes *minutes, unsigned lane, int64_t now_ms,
                               unsigned ago);

struct mc_rates {
    double in; /* a minute */
    double out;
    double failed;
};
/* Over the last five minutes, or since the first commit when that is less. */
struct mc_rates mc_minutes_rates(const struct mc_minutes *minutes, unsigned lane, int64_t now_ms);
