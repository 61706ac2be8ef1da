/*
 * The post office (VNPost), asked by jobs. An order has our number; whoever is not sure whether it
 * arrived asks by it before ordering again.
 *
 *     POST <url>/orders {"customerCode", "orderNumber", "senderName", "receiverName",
 * "receiverTel", "receiverAddress", "receiverProvince", "codAmount": 0}
 *       -> 200 {"result": "OK", "waybill"}, 409 {"result": "DUPLICATE"}, 400 {"result": why}
 *     GET  <url>/orders/<number> -> 200 {"status": 1..4, "waybill", "at": yyyyMMddHHmmss}, 404
 *     POST <url>/orders/<number>/cancel -> 200 {"result": "OK" | "TOO_LATE"}
 *
 * What this speaks is the common core of the adapters known (customerCode, orderNumber, receiver…,
 * codAmount, status 1 registered, 2 collecting, 3 delivered, 4 cancelled); a province whose
 * contract says it otherwise puts its exchange axis between.
 */
#include <stdio.h>
#include <string.h>

#include "common/date.h"
#include "common/json.h"

#include "dossier.h"

enum { ANSWER_MAX = 16 << 10, TIMEOUT_MS = 15000 };

static const DossierState__PostJob *job_of(const ProtobufCMessage *payload)
{
    return (const DossierState__PostJob *)(const void *)payload;
}

static enum mc_status request_to(const struct dossier *dossier, struct mc_arena *arena,
                                 const char *path, struct mc_http_request *ret_request)
{
    static const char *const bearer = "Bearer ";
    struct mc_header *headers = mc_alloc(arena, 2 * sizeof *headers);
    char *url = mc_sprintf(arena, "%s/orders%s", dossier->post_url, path);

    if (dossier->post_url[0] == '\0')
        return MC_EXPIRED; /* switched off since */
    if (headers == NULL || url == NULL)
        return MC_LIMITED;
    headers[0] = headers[1] = (struct mc_header){NULL, NULL};
    if (dossier->post_token[0] != '\0') {
        headers[0].name = "Authorization";
        headers[0].value = mc_sprintf(arena, "%s%s", bearer, dossier->post_token);
        if (headers[0].value == NULL)
            return MC_LIMITED;
    }
    *ret_request = (struct mc_http_request){
        .method = "POST",
        .url = url,
        .headers = headers,
        .content_type = "application/json",
        .timeout_ms = TIMEOUT_MS,
        .answer_max = ANSWER_MAX,
        .once = true,
    };
    return MC_OK;
}

enum mc_status dossier_post_order_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       struct mc_http_request *ret_request)
{
    const struct dossier *dossier = ctx;
    const DossierState__PostJob *order = job_of(payload);
    const char *const fields[][2] = {
        {"customerCode", dossier->post_customer},
        {"orderNumber", order->number},
        {"senderName", order->sender},
        {"receiverName", order->receiver},
        {"receiverTel", order->phone},
        {"receiverAddress", order->address},
        {"receiverProvince", order->province},
    };
    struct mc_json_writer writer;

    (void)job;
    enum mc_status status = request_to(dossier, arena, "", ret_request);
    if (status != MC_OK)
        return status;
    mc_json_begin(&writer, arena);
    mc_json_object(&writer);
    for (size_t i = 0; i < MC_LEN(fields); i++) {
        mc_json_key(&writer, fields[i][0]);
        mc_json_string(&writer, fields[i][1]);
    }
    mc_json_key(&writer, "codAmount");
    mc_json_int(&writer, 0);
    mc_json_end(&writer);
    return mc_json_finish(&writer, &ret_request->body);
}

enum mc_status dossier_post_track_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       struct mc_http_request *ret_request)
{
    (void)job;
    const char *path = mc_sprintf(arena, "/%s", job_of(payload)->number);
    enum mc_status status = path != NULL ? request_to(ctx, arena, path, ret_request) : MC_LIMITED;

    ret_request->method = "GET";
    return status;
}

enum mc_status dossier_post_cancel_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                        const ProtobufCMessage *payload,
                                        struct mc_http_request *ret_request)
{
    (void)job;
    const char *path = mc_sprintf(arena, "/%s/cancel", job_of(payload)->number);

    return path != NULL ? request_to(ctx, arena, path, ret_request) : MC_LIMITED;
}

/* The dossier whose present parcel this job is about; false: it is about none any more. */
static bool open_parcel(struct mc_txn *txn, const DossierState__PostJob *job,
                        struct dossier_open *ret_open)
{
    return dossier_open_any(txn, job->dossier_id, "", ret_open) == MC_OK &&
           dossier_parcel_is_under_way(ret_open->record) &&
           strcmp(ret_open->record->parcel->number, job->number) == 0;
}

struct answer {
    unsigned status; /* HTTP; 0: not answered, or not to be understood */
    const char *result;
    struct dossier_post_news news;
};

