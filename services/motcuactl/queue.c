/* queue shape, forecast, find, job, pause, resume, check: what waits for whom, and stopping it. */
#include <stdlib.h>
#include <string.h>

#include "common/date.h"

#include "room.pb-c.h"

#include "ctl.h"

static unsigned long long number(uint64_t n)
{
    return (unsigned long long)n;
}

/* A moment as people read it; "-" for none. */
static const char *moment(char out[MC_DATETIME_SIZE], int64_t ms)
{
    if (ms == 0)
        return "-";
    mc_time_format(out, MC_DATETIME_SIZE, ms);
    return out;
}

static const Motcua__ShapeReply *shape(struct ctl *ctl, const char *room, const char *lane,
                                       Motcua__JobState *state, int *ret_exit)
{
    Motcua__ShapeRequest request = MOTCUA__SHAPE_REQUEST__INIT;

    request.lane = mc_unconst(lane);
    request.destinations = ctl->wide ? 200 : 0;
    request.states = state;
    request.n_states = state != NULL ? 1 : 0;
    return ctl_call(ctl, room, &motcua__room__descriptor, "Shape", &request.base, ret_exit);
}

/* --- shape --- */

static void print_shape_row(const Motcua__ShapeRow *row, const char *name)
{
    char age[CTL_AGE_SIZE];

    printf("%-20s %7s %8llu", name, ctl_age(age, row->oldest_ms), number(row->total));
    for (size_t i = 0; i < row->n_ages; i++)
        printf(" %7llu", number(row->ages[i]));
    printf("%s\n", row->paused ? "  PAUSED" : "");
}

static void print_shape(const Motcua__ShapeReply *told)
{
    char age[CTL_AGE_SIZE];
    char other[48];

    printf("%-20s %7s %8s", "DESTINATION", "OLDEST", "TOTAL");
    for (size_t i = 0; i < told->n_age_limits_ms; i++)
        printf(" %7s", ctl_age(age, told->age_limits_ms[i]));
    printf(" %7s\n", "older");
    for (size_t i = 0; i < told->n_rows; i++)
        print_shape_row(told->rows[i], told->rows[i]->destination[0] != '\0'
                                           ? told->rows[i]->destination
                                           : "(none)");
    (void)snprintf(other, sizeof other, "(%u others)", told->other_destinations);
    if (told->other_destinations > 0)
        print_shape_row(told->other, other);
    print_shape_row(told->total, "TOTAL");
    for (size_t i = 0; i < told->n_holders; i++)
        printf("held by %s: %llu, the oldest %s\n", told->holders[i]->worker,
               number(told->holders[i]->count), ctl_age(age, told->holders[i]->oldest_ms));
    for (size_t i = 0; i < told->n_reasons; i++)
        printf("dead of %s: %llu, the oldest %s\n", told->reasons[i]->reason,
               number(told->reasons[i]->count), ctl_age(age, told->reasons[i]->oldest_ms));
}

void ctl_print_pauses(const Motcua__LaneStats *stats)
{
    char until[MC_DATETIME_SIZE];

    for (size_t i = 0; i < stats->n_pauses; i++) {
        const Motcua__LanePause *pause = stats->pauses[i];

        printf("PAUSED %s%s%s by %s until %s: %s\n", pause->lane, pause->whole_lane ? "" : "/",
               pause->destination, pause->by,
               pause->until_ms != 0 ? moment(until, pause->until_ms) : "it is resumed",
               pause->reason);
    }
}

int ctl_queue_shape(struct ctl *ctl, int argc, char **argv)
{
    int state = 0;
    int code = CTL_OK;

    if (argc < 2 || argc > 3 ||
        (argc == 3 && !ctl_enum_parse(&motcua__job_state__descriptor, argv[2], &state)))
        return CTL_USAGE;
    Motcua__JobState wanted = (Motcua__JobState)state;
    const Motcua__ShapeReply *told =
        shape(ctl, argv[0], argv[1], argc == 3 ? &wanted : NULL, &code);
    if (told == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &told->base);
    for (size_t i = 0; ctl->output == CTL_NAME && i < told->n_rows; i++)
        printf("%s\n", told->rows[i]->destination);
    if (ctl->output == CTL_TABLE) {
        print_shape(told);
        ctl_print_pauses(told->stats);
    }
    return CTL_OK;
}

/* --- forecast --- */

static const char *empty_at(const Motcua__LaneStats *lane, char text[MC_DATETIME_SIZE])
{
    if (lane->forecast == NULL)
        return "?";
    if (lane->queued == 0)
        return "empty";
    if (lane->queued == lane->scheduled && lane->retrying == 0)
        return "waits for its time";
    return lane->forecast->empty_at_ms == 0 ? "not so" : moment(text, lane->forecast->empty_at_ms);
}

