#include <errno.h>
#include <malloc.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/bus_zmq.h"

enum {
    ZAP_ENFORCE_DOMAIN = 93, /* known to libzmq; zmq.h shows its name in draft builds only */
    OLDEST_ZMQ = 40304,      /* CVE-2019-6250, CVE-2019-13132, CVE-2020-15166 are closed in it */
    IPC_PREFIX = 6,          /* ipc:// */
    IPC_MODE = 0600,
    IPC_MODE_MAX = 0660,
    LINGER_MS = 500,
    HANDSHAKE_MS = 2000,
    RECONNECT_MS = 50,
    RECONNECT_MAX_MS = 5000,
    KEEPALIVE_IDLE_S = 4,
    KEEPALIVE_EVERY_S = 2,
    KEEPALIVE_MISSED = 3,
    UNTAKEN_MS = 10000, /* sent, and not acknowledged by the other machine */
    BACKLOG = 1024,
    RUN_MAX = 64, /* messages from one door before the other is looked at */
    DOORS_MAX = 2,
    ENDPOINT_MAX = 256,
    CURVE_OVERHEAD = 33,   /* command name, nonce, tag and flags around a frame */
    UNREAD_COUNTED = 1024, /* bytes of a body from which on it is counted */
    UNREAD_MANY = 8 << 20, /* bytes that malloc() is asked to give back when they are gone */
};

/* One socket. */
struct door {
    void *socket;
    int fd;
    bool router;
    bool curve;
    bool more; /* the last frame read was not the last of its message */
    char endpoint[ENDPOINT_MAX];
};

struct link {
    struct mc_bus *bus;
    size_t frame_max;
    size_t send_max;
    unsigned queue_max;
    struct mc_bus_traffic traffic;
};

struct mc_listener {
    struct link link;
    struct door doors[DOORS_MAX]; /* ipc before tcp */
    unsigned doors_len;
    unsigned current; /* the door read from, and how many it gave in a row */
    unsigned run;
};

struct mc_peer {
    struct link link;
    struct door door;
};

_Static_assert(sizeof(zmq_msg_t) == sizeof((struct mc_message){0}.frames[0]), "room for a frame");
_Static_assert(_Alignof(zmq_msg_t) <= 8, "aligned for a frame");

enum mc_status bus_fail(enum mc_status status, char *why, size_t size, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(why, size, fmt, args);
    va_end(args);
    return status;
}

enum mc_status bus_status_of(int error)
{
    switch (error) {
    case EADDRINUSE:
        return MC_CONFLICT;
    case EACCES:
    case EPERM:
        return MC_DENIED;
    case EINVAL:
    case EPROTONOSUPPORT:
    case ENAMETOOLONG:
        return MC_INVALID;
    default:
        return MC_IO;
    }
}

/* The bus */

static bool zmq_is_good(char *why, size_t why_size)
{
    int major = 0;
    int minor = 0;
    int patch = 0;

    zmq_version(&major, &minor, &patch);
    if (major * 10000 + minor * 100 + patch < OLDEST_ZMQ) {
        (void)bus_fail(MC_IO, why, why_size, "libzmq %d.%d.%d: 4.3.4 or newer is needed", major,
                       minor, patch);
        return false;
    }
    if (zmq_has("curve") != 1 || zmq_has("ipc") != 1) {
        (void)bus_fail(MC_IO, why, why_size, "libzmq was built without curve or ipc");
        return false;
    }
    return true;
}

enum mc_status mc_bus_open(struct mc_bus **ret_bus, char *why, size_t why_size)
{
    if (!zmq_is_good(why, why_size))
        return MC_IO;

    struct mc_bus *bus = calloc(1, sizeof *bus);
    void *context = zmq_ctx_new();
    if (bus == NULL || context == NULL || zmq_ctx_set(context, ZMQ_BLOCKY, 0) != 0) {
        free(bus);
        if (context != NULL)
            (void)zmq_ctx_term(context);
        return bus_fail(MC_IO, why, why_size, "no ZeroMQ context: %s", zmq_strerror(errno));
    }
    bus->context = context;
    pthread_mutex_init(&bus->lock, NULL);
    *ret_bus = bus;
    return MC_OK;
}

