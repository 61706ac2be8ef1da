/* status, check, queue: what every room says of itself, by the same Stats and Peek. */
#include <stdlib.h>
#include <string.h>

#include "room.pb-c.h"

#include "ctl.h"

/* The first number shown is the age of the oldest job; a silent room is said to be silent. */
const Motcua__StatsReply *ctl_stats(struct ctl *ctl, const char *room, int *ret_exit)
{
    Motcua__StatsRequest request = MOTCUA__STATS_REQUEST__INIT;

    return ctl_call(ctl, room, &motcua__room__descriptor, "Stats", &request.base, ret_exit);
}

/* Of every room, in the order of ctl_rooms; NULL: it is silent. */
void ctl_stats_all(struct ctl *ctl, const Motcua__StatsReply *ret_told[CTL_ROOMS], int *ret_exit)
{
    Motcua__StatsRequest request = MOTCUA__STATS_REQUEST__INIT;
    void *replies[CTL_ROOMS];

    ctl_call_rooms(ctl, &motcua__room__descriptor, "Stats", &request.base, replies, ret_exit);
    for (size_t i = 0; i < CTL_ROOMS; i++)
        ret_told[i] = replies[i];
}

struct sums {
    int64_t oldest_ms;
    uint64_t queued;
    uint64_t leased;
    uint64_t dead;
};

static struct sums sum_lanes(const Motcua__StatsReply *reply)
{
    struct sums sums = {0};

    for (size_t i = 0; i < reply->n_lanes; i++) {
        sums.oldest_ms = MC_MAX(sums.oldest_ms, reply->lanes[i]->oldest_ms);
        sums.queued += reply->lanes[i]->queued;
        sums.leased += reply->lanes[i]->leased;
        sums.dead += reply->lanes[i]->dead;
    }
    return sums;
}

static uint64_t lag_of(const Motcua__StatsReply *reply)
{
    uint64_t lag = 0;

    for (size_t i = 0; i < reply->n_follows; i++)
        if (reply->follows[i]->last > reply->follows[i]->applied)
            lag += reply->follows[i]->last - reply->follows[i]->applied;
    return lag;
}

static void print_room(const Motcua__StatsReply *reply)
{
    struct sums sums = sum_lanes(reply);
    char oldest[CTL_AGE_SIZE];
    char up[CTL_AGE_SIZE];

    printf("%-13s %-6s %7s %7llu %7llu %6llu %9llu %5llu %9llu %6.1f %5.1f%%%s\n", reply->room,
           ctl_age(up, reply->now_ms - reply->started_ms), ctl_age(oldest, sums.oldest_ms),
           (unsigned long long)sums.queued, (unsigned long long)sums.leased,
           (unsigned long long)sums.dead, (unsigned long long)reply->journal_last,
           (unsigned long long)lag_of(reply), (unsigned long long)reply->calls,
           (double)reply->memory_bytes / 1048576.0,
           100.0 * (double)reply->store->used_bytes / (double)reply->store->map_bytes,
           reply->store->refusing ? "  REFUSING" : "");
}

int ctl_status(struct ctl *ctl, int argc, char **argv)
{
    const Motcua__StatsReply *told[CTL_ROOMS];
    int code = CTL_OK;

    (void)argc;
    (void)argv;
    if (ctl->output == CTL_TABLE)
        printf("%-13s %-6s %7s %7s %7s %6s %9s %5s %9s %6s %6s\n", "ROOM", "UP", "OLDEST", "QUEUED",
               "LEASED", "DEAD", "JOURNAL", "LAG", "CALLS", "MEM_MB", "STORE");
    ctl_stats_all(ctl, told, &code);
    for (size_t i = 0; i < CTL_ROOMS; i++) {
        const Motcua__StatsReply *reply = told[i];

        if (reply == NULL && ctl->output == CTL_TABLE)
            printf("%-13s down: the picture is incomplete\n", ctl_rooms[i]);
        else if (reply != NULL && ctl->output == CTL_JSON)
            (void)ctl_print_json(ctl, &reply->base);
        else if (reply != NULL && ctl->output == CTL_NAME)
            printf("%s\n", reply->room);
        else if (reply != NULL)
            print_room(reply);
    }
    return code;
}

