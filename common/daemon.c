/*
 * Daemon: a room with its sockets. It turns what arrives (calls, other rooms' events, results
 * of effects, time) into turns of the frame, and what a commit allows into replies, follow
 * requests and effects. Nothing leaves before its commit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/frame.h"
#include "common/password.h"
#include "common/pool.h"
#include "common/process.h"

enum {
    TURN_CALLS_MAX = 4096,      /* calls in one turn: bounds p99 */
    TURN_ARENA_SOFT = 96 << 20, /* stop receiving when a turn has taken this much memory */
    PARKED_MAX = 1024,          /* calls that wait for something */
    PARKED_LOOK_MS = 200,       /* how often waiting calls look at the time */
    FOLLOW_CREDIT = 500,
    FOLLOW_WAIT_MS = 5000,
    FOLLOW_TIMEOUT_MS = 12000,
    FOLLOW_PAUSE_MS = 1000, /* after a refusal, or a commit that failed */
    EFFECTS_MAX = 256,      /* exchanges under way */
    EFFECT_CALL_MS = 20000,
    REFUSING_PAUSE_MS = 1000, /* how long a full store is left alone */
    DRAIN_MS = 5000,
    TICK_MS = 1000,
    SLOW_CALL_MS = 100,     /* calls slower than this are logged */
    FRAME_SLACK = 64 << 10, /* a frame is larger than the body it carries */
};

/* A call kept beyond its turn: parked, or in the pool. Copies of what the message held. */
struct held {
    struct held *next;
    struct daemon *daemon;
    struct mc_origin origin;
    char caller[MC_BUS_CALLER_MAX + 1];
    bool named;
    int64_t arrived_ms;
    struct mc_work work;
    bool worked;
    size_t header_len;
    size_t body_len;
    uint8_t bytes[];
};

/* A call of this turn. */
struct slot {
    struct mc_message message; /* closed at the turn's end, unless it came from a held call */
    struct held *held;
    const struct mc_origin *origin;
    struct mc_call call;
};

struct follow {
    struct daemon *daemon;
    struct mc_followed *state;
    struct mc_timer *again;
    uint8_t *batch; /* a FollowReply to apply, copied */
    size_t batch_len;
    bool asking;
};

/* An effect under way, from its lease to its result's turn. */
struct exchange {
    struct daemon *daemon;
    unsigned lane;
    uint8_t token[12];
    const ProtobufCMethodDescriptor *method; /* via another room */
    bool busy;
    bool reported;
    enum mc_http_outcome outcome;
    unsigned http_status;
    enum mc_status status;
    char code[64];
    uint8_t *body;
    size_t body_len;
};

struct daemon_config {
    int64_t map_size;
    bool preallocate;
    const char *listen_tcp;
    const char *callers_file;
    bool allow_plain_http;
    int64_t pool_threads;
    int64_t pool_queue;
    int64_t queue_max;
};

struct daemon {
    struct mc_process process;
    struct daemon_config settings;
    struct mc_service *service;
    struct mc_listener *listener;
    struct mc_watch *watches[2];
    struct mc_defer *soon;
    struct mc_http *http;
    struct mc_pool *pool;
    struct slot *slots;
    size_t writes[TURN_CALLS_MAX]; /* slots whose call writes */
    size_t slots_len;
    size_t writes_len;
    struct held *parked;
    struct held *worked; /* pool is done with them */
    struct mc_timer *parked_timer;
    struct mc_timer *tick_timer;
    struct mc_timer *effects_timer;
    struct follow follows[MC_FOLLOWED_MAX];
    struct exchange exchanges[EFFECTS_MAX];
    unsigned lanes_running[MC_LANES_MAX];
    unsigned running;
    struct mc_timer *pause_timer; /* the store refused: leave it alone for a moment */
    uint8_t master[MC_KEY_LEN];
    uint8_t sign_seed[MC_KEY_LEN];
    bool parked_look; /* parked calls get another run in the next turn */
    bool tick_due;
    bool effects_due;
    bool stopping;
};

