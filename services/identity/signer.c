/*
 * signer.sim, signer.remote: somebody far away is asked to sign (REG-33 to REG-35, REG-08).
 *
 *     PUT <url>/<signing id> {"who": …, "text": base64, "check_code": "0421", "callback": url}
 *     {"state": "PENDING" | "SIGNED" | "DECLINED" | "EXPIRED" | "NOT_FOUND", "signature": base64
 * CMS}
 *
 * The signing's id names the request there too: asking again is looking again, and prompts the
 * person once. So what went wrong on the way is simply repeated while the signing lives. Who has
 * an answer may say so at the callback (signer_callback.c), which brings the next look forward.
 */
#include "signer.h"

#include <string.h>

#include "common/ident.h"
#include "common/json.h"
#include "common/text.h"

#include "signing.h"

enum { HTTP_OK = 200, HTTP_TIMEOUT = 408, HTTP_TOO_MANY = 429, HTTP_SERVER = 500 };

bool identity_method_signs(const char *method)
{
    return strcmp(method, "USB_TOKEN") == 0 || strcmp(method, "SIM_PKI") == 0 ||
           strcmp(method, "REMOTE_CA") == 0;
}

static void check_sim(struct mc_txn *txn, const Identity__StartSigningRequest *req,
                      struct identity_signer *signer)
{
    struct mc_phone phone;
    enum mc_why why = mc_phone_parse(req->phone, &phone);

    signer->kind = "signer.sim";
    if (req->phone[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "phone", "FIELD_REQUIRED", "field", "số điện thoại", NULL);
    else if (why != MC_WHY_OK)
        (void)mc_refuse(txn, MC_INVALID, "phone", mc_why_code(why), NULL);
    else
        signer->who = signer->phone = mc_strdup(txn->arena, phone.number);
}

static void check_account(struct mc_txn *txn, const Identity__StartSigningRequest *req,
                          struct identity_signer *signer)
{
    char account[MC_TEXT_SIZE(IDENTITY_CA_ACCOUNT_MAX)];
    size_t len = strlen(req->ca_account);

    signer->kind = "signer.remote";
    if (len == 0)
        (void)mc_refuse(txn, MC_INVALID, "ca_account", "FIELD_REQUIRED", "field",
                        "tài khoản ký số từ xa", NULL);
    else if (len > IDENTITY_CA_ACCOUNT_MAX)
        (void)mc_refuse(txn, MC_INVALID, "ca_account", "FIELD_TOO_LONG", "field",
                        "Tài khoản ký số từ xa", "max", "64 byte", NULL);
    else if (mc_text_clean(account, sizeof account, req->ca_account) != MC_OK || account[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "ca_account", "FIELD_INVALID", "field",
                        "Tài khoản ký số từ xa", NULL);
    else
        signer->who = mc_strdup(txn->arena, account);
}

/* Every prompt on somebody's phone counts, or a stranger could make it ring all night. */
void identity_signer_check(struct mc_txn *txn, const Identity__StartSigningRequest *req,
                           struct identity_signer *ret_signer)
{
    bool sim = strcmp(req->method, "SIM_PKI") == 0;
    bool remote = strcmp(req->method, "REMOTE_CA") == 0;

    if (!sim && !remote)
        return;
    if (sim)
        check_sim(txn, req, ret_signer);
    else
        check_account(txn, req, ret_signer);
    if (txn->status == MC_OK && ret_signer->who == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    if (txn->status == MC_OK)
        (void)identity_budget_take(txn, "start.signing",
                                   mc_blind(txn, ret_signer->kind, ret_signer->who),
                                   IDENTITY_SIGNINGS_AN_HOUR, "SIGNING_TOO_MANY");
}

static uint64_t job_add(struct mc_txn *txn, const char *kind,
                        const IdentityState__SignerRequest *ask, int64_t due_ms, int64_t expires_ms)
{
    const char *keys[] = {identity_key(txn, "signing", mc_key_bytes(ask->signing_id)), NULL};

    return mc_job_add(txn, &(struct mc_job_spec){
                               .lane = IDENTITY_LANE_SIGNER,
                               .kind = kind,
                               .payload = identity_pack(txn, &ask->base),
                               .due_ms = due_ms,
                               .expires_ms = expires_ms,
                               .backoff_ms = IDENTITY_SIGNER_BACKOFF_MS,
                               .backoff_max_ms = IDENTITY_SIGNER_BACKOFF_MAX_MS,
                               .destination = kind,
                               .keys = keys,
                               .forget = true,
                           });
}

void identity_signer_ask(struct mc_txn *txn, struct mc_bytes id, IdentityState__Signing *signing,
                         const struct identity_signer *signer)
{
    IdentityState__SignerRequest ask = IDENTITY_STATE__SIGNER_REQUEST__INIT;

    if (signer->kind == NULL)
        return;
    ask.signing_id = identity_data(id);
    ask.who = mc_unconst(signer->who);
    ask.text = signing->text;
    ask.check_code = signing->check_code;
    signing->job = job_add(txn, signer->kind, &ask, 0, signing->expires_at_ms);
}

static enum mc_status request(const struct identity *identity, struct mc_arena *arena,
                              const char *url, const IdentityState__SignerRequest *ask,
                              struct mc_http_request *ret_request)
{
    struct mc_json_writer writer;
    char id[MC_UUID_TEXT_LEN + 1];
    size_t len = strlen(ask->text);
    char *text = mc_alloc(arena, mc_base64_size(len));

