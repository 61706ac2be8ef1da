/* The house's own methods, answered by every room. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/actions.h"
#include "common/config_told.h"
#include "common/holds.h"
#include "common/lineage.h"
#include "common/pauses.h"
#include "common/queue.h"
#include "common/redo.h"
#include "common/retention.h"
#include "common/text.h"
#include "common/upkeep.h"

enum {
    FOLLOW_CREDIT_MAX = 1000,
    FOLLOW_BYTES_MAX = 1 << 20,
    FOLLOW_WAIT_MAX_MS = 10000,
    PEEK_DEFAULT = 20,
    PEEK_MAX = 200,
};

void mc_reason_check(struct mc_txn *txn, const char *reason)
{
    if (reason[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "reason", "FIELD_REQUIRED", "field", "lý do", NULL);
    else if (mc_text_chars(reason) > MC_REASON_CHARS)
        (void)mc_refuse(txn, MC_INVALID, "reason", "FIELD_TOO_LONG", "field", "Lý do", "max",
                        "500 ký tự", NULL);
}

/* In memory only: after a start each is heard of again in some seconds. */
static void note_follower(struct mc_service *service, const struct mc_txn *txn, uint64_t after)
{
    struct mc_follower *follower = service->followers;
    const struct mc_follower *end = service->followers + service->followers_len;

    while (follower < end && strcmp(follower->name, txn->caller->name) != 0)
        follower++;
    if (follower == end) {
        if (service->followers_len == MC_FOLLOWERS_MAX)
            return;
        service->followers_len++;
        (void)snprintf(follower->name, sizeof follower->name, "%s", txn->caller->name);
    }
    follower->after = after;
    follower->heard_ms = txn->now_ms;
}

