/* alert: who is told of failures, and what was told. */
#include <stdlib.h>
#include <string.h>

#include "notification.pb-c.h"

#include "ctl.h"

static const void *ask(struct ctl *ctl, const char *method, const ProtobufCMessage *request,
                       int *ret_code)
{
    return ctl_call(ctl, "notification", &notification__notification__descriptor, method, request,
                    ret_code);
}

static const char *id_text(ProtobufCBinaryData id, char out[2 * MC_ID_LEN + 1])
{
    out[0] = '\0';
    if (id.len == MC_ID_LEN)
        (void)mc_hex(out, (struct mc_bytes){id.data, id.len});
    return out;
}

static bool id_parse(const char *text, uint8_t id[MC_ID_LEN], ProtobufCBinaryData *ret_id)
{
    *ret_id = (ProtobufCBinaryData){MC_ID_LEN, id};
    if (mc_unhex(id, MC_ID_LEN, (struct mc_bytes){text, strlen(text)}))
        return true;
    fprintf(stderr, "motcuactl: an id of 32 hex digits, as `alert list` shows it\n");
    return false;
}

static void print_row(struct ctl *ctl, const Notification__AlertSubscription *row)
{
    char id[2 * MC_ID_LEN + 1];

    if (ctl->output == CTL_JSON)
        (void)ctl_print_json(ctl, &row->base);
    else if (ctl->output == CTL_NAME)
        printf("%s\n", id_text(row->subscription_id, id));
    else
        printf("%-32s %-16s %-14s %-6s %6zu %6zu\n", id_text(row->subscription_id, id), row->unit,
               row->service_type, row->following ? "on" : "off", row->n_phones, row->n_emails);
}

int ctl_alert_list(struct ctl *ctl, int argc, char **argv)
{
    Notification__ListAlertSubscriptionsRequest request =
        NOTIFICATION__LIST_ALERT_SUBSCRIPTIONS_REQUEST__INIT;
    int code = CTL_OK;

    request.page_size = 50;
    if (argc > 0)
        request.unit = argv[0];
    if (ctl->output == CTL_TABLE)
        printf("%-32s %-16s %-14s %-6s %6s %6s\n", "ID", "UNIT", "SERVICE", "FOLLOW", "PHONES",
               "EMAILS");
    do {
        const Notification__ListAlertSubscriptionsReply *reply =
            ask(ctl, "ListAlertSubscriptions", &request.base, &code);
        if (reply == NULL)
            return code;
        for (size_t i = 0; i < reply->n_subscriptions; i++)
            print_row(ctl, reply->subscriptions[i]);
        request.page_token = reply->next_page_token;
    } while (request.page_token[0] != '\0');
    return code;
}

int ctl_alert_show(struct ctl *ctl, int argc, char **argv)
{
    Notification__GetAlertSubscriptionRequest request =
        NOTIFICATION__GET_ALERT_SUBSCRIPTION_REQUEST__INIT;
    uint8_t id[MC_ID_LEN];
    int code = CTL_OK;

    if (argc != 1 || !id_parse(argv[0], id, &request.subscription_id))
        return CTL_USAGE;
    const Notification__AlertSubscription *reply =
        ask(ctl, "GetAlertSubscription", &request.base, &code);
    return reply != NULL ? ctl_print_json(ctl, &reply->base) : code;
}

int ctl_alert_follow(struct ctl *ctl, int argc, char **argv)
{
    Notification__SetFollowRequest request = NOTIFICATION__SET_FOLLOW_REQUEST__INIT;
    uint8_t id[MC_ID_LEN];
    int code = CTL_OK;

    if (argc != 2 || (strcmp(argv[1], "on") != 0 && strcmp(argv[1], "off") != 0) ||
        !id_parse(argv[0], id, &request.subscription_id))
        return CTL_USAGE;
    request.following = strcmp(argv[1], "on") == 0;
    const Notification__AlertSubscription *reply = ask(ctl, "SetFollow", &request.base, &code);
    if (reply != NULL)
        print_row(ctl, reply);
    return code;
}

/* "a,b,c" taken apart in place; how many there are. */
enum { ITEMS_MAX = 16 };
static size_t split(char *text, char *items[ITEMS_MAX])
{
    char *rest = NULL;
    size_t n = 0;

    for (char *item = strtok_r(text, ",", &rest); item != NULL && n < ITEMS_MAX;
         item = strtok_r(NULL, ",", &rest))
        items[n++] = item;
    return n;
}

int ctl_alert_subscribe(struct ctl *ctl, int argc, char **argv)
{
    Notification__SaveAlertSubscriptionRequest request =
        NOTIFICATION__SAVE_ALERT_SUBSCRIPTION_REQUEST__INIT;
    char *phones[ITEMS_MAX];
    char *emails[ITEMS_MAX];
    int code = CTL_OK;

    if (argc != 4)
        return CTL_USAGE;
    request.unit = argv[0];
    request.service_type = argv[1];
    request.phones = phones;
    request.n_phones = split(argv[2], phones);
    request.emails = emails;
    request.n_emails = split(argv[3], emails);
    request.following = true;
    const Notification__AlertSubscription *reply =
        ask(ctl, "SaveAlertSubscription", &request.base, &code);
    if (reply != NULL)
        print_row(ctl, reply);
    return code;
}

static const char *enum_text(const ProtobufCEnumDescriptor *type, int number)
{
    const ProtobufCEnumValue *value = protobuf_c_enum_descriptor_get_value(type, number);

    return value != NULL ? value->name : "?";
}

static void print_alert(const Notification__Alert *alert, int64_t now_ms)
{
    char age[CTL_AGE_SIZE];

    printf("%6s %-16s %-14s %-15s %6llu %s\n", ctl_age(age, now_ms - alert->at_ms), alert->unit,
           alert->service_type, enum_text(&notification__alert_kind__descriptor, (int)alert->kind),
           (unsigned long long)alert->count, alert->text);
    for (size_t i = 0; i < alert->n_messages; i++)
        printf("       %-32s %-18s %s\n", alert->messages[i]->address,
               enum_text(&notification__alert_message_state__descriptor,
                         (int)alert->messages[i]->state),
               alert->messages[i]->reason);
}

int ctl_alert_sent(struct ctl *ctl, int argc, char **argv)
{
    Notification__ListAlertsRequest request = NOTIFICATION__LIST_ALERTS_REQUEST__INIT;
    int code = CTL_OK;

    request.page_size = 50;
    if (argc > 0)
        request.unit = argv[0];
    const Notification__ListAlertsReply *reply = ask(ctl, "ListAlerts", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_TABLE)
        printf("%6s %-16s %-14s %-15s %6s %s\n", "AGE", "UNIT", "SERVICE", "KIND", "COUNT", "TEXT");
    for (size_t i = 0; i < reply->n_alerts; i++) {
        char id[2 * MC_ID_LEN + 1];

        if (ctl->output == CTL_JSON)
            (void)ctl_print_json(ctl, &reply->alerts[i]->base);
        else if (ctl->output == CTL_NAME)
            printf("%s\n", id_text(reply->alerts[i]->alert_id, id));
        else
            print_alert(reply->alerts[i], mc_now_ms(&ctl->clock));
    }
    return code;
}
