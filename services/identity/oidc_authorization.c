/*
 * An authorization: one browser on its way from a portal and back. What is asked next depends on
 * who is signed in, how well and since when, and on what was agreed to before.
 */
#include <stdio.h>
#include <string.h>

#include "oidc.h"

void oidc_refuse_page(struct mc_txn *txn, const char *code, Identity__AuthorizeReply *rep)
{
    rep->step = IDENTITY__AUTHORIZE_STEP__SHOW_REFUSAL;
    rep->code = mc_unconst(code);
    rep->message = identity_text(txn, code, NULL);
}

bool oidc_authorization_load(struct mc_txn *txn, ProtobufCBinaryData id, const char *browser,
                             struct oidc_authorization *ret, Identity__AuthorizeReply *rep)
{
    struct mc_bytes hash = oidc_secret_key(txn, "oidc_browser", browser);
    IdentityState__Authorization *record = NULL;

    if (id.len == MC_ID_LEN)
        record = mc_load(txn, IDENTITY_AUTHORIZATIONS, mc_key_bytes(id),
                         &identity_state__authorization__descriptor);
    if (record == NULL || record->expires_at_ms <= txn->now_ms ||
        record->browser_hash.len != hash.len ||
        !mc_equal(record->browser_hash.data, hash.data, hash.len)) {
        oidc_refuse_page(txn, "OIDC_AUTHORIZATION_OVER", rep);
        return false;
    }
    const IdentityState__Client *client = oidc_client_load(txn, record->client_id);
    if (client == NULL || client->disabled) {
        oidc_refuse_page(txn, "OIDC_CLIENT_UNKNOWN", rep);
        return false;
    }
    *ret = (struct oidc_authorization){mc_key_bytes(id), record, client};
    return true;
}

/* Back to the portal with one answer, its own state, and our name (RFC 9207: mix-up). */
void oidc_go_back(const struct identity *identity, struct mc_txn *txn,
                  const IdentityState__Authorization *record, const char *name, const char *value,
                  const char *description, Identity__AuthorizeReply *rep)
{
    char *uri = oidc_uri_add(txn, record->redirect_uri, name, value);

    if (uri != NULL && description != NULL)
        uri = oidc_uri_add(txn, uri, "error_description", description);
    if (uri != NULL && record->state[0] != '\0')
        uri = oidc_uri_add(txn, uri, "state", record->state);
    if (uri != NULL)
        uri = oidc_uri_add(txn, uri, "iss", identity->oidc_issuer);
    if (uri == NULL)
        return;
    rep->step = IDENTITY__AUTHORIZE_STEP__GO_BACK;
    rep->location = uri;
}

struct mc_bytes oidc_consent_key(struct mc_txn *txn, struct mc_bytes account, const char *client_id)
{
    return mc_key_join(txn, account, mc_key_text(client_id));
}

