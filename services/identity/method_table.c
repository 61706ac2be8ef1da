/*
 * Registration methods as dated data (REG-04 to REG-10, DEC-01): the guides of 2020, 2022 and 2024
 * list different ones, and law opens and closes them for each kind of subject on a day. The tables
 * in data/ are from the national portal's guides; an operator's own replaces the first of them.
 *
 * Per kind of subject a window: empty (not for them), ".." (always), "01/07/2024..",
 * "..30/06/2024", or both days. The first and the last day are open days, by Vietnam's clock.
 */
#include <string.h>

#include "common/csv.h"
#include "common/date.h"

#include "identity.h"

extern const char mc_data_registration_fields[];
extern const size_t mc_data_registration_fields_len;

enum { WINDOW_TEXT_SIZE = 32, FIELDS_TEXT_SIZE = 256, DAY_MS = 24 * 60 * 60 * 1000 };

static const char *const kind_columns[IDENTITY_SUBJECTS] = {
    [IDENTITY__SUBJECT_KIND__CITIZEN] = "citizen",
    [IDENTITY__SUBJECT_KIND__ENTERPRISE] = "enterprise",
    [IDENTITY__SUBJECT_KIND__STATE_AGENCY] = "state_agency",
};

/* What is being read, and where a complaint about it goes. */
struct table {
    struct identity *identity;
    struct mc_csv csv;
    char *why;
    size_t why_size;
};

static bool wrong(struct table *table, const char *column, const char *what)
{
    (void)snprintf(table->why, table->why_size, "line %zu: %s: %s", table->csv.line, column, what);
    return false;
}

/* A text that lives as long as the room. NULL: no memory. */
static const char *keep(struct table *table, size_t column)
{
    struct mc_bytes field = mc_csv_field(&table->csv, column);
    char *text = mc_alloc(&table->identity->tables, field.len + 1);

    if (text != NULL)
        memcpy(text, field.data, field.len);
    return text;
}

static bool read_day(const char *text, int64_t otherwise, int64_t *ret_ms)
{
    struct mc_date date;

    *ret_ms = otherwise;
    if (text[0] == '\0')
        return true;
    if (mc_date_parse(text, &date) != MC_WHY_OK)
        return false;
    *ret_ms = mc_date_to_ms(date);
    return true;
}

bool identity_window_read(const char *text, struct identity_window *ret_window)
{
    char days[WINDOW_TEXT_SIZE];
    struct identity_window window = {.listed = true};

    *ret_window = (struct identity_window){0};
    if (text[0] == '\0')
        return true;
    if (strlen(text) >= sizeof days)
        return false;
    memcpy(days, text, strlen(text) + 1);
    char *dots = strstr(days, "..");
    if (dots == NULL)
        return false;
    *dots = '\0';
    if (!read_day(days, INT64_MIN, &window.from_ms) ||
        !read_day(dots + 2, INT64_MAX, &window.until_ms))
        return false;
    if (window.until_ms != INT64_MAX)
        window.until_ms += DAY_MS; /* the last day is an open one */
    if (window.from_ms >= window.until_ms)
        return false;
    *ret_window = window;
    return true;
}

static bool read_windows(struct table *table, const size_t columns[IDENTITY_SUBJECTS],
                         struct identity_method *method)
{
    char text[WINDOW_TEXT_SIZE];

    for (size_t kind = 1; kind < IDENTITY_SUBJECTS; kind++)
        if (!mc_csv_copy(&table->csv, columns[kind], text, sizeof text) ||
            !identity_window_read(text, &method->windows[kind]))
            return wrong(table, kind_columns[kind],
                         "not a window like 01/07/2024..30/06/2026, .. or empty");
    return true;
}

static bool read_yes(struct table *table, size_t column, const char *name, bool *ret_yes)
{
    *ret_yes = mc_csv_is(&table->csv, column, "yes");
    return *ret_yes || mc_csv_is(&table->csv, column, "no") || wrong(table, name, "not yes or no");
}

static bool read_ial(struct table *table, size_t column, struct identity_method *method)
{
    method->ial = mc_csv_is(&table->csv, column, "2")   ? 2
                  : mc_csv_is(&table->csv, column, "3") ? 3
                                                        : 0;
    return method->ial != 0 || mc_csv_field(&table->csv, column).len == 0 ||
           wrong(table, "ial", "not 2, 3 or empty");
}

static bool read_field(struct table *table, const char *name, struct identity_method *method)
{
    size_t len = strlen(name);
    bool required = len > 0 && name[len - 1] == '*';
    size_t found = 0;

    len -= required;
    for (; found < table->identity->fields_len; found++)
        if (strlen(table->identity->fields[found].name) == len &&
            memcmp(table->identity->fields[found].name, name, len) == 0)
            break;
    if (found == table->identity->fields_len)
        return wrong(table, "fields", "a field that no form has");
    method->fields |= 1U << found;
    method->required |= required ? 1U << found : 0;
    return true;
}

