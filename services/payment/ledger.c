#include "ledger.h"

#include <stdio.h>
#include <string.h>

#include "common/money.h"

#include "payment.pb-c.h"

static bool account_valid(const char *account)
{
    size_t len = account != NULL ? strlen(account) : 0;

    return len > 0 && len < PAYMENT_ACCOUNT_SIZE && strchr(account, ':') != NULL;
}

const char *payment_lines_check(const struct payment_line *lines, size_t n)
{
    int64_t sum = 0;

    if (n < 2)
        return "FEW_LINES";
    if (n > PAYMENT_LINES_MAX)
        return "MANY_LINES";
    for (size_t i = 0; i < n; i++) {
        if (!account_valid(lines[i].account))
            return "ACCOUNT";
        if (lines[i].amount == 0)
            return "ZERO";
        if (lines[i].amount == INT64_MIN || !mc_money_add(sum, lines[i].amount, &sum))
            return "OVERFLOW";
    }
    return sum == 0 ? NULL : "UNBALANCED";
}

bool payment_balance_apply(struct payment_balance *balance, int64_t amount)
{
    if (amount >= 0)
        return mc_money_add(balance->debit, amount, &balance->debit);
    return mc_money_sub(balance->credit, amount, &balance->credit);
}

bool payment_overdrawn(const char *account, const struct payment_balance *balance)
{
    bool is_debit = strncmp(account, "platform:", 9) == 0 || strncmp(account, "bank:", 5) == 0;

    return is_debit ? balance->credit > balance->debit : balance->debit > balance->credit;
}

static const char *kind_name(uint32_t kind)
{
    switch (kind) {
    case PAYMENT__ITEM_KIND__CHARGE:
        return "charge";
    case PAYMENT__ITEM_KIND__FINE:
        return "fine";
    case PAYMENT__ITEM_KIND__TAX_DEBT:
        return "tax";
    default:
        return "fee";
    }
}

bool payment_account_agency(char *out, size_t size, const char *unit, uint32_t kind,
                            const char *code)
{
    if (unit[0] == '\0' || code[0] == '\0')
        return false;
    int len = snprintf(out, size, "agency:%s:%s:%s", unit, kind_name(kind), code);
    return len > 0 && (size_t)len < size;
}

bool payment_total_add(int64_t *total, int64_t amount)
{
    int64_t sum = 0;

    if (amount < 1 || amount > PAYMENT_AMOUNT_MAX || !mc_money_add(*total, amount, &sum) ||
        sum > PAYMENT_AMOUNT_MAX)
        return false;
    *total = sum;
    return true;
}