    if (text == NULL || ask->signing_id.len != MC_ID_LEN)
        return MC_FULL;
    (void)mc_base64(text, (struct mc_bytes){ask->text, len});
    mc_uuid_text(id, ask->signing_id.data);
    const char *callback =
        mc_sprintf(arena, "%s/webhooks/signer?ref=%s", identity->oidc_issuer, id);
    mc_json_begin(&writer, arena);
    mc_json_object(&writer);
    mc_json_key(&writer, "who");
    mc_json_string(&writer, ask->who);
    mc_json_key(&writer, "text");
    mc_json_string(&writer, text);
    mc_json_key(&writer, "check_code");
    mc_json_string(&writer, ask->check_code);
    mc_json_key(&writer, "callback");
    mc_json_string(&writer, callback != NULL ? callback : "");
    mc_json_end(&writer);
    *ret_request = (struct mc_http_request){
        .method = "PUT",
        .url = mc_sprintf(arena, "%s/%s", url, id),
        .content_type = "application/json",
        .timeout_ms = identity->signer_timeout_ms,
        .answer_max = IDENTITY_SIGNER_ANSWER_MAX,
        .ca_file = identity->signer_ca_file[0] != '\0' ? identity->signer_ca_file : NULL,
    };
    return ret_request->url != NULL ? mc_json_finish(&writer, &ret_request->body) : MC_FULL;
}

enum mc_status identity_sim_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                    const ProtobufCMessage *payload,
                                    struct mc_http_request *ret_request)
{
    (void)job;
    const struct identity *identity = ctx;

    return request(identity, arena, identity->sim_url, (const void *)payload, ret_request);
}

enum mc_status identity_remote_request(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       struct mc_http_request *ret_request)
{
    (void)job;
    const struct identity *identity = ctx;

    return request(identity, arena, identity->remote_url, (const void *)payload, ret_request);
}

static bool is_worth_repeating(const struct mc_result *result)
{
    return result->outcome != MC_HTTP_ANSWERED || result->http_status == HTTP_OK ||
           result->http_status == HTTP_TIMEOUT || result->http_status == HTTP_TOO_MANY ||
           result->http_status >= HTTP_SERVER;
}

/* Empty when it is no base64 of a size we take: judged as any other that is no signature. */
static struct mc_bytes signature_of(struct mc_txn *txn, const struct mc_json *json)
{
    const char *text = mc_json_text(json, "signature");
    size_t len = 0;

    if (text == NULL || strlen(text) > mc_base64_size(MC_CMS_MAX))
        return (struct mc_bytes){0};
    uint8_t *bytes = mc_alloc(txn->arena, MC_CMS_MAX);
    if (bytes == NULL || !mc_unbase64(bytes, MC_CMS_MAX, mc_key_text(text), &len))
        return (struct mc_bytes){0};
    return (struct mc_bytes){bytes, len};
}

struct looked {
    struct identity *identity;
    const struct mc_job *job;
    const IdentityState__SignerRequest *ask;
    IdentityState__Signing *signing;
};

/* After the pause; at once when it was called back while this look was on its way. */
static void look_again(const struct looked *looked, struct mc_txn *txn)
{
    IdentityState__Signing *signing = looked->signing;
    int64_t pause_ms = signing->called_back ? 0 : looked->identity->signer_poll_ms;

    signing->called_back = false;
    signing->job = job_add(txn, looked->job->record->kind, looked->ask, txn->now_ms + pause_ms,
                           signing->expires_at_ms);
    identity_signing_save(txn, mc_key_bytes(looked->ask->signing_id), signing, NULL);
}

/* False: an answer that cannot be read, which may be a moment's trouble. */
static bool take(const struct looked *looked, struct mc_txn *txn, struct mc_bytes body)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    struct mc_bytes id = mc_key_bytes(looked->ask->signing_id);
    const char *state = NULL;

    if (mc_json_parse(body, &json) == MC_OK)
        state = mc_json_text(json, "state");
    if (state == NULL)
        return false;
    if (strcmp(state, "PENDING") == 0)
        look_again(looked, txn);
    else if (strcmp(state, "SIGNED") == 0)
        identity_signing_signed(looked->identity, txn, id, looked->signing,
                                signature_of(txn, json));
    else if (strcmp(state, "DECLINED") == 0)
        identity_signing_refuse(txn, id, looked->signing, "SIGNING_DECLINED");
    else if (strcmp(state, "EXPIRED") == 0)
        identity_signing_refuse(txn, id, looked->signing, "SIGNING_EXPIRED");
    else if (strcmp(state, "NOT_FOUND") == 0)
        identity_signing_refuse(txn, id, looked->signing, "SIGNING_NOT_AT_PROVIDER");
    else
        return false;
    return true;
}

enum mc_status identity_signer_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                    const ProtobufCMessage *payload, const struct mc_result *result,
                                    enum mc_verdict *ret_verdict)
{
    struct looked looked = {.identity = ctx, .job = job, .ask = (const void *)payload};
    struct mc_bytes id = mc_key_bytes(looked.ask->signing_id);

    *ret_verdict = MC_DONE;
    looked.signing = identity_signing_load(txn, id);
    if (looked.signing == NULL || looked.signing->state != IDENTITY__SIGNING_STATE__SIGNING_AWAITED)
        return txn->status; /* over, or answered by an earlier look */
    if (result->outcome == MC_HTTP_ANSWERED && result->http_status == HTTP_OK &&
        take(&looked, txn, result->body))
        return txn->status;
    if (is_worth_repeating(result) && !result->gave_up) {
        *ret_verdict = MC_RETRY;
        return txn->status;
    }
    *ret_verdict = is_worth_repeating(result) ? MC_DONE : MC_BURY;
    identity_signing_refuse(txn, id, looked.signing, "SIGNER_AWAY");
    return txn->status;
}
