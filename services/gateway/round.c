/* Rounds: one question to every room, and an answer that waits for the slowest of them. */
#include <string.h>

#include "room.pb-c.h"

#include "gateway.h"

static struct gateway_round *round_take(struct gateway *gateway)
{
    for (size_t i = 0; i < GATEWAY_ROUNDS; i++)
        if (gateway->rounds[i].done == NULL)
            return &gateway->rounds[i];
    return NULL;
}

static void round_end(struct gateway_round *round)
{
    round->done(round);
    mc_arena_reset(&round->arena);
    round->exchange = NULL;
    round->done = NULL;
}

static void answered(void *arg, const Motcua__Header *head, struct mc_bytes body)
{
    struct gateway_room_answer *answer = arg;
    struct gateway_round *round = answer->round;

    if (head != NULL && head->status == 0)
        answer->reply = protobuf_c_message_unpack(round->reply_type, &round->arena.protobuf,
                                                  body.len, body.data);
    if (--round->waiting == 0 && !round->asking) {
        struct mc_arena *arena = &round->gateway->arena;

        round_end(round);
        mc_arena_reset(arena);
    }
}

/* House methods are asked under our own name: the edge's public one may not. */
static void ask(struct gateway_round *round, size_t i, const char *method)
{
    struct gateway *gateway = round->gateway;
    struct gateway_moment moment = gateway_now(gateway);
    struct gateway_call call = {0};

    round->answers[i] = (struct gateway_room_answer){.round = round};
    gateway_head_begin(&call, NULL, &moment, gateway->settings.round_timeout_ms);
    call.head.method = mc_unconst(method);
    call.head.caller = gateway->process.caller;
    if (mc_link_call(gateway->process.links, gateway_rooms[i].name, &call.head,
                     (struct mc_bytes){0}, call.timeout_ms, answered, &round->answers[i]) == MC_OK)
        round->waiting++;
}

static bool begin(struct gateway *gateway, struct gateway_exchange *exchange, const char *method,
                  const ProtobufCMessageDescriptor *reply_type,
                  void (*done)(struct gateway_round *round))
{
    struct gateway_round *round = round_take(gateway);

    if (round == NULL)
        return false;
    round->gateway = gateway;
    round->exchange = exchange;
    round->done = done;
    round->reply_type = reply_type;
    round->waiting = 0;
    round->asking = true;
    for (size_t i = 0; i < GATEWAY_ROOMS; i++)
        ask(round, i, method);
    round->asking = false;
    if (round->waiting == 0)
        round_end(round);
    return true;
}

void gateway_round_start(struct gateway_exchange *exchange, const char *method,
                         const ProtobufCMessageDescriptor *reply_type,
                         void (*done)(struct gateway_round *round))
{
    struct gateway_refusal refusal;

    if (begin(exchange->gateway, exchange, method, reply_type, done))
        return;
    (void)gateway_refuse(&exchange->gateway->arena, &refusal, mc_status_rpc(MC_BUSY), "", "BUSY");
    gateway_answer_refusal(exchange, &refusal);
}

bool gateway_round_begin(struct gateway *gateway, const char *method,
                         const ProtobufCMessageDescriptor *reply_type,
                         void (*done)(struct gateway_round *round))
{
    return begin(gateway, NULL, method, reply_type, done);
}
