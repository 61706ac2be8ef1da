/*
 * How the messages of an alert went (NOT-08): asked for, queued, taken by the carrier, delivered.
 * The otp room's journal names the alert and which of its messages a text is.
 */
#include <stdlib.h>
#include <string.h>

#include "alert.h"

void notification_alert_note(struct mc_txn *txn, struct mc_bytes id, uint32_t place,
                             Notification__AlertMessageState state, const char *reason)
{
    NotificationState__Alert *alert =
        mc_load(txn, NOTIFICATION_ALERTS, id, &notification_state__alert__descriptor);

    if (alert == NULL || place >= alert->n_deliveries)
        return;
    NotificationState__AlertDelivery *delivery = alert->deliveries[place];
    /* States only move on: what another journal tells may overtake an answer. */
    if (delivery->state >= NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_DELIVERED ||
        (uint32_t)state <= delivery->state)
        return;
    delivery->state = state;
    delivery->at_ms = txn->now_ms;
    delivery->reason = mc_unconst(reason);
    mc_save(txn, NOTIFICATION_ALERTS, id, &alert->base);
}

enum mc_status notification_alert_sms_call(void *ctx, struct mc_arena *arena,
                                           const struct mc_job *job,
                                           const ProtobufCMessage *payload,
                                           struct mc_room_call *ret_call)
{
    const NotificationState__AlertSms *sms = (const void *)payload;
    Otp__EnqueueSmsRequest *request = mc_alloc(arena, sizeof *request);

    (void)ctx;
    (void)job;
    if (request == NULL)
        return MC_LIMITED;
    otp__enqueue_sms_request__init(request);
    request->lane = OTP__LANE__TRANSACTIONAL;
    request->phone = sms->phone;
    request->text = sms->text;
    request->expires_at_ms = sms->expires_at_ms;
    request->keys = sms->keys;
    request->n_keys = sms->n_keys;
    request->dedupe = sms->n_keys > 0 ? sms->keys[sms->n_keys - 1] : mc_unconst("");
    request->template_ = sms->template_;
    request->unit_code = sms->unit;
    *ret_call = (struct mc_room_call){
        .room = "otp",
        .service = &otp__otp__descriptor,
        .method = "EnqueueSms",
        .request = &request->base,
    };
    return MC_OK;
}

enum mc_status notification_alert_sms_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                           const ProtobufCMessage *payload,
                                           const struct mc_result *result,
                                           enum mc_verdict *ret_verdict)
{
    const NotificationState__AlertSms *sms = (const void *)payload;
    struct mc_bytes id = mc_key_bytes(sms->alert_id);
    bool away =
        result->status == MC_BUSY || result->status == MC_LIMITED || mc_is_fault(result->status);

    (void)ctx;
    (void)job;
    *ret_verdict = MC_DONE;
    if (result->status == MC_OK) {
        notification_alert_note(txn, id, sms->place,
                                NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_QUEUED, "");
        return txn->status;
    }
    if (away && !result->gave_up) {
        *ret_verdict = MC_RETRY;
        return txn->status;
    }
    /* What the otp room refused it will refuse again; what it never took is a dead letter. */
    *ret_verdict = away ? MC_BURY : MC_DONE;
    bool told = !away && result->code != NULL && result->code[0] != '\0';
    notification_alert_note(txn, id, sms->place, NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_REFUSED,
                            told ? result->code : "OTP_UNAVAILABLE");
    return txn->status;
}

/* "alert_sms:<alert id>-<place>"; false: the event is of another text. */
static bool key_find(const Motcua__Event *event, uint8_t ret_id[MC_ID_LEN], uint32_t *ret_place)
{
    static const char prefix[] = "alert_sms:";

    for (size_t i = 0; i < event->n_keys; i++) {
        const char *id = event->keys[i] + sizeof prefix - 1;

        if (strncmp(event->keys[i], prefix, sizeof prefix - 1) != 0 ||
            strlen(id) < MC_UUID_TEXT_LEN + 2 ||
            !mc_uuid_parse(ret_id, (struct mc_bytes){id, MC_UUID_TEXT_LEN}))
            continue;
        *ret_place = (uint32_t)strtoul(id + MC_UUID_TEXT_LEN + 1, NULL, 10);
        return true;
    }
    return false;
}

static Notification__AlertMessageState state_of(Otp__DeliveryState state)
{
    switch (state) {
    case OTP__DELIVERY_STATE__QUEUED:
    case OTP__DELIVERY_STATE__HANDED_OVER:
        return NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_QUEUED;
    case OTP__DELIVERY_STATE__SENT:
    case OTP__DELIVERY_STATE__UNKNOWN:
        return NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_SENT;
    case OTP__DELIVERY_STATE__DELIVERED:
        return NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_DELIVERED;
    case OTP__DELIVERY_STATE__FAILED:
        return NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_FAILED;
    case OTP__DELIVERY_STATE__EXPIRED:
        return NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_EXPIRED;
    case OTP__DELIVERY_STATE__DELIVERY_STATE_UNSPECIFIED:
    case _OTP__DELIVERY_STATE_IS_INT_SIZE:
        break;
    }
    return NOTIFICATION__ALERT_MESSAGE_STATE__ALERT_MESSAGE_STATE_UNSPECIFIED;
}

enum mc_status notification_alert_sms_changed(struct notification *notification, struct mc_txn *txn,
                                              const Motcua__Event *event,
                                              const Otp__SmsChanged *body)
{
    uint8_t id[MC_ID_LEN];
    uint32_t place = 0;

    (void)notification;
    if (key_find(event, id, &place))
        notification_alert_note(txn, mc_keep(txn, id, sizeof id), place, state_of(body->state),
                                body->reason);
    return txn->status;
}
