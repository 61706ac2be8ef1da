#include "common/httpd.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/httpd_parse.h"
#include "common/httpd_tls.h"
#include "common/loop.h"

enum {
    INPUT_MAX = 64 << 10,    /* read ahead of what is being worked on */
    LINGER_MS = 1000,        /* for the peer to take the last answer before its bytes meet a RST */
    ACCEPT_PAUSE_MS = 100,   /* when the kernel has no descriptor for us */
    NEW_AT_THE_END_MS = 500, /* who connected as the end came has so long to ask */
    STREAM_STALL_S = 30,     /* a stream's peer that takes nothing for so long is gone */
    LISTEN_BACKLOG = 511,
    IPV6_NETWORK_BYTES = 8,
    CONNECTION_OPTIONS = BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS,

    STATUS_NO_CONTENT = 204,
    STATUS_NOT_MODIFIED = 304,
    STATUS_TIMEOUT = 408,
    STATUS_TOO_LARGE = 413,
    STATUS_HEAD_TOO_LARGE = 431,
    STATUS_INTERNAL = 500,
    STATUS_UNAVAILABLE = 503,
};

enum state {
    READ_HEAD,
    READ_BODY,
    HANDLING,
    STREAMING,
    REPLYING,  /* until the peer has taken the answer */
    LINGERING, /* our side is closed: discard what the peer still sends */
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

struct connection {
    struct mc_httpd *httpd;
    struct bufferevent *stream;
    struct mc_timer *deadline;
    enum state state;
    bool begun; /* some byte of the request being read has come */
    bool last;  /* close after this answer */
    struct mc_httpd_request *request;
    union address address;
    TAILQ_ENTRY(connection) next;
};

struct mc_httpd_request {
    struct connection *connection; /* NULL once the peer or the server is gone */
    struct mc_httpd_head head;
    char *text; /* what the head points into; NUL after its end */
    size_t text_len;
    struct mc_httpd_chunks chunks;
    char *body; /* NUL after its end */
    size_t body_len;
    size_t body_size;
    void (*more)(void *arg); /* NULL: an answer in chunks, of no length */
    void (*closed)(void *arg);
    void *closed_arg;
    uint64_t left; /* bytes of the answer that are still to be sent */
    char remote[INET6_ADDRSTRLEN];
};

struct mc_httpd {
    struct mc_loop *loop;
    struct mc_httpd_config config;
    void (*handler)(void *arg, struct mc_httpd_request *request);
    void *arg;
    struct mc_httpd_tls *tls;
    struct evconnlistener *listener;
    struct mc_timer *accept_again;
    uint16_t port;
    bool draining;
    unsigned connections;
    TAILQ_HEAD(connection_list, connection) all;
};

static void advance(struct connection *connection);

static void free_request(struct mc_httpd_request *request)
{
    if (request == NULL)
        return;
    if (request->body != NULL)
        explicit_bzero(request->body, request->body_size);
    if (request->text != NULL)
        explicit_bzero(request->text, request->text_len); /* headers carry tokens */
    free(request->body);
    free(request->text);
    free(request);
}

/* The connection ends here; a request in the handler's hands lives on without it. */
static void drop(struct connection *connection)
{
    struct mc_httpd *httpd = connection->httpd;
    struct mc_httpd_request *request = connection->request;
    bool handed_out = connection->state == HANDLING || connection->state == STREAMING;

    TAILQ_REMOVE(&httpd->all, connection, next);
    httpd->connections--;
    mc_timer_destroy(connection->deadline);
    bufferevent_free(connection->stream);
    free(connection);
    if (request == NULL)
        return;
    request->connection = NULL;
    if (!handed_out)
        free_request(request);
    else if (request->closed != NULL)
        request->closed(request->closed_arg);
}

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < MC_LEN(reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "-";
}

static void add_date(const struct connection *connection, struct evbuffer *out)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm tm;

