/* GET /events: the streams that are open. */
#pragma once

#include "partner.pb-c.h"

#include "gateway.h"

enum {
    GATEWAY_STREAMS = 256,
    GATEWAY_STREAM_WAIT_MS = 10000, /* ReadFeed waits so long for an event */
    GATEWAY_STREAM_CALL_MS = 15000,
    GATEWAY_STREAM_TYPES = 16,
    GATEWAY_STREAM_QUERY_MAX = 1024,
};

struct gateway_stream {
    struct gateway *gateway;           /* NULL: free */
    struct gateway_exchange *exchange; /* until the first answer; then NULL */
    struct gateway_sse sse;
    uint64_t after;
    bool from_now;
    char *unit; /* into `query` */
    char *types[GATEWAY_STREAM_TYPES];
    size_t types_len;
    char source[GATEWAY_SOURCE_SIZE];
    char query[GATEWAY_STREAM_QUERY_MAX];
    bool member; /* a member's own session, of /dvcqg/v1/session */
    size_t session_len;
    uint8_t session[MC_SESSION_MAX];
};

#define GATEWAY_STREAMS_SIZE (GATEWAY_STREAMS * sizeof(struct gateway_stream))

/* Closes all of them. */
void gateway_events_end(struct gateway *gateway);
