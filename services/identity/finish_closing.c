/*
 * FinishClosing: the code was right, so the account begins to close. Its sessions end at once;
 * signing in and taking it back is possible until identity.closing_period is over, then the tick
 * closes it.
 *
 *     closings: closes_at_ms (8, big-endian) ‖ account id -> nothing. What no longer fits its
 *     account (it was taken back) is passed over.
 */
#include <string.h>

#include "account.h"

enum { WHEN_LEN = 8, CLOSINGS_A_TICK = 20 };

static struct mc_bytes closing_key(struct mc_txn *txn, struct mc_bytes account_id,
                                   int64_t closes_at_ms)
{
    return mc_key_join(txn, mc_key_u64(txn, (uint64_t)closes_at_ms), account_id);
}

enum mc_status identity_finish_closing(struct identity *identity, struct mc_txn *txn,
                                       const Identity__FinishClosingRequest *req,
                                       Identity__FinishClosingReply *rep)
{
    struct identity_target target = {0};
    struct identity_change change;
    const IdentityState__Step *step =
        identity_step_load(identity, txn, req->step, OTP__PURPOSE__ACCOUNT_CLOSE, &target);

    if (step == NULL || !identity_account_is_active(txn, target.account))
        return txn->status;
    const struct identity_claim claim = {OTP__PURPOSE__ACCOUNT_CLOSE, mc_key_bytes(req->step),
                                         mc_open_text(txn, step->phone)};
    if (!identity_step_proof(identity, txn, &claim, "proof", req->proof) ||
        !identity_change_begin(txn, target.id, target.account, &change))
        return txn->status;

    const char *reason = mc_open_text(txn, step->reason);
    int64_t closes_at_ms = txn->now_ms + identity->closing_period_ms;
    mc_drop(txn, IDENTITY_STEPS, mc_key_bytes(req->step));
    target.account->closes_at_ms = closes_at_ms;
    mc_put(txn, IDENTITY_CLOSINGS, closing_key(txn, target.id, closes_at_ms), (struct mc_bytes){0});
    identity_status_set(txn, &change, IDENTITY__ACCOUNT_STATUS__ACCOUNT_CLOSING, reason);
    identity_change_save(txn, &change, IDENTITY_BY_OWNER, reason);
    rep->account_id = identity_uuid(txn, target.id);
    rep->closes_at_ms = closes_at_ms;
    rep->version = target.account->version;
    return txn->status;
}

static void close_one(struct mc_txn *txn, struct mc_bytes id)
{
    struct identity_change change;
    IdentityState__Account *account = identity_account_load(txn, id);

    if (account == NULL ||
        identity_status_of(account) != IDENTITY__ACCOUNT_STATUS__ACCOUNT_CLOSING ||
        account->closes_at_ms > txn->now_ms || !identity_change_begin(txn, id, account, &change))
        return;
    account->closes_at_ms = 0;
    identity_status_set(txn, &change, IDENTITY__ACCOUNT_STATUS__ACCOUNT_CLOSED, "");
    identity_change_save(txn, &change, IDENTITY_BY_SYSTEM, "");
}

void identity_closings_due(struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, IDENTITY_CLOSINGS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    struct mc_bytes now = mc_key_u64(txn, (uint64_t)txn->now_ms);

    for (int i = 0; i < CLOSINGS_A_TICK && mc_next(&cursor); i++) {
        if (cursor.key.len != WHEN_LEN + MC_ID_LEN ||
            memcmp(cursor.key.data, now.data, now.len) > 0)
            return;
        close_one(txn, (struct mc_bytes){(const uint8_t *)cursor.key.data + WHEN_LEN, MC_ID_LEN});
        mc_drop(txn, IDENTITY_CLOSINGS, cursor.key);
    }
}
