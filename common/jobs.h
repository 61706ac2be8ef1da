/*
 * Jobs: effects to perform outside, kept with the state that asked for them.
 *
 * A job is added in the transaction that decides it, so it exists exactly if the decision
 * does. A worker leases it, performs it, and acknowledges; a lease that runs out makes the
 * job due again (at least once), and the token of the old lease is refused from then on.
 * A job past its expiry is never performed: it comes back marked and becomes a dead letter.
 *
 * Live jobs lie in MC_TABLE_JOBS by id; MC_TABLE_DUE orders them by lane, destination and due
 * time (due.h). A leased job is simply due again when its lease ends, so no sweeper is needed.
 * Keys grow with time, within a lane and a destination: what one turn writes are neighbours.
 */
#pragma once

#include "common/txn.h"

struct mc_job_spec {
    unsigned lane; /* the room's own numbering, < MC_LANES_MAX */
    const char *kind;
    struct mc_bytes payload; /* sealed by mc_job_add */
    struct mc_bytes note;    /* not sealed: what is needed of it later without opening it */
    int64_t due_ms;          /* 0: now */
    int64_t expires_ms;      /* 0: never */
    uint32_t attempts_max;   /* 0: no end */
    uint32_t backoff_ms;
    uint32_t backoff_max_ms;
    const char *destination;
    const char *const *keys; /* business ids, NULL-terminated, or NULL */
    bool forget;             /* wipe the payload when the job is over */
};

/* Adds a job; returns its id, 0 when the call has failed. */
uint64_t mc_job_add(struct mc_txn *txn, const struct mc_job_spec *spec);

/* A job in a worker's hands; arena memory. */
struct mc_job {
    const Motcua__Job *record;
    struct mc_bytes payload; /* opened */
    const char *spent;       /* not to be performed: "EXPIRED" or "LEASE_RAN_OUT"; else NULL */
    uint8_t token[12];       /* id and attempt: proves this very lease */
    bool unreported;         /* the attempt before this one never told what became of it */
    const char *lost_by;     /* whose lease that was, when it ran out; else NULL */
};

/*
 * Leases up to `max` due jobs of a lane to a worker, the earliest first; only those whose
 * destination is in `destinations` (NULL-terminated) unless that is NULL. It costs what it takes,
 * whatever waits for others. Jobs whose life or attempts are over come too, with `spent` set: the
 * caller notes it and buries them.
 */
struct mc_lease {
    unsigned lane;
    const char *const *destinations;
    const char *worker;
    int64_t lease_ms;
    int64_t leave_ms; /* so long what this worker had last is left to others; 0: not at all */
};
size_t mc_jobs_lease(struct mc_txn *txn, const struct mc_lease *spec, struct mc_job *ret_jobs,
                     size_t max);

/*
 * Jobs of a lane that are not to be performed any more, whoever their destination is: looks at some
 * rows after *place and moves it on, round and round. They are in nobody's hands: bury them.
 */
size_t mc_jobs_spent(struct mc_txn *txn, unsigned lane, uint64_t *place, size_t rows,
                     struct mc_job *ret_jobs, size_t max);

/*
 * Finds a job by its lease token; NULL when this worker does not hold it (any more), which fails
 * nothing: it may be one of many. Its payload stays sealed until mc_job_open().
 */
mc_nodiscard struct mc_job *mc_job_held(struct mc_txn *txn, struct mc_bytes token,
                                        const char *worker);

/* Opens the payload of a job found by its token; no-op when it is open. */
void mc_job_open(struct mc_txn *txn, struct mc_job *job);

void mc_job_done(struct mc_txn *txn, const struct mc_job *job);
/* Failed: tried again after its back-off (or after_ms when > 0), or dead when attempts are used up.
 */
void mc_job_retry(struct mc_txn *txn, const struct mc_job *job, const char *error,
                  int64_t after_ms);
/* A step of it went well and another follows: due at once, and nothing failed. */
void mc_job_again(struct mc_txn *txn, const struct mc_job *job);
/* Will never succeed: a dead letter at once. */
void mc_job_bury(struct mc_txn *txn, const struct mc_job *job, const char *error);
/* Makes jobs due now that a worker of this name held when it died; at most max of them. */
size_t mc_jobs_reclaim(struct mc_txn *txn, unsigned lane, const char *worker, size_t max);

/*
 * How many jobs of a lane a worker holds under leases that last, among at most max rows; with
 * take_back they are due again at once, and their tokens stale.
 */
size_t mc_jobs_held_by(struct mc_txn *txn, unsigned lane, const char *worker, bool take_back,
                       size_t max);

/* Makes a job due now that waits for its time; false, and nothing done, when it does not. */
bool mc_job_hurry(struct mc_txn *txn, uint64_t id);
/* Drops a job that nobody holds or needs any more; no-op when it is gone. */
void mc_job_cancel(struct mc_txn *txn, uint64_t id);
/* The same of a dead letter. */
void mc_job_forget(struct mc_txn *txn, uint64_t id);
bool mc_job_is_last_attempt(const struct mc_job *job);

/* What operators do to a job that is in nobody's hands (actions.h). */
enum mc_job_step { MC_JOB_RETRY, MC_JOB_HOLD, MC_JOB_RELEASE, MC_JOB_DROP, MC_JOB_MOVE };
enum { MC_JOB_HISTORY_MAX = 8 }; /* failures, and touches, that a job remembers */
/*
 * `by`: who does it and why, as the job will remember it, and where it is moved to.
 * False, and nothing done, when it is not in this state any more, or was tried since (`attempts`
 * is what was seen), or a dead letter has no payload left to be tried with.
 */
bool mc_job_step(struct mc_txn *txn, uint64_t id, Motcua__JobState state, uint32_t attempts,
                 enum mc_job_step step, const Motcua__JobTouch *by);
