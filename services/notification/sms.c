/*
 * SMS of a notice: an effect that queues it in the otp room (transactional lane). The room keeps
 * phones by identity's journal; when a fact arrives before the account it is about, its SMS is
 * held (waiting) until the account is known, or until it is too old to be news. The otp room
 * deduplicates by the fact's place in its journal, so an attempt that was repeated is one SMS.
 */
#include <string.h>

#include "alert.h"
#include "mail.h"
#include "prefs.h"

static const NotificationState__Account *account_load(struct mc_txn *txn, struct mc_bytes account)
{
    return mc_load(txn, NOTIFICATION_ACCOUNTS, account, &notification_state__account__descriptor);
}

/* Empty when there is none; NULL when the call has failed. */
static const char *phone_of(struct mc_txn *txn, const NotificationState__Account *account)
{
    struct mc_bytes plain = mc_open_bytes(txn, account->contact);
    const NotificationState__Contact *contact = NULL;

    if (txn->status == MC_OK)
        contact = notification_state__contact__unpack(&txn->arena->protobuf, plain.len, plain.data);
    if (contact == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "a contact");
        return NULL;
    }
    return contact->phone;
}

/* The end of an SMS's life counts from the fact, also for those that were held. */
static int64_t ends_at(const struct notification *notification, struct mc_bytes id,
                       const NotificationState__Notice *notice)
{
    int64_t made_ms = 0;

    if (notice->sms_expires_ms != 0)
        return notice->sms_expires_ms;
    return mc_uuid7_time(id.data, &made_ms) ? made_ms + notification->sms_life_ms : 0;
}

static void job_add(struct mc_txn *txn, const NotificationState__Sms *sms)
{
    size_t size = notification_state__sms__get_packed_size(sms);
    uint8_t *payload = mc_alloc(txn->arena, size);
    const char *keys[NOTIFICATION_KEYS_MAX + 1] = {NULL};

    if (payload == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    (void)notification_state__sms__pack(sms, payload);
    for (size_t i = 0; i < sms->n_keys && i < NOTIFICATION_KEYS_MAX; i++)
        keys[i] = sms->keys[i];
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = NOTIFICATION_LANE_SMS,
                              .kind = "otp.enqueue",
                              .payload = {payload, size},
                              .expires_ms = sms->expires_at_ms,
                              .attempts_max = NOTIFICATION_SMS_ATTEMPTS,
                              .backoff_ms = NOTIFICATION_SMS_BACKOFF_MS,
                              .backoff_max_ms = NOTIFICATION_SMS_BACKOFF_MAX_MS,
                              .destination = "otp",
                              .keys = keys,
                              .forget = true,
                          });
}

/* When it may go; a notice from before there were kinds, at once. */
static int64_t due_of(const struct notification *notification, const struct mc_txn *txn,
                      const NotificationState__Notice *notice)
{
    enum notification_kind kind = notification_kind_find(notice->kind);

    return kind != NOTIFICATION_KINDS_LEN ? prefs_sms_due(notification, kind, txn->now_ms) : 0;
}

/* Switched off since it was held? */
static bool wanted(const struct notification *notification, struct mc_txn *txn,
                   struct mc_bytes account, const NotificationState__Notice *notice)
{
    enum notification_kind kind = notification_kind_find(notice->kind);

    return kind == NOTIFICATION_KINDS_LEN ||
           prefs_allow(notification, txn, account, kind, NOTIFICATION_SMS);
}

/*
 * The account is known: asks the otp room, or sees that there is no phone to send to, that it is
 * no news any more, or that it has to wait for the morning.
 */
static void send(const struct notification *notification, struct mc_txn *txn,
                 const NotificationState__Account *account, struct mc_bytes account_id,
                 struct mc_bytes id, NotificationState__Notice *notice, const char *text)
{
    const char *phone = phone_of(txn, account);
    NotificationState__Sms sms = NOTIFICATION_STATE__SMS__INIT;

