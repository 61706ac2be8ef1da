#include "common/notify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/loop.h"

enum { DATAGRAM_MAX = 512, US_PER_MS = 1000 };

struct mc_notify {
    int fd;
    struct sockaddr_un address;
    socklen_t address_len;
    struct mc_timer *watchdog;
    int64_t watchdog_ms;
};

static void say(const struct mc_notify *notify, const char *text)
{
    if (notify->fd >= 0)
        (void)sendto(notify->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT,
                     (const struct sockaddr *)&notify->address, notify->address_len);
}

static void watchdog_fire(void *arg)
{
    const struct mc_notify *notify = arg;

    say(notify, "WATCHDOG=1");
    mc_timer_start(notify->watchdog, notify->watchdog_ms);
}

static void open_socket(struct mc_notify *notify, const char *name)
{
    size_t len = strlen(name);

    if ((name[0] != '/' && name[0] != '@') || len >= sizeof notify->address.sun_path)
        return;
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, name, len);
    if (name[0] == '@')
        notify->address.sun_path[0] = '\0'; /* the abstract namespace */
    notify->address_len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
    notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

struct mc_notify *mc_notify_create(struct mc_loop *loop, const char *socket,
                                   const char *watchdog_usec)
{
    struct mc_notify *notify = calloc(1, sizeof *notify);
    int64_t usec = watchdog_usec != NULL ? strtoll(watchdog_usec, NULL, 10) : 0;

    if (notify == NULL)
        return NULL;
    notify->fd = -1;
    if (socket != NULL)
        open_socket(notify, socket);
    if (notify->fd < 0 || usec <= 0)
        return notify;

    notify->watchdog = mc_timer_create(loop, watchdog_fire, notify);
    if (notify->watchdog == NULL) {
        mc_notify_destroy(notify);
        return NULL;
    }
    notify->watchdog_ms = MC_MAX(usec / 2 / US_PER_MS, 1);
    mc_timer_start(notify->watchdog, notify->watchdog_ms);
    return notify;
}

void mc_notify_destroy(struct mc_notify *notify)
{
    if (notify == NULL)
        return;
    mc_timer_destroy(notify->watchdog);
    if (notify->fd >= 0)
        (void)close(notify->fd);
    free(notify);
}

void mc_notify_ready(struct mc_notify *notify)
{
    say(notify, "READY=1");
}

void mc_notify_stopping(struct mc_notify *notify)
{
    say(notify, "STOPPING=1");
}

void mc_notify_status(struct mc_notify *notify, const char *text)
{
    char datagram[DATAGRAM_MAX];

    (void)snprintf(datagram, sizeof datagram, "STATUS=%s", text);
    datagram[strcspn(datagram, "\n")] = '\0'; /* a second line would be a second variable */
    say(notify, datagram);
}

int mc_notify_socket(const char *pid, const char *fds, const char *names, const char *name)
{
    enum { FIRST = 3 }; /* SD_LISTEN_FDS_START */
    size_t len = strlen(name);

    if (pid == NULL || fds == NULL || names == NULL || strtol(pid, NULL, 10) != (long)getpid())
        return 0;
    for (long i = 0; i < strtol(fds, NULL, 10); i++) {
        size_t here = strcspn(names, ":");

        if (here == len && memcmp(names, name, len) == 0)
            return FIRST + (int)i;
        names += here + (names[here] == ':');
    }
    return 0;
}
