/* Effects of a daemon: what it performs outside, and how it hears what became of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/daemon.h"

bool daemon_has_results(const struct daemon *d)
{
    for (size_t i = 0; d->running > 0 && i < EFFECTS_MAX; i++)
        if (d->exchanges[i].reported)
            return true;
    return false;
}

static void tell_result(struct daemon *d, struct mc_turn *turn, struct exchange *exchange)
{
    struct mc_result result = {
        .outcome = exchange->outcome,
        .http_status = exchange->http_status,
        .step = exchange->step,
        .body = {exchange->body != NULL ? exchange->body : (const uint8_t *)"", exchange->body_len},
        .status = exchange->status,
        .code = exchange->code,
        .retry_after_ms = exchange->retry_after_ms,
        .detail = exchange->detail,
    };

    if (exchange->method != NULL && exchange->status == MC_OK) {
        struct mc_validate_error error;

        mc_arena_budget(&d->service->arena, MC_CALL_BUDGET);
        result.reply = mc_body_open(&d->service->arena, exchange->method->output, result.body,
                                    MC_UPLOAD_MAX, &error);
        if (result.reply == NULL)
            result.status = MC_CORRUPT;
    }
    mc_effect_done(d->service, turn, (struct mc_bytes){exchange->token, sizeof exchange->token},
                   &result);
}

static void exchange_free(struct daemon *d, struct exchange *exchange)
{
    d->lanes_running[exchange->lane]--;
    d->running--;
    free(exchange->body);
    free(exchange->detail);
    *exchange = (struct exchange){0};
}

static void report(struct exchange *exchange, struct mc_bytes body)
{
    exchange->reported = true;
    if (body.len > 0 && (exchange->body = malloc(body.len)) != NULL) {
        memcpy(exchange->body, body.data, body.len);
        exchange->body_len = body.len;
    }
    mc_loop_defer(exchange->daemon->soon);
}

static void http_answered(void *arg, const struct mc_http_answer *answer)
{
    struct exchange *exchange = arg;

    exchange->outcome = answer->outcome;
    exchange->http_status = (unsigned)answer->status;
    (void)snprintf(exchange->code, sizeof exchange->code, "%s",
                   answer->outcome == MC_HTTP_ANSWERED ? "" : "NO_ANSWER");
    if (answer->detail != NULL && (exchange->detail = malloc(sizeof *exchange->detail)) != NULL)
        *exchange->detail = *answer->detail;
    report(exchange, answer->body);
}

static void room_answered(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct exchange *exchange = arg;

    exchange->outcome = head != NULL ? MC_HTTP_ANSWERED : MC_HTTP_UNKNOWN;
    exchange->status = head != NULL ? mc_status_of_rpc(head->status) : MC_BUSY;
    (void)snprintf(exchange->code, sizeof exchange->code, "%s",
                   head != NULL ? head->code : "NO_ANSWER");
    exchange->retry_after_ms = head != NULL ? head->retry_after_ms : 0;
    report(exchange, body);
}

/* The same job is the same call, however often it is made: its id is made of the job's. */
static void job_request_id(const struct daemon *d, const Motcua__Job *job, uint8_t id[MC_ID_LEN])
{
    struct mc_bytes parts[] = {mc_key_text(d->process.name),
                               {&job->id, sizeof job->id},
                               {d->service->first_public, MC_SIGN_PUBLIC_LEN}};
    uint8_t hash[MC_HASH_LEN];

    mc_hash_parts(hash, parts, MC_LEN(parts));
    memcpy(id, hash, MC_ID_LEN);
    for (int i = 0; i < 6; i++)
        id[i] = (uint8_t)(job->created_ms >> (40 - 8 * i));
    id[6] = (uint8_t)(0x70 | (id[6] & 0x0f));
    id[8] = (uint8_t)(0x80 | (id[8] & 0x3f));
}

