#include "rate.h"

enum { SECOND_MS = 1000, SECOND_US = 1000000, GROWTH = 10 };

static void count(struct rate *rate, int64_t now_ms)
{
    int64_t passed_ms = now_ms - rate->second_ms;

    if (passed_ms < SECOND_MS)
        return;
    rate->sent_before = passed_ms < 2LL * SECOND_MS ? rate->sent : 0;
    rate->sent = 0;
    rate->second_ms = now_ms;
}

static void grow(struct rate *rate, int64_t now_ms)
{
    int64_t end = rate->max > 0 ? rate->max : RATE_FREE;

    while (rate->now > 0 && now_ms - rate->grown_ms >= SECOND_MS) {
        rate->now += MC_MAX(rate->now / GROWTH, 1);
        rate->grown_ms += SECOND_MS;
        if (rate->now >= end)
            rate->now = 0;
    }
}

static int64_t allowed(const struct rate *rate)
{
    return rate->now > 0 ? rate->now : rate->max;
}

int64_t rate_wait_ms(struct rate *rate, int64_t now_ms)
{
    grow(rate, now_ms);
    int64_t wait_us = rate->next_us - now_ms * 1000;

    if (allowed(rate) == 0 || wait_us <= 0)
        return 0;
    return (wait_us + 999) / 1000;
}

void rate_take(struct rate *rate, int64_t now_ms, unsigned parts)
{
    int64_t per_second = allowed(rate);

    count(rate, now_ms);
    rate->sent += parts;
    if (per_second > 0)
        rate->next_us = MC_MAX(rate->next_us, now_ms * 1000) + parts * (SECOND_US / per_second);
}

void rate_slow(struct rate *rate, int64_t now_ms)
{
    count(rate, now_ms);
    if (rate->now > 0 && now_ms - rate->slowed_ms < SECOND_MS)
        return; /* what was under way together is one complaint */
    int64_t was = allowed(rate) > 0 ? allowed(rate) : MC_MAX(rate->sent, rate->sent_before);

    rate->now = MC_MAX(was / 2, (int64_t)RATE_MIN);
    rate->grown_ms = rate->slowed_ms = now_ms;
    rate->next_us = now_ms * 1000 + SECOND_US / rate->now;
}
