/* ListAlerts: what was sent to whom and when, and how each message went (NOT-08). */
#include <string.h>

#include "alert.h"

static bool fits(const Notification__ListAlertsRequest *req, const NotificationState__Alert *alert)
{
    return (req->kind == NOTIFICATION__ALERT_KIND__ALERT_ANY ||
            (uint32_t)req->kind == alert->kind) &&
           (req->service_type[0] == '\0' || strcmp(req->service_type, alert->service_type) == 0);
}

static NotificationState__AlertContent *content_open(struct mc_txn *txn,
                                                     const NotificationState__Alert *alert)
{
    struct mc_bytes plain = mc_open_bytes(txn, alert->content);
    NotificationState__AlertContent *content = NULL;

    if (txn->status == MC_OK)
        content =
            notification_state__alert_content__unpack(&txn->arena->protobuf, plain.len, plain.data);
    if (content == NULL)
        (void)mc_fail(txn, MC_CORRUPT, "an alert's content");
    return content;
}

static Notification__AlertMessage *message_of(struct mc_txn *txn,
                                              const NotificationState__AlertAddress *address,
                                              const NotificationState__AlertDelivery *delivery)
{
    Notification__AlertMessage *message = mc_alloc(txn->arena, sizeof *message);
    char masked[MC_MASK_SIZE];

    if (message == NULL)
        return NULL;
    notification__alert_message__init(message);
    if (address->email)
        mc_mask_email(masked, sizeof masked, address->address);
    else
        mc_mask_phone(masked, sizeof masked, address->address);
    message->email = address->email;
    message->address = mc_strdup(txn->arena, masked);
    message->state = (Notification__AlertMessageState)delivery->state;
    message->at_ms = delivery->at_ms;
    message->reason = delivery->reason;
    return message->address != NULL ? message : NULL;
}

static Notification__Alert *tell(struct mc_txn *txn, struct mc_bytes id,
                                 const NotificationState__Alert *record)
{
    Notification__Alert *alert = mc_alloc(txn->arena, sizeof *alert);
    const NotificationState__AlertContent *content = content_open(txn, record);

    if (alert == NULL || content == NULL)
        return NULL;
    notification__alert__init(alert);
    alert->alert_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    alert->at_ms = record->at_ms;
    alert->subscription_id = record->subscription_id;
    alert->unit = record->unit;
    alert->service_type = record->service_type;
    alert->kind = (Notification__AlertKind)record->kind;
    alert->severity = record->severity;
    alert->template_ = record->template_;
    alert->template_version = record->template_version;
    alert->text = content->text;
    alert->count = record->count;
    alert->since_ms = record->since_ms;
    alert->messages =
        mc_alloc(txn->arena, (content->n_addresses + 1) * sizeof(Notification__AlertMessage *));
    for (size_t i = 0; alert->messages != NULL && i < content->n_addresses; i++) {
        if (i >= record->n_deliveries)
            break;
        alert->messages[i] = message_of(txn, content->addresses[i], record->deliveries[i]);
        if (alert->messages[i] == NULL)
            return NULL;
        alert->n_messages++;
    }
    return alert->messages != NULL ? alert : NULL;
}

enum mc_status notification_list_alerts(struct notification *notification, struct mc_txn *txn,
                                        const Notification__ListAlertsRequest *req,
                                        Notification__ListAlertsReply *rep)
{
    struct mc_bytes last = {0};
    struct alert_page page;
    struct mc_bytes id;
    bool more = false;

    if (req->service_type[0] != '\0' &&
        alert_service_find(&notification->alerts, req->service_type) == NULL)
        (void)mc_refuse(txn, MC_INVALID, "service_type", "FIELD_INVALID", "field", "Loại dịch vụ",
                        NULL);
    if (!alert_page_open(txn, "a", req->unit, req->page_size, req->page_token, &page))
        return txn->status;
    rep->alerts = mc_alloc(txn->arena, page.size * sizeof(Notification__Alert *));
    if (rep->alerts == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    while (!more && alert_page_next(&page, &id)) {
        more = rep->n_alerts == page.size;
        if (more)
            break;
        last = mc_keep(txn, id.data, id.len);
        const NotificationState__Alert *record =
            mc_load(txn, NOTIFICATION_ALERTS, last, &notification_state__alert__descriptor);
        if (record == NULL || !fits(req, record))
            continue;
        Notification__Alert *alert = tell(txn, last, record);
        if (alert == NULL)
            return mc_fail(txn, MC_LIMITED, "arena full");
        rep->alerts[rep->n_alerts++] = alert;
    }
    if (last.len != 0 && (more || page.seen == ALERT_SCAN_MAX))
        rep->next_page_token = mc_unconst(alert_page_token(txn, last));
    return txn->status;
}
