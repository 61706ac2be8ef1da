/*
 * MergeAccounts: what was previewed, and only that. The numbers of both lead to the account that is
 * kept; the other is closed, signed out everywhere, and remembers where it went. Its own data stay
 * as they were: another room that knows it by its id still finds it, and UndoMerge brings it back.
 */
#include <string.h>

#include "account.h"

static bool is_as_previewed(struct mc_txn *txn, const struct identity_pair *pair,
                            ProtobufCBinaryData preview)
{
    struct mc_bytes now = identity_pair_hash(txn, pair);

    if (txn->status == MC_OK &&
        (now.len == 0 || preview.len != now.len || !mc_equal(preview.data, now.data, now.len)))
        (void)mc_refuse(txn, MC_CONFLICT, "preview", "PREVIEW_STALE", NULL);
    return txn->status == MC_OK;
}

static bool may_be_one(struct mc_txn *txn, const struct identity_pair *pair)
{
    const char *codes[IDENTITY_BLOCKERS_MAX];
    size_t len = identity_pair_blockers(txn, pair, codes);

    for (size_t i = 0; i < len; i++)
        (void)mc_refuse(txn, MC_CONFLICT, "", codes[i], NULL);
    return txn->status == MC_OK;
}

static void move_number(struct mc_txn *txn, const struct identity_change *kept, const char *number)
{
    if (identity_number_add(txn, kept->person, number))
        mc_put(txn, IDENTITY_LOGIN_INDEX, identity_login_index(txn, number), kept->id);
}

static const char *joined(struct mc_txn *txn, const IdentityState__Person *person)
{
    const char *text = "";

    for (size_t i = 0; i < person->n_numbers && text != NULL; i++)
        text = mc_sprintf(txn->arena, "%s%s%s", text, i > 0 ? "," : "", person->numbers[i]);
    if (text == NULL)
        (void)mc_fail(txn, MC_FULL, "arena");
    return text != NULL ? text : "";
}

static void merge_persons(struct mc_txn *txn, struct identity_change *kept,
                          struct identity_change *merged)
{
    const IdentityState__Person *other = merged->person;

    move_number(txn, kept, other->login_id);
    for (size_t i = 0; i < other->n_numbers; i++)
        move_number(txn, kept, other->numbers[i]);
    merged->account->merged_into = identity_data(kept->id);
    merged->account->closes_at_ms = 0;
}

static struct mc_bytes merge_id_of(struct mc_txn *txn, const struct identity_pair *pair)
{
    struct mc_bytes id;

    if (mc_get(txn, IDENTITY_MERGE_PAIRS, mc_key_join(txn, pair->kept.id, pair->merged.id), &id)) {
        const IdentityState__Merge *merge =
            mc_load(txn, IDENTITY_MERGES, id, &identity_state__merge__descriptor);
        if (merge != NULL && merge->state == IDENTITY__MERGE_STATE__MERGE_PROPOSED)
            return id;
    }
    return mc_new_id(txn);
}

static enum mc_status do_merge(const struct identity *identity, struct mc_txn *txn,
                               const struct identity_pair *pair, const char *reason,
                               Identity__Merge *rep)
{
    struct identity_change kept;
    struct identity_change merged;
    IdentityState__Merge merge = IDENTITY_STATE__MERGE__INIT;
    struct mc_bytes id = merge_id_of(txn, pair);

    if (!identity_change_begin(txn, pair->kept.id, pair->kept.account, &kept) ||
        !identity_change_begin(txn, pair->merged.id, pair->merged.account, &merged))
        return txn->status;
    merge.kept_numbers = mc_seal_text(txn, joined(txn, kept.person));
    merge.merged_status = identity_status_of(merged.account);
    merge_persons(txn, &kept, &merged);
    identity_status_set(txn, &merged, IDENTITY__ACCOUNT_STATUS__ACCOUNT_CLOSED, reason);
    identity_change_save(txn, &kept, pair->kept.way, reason);
    identity_change_save(txn, &merged, pair->merged.way, reason);
    merge.kept = identity_data(kept.id);
    merge.merged = identity_data(merged.id);
    merge.kept_version = kept.account->version;
    merge.merged_version = merged.account->version;
    merge.undo_until_ms = txn->now_ms + identity->merge_undo_ms;
    identity_merge_move(txn, id, &merge, IDENTITY__MERGE_STATE__MERGE_DONE, reason,
                        "identity.accounts_merged");
    identity_merge_fill(txn, id, &merge, rep);
    return txn->status;
}

enum mc_status identity_merge_accounts(struct identity *identity, struct mc_txn *txn,
                                       const Identity__MergeAccountsRequest *req,
                                       Identity__Merge *rep)
{
    struct identity_pair pair = {0};

    identity_check_reason(txn, req->reason);
    if (txn->status != MC_OK ||
        !identity_pair_find(identity, txn, req->kept_account_id, req->merged_account_id, &pair) ||
        !is_as_previewed(txn, &pair, req->preview) || !may_be_one(txn, &pair))
        return txn->status;
    return do_merge(identity, txn, &pair, req->reason, rep);
}
