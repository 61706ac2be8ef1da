/*
 * otp: proves that a person holds a phone, and keeps the queue all SMS go through.
 *
 * Issue makes a code and queues its text in one transaction; Verify answers a code and, when it is
 * right, gives a signed proof that the asking room checks by itself. Resend, Verify and Status are
 * open to everybody: the subject, 16 bytes nobody can guess, is what entitles. A code is charged to
 * its phone, and to the person, officer, unit and address prefix the asking room names (budget.c);
 * where many are sent and few entered there are few from then on (pumping.c).
 *
 * SMS gateways lease jobs (codes, then notices, then bulk), acknowledge or return them, and report
 * what carriers tell later. A lease that runs out gives the job to the next one; the old token is
 * refused from then on. Operators may stop a gateway, one that does badly gets less (health.c), and
 * a code that failed at one is left to another for a moment. A code's text never leaves when what
 * is left of its life is of no use, and is wiped when its job is over.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "otp.h"

#define GATEWAY (MC_SMS | MC_OPERATOR)

/* clang-format off */
/*    method           handler               request                      reply                      mode             who         right */
#define OTP_ROUTES(X)                                                                                                                   \
    X(Issue,           otp_issue,            Otp__IssueRequest,           Otp__IssueReply,           MC_WRITE,        MC_ROOM,    NULL) \
    X(Resend,          otp_resend,           Otp__ResendRequest,          Otp__IssueReply,           MC_WRITE,        MC_ANYONE,  NULL) \
    X(Verify,          otp_verify,           Otp__VerifyRequest,          Otp__VerifyReply,          MC_WRITE_SECRET, MC_ANYONE,  NULL) \
    X(Status,          otp_status,           Otp__StatusRequest,          Otp__StatusReply,          MC_READ,         MC_ANYONE,  NULL) \
    X(EnqueueSms,      otp_enqueue_sms,      Otp__EnqueueSmsRequest,      Otp__EnqueueSmsReply,      MC_WRITE,        MC_ROOM,    NULL) \
    X(EnqueueManySms,  otp_enqueue_many_sms, Otp__EnqueueManySmsRequest,  Otp__EnqueueManySmsReply,  MC_WRITE,        MC_ROOM,    NULL) \
    X(LeaseJobs,       otp_lease_jobs,       Otp__LeaseJobsRequest,       Otp__LeaseJobsReply,       MC_WRITE_FRESH,  GATEWAY,    NULL) \
    X(AckJobs,         otp_ack_jobs,         Otp__AckJobsRequest,         Otp__JobResults,           MC_WRITE,        GATEWAY,    NULL) \
    X(NackJobs,        otp_nack_jobs,        Otp__NackJobsRequest,        Otp__JobResults,           MC_WRITE,        GATEWAY,    NULL) \
    X(ReportDelivery,  otp_report_delivery,  Otp__ReportDeliveryRequest,  Otp__ReportDeliveryReply,  MC_WRITE,        GATEWAY,    NULL) \
    X(DeliveryWebhook, otp_delivery_webhook, Motcua__WebhookRequest,      Motcua__WebhookReply,      MC_WRITE,        MC_ROOM,    NULL) \
    X(ListGateways,    otp_list_gateways,    Otp__ListGatewaysRequest,    Otp__ListGatewaysReply,    MC_READ,         MC_OPERATOR, NULL) \
    X(PauseGateway,    otp_pause_gateway,    Otp__PauseGatewayRequest,    Otp__GatewayView,          MC_WRITE,        MC_OPERATOR, NULL) \
    X(ResumeGateway,   otp_resume_gateway,   Otp__ResumeGatewayRequest,   Otp__GatewayView,          MC_WRITE,        MC_OPERATOR, NULL) \
    X(SmsStatus,       otp_sms_status,       Otp__SmsStatusRequest,       Otp__SmsStatusReply,       MC_READ,         MC_ROOM | MC_OFFICER | MC_OPERATOR, NULL) \
    X(SmsCosts,        otp_sms_costs,        Otp__SmsCostsRequest,        Otp__SmsCostsReply,        MC_READ,         MC_OPERATOR, NULL) \
    X(ListAlarms,      otp_list_alarms,      Otp__ListAlarmsRequest,      Otp__ListAlarmsReply,      MC_READ,         MC_OPERATOR, NULL)

