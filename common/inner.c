/*
 * What comes to a room from inside the house: other rooms' events, results of effects, time. Each
 * runs in a turn like a call does, and nobody waits for its answer.
 */
#include <string.h>

#include "common/actions.h"
#include "common/frame.h"
#include "common/lane_watch.h"
#include "common/pauses.h"
#include "common/retention.h"

/* What nobody waits for is not told to anybody when it fails: it is logged. */
static void tell_log(struct mc_service *service, const char *event, const char *what,
                     uint64_t number, const char *why)
{
    struct mc_log_line line;

    if (service->options.log == NULL)
        return;
    mc_log_begin(&line, service->options.log, MC_LOG_ERROR, mc_now_ms(service->options.clock),
                 event);
    mc_log_text(&line, "what", what);
    mc_log_int(&line, "number", (int64_t)number);
    mc_log_text(&line, "why", why);
    mc_log_end(&line);
}

/* A txn for what no caller asked: an event, an effect's result, the tick. */
static void txn_inner(struct mc_service *service, struct mc_turn *turn, struct mc_txn *txn,
                      struct mc_call *call, Motcua__Header *head, const char *actor)
{
    mc_arena_budget(&service->arena, MC_CALL_BUDGET);
    mc_txn_open(txn, turn);
    *call = (struct mc_call){.head = head, .arrived_ms = turn->now_ms};
    call->caller = (struct mc_caller){.name = actor, .who = MC_ROOM};
    mc_txn_fill(service, txn, call);
    txn->actor = actor;
}

uint64_t mc_cursor_load(struct mc_txn *txn, const char *room)
{
    struct mc_bytes value;
    uint64_t applied = 0;

    if (mc_get(txn, MC_TABLE_CURSORS, mc_key_text(room), &value) && value.len == sizeof applied)
        memcpy(&applied, value.data, sizeof applied);
    return applied;
}

static const struct mc_follow *follow_find(const struct mc_room *room, const Motcua__Event *event)
{
    for (size_t i = 0; i < room->follows_len; i++)
        if (strcmp(room->follows[i].room, event->room) == 0 &&
            (strcmp(room->follows[i].type, event->type) == 0 ||
             strcmp(room->follows[i].type, "*") == 0))
            return &room->follows[i];
    return NULL;
}

/* Revoked sessions are kept under "revoked/<session>" until they would have ended by themselves. */
const char mc_revoked_prefix[] = "revoked/";

static struct mc_bytes revoked_key(struct mc_txn *txn, const char *session_id)
{
    return mc_key_join(txn, mc_key_text(mc_revoked_prefix), mc_key_text(session_id));
}

/* The house's own ear: a revoked session is refused from the next call on. */
static void hear_revocation(struct mc_service *service, struct mc_txn *txn,
                            const Motcua__Event *event)
{
    const Motcua__SessionRevoked *revoked =
        motcua__session_revoked__unpack(&txn->arena->protobuf, event->body.len, event->body.data);

    if (revoked == NULL)
        return;
    mc_save(txn, MC_TABLE_META, revoked_key(txn, revoked->session_id), &revoked->base);
    mc_session_revoke(service, revoked);
}

static enum mc_status hear(struct mc_service *service, struct mc_txn *txn,
                           const Motcua__Event *event)
{
    const struct mc_follow *follow = follow_find(service->room, event);
    ProtobufCMessage *body = NULL;

    if (strcmp(event->room, "identity") == 0 &&
        strcmp(event->type, "identity.session_revoked") == 0)
        hear_revocation(service, txn, event);
    if (follow == NULL)
        return MC_OK;
    if (follow->body != NULL) {
        body = protobuf_c_message_unpack(follow->body, &txn->arena->protobuf, event->body.len,
                                         event->body.data);
        if (body == NULL)
            return txn->arena->full ? MC_LIMITED : MC_INVALID;
    }
    return follow->handler(service->ctx, txn, event, body);
}

/* META "refused/<room>" -> how many of its events were passed over (8, as CURSORS). */
static struct mc_bytes refused_key(struct mc_txn *txn, const char *room)
{
    return mc_key_join(txn, mc_key_text("refused/"), mc_key_text(room));
}

uint64_t mc_refused_load(struct mc_txn *txn, const char *room)
{
    struct mc_bytes value;
    uint64_t count = 0;

    if (mc_get(txn, MC_TABLE_META, refused_key(txn, room), &value) && value.len == sizeof count)
        memcpy(&count, value.data, sizeof count);
    return count;
}

