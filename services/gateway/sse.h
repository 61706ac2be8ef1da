/*
 * SSE: one answer that goes on as server-sent events (WHATWG HTML, 9.2 "Server-sent events").
 *
 * A stream lives in its owner's memory and holds one request of the listener, from a successful
 * open until it is over: closed by its owner, left by its reader, or the reader was too slow. What
 * a reader has not taken is bounded (MC_HTTPD_STREAM_BACKLOG_MAX): past it the stream ends, and the
 * reader comes again with the id of the last event it saw. Nothing is ever left out in between.
 */
#pragma once

#include "common/httpd.h"

struct mc_arena;
struct mc_loop;
struct mc_timer;

enum {
    GATEWAY_SSE_HEARTBEAT_MS = 15000, /* proxies close what is silent for a minute */
    GATEWAY_SSE_RETRY_MS = 3000,      /* when a reader that was cut off comes again */
    GATEWAY_SSE_ID_MAX = 64,
};

struct gateway_sse {
    struct mc_httpd_request *request; /* NULL: not open */
    struct mc_timer *heartbeat;
    int64_t heartbeat_ms;
    void (*closed)(void *arg);
    void *arg;
};

struct gateway_sse_config {
    const struct mc_header *headers; /* of the answer, without Content-Type; NULL name ends them */
    int64_t heartbeat_ms;            /* 0: GATEWAY_SSE_HEARTBEAT_MS */
    void (*closed)(void *arg);       /* from the loop only: the reader left, or took no heartbeat */
    void *arg;
};

/* Answers 200 text/event-stream. MC_FULL: no memory, and the request is not answered. */
mc_nodiscard enum mc_status gateway_sse_open(struct gateway_sse *sse, struct mc_loop *loop,
                                             struct mc_httpd_request *request,
                                             const struct gateway_sse_config *config);

struct gateway_sse_event {
    const char *id;       /* Last-Event-ID of a reader that comes again; NULL: keeps the one before
                           */
    const char *type;     /* NULL: "message" */
    struct mc_bytes data; /* UTF-8; may have lines */
};

/*
 * The event's text, in the arena. MC_INVALID: an id or type with a line end or NUL, or an id longer
 * than GATEWAY_SSE_ID_MAX. MC_FULL: the arena.
 */
mc_nodiscard enum mc_status gateway_sse_text(struct mc_arena *arena,
                                             const struct gateway_sse_event *event,
                                             struct mc_bytes *ret_text);

/*
 * Sends text that gateway_sse_text() made, so that many readers share one. False when the stream is
 * over now (too slow, or gone): `closed` is not called, and nothing is to be let go.
 */
mc_nodiscard bool gateway_sse_send(struct gateway_sse *sse, struct mc_bytes text);

/* No-op when it is not open. */
void gateway_sse_close(struct gateway_sse *sse);