static struct answer answer_of(struct mc_txn *txn, const struct mc_result *result)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;
    struct answer answer = {.result = "", .news.waybill = ""};
    int64_t status = 0;

    if (result->outcome != MC_HTTP_ANSWERED || result->http_status == 429 ||
        result->http_status / 100 == 5 || mc_json_parse(result->body, &json) != MC_OK)
        return answer;
    const char *text = mc_json_text(json, "result");
    const char *waybill = mc_json_text(json, "waybill");
    const char *at = mc_json_text(json, "at");
    answer.status = result->http_status;
    if (text != NULL && strlen(text) <= DOSSIER_POST_TEXT_MAX)
        answer.result = dossier_text(txn, text);
    if (waybill != NULL && strlen(waybill) <= DOSSIER_POST_TEXT_MAX)
        answer.news.waybill = dossier_text(txn, waybill);
    if (mc_json_number(json, "status", &status) && status > 0 && status <= DOSSIER_POST_CANCELLED)
        answer.news.status = (unsigned)status;
    if (at == NULL || mc_stamp_parse(at, &answer.news.at_ms) != MC_WHY_OK)
        answer.news.at_ms = 0;
    return answer;
}

static bool not_sent(const struct mc_job *job, const struct mc_result *result)
{
    return result->outcome == MC_HTTP_NOT_SENT || (job->spent != NULL && !job->unreported);
}

enum mc_status dossier_post_order_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       const struct mc_result *result, enum mc_verdict *ret_verdict)
{
    struct dossier *dossier = ctx;
    struct dossier_open open = {0};

    *ret_verdict = MC_DONE;
    if (!open_parcel(txn, job_of(payload), &open))
        return txn->status;
    if (not_sent(job, result)) {
        *ret_verdict = MC_RETRY;
        return MC_OK;
    }
    struct answer answer = answer_of(txn, result);
    bool refused = answer.status / 100 == 4 && answer.status != 409;
    if (refused) {
        dossier_parcel_fail(txn, &open, answer.result[0] != '\0' ? answer.result : "POST_REFUSED");
        return txn->status;
    }
    if (answer.status / 100 == 2 && strcmp(answer.result, "OK") == 0) {
        answer.news.status = DOSSIER_POST_REGISTERED;
        (void)dossier_parcel_told(dossier, txn, &open, &answer.news);
        dossier_parcel_job(txn, open.record, DOSSIER_POST_TRACK,
                           txn->now_ms + dossier->post_track_ms);
    } else { /* perhaps it has it: it is asked */
        dossier_parcel_job(txn, open.record, DOSSIER_POST_TRACK,
                           txn->now_ms +
                               MC_MIN(dossier->post_track_ms, (int64_t)DOSSIER_POST_BACKOFF_MS));
    }
    return txn->status;
}

enum mc_status dossier_post_track_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                       const ProtobufCMessage *payload,
                                       const struct mc_result *result, enum mc_verdict *ret_verdict)
{
    struct dossier *dossier = ctx;
    struct dossier_open open = {0};

    (void)job;
    *ret_verdict = MC_DONE;
    if (!open_parcel(txn, job_of(payload), &open))
        return txn->status;
    struct answer answer = answer_of(txn, result);
    if (answer.status == 404 &&
        open.record->parcel->state == DOSSIER__PARCEL_STATE__PARCEL_ORDERING) {
        dossier_parcel_job(txn, open.record, DOSSIER_POST_ORDER, 0); /* it never arrived */
        return txn->status;
    }
    if (answer.status / 100 != 2 || !dossier_parcel_told(dossier, txn, &open, &answer.news)) {
        *ret_verdict = MC_RETRY;
        return txn->status;
    }
    if (dossier_parcel_is_under_way(open.record))
        dossier_parcel_job(txn, open.record, DOSSIER_POST_TRACK,
                           txn->now_ms + dossier->post_track_ms);
    return txn->status;
}

enum mc_status dossier_post_cancel_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                        const ProtobufCMessage *payload,
                                        const struct mc_result *result,
                                        enum mc_verdict *ret_verdict)
{
    struct dossier_open open = {0};

    (void)ctx;
    (void)job;
    *ret_verdict = MC_DONE;
    if (!open_parcel(txn, job_of(payload), &open) ||
        open.record->parcel->state != DOSSIER__PARCEL_STATE__PARCEL_CANCELLING)
        return txn->status;
    struct answer answer = answer_of(txn, result);
    if (answer.status / 100 == 2 && strcmp(answer.result, "OK") == 0) {
        dossier_parcel_cancelled(txn, &open);
    } else if (answer.status / 100 == 2 && strcmp(answer.result, "TOO_LATE") == 0) {
        open.record->parcel->state = DOSSIER__PARCEL_STATE__PARCEL_COLLECTING;
        open.record->parcel->problem = dossier_text(txn, "POST_TOO_LATE");
        dossier_save(txn, &open);
        dossier_tell(txn, &open, "dossier.parcel_collected", "");
    } else {
        *ret_verdict = MC_RETRY; /* to cancel twice harms nobody */
    }
    return txn->status;
}
