/*
 * StartImport: where the changes come from, and why. One at a time is at work; others may wait,
 * but what is applied first makes the others' previews stale.
 */
#include "upkeep.h"

static bool is_there(struct mc_txn *txn, const Dossier__StartImportRequest *req)
{
    struct mc_bytes id;
    const DossierState__Import *other = dossier_import_open(txn, req->undo_import, &id);

    if (other != NULL && other->state != DOSSIER__IMPORT_STATE__IMPORT_APPLIED)
        mc_refuse(txn, MC_EXPIRED, "undo_import", "IMPORT_STATE", NULL);
    return txn->status == MC_OK;
}

static Dossier__ProcedureDetail *older(struct mc_txn *txn, const Dossier__StartImportRequest *req)
{
    char code[MC_PROCEDURE_CODE_SIZE];
    Dossier__ProcedureDetail *detail = NULL;

    if (mc_procedure_parse(req->code, code, sizeof code) != MC_WHY_OK)
        mc_refuse(txn, MC_INVALID, "code", "PROCEDURE_CODE_FORMAT", NULL);
    else if (req->version == 0)
        mc_refuse(txn, MC_INVALID, "version", "FIELD_REQUIRED", "field", "version", NULL);
    else if ((detail = dossier_detail_load(txn, code, req->version)) == NULL)
        mc_refuse(txn, MC_NOT_FOUND, "version", "PROCEDURE_UNKNOWN", NULL);
    return detail;
}

enum mc_status dossier_start_import(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__StartImportRequest *req, Dossier__Import *rep)
{
    DossierState__Import import = DOSSIER_STATE__IMPORT__INIT;
    Dossier__ProcedureDetail *restored = NULL;

    import.reason = dossier_line(txn, "reason", req->reason, DOSSIER_REASON_CHARS_MAX);
    if (import.reason != NULL && import.reason[0] == '\0')
        mc_refuse(txn, MC_INVALID, "reason", "REASON_REQUIRED", NULL);
    if (req->source == DOSSIER__IMPORT_SOURCE__FROM_UNDO && !is_there(txn, req))
        return txn->status;
    if (req->source == DOSSIER__IMPORT_SOURCE__FROM_RESTORE)
        restored = older(txn, req);
    if (req->source == DOSSIER__IMPORT_SOURCE__FROM_NATIONAL && dossier->national_url[0] == '\0')
        mc_refuse(txn, MC_EXPIRED, "source", "NATIONAL_NOT_CONFIGURED", NULL);
    struct mc_bytes id = mc_new_id(txn);
    if (txn->status != MC_OK)
        return txn->status;

    import.source = req->source;
    import.complete = req->complete;
    import.state = DOSSIER__IMPORT_STATE__IMPORT_READY;
    import.revision = dossier_revision(txn);
    import.started_by = dossier_text(txn, txn->actor);
    import.started_at_ms = txn->now_ms;
    if (restored != NULL)
        (void)dossier_import_stage(txn, id, &import, restored, DOSSIER_ROW_CHANGED);
    if (req->source == DOSSIER__IMPORT_SOURCE__FROM_UNDO) {
        import.state = DOSSIER__IMPORT_STATE__IMPORT_SETTLING;
        import.undo_import = req->undo_import;
        dossier_import_work(txn, id);
    }
    if (req->source == DOSSIER__IMPORT_SOURCE__FROM_NATIONAL)
        dossier_national_begin(dossier, txn, id, &import);
    dossier_import_save(txn, id, &import);
    dossier_import_fill(txn, id, &import, rep);
    return txn->status;
}
