/*
 * Housekeeping, in bounded steps: registrations, sign-ins and sessions whose time is over go, with
 * the personal data they held. Their keys grow with time, so what is over lies in front.
 */
#include <string.h>

#include "identity.h"

static void expire_registrations(struct mc_txn *txn)
{
    struct mc_cursor cursor = mc_seek(txn, IDENTITY_REGISTRATIONS, (struct mc_bytes){0},
                                      (struct mc_bytes){0}, MC_FORWARD);

    for (int i = 0; i < IDENTITY_TICK_ROWS && mc_next(&cursor); i++) {
        const IdentityState__Registration *registration =
            mc_row(&cursor, &identity_state__registration__descriptor);
        if (registration == NULL || registration->expires_at_ms > txn->now_ms)
            return;
        mc_drop(txn, IDENTITY_REGISTRATIONS, cursor.key);
        if (registration->state == IDENTITY__REGISTRATION_STATE__CHECKING_SUBSCRIBER ||
            registration->state == IDENTITY__REGISTRATION_STATE__AWAITING_CODE) {
            Identity__RegistrationChanged changed = IDENTITY__REGISTRATION_CHANGED__INIT;
            changed.state = (Identity__RegistrationState)registration->state;
            changed.code = mc_unconst("REGISTRATION_EXPIRED");
            identity_registration_emit(txn, "identity.registration_expired", cursor.key, &changed);
        }
    }
}

static void expire_logins(struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_LOGINS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    for (int i = 0; i < IDENTITY_TICK_ROWS && mc_next(&cursor); i++) {
        const IdentityState__Login *login = mc_row(&cursor, &identity_state__login__descriptor);
        if (login == NULL || login->expires_at_ms > txn->now_ms)
            return;
        mc_drop(txn, IDENTITY_LOGINS, cursor.key);
    }
}

/* No token of it is good any more, so nobody needs to be told. */
static void expire_sessions(struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_SESSIONS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);

    for (int i = 0; i < IDENTITY_TICK_ROWS && mc_next(&cursor); i++) {
        const IdentityState__Session *session =
            mc_row(&cursor, &identity_state__session__descriptor);
        if (session == NULL || session->expires_at_ms > txn->now_ms)
            return;
        mc_drop(txn, IDENTITY_SESSIONS, cursor.key);
        mc_drop(txn, IDENTITY_ACCOUNT_SESSIONS,
                mc_key_join(txn, mc_key_bytes(session->account), cursor.key));
    }
}

/* These keys are hashes, in no order: each tick looks at the next stretch of them. */
static void forget_failures(struct identity *identity, struct mc_txn *txn)
{
    int seen = 0;
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_FAILURES, (struct mc_bytes){0},
                (struct mc_bytes){identity->sweep, sizeof identity->sweep}, MC_FORWARD);

    for (; seen < IDENTITY_TICK_ROWS && mc_next(&cursor); seen++) {
        const IdentityState__Failures *failures =
            mc_row(&cursor, &identity_state__failures__descriptor);
        if (failures == NULL)
            return;
        if (failures->forget_at_ms <= txn->now_ms)
            mc_drop(txn, IDENTITY_FAILURES, cursor.key);
        if (cursor.key.len == sizeof identity->sweep && seen == IDENTITY_TICK_ROWS - 1)
            memcpy(identity->sweep, cursor.key.data, sizeof identity->sweep);
    }
    if (seen < IDENTITY_TICK_ROWS)
        memset(identity->sweep, 0, sizeof identity->sweep);
}

enum mc_status identity_tick(void *ctx, struct mc_txn *txn)
{
    expire_registrations(txn);
    expire_logins(txn);
    expire_sessions(txn);
    forget_failures(ctx, txn);
    return txn->status;
}
