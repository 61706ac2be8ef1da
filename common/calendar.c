/* Working-time arithmetic, as the one-door software of the provinces counts it. */
#include "common/calendar.h"

#include <string.h>

#include "common/csv.h"
#include "common/date.h"

enum {
    MINUTE_MS = 60 * 1000,
    DAY_MS = 24 * 60 * MINUTE_MS,
    UTC7_MS = 7 * 60 * MINUTE_MS,
    SAME_DAY_UNTIL_MS = 15 * 60 * MINUTE_MS,
};

static const struct mc_hours usual_hours = {
    .opens_ms = INT64_C(7) * 60 * MINUTE_MS,
    .lunch_ms = (INT64_C(11) * 60 + 30) * MINUTE_MS,
    .resumes_ms = (INT64_C(13) * 60 + 30) * MINUTE_MS,
    .closes_ms = INT64_C(17) * 60 * MINUTE_MS,
};

/* A local instant, split: which day, and how far into it. */
struct moment {
    int64_t day;
    int64_t ms;
};

static struct moment moment_of(int64_t epoch_ms)
{
    int64_t local = epoch_ms + UTC7_MS;
    int64_t day = local / DAY_MS;

    if (local % DAY_MS < 0)
        day--;
    return (struct moment){.day = day, .ms = local - day * DAY_MS};
}

static int64_t epoch_of(struct moment moment)
{
    return moment.day * DAY_MS + moment.ms - UTC7_MS;
}

static bool iso_date_parse(struct mc_bytes text, struct mc_date *ret_date)
{
    const char *digits = text.data;

    if (text.len != 10 || digits[4] != '-' || digits[7] != '-')
        return false;
    int parts[3] = {0};
    for (size_t i = 0, part = 0; i < text.len; i++) {
        if (digits[i] == '-')
            part++;
        else if (digits[i] >= '0' && digits[i] <= '9')
            parts[part] = parts[part] * 10 + (digits[i] - '0');
        else
            return false;
    }
    *ret_date = (struct mc_date){parts[0], parts[1], parts[2]};
    return mc_date_valid(*ret_date);
}

static enum mc_status add_day(struct mc_calendar *calendar, struct mc_day *days,
                              struct mc_date date, bool works)
{
    int64_t day = mc_date_days(date);
    size_t n = calendar->days_len;

    if (n == MC_CALENDAR_DAYS_MAX || (n > 0 && days[n - 1].day >= day))
        return MC_INVALID;
    days[n] = (struct mc_day){.day = day, .works = works};
    calendar->days_len = n + 1;
    return MC_OK;
}

enum mc_status mc_calendar_load(struct mc_calendar *calendar,
                                struct mc_day days[MC_CALENDAR_DAYS_MAX], struct mc_bytes text)
{
    struct mc_csv csv;

    *calendar = (struct mc_calendar){.days = days};
    mc_csv_open(&csv, text.data, text.len);
    if (!mc_csv_next(&csv))
        return MC_INVALID;
    size_t date_column = mc_csv_column(&csv, "date");
    size_t kind_column = mc_csv_column(&csv, "kind");
    while (mc_csv_next(&csv)) {
        struct mc_date date;
        bool works = mc_csv_is(&csv, kind_column, "work");

        if (!works && !mc_csv_is(&csv, kind_column, "off"))
            return MC_INVALID;
        if (!iso_date_parse(mc_csv_field(&csv, date_column), &date))
            return MC_INVALID;
        if (add_day(calendar, days, date, works) != MC_OK)
            return MC_INVALID;
    }
    return csv.status;
}

static const char *const limit_names[] = {
    [MC_SAME_DAY_15H] = "same_day_15h",
    [MC_WORKING_DAY] = "working_day",
    [MC_WORKING_HOUR] = "working_hour",
    [MC_CALENDAR_DAY] = "calendar_day",
};

bool mc_time_limit_parse(struct mc_bytes text, enum mc_time_limit *ret_limit)
{
    for (size_t i = 0; i < MC_LEN(limit_names); i++) {
        if (strlen(limit_names[i]) == text.len &&
            memcmp(limit_names[i], text.data, text.len) == 0) {
            *ret_limit = (enum mc_time_limit)i;
            return true;
        }
    }
    return false;
}

