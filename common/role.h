/*
 * Roles of operators: who may look, who may change something, who may say yes to what another one
 * wants to do. To have one of the other two is to look, too.
 */
#pragma once

#include "common/base.h"

enum mc_role { /* bits */
               MC_ROLE_VIEW = 1 << 0,
               MC_ROLE_OPERATE = 1 << 1,
               MC_ROLE_APPROVE = 1 << 2,
               MC_ROLES_ALL = MC_ROLE_VIEW | MC_ROLE_OPERATE | MC_ROLE_APPROVE,
};

/* "operate,approve". False: empty, or a word that is no role. */
mc_nodiscard bool mc_roles_read(const char *text, unsigned *ret_roles);
/* The word for one role. */
const char *mc_role_word(enum mc_role role);