/* What it should have done is not done: it is counted, and told where it belongs. */
static void tell_refused(struct mc_service *service, struct mc_txn *txn, const Motcua__Event *event,
                         const char *why)
{
    Motcua__EventRefused refused = MOTCUA__EVENT_REFUSED__INIT;
    const char *type = mc_sprintf(txn->arena, "%s.event_refused", service->room->name);
    const char **keys = mc_alloc(txn->arena, (event->n_keys + 1) * sizeof *keys);
    uint64_t count = mc_refused_load(txn, event->room) + 1;

    if (type == NULL || keys == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < event->n_keys; i++)
        keys[i] = event->keys[i];
    keys[event->n_keys] = NULL;
    mc_put(txn, MC_TABLE_META, refused_key(txn, event->room),
           (struct mc_bytes){&count, sizeof count});
    refused.room = event->room;
    refused.seq = event->seq;
    refused.type = event->type;
    refused.why = mc_unconst(why);
    mc_emit(txn, type, &refused.base, MC_PLAIN, keys);
}

void mc_event_apply(struct mc_service *service, struct mc_turn *turn, const Motcua__Event *event)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    struct mc_call call;
    struct mc_txn txn;

    txn_inner(service, turn, &txn, &call, &head, event->actor);
    if (turn->status != MC_OK || event->seq != mc_cursor_load(&txn, event->room) + 1)
        return; /* applied before, or one is missing: the next Follow brings it */
    head.request_id = event->cause;
    head.traceparent = event->traceparent;
    const char *cause =
        mc_sprintf(txn.arena, "%s/%llu", event->room, (unsigned long long)event->seq);
    txn.cause_event = cause;

    enum mc_status status = hear(service, &txn, event);
    if (status != MC_OK)
        (void)mc_fail(&txn, status, event->type);
    if (txn.status != MC_OK && txn.status != MC_FULL && txn.status != MC_IO) {
        /* A handler that refuses an event would stop the world: it is passed, and kept visible. */
        const char *why = txn.why;
        tell_log(service, "event_refused", event->type, event->seq, why);
        txn_inner(service, turn, &txn, &call, &head, event->actor);
        txn.cause_event = cause;
        tell_refused(service, &txn, event, why != NULL ? why : "");
    }
    mc_put(&txn, MC_TABLE_CURSORS, mc_key_text(event->room),
           (struct mc_bytes){&event->seq, sizeof event->seq});
    /* A fault of this event (a rotten record) is not the turn's: it waits, the calls go on. */
    if (mc_txn_apply(&txn) != MC_OK && turn->status == MC_OK)
        tell_log(service, "event_fault", event->type, event->seq, txn.why);
}

const struct mc_effect *mc_effect_of(const struct mc_service *service, const char *kind)
{
    for (size_t i = 0; i < service->room->effects_len; i++)
        if (strcmp(service->room->effects[i].kind, kind) == 0)
            return &service->room->effects[i];
    return NULL;
}

unsigned mc_lane_concurrency(const struct mc_service *service, unsigned lane)
{
    unsigned most = 0;

    for (size_t i = 0; i < service->room->effects_len; i++)
        if (service->room->effects[i].lane == lane)
            most = MC_MAX(most, service->room->effects[i].concurrency);
    return most;
}

static const char worker_self[] = "self"; /* the daemon's own name on its leases */

/* Tells `done` what became of a job in hand, and does what it decides. */
static void effect_tell(struct mc_service *service, struct mc_txn *txn, const struct mc_job *job,
                        const struct mc_result *result)
{
    const struct mc_effect *effect = mc_effect_of(service, job->record->kind);
    enum mc_verdict verdict = MC_BURY;
    struct mc_result told = *result;

    if (effect == NULL) {
        mc_job_bury(txn, job, "KIND_UNKNOWN"); /* of a version that knew it */
        return;
    }
    told.gave_up = job->spent != NULL || mc_job_is_last_attempt(job);
    const ProtobufCMessage *payload = protobuf_c_message_unpack(
        effect->payload, &txn->arena->protobuf, job->payload.len, job->payload.data);
    if (payload == NULL) {
        mc_job_bury(txn, job, "PAYLOAD_UNREADABLE");
        return;
    }
    enum mc_status status = effect->done(service->ctx, txn, job, payload, &told, &verdict);
    if (status != MC_OK)
        (void)mc_fail(txn, status, effect->kind);
    const char *error = told.code != NULL && told.code[0] != '\0' ? told.code : "NO_ANSWER";
    if (job->spent != NULL)
        mc_job_bury(txn, job, job->spent);
    else if (verdict == MC_DONE)
        mc_job_done(txn, job);
    else if (verdict == MC_AGAIN)
        mc_job_again(txn, job);
    else if (verdict == MC_RETRY)
        mc_job_retry(txn, job, error, 0);
    else
        mc_job_bury(txn, job, error);
}

