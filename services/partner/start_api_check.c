/*
 * StartApiCheck: «Gửi» (API-02 … API-05): calls an address that the officer typed, as the portal
 * would. The address passes the guard (common/guard.h), the call is one job, never repeated: what
 * it asks for may have been done. GetApiCheck tells what came back.
 */
#include "check.h"

enum mc_status partner_start_api_check(struct partner *partner, struct mc_txn *txn,
                                       const Partner__StartApiCheckRequest *req,
                                       Partner__ApiCheck *rep)
{
    const struct partner_asked asked = {
        .api_type = req->api_type,
        .url = req->url,
        .dstcode = req->dstcode,
        .body = mc_key_bytes(req->body),
        .unit = txn->caller->unit != NULL ? txn->caller->unit : "",
    };

    partner_asked_check(partner, txn, &asked);
    if (txn->status != MC_OK)
        return txn->status;
    partner_budget_take(partner, txn, asked.unit);
    partner_check_begin(txn, &asked, rep);
    rep->url = mc_unconst(asked.url);
    rep->request_body = req->body;
    return txn->status;
}
