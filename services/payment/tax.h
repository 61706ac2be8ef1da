/*
 * Tax: what a person owes in personal tax and vehicle charge (LPTB), and paying it at a bank. Only
 * the payment room's files include it.
 *
 *     tax_look_ups   account id                 -> TaxLookUp: the last one
 *     tax_payments   account id, 0, payment id  -> TaxPayment
 *     tax_decisions  account id, 0, decision    -> payment id: the one that is open or paid
 *
 * The money goes from the person's bank to the treasury and is never ours: it is not in our books.
 * The bank's own record, asked for by our reference, is what a payment's state is taken from.
 */
#pragma once

#include "gip.h"
#include "link.h"

enum {
    PAYMENT_TAX_FRESH_MS = 15 * 60 * 1000, /* how long a look-up may be paid by */
    PAYMENT_TAX_ASK_MS = 60 * 1000,
    PAYMENT_DECISION_MAX = 64, /* 17 digits for vehicles; not relied on */
    PAYMENT_TAX_START_MS = 2 * 60 * 1000,
    PAYMENT_TAX_CHECK_PAUSE_MS = 2000, /* between two questions a person may cause */
};

/* The debts of the account's last look-up; NULL: none, or the call has failed. */
mc_nodiscard PaymentState__TaxDebts *payment_debts_open(struct mc_txn *txn,
                                                        const PaymentState__TaxLookUp *look_up);

void payment_debt_fill(const struct payment_gip_row *row, PaymentState__TaxDebt *debt);

mc_nodiscard struct mc_bytes payment_tax_key(struct mc_txn *txn, const char *account,
                                             struct mc_bytes id);
void payment_tax_show(const struct payment *payment, struct mc_txn *txn, struct mc_bytes id,
                      const PaymentState__TaxPayment *record, Payment__TaxPayment *rep);
void payment_tax_save(struct mc_txn *txn, const char *account, struct mc_bytes id,
                      const PaymentState__TaxPayment *record);
void payment_tax_emit(struct mc_txn *txn, const char *account, struct mc_bytes id,
                      const PaymentState__TaxPayment *record);
/* Plans the one question about it; an earlier plan is dropped. */
void payment_tax_plan(const struct payment *payment, struct mc_txn *txn, const char *account,
                      struct mc_bytes id, PaymentState__TaxPayment *record, int64_t due_ms);
bool payment_tax_is_open(const PaymentState__TaxPayment *record);

enum mc_status payment_start_tax_look_up(struct payment *payment, struct mc_txn *txn,
                                         const Payment__StartTaxLookUpRequest *req,
                                         Payment__TaxInfo *rep);
enum mc_status payment_get_tax_info(struct payment *payment, struct mc_txn *txn,
                                    const Payment__GetTaxInfoRequest *req, Payment__TaxInfo *rep);
enum mc_status payment_pay_tax(struct payment *payment, struct mc_txn *txn,
                               const Payment__PayTaxRequest *req, Payment__TaxPayment *rep);
enum mc_status payment_get_tax_payment(struct payment *payment, struct mc_txn *txn,
                                       const Payment__GetTaxPaymentRequest *req,
                                       Payment__TaxPayment *rep);
enum mc_status payment_check_tax_payment(struct payment *payment, struct mc_txn *txn,
                                         const Payment__GetTaxPaymentRequest *req,
                                         Payment__TaxPayment *rep);
enum mc_status payment_list_tax_payments(struct payment *payment, struct mc_txn *txn,
                                         const Payment__ListTaxPaymentsRequest *req,
                                         Payment__ListTaxPaymentsReply *rep);

/* Effects: tax.debts, bank.tax_start, bank.tax_query. */
PAYMENT_EFFECT(tax_debts);
PAYMENT_EFFECT(tax_start);
PAYMENT_EFFECT(tax_query);
