/*
 * A notice as it is shown to those who look it up: what was told, in which words, and what became
 * of it by each channel (NOT-08).
 */
#include <string.h>

#include "common/ident.h"

#include "mail.h"
#include "sent.h"

enum { CHANNELS = 3 };

static char *uuid_of(struct mc_txn *txn, struct mc_bytes id)
{
    char text[MC_UUID_TEXT_LEN + 1];

    mc_uuid_text(text, id.data);
    return mc_strdup(txn->arena, text);
}

/* Masked; "" when none is known. NULL: the arena is full. */
static char *phone_masked(struct mc_txn *txn, struct mc_bytes account)
{
    const char *phone = notification_sms_phone(txn, account);
    char masked[MC_MASK_SIZE];

    if (phone == NULL || phone[0] == '\0')
        return mc_unconst("");
    mc_mask_phone(masked, sizeof masked, phone);
    return mc_strdup(txn->arena, masked);
}

static const char *inbox_state(struct mc_txn *txn, struct mc_bytes account, struct mc_bytes id,
                               const NotificationState__Notice *record)
{
    if (record->hidden)
        return "hidden";
    return notification_is_unread(txn, mc_key_join(txn, account, id)) ? "unread" : "read";
}

/* "none": its rule wants none, or there was no proven address then; or it is forgotten. */
static bool tell_mail(struct mc_txn *txn, struct mc_bytes id, Notification__SentChannel *row)
{
    static const char *const names[] = {"none",    "waiting", "sent",     "failed",
                                        "expired", "refused", "no_relay", "bounced"};
    struct notification_mail_fate fate;
    const char *dedupe = mc_sprintf(txn->arena, "notice:%s", uuid_of(txn, id));

    if (dedupe == NULL)
        return false;
    row->channel = NOTIFICATION__CHANNEL__EMAIL;
    (void)notification_mail_fate(txn, dedupe, &fate);
    row->state = mc_unconst(fate.state < MC_LEN(names) ? names[fate.state] : "none");
    row->reason = mc_unconst(fate.reason);
    row->at_ms = fate.at_ms;
    return true;
}

static bool tell_channels(struct mc_txn *txn, struct mc_bytes account, struct mc_bytes id,
                          const NotificationState__Notice *record, Notification__SentNotice *rep)
{
    Notification__SentChannel *rows = mc_alloc(txn->arena, CHANNELS * sizeof *rows);

    rep->channels = mc_alloc(txn->arena, CHANNELS * sizeof(Notification__SentChannel *));
    if (rows == NULL || rep->channels == NULL)
        return false;
    for (; rep->n_channels < CHANNELS; rep->n_channels++) {
        notification__sent_channel__init(&rows[rep->n_channels]);
        rep->channels[rep->n_channels] = &rows[rep->n_channels];
    }
    rows[0].channel = NOTIFICATION__CHANNEL__INBOX;
    rows[0].state = mc_unconst(inbox_state(txn, account, id, record));
    rows[1].channel = NOTIFICATION__CHANNEL__SMS;
    rows[1].state = mc_unconst(notification_sms_state_name(record->sms_state));
    rows[1].reason = record->sms_code;
    rows[1].at_ms = record->sms_at_ms;
    return tell_mail(txn, id, &rows[2]);
}

static bool tell_words(struct mc_txn *txn, struct mc_bytes account,
                       const NotificationState__Notice *record, enum sent_showing showing,
                       Notification__SentNotice *rep)
{
    const NotificationState__Content *content = notification_content_open(txn, record);

    if (content == NULL)
        return false;
    rep->title = content->title;
    if (showing == SENT_LIST)
        return true;
    rep->text = content->text;
    rep->sms_text = content->sms;
    rep->phone = phone_masked(txn, account);
    return rep->phone != NULL;
}

bool sent_tell(struct mc_txn *txn, struct mc_bytes account, struct mc_bytes id,
               const NotificationState__Notice *record, enum sent_showing showing,
               Notification__SentNotice *rep)
{
    rep->notice_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    rep->account_id = uuid_of(txn, account);
    rep->at_ms = record->at_ms;
    rep->template_ = record->template_;
    rep->template_version = record->template_version;
    rep->kind = record->kind;
    rep->about = record->about;
    rep->keys = record->keys;
    rep->n_keys = record->n_keys;
    rep->unit = record->unit;
    rep->cause = record->cause_event;
    if (rep->account_id != NULL && tell_words(txn, account, record, showing, rep) &&
        tell_channels(txn, account, id, record, rep))
        return true;
    (void)mc_fail(txn, MC_LIMITED, "arena full");
    return false;
}
