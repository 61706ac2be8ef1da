/*
 * Status: where the SMS is (OTP-12, the waiting screen of OTP-07). A screen that shows a state may
 * wait for another one; it is looked at a few times a second, whatever is committed meanwhile.
 *
 * What else stands on that screen is the front end's to draw and the messages' to word: OTP_TITLE,
 * OTP_SENT_TO, OTP_PROMPT, OTP_CONFIRM (OTP-07), OTHER_METHOD (OTP-08), PHONE_LOST (OTP-09),
 * OTP_OFFICER_PROMPT (OTP-10), OTP_REGISTER_LINK (OTP-13).
 */
#include <string.h>

#include "common/messages.h"

#include "otp.h"

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
    else if (state == OTP__DELIVERY_STATE__FAILED || state == OTP__DELIVERY_STATE__UNKNOWN)
        text = mc_message_text("OTP_SMS_FAILED");
    return text != NULL ? text : "";
}

enum mc_status otp_status(struct otp *otp, struct mc_txn *txn, const Otp__StatusRequest *req,
                          Otp__StatusReply *rep)
{
    otp_check_subject(txn, req->purpose, req->subject);
    if (req->wait_ms > OTP_WAIT_MAX_MS)
        otp_refuse_field(txn, "wait_ms", "Thời gian chờ (tối đa 10 giây)");
    if (txn->status != MC_OK)
        return txn->status;

    struct otp_subject subject = otp_subject_of(txn, req->purpose, req->subject);
    const OtpState__Challenge *challenge = otp_challenge_load(txn, &subject);
    if (txn->status != MC_OK)
        return txn->status;
    if (challenge == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "subject", "NOT_FOUND", NULL);

    bool hidden = req->purpose == OTP__PURPOSE__PASSWORD_RESET;
    rep->state =
        hidden ? time_state(txn, challenge) : otp_message_find(otp, txn, challenge->job_id).state;
    if (rep->state == req->seen_state && strcmp(challenge->tag, req->seen_tag) == 0 &&
        mc_wait(txn, req->wait_ms) == MC_WAIT)
        return MC_WAIT;
    rep->phone_masked = hidden ? mc_unconst("") : challenge->phone_masked;
    rep->tag = challenge->tag;
    rep->expires_at_ms = challenge->expires_at_ms;
    rep->resend_at_ms = challenge->resend_at_ms;
    rep->attempts_left = challenge->attempts_left;
    rep->reason = mc_unconst(advice(rep->state));
    rep->state_text = mc_unconst(otp_state_text(rep->state));
    bool late = challenge->issued_at_ms + otp->hint_after_ms <= txn->now_ms;
    rep->hints = otp_hints(txn, rep->state, late, true, &rep->n_hints);
    return txn->status;
}
