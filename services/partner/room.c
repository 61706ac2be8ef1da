/*
 * partner: other systems. «Kiểm tra API» calls a local system as the portal would and shows what
 * came back; what is kept of such checks is made again every night as a contract test. When a
 * partner has taken a payment's voucher, its integration certificate is issued (certificate.c).
 * What happens to a unit's dossiers and payments is a feed of CloudEvents, read by who asks
 * (ReadFeed, the gateway's /events) or posted and signed to webhooks. Partners' own calls (the
 * gateway's /dvcqg/v1) are told apart here, and which method of which room they are.
 *
 * An address that somebody typed goes through the guard (common/guard.h) twice: as text, and as the
 * address that is connected to. What was sent and answered is sealed: it may name people.
 */
#include <stdio.h>

#include "check.h"
#include "delivery.h"
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

#define PARTNER_CERTIFICATE_ROUTES(X)                                                                                                    \
    X(ListCertificates,  partner_list_certificates,  Partner__ListCertificatesRequest,  Partner__ListCertificatesReply,  MC_READ, CHECKERS,  PARTNER_RIGHT_CHECK) \
    X(GetCertificate,    partner_get_certificate,    Partner__GetCertificateRequest,    Partner__IntegrationCertificate, MC_READ, CHECKERS,  PARTNER_RIGHT_CHECK) \
    X(VerifyCertificate, partner_verify_certificate, Partner__VerifyCertificateRequest, Partner__VerifyCertificateReply, MC_READ, MC_ANYONE, NULL)

/* A session outside a unit hears nothing; a portal has a session of its own unit. */
#define PARTNER_FEED_ROUTES(X)                                                                                                            \
    X(ReadFeed,            partner_read_feed,             Partner__ReadFeedRequest,            Partner__ReadFeedReply,     MC_READ,         CHECKERS, NULL) \
    X(ReadMemberFeed,      partner_read_member_feed,      Partner__ReadMemberFeedRequest,      Partner__ReadFeedReply,     MC_READ,         MC_ROOM,  NULL) \
    X(SaveWebhook,         partner_save_webhook,          Partner__SaveWebhookRequest,         Partner__SaveWebhookReply,  MC_WRITE_SECRET, CHECKERS, PARTNER_RIGHT_ADMIN) \
    X(GetWebhook,          partner_get_webhook,           Partner__GetWebhookRequest,          Partner__Webhook,           MC_READ,         CHECKERS, PARTNER_RIGHT_ADMIN) \
    X(ListWebhooks,        partner_list_webhooks,         Partner__ListWebhooksRequest,        Partner__ListWebhooksReply, MC_READ,         CHECKERS, PARTNER_RIGHT_ADMIN) \
    X(RotateWebhookSecret, partner_rotate_webhook_secret, Partner__RotateWebhookSecretRequest, Partner__SaveWebhookReply,  MC_WRITE_SECRET, CHECKERS, PARTNER_RIGHT_ADMIN) \
    X(ResumeWebhook,       partner_resume_webhook,        Partner__ResumeWebhookRequest,       Partner__Webhook,           MC_WRITE_SECRET, CHECKERS, PARTNER_RIGHT_ADMIN) \
    X(RemoveWebhook,       partner_remove_webhook,        Partner__RemoveWebhookRequest,       Partner__Webhook,           MC_WRITE_SECRET, CHECKERS, PARTNER_RIGHT_ADMIN)