void mc_bus_close(struct mc_bus *bus)
{
    if (bus == NULL)
        return;
    assert(bus->sockets == 0); /* zmq_ctx_term() would wait for them for ever */

    (void)zmq_ctx_shutdown(bus->context); /* what ends the ZAP thread */
    if (bus->zap != NULL)
        pthread_join(bus->zap_thread, NULL);
    while (zmq_ctx_term(bus->context) != 0 && errno == EINTR)
        ;
    pthread_mutex_destroy(&bus->lock);
    free(bus->callers);
    free(bus);
}

void mc_bus_stats(const struct mc_bus *bus, struct mc_bus_stats *ret_stats)
{
    *ret_stats = (struct mc_bus_stats){
        .handshakes_admitted = atomic_load(&bus->admitted),
        .handshakes_refused = atomic_load(&bus->refused),
    };
}

/* Sockets */

struct option {
    int name;
    int value;
};

static bool set_options(void *socket, const struct option *options, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (zmq_setsockopt(socket, options[i].name, &options[i].value, sizeof(int)) != 0)
            return false;
    }
    return true;
}

/* What every socket gets before it binds or connects. */
static bool door_limits(const struct door *door, const struct link *link)
{
    int overhead = door->curve ? CURVE_OVERHEAD : 0; /* libzmq counts bytes on the wire */
    int64_t frame_max = (int64_t)link->frame_max + overhead;
    const struct option options[] = {
        {ZMQ_LINGER, LINGER_MS},
        {ZMQ_SNDHWM, (int)link->queue_max},
        {ZMQ_RCVHWM, (int)link->queue_max},
        {ZMQ_HANDSHAKE_IVL, HANDSHAKE_MS},
        {ZMQ_RECONNECT_IVL, RECONNECT_MS},
        {ZMQ_RECONNECT_IVL_MAX, RECONNECT_MAX_MS},
        {ZMQ_BACKLOG, BACKLOG},
        {ZMQ_IPV6, 0},
        {door->router ? ZMQ_ROUTER_MANDATORY : ZMQ_IMMEDIATE, 1},
    };

    return set_options(door->socket, options, MC_LEN(options)) &&
           zmq_setsockopt(door->socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0;
}

/*
 * The kernel finds out that the other machine is gone, not ZeroMQ's heartbeats: when a peer that
 * floods us hangs up while its queue is full, their timer meets an engine that has already failed,
 * and libzmq 4.3.4 aborts the process (zeromq/libzmq issues 4364, 3937, 4767).
 */
static bool door_over_tcp(const struct door *door)
{
    static const struct option options[] = {
        {ZMQ_HEARTBEAT_IVL, 0},
        {ZMQ_TCP_KEEPALIVE, 1},
        {ZMQ_TCP_KEEPALIVE_IDLE, KEEPALIVE_IDLE_S},
        {ZMQ_TCP_KEEPALIVE_INTVL, KEEPALIVE_EVERY_S},
        {ZMQ_TCP_KEEPALIVE_CNT, KEEPALIVE_MISSED},
        {ZMQ_TCP_MAXRT, UNTAKEN_MS},
    };

    return set_options(door->socket, options, MC_LEN(options));
}

static bool set_key(const struct door *door, int option, const char *key)
{
    return zmq_setsockopt(door->socket, option, key, MC_BUS_KEY_LEN + 1) == 0;
}

/* Enforced: without a handler for the domain nobody is let in, instead of everybody. */
static bool door_curve_server(const struct door *door, const char *secret_key)
{
    static const struct option options[] = {
        {ZMQ_CURVE_SERVER, 1},
        {ZAP_ENFORCE_DOMAIN, 1},
    };

    return set_key(door, ZMQ_CURVE_SECRETKEY, secret_key) &&
           zmq_setsockopt(door->socket, ZMQ_ZAP_DOMAIN, BUS_ZAP_DOMAIN, strlen(BUS_ZAP_DOMAIN)) ==
               0 &&
           set_options(door->socket, options, MC_LEN(options));
}

static bool door_curve_client(const struct door *door, const char *server_key,
                              const char *secret_key)
{
    char public_key[MC_BUS_KEY_LEN + 1];

    return mc_bus_key_public(secret_key, public_key) &&
           set_key(door, ZMQ_CURVE_SERVERKEY, server_key) &&
           set_key(door, ZMQ_CURVE_PUBLICKEY, public_key) &&
           set_key(door, ZMQ_CURVE_SECRETKEY, secret_key);
}

static bool door_open(struct door *door, struct link *link, int type, bool curve)
{
    *door = (struct door){
        .socket = zmq_socket(link->bus->context, type),
        .fd = -1,
        .router = type == ZMQ_ROUTER,
        .curve = curve,
    };
    if (door->socket == NULL)
        return false;
    link->bus->sockets++;

    size_t size = sizeof door->fd;
    return zmq_getsockopt(door->socket, ZMQ_FD, &door->fd, &size) == 0 && door_limits(door, link);
}

static void door_close(struct door *door, struct link *link)
{
    if (door->socket == NULL)
        return;
    (void)zmq_close(door->socket);
    door->socket = NULL;
    link->bus->sockets--;
}

static bool door_bind(struct door *door, const char *endpoint)
{
    size_t size = sizeof door->endpoint;

    return zmq_bind(door->socket, endpoint) == 0 &&
           zmq_getsockopt(door->socket, ZMQ_LAST_ENDPOINT, door->endpoint, &size) == 0;
}

static bool door_has(const struct door *door, int events)
{
    int now = 0;
    size_t size = sizeof now;

    while (zmq_getsockopt(door->socket, ZMQ_EVENTS, &now, &size) != 0) {
        if (errno != EINTR)
            return false;
    }
    return (now & events) != 0;
}

/* Messages in */

static zmq_msg_t *frame_of(struct mc_message *message, size_t index)
{
    return (zmq_msg_t *)(void *)message->frames[index];
}

void mc_message_close(struct mc_message *message)
{
    (void)zmq_msg_close(frame_of(message, 0));
    (void)zmq_msg_close(frame_of(message, 1));
    message->header = (struct mc_bytes){0};
    message->body = (struct mc_bytes){0};
}

/* Reads a frame into an initialised one (what that held is let go). False: there is none. */
static bool take(struct door *door, zmq_msg_t *frame)
{
    while (zmq_msg_recv(frame, door->socket, ZMQ_DONTWAIT) < 0) {
        if (errno != EINTR)
            return false;
    }
    door->more = zmq_msg_more(frame) != 0;
    return true;
}

/* The next frame of a message of which there is more: it came as a whole. */
static void take_next(struct door *door, zmq_msg_t *frame)
{
    bool taken = take(door, frame);
    assert(taken);
    (void)taken;
}

/* Throws away the rest of a message. False: the budget is used up. */
static bool skip(struct door *door, struct mc_bus_traffic *traffic, unsigned *budget)
{
    zmq_msg_t frame;

    if (!door->more)
        return *budget > 0;
    zmq_msg_init(&frame);
    while (door->more && *budget > 0) {
        take_next(door, &frame);
        traffic->dropped_frames++;
        *budget -= 1;
    }
    zmq_msg_close(&frame);
    return *budget > 0;
}

static bool take_origin(struct door *door, struct mc_origin *origin)
{
    zmq_msg_t id;

    zmq_msg_init(&id);
    bool taken = take(door, &id);
    if (taken) {
        size_t len = zmq_msg_size(&id);

        assert(len <= MC_BUS_IDENTITY_MAX);
        origin->len = (uint8_t)len;
        memcpy(origin->id, zmq_msg_data(&id), len);
    }
    zmq_msg_close(&id);
    return taken;
}

/* Begins a message: its origin and first frame. False: there is none. */
static bool take_first(struct door *door, struct mc_message *message)
{
    if (!door->router)
        return take(door, frame_of(message, 0));
    if (!take_origin(door, &message->origin))
        return false;
    take_next(door, frame_of(message, 0));
    return true;
}

/*
 * The rest of [header][body], or of [][header][body] from a REQ socket; a header is never
 * empty, so an empty first frame is that delimiter. False: it is something else.
 */
static bool take_rest(struct door *door, struct mc_message *message, unsigned *ret_frames)
{
    zmq_msg_t *header = frame_of(message, 0);

    *ret_frames = 1;
    message->origin.delimited = door->router && door->more && zmq_msg_size(header) == 0;
    if (message->origin.delimited) {
        take_next(door, header);
        *ret_frames += 1;
    }
    if (!door->more)
        return false;
    take_next(door, frame_of(message, 1));
    *ret_frames += 1;
    return !door->more;
}

/* libzmq's own ids are a zero byte and a 32-bit number that starts at random. */
static bool id_is_ours(const struct mc_origin *origin)
{
    return origin->len == 5 && origin->id[0] == 0;
}

/* Who sent it, as the list says now. */
static bool identify(const struct mc_bus *bus, struct mc_message *message)
{
    const char *key = zmq_msg_gets(frame_of(message, 0), "User-Id");
    const struct mc_bus_caller *caller = key != NULL ? bus_caller_find(bus, key) : NULL;

    if (caller == NULL)
        return false;
    memcpy(message->caller_name, caller->name, sizeof message->caller_name);
    message->caller_roles = caller->roles;
    message->caller = message->caller_name;
    return true;
}

static bool admit(const struct door *door, struct link *link, struct mc_message *message)
{
    message->caller = NULL;
    if (!door->router || !door->curve)
        return true;
    if (!id_is_ours(&message->origin)) {
        link->traffic.dropped_named++;
        return false;
    }
    if (!identify(link->bus, message)) {
        link->traffic.dropped_revoked++;
        return false;
    }
    return true;
}

/* The message begun by take_first(): whole, well formed and from somebody we listen to? */
static bool finish(struct door *door, struct link *link, struct mc_message *message)
{
    unsigned frames;

    if (!take_rest(door, message, &frames)) {
        link->traffic.dropped_shape++;
        link->traffic.dropped_frames += frames;
        return false;
    }
    return admit(door, link, message);
}

static struct mc_bytes bytes_of(zmq_msg_t *frame)
{
    return (struct mc_bytes){zmq_msg_data(frame), zmq_msg_size(frame)};
}

/* The budget bounds the work for a sender of rubbish; what is left waits for the next call. */
static bool door_receive(struct door *door, struct link *link, struct mc_message *message)
{
    unsigned budget = MC_BUS_SKIP_MAX;

    zmq_msg_init(frame_of(message, 0));
    zmq_msg_init(frame_of(message, 1));
    while (skip(door, &link->traffic, &budget) && take_first(door, message)) {
        if (finish(door, link, message)) {
            message->header = bytes_of(frame_of(message, 0));
            message->body = bytes_of(frame_of(message, 1));
            link->traffic.received++;
            return true;
        }
        budget--;
    }
    mc_message_close(message);
    return false;
}

/* Messages out */

enum { PARTS_MAX = 4 }; /* id, delimiter, header, body */

static bool part_make(zmq_msg_t *part, struct mc_bytes bytes)
{
    if (zmq_msg_init_size(part, bytes.len) != 0)
        return false;
    if (bytes.len > 0)
        memcpy(zmq_msg_data(part), bytes.data, bytes.len);
    return true;
}

/* A body in ZeroMQ's queues, and where it is counted. */
struct counted {
    struct unread *unread;
    unsigned group;
    size_t len;
    uint8_t data[];
};

static void counted_free(void *data, void *hint)
{
    struct counted *counted = hint;

    struct unread *unread = counted->unread;
    size_t len = counted->len;

    (void)data;
    (void)atomic_fetch_sub(&unread->groups[counted->group], len);
    free(counted);
    if (atomic_fetch_sub(&unread->total, len) == len && atomic_exchange(&unread->many, false))
        (void)malloc_trim(0);
}

static bool counted_make(zmq_msg_t *part, struct unread *unread, unsigned group,
                         struct mc_bytes bytes)
{
    struct counted *counted = malloc(sizeof *counted + bytes.len);

    if (counted == NULL)
        return false;
    counted->unread = unread;
    counted->group = group;
    counted->len = bytes.len;
    memcpy(counted->data, bytes.data, bytes.len);
    if (zmq_msg_init_data(part, counted->data, bytes.len, counted_free, counted) != 0) {
        free(counted);
        return false;
    }
    if (atomic_fetch_add(&unread->total, bytes.len) > UNREAD_MANY)
        atomic_store(&unread->many, true);
    (void)atomic_fetch_add(&unread->groups[group], bytes.len);
    return true;
}

static unsigned group_of(const struct mc_origin *origin)
{
    unsigned hash = origin->door;

    for (size_t i = 0; i < origin->len; i++)
        hash = hash * 31 + origin->id[i]; /* ZeroMQ's own ids differ in their last byte */
    return hash % BUS_UNREAD_GROUPS;
}

/* Whoever has nothing waiting may always be sent one body, so that nobody is shut out by others. */
static bool may_wait(struct unread *unread, unsigned group, size_t len)
{
    size_t waiting = atomic_load(&unread->groups[group]);

    return waiting == 0 || (waiting + len <= MC_BUS_UNREAD_MAX &&
                            atomic_load(&unread->total) + len <= MC_BUS_UNREAD_TOTAL_MAX);
}

static bool part_send(void *socket, zmq_msg_t *part, bool more)
{
    while (zmq_msg_send(part, socket, ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0)) < 0) {
        if (errno != EINTR)
            return false;
    }
    return true;
}