/* clang-format off */
static const struct mc_config_key daemon_keys[] = {
    {"store.map_size", MC_CONFIG_SIZE, offsetof(struct daemon_config, map_size), "1GiB", 4 << 20, INT64_C(1) << 44,
        "Size of the store; taken from the disk at first start."},
    {"store.preallocate", MC_CONFIG_BOOL, offsetof(struct daemon_config, preallocate), "true", 0, 0,
        "Take the store's whole size at first start, so that the disk cannot be full later."},
    {"listen.tcp", MC_CONFIG_STRING, offsetof(struct daemon_config, listen_tcp), "", 0, 200,
        "tcp://address:port for callers on other machines, always with CURVE; empty: ipc only."},
    {"listen.callers", MC_CONFIG_STRING, offsetof(struct daemon_config, callers_file), "callers", 0, 200,
        "File in keys.dir that lists who may connect over TCP: lines of name and CURVE key."},
    {"listen.queue", MC_CONFIG_INT, offsetof(struct daemon_config, queue_max), "20000", 10, 1000000,
        "Messages kept per connection and direction."},
    {"http.allow_plain", MC_CONFIG_BOOL, offsetof(struct daemon_config, allow_plain_http), "false", 0, 0,
        "Let adapters call http:// addresses: for the sandbox only."},
    {"pool.threads", MC_CONFIG_INT, offsetof(struct daemon_config, pool_threads), "2", 1, 64,
        "Threads for password hashing."},
    {"pool.queue", MC_CONFIG_INT, offsetof(struct daemon_config, pool_queue), "100", 1, 10000,
        "Passwords waiting to be hashed; past it callers are asked to try again later."},
};
/* clang-format on */

static int64_t now_ms(const struct daemon *d)
{
    return mc_now_ms(&d->process.clock);
}

static void log_text(struct daemon *d, enum mc_log_level level, const char *event, const char *key,
                     const char *value)
{
    struct mc_log_line line;

    mc_log_begin(&line, &d->process.log, level, now_ms(d), event);
    mc_log_text(&line, key, value);
    mc_log_end(&line);
}

/* One line for a call that did not go well or took long without asking to; all at level debug. */
static void log_call(struct daemon *d, const struct mc_call *call, bool was_held)
{
    int64_t ms = now_ms(d) - call->arrived_ms;
    bool quiet = call->status == MC_OK && (was_held || ms < SLOW_CALL_MS);
    struct mc_log_line line;

    if (quiet && d->process.log.level < MC_LOG_DEBUG)
        return;
    mc_log_begin(&line, &d->process.log,
                 mc_is_fault(call->status) ? MC_LOG_ERROR : (quiet ? MC_LOG_DEBUG : MC_LOG_INFO),
                 now_ms(d), "call");
    mc_log_text(&line, "method", call->method != NULL ? call->method->route->method : "?");
    mc_log_text(&line, "caller", call->caller.name);
    if (call->head != NULL) {
        mc_log_hex(&line, "id",
                   (struct mc_bytes){call->head->request_id.data, call->head->request_id.len});
        mc_log_text(&line, "trace", call->head->traceparent);
    }
    mc_log_int(&line, "status", mc_status_rpc(call->status));
    mc_log_int(&line, "ms", ms);
    mc_log_end(&line);
}

static void reply(struct daemon *d, struct slot *slot)
{
    log_call(d, &slot->call, slot->held != NULL);
    if (slot->call.reply_header.data != NULL)
        (void)mc_listener_send(d->listener, slot->origin, slot->call.reply_header,
                               slot->call.reply_body);
}

static struct held *hold(struct daemon *d, const struct slot *slot)
{
    const struct mc_call *call = &slot->call;
    struct held *held = calloc(1, sizeof *held + call->header.len + call->body.len);

    if (held == NULL)
        return NULL;
    held->daemon = d;
    held->origin = *slot->origin;
    held->arrived_ms = call->arrived_ms;
    held->header_len = call->header.len;
    held->body_len = call->body.len;
    memcpy(held->bytes, call->header.data, call->header.len);
    if (call->body.len > 0)
        memcpy(held->bytes + held->header_len, call->body.data, call->body.len);
    if (call->transport_caller != NULL) {
        held->named = true;
        (void)snprintf(held->caller, sizeof held->caller, "%s", call->transport_caller);
    }
    return held;
}

static void held_free(struct held *held)
{
    mc_wipe(held, sizeof *held + held->header_len + held->body_len); /* it held passwords */
    free(held);
}

