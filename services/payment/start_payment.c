/*
 * StartPayment: one more try at an order. A new reference, INIT to be sent, and a query planned
 * for the case that its answer is never heard. One open try at a time: two pages of one order
 * could both be paid.
 */
#include <string.h>

#include "common/ident.h"

#include "land.h"

bool payment_url_valid(const struct payment *payment, const char *url)
{
    size_t len = strlen(url);
    bool scheme = strncmp(url, "https://", 8) == 0 ||
                  (payment->allow_plain_http && strncmp(url, "http://", 7) == 0);

    if (!scheme || len > PAYMENT_URL_MAX)
        return false;
    for (const char *c = url; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || strchr("\"'<>\\^`{|}", *c) != NULL)
            return false;
    return true;
}

static bool is_made_of(const char *text, const char *letters, size_t max)
{
    size_t len = strlen(text);

    return len <= max && strspn(text, letters) == len;
}

static void request_check(const struct payment *payment, struct mc_txn *txn,
                          const Payment__StartPaymentRequest *req)
{
    if (req->order_id.len != MC_ID_LEN)
        (void)mc_refuse(txn, MC_INVALID, "order_id", "FIELD_INVALID", "field", "order_id", NULL);
    if (req->return_url[0] != '\0' && !payment_url_valid(payment, req->return_url))
        (void)mc_refuse(txn, MC_INVALID, "return_url", "FIELD_INVALID", "field", "return_url",
                        NULL);
    const struct payment_bank *bank = payment_bank_find(&payment->banks, req->bank);
    if (req->bank[0] != '\0' && (bank == NULL || bank->platform_code[0] == '\0'))
        (void)mc_refuse(txn, MC_INVALID, "bank", "BANK_NOT_CONNECTED", NULL);
    if (!is_made_of(req->payer_address, "0123456789abcdefABCDEF.:", PAYMENT_ADDRESS_MAX))
        (void)mc_refuse(txn, MC_INVALID, "payer_address", "FIELD_INVALID", "field", "payer_address",
                        NULL);
}

/* Can the order be paid now, by this caller? */
static enum mc_status order_check(const struct payment *payment, struct mc_txn *txn,
                                  struct mc_bytes id, const PaymentState__Order *order)
{
    bool open = false;

    if (order == NULL || txn->caller->account_id == NULL ||
        !payment_is_owned(txn, order, txn->caller->account_id))
        return mc_refuse(txn, MC_NOT_FOUND, "order_id", "NOT_FOUND", NULL);
    if (payment_refuse_unpayable(txn, order))
        return txn->status;
    if (order->fine.len > 0 && payment->fine_service[0] == '\0')
        return mc_refuse(txn, MC_CONFLICT, "", "FINE_NOT_CONNECTED", NULL);
    size_t attempts = payment_attempts_count(txn, id, &open);
    if (open)
        return mc_refuse(txn, MC_CONFLICT, "", "PAYMENT_PENDING", NULL);
    if (attempts >= PAYMENT_ATTEMPTS_MAX)
        return mc_refuse(txn, MC_LIMITED, "", "PAYMENT_ATTEMPTS", NULL);
    return txn->status;
}

/* A reference is never used twice, not even by another order in the same second. */
static char *reference_new(struct mc_txn *txn, struct mc_bytes order_id, const char *code)
{
    char reference[PAYMENT_REFERENCE_MAX + 1];
    struct mc_bytes used;
    unsigned suffix = 0;

    do {
        payment_reference(reference, code, order_id.data, txn->now_ms, suffix);
        suffix = suffix == 0 ? 2 : suffix + 1;
    } while (suffix <= PAYMENT_REFERENCE_SUFFIX_MAX + 1 &&
             mc_get(txn, PAYMENT_REFERENCES, mc_key_text(reference), &used));
    if (suffix > PAYMENT_REFERENCE_SUFFIX_MAX + 1) {
        (void)mc_refuse(txn, MC_LIMITED, "", "PAYMENT_ATTEMPTS", NULL);
        return NULL;
    }
    return mc_strdup(txn->arena, reference);
}

