/* AckScan: what the scanner found, or that it has to be asked again. */
#include "dossier.h"

static void tell(struct mc_txn *txn, const struct dossier_file *file, const char *event)
{
    Dossier__FileScanned scanned = DOSSIER__FILE_SCANNED__INIT;
    char sha256[2 * MC_HASH_LEN + 1];

    (void)mc_hex(sha256, file->hash);
    scanned.sha256 = sha256;
    scanned.malware = file->record->malware;
    const char *keys[] = {mc_sprintf(txn->arena, "file:%s", sha256), NULL};
    mc_emit(txn, event, &scanned.base, MC_PLAIN, keys);
}

static void note(struct mc_txn *txn, const struct dossier_file *file, Dossier__Scan scan,
                 const char *malware)
{
    file->record->scan = (uint32_t)scan;
    file->record->malware = mc_unconst(malware);
    file->record->scanned_at_ms = txn->now_ms;
    mc_save(txn, DOSSIER_FILES, file->hash, &file->record->base);
    if (scan == DOSSIER__SCAN__SCAN_INFECTED)
        tell(txn, file, "dossier.file_infected");
    else if (scan == DOSSIER__SCAN__SCAN_IMPOSSIBLE)
        tell(txn, file, "dossier.file_unscannable");
}

enum mc_status dossier_ack_scan(struct dossier *dossier, struct mc_txn *txn,
                                const Dossier__AckScanRequest *req, Dossier__AckScanReply *rep)
{
    struct dossier_file file;
    const char *malware = dossier_line(txn, "malware", req->malware, DOSSIER_MALWARE_CHARS_MAX);
    const char *error = dossier_line(txn, "error", req->error, DOSSIER_MALWARE_CHARS_MAX);

    (void)dossier;
    if (req->scan == DOSSIER__SCAN__SCAN_OFF)
        mc_refuse(txn, MC_INVALID, "scan", "FIELD_INVALID", "field", "scan", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    const struct mc_job *job = dossier_scan_held(txn, req->token, &file);
    if (job == NULL)
        return txn->status; /* held: false */
    rep->held = true;
    if (req->scan == DOSSIER__SCAN__SCAN_WAITING) {
        mc_job_retry(txn, job, error, 0);
        return txn->status;
    }
    mc_job_done(txn, job);
    if (file.record != NULL)
        note(txn, &file, req->scan, malware);
    return txn->status;
}