static void park(struct daemon *d, struct slot *slot)
{
    struct held *held = d->service->parked < PARKED_MAX ? hold(d, slot) : NULL;

    if (held == NULL) {
        mc_call_fail(d->service, &slot->call, MC_BUSY);
        reply(d, slot);
        return;
    }
    held->next = d->parked;
    d->parked = held;
    d->service->parked++;
    if (!mc_timer_running(d->parked_timer))
        mc_timer_start(d->parked_timer, PARKED_LOOK_MS);
}

/* In a thread of the pool. */
static void work_run(void *arg)
{
    struct held *held = arg;
    struct mc_work *work = &held->work;

    if (work->kind == MC_WORK_HASH)
        work->ok = mc_password_hash(work->hash, work->password, MC_PASSWORD_COST) == MC_OK;
    else
        work->ok = mc_password_verify(work->hash, work->password);
}

static void work_done(void *arg, enum mc_status status)
{
    struct held *held = arg;
    struct daemon *d = held->daemon;

    held->worked = status == MC_OK;
    held->next = d->worked;
    d->worked = held;
    mc_loop_defer(d->soon);
}

static void send_to_pool(struct daemon *d, struct slot *slot)
{
    struct held *held = hold(d, slot);

    if (held != NULL) {
        held->work = slot->call.wanted_work;
        if (mc_pool_run(d->pool, work_run, work_done, held) == MC_OK)
            return;
        held_free(held);
    }
    mc_call_fail(d->service, &slot->call, MC_BUSY);
    reply(d, slot);
}

/* Sees a call as far as it goes without a turn. */
static void admit(struct daemon *d, size_t index)
{
    struct slot *slot = &d->slots[index];
    struct mc_call *call = &slot->call;

    if (!mc_call_open(d->service, call)) {
        reply(d, slot);
    } else if (mc_call_is_read(call)) {
        mc_call_read(d->service, call);
        if (call->status == MC_WAIT)
            park(d, slot);
        else
            reply(d, slot);
    } else {
        mc_call_prepare(d->service, call);
        if (call->needs_work)
            send_to_pool(d, slot);
        else if (call->reply_header.data != NULL)
            reply(d, slot);
        else
            d->writes[d->writes_len++] = index;
    }
}

static struct slot *slot_new(struct daemon *d)
{
    struct slot *slot = &d->slots[d->slots_len];

    if (d->slots_len == TURN_CALLS_MAX || d->service->arena.used > TURN_ARENA_SOFT)
        return NULL;
    slot->held = NULL;
    memset(&slot->call, 0, sizeof slot->call);
    d->slots_len++;
    return slot;
}

static void receive(struct daemon *d)
{
    int64_t now = now_ms(d);
    struct slot *slot = NULL;

    while (!d->stopping && (slot = slot_new(d)) != NULL) {
        if (!mc_listener_receive(d->listener, &slot->message)) {
            d->slots_len--;
            return;
        }
        slot->origin = &slot->message.origin;
        slot->call.header = slot->message.header;
        slot->call.body = slot->message.body;
        slot->call.transport_caller = slot->message.caller;
        slot->call.arrived_ms = now;
        admit(d, d->slots_len - 1);
    }
}

/* Calls that waited, and calls the pool is done with, go through the door again. */
static void resume(struct daemon *d, struct held **list)
{
    struct held *next = *list;

    *list = NULL;
    while (next != NULL) {
        struct held *held = next;
        struct slot *slot = slot_new(d);

        next = held->next;
        if (slot == NULL) { /* the turn is full: the next one takes it */
            held->next = *list;
            *list = held;
            continue;
        }
        slot->held = held;
        slot->origin = &held->origin;
        slot->call.header = (struct mc_bytes){held->bytes, held->header_len};
        slot->call.body = (struct mc_bytes){held->bytes + held->header_len, held->body_len};
        slot->call.transport_caller = held->named ? held->caller : NULL;
        slot->call.arrived_ms = held->arrived_ms;
        slot->call.work = held->work.kind != MC_WORK_NONE ? &held->work : NULL;
        if (held->work.kind != MC_WORK_NONE && !held->worked) {
            if (mc_call_open(d->service, &slot->call))
                mc_call_fail(d->service, &slot->call, MC_BUSY);
            reply(d, slot);
            continue;
        }
        admit(d, d->slots_len - 1);
    }
}

