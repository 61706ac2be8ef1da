/*
 * Whereabouts: where a message is. While its job lives the job says so; from the moment a carrier
 * took it or it was given up, its row in messages does. A carrier that took it and then said
 * nothing for otp.report_wait has lost the report: the state is told as UNKNOWN, the row stays as
 * it is, and a report that comes after all moves it on.
 */
#include "common/messages.h"

#include "otp.h"

static Otp__DeliveryState job_state(const struct mc_txn *txn, const Motcua__Job *job)
{
    if (job->state == MOTCUA__JOB_STATE__LEASED && job->due_ms > txn->now_ms)
        return OTP__DELIVERY_STATE__HANDED_OVER;
    if (job->expires_ms != 0 && job->expires_ms <= txn->now_ms)
        return OTP__DELIVERY_STATE__EXPIRED; /* the tick will put it away */
    return OTP__DELIVERY_STATE__QUEUED;
}

static Otp__DeliveryState message_state(const struct otp *otp, const struct mc_txn *txn,
                                        const OtpState__Message *message)
{
    if (message->state == OTP__DELIVERY_STATE__SENT &&
        message->changed_at_ms + otp->report_wait_ms <= txn->now_ms)
        return OTP__DELIVERY_STATE__UNKNOWN;
    return (Otp__DeliveryState)message->state;
}

struct otp_whereabouts otp_message_find(const struct otp *otp, struct mc_txn *txn, uint64_t job_id)
{
    struct otp_whereabouts found = {.state = OTP__DELIVERY_STATE__FAILED,
                                    .message = otp_message_load(txn, job_id)};

    if (found.message != NULL) {
        found.state = message_state(otp, txn, found.message);
        return found;
    }
    found.job = mc_load(txn, MC_TABLE_JOBS, mc_key_u64(txn, job_id), &motcua__job__descriptor);
    if (found.job != NULL)
        found.state = job_state(txn, found.job);
    return found;
}

const char *otp_state_text(Otp__DeliveryState state)
{
    static const char *const codes[] = {
        [OTP__DELIVERY_STATE__QUEUED] = "SMS_QUEUED",
        [OTP__DELIVERY_STATE__HANDED_OVER] = "SMS_HANDED_OVER",
        [OTP__DELIVERY_STATE__SENT] = "SMS_SENT",
        [OTP__DELIVERY_STATE__DELIVERED] = "SMS_DELIVERED",
        [OTP__DELIVERY_STATE__FAILED] = "SMS_FAILED",
        [OTP__DELIVERY_STATE__EXPIRED] = "SMS_EXPIRED",
        [OTP__DELIVERY_STATE__UNKNOWN] = "SMS_UNKNOWN",
    };
    const char *text = (size_t)state < MC_LEN(codes) && codes[state] != NULL
                           ? mc_message_text(codes[state])
                           : NULL;

    return text != NULL ? text : "";
}

char **otp_hints(struct mc_txn *txn, Otp__DeliveryState state, bool late, bool code,
                 size_t *ret_len)
{
    static const char *const of_code[] = {"OTP_HINT_NUMBER", "OTP_HINT_NETWORK"};
    static const char *const of_text[] = {"OTP_HINT_NUMBER", "SMS_HINT_LATE"};
    const char *const *codes = code ? of_code : of_text;
    bool under_way = state == OTP__DELIVERY_STATE__QUEUED ||
                     state == OTP__DELIVERY_STATE__HANDED_OVER ||
                     state == OTP__DELIVERY_STATE__SENT;
    char **hints = mc_alloc(txn->arena, MC_LEN(of_code) * sizeof *hints);

    *ret_len = 0;
    if (hints == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    if (state == OTP__DELIVERY_STATE__DELIVERED || (under_way && !late))
        return hints;
    for (size_t i = 0; i < MC_LEN(of_code); i++) {
        const char *text = mc_message_text(codes[i]);
        hints[(*ret_len)++] = mc_unconst(text != NULL ? text : "");
    }
    return hints;
}
