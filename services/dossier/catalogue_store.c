/* The catalogue as the store keeps it, and the one in memory made from it. */
#include <string.h>

#include "common/date.h"

#include "codelist.h"

enum { CATALOGUE_MEMORY = 128 << 20 }; /* address space: only touched pages cost */

/* No procedure's code begins with a full stop. */
static const char revision_key[] = ".revision";

static const DossierState__Revision *revision_load(struct mc_txn *txn)
{
    return mc_load(txn, DOSSIER_PROCEDURES, mc_key_text(revision_key),
                   &dossier_state__revision__descriptor);
}

uint64_t dossier_revision(struct mc_txn *txn)
{
    const DossierState__Revision *revision = revision_load(txn);

    return revision != NULL ? revision->number : 0;
}

void dossier_revision_next(struct mc_txn *txn)
{
    DossierState__Revision next = DOSSIER_STATE__REVISION__INIT;
    struct mc_bytes id = mc_new_id(txn);

    next.number = dossier_revision(txn) + 1;
    next.id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    mc_save(txn, DOSSIER_PROCEDURES, mc_key_text(revision_key), &next.base);
}

struct mc_bytes dossier_detail_prefix(struct mc_txn *txn, const char *code)
{
    return mc_keep(txn, code, strlen(code) + 1); /* with its NUL */
}

struct mc_bytes dossier_detail_key(struct mc_txn *txn, const char *code, uint32_t version)
{
    const uint8_t tail[] = {(uint8_t)(version >> 24), (uint8_t)(version >> 16),
                            (uint8_t)(version >> 8), (uint8_t)version};

    return mc_key_join(txn, dossier_detail_prefix(txn, code), mc_keep(txn, tail, sizeof tail));
}

Dossier__ProcedureDetail *dossier_detail_load(struct mc_txn *txn, const char *code,
                                              uint32_t version)
{
    if (version != 0)
        return mc_load(txn, DOSSIER_PROCEDURES, dossier_detail_key(txn, code, version),
                       &dossier__procedure_detail__descriptor);
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_PROCEDURES, dossier_detail_prefix(txn, code),
                                      (struct mc_bytes){0}, MC_BACKWARD);
    return mc_next(&cursor) ? mc_row(&cursor, &dossier__procedure_detail__descriptor) : NULL;
}

void dossier_detail_save(struct mc_txn *txn, const Dossier__ProcedureDetail *detail)
{
    mc_save(txn, DOSSIER_PROCEDURES, dossier_detail_key(txn, detail->code, detail->version),
            &detail->base);
}

char *dossier_detail_next(struct mc_txn *txn, const char *after)
{
    static const uint8_t past = 0xff; /* behind all versions of a code */
    struct mc_bytes from = after[0] != '\0' ? mc_key_join(txn, dossier_detail_prefix(txn, after),
                                                          (struct mc_bytes){&past, 1})
                                            : mc_key_text("0");
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_PROCEDURES, (struct mc_bytes){0}, from, MC_FORWARD);

    return mc_next(&cursor) ? mc_strdup(txn->arena, cursor.key.data) : NULL;
}

/* The room's own tables never fail to fit: they are 10,000 rows of a few hundred bytes. */
static enum mc_status build_from_seed(struct dossier *dossier, struct dossier_catalogue *catalogue)
{
    const struct dossier_seed *seed = &dossier->seed;
    enum mc_status status = MC_OK;

    for (size_t i = 0; status == MC_OK && i < seed->procedures_len; i++)
        status = dossier_catalogue_add(catalogue, &seed->procedures[i]);
    return status;
}

static enum mc_status build_from_store(struct mc_txn *txn, struct dossier_catalogue *catalogue)
{
    enum mc_status status = MC_OK;
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_PROCEDURES, (struct mc_bytes){0}, mc_key_text("0"), MC_FORWARD);

    while (status == MC_OK && mc_next(&cursor)) {
        const Dossier__ProcedureDetail *detail =
            mc_row(&cursor, &dossier__procedure_detail__descriptor);

        status = detail != NULL ? dossier_catalogue_add(catalogue, detail) : txn->status;
        mc_pass(&cursor);
    }
    return status != MC_OK ? status : txn->status;
}

