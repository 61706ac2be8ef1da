/*
 * Cases: money that came and has no place, and what reconciliation found. Each is an officer's
 * until it is resolved; what moves money needs two of them.
 *
 *     OPEN -> ASSIGNED -> PROPOSED -> RESOLVED
 *       |         ^          |
 *       |         +----------+ not approved
 *       +--> PROPOSED            nobody needs to take it first
 */
#pragma once

#include "common/unit_index.h"

#include "payment.pb-c.h"
#include "state.pb-c.h"

enum {
    PAYMENT_CASES_WITH_MAX = 8,  /* other cases that pay an order together with one */
    PAYMENT_CASE_NOTES_MAX = 50, /* then it can only be read */
};

/* What is needed to open one. Texts may be NULL or empty, ids of no bytes. */
struct payment_case_spec {
    Payment__CaseKind kind;
    int64_t amount;      /* what lies in suspense; 0: nothing does */
    int64_t expected;    /* what the order asked for; 0: no order */
    const char *account; /* of the ledger, when amount is above 0: where it lies */
    const char *source;  /* by which account it came; NULL: the platform's */
    struct mc_bytes order_id;
    struct mc_bytes attempt_id;
    const char *unit; /* whose officers it is for */
    const char *dossier_code;
    const char *transaction_id;
    const char *bank;
    const char *note; /* what is known of it */
};

/* Returns its id; the money is posted by the caller. Emits payment.case_opened. */
struct mc_bytes payment_case_open(struct mc_txn *txn, const struct payment_case_spec *spec);

/* NULL when there is none, or the call has failed. */
mc_nodiscard PaymentState__Case *payment_case_get(struct mc_txn *txn, struct mc_bytes id);

/* The same for a change by an officer: his to see, not resolved, of this version; refuses else. */
mc_nodiscard PaymentState__Case *payment_case_take(struct mc_txn *txn, struct mc_bytes id,
                                                   uint32_t version);

/* Saves a change with a note on it, counts its version up, and emits `type`. */
void payment_case_put(struct mc_txn *txn, struct mc_bytes id, PaymentState__Case *record,
                      const char *type, const char *note);

/* Ends it: no officer's list of open ones has it any more. */
void payment_case_end(struct mc_txn *txn, struct mc_bytes id, PaymentState__Case *record,
                      const char *note);

void payment_case_show(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Case *record,
                       Payment__Case *rep);

/* Who does it, as it is written down: the account, or the caller's name. */
const char *payment_actor(const struct mc_txn *txn);

/*
 * Lists by unit (common/unit_index.h): "o" open cases, "a" all of them, "r" refunds under way, "b"
 * receipts, … in PAYMENT_BY_UNIT.
 */

/* A page of such a list. */
struct payment_page {
    struct mc_cursor cursor;
    size_t size;
};
/*
 * The unit asked for, or the caller's own when it is empty; an operator may leave it out and gets
 * all. Refuses and returns false for a unit that is not the caller's, a wrong size or token.
 */
mc_nodiscard bool payment_page_open(struct mc_txn *txn, const char *kind, const char *unit,
                                    uint32_t size, const char *token,
                                    struct payment_page *ret_page);
/* The id of the next row; false at the end of the page. */
bool payment_page_next(struct payment_page *page, struct mc_bytes *ret_id);
/* What the next page begins after: that id. "" when there is nothing more. */
char *payment_page_token(struct mc_txn *txn, struct payment_page *page, struct mc_bytes last);
