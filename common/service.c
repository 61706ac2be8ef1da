#include "common/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/frame.h"
#include "common/messages.h"

static void mismatch(const char *room, const char *method, const char *want, const char *got)
{
    fprintf(stderr, "fatal: %s %s: proto says %s, table says %s\n", room, method, want, got);
    abort();
}

/* Joins one route with its method of the proto; anything that does not fit is a bug. */
static void method_add(struct mc_service *service, const ProtobufCServiceDescriptor *proto,
                       const struct mc_route *route, bool house)
{
    const char *room = service->room->name;
    struct mc_method *method = &service->methods[service->methods_len++];
    const ProtobufCMethodDescriptor *m =
        protobuf_c_service_descriptor_get_method_by_name(proto, route->method);

    assert(service->methods_len <= MC_METHODS_MAX);
    if (m == NULL)
        mismatch(room, route->method, "(no such method)", route->request);
    if (strcmp(m->input->c_name, route->request) != 0)
        mismatch(room, route->method, m->input->c_name, route->request);
    if (strcmp(m->output->c_name, route->reply) != 0)
        mismatch(room, route->method, m->output->c_name, route->reply);
    if (mc_descriptor_check(m->input) != MC_OK || mc_descriptor_check(m->output) != MC_OK)
        mismatch(room, route->method, "a recursive or too deep message", "none");
    *method = (struct mc_method){.route = route, .service = proto, .proto = m, .house = house};
    (void)snprintf(method->name, sizeof method->name, "%s/%s", proto->name, m->name);
}

static void check_room(struct mc_service *service)
{
    const struct mc_room *room = service->room;

    if (room->proto->n_methods != room->routes_len)
        mismatch(room->name, "", "another number of methods", "this many");
    for (size_t i = 0; i < room->routes_len; i++)
        method_add(service, room->proto, &room->routes[i], false);
    for (size_t i = 0; i < mc_house_routes_len; i++)
        method_add(service, &motcua__room__descriptor, &mc_house_routes[i], true);
    assert(room->lanes_len <= MC_LANES_MAX);
}

static struct mc_followed *followed_find(struct mc_service *service, const char *room)
{
    for (size_t i = 0; i < service->followed_len; i++)
        if (strcmp(service->followed[i].room, room) == 0)
            return &service->followed[i];
    return NULL;
}

static void followed_add(struct mc_service *service, const char *room)
{
    if (followed_find(service, room) != NULL)
        return;
    assert(service->followed_len < MC_FOLLOWED_MAX);
    service->followed[service->followed_len++] = (struct mc_followed){.room = room};
}

/* Revoked sessions are kept under "revoked/<session>" until they would have ended by themselves. */
static const char revoked_prefix[] = "revoked/";

static struct mc_bytes revoked_key(struct mc_txn *txn, const char *session_id)
{
    return mc_key_join(txn, mc_key_text(revoked_prefix), mc_key_text(session_id));
}

static void load_revoked(struct mc_service *service, struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, MC_TABLE_META, mc_key_text(revoked_prefix), (struct mc_bytes){0}, MC_FORWARD);

    while (mc_next(&cursor)) {
        const Motcua__SessionRevoked *revoked =
            mc_row(&cursor, &motcua__session_revoked__descriptor);

        if (revoked != NULL)
            mc_session_revoke(service, revoked);
        mc_pass(&cursor);
    }
}

static uint64_t cursor_load(struct mc_txn *txn, const char *room)
{
    struct mc_bytes value;
    uint64_t applied = 0;

    if (mc_get(txn, MC_TABLE_CURSORS, mc_key_text(room), &value) && value.len == sizeof applied)
        memcpy(&applied, value.data, sizeof applied);
    return applied;
}

/* What the service keeps in memory of what the store holds. */
static enum mc_status load_memory(struct mc_service *service)
{
    struct mc_txn txn;
    enum mc_status status = mc_snapshot_open(service->store, &service->arena, &txn);

    if (status != MC_OK)
        return status;
    for (size_t i = 0; i < service->followed_len; i++)
        service->followed[i].applied = cursor_load(&txn, service->followed[i].room);
    load_revoked(service, &txn);
    status = txn.status;
    mc_snapshot_close(&txn);
    mc_arena_reset(&service->arena);
    return status;
}