/* Agencies of a code list where procedures are filed today. */
static enum mc_status add_agencies(struct mc_txn *txn, const char *list,
                                   struct dossier_catalogue *catalogue)
{
    enum mc_status status = MC_OK;
    struct mc_bytes prefix = dossier_list_key(txn, &list, 1);
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_LIST_CODES, prefix, (struct mc_bytes){0}, MC_FORWARD);

    while (status == MC_OK && mc_next(&cursor)) {
        const char *code = (const char *)cursor.key.data + prefix.len;
        const DossierState__ListCode *row = dossier_code_on(txn, list, code, catalogue->today);

        if (row != NULL && row->levels[0] != '\0') {
            const DossierState__ListCode *top = dossier_code_last(txn, list, row->province);
            const struct dossier_unit unit = {
                .code = code,
                .name = row->name,
                .province = top != NULL ? top->name : "",
                .levels = row->levels,
            };
            bool again = catalogue->units_len > 0 && /* the rows of a code lie together */
                         strcmp(catalogue->units[catalogue->units_len - 1].code, code) == 0;
            status = again ? MC_OK : dossier_catalogue_add_unit(catalogue, &unit);
        }
        mc_pass(&cursor);
    }
    return status != MC_OK ? status : txn->status;
}

static bool is_listed(struct mc_txn *txn, const char *code)
{
    return txn != NULL && (dossier_code_last(txn, "AGENCY_QCVN102", code) != NULL ||
                           dossier_code_last(txn, "AGENCY_QD20", code) != NULL);
}

/*
 * Units and what provinces call the fields. A unit of the linked-in table counts until a code list
 * has its code.
 */
static enum mc_status build_rest(const struct dossier *dossier, struct mc_txn *txn,
                                 struct dossier_catalogue *catalogue)
{
    const struct dossier_seed *seed = &dossier->seed;
    enum mc_status status = txn != NULL ? add_agencies(txn, "AGENCY_QCVN102", catalogue) : MC_OK;

    if (status == MC_OK && txn != NULL)
        status = add_agencies(txn, "AGENCY_QD20", catalogue);
    for (size_t i = 0; status == MC_OK && i < seed->units_len; i++)
        if (!is_listed(txn, seed->units[i].code))
            status = dossier_catalogue_add_unit(catalogue, &seed->units[i]);
    for (size_t i = 0; status == MC_OK && i < seed->aliases_len; i++)
        status =
            dossier_catalogue_add_alias(catalogue, seed->aliases[i].key, seed->aliases[i].sector);
    return status == MC_OK ? dossier_catalogue_end(catalogue) : status;
}

/* Two memories take turns: the catalogue in use stays whole while the next is built. */
enum mc_status dossier_catalogue_build(struct dossier *dossier, struct mc_txn *txn,
                                       const DossierState__Revision *revision, int64_t today)
{
    unsigned next = 1 - dossier->catalogue_in;
    struct mc_arena *memory = &dossier->catalogue_memory[next];
    struct dossier_catalogue catalogue;

    if (memory->base == NULL && mc_arena_init(memory, CATALOGUE_MEMORY) != MC_OK)
        return MC_FULL;
    mc_arena_reset(memory);
    enum mc_status status = dossier_catalogue_begin(&catalogue, memory, DOSSIER_PROCEDURES_MAX,
                                                    DOSSIER_UNITS_MAX, today);
    if (status == MC_OK)
        status = revision == NULL ? build_from_seed(dossier, &catalogue)
                                  : build_from_store(txn, &catalogue);
    if (status == MC_OK)
        status = build_rest(dossier, txn, &catalogue);
    if (status != MC_OK)
        return status;
    if (revision != NULL) {
        catalogue.revision = revision->number;
        memcpy(dossier->revision_id, revision->id.data,
               MC_MIN(revision->id.len, sizeof dossier->revision_id));
    }
    dossier->catalogue = catalogue;
    dossier->catalogue_in = next;
    return MC_OK;
}

static bool is_current(const struct dossier *dossier, const DossierState__Revision *revision)
{
    if (revision == NULL)
        return dossier->catalogue.revision == 0;
    return dossier->catalogue.revision == revision->number &&
           mc_bytes_same(mc_key_bytes(revision->id),
                         (struct mc_bytes){dossier->revision_id, sizeof dossier->revision_id});
}

void dossier_catalogue_now(struct dossier *dossier, struct mc_txn *txn)
{
    const DossierState__Revision *revision = revision_load(txn);

    dossier->catalogue.today = mc_date_days(mc_date_from_ms(txn->now_ms));
    if (txn->status != MC_OK || is_current(dossier, revision))
        return;
    enum mc_status status =
        dossier_catalogue_build(dossier, txn, revision, dossier->catalogue.today);
    if (status != MC_OK)
        (void)mc_fail(txn, mc_is_fault(status) ? status : MC_CORRUPT, "catalogue");
}

void dossier_catalogue_seed(struct dossier *dossier, struct mc_txn *txn)
{
    const struct dossier_seed *seed = &dossier->seed;

    if (revision_load(txn) != NULL)
        return;
    for (size_t i = 0; i < seed->procedures_len; i++)
        dossier_detail_save(txn, &seed->procedures[i]);
    dossier_revision_next(txn);
}
