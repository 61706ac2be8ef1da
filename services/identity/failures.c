/*
 * Wrong passwords: five in half an hour lock the number for half an hour, and each further lock in
 * a row lasts twice as long (requirements, part E). Kept by the hash of the number, whether there
 * is such an account or not; the tick forgets what is over.
 */
#include "identity.h"

enum { LOCK_MEMORY_MS = 24 * 60 * 60 * 1000 }; /* how long a next lock counts as "in a row" */

static IdentityState__Failures *load(struct mc_txn *txn, struct mc_bytes login_index)
{
    IdentityState__Failures *failures =
        mc_load(txn, IDENTITY_FAILURES, login_index, &identity_state__failures__descriptor);

    return failures != NULL && failures->forget_at_ms > txn->now_ms ? failures : NULL;
}

int64_t identity_locked_until(struct mc_txn *txn, struct mc_bytes login_index)
{
    const IdentityState__Failures *failures = load(txn, login_index);

    return failures != NULL ? failures->locked_until_ms : 0;
}

static void lock(const struct identity *identity, struct mc_txn *txn,
                 IdentityState__Failures *failures)
{
    uint32_t doublings = MC_MIN(failures->locks, (uint32_t)IDENTITY_LOCK_DOUBLINGS_MAX);

    failures->locked_until_ms = txn->now_ms + (identity->lock_ms << doublings);
    failures->locks += 1;
    failures->count = 0;
    failures->forget_at_ms = failures->locked_until_ms + LOCK_MEMORY_MS;
}

int64_t identity_failure_count(struct identity *identity, struct mc_txn *txn,
                               struct mc_bytes login_index)
{
    IdentityState__Failures fresh = IDENTITY_STATE__FAILURES__INIT;
    IdentityState__Failures *failures = load(txn, login_index);

    if (failures == NULL)
        failures = &fresh;
    if (failures->count == 0 || failures->since_ms + identity->failure_window_ms <= txn->now_ms) {
        failures->count = 0;
        failures->since_ms = txn->now_ms;
    }
    failures->count += 1;
    failures->forget_at_ms =
        MC_MAX(failures->forget_at_ms, failures->since_ms + identity->failure_window_ms);
    if (failures->count >= IDENTITY_FAILURES_MAX)
        lock(identity, txn, failures);
    mc_save(txn, IDENTITY_FAILURES, login_index, &failures->base);
    return failures->locked_until_ms > txn->now_ms ? failures->locked_until_ms : 0;
}

void identity_failures_forget(struct mc_txn *txn, struct mc_bytes login_index)
{
    struct mc_bytes present;

    if (mc_get(txn, IDENTITY_FAILURES, login_index, &present))
        mc_drop(txn, IDENTITY_FAILURES, login_index);
}
