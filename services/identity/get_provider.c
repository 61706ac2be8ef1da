/* GetProvider: what a portal's software reads first (OpenID Connect Discovery 1.0), and our keys.
 */
#include <stdio.h>
#include <string.h>

#include "common/json.h"

#include "oidc.h"

bool identity_oidc_issuer_ok(const struct identity *identity)
{
    const char *issuer = identity->oidc_issuer;

    return oidc_uri_ok(identity, issuer) && strchr(issuer, '?') == NULL &&
           issuer[strlen(issuer) - 1] != '/';
}

static void pair(struct mc_json_writer *writer, const char *name, const char *value)
{
    mc_json_key(writer, name);
    mc_json_string(writer, value);
}

static void list(struct mc_json_writer *writer, const char *name, const char *const *values,
                 size_t len)
{
    mc_json_key(writer, name);
    mc_json_array(writer);
    for (size_t i = 0; i < len; i++)
        mc_json_string(writer, values[i]);
    mc_json_end(writer);
}

static void write_endpoints(const struct identity *identity, struct mc_txn *txn,
                            struct mc_json_writer *writer)
{
    static const char *const endpoints[][2] = {
        {"authorization_endpoint", "/oauth2/authorize"}, {"token_endpoint", "/oauth2/token"},
        {"userinfo_endpoint", "/oauth2/userinfo"},       {"jwks_uri", "/oauth2/jwks"},
        {"end_session_endpoint", "/oauth2/logout"},
    };

    pair(writer, "issuer", identity->oidc_issuer);
    for (size_t i = 0; i < MC_LEN(endpoints); i++) {
        const char *uri = mc_sprintf(txn->arena, "%s%s", identity->oidc_issuer, endpoints[i][1]);
        pair(writer, endpoints[i][0], uri != NULL ? uri : "");
    }
}

#define LIST(writer, name, ...)                                                                    \
    list((writer), (name), (const char *const[]){__VA_ARGS__},                                     \
         MC_LEN(((const char *const[]){__VA_ARGS__})))

static void write_abilities(struct mc_json_writer *writer)
{
    list(writer, "scopes_supported", oidc_scopes, OIDC_SCOPES_LEN);
    list(writer, "acr_values_supported", oidc_levels, OIDC_LEVEL_MAX);
    LIST(writer, "response_types_supported", "code");
    LIST(writer, "response_modes_supported", "query");
    LIST(writer, "grant_types_supported", "authorization_code");
    LIST(writer, "subject_types_supported", "pairwise");
    LIST(writer, "id_token_signing_alg_values_supported", "ES256");
    LIST(writer, "code_challenge_methods_supported", "S256");
    LIST(writer, "token_endpoint_auth_methods_supported", "client_secret_basic",
         "client_secret_post", "private_key_jwt");
    LIST(writer, "token_endpoint_auth_signing_alg_values_supported", "ES256", "RS256", "PS256");
    LIST(writer, "prompt_values_supported", "none", "login", "consent", "select_account");
    LIST(writer, "ui_locales_supported", "vi", "en");
    LIST(writer, "claims_supported", "sub", "acr", "auth_time", "sid", "loAs", "IAL", "HoVaTen",
         "NgayThangNamSinh", "LoaiTaiKhoan", "SoDinhDanh", "SoCMND", "SoDienThoai", "ThuDienTu",
         "TechID");
    mc_json_key(writer, "authorization_response_iss_parameter_supported");
    mc_json_true_or_false(writer, true);
    mc_json_key(writer, "backchannel_logout_supported");
    mc_json_true_or_false(writer, true);
    mc_json_key(writer, "backchannel_logout_session_supported");
    mc_json_true_or_false(writer, true);
    mc_json_key(writer, "claims_parameter_supported");
    mc_json_true_or_false(writer, false);
    mc_json_key(writer, "request_parameter_supported");
    mc_json_true_or_false(writer, false);
    mc_json_key(writer, "request_uri_parameter_supported");
    mc_json_true_or_false(writer, false);
}

enum mc_status identity_get_provider(struct identity *identity, struct mc_txn *txn,
                                     const Identity__GetProviderRequest *req,
                                     Identity__Provider *rep)
{
    struct mc_json_writer writer;
    struct mc_bytes text = {0};

    (void)req;
    mc_json_begin(&writer, txn->arena);
    mc_json_object(&writer);
    write_endpoints(identity, txn, &writer);
    write_abilities(&writer);
    mc_json_end(&writer);
    if (mc_json_finish(&writer, &text) != MC_OK)
        return mc_fail(txn, MC_FULL, "arena");
    rep->configuration = mc_unconst(text.data);
    text = oidc_jwks(txn);
    if (txn->status == MC_OK)
        rep->jwks = mc_unconst(text.data);
    return txn->status;
}