/* Who puts partners down and changes them, and who only looks. */
#define PARTNER_REGISTRY_ROUTES(X)                                                                                                 \
    X(SavePartner,        partner_save_partner,         Partner__SavePartnerRequest,        Partner__PartnerView,             MC_WRITE_SECRET, CHECKERS, PARTNER_RIGHT_ADMIN) \
    X(GetPartner,         partner_get_partner,          Partner__GetPartnerRequest,         Partner__PartnerView,             MC_READ,         CHECKERS, PARTNER_RIGHT_CHECK) \
    X(ListPartners,       partner_list_partners,        Partner__ListPartnersRequest,       Partner__ListPartnersReply,       MC_READ,         CHECKERS, PARTNER_RIGHT_CHECK) \
    X(ListPartnerChanges, partner_list_partner_changes, Partner__ListPartnerChangesRequest, Partner__ListPartnerChangesReply, MC_READ,         CHECKERS, PARTNER_RIGHT_CHECK) \
    X(SaveCredential,     partner_save_credential,      Partner__SaveCredentialRequest,     Partner__PartnerView,             MC_WRITE_SECRET, CHECKERS, PARTNER_RIGHT_ADMIN) \
    X(EndCredential,      partner_end_credential,       Partner__EndCredentialRequest,      Partner__PartnerView,             MC_WRITE_SECRET, CHECKERS, PARTNER_RIGHT_ADMIN) \
    X(PausePartner,       partner_pause_partner,        Partner__PausePartnerRequest,       Partner__PartnerView,             MC_WRITE_SECRET, CHECKERS, PARTNER_RIGHT_ADMIN) \
    X(ResumePartner,      partner_resume_partner,       Partner__ResumePartnerRequest,      Partner__PartnerView,             MC_WRITE_SECRET, CHECKERS, PARTNER_RIGHT_ADMIN) \
    X(ListDeliveries,     partner_list_deliveries,      Partner__ListDeliveriesRequest,     Partner__ListDeliveriesReply,     MC_READ,         CHECKERS, PARTNER_RIGHT_CHECK) \
    X(GetDelivery,        partner_get_delivery,         Partner__GetDeliveryRequest,        Partner__Delivery,                MC_READ,         CHECKERS, PARTNER_RIGHT_CHECK) \
    X(MarkDelivered,      partner_mark_delivered,       Partner__MarkDeliveredRequest,      Partner__Delivery,                MC_WRITE,        CHECKERS, PARTNER_RIGHT_ADMIN) \
    X(ListCircuits,       partner_list_circuits,        Partner__ListCircuitsRequest,       Partner__ListCircuitsReply,       MC_READ,         CHECKERS, PARTNER_RIGHT_CHECK)

/* These are the gateway's: what a partner's system sent, handed on as it came. */
#define PARTNER_INBOUND_ROUTES(X)                                                                                                                       \
    X(InboundSession,    partner_inbound_session,     Motcua__WebhookRequest,            Motcua__WebhookReply,            MC_WRITE_FRESH,  MC_ROOM,  NULL) \
    X(InboundCall,       partner_inbound_call,        Motcua__WebhookRequest,            Partner__InboundCallReply,       MC_WRITE_FRESH,  MC_ROOM,  NULL)

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
    [PARTNER_PARTNERS - MC_TABLE_ROOM]      = "partners",      /* partner id -> Partner */
    [PARTNER_UNITS - MC_TABLE_ROOM]         = "partner_units", /* see registry.c */
    [PARTNER_CHANGES - MC_TABLE_ROOM]       = "partner_changes", /* partner id, NUL, number -> Change */
    [PARTNER_CIRCUITS - MC_TABLE_ROOM]      = "circuits",      /* partner id -> Circuit */
    [PARTNER_SESSIONS - MC_TABLE_ROOM]      = "sessions",      /* partner id, NUL, keyed hash of the URL -> Session */
    [PARTNER_DELIVERIES - MC_TABLE_ROOM]    = "deliveries",    /* delivery id -> Delivery; the rest: see delivery.h */
    [PARTNER_STREAMS - MC_TABLE_ROOM]       = "streams",
    [PARTNER_KNOWN - MC_TABLE_ROOM]         = "known",
    [PARTNER_LISTED - MC_TABLE_ROOM]        = "listed",
    [PARTNER_INBOUND - MC_TABLE_ROOM]       = "inbound",       /* partner id -> Inbound */
    [PARTNER_INBOUND_NAMES - MC_TABLE_ROOM] = "inbound_names", /* keyed hash of a user name -> partner id */
    [PARTNER_CERTIFICATES - MC_TABLE_ROOM]  = "certificates",  /* certificate id -> Certificate */
    [PARTNER_CERTIFIED - MC_TABLE_ROOM]     = "certified",     /* see certificate.c */
};

