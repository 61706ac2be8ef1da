#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* clang-format off: cmocka wants these four before it */
#include <cmocka.h>
/* clang-format on */

#include <endian.h>

#include "common/due.h"
#include "common/jobs.h"
#include "common/tally.h"

#include "store_help.h"

enum { MAP = 32 << 20, LANE_A = 0, LANE_B = 1, LEASE = 30000 };

static const char secret[] = "CANARY Ma OTP cua ban la 123456";

/* A store, and one call at a time: begin, anything, end. */
struct jobs_test {
    struct store_test store;
    struct mc_turn turn;
    struct mc_txn txn;
};

static struct mc_txn *begin(struct jobs_test *t)
{
    turn_begin(&t->store, &t->turn);
    txn_begin(&t->store, &t->turn, &t->txn);
    return &t->txn;
}

static enum mc_status end(struct jobs_test *t)
{
    enum mc_status status = mc_txn_apply(&t->txn);

    assert_int_equal(turn_end(&t->store, &t->turn), MC_OK);
    return status;
}

static const struct mc_job_spec plain = {.lane = LANE_A,
                                         .kind = "test.job",
                                         .payload = {secret, sizeof secret},
                                         .destination = "viettel"};

static uint64_t add(struct jobs_test *t, const struct mc_job_spec *spec)
{
    uint64_t id = mc_job_add(begin(t), spec);

    assert_int_equal(end(t), MC_OK);
    assert_true(id != 0);
    return id;
}

/* What the test keeps of a lease: the rest is the call's memory. */
struct held {
    uint64_t id;
    uint8_t token[12];
    uint32_t attempts;
    bool unreported;
    char spent[16];
};

static size_t lease(struct jobs_test *t, unsigned lane, const char *const *destinations,
                    const char *worker, int64_t lease_ms, struct held *ret, size_t max)
{
    struct mc_job jobs[16];
    const struct mc_lease spec = {
        .lane = lane, .destinations = destinations, .worker = worker, .lease_ms = lease_ms};
    size_t n = mc_jobs_lease(begin(t), &spec, jobs, max);

    for (size_t i = 0; i < n; i++) {
        ret[i] = (struct held){.id = jobs[i].record->id,
                               .attempts = jobs[i].record->attempts,
                               .unreported = jobs[i].unreported};
        memcpy(ret[i].token, jobs[i].token, sizeof ret[i].token);
        if (jobs[i].spent != NULL)
            (void)snprintf(ret[i].spent, sizeof ret[i].spent, "%s", jobs[i].spent);
    }
    assert_int_equal(end(t), MC_OK);
    return n;
}

enum end_kind { DONE, RETRY, BURY };

/* What a worker says about its lease. */
static enum mc_status report(struct jobs_test *t, const struct held *held, const char *worker,
                             enum end_kind kind)
{
    struct mc_txn *txn = begin(t);
    struct mc_job *job =
        mc_job_held(txn, (struct mc_bytes){held->token, sizeof held->token}, worker);

    if (job == NULL)
        (void)mc_refuse(txn, MC_EXPIRED, "token", "LEASE_STALE", NULL);
    if (job != NULL && kind == DONE)
        mc_job_done(txn, job);
    else if (job != NULL && kind == RETRY)
        mc_job_retry(txn, job, "BUSY", 0);
    else if (job != NULL)
        mc_job_bury(txn, job, "WRONG_NUMBER");
    return end(t);
}

static int64_t due_of(struct jobs_test *t, unsigned lane)
{
    int64_t due = mc_jobs_next_due(begin(t), lane);

    assert_int_equal(end(t), MC_OK);
    return due;
}

static const struct mc_lane_count *counts(const struct jobs_test *t, unsigned lane)
{
    return &mc_store_counts(t->store.store)->lanes[lane];
}

static struct jobs_test *open_test(void)
{
    struct jobs_test *t = calloc(1, sizeof *t);

    assert_non_null(t);
    store_open(&t->store, MAP);
    return t;
}

static void close_test(struct jobs_test *t)
{
    store_done(&t->store);
    free(t);
}

static void a_job_is_leased_and_done(void **state)
{
    struct jobs_test *t = open_test();
    struct held held;

    (void)state;
    uint64_t id = add(t, &plain);
    assert_int_equal(counts(t, LANE_A)->queued, 1);
    assert_int_equal(due_of(t, LANE_A), t->store.now_ms);
    assert_int_equal(lease(t, LANE_A, NULL, "w1", LEASE, &held, 1), 1);
    assert_int_equal(held.id, id);
    assert_int_equal(held.attempts, 1);
    assert_false(held.unreported);
    assert_string_equal(held.spent, "");
    assert_int_equal(counts(t, LANE_A)->leased, 1);
    assert_int_equal(due_of(t, LANE_A), t->store.now_ms + LEASE);
    assert_int_equal(lease(t, LANE_A, NULL, "w2", LEASE, &held + 0, 1), 0); /* nobody else's now */
    assert_int_equal(report(t, &held, "w1", DONE), MC_OK);
    assert_int_equal(counts(t, LANE_A)->leased, 0);
    assert_int_equal(counts(t, LANE_A)->done_total, 1);
    assert_int_equal(due_of(t, LANE_A), INT64_MAX);
    assert_int_equal(report(t, &held, "w1", DONE), MC_EXPIRED); /* once */
    close_test(t);
}

static void the_payload_comes_back_and_is_sealed_at_rest(void **state)
{
    const struct mc_lease by_w = {.lane = LANE_A, .worker = "w", .lease_ms = LEASE};
    struct jobs_test *t = open_test();
    struct mc_job job;
    struct mc_bytes raw;
    char key[8];

    (void)state;
    uint64_t id = htobe64(add(t, &plain));
    memcpy(key, &id, sizeof key);
    struct mc_txn *txn = begin(t);
    assert_true(mc_get(txn, MC_TABLE_JOBS, (struct mc_bytes){key, sizeof key}, &raw));
    assert_null(memmem(raw.data, raw.len, "CANARY", 6));
    assert_int_equal(mc_jobs_lease(txn, &by_w, &job, 1), 1);
    assert_int_equal(job.payload.len, sizeof secret);
    assert_memory_equal(job.payload.data, secret, sizeof secret);
    assert_int_equal(end(t), MC_OK);
    close_test(t);
}

