/*
 * support: agencies ask for support, members are integrated, people give feedback.
 *
 * A request for support is sent by officers of an agency to Văn phòng Chính phủ, whose technical
 * staff have eight working hours to deal with it. Each step is a row of the state table (stages.c,
 * printed as STATES.md), refused to all others; what changed is kept beside it with what it was
 * before; each outcome is told for «Email phản hồi» (mail.c). Lists and searches walk facets
 * (facet.c), never the requests themselves. Feedback (feedback.h) is anybody's, for one agency,
 * which has working days for each step. The integration of a member is a case of six steps
 * (integration.h). Names, phones, addresses and texts are sealed, and each reading of them is an
 * event.
 */
#include <stdio.h>

#include "common/captcha.h"

#include "feedback.h"
#include "integration.h"

/* clang-format off */
#define SUPPORT_MAKERS  (MC_OFFICER | MC_OPERATOR)
#define SUPPORT_SENDERS (MC_CITIZEN | MC_OFFICER | MC_OPERATOR)
#define SUPPORT_MEMBERS_DOOR (MC_ROOM | MC_OPERATOR)

/*    method          handler                  request                         reply                          mode            who             right */
#define SUPPORT_ROUTES(X)                                                                                                                     \
    X(StartUpload,    support_start_upload,    Support__StartUploadRequest,    Support__UploadReply,          MC_WRITE,       SUPPORT_SENDERS, NULL) \
    X(UploadPart,     support_upload_part,     Support__UploadPartRequest,     Support__UploadReply,          MC_WRITE,       SUPPORT_SENDERS, NULL, NULL, SUPPORT_PART_BODY_MAX) \
    X(FinishUpload,   support_finish_upload,   Support__FinishUploadRequest,   Support__UploadReply,          MC_WRITE,       SUPPORT_SENDERS, NULL) \
    X(GetUpload,      support_get_upload,      Support__GetUploadRequest,      Support__UploadReply,          MC_READ,        SUPPORT_SENDERS, NULL) \
    X(ReadFile,       support_read_file,       Support__ReadFileRequest,       Support__ReadFileReply,        MC_WRITE_FRESH, SUPPORT_SENDERS, NULL, NULL, MC_UPLOAD_MAX) \
    X(LeaseScans,     support_lease_scans,     Motcua__LeaseScansRequest,      Motcua__LeaseScansReply,       MC_WRITE_FRESH, MC_ROOM,        NULL) \
    X(ReadScan,       support_read_scan,       Motcua__ReadScanRequest,        Motcua__ReadScanReply,         MC_READ,        MC_ROOM,        NULL) \
    X(AckScan,        support_ack_scan,        Motcua__AckScanRequest,         Motcua__AckScanReply,          MC_WRITE,       MC_ROOM,        NULL) \
    X(ProposeRequest, support_propose_request, Support__ProposeRequestRequest, Support__ProposeRequestReply,  MC_READ,        SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(CreateRequest,  support_create_request,  Support__CreateRequestRequest,  Support__Request,              MC_WRITE_SECRET, SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(MoveRequest,    support_move_request,    Support__MoveRequestRequest,    Support__Request,              MC_WRITE_SECRET, SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(AssignRequest,  support_assign_request,  Support__AssignRequestRequest,  Support__Request,              MC_WRITE_SECRET, SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(AddComment,     support_add_comment,     Support__AddCommentRequest,     Support__Request,              MC_WRITE_SECRET, SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(GetRequest,     support_get_request,     Support__GetRequestRequest,     Support__Request,              MC_WRITE_FRESH, SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(SearchRequests, support_search_requests, Support__SearchRequestsRequest, Support__SearchRequestsReply,  MC_WRITE_FRESH, SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(ExportRequests, support_export_requests, Support__SearchRequestsRequest, Support__ExportRequestsReply,  MC_WRITE_FRESH, SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE, NULL, MC_UPLOAD_MAX) \
    X(SendFeedback,   support_send_feedback,   Support__SendFeedbackRequest,   Support__Feedback,             MC_WRITE_SECRET, MC_ANYONE,     NULL) \
    X(GetCaptcha,     support_get_captcha,     Support__GetCaptchaRequest,     Support__GetCaptchaReply,      MC_READ,        MC_ANYONE,      NULL) \
    X(GetFeedback,    support_get_feedback,    Support__GetFeedbackRequest,    Support__Feedback,             MC_WRITE_FRESH, MC_ANYONE,      NULL) \
    X(ListMyFeedback, support_list_my_feedback, Support__ListMyFeedbackRequest, Support__ListFeedbackReply,   MC_READ,        MC_CITIZEN | MC_OFFICER, NULL) \
    X(SearchFeedback, support_search_feedback, Support__SearchFeedbackRequest, Support__ListFeedbackReply,    MC_WRITE_FRESH, SUPPORT_MAKERS, SUPPORT_RIGHT_FEEDBACK) \
    X(MoveFeedback,   support_move_feedback,   Support__MoveFeedbackRequest,   Support__Feedback,             MC_WRITE_SECRET, MC_ANYONE,     NULL) \
    X(PublishFeedback, support_publish_feedback, Support__PublishFeedbackRequest, Support__Feedback,          MC_WRITE_SECRET, SUPPORT_MAKERS, SUPPORT_RIGHT_FEEDBACK) \
    X(SearchPublished, support_search_published, Support__SearchPublishedRequest, Support__SearchPublishedReply, MC_READ,     MC_ANYONE,      NULL) \
    X(RateFeedback,   support_rate_feedback,   Support__RateFeedbackRequest,   Support__Feedback,             MC_WRITE_SECRET, MC_ANYONE,     NULL) \
    X(SumFeedback,    support_sum_feedback,    Support__SumFeedbackRequest,    Support__SumFeedbackReply,     MC_READ,        SUPPORT_MAKERS, SUPPORT_RIGHT_FEEDBACK) \
    X(ListForPartner, support_list_for_partner, Support__ListForPartnerRequest, Support__ListForPartnerReply, MC_WRITE_FRESH, SUPPORT_MEMBERS_DOOR, NULL) \
    X(GetAnswer,      support_get_answer,      Support__GetAnswerRequest,      Support__PartnerFeedback,      MC_WRITE_FRESH, SUPPORT_MEMBERS_DOOR, NULL) \
    X(ReceiveAnswer,  support_receive_answer,  Support__ReceiveAnswerRequest,  Support__PartnerFeedback,      MC_WRITE_SECRET, SUPPORT_MEMBERS_DOOR, NULL) \
    X(ReceiveFeedback, support_receive_feedback, Support__ReceiveFeedbackRequest, Support__PartnerFeedback,   MC_WRITE_SECRET, SUPPORT_MEMBERS_DOOR, NULL) \
    X(OpenIntegration, support_open_integration, Support__OpenIntegrationRequest, Support__Integration,       MC_WRITE,       SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(RecordStep,     support_record_step,     Support__RecordStepRequest,     Support__Integration,          MC_WRITE_SECRET, SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(ConfirmIntegration, support_confirm_integration, Support__ConfirmIntegrationRequest, Support__Integration, MC_WRITE_SECRET, SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(GetIntegration, support_get_integration, Support__GetIntegrationRequest, Support__Integration,          MC_READ,        SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(ListIntegrations, support_list_integrations, Support__ListIntegrationsRequest, Support__ListIntegrationsReply, MC_READ, SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(ListStates,     support_list_states,     Support__ListStatesRequest,     Support__ListStatesReply,      MC_READ,        MC_ANYONE,      NULL)

static const char *const tables[] = {
    [SUPPORT_REQUESTS     - MC_TABLE_ROOM] = "requests",     /* request id            -> Request */
    [SUPPORT_CODES        - MC_TABLE_ROOM] = "codes",        /* code                  -> id */
    [SUPPORT_COMMENTS     - MC_TABLE_ROOM] = "comments",     /* id, number            -> Comment (history.c) */
    [SUPPORT_CHANGES      - MC_TABLE_ROOM] = "changes",      /* id, number            -> Change */
    [SUPPORT_FACETS       - MC_TABLE_ROOM] = "facets",       /* facet, id             -> nothing (facet.c) */
    [SUPPORT_FACET_COUNTS - MC_TABLE_ROOM] = "facet_counts", /* facet                 -> how many */
    [SUPPORT_ALARMS       - MC_TABLE_ROOM] = "alarms",       /* time, kind, id        -> nothing (alarm.c) */
    [SUPPORT_FILES        - MC_TABLE_ROOM] = "files",        /* file id               -> File (file.c) */
    [SUPPORT_PIECES       - MC_TABLE_ROOM] = "pieces",       /* file id, number       -> that piece, sealed */
    [SUPPORT_UPLOADS      - MC_TABLE_ROOM] = "uploads",      /* sender, file id       -> nothing; not used yet */
    [SUPPORT_FILE_ENDS    - MC_TABLE_ROOM] = "file_ends",    /* time, file id         -> sender */
    [SUPPORT_FEEDBACK_TABLE - MC_TABLE_ROOM] = "feedback",   /* feedback id           -> Feedback */
    [SUPPORT_OWNED        - MC_TABLE_ROOM] = "owned",        /* account id, feedback id -> nothing */
    [SUPPORT_SUMS         - MC_TABLE_ROOM] = "sums",         /* unit, 0, month        -> Sums (feedback_sums.c) */
    [SUPPORT_SYNC         - MC_TABLE_ROOM] = "sync",         /* unit, 0, sequence     -> feedback id (feedback_member.c) */
    [SUPPORT_MEMBERS      - MC_TABLE_ROOM] = "members",      /* unit, 0, its own number -> feedback id */
    [SUPPORT_BUDGETS      - MC_TABLE_ROOM] = "budgets",      /* source, keyed hash    -> Budget (send_feedback.c) */
    [SUPPORT_INTEGRATIONS - MC_TABLE_ROOM] = "integrations", /* integration id        -> Integration */
    [SUPPORT_CHECKS       - MC_TABLE_ROOM] = "checks",       /* check id              -> Check (api_checked.c) */
    [SUPPORT_ALIASES      - MC_TABLE_ROOM] = "aliases",      /* merged account id     -> the account it went into */
    [SUPPORT_CERTIFICATES - MC_TABLE_ROOM] = "certificates", /* number                -> Certificate (certificate_issued.c) */
    [SUPPORT_OUTAGES      - MC_TABLE_ROOM] = "outages",      /* hash of a partner's id -> Outage (outage.c) */
    [SUPPORT_CAPTCHAS     - MC_TABLE_ROOM] = "captchas",     /* expiry (s), nonce     -> nothing: spent (captcha.c) */
};

static const char *const lanes[] = {[SUPPORT_LANE_SCAN] = "scan"};

static int64_t lane_limit_ms(const void *ctx, unsigned lane)
{
    (void)ctx;
    return lane == SUPPORT_LANE_SCAN ? MC_SCAN_LATE_MS : 0;
}

enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE, TICK_MS = 1000 };
#define AT(field) offsetof(struct support, field)
static const struct mc_config_key config[] = {
    {"support.unit",        MC_CONFIG_STRING,   AT(unit),           "000.00.00.G22", 1, MC_AGENCY_CODE_SIZE - 1, "The agency whose officers deal with requests for support: Văn phòng Chính phủ."},
    {"support.upload_life", MC_CONFIG_DURATION, AT(upload_life_ms), "24h", HOUR, INT64_C(168) * HOUR, "How long an upload is kept before it is used."},
    {"support.file_life",   MC_CONFIG_DURATION, AT(file_life_ms),   "43800h", INT64_C(720) * HOUR, INT64_C(876000) * HOUR, "How long files of requests and feedback are kept after those are over: five years."},
    {"support.scanner",     MC_CONFIG_BOOL,     AT(scanner),        "false", 0, 0, "Every new file is given to motcua-scanworker, which asks a virus scanner (clamd)."},
    {"support.scan_backoff", MC_CONFIG_DURATION, AT(scan_backoff_ms), "5s", 10, MINUTE, "The pause before a file is given to the scanner again after a failure; doubles up to 5 minutes."},
    {"support.scan_required", MC_CONFIG_BOOL,   AT(scan_required),  "true",  0, 0, "With a scanner: a file is given out only when it was found clean. False: also when it is not scanned yet, or cannot be; never when it is infected."},
    {"support.reopen_days", MC_CONFIG_INT,      AT(reopen_days),    "30",  1,    365,                 "Days in which a request that was dealt with may be opened again."},
    {"support.outage_patience", MC_CONFIG_DURATION, AT(outage_patience_ms), "30m", TICK_MS, 24 * INT64_C(3600000), "How long a production system of a member may not answer before a request for support is sent by itself."},
    {"support.anonymous_hour", MC_CONFIG_INT,   AT(anonymous_hour), "5",   0,    10000,               "Feedback without a session taken from one source in an hour."},
    {"support.feedback_captcha", MC_CONFIG_BOOL, AT(feedback_captcha), "true", 0, 0,                     "Lets feedback without a session in only with a solved captcha (GetCaptcha); false leaves it support.anonymous_hour alone."},
    {"support.captcha_life",  MC_CONFIG_DURATION, AT(captcha_life_ms), "10m", 10 * INT64_C(1000), HOUR,  "How long a captcha may take to be solved and sent."},
    {"support.captcha_prefix", MC_CONFIG_INT,   AT(captcha_prefix), "3",   1,    MC_CAPTCHA_PREFIX_MAX, "Zeros a captcha's key must begin with: each one more is 16 times the work. 3 is a fifth of a second on a desktop."},
};
/* clang-format on */

#define SUPPORT_CALL(method, fn, req, rep, ...) MC_ROUTE_CALL(struct support, fn, req, rep)
SUPPORT_ROUTES(SUPPORT_CALL)

static const struct mc_route routes[] = {SUPPORT_ROUTES(MC_ROUTE_ROW)};

MC_FOLLOW_CALL(struct support, support_api_checked, Partner__ApiChecked)
MC_FOLLOW_CALL(struct support, support_certificate_issued, Partner__CertificateIssued)
MC_FOLLOW_CALL(struct support, support_circuit_opened, Partner__CircuitTold)
MC_FOLLOW_CALL(struct support, support_circuit_closed, Partner__CircuitTold)
MC_FOLLOW_CALL(struct support, support_accounts_merged, Identity__AccountsMerged)
MC_FOLLOW_CALL(struct support, support_accounts_unmerged, Identity__AccountsMerged)

static const struct mc_follow follows[] = {
    {"partner", "partner.api_checked", &partner__api_checked__descriptor,
     support_api_checked_event},
    {"partner", "partner.certificate_issued", &partner__certificate_issued__descriptor,
     support_certificate_issued_event},
    {"partner", "partner.circuit_opened", &partner__circuit_told__descriptor,
     support_circuit_opened_event},
    {"partner", "partner.circuit_closed", &partner__circuit_told__descriptor,
     support_circuit_closed_event},
    {"identity", "identity.accounts_merged", &identity__accounts_merged__descriptor,
     support_accounts_merged_event},
    {"identity", "identity.accounts_unmerged", &identity__accounts_merged__descriptor,
     support_accounts_unmerged_event},
};

extern const char mc_data_calendar_vn[];
extern const size_t mc_data_calendar_vn_len;
extern const char mc_data_support_file_types[];
extern const size_t mc_data_support_file_types_len;

static enum mc_status boot(void *ctx, struct mc_boot *with)
{
    struct support *support = ctx;
    struct mc_bytes days = {mc_data_calendar_vn, mc_data_calendar_vn_len};
    struct mc_bytes types = {mc_data_support_file_types, mc_data_support_file_types_len};
    char code[MC_AGENCY_CODE_SIZE];

    if (mc_agency_parse(support->unit, code, sizeof code) != MC_WHY_OK) {
        (void)snprintf(with->why, sizeof with->why, "support.unit is no agency code");
        return MC_INVALID;
    }
    if (mc_calendar_load(&support->calendar, support->calendar_days, days) != MC_OK ||
        mc_file_types_load(&support->file_types, types) != MC_OK) {
        (void)snprintf(with->why, sizeof with->why, "a table of data/ cannot be read");
        return MC_INVALID;
    }
    return MC_OK;
}

static enum mc_status tick(void *ctx, struct mc_txn *txn)
{
    return support_tick(ctx, txn);
}

/* OURS: no law that we know of names a time. */
#define OURS "ours"
/* clang-format off */
static const struct mc_retention retention[] = {
    {.rule = "uploads", .what = "Uploads that nothing uses", .key = "support.upload_life", .source = OURS},
    {.rule = "files", .what = "Files of requests and feedback that are over", .key = "support.file_life", .source = OURS, .table = SUPPORT_FILES, .sweep = support_files_sweep},
    {.rule = "captchas", .what = "Captchas that were solved", .key = "support.captcha_life", .source = OURS},
    {.rule = "requests", .what = "Requests and feedback; files of integrations", .until = "for ever", .source = OURS},
};
/* clang-format on */

const struct mc_room support_room = {
    .name = "support",
    .proto = &support__support__descriptor,
    .routes = routes,
    .routes_len = MC_LEN(routes),
    .tables = tables,
    .tables_len = MC_LEN(tables),
    .lanes = lanes,
    .lanes_len = MC_LEN(lanes),
    .lane_limit_ms = lane_limit_ms,
    .follows = follows,
    .follows_len = MC_LEN(follows),
    .config = config,
    .config_len = MC_LEN(config),
    .retention = retention,
    .retention_len = MC_LEN(retention),
    .ctx_size = sizeof(struct support),
    .boot = boot,
    .tick = tick,
    .tick_ms = TICK_MS,
};
