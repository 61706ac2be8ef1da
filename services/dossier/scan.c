/*
 * The virus scanner. A new file is a job in the lane "scan"; motcua-scanworker leases it, streams
 * the file to clamd and tells what it found. So no parser of hostile files and no socket of theirs
 * is near this room, and a scanner that is away only lets the queue grow.
 */
#include "dossier.h"

enum { BACKOFF_MAX_MS = 5 * 60 * 1000 };

void dossier_scan_ask(const struct dossier *dossier, struct mc_txn *txn, struct mc_bytes hash,
                      DossierState__File *file)
{
    DossierState__ScanAsked asked = DOSSIER_STATE__SCAN_ASKED__INIT;

    if (dossier == NULL || !dossier->scanner ||
        (file->scan != DOSSIER__SCAN__SCAN_OFF && file->scan != DOSSIER__SCAN__SCAN_IMPOSSIBLE))
        return;
    asked.sha256 = (ProtobufCBinaryData){hash.len, mc_unconst(hash.data)};
    size_t len = protobuf_c_message_get_packed_size(&asked.base);
    uint8_t *packed = dossier_alloc(txn, len + 1);
    if (packed == NULL)
        return;
    (void)protobuf_c_message_pack(&asked.base, packed);
    file->scan = DOSSIER__SCAN__SCAN_WAITING;
    const struct mc_job_spec job = {
        .lane = DOSSIER_LANE_SCAN,
        .kind = "scan",
        .payload = {packed, len},
        .backoff_ms = (uint32_t)dossier->scan_backoff_ms,
        .backoff_max_ms = BACKOFF_MAX_MS,
        .destination = "",
    };
    (void)mc_job_add(txn, &job);
}

enum mc_status dossier_scan_check(struct mc_txn *txn, const DossierState__File *file)
{
    if (file->scan != DOSSIER__SCAN__SCAN_INFECTED)
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
        if (strict && file.record->scan == DOSSIER__SCAN__SCAN_WAITING)
            mc_refuse(txn, MC_BUSY, "attachments", "FILE_NOT_SCANNED", "component", component,
                      NULL);
        if (strict && file.record->scan == DOSSIER__SCAN__SCAN_IMPOSSIBLE)
            mc_refuse(txn, MC_CONFLICT, "attachments", "FILE_UNSCANNABLE", "component", component,
                      NULL);
    }
    return txn->status;
}
