/*
 * partner: other systems. «Kiểm tra API» calls a local system as the portal would and shows what
 * came back; what is kept of such checks is made again every night as a contract test. What happens
 * to a unit's dossiers and payments is a feed of CloudEvents, read by who asks (ReadFeed, the
 * gateway's /events) or posted and signed to webhooks.
 *
 * An address that somebody typed goes through the guard (common/guard.h) twice: as text, and as the
 * address that is connected to. What was sent and answered is sealed: it may name people.
 */
#include <stdio.h>

#include "check.h"
#include "feed.h"

/* clang-format off */
#define CHECKERS (MC_OFFICER | MC_OPERATOR)
#define PARTNER_CHECK_ROUTES(X)                                                                                                    \
    X(ListApiTypes,     partner_list_api_types,     Partner__ListApiTypesRequest,     Partner__ListApiTypesReply,     MC_READ,         CHECKERS, PARTNER_RIGHT_CHECK) \
    X(StartApiCheck,    partner_start_api_check,    Partner__StartApiCheckRequest,    Partner__ApiCheck,              MC_WRITE_SECRET, CHECKERS, PARTNER_RIGHT_CHECK) \
    X(GetApiCheck,      partner_get_api_check,      Partner__GetApiCheckRequest,      Partner__ApiCheck,              MC_READ,         CHECKERS, PARTNER_RIGHT_CHECK) \
    X(ListApiChecks,    partner_list_api_checks,    Partner__ListApiChecksRequest,    Partner__ListApiChecksReply,    MC_READ,         CHECKERS, PARTNER_RIGHT_CHECK) \
    X(KeepContract,     partner_keep_contract,      Partner__KeepContractRequest,     Partner__Contract,              MC_WRITE_SECRET, CHECKERS, PARTNER_RIGHT_CHECK) \
    X(ListContracts,    partner_list_contracts,     Partner__ListContractsRequest,    Partner__ListContractsReply,    MC_READ,         CHECKERS, PARTNER_RIGHT_CHECK) \
    X(RunContract,      partner_run_contract,       Partner__RunContractRequest,      Partner__ApiCheck,              MC_WRITE_SECRET, CHECKERS, PARTNER_RIGHT_CHECK) \
    X(ListContractRuns, partner_list_contract_runs, Partner__ListContractRunsRequest, Partner__ListContractRunsReply, MC_READ,         CHECKERS, PARTNER_RIGHT_CHECK) \
    X(EndContract,      partner_end_contract,       Partner__EndContractRequest,      Partner__Contract,              MC_WRITE_SECRET, CHECKERS, PARTNER_RIGHT_CHECK)

/* A session outside a unit hears nothing; a portal has a session of its own unit. */
#define PARTNER_FEED_ROUTES(X)                                                                                                            \
    X(ReadFeed,            partner_read_feed,             Partner__ReadFeedRequest,            Partner__ReadFeedReply,     MC_READ,         CHECKERS, NULL) \
    X(SaveWebhook,         partner_save_webhook,          Partner__SaveWebhookRequest,         Partner__SaveWebhookReply,  MC_WRITE_SECRET, CHECKERS, PARTNER_RIGHT_ADMIN) \
    X(GetWebhook,          partner_get_webhook,           Partner__GetWebhookRequest,          Partner__Webhook,           MC_READ,         CHECKERS, PARTNER_RIGHT_ADMIN) \
    X(ListWebhooks,        partner_list_webhooks,         Partner__ListWebhooksRequest,        Partner__ListWebhooksReply, MC_READ,         CHECKERS, PARTNER_RIGHT_ADMIN) \
    X(RotateWebhookSecret, partner_rotate_webhook_secret, Partner__RotateWebhookSecretRequest, Partner__SaveWebhookReply,  MC_WRITE_SECRET, CHECKERS, PARTNER_RIGHT_ADMIN) \
    X(ResumeWebhook,       partner_resume_webhook,        Partner__ResumeWebhookRequest,       Partner__Webhook,           MC_WRITE_SECRET, CHECKERS, PARTNER_RIGHT_ADMIN) \
    X(RemoveWebhook,       partner_remove_webhook,        Partner__RemoveWebhookRequest,       Partner__Webhook,           MC_WRITE_SECRET, CHECKERS, PARTNER_RIGHT_ADMIN)

static const char *const tables[PARTNER_TABLES_END - MC_TABLE_ROOM] = {
    [PARTNER_CHECKS - MC_TABLE_ROOM]        = "checks",        /* check id -> Check */
    [PARTNER_BY_UNIT - MC_TABLE_ROOM]       = "by_unit",       /* see unit.c */
    [PARTNER_BUDGETS - MC_TABLE_ROOM]       = "budgets",       /* "o" or "u", blind -> Budget */
    [PARTNER_CONTRACTS - MC_TABLE_ROOM]     = "contracts",     /* contract id -> Contract */
    [PARTNER_CONTRACT_RUNS - MC_TABLE_ROOM] = "contract_runs", /* contract id, check id -> ContractRun */
    [PARTNER_CONTRACTS_DUE - MC_TABLE_ROOM] = "contracts_due", /* time, contract id -> nothing */
    [PARTNER_FEED - MC_TABLE_ROOM]          = "feed",          /* see feed.c */
    [PARTNER_FEED_UNITS - MC_TABLE_ROOM]    = "feed_units",    /* see feed.c */
    [PARTNER_WEBHOOKS - MC_TABLE_ROOM]      = "webhooks",      /* webhook id -> Webhook */
    [PARTNER_WEBHOOK_UNITS - MC_TABLE_ROOM] = "webhook_units", /* unit, NUL, webhook id -> nothing */
};

