/*
 * ApplyImport: what was previewed, and nothing else: the hash names the set, and the catalogue must
 * still be the one it was compared with. The rows follow by ticks; a restart goes on with them.
 */
#include <string.h>

#include "upkeep.h"

enum mc_status dossier_apply_import(struct dossier *dossier, struct mc_txn *txn,
                                    const Dossier__ApplyImportRequest *req, Dossier__Import *rep)
{
    (void)dossier;
    struct mc_bytes id;
    DossierState__Import *import = dossier_import_open(txn, req->import_id, &id);
    char *reason = dossier_line(txn, "reason", req->reason, DOSSIER_REASON_CHARS_MAX);

    if (import == NULL || reason == NULL)
        return txn->status;
    if (reason[0] == '\0')
        mc_refuse(txn, MC_INVALID, "reason", "REASON_REQUIRED", NULL);
    if (import->state != DOSSIER__IMPORT_STATE__IMPORT_READY)
        mc_refuse(txn, MC_EXPIRED, "import_id", "IMPORT_STATE", NULL);
    else if (import->revision != dossier_revision(txn))
        mc_refuse(txn, MC_CONFLICT, "import_id", "IMPORT_STALE", NULL);
    else if (import->digest.len == 0)
        mc_refuse(txn, MC_EXPIRED, "import_id", "IMPORT_EMPTY", NULL);
    else if (strcmp(req->hash, dossier_import_hash(txn, import)) != 0)
        mc_refuse(txn, MC_CONFLICT, "hash", "IMPORT_HASH", NULL);
    dossier_import_work(txn, id);
    if (txn->status != MC_OK)
        return txn->status;
    import->state = DOSSIER__IMPORT_STATE__IMPORT_APPLYING;
    import->cursor = mc_unconst("");
    import->applied_by = dossier_text(txn, txn->actor);
    import->applied_at_ms = txn->now_ms;
    import->apply_reason = reason;
    dossier_import_save(txn, id, import);
    dossier_import_fill(txn, id, import, rep);
    return txn->status;
}
