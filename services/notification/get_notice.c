/* GetNotice: one notice, word for word as it was told, and what became of it by each channel. */
#include "sent.h"

/* What is not there and what is another unit's answer alike. */
static const NotificationState__Notice *load(struct mc_txn *txn, ProtobufCBinaryData asked,
                                             struct mc_bytes *ret_account)
{
    struct mc_bytes id = mc_key_bytes(asked);
    const NotificationState__Notice *record = NULL;

    if (id.len != MC_ID_LEN) {
        (void)mc_refuse(txn, MC_INVALID, "notice_id", "FIELD_INVALID", "field", "notice_id", NULL);
        return NULL;
    }
    if (txn->status == MC_OK && sent_find(txn, id, ret_account))
        record = notification_notice_load(txn, *ret_account, id);
    if (txn->status == MC_OK && (record == NULL || !sent_is_mine(txn, record))) {
        (void)mc_refuse(txn, MC_NOT_FOUND, "notice_id", "NOT_FOUND", NULL);
        return NULL;
    }
    return record;
}

enum mc_status notification_get_notice(struct notification *notification, struct mc_txn *txn,
                                       const Notification__GetNoticeRequest *req,
                                       Notification__SentNotice *rep)
{
    struct mc_bytes account = {0};

    (void)notification;
    (void)sent_may_read(txn);
    const NotificationState__Notice *record = load(txn, req->notice_id, &account);
    if (record == NULL || txn->status != MC_OK)
        return txn->status;
    struct mc_bytes id = mc_key_bytes(req->notice_id);
    if (!sent_tell(txn, account, id, record, SENT_WHOLE, rep))
        return txn->status;
    const char *key = mc_sprintf(txn->arena, "account:%s", rep->account_id);
    if (key == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    sent_tell_read(txn, "NOTICE", key, record->about, 1);
    return txn->status;
}
