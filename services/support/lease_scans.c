/* LeaseScans, ReadScan, AckScan: files before the virus scanner (common/scan.h). */
#include "support.h"

static bool find(struct mc_txn *txn, struct mc_bytes id, struct mc_scan_file *ret_file)
{
    SupportState__File *file = support_file_load(txn, id);

    if (file == NULL || file->forgotten_at_ms != 0)
        return false;
    ret_file->sha256 = mc_key_bytes(file->sha256);
    ret_file->size = file->size;
    ret_file->record = file;
    return true;
}

static struct mc_bytes read(struct mc_txn *txn, const struct mc_scan_file *file, uint64_t offset,
                            uint64_t len)
{
    return support_file_range(txn, support_bytes(file->id), file->record, offset, len);
}

/* The code of what it belongs to; "": nothing uses it yet. */
static const char *owner_code(struct mc_txn *txn, const SupportState__File *file)
{
    struct mc_bytes owner = mc_key_bytes(file->user);

    switch (file->user_kind) {
    case SUPPORT_REQUEST: {
        const SupportState__Request *request =
            mc_load(txn, SUPPORT_REQUESTS, owner, &support_state__request__descriptor);
        return request != NULL ? request->code : "";
    }
    case SUPPORT_FEEDBACK: {
        const SupportState__Feedback *feedback =
            mc_load(txn, SUPPORT_FEEDBACK_TABLE, owner, &support_state__feedback__descriptor);
        return feedback != NULL ? feedback->code : "";
    }
    case SUPPORT_INTEGRATION: {
        const SupportState__Integration *integration =
            mc_load(txn, SUPPORT_INTEGRATIONS, owner, &support_state__integration__descriptor);
        return integration != NULL ? integration->code : "";
    }
    default:
        return "";
    }
}

static void tell(struct mc_txn *txn, const struct mc_scan_file *file, const char *malware,
                 const char *event)
{
    Support__FileScanned scanned = SUPPORT__FILE_SCANNED__INIT;
    const char *code = owner_code(txn, file->record);
    char sha256[2 * MC_HASH_LEN + 1];

    (void)mc_hex(sha256, file->sha256);
    scanned.file_id = support_bytes(file->id);
    scanned.sha256 = sha256;
    scanned.malware = mc_unconst(malware);
    scanned.code = mc_unconst(code);
    const char *keys[] = {support_printf(txn, "file:%s", sha256),
                          code[0] != '\0' ? support_printf(txn, "support:%s", code) : NULL, NULL};
    if (txn->status == MC_OK)
        mc_emit(txn, event, &scanned.base, MC_PLAIN, keys);
}

static void judged(struct mc_txn *txn, const struct mc_scan_file *file, Motcua__Scan scan,
                   const char *malware)
{
    SupportState__File *record = file->record;

    record->scan = (uint32_t)scan;
    record->malware = mc_unconst(malware);
    record->scanned_at_ms = txn->now_ms;
    support_upload_save(txn, support_bytes(file->id), record);
    if (scan == MOTCUA__SCAN__SCAN_INFECTED)
        tell(txn, file, malware, "support.file_infected");
    else if (scan == MOTCUA__SCAN__SCAN_IMPOSSIBLE)
        tell(txn, file, malware, "support.file_unscannable");
}

static const struct mc_scan_room scans = {
    .lane = SUPPORT_LANE_SCAN,
    .find = find,
    .read = read,
    .judged = judged,
};

enum mc_status support_lease_scans(struct support *support, struct mc_txn *txn,
                                   const Motcua__LeaseScansRequest *req,
                                   Motcua__LeaseScansReply *rep)
{
    (void)support;
    return mc_scan_lease(&scans, txn, req, rep);
}

enum mc_status support_read_scan(struct support *support, struct mc_txn *txn,
                                 const Motcua__ReadScanRequest *req, Motcua__ReadScanReply *rep)
{
    (void)support;
    return mc_scan_read(&scans, txn, req, rep);
}

enum mc_status support_ack_scan(struct support *support, struct mc_txn *txn,
                                const Motcua__AckScanRequest *req, Motcua__AckScanReply *rep)
{
    (void)support;
    return mc_scan_ack(&scans, txn, req, rep);
}