static const char *const lanes[PARTNER_LANES_LEN] = {
    [PARTNER_LANE_CHECK] = "check",
    [PARTNER_LANE_WEBHOOK] = "webhook",
    [PARTNER_LANE_DELIVER] = "deliver",
    [PARTNER_LANE_ROOMS] = "rooms",
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
    {"partner.call_test_systems",  MC_CONFIG_BOOL,     AT(call_test_systems),  "false", 0, 0,              "Send to partners that are no production systems, too."},
    {"partner.file_base",          MC_CONFIG_STRING,   AT(file_base),          "",      0, 256,            "Where partners fetch receipts and vouchers: an address that the number follows; empty: none is told."},
    {"partner.door_url",           MC_CONFIG_STRING,   AT(door_url),           "",      0, 256,            "Where partners reach the gateway's /dvcqg/v1: a dossier's files are told as addresses below it; empty: none is told."},
    {"partner.session_life",       MC_CONFIG_DURATION, AT(session_life_ms),    "20m",   1000, DAY,         "How long a partner's session is used before a new one is asked for."},
    {"partner.retry_first",        MC_CONFIG_DURATION, AT(retry_first_ms),     "10s",   10, HOUR,          "The pause after a delivery's first attempt that failed; it doubles."},
    {"partner.retry_max",          MC_CONFIG_DURATION, AT(retry_max_ms),       "1h",    10, DAY,           "The longest such pause."},
    {"partner.give_up",            MC_CONFIG_DURATION, AT(give_up_ms),         "24h",   1000, 30 * DAY,    "How long after its first attempt a delivery is left to an operator."},
    {"partner.late_after",         MC_CONFIG_INT,      AT(late_after),         "5",     1, 1000,           "Attempts that fail before it is told that a delivery is late."},
    {"partner.refused_max",        MC_CONFIG_INT,      AT(refused_max),        "6",     1, 1000,           "Attempts that a partner refuses before a delivery is left to an operator."},
    {"partner.probe_first",        MC_CONFIG_DURATION, AT(probe_first_ms),     "30s",   10, HOUR,          "How long a partner that does not answer is left alone at first; it doubles, up to ten minutes."},
    {"partner.delivery_life",      MC_CONFIG_DURATION, AT(delivery_life_ms),   "90d",   HOUR, 3660 * DAY,  "How long a delivery is kept when it is over."},
    {"partner.own_dstcode",        MC_CONFIG_STRING,   AT(own_dstcode),        "",      0, 64,             "The dstcode by which partners that call us mean us; empty: whatever they name."},
    {"partner.check_limit",        MC_CONFIG_DURATION, AT(check_limit_ms),     "5m",    1000, DAY,         "An API check that waits longer is late: Stats and the forecast say so, and alerts are sent."},
    {"partner.rooms_limit",        MC_CONFIG_DURATION, AT(rooms_limit_ms),     "5m",    1000, DAY,         "The same for what other rooms are asked and told, for partners."},
    {"partner.inbound_life",       MC_CONFIG_DURATION, AT(inbound_life_ms),    "30m",   MINUTE, DAY,       "How long a session of a partner that calls us lasts."},
    {"partner.inbound_per_minute", MC_CONFIG_INT,      AT(inbound_per_minute), "600",   1, 1000000,        "Calls a partner may make in a minute."},
};