static enum mc_status refuse(struct mc_bus_traffic *traffic)
{
    if (errno == EHOSTUNREACH) {
        traffic->refused_gone++;
        return MC_NOT_FOUND;
    }
    assert(errno == EAGAIN || errno == ENOMEM); /* anything else: used after close */
    traffic->refused_busy++;
    return MC_BUSY;
}

static enum mc_status parts_send(void *socket, zmq_msg_t *parts, size_t len,
                                 struct mc_bus_traffic *traffic)
{
    for (size_t i = 0; i < len; i++) {
        if (part_send(socket, &parts[i], i + 1 < len))
            continue;
        enum mc_status status = refuse(traffic);
        for (; i < len; i++)
            (void)zmq_msg_close(&parts[i]);
        return status;
    }
    traffic->sent++;
    return MC_OK;
}

/*
 * All frames are made before the first is sent: a message that stopped half way for lack of
 * memory would be finished by the next one's frames, at the wrong receiver. The last one, the
 * body, is counted in its group when there is one.
 */
static enum mc_status door_send(struct door *door, struct link *link, const struct mc_bytes *bytes,
                                size_t len, const unsigned *group)
{
    zmq_msg_t parts[PARTS_MAX];

    assert(len <= PARTS_MAX);
    for (size_t i = 0; i < len; i++) {
        bool counted = group != NULL && i == len - 1;
        if (counted ? counted_make(&parts[i], &link->bus->unread, *group, bytes[i])
                    : part_make(&parts[i], bytes[i]))
            continue;
        enum mc_status status = refuse(&link->traffic);
        while (i > 0)
            (void)zmq_msg_close(&parts[--i]);
        return status;
    }
    return parts_send(door->socket, parts, len, &link->traffic);
}

