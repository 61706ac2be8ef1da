/*
 * How long notices stay in the inbox (notification.keep; nothing by default: for ever), and mails
 * (notification.mail_keep). Both are about an account and about what they tell of: where one of
 * these is held, they stay.
 *
 * Keys begin with the account, so what is old lies everywhere: each tick looks at the next stretch.
 */
#include "common/retention.h"

#include <string.h>

#include "common/holds.h"

#include "mail.h"
#include "sent.h"

static bool any_is_held(struct mc_txn *txn, const uint8_t *account, char *const *keys, size_t len)
{
    char text[MC_UUID_TEXT_LEN + 1];
    bool held = false;

    if (account != NULL) {
        mc_uuid_text(text, account);
        const char *key = mc_sprintf(txn->arena, "account:%s", text);
        if (key == NULL)
            return mc_fail(txn, MC_LIMITED, "arena full") != MC_OK;
        held = mc_held(txn, key);
    }
    for (size_t i = 0; i < len && !held; i++)
        held = mc_held(txn, keys[i]);
    return held;
}

static void drop(struct mc_txn *txn, struct mc_bytes key, const NotificationState__Notice *notice)
{
    struct mc_bytes account = {key.data, MC_ID_LEN};
    struct mc_bytes id = {(const uint8_t *)key.data + MC_ID_LEN, MC_ID_LEN};
    NotificationState__Inbox *inbox = notice->hidden ? NULL : notification_inbox_load(txn, account);

    if (inbox != NULL) {
        inbox->total -= MC_MIN(inbox->total, 1U);
        if (notification_is_unread(txn, key))
            inbox->unread -= MC_MIN(inbox->unread, 1U);
        mc_save(txn, NOTIFICATION_INBOXES, account, &inbox->base);
        mc_drop(txn, NOTIFICATION_UNREAD, key);
    }
    sent_unindex(txn, id, notice);
    mc_drop(txn, NOTIFICATION_NOTICES, key);
}

/* True: the row is gone. */
static bool look(struct mc_txn *txn, const struct mc_cursor *cursor, struct mc_sweep *sweep)
{
    const uint8_t *key = cursor->key.data;
    int64_t made_ms = 0;

    if (cursor->key.len != (size_t)2 * MC_ID_LEN || !mc_uuid7_time(key + MC_ID_LEN, &made_ms) ||
        made_ms >= sweep->before_ms)
        return false;
    const NotificationState__Notice *notice =
        mc_row(cursor, &notification_state__notice__descriptor);
    if (notice == NULL ||
        !mc_sweep_takes(sweep, made_ms, any_is_held(txn, key, notice->keys, notice->n_keys)))
        return false;
    drop(txn, cursor->key, notice);
    return true;
}

void notification_notices_sweep(void *ctx, struct mc_txn *txn, struct mc_sweep *sweep)
{
    struct notification *notification = ctx;
    struct mc_bytes from = {notification->sweep_place, notification->sweep_place_len};
    uint64_t most = sweep->dry ? sweep->looks : NOTIFICATION_TICK_ROWS;

    if (sweep->dry)
        from.len = 0;
    struct mc_cursor cursor =
        mc_seek(txn, NOTIFICATION_NOTICES, (struct mc_bytes){0}, from, MC_FORWARD);
    while (sweep->looked_at < sweep->looks && sweep->over < most && txn->status == MC_OK) {
        if (!mc_next(&cursor)) {
            if (!sweep->dry)
                notification->sweep_place_len = 0; /* from the first again */
            return;
        }
        sweep->looked_at++;
        if (!sweep->dry && cursor.key.len <= sizeof notification->sweep_place) {
            memcpy(notification->sweep_place, cursor.key.data, cursor.key.len);
            notification->sweep_place_len = cursor.key.len;
        }
        if (!look(txn, &cursor, sweep))
            mc_pass(&cursor);
    }
    sweep->more = mc_next(&cursor);
}

void notification_notices_tick(struct notification *notification, struct mc_txn *txn)
{
    struct mc_sweep sweep = {.before_ms = txn->now_ms - notification->keep_ms,
                             .looks = NOTIFICATION_SWEEP_LOOKS};

    if (notification->keep_ms == 0)
        return;
    notification_notices_sweep(notification, txn, &sweep);
    mc_retention_count(txn, "notices", sweep.over);
}

/* Ids are time-ordered: from the oldest on; the dedupe row may have gone already. */
void notification_mails_sweep(void *ctx, struct mc_txn *txn, struct mc_sweep *sweep)
{
    struct notification *notification = ctx;
    struct mc_bytes from = {notification->mail_place,
                            notification->mail_sweeping && !sweep->dry ? MC_ID_LEN : 0};
    struct mc_cursor cursor =
        mc_seek(txn, NOTIFICATION_MAILS, (struct mc_bytes){0}, from, MC_FORWARD);

    while (sweep->looked_at < sweep->looks && mc_next(&cursor)) {
        const NotificationState__Mail *mail =
            mc_row(&cursor, &notification_state__mail__descriptor);

        if (mail == NULL || cursor.key.len != MC_ID_LEN || mail->at_ms > sweep->before_ms)
            return;
        sweep->looked_at++;
        if (!sweep->dry)
            memcpy(notification->mail_place, cursor.key.data, MC_ID_LEN);
        const uint8_t *account = mail->account.len == MC_ID_LEN ? mail->account.data : NULL;
        bool held = any_is_held(txn, account, mail->keys, mail->n_keys);
        if (!mc_sweep_takes(sweep, mail->at_ms, held)) {
            mc_pass(&cursor);
            continue;
        }
        if (mail->dedupe.len != 0)
            mc_drop(txn, NOTIFICATION_MAIL_DEDUPES, mc_key_bytes(mail->dedupe));
        mc_drop(txn, NOTIFICATION_MAILS, cursor.key);
    }
    sweep->more = sweep->looked_at == sweep->looks;
}

void notification_mails_tick(struct notification *notification, struct mc_txn *txn)
{
    struct mc_sweep sweep = {.before_ms = txn->now_ms - notification->mail.keep_ms,
                             .looks = MAIL_TICK_ROWS};

    notification_mails_sweep(notification, txn, &sweep);
    mc_retention_count(txn, "mails", sweep.over);
    notification->mail_sweeping = sweep.more; /* else from the first again */
}
