/*
 * An SMS's life: a code or a notice is queued, a gateway leases it, its acknowledgement and then
 * its delivery report are on disk. Portal and gateway are played by one thread on one socket, all
 * four steps at once.
 */
#include <stdio.h>
#include <string.h>
#include <zmq.h>

#include "otp.pb-c.h"

#include "bench.h"

enum {
    CREDIT_MAX = 500,
    TOGETHER_MAX = 200,
    LEASES_MAX = 256, /* under way at once */
    LIVES_MAX = 1 << 21,
    LEASE_TAG = BENCH_SLOTS,
    ACK_TAG = LEASE_TAG + LEASES_MAX,
    REPORT_TAG = ACK_TAG + LEASES_MAX,
    REFERENCE_SIZE = 24,
};

struct life {
    struct bench_server *server;
    struct bench_load issue;
    size_t batch;
    size_t together;    /* notices in one EnqueueManySms; 1: each by itself */
    size_t outstanding; /* codes between Issue and the acknowledgement's answer, at most */
    size_t alive;       /* now */
    size_t queued;      /* issued, and no lease was asked for */
    size_t issuing;     /* calls under way that issue */
    size_t free_issues[BENCH_SLOTS];
    size_t free_issues_len;
    size_t free_leases[LEASES_MAX];
    size_t free_leases_len;
    size_t asked[LEASES_MAX]; /* credit of a lease, then what its gateway holds */
    char held[LEASES_MAX][CREDIT_MAX][REFERENCE_SIZE];
    uint64_t lives;
    bool over;
};

/* The queue is first in, first out: the n-th to end began as the n-th, near enough. */
static int64_t began[LIVES_MAX];
static size_t began_len;
static struct bench_histogram lengths;

static void send_batch(struct life *life, const char *method, const char *caller, size_t tag,
                       const uint8_t *body, size_t body_len)
{
    uint8_t header[BENCH_MESSAGE];
    size_t len = bench_header(header, method, caller, tag);

    if (zmq_send(life->server->socket, header, len, ZMQ_SNDMORE) < 0 ||
        zmq_send(life->server->socket, body, body_len, 0) < 0)
        bench_die("%s cannot be sent", method);
}

/* messages = 1: each is the body of a single call. */
static void send_together(struct life *life, size_t slot)
{
    static uint8_t body[TOGETHER_MAX * (BENCH_MESSAGE + 3)];
    static struct bench_message message;
    size_t len = 0;

    for (size_t i = 0; i < life->together; i++) {
        life->issue.make(&life->issue, slot, &message);
        body[len++] = 1 << 3 | 2;
        body[len++] = (uint8_t)(message.body_len | 0x80U);
        body[len++] = (uint8_t)(message.body_len >> 7U);
        memcpy(body + len, message.body, message.body_len);
        len += message.body_len;
    }
    send_batch(life, "motcua.otp.v1.Otp/EnqueueManySms", "room:bench", slot, body, len);
}

static void send_issue(struct life *life)
{
    static struct bench_message message;
    size_t slot = life->free_issues[--life->free_issues_len];
    int64_t now = bench_ns();

    for (size_t i = 0; i < life->together; i++)
        began[began_len++ % LIVES_MAX] = now;
    life->alive += life->together;
    life->issuing++;
    if (life->together > 1) {
        send_together(life, slot);
        return;
    }
    life->issue.make(&life->issue, slot, &message);
    bench_send(life->server, &message);
}

static void send_lease(struct life *life)
{
    Otp__LeaseJobsRequest request = OTP__LEASE_JOBS_REQUEST__INIT;
    struct bench_message message;
    size_t slot = life->free_leases[--life->free_leases_len];

    request.credit = (uint32_t)(life->queued < life->batch ? life->queued : life->batch);
    request.without_report_path = true;
    life->asked[slot] = request.credit;
    life->queued -= request.credit;
    message.header_len =
        bench_header(message.header, "motcua.otp.v1.Otp/LeaseJobs", "sms:bench", LEASE_TAG + slot);
    message.body_len = otp__lease_jobs_request__pack(&request, message.body);
    bench_send(life->server, &message);
}

