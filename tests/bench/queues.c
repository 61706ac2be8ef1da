/*
 * What looking at queues costs, few and many jobs in store, and what others feel while operators
 * act on a hundred thousand: the otp room in one process. Calls go through the frame as in the
 * daemon, without sockets.
 *
 *     queues --dir FOLDER [--jobs 10,1000000] [--calls 1000] [--dead 100000]
 *
 * JSON lines. Looking: CPU time of this thread, median; `share` is what polling it each second
 * takes of one core. Acting: wall time of a turn with one EnqueueSms and its flushed commit, quiet
 * and while the action runs in the same turns.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/frame.h"

#include "otp.pb-c.h"

#include "inside.h"
#include "otp.h"

enum {
    TURN_JOBS = 1000,
    CARRIERS = 8,
    MAP_GIB = 64,
    SAMPLES_MAX = 1 << 16,
    LANE = OTP_LANE_TRANSACTIONAL,
};

#define T0 INT64_C(1788746400000) /* 2026-09-07 09:00 in Hà Nội, a Monday */

struct bench {
    struct inside in;
    struct otp otp;
    uint64_t jobs;
    uint64_t sent;
    struct samples {
        double us[SAMPLES_MAX];
        size_t len;
    } quiet, busy;
};

/* --- the store --- */

static void open_room(struct bench *bench, const char *dir)
{
    const struct inside_options options = {
        .room = &otp_room,
        .ctx = &bench->otp,
        .dir = dir,
        .now_ms = T0,
        .map_size = (size_t)MAP_GIB << 30,
        .keep = 64 << 20,
        .flush = true,
    };

    inside_begin(&bench->in, &options);
    inside_open(&bench->in, &options);
}

static void txn_open(struct bench *bench, struct mc_turn *turn, struct mc_txn *txn)
{
    static const struct mc_caller caller = {.name = "system", .who = MC_ROOM};
    static const Motcua__Header header = MOTCUA__HEADER__INIT;

    mc_arena_budget(&bench->in.service.arena, bench->in.service.arena.size);
    mc_txn_open(txn, turn);
    txn->now_ms = bench->in.time.now_ms;
    txn->random = &bench->in.random;
    txn->secrets = &bench->in.service.secrets;
    txn->caller = &caller;
    txn->header = &header;
    txn->actor = "system";
    txn->cause_event = "";
}

static void add_jobs(struct bench *bench, struct mc_txn *txn, size_t n)
{
    static const char *const carriers[CARRIERS] = {
        "viettel", "mobifone", "vinaphone", "vietnamobile", "itel", "gmobile", "wintel", "vnsky"};
    static const uint8_t payload[200];

    for (size_t i = 0; i < n; i++) {
        const char *const keys[] = {mc_sprintf(txn->arena, "dossier:%" PRIu64, bench->jobs), NULL};
        const struct mc_job_spec spec = {
            .lane = LANE,
            .kind = "sms",
            .payload = {payload, sizeof payload},
            .expires_ms = txn->now_ms + INT64_C(86400000) * 365,
            .attempts_max = 5,
            .destination = carriers[bench->jobs++ % CARRIERS],
            .keys = keys,
        };
        if (mc_job_add(txn, &spec) == 0)
            inside_die("a job", "refused");
    }
}

/* Made over some days, so that every age has some. */
static void grow(struct bench *bench, uint64_t jobs)
{
    while (bench->jobs < jobs) {
        struct mc_turn turn;
        struct mc_txn txn;

        bench->in.time.now_ms += 200;
        mc_turn_begin(&turn, bench->in.service.store, &bench->in.service.arena,
                      bench->in.time.now_ms);
        txn_open(bench, &turn, &txn);
        add_jobs(bench, &txn, MC_MIN(jobs - bench->jobs, (uint64_t)TURN_JOBS));
        inside_ok(mc_txn_apply(&txn), "jobs");
        inside_ok(mc_turn_commit(&turn), "a turn");
        mc_arena_reset(&bench->in.service.arena);
    }
}

