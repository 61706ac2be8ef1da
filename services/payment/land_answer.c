/*
 * tax.land: asks the tax office what is owed for a dossier, and keeps what it says: for who looked
 * it up, and in the notices, whose amounts are what is still owed (a notice may be paid in parts,
 * here or elsewhere).
 */
#include <string.h>

#include "land.h"

enum mc_status payment_tax_land_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                     const ProtobufCMessage *payload,
                                     struct mc_http_request *ret_request)
{
    const struct payment *payment = ctx;
    const PaymentState__LandAsk *ask = (const PaymentState__LandAsk *)(const void *)payload;
    const char *const fields[] = {"MA_HS", ask->dossier_code, "SO", ask->id_number, NULL};
    char id[MC_UUID_TEXT_LEN + 1] = "";

    (void)job;
    if (ask->look_up_id.len == MC_ID_LEN)
        mc_uuid_text(id, ask->look_up_id.data);
    *ret_request = (struct mc_http_request){
        .method = "POST",
        .url = payment->tax_url,
        .content_type = "application/json",
        .timeout_ms = PAYMENT_HTTP_TIMEOUT_MS,
        .answer_max = PAYMENT_OUTSIDE_ANSWER_MAX,
    };
    return payment_gip_ask(arena, id, PAYMENT_GIP_LAND, ask->at_ms, fields, &ret_request->body);
}

/* Rows of this dossier, with a notice; one of them must be of the person who was named. */
static PaymentState__TaxDebts rows_of(struct mc_txn *txn, const struct payment_gip *gip,
                                      const PaymentState__LandAsk *ask)
{
    PaymentState__TaxDebts debts = PAYMENT_STATE__TAX_DEBTS__INIT;
    PaymentState__TaxDebt *rows = mc_alloc(txn->arena, (gip->rows_len + 1) * sizeof *rows);
    bool named = false;

    debts.rows = mc_alloc(txn->arena, (gip->rows_len + 1) * sizeof(PaymentState__TaxDebt *));
    if (rows == NULL || debts.rows == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return debts;
    }
    for (size_t i = 0; i < gip->rows_len; i++) {
        const struct payment_gip_row *row = &gip->rows[i];
        size_t len = strlen(row->notice);
        if (strcmp(row->dossier_code, ask->dossier_code) != 0 || len == 0 ||
            len > PAYMENT_NOTICE_MAX)
            continue;
        named = named || payment_gip_same_person(row->identity, ask->id_number);
        payment_debt_fill(row, &rows[i]);
        rows[i].certificate = mc_unconst(row->certificate);
        rows[i].parcel = mc_unconst(row->parcel);
        rows[i].map_sheet = mc_unconst(row->map_sheet);
        rows[i].address = mc_unconst(row->address);
        if (row->area[0] == '\0') /* the tax area's code is another list's */
            rows[i].area = mc_unconst(payment_tax_area(txn->arena, row->commune_code));
        debts.rows[debts.n_rows++] = &rows[i];
    }
    if (!named)
        debts.n_rows = 0;
    return debts;
}

/* Is the notice's order being paid right now? Then its lines stay as they are. */
static bool is_being_paid(struct mc_txn *txn, const PaymentState__LandNotice *record)
{
    bool open = false;

    if (record->order_id.len == MC_ID_LEN)
        (void)payment_attempts_count(txn, mc_key_bytes(record->order_id), &open);
    return open;
}