/* A frame over the limit would cost us the connection at the other end. */
static bool fits(struct link *link, struct mc_bytes header, struct mc_bytes body)
{
    if (header.len <= link->send_max && body.len <= link->send_max)
        return true;
    link->traffic.refused_size++;
    return false;
}

/* Opening */

static enum mc_status link_init(struct link *link, struct mc_bus *bus, size_t frame_max,
                                unsigned queue_max, char *why, size_t why_size)
{
    *link = (struct link){
        .bus = bus,
        .frame_max = frame_max != 0 ? frame_max : MC_BUS_FRAME_DEFAULT,
        .queue_max = queue_max != 0 ? queue_max : MC_BUS_QUEUE_DEFAULT,
    };
    if (link->frame_max < MC_BUS_FRAME_MIN || link->frame_max > MC_BUS_FRAME_MAX)
        return bus_fail(MC_INVALID, why, why_size, "frame_max %zu: not in %d … %d", frame_max,
                        MC_BUS_FRAME_MIN, MC_BUS_FRAME_MAX);
    link->send_max = link->frame_max;
    if (link->queue_max > MC_BUS_QUEUE_MAX)
        return bus_fail(MC_INVALID, why, why_size, "queue_max %u: over %d", queue_max,
                        MC_BUS_QUEUE_MAX);
    return MC_OK;
}

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* Makes the folder if it is missing; one that others can write to is no place for a socket. */
static enum mc_status prepare_folder(const char *path, char *why, size_t why_size)
{
    char folder[sizeof(struct sockaddr_un)];
    struct stat info;
    const char *slash = strrchr(path, '/');

