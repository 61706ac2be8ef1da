/*
 * Bench: the real daemon and its references under the same load, side by side.
 *
 * A server is a child process on an ipc socket; a load keeps a number of calls outstanding on
 * one DEALER and measures each of them. Nothing here is clever about failures: what should
 * not happen ends the program with one line, and takes the children along.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#define BENCH_LEN(array) (sizeof(array) / sizeof((array)[0]))

enum {
    BENCH_PATH = 256,
    BENCH_ARGS = 48,
    BENCH_MESSAGE = 1024,
    BENCH_SLOTS = 8192,       /* most calls outstanding */
    BENCH_TAG_BASE = 1 << 16, /* tags are three bytes of varint, whatever the slot */
    BENCH_BUCKETS = 40 * 64,  /* latencies: powers of two in 64 steps each */
    BENCH_SUBJECTS = 1 << 16, /* codes that READ asks about */
    BENCH_TABLES = 24,
};

_Noreturn void bench_die(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
int64_t bench_ns(void);
int64_t bench_now_ms(void);
uint64_t bench_random(void);
double bench_median(const double *values, size_t n);

/* --- servers (server.c) --- */

struct bench_server {
    const char *name;
    pid_t pid;
    clockid_t cpu;
    int64_t started_ns;
    char endpoint[BENCH_PATH];
    void *socket; /* our DEALER */
};

/* What a process has used so far. */
struct bench_use {
    uint64_t cpu_ns;
    uint64_t written; /* bytes given to write(): LMDB's pages, a few bytes of wake-ups */
    uint64_t charged; /* bytes the kernel charges: a page of a large folio counts as all of it */
    uint64_t commits;
    uint64_t calls;
};

/* Starts a program; its output goes to <folder>/<name>.log. args end in NULL. */
void bench_server_start(struct bench_server *server, const char *folder, const char *name,
                        const char *endpoint, char *const *args);
void bench_server_stop(struct bench_server *server);
void bench_server_use(const struct bench_server *server, struct bench_use *ret_use);
/* From smaps_rollup, in KiB. */
uint64_t bench_server_memory(const struct bench_server *server, const char *what);
void bench_servers_kill(void); /* all that still run */

/* A daemon of ours, on its defaults in the house's folder; `extra` ends in NULL. */
void bench_daemon_start(struct bench_server *server, const char *folder, const char *bin,
                        const char *room, const char *const *extra);
void bench_daemon_commits(const struct bench_server *server, struct bench_use *use);
double bench_daemon_ready(const struct bench_server *server); /* ms from exec to its Health */

/* --- loads (load.c) --- */

struct bench_message {
    uint8_t header[BENCH_MESSAGE];
    uint8_t body[BENCH_MESSAGE];
    size_t header_len;
    size_t body_len;
};

struct bench_load {
    struct bench_server *server;
    /* Fills the slot's next message. */
    void (*make)(struct bench_load *load, size_t slot, struct bench_message *message);
    /* The slot a reply belongs to; ends the program when the reply is a refusal. */
    size_t (*slot_of)(const uint8_t *header, size_t len);
    void (*stats)(const struct bench_server *server, struct bench_use *use);
    struct bench_message template;
    size_t at_tag; /* where in the template's header */
    size_t at_id;
    size_t at_subject; /* where in its body */
    size_t at_phone;
    size_t reply_header; /* sizes of the last reply */
    size_t reply_body;
};

struct bench_result {
    double per_s;
    double p50_us;
    double p99_us;
    double cpu_us;
    double bytes;
    double charged;
    double flushes;
    double batch; /* calls in a commit; 0: nothing was committed */
    uint64_t calls;
};

void bench_load_run(struct bench_load *load, size_t outstanding, double seconds,
                    struct bench_result *ret_result);

struct bench_histogram {
    uint64_t counts[BENCH_BUCKETS];
    uint64_t total;
};
void bench_histogram_add(struct bench_histogram *histogram, int64_t ns);
double bench_histogram_us(const struct bench_histogram *histogram, double part);

/* One message there and back; for what is not measured. */
void bench_send(const struct bench_server *server, const struct bench_message *message);

/* --- messages (message.c) --- */

struct bench_subjects {
    uint8_t id[BENCH_SUBJECTS][16];
    size_t made;
};
extern struct bench_subjects bench_subjects;

void bench_load_issue(struct bench_load *load, struct bench_server *server);
void bench_load_notice(struct bench_load *load, struct bench_server *server);
void bench_load_status(struct bench_load *load, struct bench_server *server);
/* Messages of the same size as another load's, for a reference. */
void bench_load_plain(struct bench_load *load, struct bench_server *server,
                      const struct bench_load *like);
size_t bench_tag_slot(const uint8_t *header, size_t len);
void bench_uuid7(uint8_t id[16]);
/* A header for a method, by caller; its tag is BENCH_TAG_BASE + slot. Returns its length. */
size_t bench_header(uint8_t *out, const char *method, const char *caller, size_t slot);

/* --- what a call puts (shape.c) --- */

enum bench_kind { BENCH_COUNTER, BENCH_TIME, BENCH_RANDOM, BENCH_ONCE, BENCH_STAGED };
struct bench_row {
    char table[32];
    size_t key;
    size_t value;
    size_t puts; /* by one call; of BENCH_ONCE by one commit */
    enum bench_kind kind;
    /* from the first look */
    size_t rows;
    uint8_t last[512];
    size_t last_len;
};
struct bench_shape {
    struct bench_row rows[BENCH_TABLES];
    size_t len;
};

/* Looks twice at a store, `calls` calls lying between; the second look knows the shape. */
void bench_shape_before(struct bench_shape *shape, const char *dir);
void bench_shape_after(struct bench_shape *shape, const char *dir, size_t calls);

/* --- an SMS's life (life.c) --- */

struct bench_life {
    double per_s;
    double p50_us; /* from the call that queues it to its report's answer */
    double p99_us;
    double cpu_us;
    double bytes;
    double flushes;
    uint64_t lives;
};
/* Queue, lease, acknowledge, report: `outstanding` texts at once, leases of `batch`. */
/* notices: in one call; 0: codes, each by itself */
void bench_life_run(struct bench_server *server, size_t notices, size_t outstanding, size_t batch,
                    double seconds, struct bench_life *ret_life);

/* --- from Issue to Verify (handover.c) --- */

struct bench_handover {
    double per_s;  /* codes issued and verified */
    double p50_us; /* from Issue's sending to the waiting gateway's holding the text */
    double p99_us;
};
void bench_handover_run(struct bench_server *server, size_t pairs, double seconds,
                        struct bench_handover *ret_handover);
/* What the disk does by itself there. */
struct bench_flush {
    double us; /* of one page, median */
    double commit_p50_us;
    double commit_p99_us;
};
void bench_flush_run(const char *folder, struct bench_flush *ret_flush);
