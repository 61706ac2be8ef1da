#include "verdict.h"

enum {
    PAUSE_MS = 1000,
    PAUSE_MAX_MS = 60000,
    DOUBLINGS_MAX = 6,
};

const char *verdict_name(enum verdict verdict)
{
    static const char *const names[] = {
        [VERDICT_TAKEN] = "taken",       [VERDICT_PERHAPS] = "unknown",
        [VERDICT_RETRY] = "failed",      [VERDICT_LATER] = "later",
        [VERDICT_SLOW] = "throttled",    [VERDICT_REFUSED] = "refused",
        [VERDICT_LOCKED] = "locked_out",
    };

    return names[verdict];
}

enum verdict verdict_settle(enum verdict verdict, bool code)
{
    if (verdict != VERDICT_PERHAPS)
        return verdict;
    return code ? VERDICT_TAKEN : VERDICT_RETRY;
}

bool verdict_is_unwell(enum verdict verdict)
{
    return verdict == VERDICT_RETRY || verdict == VERDICT_LOCKED || verdict == VERDICT_PERHAPS;
}

int64_t verdict_pause_ms(unsigned failures)
{
    int64_t pause_ms = (int64_t)PAUSE_MS << MC_MIN(failures, (unsigned)DOUBLINGS_MAX);

    return MC_MIN(pause_ms, (int64_t)PAUSE_MAX_MS);
}
