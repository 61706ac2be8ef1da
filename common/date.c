#include "common/date.h"

#include <stdio.h>
#include <string.h>

#define DAY_MS     INT64_C(86400000)
#define ZONE_MS    INT64_C(25200000) /* Asia/Ho_Chi_Minh since 1975, no summer time */
#define DAYS_FIRST INT64_C(-719162)  /* 0001-01-01 */
#define DAYS_LAST  INT64_C(2932896)  /* 9999-12-31 */

enum { YEAR_MIN = 1, YEAR_MAX = 9999 };

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int mc_month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    assert(month >= 1 && month <= 12);
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool mc_date_valid(struct mc_date date)
{
    return date.year >= YEAR_MIN && date.year <= YEAR_MAX && date.month >= 1 && date.month <= 12 &&
           date.day >= 1 && date.day <= mc_month_days(date.year, date.month);
}

/* Both ways after H. Hinnant's "chrono-compatible low-level date algorithms": the year begins in
 * March, so that the leap day is its last, and eras of 400 years are all alike. */
int64_t mc_date_days(struct mc_date date)
{
    assert(mc_date_valid(date));

    int year = date.year - (date.month <= 2);
    int era = year / 400;
    int year_of_era = year % 400;
    int day_of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;
    int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

    return (int64_t)era * 146097 + day_of_era - 719468;
}

struct mc_date mc_date_from_days(int64_t days)
{
    int shifted = (int)(MC_MAX(MC_MIN(days, DAYS_LAST), DAYS_FIRST) + 719468);
    int era = shifted / 146097;
    int day_of_era = shifted % 146097;
    int year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int march_month = (5 * day_of_year + 2) / 153;
    int month = march_month + (march_month < 10 ? 3 : -9);

    return (struct mc_date){
        .year = era * 400 + year_of_era + (month <= 2),
        .month = month,
        .day = day_of_year - (153 * march_month + 2) / 5 + 1,
    };
}

enum mc_weekday mc_date_weekday(struct mc_date date)
{
    /* 1970-01-01 was a Thursday; the offset keeps the sum positive down to year 1. */
    return (enum mc_weekday)((mc_date_days(date) + 4 + 7 * INT64_C(200000)) % 7);
}

int mc_date_compare(struct mc_date a, struct mc_date b)
{
    if (a.year != b.year)
        return a.year < b.year ? -1 : 1;
    if (a.month != b.month)
        return a.month < b.month ? -1 : 1;
    return (a.day > b.day) - (a.day < b.day);
}

/* Splits an instant shifted by the zone; days round down before 1970 too. */
static struct mc_local split(int64_t epoch_ms, int64_t zone_ms)
{
    int64_t first = DAYS_FIRST * DAY_MS;
    int64_t last = (DAYS_LAST + 1) * DAY_MS - 1;
    int64_t since_first =
        MC_MAX(MC_MIN(epoch_ms, last - zone_ms), first - zone_ms) + zone_ms - first;
    int ms = (int)(since_first % DAY_MS);

    return (struct mc_local){
        .date = mc_date_from_days(since_first / DAY_MS + DAYS_FIRST),
        .hour = ms / 3600000,
        .minute = ms / 60000 % 60,
        .second = ms / 1000 % 60,
        .ms = ms % 1000,
    };
}

struct mc_local mc_local_from_ms(int64_t epoch_ms)
{
    return split(epoch_ms, ZONE_MS);
}

int64_t mc_local_to_ms(const struct mc_local *local)
{
    int64_t seconds = (int64_t)local->hour * 3600 + (int64_t)local->minute * 60 + local->second;

    return mc_date_days(local->date) * DAY_MS + seconds * 1000 + local->ms - ZONE_MS;
}

struct mc_date mc_date_from_ms(int64_t epoch_ms)
{
    return mc_local_from_ms(epoch_ms).date;
}

int64_t mc_date_to_ms(struct mc_date date)
{
    struct mc_local midnight = {.date = date};

    return mc_local_to_ms(&midnight);
}

/* Reads min to max digits and moves on. -1 when they are not there. */
static int take_number(const char **text, int min, int max)
{
    int number = 0;
    int len = 0;

    while (len < max && (*text)[len] >= '0' && (*text)[len] <= '9')
        number = number * 10 + ((*text)[len++] - '0');
    *text += len;
    return len >= min ? number : -1;
}

static bool take_slash(const char **text)
{
    bool slash = **text == '/';

    *text += slash;
    return slash;
}

enum mc_why mc_date_parse(const char *text, struct mc_date *ret_date)
{
    struct mc_date date;

    text += strspn(text, " ");
    if (*text == '\0')
        return MC_WHY_FIELD_REQUIRED;
    date.day = take_number(&text, 1, 2);
    bool first = take_slash(&text);
    date.month = take_number(&text, 1, 2);
    bool second = take_slash(&text);
    date.year = take_number(&text, 4, 4);
    text += strspn(text, " ");
    if (!first || !second || date.day < 0 || date.month < 0 || date.year < 0 || *text != '\0')
        return MC_WHY_DATE_FORMAT;
    if (!mc_date_valid(date))
        return MC_WHY_DATE_INVALID;
    *ret_date = date;
    return MC_WHY_OK;
}

enum mc_why mc_birth_parse(const char *text, struct mc_date *ret_date)
{
    struct mc_date date = {0};
    const char *at = text + strspn(text, " ");
    size_t len = strcspn(at, "/ ");

