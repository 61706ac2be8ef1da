/*
 * Dates: the civil calendar of Vietnam, UTC+7 all year, without libc's time zones.
 *
 * Pure. Instants are milliseconds since 1970 UTC, as the clock gives them; they are stored so, and
 * shown as local time. Years run from 1 to 9999: instants outside are shown as the nearest end.
 * Formatters need the size named beside them.
 */
#pragma once

#include "common/base.h"
#include "common/why.h"

enum {
    MC_DATE_SIZE = 11,     /* dd/MM/yyyy, yyyy-MM-dd */
    MC_DATETIME_SIZE = 17, /* dd/MM/yyyy HH:mm */
    MC_TIME12_SIZE = 23,   /* dd/MM/yyyy hh:mm:ss AM */
    MC_STAMP_SIZE = 15,    /* yyyyMMddHHmmss */
    MC_YYMMDD_SIZE = 7,
    MC_RFC3339_SIZE = 25, /* 2026-09-07T02:33:00.000Z */
};

/* In a birth date, day or day and month may be 0: old people know no more. */
struct mc_date {
    int year;
    int month;
    int day;
};

struct mc_local {
    struct mc_date date;
    int hour;
    int minute;
    int second;
    int ms;
};

enum mc_weekday {
    MC_SUNDAY,
    MC_MONDAY,
    MC_TUESDAY,
    MC_WEDNESDAY,
    MC_THURSDAY,
    MC_FRIDAY,
    MC_SATURDAY
};

bool mc_date_valid(struct mc_date date);
int mc_month_days(int year, int month);

/* Days since 1970-01-01 in the proleptic Gregorian calendar, and back. */
int64_t mc_date_days(struct mc_date date);
struct mc_date mc_date_from_days(int64_t days);
enum mc_weekday mc_date_weekday(struct mc_date date);

/* Below, at or above 0, as a is before, at or after b. Unknown parts count as 0. */
int mc_date_compare(struct mc_date a, struct mc_date b);

struct mc_local mc_local_from_ms(int64_t epoch_ms);
int64_t mc_local_to_ms(const struct mc_local *local);
struct mc_date mc_date_from_ms(int64_t epoch_ms);

/* The first instant of the local day. */
int64_t mc_date_to_ms(struct mc_date date);

/* Reads d/m/yyyy with or without padding. DATE_FORMAT, or DATE_INVALID for 29/02/2023. */
mc_nodiscard enum mc_why mc_date_parse(const char *text, struct mc_date *ret_date);

/* Reads also m/yyyy and yyyy. */
mc_nodiscard enum mc_why mc_birth_parse(const char *text, struct mc_date *ret_date);

/* Reads yyyyMMddHHmmss, local time, 24 h. */
mc_nodiscard enum mc_why mc_stamp_parse(const char *text, int64_t *ret_epoch_ms);

/* dd/MM/yyyy, or MM/yyyy or yyyy when that is all that is known; _iso the same as yyyy-MM-dd. */
void mc_date_format(char *out, size_t size, struct mc_date date);
void mc_date_format_iso(char *out, size_t size, struct mc_date date);
void mc_date_format_yymmdd(char *out, size_t size, struct mc_date date);

void mc_time_format(char *out, size_t size, int64_t epoch_ms);         /* dd/MM/yyyy HH:mm */
void mc_time_format_12h(char *out, size_t size, int64_t epoch_ms);     /* dd/MM/yyyy hh:mm:ss AM */
void mc_time_format_stamp(char *out, size_t size, int64_t epoch_ms);   /* yyyyMMddHHmmss */
void mc_time_format_rfc3339(char *out, size_t size, int64_t epoch_ms); /* UTC, with ms */
