/* NackJobs: these messages could not be handed to the carrier; tried again, or given up. */
#include "otp.h"

static void give_back(struct mc_txn *txn, const struct mc_job *job, const Otp__Nack *nack)
{
    const char *error = otp_clip(txn, nack->error[0] != '\0' ? nack->error : "NACK");

    if (nack->permanent || mc_job_is_last_attempt(job)) {
        otp_job_ended(txn, job, otp_job_note(txn, job), OTP__DELIVERY_STATE__FAILED, error, "");
        mc_job_bury(txn, job, error);
        return;
    }
    mc_job_retry(txn, job, error, MC_MIN(nack->retry_ms, (uint32_t)OTP_RETRY_MAX_MS));
}

enum mc_status otp_nack_jobs(struct otp *otp, struct mc_txn *txn, const Otp__NackJobsRequest *req,
                             Otp__JobResults *rep)
{
    size_t failed = 0;

    (void)otp;
    if (req->n_nacks > OTP_CREDIT_MAX)
        otp_refuse_long(txn, "nacks", "Danh sách tin", "500");
    rep->results = otp_results(txn, req->n_nacks);
    if (txn->status != MC_OK)
        return txn->status;

    rep->n_results = req->n_nacks;
    for (size_t i = 0; i < req->n_nacks && txn->status == MC_OK; i++) {
        const struct mc_job *job = otp_job_held(txn, req->nacks[i]->token);
        if (job == NULL) {
            rep->results[i]->code = mc_unconst("LEASE_STALE");
            continue;
        }
        give_back(txn, job, req->nacks[i]);
        rep->results[i]->ok = true;
        failed += !req->nacks[i]->permanent; /* else it is the number or the text */
    }
    otp_gateway_failed(txn, txn->caller->name, failed);
    return txn->status;
}
