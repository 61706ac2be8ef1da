/*
 * The questions to VNeID and what their answers lead to. A code is exchanged once: what may have
 * been done is not tried again, the person starts anew. Keys and claims may be asked for again.
 */
#include "vneid.h"

#include <string.h>

#include "common/crypto_jose.h"
#include "common/json.h"

enum { HTTP_OK = 200 };

#define KEYS_KEY mc_key_text("jwks")

bool vneid_is_open(const struct identity *identity)
{
    return identity->vneid_issuer[0] != '\0';
}

/* The table says since when by law; here it takes a configured issuer, and citizens only. */
void vneid_close_method(struct identity *identity)
{
    for (size_t i = 0; i < identity->methods_len; i++)
        if (strcmp(identity->methods[i].code, IDENTITY_VNEID_METHOD) == 0)
            for (unsigned kind = 0; kind < IDENTITY_SUBJECTS; kind++)
                identity->methods[i].not_here[kind] =
                    !vneid_is_open(identity) || kind != IDENTITY__SUBJECT_KIND__CITIZEN;
}

const char *vneid_url(const struct identity *identity, struct mc_txn *txn, const char *path)
{
    const char *url = mc_sprintf(txn->arena, "%s%s", identity->vneid_issuer, path);

    if (url == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return url != NULL ? url : "";
}

IdentityState__VneidLogin *vneid_load(struct mc_txn *txn, struct mc_bytes key)
{
    IdentityState__VneidLogin *login =
        mc_load(txn, IDENTITY_VNEID_LOGINS, key, &identity_state__vneid_login__descriptor);

    return login != NULL && login->expires_at_ms > txn->now_ms ? login : NULL;
}

void vneid_emit(struct mc_txn *txn, const char *type, struct mc_bytes account, const char *code)
{
    Identity__VneidChanged changed = IDENTITY__VNEID_CHANGED__INIT;
    const char *keys[] = {account.len != 0 ? identity_key(txn, "account", account) : NULL, NULL};

    if (account.len != 0)
        changed.account_id = identity_uuid(txn, account);
    changed.code = mc_unconst(code);
    mc_emit(txn, type, &changed.base, MC_PLAIN, keys);
}

static void fail(struct mc_txn *txn, struct mc_bytes key, IdentityState__VneidLogin *login,
                 const char *code)
{
    login->step = VNEID_FAILED;
    login->code = mc_unconst(code);
    login->id_token = login->access_token = login->verifier = (ProtobufCBinaryData){0};
    mc_save(txn, IDENTITY_VNEID_LOGINS, key, &login->base);
    vneid_emit(txn, "identity.vneid_refused", (struct mc_bytes){0}, code);
}

void vneid_show_login(const struct identity *identity, struct mc_txn *txn,
                      const struct oidc_authorization *at, const char *code,
                      Identity__AuthorizeReply *rep)
{
    rep->step = IDENTITY__AUTHORIZE_STEP__SHOW_LOGIN;
    oidc_fill_login(identity, txn, at, rep);
    rep->code = mc_unconst(code);
    rep->message = identity_text(txn, code, NULL);
}

void vneid_ask(const struct identity *identity, struct mc_txn *txn, const char *kind,
               struct mc_bytes key, const char *url, const char *form, const char *bearer)
{
    IdentityState__VneidCall call = IDENTITY_STATE__VNEID_CALL__INIT;

    (void)identity;
    call.login = identity_data(key);
    call.url = mc_unconst(url);
    call.form = mc_unconst(form);
    call.bearer = mc_unconst(bearer);
    (void)mc_job_add(txn, &(struct mc_job_spec){
                              .lane = IDENTITY_LANE_VNEID,
                              .kind = kind,
                              .payload = mc_body_pack(txn->arena, &call.base),
                              .expires_ms = txn->now_ms + VNEID_LIFE_MS,
                              .attempts_max = VNEID_ATTEMPTS,
                              .backoff_ms = VNEID_BACKOFF_MS,
                              .backoff_max_ms = 4 * VNEID_BACKOFF_MS,
                              .destination = "vneid",
                              .forget = true,
                          });
}

enum mc_status identity_vneid_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                      const ProtobufCMessage *payload,
                                      struct mc_http_request *ret_request)
{
    const struct identity *identity = ctx;
    const IdentityState__VneidCall *call = (const void *)payload;
    struct mc_header *headers = mc_alloc(arena, 2 * sizeof *headers);
    bool posts = call->form[0] != '\0';

