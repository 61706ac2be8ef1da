/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h> /* needs the four above */
/* clang-format on */

#include <stdlib.h>
#include <string.h>

#include "common/guard.h"
#include "common/http.h"
#include "common/httpd.h"

#include "net_help.h"
#include "tls_files.h"

enum { ANSWER_MAX = 1000, SHORT_MS = 500 };

struct fixture {
    struct mc_loop *loop;
    struct mc_httpd *httpd;
    struct mc_http *http;
    struct tls_files tls;
    unsigned handled;
    struct mc_httpd_request *held[8]; /* asked for /slow */
    unsigned held_count;
    char seen[512];
    char url[128];
};

/* What came back, copied: the answer lives only during the callback. */
struct result {
    bool done;
    unsigned count;
    enum mc_http_outcome outcome;
    int status;
    char body[ANSWER_MAX + 1];
    char content_type[64];
    char why[128];
    bool detailed;
    struct mc_http_detail detail;
};

static void answered(void *arg, const struct mc_http_answer *answer)
{
    struct result *result = arg;

    result->done = true;
    result->count++;
    result->outcome = answer->outcome;
    result->status = answer->status;
    (void)snprintf(result->body, sizeof result->body, "%s", (const char *)answer->body.data);
    (void)snprintf(result->content_type, sizeof result->content_type, "%s", answer->content_type);
    (void)snprintf(result->why, sizeof result->why, "%s", answer->why);
    result->detailed = answer->detail != NULL;
    if (answer->detail != NULL)
        result->detail = *answer->detail;
}

static void handle(void *arg, struct mc_httpd_request *request)
{
    static const struct mc_header json[] = {{"Content-Type", "application/json"}, {NULL, NULL}};
    static const struct mc_header away[] = {{"Location", "/ok"}, {NULL, NULL}};
    static const char big[ANSWER_MAX + 1] = {0};
    struct fixture *t = arg;
    const char *path = mc_httpd_path(request);
    const char *key = mc_httpd_header(request, "Idempotency-Key");
    const char *type = mc_httpd_header(request, "Content-Type");

    t->handled++;
    (void)snprintf(t->seen, sizeof t->seen, "%s %s key=%s type=%s body=%s",
                   mc_httpd_method(request), path, key != NULL ? key : "-",
                   type != NULL ? type : "-", (const char *)mc_httpd_body(request).data);
    if (strcmp(path, "/slow") == 0)
        t->held[t->held_count++] = request;
    else if (strcmp(path, "/error") == 0)
        mc_httpd_reply(request, 500, json, (struct mc_bytes){"{}", 2});
    else if (strcmp(path, "/away") == 0)
        mc_httpd_reply(request, 302, away, (struct mc_bytes){0});
    else if (strcmp(path, "/full") == 0)
        mc_httpd_reply(request, 200, NULL, (struct mc_bytes){big, ANSWER_MAX});
    else if (strcmp(path, "/over") == 0)
        mc_httpd_reply(request, 200, NULL, (struct mc_bytes){big, ANSWER_MAX + 1});
    else
        mc_httpd_reply(request, 200, json, (struct mc_bytes){"{\"ok\":true}", 11});
}

static int set_up_with(void **state, struct mc_http_config config, bool tls)
{
    struct fixture *t = calloc(1, sizeof *t);
    struct mc_httpd_config server = {.host = "127.0.0.1"};

    assert_non_null(t);
    if (tls) {
        tls_files_make(&t->tls);
        server.cert_file = t->tls.cert;
        server.key_file = t->tls.key;
    }
    t->loop = mc_loop_create();
    assert_int_equal(mc_httpd_create(t->loop, &server, handle, t, &t->httpd), MC_OK);
    t->http = mc_http_create(t->loop, &config);
    assert_non_null(t->http);
    *state = t;
    return 0;
}

static int set_up(void **state)
{
    return set_up_with(state, (struct mc_http_config){.allow_plain = true}, false);
}

