/* ConsentAuthorization: the person agrees to what is handed over, or does not. */
#include "oidc.h"

/* What was agreed to before stays agreed to. */
static size_t merge(struct mc_txn *txn, struct mc_bytes key,
                    const IdentityState__Authorization *record, char *ret_scopes[OIDC_SCOPES_LEN])
{
    const IdentityState__Consent *before =
        mc_load(txn, IDENTITY_CONSENTS, key, &identity_state__consent__descriptor);
    size_t len = 0;

    for (size_t i = 0; i < OIDC_SCOPES_LEN; i++)
        if (oidc_scope_has(record->scopes, record->n_scopes, oidc_scopes[i]) ||
            (before != NULL && oidc_scope_has(before->scopes, before->n_scopes, oidc_scopes[i])))
            ret_scopes[len++] = mc_unconst(oidc_scopes[i]);
    return len;
}

static void remember(struct mc_txn *txn, const struct oidc_authorization *at,
                     const struct oidc_browser *browser)
{
    IdentityState__Consent consent = IDENTITY_STATE__CONSENT__INIT;
    struct mc_bytes account = mc_key_bytes(browser->record->account);
    struct mc_bytes key = oidc_consent_key(txn, account, at->record->client_id);
    char *scopes[OIDC_SCOPES_LEN];

    consent.n_scopes = merge(txn, key, at->record, scopes);
    consent.scopes = scopes;
    consent.given_at_ms = txn->now_ms;
    mc_save(txn, IDENTITY_CONSENTS, key, &consent.base);
    oidc_served_emit(txn, "identity.consent_given", at->record->client_id, account,
                     mc_key_bytes(browser->record->session), consent.scopes, consent.n_scopes);
}

enum mc_status identity_consent_authorization(struct identity *identity, struct mc_txn *txn,
                                              const Identity__ConsentAuthorizationRequest *req,
                                              Identity__AuthorizeReply *rep)
{
    struct oidc_authorization at;
    struct oidc_browser browser;

    if (!oidc_authorization_load(txn, req->authorization, req->browser, &at, rep))
        return txn->status;
    bool known = oidc_browser_find(txn, req->browser, &browser);
    if (!req->allow) {
        mc_drop(txn, IDENTITY_AUTHORIZATIONS, at.id);
        oidc_go_back(identity, txn, at.record, "error", "access_denied", NULL, rep);
        return txn->status;
    }
    if (known && browser.record->signed_in_at_ms >= at.record->signed_in_after_ms) {
        remember(txn, &at, &browser);
        at.record->ask_consent = false;
    }
    oidc_advance(identity, txn, &at, &(struct oidc_advance){.browser = known ? &browser : NULL},
                 rep);
    return txn->status;
}
