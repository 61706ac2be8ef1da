/* Resend: «Gửi lại OTP» (OTP-04). A new code to the same phone; the old one is dead. */
#include "otp.h"

enum mc_status otp_resend(struct otp *otp, struct mc_txn *txn, const Otp__ResendRequest *req,
                          Otp__IssueReply *rep)
{
    otp_check_subject(txn, req->purpose, req->subject);
    if (txn->status != MC_OK)
        return txn->status;

    struct otp_subject subject = otp_subject_of(txn, req->purpose, req->subject);
    const OtpState__Challenge *old = otp_challenge_load(txn, &subject);
    if (txn->status != MC_OK)
        return txn->status;
    if (old == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "subject", "NOT_FOUND", NULL);
    if (old->verified_at_ms != 0)
        return mc_refuse(txn, MC_CONFLICT, "subject", "OTP_ALREADY_VERIFIED", NULL);

    /* Anybody may ask to reset a password, so only a few codes of it may ring the owner's phone. */
    if (req->purpose == OTP__PURPOSE__PASSWORD_RESET && old->sends >= OTP_RESET_SENDS_MAX)
        return mc_refuse(txn, MC_LIMITED, "subject", "OTP_RESET_LIMIT", NULL);

    /* Who asks again may be elsewhere than who asked first. */
    const char *source = txn->header->source[0] != '\0' ? mc_source(txn) : "";
    const struct otp_recipient to = {
        .phone = mc_open_text(txn, old->phone),
        .blind = mc_key_bytes(old->phone_blind),
        .sealed = old->phone,
        .unit = old->unit,
        .charge = {{old->identity, old->officer, old->unit_code, source}},
        .keys = old->keys,
        .keys_len = old->n_keys,
        .decoy = old->decoy,
    };
    otp_code_send(otp, txn, &subject, &to, old, rep);
    if (req->purpose == OTP__PURPOSE__PASSWORD_RESET)
        rep->phone_masked = mc_unconst(""); /* as in Status */
    return txn->status;
}
