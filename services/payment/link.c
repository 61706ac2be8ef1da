#include "link.h"

#include <string.h>

#include "common/ident.h"
#include "common/messages.h"

static const struct {
    Payment__LinkCondition condition;
    const char *code;
} conditions[] = {
    {PAYMENT__LINK_CONDITION__TAX_CODE_PRESENT, "LINK_TAX_CODE"}, /* BNK-05 */
    {PAYMENT__LINK_CONDITION__BANK_ACCOUNT, "LINK_BANK_ACCOUNT"}, /* BNK-06 */
    {PAYMENT__LINK_CONDITION__SAME_IDENTITY, "LINK_IDENTITY"},    /* BNK-07 */
    {PAYMENT__LINK_CONDITION__SAME_PHONE, "LINK_PHONE"},          /* BNK-08 */
};

PaymentState__Link *payment_link_load(struct mc_txn *txn, const char *account)
{
    PaymentState__Link *link =
        mc_load(txn, PAYMENT_LINKS, mc_key_text(account), &payment_state__link__descriptor);
    bool waits = link != NULL && (link->state == PAYMENT__LINK_STATE__LINK_CHECKING ||
                                  link->state == PAYMENT__LINK_STATE__LINK_AWAITING_CODE);

    if (waits && link->expires_at_ms <= txn->now_ms) {
        link->state = PAYMENT__LINK_STATE__LINK_FAILED;
        link->error = mc_unconst("LINK_EXPIRED");
    }
    return link;
}

void payment_link_save(struct mc_txn *txn, const char *account, const PaymentState__Link *link)
{
    mc_save(txn, PAYMENT_LINKS, mc_key_text(account), &link->base);
}

void payment_link_emit(struct mc_txn *txn, const char *account, const PaymentState__Link *link)
{
    Payment__LinkChanged event = PAYMENT__LINK_CHANGED__INIT;
    const char *keys[] = {mc_sprintf(txn->arena, "account:%s", account), NULL};

    event.account_id = mc_unconst(account);
    event.link_id = link->link_id;
    event.bank = link->bank;
    event.state = (Payment__LinkState)link->state;
    event.n_failed = link->n_failed;
    event.failed = mc_alloc(txn->arena, (link->n_failed + 1) * sizeof *event.failed);
    if (event.failed == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < link->n_failed; i++)
        event.failed[i] = (Payment__LinkCondition)link->failed[i];
    event.error = link->error;
    mc_emit(txn, "payment.link_changed", &event.base, MC_PLAIN, keys);
}

static const char *code_of(uint32_t condition)
{
    for (size_t i = 0; i < MC_LEN(conditions); i++)
        if ((uint32_t)conditions[i].condition == condition)
            return conditions[i].code;
    return "";
}

static char *text_of(const char *code)
{
    const char *text = code[0] != '\0' ? mc_message_text(code) : NULL;

    return mc_unconst(text != NULL ? text : "");
}

/* Every condition that failed, with what to do about it. */
static void failed_show(struct mc_txn *txn, const PaymentState__Link *link, Payment__BankLink *rep)
{
    Payment__FailedCondition *rows = mc_alloc(txn->arena, (link->n_failed + 1) * sizeof *rows);

    rep->failed = mc_alloc(txn->arena, (link->n_failed + 1) * sizeof(Payment__FailedCondition *));
    if (rows == NULL || rep->failed == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < link->n_failed; i++) {
        payment__failed_condition__init(&rows[i]);
        rows[i].condition = (Payment__LinkCondition)link->failed[i];
        rows[i].code = mc_unconst(code_of(link->failed[i]));
        rows[i].message = text_of(rows[i].code);
        rep->failed[i] = &rows[i];
    }
    rep->n_failed = link->n_failed;
}

void payment_link_show(const struct payment *payment, struct mc_txn *txn,
                       const PaymentState__Link *link, Payment__BankLink *rep)
{
    char masked[MC_MASK_SIZE];
    const char *login = mc_open_text(txn, link->login_name);
    const struct payment_bank *bank = payment_bank_find(&payment->banks, link->bank);

    if (login == NULL)
        return;
    mc_mask_identity(masked, sizeof masked, login);
    rep->link_id = link->link_id;
    rep->state = (Payment__LinkState)link->state;
    rep->bank = link->bank;
    rep->bank_name = mc_unconst(bank != NULL ? bank->short_name : "");
    rep->login_masked = mc_strdup(txn->arena, masked);
    rep->code_sent_to = link->code_sent_to;
    rep->error = link->error;
    rep->message = text_of(link->state == PAYMENT__LINK_STATE__LINKED ? "LINK_OK" : link->error);
    rep->linked_at_ms = link->linked_at_ms;
    rep->expires_at_ms = link->expires_at_ms;
    failed_show(txn, link, rep);
    if (rep->login_masked == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
}

void payment_link_forget(struct mc_txn *txn, const char *account, const PaymentState__Link *link)
{
    PaymentState__LinkAsk ask = PAYMENT_STATE__LINK_ASK__INIT;

    ask.account = mc_unconst(account);
    ask.link_id = link->link_id;
    ask.bank = link->bank;
    (void)payment_ask(txn, PAYMENT_LANE_BANK, "bank.link_remove", &ask.base, account,
                      PAYMENT_LINK_REMOVE_MS);
}
