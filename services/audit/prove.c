/* Prove: an entry, its way up the tree, and the checkpoint that signs the top. */
#include "audit.h"

static enum mc_status refuse_size(struct mc_txn *txn, uint64_t size)
{
    if (size == 0)
        return mc_refuse(txn, MC_NOT_FOUND, "number", "AUDIT_NOT_SIGNED_YET", NULL);
    return mc_refuse(txn, MC_NOT_FOUND, "size", "AUDIT_CHECKPOINT_UNKNOWN", NULL);
}

enum mc_status audit_prove(struct audit *audit, struct mc_txn *txn, const Audit__ProveRequest *req,
                           Audit__Proof *rep)
{
    uint64_t size = 0;
    const AuditState__Checkpoint *checkpoint = audit_checkpoint_load(txn, req->size, &size);
    const AuditState__Head *head = audit_head_load(txn);
    struct mc_merkle tree = audit_tree(txn);
    struct mc_merkle_path path;
    struct audit_entry entry;

    (void)audit;
    if (head == NULL)
        return txn->status;
    if (req->number == 0 || req->number > head->size)
        return mc_refuse(txn, MC_NOT_FOUND, "number", "AUDIT_ENTRY_UNKNOWN", NULL);
    if (checkpoint == NULL)
        return txn->status == MC_OK ? refuse_size(txn, req->size) : txn->status;
    if (req->number > size)
        return refuse_size(txn, 0);
    if (!audit_entry_load(txn, req->number, &entry) ||
        !mc_merkle_inclusion(&tree, req->number - 1, size, &path))
        return audit_damaged(txn);
    rep->leaf = (ProtobufCBinaryData){entry.bytes.len, mc_unconst(entry.bytes.data)};
    rep->disclosure = (ProtobufCBinaryData){entry.disclosed.len, mc_unconst(entry.disclosed.data)};
    rep->path = audit_path(txn, &path);
    rep->n_path = path.len;
    rep->checkpoint = audit_checkpoint_note(txn, checkpoint);
    return rep->checkpoint != NULL ? txn->status : mc_fail(txn, MC_LIMITED, "arena full");
}
