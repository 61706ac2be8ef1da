/* ListAlertSubscriptions (NOT-05): by unit, type of service, phone, address, «Theo dõi». */
#include <string.h>

#include "alert.h"

struct filter {
    const Notification__ListAlertSubscriptionsRequest *req;
    struct mc_phone phone;
};

static bool follow_fits(Notification__AlertFollow want, bool following)
{
    if (want == NOTIFICATION__ALERT_FOLLOW__ALERT_FOLLOW_ANY)
        return true;
    return following == (want == NOTIFICATION__ALERT_FOLLOW__ALERT_FOLLOW_ON);
}

static bool has(char *const *list, size_t n, const char *text)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], text) == 0)
            return true;
    return false;
}

static bool fits(struct mc_txn *txn, const struct filter *filter,
                 const NotificationState__AlertSubscription *record)
{
    const Notification__ListAlertSubscriptionsRequest *req = filter->req;

    if (record->deleted != req->deleted || !follow_fits(req->follow, record->following) ||
        (req->service_type[0] != '\0' && strcmp(req->service_type, record->service_type) != 0))
        return false;
    if (req->phone[0] == '\0' && req->email[0] == '\0')
        return true;
    const NotificationState__AlertContacts *contacts = alert_contacts_open(txn, record);
    return contacts != NULL &&
           (req->phone[0] == '\0' ||
            has(contacts->phones, contacts->n_phones, filter->phone.number)) &&
           (req->email[0] == '\0' || has(contacts->emails, contacts->n_emails, req->email));
}

static void check(const struct notification *notification, struct mc_txn *txn,
                  struct filter *filter)
{
    const Notification__ListAlertSubscriptionsRequest *req = filter->req;
    enum mc_why phone =
        req->phone[0] != '\0' ? mc_phone_parse(req->phone, &filter->phone) : MC_WHY_OK;
    enum mc_why email = req->email[0] != '\0' ? mc_email_check(req->email) : MC_WHY_OK;

    if (req->service_type[0] != '\0' &&
        alert_service_find(&notification->alerts, req->service_type) == NULL)
        (void)mc_refuse(txn, MC_INVALID, "service_type", "FIELD_INVALID", "field", "Loại dịch vụ",
                        NULL);
    if (phone != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "phone", mc_why_code(phone), NULL);
    if (email != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "email", mc_why_code(email), NULL);
}

static void fill(const struct notification *notification, struct mc_txn *txn,
                 const struct filter *filter, struct alert_page *page,
                 Notification__ListAlertSubscriptionsReply *rep)
{
    struct mc_bytes last = {0};
    struct mc_bytes id;
    bool more = false;

    while (!more && alert_page_next(page, &id)) {
        const NotificationState__AlertSubscription *record = alert_subscription_load(txn, id);

        more = rep->n_subscriptions == page->size;
        if (more)
            break;
        bool wanted = record != NULL && fits(txn, filter, record);
        last = mc_keep(txn, id.data, id.len);
        if (!wanted)
            continue;
        Notification__AlertSubscription *row = mc_alloc(txn->arena, sizeof *row);
        if (row == NULL) {
            (void)mc_fail(txn, MC_LIMITED, "arena full");
            return;
        }
        notification__alert_subscription__init(row);
        if (!alert_subscription_tell(&notification->alerts, txn, last, record, ALERT_MASKED, row))
            return;
        rep->subscriptions[rep->n_subscriptions++] = row;
    }
    if (last.len != 0 && (more || page->seen == ALERT_SCAN_MAX))
        rep->next_page_token = mc_unconst(alert_page_token(txn, last));
}

enum mc_status
notification_list_alert_subscriptions(struct notification *notification, struct mc_txn *txn,
                                      const Notification__ListAlertSubscriptionsRequest *req,
                                      Notification__ListAlertSubscriptionsReply *rep)
{
    struct filter filter = {.req = req};
    struct alert_page page;

    check(notification, txn, &filter);
    if (!alert_page_open(txn, "s", req->unit, req->page_size, req->page_token, &page))
        return txn->status;
    rep->subscriptions =
        mc_alloc(txn->arena, page.size * sizeof(Notification__AlertSubscription *));
    if (rep->subscriptions == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    fill(notification, txn, &filter, &page, rep);
    return txn->status;
}
