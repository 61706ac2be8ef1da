/*
 * notification: what people are told.
 *
 * It follows the rooms where things happen to people. Which event becomes a notice, and whether an
 * SMS goes along, is a table (data/rules.csv); the words are another (data/templates.csv); a table
 * that does not fit stops the boot. Every notice is in the portal's inbox of its account, word for
 * word as it was told, with template and version (NOT-01); its SMS goes through the otp room's
 * queue, behind all codes. ListInbox and MarkRead are for the account's own session.
 *
 * People switch kinds of notices off, by channel, where nothing forbids it; what can wait is not
 * sent by SMS at night (prefs.h).
 *
 * What would be told to an account that was merged is told to the one it went into.
 *
 * Names and phones come sealed from identity's journal and stay sealed here, as do all texts.
 */
#include <stddef.h>

#include "alert.h"
#include "email.h"
#include "mail.h"
#include "prefs.h"

/* clang-format off */
#define ALERTED (MC_OFFICER | MC_OPERATOR)
/*    method      handler                  request                         reply                         mode             who         right */
#define NOTIFICATION_ROUTES(X)                                                                                                                  \
    X(ListInbox,  notification_list_inbox, Notification__ListInboxRequest, Notification__ListInboxReply, MC_READ,         MC_CITIZEN, NULL) \
    X(MarkRead,   notification_mark_read,  Notification__MarkReadRequest,  Notification__MarkReadReply,  MC_WRITE,        MC_CITIZEN, NULL) \
    X(GetPreferences, notification_get_preferences, Notification__GetPreferencesRequest, Notification__Preferences, MC_READ,  MC_CITIZEN, NULL) \
    X(SetPreferences, notification_set_preferences, Notification__SetPreferencesRequest, Notification__Preferences, MC_WRITE, MC_CITIZEN, NULL) \
    X(ListSent,  notification_list_sent,  Notification__ListSentRequest,  Notification__ListSentReply, MC_WRITE_SECRET, MC_OFFICER | MC_OPERATOR, NULL) \
    X(GetNotice, notification_get_notice, Notification__GetNoticeRequest, Notification__SentNotice,    MC_WRITE_SECRET, MC_OFFICER | MC_OPERATOR, NULL) \
    X(ListTemplates,   notification_list_templates,   Notification__ListTemplatesRequest,   Notification__ListTemplatesReply, MC_READ, MC_OFFICER | MC_OPERATOR, ALERT_RIGHT_NATIONAL) \
    X(PreviewTemplate, notification_preview_template, Notification__PreviewTemplateRequest, Notification__TemplatePreview,    MC_READ, MC_OFFICER | MC_OPERATOR, ALERT_RIGHT_NATIONAL) \
    X(GetEmail,     notification_get_email,     Notification__GetEmailRequest,     Notification__EmailAddress,      MC_READ,         MC_CITIZEN, NULL) \
    X(SetEmail,     notification_set_email,     Notification__SetEmailRequest,     Notification__EmailAddress,      MC_WRITE_SECRET, MC_CITIZEN, NULL) \
    X(ConfirmEmail, notification_confirm_email, Notification__ConfirmEmailRequest, Notification__ConfirmEmailReply, MC_WRITE_SECRET, MC_CITIZEN, NULL) \
    X(ListAlertServices,       notification_list_alert_services,       Notification__ListAlertServicesRequest,       Notification__ListAlertServicesReply,      MC_READ,         ALERTED, ALERT_RIGHT) \
    X(SaveAlertSubscription,   notification_save_alert_subscription,   Notification__SaveAlertSubscriptionRequest,   Notification__AlertSubscription,           MC_WRITE_SECRET, ALERTED, ALERT_RIGHT) \
    X(GetAlertSubscription,    notification_get_alert_subscription,    Notification__GetAlertSubscriptionRequest,    Notification__AlertSubscription,           MC_WRITE_SECRET, ALERTED, ALERT_RIGHT) \
    X(ListAlertSubscriptions,  notification_list_alert_subscriptions,  Notification__ListAlertSubscriptionsRequest,  Notification__ListAlertSubscriptionsReply, MC_READ,         ALERTED, ALERT_RIGHT) \
    X(DeleteAlertSubscription, notification_delete_alert_subscription, Notification__DeleteAlertSubscriptionRequest, Notification__AlertSubscription,           MC_WRITE_SECRET, ALERTED, ALERT_RIGHT) \
    X(SetFollow,               notification_set_follow,                Notification__SetFollowRequest,               Notification__AlertSubscription,           MC_WRITE_SECRET, ALERTED, ALERT_RIGHT) \
    X(ListAlerts,              notification_list_alerts,               Notification__ListAlertsRequest,              Notification__ListAlertsReply,             MC_READ,         ALERTED, ALERT_RIGHT) \
    X(ReportBounce, notification_report_bounce, Notification__ReportBounceRequest, Notification__ReportBounceReply, MC_WRITE_FRESH, MC_OPERATOR, NULL) \
    X(Notify, notification_notify, Notification__NotifyRequest, Notification__NotifyReply, MC_WRITE, MC_ROOM, NULL)