static void a_note_is_read_while_the_payload_stays_sealed(void **state)
{
    struct jobs_test *t = open_test();
    struct mc_job_spec spec = plain;
    struct held held;
    Motcua__Job *seen = NULL;

    (void)state;
    spec.note = (struct mc_bytes){"beside", 6};
    (void)add(t, &spec);
    assert_int_equal(lease(t, LANE_A, NULL, "w", LEASE, &held, 1), 1);
    struct mc_txn *txn = begin(t);
    const struct mc_job *job =
        mc_job_held(txn, (struct mc_bytes){held.token, sizeof held.token}, "w");
    assert_non_null(job);
    assert_null(job->payload.data);
    assert_int_equal(job->record->note.len, 6);
    assert_memory_equal(job->record->note.data, "beside", 6);
    assert_int_equal(mc_jobs_peek(txn, LANE_A, false, 0, &seen, 1), 1);
    assert_int_equal(seen->note.len, 0);
    assert_int_equal(end(t), MC_OK);
    close_test(t);
}

static void tokens_are_one_lease_of_one_worker(void **state)
{
    struct jobs_test *t = open_test();
    struct held first;
    struct held second;
    struct held bad;

    (void)state;
    (void)add(t, &plain);
    assert_int_equal(lease(t, LANE_A, NULL, "w1", LEASE, &first, 1), 1);
    assert_int_equal(report(t, &first, "w2", DONE), MC_EXPIRED);
    bad = first;
    bad.token[0] ^= 1;
    assert_int_equal(report(t, &bad, "w1", DONE), MC_EXPIRED);
    struct mc_txn *txn = begin(t);
    assert_null(mc_job_held(txn, (struct mc_bytes){first.token, 11}, "w1"));
    assert_int_equal(end(t), MC_OK); /* it is nobody's failure but the token's */

    t->store.now_ms += LEASE - 1;
    assert_int_equal(lease(t, LANE_A, NULL, "w2", LEASE, &second, 1), 0);
    t->store.now_ms += 1; /* the lease is over: the job goes to another worker */
    assert_int_equal(lease(t, LANE_A, NULL, "w2", LEASE, &second, 1), 1);
    assert_true(second.unreported);
    assert_int_equal(second.attempts, 2);
    assert_int_equal(counts(t, LANE_A)->failed_total, 1);
    assert_int_equal(report(t, &first, "w1", DONE), MC_EXPIRED);
    assert_int_equal(report(t, &second, "w2", DONE), MC_OK);
    close_test(t);
}

static void a_late_report_counts_while_nobody_else_has_the_job(void **state)
{
    struct jobs_test *t = open_test();
    struct held held;

    (void)state;
    (void)add(t, &plain);
    assert_int_equal(lease(t, LANE_A, NULL, "w1", LEASE, &held, 1), 1);
    t->store.now_ms += INT64_C(10) * LEASE;
    assert_int_equal(report(t, &held, "w1", DONE), MC_OK);
    close_test(t);
}

static void pauses_double_up_to_their_cap(void **state)
{
    static const int64_t want[] = {1000, 2000, 4000, 8000, 10000, 10000};
    struct mc_job_spec spec = plain;
    struct jobs_test *t = open_test();
    struct held held;

    (void)state;
    spec.backoff_ms = 1000;
    spec.backoff_max_ms = 10000;
    (void)add(t, &spec);
    for (size_t i = 0; i < MC_LEN(want); i++) {
        assert_int_equal(lease(t, LANE_A, NULL, "w", LEASE, &held, 1), 1);
        assert_int_equal(report(t, &held, "w", RETRY), MC_OK);
        assert_int_equal(due_of(t, LANE_A), t->store.now_ms + want[i]);
        t->store.now_ms += want[i] - 1;
        assert_int_equal(lease(t, LANE_A, NULL, "w", LEASE, &held, 1), 0);
        t->store.now_ms += 1;
    }
    for (int i = 0; i < 80; i++) { /* more doublings than bits */
        assert_int_equal(lease(t, LANE_A, NULL, "w", LEASE, &held, 1), 1);
        assert_false(held.unreported);
        assert_int_equal(report(t, &held, "w", RETRY), MC_OK);
        assert_int_equal(due_of(t, LANE_A), t->store.now_ms + 10000);
        t->store.now_ms += 10000;
    }
    close_test(t);
}

static void a_pause_may_be_told(void **state)
{
    struct jobs_test *t = open_test();
    struct held held;

    (void)state;
    (void)add(t, &plain);
    assert_int_equal(lease(t, LANE_A, NULL, "w", LEASE, &held, 1), 1);
    struct mc_txn *txn = begin(t);
    struct mc_job *job = mc_job_held(txn, (struct mc_bytes){held.token, sizeof held.token}, "w");
    mc_job_retry(txn, job, "BUSY", 777);
    assert_int_equal(end(t), MC_OK);
    assert_int_equal(due_of(t, LANE_A), t->store.now_ms + 777);
    close_test(t);
}

static void attempts_end(void **state)
{
    struct mc_job_spec spec = plain;
    struct jobs_test *t = open_test();
    struct held held;

    (void)state;
    spec.attempts_max = 2;
    spec.backoff_ms = 1;
    (void)add(t, &spec);
    assert_int_equal(lease(t, LANE_A, NULL, "w", LEASE, &held, 1), 1);
    assert_int_equal(report(t, &held, "w", RETRY), MC_OK);
    assert_int_equal(counts(t, LANE_A)->queued, 1);
    t->store.now_ms += 1;
    assert_int_equal(lease(t, LANE_A, NULL, "w", LEASE, &held, 1), 1);
    assert_int_equal(report(t, &held, "w", RETRY), MC_OK);
    assert_int_equal(counts(t, LANE_A)->queued, 0);
    assert_int_equal(counts(t, LANE_A)->dead, 1);
    assert_int_equal(counts(t, LANE_A)->failed_total, 2);
    assert_int_equal(due_of(t, LANE_A), INT64_MAX);
    close_test(t);
}

