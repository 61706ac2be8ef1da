/* ListBanks: the banks and wallets that can be chosen for a purpose (FEE-03, BNK-02, BNK-03). */
#include "payment.h"

static bool serves(const struct payment_bank *bank, Payment__BankPurpose purpose)
{
    switch (purpose) {
    case PAYMENT__BANK_PURPOSE__PAY:
        return bank->platform_code[0] != '\0';
    case PAYMENT__BANK_PURPOSE__LINK:
        return bank->link;
    case PAYMENT__BANK_PURPOSE__TAX:
        return bank->tax;
    case PAYMENT__BANK_PURPOSE__TRANSFER:
        return bank->vietqr == PAYMENT_VIETQR_TRANSFER;
    case PAYMENT__BANK_PURPOSE__BANK_PURPOSE_UNSPECIFIED:
    case _PAYMENT__BANK_PURPOSE_IS_INT_SIZE:
    default:
        return true;
    }
}

static void show(const struct payment_bank *bank, Payment__Bank *shown)
{
    payment__bank__init(shown);
    shown->code = mc_unconst(bank->code);
    shown->bin = mc_unconst(bank->bin);
    shown->short_name = mc_unconst(bank->short_name);
    shown->name = mc_unconst(bank->name);
    shown->wallet = bank->wallet;
    shown->pays = bank->platform_code[0] != '\0';
    shown->signs_in = bank->sso;
    shown->links = bank->link;
    shown->pays_tax = bank->tax;
    shown->refunds = bank->refund;
    shown->transfers = bank->vietqr == PAYMENT_VIETQR_TRANSFER;
}

enum mc_status payment_list_banks(struct payment *payment, struct mc_txn *txn,
                                  const Payment__ListBanksRequest *req,
                                  Payment__ListBanksReply *rep)
{
    const struct payment_banks *banks = &payment->banks;
    Payment__Bank *shown = mc_alloc(txn->arena, (banks->n + 1) * sizeof *shown);

    rep->banks = mc_alloc(txn->arena, (banks->n + 1) * sizeof(Payment__Bank *));
    if (shown == NULL || rep->banks == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    for (size_t i = 0; i < banks->n; i++) {
        if (banks->rows[i].old || !serves(&banks->rows[i], req->purpose))
            continue;
        show(&banks->rows[i], &shown[i]);
        rep->banks[rep->n_banks++] = &shown[i];
    }
    return MC_OK;
}
