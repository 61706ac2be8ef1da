/*
 * Receipts, and certified copies that can be had: told to whom they are of. A receipt is told when
 * its file can be read, and when it is worth nothing any more; the one that replaces it says so.
 */
#include <string.h>

#include "notification.h"

static const char *phrase(struct mc_txn *txn, const char *before, const char *value,
                          const char *after)
{
    const char *text =
        value[0] != '\0' ? mc_sprintf(txn->arena, "%s%s%s", before, value, after) : "";

    if (text == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return text != NULL ? text : "";
}

enum mc_status notification_receipt_changed(struct notification *notification, struct mc_txn *txn,
                                            const Motcua__Event *event,
                                            const Payment__ReceiptChanged *body)
{
    bool of_dossier = body->dossier_code[0] != '\0';
    const struct notification_value values[] = {
        {"receipt", body->number},
        {"amount", notification_money_text(txn, body->amount)},
        {"what", phrase(txn, " của hồ sơ ", body->dossier_code, "")},
        {"replaces", phrase(txn, ", thay thế biên lai ", body->replaces, "")},
        {"replaced_by", phrase(txn, " Biên lai thay thế: ", body->replaced_by, ".")},
        {"time", notification_time_text(txn, event->at_ms)},
        {NULL, NULL},
    };

    return notification_tell_owner(
        notification, txn, event, NOTIFICATION_STATE_ANY, body->owner_account, body->unit,
        notification_about(txn, of_dossier ? "dossier" : "payment", body->dossier_code,
                           mc_key_bytes(body->order_id)),
        values);
}

/* What follows a prefix in the last key that has it; "": none has. */
static const char *last_key(const Motcua__Event *event, const char *prefix)
{
    const char *found = "";
    size_t len = strlen(prefix);

    for (size_t i = 0; i < event->n_keys; i++)
        if (strncmp(event->keys[i], prefix, len) == 0)
            found = event->keys[i] + len;
    return found;
}

/* The body names neither owner nor code: its keys do, the code behind the dossier's id. */
enum mc_status notification_copy_changed(struct notification *notification, struct mc_txn *txn,
                                         const Motcua__Event *event,
                                         const Dossier__CopyChanged *body)
{
    const char *code = last_key(event, "dossier:");
    const struct notification_value values[] = {
        {"number", body->copy_number},
        {"code", code},
        {"time", notification_time_text(txn, event->at_ms)},
        {NULL, NULL},
    };

    return notification_tell_owner(
        notification, txn, event, NOTIFICATION_STATE_ANY, last_key(event, "account:"), body->unit,
        notification_about(txn, "dossier", code, mc_key_bytes(body->dossier_id)), values);
}
