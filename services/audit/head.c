/*
 * Head: how long the log is, its root, and the newest checkpoint. Who keeps a checkpoint elsewhere
 * can later show that all it covers is still there: a log alone cannot show that it was cut off,
 * or written anew with all its hashes.
 */
#include "audit.h"

enum mc_status audit_head(struct audit *audit, struct mc_txn *txn, const Audit__HeadRequest *req,
                          Audit__HeadReply *rep)
{
    const AuditState__Head *head = audit_head_load(txn);
    const AuditState__Checkpoint *checkpoint = audit_checkpoint_load(txn, 0, NULL);
    uint8_t root[MC_HASH_LEN];
    char key[MC_NOTE_KEY_SIZE];

    (void)req;
    if (head == NULL || !audit_root(txn, head->size, root))
        return txn->status;
    struct mc_bytes kept = mc_keep(txn, root, sizeof root);
    rep->size = head->size;
    rep->hash = (ProtobufCBinaryData){kept.len, mc_unconst(kept.data)};
    rep->at_ms = head->at_ms;
    if (checkpoint != NULL)
        rep->checkpoint = audit_checkpoint_note(txn, checkpoint);
    const struct mc_note_key now = audit_key_now(audit);
    mc_note_key_text(key, &now);
    rep->key = mc_strdup(txn->arena, key);
    if (rep->key == NULL || (checkpoint != NULL && rep->checkpoint == NULL))
        return mc_fail(txn, MC_LIMITED, "arena full");
    return txn->status;
}
