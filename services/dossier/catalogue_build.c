/* The catalogue, built from what is kept of procedures and units. */
#include <stdio.h>
#include <string.h>

#include "common/date.h"
#include "common/text.h"
#include "common/txn.h"

#include "catalogue.h"

enum { TEXT_SIZE = 4096, LEVEL_SIZE = DOSSIER_KEY_SIZE };

static char *keep(const struct dossier_catalogue *catalogue, const char *text,
                  enum mc_status *status)
{
    char *copy = mc_strdup(catalogue->memory, text);

    if (copy == NULL)
        *status = MC_FULL;
    return copy != NULL ? copy : mc_unconst("");
}

static const char *keep_key(const struct dossier_catalogue *catalogue, const char *text,
                            enum mc_status *status)
{
    char key[DOSSIER_KEY_SIZE];

    if (dossier_key(key, text) != MC_OK)
        *status = MC_INVALID;
    return keep(catalogue, key, status);
}

static const char *keep_upper(const struct dossier_catalogue *catalogue, const char *text,
                              enum mc_status *status)
{
    char upper[TEXT_SIZE];

    if (mc_text_upper(upper, sizeof upper, text) != MC_OK)
        *status = MC_INVALID;
    return keep(catalogue, upper, status);
}

void dossier_level_now(char *out, size_t size, const char *level)
{
    const char *from = strstr(level, " (từ ");

    if (from == NULL)
        from = strstr(level, " (Công an từ ");
    (void)snprintf(out, size, "%.*s", from != NULL ? (int)(from - level) : (int)strlen(level),
                   level);
}

bool dossier_day_parse(const char *text, int64_t otherwise, int64_t *ret_day)
{
    struct mc_date date = {0};
    char again[MC_DATE_SIZE];
    char rest = 0;

    if (text[0] == '\0') {
        *ret_day = otherwise;
        return true;
    }
    // NOLINTNEXTLINE(cert-err34-c): what does not come out the same again is refused
    if (sscanf(text, "%4d-%2d-%2d%c", &date.year, &date.month, &date.day, &rest) != 3 ||
        !mc_date_valid(date))
        return false;
    mc_date_format_iso(again, sizeof again, date);
    if (strcmp(again, text) != 0)
        return false;
    *ret_day = mc_date_days(date);
    return true;
}

enum mc_status dossier_catalogue_begin(struct dossier_catalogue *catalogue, struct mc_arena *memory,
                                       size_t procedures_max, size_t units_max, int64_t today)
{
    *catalogue = (struct dossier_catalogue){
        .memory = memory,
        .today = today,
        .procedures_max = procedures_max,
        .units_max = units_max,
        .procedures = mc_alloc(memory, (procedures_max + 1) * sizeof catalogue->procedures[0]),
        .units = mc_alloc(memory, (units_max + 1) * sizeof catalogue->units[0]),
        .aliases = mc_alloc(memory, DOSSIER_TABLE_MAX * sizeof catalogue->aliases[0]),
        .sectors = mc_alloc(memory, (procedures_max + 1) * sizeof catalogue->sectors[0]),
    };
    return catalogue->procedures != NULL && catalogue->units != NULL &&
                   catalogue->aliases != NULL && catalogue->sectors != NULL
               ? MC_OK
               : MC_FULL;
}

/* Where a text is in a list in which each is once; added when it is new. */
static size_t place_in(const struct dossier_catalogue *catalogue, const char **list, size_t *len,
                       size_t max, const char *text, enum mc_status *status)
{
    for (size_t i = 0; i < *len; i++)
        if (strcmp(list[i], text) == 0)
            return i;
    if (*len == max) {
        *status = MC_FULL;
        return 0;
    }
    list[*len] = keep(catalogue, text, status);
    return (*len)++;
}

