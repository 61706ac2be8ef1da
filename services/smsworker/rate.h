/*
 * Rate: how many parts a second may leave. Parts are paced one by one: carriers count by the
 * second and punish bursts. A gateway that says it is too much halves the rate, once a second at
 * most; it then grows back by a tenth each second. Pure: the time is an argument.
 */
#pragma once

#include "common/base.h"

enum {
    RATE_MIN = 1,
    RATE_FREE = 1000, /* without a limit of our own, a rate that has grown to this is none again */
};

struct rate {
    int64_t max;     /* parts a second; 0: no limit */
    int64_t now;     /* what is allowed at present; 0: max */
    int64_t next_us; /* the next part may leave then */
    int64_t grown_ms;
    int64_t slowed_ms;
    int64_t second_ms; /* the running second began, and what left in it and in the one before */
    int64_t sent;
    int64_t sent_before;
};

/* Zero: one may leave now. */
int64_t rate_wait_ms(struct rate *rate, int64_t now_ms);
void rate_take(struct rate *rate, int64_t now_ms, unsigned parts);
void rate_slow(struct rate *rate, int64_t now_ms);