static void init_fill(struct mc_txn *txn, const struct payment_case *c,
                      const Payment__StartPaymentRequest *req, PaymentState__Init *init)
{
    const PaymentState__Order *order = c->order;
    const PaymentState__Payer *payer = mc_load(
        txn, PAYMENT_PAYERS, mc_key_text(order->owner_account), &payment_state__payer__descriptor);
    char information[PAYMENT_INFORMATION_SIZE];

    payment_information(information, order->dossier_code);
    init->order_id = (ProtobufCBinaryData){c->order_id.len, mc_unconst(c->order_id.data)};
    init->attempt_id = (ProtobufCBinaryData){c->attempt_id.len, mc_unconst(c->attempt_id.data)};
    init->reference = c->attempt->reference;
    init->amount = order->total;
    init->bank = c->attempt->bank[0] != '\0' ? c->attempt->bank : mc_unconst(PAYMENT_ANY_BANK);
    init->information = mc_strdup(txn->arena, information);
    init->at_ms = txn->now_ms;
    init->payer_address =
        req->payer_address[0] != '\0' ? req->payer_address : mc_unconst("0.0.0.0");
    init->procedure_code = order->procedure_code;
    init->procedure_name = order->procedure_name;
    init->unit = order->unit;
    init->unit_name = order->unit_name;
    init->dossier_code = order->dossier_code;
    if (payer != NULL && payer->name.len > 0)
        init->payer_name = mc_open_text(txn, payer->name);
    if (payer != NULL && payer->identity.len > 0)
        init->payer_identity = mc_open_text(txn, payer->identity);
    if (order->fine.len > 0) {
        struct mc_bytes fine = mc_open_bytes(txn, order->fine);
        init->fine = (ProtobufCBinaryData){fine.len, mc_unconst(fine.data)};
    }
    if (order->land_notice[0] != '\0')
        payment_land_init(txn, order, init);
    init->items = order->items;
    init->n_items = order->n_items;
}

enum mc_status payment_start_payment(struct payment *payment, struct mc_txn *txn,
                                     const Payment__StartPaymentRequest *req,
                                     Payment__StartPaymentReply *rep)
{
    PaymentState__Attempt attempt = PAYMENT_STATE__ATTEMPT__INIT;
    PaymentState__Init init = PAYMENT_STATE__INIT__INIT;
    struct payment_case c = {.order_id = mc_key_bytes(req->order_id), .attempt = &attempt};

    request_check(payment, txn, req);
    if (txn->status != MC_OK)
        return txn->status;
    c.order = payment_order_load(txn, c.order_id);
    if (order_check(payment, txn, c.order_id, c.order) != MC_OK)
        return txn->status;

    c.attempt_id = mc_new_id(txn);
    attempt.state = PAYMENT__ATTEMPT_STATE__STARTING;
    attempt.reference = reference_new(txn, c.order_id, c.order->dossier_code);
    if (attempt.reference == NULL)
        return mc_fail(txn, MC_LIMITED, "no reference");
    attempt.amount = c.order->total;
    attempt.at_ms = txn->now_ms;
    if (req->bank[0] != '\0') /* MaNganHang: the platform's own name of it */
        attempt.bank = mc_unconst(payment_bank_find(&payment->banks, req->bank)->platform_code);
    attempt.return_url = req->return_url;

    init_fill(txn, &c, req, &init);
    if (txn->status != MC_OK || init.information == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    payment_init_add(txn, &c, &init);
    payment_query_plan(payment, txn, &c, txn->now_ms + PAYMENT_GUARD_MS);
    payment_attempt_save(txn, &c);
    mc_put(txn, PAYMENT_REFERENCES, mc_key_text(attempt.reference),
           mc_key_join(txn, c.order_id, c.attempt_id));
    payment_emit(txn, "payment.attempt_started", &c, "");

    rep->attempt_id = (ProtobufCBinaryData){c.attempt_id.len, mc_unconst(c.attempt_id.data)};
    rep->state = PAYMENT__ATTEMPT_STATE__STARTING;
    rep->reference = attempt.reference;
    return MC_OK;
}
