/*
 * Head: how long the log is, its root, and the newest checkpoint. Who keeps a checkpoint elsewhere
 * can later show that all it covers is still there: a log alone cannot show that it was cut off,
 * or written anew with all its hashes.
 */
#include <string.h>

#include "audit.h"

static char *key_text(struct mc_txn *txn, const struct mc_note_key *key)
{
    char text[MC_NOTE_KEY_SIZE];

    mc_note_key_text(text, key);
    char *kept = mc_strdup(txn->arena, text);
    if (kept == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return kept;
}

/* Old checkpoints bear older keys' signatures. */
static void tell_keys(const struct audit *audit, struct mc_txn *txn, Audit__HeadReply *rep)
{
    uint8_t keys[MC_SIGN_KEYS_MAX][MC_SIGN_PUBLIC_LEN];
    struct mc_note_key key = audit_key_now(audit);
    size_t len = audit->boot->public_keys(audit->boot, "audit", keys); /* that of now is first */

    rep->key = key_text(txn, &key);
    rep->other_keys = mc_alloc(txn->arena, len * sizeof *rep->other_keys);
    if (rep->other_keys == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 1; i < len && txn->status == MC_OK; i++) {
        memcpy(key.public_key, keys[i], sizeof keys[i]);
        rep->other_keys[rep->n_other_keys++] = key_text(txn, &key);
    }
}

enum mc_status audit_head(struct audit *audit, struct mc_txn *txn, const Audit__HeadRequest *req,
                          Audit__HeadReply *rep)
{
    const AuditState__Head *head = audit_head_load(txn);
    const AuditState__Checkpoint *checkpoint = audit_checkpoint_load(txn, 0, NULL);
    uint8_t root[MC_HASH_LEN];

    (void)req;
    if (head == NULL || !audit_root(txn, head->size, root))
        return txn->status;
    struct mc_bytes kept = mc_keep(txn, root, sizeof root);
    rep->size = head->size;
    rep->hash = (ProtobufCBinaryData){kept.len, mc_unconst(kept.data)};
    rep->at_ms = head->at_ms;
    if (checkpoint != NULL)
        rep->checkpoint = audit_checkpoint_note(txn, checkpoint);
    if (checkpoint != NULL && rep->checkpoint == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    tell_keys(audit, txn, rep);
    return txn->status;
}
