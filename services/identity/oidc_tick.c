/* Housekeeping of the provider, in bounded steps: what is over goes; the next key is drawn. */
#include "common/retention.h"

#include "oidc.h"

static void expire_authorizations(struct mc_txn *txn)
{
    struct mc_cursor cursor = mc_seek(txn, IDENTITY_AUTHORIZATIONS, (struct mc_bytes){0},
                                      (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (int i = 0; i < IDENTITY_TICK_ROWS && mc_next(&cursor); i++) {
        const IdentityState__Authorization *record =
            mc_row(&cursor, &identity_state__authorization__descriptor);
        if (record == NULL || record->expires_at_ms > txn->now_ms)
            break;
        mc_drop(txn, IDENTITY_AUTHORIZATIONS, cursor.key);
        gone++;
    }
    mc_retention_count(txn, "oidc", gone);
}

/* Its session ended, or its time is over. */
static bool browser_is_over(const struct mc_cursor *row)
{
    const IdentityState__Browser *record = mc_row(row, &identity_state__browser__descriptor);
    struct mc_bytes session;

    return record != NULL &&
           (record->expires_at_ms <= row->txn->now_ms ||
            !mc_get(row->txn, IDENTITY_SESSIONS, mc_key_bytes(record->session), &session));
}

static bool code_is_over(const struct mc_cursor *row)
{
    const IdentityState__Code *record = mc_row(row, &identity_state__code__descriptor);

    return record != NULL && record->forget_at_ms <= row->txn->now_ms;
}

static bool access_token_is_over(const struct mc_cursor *row)
{
    const IdentityState__AccessToken *record =
        mc_row(row, &identity_state__access_token__descriptor);

    return record != NULL && record->expires_at_ms <= row->txn->now_ms;
}

static bool assertion_is_over(const struct mc_cursor *row)
{
    const IdentityState__Assertion *record = mc_row(row, &identity_state__assertion__descriptor);

    return record != NULL && record->forget_at_ms <= row->txn->now_ms;
}

static bool vneid_login_is_over(const struct mc_cursor *row)
{
    const IdentityState__VneidLogin *record = mc_row(row, &identity_state__vneid_login__descriptor);

    return record != NULL && record->expires_at_ms <= row->txn->now_ms;
}

void identity_oidc_tick(struct identity *identity, struct mc_txn *txn)
{
    oidc_keys_turn(identity, txn);
    expire_authorizations(txn);
    uint64_t gone =
        identity_sweep(txn, IDENTITY_BROWSERS, identity->sweep_browsers, browser_is_over);
    gone += identity_sweep(txn, IDENTITY_CODES, identity->sweep_codes, code_is_over);
    gone += identity_sweep(txn, IDENTITY_ACCESS_TOKENS, identity->sweep_access_tokens,
                           access_token_is_over);
    gone += identity_sweep(txn, IDENTITY_ASSERTIONS, identity->sweep_assertions, assertion_is_over);
    gone += identity_sweep(txn, IDENTITY_VNEID_LOGINS, identity->sweep_vneid, vneid_login_is_over);
    mc_retention_count(txn, "oidc", gone);
}