static const char *const tables[NOTIFICATION_TABLES_END - MC_TABLE_ROOM] = {
    [NOTIFICATION_NOTICES  - MC_TABLE_ROOM] = "notices",  /* account id, notice id -> Notice */
    [NOTIFICATION_UNREAD   - MC_TABLE_ROOM] = "unread",   /* account id, notice id -> nothing */
    [NOTIFICATION_INBOXES  - MC_TABLE_ROOM] = "inboxes",  /* account id            -> Inbox */
    [NOTIFICATION_ACCOUNTS - MC_TABLE_ROOM] = "accounts", /* account id            -> Account */
    [NOTIFICATION_ALIASES  - MC_TABLE_ROOM] = "aliases",  /* merged account id     -> the account it went into */
    [NOTIFICATION_WAITING  - MC_TABLE_ROOM] = "waiting",  /* notice id             -> account id: its SMS is held */
    [NOTIFICATION_SUBSCRIPTIONS  - MC_TABLE_ROOM] = "alert_subscriptions", /* subscription id -> AlertSubscription */
    [NOTIFICATION_ALERT_UNITS    - MC_TABLE_ROOM] = "alert_units",         /* see alert_index.c */
    [NOTIFICATION_ALERT_SERVICES - MC_TABLE_ROOM] = "alert_services",      /* see alert_index.c */
    [NOTIFICATION_EPISODES       - MC_TABLE_ROOM] = "alert_episodes",      /* episode -> AlertEpisode (alert_episode.c) */
    [NOTIFICATION_FAILING        - MC_TABLE_ROOM] = "alert_failing",       /* episode, blind object -> nothing */
    [NOTIFICATION_TOLD           - MC_TABLE_ROOM] = "alert_told",          /* episode, subscription id -> AlertTold */
    [NOTIFICATION_ALERTS_DUE     - MC_TABLE_ROOM] = "alerts_due",          /* time, episode, subscription id -> nothing */
    [NOTIFICATION_ALERT_BUDGETS  - MC_TABLE_ROOM] = "alert_budgets",       /* "s" id, or "p" blind phone -> AlertBudget */
    [NOTIFICATION_ALERTS         - MC_TABLE_ROOM] = "alerts",              /* alert id -> Alert */
    [NOTIFICATION_MAILS        - MC_TABLE_ROOM] = "mails",        /* mail id              -> Mail */
    [NOTIFICATION_MAIL_DEDUPES - MC_TABLE_ROOM] = "mail_dedupes", /* blind fact of a mail -> mail id */
    [NOTIFICATION_PREFERENCES  - MC_TABLE_ROOM] = "preferences",  /* account id -> Preferences: what is switched off */
    [NOTIFICATION_EMAILS       - MC_TABLE_ROOM] = "emails",       /* account id -> Email: where its notices are e-mailed to */
    [NOTIFICATION_MORNING      - MC_TABLE_ROOM] = "morning",      /* due, notice id -> account id: its SMS waits for the quiet hours to end */
    [NOTIFICATION_BY_KEY       - MC_TABLE_ROOM] = "notices_by_key", /* business id, NUL, notice id -> account id (sent.c) */
};

