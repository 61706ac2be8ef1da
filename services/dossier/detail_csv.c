/*
 * Procedures from a CSV. Only `code` is needed; a column that is left out leaves what holds now.
 *
 *     code, old_code, name, sector, level, service_level, old_level, presence, valid_from,
 *     valid_until, legal_basis, decision
 *     topics, subjects, agencies   items between "|"
 *     limit, limit_online, limit_desk   "3 working_day"
 *     fees        kind;sub_item;name;amount;when;way;unit;note    between "|"
 *     components  name;originals;copies;optional;form             between "|"
 *     forms       code;name;url                                   between "|"
 *     results     code;name                                       between "|"
 *     user_guide, process_guide    a paragraph a line
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/csv.h"
#include "common/text.h"

#include "upkeep.h"

enum { PARTS_MAX = 8, ITEMS_MAX = 200, FIELD_NAME_SIZE = 64, DIGITS_MAX = 15 };

struct dossier_csv {
    struct mc_txn *txn;
    struct mc_csv reader;
    char *names[MC_CSV_FIELDS_MAX];
    size_t names_len;
    size_t row;
};

static void refuse(const struct dossier_csv *csv, const char *column, const char *code)
{
    const char *field = mc_sprintf(csv->txn->arena, "rows[%zu].%s", csv->row, column);

    (void)mc_refuse(csv->txn, MC_INVALID, field != NULL ? field : column, code, "field", column,
                    "max", "4096", NULL);
}

/* A text cleaned, lines kept; "" with the call refused when it cannot be taken. */
static char *clean(const struct dossier_csv *csv, const char *column, struct mc_bytes text)
{
    char *raw = dossier_alloc(csv->txn, text.len + 1);
    size_t size = MC_TEXT_SIZE(text.len);
    char *out = dossier_alloc(csv->txn, size);

    if (raw == NULL || out == NULL)
        return mc_unconst("");
    if (text.len > 0)
        memcpy(raw, text.data, text.len);
    if (mc_text_clean_lines(out, size, raw) != MC_OK) {
        refuse(csv, column, "FIELD_INVALID");
        return mc_unconst("");
    }
    return out;
}

static char *one_line(const struct dossier_csv *csv, const char *column, struct mc_bytes text)
{
    char *out = clean(csv, column, text);

    if (strlen(out) > MC_STRING_MAX)
        refuse(csv, column, "FIELD_TOO_LONG");
    else if (strchr(out, '\n') != NULL)
        refuse(csv, column, "FIELD_INVALID");
    return out;
}

/* Cuts a text in place; at most `max` pieces. */
static size_t cut(char *text, char at, char **pieces, size_t max)
{
    size_t len = 0;

    while (text != NULL && len < max) {
        char *end = strchr(text, at);

        if (end != NULL)
            *end++ = '\0';
        while (*text == ' ')
            text++;
        for (size_t n = strlen(text); n > 0 && text[n - 1] == ' '; n--)
            text[n - 1] = '\0';
        pieces[len++] = text;
        text = end;
    }
    return text == NULL ? len : max + 1;
}

/* The items of a cell; none for an empty one. */
static size_t items_of(const struct dossier_csv *csv, const char *column, char at, char *text,
                       char **ret_items)
{
    size_t len = text[0] != '\0' ? cut(text, at, ret_items, ITEMS_MAX) : 0;

    if (len > ITEMS_MAX) {
        refuse(csv, column, "LIST_TOO_LONG");
        return 0;
    }
    for (size_t i = 0; i < len; i++)
        if (strlen(ret_items[i]) > MC_STRING_MAX)
            refuse(csv, column, "FIELD_TOO_LONG");
    return len;
}

static void take_list(const struct dossier_csv *csv, const char *column, char at, char *text,
                      char ***list, size_t *n)
{
    char *items[ITEMS_MAX];
    size_t len = items_of(csv, column, at, text, items);

    *n = 0;
    *list = dossier_list(csv->txn, len);
    for (size_t i = 0; *list != NULL && i < len; i++)
        if (items[i][0] != '\0')
            (*list)[(*n)++] = items[i];
}

