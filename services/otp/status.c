/*
 * Status: where the SMS is (OTP-12). While its job lives the job says so; from the moment a
 * carrier took it or it was given up, its row in messages does.
 */
#include "common/messages.h"

#include "otp.h"

static Otp__DeliveryState job_state(const struct mc_txn *txn, const Motcua__Job *job)
{
    if (job->state == MOTCUA__JOB_STATE__LEASED && job->due_ms > txn->now_ms)
        return OTP__DELIVERY_STATE__HANDED_OVER;
    if (job->expires_ms != 0 && job->expires_ms <= txn->now_ms)
        return OTP__DELIVERY_STATE__EXPIRED; /* the next lease will put it away */
    return OTP__DELIVERY_STATE__QUEUED;
}

static Otp__DeliveryState find_state(struct mc_txn *txn, uint64_t job_id)
{
    const OtpState__Message *message = otp_message_load(txn, job_id);

    if (message != NULL)
        return (Otp__DeliveryState)message->state;
    const Motcua__Job *job =
        mc_load(txn, MC_TABLE_JOBS, mc_key_u64(txn, job_id), &motcua__job__descriptor);
    return job != NULL ? job_state(txn, job) : OTP__DELIVERY_STATE__FAILED;
}

/*
 * Whoever has a number can ask to reset its password: he is not shown whether there is an account,
 * nor whose phone the code goes to, nor whether one does (LOG-06).
 */
static Otp__DeliveryState time_state(const struct mc_txn *txn, const OtpState__Challenge *challenge)
{
    return challenge->expires_at_ms > txn->now_ms ? OTP__DELIVERY_STATE__QUEUED
                                                  : OTP__DELIVERY_STATE__EXPIRED;
}

/* For the person who waits: what to do now. What the carrier said is for operators. */
static const char *advice(Otp__DeliveryState state)
{
    const char *text = NULL;

    if (state == OTP__DELIVERY_STATE__EXPIRED)
        text = mc_message_text("OTP_SMS_EXPIRED");
    else if (state == OTP__DELIVERY_STATE__FAILED)
        text = mc_message_text("OTP_SMS_FAILED");
    return text != NULL ? text : "";
}

enum mc_status otp_status(struct otp *otp, struct mc_txn *txn, const Otp__StatusRequest *req,
                          Otp__StatusReply *rep)
{
    (void)otp;
    otp_check_subject(txn, req->purpose, req->subject);
    if (txn->status != MC_OK)
        return txn->status;

    struct otp_subject subject = otp_subject_of(txn, req->purpose, req->subject);
    const OtpState__Challenge *challenge = otp_challenge_load(txn, &subject);
    if (txn->status != MC_OK)
        return txn->status;
    if (challenge == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "subject", "NOT_FOUND", NULL);

    bool hidden = req->purpose == OTP__PURPOSE__PASSWORD_RESET;
    rep->state = hidden ? time_state(txn, challenge) : find_state(txn, challenge->job_id);
    rep->phone_masked = hidden ? mc_unconst("") : challenge->phone_masked;
    rep->tag = challenge->tag;
    rep->expires_at_ms = challenge->expires_at_ms;
    rep->resend_at_ms = challenge->resend_at_ms;
    rep->attempts_left = challenge->attempts_left;
    rep->reason = mc_unconst(advice(rep->state));
    return txn->status;
}
