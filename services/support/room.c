/*
 * support: agencies ask for support, members are integrated, people give feedback.
 *
 * A request for support is sent by officers of an agency to Văn phòng Chính phủ, whose technical
 * staff have eight working hours to deal with it. Each step is a row of the state table (stages.c,
 * printed as STATES.md), refused to all others; what changed is kept beside it with what it was
 * before; each outcome goes to «Email phản hồi» by a job. Lists and searches walk facets (facet.c),
 * never the requests themselves. Names, phones, addresses and texts are sealed, and each reading of
 * them is an event.
 */
#include <stdio.h>

#include "support.h"

/* clang-format off */
#define SUPPORT_MAKERS  (MC_OFFICER | MC_OPERATOR)

/*    method          handler                  request                         reply                          mode            who             right */
#define SUPPORT_ROUTES(X)                                                                                                                     \
    X(StartUpload,    support_start_upload,    Support__StartUploadRequest,    Support__UploadReply,          MC_WRITE,       SUPPORT_MAKERS, NULL) \
    X(UploadPart,     support_upload_part,     Support__UploadPartRequest,     Support__UploadReply,          MC_WRITE,       SUPPORT_MAKERS, NULL, NULL, SUPPORT_PART_BODY_MAX) \
    X(FinishUpload,   support_finish_upload,   Support__FinishUploadRequest,   Support__UploadReply,          MC_WRITE,       SUPPORT_MAKERS, NULL) \
    X(GetUpload,      support_get_upload,      Support__GetUploadRequest,      Support__UploadReply,          MC_READ,        SUPPORT_MAKERS, NULL) \
    X(ReadFile,       support_read_file,       Support__ReadFileRequest,       Support__ReadFileReply,        MC_WRITE_FRESH, SUPPORT_MAKERS, NULL, NULL, MC_UPLOAD_MAX) \
    X(ProposeRequest, support_propose_request, Support__ProposeRequestRequest, Support__ProposeRequestReply,  MC_READ,        SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(CreateRequest,  support_create_request,  Support__CreateRequestRequest,  Support__Request,              MC_WRITE_SECRET, SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(MoveRequest,    support_move_request,    Support__MoveRequestRequest,    Support__Request,              MC_WRITE_SECRET, SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(AssignRequest,  support_assign_request,  Support__AssignRequestRequest,  Support__Request,              MC_WRITE_SECRET, SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(AddComment,     support_add_comment,     Support__AddCommentRequest,     Support__Request,              MC_WRITE_SECRET, SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(GetRequest,     support_get_request,     Support__GetRequestRequest,     Support__Request,              MC_WRITE_FRESH, SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(SearchRequests, support_search_requests, Support__SearchRequestsRequest, Support__SearchRequestsReply,  MC_WRITE_FRESH, SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE) \
    X(ExportRequests, support_export_requests, Support__SearchRequestsRequest, Support__ExportRequestsReply,  MC_WRITE_FRESH, SUPPORT_MAKERS, SUPPORT_RIGHT_MANAGE, NULL, MC_UPLOAD_MAX) \
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
};

static const char *const lanes[] = {[SUPPORT_LANE_MAIL] = "mail"};

enum { HOUR = 60 * 60 * 1000, TICK_MS = 1000 };
#define AT(field) offsetof(struct support, field)
static const struct mc_config_key config[] = {
    {"support.unit",        MC_CONFIG_STRING,   AT(unit),           "000.00.00.G22", 1, MC_AGENCY_CODE_SIZE - 1, "The agency whose officers deal with requests for support: Văn phòng Chính phủ."},
    {"support.upload_life", MC_CONFIG_DURATION, AT(upload_life_ms), "24h", HOUR, INT64_C(168) * HOUR, "How long an upload is kept before it is used."},
    {"support.reopen_days", MC_CONFIG_INT,      AT(reopen_days),    "30",  1,    365,                 "Days in which a request that was dealt with may be opened again."},
};
/* clang-format on */

#define SUPPORT_CALL(method, fn, req, rep, ...) MC_ROUTE_CALL(struct support, fn, req, rep)
SUPPORT_ROUTES(SUPPORT_CALL)

static const struct mc_route routes[] = {SUPPORT_ROUTES(MC_ROUTE_ROW)};

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

const struct mc_room support_room = {
    .name = "support",
    .proto = &support__support__descriptor,
    .routes = routes,
    .routes_len = MC_LEN(routes),
    .tables = tables,
    .tables_len = MC_LEN(tables),
    .lanes = lanes,
    .lanes_len = MC_LEN(lanes),
    .config = config,
    .config_len = MC_LEN(config),
    .ctx_size = sizeof(struct support),
    .boot = boot,
    .tick = tick,
    .tick_ms = TICK_MS,
};
