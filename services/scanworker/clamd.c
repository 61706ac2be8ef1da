#include "clamd.h"

#include <errno.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/loop.h"

static const char command[] = "zINSTREAM"; /* its NUL goes along */

struct clamd {
    struct mc_loop *loop;
    struct clamd_events events;
    int64_t timeout_ms;
    struct mc_timer *silence;
    struct mc_watch *watch;
    int fd;
    unsigned number; /* of the connection: a callback may have begun another */
    bool connected;
    bool told; /* that it is ready for what comes next */
    bool all;  /* the file's end is sent or waits to be */
    uint8_t out[4 + CLAMD_CHUNK_MAX];
    size_t out_len;
    size_t out_at;
    char in[CLAMD_ANSWER_MAX];
    size_t in_len;
};

union address {
    struct sockaddr any;
    struct sockaddr_un un;
    struct sockaddr_storage storage;
};

static bool read_path(const char *path, union address *ret_address, socklen_t *ret_len)
{
    size_t len = strlen(path);

    if (len >= sizeof ret_address->un.sun_path)
        return false;
    ret_address->un.sun_family = AF_UNIX;
    memcpy(ret_address->un.sun_path, path, len + 1);
    *ret_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
    return true;
}

static bool read_host(const char *text, union address *ret_address, socklen_t *ret_len)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char host[64];
    const char *colon = strrchr(text, ':');
    size_t bracket = text[0] == '[';

    if (colon == NULL || colon == text || (size_t)(colon - text) >= sizeof host)
        return false;
    size_t len = (size_t)(colon - text);
    if (bracket > 0 && (len < 3 || text[len - 1] != ']'))
        return false;
    memcpy(host, text + bracket, len - 2 * bracket);
    host[len - 2 * bracket] = '\0';
    if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
        return false;
    memcpy(&ret_address->storage, found->ai_addr, found->ai_addrlen);
    *ret_len = found->ai_addrlen;
    freeaddrinfo(found);
    return true;
}

static bool read_address(const char *text, union address *ret_address, socklen_t *ret_len)
{
    *ret_address = (union address){0};
    return text[0] == '/' ? read_path(text, ret_address, ret_len)
                          : read_host(text, ret_address, ret_len);
}

bool clamd_address_is_good(const char *address)
{
    union address to;
    socklen_t len = 0;

    return read_address(address, &to, &len);
}

void clamd_stop(struct clamd *clamd)
{
    clamd->number++;
    mc_timer_cancel(clamd->silence);
    if (clamd->watch != NULL)
        mc_watch_destroy(clamd->watch);
    clamd->watch = NULL;
    if (clamd->fd >= 0)
        (void)close(clamd->fd);
    clamd->fd = -1;
}

static void end(struct clamd *clamd, struct mc_bytes answer, const char *why)
{
    clamd_stop(clamd);
    clamd->events.ended(clamd->events.arg, answer, why);
}

static void fail(struct clamd *clamd, const char *why)
{
    end(clamd, (struct mc_bytes){0}, why);
}

static void silent(void *arg)
{
    fail(arg, "TIMEOUT");
}

