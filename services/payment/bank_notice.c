/*
 * BankNotice: a bank tells of money on one of our accounts, at once and often twice:
 *
 *     POST /webhooks/bank    signed (webhook.c)
 *     {"bank": "970415", "account": "990000000017", "transaction_id": "FT26250000123",
 *      "amount": "8000", "currency": "VND", "time": "20260907093455", "content": "CT den 8000 …"}
 *
 * 200 {"result": "OK" | "KNOWN"}; 401 when it is not the bank's, 400 when it cannot be read.
 * Amounts are digits, or a JSON number. A second telling of one transaction changes nothing; when
 * it names another amount, the audit hears of it.
 */
#include <string.h>

#include "common/date.h"
#include "common/json.h"

#include "transfer.h"

static const char *text_of(struct mc_arena *arena, const struct mc_json *json, const char *name)
{
    const char *text = mc_json_text(json, name);

    return text != NULL ? mc_strdup(arena, text) : NULL;
}

static bool amount_of(const struct mc_json *json, int64_t *ret_amount)
{
    const char *text = mc_json_text(json, "amount");

    return text != NULL ? mc_money_parse(text, ret_amount) == MC_WHY_OK
                        : mc_json_number(json, "amount", ret_amount);
}

/* False: it cannot be read. */
static bool credit_read(struct mc_arena *arena, struct mc_bytes body,
                        struct payment_credit *ret_credit)
{
    mc_cleanup(mc_json_freep) struct mc_json *json = NULL;

    if (mc_json_parse(body, &json) != MC_OK)
        return false;
    const char *currency = mc_json_text(json, "currency");
    const char *time = mc_json_text(json, "time");
    *ret_credit = (struct payment_credit){
        .bin = text_of(arena, json, "bank"),
        .account = text_of(arena, json, "account"),
        .transaction_id = text_of(arena, json, "transaction_id"),
        .content = text_of(arena, json, "content"),
    };
    return ret_credit->bin != NULL && ret_credit->account != NULL &&
           ret_credit->transaction_id != NULL && ret_credit->content != NULL &&
           (currency == NULL || strcmp(currency, PAYMENT_CURRENCY) == 0) && time != NULL &&
           mc_stamp_parse(time, &ret_credit->at_ms) == MC_WHY_OK &&
           amount_of(json, &ret_credit->amount) && payment_credit_check(ret_credit) == NULL;
}

static void contradicted(struct mc_txn *txn, const struct payment_credit *credit)
{
    static const char *const no_keys[] = {NULL};
    Payment__Transfer event = PAYMENT__TRANSFER__INIT;

    event.bin = mc_unconst(credit->bin);
    event.account = mc_unconst(credit->account);
    event.transaction_id = mc_unconst(credit->transaction_id);
    event.amount = credit->amount;
    mc_emit(txn, "payment.transfer_contradicted", &event.base, MC_PLAIN, no_keys);
}

enum mc_status payment_bank_notice(struct payment *payment, struct mc_txn *txn,
                                   const Motcua__WebhookRequest *req, Motcua__WebhookReply *rep)
{
    struct payment_credit credit;
    bool same = true;

    if (!payment_webhook_signed(txn, payment->bank_secret, req))
        return payment_webhook_say(txn, rep, 401, "UNAUTHORIZED");
    if (!credit_read(txn->arena, mc_key_bytes(req->body), &credit))
        return payment_webhook_say(txn, rep, 400, "MALFORMED");
    bool taken = payment_credit_take(payment, txn, &credit, &same);
    if (!same)
        contradicted(txn, &credit);
    return payment_webhook_say(txn, rep, 200, taken ? "OK" : "KNOWN");
}
