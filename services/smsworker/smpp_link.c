#include "smpp_link.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/loop.h"

enum {
    IN_SIZE = 4 * SMPP_PDU_MAX,
    OUT_SIZE = 64 << 10,
    HOST_SIZE = 64,
};

struct smpp_link {
    struct mc_loop *loop;
    struct smpp_link_events events;
    struct mc_watch *watch; /* NULL: no connection */
    int fd;
    bool connected;
    unsigned number; /* of the connection: a callback may have closed it and made another */
    size_t in_len;
    size_t out_len;
    uint8_t in[IN_SIZE];
    uint8_t out[OUT_SIZE];
};

static struct addrinfo *address_read(const char *address)
{
    const struct addrinfo hints = {
        .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
        .ai_socktype = SOCK_STREAM,
    };
    struct addrinfo *found = NULL;
    char host[HOST_SIZE];
    const char *colon = strrchr(address, ':');
    size_t len = colon != NULL ? (size_t)(colon - address) : 0;

    if (len == 0 || colon[1] == '\0')
        return NULL;
    if (address[0] == '[' && address[len - 1] == ']') {
        address++;
        len -= 2;
    }
    if (len >= sizeof host)
        return NULL;
    memcpy(host, address, len);
    host[len] = '\0';
    return getaddrinfo(host, colon + 1, &hints, &found) == 0 ? found : NULL;
}

bool smpp_address_is_good(const char *address)
{
    struct addrinfo *found = address_read(address);

    if (found != NULL)
        freeaddrinfo(found);
    return found != NULL;
}

struct smpp_link *smpp_link_create(struct mc_loop *loop, const struct smpp_link_events *events)
{
    struct smpp_link *link = calloc(1, sizeof *link);

    if (link == NULL)
        return NULL;
    link->loop = loop;
    link->events = *events;
    link->fd = -1;
    return link;
}

void smpp_link_destroy(struct smpp_link *link)
{
    smpp_link_close(link);
    free(link);
}

void smpp_link_close(struct smpp_link *link)
{
    if (link->watch != NULL)
        mc_watch_destroy(link->watch);
    if (link->fd >= 0)
        (void)close(link->fd);
    explicit_bzero(link->in, sizeof link->in);
    explicit_bzero(link->out, sizeof link->out);
    link->watch = NULL;
    link->fd = -1;
    link->connected = false;
    link->in_len = link->out_len = 0;
    link->number++;
}

static void fail(struct smpp_link *link, const char *why)
{
    smpp_link_close(link);
    link->events.down(link->events.arg, why);
}

static bool flush(struct smpp_link *link)
{
    while (link->out_len > 0) {
        ssize_t n = send(link->fd, link->out, link->out_len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN;
        link->out_len -= (size_t)n;
        memmove(link->out, link->out + n, link->out_len);
    }
    return true;
}

static bool wait_for(struct smpp_link *link)
{
    unsigned events = MC_WATCH_READ | (link->out_len > 0 ? MC_WATCH_WRITE : 0U);

    return mc_watch_modify(link->watch, events) == MC_OK;
}

/* Hands out what is whole. False: it is not SMPP. The connection may be gone afterwards. */
static bool frames(struct smpp_link *link)
{
    unsigned number = link->number;
    size_t at = 0;

    while (at < link->in_len) {
        struct mc_bytes rest = {link->in + at, link->in_len - at};
        struct smpp_head head;
        enum mc_status status = smpp_head_read(rest, &head);
        if (status == MC_INVALID)
            return false;
        if (status == MC_WAIT || rest.len < head.len)
            break;
        link->events.pdu(link->events.arg, &head, (struct mc_bytes){rest.data, head.len});
        if (link->number != number)
            return true;
        at += head.len;
    }
    link->in_len -= at;
    memmove(link->in, link->in + at, link->in_len);
    return true;
}

static void receive(struct smpp_link *link)
{
    ssize_t n = recv(link->fd, link->in + link->in_len, IN_SIZE - link->in_len, 0);

    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        fail(link, n == 0 ? "closed by the SMSC" : "connection lost");
        return;
    }
    link->in_len += (size_t)n;
    if (!frames(link))
        fail(link, "not SMPP");
}

/* True when the connection was made just now. */
static bool connecting(struct smpp_link *link)
{
    socklen_t len = sizeof(int);
    int error = 0;

    if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0 || error != 0) {
        fail(link, "cannot connect");
        return false;
    }
    link->connected = true;
    return true;
}

static void ready(void *arg, unsigned events)
{
    struct smpp_link *link = arg;
    unsigned number = link->number;

    if (!link->connected) {
        if (connecting(link) && wait_for(link))
            link->events.up(link->events.arg);
        return;
    }
    if ((events & MC_WATCH_WRITE) != 0 && (!flush(link) || !wait_for(link))) {
        fail(link, "connection lost");
        return;
    }
    if ((events & MC_WATCH_READ) != 0 && link->number == number)
        receive(link);
}

static bool begin(struct smpp_link *link, const struct addrinfo *to)
{
    static const int on = 1;

    link->fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (link->fd < 0)
        return false;
    (void)setsockopt(link->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(link->fd, to->ai_addr, to->ai_addrlen) != 0 && errno != EINPROGRESS)
        return false;
    link->watch = mc_watch_create(link->loop, link->fd, MC_WATCH_WRITE, ready, link);
    return link->watch != NULL;
}

bool smpp_link_connect(struct smpp_link *link, const char *address)
{
    smpp_link_close(link);
    struct addrinfo *to = address_read(address);
    bool begun = to != NULL && begin(link, to);

    if (to != NULL)
        freeaddrinfo(to);
    if (!begun)
        smpp_link_close(link);
    return begun;
}

bool smpp_link_send(struct smpp_link *link, struct mc_bytes pdu)
{
    if (!link->connected || pdu.len == 0 || pdu.len > OUT_SIZE - link->out_len)
        return false;
    memcpy(link->out + link->out_len, pdu.data, pdu.len);
    link->out_len += pdu.len;
    /* a connection that broke is noticed when it is read */
    return flush(link) ? wait_for(link) : true;
}