static int set_up_small(void **state)
{
    return set_up_with(
        state, (struct mc_http_config){.allow_plain = true, .per_host_max = 1, .requests_max = 2},
        false);
}

static int set_up_tls(void **state)
{
    return set_up_with(state, (struct mc_http_config){0}, true);
}

static int tear_down(void **state)
{
    struct fixture *t = *state;

    mc_http_destroy(t->http);
    mc_httpd_destroy(t->httpd);
    for (unsigned i = 0; i < t->held_count; i++)
        mc_httpd_reply(t->held[i], 200, NULL, (struct mc_bytes){0});
    mc_loop_destroy(t->loop);
    if (t->tls.folder[0] != '\0')
        tls_files_remove(&t->tls);
    free(t);
    return 0;
}

static const char *url_to(struct fixture *t, uint16_t port, const char *path)
{
    (void)snprintf(t->url, sizeof t->url, "%s://127.0.0.1:%u%s",
                   t->tls.folder[0] != '\0' ? "https" : "http", (unsigned)port, path);
    return t->url;
}

static struct mc_http_request get(struct fixture *t, const char *path)
{
    return (struct mc_http_request){
        .method = "GET",
        .url = url_to(t, mc_httpd_port(t->httpd), path),
        .answer_max = ANSWER_MAX,
    };
}

static void start(struct fixture *t, const struct mc_http_request *request, struct result *result)
{
    *result = (struct result){0};
    assert_int_equal(mc_http_start(t->http, request, answered, result, NULL), MC_OK);
    assert_false(result->done); /* never from inside the start */
}

static void call(struct fixture *t, const struct mc_http_request *request, struct result *result)
{
    start(t, request, result);
    turn_until(t->loop, &result->done);
    assert_int_equal(result->count, 1);
    assert_int_equal(mc_http_load(t->http), 0);
}

static void answer_comes_with_status_body_and_type(void **state)
{
    struct fixture *t = *state;
    struct mc_http_request request = get(t, "/ok");
    struct result result;

    call(t, &request, &result);
    assert_int_equal(result.outcome, MC_HTTP_ANSWERED);
    assert_int_equal(result.status, 200);
    assert_string_equal(result.body, "{\"ok\":true}");
    assert_string_equal(result.content_type, "application/json");
    assert_string_equal(result.why, "");
}

static void post_carries_headers_and_body(void **state)
{
    struct fixture *t = *state;
    const struct mc_header headers[] = {{"Idempotency-Key", "k1"}, {"X-Empty", ""}, {NULL, NULL}};
    struct mc_http_request request = get(t, "/pay");
    struct result result;

    request.method = "POST";
    request.headers = headers;
    request.content_type = "application/json";
    request.body = (struct mc_bytes){"{\"a\":1}", 7};
    request.once = true;
    call(t, &request, &result);
    assert_int_equal(result.outcome, MC_HTTP_ANSWERED);
    assert_string_equal(t->seen, "POST /pay key=k1 type=application/json body={\"a\":1}");
    request.method = "PUT";
    request.body = (struct mc_bytes){0};
    call(t, &request, &result);
    assert_string_equal(t->seen, "PUT /pay key=k1 type=application/json body=");
    request.method = "HEAD";
    call(t, &request, &result);
    assert_int_equal(result.outcome, MC_HTTP_ANSWERED);
    assert_string_equal(result.body, "");
}

static void an_error_status_is_an_answer(void **state)
{
    struct fixture *t = *state;
    struct mc_http_request request = get(t, "/error");
    struct result result;

    call(t, &request, &result);
    assert_int_equal(result.outcome, MC_HTTP_ANSWERED);
    assert_int_equal(result.status, 500);
    assert_string_equal(result.body, "{}");
}

static void a_redirect_is_not_followed(void **state)
{
    struct fixture *t = *state;
    struct mc_http_request request = get(t, "/away");
    struct result result;

    call(t, &request, &result);
    assert_int_equal(result.status, 302);
    assert_int_equal(t->handled, 1);
}

