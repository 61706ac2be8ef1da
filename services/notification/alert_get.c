/* GetAlertSubscription: phones and addresses in full, for a form; the reading is written down. */
#include "alert.h"

enum mc_status
notification_get_alert_subscription(struct notification *notification, struct mc_txn *txn,
                                    const Notification__GetAlertSubscriptionRequest *req,
                                    Notification__AlertSubscription *rep)
{
    const NotificationState__AlertSubscription *record =
        alert_subscription_mine(txn, req->subscription_id);

    if (record == NULL)
        return txn->status;
    struct mc_bytes id = mc_key_bytes(req->subscription_id);
    alert_subscription_emit(txn, "notification.alert_subscription_read", id, record, NULL);
    return alert_subscription_reply(notification, txn, id, record, rep);
}
