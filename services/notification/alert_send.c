/*
 * Sending: an alert is kept word for word with whom it went to, and every phone gets its SMS
 * through the otp room (transactional lane, behind codes). Quiet hours do not apply.
 */
#include <string.h>

#include "common/date.h"
#include "common/text.h"

#include "alert.h"
#include "mail.h"

enum { HOUR_MS = 3600000, VALUES_MAX = 10, VALUE_SIZE = 512 };

/* The texts of an alert: the whole one, and the SMS, each variable within what it may take. */
struct words {
    struct notification_value whole[VALUES_MAX];
    struct notification_value cut[VALUES_MAX];
    size_t len;
};

int64_t alert_budget_free_at(struct mc_txn *txn, struct mc_bytes key, int64_t most)
{
    const NotificationState__AlertBudget *budget = mc_load(
        txn, NOTIFICATION_ALERT_BUDGETS, key, &notification_state__alert_budget__descriptor);

    if (budget == NULL || budget->n_sent_ms < (size_t)most)
        return 0;
    return budget->sent_ms[budget->n_sent_ms - (size_t)most] + HOUR_MS;
}

void alert_budget_count(struct mc_txn *txn, struct mc_bytes key, int64_t most, int64_t at_ms)
{
    NotificationState__AlertBudget fresh = NOTIFICATION_STATE__ALERT_BUDGET__INIT;
    const NotificationState__AlertBudget *old = mc_load(
        txn, NOTIFICATION_ALERT_BUDGETS, key, &notification_state__alert_budget__descriptor);
    size_t kept = old != NULL ? MC_MIN(old->n_sent_ms, (size_t)most - 1) : 0;

    fresh.sent_ms = mc_alloc(txn->arena, (kept + 1) * sizeof *fresh.sent_ms);
    if (fresh.sent_ms == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < kept; i++)
        fresh.sent_ms[i] = old->sent_ms[old->n_sent_ms - kept + i];
    fresh.sent_ms[kept] = at_ms;
    fresh.n_sent_ms = kept + 1;
    mc_save(txn, NOTIFICATION_ALERT_BUDGETS, key, &fresh.base);
}

/* HH:mm dd/MM: alerts are of today or yesterday. */
static const char *moment(struct mc_txn *txn, int64_t at_ms)
{
    struct mc_local local = mc_local_from_ms(at_ms);

    return mc_sprintf(txn->arena, "%02d:%02d %02d/%02d", local.hour, local.minute, local.date.day,
                      local.date.month);
}

/* «… và 37 lỗi khác từ 10:05» */
static const char *more_text(struct mc_txn *txn, const struct alert_message *message)
{
    if (message->more == 0)
        return "";
    return mc_sprintf(txn->arena, " Và %llu lỗi khác từ %s.", (unsigned long long)message->more,
                      moment(txn, message->episode->since_ms));
}

/* At most `max` characters once marks are gone; what is longer ends in "...". */
static const char *cut_text(struct mc_txn *txn, const char *value, size_t max)
{
    size_t len = mc_text_prefix(value, max, VALUE_SIZE);

    if (value[len] == '\0')
        return value;
    len = mc_text_prefix(value, max - 3, VALUE_SIZE);
    return mc_sprintf(txn->arena, "%.*s...", (int)len, value);
}

static void add(struct mc_txn *txn, struct words *words, const char *name, const char *value)
{
    const char *cut = value != NULL ? cut_text(txn, value, alert_variable_max(name)) : NULL;

    if (cut == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        cut = value = "";
    }
    words->whole[words->len] = (struct notification_value){name, value};
    words->cut[words->len] = (struct notification_value){name, cut};
    words->len++;
}

static void fill(const struct alert_book *book, struct mc_txn *txn,
                 const struct alert_message *message, struct words *words)
{
    const NotificationState__AlertEpisode *episode = message->episode;
    const struct alert_service *service = alert_service_find(book, episode->service_type);

    words->len = 0;
    add(txn, words, "service", service != NULL ? service->name : episode->service_type);
    add(txn, words, "member", episode->member);
    add(txn, words, "code", episode->code);
    add(txn, words, "n", mc_sprintf(txn->arena, "%u", episode->attempts));
    add(txn, words, "error", episode->error);
    add(txn, words, "more", more_text(txn, message));
    add(txn, words, "time", moment(txn, txn->now_ms));
    add(txn, words, "since", moment(txn, episode->since_ms));
    add(txn, words, "count", mc_sprintf(txn->arena, "%llu", (unsigned long long)episode->count));
    words->whole[words->len] = (struct notification_value){0};
    words->cut[words->len] = (struct notification_value){0};
}