static const char *const tables[OTP_TABLES_END - MC_TABLE_ROOM] = {
    [OTP_CHALLENGES - MC_TABLE_ROOM] = "challenges", /* subject, purpose -> Challenge */
    [OTP_PHONES - MC_TABLE_ROOM]     = "phones",     /* hash of the number -> Phone */
    [OTP_MESSAGES - MC_TABLE_ROOM]   = "messages",   /* job id -> Message */
    [OTP_DEDUPE - MC_TABLE_ROOM]     = "dedupe",     /* hash of key and number -> Sent */
    [OTP_LEASES - MC_TABLE_ROOM]     = "leases",     /* caller -> Lease */
    [OTP_BUDGETS - MC_TABLE_ROOM]    = "budgets",    /* hash of who is charged -> Window */
    [OTP_GATEWAYS - MC_TABLE_ROOM]   = "gateways",   /* caller -> Gateway */
    [OTP_COSTS - MC_TABLE_ROOM]      = "costs",      /* month, unit -> Cost */
    [OTP_SHIELDS - MC_TABLE_ROOM]    = "shields",    /* hash of a block of numbers or a unit -> Shield */
    [OTP_ALARMS - MC_TABLE_ROOM]     = "alarms",     /* block of numbers or unit -> Alarm */
};

static const char *const lanes[OTP_LANES_LEN] = {
    [OTP_LANE_OTP]           = "otp",
    [OTP_LANE_TRANSACTIONAL] = "transactional",
    [OTP_LANE_BULK]          = "bulk",
};