static void a_last_attempt_that_never_answers_is_spent(void **state)
{
    struct mc_job_spec spec = plain;
    struct jobs_test *t = open_test();
    struct held held;

    (void)state;
    spec.attempts_max = 1;
    (void)add(t, &spec);
    assert_int_equal(lease(t, LANE_A, NULL, "w", LEASE, &held, 1), 1);
    t->store.now_ms += LEASE;
    assert_int_equal(lease(t, LANE_A, NULL, "w", LEASE, &held, 1), 1);
    assert_string_equal(held.spent, "LEASE_RAN_OUT");
    assert_true(held.unreported);
    assert_int_equal(report(t, &held, "w", BURY), MC_OK);
    assert_int_equal(counts(t, LANE_A)->dead, 1);
    close_test(t);
}

/* An expired OTP is never sent: it comes back marked to who asks for its destination. */
static void an_expired_job_is_spent(void **state)
{
    const char *const its[] = {"viettel", NULL};
    const char *const other[] = {"vinaphone", NULL};
    struct mc_job_spec spec = plain;
    struct jobs_test *t = open_test();
    struct held held;

    (void)state;
    spec.expires_ms = t->store.now_ms + 1000;
    (void)add(t, &spec);
    t->store.now_ms += 999;
    assert_int_equal(lease(t, LANE_A, other, "w", LEASE, &held, 1), 0);
    t->store.now_ms += 1;
    assert_int_equal(lease(t, LANE_A, its, "w", LEASE, &held, 1), 1);
    assert_string_equal(held.spent, "EXPIRED");
    struct mc_txn *txn = begin(t);
    struct mc_job *job = mc_job_held(txn, (struct mc_bytes){held.token, sizeof held.token}, "w");
    mc_job_bury(txn, job, "EXPIRED");
    assert_int_equal(end(t), MC_OK);
    assert_int_equal(counts(t, LANE_A)->expired_total, 1);
    assert_int_equal(counts(t, LANE_A)->failed_total, 0);
    assert_int_equal(counts(t, LANE_A)->dead, 1);
    close_test(t);
}

static void dead_letters_forget_what_must_be_forgotten(void **state)
{
    for (int forget = 0; forget < 2; forget++) {
        struct mc_job_spec spec = plain;
        struct jobs_test *t = open_test();
        Motcua__Job *dead = NULL;
        struct held held;
        char key[8];

        (void)state;
        spec.forget = forget != 0;
        uint64_t id = htobe64(add(t, &spec));
        memcpy(key, &id, sizeof key);
        assert_int_equal(lease(t, LANE_A, NULL, "w", LEASE, &held, 1), 1);
        assert_int_equal(report(t, &held, "w", BURY), MC_OK);
        struct mc_txn *txn = begin(t);
        assert_int_equal(mc_jobs_peek(txn, LANE_A, true, 0, &dead, 1), 1);
        assert_string_equal(dead->last_error, "WRONG_NUMBER");
        assert_int_equal(dead->payload.len, 0); /* never shown */
        const Motcua__Job *row = mc_load(txn, MC_TABLE_DEAD, (struct mc_bytes){key, sizeof key},
                                         &motcua__job__descriptor);
        assert_non_null(row);
        assert_true((row->payload.len == 0) == (forget != 0));
        assert_int_equal(end(t), MC_OK);
        close_test(t);
    }
}

static void lanes_are_independent_and_peeked_apart(void **state)
{
    struct mc_job_spec spec = plain;
    struct jobs_test *t = open_test();
    Motcua__Job *jobs[8];
    struct held held[4];

    (void)state;
    uint64_t first = add(t, &plain);
    uint64_t second = add(t, &plain);
    spec.lane = LANE_B;
    uint64_t other = add(t, &spec);
    assert_int_equal(lease(t, LANE_B, NULL, "w", LEASE, held, 4), 1);
    assert_int_equal(held[0].id, other);
    assert_int_equal(counts(t, LANE_A)->queued, 2);
    assert_int_equal(counts(t, LANE_B)->leased, 1);
    struct mc_txn *txn = begin(t);
    assert_int_equal(mc_jobs_peek(txn, LANE_A, false, 0, jobs, 8), 2);
    assert_int_equal(mc_jobs_peek(txn, LANE_A, false, first, jobs, 8), 1);
    assert_int_equal(jobs[0]->id, second);
    assert_int_equal(mc_jobs_peek(txn, LANE_B, false, first, jobs, 8),
                     1); /* a page after another lane's */
    assert_int_equal(mc_jobs_peek(txn, -1, false, 0, jobs, 8), 3);
    assert_int_equal(mc_jobs_peek(txn, -1, false, UINT64_MAX, jobs, 8), 0);
    assert_int_equal(mc_jobs_peek(txn, LANE_A, true, 0, jobs, 8), 0);
    assert_int_equal(end(t), MC_OK);
    t->store.now_ms += 5000;
    txn = begin(t);
    assert_int_equal(mc_jobs_oldest(txn, LANE_A), 5000);
    assert_int_equal(mc_jobs_oldest(txn, 2), 0);
    assert_int_equal(end(t), MC_OK);
    close_test(t);
}

static void destinations_filter(void **state)
{
    const char *const mine[] = {"vinaphone", "mobifone", NULL};
    const char *const none[] = {NULL};
    struct mc_job_spec spec = plain;
    struct jobs_test *t = open_test();
    struct held held[4];

    (void)state;
    (void)add(t, &plain);
    spec.destination = "mobifone";
    uint64_t wanted = add(t, &spec);
    spec.destination = NULL;
    (void)add(t, &spec);
    assert_int_equal(lease(t, LANE_A, none, "w", LEASE, held, 4), 0);
    assert_int_equal(lease(t, LANE_A, mine, "w", LEASE, held, 4), 1);
    assert_int_equal(held[0].id, wanted);
    assert_int_equal(lease(t, LANE_A, NULL, "w", LEASE, held, 4), 2);
    close_test(t);
}

