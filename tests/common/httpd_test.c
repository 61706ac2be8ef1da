/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "common/arena.h"
#include "common/httpd.h"

#include "net_help.h"

enum { BODY_MAX = 1000 };

struct fixture {
    struct mc_loop *loop;
    struct mc_httpd *httpd;
    struct mc_clock_manual time;
    struct mc_clock clock;
    struct peer peer;
    struct peer second;
    unsigned handled;
    bool hold; /* the handler keeps the request instead of answering */
    bool stream;
    uint64_t sized; /* the answer has so many bytes, and comes in pieces */
    unsigned more;
    struct mc_httpd_request *held;
    bool holding;
    bool stream_closed;
    char seen[4096];
};

static void stream_closed(void *arg)
{
    struct fixture *t = arg;
    t->stream_closed = true;
}

static void more(void *arg)
{
    struct fixture *t = arg;
    t->more++;
}

static void handle(void *arg, struct mc_httpd_request *request)
{
    struct fixture *t = arg;
    static const struct mc_header text[] = {{"Content-Type", "text/plain"}, {NULL, NULL}};
    static const struct mc_header events[] = {{"Content-Type", "text/event-stream"}, {NULL, NULL}};

    t->handled++;
    (void)snprintf(t->seen, sizeof t->seen, "%s %s ?%s %s", mc_httpd_method(request),
                   mc_httpd_path(request), mc_httpd_query(request),
                   (const char *)mc_httpd_body(request).data);
    if (t->hold || t->stream || t->sized > 0) {
        t->held = request;
        t->holding = true;
        if (t->stream)
            mc_httpd_stream_begin(request, 200, events, stream_closed, t);
        else if (t->sized > 0)
            mc_httpd_body_begin(request, 206, text, t->sized, more, stream_closed, t);
        return;
    }
    mc_httpd_reply(request, 200, text, mc_httpd_body(request));
}

static int set_up_with(void **state, struct mc_httpd_config config)
{
    struct fixture *t = calloc(1, sizeof *t);

    assert_non_null(t);
    t->loop = mc_loop_create();
    t->time = (struct mc_clock_manual){.now_ms = 784111777000}; /* RFC 9110's example moment */
    t->clock = mc_clock_from(&t->time);
    config.host = "127.0.0.1";
    config.clock = &t->clock;
    config.body_max = BODY_MAX;
    assert_int_equal(mc_httpd_create(t->loop, &config, handle, t, &t->httpd), MC_OK);
    assert_true(mc_httpd_port(t->httpd) != 0);
    *state = t;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, (struct mc_httpd_config){0});
}

static int set_up_impatient(void **state)
{
    return set_up_with(state, (struct mc_httpd_config){.request_ms = 100, .idle_ms = 30});
}

static int set_up_small(void **state)
{
    return set_up_with(state, (struct mc_httpd_config){.connections_max = 1});
}

static int set_up_one_each(void **state)
{
    return set_up_with(state, (struct mc_httpd_config){.per_address_max = 1});
}

static int tear_down(void **state)
{
    struct fixture *t = *state;

    mc_httpd_destroy(t->httpd);
    mc_loop_destroy(t->loop);
    free(t);
    return 0;
}

static void ask(struct fixture *t, const char *text)
{
    peer_open(&t->peer, t->loop, mc_httpd_port(t->httpd));
    peer_say(&t->peer, text);
}

static void await_end(struct peer *peer)
{
    turn_until(peer->loop, &peer->ended);
}

/* The status of the first answer. */
static int status_of(const struct peer *peer)
{
    assert_true(peer->len > strlen("HTTP/1.1 "));
    return (int)strtol(peer->text + strlen("HTTP/1.1 "), NULL, 10);
}

/* Text that grows within its array. */
struct text {
    size_t len;
    char bytes[MC_HTTPD_HEAD_MAX + 2];
};

static void add(struct text *text, const char *more)
{
    text->len +=
        (size_t)snprintf(text->bytes + text->len, sizeof text->bytes - text->len, "%s", more);
    assert_true(text->len < sizeof text->bytes);
}

static void request_is_read_and_answered(void **state)
{
    struct fixture *t = *state;

    ask(t, "POST /otp/send?a=1&b HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n"
           "Connection: close\r\n\r\nhello");
    await_end(&t->peer);
    assert_string_equal(t->seen, "POST /otp/send ?a=1&b hello");
    assert_string_equal(t->peer.text, "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                      "Content-Type: text/plain\r\nConnection: close\r\n"
                                      "Content-Length: 5\r\n\r\nhello");
    peer_close(&t->peer);
}

