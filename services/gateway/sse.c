#include "sse.h"

#include <stdio.h>
#include <string.h>

#include "common/arena.h"
#include "common/loop.h"

#include "headers.h"

enum { HTTP_OK = 200, FIELD_ROOM = 16 /* "data: " and a line end, "event: ", the empty line */ };

static void finish(struct gateway_sse *sse)
{
    struct mc_httpd_request *request = sse->request;

    mc_timer_destroy(sse->heartbeat);
    sse->heartbeat = NULL;
    sse->request = NULL;
    mc_httpd_stream_end(request);
}

static void over(struct gateway_sse *sse)
{
    void (*closed)(void *arg) = sse->closed;
    void *arg = sse->arg; /* the owner may use the stream's place again */

    finish(sse);
    if (closed != NULL)
        closed(arg);
}

static void reader_left(void *arg)
{
    over(arg);
}

/* A line that starts with a colon is a comment: it keeps the way open and is no event. */
static void beat(void *arg)
{
    struct gateway_sse *sse = arg;

    if (mc_httpd_stream_send(sse->request, (struct mc_bytes){":\n\n", 3}) != MC_OK)
        over(sse);
    else
        mc_timer_start(sse->heartbeat, sse->heartbeat_ms);
}

static void write_head(struct mc_httpd_request *request, const struct mc_header *more,
                       struct gateway_sse *sse)
{
    struct gateway_headers headers = {0};

    gateway_header_add(&headers, "Content-Type", "text/event-stream");
    gateway_header_add(&headers, "X-Accel-Buffering", "no"); /* nginx would keep events back */
    for (; more != NULL && more->name != NULL; more++)
        gateway_header_add(&headers, more->name, more->value);
    mc_httpd_stream_begin(request, HTTP_OK, headers.lines, reader_left, sse);
}

enum mc_status gateway_sse_open(struct gateway_sse *sse, struct mc_loop *loop,
                                struct mc_httpd_request *request,
                                const struct gateway_sse_config *config)
{
    char retry[FIELD_ROOM + GATEWAY_SSE_ID_MAX];
    int len = snprintf(retry, sizeof retry, "retry: %d\n\n", (int)GATEWAY_SSE_RETRY_MS);

    *sse = (struct gateway_sse){
        .heartbeat = mc_timer_create(loop, beat, sse),
        .heartbeat_ms = config->heartbeat_ms > 0 ? config->heartbeat_ms : GATEWAY_SSE_HEARTBEAT_MS,
        .closed = config->closed,
        .arg = config->arg,
    };
    if (sse->heartbeat == NULL)
        return MC_FULL;
    sse->request = request;
    write_head(request, config->headers, sse);
    /* A reader that has gone already is found out by the first beat. */
    (void)!mc_httpd_stream_send(request, (struct mc_bytes){retry, (size_t)len});
    mc_timer_start(sse->heartbeat, sse->heartbeat_ms);
    return MC_OK;
}

static bool one_line(const char *text)
{
    return text == NULL || strpbrk(text, "\r\n") == NULL;
}

/* One field a line; CR, LF and CRLF each end one, as readers see it. */
static char *put_data(char *at, struct mc_bytes data)
{
    const char *from = data.data;
    const char *end = from + data.len;

    for (bool more = true; more;) {
        const char *stop = from;

        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        at = stpcpy(at, "data: ");
        if (stop > from)
            at = mempcpy(at, from, (size_t)(stop - from));
        *at++ = '\n';
        more = stop < end;
        from = stop + (end - stop > 1 && stop[0] == '\r' && stop[1] == '\n' ? 2 : 1);
    }
    return at;
}

static size_t lines_of(struct mc_bytes data)
{
    const char *text = data.data;
    size_t lines = 1;

    for (size_t i = 0; i < data.len; i++)
        lines += text[i] == '\n' || text[i] == '\r';
    return lines;
}

static size_t size_of(const char *text)
{
    return text != NULL ? strlen(text) + FIELD_ROOM : 0;
}

enum mc_status gateway_sse_text(struct mc_arena *arena, const struct gateway_sse_event *event,
                                struct mc_bytes *ret_text)
{
    if (!one_line(event->id) || !one_line(event->type) ||
        (event->id != NULL && strlen(event->id) > GATEWAY_SSE_ID_MAX))
        return MC_INVALID;
    size_t size = size_of(event->id) + size_of(event->type) + event->data.len +
                  FIELD_ROOM * lines_of(event->data);
    char *text = mc_alloc(arena, size);
    if (text == NULL)
        return MC_FULL;

    char *at = text;
    if (event->id != NULL)
        at = stpcpy(stpcpy(stpcpy(at, "id: "), event->id), "\n");
    if (event->type != NULL)
        at = stpcpy(stpcpy(stpcpy(at, "event: "), event->type), "\n");
    at = put_data(at, event->data);
    *at++ = '\n';
    *ret_text = (struct mc_bytes){text, (size_t)(at - text)};
    return MC_OK;
}

bool gateway_sse_send(struct gateway_sse *sse, struct mc_bytes text)
{
    if (sse->request == NULL)
        return false;
    if (mc_httpd_stream_send(sse->request, text) != MC_OK) {
        finish(sse);
        return false;
    }
    mc_timer_start(sse->heartbeat, sse->heartbeat_ms); /* what is not silent needs no beat */
    return true;
}

void gateway_sse_close(struct gateway_sse *sse)
{
    if (sse->request != NULL)
        finish(sse);
}
