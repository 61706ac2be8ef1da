/*
 * Housekeeping, in bounded steps: what is due is told, of dossiers and of rounds of reports; files
 * and uploads whose time is over go; an import of procedures goes on; a new house gets its first
 * catalogue and code lists.
 */
#include "codelist.h"
#include "rounds.h"
#include "work.h"

enum mc_status dossier_tick(struct dossier *dossier, struct mc_txn *txn)
{
    if (dossier_alarms(dossier, txn) != MC_OK)
        return txn->status;
    if (dossier_round_alarms(dossier, txn) != MC_OK)
        return txn->status;
    dossier_catalogue_seed(dossier, txn);
    dossier_catalogue_now(dossier, txn);
    dossier_import_tick(dossier, txn);
    if (dossier_expire_supplements(dossier, txn) != MC_OK)
        return txn->status;
    dossier_codes_seed(txn);
    return dossier_collect_files(dossier, txn);
}