static bool number_of(const char *text, int64_t *ret_number)
{
    size_t len = strlen(text);

    *ret_number = 0;
    if (len > DIGITS_MAX || strspn(text, "0123456789") != len)
        return false;
    for (; *text != '\0'; text++)
        *ret_number = *ret_number * 10 + (*text - '0');
    return true;
}

static bool choice_of(const ProtobufCEnumDescriptor *type, const char *prefix, const char *text,
                      int *ret_choice)
{
    char name[FIELD_NAME_SIZE];

    (void)snprintf(name, sizeof name, "%s%s", prefix, text[0] != '\0' ? text : "ANY");
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value_by_name(type, name);
    *ret_choice = value != NULL ? value->value : 0;
    return value != NULL;
}

static void take_subjects(const struct dossier_csv *csv, char *text,
                          Dossier__ProcedureDetail *detail)
{
    char *items[ITEMS_MAX];
    size_t len = items_of(csv, "subjects", '|', text, items);
    int choice = 0;

    detail->n_subjects = 0;
    detail->subjects = dossier_alloc(csv->txn, (len + 1) * sizeof detail->subjects[0]);
    for (size_t i = 0; detail->subjects != NULL && i < len; i++) {
        if (!choice_of(&dossier__subject_kind__descriptor, "SUBJECT_", items[i], &choice))
            refuse(csv, "subjects", "FIELD_INVALID");
        detail->subjects[detail->n_subjects++] = (Dossier__SubjectKind)choice;
    }
}

/* "3 working_day" replaces the limit of one way in. An empty cell takes it away. */
static void take_limit(const struct dossier_csv *csv, const char *column, Dossier__WayIn way,
                       char *text, Dossier__ProcedureDetail *detail)
{
    Dossier__TimeLimit **limits = dossier_list(csv->txn, detail->n_limits + 1);
    Dossier__TimeLimit *limit = dossier_alloc(csv->txn, sizeof *limit);
    char *pieces[2];
    int64_t value = 0;
    size_t n = 0;

    if (limits == NULL || limit == NULL)
        return;
    for (size_t i = 0; i < detail->n_limits; i++)
        if (detail->limits[i]->way != way)
            limits[n++] = detail->limits[i];
    if (text[0] != '\0' && (cut(text, ' ', pieces, 2) != 2 || !number_of(pieces[0], &value)))
        refuse(csv, column, "LIMIT_INVALID");
    else if (text[0] != '\0') {
        dossier__time_limit__init(limit);
        limit->way = way;
        limit->unit = pieces[1];
        limit->value = (uint32_t)MC_MIN(value, UINT32_MAX);
        limits[n++] = limit;
    }
    detail->limits = limits;
    detail->n_limits = n;
}

/* The parts of one item, all there: what is left out at the end is empty. */
static void parts_of(char *item, char *parts[PARTS_MAX])
{
    size_t len = cut(item, ';', parts, PARTS_MAX);

    for (size_t i = MC_MIN(len, (size_t)PARTS_MAX); i < PARTS_MAX; i++)
        parts[i] = mc_unconst("");
}

static void read_fee(const struct dossier_csv *csv, char *item, Dossier__ProcedureFee *fee)
{
    char *parts[PARTS_MAX];
    int kind = 0;
    int way = 0;

    dossier__procedure_fee__init(fee);
    parts_of(item, parts);
    if (!choice_of(&dossier__fee_kind__descriptor, "KIND_", parts[0], &kind) ||
        !number_of(parts[3], &fee->amount) ||
        !choice_of(&dossier__way_in__descriptor, "WAY_", parts[5], &way))
        refuse(csv, "fees", "FEE_INVALID");
    fee->kind = (Dossier__FeeKind)kind;
    fee->sub_item = parts[1];
    fee->name = parts[2];
    fee->before = strcmp(parts[4], "before") == 0;
    fee->way = (Dossier__WayIn)way;
    fee->unit = parts[6];
    fee->note = parts[7];
}

static void read_component(const struct dossier_csv *csv, char *item, Dossier__Component *component)
{
    char *parts[PARTS_MAX];
    int64_t originals = 0;
    int64_t copies = 0;

    dossier__component__init(component);
    parts_of(item, parts);
    if (parts[0][0] == '\0' || !number_of(parts[1], &originals) || !number_of(parts[2], &copies))
        refuse(csv, "components", "FIELD_INVALID");
    component->name = parts[0];
    component->originals = (uint32_t)MC_MIN(originals, UINT32_MAX);
    component->copies = (uint32_t)MC_MIN(copies, UINT32_MAX);
    component->optional = strcmp(parts[3], "optional") == 0;
    component->form = parts[4];
}

