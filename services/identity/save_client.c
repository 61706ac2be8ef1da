/*
 * SaveClient: a portal may sign its users in here from now on, on these terms. A new client without
 * keys of its own gets a secret, which is told this once. A disabled one is told nothing more.
 */
#include <stdio.h>
#include <string.h>

#include "common/crypto_jose.h"
#include "common/ident.h"
#include "common/text.h"

#include "oidc.h"

static void refuse_long(struct mc_txn *txn, const char *field, const char *label, const char *max)
{
    (void)mc_refuse(txn, MC_INVALID, field, "FIELD_TOO_LONG", "field", label, "max", max, NULL);
}

static void check_names(struct mc_txn *txn, const Identity__Client *client, const char *reason)
{
    char unit[MC_AGENCY_CODE_SIZE];

    if (!oidc_client_id_ok(client->client_id))
        (void)mc_refuse(txn, MC_INVALID, "client.client_id", "OIDC_CLIENT_ID", NULL);
    if (client->sector[0] != '\0' && !oidc_client_id_ok(client->sector))
        (void)mc_refuse(txn, MC_INVALID, "client.sector", "OIDC_CLIENT_ID", NULL);
    if (client->name[strspn(client->name, " ")] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "client.name", "FIELD_REQUIRED", "field", "tên cổng",
                        NULL);
    else if (mc_text_chars(client->name) > OIDC_CLIENT_NAME_MAX)
        refuse_long(txn, "client.name", "Tên cổng", "120 ký tự");
    enum mc_why why = mc_agency_parse(client->unit, unit, sizeof unit);
    if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "client.unit", mc_why_code(why), NULL);
    if (reason[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "reason", "FIELD_REQUIRED", "field", "lý do", NULL);
    else if (mc_text_chars(reason) > IDENTITY_REASON_MAX)
        refuse_long(txn, "reason", "Lý do", "500 ký tự");
}

static void check_uris(const struct identity *identity, struct mc_txn *txn, const char *field,
                       char *const *uris, size_t len)
{
    if (len > OIDC_URIS_MAX)
        (void)mc_refuse(txn, MC_INVALID, field, "LIST_TOO_LONG", NULL);
    for (size_t i = 0; i < len && i < OIDC_URIS_MAX; i++) {
        const char *item = mc_sprintf(txn->arena, "%s[%zu]", field, i);
        if (!oidc_uri_ok(identity, uris[i]))
            (void)mc_refuse(txn, MC_INVALID, item != NULL ? item : field, "OIDC_URI", NULL);
    }
}

static void check_addresses(const struct identity *identity, struct mc_txn *txn,
                            const Identity__Client *client)
{
    if (client->n_redirect_uris == 0)
        (void)mc_refuse(txn, MC_INVALID, "client.redirect_uris", "FIELD_REQUIRED", "field",
                        "địa chỉ nhận kết quả (redirect_uri)", NULL);
    check_uris(identity, txn, "client.redirect_uris", client->redirect_uris,
               client->n_redirect_uris);
    check_uris(identity, txn, "client.logout_uris", client->logout_uris, client->n_logout_uris);
    if (client->backchannel_logout_uri[0] != '\0')
        check_uris(identity, txn, "client.backchannel_logout_uri",
                   mc_unconst(&client->backchannel_logout_uri), 1);
}

static void check_rest(struct mc_txn *txn, const Identity__Client *client)
{
    for (size_t i = 0; i < client->n_scopes; i++)
        if (!oidc_scope_is_known(client->scopes[i]) ||
            oidc_scope_has(client->scopes, i, client->scopes[i])) {
            (void)mc_refuse(txn, MC_INVALID, "client.scopes", "OIDC_SCOPE", NULL);
            break;
        }
    if (strlen(client->jwks) > OIDC_CLIENT_JWKS_MAX ||
        (client->jwks[0] != '\0' && mc_jose_usable(mc_key_text(client->jwks)) == 0))
        (void)mc_refuse(txn, MC_INVALID, "client.jwks", "OIDC_JWKS", NULL);
}

static void take(const Identity__Client *client, IdentityState__Client *record)
{
    record->name = client->name;
    record->unit = client->unit;
    record->redirect_uris = client->redirect_uris;
    record->n_redirect_uris = client->n_redirect_uris;
    record->logout_uris = client->logout_uris;
    record->n_logout_uris = client->n_logout_uris;
    record->scopes = client->scopes;
    record->n_scopes = client->n_scopes;
    record->backchannel_logout_uri = client->backchannel_logout_uri;
    record->jwks = client->jwks;
    record->sector = client->sector;
    record->disabled = client->disabled;
}

enum mc_status identity_save_client(struct identity *identity, struct mc_txn *txn,
                                    const Identity__SaveClientRequest *req,
                                    Identity__SaveClientReply *rep)
{
    IdentityState__Client fresh = IDENTITY_STATE__CLIENT__INIT;
    Identity__Client *told = mc_alloc(txn->arena, sizeof *told);

    if (told == NULL)
        return mc_fail(txn, MC_FULL, "arena");
    if (req->client == NULL)
        return mc_refuse(txn, MC_INVALID, "client", "FIELD_REQUIRED", "field", "cổng kết nối",
                         NULL);
    check_names(txn, req->client, req->reason);
    check_addresses(identity, txn, req->client);
    check_rest(txn, req->client);
    if (txn->status != MC_OK)
        return txn->status;

    const char *client_id = req->client->client_id;
    IdentityState__Client *record = oidc_client_load(txn, client_id);
    if (record == NULL) {
        record = &fresh;
        record->created_at_ms = txn->now_ms;
    }
    take(req->client, record);
    if (record->jwks[0] == '\0' && record->secret_hash.len == 0) {
        rep->client_secret = oidc_secret_make(txn);
        record->secret_hash =
            identity_data(oidc_secret_key(txn, "oidc_client", rep->client_secret));
    }
    mc_save(txn, IDENTITY_CLIENTS, mc_key_text(client_id), &record->base);
    oidc_client_emit(txn, "identity.client_saved", client_id, record, req->reason);
    identity__client__init(told);
    oidc_client_fill(client_id, record, told);
    rep->client = told;
    return txn->status;
}
