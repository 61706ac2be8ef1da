/*
 * From Issue to a person who has proved the phone: a code is issued, the gateway whose LeaseJobs
 * waits is handed its text, and the code in it is verified. One thread plays portal and gateway.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "otp.pb-c.h"

#include "bench.h"

enum {
    PAIRS_MAX = 256, /* under way at once */
    CREDIT = 100,
    LEASE_TAG = BENCH_SLOTS,
    ACK_TAG,
    VERIFY_TAG,
    CODE_LEN = 6,
    NATIONAL_LEN = 9, /* digits of a phone that 0… and 84… have in common */
    FLUSHES = 300,
    COMMITS = 1000,
    COMMIT_PAGES = 10,
    FLUSH_LEN = 4096,
};

struct pair {
    uint8_t subject[16];
    char phone[NATIONAL_LEN + 1];
    int64_t asked_ns;
};

struct handover {
    struct bench_server *server;
    struct bench_load issue;
    struct pair pairs[PAIRS_MAX];
    size_t under_way;
    uint64_t proved;
    bool over;
    struct bench_histogram lengths;
};

static void issue(struct handover *handover, size_t slot)
{
    static struct bench_message message;
    struct pair *pair = &handover->pairs[slot];

    handover->issue.make(&handover->issue, slot, &message);
    memcpy(pair->subject, message.body + handover->issue.at_subject, sizeof pair->subject);
    memcpy(pair->phone, message.body + handover->issue.at_phone + 1, NATIONAL_LEN);
    pair->asked_ns = bench_ns();
    handover->under_way++;
    bench_send(handover->server, &message);
}

static void ask(struct handover *handover, const char *method, const char *caller, size_t tag,
                const ProtobufCMessage *request)
{
    static struct bench_message message;
    static uint8_t body[CREDIT * 64];
    uint8_t *out = body;

    if (protobuf_c_message_get_packed_size(request) > sizeof body)
        bench_die("%s: too large", method);
    message.header_len = bench_header(message.header, method, caller, tag);
    size_t len = protobuf_c_message_pack(request, out);
    if (zmq_send(handover->server->socket, message.header, message.header_len, ZMQ_SNDMORE) < 0 ||
        zmq_send(handover->server->socket, out, len, 0) < 0)
        bench_die("%s cannot be sent", method);
}

static void lease(struct handover *handover)
{
    Otp__LeaseJobsRequest request = OTP__LEASE_JOBS_REQUEST__INIT;

    request.credit = CREDIT;
    request.wait_ms = 10000;
    ask(handover, "motcua.otp.v1.Otp/LeaseJobs", "sms:bench", LEASE_TAG, &request.base);
}

static size_t pair_of(const struct handover *handover, const char *phone)
{
    size_t len = strlen(phone);

    for (size_t i = 0; len > NATIONAL_LEN && i < PAIRS_MAX; i++)
        if (strcmp(handover->pairs[i].phone, phone + len - NATIONAL_LEN) == 0)
            return i;
    bench_die("a text for nobody");
}

static const char *code_in(const char *text)
{
    for (size_t digits = 0; *text != '\0'; text++) {
        digits = isdigit((unsigned char)*text) ? digits + 1 : 0;
        if (digits == CODE_LEN && !isdigit((unsigned char)text[1]))
            return text - CODE_LEN + 1;
    }
    bench_die("a text without a code");
}

static void hold(struct handover *handover, const Otp__SmsJob *job)
{
    const struct pair *pair = &handover->pairs[pair_of(handover, job->phone)];

    bench_histogram_add(&handover->lengths, bench_ns() - pair->asked_ns);
}

static void verify(struct handover *handover, const Otp__SmsJob *job)
{
    Otp__VerifyRequest request = OTP__VERIFY_REQUEST__INIT;
    size_t slot = pair_of(handover, job->phone);
    char code[CODE_LEN + 1] = {0};

    memcpy(code, code_in(job->text), CODE_LEN);
    request.purpose = OTP__PURPOSE__LOGIN;
    request.subject =
        (ProtobufCBinaryData){sizeof handover->pairs[slot].subject, handover->pairs[slot].subject};
    request.code = code;
    ask(handover, "motcua.otp.v1.Otp/Verify", "room:bench", VERIFY_TAG + slot, &request.base);
}

static void leased(struct handover *handover, zmq_msg_t *body)
{
    Otp__LeaseJobsReply *reply =
        otp__lease_jobs_reply__unpack(NULL, zmq_msg_size(body), zmq_msg_data(body));
    Otp__AckJobsRequest request = OTP__ACK_JOBS_REQUEST__INIT;
    Otp__Ack acks[CREDIT];
    Otp__Ack *list[CREDIT];

    if (reply == NULL || reply->n_jobs > CREDIT)
        bench_die("a lease that does not read");
    for (size_t i = 0; i < reply->n_jobs; i++) {
        hold(handover, reply->jobs[i]);
        otp__ack__init(&acks[i]);
        acks[i].token = reply->jobs[i]->token;
        list[i] = &acks[i];
    }
    request.acks = list;
    request.n_acks = reply->n_jobs;
    if (reply->n_jobs > 0)
        ask(handover, "motcua.otp.v1.Otp/AckJobs", "sms:bench", ACK_TAG, &request.base);
    if (!handover->over || handover->under_way > 0)
        lease(handover);
    /* Nobody types a code before his gateway has said that it took the text. */
    for (size_t i = 0; i < reply->n_jobs; i++)
        verify(handover, reply->jobs[i]);
    otp__lease_jobs_reply__free_unpacked(reply, NULL);
}

