/*
 * Transfers: a credit on an agency's account finds its order by its words, or becomes an officer's
 * case. The money is in the books either way, and each of the bank's transactions once only.
 *
 * A reference or a dossier's code must name one order. A reference that lost a digit is believed
 * only when exactly one waiting order of that very amount is left.
 */
#include <stdio.h>
#include <string.h>

#include "reconcile.h"

enum { REFERENCE_TRIES = 99 };

/* How the reasons of settle.c are told of a transfer. */
static const struct {
    const char *reason;
    Payment__TransferState state;
} reasons[] = {
    {"ALREADY_PAID", PAYMENT__TRANSFER_STATE__DUPLICATE},
    {"ORDER_CLOSED", PAYMENT__TRANSFER_STATE__ORDER_CLOSED},
    {"UNDERPAID", PAYMENT__TRANSFER_STATE__UNDERPAID},
    {"OVERPAID", PAYMENT__TRANSFER_STATE__OVERPAID},
    {"ACCOUNT_WRONG", PAYMENT__TRANSFER_STATE__ACCOUNT_WRONG},
};

static const char *const matches[] = {
    [PAYMENT_HIT_REFERENCE] = "REFERENCE",
    [PAYMENT_HIT_CODE] = "DOSSIER_CODE",
    [PAYMENT_HIT_REPAIRED] = "REPAIRED",
};

static bool is_word(const char *text, size_t max)
{
    size_t len = strlen(text);

    for (const char *c = text; *c != '\0'; c++)
        if (*c <= ' ' || *c > '~' || *c == '/')
            return false;
    return len > 0 && len <= max;
}

const char *payment_credit_check(const struct payment_credit *credit)
{
    int64_t total = 0;

    if (strlen(credit->bin) != PAYMENT_BIN_LEN ||
        strspn(credit->bin, "0123456789") != PAYMENT_BIN_LEN)
        return "bank";
    if (!is_word(credit->account, PAYMENT_BANK_ACCOUNT_MAX) || strchr(credit->account, ':') != NULL)
        return "account";
    if (!is_word(credit->transaction_id, PAYMENT_TRANSACTION_MAX - PAYMENT_BIN_LEN - 1))
        return "transaction_id";
    if (!payment_total_add(&total, credit->amount))
        return "amount";
    if (strlen(credit->content) > PAYMENT_CONTENT_MAX)
        return "content";
    return NULL;
}

struct mc_bytes payment_transfer_key(struct mc_txn *txn, const char *bin, const char *account,
                                     const char *transaction_id)
{
    char head[PAYMENT_BIN_LEN + PAYMENT_BANK_ACCOUNT_MAX + 2];
    int len = snprintf(head, sizeof head, "%s/%s", bin, account);
    struct mc_bytes prefix =
        mc_keep(txn, head, (size_t)len + 1); /* the NUL ends the account's number */

    return transaction_id[0] != '\0' ? mc_key_join(txn, prefix, mc_key_text(transaction_id))
                                     : prefix;
}

struct match {
    struct mc_bytes order_id;
    PaymentState__Order *order;
    const char *by;
    bool several;
};

/* Could the words mean this one? */
static void consider(struct mc_txn *txn, const struct payment_hit *hit, int64_t amount,
                     struct match *match)
{
    struct mc_bytes id;

    if (!mc_get(txn, PAYMENT_QR_REFERENCES, mc_key_text(hit->key), &id))
        return;
    PaymentState__Order *order = payment_order_load(txn, id);
    if (order == NULL)
        return;
    if (hit->kind == PAYMENT_HIT_REPAIRED &&
        (order->state != PAYMENT__ORDER_STATE__PENDING || order->total != amount))
        return;
    if (match->order != NULL && mc_bytes_same(match->order_id, id))
        return;
    match->several = match->order != NULL;
    match->order_id = id;
    match->order = order;
    match->by = matches[hit->kind];
}

static struct match match_of(struct mc_txn *txn, const struct payment_credit *credit)
{
    struct payment_hit hits[PAYMENT_HITS_MAX];
    char squeezed[PAYMENT_SQUEEZED_SIZE];
    struct match match = {.by = ""};

    payment_squeeze(squeezed, sizeof squeezed, credit->content);
    size_t n = payment_reference_find(squeezed, hits);
    for (size_t i = 0; i < n && !match.several; i++) {
        if (i > 0 && hits[i].kind == PAYMENT_HIT_REPAIRED &&
            hits[i - 1].kind != PAYMENT_HIT_REPAIRED && match.order != NULL)
            break; /* what stands there whole needs no repair */
        consider(txn, &hits[i], credit->amount, &match);
    }
    if (match.several)
        match = (struct match){.by = ""};
    return match;
}

/* The order's reference, with ".2" and so on when it was used: a reference is never used twice. */
static char *reference_new(struct mc_txn *txn, const char *base)
{
    struct mc_bytes used;
    char *reference = mc_strdup(txn->arena, base);

    for (unsigned n = 2; reference != NULL && n <= REFERENCE_TRIES &&
                         mc_get(txn, PAYMENT_REFERENCES, mc_key_text(reference), &used);
         n++)
        reference = mc_sprintf(txn->arena, "%s.%u", base, n);
    if (reference == NULL)
        (void)mc_fail(txn, MC_LIMITED, "arena full");
    return reference;
}

/* Which of our accounts should have had it? */
static bool is_right_account(struct mc_txn *txn, const struct payment_credit *credit,
                             const PaymentState__Order *order)
{
    const PaymentState__Beneficiary *to = payment_beneficiary_of(txn, order->unit);

    return to != NULL && strcmp(to->bin, credit->bin) == 0 &&
           strcmp(to->account, credit->account) == 0;
}