#define AT(field) offsetof(struct otp, field)
#define SECOND 1000LL
#define MINUTE (60 * SECOND)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)
static const struct mc_config_key config[] = {
    {"otp.code_life",           MC_CONFIG_DURATION, AT(code_life_ms),           "120s", 30 * SECOND, 10 * MINUTE, "How long a code is good from the moment it is made."},
    {"otp.attempts_max",        MC_CONFIG_INT,      AT(attempts_max),           "5",    1, 10,                   "Wrong tries that kill a code."},
    {"otp.resend_gap",          MC_CONFIG_DURATION, AT(resend_gap_ms),          "60s",  SECOND, 10 * MINUTE,     "The pause before a new code of the same challenge can be asked for."},
    {"otp.sends_short",         MC_CONFIG_INT,      AT(sends_short),            "5",    1, OTP_SENDS_MAX,        "Codes one phone is sent within otp.sends_short_window."},
    {"otp.sends_short_window",  MC_CONFIG_DURATION, AT(sends_short_window_ms),  "15m",  MINUTE, DAY,             "The window of otp.sends_short."},
    {"otp.sends_day",           MC_CONFIG_INT,      AT(sends_day),              "10",   1, OTP_SENDS_MAX,        "Codes one phone is sent within 24 hours."},
    {"otp.sends_identity",      MC_CONFIG_INT,      AT(sends_identity),         "20",   1, OTP_BUDGET_MAX,       "Codes one person is sent within 24 hours, over all phones."},
    {"otp.sends_officer",       MC_CONFIG_INT,      AT(sends_officer),          "60",   1, OTP_BUDGET_MAX,       "Codes one officer has sent within an hour."},
    {"otp.sends_unit",          MC_CONFIG_INT,      AT(sends_unit),             "600",  1, OTP_BUDGET_MAX,       "Codes all officers of one unit have sent within an hour."},
    {"otp.sends_source",        MC_CONFIG_INT,      AT(sends_source),           "300",  1, OTP_BUDGET_MAX,       "Codes sent within an hour to whoever calls from one address prefix."},
    {"otp.dead_codes_max",      MC_CONFIG_INT,      AT(dead_codes_max),         "5",    1, 20,                   "Wrong tries of this many codes within otp.failure_window lock the phone for that purpose; a new code does not reset them."},
    {"otp.failure_window",      MC_CONFIG_DURATION, AT(failure_window_ms),      "1h",   MINUTE, DAY,             "The window of otp.dead_codes_max."},
    {"otp.lock",                MC_CONFIG_DURATION, AT(lock_ms),                "30m",  MINUTE, DAY,             "How long a phone is locked."},
    {"otp.min_useful_life",     MC_CONFIG_DURATION, AT(min_useful_life_ms),     "30s",  0, 5 * MINUTE,           "A code with less life left is not sent any more."},
    {"otp.proof_life",          MC_CONFIG_DURATION, AT(proof_life_ms),          "10m",  MINUTE, HOUR,            "How long the proof of a right code is good."},
    {"otp.challenge_retention", MC_CONFIG_DURATION, AT(challenge_retention_ms), "1h",   10 * MINUTE, 7 * DAY,    "How long a challenge is kept after its last code."},
    {"otp.message_retention",   MC_CONFIG_DURATION, AT(message_retention_ms),   "72h",  HOUR, 90 * DAY,          "How long the delivery state of a message is kept after its last change."},
    {"otp.dedupe_life",         MC_CONFIG_DURATION, AT(dedupe_life_ms),         "72h",  MINUTE, 30 * DAY,        "How long a notice's dedupe key is remembered."},
    {"otp.keep_accents",        MC_CONFIG_BOOL,     AT(keep_accents),           "false", 0, 0,                   "Sends notices with their Vietnamese marks: 70 characters a part instead of 160."},
    {"otp.pumping_window",      MC_CONFIG_DURATION, AT(pumping_window_ms),      "1h",   10 * MINUTE, DAY,        "Over what time codes sent and codes entered are compared."},
    {"otp.pumping_sends",       MC_CONFIG_INT,      AT(pumping_sends),          "100",  5, 1000000,              "A block of numbers or a unit with fewer codes in otp.pumping_window is not suspected."},
    {"otp.pumping_percent",     MC_CONFIG_INT,      AT(pumping_percent),        "20",   1, 99,                   "Codes entered of a hundred sent below which pumping is suspected."},
    {"otp.pumping_most",        MC_CONFIG_INT,      AT(pumping_most),           "20",   5, 1000000,              "Codes a suspected block or unit still gets in otp.pumping_window."},
    {"otp.pumping_hold",        MC_CONFIG_DURATION, AT(pumping_hold_ms),        "6h",   MINUTE, 30 * DAY,        "How long a suspicion lasts that nothing ends before."},
    {"otp.pumping_digits",      MC_CONFIG_INT,      AT(pumping_digits),         "5",    2, 8,                    "Digits, without the leading zero, that make a block of numbers: 5 is 10,000 numbers."},
    {"otp.notice_limit",        MC_CONFIG_DURATION, AT(notice_limit_ms),        "5m",   SECOND, 7 * DAY,         "A notice that waits longer in the transactional lane is late: Stats and the forecast say so."},
    {"otp.bulk_limit",          MC_CONFIG_DURATION, AT(bulk_limit_ms),          "6h",   SECOND, 30 * DAY,        "The same for the bulk lane."},
    {"otp.brandname",           MC_CONFIG_STRING,   AT(brandname),              "DVCQG", 1, OTP_BRANDNAME_MAX,   "Who texts come from, as registered with the carriers: at most 11 letters, digits, space . _ - &"},
    {"otp.report_wait",         MC_CONFIG_DURATION, AT(report_wait_ms),         "15m",  MINUTE, 7 * DAY,         "When a carrier has said nothing for so long, what became of a text is told as unknown."},
    {"otp.hint_after",          MC_CONFIG_DURATION, AT(hint_after_ms),          "20s",  SECOND, 10 * MINUTE,     "A waiting person is told what may be the matter after so long."},
    {"otp.gateway_rates",       MC_CONFIG_LIST,     AT(gateway_rates),          "",     0, OTP_GATEWAYS_MAX,     "SMS parts a second a gateway may take: sms:viettel=50, ...; others have no cap."},
    {"otp.gateway_silent",      MC_CONFIG_DURATION, AT(gateway_silent_ms),      "30s",  10 * SECOND, HOUR,       "A gateway that has not asked for so long is not counted on."},
    {"otp.gateway_leave",       MC_CONFIG_DURATION, AT(gateway_leave_ms),       "5s",   0, MINUTE,               "So long a code that failed at a gateway is left to another that is at work."},
    {"otp.health_slow",         MC_CONFIG_DURATION, AT(health_slow_ms),         "5m",   MINUTE, 10 * MINUTE,     "A text is slow when nothing is heard of its end for so long."},
    {"otp.health_percent",      MC_CONFIG_INT,      AT(health_percent),         "15",   1, 100,                  "Slow or failed texts of a hundred that make a gateway bad."},
    {"otp.health_pause",        MC_CONFIG_DURATION, AT(health_pause_ms),        "5m",   10 * SECOND, HOUR,       "The time between two changes of gateways' shares."},
    {"otp.health_min",          MC_CONFIG_INT,      AT(health_min),             "20",   1, 100000,               "A gateway with fewer texts in a quarter of an hour is not judged."},
};
/* clang-format on */