const char *mc_time_limit_name(enum mc_time_limit limit)
{
    return limit_names[limit];
}

static bool works_nationwide(const struct mc_calendar *calendar, int64_t day)
{
    size_t low = 0;
    size_t high = calendar->days_len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (calendar->days[middle].day == day)
            return calendar->days[middle].works;
        if (calendar->days[middle].day < day)
            low = middle + 1;
        else
            high = middle;
    }
    enum mc_weekday weekday = mc_date_weekday(mc_date_from_days(day));
    return weekday != MC_SATURDAY && weekday != MC_SUNDAY;
}

bool mc_day_works(const struct mc_calendar *calendar, int64_t day)
{
    for (size_t i = 0; i < calendar->own_len; i++)
        for (size_t j = 0; j < calendar->own[i].days_len; j++)
            if (calendar->own[i].days[j].day == day)
                return calendar->own[i].days[j].works;
    return works_nationwide(calendar, day);
}

static const struct mc_hours *own_hours(const struct mc_own_time *own, int64_t day)
{
    const struct mc_hours *best = NULL;

    for (size_t i = 0; i < own->hours_len; i++)
        if (own->hours[i].from_day <= day &&
            (best == NULL || own->hours[i].from_day > best->from_day))
            best = &own->hours[i];
    return best;
}

static const struct mc_hours *hours_on(const struct mc_calendar *calendar, int64_t day)
{
    for (size_t i = 0; i < calendar->own_len; i++) {
        const struct mc_hours *own = own_hours(&calendar->own[i], day);
        if (own != NULL)
            return own;
    }
    return &usual_hours;
}

/* A calendar without a working day is nobody's: the search ends, if late. */
enum { SEARCH_DAYS_MAX = 400 };

static int64_t next_working_day(const struct mc_calendar *calendar, int64_t day)
{
    int64_t last = day + SEARCH_DAYS_MAX;

    do
        day++;
    while (!mc_day_works(calendar, day) && day < last);
    return day;
}

static int64_t working_day_before(const struct mc_calendar *calendar, int64_t day)
{
    int64_t last = day - SEARCH_DAYS_MAX;

    do
        day--;
    while (!mc_day_works(calendar, day) && day > last);
    return day;
}

/* The time of day is kept, as far as the desks are open then. */
static struct moment days_on(const struct mc_calendar *calendar, struct moment at, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        at.day = next_working_day(calendar, at.day);
    if (count > 0) {
        const struct mc_hours *hours = hours_on(calendar, at.day);
        at.ms = MC_MIN(MC_MAX(at.ms, hours->opens_ms), hours->closes_ms);
    }
    return at;
}

static struct moment opening(const struct mc_calendar *calendar, int64_t day)
{
    return (struct moment){day, hours_on(calendar, day)->opens_ms};
}

static struct moment start_of(const struct mc_calendar *calendar, int64_t at_ms)
{
    struct moment at = moment_of(at_ms);
    const struct mc_hours *hours = hours_on(calendar, at.day);

    if (!mc_day_works(calendar, at.day) || at.ms >= hours->closes_ms)
        return opening(calendar, next_working_day(calendar, at.day));
    if (at.ms < hours->opens_ms)
        at.ms = hours->opens_ms;
    else if (at.ms >= hours->lunch_ms && at.ms < hours->resumes_ms)
        at.ms = hours->resumes_ms;
    return at;
}

int64_t mc_working_start(const struct mc_calendar *calendar, int64_t at_ms)
{
    return epoch_of(start_of(calendar, at_ms));
}

int64_t mc_working_closes(const struct mc_calendar *calendar, int64_t at_ms)
{
    struct moment at = moment_of(at_ms);

    at.ms = hours_on(calendar, at.day)->closes_ms;
    return epoch_of(at);
}

/* Walks less than a day of working time; a walk that ends with a segment ends at its end. */
static struct moment walk(const struct mc_calendar *calendar, struct moment at, int64_t ms)
{
    while (ms > 0) {
        const struct mc_hours *hours = hours_on(calendar, at.day);

        if (at.ms >= hours->closes_ms) {
            at = opening(calendar, next_working_day(calendar, at.day));
            continue;
        }
        if (at.ms >= hours->lunch_ms && at.ms < hours->resumes_ms)
            at.ms = hours->resumes_ms;
        int64_t end = at.ms < hours->lunch_ms ? hours->lunch_ms : hours->closes_ms;
        int64_t step = MC_MIN(ms, end - at.ms);

        at.ms += step;
        ms -= step;
    }
    return at;
}

