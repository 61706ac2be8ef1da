/*
 * PreviewCodes, ImportCodes: rows of a code list by CSV. What is applied is what was previewed: the
 * hash is over every difference, so that it changes with the list as well as with the rows.
 */
#include <stdio.h>
#include <string.h>

#include "common/csv.h"
#include "common/text.h"

#include "codelist.h"

enum { SHOWN_MAX = 100, TEXT_SIZE = 4 * DOSSIER_CODE_NAME_CHARS_MAX + 1, SUCCESSORS_MAX = 50 };

struct row {
    char *code;
    DossierState__ListCode record;
};

struct import {
    struct mc_txn *txn;
    const char *list;
    struct row *rows;
    size_t len;
    struct mc_hasher hasher;
    Dossier__ImportCodesReply *rep;
};

struct columns {
    size_t code, name, parent, valid_from, valid_until, successors, levels;
};

static void refuse(const struct import *import, const char *column, const char *code)
{
    const char *field = mc_sprintf(import->txn->arena, "rows[%zu].%s", import->len + 1, column);

    (void)mc_refuse(import->txn, MC_INVALID, field != NULL ? field : column, code, "field", column,
                    "max", "200", NULL);
}

static char *text_of(const struct import *import, const struct mc_csv *csv, size_t column,
                     const char *name)
{
    char raw[TEXT_SIZE];
    char text[MC_TEXT_SIZE(sizeof raw)] = "";

    bool whole = mc_csv_copy(csv, column, raw, sizeof raw);
    if (whole && mc_text_clean(text, sizeof text, raw) != MC_OK)
        refuse(import, name, "FIELD_INVALID");
    else if (!whole || mc_text_chars(text) > DOSSIER_CODE_NAME_CHARS_MAX)
        refuse(import, name, "FIELD_TOO_LONG");
    return dossier_text(import->txn, text);
}

static bool code_is_good(const struct import *import, const char *code)
{
    char agency[MC_AGENCY_CODE_SIZE];

    if (dossier_list_is_agency(import->list))
        return mc_agency_parse(code, agency, sizeof agency) == MC_WHY_OK &&
               strcmp(agency, code) == 0;
    size_t len = strlen(code);
    return len > 0 && len <= DOSSIER_CODE_MAX &&
           strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ.-_") == len;
}

static void read_successors(const struct import *import, char *text, DossierState__ListCode *record)
{
    char *rest = NULL;

    record->successors = dossier_list(import->txn, SUCCESSORS_MAX);
    if (record->successors == NULL)
        return;
    for (char *one = strtok_r(text, "| ", &rest); one != NULL; one = strtok_r(NULL, "| ", &rest)) {
        if (record->n_successors == SUCCESSORS_MAX || !code_is_good(import, one)) {
            refuse(import, "successors", "CODE_FORMAT");
            return;
        }
        record->successors[record->n_successors++] = one;
    }
}

/* The uppermost parent: of a row before this one, or of the list. NULL: there is no such parent. */
static const char *province_of(const struct import *import, const char *parent)
{
    for (size_t i = import->len; i > 0; i--)
        if (strcmp(import->rows[i - 1].code, parent) == 0)
            return import->rows[i - 1].record.province;
    const DossierState__ListCode *record = dossier_code_last(import->txn, import->list, parent);
    return record != NULL ? record->province : NULL;
}

static void check_days(const struct import *import, const DossierState__ListCode *record)
{
    int64_t from = 0;
    int64_t until = 0;

    if (!dossier_day_parse(record->valid_from, DOSSIER_DAY_MIN, &from))
        refuse(import, "valid_from", "DATE_INVALID");
    else if (!dossier_day_parse(record->valid_until, DOSSIER_DAY_MAX, &until) || until < from)
        refuse(import, "valid_until", "DATE_INVALID");
}

/* An agency's parent follows from its code, where the row does not say. */
static char *parent_of(const struct import *import, const char *code, char *told)
{
    char parent[MC_AGENCY_CODE_SIZE];

    if (told[0] != '\0' || !dossier_list_is_agency(import->list) ||
        !mc_agency_parent(code, parent, sizeof parent) || province_of(import, parent) == NULL)
        return told;
    return dossier_text(import->txn, parent);
}

