/*
 * Merges: two accounts of one person, found because their numbers are. What is decided here is
 * whether they may become one and what stands for them as they were looked at; merge_accounts.c
 * does it, undo_merge.c takes it back.
 */
#include <string.h>

#include "common/ident.h"
#include "common/text.h"

#include "account.h"

static bool reach(const struct identity *identity, struct mc_txn *txn, const char *account_id,
                  struct identity_target *ret_target)
{
    if (account_id[0] == '\0')
        return mc_refuse(txn, MC_INVALID, "account_id", "FIELD_REQUIRED", "field", "tài khoản",
                         NULL) == MC_OK;
    if (!identity_target_find(identity, txn, account_id, "", "ACCOUNT_MERGE", ret_target))
        return false;
    if (ret_target->way == IDENTITY_BY_OWNER)
        return mc_refuse(txn, MC_DENIED, "", "OWN_ACCOUNT", NULL) == MC_OK;
    if (ret_target->way == IDENTITY_AT_DESK && !ret_target->everywhere)
        return mc_refuse(txn, MC_DENIED, "", "RIGHT_MISSING", "right", "APCA_ADMIN", NULL) == MC_OK;
    return true;
}

bool identity_pair_find(const struct identity *identity, struct mc_txn *txn, const char *kept,
                        const char *merged, struct identity_pair *ret_pair)
{
    if (!reach(identity, txn, kept, &ret_pair->kept) ||
        !reach(identity, txn, merged, &ret_pair->merged))
        return false;
    if (memcmp(ret_pair->kept.id.data, ret_pair->merged.id.data, MC_ID_LEN) == 0)
        return mc_refuse(txn, MC_INVALID, "merged_account_id", "MERGE_SAME", NULL) == MC_OK;
    ret_pair->kept_person = identity_person_open(txn, ret_pair->kept.account->person);
    ret_pair->merged_person = identity_person_open(txn, ret_pair->merged.account->person);
    return txn->status == MC_OK;
}

/* A person has one personal number for life: two of them are two persons. */
static bool has_cccd(const IdentityState__Person *person)
{
    bool has = strlen(person->login_id) == MC_CCCD_SIZE - 1;

    for (size_t i = 0; i < person->n_numbers; i++)
        has = has || strlen(person->numbers[i]) == MC_CCCD_SIZE - 1;
    return has;
}

size_t identity_pair_blockers(struct mc_txn *txn, const struct identity_pair *pair,
                              const char *ret_codes[IDENTITY_BLOCKERS_MAX])
{
    const IdentityState__Account *kept = pair->kept.account;
    const IdentityState__Account *merged = pair->merged.account;
    size_t numbers = pair->kept_person->n_numbers + pair->merged_person->n_numbers + 1;
    size_t len = 0;

    (void)txn;
    if (!mc_text_same(pair->kept_person->full_name, pair->merged_person->full_name))
        ret_codes[len++] = "MERGE_NAMES_DIFFER";
    if (strcmp(pair->kept_person->birth_date, pair->merged_person->birth_date) != 0)
        ret_codes[len++] = "MERGE_BIRTHS_DIFFER";
    if (has_cccd(pair->kept_person) && has_cccd(pair->merged_person))
        ret_codes[len++] = "NUMBER_SECOND_CCCD";
    if (kept->subject_kind != merged->subject_kind)
        ret_codes[len++] = "MERGE_KINDS_DIFFER";
    if (merged->unit[0] != '\0')
        ret_codes[len++] = "MERGE_OFFICER";
    if (identity_status_of(kept) != IDENTITY__ACCOUNT_STATUS__ACCOUNT_ACTIVE ||
        identity_status_of(merged) == IDENTITY__ACCOUNT_STATUS__ACCOUNT_CLOSED)
        ret_codes[len++] = "MERGE_NOT_ACTIVE";
    if (numbers > IDENTITY_NUMBERS_MAX)
        ret_codes[len++] = "NUMBERS_TOO_MANY";
    return len;
}

struct mc_bytes identity_pair_hash(struct mc_txn *txn, const struct identity_pair *pair)
{
    struct mc_bytes kept = {0};
    struct mc_bytes merged = {0};
    uint8_t mac[MC_HASH_LEN];

