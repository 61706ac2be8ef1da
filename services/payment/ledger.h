/*
 * Ledger: double entry in integer đồng. Pure: what a transfer must be, and what it does to a
 * balance. The books themselves are in books.c.
 *
 * Accounts are texts; what stands before the first ':' says which side they are on:
 *
 *     platform:receivable                  what the platform owes us            debit
 *     bank:…                               what lies at a bank                  debit
 *     suspense:…                           what came and has no place           credit
 *     agency:<code>:<kind>:<sub-item>      what an agency earned                credit
 *     refunds:payable                      set aside to be sent back            credit
 *     payout:<code>                        sent back by an agency's own hand    credit
 *     treasury:<code>                      nobody's: gone to the budget         credit
 *
 * No account may go below nothing on its side: suspense cannot give what did not come, and an
 * agency cannot send back what it did not earn. What is promised and not yet done is never a
 * number beside the books but an account of its own (refunds:payable), so that both phases of a
 * refund are transfers, and a promise that is broken is a transfer back.
 */
#pragma once

#include "common/base.h"

enum {
    PAYMENT_LINES_MAX = 32,
    PAYMENT_ACCOUNT_SIZE = 96,
    PAYMENT_SCALE = 1000 * 1000,
};

/* No single order may be above this: far beyond any fee or land tax, far below overflow. */
#define PAYMENT_AMOUNT_MAX (INT64_C(999999) * PAYMENT_SCALE)

#define PAYMENT_RECEIVABLE "platform:receivable"
#define PAYMENT_SUSPENSE   "suspense:platform"
#define PAYMENT_PAYABLE    "refunds:payable"

/* One line of a transfer: above 0 debit, below 0 credit. */
struct payment_line {
    const char *account;
    int64_t amount;
};

struct payment_balance {
    int64_t debit;
    int64_t credit;
};

/*
 * What a transfer was posted for. A cause is posted once per step, for ever: the books refuse the
 * second. (TigerBeetle's rule that an id is never used again, with the business's own ids.)
 */
enum payment_cause_kind {
    PAYMENT_CAUSE_ATTEMPT = 1,
    PAYMENT_CAUSE_CASE,
    PAYMENT_CAUSE_REFUND,
    PAYMENT_CAUSE_CORRECTION,
    PAYMENT_CAUSE_NOTICE, /* a bank's notice or a row of its statement */
};

struct payment_cause {
    enum payment_cause_kind kind;
    uint8_t step; /* of a cause that is posted in several: 0, 1, … */
    struct mc_bytes id;
    uint64_t reverses; /* the transfer that is taken back; 0: none */
};

/* NULL when the lines are a transfer; else what is wrong, in a word. */
mc_nodiscard const char *payment_lines_check(const struct payment_line *lines, size_t n);

/* False on overflow, and the balance is as it was. */
mc_nodiscard bool payment_balance_apply(struct payment_balance *balance, int64_t amount);

/* Has it given more than it had, for the side its account is on? */
bool payment_overdrawn(const char *account, const struct payment_balance *balance);

/* False when it does not fit or a part is empty. */
mc_nodiscard bool payment_account_agency(char *out, size_t size, const char *unit, uint32_t kind,
                                         const char *code);

/* The sum of amounts that must each be 1 … PAYMENT_AMOUNT_MAX, and so must the sum. */
mc_nodiscard bool payment_total_add(int64_t *total, int64_t amount);