/* The credit as an attempt of the order it means; then money settles as from the platform. */
static void settle(struct mc_txn *txn, const struct payment_credit *credit, struct match *match,
                   PaymentState__Transfer *transfer)
{
    PaymentState__Attempt attempt = PAYMENT_STATE__ATTEMPT__INIT;
    struct payment_case c = {
        .order_id = match->order_id,
        .attempt_id = mc_new_id(txn),
        .order = match->order,
        .attempt = &attempt,
        .account = payment_bank_account(txn, credit->bin, credit->account),
        .misplaced = !is_right_account(txn, credit, match->order),
    };

    attempt.state = PAYMENT__ATTEMPT_STATE__STARTING;
    attempt.reference = reference_new(txn, match->order->qr_reference);
    attempt.amount = credit->amount;
    attempt.at_ms = txn->now_ms;
    attempt.bank = mc_unconst(credit->bin);
    attempt.transaction_id = mc_sprintf(txn->arena, "%s/%s", credit->bin, credit->transaction_id);
    if (c.account == NULL || attempt.reference == NULL || attempt.transaction_id == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    mc_put(txn, PAYMENT_REFERENCES, mc_key_text(attempt.reference),
           mc_key_join(txn, c.order_id, c.attempt_id));
    payment_settle(txn, &c, credit->amount);
    transfer->state = PAYMENT__TRANSFER_STATE__TAKEN;
    for (size_t i = 0; i < MC_LEN(reasons); i++)
        if (attempt.state == PAYMENT__ATTEMPT_STATE__SUSPENSE &&
            strcmp(attempt.error, reasons[i].reason) == 0)
            transfer->state = reasons[i].state;
    transfer->order_id = (ProtobufCBinaryData){c.order_id.len, mc_unconst(c.order_id.data)};
    transfer->attempt_id = (ProtobufCBinaryData){c.attempt_id.len, mc_unconst(c.attempt_id.data)};
    transfer->unit = match->order->unit;
}

static void unmatched(struct mc_txn *txn, const struct payment_credit *credit,
                      PaymentState__Transfer *transfer)
{
    const struct payment_line lines[] = {
        {payment_bank_account(txn, credit->bin, credit->account), credit->amount},
        {PAYMENT_SUSPENSE, -credit->amount},
    };
    const struct payment_case_spec spec = {
        .kind = PAYMENT__CASE_KIND__UNMATCHED_PAYMENT,
        .amount = credit->amount,
        .account = PAYMENT_SUSPENSE,
        .source = lines[0].account,
        .unit = transfer->unit,
        .transaction_id = credit->transaction_id,
        .bank = credit->bin,
        .note = credit->content,
    };
    struct mc_bytes cause = mc_new_id(txn);

    if (txn->status != MC_OK)
        return;
    transfer->state = PAYMENT__TRANSFER_STATE__UNMATCHED;
    transfer->attempt_id = (ProtobufCBinaryData){cause.len, mc_unconst(cause.data)};
    (void)payment_transfer(txn, lines, MC_LEN(lines),
                           &(struct payment_cause){.kind = PAYMENT_CAUSE_NOTICE, .id = cause});
    payment_booked_as(txn, mc_sprintf(txn->arena, "%s/%s", credit->bin, credit->account),
                      credit->transaction_id, credit->amount, (struct mc_bytes){0}, cause);
    (void)payment_case_open(txn, &spec);
}

static void tell(struct mc_txn *txn, const struct payment_credit *credit,
                 const PaymentState__Transfer *transfer)
{
    Payment__Transfer event = PAYMENT__TRANSFER__INIT;
    char id[MC_UUID_TEXT_LEN + 1];
    const char *keys[2] = {NULL};

    event.bin = mc_unconst(credit->bin);
    event.account = mc_unconst(credit->account);
    event.transaction_id = mc_unconst(credit->transaction_id);
    event.amount = credit->amount;
    event.at_ms = credit->at_ms;
    event.state = (Payment__TransferState)transfer->state;
    event.order_id = transfer->order_id;
    event.attempt_id = transfer->attempt_id;
    event.matched_by = transfer->matched_by;
    event.unit = transfer->unit;
    if (transfer->order_id.len == MC_ID_LEN) {
        mc_uuid_text(id, transfer->order_id.data);
        keys[0] = mc_sprintf(txn->arena, "payment:%s", id);
    }
    mc_emit(txn, "payment.transfer_received", &event.base, MC_PLAIN, keys);
}

bool payment_credit_take(struct payment *payment, struct mc_txn *txn,
                         const struct payment_credit *credit, bool *ret_same)
{
    PaymentState__Transfer transfer = PAYMENT_STATE__TRANSFER__INIT;
    struct mc_bytes key =
        payment_transfer_key(txn, credit->bin, credit->account, credit->transaction_id);

    (void)payment;
    const PaymentState__Transfer *known =
        mc_load(txn, PAYMENT_TRANSFERS, key, &payment_state__transfer__descriptor);
    *ret_same = known == NULL || known->amount == credit->amount;
    if (known != NULL || txn->status != MC_OK)
        return false;

    struct match match = match_of(txn, credit);
    transfer.matched_by = mc_unconst(match.by);
    if (match.order != NULL)
        settle(txn, credit, &match, &transfer);
    else
        unmatched(txn, credit, &transfer);
    transfer.amount = credit->amount;
    transfer.at_ms = credit->at_ms;
    transfer.content = mc_seal_text(txn, credit->content);
    transfer.noted_at_ms = txn->now_ms;
    mc_save(txn, PAYMENT_TRANSFERS, key, &transfer.base);
    tell(txn, credit, &transfer);
    return true;
}
