/*
 * DeleteAlertSubscription: nobody is told by it any more. The record stays with its history, and
 * saving it again brings it back.
 */
#include "alert.h"

enum mc_status
notification_delete_alert_subscription(struct notification *notification, struct mc_txn *txn,
                                       const Notification__DeleteAlertSubscriptionRequest *req,
                                       Notification__AlertSubscription *rep)
{
    NotificationState__AlertSubscription *record =
        alert_subscription_mine(txn, req->subscription_id);

    if (record == NULL)
        return txn->status;
    if (record->deleted)
        return mc_refuse(txn, MC_EXPIRED, "subscription_id", "ALERT_SUBSCRIPTION_DELETED", NULL);
    if (record->version != req->version)
        return mc_refuse(txn, MC_CONFLICT, "version", "ALERT_SUBSCRIPTION_CHANGED", NULL);
    struct mc_bytes id = mc_key_bytes(req->subscription_id);
    alert_subscribed_drop(txn, record->service_type, record->unit);
    record->deleted = true;
    alert_subscription_change(txn, id, record, "deleted", NULL);
    alert_subscription_emit(txn, "notification.alert_subscription_deleted", id, record, NULL);
    return alert_subscription_reply(notification, txn, id, record, rep);
}