static void add_many(struct jobs_test *t, const struct mc_job_spec *spec, int count)
{
    enum { TOGETHER = 1000 };

    for (int added = 0; added < count;) {
        turn_begin(&t->store, &t->turn);
        for (int i = 0; i < TOGETHER && added < count; i++, added++) {
            txn_begin(&t->store, &t->turn, &t->txn);
            assert_true(mc_job_add(&t->txn, spec) != 0);
            assert_int_equal(mc_txn_apply(&t->txn), MC_OK);
        }
        assert_int_equal(turn_end(&t->store, &t->turn), MC_OK);
    }
}

/*
 * A carrier is down and a hundred thousand of its texts wait: another's come through, at the cost
 * of what is taken. The call's memory says so: a look at each would use it up.
 */
static void a_dead_carrier_costs_the_others_nothing(void **state)
{
    enum { BACKLOG = 100000, OTHERS = 5, MEMORY = 16 << 10 };
    const char *const mine[] = {"mobifone", NULL};
    const struct mc_lease by_w = {
        .lane = LANE_A, .destinations = mine, .worker = "w", .lease_ms = LEASE};
    struct mc_job_spec spec = plain;
    struct jobs_test *t = calloc(1, sizeof *t);
    struct mc_job jobs[OTHERS + 1];

    (void)state;
    assert_non_null(t);
    store_open(&t->store, 256 << 20);
    add_many(t, &plain, BACKLOG);
    spec.destination = "mobifone";
    add_many(t, &spec, OTHERS);

    struct mc_txn *txn = begin(t);
    mc_arena_budget(&t->store.arena, MEMORY);
    assert_int_equal(mc_jobs_lease(txn, &by_w, jobs, OTHERS + 1), OTHERS);
    assert_int_equal(end(t), MC_OK);
    assert_int_equal(mc_jobs_held_by(begin(t), LANE_A, "w", false, BACKLOG), OTHERS);
    assert_int_equal(end(t), MC_OK);
    assert_int_equal(due_of(t, LANE_A), t->store.now_ms);
    close_test(t);
}

/* What is past its life goes without anybody asking for its destination. */
static void spent_jobs_are_found_whatever_their_destination(void **state)
{
    const char *const names[] = {"viettel", "mobifone", ""};
    struct mc_job_spec spec = plain;
    struct jobs_test *t = open_test();
    struct mc_job found[4];
    struct held held;
    uint64_t place = 0;

    (void)state;
    spec.expires_ms = t->store.now_ms + 1000;
    for (size_t i = 0; i < MC_LEN(names); i++) {
        spec.destination = names[i];
        (void)add(t, &spec);
    }
    (void)add(t, &plain);
    spec.attempts_max = 1; /* in hand when its life ends: its lease comes first */
    spec.destination = "itel";
    (void)add(t, &spec);
    assert_int_equal(lease(t, LANE_A, (const char *const[]){"itel", NULL}, "w", LEASE, &held, 1),
                     1);
    t->store.now_ms += 999;
    assert_int_equal(mc_jobs_spent(begin(t), LANE_A, &place, 100, found, 4), 0);
    assert_int_equal(end(t), MC_OK);
    assert_int_equal(place, 0); /* round */
    t->store.now_ms += 1;
    struct mc_txn *txn = begin(t);
    assert_int_equal(mc_jobs_spent(txn, LANE_A, &place, 2, found, 4), 2); /* a stretch */
    for (size_t i = 0; i < 2; i++) {
        assert_string_equal(found[i].spent, "EXPIRED");
        assert_int_equal(found[i].payload.len, sizeof secret);
        mc_job_bury(txn, &found[i], found[i].spent);
    }
    assert_int_equal(end(t), MC_OK);
    txn = begin(t);
    assert_int_equal(mc_jobs_spent(txn, LANE_A, &place, 100, found, 4), 1);
    mc_job_bury(txn, &found[0], found[0].spent);
    assert_int_equal(end(t), MC_OK);
    assert_int_equal(counts(t, LANE_A)->expired_total, 3);
    assert_int_equal(counts(t, LANE_A)->queued, 1);
    assert_int_equal(report(t, &held, "w", DONE), MC_OK);
    close_test(t);
}

/* A second attempt is another's, for a moment. */
static void what_failed_here_is_left_to_another_worker(void **state)
{
    enum { LEAVE = 5000 };
    struct mc_job_spec spec = plain;
    struct jobs_test *t = open_test();
    struct mc_job job;
    struct held held;
    const struct mc_lease mine = {
        .lane = LANE_A, .worker = "w1", .lease_ms = LEASE, .leave_ms = LEAVE};

    (void)state;
    spec.backoff_ms = 1000;
    (void)add(t, &spec);
    assert_int_equal(lease(t, LANE_A, NULL, "w1", LEASE, &held, 1), 1);
    assert_int_equal(report(t, &held, "w1", RETRY), MC_OK);
    t->store.now_ms += 1000 + LEAVE - 1;
    assert_int_equal(mc_jobs_lease(begin(t), &mine, &job, 1), 0);
    assert_int_equal(end(t), MC_OK);
    assert_int_equal(lease(t, LANE_A, NULL, "w2", LEASE, &held, 1), 1);
    assert_int_equal(report(t, &held, "w2", RETRY), MC_OK);
    t->store.now_ms += 2000;
    assert_int_equal(mc_jobs_lease(begin(t), &mine, &job, 1), 1); /* it was not mine that failed */
    assert_int_equal(end(t), MC_OK);

    t->store.now_ms += LEASE + LEAVE - 1; /* its lease ran out: the same */
    assert_int_equal(mc_jobs_lease(begin(t), &mine, &job, 1), 0);
    assert_int_equal(end(t), MC_OK);
    t->store.now_ms += 1; /* nobody came */
    assert_int_equal(mc_jobs_lease(begin(t), &mine, &job, 1), 1);
    assert_int_equal(end(t), MC_OK);
    close_test(t);
}

