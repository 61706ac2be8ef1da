/*
 * HTTP client: asks the outside world. The owner of libcurl.
 *
 * One per daemon, bounded in connections and in requests held. Requests are copied at start; the
 * answer is borrowed for the time of the callback, which runs from the loop exactly once per
 * started and not cancelled request, and may start or cancel others.
 *
 * Failure is in three classes, because money depends on it: ANSWERED, NOT_SENT (no byte of the
 * request left, so asking again is safe) and UNKNOWN (it may have been done: ask about it before
 * repeating it). A timeout after sending is UNKNOWN, never "failed".
 *
 * It also hands e-mails to an SMTP relay, because libcurl does: on connections of their own.
 *
 * No redirects, no proxy, no compression, no cookies, certificates always verified, HTTP/1.1.
 */
#pragma once

#include "common/base.h"
#include "common/header.h"

struct mc_guard;
struct mc_loop;
struct mc_http;
struct mc_http_call;

enum {
    MC_HTTP_ANSWER_MAX = 256 << 10, /* default limit of an answer's body */
    MC_HTTP_TIMEOUT_MS = 30000,
    MC_HTTP_CONNECT_TIMEOUT_MS = 5000,
    MC_HTTP_HEAD_MAX = 16 << 10, /* of a detail; what is longer is cut */
    MC_HTTP_WHY_MAX = 96,
    MC_HTTP_PASSED_MAX = 16 << 20, /* of a body that is only counted */
};

struct mc_http_config {
    unsigned connections_max; /* 0: 32; more requests wait for a connection, on their own time */
    unsigned per_host_max;    /* 0: 8 */
    unsigned requests_max;    /* held at once, 0: 256; past it MC_BUSY */
    bool allow_plain;         /* http:// too: only for the sandbox and tests */
};

/*
 * An SMTP relay instead: url is smtps://host:port, or smtp://host:port, which then has to offer
 * STARTTLS; the body is a whole message with CRLF lines (mail.h). One recipient, so that an answer
 * is an answer about him. The status told is the relay's: 250 (it has the mail), 451, 550; one that
 * does not let us in (AUTH) is NOT_SENT. A connection lost after the whole mail was handed over and
 * before the relay's word is UNKNOWN: sending it again with the same Message-ID is the choice of
 * losing none.
 */
struct mc_http_mail {
    const char *from;
    const char *to;
    const char *user; /* NULL: no AUTH */
    const char *password;
    bool plain; /* without TLS: only where the client allows plain */
};

struct mc_http_request {
    const struct mc_http_mail *mail; /* NULL: HTTP. Else method and headers are not looked at */
    const char *method;              /* GET HEAD POST PUT PATCH DELETE */
    const char *url;
    const struct mc_header *headers; /* ends with a NULL name; may be NULL */
    const char *content_type;        /* may be NULL */
    struct mc_bytes body;
    /* The whole call; 0: MC_HTTP_TIMEOUT_MS. Who waits for one of the host's connections hears that
     * it is over only when one comes free (libcurl looks at those that wait no earlier). */
    int64_t timeout_ms;
    int64_t connect_timeout_ms; /* 0: MC_HTTP_CONNECT_TIMEOUT_MS */
    size_t answer_max;          /* 0: MC_HTTP_ANSWER_MAX */
    const char *ca_file;        /* PEM; NULL: the system's */

    /*
     * For money and whatever else may not happen twice: a connection of its own. On a reused one
     * libcurl silently sends a POST again when the connection dies (curl PR #18417).
     */
    bool once;

    /*
     * Where somebody outside said to go (guard.h): every address that would be connected to is
     * asked about, on a connection of its own. A guard decides on http:// itself; it must live as
     * long as the client. NULL: an address of our own configuration.
     */
    const struct mc_guard *guard;
    unsigned step; /* not looked at: an effect of several exchanges is told which one it was */
    /* Tell all of it; a body longer than answer_max is then cut and counted, instead of a failure.
     */
    bool detail;
};

/* How an exchange went, for people. Times are from its start; 0: it did not come so far. */
struct mc_http_detail {
    int64_t dns_us;
    int64_t connect_us;
    int64_t tls_us;
    int64_t first_byte_us;
    int64_t total_us;
    uint64_t body_len; /* of all that came, also of what was cut */
    bool denied;       /* the guard let no address be asked */
    char why[MC_HTTP_WHY_MAX];
    size_t head_len;
    char head[MC_HTTP_HEAD_MAX + 1]; /* the status line and the headers as they came */
};

enum mc_http_outcome {
    MC_HTTP_ANSWERED, /* whatever the status is */
    MC_HTTP_NOT_SENT,
    MC_HTTP_UNKNOWN,
};

struct mc_http_answer {
    enum mc_http_outcome outcome;
    int status; /* 0 when there was none; may be known with UNKNOWN (cut off, too large) */
    struct mc_bytes body;     /* ends with a NUL that is not counted; empty unless ANSWERED */
    const char *content_type; /* "" when not said */
    const char *why;          /* for the log; "" when ANSWERED; never holds the URL or a body */
    const struct mc_http_detail *detail; /* when it was asked for; else NULL */
};

mc_nodiscard struct mc_http *mc_http_create(struct mc_loop *loop,
                                            const struct mc_http_config *config);

/* Cancels what is under way. Not to be called inside a callback. */
void mc_http_destroy(struct mc_http *http);

/*
 * MC_INVALID: method, URL or header cannot be sent. MC_BUSY: too many requests. MC_FULL: memory.
 * `ret_call` may be NULL; the handle is good until the callback begins.
 */
mc_nodiscard enum mc_status
mc_http_start(struct mc_http *http, const struct mc_http_request *request,
              void (*answered)(void *arg, const struct mc_http_answer *answer), void *arg,
              struct mc_http_call **ret_call);

/* The callback will not be called. What was sent stays sent. */
void mc_http_cancel(struct mc_http_call *call);

/* Started and not yet answered. */
unsigned mc_http_load(const struct mc_http *http);
