#include "common/jobs.h"

#include <endian.h>
#include <string.h>

#include "common/turn.h"

/*
 * Job id: lane in the top byte, then the store's job counter; big-endian it is the key of
 * MC_TABLE_JOBS and MC_TABLE_DEAD. MC_TABLE_DUE: lane (1), due time (8), id (8) -> nothing.
 * Lease token: id (8), attempt (4).
 */
enum { ID_SHIFT = 56, DUE_KEY_LEN = 17 };

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

static struct mc_bytes due_key(struct mc_txn *txn, unsigned lane, int64_t due_ms, uint64_t id)
{
    uint64_t due_big = htobe64((uint64_t)due_ms);
    uint64_t id_big = htobe64(id);
    uint8_t key[DUE_KEY_LEN] = {(uint8_t)lane};

    memcpy(key + 1, &due_big, sizeof due_big);
    memcpy(key + 9, &id_big, sizeof id_big);
    return mc_keep(txn, key, sizeof key);
}

static void due_put(struct mc_txn *txn, const Motcua__Job *job)
{
    mc_put(txn, MC_TABLE_DUE, due_key(txn, lane_of(job->id), job->due_ms, job->id),
           (struct mc_bytes){0});
}

static void due_drop(struct mc_txn *txn, const Motcua__Job *job)
{
    mc_drop(txn, MC_TABLE_DUE, due_key(txn, lane_of(job->id), job->due_ms, job->id));
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
    job.attempts_max = spec->attempts_max;
    job.created_ms = txn->now_ms;
    job.due_ms = MC_MAX(spec->due_ms, txn->now_ms);
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
    due_put(txn, &job);
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

    if (job->state == MOTCUA__JOB_STATE__LEASED)
        lane->leased--;
    else if (job->state == MOTCUA__JOB_STATE__HELD)
        lane->held--;
    else
        lane->queued--;
    return lane;
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
    job->state = MOTCUA__JOB_STATE__DEAD;
    job->last_error = mc_unconst(error);
    job->leased_by = mc_unconst("");
    if (job->forget)
        job->payload = (ProtobufCBinaryData){0};
    mc_drop(txn, MC_TABLE_JOBS, mc_key_u64(txn, job->id));
    mc_save(txn, MC_TABLE_DEAD, mc_key_u64(txn, job->id), &job->base);
}

static bool wanted(const Motcua__Job *job, const char *const *destinations)
{
    if (destinations == NULL)
        return true;
    for (; *destinations != NULL; destinations++)
        if (strcmp(job->destination, *destinations) == 0)
            return true;
    return false;
}

static void lease(struct mc_txn *txn, Motcua__Job *job, const char *worker, int64_t lease_ms)
{
    struct mc_lane_count *lane = state_leave(txn, job);

    lane->leased++;
    if (job->state == MOTCUA__JOB_STATE__LEASED)
        lane->failed_total++; /* its lease ran out */
    due_drop(txn, job);
    job->state = MOTCUA__JOB_STATE__LEASED;
    job->attempts++;
    job->leased_by = mc_unconst(worker);
    job->due_ms = txn->now_ms + MC_MAX(lease_ms, 1); /* not due again within this very walk */
    due_put(txn, job);
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

/* Rows looked at in one lease: bounds the work when many destinations are not wanted. */
enum { LEASE_SCAN_MAX = 4096 };

size_t mc_jobs_lease(struct mc_txn *txn, unsigned lane, const char *const *destinations,
                     const char *worker, int64_t lease_ms, struct mc_job *ret_jobs, size_t max)
{
    uint8_t prefix = (uint8_t)lane;
    struct mc_cursor cursor =
        mc_seek(txn, MC_TABLE_DUE, (struct mc_bytes){&prefix, 1}, (struct mc_bytes){0}, MC_FORWARD);
    size_t n = 0;

    for (size_t scanned = 0; n < max && scanned < LEASE_SCAN_MAX && mc_next(&cursor); scanned++) {
        const uint8_t *key = cursor.key.data;
        uint64_t due = 0;

        memcpy(&due, key + 1, sizeof due);
        if ((int64_t)be64toh(due) > txn->now_ms)
            break;
        Motcua__Job *job =
            mc_load(txn, MC_TABLE_JOBS, (struct mc_bytes){key + 9, 8}, &motcua__job__descriptor);
        if (job == NULL) {
            (void)mc_fail(txn, MC_CORRUPT, "a due row without its job");
            break;
        }
        const char *why = spent(txn, job);
        bool unreported = job->state == MOTCUA__JOB_STATE__LEASED;
        if (why == NULL && !wanted(job, destinations)) {
            mc_pass(&cursor);
            continue;
        }
        unreported = unreported || strcmp(job->last_error, job_unreported) == 0;
        lease(txn, job, worker, lease_ms);
        ret_jobs[n] = job_in_hand(job);
        mc_job_open(txn, &ret_jobs[n]);
        ret_jobs[n].spent = why;
        ret_jobs[n++].unreported = unreported;
    }
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
    due_drop(txn, job->record);
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
    job->state = MOTCUA__JOB_STATE__QUEUED;
    job->leased_by = mc_unconst("");
    job->last_error = mc_unconst(error);
    job->due_ms = due_ms;
    due_put(txn, job);
    mc_save(txn, MC_TABLE_JOBS, mc_key_u64(txn, job->id), &job->base);
}

void mc_job_retry(struct mc_txn *txn, const struct mc_job *job, const char *error, int64_t after_ms)
{
    Motcua__Job next = *job->record;
    int64_t due_ms = txn->now_ms + (after_ms > 0 ? after_ms : backoff(&next));

    due_drop(txn, &next);
    if (mc_job_is_last_attempt(job))
        bury(txn, &next, error);
    else
        requeue(txn, &next, error, due_ms);
}

void mc_job_bury(struct mc_txn *txn, const struct mc_job *job, const char *error)
{
    Motcua__Job next = *job->record;

    due_drop(txn, &next);
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
        due_drop(txn, job);
        requeue(txn, job, job_unreported, txn->now_ms);
        n++;
    }
    return n;
}

void mc_job_cancel(struct mc_txn *txn, uint64_t id)
{
    const Motcua__Job *job =
        mc_load(txn, MC_TABLE_JOBS, mc_key_u64(txn, id), &motcua__job__descriptor);

    if (job == NULL)
        return;
    (void)state_leave(txn, job);
    due_drop(txn, job);
    mc_drop(txn, MC_TABLE_JOBS, mc_key_u64(txn, id));
}

int64_t mc_jobs_next_due(struct mc_txn *txn, unsigned lane)
{
    uint8_t prefix = (uint8_t)lane;
    struct mc_cursor cursor =
        mc_seek(txn, MC_TABLE_DUE, (struct mc_bytes){&prefix, 1}, (struct mc_bytes){0}, MC_FORWARD);
    uint64_t due = 0;

    if (!mc_next(&cursor))
        return INT64_MAX;
    memcpy(&due, (const uint8_t *)cursor.key.data + 1, sizeof due);
    return (int64_t)be64toh(due);
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
        ret_jobs[n++] = job;
    }
    return n;
}

int64_t mc_jobs_oldest(struct mc_txn *txn, unsigned lane)
{
    Motcua__Job *job = NULL;

    return mc_jobs_peek(txn, (int)lane, false, 0, &job, 1) == 1 ? txn->now_ms - job->created_ms : 0;
}
