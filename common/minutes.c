#include "common/minutes.h"

#include <string.h>

enum { MINUTE_MS = 60 * 1000 };

/* Minutes that have passed begin empty. */
static void roll(struct mc_minutes *minutes, int64_t minute)
{
    int64_t first = MC_MAX(minutes->newest + 1, minute - MC_MINUTES + 1);

    for (int64_t passed = first; passed <= minute; passed++)
        for (unsigned lane = 0; lane < MC_LANES_MAX; lane++)
            minutes->lanes[lane][passed % MC_MINUTES] = (struct mc_minute){0};
    minutes->newest = MC_MAX(minutes->newest, minute);
}

static int64_t live(const struct mc_lane_count *lane)
{
    return lane->queued + lane->leased + lane->held;
}

void mc_minutes_add(struct mc_minutes *minutes, int64_t now_ms, const struct mc_lane_count *before,
                    const struct mc_lane_count *after)
{
    int64_t minute = now_ms / MINUTE_MS;

    if (minutes->since_ms == 0)
        minutes->since_ms = now_ms;
    if (minute > minutes->newest)
        roll(minutes, minute);
    for (unsigned i = 0; i < MC_LANES_MAX; i++) {
        struct mc_minute *now = &minutes->lanes[i][minutes->newest % MC_MINUTES];
        int64_t in = after[i].enqueued_total - before[i].enqueued_total;
        int64_t out = in + live(&before[i]) - live(&after[i]);

        now->in += (uint32_t)in;
        now->out += (uint32_t)MC_MAX(out, 0); /* dead letters that are tried again come in */
        now->in += (uint32_t)MC_MAX(-out, 0);
        now->failed += (uint32_t)(after[i].failed_total - before[i].failed_total);
    }
}

struct mc_minute mc_minutes_at(const struct mc_minutes *minutes, unsigned lane, int64_t now_ms,
                               unsigned ago)
{
    int64_t minute = now_ms / MINUTE_MS - ago;

    if (ago >= MC_MINUTES || minute > minutes->newest || minute <= minutes->newest - MC_MINUTES)
        return (struct mc_minute){0};
    return minutes->lanes[lane][minute % MC_MINUTES];
}

struct mc_rates mc_minutes_rates(const struct mc_minutes *minutes, unsigned lane, int64_t now_ms)
{
    int64_t from_ms = (now_ms / MINUTE_MS - MC_MINUTES_RATE) * MINUTE_MS;
    int64_t span_ms = now_ms - MC_MAX(from_ms, minutes->since_ms);
    struct mc_rates rates = {0};

    if (minutes->since_ms == 0)
        return rates;
    for (unsigned ago = 0; ago <= MC_MINUTES_RATE; ago++) {
        struct mc_minute minute = mc_minutes_at(minutes, lane, now_ms, ago);

        rates.in += minute.in;
        rates.out += minute.out;
        rates.failed += minute.failed;
    }
    double scale =
        (double)MINUTE_MS / (double)MC_MAX(span_ms, 1000); /* a burst at start is not a rate */
    rates.in *= scale;
    rates.out *= scale;
    rates.failed *= scale;
    return rates;
}
