/*
 * PayTax: personal tax as a whole, or one decision of the vehicle charge (TAX-06), at a bank
 * (TAX-07). A bank with single sign-on wants the caller's link to it (TAX-08, TAX-09); at another
 * the payer signs in himself (TAX-10). Both give an address to send him to.
 */
#include <stdio.h>
#include <string.h>

#include "tax.h"

/* What is to be paid, and where. */
struct choice {
    const struct payment_bank *bank;
    const PaymentState__TaxDebts *debts;
    const char *token; /* of the link; "" at banks without single sign-on */
};

static bool is_chosen(const Payment__PayTaxRequest *req, const PaymentState__TaxDebt *debt)
{
    return req->personal ? debt->notice[0] == '\0'
                         : debt->notice[0] != '\0' && strcmp(debt->notice, req->decision) == 0;
}

static void request_check(const struct payment *payment, struct mc_txn *txn,
                          const Payment__PayTaxRequest *req, struct choice *choice)
{
    choice->bank = payment_bank_find(&payment->banks, req->bank);
    if (req->personal == (req->decision[0] != '\0'))
        (void)mc_refuse(txn, MC_INVALID, "decision", "TAX_CHOOSE_ONE", NULL);
    if (strlen(req->decision) > PAYMENT_DECISION_MAX)
        (void)mc_refuse(txn, MC_INVALID, "decision", "FIELD_INVALID", "field", "decision", NULL);
    if (choice->bank == NULL || !choice->bank->tax)
        (void)mc_refuse(txn, MC_INVALID, "bank", "BANK_NOT_CONNECTED", NULL);
    if (req->return_url[0] != '\0' && !payment_url_valid(payment, req->return_url))
        (void)mc_refuse(txn, MC_INVALID, "return_url", "FIELD_INVALID", "field", "return_url",
                        NULL);
    if (payment->bank_gateway_url[0] == '\0')
        (void)mc_refuse(txn, MC_BUSY, "", "BANK_OFFLINE", NULL);
}

static void debts_check(struct mc_txn *txn, const Payment__PayTaxRequest *req,
                        struct choice *choice)
{
    const PaymentState__TaxLookUp *look_up =
        mc_load(txn, PAYMENT_TAX_LOOK_UPS, mc_key_text(txn->caller->account_id),
                &payment_state__tax_look_up__descriptor);
    bool owes = false;

    choice->debts = payment_debts_open(txn, look_up);
    if (txn->status != MC_OK)
        return;
    if (choice->debts == NULL || txn->now_ms - look_up->at_ms > PAYMENT_TAX_FRESH_MS) {
        (void)mc_refuse(txn, MC_EXPIRED, "", "TAX_LOOK_UP_OLD", NULL);
        return;
    }
    for (size_t i = 0; i < choice->debts->n_rows; i++)
        owes = owes || is_chosen(req, choice->debts->rows[i]);
    if (!owes)
        (void)mc_refuse(txn, MC_NOT_FOUND, "", "TAX_NO_DEBT", NULL);
}

static void link_check(struct mc_txn *txn, struct choice *choice)
{
    choice->token = "";
    if (!choice->bank->sso)
        return;
    const PaymentState__Link *link = payment_link_load(txn, txn->caller->account_id);
    if (txn->status == MC_OK && (link == NULL || link->state != PAYMENT__LINK_STATE__LINKED ||
                                 strcmp(link->bank, choice->bank->code) != 0))
        (void)mc_refuse(txn, MC_DENIED, "", "NOT_LINKED", NULL);
    else if (txn->status == MC_OK)
        choice->token = mc_open_text(txn, link->token);
}

/* "" stands for personal tax. */
static struct mc_bytes decision_key(struct mc_txn *txn, const char *decision)
{
    return payment_tax_key(txn, txn->caller->account_id,
                           mc_key_text(decision[0] != '\0' ? decision : "-"));
}

