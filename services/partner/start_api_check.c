/*
 * StartApiCheck: «Gửi». An address that the officer typed (API-02 … API-05), or an API of the
 * registry (API-06): then the session is asked for first, with what we show that partner, and in
 * the body `nhap-session` becomes it, `nhap-khoa-cua-dia-phuong` the partner's key; neither is
 * shown. An address passes the guard (common/guard.h); the call is never repeated: what it asks for
 * may have been done. GetApiCheck tells what came back.
 */
#include "check.h"
#include "registry.h"

enum mc_status partner_start_api_check(struct partner *partner, struct mc_txn *txn,
                                       const Partner__StartApiCheckRequest *req,
                                       Partner__ApiCheck *rep)
{
    struct partner_asked asked = {
        .api_type = req->api_type,
        .url = req->url,
        .dstcode = req->dstcode,
        .body = mc_key_bytes(req->body),
        .unit = txn->caller->unit != NULL ? txn->caller->unit : "",
        .partner_id = req->partner_id,
        .session_url = "",
        .username = "",
        .password = "",
    };

    if (req->partner_id[0] != '\0') {
        if (partner_mine(txn, req->partner_id) == NULL)
            return txn->status;
        const char *why = partner_asked_resolve(txn, &asked);
        if (why != NULL)
            return mc_refuse(txn, MC_EXPIRED, "partner_id", why, NULL);
    }
    partner_asked_check(partner, txn, &asked);
    if (txn->status != MC_OK)
        return txn->status;
    partner_budget_take(partner, txn, asked.unit);
    partner_check_begin(txn, &asked, rep);
    if (req->partner_id[0] == '\0')
        rep->url = mc_unconst(asked.url);
    rep->request_body = req->body;
    return txn->status;
}
