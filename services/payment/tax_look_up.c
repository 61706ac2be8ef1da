/*
 * StartTaxLookUp, GetTaxInfo: what the caller owes, as the tax office says (TAX-01 … TAX-05). Of
 * personal tax only the sub-items are shown, by order of the tax administration.
 */
#include <string.h>

#include "common/messages.h"

#include "tax.h"

static PaymentState__TaxLookUp *look_up_load(struct mc_txn *txn, const char *account)
{
    return mc_load(txn, PAYMENT_TAX_LOOK_UPS, mc_key_text(account),
                   &payment_state__tax_look_up__descriptor);
}

PaymentState__TaxDebts *payment_debts_open(struct mc_txn *txn,
                                           const PaymentState__TaxLookUp *look_up)
{
    if (look_up == NULL || look_up->debts.len == 0)
        return NULL;
    struct mc_bytes plain = mc_open_bytes(txn, look_up->debts);
    PaymentState__TaxDebts *debts =
        txn->status == MC_OK
            ? payment_state__tax_debts__unpack(&txn->arena->protobuf, plain.len, plain.data)
            : NULL;
    if (debts == NULL)
        (void)mc_fail(txn, MC_CORRUPT, "a look-up that does not open");
    return debts;
}

static const char *amount_text(struct mc_txn *txn, int64_t amount)
{
    char text[MC_MONEY_SIZE];

    mc_money_format(text, sizeof text, amount);
    return mc_strdup(txn->arena, text);
}

static void item_show(const PaymentState__TaxDebt *debt, Payment__TaxItem *item)
{
    payment__tax_item__init(item);
    item->code = debt->item;
    item->name = debt->item_name;
}

