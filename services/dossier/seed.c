/*
 * Seed: the tables a freshly made house begins with. They count at the first start only; from then
 * on the store's catalogue is the one that holds, whatever a later release brings along.
 */
#include <stdlib.h>
#include <string.h>

#include "common/csv.h"

#include "catalogue.h"

enum { CELL_SIZE = 1024, DIGITS_MAX = 15 };

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

static void *take(struct reader *reader, size_t size)
{
    void *memory = mc_alloc(reader->memory, size);

    if (memory == NULL)
        fail(reader, MC_FULL);
    return memory;
}

static size_t count_rows(struct mc_bytes text)
{
    struct mc_csv csv;
    size_t rows = 0;

    mc_csv_open(&csv, text.data, text.len);
    while (rows <= DOSSIER_TABLE_MAX && mc_csv_next(&csv))
        rows++;
    return rows;
}

/* Opens a table and makes room for its rows; NULL with the reader failed when that cannot be. */
static void *open_table(struct reader *reader, struct mc_arena *memory, struct mc_bytes text,
                        size_t row_size)
{
    size_t rows = count_rows(text);

    *reader = (struct reader){.memory = memory};
    if (rows == 0 || rows > DOSSIER_TABLE_MAX) {
        fail(reader, MC_INVALID);
        return NULL;
    }
    void *table = take(reader, rows * row_size); /* one too many: the header */
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

static char *cell_or_empty(struct reader *reader, size_t column)
{
    char text[CELL_SIZE];

    if (!mc_csv_copy(&reader->csv, column, text, sizeof text))
        fail(reader, MC_INVALID);
    char *copy = mc_strdup(reader->memory, text);
    if (copy == NULL)
        fail(reader, MC_FULL);
    return copy != NULL ? copy : mc_unconst("");
}

/* A cell that may not be empty. */
static char *cell(struct reader *reader, size_t column)
{
    char *text = cell_or_empty(reader, column);

    if (text[0] == '\0')
        fail(reader, MC_INVALID);
    return text;
}

static int64_t number_cell(struct reader *reader, size_t column)
{
    struct mc_bytes field = mc_csv_field(&reader->csv, column);
    const char *digits = field.data;
    int64_t number = 0;

    if (field.len == 0 || field.len > DIGITS_MAX)
        fail(reader, MC_INVALID);
    for (size_t i = 0; reader->status == MC_OK && i < field.len; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            fail(reader, MC_INVALID);
        number = number * 10 + (digits[i] - '0');
    }
    return number;
}

static void add_limit(struct reader *reader, Dossier__ProcedureDetail *detail)
{
    int64_t value = number_cell(reader, 5);
    Dossier__TimeLimit *limit = take(reader, sizeof *limit);

    detail->limits = take(reader, sizeof(void *));
    if (limit == NULL || detail->limits == NULL)
        return;
    dossier__time_limit__init(limit);
    limit->unit = cell(reader, 4);
    limit->value = (uint32_t)value;
    detail->limits[0] = limit;
    detail->n_limits = 1;
}

static void add_result(struct reader *reader, Dossier__ProcedureDetail *detail)
{
    Dossier__ProcedureResult *result = take(reader, sizeof *result);

    detail->results = take(reader, sizeof(void *));
    if (result == NULL || detail->results == NULL || mc_csv_field(&reader->csv, 7).len == 0)
        return;
    dossier__procedure_result__init(result);
    result->code = cell(reader, 7);
    detail->results[0] = result;
    detail->n_results = 1;
}

static int by_code(const void *a, const void *b)
{
    const Dossier__ProcedureDetail *left = a;
    const Dossier__ProcedureDetail *right = b;

    return strcmp(left->code, right->code);
}

static enum mc_status load_procedures(struct dossier_seed *seed, struct mc_arena *memory,
                                      struct mc_bytes text)
{
    struct reader reader;

    seed->procedures = open_table(&reader, memory, text, sizeof seed->procedures[0]);
    while (next_row(&reader)) {
        Dossier__ProcedureDetail *detail = &seed->procedures[seed->procedures_len++];

        dossier__procedure_detail__init(detail);
        detail->code = cell(&reader, 0);
        detail->name = cell(&reader, 1);
        detail->sector = cell(&reader, 2);
        detail->level = cell(&reader, 3);
        detail->service_level = mc_unconst("PARTIAL"); /* DOS-12: not known to be in full */
        detail->version = 1;
        add_limit(&reader, detail);
        add_result(&reader, detail);
    }
    if (reader.status == MC_OK)
        qsort(seed->procedures, seed->procedures_len, sizeof seed->procedures[0], by_code);
    return reader.status;
}

static Dossier__ProcedureDetail *procedure_of(struct reader *reader, struct dossier_seed *seed,
                                              const char *code)
{
    for (size_t i = 0; i < seed->procedures_len; i++)
        if (strcmp(seed->procedures[i].code, code) == 0)
            return &seed->procedures[i];
    fail(reader, MC_INVALID);
    return NULL;
}

static enum mc_status load_service_levels(struct dossier_seed *seed, struct mc_arena *memory,
                                          struct mc_bytes text)
{
    struct reader reader;

    if (open_table(&reader, memory, text, 1) == NULL)
        return reader.status;
    while (next_row(&reader)) {
        Dossier__ProcedureDetail *detail = procedure_of(&reader, seed, cell(&reader, 0));

        if (detail == NULL)
            break;
        detail->service_level = cell(&reader, 1);
        if (mc_csv_field(&reader.csv, 3).len > 0)
            detail->old_level = (uint32_t)number_cell(&reader, 3);
        detail->presence = cell_or_empty(&reader, 4);
    }
    return reader.status;
}

static enum mc_status load_units(struct dossier_seed *seed, struct mc_arena *memory,
                                 struct mc_bytes text)
{
    struct reader reader;

    seed->units = open_table(&reader, memory, text, sizeof seed->units[0]);
    while (next_row(&reader))
        seed->units[seed->units_len++] = (struct dossier_unit){
            .code = cell(&reader, 0),
            .name = cell(&reader, 1),
            .province = cell(&reader, 2),
            .levels = cell(&reader, 3),
        };
    return reader.status;
}

static void add_fee(struct reader *reader, Dossier__ProcedureDetail *detail)
{
    Dossier__ProcedureFee **fees = take(reader, (detail->n_fees + 1) * sizeof(void *));
    Dossier__ProcedureFee *fee = take(reader, sizeof *fee);

    if (fees == NULL || fee == NULL)
        return;
    dossier__procedure_fee__init(fee);
    fee->unit = cell(reader, 1);
    fee->kind = mc_csv_is(&reader->csv, 2, "CHARGE") ? DOSSIER__FEE_KIND__KIND_CHARGE
                                                     : DOSSIER__FEE_KIND__KIND_FEE;
    fee->sub_item = cell_or_empty(reader, 3);
    fee->name = cell(reader, 4);
    fee->amount = number_cell(reader, 5);
    fee->before = mc_csv_is(&reader->csv, 6, "before_processing");
    if (detail->n_fees > 0)
        memcpy(fees, detail->fees, detail->n_fees * sizeof(void *));
    fees[detail->n_fees++] = fee;
    detail->fees = fees;
}

static enum mc_status load_fees(struct dossier_seed *seed, struct mc_arena *memory,
                                struct mc_bytes text)
{
    struct reader reader;

    if (open_table(&reader, memory, text, 1) == NULL)
        return reader.status;
    while (next_row(&reader)) {
        Dossier__ProcedureDetail *detail = procedure_of(&reader, seed, cell(&reader, 0));

        if (detail != NULL)
            add_fee(&reader, detail);
    }
    return reader.status;
}

static enum mc_status load_aliases(struct dossier_seed *seed, struct mc_arena *memory,
                                   struct mc_bytes text)
{
    struct reader reader;

    seed->aliases = open_table(&reader, memory, text, sizeof seed->aliases[0]);
    while (next_row(&reader))
        seed->aliases[seed->aliases_len++] =
            (struct dossier_alias){.key = cell(&reader, 0), .sector = cell(&reader, 1)};
    return reader.status;
}

enum mc_status dossier_seed_load(struct dossier_seed *seed, struct mc_arena *memory,
                                 const struct dossier_tables *tables)
{
    *seed = (struct dossier_seed){0};
    enum mc_status status = load_procedures(seed, memory, tables->procedures);

    if (status == MC_OK)
        status = load_service_levels(seed, memory, tables->service_levels);
    if (status == MC_OK)
        status = load_units(seed, memory, tables->units);
    if (status == MC_OK)
        status = load_fees(seed, memory, tables->fees);
    if (status == MC_OK)
        status = load_aliases(seed, memory, tables->aliases);
    return status;
}
