/*
 * notification: what people are told.
 *
 * It follows the rooms where things happen to people. Which event becomes a notice, and whether an
 * SMS goes along, is a table (data/rules.csv); the words are another (data/templates.csv); a table
 * that does not fit stops the boot. Every notice is in the portal's inbox of its account, word for
 * word as it was told, with template and version (NOT-01); its SMS goes through the otp room's
 * queue, behind all codes. ListInbox and MarkRead are for the account's own session.
 *
 * What would be told to an account that was merged is told to the one it went into.
 *
 * Names and phones come sealed from identity's journal and stay sealed here, as do all texts.
 */
#include <stddef.h>

#include "notification.h"

/* clang-format off */
/*    method      handler                  request                         reply                         mode             who         right */
#define NOTIFICATION_ROUTES(X)                                                                                                                  \
    X(ListInbox,  notification_list_inbox, Notification__ListInboxRequest, Notification__ListInboxReply, MC_READ,         MC_CITIZEN, NULL) \
    X(MarkRead,   notification_mark_read,  Notification__MarkReadRequest,  Notification__MarkReadReply,  MC_WRITE,        MC_CITIZEN, NULL)

static const char *const tables[NOTIFICATION_TABLES_END - MC_TABLE_ROOM] = {
    [NOTIFICATION_NOTICES  - MC_TABLE_ROOM] = "notices",  /* account id, notice id -> Notice */
    [NOTIFICATION_UNREAD   - MC_TABLE_ROOM] = "unread",   /* account id, notice id -> nothing */
    [NOTIFICATION_INBOXES  - MC_TABLE_ROOM] = "inboxes",  /* account id            -> Inbox */
    [NOTIFICATION_ACCOUNTS - MC_TABLE_ROOM] = "accounts", /* account id            -> Account */
    [NOTIFICATION_ALIASES  - MC_TABLE_ROOM] = "aliases",  /* merged account id     -> the account it went into */
    [NOTIFICATION_WAITING  - MC_TABLE_ROOM] = "waiting",  /* notice id             -> account id: its SMS is held */
};

static const char *const lanes[NOTIFICATION_LANES_LEN] = {
    [NOTIFICATION_LANE_SMS] = "sms",
};

#define MINUTE INT64_C(60000)
#define HOUR   INT64_C(3600000)
static const struct mc_config_key config[] = {
    {"notification.sms_life", MC_CONFIG_DURATION, offsetof(struct notification, sms_life_ms), "24h", HOUR, 72 * HOUR, "How old a notice may be when its SMS is sent; later it is no news."},
};

static const struct mc_effect effects[] = {
    {.kind = "otp.enqueue", .lane = NOTIFICATION_LANE_SMS, .payload = &notification_state__sms__descriptor,
     .call = notification_sms_call, .done = notification_sms_done, .lease_ms = NOTIFICATION_SMS_LEASE_MS, .concurrency = 64},
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
};
/* clang-format on */

#define NOTIFICATION_CALL(method, fn, req, rep, ...)                                               \
    MC_ROUTE_CALL(struct notification, fn, req, rep)
NOTIFICATION_ROUTES(NOTIFICATION_CALL)

static const struct mc_route routes[] = {NOTIFICATION_ROUTES(MC_ROUTE_ROW)};

extern const char mc_data_rules[];
extern const size_t mc_data_rules_len;
extern const char mc_data_templates[];
extern const size_t mc_data_templates_len;

static enum mc_status boot(void *ctx, struct mc_boot *with)
{
    struct notification *notification = ctx;

    return notification_book_read(
        &notification->book, (struct mc_bytes){mc_data_rules, mc_data_rules_len},
        (struct mc_bytes){mc_data_templates, mc_data_templates_len}, with->why, sizeof with->why);
}

const struct mc_room notification_room = {
    .name = "notification",
    .proto = &notification__notification__descriptor,
    .routes = routes,
    .routes_len = MC_LEN(routes),
    .tables = tables,
    .tables_len = MC_LEN(tables),
    .lanes = lanes,
    .lanes_len = MC_LEN(lanes),
    .follows = follows,
    .follows_len = MC_LEN(follows),
    .effects = effects,
    .effects_len = MC_LEN(effects),
    .config = config,
    .config_len = MC_LEN(config),
    .ctx_size = sizeof(struct notification),
    .boot = boot,
    .tick = notification_tick,
    .tick_ms = MINUTE,
};
