/*
 * StartLink: the person names his bank and his Internet-banking login (BNK-02, BNK-04). The bank
 * is asked in any case, even when the tax code is missing here, so that all four conditions that
 * fail are told at once; then it sends no code.
 */
#include <string.h>

#include "link.h"

static bool login_valid(const char *login)
{
    size_t len = strlen(login);

    for (const char *c = login; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~')
            return false;
    return len > 0 && len <= PAYMENT_LOGIN_NAME_MAX;
}

static void request_check(const struct payment *payment, struct mc_txn *txn,
                          const Payment__StartLinkRequest *req)
{
    const struct payment_bank *bank = payment_bank_find(&payment->banks, req->bank);

    if (bank == NULL || !bank->link) /* BNK-03 */
        (void)mc_refuse(txn, MC_INVALID, "bank", "LINK_BANK_NOT_READY", NULL);
    if (!login_valid(req->login_name))
        (void)mc_refuse(txn, MC_INVALID, "login_name", "FIELD_INVALID", "field",
                        "Tên đăng nhập Internet banking", NULL);
    if (payment->bank_gateway_url[0] == '\0')
        (void)mc_refuse(txn, MC_BUSY, "", "BANK_OFFLINE", NULL);
}

static void ask(struct mc_txn *txn, const char *account, const Payment__StartLinkRequest *req,
                const PaymentState__Link *link)
{
    struct payment_person person = payment_person_of(txn, account);
    PaymentState__LinkAsk question = PAYMENT_STATE__LINK_ASK__INIT;

    question.account = mc_unconst(account);
    question.link_id = link->link_id;
    question.bank = link->bank;
    question.login_name = req->login_name;
    question.id_number = mc_unconst(person.identity);
    question.phone = mc_unconst(person.phone);
    question.tax_code = mc_unconst(person.tax_code);
    (void)payment_ask(txn, PAYMENT_LANE_BANK, "bank.link_check", &question.base, account,
                      PAYMENT_LINK_ASK_MS);
}

enum mc_status payment_start_link(struct payment *payment, struct mc_txn *txn,
                                  const Payment__StartLinkRequest *req, Payment__BankLink *rep)
{
    PaymentState__Link link = PAYMENT_STATE__LINK__INIT;
    const char *account = txn->caller->account_id;

    request_check(payment, txn, req);
    if (txn->status != MC_OK)
        return txn->status;
    const PaymentState__Link *old = payment_link_load(txn, account);
    if (old != NULL && old->state == PAYMENT__LINK_STATE__LINKED)
        return mc_refuse(txn, MC_CONFLICT, "", "LINK_EXISTS", NULL); /* BNK-11 */
    if (old != NULL && old->state == PAYMENT__LINK_STATE__LINK_CONFIRMING)
        return mc_refuse(txn, MC_CONFLICT, "", "LINK_CONFIRMING", NULL);
    if (old != NULL && old->state == PAYMENT__LINK_STATE__LINK_AWAITING_CODE)
        payment_link_forget(txn, account, old);

    struct mc_bytes id = mc_new_id(txn);
    link.link_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    link.state = PAYMENT__LINK_STATE__LINK_CHECKING;
    link.bank = mc_strdup(txn->arena, payment_bank_find(&payment->banks, req->bank)->code);
    link.login_name = mc_seal_text(txn, req->login_name);
    link.expires_at_ms = txn->now_ms + PAYMENT_LINK_LIFE_MS;
    if (link.bank == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    ask(txn, account, req, &link);
    payment_link_save(txn, account, &link);
    payment_link_emit(txn, account, &link);
    if (txn->status == MC_OK)
        payment_link_show(payment, txn, &link, rep);
    return txn->status;
}