static void a_timeout_after_sending_is_unknown(void **state)
{
    struct fixture *t = *state;
    struct mc_http_request request = get(t, "/slow");
    struct result result;

    request.method = "POST";
    request.once = true;
    request.timeout_ms = SHORT_MS;
    call(t, &request, &result);
    assert_int_equal(result.outcome, MC_HTTP_UNKNOWN);
    assert_int_equal(t->handled, 1);
}

static void an_answer_at_the_limit_and_one_past(void **state)
{
    struct fixture *t = *state;
    struct mc_http_request request = get(t, "/full");
    struct result result;

    call(t, &request, &result);
    assert_int_equal(result.outcome, MC_HTTP_ANSWERED);
    request = get(t, "/over");
    call(t, &request, &result);
    assert_int_equal(result.outcome, MC_HTTP_UNKNOWN);
    assert_int_equal(result.status, 200);
    assert_string_equal(result.body, "");
}

static void what_cannot_be_sent_is_refused(void **state)
{
    struct fixture *t = *state;
    const struct mc_header split[] = {{"X-A", "b\r\nX-B: c"}, {NULL, NULL}};
    struct mc_http_request request = get(t, "/");

    request.headers = split;
    assert_int_equal(mc_http_start(t->http, &request, answered, t, NULL), MC_INVALID);
    request = get(t, "/");
    request.content_type = "a\nb";
    assert_int_equal(mc_http_start(t->http, &request, answered, t, NULL), MC_INVALID);
    request = get(t, "/");
    request.method = "TRACE";
    assert_int_equal(mc_http_start(t->http, &request, answered, t, NULL), MC_INVALID);
    request = get(t, "/");
    request.url = "file:///etc/passwd";
    assert_int_equal(mc_http_start(t->http, &request, answered, t, NULL), MC_INVALID);
    assert_int_equal(mc_http_load(t->http), 0);
}

static void plain_http_needs_permission(void **state)
{
    struct fixture *t = *state; /* the one without */
    struct mc_http_request request = get(t, "/");

    request.url = "http://127.0.0.1:1/";
    assert_int_equal(mc_http_start(t->http, &request, answered, t, NULL), MC_INVALID);
}

static void pass_ms(struct mc_loop *loop, int64_t ms)
{
    bool passed = false;
    struct mc_timer *timer = mc_timer_create(loop, took_too_long, &passed);

    assert_non_null(timer);
    mc_timer_start(timer, ms);
    turn_until(loop, &passed);
    mc_timer_destroy(timer);
}

static void requests_are_bounded_and_wait_for_a_connection(void **state)
{
    struct fixture *t = *state; /* one connection, two requests */
    struct mc_http_request request = get(t, "/slow");
    struct mc_http_call *held = NULL;
    struct result first = {0};
    struct result second;

    assert_int_equal(mc_http_start(t->http, &request, answered, &first, &held), MC_OK);
    while (t->handled == 0)
        assert_int_equal(mc_loop_step(t->loop, true), MC_OK);
    request.timeout_ms = 1;
    start(t, &request, &second);
    assert_int_equal(mc_http_start(t->http, &request, answered, t, NULL), MC_BUSY);
    pass_ms(t->loop, 5);
    mc_http_cancel(held);
    turn_until(t->loop, &second.done);
    /* The first had the only connection; the other's time passed while it waited: nothing was sent.
     */
    assert_int_equal(second.outcome, MC_HTTP_NOT_SENT);
    assert_int_equal(t->handled, 1);
    request = get(t, "/ok");
    call(t, &request, &second);
    assert_int_equal(second.outcome, MC_HTTP_ANSWERED);
    assert_false(first.done);
}

