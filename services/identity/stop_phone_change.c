/*
 * StopPhoneChange: a lost phone's change that waits does not come (OTP-09). By its owner in a live
 * session, or by an officer with ACCOUNT_EDIT, for a reason.
 */
#include "account.h"

enum mc_status identity_stop_phone_change(struct identity *identity, struct mc_txn *txn,
                                          const Identity__StopPhoneChangeRequest *req,
                                          Identity__UpdateAccountReply *rep)
{
    struct identity_target target = {0};
    struct identity_change change;

    if (!identity_target_find(identity, txn, req->account_id, req->login_id, "ACCOUNT_EDIT",
                              &target))
        return txn->status;
    bool own = target.way == IDENTITY_BY_OWNER;
    if (!own)
        identity_check_reason(txn, req->reason);
    if (txn->status == MC_OK && target.account->next_phone_at_ms == 0)
        (void)mc_refuse(txn, MC_CONFLICT, "", "PHONE_CHANGE_NONE", NULL);
    if (txn->status != MC_OK || !identity_change_begin(txn, target.id, target.account, &change))
        return txn->status;

    identity_phone_stop(txn, &change);
    identity_change_save(txn, &change, target.way, own ? "" : req->reason);
    rep->account_id = identity_uuid(txn, target.id);
    rep->version = target.account->version;
    return txn->status;
}
