#include <signal.h>
#include <stdlib.h>
#include <sys/un.h>

#include "common/notify.h"

#include "net_help.h"

struct fixture {
    struct mc_loop *loop;
    int pair[2];
    struct mc_watch *watch;
    struct mc_timer *timer;
    struct mc_defer *defer;
    struct mc_defer *other;
    unsigned runs;
    unsigned others;
    unsigned again; /* how often the deferred work asks for itself */
    unsigned events;
    bool done;
    char order[16];
};

static int set_up(void **state)
{
    struct fixture *t = calloc(1, sizeof *t);

    assert_non_null(t);
    t->loop = mc_loop_create();
    assert_non_null(t->loop);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, t->pair), 0);
    *state = t;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *t = *state;

    mc_watch_destroy(t->watch);
    mc_timer_destroy(t->timer);
    mc_defer_destroy(t->defer);
    mc_defer_destroy(t->other);
    mc_loop_destroy(t->loop);
    (void)close(t->pair[0]);
    (void)close(t->pair[1]);
    free(t);
    return 0;
}

static void note(struct fixture *t, char c)
{
    size_t len = strlen(t->order);
    if (len + 1 < sizeof t->order)
        t->order[len] = c;
}

static void on_ready(void *arg, unsigned events)
{
    struct fixture *t = arg;

    t->runs++;
    t->events = events;
    note(t, 'w');
    if (t->defer != NULL)
        mc_loop_defer(t->defer);
}

static void on_ready_destroy(void *arg, unsigned events)
{
    struct fixture *t = arg;

    (void)events;
    t->runs++;
    mc_watch_destroy(t->watch);
    t->watch = NULL;
}

static void on_fire(void *arg)
{
    struct fixture *t = arg;

    t->runs++;
    t->done = true;
    note(t, 't');
}

static void on_deferred(void *arg)
{
    struct fixture *t = arg;

    t->runs++;
    note(t, 'd');
    if (t->again > 0) {
        t->again--;
        mc_loop_defer(t->defer);
    }
}

static void on_other(void *arg)
{
    struct fixture *t = arg;

    t->others++;
    mc_defer_destroy(t->defer);
    t->defer = NULL;
}

static void step(struct fixture *t)
{
    assert_int_equal(mc_loop_step(t->loop, false), MC_OK);
}

static void watch_is_level_triggered_and_persistent(void **state)
{
    struct fixture *t = *state;

    t->watch = mc_watch_create(t->loop, t->pair[0], MC_WATCH_READ, on_ready, t);
    assert_non_null(t->watch);
    step(t);
    assert_int_equal(t->runs, 0);
    assert_int_equal(write(t->pair[1], "x", 1), 1);
    step(t);
    step(t); /* nobody read: ready again */
    assert_int_equal(t->runs, 2);
    assert_int_equal(t->events, MC_WATCH_READ);
}

static void watch_can_be_changed_and_paused(void **state)
{
    struct fixture *t = *state;

    t->watch = mc_watch_create(t->loop, t->pair[0], 0, on_ready, t);
    assert_non_null(t->watch);
    assert_int_equal(write(t->pair[1], "x", 1), 1);
    step(t);
    assert_int_equal(t->runs, 0);
    assert_int_equal(mc_watch_modify(t->watch, MC_WATCH_READ | MC_WATCH_WRITE), MC_OK);
    step(t);
    assert_int_equal(t->events, MC_WATCH_READ | MC_WATCH_WRITE);
    assert_int_equal(mc_watch_modify(t->watch, MC_WATCH_WRITE), MC_OK);
    step(t);
    assert_int_equal(t->events, MC_WATCH_WRITE);
    assert_int_equal(mc_watch_modify(t->watch, 0), MC_OK);
    step(t);
    assert_int_equal(t->runs, 2);
}

static void watch_may_be_destroyed_in_its_callback(void **state)
{
    struct fixture *t = *state;

    t->watch = mc_watch_create(t->loop, t->pair[0], MC_WATCH_WRITE, on_ready_destroy, t);
    assert_non_null(t->watch);
    step(t);
    step(t);
    assert_int_equal(t->runs, 1);
}