static const char *const lanes[NOTIFICATION_LANES_LEN] = {
    [NOTIFICATION_LANE_SMS] = "sms",
    [NOTIFICATION_LANE_ALERTS] = "alerts",
    [NOTIFICATION_LANE_MAIL] = "mail",
};

#define MINUTE INT64_C(60000)
#define HOUR   INT64_C(3600000)
static const struct mc_config_key config[] = {
    {"notification.sms_life", MC_CONFIG_DURATION, offsetof(struct notification, sms_life_ms), "24h", HOUR, 72 * HOUR, "How old a notice may be when its SMS is sent, unless its rule says another life; later it is no news."},
    {"notification.quiet_from",  MC_CONFIG_STRING, offsetof(struct notification, quiet.from_text),  "21:00", 5, 5, "From when on the SMS of notices that can wait are kept until the morning (HH:MM in Vietnam); codes and what concerns an account's safety never wait."},
    {"notification.quiet_until", MC_CONFIG_STRING, offsetof(struct notification, quiet.until_text), "07:00", 5, 5, "Until when; the same as quiet_from: none waits. At most 12 hours later."},
    {"notification.templates_file", MC_CONFIG_PATH, offsetof(struct notification, templates_file), "", 0, 1024, "Words of your own, as CSV with the columns of data/templates.csv: used instead of ours of the same key; empty: none."},
    {"notification.rules_file",     MC_CONFIG_PATH, offsetof(struct notification, rules_file),     "", 0, 1024, "Rules of your own, as CSV with the columns of data/rules.csv: a row takes the place of ours of its event and state; empty: none."},
    {"notification.alerts_per_subscription", MC_CONFIG_INT,      offsetof(struct notification, alerts_per_subscription), "20",   1, ALERT_BUDGET_MAX,     "Alerts one subscription is told of in an hour; what is more is told later, in one message."},
    {"notification.alerts_per_phone",        MC_CONFIG_INT,      offsetof(struct notification, alerts_per_phone),        "40",   1, ALERT_BUDGET_MAX,     "Alert SMS one phone gets in an hour; the rest comes later."},
    {"notification.alert_keep",              MC_CONFIG_DURATION, offsetof(struct notification, alert_keep_ms),           "400d", INT64_C(24) * HOUR, INT64_C(3660) * 24 * HOUR, "How long it is kept what alerts were sent to whom."},
    {"notification.keep",                    MC_CONFIG_DURATION, offsetof(struct notification, keep_ms),                 "0", 0, INT64_C(36600) * 24 * HOUR, "How long notices stay in the inbox, from 30d on; 0: for ever. What is held stays."},
    {"notification.relay",               MC_CONFIG_STRING,   offsetof(struct notification, mail.relay),         "",  0, 512,  "The SMTP relay that takes our e-mails: smtps://host:port, or smtp://host:port, which has to offer STARTTLS; empty: no e-mail is sent."},
    {"notification.relay_user",          MC_CONFIG_STRING,   offsetof(struct notification, mail.user),          "",  0, 128,  "Who we are there (AUTH); empty: it asks nobody."},
    {"notification.relay_password_file", MC_CONFIG_PATH,     offsetof(struct notification, mail.password_file), "",  0, 1024, "The password there, as hex in a file of its own."},
    {"notification.relay_ca_file",       MC_CONFIG_PATH,     offsetof(struct notification, mail.ca_file),       "",  0, 1024, "Certificates (PEM) its own must be signed by; empty: the system's."},
    {"notification.relay_plain",         MC_CONFIG_BOOL,     offsetof(struct notification, mail.plain),         "false", 0, 0, "A relay without TLS: sandbox and tests; needs http.allow_plain too."},
    {"notification.mail_from",           MC_CONFIG_STRING,   offsetof(struct notification, mail.from),          "",  0, 254,  "The address our e-mails come from; needed with a relay."},
    {"notification.mail_from_name",      MC_CONFIG_STRING,   offsetof(struct notification, mail.from_name),     "Cổng Dịch vụ công Quốc gia", 0, 128, "The name that stands with it."},
    {"notification.bounce_to",           MC_CONFIG_STRING,   offsetof(struct notification, mail.bounce_to),     "",  0, 254,  "The address reports of mails that came back are sent to, as bounce_to+ID@…; hand them to motcuactl mail bounced. Empty: to mail_from, and nobody reads them."},
    {"notification.mail_retry",          MC_CONFIG_DURATION, offsetof(struct notification, mail.retry_ms),      "1m",  100, HOUR, "How soon a mail is tried again that the relay did not take; then twice as long each time, up to an hour."},
    {"notification.mail_limit",          MC_CONFIG_DURATION, offsetof(struct notification, mail_limit_ms),     "1h",  MINUTE, 72 * HOUR, "A mail that waits longer is late: Stats and the forecast say so."},
    {"notification.mail_life",           MC_CONFIG_DURATION, offsetof(struct notification, mail.life_ms),       "72h", HOUR, 240 * HOUR, "How long after the fact a mail is tried; later it is not sent."},
    {"notification.mail_keep",           MC_CONFIG_DURATION, offsetof(struct notification, mail.keep_ms),       "400d", INT64_C(240) * HOUR, INT64_C(3660) * 24 * HOUR, "How long it is kept what was mailed to whom, and what became of it."},
};

