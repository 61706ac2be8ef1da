/*
 * UndoMerge: two accounts again, as before, while the time for it lasts and nothing else has
 * happened to either: both still have the version the merge gave them. A proposal that is not
 * followed ends here, too.
 */
#include <string.h>

#include "account.h"

/* The list of before: its parts, cut in place. */
static void put_numbers(struct mc_txn *txn, char *text, IdentityState__Person *person)
{
    char *save = NULL;

    person->numbers = mc_alloc(txn->arena, IDENTITY_NUMBERS_MAX * sizeof(char *));
    person->n_numbers = 0;
    if (person->numbers == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    for (char *number = strtok_r(text, ",", &save);
         number != NULL && person->n_numbers < IDENTITY_NUMBERS_MAX;
         number = strtok_r(NULL, ",", &save))
        person->numbers[person->n_numbers++] = number;
}

static void give_back(struct mc_txn *txn, const struct identity_change *merged)
{
    const IdentityState__Person *person = merged->person;

    mc_put(txn, IDENTITY_LOGIN_INDEX, identity_login_index(txn, person->login_id), merged->id);
    for (size_t i = 0; i < person->n_numbers; i++)
        mc_put(txn, IDENTITY_LOGIN_INDEX, identity_login_index(txn, person->numbers[i]),
               merged->id);
}

static bool is_untouched(struct mc_txn *txn, const IdentityState__Merge *merge,
                         const struct identity_pair *pair)
{
    if (merge->undo_until_ms <= txn->now_ms || merge->kept_version != pair->kept.account->version ||
        merge->merged_version != pair->merged.account->version)
        (void)mc_refuse(txn, MC_EXPIRED, "merge_id", "MERGE_OVER", NULL);
    return txn->status == MC_OK;
}

static enum mc_status undo(struct mc_txn *txn, struct mc_bytes id, IdentityState__Merge *merge,
                           const struct identity_pair *pair, const char *reason)
{
    struct identity_change kept;
    struct identity_change merged;

    if (!identity_change_begin(txn, pair->kept.id, pair->kept.account, &kept) ||
        !identity_change_begin(txn, pair->merged.id, pair->merged.account, &merged))
        return txn->status;
    put_numbers(txn, mc_open_text(txn, merge->kept_numbers), kept.person);
    merged.account->merged_into = (ProtobufCBinaryData){0};
    give_back(txn, &merged);
    Identity__AccountStatus before = (Identity__AccountStatus)merge->merged_status;
    /* a closing that was on its way begins no second time by itself */
    if (before == IDENTITY__ACCOUNT_STATUS__ACCOUNT_CLOSING)
        before = IDENTITY__ACCOUNT_STATUS__ACCOUNT_ACTIVE;
    identity_status_set(txn, &merged, before, reason);
    identity_change_save(txn, &kept, pair->kept.way, reason);
    identity_change_save(txn, &merged, pair->merged.way, reason);
    identity_merge_move(txn, id, merge, IDENTITY__MERGE_STATE__MERGE_UNDONE, reason,
                        "identity.accounts_unmerged");
    return txn->status;
}

enum mc_status identity_undo_merge(struct identity *identity, struct mc_txn *txn,
                                   const Identity__UndoMergeRequest *req, Identity__Merge *rep)
{
    struct identity_pair pair = {0};
    struct mc_bytes id = mc_key_bytes(req->merge_id);

    identity_check_reason(txn, req->reason);
    if (txn->status != MC_OK)
        return txn->status;
    IdentityState__Merge *merge = identity_merge_load(txn, id);
    if (merge == NULL ||
        !identity_pair_find(identity, txn, identity_uuid(txn, mc_key_bytes(merge->kept)),
                            identity_uuid(txn, mc_key_bytes(merge->merged)), &pair))
        return txn->status;
    if (merge->state == IDENTITY__MERGE_STATE__MERGE_PROPOSED)
        identity_merge_move(txn, id, merge, IDENTITY__MERGE_STATE__MERGE_REFUSED, req->reason,
                            NULL);
    else if (merge->state != IDENTITY__MERGE_STATE__MERGE_DONE)
        return mc_refuse(txn, MC_EXPIRED, "merge_id", "MERGE_OVER", NULL);
    else if (!is_untouched(txn, merge, &pair) || undo(txn, id, merge, &pair, req->reason) != MC_OK)
        return txn->status;
    identity_merge_fill(txn, id, merge, rep);
    return txn->status;
}