static void read_form(const struct dossier_csv *csv, char *item, Dossier__ProcedureForm *form)
{
    char *parts[PARTS_MAX];

    (void)csv;
    dossier__procedure_form__init(form);
    parts_of(item, parts);
    form->code = parts[0];
    form->name = parts[1];
    form->url = parts[2];
}

static void read_result(const struct dossier_csv *csv, char *item, Dossier__ProcedureResult *result)
{
    char *parts[PARTS_MAX];

    (void)csv;
    dossier__procedure_result__init(result);
    parts_of(item, parts);
    result->code = parts[0];
    result->name = parts[1];
}

/* A list of messages from a cell's items, by the function that reads one. */
#define TAKE_MESSAGES(csv, column, text, list, n, read)                                            \
    do {                                                                                           \
        char *items_[ITEMS_MAX];                                                                   \
        size_t len_ = items_of((csv), (column), '|', (text), items_);                              \
        (n) = 0;                                                                                   \
        (list) = dossier_list((csv)->txn, len_);                                                   \
        for (size_t i_ = 0; (list) != NULL && i_ < len_; i_++) {                                   \
            (list)[i_] = dossier_alloc((csv)->txn, sizeof *(list)[i_]);                            \
            if ((list)[i_] == NULL)                                                                \
                break;                                                                             \
            read((csv), items_[i_], (list)[i_]);                                                   \
            (n)++;                                                                                 \
        }                                                                                          \
    } while (0)

static bool take_text(const struct dossier_csv *csv, const char *column, struct mc_bytes cell,
                      Dossier__ProcedureDetail *detail)
{
    const struct {
        const char *column;
        char **text;
    } texts[] = {
        {"old_code", &detail->old_code},       {"name", &detail->name},
        {"sector", &detail->sector},           {"level", &detail->level},
        {"presence", &detail->presence},       {"valid_from", &detail->valid_from},
        {"valid_until", &detail->valid_until}, {"legal_basis", &detail->legal_basis},
        {"decision", &detail->decision},       {"service_level", &detail->service_level},
    };

    for (size_t i = 0; i < MC_LEN(texts); i++)
        if (strcmp(texts[i].column, column) == 0) {
            *texts[i].text = one_line(csv, column, cell);
            return true;
        }
    return false;
}

static bool take_list_of(const struct dossier_csv *csv, const char *column, char *text,
                         Dossier__ProcedureDetail *detail)
{
    if (strcmp(column, "topics") == 0)
        take_list(csv, column, '|', text, &detail->topics, &detail->n_topics);
    else if (strcmp(column, "agencies") == 0)
        take_list(csv, column, '|', text, &detail->agencies, &detail->n_agencies);
    else if (strcmp(column, "user_guide") == 0)
        take_list(csv, column, '\n', text, &detail->user_guide, &detail->n_user_guide);
    else if (strcmp(column, "process_guide") == 0)
        take_list(csv, column, '\n', text, &detail->process_guide, &detail->n_process_guide);
    else if (strcmp(column, "subjects") == 0)
        take_subjects(csv, text, detail);
    else if (strcmp(column, "fees") == 0)
        TAKE_MESSAGES(csv, column, text, detail->fees, detail->n_fees, read_fee);
    else if (strcmp(column, "components") == 0)
        TAKE_MESSAGES(csv, column, text, detail->components, detail->n_components, read_component);
    else if (strcmp(column, "forms") == 0)
        TAKE_MESSAGES(csv, column, text, detail->forms, detail->n_forms, read_form);
    else if (strcmp(column, "results") == 0)
        TAKE_MESSAGES(csv, column, text, detail->results, detail->n_results, read_result);
    else
        return false;
    return true;
}

