/*
 * Forecast: when a queue will be empty, and when a job in it will first have waited too long, if it
 * goes on as it does now. Jobs are taken in the order they came.
 */
#pragma once

#include "common/base.h"

enum { MC_FORECAST_DAYS = 30 }; /* what lies further ahead is not told */

struct mc_forecast_of {
    int64_t now_ms;
    int64_t waiting;       /* jobs */
    int64_t oldest_age_ms; /* of them */
    int64_t limit_ms;      /* a job that waits longer is late; 0: none is ever */
    double in;             /* jobs a minute */
    double out;            /* 0 when it is paused */
};

struct mc_forecast {
    int64_t empty_at_ms; /* 0: not within MC_FORECAST_DAYS */
    int64_t late_at_ms;  /* 0: not within them; the past, when one is late already */
    bool late;
};

struct mc_forecast mc_forecast(const struct mc_forecast_of *of);
