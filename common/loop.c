#include "common/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum { MS_PER_S = 1000, US_PER_MS = 1000 };

struct mc_watch {
    struct event *event;
    int fd;
    unsigned events;
    void (*ready)(void *arg, unsigned events);
    void *arg;
};

struct mc_timer {
    struct event *event;
    void (*fire)(void *arg);
    void *arg;
};

struct mc_defer {
    struct mc_loop *loop;
    void (*run)(void *arg);
    void *arg;
    bool queued;
    uint64_t round; /* the iteration in which it was asked for */
    TAILQ_ENTRY(mc_defer) next;
};

TAILQ_HEAD(defer_queue, mc_defer);

struct mc_loop {
    struct event_base *base;
    struct defer_queue deferred; /* in the order asked for */
    uint64_t round;
    bool stopped;

    int signal_fd;
    sigset_t signals_before;
    struct mc_watch *signal_watch;
    void (*reload)(void *arg);
    void *reload_arg;
};

struct mc_loop *mc_loop_create(void)
{
    struct mc_loop *loop = calloc(1, sizeof *loop);
    struct event_config *config = event_config_new();

    if (loop != NULL && config != NULL) {
        /* No cached time: a timer set late in a long turn counts from then, not from its start. */
        (void)event_config_set_flag(config,
                                    EVENT_BASE_FLAG_PRECISE_TIMER | EVENT_BASE_FLAG_NO_CACHE_TIME);
        loop->base = event_base_new_with_config(config);
    }
    if (config != NULL)
        event_config_free(config);
    if (loop == NULL || loop->base == NULL) {
        free(loop);
        return NULL;
    }
    TAILQ_INIT(&loop->deferred);
    loop->signal_fd = -1;
    (void)signal(SIGPIPE, SIG_IGN);
    return loop;
}

void mc_loop_destroy(struct mc_loop *loop)
{
    if (loop == NULL)
        return;
    assert(TAILQ_EMPTY(&loop->deferred));
    if (loop->signal_fd >= 0) {
        mc_watch_destroy(loop->signal_watch);
        (void)close(loop->signal_fd);
        (void)sigprocmask(SIG_SETMASK, &loop->signals_before, NULL);
    }
    event_base_free(loop->base);
    free(loop);
}

static void leave_queue(struct mc_defer *defer)
{
    TAILQ_REMOVE(&defer->loop->deferred, defer, next);
    defer->queued = false;
}

static void run_deferred(struct mc_loop *loop)
{
    uint64_t round =
        loop->round++; /* what is asked for from here on waits for the next iteration */
    struct mc_defer *defer = NULL;

    while ((defer = TAILQ_FIRST(&loop->deferred)) != NULL && defer->round == round) {
        leave_queue(defer);
        defer->run(defer->arg); /* may destroy this one or any other */
    }
}

enum mc_status mc_loop_step(struct mc_loop *loop, bool wait)
{
    int flags = EVLOOP_ONCE | EVLOOP_NO_EXIT_ON_EMPTY;

    if (!wait || !TAILQ_EMPTY(&loop->deferred))
        flags |= EVLOOP_NONBLOCK;
    if (event_base_loop(loop->base, flags) < 0)
        return MC_IO;
    run_deferred(loop);
    return MC_OK;
}

enum mc_status mc_loop_run(struct mc_loop *loop)
{
    enum mc_status status = MC_OK;

    while (!loop->stopped && status == MC_OK)
        status = mc_loop_step(loop, true);
    loop->stopped = false;
    return status;
}

void mc_loop_stop(struct mc_loop *loop)
{
    loop->stopped = true;
}

struct event_base *mc_loop_base(struct mc_loop *loop)
{
    return loop->base;
}

static void signal_ready(void *arg, unsigned events)
{
    struct mc_loop *loop = arg;
    struct signalfd_siginfo info;

    (void)events;
    while (read(loop->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo != SIGHUP)
            mc_loop_stop(loop);
        else if (loop->reload != NULL)
            loop->reload(loop->reload_arg);
    }
}

enum mc_status mc_loop_signals(struct mc_loop *loop, void (*reload)(void *arg), void *arg)
{
    sigset_t signals;

    assert(loop->signal_fd < 0);
    (void)sigemptyset(&signals);
    (void)sigaddset(&signals, SIGTERM);
    (void)sigaddset(&signals, SIGINT);
    (void)sigaddset(&signals, SIGHUP);
    loop->reload = reload;
    loop->reload_arg = arg;

