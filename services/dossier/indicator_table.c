/* The indicators of QĐ 766 as data (data/indicators.csv), and their scores. */
#include <stdlib.h>
#include <string.h>

#include "common/csv.h"

#include "indicators.h"

static bool number_of(const struct mc_csv *csv, size_t column, uint32_t *ret_number)
{
    struct mc_bytes field = mc_csv_field(csv, column);
    uint32_t number = 0;

    for (size_t i = 0; i < field.len; i++) {
        char digit = ((const char *)field.data)[i];

        if (digit < '0' || digit > '9' || number > 100)
            return false;
        number = number * 10 + (uint32_t)(digit - '0');
    }
    *ret_number = number;
    return field.len > 0;
}

/* Empty: not summed here. */
static bool tally_of(const struct mc_csv *csv, size_t column, enum dossier_tally *ret_tally)
{
    char name[32];

    *ret_tally = DOSSIER_TALLY_NONE;
    if (!mc_csv_copy(csv, column, name, sizeof name))
        return false;
    return name[0] == '\0' || dossier_tally_parse(name, ret_tally);
}

/* group,code,max_points,name,threshold,numerator,denominator,zero,note */
static bool read_row(const struct mc_csv *csv, struct dossier_indicator *row)
{
    bool full = mc_csv_is(csv, 7, "full");

    row->zero = full ? DOSSIER_ZERO_FULL : DOSSIER_ZERO_NONE;
    bool good = mc_csv_copy(csv, 0, row->group, sizeof row->group) &&
                mc_csv_copy(csv, 1, row->code, sizeof row->code) && row->code[0] != '\0' &&
                number_of(csv, 2, &row->max_points) &&
                mc_csv_copy(csv, 3, row->name, sizeof row->name) && row->name[0] != '\0' &&
                number_of(csv, 4, &row->threshold) && row->threshold >= 1 &&
                row->threshold <= 100 && tally_of(csv, 5, &row->numerator) &&
                tally_of(csv, 6, &row->denominator) && (full || mc_csv_is(csv, 7, "none")) &&
                mc_csv_copy(csv, 8, row->note, sizeof row->note);
    row->measured = row->numerator != DOSSIER_TALLY_NONE;
    return good && row->measured == (row->denominator != DOSSIER_TALLY_NONE);
}

enum mc_status dossier_indicators_load(struct dossier_indicators *table, struct mc_bytes text)
{
    struct mc_csv csv;

    table->len = 0;
    mc_csv_open(&csv, text.data, text.len);
    if (!mc_csv_next(&csv))
        return MC_INVALID;
    while (mc_csv_next(&csv)) {
        if (table->len == DOSSIER_INDICATORS_MAX || !read_row(&csv, &table->rows[table->len]))
            return MC_INVALID;
        table->len++;
    }
    return csv.status;
}

const struct dossier_indicator *dossier_indicator_find(const struct dossier_indicators *table,
                                                       const char *code)
{
    for (size_t i = 0; i < table->len; i++)
        if (strcmp(table->rows[i].code, code) == 0)
            return &table->rows[i];
    return NULL;
}

bool dossier_indicator_points(const struct dossier_indicator *indicator, int64_t numerator,
                              int64_t denominator, int64_t *ret_points)
{
    int64_t all = (int64_t)indicator->max_points * 100;

    if (denominator <= 0) {
        *ret_points = indicator->zero == DOSSIER_ZERO_FULL ? all : 0;
        return indicator->zero == DOSSIER_ZERO_FULL;
    }
    /* ratio * max / threshold, at most max */
    int64_t part = denominator * indicator->threshold;
    int64_t points = (2 * numerator * 100 * all + part) / (2 * part);
    *ret_points = MC_MIN(MC_MAX(points, 0), all);
    return true;
}