static void print_forecast(const char *room, const Motcua__LaneStats *lane)
{
    const Motcua__LaneForecast *forecast = lane->forecast;
    char empty[MC_DATETIME_SIZE];
    char late[MC_DATETIME_SIZE];
    char limit[CTL_AGE_SIZE];
    char name[64];

    (void)snprintf(name, sizeof name, "%s/%s", room, lane->lane);
    printf("%-24s %8llu %8.1f %8.1f %7s  %-20s %-20s%s%s\n", name, number(lane->queued),
           lane->in_per_minute, lane->out_per_minute, ctl_age(limit, lane->limit_ms),
           empty_at(lane, empty),
           forecast == NULL || lane->limit_ms == 0 ? "-"
           : forecast->late                        ? "LATE NOW"
                                                   : moment(late, forecast->late_at_ms),
           forecast != NULL && forecast->paused ? "  PAUSED" : "",
           lane->n_pauses > 0 && (forecast == NULL || !forecast->paused) ? "  paused in part" : "");
}

int ctl_queue_forecast(struct ctl *ctl, int argc, char **argv)
{
    const Motcua__StatsReply *told[CTL_ROOMS];
    int code = CTL_OK;

    if (argc > 2)
        return CTL_USAGE;
    if (ctl->output == CTL_TABLE)
        printf("%-24s %8s %8s %8s %7s  %-20s %-20s\n", "QUEUE", "QUEUED", "IN/MIN", "OUT/MIN",
               "LIMIT", "EMPTY_AT", "LATE_AT");
    if (argc == 0)
        ctl_stats_all(ctl, told, &code);
    for (size_t i = 0; i < CTL_ROOMS; i++) {
        const Motcua__StatsReply *reply = NULL;

        if (argc == 0)
            reply = told[i];
        else if (strcmp(argv[0], ctl_rooms[i]) == 0)
            reply = ctl_stats(ctl, ctl_rooms[i], &code);

        for (size_t j = 0; reply != NULL && j < reply->n_lanes; j++) {
            const Motcua__LaneStats *lane = reply->lanes[j];

            if (argc > 1 && strcmp(argv[1], lane->lane) != 0)
                continue;
            if (ctl->output == CTL_JSON)
                (void)ctl_print_json(ctl, &lane->base);
            else if (ctl->output == CTL_NAME)
                printf("%s/%s\n", reply->room, lane->lane);
            else
                print_forecast(reply->room, lane);
        }
    }
    return code;
}

/* --- find --- */

static void print_found(struct ctl *ctl, const char *room, const Motcua__FindJobsReply *reply,
                        int64_t now_ms)
{
    for (size_t i = 0; i < reply->n_jobs; i++) {
        if (ctl->output == CTL_JSON) {
            (void)ctl_print_json(ctl, &reply->jobs[i]->base);
        } else if (ctl->output == CTL_NAME) {
            printf("%s %llu\n", room, number(reply->jobs[i]->id));
        } else {
            printf("%-13s ", room);
            ctl_print_job(reply->jobs[i], now_ms);
        }
    }
}

/* Calls until the room has read all it has; what was read is said, for the search reads them all.
 */
static uint64_t find_in(struct ctl *ctl, const char *room, const char *key, int *ret_exit)
{
    Motcua__FindJobsRequest request = MOTCUA__FIND_JOBS_REQUEST__INIT;
    uint64_t looked = 0;

    request.key = mc_unconst(key);
    request.limit = 200;
    for (;;) {
        const Motcua__FindJobsReply *reply =
            ctl_call(ctl, room, &motcua__room__descriptor, "FindJobs", &request.base, ret_exit);
        if (reply == NULL)
            return looked;
        looked += reply->looked_at;
        print_found(ctl, room, reply, mc_now_ms(&ctl->clock));
        if (!reply->more)
            return looked;
        request.place = reply->place;
    }
}

int ctl_queue_find(struct ctl *ctl, int argc, char **argv)
{
    uint64_t looked = 0;
    int code = CTL_OK;

    if (argc < 1 || argc > 2)
        return CTL_USAGE;
    for (size_t i = 0; i < CTL_ROOMS; i++)
        if (argc == 1 || strcmp(argv[1], ctl_rooms[i]) == 0)
            looked += find_in(ctl, ctl_rooms[i], argv[0], &code);
    fprintf(stderr, "%llu jobs read%s\n", number(looked),
            code != CTL_OK ? "; the picture is incomplete" : "");
    return code;
}

