/*
 * The strict reading of HTTP/1.1 requests (RFC 9112), without sockets, so that it can be fuzzed.
 * Whatever two implementations could read differently is refused. Functions return 0, or the status
 * code to refuse with.
 */
#pragma once

#include "common/base.h"
#include "common/httpd.h"

struct mc_httpd_head {
    const char *method;
    const char *path;
    const char *query;
    struct mc_header headers[MC_HTTPD_HEADERS_MAX + 1]; /* ends with a NULL name */
    bool chunked;
    bool expects_continue;
    bool closes; /* the peer wants the connection closed after the answer */
    uint64_t length;
};

/* `text` runs up to and including the empty line; it is cut up in place and must outlive the head.
 */
mc_nodiscard int mc_httpd_parse_head(char *text, size_t len, struct mc_httpd_head *ret_head);

const char *mc_httpd_head_find(const struct mc_httpd_head *head, const char *name);

/* A chunked body: feed input, get at most one piece of data at a time. Starts zeroed. */
struct mc_httpd_chunks {
    enum {
        MC_CHUNK_SIZE,
        MC_CHUNK_SIZE_LF,
        MC_CHUNK_DATA,
        MC_CHUNK_DATA_CR,
        MC_CHUNK_DATA_LF,
        MC_CHUNK_END_CR,
        MC_CHUNK_END_LF,
        MC_CHUNK_DONE,
    } state;
    unsigned digits;
    uint32_t left;
};

mc_nodiscard int mc_httpd_chunks_feed(struct mc_httpd_chunks *chunks, struct mc_bytes in,
                                      size_t *ret_used, struct mc_bytes *ret_piece);
