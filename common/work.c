#include "common/work.h"

#include "common/crypto.h"

static bool choose(struct mc_work *work, const char *password, char hash[MC_WORK_HASH_MAX],
                   struct mc_password_cost cost)
{
    work->guessable =
        work->bits_min > 0 && mc_password_bits(password, work->words) < work->bits_min;
    return !work->guessable && mc_password_hash(hash, password, cost) == MC_OK;
}

static void run_task(struct mc_work *work, struct mc_bytes body)
{
    if (mc_arena_init(&work->arena, MC_WORK_ARENA) == MC_OK)
        work->task_result = work->task(work->task_ctx, &work->arena, body);
}

void mc_work_run(struct mc_work *work, struct mc_password_cost cost, struct mc_bytes body)
{
    switch (work->kind) {
    case MC_WORK_HASH:
        work->ok = choose(work, work->password, work->hash, cost);
        return;
    case MC_WORK_VERIFY:
        work->ok = mc_password_verify(work->hash, work->password);
        if (work->ok && mc_password_needs_rehash(work->hash, cost) &&
            mc_password_hash(work->fresh, work->password, cost) != MC_OK)
            work->fresh[0] = '\0'; /* the old one does for now */
        return;
    case MC_WORK_CHANGE:
        work->ok = mc_password_verify(work->hash, work->password);
        if (work->ok && !choose(work, work->next, work->fresh, cost))
            work->fresh[0] = '\0';
        return;
    case MC_WORK_TASK:
        run_task(work, body);
        return;
    case MC_WORK_NONE:
        return;
    }
}

void mc_work_done(struct mc_work *work)
{
    mc_arena_done(&work->arena);
    mc_wipe(work, sizeof *work); /* it held passwords */
}