/* --- one job --- */

static void print_history(const Motcua__Job *job)
{
    char at[MC_DATETIME_SIZE];

    for (size_t i = 0; i < job->n_failures; i++)
        printf("  %s  attempt %u by %s failed: %s\n", moment(at, job->failures[i]->at_ms),
               job->failures[i]->number, job->failures[i]->worker, job->failures[i]->error);
    for (size_t i = 0; i < job->n_touches; i++) {
        const Motcua__JobTouch *touch = job->touches[i];
        const ProtobufCEnumValue *kind = protobuf_c_enum_descriptor_get_value(
            &motcua__action_kind__descriptor, (int)touch->kind);

        printf("  %s  %s by %s%s%s", moment(at, touch->at_ms), kind != NULL ? kind->name : "?",
               touch->by, touch->approved_by[0] != '\0' ? ", approved by " : "",
               touch->approved_by);
        if (touch->kind == MOTCUA__ACTION_KIND__MOVE)
            printf(", from %s to %s", touch->from_destination, touch->to_destination);
        printf("\n");
    }
}

static void print_page(const Motcua__JobPage *page)
{
    const Motcua__Job *job = page->job;
    char at[MC_DATETIME_SIZE];

    ctl_print_job(job, page->now_ms);
    printf("  lane %s; made %s by %s\n", page->lane, moment(at, job->created_ms), job->actor);
    printf("  due %s", moment(at, job->due_ms));
    printf("; never after %s\n", moment(at, job->expires_ms));
    for (size_t i = 0; i < job->n_keys; i++)
        printf("  about %s\n", job->keys[i]);
    if (job->traceparent[0] != '\0')
        printf("  trace %s\n", job->traceparent);
    print_history(job);
    for (size_t i = 0; i < page->n_actions; i++)
        printf("  action: %s\n", page->actions[i]->reason);
    if (page->pause != NULL)
        printf("  its queue is paused by %s: %s\n", page->pause->by, page->pause->reason);
}

int ctl_queue_job(struct ctl *ctl, int argc, char **argv)
{
    Motcua__GetJobRequest request = MOTCUA__GET_JOB_REQUEST__INIT;
    char *end = NULL;
    int code = CTL_OK;

    if (argc != 2)
        return CTL_USAGE;
    request.id = strtoull(argv[1], &end, 10);
    if (end == argv[1] || *end != '\0')
        return CTL_USAGE;
    const Motcua__JobPage *page =
        ctl_call(ctl, argv[0], &motcua__room__descriptor, "GetJob", &request.base, &code);
    if (page == NULL)
        return code;
    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &page->base);
    if (ctl->output == CTL_NAME)
        printf("%s %llu\n", argv[0], number(page->job->id));
    else
        print_page(page);
    return CTL_OK;
}

/* --- pause, resume --- */

struct where {
    const char *room;
    const char *lane;
    const char *destination; /* NULL: the whole lane */
    const char *reason;
    int64_t until_ms;
};

/* ROOM LANE [DESTINATION] --reason R [--until 2h] */
static bool where_parse(const struct ctl *ctl, int argc, char **argv, struct where *ret)
{
    if (argc < 2)
        return false;
    *ret = (struct where){.room = argv[0], .lane = argv[1], .reason = ""};
    int i = 2;
    if (i < argc && strncmp(argv[i], "--", 2) != 0)
        ret->destination = argv[i++];
    for (; i < argc; i += 2) {
        if (i + 1 == argc)
            return false;
        if (strcmp(argv[i], "--reason") == 0)
            ret->reason = argv[i + 1];
        else if (strcmp(argv[i], "--until") != 0 ||
                 !ctl_until_parse(argv[i + 1], mc_now_ms(&ctl->clock), &ret->until_ms))
            return false;
    }
    if (ret->reason[0] == '\0')
        fprintf(stderr, "motcuactl: say why: --reason TEXT\n");
    return ret->reason[0] != '\0';
}

static int print_pause(struct ctl *ctl, const Motcua__LanePause *pause, const char *what)
{
    char until[MC_DATETIME_SIZE];

    if (ctl->output == CTL_JSON)
        return ctl_print_json(ctl, &pause->base);
    printf("%s %s%s%s", what, pause->lane, pause->whole_lane ? "" : "/", pause->destination);
    if (ctl->output == CTL_TABLE && pause->resumed_by[0] == '\0' && pause->until_ms != 0)
        printf(" until %s", moment(until, pause->until_ms));
    printf("\n");
    return CTL_OK;
}

