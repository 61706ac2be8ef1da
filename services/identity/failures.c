/*
 * Wrong passwords, counted three ways, so that guessing is hard and nobody locks another out
 * (LOG-04):
 *
 *   by number and source   five in half an hour lock the number for that source, for half an hour,
 *                          each further lock in a row twice as long (requirements, part E)
 *   by number              locks nothing: past twenty, sources that do not know the account yet
 *                          have to bring a captcha, and ever more of them cost ever more work
 *   by source              the same: spraying one password over many numbers
 *
 * So a stranger who fails locks himself, many strangers pay for each guess, and the owner comes in
 * from where he last came in. All by keyed hashes, whether there is such an account or not; the
 * tick forgets what is over. Codes are counted in the otp room, apart from this.
 */
#include <stdio.h>

#include "common/captcha.h"

#include "identity.h"

enum {
    MINUTE_MS = 60 * 1000,
    LOCK_MEMORY_MS = 24 * 60 * MINUTE_MS, /* how long a next lock counts as "in a row" */
};

static IdentityState__Failures *load(struct mc_txn *txn, struct mc_bytes key)
{
    IdentityState__Failures *failures =
        mc_load(txn, IDENTITY_FAILURES, key, &identity_state__failures__descriptor);

    return failures != NULL && failures->forget_at_ms > txn->now_ms ? failures : NULL;
}

static uint32_t count_of(const struct identity *identity, const struct mc_txn *txn,
                         const IdentityState__Failures *failures)
{
    if (failures == NULL || failures->since_ms + identity->failure_window_ms <= txn->now_ms)
        return 0;
    return failures->count;
}

/* Nothing up to the threshold; from there one for each doubling. */
static unsigned level_of(uint32_t count, uint32_t threshold)
{
    unsigned level = 0;

    while (level < MC_CAPTCHA_LEVEL_MAX && count >= threshold << level)
        level++;
    return level;
}

static struct mc_bytes pair_key(struct mc_txn *txn, struct mc_bytes login_index)
{
    char hex[2 * MC_HASH_LEN + 1];

    if (login_index.len > MC_HASH_LEN) {
        (void)mc_fail(txn, MC_INVALID, "index");
        return (struct mc_bytes){0};
    }
    (void)mc_hex(hex, login_index);
    const char *text = mc_sprintf(txn->arena, "%s %s", hex, mc_source(txn));
    if (text == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return (struct mc_bytes){0};
    }
    return mc_blind(txn, "failures.pair", text);
}

void identity_failures_look(const struct identity *identity, struct mc_txn *txn,
                            struct mc_bytes login_index, struct identity_failures *ret_failures)
{
    *ret_failures = (struct identity_failures){.account = login_index};
    ret_failures->pair = pair_key(txn, login_index);
    if (txn->header->source[0] != '\0') /* else all users of a front end would be one */
        ret_failures->source = mc_blind(txn, "failures.source", mc_source(txn));

    const IdentityState__Failures *pair = load(txn, ret_failures->pair);
    unsigned level = 0;
    ret_failures->locked_until_ms = pair != NULL ? pair->locked_until_ms : 0;
    ret_failures->known = pair != NULL && pair->known_until_ms > txn->now_ms;
    if (!ret_failures->known)
        level = level_of(count_of(identity, txn, load(txn, login_index)),
                         IDENTITY_ACCOUNT_FAILURES_FREE);
    if (ret_failures->source.len != 0)
        level = MC_MAX(level, level_of(count_of(identity, txn, load(txn, ret_failures->source)),
                                       IDENTITY_SOURCE_FAILURES_FREE));
    ret_failures->level = level;
}

static void lock(const struct identity *identity, struct mc_txn *txn,
                 IdentityState__Failures *failures)
{
    uint32_t doublings = MC_MIN(failures->locks, (uint32_t)IDENTITY_LOCK_DOUBLINGS_MAX);

    failures->locked_until_ms = txn->now_ms + (identity->lock_ms << doublings);
    failures->locks += 1;
    failures->count = 0;
    failures->forget_at_ms =
        MC_MAX(failures->forget_at_ms, failures->locked_until_ms + LOCK_MEMORY_MS);
}

/* Returns until when the key is locked, or 0; `most` 0: it never is. */
static int64_t count(const struct identity *identity, struct mc_txn *txn, struct mc_bytes key,
                     uint32_t most)
{
    IdentityState__Failures fresh = IDENTITY_STATE__FAILURES__INIT;
    IdentityState__Failures *failures = load(txn, key);

    if (failures == NULL)
        failures = &fresh;
    if (count_of(identity, txn, failures) == 0) {
        failures->count = 0;
        failures->since_ms = txn->now_ms;
    }
    failures->count += 1;
    failures->forget_at_ms =
        MC_MAX(failures->forget_at_ms, failures->since_ms + identity->failure_window_ms);
    if (most != 0 && failures->count >= most)
        lock(identity, txn, failures);
    mc_save(txn, IDENTITY_FAILURES, key, &failures->base);
    return failures->locked_until_ms > txn->now_ms ? failures->locked_until_ms : 0;
}

int64_t identity_failures_count(const struct identity *identity, struct mc_txn *txn,
                                const struct identity_failures *failures)
{
    (void)count(identity, txn, failures->account, 0);
    if (failures->source.len != 0)
        (void)count(identity, txn, failures->source, 0);
    return count(identity, txn, failures->pair, IDENTITY_FAILURES_MAX);
}

/* The other two run on: one's own account would else wipe away what was guessed at others. */
void identity_failures_forget(struct mc_txn *txn, const struct identity_failures *failures)
{
    IdentityState__Failures *pair = load(txn, failures->pair);

    if (pair == NULL)
        return;
    if (pair->known_until_ms <= txn->now_ms) {
        mc_drop(txn, IDENTITY_FAILURES, failures->pair);
        return;
    }
    pair->count = 0;
    pair->locks = 0;
    pair->locked_until_ms = 0;
    pair->forget_at_ms = pair->known_until_ms;
    mc_save(txn, IDENTITY_FAILURES, failures->pair, &pair->base);
}

void identity_source_know(const struct identity *identity, struct mc_txn *txn,
                          struct mc_bytes login_index)
{
    IdentityState__Failures fresh = IDENTITY_STATE__FAILURES__INIT;
    struct mc_bytes key = pair_key(txn, login_index);
    IdentityState__Failures *pair = load(txn, key);

    if (pair == NULL)
        pair = &fresh;
    pair->known_until_ms = txn->now_ms + identity->known_source_life_ms;
    pair->forget_at_ms = MC_MAX(pair->forget_at_ms, pair->known_until_ms);
    mc_save(txn, IDENTITY_FAILURES, key, &pair->base);
}

void identity_locked_say(struct mc_txn *txn, int64_t until_ms, char **ret_code, char **ret_message)
{
    char minutes[24];
    int64_t left = (until_ms - txn->now_ms + MINUTE_MS - 1) / MINUTE_MS;
    const char *args[] = {"minutes", minutes, NULL};

    (void)snprintf(minutes, sizeof minutes, "%lld", (long long)left);
    *ret_code = mc_unconst("ACCOUNT_LOCKED");
    *ret_message = identity_text(txn, "ACCOUNT_LOCKED", args);
}
