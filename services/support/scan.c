/* What the virus scanner says of files, and who may have them (common/scan.h). */
#include "support.h"

void support_scan_ask(const struct support *support, struct mc_txn *txn, ProtobufCBinaryData id,
                      SupportState__File *file)
{
    if (!support->scanner)
        return;
    file->scan = MOTCUA__SCAN__SCAN_WAITING;
    mc_scan_ask(txn, SUPPORT_LANE_SCAN, mc_key_bytes(id), support->scan_backoff_ms);
}

void support_scan_check(struct mc_txn *txn, const char *field, const SupportState__File *file)
{
    if (file->scan == MOTCUA__SCAN__SCAN_INFECTED)
        (void)mc_refuse(txn, MC_CONFLICT, field, "FILE_INFECTED", "malware", file->malware, NULL);
}

void support_scan_check_reading(const struct support *support, struct mc_txn *txn,
                                const SupportState__File *file)
{
    support_scan_check(txn, "file_id", file);
    if (!support->scanner || !support->scan_required)
        return;
    if (file->scan == MOTCUA__SCAN__SCAN_WAITING)
        (void)mc_refuse(txn, MC_BUSY, "file_id", "FILE_NOT_SCANNED", "component",
                        mc_open_text(txn, file->name), NULL);
    else if (file->scan == MOTCUA__SCAN__SCAN_IMPOSSIBLE)
        (void)mc_refuse(txn, MC_CONFLICT, "file_id", "FILE_UNSCANNABLE", "component",
                        mc_open_text(txn, file->name), NULL);
}