static void timer_fires_once_and_can_start_again(void **state)
{
    struct fixture *t = *state;

    t->timer = mc_timer_create(t->loop, on_fire, t);
    assert_non_null(t->timer);
    mc_timer_start(t->timer, 1);
    assert_true(mc_timer_running(t->timer));
    turn_until(t->loop, &t->done);
    assert_false(mc_timer_running(t->timer));
    step(t);
    assert_int_equal(t->runs, 1);
    t->done = false;
    mc_timer_start(t->timer, 0);
    turn_until(t->loop, &t->done);
    assert_int_equal(t->runs, 2);
}

static void timer_can_be_cancelled_and_moved(void **state)
{
    struct fixture *t = *state;
    struct fixture early = {0};
    struct mc_timer *moved = mc_timer_create(t->loop, on_fire, &early);

    assert_non_null(moved);
    t->timer = mc_timer_create(t->loop, on_fire, t);
    assert_non_null(t->timer);
    mc_timer_start(t->timer, 0);
    mc_timer_cancel(t->timer);
    mc_timer_start(moved, INT64_C(3600000));
    mc_timer_start(moved, 1); /* the later start counts */
    turn_until(t->loop, &early.done);
    assert_int_equal(t->runs, 0);
    mc_timer_destroy(moved);
}

static void deferred_work_runs_once_after_the_events(void **state)
{
    struct fixture *t = *state;

    t->defer = mc_defer_create(t->loop, on_deferred, t);
    t->watch = mc_watch_create(t->loop, t->pair[0], MC_WATCH_WRITE, on_ready, t);
    mc_loop_defer(t->defer);
    mc_loop_defer(t->defer);
    step(t);
    assert_string_equal(t->order, "wd");
}

static void deferred_work_that_asks_again_waits_for_the_next_iteration(void **state)
{
    struct fixture *t = *state;

    t->defer = mc_defer_create(t->loop, on_deferred, t);
    t->timer = mc_timer_create(t->loop, on_fire, t);
    t->again = 2;
    mc_loop_defer(t->defer);
    step(t);
    assert_string_equal(t->order, "d");
    mc_timer_start(t->timer, 0);
    assert_int_equal(mc_loop_step(t->loop, true), MC_OK); /* does not wait: work is left */
    assert_int_equal(mc_loop_step(t->loop, true), MC_OK);
    assert_string_equal(t->order, "dtdd");
}

static void deferred_work_may_be_destroyed_by_another(void **state)
{
    struct fixture *t = *state;

    t->other = mc_defer_create(t->loop, on_other, t);
    t->defer = mc_defer_create(t->loop, on_deferred, t);
    mc_loop_defer(t->other);
    mc_loop_defer(t->defer);
    step(t);
    step(t);
    assert_int_equal(t->others, 1);
    assert_int_equal(t->runs, 0);
}

static void stop_loop(void *arg)
{
    struct fixture *t = arg;
    mc_loop_stop(t->loop);
}

static void run_ends_at_stop_and_can_run_again(void **state)
{
    struct fixture *t = *state;

    t->timer = mc_timer_create(t->loop, stop_loop, t);
    mc_timer_start(t->timer, 0);
    assert_int_equal(mc_loop_run(t->loop), MC_OK);
    mc_loop_stop(t->loop); /* before the run counts too */
    assert_int_equal(mc_loop_run(t->loop), MC_OK);
    mc_timer_start(t->timer, 0);
    assert_int_equal(mc_loop_run(t->loop), MC_OK);
}

static void signals_reload_and_stop(void **state)
{
    struct fixture *t = *state;

    assert_int_equal(mc_loop_signals(t->loop, on_fire, t), MC_OK);
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    turn_until(t->loop, &t->done);
    assert_int_equal(t->runs, 1);
    assert_int_equal(kill(getpid(), SIGTERM), 0);
    assert_int_equal(mc_loop_run(t->loop), MC_OK);
    assert_int_equal(kill(getpid(), SIGINT), 0);
    assert_int_equal(mc_loop_run(t->loop), MC_OK);
}

static void broken_pipe_is_an_error_not_the_end(void **state)
{
    struct fixture *t = *state;

    (void)close(t->pair[1]);
    t->pair[1] = -1;
    assert_int_equal(write(t->pair[0], "x", 1), -1);
}

/* Notify: a socket of ours stands for systemd's. */

struct listener {
    char folder[64];
    char path[96];
    int fd;
    char last[256];
    bool got;
};

