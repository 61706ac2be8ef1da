/* What the network tests share: a loop that cannot hang, and a raw TCP peer on it. */
#pragma once

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/loop.h"

enum { TOO_LONG_MS = 20000, PEER_BUFFER = 1 << 16 };

static inline void took_too_long(void *arg)
{
    *(bool *)arg = true;
}

/* Turns the loop until *flag, and fails the test rather than wait for ever. */
static inline void turn_until(struct mc_loop *loop, const bool *flag)
{
    bool late = false;
    struct mc_timer *guard = mc_timer_create(loop, took_too_long, &late);

    assert_non_null(guard);
    mc_timer_start(guard, TOO_LONG_MS);
    while (!*flag && !late)
        assert_int_equal(mc_loop_step(loop, true), MC_OK);
    mc_timer_destroy(guard);
    assert_false(late);
}

struct peer {
    struct mc_loop *loop;
    int fd;
    struct mc_watch *watch;
    size_t len;
    bool ended;          /* closed or reset by the other side */
    const char *awaited; /* sets `found` when it has come */
    bool found;
    char text[PEER_BUFFER + 1];
};

static inline void peer_ready(void *arg, unsigned events)
{
    struct peer *peer = arg;
    ssize_t n = recv(peer->fd, peer->text + peer->len, PEER_BUFFER - peer->len, MSG_DONTWAIT);

    (void)events;
    if (n > 0) {
        peer->len += (size_t)n;
        peer->text[peer->len] = '\0';
    } else {
        peer->ended = true;
        mc_watch_destroy(peer->watch);
        peer->watch = NULL;
    }
    peer->found = peer->ended || (peer->awaited != NULL && strstr(peer->text, peer->awaited));
}

static inline void peer_open(struct peer *peer, struct mc_loop *loop, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memset(peer, 0, sizeof *peer);
    peer->loop = loop;
    peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(peer->fd >= 0);
    assert_int_equal(connect(peer->fd, (struct sockaddr *)&address, sizeof address), 0);
    peer->watch = mc_watch_create(loop, peer->fd, MC_WATCH_READ, peer_ready, peer);
    assert_non_null(peer->watch);
}

static inline void peer_send(struct peer *peer, const void *bytes, size_t len)
{
    assert_int_equal(send(peer->fd, bytes, len, MSG_NOSIGNAL), len);
}

static inline void peer_say(struct peer *peer, const char *text)
{
    peer_send(peer, text, strlen(text));
}

/* Until the text has come, or the other side has closed. */
static inline void peer_await(struct peer *peer, const char *text)
{
    peer->awaited = text;
    peer->found = peer->ended || strstr(peer->text, text) != NULL;
    turn_until(peer->loop, &peer->found);
}

static inline void peer_close(struct peer *peer)
{
    mc_watch_destroy(peer->watch);
    peer->watch = NULL;
    (void)close(peer->fd);
}

static inline unsigned count_text(const char *text, const char *part)
{
    unsigned count = 0;

    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
        count++;
    return count;
}
