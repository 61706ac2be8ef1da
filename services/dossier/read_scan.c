/* ReadScan: a stretch of the file that the worker has leased. */
#include "dossier.h"

enum mc_status dossier_read_scan(struct dossier *dossier, struct mc_txn *txn,
                                 const Dossier__ReadScanRequest *req, Dossier__ReadScanReply *rep)
{
    struct dossier_file file;

    (void)dossier;
    if (dossier_scan_held(txn, req->token, &file) == NULL || file.record == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "token", "LEASE_STALE", NULL);
    struct mc_bytes content = dossier_file_range(txn, file.record, req->offset, DOSSIER_SCAN_PIECE);
    rep->content = (ProtobufCBinaryData){content.len, mc_unconst(content.data)};
    return txn->status;
}