static bool flush(struct clamd *clamd)
{
    while (clamd->out_at < clamd->out_len) {
        ssize_t n = send(clamd->fd, clamd->out + clamd->out_at, clamd->out_len - clamd->out_at,
                         MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        clamd->out_at += (size_t)n;
        mc_timer_start(clamd->silence, clamd->timeout_ms);
    }
    clamd->out_len = clamd->out_at = 0;
    return true;
}

/* It may answer before it has all: "too large"; then it closes, and what we send is lost. */
static void receive(struct clamd *clamd)
{
    ssize_t n = recv(clamd->fd, clamd->in + clamd->in_len, sizeof clamd->in - clamd->in_len, 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        fail(clamd, "CLOSED");
        return;
    }
    const char *stop = memchr(clamd->in + clamd->in_len, '\0', (size_t)n);
    clamd->in_len += (size_t)n;
    if (stop != NULL)
        end(clamd, (struct mc_bytes){clamd->in, (size_t)(stop - clamd->in)}, "");
    else if (clamd->in_len == sizeof clamd->in)
        fail(clamd, "ANSWER_TOO_LONG");
}

static bool connecting(struct clamd *clamd)
{
    socklen_t len = sizeof(int);
    int error = 0;

    clamd->connected = getsockopt(clamd->fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0;
    return clamd->connected;
}

static void go_on(struct clamd *clamd)
{
    unsigned number = clamd->number;

    if (clamd->out_len == 0 && !clamd->told && !clamd->all) {
        clamd->told = true;
        clamd->events.ready(clamd->events.arg);
        if (clamd->number != number)
            return;
    }
    unsigned events = MC_WATCH_READ | (clamd->out_len > 0 ? MC_WATCH_WRITE : 0U);
    if (mc_watch_modify(clamd->watch, events) != MC_OK)
        fail(clamd, "WATCH");
}

static void ready(void *arg, unsigned events)
{
    struct clamd *clamd = arg;
    unsigned number = clamd->number;

    if (!clamd->connected && !connecting(clamd)) {
        fail(clamd, "NO_SCANNER");
        return;
    }
    if ((events & MC_WATCH_READ) != 0)
        receive(clamd);
    if (clamd->number != number)
        return;
    if (!flush(clamd)) {
        if (clamd->in_len == 0 && (events & MC_WATCH_READ) == 0)
            receive(clamd); /* why it closed, if it said so */
        if (clamd->number == number)
            fail(clamd, "CLOSED");
        return;
    }
    go_on(clamd);
}

bool clamd_begin(struct clamd *clamd, const char *address)
{
    union address to;
    socklen_t len = 0;

    clamd_stop(clamd);
    if (!read_address(address, &to, &len))
        return false;
    clamd->fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (clamd->fd < 0)
        return false;
    bool made = connect(clamd->fd, &to.any, len) == 0;
    if (made || errno == EINPROGRESS)
        clamd->watch = mc_watch_create(clamd->loop, clamd->fd, MC_WATCH_WRITE, ready, clamd);
    if (clamd->watch == NULL) {
        clamd_stop(clamd);
        return false;
    }
    clamd->connected = clamd->told = clamd->all = false;
    clamd->in_len = clamd->out_at = 0;
    memcpy(clamd->out, command, sizeof command);
    clamd->out_len = sizeof command;
    mc_timer_start(clamd->silence, clamd->timeout_ms);
    return true;
}

void clamd_send(struct clamd *clamd, struct mc_bytes chunk)
{
    assert(clamd->told && clamd->out_len == 0 && chunk.len <= CLAMD_CHUNK_MAX);
    for (size_t i = 0; i < 4; i++)
        clamd->out[i] = (uint8_t)(chunk.len >> (24 - 8 * i));
    if (chunk.len > 0)
        memcpy(clamd->out + 4, chunk.data, chunk.len);
    clamd->out_len = 4 + chunk.len;
    clamd->told = false;
    clamd->all = chunk.len == 0;
    mc_timer_start(clamd->silence, clamd->timeout_ms);
    if (mc_watch_modify(clamd->watch, MC_WATCH_READ | MC_WATCH_WRITE) != MC_OK)
        fail(clamd, "WATCH");
}

struct clamd *clamd_create(struct mc_loop *loop, int64_t timeout_ms,
                           const struct clamd_events *events)
{
    struct clamd *clamd = calloc(1, sizeof *clamd);

    if (clamd == NULL)
        return NULL;
    clamd->loop = loop;
    clamd->events = *events;
    clamd->timeout_ms = timeout_ms;
    clamd->fd = -1;
    clamd->silence = mc_timer_create(loop, silent, clamd);
    if (clamd->silence == NULL) {
        free(clamd);
        return NULL;
    }
    return clamd;
}

void clamd_destroy(struct clamd *clamd)
{
    clamd_stop(clamd);
    mc_timer_destroy(clamd->silence);
    free(clamd);
}