/* The same backwards. */
static struct moment walk_back(const struct mc_calendar *calendar, struct moment at, int64_t ms)
{
    while (ms > 0) {
        const struct mc_hours *hours = hours_on(calendar, at.day);

        if (at.ms <= hours->opens_ms) {
            at.day = working_day_before(calendar, at.day);
            at.ms = hours_on(calendar, at.day)->closes_ms;
            continue;
        }
        if (at.ms > hours->lunch_ms && at.ms <= hours->resumes_ms)
            at.ms = hours->lunch_ms;
        int64_t begin = at.ms <= hours->lunch_ms ? hours->opens_ms : hours->resumes_ms;
        int64_t step = MC_MIN(ms, at.ms - begin);

        at.ms -= step;
        ms -= step;
    }
    return at;
}

int64_t mc_working_before(const struct mc_calendar *calendar, int64_t due_ms, int64_t working_ms)
{
    struct moment at = moment_of(due_ms);

    if (!mc_day_works(calendar, at.day)) {
        at.day = working_day_before(calendar, at.day);
        at.ms = hours_on(calendar, at.day)->closes_ms;
    }
    for (int64_t days = working_ms / MC_WORK_MS; days > 0; days--)
        at.day = working_day_before(calendar, at.day);
    return epoch_of(walk_back(calendar, at, working_ms % MC_WORK_MS));
}

/* Whole days keep the time of day; what is left walks through the segments. */
static struct moment advance(const struct mc_calendar *calendar, struct moment at, int64_t ms)
{
    at = days_on(calendar, at, ms / MC_WORK_MS);
    return walk(calendar, at, ms % MC_WORK_MS);
}

static struct moment same_day(const struct mc_calendar *calendar, struct moment at)
{
    if (at.ms >= SAME_DAY_UNTIL_MS)
        at.day = next_working_day(calendar, at.day);
    at.ms = hours_on(calendar, at.day)->closes_ms;
    return at;
}

int64_t mc_working_due(const struct mc_calendar *calendar, int64_t received_ms,
                       enum mc_time_limit limit, uint32_t value)
{
    struct moment at = start_of(calendar, received_ms);

    switch (limit) {
    case MC_SAME_DAY_15H:
        at = same_day(calendar, at);
        break;
    case MC_WORKING_DAY:
        at = days_on(calendar, at, value);
        break;
    case MC_WORKING_HOUR:
        at = advance(calendar, at, (int64_t)value * MC_HOUR_MS);
        break;
    case MC_CALENDAR_DAY:
        at.day += value;
        if (!mc_day_works(calendar, at.day))
            at.day = next_working_day(calendar, at.day);
        break;
    }
    return epoch_of(at);
}

/* Working time of a working day up to this point of it. */
static int64_t worked_until(const struct mc_hours *hours, int64_t ms)
{
    int64_t morning = MC_MIN(MC_MAX(ms, hours->opens_ms), hours->lunch_ms) - hours->opens_ms;
    int64_t afternoon = MC_MIN(MC_MAX(ms, hours->resumes_ms), hours->closes_ms) - hours->resumes_ms;

    return morning + afternoon;
}

int64_t mc_working_ms(const struct mc_calendar *calendar, int64_t from_ms, int64_t to_ms)
{
    struct moment from = moment_of(from_ms);
    struct moment to = moment_of(to_ms);
    int64_t sum = 0;

    if (from_ms >= to_ms)
        return 0;
    for (int64_t day = from.day; day <= to.day; day++) {
        if (!mc_day_works(calendar, day))
            continue;
        const struct mc_hours *hours = hours_on(calendar, day);
        int64_t begin = day == from.day ? worked_until(hours, from.ms) : 0;
        int64_t end = day == to.day ? worked_until(hours, to.ms) : MC_WORK_MS;
        sum += end - begin;
    }
    return sum;
}

int64_t mc_working_extended(const struct mc_calendar *calendar, int64_t due_ms, int64_t waited_ms)
{
    struct moment due = moment_of(due_ms);

    return epoch_of(advance(calendar, due, waited_ms));
}
