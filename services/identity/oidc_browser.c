/*
 * Browsers: a cookie, and the identity session it stands for. The cookie changes at every sign-in,
 * so one that somebody planted beforehand is worth nothing afterwards. When the session ends,
 * by whatever way, the cookie means nothing any more.
 */
#include "account.h"
#include "oidc.h"

bool oidc_browser_find(struct mc_txn *txn, const char *secret, struct oidc_browser *ret_browser)
{
    struct oidc_browser browser = {.key = oidc_secret_key(txn, "oidc_browser", secret)};

    *ret_browser = (struct oidc_browser){.key = browser.key};
    browser.record =
        mc_load(txn, IDENTITY_BROWSERS, browser.key, &identity_state__browser__descriptor);
    if (browser.record == NULL || browser.record->expires_at_ms <= txn->now_ms)
        return false;
    browser.session = mc_load(txn, IDENTITY_SESSIONS, mc_key_bytes(browser.record->session),
                              &identity_state__session__descriptor);
    if (browser.session == NULL || browser.session->expires_at_ms <= txn->now_ms ||
        browser.session->refresh_expires_at_ms <= txn->now_ms)
        return false;
    browser.account = identity_account_load(txn, mc_key_bytes(browser.record->account));
    if (browser.account == NULL || !identity_account_may_sign_in(browser.account) ||
        identity_session_is_temporary(browser.session, browser.account))
        return false;
    *ret_browser = browser;
    return true;
}

void oidc_browser_use(const struct identity *identity, struct mc_txn *txn,
                      const struct oidc_browser *browser)
{
    browser->session->refresh_expires_at_ms =
        MC_MIN(txn->now_ms + identity->refresh_life_ms, browser->session->expires_at_ms);
    mc_save(txn, IDENTITY_SESSIONS, mc_key_bytes(browser->record->session),
            &browser->session->base);
}

static bool is_same(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
    return a.len == MC_ID_LEN && b.len == MC_ID_LEN && mc_equal(a.data, b.data, MC_ID_LEN);
}

/* What the new sign-in proved, the session that goes on holds as well. */
static void raise_level(struct mc_txn *txn, const struct oidc_browser *old, struct mc_bytes opened)
{
    const IdentityState__Session *session =
        mc_load(txn, IDENTITY_SESSIONS, opened, &identity_state__session__descriptor);

    if (session == NULL || session->ial <= old->session->ial)
        return;
    old->session->ial = session->ial;
    mc_save(txn, IDENTITY_SESSIONS, mc_key_bytes(old->record->session), &old->session->base);
}

static void end_session(struct mc_txn *txn, struct mc_bytes id)
{
    const IdentityState__Session *session =
        mc_load(txn, IDENTITY_SESSIONS, id, &identity_state__session__descriptor);

    if (session != NULL)
        identity_session_revoke(txn, id, session);
}

/*
 * The same person again (prompt=login): the session that portals know goes on, and the one just
 * opened is not needed. Another person: the one before is signed out.
 */
static ProtobufCBinaryData settle_before(struct mc_txn *txn, const char *before,
                                         struct mc_bytes opened, ProtobufCBinaryData account)
{
    struct oidc_browser old;

    if (!oidc_browser_find(txn, before, &old))
        return identity_data(opened);
    mc_drop(txn, IDENTITY_BROWSERS, old.key);
    if (is_same(old.record->account, account)) {
        raise_level(txn, &old, opened);
        end_session(txn, opened);
        return old.record->session;
    }
    end_session(txn, mc_key_bytes(old.record->session));
    return identity_data(opened);
}

char *oidc_browser_sign_in(struct mc_txn *txn, const char *before,
                           const Identity__SessionReply *opened, struct oidc_browser *ret_browser)
{
    IdentityState__Browser record = IDENTITY_STATE__BROWSER__INIT;
    char *secret = oidc_secret_make(txn);
    struct mc_bytes session_id = {0};
    struct mc_bytes hash;

    if (!identity_refresh_read(txn, opened->refresh, &session_id, &hash))
        return secret;
    const IdentityState__Session *session =
        mc_load(txn, IDENTITY_SESSIONS, session_id, &identity_state__session__descriptor);
    if (session == NULL) {
        (void)mc_fail(txn, MC_CORRUPT, "session");
        return secret;
    }
    record.account = session->account;
    record.session = settle_before(txn, before, session_id, session->account);
    record.signed_in_at_ms = txn->now_ms;
    record.expires_at_ms = session->expires_at_ms;
    mc_save(txn, IDENTITY_BROWSERS, oidc_secret_key(txn, "oidc_browser", secret), &record.base);
    if (!oidc_browser_find(txn, secret, ret_browser))
        (void)mc_fail(txn, MC_CORRUPT, "browser");
    return secret;
}
