/* PreviewMerge: both accounts, masked, why they cannot be merged, and what stands for them as
 * shown. */
#include "common/messages.h"

#include "account.h"

static Identity__Profile *profile_of(struct mc_txn *txn, const struct identity_target *target)
{
    Identity__Profile *profile = mc_alloc(txn->arena, sizeof *profile);

    if (profile == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return NULL;
    }
    identity__profile__init(profile);
    identity_profile_fill(txn, target->id, target->account, profile);
    return profile;
}

static void fill_blockers(struct mc_txn *txn, const struct identity_pair *pair,
                          Identity__PreviewMergeReply *rep)
{
    const char *codes[IDENTITY_BLOCKERS_MAX];
    size_t len = identity_pair_blockers(txn, pair, codes);

    rep->blockers = mc_alloc(txn->arena, (len + 1) * sizeof(char *));
    rep->blocker_texts = mc_alloc(txn->arena, (len + 1) * sizeof(char *));
    if (rep->blockers == NULL || rep->blocker_texts == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    for (size_t i = 0; i < len; i++) {
        rep->blockers[i] = mc_unconst(codes[i]);
        rep->blocker_texts[i] = mc_unconst(mc_message_text(codes[i]));
    }
    rep->n_blockers = rep->n_blocker_texts = len;
}

enum mc_status identity_preview_merge(struct identity *identity, struct mc_txn *txn,
                                      const Identity__PreviewMergeRequest *req,
                                      Identity__PreviewMergeReply *rep)
{
    struct identity_pair pair = {0};

    if (!identity_pair_find(identity, txn, req->kept_account_id, req->merged_account_id, &pair))
        return txn->status;
    rep->kept = profile_of(txn, &pair.kept);
    rep->merged = profile_of(txn, &pair.merged);
    fill_blockers(txn, &pair, rep);
    rep->preview = identity_data(identity_pair_hash(txn, &pair));
    return txn->status;
}
