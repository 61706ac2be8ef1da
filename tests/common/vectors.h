/* Rows of tests/vectors/NAME.csv, for tests that run over all of them. */
#pragma once

/* cmocka.h wants these before it */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
/* clang-format on */

#include "common/csv.h"

enum { VECTORS_COLUMNS = 12, VECTORS_FIELD = 512 };

struct vectors {
    char data[64 * 1024];
    struct mc_csv csv;
    char header[VECTORS_COLUMNS][64];
    char field[VECTORS_COLUMNS][VECTORS_FIELD];
    size_t rows;
};

static inline struct vectors *vectors_open(const char *name)
{
    static struct vectors vectors;
    char path[512];

    memset(&vectors, 0, sizeof vectors);
    (void)snprintf(path, sizeof path, "%s/tests/vectors/%s.csv", MC_SOURCE_DIR, name);
    FILE *file = fopen(path, "rbe");
    assert_non_null(file);
    size_t len = fread(vectors.data, 1, sizeof vectors.data, file);
    (void)fclose(file);
    assert_true(len > 0 && len < sizeof vectors.data);
    mc_csv_open(&vectors.csv, vectors.data, len);
    assert_true(mc_csv_next(&vectors.csv));
    for (size_t i = 0; i < vectors.csv.fields_len; i++)
        assert_true(mc_csv_copy(&vectors.csv, i, vectors.header[i], sizeof vectors.header[i]));
    return &vectors;
}

static inline bool vectors_next(struct vectors *vectors)
{
    if (!mc_csv_next(&vectors->csv)) {
        assert_int_equal(vectors->csv.status, MC_OK);
        assert_true(vectors->rows > 0);
        return false;
    }
    for (size_t i = 0; i < VECTORS_COLUMNS; i++)
        assert_true(mc_csv_copy(&vectors->csv, i, vectors->field[i], VECTORS_FIELD));
    vectors->rows++;
    return true;
}

static inline const char *vectors_get(const struct vectors *vectors, const char *column)
{
    for (size_t i = 0; i < VECTORS_COLUMNS; i++) {
        if (strcmp(vectors->header[i], column) == 0)
            return vectors->field[i];
    }
    fail_msg("no column %s", column);
    return "";
}
