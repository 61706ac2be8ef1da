/* What «Kiểm tra API» found, as the partner room tells it: a case may only name what is known. */
#include "integration.h"

enum mc_status support_api_checked(struct support *support, struct mc_txn *txn,
                                   const Motcua__Event *event, const Partner__ApiChecked *body)
{
    SupportState__Check check = SUPPORT_STATE__CHECK__INIT;

    (void)support;
    if (body->check_id.len != MC_ID_LEN)
        return txn->status;
    check.unit = body->unit;
    check.api_type = body->api_type;
    check.fits = body->fits;
    check.at_ms = event->at_ms;
    mc_save(txn, SUPPORT_CHECKS, mc_key_bytes(body->check_id), &check.base);
    return txn->status;
}
