/*
 * LeaseScans: the scan worker takes the next file to look at, or waits for one. A repeat of its
 * last call gets what it got, while it holds that: nobody listens to a second answer with another
 * file.
 *
 *     META "scan/last/" worker -> request id (16) ‖ token (12)
 */
#include <string.h>

#include "dossier.h"

static struct mc_bytes last_key(struct mc_txn *txn)
{
    return mc_key_join(txn, mc_key_text("scan/last/"), mc_key_text(txn->caller->name));
}

static struct mc_bytes request_id(const struct mc_txn *txn)
{
    return mc_key_bytes(txn->header->request_id);
}

/* True: it is one, and the answer is what it still holds. */
static bool repeat(struct mc_txn *txn, Dossier__LeaseScansReply *rep)
{
    struct mc_bytes last;
    struct dossier_file file = {0};
    char sha256[2 * MC_HASH_LEN + 1];

    if (!mc_get(txn, MC_TABLE_META, last_key(txn), &last) || last.len <= MC_ID_LEN ||
        memcmp(last.data, request_id(txn).data, MC_ID_LEN) != 0)
        return false;
    struct mc_bytes token =
        mc_keep(txn, (const uint8_t *)last.data + MC_ID_LEN, last.len - MC_ID_LEN);
    const ProtobufCBinaryData held = {token.len, mc_unconst(token.data)};
    if (dossier_scan_held(txn, held, &file) == NULL || file.record == NULL)
        return true;
    (void)mc_hex(sha256, file.hash);
    rep->token = held;
    rep->sha256 = dossier_text(txn, sha256);
    rep->size = file.record->size;
    return true;
}

static void remember(struct mc_txn *txn, const Dossier__LeaseScansReply *rep)
{
    mc_put(txn, MC_TABLE_META, last_key(txn),
           mc_key_join(txn, request_id(txn), mc_key_bytes(rep->token)));
}

static bool hand_out(struct mc_txn *txn, const struct mc_job *job, Dossier__LeaseScansReply *rep)
{
    char sha256[2 * MC_HASH_LEN + 1];
    const DossierState__ScanAsked *asked = dossier_state__scan_asked__unpack(
        &txn->arena->protobuf, job->payload.len, job->payload.data);

    if (asked == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "scan job");
        return false;
    }
    struct dossier_file file = dossier_file_open(txn, mc_key_bytes(asked->sha256));
    if (file.record == NULL) { /* nobody refers to it any more: it is gone */
        mc_job_done(txn, job);
        return false;
    }
    struct mc_bytes token = mc_keep(txn, job->token, sizeof job->token);
    (void)mc_hex(sha256, mc_key_bytes(asked->sha256));
    rep->token = (ProtobufCBinaryData){token.len, mc_unconst(token.data)};
    rep->sha256 = dossier_text(txn, sha256);
    rep->size = file.record->size;
    return true;
}

enum mc_status dossier_lease_scans(struct dossier *dossier, struct mc_txn *txn,
                                   const Dossier__LeaseScansRequest *req,
                                   Dossier__LeaseScansReply *rep)
{
    struct mc_lease lease = {.lane = DOSSIER_LANE_SCAN, .worker = txn->caller->name};
    struct mc_job job;

    (void)dossier;
    if (req->lease_ms != 0 &&
        (req->lease_ms < DOSSIER_SCAN_LEASE_MIN_MS || req->lease_ms > DOSSIER_SCAN_LEASE_MAX_MS))
        mc_refuse(txn, MC_INVALID, "lease_ms", "FIELD_INVALID", "field", "lease_ms", NULL);
    if (req->wait_ms > DOSSIER_SCAN_WAIT_MAX_MS)
        mc_refuse(txn, MC_INVALID, "wait_ms", "FIELD_INVALID", "field", "wait_ms", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    if (repeat(txn, rep))
        return txn->status;
    lease.lease_ms = req->lease_ms != 0 ? req->lease_ms : DOSSIER_SCAN_LEASE_MS;
    while (mc_jobs_lease(txn, &lease, &job, 1) == 1) {
        if (job.spent != NULL)
            mc_job_bury(txn, &job, job.spent);
        else if (hand_out(txn, &job, rep))
            break;
        if (txn->status != MC_OK)
            return txn->status;
    }
    if (rep->token.len > 0)
        remember(txn, rep);
    if (rep->token.len > 0 || txn->writes_len > 0 || txn->status != MC_OK)
        return txn->status;
    return mc_wait(txn, req->wait_ms);
}
