/* ConfirmLink: the bank's one-time code (BNK-09), which only the bank can judge. */
#include <string.h>

#include "link.h"

static bool code_valid(const char *code)
{
    size_t len = strlen(code);

    return len >= PAYMENT_BANK_CODE_MIN && len <= PAYMENT_BANK_CODE_MAX &&
           strspn(code, "0123456789") == len;
}

enum mc_status payment_confirm_link(struct payment *payment, struct mc_txn *txn,
                                    const Payment__ConfirmLinkRequest *req, Payment__BankLink *rep)
{
    PaymentState__LinkAsk ask = PAYMENT_STATE__LINK_ASK__INIT;
    const char *account = txn->caller->account_id;

    if (!code_valid(req->code))
        return mc_refuse(txn, MC_INVALID, "code", "FIELD_INVALID", "field", "Mã OTP", NULL);
    PaymentState__Link *link = payment_link_load(txn, account);
    if (txn->status != MC_OK)
        return txn->status;
    if (link == NULL || !mc_bytes_same(mc_key_bytes(link->link_id), mc_key_bytes(req->link_id)))
        return mc_refuse(txn, MC_NOT_FOUND, "link_id", "LINK_REPLACED", NULL);
    if (link->state == PAYMENT__LINK_STATE__LINKED)
        return mc_refuse(txn, MC_CONFLICT, "", "LINK_EXISTS", NULL);
    if (link->state == PAYMENT__LINK_STATE__LINK_CONFIRMING)
        return mc_refuse(txn, MC_CONFLICT, "", "LINK_CONFIRMING", NULL);
    if (link->state != PAYMENT__LINK_STATE__LINK_AWAITING_CODE)
        return mc_refuse(txn, MC_EXPIRED, "", "LINK_EXPIRED", NULL);

    link->state = PAYMENT__LINK_STATE__LINK_CONFIRMING;
    link->error = mc_unconst("");
    ask.account = mc_unconst(account);
    ask.link_id = link->link_id;
    ask.bank = link->bank;
    ask.code = req->code;
    (void)payment_ask(txn, PAYMENT_LANE_BANK, "bank.link_confirm", &ask.base, account,
                      PAYMENT_LINK_CONFIRM_MS);
    payment_link_save(txn, account, link);
    payment_link_emit(txn, account, link);
    if (txn->status == MC_OK)
        payment_link_show(payment, txn, link, rep);
    return txn->status;
}
