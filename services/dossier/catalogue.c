/* The catalogue's tables. */
#include "catalogue.h"

#include <stdio.h>
#include <string.h>

#include "common/csv.h"
#include "common/ident.h"
#include "common/text.h"

enum { CELL_SIZE = 1024 };

/* One table while it is read: what failed sticks. */
struct reader {
    struct mc_csv csv;
    struct mc_arena *memory;
    enum mc_status status;
};

static void fail(struct reader *reader, enum mc_status status)
{
    if (reader->status == MC_OK)
        reader->status = status;
}

static size_t count_rows(struct mc_bytes text, size_t max)
{
    struct mc_csv csv;
    size_t rows = 0;

    mc_csv_open(&csv, text.data, text.len);
    while (rows <= max && mc_csv_next(&csv))
        rows++;
    return rows;
}

/* Opens a table and makes room for its rows; NULL with the reader failed when that cannot be. */
static void *open_table(struct reader *reader, struct mc_arena *memory, struct mc_bytes text,
                        size_t rows_max, size_t row_size)
{
    size_t rows = count_rows(text, rows_max);

    *reader = (struct reader){.memory = memory};
    if (rows == 0 || rows > rows_max) {
        fail(reader, MC_INVALID);
        return NULL;
    }
    void *table = mc_alloc(memory, rows * row_size); /* one too many: the header */
    if (table == NULL)
        fail(reader, MC_FULL);
    mc_csv_open(&reader->csv, text.data, text.len);
    if (!mc_csv_next(&reader->csv))
        fail(reader, MC_INVALID);
    return table;
}

static bool next_row(struct reader *reader)
{
    if (reader->status != MC_OK)
        return false;
    if (mc_csv_next(&reader->csv))
        return true;
    fail(reader, reader->csv.status);
    return false;
}

static const char *keep(struct reader *reader, const char *text)
{
    char *copy = mc_strdup(reader->memory, text);

    if (copy == NULL)
        fail(reader, MC_FULL);
    return copy != NULL ? copy : "";
}

/* A cell that may not be empty. */
static const char *cell(struct reader *reader, size_t column)
{
    char text[CELL_SIZE];

    if (!mc_csv_copy(&reader->csv, column, text, sizeof text) || text[0] == '\0')
        fail(reader, MC_INVALID);
    return keep(reader, text);
}

static int64_t number_cell(struct reader *reader, size_t column)
{
    struct mc_bytes field = mc_csv_field(&reader->csv, column);
    const char *digits = field.data;
    int64_t number = 0;

    if (field.len == 0 || field.len > 15)
        fail(reader, MC_INVALID);
    for (size_t i = 0; reader->status == MC_OK && i < field.len; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            fail(reader, MC_INVALID);
        number = number * 10 + (digits[i] - '0');
    }
    return number;
}

static const char *key_of(struct reader *reader, const char *text)
{
    char key[DOSSIER_KEY_SIZE];

    if (dossier_key(key, text) != MC_OK)
        fail(reader, MC_INVALID);
    return keep(reader, key);
}

static const char *upper_of(struct reader *reader, const char *text)
{
    char upper[CELL_SIZE];

    if (mc_text_upper(upper, sizeof upper, text) != MC_OK)
        fail(reader, MC_INVALID);
    return keep(reader, upper);
}

/* "xã (từ 1/7/2025; trước: huyện)" is "xã" today; "xã (Công an)" is not: another agency's. */
static const char *level_now(struct reader *reader, const char *level)
{
    char text[CELL_SIZE];
    const char *from = strstr(level, " (từ ");

    if (from == NULL)
        from = strstr(level, " (Công an từ ");
    size_t len = from != NULL ? (size_t)(from - level) : strlen(level);
    (void)snprintf(text, sizeof text, "%.*s", (int)len, level);
    return keep(reader, text);
}