    if (!mc_get(txn, IDENTITY_ACCOUNTS, pair->kept.id, &kept) ||
        !mc_get(txn, IDENTITY_ACCOUNTS, pair->merged.id, &merged))
        return (struct mc_bytes){0};
    const struct mc_bytes parts[] = {pair->kept.id, kept, pair->merged.id, merged};
    mc_mac(mac, txn->secrets->mac, "identity.merge", parts, MC_LEN(parts));
    return mc_keep(txn, mac, sizeof mac);
}

IdentityState__Merge *identity_merge_load(struct mc_txn *txn, struct mc_bytes id)
{
    IdentityState__Merge *merge = NULL;

    if (id.len == MC_ID_LEN)
        merge = mc_load(txn, IDENTITY_MERGES, id, &identity_state__merge__descriptor);
    if (merge == NULL)
        (void)mc_refuse(txn, MC_NOT_FOUND, "merge_id", "MERGE_NOT_FOUND", NULL);
    return merge;
}

void identity_merge_move(struct mc_txn *txn, struct mc_bytes id, IdentityState__Merge *merge,
                         Identity__MergeState state, const char *reason, const char *event)
{
    Identity__AccountsMerged body = IDENTITY__ACCOUNTS_MERGED__INIT;
    struct mc_bytes kept = mc_key_bytes(merge->kept);
    struct mc_bytes merged = mc_key_bytes(merge->merged);
    const char *keys[] = {identity_key(txn, "account", kept), identity_key(txn, "account", merged),
                          NULL};

    merge->state = (uint32_t)state;
    merge->reason = mc_seal_text(txn, reason);
    merge->at_ms = txn->now_ms;
    merge->actor = mc_unconst(txn->actor != NULL ? txn->actor : "");
    mc_save(txn, IDENTITY_MERGES, id, &merge->base);
    mc_put(txn, IDENTITY_MERGE_PAIRS, mc_key_join(txn, kept, merged), id);
    if (event == NULL)
        return;
    body.kept_account_id = identity_uuid(txn, kept);
    body.merged_account_id = identity_uuid(txn, merged);
    body.merge_id = identity_data(id);
    mc_emit(txn, event, &body.base, MC_PLAIN, keys);
}

void identity_merge_fill(struct mc_txn *txn, struct mc_bytes id, const IdentityState__Merge *merge,
                         Identity__Merge *rep)
{
    rep->merge_id = identity_data(id);
    rep->state = (Identity__MergeState)merge->state;
    rep->kept_account_id = identity_uuid(txn, mc_key_bytes(merge->kept));
    rep->merged_account_id = identity_uuid(txn, mc_key_bytes(merge->merged));
    rep->reason = mc_open_text(txn, merge->reason);
    rep->at_ms = merge->at_ms;
    rep->actor = merge->actor;
    if (merge->state == IDENTITY__MERGE_STATE__MERGE_DONE)
        rep->undo_until_ms = merge->undo_until_ms;
}

/* The open proposal of the pair, or NULL. */
static bool is_proposed(struct mc_txn *txn, struct mc_bytes kept, struct mc_bytes merged,
                        struct mc_bytes *ret_id)
{
    if (!mc_get(txn, IDENTITY_MERGE_PAIRS, mc_key_join(txn, kept, merged), ret_id))
        return false;
    const IdentityState__Merge *merge =
        mc_load(txn, IDENTITY_MERGES, *ret_id, &identity_state__merge__descriptor);
    return merge != NULL && merge->state == IDENTITY__MERGE_STATE__MERGE_PROPOSED;
}

struct mc_bytes identity_merge_propose(struct mc_txn *txn, struct mc_bytes kept,
                                       struct mc_bytes merged, const char *reason)
{
    IdentityState__Merge merge = IDENTITY_STATE__MERGE__INIT;
    struct mc_bytes id;

    if (is_proposed(txn, kept, merged, &id) || txn->status != MC_OK)
        return id;
    id = mc_new_id(txn);
    merge.kept = identity_data(kept);
    merge.merged = identity_data(merged);
    identity_merge_move(txn, id, &merge, IDENTITY__MERGE_STATE__MERGE_PROPOSED, reason,
                        "identity.merge_proposed");
    return id;
}
