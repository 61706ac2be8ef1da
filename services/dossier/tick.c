/* Housekeeping, in bounded steps: files and uploads whose time is over go. */
#include "dossier.h"

enum mc_status dossier_tick(struct dossier *dossier, struct mc_txn *txn)
{
    return dossier_collect_files(dossier, txn);
}