static void cancelled_calls_do_not_answer(void **state)
{
    struct fixture *t = *state;
    struct mc_http_request request = get(t, "/slow");
    struct mc_http_call *handle_of_call = NULL;
    struct result result = {0};
    struct result other;

    assert_int_equal(mc_http_start(t->http, &request, answered, &result, &handle_of_call), MC_OK);
    while (t->handled == 0)
        assert_int_equal(mc_loop_step(t->loop, true), MC_OK);
    mc_http_cancel(handle_of_call);
    assert_int_equal(mc_http_load(t->http), 0);
    request = get(t, "/ok");
    call(t, &request, &other);
    assert_false(result.done);
    /* And one is under way when everything ends. */
    request = get(t, "/slow");
    start(t, &request, &result);
}

/* --- mails --- */

/* A relay of one connection, on the same loop: what it waits for and says, line by line. */
struct relay {
    struct mc_loop *loop;
    struct mc_watch *watch;
    struct mc_watch *door;
    int listening;
    int fd;
    char text[4096];
    size_t len;
    size_t step;
    bool has_mail; /* all of it, and no word of ours yet */
};

struct relay_step {
    const char *ends; /* of what is waited for; NULL: we speak first */
    const char *says; /* NULL: nothing for now */
};

static const struct relay_step relay_steps[] = {
    {"\r\n", "250 relay\r\n"}, {"\r\n", "250 ok\r\n"}, {"\r\n", "250 ok\r\n"},
    {"\r\n", "354 go on\r\n"}, {"\r\n.\r\n", NULL},
};