    (void)snprintf(folder, sizeof folder, "%.*s", (int)MC_MAX(slash - path, 1), path);
    if (mkdir(folder, S_IRWXU) != 0 && errno != EEXIST)
        return bus_fail(bus_status_of(errno), why, why_size, "%s: %s", folder, strerror(errno));
    if (stat(folder, &info) != 0)
        return bus_fail(MC_IO, why, why_size, "%s: %s", folder, strerror(errno));
    if (!S_ISDIR(info.st_mode))
        return bus_fail(MC_INVALID, why, why_size, "%s: not a folder", folder);
    if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0 || (info.st_uid != geteuid() && info.st_uid != 0))
        return bus_fail(MC_DENIED, why, why_size, "%s: others may write to it", folder);
    return MC_OK;
}

/* Does a process answer there? libzmq would take its place without asking. */
static bool answers(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return false;
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int rc = connect(fd, (const struct sockaddr *)(const void *)&address, sizeof address);
    bool yes = rc == 0 || errno == EAGAIN || errno == EACCES;
    (void)close(fd);
    return yes;
}

static enum mc_status prepare_path(const char *path, char *why, size_t why_size)
{
    struct stat info;

    if (lstat(path, &info) != 0)
        return errno == ENOENT
                   ? MC_OK
                   : bus_fail(bus_status_of(errno), why, why_size, "%s: %s", path, strerror(errno));
    if (!S_ISSOCK(info.st_mode))
        return bus_fail(MC_CONFLICT, why, why_size, "%s: exists and is not a socket", path);
    if (answers(path))
        return bus_fail(MC_CONFLICT, why, why_size, "%s: another process answers there", path);
    return MC_OK; /* left by a killed process; libzmq removes it */
}

