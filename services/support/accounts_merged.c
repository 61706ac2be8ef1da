/*
 * identity.accounts_merged, identity.accounts_unmerged: feedback of a merged account belongs to the
 * account it went into, and to its own again if the merge is undone. Records keep who sent them.
 *
 *     aliases: merged account id (16) -> the account it went into
 */
#include <string.h>

#include "feedback.h"

enum {
    HOPS_MAX = 8,   /* merged, and merged again */
    ROWS_MAX = 2000 /* of the other's list that come into this one's; all can be opened */
};

static struct mc_bytes id_of(struct mc_txn *txn, const char *account)
{
    uint8_t id[MC_ID_LEN];

    if (!mc_uuid_parse(id, mc_key_text(account)))
        return (struct mc_bytes){0};
    return mc_keep(txn, id, sizeof id);
}

bool support_feedback_is_owned(struct mc_txn *txn, const SupportState__Feedback *record,
                               const char *account)
{
    struct mc_bytes owner = id_of(txn, record->owner_account);
    struct mc_bytes caller = id_of(txn, account);
    struct mc_bytes next;

    for (int i = 0; owner.len > 0 && i < HOPS_MAX && mc_get(txn, SUPPORT_ALIASES, owner, &next);
         i++)
        owner = next;
    return owner.len == MC_ID_LEN && caller.len == MC_ID_LEN &&
           memcmp(owner.data, caller.data, MC_ID_LEN) == 0;
}

/* The merged one's rows stay: they say what goes back. */
static void list_too(struct mc_txn *txn, struct mc_bytes merged, struct mc_bytes kept, bool put)
{
    struct mc_cursor cursor =
        mc_seek(txn, SUPPORT_OWNED, merged, (struct mc_bytes){0}, MC_BACKWARD);

    for (int i = 0; i < ROWS_MAX && mc_next(&cursor); i++) {
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + MC_ID_LEN, MC_ID_LEN};
        struct mc_bytes row = mc_key_join(txn, kept, id);

        if (put)
            mc_put(txn, SUPPORT_OWNED, row, mc_key_text(""));
        else
            mc_drop(txn, SUPPORT_OWNED, row);
    }
}

enum mc_status support_accounts_merged(struct support *support, struct mc_txn *txn,
                                       const Motcua__Event *event,
                                       const Identity__AccountsMerged *body)
{
    struct mc_bytes kept = id_of(txn, body->kept_account_id);
    struct mc_bytes merged = id_of(txn, body->merged_account_id);

    (void)support;
    (void)event;
    if (kept.len == 0 || merged.len == 0)
        return txn->status;
    mc_put(txn, SUPPORT_ALIASES, merged, kept);
    list_too(txn, merged, kept, true);
    return txn->status;
}

enum mc_status support_accounts_unmerged(struct support *support, struct mc_txn *txn,
                                         const Motcua__Event *event,
                                         const Identity__AccountsMerged *body)
{
    struct mc_bytes kept = id_of(txn, body->kept_account_id);
    struct mc_bytes merged = id_of(txn, body->merged_account_id);

    (void)support;
    (void)event;
    if (kept.len == 0 || merged.len == 0)
        return txn->status;
    mc_drop(txn, SUPPORT_ALIASES, merged);
    list_too(txn, merged, kept, false);
    return txn->status;
}