static const struct mc_effect effects[] = {
    {.kind = "otp.enqueue", .lane = NOTIFICATION_LANE_SMS, .payload = &notification_state__sms__descriptor,
     .call = notification_sms_call, .done = notification_sms_done, .lease_ms = NOTIFICATION_SMS_LEASE_MS, .concurrency = 64},
    {.kind = "alert.sms", .lane = NOTIFICATION_LANE_ALERTS, .payload = &notification_state__alert_sms__descriptor,
     .call = notification_alert_sms_call, .done = notification_alert_sms_done, .lease_ms = NOTIFICATION_SMS_LEASE_MS, .concurrency = 16},
    {.kind = "mail", .lane = NOTIFICATION_LANE_MAIL, .payload = &notification_state__mail_job__descriptor,
     .http = notification_mail_http, .done = notification_mail_done, .lease_ms = MAIL_LEASE_MS, .concurrency = 8},
};

MC_FOLLOW_CALL(struct notification, notification_account_changed, Identity__AccountOpened)
MC_FOLLOW_CALL(struct notification, notification_security_changed, Identity__SecurityChanged)
MC_FOLLOW_CALL(struct notification, notification_accounts_merged, Identity__AccountsMerged)
MC_FOLLOW_CALL(struct notification, notification_accounts_unmerged, Identity__AccountsMerged)
MC_FOLLOW_CALL(struct notification, notification_dossier_changed, Dossier__Changed)
MC_FOLLOW_CALL(struct notification, notification_dossier_due, Dossier__Due)
MC_FOLLOW_CALL(struct notification, notification_round_reminder, Dossier__RoundReminder)
MC_FOLLOW_CALL(struct notification, notification_order_changed, Payment__OrderChanged)
MC_FOLLOW_CALL(struct notification, notification_tax_notice, Payment__TaxNoticeTold)
MC_FOLLOW_CALL(struct notification, notification_refund_changed, Payment__RefundChanged)
MC_FOLLOW_CALL(struct notification, notification_link_changed, Payment__LinkChanged)
MC_FOLLOW_CALL(struct notification, notification_tax_changed, Payment__TaxChanged)
MC_FOLLOW_CALL(struct notification, notification_account_made, Identity__AccountMade)
MC_FOLLOW_CALL(struct notification, notification_account_edited, Identity__AccountChanged)
MC_FOLLOW_CALL(struct notification, notification_phone_told, Identity__PhoneChangeTold)
MC_FOLLOW_CALL(struct notification, notification_receipt_changed, Payment__ReceiptChanged)
MC_FOLLOW_CALL(struct notification, notification_copy_changed, Dossier__CopyChanged)
MC_FOLLOW_CALL(struct notification, notification_status_changed, Identity__StatusChanged)
MC_FOLLOW_CALL(struct notification, notification_vneid_linked, Identity__VneidChanged)
MC_FOLLOW_CALL(struct notification, notification_feedback_changed, Support__FeedbackChanged)
MC_FOLLOW_CALL(struct notification, notification_contract_changed, Partner__ContractChanged)
MC_FOLLOW_CALL(struct notification, notification_gateway_changed, Otp__GatewayChanged)
MC_FOLLOW_CALL(struct notification, notification_pumping_changed, Otp__PumpingChanged)
MC_FOLLOW_CALL(struct notification, notification_sms_changed, Otp__SmsChanged)
MC_FOLLOW_CALL(struct notification, notification_queue_late, Motcua__QueueLate)
MC_FOLLOW_CALL(struct notification, notification_delivery_told, Partner__DeliveryTold)
MC_FOLLOW_CALL(struct notification, notification_circuit_told, Partner__CircuitTold)
MC_FOLLOW_CALL(struct notification, notification_mail_wanted, Support__MailWanted)