static const struct mc_effect effects[] = {
    {.kind = "check.call", .lane = PARTNER_LANE_CHECK, .payload = &partner_state__check_call__descriptor,
     .http = partner_check_http, .done = partner_check_done, .lease_ms = PARTNER_CHECK_LEASE_MS, .concurrency = 16, .ask_first = true},
    {.kind = "webhook.send", .lane = PARTNER_LANE_WEBHOOK, .payload = &partner_state__webhook_send__descriptor,
     .http = partner_webhook_http, .done = partner_webhook_done, .lease_ms = PARTNER_WEBHOOK_LEASE_MS, .concurrency = 16},
    {.kind = "deliver", .lane = PARTNER_LANE_DELIVER, .payload = &partner_state__work__descriptor,
     .http_now = partner_deliver_http, .done = partner_deliver_done, .lease_ms = PARTNER_DELIVER_LEASE_MS, .concurrency = 192, .gate = partner_gate},
    {.kind = "gather", .lane = PARTNER_LANE_ROOMS, .payload = &partner_state__work__descriptor,
     .call = partner_gather_call, .done = partner_gather_done, .lease_ms = PARTNER_ROOM_LEASE_MS, .concurrency = 32},
    {.kind = "report", .lane = PARTNER_LANE_ROOMS, .payload = &partner_state__report__descriptor,
     .call = partner_report_call, .done = partner_report_done, .lease_ms = PARTNER_ROOM_LEASE_MS, .concurrency = 32},
};

/* One event, two readers: portals that are told of it, and the partner it is delivered to. */
static enum mc_status partner_dossier_heard(struct partner *partner, struct mc_txn *txn,
                                            const Motcua__Event *event, const Dossier__Changed *body)
{
    enum mc_status status = partner_feed_dossier(partner, txn, event, body);

    return status == MC_OK ? partner_dossier_changed(partner, txn, event, body) : status;
}

MC_FOLLOW_CALL(struct partner, partner_dossier_heard, Dossier__Changed)
MC_FOLLOW_CALL(struct partner, partner_dossier_changed, Dossier__Changed)
MC_FOLLOW_CALL(struct partner, partner_voucher_issued, Payment__VoucherIssued)
MC_FOLLOW_CALL(struct partner, partner_receipt_printed, Payment__ReceiptChanged)
MC_FOLLOW_CALL(struct partner, partner_feed_payment, Payment__OrderChanged)
MC_FOLLOW_CALL(struct partner, partner_member_account, Identity__MemberAccount)

static const struct mc_follow follows[] = {
    {"dossier", "dossier.sent",             &dossier__changed__descriptor,       partner_dossier_heard_event},
    {"dossier", "dossier.accepted",         &dossier__changed__descriptor,       partner_dossier_heard_event},
    {"dossier", "dossier.advanced",         &dossier__changed__descriptor,       partner_dossier_heard_event},
    {"dossier", "dossier.supplemented",     &dossier__changed__descriptor,       partner_dossier_heard_event},
    {"dossier", "dossier.paid",             &dossier__changed__descriptor,       partner_dossier_heard_event},
    {"dossier", "dossier.refunded",         &dossier__changed__descriptor,       partner_dossier_heard_event},
    {"payment", "payment.order_created",    &payment__order_changed__descriptor, partner_feed_payment_event},
    {"payment", "payment.paid",             &payment__order_changed__descriptor, partner_feed_payment_event},
    {"payment", "payment.refunded",         &payment__order_changed__descriptor, partner_feed_payment_event},
    {"payment", "payment.order_expired",    &payment__order_changed__descriptor, partner_feed_payment_event},
    {"payment", "payment.order_cancelled",  &payment__order_changed__descriptor, partner_feed_payment_event},
    {"dossier", "dossier.return_chosen",    &dossier__changed__descriptor,       partner_dossier_changed_event},
    {"payment", "payment.voucher_issued",   &payment__voucher_issued__descriptor,  partner_voucher_issued_event},
    {"payment", "payment.receipt_printed",  &payment__receipt_changed__descriptor, partner_receipt_printed_event},
    {"identity", "identity.member_account", &identity__member_account__descriptor, partner_member_account_event},
};
/* clang-format on */

