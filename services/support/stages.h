/*
 * Stages: which step leads from which state to which, who may take it, and with what.
 *
 * Pure: the tables that the code is driven by, printed as STATES.md.
 */
#pragma once

#include "common/base.h"

#include "support.pb-c.h"

/* Bits, so that a row names all who may. */
enum support_actor {
    SUPPORT_BY_REQUESTER = 1 << 0, /* an officer of the requesting unit, or above it */
    SUPPORT_BY_STAFF = 1 << 1,     /* technical staff of Văn phòng Chính phủ, an operator */
};

struct support_stage {
    unsigned from;
    unsigned to;
    unsigned actors; /* enum support_actor */
    bool text;       /* words for the other side are needed */
    bool clock;      /* the eight working hours begin anew */
};

/* NULL: no such step, or not by him. */
const struct support_stage *support_stage_find(Support__RequestState from, Support__RequestState to,
                                               unsigned actors);
const struct support_stage *support_stages(size_t *ret_len);
bool support_state_is_final(Support__RequestState state);
/* The clock of the service level runs. */
bool support_state_counts(Support__RequestState state);
const char *support_state_name(Support__RequestState state);

/* All tables and diagrams as Markdown; false: `out` is too small. */
mc_nodiscard bool support_stages_text(char *out, size_t size);
