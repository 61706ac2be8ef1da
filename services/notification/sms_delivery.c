/*
 * How the SMS of a notice went (NOT-08): queued, taken by a carrier, delivered or not. The otp
 * room's journal names the notice, whose owner sees it in the inbox.
 */
#include <string.h>

#include "alert.h"

static const char prefix[] = "notice_sms:";

/* "notice_sms:<notice id>:<account id>": a notice's row is found by both. */
char *notification_sms_key(struct mc_arena *arena, struct mc_bytes account, struct mc_bytes id)
{
    char account_text[MC_UUID_TEXT_LEN + 1];
    char id_text[MC_UUID_TEXT_LEN + 1];

    mc_uuid_text(account_text, account.data);
    mc_uuid_text(id_text, id.data);
    return mc_sprintf(arena, "%s%s:%s", prefix, id_text, account_text);
}

/* False: the event is of another text. */
static bool key_find(const Motcua__Event *event, uint8_t ret_account[MC_ID_LEN],
                     uint8_t ret_id[MC_ID_LEN])
{
    for (size_t i = 0; i < event->n_keys; i++) {
        const char *id = event->keys[i] + sizeof prefix - 1;

        if (strncmp(event->keys[i], prefix, sizeof prefix - 1) == 0 &&
            strlen(id) == 2 * MC_UUID_TEXT_LEN + 1 && id[MC_UUID_TEXT_LEN] == ':' &&
            mc_uuid_parse(ret_id, (struct mc_bytes){id, MC_UUID_TEXT_LEN}) &&
            mc_uuid_parse(ret_account, mc_key_text(id + MC_UUID_TEXT_LEN + 1)))
            return true;
    }
    return false;
}

/*
 * A refusal comes before what is queued: when the otp room's answer was lost and we gave up, its
 * journal may still tell that it had the text.
 */
static int rank(NotificationState__SmsState state)
{
    switch (state) {
    case NOTIFICATION_STATE__SMS_STATE__NO_PHONE:
        return 1;
    case NOTIFICATION_STATE__SMS_STATE__SENDING:
        return 2;
    case NOTIFICATION_STATE__SMS_STATE__REFUSED:
        return 3;
    case NOTIFICATION_STATE__SMS_STATE__QUEUED:
        return 4;
    case NOTIFICATION_STATE__SMS_STATE__SENT:
        return 5;
    case NOTIFICATION_STATE__SMS_STATE__DELIVERED:
    case NOTIFICATION_STATE__SMS_STATE__FAILED:
    case NOTIFICATION_STATE__SMS_STATE__EXPIRED:
        return 6;
    case NOTIFICATION_STATE__SMS_STATE__NONE:
    case _NOTIFICATION_STATE__SMS_STATE_IS_INT_SIZE:
        break;
    }
    return 0;
}

bool notification_sms_moves(const NotificationState__Notice *notice,
                            NotificationState__SmsState state)
{
    return rank(state) > rank(notice->sms_state);
}

static NotificationState__SmsState state_of(Otp__DeliveryState state)
{
    switch (state) {
    case OTP__DELIVERY_STATE__QUEUED:
    case OTP__DELIVERY_STATE__HANDED_OVER:
        return NOTIFICATION_STATE__SMS_STATE__QUEUED;
    case OTP__DELIVERY_STATE__SENT:
    case OTP__DELIVERY_STATE__UNKNOWN:
        return NOTIFICATION_STATE__SMS_STATE__SENT;
    case OTP__DELIVERY_STATE__DELIVERED:
        return NOTIFICATION_STATE__SMS_STATE__DELIVERED;
    case OTP__DELIVERY_STATE__FAILED:
        return NOTIFICATION_STATE__SMS_STATE__FAILED;
    case OTP__DELIVERY_STATE__EXPIRED:
        return NOTIFICATION_STATE__SMS_STATE__EXPIRED;
    case OTP__DELIVERY_STATE__DELIVERY_STATE_UNSPECIFIED:
    case _OTP__DELIVERY_STATE_IS_INT_SIZE:
        break;
    }
    return NOTIFICATION_STATE__SMS_STATE__NONE;
}

/* otp.sms_…: of a notice, of an alert, or of what is not ours. */
enum mc_status notification_sms_changed(struct notification *notification, struct mc_txn *txn,
                                        const Motcua__Event *event, const Otp__SmsChanged *body)
{
    uint8_t account[MC_ID_LEN];
    uint8_t id[MC_ID_LEN];

    if (!key_find(event, account, id))
        return notification_alert_sms_changed(notification, txn, event, body);
    struct mc_bytes owner = mc_keep(txn, account, sizeof account);
    struct mc_bytes place = mc_keep(txn, id, sizeof id);
    NotificationState__Notice *notice =
        txn->status == MC_OK ? notification_notice_load(txn, owner, place) : NULL;
    NotificationState__SmsState state = state_of(body->state);
    if (notice == NULL || !notification_sms_moves(notice, state))
        return txn->status;
    notice->sms_state = state;
    notice->sms_code = body->reason;
    notice->sms_at_ms = event->at_ms;
    notification_notice_save(txn, owner, place, notice);
    return txn->status;
}
