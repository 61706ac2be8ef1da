/*
 * Who a portal's server is: by its secret (in the header or the form), or by its own signature
 * (private_key_jwt, RFC 7523), whose jti is good once. One way at a time.
 */
#include <string.h>

#include "common/crypto_jose.h"
#include "common/json.h"

#include "oidc.h"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

enum { JTI_MAX = 255 };

static bool hash_is(struct mc_bytes given, ProtobufCBinaryData kept)
{
    return kept.len == MC_ID_LEN && given.len == MC_ID_LEN &&
           mc_equal(given.data, kept.data, MC_ID_LEN);
}

static bool secret_is_right(struct mc_txn *txn, const IdentityState__Client *client,
                            const char *secret)
{
    struct mc_bytes given = oidc_secret_key(txn, "oidc_client", secret);

    return client->jwks[0] == '\0' &&
           (hash_is(given, client->secret_hash) || (client->secret_before_until_ms > txn->now_ms &&
                                                    hash_is(given, client->secret_before_hash)));
}

static bool says(const struct mc_json *claims, const char *name, const char *value)
{
    const char *text = mc_json_text(claims, name);

    return text != NULL && strcmp(text, value) == 0;
}

/* To us: as issuer, or (many clients do) as the endpoint it is sent to. */
static bool is_for_us(const struct identity *identity, struct mc_txn *txn,
                      const struct mc_json *claims)
{
    const char *endpoint = mc_sprintf(txn->arena, "%s/oauth2/token", identity->oidc_issuer);
    size_t count = mc_json_count(claims, "aud");

    if (endpoint == NULL)
        return false;
    if (says(claims, "aud", identity->oidc_issuer) || says(claims, "aud", endpoint))
        return true;
    for (size_t i = 0; i < count && i < 8; i++) {
        const char *text = mc_json_text(mc_json_item(claims, "aud", i), "");
        if (text != NULL &&
            (strcmp(text, identity->oidc_issuer) == 0 || strcmp(text, endpoint) == 0))
            return true;
    }
    return false;
}

static bool is_now(const struct mc_txn *txn, const struct mc_json *claims, int64_t *ret_ends_ms)
{
    int64_t exp = 0;
    int64_t nbf = 0;

    if (!mc_json_number(claims, "exp", &exp) || exp < 0 || exp > INT64_MAX / 1000)
        return false;
    if (mc_json_number(claims, "nbf", &nbf) && nbf > (txn->now_ms + OIDC_SKEW_MS) / 1000)
        return false;
    *ret_ends_ms = exp * 1000;
    return *ret_ends_ms + OIDC_SKEW_MS > txn->now_ms &&
           *ret_ends_ms <= txn->now_ms + OIDC_ASSERTION_MS + OIDC_SKEW_MS;
}

/* Its word was not heard before; from now on it was. */
static bool is_new(struct mc_txn *txn, const char *client_id, const char *jti, int64_t ends_ms)
{
    IdentityState__Assertion assertion = IDENTITY_STATE__ASSERTION__INIT;
    const char *text = mc_sprintf(txn->arena, "%s %s", client_id, jti);
    struct mc_bytes known;

    if (text == NULL)
        return mc_fail(txn, MC_FULL, "arena") == MC_OK;
    struct mc_bytes key = mc_blind(txn, "oidc_jti", text);
    if (mc_get(txn, IDENTITY_ASSERTIONS, key, &known))
        return false;
    assertion.forget_at_ms = ends_ms + OIDC_SKEW_MS;
    mc_save(txn, IDENTITY_ASSERTIONS, key, &assertion.base);
    return txn->status == MC_OK;
}

static bool assertion_is_right(const struct identity *identity, struct mc_txn *txn,
                               const IdentityState__Client *client, const char *client_id,
                               const char *assertion)
{
    mc_cleanup(mc_json_freep) struct mc_json *claims = NULL;
    struct mc_bytes payload;
    int64_t ends_ms = 0;

    if (client->jwks[0] == '\0' ||
        mc_jose_verify(txn->arena, mc_key_text(client->jwks), assertion, &payload) != MC_OK ||
        mc_json_parse(payload, &claims) != MC_OK)
        return false;
    const char *jti = mc_json_text(claims, "jti");
    return says(claims, "iss", client_id) && says(claims, "sub", client_id) &&
           is_for_us(identity, txn, claims) && is_now(txn, claims, &ends_ms) && jti != NULL &&
           jti[0] != '\0' && strlen(jti) <= JTI_MAX && is_new(txn, client_id, jti, ends_ms);
}

/* The assertion's own word on whose it is; checked against that client's keys. */
static const char *subject_of(struct mc_txn *txn, const char *assertion)
{
    mc_cleanup(mc_json_freep) struct mc_json *claims = NULL;
    struct mc_bytes payload;

    if (!mc_jose_peek(txn->arena, assertion, &payload) || mc_json_parse(payload, &claims) != MC_OK)
        return "";
    const char *sub = mc_json_text(claims, "sub");
    const char *copy = sub != NULL ? mc_strdup(txn->arena, sub) : NULL;
    return copy != NULL ? copy : "";
}

const IdentityState__Client *oidc_client_authenticate(const struct identity *identity,
                                                      struct mc_txn *txn,
                                                      const Identity__ExchangeCodeRequest *req,
                                                      const char **ret_client_id)
{
    bool asserts = req->client_assertion[0] != '\0';
    const char *client_id = req->client_id;

    if (asserts && (req->client_secret[0] != '\0' || req->by_header ||
                    strcmp(req->client_assertion_type, ASSERTION_TYPE) != 0))
        return NULL;
    if (asserts && client_id[0] == '\0')
        client_id = subject_of(txn, req->client_assertion);
    const IdentityState__Client *client = oidc_client_load(txn, client_id);
    if (client == NULL || client->disabled)
        return NULL;
    bool right = asserts
                     ? assertion_is_right(identity, txn, client, client_id, req->client_assertion)
                     : secret_is_right(txn, client, req->client_secret);
    *ret_client_id = client_id;
    return right ? client : NULL;
}
