/* What the virus scanner says of papers, and what goes on with them (common/scan.h). */
#include "dossier.h"

void dossier_scan_ask(const struct dossier *dossier, struct mc_txn *txn, struct mc_bytes hash,
                      DossierState__File *file)
{
    if (dossier == NULL || !dossier->scanner ||
        (file->scan != MOTCUA__SCAN__SCAN_OFF && file->scan != MOTCUA__SCAN__SCAN_IMPOSSIBLE))
        return;
    file->scan = MOTCUA__SCAN__SCAN_WAITING;
    mc_scan_ask(txn, DOSSIER_LANE_SCAN, hash, dossier->scan_backoff_ms);
}

enum mc_status dossier_scan_check(struct mc_txn *txn, const DossierState__File *file)
{
    if (file->scan != MOTCUA__SCAN__SCAN_INFECTED)
        return txn->status;
    return mc_refuse(txn, MC_CONFLICT, "sha256", "FILE_INFECTED", "malware", file->malware, NULL);
}

enum mc_status dossier_scan_check_papers(const struct dossier *dossier, struct mc_txn *txn,
                                         const DossierState__Dossier *record)
{
    bool strict = dossier->scanner && dossier->scan_required;

    for (size_t i = 0; i < record->n_papers && txn->status == MC_OK; i++) {
        const char *component = record->papers[i]->component;
        struct dossier_file file = dossier_file_open(txn, mc_key_bytes(record->papers[i]->sha256));

        if (file.record == NULL)
            return mc_fail(txn, MC_CORRUPT, "file missing");
        if (dossier_scan_check(txn, file.record) != MC_OK)
            break;
        if (strict && file.record->scan == MOTCUA__SCAN__SCAN_WAITING)
            mc_refuse(txn, MC_BUSY, "attachments", "FILE_NOT_SCANNED", "component", component,
                      NULL);
        if (strict && file.record->scan == MOTCUA__SCAN__SCAN_IMPOSSIBLE)
            mc_refuse(txn, MC_CONFLICT, "attachments", "FILE_UNSCANNABLE", "component", component,
                      NULL);
    }
    return txn->status;
}
