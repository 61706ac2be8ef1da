/* A scan in the caller's hand, found by its lease's token. */
#include "dossier.h"

struct mc_job *dossier_scan_held(struct mc_txn *txn, ProtobufCBinaryData token,
                                 struct dossier_file *ret_file)
{
    struct mc_job *job = mc_job_held(txn, mc_key_bytes(token), txn->caller->name);

    *ret_file = (struct dossier_file){0};
    if (job == NULL)
        return NULL;
    mc_job_open(txn, job);
    const DossierState__ScanAsked *asked =
        txn->status == MC_OK ? dossier_state__scan_asked__unpack(
                                   &txn->arena->protobuf, job->payload.len, job->payload.data)
                             : NULL;
    if (asked == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "scan job");
        return NULL;
    }
    *ret_file = dossier_file_open(txn, mc_key_bytes(asked->sha256));
    return job;
}
