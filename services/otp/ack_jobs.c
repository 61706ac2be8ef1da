/* AckJobs: the carrier has taken these messages. */
#include "otp.h"

enum mc_status otp_ack_jobs(struct otp *otp, struct mc_txn *txn, const Otp__AckJobsRequest *req,
                            Otp__JobResults *rep)
{
    struct otp_costs costs = {0};
    size_t sent = 0;

    (void)otp;
    if (req->n_acks > OTP_CREDIT_MAX)
        otp_refuse_long(txn, "acks", "Danh sách tin", "500");
    rep->results = otp_results(txn, req->n_acks);
    if (txn->status != MC_OK)
        return txn->status;

    rep->n_results = req->n_acks;
    for (size_t i = 0; i < req->n_acks && txn->status == MC_OK; i++) {
        const Otp__Ack *ack = req->acks[i];
        const struct mc_job *job = otp_job_held(txn, ack->token);
        if (job == NULL) {
            rep->results[i]->code = mc_unconst("LEASE_STALE");
            continue;
        }
        const OtpState__Note *note = otp_job_note(txn, job);
        if (note != NULL)
            otp_cost_add(txn, &costs, job->record->id, note);
        otp_job_ended(txn, job, note, OTP__DELIVERY_STATE__SENT, "",
                      otp_clip(txn, ack->provider_reference));
        mc_job_done(txn, job);
        rep->results[i]->ok = true;
        sent++;
    }
    otp_costs_save(txn, &costs);
    otp_gateway_sent(txn, txn->caller->name, sent);
    return txn->status;
}
