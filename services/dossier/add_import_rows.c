/* AddImportRows: a part of a CSV. A part that has a wrong row is refused, and names every one. */
#include "upkeep.h"

enum mc_status dossier_add_import_rows(struct dossier *dossier, struct mc_txn *txn,
                                       const Dossier__AddImportRowsRequest *req,
                                       Dossier__Import *rep)
{
    (void)dossier;
    struct mc_bytes id;
    struct dossier_csv *csv = NULL;
    DossierState__Import *import = dossier_import_open(txn, req->import_id, &id);
    const Dossier__ProcedureDetail *detail = NULL;
    size_t rows = 0;

    if (import == NULL)
        return txn->status;
    if (import->source != DOSSIER__IMPORT_SOURCE__FROM_CSV ||
        import->state != DOSSIER__IMPORT_STATE__IMPORT_READY)
        return mc_refuse(txn, MC_EXPIRED, "import_id", "IMPORT_STATE", NULL);
    if (!dossier_csv_begin(txn, mc_key_bytes(req->csv), &csv))
        return txn->status;
    while ((detail = dossier_csv_next(csv)) != NULL) {
        if (++rows > DOSSIER_IMPORT_ROWS_MAX)
            return mc_refuse(txn, MC_INVALID, "csv", "LIST_TOO_LONG", NULL);
        if (!dossier_import_stage(txn, id, import, mc_unconst(detail), DOSSIER_ROW_CHANGED))
            mc_refuse(txn, MC_INVALID, "csv", "IMPORT_ROW_TWICE", "code", detail->code, NULL);
    }
    if (txn->status != MC_OK)
        return txn->status;
    if (req->last && import->complete) {
        import->state = DOSSIER__IMPORT_STATE__IMPORT_SETTLING;
        dossier_import_work(txn, id);
    }
    dossier_import_save(txn, id, import);
    dossier_import_fill(txn, id, import, rep);
    return txn->status;
}