    (void)job;
    if (headers == NULL)
        return MC_FULL;
    if (call->bearer[0] != '\0')
        headers[0] =
            (struct mc_header){"Authorization", mc_sprintf(arena, "Bearer %s", call->bearer)};
    *ret_request = (struct mc_http_request){
        .method = posts ? "POST" : "GET",
        .url = call->url,
        .headers = headers,
        .content_type = posts ? "application/x-www-form-urlencoded" : NULL,
        .body = {call->form, strlen(call->form)},
        .timeout_ms = VNEID_TIMEOUT_MS,
        .answer_max = VNEID_ANSWER_MAX,
        .ca_file = identity->vneid_ca_file[0] != '\0' ? identity->vneid_ca_file : NULL,
        .once = posts,
    };
    return MC_OK;
}

static bool is_good(const struct mc_result *result)
{
    return result->outcome == MC_HTTP_ANSWERED && result->http_status == HTTP_OK;
}

static bool says(const struct mc_json *claims, const char *name, const char *value)
{
    const char *text = mc_json_text(claims, name);

    return text != NULL && strcmp(text, value) == 0;
}

/* OpenID Connect Core 3.1.3.7: from whom, for us alone, now, and the answer to this question. */
static bool token_is_ours(const struct identity *identity, const struct mc_txn *txn,
                          const struct mc_json *claims, const IdentityState__VneidLogin *login)
{
    bool for_us =
        says(claims, "aud", identity->vneid_client_id) ||
        (mc_json_count(claims, "aud") == 1 && says(claims, "aud.0", identity->vneid_client_id));
    int64_t exp = 0;
    int64_t iat = 0;
    int64_t now = txn->now_ms / 1000;

    return says(claims, "iss", identity->vneid_issuer) && for_us &&
           says(claims, "nonce", login->nonce) && mc_json_number(claims, "exp", &exp) &&
           mc_json_number(claims, "iat", &iat) && exp > now - OIDC_SKEW_MS / 1000 &&
           iat <= now + OIDC_SKEW_MS / 1000;
}

static enum mc_status verify(struct mc_txn *txn, const IdentityState__VneidLogin *login,
                             struct mc_bytes *ret_payload)
{
    const IdentityState__VneidKeys *keys =
        mc_load(txn, IDENTITY_VNEID_KEYS, KEYS_KEY, &identity_state__vneid_keys__descriptor);
    const char *token = mc_open_text(txn, login->id_token);

    if (txn->status != MC_OK)
        return txn->status;
    return keys == NULL ? MC_NOT_FOUND
                        : mc_jose_verify(txn->arena, mc_key_text(keys->jwks), token, ret_payload);
}

/* The token is checked; by a key we do not know: VNeID's set is fetched again, once. */
static void judge(const struct identity *identity, struct mc_txn *txn, struct mc_bytes key,
                  IdentityState__VneidLogin *login)
{
    mc_cleanup(mc_json_freep) struct mc_json *claims = NULL;
    struct mc_bytes payload;
    enum mc_status status = verify(txn, login, &payload);

    if (txn->status != MC_OK)
        return;
    if (status == MC_NOT_FOUND && !login->keys_fetched) {
        mc_save(txn, IDENTITY_VNEID_LOGINS, key, &login->base);
        vneid_ask(identity, txn, "vneid.keys", key, vneid_url(identity, txn, "/oauth2/jwks"), "",
                  "");
        return;
    }
    const char *sub = status == MC_OK && mc_json_parse(payload, &claims) == MC_OK
                          ? mc_json_text(claims, "sub")
                          : NULL;
    if (sub == NULL || sub[0] == '\0' || strlen(sub) > VNEID_TEXT_MAX ||
        !token_is_ours(identity, txn, claims, login)) {
        fail(txn, key, login, "VNEID_WRONG");
        return;
    }
    login->sub = identity_data(mc_blind(txn, "vneid_sub", sub));
    login->id_token = (ProtobufCBinaryData){0};
    mc_save(txn, IDENTITY_VNEID_LOGINS, key, &login->base);
    vneid_ask(identity, txn, "vneid.userinfo", key, vneid_url(identity, txn, "/oauth2/userinfo"),
              "", mc_open_text(txn, login->access_token));
}

static void take_tokens(const struct identity *identity, struct mc_txn *txn, struct mc_bytes key,
                        IdentityState__VneidLogin *login, struct mc_bytes body)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    bool read = mc_json_parse(body, &json) == MC_OK;
    const char *id_token = read ? mc_json_text(json, "id_token") : NULL;
    const char *access_token = read ? mc_json_text(json, "access_token") : NULL;

    if (id_token == NULL || access_token == NULL || strlen(access_token) > MC_JOSE_TOKEN_MAX ||
        strlen(id_token) > MC_JOSE_TOKEN_MAX || !mc_header_value_ok(access_token)) {
        fail(txn, key, login, "VNEID_WRONG");
        return;
    }
    login->id_token = mc_seal_text(txn, id_token);
    login->access_token = mc_seal_text(txn, access_token);
    login->verifier = (ProtobufCBinaryData){0};
    judge(identity, txn, key, login);
}

