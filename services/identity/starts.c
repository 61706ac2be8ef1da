/*
 * Starts: how often a phone or an identity number may be tried in an hour. Without it the form
 * would tell anybody, one guess at a time, whose phone a number is; and each guess costs a question
 * to a carrier.
 */
#include "lookup.h"

static void count(struct mc_txn *txn, int64_t most, const char *field, const char *code,
                  struct mc_bytes key)
{
    IdentityState__Starts fresh = IDENTITY_STATE__STARTS__INIT;
    IdentityState__Starts *starts =
        mc_load(txn, IDENTITY_STARTS, key, &identity_state__starts__descriptor);

    if (starts == NULL || starts->since_ms + IDENTITY_STARTS_WINDOW_MS <= txn->now_ms) {
        fresh.since_ms = txn->now_ms;
        starts = &fresh;
    }
    if (starts->count >= most) {
        txn->retry_after_ms =
            MC_MAX(txn->retry_after_ms, starts->since_ms + IDENTITY_STARTS_WINDOW_MS - txn->now_ms);
        (void)mc_refuse(txn, MC_LIMITED, field, code, NULL);
        return;
    }
    starts->count += 1;
    mc_save(txn, IDENTITY_STARTS, key, &starts->base);
}

enum mc_status identity_starts_count(const struct identity *identity, struct mc_txn *txn,
                                     const IdentityState__Person *person)
{
    struct mc_bytes phone = mc_blind(txn, "start.phone", person->phone);
    struct mc_bytes number = mc_blind(txn, "start.login_id", person->login_id);

    count(txn, identity->starts_max, "phone", "REGISTRATION_TOO_MANY", phone);
    count(txn, identity->starts_max, "login_id", "REGISTRATION_TOO_MANY", number);
    return txn->status;
}

enum mc_status identity_finds_count(struct mc_txn *txn, const char *login_id)
{
    count(txn, IDENTITY_FINDS_MAX, "login_id", "INSURANCE_FIND_TOO_MANY",
          mc_blind(txn, "find.login_id", login_id));
    return txn->status;
}
