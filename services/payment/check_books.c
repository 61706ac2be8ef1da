/*
 * The check of the whole book, each night: every posting is summed again, in its sequence, and
 * every balance is compared with what its postings say. In steps of the tick, so that a book of any
 * length is checked and nobody waits; postings that come meanwhile are summed before balances are
 * compared.
 *
 *     checks       "book"  -> BookCheck
 *     check_sums   account -> CheckSum, good only for the check whose generation it bears
 */
#include <endian.h>
#include <string.h>

#include "common/date.h"

#include "payment.h"

enum {
    CHECK_STEP_POSTINGS = 5000, /* about 20 ms, once a minute: seven millions a day */
    CHECK_STEP_BALANCES = 1000,
    CHECK_TALLIES_MAX = 256, /* accounts of one step; one more ends it */
};

struct tally {
    char account[PAYMENT_ACCOUNT_SIZE];
    struct payment_balance balance;
};

struct tallies {
    struct tally *rows;
    size_t n;
};

static struct mc_bytes key(void)
{
    return mc_key_text("book");
}

const PaymentState__BookCheck *payment_books_last(struct mc_txn *txn)
{
    return mc_load(txn, PAYMENT_CHECKS, key(), &payment_state__book_check__descriptor);
}

/* A sum of this check; nothing when the row is of an earlier one. */
static struct payment_balance sum_load(struct mc_txn *txn, const PaymentState__BookCheck *check,
                                       const char *account)
{
    const PaymentState__CheckSum *sum = mc_load(txn, PAYMENT_CHECK_SUMS, mc_key_text(account),
                                                &payment_state__check_sum__descriptor);

    if (sum == NULL || sum->generation != check->generation)
        return (struct payment_balance){0};
    return (struct payment_balance){sum->debit, sum->credit};
}

static struct tally *tally_of(struct mc_txn *txn, const PaymentState__BookCheck *check,
                              struct tallies *tallies, const char *account)
{
    for (size_t i = 0; i < tallies->n; i++)
        if (strcmp(tallies->rows[i].account, account) == 0)
            return &tallies->rows[i];
    if (tallies->n == CHECK_TALLIES_MAX || strlen(account) >= PAYMENT_ACCOUNT_SIZE)
        return NULL;
    struct tally *tally = &tallies->rows[tallies->n++];
    memcpy(tally->account, account, strlen(account) + 1);
    tally->balance = sum_load(txn, check, account);
    return tally;
}

static void wrong(PaymentState__BookCheck *check, const char *problem)
{
    if (check->problem[0] == '\0')
        check->problem = mc_unconst(problem);
}

static void posting_add(PaymentState__BookCheck *check, const PaymentState__Posting *posting,
                        struct tally *tally)
{
    struct payment_balance all = {check->debit, check->credit};

    if (posting->transfer != check->transfer) {
        if (check->transfer_sum != 0)
            wrong(check, "TRANSFER_UNBALANCED");
        check->transfer = posting->transfer;
        check->transfer_sum = 0;
    }
    if (!mc_money_add(check->transfer_sum, posting->amount, &check->transfer_sum) ||
        !payment_balance_apply(&tally->balance, posting->amount) ||
        !payment_balance_apply(&all, posting->amount))
        wrong(check, "OVERFLOW");
    check->debit = all.debit;
    check->credit = all.credit;
}

static void tallies_save(struct mc_txn *txn, PaymentState__BookCheck *check,
                         const struct tallies *tallies)
{
    for (size_t i = 0; i < tallies->n; i++) {
        const struct tally *tally = &tallies->rows[i];
        PaymentState__CheckSum sum = PAYMENT_STATE__CHECK_SUM__INIT;
        struct mc_bytes balance;

        sum.generation = check->generation;
        sum.debit = tally->balance.debit;
        sum.credit = tally->balance.credit;
        mc_save(txn, PAYMENT_CHECK_SUMS, mc_key_text(tally->account), &sum.base);
        if (!mc_get(txn, PAYMENT_BALANCES, mc_key_text(tally->account), &balance))
            wrong(check, "ACCOUNT_WITHOUT_BALANCE");
    }
}

