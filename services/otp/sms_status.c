/*
 * SmsStatus: where one message is, for who asked for it and for officers who stand at the counter
 * with the person: the password sent by SMS may be late (LOG-09, NOT-08). An officer sees the
 * messages of the own unit; to others they are not there.
 */
#include <string.h>

#include "otp.h"

/* The SMS of a live job; NULL when the call has failed. */
static const OtpState__Sms *open_sms(struct mc_txn *txn, const Motcua__Job *record)
{
    struct mc_job job = {.record = record};

    return otp_job_sms(txn, &job);
}

static bool may_see(const struct mc_txn *txn, const char *unit_code)
{
    if ((txn->caller->who & (MC_ROOM | MC_OPERATOR)) != 0)
        return true;
    return txn->caller->unit != NULL && unit_code[0] != '\0' &&
           strcmp(txn->caller->unit, unit_code) == 0;
}

static void fill_message(const OtpState__Message *message, Otp__SmsStatusReply *rep)
{
    rep->phone_masked = message->phone_masked;
    rep->reason = message->reason;
    rep->gateway = message->gateway;
    rep->changed_at_ms = message->changed_at_ms;
}

static void fill_job(struct mc_txn *txn, const Motcua__Job *job, const OtpState__Sms *sms,
                     Otp__SmsStatusReply *rep)
{
    rep->phone_masked = otp_phone_masked(txn, sms->phone);
    rep->reason = job->last_error;
    rep->gateway = job->leased_by;
    rep->changed_at_ms = job->created_ms;
}

enum mc_status otp_sms_status(struct otp *otp, struct mc_txn *txn, const Otp__SmsStatusRequest *req,
                              Otp__SmsStatusReply *rep)
{
    struct otp_whereabouts found = otp_message_find(otp, txn, req->job_id);
    const OtpState__Sms *sms = found.job != NULL ? open_sms(txn, found.job) : NULL;
    const char *unit_code = NULL;

    if (txn->status != MC_OK)
        return txn->status;
    if (found.message != NULL)
        unit_code = found.message->unit_code;
    else if (sms != NULL)
        unit_code = sms->unit_code;
    if (unit_code == NULL || !may_see(txn, unit_code))
        return mc_refuse(txn, MC_NOT_FOUND, "job_id", "NOT_FOUND", NULL);

    rep->state = found.state;
    rep->state_text = mc_unconst(otp_state_text(found.state));
    if (found.message != NULL)
        fill_message(found.message, rep);
    else
        fill_job(txn, found.job, sms, rep);
    bool late = rep->changed_at_ms + otp->hint_after_ms <= txn->now_ms;
    rep->hints = otp_hints(txn, rep->state, late, false, &rep->n_hints);
    return txn->status;
}
