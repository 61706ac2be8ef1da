/*
 * identity.accounts_merged, identity.accounts_unmerged: what is told to a merged account from then
 * on is told to the account it went into, by that one's phone. Notices that were made before stay
 * in the inbox they were made for, word for word as told (NOT-01), and are there again if the merge
 * is undone.
 */
#include "notification.h"

enum { HOPS_MAX = 8 }; /* merged, and merged again */

static struct mc_bytes id_of(struct mc_txn *txn, const char *account)
{
    uint8_t id[MC_ID_LEN];

    if (!mc_uuid_parse(id, mc_key_text(account)))
        return (struct mc_bytes){0};
    return mc_keep(txn, id, sizeof id);
}

struct mc_bytes notification_recipient(struct mc_txn *txn, struct mc_bytes account)
{
    struct mc_bytes next;

    for (int i = 0; i < HOPS_MAX && mc_get(txn, NOTIFICATION_ALIASES, account, &next); i++)
        account = next;
    return account;
}

enum mc_status notification_accounts_merged(struct notification *notification, struct mc_txn *txn,
                                            const Motcua__Event *event,
                                            const Identity__AccountsMerged *body)
{
    struct mc_bytes kept = id_of(txn, body->kept_account_id);
    struct mc_bytes merged = id_of(txn, body->merged_account_id);

    if (kept.len == 0 || merged.len == 0)
        return txn->status;
    mc_put(txn, NOTIFICATION_ALIASES, merged, kept);
    return notification_merge_tell(notification, txn, event, body);
}

enum mc_status notification_accounts_unmerged(struct notification *notification, struct mc_txn *txn,
                                              const Motcua__Event *event,
                                              const Identity__AccountsMerged *body)
{
    struct mc_bytes merged = id_of(txn, body->merged_account_id);

    if (merged.len == 0)
        return txn->status;
    mc_drop(txn, NOTIFICATION_ALIASES, merged);
    return notification_merge_tell(notification, txn, event, body);
}