/*
 * Applies what `done` wrote. When it failed instead, the job becomes a dead letter that an
 * operator sees: repeating could do the effect twice, and waiting would stop its lane.
 */
static void effect_apply(struct mc_service *service, struct mc_txn *txn, const struct mc_job *job)
{
    struct mc_turn *turn = txn->turn;

    if (mc_txn_apply(txn) == MC_OK || turn->status != MC_OK)
        return;
    tell_log(service, "effect_refused", job->record->kind, job->record->id, txn->why);
    struct mc_txn end;
    mc_arena_budget(&service->arena, MC_CALL_BUDGET);
    mc_txn_open(&end, turn);
    mc_job_bury(&end, job, "RESULT_REFUSED");
    (void)mc_txn_apply(&end);
}

static void job_header(Motcua__Header *head, const Motcua__Job *job)
{
    head->request_id = job->cause;
    head->traceparent = job->traceparent;
}

void mc_effect_done(struct mc_service *service, struct mc_turn *turn, struct mc_bytes token,
                    const struct mc_result *result)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    struct mc_call call;
    struct mc_txn txn;

    txn_inner(service, turn, &txn, &call, &head, "");
    struct mc_job *job = mc_job_held(&txn, token, worker_self);
    if (job == NULL)
        return; /* its lease ran out and it went on without this result */
    mc_job_open(&txn, job);
    job_header(&head, job->record);
    txn.actor = job->record->actor;
    txn.cause_event = job->record->cause_event;
    effect_tell(service, &txn, job, result);
    effect_apply(service, &txn, job);
}

/* Ends a job that may not be performed (again): `done` is told, each in a txn of its own. */
static void effect_end(struct mc_service *service, struct mc_turn *turn, const struct mc_job *job)
{
    const struct mc_result unknown = {
        .outcome = MC_HTTP_UNKNOWN, .status = MC_BUSY, .code = "UNREPORTED"};
    Motcua__Header head = MOTCUA__HEADER__INIT;
    struct mc_call call;
    struct mc_txn txn;

    txn_inner(service, turn, &txn, &call, &head, job->record->actor);
    txn.cause_event = job->record->cause_event;
    job_header(&head, job->record);
    effect_tell(service, &txn, job, &unknown);
    effect_apply(service, &txn, job);
}

size_t mc_effects_lease(struct mc_service *service, struct mc_turn *turn, unsigned lane,
                        struct mc_job *ret_jobs, size_t max)
{
    int64_t lease_ms = 0;
    Motcua__Header head = MOTCUA__HEADER__INIT;
    struct mc_call call;
    struct mc_txn txn;
    size_t kept = 0;

    for (size_t i = 0; i < service->room->effects_len; i++)
        if (service->room->effects[i].lane == lane)
            lease_ms = MC_MAX(lease_ms, service->room->effects[i].lease_ms);
    txn_inner(service, turn, &txn, &call, &head, "");
    const struct mc_lease spec = {.lane = lane, .worker = worker_self, .lease_ms = lease_ms};
    size_t n = mc_gate_effect(service, lane) != NULL
                   ? mc_gate_lease(service, &txn, &spec, ret_jobs, max)
                   : mc_jobs_lease(&txn, &spec, ret_jobs, max);
    if (mc_txn_apply(&txn) != MC_OK)
        return 0;
    for (size_t i = 0; i < n; i++) {
        const struct mc_effect *effect = mc_effect_of(service, ret_jobs[i].record->kind);

        if (ret_jobs[i].spent == NULL && effect != NULL &&
            !(effect->ask_first && ret_jobs[i].unreported))
            ret_jobs[kept++] = ret_jobs[i];
        else
            effect_end(service, turn, &ret_jobs[i]);
    }
    return kept;
}

/* What is sent is decided by what the store holds now. */
static enum mc_status build_now(struct mc_service *service, const struct mc_effect *effect,
                                const struct mc_job *job, const ProtobufCMessage *payload,
                                struct mc_http_request *ret_http)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    struct mc_call call = {.head = &head, .caller = {.name = "", .who = MC_ROOM}};
    struct mc_txn txn;

    enum mc_status status = mc_snapshot_open(service->store, &service->arena, &txn);
    if (status == MC_OK) {
        mc_txn_fill(service, &txn, &call);
        status = effect->http_now(service->ctx, &txn, job, payload, ret_http);
    }
    mc_snapshot_close(&txn);
    return status;
}

