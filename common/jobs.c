#include "common/jobs.h"

#include <endian.h>
#include <string.h>

#include "common/due.h"
#include "common/pauses.h"
#include "common/tally.h"
#include "common/turn.h"

/*
 * Job id: lane in the top byte, then the store's job counter; big-endian it is the key of
 * MC_TABLE_JOBS and MC_TABLE_DEAD. Lease token: id (8), attempt (4).
 */
enum { ID_SHIFT = 56 };

static const char job_expired[] = "EXPIRED";
static const char job_unreported[] = "LEASE_RAN_OUT";

static unsigned lane_of(uint64_t id)
{
    return (unsigned)(id >> ID_SHIFT);
}

/* The call's own count of what it does to a lane. */
static struct mc_lane_count *lane_counts(struct mc_txn *txn, unsigned lane)
{
    assert(lane < MC_LANES_MAX);
    txn->lanes_touched |= 1U << lane;
    return &txn->lanes[lane];
}

uint64_t mc_job_add(struct mc_txn *txn, const struct mc_job_spec *spec)
{
    Motcua__Job job = MOTCUA__JOB__INIT;

    assert(txn->turn != NULL && spec->lane < MC_LANES_MAX);
    if (txn->status != MC_OK)
        return 0;

    job.id = (uint64_t)spec->lane << ID_SHIFT | (txn->turn->job_last + ++txn->jobs_added);
    job.kind = mc_unconst(spec->kind);
    job.state = MOTCUA__JOB_STATE__QUEUED;
    job.payload = mc_seal_bytes(txn, spec->payload);
    job.note = (ProtobufCBinaryData){spec->note.len, mc_unconst(spec->note.data)};
    job.attempts_max = spec->attempts_max;
    job.created_ms = txn->now_ms;
    job.due_ms = MC_MAX(spec->due_ms, txn->now_ms);
    job.since_ms = job.due_ms > job.created_ms ? job.due_ms : 0;
    job.expires_ms = spec->expires_ms;
    if (spec->destination != NULL)
        job.destination = mc_unconst(spec->destination);
    job.traceparent = txn->header->traceparent;
    job.cause = txn->header->request_id;
    job.actor = mc_unconst(txn->actor);
    job.cause_event = mc_unconst(txn->cause_event);
    job.keys = mc_list_copy(txn->arena, spec->keys, &job.n_keys);
    job.forget = spec->forget;
    job.backoff_ms = spec->backoff_ms;
    job.backoff_max_ms = spec->backoff_max_ms;

    mc_save(txn, MC_TABLE_JOBS, mc_key_u64(txn, job.id), &job.base);
    mc_due_put(txn, &job);
    mc_tally_enter(txn, &job);
    lane_counts(txn, spec->lane)->queued++;
    lane_counts(txn, spec->lane)->enqueued_total++;
    return txn->status == MC_OK ? job.id : 0;
}

static struct mc_job job_in_hand(const Motcua__Job *record)
{
    struct mc_job job = {.record = record};
    uint64_t id = htobe64(record->id);
    uint32_t attempt = htobe32(record->attempts);

    memcpy(job.token, &id, sizeof id);
    memcpy(job.token + sizeof id, &attempt, sizeof attempt);
    return job;
}

static struct mc_lane_count *state_leave(struct mc_txn *txn, const Motcua__Job *job)
{
    struct mc_lane_count *lane = lane_counts(txn, lane_of(job->id));

    mc_tally_leave(txn, job);
    if (job->state == MOTCUA__JOB_STATE__LEASED)
        lane->leased--;
    else if (job->state == MOTCUA__JOB_STATE__HELD)
        lane->held--;
    else
        lane->queued--;
    return lane;
}

