/*
 * Notices: made from a fact by the rules, kept word for word. The notice of a fact is there as
 * soon as the fact is, whether its account is known yet or not: journals of different rooms may
 * arrive in any order.
 */
#include <string.h>

#include "email.h"
#include "prefs.h"
#include "sent.h"

static struct mc_bytes notice_key(struct mc_txn *txn, struct mc_bytes account, struct mc_bytes id)
{
    return mc_key_join(txn, account, id);
}

NotificationState__Notice *notification_notice_load(struct mc_txn *txn, struct mc_bytes account,
                                                    struct mc_bytes id)
{
    return mc_load(txn, NOTIFICATION_NOTICES, notice_key(txn, account, id),
                   &notification_state__notice__descriptor);
}

void notification_notice_save(struct mc_txn *txn, struct mc_bytes account, struct mc_bytes id,
                              const NotificationState__Notice *notice)
{
    mc_save(txn, NOTIFICATION_NOTICES, notice_key(txn, account, id), &notice->base);
}

bool notification_is_unread(struct mc_txn *txn, struct mc_bytes key)
{
    struct mc_bytes nothing;

    return mc_get(txn, NOTIFICATION_UNREAD, key, &nothing);
}

ProtobufCBinaryData notification_seal(struct mc_txn *txn, const ProtobufCMessage *message)
{
    size_t len = protobuf_c_message_get_packed_size(message);
    uint8_t *packed = mc_alloc(txn->arena, len);

    if (packed == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return (ProtobufCBinaryData){0};
    }
    (void)protobuf_c_message_pack(message, packed);
    return mc_seal_bytes(txn, (struct mc_bytes){packed, len});
}

NotificationState__Content *notification_content_open(struct mc_txn *txn,
                                                      const NotificationState__Notice *notice)
{
    struct mc_bytes plain = mc_open_bytes(txn, notice->content);
    NotificationState__Content *content = NULL;

    if (txn->status == MC_OK)
        content = notification_state__content__unpack(&txn->arena->protobuf, plain.len, plain.data);
    if (content == NULL)
        (void)mc_fail(txn, MC_CORRUPT, "a notice's content");
    return content;
}

NotificationState__Inbox *notification_inbox_load(struct mc_txn *txn, struct mc_bytes account)
{
    NotificationState__Inbox *inbox =
        mc_load(txn, NOTIFICATION_INBOXES, account, &notification_state__inbox__descriptor);

    if (inbox == NULL && txn->status == MC_OK) {
        inbox = mc_alloc(txn->arena, sizeof *inbox);
        if (inbox != NULL)
            notification_state__inbox__init(inbox);
        else
            (void)mc_fail(txn, MC_LIMITED, "arena full");
    }
    return inbox;
}

struct mc_bytes notification_caller_account(struct mc_txn *txn)
{
    const char *text = txn->caller->account_id;
    uint8_t id[MC_ID_LEN];

    if (text == NULL || !mc_uuid_parse(id, mc_key_text(text))) {
        (void)mc_refuse(txn, MC_UNAUTHENTICATED, "", "SESSION_REQUIRED", NULL);
        return (struct mc_bytes){0};
    }
    return mc_copy(txn->arena, id, sizeof id);
}

