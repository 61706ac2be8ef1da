/* Whatever a partner answers to a delivery: it is taken, refused or a fault, and nothing else. */
#include <string.h>

#include "services/partner/outcome.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(const struct partner_book *book, struct mc_arena *arena, const char *type,
                   unsigned step, struct mc_bytes body)
{
    const struct mc_result result = {
        .outcome = MC_HTTP_ANSWERED, .http_status = 200, .step = step, .body = body, .code = ""};
    struct partner_outcome outcome = partner_outcome_read(book, arena, type, &result);

    assert(outcome.verdict != PARTNER__ATTEMPT_VERDICT__ATTEMPT_VERDICT_UNSPECIFIED);
    assert(outcome.code != NULL && strlen(outcome.code) <= 20);
    assert(outcome.session == NULL || step == PARTNER_STEP_SESSION);
    assert(outcome.verdict != PARTNER__ATTEMPT_VERDICT__TAKEN || !outcome.fault);
    assert(outcome.verdict != PARTNER__ATTEMPT_VERDICT__NOT_UNDERSTOOD || outcome.session == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct partner_book book;
    static struct mc_arena arena;
    char why[128];

    if (arena.base == NULL) {
        if (mc_arena_init(&arena, 16 << 20) != MC_OK)
            return 0;
        assert(partner_book_read(&book, why, sizeof why) == MC_OK);
    }
    mc_arena_reset(&arena);
    struct mc_bytes body = mc_copy(&arena, data, size);
    if (body.data == NULL)
        return 0;
    answer(&book, &arena, "session", PARTNER_STEP_SESSION, body);
    answer(&book, &arena, "dossier_sync", PARTNER_STEP_DATA, body);
    answer(&book, &arena, "land_payment", PARTNER_STEP_DATA, body);
    return 0;
}