static bool boot_public_key(const struct mc_boot *boot, const char *room,
                            uint8_t ret_key[MC_SIGN_PUBLIC_LEN])
{
    const struct mc_service *service = boot->keys;

    return service->options.public_key(service->options.public_key_arg, room, ret_key);
}

static enum mc_status boot_room(struct mc_service *service, char *why, size_t why_size)
{
    const struct mc_room *room = service->room;

    service->boot = (struct mc_boot){
        .data_dir = service->options.data_dir,
        .random = service->options.random,
        .secrets = &service->secrets,
        .sign_secret = service->sign_secret,
        .public_key = boot_public_key,
        .keys = service,
    };
    enum mc_status status = room->boot != NULL ? room->boot(service->ctx, &service->boot) : MC_OK;
    if (status != MC_OK)
        (void)snprintf(why, why_size, "%s", service->boot.why);
    return status;
}

static void derive_secrets(struct mc_service *service)
{
    uint8_t key[MC_KEY_LEN];

    mc_key_derive(key, service->options.master, "seal");
    mc_keyring_set(&service->secrets.seal, key, NULL);
    mc_key_derive(service->secrets.blind, service->options.master, "blind");
    mc_key_derive(service->secrets.mac, service->options.master, "mac");
    mc_sign_key(service->options.sign_seed, service->sign_public, service->sign_secret);
    mc_wipe(key, sizeof key);
}

enum mc_status mc_service_open(struct mc_service *service, const struct mc_room *room, void *ctx,
                               const struct mc_service_options *options, char *why, size_t why_size)
{
    memset(service, 0, sizeof *service);
    service->room = room;
    service->ctx = ctx;
    service->options = *options;
    service->started_ms = mc_now_ms(options->clock);
    check_room(service);
    /* Every room but identity hears from it which sessions are revoked. */
    if (strcmp(room->name, "identity") != 0)
        followed_add(service, "identity");
    for (size_t i = 0; i < room->follows_len; i++)
        followed_add(service, room->follows[i].room);
    derive_secrets(service);

    service->revoked = calloc(MC_REVOKED_MAX, sizeof *service->revoked);
    if (service->revoked == NULL || mc_arena_init(&service->arena, MC_TURN_ARENA) != MC_OK) {
        (void)snprintf(why, why_size, "out of memory");
        mc_service_close(service);
        return MC_FULL;
    }
    struct mc_store_options store = {
        .dir = options->data_dir,
        .map_size = options->map_size,
        .preallocate = options->preallocate,
        .unsafe_no_sync = options->unsafe_no_sync,
        .tables = room->tables,
        .tables_len = room->tables_len,
    };
    enum mc_status status = mc_store_open(&service->store, &store, why, why_size);
    if (status == MC_OK && (status = load_memory(service)) != MC_OK)
        (void)snprintf(why, why_size, "the store does not read");
    if (status == MC_OK)
        status = boot_room(service, why, why_size);
    if (status != MC_OK)
        mc_service_close(service);
    return status;
}

void mc_service_close(struct mc_service *service)
{
    if (service->store != NULL) {
        if (service->room->shutdown != NULL)
            service->room->shutdown(service->ctx);
        mc_store_close(service->store);
    }
    if (service->arena.base != NULL)
        mc_arena_done(&service->arena);
    free(service->revoked);
    mc_keyring_wipe(&service->secrets.seal);
    mc_wipe(service->sign_secret, sizeof service->sign_secret);
    service->store = NULL;
    service->revoked = NULL;
}

static struct mc_method *method_find(struct mc_service *service, const char *name)
{
    for (size_t i = 0; i < service->methods_len; i++)
        if (strcmp(service->methods[i].name, name) == 0)
            return &service->methods[i];
    return NULL;
}

bool mc_call_is_read(const struct mc_call *call)
{
    return call->method->route->mode == MC_READ;
}

