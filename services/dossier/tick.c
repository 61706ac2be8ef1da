/*
 * Housekeeping, in bounded steps: what is due is told; files and uploads whose time is over go; an
 * import of procedures goes on.
 */
#include "upkeep.h"
#include "work.h"

enum mc_status dossier_tick(struct dossier *dossier, struct mc_txn *txn)
{
    if (dossier_alarms(dossier, txn) != MC_OK)
        return txn->status;
    dossier_catalogue_seed(dossier, txn);
    dossier_catalogue_now(dossier, txn);
    dossier_import_tick(dossier, txn);
    if (dossier_expire_supplements(dossier, txn) != MC_OK)
        return txn->status;
    return dossier_collect_files(dossier, txn);
}
