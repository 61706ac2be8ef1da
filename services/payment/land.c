#include "land.h"

#include <string.h>

#include "common/csv.h"
#include "common/retention.h"

extern const char mc_data_tax_areas[];
extern const size_t mc_data_tax_areas_len;

struct mc_bytes payment_land_key(struct mc_txn *txn, const char *code, const char *notice)
{
    struct mc_bytes head = mc_keep(txn, code, strlen(code) + 1); /* with its NUL */

    return notice[0] != '\0' ? mc_key_join(txn, head, mc_key_text(notice)) : head;
}

PaymentState__LandNotice *payment_land_load(struct mc_txn *txn, const char *code,
                                            const char *notice)
{
    return mc_load(txn, PAYMENT_LAND_NOTICES, payment_land_key(txn, code, notice),
                   &payment_state__land_notice__descriptor);
}

void payment_land_save(struct mc_txn *txn, const char *code, const char *notice,
                       const PaymentState__LandNotice *record)
{
    mc_save(txn, PAYMENT_LAND_NOTICES, payment_land_key(txn, code, notice), &record->base);
}

PaymentState__TaxDebts *payment_land_lines(struct mc_txn *txn, ProtobufCBinaryData sealed)
{
    struct mc_bytes plain = mc_open_bytes(txn, sealed);
    PaymentState__TaxDebts *debts =
        txn->status == MC_OK
            ? payment_state__tax_debts__unpack(&txn->arena->protobuf, plain.len, plain.data)
            : NULL;

    if (debts == NULL)
        (void)mc_fail(txn, MC_CORRUPT, "a notice that does not open");
    return debts;
}

bool payment_land_set(struct mc_txn *txn, PaymentState__LandNotice *record,
                      PaymentState__TaxDebt **lines, size_t n)
{
    PaymentState__TaxDebts debts = PAYMENT_STATE__TAX_DEBTS__INIT;
    int64_t total = 0;

    for (size_t i = 0; i < n; i++)
        if (!payment_total_add(&total, lines[i]->amount))
            return false;
    debts.rows = lines;
    debts.n_rows = n;
    record->state = PAYMENT_LAND_DUE;
    record->total = total;
    record->due_date = n > 0 ? lines[0]->due_date : mc_unconst("");
    record->lines = mc_seal_bytes(txn, payment_packed(txn, &debts.base));
    return n > 0;
}

bool payment_land_is_due(struct mc_txn *txn, const char *code)
{
    struct mc_cursor cursor = mc_seek(txn, PAYMENT_LAND_NOTICES, payment_land_key(txn, code, ""),
                                      (struct mc_bytes){0}, MC_FORWARD);

    if (code[0] == '\0')
        return false;
    for (size_t i = 0; i < PAYMENT_LAND_NOTICES_MAX && mc_next(&cursor); i++) {
        const PaymentState__LandNotice *record =
            mc_row(&cursor, &payment_state__land_notice__descriptor);
        if (record != NULL && record->state == PAYMENT_LAND_DUE)
            return true;
    }
    return false;
}

void payment_land_dossier_keep(struct mc_txn *txn, const Dossier__Changed *body)
{
    PaymentState__LandDossier record = PAYMENT_STATE__LAND_DOSSIER__INIT;

    if (body->code[0] == '\0' || strlen(body->code) > PAYMENT_CODE_MAX)
        return;
    record.dossier_id = body->dossier_id;
    record.owner_account = body->owner_account;
    record.unit = body->unit;
    record.unit_name = body->unit_name;
    record.procedure_code = body->procedure_code;
    record.procedure_name = body->procedure_name;
    mc_save(txn, PAYMENT_LAND_DOSSIERS, mc_key_text(body->code), &record.base);
}

/* Every line of a notice goes to one treasury and one account: the first line says which. */
void payment_land_init(struct mc_txn *txn, const PaymentState__Order *order,
                       PaymentState__Init *init)
{
    const PaymentState__LandNotice *notice =
        payment_land_load(txn, order->dossier_code, order->land_notice);
    const PaymentState__TaxDebts *debts =
        notice != NULL ? payment_land_lines(txn, notice->lines) : NULL;

    if (debts == NULL || debts->n_rows == 0) {
        (void)mc_fail(txn, MC_CORRUPT, "an order for no notice");
        return;
    }
    init->treasury = debts->rows[0];
}

