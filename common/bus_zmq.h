/*
 * What the bus's two files share: bus.c, the sockets; bus_callers.c, who may connect over tcp.
 * Only they include it.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <zmq.h>

#include "common/bus.h"

#define BUS_ZAP_DOMAIN "motcua"

enum { BUS_UNREAD_GROUPS = 64 }; /* connections are counted in so many groups */

/*
 * Bytes that wait for callers that do not read. The queues have an end in messages only: a few
 * thousand replies with files in them would take all memory there is. So larger bodies are
 * counted from when they are queued until ZeroMQ, in its own thread, lets go of them.
 */
struct unread {
    _Atomic size_t total;
    _Atomic size_t groups[BUS_UNREAD_GROUPS];
    atomic_bool many; /* were waiting since there were none */
};

struct mc_bus {
    void *context;
    unsigned sockets; /* open listeners and peers */

    /* The ZAP handler (RFC 27) runs in its own thread, started before the first tcp bind. */
    void *zap; /* REP socket; the thread's own once that runs */
    pthread_t zap_thread;
    _Atomic uint64_t admitted;
    _Atomic uint64_t refused;

    /* Sorted by key. Written by the owner under the lock, so the owner reads without it. */
    pthread_mutex_t lock;
    struct mc_bus_caller *callers;
    size_t callers_len;

    struct unread unread; /* here, because it is counted down until the context has ended */
};

/* Puts a sentence into why, and returns the status. */
enum mc_status bus_fail(enum mc_status status, char *why, size_t size, const char *fmt, ...)
    mc_printf(4, 5);

enum mc_status bus_status_of(int error); /* of an errno that binding gave */

/* Z85 text of a CURVE key. NULL is none. */
bool bus_key_ok(const char *key);
/* By the owner's thread; NULL when the key is not on the list. */
const struct mc_bus_caller *bus_caller_find(const struct mc_bus *bus, const char *key);
/* Starts the thread that answers who may connect, once. False: the system says no. */
bool bus_zap_start(struct mc_bus *bus);