static enum mc_status house_follow(struct mc_service *service, struct mc_txn *txn,
                                   const Motcua__FollowRequest *req, Motcua__FollowReply *rep)
{
    if (req->credit < 1 || req->credit > FOLLOW_CREDIT_MAX)
        (void)mc_refuse(txn, MC_INVALID, "credit", "FIELD_INVALID", NULL);
    if (req->wait_ms > FOLLOW_WAIT_MAX_MS)
        (void)mc_refuse(txn, MC_INVALID, "wait_ms", "FIELD_INVALID", NULL);
    rep->last = mc_store_counts(service->store)->journal_last;
    if (txn->status == MC_OK && !mc_lineage_serve(service, txn, req, rep))
        return txn->status;
    if (req->after > rep->last)
        (void)mc_refuse(txn, MC_CONFLICT, "after", "CONFLICT", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    note_follower(service, txn, req->after);
    if (req->after == rep->last)
        return mc_wait(txn, req->wait_ms);

    rep->events = mc_alloc(txn->arena, req->credit * sizeof(Motcua__Event *));
    if (rep->events == NULL)
        return MC_LIMITED;
    rep->n_events = mc_journal_read(txn, req->after, rep->events, req->credit, FOLLOW_BYTES_MAX);
    for (size_t i = 0; i < rep->n_events; i++)
        rep->events[i]->room = mc_unconst(service->room->name);
    return txn->status;
}

static void *list_new(struct mc_txn *txn, const ProtobufCMessageDescriptor *type, size_t n,
                      void ***ret_list)
{
    uint8_t *items = mc_alloc(txn->arena, n * type->sizeof_message);

    *ret_list = mc_alloc(txn->arena, (n + 1) * sizeof(void *));
    if (items == NULL || *ret_list == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    for (size_t i = 0; i < n; i++) {
        (*ret_list)[i] = items + i * type->sizeof_message;
        protobuf_c_message_init(type, (*ret_list)[i]);
    }
    return items;
}

static void stats_lanes(struct mc_service *service, struct mc_txn *txn, Motcua__StatsReply *rep)
{
    void **list = NULL;
    size_t n = service->room->lanes_len;
    Motcua__LaneStats *lanes = list_new(txn, &motcua__lane_stats__descriptor, n, &list);

    for (unsigned i = 0; lanes != NULL && i < n; i++) {
        mc_queue_stats(service, txn, i, &lanes[i]);
    }
    rep->lanes = (Motcua__LaneStats **)list;
    rep->n_lanes = lanes != NULL ? n : 0;
}

static void stats_follows(struct mc_service *service, struct mc_txn *txn, Motcua__StatsReply *rep)
{
    void **list = NULL;
    size_t n = service->followed_len;
    Motcua__FollowStats *follows = list_new(txn, &motcua__follow_stats__descriptor, n, &list);

    for (size_t i = 0; follows != NULL && i < n; i++) {
        follows[i].room = mc_unconst(service->followed[i].room);
        follows[i].applied = service->followed[i].applied;
        follows[i].last = service->followed[i].last;
        follows[i].heard_ms = service->followed[i].heard_ms;
        follows[i].refused = mc_refused_load(txn, service->followed[i].room);
        follows[i].diverged = service->followed[i].diverged;
        if (follows[i].diverged) {
            follows[i].fork = service->followed[i].fork;
            follows[i].lineage = (ProtobufCBinaryData){MC_ID_LEN, service->followed[i].offered};
        }
    }
    rep->follows = (Motcua__FollowStats **)list;
    rep->n_follows = follows != NULL ? n : 0;
}

static void stats_followers(struct mc_service *service, struct mc_txn *txn, Motcua__StatsReply *rep)
{
    void **list = NULL;
    size_t n = service->followers_len;
    Motcua__FollowerStats *followers = list_new(txn, &motcua__follower_stats__descriptor, n, &list);

    for (size_t i = 0; followers != NULL && i < n; i++) {
        followers[i].name = service->followers[i].name;
        followers[i].after = service->followers[i].after;
        followers[i].heard_ms = service->followers[i].heard_ms;
    }
    rep->followers = (Motcua__FollowerStats **)list;
    rep->n_followers = followers != NULL ? n : 0;
}

static void stats_methods(struct mc_service *service, struct mc_txn *txn, Motcua__StatsReply *rep)
{
    void **list = NULL;
    size_t n = service->methods_len;
    Motcua__MethodStats *methods = list_new(txn, &motcua__method_stats__descriptor, n, &list);

    for (size_t i = 0; methods != NULL && i < n; i++) {
        struct mc_method *method = &service->methods[i];

        methods[i].method = method->name;
        methods[i].ok = method->stats.ok;
        methods[i].refused = method->stats.refused;
        methods[i].failed = method->stats.failed;
        methods[i].us_total = method->stats.us_total;
        methods[i].us_buckets = method->stats.buckets;
        methods[i].n_us_buckets = MC_METHOD_BUCKETS;
    }
    rep->methods = (Motcua__MethodStats **)list;
    rep->n_methods = methods != NULL ? n : 0;
}

/* Resident memory of this process, from the kernel; 0 when it does not say. */
static uint64_t memory_bytes(void)
{
    unsigned long long total = 0;
    unsigned long long resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (file == NULL)
        return 0;
    if (fscanf(file, "%llu %llu", &total, &resident) != 2) // NOLINT(cert-err34-c): the kernel's own
        resident = 0;
    (void)fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static enum mc_status house_stats(struct mc_service *service, struct mc_txn *txn,
                                  const Motcua__StatsRequest *req, Motcua__StatsReply *rep)
{
    Motcua__StoreStats *store = mc_alloc(txn->arena, sizeof *store);
    struct mc_store_readers readers;
    struct mc_store_usage usage;

    (void)req;
    if (store == NULL)
        return MC_LIMITED;
    mc_store_usage(service->store, &usage);
    motcua__store_stats__init(store);
    store->map_bytes = usage.map_bytes;
    store->used_bytes = usage.used_bytes;
    store->refusing = usage.refusing;
    store->commits = usage.commits;
    mc_store_readers(service->store, &readers);
    store->readers = readers.open;
    store->reader_lag = readers.lag;
    store->readers_cleared = readers.cleared;
    store->map_max = service->options.map_max;
    store->redo_broken = service->redo != NULL && mc_redo_broken(service->redo);

    rep->room = mc_unconst(service->room->name);
    rep->version = mc_unconst(MC_VERSION);
    rep->now_ms = txn->now_ms;
    rep->started_ms = service->started_ms;
    rep->journal_last = mc_store_counts(service->store)->journal_last;
    rep->store = store;
    rep->turns = service->turns;
    rep->calls = service->calls;
    rep->parked = service->parked;
    rep->memory_bytes = memory_bytes();
    rep->turn_size_buckets = service->turn_sizes;
    rep->n_turn_size_buckets = MC_TURN_BUCKETS;
    stats_lanes(service, txn, rep);
    stats_follows(service, txn, rep);
    stats_followers(service, txn, rep);
    stats_methods(service, txn, rep);
    return txn->status;
}

static enum mc_status house_peek(struct mc_service *service, struct mc_txn *txn,
                                 const Motcua__PeekRequest *req, Motcua__PeekReply *rep)
{
    int lane = req->lane[0] != '\0' ? mc_lane_named(service->room, req->lane) : -1;
    size_t limit = req->limit != 0 ? req->limit : PEEK_DEFAULT;

    if (req->lane[0] != '\0' && lane < 0)
        (void)mc_refuse(txn, MC_NOT_FOUND, "lane", "NOT_FOUND", NULL);
    if (limit > PEEK_MAX)
        (void)mc_refuse(txn, MC_INVALID, "limit", "FIELD_INVALID", NULL);
    if (txn->status != MC_OK)
        return txn->status;
    rep->jobs = mc_alloc(txn->arena, limit * sizeof(Motcua__Job *));
    if (rep->jobs == NULL)
        return MC_LIMITED;
    rep->n_jobs = mc_jobs_peek(txn, lane, req->state == MOTCUA__JOB_STATE__DEAD, req->after,
                               rep->jobs, limit);
    return txn->status;
}

/* "LANE_PAUSED otp/viettel": somebody wanted it, and should not forget it. */
static void add_pauses(struct mc_txn *txn, Motcua__HealthReply *rep)
{
    Motcua__LanePause **pauses = NULL;
    size_t len = mc_pauses_of(txn, -1, &pauses);

    for (size_t i = 0; i < len; i++) {
        char *text = mc_sprintf(txn->arena, "LANE_PAUSED %s%s%s", pauses[i]->lane,
                                pauses[i]->whole_lane ? "" : "/", pauses[i]->destination);
        if (text != NULL)
            rep->problems[rep->n_problems++] = text;
    }
}

static enum mc_status house_health(struct mc_service *service, struct mc_txn *txn,
                                   const Motcua__HealthRequest *req, Motcua__HealthReply *rep)
{
    struct mc_store_usage usage;

    (void)req;
    mc_store_usage(service->store, &usage);
    rep->problems =
        mc_alloc(txn->arena, (4 + MC_PAUSES_MAX + service->followed_len) * sizeof *rep->problems);
    if (rep->problems == NULL)
        return MC_LIMITED;
    if (usage.refusing)
        rep->problems[rep->n_problems++] = mc_unconst("STORE_REFUSING");
    if (usage.used_bytes > usage.map_bytes / 10 * 8)
        rep->problems[rep->n_problems++] = mc_unconst("STORE_NEARLY_FULL");
    if (service->redo != NULL && mc_redo_broken(service->redo))
        rep->problems[rep->n_problems++] = mc_unconst("REDO_BROKEN");
    const char *own = service->room->problem != NULL ? service->room->problem(service->ctx) : NULL;
    if (own != NULL)
        rep->problems[rep->n_problems++] = mc_unconst(own);
    add_pauses(txn, rep);
    for (size_t i = 0; i < service->followed_len; i++)
        if (service->followed[i].diverged)
            rep->problems[rep->n_problems++] = mc_unconst("FOLLOW_DIVERGED");
    rep->ready = !usage.refusing;
    return txn->status;
}

/* clang-format off */
#define HOUSE_ROUTES(X)                                                                                   \
    X(Follow, house_follow, Motcua__FollowRequest, Motcua__FollowReply, MC_READ, MC_ROOM, NULL)           \
    X(Stats,  house_stats,  Motcua__StatsRequest,  Motcua__StatsReply,  MC_READ, MC_ROOM | MC_OPERATOR, NULL) \
    X(Peek,   house_peek,   Motcua__PeekRequest,   Motcua__PeekReply,   MC_READ, MC_OPERATOR, NULL)       \
    X(Health, house_health, Motcua__HealthRequest, Motcua__HealthReply, MC_READ, MC_ANYONE, NULL)         \
    X(PrepareAction, mc_action_prepare, Motcua__PrepareActionRequest, Motcua__Action, MC_WRITE, MC_OPERATOR, NULL) \
    X(RunAction,     mc_action_run,     Motcua__RunActionRequest,     Motcua__Action, MC_WRITE, MC_OPERATOR, NULL) \
    X(ApproveAction, mc_action_approve, Motcua__RunActionRequest,     Motcua__Action, MC_WRITE, MC_OPERATOR, MC_RIGHT_APPROVE) \
    X(StopAction,    mc_action_stop,    Motcua__StopActionRequest,    Motcua__Action, MC_WRITE, MC_OPERATOR, NULL) \
    X(GetAction,     mc_action_get,     Motcua__GetActionRequest,     Motcua__Action, MC_READ, MC_OPERATOR, NULL)  \
    X(ListActions,   mc_action_list,    Motcua__ListActionsRequest,   Motcua__ListActionsReply, MC_READ, MC_OPERATOR, NULL) \
    X(Shape,      mc_queue_shape, Motcua__ShapeRequest,      Motcua__ShapeReply,    MC_READ,  MC_OPERATOR, NULL) \
    X(GetJob,     mc_queue_job,   Motcua__GetJobRequest,     Motcua__JobPage,       MC_READ,  MC_OPERATOR, NULL) \
    X(FindJobs,   mc_queue_find,  Motcua__FindJobsRequest,   Motcua__FindJobsReply, MC_READ,  MC_OPERATOR, NULL) \
    X(PauseLane,  mc_pause_lane,  Motcua__PauseLaneRequest,  Motcua__LanePause,     MC_WRITE, MC_OPERATOR, NULL) \
    X(ResumeLane, mc_resume_lane, Motcua__ResumeLaneRequest, Motcua__LanePause,     MC_WRITE, MC_OPERATOR, NULL) \
    X(StartUpkeep,   mc_upkeep_start,   Motcua__StartUpkeepRequest,   Motcua__Upkeep, MC_WRITE, MC_OPERATOR, NULL) \
    X(GetUpkeep,     mc_upkeep_get,     Motcua__GetUpkeepRequest,     Motcua__Upkeep, MC_READ, MC_OPERATOR, NULL)  \
    X(StopUpkeep,    mc_upkeep_stop,    Motcua__StopUpkeepRequest,    Motcua__Upkeep, MC_WRITE, MC_OPERATOR, NULL) \
    X(AcceptLineage, mc_lineage_accept, Motcua__AcceptLineageRequest, Motcua__AcceptLineageReply, MC_WRITE, MC_OPERATOR, NULL) \
    X(Config,        mc_config_tell,    Motcua__ConfigRequest,        Motcua__ConfigReply, MC_READ, MC_OPERATOR, NULL) \
    X(Retention,        mc_retention_list,    Motcua__RetentionRequest,        Motcua__RetentionReply,   MC_READ,  MC_OPERATOR, NULL) \
    X(PreviewRetention, mc_retention_preview, Motcua__PreviewRetentionRequest, Motcua__RetentionPreview, MC_READ,  MC_OPERATOR, NULL) \
    X(AddHold,          mc_hold_add,          Motcua__AddHoldRequest,          Motcua__Hold,             MC_WRITE, MC_OPERATOR, NULL) \
    X(ReleaseHold,      mc_hold_release,      Motcua__AddHoldRequest,          Motcua__Hold,             MC_WRITE, MC_OPERATOR, MC_RIGHT_APPROVE) \
    X(ListHolds,        mc_hold_list,         Motcua__ListHoldsRequest,        Motcua__ListHoldsReply,   MC_READ,  MC_OPERATOR, NULL)
/* clang-format on */

#define HOUSE_CALL(method, fn, req, rep, ...) MC_ROUTE_CALL(struct mc_service, fn, req, rep)
HOUSE_ROUTES(HOUSE_CALL)

const struct mc_route mc_house_routes[] = {HOUSE_ROUTES(MC_ROUTE_ROW)};
const size_t mc_house_routes_len = MC_LEN(mc_house_routes);
