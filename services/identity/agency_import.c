/*
 * Agencies from a CSV: code, name, parent, level1, one_stop, valid_from, valid_until. Only code
 * and name are needed; the parent then follows from the code (domain rules of both styles). A code
 * that is known is changed, one that is left out stays: the import has no way to lose history.
 */
#include <string.h>

#include "common/csv.h"
#include "common/date.h"
#include "common/text.h"

#include "officer.h"

extern const char mc_data_agencies[];
extern const size_t mc_data_agencies_len;

enum { DAY_SIZE = 16, FIELD_SIZE = 64, SEED_ROWS_MAX = 1000 };

/* Where the hash of the embedded table lies: no code begins with a full stop. */
static const char seed_key[] = ".seed";

struct columns {
    size_t code, name, parent, level1, one_stop, valid_from, valid_until;
};

struct row {
    struct mc_txn *txn;
    const struct mc_csv *csv;
    size_t number; /* 1 is the first after the head */
};

static void refuse(const struct row *row, const char *column, const char *code)
{
    char field[FIELD_SIZE];

    (void)snprintf(field, sizeof field, "rows[%zu].%s", row->number, column);
    (void)mc_refuse(row->txn, MC_INVALID, mc_strdup(row->txn->arena, field), code, "field", column,
                    "max", "200 ký tự", NULL);
}

static char *read_code(const struct row *row, size_t column, const char *name, bool required)
{
    char text[FIELD_SIZE];
    char code[MC_AGENCY_CODE_SIZE];

    if (!mc_csv_copy(row->csv, column, text, sizeof text)) {
        refuse(row, name, "AGENCY_CODE_FORMAT");
        return NULL;
    }
    if (text[0] == '\0' && !required)
        return mc_unconst("");
    enum mc_why why = mc_agency_parse(text, code, sizeof code);
    if (why != MC_WHY_OK) {
        refuse(row, name, mc_why_code(why));
        return NULL;
    }
    return mc_strdup(row->txn->arena, code);
}

static int64_t read_day(const struct row *row, size_t column, const char *name)
{
    char text[DAY_SIZE];
    struct mc_date date;

    if (mc_csv_field(row->csv, column).len == 0)
        return 0;
    if (!mc_csv_copy(row->csv, column, text, sizeof text) ||
        mc_date_parse(text, &date) != MC_WHY_OK) {
        refuse(row, name, "DATE_FORMAT");
        return 0;
    }
    return mc_date_to_ms(date);
}

static char *read_name(const struct row *row, size_t column)
{
    char raw[4 * IDENTITY_AGENCY_NAME_MAX + 1];
    char name[MC_TEXT_SIZE(sizeof raw)];

    if (!mc_csv_copy(row->csv, column, raw, sizeof raw)) {
        refuse(row, "name", "FIELD_TOO_LONG");
        return NULL;
    }
    if (mc_text_clean(name, sizeof name, raw) != MC_OK) {
        refuse(row, "name", "FIELD_INVALID");
        return NULL;
    }
    if (name[0] == '\0') {
        refuse(row, "name", "FIELD_REQUIRED");
        return NULL;
    }
    if (mc_text_chars(name) > IDENTITY_AGENCY_NAME_MAX) {
        refuse(row, "name", "FIELD_TOO_LONG");
        return NULL;
    }
    return mc_strdup(row->txn->arena, name);
}

static char *parent_by_code(struct mc_txn *txn, const char *code)
{
    char parent[MC_AGENCY_CODE_SIZE];

    if (!mc_agency_parent(code, parent, sizeof parent))
        return mc_unconst("");
    return mc_strdup(txn->arena, parent);
}

static bool is_same(const IdentityState__Agency *a, const IdentityState__Agency *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->parent, b->parent) == 0 &&
           strcmp(a->level1, b->level1) == 0 && a->one_stop == b->one_stop &&
           a->valid_from_ms == b->valid_from_ms && a->valid_until_ms == b->valid_until_ms;
}