int ctl_queue_pause(struct ctl *ctl, int argc, char **argv)
{
    Motcua__PauseLaneRequest request = MOTCUA__PAUSE_LANE_REQUEST__INIT;
    struct where where;
    int code = CTL_OK;

    if (!where_parse(ctl, argc, argv, &where))
        return CTL_USAGE;
    request.lane = mc_unconst(where.lane);
    request.whole_lane = where.destination == NULL;
    request.destination = mc_unconst(where.destination != NULL ? where.destination : "");
    request.reason = mc_unconst(where.reason);
    request.until_ms = where.until_ms;
    const Motcua__LanePause *pause =
        ctl_call(ctl, where.room, &motcua__room__descriptor, "PauseLane", &request.base, &code);
    return pause != NULL ? print_pause(ctl, pause, "paused") : code;
}

int ctl_queue_resume(struct ctl *ctl, int argc, char **argv)
{
    Motcua__ResumeLaneRequest request = MOTCUA__RESUME_LANE_REQUEST__INIT;
    struct where where;
    int code = CTL_OK;

    if (!where_parse(ctl, argc, argv, &where) || where.until_ms != 0)
        return CTL_USAGE;
    request.lane = mc_unconst(where.lane);
    request.whole_lane = where.destination == NULL;
    request.destination = mc_unconst(where.destination != NULL ? where.destination : "");
    request.reason = mc_unconst(where.reason);
    const Motcua__LanePause *pause =
        ctl_call(ctl, where.room, &motcua__room__descriptor, "ResumeLane", &request.base, &code);
    return pause != NULL ? print_pause(ctl, pause, "resumed") : code;
}

/* --- check: one lane, for Nagios --- */

struct limit {
    const char *option;
    const char *label;
    const char *unit;
    long warn;
    long critical;
    long value;
};

/* "30:120": from there on a warning, from there on critical. */
static bool limit_parse(const char *text, struct limit *limit)
{
    char *end = NULL;

    limit->warn = strtol(text, &end, 10);
    if (end == text || *end != ':')
        return false;
    const char *second = end + 1;
    limit->critical = strtol(second, &end, 10);
    return end != second && *end == '\0' && limit->warn >= 0 && limit->critical >= limit->warn;
}

static const Motcua__LaneStats *lane_of(const Motcua__StatsReply *reply, const char *lane)
{
    for (size_t i = 0; reply != NULL && i < reply->n_lanes; i++)
        if (strcmp(reply->lanes[i]->lane, lane) == 0)
            return reply->lanes[i];
    return NULL;
}

static int check_limits(const char *room, const char *lane, const struct limit *limits, size_t len)
{
    static const char *const words[] = {"OK", "WARNING", "CRITICAL"};
    int worst = CTL_OK;

    for (size_t i = 0; i < len; i++) {
        if (limits[i].value >= limits[i].critical)
            worst = CTL_CRITICAL;
        else if (limits[i].value >= limits[i].warn)
            worst = MC_MAX(worst, (int)CTL_WARNING);
    }
    printf("%s %s/%s |", words[worst], room, lane);
    for (size_t i = 0; i < len; i++)
        printf(" %s=%ld%s;%ld;%ld", limits[i].label, limits[i].value, limits[i].unit,
               limits[i].warn, limits[i].critical);
    printf("\n");
    return worst;
}

int ctl_queue_check(struct ctl *ctl, int argc, char **argv)
{
    struct limit limits[] = {
        {"--age", "age", "s", 30, 120, 0},
        {"--depth", "depth", "", 10000, 100000, 0},
        {"--dead", "dead", "", 1, 100, 0},
    };
    int code = CTL_CRITICAL;

    if (argc < 2 || argc % 2 != 0)
        return CTL_USAGE;
    for (int i = 2; i < argc; i += 2) {
        size_t j = 0;

        while (j < MC_LEN(limits) && strcmp(argv[i], limits[j].option) != 0)
            j++;
        if (j == MC_LEN(limits) || !limit_parse(argv[i + 1], &limits[j]))
            return CTL_USAGE;
    }
    const Motcua__StatsReply *reply = ctl_stats(ctl, argv[0], &code);
    const Motcua__LaneStats *lane = lane_of(reply, argv[1]);
    if (lane == NULL) {
        printf("CRITICAL %s/%s: %s\n", argv[0], argv[1],
               reply == NULL ? "the room is down" : "there is no such queue");
        return CTL_CRITICAL;
    }
    limits[0].value = (long)(lane->oldest_ms / 1000);
    limits[1].value = (long)(lane->queued + lane->leased + lane->held);
    limits[2].value = (long)lane->dead;
    return check_limits(argv[0], argv[1], limits, MC_LEN(limits));
}
