/* Follows of a daemon: other rooms' journals, each applied once and in order. */
#include <stdlib.h>
#include <string.h>

#include "common/daemon.h"
#include "common/lineage.h"

static void follow_answered(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct follow *follow = arg;
    struct daemon *d = follow->daemon;

    follow->asking = false;
    if (head == NULL) {
        daemon_follow_ask(follow);
        return;
    }
    if (head->status != 0) {
        daemon_log(d, MC_LOG_ERROR, "follow_refused", "code", head->code);
        mc_timer_start(follow->again, FOLLOW_PAUSE_MS);
        return;
    }
    follow->state->heard_ms = daemon_now(d);
    if (body.len == 0 || (follow->batch = malloc(body.len)) == NULL) {
        mc_timer_start(follow->again, body.len == 0 ? 0 : FOLLOW_PAUSE_MS);
        return;
    }
    memcpy(follow->batch, body.data, body.len);
    follow->batch_len = body.len;
    mc_loop_defer(d->soon);
}

void daemon_follow_ask(struct follow *follow)
{
    struct daemon *d = follow->daemon;
    Motcua__Header head = MOTCUA__HEADER__INIT;
    Motcua__FollowRequest ask = MOTCUA__FOLLOW_REQUEST__INIT;
    uint8_t id[MC_ID_LEN];
    uint8_t body[64];

    if (d->stopping || follow->asking || follow->batch != NULL)
        return;
    mc_uuid7(id, daemon_now(d), &d->process.random);
    head.request_id = (ProtobufCBinaryData){sizeof id, id};
    head.method = mc_unconst("motcua.v1.Room/Follow");
    head.caller = d->process.caller;
    ask.after = follow->state->applied;
    ask.credit = FOLLOW_CREDIT;
    ask.wait_ms = FOLLOW_WAIT_MS;
    if (follow->state->lineage_known)
        ask.lineage = (ProtobufCBinaryData){MC_ID_LEN, follow->state->lineage};
    size_t len = motcua__follow_request__pack(&ask, body);
    follow->asking =
        mc_link_call(d->process.links, follow->state->room, &head, (struct mc_bytes){body, len},
                     FOLLOW_TIMEOUT_MS, follow_answered, follow) == MC_OK;
    if (!follow->asking)
        mc_timer_start(follow->again, FOLLOW_PAUSE_MS);
}

/* The cursor and the lineage as the last commit left them. */
static void refresh(struct follow *follow)
{
    struct mc_service *service = follow->daemon->service;
    struct mc_txn txn;

    if (mc_snapshot_open(service->store, &service->arena, &txn) != MC_OK)
        return;
    uint64_t applied = mc_cursor_load(&txn, follow->state->room);
    if (txn.status == MC_OK)
        follow->state->applied = applied;
    mc_lineage_known(&txn, follow->state);
    mc_snapshot_close(&txn);
}

void daemon_follow_again(void *arg)
{
    struct follow *follow = arg;

    if (follow->state->diverged) /* an operator may have accepted the other one */
        refresh(follow);
    daemon_follow_ask(follow);
}

bool daemon_has_batches(const struct daemon *d)
{
    for (size_t i = 0; i < d->service->followed_len; i++)
        if (d->follows[i].batch != NULL)
            return true;
    return false;
}

static void apply_batch(struct daemon *d, struct mc_turn *turn, struct follow *follow)
{
    mc_arena_budget(&d->service->arena, d->service->arena.size);
    const Motcua__FollowReply *batch =
        motcua__follow_reply__unpack(&d->service->arena.protobuf, follow->batch_len, follow->batch);

    if (batch == NULL)
        return;
    bool diverged = follow->state->diverged;
    mc_lineage_heard(d->service, turn, follow->state, batch);
    if (follow->state->diverged && !diverged)
        daemon_log(d, MC_LOG_ERROR, "follow_diverged", "room", follow->state->room);
    for (size_t i = 0; i < batch->n_events; i++) {
        /* An event must never fail for want of room: the rest comes with the next batch. */
        if (d->service->arena.size - d->service->arena.used < (size_t)2 * MC_CALL_BUDGET)
            break;
        mc_event_apply(d->service, turn, batch->events[i]);
    }
    follow->state->last = batch->last;
}

void daemon_apply_batches(struct daemon *d, struct mc_turn *turn)
{
    for (size_t i = 0; i < d->service->followed_len && turn->status == MC_OK; i++)
        if (d->follows[i].batch != NULL)
            apply_batch(d, turn, &d->follows[i]);
}

/* Then the next batch is asked for. */
static void batch_applied(struct follow *follow)
{
    free(follow->batch);
    follow->batch = NULL;
    refresh(follow);
    if (follow->state->diverged)
        mc_timer_start(follow->again, FOLLOW_DIVERGED_MS);
    else
        daemon_follow_ask(follow);
}

void daemon_batches_applied(struct daemon *d)
{
    for (size_t i = 0; i < d->service->followed_len; i++)
        if (d->follows[i].batch != NULL)
            batch_applied(&d->follows[i]);
}
