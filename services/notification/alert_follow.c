/* SetFollow («Theo dõi», NOT-05): who does not follow is told nothing, and stays subscribed. */
#include "alert.h"

enum mc_status notification_set_follow(struct notification *notification, struct mc_txn *txn,
                                       const Notification__SetFollowRequest *req,
                                       Notification__AlertSubscription *rep)
{
    static const char *const fields[] = {"following", NULL};
    NotificationState__AlertSubscription *record =
        alert_subscription_mine(txn, req->subscription_id);

    if (record == NULL)
        return txn->status;
    if (record->deleted)
        return mc_refuse(txn, MC_EXPIRED, "subscription_id", "ALERT_SUBSCRIPTION_DELETED", NULL);
    struct mc_bytes id = mc_key_bytes(req->subscription_id);
    if (record->following != req->following) {
        record->following = req->following;
        alert_subscription_change(txn, id, record, req->following ? "followed" : "unfollowed",
                                  fields);
        alert_subscription_emit(txn, "notification.alert_subscription_followed", id, record,
                                fields);
    }
    return alert_subscription_reply(notification, txn, id, record, rep);
}