/* The limit by one way in; else the one for all ways, else the first. */
static const Dossier__TimeLimit *limit_by(const Dossier__ProcedureDetail *detail,
                                          Dossier__WayIn way)
{
    const Dossier__TimeLimit *found = detail->n_limits > 0 ? detail->limits[0] : NULL;

    for (size_t i = 0; i < detail->n_limits; i++) {
        if (detail->limits[i]->way == way)
            return detail->limits[i];
        if (detail->limits[i]->way == DOSSIER__WAY_IN__WAY_ANY)
            found = detail->limits[i];
    }
    return found;
}

static void set_limit(const Dossier__TimeLimit *from, enum mc_time_limit *limit, uint32_t *value,
                      enum mc_status *status)
{
    *limit = MC_WORKING_DAY;
    *value = 0;
    if (from == NULL || from->value > MC_TIME_LIMIT_MAX ||
        !mc_time_limit_parse(mc_key_text(from->unit), limit))
        *status = MC_INVALID;
    else
        *value = from->value;
}

static struct dossier_fee *fee_at(struct dossier_procedure *procedure, const char *unit)
{
    for (size_t i = 0; i < procedure->fees_len; i++)
        if (strcmp(procedure->fees[i].unit, unit) == 0)
            return &procedure->fees[i];
    procedure->fees[procedure->fees_len].unit = unit;
    return &procedure->fees[procedure->fees_len++];
}

/* A procedure's rows of money become one sum for each unit that has rows of its own. */
static void add_fees(const struct dossier_catalogue *catalogue,
                     const Dossier__ProcedureDetail *detail, struct dossier_procedure *procedure,
                     enum mc_status *status)
{
    procedure->fees = mc_alloc(catalogue->memory, (detail->n_fees + 1) * sizeof procedure->fees[0]);
    if (procedure->fees == NULL) {
        *status = MC_FULL;
        return;
    }
    for (size_t i = 0; i < detail->n_fees; i++) {
        const Dossier__ProcedureFee *row = detail->fees[i];
        struct dossier_fee *fee = fee_at(procedure, keep(catalogue, row->unit, status));

        if (row->way != DOSSIER__WAY_IN__WAY_DESK)
            fee->amount += row->amount;
        if (row->way != DOSSIER__WAY_IN__WAY_DESK && row->kind == DOSSIER__FEE_KIND__KIND_CHARGE)
            fee->charge += row->amount;
        if (row->way != DOSSIER__WAY_IN__WAY_ONLINE)
            fee->amount_desk += row->amount;
        fee->before = fee->before || row->before;
    }
}

static void add_agencies(const struct dossier_catalogue *catalogue,
                         const Dossier__ProcedureDetail *detail,
                         struct dossier_procedure *procedure, enum mc_status *status)
{
    procedure->agencies =
        mc_alloc(catalogue->memory, (detail->n_agencies + 1) * sizeof procedure->agencies[0]);
    if (procedure->agencies == NULL) {
        *status = MC_FULL;
        return;
    }
    for (size_t i = 0; i < detail->n_agencies; i++)
        procedure->agencies[procedure->agencies_len++] =
            keep(catalogue, detail->agencies[i], status);
}

/*
 * The next version of a code ends those before it. One that is over, or was never in force, goes,
 * unless nothing follows it.
 */
static struct dossier_procedure *next_entry(struct dossier_catalogue *catalogue, const char *code,
                                            int64_t from_day)
{
    while (catalogue->procedures_len > 0) {
        struct dossier_procedure *before = &catalogue->procedures[catalogue->procedures_len - 1];

        if (strcmp(before->code, code) != 0)
            break;
        before->until_day = MC_MIN(before->until_day, from_day - 1);
        if (before->until_day >= before->from_day && before->until_day >= catalogue->today)
            break;
        catalogue->procedures_len--;
    }
    if (catalogue->procedures_len == catalogue->procedures_max)
        return NULL;
    return &catalogue->procedures[catalogue->procedures_len++];
}

static void add_words(struct dossier_catalogue *catalogue, const Dossier__ProcedureDetail *detail,
                      struct dossier_procedure *procedure, enum mc_status *status)
{
    char level_now[LEVEL_SIZE];

