/* Subscriptions: the record, its history, and how it is shown. */
#include <stdlib.h>
#include <string.h>

#include "alert.h"

bool alert_unit_mine(const struct mc_txn *txn, const char *unit)
{
    const struct mc_caller *caller = txn->caller;

    if ((caller->who & MC_OFFICER) != 0 && caller->unit != NULL)
        return mc_agency_within(unit, caller->unit);
    return caller->account_id == NULL && (caller->who & MC_OPERATOR) != 0;
}

NotificationState__AlertSubscription *alert_subscription_load(struct mc_txn *txn,
                                                              struct mc_bytes id)
{
    return mc_load(txn, NOTIFICATION_SUBSCRIPTIONS, id,
                   &notification_state__alert_subscription__descriptor);
}

NotificationState__AlertSubscription *alert_subscription_mine(struct mc_txn *txn,
                                                              ProtobufCBinaryData id)
{
    NotificationState__AlertSubscription *record = NULL;

    if (id.len != MC_ID_LEN)
        (void)mc_refuse(txn, MC_INVALID, "subscription_id", "FIELD_INVALID", "field",
                        "subscription_id", NULL);
    else
        record = alert_subscription_load(txn, mc_key_bytes(id));
    if (txn->status != MC_OK)
        return NULL;
    if (record == NULL || !alert_unit_mine(txn, record->unit)) {
        (void)mc_refuse(txn, MC_NOT_FOUND, "subscription_id", "NOT_FOUND", NULL);
        return NULL;
    }
    return record;
}

NotificationState__AlertContacts *
alert_contacts_open(struct mc_txn *txn, const NotificationState__AlertSubscription *record)
{
    struct mc_bytes plain = mc_open_bytes(txn, record->contacts);
    NotificationState__AlertContacts *contacts = NULL;

    if (txn->status == MC_OK)
        contacts = notification_state__alert_contacts__unpack(&txn->arena->protobuf, plain.len,
                                                              plain.data);
    if (contacts == NULL)
        (void)mc_fail(txn, MC_CORRUPT, "a subscription's contacts");
    return contacts;
}

static const char *actor(const struct mc_txn *txn)
{
    return txn->caller->account_id != NULL ? txn->caller->account_id : txn->caller->name;
}