static void read_row(struct import *import, const struct mc_csv *csv, const struct columns *at)
{
    struct row *row = &import->rows[import->len];
    DossierState__ListCode *record = &row->record;

    dossier_state__list_code__init(record);
    row->code = text_of(import, csv, at->code, "code");
    record->name = text_of(import, csv, at->name, "name");
    record->parent = parent_of(import, row->code, text_of(import, csv, at->parent, "parent"));
    record->valid_from = text_of(import, csv, at->valid_from, "valid_from");
    record->valid_until = text_of(import, csv, at->valid_until, "valid_until");
    read_successors(import, text_of(import, csv, at->successors, "successors"), record);
    record->levels = text_of(import, csv, at->levels, "levels");
    if (!code_is_good(import, row->code))
        refuse(import, "code", "CODE_FORMAT");
    if (record->name[0] == '\0')
        refuse(import, "name", "FIELD_REQUIRED");
    check_days(import, record);
    record->province =
        record->parent[0] != '\0' ? mc_unconst(province_of(import, record->parent)) : row->code;
    if (record->province == NULL) {
        refuse(import, "parent", "CODE_PARENT_UNKNOWN");
        record->province = mc_unconst("");
    }
    import->len++;
}

static bool read_rows(struct import *import, struct mc_bytes text)
{
    struct mc_txn *txn = import->txn;
    struct mc_csv csv;

    import->rows = dossier_alloc(txn, (DOSSIER_CODES_ROWS_MAX + 1) * sizeof import->rows[0]);
    mc_csv_open(&csv, text.data, text.len);
    bool head = mc_csv_next(&csv);
    const struct columns at = {
        mc_csv_column(&csv, "code"),        mc_csv_column(&csv, "name"),
        mc_csv_column(&csv, "parent"),      mc_csv_column(&csv, "valid_from"),
        mc_csv_column(&csv, "valid_until"), mc_csv_column(&csv, "successors"),
        mc_csv_column(&csv, "levels"),
    };
    if (!head || at.code == csv.fields_len || at.name == csv.fields_len) {
        mc_refuse(txn, MC_INVALID, "csv", "IMPORT_COLUMN", "column", "code, name", NULL);
        return false;
    }
    while (import->rows != NULL && mc_csv_next(&csv)) {
        if (import->len == DOSSIER_CODES_ROWS_MAX) {
            mc_refuse(txn, MC_INVALID, "csv", "LIST_TOO_LONG", NULL);
            return false;
        }
        read_row(import, &csv, &at);
    }
    if (csv.status != MC_OK)
        mc_refuse(txn, MC_INVALID, "csv", "FIELD_INVALID", "field", "CSV", NULL);
    return txn->status == MC_OK;
}