static void bury(struct bench *bench, size_t n)
{
    const struct mc_lease spec = {.lane = LANE, .worker = "bench", .lease_ms = 60000};
    struct mc_job *jobs = calloc(TURN_JOBS, sizeof *jobs);

    if (jobs == NULL)
        inside_die("memory", "none");
    while (n > 0) {
        struct mc_turn turn;
        struct mc_txn txn;

        mc_turn_begin(&turn, bench->in.service.store, &bench->in.service.arena,
                      bench->in.time.now_ms);
        txn_open(bench, &turn, &txn);
        size_t got = mc_jobs_lease(&txn, &spec, jobs, MC_MIN(n, (size_t)TURN_JOBS));
        for (size_t i = 0; i < got; i++)
            mc_job_bury(&txn, &jobs[i], "CARRIER_REFUSED");
        inside_ok(mc_txn_apply(&txn), "burying");
        inside_ok(mc_turn_commit(&turn), "a turn");
        mc_arena_reset(&bench->in.service.arena);
        n -= got;
    }
    free(jobs);
}

/* --- calls --- */

static struct mc_call call_make(struct bench *bench, const char *method, const char *caller,
                                const ProtobufCMessage *request)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    uint8_t id[MC_ID_LEN];

    mc_uuid7(id, bench->in.time.now_ms, &bench->in.random);
    head.request_id = (ProtobufCBinaryData){sizeof id, id};
    head.method = mc_unconst(method);
    head.caller = mc_unconst(caller);
    return (struct mc_call){.header = mc_envelope_pack(&bench->in.keep, &head),
                            .body = mc_body_pack(&bench->in.keep, request),
                            .arrived_ms = bench->in.time.now_ms};
}

static void check(struct bench *bench, const struct mc_call *call, const char *what)
{
    struct mc_validate_error error;

    if (call->status == MC_OK)
        return;
    const Motcua__Header *head =
        mc_envelope_open_reply(&bench->in.keep, call->reply_header, &error);
    inside_die(what, head != NULL ? head->code : "refused");
}

static double look(struct bench *bench, const char *method, const ProtobufCMessage *request)
{
    mc_arena_reset(&bench->in.keep);
    struct mc_call call = call_make(bench, method, "operator:bench", request);
    double began = inside_us(CLOCK_THREAD_CPUTIME_ID);

    if (mc_call_open(&bench->in.service, &call))
        mc_call_read(&bench->in.service, &call);
    double took = inside_us(CLOCK_THREAD_CPUTIME_ID) - began;
    check(bench, &call, method);
    mc_arena_reset(&bench->in.service.arena);
    return took;
}

/* A turn with these calls, and the room's housekeeping when asked; wall time to its end. */
static double run(struct bench *bench, struct mc_call *calls, size_t n, bool tick)
{
    struct mc_turn turn;
    double began = inside_us(CLOCK_MONOTONIC);

    for (size_t i = 0; i < n; i++)
        if (!mc_call_open(&bench->in.service, &calls[i]))
            inside_die("a call", "refused");
    mc_turn_begin(&turn, bench->in.service.store, &bench->in.service.arena, bench->in.time.now_ms);
    for (size_t i = 0; i < n; i++)
        mc_call_write(&bench->in.service, &turn, &calls[i]);
    if (tick) /* as in the daemon: the room's own tick keeps its pace */
        (void)mc_service_step(&bench->in.service, &turn);
    mc_arena_budget(&bench->in.service.arena, bench->in.service.arena.size);
    inside_ok(mc_turn_commit(&turn), "a turn");
    double took = inside_us(CLOCK_MONOTONIC) - began;
    for (size_t i = 0; i < n; i++)
        check(bench, &calls[i], "a call");
    return took;
}

static void forget_turn(struct bench *bench)
{
    mc_arena_reset(&bench->in.service.arena);
    mc_arena_reset(&bench->in.keep);
    bench->in.time.now_ms += 1;
}

static double live_turn(struct bench *bench, bool tick)
{
    Otp__EnqueueSmsRequest request = OTP__ENQUEUE_SMS_REQUEST__INIT;
    char phone[16];

    (void)snprintf(phone, sizeof phone, "0912%06" PRIu64, bench->sent++ % 1000000);
    request.lane = OTP__LANE__TRANSACTIONAL;
    request.phone = phone;
    request.text = mc_unconst("Ho so da duoc tiep nhan.");
    struct mc_call call =
        call_make(bench, "motcua.otp.v1.Otp/EnqueueSms", "room:bench", &request.base);
    double took = run(bench, &call, 1, tick);
    forget_turn(bench);
    return took;
}

static int by_size(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;

    return *left < *right ? -1 : *left > *right;
}

