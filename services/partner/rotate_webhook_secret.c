/* RotateWebhookSecret: a new secret, told this once; both sign until the next change. */
#include "feed.h"

enum mc_status partner_rotate_webhook_secret(struct partner *partner, struct mc_txn *txn,
                                             const Partner__RotateWebhookSecretRequest *req,
                                             Partner__SaveWebhookReply *rep)
{
    Partner__Webhook *told = NULL;
    PartnerState__Webhook *record = partner_webhook_mine(txn, req->webhook_id, &told);
    PartnerState__Secrets *secrets = record != NULL ? partner_webhook_open(txn, record) : NULL;

    (void)partner;
    if (secrets == NULL)
        return txn->status;
    rep->secret = partner_webhook_secret_make(txn, secrets, req->at_once);
    rep->webhook = mc_alloc(txn->arena, sizeof *rep->webhook);
    if (rep->secret == NULL || rep->webhook == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    record->secret = partner_seal(txn, &secrets->base);
    partner_webhook_restart(txn, record, told); /* what waits is signed anew, too */
    partner_webhook_save(txn, record, told);
    partner_webhook_emit(txn, "partner.webhook_secret_changed", record, told, "");
    partner__webhook__init(rep->webhook);
    partner_webhook_show(txn, record, told, rep->webhook);
    return txn->status;
}