static void leases_can_be_taken_back(void **state)
{
    struct mc_job_spec spec = plain;
    struct jobs_test *t = open_test();
    struct held held[3];
    struct held again[3];

    (void)state;
    (void)add(t, &plain);
    spec.destination = "mobifone";
    (void)add(t, &spec);
    (void)add(t, &plain);
    assert_int_equal(lease(t, LANE_A, NULL, "w1", LEASE, held, 2), 2);
    assert_int_equal(lease(t, LANE_A, NULL, "w2", LEASE, held + 2, 1), 1);
    assert_int_equal(mc_jobs_held_by(begin(t), LANE_A, "w1", false, 100), 2);
    assert_int_equal(end(t), MC_OK);
    assert_int_equal(mc_jobs_held_by(begin(t), LANE_A, "w1", true, 100), 2);
    assert_int_equal(end(t), MC_OK);
    assert_int_equal(counts(t, LANE_A)->queued, 2);
    assert_int_equal(report(t, &held[0], "w1", DONE), MC_EXPIRED);
    assert_int_equal(report(t, &held[2], "w2", DONE), MC_OK);
    assert_int_equal(lease(t, LANE_A, NULL, "w3", LEASE, again, 3), 2);
    assert_true(again[0].unreported && again[1].unreported);
    close_test(t);
}

/* More destinations than one walk merges: the others come when these are served. */
static void many_destinations_and_long_names(void **state)
{
    struct mc_job_spec spec = plain;
    struct jobs_test *t = open_test();
    char name[MC_DUE_DESTINATION_MAX + 8];
    size_t taken = 0;

    (void)state;
    spec.destination = name;
    for (int i = 0; i <= MC_DUE_HEADS_MAX; i++) {
        (void)snprintf(name, sizeof name, "bank-%03d", i);
        (void)add(t, &spec);
    }
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    (void)add(t, &spec);
    for (size_t n = 1; n > 0; taken += n) {
        struct held held[16];

        n = lease(t, LANE_A, NULL, "w", LEASE, held, MC_LEN(held));
        for (size_t i = 0; i < n; i++)
            assert_int_equal(report(t, &held[i], "w", DONE), MC_OK);
    }
    assert_int_equal(taken, MC_DUE_HEADS_MAX + 2);
    assert_int_equal(due_of(t, LANE_A), INT64_MAX);
    close_test(t);
}

static void a_job_may_be_due_later(void **state)
{
    struct mc_job_spec spec = plain;
    struct jobs_test *t = open_test();
    struct held held[2];

    (void)state;
    spec.due_ms = t->store.now_ms + 60000;
    uint64_t later = add(t, &spec);
    uint64_t now = add(t, &plain);
    assert_int_equal(lease(t, LANE_A, NULL, "w", LEASE, held, 2), 1);
    assert_int_equal(held[0].id, now);
    assert_int_equal(report(t, &held[0], "w", DONE), MC_OK);
    t->store.now_ms += 60000;
    assert_int_equal(lease(t, LANE_A, NULL, "w", LEASE, held, 2), 1);
    assert_int_equal(held[0].id, later);
    close_test(t);
}

static void reclaiming_is_one_workers(void **state)
{
    struct jobs_test *t = open_test();
    struct held held[3];

    (void)state;
    for (int i = 0; i < 3; i++)
        (void)add(t, &plain);
    assert_int_equal(lease(t, LANE_A, NULL, "w1", LEASE, held, 2), 2);
    assert_int_equal(lease(t, LANE_A, NULL, "w2", LEASE, held + 2, 1), 1);
    assert_int_equal(mc_jobs_reclaim(begin(t), LANE_A, "w1", 1), 1); /* at most */
    assert_int_equal(end(t), MC_OK);
    assert_int_equal(mc_jobs_reclaim(begin(t), LANE_A, "w1", 9), 1);
    assert_int_equal(end(t), MC_OK);
    assert_int_equal(counts(t, LANE_A)->queued, 2);
    assert_int_equal(counts(t, LANE_A)->leased, 1);
    assert_int_equal(report(t, &held[0], "w1", DONE), MC_EXPIRED);
    assert_int_equal(report(t, &held[2], "w2", DONE), MC_OK);
    assert_int_equal(lease(t, LANE_A, NULL, "w3", LEASE, held, 3), 2);
    assert_true(held[0].unreported && held[1].unreported); /* ask before you repeat */
    close_test(t);
}

static void cancelling_is_for_ever(void **state)
{
    struct jobs_test *t = open_test();
    struct held held;

    (void)state;
    uint64_t id = add(t, &plain);
    assert_int_equal(lease(t, LANE_A, NULL, "w", LEASE, &held, 1), 1);
    for (int i = 0; i < 2; i++) { /* the second time is nothing */
        mc_job_cancel(begin(t), id);
        assert_int_equal(end(t), MC_OK);
        assert_int_equal(counts(t, LANE_A)->leased, 0);
    }
    assert_int_equal(report(t, &held, "w", DONE), MC_EXPIRED);
    assert_int_equal(due_of(t, LANE_A), INT64_MAX);
    close_test(t);
}

static void what_waits_for_its_time_is_hurried(void **state)
{
    struct jobs_test *t = open_test();
    struct mc_job_spec later = plain;
    struct held held;

    (void)state;
    later.due_ms = t->store.now_ms + 1000;
    uint64_t id = add(t, &later);
    assert_int_equal(lease(t, LANE_A, NULL, "w", LEASE, &held, 1), 0);
    for (int i = 0; i < 2; i++) { /* the second time it is due already */
        assert_int_equal(mc_job_hurry(begin(t), id), i == 0);
        assert_int_equal(end(t), MC_OK);
        assert_int_equal(due_of(t, LANE_A), t->store.now_ms);
    }
    assert_int_equal(lease(t, LANE_A, NULL, "w", LEASE, &held, 1), 1);
    for (uint64_t i = 0; i < 2; i++) { /* in somebody's hands; not there */
        assert_false(mc_job_hurry(begin(t), id + i));
        assert_int_equal(end(t), MC_OK);
    }
    assert_int_equal(report(t, &held, "w", DONE), MC_OK);
    close_test(t);
}

