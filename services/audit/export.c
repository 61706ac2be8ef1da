/*
 * Export: the leaves as they are hashed, for who computes the root himself (motcua-verify log).
 * They say what happened in which room and when; who and about whom is only a salted hash there.
 */
#include "audit.h"

enum mc_status audit_export(struct audit *audit, struct mc_txn *txn,
                            const Audit__ExportRequest *req, Audit__ExportReply *rep)
{
    uint32_t limit = req->limit != 0 ? req->limit : AUDIT_EXPORT_MAX;
    uint64_t from = MC_MAX(req->from, (uint64_t)1);
    const AuditState__Head *head = audit_head_load(txn);

    (void)audit;
    if (req->limit > AUDIT_EXPORT_MAX)
        (void)mc_refuse(txn, MC_INVALID, "limit", "FIELD_INVALID", "field", "limit", NULL);
    if (head == NULL || txn->status != MC_OK)
        return txn->status;
    if (from > head->size + 1)
        return mc_refuse(txn, MC_INVALID, "from", "FIELD_INVALID", "field", "from", NULL);
    rep->leaves = mc_alloc(txn->arena, limit * sizeof *rep->leaves);
    if (rep->leaves == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    struct mc_cursor cursor =
        mc_seek(txn, AUDIT_ENTRIES, (struct mc_bytes){0}, mc_key_u64(txn, from), MC_FORWARD);
    while (rep->n_leaves < limit && mc_next(&cursor)) {
        const AuditState__Entry *entry = mc_row(&cursor, &audit_state__entry__descriptor);
        if (entry == NULL)
            return txn->status;
        rep->leaves[rep->n_leaves++] = entry->leaf;
    }
    rep->next = from + rep->n_leaves <= head->size ? from + rep->n_leaves : 0;
    return txn->status;
}
