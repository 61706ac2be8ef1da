/*
 * CheckLedger: sums everything again from the postings, in sequence, and compares with the kept
 * balances. Each transfer must sum to zero, no sequence may be missing, and no account may differ.
 * A book too long for one call is checked each night (check_books.c), whose result is told here;
 * and a single account can be asked for.
 */
#include <endian.h>
#include <string.h>

#include "payment.h"

enum {
    CHECK_POSTINGS_MAX = 500 * 1000, /* about a second; more needs an offline check */
    CHECK_ACCOUNTS_MAX = 16384,      /* a power of two, half of it used */
    CHECK_BALANCES_SHOWN = 1000,
    CHECK_CHUNK = 256,
};

struct sum {
    const char *account; /* NULL: free */
    struct payment_balance balance;
};

struct check {
    struct sum *sums;
    size_t sums_len;
    uint64_t postings;
    uint64_t transfer;
    int64_t transfer_sum;
    struct payment_balance all;
    const char *problem;
};

static void wrong(struct check *check, const char *problem)
{
    if (check->problem == NULL)
        check->problem = problem;
}

static struct sum *sum_of(struct check *check, const char *account)
{
    size_t at = (size_t)mc_checksum(mc_key_text("ledger"), mc_key_text(account));

    for (;; at++) {
        struct sum *sum = &check->sums[at % CHECK_ACCOUNTS_MAX];
        if (sum->account == NULL || strcmp(sum->account, account) == 0)
            return sum;
    }
}

/* The balances as they are kept: also the list of accounts there may be. */
static bool balances_load(struct mc_txn *txn, struct check *check, struct sum *kept, size_t *ret_n)
{
    struct mc_cursor cursor =
        mc_seek(txn, PAYMENT_BALANCES, (struct mc_bytes){0}, (struct mc_bytes){0}, MC_FORWARD);
    size_t n = 0;

    while (mc_next(&cursor)) {
        const PaymentState__Balance *balance = mc_row(&cursor, &payment_state__balance__descriptor);
        if (balance == NULL || n == CHECK_ACCOUNTS_MAX / 2) {
            (void)mc_refuse(txn, MC_LIMITED, "", "LEDGER_TOO_LONG", NULL);
            return false;
        }
        char *account = mc_alloc(txn->arena, cursor.key.len + 1);
        if (account == NULL) {
            (void)mc_fail(txn, MC_LIMITED, "arena full");
            return false;
        }
        memcpy(account, cursor.key.data, cursor.key.len);
        kept[n++] = (struct sum){account, {balance->debit, balance->credit}};
        sum_of(check, account)->account = account;
    }
    *ret_n = n;
    return txn->status == MC_OK;
}

static void transfer_end(struct check *check)
{
    if (check->transfer_sum != 0)
        wrong(check, "TRANSFER_UNBALANCED");
    check->transfer_sum = 0;
}

static void posting_add(struct check *check, uint64_t sequence,
                        const PaymentState__Posting *posting)
{
    struct sum *sum = sum_of(check, posting->account);

    check->postings++;
    if (sequence != check->postings)
        wrong(check, "SEQUENCE_GAP");
    if (posting->transfer != check->transfer) {
        transfer_end(check);
        check->transfer = posting->transfer;
    }
    if (sum->account == NULL) {
        wrong(check, "ACCOUNT_WITHOUT_BALANCE");
        return;
    }
    if (!mc_money_add(check->transfer_sum, posting->amount, &check->transfer_sum) ||
        !payment_balance_apply(&sum->balance, posting->amount) ||
        !payment_balance_apply(&check->all, posting->amount))
        wrong(check, "OVERFLOW");
}

/* One stretch of postings; false at the end. The arena is given back: there may be many. */
static bool chunk_add(struct mc_txn *txn, struct check *check)
{
    size_t mark = txn->arena->used;
    struct mc_cursor cursor =
        mc_seek(txn, PAYMENT_POSTINGS, (struct mc_bytes){0},
                check->postings > 0 ? mc_key_u64(txn, check->postings + 1) : (struct mc_bytes){0},
                MC_FORWARD);
    size_t n = 0;

    for (; n < CHECK_CHUNK && mc_next(&cursor); n++) {
        uint64_t sequence = 0;
        const PaymentState__Posting *posting = mc_row(&cursor, &payment_state__posting__descriptor);
        if (posting == NULL || cursor.key.len != sizeof sequence)
            break;
        memcpy(&sequence, cursor.key.data, sizeof sequence);
        posting_add(check, be64toh(sequence), posting);
    }
    mc_wipe(txn->arena->base + mark, txn->arena->used - mark); /* fresh memory is zero */
    txn->arena->used = mark;
    return n == CHECK_CHUNK && check->problem == NULL && txn->status == MC_OK;
}

static void compare(struct check *check, const struct sum *kept, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct sum *sum = sum_of(check, kept[i].account);
        if (sum->balance.debit != kept[i].balance.debit ||
            sum->balance.credit != kept[i].balance.credit)
            wrong(check, "BALANCE_DIFFERS");
    }
    transfer_end(check);
    if (check->all.debit != check->all.credit)
        wrong(check, "UNBALANCED");
}