void alert_subscription_change(struct mc_txn *txn, struct mc_bytes id,
                               NotificationState__AlertSubscription *record, const char *what,
                               const char *const *fields)
{
    NotificationState__AlertChange *change = mc_alloc(txn->arena, sizeof *change);
    NotificationState__AlertChange **changes =
        mc_alloc(txn->arena, ALERT_CHANGES_MAX * sizeof(NotificationState__AlertChange *));
    size_t kept = MC_MIN(record->n_changes, (size_t)ALERT_CHANGES_MAX - 1);

    if (change == NULL || changes == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    notification_state__alert_change__init(change);
    change->at_ms = txn->now_ms;
    change->by = mc_unconst(actor(txn));
    change->what = mc_unconst(what);
    if (fields != NULL) { /* the answer is written when the handler has returned */
        change->fields = mc_list_copy(txn->arena, fields, &change->n_fields);
        if (change->fields == NULL) {
            (void)mc_fail(txn, MC_LIMITED, "arena full");
            return;
        }
    }
    for (size_t i = 0; i < kept; i++)
        changes[i] = record->changes[record->n_changes - kept + i];
    changes[kept] = change;
    record->changes = changes;
    record->n_changes = kept + 1;
    record->version++;
    record->changed_ms = txn->now_ms;
    record->changed_by = change->by;
    mc_save(txn, NOTIFICATION_SUBSCRIPTIONS, id, &record->base);
}

static const char *unit_key(struct mc_txn *txn, const char *unit)
{
    const char *key = mc_sprintf(txn->arena, "unit:%s", unit);

    if (key == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return key;
}

void alert_subscription_emit(struct mc_txn *txn, const char *type, struct mc_bytes id,
                             const NotificationState__AlertSubscription *record,
                             const char *const *fields)
{
    Notification__AlertSubscriptionChanged event = NOTIFICATION__ALERT_SUBSCRIPTION_CHANGED__INIT;
    const NotificationState__AlertContacts *contacts = alert_contacts_open(txn, record);
    const char *keys[] = {unit_key(txn, record->unit), NULL};

    if (contacts == NULL || keys[0] == NULL)
        return;
    event.subscription_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    event.unit = record->unit;
    event.service_type = record->service_type;
    event.following = record->following;
    event.phones = (uint32_t)contacts->n_phones;
    event.emails = (uint32_t)contacts->n_emails;
    event.version = record->version;
    event.fields = mc_unconst(fields);
    while (fields != NULL && fields[event.n_fields] != NULL)
        event.n_fields++;
    mc_emit(txn, type, &event.base, MC_PLAIN, keys);
}

/* 84912000101 as people write it; or masked. */
static char *phone_text(struct mc_txn *txn, const char *phone, enum alert_showing showing)
{
    char masked[MC_MASK_SIZE];

    if (showing == ALERT_WHOLE)
        return mc_sprintf(txn->arena, "0%s", phone + 2);
    mc_mask_phone(masked, sizeof masked, phone);
    return mc_strdup(txn->arena, masked);
}

static char *email_text(struct mc_txn *txn, const char *email, enum alert_showing showing)
{
    char masked[MC_MASK_SIZE];

    if (showing == ALERT_WHOLE)
        return mc_strdup(txn->arena, email);
    mc_mask_email(masked, sizeof masked, email);
    return mc_strdup(txn->arena, masked);
}

static char **list_text(struct mc_txn *txn, char *const *list, size_t n, enum alert_showing showing,
                        char *(*text)(struct mc_txn *, const char *, enum alert_showing))
{
    char **out = mc_alloc(txn->arena, (n + 1) * sizeof *out);

    for (size_t i = 0; out != NULL && i < n; i++) {
        out[i] = text(txn, list[i], showing);
        if (out[i] == NULL)
            out = NULL;
    }
    if (out == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return out;
}

bool alert_subscription_tell(const struct alert_book *book, struct mc_txn *txn, struct mc_bytes id,
                             const NotificationState__AlertSubscription *record,
                             enum alert_showing showing, Notification__AlertSubscription *rep)
{
    const struct alert_service *service = alert_service_find(book, record->service_type);
    const NotificationState__AlertContacts *contacts = alert_contacts_open(txn, record);

    if (contacts == NULL)
        return false;
    rep->subscription_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    rep->unit = record->unit;
    rep->service_type = record->service_type;
    rep->service_name = mc_unconst(service != NULL ? service->name : record->service_type);
    rep->phones = list_text(txn, contacts->phones, contacts->n_phones, showing, phone_text);
    rep->emails = list_text(txn, contacts->emails, contacts->n_emails, showing, email_text);
    if (txn->status != MC_OK)
        return false;
    rep->n_phones = contacts->n_phones;
    rep->n_emails = contacts->n_emails;
    rep->following = record->following;
    rep->version = record->version;
    rep->created_ms = record->created_ms;
    rep->changed_ms = record->changed_ms;
    rep->changed_by = record->changed_by;
    rep->deleted = record->deleted;
    return true;
}

enum mc_status alert_subscription_reply(const struct notification *notification, struct mc_txn *txn,
                                        struct mc_bytes id,
                                        const NotificationState__AlertSubscription *record,
                                        Notification__AlertSubscription *rep)
{
    if (txn->status != MC_OK ||
        !alert_subscription_tell(&notification->alerts, txn, id, record, ALERT_WHOLE, rep))
        return txn->status;
    rep->changes =
        mc_alloc(txn->arena, (record->n_changes + 1) * sizeof(Notification__AlertChange *));
    if (rep->changes == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    for (size_t i = record->n_changes; i > 0; i--) {
        const NotificationState__AlertChange *from = record->changes[i - 1];
        Notification__AlertChange *to = mc_alloc(txn->arena, sizeof *to);

        if (to == NULL)
            return mc_fail(txn, MC_LIMITED, "arena full");
        notification__alert_change__init(to);
        to->at_ms = from->at_ms;
        to->by = from->by;
        to->what = from->what;
        to->fields = from->fields;
        to->n_fields = from->n_fields;
        rep->changes[rep->n_changes++] = to;
    }
    return txn->status;
}