static bool read_fields(struct table *table, size_t column, struct identity_method *method)
{
    char text[FIELDS_TEXT_SIZE];
    char *rest = NULL;

    if (!mc_csv_copy(&table->csv, column, text, sizeof text))
        return wrong(table, "fields", "too long");
    for (char *name = strtok_r(text, ", ", &rest); name != NULL; name = strtok_r(NULL, ", ", &rest))
        if (!read_field(table, name, method))
            return false;
    return true;
}

static bool check_code(struct table *table, size_t column, struct identity_method *method)
{
    if (!mc_csv_copy(&table->csv, column, method->code, sizeof method->code) ||
        method->code[0] == '\0')
        return wrong(table, "code", "missing or too long");
    if (identity_method_find(table->identity, method->code) != NULL)
        return wrong(table, "code", "given twice");
    if (table->identity->methods_len == IDENTITY_METHODS_MAX)
        return wrong(table, "code", "too many methods");
    return true;
}

static bool keep_texts(struct table *table, const struct mc_csv *header,
                       struct identity_method *method)
{
    method->name = keep(table, mc_csv_column(header, "name_vi"));
    method->condition = keep(table, mc_csv_column(header, "condition"));
    method->verifier = keep(table, mc_csv_column(header, "verifier"));
    method->confirmation = keep(table, mc_csv_column(header, "confirmation"));
    return (method->name != NULL && method->condition != NULL && method->verifier != NULL &&
            method->confirmation != NULL) ||
           wrong(table, "table", "too large");
}

static bool read_row(struct table *table, const struct mc_csv *header,
                     const size_t columns[IDENTITY_SUBJECTS])
{
    struct identity *identity = table->identity;
    struct identity_method method = {0};

    if (!check_code(table, mc_csv_column(header, "code"), &method) ||
        !read_ial(table, mc_csv_column(header, "ial"), &method) ||
        !read_yes(table, mc_csv_column(header, "open"), "open", &method.open) ||
        !read_yes(table, mc_csv_column(header, "officer_rights"), "officer_rights",
                  &method.officer_rights) ||
        !read_windows(table, columns, &method) ||
        !read_fields(table, mc_csv_column(header, "fields"), &method) ||
        !keep_texts(table, header, &method))
        return false;
    identity->methods[identity->methods_len++] = method;
    return true;
}

static bool read_rows(struct table *table)
{
    const struct mc_csv header = table->csv;
    size_t columns[IDENTITY_SUBJECTS] = {0};

    for (size_t kind = 1; kind < IDENTITY_SUBJECTS; kind++)
        columns[kind] = mc_csv_column(&header, kind_columns[kind]);
    while (mc_csv_next(&table->csv))
        if (!read_row(table, &header, columns))
            return false;
    return table->csv.status == MC_OK || wrong(table, "row", "not CSV");
}

static bool has_columns(struct table *table)
{
    static const char *const needed[] = {"code",    "name_vi",    "ial",          "open",
                                         "citizen", "enterprise", "state_agency", "officer_rights",
                                         "fields",  "condition",  "verifier",     "confirmation"};

    if (!mc_csv_next(&table->csv))
        return wrong(table, "header", "missing");
    for (size_t i = 0; i < MC_LEN(needed); i++)
        if (mc_csv_column(&table->csv, needed[i]) == table->csv.fields_len)
            return wrong(table, needed[i], "no such column");
    return true;
}

static bool read_form(struct table *table)
{
    struct identity *identity = table->identity;

    mc_csv_open(&table->csv, mc_data_registration_fields, mc_data_registration_fields_len);
    if (!mc_csv_next(&table->csv))
        return wrong(table, "header", "missing");
    while (mc_csv_next(&table->csv)) {
        if (identity->fields_len == IDENTITY_FIELDS_MAX)
            return wrong(table, "name", "too many fields");
        struct identity_field *field = &identity->fields[identity->fields_len++];
        *field =
            (struct identity_field){keep(table, 0), keep(table, 1), keep(table, 2), keep(table, 3)};
        if (field->name == NULL || field->label == NULL || field->placeholder == NULL ||
            field->hint == NULL)
            return wrong(table, "table", "too large");
    }
    return table->csv.status == MC_OK || wrong(table, "row", "not CSV");
}

enum mc_status identity_methods_read(struct identity *identity, struct mc_bytes text, char *why,
                                     size_t why_size)
{
    struct table table = {.identity = identity};

    table.why = why;
    table.why_size = why_size;
    identity->methods_len = 0;
    identity->fields_len = 0;
    if (!read_form(&table))
        return MC_INVALID;
    mc_csv_open(&table.csv, text.data, text.len);
    if (!has_columns(&table) || !read_rows(&table))
        return MC_INVALID;
    if (identity->methods_len > 0 || wrong(&table, "table", "names no method"))
        return MC_OK;
    return MC_INVALID;
}