static enum mc_status check_ipc(const struct mc_listener_options *options, char *why,
                                size_t why_size)
{
    if (!begins(options->ipc, "ipc:///") ||
        strlen(options->ipc) - IPC_PREFIX >= sizeof((struct sockaddr_un){0}.sun_path))
        return bus_fail(MC_INVALID, why, why_size, "ipc %s: not ipc:// and a path under 108 bytes",
                        options->ipc);
    if ((options->ipc_mode & ~(unsigned)IPC_MODE_MAX) != 0)
        return bus_fail(MC_INVALID, why, why_size, "ipc_mode %04o: more than 0660",
                        options->ipc_mode);
    return MC_OK;
}

static enum mc_status bind_failed(const char *endpoint, char *why, size_t why_size)
{
    int error = errno;

    return bus_fail(bus_status_of(error), why, why_size, "%s: %s", endpoint, zmq_strerror(error));
}

static enum mc_status open_ipc(struct mc_listener *listener,
                               const struct mc_listener_options *options, char *why,
                               size_t why_size)
{
    struct door *door = &listener->doors[listener->doors_len++];
    enum mc_status status = check_ipc(options, why, why_size);
    if (status != MC_OK)
        return status;

    const char *path = options->ipc + IPC_PREFIX;
    status = prepare_folder(path, why, why_size);
    if (status == MC_OK)
        status = prepare_path(path, why, why_size);
    if (status != MC_OK)
        return status;

    mode_t mode = options->ipc_mode != 0 ? options->ipc_mode : IPC_MODE;
    mode_t before = umask(~mode & ACCESSPERMS);
    bool bound =
        door_open(door, &listener->link, ZMQ_ROUTER, false) && door_bind(door, options->ipc);
    int error = errno;
    (void)umask(before);
    errno = error;
    return bound ? MC_OK : bind_failed(options->ipc, why, why_size);
}

