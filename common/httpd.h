/*
 * HTTP server: a small strict HTTP/1.1 for the gateway's edge and the sandbox.
 *
 * It stands on libevent's buffered connections but reads requests itself: evhttp hides from its
 * users exactly what smuggling is made of (bare LF, folded lines, NUL, odd chunk sizes). Anything
 * not plainly HTTP/1.1 is answered 4xx/5xx and the connection closed, before the handler sees it.
 *
 * The handler gets a request handle and owes it exactly one mc_httpd_reply(), or one
 * mc_httpd_stream_begin() or mc_httpd_body_begin() and one mc_httpd_stream_end(), now or later;
 * until then everything read from the handle stays valid, even when the peer goes away, the server
 * is destroyed, or the answer can no longer be delivered: then replying does nothing but let the
 * handle go.
 */
#pragma once

#include "common/base.h"
#include "common/clock.h"
#include "common/header.h"

struct mc_arena;
struct mc_loop;
struct mc_httpd;
struct mc_httpd_request;

enum {
    MC_HTTPD_HEAD_MAX = 8 << 10, /* request line and headers */
    MC_HTTPD_HEADERS_MAX = 64,
    MC_HTTPD_BODY_MAX = 64 << 10,    /* default */
    MC_HTTPD_REQUEST_MS = 10000,     /* default */
    MC_HTTPD_IDLE_MS = 60000,        /* default */
    MC_HTTPD_CONNECTIONS_MAX = 1024, /* default */
    MC_HTTPD_STREAM_BACKLOG_MAX = 256 << 10,
    MC_FORM_PAIRS_MAX = 64,
};

struct mc_httpd_config {
    int socket;            /* that listens already, ours from now on; 0: none */
    const char *host;      /* a numeric address, when there is no socket */
    uint16_t port;         /* 0: any free one */
    const char *cert_file; /* PEM chain and key; NULL: plain HTTP */
    const char *key_file;
    size_t body_max;
    int64_t request_ms; /* for one whole request to arrive, and for its answer to be taken */
    int64_t idle_ms;    /* between requests */
    unsigned connections_max;
    unsigned per_address_max;     /* per IPv4 address or IPv6 /64; 0: no limit (behind a proxy) */
    const struct mc_clock *clock; /* for the Date header; NULL: none */
};

/* MC_INVALID: address, certificate or key is unusable; MC_IO: cannot listen (taken?). */
mc_nodiscard enum mc_status
mc_httpd_create(struct mc_loop *loop, const struct mc_httpd_config *config,
                void (*handler)(void *arg, struct mc_httpd_request *request), void *arg,
                struct mc_httpd **ret_httpd);

/* Closes every connection (streams' `closed` are called). Not to be called inside the handler. */
void mc_httpd_destroy(struct mc_httpd *httpd);

/*
 * The end comes: nothing more is accepted (who else holds the socket goes on with it), each answer
 * is a connection's last, and one that asks nothing is closed: at once between requests, after a
 * moment when it is new. mc_httpd_connections() says how many are left.
 */
void mc_httpd_drain(struct mc_httpd *httpd);

uint16_t mc_httpd_port(const struct mc_httpd *httpd);
unsigned mc_httpd_connections(const struct mc_httpd *httpd);

/* What was asked. Path and query are as sent, percent signs and all; the query is "" when absent.
 */
const char *mc_httpd_method(const struct mc_httpd_request *request);
const char *mc_httpd_path(const struct mc_httpd_request *request);
const char *mc_httpd_query(const struct mc_httpd_request *request);
const char *mc_httpd_header(const struct mc_httpd_request *request, const char *name); /* or NULL */
const struct mc_header *
mc_httpd_headers(const struct mc_httpd_request *request);              /* all, in order */
struct mc_bytes mc_httpd_body(const struct mc_httpd_request *request); /* and an uncounted NUL */
const char *mc_httpd_remote(const struct mc_httpd_request *request);   /* numeric address */

/* False when nobody waits for the answer any more. */
bool mc_httpd_waiting(const struct mc_httpd_request *request);

/* Sends the answer and lets the handle go. `headers` ends with a NULL name, and may be NULL. */
void mc_httpd_reply(struct mc_httpd_request *request, int status, const struct mc_header *headers,
                    struct mc_bytes body);

/*
 * An answer in pieces (SSE). `closed` (may be NULL) is called once if the peer goes away after
 * this; if it has gone before, sending says so. mc_httpd_stream_end() lets the handle go in any
 * case, also from inside `closed`.
 */
void mc_httpd_stream_begin(struct mc_httpd_request *request, int status,
                           const struct mc_header *headers, void (*closed)(void *arg), void *arg);
/*
 * An answer of `length` bytes that is never in memory as a whole: `more` is called whenever the
 * peer has taken what was sent, and asks for one more piece, sent then or later; it may end the
 * answer. Ended before `length` bytes were sent, the connection is cut, which is how the peer
 * knows.
 */
void mc_httpd_body_begin(struct mc_httpd_request *request, int status,
                         const struct mc_header *headers, uint64_t length, void (*more)(void *arg),
                         void (*closed)(void *arg), void *arg);
/* MC_BUSY: the peer reads too slowly, nothing was queued. MC_EXPIRED: it is gone. */
mc_nodiscard enum mc_status mc_httpd_stream_send(struct mc_httpd_request *request,
                                                 struct mc_bytes piece);
void mc_httpd_stream_end(struct mc_httpd_request *request);

/* Percent signs undone, into the arena. MC_INVALID: a broken escape, or one for NUL. */
mc_nodiscard enum mc_status mc_percent_decode(struct mc_arena *arena, struct mc_bytes text,
                                              const char **ret_text);

/* name=value&... of a query or an application/x-www-form-urlencoded body. */
struct mc_form_pair {
    const char *name;
    const char *value;
};

struct mc_form {
    const struct mc_form_pair *pairs;
    size_t count;
};

/* MC_INVALID: a broken escape or more than MC_FORM_PAIRS_MAX pairs. MC_FULL: the arena. */
mc_nodiscard enum mc_status mc_form_decode(struct mc_arena *arena, struct mc_bytes text,
                                           struct mc_form *ret_form);
/* The first value of that name, or NULL. */
const char *mc_form_get(const struct mc_form *form, const char *name);
