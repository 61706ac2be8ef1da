/*
 * What an SMS's life costs the otp room's own thread, by step: the room in one process, its calls
 * through the frame as in the daemon, without sockets; each step of a round is one turn. Without
 * flushes unless asked for, so that what is measured is ours: CPU time of this thread.
 *
 *     lives --dir FOLDER [--kind codes|notices|many] [--lives 100000] [--turn 256] [--flush 1]
 *
 * JSON lines. Under `valgrind --tool=callgrind` it counts instructions, the same on a busy machine.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/frame.h"

#include "otp.pb-c.h"

#include "inside.h"
#include "otp.h"

enum {
    LEASE = 100,
    TOGETHER = 100,
    TURN_MAX = 4096,
    MAP_GIB = 16,
    PHONES = 10000000,
    STEP_MS = 5, /* between two turns */
    TICK_TURNS = 16,
};

#define T0 INT64_C(1788746400000) /* 2026-09-07 09:00 in Hà Nội, a Monday */

enum step { QUEUE, LEASE_THEM, ACKNOWLEDGE, REPORT, STEPS };

static const char *const step_names[STEPS] = {"queue", "lease", "acknowledge", "report"};

struct bench {
    struct inside in;
    struct otp otp;
    uint64_t phones;
    uint64_t turns;
    double calls_us[STEPS];
    double commits_us[STEPS];
};

