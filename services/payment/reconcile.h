/*
 * Reconciliation: what a partner says of a day against what we booked (3.9). A partner is
 * "platform", or one of our bank accounts as "<bin>/<account>". Only the payment room's files
 * include it.
 *
 *     booked           partner, 0, reference         -> Booked: money that came, from settle.c
 *     booked_days      partner, 0, yyyyMMdd, reference -> nothing
 *     statement_rows   partner, 0, reference         -> StatementRow: what the partner listed
 *     reconciliations  partner, 0, yyyyMMdd          -> Reconciliation: a day's sums
 *     differences      partner, 0, yyyyMMdd, reference -> Difference
 *
 * The reference is MaThamChieu at the platform, the bank's transaction number on an account. What
 * was booked in the last hour of a day may stand in the next day's statement.
 */
#pragma once

#include "common/csv.h"
#include "common/date.h"

#include "transfer.h"

enum {
    PAYMENT_STATEMENT_ROWS_MAX = 400, /* of one part */
    PAYMENT_PARTNER_SIZE = PAYMENT_BIN_LEN + PAYMENT_BANK_ACCOUNT_MAX + 2,
    PAYMENT_DAY_SIZE = 9, /* yyyyMMdd */
    PAYMENT_BOOKED_DAY_MAX = 20000,
    PAYMENT_DAY_SLACK_MS = 60 * 60 * 1000,
    PAYMENT_DIFFERENCES_EXPORT_MAX = 2000,
    PAYMENT_PARTNERS_MAX = 1000,
};

#define PAYMENT_PARTNER_PLATFORM "platform"

/* One line of a statement; texts are borrowed. */
struct payment_statement_line {
    char reference[PAYMENT_TRANSACTION_MAX + 1];
    char content[PAYMENT_CONTENT_MAX + 1];
    int64_t amount;
    int64_t at_ms; /* 0: not said */
};

/* Reads statements as CSV; columns are known by their names, in two languages (statement.c). */
struct payment_statement {
    struct mc_csv csv;
    size_t reference;
    size_t amount;
    size_t time;
    size_t content;
    size_t state;
};
/* False: a column that is needed is missing. */
mc_nodiscard bool payment_statement_open(struct payment_statement *statement, struct mc_bytes text,
                                         bool platform);
enum payment_statement_read {
    PAYMENT_STATEMENT_ROW,
    PAYMENT_STATEMENT_SKIP, /* not a payment that succeeded, or money that went out */
    PAYMENT_STATEMENT_BAD,  /* csv.line names the line */
    PAYMENT_STATEMENT_END,
};
enum payment_statement_read payment_statement_next(struct payment_statement *statement,
                                                   struct payment_statement_line *ret_line);

/* Who and which day a call is about; false with the call refused. */
mc_nodiscard bool payment_partner_read(struct mc_txn *txn, const char *bin, const char *account,
                                       const char **ret_partner);
mc_nodiscard bool payment_day_read(struct mc_txn *txn, const char *text, struct mc_date *ret_date,
                                   char ret_day[PAYMENT_DAY_SIZE]);

struct mc_bytes payment_partner_key(struct mc_txn *txn, const char *partner, const char *rest);

/* Money came: noted for its day; a difference that waited for it is over. */
void payment_booked(struct mc_txn *txn, const struct payment_case *c, int64_t amount);
/* The same of money that named no order. */
void payment_booked_as(struct mc_txn *txn, const char *partner, const char *reference,
                       int64_t amount, struct mc_bytes order_id, struct mc_bytes attempt_id);

/* The platform answers that it was not paid: a case, when its own statement says otherwise. */
void payment_not_booked(struct mc_txn *txn, const struct payment_case *c);

/* A statement of yesterday that has not come is told once. */
void payment_reconcile_tick(const struct payment *payment, struct mc_txn *txn);

enum mc_status payment_import_statement(struct payment *payment, struct mc_txn *txn,
                                        const Payment__ImportStatementRequest *req,
                                        Payment__Reconciliation *rep);
enum mc_status payment_get_reconciliation(struct payment *payment, struct mc_txn *txn,
                                          const Payment__GetReconciliationRequest *req,
                                          Payment__Reconciliation *rep);
