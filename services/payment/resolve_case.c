/*
 * ResolveCase: an officer says what is to be done with a case. What moves money waits for another
 * officer (ApproveCase); a case in which nothing lies is closed at once.
 */
#include <string.h>

#include "payment.h"

enum { DECISION_MAX = 64 };

static void invalid(struct mc_txn *txn, const char *field)
{
    (void)mc_refuse(txn, MC_INVALID, field, "FIELD_INVALID", "field", field, NULL);
}

static void required(struct mc_txn *txn, const char *field)
{
    (void)mc_refuse(txn, MC_INVALID, field, "FIELD_REQUIRED", "field", field, NULL);
}

/* Each field is given exactly when the action needs it. */
static void request_check(struct mc_txn *txn, const Payment__ResolveCaseRequest *req)
{
    bool applies = req->action == PAYMENT__CASE_ACTION__APPLY_TO_ORDER;
    bool decided = req->action == PAYMENT__CASE_ACTION__TO_TREASURY;

    if (req->action < PAYMENT__CASE_ACTION__APPLY_TO_ORDER ||
        req->action > PAYMENT__CASE_ACTION__NO_ACTION)
        invalid(txn, "action");
    if (applies ? req->order_id.len != MC_ID_LEN : req->order_id.len != 0)
        invalid(txn, "order_id");
    if (req->n_with_cases > (applies ? PAYMENT_CASES_WITH_MAX : 0))
        invalid(txn, "with_cases");
    for (size_t i = 0; i < req->n_with_cases; i++)
        if (req->with_cases[i].len != MC_ID_LEN)
            invalid(txn, "with_cases");
    if (decided && req->decision_number[0] == '\0')
        required(txn, "decision_number");
    if (!decided && req->decision_number[0] != '\0')
        invalid(txn, "decision_number");
}

static PaymentState__CaseProposal *
proposal_of(struct mc_txn *txn, const Payment__ResolveCaseRequest *req, const char *decision)
{
    PaymentState__CaseProposal *proposal = mc_alloc(txn->arena, sizeof *proposal);

    if (proposal == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return NULL;
    }
    payment_state__case_proposal__init(proposal);
    proposal->action = req->action;
    proposal->order_id = req->order_id;
    proposal->n_with_cases = req->n_with_cases;
    proposal->with_cases = req->with_cases;
    proposal->decision_number = mc_unconst(decision);
    proposal->by = mc_unconst(payment_actor(txn));
    proposal->at_ms = txn->now_ms;
    return proposal;
}

enum mc_status payment_resolve_case(struct payment *payment, struct mc_txn *txn,
                                    const Payment__ResolveCaseRequest *req, Payment__Case *rep)
{
    struct mc_bytes id = mc_key_bytes(req->case_id);

    (void)payment;
    request_check(txn, req);
    const char *reason = payment_line_read(txn, "reason", req->reason, true);
    const char *decision = payment_line_read(txn, "decision_number", req->decision_number, false);
    if (strlen(decision) > DECISION_MAX)
        (void)mc_refuse(txn, MC_INVALID, "decision_number", "FIELD_TOO_LONG", "field",
                        "decision_number", "max", "64", NULL);
    PaymentState__Case *record = payment_case_take(txn, id, req->version);
    if (record == NULL)
        return txn->status;
    if (record->state == PAYMENT__CASE_STATE__CASE_PROPOSED)
        return mc_refuse(txn, MC_CONFLICT, "", "CASE_PROPOSED", NULL);
    bool closes = req->action == PAYMENT__CASE_ACTION__NO_ACTION;
    if (closes != (record->amount == 0))
        return mc_refuse(txn, MC_CONFLICT, "action", closes ? "CASE_HOLDS_MONEY" : "CASE_EMPTY",
                         NULL);

    record->proposal = proposal_of(txn, req, decision);
    if (record->proposal != NULL && !closes) /* what could not be done is told now, not later */
        payment_case_rehearse(txn, id, record);
    if (txn->status != MC_OK)
        return txn->status;
    if (closes) {
        payment_case_end(txn, id, record, reason);
    } else {
        record->state = PAYMENT__CASE_STATE__CASE_PROPOSED;
        payment_case_put(txn, id, record, "payment.case_proposed", reason);
    }
    payment_case_show(txn, id, record, rep);
    return txn->status;
}