static void start_room_call(struct daemon *d, struct exchange *exchange, const Motcua__Job *job,
                            const struct mc_room_call *call)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    char method[MC_METHOD_MAX + 1];
    uint8_t id[MC_ID_LEN];

    exchange->method =
        protobuf_c_service_descriptor_get_method_by_name(call->service, call->method);
    assert(exchange->method != NULL);
    (void)snprintf(method, sizeof method, "%s/%s", call->service->name, call->method);
    job_request_id(d, job, id);
    head.request_id = (ProtobufCBinaryData){sizeof id, id};
    head.method = method;
    head.caller = d->process.caller;
    head.traceparent = job->traceparent;
    head.cause_event = job->cause_event;
    struct mc_bytes body = mc_body_pack(&d->service->arena, call->request);
    if (body.data == NULL || mc_link_call(d->process.links, call->room, &head, body, EFFECT_CALL_MS,
                                          room_answered, exchange) != MC_OK)
        room_answered(exchange, NULL, (struct mc_bytes){0});
}

static void start_exchange(struct daemon *d, unsigned lane, const struct mc_job *job)
{
    struct exchange *exchange = d->exchanges;
    struct mc_http_request request;
    struct mc_room_call call;

    while (exchange->busy)
        exchange++;
    *exchange = (struct exchange){.daemon = d, .lane = lane, .busy = true};
    memcpy(exchange->token, job->token, sizeof exchange->token);
    d->lanes_running[lane]++;
    d->running++;

    enum mc_status status = mc_effect_build(d->service, job, &request, &call);
    exchange->step = request.step;
    if (status != MC_OK) {
        exchange->outcome = MC_HTTP_NOT_SENT;
        exchange->status = status;
        (void)snprintf(exchange->code, sizeof exchange->code, "NOT_BUILT");
        report(exchange, (struct mc_bytes){0});
    } else if (call.room != NULL) {
        start_room_call(d, exchange, job->record, &call);
    } else if (mc_http_start(d->http, &request, http_answered, exchange, NULL) != MC_OK) {
        exchange->outcome = MC_HTTP_NOT_SENT;
        (void)snprintf(exchange->code, sizeof exchange->code, "NOT_SENT");
        report(exchange, (struct mc_bytes){0});
    }
}

void daemon_lease_effects(struct daemon *d, struct mc_turn *turn)
{
    struct leased *leased = &d->leased;

    leased->len = 0;
    for (unsigned lane = 0; lane < d->service->room->lanes_len; lane++) {
        unsigned most = mc_lane_concurrency(d->service, lane);
        size_t room = EFFECTS_MAX - d->running - leased->len;

        if (most <= d->lanes_running[lane])
            continue;
        size_t n = mc_effects_lease(d->service, turn, lane, leased->jobs + leased->len,
                                    MC_MIN(most - d->lanes_running[lane], room));
        for (size_t i = 0; i < n; i++)
            leased->lanes[leased->len++] = lane;
    }
}

/* Sets the timer for the next effect that will be due, or asks for a turn when one is due now. */
void daemon_plan_effects(struct daemon *d)
{
    int64_t next = INT64_MAX;
    struct mc_txn txn;

    d->effects_due = false;
    if (d->service->room->effects_len == 0 || d->stopping)
        return;
    if (mc_snapshot_open(d->service->store, &d->service->arena, &txn) != MC_OK)
        return;
    for (unsigned lane = 0; lane < d->service->room->lanes_len; lane++)
        if (mc_lane_concurrency(d->service, lane) > d->lanes_running[lane])
            next = MC_MIN(next, mc_effects_next_due(d->service, &txn, lane));
    mc_snapshot_close(&txn);
    if (next == INT64_MAX)
        return;
    int64_t wait = next - daemon_now(d);
    d->effects_due = wait <= 0;
    if (d->effects_due)
        mc_loop_defer(d->soon);
    else
        mc_timer_start(d->effects_timer, MC_MIN(wait, (int64_t)60000));
}

void daemon_tell_results(struct daemon *d, struct mc_turn *turn)
{
    for (size_t i = 0; d->running > 0 && i < EFFECTS_MAX && turn->status == MC_OK; i++)
        if (d->exchanges[i].reported)
            tell_result(d, turn, &d->exchanges[i]);
}

void daemon_results_told(struct daemon *d)
{
    for (size_t i = 0; d->running > 0 && i < EFFECTS_MAX; i++)
        if (d->exchanges[i].reported)
            exchange_free(d, &d->exchanges[i]);
}

void daemon_start_effects(struct daemon *d)
{
    for (size_t i = 0; i < d->leased.len; i++)
        start_exchange(d, d->leased.lanes[i], &d->leased.jobs[i]);
    d->leased.len = 0;
}
