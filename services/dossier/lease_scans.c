/* LeaseScans, ReadScan, AckScan: papers before the virus scanner (common/scan.h). */
#include "dossier.h"

static bool find(struct mc_txn *txn, struct mc_bytes id, struct mc_scan_file *ret_file)
{
    struct dossier_file file = dossier_file_open(txn, id);

    if (file.record == NULL)
        return false;
    ret_file->sha256 = file.hash;
    ret_file->size = file.record->size;
    ret_file->record = file.record;
    return true;
}

static struct mc_bytes read(struct mc_txn *txn, const struct mc_scan_file *file, uint64_t offset,
                            uint64_t len)
{
    return dossier_file_range(txn, file->record, offset, len);
}

static void tell(struct mc_txn *txn, const struct mc_scan_file *file, const char *malware,
                 const char *event)
{
    Dossier__FileScanned scanned = DOSSIER__FILE_SCANNED__INIT;
    char sha256[2 * MC_HASH_LEN + 1];

    (void)mc_hex(sha256, file->sha256);
    scanned.sha256 = sha256;
    scanned.malware = mc_unconst(malware);
    const char *keys[] = {mc_sprintf(txn->arena, "file:%s", sha256), NULL};
    mc_emit(txn, event, &scanned.base, MC_PLAIN, keys);
}

static void judged(struct mc_txn *txn, const struct mc_scan_file *file, Motcua__Scan scan,
                   const char *malware)
{
    DossierState__File *record = file->record;

    record->scan = (uint32_t)scan;
    record->malware = mc_unconst(malware);
    record->scanned_at_ms = txn->now_ms;
    mc_save(txn, DOSSIER_FILES, file->sha256, &record->base);
    if (scan == MOTCUA__SCAN__SCAN_INFECTED)
        tell(txn, file, malware, "dossier.file_infected");
    else if (scan == MOTCUA__SCAN__SCAN_IMPOSSIBLE)
        tell(txn, file, malware, "dossier.file_unscannable");
}

static const struct mc_scan_room scans = {
    .lane = DOSSIER_LANE_SCAN,
    .find = find,
    .read = read,
    .judged = judged,
};

enum mc_status dossier_lease_scans(struct dossier *dossier, struct mc_txn *txn,
                                   const Motcua__LeaseScansRequest *req,
                                   Motcua__LeaseScansReply *rep)
{
    (void)dossier;
    return mc_scan_lease(&scans, txn, req, rep);
}

enum mc_status dossier_read_scan(struct dossier *dossier, struct mc_txn *txn,
                                 const Motcua__ReadScanRequest *req, Motcua__ReadScanReply *rep)
{
    (void)dossier;
    return mc_scan_read(&scans, txn, req, rep);
}

enum mc_status dossier_ack_scan(struct dossier *dossier, struct mc_txn *txn,
                                const Motcua__AckScanRequest *req, Motcua__AckScanReply *rep)
{
    (void)dossier;
    return mc_scan_ack(&scans, txn, req, rep);
}