static char *uuid(struct mc_txn *txn, struct mc_bytes id)
{
    char *text = mc_alloc(txn->arena, MC_UUID_TEXT_LEN + 1);

    if (text == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        mc_uuid_text(text, id.data);
    return text;
}

/* Business ids of an alert's SMS: what failed, the alert, and which of its messages this is. */
static void keys_add(struct mc_txn *txn, const NotificationState__AlertEpisode *episode,
                     struct mc_bytes id, NotificationState__AlertSms *sms)
{
    const char *alert = uuid(txn, id);

    sms->keys = mc_alloc(txn->arena, (episode->n_keys + 2) * sizeof *sms->keys);
    if (sms->keys == NULL || alert == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < episode->n_keys; i++)
        sms->keys[sms->n_keys++] = episode->keys[i];
    sms->keys[sms->n_keys] = mc_sprintf(txn->arena, "alert:%s", alert);
    sms->keys[sms->n_keys + 1] = mc_sprintf(txn->arena, "alert_sms:%s-%u", alert, sms->place);
    if (sms->keys[sms->n_keys] == NULL || sms->keys[sms->n_keys + 1] == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        sms->n_keys += 2;
}

static void job_add(struct mc_txn *txn, const NotificationState__AlertSms *sms, int64_t due_ms)
{
    size_t size = notification_state__alert_sms__get_packed_size(sms);
    uint8_t *payload = mc_alloc(txn->arena, size);
    const char *keys[NOTIFICATION_KEYS_MAX + 3] = {NULL};

    if (payload == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    (void)notification_state__alert_sms__pack(sms, payload);
    for (size_t i = 0; i < sms->n_keys && i < MC_LEN(keys) - 1; i++)
        keys[i] = sms->keys[i];
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = NOTIFICATION_LANE_ALERTS,
                              .kind = "alert.sms",
                              .payload = {payload, size},
                              .due_ms = due_ms,
                              .expires_ms = sms->expires_at_ms,
                              .attempts_max = NOTIFICATION_SMS_ATTEMPTS,
                              .backoff_ms = NOTIFICATION_SMS_BACKOFF_MS,
                              .backoff_max_ms = NOTIFICATION_SMS_BACKOFF_MAX_MS,
                              .destination = "otp",
                              .keys = keys,
                              .forget = true,
                          });
}

/* A phone's budget is over all subscriptions it is in: what is more than that comes later. */
static void sms_add(const struct notification *notification, struct mc_txn *txn,
                    const struct alert_message *message, NotificationState__AlertSms *sms,
                    NotificationState__AlertDelivery *delivery)
{
    struct mc_bytes key =
        mc_key_join(txn, mc_key_text("p"), mc_blind(txn, "alert.phone", sms->phone));
    int64_t at_ms =
        MC_MAX(alert_budget_free_at(txn, key, notification->alerts_per_phone), txn->now_ms);

    if (at_ms >= sms->expires_at_ms) {
        delivery->state = NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_REFUSED;
        delivery->reason = mc_unconst("TOO_MANY");
        return;
    }
    alert_budget_count(txn, key, notification->alerts_per_phone, at_ms);
    delivery->state = NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_SENDING;
    keys_add(txn, message->episode, mc_key_bytes(sms->alert_id), sms);
    job_add(txn, sms, at_ms);
}

static bool address_add(struct mc_txn *txn, NotificationState__AlertContent *content,
                        NotificationState__Alert *alert, const char *text, bool email)
{
    NotificationState__AlertAddress *address = mc_alloc(txn->arena, sizeof *address);
    NotificationState__AlertDelivery *delivery = mc_alloc(txn->arena, sizeof *delivery);

    if (address == NULL || delivery == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full") == MC_OK;
    notification_state__alert_address__init(address);
    notification_state__alert_delivery__init(delivery);
    address->address = mc_unconst(text);
    address->email = email;
    delivery->at_ms = txn->now_ms;
    /* until a channel says otherwise */
    delivery->state = NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_NO_CHANNEL;
    content->addresses[content->n_addresses++] = address;
    alert->deliveries[alert->n_deliveries++] = delivery;
    return true;
}

static void addresses_add(const struct notification *notification, struct mc_txn *txn,
                          const struct alert_message *message, struct mc_bytes id,
                          NotificationState__Alert *alert, NotificationState__AlertContent *content,
                          const char *text)
{
    const NotificationState__AlertContacts *contacts =
        alert_contacts_open(txn, message->subscription);

    content->addresses =
        mc_alloc(txn->arena, ALERT_PLACE_MAX * sizeof(NotificationState__AlertAddress *));
    alert->deliveries =
        mc_alloc(txn->arena, ALERT_PLACE_MAX * sizeof(NotificationState__AlertDelivery *));
    if (contacts == NULL || content->addresses == NULL || alert->deliveries == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < contacts->n_phones && i < ALERT_PHONES_MAX; i++) {
        NotificationState__AlertSms sms = NOTIFICATION_STATE__ALERT_SMS__INIT;

        if (!address_add(txn, content, alert, contacts->phones[i], false))
            return;
        sms.alert_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
        sms.place = (uint32_t)i;
        sms.phone = contacts->phones[i];
        sms.text = mc_unconst(text);
        sms.expires_at_ms = txn->now_ms + notification->sms_life_ms;
        sms.template_ = alert->template_;
        sms.unit = alert->unit;
        sms_add(notification, txn, message, &sms, alert->deliveries[i]);
    }
    for (size_t i = 0; i < contacts->n_emails && i < ALERT_EMAILS_MAX; i++)
        if (!address_add(txn, content, alert, contacts->emails[i], true))
            return;
}

/* The whole text to each address; without a relay they stay NO_CHANNEL. */
static void mails_add(const struct notification *notification, struct mc_txn *txn,
                      const struct alert_message *message, struct mc_bytes id,
                      const NotificationState__Alert *alert,
                      const NotificationState__AlertContent *content,
                      const struct notification_template *template)
{
    const NotificationState__AlertEpisode *episode = message->episode;

    for (size_t i = 0; notification_mail_is_on(notification) && i < content->n_addresses; i++) {
        if (!content->addresses[i]->email)
            continue;
        alert->deliveries[i]->state = NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_SENDING;
        (void)notification_send_mail(notification, txn,
                                     &(struct notification_mail){
                                         .to = content->addresses[i]->address,
                                         .subject = template->title,
                                         .text = content->text,
                                         .words = template,
                                         .keys = episode->keys,
                                         .keys_len = episode->n_keys,
                                         .at_ms = txn->now_ms,
                                         .alert_id = id,
                                         .place = (uint32_t)i,
                                     });
    }
}

static void emit(struct mc_txn *txn, struct mc_bytes id, const NotificationState__Alert *alert,
                 const NotificationState__AlertContent *content)
{
    Notification__AlertMade made = NOTIFICATION__ALERT_MADE__INIT;
    const char *text = uuid(txn, id);
    const char *keys[] = {text != NULL ? mc_sprintf(txn->arena, "alert:%s", text) : NULL,
                          mc_sprintf(txn->arena, "unit:%s", alert->unit), NULL};

    if (keys[0] == NULL || keys[1] == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    made.alert_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    made.subscription_id = alert->subscription_id;
    made.unit = alert->unit;
    made.service_type = alert->service_type;
    made.kind = (Notification__AlertKind)alert->kind;
    made.severity = alert->severity;
    made.template_ = alert->template_;
    made.count = alert->count;
    for (size_t i = 0; i < content->n_addresses; i++)
        *(content->addresses[i]->email ? &made.emails : &made.phones) += 1;
    mc_emit(txn, "notification.alert_made", &made.base, MC_PLAIN, keys);
}

void alert_send(const struct notification *notification, struct mc_txn *txn,
                const struct alert_message *message)
{
    NotificationState__Alert alert = NOTIFICATION_STATE__ALERT__INIT;
    NotificationState__AlertContent content = NOTIFICATION_STATE__ALERT_CONTENT__INIT;
    const struct notification_template *template =
        message->kind == NOTIFICATION__ALERT_KIND__ALERT_RECOVERY ? message->rule->over
                                                                  : message->rule->words;
    struct words *words = mc_alloc(txn->arena, sizeof *words);
    char *sms = mc_alloc(txn->arena, NOTIFICATION_SMS_MAX + 1);
    struct mc_bytes id = mc_new_id(txn);

    content.text = mc_alloc(txn->arena, NOTIFICATION_TEXT_SIZE);
    if (words == NULL || sms == NULL || content.text == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    fill(&notification->alerts, txn, message, words);
    notification_render(content.text, template->text, words->whole);
    notification_render_sms(sms, template->sms, words->cut);
    alert.at_ms = txn->now_ms;
    alert.subscription_id = (ProtobufCBinaryData){message->subscription_id.len,
                                                  mc_unconst(message->subscription_id.data)};
    alert.unit = message->subscription->unit;
    alert.service_type = message->episode->service_type;
    alert.kind = message->kind;
    alert.severity = mc_unconst(message->rule->severity);
    alert.template_ = mc_unconst(template->key);
    alert.template_version = template->version;
    alert.count = message->episode->count;
    alert.since_ms = message->episode->since_ms;
    addresses_add(notification, txn, message, id, &alert, &content, sms);
    if (txn->status == MC_OK)
        mails_add(notification, txn, message, id, &alert, &content, template);
    if (txn->status != MC_OK)
        return;
    alert.content = notification_seal(txn, &content.base);
    mc_save(txn, NOTIFICATION_ALERTS, id, &alert.base);
    mc_unit_index_put(txn, NOTIFICATION_ALERT_UNITS, "a", alert.unit, id);
    emit(txn, id, &alert, &content);
}
