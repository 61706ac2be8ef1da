/* GetWebhook: how it stands; never its secrets. */
#include "feed.h"

enum mc_status partner_get_webhook(struct partner *partner, struct mc_txn *txn,
                                   const Partner__GetWebhookRequest *req, Partner__Webhook *rep)
{
    Partner__Webhook *told = NULL;
    PartnerState__Webhook *record = partner_webhook_mine(txn, req->webhook_id, &told);

    (void)partner;
    if (record != NULL)
        partner_webhook_show(txn, record, told, rep);
    return txn->status;
}