#define OTP_CALL(method, fn, req, rep, ...) MC_ROUTE_CALL(struct otp, fn, req, rep)
OTP_ROUTES(OTP_CALL)

static const struct mc_route routes[] = {OTP_ROUTES(MC_ROUTE_ROW)};

static enum mc_status refuse_boot(struct mc_boot *boot, const char *why)
{
    (void)snprintf(boot->why, sizeof boot->why, "%s", why);
    return MC_INVALID;
}

static enum mc_status start(void *ctx, struct mc_boot *boot)
{
    struct otp *otp = ctx;

    if (otp->min_useful_life_ms >= otp->code_life_ms)
        return refuse_boot(boot, "otp.min_useful_life: must be shorter than otp.code_life");
    if (otp->challenge_retention_ms < otp->code_life_ms)
        return refuse_boot(boot, "otp.challenge_retention: must not be shorter than otp.code_life");
    if (!otp_templates_read(otp))
        return refuse_boot(boot, "otp_sms_templates.csv cannot be used");
    if (!otp_brandname_is_valid(otp->brandname))
        return refuse_boot(boot, "otp.brandname: at most 11 letters, digits, space . _ - &");
    if (!otp_gateway_rates_read(otp))
        return refuse_boot(boot, "otp.gateway_rates: must read like sms:viettel=50");
    otp_carriers_read(otp);
    otp->sign_secret = boot->sign_secret;
    return MC_OK;
}

/* Codes: as long as they are of use. Notices: the bounds that operators are warned at. */
static int64_t lane_limit_ms(const void *ctx, unsigned lane)
{
    const struct otp *otp = ctx;

    if (lane == OTP_LANE_OTP)
        return otp->code_life_ms - otp->min_useful_life_ms;
    return lane == OTP_LANE_TRANSACTIONAL ? otp->notice_limit_ms : otp->bulk_limit_ms;
}

/* Destinations are carriers: what is typed wrong would wait for one that there is not. */
static bool knows_destination(const void *ctx, struct mc_txn *txn, unsigned lane,
                              const char *destination)
{
    const struct otp *otp = ctx;

    (void)txn;
    (void)lane;
    for (size_t i = 0; i < otp->carriers_len; i++)
        if (strcmp(otp->carriers[i], destination) == 0)
            return true;
    return false;
}

/* OURS: no law that we know of names a time. */
#define OURS "ours"
/* clang-format off */
static const struct mc_retention retention[] = {
    {.rule = "challenges", .what = "Challenges, without their codes", .key = "otp.challenge_retention", .source = "DEC-15", .table = OTP_CHALLENGES},
    {.rule = "texts", .what = "Texts of codes and notices", .until = "until sent, or too old to be", .source = "DEC-15", .action = MC_RETAIN_FORGET},
    {.rule = "messages", .what = "What became of a message, and its number", .key = "otp.message_retention", .source = "DEC-15"},
    {.rule = "dedupe", .what = "Keys of notices that were sent", .key = "otp.dedupe_life", .source = OURS},
    {.rule = "windows", .what = "Counts by number, source and unit", .until = "until their window is over", .source = OURS},
};
/* clang-format on */

const struct mc_room otp_room = {
    .name = "otp",
    .proto = &otp__otp__descriptor,
    .routes = routes,
    .routes_len = MC_LEN(routes),
    .tables = tables,
    .tables_len = MC_LEN(tables),
    /* rows under random keys, one per code, otherwise */
    .staged = 1U << (OTP_PHONES - MC_TABLE_ROOM) | 1U << (OTP_BUDGETS - MC_TABLE_ROOM) |
              1U << (OTP_SHIELDS - MC_TABLE_ROOM),
    .lanes = lanes,
    .lane_limit_ms = lane_limit_ms,
    .knows_destination = knows_destination,
    .lanes_len = MC_LEN(lanes),
    .config = config,
    .config_len = MC_LEN(config),
    .retention = retention,
    .retention_len = MC_LEN(retention),
    .ctx_size = sizeof(struct otp),
    .boot = start,
    .tick = otp_tick,
    .tick_ms = 1000,
};