static void on_datagram(void *arg, unsigned events)
{
    struct listener *listener = arg;
    ssize_t len = recv(listener->fd, listener->last, sizeof listener->last - 1, MSG_DONTWAIT);

    (void)events;
    assert_true(len > 0);
    listener->last[len] = '\0';
    listener->got = true;
}

static void listen_at(struct listener *listener)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};

    *listener = (struct listener){.folder = "/tmp/motcua-loop-XXXXXX"};
    assert_non_null(mkdtemp(listener->folder));
    (void)snprintf(listener->path, sizeof listener->path, "%s/notify", listener->folder);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", listener->path);
    listener->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener->fd, (struct sockaddr *)&address, sizeof address), 0);
}

static void expect_datagram(struct fixture *t, struct listener *listener, const char *text)
{
    listener->got = false;
    turn_until(t->loop, &listener->got);
    assert_string_equal(listener->last, text);
}

static void notify_tells_systemd(void **state)
{
    struct fixture *t = *state;
    struct listener listener;

    listen_at(&listener);
    t->watch = mc_watch_create(t->loop, listener.fd, MC_WATCH_READ, on_datagram, &listener);
    struct mc_notify *notify = mc_notify_create(t->loop, listener.path, NULL);
    assert_non_null(notify);
    mc_notify_ready(notify);
    expect_datagram(t, &listener, "READY=1");
    mc_notify_status(notify, "12 waiting\nREADY=0");
    expect_datagram(t, &listener, "STATUS=12 waiting");
    mc_notify_stopping(notify);
    expect_datagram(t, &listener, "STOPPING=1");
    mc_notify_destroy(notify);

    notify = mc_notify_create(t->loop, listener.path, "4000"); /* half: 2 ms */
    expect_datagram(t, &listener, "WATCHDOG=1");
    expect_datagram(t, &listener, "WATCHDOG=1");
    mc_notify_destroy(notify);
    (void)close(listener.fd);
    (void)unlink(listener.path);
    (void)rmdir(listener.folder);
}

static void sockets_are_found_by_name(void **state)
{
    char pid[16];

    (void)state;
    (void)snprintf(pid, sizeof pid, "%d", (int)getpid());
    assert_int_equal(mc_notify_socket(pid, "2", "other:gateway", "gateway"), 4);
    assert_int_equal(mc_notify_socket(pid, "1", "gateway", "gateway"), 3);
    assert_int_equal(mc_notify_socket(pid, "1", "other:gateway", "gateway"), 0);
    assert_int_equal(mc_notify_socket(pid, "2", "gateways:gate", "gateway"), 0);
    assert_int_equal(mc_notify_socket(pid, "3", "a", "gateway"), 0);
    assert_int_equal(mc_notify_socket("1", "1", "gateway", "gateway"), 0);
    assert_int_equal(mc_notify_socket(pid, NULL, "gateway", "gateway"), 0);
    assert_int_equal(mc_notify_socket(NULL, NULL, NULL, "gateway"), 0);
}

static void notify_without_systemd_is_silent(void **state)
{
    struct fixture *t = *state;
    struct mc_notify *notify = mc_notify_create(t->loop, NULL, "1000");

    assert_non_null(notify);
    mc_notify_ready(notify);
    mc_notify_status(notify, "x");
    mc_notify_destroy(notify);
    notify = mc_notify_create(t->loop, "relative/path", NULL);
    assert_non_null(notify);
    mc_notify_ready(notify);
    mc_notify_destroy(notify);
}

#define LOOP_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOOP_TEST(watch_is_level_triggered_and_persistent),
        LOOP_TEST(watch_can_be_changed_and_paused),
        LOOP_TEST(watch_may_be_destroyed_in_its_callback),
        LOOP_TEST(timer_fires_once_and_can_start_again),
        LOOP_TEST(timer_can_be_cancelled_and_moved),
        LOOP_TEST(deferred_work_runs_once_after_the_events),
        LOOP_TEST(deferred_work_that_asks_again_waits_for_the_next_iteration),
        LOOP_TEST(deferred_work_may_be_destroyed_by_another),
        LOOP_TEST(run_ends_at_stop_and_can_run_again),
        LOOP_TEST(signals_reload_and_stop),
        LOOP_TEST(broken_pipe_is_an_error_not_the_end),
        LOOP_TEST(notify_tells_systemd),
        cmocka_unit_test(sockets_are_found_by_name),
        LOOP_TEST(notify_without_systemd_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
