/*
 * Issue: six digits to a phone, good for two minutes (OTP-01, OTP-02, OTP-03). Asking again for
 * the same subject and purpose kills the code before.
 */
#include <string.h>

#include "otp.h"

/* The unit's name goes into the officer's text (OTP-10). */
static void check_unit(struct mc_txn *txn, Otp__Purpose purpose, const char *unit)
{
    for (const char *at = unit; *at != '\0'; at++)
        if ((unsigned char)*at < ' ') {
            otp_refuse_field(txn, "unit", "Tên đơn vị");
            return;
        }
    if (mc_text_chars(unit) > OTP_UNIT_CHARS_MAX)
        otp_refuse_long(txn, "unit", "Tên đơn vị", "200 ký tự");
    if (purpose == OTP__PURPOSE__OFFICER_CREATE && unit[strspn(unit, " ")] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "unit", "FIELD_REQUIRED", "field", "tên đơn vị", NULL);
}

static void check_charged(struct mc_txn *txn, const Otp__IssueRequest *req)
{
    otp_check_who(txn, "identity", "Định danh", req->identity);
    otp_check_who(txn, "officer", "Cán bộ", req->officer);
    otp_check_who(txn, "unit_code", "Mã đơn vị", req->unit_code);
    otp_check_who(txn, "source", "Địa chỉ mạng", req->source);
}

enum mc_status otp_issue(struct otp *otp, struct mc_txn *txn, const Otp__IssueRequest *req,
                         Otp__IssueReply *rep)
{
    struct mc_phone phone;

    otp_check_subject(txn, req->purpose, req->subject);
    otp_check_phone(otp, txn, req->phone, &phone);
    check_unit(txn, req->purpose, req->unit);
    otp_check_keys(txn, req->keys, req->n_keys);
    check_charged(txn, req);
    if (txn->status != MC_OK)
        return txn->status;

    struct otp_subject subject = otp_subject_of(txn, req->purpose, req->subject);
    const OtpState__Challenge *old = otp_challenge_load(txn, &subject);
    const struct otp_recipient to = {
        .phone = phone.number,
        .blind = req->decoy ? mc_blind(txn, "otp.decoy", phone.number)
                            : otp_phone_blind(txn, phone.number),
        .decoy = req->decoy,
        .unit = req->unit,
        .charge = {{req->identity, req->officer, req->unit_code, req->source}},
        .keys = req->keys,
        .keys_len = req->n_keys,
    };
    otp_code_send(otp, txn, &subject, &to, old, rep);
    return txn->status;
}