static enum mc_status open_tcp(struct mc_listener *listener,
                               const struct mc_listener_options *options, char *why,
                               size_t why_size)
{
    struct door *door = &listener->doors[listener->doors_len++];

    if (!begins(options->tcp, "tcp://"))
        return bus_fail(MC_INVALID, why, why_size, "tcp %s: not tcp://", options->tcp);
    if (!bus_key_ok(options->secret_key))
        return bus_fail(MC_INVALID, why, why_size, "tcp %s: no CURVE key", options->tcp);
    if (!bus_zap_start(listener->link.bus))
        return bus_fail(MC_IO, why, why_size, "no ZAP handler: %s", zmq_strerror(errno));
    if (!door_open(door, &listener->link, ZMQ_ROUTER, true) || !door_over_tcp(door) ||
        !door_curve_server(door, options->secret_key) || !door_bind(door, options->tcp))
        return bind_failed(options->tcp, why, why_size);
    return MC_OK;
}

static enum mc_status open_doors(struct mc_listener *listener, struct mc_bus *bus,
                                 const struct mc_listener_options *options, char *why,
                                 size_t why_size)
{
    enum mc_status status =
        link_init(&listener->link, bus, options->frame_max, options->queue_max, why, why_size);

    if (options->reply_max != 0)
        listener->link.send_max = options->reply_max;
    if (status == MC_OK && options->ipc == NULL && options->tcp == NULL)
        status = bus_fail(MC_INVALID, why, why_size, "a listener needs an ipc or a tcp endpoint");
    if (status == MC_OK && options->ipc != NULL)
        status = open_ipc(listener, options, why, why_size);
    if (status == MC_OK && options->tcp != NULL)
        status = open_tcp(listener, options, why, why_size);
    return status;
}

enum mc_status mc_listener_open(struct mc_listener **ret_listener, struct mc_bus *bus,
                                const struct mc_listener_options *options, char *why,
                                size_t why_size)
{
    struct mc_listener *listener = calloc(1, sizeof *listener);
    if (listener == NULL)
        return bus_fail(MC_IO, why, why_size, "no memory for a listener");

    enum mc_status status = open_doors(listener, bus, options, why, why_size);
    if (status == MC_OK)
        *ret_listener = listener;
    else
        mc_listener_close(listener);
    return status;
}

void mc_listener_close(struct mc_listener *listener)
{
    if (listener == NULL)
        return;
    for (unsigned i = 0; i < listener->doors_len; i++)
        door_close(&listener->doors[i], &listener->link);
    free(listener);
}

/* Using */

static const char *endpoint_of(const struct mc_listener *listener, bool curve)
{
    for (unsigned i = 0; i < listener->doors_len; i++) {
        if (listener->doors[i].curve == curve)
            return listener->doors[i].endpoint;
    }
    return "";
}

const char *mc_listener_ipc(const struct mc_listener *listener)
{
    return endpoint_of(listener, false);
}

const char *mc_listener_tcp(const struct mc_listener *listener)
{
    return endpoint_of(listener, true);
}

int mc_listener_fd(const struct mc_listener *listener, unsigned index)
{
    return index < listener->doors_len ? listener->doors[index].fd : -1;
}

bool mc_listener_pending(const struct mc_listener *listener)
{
    for (unsigned i = 0; i < listener->doors_len; i++) {
        if (door_has(&listener->doors[i], ZMQ_POLLIN))
            return true;
    }
    return false;
}

static void turn_to_next(struct mc_listener *listener)
{
    listener->current = (listener->current + 1) % listener->doors_len;
    listener->run = 0;
}

/* In runs, because looking at an empty door costs a system call. */
bool mc_listener_receive(struct mc_listener *listener, struct mc_message *message)
{
    if (listener->run == RUN_MAX)
        turn_to_next(listener);
    for (unsigned i = 0; i < listener->doors_len; i++) {
        if (door_receive(&listener->doors[listener->current], &listener->link, message)) {
            message->origin.door = (uint8_t)listener->current;
            listener->run++;
            return true;
        }
        turn_to_next(listener);
    }
    return false;
}