/* Builds the reply's header; the body is set by who has one. */
static void reply(struct mc_service *service, struct mc_call *call, unsigned rpc, const char *code,
                  const char *message, const struct mc_txn *txn)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;

    if (call->head != NULL) {
        head.request_id = call->head->request_id;
        head.tag = call->head->tag;
        head.traceparent = call->head->traceparent;
    }
    head.status = rpc;
    head.code = mc_unconst(code);
    head.message = mc_unconst(message);
    if (txn != NULL) {
        head.violations = txn->violations;
        head.n_violations = txn->violations_len;
        head.retry_after_ms = txn->retry_after_ms;
    }
    service->arena.limit = service->arena.size; /* a refusal must always fit */
    call->reply_header = mc_envelope_pack(&service->arena, &head);
}

/* Which stable code a status without one of its own is told by. */
static const char *code_of(enum mc_status status)
{
    switch (status) {
    case MC_OK:
        return "";
    case MC_INVALID:
        return "MESSAGE_MALFORMED";
    case MC_UNAUTHENTICATED:
        return "SESSION_REQUIRED";
    case MC_DENIED:
        return "CALLER_DENIED";
    case MC_NOT_FOUND:
        return "NOT_FOUND";
    case MC_CONFLICT:
        return "CONFLICT";
    case MC_FULL:
        return "STORE_FULL";
    case MC_CORRUPT:
    case MC_IO:
        return "STORE_FAULT";
    case MC_WAIT:
    case MC_EXPIRED:
    case MC_LIMITED:
    case MC_BUSY:
        break;
    }
    return "BUSY";
}

static const char *text_of(const char *code)
{
    const char *text = mc_message_text(code);

    return text != NULL ? text : "";
}

static void reply_refusal(struct mc_service *service, struct mc_call *call, struct mc_txn *txn)
{
    const char *code = code_of(txn->status);
    const char *message = text_of(code);

    if (txn->violations_len > 0 && !mc_is_fault(txn->status)) {
        code = txn->violations[0]->code;
        message = txn->violations[0]->message;
    }
    call->status = txn->status;
    reply(service, call, mc_status_rpc(txn->status), code, message, txn);
}

void mc_call_fail(struct mc_service *service, struct mc_call *call, enum mc_status status)
{
    const char *code = code_of(status);

    call->status = status;
    call->reply_body = (struct mc_bytes){0};
    reply(service, call, mc_status_rpc(status), code, text_of(code), NULL);
}

/* A request that could not be read: the refusal names the field. */
static bool refuse_wire(struct mc_service *service, struct mc_call *call,
                        const struct mc_validate_error *error)
{
    Motcua__Violation violation = MOTCUA__VIOLATION__INIT;
    Motcua__Violation *list[] = {&violation};
    struct mc_txn told = {.violations = list, .violations_len = 1, .status = MC_INVALID};

    if (strcmp(error->code, MC_CODE_ARENA_FULL) == 0)
        told.status = MC_LIMITED;
    violation.field = mc_unconst(error->field);
    violation.code = mc_unconst(error->code);
    violation.message = mc_unconst(mc_validate_text(error->code));
    reply_refusal(service, call, &told);
    return false;
}

static bool refuse_plain(struct mc_service *service, struct mc_call *call, enum mc_status status,
                         unsigned rpc, const char *code)
{
    call->status = status;
    reply(service, call, rpc, code, text_of(code), NULL);
    return false;
}

static size_t body_max(const struct mc_route *route)
{
    return route->body_max != 0 ? route->body_max : MC_BODY_MAX;
}