    notice->sms_state = NOTIFICATION_STATE__SMS_STATE__NONE;
    if (phone == NULL || phone[0] == '\0')
        return;
    sms.expires_at_ms = ends_at(notification, id, notice);
    if (sms.expires_at_ms <= txn->now_ms) {
        notice->sms_state = NOTIFICATION_STATE__SMS_STATE__EXPIRED;
        notice->sms_code = mc_unconst("TOO_OLD");
        return;
    }
    notice->sms_state = NOTIFICATION_STATE__SMS_STATE__SENDING;
    int64_t due_ms = due_of(notification, txn, notice);
    notice->sms_code = mc_unconst(due_ms != 0 ? "QUIET_HOURS" : "");
    if (due_ms != 0) {
        mc_put(txn, NOTIFICATION_MORNING, mc_key_join(txn, mc_key_u64(txn, (uint64_t)due_ms), id),
               account_id);
        return;
    }
    sms.account = (ProtobufCBinaryData){account_id.len, mc_unconst(account_id.data)};
    sms.notice_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    sms.phone = mc_unconst(phone);
    sms.text = mc_unconst(text);
    sms.keys = notice->keys;
    sms.n_keys = notice->n_keys;
    sms.dedupe = notice->cause_event;
    sms.template_ = notice->template_;
    job_add(txn, &sms);
}

void notification_sms_begin(const struct notification *notification, struct mc_txn *txn,
                            struct mc_bytes account_id, struct mc_bytes id,
                            NotificationState__Notice *notice, const char *text)
{
    const NotificationState__Account *account = account_load(txn, account_id);

    if (account != NULL) {
        send(notification, txn, account, account_id, id, notice, text);
        return;
    }
    notice->sms_state = NOTIFICATION_STATE__SMS_STATE__NO_PHONE;
    mc_put(txn, NOTIFICATION_WAITING, id, account_id);
}

const char *notification_sms_phone(struct mc_txn *txn, struct mc_bytes account_id)
{
    const NotificationState__Account *account = account_load(txn, account_id);

    return account != NULL ? phone_of(txn, account) : NULL;
}

void notification_sms_copy(struct mc_txn *txn, struct mc_bytes account_id,
                           const NotificationState__Notice *notice, const char *phone,
                           const char *text)
{
    NotificationState__Sms sms =
        NOTIFICATION_STATE__SMS__INIT; /* of no notice: none waits for it */

    sms.account = (ProtobufCBinaryData){account_id.len, mc_unconst(account_id.data)};
    sms.phone = mc_unconst(phone);
    sms.text = mc_unconst(text);
    sms.keys = notice->keys;
    sms.n_keys = notice->n_keys;
    sms.dedupe = notice->cause_event;
    sms.expires_at_ms = notice->sms_expires_ms;
    if (sms.expires_at_ms > txn->now_ms)
        job_add(txn, &sms); /* never of a kind that waits */
}

static void refuse(struct mc_txn *txn, struct mc_bytes account, struct mc_bytes id,
                   NotificationState__Notice *notice, const char *code)
{
    notice->sms_state = NOTIFICATION_STATE__SMS_STATE__REFUSED;
    notice->sms_code = mc_unconst(code);
    notification_notice_save(txn, account, id, notice);
    notification_tell(txn, "notification.sms_refused", account, id, notice);
}

/* Goes on with what was held: sends it now, unless it is not wanted any more. */
static void resume(const struct notification *notification, struct mc_txn *txn,
                   const NotificationState__Account *account, struct mc_bytes account_id,
                   struct mc_bytes id, NotificationState__Notice *notice)
{
    const NotificationState__Content *content = notification_content_open(txn, notice);

    if (content == NULL)
        return;
    if (wanted(notification, txn, account_id, notice)) {
        send(notification, txn, account, account_id, id, notice, content->sms);
    } else {
        notice->sms_state = NOTIFICATION_STATE__SMS_STATE__NONE;
        notice->sms_code = mc_unconst("SWITCHED_OFF");
    }
    notification_notice_save(txn, account_id, id, notice);
}