static void request_in_single_bytes_is_the_same(void **state)
{
    struct fixture *t = *state;
    const char *text = "POST /x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                       "Connection: close\r\n\r\n3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n";

    peer_open(&t->peer, t->loop, mc_httpd_port(t->httpd));
    for (const char *c = text; *c != '\0'; c++) {
        peer_send(&t->peer, c, 1);
        assert_int_equal(mc_loop_step(t->loop, false), MC_OK);
    }
    await_end(&t->peer);
    assert_string_equal(t->seen, "POST /x ? abc0123456789");
    peer_close(&t->peer);
}

static void connection_is_kept_and_pipelined_requests_answered_in_order(void **state)
{
    struct fixture *t = *state;

    ask(t, "GET /1 HTTP/1.1\r\nHost: x\r\n\r\n"
           "POST /2 HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\ntwo"
           "POST /3 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\nthree");
    await_end(&t->peer);
    assert_int_equal(t->handled, 3);
    assert_true(strstr(t->peer.text, "two") < strstr(t->peer.text, "three"));
    assert_int_equal(count_text(t->peer.text, "HTTP/1.1 200"), 3);
    peer_close(&t->peer);
}

static void head_gets_the_length_without_the_body(void **state)
{
    struct fixture *t = *state;

    ask(t, "HEAD / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc");
    await_end(&t->peer);
    assert_non_null(strstr(t->peer.text, "Content-Length: 3\r\n\r\n"));
    assert_null(strstr(t->peer.text, "abc"));
    peer_close(&t->peer);
}

static void continue_is_said_before_the_body(void **state)
{
    struct fixture *t = *state;

    ask(t, "POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n"
           "Connection: close\r\n\r\n");
    peer_await(&t->peer, "100 Continue\r\n\r\n");
    assert_int_equal(t->handled, 0);
    peer_say(&t->peer, "hello");
    await_end(&t->peer);
    assert_int_equal(t->handled, 1);
    assert_int_equal(count_text(t->peer.text, "HTTP/1.1 "), 2);
    peer_close(&t->peer);
}

/*
 * Everything two readers could read differently. Each vector carries a second request behind it:
 * it must never be seen, and there must be exactly one answer and then the end.
 */
