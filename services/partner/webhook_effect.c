/*
 * webhook.send: one event to one address, or the challenge that shows it is theirs who asked.
 *
 *     webhook-id         whk_<webhook>_<sequence>, the same however often it is sent
 *     webhook-timestamp  seconds; of this attempt
 *     webhook-signature  "v1," and base64 of HMAC-SHA256(key, id.timestamp.body), for each live key
 *
 * The challenge is an event of type motcua.webhook.challenge with {"challenge": text}; the address
 * answers 200 with the same JSON. (An OPTIONS handshake, as CloudEvents' own page has it, shows no
 * secret and no signature: who answers it may not be who asked.)
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/header.h"
#include "common/json.h"

#include "feed.h"

enum { HTTP_OK = 200, HTTP_MULTIPLE = 300, HTTP_GONE = 410, SECOND_MS = 1000, HEADERS = 5 };

static bool challenge_body(struct mc_arena *arena, const char *challenge, struct mc_bytes *ret_body)
{
    struct mc_json_writer writer;

    mc_json_begin(&writer, arena);
    mc_json_object(&writer);
    mc_json_key(&writer, "specversion");
    mc_json_string(&writer, "1.0");
    mc_json_key(&writer, "id");
    mc_json_string(&writer, challenge);
    mc_json_key(&writer, "source");
    mc_json_string(&writer, "/partner");
    mc_json_key(&writer, "type");
    mc_json_string(&writer, "motcua.webhook.challenge");
    mc_json_key(&writer, "data");
    mc_json_object(&writer);
    mc_json_key(&writer, "challenge");
    mc_json_string(&writer, challenge);
    mc_json_end(&writer);
    mc_json_end(&writer);
    return mc_json_finish(&writer, ret_body) == MC_OK;
}

static char *signature_of(struct mc_arena *arena, const PartnerState__WebhookSend *send,
                          const char *head, struct mc_bytes body)
{
    size_t head_len = strlen(head);
    char *signed_text = mc_alloc(arena, head_len + body.len + 1);
    char *text = mc_alloc(arena, send->n_keys * (mc_base64_size(MC_HASH_LEN) + sizeof "v1, ") + 1);
    uint8_t mac[MC_HASH_LEN];

    if (signed_text == NULL || text == NULL)
        return NULL;
    memcpy(mempcpy(signed_text, head, head_len), body.data, body.len);
    char *at = text;
    for (size_t i = 0; i < send->n_keys; i++) {
        mc_hmac_sha256(mac, mc_key_bytes(send->keys[i]),
                       (struct mc_bytes){signed_text, head_len + body.len});
        at = stpcpy(at, i > 0 ? " v1," : "v1,");
        at += mc_base64(at, (struct mc_bytes){mac, sizeof mac});
    }
    return text;
}

enum mc_status partner_webhook_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                    const ProtobufCMessage *payload,
                                    struct mc_http_request *ret_request)
{
    const struct partner *partner = ctx;
    const PartnerState__WebhookSend *send = (const void *)payload;
    struct mc_header *headers = mc_alloc(arena, HEADERS * sizeof *headers);
    struct mc_bytes body = mc_key_bytes(send->event);
    char id[2 * MC_ID_LEN + 1];
    /* A lease's end is when it was taken and how long it lasts: the time of this attempt. */
    int64_t at_s = (job->record->due_ms - PARTNER_WEBHOOK_LEASE_MS) / SECOND_MS;

    (void)mc_hex(id, mc_key_bytes(send->webhook_id));
    const char *name = send->sequence != 0
                           ? mc_sprintf(arena, "whk_%s_%" PRIu64, id, send->sequence)
                           : mc_sprintf(arena, "whk_%s_%s", id, send->challenge);
    const char *time = mc_sprintf(arena, "%" PRId64, at_s);
    const char *head = mc_sprintf(arena, "%s.%s.", name, time);
    if (headers == NULL || name == NULL || time == NULL || head == NULL ||
        (send->sequence == 0 && !challenge_body(arena, send->challenge, &body)))
        return MC_LIMITED;
    const char *signature = signature_of(arena, send, head, body);
    if (signature == NULL)
        return MC_LIMITED;
    headers[0] = (struct mc_header){"webhook-id", name};
    headers[1] = (struct mc_header){"webhook-timestamp", time};
    headers[2] = (struct mc_header){"webhook-signature", signature};
    *ret_request = (struct mc_http_request){
        .method = "POST",
        .url = send->url,
        .headers = headers,
        .content_type = "application/cloudevents+json; charset=utf-8",
        .body = body,
        .timeout_ms = PARTNER_WEBHOOK_TIMEOUT_MS,
        .answer_max = PARTNER_WEBHOOK_ANSWER_MAX,
        .guard = &partner->guard,
        .detail = true,
    };
    return MC_OK;
}