    if (*at == '\0')
        return MC_WHY_FIELD_REQUIRED;
    if (at[len] == '/' && strchr(at + len + 1, '/') != NULL)
        return mc_date_parse(text, ret_date);
    if (at[len] == '/') {
        date.month = take_number(&at, 1, 2);
        if (!take_slash(&at) || date.month < 0)
            return MC_WHY_DATE_FORMAT;
        if (date.month < 1 || date.month > 12)
            return MC_WHY_DATE_INVALID;
    }
    date.year = take_number(&at, 4, 4);
    at += strspn(at, " ");
    if (date.year < 0 || *at != '\0')
        return MC_WHY_DATE_FORMAT;
    if (date.year < YEAR_MIN)
        return MC_WHY_DATE_INVALID;
    *ret_date = date;
    return MC_WHY_OK;
}

enum mc_why mc_stamp_parse(const char *text, int64_t *ret_epoch_ms)
{
    if (strlen(text) != MC_STAMP_SIZE - 1 || strspn(text, "0123456789") != MC_STAMP_SIZE - 1)
        return MC_WHY_DATE_FORMAT;

    struct mc_local local = {.ms = 0};
    local.date.year = take_number(&text, 4, 4);
    local.date.month = take_number(&text, 2, 2);
    local.date.day = take_number(&text, 2, 2);
    local.hour = take_number(&text, 2, 2);
    local.minute = take_number(&text, 2, 2);
    local.second = take_number(&text, 2, 2);
    if (!mc_date_valid(local.date) || local.hour > 23 || local.minute > 59 || local.second > 59)
        return MC_WHY_DATE_INVALID;
    *ret_epoch_ms = mc_local_to_ms(&local);
    return MC_WHY_OK;
}

/* Two digits, or four, at a place; every formatter below is made of these. */
static void put(char *out, int number, size_t digits)
{
    for (size_t i = digits; i-- > 0; number /= 10)
        out[i] = (char)('0' + number % 10);
}

void mc_date_format(char *out, size_t size, struct mc_date date)
{
    size_t at = 0;

    assert(size >= MC_DATE_SIZE);
    if (date.day > 0 && date.month > 0) {
        put(out, date.day, 2);
        out[2] = '/';
        at = 3;
    }
    if (date.month > 0) {
        put(out + at, date.month, 2);
        out[at + 2] = '/';
        at += 3;
    }
    put(out + at, date.year, 4);
    out[at + 4] = '\0';
}

void mc_date_format_iso(char *out, size_t size, struct mc_date date)
{
    size_t at = 4;

    assert(size >= MC_DATE_SIZE);
    put(out, date.year, 4);
    if (date.month > 0) {
        out[at] = '-';
        put(out + at + 1, date.month, 2);
        at += 3;
    }
    if (date.month > 0 && date.day > 0) {
        out[at] = '-';
        put(out + at + 1, date.day, 2);
        at += 3;
    }
    out[at] = '\0';
}

void mc_date_format_yymmdd(char *out, size_t size, struct mc_date date)
{
    assert(size >= MC_YYMMDD_SIZE);
    put(out, date.year % 100, 2);
    put(out + 2, date.month, 2);
    put(out + 4, date.day, 2);
    out[6] = '\0';
}

void mc_time_format(char *out, size_t size, int64_t epoch_ms)
{
    struct mc_local local = mc_local_from_ms(epoch_ms);

    assert(size >= MC_DATETIME_SIZE);
    mc_date_format(out, size, local.date);
    out[10] = ' ';
    put(out + 11, local.hour, 2);
    out[13] = ':';
    put(out + 14, local.minute, 2);
    out[16] = '\0';
}

/* As the payment history writes it: 11/06/2020 08:18:21 AM. */
void mc_time_format_12h(char *out, size_t size, int64_t epoch_ms)
{
    struct mc_local local = mc_local_from_ms(epoch_ms);

    assert(size >= MC_TIME12_SIZE);
    mc_time_format(out, size, epoch_ms);
    put(out + 11, (local.hour + 11) % 12 + 1, 2);
    out[16] = ':';
    put(out + 17, local.second, 2);
    memcpy(out + 19, local.hour < 12 ? " AM" : " PM", 4);
}

void mc_time_format_stamp(char *out, size_t size, int64_t epoch_ms)
{
    struct mc_local local = mc_local_from_ms(epoch_ms);

    assert(size >= MC_STAMP_SIZE);
    put(out, local.date.year, 4);
    put(out + 4, local.date.month, 2);
    put(out + 6, local.date.day, 2);
    put(out + 8, local.hour, 2); /* 24 h: a 12-hour clock put afternoon payments in the morning */
    put(out + 10, local.minute, 2);
    put(out + 12, local.second, 2);
    out[14] = '\0';
}

void mc_time_format_rfc3339(char *out, size_t size, int64_t epoch_ms)
{
    struct mc_local utc = split(epoch_ms, 0);

    assert(size >= MC_RFC3339_SIZE);
    memcpy(out, "0000-00-00T00:00:00.000Z", MC_RFC3339_SIZE);
    put(out, utc.date.year, 4);
    put(out + 5, utc.date.month, 2);
    put(out + 8, utc.date.day, 2);
    put(out + 11, utc.hour, 2);
    put(out + 14, utc.minute, 2);
    put(out + 17, utc.second, 2);
    put(out + 20, utc.ms, 3);
}