static void send_ack(struct life *life, size_t slot, const Otp__LeaseJobsReply *leased)
{
    static uint8_t body[CREDIT_MAX * 64];
    Otp__AckJobsRequest request = OTP__ACK_JOBS_REQUEST__INIT;
    Otp__Ack acks[CREDIT_MAX];
    Otp__Ack *list[CREDIT_MAX];

    for (size_t i = 0; i < leased->n_jobs; i++) {
        otp__ack__init(&acks[i]);
        acks[i].token = leased->jobs[i]->token;
        acks[i].provider_reference = leased->jobs[i]->reference;
        list[i] = &acks[i];
        (void)snprintf(life->held[slot][i], REFERENCE_SIZE, "%s", leased->jobs[i]->reference);
    }
    request.acks = list;
    request.n_acks = leased->n_jobs;
    life->queued += life->asked[slot] - leased->n_jobs; /* somebody else's lease took them */
    life->asked[slot] = leased->n_jobs;
    send_batch(life, "motcua.otp.v1.Otp/AckJobs", "sms:bench", ACK_TAG + slot, body,
               otp__ack_jobs_request__pack(&request, body));
}

static void send_reports(struct life *life, size_t slot)
{
    static uint8_t body[CREDIT_MAX * 64];
    Otp__ReportDeliveryRequest request = OTP__REPORT_DELIVERY_REQUEST__INIT;
    Otp__DeliveryReport reports[CREDIT_MAX];
    Otp__DeliveryReport *list[CREDIT_MAX];

    for (size_t i = 0; i < life->asked[slot]; i++) {
        otp__delivery_report__init(&reports[i]);
        reports[i].reference = life->held[slot][i];
        reports[i].state = OTP__DELIVERY_STATE__DELIVERED;
        list[i] = &reports[i];
    }
    request.reports = list;
    request.n_reports = life->asked[slot];
    send_batch(life, "motcua.otp.v1.Otp/ReportDelivery", "sms:bench", REPORT_TAG + slot, body,
               otp__report_delivery_request__pack(&request, body));
}

static void leased(struct life *life, size_t slot, zmq_msg_t *body)
{
    Otp__LeaseJobsReply *reply =
        otp__lease_jobs_reply__unpack(NULL, zmq_msg_size(body), zmq_msg_data(body));

    if (reply == NULL)
        bench_die("a lease that does not read");
    if (reply->n_jobs > 0) {
        send_ack(life, slot, reply);
    } else {
        life->queued += life->asked[slot];
        life->free_leases[life->free_leases_len++] = slot;
    }
    otp__lease_jobs_reply__free_unpacked(reply, NULL);
}

static void acknowledged(struct life *life, size_t slot, zmq_msg_t *body)
{
    Otp__JobResults *reply = otp__job_results__unpack(NULL, zmq_msg_size(body), zmq_msg_data(body));

    if (reply == NULL || reply->n_results != life->asked[slot])
        bench_die("an answer that does not fit its acknowledgement");
    for (size_t i = 0; i < reply->n_results; i++)
        if (!reply->results[i]->ok)
            bench_die("an acknowledgement was refused: %s", reply->results[i]->code);
    otp__job_results__free_unpacked(reply, NULL);
    send_reports(life, slot);
}

static void reported(struct life *life, size_t slot, zmq_msg_t *body)
{
    int64_t now = bench_ns();
    Otp__ReportDeliveryReply *reply =
        otp__report_delivery_reply__unpack(NULL, zmq_msg_size(body), zmq_msg_data(body));

    if (reply == NULL || reply->applied != life->asked[slot])
        bench_die("a report was not applied");
    for (size_t i = 0; i < reply->applied; i++)
        bench_histogram_add(&lengths, now - began[life->lives++ % LIVES_MAX]);
    life->alive -= reply->applied;
    life->free_leases[life->free_leases_len++] = slot;
    otp__report_delivery_reply__free_unpacked(reply, NULL);
}

