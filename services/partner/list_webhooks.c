/* ListWebhooks: those of a unit and below, newest first, also what was removed. */
#include "feed.h"

enum mc_status partner_list_webhooks(struct partner *partner, struct mc_txn *txn,
                                     const Partner__ListWebhooksRequest *req,
                                     Partner__ListWebhooksReply *rep)
{
    struct partner_page page;
    struct mc_bytes id;
    struct mc_bytes last = {0};

    (void)partner;
    if (!partner_page_open(txn, "webhook", req->unit, req->page_size, req->page_token, &page))
        return txn->status;
    rep->webhooks = mc_alloc(txn->arena, page.size * sizeof(Partner__Webhook *));
    if (rep->webhooks == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    while (partner_page_next(&page, &id)) {
        Partner__Webhook *told = NULL;

        if (rep->n_webhooks == page.size) {
            rep->next_page_token = mc_unconst(partner_page_token(txn, last));
            break;
        }
        PartnerState__Webhook *record = partner_webhook_load(txn, id, &told);
        Partner__Webhook *row = record != NULL ? mc_alloc(txn->arena, sizeof *row) : NULL;
        if (row == NULL)
            continue;
        partner__webhook__init(row);
        partner_webhook_show(txn, record, told, row);
        rep->webhooks[rep->n_webhooks++] = row;
        last = id;
    }
    return txn->status;
}
