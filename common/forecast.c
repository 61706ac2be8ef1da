#include "common/forecast.h"

static const double far_ms = MC_FORECAST_DAYS * 86400000.0;

static int64_t moment(const struct mc_forecast_of *of, double ahead_ms)
{
    return ahead_ms <= far_ms ? of->now_ms + (int64_t)(ahead_ms + 0.5) : 0;
}

/*
 * In order: the oldest when nothing is taken; a job that waits already, when the queue is longer
 * than the limit allows; else one that will come when it has grown so long.
 */
static int64_t late_at(const struct mc_forecast_of *of, double in, double out)
{
    double limit = (double)of->limit_ms;
    double oldest = (double)of->oldest_age_ms;

    if (of->waiting > 0 && (oldest > limit || out <= 0))
        return moment(of, limit - oldest);
    if (out <= 0)
        return in > 0 ? moment(of, limit) : 0;
    double newest_wait = (double)of->waiting / out; /* of one that comes now */
    if (newest_wait > limit) {
        /* Ages fall evenly from the oldest to the newest: the first whose age and wait are over. */
        double place = (limit - oldest) / (newest_wait - oldest);

        return moment(of, limit - oldest * (1 - place));
    }
    if (in <= out)
        return 0;
    return moment(of, (limit * out - (double)of->waiting) / (in - out) + limit);
}

struct mc_forecast mc_forecast(const struct mc_forecast_of *of)
{
    double in = of->in / 60000; /* a millisecond */
    double out = of->out / 60000;
    struct mc_forecast told = {0};

    if (of->waiting <= 0)
        told.empty_at_ms = of->now_ms;
    else if (out > in)
        told.empty_at_ms = moment(of, (double)of->waiting / (out - in));
    if (of->limit_ms > 0) {
        told.late_at_ms = late_at(of, in, out);
        told.late = of->waiting > 0 && of->oldest_age_ms > of->limit_ms;
    }
    return told;
}
