/* Unlink: at once here, which is what counts; the bank is told until it has heard (BNK-11). */
#include "link.h"

enum mc_status payment_unlink(struct payment *payment, struct mc_txn *txn,
                              const Payment__UnlinkRequest *req, Payment__BankLink *rep)
{
    const char *account = txn->caller->account_id;
    PaymentState__Link *link = payment_link_load(txn, account);

    if (txn->status != MC_OK)
        return txn->status;
    if (link == NULL || !mc_bytes_same(mc_key_bytes(link->link_id), mc_key_bytes(req->link_id)))
        return mc_refuse(txn, MC_NOT_FOUND, "link_id", "NOT_FOUND", NULL);
    if (link->state == PAYMENT__LINK_STATE__LINK_CONFIRMING)
        return mc_refuse(txn, MC_CONFLICT, "", "LINK_CONFIRMING", NULL);
    if (link->state == PAYMENT__LINK_STATE__LINKED ||
        link->state == PAYMENT__LINK_STATE__LINK_AWAITING_CODE)
        payment_link_forget(txn, account, link);
    link->state = PAYMENT__LINK_STATE__UNLINKED;
    link->token = (ProtobufCBinaryData){0};
    link->error = mc_unconst("");
    payment_link_save(txn, account, link);
    payment_link_emit(txn, account, link);
    if (txn->status == MC_OK)
        payment_link_show(payment, txn, link, rep);
    return txn->status;
}
