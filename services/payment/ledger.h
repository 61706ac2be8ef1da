/*
 * Ledger: double entry in integer đồng. Pure: what a transfer must be, and what it does to a
 * balance. The books themselves are in books.c.
 *
 * Accounts are texts: "platform:receivable" (what the platform owes us), "suspense:platform"
 * (what came and has no place), "agency:<code>:<fee|charge>:<sub-item>" (what an agency earned).
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

/* One line of a transfer: above 0 debit, below 0 credit. */
struct payment_line {
    const char *account;
    int64_t amount;
};

struct payment_balance {
    int64_t debit;
    int64_t credit;
};

/* NULL when the lines are a transfer; else what is wrong, in a word. */
mc_nodiscard const char *payment_lines_check(const struct payment_line *lines, size_t n);

/* False on overflow, and the balance is as it was. */
mc_nodiscard bool payment_balance_apply(struct payment_balance *balance, int64_t amount);

/* False when it does not fit or a part is empty. */
mc_nodiscard bool payment_account_agency(char *out, size_t size, const char *unit, uint32_t kind,
                                         const char *code);

/* The sum of amounts that must each be 1 … PAYMENT_AMOUNT_MAX, and so must the sum. */
mc_nodiscard bool payment_total_add(int64_t *total, int64_t amount);
