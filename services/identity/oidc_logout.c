/*
 * oidc.logout: a session ended, by whatever way, and the portals it was used at are told (OpenID
 * Connect Back-Channel Logout 1.0). Telling twice does no harm, and a word that is late is of no
 * use: two minutes, then the portal's own session runs out by itself.
 */
#include <string.h>

#include "common/json.h"

#include "oidc.h"

enum { HTTP_OK = 200, HTTP_NO_CONTENT = 204, HTTP_BAD = 400 };

void oidc_session_used(const struct identity *identity, struct mc_txn *txn,
                       const IdentityState__Code *code)
{
    IdentityState__SessionClient used = IDENTITY_STATE__SESSION_CLIENT__INIT;

    used.issuer = mc_unconst(identity->oidc_issuer);
    mc_save(txn, IDENTITY_SESSION_CLIENTS,
            mc_key_join(txn, mc_key_bytes(code->session), mc_key_text(code->client_id)),
            &used.base);
}

static void pair(struct mc_json_writer *writer, const char *name, const char *value)
{
    mc_json_key(writer, name);
    mc_json_string(writer, value);
}

static char *logout_token(struct mc_txn *txn, const char *issuer, const char *client_id,
                          const IdentityState__Client *client, struct mc_bytes account,
                          struct mc_bytes session)
{
    struct mc_json_writer writer;
    struct mc_bytes text;

    mc_json_begin(&writer, txn->arena);
    mc_json_object(&writer);
    pair(&writer, "iss", issuer);
    pair(&writer, "aud", client_id);
    pair(&writer, "sub", oidc_sub(txn, client_id, client, account));
    pair(&writer, "sid", oidc_sid(txn, client_id, session));
    pair(&writer, "jti", identity_uuid(txn, mc_new_id(txn)));
    mc_json_key(&writer, "iat");
    mc_json_int(&writer, txn->now_ms / 1000);
    mc_json_key(&writer, "exp");
    mc_json_int(&writer, (txn->now_ms + OIDC_LOGOUT_MS) / 1000);
    mc_json_key(&writer, "events");
    mc_json_object(&writer);
    mc_json_key(&writer, "http://schemas.openid.net/event/backchannel-logout");
    mc_json_object(&writer);
    mc_json_end(&writer);
    mc_json_end(&writer);
    mc_json_end(&writer);
    if (mc_json_finish(&writer, &text) != MC_OK || txn->status != MC_OK)
        return NULL;
    return oidc_sign(txn, "logout+jwt", text);
}

static void add_job(struct mc_txn *txn, const char *client_id, const char *uri, const char *token)
{
    IdentityState__LogoutNotice notice = IDENTITY_STATE__LOGOUT_NOTICE__INIT;
    const char *keys[] = {mc_sprintf(txn->arena, "client:%s", client_id), NULL};

    notice.uri = mc_unconst(uri);
    notice.form = mc_sprintf(txn->arena, "logout_token=%s", token);
    if (keys[0] == NULL || notice.form == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = IDENTITY_LANE_LOGOUT,
                              .kind = "oidc.logout",
                              .payload = mc_body_pack(txn->arena, &notice.base),
                              .expires_ms = txn->now_ms + OIDC_LOGOUT_MS,
                              .attempts_max = OIDC_LOGOUT_ATTEMPTS,
                              .backoff_ms = OIDC_LOGOUT_BACKOFF_MS,
                              .backoff_max_ms = 4 * OIDC_LOGOUT_BACKOFF_MS,
                              .destination = client_id,
                              .keys = keys,
                              .forget = true,
                          });
}

static void tell(struct mc_txn *txn, const IdentityState__SessionClient *used,
                 const char *client_id, struct mc_bytes account, struct mc_bytes session)
{
    const IdentityState__Client *client = oidc_client_load(txn, client_id);

    if (client == NULL || client->disabled || client->backchannel_logout_uri[0] == '\0')
        return;
    const char *token = logout_token(txn, used->issuer, client_id, client, account, session);
    if (token != NULL)
        add_job(txn, client_id, client->backchannel_logout_uri, token);
}

void identity_oidc_session_ended(struct mc_txn *txn, struct mc_bytes session,
                                 struct mc_bytes account)
{
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_SESSION_CLIENTS, session, (struct mc_bytes){0}, MC_FORWARD);

    for (int i = 0; i < OIDC_SESSION_CLIENTS_MAX && mc_next(&cursor); i++) {
        const IdentityState__SessionClient *used =
            mc_row(&cursor, &identity_state__session_client__descriptor);
        char *client_id = mc_sprintf(txn->arena, "%.*s", (int)(cursor.key.len - MC_ID_LEN),
                                     (const char *)cursor.key.data + MC_ID_LEN);
        if (used == NULL || client_id == NULL)
            return;
        if (account.len != 0)
            tell(txn, used, client_id, account, session);
        mc_drop(txn, IDENTITY_SESSION_CLIENTS, cursor.key);
    }
}

enum mc_status identity_logout_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       struct mc_http_request *ret_request)
{
    const IdentityState__LogoutNotice *notice = (const void *)payload;

    (void)ctx;
    (void)arena;
    (void)job;
    *ret_request = (struct mc_http_request){
        .method = "POST",
        .url = notice->uri,
        .content_type = "application/x-www-form-urlencoded",
        .body = {notice->form, strlen(notice->form)},
        .timeout_ms = OIDC_LOGOUT_TIMEOUT_MS,
        .answer_max = OIDC_LOGOUT_ANSWER_MAX,
    };
    return MC_OK;
}

/* 400 is the portal's word that it will not: somebody should look at why. */
enum mc_status identity_logout_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                    const ProtobufCMessage *payload, const struct mc_result *result,
                                    enum mc_verdict *ret_verdict)
{
    bool answered = result->outcome == MC_HTTP_ANSWERED;

    (void)ctx;
    (void)job;
    (void)payload;
    if (answered && (result->http_status == HTTP_OK || result->http_status == HTTP_NO_CONTENT))
        *ret_verdict = MC_DONE;
    else if (answered && result->http_status == HTTP_BAD)
        *ret_verdict = MC_BURY;
    else
        *ret_verdict = result->gave_up ? MC_DONE : MC_RETRY;
    return txn->status;
}