#define PARTNER_CALL(method, fn, req, rep, ...) MC_ROUTE_CALL(struct partner, fn, req, rep)
PARTNER_CHECK_ROUTES(PARTNER_CALL)
PARTNER_CERTIFICATE_ROUTES(PARTNER_CALL)
PARTNER_FEED_ROUTES(PARTNER_CALL)
PARTNER_REGISTRY_ROUTES(PARTNER_CALL)
PARTNER_INBOUND_ROUTES(PARTNER_CALL)

static const struct mc_route routes[] = {
    PARTNER_CHECK_ROUTES(MC_ROUTE_ROW) PARTNER_CERTIFICATE_ROUTES(MC_ROUTE_ROW)
        PARTNER_FEED_ROUTES(MC_ROUTE_ROW) PARTNER_REGISTRY_ROUTES(MC_ROUTE_ROW)
            PARTNER_INBOUND_ROUTES(MC_ROUTE_ROW)};

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
    partner->sign_secret = with->sign_secret;
    return partner_book_read(&partner->book, with->why, sizeof with->why);
}

/* Deliveries and webhooks wait for who does not answer, each for a time of its own, and tell of it
 * themselves (late_after, webhook_patience). */
static int64_t lane_limit_ms(const void *ctx, unsigned lane)
{
    const struct partner *partner = ctx;

    if (lane == PARTNER_LANE_CHECK)
        return partner->check_limit_ms;
    return lane == PARTNER_LANE_ROOMS ? partner->rooms_limit_ms : 0;
}

/* Deliveries go to partners, events to webhooks: what is typed wrong would hold up neither. */
static bool knows_destination(const void *ctx, struct mc_txn *txn, unsigned lane,
                              const char *destination)
{
    uint8_t id[MC_ID_LEN];
    Partner__Webhook *told;

    (void)ctx;
    if (lane == PARTNER_LANE_DELIVER)
        return partner_load(txn, destination) != NULL;
    if (lane == PARTNER_LANE_WEBHOOK)
        return mc_unhex(id, sizeof id, mc_key_text(destination)) &&
               partner_webhook_load(txn, (struct mc_bytes){id, sizeof id}, &told) != NULL;
    return true; /* hosts that are checked, and rooms */
}

/* OURS: no law that we know of names a time. */
#define OURS "ours"
/* clang-format off */
static const struct mc_retention retention[] = {
    {.rule = "deliveries", .what = "What was sent to partners, once it is over", .key = "partner.delivery_life", .source = OURS, .table = PARTNER_DELIVERIES, .sweep = partner_deliveries_sweep},
    {.rule = "delivery_bodies", .what = "The data of a delivery", .until = "until it is acknowledged", .source = OURS, .action = MC_RETAIN_FORGET},
    {.rule = "events", .what = "Events for webhooks and readers", .key = "partner.feed_life", .source = OURS},
    {.rule = "checks", .what = "API checks and their answers", .key = "partner.check_life", .source = OURS, .table = PARTNER_CHECKS},
    {.rule = "contract_runs", .what = "Runs of contract tests", .keep_ms = PARTNER_RUN_LIFE_MS, .source = OURS},
};
/* clang-format on */

const struct mc_room partner_room = {
    .name = "partner",
    .proto = &partner__partner__descriptor,
    .routes = routes,
    .routes_len = MC_LEN(routes),
    .tables = tables,
    .tables_len = MC_LEN(tables),
    .lanes = lanes,
    .lanes_len = MC_LEN(lanes),
    .lane_limit_ms = lane_limit_ms,
    .knows_destination = knows_destination,
    .follows = follows,
    .follows_len = MC_LEN(follows),
    .effects = effects,
    .effects_len = MC_LEN(effects),
    .config = config,
    .config_len = MC_LEN(config),
    .retention = retention,
    .retention_len = MC_LEN(retention),
    .ctx_size = sizeof(struct partner),
    .boot = boot,
    .tick = partner_tick,
    .tick_ms = 10000,
};
