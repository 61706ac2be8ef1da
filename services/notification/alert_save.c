/*
 * SaveAlertSubscription (NOT-03, NOT-04, NOT-06): who is told of failures of a type of service in a
 * unit. An officer with the right subscribes for the own unit and those below it; what is the
 * house's own, only an operator or an officer of the national office. There is one subscription
 * of a unit and a type of service; saving one that was deleted brings it back.
 */
#include <stdio.h>
#include <string.h>

#include "alert.h"

static bool has_right(const struct mc_caller *caller, const char *right)
{
    for (size_t i = 0; i < caller->rights_len; i++)
        if (strcmp(caller->rights[i], right) == 0)
            return true;
    return false;
}

static const char *check_unit(struct mc_txn *txn, const char *unit)
{
    char code[MC_AGENCY_CODE_SIZE];

    if (unit[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "unit", "FIELD_REQUIRED", "field", "đơn vị", NULL);
    else if (mc_agency_parse(unit, code, sizeof code) != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "unit", "AGENCY_CODE_FORMAT", NULL);
    else if (!alert_unit_mine(txn, code))
        (void)mc_refuse(txn, MC_DENIED, "unit", "RIGHT_MISSING", NULL);
    else {
        const char *copy = mc_strdup(txn->arena, code);

        if (copy == NULL)
            (void)mc_fail(txn, MC_LIMITED, "arena full");
        return copy;
    }
    return NULL;
}

static const struct alert_service *check_service(const struct alert_book *book, struct mc_txn *txn,
                                                 const char *key)
{
    const struct alert_service *service = alert_service_find(book, key);

    if (key[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "service_type", "FIELD_REQUIRED", "field", "loại dịch vụ",
                        NULL);
    else if (service == NULL)
        (void)mc_refuse(txn, MC_INVALID, "service_type", "FIELD_INVALID", "field", "Loại dịch vụ",
                        NULL);
    else if (service->of_the_house && (txn->caller->who & MC_OPERATOR) == 0 &&
             !has_right(txn->caller, ALERT_RIGHT_NATIONAL))
        (void)mc_refuse(txn, MC_DENIED, "service_type", "RIGHT_MISSING", NULL);
    return service;
}

static bool is_in(char *const *list, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

/* Of ten digits: those of eleven were changed in 2018, and who types one should see the new one. */
static const char *phone_wrong(const char *text, struct mc_phone *ret_phone)
{
    enum mc_why why = mc_phone_parse(text, ret_phone);

    if (why != MC_WHY_OK)
        return mc_why_code(why);
    return ret_phone->converted ? mc_why_code(MC_WHY_PHONE_PREFIX_RETIRED) : NULL;
}

static void refuse_at(struct mc_txn *txn, const char *list, size_t i, const char *code)
{
    char field[32];

    (void)snprintf(field, sizeof field, "%s[%zu]", list, i);
    const char *name = mc_strdup(txn->arena, field);
    if (name == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        (void)mc_refuse(txn, MC_INVALID, name, code, NULL);
}

static bool check_length(struct mc_txn *txn, const char *field, size_t n, size_t max,
                         const char *required, const char *name)
{
    if (n == 0)
        (void)mc_refuse(txn, MC_INVALID, field, "FIELD_REQUIRED", "field", required, NULL);
    else if (n > max)
        (void)mc_refuse(txn, MC_INVALID, field, "FIELD_TOO_LONG", "field", name, "max", "10", NULL);
    return n > 0 && n <= max;
}

static void check_phones(struct mc_txn *txn, const Notification__SaveAlertSubscriptionRequest *req,
                         NotificationState__AlertContacts *contacts)
{
    if (!check_length(txn, "phones", req->n_phones, ALERT_PHONES_MAX, "số điện thoại",
                      "Danh sách số điện thoại"))
        return;
    contacts->phones = mc_alloc(txn->arena, req->n_phones * sizeof *contacts->phones);
    for (size_t i = 0; contacts->phones != NULL && i < req->n_phones; i++) {
        struct mc_phone phone;
        const char *wrong = phone_wrong(req->phones[i], &phone);

        if (wrong == NULL && is_in(contacts->phones, contacts->n_phones, phone.number))
            wrong = "ALERT_ADDRESS_TWICE";
        if (wrong != NULL) {
            refuse_at(txn, "phones", i, wrong);
            continue;
        }
        char *copy = mc_strdup(txn->arena, phone.number);
        if (copy != NULL)
            contacts->phones[contacts->n_phones++] = copy;
    }
}

static void check_emails(struct mc_txn *txn, const Notification__SaveAlertSubscriptionRequest *req,
                         NotificationState__AlertContacts *contacts)
{
    if (!check_length(txn, "emails", req->n_emails, ALERT_EMAILS_MAX, "email", "Danh sách email"))
        return;
    contacts->emails = mc_alloc(txn->arena, req->n_emails * sizeof *contacts->emails);
    for (size_t i = 0; contacts->emails != NULL && i < req->n_emails; i++) {
        enum mc_why why = mc_email_check(req->emails[i]);

        if (why != MC_WHY_OK)
            refuse_at(txn, "emails", i, mc_why_code(why));
        else if (is_in(contacts->emails, contacts->n_emails, req->emails[i]))
            refuse_at(txn, "emails", i, "ALERT_ADDRESS_TWICE");
        else
            contacts->emails[contacts->n_emails++] = req->emails[i];
    }
}

static bool same_list(char *const *a, size_t n_a, char *const *b, size_t n_b)
{
    for (size_t i = 0; n_a == n_b && i < n_a; i++)
        if (strcmp(a[i], b[i]) != 0)
            return false;
    return n_a == n_b;
}

/* The fields that differ; `ret_fields` has place for all of them and NULL. */
static void compare(struct mc_txn *txn, const NotificationState__AlertSubscription *record,
                    const NotificationState__AlertContacts *contacts, const char *unit,
                    const Notification__SaveAlertSubscriptionRequest *req, const char **ret_fields)
{
    const NotificationState__AlertContacts *old =
        record->contacts.len > 0 ? alert_contacts_open(txn, record) : NULL;
    size_t n = 0;

    if (strcmp(record->unit, unit) != 0)
        ret_fields[n++] = "unit";
    if (strcmp(record->service_type, req->service_type) != 0)
        ret_fields[n++] = "service_type";
    if (old == NULL || !same_list(old->phones, old->n_phones, contacts->phones, contacts->n_phones))
        ret_fields[n++] = "phones";
    if (old == NULL || !same_list(old->emails, old->n_emails, contacts->emails, contacts->n_emails))
        ret_fields[n++] = "emails";
    if (record->following != req->following)
        ret_fields[n++] = "following";
    ret_fields[n] = NULL;
}

/* The record that is to be changed, or an empty one. NULL: refused. */
static NotificationState__AlertSubscription *
open_record(struct mc_txn *txn, const Notification__SaveAlertSubscriptionRequest *req)
{
    NotificationState__AlertSubscription *record = NULL;

    if (req->subscription_id.len > 0) {
        record = alert_subscription_mine(txn, req->subscription_id);
        if (record != NULL && record->version != req->version)
            (void)mc_refuse(txn, MC_CONFLICT, "version", "ALERT_SUBSCRIPTION_CHANGED", NULL);
        return record;
    }
    if (req->version != 0)
        (void)mc_refuse(txn, MC_INVALID, "version", "FIELD_INVALID", "field", "version", NULL);
    record = mc_alloc(txn->arena, sizeof *record);
    if (record == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    else
        notification_state__alert_subscription__init(record);
    return record;
}

static void check_free(struct mc_txn *txn, const struct alert_service *service, const char *unit,
                       struct mc_bytes id)
{
    struct mc_bytes other;

    if (alert_subscribed(txn, service->key, unit, &other)) {
        if (!mc_bytes_same(other, id))
            (void)mc_refuse(txn, MC_CONFLICT, "service_type", "ALERT_SUBSCRIPTION_EXISTS", NULL);
    } else if (service->of_the_house &&
               alert_subscribed_count(txn, service->key, ALERT_HOUSE_MAX) == ALERT_HOUSE_MAX)
        (void)mc_refuse(txn, MC_LIMITED, "service_type", "ALERT_SUBSCRIPTIONS_FULL", NULL);
}

static void move(struct mc_txn *txn, struct mc_bytes id,
                 NotificationState__AlertSubscription *record, const char *unit,
                 const char *service)
{
    if (record->version > 0 && !record->deleted)
        alert_subscribed_drop(txn, record->service_type, record->unit);
    if (record->version > 0 && strcmp(record->unit, unit) != 0)
        mc_unit_index_drop(txn, NOTIFICATION_ALERT_UNITS, "s", record->unit, id);
    record->unit = mc_unconst(unit);
    record->service_type = mc_unconst(service);
    alert_subscribed_put(txn, service, unit, id);
    mc_unit_index_put(txn, NOTIFICATION_ALERT_UNITS, "s", unit, id);
}

enum mc_status
notification_save_alert_subscription(struct notification *notification, struct mc_txn *txn,
                                     const Notification__SaveAlertSubscriptionRequest *req,
                                     Notification__AlertSubscription *rep)
{
    NotificationState__AlertContacts contacts = NOTIFICATION_STATE__ALERT_CONTACTS__INIT;
    const char *fields[6];

    const char *unit = check_unit(txn, req->unit);
    const struct alert_service *service =
        check_service(&notification->alerts, txn, req->service_type);
    check_phones(txn, req, &contacts);
    check_emails(txn, req, &contacts);
    NotificationState__AlertSubscription *record = open_record(txn, req);
    if (txn->status != MC_OK || record == NULL || unit == NULL || service == NULL)
        return txn->status;
    bool is_new = record->version == 0;
    struct mc_bytes id = is_new ? mc_new_id(txn) : mc_key_bytes(req->subscription_id);
    check_free(txn, service, unit, id);
    if (txn->status != MC_OK)
        return txn->status;

    compare(txn, record, &contacts, unit, req, fields);
    const char *what = is_new ? "created" : record->deleted ? "restored" : "changed";
    move(txn, id, record, unit, service->key);
    record->contacts = notification_seal(txn, &contacts.base);
    record->following = req->following;
    record->deleted = false;
    if (is_new)
        record->created_ms = txn->now_ms;
    alert_subscription_change(txn, id, record, what, fields);
    alert_subscription_emit(txn, "notification.alert_subscription_saved", id, record, fields);
    return alert_subscription_reply(notification, txn, id, record, rep);
}
