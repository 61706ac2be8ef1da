/* ProveConsistency: that nothing of the shorter log was changed in the longer one. */
#include "audit.h"

enum mc_status audit_prove_consistency(struct audit *audit, struct mc_txn *txn,
                                       const Audit__ProveConsistencyRequest *req,
                                       Audit__ConsistencyProof *rep)
{
    const AuditState__Head *head = audit_head_load(txn);
    struct mc_merkle tree = audit_tree(txn);
    struct mc_merkle_path path;
    uint64_t to = req->to;

    (void)audit;
    if (head == NULL)
        return txn->status;
    if (to == 0 && audit_checkpoint_load(txn, 0, &to) == NULL)
        return txn->status == MC_OK
                   ? mc_refuse(txn, MC_NOT_FOUND, "to", "AUDIT_CHECKPOINT_UNKNOWN", NULL)
                   : txn->status;
    if (to > head->size)
        return mc_refuse(txn, MC_NOT_FOUND, "to", "AUDIT_ENTRY_UNKNOWN", NULL);
    if (req->from > to)
        return mc_refuse(txn, MC_INVALID, "from", "FIELD_INVALID", "field", "from", NULL);
    if (!mc_merkle_consistency(&tree, req->from, to, &path))
        return audit_damaged(txn);
    rep->from = req->from;
    rep->to = to;
    rep->path = audit_path(txn, &path);
    rep->n_path = path.len;
    return txn->status;
}