    dossier_level_now(level_now, sizeof level_now, detail->level);
    procedure->name = keep(catalogue, detail->name, status);
    procedure->level = keep(catalogue, detail->level, status);
    procedure->service_level = keep(catalogue, detail->service_level, status);
    procedure->upper = keep_upper(catalogue, detail->name, status);
    procedure->key = keep_key(catalogue, detail->name, status);
    procedure->chars = mc_text_chars(detail->name);
    procedure->level_key = keep_key(catalogue, level_now, status);
    procedure->sector_key = keep_key(catalogue, detail->sector, status);
    procedure->sector_at =
        (unsigned)place_in(catalogue, catalogue->sectors, &catalogue->sectors_len,
                           catalogue->procedures_max, detail->sector, status);
    procedure->level_at = (unsigned)place_in(catalogue, catalogue->levels, &catalogue->levels_len,
                                             DOSSIER_LEVELS_MAX, level_now, status);
    procedure->sector = catalogue->sectors[procedure->sector_at];
    procedure->level_now = catalogue->levels[procedure->level_at];
    for (size_t i = 0; i < detail->n_topics; i++)
        procedure->topics |= 1ULL << place_in(catalogue, catalogue->topics, &catalogue->topics_len,
                                              DOSSIER_TOPICS_MAX - 1, detail->topics[i], status);
}

enum mc_status dossier_catalogue_add(struct dossier_catalogue *catalogue,
                                     const Dossier__ProcedureDetail *detail)
{
    enum mc_status status = MC_OK;
    int64_t from = 0;
    int64_t until = 0;

    if (!dossier_day_parse(detail->valid_from, DOSSIER_DAY_MIN, &from) ||
        !dossier_day_parse(detail->valid_until, DOSSIER_DAY_MAX, &until))
        return MC_INVALID;
    struct dossier_procedure *procedure = next_entry(catalogue, detail->code, from);
    if (procedure == NULL)
        return MC_FULL;
    *procedure = (struct dossier_procedure){
        .code = keep(catalogue, detail->code, &status),
        .version = detail->version,
        .old_level = detail->old_level,
        .from_day = from,
        .until_day = until,
    };
    add_words(catalogue, detail, procedure, &status);
    set_limit(limit_by(detail, DOSSIER__WAY_IN__WAY_ONLINE), &procedure->limit,
              &procedure->limit_value, &status);
    set_limit(limit_by(detail, DOSSIER__WAY_IN__WAY_DESK), &procedure->limit_desk,
              &procedure->limit_desk_value, &status);
    for (size_t i = 0; i < detail->n_subjects; i++)
        procedure->subjects |= 1U << (unsigned)detail->subjects[i];
    add_fees(catalogue, detail, procedure, &status);
    add_agencies(catalogue, detail, procedure, &status);
    return status;
}

enum mc_status dossier_catalogue_add_unit(struct dossier_catalogue *catalogue,
                                          const struct dossier_unit *unit)
{
    enum mc_status status = MC_OK;
    char both[TEXT_SIZE];

    if (catalogue->units_len == catalogue->units_max)
        return MC_FULL;
    (void)snprintf(both, sizeof both, "%s %s", unit->name, unit->province);
    catalogue->units[catalogue->units_len++] = (struct dossier_unit){
        .code = keep(catalogue, unit->code, &status),
        .name = keep(catalogue, unit->name, &status),
        .province = keep(catalogue, unit->province, &status),
        .levels = keep(catalogue, unit->levels, &status),
        .key = keep_key(catalogue, both, &status),
    };
    return status;
}

enum mc_status dossier_catalogue_add_alias(struct dossier_catalogue *catalogue, const char *alias,
                                           const char *sector)
{
    enum mc_status status = MC_OK;

    if (catalogue->aliases_len == DOSSIER_TABLE_MAX)
        return MC_FULL;
    catalogue->aliases[catalogue->aliases_len++] = (struct dossier_alias){
        .key = keep_key(catalogue, alias, &status),
        .sector = keep(catalogue, sector, &status),
    };
    return status;
}
