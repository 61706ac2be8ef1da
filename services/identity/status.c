/*
 * An account's status, and who may move it from where to where (OFF-08, DEC: one table).
 *
 * ACTIVE and CLOSING accounts sign in; a CLOSING one to take the closing back. Whatever else a
 * status becomes, every session ends in every room at once. An account of a unit is switched on
 * and off by that unit's administrators; a citizen's only by the top administrator or an operator.
 * CLOSED accounts keep their numbers: nobody else can register with them, and reopening is an
 * administrator's decision with a reason. One that was closed by a merge comes back by UndoMerge
 * alone.
 */
#include "common/messages.h"

#include "account.h"

#define OWNER    (1U << IDENTITY_BY_OWNER)
#define DESK     (1U << IDENTITY_AT_DESK)
#define OPERATOR (1U << IDENTITY_BY_OPERATOR)
#define SYSTEM   (1U << IDENTITY_BY_SYSTEM)

#define ACTIVE   IDENTITY__ACCOUNT_STATUS__ACCOUNT_ACTIVE
#define INACTIVE IDENTITY__ACCOUNT_STATUS__ACCOUNT_INACTIVE
#define LOCKED   IDENTITY__ACCOUNT_STATUS__ACCOUNT_LOCKED
#define CLOSING  IDENTITY__ACCOUNT_STATUS__ACCOUNT_CLOSING
#define CLOSED   IDENTITY__ACCOUNT_STATUS__ACCOUNT_CLOSED

/* clang-format off */
static const struct {
    Identity__AccountStatus from;
    Identity__AccountStatus to;
    unsigned who;
} moves[] = {
    {ACTIVE,   INACTIVE, DESK | OPERATOR},         /* «Không kích hoạt» */
    {INACTIVE, ACTIVE,   DESK | OPERATOR},         /* «Kích hoạt» */
    {ACTIVE,   LOCKED,   OWNER | DESK | OPERATOR}, /* one's own: a lost phone, a stranger inside */
    {INACTIVE, LOCKED,   DESK | OPERATOR},
    {LOCKED,   ACTIVE,   DESK | OPERATOR},         /* never by its owner: he cannot sign in */
    {ACTIVE,   CLOSING,  OWNER},                   /* StartClosing: password and code */
    {CLOSING,  ACTIVE,   OWNER | DESK | OPERATOR},
    {CLOSING,  LOCKED,   DESK | OPERATOR},
    {CLOSING,  CLOSED,   SYSTEM},                  /* its time is over */
    {ACTIVE,   CLOSED,   DESK | OPERATOR | SYSTEM},
    {INACTIVE, CLOSED,   DESK | OPERATOR | SYSTEM},
    {LOCKED,   CLOSED,   DESK | OPERATOR | SYSTEM},
    {CLOSED,   ACTIVE,   DESK | OPERATOR},         /* reopened */
};

static const char *const codes[] = {
    [ACTIVE]   = "STATUS_ACTIVE",
    [INACTIVE] = "STATUS_INACTIVE",
    [LOCKED]   = "STATUS_LOCKED",
    [CLOSING]  = "STATUS_CLOSING",
    [CLOSED]   = "STATUS_CLOSED",
};
/* clang-format on */

Identity__AccountStatus identity_status_of(const IdentityState__Account *account)
{
    return account->status != 0 ? (Identity__AccountStatus)account->status : ACTIVE;
}

const char *identity_status_text(Identity__AccountStatus status)
{
    unsigned at = (unsigned)status;

    return at > 0 && at < MC_LEN(codes) ? mc_message_text(codes[at]) : "";
}

bool identity_account_may_sign_in(const IdentityState__Account *account)
{
    Identity__AccountStatus status = identity_status_of(account);

    return status == ACTIVE || status == CLOSING;
}

bool identity_account_is_active(struct mc_txn *txn, const IdentityState__Account *account)
{
    Identity__AccountStatus status = identity_status_of(account);

    if (status != ACTIVE)
        (void)mc_refuse(txn, MC_EXPIRED, "", "ACCOUNT_NOT_ACTIVE", "status",
                        identity_status_text(status), NULL);
    return txn->status == MC_OK;
}

bool identity_status_may(Identity__AccountStatus from, Identity__AccountStatus to,
                         enum identity_way way)
{
    for (size_t i = 0; i < MC_LEN(moves); i++)
        if (moves[i].from == from && moves[i].to == to)
            return (moves[i].who & (1U << way)) != 0;
    return false;
}

void identity_status_set(struct mc_txn *txn, struct identity_change *change,
                         Identity__AccountStatus to, const char *reason)
{
    Identity__StatusChanged changed = IDENTITY__STATUS_CHANGED__INIT;
    const char *keys[] = {identity_key(txn, "account", change->id), NULL};

    changed.account_id = identity_uuid(txn, change->id);
    changed.from = identity_status_of(change->account);
    changed.to = to;
    changed.reason = mc_unconst(reason);
    change->account->status = (uint32_t)to;
    if (to != ACTIVE) {
        identity_sessions_revoke(txn, change->id);
        identity_phone_stop(txn, change); /* whatever was wrong, no new phone comes of it */
    }
    mc_emit(txn, "identity.status_changed", &changed.base, MC_SEALED, keys);
}