static void take(struct mc_txn *txn, const char *code, const IdentityState__Agency *agency,
                 struct identity_import *import)
{
    const IdentityState__Agency *old = identity_agency_load(txn, code);

    if (old != NULL && is_same(old, agency)) {
        import->same += 1;
        return;
    }
    identity_agency_save(txn, code, agency);
    if (old != NULL)
        import->changed += 1;
    else
        import->added += 1;
}

static void read_row(const struct row *row, const struct columns *at,
                     struct identity_import *import)
{
    IdentityState__Agency agency = IDENTITY_STATE__AGENCY__INIT;
    struct mc_txn *txn = row->txn;
    char *code = read_code(row, at->code, "code", true);
    char *parent = read_code(row, at->parent, "parent", false);
    char *name = read_name(row, at->name);
    char level1[MC_AGENCY_CODE_SIZE];

    agency.valid_from_ms = read_day(row, at->valid_from, "valid_from");
    agency.valid_until_ms = read_day(row, at->valid_until, "valid_until");
    if (!mc_csv_copy(row->csv, at->level1, level1, sizeof level1))
        refuse(row, "level1", "AGENCY_CODE_FORMAT");
    if (agency.valid_until_ms != 0 && agency.valid_until_ms < agency.valid_from_ms)
        refuse(row, "valid_until", "DATE_INVALID");
    if (txn->status != MC_OK || code == NULL || name == NULL || parent == NULL)
        return;
    agency.name = name;
    agency.parent = parent[0] != '\0' ? parent : parent_by_code(txn, code);
    agency.level1 = mc_strdup(txn->arena, level1);
    agency.one_stop = mc_csv_is(row->csv, at->one_stop, "yes");
    if (agency.parent == NULL || agency.level1 == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    else
        take(txn, code, &agency, import);
}

void identity_agencies_import(struct mc_txn *txn, struct mc_bytes csv, size_t rows_max,
                              struct identity_import *ret_import)
{
    struct mc_csv reader;
    struct row row = {.txn = txn, .csv = &reader};

    *ret_import = (struct identity_import){0};
    mc_csv_open(&reader, csv.data, csv.len);
    bool head = mc_csv_next(&reader);
    const struct columns at = {
        .code = mc_csv_column(&reader, "code"),
        .name = mc_csv_column(&reader, "name"),
        .parent = mc_csv_column(&reader, "parent"),
        .level1 = mc_csv_column(&reader, "level1"),
        .one_stop = mc_csv_column(&reader, "one_stop"),
        .valid_from = mc_csv_column(&reader, "valid_from"),
        .valid_until = mc_csv_column(&reader, "valid_until"),
    };
    if (!head || at.code == reader.fields_len || at.name == reader.fields_len) {
        (void)mc_refuse(txn, MC_INVALID, "csv", "AGENCY_CSV_HEAD", NULL);
        return;
    }
    while (mc_csv_next(&reader)) {
        row.number += 1;
        if (row.number > rows_max) {
            (void)mc_refuse(txn, MC_INVALID, "csv", "LIST_TOO_LONG", NULL);
            return;
        }
        read_row(&row, &at, ret_import);
    }
    if (reader.status != MC_OK)
        (void)mc_refuse(txn, MC_INVALID, "csv", "FIELD_INVALID", "field", "CSV", NULL);
}

void identity_agencies_seed(struct mc_txn *txn)
{
    struct mc_bytes csv = {mc_data_agencies, mc_data_agencies_len};
    struct identity_import import;
    struct mc_bytes kept;
    uint8_t hash[MC_HASH_LEN];

    mc_hash(hash, csv);
    if (mc_get(txn, IDENTITY_AGENCY_WORDS, mc_key_text(seed_key), &kept) &&
        kept.len == sizeof hash && memcmp(kept.data, hash, sizeof hash) == 0)
        return;
    identity_agencies_import(txn, csv, SEED_ROWS_MAX, &import);
    mc_put(txn, IDENTITY_AGENCY_WORDS, mc_key_text(seed_key), (struct mc_bytes){hash, sizeof hash});
}
