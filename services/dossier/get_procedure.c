/*
 * GetProcedure: one procedure with all that is published of it, as it is today or as a version
 * said, and where it can be filed.
 */
#include "upkeep.h"

/* Who changed it is the keepers' to know (ListVersions), not the public's. */
static Dossier__ProcedureDetail *published(struct mc_txn *txn, const char *code, uint32_t version)
{
    Dossier__ProcedureDetail *detail = dossier_detail_load(txn, code, version);

    if (detail != NULL)
        detail->changed_by = mc_unconst("");
    return detail;
}

static enum mc_status older(struct mc_txn *txn, const char *code, uint32_t version,
                            Dossier__Procedure *rep)
{
    Dossier__ProcedureDetail *detail = published(txn, code, version);

    if (detail == NULL && txn->status == MC_OK)
        return mc_refuse(txn, MC_NOT_FOUND, "version", "PROCEDURE_UNKNOWN", NULL);
    if (detail == NULL)
        return txn->status;
    rep->code = detail->code;
    rep->name = detail->name;
    rep->sector = detail->sector;
    rep->level = detail->level;
    rep->service_level = detail->service_level;
    rep->version = detail->version;
    rep->old_level = detail->old_level;
    rep->detail = detail;
    return txn->status;
}

enum mc_status dossier_get_procedure(struct dossier *dossier, struct mc_txn *txn,
                                     const Dossier__GetProcedureRequest *req,
                                     Dossier__Procedure *rep)
{
    char code[MC_PROCEDURE_CODE_SIZE];
    struct dossier_query *anywhere = dossier_alloc(txn, sizeof *anywhere);

    if (mc_procedure_parse(req->code, code, sizeof code) != MC_WHY_OK)
        return mc_refuse(txn, MC_INVALID, "code", "PROCEDURE_CODE_FORMAT", NULL);
    if (req->version != 0)
        return older(txn, code, req->version, rep);
    dossier_catalogue_now(dossier, txn);
    const struct dossier_procedure *procedure = dossier_procedure_find(&dossier->catalogue, code);
    if (procedure == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "code", "PROCEDURE_UNKNOWN", NULL);
    if (anywhere == NULL)
        return txn->status;
    dossier_fill_procedure(dossier, txn, procedure, anywhere, rep);
    rep->detail = published(txn, code, procedure->version);
    return txn->status;
}
