/* ResumeWebhook: on again, from where it stood or from another event on (as far as they are kept).
 */
#include "feed.h"

enum mc_status partner_resume_webhook(struct partner *partner, struct mc_txn *txn,
                                      const Partner__ResumeWebhookRequest *req,
                                      Partner__Webhook *rep)
{
    Partner__Webhook *told = NULL;
    PartnerState__Webhook *record = partner_webhook_mine(txn, req->webhook_id, &told);

    (void)partner;
    if (record == NULL)
        return txn->status;
    if (told->state == PARTNER__WEBHOOK_STATE__WEBHOOK_PENDING && req->replay)
        return mc_refuse(txn, MC_EXPIRED, "webhook_id", "WEBHOOK_UNCONFIRMED", NULL);
    if (req->replay && req->after > partner_feed_last(txn))
        return mc_refuse(txn, MC_INVALID, "after", "FIELD_INVALID", "field", "after", NULL);
    if (told->state == PARTNER__WEBHOOK_STATE__WEBHOOK_DISABLED)
        told->state = told->last_success_ms != 0 ? PARTNER__WEBHOOK_STATE__WEBHOOK_ACTIVE
                                                 : PARTNER__WEBHOOK_STATE__WEBHOOK_PENDING;
    if (req->replay)
        told->delivered = req->after;
    told->failing_since_ms = 0;
    told->failures = 0;
    partner_webhook_restart(txn, record, told);
    partner_webhook_save(txn, record, told);
    partner_webhook_emit(txn, "partner.webhook_resumed", record, told, "");
    partner_webhook_show(txn, record, told, rep);
    return txn->status;
}
