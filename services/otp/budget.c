/*
 * Budgets: what a person, an officer, an office and an address prefix may have codes sent for,
 * apart from the phone's own (phone.c). They are charged in the transaction that sends the code, so
 * many calls at once cannot get past them; every one that is used up is told, with the time to
 * wait.
 *
 * An officer's 60 an hour is the product's (part E); the others are proposed. A front end that
 * names no address is not charged for one.
 */
#include "otp.h"

enum { HOUR_MS = 60 * 60 * 1000, DAY_MS = 24 * HOUR_MS };

struct rule {
    const char *purpose; /* of the keyed hash */
    const char *field;
    const char *code;
    int64_t window_ms;
};

static const struct rule rules[OTP_BUDGETS_LEN] = {
    [OTP_BUDGET_IDENTITY] = {"otp.identity", "identity", "OTP_LIMIT_IDENTITY", DAY_MS},
    [OTP_BUDGET_OFFICER] = {"otp.officer", "officer", "OTP_LIMIT_OFFICER", HOUR_MS},
    [OTP_BUDGET_UNIT] = {"otp.unit", "unit_code", "OTP_LIMIT_UNIT", HOUR_MS},
    [OTP_BUDGET_SOURCE] = {"otp.source", "source", "OTP_LIMIT_SOURCE", HOUR_MS},
};

static int64_t most_of(const struct otp *otp, enum otp_budget budget)
{
    const int64_t most[OTP_BUDGETS_LEN] = {
        [OTP_BUDGET_IDENTITY] = otp->sends_identity,
        [OTP_BUDGET_OFFICER] = otp->sends_officer,
        [OTP_BUDGET_UNIT] = otp->sends_unit,
        [OTP_BUDGET_SOURCE] = otp->sends_source,
    };
    return most[budget];
}

static bool is_named(const char *who)
{
    return who != NULL && who[0] != '\0';
}

static struct mc_bytes key_of(struct mc_txn *txn, enum otp_budget budget, const char *who)
{
    return mc_blind(txn, rules[budget].purpose, who);
}

bool otp_budgets_allow(const struct otp *otp, struct mc_txn *txn, const struct otp_charge *charge)
{
    int64_t free_at[OTP_BUDGETS_LEN] = {0};
    bool allowed = true;

    for (enum otp_budget budget = 0; budget < OTP_BUDGETS_LEN; budget++)
        if (is_named(charge->who[budget]))
            free_at[budget] = otp_window_free_at(
                mc_load(txn, OTP_BUDGETS, key_of(txn, budget, charge->who[budget]),
                        &otp_state__window__descriptor),
                txn->now_ms, rules[budget].window_ms, most_of(otp, budget));
    for (enum otp_budget budget = 0; budget < OTP_BUDGETS_LEN; budget++) {
        if (free_at[budget] == 0)
            continue;
        allowed = false;
        int64_t wait_ms = free_at[budget] - txn->now_ms;
        txn->retry_after_ms = MC_MAX(txn->retry_after_ms, wait_ms);
        (void)mc_refuse(txn, MC_LIMITED, rules[budget].field, rules[budget].code, "minutes",
                        otp_minutes(txn, wait_ms), NULL);
    }
    return allowed;
}

void otp_budgets_charge(struct mc_txn *txn, const struct otp_charge *charge)
{
    for (enum otp_budget budget = 0; budget < OTP_BUDGETS_LEN; budget++) {
        if (!is_named(charge->who[budget]))
            continue;
        struct mc_bytes key = key_of(txn, budget, charge->who[budget]);
        const OtpState__Window *window =
            otp_window_add(txn, mc_load(txn, OTP_BUDGETS, key, &otp_state__window__descriptor),
                           rules[budget].window_ms, txn->now_ms, 1);
        if (window != NULL)
            mc_save(txn, OTP_BUDGETS, key, &window->base);
    }
}

/* The longest of their windows: after it none counts. */
bool otp_budget_is_idle(const OtpState__Window *window, int64_t now_ms)
{
    int64_t length_ms = HOUR_MS / OTP_WINDOW_PIECES;
    int64_t day_length_ms = DAY_MS / OTP_WINDOW_PIECES;

    /* Which window it was is not kept: a day's piece numbers are smaller by far. */
    int64_t length = window->newest > now_ms / day_length_ms ? length_ms : day_length_ms;
    return now_ms / length - window->newest > OTP_WINDOW_PIECES;
}