/* Adds a text that is not there yet; there is room for one per row. */
static void add_once(const char **list, size_t *len, const char *text)
{
    for (size_t i = 0; i < *len; i++)
        if (strcmp(list[i], text) == 0)
            return;
    list[(*len)++] = text;
}

static void read_procedure(struct reader *reader, struct dossier_procedure *procedure)
{
    int64_t value = number_cell(reader, 5);

    procedure->code = cell(reader, 0);
    procedure->name = cell(reader, 1);
    procedure->sector = cell(reader, 2);
    procedure->level = cell(reader, 3);
    procedure->level_now = level_now(reader, procedure->level);
    procedure->level_key = key_of(reader, procedure->level_now);
    procedure->service_level = "PARTIAL"; /* DOS-12: what is not known to be in full */
    procedure->upper = upper_of(reader, procedure->name);
    procedure->key = key_of(reader, procedure->name);
    procedure->sector_key = key_of(reader, procedure->sector);
    procedure->chars = mc_text_chars(procedure->name);
    procedure->limit_value = (uint32_t)value;
    if (value > DOSSIER_LIMIT_MAX ||
        !dossier_limit_parse(mc_csv_field(&reader->csv, 4), &procedure->limit))
        fail(reader, MC_INVALID);
}

static enum mc_status load_procedures(struct dossier_catalogue *catalogue, struct mc_arena *memory,
                                      struct mc_bytes text)
{
    struct reader reader;

    catalogue->procedures =
        open_table(&reader, memory, text, DOSSIER_PROCEDURES_MAX, sizeof catalogue->procedures[0]);
    size_t rows = reader.status == MC_OK ? count_rows(text, DOSSIER_PROCEDURES_MAX) : 0;
    catalogue->sectors = mc_alloc(memory, (rows + 1) * sizeof catalogue->sectors[0]);
    catalogue->levels = mc_alloc(memory, (rows + 1) * sizeof catalogue->levels[0]);
    if (catalogue->sectors == NULL || catalogue->levels == NULL)
        fail(&reader, MC_FULL);
    while (next_row(&reader)) {
        struct dossier_procedure *procedure = &catalogue->procedures[catalogue->procedures_len++];

        read_procedure(&reader, procedure);
        add_once(catalogue->sectors, &catalogue->sectors_len, procedure->sector);
        add_once(catalogue->levels, &catalogue->levels_len, procedure->level_now);
    }
    return reader.status;
}

static struct dossier_procedure *procedure_of(struct dossier_catalogue *catalogue, const char *code)
{
    for (size_t i = 0; i < catalogue->procedures_len; i++)
        if (strcmp(catalogue->procedures[i].code, code) == 0)
            return &catalogue->procedures[i];
    return NULL;
}

static enum mc_status load_service_levels(struct dossier_catalogue *catalogue,
                                          struct mc_arena *memory, struct mc_bytes text)
{
    struct reader reader;

    if (open_table(&reader, memory, text, DOSSIER_TABLE_MAX, 1) == NULL)
        return reader.status;
    while (next_row(&reader)) {
        struct dossier_procedure *procedure = procedure_of(catalogue, cell(&reader, 0));

        if (procedure != NULL)
            procedure->service_level = cell(&reader, 1);
        else
            fail(&reader, MC_INVALID);
    }
    return reader.status;
}

static enum mc_status load_units(struct dossier_catalogue *catalogue, struct mc_arena *memory,
                                 struct mc_bytes text)
{
    struct reader reader;
    char both[CELL_SIZE];

    catalogue->units =
        open_table(&reader, memory, text, DOSSIER_UNITS_MAX, sizeof catalogue->units[0]);
    while (next_row(&reader)) {
        struct dossier_unit *unit = &catalogue->units[catalogue->units_len++];

        unit->code = cell(&reader, 0);
        unit->name = cell(&reader, 1);
        unit->province = cell(&reader, 2);
        unit->levels = cell(&reader, 3);
        (void)snprintf(both, sizeof both, "%s %s", unit->name, unit->province);
        unit->key = key_of(&reader, both);
    }
    return reader.status;
}