enum mc_status identity_vneid_token_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                         const ProtobufCMessage *payload,
                                         const struct mc_result *result,
                                         enum mc_verdict *ret_verdict)
{
    struct mc_bytes key =
        mc_key_bytes(((const IdentityState__VneidCall *)(const void *)payload)->login);
    IdentityState__VneidLogin *login = vneid_load(txn, key);

    (void)job;
    *ret_verdict = MC_DONE;
    if (login == NULL || login->step != VNEID_ASKING)
        return txn->status;
    if (is_good(result))
        take_tokens(ctx, txn, key, login, result->body);
    else if (result->outcome == MC_HTTP_NOT_SENT && !result->gave_up)
        *ret_verdict = MC_RETRY;
    else
        fail(txn, key, login, "VNEID_UNAVAILABLE");
    return txn->status;
}

enum mc_status identity_vneid_keys_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                        const ProtobufCMessage *payload,
                                        const struct mc_result *result,
                                        enum mc_verdict *ret_verdict)
{
    IdentityState__VneidKeys keys = IDENTITY_STATE__VNEID_KEYS__INIT;
    struct mc_bytes key =
        mc_key_bytes(((const IdentityState__VneidCall *)(const void *)payload)->login);
    IdentityState__VneidLogin *login = vneid_load(txn, key);
    bool usable = is_good(result) && mc_jose_usable(result->body) > 0;

    (void)job;
    *ret_verdict = MC_DONE;
    if (usable) {
        keys.jwks =
            mc_sprintf(txn->arena, "%.*s", (int)result->body.len, (const char *)result->body.data);
        keys.fetched_at_ms = txn->now_ms;
        if (keys.jwks == NULL)
            return mc_fail(txn, MC_FULL, "arena");
        mc_save(txn, IDENTITY_VNEID_KEYS, KEYS_KEY, &keys.base);
    }
    if (login == NULL || login->step != VNEID_ASKING)
        return txn->status;
    login->keys_fetched = true;
    if (usable)
        judge(ctx, txn, key, login);
    else if (!result->gave_up)
        *ret_verdict = MC_RETRY;
    else
        fail(txn, key, login, "VNEID_UNAVAILABLE");
    return txn->status;
}

/* The claims are of the person the token was about (Core 5.3.2). */
static bool sub_is(struct mc_txn *txn, const struct mc_json *claims,
                   const IdentityState__VneidLogin *login)
{
    const char *sub = mc_json_text(claims, "sub");
    struct mc_bytes hash = mc_blind(txn, "vneid_sub", sub != NULL ? sub : "");

    return sub != NULL && hash.len != 0 && hash.len == login->sub.len &&
           mc_equal(hash.data, login->sub.data, hash.len);
}

static void take_claims(const struct identity *identity, struct mc_txn *txn, struct mc_bytes key,
                        IdentityState__VneidLogin *login, struct mc_bytes body)
{
    mc_cleanup(mc_json_freep) struct mc_json *claims = NULL;
    const char *wrong = "VNEID_WRONG";

    if (mc_json_parse(body, &claims) == MC_OK && sub_is(txn, claims, login))
        wrong = vneid_account(identity, txn, claims, login);
    if (txn->status != MC_OK)
        return;
    if (wrong != NULL) {
        fail(txn, key, login, wrong);
        return;
    }
    login->step = VNEID_DONE;
    login->access_token = (ProtobufCBinaryData){0};
    mc_save(txn, IDENTITY_VNEID_LOGINS, key, &login->base);
}

enum mc_status identity_vneid_userinfo_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                            const ProtobufCMessage *payload,
                                            const struct mc_result *result,
                                            enum mc_verdict *ret_verdict)
{
    struct mc_bytes key =
        mc_key_bytes(((const IdentityState__VneidCall *)(const void *)payload)->login);
    IdentityState__VneidLogin *login = vneid_load(txn, key);

    (void)job;
    *ret_verdict = MC_DONE;
    if (login == NULL || login->step != VNEID_ASKING)
        return txn->status;
    if (is_good(result))
        take_claims(ctx, txn, key, login, result->body);
    else if (!result->gave_up)
        *ret_verdict = MC_RETRY;
    else
        fail(txn, key, login, "VNEID_UNAVAILABLE");
    return txn->status;
}