static const struct {
    const char *name;
    const char *bytes;
    size_t len;
    int want;
} smuggling[] = {
#define VECTOR(name, bytes, want)                                                                  \
    {                                                                                              \
        name, bytes, sizeof(bytes) - 1, want                                                       \
    }
#define POST_CHUNKED "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
#define SMUGGLED     "GET /smuggled HTTP/1.1\r\nHost: y\r\n\r\n"
    VECTOR("chunk extension", POST_CHUNKED "5;a=b\r\nhello\r\n0\r\n\r\n" SMUGGLED, 400),
    VECTOR("chunk trailer", POST_CHUNKED "5\r\nhello\r\n0\r\nX-Evil: 1\r\n\r\n" SMUGGLED, 400),
    VECTOR("chunk size negative", POST_CHUNKED "-5\r\nhello\r\n0\r\n\r\n" SMUGGLED, 400),
    VECTOR("chunk size plus", POST_CHUNKED "+5\r\nhello\r\n0\r\n\r\n" SMUGGLED, 400),
    VECTOR("chunk size 0x", POST_CHUNKED "0x5\r\nhello\r\n0\r\n\r\n" SMUGGLED, 400),
    VECTOR("chunk size huge", POST_CHUNKED "7fffffffffffffff\r\nhello\r\n0\r\n\r\n" SMUGGLED, 400),
    VECTOR("chunk size zeros", POST_CHUNKED "00000005\r\nhello\r\n0\r\n\r\n" SMUGGLED, 400),
    VECTOR("chunk size space", POST_CHUNKED "5 \r\nhello\r\n0\r\n\r\n" SMUGGLED, 400),
    VECTOR("chunk size missing", POST_CHUNKED "\r\nhello\r\n0\r\n\r\n" SMUGGLED, 400),
    VECTOR("chunk size bare LF", POST_CHUNKED "5\nhello\r\n0\r\n\r\n" SMUGGLED, 400),
    VECTOR("chunk longer than said", POST_CHUNKED "4\r\nhello\r\n0\r\n\r\n" SMUGGLED, 400),
    VECTOR("last chunk bare LF", POST_CHUNKED "5\r\nhello\r\n0\n\n" SMUGGLED, 400),
    VECTOR("TE gzip, chunked",
           "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
           "5\r\nhello\r\n0\r\n\r\n" SMUGGLED,
           400),
    VECTOR("TE xchunked with length",
           "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n"
           "hello" SMUGGLED,
           400),
    VECTOR("TE chunked in other case",
           "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
           400),
    VECTOR("TE twice",
           "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
           "Transfer-Encoding: identity\r\n\r\n0\r\n\r\n" SMUGGLED,
           400),
    VECTOR("TE and length",
           "POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n"
           "0\r\n\r\n" SMUGGLED,
           400),
    VECTOR("TE behind a vertical tab",
           "POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: \x0b"
           "chunked\r\n\r\n0\r\n\r\n" SMUGGLED,
           400),
    VECTOR(
        "two lengths",
        "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 38\r\n\r\n" SMUGGLED,
        400),
    VECTOR("two equal lengths",
           "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\n"
           "hello" SMUGGLED,
           400),
    VECTOR("length list",
           "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 5, 5\r\n\r\nhello" SMUGGLED, 400),
    VECTOR("length negative",
           "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nhello" SMUGGLED, 400),
    VECTOR("length plus", "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nhello" SMUGGLED,
           400),
    VECTOR("length hex", "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 0x5\r\n\r\nhello" SMUGGLED,
           400),
    VECTOR("length empty", "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\nhello" SMUGGLED,
           400),
    VECTOR("length of 11 digits",
           "POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 00000000005\r\n\r\nhello" SMUGGLED, 400),
    VECTOR("folded line", "GET /of HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n" SMUGGLED, 400),
    VECTOR("folded first line", "GET /of HTTP/1.1\r\n Host: x\r\nHost: x\r\n\r\n" SMUGGLED, 400),
    VECTOR("space before colon", "GET /sp HTTP/1.1\r\nHost : x\r\n\r\n" SMUGGLED, 400),
    VECTOR("header without colon", "GET /nc HTTP/1.1\r\nHost: x\r\nabc\r\n\r\n" SMUGGLED, 400),
    VECTOR("header without name", "GET /nn HTTP/1.1\r\nHost: x\r\n: abc\r\n\r\n" SMUGGLED, 400),
    VECTOR("underscore in name", "GET /u HTTP/1.1\r\nHost: x\r\nContent_Length: 5\r\n\r\n" SMUGGLED,
           400),
    VECTOR("no Host", "GET /nohost HTTP/1.1\r\n\r\n" SMUGGLED, 400),
    VECTOR("two Hosts", "GET /2 HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n" SMUGGLED, 400),
    VECTOR("Host with path", "GET /2 HTTP/1.1\r\nHost: x/y\r\n\r\n" SMUGGLED, 400),
    VECTOR("two authorizations",
           "GET /2 HTTP/1.1\r\nHost: x\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n" SMUGGLED,
           400),
    VECTOR("bare LF", "GET /lf HTTP/1.1\nHost: x\n\r\n\r\n" SMUGGLED, 400),
    VECTOR("bare LF inside", "GET /lf HTTP/1.1\r\nHost: x\nA: b\r\n\r\n" SMUGGLED, 400),
    VECTOR("bare CR inside", "GET /cr HTTP/1.1\r\nHost: x\r\nA: b\rC: d\r\n\r\n" SMUGGLED, 400),
    VECTOR("NUL in header", "GET /nul HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n" SMUGGLED, 400),
    VECTOR("control character in header", "GET /c HTTP/1.1\r\nHost: x\r\nA: b\x01\r\n\r\n" SMUGGLED,
           400),
    VECTOR("NUL in target", "GET /a\0b HTTP/1.1\r\nHost: x\r\n\r\n" SMUGGLED, 400),
    VECTOR("escaped NUL in target", "GET /a%00b HTTP/1.1\r\nHost: x\r\n\r\n" SMUGGLED, 400),
    VECTOR("broken escape in target", "GET /a%4 HTTP/1.1\r\nHost: x\r\n\r\n" SMUGGLED, 400),
    VECTOR("space in target", "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n" SMUGGLED, 400),
    VECTOR("tab for space", "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n" SMUGGLED, 400),
    VECTOR("absolute target", "GET http://y/ HTTP/1.1\r\nHost: x\r\n\r\n" SMUGGLED, 400),
    VECTOR("empty line first", "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n" SMUGGLED, 400),
    VECTOR("only an empty line", "\r\n\r\n" SMUGGLED, 400),
    VECTOR("HTTP/0.9", "GET /\r\n\r\n" SMUGGLED, 400),
    VECTOR("HTTP/1.0", "GET / HTTP/1.0\r\nHost: x\r\n\r\n" SMUGGLED, 505),
    VECTOR("HTTP/2.0", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    VECTOR("version with space", "GET / HTTP/1.1 \r\nHost: x\r\n\r\n" SMUGGLED, 505),
    VECTOR("unknown method", "TRACE / HTTP/1.1\r\nHost: x\r\n\r\n" SMUGGLED, 501),
    VECTOR("method in small letters", "get / HTTP/1.1\r\nHost: x\r\n\r\n" SMUGGLED, 501),
    VECTOR("other expectation", "POST / HTTP/1.1\r\nHost: x\r\nExpect: x\r\n\r\n" SMUGGLED, 417),
    VECTOR("TLS on a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400),
};

static void ambiguous_requests_are_refused_and_the_connection_closed(void **state)
{
    struct fixture *t = *state;

    for (size_t i = 0; i < MC_LEN(smuggling); i++) {
        peer_open(&t->peer, t->loop, mc_httpd_port(t->httpd));
        peer_send(&t->peer, smuggling[i].bytes, smuggling[i].len);
        await_end(&t->peer);
        int status = status_of(&t->peer);
        if (status != smuggling[i].want || t->handled != 0 ||
            count_text(t->peer.text, "HTTP/1.1 ") != 1)
            fail_msg("%s: want %d, got %d, handled %u: %s", smuggling[i].name, smuggling[i].want,
                     status, t->handled, t->peer.text);
        assert_non_null(strstr(t->peer.text, "Connection: close\r\n"));
        peer_close(&t->peer);
    }
}

static void head_at_the_limit_and_one_past(void **state)
{
    struct fixture *t = *state;
    static struct text text;

    for (size_t extra = 0; extra <= 1; extra++) {
        memset(&text, 0, sizeof text);
        add(&text, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nA: ");
        while (text.len < MC_HTTPD_HEAD_MAX + extra - 4)
            text.bytes[text.len++] = 'a';
        add(&text, "\r\n\r\n");
        ask(t, text.bytes);
        await_end(&t->peer);
        assert_int_equal(status_of(&t->peer), extra == 0 ? 200 : 431);
        assert_int_equal(t->handled, 1);
        peer_close(&t->peer);
    }
}

static void head_without_end_is_cut_off_at_the_limit(void **state)
{
    struct fixture *t = *state;
    static char text[MC_HTTPD_HEAD_MAX];

    memset(text, 'a', sizeof text);
    peer_open(&t->peer, t->loop, mc_httpd_port(t->httpd));
    peer_send(&t->peer, text, sizeof text);
    await_end(&t->peer);
    assert_int_equal(status_of(&t->peer), 431);
    peer_close(&t->peer);
}

static void header_count_at_the_limit_and_one_past(void **state)
{
    struct fixture *t = *state;
    static struct text text;

    for (size_t extra = 0; extra <= 1; extra++) {
        memset(&text, 0, sizeof text);
        add(&text, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
        for (size_t i = 2; i < MC_HTTPD_HEADERS_MAX + extra; i++)
            add(&text, "A: b\r\n");
        add(&text, "\r\n");
        ask(t, text.bytes);
        await_end(&t->peer);
        assert_int_equal(status_of(&t->peer), extra == 0 ? 200 : 431);
        peer_close(&t->peer);
    }
}

static void body_at_the_limit_and_one_past(void **state)
{
    struct fixture *t = *state;

    for (unsigned chunked = 0; chunked <= 1; chunked++) {
        for (unsigned extra = 0; extra <= 1; extra++) {
            char text[BODY_MAX + 500];
            char body[BODY_MAX + 2] = {0};
            unsigned len = BODY_MAX + extra;
            memset(body, 'b', len);
            if (chunked)
                (void)snprintf(text, sizeof text,
                               "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n",
                               len, body);
            else
                (void)snprintf(text, sizeof text,
                               "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                               "Content-Length: %u\r\n\r\n%s",
                               len, body);
            ask(t, text);
            await_end(&t->peer);
            assert_int_equal(status_of(&t->peer), extra == 0 ? 200 : 413);
            peer_close(&t->peer);
        }
    }
    assert_int_equal(t->handled, 2);
}

struct dribble {
    struct peer *peer;
    struct mc_timer *timer;
};

static void dribble_on(void *arg)
{
    struct dribble *dribble = arg;

    (void)send(dribble->peer->fd, "X", 1, MSG_NOSIGNAL);
    mc_timer_start(dribble->timer, 5);
}

/* Slowloris: every byte comes in time, the request does not. */
static void slow_request_meets_an_absolute_deadline(void **state)
{
    struct fixture *t = *state;
    struct dribble dribble = {.peer = &t->peer};

    ask(t, "GET / HTTP/1.1\r\nHost: x\r\n");
    dribble.timer = mc_timer_create(t->loop, dribble_on, &dribble);
    mc_timer_start(dribble.timer, 0);
    await_end(&t->peer);
    assert_int_equal(status_of(&t->peer), 408);
    assert_int_equal(t->handled, 0);
    mc_timer_destroy(dribble.timer);
    peer_close(&t->peer);
}

static void silent_connection_is_closed_without_a_word(void **state)
{
    struct fixture *t = *state;

    ask(t, "");
    await_end(&t->peer);
    assert_int_equal(t->peer.len, 0);
    peer_close(&t->peer);
    assert_int_equal(mc_httpd_connections(t->httpd), 0);
}

static void idle_connection_is_closed_after_its_answer(void **state)
{
    struct fixture *t = *state;

    ask(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await_end(&t->peer);
    assert_int_equal(count_text(t->peer.text, "HTTP/1.1 "), 1);
    assert_int_equal(t->handled, 1);
    peer_close(&t->peer);
}

static void one_connection_too_many_is_closed(void **state)
{
    struct fixture *t = *state;

    ask(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_await(&t->peer, "200 OK");
    peer_open(&t->second, t->loop, mc_httpd_port(t->httpd));
    await_end(&t->second);
    assert_int_equal(t->second.len, 0);
    assert_int_equal(mc_httpd_connections(t->httpd), 1);
    peer_close(&t->second);
    peer_close(&t->peer);
}

static void await_held(struct fixture *t)
{
    turn_until(t->loop, &t->holding);
}

static void let_go_of_everyone(struct fixture *t)
{
    while (mc_httpd_connections(t->httpd) > 0)
        assert_int_equal(mc_loop_step(t->loop, true), MC_OK);
}

static void answer_may_come_later(void **state)
{
    struct fixture *t = *state;

    t->hold = true;
    ask(t, "POST /later HTTP/1.1\r\nHost: x\r\nX-Id: 7\r\nContent-Length: 2\r\n"
           "Connection: close\r\n\r\nhi");
    await_held(t);
    assert_string_equal(mc_httpd_header(t->held, "x-id"), "7");
    assert_null(mc_httpd_header(t->held, "x-other"));
    assert_string_equal(mc_httpd_remote(t->held), "127.0.0.1");
    assert_true(mc_httpd_waiting(t->held));
    mc_httpd_reply(t->held, 202, NULL, (struct mc_bytes){0});
    await_end(&t->peer);
    assert_non_null(strstr(t->peer.text, "202 Accepted"));
    peer_close(&t->peer);
}

/* SIGTERM: who asked is answered, and that is his connection's last; who is silent is let go of. */
static void the_end_answers_who_has_asked(void **state)
{
    struct fixture *t = *state;

    peer_open(&t->second, t->loop, mc_httpd_port(t->httpd));
    peer_say(&t->second, "GET /kept HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_await(&t->second, "200 OK");
    t->hold = true;
    ask(t, "GET /asked HTTP/1.1\r\nHost: x\r\n\r\n");
    await_held(t);
    mc_httpd_drain(t->httpd);
    await_end(&t->second);
    assert_int_equal(mc_httpd_connections(t->httpd), 1);
    mc_httpd_reply(t->held, 200, NULL, (struct mc_bytes){0});
    await_end(&t->peer);
    assert_non_null(strstr(t->peer.text, "Connection: close\r\n"));
    let_go_of_everyone(t);
    peer_close(&t->peer);
    peer_close(&t->second);
}

static int listening_socket(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

/* As when systemd holds the socket: who comes between two of us waits for the second. */
static void a_socket_that_another_holds_outlives_us(void **state)
{
    int fd = listening_socket();
    struct fixture *t = NULL;

    (void)state;
    (void)set_up_with((void **)&t, (struct mc_httpd_config){.socket = dup(fd)});
    uint16_t port = mc_httpd_port(t->httpd);
    ask(t, "GET /first HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_await(&t->peer, "200 OK");
    mc_httpd_drain(t->httpd);
    await_end(&t->peer);
    peer_close(&t->peer);
    peer_open(&t->second, t->loop, port);
    peer_say(&t->second, "GET /second HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_int_equal(t->handled, 1);

    const struct mc_httpd_config config = {.socket = dup(fd)};
    struct mc_httpd *next = NULL;
    assert_int_equal(mc_httpd_create(t->loop, &config, handle, t, &next), MC_OK);
    assert_int_equal(mc_httpd_port(next), port);
    peer_await(&t->second, "200 OK");
    assert_int_equal(t->handled, 2);
    peer_close(&t->second);
    mc_httpd_destroy(next);
    (void)tear_down((void **)&t);
    (void)close(fd);
}

static void answer_to_a_peer_that_left_does_nothing(void **state)
{
    struct fixture *t = *state;

    t->hold = true;
    ask(t, "GET /gone HTTP/1.1\r\nHost: x\r\n\r\n");
    await_held(t);
    peer_close(&t->peer);
    let_go_of_everyone(t);
    assert_false(mc_httpd_waiting(t->held));
    assert_string_equal(mc_httpd_path(t->held), "/gone");
    mc_httpd_reply(t->held, 200, NULL, (struct mc_bytes){"x", 1});
}

static void answer_after_the_server_is_gone_does_nothing(void **state)
{
    struct fixture *t = *state;

    t->hold = true;
    ask(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await_held(t);
    mc_httpd_destroy(t->httpd);
    t->httpd = NULL;
    mc_httpd_reply(t->held, 200, NULL, (struct mc_bytes){"x", 1});
    peer_close(&t->peer);
}

static void peer_that_closes_its_side_still_gets_a_ready_answer(void **state)
{
    struct fixture *t = *state;

    ask(t, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    (void)shutdown(t->peer.fd, SHUT_WR);
    await_end(&t->peer);
    assert_int_equal(count_text(t->peer.text, "HTTP/1.1 200"), 1);
    peer_close(&t->peer);
}

static void answer_header_with_a_line_break_is_not_sent(void **state)
{
    struct fixture *t = *state;
    const struct mc_header bad[] = {{"Location", "/a\r\nSet-Cookie: x=1"}, {NULL, NULL}};

    t->hold = true;
    ask(t, "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    await_held(t);
    mc_httpd_reply(t->held, 302, bad, (struct mc_bytes){0});
    await_end(&t->peer);
    assert_null(strstr(t->peer.text, "Set-Cookie"));
    assert_int_equal(status_of(&t->peer), 500);
    peer_close(&t->peer);
}

static void stream_comes_in_pieces(void **state)
{
    struct fixture *t = *state;

    t->stream = true;
    ask(t, "GET /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    await_held(t);
    assert_int_equal(mc_httpd_stream_send(t->held, (struct mc_bytes){"data: 1\n\n", 9}), MC_OK);
    peer_await(&t->peer, "9\r\ndata: 1\n\n\r\n");
    assert_int_equal(mc_httpd_stream_send(t->held, (struct mc_bytes){"", 0}), MC_OK);
    assert_int_equal(mc_httpd_stream_send(t->held, (struct mc_bytes){"data: 2\n\n", 9}), MC_OK);
    mc_httpd_stream_end(t->held);
    await_end(&t->peer);
    assert_non_null(strstr(t->peer.text, "data: 2\n\n\r\n0\r\n\r\n"));
    assert_false(t->stream_closed);
    peer_close(&t->peer);
}

static void stream_tells_that_the_peer_left(void **state)
{
    struct fixture *t = *state;

    t->stream = true;
    ask(t, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    peer_await(&t->peer, "200 OK");
    peer_close(&t->peer);
    turn_until(t->loop, &t->stream_closed);
    assert_int_equal(mc_httpd_stream_send(t->held, (struct mc_bytes){"x", 1}), MC_EXPIRED);
    mc_httpd_stream_end(t->held);
}

static void stream_to_a_slow_reader_is_bounded(void **state)
{
    struct fixture *t = *state;
    static char piece[MC_HTTPD_STREAM_BACKLOG_MAX + 1];

    t->stream = true;
    ask(t, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    await_held(t);
    assert_int_equal(mc_httpd_stream_send(t->held, (struct mc_bytes){piece, sizeof piece}),
                     MC_BUSY);
    while (mc_httpd_stream_send(t->held, (struct mc_bytes){piece, 1000}) == MC_OK) {
    }
    assert_false(t->stream_closed);
    peer_close(&t->peer);
    turn_until(t->loop, &t->stream_closed);
    mc_httpd_stream_end(t->held);
}

static void a_body_comes_as_it_is_taken(void **state)
{
    struct fixture *t = *state;

    t->sized = 9;
    ask(t, "GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
    await_held(t);
    assert_int_equal(mc_httpd_stream_send(t->held, (struct mc_bytes){"hello ", 6}), MC_OK);
    peer_await(&t->peer, "hello ");
    assert_non_null(strstr(t->peer.text, "206 Partial Content"));
    assert_non_null(strstr(t->peer.text, "Content-Length: 9\r\n"));
    assert_null(strstr(t->peer.text, "chunked"));
    while (t->more == 0)
        assert_int_equal(mc_loop_step(t->loop, true), MC_OK);
    assert_int_equal(mc_httpd_stream_send(t->held, (struct mc_bytes){"you, and", 8}), MC_OK);
    mc_httpd_stream_end(t->held); /* what was too much is not sent */
    peer_await(&t->peer, "hello you");
    t->sized = 0;
    peer_say(&t->peer, "GET /next HTTP/1.1\r\nHost: x\r\n\r\n"); /* the connection goes on */
    peer_await(&t->peer, "200 OK");
    assert_null(strstr(t->peer.text, "and"));
    assert_false(t->stream_closed);
    peer_close(&t->peer);
}

static void a_body_that_ends_early_is_cut(void **state)
{
    struct fixture *t = *state;

    t->sized = 9;
    ask(t, "GET /file HTTP/1.1\r\nHost: x\r\n\r\n");
    await_held(t);
    assert_int_equal(mc_httpd_stream_send(t->held, (struct mc_bytes){"hello", 5}), MC_OK);
    peer_await(&t->peer, "hello");
    mc_httpd_stream_end(t->held);
    await_end(&t->peer);
    assert_false(t->stream_closed);
    peer_close(&t->peer);
}

static void only_the_head_of_a_body(void **state)
{
    struct fixture *t = *state;

    t->sized = 9;
    ask(t, "HEAD /file HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    await_held(t);
    mc_httpd_stream_end(t->held);
    await_end(&t->peer);
    assert_non_null(strstr(t->peer.text, "Content-Length: 9\r\n"));
    peer_close(&t->peer);
}

static void unusable_settings_are_refused(void **state)
{
    struct fixture *t = *state;
    struct mc_httpd *other = NULL;
    struct mc_httpd_config config = {.host = "not an address"};

    assert_int_equal(mc_httpd_create(t->loop, &config, handle, t, &other), MC_INVALID);
    config = (struct mc_httpd_config){
        .host = "127.0.0.1", .cert_file = "/nowhere/cert.pem", .key_file = "/nowhere/key.pem"};
    assert_int_equal(mc_httpd_create(t->loop, &config, handle, t, &other), MC_INVALID);
    config = (struct mc_httpd_config){.host = "127.0.0.1", .port = mc_httpd_port(t->httpd)};
    assert_int_equal(mc_httpd_create(t->loop, &config, handle, t, &other), MC_IO);
    assert_null(other);
}

struct form_case {
    const char *text;
    enum mc_status want;
    const char *a; /* what the name "a" gives */
};

static void forms_are_decoded(void **state)
{
    static const struct form_case cases[] = {
        {"a=1&b=2", MC_OK, "1"},
        {"b=2&a=x+y%20z", MC_OK, "x y z"},
        {"a=%C4%91%C4%83ng", MC_OK, "đăng"},
        {"%61=1", MC_OK, "1"},
        {"a", MC_OK, ""},
        {"a=1=2", MC_OK, "1=2"},
        {"&&a=1&", MC_OK, "1"},
        {"a=1&a=2", MC_OK, "1"},
        {"", MC_OK, NULL},
        {"b=1", MC_OK, NULL},
        {"a=%", MC_INVALID, NULL},
        {"a=%4", MC_INVALID, NULL},
        {"a=%zz", MC_INVALID, NULL},
        {"a=%00", MC_INVALID, NULL},
    };
    struct mc_arena arena;

    (void)state;
    assert_int_equal(mc_arena_init(&arena, 64 << 10), MC_OK);
    for (size_t i = 0; i < MC_LEN(cases); i++) {
        struct mc_form form = {0};
        struct mc_bytes text = {cases[i].text, strlen(cases[i].text)};
        assert_int_equal(mc_form_decode(&arena, text, &form), cases[i].want);
        if (cases[i].a != NULL)
            assert_string_equal(mc_form_get(&form, "a"), cases[i].a);
        else
            assert_null(mc_form_get(&form, "a"));
        mc_arena_reset(&arena);
    }
    mc_arena_done(&arena);
}

static void form_pairs_at_the_limit_and_one_past(void **state)
{
    static struct text text;
    struct mc_form form = {0};
    struct mc_arena arena;

    (void)state;
    assert_int_equal(mc_arena_init(&arena, 64 << 10), MC_OK);
    for (size_t i = 0; i < MC_FORM_PAIRS_MAX; i++)
        add(&text, "a=b&");
    assert_int_equal(mc_form_decode(&arena, (struct mc_bytes){text.bytes, text.len}, &form), MC_OK);
    assert_int_equal(form.count, MC_FORM_PAIRS_MAX);
    add(&text, "a=b");
    assert_int_equal(mc_form_decode(&arena, (struct mc_bytes){text.bytes, text.len}, &form),
                     MC_INVALID);
    mc_arena_reset(&arena);
    mc_arena_budget(&arena, 16);
    assert_int_equal(mc_form_decode(&arena, (struct mc_bytes){"a=b", 3}, &form), MC_FULL);
    mc_arena_done(&arena);
}

static void path_escapes_are_decoded_and_plus_stays(void **state)
{
    const char *text = NULL;
    struct mc_arena arena;

    (void)state;
    assert_int_equal(mc_arena_init(&arena, 4096), MC_OK);
    assert_int_equal(mc_percent_decode(&arena, (struct mc_bytes){"a+b%2Fc", 7}, &text), MC_OK);
    assert_string_equal(text, "a+b/c");
    assert_int_equal(mc_percent_decode(&arena, (struct mc_bytes){"%0", 2}, &text), MC_INVALID);
    mc_arena_done(&arena);
}

#define HTTPD_TEST(name)           cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define HTTPD_TEST_ON(setup, name) cmocka_unit_test_setup_teardown(name, setup, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTPD_TEST(request_is_read_and_answered),
        HTTPD_TEST(request_in_single_bytes_is_the_same),
        HTTPD_TEST(connection_is_kept_and_pipelined_requests_answered_in_order),
        HTTPD_TEST(head_gets_the_length_without_the_body),
        HTTPD_TEST(continue_is_said_before_the_body),
        HTTPD_TEST(ambiguous_requests_are_refused_and_the_connection_closed),
        HTTPD_TEST(head_at_the_limit_and_one_past),
        HTTPD_TEST(head_without_end_is_cut_off_at_the_limit),
        HTTPD_TEST(header_count_at_the_limit_and_one_past),
        HTTPD_TEST(body_at_the_limit_and_one_past),
        HTTPD_TEST_ON(set_up_impatient, slow_request_meets_an_absolute_deadline),
        HTTPD_TEST_ON(set_up_impatient, silent_connection_is_closed_without_a_word),
        HTTPD_TEST_ON(set_up_impatient, idle_connection_is_closed_after_its_answer),
        HTTPD_TEST_ON(set_up_small, one_connection_too_many_is_closed),
        HTTPD_TEST_ON(set_up_one_each, one_connection_too_many_is_closed),
        HTTPD_TEST(answer_may_come_later),
        HTTPD_TEST(the_end_answers_who_has_asked),
        cmocka_unit_test(a_socket_that_another_holds_outlives_us),
        HTTPD_TEST(answer_to_a_peer_that_left_does_nothing),
        HTTPD_TEST(answer_after_the_server_is_gone_does_nothing),
        HTTPD_TEST(peer_that_closes_its_side_still_gets_a_ready_answer),
        HTTPD_TEST(answer_header_with_a_line_break_is_not_sent),
        HTTPD_TEST(stream_comes_in_pieces),
        HTTPD_TEST(stream_tells_that_the_peer_left),
        HTTPD_TEST(stream_to_a_slow_reader_is_bounded),
        HTTPD_TEST(a_body_comes_as_it_is_taken),
        HTTPD_TEST(a_body_that_ends_early_is_cut),
        HTTPD_TEST(only_the_head_of_a_body),
        HTTPD_TEST(unusable_settings_are_refused),
        cmocka_unit_test(forms_are_decoded),
        cmocka_unit_test(form_pairs_at_the_limit_and_one_past),
        cmocka_unit_test(path_escapes_are_decoded_and_plus_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
