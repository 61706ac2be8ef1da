/*
 * Loop: one thread waiting for everything at once. The owner of libevent.
 *
 * A loop belongs to the thread that runs it; nothing here may be called from another one (a pool
 * comes back through its own descriptor). The three handles made here (watch, timer, defer) belong
 * to the caller until he destroys them, which he may do at any time, also inside the handle's own
 * callback, and must have done before the loop is destroyed. Making one returns NULL when memory or
 * the kernel refuses. Callbacks run to the end: one that takes long delays all others.
 */
#pragma once

#include "common/base.h"

struct mc_loop;
struct mc_watch;
struct mc_timer;
struct mc_defer;
struct event_base;

/* Also makes the process ignore SIGPIPE: a peer that goes away is an error code, not the end. */
mc_nodiscard struct mc_loop *mc_loop_create(void);
void mc_loop_destroy(struct mc_loop *loop);

/* Runs until mc_loop_stop(). MC_IO when the kernel no longer lets it wait. */
mc_nodiscard enum mc_status mc_loop_run(struct mc_loop *loop);

/* One iteration: waits when `wait` and nothing is ready, runs what is ready, then what was
 * deferred. */
mc_nodiscard enum mc_status mc_loop_step(struct mc_loop *loop, bool wait);

/* The current iteration still finishes; a stop before the run makes the run return at once. */
void mc_loop_stop(struct mc_loop *loop);

/*
 * SIGTERM and SIGINT stop the loop, SIGHUP calls `reload` (may be NULL). Blocks the three signals
 * and reads them from a signalfd, so call it once per process and before any thread is started.
 */
mc_nodiscard enum mc_status mc_loop_signals(struct mc_loop *loop, void (*reload)(void *arg),
                                            void *arg);

/* Descriptors: level-triggered, and again until destroyed. The descriptor must outlive the watch.
 */
enum { MC_WATCH_READ = 1, MC_WATCH_WRITE = 2 };

mc_nodiscard struct mc_watch *mc_watch_create(struct mc_loop *loop, int fd, unsigned events,
                                              void (*ready)(void *arg, unsigned events), void *arg);
/* Zero events pauses the watch. */
mc_nodiscard enum mc_status mc_watch_modify(struct mc_watch *watch, unsigned events);
void mc_watch_destroy(struct mc_watch *watch);

/* Timers: fire once per start, by monotonic time. Starting again moves the moment. */
mc_nodiscard struct mc_timer *mc_timer_create(struct mc_loop *loop, void (*fire)(void *arg),
                                              void *arg);
void mc_timer_start(struct mc_timer *timer, int64_t after_ms);
void mc_timer_cancel(struct mc_timer *timer);
bool mc_timer_running(const struct mc_timer *timer);
void mc_timer_destroy(struct mc_timer *timer);

/*
 * Deferred work: runs at the end of the current iteration, once however often it was asked for.
 * What asks again while it runs is served in the next iteration, after a look at the descriptors.
 */
mc_nodiscard struct mc_defer *mc_defer_create(struct mc_loop *loop, void (*run)(void *arg),
                                              void *arg);
void mc_loop_defer(struct mc_defer *defer);
void mc_defer_destroy(struct mc_defer *defer);

/* For common/httpd.c, whose buffered connections are libevent's too. */
struct event_base *mc_loop_base(struct mc_loop *loop);