void notification_sms_release(const struct notification *notification, struct mc_txn *txn,
                              struct mc_bytes account_id)
{
    const NotificationState__Account *account = account_load(txn, account_id);
    struct mc_cursor cursor =
        mc_seek(txn, NOTIFICATION_NOTICES, account_id, (struct mc_bytes){0}, MC_BACKWARD);

    for (size_t n = 0; account != NULL && n < NOTIFICATION_HELD_MAX && mc_next(&cursor); n++) {
        NotificationState__Notice *notice =
            mc_row(&cursor, &notification_state__notice__descriptor);
        if (notice == NULL)
            return;
        if (notice->sms_state != NOTIFICATION_STATE__SMS_STATE__NO_PHONE)
            continue;
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + account_id.len, MC_ID_LEN};
        resume(notification, txn, account, account_id, id, notice);
        mc_drop(txn, NOTIFICATION_WAITING, id);
    }
}

/*
 * What waited for the quiet hours to end is no job until then, for the age of a lane's oldest job
 * says that something is wrong. It may have been switched off by now, or have become too old.
 */
static void morning_tick(const struct notification *notification, struct mc_txn *txn)
{
    struct mc_bytes now = mc_key_u64(txn, (uint64_t)txn->now_ms);
    struct mc_cursor cursor =
        mc_seek(txn, NOTIFICATION_MORNING, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    for (size_t n = 0; n < NOTIFICATION_MORNING_ROWS && mc_next(&cursor); n++) {
        if (cursor.key.len != now.len + MC_ID_LEN || memcmp(cursor.key.data, now.data, now.len) > 0)
            break;
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + now.len, MC_ID_LEN};
        const NotificationState__Account *account = account_load(txn, cursor.value);
        NotificationState__Notice *notice = notification_notice_load(txn, cursor.value, id);
        mc_drop(txn, NOTIFICATION_MORNING, cursor.key);
        if (account != NULL && notice != NULL)
            resume(notification, txn, account, cursor.value, id, notice);
    }
}

/*
 * Held too long. Ids are time-ordered, so the oldest come first; lives differ, so those that are
 * to be held longer are passed over. What is not looked at today is late only here: it is not sent.
 */
enum mc_status notification_tick(void *ctx, struct mc_txn *txn)
{
    struct notification *notification = ctx;
    struct mc_cursor cursor =
        mc_seek(txn, NOTIFICATION_WAITING, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    size_t ended = 0;

    for (size_t n = 0; n < NOTIFICATION_TICK_LOOKS && ended < NOTIFICATION_TICK_ROWS; n++) {
        if (!mc_next(&cursor))
            break;
        NotificationState__Notice *notice = notification_notice_load(txn, cursor.value, cursor.key);
        if (notice != NULL && ends_at(notification, cursor.key, notice) > txn->now_ms) {
            mc_pass(&cursor);
            continue;
        }
        if (notice != NULL)
            refuse(txn, cursor.value, cursor.key, notice, "PHONE_UNKNOWN");
        mc_drop(txn, NOTIFICATION_WAITING, cursor.key);
        ended++;
    }
    morning_tick(notification, txn);
    alert_tick(notification, txn);
    notification_mails_tick(notification, txn);
    notification_notices_tick(notification, txn);
    return txn->status;
}

/*
 * The agency of a dossier begins its official code ("000.20.31.H53-260907-0007"): it bears the cost
 * of its texts. "" when the notice is about no dossier that has one.
 */
static char *unit_of(struct mc_arena *arena, const NotificationState__Sms *sms)
{
    static const char noun[] = "dossier:";

    for (size_t i = 0; i < sms->n_keys; i++) {
        const char *code = sms->keys[i] + sizeof noun - 1;
        if (strncmp(sms->keys[i], noun, sizeof noun - 1) != 0)
            continue;
        size_t len = strcspn(code, "-");
        if (code[len] == '-' && memchr(code, '.', len) != NULL)
            return mc_sprintf(arena, "%.*s", (int)len, code);
    }
    return mc_unconst("");
}

/*
 * Its keys, and the one its journal is followed by, for which the last of a full list gives way;
 * a copy is of no notice.
 */
static bool name(struct mc_arena *arena, const NotificationState__Sms *sms,
                 Otp__EnqueueSmsRequest *request)
{
    request->n_keys = MC_MIN(sms->n_keys, (size_t)NOTIFICATION_SMS_KEYS_MAX - 1);
    request->keys = mc_alloc(arena, (request->n_keys + 1) * sizeof *request->keys);
    if (request->keys == NULL)
        return false;
    for (size_t i = 0; i < request->n_keys; i++)
        request->keys[i] = sms->keys[i];
    if (sms->notice_id.len != MC_ID_LEN || sms->account.len != MC_ID_LEN)
        return true;
    char *key =
        notification_sms_key(arena, mc_key_bytes(sms->account), mc_key_bytes(sms->notice_id));
    request->keys[request->n_keys++] = key;
    return key != NULL;
}

enum mc_status notification_sms_call(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                     const ProtobufCMessage *payload, struct mc_room_call *ret_call)
{
    const NotificationState__Sms *sms = (const void *)payload;
    Otp__EnqueueSmsRequest *request = mc_alloc(arena, sizeof *request);