static char *words_of(struct mc_txn *txn, const PaymentState__TaxDebts *debts)
{
    const char *words = "";

    for (size_t i = 0; i < debts->n_rows && words != NULL; i++)
        words =
            mc_sprintf(txn->arena, "%s%s%s", words, i > 0 ? "; " : "", debts->rows[i]->item_name);
    if (words == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return mc_unconst(words != NULL ? words : "");
}

/*
 * payment.voucher_issued: all that the province's API wants (3.4, RECEIPT_IN), for whoever delivers
 * it. Sealed: it names the taxpayer and the payer.
 */
static void voucher_emit(struct mc_txn *txn, const struct payment_case *c,
                         const PaymentState__TaxDebts *debts)
{
    struct payment_person payer = payment_person_of(txn, c->order->owner_account);
    const PaymentState__TaxDebt *first = debts->rows[0];
    Payment__VoucherIssued event = PAYMENT__VOUCHER_ISSUED__INIT;
    const char *keys[] = {mc_sprintf(txn->arena, "dossier:%s", c->order->dossier_code), NULL};

    event.dossier_code = c->order->dossier_code;
    event.notice = c->order->land_notice;
    event.unit = c->order->unit;
    event.order_id = (ProtobufCBinaryData){c->order_id.len, mc_unconst(c->order_id.data)};
    event.tax_code = first->tax_code;
    event.taxpayer = first->taxpayer;
    event.payer_name = mc_unconst(payer.name);
    event.payer_identity = mc_unconst(payer.identity);
    event.content = words_of(txn, debts);
    event.amount = c->order->total;
    event.paid_at_ms = c->order->paid_at_ms;
    event.transaction_id = c->attempt->transaction_id;
    event.n_receipts = c->order->n_receipts;
    event.receipts = c->order->receipts;
    event.treasury = first->treasury;
    event.treasury_account = first->account;
    event.chapter = first->chapter;
    event.office = first->office;
    event.area = first->area;
    mc_emit(txn, "payment.voucher_issued", &event.base, MC_SEALED, keys);
}

void payment_land_paid(struct mc_txn *txn, const struct payment_case *c)
{
    PaymentState__LandNotice *record =
        payment_land_load(txn, c->order->dossier_code, c->order->land_notice);
    const PaymentState__TaxDebts *debts =
        record != NULL ? payment_land_lines(txn, record->lines) : NULL;

    if (debts == NULL || debts->n_rows == 0) {
        (void)mc_fail(txn, MC_CORRUPT, "a paid order for no notice");
        return;
    }
    record->state = PAYMENT_LAND_PAID;
    record->paid_at_ms = txn->now_ms;
    record->transaction_id = c->attempt->transaction_id;
    record->voucher = PAYMENT__VOUCHER_STATE__VOUCHER_ISSUED;
    record->unit = c->order->unit;
    payment_land_save(txn, c->order->dossier_code, c->order->land_notice, record);
    voucher_emit(txn, c, debts);
}

const char *payment_tax_area(struct mc_arena *arena, const char *tax_area)
{
    enum { TAX_AREA, AREA, AREA_SIZE = 8 };
    char area[AREA_SIZE];
    struct mc_csv csv;

    mc_csv_open(&csv, mc_data_tax_areas, mc_data_tax_areas_len);
    while (mc_csv_next(&csv)) {
        if (!mc_csv_is(&csv, TAX_AREA, tax_area) || !mc_csv_copy(&csv, AREA, area, sizeof area))
            continue;
        const char *copy = mc_strdup(arena, area);
        return copy != NULL ? copy : "";
    }
    return "";
}

/* Look-up ids grow with time, so the oldest come first. */
void payment_land_tick(struct mc_txn *txn)
{
    struct mc_cursor cursor =
        mc_seek(txn, PAYMENT_LAND_LOOK_UPS, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    uint64_t gone = 0;

    for (size_t n = 0; n < PAYMENT_LAND_TICK_ROWS && mc_next(&cursor); n++) {
        int64_t made_ms = 0;
        if (cursor.key.len == MC_ID_LEN && mc_uuid7_time(cursor.key.data, &made_ms) &&
            txn->now_ms - made_ms <= PAYMENT_LAND_LIFE_MS)
            break;
        mc_drop(txn, PAYMENT_LAND_LOOK_UPS, cursor.key);
        gone++;
    }
    mc_retention_count(txn, "land_look_ups", gone);
}
