/*
 * Cosign: a witness has seen a checkpoint, found that it extends the one he saw before, and signed
 * it too. His signature is kept with ours; a log with many of them cannot be shown in two forms.
 */
#include <string.h>

#include "audit.h"

/* The line of a note that this key signed; empty: none. */
static struct mc_bytes line_of(struct mc_txn *txn, struct mc_bytes note, struct mc_bytes text,
                               const struct mc_note_key *key)
{
    const char *at = (const char *)note.data + text.len + 1;
    const char *end = (const char *)note.data + note.len;

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (stop == NULL)
            break;
        struct mc_bytes line = {at, (size_t)(stop - at) + 1};
        const char *alone = mc_sprintf(txn->arena, "%.*s\n%.*s", (int)text.len,
                                       (const char *)text.data, (int)line.len, at);
        if (alone != NULL && mc_note_verify(mc_key_text(alone), key, NULL))
            return line;
        at = stop + 1;
    }
    return (struct mc_bytes){0};
}

static void add(const struct audit *audit, struct mc_txn *txn, AuditState__Checkpoint *checkpoint,
                struct mc_bytes note, Audit__CosignReply *rep)
{
    bool known = false;
    struct mc_bytes text;

    if (!mc_note_text(note, &text))
        return;
    for (size_t i = 0; i < audit->witnesses_len && txn->status == MC_OK; i++) {
        const char *kept = audit_checkpoint_note(txn, checkpoint);
        struct mc_bytes line = line_of(txn, note, text, &audit->witnesses[i]);

        if (line.len == 0 || kept == NULL)
            continue;
        known = true;
        if (mc_note_verify(mc_key_text(kept), &audit->witnesses[i], NULL))
            continue;
        checkpoint->signatures = mc_sprintf(txn->arena, "%s%.*s", checkpoint->signatures,
                                            (int)line.len, (const char *)line.data);
        if (checkpoint->signatures == NULL)
            (void)mc_fail(txn, MC_LIMITED, "arena full");
        rep->added++;
    }
    if (!known)
        (void)mc_refuse(txn, MC_DENIED, "note", "AUDIT_WITNESS_UNKNOWN", NULL);
}

enum mc_status audit_cosign(struct audit *audit, struct mc_txn *txn,
                            const Audit__CosignRequest *req, Audit__CosignReply *rep)
{
    struct mc_bytes note = mc_key_text(req->note);
    struct mc_checkpoint told;
    struct mc_bytes text;

    if (!mc_note_text(note, &text) || !mc_checkpoint_parse(&told, note) || told.size == 0)
        return mc_refuse(txn, MC_INVALID, "note", "FIELD_INVALID", "field", "note", NULL);
    AuditState__Checkpoint *checkpoint = audit_checkpoint_load(txn, told.size, NULL);
    if (checkpoint == NULL || text.len != strlen(checkpoint->text) ||
        memcmp(text.data, checkpoint->text, text.len) != 0)
        return mc_refuse(txn, MC_NOT_FOUND, "note", "AUDIT_CHECKPOINT_UNKNOWN", NULL);
    add(audit, txn, checkpoint, note, rep);
    if (txn->status == MC_OK && rep->added > 0)
        mc_save(txn, AUDIT_CHECKPOINTS, mc_key_u64(txn, told.size), &checkpoint->base);
    return txn->status;
}
