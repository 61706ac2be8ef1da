/*
 * identity.accounts_merged, identity.accounts_unmerged: two accounts of one person. A dossier keeps
 * the account that filed it; the account that goes on sees it in its list and acts as its owner.
 */
#include <string.h>

#include "dossier.h"

enum { HOPS_MAX = 8 }; /* merged, and merged again */

struct pair {
    struct mc_bytes kept;
    struct mc_bytes merged;
};

static struct mc_bytes id_of(struct mc_txn *txn, const char *account)
{
    uint8_t id[MC_ID_LEN];

    if (!mc_uuid_parse(id, mc_key_text(account)))
        return (struct mc_bytes){0};
    return mc_keep(txn, id, sizeof id);
}

static bool pair_of(struct mc_txn *txn, const Identity__AccountsMerged *body, struct pair *pair)
{
    *pair = (struct pair){id_of(txn, body->kept_account_id), id_of(txn, body->merged_account_id)};
    return pair->kept.len == MC_ID_LEN && pair->merged.len == MC_ID_LEN;
}

bool dossier_is_owned(struct mc_txn *txn, const DossierState__Dossier *record, const char *account)
{
    if (strcmp(record->owner_account, account) == 0)
        return true;
    struct mc_bytes at = id_of(txn, record->owner_account);
    struct mc_bytes wanted = id_of(txn, account);
    for (int i = 0; i < HOPS_MAX && wanted.len == MC_ID_LEN; i++) {
        if (!mc_get(txn, DOSSIER_ALIASES, at, &at) || at.len != MC_ID_LEN)
            return false;
        if (memcmp(at.data, wanted.data, MC_ID_LEN) == 0)
            return true;
    }
    return false;
}

/* The merged account files nothing any more, so its list is all there will be. */
static void share_list(struct mc_txn *txn, const struct pair *pair, bool shared)
{
    struct mc_cursor cursor =
        mc_seek(txn, DOSSIER_OWNERS, pair->merged, (struct mc_bytes){0}, MC_FORWARD);

    while (mc_next(&cursor)) {
        struct mc_bytes id = {(const uint8_t *)cursor.key.data + pair->merged.len,
                              cursor.key.len - pair->merged.len};
        struct mc_bytes key = mc_key_join(txn, pair->kept, id);

        if (shared)
            mc_put(txn, DOSSIER_OWNERS, key, (struct mc_bytes){0});
        else
            mc_drop(txn, DOSSIER_OWNERS, key);
    }
}

enum mc_status dossier_accounts_merged(struct dossier *dossier, struct mc_txn *txn,
                                       const Motcua__Event *event,
                                       const Identity__AccountsMerged *body)
{
    struct pair pair;

    (void)dossier;
    (void)event;
    if (!pair_of(txn, body, &pair))
        return MC_OK; /* not accounts of ours */
    dossier_holders_share(txn, body->kept_account_id, body->merged_account_id, true);
    mc_put(txn, DOSSIER_ALIASES, pair.merged, pair.kept);
    share_list(txn, &pair, true);
    return txn->status;
}

enum mc_status dossier_accounts_unmerged(struct dossier *dossier, struct mc_txn *txn,
                                         const Motcua__Event *event,
                                         const Identity__AccountsMerged *body)
{
    struct pair pair;

    (void)dossier;
    (void)event;
    if (!pair_of(txn, body, &pair))
        return MC_OK;
    mc_drop(txn, DOSSIER_ALIASES, pair.merged);
    dossier_holders_share(txn, body->kept_account_id, body->merged_account_id, false);
    share_list(txn, &pair, false);
    return txn->status;
}