/* A list of at most `most`, with the newest at its end. */
static void remember(struct mc_txn *txn, void *new, void ***list, size_t *len, size_t most)
{
    size_t kept = MC_MIN(*len, most - 1);
    void **longer = mc_alloc(txn->arena, (kept + 1) * sizeof *longer);

    if (longer == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    if (kept > 0)
        memcpy(longer, *list + *len - kept, kept * sizeof *longer);
    longer[kept] = new;
    *list = longer;
    *len = kept + 1;
}

/* The attempt that a worker had in hands failed. */
static void remember_failure(struct mc_txn *txn, Motcua__Job *job, const char *error)
{
    Motcua__JobAttempt *attempt = mc_alloc(txn->arena, sizeof *attempt);
    void **list = (void **)job->failures;

    if (attempt == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    motcua__job_attempt__init(attempt);
    attempt->at_ms = txn->now_ms;
    attempt->number = job->attempts;
    attempt->worker = job->leased_by;
    attempt->error = mc_unconst(error);
    remember(txn, attempt, &list, &job->n_failures, MC_JOB_HISTORY_MAX);
    job->failures = (Motcua__JobAttempt **)list;
}

/* Moves a live job among the dead letters. The due row must be gone already. */
static void bury(struct mc_txn *txn, Motcua__Job *job, const char *error)
{
    struct mc_lane_count *lane = state_leave(txn, job);

    lane->dead++;
    if (strcmp(error, job_expired) == 0)
        lane->expired_total++;
    else
        lane->failed_total++;
    if (job->state == MOTCUA__JOB_STATE__LEASED)
        remember_failure(txn, job, error);
    job->state = MOTCUA__JOB_STATE__DEAD;
    job->last_error = mc_unconst(error);
    job->leased_by = mc_unconst("");
    if (job->forget)
        job->payload = (ProtobufCBinaryData){0};
    mc_tally_enter(txn, job);
    mc_drop(txn, MC_TABLE_JOBS, mc_key_u64(txn, job->id));
    mc_save(txn, MC_TABLE_DEAD, mc_key_u64(txn, job->id), &job->base);
}

static void lease(struct mc_txn *txn, Motcua__Job *job, const char *worker, int64_t lease_ms)
{
    struct mc_lane_count *lane = state_leave(txn, job);

    lane->leased++;
    if (job->state == MOTCUA__JOB_STATE__LEASED) {
        lane->failed_total++; /* its lease ran out */
        remember_failure(txn, job, job_unreported);
    }
    mc_due_drop(txn, job);
    job->state = MOTCUA__JOB_STATE__LEASED;
    job->attempts++;
    job->leased_by = mc_unconst(worker);
    job->tried_by = mc_unconst("");
    job->due_ms = txn->now_ms + MC_MAX(lease_ms, 1); /* not due again within this very walk */
    mc_tally_enter(txn, job);
    mc_due_put(txn, job);
    mc_save(txn, MC_TABLE_JOBS, mc_key_u64(txn, job->id), &job->base);
}

/* What stops a due job from being performed: its life is over, or its attempts are. */
static const char *spent(const struct mc_txn *txn, const Motcua__Job *job)
{
    if (job->expires_ms != 0 && job->expires_ms <= txn->now_ms)
        return job_expired;
    if (job->attempts_max != 0 && job->attempts >= job->attempts_max)
        return job_unreported; /* the last attempt never answered */
    return NULL;
}

/* It failed in this worker's hands a moment ago: another one may have more luck. */
static bool is_left(const struct mc_txn *txn, const struct mc_lease *lease, const Motcua__Job *job)
{
    const char *last = job->state == MOTCUA__JOB_STATE__LEASED ? job->leased_by : job->tried_by;

    return job->due_ms + lease->leave_ms > txn->now_ms && strcmp(last, lease->worker) == 0;
}

static struct mc_job give(struct mc_txn *txn, const struct mc_lease *spec, Motcua__Job *job,
                          const char *why)
{
    const char *lost_by = job->state == MOTCUA__JOB_STATE__LEASED ? job->leased_by : NULL;
    bool unreported = lost_by != NULL || strcmp(job->last_error, job_unreported) == 0;

    lease(txn, job, spec->worker, spec->lease_ms);
    struct mc_job given = job_in_hand(job);
    mc_job_open(txn, &given);
    given.spent = why;
    given.unreported = unreported;
    given.lost_by = lost_by;
    return given;
}

size_t mc_jobs_lease(struct mc_txn *txn, const struct mc_lease *spec, struct mc_job *ret_jobs,
                     size_t max)
{
    struct mc_due_walk walk;
    int64_t due_ms = 0;
    uint64_t id = 0;
    size_t n = 0;

    mc_due_begin_open(&walk, txn, spec->lane, spec->destinations);
    while (n < max && mc_due_next(&walk, txn->now_ms, &due_ms, &id)) {
        size_t mark = txn->arena->used;
        Motcua__Job *job =
            mc_load(txn, MC_TABLE_JOBS, mc_key_u64(txn, id), &motcua__job__descriptor);
        if (job == NULL) {
            (void)mc_fail(txn, MC_CORRUPT, "a due row without its job");
            break;
        }
        const char *why = spent(txn, job);
        if (why == NULL && is_left(txn, spec, job)) {
            mc_arena_rewind(txn->arena, mark);
            continue;
        }
        ret_jobs[n++] = give(txn, spec, job, why);
    }
    return txn->status == MC_OK ? n : 0;
}

size_t mc_jobs_spent(struct mc_txn *txn, unsigned lane, uint64_t *place, size_t rows,
                     struct mc_job *ret_jobs, size_t max)
{
    uint8_t prefix = (uint8_t)lane;
    struct mc_cursor cursor = mc_seek(txn, MC_TABLE_JOBS, (struct mc_bytes){&prefix, 1},
                                      mc_key_u64(txn, *place + 1), MC_FORWARD);
    size_t seen = 0;
    size_t n = 0;

    for (; seen < rows && n < max && mc_next(&cursor); seen++) {
        Motcua__Job *job = mc_row(&cursor, &motcua__job__descriptor);
        if (job == NULL)
            return 0;
        *place = job->id;
        const char *why = job->due_ms <= txn->now_ms ? spent(txn, job) : NULL;
        if (why == NULL) {
            mc_pass(&cursor);
            continue;
        }
        ret_jobs[n] = job_in_hand(job);
        mc_job_open(txn, &ret_jobs[n]);
        ret_jobs[n++].spent = why;
    }
    if (seen < rows && n < max)
        *place = 0;
    return txn->status == MC_OK ? n : 0;
}

struct mc_job *mc_job_held(struct mc_txn *txn, struct mc_bytes token, const char *worker)
{
    struct mc_job *job = mc_alloc(txn->arena, sizeof *job);
    uint32_t attempt = 0;

    if (job == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    const Motcua__Job *record = token.len == sizeof job->token
                                    ? mc_load(txn, MC_TABLE_JOBS, (struct mc_bytes){token.data, 8},
                                              &motcua__job__descriptor)
                                    : NULL;
    if (record != NULL)
        memcpy(&attempt, (const uint8_t *)token.data + 8, sizeof attempt);
    if (record == NULL || record->state != MOTCUA__JOB_STATE__LEASED ||
        record->attempts != be32toh(attempt) || strcmp(record->leased_by, worker) != 0)
        return NULL;
    *job = job_in_hand(record);
    return job;
}

void mc_job_open(struct mc_txn *txn, struct mc_job *job)
{
    if (job->payload.data == NULL)
        job->payload = mc_open_bytes(txn, job->record->payload);
}

void mc_job_done(struct mc_txn *txn, const struct mc_job *job)
{
    struct mc_lane_count *lane = state_leave(txn, job->record);

    lane->done_total++;
    mc_due_drop(txn, job->record);
    mc_drop(txn, MC_TABLE_JOBS, mc_key_u64(txn, job->record->id));
}

bool mc_job_is_last_attempt(const struct mc_job *job)
{
    return job->record->attempts_max != 0 && job->record->attempts >= job->record->attempts_max;
}

/* Doubles with each attempt, from backoff_ms to backoff_max_ms. */
static int64_t backoff(const Motcua__Job *job)
{
    int64_t base = job->backoff_ms != 0 ? job->backoff_ms : 1000;
    int64_t most = job->backoff_max_ms != 0 ? job->backoff_max_ms : INT64_C(86400000);
    uint32_t doublings = MC_MIN(job->attempts > 0 ? job->attempts - 1 : 0, 30U);

    return MC_MIN(base << doublings, most);
}

/* Back into its lane after an attempt that failed. The due row must be gone already. */
static void requeue(struct mc_txn *txn, Motcua__Job *job, const char *error, int64_t due_ms)
{
    struct mc_lane_count *lane = state_leave(txn, job);

    lane->queued++;
    lane->failed_total++;
    remember_failure(txn, job, error);
    job->state = MOTCUA__JOB_STATE__QUEUED;
    job->tried_by = job->leased_by;
    job->leased_by = mc_unconst("");
    job->last_error = mc_unconst(error);
    job->due_ms = due_ms;
    mc_tally_enter(txn, job);
    mc_due_put(txn, job);
    mc_save(txn, MC_TABLE_JOBS, mc_key_u64(txn, job->id), &job->base);
}

void mc_job_retry(struct mc_txn *txn, const struct mc_job *job, const char *error, int64_t after_ms)
{
    Motcua__Job next = *job->record;
    int64_t due_ms = txn->now_ms + (after_ms > 0 ? after_ms : backoff(&next));

    mc_due_drop(txn, &next);
    if (mc_job_is_last_attempt(job))
        bury(txn, &next, error);
    else
        requeue(txn, &next, error, due_ms);
}

void mc_job_again(struct mc_txn *txn, const struct mc_job *job)
{
    Motcua__Job next = *job->record;

    mc_due_drop(txn, &next);
    state_leave(txn, &next)->queued++;
    next.state = MOTCUA__JOB_STATE__QUEUED;
    next.leased_by = mc_unconst("");
    next.due_ms = txn->now_ms;
    mc_tally_enter(txn, &next);
    mc_due_put(txn, &next);
    mc_save(txn, MC_TABLE_JOBS, mc_key_u64(txn, next.id), &next.base);
}

void mc_job_bury(struct mc_txn *txn, const struct mc_job *job, const char *error)
{
    Motcua__Job next = *job->record;

    mc_due_drop(txn, &next);
    bury(txn, &next, error);
}

size_t mc_jobs_reclaim(struct mc_txn *txn, unsigned lane, const char *worker, size_t max)
{
    uint8_t prefix = (uint8_t)lane;
    struct mc_cursor cursor = mc_seek(txn, MC_TABLE_JOBS, (struct mc_bytes){&prefix, 1},
                                      (struct mc_bytes){0}, MC_FORWARD);
    size_t n = 0;

    while (n < max && mc_next(&cursor)) {
        Motcua__Job *job = mc_row(&cursor, &motcua__job__descriptor);

        if (job == NULL || job->state != MOTCUA__JOB_STATE__LEASED ||
            strcmp(job->leased_by, worker) != 0) {
            mc_pass(&cursor);
            continue;
        }
        mc_due_drop(txn, job);
        requeue(txn, job, job_unreported, txn->now_ms);
        n++;
    }
    return n;
}

size_t mc_jobs_held_by(struct mc_txn *txn, unsigned lane, const char *worker, bool take_back,
                       size_t max)
{
    struct mc_due_walk walk;
    int64_t due_ms = 0;
    uint64_t id = 0;
    size_t n = 0;

    mc_due_begin(&walk, txn, lane, NULL, txn->now_ms + 1);
    for (size_t seen = 0; seen < max && mc_due_next(&walk, INT64_MAX, &due_ms, &id); seen++) {
        size_t mark = txn->arena->used;
        Motcua__Job *job =
            mc_load(txn, MC_TABLE_JOBS, mc_key_u64(txn, id), &motcua__job__descriptor);
        if (job == NULL)
            break;
        if (job->state == MOTCUA__JOB_STATE__LEASED && strcmp(job->leased_by, worker) == 0) {
            n++;
            if (take_back) {
                mc_due_drop(txn, job);
                requeue(txn, job, job_unreported, txn->now_ms);
                continue; /* its rows are to be written: the memory stays */
            }
        }
        mc_arena_rewind(txn->arena, mark);
    }
    return n;
}

/* From among the dead letters back into its lane, as if it had never been tried. */
static void revive(struct mc_txn *txn, Motcua__Job *job)
{
    struct mc_lane_count *lane = lane_counts(txn, lane_of(job->id));

    lane->dead--;
    lane->queued++;
    mc_tally_leave(txn, job);
    mc_drop(txn, MC_TABLE_DEAD, mc_key_u64(txn, job->id));
    job->state = MOTCUA__JOB_STATE__QUEUED;
    job->attempts = 0;
    job->due_ms = txn->now_ms;
    job->expires_ms = 0; /* who tries it again knows that it is late */
    mc_tally_enter(txn, job);
    mc_due_put(txn, job);
    mc_save(txn, MC_TABLE_JOBS, mc_key_u64(txn, job->id), &job->base);
}

static void drop(struct mc_txn *txn, const Motcua__Job *job)
{
    bool dead = job->state == MOTCUA__JOB_STATE__DEAD;

    if (dead) {
        lane_counts(txn, lane_of(job->id))->dead--;
        mc_tally_leave(txn, job);
    } else {
        (void)state_leave(txn, job);
    }
    if (job->state == MOTCUA__JOB_STATE__QUEUED)
        mc_due_drop(txn, job);
    mc_drop(txn, dead ? MC_TABLE_DEAD : MC_TABLE_JOBS, mc_key_u64(txn, job->id));
}

static bool hurry(struct mc_txn *txn, Motcua__Job *job)
{
    if (job->state != MOTCUA__JOB_STATE__QUEUED || job->due_ms <= txn->now_ms)
        return false;
    mc_due_drop(txn, job);
    mc_tally_leave(txn, job);
    job->due_ms = txn->now_ms;
    mc_tally_enter(txn, job);
    mc_due_put(txn, job);
    mc_save(txn, MC_TABLE_JOBS, mc_key_u64(txn, job->id), &job->base);
    return true;
}

bool mc_job_hurry(struct mc_txn *txn, uint64_t id)
{
    Motcua__Job *job = mc_load(txn, MC_TABLE_JOBS, mc_key_u64(txn, id), &motcua__job__descriptor);

    return job != NULL && hurry(txn, job);
}

void mc_job_cancel(struct mc_txn *txn, uint64_t id)
{
    const Motcua__Job *job =
        mc_load(txn, MC_TABLE_JOBS, mc_key_u64(txn, id), &motcua__job__descriptor);

    if (job == NULL)
        return;
    if (job->state == MOTCUA__JOB_STATE__LEASED)
        mc_due_drop(txn, job);
    drop(txn, job);
}

void mc_job_forget(struct mc_txn *txn, uint64_t id)
{
    const Motcua__Job *job =
        mc_load(txn, MC_TABLE_DEAD, mc_key_u64(txn, id), &motcua__job__descriptor);

    if (job != NULL)
        drop(txn, job);
}

static void hold(struct mc_txn *txn, Motcua__Job *job)
{
    struct mc_lane_count *lane = state_leave(txn, job);

    lane->held++;
    mc_due_drop(txn, job);
    job->state = MOTCUA__JOB_STATE__HELD;
    mc_tally_enter(txn, job);
    mc_save(txn, MC_TABLE_JOBS, mc_key_u64(txn, job->id), &job->base);
}

static void release(struct mc_txn *txn, Motcua__Job *job)
{
    struct mc_lane_count *lane = state_leave(txn, job);

    lane->queued++;
    job->state = MOTCUA__JOB_STATE__QUEUED;
    job->due_ms = MC_MAX(job->due_ms, txn->now_ms);
    mc_tally_enter(txn, job);
    mc_due_put(txn, job);
    mc_save(txn, MC_TABLE_JOBS, mc_key_u64(txn, job->id), &job->base);
}

static void move(struct mc_txn *txn, Motcua__Job *job, const char *destination)
{
    bool dead = job->state == MOTCUA__JOB_STATE__DEAD;

    if (job->state == MOTCUA__JOB_STATE__QUEUED)
        mc_due_drop(txn, job);
    mc_tally_leave(txn, job);
    job->destination = mc_unconst(destination);
    mc_tally_enter(txn, job);
    if (job->state == MOTCUA__JOB_STATE__QUEUED)
        mc_due_put(txn, job);
    mc_save(txn, dead ? MC_TABLE_DEAD : MC_TABLE_JOBS, mc_key_u64(txn, job->id), &job->base);
}

static void remember_touch(struct mc_txn *txn, Motcua__Job *job, const Motcua__JobTouch *by)
{
    Motcua__JobTouch *touch = mc_alloc(txn->arena, sizeof *touch);
    void **list = (void **)job->touches;

    if (touch == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    *touch = *by;
    touch->at_ms = txn->now_ms;
    touch->from_destination = job->destination;
    touch->attempts = job->attempts;
    remember(txn, touch, &list, &job->n_touches, MC_JOB_HISTORY_MAX);
    job->touches = (Motcua__JobTouch **)list;
}

bool mc_job_step(struct mc_txn *txn, uint64_t id, Motcua__JobState state, uint32_t attempts,
                 enum mc_job_step step, const Motcua__JobTouch *by)
{
    bool dead = state == MOTCUA__JOB_STATE__DEAD;
    Motcua__Job *job = mc_load(txn, dead ? MC_TABLE_DEAD : MC_TABLE_JOBS, mc_key_u64(txn, id),
                               &motcua__job__descriptor);

    if (job == NULL || job->state != state || job->attempts != attempts)
        return false;
    remember_touch(txn, job, by);
    switch (step) {
    case MC_JOB_RETRY:
        if (state == MOTCUA__JOB_STATE__QUEUED)
            return hurry(txn, job);
        if (!dead || job->payload.len == 0)
            return false;
        revive(txn, job);
        return true;
    case MC_JOB_HOLD:
        if (state != MOTCUA__JOB_STATE__QUEUED)
            return false;
        hold(txn, job);
        return true;
    case MC_JOB_RELEASE:
        if (state != MOTCUA__JOB_STATE__HELD)
            return false;
        release(txn, job);
        return true;
    case MC_JOB_DROP:
        drop(txn, job);
        return true;
    case MC_JOB_MOVE:
        move(txn, job, by->to_destination);
        return true;
    }
    return false;
}

int64_t mc_jobs_next_due(struct mc_txn *txn, unsigned lane)
{
    struct mc_due_walk walk;
    int64_t due_ms = 0;
    uint64_t id = 0;

    mc_due_begin_open(&walk, txn, lane, NULL);
    int64_t next = mc_due_next(&walk, INT64_MAX, &due_ms, &id) ? due_ms : INT64_MAX;
    return MC_MIN(next, mc_pause_ends(txn->store, lane, txn->now_ms));
}

size_t mc_jobs_peek(struct mc_txn *txn, int lane, bool dead, uint64_t after, Motcua__Job **ret_jobs,
                    size_t max)
{
    uint8_t prefix = (uint8_t)lane;
    uint64_t first = after + 1;
    struct mc_cursor cursor = mc_seek(
        txn, dead ? MC_TABLE_DEAD : MC_TABLE_JOBS, (struct mc_bytes){&prefix, lane >= 0 ? 1 : 0},
        after != 0 ? mc_key_u64(txn, first) : (struct mc_bytes){0}, MC_FORWARD);
    size_t n = 0;

    if (after == UINT64_MAX)
        return 0;
    while (n < max && mc_next(&cursor)) {
        Motcua__Job *job = mc_row(&cursor, &motcua__job__descriptor);

        if (job == NULL)
            break;
        job->payload = (ProtobufCBinaryData){0};
        job->note = (ProtobufCBinaryData){0};
        ret_jobs[n++] = job;
    }
    return n;
}

int64_t mc_jobs_oldest(struct mc_txn *txn, unsigned lane)
{
    Motcua__Job *job = NULL;

    if (mc_jobs_peek(txn, (int)lane, false, 0, &job, 1) != 1)
        return 0;
    if (job->since_ms == 0) /* what came later waits less */
        return txn->now_ms - job->created_ms;
    int64_t first_ms = mc_tally_first_ms(txn->store, lane);
    return first_ms != 0 ? MC_MAX(txn->now_ms - first_ms, INT64_C(0)) : 0;
}
