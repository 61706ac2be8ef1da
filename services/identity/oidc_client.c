/* Clients: the portals that let their users sign in here; what they may be called and be sent to.
 */
#include <stdio.h>
#include <string.h>

#include "common/crypto.h"

#include "oidc.h"

IdentityState__Client *oidc_client_load(struct mc_txn *txn, const char *client_id)
{
    if (!oidc_client_id_ok(client_id))
        return NULL;
    return mc_load(txn, IDENTITY_CLIENTS, mc_key_text(client_id),
                   &identity_state__client__descriptor);
}

bool oidc_client_id_ok(const char *client_id)
{
    size_t len = strspn(client_id, "abcdefghijklmnopqrstuvwxyz0123456789-.");

    return len > 0 && len <= OIDC_CLIENT_ID_MAX && client_id[len] == '\0';
}

/* Visible ASCII without what could end a header, an attribute or a policy. */
static bool is_plain(const char *uri)
{
    for (const char *at = uri; *at != '\0'; at++)
        if (*at <= ' ' || *at >= 0x7f || strchr("\"'<>\\^`{}|;,#", *at) != NULL)
            return false;
    return true;
}

static bool is_loopback(const char *host, size_t len)
{
    static const char *const names[] = {"127.0.0.1", "localhost", "[::1]"};

    for (size_t i = 0; i < MC_LEN(names); i++)
        if (strlen(names[i]) == len && strncmp(host, names[i], len) == 0)
            return true;
    return false;
}

/* https://host[:port]/…; plain HTTP only on this machine, and only where a sandbox is allowed. */
bool oidc_uri_ok(const struct identity *identity, const char *uri)
{
    bool plain = strncmp(uri, "http://", 7) == 0;

    if ((!plain && strncmp(uri, "https://", 8) != 0) || strlen(uri) > OIDC_URI_MAX ||
        !is_plain(uri))
        return false;
    const char *host = uri + (plain ? 7 : 8);
    size_t authority = strcspn(host, "/?");
    size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/?");
    if (len == 0 || len > authority || memchr(host, '@', authority) != NULL)
        return false;
    return !plain || (identity->allow_plain_http && is_loopback(host, len));
}

bool oidc_uri_is_among(char *const *uris, size_t len, const char *uri)
{
    for (size_t i = 0; i < len; i++)
        if (strcmp(uris[i], uri) == 0)
            return true;
    return false;
}

char *oidc_uri_origin(struct mc_txn *txn, const char *uri)
{
    const char *host = strstr(uri, "://");
    size_t len = host != NULL ? (size_t)(host - uri) + 3 + strcspn(host + 3, "/?") : 0;
    char *origin = mc_sprintf(txn->arena, "%.*s", (int)len, uri);

    if (origin == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return origin;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

char *oidc_uri_add(struct mc_txn *txn, const char *uri, const char *name, const char *value)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = mc_alloc(txn->arena, strlen(uri) + strlen(name) + 3 * strlen(value) + 3);
    size_t len = strlen(uri);

    if (out == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return NULL;
    }
    memcpy(out, uri, len);
    out[len++] = strchr(uri, '?') != NULL ? '&' : '?';
    memcpy(out + len, name, strlen(name));
    len += strlen(name);
    out[len++] = '=';
    for (const char *at = value; *at != '\0'; at++) {
        if (is_unreserved(*at)) {
            out[len++] = *at;
            continue;
        }
        out[len++] = '%';
        out[len++] = digits[(unsigned char)*at >> 4];
        out[len++] = digits[(unsigned char)*at & 15];
    }
    out[len] = '\0';
    return out;
}

void oidc_client_fill(const char *client_id, const IdentityState__Client *client,
                      Identity__Client *ret_client)
{
    ret_client->client_id = mc_unconst(client_id);
    ret_client->name = client->name;
    ret_client->unit = client->unit;
    ret_client->redirect_uris = client->redirect_uris;
    ret_client->n_redirect_uris = client->n_redirect_uris;
    ret_client->logout_uris = client->logout_uris;
    ret_client->n_logout_uris = client->n_logout_uris;
    ret_client->scopes = client->scopes;
    ret_client->n_scopes = client->n_scopes;
    ret_client->backchannel_logout_uri = client->backchannel_logout_uri;
    ret_client->jwks = client->jwks;
    ret_client->sector = client->sector;
    ret_client->disabled = client->disabled;
}

void oidc_client_emit(struct mc_txn *txn, const char *type, const char *client_id,
                      const IdentityState__Client *client, const char *reason)
{
    Identity__ClientChanged changed = IDENTITY__CLIENT_CHANGED__INIT;
    const char *keys[] = {mc_sprintf(txn->arena, "client:%s", client_id), NULL};

    if (keys[0] == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    changed.client_id = mc_unconst(client_id);
    changed.unit = client->unit;
    changed.scopes = client->scopes;
    changed.n_scopes = client->n_scopes;
    changed.disabled = client->disabled;
    changed.reason = mc_unconst(reason);
    mc_emit(txn, type, &changed.base, MC_SEALED, keys);
}

char *oidc_secret_make(struct mc_txn *txn)
{
    uint8_t bytes[OIDC_SECRET_LEN];
    char text[OIDC_SECRET_TEXT + 1 + 2];

    mc_random_fill(txn->random, bytes, sizeof bytes);
    (void)mc_base64url(text, (struct mc_bytes){bytes, sizeof bytes});
    char *secret = mc_strdup(txn->arena, text);
    mc_wipe(bytes, sizeof bytes);
    mc_wipe(text, sizeof text);
    if (secret == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return mc_unconst("");
    }
    return secret;
}

struct mc_bytes oidc_secret_key(struct mc_txn *txn, const char *purpose, const char *secret)
{
    return mc_blind(txn, purpose, strlen(secret) == OIDC_SECRET_TEXT ? secret : "");
}