/* Sums the next postings; true when there are no more. */
static bool sum_some(struct mc_txn *txn, PaymentState__BookCheck *check)
{
    struct tallies tallies = {mc_alloc(txn->arena, CHECK_TALLIES_MAX * sizeof *tallies.rows), 0};
    struct mc_cursor cursor = mc_seek(txn, PAYMENT_POSTINGS, (struct mc_bytes){0},
                                      mc_key_u64(txn, check->through + 1), MC_FORWARD);
    bool ended = false;

    if (tallies.rows == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return false;
    }
    for (size_t n = 0; n < CHECK_STEP_POSTINGS && check->problem[0] == '\0'; n++) {
        uint64_t sequence = 0;

        if (!mc_next(&cursor)) {
            ended = true;
            break;
        }
        const PaymentState__Posting *posting = mc_row(&cursor, &payment_state__posting__descriptor);
        if (posting == NULL || cursor.key.len != sizeof sequence)
            break;
        memcpy(&sequence, cursor.key.data, sizeof sequence);
        if (be64toh(sequence) != check->through + 1) {
            wrong(check, "SEQUENCE_GAP");
            break;
        }
        struct tally *tally = tally_of(txn, check, &tallies, posting->account);
        if (tally == NULL)
            break; /* the next step goes on here */
        check->through++;
        posting_add(check, posting, tally);
        mc_pass(&cursor);
    }
    if (txn->status == MC_OK)
        tallies_save(txn, check, &tallies);
    return ended && txn->status == MC_OK;
}

/* Compares the next balances with the sums, which are now; true when there are no more. */
static bool compare_some(struct mc_txn *txn, PaymentState__BookCheck *check)
{
    struct mc_bytes from = {0};
    size_t n = 0;

    if (check->transfer_sum != 0)
        wrong(check, "TRANSFER_UNBALANCED");
    if (check->debit != check->credit)
        wrong(check, "UNBALANCED");
    if (check->compared[0] != '\0') /* the first key behind it */
        from = (struct mc_bytes){check->compared, strlen(check->compared) + 1};
    struct mc_cursor cursor =
        mc_seek(txn, PAYMENT_BALANCES, (struct mc_bytes){0}, from, MC_FORWARD);
    while (n++ < CHECK_STEP_BALANCES && check->problem[0] == '\0') {
        if (!mc_next(&cursor))
            return txn->status == MC_OK;
        const PaymentState__Balance *balance = mc_row(&cursor, &payment_state__balance__descriptor);
        const char *account =
            mc_sprintf(txn->arena, "%.*s", (int)cursor.key.len, (const char *)cursor.key.data);
        if (balance == NULL || account == NULL) {
            (void)mc_fail(txn, MC_LIMITED, "arena full");
            return false;
        }
        struct payment_balance sum = sum_load(txn, check, account);
        if (sum.debit != balance->debit || sum.credit != balance->credit)
            wrong(check, "BALANCE_DIFFERS");
        check->compared = mc_unconst(account);
    }
    return check->problem[0] != '\0';
}

static void finish(struct mc_txn *txn, PaymentState__BookCheck *check)
{
    static const char *const no_keys[] = {NULL};
    Payment__BookCheck shown = PAYMENT__BOOK_CHECK__INIT;
    Payment__BooksChecked event = PAYMENT__BOOKS_CHECKED__INIT;

    check->running = false;
    check->finished_ms = txn->now_ms;
    check->compared = mc_unconst("");
    shown.started_at_ms = check->started_ms;
    shown.finished_at_ms = check->finished_ms;
    shown.postings = check->through;
    shown.problem = check->problem;
    event.check = &shown;
    event.debit = check->debit;
    event.credit = check->credit;
    mc_emit(txn, "payment.books_checked", &event.base, MC_PLAIN, no_keys);
}

static bool is_due(const struct payment *payment, const struct mc_txn *txn,
                   const PaymentState__BookCheck *last)
{
    struct mc_local now = mc_local_from_ms(txn->now_ms);
    struct mc_date before = mc_date_from_ms(last != NULL ? last->started_ms : 0);

    return now.hour >= (int)payment->check_hour &&
           (last == NULL || now.date.day != before.day || now.date.month != before.month ||
            now.date.year != before.year);
}

void payment_books_check(const struct payment *payment, struct mc_txn *txn)
{
    PaymentState__BookCheck fresh = PAYMENT_STATE__BOOK_CHECK__INIT;
    PaymentState__BookCheck *check =
        mc_load(txn, PAYMENT_CHECKS, key(), &payment_state__book_check__descriptor);

    if (txn->status != MC_OK)
        return;
    if (check == NULL || !check->running) {
        if (!is_due(payment, txn, check))
            return;
        fresh.generation = check != NULL ? check->generation + 1 : 1;
        fresh.started_ms = txn->now_ms;
        fresh.running = true;
        check = &fresh;
    }
    bool summed = sum_some(txn, check);
    if (txn->status == MC_OK && (check->problem[0] != '\0' || (summed && compare_some(txn, check))))
        finish(txn, check);
    mc_save(txn, PAYMENT_CHECKS, key(), &check->base);
}
