/*
 * Housekeeping, in bounded steps: registrations, sign-ins and sessions whose time is over go, with
 * the personal data they held. Their keys grow with time, so what is over lies in front.
 */
#include <string.h>

#include "common/captcha.h"
#include "common/retention.h"

#include "lookup.h"
#include "officer.h"
#include "oidc.h"
#include "signing.h"

static void expire_registrations(struct mc_txn *txn)
{
    struct mc_cursor cursor = mc_seek(txn, IDENTITY_REGISTRATIONS, (struct mc_bytes){0},
                                      (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (int i = 0; i < IDENTITY_TICK_ROWS && mc_next(&cursor); i++) {
        const IdentityState__Registration *registration =
            mc_row(&cursor, &identity_state__registration__descriptor);
        if (registration == NULL || registration->expires_at_ms > txn->now_ms)
            break;
        mc_drop(txn, IDENTITY_REGISTRATIONS, cursor.key);
        gone++;
        if (identity_registration_is_checking(registration) ||
            registration->state == IDENTITY__REGISTRATION_STATE__AWAITING_CODE) {
            Identity__RegistrationChanged changed = IDENTITY__REGISTRATION_CHANGED__INIT;
            changed.state = (Identity__RegistrationState)registration->state;
            changed.code = mc_unconst("REGISTRATION_EXPIRED");
            identity_registration_emit(txn, "identity.registration_expired", cursor.key, &changed);
        }
    }
    mc_retention_count(txn, "registrations", gone);
}

static void expire_logins(struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_LOGINS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (int i = 0; i < IDENTITY_TICK_ROWS && mc_next(&cursor); i++) {
        const IdentityState__Login *login = mc_row(&cursor, &identity_state__login__descriptor);
        if (login == NULL || login->expires_at_ms > txn->now_ms)
            break;
        mc_drop(txn, IDENTITY_LOGINS, cursor.key);
        gone++;
    }
    mc_retention_count(txn, "logins", gone);
}

static void expire_resets(struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_RESETS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (int i = 0; i < IDENTITY_TICK_ROWS && mc_next(&cursor); i++) {
        const IdentityState__Reset *reset = mc_row(&cursor, &identity_state__reset__descriptor);
        if (reset == NULL || reset->expires_at_ms > txn->now_ms)
            break;
        mc_drop(txn, IDENTITY_RESETS, cursor.key);
        gone++;
    }
    mc_retention_count(txn, "resets", gone);
}

/* No token of it is good any more, so nobody needs to be told. */
static void expire_sessions(struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_SESSIONS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (int i = 0; i < IDENTITY_TICK_ROWS && mc_next(&cursor); i++) {
        const IdentityState__Session *session =
            mc_row(&cursor, &identity_state__session__descriptor);
        if (session == NULL || session->expires_at_ms > txn->now_ms)
            break;
        identity_oidc_session_ended(txn, cursor.key, (struct mc_bytes){0});
        mc_drop(txn, IDENTITY_SESSIONS, cursor.key);
        gone++;
        mc_drop(txn, IDENTITY_ACCOUNT_SESSIONS,
                mc_key_join(txn, mc_key_bytes(session->account), cursor.key));
    }
    mc_retention_count(txn, "sessions", gone);
}

/* These keys are hashes, in no order: each tick looks at the next stretch of them. */
uint64_t identity_sweep(struct mc_txn *txn, unsigned table, uint8_t from[MC_ID_LEN],
                        bool (*is_over)(const struct mc_cursor *row))
{
    uint64_t gone = 0;
    int seen = 0;
    struct mc_cursor cursor =
        mc_seek(txn, table, (struct mc_bytes){0}, (struct mc_bytes){from, MC_ID_LEN}, MC_FORWARD);
    struct mc_bytes last = {0};

    for (; seen < IDENTITY_TICK_ROWS && mc_next(&cursor); seen++) {
        last = cursor.key;
        if (is_over(&cursor)) {
            mc_drop(txn, table, cursor.key);
            gone++;
        }
    }
    if (seen == IDENTITY_TICK_ROWS && last.len == MC_ID_LEN)
        memcpy(from, last.data, MC_ID_LEN);
    else
        memset(from, 0, MC_ID_LEN);
    return gone;
}

static bool failures_are_over(const struct mc_cursor *row)
{
    const IdentityState__Failures *failures = mc_row(row, &identity_state__failures__descriptor);

    return failures != NULL && failures->forget_at_ms <= row->txn->now_ms;
}

static bool starts_are_over(const struct mc_cursor *row)
{
    const IdentityState__Starts *starts = mc_row(row, &identity_state__starts__descriptor);

    return starts != NULL && starts->since_ms + IDENTITY_STARTS_WINDOW_MS <= row->txn->now_ms;
}

enum mc_status identity_tick(void *ctx, struct mc_txn *txn)
{
    struct identity *identity = ctx;

    identity_agencies_seed(txn);
    identity_names_move(txn);
    expire_registrations(txn);
    identity_scans_expire(txn);
    expire_logins(txn);
    expire_sessions(txn);
    identity_signings_expire(identity, txn);
    mc_retention_count(txn, "captchas",
                       mc_captcha_expire(txn, IDENTITY_CAPTCHAS, IDENTITY_TICK_ROWS));
    expire_resets(txn);
    identity_steps_expire(txn);
    identity_closings_due(txn);
    identity_phones_due(txn);
    mc_retention_count(
        txn, "login_failures",
        identity_sweep(txn, IDENTITY_FAILURES, identity->sweep_failures, failures_are_over));
    mc_retention_count(
        txn, "starts",
        identity_sweep(txn, IDENTITY_STARTS, identity->sweep_starts, starts_are_over));
    identity_oidc_tick(identity, txn);
    return txn->status;
}