static double percentile(struct samples *samples, double part)
{
    qsort(samples->us, samples->len, sizeof *samples->us, by_size);
    return samples->us[(size_t)((double)(samples->len - 1) * part)];
}

static void keep(struct samples *samples, double us)
{
    if (samples->len < SAMPLES_MAX)
        samples->us[samples->len++] = us;
}

/* --- looking --- */

static double median(struct bench *bench, const char *method, const ProtobufCMessage *request,
                     size_t calls)
{
    bench->quiet.len = 0;
    for (size_t i = 0; i < calls; i++)
        keep(&bench->quiet, look(bench, method, request));
    return percentile(&bench->quiet, 0.5);
}

static void measure_looks(struct bench *bench, size_t calls)
{
    Motcua__StatsRequest stats = MOTCUA__STATS_REQUEST__INIT;
    Motcua__ShapeRequest shape = MOTCUA__SHAPE_REQUEST__INIT;
    Motcua__PeekRequest peek = MOTCUA__PEEK_REQUEST__INIT;
    Motcua__FindJobsRequest find = MOTCUA__FIND_JOBS_REQUEST__INIT;

    shape.lane = peek.lane = mc_unconst("transactional");
    find.key = mc_unconst("dossier:none");
    const struct {
        const char *method;
        const ProtobufCMessage *request;
        size_t calls;
    } looks[] = {
        {"Stats", &stats.base, calls},
        {"Shape", &shape.base, calls},
        {"Peek", &peek.base, calls},
        {"FindJobs", &find.base, MC_MAX(calls / 20, 1)}, /* one call of it: a part of the queue */
    };
    for (size_t i = 0; i < MC_LEN(looks); i++) {
        char name[64];

        (void)snprintf(name, sizeof name, "motcua.v1.Room/%s", looks[i].method);
        double us = median(bench, name, looks[i].request, looks[i].calls);
        printf("{\"bench\":\"look\",\"method\":\"%s\",\"jobs\":%" PRIu64
               ",\"us\":%.1f,\"share\":%.6f}\n",
               looks[i].method, bench->jobs, us, us / 1e6);
    }
    (void)fflush(stdout);
}

/* --- acting --- */

static const Motcua__Action *act(struct bench *bench, const char *method, const char *caller,
                                 const ProtobufCMessage *request)
{
    struct mc_call call = call_make(bench, method, caller, request);

    (void)run(bench, &call, 1, false);
    const Motcua__Action *action =
        motcua__action__unpack(&bench->in.keep.protobuf, call.reply_body.len, call.reply_body.data);
    if (action == NULL)
        inside_die(method, "no action");
    return action;
}

static Motcua__ActionState state_of(struct bench *bench, const uint8_t id[MC_ID_LEN],
                                    uint8_t ret_hash[MC_HASH_LEN], uint64_t *ret_done)
{
    Motcua__GetActionRequest request = MOTCUA__GET_ACTION_REQUEST__INIT;

    request.action_id = (ProtobufCBinaryData){MC_ID_LEN, mc_unconst(id)};
    struct mc_call call =
        call_make(bench, "motcua.v1.Room/GetAction", "operator:an", &request.base);
    if (mc_call_open(&bench->in.service, &call))
        mc_call_read(&bench->in.service, &call);
    check(bench, &call, "GetAction");
    const Motcua__Action *action =
        motcua__action__unpack(&bench->in.keep.protobuf, call.reply_body.len, call.reply_body.data);
    if (action == NULL)
        inside_die("GetAction", "no action");
    memcpy(ret_hash, action->set_hash.data, MC_HASH_LEN);
    *ret_done = action->done;
    Motcua__ActionState state = action->state;
    forget_turn(bench);
    return state;
}

/*
 * Live turns until the action is in this state: twenty in which a part of it is done, and twenty
 * quiet ones, in turns, for a shared disk has its moods.
 */
static double live_until(struct bench *bench, const uint8_t id[MC_ID_LEN],
                         Motcua__ActionState state, uint8_t hash[MC_HASH_LEN], uint64_t *done)
{
    double began = inside_us(CLOCK_MONOTONIC);

    bench->quiet.len = bench->busy.len = 0;
    while (state_of(bench, id, hash, done) != state)
        for (size_t i = 0; i < 40; i++)
            keep(i < 20 ? &bench->busy : &bench->quiet, live_turn(bench, i < 20));
    return inside_us(CLOCK_MONOTONIC) - began;
}