static void decision_show(struct mc_txn *txn, const PaymentState__TaxDebt *debt,
                          Payment__TaxDecision *decision)
{
    payment__tax_decision__init(decision);
    decision->number = debt->notice;
    decision->date = debt->notice_date;
    decision->code = debt->item;
    decision->name = debt->item_name;
    decision->vehicle = debt->vehicle;
    decision->amount = debt->amount;
    decision->amount_text = mc_unconst(amount_text(txn, debt->amount));
    if (decision->amount_text == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
}

static void debts_show(struct mc_txn *txn, const PaymentState__TaxDebts *debts,
                       Payment__TaxInfo *rep)
{
    Payment__TaxItem *items = mc_alloc(txn->arena, (debts->n_rows + 1) * sizeof *items);
    Payment__TaxDecision *decisions = mc_alloc(txn->arena, (debts->n_rows + 1) * sizeof *decisions);

    rep->personal = mc_alloc(txn->arena, (debts->n_rows + 1) * sizeof(Payment__TaxItem *));
    rep->decisions = mc_alloc(txn->arena, (debts->n_rows + 1) * sizeof(Payment__TaxDecision *));
    if (items == NULL || decisions == NULL || rep->personal == NULL || rep->decisions == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < debts->n_rows; i++) {
        if (debts->rows[i]->notice[0] == '\0') {
            item_show(debts->rows[i], &items[i]);
            rep->personal[rep->n_personal++] = &items[i];
        } else {
            decision_show(txn, debts->rows[i], &decisions[i]);
            rep->decisions[rep->n_decisions++] = &decisions[i];
        }
    }
    rep->taxpayer = debts->taxpayer;
}

static void show(struct mc_txn *txn, const PaymentState__TaxLookUp *look_up, Payment__TaxInfo *rep)
{
    const char *text = look_up->error[0] != '\0' ? mc_message_text(look_up->error) : NULL;
    const PaymentState__TaxDebts *debts = payment_debts_open(txn, look_up);

    rep->state = (Payment__LookUpState)look_up->state;
    rep->at_ms = look_up->at_ms;
    rep->error = look_up->error;
    rep->message = mc_unconst(text != NULL ? text : "");
    if (debts != NULL)
        debts_show(txn, debts, rep);
    rep->can_pay = rep->n_personal > 0 || rep->n_decisions > 0; /* TAX-02 */
}

enum mc_status payment_start_tax_look_up(struct payment *payment, struct mc_txn *txn,
                                         const Payment__StartTaxLookUpRequest *req,
                                         Payment__TaxInfo *rep)
{
    const char *account = txn->caller->account_id;
    struct payment_person person = payment_person_of(txn, account);
    PaymentState__TaxLookUp look_up = PAYMENT_STATE__TAX_LOOK_UP__INIT;
    PaymentState__TaxAsk ask = PAYMENT_STATE__TAX_ASK__INIT;

    (void)req;
    if (person.tax_code[0] == '\0')
        return mc_refuse(txn, MC_INVALID, "", "TAX_CODE_MISSING", NULL);
    if (payment->tax_url[0] == '\0')
        return mc_refuse(txn, MC_BUSY, "", "TAX_OFFLINE", NULL);
    const PaymentState__TaxLookUp *old = look_up_load(txn, account);
    if (old != NULL && old->state == PAYMENT__LOOK_UP_STATE__LOOKING &&
        txn->now_ms - old->at_ms < PAYMENT_TAX_ASK_MS) {
        show(txn, old, rep); /* the same question is under way */
        return txn->status;
    }
    struct mc_bytes id = mc_new_id(txn);
    look_up.state = PAYMENT__LOOK_UP_STATE__LOOKING;
    look_up.at_ms = txn->now_ms;
    look_up.ask_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    ask.account = mc_unconst(account);
    ask.ask_id = look_up.ask_id;
    ask.at_ms = txn->now_ms;
    ask.tax_code = mc_unconst(person.tax_code);
    ask.id_number = mc_unconst(person.identity);
    (void)payment_ask(txn, PAYMENT_LANE_TAX, "tax.debts", &ask.base, account, PAYMENT_TAX_ASK_MS);
    mc_save(txn, PAYMENT_TAX_LOOK_UPS, mc_key_text(account), &look_up.base);
    if (txn->status == MC_OK)
        show(txn, &look_up, rep);
    return txn->status;
}

enum mc_status payment_get_tax_info(struct payment *payment, struct mc_txn *txn,
                                    const Payment__GetTaxInfoRequest *req, Payment__TaxInfo *rep)
{
    (void)payment;
    if (req->wait_ms > PAYMENT_WAIT_MAX_MS)
        return mc_refuse(txn, MC_INVALID, "wait_ms", "FIELD_INVALID", "field", "wait_ms", NULL);
    const PaymentState__TaxLookUp *look_up = look_up_load(txn, txn->caller->account_id);
    if (look_up == NULL)
        return txn->status;
    if (look_up->state == PAYMENT__LOOK_UP_STATE__LOOKING && mc_wait(txn, req->wait_ms) == MC_WAIT)
        return MC_WAIT;
    show(txn, look_up, rep);
    return txn->status;
}

enum mc_status payment_tax_debts_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                      const ProtobufCMessage *payload,
                                      struct mc_http_request *ret_request)
{
    const struct payment *payment = ctx;
    const PaymentState__TaxAsk *ask = (const PaymentState__TaxAsk *)(const void *)payload;
    const char *const fields[] = {"MST", ask->tax_code, "SO", ask->id_number, NULL};
    char id[MC_UUID_TEXT_LEN + 1] = "";

    (void)job;
    if (ask->ask_id.len == MC_ID_LEN)
        mc_uuid_text(id, ask->ask_id.data);
    *ret_request = (struct mc_http_request){
        .method = "POST",
        .url = payment->tax_url,
        .content_type = "application/json",
        .timeout_ms = PAYMENT_HTTP_TIMEOUT_MS,
        .answer_max = PAYMENT_OUTSIDE_ANSWER_MAX,
    };
    return payment_gip_ask(arena, id, PAYMENT_GIP_VEHICLE, ask->at_ms, fields, &ret_request->body);
}

