/* AssignCase: an officer takes a case, or gives it to a colleague; also when it has one already. */
#include <string.h>

#include "common/ident.h"

#include "payment.h"

enum mc_status payment_assign_case(struct payment *payment, struct mc_txn *txn,
                                   const Payment__AssignCaseRequest *req, Payment__Case *rep)
{
    struct mc_bytes id = mc_key_bytes(req->case_id);
    uint8_t account[MC_ID_LEN];

    (void)payment;
    if (req->account_id[0] != '\0' && !mc_uuid_parse(account, mc_key_text(req->account_id)))
        (void)mc_refuse(txn, MC_INVALID, "account_id", "FIELD_INVALID", "field", "account_id",
                        NULL);
    const char *note = payment_line_read(txn, "note", req->note, false);
    PaymentState__Case *record = payment_case_take(txn, id, req->version);
    if (record == NULL)
        return txn->status;
    if (record->state == PAYMENT__CASE_STATE__CASE_PROPOSED)
        return mc_refuse(txn, MC_CONFLICT, "", "CASE_PROPOSED", NULL);

    record->state = PAYMENT__CASE_STATE__CASE_ASSIGNED;
    record->assigned_to =
        req->account_id[0] != '\0' ? req->account_id : mc_unconst(payment_actor(txn));
    payment_case_put(txn, id, record, "payment.case_assigned", note);
    payment_case_show(txn, id, record, rep);
    return txn->status;
}
