/*
 * SwitchUnit: the officer's session acts for another of his units (OFF-10), with the rights he has
 * there. One unit at a time: rooms look at the unit and the rights of the token together.
 */
#include <string.h>

#include "officer.h"

enum mc_status identity_switch_unit(struct identity *identity, struct mc_txn *txn,
                                    const Identity__SwitchUnitRequest *req,
                                    Identity__SessionReply *rep)
{
    struct identity_units units;
    struct mc_bytes id;
    char code[MC_AGENCY_CODE_SIZE];

    enum mc_why why = mc_agency_parse(req->unit, code, sizeof code);
    if (why != MC_WHY_OK)
        return mc_refuse(txn, MC_INVALID, "unit", mc_why_code(why), NULL);
    IdentityState__Session *session = identity_session_of_caller(txn, &id);
    if (session == NULL)
        return txn->status;
    const IdentityState__Account *account =
        identity_account_load(txn, mc_key_bytes(session->account));
    if (account == NULL)
        return mc_fail(txn, MC_CORRUPT, "session without account");
    identity_units_read(txn, account, &units);
    if (identity_units_find(&units, code) == NULL)
        return mc_refuse(txn, MC_DENIED, "unit", "UNIT_NOT_ASSIGNED", NULL);
    session->unit = code;
    identity_session_renew(identity, txn, id, session, account, rep);
    return txn->status;
}
