/*
 * MarkRead: notices of the session's own account. Ids that are not its own, or were read before,
 * are passed over in silence: the answer does not tell whether they exist.
 */
#include "notification.h"

static bool mark(struct mc_txn *txn, struct mc_bytes account, struct mc_bytes id)
{
    struct mc_bytes key = mc_key_join(txn, account, id);

    if (!notification_is_unread(txn, key))
        return false;
    mc_drop(txn, NOTIFICATION_UNREAD, key);
    return txn->status == MC_OK;
}

/* The newest first, at most NOTIFICATION_MARK_ALL_MAX: what is left, the next call marks. */
static uint32_t mark_all(struct mc_txn *txn, struct mc_bytes account)
{
    struct mc_cursor cursor =
        mc_seek(txn, NOTIFICATION_UNREAD, account, (struct mc_bytes){0}, MC_BACKWARD);
    uint32_t marked = 0;

    while (marked < NOTIFICATION_MARK_ALL_MAX && mc_next(&cursor)) {
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + account.len, MC_ID_LEN};

        if (mark(txn, account, id))
            marked++;
    }
    return marked;
}

static void check(struct mc_txn *txn, const Notification__MarkReadRequest *req)
{
    if (req->n_notice_ids > NOTIFICATION_MARK_MAX)
        (void)mc_refuse(txn, MC_INVALID, "notice_ids", "FIELD_TOO_LONG", "field",
                        "Danh sách thông báo", "max", "100", NULL);
    for (size_t i = 0; i < req->n_notice_ids && i < NOTIFICATION_MARK_MAX; i++)
        if (req->notice_ids[i].len != MC_ID_LEN)
            (void)mc_refuse(txn, MC_INVALID, mc_sprintf(txn->arena, "notice_ids[%zu]", i),
                            "FIELD_INVALID", "field", "Mã thông báo", NULL);
}

enum mc_status notification_mark_read(struct notification *notification, struct mc_txn *txn,
                                      const Notification__MarkReadRequest *req,
                                      Notification__MarkReadReply *rep)
{
    struct mc_bytes account = notification_caller_account(txn);

    (void)notification;
    check(txn, req);
    if (txn->status != MC_OK)
        return txn->status;
    for (size_t i = 0; i < req->n_notice_ids; i++)
        if (mark(txn, account, mc_key_bytes(req->notice_ids[i])))
            rep->marked++;
    if (req->n_notice_ids == 0)
        rep->marked = mark_all(txn, account);

    NotificationState__Inbox *inbox = notification_inbox_load(txn, account);
    if (inbox == NULL || rep->marked == 0)
        return txn->status;
    inbox->unread -= MC_MIN(rep->marked, inbox->unread);
    mc_save(txn, NOTIFICATION_INBOXES, account, &inbox->base);
    return txn->status;
}