void oidc_served_emit(struct mc_txn *txn, const char *type, const char *client_id,
                      struct mc_bytes account, struct mc_bytes session, char *const *scopes,
                      size_t scopes_len)
{
    Identity__ClientServed served = IDENTITY__CLIENT_SERVED__INIT;
    const char *keys[] = {identity_key(txn, "account", account),
                          mc_sprintf(txn->arena, "client:%s", client_id), NULL};

    if (keys[1] == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    served.client_id = mc_unconst(client_id);
    served.account_id = identity_uuid(txn, account);
    if (session.len != 0)
        served.session_id = identity_uuid(txn, session);
    served.scopes = mc_unconst(scopes);
    served.n_scopes = scopes_len;
    mc_emit(txn, type, &served.base, MC_PLAIN, keys);
}

static bool has_agreed(struct mc_txn *txn, const IdentityState__Authorization *record,
                       struct mc_bytes account)
{
    const IdentityState__Consent *consent =
        mc_load(txn, IDENTITY_CONSENTS, oidc_consent_key(txn, account, record->client_id),
                &identity_state__consent__descriptor);

    if (record->ask_consent || consent == NULL)
        return false;
    for (size_t i = 0; i < record->n_scopes; i++)
        if (!oidc_scope_has(consent->scopes, consent->n_scopes, record->scopes[i]))
            return false;
    return true;
}

void oidc_fill_login(const struct identity *identity, struct mc_txn *txn,
                     const struct oidc_authorization *at, Identity__AuthorizeReply *rep)
{
    rep->authorization = identity_data(at->id);
    rep->client_name = at->client->name;
    rep->form_origin = oidc_uri_origin(txn, at->record->redirect_uri);
    rep->vneid = identity->vneid_issuer[0] != '\0';
    rep->sim = identity->sim_url[0] != '\0';
    if (rep->vneid && txn->status == MC_OK)
        rep->form_origin = mc_sprintf(txn->arena, "%s %s", rep->form_origin,
                                      oidc_uri_origin(txn, identity->vneid_issuer));
    if (rep->form_origin == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
}

static void show(const struct identity *identity, struct mc_txn *txn,
                 const struct oidc_authorization *at, Identity__AuthorizeStep step,
                 Identity__AuthorizeReply *rep)
{
    rep->step = step;
    oidc_fill_login(identity, txn, at, rep);
    rep->scopes = at->record->scopes;
    rep->n_scopes = at->record->n_scopes;
    mc_save(txn, IDENTITY_AUTHORIZATIONS, at->id, &at->record->base);
}

static void give_code(const struct identity *identity, struct mc_txn *txn,
                      const struct oidc_authorization *at, const struct oidc_browser *browser,
                      Identity__AuthorizeReply *rep)
{
    const IdentityState__Authorization *record = at->record;
    IdentityState__Code code = IDENTITY_STATE__CODE__INIT;
    char *secret = oidc_secret_make(txn);

    code.client_id = record->client_id;
    code.redirect_uri = record->redirect_uri;
    code.challenge = record->challenge;
    code.nonce = record->nonce;
    code.scopes = record->scopes;
    code.n_scopes = record->n_scopes;
    code.account = browser->record->account;
    code.session = browser->record->session;
    code.signed_in_at_ms = browser->record->signed_in_at_ms;
    code.expires_at_ms = txn->now_ms + OIDC_CODE_MS;
    code.forget_at_ms = txn->now_ms + OIDC_CODE_MS + OIDC_TOKEN_MS;
    mc_save(txn, IDENTITY_CODES, oidc_secret_key(txn, "oidc_code", secret), &code.base);
    mc_drop(txn, IDENTITY_AUTHORIZATIONS, at->id);
    oidc_browser_use(identity, txn, browser);
    oidc_go_back(identity, txn, record, "code", secret, NULL, rep);
}

static void fail_back(const struct identity *identity, struct mc_txn *txn,
                      const struct oidc_authorization *at, const char *error,
                      Identity__AuthorizeReply *rep)
{
    mc_drop(txn, IDENTITY_AUTHORIZATIONS, at->id);
    oidc_go_back(identity, txn, at->record, "error", error, NULL, rep);
}

static void ask_consent(const struct identity *identity, struct mc_txn *txn,
                        const struct oidc_authorization *at, const struct oidc_browser *browser,
                        Identity__AuthorizeReply *rep)
{
    const IdentityState__Person *person = identity_person_open(txn, browser->account->person);

    if (person == NULL)
        return;
    show(identity, txn, at, IDENTITY__AUTHORIZE_STEP__SHOW_CONSENT, rep);
    rep->full_name = person->full_name;
}

void oidc_advance(const struct identity *identity, struct mc_txn *txn,
                  const struct oidc_authorization *at, const struct oidc_advance *advance,
                  Identity__AuthorizeReply *rep)
{
    const struct oidc_browser *browser = advance->browser;
    bool signed_in =
        browser != NULL && browser->record->signed_in_at_ms >= at->record->signed_in_after_ms;
    bool enough = signed_in && oidc_level(browser->session, browser->account) >= at->record->level;

    if (!enough && signed_in && (advance->fresh || advance->silent)) /* cannot be had this way */
        fail_back(identity, txn, at, "unmet_authentication_requirements", rep);
    else if (!enough && advance->silent)
        fail_back(identity, txn, at, "login_required", rep);
    else if (!enough)
        show(identity, txn, at, IDENTITY__AUTHORIZE_STEP__SHOW_LOGIN, rep);
    else if (has_agreed(txn, at->record, mc_key_bytes(browser->record->account)))
        give_code(identity, txn, at, browser, rep);
    else if (advance->silent)
        fail_back(identity, txn, at, "consent_required", rep);
    else
        ask_consent(identity, txn, at, browser, rep);
}
