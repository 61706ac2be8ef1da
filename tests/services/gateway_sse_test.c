/* Server-sent events: their text, and a stream to a reader that listens, leaves, or sleeps. */
#include <stdlib.h>

#include "common/arena.h"

#include "../../services/gateway/headers.h"
#include "../../services/gateway/sse.h"
#include "../common/net_help.h"

enum { ARENA = 1 << 20, WRITTEN_A_TURN = 16384, LARGE = 64 << 10 };

struct fixture {
    struct mc_loop *loop;
    struct mc_httpd *httpd;
    struct gateway_sse sse;
    int64_t heartbeat_ms;
    bool open;
    bool closed;
    struct peer peer;
    struct mc_arena arena;
};

static void closed(void *arg)
{
    ((struct fixture *)arg)->closed = true;
}

static void handle(void *arg, struct mc_httpd_request *request)
{
    struct fixture *t = arg;
    struct gateway_headers headers = {0};

    gateway_headers_safe(&headers, false);
    const struct gateway_sse_config config = {
        .headers = headers.lines,
        .heartbeat_ms = t->heartbeat_ms,
        .closed = closed,
        .arg = t,
    };
    assert_int_equal(gateway_sse_open(&t->sse, t->loop, request, &config), MC_OK);
    t->open = true;
}

static int set_up(void **state)
{
    struct fixture *t = calloc(1, sizeof *t);
    const struct mc_httpd_config config = {.host = "127.0.0.1", .request_ms = 200};

    assert_non_null(t);
    assert_int_equal(mc_arena_init(&t->arena, ARENA), MC_OK);
    t->loop = mc_loop_create();
    assert_int_equal(mc_httpd_create(t->loop, &config, handle, t, &t->httpd), MC_OK);
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *t = *state;

    mc_httpd_destroy(t->httpd);
    mc_loop_destroy(t->loop);
    mc_arena_done(&t->arena);
    free(t);
    return 0;
}

static void listen_to(struct fixture *t)
{
    peer_open(&t->peer, t->loop, mc_httpd_port(t->httpd));
    peer_say(&t->peer, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
    turn_until(t->loop, &t->open);
}

struct text_case {
    const char *id;
    const char *type;
    const char *data;
    const char *want; /* NULL: refused */
};

static void text_is_one_field_a_line(void **state)
{
    static const struct text_case cases[] = {
        {NULL, NULL, "x", "data: x\n\n"},
        {"dossier/7", "dossier.advanced", "{}",
         "id: dossier/7\nevent: dossier.advanced\ndata: {}\n\n"},
        {"7", NULL, "a\nb\r\nc\rd", "id: 7\ndata: a\ndata: b\ndata: c\ndata: d\n\n"},
        {NULL, "end", "", "event: end\ndata: \n\n"},
        {NULL, NULL, "x\n", "data: x\ndata: \n\n"},
        {NULL, NULL, "x\r", "data: x\ndata: \n\n"},
        {NULL, NULL, "id: 9", "data: id: 9\n\n"},
        {"7\ndata: made up", NULL, "x", NULL},
        {"7", "a\rid: 9", "x", NULL},
        {"1234567890123456789012345678901234567890123456789012345678901234", NULL, "x",
         "id: 1234567890123456789012345678901234567890123456789012345678901234\ndata: x\n\n"},
        {"12345678901234567890123456789012345678901234567890123456789012345", NULL, "x", NULL},
    };
    struct fixture *t = *state;

    for (size_t i = 0; i < MC_LEN(cases); i++) {
        const struct text_case *c = &cases[i];
        const struct gateway_sse_event event = {c->id, c->type, {c->data, strlen(c->data)}};
        struct mc_bytes text = {"", 0};
        enum mc_status got = gateway_sse_text(&t->arena, &event, &text);

        assert_int_equal(got, c->want != NULL ? MC_OK : MC_INVALID);
        if (c->want != NULL) {
            assert_int_equal(text.len, strlen(c->want));
            assert_memory_equal(text.data, c->want, text.len);
        }
    }
}

static void reader_hears_events_and_the_end(void **state)
{
    struct fixture *t = *state;
    const struct gateway_sse_event event = {"7", "tick", {"1", 1}};
    struct mc_bytes text;

    listen_to(t);
    assert_int_equal(gateway_sse_text(&t->arena, &event, &text), MC_OK);
    assert_true(gateway_sse_send(&t->sse, text));
    peer_await(&t->peer, "data: 1\n\n");
    assert_non_null(strstr(t->peer.text, "Content-Type: text/event-stream\r\n"));
    assert_non_null(strstr(t->peer.text, "Cache-Control: no-store\r\n"));
    assert_non_null(strstr(t->peer.text, "retry: 3000\n\n"));
    gateway_sse_close(&t->sse);
    peer_await(&t->peer, "\r\n0\r\n\r\n");
    assert_false(gateway_sse_send(&t->sse, text));
    gateway_sse_close(&t->sse); /* twice is once */
    assert_false(t->closed);
    peer_close(&t->peer);
}

static void silence_is_filled_with_comments(void **state)
{
    struct fixture *t = *state;

    t->heartbeat_ms = 5;
    listen_to(t);
    peer_await(&t->peer, ":\n\n\r\n3\r\n:\n\n");
    peer_close(&t->peer);
    turn_until(t->loop, &t->closed);
}

static void owner_hears_that_the_reader_left(void **state)
{
    struct fixture *t = *state;

    listen_to(t);
    peer_close(&t->peer);
    turn_until(t->loop, &t->closed);
    assert_null(t->sse.request);
}

/* The peer's watch is off: nothing is read, as with a browser whose page hangs. */
static void slow_reader_is_let_go_of(void **state)
{
    struct fixture *t = *state;
    static char large[LARGE];
    unsigned sent = 0;

    listen_to(t);
    mc_watch_destroy(t->peer.watch);
    while (gateway_sse_send(&t->sse, (struct mc_bytes){large, sizeof large})) {
        sent++;
        /* The kernel must be full too, or it takes later what was kept back. */
        for (unsigned turn = 0; turn <= LARGE / WRITTEN_A_TURN; turn++)
            assert_int_equal(mc_loop_step(t->loop, false), MC_OK);
        assert_true(sent < 4096);
    }
    assert_true(sent >= MC_HTTPD_STREAM_BACKLOG_MAX / LARGE - 1);
    assert_false(t->closed);                   /* he who sends has been told */
    while (mc_httpd_connections(t->httpd) > 0) /* after request_ms, not for ever */
        assert_int_equal(mc_loop_step(t->loop, true), MC_OK);
    (void)close(t->peer.fd);
}

static void server_that_ends_closes_its_streams(void **state)
{
    struct fixture *t = *state;

    listen_to(t);
    mc_httpd_destroy(t->httpd);
    t->httpd = NULL;
    assert_true(t->closed);
    peer_close(&t->peer);
}

#define SSE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SSE_TEST(text_is_one_field_a_line),        SSE_TEST(reader_hears_events_and_the_end),
        SSE_TEST(silence_is_filled_with_comments), SSE_TEST(owner_hears_that_the_reader_left),
        SSE_TEST(slow_reader_is_let_go_of),        SSE_TEST(server_that_ends_closes_its_streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
