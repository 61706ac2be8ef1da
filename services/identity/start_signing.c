/*
 * StartSigning: a text that nobody has signed before, for one purpose, one place and one moment.
 *
 *     motcua signature request 1
 *     purpose: LOGIN
 *     origin: https://dichvucong.gov.vn
 *     for: <hex of the request it is for>, or -
 *     id: <this signing>
 *     challenge: <32 random bytes, base64url>
 *     expires: 2026-09-07T02:38:00.000Z
 *
 * It is not secret. What it says is what a careful person reads on the device before he signs, and
 * why a signature cannot be used for anything else. The check code ties the prompt on a phone to
 * the screen that asked for it: without it a stranger could begin a sign-in and hope for the PIN.
 */
#include <string.h>

#include "common/ident.h"

#include "signer.h"
#include "signing.h"

enum { CHECK_CODES = 10000 };

static const char *const purposes[] = {
    [IDENTITY__SIGNING_PURPOSE__SIGN_REGISTER] = "REGISTER",
    [IDENTITY__SIGNING_PURPOSE__SIGN_LOGIN] = "LOGIN",
    [IDENTITY__SIGNING_PURPOSE__SIGN_PHONE_CHANGE] = "PHONE CHANGE",
    [IDENTITY__SIGNING_PURPOSE__SIGN_PHONE_LOST] = "PHONE LOST",
    [IDENTITY__SIGNING_PURPOSE__SIGN_PASSWORD_RESET] = "PASSWORD RESET",
};

static void require(struct mc_txn *txn, const char *field, const char *label)
{
    (void)mc_refuse(txn, MC_INVALID, field, "FIELD_REQUIRED", "field", label, NULL);
}

static void too_long(struct mc_txn *txn, const char *field, const char *label, const char *max)
{
    (void)mc_refuse(txn, MC_INVALID, field, "FIELD_TOO_LONG", "field", label, "max", max, NULL);
}

/* To register and to sign in there is no request yet; every other proof is for one. */
static void check_subject(struct mc_txn *txn, const Identity__StartSigningRequest *req)
{
    bool first = req->purpose == IDENTITY__SIGNING_PURPOSE__SIGN_REGISTER ||
                 req->purpose == IDENTITY__SIGNING_PURPOSE__SIGN_LOGIN;

    if (req->purpose == IDENTITY__SIGNING_PURPOSE__SIGNING_PURPOSE_UNSPECIFIED)
        require(txn, "purpose", "mục đích ký");
    else if (!first && req->subject.len == 0)
        require(txn, "subject", "yêu cầu cần xác nhận");
    if (req->subject.len > IDENTITY_SIGNING_SUBJECT_MAX)
        too_long(txn, "subject", "Yêu cầu cần xác nhận", "64 byte");
}

/* By a token, a SIM or an app; which are open for whom is the table's (REG-05, REG-33, REG-36). */
static void check_method(const struct identity *identity, struct mc_txn *txn,
                         const Identity__StartSigningRequest *req)
{
    if (req->subject_kind == IDENTITY__SUBJECT_KIND__SUBJECT_KIND_UNSPECIFIED)
        require(txn, "subject_kind", "đối tượng đăng ký");
    if (req->method[0] == '\0')
        require(txn, "method", "phương thức đăng ký");
    else if (!identity_method_signs(req->method))
        (void)mc_refuse(txn, MC_INVALID, "method", "METHOD_NOT_OPEN", NULL);
    else if (req->subject_kind != IDENTITY__SUBJECT_KIND__SUBJECT_KIND_UNSPECIFIED)
        (void)identity_method_check(identity, txn, req->method, (unsigned)req->subject_kind);
}

/* REG-41: one for each text; how much work it is depends on who fails from where. */
static void check_captcha(const struct identity *identity, struct mc_txn *txn, const char *captcha)
{
    struct identity_failures failures;

    if (txn->status != MC_OK)
        return;
    identity_failures_look(identity, txn, identity_login_index(txn, IDENTITY_CAPTCHA_SIGNING),
                           &failures);
    (void)identity_captcha_holds(identity, txn, IDENTITY_CAPTCHA_SIGNING, captcha, failures.level);
}

static char *text_of(const struct identity *identity, struct mc_txn *txn,
                     const Identity__StartSigningRequest *req, struct mc_bytes id,
                     int64_t expires_ms)
{
    uint8_t random[IDENTITY_SIGNING_RANDOM_LEN];
    char challenge[2 * IDENTITY_SIGNING_RANDOM_LEN];
    char expires[MC_RFC3339_SIZE];
    char subject[2 * IDENTITY_SIGNING_SUBJECT_MAX + 1] = "-";

    mc_random_fill(txn->random, random, sizeof random);
    (void)mc_base64url(challenge, (struct mc_bytes){random, sizeof random});
    if (req->subject.len > 0)
        (void)mc_hex(subject, mc_key_bytes(req->subject));
    mc_time_format_rfc3339(expires, sizeof expires, expires_ms);
    char *text =
        mc_sprintf(txn->arena,
                   "motcua signature request 1\n"
                   "purpose: %s\norigin: %s\nfor: %s\nid: %s\nchallenge: %s\nexpires: %s\n",
                   purposes[req->purpose], identity->signing_origin, subject,
                   identity_uuid(txn, id), challenge, expires);
    if (text == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return text;
}

enum mc_status identity_start_signing(struct identity *identity, struct mc_txn *txn,
                                      const Identity__StartSigningRequest *req,
                                      Identity__Signing *rep)
{
    IdentityState__Signing signing = IDENTITY_STATE__SIGNING__INIT;
    IdentityState__Holder holder = IDENTITY_STATE__HOLDER__INIT;
    struct identity_signer signer = {0};

    check_subject(txn, req);
    check_method(identity, txn, req);
    check_captcha(identity, txn, req->captcha);
    identity_signer_check(txn, req, &signer);
    if (txn->status != MC_OK)
        return txn->status;

    struct mc_bytes id = mc_new_id(txn);
    signing.purpose = (uint32_t)req->purpose;
    signing.state = IDENTITY__SIGNING_STATE__SIGNING_AWAITED;
    signing.method = req->method;
    signing.subject_kind = (uint32_t)req->subject_kind;
    signing.subject = req->subject;
    signing.session_id = mc_unconst(txn->caller->session_id != NULL ? txn->caller->session_id : "");
    signing.expires_at_ms = txn->now_ms + identity->signing_life_ms;
    signing.text = text_of(identity, txn, req, id, signing.expires_at_ms);
    signing.check_code =
        mc_sprintf(txn->arena, "%04u", (unsigned)mc_random_below(txn->random, CHECK_CODES));
    if (signing.check_code == NULL || txn->status != MC_OK)
        return mc_fail(txn, MC_FULL, "arena");
    holder.phone = mc_unconst(signer.phone);
    identity_signer_ask(txn, id, &signing, &signer);
    identity_signing_save(txn, id, &signing, &holder);
    identity_signing_emit(txn, "identity.signing_started", id, &signing, (struct mc_bytes){0},
                          NULL);
    signing.holder = (ProtobufCBinaryData){0}; /* there is no certificate to show yet */
    identity_signing_fill(txn, id, &signing, rep);
    return txn->status;
}
