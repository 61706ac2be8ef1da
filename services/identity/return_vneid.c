/*
 * ReturnVneid: the browser is back with a code. Only the one that went, only once, and only with
 * an answer of the issuer it went to (RFC 9207).
 */
#include <string.h>

#include "common/json.h"

#include "vneid.h"

#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

static void pair(struct mc_json_writer *writer, const char *name, const char *value)
{
    mc_json_key(writer, name);
    mc_json_string(writer, value);
}

static const char *assertion(const struct identity *identity, struct mc_txn *txn, const char *url)
{
    struct mc_json_writer writer;
    struct mc_bytes text;

    mc_json_begin(&writer, txn->arena);
    mc_json_object(&writer);
    pair(&writer, "iss", identity->vneid_client_id);
    pair(&writer, "sub", identity->vneid_client_id);
    pair(&writer, "aud", url);
    pair(&writer, "jti", identity_uuid(txn, mc_new_id(txn)));
    mc_json_key(&writer, "iat");
    mc_json_int(&writer, txn->now_ms / 1000);
    mc_json_key(&writer, "exp");
    mc_json_int(&writer, (txn->now_ms + VNEID_LIFE_MS) / 1000 + 1);
    mc_json_end(&writer);
    if (mc_json_finish(&writer, &text) != MC_OK) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return "";
    }
    const char *token = oidc_sign(txn, "JWT", text);
    return token != NULL ? token : "";
}

static const char *form_of(const struct identity *identity, struct mc_txn *txn, const char *url,
                           const char *code, const char *verifier)
{
    const char *const pairs[][2] = {
        {"grant_type", "authorization_code"},
        {"code", code},
        {"redirect_uri", mc_sprintf(txn->arena, "%s/oauth2/vneid", identity->oidc_issuer)},
        {"code_verifier", verifier},
        {"client_id", identity->vneid_client_id},
        {"client_assertion_type", ASSERTION_TYPE},
        {"client_assertion", assertion(identity, txn, url)},
    };
    char *form = mc_strdup(txn->arena, "");

    for (size_t i = 0; i < MC_LEN(pairs) && form != NULL; i++)
        form = oidc_uri_add(txn, form, pairs[i][0], pairs[i][1] != NULL ? pairs[i][1] : "");
    return form != NULL ? form + 1 : ""; /* without the question mark */
}

enum mc_status identity_return_vneid(struct identity *identity, struct mc_txn *txn,
                                     const Identity__ReturnVneidRequest *req,
                                     Identity__AuthorizeReply *rep)
{
    struct mc_bytes key = oidc_secret_key(txn, "vneid_state", req->state);
    IdentityState__VneidLogin *login = vneid_load(txn, key);
    struct oidc_authorization at;

    if (login == NULL || login->step != VNEID_AWAY) {
        oidc_refuse_page(txn, "OIDC_AUTHORIZATION_OVER", rep);
        return txn->status;
    }
    if (!oidc_authorization_load(txn, login->authorization, req->browser, &at, rep))
        return txn->status;
    if (req->error[0] != '\0' || req->code[0] == '\0' ||
        (req->iss[0] != '\0' && strcmp(req->iss, identity->vneid_issuer) != 0)) {
        mc_drop(txn, IDENTITY_VNEID_LOGINS, key);
        vneid_show_login(identity, txn, &at, "VNEID_CANCELLED", rep);
        return txn->status;
    }
    const char *url = vneid_url(identity, txn, "/oauth2/token");
    const char *verifier = mc_open_text(txn, login->verifier);
    if (txn->status != MC_OK)
        return txn->status;
    login->step = VNEID_ASKING;
    mc_save(txn, IDENTITY_VNEID_LOGINS, key, &login->base);
    vneid_ask(identity, txn, "vneid.token", key, url,
              form_of(identity, txn, url, req->code, verifier), "");
    return txn->status;
}