bool mc_call_open(struct mc_service *service, struct mc_call *call)
{
    struct mc_validate_error error = {0};

    service->calls++;
    mc_arena_budget(&service->arena, MC_CALL_BUDGET);
    call->head = mc_envelope_open(&service->arena, call->header, &error);
    if (call->head == NULL)
        return refuse_wire(service, call, &error);
    if (call->head->deadline_ms != 0 && call->head->deadline_ms <= call->arrived_ms)
        return refuse_plain(service, call, MC_EXPIRED, MC_RPC_DEADLINE_EXCEEDED,
                            "DEADLINE_EXCEEDED");
    call->method = method_find(service, call->head->method);
    if (call->method == NULL)
        return refuse_plain(service, call, MC_INVALID, MC_RPC_UNIMPLEMENTED, "METHOD_UNKNOWN");

    size_t most = body_max(call->method->route);
    mc_arena_budget(&service->arena, MC_CALL_BUDGET + 4 * most);
    call->request =
        mc_body_open(&service->arena, call->method->proto->input, call->body, most, &error);
    if (call->request == NULL)
        return refuse_wire(service, call, &error);
    if (call->head->traceparent[0] == '\0') {
        uint8_t random[MC_TRACE_RANDOM_LEN];
        char trace[MC_TRACEPARENT_LEN + 1];

        mc_random_fill(service->options.random, random, sizeof random);
        mc_trace_new(random, trace);
        call->head->traceparent = mc_strdup(&service->arena, trace);
    }
    return call->head->traceparent != NULL ||
           refuse_plain(service, call, MC_LIMITED, mc_status_rpc(MC_LIMITED), "BUSY");
}

/* What every txn of a call knows. */
static void txn_fill(struct mc_service *service, struct mc_txn *txn, struct mc_call *call)
{
    txn->now_ms = mc_now_ms(service->options.clock);
    if (txn->turn != NULL)
        txn->now_ms = txn->turn->now_ms;
    txn->random = service->options.random;
    txn->secrets = &service->secrets;
    txn->caller = &call->caller;
    txn->header = call->head;
    txn->work = call->work;
    txn->arrived_ms = call->arrived_ms;
}

static bool has_right(const struct mc_caller *caller, const char *right)
{
    for (size_t i = 0; i < caller->rights_len; i++)
        if (strcmp(caller->rights[i], right) == 0)
            return true;
    return false;
}

