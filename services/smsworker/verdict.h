/*
 * Verdicts: what became of a text at a gateway, whatever its kind, and what follows from it. Pure.
 */
#pragma once

#include "common/base.h"

enum verdict {
    VERDICT_TAKEN,   /* the gateway has it */
    VERDICT_PERHAPS, /* it may have it; taken for a code, not taken for a notice: see below */
    VERDICT_RETRY,   /* it has it not, and takes nothing else either */
    VERDICT_LATER,   /* it has it not: this text another time, others now */
    VERDICT_SLOW,    /* it has it not: we are too fast for it */
    VERDICT_REFUSED, /* it has it not and never will */
    VERDICT_LOCKED,  /* it does not know us */
};

const char *verdict_name(enum verdict verdict);

/*
 * A doubtful code is never sent again: two codes confuse, and a new one is asked for quickly. A
 * doubtful notice is: it is better had twice than never.
 */
enum verdict verdict_settle(enum verdict verdict, bool code);

/* Is the gateway itself unwell, so that all sending should rest? */
bool verdict_is_unwell(enum verdict verdict);

/* 1 s, 2 s, 4 s … a minute; one more failure each. */
int64_t verdict_pause_ms(unsigned failures);