static void take(struct life *life, zmq_msg_t *header, zmq_msg_t *body)
{
    size_t tag = bench_tag_slot(zmq_msg_data(header), zmq_msg_size(header));

    if (tag < BENCH_SLOTS) {
        life->free_issues[life->free_issues_len++] = tag;
        life->issuing--;
        life->queued += life->together;
    } else if (tag < ACK_TAG) {
        leased(life, tag - LEASE_TAG, body);
    } else if (tag < REPORT_TAG) {
        acknowledged(life, tag - ACK_TAG, body);
    } else {
        reported(life, tag - REPORT_TAG, body);
    }
}

/* Full batches, while there will be any. */
static bool lease_is_due(const struct life *life)
{
    return life->free_leases_len > 0 && life->queued > 0 &&
           (life->queued >= life->batch || life->issuing == 0);
}

static void step(struct life *life, zmq_msg_t *header, zmq_msg_t *body)
{
    zmq_pollitem_t wait = {.socket = life->server->socket, .events = ZMQ_POLLIN};

    while (!life->over && life->alive + life->together <= life->outstanding &&
           life->free_issues_len > 0)
        send_issue(life);
    while (lease_is_due(life))
        send_lease(life);
    if (zmq_poll(&wait, 1, 30000) != 1)
        bench_die("%zu lives stand still", life->alive);
    while (zmq_msg_recv(header, life->server->socket, ZMQ_DONTWAIT) >= 0) {
        if (zmq_msg_recv(body, life->server->socket, 0) < 0)
            bench_die("half a reply");
        take(life, header, body);
    }
}

void bench_life_run(struct bench_server *server, size_t notices, size_t outstanding, size_t batch,
                    double seconds, struct bench_life *ret_life)
{
    static struct life life;
    struct bench_use before = {0};
    struct bench_use after = {0};
    zmq_msg_t header;
    zmq_msg_t body;

    memset(&life, 0, sizeof life);
    life.server = server;
    life.batch = batch;
    life.together = notices > 0 ? notices : 1;
    life.outstanding = outstanding;
    if (notices > 0)
        bench_load_notice(&life.issue, server);
    else
        bench_load_issue(&life.issue, server);
    for (size_t i = 0; i < BENCH_SLOTS; i++)
        life.free_issues[life.free_issues_len++] = i;
    for (size_t i = 0; i < LEASES_MAX; i++)
        life.free_leases[life.free_leases_len++] = i;
    memset(&lengths, 0, sizeof lengths);
    began_len = 0;
    (void)zmq_msg_init(&header);
    (void)zmq_msg_init(&body);
    bench_daemon_commits(server, &before);
    bench_server_use(server, &before);
    int64_t start = bench_ns();
    int64_t until = start + (int64_t)(seconds * 1e9);
    while (life.alive > 0 || !life.over) {
        life.over = bench_ns() >= until;
        if (life.alive > 0 || !life.over)
            step(&life, &header, &body);
    }
    double took = (double)(bench_ns() - start) / 1e9;
    bench_server_use(server, &after);
    bench_daemon_commits(server, &after);
    (void)zmq_msg_close(&header);
    (void)zmq_msg_close(&body);
    double lives = (double)life.lives;
    *ret_life = (struct bench_life){
        .per_s = lives / took,
        .p50_us = bench_histogram_us(&lengths, 0.5),
        .p99_us = bench_histogram_us(&lengths, 0.99),
        .cpu_us = (double)(after.cpu_ns - before.cpu_ns) / lives / 1000,
        .bytes = (double)(after.written - before.written) / lives,
        .flushes = 2 * (double)(after.commits - before.commits) / lives,
        .lives = life.lives,
    };
}
