/*
 * Challenges: one live code per subject and purpose (OTP-05, OTP-11). Issuing again overwrites the
 * row, so only the newest code counts and no index is needed. Of the code itself only a keyed hash
 * is kept, bound to the subject, the purpose, the phone and the tag.
 */
#include <stdio.h>
#include <string.h>

#include "otp.h"

struct otp_subject otp_subject_of(struct mc_txn *txn, Otp__Purpose purpose, ProtobufCBinaryData id)
{
    uint8_t last = (uint8_t)purpose;

    return (struct otp_subject){
        .purpose = purpose,
        .id = mc_key_bytes(id),
        .key = mc_key_join(txn, mc_key_bytes(id), (struct mc_bytes){&last, 1}),
    };
}

OtpState__Challenge *otp_challenge_load(struct mc_txn *txn, const struct otp_subject *subject)
{
    return mc_load(txn, OTP_CHALLENGES, subject->key, &otp_state__challenge__descriptor);
}

void otp_challenge_mac(const struct mc_txn *txn, const struct otp_subject *subject,
                       const OtpState__Challenge *challenge, const char *code,
                       uint8_t mac[OTP_MAC_LEN])
{
    uint8_t full[MC_HASH_LEN];
    const struct mc_bytes parts[] = {subject->key, mc_key_bytes(challenge->phone_blind),
                                     mc_key_text(challenge->tag), mc_key_text(code)};

    mc_mac(full, txn->secrets->mac, "otp.code", parts, MC_LEN(parts));
    memcpy(mac, full, OTP_MAC_LEN);
}

static const char *subject_noun(Otp__Purpose purpose)
{
    if (purpose == OTP__PURPOSE__REGISTER || purpose == OTP__PURPOSE__OFFICER_CREATE)
        return "registration:";
    return purpose == OTP__PURPOSE__LOGIN ? "login:" : "otp:";
}

static const char *subject_key(struct mc_txn *txn, const struct otp_subject *subject)
{
    char text[MC_UUID_TEXT_LEN + 1];

    mc_uuid_text(text, subject->id.data);
    return otp_join(txn, subject_noun(subject->purpose), text);
}

const char *const *otp_challenge_keys(struct mc_txn *txn, const struct otp_subject *subject,
                                      const OtpState__Challenge *challenge)
{
    static const char *const none[] = {NULL};
    const char **keys = mc_alloc(txn->arena, (challenge->n_keys + 3) * sizeof *keys);
    size_t n = 0;

    if (keys == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return none;
    }
    keys[n++] = otp_phone_key(txn, mc_key_bytes(challenge->phone_blind));
    keys[n++] = subject_key(txn, subject);
    for (size_t i = 0; i < challenge->n_keys; i++)
        if (strcmp(challenge->keys[i], keys[1]) != 0)
            keys[n++] = challenge->keys[i];
    return keys;
}

static bool is_among(const char *tags, const char tag[OTP_TAG_SIZE])
{
    for (; tags[0] != '\0' && tags[1] != '\0'; tags += OTP_TAG_SIZE - 1)
        if (tags[0] == tag[0] && tags[1] == tag[1])
            return true;
    return false;
}

/* A letter and a digit that nobody confuses, not those of the codes this phone still shows. */
static void draw_tag(struct mc_txn *txn, const char *recent, char tag[OTP_TAG_SIZE])
{
    static const char letters[] = "ABCDEFGHKLMNPRSTUVXY";
    static const char digits[] = "23456789";

    do {
        uint64_t drawn = mc_random_below(txn->random, (sizeof letters - 1) * (sizeof digits - 1));
        tag[0] = letters[drawn / (sizeof digits - 1)];
        tag[1] = digits[drawn % (sizeof digits - 1)];
        tag[2] = '\0';
    } while (is_among(recent, tag));
}

/* The phone's recent tags with this one behind, without the oldest when there are too many. */
static char *remember_tag(struct mc_txn *txn, const char *recent, const char *tag)
{
    size_t excess = strlen(recent) / (OTP_TAG_SIZE - 1) < OTP_TAGS_MAX ? 0 : OTP_TAG_SIZE - 1;

    return otp_join(txn, recent + excess, tag);
}

/* A text that nobody holds yet would only bring a dead code. */
static void cancel_queued(struct mc_txn *txn, uint64_t job_id)
{
    const Motcua__Job *job =
        mc_load(txn, MC_TABLE_JOBS, mc_key_u64(txn, job_id), &motcua__job__descriptor);

    if (job != NULL && job->state == MOTCUA__JOB_STATE__QUEUED)
        mc_job_cancel(txn, job_id);
}

static uint64_t queue_text(const struct otp *otp, struct mc_txn *txn, Otp__Purpose purpose,
                           const struct otp_recipient *to, const OtpState__Challenge *challenge,
                           const char *code, const char *const *keys)
{
    OtpState__Sms sms = OTP_STATE__SMS__INIT;
    char text[OTP_TEXT_SIZE];

    otp_text_make(otp, purpose, code, challenge->tag, to->unit, text);
    sms.phone = mc_unconst(to->phone);
    sms.text = text;
    sms.unit_code = mc_unconst(to->charge.who[OTP_BUDGET_UNIT]);
    sms.template_ = mc_unconst(otp->template_names[purpose]);
    sms.encoding = MC_SMS_GSM7;
    sms.parts = 1;
    uint64_t id =
        mc_job_add(txn, &(struct mc_job_spec){
                            .lane = OTP_LANE_OTP,
                            .kind = "sms",
                            .payload = otp_pack(txn, &sms.base),
                            .note = otp_note_make(txn, &sms),
                            .expires_ms = challenge->expires_at_ms - otp->min_useful_life_ms,
                            .attempts_max = OTP_CODE_ATTEMPTS,
                            .backoff_ms = OTP_CODE_BACKOFF_MS,
                            .backoff_max_ms = OTP_CODE_BACKOFF_MAX_MS,
                            .destination = otp_carrier(otp, to->phone),
                            .keys = keys,
                            .forget = true,
                        });
    mc_wipe(text, sizeof text);
    return id;
}