/* Of what a room says of itself: what is wrong with it, not how it was set up. */
static bool is_wrong(const char *problem)
{
    static const char *const kinds[] = {"STORE_", "REDO_", "FOLLOW_"};
    bool found = false;

    for (size_t i = 0; i < MC_LEN(kinds); i++)
        found = found || strncmp(problem, kinds[i], strlen(kinds[i])) == 0;
    return found;
}

static int check_health(struct ctl *ctl, const char *room)
{
    Motcua__HealthRequest request = MOTCUA__HEALTH_REQUEST__INIT;
    int code = CTL_OK;
    const Motcua__HealthReply *health =
        ctl_call(ctl, room, &motcua__room__descriptor, "Health", &request.base, &code);

    if (health == NULL) {
        printf("CRITICAL %s does not say how it is\n", room);
        return CTL_CRITICAL;
    }
    int worst = health->ready ? CTL_OK : CTL_CRITICAL;
    for (size_t i = 0; i < health->n_problems; i++) {
        if (!is_wrong(health->problems[i]))
            continue;
        printf("%s %s %s\n", health->ready ? "WARNING" : "CRITICAL", room, health->problems[i]);
        worst = MC_MAX(worst, (int)CTL_WARNING);
    }
    return worst;
}

/* One room, that was just started: does it take calls? What waits in it is another question. */
static int check_up(struct ctl *ctl, const char *room)
{
    int code = check_health(ctl, room);

    if (code == CTL_CRITICAL)
        return code;
    printf("OK %s takes calls\n", room);
    return CTL_OK;
}

int ctl_check(struct ctl *ctl, int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[0], "--up") == 0)
        return check_up(ctl, argv[1]);
    long warn_s = argc > 0 ? strtol(argv[0], NULL, 10) : 30;
    long critical_s = argc > 1 ? strtol(argv[1], NULL, 10) : 120;
    const Motcua__StatsReply *told[CTL_ROOMS];
    int worst = CTL_OK;
    int unreachable = CTL_OK;

    if (warn_s <= 0 || critical_s < warn_s)
        return CTL_USAGE;
    ctl_stats_all(ctl, told, &unreachable);
    for (size_t i = 0; i < CTL_ROOMS; i++) {
        const Motcua__StatsReply *reply = told[i];

        if (reply == NULL) {
            printf("CRITICAL %s is down\n", ctl_rooms[i]);
            worst = CTL_CRITICAL;
            continue;
        }
        struct sums sums = sum_lanes(reply);
        if (reply->store->refusing || sums.oldest_ms > critical_s * 1000) {
            printf("CRITICAL %s oldest=%llds%s\n", reply->room, (long long)(sums.oldest_ms / 1000),
                   reply->store->refusing ? " store refuses" : "");
            worst = CTL_CRITICAL;
        } else if (sums.oldest_ms > warn_s * 1000 || sums.dead > 0) {
            printf("WARNING %s oldest=%llds dead=%llu\n", reply->room,
                   (long long)(sums.oldest_ms / 1000), (unsigned long long)sums.dead);
            worst = MC_MAX(worst, (int)CTL_WARNING);
        }
        worst = MC_MAX(worst, check_health(ctl, reply->room));
    }
    if (worst == CTL_OK)
        printf("OK every room is up, no job older than %lds\n", warn_s);
    return worst;
}

static void print_lane_head(const struct ctl *ctl)
{
    printf("%-24s %7s %8s %7s %6s %6s %10s %10s %8s %8s", "QUEUE", "OLDEST", "QUEUED", "LEASED",
           "HELD", "DEAD", "ENQUEUED", "DONE", "FAILED", "EXPIRED");
    if (ctl->wide)
        printf(" %8s %9s %8s %8s %8s", "RETRYING", "SCHEDULED", "IN/MIN", "OUT/MIN", "FAIL/MIN");
    printf("\n");
}