enum mc_status mc_listener_send(struct mc_listener *listener, const struct mc_origin *origin,
                                struct mc_bytes header, struct mc_bytes body)
{
    struct mc_bytes bytes[PARTS_MAX] = {{origin->id, origin->len}};
    size_t len = origin->delimited ? 2 : 1;

    assert(origin->door < listener->doors_len && origin->len > 0);
    if (!fits(&listener->link, header, body))
        return MC_INVALID;
    bytes[len++] = header;
    bytes[len++] = body;
    struct door *door = &listener->doors[origin->door];
    if (body.len < UNREAD_COUNTED)
        return door_send(door, &listener->link, bytes, len, NULL);
    unsigned group = group_of(origin);
    if (!may_wait(&listener->link.bus->unread, group, body.len)) {
        listener->link.traffic.refused_busy++;
        return MC_BUSY;
    }
    return door_send(door, &listener->link, bytes, len, &group);
}

void mc_listener_traffic(const struct mc_listener *listener, struct mc_bus_traffic *ret_traffic)
{
    *ret_traffic = listener->link.traffic;
}

/* Peers */

static enum mc_status connect_peer(struct mc_peer *peer, const struct mc_peer_options *options,
                                   char *why, size_t why_size)
{
    bool tcp = begins(options->endpoint, "tcp://");

    if (!tcp && !begins(options->endpoint, "ipc:///"))
        return bus_fail(MC_INVALID, why, why_size, "peer %s: neither ipc:// nor tcp://",
                        options->endpoint);
    if (tcp && (!bus_key_ok(options->server_key) || !bus_key_ok(options->secret_key)))
        return bus_fail(MC_INVALID, why, why_size, "peer %s: its CURVE key or ours is missing",
                        options->endpoint);

    struct door *door = &peer->door;
    bool good = door_open(door, &peer->link, ZMQ_DEALER, tcp);
    if (good && tcp)
        good = door_over_tcp(door) &&
               door_curve_client(door, options->server_key, options->secret_key);
    if (!good || zmq_connect(door->socket, options->endpoint) != 0)
        return bind_failed(options->endpoint, why, why_size);
    return MC_OK;
}

enum mc_status mc_peer_open(struct mc_peer **ret_peer, struct mc_bus *bus,
                            const struct mc_peer_options *options, char *why, size_t why_size)
{
    struct mc_peer *peer = calloc(1, sizeof *peer);
    if (peer == NULL)
        return bus_fail(MC_IO, why, why_size, "no memory for a peer");

    enum mc_status status =
        link_init(&peer->link, bus, options->frame_max, options->queue_max, why, why_size);
    if (status == MC_OK)
        status = connect_peer(peer, options, why, why_size);
    if (status == MC_OK)
        *ret_peer = peer;
    else
        mc_peer_close(peer);
    return status;
}

void mc_peer_close(struct mc_peer *peer)
{
    if (peer == NULL)
        return;
    door_close(&peer->door, &peer->link);
    free(peer);
}

int mc_peer_fd(const struct mc_peer *peer)
{
    return peer->door.fd;
}

bool mc_peer_pending(const struct mc_peer *peer)
{
    return door_has(&peer->door, ZMQ_POLLIN);
}

bool mc_peer_writable(const struct mc_peer *peer)
{
    return door_has(&peer->door, ZMQ_POLLOUT);
}

bool mc_peer_receive(struct mc_peer *peer, struct mc_message *message)
{
    return door_receive(&peer->door, &peer->link, message);
}

enum mc_status mc_peer_send(struct mc_peer *peer, struct mc_bytes header, struct mc_bytes body)
{
    const struct mc_bytes bytes[] = {header, body};

    if (!fits(&peer->link, header, body))
        return MC_INVALID;
    return door_send(&peer->door, &peer->link, bytes, MC_LEN(bytes), NULL);
}

void mc_peer_traffic(const struct mc_peer *peer, struct mc_bus_traffic *ret_traffic)
{
    *ret_traffic = peer->link.traffic;
}
