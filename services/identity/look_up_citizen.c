/*
 * LookUpCitizen: the first step at the desk (OFF-23): is there an account of this number already?
 * Then the citizen is told, and none is made. Every look-up is counted and in the log: it tells who
 * has an account.
 */
#include "officer.h"

enum mc_status identity_look_up_citizen(struct identity *identity, struct mc_txn *txn,
                                        const Identity__LookUpCitizenRequest *req,
                                        Identity__LookUpCitizenReply *rep)
{
    (void)identity;
    Identity__CitizenLookedUp looked = IDENTITY__CITIZEN_LOOKED_UP__INIT;
    struct identity_desk desk;
    struct mc_bytes known;
    char number[MC_CCCD_SIZE];
    enum mc_identity_kind kind;

    if (!identity_desk_open(txn, req->unit, &desk))
        return txn->status;
    enum mc_why why = mc_identity_parse(req->login_id, number, sizeof number, &kind);
    if (why != MC_WHY_OK)
        return mc_refuse(txn, MC_INVALID, "login_id", mc_why_code(why), NULL);
    if (!identity_budget_take(txn, "desk.look_up", desk.officer_id, IDENTITY_LOOK_UPS_AN_HOUR,
                              "DESK_TOO_MANY"))
        return txn->status;
    rep->exists = identity_account_find(txn, identity_login_index(txn, number), &known);
    if (rep->exists) {
        rep->code = mc_unconst("ACCOUNT_EXISTS");
        rep->message = identity_text(txn, "ACCOUNT_EXISTS", NULL);
    }
    const char *keys[] = {identity_key(txn, "account", desk.officer_id),
                          rep->exists ? identity_key(txn, "account", known) : NULL, NULL};
    looked.officer_id = identity_uuid(txn, desk.officer_id);
    looked.unit = mc_unconst(desk.unit);
    looked.exists = rep->exists;
    mc_emit(txn, "identity.citizen_looked_up", &looked.base, MC_PLAIN, keys);
    return txn->status;
}