static void relay_says(struct relay *relay, const char *text)
{
    assert_int_equal(send(relay->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void relay_hears(void *arg, unsigned events)
{
    struct relay *relay = arg;
    ssize_t n = recv(relay->fd, relay->text + relay->len, sizeof relay->text - 1 - relay->len,
                     MSG_DONTWAIT);

    (void)events;
    if (n <= 0) {
        mc_watch_destroy(relay->watch);
        relay->watch = NULL;
        return;
    }
    relay->len += (size_t)n;
    relay->text[relay->len] = '\0';
    if (relay->step == MC_LEN(relay_steps)) { /* QUIT */
        relay_says(relay, "221 bye\r\n");
        return;
    }
    const struct relay_step *step = &relay_steps[relay->step];
    size_t end = strlen(step->ends);
    if (relay->len < end || strcmp(relay->text + relay->len - end, step->ends) != 0)
        return;
    relay->step++;
    relay->len = 0;
    if (step->says != NULL)
        relay_says(relay, step->says);
    else
        relay->has_mail = true;
}

static void relay_met(void *arg, unsigned events)
{
    struct relay *relay = arg;

    (void)events;
    relay->fd = accept(relay->listening, NULL, NULL);
    assert_true(relay->fd >= 0);
    relay->watch = mc_watch_create(relay->loop, relay->fd, MC_WATCH_READ, relay_hears, relay);
    relay_says(relay, "220 relay\r\n");
}

static uint16_t relay_open(struct relay *relay, struct mc_loop *loop)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;

    *relay = (struct relay){.loop = loop, .fd = -1};
    relay->listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(relay->listening, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(relay->listening, 1), 0);
    assert_int_equal(getsockname(relay->listening, (struct sockaddr *)&address, &len), 0);
    relay->door = mc_watch_create(loop, relay->listening, MC_WATCH_READ, relay_met, relay);
    return ntohs(address.sin_port);
}

static void relay_close(struct relay *relay)
{
    if (relay->watch != NULL)
        mc_watch_destroy(relay->watch);
    mc_watch_destroy(relay->door);
    (void)close(relay->fd);
    (void)close(relay->listening);
}

static struct mc_http_request letter(struct fixture *t, uint16_t port)
{
    static const struct mc_http_mail mail = {
        .from = "mot-cua@example.vn", .to = "dan@example.vn", .plain = true};
    static const char text[] = "Subject: x\r\n\r\nxin chao\r\n";

    (void)snprintf(t->url, sizeof t->url, "smtp://127.0.0.1:%u", (unsigned)port);
    return (struct mc_http_request){.mail = &mail, .url = t->url, .body = {text, sizeof text - 1}};
}

/* A relay looks for viruses before it says that it has the mail: others are not kept waiting. */
static void a_relay_that_thinks_keeps_nobody_waiting(void **state)
{
    struct fixture *t = *state;
    struct relay relay;
    struct result mailed;
    struct result other;

    struct mc_http_request request = letter(t, relay_open(&relay, t->loop));
    start(t, &request, &mailed);
    turn_until(t->loop, &relay.has_mail);
    request = get(t, "/ok");
    start(t, &request, &other);
    turn_until(t->loop, &other.done);
    assert_int_equal(other.outcome, MC_HTTP_ANSWERED);
    assert_false(mailed.done);
    relay_says(&relay, "250 taken\r\n");
    turn_until(t->loop, &mailed.done);
    assert_int_equal(mailed.outcome, MC_HTTP_ANSWERED);
    assert_int_equal(mailed.status, 250);
    relay_close(&relay);
}

static void cancelled_mails_do_not_answer(void **state)
{
    struct fixture *t = *state;
    struct mc_http_call *handle_of_call = NULL;
    struct result result = {0};
    struct relay relay;

    struct mc_http_request request = letter(t, relay_open(&relay, t->loop));
    assert_int_equal(mc_http_start(t->http, &request, answered, &result, &handle_of_call), MC_OK);
    turn_until(t->loop, &relay.has_mail);
    mc_http_cancel(handle_of_call);
    assert_int_equal(mc_http_load(t->http), 0);
    mc_http_destroy(t->http); /* its thread has it still */
    t->http = NULL;
    assert_false(result.done);
    relay_close(&relay);
}

struct chain {
    struct fixture *t;
    unsigned left;
    bool done;
};

static void ask_next(void *arg, const struct mc_http_answer *answer)
{
    struct chain *chain = arg;
    struct mc_http_request request = get(chain->t, "/ok");

    assert_int_equal(answer->outcome, MC_HTTP_ANSWERED);
    if (chain->left-- == 0)
        chain->done = true;
    else
        assert_int_equal(mc_http_start(chain->t->http, &request, ask_next, chain, NULL), MC_OK);
}

static void a_callback_may_ask_again(void **state)
{
    struct fixture *t = *state;
    struct chain chain = {.t = t, .left = 3};
    struct mc_http_request request = get(t, "/ok");

    assert_int_equal(mc_http_start(t->http, &request, ask_next, &chain, NULL), MC_OK);
    turn_until(t->loop, &chain.done);
    assert_int_equal(t->handled, 4);
}

/* A server that misbehaves as told. It answers the first `polite` requests and fails the next. */
struct rogue {
    struct fixture *t;
    int listen_fd;
    struct mc_watch *watch;
    int fd;
    struct mc_watch *peer_watch;
    unsigned accepted;
    unsigned requests;
    unsigned polite;
    bool resets; /* else closes; else, when `garbles`, answers nonsense first */
    bool garbles;
    bool leaves; /* and stops listening */
    uint16_t port;
};

static void rogue_stop_listening(struct rogue *rogue)
{
    mc_watch_destroy(rogue->watch);
    rogue->watch = NULL;
    if (rogue->listen_fd >= 0)
        (void)close(rogue->listen_fd);
    rogue->listen_fd = -1;
}

static void rogue_hang_up(struct rogue *rogue)
{
    struct linger at_once = {.l_onoff = 1, .l_linger = 0};

    mc_watch_destroy(rogue->peer_watch);
    rogue->peer_watch = NULL;
    if (rogue->resets)
        (void)setsockopt(rogue->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    (void)close(rogue->fd);
}

static void rogue_read(void *arg, unsigned events)
{
    struct rogue *rogue = arg;
    char text[4096] = "";
    ssize_t len = recv(rogue->fd, text, sizeof text - 1, MSG_DONTWAIT);

    (void)events;
    if (len <= 0) {
        rogue_hang_up(rogue);
        return;
    }
    rogue->requests++;
    if (rogue->requests <= rogue->polite) {
        (void)send(rogue->fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 38, MSG_NOSIGNAL);
        return;
    }
    if (rogue->garbles)
        (void)send(rogue->fd, "nonsense\r\n\r\n", 12, MSG_NOSIGNAL);
    if (rogue->leaves)
        rogue_stop_listening(rogue);
    rogue_hang_up(rogue);
}

static void rogue_accept(void *arg, unsigned events)
{
    struct rogue *rogue = arg;

    (void)events;
    rogue->accepted++;
    rogue->fd = accept4(rogue->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    assert_true(rogue->fd >= 0);
    rogue->peer_watch =
        mc_watch_create(rogue->t->loop, rogue->fd, MC_WATCH_READ, rogue_read, rogue);
    assert_non_null(rogue->peer_watch);
}

static void rogue_start(struct rogue *rogue, struct fixture *t)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    rogue->t = t;
    rogue->listen_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(rogue->listen_fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(rogue->listen_fd, 8), 0);
    assert_int_equal(getsockname(rogue->listen_fd, (struct sockaddr *)&address, &len), 0);
    rogue->port = ntohs(address.sin_port);
    rogue->watch = mc_watch_create(t->loop, rogue->listen_fd, MC_WATCH_READ, rogue_accept, rogue);
    assert_non_null(rogue->watch);
}

static void rogue_stop(struct rogue *rogue)
{
    rogue_stop_listening(rogue);
    if (rogue->peer_watch != NULL)
        rogue_hang_up(rogue);
}

static struct mc_http_request pay(struct fixture *t, const struct rogue *rogue, bool once)
{
    return (struct mc_http_request){
        .method = "POST",
        .url = url_to(t, rogue->port, "/pay"),
        .body = {"x", 1},
        .once = once,
    };
}

static void a_refused_connection_is_not_sent(void **state)
{
    struct fixture *t = *state;
    static struct rogue rogue;
    struct result result;

    rogue = (struct rogue){0};
    rogue_start(&rogue, t);
    rogue_stop_listening(&rogue); /* a port that surely nobody listens on */
    struct mc_http_request request = pay(t, &rogue, true);
    call(t, &request, &result);
    assert_int_equal(result.outcome, MC_HTTP_NOT_SENT);
    assert_int_equal(result.status, 0);
    assert_true(result.why[0] != '\0');
    rogue_stop(&rogue);
}

static void a_reset_after_the_request_is_unknown_and_sent_once(void **state)
{
    struct fixture *t = *state;
    static struct rogue rogue;
    struct result result;

    for (int variant = 0; variant < 3; variant++) {
        rogue = (struct rogue){.resets = variant == 0, .garbles = variant == 2};
        rogue_start(&rogue, t);
        struct mc_http_request request = pay(t, &rogue, true);
        call(t, &request, &result);
        assert_int_equal(result.outcome, MC_HTTP_UNKNOWN);
        assert_int_equal(rogue.requests, 1);
        rogue_stop(&rogue);
    }
}

/* On a connection used before, libcurl sends a POST again by itself; `once` not. */
static void money_is_not_sent_again_on_a_dying_connection(void **state)
{
    struct fixture *t = *state;
    static struct rogue rogue;
    struct result result;

    for (int once = 0; once <= 1; once++) {
        rogue = (struct rogue){.polite = 1};
        rogue_start(&rogue, t);
        struct mc_http_request request = pay(t, &rogue, once == 1);
        call(t, &request, &result);
        assert_int_equal(result.outcome, MC_HTTP_ANSWERED);
        call(t, &request, &result);
        assert_int_equal(result.outcome, MC_HTTP_UNKNOWN);
        /* Without `once`: one polite, one on the dying connection, one sent again. */
        assert_int_equal(rogue.requests, once == 1 ? 2 : 3);
        rogue_stop(&rogue);
    }
}

/* The trap in "could not connect": it may be libcurl's second try of what was already sent. */
static void a_refused_second_try_is_unknown(void **state)
{
    struct fixture *t = *state;
    static struct rogue rogue;
    struct result result;

    rogue = (struct rogue){.polite = 1, .leaves = true};
    rogue_start(&rogue, t);
    struct mc_http_request request = pay(t, &rogue, false);
    call(t, &request, &result);
    assert_int_equal(result.outcome, MC_HTTP_ANSWERED);
    call(t, &request, &result);
    assert_int_equal(rogue.requests, 2);
    assert_int_equal(result.outcome, MC_HTTP_UNKNOWN);
    rogue_stop(&rogue);
}

static void tls_is_verified_against_the_given_authority(void **state)
{
    struct fixture *t = *state;
    struct mc_http_request request = get(t, "/ok");
    struct result result;

    call(t, &request, &result); /* the system's authorities do not know it */
    assert_int_equal(result.outcome, MC_HTTP_NOT_SENT);
    assert_int_equal(t->handled, 0);

    request.ca_file = t->tls.cert;
    for (int i = 0; i < 3; i++) {
        call(t, &request, &result);
        assert_int_equal(result.outcome, MC_HTTP_ANSWERED);
        assert_string_equal(result.body, "{\"ok\":true}");
    }
    request.ca_file = "/nowhere/ca.pem";
    call(t, &request, &result);
    assert_int_equal(result.outcome, MC_HTTP_NOT_SENT);
    assert_int_equal(t->handled, 3);
}

#define HTTP_TEST(setup, name) cmocka_unit_test_setup_teardown(name, setup, tear_down)

static const char *const loopback_items[] = {"127.0.0.0/8"};
static const struct mc_config_list loopback = {loopback_items, 1};

/* Asks the test's own server through a guard that lets its port pass. */
static struct result ask_guarded(struct fixture *t, const struct mc_config_list *networks,
                                 const char *host, const char *path)
{
    static char port[8];
    static const char *items[] = {port};
    const struct mc_config_list ports = {items, 1};
    const struct mc_guard guard = {networks, &ports, true};
    struct result result = {0};
    char url[128];

    (void)snprintf(port, sizeof port, "%u", (unsigned)mc_httpd_port(t->httpd));
    (void)snprintf(url, sizeof url, "http://%s:%s%s", host, port, path);
    const struct mc_http_request request = {
        .method = "GET", .url = url, .guard = &guard, .detail = true, .answer_max = ANSWER_MAX};
    assert_int_equal(mc_http_start(t->http, &request, answered, &result, NULL), MC_OK);
    turn_until(t->loop, &result.done);
    return result;
}

/* A name is harmless to look at: what it leads to is judged where the connection is made. */
static void name_that_leads_inside_is_not_asked(void **state)
{
    struct fixture *t = *state;
    struct result result = ask_guarded(t, NULL, "localhost", "/ok");

    assert_int_equal(result.outcome, MC_HTTP_NOT_SENT);
    assert_true(result.detail.denied);
    assert_int_equal(t->handled, 0);

    const struct mc_guard guard = {0};
    const struct mc_http_request literal = {
        .method = "GET", .url = "https://127.0.0.1/", .guard = &guard};
    assert_int_equal(mc_http_start(t->http, &literal, answered, &result, NULL), MC_INVALID);
}

/* One that was opened without a guard may lead anywhere, and is not used again. */
static void guarded_call_has_a_connection_of_its_own(void **state)
{
    struct fixture *t = *state;
    struct result plain = {0};
    char url[64];

    (void)snprintf(url, sizeof url, "http://localhost:%u/ok", (unsigned)mc_httpd_port(t->httpd));
    const struct mc_http_request request = {.method = "GET", .url = url};
    assert_int_equal(mc_http_start(t->http, &request, answered, &plain, NULL), MC_OK);
    turn_until(t->loop, &plain.done);
    assert_int_equal(plain.status, 200);
    struct result result = ask_guarded(t, NULL, "localhost", "/ok");
    assert_int_equal(result.outcome, MC_HTTP_NOT_SENT);
    assert_int_equal(t->handled, 1);
}

static void detail_tells_head_times_and_length(void **state)
{
    struct fixture *t = *state;
    struct result result = ask_guarded(t, &loopback, "127.0.0.1", "/error");

    assert_int_equal(result.outcome, MC_HTTP_ANSWERED);
    assert_true(result.detailed);
    assert_false(result.detail.denied);
    assert_memory_equal(result.detail.head, "HTTP/1.1 500 Internal Server Error\r\n", 36);
    assert_non_null(strstr(result.detail.head, "Content-Type: application/json\r\n"));
    assert_int_equal(result.detail.body_len, 2);
    assert_true(result.detail.connect_us > 0);
    assert_true(result.detail.first_byte_us >= result.detail.connect_us);
    assert_true(result.detail.total_us >= result.detail.first_byte_us);
    assert_string_equal(result.body, "{}");
}

static void detailed_body_is_cut_at_the_limit(void **state)
{
    struct fixture *t = *state;
    struct result result = ask_guarded(t, &loopback, "127.0.0.1", "/full");

    assert_int_equal(result.outcome, MC_HTTP_ANSWERED);
    assert_int_equal(result.detail.body_len, ANSWER_MAX);
    result = ask_guarded(t, &loopback, "127.0.0.1", "/over");
    assert_int_equal(result.outcome, MC_HTTP_ANSWERED);
    assert_int_equal(result.detail.body_len, ANSWER_MAX + 1);
}

static void redirect_is_shown_and_not_followed(void **state)
{
    struct fixture *t = *state;
    struct result result = ask_guarded(t, &loopback, "127.0.0.1", "/away");

    assert_int_equal(result.status, 302);
    assert_non_null(strstr(result.detail.head, "Location: /ok"));
    assert_int_equal(t->handled, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HTTP_TEST(set_up, answer_comes_with_status_body_and_type),
        HTTP_TEST(set_up, post_carries_headers_and_body),
        HTTP_TEST(set_up, an_error_status_is_an_answer),
        HTTP_TEST(set_up, a_redirect_is_not_followed),
        HTTP_TEST(set_up, a_timeout_after_sending_is_unknown),
        HTTP_TEST(set_up, an_answer_at_the_limit_and_one_past),
        HTTP_TEST(set_up, what_cannot_be_sent_is_refused),
        HTTP_TEST(set_up_tls, plain_http_needs_permission),
        HTTP_TEST(set_up_small, requests_are_bounded_and_wait_for_a_connection),
        HTTP_TEST(set_up, cancelled_calls_do_not_answer),
        HTTP_TEST(set_up, a_relay_that_thinks_keeps_nobody_waiting),
        HTTP_TEST(set_up, cancelled_mails_do_not_answer),
        HTTP_TEST(set_up, a_callback_may_ask_again),
        HTTP_TEST(set_up, a_refused_connection_is_not_sent),
        HTTP_TEST(set_up, a_reset_after_the_request_is_unknown_and_sent_once),
        HTTP_TEST(set_up, money_is_not_sent_again_on_a_dying_connection),
        HTTP_TEST(set_up, a_refused_second_try_is_unknown),
        HTTP_TEST(set_up_tls, tls_is_verified_against_the_given_authority),
        HTTP_TEST(set_up, name_that_leads_inside_is_not_asked),
        HTTP_TEST(set_up, guarded_call_has_a_connection_of_its_own),
        HTTP_TEST(set_up, detail_tells_head_times_and_length),
        HTTP_TEST(set_up, detailed_body_is_cut_at_the_limit),
        HTTP_TEST(set_up, redirect_is_shown_and_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
