/* GetRequest: «Xem chi tiết», for the requesting unit and the staff; told to the log. */
#include "support.h"

enum mc_status support_get_request(struct support *support, struct mc_txn *txn,
                                   const Support__GetRequestRequest *req, Support__Request *rep)
{
    struct support_request request;

    if (!support_check_purpose(txn) ||
        !support_request_open(support, txn, req->request_id, req->code, &request))
        return txn->status;
    support_request_show(txn, &request, rep);
    support_tell_read(txn, "SUPPORT_REQUEST", request.record->code, 1);
    return txn->status;
}