static void fill_challenge(const struct otp *otp, struct mc_txn *txn,
                           const struct otp_recipient *to, OtpState__Challenge *challenge)
{
    challenge->phone = to->sealed.len > 0 ? to->sealed : mc_seal_text(txn, to->phone);
    challenge->phone_blind = (ProtobufCBinaryData){to->blind.len, mc_unconst(to->blind.data)};
    challenge->phone_masked = otp_phone_masked(txn, to->phone);
    challenge->attempts_left = (uint32_t)otp->attempts_max;
    challenge->issued_at_ms = txn->now_ms;
    challenge->expires_at_ms = txn->now_ms + otp->code_life_ms;
    challenge->resend_at_ms = txn->now_ms + otp->resend_gap_ms;
    challenge->unit = mc_unconst(to->unit);
    challenge->identity = mc_unconst(to->charge.who[OTP_BUDGET_IDENTITY]);
    challenge->officer = mc_unconst(to->charge.who[OTP_BUDGET_OFFICER]);
    challenge->unit_code = mc_unconst(to->charge.who[OTP_BUDGET_UNIT]);
    challenge->keys = to->keys;
    challenge->n_keys = to->keys_len;
}

static void tell_issued(struct mc_txn *txn, const struct otp_subject *subject,
                        const OtpState__Challenge *challenge, const char *const *keys)
{
    Otp__CodeIssued issued = OTP__CODE_ISSUED__INIT;

    issued.purpose = subject->purpose;
    issued.subject = (ProtobufCBinaryData){subject->id.len, mc_unconst(subject->id.data)};
    issued.phone_masked = challenge->phone_masked;
    issued.tag = challenge->tag;
    issued.job_id = challenge->job_id;
    mc_emit(txn, "otp.code_issued", &issued.base, MC_PLAIN, keys);
}

/* The pause between two codes of one challenge for the same phone; a corrected number may go on. */
static bool is_too_soon(struct mc_txn *txn, const OtpState__Challenge *old, struct mc_bytes blind)
{
    if (old == NULL || old->resend_at_ms <= txn->now_ms || old->phone_blind.len != blind.len ||
        memcmp(old->phone_blind.data, blind.data, blind.len) != 0)
        return false;
    txn->retry_after_ms = old->resend_at_ms - txn->now_ms;
    const char *seconds =
        mc_sprintf(txn->arena, "%lld", (long long)((txn->retry_after_ms + 999) / 1000));
    (void)mc_refuse(txn, MC_LIMITED, "", "OTP_TOO_SOON", "seconds", seconds != NULL ? seconds : "",
                    NULL);
    return true;
}

void otp_code_send(struct otp *otp, struct mc_txn *txn, const struct otp_subject *subject,
                   const struct otp_recipient *to, const OtpState__Challenge *old,
                   Otp__IssueReply *rep)
{
    OtpState__Challenge *challenge = mc_alloc(txn->arena, sizeof *challenge);
    char *tag = mc_alloc(txn->arena, OTP_TAG_SIZE);
    OtpState__Phone *phone = otp_phone_load(txn, to->blind);
    struct otp_shield shield;
    uint8_t mac[OTP_MAC_LEN];
    char code[OTP_CODE_SIZE];

    if (challenge == NULL || tag == NULL || phone == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    if (is_too_soon(txn, old, to->blind))
        return;
    otp_shield_open(otp, txn, to->phone, to->charge.who[OTP_BUDGET_UNIT], &shield);
    bool allowed = otp_budgets_allow(otp, txn, &to->charge);
    bool shielded = !otp_shield_allows(otp, txn, &shield, subject->purpose);
    if (!otp_phone_may_receive(otp, txn, phone, subject->purpose) || !allowed || shielded)
        return;

    otp_state__challenge__init(challenge);
    fill_challenge(otp, txn, to, challenge);
    draw_tag(txn, phone->tags, tag);
    challenge->tag = tag;
    (void)snprintf(code, sizeof code, "%06u",
                   (unsigned)mc_random_below(txn->random, OTP_CODE_END) % OTP_CODE_END);
    otp_challenge_mac(txn, subject, challenge, code, mac);
    challenge->code_mac = (ProtobufCBinaryData){sizeof mac, mac};
    if (old != NULL)
        cancel_queued(txn, old->job_id);

    const char *const *keys = otp_challenge_keys(txn, subject, challenge);
    challenge->sends = old != NULL ? old->sends + 1 : 1;
    challenge->decoy = to->decoy;
    if (!to->decoy)
        challenge->job_id = queue_text(otp, txn, subject->purpose, to, challenge, code, keys);
    mc_wipe(code, sizeof code);
    phone->tags = remember_tag(txn, phone->tags, tag);
    otp_phone_sent(txn, phone);
    otp_budgets_charge(txn, &to->charge);
    if (!to->decoy)
        otp_shield_sent(otp, txn, &shield);
    mc_save(txn, OTP_CHALLENGES, subject->key, &challenge->base);
    otp_phone_save(txn, to->blind, phone);
    tell_issued(txn, subject, challenge, keys);

    rep->phone_masked = challenge->phone_masked;
    rep->tag = tag;
    rep->expires_at_ms = challenge->expires_at_ms;
    rep->resend_at_ms = challenge->resend_at_ms;
    rep->attempts_left = challenge->attempts_left;
}
