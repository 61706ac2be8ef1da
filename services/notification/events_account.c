/*
 * What becomes of an account: its status, a link to VNeID, a merge. Its owner is told, who may not
 * have done it. What is told of a merged account goes to the one that it went into, so its own
 * closing, which is a part of the merge, is not told there.
 */
#include "common/messages.h"

#include "notification.h"

static const char *status_name(Identity__AccountStatus status)
{
    static const char *const codes[] = {
        [IDENTITY__ACCOUNT_STATUS__ACCOUNT_ACTIVE] = "STATUS_ACTIVE",
        [IDENTITY__ACCOUNT_STATUS__ACCOUNT_INACTIVE] = "STATUS_INACTIVE",
        [IDENTITY__ACCOUNT_STATUS__ACCOUNT_LOCKED] = "STATUS_LOCKED",
        [IDENTITY__ACCOUNT_STATUS__ACCOUNT_CLOSING] = "STATUS_CLOSING",
        [IDENTITY__ACCOUNT_STATUS__ACCOUNT_CLOSED] = "STATUS_CLOSED",
    };
    unsigned at = (unsigned)status;

    return at < MC_LEN(codes) && codes[at] != NULL ? mc_message_text(codes[at]) : "";
}

static enum mc_status tell(struct notification *notification, struct mc_txn *txn,
                           const Motcua__Event *event, const char *account, const char *status)
{
    const struct notification_value values[] = {
        {"status", status}, {"time", notification_time_text(txn, event->at_ms)}, {NULL, NULL}};

    return notification_tell_owner(
        notification, txn, event, NOTIFICATION_STATE_ANY, account, "",
        notification_about(txn, "account", account, (struct mc_bytes){0}), values);
}

static bool is_merged(struct mc_txn *txn, const char *account)
{
    uint8_t id[MC_ID_LEN];
    struct mc_bytes into;

    return mc_uuid_parse(id, mc_key_text(account)) &&
           mc_get(txn, NOTIFICATION_ALIASES, (struct mc_bytes){id, sizeof id}, &into);
}

enum mc_status notification_status_changed(struct notification *notification, struct mc_txn *txn,
                                           const Motcua__Event *event,
                                           const Identity__StatusChanged *body)
{
    if (is_merged(txn, body->account_id))
        return txn->status;
    return tell(notification, txn, event, body->account_id, status_name(body->to));
}

enum mc_status notification_vneid_linked(struct notification *notification, struct mc_txn *txn,
                                         const Motcua__Event *event,
                                         const Identity__VneidChanged *body)
{
    return tell(notification, txn, event, body->account_id, "");
}

enum mc_status notification_merge_tell(struct notification *notification, struct mc_txn *txn,
                                       const Motcua__Event *event,
                                       const Identity__AccountsMerged *body)
{
    return tell(notification, txn, event, body->kept_account_id, "");
}
