/*
 * A call's way through a room: decoded, answered before?, may this caller?, handler, answer kept.
 * Whatever ends it on the way, the caller is told why.
 */
#include <stdio.h>
#include <string.h>

#include "common/frame.h"
#include "common/messages.h"
#include "common/role.h"

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
    const struct mc_txn told = {.retry_after_ms = status == MC_BUSY ? MC_BUSY_RETRY_MS : 0};

    call->status = status;
    call->reply_body = (struct mc_bytes){0};
    reply(service, call, mc_status_rpc(status), code, text_of(code), &told);
}

void mc_call_empty(struct mc_service *service, struct mc_call *call)
{
    call->status = MC_OK;
    call->reply_body = (struct mc_bytes){0};
    reply(service, call, 0, "", "", NULL);
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

/* A request's id is random enough for a trace's, and a repeat is seen beside the first. */
static char *trace_of_request(struct mc_arena *arena, const Motcua__Header *head)
{
    const uint8_t *id = head->request_id.data;
    uint8_t random[MC_TRACE_RANDOM_LEN];
    char trace[MC_TRACEPARENT_LEN + 1];

    memcpy(random, id, MC_ID_LEN);
    memcpy(random + MC_ID_LEN, id + MC_ID_LEN / 2, MC_ID_LEN / 2);
    mc_trace_new(random, trace);
    return mc_strdup(arena, trace);
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
        call->head->traceparent = trace_of_request(&service->arena, call->head);
    }
    return call->head->traceparent != NULL ||
           refuse_plain(service, call, MC_LIMITED, mc_status_rpc(MC_LIMITED), "BUSY");
}

/* What every txn of a call knows. */
void mc_txn_fill(struct mc_service *service, struct mc_txn *txn, struct mc_call *call)
{
    txn->now_ms = txn->turn != NULL ? txn->turn->now_ms : mc_now_ms(service->options.clock);
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

/* An operator looks with the role to view, changes with the one to operate; approving is its own.
 */
static bool has_role(struct mc_txn *txn, const struct mc_call *call)
{
    const struct mc_route *route = call->method->route;
    enum mc_role role = route->mode == MC_READ ? MC_ROLE_VIEW : MC_ROLE_OPERATE;

    if (route->right != NULL && strcmp(route->right, MC_RIGHT_APPROVE) == 0)
        role = MC_ROLE_APPROVE;
    if ((route->who & call->caller.who) != MC_OPERATOR || (call->caller.roles & role) != 0)
        return true;
    return mc_refuse(txn, MC_DENIED, "", "ROLE_MISSING", "role", mc_role_word(role), NULL) == MC_OK;
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
    if ((call->caller.who & MC_TEMPORARY) != 0 && (route->who & MC_TEMPORARY) == 0) {
        if (route->who != MC_ANYONE && (route->who & call->caller.who) == 0)
            return mc_refuse(txn, MC_DENIED, "", "PASSWORD_TEMPORARY", NULL) == MC_OK;
        call->caller.account_id = NULL;
        call->caller.session_id = NULL;
        txn->actor = call->caller.name;
        return true;
    }
    if (route->who != MC_ANYONE && (route->who & call->caller.who) == 0) {
        if ((route->who & people) == 0)
            return mc_refuse(txn, MC_DENIED, "", "CALLER_DENIED", NULL) == MC_OK;
        if ((call->caller.who & people) == 0)
            return mc_refuse(txn, MC_UNAUTHENTICATED, "", "SESSION_REQUIRED", NULL) == MC_OK;
        /* a citizen at an officer's desk: it is he who may not, not the system he came through */
        return mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", NULL) == MC_OK;
    }
    /* The right is an officer's; rooms and operators that the route names need none. */
    if (route->right != NULL && (route->who & call->caller.who & ~people) == 0 &&
        !has_right(&call->caller, route->right))
        return mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", "right", route->right, NULL) == MC_OK;
    return has_role(txn, call);
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
    mc_txn_fill(service, &txn, call);
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
    mc_txn_fill(service, &txn, call);
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
    mc_txn_fill(service, &txn, call);
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