static char *uuid(struct mc_txn *txn, struct mc_bytes id)
{
    char text[MC_UUID_TEXT_LEN + 1];

    mc_uuid_text(text, id.data);
    char *copy = mc_strdup(txn->arena, text);
    if (copy == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return copy;
}

void notification_tell(struct mc_txn *txn, const char *type, struct mc_bytes account,
                       struct mc_bytes id, const NotificationState__Notice *notice)
{
    Notification__NoticeMade made = NOTIFICATION__NOTICE_MADE__INIT;
    const char *keys[NOTIFICATION_KEYS_MAX + 2];
    size_t n = 0;

    for (; n < notice->n_keys && n < NOTIFICATION_KEYS_MAX; n++)
        keys[n] = notice->keys[n];
    char *account_text = uuid(txn, account);
    char *id_text = uuid(txn, id);
    if (account_text == NULL || id_text == NULL)
        return;
    keys[n++] = mc_sprintf(txn->arena, "notice:%s", id_text);
    keys[n] = NULL;
    made.notice_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    made.account_id = account_text;
    made.template_ = notice->template_;
    made.about = notice->about;
    mc_emit(txn, type, &made.base, MC_PLAIN, keys);
}

static void count_in(struct mc_txn *txn, struct mc_bytes account, struct mc_bytes id)
{
    NotificationState__Inbox *inbox = notification_inbox_load(txn, account);

    if (inbox == NULL)
        return;
    inbox->unread++;
    inbox->total++;
    mc_save(txn, NOTIFICATION_INBOXES, account, &inbox->base);
    mc_put(txn, NOTIFICATION_UNREAD, notice_key(txn, account, id), (struct mc_bytes){0});
}

/* The channels a rule has, without those that its recipient switched off. */
static unsigned channels_of(struct mc_txn *txn, const struct notification_rule *rule,
                            struct mc_bytes owner)
{
    unsigned wanted = NOTIFICATION_INBOX | (rule->sms ? NOTIFICATION_SMS : 0U) |
                      (rule->email ? NOTIFICATION_EMAIL : 0U);

    return wanted & prefs_channels(txn, owner, rule->kind);
}

/* False: the arena is full, and the call has failed. */
static bool write_content(struct mc_txn *txn, const struct notification_rule *rule,
                          const struct notification_value *values,
                          NotificationState__Content *content)
{
    content->title = mc_alloc(txn->arena, NOTIFICATION_TEXT_SIZE);
    content->text = mc_alloc(txn->arena, NOTIFICATION_TEXT_SIZE);
    char *sms = mc_alloc(txn->arena, NOTIFICATION_SMS_MAX + 1);
    if (content->title == NULL || content->text == NULL || sms == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full") == MC_OK;
    notification_render(content->title, rule->words->title, values);
    notification_render(content->text, rule->words->text, values);
    if (rule->sms) {
        notification_render_sms(sms, rule->words->sms, values);
        content->sms = sms;
    }
    return true;
}

/* All of a notice but what became of its SMS. */
static void describe(struct mc_txn *txn, const struct notification *notification,
                     const struct notification_rule *rule, const struct notification_fact *fact,
                     NotificationState__Notice *notice)
{
    int64_t life_ms = rule->sms_life_ms != 0 ? rule->sms_life_ms : notification->sms_life_ms;

    notice->at_ms = fact->event->at_ms;
    notice->template_ = mc_unconst(rule->words->key);
    notice->template_version = rule->words->version;
    notice->about = mc_unconst(fact->about);
    notice->unit = mc_unconst(fact->unit != NULL ? fact->unit : "");
    notice->keys = fact->event->keys;
    notice->n_keys = MC_MIN(fact->event->n_keys, (size_t)NOTIFICATION_KEYS_MAX);
    notice->cause_event = mc_unconst(txn->cause_event);
    notice->kind = mc_unconst(notification_kinds[rule->kind].key);
    notice->sms_expires_ms = MC_MIN(fact->event->at_ms, txn->now_ms) + life_ms;
}

/* To the proven address, if there is one; each notice is a mail once. */
static void mail_notice(const struct notification *notification, struct mc_txn *txn,
                        struct mc_bytes owner, struct mc_bytes id,
                        const struct notification_rule *rule,
                        const NotificationState__Notice *notice,
                        const NotificationState__Content *content)
{
    const char *address = notification_mail_is_on(notification) ? email_of(txn, owner) : NULL;
    char *keys[NOTIFICATION_KEYS_MAX];
    size_t n = 0;

    if (address == NULL)
        return;
    for (; n < notice->n_keys && n < NOTIFICATION_KEYS_MAX - 1; n++)
        keys[n] = notice->keys[n];
    keys[n] = mc_sprintf(txn->arena, "notice:%s", uuid(txn, id));
    if (keys[n] == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    (void)notification_send_mail(notification, txn,
                                 &(struct notification_mail){
                                     .to = address,
                                     .subject = content->title,
                                     .text = content->text,
                                     .words = rule->words,
                                     .keys = keys,
                                     .keys_len = n + 1,
                                     .account = owner,
                                     .dedupe = keys[n],
                                     .at_ms = MC_MIN(notice->at_ms, txn->now_ms),
                                 });
}

void notification_make(const struct notification *notification, struct mc_txn *txn,
                       const struct notification_fact *fact)
{
    const struct notification_rule *rule =
        notification_rule_find(&notification->book, fact->event->type, fact->to_state);
    NotificationState__Notice notice = NOTIFICATION_STATE__NOTICE__INIT;
    NotificationState__Content content = NOTIFICATION_STATE__CONTENT__INIT;
    uint8_t account[MC_ID_LEN];

    if (rule == NULL || !mc_uuid_parse(account, mc_key_text(fact->account)))
        return; /* nobody to tell: filed at the desk, without an account */
    struct mc_bytes owner = notification_recipient(txn, mc_keep(txn, account, sizeof account));
    unsigned channels = channels_of(txn, rule, owner);
    struct mc_bytes id = mc_new_id(txn);
    if (txn->status != MC_OK || channels == 0 || !write_content(txn, rule, fact->values, &content))
        return;
    describe(txn, notification, rule, fact, &notice);
    notice.content = notification_seal(txn, &content.base);
    notice.hidden = (channels & NOTIFICATION_INBOX) == 0;
    if ((channels & NOTIFICATION_SMS) != 0)
        notification_sms_begin(notification, txn, owner, id, &notice, content.sms);
    else if (rule->sms)
        notice.sms_code = mc_unconst("SWITCHED_OFF");
    if ((channels & NOTIFICATION_SMS) != 0 && fact->also_phone != NULL)
        notification_sms_copy(txn, owner, &notice, fact->also_phone, content.sms);
    if ((channels & NOTIFICATION_EMAIL) != 0)
        mail_notice(notification, txn, owner, id, rule, &notice, &content);
    notification_notice_save(txn, owner, id, &notice);
    sent_index(txn, owner, id, &notice);
    if (!notice.hidden)
        count_in(txn, owner, id);
    notification_tell(txn, "notification.notice_made", owner, id, &notice);
}
