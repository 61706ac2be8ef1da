/*
 * EnqueueSms and EnqueueManySms: notices for the queue that codes use, in lanes behind them. Texts
 * lose their marks unless otp.keep_accents says otherwise: one letter outside GSM-7 more than
 * doubles the price. Of many, all are queued or none is.
 */
#include <stdio.h>
#include <string.h>

#include "otp.h"

/* What the queue is given, once it was checked. */
struct notice {
    OtpState__Sms sms;
    struct mc_phone phone;
};

static void check_lane(struct mc_txn *txn, Otp__Lane lane)
{
    if (lane != OTP__LANE__TRANSACTIONAL && lane != OTP__LANE__BULK)
        otp_refuse_field(txn, "lane", "Làn"); /* codes are made here, not sent through here */
}

static char *clean_text(const struct otp *otp, struct mc_txn *txn, const char *text)
{
    size_t size = MC_TEXT_SIZE(strlen(text));
    char *cleaned = mc_alloc(txn->arena, size);
    char *plain = mc_alloc(txn->arena, MC_TEXT_SIZE(size));

    if (cleaned == NULL || plain == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    if (mc_text_clean_lines(cleaned, size, text) != MC_OK)
        return NULL;
    if (otp->keep_accents)
        return cleaned;
    return mc_text_unaccent(plain, MC_TEXT_SIZE(size), cleaned) == MC_OK ? plain : NULL;
}

static void refuse_parts(struct mc_txn *txn)
{
    char max[32];

    (void)snprintf(max, sizeof max, "%d tin", OTP_SMS_PARTS_MAX);
    otp_refuse_long(txn, "text", "Nội dung tin nhắn", max);
}

static void check_text(const struct otp *otp, struct mc_txn *txn, const char *text,
                       OtpState__Sms *sms)
{
    sms->text = clean_text(otp, txn, text);
    if (sms->text == NULL) {
        otp_refuse_field(txn, "text", "Nội dung tin nhắn");
        return;
    }
    struct mc_sms_size size = mc_sms_measure(sms->text);
    sms->encoding = size.encoding;
    sms->parts = size.parts;
    if (size.parts == 0)
        (void)mc_refuse(txn, MC_INVALID, "text", "FIELD_REQUIRED", "field", "nội dung tin nhắn",
                        NULL);
    else if (size.parts > OTP_SMS_PARTS_MAX)
        refuse_parts(txn);
}

static void check_times(struct mc_txn *txn, const Otp__EnqueueSmsRequest *req)
{
    if (req->expires_at_ms != 0 && (req->expires_at_ms <= txn->now_ms ||
                                    req->expires_at_ms > txn->now_ms + OTP_NOTICE_LIFE_MAX_MS))
        otp_refuse_field(txn, "expires_at_ms", "Thời hạn gửi tin (tối đa 7 ngày)");
    if (strlen(req->dedupe) > OTP_DEDUPE_MAX)
        otp_refuse_long(txn, "dedupe", "Khóa chống gửi trùng", "128");
}

/* A name as in the table of texts: capitals, digits and underlines. */
static void check_template(struct mc_txn *txn, const char *name)
{
    size_t len = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    if (name[len] != '\0')
        otp_refuse_field(txn, "template", "Mẫu tin nhắn");
    else if (len > OTP_TEMPLATE_NAME_MAX)
        otp_refuse_long(txn, "template", "Mẫu tin nhắn", "40 ký tự");
}

/* The same fact told to two phones is two messages. */
static struct mc_bytes dedupe_key(struct mc_txn *txn, const char *dedupe, const char *phone)
{
    const struct mc_bytes parts[] = {mc_key_text(dedupe), mc_key_text(phone)};
    uint8_t mac[MC_HASH_LEN];

    mc_mac(mac, txn->secrets->blind, "otp.dedupe", parts, MC_LEN(parts));
    return mc_keep(txn, mac, OTP_BLIND_LEN);
}

static const char *const *keys_of(struct mc_txn *txn, const Otp__EnqueueSmsRequest *req,
                                  const char *phone)
{
    static const char *const none[] = {NULL};
    const char **keys = mc_alloc(txn->arena, (req->n_keys + 2) * sizeof *keys);

    if (keys == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return none;
    }
    keys[0] = otp_phone_key(txn, otp_phone_blind(txn, phone));
    for (size_t i = 0; i < req->n_keys; i++)
        keys[i + 1] = req->keys[i];
    return keys;
}

static uint64_t queue(const struct otp *otp, struct mc_txn *txn, const Otp__EnqueueSmsRequest *req,
                      const OtpState__Sms *sms, const char *const *keys)
{
    return mc_job_add(txn,
                      &(struct mc_job_spec){
                          .lane = (unsigned)(req->lane - OTP__LANE__OTP),
                          .kind = "sms",
                          .payload = otp_pack(txn, &sms->base),
                          .note = otp_note_make(txn, sms),
                          .expires_ms = req->expires_at_ms != 0 ? req->expires_at_ms
                                                                : txn->now_ms + OTP_NOTICE_LIFE_MS,
                          .attempts_max = OTP_NOTICE_ATTEMPTS,
                          .backoff_ms = OTP_NOTICE_BACKOFF_MS,
                          .backoff_max_ms = OTP_NOTICE_BACKOFF_MAX_MS,
                          .destination = otp_carrier(otp, sms->phone),
                          .keys = keys,
                          .forget = req->forget,
                      });
}

static void tell_queued(struct mc_txn *txn, uint64_t job_id, Otp__Lane lane, const char *phone,
                        const char *const *keys)
{
    Otp__SmsChanged queued = OTP__SMS_CHANGED__INIT;
    size_t len = 0;

    while (keys[len] != NULL)
        len++;
    queued.job_id = job_id;
    queued.lane = lane;
    queued.state = OTP__DELIVERY_STATE__QUEUED;
    queued.phone_masked = otp_phone_masked(txn, phone);
    mc_emit(txn, "otp.sms_queued", &queued.base, MC_PLAIN,
            otp_message_keys(txn, job_id, keys, len));
}

static void remember(const struct otp *otp, struct mc_txn *txn, struct mc_bytes key,
                     uint64_t job_id)
{
    OtpState__Sent sent = OTP_STATE__SENT__INIT;

    sent.job_id = job_id;
    sent.until_ms = txn->now_ms + otp->dedupe_life_ms;
    mc_save(txn, OTP_DEDUPE, key, &sent.base);
}

static void check(const struct otp *otp, struct mc_txn *txn, const Otp__EnqueueSmsRequest *req,
                  struct notice *ret_notice)
{
    *ret_notice = (struct notice){.sms = OTP_STATE__SMS__INIT};
    check_lane(txn, req->lane);
    otp_check_phone(otp, txn, req->phone, &ret_notice->phone);
    check_text(otp, txn, req->text, &ret_notice->sms);
    check_times(txn, req);
    otp_check_keys(txn, req->keys, req->n_keys);
    otp_check_who(txn, "unit_code", "Mã đơn vị", req->unit_code);
    check_template(txn, req->template_);
}

static void put_in_queue(const struct otp *otp, struct mc_txn *txn,
                         const Otp__EnqueueSmsRequest *req, struct notice *notice,
                         Otp__EnqueueSmsReply *rep)
{
    OtpState__Sms *sms = &notice->sms;
    const char *phone = notice->phone.number;
    struct mc_bytes dedupe = {0};

    if (req->dedupe[0] != '\0') {
        dedupe = dedupe_key(txn, req->dedupe, phone);
        const OtpState__Sent *sent = mc_load(txn, OTP_DEDUPE, dedupe, &otp_state__sent__descriptor);
        if (sent != NULL && sent->until_ms > txn->now_ms) {
            rep->job_id = sent->job_id;
            rep->duplicate = true;
            return;
        }
    }
    sms->phone = notice->phone.number;
    sms->unit_code = req->unit_code;
    sms->template_ = req->template_;
    const char *const *keys = keys_of(txn, req, phone);
    rep->job_id = queue(otp, txn, req, sms, keys);
    if (dedupe.len > 0)
        remember(otp, txn, dedupe, rep->job_id);
    tell_queued(txn, rep->job_id, req->lane, phone, keys);
}

enum mc_status otp_enqueue_sms(struct otp *otp, struct mc_txn *txn,
                               const Otp__EnqueueSmsRequest *req, Otp__EnqueueSmsReply *rep)
{
    struct notice notice;

    check(otp, txn, req, &notice);
    if (txn->status == MC_OK)
        put_in_queue(otp, txn, req, &notice, rep);
    return txn->status;
}

/* What was refused since: of the i-th message. */
static void name_message(struct mc_txn *txn, size_t since, size_t i)
{
    for (; since < txn->violations_len; since++) {
        Motcua__Violation *violation = txn->violations[since];
        char *path = mc_sprintf(txn->arena, "messages[%zu].%s", i, violation->field);
        if (path != NULL)
            violation->field = path;
    }
}

static void enqueue_all(const struct otp *otp, struct mc_txn *txn,
                        const Otp__EnqueueManySmsRequest *req, struct notice *notices,
                        Otp__EnqueueManySmsReply *rep)
{
    Otp__EnqueueSmsReply *results = mc_alloc(txn->arena, req->n_messages * sizeof *results);

    rep->results = mc_alloc(txn->arena, req->n_messages * sizeof(Otp__EnqueueSmsReply *));
    if (results == NULL || rep->results == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < req->n_messages; i++) {
        otp__enqueue_sms_reply__init(&results[i]);
        put_in_queue(otp, txn, req->messages[i], &notices[i], &results[i]);
        rep->results[rep->n_results++] = &results[i];
    }
}

enum mc_status otp_enqueue_many_sms(struct otp *otp, struct mc_txn *txn,
                                    const Otp__EnqueueManySmsRequest *req,
                                    Otp__EnqueueManySmsReply *rep)
{
    if (req->n_messages == 0)
        return mc_refuse(txn, MC_INVALID, "messages", "FIELD_REQUIRED", "field", "tin nhắn", NULL);
    if (req->n_messages > OTP_ENQUEUE_MAX) {
        otp_refuse_long(txn, "messages", "Danh sách tin nhắn", "200");
        return txn->status;
    }
    struct notice *notices = mc_alloc(txn->arena, req->n_messages * sizeof *notices);
    if (notices == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    for (size_t i = 0; i < req->n_messages; i++) {
        size_t before = txn->violations_len;
        check(otp, txn, req->messages[i], &notices[i]);
        name_message(txn, before, i);
    }
    if (txn->status == MC_OK)
        enqueue_all(otp, txn, req, notices, rep);
    return txn->status;
}