static void verified(struct handover *handover, size_t slot, zmq_msg_t *body)
{
    Otp__VerifyReply *reply =
        otp__verify_reply__unpack(NULL, zmq_msg_size(body), zmq_msg_data(body));

    if (reply == NULL || !reply->correct)
        bench_die("a right code was wrong");
    otp__verify_reply__free_unpacked(reply, NULL);
    handover->proved++;
    handover->under_way--;
    if (!handover->over)
        issue(handover, slot);
}

static void step(struct handover *handover, zmq_msg_t *header, zmq_msg_t *body)
{
    zmq_pollitem_t wait = {.socket = handover->server->socket, .events = ZMQ_POLLIN};

    if (zmq_poll(&wait, 1, 30000) != 1)
        bench_die("%zu codes stand still", handover->under_way);
    while (zmq_msg_recv(header, handover->server->socket, ZMQ_DONTWAIT) >= 0) {
        if (zmq_msg_recv(body, handover->server->socket, 0) < 0)
            bench_die("half a reply");
        size_t tag = bench_tag_slot(zmq_msg_data(header), zmq_msg_size(header));
        if (tag == LEASE_TAG)
            leased(handover, body);
        else if (tag >= VERIFY_TAG)
            verified(handover, tag - VERIFY_TAG, body);
    }
}

/* A page is written and on disk. */
static void flush_page(int fd, const char *path, uint64_t number)
{
    static const char page[FLUSH_LEN];

    if (fd < 0 || pwrite(fd, page, sizeof page, (off_t)number * FLUSH_LEN) != FLUSH_LEN ||
        fdatasync(fd) != 0)
        bench_die("%s: %s", path, strerror(errno));
}

static void write_page(int fd, const char *path, uint64_t number)
{
    static const char page[FLUSH_LEN];

    if (pwrite(fd, page, sizeof page, (off_t)number * FLUSH_LEN) != FLUSH_LEN)
        bench_die("%s: %s", path, strerror(errno));
}

/* What the disk does without us: one page and its flush; and a commit as LMDB writes it, which is
 * some scattered pages, their flush, the meta page, its flush. */
void bench_flush_run(const char *folder, struct bench_flush *ret_flush)
{
    struct bench_histogram flushes = {0};
    struct bench_histogram commits = {0};
    char path[BENCH_PATH];

    (void)snprintf(path, sizeof path, "%.200s/flush", folder);
    int fd = open(path, O_WRONLY | O_CREAT, 0600);
    for (uint64_t i = 0; i < FLUSHES; i++) {
        int64_t began = bench_ns();
        flush_page(fd, path, i);
        bench_histogram_add(&flushes, bench_ns() - began);
    }
    for (uint64_t i = 0; i < COMMITS; i++) {
        int64_t began = bench_ns();
        for (int j = 1; j < COMMIT_PAGES; j++)
            write_page(fd, path, 2 + bench_random() % (FLUSHES - 2));
        flush_page(fd, path, 2 + bench_random() % (FLUSHES - 2));
        flush_page(fd, path, i % 2);
        bench_histogram_add(&commits, bench_ns() - began);
    }
    (void)close(fd);
    *ret_flush =
        (struct bench_flush){bench_histogram_us(&flushes, 0.5), bench_histogram_us(&commits, 0.5),
                             bench_histogram_us(&commits, 0.99)};
}

void bench_handover_run(struct bench_server *server, size_t pairs, double seconds,
                        struct bench_handover *ret_handover)
{
    static struct handover handover;
    zmq_msg_t header;
    zmq_msg_t body;

    if (pairs > PAIRS_MAX)
        bench_die("at most %d at once", PAIRS_MAX);
    memset(&handover, 0, sizeof handover);
    handover.server = server;
    bench_load_issue(&handover.issue, server);
    (void)zmq_msg_init(&header);
    (void)zmq_msg_init(&body);
    lease(&handover);
    int64_t start = bench_ns();
    for (size_t i = 0; i < pairs; i++)
        issue(&handover, i);
    while (handover.under_way > 0) {
        handover.over = bench_ns() >= start + (int64_t)(seconds * 1e9);
        step(&handover, &header, &body);
    }
    double took = (double)(bench_ns() - start) / 1e9;
    (void)zmq_msg_close(&header);
    (void)zmq_msg_close(&body);
    *ret_handover = (struct bench_handover){
        .per_s = (double)handover.proved / took,
        .p50_us = bench_histogram_us(&handover.lengths, 0.5),
        .p99_us = bench_histogram_us(&handover.lengths, 0.99),
    };
}