static const char *const lanes[PARTNER_LANES_LEN] = {
    [PARTNER_LANE_CHECK] = "check",
    [PARTNER_LANE_WEBHOOK] = "webhook",
};

#define MINUTE INT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
#define AT(field) offsetof(struct partner, field)
static const struct mc_config_key config[] = {
    {"partner.check_networks",     MC_CONFIG_LIST,     AT(check_networks),     "",      0, 64,             "Networks that are not public and may be called all the same: 127.0.0.0/8 for a sandbox."},
    {"partner.check_ports",        MC_CONFIG_LIST,     AT(check_ports),        "80,443,8080,8443", 0, 64,  "Ports that an address given by somebody may name."},
    {"partner.allow_plain_http",   MC_CONFIG_BOOL,     AT(allow_plain_http),   "false", 0, 0,              "Let such addresses begin with http://."},
    {"partner.checks_per_officer", MC_CONFIG_INT,      AT(checks_per_officer), "60",    1, 100000,         "API checks one officer may make in an hour."},
    {"partner.checks_per_unit",    MC_CONFIG_INT,      AT(checks_per_unit),    "300",   1, 100000,         "API checks a unit may make in an hour."},
    {"partner.check_life",         MC_CONFIG_DURATION, AT(check_life_ms),      "90d",   HOUR, 3660 * DAY,  "How long a check and its answer are kept."},
    {"partner.contract_hour",      MC_CONFIG_INT,      AT(contract_hour),      "2",     0, 23,             "From which hour of the night contract tests are run."},
    {"partner.contract_spread",    MC_CONFIG_DURATION, AT(contract_spread_ms), "2h",    1000, 12 * HOUR,   "Over how long a time the night's contract tests are spread."},
    {"partner.feed_life",          MC_CONFIG_DURATION, AT(feed_life_ms),       "7d",    HOUR, 366 * DAY,   "How long events are kept for who reads or is sent them."},
    {"partner.webhook_patience",   MC_CONFIG_DURATION, AT(webhook_patience_ms), "3d",   1000, 60 * DAY,    "So long a webhook may fail before it is disabled."},
};

static const struct mc_effect effects[] = {
    {.kind = "check.call", .lane = PARTNER_LANE_CHECK, .payload = &partner_state__check_call__descriptor,
     .http = partner_check_http, .done = partner_check_done, .lease_ms = PARTNER_CHECK_LEASE_MS, .concurrency = 16, .ask_first = true},
    {.kind = "webhook.send", .lane = PARTNER_LANE_WEBHOOK, .payload = &partner_state__webhook_send__descriptor,
     .http = partner_webhook_http, .done = partner_webhook_done, .lease_ms = PARTNER_WEBHOOK_LEASE_MS, .concurrency = 16},
};

MC_FOLLOW_CALL(struct partner, partner_feed_dossier, Dossier__Changed)
MC_FOLLOW_CALL(struct partner, partner_feed_payment, Payment__OrderChanged)

static const struct mc_follow follows[] = {
    {"dossier", "dossier.sent",             &dossier__changed__descriptor,       partner_feed_dossier_event},
    {"dossier", "dossier.accepted",         &dossier__changed__descriptor,       partner_feed_dossier_event},
    {"dossier", "dossier.advanced",         &dossier__changed__descriptor,       partner_feed_dossier_event},
    {"dossier", "dossier.supplemented",     &dossier__changed__descriptor,       partner_feed_dossier_event},
    {"dossier", "dossier.paid",             &dossier__changed__descriptor,       partner_feed_dossier_event},
    {"dossier", "dossier.refunded",         &dossier__changed__descriptor,       partner_feed_dossier_event},
    {"payment", "payment.order_created",    &payment__order_changed__descriptor, partner_feed_payment_event},
    {"payment", "payment.paid",             &payment__order_changed__descriptor, partner_feed_payment_event},
    {"payment", "payment.refunded",         &payment__order_changed__descriptor, partner_feed_payment_event},
    {"payment", "payment.order_expired",    &payment__order_changed__descriptor, partner_feed_payment_event},
    {"payment", "payment.order_cancelled",  &payment__order_changed__descriptor, partner_feed_payment_event},
};
/* clang-format on */

#define PARTNER_CALL(method, fn, req, rep, ...) MC_ROUTE_CALL(struct partner, fn, req, rep)
PARTNER_CHECK_ROUTES(PARTNER_CALL)
PARTNER_FEED_ROUTES(PARTNER_CALL)

static const struct mc_route routes[] = {PARTNER_CHECK_ROUTES(MC_ROUTE_ROW)
                                             PARTNER_FEED_ROUTES(MC_ROUTE_ROW)};

static enum mc_status boot(void *ctx, struct mc_boot *with)
{
    struct partner *partner = ctx;

    partner->guard = (struct mc_guard){
        .networks = &partner->check_networks,
        .ports = &partner->check_ports,
        .allow_plain = partner->allow_plain_http,
    };
    if (!mc_guard_is_sound(&partner->guard)) {
        (void)snprintf(with->why, sizeof with->why,
                       "partner.check_networks or partner.check_ports: not a network or a port");
        return MC_INVALID;
    }
    return partner_book_read(&partner->book, with->why, sizeof with->why);
}

const struct mc_room partner_room = {
    .name = "partner",
    .proto = &partner__partner__descriptor,
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
    .ctx_size = sizeof(struct partner),
    .boot = boot,
    .tick = partner_tick,
    .tick_ms = 10000,
};
