/* Calls of a daemon: from the bus to the turn, and the replies back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/daemon.h"
#include "common/password.h"

static __attribute__((noinline)) void log_line(struct daemon *d, const struct mc_call *call,
                                               enum mc_log_level level, int64_t ms)
{
    struct mc_log_line line;

    mc_log_begin(&line, &d->process.log, level, call->arrived_ms + ms, "call");
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

/*
 * One line for a call that did not go well or took long without asking to; all at level debug.
 * The line itself is two kilobytes that are zeroed: only where one is written.
 */
static void log_call(struct daemon *d, const struct mc_call *call, bool was_held)
{
    int64_t ms = daemon_now(d) - call->arrived_ms;
    bool quiet = call->status == MC_OK && (was_held || ms < SLOW_CALL_MS);

    if (!quiet || d->process.log.level >= MC_LOG_DEBUG)
        log_line(d, call,
                 mc_is_fault(call->status) ? MC_LOG_ERROR : (quiet ? MC_LOG_DEBUG : MC_LOG_INFO),
                 ms);
}

void daemon_reply(struct daemon *d, struct slot *slot)
{
    log_call(d, &slot->call, slot->held != NULL);
    if (slot->call.reply_header.data == NULL)
        return;
    enum mc_status status =
        mc_listener_send(d->listener, slot->origin, slot->call.reply_header, slot->call.reply_body);
    if (status != MC_INVALID)
        return;
    /* Too large to send. In silence the caller would ask again for ever. */
    daemon_log(d, MC_LOG_ERROR, "reply_too_large", "method", slot->call.method->name);
    mc_call_fail(d->service, &slot->call, MC_LIMITED);
    (void)mc_listener_send(d->listener, slot->origin, slot->call.reply_header,
                           slot->call.reply_body);
}

/*
 * Replies of calls that need no commit leave in small heaps: a reply sent alone wakes libzmq's
 * thread, and waking it for each costs more than most READ calls themselves.
 */
void daemon_tell_all(struct daemon *d)
{
    for (size_t i = 0; i < d->told_len; i++)
        daemon_reply(d, &d->slots[d->told[i]]);
    d->told_len = 0;
}

static void tell(struct daemon *d, const struct slot *slot)
{
    d->told[d->told_len++] = (size_t)(slot - d->slots);
    if (d->told_len == TOLD_MAX)
        daemon_tell_all(d);
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
        held->roles = call->transport_roles;
    }
    return held;
}

void daemon_held_free(struct held *held)
{
    mc_work_done(&held->work);
    mc_wipe(held, sizeof *held + held->header_len + held->body_len); /* it held passwords */
    free(held);
}

/*
 * A read for a person, who looks at a screen: there may be many, and each looks by the timer only,
 * so that what they cost does not grow with what is committed. They never take the places of
 * gateways and rooms.
 */
static bool is_screen(const struct mc_call *call)
{
    return mc_call_is_read(call) && (call->caller.who & (MC_ROOM | MC_SMS | MC_OPERATOR)) == 0;
}

static struct waiting *list_for(struct daemon *d, const struct mc_call *call)
{
    if (is_screen(call))
        return &d->screens;
    return mc_call_is_read(call) ? &d->parked : &d->takers;
}

static void wait_on(struct waiting *list, struct held *held)
{
    held->next = list->first;
    list->first = held;
    list->len++;
}

void daemon_park(struct daemon *d, struct slot *slot)
{
    struct waiting *list = list_for(d, &slot->call);
    bool full = list == &d->screens ? list->len >= SCREENS_MAX
                                    : d->parked.len + d->takers.len >= PARKED_MAX;
    struct held *held = full ? NULL : hold(d, slot);

    if (held == NULL) {
        mc_call_fail(d->service, &slot->call, MC_BUSY);
        daemon_reply(d, slot);
        return;
    }
    wait_on(list, held);
    if (!mc_timer_running(d->parked_timer))
        mc_timer_start(d->parked_timer, PARKED_LOOK_MS);
}

/* In a thread of the pool. */
static void work_run(void *arg)
{
    struct held *held = arg;

    mc_work_run(&held->work, MC_PASSWORD_COST,
                (struct mc_bytes){held->bytes + held->header_len, held->body_len});
}

