/* Tax payments as they are kept, shown and told. See tax.h. */
#include <string.h>

#include "common/messages.h"

#include "tax.h"

struct mc_bytes payment_tax_key(struct mc_txn *txn, const char *account, struct mc_bytes id)
{
    struct mc_bytes head = mc_key_join(txn, mc_key_text(account), (struct mc_bytes){"", 1});

    return id.len > 0 ? mc_key_join(txn, head, id) : head;
}

void payment_tax_save(struct mc_txn *txn, const char *account, struct mc_bytes id,
                      const PaymentState__TaxPayment *record)
{
    mc_save(txn, PAYMENT_TAX_PAYMENTS, payment_tax_key(txn, account, id), &record->base);
}

bool payment_tax_is_open(const PaymentState__TaxPayment *record)
{
    return record->state == PAYMENT__ATTEMPT_STATE__STARTING ||
           record->state == PAYMENT__ATTEMPT_STATE__WAITING ||
           record->state == PAYMENT__ATTEMPT_STATE__UNKNOWN;
}

static const char *outcome_of(uint32_t state)
{
    return state == PAYMENT__ATTEMPT_STATE__SUCCEEDED ? "PAYMENT_OK"
           : state == PAYMENT__ATTEMPT_STATE__FAILED  ? "PAYMENT_FAILED"
                                                      : "PAYMENT_PENDING";
}

static void items_show(struct mc_txn *txn, const PaymentState__TaxPayment *record,
                       Payment__TaxPayment *rep)
{
    Payment__TaxItem *items = mc_alloc(txn->arena, (record->n_items + 1) * sizeof *items);

    rep->items = mc_alloc(txn->arena, (record->n_items + 1) * sizeof(Payment__TaxItem *));
    if (items == NULL || rep->items == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < record->n_items; i++) {
        payment__tax_item__init(&items[i]);
        items[i].code = record->items[i]->code;
        items[i].name = record->items[i]->name;
        rep->items[i] = &items[i];
    }
    rep->n_items = record->n_items;
}

void payment_tax_show(const struct payment *payment, struct mc_txn *txn, struct mc_bytes id,
                      const PaymentState__TaxPayment *record, Payment__TaxPayment *rep)
{
    const struct payment_bank *bank = payment_bank_find(&payment->banks, record->bank);
    const char *text = mc_message_text(outcome_of(record->state));
    char amount[MC_MONEY_SIZE];

    rep->payment_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    rep->state = (Payment__AttemptState)record->state;
    rep->personal = record->decision[0] == '\0';
    rep->decision = record->decision;
    rep->bank = record->bank;
    rep->bank_name = mc_unconst(bank != NULL ? bank->short_name : "");
    rep->reference = record->reference;
    rep->transaction_id = record->transaction_id;
    rep->error = record->error;
    rep->message = mc_unconst(text != NULL ? text : "");
    rep->at_ms = record->at_ms;
    rep->paid_at_ms = record->paid_at_ms;
    if (record->state == PAYMENT__ATTEMPT_STATE__WAITING)
        rep->pay_url = record->pay_url;
    if (!rep->personal) { /* TAX-04: amounts of personal tax are not shown */
        mc_money_format(amount, sizeof amount, record->amount);
        rep->amount = record->amount;
        rep->amount_text = mc_strdup(txn->arena, amount);
        if (rep->amount_text == NULL)
            (void)mc_fail(txn, MC_LIMITED, "arena full");
    }
    items_show(txn, record, rep);
}

void payment_tax_emit(struct mc_txn *txn, const char *account, struct mc_bytes id,
                      const PaymentState__TaxPayment *record)
{
    Payment__TaxChanged event = PAYMENT__TAX_CHANGED__INIT;
    char uuid[MC_UUID_TEXT_LEN + 1];

    mc_uuid_text(uuid, id.data);
    const char *keys[] = {mc_sprintf(txn->arena, "payment:%s", uuid),
                          mc_sprintf(txn->arena, "account:%s", account), NULL};
    event.payment_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    event.account_id = mc_unconst(account);
    event.state = (Payment__AttemptState)record->state;
    event.bank = record->bank;
    event.reference = record->reference;
    event.transaction_id = record->transaction_id;
    event.personal = record->decision[0] == '\0';
    event.decision = record->decision;
    event.error = record->error;
    mc_emit(txn, "payment.tax_changed", &event.base, MC_PLAIN, keys);
}

void payment_tax_plan(const struct payment *payment, struct mc_txn *txn, const char *account,
                      struct mc_bytes id, PaymentState__TaxPayment *record, int64_t due_ms)
{
    PaymentState__TaxAsk ask = PAYMENT_STATE__TAX_ASK__INIT;
    const char *keys[] = {mc_sprintf(txn->arena, "account:%s", account), NULL};

