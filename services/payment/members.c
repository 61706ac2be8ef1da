/*
 * Members' own systems: a province's one-door software reads the receipts of its units. It comes
 * without a session, by its own key, and payment.members says which unit it stands for.
 */
#include <string.h>

#include "payment.h"

/* The unit in "portal:tayninh=000.00.00.H53"; NULL: it is somebody else. */
static const char *unit_of(const char *item, const char *name)
{
    size_t len = strlen(name);

    return strncmp(item, name, len) == 0 && item[len] == '=' ? item + len + 1 : NULL;
}

bool payment_member_stand(const struct payment *payment, struct mc_txn *txn)
{
    const struct mc_caller *caller = txn->caller;

    if (caller->account_id != NULL || (caller->who & MC_PORTAL) == 0)
        return true;
    for (size_t i = 0; i < payment->members.len; i++) {
        const char *unit = unit_of(payment->members.items[i], caller->name);
        struct mc_caller *member = unit != NULL ? mc_alloc(txn->arena, sizeof *member) : NULL;

        if (member == NULL)
            continue;
        *member = *caller;
        member->who |= MC_OFFICER;
        member->unit = unit;
        txn->caller = member;
        return true;
    }
    return mc_refuse(txn, MC_UNAUTHENTICATED, "", "SESSION_REQUIRED", NULL) == MC_OK;
}
