/*
 * Peers: other systems' durable queues, driven through the life of an SMS as the otp room's is:
 * queued and confirmed, leased by a gateway in batches, acknowledged, its delivery reported; each
 * step is confirmed before the next. Lives overlap: every round carries some of each step.
 *
 *     peer_x ADDRESS OUTSTANDING LEASE SECONDS     prints one line of JSON
 */
#pragma once

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PEER_STEPS = 4, PEER_BUFFER = 64 << 20, PEER_LEASE_MAX = 500 };

#define PEER_TEXT                                                                                  \
    "Ma OTP dang ky tai khoan Cong DVCQG: 483920. Hieu luc 2 phut. Ky hieu K7. "                   \
    "Khong cung cap ma nay cho bat ky ai."
#define PEER_PHONE "84900000001"

struct peer {
    const char *address;
    size_t outstanding;
    size_t lease;
    double seconds;
};

__attribute__((format(printf, 1, 2))) _Noreturn static inline void peer_die(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vfprintf(stderr, fmt, args);
    va_end(args);
    (void)fputc('\n', stderr);
    exit(1);
}

static inline double peer_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static inline struct peer peer_arguments(int argc, char **argv)
{
    struct peer peer = {0};

    if (argc != 5)
        peer_die("%s ADDRESS OUTSTANDING LEASE SECONDS", argv[0]);
    peer.address = argv[1];
    peer.outstanding = strtoul(argv[2], NULL, 10);
    peer.lease = strtoul(argv[3], NULL, 10);
    peer.seconds = strtod(argv[4], NULL);
    if (peer.lease < 1 || peer.lease > PEER_LEASE_MAX || peer.outstanding < 1)
        peer_die("OUTSTANDING from 1, LEASE 1 to %d", PEER_LEASE_MAX);
    return peer;
}

static inline void peer_tell(const char *name, const struct peer *peer, uint64_t lives, double took)
{
    printf("{\"bench\":\"sms-life\",\"system\":\"%s\",\"outstanding\":%zu,\"lease\":%zu,"
           "\"per_s\":%.0f}\n",
           name, peer->outstanding, peer->lease, (double)lives / took);
}

/* --- a connection and its buffers, for the peers that speak text --- */

struct peer_link {
    int fd;
    char *out;
    size_t out_len;
    char *in;
    size_t in_len;
    size_t in_at;
};

static inline void peer_link_open(struct peer_link *link, int fd)
{
    *link = (struct peer_link){.fd = fd, .out = malloc(PEER_BUFFER), .in = malloc(PEER_BUFFER)};
    if (link->out == NULL || link->in == NULL)
        peer_die("no memory");
}

__attribute__((format(printf, 2, 3))) static inline void peer_say(struct peer_link *link,
                                                                  const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int n = vsnprintf(link->out + link->out_len, PEER_BUFFER - link->out_len, fmt, args);
    va_end(args);
    if (n < 0 || (size_t)n >= PEER_BUFFER - link->out_len)
        peer_die("a round larger than its buffer");
    link->out_len += (size_t)n;
}

static inline void peer_flush(struct peer_link *link)
{
    for (size_t at = 0; at < link->out_len;) {
        ssize_t n = write(link->fd, link->out + at, link->out_len - at);
        if (n <= 0)
            peer_die("write: %s", strerror(errno));
        at += (size_t)n;
    }
    link->out_len = 0;
}

/* Reads on until at least `want` bytes lie before us. */
static inline void peer_fill(struct peer_link *link, size_t want)
{
    if (link->in_at > PEER_BUFFER / 2) {
        memmove(link->in, link->in + link->in_at, link->in_len - link->in_at);
        link->in_len -= link->in_at;
        link->in_at = 0;
    }
    while (link->in_len - link->in_at < want) {
        ssize_t n = read(link->fd, link->in + link->in_len, PEER_BUFFER - link->in_len);
        if (n <= 0)
            peer_die("the peer has gone");
        link->in_len += (size_t)n;
    }
}

/* The next line without its CR LF; good until the next read. */
static inline char *peer_line(struct peer_link *link)
{
    for (size_t looked = 0;;) {
        size_t have = link->in_len - link->in_at;
        char *end = memchr(link->in + link->in_at + looked, '\n', have - looked);
        if (end != NULL) {
            char *line = link->in + link->in_at;
            end[end > line && end[-1] == '\r' ? -1 : 0] = '\0';
            link->in_at = (size_t)(end + 1 - link->in);
            return line;
        }
        looked = have;
        peer_fill(link, have + 1);
    }
}
