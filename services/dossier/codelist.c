/* Code lists in the store. */
#include "codelist.h"

#include <stdio.h>
#include <string.h>

#include "common/csv.h"
#include "common/date.h"

static const struct {
    const char *id;
    bool agency;
} lists[] = {
    {"GSO_AREA", false},      {"TAX_AREA", false},   {"LAND_AREA", false},
    {"AGENCY_QCVN102", true}, {"AGENCY_QD20", true},
};

bool dossier_list_check(struct mc_txn *txn, const char *field, const char *list)
{
    for (size_t i = 0; i < MC_LEN(lists); i++)
        if (strcmp(lists[i].id, list) == 0)
            return true;
    mc_refuse(txn, MC_INVALID, field, "LIST_UNKNOWN", NULL);
    return false;
}

bool dossier_list_is_agency(const char *list)
{
    for (size_t i = 0; i < MC_LEN(lists); i++)
        if (strcmp(lists[i].id, list) == 0)
            return lists[i].agency;
    return false;
}

bool dossier_day_of(struct mc_txn *txn, const char *field, const char *text, int64_t *ret_day)
{
    if (dossier_day_parse(text, mc_date_days(mc_date_from_ms(txn->now_ms)), ret_day))
        return true;
    mc_refuse(txn, MC_INVALID, field, "DATE_INVALID", NULL);
    return false;
}

struct mc_bytes dossier_list_key(struct mc_txn *txn, const char *const *parts, size_t len)
{
    struct mc_bytes key = {0};

    for (size_t i = 0; i < len; i++)
        key = mc_key_join(txn, key, mc_keep(txn, parts[i], strlen(parts[i]) + 1));
    return key;
}

static const char *begins(const DossierState__ListCode *record)
{
    return record->valid_from[0] != '\0' ? record->valid_from : "0";
}

static struct mc_bytes code_prefix(struct mc_txn *txn, const char *list, const char *code)
{
    const char *parts[] = {list, code};

    return dossier_list_key(txn, parts, MC_LEN(parts));
}

DossierState__ListCode *dossier_code_last(struct mc_txn *txn, const char *list, const char *code)
{
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_LIST_CODES, code_prefix(txn, list, code),
                                      (struct mc_bytes){0}, MC_BACKWARD);

    return mc_next(&cursor) ? mc_row(&cursor, &dossier_state__list_code__descriptor) : NULL;
}

DossierState__ListCode *dossier_code_on(struct mc_txn *txn, const char *list, const char *code,
                                        int64_t day)
{
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_LIST_CODES, code_prefix(txn, list, code),
                                      (struct mc_bytes){0}, MC_BACKWARD);
    int64_t from = 0;
    int64_t until = 0;

    while (mc_next(&cursor)) {
        DossierState__ListCode *record = mc_row(&cursor, &dossier_state__list_code__descriptor);

        if (record == NULL || !dossier_day_parse(record->valid_from, DOSSIER_DAY_MIN, &from) ||
            !dossier_day_parse(record->valid_until, DOSSIER_DAY_MAX, &until))
            return NULL;
        if (from <= day)
            return day <= until ? record : NULL; /* a later row ends an earlier one */
    }
    return NULL;
}

DossierState__ListCode *dossier_code_at(struct mc_txn *txn, const char *list, struct mc_bytes key,
                                        size_t prefix_len, int64_t day, const char **ret_code)
{
    const char *name = (const char *)key.data + prefix_len; /* name ‖ 0 ‖ code ‖ 0 ‖ begins ‖ 0 */
    const char *code = name + strlen(name) + 1;
    const char *begin = code + strlen(code) + 1;

    *ret_code = dossier_text(txn, code);
    DossierState__ListCode *record = dossier_code_on(txn, list, *ret_code, day);
    return record != NULL && strcmp(begins(record), begin) == 0 ? record : NULL;
}

static struct mc_bytes name_key(struct mc_txn *txn, const char *list, const char *code,
                                const DossierState__ListCode *record)
{
    char kind[16];
    char key[DOSSIER_AREA_KEY];

    dossier_area_name(record->name, kind, key);
    const char *parts[] = {list, record->parent[0] != '\0' ? record->province : "", key, code,
                           begins(record)};
    return dossier_list_key(txn, parts, MC_LEN(parts));
}

void dossier_code_save(struct mc_txn *txn, const char *list, const char *code,
                       const DossierState__ListCode *record)
{
    const char *parts[] = {list, code, begins(record)};
    struct mc_bytes key = dossier_list_key(txn, parts, MC_LEN(parts));
    const DossierState__ListCode *old =
        mc_load(txn, DOSSIER_LIST_CODES, key, &dossier_state__list_code__descriptor);

    if (old != NULL)
        mc_drop(txn, DOSSIER_LIST_NAMES, name_key(txn, list, code, old));
    mc_save(txn, DOSSIER_LIST_CODES, key, &record->base);
    mc_put(txn, DOSSIER_LIST_NAMES, name_key(txn, list, code, record), mc_key_text(""));
}

