/*
 * Starts: how often a phone or an identity number may be tried in an hour. Without it the form
 * would tell anybody, one guess at a time, whose phone a number is; and each guess costs a question
 * to a carrier.
 */
#include "identity.h"

static void count(const struct identity *identity, struct mc_txn *txn, const char *field,
                  struct mc_bytes key)
{
    IdentityState__Starts fresh = IDENTITY_STATE__STARTS__INIT;
    IdentityState__Starts *starts =
        mc_load(txn, IDENTITY_STARTS, key, &identity_state__starts__descriptor);

    if (starts == NULL || starts->since_ms + IDENTITY_STARTS_WINDOW_MS <= txn->now_ms) {
        fresh.since_ms = txn->now_ms;
        starts = &fresh;
    }
    if (starts->count >= identity->starts_max) {
        txn->retry_after_ms =
            MC_MAX(txn->retry_after_ms, starts->since_ms + IDENTITY_STARTS_WINDOW_MS - txn->now_ms);
        (void)mc_refuse(txn, MC_LIMITED, field, "REGISTRATION_TOO_MANY", NULL);
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

    count(identity, txn, "phone", phone);
    count(identity, txn, "login_id", number);
    return txn->status;
}
