/* What the steps of a signing share: its record, its judgement, its use. */
#include "signing.h"

#include <string.h>

#include "common/ident.h"

struct mc_trust *identity_trust_of(const struct identity *identity,
                                   const IdentityState__Signing *signing)
{
    bool agency = signing->subject_kind == IDENTITY__SUBJECT_KIND__STATE_AGENCY;

    return agency || signing->government ? identity->trust_government : identity->trust_public;
}

IdentityState__Signing *identity_signing_load(struct mc_txn *txn, struct mc_bytes id)
{
    if (id.len != MC_ID_LEN)
        return NULL;
    IdentityState__Signing *signing =
        mc_load(txn, IDENTITY_SIGNINGS, id, &identity_state__signing__descriptor);
    return signing != NULL && signing->expires_at_ms > txn->now_ms ? signing : NULL;
}

IdentityState__Holder *identity_signing_holder(struct mc_txn *txn,
                                               const IdentityState__Signing *signing)
{
    struct mc_bytes plain = mc_open_bytes(txn, signing->holder);

    if (txn->status != MC_OK)
        return NULL;
    IdentityState__Holder *holder =
        identity_state__holder__unpack(&txn->arena->protobuf, plain.len, plain.data);
    if (holder == NULL)
        (void)mc_fail(txn, txn->arena->full ? MC_FULL : MC_CORRUPT, "holder");
    return holder;
}

void identity_signing_save(struct mc_txn *txn, struct mc_bytes id, IdentityState__Signing *signing,
                           const IdentityState__Holder *holder)
{
    if (holder != NULL)
        signing->holder = mc_seal_bytes(txn, identity_pack(txn, &holder->base));
    mc_save(txn, IDENTITY_SIGNINGS, id, &signing->base);
}

void identity_signing_emit(struct mc_txn *txn, const char *type, struct mc_bytes id,
                           const IdentityState__Signing *signing, struct mc_bytes account,
                           const IdentityState__Holder *holder)
{
    uint8_t fingerprint[MC_HASH_LEN];
    Identity__SigningChanged changed = IDENTITY__SIGNING_CHANGED__INIT;
    const char *keys[] = {identity_key(txn, "signing", id), NULL, NULL};

    changed.signing_id = identity_data(id);
    changed.purpose = (Identity__SigningPurpose)signing->purpose;
    changed.method = signing->method;
    changed.code = signing->code;
    if (account.len != 0) {
        changed.account_id = identity_uuid(txn, account);
        keys[1] = identity_key(txn, "account", account);
    }
    if (holder != NULL) {
        mc_hash(fingerprint, mc_key_bytes(holder->certificate));
        changed.issuer = holder->issuer;
        changed.serial = holder->serial;
        changed.certificate_sha256 = (ProtobufCBinaryData){sizeof fingerprint, fingerprint};
    }
    mc_emit(txn, type, &changed.base, MC_PLAIN, keys);
}

void identity_signing_refuse(struct mc_txn *txn, struct mc_bytes id,
                             IdentityState__Signing *signing, const char *code)
{
    signing->state = IDENTITY__SIGNING_STATE__SIGNING_REFUSED;
    signing->code = mc_unconst(code);
    mc_save(txn, IDENTITY_SIGNINGS, id, &signing->base);
    identity_signing_emit(txn, "identity.signing_refused", id, signing, (struct mc_bytes){0}, NULL);
}

