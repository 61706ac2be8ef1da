/* What a partner's answer means for a delivery. Private to this room. */
#pragma once

#include "partner.h"

enum { PARTNER_STEP_DATA, PARTNER_STEP_SESSION };

struct partner_outcome {
    Partner__AttemptVerdict verdict;
    bool fault;          /* of the way to the partner: counts for its circuit */
    bool exists;         /* it has it already */
    bool session_over;   /* it does not know our session (any more) */
    const char *code;    /* as the partner said it; "" */
    const char *session; /* of a session call that went well; else NULL */
};

/*
 * Reads the answer to a delivery's session or data call, by the code field and the codes of success
 * of its API type (data/api_types.csv). Texts are in the arena. Pure.
 */
struct partner_outcome partner_outcome_read(const struct partner_book *book, struct mc_arena *arena,
                                            const char *api_type, const struct mc_result *result);
