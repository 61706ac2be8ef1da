/*
 * How long notices stay in the inbox (notification.keep; nothing by default: for ever). A notice is
 * about its account and about what it tells of: where one of these is held, it stays.
 *
 * Keys begin with the account, so what is old lies everywhere: each tick looks at the next stretch.
 */
#include "common/retention.h"

#include <string.h>

#include "common/holds.h"

#include "sent.h"

static bool is_held(struct mc_txn *txn, const uint8_t *account,
                    const NotificationState__Notice *notice)
{
    char text[MC_UUID_TEXT_LEN + 1];

    mc_uuid_text(text, account);
    const char *key = mc_sprintf(txn->arena, "account:%s", text);
    if (key == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full") != MC_OK;
    bool held = mc_held(txn, key);
    for (size_t i = 0; i < notice->n_keys && !held; i++)
        held = mc_held(txn, notice->keys[i]);
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
    if (notice == NULL || !mc_sweep_takes(sweep, made_ms, is_held(txn, key, notice)))
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
