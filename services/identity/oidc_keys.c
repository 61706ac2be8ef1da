/*
 * The provider's keys: one signs, the next is already shown at jwks_uri, and the one before is
 * shown until what it signed is over. A portal that fetches the set once in a key's life never
 * meets a name it does not know.
 */
#include <string.h>

#include "common/crypto_jose.h"
#include "common/json.h"

#include "oidc.h"

static struct mc_cursor walk(struct mc_txn *txn)
{
    return mc_seek(txn, IDENTITY_OIDC_KEYS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
}

static void draw(struct mc_txn *txn, int64_t from_ms, int64_t until_ms)
{
    IdentityState__OidcKey key = IDENTITY_STATE__OIDC_KEY__INIT;
    uint8_t secret[MC_JOSE_SECRET_LEN];
    uint8_t x[MC_JOSE_POINT_LEN];
    uint8_t y[MC_JOSE_POINT_LEN];
    char kid[MC_JOSE_KID_SIZE];

    do
        mc_random_fill(txn->random, secret, sizeof secret);
    while (!mc_jose_public(secret, x, y));
    mc_jose_kid(x, y, kid);
    key.secret = mc_seal_bytes(txn, (struct mc_bytes){secret, sizeof secret});
    key.signs_from_ms = from_ms;
    key.signs_until_ms = until_ms;
    mc_save(txn, IDENTITY_OIDC_KEYS, mc_key_text(mc_strdup(txn->arena, kid)), &key.base);
    mc_wipe(secret, sizeof secret);
}

void oidc_keys_turn(const struct identity *identity, struct mc_txn *txn)
{
    struct mc_cursor cursor = walk(txn);
    int64_t life = identity->oidc_key_life_ms;
    int64_t covered_ms = txn->now_ms; /* somebody signs until then */

    for (int i = 0; i < OIDC_KEYS_MAX && mc_next(&cursor); i++) {
        const IdentityState__OidcKey *key = mc_row(&cursor, &identity_state__oidc_key__descriptor);
        if (key == NULL)
            return;
        if (key->signs_until_ms + OIDC_KEY_AFTER_MS <= txn->now_ms)
            mc_drop(txn, IDENTITY_OIDC_KEYS, cursor.key);
        covered_ms = MC_MAX(covered_ms, key->signs_until_ms);
    }
    for (; txn->status == MC_OK && covered_ms <= txn->now_ms + life; covered_ms += life)
        draw(txn, covered_ms, covered_ms + life);
}

char *oidc_sign(struct mc_txn *txn, const char *typ, struct mc_bytes payload)
{
    struct mc_cursor cursor = walk(txn);
    char *token = NULL;

    for (int i = 0; token == NULL && i < OIDC_KEYS_MAX && mc_next(&cursor); i++) {
        const IdentityState__OidcKey *key = mc_row(&cursor, &identity_state__oidc_key__descriptor);
        if (key == NULL || key->signs_from_ms > txn->now_ms || key->signs_until_ms <= txn->now_ms)
            continue;
        struct mc_bytes secret = mc_open_bytes(txn, key->secret);
        if (txn->status != MC_OK || secret.len != MC_JOSE_SECRET_LEN)
            break;
        token = mc_jose_sign(txn->arena, secret.data, typ, payload);
    }
    if (token == NULL)
        (void)mc_fail(txn, MC_FULL, "no key signs");
    return token;
}

static void write_coordinate(struct mc_json_writer *writer, const char *name,
                             const uint8_t bytes[MC_JOSE_POINT_LEN])
{
    char text[2 * MC_JOSE_POINT_LEN];

    (void)mc_base64url(text, (struct mc_bytes){bytes, MC_JOSE_POINT_LEN});
    mc_json_key(writer, name);
    mc_json_string(writer, text);
}

static void write_pair(struct mc_json_writer *writer, const char *name, const char *value)
{
    mc_json_key(writer, name);
    mc_json_string(writer, value);
}

static void write_key(struct mc_json_writer *writer, const uint8_t secret[MC_JOSE_SECRET_LEN])
{
    uint8_t x[MC_JOSE_POINT_LEN];
    uint8_t y[MC_JOSE_POINT_LEN];
    char kid[MC_JOSE_KID_SIZE];

    if (!mc_jose_public(secret, x, y))
        return;
    mc_jose_kid(x, y, kid);
    mc_json_object(writer);
    write_pair(writer, "kty", "EC");
    write_pair(writer, "crv", "P-256");
    write_pair(writer, "use", "sig");
    write_pair(writer, "alg", "ES256");
    write_pair(writer, "kid", kid);
    write_coordinate(writer, "x", x);
    write_coordinate(writer, "y", y);
    mc_json_end(writer);
}

struct mc_bytes oidc_jwks(struct mc_txn *txn)
{
    struct mc_cursor cursor = walk(txn);
    struct mc_json_writer writer;
    struct mc_bytes text = {0};

    mc_json_begin(&writer, txn->arena);
    mc_json_object(&writer);
    mc_json_key(&writer, "keys");
    mc_json_array(&writer);
    for (int i = 0; i < OIDC_KEYS_MAX && mc_next(&cursor); i++) {
        const IdentityState__OidcKey *key = mc_row(&cursor, &identity_state__oidc_key__descriptor);
        struct mc_bytes secret =
            key != NULL ? mc_open_bytes(txn, key->secret) : (struct mc_bytes){0};
        if (txn->status == MC_OK && secret.len == MC_JOSE_SECRET_LEN)
            write_key(&writer, secret.data);
    }
    mc_json_end(&writer);
    mc_json_end(&writer);
    if (mc_json_finish(&writer, &text) != MC_OK)
        (void)mc_fail(txn, MC_FULL, "arena");
    return text;
}
