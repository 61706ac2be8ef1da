/* CancelImport and ResumeImport: an import that is not applied is given up, or goes on. */
#include "upkeep.h"

enum mc_status dossier_cancel_import(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__CancelImportRequest *req, Dossier__Import *rep)
{
    (void)dossier;
    struct mc_bytes id;
    DossierState__Import *import = dossier_import_open(txn, req->import_id, &id);
    char *reason = dossier_line(txn, "reason", req->reason, DOSSIER_REASON_CHARS_MAX);

    if (import == NULL || reason == NULL)
        return txn->status;
    if (import->state != DOSSIER__IMPORT_STATE__IMPORT_READY &&
        import->state != DOSSIER__IMPORT_STATE__IMPORT_FETCHING &&
        import->state != DOSSIER__IMPORT_STATE__IMPORT_FAILED)
        return mc_refuse(txn, MC_EXPIRED, "import_id", "IMPORT_STATE", NULL);
    import->state = DOSSIER__IMPORT_STATE__IMPORT_CANCELLED;
    import->apply_reason = reason;
    dossier_import_save(txn, id, import);
    dossier_import_fill(txn, id, import, rep);
    return txn->status;
}

enum mc_status dossier_resume_import(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__ResumeImportRequest *req, Dossier__Import *rep)
{
    struct mc_bytes id;
    DossierState__Import *import = dossier_import_open(txn, req->import_id, &id);

    if (import == NULL)
        return txn->status;
    if (import->state != DOSSIER__IMPORT_STATE__IMPORT_FAILED)
        return mc_refuse(txn, MC_EXPIRED, "import_id", "IMPORT_STATE", NULL);
    import->error = mc_unconst("");
    dossier_national_begin(dossier, txn, id, import);
    dossier_import_save(txn, id, import);
    dossier_import_fill(txn, id, import, rep);
    return txn->status;
}
