#include "common/pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <unistd.h>

#include "common/loop.h"

struct job {
    void (*work)(void *arg);
    void (*done)(void *arg, enum mc_status status);
    void *arg;
    enum mc_status status;
    STAILQ_ENTRY(job) next;
};

STAILQ_HEAD(job_queue, job);

struct mc_pool {
    pthread_mutex_t lock; /* guards waiting, finished and closing */
    pthread_cond_t more;
    struct job_queue waiting;
    struct job_queue finished;
    bool closing;

    /* The rest belongs to the loop's thread. */
    struct job_queue spare;
    struct job *jobs;
    unsigned load;
    int finished_fd; /* threads write it too, and it never changes while they live */
    struct mc_watch *watch;
    pthread_t *threads;
    unsigned threads_started;
};

static struct job *take(struct mc_pool *pool)
{
    struct job *job = NULL;

    (void)pthread_mutex_lock(&pool->lock);
    while (!pool->closing && STAILQ_EMPTY(&pool->waiting))
        (void)pthread_cond_wait(&pool->more, &pool->lock);
    if (!pool->closing) {
        job = STAILQ_FIRST(&pool->waiting);
        STAILQ_REMOVE_HEAD(&pool->waiting, next);
    }
    (void)pthread_mutex_unlock(&pool->lock);
    return job;
}

static void *thread_main(void *arg)
{
    struct mc_pool *pool = arg;
    struct job *job = NULL;

    while ((job = take(pool)) != NULL) {
        job->work(job->arg);
        job->status = MC_OK;
        (void)pthread_mutex_lock(&pool->lock);
        STAILQ_INSERT_TAIL(&pool->finished, job, next);
        (void)pthread_mutex_unlock(&pool->lock);
        (void)eventfd_write(pool->finished_fd, 1);
    }
    return NULL;
}

static void give_back(struct mc_pool *pool, struct job_queue *queue)
{
    while (!STAILQ_EMPTY(queue)) {
        struct job *slot = STAILQ_FIRST(queue);
        struct job job = *slot;

        STAILQ_REMOVE_HEAD(queue, next);
        STAILQ_INSERT_HEAD(&pool->spare, slot, next);
        pool->load--;
        job.done(job.arg, job.status); /* may ask for another job */
    }
}

static void finished_ready(void *arg, unsigned events)
{
    struct mc_pool *pool = arg;
    struct job_queue finished = STAILQ_HEAD_INITIALIZER(finished);
    eventfd_t count = 0;

    (void)events;
    (void)eventfd_read(pool->finished_fd, &count);
    (void)pthread_mutex_lock(&pool->lock);
    STAILQ_CONCAT(&finished, &pool->finished);
    (void)pthread_mutex_unlock(&pool->lock);
    give_back(pool, &finished);
}

static bool start_threads(struct mc_pool *pool, unsigned threads)
{
    while (pool->threads_started < threads) {
        if (pthread_create(&pool->threads[pool->threads_started], NULL, thread_main, pool) != 0)
            return false;
        pool->threads_started++;
    }
    return true;
}

struct mc_pool *mc_pool_create(struct mc_loop *loop, unsigned threads, unsigned jobs_max)
{
    struct mc_pool *pool = calloc(1, sizeof *pool);

    assert(threads > 0 && jobs_max > 0);
    if (pool == NULL)
        return NULL;
    (void)pthread_mutex_init(&pool->lock, NULL);
    (void)pthread_cond_init(&pool->more, NULL);
    STAILQ_INIT(&pool->waiting);
    STAILQ_INIT(&pool->finished);
    STAILQ_INIT(&pool->spare);

    pool->jobs = calloc(jobs_max, sizeof *pool->jobs);
    pool->threads = calloc(threads, sizeof *pool->threads);
    pool->finished_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pool->finished_fd >= 0)
        pool->watch = mc_watch_create(loop, pool->finished_fd, MC_WATCH_READ, finished_ready, pool);
    if (pool->jobs == NULL || pool->threads == NULL || pool->watch == NULL ||
        !start_threads(pool, threads)) {
        mc_pool_destroy(pool);
        return NULL;
    }
    for (unsigned i = 0; i < jobs_max; i++)
        STAILQ_INSERT_TAIL(&pool->spare, &pool->jobs[i], next);
    return pool;
}

void mc_pool_destroy(struct mc_pool *pool)
{
    if (pool == NULL)
        return;
    (void)pthread_mutex_lock(&pool->lock);
    pool->closing = true;
    (void)pthread_cond_broadcast(&pool->more);
    (void)pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->threads_started; i++)
        (void)pthread_join(pool->threads[i], NULL);

    give_back(pool, &pool->finished);
    give_back(pool, &pool->waiting);
    mc_watch_destroy(pool->watch);
    if (pool->finished_fd >= 0)
        (void)close(pool->finished_fd);
    (void)pthread_cond_destroy(&pool->more);
    (void)pthread_mutex_destroy(&pool->lock);
    free(pool->threads);
    free(pool->jobs);
    free(pool);
}

enum mc_status mc_pool_run(struct mc_pool *pool, void (*work)(void *arg),
                           void (*done)(void *arg, enum mc_status status), void *arg)
{
    struct job *job = STAILQ_FIRST(&pool->spare);

    if (job == NULL)
        return MC_BUSY;
    STAILQ_REMOVE_HEAD(&pool->spare, next);
    *job = (struct job){.work = work, .done = done, .arg = arg, .status = MC_BUSY};
    (void)pthread_mutex_lock(&pool->lock);
    if (pool->closing) { /* asked for by the `done` of a job of a pool that is going away */
        (void)pthread_mutex_unlock(&pool->lock);
        STAILQ_INSERT_HEAD(&pool->spare, job, next);
        return MC_BUSY;
    }
    pool->load++;
    STAILQ_INSERT_TAIL(&pool->waiting, job, next);
    (void)pthread_cond_signal(&pool->more);
    (void)pthread_mutex_unlock(&pool->lock);
    return MC_OK;
}

unsigned mc_pool_load(const struct mc_pool *pool)
{
    return pool->load;
}
