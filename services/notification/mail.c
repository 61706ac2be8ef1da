/* A mail's life: kept, queued, and what becomes of it (NOT-08). The exchange is mail_relay.c's. */
#include "mail.h"

#include <string.h>

#include "common/dsn.h"
#include "common/ident.h"
#include "common/text.h"

#include "alert.h"
#include "email.h"

bool notification_mail_is_on(const struct notification *notification)
{
    return notification->mail.relay[0] != '\0';
}

static bool is_over(Notification__MailState state)
{
    return state != NOTIFICATION__MAIL_STATE__MAIL_WAITING;
}

/* Who follows `support:…` or `dossier:…` sees its mails; addresses are not told. */
static void tell(struct mc_txn *txn, struct mc_bytes id, const NotificationState__Mail *record)
{
    Notification__MailTold told = NOTIFICATION__MAIL_TOLD__INIT;
    const char *keys[NOTIFICATION_KEYS_MAX + 2] = {NULL};
    char uuid[MC_UUID_TEXT_LEN + 1];
    size_t n = 0;

    for (; n < record->n_keys && n < NOTIFICATION_KEYS_MAX; n++)
        keys[n] = record->keys[n];
    mc_uuid_text(uuid, id.data);
    keys[n] = mc_sprintf(txn->arena, "mail:%s", uuid);
    if (keys[n] == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    told.mail_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    told.template_ = record->template_;
    told.state = (Notification__MailState)record->state;
    told.reason = record->reason;
    mc_emit(txn,
            told.state == NOTIFICATION__MAIL_STATE__MAIL_SENT ? "notification.mail_sent"
                                                              : "notification.mail_failed",
            &told.base, MC_PLAIN, keys);
}

static struct mc_bytes dedupe_key(struct mc_txn *txn, const char *dedupe)
{
    return mc_blind(txn, "mail.dedupe", dedupe);
}

/* A title that was typed may hold a line break, which no header may (RFC 5322, 2.2). */
static char *subject_text(struct mc_txn *txn, const char *title)
{
    size_t len = mc_text_prefix(title, MAIL_SUBJECT_MAX, SIZE_MAX);
    char *subject = mc_sprintf(txn->arena, "%.*s", (int)len, title);

    if (subject == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    for (char *at = subject; *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            *at = ' ';
    return subject;
}

static void job_add(const struct notification *notification, struct mc_txn *txn,
                    const struct notification_mail *mail, struct mc_bytes id, char *subject,
                    int64_t expires_ms)
{
    NotificationState__MailJob job = NOTIFICATION_STATE__MAIL_JOB__INIT;
    const char *keys[NOTIFICATION_KEYS_MAX + 1] = {NULL};

    job.mail_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    job.to = mc_unconst(mail->to);
    job.subject = subject;
    job.text = mc_unconst(mail->text);
    job.at_ms = txn->now_ms;
    job.alert_id = (ProtobufCBinaryData){mail->alert_id.len, mc_unconst(mail->alert_id.data)};
    job.place = mail->place;
    size_t size = notification_state__mail_job__get_packed_size(&job);
    uint8_t *payload = mc_alloc(txn->arena, size);
    if (payload == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    (void)notification_state__mail_job__pack(&job, payload);
    for (size_t i = 0; i < mail->keys_len && i < NOTIFICATION_KEYS_MAX; i++)
        keys[i] = mail->keys[i];
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = NOTIFICATION_LANE_MAIL,
                              .kind = "mail",
                              .payload = {payload, size},
                              .expires_ms = expires_ms,
                              .backoff_ms = (uint32_t)notification->mail.retry_ms,
                              .backoff_max_ms = MAIL_BACKOFF_MAX_MS,
                              .destination = "relay",
                              .keys = keys,
                              .forget = true,
                          });
}

static int64_t ends_at(const struct notification *notification,
                       const struct notification_mail *mail)
{
    int64_t ends_ms = mail->at_ms + notification->mail.life_ms;

    return mail->expires_ms != 0 ? MC_MIN(ends_ms, mail->expires_ms) : ends_ms;
}

static Notification__MailState state_at_first(const struct notification *notification,
                                              const struct mc_txn *txn,
                                              const struct notification_mail *mail,
                                              const char **ret_reason)
{
    enum mc_why why = mc_email_check(mail->to);

    *ret_reason = "";
    if (why != MC_WHY_OK) {
        *ret_reason = mc_why_code(why);
        return NOTIFICATION__MAIL_STATE__MAIL_REFUSED;
    }
    if (ends_at(notification, mail) <= txn->now_ms)
        return NOTIFICATION__MAIL_STATE__MAIL_EXPIRED;
    return notification_mail_is_on(notification) ? NOTIFICATION__MAIL_STATE__MAIL_WAITING
                                                 : NOTIFICATION__MAIL_STATE__MAIL_NO_RELAY;
}

static NotificationState__Mail *mail_load(struct mc_txn *txn, struct mc_bytes id)
{
    return mc_load(txn, NOTIFICATION_MAILS, id, &notification_state__mail__descriptor);
}

bool notification_mail_fate(struct mc_txn *txn, const char *dedupe,
                            struct notification_mail_fate *ret_fate)
{
    const NotificationState__Mail *record = NULL;
    struct mc_bytes id;

    *ret_fate = (struct notification_mail_fate){.reason = ""};
    if (dedupe != NULL && mc_get(txn, NOTIFICATION_MAIL_DEDUPES, dedupe_key(txn, dedupe), &id))
        record = mail_load(txn, id);
    if (record == NULL)
        return false;
    *ret_fate = (struct notification_mail_fate){(Notification__MailState)record->state,
                                                record->reason, record->changed_ms};
    return true;
}

Notification__MailState notification_send_mail(const struct notification *notification,
                                               struct mc_txn *txn,
                                               const struct notification_mail *mail)
{
    NotificationState__Mail record = NOTIFICATION_STATE__MAIL__INIT;
    NotificationState__MailContent content = NOTIFICATION_STATE__MAIL_CONTENT__INIT;
    struct notification_mail_fate before;
    const char *reason;

    if (notification_mail_fate(txn, mail->dedupe, &before))
        return before.state;
    struct mc_bytes id = mc_new_id(txn);
    char *subject = subject_text(txn, mail->subject);
    if (txn->status != MC_OK)
        return NOTIFICATION__MAIL_STATE__MAIL_STATE_UNSPECIFIED;
    Notification__MailState state = state_at_first(notification, txn, mail, &reason);
    content.to = mc_unconst(mail->to);
    content.subject = subject;
    content.text = mc_unconst(mail->text);
    record.at_ms = record.changed_ms = txn->now_ms;
    record.template_ = mc_unconst(mail->words->key);
    record.template_version = mail->words->version;
    record.content = notification_seal(txn, &content.base);
    record.state = (uint32_t)state;
    record.reason = mc_unconst(reason);
    record.keys = mc_unconst(mail->keys);
    record.n_keys = MC_MIN(mail->keys_len, (size_t)NOTIFICATION_KEYS_MAX);
    record.account = (ProtobufCBinaryData){mail->account.len, mc_unconst(mail->account.data)};
    if (mail->dedupe != NULL) {
        struct mc_bytes key = dedupe_key(txn, mail->dedupe);
        record.dedupe = (ProtobufCBinaryData){key.len, mc_unconst(key.data)};
        mc_put(txn, NOTIFICATION_MAIL_DEDUPES, key, id);
    }
    mc_save(txn, NOTIFICATION_MAILS, id, &record.base);
    if (is_over(state))
        tell(txn, id, &record);
    else
        job_add(notification, txn, mail, id, subject, ends_at(notification, mail));
    return txn->status == MC_OK ? state : NOTIFICATION__MAIL_STATE__MAIL_STATE_UNSPECIFIED;
}

/* What the relay's word means. 53x is about how we came in, not about the mail (RFC 4954, 6). */
static Notification__MailState state_of(const struct mc_result *result)
{
    enum { TAKEN = 2, NEVER = 5, LET_IN_FIRST = 53 };

    if (result->outcome != MC_HTTP_ANSWERED)
        return NOTIFICATION__MAIL_STATE__MAIL_WAITING;
    if (result->http_status / 100 == TAKEN)
        return NOTIFICATION__MAIL_STATE__MAIL_SENT;
    if (result->http_status / 100 == NEVER && result->http_status / 10 != LET_IN_FIRST)
        return NOTIFICATION__MAIL_STATE__MAIL_FAILED;
    return NOTIFICATION__MAIL_STATE__MAIL_WAITING;
}

static char *reason_of(struct mc_txn *txn, const struct mc_result *result)
{
    if (result->outcome == MC_HTTP_NOT_SENT)
        return mc_unconst("RELAY_AWAY");
    if (result->outcome == MC_HTTP_UNKNOWN)
        return mc_unconst("RELAY_CUT_OFF");
    char *reason = mc_sprintf(txn->arena, "SMTP_%u", result->http_status);
    if (reason == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return reason != NULL ? reason : mc_unconst("");
}

static void tell_alert(struct mc_txn *txn, const NotificationState__MailJob *mail,
                       const NotificationState__Mail *record)
{
    Notification__AlertMessageState state = NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_FAILED;

    if (record->state == NOTIFICATION__MAIL_STATE__MAIL_SENT)
        state = NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_SENT;
    else if (record->state == NOTIFICATION__MAIL_STATE__MAIL_EXPIRED)
        state = NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_EXPIRED;
    if (mail->alert_id.len != 0)
        notification_alert_note(txn, mc_key_bytes(mail->alert_id), mail->place, state,
                                record->reason);
}

enum mc_status notification_mail_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                      const ProtobufCMessage *payload,
                                      const struct mc_result *result, enum mc_verdict *ret_verdict)
{
    const NotificationState__MailJob *mail = (const void *)payload;
    struct mc_bytes id = mc_key_bytes(mail->mail_id);
    Notification__MailState state = state_of(result);
    NotificationState__Mail *record = mail_load(txn, id);

    (void)ctx;
    if (state == NOTIFICATION__MAIL_STATE__MAIL_WAITING && result->gave_up)
        state = NOTIFICATION__MAIL_STATE__MAIL_EXPIRED;
    *ret_verdict = MC_DONE;
    if (state == NOTIFICATION__MAIL_STATE__MAIL_WAITING)
        *ret_verdict = MC_RETRY;
    else if (state != NOTIFICATION__MAIL_STATE__MAIL_SENT)
        *ret_verdict = MC_BURY;
    if (record == NULL)
        return txn->status;
    record->state = (uint32_t)state;
    record->changed_ms = txn->now_ms;
    if (job->spent == NULL) /* else the last attempt has said why */
        record->reason =
            state == NOTIFICATION__MAIL_STATE__MAIL_SENT ? mc_unconst("") : reason_of(txn, result);
    mc_save(txn, NOTIFICATION_MAILS, id, &record->base);
    if (is_over(state)) {
        tell(txn, id, record);
        tell_alert(txn, mail, record);
    }
    return txn->status;
}

/* The address that this mail went to is no longer believed. */
static void give_up_address(struct mc_txn *txn, const NotificationState__Mail *record)
{
    struct mc_bytes plain = mc_open_bytes(txn, record->content);
    const NotificationState__MailContent *content =
        txn->status == MC_OK
            ? notification_state__mail_content__unpack(&txn->arena->protobuf, plain.len, plain.data)
            : NULL;

    if (content == NULL)
        (void)mc_fail(txn, MC_CORRUPT, "a mail's content");
    else
        email_bounced(txn, mc_key_bytes(record->account), content->to);
}

static bool status_ok(const char *status)
{
    size_t len = strlen(status);

    return len >= sizeof "5.1.1" - 1 && len < MC_DSN_STATUS_SIZE &&
           strspn(status, "0123456789.") == len;
}

enum mc_status notification_report_bounce(struct notification *notification, struct mc_txn *txn,
                                          const Notification__ReportBounceRequest *req,
                                          Notification__ReportBounceReply *rep)
{
    struct mc_bytes id = mc_key_bytes(req->mail_id);
    NotificationState__Mail *record = id.len == MC_ID_LEN ? mail_load(txn, id) : NULL;

    (void)notification;
    if (txn->status != MC_OK)
        return txn->status;
    if (record == NULL)
        return mc_refuse(txn, MC_NOT_FOUND, "mail_id", "MAIL_UNKNOWN", NULL);
    if (!status_ok(req->status))
        return mc_refuse(txn, MC_INVALID, "status", "FIELD_INVALID", "field", "status", NULL);
    if (req->failed && record->state == NOTIFICATION__MAIL_STATE__MAIL_SENT) {
        record->state = NOTIFICATION__MAIL_STATE__MAIL_BOUNCED;
        record->changed_ms = txn->now_ms;
        record->reason = mc_sprintf(txn->arena, "DSN_%s", req->status);
        if (record->reason == NULL)
            return mc_fail(txn, MC_LIMITED, "arena full");
        mc_save(txn, NOTIFICATION_MAILS, id, &record->base);
        tell(txn, id, record);
        if (req->status[0] == '5' && record->account.len != 0)
            give_up_address(txn, record);
    }
    rep->state = (Notification__MailState)record->state;
    return txn->status;
}
