/*
 * Gates: destinations of a lane that may be closed, or take so many jobs at once (service.h). A
 * walk looks at each destination that has jobs once, whatever waits there, and goes on where the
 * last one ended, so that all get their turn and a full lane starves nobody.
 */
#include <stdio.h>
#include <string.h>

#include "common/due.h"
#include "common/frame.h"
#include "common/pauses.h"
#include "common/tally.h"

enum {
    GATE_LOOKS = 1024,       /* destinations one walk looks at */
    GATE_LOOK_AGAIN_MS = 50, /* when there are more than that */
};
_Static_assert(MC_GATE_PLACE_SIZE == MC_DUE_DESTINATION_MAX + 1, "a destination as due.h has it");

const struct mc_effect *mc_gate_effect(const struct mc_service *service, unsigned lane)
{
    for (size_t i = 0; i < service->room->effects_len; i++)
        if (service->room->effects[i].lane == lane && service->room->effects[i].gate != NULL)
            return &service->room->effects[i];
    return NULL;
}

/* A round of destinations: from behind a place to the end, then from the first to that place. */
struct round {
    struct mc_txn *txn;
    unsigned lane;
    char began[MC_GATE_PLACE_SIZE];
    char at[MC_GATE_PLACE_SIZE];
    bool from_first;
    bool wrapped;
    int64_t due_ms;
    size_t looks;
};

static void round_begin(struct round *round, struct mc_txn *txn, unsigned lane, const char *place)
{
    *round = (struct round){.txn = txn, .lane = lane, .from_first = place[0] == '\0'};
    round->wrapped = round->from_first;
    (void)snprintf(round->began, sizeof round->began, "%s", place);
    (void)snprintf(round->at, sizeof round->at, "%s", place);
}

static bool round_next(struct round *round)
{
    char next[MC_GATE_PLACE_SIZE];

    if (round->looks++ == GATE_LOOKS)
        return false;
    bool found = mc_due_destination(round->txn, round->lane, round->from_first ? NULL : round->at,
                                    next, &round->due_ms);
    if (!found && !round->wrapped) {
        round->wrapped = true;
        found = mc_due_destination(round->txn, round->lane, NULL, next, &round->due_ms);
    }
    if (!found || (round->wrapped && round->began[0] != '\0' && strcmp(next, round->began) > 0))
        return false;
    round->from_first = false;
    memcpy(round->at, next, sizeof next);
    return true;
}

/* How many of its jobs may start now; when it opens, told too. None, while an operator has paused
 * it. */
static size_t room_at(struct mc_service *service, const struct mc_effect *effect,
                      const struct round *round, int64_t *ret_open_ms)
{
    struct mc_gate gate = {.most = UINT32_MAX};

    *ret_open_ms = 0;
    if (mc_is_paused(service->store, round->lane, round->at, round->txn->now_ms))
        return 0;
    int64_t leased =
        mc_tally_of_destination(service->store, round->lane, round->at, MC_TALLY_LEASED);

    effect->gate(service->ctx, round->txn, round->at, &gate);
    *ret_open_ms = gate.open_ms;
    return leased < (int64_t)gate.most ? (size_t)((int64_t)gate.most - leased) : 0;
}

size_t mc_gate_lease(struct mc_service *service, struct mc_txn *txn, const struct mc_lease *spec,
                     struct mc_job *ret_jobs, size_t max)
{
    const struct mc_effect *effect = mc_gate_effect(service, spec->lane);
    struct round round;
    size_t n = 0;

    round_begin(&round, txn, spec->lane, service->gate_place[spec->lane]);
    while (n < max && round_next(&round)) {
        const char *const only[] = {round.at, NULL};
        struct mc_lease lease = *spec;
        int64_t open_ms = 0;
        size_t mark = txn->arena->used;

        size_t room = round.due_ms <= txn->now_ms ? room_at(service, effect, &round, &open_ms) : 0;
        if (room == 0 || open_ms > txn->now_ms) {
            mc_arena_rewind(txn->arena, mark);
            continue;
        }
        lease.destinations = only;
        n += mc_jobs_lease(txn, &lease, ret_jobs + n, MC_MIN(max - n, room));
    }
    memcpy(service->gate_place[spec->lane], round.at, sizeof round.at);
    return txn->status == MC_OK ? n : 0;
}

static int64_t gated_next(struct mc_service *service, struct mc_txn *txn,
                          const struct mc_effect *effect, unsigned lane)
{
    struct round round;
    int64_t next = INT64_MAX;

    round_begin(&round, txn, lane, service->gate_place[lane]);
    while (next > txn->now_ms && round_next(&round)) {
        int64_t open_ms = 0;
        size_t mark = txn->arena->used;

        if (room_at(service, effect, &round, &open_ms) > 0)
            next = MC_MIN(next, MC_MAX(round.due_ms, open_ms));
        mc_arena_rewind(txn->arena, mark);
    }
    if (round.looks > GATE_LOOKS)
        next = MC_MIN(next, txn->now_ms + GATE_LOOK_AGAIN_MS);
    return MC_MIN(next, mc_pause_ends(service->store, lane, txn->now_ms));
}

int64_t mc_effects_next_due(struct mc_service *service, struct mc_txn *snapshot, unsigned lane)
{
    const struct mc_effect *effect = mc_gate_effect(service, lane);

    snapshot->now_ms = mc_now_ms(service->options.clock);
    if (effect == NULL)
        return mc_jobs_next_due(snapshot, lane);
    snapshot->secrets = &service->secrets;
    return gated_next(service, snapshot, effect, lane);
}
