/*
 * The books: postings by sequence, only ever added, and the balance of each account.
 *
 *     postings     sequence               -> Posting
 *     balances     account                -> Balance
 *     by_account   account, 0, sequence   -> nothing
 *     causes       kind, step, id         -> sequence of the transfer's first posting
 *
 * All lines of a transfer are in one transaction with what caused it: they are posted together or
 * not at all. What is wrong is never changed, but taken back by another transfer.
 */
#include <endian.h>
#include <string.h>

#include "payment.h"

static void post(struct mc_txn *txn, const struct payment_line *line, uint64_t transfer,
                 uint64_t sequence, const struct payment_cause *cause)
{
    PaymentState__Posting posting = PAYMENT_STATE__POSTING__INIT;

    posting.account = mc_unconst(line->account);
    posting.amount = line->amount;
    posting.transfer = transfer;
    posting.cause = (ProtobufCBinaryData){cause->id.len, mc_unconst(cause->id.data)};
    posting.cause_kind = cause->kind;
    posting.reverses = cause->reverses;
    posting.at_ms = txn->now_ms;
    mc_save(txn, PAYMENT_POSTINGS, mc_key_u64(txn, sequence), &posting.base);
    mc_put(txn, PAYMENT_BY_ACCOUNT,
           mc_key_join(txn, payment_account_prefix(txn, line->account), mc_key_u64(txn, sequence)),
           (struct mc_bytes){0});
}

struct mc_bytes payment_account_prefix(struct mc_txn *txn, const char *account)
{
    (void)txn;
    return (struct mc_bytes){account, strlen(account) + 1}; /* the NUL ends it */
}

/* An account that several lines of one transfer touch is judged by what they leave together. */
static void balance_add(struct mc_txn *txn, const struct payment_line *line)
{
    PaymentState__Balance record = PAYMENT_STATE__BALANCE__INIT;
    struct mc_bytes key = mc_key_text(line->account);
    const PaymentState__Balance *old =
        mc_load(txn, PAYMENT_BALANCES, key, &payment_state__balance__descriptor);
    struct payment_balance balance = {0};

    if (old != NULL)
        balance = (struct payment_balance){old->debit, old->credit};
    if (!payment_balance_apply(&balance, line->amount)) {
        (void)mc_fail(txn, MC_FULL, "a ledger balance would overflow");
        return;
    }
    record.debit = balance.debit;
    record.credit = balance.credit;
    mc_save(txn, PAYMENT_BALANCES, key, &record.base);
}

static void overdraft_check(struct mc_txn *txn, const struct payment_line *line)
{
    const PaymentState__Balance *record = mc_load(txn, PAYMENT_BALANCES, mc_key_text(line->account),
                                                  &payment_state__balance__descriptor);

    if (record != NULL &&
        payment_overdrawn(line->account, &(struct payment_balance){record->debit, record->credit}))
        (void)mc_refuse(txn, MC_CONFLICT, "", "LEDGER_OVERDRAWN", NULL);
}

static struct mc_bytes cause_key(struct mc_txn *txn, const struct payment_cause *cause)
{
    const uint8_t head[] = {(uint8_t)cause->kind, cause->step};

    return mc_key_join(txn, mc_keep(txn, head, sizeof head), cause->id);
}

uint64_t payment_number_of(struct mc_txn *txn, unsigned table, struct mc_bytes key)
{
    struct mc_bytes value;
    uint64_t number = 0;

    if (!mc_get(txn, table, key, &value) || value.len != sizeof number)
        return 0;
    memcpy(&number, value.data, sizeof number);
    return be64toh(number);
}

uint64_t payment_transfer_back(struct mc_txn *txn, uint64_t transfer,
                               const struct payment_cause *cause)
{
    struct payment_line lines[PAYMENT_LINES_MAX];
    struct mc_cursor cursor =
        mc_seek(txn, PAYMENT_POSTINGS, (struct mc_bytes){0}, mc_key_u64(txn, transfer), MC_FORWARD);
    size_t n = 0;

    while (n < MC_LEN(lines) && mc_next(&cursor)) {
        const PaymentState__Posting *posting = mc_row(&cursor, &payment_state__posting__descriptor);
        if (posting == NULL || posting->transfer != transfer)
            break;
        lines[n++] = (struct payment_line){posting->account, -posting->amount};
    }
    if (txn->status != MC_OK || n == 0)
        return 0;
    return payment_transfer(txn, lines, n, cause);
}

uint64_t payment_transfer_of(struct mc_txn *txn, const struct payment_cause *cause)
{
    return payment_number_of(txn, PAYMENT_CAUSES, cause_key(txn, cause));
}

uint64_t payment_transfer(struct mc_txn *txn, const struct payment_line *lines, size_t n,
                          const struct payment_cause *cause)
{
    uint64_t transfer = 0;

    assert(payment_lines_check(lines, n) == NULL);
    if (payment_transfer_of(txn, cause) != 0) {
        (void)mc_fail(txn, MC_CORRUPT, "a cause is posted twice");
        return 0;
    }
    for (size_t i = 0; i < n; i++) {
        uint64_t sequence = mc_count(txn, "ledger");
        if (transfer == 0)
            transfer = sequence;
        post(txn, &lines[i], transfer, sequence, cause);
        balance_add(txn, &lines[i]);
    }
    for (size_t i = 0; i < n; i++)
        overdraft_check(txn, &lines[i]);
    mc_put(txn, PAYMENT_CAUSES, cause_key(txn, cause), mc_key_u64(txn, transfer));
    return transfer;
}