/* Memory of our own, without the store's mapped pages. */
static double heap_mib(void)
{
    unsigned long long total = 0;
    unsigned long long resident = 0;
    unsigned long long shared = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    // NOLINTNEXTLINE(cert-err34-c): the kernel's own
    if (file == NULL || fscanf(file, "%llu %llu %llu", &total, &resident, &shared) != 3)
        inside_die("/proc/self/statm", "cannot be read");
    (void)fclose(file);
    return (double)(resident - shared) * (double)sysconf(_SC_PAGESIZE) / 1048576;
}

static void tell(struct bench *bench, const char *phase, double wall_us, uint64_t done)
{
    double quiet_p50 = percentile(&bench->quiet, 0.5);
    double quiet_p99 = percentile(&bench->quiet, 0.99);
    double p50 = percentile(&bench->busy, 0.5);
    double p99 = percentile(&bench->busy, 0.99);

    printf("{\"bench\":\"act\",\"phase\":\"%s\",\"jobs\":%" PRIu64
           ",\"quiet_p50_us\":%.0f,\"p50_us\":%.0f,\"quiet_p99_us\":%.0f,\"p99_us\":%.0f,"
           "\"p99_ratio\":%.2f,\"seconds\":%.2f,\"calls\":%zu,\"heap_mib\":%.1f}\n",
           phase, done, quiet_p50, p50, quiet_p99, p99, p99 / quiet_p99, wall_us / 1e6,
           bench->busy.len, heap_mib());
    (void)fflush(stdout);
}

static void measure_acting(struct bench *bench, uint64_t dead)
{
    Motcua__PrepareActionRequest prepare = MOTCUA__PREPARE_ACTION_REQUEST__INIT;
    Motcua__RunActionRequest bound = MOTCUA__RUN_ACTION_REQUEST__INIT;
    Motcua__JobFilter filter = MOTCUA__JOB_FILTER__INIT;
    uint8_t id[MC_ID_LEN];
    uint8_t hash[MC_HASH_LEN];
    uint64_t done = 0;

    bury(bench, dead);
    filter.lane = mc_unconst("transactional");
    filter.state = MOTCUA__JOB_STATE__DEAD;
    prepare.kind = MOTCUA__ACTION_KIND__RETRY;
    prepare.filter = &filter;
    prepare.reason = mc_unconst("bench");
    memcpy(id,
           act(bench, "motcua.v1.Room/PrepareAction", "operator:an", &prepare.base)->action_id.data,
           MC_ID_LEN);
    forget_turn(bench);
    double wall = live_until(bench, id, MOTCUA__ACTION_STATE__PREPARED, hash, &done);
    tell(bench, "preview", wall, dead);
    bound.action_id = (ProtobufCBinaryData){MC_ID_LEN, id};
    bound.set_hash = (ProtobufCBinaryData){MC_HASH_LEN, hash};
    (void)act(bench, "motcua.v1.Room/RunAction", "operator:an", &bound.base);
    forget_turn(bench);
    (void)act(bench, "motcua.v1.Room/ApproveAction", "operator:binh", &bound.base);
    forget_turn(bench);
    wall = live_until(bench, id, MOTCUA__ACTION_STATE__DONE, hash, &done);
    tell(bench, "retry", wall, done);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const char *dir = NULL;
    const char *jobs = "10,1000000";
    size_t calls = 1000;
    uint64_t dead = 100000;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--dir") == 0)
            dir = argv[i + 1];
        else if (strcmp(argv[i], "--jobs") == 0)
            jobs = argv[i + 1];
        else if (strcmp(argv[i], "--calls") == 0)
            calls = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--dead") == 0)
            dead = strtoull(argv[i + 1], NULL, 10);
        else
            inside_die(argv[i], "unknown");
    }
    if (dir == NULL || calls == 0)
        inside_die("usage",
                   "queues --dir FOLDER [--jobs 10,1000000] [--calls 1000] [--dead 100000]");
    open_room(&bench, dir);
    for (const char *next = jobs; next != NULL && *next != '\0';) {
        grow(&bench, strtoull(next, NULL, 10));
        measure_looks(&bench, calls);
        next = strchr(next, ',');
        next = next != NULL ? next + 1 : NULL;
    }
    if (dead > 0)
        measure_acting(&bench, dead);
    mc_service_close(&bench.in.service);
    return 0;
}
