/*
 * Stages: which step leads from which state to which, who may take it, and with what.
 *
 * Pure: one table, after the transitions that the national portal and the provinces share. What a
 * step does beside (codes, due times, money) is move.c's.
 */
#pragma once

#include "common/base.h"

#include "dossier.pb-c.h"

enum { DOSSIER_STATES_LEN = DOSSIER__STATE__RETURNED + 1 };

/* Bits, so that a row names all who may. */
enum dossier_actor {
    DOSSIER_BY_CITIZEN = 1 << 0,
    DOSSIER_BY_OFFICER = 1 << 1,
    DOSSIER_BY_PAYMENT = 1 << 2,
    DOSSIER_BY_SYSTEM = 1 << 3,
};

/* Rights of an officer, as identity's catalogue names them. */
#define DOSSIER_RIGHT_ACCEPT   "DOSSIER_RECEIVE"
#define DOSSIER_RIGHT_PROCESS  "DOSSIER_PROCESS"
#define DOSSIER_RIGHT_APPROVE  "DOSSIER_APPROVE"
#define DOSSIER_RIGHT_RETURN   "RESULT_RETURN"
#define DOSSIER_RIGHT_FORMS    "FORM_EDIT"
#define DOSSIER_RIGHT_CALENDAR "CALENDAR_EDIT"
#define DOSSIER_RIGHT_MONITOR  "DOSSIER_MONITOR"

/* Steps that depend on whether the dossier was ever accepted. */
enum dossier_when { DOSSIER_ALWAYS, DOSSIER_IF_ACCEPTED, DOSSIER_UNLESS_ACCEPTED };

struct dossier_stage {
    Dossier__State from;
    Dossier__State to;
    unsigned actors;   /* enum dossier_actor */
    const char *right; /* that an officer needs, or NULL */
    bool reason;       /* must be given */
    bool consent;      /* the citizen asks, the officer confirms */
    enum dossier_when when;
    const char *event;
};

/* NULL: not from there, not by him, or not (any more) after acceptance. */
const struct dossier_stage *dossier_stage_find(Dossier__State from, Dossier__State to,
                                               unsigned actor, bool accepted);

/* All rows, for those who tell what is possible, and for tests. */
const struct dossier_stage *dossier_stages(size_t *ret_len);
bool dossier_stage_fits(const struct dossier_stage *stage, Dossier__State from, unsigned actor,
                        bool accepted);

/* The table and a diagram as Markdown, by these names of states; false: `out` is too small. */
mc_nodiscard bool dossier_stages_text(const char *const names[DOSSIER_STATES_LEN], char *out,
                                      size_t size);

/* Nothing leads out of it. */
bool dossier_state_is_final(Dossier__State state);
