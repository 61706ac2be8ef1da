/*
 * ListInbox: the notices of the session's own account, newest first; not those of kinds whose inbox
 * was switched off when they were made.
 */
#include <string.h>

#include "notification.h"

/* A page token is the last notice's id, in hex; it says nothing about other people's inboxes. */
static struct mc_bytes page_from(struct mc_txn *txn, struct mc_bytes account, const char *token)
{
    uint8_t id[MC_ID_LEN];

    if (token[0] == '\0')
        return (struct mc_bytes){0};
    if (!mc_unhex(id, sizeof id, mc_key_text(token))) {
        (void)mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token",
                        NULL);
        return (struct mc_bytes){0};
    }
    return mc_key_join(txn, account, (struct mc_bytes){id, sizeof id});
}

const char *notification_sms_state_name(NotificationState__SmsState state)
{
    switch (state) {
    case NOTIFICATION_STATE__SMS_STATE__NO_PHONE:
    case NOTIFICATION_STATE__SMS_STATE__SENDING:
        return "waiting";
    case NOTIFICATION_STATE__SMS_STATE__QUEUED:
        return "queued";
    case NOTIFICATION_STATE__SMS_STATE__REFUSED:
        return "refused";
    case NOTIFICATION_STATE__SMS_STATE__SENT:
        return "sent";
    case NOTIFICATION_STATE__SMS_STATE__DELIVERED:
        return "delivered";
    case NOTIFICATION_STATE__SMS_STATE__FAILED:
        return "failed";
    case NOTIFICATION_STATE__SMS_STATE__EXPIRED:
        return "expired";
    case NOTIFICATION_STATE__SMS_STATE__NONE:
    case _NOTIFICATION_STATE__SMS_STATE_IS_INT_SIZE:
        break;
    }
    return "none";
}

static Notification__Notice *tell(struct mc_txn *txn, struct mc_bytes account, struct mc_bytes id,
                                  const NotificationState__Notice *record)
{
    const NotificationState__Content *content = notification_content_open(txn, record);
    Notification__Notice *notice = mc_alloc(txn->arena, sizeof *notice);

    if (content == NULL || notice == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    notification__notice__init(notice);
    notice->notice_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    notice->at_ms = record->at_ms;
    notice->template_ = record->template_;
    notice->template_version = record->template_version;
    notice->title = content->title;
    notice->text = content->text;
    notice->read = !notification_is_unread(txn, mc_key_join(txn, account, id));
    notice->sms_state = mc_unconst(notification_sms_state_name(record->sms_state));
    notice->sms_reason = record->sms_code;
    notice->sms_at_ms = record->sms_at_ms;
    notice->about = record->about;
    return notice;
}

static void fill(struct mc_txn *txn, struct mc_cursor *cursor, struct mc_bytes account, size_t size,
                 Notification__ListInboxReply *rep)
{
    char token[2 * MC_ID_LEN + 1] = "";

    for (size_t looks = 0; mc_next(cursor); looks++) {
        struct mc_bytes id = {(const uint8_t *)cursor->key.data + account.len, MC_ID_LEN};
        const NotificationState__Notice *record = notification_notice_load(txn, account, id);
        bool hidden = record != NULL && record->hidden;
        if ((rep->n_notices == size && !hidden) || looks == NOTIFICATION_LOOKS_MAX) {
            rep->next_page_token = mc_strdup(txn->arena, token);
            if (rep->next_page_token == NULL)
                (void)mc_fail(txn, MC_LIMITED, "arena full");
            return;
        }
        (void)mc_hex(token, id);
        if (hidden) {
            mc_pass(cursor);
            continue;
        }
        Notification__Notice *notice = record != NULL ? tell(txn, account, id, record) : NULL;
        if (txn->status != MC_OK)
            return;
        if (notice != NULL)
            rep->notices[rep->n_notices++] = notice;
    }
}

enum mc_status notification_list_inbox(struct notification *notification, struct mc_txn *txn,
                                       const Notification__ListInboxRequest *req,
                                       Notification__ListInboxReply *rep)
{
    struct mc_bytes account = notification_caller_account(txn);
    size_t size = req->page_size != 0 ? req->page_size : NOTIFICATION_PAGE_DEFAULT;

    (void)notification;
    if (size > NOTIFICATION_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    struct mc_bytes from = page_from(txn, account, req->page_token);
    const NotificationState__Inbox *inbox =
        txn->status == MC_OK ? notification_inbox_load(txn, account) : NULL;
    if (inbox == NULL)
        return txn->status;
    rep->unread = inbox->unread;
    rep->notices = mc_alloc(txn->arena, size * sizeof(Notification__Notice *));
    if (rep->notices == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    struct mc_cursor cursor =
        mc_seek(txn, req->unread_only ? NOTIFICATION_UNREAD : NOTIFICATION_NOTICES, account, from,
                MC_BACKWARD);
    fill(txn, &cursor, account, size, rep);
    return txn->status;
}