/* Finds the caller and asks the route table. */
static bool may_call(struct mc_service *service, struct mc_txn *txn, struct mc_call *call)
{
    const struct mc_route *route = call->method->route;
    const unsigned people = MC_CITIZEN | MC_OFFICER;

    if (!mc_caller_find(service, txn, call))
        return false;
    if ((call->caller.who & MC_ROOM) != 0)
        txn->cause_event = call->head->cause_event;
    if (call->caller.account_id != NULL)
        txn->actor = mc_sprintf(txn->arena, "account:%s", call->caller.account_id);
    else
        txn->actor = call->caller.name;
    if (txn->actor == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full") == MC_OK;
    if (route->who != MC_ANYONE && (route->who & call->caller.who) == 0) {
        if ((route->who & people) != 0 && (call->caller.who & people) == 0)
            return mc_refuse(txn, MC_UNAUTHENTICATED, "", "SESSION_REQUIRED", NULL) == MC_OK;
        return mc_refuse(txn, MC_DENIED, "", "CALLER_DENIED", NULL) == MC_OK;
    }
    /* The right is an officer's; rooms and operators that the route names need none. */
    if (route->right != NULL && (route->who & call->caller.who & ~people) == 0 &&
        !has_right(&call->caller, route->right))
        return mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", "right", route->right, NULL) == MC_OK;
    return true;
}

static void stats_add(struct mc_service *service, struct mc_call *call, int64_t began_ns)
{
    struct mc_method_stats *stats = &call->method->stats;
    uint64_t us = (uint64_t)(mc_mono_ns(service->options.clock) - began_ns) / 1000;
    size_t bucket = 0;

    while (bucket < MC_METHOD_BUCKETS - 1 && us > UINT64_C(8) << bucket)
        bucket++;
    stats->buckets[bucket]++;
    stats->us_total += us;
    if (call->status == MC_OK)
        stats->ok++;
    else if (mc_is_fault(call->status))
        stats->failed++;
    else
        stats->refused++;
}

/* Runs the handler; returns its packed reply, empty when the call did not succeed. */
static struct mc_bytes run_handler(struct mc_service *service, struct mc_txn *txn,
                                   struct mc_call *call)
{
    const ProtobufCMessageDescriptor *type = call->method->proto->output;
    ProtobufCMessage *answer = mc_alloc(txn->arena, type->sizeof_message);

    if (answer == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return (struct mc_bytes){0};
    }
    protobuf_c_message_init(type, answer);
    void *room = call->method->house ? (void *)service : service->ctx;
    enum mc_status status = call->method->route->handler(room, txn, call->request, answer);
    if (status != MC_OK)
        (void)mc_fail(txn, status, call->method->name);
    if (txn->status != MC_OK)
        return (struct mc_bytes){0};
    struct mc_bytes body = mc_body_pack(txn->arena, answer);
    if (body.data == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return body;
}

static void call_budget(struct mc_service *service, const struct mc_call *call)
{
    mc_arena_budget(&service->arena, MC_CALL_BUDGET + 6 * body_max(call->method->route));
}

void mc_call_read(struct mc_service *service, struct mc_call *call)
{
    int64_t began_ns = mc_mono_ns(service->options.clock);
    struct mc_txn txn;

    call_budget(service, call);
    if (mc_snapshot_open(service->store, &service->arena, &txn) != MC_OK) {
        mc_call_fail(service, call, txn.status);
        return;
    }
    txn_fill(service, &txn, call);
    if (may_call(service, &txn, call))
        call->reply_body = run_handler(service, &txn, call);
    mc_snapshot_close(&txn);
    call->status = txn.status;
    if (txn.status == MC_WAIT)
        return;
    if (txn.status == MC_OK)
        reply(service, call, 0, "", "", NULL);
    else
        reply_refusal(service, call, &txn);
    stats_add(service, call, began_ns);
}

void mc_call_prepare(struct mc_service *service, struct mc_call *call)
{
    struct mc_txn txn;
    struct mc_bytes body;

    call->needs_work = false;
    call_budget(service, call);
    if (call->method->route->prepare == NULL || call->work != NULL ||
        mc_snapshot_open(service->store, &service->arena, &txn) != MC_OK)
        return;
    txn_fill(service, &txn, call);
    /* A repeat is answered from the store: the pool's time is not spent on it. */
    if (may_call(service, &txn, call) && mc_answer_find(&txn, call, &body) == MC_ANSWERED_NOT &&
        txn.status == MC_OK) {
        enum mc_status status =
            call->method->route->prepare(service->ctx, &txn, call->request, &call->wanted_work);
        if (status != MC_OK)
            (void)mc_fail(&txn, status, call->method->name);
        call->needs_work = txn.status == MC_OK && call->wanted_work.kind != MC_WORK_NONE;
    }
    mc_snapshot_close(&txn);
    call->status = txn.status;
    if (txn.status != MC_OK)
        reply_refusal(service, call, &txn);
}

void mc_call_write(struct mc_service *service, struct mc_turn *turn, struct mc_call *call)
{
    int64_t began_ns = mc_mono_ns(service->options.clock);
    struct mc_bytes body = {0};
    struct mc_txn txn;

    call_budget(service, call);
    mc_txn_open(&txn, turn);
    txn_fill(service, &txn, call);
    bool fresh = call->method->route->mode == MC_WRITE_FRESH;
    enum mc_answered answered = MC_ANSWERED_REFUSED;
    if (txn.status == MC_OK && may_call(service, &txn, call)) {
        if (!fresh)
            answered = mc_answer_find(&txn, call, &body);
        else if (mc_answer_timely(&txn, call))
            answered = MC_ANSWERED_NOT;
    }
    if (answered == MC_ANSWERED_NOT) {
        body = run_handler(service, &txn, call);
        if (txn.status == MC_OK && !fresh)
            mc_answer_keep(&txn, call, body);
        service->arena.limit = service->arena.size; /* what a call may write, the turn can apply */
        (void)mc_txn_apply(&txn);
    }

    call->status = txn.status;
    if (txn.status == MC_WAIT)
        return;
    call->reply_body = txn.status == MC_OK ? body : (struct mc_bytes){0};
    if (txn.status == MC_OK)
        reply(service, call, 0, "", "", NULL);
    else
        reply_refusal(service, call, &txn);
    stats_add(service, call, began_ns);
}

/* A txn for what no caller asked: an event, an effect's result, the tick. */
static void txn_inner(struct mc_service *service, struct mc_turn *turn, struct mc_txn *txn,
                      struct mc_call *call, Motcua__Header *head, const char *actor)
{
    mc_arena_budget(&service->arena, MC_CALL_BUDGET);
    mc_txn_open(txn, turn);
    *call = (struct mc_call){.head = head, .arrived_ms = turn->now_ms};
    call->caller = (struct mc_caller){.name = actor, .who = MC_ROOM};
    txn_fill(service, txn, call);
    txn->actor = actor;
}

uint64_t mc_cursor_read(struct mc_service *service, struct mc_turn *turn, const char *room)
{
    struct mc_txn txn;

    (void)service;
    mc_txn_open(&txn, turn);
    return cursor_load(&txn, room);
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

void mc_event_apply(struct mc_service *service, struct mc_turn *turn, const Motcua__Event *event)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    struct mc_call call;
    struct mc_txn txn;

    txn_inner(service, turn, &txn, &call, &head, event->actor);
    if (turn->status != MC_OK || event->seq != cursor_load(&txn, event->room) + 1)
        return; /* applied before, or one is missing: the next Follow brings it */
    head.request_id = event->cause;
    head.traceparent = event->traceparent;
    txn.cause_event = mc_sprintf(txn.arena, "%s/%llu", event->room, (unsigned long long)event->seq);

    enum mc_status status = hear(service, &txn, event);
    if (status != MC_OK)
        (void)mc_fail(&txn, status, event->type);
    if (txn.status != MC_OK && txn.status != MC_FULL && txn.status != MC_IO) {
        /* A handler that refuses an event would stop the world: it is passed, and kept visible. */
        fprintf(stderr, "level=error svc=%s event=event_refused type=%s seq=%llu why=%s\n",
                service->room->name, event->type, (unsigned long long)event->seq, txn.why);
        txn_inner(service, turn, &txn, &call, &head, event->actor);
    }
    mc_put(&txn, MC_TABLE_CURSORS, mc_key_text(event->room),
           (struct mc_bytes){&event->seq, sizeof event->seq});
    /* A fault of this event (a rotten record) is not the turn's: it waits, the calls go on. */
    if (mc_txn_apply(&txn) != MC_OK && turn->status == MC_OK)
        fprintf(stderr, "level=error svc=%s event=event_fault type=%s seq=%llu why=%s\n",
                service->room->name, event->type, (unsigned long long)event->seq, txn.why);
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
    fprintf(stderr, "level=error svc=%s event=effect_refused kind=%s job=%llu why=%s\n",
            service->room->name, job->record->kind, (unsigned long long)job->record->id, txn->why);
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
    size_t n = mc_jobs_lease(&txn, lane, NULL, worker_self, lease_ms, ret_jobs, max);
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
    struct mc_cursor cursor =
        mc_seek(txn, MC_TABLE_META, mc_key_text(revoked_prefix), (struct mc_bytes){0}, MC_FORWARD);

    for (size_t n = 0; n < PRUNE_STEP && mc_next(&cursor); n++) {
        const Motcua__SessionRevoked *revoked =
            mc_row(&cursor, &motcua__session_revoked__descriptor);

        bool over = revoked != NULL && revoked->until_ms < txn->now_ms;
        mc_pass(&cursor);
        if (over)
            mc_drop(txn, MC_TABLE_META, (struct mc_bytes){cursor.place, cursor.place_len});
    }
}

bool mc_service_tick(struct mc_service *service, struct mc_turn *turn)
{
    Motcua__Header head = MOTCUA__HEADER__INIT;
    struct mc_call call;
    struct mc_txn txn;

    txn_inner(service, turn, &txn, &call, &head, "system");
    bool more = mc_answers_prune(&txn, PRUNE_STEP);
    prune_revoked(&txn);
    (void)mc_txn_apply(&txn);

    if (service->room->tick != NULL) {
        txn_inner(service, turn, &txn, &call, &head, "system");
        enum mc_status status = service->room->tick(service->ctx, &txn);
        if (status != MC_OK)
            (void)mc_fail(&txn, status, "tick");
        if (mc_txn_apply(&txn) != MC_OK)
            fprintf(stderr, "level=error svc=%s event=tick_refused why=%s\n", service->room->name,
                    txn.why);
    }
    return more;
}