static void apply_batch(struct daemon *d, struct mc_turn *turn, struct follow *follow)
{
    mc_arena_budget(&d->service->arena, d->service->arena.size);
    const Motcua__FollowReply *batch =
        motcua__follow_reply__unpack(&d->service->arena.protobuf, follow->batch_len, follow->batch);

    if (batch == NULL)
        return;
    for (size_t i = 0; i < batch->n_events; i++) {
        /* An event must never fail for want of room: the rest comes with the next batch. */
        if (d->service->arena.size - d->service->arena.used < (size_t)2 * MC_CALL_BUDGET)
            break;
        mc_event_apply(d->service, turn, batch->events[i]);
    }
    follow->state->last = batch->last;
}

static void tell_result(struct daemon *d, struct mc_turn *turn, struct exchange *exchange)
{
    struct mc_result result = {
        .outcome = exchange->outcome,
        .http_status = exchange->http_status,
        .body = {exchange->body != NULL ? exchange->body : (const uint8_t *)"", exchange->body_len},
        .status = exchange->status,
        .code = exchange->code,
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
    report(exchange, answer->body);
}

static void room_answered(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct exchange *exchange = arg;

    exchange->outcome = head != NULL ? MC_HTTP_ANSWERED : MC_HTTP_UNKNOWN;
    exchange->status = head != NULL ? mc_status_of_rpc(head->status) : MC_BUSY;
    (void)snprintf(exchange->code, sizeof exchange->code, "%s",
                   head != NULL ? head->code : "NO_ANSWER");
    report(exchange, body);
}

/* The same job is the same call, however often it is made: its id is made of the job's. */
static void job_request_id(const struct daemon *d, const Motcua__Job *job, uint8_t id[MC_ID_LEN])
{
    struct mc_bytes parts[] = {mc_key_text(d->process.name),
                               {&job->id, sizeof job->id},
                               {d->service->sign_public, MC_SIGN_PUBLIC_LEN}};
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

/* Effects leased in a turn, to be started after its commit. */
struct leased {
    struct mc_job jobs[EFFECTS_MAX];
    unsigned lanes[EFFECTS_MAX];
    size_t len;
};

static void lease_effects(struct daemon *d, struct mc_turn *turn, struct leased *leased)
{
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
static void plan_effects(struct daemon *d)
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
            next = MC_MIN(next, mc_jobs_next_due(&txn, lane));
    mc_snapshot_close(&txn);
    if (next == INT64_MAX)
        return;
    int64_t wait = next - now_ms(d);
    d->effects_due = wait <= 0;
    if (d->effects_due)
        mc_loop_defer(d->soon);
    else
        mc_timer_start(d->effects_timer, MC_MIN(wait, (int64_t)60000));
}

static void follow_ask(struct follow *follow);

static void follow_answered(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct follow *follow = arg;
    struct daemon *d = follow->daemon;

    follow->asking = false;
    if (head == NULL) {
        follow_ask(follow);
        return;
    }
    if (head->status != 0) {
        log_text(d, MC_LOG_ERROR, "follow_refused", "code", head->code);
        mc_timer_start(follow->again, FOLLOW_PAUSE_MS);
        return;
    }
    follow->state->heard_ms = now_ms(d);
    if (body.len == 0 || (follow->batch = malloc(body.len)) == NULL) {
        mc_timer_start(follow->again, body.len == 0 ? 0 : FOLLOW_PAUSE_MS);
        return;
    }
    memcpy(follow->batch, body.data, body.len);
    follow->batch_len = body.len;
    mc_loop_defer(d->soon);
}

static void follow_ask(struct follow *follow)
{
    struct daemon *d = follow->daemon;
    Motcua__Header head = MOTCUA__HEADER__INIT;
    Motcua__FollowRequest ask = MOTCUA__FOLLOW_REQUEST__INIT;
    uint8_t id[MC_ID_LEN];
    uint8_t body[64];

    if (d->stopping || follow->asking || follow->batch != NULL)
        return;
    mc_uuid7(id, now_ms(d), &d->process.random);
    head.request_id = (ProtobufCBinaryData){sizeof id, id};
    head.method = mc_unconst("motcua.v1.Room/Follow");
    head.caller = d->process.caller;
    ask.after = follow->state->applied;
    ask.credit = FOLLOW_CREDIT;
    ask.wait_ms = FOLLOW_WAIT_MS;
    size_t len = motcua__follow_request__pack(&ask, body);
    follow->asking =
        mc_link_call(d->process.links, follow->state->room, &head, (struct mc_bytes){body, len},
                     FOLLOW_TIMEOUT_MS, follow_answered, follow) == MC_OK;
    if (!follow->asking)
        mc_timer_start(follow->again, FOLLOW_PAUSE_MS);
}

static void follow_again(void *arg)
{
    follow_ask(arg);
}

static bool has_results(const struct daemon *d)
{
    for (size_t i = 0; d->running > 0 && i < EFFECTS_MAX; i++)
        if (d->exchanges[i].reported)
            return true;
    return false;
}

static bool has_batches(const struct daemon *d)
{
    for (size_t i = 0; i < d->service->followed_len; i++)
        if (d->follows[i].batch != NULL)
            return true;
    return false;
}

/* After the commit: what waited for it goes out. */
static void turn_succeeded(struct daemon *d, struct mc_turn *turn, const struct leased *leased)
{
    for (size_t i = 0; i < d->writes_len; i++) {
        struct slot *slot = &d->slots[d->writes[i]];

        if (slot->call.status == MC_WAIT)
            park(d, slot);
        else
            reply(d, slot);
    }
    for (size_t i = 0; i < d->service->followed_len; i++) {
        struct follow *follow = &d->follows[i];

        if (follow->batch == NULL)
            continue;
        free(follow->batch);
        follow->batch = NULL;
        struct mc_txn txn;
        struct mc_bytes value;
        if (mc_snapshot_open(d->service->store, &d->service->arena, &txn) == MC_OK) {
            if (mc_get(&txn, MC_TABLE_CURSORS, mc_key_text(follow->state->room), &value) &&
                value.len == sizeof follow->state->applied)
                memcpy(&follow->state->applied, value.data, value.len);
            mc_snapshot_close(&txn);
        }
        follow_ask(follow);
    }
    for (size_t i = 0; d->running > 0 && i < EFFECTS_MAX; i++)
        if (d->exchanges[i].reported)
            exchange_free(d, &d->exchanges[i]);
    for (size_t i = 0; i < leased->len; i++)
        start_exchange(d, leased->lanes[i], &leased->jobs[i]);
    d->tick_due = false;
    if (turn->changed && d->parked != NULL) { /* there may be something for who waits */
        d->parked_look = true;
        mc_loop_defer(d->soon);
    }
}

static void turn_failed(struct daemon *d, const struct mc_turn *turn)
{
    log_text(d, MC_LOG_ERROR, "turn_failed", "why", turn->why);
    for (size_t i = 0; i < d->writes_len; i++) {
        struct slot *slot = &d->slots[d->writes[i]];

        mc_call_fail(d->service, &slot->call, turn->status);
        reply(d, slot);
    }
    /* Events and results stay where they are; a broken disk is for a fresh start to judge. */
    if (turn->status != MC_FULL) {
        log_text(d, MC_LOG_ERROR, "store_broken", "why", turn->why);
        abort();
    }
    mc_timer_start(d->pause_timer, REFUSING_PAUSE_MS);
}

static void count_turn(struct daemon *d)
{
    size_t bucket = 0;

    while (bucket < MC_TURN_BUCKETS - 1 && d->writes_len > (size_t)1 << bucket)
        bucket++;
    d->service->turns++;
    d->service->turn_sizes[bucket]++;
}

/* The one durable step for all that was admitted, and for what came from inside. */
static void write_turn(struct daemon *d, bool inner)
{
    static const size_t none = 0;
    struct leased *leased = mc_alloc(&d->service->arena, sizeof *leased);
    struct mc_turn turn;

    if (leased == NULL || (d->writes_len == none && !inner))
        return;
    mc_turn_begin(&turn, d->service->store, &d->service->arena, now_ms(d));
    for (size_t i = 0; i < d->writes_len && turn.status == MC_OK; i++)
        mc_call_write(d->service, &turn, &d->slots[d->writes[i]].call);
    for (size_t i = 0; i < d->service->followed_len && turn.status == MC_OK; i++)
        if (d->follows[i].batch != NULL)
            apply_batch(d, &turn, &d->follows[i]);
    for (size_t i = 0; d->running > 0 && i < EFFECTS_MAX && turn.status == MC_OK; i++)
        if (d->exchanges[i].reported)
            tell_result(d, &turn, &d->exchanges[i]);
    if (d->tick_due && turn.status == MC_OK && mc_service_tick(d->service, &turn))
        mc_timer_start(d->tick_timer, 1);
    if (!d->stopping && turn.status == MC_OK && (d->effects_due || turn.changed))
        lease_effects(d, &turn, leased);
    mc_arena_budget(&d->service->arena, d->service->arena.size);
    count_turn(d);
    if (mc_turn_commit(&turn) == MC_OK)
        turn_succeeded(d, &turn, leased);
    else
        turn_failed(d, &turn);
}

static void turn(void *arg)
{
    struct daemon *d = arg;

    mc_arena_reset(&d->service->arena);
    d->slots_len = 0;
    d->writes_len = 0;
    resume(d, &d->worked);
    if (d->parked_look) {
        d->parked_look = false;
        d->service->parked = 0; /* who still waits parks again */
        resume(d, &d->parked);
    }
    receive(d);
    bool paused = mc_timer_running(d->pause_timer);
    bool inner = !paused && (has_batches(d) || has_results(d) || d->tick_due || d->effects_due);
    write_turn(d, inner);
    plan_effects(d);

    for (size_t i = 0; i < d->slots_len; i++) {
        if (d->slots[i].held != NULL)
            held_free(d->slots[i].held);
        else
            mc_message_close(&d->slots[i].message);
    }
    if (mc_listener_pending(d->listener))
        mc_loop_defer(d->soon);
}

static void soon(void *arg)
{
    turn(arg);
}

static void readable(void *arg, unsigned events)
{
    struct daemon *d = arg;

    (void)events;
    mc_loop_defer(d->soon);
}

static void parked_look(void *arg)
{
    struct daemon *d = arg;

    d->parked_look = d->parked != NULL;
    if (d->parked_look)
        mc_loop_defer(d->soon);
}

static void tick(void *arg)
{
    struct daemon *d = arg;
    int64_t every = d->service->room->tick_ms > 0 ? d->service->room->tick_ms : TICK_MS;

    d->tick_due = true;
    mc_loop_defer(d->soon);
    mc_timer_start(d->tick_timer, every);
}

static void effects_look(void *arg)
{
    struct daemon *d = arg;

    d->effects_due = true;
    mc_loop_defer(d->soon);
}

static void pause_over(void *arg)
{
    struct daemon *d = arg;

    mc_loop_defer(d->soon);
}

static size_t largest_body(const struct mc_room *room)
{
    size_t most = MC_BODY_MAX;

    for (size_t i = 0; i < room->routes_len; i++)
        most = MC_MAX(most, room->routes[i].body_max);
    return most;
}

/* Who may connect over TCP; read again on SIGHUP. */
static bool read_callers(struct daemon *d, char *why, size_t why_size)
{
    char path[256];

    (void)snprintf(why, why_size, "listen.callers: too long");
    return mc_process_key_path(&d->process, d->settings.callers_file, path, sizeof path) &&
           mc_bus_allow_file(d->process.bus, path, why, why_size) == MC_OK;
}

static void reload(void *arg)
{
    struct daemon *d = arg;
    char why[256];

    if (d->settings.listen_tcp[0] == '\0')
        return;
    if (read_callers(d, why, sizeof why))
        log_text(d, MC_LOG_NOTICE, "reloaded", "what", "callers");
    else
        log_text(d, MC_LOG_ERROR, "reload_failed", "why", why); /* the old list stays */
}

/* Tells the real TCP address in <run.dir>/<room>.tcp: the port may have been any free one. */
static bool write_address(const struct daemon *d, char *why, size_t why_size)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s.tcp", d->process.settings.run_dir, d->process.name);
    (void)snprintf(why, why_size, "%.200s: cannot be written", path);
    FILE *file = fopen(path, "we");
    if (file == NULL)
        return false;
    bool written = fprintf(file, "%s\n", mc_listener_tcp(d->listener)) > 0;
    return fclose(file) == 0 && written;
}

static bool open_listener(struct daemon *d, char *why, size_t why_size)
{
    char ipc[256];
    struct mc_listener_options options = {
        .ipc = ipc,
        .tcp = d->settings.listen_tcp[0] != '\0' ? d->settings.listen_tcp : NULL,
        .secret_key = d->settings.listen_tcp[0] != '\0' ? d->process.curve_secret : NULL,
        .frame_max = largest_body(d->service->room) + FRAME_SLACK,
        .queue_max = (unsigned)d->settings.queue_max,
    };

    (void)snprintf(ipc, sizeof ipc, "ipc://%s/%s.sock", d->process.settings.run_dir,
                   d->process.name);
    if (options.tcp != NULL && !read_callers(d, why, why_size))
        return false;
    if (mc_listener_open(&d->listener, d->process.bus, &options, why, why_size) != MC_OK)
        return false;
    for (unsigned i = 0; i < MC_LEN(d->watches); i++) {
        int fd = mc_listener_fd(d->listener, i);

        if (fd >= 0)
            d->watches[i] = mc_watch_create(d->process.loop, fd, MC_WATCH_READ, readable, d);
    }
    d->process.reload = reload;
    d->process.reload_arg = d;
    if (options.tcp == NULL)
        return true;
    log_text(d, MC_LOG_NOTICE, "listening", "tcp", mc_listener_tcp(d->listener));
    return write_address(d, why, why_size);
}

static bool has_prepare(const struct mc_room *room)
{
    for (size_t i = 0; i < room->routes_len; i++)
        if (room->routes[i].prepare != NULL)
            return true;
    return false;
}

static bool open_parts(struct daemon *d, char *why, size_t why_size)
{
    struct mc_loop *loop = d->process.loop;
    struct mc_http_config http = {.allow_plain = d->settings.allow_plain_http,
                                  .connections_max = EFFECTS_MAX,
                                  .per_host_max = 64,
                                  .requests_max = EFFECTS_MAX};

    (void)snprintf(why, why_size, "out of memory");
    d->slots = calloc(TURN_CALLS_MAX, sizeof *d->slots);
    d->soon = mc_defer_create(loop, soon, d);
    d->parked_timer = mc_timer_create(loop, parked_look, d);
    d->tick_timer = mc_timer_create(loop, tick, d);
    d->effects_timer = mc_timer_create(loop, effects_look, d);
    d->pause_timer = mc_timer_create(loop, pause_over, d);
    if (d->service->room->effects_len > 0)
        d->http = mc_http_create(loop, &http);
    if (has_prepare(d->service->room))
        d->pool = mc_pool_create(loop, (unsigned)d->settings.pool_threads,
                                 (unsigned)d->settings.pool_queue);
    for (size_t i = 0; i < d->service->followed_len; i++) {
        d->follows[i] = (struct follow){.daemon = d, .state = &d->service->followed[i]};
        d->follows[i].again = mc_timer_create(loop, follow_again, &d->follows[i]);
        if (d->follows[i].again == NULL)
            return false;
    }
    if (d->slots == NULL || d->soon == NULL || d->parked_timer == NULL || d->tick_timer == NULL ||
        d->effects_timer == NULL || d->pause_timer == NULL ||
        (d->service->room->effects_len > 0 && d->http == NULL) ||
        (has_prepare(d->service->room) && d->pool == NULL))
        return false;
    return open_listener(d, why, why_size);
}

static bool open_service(struct daemon *d, const struct mc_room *room, void *ctx, char *dir,
                         size_t dir_size, char *why, size_t why_size)
{
    (void)snprintf(dir, dir_size, "%s/%s", d->process.settings.data_dir, room->name);
    if (!mc_folder_make(dir, 0700)) {
        (void)snprintf(why, why_size, "%s: cannot be made", dir);
        return false;
    }
    if (mc_process_secret(&d->process, "master", d->master, why, why_size) != MC_OK ||
        mc_process_secret(&d->process, "sign", d->sign_seed, why, why_size) != MC_OK)
        return false;
    struct mc_service_options options = {
        .data_dir = dir,
        .map_size = (size_t)d->settings.map_size,
        .preallocate = d->settings.preallocate,
        .clock = &d->process.clock,
        .random = &d->process.random,
        .master = d->master,
        .sign_seed = d->sign_seed,
        .public_key = mc_process_public_key,
        .public_key_arg = &d->process,
    };
    if (mc_service_open(d->service, room, ctx, &options, why, why_size) != MC_OK)
        return false;
    (void)snprintf(why, why_size, "%s.pub belongs to another key", room->name);
    return mc_process_publish(&d->process, d->service->sign_public) == MC_OK;
}

/* Lets what is under way end, a moment at most. New calls stay with the bus for the next start. */
static void drain(struct daemon *d)
{
    int64_t until = mc_mono_ns(&d->process.clock) / 1000000 + DRAIN_MS;

    d->stopping = true;
    mc_timer_start(d->parked_timer, DRAIN_MS); /* wakes the loop when nothing else does */
    while ((d->running > 0 || (d->pool != NULL && mc_pool_load(d->pool) > 0)) &&
           mc_mono_ns(&d->process.clock) / 1000000 < until)
        if (mc_loop_step(d->process.loop, true) != MC_OK)
            break;
    turn(d);
}

static void close_parts(struct daemon *d)
{
    if (d->pool != NULL)
        mc_pool_destroy(d->pool);
    if (d->http != NULL)
        mc_http_destroy(d->http);
    for (size_t i = 0; i < MC_LEN(d->watches); i++)
        if (d->watches[i] != NULL)
            mc_watch_destroy(d->watches[i]);
    mc_listener_close(d->listener);
    for (size_t i = 0; i < d->service->followed_len; i++) {
        free(d->follows[i].batch);
        if (d->follows[i].again != NULL)
            mc_timer_destroy(d->follows[i].again);
    }
    for (size_t i = 0; i < EFFECTS_MAX; i++)
        free(d->exchanges[i].body);
    struct held *lists[] = {d->parked, d->worked};
    for (size_t i = 0; i < MC_LEN(lists); i++)
        for (struct held *held = lists[i]; held != NULL;) {
            struct held *next = held->next;

            held_free(held);
            held = next;
        }
    struct mc_timer *timers[] = {d->parked_timer, d->tick_timer, d->effects_timer, d->pause_timer};
    for (size_t i = 0; i < MC_LEN(timers); i++)
        if (timers[i] != NULL)
            mc_timer_destroy(timers[i]);
    if (d->soon != NULL)
        mc_defer_destroy(d->soon);
    free(d->slots);
}

static int run(struct daemon *d)
{
    struct mc_turn turn_now;

    mc_turn_begin(&turn_now, d->service->store, &d->service->arena, now_ms(d));
    mc_effects_reclaim(d->service, &turn_now);
    if (mc_turn_commit(&turn_now) != MC_OK)
        log_text(d, MC_LOG_WARNING, "reclaim_failed", "why", turn_now.why);
    mc_arena_reset(&d->service->arena);
    for (size_t i = 0; i < d->service->followed_len; i++)
        follow_ask(&d->follows[i]);
    tick(d);
    plan_effects(d);
    mc_loop_defer(d->soon);
    enum mc_status status = mc_process_run(&d->process);
    drain(d);
    return status == MC_OK ? 0 : mc_process_fatal(&d->process, "the loop broke");
}

int mc_service_main(const struct mc_room *room, int argc, char **argv)
{
    struct daemon *d = calloc(1, sizeof *d);
    struct mc_service *service = calloc(1, sizeof *service);
    void *ctx = calloc(1, room->ctx_size > 0 ? room->ctx_size : 1);
    char dir[256] = "";
    char why[256] = "";
    int code = 1;

    if (d == NULL || service == NULL || ctx == NULL)
        abort(); /* nothing has begun */
    d->service = service;
    struct mc_config_group groups[] = {
        {.keys = daemon_keys, .len = MC_LEN(daemon_keys), .base = &d->settings},
        {.keys = room->config, .len = room->config_len, .base = ctx},
    };
    if (mc_process_open(&d->process, room->name, argc, argv, groups, MC_LEN(groups), &code)) {
        if (!open_service(d, room, ctx, dir, sizeof dir, why, sizeof why)) {
            code = mc_process_fatal(&d->process, why);
        } else {
            code = open_parts(d, why, sizeof why) ? run(d) : mc_process_fatal(&d->process, why);
            close_parts(d);
            mc_service_close(service);
        }
        mc_process_close(&d->process);
    }
    mc_wipe(d->master, sizeof d->master);
    mc_wipe(d->sign_seed, sizeof d->sign_seed);
    free(d);
    free(service);
    free(ctx);
    return code;
}