static bool show(struct mc_txn *txn, const struct sum *kept, size_t n,
                 Payment__CheckLedgerReply *rep)
{
    size_t shown = MC_MIN(n, (size_t)CHECK_BALANCES_SHOWN);
    Payment__AccountBalance *balances = mc_alloc(txn->arena, (shown + 1) * sizeof *balances);

    rep->balances = mc_alloc(txn->arena, (shown + 1) * sizeof(Payment__AccountBalance *));
    if (balances == NULL || rep->balances == NULL)
        return false;
    for (size_t i = 0; i < shown; i++) {
        payment__account_balance__init(&balances[i]);
        balances[i].account = mc_unconst(kept[i].account);
        balances[i].debit = kept[i].balance.debit;
        balances[i].credit = kept[i].balance.credit;
        rep->balances[i] = &balances[i];
    }
    rep->n_balances = shown;
    return true;
}

static void nightly_show(struct mc_txn *txn, Payment__CheckLedgerReply *rep)
{
    const PaymentState__BookCheck *last = payment_books_last(txn);

    if (last == NULL)
        return;
    rep->nightly = mc_alloc(txn->arena, sizeof *rep->nightly);
    if (rep->nightly == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return;
    }
    payment__book_check__init(rep->nightly);
    rep->nightly->running = last->running;
    rep->nightly->started_at_ms = last->started_ms;
    rep->nightly->finished_at_ms = last->finished_ms;
    rep->nightly->postings = last->through;
    rep->nightly->problem = last->problem;
}

/* One account: its own postings, by the index, against its balance. */
static enum mc_status account_check(struct mc_txn *txn, const char *account,
                                    Payment__CheckLedgerReply *rep)
{
    const PaymentState__Balance *balance =
        mc_load(txn, PAYMENT_BALANCES, mc_key_text(account), &payment_state__balance__descriptor);
    struct payment_balance sum = {0};
    struct mc_bytes prefix = payment_account_prefix(txn, account);

    if (balance == NULL)
        return txn->status != MC_OK ? txn->status
                                    : mc_refuse(txn, MC_NOT_FOUND, "account", "NOT_FOUND", NULL);
    struct mc_cursor cursor =
        mc_seek(txn, PAYMENT_BY_ACCOUNT, prefix, (struct mc_bytes){0}, MC_FORWARD);
    while (mc_next(&cursor)) {
        struct mc_bytes sequence = {(const uint8_t *)cursor.key.data + prefix.len,
                                    cursor.key.len - prefix.len};
        const PaymentState__Posting *posting =
            mc_load(txn, PAYMENT_POSTINGS, sequence, &payment_state__posting__descriptor);
        if (rep->postings++ >= CHECK_POSTINGS_MAX)
            return mc_refuse(txn, MC_LIMITED, "", "LEDGER_TOO_LONG", NULL);
        if (posting == NULL || strcmp(posting->account, account) != 0 ||
            !payment_balance_apply(&sum, posting->amount))
            rep->problem = mc_unconst("POSTING_MISSING");
        mc_pass(&cursor);
    }
    if (sum.debit != balance->debit || sum.credit != balance->credit)
        rep->problem = mc_unconst("BALANCE_DIFFERS");
    rep->debit = sum.debit;
    rep->credit = sum.credit;
    rep->balanced = rep->problem[0] == '\0';
    return txn->status;
}

enum mc_status payment_check_ledger(struct payment *payment, struct mc_txn *txn,
                                    const Payment__CheckLedgerRequest *req,
                                    Payment__CheckLedgerReply *rep)
{
    struct check check = {.sums = mc_alloc(txn->arena, CHECK_ACCOUNTS_MAX * sizeof *check.sums)};
    struct sum *kept = mc_alloc(txn->arena, CHECK_ACCOUNTS_MAX / 2 * sizeof *kept);
    size_t n = 0;

    (void)payment;
    nightly_show(txn, rep);
    if (req->account[0] != '\0')
        return strlen(req->account) < PAYMENT_ACCOUNT_SIZE
                   ? account_check(txn, req->account, rep)
                   : mc_refuse(txn, MC_INVALID, "account", "FIELD_INVALID", "field", "account",
                               NULL);
    if (check.sums == NULL || kept == NULL)
        return mc_fail(txn, MC_LIMITED, "arena full");
    if (!balances_load(txn, &check, kept, &n))
        return txn->status;
    while (chunk_add(txn, &check))
        if (check.postings >= CHECK_POSTINGS_MAX)
            return mc_refuse(txn, MC_LIMITED, "", "LEDGER_TOO_LONG", NULL);
    compare(&check, kept, n);
    if (txn->status != MC_OK || !show(txn, kept, n, rep))
        return mc_fail(txn, MC_LIMITED, "arena full");
    rep->balanced = check.problem == NULL;
    rep->postings = check.postings;
    rep->debit = check.all.debit;
    rep->credit = check.all.credit;
    rep->problem = mc_unconst(check.problem != NULL ? check.problem : "");
    return MC_OK;
}