static void print_lane(const struct ctl *ctl, const char *name, const Motcua__LaneStats *lane)
{
    char age[CTL_AGE_SIZE];

    printf("%-24s %7s %8llu %7llu %6llu %6llu %10llu %10llu %8llu %8llu", name,
           ctl_age(age, lane->oldest_ms), (unsigned long long)lane->queued,
           (unsigned long long)lane->leased, (unsigned long long)lane->held,
           (unsigned long long)lane->dead, (unsigned long long)lane->enqueued_total,
           (unsigned long long)lane->done_total, (unsigned long long)lane->failed_total,
           (unsigned long long)lane->expired_total);
    if (ctl->wide)
        printf(" %8llu %9llu %8.1f %8.1f %8.1f", (unsigned long long)lane->retrying,
               (unsigned long long)lane->scheduled, lane->in_per_minute, lane->out_per_minute,
               lane->failed_per_minute);
    printf("\n");
    ctl_print_pauses(lane);
}

int ctl_queue_list(struct ctl *ctl, int argc, char **argv)
{
    const Motcua__StatsReply *told[CTL_ROOMS];
    int code = CTL_OK;

    (void)argc;
    (void)argv;
    if (ctl->output == CTL_TABLE)
        print_lane_head(ctl);
    ctl_stats_all(ctl, told, &code);
    for (size_t i = 0; i < CTL_ROOMS; i++) {
        const Motcua__StatsReply *reply = told[i];

        for (size_t j = 0; reply != NULL && j < reply->n_lanes; j++) {
            const Motcua__LaneStats *lane = reply->lanes[j];
            char name[64];

            (void)snprintf(name, sizeof name, "%s/%s", reply->room, lane->lane);
            if (ctl->output == CTL_JSON)
                (void)ctl_print_json(ctl, &lane->base);
            else if (ctl->output == CTL_NAME)
                printf("%s\n", name);
            else
                print_lane(ctl, name, lane);
        }
    }
    return code;
}

void ctl_print_job(const Motcua__Job *job, int64_t now_ms)
{
    static const char *const states[] = {"?", "queued", "leased", "held", "dead"};
    char age[CTL_AGE_SIZE];
    char due[CTL_AGE_SIZE];

    printf("%-18llu %-16s %-7s %6s %6s %3u/%-3u %-12s %-16s %s\n", (unsigned long long)job->id,
           job->kind, job->state <= MOTCUA__JOB_STATE__DEAD ? states[job->state] : "?",
           ctl_age(age, now_ms - job->created_ms), ctl_age(due, job->due_ms - now_ms),
           job->attempts, job->attempts_max, job->destination, job->leased_by, job->last_error);
}

int ctl_queue_peek(struct ctl *ctl, int argc, char **argv)
{
    Motcua__PeekRequest request = MOTCUA__PEEK_REQUEST__INIT;
    int code = CTL_OK;

    if (argc < 1 || argc > 3)
        return CTL_USAGE;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "dead") == 0)
            request.state = MOTCUA__JOB_STATE__DEAD;
        else
            request.lane = argv[i];
    }
    request.limit = 200;
    const Motcua__PeekReply *reply =
        ctl_call(ctl, argv[0], &motcua__room__descriptor, "Peek", &request.base, &code);
    if (reply == NULL)
        return code;
    if (ctl->output == CTL_TABLE)
        printf("%-18s %-16s %-7s %6s %6s %7s %-12s %-16s %s\n", "ID", "KIND", "STATE", "AGE",
               "DUE_IN", "TRY", "DESTINATION", "HELD_BY", "LAST_ERROR");
    for (size_t i = 0; i < reply->n_jobs; i++) {
        if (ctl->output == CTL_JSON)
            (void)ctl_print_json(ctl, &reply->jobs[i]->base);
        else if (ctl->output == CTL_NAME)
            printf("%llu\n", (unsigned long long)reply->jobs[i]->id);
        else
            ctl_print_job(reply->jobs[i], mc_now_ms(&ctl->clock));
    }
    return code;
}