/* One payment of a debt at a time; a decision that was paid is never paid again. */
static void earlier_check(struct mc_txn *txn, const Payment__PayTaxRequest *req)
{
    struct mc_bytes id;

    if (!mc_get(txn, PAYMENT_TAX_DECISIONS, decision_key(txn, req->decision), &id))
        return;
    const PaymentState__TaxPayment *earlier =
        mc_load(txn, PAYMENT_TAX_PAYMENTS, payment_tax_key(txn, txn->caller->account_id, id),
                &payment_state__tax_payment__descriptor);
    const PaymentState__TaxLookUp *look_up =
        mc_load(txn, PAYMENT_TAX_LOOK_UPS, mc_key_text(txn->caller->account_id),
                &payment_state__tax_look_up__descriptor);
    if (earlier == NULL || look_up == NULL)
        return;
    if (payment_tax_is_open(earlier))
        (void)mc_refuse(txn, MC_CONFLICT, "", "PAYMENT_PENDING", NULL);
    else if (earlier->state == PAYMENT__ATTEMPT_STATE__SUCCEEDED &&
             (!req->personal || look_up->at_ms <= earlier->paid_at_ms))
        (void)mc_refuse(txn, MC_CONFLICT, "", "ALREADY_PAID", NULL);
}

/* The chosen debts, as rows of the question and items of the record. */
static void rows_take(struct mc_txn *txn, const Payment__PayTaxRequest *req,
                      const struct choice *choice, PaymentState__TaxPayment *record,
                      PaymentState__TaxStart *start)
{
    size_t max = choice->debts->n_rows + 1;
    PaymentState__Item *items = mc_alloc(txn->arena, max * sizeof *items);

    record->items = mc_alloc(txn->arena, max * sizeof(PaymentState__Item *));
    start->rows = mc_alloc(txn->arena, max * sizeof(PaymentState__TaxDebt *));
    if (items == NULL || record->items == NULL || start->rows == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < choice->debts->n_rows; i++) {
        PaymentState__TaxDebt *debt = choice->debts->rows[i];
        if (!is_chosen(req, debt))
            continue;
        if (!payment_total_add(&record->amount, debt->amount)) {
            (void)mc_refuse(txn, MC_INVALID, "", "AMOUNT_TOO_LARGE", NULL);
            return;
        }
        payment_state__item__init(&items[i]);
        items[i].code = debt->item;
        items[i].name = debt->item_name;
        record->items[record->n_items++] = &items[i];
        start->rows[start->n_rows++] = debt;
    }
}

static void fill(struct mc_txn *txn, struct mc_bytes id, const Payment__PayTaxRequest *req,
                 const struct choice *choice, PaymentState__TaxPayment *record,
                 PaymentState__TaxStart *start)
{
    struct payment_person person = payment_person_of(txn, txn->caller->account_id);
    char hex[2 * MC_ID_LEN + 1];

    (void)mc_hex(hex, id);
    record->state = PAYMENT__ATTEMPT_STATE__STARTING;
    record->decision = req->decision;
    record->bank = mc_strdup(txn->arena, choice->bank->code);
    record->reference = mc_sprintf(txn->arena, "dvct%s", hex);
    record->at_ms = txn->now_ms;
    if (record->bank == NULL || record->reference == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    start->account = mc_unconst(txn->caller->account_id);
    start->payment_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    start->bank = record->bank;
    start->reference = record->reference;
    start->return_url = req->return_url;
    start->link_token = mc_unconst(choice->token);
    start->tax_code = mc_unconst(person.tax_code);
    start->payer_name = mc_unconst(person.name);
    rows_take(txn, req, choice, record, start);
}

enum mc_status payment_pay_tax(struct payment *payment, struct mc_txn *txn,
                               const Payment__PayTaxRequest *req, Payment__TaxPayment *rep)
{
    PaymentState__TaxPayment record = PAYMENT_STATE__TAX_PAYMENT__INIT;
    PaymentState__TaxStart start = PAYMENT_STATE__TAX_START__INIT;
    const char *account = txn->caller->account_id;
    struct choice choice = {0};

    request_check(payment, txn, req, &choice);
    if (txn->status == MC_OK)
        debts_check(txn, req, &choice);
    if (txn->status == MC_OK)
        link_check(txn, &choice);
    if (txn->status == MC_OK)
        earlier_check(txn, req);
    if (txn->status != MC_OK)
        return txn->status;

    struct mc_bytes id = mc_new_id(txn);
    fill(txn, id, req, &choice, &record, &start);
    if (txn->status != MC_OK)
        return txn->status;
    (void)payment_ask(txn, PAYMENT_LANE_BANK, "bank.tax_start", &start.base, account,
                      PAYMENT_TAX_START_MS);
    payment_tax_save(txn, account, id, &record);
    mc_put(txn, PAYMENT_TAX_DECISIONS, decision_key(txn, req->decision), id);
    payment_tax_emit(txn, account, id, &record);
    payment_tax_show(payment, txn, id, &record, rep);
    return txn->status;
}