static char *date_text(struct mc_txn *txn, int64_t at_ms)
{
    char date[MC_DATE_SIZE];

    mc_date_format(date, sizeof date, mc_date_from_ms(at_ms));
    char *text = mc_strdup(txn->arena, date);
    if (text == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return text;
}

/* REG-35, REG-41: what the person sees of his certificate before he agrees. */
static Identity__SigningCertificate *shown(struct mc_txn *txn,
                                           const IdentityState__Signing *signing)
{
    const IdentityState__Holder *holder = identity_signing_holder(txn, signing);
    Identity__SigningCertificate *shown = mc_alloc(txn->arena, sizeof *shown);
    char masked[MC_MASK_SIZE];

    if (holder == NULL || shown == NULL)
        return NULL;
    identity__signing_certificate__init(shown);
    mc_mask_identity(masked, sizeof masked, holder->login_id);
    shown->name = holder->name;
    shown->number_masked = mc_strdup(txn->arena, masked);
    shown->valid_from = date_text(txn, holder->valid_from_ms);
    shown->valid_until = date_text(txn, holder->valid_until_ms);
    shown->issuer = holder->issuer;
    return shown->number_masked != NULL ? shown : NULL;
}

static const char *waits_for(const IdentityState__Signing *signing)
{
    if (signing->state == IDENTITY__SIGNING_STATE__SIGNING_CHECKING)
        return "Tổ chức cấp chứng thư số đang được hỏi về tình trạng chứng thư.";
    if (signing->state != IDENTITY__SIGNING_STATE__SIGNING_AWAITED)
        return "";
    if (strcmp(signing->method, "SIM_PKI") == 0)
        return "Người dùng nhập mã PIN tại Sim ký số.";
    if (strcmp(signing->method, "REMOTE_CA") == 0)
        return "Người dùng xác nhận trong ứng dụng ký số.";
    return "Người dùng ký bằng USB ký số.";
}

void identity_signing_fill(struct mc_txn *txn, struct mc_bytes id,
                           const IdentityState__Signing *signing, Identity__Signing *rep)
{
    const char *args[] = {"subject", identity_subject_name(signing->subject_kind), NULL};

    rep->signing_id = identity_data(id);
    rep->state = (Identity__SigningState)signing->state;
    rep->text = identity_data(mc_key_text(signing->text));
    rep->check_code = signing->check_code;
    rep->expires_at_ms = signing->expires_at_ms;
    rep->waits_for = mc_unconst(waits_for(signing));
    if (signing->state == IDENTITY__SIGNING_STATE__SIGNING_REFUSED) {
        rep->code = signing->code;
        rep->message = identity_text(txn, signing->code, args);
    }
    if (signing->holder.len != 0) {
        rep->certificate = shown(txn, signing);
        if (rep->certificate == NULL)
            (void)mc_fail(txn, MC_FULL, "arena");
    }
}

static enum mc_cert_verdict verify(const struct identity *identity, struct mc_txn *txn,
                                   const IdentityState__Signing *signing, struct mc_bytes signature,
                                   struct mc_cert *ret_cert)
{
    struct mc_trust *trust = identity_trust_of(identity, signing);

    return trust == NULL ? MC_CERT_UNTRUSTED
                         : mc_signature_verify(trust, txn->arena, signature,
                                               mc_key_text(signing->text), txn->now_ms, ret_cert);
}

/*
 * The Government's authority gives officers certificates in their own names, too (REG-40): by its
 * number such a one speaks for a person, who signs in as a citizen, wherever that set is
 * configured.
 */
static enum mc_cert_verdict judge(const struct identity *identity, struct mc_txn *txn,
                                  IdentityState__Signing *signing, struct mc_bytes signature,
                                  struct mc_cert *ret_cert)
{
    enum mc_cert_verdict verdict = verify(identity, txn, signing, signature, ret_cert);

    if (verdict != MC_CERT_UNTRUSTED || identity->trust_government == NULL ||
        signing->subject_kind != IDENTITY__SUBJECT_KIND__CITIZEN)
        return verdict;
    signing->government = true;
    return verify(identity, txn, signing, signature, ret_cert);
}

void identity_signing_signed(struct identity *identity, struct mc_txn *txn, struct mc_bytes id,
                             IdentityState__Signing *signing, struct mc_bytes signature)
{
    IdentityState__Holder holder = IDENTITY_STATE__HOLDER__INIT;
    const IdentityState__Holder *before = identity_signing_holder(txn, signing);
    struct mc_cert cert;

    if (before == NULL)
        return;
    enum mc_cert_verdict verdict = judge(identity, txn, signing, signature, &cert);
    const char *code = verdict != MC_CERT_OK ? identity_cert_code(verdict)
                                             : identity_holder_read(txn->arena, &cert,
                                                                    signing->subject_kind, &holder);
    if (code != NULL) {
        signing->holder = (ProtobufCBinaryData){0};
        identity_signing_refuse(txn, id, signing, code);
        return;
    }
    holder.signature = identity_data(signature);
    holder.signed_at_ms = txn->now_ms;
    holder.phone = before->phone;
    signing->state = IDENTITY__SIGNING_STATE__SIGNING_CHECKING;
    identity_signing_save(txn, id, signing, &holder);
    identity_revocation_ask(identity, txn, id, signing, &holder);
}

static const char *why_not(const struct mc_txn *txn, const IdentityState__Signing *signing,
                           Identity__SigningPurpose purpose)
{
    const char *session = txn->caller->session_id != NULL ? txn->caller->session_id : "";

    if (signing == NULL)
        return "SIGNING_EXPIRED";
    if (signing->purpose != purpose || strcmp(signing->session_id, session) != 0)
        return "SIGNING_OTHER_PURPOSE";
    if (signing->state == IDENTITY__SIGNING_STATE__SIGNING_SPENT)
        return "SIGNING_SPENT";
    if (signing->state == IDENTITY__SIGNING_STATE__SIGNING_REFUSED)
        return "SIGNING_REFUSED";
    return signing->state == IDENTITY__SIGNING_STATE__SIGNING_ACCEPTED ? NULL : "SIGNING_NOT_READY";
}

IdentityState__Signing *identity_signing_accepted(struct mc_txn *txn, struct mc_bytes id,
                                                  Identity__SigningPurpose purpose,
                                                  IdentityState__Holder **ret_holder)
{
    IdentityState__Signing *signing = identity_signing_load(txn, id);
    const char *code = why_not(txn, signing, purpose);

    if (code != NULL) {
        (void)mc_refuse(txn, MC_EXPIRED, "signing_id", code, NULL);
        return NULL;
    }
    *ret_holder = identity_signing_holder(txn, signing);
    return *ret_holder != NULL ? signing : NULL;
}

/* A sign-in's evidence is kept for a while; what an account or a change rests on, for years. */
void identity_signing_spend(struct mc_txn *txn, struct mc_bytes id, IdentityState__Signing *signing,
                            struct mc_bytes account)
{
    IdentityState__Evidence evidence = IDENTITY_STATE__EVIDENCE__INIT;
    bool login = signing->purpose == IDENTITY__SIGNING_PURPOSE__SIGN_LOGIN;

    evidence.purpose = signing->purpose;
    evidence.account = identity_data(account);
    evidence.used_at_ms = txn->now_ms;
    evidence.text = signing->text;
    evidence.holder = signing->holder;
    mc_save(txn, login ? IDENTITY_LOGIN_EVIDENCE : IDENTITY_EVIDENCE, id, &evidence.base);
    signing->state = IDENTITY__SIGNING_STATE__SIGNING_SPENT;
    signing->holder = (ProtobufCBinaryData){0};
    mc_save(txn, IDENTITY_SIGNINGS, id, &signing->base);
    identity_signing_emit(txn, "identity.signing_spent", id, signing, account, NULL);
}

bool identity_holder_account(struct mc_txn *txn, const IdentityState__Holder *holder,
                             struct mc_bytes *ret_account)
{
    if (identity_account_find(txn, identity_login_index(txn, holder->login_id), ret_account))
        return true;
    for (size_t i = 0; i < holder->n_numbers; i++)
        if (identity_account_find(txn, identity_login_index(txn, holder->numbers[i]), ret_account))
            return true;
    return false;
}

bool identity_strong_proof(struct mc_txn *txn, ProtobufCBinaryData signing_id,
                           const struct identity_strong_claim *claim)
{
    struct mc_bytes id = mc_key_bytes(signing_id);
    struct mc_bytes owner;
    IdentityState__Holder *holder = NULL;
    IdentityState__Signing *signing = identity_signing_accepted(txn, id, claim->purpose, &holder);

    if (signing == NULL)
        return false;
    if (signing->subject.len != claim->subject.len || claim->subject.len == 0 ||
        memcmp(signing->subject.data, claim->subject.data, claim->subject.len) != 0 ||
        !identity_holder_account(txn, holder, &owner) || owner.len != claim->account.len ||
        memcmp(owner.data, claim->account.data, owner.len) != 0)
        return mc_refuse(txn, MC_DENIED, "signing_id", "SIGNING_OTHER_PURPOSE", NULL) == MC_OK;
    if (txn->turn != NULL) /* a prepare only looks */
        identity_signing_spend(txn, id, signing, owner);
    return txn->status == MC_OK;
}