static void a_lease_of_no_time_is_still_one_lease(void **state)
{
    struct jobs_test *t = open_test();
    struct held held[4];

    (void)state;
    (void)add(t, &plain);
    assert_int_equal(lease(t, LANE_A, NULL, "w", 0, held, 4), 1);
    close_test(t);
}

static void a_refused_call_adds_no_job(void **state)
{
    struct jobs_test *t = open_test();

    (void)state;
    struct mc_txn *txn = begin(t);
    uint64_t id = mc_job_add(txn, &plain);
    (void)mc_fail(txn, MC_CONFLICT, "test");
    assert_int_equal(mc_job_add(txn, &plain), 0);
    assert_int_equal(end(t), MC_CONFLICT);
    assert_int_equal(counts(t, LANE_A)->queued, 0);
    assert_int_equal(add(t, &plain), id); /* the number was not used */
    close_test(t);
}

/* --- a long random walk beside a model --- */

/* One begins another: neither may be taken for the other. */
static const char *const walk_destinations[] = {"", "viet", "viettel", "vinaphone"};

enum { WALK_STEPS = 20000, WALK_LANES = 3, WALK_LIVE_MAX = 24, WALK_JOBS_MAX = WALK_STEPS };

struct model_job {
    uint64_t id;
    char state; /* Q queued, L leased, D dead, G gone */
    uint32_t attempts;
    uint32_t attempts_max;
    int64_t due_ms;
    int64_t expires_ms;
    int64_t leased_until;
    const char *destination;
    char worker;
    struct held held;
};

struct walk {
    struct jobs_test *t;
    struct mc_random random;
    struct model_job jobs[WALK_JOBS_MAX];
    size_t len;
    size_t first_live; /* all before it are over */
    uint64_t added[WALK_LANES];
    uint64_t done[WALK_LANES];
};

static unsigned lane_of(uint64_t id)
{
    return (unsigned)(id >> 56);
}

static uint64_t below(struct walk *w, uint64_t end_value)
{
    return mc_random_below(&w->random, end_value);
}

static const char *worker_name(char worker)
{
    return worker == 'a' ? "worker-a" : "worker-b";
}

static bool is_live(const struct model_job *job)
{
    return job->state == 'Q' || job->state == 'L';
}

static size_t live_len(const struct walk *w)
{
    size_t n = 0;

    for (size_t i = w->first_live; i < w->len; i++)
        n += is_live(&w->jobs[i]);
    return n;
}

/* A live one three times of four, else one of the last: it may be over. */
static struct model_job *any_job(struct walk *w)
{
    size_t recent = MC_MIN(w->len, 60U);
    size_t live = live_len(w);

    if (live == 0 || below(w, 4) == 0)
        return recent > 0 ? &w->jobs[w->len - 1 - below(w, recent)] : NULL;
    size_t skip = below(w, live);
    for (size_t i = w->first_live;; i++)
        if (is_live(&w->jobs[i]) && skip-- == 0)
            return &w->jobs[i];
}

/* True: the call was refused at the end, on purpose, and the model stays as it was. */
static bool spoiled(struct walk *w)
{
    if (below(w, 8) == 0)
        (void)mc_fail(&w->t->txn, MC_CONFLICT, "on purpose");
    return end(w->t) != MC_OK;
}

static void walk_add(struct walk *w)
{
    struct model_job *job = &w->jobs[w->len];
    struct mc_job_spec spec = plain;

    if (live_len(w) >= WALK_LIVE_MAX)
        return;
    spec.lane = (unsigned)below(w, WALK_LANES);
    spec.destination = walk_destinations[below(w, MC_LEN(walk_destinations))];
    spec.due_ms = below(w, 3) == 0 ? w->t->store.now_ms + (int64_t)below(w, 50) : 0;
    spec.expires_ms = below(w, 3) == 0 ? w->t->store.now_ms + (int64_t)below(w, 200) : 0;
    spec.attempts_max = (uint32_t)below(w, 4);
    spec.backoff_ms = 10;
    spec.backoff_max_ms = 40;
    uint64_t id = mc_job_add(begin(w->t), &spec);
    if (spoiled(w))
        return;
    *job = (struct model_job){.id = id,
                              .state = 'Q',
                              .attempts_max = spec.attempts_max,
                              .due_ms = MC_MAX(spec.due_ms, w->t->store.now_ms),
                              .expires_ms = spec.expires_ms,
                              .destination = spec.destination};
    w->len++;
    w->added[spec.lane]++;
}

/* The job a lease must give next: the earliest due, then the oldest. */
static struct model_job *next_due(struct walk *w, unsigned lane, const char *destination)
{
    struct model_job *best = NULL;

    for (size_t i = w->first_live; i < w->len; i++) {
        struct model_job *job = &w->jobs[i];

        if (is_live(job) && lane_of(job->id) == lane && job->due_ms <= w->t->store.now_ms &&
            (destination == NULL || strcmp(job->destination, destination) == 0) &&
            (best == NULL || job->due_ms < best->due_ms))
            best = job;
    }
    return best;
}

static void check_leased(struct walk *w, struct model_job *job, const struct mc_job *got,
                         char worker, int64_t lease_ms)
{
    int64_t now = w->t->store.now_ms;
    bool expired = job->expires_ms != 0 && job->expires_ms <= now;
    bool used_up = job->attempts_max != 0 && job->attempts >= job->attempts_max;

    assert_int_equal(got->record->id, job->id);
    assert_false(job->state == 'L' && job->leased_until > now); /* never two live leases */
    assert_true((got->spent != NULL) == (expired || used_up));
    job->state = 'L';
    job->attempts++;
    assert_int_equal(got->record->attempts, job->attempts);
    job->worker = worker;
    job->due_ms = now + lease_ms;
    job->leased_until = job->due_ms;
    job->held = (struct held){.id = job->id};
    memcpy(job->held.token, got->token, sizeof job->held.token);
}

