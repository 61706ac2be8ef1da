/*
 * Head: how long the log is and its last hash. Who keeps a head elsewhere can later show that all
 * it covers is still there: the chain alone cannot show that its end was cut off with its head.
 */
#include "audit.h"

enum mc_status audit_head(struct audit *audit, struct mc_txn *txn, const Audit__HeadRequest *req,
                          Audit__HeadReply *rep)
{
    const AuditState__Head *head = audit_head_load(txn);

    (void)audit;
    (void)req;
    if (head == NULL)
        return txn->status;
    rep->size = head->size;
    rep->hash = head->hash;
    rep->at_ms = head->at_ms;
    return MC_OK;
}
