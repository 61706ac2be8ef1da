/* RemoveWebhook: it is told nothing more, and its secrets go; that it was stays. */
#include <string.h>

#include "common/text.h"

#include "feed.h"

enum mc_status partner_remove_webhook(struct partner *partner, struct mc_txn *txn,
                                      const Partner__RemoveWebhookRequest *req,
                                      Partner__Webhook *rep)
{
    Partner__Webhook *told = NULL;

    (void)partner;
    if (req->reason[0] == '\0')
        (void)mc_refuse(txn, MC_INVALID, "reason", "FIELD_REQUIRED", "field", "lý do", NULL);
    else if (mc_text_chars(req->reason) > PARTNER_REASON_MAX)
        (void)mc_refuse(txn, MC_INVALID, "reason", "FIELD_TOO_LONG", "field", "Lý do", "max",
                        "500 ký tự", NULL);
    PartnerState__Webhook *record = partner_webhook_mine(txn, req->webhook_id, &told);
    PartnerState__Secrets *secrets = record != NULL ? partner_webhook_open(txn, record) : NULL;
    if (secrets == NULL || txn->status != MC_OK)
        return txn->status;
    told->state = PARTNER__WEBHOOK_STATE__WEBHOOK_REMOVED;
    partner_webhook_restart(txn, record, told);
    secrets->n_keys = 0;
    record->secret = partner_seal(txn, &secrets->base);
    mc_drop(txn, PARTNER_WEBHOOK_UNITS,
            mc_key_join(txn, (struct mc_bytes){told->unit, strlen(told->unit) + 1},
                        mc_key_bytes(told->webhook_id)));
    partner_webhook_save(txn, record, told);
    partner_webhook_emit(txn, "partner.webhook_removed", record, told, req->reason);
    partner_webhook_show(txn, record, told, rep);
    return txn->status;
}
