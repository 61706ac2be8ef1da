/*
 * SetAccountStatus: by its owner (lock it, take a closing back), by an administrator of its unit,
 * by an operator; with a reason, and only along the table of status.c. Closing one's own account
 * is StartClosing's, with a password and a code.
 */
#include "account.h"

/* A citizen's account belongs to no unit: only the top may switch it. */
static void check_desk(struct mc_txn *txn, const struct identity_target *target)
{
    if (target->way == IDENTITY_AT_DESK && target->account->unit[0] == '\0' && !target->everywhere)
        (void)mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", "right", "APCA_ADMIN", NULL);
}

static void check_move(struct mc_txn *txn, const struct identity_target *target,
                       Identity__AccountStatus to)
{
    Identity__AccountStatus from = identity_status_of(target->account);
    bool closing = to == IDENTITY__ACCOUNT_STATUS__ACCOUNT_CLOSING;

    if (target->account->merged_into.len != 0)
        (void)mc_refuse(txn, MC_CONFLICT, "status", "ACCOUNT_MERGED", NULL);
    else if (closing || !identity_status_may(from, to, target->way))
        (void)mc_refuse(txn, MC_CONFLICT, "status", "STATUS_NOT_ALLOWED", "from",
                        identity_status_text(from), "to", identity_status_text(to), NULL);
}

static enum mc_status check(struct mc_txn *txn, const Identity__SetAccountStatusRequest *req)
{
    if (req->status == IDENTITY__ACCOUNT_STATUS__ACCOUNT_STATUS_UNSPECIFIED)
        (void)mc_refuse(txn, MC_INVALID, "status", "FIELD_REQUIRED", "field", "trạng thái", NULL);
    identity_check_reason(txn, req->reason);
    return txn->status;
}

enum mc_status identity_set_account_status(struct identity *identity, struct mc_txn *txn,
                                           const Identity__SetAccountStatusRequest *req,
                                           Identity__SetAccountStatusReply *rep)
{
    struct identity_target target = {0};
    struct identity_change change;

    if (check(txn, req) != MC_OK || !identity_target_find(identity, txn, req->account_id,
                                                          req->login_id, "ACCOUNT_STATUS", &target))
        return txn->status;
    check_desk(txn, &target);
    check_move(txn, &target, req->status);
    if (!identity_check_version(txn, target.account, req->version) ||
        !identity_change_begin(txn, target.id, target.account, &change))
        return txn->status;

    target.account->closes_at_ms = 0;
    identity_status_set(txn, &change, req->status, req->reason);
    identity_change_save(txn, &change, target.way, req->reason);
    rep->account_id = identity_uuid(txn, target.id);
    rep->status = req->status;
    rep->version = target.account->version;
    return txn->status;
}