    (void)ctx;
    (void)job;
    if (request == NULL)
        return MC_LIMITED;
    otp__enqueue_sms_request__init(request);
    request->lane = OTP__LANE__TRANSACTIONAL;
    request->phone = sms->phone;
    request->text = sms->text;
    request->expires_at_ms = sms->expires_at_ms;
    if (!name(arena, sms, request))
        return MC_LIMITED;
    request->dedupe = sms->dedupe;
    request->template_ = sms->template_;
    request->unit_code = unit_of(arena, sms);
    if (request->unit_code == NULL)
        return MC_LIMITED;
    *ret_call = (struct mc_room_call){
        .room = "otp",
        .service = &otp__otp__descriptor,
        .method = "EnqueueSms",
        .request = &request->base,
    };
    return MC_OK;
}

enum mc_status notification_sms_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                     const ProtobufCMessage *payload,
                                     const struct mc_result *result, enum mc_verdict *ret_verdict)
{
    const NotificationState__Sms *sms = (const void *)payload;
    struct mc_bytes account = mc_key_bytes(sms->account);
    struct mc_bytes id = mc_key_bytes(sms->notice_id);
    bool away =
        result->status == MC_BUSY || result->status == MC_LIMITED || mc_is_fault(result->status);

    (void)ctx;
    (void)job;
    *ret_verdict = MC_DONE;
    if (result->status != MC_OK && away && !result->gave_up) {
        *ret_verdict = MC_RETRY;
        return txn->status;
    }
    NotificationState__Notice *notice = notification_notice_load(txn, account, id);
    if (notice == NULL)
        return txn->status;
    if (result->status == MC_OK) {
        if (!notification_sms_moves(notice, NOTIFICATION_STATE__SMS_STATE__QUEUED))
            return txn->status;
        notice->sms_state = NOTIFICATION_STATE__SMS_STATE__QUEUED;
        notice->sms_code = mc_unconst("");
        notification_notice_save(txn, account, id, notice);
        return txn->status;
    }
    if (!notification_sms_moves(notice, NOTIFICATION_STATE__SMS_STATE__REFUSED))
        return txn->status; /* its journal was here first: it has the text */
    /* What the otp room refused it will refuse again; what it never took is a dead letter. */
    *ret_verdict = away ? MC_BURY : MC_DONE;
    bool told = !away && result->code != NULL && result->code[0] != '\0';
    refuse(txn, account, id, notice, told ? result->code : "OTP_UNAVAILABLE");
    return txn->status;
}
