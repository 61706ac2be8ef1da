/*
 * What an import does by itself, some rows a tick, from where it stood: it settles (a complete list
 * ends what it leaves out; an undo brings back what was), or it is applied.
 */
#include <string.h>

#include "common/date.h"

#include "upkeep.h"

static char *today(struct mc_txn *txn)
{
    char text[MC_DATE_SIZE];

    mc_date_format_iso(text, sizeof text, mc_date_from_ms(txn->now_ms));
    return dossier_text(txn, text);
}

/* The next row of a set after the cursor; NULL: no more. */
static char *next_row(struct mc_txn *txn, unsigned table, struct mc_bytes id, const char *after)
{
    static const uint8_t past = 0;
    struct mc_bytes from = {0};

    if (after[0] != '\0')
        from =
            mc_key_join(txn, dossier_import_row_key(txn, id, after), (struct mc_bytes){&past, 1});
    struct mc_cursor cursor = mc_seek(txn, table, id, from, MC_FORWARD);
    if (!mc_next(&cursor))
        return NULL;
    return mc_sprintf(txn->arena, "%.*s", (int)(cursor.key.len - id.len),
                      (const char *)cursor.key.data + id.len);
}

static void rest(DossierState__Import *import, Dossier__ImportState state)
{
    import->state = (uint32_t)state;
    import->cursor = mc_unconst("");
}

/* DOS-16: what the complete list does not have any more ends today. */
static bool settle_missing(struct mc_txn *txn, struct mc_bytes id, DossierState__Import *import)
{
    struct mc_bytes value;
    char *code = dossier_detail_next(txn, import->cursor);

    if (code == NULL)
        return false;
    import->cursor = code;
    if (mc_get(txn, DOSSIER_IMPORT_ROWS, dossier_import_row_key(txn, id, code), &value))
        return true;
    Dossier__ProcedureDetail *detail = dossier_detail_load(txn, code, 0);
    if (detail == NULL ||
        (detail->valid_until[0] != '\0' && strcmp(detail->valid_until, today(txn)) <= 0))
        return true; /* it has ended before */
    detail->valid_until = today(txn);
    if (strcmp(detail->valid_from, detail->valid_until) > 0)
        detail->valid_from = detail->valid_until;
    (void)dossier_import_stage(txn, id, import, detail, DOSSIER_ROW_ENDED);
    return true;
}

/* What the other import changed, as it was; what it added ends. */
static bool settle_undo(struct mc_txn *txn, struct mc_bytes id, DossierState__Import *import)
{
    struct mc_bytes other = mc_key_bytes(import->undo_import);
    char *code = next_row(txn, DOSSIER_IMPORT_SET, other, import->cursor);

    if (code == NULL)
        return false;
    import->cursor = code;
    const DossierState__ImportRow *row =
        mc_load(txn, DOSSIER_IMPORT_ROWS, dossier_import_row_key(txn, other, code),
                &dossier_state__import_row__descriptor);
    if (row == NULL)
        return true;
    Dossier__ProcedureDetail *detail = dossier_detail_load(txn, code, row->base_version);
    if (detail == NULL)
        return true;
    if (row->base_version == 0)
        detail->valid_until = today(txn);
    (void)dossier_import_stage(txn, id, import, detail,
                               row->base_version == 0 ? DOSSIER_ROW_ENDED : DOSSIER_ROW_CHANGED);
    return true;
}

static void publish(struct mc_txn *txn, struct mc_bytes id, const DossierState__Import *import,
                    Dossier__ProcedureDetail *detail)
{
    const Dossier__ProcedureDetail *now = dossier_detail_load(txn, detail->code, 0);
    const char *keys[] = {mc_sprintf(txn->arena, "procedure:%s", detail->code), NULL};

    detail->version = now != NULL ? now->version + 1 : 1;
    detail->changed_at_ms = txn->now_ms;
    detail->changed_by = import->applied_by;
    detail->reason = import->apply_reason;
    detail->import_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    dossier_detail_save(txn, detail);
    mc_emit(txn, "dossier.procedure_published", &detail->base, MC_PLAIN, keys);
}

static bool apply_one(struct mc_txn *txn, struct mc_bytes id, DossierState__Import *import)
{
    char *code = next_row(txn, DOSSIER_IMPORT_SET, id, import->cursor);

    if (code == NULL)
        return false;
    import->cursor = code;
    Dossier__ProcedureDetail *detail =
        mc_load(txn, DOSSIER_IMPORT_SET, dossier_import_row_key(txn, id, code),
                &dossier__procedure_detail__descriptor);
    if (detail == NULL)
        return true;
    publish(txn, id, import, detail);
    import->applied++;
    return true;
}

static void finish(struct mc_txn *txn, struct mc_bytes id, DossierState__Import *import)
{
    Dossier__CatalogueChanged changed = DOSSIER__CATALOGUE_CHANGED__INIT;
    const char *keys[] = {NULL};

    rest(import, DOSSIER__IMPORT_STATE__IMPORT_APPLIED);
    dossier_revision_next(txn);
    changed.import_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    changed.revision = dossier_revision(txn);
    changed.added = import->added;
    changed.changed = import->changed;
    changed.ended = import->ended;
    changed.reason = import->apply_reason;
    mc_emit(txn, "dossier.catalogue_changed", &changed.base, MC_PLAIN, keys);
}

/* True: there is more to do. */
static bool step(struct mc_txn *txn, struct mc_bytes id, DossierState__Import *import)
{
    bool more = true;
    bool settles = import->state == DOSSIER__IMPORT_STATE__IMPORT_SETTLING;
    bool undo = import->source == DOSSIER__IMPORT_SOURCE__FROM_UNDO;

    for (size_t i = 0; more && i < DOSSIER_IMPORT_STEP && txn->status == MC_OK; i++)
        more = !settles ? apply_one(txn, id, import)
               : undo   ? settle_undo(txn, id, import)
                        : settle_missing(txn, id, import);
    if (more)
        return true;
    if (settles)
        rest(import, DOSSIER__IMPORT_STATE__IMPORT_READY);
    else
        finish(txn, id, import);
    return false;
}

void dossier_import_tick(struct dossier *dossier, struct mc_txn *txn)
{
    (void)dossier;
    struct mc_bytes id;

    if (!mc_get(txn, DOSSIER_IMPORTS, mc_key_text("work"), &id))
        return;
    DossierState__Import *import =
        mc_load(txn, DOSSIER_IMPORTS, id, &dossier_state__import__descriptor);
    bool works = import != NULL && (import->state == DOSSIER__IMPORT_STATE__IMPORT_SETTLING ||
                                    import->state == DOSSIER__IMPORT_STATE__IMPORT_APPLYING);
    if (!works || !step(txn, id, import))
        mc_drop(txn, DOSSIER_IMPORTS, mc_key_text("work"));
    if (works)
        dossier_import_save(txn, id, import);
}
