/* The catalogue, asked. */
#include "catalogue.h"

#include <string.h>

#include "common/crypto.h"
#include "common/ident.h"
#include "common/txn.h"

static size_t hash_of(const char *code)
{
    return (size_t)mc_checksum(mc_key_text(code), (struct mc_bytes){"", 0});
}

static const char *procedure_at(const struct dossier_catalogue *catalogue, size_t place)
{
    return catalogue->procedures[place].code;
}

static const char *unit_at(const struct dossier_catalogue *catalogue, size_t place)
{
    return catalogue->units[place].code;
}

/* The place of a code, or SIZE_MAX. */
static size_t index_find(const struct dossier_catalogue *catalogue,
                         const struct dossier_index *index, const char *code,
                         const char *(*code_at)(const struct dossier_catalogue *, size_t))
{
    for (size_t i = hash_of(code);; i++) {
        uint32_t slot = index->slots[i & (index->size - 1)];

        if (slot == 0)
            return SIZE_MAX;
        if (strcmp(code_at(catalogue, slot - 1), code) == 0)
            return slot - 1;
    }
}

static bool index_make(struct dossier_catalogue *catalogue, struct dossier_index *index, size_t len,
                       const char *(*code_at)(const struct dossier_catalogue *, size_t))
{
    index->size = 2;
    while (index->size < 2 * (len + 1))
        index->size *= 2;
    index->slots = mc_alloc(catalogue->memory, index->size * sizeof index->slots[0]);
    if (index->slots == NULL)
        return false;
    for (size_t place = 0; place < len; place++) {
        if (place > 0 && strcmp(code_at(catalogue, place - 1), code_at(catalogue, place)) == 0)
            continue; /* another version of the same */
        size_t i = hash_of(code_at(catalogue, place));
        while (index->slots[i & (index->size - 1)] != 0)
            i++;
        index->slots[i & (index->size - 1)] = (uint32_t)place + 1;
    }
    return true;
}

enum mc_status dossier_catalogue_end(struct dossier_catalogue *catalogue)
{
    for (size_t i = 0; i < catalogue->units_len; i++) {
        struct dossier_unit *unit = &catalogue->units[i];
        struct dossier_procedure of = {0};

        for (size_t level = 0; level < catalogue->levels_len; level++) {
            of.level_now = catalogue->levels[level];
            if (dossier_unit_takes(unit, &of))
                unit->level_bits |= 1ULL << level;
        }
    }
    if (!index_make(catalogue, &catalogue->procedures_by_code, catalogue->procedures_len,
                    procedure_at) ||
        !index_make(catalogue, &catalogue->units_by_code, catalogue->units_len, unit_at))
        return MC_FULL;
    return MC_OK;
}

bool dossier_procedure_in_force(const struct dossier_procedure *procedure, int64_t day)
{
    return procedure->from_day <= day && day <= procedure->until_day;
}

/* The entries of a code lie together. */
static size_t first_of(const struct dossier_catalogue *catalogue, const char *code)
{
    char national[MC_PROCEDURE_CODE_SIZE];

    if (mc_procedure_parse(code, national, sizeof national) != MC_WHY_OK)
        return SIZE_MAX;
    return index_find(catalogue, &catalogue->procedures_by_code, national, procedure_at);
}

static bool next_of(const struct dossier_catalogue *catalogue, size_t first, size_t place)
{
    return place < catalogue->procedures_len &&
           strcmp(catalogue->procedures[place].code, catalogue->procedures[first].code) == 0;
}

const struct dossier_procedure *dossier_procedure_find(const struct dossier_catalogue *catalogue,
                                                       const char *code)
{
    size_t first = first_of(catalogue, code);

    for (size_t i = first; i != SIZE_MAX && next_of(catalogue, first, i); i++)
        if (dossier_procedure_in_force(&catalogue->procedures[i], catalogue->today))
            return &catalogue->procedures[i];
    return NULL;
}

const struct dossier_procedure *dossier_procedure_last(const struct dossier_catalogue *catalogue,
                                                       const char *code)
{
    const struct dossier_procedure *found = dossier_procedure_find(catalogue, code);
    size_t first = first_of(catalogue, code);

    for (size_t i = first; found == NULL && i != SIZE_MAX && next_of(catalogue, first, i); i++)
        if (catalogue->procedures[i].until_day < catalogue->today)
            found = &catalogue->procedures[i];
    return found;
}

const struct dossier_unit *dossier_unit_find(const struct dossier_catalogue *catalogue,
                                             const char *code)
{
    char agency[MC_AGENCY_CODE_SIZE];

    if (mc_agency_parse(code, agency, sizeof agency) != MC_WHY_OK)
        return NULL;
    size_t place = index_find(catalogue, &catalogue->units_by_code, agency, unit_at);
    return place != SIZE_MAX ? &catalogue->units[place] : NULL;
}

bool dossier_unit_takes(const struct dossier_unit *unit, const struct dossier_procedure *procedure)
{
    size_t len = strlen(procedure->level_now);
    const char *level = unit->levels;

    for (size_t i = 0; i < procedure->agencies_len; i++)
        if (strcmp(procedure->agencies[i], unit->code) == 0)
            return true;
    if (procedure->agencies_len > 0)
        return false;
    while (level != NULL) {
        const char *end = strchrnul(level, '|');

        if ((size_t)(end - level) == len && memcmp(level, procedure->level_now, len) == 0)
            return true;
        level = *end == '|' ? end + 1 : NULL;
    }
    return false;
}

const struct dossier_fee *dossier_fee_of(const struct dossier_procedure *procedure,
                                         const char *unit)
{
    const struct dossier_fee *everywhere = NULL;

    for (size_t i = 0; i < procedure->fees_len; i++) {
        const struct dossier_fee *fee = &procedure->fees[i];

        if (strcmp(fee->unit, unit) == 0)
            return fee;
        if (fee->unit[0] == '\0')
            everywhere = fee;
    }
    return everywhere;
}

const struct dossier_fee *dossier_fee_find(const struct dossier_catalogue *catalogue,
                                           const char *procedure, const char *unit)
{
    const struct dossier_procedure *found = dossier_procedure_last(catalogue, procedure);

    return found != NULL ? dossier_fee_of(found, unit) : NULL;
}
