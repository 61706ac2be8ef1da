#include <pthread.h>

#include "common/pool.h"

#include "net_help.h"

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool open;
    unsigned inside;
};

struct job {
    struct gate *gate; /* NULL: do not wait */
    struct mc_pool *pool;
    pthread_t worker;
    int value;
    unsigned done_count;
    bool done;
    enum mc_status status;
};

static void compute(void *arg)
{
    struct job *job = arg;

    job->worker = pthread_self();
    if (job->gate != NULL) {
        (void)pthread_mutex_lock(&job->gate->lock);
        job->gate->inside++;
        (void)pthread_cond_broadcast(&job->gate->changed);
        while (!job->gate->open)
            (void)pthread_cond_wait(&job->gate->changed, &job->gate->lock);
        (void)pthread_mutex_unlock(&job->gate->lock);
    }
    job->value *= 2;
}

static void finished(void *arg, enum mc_status status)
{
    struct job *job = arg;

    job->done_count++;
    job->done = true;
    job->status = status;
}

static void await_inside(struct gate *gate, unsigned count)
{
    (void)pthread_mutex_lock(&gate->lock);
    while (gate->inside < count)
        (void)pthread_cond_wait(&gate->changed, &gate->lock);
    (void)pthread_mutex_unlock(&gate->lock);
}

static void open_gate(struct gate *gate)
{
    (void)pthread_mutex_lock(&gate->lock);
    gate->open = true;
    (void)pthread_cond_broadcast(&gate->changed);
    (void)pthread_mutex_unlock(&gate->lock);
}

static void *open_gate_later(void *arg)
{
    open_gate(arg);
    return NULL;
}

static void job_runs_elsewhere_and_is_done_here(void **state)
{
    struct mc_loop *loop = mc_loop_create();
    struct mc_pool *pool = mc_pool_create(loop, 2, 4);
    struct job job = {.value = 21};

    (void)state;
    assert_non_null(pool);
    assert_int_equal(mc_pool_run(pool, compute, finished, &job), MC_OK);
    turn_until(loop, &job.done);
    assert_int_equal(job.value, 42);
    assert_int_equal(job.status, MC_OK);
    assert_int_equal(job.done_count, 1);
    assert_false(pthread_equal(job.worker, pthread_self()));
    assert_int_equal(mc_pool_load(pool), 0);
    mc_pool_destroy(pool);
    mc_loop_destroy(loop);
}

static void full_pool_says_busy_and_recovers(void **state)
{
    struct gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct mc_loop *loop = mc_loop_create();
    struct mc_pool *pool = mc_pool_create(loop, 1, 3);
    struct job jobs[4] = {{.gate = &gate}, {.gate = &gate}, {.gate = &gate}, {.gate = &gate}};

    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(mc_pool_run(pool, compute, finished, &jobs[i]), MC_OK);
    assert_int_equal(mc_pool_run(pool, compute, finished, &jobs[3]), MC_BUSY);
    assert_int_equal(mc_pool_load(pool), 3);
    open_gate(&gate);
    turn_until(loop, &jobs[2].done);
    assert_int_equal(mc_pool_run(pool, compute, finished, &jobs[3]), MC_OK);
    turn_until(loop, &jobs[3].done);
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(jobs[i].done_count, 1);
    mc_pool_destroy(pool);
    mc_loop_destroy(loop);
}

static void ask_again(void *arg, enum mc_status status)
{
    struct job *job = arg;

    finished(job, status);
    assert_int_equal(mc_pool_run(job->pool, compute, finished, job), MC_BUSY);
}

static void destroy_waits_for_the_running_and_drops_the_rest(void **state)
{
    struct gate gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    struct mc_loop *loop = mc_loop_create();
    struct mc_pool *pool = mc_pool_create(loop, 1, 8);
    struct job running = {.gate = &gate, .value = 1};
    struct job waiting = {.value = 1, .pool = pool};
    pthread_t opener;

    (void)state;
    assert_int_equal(mc_pool_run(pool, compute, finished, &running), MC_OK);
    assert_int_equal(mc_pool_run(pool, compute, ask_again, &waiting), MC_OK);
    await_inside(&gate, 1);
    assert_int_equal(pthread_create(&opener, NULL, open_gate_later, &gate), 0);
    mc_pool_destroy(pool);
    assert_int_equal(pthread_join(opener, NULL), 0);

    assert_int_equal(running.value, 2);
    assert_int_equal(running.status, MC_OK);
    assert_int_equal(running.done_count, 1);
    assert_int_equal(waiting.done_count, 1);
    /* The one thread may or may not have begun it before it saw the end. */
    assert_int_equal(waiting.value, waiting.status == MC_OK ? 2 : 1);
    mc_loop_destroy(loop);
}

static void many_jobs_are_each_done_once(void **state)
{
    enum { JOBS = 500 };
    static struct job jobs[JOBS];
    struct mc_loop *loop = mc_loop_create();
    struct mc_pool *pool = mc_pool_create(loop, 4, JOBS);

    (void)state;
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (struct job){.value = i};
        assert_int_equal(mc_pool_run(pool, compute, finished, &jobs[i]), MC_OK);
    }
    for (int i = 0; i < JOBS; i++) {
        turn_until(loop, &jobs[i].done);
        assert_int_equal(jobs[i].value, 2 * i);
        assert_int_equal(jobs[i].done_count, 1);
    }
    assert_int_equal(mc_pool_load(pool), 0);
    mc_pool_destroy(pool);
    mc_loop_destroy(loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(job_runs_elsewhere_and_is_done_here),
        cmocka_unit_test(full_pool_says_busy_and_recovers),
        cmocka_unit_test(destroy_waits_for_the_running_and_drops_the_rest),
        cmocka_unit_test(many_jobs_are_each_done_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
