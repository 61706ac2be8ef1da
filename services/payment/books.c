/*
 * The books: postings by sequence, only ever added, and the balance of each account.
 *
 *     postings   sequence -> Posting
 *     balances   account  -> Balance
 *
 * The cause of a transfer is its attempt, which can be posted once only: an attempt reaches
 * SUCCEEDED or SUSPENSE once, in the same transaction.
 */
#include "payment.h"

static void post(struct mc_txn *txn, const struct payment_line *line, uint64_t transfer,
                 uint64_t sequence, struct mc_bytes cause)
{
    PaymentState__Posting posting = PAYMENT_STATE__POSTING__INIT;

    posting.account = mc_unconst(line->account);
    posting.amount = line->amount;
    posting.transfer = transfer;
    posting.cause = (ProtobufCBinaryData){cause.len, mc_unconst(cause.data)};
    posting.at_ms = txn->now_ms;
    mc_save(txn, PAYMENT_POSTINGS, mc_key_u64(txn, sequence), &posting.base);
}

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

void payment_transfer(struct mc_txn *txn, const struct payment_line *lines, size_t n,
                      struct mc_bytes cause)
{
    uint64_t transfer = 0;

    assert(payment_lines_check(lines, n) == NULL);
    for (size_t i = 0; i < n; i++) {
        uint64_t sequence = mc_count(txn, "ledger");
        if (transfer == 0)
            transfer = sequence;
        post(txn, &lines[i], transfer, sequence, cause);
        balance_add(txn, &lines[i]);
    }
}