enum mc_status mc_effect_build(struct mc_service *service, const struct mc_job *job,
                               struct mc_http_request *ret_http, struct mc_room_call *ret_call)
{
    const struct mc_effect *effect = mc_effect_of(service, job->record->kind);

    mc_arena_budget(&service->arena, MC_CALL_BUDGET);
    *ret_http = (struct mc_http_request){0};
    *ret_call = (struct mc_room_call){0};
    const ProtobufCMessage *payload =
        effect != NULL ? protobuf_c_message_unpack(effect->payload, &service->arena.protobuf,
                                                   job->payload.len, job->payload.data)
                       : NULL;
    if (payload == NULL)
        return MC_CORRUPT;
    if (effect->http_now != NULL)
        return build_now(service, effect, job, payload, ret_http);
    if (effect->http != NULL)
        return effect->http(service->ctx, &service->arena, job, payload, ret_http);
    return effect->call(service->ctx, &service->arena, job, payload, ret_call);
}

void mc_effects_reclaim(struct mc_service *service, struct mc_turn *turn)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    struct mc_call call;
    struct mc_txn txn;

    for (unsigned lane = 0; lane < service->room->lanes_len; lane++) {
        if (mc_lane_concurrency(service, lane) == 0)
            continue;
        txn_inner(service, turn, &txn, &call, &head, "");
        (void)mc_jobs_reclaim(&txn, lane, worker_self, 10000);
        (void)mc_txn_apply(&txn);
    }
}

enum { PRUNE_STEP = 512 };

/* Forgets, in the store too, revocations of sessions that have ended by themselves. */
static void prune_revoked(struct mc_txn *txn)
{
    struct mc_cursor cursor = mc_seek(txn, MC_TABLE_META, mc_key_text(mc_revoked_prefix),
                                      (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (size_t n = 0; n < PRUNE_STEP && mc_next(&cursor); n++) {
        const Motcua__SessionRevoked *revoked =
            mc_row(&cursor, &motcua__session_revoked__descriptor);

        bool over = revoked != NULL && revoked->until_ms < txn->now_ms;
        mc_pass(&cursor);
        if (!over)
            continue;
        mc_drop(txn, MC_TABLE_META, (struct mc_bytes){cursor.place, cursor.place_len});
        gone++;
    }
    mc_retention_count(txn, "revoked", gone);
}

/* A turn of the room's own, that nobody called for. */
void mc_own_step(struct mc_service *service, struct mc_turn *turn,
                 enum mc_status (*step)(void *ctx, struct mc_txn *txn), void *ctx, const char *name)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    struct mc_call call;
    struct mc_txn txn;

    txn_inner(service, turn, &txn, &call, &head, "system");
    enum mc_status status = step(ctx, &txn);
    if (status != MC_OK)
        (void)mc_fail(&txn, status, name);
    if (mc_txn_apply(&txn) != MC_OK)
        tell_log(service, "step_refused", name, 0, txn.why);
}

void mc_service_closing(struct mc_service *service, struct mc_turn *turn)
{
    if (service->room->closing != NULL)
        mc_own_step(service, turn, service->room->closing, service->ctx, "closing");
}

bool mc_service_step(struct mc_service *service, struct mc_turn *turn)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    struct mc_call call;
    struct mc_txn txn;

    txn_inner(service, turn, &txn, &call, &head, "system");
    bool more = mc_answers_prune(&txn, PRUNE_STEP);
    prune_revoked(&txn);
    (void)mc_txn_apply(&txn);
    txn_inner(service, turn, &txn, &call, &head, "system");
    more = mc_actions_step(service, &txn) || more;
    mc_pauses_step(service, &txn);
    if (mc_txn_apply(&txn) != MC_OK)
        tell_log(service, "step_refused", "actions", 0, txn.why);
    txn_inner(service, turn, &txn, &call, &head, "system");
    mc_lane_watch_step(service, &txn);
    if (mc_txn_apply(&txn) != MC_OK)
        tell_log(service, "step_refused", "lanes", 0, txn.why);
    if (mc_turn_idle(turn))
        more = true;
    return more;
}

bool mc_service_tick(struct mc_service *service, struct mc_turn *turn)
{
    bool more = mc_service_step(service, turn);

    if (service->room->tick != NULL)
        mc_own_step(service, turn, service->room->tick, service->ctx, "tick");
    return more;
}