static void walk_lease(struct walk *w)
{
    struct mc_job jobs[3];
    unsigned lane = (unsigned)below(w, WALK_LANES);
    char worker = below(w, 2) ? 'a' : 'b';
    int64_t lease_ms = 1 + (int64_t)below(w, 60);
    size_t max = 1 + below(w, 3);
    const char *only[] = {walk_destinations[below(w, MC_LEN(walk_destinations))], NULL};
    bool any = below(w, 3) != 0;
    const struct mc_lease spec = {.lane = lane,
                                  .destinations = any ? NULL : only,
                                  .worker = worker_name(worker),
                                  .lease_ms = lease_ms};
    size_t n = mc_jobs_lease(begin(w->t), &spec, jobs, max);

    if (below(w, 8) == 0) {
        (void)mc_fail(&w->t->txn, MC_CONFLICT, "on purpose");
        assert_int_equal(end(w->t), MC_CONFLICT);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct model_job *want = next_due(w, lane, any ? NULL : only[0]);

        assert_non_null(want);
        check_leased(w, want, &jobs[i], worker, lease_ms);
    }
    if (n < max)
        assert_null(next_due(w, lane, any ? NULL : only[0]));
    assert_int_equal(end(w->t), MC_OK);
}

static int64_t model_pause(const struct model_job *job)
{
    return MC_MIN(INT64_C(10) << MC_MIN(job->attempts - 1, 30U), 40);
}

/* Any token of any time, from the right worker or the wrong one. */
static void walk_report(struct walk *w)
{
    struct model_job *job = any_job(w);
    enum end_kind kind = (enum end_kind)below(w, 3);

    if (job == NULL || job->held.id == 0)
        return;
    char worker = job->worker;
    if (below(w, 5) == 0)
        worker = (char)(worker == 'a' ? 'b' : 'a');
    struct held held = job->held;
    if (below(w, 5) == 0)
        held.token[11]--; /* the lease before it */
    bool fits = job->state == 'L' && worker == job->worker && held.token[11] == job->held.token[11];
    assert_int_equal(report(w->t, &held, worker_name(worker), kind), fits ? MC_OK : MC_EXPIRED);
    if (!fits)
        return;
    if (kind == DONE) {
        job->state = 'G';
        w->done[lane_of(job->id)]++;
    } else if (kind == BURY || (job->attempts_max != 0 && job->attempts >= job->attempts_max)) {
        job->state = 'D';
    } else {
        job->state = 'Q';
        job->due_ms = w->t->store.now_ms + model_pause(job);
    }
}

static void walk_cancel(struct walk *w)
{
    struct model_job *job = any_job(w);

    if (job == NULL)
        return;
    mc_job_cancel(begin(w->t), job->id);
    if (!spoiled(w) && is_live(job))
        job->state = 'G';
}

static void walk_hurry(struct walk *w)
{
    struct model_job *job = any_job(w);

    if (job == NULL)
        return;
    bool waits = job->state == 'Q' && job->due_ms > w->t->store.now_ms;
    bool hurried = mc_job_hurry(begin(w->t), job->id);
    if (spoiled(w))
        return;
    assert_int_equal(hurried, waits);
    if (waits)
        job->due_ms = w->t->store.now_ms;
}

static void walk_reclaim(struct walk *w)
{
    unsigned lane = (unsigned)below(w, WALK_LANES);
    char worker = below(w, 2) ? 'a' : 'b';
    size_t n = 0;

    size_t got = mc_jobs_reclaim(begin(w->t), lane, worker_name(worker), 1000);
    if (spoiled(w))
        return;
    for (size_t i = w->first_live; i < w->len; i++) {
        struct model_job *job = &w->jobs[i];

        if (job->state != 'L' || lane_of(job->id) != lane || job->worker != worker)
            continue;
        job->state = 'Q';
        job->due_ms = w->t->store.now_ms;
        n++;
    }
    assert_int_equal(got, n);
}

/* What is kept with the jobs says the same as counting them. */
static void check_tallies(struct walk *w, const struct mc_lane_count counted[WALK_LANES])
{
    const struct mc_store *store = w->t->store.store;

    for (unsigned lane = 0; lane < WALK_LANES; lane++) {
        assert_int_equal(mc_tally_sum(store, lane, MC_TALLY_FRESH) +
                             mc_tally_sum(store, lane, MC_TALLY_AGAIN),
                         counted[lane].queued);
        assert_int_equal(mc_tally_sum(store, lane, MC_TALLY_LEASED), counted[lane].leased);
        assert_int_equal(mc_tally_sum(store, lane, MC_TALLY_HELD), counted[lane].held);
        assert_int_equal(mc_tally_sum(store, lane, MC_TALLY_DEAD), counted[lane].dead);
    }
}

