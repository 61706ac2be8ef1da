#include <string.h>

#include "sandbox.h"

static void fire(void *arg)
{
    struct sandbox_later *later = arg;

    mc_arena_reset(&later->sandbox->turn);
    later->run(later);
}

struct sandbox_later *sandbox_later_take(struct sandbox *sandbox)
{
    struct sandbox_later *later = sandbox->later_free;

    if (later != NULL) {
        sandbox->later_free = later->next;
    } else {
        if (sandbox->later_len == SANDBOX_LATER_MAX)
            return NULL;
        later = mc_alloc(&sandbox->memory, sizeof *later);
        if (later == NULL)
            return NULL;
        later->sandbox = sandbox;
        later->timer = mc_timer_create(sandbox->process.loop, fire, later);
        if (later->timer == NULL)
            return NULL;
        sandbox->later_all[sandbox->later_len++] = later;
    }
    later->next = NULL;
    later->request = NULL;
    later->told = NULL;
    later->broken = false;
    later->tries = 0;
    later->copies = 0;
    later->number = 0;
    memset(later->codes, 0, sizeof later->codes);
    later->text_len = 0;
    later->busy = true;
    return later;
}

void sandbox_later_start(struct sandbox_later *later, int64_t after_ms,
                         void (*run)(struct sandbox_later *later))
{
    later->run = run;
    mc_timer_start(later->timer, after_ms);
}

void sandbox_later_give(struct sandbox_later *later)
{
    struct sandbox *sandbox = later->sandbox;

    assert(later->busy);
    mc_timer_cancel(later->timer);
    later->busy = false;
    later->next = sandbox->later_free;
    sandbox->later_free = later;
}
