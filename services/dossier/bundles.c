/* data/linked_procedures.csv. */
#include "bundles.h"

#include <stdio.h>
#include <string.h>

#include "common/csv.h"

enum { AFTER_SIZE = 32 };

/* "1 2" as bits; every one of them an earlier part. */
static bool read_after(const char *text, size_t part, unsigned *ret_after)
{
    *ret_after = 0;
    for (; *text != '\0'; text++) {
        if (*text == ' ')
            continue;
        if (*text < '1' || (size_t)(*text - '0') >= part)
            return false;
        *ret_after |= 1U << (unsigned)(*text - '1');
    }
    return true;
}

static bool add_part(const struct mc_csv *csv, struct dossier_bundle *bundle)
{
    char number[8];
    char want[8];
    char after[AFTER_SIZE];
    size_t part = bundle->parts_len + 1;

    (void)snprintf(want, sizeof want, "%zu", part);
    if (part > DOSSIER_BUNDLE_PARTS_MAX || !mc_csv_copy(csv, 2, number, sizeof number) ||
        strcmp(number, want) != 0 ||
        !mc_csv_copy(csv, 3, bundle->parts[part - 1].procedure,
                     sizeof bundle->parts[part - 1].procedure) ||
        bundle->parts[part - 1].procedure[0] == '\0' || !mc_csv_copy(csv, 4, after, sizeof after))
        return false;
    bundle->parts_len = part;
    return read_after(after, part, &bundle->parts[part - 1].after);
}

static bool read_row(const struct mc_csv *csv, struct dossier_bundles *table)
{
    char code[sizeof table->rows[0].code];

    if (!mc_csv_copy(csv, 0, code, sizeof code) || code[0] == '\0')
        return false;
    struct dossier_bundle *last = table->len > 0 ? &table->rows[table->len - 1] : NULL;
    if (last != NULL && strcmp(last->code, code) == 0)
        return add_part(csv, last);
    if (table->len == DOSSIER_BUNDLES_MAX || dossier_bundle_find(table, code) != NULL)
        return false;
    last = &table->rows[table->len++];
    last->parts_len = 0;
    memcpy(last->code, code, sizeof code);
    return mc_csv_copy(csv, 1, last->name, sizeof last->name) && last->name[0] != '\0' &&
           add_part(csv, last);
}

enum mc_status dossier_bundles_load(struct dossier_bundles *ret_table, struct mc_bytes csv)
{
    struct mc_csv rows;

    ret_table->len = 0;
    mc_csv_open(&rows, csv.data, csv.len);
    if (!mc_csv_next(&rows))
        return MC_INVALID;
    while (mc_csv_next(&rows))
        if (!read_row(&rows, ret_table))
            return MC_INVALID;
    return rows.status;
}

const struct dossier_bundle *dossier_bundle_find(const struct dossier_bundles *table,
                                                 const char *code)
{
    for (size_t i = 0; i < table->len; i++)
        if (strcmp(table->rows[i].code, code) == 0)
            return &table->rows[i];
    return NULL;
}
