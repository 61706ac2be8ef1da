/*
 * CSV: a reader of RFC 4180 text in memory, one row at a time.
 *
 * Fields are borrowed: from the text, or from the reader when a doubled quote had to be undone;
 * they die at the next mc_csv_next(). Rows may end in LF or CRLF, empty lines are passed over, and
 * so is a leading BOM. After the last row `status` is MC_OK; MC_INVALID: a stray or unclosed
 * quote; MC_FULL: a row past the limits.
 */
#pragma once

#include "common/base.h"

enum {
    MC_CSV_FIELDS_MAX = 32,
    MC_CSV_QUOTED_MAX = 2048, /* bytes of one row's fields that have a doubled quote */
};

struct mc_csv {
    const char *data;
    size_t len;
    size_t at;
    size_t line;    /* where the present row begins, from 1 */
    size_t counted; /* the bytes whose line ends are in it */
    struct mc_bytes fields[MC_CSV_FIELDS_MAX];
    size_t fields_len;
    char undone[MC_CSV_QUOTED_MAX];
    size_t undone_len;
    enum mc_status status;
};

void mc_csv_open(struct mc_csv *csv, const void *data, size_t len);
bool mc_csv_next(struct mc_csv *csv);

/* The column with this name, taken from the present row (the header); fields_len when none. */
size_t mc_csv_column(const struct mc_csv *csv, const char *name);

/* A column past the row's end is an empty field. */
struct mc_bytes mc_csv_field(const struct mc_csv *csv, size_t column);
bool mc_csv_is(const struct mc_csv *csv, size_t column, const char *text);

/* Copies a field and ends it with NUL. False, and an empty text, when it does not fit. */
mc_nodiscard bool mc_csv_copy(const struct mc_csv *csv, size_t column, char *out, size_t size);
