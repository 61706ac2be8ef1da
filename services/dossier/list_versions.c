/* ListVersions: what a procedure was and since when, the newest first. */
#include "upkeep.h"

enum { VERSIONS_MAX = 100 };

enum mc_status dossier_list_versions(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__ListVersionsRequest *req,
                                     Dossier__ListVersionsReply *rep)
{
    (void)dossier;
    char code[MC_PROCEDURE_CODE_SIZE];

    if (mc_procedure_parse(req->code, code, sizeof code) != MC_WHY_OK)
        return mc_refuse(txn, MC_INVALID, "code", "PROCEDURE_CODE_FORMAT", NULL);
    rep->versions = dossier_list(txn, VERSIONS_MAX);
    struct mc_cursor cursor = mc_seek(txn, DOSSIER_PROCEDURES, dossier_detail_prefix(txn, code),
                                      (struct mc_bytes){0}, MC_BACKWARD);
    while (rep->versions != NULL && rep->n_versions < VERSIONS_MAX && mc_next(&cursor)) {
        const Dossier__ProcedureDetail *detail =
            mc_row(&cursor, &dossier__procedure_detail__descriptor);
        Dossier__ProcedureVersion *row = dossier_alloc(txn, sizeof *row);

        if (detail == NULL || row == NULL)
            return txn->status;
        dossier__procedure_version__init(row);
        row->version = detail->version;
        row->name = detail->name;
        row->valid_from = detail->valid_from;
        row->valid_until = detail->valid_until;
        row->changed_at_ms = detail->changed_at_ms;
        row->changed_by = detail->changed_by;
        row->reason = detail->reason;
        row->import_id = detail->import_id;
        rep->versions[rep->n_versions++] = row;
    }
    if (txn->status == MC_OK && rep->n_versions == 0)
        mc_refuse(txn, MC_NOT_FOUND, "code", "PROCEDURE_UNKNOWN", NULL);
    return txn->status;
}