    loop->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (loop->signal_fd < 0)
        return MC_IO;
    loop->signal_watch = mc_watch_create(loop, loop->signal_fd, MC_WATCH_READ, signal_ready, loop);
    if (loop->signal_watch == NULL) {
        (void)close(loop->signal_fd);
        loop->signal_fd = -1;
        return MC_IO;
    }
    (void)sigprocmask(SIG_BLOCK, &signals, &loop->signals_before);
    return MC_OK;
}

static void watch_event(evutil_socket_t fd, short what, void *arg)
{
    const struct mc_watch *watch = arg;
    unsigned events = 0;

    (void)fd;
    if (what & EV_READ)
        events |= MC_WATCH_READ;
    if (what & EV_WRITE)
        events |= MC_WATCH_WRITE;
    watch->ready(watch->arg, events); /* the watch may be gone after this */
}

static short libevent_events(unsigned events)
{
    int what = EV_PERSIST;

    if (events & MC_WATCH_READ)
        what |= EV_READ;
    if (events & MC_WATCH_WRITE)
        what |= EV_WRITE;
    return (short)what;
}

struct mc_watch *mc_watch_create(struct mc_loop *loop, int fd, unsigned events,
                                 void (*ready)(void *arg, unsigned events), void *arg)
{
    struct mc_watch *watch = calloc(1, sizeof *watch);

    if (watch == NULL)
        return NULL;
    *watch = (struct mc_watch){.fd = fd, .ready = ready, .arg = arg};
    watch->event = event_new(loop->base, fd, libevent_events(events), watch_event, watch);
    if (watch->event == NULL || mc_watch_modify(watch, events) != MC_OK) {
        mc_watch_destroy(watch);
        return NULL;
    }
    return watch;
}

enum mc_status mc_watch_modify(struct mc_watch *watch, unsigned events)
{
    if (events == watch->events)
        return MC_OK;
    (void)event_del(watch->event);
    watch->events = 0;
    if (events == 0)
        return MC_OK;
    if (event_assign(watch->event, event_get_base(watch->event), watch->fd, libevent_events(events),
                     watch_event, watch) != 0 ||
        event_add(watch->event, NULL) != 0)
        return MC_IO;
    watch->events = events;
    return MC_OK;
}

void mc_watch_destroy(struct mc_watch *watch)
{
    if (watch == NULL)
        return;
    if (watch->event != NULL)
        event_free(watch->event);
    free(watch);
}

static void timer_event(evutil_socket_t fd, short what, void *arg)
{
    const struct mc_timer *timer = arg;

    (void)fd;
    (void)what;
    timer->fire(timer->arg);
}

struct mc_timer *mc_timer_create(struct mc_loop *loop, void (*fire)(void *arg), void *arg)
{
    struct mc_timer *timer = calloc(1, sizeof *timer);

    if (timer == NULL)
        return NULL;
    *timer = (struct mc_timer){.fire = fire, .arg = arg};
    timer->event = event_new(loop->base, -1, 0, timer_event, timer);
    if (timer->event == NULL) {
        free(timer);
        return NULL;
    }
    return timer;
}

void mc_timer_start(struct mc_timer *timer, int64_t after_ms)
{
    int64_t ms = MC_MAX(after_ms, 0);
    struct timeval after = {
        .tv_sec = ms / MS_PER_S,
        .tv_usec = ms % MS_PER_S * US_PER_MS,
    };

    /* Fails only without memory; a daemon whose deadlines silently never come must not go on. */
    if (event_add(timer->event, &after) != 0)
        abort();
}

void mc_timer_cancel(struct mc_timer *timer)
{
    (void)event_del(timer->event);
}

bool mc_timer_running(const struct mc_timer *timer)
{
    return event_pending(timer->event, EV_TIMEOUT, NULL) != 0;
}

void mc_timer_destroy(struct mc_timer *timer)
{
    if (timer == NULL)
        return;
    event_free(timer->event);
    free(timer);
}

struct mc_defer *mc_defer_create(struct mc_loop *loop, void (*run)(void *arg), void *arg)
{
    struct mc_defer *defer = calloc(1, sizeof *defer);

    if (defer != NULL)
        *defer = (struct mc_defer){.loop = loop, .run = run, .arg = arg};
    return defer;
}

void mc_loop_defer(struct mc_defer *defer)
{
    if (defer->queued)
        return;
    defer->queued = true;
    defer->round = defer->loop->round;
    TAILQ_INSERT_TAIL(&defer->loop->deferred, defer, next);
}

void mc_defer_destroy(struct mc_defer *defer)
{
    if (defer == NULL)
        return;
    if (defer->queued)
        leave_queue(defer);
    free(defer);
}
