/* The state table. */
#include "stages.h"

#define CITIZEN     DOSSIER_BY_CITIZEN
#define OFFICER     DOSSIER_BY_OFFICER
#define PAYMENT     DOSSIER_BY_PAYMENT
#define SYSTEM      DOSSIER_BY_SYSTEM
#define ACCEPT      DOSSIER_RIGHT_ACCEPT
#define PROCESS     DOSSIER_RIGHT_PROCESS
#define APPROVE     DOSSIER_RIGHT_APPROVE
#define RETURN      DOSSIER_RIGHT_RETURN
#define SENT        "dossier.sent"
#define ACCEPTED    "dossier.accepted"
#define ADVANCED    "dossier.advanced"
#define STATE(name) DOSSIER__STATE__##name

/* clang-format off */
static const struct dossier_stage stages[] = {
    /* from                         to                           actors             right    reason consent when                     event */
    {STATE(DRAFT),                  STATE(NEW),                  CITIZEN,           NULL,    false, false, DOSSIER_UNLESS_ACCEPTED, SENT},
    {STATE(DRAFT),                  STATE(RECEIVED),             OFFICER,           ACCEPT,  false, false, DOSSIER_UNLESS_ACCEPTED, ACCEPTED},
    {STATE(NEW),                    STATE(RECEIVED),             OFFICER,           ACCEPT,  false, false, DOSSIER_UNLESS_ACCEPTED, ACCEPTED},
    {STATE(NEW),                    STATE(REFUSED),              OFFICER,           ACCEPT,  true,  false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(NEW),                    STATE(SUPPLEMENT_REQUESTED), OFFICER,           ACCEPT,  true,  false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(NEW),                    STATE(FINANCIAL_OBLIGATION), OFFICER | SYSTEM,  ACCEPT,  false, false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(NEW),                    STATE(WITHDRAWN),            CITIZEN,           NULL,    false, false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(RECEIVED),               STATE(PROCESSING),           OFFICER,           ACCEPT,  false, false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(RECEIVED),               STATE(SUPPLEMENT_REQUESTED), OFFICER,           ACCEPT,  true,  false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(RECEIVED),               STATE(FINANCIAL_OBLIGATION), OFFICER,           ACCEPT,  false, false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(RECEIVED),               STATE(WITHDRAWN),            CITIZEN | OFFICER, ACCEPT,  false, true,  DOSSIER_ALWAYS,          ADVANCED},
    {STATE(RECEIVED),               STATE(STOPPED),              OFFICER,           PROCESS, true,  false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(RECEIVED),               STATE(FINISHED),             OFFICER,           PROCESS, false, false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(PROCESSING),             STATE(PROCESSING),           OFFICER,           PROCESS, false, false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(PROCESSING),             STATE(SUPPLEMENT_REQUESTED), OFFICER,           PROCESS, true,  false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(PROCESSING),             STATE(FINANCIAL_OBLIGATION), OFFICER | SYSTEM,  PROCESS, false, false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(PROCESSING),             STATE(WITHDRAWN),            CITIZEN | OFFICER, PROCESS, false, true,  DOSSIER_ALWAYS,          ADVANCED},
    {STATE(PROCESSING),             STATE(STOPPED),              OFFICER,           PROCESS, true,  false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(PROCESSING),             STATE(FINISHED),             OFFICER,           APPROVE, false, false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(SUPPLEMENT_REQUESTED),   STATE(NEW),                  CITIZEN,           NULL,    false, false, DOSSIER_UNLESS_ACCEPTED, SENT},
    {STATE(SUPPLEMENT_REQUESTED),   STATE(RECEIVED),             OFFICER,           ACCEPT,  false, false, DOSSIER_UNLESS_ACCEPTED, ACCEPTED},
    {STATE(SUPPLEMENT_REQUESTED),   STATE(PROCESSING),           OFFICER,           PROCESS, false, false, DOSSIER_IF_ACCEPTED,     ADVANCED},
    {STATE(SUPPLEMENT_REQUESTED),   STATE(REFUSED),              OFFICER | SYSTEM,  ACCEPT,  true,  false, DOSSIER_UNLESS_ACCEPTED, ADVANCED},
    {STATE(SUPPLEMENT_REQUESTED),   STATE(STOPPED),              OFFICER | SYSTEM,  PROCESS, true,  false, DOSSIER_IF_ACCEPTED,     ADVANCED},
    {STATE(SUPPLEMENT_REQUESTED),   STATE(WITHDRAWN),            CITIZEN,           NULL,    false, false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(FINANCIAL_OBLIGATION),   STATE(NEW),                  PAYMENT,           NULL,    false, false, DOSSIER_UNLESS_ACCEPTED, ADVANCED},
    {STATE(FINANCIAL_OBLIGATION),   STATE(PROCESSING),           PAYMENT,           NULL,    false, false, DOSSIER_IF_ACCEPTED,     ADVANCED},
    {STATE(FINANCIAL_OBLIGATION),   STATE(WITHDRAWN),            CITIZEN,           NULL,    false, false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(FINANCIAL_OBLIGATION),   STATE(STOPPED),              OFFICER | SYSTEM,  PROCESS, true,  false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(FINISHED),               STATE(PROCESSING),           OFFICER,           APPROVE, true,  false, DOSSIER_ALWAYS,          ADVANCED},
    {STATE(FINISHED),               STATE(RETURNED),             OFFICER | SYSTEM,  RETURN,  false, false, DOSSIER_ALWAYS,          ADVANCED},
};
/* clang-format on */

bool dossier_stage_fits(const struct dossier_stage *stage, Dossier__State from, unsigned actor,
                        bool accepted)
{
    if (stage->from != from || (stage->actors & actor) == 0)
        return false;
    return stage->when == DOSSIER_ALWAYS || (stage->when == DOSSIER_IF_ACCEPTED) == accepted;
}

const struct dossier_stage *dossier_stage_find(Dossier__State from, Dossier__State to,
                                               unsigned actor, bool accepted)
{
    for (size_t i = 0; i < MC_LEN(stages); i++)
        if (stages[i].to == to && dossier_stage_fits(&stages[i], from, actor, accepted))
            return &stages[i];
    return NULL;
}

const struct dossier_stage *dossier_stages(size_t *ret_len)
{
    *ret_len = MC_LEN(stages);
    return stages;
}

bool dossier_state_is_final(Dossier__State state)
{
    for (size_t i = 0; i < MC_LEN(stages); i++)
        if (stages[i].from == state)
            return false;
    return true;
}
