/*
 * What was said and what changed.
 *
 *     comments, changes: owner's id (16) ‖ number, big-endian (8) -> Comment, Change
 */
#include <string.h>

#include "support.h"

void support_comment_put(struct mc_txn *txn, struct mc_bytes owner, uint64_t *count,
                         const char *text, bool internal)
{
    SupportState__Comment comment = SUPPORT_STATE__COMMENT__INIT;

    if (*count >= SUPPORT_COMMENTS_MAX) {
        (void)mc_refuse(txn, MC_LIMITED, "text", "SUPPORT_COMMENTS_FULL", NULL);
        return;
    }
    comment.at_ms = txn->now_ms;
    comment.by = mc_unconst(support_actor(txn));
    comment.text = mc_seal_text(txn, text);
    comment.internal = internal;
    mc_save(txn, SUPPORT_COMMENTS, mc_key_join(txn, owner, mc_key_u64(txn, ++*count)),
            &comment.base);
}

Support__Comment **support_comments_show(struct mc_txn *txn, struct mc_bytes owner, bool internal,
                                         size_t *ret_len)
{
    struct mc_cursor cursor =
        mc_seek(txn, SUPPORT_COMMENTS, owner, (struct mc_bytes){0}, MC_FORWARD);
    Support__Comment **rows =
        (Support__Comment **)support_rows(txn, SUPPORT_COMMENTS_MAX, sizeof(Support__Comment));

    *ret_len = 0;
    while (rows != NULL && *ret_len < SUPPORT_COMMENTS_MAX && mc_next(&cursor)) {
        const SupportState__Comment *kept = mc_row(&cursor, &support_state__comment__descriptor);

        if (kept == NULL)
            break;
        if (kept->internal && !internal)
            continue;
        Support__Comment *shown = rows[(*ret_len)++];
        support__comment__init(shown);
        shown->at_ms = kept->at_ms;
        shown->by = kept->by;
        shown->text = mc_open_text(txn, kept->text);
        shown->internal = kept->internal;
    }
    return rows;
}

void support_change_put(struct mc_txn *txn, struct mc_bytes owner, uint64_t *count,
                        const char *field, const char *before, const char *after)
{
    SupportState__Change change = SUPPORT_STATE__CHANGE__INIT;

    if (strcmp(before, after) == 0)
        return;
    change.at_ms = txn->now_ms;
    change.by = mc_unconst(support_actor(txn));
    change.field = mc_unconst(field);
    change.before = mc_seal_text(txn, before);
    change.after = mc_seal_text(txn, after);
    mc_save(txn, SUPPORT_CHANGES, mc_key_join(txn, owner, mc_key_u64(txn, ++*count)), &change.base);
}

/* The newest that fit, oldest first. */
Support__Change **support_changes_show(struct mc_txn *txn, struct mc_bytes owner, size_t *ret_len)
{
    struct mc_cursor cursor =
        mc_seek(txn, SUPPORT_CHANGES, owner, (struct mc_bytes){0}, MC_BACKWARD);
    Support__Change **rows =
        (Support__Change **)support_rows(txn, SUPPORT_CHANGES_SHOWN_MAX, sizeof(Support__Change));

    *ret_len = 0;
    while (rows != NULL && *ret_len < SUPPORT_CHANGES_SHOWN_MAX && mc_next(&cursor)) {
        const SupportState__Change *kept = mc_row(&cursor, &support_state__change__descriptor);

        if (kept == NULL)
            break;
        Support__Change *shown = rows[(*ret_len)++];
        support__change__init(shown);
        shown->at_ms = kept->at_ms;
        shown->by = kept->by;
        shown->field = kept->field;
        shown->before = mc_open_text(txn, kept->before);
        shown->after = mc_open_text(txn, kept->after);
    }
    for (size_t i = 0; rows != NULL && i < *ret_len / 2; i++) {
        Support__Change *swapped = rows[i];

        rows[i] = rows[*ret_len - 1 - i];
        rows[*ret_len - 1 - i] = swapped;
    }
    return rows;
}
