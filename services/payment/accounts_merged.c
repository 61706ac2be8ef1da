/*
 * identity.accounts_merged, identity.accounts_unmerged: two accounts of one person. An order keeps
 * the account it was made for, which is what its receipt names; the account that goes on finds it
 * in its history and may pay it.
 */
#include <string.h>

#include "payment.h"

enum { HOPS_MAX = 8 }; /* merged, and merged again */

static bool is_pair(const Identity__AccountsMerged *body)
{
    uint8_t id[MC_ID_LEN];

    return mc_uuid_parse(id, mc_key_text(body->kept_account_id)) &&
           mc_uuid_parse(id, mc_key_text(body->merged_account_id));
}

static const char *next_of(struct mc_txn *txn, const char *account)
{
    struct mc_bytes kept;

    if (account[0] == '\0' || !mc_get(txn, PAYMENT_ALIASES, mc_key_text(account), &kept))
        return NULL;
    const char *text = mc_sprintf(txn->arena, "%.*s", (int)kept.len, (const char *)kept.data);
    if (text == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return text;
}

const char *payment_merged_into(struct mc_txn *txn, const char *account)
{
    const char *last = NULL;
    const char *at = next_of(txn, account);

    for (int i = 0; i < HOPS_MAX && at != NULL; i++) {
        last = at;
        at = next_of(txn, at);
    }
    return last;
}

bool payment_is_owned(struct mc_txn *txn, const PaymentState__Order *order, const char *account)
{
    if (strcmp(order->owner_account, account) == 0)
        return true;
    const char *kept = payment_merged_into(txn, order->owner_account);
    return kept != NULL && strcmp(kept, account) == 0;
}

static void share_list(struct mc_txn *txn, const Identity__AccountsMerged *body, bool shared)
{
    struct mc_bytes kept = payment_owner_prefix(txn, body->kept_account_id);
    struct mc_bytes merged = payment_owner_prefix(txn, body->merged_account_id);
    struct mc_cursor cursor =
        mc_seek(txn, PAYMENT_BY_OWNER, merged, (struct mc_bytes){0}, MC_FORWARD);

    while (mc_next(&cursor)) {
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + merged.len,
                              cursor.key.len - merged.len};
        struct mc_bytes key = mc_key_join(txn, kept, id);

        if (shared)
            mc_put(txn, PAYMENT_BY_OWNER, key, (struct mc_bytes){0});
        else
            mc_drop(txn, PAYMENT_BY_OWNER, key);
    }
}

enum mc_status payment_accounts_merged(struct payment *payment, struct mc_txn *txn,
                                       const Motcua__Event *event,
                                       const Identity__AccountsMerged *body)
{
    (void)payment;
    (void)event;
    if (!is_pair(body))
        return MC_OK; /* not accounts of ours */
    mc_put(txn, PAYMENT_ALIASES, mc_key_text(body->merged_account_id),
           mc_key_text(body->kept_account_id));
    share_list(txn, body, true);
    return txn->status;
}

enum mc_status payment_accounts_unmerged(struct payment *payment, struct mc_txn *txn,
                                         const Motcua__Event *event,
                                         const Identity__AccountsMerged *body)
{
    (void)payment;
    (void)event;
    if (!is_pair(body))
        return MC_OK;
    mc_drop(txn, PAYMENT_ALIASES, mc_key_text(body->merged_account_id));
    share_list(txn, body, false);
    return txn->status;
}