/* False: there is no such column. */
static bool take(const struct dossier_csv *csv, const char *column, struct mc_bytes cell,
                 Dossier__ProcedureDetail *detail)
{
    int64_t number = 0;

    if (strcmp(column, "code") == 0 || take_text(csv, column, cell, detail))
        return true;
    char *text = clean(csv, column, cell);
    if (take_list_of(csv, column, text, detail))
        return true;
    if (strcmp(column, "limit") == 0)
        take_limit(csv, column, DOSSIER__WAY_IN__WAY_ANY, text, detail);
    else if (strcmp(column, "limit_online") == 0)
        take_limit(csv, column, DOSSIER__WAY_IN__WAY_ONLINE, text, detail);
    else if (strcmp(column, "limit_desk") == 0)
        take_limit(csv, column, DOSSIER__WAY_IN__WAY_DESK, text, detail);
    else if (strcmp(column, "old_level") == 0 && number_of(text, &number))
        detail->old_level = (uint32_t)MC_MIN(number, 9);
    else
        return false;
    return true;
}

bool dossier_csv_begin(struct mc_txn *txn, struct mc_bytes text, struct dossier_csv **ret_csv)
{
    struct dossier_csv *csv = dossier_alloc(txn, sizeof *csv);
    Dossier__ProcedureDetail scratch = DOSSIER__PROCEDURE_DETAIL__INIT;
    bool has_code = false;

    if (csv == NULL)
        return false;
    csv->txn = txn;
    mc_csv_open(&csv->reader, text.data, text.len);
    bool head = mc_csv_next(&csv->reader);
    for (size_t i = 0; head && i < csv->reader.fields_len; i++) {
        char *name = one_line(csv, "head", mc_csv_field(&csv->reader, i));

        if (!take(csv, name, (struct mc_bytes){"", 0}, &scratch))
            mc_refuse(txn, MC_INVALID, "csv", "IMPORT_COLUMN", "column", name, NULL);
        has_code = has_code || strcmp(name, "code") == 0;
        csv->names[csv->names_len++] = name;
    }
    if (!has_code)
        mc_refuse(txn, MC_INVALID, "csv", "IMPORT_COLUMN", "column", "code", NULL);
    *ret_csv = csv;
    return txn->status == MC_OK;
}

static char *read_code(const struct dossier_csv *csv)
{
    char code[MC_PROCEDURE_CODE_SIZE];
    char text[FIELD_NAME_SIZE];

    for (size_t i = 0; i < csv->names_len; i++)
        if (strcmp(csv->names[i], "code") == 0 &&
            (!mc_csv_copy(&csv->reader, i, text, sizeof text) ||
             mc_procedure_parse(text, code, sizeof code) != MC_WHY_OK)) {
            refuse(csv, "code", "PROCEDURE_CODE_FORMAT");
            return NULL;
        }
    return dossier_text(csv->txn, code);
}

Dossier__ProcedureDetail *dossier_csv_next(struct dossier_csv *csv)
{
    struct mc_txn *txn = csv->txn;
    const char *code = NULL;

    if (!mc_csv_next(&csv->reader)) {
        if (csv->reader.status != MC_OK)
            mc_refuse(txn, MC_INVALID, "csv", "FIELD_INVALID", "field", "CSV", NULL);
        return NULL;
    }
    csv->row++;
    char *national = read_code(csv);
    if (national == NULL)
        return NULL;
    Dossier__ProcedureDetail *detail = dossier_detail_load(txn, national, 0);
    if (detail == NULL && (detail = dossier_alloc(txn, sizeof *detail)) != NULL)
        dossier__procedure_detail__init(detail);
    if (detail == NULL)
        return NULL;
    detail->code = national;
    bool levelled = false;
    for (size_t i = 0; i < csv->names_len; i++) {
        if (!take(csv, csv->names[i], mc_csv_field(&csv->reader, i), detail))
            refuse(csv, csv->names[i], "FIELD_INVALID");
        levelled = levelled || strcmp(csv->names[i], "service_level") == 0;
    }
    if (detail->service_level[0] == '\0' || (!levelled && detail->version == 0))
        detail->service_level = mc_unconst(dossier_level_of_old(detail->old_level));
    const char *wrong = dossier_detail_check(detail, &code);
    if (wrong != NULL && txn->status == MC_OK)
        refuse(csv, wrong, code);
    return txn->status == MC_OK ? detail : NULL;
}