Dossier__ListCode *dossier_code_message(struct mc_txn *txn, const char *list, const char *code,
                                        const DossierState__ListCode *record)
{
    Dossier__ListCode *out = dossier_alloc(txn, sizeof *out);

    if (out == NULL)
        return NULL;
    dossier__list_code__init(out);
    out->list = mc_unconst(list);
    out->code = dossier_text(txn, code);
    out->name = record->name;
    out->parent = record->parent;
    out->province = record->province;
    out->valid_from = record->valid_from;
    out->valid_until = record->valid_until;
    out->levels = record->levels;
    out->n_successors = record->n_successors;
    out->successors = record->successors;
    return out;
}

/* --- the list a new house begins with: areas of the statistics office --- */

extern const char mc_data_communes_2025[];
extern const size_t mc_data_communes_2025_len;
extern const char mc_data_provinces_34[];
extern const size_t mc_data_provinces_34_len;
extern const char mc_data_provinces_63_cccd[];
extern const size_t mc_data_provinces_63_cccd_len;

#define REFORM     "2025-07-01" /* the two-tier reform: 34 provinces, no districts */
#define REFORM_EVE "2025-06-30"

static bool cell(const struct mc_csv *csv, size_t column, char *out, size_t size)
{
    return mc_csv_copy(csv, column, out, size) && out[0] != '\0';
}

/* cccd_code, gso_code_old, name, ascii, full_name_old, h_code, area, new_gso_code, … */
static void seed_old_province(struct mc_txn *txn, const struct mc_csv *csv)
{
    DossierState__ListCode record = DOSSIER_STATE__LIST_CODE__INIT;
    char code[8];
    char name[128];
    char next[8];
    char *successors[] = {next};

    if (!cell(csv, 1, code, sizeof code) || !cell(csv, 4, name, sizeof name) ||
        !cell(csv, 7, next, sizeof next))
        return;
    record.name = name;
    record.province = code;
    record.valid_until = mc_unconst(REFORM_EVE);
    record.n_successors = 1;
    record.successors = successors;
    dossier_code_save(txn, "GSO_AREA", code, &record);
}

static void seed_area(struct mc_txn *txn, const struct mc_csv *csv, size_t name_column,
                      size_t parent_column)
{
    DossierState__ListCode record = DOSSIER_STATE__LIST_CODE__INIT;
    char code[8];
    char name[128];
    char parent[8] = "";

    if (!cell(csv, 0, code, sizeof code) || !cell(csv, name_column, name, sizeof name) ||
        (parent_column != 0 && !cell(csv, parent_column, parent, sizeof parent)))
        return;
    record.name = name;
    record.parent = parent;
    record.province = parent_column != 0 ? parent : code;
    record.valid_from = mc_unconst(REFORM);
    dossier_code_save(txn, "GSO_AREA", code, &record);
}

/* How many rows of all tables are in the store already; more than there are: done. */
static const char seeded_key[] = ".seeded";

struct seeding {
    struct mc_txn *txn;
    uint64_t at;   /* of all rows */
    uint64_t from; /* done before */
};

static bool seed_table(struct seeding *seeding, const char *data, size_t len, unsigned table)
{
    struct mc_csv csv;

    mc_csv_open(&csv, data, len);
    (void)mc_csv_next(&csv);
    while (mc_csv_next(&csv)) {
        if (seeding->at++ < seeding->from)
            continue;
        if (table == 0)
            seed_old_province(seeding->txn, &csv);
        else if (table == 1)
            seed_area(seeding->txn, &csv, 4, 0);
        else
            seed_area(seeding->txn, &csv, 2, 3);
        if (seeding->at >= seeding->from + DOSSIER_SEED_STEP)
            return false;
    }
    return true;
}

void dossier_codes_seed(struct mc_txn *txn)
{
    struct mc_bytes value;
    struct seeding seeding = {.txn = txn};

    if (mc_get(txn, DOSSIER_LIST_CODES, mc_key_text(seeded_key), &value) &&
        value.len == sizeof seeding.from)
        memcpy(&seeding.from, value.data, sizeof seeding.from);
    if (seeding.from == UINT64_MAX)
        return;
    bool all = seed_table(&seeding, mc_data_provinces_63_cccd, mc_data_provinces_63_cccd_len, 0) &&
               seed_table(&seeding, mc_data_provinces_34, mc_data_provinces_34_len, 1) &&
               seed_table(&seeding, mc_data_communes_2025, mc_data_communes_2025_len, 2);
    uint64_t done = all ? UINT64_MAX : seeding.at;
    mc_put(txn, DOSSIER_LIST_CODES, mc_key_text(seeded_key), mc_keep(txn, &done, sizeof done));
}