    if (connection->httpd->config.clock == NULL)
        return;
    time_t now = (time_t)(mc_now_ms(connection->httpd->config.clock) / 1000);
    if (gmtime_r(&now, &tm) != NULL) /* not strftime: names must not follow the locale */
        (void)evbuffer_add_printf(out, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT\r\n",
                                  days[tm.tm_wday], tm.tm_mday, months[tm.tm_mon],
                                  tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

static void write_head(struct connection *connection, int status, const struct mc_header *headers)
{
    struct evbuffer *out = bufferevent_get_output(connection->stream);

    (void)evbuffer_add_printf(out, "HTTP/1.1 %d %s\r\n", status, reason_of(status));
    add_date(connection, out);
    for (const struct mc_header *line = headers; line != NULL && line->name != NULL; line++)
        (void)evbuffer_add_printf(out, "%s: %s\r\n", line->name, line->value);
    connection->last |= connection->httpd->draining;
    if (connection->last)
        (void)evbuffer_add_printf(out, "Connection: close\r\n");
}

/* From here on the peer has the same time to take the answer as it had to ask. */
static void expect_taken(struct connection *connection)
{
    connection->request = NULL;
    connection->state = REPLYING;
    mc_timer_start(connection->deadline, connection->httpd->config.request_ms);
}

static void write_answer(struct connection *connection, int status, const struct mc_header *headers,
                         struct mc_bytes body, bool only_head)
{
    struct evbuffer *out = bufferevent_get_output(connection->stream);
    bool has_body = status >= 200 && status != STATUS_NO_CONTENT && status != STATUS_NOT_MODIFIED;

    write_head(connection, status, headers);
    if (has_body)
        (void)evbuffer_add_printf(out, "Content-Length: %zu\r\n", body.len);
    (void)evbuffer_add(out, "\r\n", 2);
    if (has_body && !only_head && body.len > 0)
        (void)evbuffer_add(out, body.data, body.len);
    expect_taken(connection);
}

/* Answers what never reached the handler. */
static void refuse(struct connection *connection, int status)
{
    static const struct mc_header plain[] = {{"Content-Type", "text/plain"}, {NULL, NULL}};
    const char *reason = reason_of(status);

    free_request(connection->request);
    connection->last = true;
    write_answer(connection, status, plain, (struct mc_bytes){reason, strlen(reason)}, false);
}

static struct mc_httpd_request *new_request(struct connection *connection, size_t text_len)
{
    struct mc_httpd_request *request = calloc(1, sizeof *request);
    const union address *address = &connection->address;

    if (request == NULL)
        return NULL;
    request->text = calloc(1, text_len + 1);
    request->text_len = text_len;
    request->body = calloc(1, 1);
    if (request->text == NULL || request->body == NULL) {
        free_request(request);
        return NULL;
    }
    request->connection = connection;
    if (address->any.sa_family == AF_INET6)
        (void)inet_ntop(AF_INET6, &address->v6.sin6_addr, request->remote, sizeof request->remote);
    else
        (void)inet_ntop(AF_INET, &address->v4.sin_addr, request->remote, sizeof request->remote);
    return request;
}

/* Returns false when more bytes are needed or the request was refused. */
static bool read_head(struct connection *connection)
{
    struct evbuffer *in = bufferevent_get_input(connection->stream);
    size_t available = evbuffer_get_length(in);
    const struct mc_httpd_config *config = &connection->httpd->config;

    if (available == 0)
        return false;
    if (!connection->begun) {
        connection->begun = true;
        mc_timer_start(connection->deadline, config->request_ms);
    }
    struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
    size_t len = end.pos >= 0 ? (size_t)end.pos + 4 : available;
    if (len > MC_HTTPD_HEAD_MAX || (end.pos < 0 && len == MC_HTTPD_HEAD_MAX)) {
        refuse(connection, STATUS_HEAD_TOO_LARGE);
        return false;
    }
    if (end.pos < 0)
        return false;

    struct mc_httpd_request *request = new_request(connection, len);
    if (request == NULL) {
        refuse(connection, STATUS_UNAVAILABLE);
        return false;
    }
    connection->request = request;
    (void)evbuffer_remove(in, request->text, len);
    int refusal = mc_httpd_parse_head(request->text, len, &request->head);
    if (refusal == 0 && request->head.length > config->body_max)
        refusal = STATUS_TOO_LARGE;
    if (refusal != 0) {
        refuse(connection, refusal);
        return false;
    }
    connection->last = request->head.closes;
    connection->state = READ_BODY;
    if (request->head.expects_continue && (request->head.chunked || request->head.length > 0))
        (void)bufferevent_write(connection->stream, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    return true;
}

/* Memory follows what has really come, not what a header promises. */
static bool append_body(struct mc_httpd_request *request, struct mc_bytes piece)
{
    size_t need = request->body_len + piece.len + 1;

    if (need > request->body_size) {
        size_t size = MC_MAX(need, request->body_size * 2);
        char *body = realloc(request->body, size);
        if (body == NULL)
            return false;
        request->body = body;
        request->body_size = size;
    }
    if (piece.len > 0)
        memcpy(request->body + request->body_len, piece.data, piece.len);
    request->body_len += piece.len;
    request->body[request->body_len] = '\0';
    return true;
}

/* One step through the first contiguous run of input. Returns 0 or a refusal. */
static int take_body(const struct connection *connection, struct mc_bytes in, size_t *ret_used)
{
    struct mc_httpd_request *request = connection->request;
    struct mc_bytes piece = {0};

    if (request->head.chunked) {
        int refusal = mc_httpd_chunks_feed(&request->chunks, in, ret_used, &piece);
        if (refusal != 0)
            return refusal;
        if (request->body_len + piece.len > connection->httpd->config.body_max)
            return STATUS_TOO_LARGE;
    } else {
        *ret_used = MC_MIN(in.len, (size_t)request->head.length - request->body_len);
        piece = (struct mc_bytes){in.data, *ret_used};
    }
    return append_body(request, piece) ? 0 : STATUS_UNAVAILABLE;
}

static bool body_is_whole(const struct mc_httpd_request *request)
{
    if (request->head.chunked)
        return request->chunks.state == MC_CHUNK_DONE;
    return request->body_len == request->head.length;
}

/* Returns false when more bytes are needed or the request was refused. */
static bool read_body(struct connection *connection)
{
    struct evbuffer *in = bufferevent_get_input(connection->stream);

    while (!body_is_whole(connection->request)) {
        size_t len = evbuffer_get_contiguous_space(in);
        size_t used = 0;

        if (len == 0)
            return false;
        struct mc_bytes run = {evbuffer_pullup(in, (ev_ssize_t)len), len};
        int refusal = take_body(connection, run, &used);
        if (refusal != 0) {
            refuse(connection, refusal);
            return false;
        }
        (void)evbuffer_drain(in, used);
    }
    return true;
}

static void advance(struct connection *connection)
{
    if (connection->state == READ_HEAD && !read_head(connection))
        return;
    if (connection->state != READ_BODY || !read_body(connection))
        return;
    mc_timer_cancel(connection->deadline); /* the handler answers for its own time */
    connection->state = HANDLING;
    connection->httpd->handler(connection->httpd->arg, connection->request);
}

static void readable(struct bufferevent *stream, void *arg)
{
    struct connection *connection = arg;

    if (connection->state == LINGERING) {
        struct evbuffer *in = bufferevent_get_input(stream);
        (void)evbuffer_drain(in, evbuffer_get_length(in));
        return;
    }
    advance(connection);
}

static void written(struct bufferevent *stream, void *arg)
{
    struct connection *connection = arg;

    if (evbuffer_get_length(bufferevent_get_output(stream)) > 0)
        return;
    if (connection->state == STREAMING && connection->request->more != NULL) {
        connection->request->more(connection->request->closed_arg);
        return;
    }
    if (connection->state != REPLYING)
        return;
    if (connection->last) {
        connection->state = LINGERING;
        (void)shutdown(bufferevent_getfd(stream), SHUT_WR);
        mc_timer_start(connection->deadline, LINGER_MS);
        readable(stream, connection);
        return;
    }
    connection->state = READ_HEAD;
    connection->begun = false;
    mc_timer_start(connection->deadline, connection->httpd->config.idle_ms);
    advance(connection); /* the next request may be here already */
}

static void happened(struct bufferevent *stream, short what, void *arg)
{
    struct connection *connection = arg;

    (void)stream;
    if (what & BEV_EVENT_CONNECTED) /* the TLS handshake is over */
        return;
    if ((what & BEV_EVENT_EOF) && connection->state == REPLYING)
        connection->last = true; /* it asked, closed its side, and still reads */
    else
        drop(connection);
}

static void deadline_passed(void *arg)
{
    struct connection *connection = arg;
    struct evbuffer *in = bufferevent_get_input(connection->stream);
    bool asking = connection->state == READ_BODY ||
                  (connection->state == READ_HEAD && evbuffer_get_length(in) > 0);

    if (asking)
        refuse(connection, STATUS_TIMEOUT);
    else
        drop(connection);
}

/* IPv6 peers choose freely below their /64, so that is what counts as one address. */
static bool same_address(const union address *a, const union address *b)
{
    if (a->any.sa_family != b->any.sa_family)
        return false;
    if (a->any.sa_family == AF_INET6)
        return memcmp(&a->v6.sin6_addr, &b->v6.sin6_addr, IPV6_NETWORK_BYTES) == 0;
    return a->v4.sin_addr.s_addr == b->v4.sin_addr.s_addr;
}

static bool has_room(const struct mc_httpd *httpd, const union address *address)
{
    const struct connection *other = NULL;
    unsigned same = 0;

    if (httpd->connections >= httpd->config.connections_max)
        return false;
    if (httpd->config.per_address_max == 0)
        return true;
    TAILQ_FOREACH(other, &httpd->all, next)
    {
        same += same_address(&other->address, address);
    }
    return same < httpd->config.per_address_max;
}

static struct bufferevent *new_stream(struct mc_httpd *httpd, int fd)
{
    struct event_base *base = mc_loop_base(httpd->loop);

    if (httpd->tls != NULL)
        return mc_httpd_tls_accept(httpd->tls, base, fd, CONNECTION_OPTIONS);
    return bufferevent_socket_new(base, fd, CONNECTION_OPTIONS);
}

static bool open_connection(struct mc_httpd *httpd, int fd, const union address *address)
{
    struct connection *connection = calloc(1, sizeof *connection);

    if (connection == NULL)
        return false;
    connection->httpd = httpd;
    connection->address = *address;
    connection->begun = true; /* a new connection is for asking: no idle time */
    connection->deadline = mc_timer_create(httpd->loop, deadline_passed, connection);
    if (connection->deadline != NULL)
        connection->stream = new_stream(httpd, fd);
    if (connection->stream == NULL) {
        mc_timer_destroy(connection->deadline);
        free(connection);
        return false;
    }
    TAILQ_INSERT_TAIL(&httpd->all, connection, next);
    httpd->connections++;
    mc_timer_start(connection->deadline, httpd->config.request_ms);
    bufferevent_setwatermark(connection->stream, EV_READ, 0, INPUT_MAX);
    bufferevent_setcb(connection->stream, readable, written, happened, connection);
    (void)bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
    return true;
}

static void accepted(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *peer,
                     int peer_len, void *arg)
{
    struct mc_httpd *httpd = arg;
    union address address = {0};

    (void)listener;
    memcpy(&address, peer, MC_MIN((size_t)peer_len, sizeof address));
    if (!has_room(httpd, &address) || !open_connection(httpd, fd, &address))
        (void)close(fd);
}

/* Out of descriptors: accepting at once again would only burn the processor. */
static void accept_failed(struct evconnlistener *listener, void *arg)
{
    struct mc_httpd *httpd = arg;

    (void)evconnlistener_disable(listener);
    mc_timer_start(httpd->accept_again, ACCEPT_PAUSE_MS);
}

static void accept_again(void *arg)
{
    struct mc_httpd *httpd = arg;

    if (httpd->listener != NULL)
        (void)evconnlistener_enable(httpd->listener);
}

/* Our own, or one that somebody opened for us. */
static struct evconnlistener *listen_at(struct mc_httpd *httpd, const struct addrinfo *found)
{
    const unsigned options = LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE;
    struct event_base *base = mc_loop_base(httpd->loop);
    int fd = httpd->config.socket;

    if (fd == 0)
        return evconnlistener_new_bind(base, accepted, httpd, options, LISTEN_BACKLOG,
                                       found->ai_addr, (int)found->ai_addrlen);
    if (evutil_make_socket_nonblocking(fd) != 0 || evutil_make_socket_closeonexec(fd) != 0)
        return NULL;
    return evconnlistener_new(base, accepted, httpd, options, LISTEN_BACKLOG, fd);
}

static enum mc_status open_listener(struct mc_httpd *httpd)
{
    struct addrinfo hints = {
        .ai_family = AF_UNSPEC,
        .ai_socktype = SOCK_STREAM,
        .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV,
    };
    struct addrinfo *found = NULL;
    union address bound = {0};
    socklen_t bound_len = sizeof bound;
    char port[8];
    int on = 1;

    (void)snprintf(port, sizeof port, "%u", (unsigned)httpd->config.port);
    if (getaddrinfo(httpd->config.host, port, &hints, &found) != 0)
        return MC_INVALID;
    httpd->listener = listen_at(httpd, found);
    freeaddrinfo(found);
    if (httpd->listener == NULL)
        return MC_IO;
    evconnlistener_set_error_cb(httpd->listener, accept_failed);

    int fd = evconnlistener_get_fd(httpd->listener);
    /* Inherited by what is accepted. Without it TLS answers wait for the peer's delayed ACK. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (getsockname(fd, &bound.any, &bound_len) != 0)
        return MC_IO;
    httpd->port = ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
    return MC_OK;
}

static void fill_defaults(struct mc_httpd_config *config)
{
    if (config->body_max == 0)
        config->body_max = MC_HTTPD_BODY_MAX;
    if (config->request_ms == 0)
        config->request_ms = MC_HTTPD_REQUEST_MS;
    if (config->idle_ms == 0)
        config->idle_ms = MC_HTTPD_IDLE_MS;
    if (config->connections_max == 0)
        config->connections_max = MC_HTTPD_CONNECTIONS_MAX;
}

enum mc_status mc_httpd_create(struct mc_loop *loop, const struct mc_httpd_config *config,
                               void (*handler)(void *arg, struct mc_httpd_request *request),
                               void *arg, struct mc_httpd **ret_httpd)
{
    struct mc_httpd *httpd = calloc(1, sizeof *httpd);
    enum mc_status status = MC_OK;

    if (httpd == NULL)
        return MC_FULL;
    TAILQ_INIT(&httpd->all);
    httpd->loop = loop;
    httpd->config = *config;
    httpd->handler = handler;
    httpd->arg = arg;
    fill_defaults(&httpd->config);
    httpd->accept_again = mc_timer_create(loop, accept_again, httpd);
    if (httpd->accept_again == NULL)
        status = MC_FULL;
    if (status == MC_OK && config->cert_file != NULL) {
        httpd->tls = mc_httpd_tls_load(config->cert_file, config->key_file);
        status = httpd->tls != NULL ? MC_OK : MC_INVALID;
    }
    if (status == MC_OK)
        status = open_listener(httpd);
    if (status != MC_OK) {
        mc_httpd_destroy(httpd);
        return status;
    }
    *ret_httpd = httpd;
    return MC_OK;
}

void mc_httpd_destroy(struct mc_httpd *httpd)
{
    if (httpd == NULL)
        return;
    if (httpd->listener != NULL)
        evconnlistener_free(httpd->listener);
    while (!TAILQ_EMPTY(&httpd->all))
        /* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it cannot follow the list's back pointers */
        drop(TAILQ_FIRST(&httpd->all));
    mc_timer_destroy(httpd->accept_again);
    mc_httpd_tls_free(httpd->tls);
    free(httpd);
}

void mc_httpd_drain(struct mc_httpd *httpd)
{
    struct connection *next = NULL;

    httpd->draining = true;
    if (httpd->listener != NULL)
        evconnlistener_free(httpd->listener);
    httpd->listener = NULL;
    for (struct connection *c = TAILQ_FIRST(&httpd->all); c != NULL; c = next) {
        next = TAILQ_NEXT(c, next);
        bool silent =
            c->state == READ_HEAD && evbuffer_get_length(bufferevent_get_input(c->stream)) == 0;
        if (silent && !c->begun)
            drop(c);
        else if (silent)
            mc_timer_start(c->deadline, NEW_AT_THE_END_MS);
    }
}

uint16_t mc_httpd_port(const struct mc_httpd *httpd)
{
    return httpd->port;
}

unsigned mc_httpd_connections(const struct mc_httpd *httpd)
{
    return httpd->connections;
}

const char *mc_httpd_method(const struct mc_httpd_request *request)
{
    return request->head.method;
}

const char *mc_httpd_path(const struct mc_httpd_request *request)
{
    return request->head.path;
}

const char *mc_httpd_query(const struct mc_httpd_request *request)
{
    return request->head.query;
}

const char *mc_httpd_header(const struct mc_httpd_request *request, const char *name)
{
    return mc_httpd_head_find(&request->head, name);
}

const struct mc_header *mc_httpd_headers(const struct mc_httpd_request *request)
{
    return request->head.headers;
}

struct mc_bytes mc_httpd_body(const struct mc_httpd_request *request)
{
    return (struct mc_bytes){request->body, request->body_len};
}

const char *mc_httpd_remote(const struct mc_httpd_request *request)
{
    return request->remote;
}

bool mc_httpd_waiting(const struct mc_httpd_request *request)
{
    return request->connection != NULL;
}

static bool asks_head_only(const struct mc_httpd_request *request)
{
    return strcmp(request->head.method, "HEAD") == 0;
}

void mc_httpd_reply(struct mc_httpd_request *request, int status, const struct mc_header *headers,
                    struct mc_bytes body)
{
    struct connection *connection = request->connection;

    if (connection != NULL && mc_headers_ok(headers))
        write_answer(connection, status, headers, body, asks_head_only(request));
    else if (connection != NULL) /* a value with a line break would be a second header */
        write_answer(connection, STATUS_INTERNAL, NULL, (struct mc_bytes){0}, false);
    free_request(request);
}

static void begin(struct mc_httpd_request *request, int status, const struct mc_header *headers)
{
    struct timeval stall = {.tv_sec = STREAM_STALL_S};

    request->connection->state = STREAMING;
    write_head(request->connection, status, mc_headers_ok(headers) ? headers : NULL);
    (void)bufferevent_set_timeouts(request->connection->stream, NULL, &stall);
}

void mc_httpd_stream_begin(struct mc_httpd_request *request, int status,
                           const struct mc_header *headers, void (*closed)(void *arg), void *arg)
{
    if (request->connection == NULL)
        return;
    request->closed = closed;
    request->closed_arg = arg;
    begin(request, status, headers);
    (void)evbuffer_add_printf(bufferevent_get_output(request->connection->stream),
                              "Transfer-Encoding: chunked\r\n\r\n");
}

void mc_httpd_body_begin(struct mc_httpd_request *request, int status,
                         const struct mc_header *headers, uint64_t length, void (*more)(void *arg),
                         void (*closed)(void *arg), void *arg)
{
    if (request->connection == NULL)
        return;
    request->more = more;
    request->closed = closed;
    request->closed_arg = arg;
    request->left = asks_head_only(request) ? 0 : length;
    begin(request, status, headers);
    (void)evbuffer_add_printf(bufferevent_get_output(request->connection->stream),
                              "Content-Length: %" PRIu64 "\r\n\r\n", length);
}

static void send_sized(struct mc_httpd_request *request, struct evbuffer *out,
                       struct mc_bytes piece)
{
    size_t len = (size_t)MC_MIN((uint64_t)piece.len, request->left);

    (void)evbuffer_add(out, piece.data, len);
    request->left -= len;
}

enum mc_status mc_httpd_stream_send(struct mc_httpd_request *request, struct mc_bytes piece)
{
    if (request->connection == NULL)
        return MC_EXPIRED;
    struct evbuffer *out = bufferevent_get_output(request->connection->stream);
    if (request->more != NULL) {
        send_sized(request, out, piece);
        return MC_OK;
    }
    if (evbuffer_get_length(out) + piece.len > MC_HTTPD_STREAM_BACKLOG_MAX)
        return MC_BUSY;
    if (piece.len == 0 || asks_head_only(request)) /* an empty chunk would be the end */
        return MC_OK;
    (void)evbuffer_add_printf(out, "%zx\r\n", piece.len);
    (void)evbuffer_add(out, piece.data, piece.len);
    (void)evbuffer_add(out, "\r\n", 2);
    return MC_OK;
}

void mc_httpd_stream_end(struct mc_httpd_request *request)
{
    struct connection *connection = request->connection;

    if (connection != NULL && request->left > 0) { /* less than was promised */
        request->closed = NULL;
        drop(connection);
    } else if (connection != NULL) {
        if (request->more == NULL && asks_head_only(request))
            connection->last = true;
        else if (request->more == NULL)
            (void)bufferevent_write(connection->stream, "0\r\n\r\n", 5);
        (void)bufferevent_set_timeouts(connection->stream, NULL, NULL);
        expect_taken(connection);
    }
    free_request(request);
}
