/* Local sub-states: names an agency, or all, gives to places within a national state. Pure. */
#pragma once

#include "stages.h"

enum {
    DOSSIER_SUB_STATES_MAX = 200,
    DOSSIER_SUB_STATE_SIZE = 48,
    DOSSIER_SUB_STATE_NAME_SIZE = 200
};

struct dossier_sub_state {
    char code[DOSSIER_SUB_STATE_SIZE];
    Dossier__State state;
    char agency[32]; /* agency code; it and those below it have this one; empty: all */
    char name[DOSSIER_SUB_STATE_NAME_SIZE];
};

struct dossier_sub_states {
    struct dossier_sub_state rows[DOSSIER_SUB_STATES_MAX];
    size_t len;
};

/* code,state,agency,name,origin. MC_INVALID: a state that is none, a row that is too long. */
mc_nodiscard enum mc_status dossier_sub_states_load(struct dossier_sub_states *ret_table,
                                                    struct mc_bytes csv);
const struct dossier_sub_state *dossier_sub_state_find(const struct dossier_sub_states *table,
                                                       const char *code, const char *unit);
