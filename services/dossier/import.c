/* Imports: sets of changes of the catalogue, collected and put to work. */
#include <string.h>

#include "upkeep.h"

/* The import that a tick has to go on with; no id of ours is so short. */
static const char work_key[] = "work";

DossierState__Import *dossier_import_open(struct mc_txn *txn, ProtobufCBinaryData id,
                                          struct mc_bytes *ret_id)
{
    DossierState__Import *import = NULL;

    *ret_id = mc_key_bytes(id);
    if (id.len == MC_ID_LEN)
        import = mc_load(txn, DOSSIER_IMPORTS, *ret_id, &dossier_state__import__descriptor);
    if (import == NULL)
        mc_refuse(txn, MC_NOT_FOUND, "import_id", "IMPORT_UNKNOWN", NULL);
    return import;
}

void dossier_import_save(struct mc_txn *txn, struct mc_bytes id, const DossierState__Import *at)
{
    mc_save(txn, DOSSIER_IMPORTS, id, &at->base);
}

void dossier_import_work(struct mc_txn *txn, struct mc_bytes id)
{
    struct mc_bytes other;

    if (mc_get(txn, DOSSIER_IMPORTS, mc_key_text(work_key), &other) && !mc_bytes_same(other, id))
        mc_refuse(txn, MC_BUSY, "", "IMPORT_AT_WORK", NULL);
    else
        mc_put(txn, DOSSIER_IMPORTS, mc_key_text(work_key), id);
}

void dossier_import_mark(struct mc_txn *txn, struct mc_bytes id, const char *code,
                         enum dossier_row kind)
{
    DossierState__ImportRow row = DOSSIER_STATE__IMPORT_ROW__INIT;

    row.kind = kind;
    mc_save(txn, DOSSIER_IMPORT_ROWS, dossier_import_row_key(txn, id, code), &row.base);
}

struct mc_bytes dossier_import_row_key(struct mc_txn *txn, struct mc_bytes id, const char *code)
{
    return mc_key_join(txn, id, mc_key_text(code));
}

/* The set's hash grows with every row: what came, and what it was compared with. */
static void digest(struct mc_txn *txn, DossierState__Import *import,
                   const Dossier__ProcedureDetail *detail, const DossierState__ImportRow *row)
{
    uint8_t hash[MC_HASH_LEN];
    const uint32_t numbers[] = {row->kind, row->base_version};
    const struct mc_bytes parts[] = {
        mc_key_bytes(import->digest),
        dossier_detail_prefix(txn, detail->code),
        {numbers, sizeof numbers},
        dossier_detail_content(txn->arena, detail),
    };

    mc_hash_parts(hash, parts, MC_LEN(parts));
    struct mc_bytes kept = mc_keep(txn, hash, sizeof hash);
    import->digest = (ProtobufCBinaryData){kept.len, mc_unconst(kept.data)};
}

static void count(DossierState__Import *import, enum dossier_row kind)
{
    import->added += kind == DOSSIER_ROW_ADDED;
    import->changed += kind == DOSSIER_ROW_CHANGED;
    import->ended += kind == DOSSIER_ROW_ENDED;
    import->same += kind == DOSSIER_ROW_SAME;
}

bool dossier_import_stage(struct mc_txn *txn, struct mc_bytes id, DossierState__Import *import,
                          Dossier__ProcedureDetail *detail, enum dossier_row kind)
{
    struct mc_bytes key = dossier_import_row_key(txn, id, detail->code);
    const DossierState__ImportRow *there =
        mc_load(txn, DOSSIER_IMPORT_ROWS, key, &dossier_state__import_row__descriptor);
    const Dossier__ProcedureDetail *now = dossier_detail_load(txn, detail->code, 0);
    DossierState__ImportRow row = DOSSIER_STATE__IMPORT_ROW__INIT;

    if (there != NULL && there->kind != DOSSIER_ROW_WANTED)
        return false;
    if (now == NULL)
        kind = DOSSIER_ROW_ADDED;
    else if (dossier_detail_compare(txn->arena, now, detail, NULL, NULL) == 0)
        kind = DOSSIER_ROW_SAME;
    row.kind = kind;
    row.base_version = now != NULL ? now->version : 0;
    mc_save(txn, DOSSIER_IMPORT_ROWS, key, &row.base);
    if (kind != DOSSIER_ROW_SAME) {
        mc_save(txn, DOSSIER_IMPORT_SET, key, &detail->base);
        digest(txn, import, detail, &row);
    }
    count(import, kind);
    return true;
}

void dossier_import_fault(struct mc_txn *txn, DossierState__Import *import, const char *code,
                          const char *why)
{
    size_t n = import->n_faults;
    char **faults = dossier_list(txn, n + 1);

    if (faults == NULL || n == DOSSIER_IMPORT_FAULTS_MAX)
        return;
    if (n > 0)
        memcpy(faults, import->faults, n * sizeof(void *));
    faults[n] = mc_sprintf(txn->arena, "%s: %s", code, why);
    if (faults[n] == NULL)
        return;
    import->faults = faults;
    import->n_faults = n + 1;
}

char *dossier_import_hash(struct mc_txn *txn, const DossierState__Import *import)
{
    char text[2 * MC_HASH_LEN + 1] = "";

    if (import->digest.len == MC_HASH_LEN)
        (void)mc_hex(text, mc_key_bytes(import->digest));
    return dossier_text(txn, text);
}

void dossier_import_fill(struct mc_txn *txn, struct mc_bytes id, const DossierState__Import *at,
                         Dossier__Import *out)
{
    struct mc_bytes copy = mc_keep(txn, id.data, id.len);

    out->import_id = (ProtobufCBinaryData){copy.len, mc_unconst(copy.data)};
    out->source = (Dossier__ImportSource)at->source;
    out->state = (Dossier__ImportState)at->state;
    out->reason = at->reason;
    out->complete = at->complete;
    out->added = at->added;
    out->changed = at->changed;
    out->ended = at->ended;
    out->same = at->same;
    out->waiting = at->waiting;
    out->applied = at->applied;
    out->started_by = at->started_by;
    out->started_at_ms = at->started_at_ms;
    out->applied_by = at->applied_by;
    out->applied_at_ms = at->applied_at_ms;
    out->error = at->error;
    out->apply_reason = at->apply_reason;
    out->n_faults = at->n_faults;
    out->faults = at->faults;
}
