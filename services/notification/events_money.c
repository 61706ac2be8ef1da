/* Refunds, links to banks, paid taxes; and what officers did to an account: told to its owner. */
#include <string.h>

#include "notification.h"

enum mc_status notification_refund_changed(struct notification *notification, struct mc_txn *txn,
                                           const Motcua__Event *event,
                                           const Payment__RefundChanged *body)
{
    bool of_dossier = body->dossier_code[0] != '\0';
    const char *what = mc_sprintf(txn->arena, "%s %s", of_dossier ? "hồ sơ" : "giao dịch",
                                  of_dossier ? body->dossier_code : body->transaction_id);
    if (what == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    const struct notification_value values[] = {
        {"what", what},
        {"amount", notification_money_text(txn, body->amount)},
        {"tx", body->transaction_id},
        {"time", notification_time_text(txn, event->at_ms)},
        {NULL, NULL},
    };

    return notification_tell_owner(
        notification, txn, event, NOTIFICATION_STATE_ANY, body->owner_account, body->unit,
        notification_about(txn, of_dossier ? "dossier" : "payment", body->dossier_code,
                           mc_key_bytes(body->order_id)),
        values);
}

/* NOT-01: «Liên kết tài khoản thành công»; and when it has failed, or ended. */
enum mc_status notification_link_changed(struct notification *notification, struct mc_txn *txn,
                                         const Motcua__Event *event,
                                         const Payment__LinkChanged *body)
{
    const struct notification_value values[] = {
        {"bank", body->bank},
        {"time", notification_time_text(txn, event->at_ms)},
        {NULL, NULL},
    };

    return notification_tell_owner(notification, txn, event, (int)body->state, body->account_id, "",
                                   notification_about(txn, "link", "", mc_key_bytes(body->link_id)),
                                   values);
}

enum mc_status notification_tax_changed(struct notification *notification, struct mc_txn *txn,
                                        const Motcua__Event *event, const Payment__TaxChanged *body)
{
    const char *what =
        body->personal ? "thuế cá nhân" : mc_sprintf(txn->arena, "quyết định %s", body->decision);
    if (what == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    const struct notification_value values[] = {
        {"what", what},
        {"decision", body->decision},
        {"bank", body->bank},
        {"tx", body->transaction_id},
        {"time", notification_time_text(txn, event->at_ms)},
        {NULL, NULL},
    };

    return notification_tell_owner(
        notification, txn, event, (int)body->state, body->account_id, "",
        notification_about(txn, "tax", "", mc_key_bytes(body->payment_id)), values);
}

/* C5: who did not do it himself is told. His password comes by an SMS of its own. */
static enum mc_status tell_of_officer(struct notification *notification, struct mc_txn *txn,
                                      const Motcua__Event *event, const char *account)
{
    const struct notification_value values[] = {{"time", notification_time_text(txn, event->at_ms)},
                                                {NULL, NULL}};

    return notification_tell_owner(
        notification, txn, event, NOTIFICATION_STATE_ANY, account, "",
        notification_about(txn, "account", account, (struct mc_bytes){0}), values);
}

enum mc_status notification_account_made(struct notification *notification, struct mc_txn *txn,
                                         const Motcua__Event *event,
                                         const Identity__AccountMade *body)
{
    return tell_of_officer(notification, txn, event, body->account_id);
}

/* Every change is in the journal; the owner's own, and the house's, are no news to him. */
enum mc_status notification_account_edited(struct notification *notification, struct mc_txn *txn,
                                           const Motcua__Event *event,
                                           const Identity__AccountChanged *body)
{
    static const char session[] = "account:";

    if (body->n_facts == 1 && strcmp(body->facts[0], "next_phone") == 0)
        return MC_OK; /* identity.phone_change_waits says it, with what can be done */
    if (strncmp(event->actor, session, sizeof session - 1) != 0 ||
        strcmp(event->actor + sizeof session - 1, body->account_id) == 0)
        return MC_OK;
    return tell_of_officer(notification, txn, event, body->account_id);
}