    if (record->query_job != 0)
        mc_job_cancel(txn, record->query_job);
    ask.account = mc_unconst(account);
    ask.ask_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    ask.bank = record->bank;
    ask.reference = record->reference;
    record->query_job =
        mc_job_add(txn, &(struct mc_job_spec){
                            .lane = PAYMENT_LANE_BANK,
                            .kind = "bank.tax_query",
                            .payload = payment_packed(txn, &ask.base),
                            .due_ms = due_ms,
                            .backoff_ms = (uint32_t)payment->query_backoff_ms,
                            .backoff_max_ms = (uint32_t)payment->query_backoff_max_ms,
                            .destination = "bank.tax_query",
                            .keys = keys,
                        });
}

static PaymentState__TaxPayment *mine(struct mc_txn *txn, struct mc_bytes id)
{
    PaymentState__TaxPayment *record = NULL;

    if (id.len == MC_ID_LEN)
        record =
            mc_load(txn, PAYMENT_TAX_PAYMENTS, payment_tax_key(txn, txn->caller->account_id, id),
                    &payment_state__tax_payment__descriptor);
    if (record == NULL)
        (void)mc_refuse(txn, MC_NOT_FOUND, "payment_id", "NOT_FOUND", NULL);
    return record;
}

enum mc_status payment_get_tax_payment(struct payment *payment, struct mc_txn *txn,
                                       const Payment__GetTaxPaymentRequest *req,
                                       Payment__TaxPayment *rep)
{
    struct mc_bytes id = mc_key_bytes(req->payment_id);

    if (req->wait_ms > PAYMENT_WAIT_MAX_MS)
        return mc_refuse(txn, MC_INVALID, "wait_ms", "FIELD_INVALID", "field", "wait_ms", NULL);
    const PaymentState__TaxPayment *record = mine(txn, id);
    if (record == NULL)
        return txn->status;
    if (record->state == PAYMENT__ATTEMPT_STATE__STARTING && mc_wait(txn, req->wait_ms) == MC_WAIT)
        return MC_WAIT;
    payment_tax_show(payment, txn, id, record, rep);
    return txn->status;
}

/* The person is back from his bank: ask now, not after the usual pause. */
enum mc_status payment_check_tax_payment(struct payment *payment, struct mc_txn *txn,
                                         const Payment__GetTaxPaymentRequest *req,
                                         Payment__TaxPayment *rep)
{
    struct mc_bytes id = mc_key_bytes(req->payment_id);
    const char *account = txn->caller->account_id;
    PaymentState__TaxPayment *record = mine(txn, id);

    if (record == NULL)
        return txn->status;
    if (record->state == PAYMENT__ATTEMPT_STATE__WAITING &&
        txn->now_ms - record->asked_at_ms >= PAYMENT_TAX_CHECK_PAUSE_MS) {
        record->asked_at_ms = txn->now_ms;
        payment_tax_plan(payment, txn, account, id, record, txn->now_ms);
        payment_tax_save(txn, account, id, record);
    }
    payment_tax_show(payment, txn, id, record, rep);
    return txn->status;
}

/* «Lịch sử giao dịch thuế» (TAX-11), newest first; a page's token is its last id in hex. */
enum mc_status payment_list_tax_payments(struct payment *payment, struct mc_txn *txn,
                                         const Payment__ListTaxPaymentsRequest *req,
                                         Payment__ListTaxPaymentsReply *rep)
{
    size_t size = req->page_size != 0 ? req->page_size : PAYMENT_PAGE_DEFAULT;
    struct mc_bytes prefix = payment_tax_key(txn, txn->caller->account_id, (struct mc_bytes){0});
    struct mc_bytes from = {0};
    uint8_t before[MC_ID_LEN];
    char token[2 * MC_ID_LEN + 1];

    if (size > PAYMENT_PAGE_MAX)
        return mc_refuse(txn, MC_INVALID, "page_size", "FIELD_INVALID", "field", "page_size", NULL);
    if (req->page_token[0] != '\0' &&
        !mc_unhex(before, sizeof before, mc_key_text(req->page_token)))
        return mc_refuse(txn, MC_INVALID, "page_token", "FIELD_INVALID", "field", "page_token",
                         NULL);
    if (req->page_token[0] != '\0')
        from = mc_key_join(txn, prefix, (struct mc_bytes){before, sizeof before});
    rep->payments = mc_alloc(txn->arena, size * sizeof(Payment__TaxPayment *));
    if (rep->payments == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    struct mc_cursor cursor = mc_seek(txn, PAYMENT_TAX_PAYMENTS, prefix, from, MC_BACKWARD);
    while (mc_next(&cursor)) {
        if (rep->n_payments == size) {
            (void)mc_hex(token, mc_key_bytes(rep->payments[size - 1]->payment_id));
            rep->next_page_token = mc_strdup(txn->arena, token);
            break;
        }
        const PaymentState__TaxPayment *record =
            mc_row(&cursor, &payment_state__tax_payment__descriptor);
        Payment__TaxPayment *shown = mc_alloc(txn->arena, sizeof *shown);
        if (record == NULL || shown == NULL)
            return mc_fail(txn, MC_LIMITED, "arena full");
        payment__tax_payment__init(shown);
        payment_tax_show(
            payment, txn,
            (struct mc_bytes){(const uint8_t *)cursor.key.data + prefix.len, MC_ID_LEN}, record,
            shown);
        rep->payments[rep->n_payments++] = shown;
    }
    return txn->status;
}