static bool echoed(const PartnerState__WebhookSend *send, struct mc_bytes body)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    const char *said = mc_json_parse(body, &json) == MC_OK ? mc_json_text(json, "challenge") : NULL;

    return said != NULL && strcmp(said, send->challenge) == 0;
}

static char *error_of(struct mc_txn *txn, const struct mc_result *result)
{
    if (result->detail != NULL && result->detail->denied)
        return mc_unconst(MC_CODE_URL_INTERNAL);
    if (result->outcome != MC_HTTP_ANSWERED)
        return mc_unconst("NO_ANSWER");
    char *text = mc_sprintf(txn->arena, "HTTP_%u", result->http_status);
    return text != NULL ? text : mc_unconst("HTTP");
}

static void disable(struct mc_txn *txn, PartnerState__Webhook *record, Partner__Webhook *told)
{
    told->state = PARTNER__WEBHOOK_STATE__WEBHOOK_DISABLED;
    record->job = 0;
    partner_webhook_save(txn, record, told);
    partner_webhook_emit(txn, "partner.webhook_disabled", record, told, told->last_error);
}

static enum mc_verdict failed(const struct partner *partner, struct mc_txn *txn,
                              PartnerState__Webhook *record, Partner__Webhook *told,
                              const struct mc_result *result)
{
    bool gone = result->outcome == MC_HTTP_ANSWERED && result->http_status == HTTP_GONE;

    if (told->failing_since_ms == 0)
        told->failing_since_ms = txn->now_ms;
    told->failures++;
    told->last_error = error_of(txn, result);
    if (gone || result->gave_up ||
        txn->now_ms - told->failing_since_ms >= partner->webhook_patience_ms) {
        disable(txn, record, told);
        return MC_DONE;
    }
    partner_webhook_save(txn, record, told);
    return MC_RETRY;
}

static void arrived(struct mc_txn *txn, const PartnerState__WebhookSend *send,
                    PartnerState__Webhook *record, Partner__Webhook *told)
{
    bool confirmed = send->sequence == 0;

    told->failing_since_ms = 0;
    told->failures = 0;
    told->last_error = mc_unconst("");
    told->last_success_ms = txn->now_ms;
    if (confirmed)
        told->state = PARTNER__WEBHOOK_STATE__WEBHOOK_ACTIVE;
    else
        told->delivered = send->sequence;
    record->job = 0; /* this one ends by itself */
    partner_webhook_restart(txn, record, told);
    partner_webhook_save(txn, record, told);
    if (confirmed)
        partner_webhook_emit(txn, "partner.webhook_confirmed", record, told, "");
}

enum mc_status partner_webhook_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                    const ProtobufCMessage *payload, const struct mc_result *result,
                                    enum mc_verdict *ret_verdict)
{
    const PartnerState__WebhookSend *send = (const void *)payload;
    Partner__Webhook *told = NULL;

    *ret_verdict = MC_DONE;
    PartnerState__Webhook *record =
        partner_webhook_load(txn, mc_key_bytes(send->webhook_id), &told);
    if (record == NULL || record->job != job->record->id)
        return txn->status; /* something else was decided meanwhile */
    bool ok = result->outcome == MC_HTTP_ANSWERED && result->http_status >= HTTP_OK &&
              result->http_status < HTTP_MULTIPLE &&
              (send->sequence != 0 || echoed(send, result->body));
    if (ok)
        arrived(txn, send, record, told);
    else
        *ret_verdict = failed(ctx, txn, record, told, result);
    return txn->status;
}