static void work_done(void *arg, enum mc_status status)
{
    struct held *held = arg;
    struct daemon *d = held->daemon;

    held->worked = status == MC_OK;
    wait_on(&d->worked, held);
    mc_loop_defer(d->soon);
}

static void send_to_pool(struct daemon *d, struct slot *slot)
{
    struct held *held = hold(d, slot);

    if (held != NULL) {
        held->work = slot->call.wanted_work;
        if (mc_pool_run(d->pool, work_run, work_done, held) == MC_OK)
            return;
        daemon_held_free(held);
    }
    mc_call_fail(d->service, &slot->call, MC_BUSY);
    daemon_reply(d, slot);
}

/*
 * Nobody listens for a second answer. Who was told that there is nothing asks anew, while a repeat
 * of the call may still be waiting or on its way; it would take jobs that then lie with nobody
 * until their lease runs out.
 */
static struct told_empty *empty_of(struct daemon *d, const struct mc_call *call)
{
    const uint8_t *end = call->head->request_id.data + MC_ID_LEN;

    return &d->empty[(end[-2] << 8U | end[-1]) % EMPTY_MAX];
}

static bool is_fresh(const struct mc_call *call)
{
    return call->method->route->mode == MC_WRITE_FRESH;
}

static bool was_empty(struct daemon *d, const struct mc_call *call)
{
    const struct told_empty *told = is_fresh(call) ? empty_of(d, call) : NULL;

    return told != NULL && told->known &&
           memcmp(told->request_id, call->head->request_id.data, MC_ID_LEN) == 0;
}

void daemon_note_empty(struct daemon *d, const struct mc_call *call)
{
    if (call->status != MC_OK || call->reply_body.len > 0 || !is_fresh(call))
        return;
    struct told_empty *told = empty_of(d, call);
    told->known = true;
    memcpy(told->request_id, call->head->request_id.data, MC_ID_LEN);
}

/* Sees a call as far as it goes without a turn. */
static void admit(struct daemon *d, size_t index)
{
    struct slot *slot = &d->slots[index];
    struct mc_call *call = &slot->call;

    if (!mc_call_open(d->service, call)) {
        tell(d, slot);
    } else if (mc_call_is_read(call)) {
        mc_call_read(d->service, call);
        if (call->status == MC_WAIT)
            daemon_park(d, slot);
        else
            tell(d, slot);
    } else if (was_empty(d, call)) {
        mc_call_empty(d->service, call);
        tell(d, slot);
    } else {
        mc_call_prepare(d->service, call);
        if (call->needs_work)
            send_to_pool(d, slot);
        else if (call->reply_header.data != NULL)
            tell(d, slot);
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

void daemon_receive(struct daemon *d)
{
    int64_t now = daemon_now(d);
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
        slot->call.transport_roles = slot->message.caller_roles;
        slot->call.arrived_ms = now;
        admit(d, d->slots_len - 1);
    }
}

/* Calls that waited, and calls the pool is done with, go through the door again. */
void daemon_resume(struct daemon *d, struct waiting *list)
{
    struct held *next = list->first;

    *list = (struct waiting){0}; /* who still waits parks again */
    while (next != NULL) {
        struct held *held = next;
        struct slot *slot = slot_new(d);

        next = held->next;
        if (slot == NULL) { /* the turn is full: a later one takes it */
            wait_on(list, held);
            list->look = true;
            mc_loop_defer(d->soon);
            continue;
        }
        slot->held = held;
        slot->origin = &held->origin;
        slot->call.header = (struct mc_bytes){held->bytes, held->header_len};
        slot->call.body = (struct mc_bytes){held->bytes + held->header_len, held->body_len};
        slot->call.transport_caller = held->named ? held->caller : NULL;
        slot->call.transport_roles = held->roles;
        slot->call.arrived_ms = held->arrived_ms;
        slot->call.work = held->work.kind != MC_WORK_NONE ? &held->work : NULL;
        if (held->work.kind != MC_WORK_NONE && !held->worked) {
            if (mc_call_open(d->service, &slot->call))
                mc_call_fail(d->service, &slot->call, MC_BUSY);
            daemon_reply(d, slot);
            continue;
        }
        admit(d, d->slots_len - 1);
    }
}