static enum mc_status load_fees(struct dossier_catalogue *catalogue, struct mc_arena *memory,
                                struct mc_bytes text)
{
    struct reader reader;

    catalogue->fees =
        open_table(&reader, memory, text, DOSSIER_TABLE_MAX, sizeof catalogue->fees[0]);
    while (next_row(&reader)) {
        struct dossier_fee *fee = &catalogue->fees[catalogue->fees_len++];

        fee->procedure = cell(&reader, 0);
        fee->unit = cell(&reader, 1);
        fee->amount = number_cell(&reader, 5);
        fee->before = mc_csv_is(&reader.csv, 6, "before_processing");
        if (procedure_of(catalogue, fee->procedure) == NULL ||
            dossier_unit_find(catalogue, fee->unit) == NULL)
            fail(&reader, MC_INVALID);
    }
    return reader.status;
}

static enum mc_status load_aliases(struct dossier_catalogue *catalogue, struct mc_arena *memory,
                                   struct mc_bytes text)
{
    struct reader reader;

    catalogue->aliases =
        open_table(&reader, memory, text, DOSSIER_TABLE_MAX, sizeof catalogue->aliases[0]);
    while (next_row(&reader)) {
        struct dossier_alias *alias = &catalogue->aliases[catalogue->aliases_len++];

        alias->key = key_of(&reader, cell(&reader, 0));
        alias->sector = cell(&reader, 1);
    }
    return reader.status;
}

enum mc_status dossier_catalogue_load(struct dossier_catalogue *catalogue, struct mc_arena *memory,
                                      const struct dossier_tables *tables)
{
    enum mc_status status = load_procedures(catalogue, memory, tables->procedures);

    if (status == MC_OK)
        status = load_service_levels(catalogue, memory, tables->service_levels);
    if (status == MC_OK)
        status = load_units(catalogue, memory, tables->units);
    if (status == MC_OK)
        status = load_fees(catalogue, memory, tables->fees);
    if (status == MC_OK)
        status = load_aliases(catalogue, memory, tables->aliases);
    return status;
}

const struct dossier_procedure *dossier_procedure_find(const struct dossier_catalogue *catalogue,
                                                       const char *code)
{
    char national[MC_PROCEDURE_CODE_SIZE];

    if (mc_procedure_parse(code, national, sizeof national) != MC_WHY_OK)
        return NULL;
    for (size_t i = 0; i < catalogue->procedures_len; i++)
        if (strcmp(catalogue->procedures[i].code, national) == 0)
            return &catalogue->procedures[i];
    return NULL;
}

const struct dossier_unit *dossier_unit_find(const struct dossier_catalogue *catalogue,
                                             const char *code)
{
    char agency[MC_AGENCY_CODE_SIZE];

    if (mc_agency_parse(code, agency, sizeof agency) != MC_WHY_OK)
        return NULL;
    for (size_t i = 0; i < catalogue->units_len; i++)
        if (strcmp(catalogue->units[i].code, agency) == 0)
            return &catalogue->units[i];
    return NULL;
}

bool dossier_unit_takes(const struct dossier_unit *unit, const struct dossier_procedure *procedure)
{
    size_t len = strlen(procedure->level_now);
    const char *level = unit->levels;

    while (level != NULL) {
        const char *end = strchrnul(level, '|');

        if ((size_t)(end - level) == len && memcmp(level, procedure->level_now, len) == 0)
            return true;
        level = *end == '|' ? end + 1 : NULL;
    }
    return false;
}

const struct dossier_fee *dossier_fee_find(const struct dossier_catalogue *catalogue,
                                           const char *procedure, const char *unit)
{
    for (size_t i = 0; i < catalogue->fees_len; i++) {
        const struct dossier_fee *fee = &catalogue->fees[i];

        if (strcmp(fee->procedure, procedure) == 0 && strcmp(fee->unit, unit) == 0)
            return fee;
    }
    return NULL;
}
