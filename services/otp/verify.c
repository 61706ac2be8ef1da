/*
 * Verify: is this the newest code, in time, for the first time? A wrong one is an answer that is
 * remembered, not an error. Subjects that do not exist answer like codes that ran out, so nothing
 * can be learned by asking.
 */
#include <stdio.h>

#include "common/messages.h"

#include "otp.h"

enum { MESSAGE_SIZE = 256, NUMBER_SIZE = 12 };

/* Says why not, in the reply. */
static void answer_not(struct mc_txn *txn, Otp__VerifyReply *rep, const char *code,
                       const char *name, const char *value)
{
    const char *args[] = {name, value, NULL};
    char text[MESSAGE_SIZE];

    (void)mc_message_format(text, sizeof text, code, args);
    rep->code = mc_unconst(code);
    rep->message = mc_strdup(txn->arena, text);
    if (rep->message == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
}

/* Until the phone's lock ends; for a code that is merely dead, until there may be a new one. */
static void answer_too_many(struct mc_txn *txn, Otp__VerifyReply *rep,
                            const OtpState__Challenge *challenge, int64_t locked_until_ms)
{
    int64_t until_ms = locked_until_ms > txn->now_ms ? locked_until_ms : challenge->resend_at_ms;

    answer_not(txn, rep, "OTP_TOO_MANY", "minutes", otp_minutes(txn, until_ms - txn->now_ms));
}

/* Signed for the room that asked: it verifies this without a call. */
static char *make_proof(const struct otp *otp, struct mc_txn *txn,
                        const struct otp_subject *subject, const char *phone)
{
    Otp__Proof proof = OTP__PROOF__INIT;

    proof.type = mc_unconst(OTP_PROOF_TYPE);
    proof.purpose = subject->purpose;
    proof.subject = (ProtobufCBinaryData){subject->id.len, mc_unconst(subject->id.data)};
    proof.phone = mc_unconst(phone);
    proof.verified_at_ms = txn->now_ms;
    proof.expires_at_ms = txn->now_ms + otp->proof_life_ms;
    char *token = mc_token_sign(txn->arena, otp->sign_secret, otp_pack(txn, &proof.base));
    if (token == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return token != NULL ? token : mc_unconst("");
}

static void tell(struct mc_txn *txn, const char *event, const struct otp_subject *subject,
                 const OtpState__Challenge *challenge, const char *code)
{
    Otp__CodeChecked checked = OTP__CODE_CHECKED__INIT;

    checked.purpose = subject->purpose;
    checked.subject = (ProtobufCBinaryData){subject->id.len, mc_unconst(subject->id.data)};
    checked.attempts_left = challenge->attempts_left;
    checked.code = mc_unconst(code);
    mc_emit(txn, event, &checked.base, MC_PLAIN, otp_challenge_keys(txn, subject, challenge));
}

/* A wrong try counts twice: on this code, and on the phone, whatever codes follow. */
static void count_failure(struct otp *otp, struct mc_txn *txn, const struct otp_subject *subject,
                          OtpState__Challenge *challenge, OtpState__Phone *phone,
                          Otp__VerifyReply *rep)
{
    char left[NUMBER_SIZE];

    challenge->attempts_left -= 1;
    otp_phone_failed(otp, txn, phone, subject->purpose);
    int64_t locked_until_ms = otp_phone_locked_until(phone, subject->purpose);
    if (locked_until_ms > txn->now_ms || challenge->attempts_left == 0) {
        answer_too_many(txn, rep, challenge, locked_until_ms);
    } else {
        (void)snprintf(left, sizeof left, "%u", challenge->attempts_left);
        answer_not(txn, rep, "OTP_WRONG", "n", left);
    }
    rep->attempts_left = challenge->attempts_left;
    mc_save(txn, OTP_CHALLENGES, subject->key, &challenge->base);
    otp_phone_save(txn, mc_key_bytes(challenge->phone_blind), phone);
    tell(txn, "otp.code_refused", subject, challenge, rep->code);
}

static void accept(struct otp *otp, struct mc_txn *txn, const struct otp_subject *subject,
                   OtpState__Challenge *challenge, Otp__VerifyReply *rep)
{
    const char *phone = mc_open_text(txn, challenge->phone);

    challenge->verified_at_ms = txn->now_ms;
    mc_save(txn, OTP_CHALLENGES, subject->key, &challenge->base);
    tell(txn, "otp.code_verified", subject, challenge, "");
    rep->correct = true;
    rep->attempts_left = challenge->attempts_left;
    rep->proof = make_proof(otp, txn, subject, phone);
    otp_shield_entered(otp, txn, phone, challenge->unit_code);
}

/*
 * Not there, used, or out of time: two minutes are over at 120.000 s, not after it (S04). While
 * the phone is locked that is what is told, for a new code would not help.
 */
static bool is_over(const struct mc_txn *txn, const OtpState__Challenge *challenge,
                    int64_t locked_until_ms)
{
    if (challenge == NULL || challenge->verified_at_ms != 0)
        return true;
    return challenge->expires_at_ms <= txn->now_ms && locked_until_ms <= txn->now_ms;
}

enum mc_status otp_verify(struct otp *otp, struct mc_txn *txn, const Otp__VerifyRequest *req,
                          Otp__VerifyReply *rep)
{
    uint8_t mac[OTP_MAC_LEN];

    otp_check_subject(txn, req->purpose, req->subject);
    if (mc_otp_check(req->code) != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "code", "OTP_FORMAT", NULL);
    if (txn->status != MC_OK)
        return txn->status;

    struct otp_subject subject = otp_subject_of(txn, req->purpose, req->subject);
    OtpState__Challenge *challenge = otp_challenge_load(txn, &subject);
    OtpState__Phone *phone =
        challenge != NULL ? otp_phone_load(txn, mc_key_bytes(challenge->phone_blind)) : NULL;
    if (txn->status != MC_OK)
        return txn->status;

    int64_t locked_until_ms = phone != NULL ? otp_phone_locked_until(phone, req->purpose) : 0;
    if (is_over(txn, challenge, locked_until_ms)) {
        answer_not(txn, rep, "OTP_EXPIRED", NULL, NULL);
    } else if (locked_until_ms > txn->now_ms || challenge->attempts_left == 0) {
        answer_too_many(txn, rep, challenge, locked_until_ms);
    } else {
        otp_challenge_mac(txn, &subject, challenge, req->code, mac);
        if (challenge->code_mac.len == sizeof mac &&
            mc_equal(challenge->code_mac.data, mac, sizeof mac))
            accept(otp, txn, &subject, challenge, rep);
        else
            count_failure(otp, txn, &subject, challenge, phone, rep);
    }
    return txn->status;
}