/* A code as a line that people can compare. */
static char *line_of(struct mc_txn *txn, const DossierState__ListCode *record)
{
    char *line = mc_sprintf(txn->arena, "%s; %s; %s – %s; %s", record->name, record->parent,
                            record->valid_from, record->valid_until, record->levels);

    for (size_t i = 0; line != NULL && i < record->n_successors; i++)
        line = mc_sprintf(txn->arena, "%s%s%s", line, i == 0 ? " → " : " ", record->successors[i]);
    if (line == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return line != NULL ? line : mc_unconst("");
}

/* The row that begins on the same day; a row of another day is another row. */
static const DossierState__ListCode *now_of(const struct import *import, const struct row *row)
{
    const char *parts[] = {import->list, row->code,
                           row->record.valid_from[0] != '\0' ? row->record.valid_from : "0"};

    return mc_load(import->txn, DOSSIER_LIST_CODES,
                   dossier_list_key(import->txn, parts, MC_LEN(parts)),
                   &dossier_state__list_code__descriptor);
}

static void show(struct import *import, const struct row *row, const char *old, char *new)
{
    Dossier__ImportCodesReply *rep = import->rep;
    Dossier__Difference *one = dossier_alloc(import->txn, sizeof *one);
    Dossier__FieldDifference *field = dossier_alloc(import->txn, sizeof *field);
    Dossier__FieldDifference **fields = dossier_list(import->txn, 1);

    if (one == NULL || field == NULL || fields == NULL || rep->n_differences == SHOWN_MAX)
        return;
    dossier__difference__init(one);
    dossier__field_difference__init(field);
    field->field = mc_unconst("row");
    field->old = mc_unconst(old);
    field->new_ = new;
    fields[0] = field;
    one->code = row->code;
    one->name = row->record.name;
    one->kind = mc_unconst(old[0] == '\0' ? "ADDED" : "CHANGED");
    one->fields = fields;
    one->n_fields = 1;
    rep->differences[rep->n_differences++] = one;
}

/* True: the row changes something. */
static bool compare(struct import *import, const struct row *row)
{
    const DossierState__ListCode *now = now_of(import, row);
    const char *old = now != NULL ? line_of(import->txn, now) : "";
    char *new = line_of(import->txn, &row->record);
    const struct mc_bytes parts[] = {mc_key_text(row->code), {"", 1}, mc_key_text(old), {"", 1},
                                     mc_key_text(new),       {"", 1}};

    if (strcmp(old, new) == 0) {
        import->rep->same++;
        return false;
    }
    for (size_t i = 0; i < MC_LEN(parts); i++)
        mc_hasher_add(&import->hasher, parts[i]);
    import->rep->added += now == NULL;
    import->rep->changed += now != NULL;
    show(import, row, old, new);
    return true;
}

static bool look(struct import *import, const Dossier__ImportCodesRequest *req)
{
    uint8_t hash[MC_HASH_LEN];
    char text[2 * MC_HASH_LEN + 1];

    mc_hasher_begin(&import->hasher);
    mc_hasher_add(&import->hasher, mc_key_text(req->list));
    import->rep->differences = dossier_list(import->txn, SHOWN_MAX);
    if (!dossier_list_check(import->txn, "list", req->list) ||
        !read_rows(import, mc_key_bytes(req->csv)))
        return false;
    size_t changes = 0;
    for (size_t i = 0; i < import->len && import->txn->status == MC_OK; i++)
        if (compare(import, &import->rows[i]))
            import->rows[changes++] = import->rows[i];
    import->len = changes;
    mc_hasher_end(&import->hasher, hash);
    (void)mc_hex(text, (struct mc_bytes){hash, sizeof hash});
    import->rep->hash = dossier_text(import->txn, text);
    return import->txn->status == MC_OK;
}

enum mc_status dossier_preview_codes(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__ImportCodesRequest *req,
                                     Dossier__ImportCodesReply *rep)
{
    (void)dossier;
    struct import import = {.txn = txn, .list = req->list, .rep = rep};

    (void)look(&import, req);
    return txn->status;
}

enum mc_status dossier_import_codes(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__ImportCodesRequest *req,
                                    Dossier__ImportCodesReply *rep)
{
    (void)dossier;
    struct import import = {.txn = txn, .list = req->list, .rep = rep};
    Dossier__CodesImported imported = DOSSIER__CODES_IMPORTED__INIT;
    const char *keys[] = {NULL};
    char *reason = dossier_line(txn, "reason", req->reason, DOSSIER_REASON_CHARS_MAX);

    if (reason != NULL && reason[0] == '\0')
        mc_refuse(txn, MC_INVALID, "reason", "REASON_REQUIRED", NULL);
    if (txn->status != MC_OK || !look(&import, req))
        return txn->status;
    if (strcmp(rep->hash, req->hash) != 0)
        return mc_refuse(txn, MC_CONFLICT, "hash", "IMPORT_HASH", NULL);
    for (size_t i = 0; i < import.len; i++) {
        DossierState__ListCode *record = &import.rows[i].record;

        record->changed_at_ms = txn->now_ms;
        record->changed_by = mc_unconst(txn->actor);
        record->reason = reason;
        dossier_code_save(txn, req->list, import.rows[i].code, record);
    }
    if (dossier_list_is_agency(req->list))
        dossier_revision_next(txn); /* where procedures are filed may have changed */
    imported.list = req->list;
    imported.added = rep->added;
    imported.changed = rep->changed;
    imported.reason = reason;
    mc_emit(txn, "dossier.codes_imported", &imported.base, MC_PLAIN, keys);
    return txn->status;
}