static const struct mc_follow follows[] = {
    {"identity", "identity.account_opened",  &identity__account_opened__descriptor, notification_account_changed_event},
    {"identity", "identity.contact_changed", &identity__account_opened__descriptor, notification_account_changed_event},
    {"identity", "identity.password_changed", &identity__security_changed__descriptor, notification_security_changed_event},
    {"identity", "identity.password_reset",  &identity__security_changed__descriptor, notification_security_changed_event},
    {"identity", "identity.session_stolen",  &identity__security_changed__descriptor, notification_security_changed_event},
    {"identity", "identity.accounts_merged",   &identity__accounts_merged__descriptor, notification_accounts_merged_event},
    {"identity", "identity.accounts_unmerged", &identity__accounts_merged__descriptor, notification_accounts_unmerged_event},
    {"dossier",  "dossier.sent",             &dossier__changed__descriptor,         notification_dossier_changed_event},
    {"dossier",  "dossier.accepted",         &dossier__changed__descriptor,         notification_dossier_changed_event},
    {"dossier",  "dossier.advanced",         &dossier__changed__descriptor,         notification_dossier_changed_event},
    {"dossier",  "dossier.noted",            &dossier__changed__descriptor,         notification_dossier_changed_event},
    {"dossier",  "dossier.parcel_ordered",   &dossier__changed__descriptor,         notification_dossier_changed_event},
    {"dossier",  "dossier.parcel_failed",    &dossier__changed__descriptor,         notification_dossier_changed_event},
    {"dossier",  "dossier.due_soon",         &dossier__due__descriptor,             notification_dossier_due_event},
    {"dossier",  "dossier.overdue",          &dossier__due__descriptor,             notification_dossier_due_event},
    {"dossier",  "dossier.unexamined",       &dossier__due__descriptor,             notification_dossier_due_event},
    {"dossier",  "dossier.round_due_soon",   &dossier__round_reminder__descriptor,  notification_round_reminder_event},
    {"dossier",  "dossier.round_late",       &dossier__round_reminder__descriptor,  notification_round_reminder_event},
    {"dossier",  "dossier.round_behind",     &dossier__round_reminder__descriptor,  notification_round_reminder_event},
    {"dossier",  "dossier.apologised",       &dossier__due__descriptor,             notification_dossier_due_event},
    {"payment",  "payment.order_created",    &payment__order_changed__descriptor,   notification_order_changed_event},
    {"payment",  "payment.paid",             &payment__order_changed__descriptor,   notification_order_changed_event},
    {"payment",  "payment.attempt_failed",   &payment__order_changed__descriptor,   notification_order_changed_event},
    {"payment",  "payment.tax_notice",       &payment__tax_notice_told__descriptor, notification_tax_notice_event},
    {"payment",  "payment.refund_approved",  &payment__refund_changed__descriptor,  notification_refund_changed_event},
    {"payment",  "payment.refund_done",      &payment__refund_changed__descriptor,  notification_refund_changed_event},
    {"payment",  "payment.link_changed",     &payment__link_changed__descriptor,    notification_link_changed_event},
    {"payment",  "payment.tax_changed",      &payment__tax_changed__descriptor,     notification_tax_changed_event},
    {"identity", "identity.account_made",    &identity__account_made__descriptor,   notification_account_made_event},
    {"identity", "identity.account_changed", &identity__account_changed__descriptor, notification_account_edited_event},
    {"identity", "identity.phone_change_waits", &identity__phone_change_told__descriptor, notification_phone_told_event},
    {"identity", "identity.phone_change_stopped", &identity__phone_change_told__descriptor, notification_phone_told_event},
    {"dossier",  "dossier.supplemented",     &dossier__changed__descriptor,          notification_dossier_changed_event},
    {"dossier",  "dossier.withdraw_asked",   &dossier__changed__descriptor,          notification_dossier_changed_event},
    {"dossier",  "dossier.linked_ready",     &dossier__changed__descriptor,          notification_dossier_changed_event},
    {"dossier",  "dossier.claimed",          &dossier__changed__descriptor,          notification_dossier_changed_event},
    {"dossier",  "dossier.parcel_collected", &dossier__changed__descriptor,          notification_dossier_changed_event},
    {"dossier",  "dossier.parcel_cancelled", &dossier__changed__descriptor,          notification_dossier_changed_event},
    {"dossier",  "dossier.copy_sealed",      &dossier__copy_changed__descriptor,     notification_copy_changed_event},
    {"payment",  "payment.order_cancelled",  &payment__order_changed__descriptor,    notification_order_changed_event},
    {"payment",  "payment.order_expired",    &payment__order_changed__descriptor,    notification_order_changed_event},
    {"payment",  "payment.receipt_printed",  &payment__receipt_changed__descriptor,  notification_receipt_changed_event},
    {"payment",  "payment.receipt_cancelled",&payment__receipt_changed__descriptor,  notification_receipt_changed_event},
    {"identity", "identity.status_changed",  &identity__status_changed__descriptor,  notification_status_changed_event},
    {"identity", "identity.vneid_linked",    &identity__vneid_changed__descriptor,   notification_vneid_linked_event},
    {"support",  "support.feedback_moved",   &support__feedback_changed__descriptor, notification_feedback_changed_event},
    {"support",  "support.feedback_forwarded",&support__feedback_changed__descriptor, notification_feedback_changed_event},
    {"otp",      "otp.gateway_share_changed", &otp__gateway_changed__descriptor,    notification_gateway_changed_event},
    {"otp",      "otp.pumping_suspected",    &otp__pumping_changed__descriptor,     notification_pumping_changed_event},
    {"otp",      "otp.pumping_ended",        &otp__pumping_changed__descriptor,     notification_pumping_changed_event},
    {"otp",      "otp.sms_queued",           &otp__sms_changed__descriptor,         notification_sms_changed_event},
    {"otp",      "otp.sms_sent",             &otp__sms_changed__descriptor,         notification_sms_changed_event},
    {"otp",      "otp.sms_delivered",        &otp__sms_changed__descriptor,         notification_sms_changed_event},
    {"otp",      "otp.sms_failed",           &otp__sms_changed__descriptor,         notification_sms_changed_event},
    {"otp",      "otp.sms_expired",          &otp__sms_changed__descriptor,         notification_sms_changed_event},
    {"identity", "identity.queue_late",       &motcua__queue_late__descriptor,           notification_queue_late_event},
    {"identity", "identity.queue_recovered",  &motcua__queue_late__descriptor,           notification_queue_late_event},
    {"otp",      "otp.queue_late",            &motcua__queue_late__descriptor,           notification_queue_late_event},
    {"otp",      "otp.queue_recovered",       &motcua__queue_late__descriptor,           notification_queue_late_event},
    {"dossier",  "dossier.queue_late",        &motcua__queue_late__descriptor,           notification_queue_late_event},
    {"dossier",  "dossier.queue_recovered",   &motcua__queue_late__descriptor,           notification_queue_late_event},
    {"payment",  "payment.queue_late",        &motcua__queue_late__descriptor,           notification_queue_late_event},
    {"payment",  "payment.queue_recovered",   &motcua__queue_late__descriptor,           notification_queue_late_event},
    {"partner",  "partner.queue_late",        &motcua__queue_late__descriptor,           notification_queue_late_event},
    {"partner",  "partner.queue_recovered",   &motcua__queue_late__descriptor,           notification_queue_late_event},
    {"partner",  "partner.delivery_late",      &partner__delivery_told__descriptor, notification_delivery_told_event},
    {"partner",  "partner.delivery_failed",    &partner__delivery_told__descriptor, notification_delivery_told_event},
    {"partner",  "partner.delivery_recovered", &partner__delivery_told__descriptor, notification_delivery_told_event},
    {"partner",  "partner.delivery_marked",    &partner__delivery_told__descriptor, notification_delivery_told_event},
    {"partner",  "partner.circuit_opened",     &partner__circuit_told__descriptor,  notification_circuit_told_event},
    {"partner",  "partner.circuit_closed",     &partner__circuit_told__descriptor,  notification_circuit_told_event},
    {"partner",  "partner.contract_broken",  &partner__contract_changed__descriptor, notification_contract_changed_event},
    {"partner",  "partner.contract_mended",  &partner__contract_changed__descriptor, notification_contract_changed_event},
    {"partner",  "partner.contract_ended",   &partner__contract_changed__descriptor, notification_contract_changed_event},
    {"support",  "support.mail_wanted",      &support__mail_wanted__descriptor,      notification_mail_wanted_event},
};
/* clang-format on */

