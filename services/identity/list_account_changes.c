/*
 * ListAccountChanges: who changed what of an account, when and why, newest first. For its owner,
 * and for officers who may see it; why they look is asked, and kept.
 */
#include <string.h>

#include "account.h"

static Identity__FactChange **facts_of(struct mc_txn *txn,
                                       const IdentityState__ChangeContent *content)
{
    Identity__FactChange **list = mc_alloc(txn->arena, (content->n_facts + 1) * sizeof(void *));
    Identity__FactChange *rows = mc_alloc(txn->arena, (content->n_facts + 1) * sizeof *rows);

    if (list == NULL || rows == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return NULL;
    }
    for (size_t i = 0; i < content->n_facts; i++) {
        identity__fact_change__init(&rows[i]);
        rows[i].fact = mc_unconst(identity_fact_name(content->facts[i]->fact));
        rows[i].before = content->facts[i]->before;
        rows[i].after = content->facts[i]->after;
        list[i] = &rows[i];
    }
    return list;
}

static Identity__AccountChange *row_of(struct mc_txn *txn, const struct mc_cursor *cursor)
{
    const IdentityState__Change *change = mc_row(cursor, &identity_state__change__descriptor);
    Identity__AccountChange *row = mc_alloc(txn->arena, sizeof *row);
    const IdentityState__ChangeContent *content =
        change != NULL ? identity_change_open(txn, change) : NULL;

    if (row == NULL || content == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return NULL;
    }
    identity__account_change__init(row);
    row->version = identity_change_version(cursor);
    row->at_ms = change->at_ms;
    row->actor = change->actor;
    row->unit = change->unit;
    row->way = change->way;
    row->reason = content->reason;
    row->facts = facts_of(txn, content);
    row->n_facts = content->n_facts;
    return row;
}

static void list(struct mc_txn *txn, struct mc_bytes id, uint64_t before, size_t size,
                 Identity__ListAccountChangesReply *rep)
{
    struct mc_bytes from =
        before != 0 ? mc_key_join(txn, id, mc_key_u64(txn, before)) : (struct mc_bytes){0};
    struct mc_cursor cursor = mc_seek(txn, IDENTITY_CHANGES, id, from, MC_BACKWARD);

    rep->changes = mc_alloc(txn->arena, size * sizeof(Identity__AccountChange *));
    if (rep->changes == NULL) {
        (void)mc_fail(txn, MC_FULL, "arena");
        return;
    }
    while (mc_next(&cursor)) {
        if (rep->n_changes == size) {
            rep->next_before = rep->changes[size - 1]->version;
            return;
        }
        Identity__AccountChange *row = row_of(txn, &cursor);
        if (row == NULL)
            return;
        rep->changes[rep->n_changes++] = row;
    }
}

enum mc_status identity_list_account_changes(struct identity *identity, struct mc_txn *txn,
                                             const Identity__ListAccountChangesRequest *req,
                                             Identity__ListAccountChangesReply *rep)
{
    struct identity_target target = {0};
    size_t size = req->page_size != 0 ? req->page_size : IDENTITY_PAGE_DEFAULT;

    if (size > IDENTITY_PAGE_MAX)
        (void)mc_refuse(txn, MC_INVALID, "page_size", "PAGE_SIZE_INVALID", "max", "100", NULL);
    if (!identity_check_purpose(txn) ||
        !identity_target_find(identity, txn, req->account_id, req->login_id, "ACCOUNT_VIEW",
                              &target))
        return txn->status;
    list(txn, target.id, req->before, size, rep);
    identity_read_emit(txn, &target, "changes");
    rep->account_id = identity_uuid(txn, target.id);
    return txn->status;
}