void payment_debt_fill(const struct payment_gip_row *row, PaymentState__TaxDebt *debt)
{
    payment_state__tax_debt__init(debt);
    debt->notice = mc_unconst(row->notice);
    debt->notice_date = mc_unconst(row->notice_date);
    debt->item = mc_unconst(row->item);
    debt->item_name = mc_unconst(row->item_name);
    debt->amount = row->amount;
    debt->chapter = mc_unconst(row->chapter);
    debt->office = mc_unconst(row->office);
    debt->treasury = mc_unconst(row->treasury);
    debt->account = mc_unconst(row->account);
    debt->area = mc_unconst(row->area);
    debt->period = mc_unconst(row->period);
    debt->vehicle = mc_unconst(row->vehicle);
    debt->due_date = mc_unconst(row->due_date);
    debt->taxpayer = mc_unconst(row->taxpayer);
    debt->tax_code = mc_unconst(row->tax_code);
    debt->identity = mc_unconst(row->identity);
    debt->dossier_code = mc_unconst(row->dossier_code);
}

static void keep(struct mc_txn *txn, const struct payment_gip *gip,
                 PaymentState__TaxLookUp *look_up)
{
    PaymentState__TaxDebts debts = PAYMENT_STATE__TAX_DEBTS__INIT;
    PaymentState__TaxDebt *rows = mc_alloc(txn->arena, (gip->rows_len + 1) * sizeof *rows);

    debts.rows = mc_alloc(txn->arena, (gip->rows_len + 1) * sizeof(PaymentState__TaxDebt *));
    if (rows == NULL || debts.rows == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < gip->rows_len; i++) {
        payment_debt_fill(&gip->rows[i], &rows[i]);
        debts.rows[debts.n_rows++] = &rows[i];
    }
    if (gip->rows_len > 0)
        debts.taxpayer = mc_unconst(gip->rows[0].taxpayer);
    look_up->debts = mc_seal_bytes(txn, payment_packed(txn, &debts.base));
}

enum mc_status payment_tax_debts_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                      const ProtobufCMessage *payload,
                                      const struct mc_result *result, enum mc_verdict *ret_verdict)
{
    const PaymentState__TaxAsk *ask = (const PaymentState__TaxAsk *)(const void *)payload;
    mc_cleanup(mc_json_freep) struct mc_json *json = payment_outside_read(result);
    struct payment_gip gip = {.state = PAYMENT_GIP_UNREADABLE};
    char id[MC_UUID_TEXT_LEN + 1] = "";

    (void)ctx;
    (void)job;
    *ret_verdict = MC_DONE;
    PaymentState__TaxLookUp *look_up = look_up_load(txn, ask->account);
    if (look_up == NULL || look_up->state != PAYMENT__LOOK_UP_STATE__LOOKING ||
        !mc_bytes_same(mc_key_bytes(look_up->ask_id), mc_key_bytes(ask->ask_id)))
        return txn->status;
    mc_uuid_text(id, ask->ask_id.data);
    if (json != NULL)
        gip = payment_gip_read(txn->arena, json, id, PAYMENT_GIP_VEHICLE);
    if (gip.state == PAYMENT_GIP_UNREADABLE && !result->gave_up) {
        *ret_verdict = MC_RETRY;
        return txn->status;
    }
    bool offline = gip.state == PAYMENT_GIP_UNREADABLE;
    look_up->state =
        offline ? PAYMENT__LOOK_UP_STATE__LOOK_UP_OFFLINE : PAYMENT__LOOK_UP_STATE__FOUND;
    look_up->error = mc_unconst(offline ? "TAX_OFFLINE" : "");
    look_up->at_ms = txn->now_ms;
    keep(txn, &gip, look_up);
    mc_save(txn, PAYMENT_TAX_LOOK_UPS, mc_key_text(ask->account), &look_up->base);
    return txn->status;
}