#define NOTIFICATION_CALL(method, fn, req, rep, ...)                                               \
    MC_ROUTE_CALL(struct notification, fn, req, rep)
NOTIFICATION_ROUTES(NOTIFICATION_CALL)

static const struct mc_route routes[] = {NOTIFICATION_ROUTES(MC_ROUTE_ROW)};

extern const char mc_data_alert_services[];
extern const size_t mc_data_alert_services_len;
extern const char mc_data_alert_rules[];
extern const size_t mc_data_alert_rules_len;

static enum mc_status boot(void *ctx, struct mc_boot *with)
{
    struct notification *notification = ctx;

    enum mc_status status = notification_tables_boot(notification, with);
    if (status == MC_OK && notification->keep_ms != 0 &&
        notification->keep_ms < INT64_C(720) * HOUR) {
        (void)snprintf(with->why, sizeof with->why, "notification.keep: 0, or 30d and more");
        status = MC_INVALID;
    }
    if (status == MC_OK)
        status = notification_mail_boot(notification, with);
    if (status == MC_OK)
        status = prefs_boot(notification, with);
    if (status != MC_OK)
        return status;
    return alert_book_read(&notification->alerts, &notification->book,
                           (struct mc_bytes){mc_data_alert_services, mc_data_alert_services_len},
                           (struct mc_bytes){mc_data_alert_rules, mc_data_alert_rules_len},
                           with->why, sizeof with->why);
}

