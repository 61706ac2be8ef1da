/* A load: so many calls outstanding, each answered one followed by the next. */
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "bench.h"

static size_t bucket_of(uint64_t ns)
{
    unsigned power = 0;

    if (ns < 64)
        return (size_t)ns;
    power = 63 - (unsigned)__builtin_clzll(ns);
    size_t bucket = ((size_t)power - 5) * 64 + (size_t)(ns >> (power - 6) & 63);
    return bucket < BENCH_BUCKETS ? bucket : BENCH_BUCKETS - 1;
}

static double bucket_ns(size_t bucket)
{
    if (bucket < 64)
        return (double)bucket;
    size_t power = bucket / 64 + 5;
    return (double)((64 + bucket % 64) << (power - 6));
}

void bench_histogram_add(struct bench_histogram *histogram, int64_t ns)
{
    histogram->counts[bucket_of((uint64_t)ns)]++;
    histogram->total++;
}

double bench_histogram_us(const struct bench_histogram *histogram, double part)
{
    uint64_t wanted = (uint64_t)(part * (double)histogram->total);
    uint64_t seen = 0;

    for (size_t i = 0; i < BENCH_BUCKETS; i++) {
        seen += histogram->counts[i];
        if (seen > wanted)
            return bucket_ns(i) / 1000;
    }
    return 0;
}

static int compare(const void *a, const void *b)
{
    double left = *(const double *)a;
    double right = *(const double *)b;

    return (left > right) - (left < right);
}

double bench_median(const double *values, size_t n)
{
    double sorted[64];

    if (n == 0 || n > BENCH_LEN(sorted))
        bench_die("a median of %zu", n);
    memcpy(sorted, values, n * sizeof *sorted);
    qsort(sorted, n, sizeof *sorted, compare);
    return n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static struct bench_histogram latencies;
static int64_t sent_ns[BENCH_SLOTS];

static void send_next(struct bench_load *load, size_t slot)
{
    static struct bench_message message;

    load->make(load, slot, &message);
    sent_ns[slot] = bench_ns();
    bench_send(load->server, &message);
}

/* One reply; false when there is none yet. */
static bool take(struct bench_load *load, zmq_msg_t *header, zmq_msg_t *body, size_t *ret_slot)
{
    void *socket = load->server->socket;

    if (zmq_msg_recv(header, socket, ZMQ_DONTWAIT) < 0)
        return false;
    if (zmq_msg_recv(body, socket, 0) < 0)
        bench_die("%s: half a reply", load->server->name);
    *ret_slot = load->slot_of(zmq_msg_data(header), zmq_msg_size(header));
    load->reply_header = zmq_msg_size(header);
    load->reply_body = zmq_msg_size(body);
    if (*ret_slot >= BENCH_SLOTS)
        bench_die("%s: a reply to nothing", load->server->name);
    return true;
}

void bench_load_run(struct bench_load *load, size_t outstanding, double seconds,
                    struct bench_result *ret_result)
{
    zmq_pollitem_t wait = {.socket = load->server->socket, .events = ZMQ_POLLIN};
    struct bench_use before = {0};
    struct bench_use after = {0};
    uint64_t in_time = 0;
    size_t under_way = outstanding;
    zmq_msg_t header;
    zmq_msg_t body;

    (void)zmq_msg_init(&header);
    (void)zmq_msg_init(&body);
    memset(&latencies, 0, sizeof latencies);
    load->stats(load->server, &before);
    bench_server_use(load->server, &before);
    int64_t began = bench_ns();
    int64_t until = began + (int64_t)(seconds * 1e9);
    for (size_t slot = 0; slot < outstanding; slot++)
        send_next(load, slot);
    while (under_way > 0) {
        size_t slot = 0;

        if (zmq_poll(&wait, 1, 30000) != 1)
            bench_die("%s: %zu calls unanswered", load->server->name, under_way);
        while (under_way > 0 && take(load, &header, &body, &slot)) {
            int64_t now = bench_ns();
            bench_histogram_add(&latencies, now - sent_ns[slot]);
            in_time += now <= until;
            if (now < until)
                send_next(load, slot);
            else
                under_way--;
        }
    }
    bench_server_use(load->server, &after);
    load->stats(load->server, &after);
    (void)zmq_msg_close(&header);
    (void)zmq_msg_close(&body);

    double calls = (double)latencies.total;
    double commits = (double)(after.commits - before.commits);
    *ret_result = (struct bench_result){
        .per_s = (double)in_time / seconds,
        .p50_us = bench_histogram_us(&latencies, 0.5),
        .p99_us = bench_histogram_us(&latencies, 0.99),
        .cpu_us = (double)(after.cpu_ns - before.cpu_ns) / calls / 1000,
        .bytes = (double)(after.written - before.written) / calls,
        .charged = (double)(after.charged - before.charged) / calls,
        .flushes = 2 * commits / calls, /* LMDB flushes the data, then the meta page */
        .batch = commits > 0 ? calls / commits : 0,
        .calls = latencies.total,
    };
}