/* Counts rows by state, and looks that every live job has exactly its one due row. */
static void recount(struct walk *w, struct mc_lane_count counted[WALK_LANES])
{
    struct mc_txn txn;
    size_t live = 0;
    size_t due = 0;

    look(&w->t->store, &txn);
    for (unsigned dead = 0; dead < 2; dead++) {
        struct mc_cursor cursor = mc_seek(&txn, dead ? MC_TABLE_DEAD : MC_TABLE_JOBS,
                                          (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
        while (mc_next(&cursor)) {
            const Motcua__Job *job = mc_row(&cursor, &motcua__job__descriptor);
            struct mc_lane_count *lane = &counted[lane_of(job->id)];
            uint8_t key[64] = {(uint8_t)lane_of(job->id)};
            size_t len = 2 + strlen(job->destination);
            uint64_t due_big = htobe64((uint64_t)job->due_ms);
            struct mc_bytes value;

            memcpy(key + 1, job->destination, len - 1); /* with its NUL */
            memcpy(key + len, &due_big, 8);
            memcpy(key + len + 8, cursor.key.data, 8);
            assert_true(mc_get(&txn, MC_TABLE_DUE, (struct mc_bytes){key, len + 16}, &value) ==
                        !dead);
            live += !dead;
            lane->queued += job->state == MOTCUA__JOB_STATE__QUEUED;
            lane->leased += job->state == MOTCUA__JOB_STATE__LEASED;
            lane->dead += job->state == MOTCUA__JOB_STATE__DEAD;
            assert_true((job->state == MOTCUA__JOB_STATE__DEAD) == (dead == 1));
            mc_pass(&cursor);
        }
    }
    struct mc_cursor cursor =
        mc_seek(&txn, MC_TABLE_DUE, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    for (; mc_next(&cursor); due++)
        mc_pass(&cursor);
    assert_int_equal(due, live);
    assert_int_equal(txn.status, MC_OK);
    look_end(&w->t->store, &txn);
    check_tallies(w, counted);
}

/* Dead letters only grow: an operator would take them away; here every thousand steps. */
static void clear_dead(struct walk *w)
{
    struct mc_txn *txn = begin(w->t);
    struct mc_cursor cursor =
        mc_seek(txn, MC_TABLE_DEAD, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    while (mc_next(&cursor)) {
        mc_tally_leave(txn, mc_row(&cursor, &motcua__job__descriptor));
        mc_drop(txn, MC_TABLE_DEAD, cursor.key);
        txn->lanes[((const uint8_t *)cursor.key.data)[0]].dead--;
    }
    txn->lanes_touched = 7;
    assert_int_equal(end(w->t), MC_OK);
    for (size_t i = 0; i < w->len; i++)
        if (w->jobs[i].state == 'D')
            w->jobs[i].state = 'G';
}

static void check_counts(struct walk *w)
{
    struct mc_lane_count counted[WALK_LANES] = {0};
    struct mc_lane_count wanted[WALK_LANES] = {0};

    recount(w, counted);
    while (w->first_live < w->len && w->jobs[w->first_live].state == 'G')
        w->first_live++;
    for (size_t i = w->first_live; i < w->len; i++) {
        struct mc_lane_count *lane = &wanted[lane_of(w->jobs[i].id)];

        lane->queued += w->jobs[i].state == 'Q';
        lane->leased += w->jobs[i].state == 'L';
        lane->dead += w->jobs[i].state == 'D';
    }
    for (unsigned i = 0; i < WALK_LANES; i++) {
        const struct mc_lane_count *kept = counts(w->t, i);

        assert_int_equal(kept->queued, counted[i].queued);
        assert_int_equal(kept->leased, counted[i].leased);
        assert_int_equal(kept->dead, counted[i].dead);
        assert_int_equal(kept->queued, wanted[i].queued);
        assert_int_equal(kept->leased, wanted[i].leased);
        assert_int_equal(kept->dead, wanted[i].dead);
        assert_int_equal(kept->held, 0);
        assert_int_equal(kept->enqueued_total, w->added[i]);
        assert_int_equal(kept->done_total, w->done[i]);
    }
}

static void walk_step(struct walk *w)
{
    switch (below(w, 12)) {
    case 0:
    case 1:
    case 2:
        walk_add(w);
        break;
    case 3:
    case 4:
    case 5:
        walk_lease(w);
        break;
    case 6:
    case 7:
    case 8:
        walk_report(w);
        break;
    case 9:
        if (below(w, 4) == 0)
            walk_cancel(w);
        else
            walk_hurry(w);
        break;
    case 10:
        if (below(w, 4) == 0)
            walk_reclaim(w);
        break;
    default:
        w->t->store.now_ms += (int64_t)below(w, 30);
        break;
    }
}

static void counters_are_what_the_tables_hold(void **state)
{
    struct walk *w = calloc(1, sizeof *w);
    struct mc_random_seeded seeded;

    (void)state;
    assert_non_null(w);
    w->t = open_test();
    w->random = mc_random_seed(&seeded, 11);
    for (int i = 0; i < WALK_STEPS; i++) {
        walk_step(w);
        check_counts(w);
        if (i % 500 == 499)
            store_reopen(&w->t->store);
        if (i % 250 == 249)
            clear_dead(w);
    }
    print_message("%zu jobs added\n", w->len);
    assert_true(w->len > WALK_STEPS / 20);
    close_test(w->t);
    free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_is_leased_and_done),
        cmocka_unit_test(the_payload_comes_back_and_is_sealed_at_rest),
        cmocka_unit_test(a_note_is_read_while_the_payload_stays_sealed),
        cmocka_unit_test(tokens_are_one_lease_of_one_worker),
        cmocka_unit_test(a_late_report_counts_while_nobody_else_has_the_job),
        cmocka_unit_test(pauses_double_up_to_their_cap),
        cmocka_unit_test(a_pause_may_be_told),
        cmocka_unit_test(attempts_end),
        cmocka_unit_test(a_last_attempt_that_never_answers_is_spent),
        cmocka_unit_test(an_expired_job_is_spent),
        cmocka_unit_test(dead_letters_forget_what_must_be_forgotten),
        cmocka_unit_test(lanes_are_independent_and_peeked_apart),
        cmocka_unit_test(destinations_filter),
        cmocka_unit_test(a_dead_carrier_costs_the_others_nothing),
        cmocka_unit_test(spent_jobs_are_found_whatever_their_destination),
        cmocka_unit_test(what_failed_here_is_left_to_another_worker),
        cmocka_unit_test(leases_can_be_taken_back),
        cmocka_unit_test(many_destinations_and_long_names),
        cmocka_unit_test(a_job_may_be_due_later),
        cmocka_unit_test(reclaiming_is_one_workers),
        cmocka_unit_test(cancelling_is_for_ever),
        cmocka_unit_test(what_waits_for_its_time_is_hurried),
        cmocka_unit_test(a_lease_of_no_time_is_still_one_lease),
        cmocka_unit_test(a_refused_call_adds_no_job),
        cmocka_unit_test(counters_are_what_the_tables_hold),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