static void notice_keep(struct mc_txn *txn, const char *code, const char *number,
                        const PaymentState__TaxDebts *debts)
{
    PaymentState__LandNotice fresh = PAYMENT_STATE__LAND_NOTICE__INIT;
    PaymentState__LandNotice *record = payment_land_load(txn, code, number);
    PaymentState__TaxDebt **lines =
        mc_alloc(txn->arena, debts->n_rows * sizeof(PaymentState__TaxDebt *));
    size_t n = 0;

    if (lines == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    for (size_t i = 0; i < debts->n_rows; i++)
        if (strcmp(debts->rows[i]->notice, number) == 0)
            lines[n++] = debts->rows[i];
    if (record == NULL) {
        record = &fresh;
        record->told_at_ms = txn->now_ms;
    }
    /* paid here: the tax office is only slow to know */
    if (record->state == PAYMENT_LAND_PAID || is_being_paid(txn, record))
        return;
    if (payment_land_set(txn, record, lines, n))
        payment_land_save(txn, code, number, record);
}

static bool is_listed(const PaymentState__TaxDebts *debts, const char *number)
{
    for (size_t i = 0; i < debts->n_rows; i++)
        if (strcmp(debts->rows[i]->notice, number) == 0)
            return true;
    return false;
}

/* What was due and is not listed any more was paid elsewhere; the dossier may wait for nothing. */
static void elsewhere(struct mc_txn *txn, const char *code, const PaymentState__TaxDebts *debts)
{
    struct mc_bytes prefix = payment_land_key(txn, code, "");
    struct mc_cursor cursor =
        mc_seek(txn, PAYMENT_LAND_NOTICES, prefix, (struct mc_bytes){0}, MC_FORWARD);
    bool any = false;

    for (size_t i = 0; i < PAYMENT_LAND_NOTICES_MAX && mc_next(&cursor); i++) {
        PaymentState__LandNotice *record = mc_row(&cursor, &payment_state__land_notice__descriptor);
        const char *number = mc_sprintf(txn->arena, "%.*s", (int)(cursor.key.len - prefix.len),
                                        (const char *)cursor.key.data + prefix.len);
        if (record == NULL || number == NULL || record->state != PAYMENT_LAND_DUE ||
            is_listed(debts, number) || is_being_paid(txn, record))
            continue;
        record->state = PAYMENT_LAND_ELSEWHERE;
        payment_land_save(txn, code, number, record);
        any = true;
    }
    if (!any || payment_land_is_due(txn, code))
        return;
    const PaymentState__LandDossier *dossier = mc_load(
        txn, PAYMENT_LAND_DOSSIERS, mc_key_text(code), &payment_state__land_dossier__descriptor);
    Payment__LandSettled event = PAYMENT__LAND_SETTLED__INIT;
    const char *keys[] = {mc_sprintf(txn->arena, "dossier:%s", code), NULL};
    event.dossier_code = mc_unconst(code);
    if (dossier != NULL)
        event.dossier_id = dossier->dossier_id;
    mc_emit(txn, "payment.land_settled", &event.base, MC_PLAIN, keys);
}

static void found(struct mc_txn *txn, const PaymentState__LandAsk *ask,
                  const struct payment_gip *gip, PaymentState__LandLookUp *look_up)
{
    PaymentState__TaxDebts debts = rows_of(txn, gip, ask);

    if (gip->state == PAYMENT_GIP_NOT_FOUND ||
        (gip->state == PAYMENT_GIP_OWES && debts.n_rows == 0)) {
        look_up->state = PAYMENT__LOOK_UP_STATE__NOTHING_FOUND;
        look_up->error = mc_unconst("DOSSIER_NOT_FOUND");
        return;
    }
    for (size_t i = 0; i < debts.n_rows; i++) {
        bool first = true;
        for (size_t before = 0; before < i; before++)
            first = first && strcmp(debts.rows[before]->notice, debts.rows[i]->notice) != 0;
        if (first)
            notice_keep(txn, ask->dossier_code, debts.rows[i]->notice, &debts);
    }
    elsewhere(txn, ask->dossier_code, &debts);
    look_up->state = PAYMENT__LOOK_UP_STATE__FOUND;
    look_up->error = mc_unconst(debts.n_rows == 0 ? "NO_TAX_DUE" : "");
    look_up->lines = mc_seal_bytes(txn, payment_packed(txn, &debts.base));
}

enum mc_status payment_tax_land_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                     const ProtobufCMessage *payload,
                                     const struct mc_result *result, enum mc_verdict *ret_verdict)
{
    const PaymentState__LandAsk *ask = (const PaymentState__LandAsk *)(const void *)payload;
    struct mc_bytes id = mc_key_bytes(ask->look_up_id);
    mc_cleanup(mc_json_freep) struct mc_json *json = payment_outside_read(result);
    struct payment_gip gip = {.state = PAYMENT_GIP_UNREADABLE};
    char uuid[MC_UUID_TEXT_LEN + 1];

    (void)ctx;
    (void)job;
    *ret_verdict = MC_DONE;
    PaymentState__LandLookUp *look_up =
        mc_load(txn, PAYMENT_LAND_LOOK_UPS, id, &payment_state__land_look_up__descriptor);
    if (look_up == NULL || look_up->state != PAYMENT__LOOK_UP_STATE__LOOKING)
        return txn->status;
    mc_uuid_text(uuid, id.data);
    if (json != NULL)
        gip = payment_gip_read(txn->arena, json, uuid, PAYMENT_GIP_LAND);
    if (gip.state == PAYMENT_GIP_UNREADABLE && !result->gave_up) {
        *ret_verdict = MC_RETRY;
        return txn->status;
    }
    if (gip.state == PAYMENT_GIP_UNREADABLE) {
        look_up->state = PAYMENT__LOOK_UP_STATE__LOOK_UP_OFFLINE;
        look_up->error = mc_unconst("TAX_OFFLINE");
    } else {
        found(txn, ask, &gip, look_up);
    }
    mc_save(txn, PAYMENT_LAND_LOOK_UPS, id, &look_up->base);
    return txn->status;
}
