/* What was booked, by partner, reference and day. See reconcile.h. */
#include <stdio.h>
#include <string.h>

#include "common/date.h"

#include "reconcile.h"

struct mc_bytes payment_partner_key(struct mc_txn *txn, const char *partner, const char *rest)
{
    struct mc_bytes head = mc_keep(txn, partner, strlen(partner) + 1);

    return rest[0] != '\0' ? mc_key_join(txn, head, mc_key_text(rest)) : head;
}

/* A difference that was only there, and now is here with the same sum, is none any more. */
static void difference_end(struct mc_txn *txn, const char *partner, const char *reference,
                           int64_t amount)
{
    const PaymentState__StatementRow *row =
        mc_load(txn, PAYMENT_STATEMENT_ROWS, payment_partner_key(txn, partner, reference),
                &payment_state__statement_row__descriptor);

    if (row == NULL || row->amount != amount)
        return;
    struct mc_bytes key =
        payment_partner_key(txn, partner, mc_sprintf(txn->arena, "%s%s", row->day, reference));
    PaymentState__Difference *difference =
        mc_load(txn, PAYMENT_DIFFERENCES, key, &payment_state__difference__descriptor);
    if (difference == NULL || difference->resolved_at_ms != 0)
        return;
    difference->resolved_at_ms = txn->now_ms;
    difference->ours = amount;
    mc_save(txn, PAYMENT_DIFFERENCES, key, &difference->base);
}

void payment_booked_as(struct mc_txn *txn, const char *partner, const char *reference,
                       int64_t amount, struct mc_bytes order_id, struct mc_bytes attempt_id)
{
    PaymentState__Booked booked = PAYMENT_STATE__BOOKED__INIT;
    struct mc_bytes key = payment_partner_key(txn, partner, reference);
    struct mc_bytes before;
    char stamp[MC_STAMP_SIZE];

    if (mc_get(txn, PAYMENT_BOOKED, key, &before))
        return;
    mc_time_format_stamp(stamp, sizeof stamp, txn->now_ms);
    stamp[PAYMENT_DAY_SIZE - 1] = '\0';
    booked.amount = amount;
    booked.at_ms = txn->now_ms;
    booked.order_id = (ProtobufCBinaryData){order_id.len, mc_unconst(order_id.data)};
    booked.attempt_id = (ProtobufCBinaryData){attempt_id.len, mc_unconst(attempt_id.data)};
    mc_save(txn, PAYMENT_BOOKED, key, &booked.base);
    const char *day_key = mc_sprintf(txn->arena, "%s%s", stamp, reference);
    if (day_key == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    mc_put(txn, PAYMENT_BOOKED_DAYS, payment_partner_key(txn, partner, day_key),
           (struct mc_bytes){0});
    mc_put(txn, PAYMENT_PARTNERS, mc_key_text(mc_strdup(txn->arena, partner)),
           mc_keep(txn, stamp, PAYMENT_DAY_SIZE - 1));
    difference_end(txn, partner, reference, amount);
}

void payment_booked(struct mc_txn *txn, const struct payment_case *c, int64_t amount)
{
    const char *transaction = strchr(c->attempt->transaction_id, '/');
    char partner[PAYMENT_PARTNER_SIZE] = PAYMENT_PARTNER_PLATFORM;
    const char *reference = c->attempt->reference;

    if (c->account != NULL) { /* "bank:<bin>:<account>" and "<bin>/<the bank's number>" */
        const char *account = strrchr(c->account, ':');
        if (account == NULL || transaction == NULL)
            return;
        (void)snprintf(partner, sizeof partner, "%s/%s", c->attempt->bank, account + 1);
        reference = transaction + 1;
    }
    payment_booked_as(txn, partner, reference, amount, c->order_id, c->attempt_id);
}

void payment_not_booked(struct mc_txn *txn, const struct payment_case *c)
{
    const char *partner = PAYMENT_PARTNER_PLATFORM;
    const char *reference = c->attempt->reference;
    const PaymentState__StatementRow *row =
        mc_load(txn, PAYMENT_STATEMENT_ROWS, payment_partner_key(txn, partner, reference),
                &payment_state__statement_row__descriptor);

    if (row == NULL)
        return;
    struct mc_bytes key =
        payment_partner_key(txn, partner, mc_sprintf(txn->arena, "%s%s", row->day, reference));
    PaymentState__Difference *difference =
        mc_load(txn, PAYMENT_DIFFERENCES, key, &payment_state__difference__descriptor);
    if (difference == NULL || difference->case_id.len > 0 || difference->resolved_at_ms != 0)
        return;
    struct mc_bytes id = payment_case_open(
        txn, &(struct payment_case_spec){
                 .kind = PAYMENT__CASE_KIND__ONLY_THERE,
                 .expected = c->order->total,
                 .order_id = c->order_id,
                 .attempt_id = c->attempt_id,
                 .unit = c->order->unit,
                 .dossier_code = c->order->dossier_code,
                 .transaction_id = reference,
                 .bank = c->attempt->bank,
                 .note = "Sao kê của nền tảng ghi đã thanh toán, truy vấn trả lời chưa",
             });
    difference->case_id = (ProtobufCBinaryData){id.len, mc_unconst(id.data)};
    mc_save(txn, PAYMENT_DIFFERENCES, key, &difference->base);
}
