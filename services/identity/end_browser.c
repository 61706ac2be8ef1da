/*
 * EndBrowser: signing out (OpenID Connect RP-Initiated Logout 1.0). Any page can send a browser
 * here, so the person is asked first, unless the portal shows the ID token of this very session.
 */
#include <string.h>

#include "common/crypto_jose.h"
#include "common/json.h"

#include "oidc.h"

struct leave {
    const char *client_id; /* who sends; "" when nobody says */
    const char *sid;       /* of the ID token it showed; "" without */
};

static const char *kept(struct mc_txn *txn, const char *text)
{
    const char *copy = mc_strdup(txn->arena, text != NULL ? text : "");

    return copy != NULL ? copy : "";
}

/* An ID token of ours, be it over: whose, and of which session. */
static void read_hint(struct mc_txn *txn, const char *hint, struct leave *leave)
{
    mc_cleanup(mc_json_freep) struct mc_json *claims = NULL;
    struct mc_bytes payload;

    if (hint[0] == '\0' || mc_jose_verify(txn->arena, oidc_jwks(txn), hint, &payload) != MC_OK ||
        mc_json_parse(payload, &claims) != MC_OK)
        return;
    leave->client_id = kept(txn, mc_json_text(claims, "aud"));
    leave->sid = kept(txn, mc_json_text(claims, "sid"));
}

static bool is_confirmed(struct mc_txn *txn, const Identity__EndBrowserRequest *req,
                         const struct leave *leave, const struct oidc_browser *browser)
{
    const char *confirmation = oidc_sid(txn, "logout", mc_key_bytes(browser->record->session));

    return strcmp(req->confirmation, confirmation) == 0 ||
           (leave->sid[0] != '\0' &&
            strcmp(leave->sid,
                   oidc_sid(txn, leave->client_id, mc_key_bytes(browser->record->session))) == 0);
}

static void end(struct mc_txn *txn, const struct oidc_browser *browser)
{
    identity_session_revoke(txn, mc_key_bytes(browser->record->session), browser->session);
    mc_drop(txn, IDENTITY_BROWSERS, browser->key);
}

static void send_back(struct mc_txn *txn, const Identity__EndBrowserRequest *req,
                      const IdentityState__Client *client, Identity__EndBrowserReply *rep)
{
    const char *uri = req->post_logout_redirect_uri;

    if (client == NULL || client->disabled || strlen(req->state) > OIDC_STATE_MAX ||
        !oidc_uri_is_among(client->logout_uris, client->n_logout_uris, uri))
        return;
    rep->location =
        req->state[0] != '\0' ? oidc_uri_add(txn, uri, "state", req->state) : mc_unconst(uri);
}

enum mc_status identity_end_browser(struct identity *identity, struct mc_txn *txn,
                                    const Identity__EndBrowserRequest *req,
                                    Identity__EndBrowserReply *rep)
{
    struct leave leave = {req->client_id, ""};
    struct oidc_browser browser;

    (void)identity;
    read_hint(txn, req->id_token_hint, &leave);
    bool agree = req->client_id[0] == '\0' || strcmp(req->client_id, leave.client_id) == 0;
    const IdentityState__Client *client = agree ? oidc_client_load(txn, leave.client_id) : NULL;
    bool known = oidc_browser_find(txn, req->browser, &browser);

    rep->client_name = client != NULL ? client->name : mc_unconst("");
    if (known && !is_confirmed(txn, req, &leave, &browser)) {
        rep->confirmation = oidc_sid(txn, "logout", mc_key_bytes(browser.record->session));
        return txn->status;
    }
    if (known)
        end(txn, &browser);
    rep->ended = true;
    send_back(txn, req, client, rep);
    return txn->status;
}