/* SMS wait for the morning, alerts for their next hour: late is what they are not. Nobody is told
 * of our own queues by ourselves; audit and /metrics are. */
static int64_t lane_limit_ms(const void *ctx, unsigned lane)
{
    const struct notification *notification = ctx;

    return lane == NOTIFICATION_LANE_MAIL ? notification->mail_limit_ms : 0;
}

/* OURS: no law that we know of names a time. */
#define OURS "ours"
/* clang-format off */
static const struct mc_retention retention[] = {
    {.rule = "notices", .what = "Notices in the inbox", .key = "notification.keep", .source = OURS, .sweep = notification_notices_sweep},
    {.rule = "mails", .what = "What was mailed to whom, and what became of it", .key = "notification.mail_keep", .source = OURS, .table = NOTIFICATION_MAILS, .sweep = notification_mails_sweep},
    {.rule = "alerts", .what = "Which alerts were sent to whom", .key = "notification.alert_keep", .source = OURS, .table = NOTIFICATION_ALERTS},
};
/* clang-format on */

const struct mc_room notification_room = {
    .name = "notification",
    .proto = &notification__notification__descriptor,
    .routes = routes,
    .routes_len = MC_LEN(routes),
    .tables = tables,
    .tables_len = MC_LEN(tables),
    .lanes = lanes,
    .lanes_len = MC_LEN(lanes),
    .lane_limit_ms = lane_limit_ms,
    .follows = follows,
    .follows_len = MC_LEN(follows),
    .effects = effects,
    .effects_len = MC_LEN(effects),
    .config = config,
    .config_len = MC_LEN(config),
    .retention = retention,
    .retention_len = MC_LEN(retention),
    .ctx_size = sizeof(struct notification),
    .boot = boot,
    .problem = notification_mail_problem,
    .tick = notification_tick,
    .tick_ms = MINUTE,
};
