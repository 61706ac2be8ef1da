/*
 * Calendar: the working time of the agencies, and deadlines in it.
 *
 * Pure. The table of days (data/calendar_vn.csv) names the weekdays that are off and the Saturdays
 * that are worked; every other day follows the week, Monday to Friday. A day is worked from 07:00
 * to 11:30 and from 13:30 to 17:00, eight hours. An agency may have days and hours of its own
 * (agency_calendar.c): the nearest agency that says something of a day is right. Instants are
 * epoch milliseconds and days are those of UTC+7.
 */
#pragma once

#include "common/base.h"

enum {
    MC_CALENDAR_DAYS_MAX = 512, /* exceptions: about fifteen a year */
    MC_TIME_LIMIT_MAX = 1000,   /* days or hours of a time limit */
    MC_AGENCY_LEVELS = 8,       /* of an agency code */
    MC_HOUR_MS = 60 * 60 * 1000,
    MC_WORK_MS = 8 * MC_HOUR_MS, /* of a day, whatever the hours are */
};

struct mc_day {
    int64_t day; /* since 1970-01-01 */
    bool works;
};

/* Milliseconds of the local day; morning and afternoon are eight hours together. */
struct mc_hours {
    int64_t from_day; /* they hold from this day on */
    int64_t opens_ms;
    int64_t lunch_ms;
    int64_t resumes_ms;
    int64_t closes_ms;
};

/* What one agency has otherwise. */
struct mc_own_time {
    const struct mc_day *days; /* in any order, one for each day */
    size_t days_len;
    const struct mc_hours *hours; /* in any order; of two that hold, the later begun */
    size_t hours_len;
};

struct mc_calendar {
    const struct mc_day *days; /* the nation's, ascending */
    size_t days_len;
    struct mc_own_time own[MC_AGENCY_LEVELS]; /* the nearest agency first */
    size_t own_len;
};

/* How a procedure's time limit is counted. */
enum mc_time_limit {
    MC_SAME_DAY_15H, /* received before 15:00: the same day, else the next working day */
    MC_WORKING_DAY,
    MC_WORKING_HOUR,
    MC_CALENDAR_DAY,
};

/* Into `days`, which the calendar points to. MC_INVALID: a row that is no day, out of order, or one
 * too many. */
mc_nodiscard enum mc_status mc_calendar_load(struct mc_calendar *calendar,
                                             struct mc_day days[MC_CALENDAR_DAYS_MAX],
                                             struct mc_bytes csv);

mc_nodiscard bool mc_time_limit_parse(struct mc_bytes text, enum mc_time_limit *ret_limit);
const char *mc_time_limit_name(enum mc_time_limit limit);

bool mc_day_works(const struct mc_calendar *calendar, int64_t day);

/* When the clock begins to run for what arrives now: now, or when the desks open next. */
int64_t mc_working_start(const struct mc_calendar *calendar, int64_t at_ms);

int64_t mc_working_due(const struct mc_calendar *calendar, int64_t received_ms,
                       enum mc_time_limit limit, uint32_t value);

/* Working time between two instants; 0 when they are the wrong way round. */
int64_t mc_working_ms(const struct mc_calendar *calendar, int64_t from_ms, int64_t to_ms);

/* The due time moved by the working time that was spent waiting for the citizen. */
int64_t mc_working_extended(const struct mc_calendar *calendar, int64_t due_ms, int64_t waited_ms);

/* The instant from which so much working time is left until the due time. */
int64_t mc_working_before(const struct mc_calendar *calendar, int64_t due_ms, int64_t working_ms);

/* When the desks close on the day of an instant: the end of what is due today. */
int64_t mc_working_closes(const struct mc_calendar *calendar, int64_t at_ms);