static void open_room(struct bench *bench, const char *dir, bool flush)
{
    const struct inside_options options = {
        .room = &otp_room,
        .ctx = &bench->otp,
        .dir = dir,
        .now_ms = T0,
        .map_size = (size_t)MAP_GIB << 30,
        .keep = 256 << 20,
        .flush = flush,
    };

    inside_begin(&bench->in, &options);
    inside_open(&bench->in, &options);
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

/* One turn; the replies' bodies go to `keep`. */
static void run(struct bench *bench, enum step step, struct mc_call *calls, size_t n)
{
    struct mc_validate_error error;
    struct mc_turn turn;
    double began = inside_us(CLOCK_THREAD_CPUTIME_ID);

    mc_turn_begin(&turn, bench->in.service.store, &bench->in.service.arena, bench->in.time.now_ms);
    for (size_t i = 0; i < n; i++) {
        if (!mc_call_open(&bench->in.service, &calls[i]))
            inside_die("a call", "refused");
        mc_call_write(&bench->in.service, &turn, &calls[i]);
    }
    if (bench->turns++ % TICK_TURNS == 0)
        (void)mc_service_tick(&bench->in.service, &turn);
    double ran = inside_us(CLOCK_THREAD_CPUTIME_ID);
    inside_ok(mc_turn_commit(&turn), "a turn");
    bench->commits_us[step] += inside_us(CLOCK_THREAD_CPUTIME_ID) - ran;
    bench->calls_us[step] += ran - began;
    for (size_t i = 0; i < n; i++) {
        if (calls[i].status != MC_OK) {
            const Motcua__Header *head =
                mc_envelope_open_reply(&bench->in.keep, calls[i].reply_header, &error);
            inside_die(step_names[step], head != NULL ? head->code : "refused");
        }
        calls[i].reply_body =
            mc_copy(&bench->in.keep, calls[i].reply_body.data, calls[i].reply_body.len);
    }
    mc_arena_reset(&bench->in.service.arena);
    bench->in.time.now_ms += STEP_MS;
}

static char *phone_new(struct bench *bench)
{
    static const char prefixes[][4] = {"096", "097", "098", "086", "090",
                                       "093", "091", "094", "088", "089"};
    uint64_t number = ++bench->phones * 61803397 % PHONES;

    return mc_sprintf(&bench->in.keep, "%s%07" PRIu64, prefixes[number % 10], number);
}

static void notice_fill(struct bench *bench, Otp__EnqueueSmsRequest *request)
{
    otp__enqueue_sms_request__init(request);
    request->lane = OTP__LANE__TRANSACTIONAL;
    request->phone = phone_new(bench);
    request->text = mc_unconst("Ho so 000.20.31.H53-261122-0042 da duoc tiep nhan, hen tra ngay "
                               "27/11/2026. Tra cuu tai Cong DVCQG.");
}

static struct mc_call notice(struct bench *bench)
{
    Otp__EnqueueSmsRequest request;

    notice_fill(bench, &request);
    return call_make(bench, "motcua.otp.v1.Otp/EnqueueSms", "room:bench", &request.base);
}

static struct mc_call code(struct bench *bench)
{
    Otp__IssueRequest request = OTP__ISSUE_REQUEST__INIT;
    uint8_t subject[MC_ID_LEN];

    mc_uuid7(subject, bench->in.time.now_ms, &bench->in.random);
    request.purpose = OTP__PURPOSE__LOGIN;
    request.subject = (ProtobufCBinaryData){sizeof subject, subject};
    request.phone = phone_new(bench);
    return call_make(bench, "motcua.otp.v1.Otp/Issue", "room:bench", &request.base);
}

static struct mc_call many(struct bench *bench)
{
    Otp__EnqueueManySmsRequest request = OTP__ENQUEUE_MANY_SMS_REQUEST__INIT;
    Otp__EnqueueSmsRequest messages[TOGETHER];
    Otp__EnqueueSmsRequest *list[TOGETHER];

    for (size_t i = 0; i < TOGETHER; i++) {
        notice_fill(bench, &messages[i]);
        list[i] = &messages[i];
    }
    request.messages = list;
    request.n_messages = TOGETHER;
    return call_make(bench, "motcua.otp.v1.Otp/EnqueueManySms", "room:bench", &request.base);
}

static struct mc_call lease(struct bench *bench)
{
    Otp__LeaseJobsRequest request = OTP__LEASE_JOBS_REQUEST__INIT;

    request.credit = LEASE;
    request.without_report_path = true;
    return call_make(bench, "motcua.otp.v1.Otp/LeaseJobs", "sms:bench", &request.base);
}

static struct mc_call acknowledge(struct bench *bench, const Otp__LeaseJobsReply *leased)
{
    Otp__AckJobsRequest request = OTP__ACK_JOBS_REQUEST__INIT;
    Otp__Ack acks[LEASE];
    Otp__Ack *list[LEASE];

    for (size_t i = 0; i < leased->n_jobs; i++) {
        otp__ack__init(&acks[i]);
        acks[i].token = leased->jobs[i]->token;
        acks[i].provider_reference = leased->jobs[i]->reference;
        list[i] = &acks[i];
    }
    request.acks = list;
    request.n_acks = leased->n_jobs;
    return call_make(bench, "motcua.otp.v1.Otp/AckJobs", "sms:bench", &request.base);
}

static struct mc_call report(struct bench *bench, const Otp__LeaseJobsReply *leased)
{
    Otp__ReportDeliveryRequest request = OTP__REPORT_DELIVERY_REQUEST__INIT;
    Otp__DeliveryReport reports[LEASE];
    Otp__DeliveryReport *list[LEASE];

    for (size_t i = 0; i < leased->n_jobs; i++) {
        otp__delivery_report__init(&reports[i]);
        reports[i].reference = leased->jobs[i]->reference;
        reports[i].state = OTP__DELIVERY_STATE__DELIVERED;
        list[i] = &reports[i];
    }
    request.reports = list;
    request.n_reports = leased->n_jobs;
    return call_make(bench, "motcua.otp.v1.Otp/ReportDelivery", "sms:bench", &request.base);
}

/* As many lives as a turn has, all of them through each step. */
static size_t round_of(struct bench *bench, const char *kind, size_t turn)
{
    static struct mc_call calls[TURN_MAX];
    static Otp__LeaseJobsReply *leased[TURN_MAX];
    bool together = strcmp(kind, "many") == 0;
    size_t n = together ? turn / TOGETHER : turn;
    size_t leases = (turn + LEASE - 1) / LEASE;
    size_t lives = 0;

    mc_arena_reset(&bench->in.keep);
    for (size_t i = 0; i < n; i++)
        calls[i] = together ? many(bench) : kind[0] == 'c' ? code(bench) : notice(bench);
    run(bench, QUEUE, calls, n);
    for (size_t i = 0; i < leases; i++)
        calls[i] = lease(bench);
    run(bench, LEASE_THEM, calls, leases);
    for (size_t i = 0; i < leases; i++) {
        leased[i] = otp__lease_jobs_reply__unpack(&bench->in.keep.protobuf, calls[i].reply_body.len,
                                                  calls[i].reply_body.data);
        if (leased[i] == NULL)
            inside_die("a lease", "does not read");
        lives += leased[i]->n_jobs;
        calls[i] = acknowledge(bench, leased[i]);
    }
    run(bench, ACKNOWLEDGE, calls, leases);
    for (size_t i = 0; i < leases; i++)
        calls[i] = report(bench, leased[i]);
    run(bench, REPORT, calls, leases);
    return lives;
}

static void tell(const struct bench *bench, const char *kind, double lives)
{
    double total = 0;

    for (size_t i = 0; i < STEPS; i++) {
        printf("{\"bench\":\"lives\",\"kind\":\"%s\",\"step\":\"%s\",\"calls_us\":%.2f,"
               "\"commit_us\":%.2f}\n",
               kind, step_names[i], bench->calls_us[i] / lives, bench->commits_us[i] / lives);
        total += bench->calls_us[i] + bench->commits_us[i];
    }
    printf("{\"bench\":\"lives\",\"kind\":\"%s\",\"step\":\"all\",\"cpu_us\":%.2f}\n", kind,
           total / lives);
}

int main(int argc, char **argv)
{
    static struct bench bench;
    const char *dir = NULL;
    const char *kind = "notices";
    size_t lives = 100000;
    size_t turn = 256;
    size_t lived = 0;
    bool flush = false;

    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--dir") == 0)
            dir = argv[i + 1];
        else if (strcmp(argv[i], "--kind") == 0)
            kind = argv[i + 1];
        else if (strcmp(argv[i], "--lives") == 0)
            lives = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--turn") == 0)
            turn = strtoul(argv[i + 1], NULL, 10);
        else if (strcmp(argv[i], "--flush") == 0)
            flush = argv[i + 1][0] == '1';
        else
            inside_die(argv[i], "unknown");
    }
    if (dir == NULL || turn < TOGETHER || turn > TURN_MAX)
        inside_die("usage",
                   "lives --dir FOLDER [--kind codes|notices|many] [--lives N] [--turn 100..4096]");
    open_room(&bench, dir, flush);
    while (lived < lives)
        lived += round_of(&bench, kind, turn);
    tell(&bench, kind, (double)lived);
    mc_service_close(&bench.in.service);
    mc_config_close(&bench.in.config);
    return 0;
}
