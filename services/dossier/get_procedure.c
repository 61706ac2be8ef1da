/* GetProcedure: one procedure, and where it can be filed. */
#include "dossier.h"

enum mc_status dossier_get_procedure(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__GetProcedureRequest *req,
                                     Dossier__Procedure *rep)
{
    char code[MC_PROCEDURE_CODE_SIZE];
    struct dossier_query *anywhere = dossier_alloc(txn, sizeof *anywhere);

    if (mc_procedure_parse(req->code, code, sizeof code) != MC_WHY_OK)
        return mc_refuse(txn, MC_INVALID, "code", "PROCEDURE_CODE_FORMAT", NULL);
    const struct dossier_procedure *procedure = dossier_procedure_find(&dossier->catalogue, code);
    if (procedure == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "code", "PROCEDURE_UNKNOWN", NULL);
    if (anywhere == NULL)
        return txn->status;
    dossier_fill_procedure(dossier, txn, procedure, anywhere, rep);
    return txn->status;
}
