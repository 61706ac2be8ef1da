/*
 * ApproveCase: another officer decides what was proposed, and then it is done: in one transaction
 * with the books. Who proposed it cannot decide it.
 */
#include <stdio.h>
#include <string.h>

#include "payment.h"

/* The cases whose money is used: the one in hand and those named with it. */
struct used {
    struct mc_bytes ids[1 + PAYMENT_CASES_WITH_MAX];
    PaymentState__Case *records[1 + PAYMENT_CASES_WITH_MAX];
    size_t n;
    int64_t sum;
};

static bool used_add(struct mc_txn *txn, struct used *used, struct mc_bytes id,
                     PaymentState__Case *record)
{
    for (size_t i = 0; i < used->n; i++)
        if (memcmp(used->ids[i].data, id.data, MC_ID_LEN) == 0) {
            (void)mc_refuse(txn, MC_INVALID, "with_cases", "FIELD_INVALID", "field", "with_cases",
                            NULL);
            return false;
        }
    if (!mc_money_add(used->sum, record->amount, &used->sum)) {
        (void)mc_refuse(txn, MC_INVALID, "with_cases", "AMOUNT_TOO_LARGE", NULL);
        return false;
    }
    used->ids[used->n] = id;
    used->records[used->n++] = record;
    return true;
}

/* The others must be as free as the first: the officer's own, open, with money, not proposed. */
static bool used_load(struct mc_txn *txn, struct mc_bytes id, PaymentState__Case *record,
                      struct used *used)
{
    const PaymentState__CaseProposal *proposal = record->proposal;

    if (!used_add(txn, used, id, record))
        return false;
    for (size_t i = 0; i < proposal->n_with_cases; i++) {
        struct mc_bytes other_id = mc_key_bytes(proposal->with_cases[i]);
        PaymentState__Case *other = payment_case_get(txn, other_id);
        if (txn->status != MC_OK)
            return false;
        if (other == NULL || !mc_unit_mine(txn, other->unit) || other->amount == 0 ||
            (other->state != PAYMENT__CASE_STATE__CASE_OPEN &&
             other->state != PAYMENT__CASE_STATE__CASE_ASSIGNED)) {
            (void)mc_refuse(txn, MC_CONFLICT, "with_cases", "CASE_NOT_FREE", NULL);
            return false;
        }
        if (!used_add(txn, used, other_id, other))
            return false;
    }
    return true;
}

/* An order that is still owed, of a unit of the officer's, that nobody is paying right now. */
static PaymentState__Order *order_take(struct mc_txn *txn, struct mc_bytes id)
{
    bool open = false;
    PaymentState__Order *order = payment_order_load(txn, id);

    if (txn->status != MC_OK)
        return NULL;
    if (order == NULL || !mc_unit_mine(txn, order->unit)) {
        (void)mc_refuse(txn, MC_NOT_FOUND, "order_id", "NOT_FOUND", NULL);
        return NULL;
    }
    (void)payment_attempts_count(txn, id, &open);
    if (payment_order_next(order->state, PAYMENT_ORDER_APPLY) ==
        PAYMENT__ORDER_STATE__ORDER_STATE_UNSPECIFIED)
        (void)mc_refuse(txn, MC_CONFLICT, "order_id", payment_order_ended(order->state), NULL);
    else if (open)
        (void)mc_refuse(txn, MC_CONFLICT, "order_id", "PAYMENT_PENDING", NULL);
    return txn->status == MC_OK ? order : NULL;
}

/* What is left when the order is paid goes back; so it must be the first case's. */
static int64_t excess_of(const struct used *used, const PaymentState__Order *order)
{
    return used->sum - order->total;
}

/* Loads all that the proposal needs and refuses what cannot be done. */
static PaymentState__Order *prepare(struct mc_txn *txn, struct mc_bytes id,
                                    PaymentState__Case *record, struct used *used)
{
    PaymentState__Order *order = NULL;

    if (!used_load(txn, id, record, used))
        return NULL;
    if (record->proposal->action != PAYMENT__CASE_ACTION__APPLY_TO_ORDER)
        return NULL;
    order = order_take(txn, mc_key_bytes(record->proposal->order_id));
    if (order != NULL && used->sum < order->total)
        (void)mc_refuse(txn, MC_CONFLICT, "with_cases", "CASE_AMOUNT_SHORT", NULL);
    else if (order != NULL && excess_of(used, order) > record->amount)
        (void)mc_refuse(txn, MC_CONFLICT, "with_cases", "CASE_AMOUNT_OVER", NULL);
    return order;
}

void payment_case_rehearse(struct mc_txn *txn, struct mc_bytes id, PaymentState__Case *record)
{
    struct used used = {0};

    (void)prepare(txn, id, record, &used);
}

/*
 * The attempt that the order's success is written in: the case's own when it was made for this
 * order, else a new one that says where the money came from.
 */
static bool attempt_of(struct mc_txn *txn, const PaymentState__Case *record, struct payment_case *c)
{
    bool own = record->attempt_id.len == MC_ID_LEN && record->order_id.len == MC_ID_LEN &&
               memcmp(record->order_id.data, c->order_id.data, MC_ID_LEN) == 0;

    if (own)
        return payment_case_load(txn, c->order_id, mc_key_bytes(record->attempt_id), c);
    c->attempt = mc_alloc(txn->arena, sizeof *c->attempt);
    if (c->attempt == NULL) {
        (void)mc_fail(txn, MC_LIMITED, "arena full");
        return false;
    }
    payment_state__attempt__init(c->attempt);
    c->attempt_id = mc_new_id(txn);
    c->attempt->state = PAYMENT__ATTEMPT_STATE__SUSPENSE;
    c->attempt->amount = c->order->total;
    c->attempt->at_ms = txn->now_ms;
    c->attempt->bank = record->bank;
    c->attempt->transaction_id = record->transaction_id;
    return txn->status == MC_OK;
}

/* The case's money, or what is left of it, is set aside and goes back to who paid it. */
static void give_back(struct payment *payment, struct mc_txn *txn, const struct used *used,
                      int64_t amount, uint64_t set_aside, const char *reason)
{
    const PaymentState__Case *record = used->records[0];
    struct payment_case c = {0};
    struct mc_bytes id = {0};

    if (txn->status != MC_OK)
        return;
    if (record->order_id.len == MC_ID_LEN && record->attempt_id.len == MC_ID_LEN &&
        !payment_case_load(txn, mc_key_bytes(record->order_id), mc_key_bytes(record->attempt_id),
                           &c))
        return;
    const struct payment_refund_spec spec = {
        .order_id = mc_key_bytes(record->order_id),
        .case_id = used->ids[0],
        .attempt_id = mc_key_bytes(record->attempt_id),
        .attempt = c.attempt,
        .unit = record->unit,
        .dossier_code = record->dossier_code,
        .owner_account = c.order != NULL ? c.order->owner_account : "",
        .source = record->source,
        .amount = amount,
        .came = record->amount,
        .requested_by = record->proposal->by,
        .reason = reason,
    };
    PaymentState__Refund *refund = payment_refund_open(payment, txn, &spec, &id);
    if (refund != NULL)
        payment_refund_approve(payment, txn, id, refund, set_aside, reason);
}

static struct payment_cause cause_of(const struct used *used)
{
    return (struct payment_cause){.kind = PAYMENT_CAUSE_CASE, .id = used->ids[0]};
}

static void send_back(struct payment *payment, struct mc_txn *txn, const struct used *used,
                      const char *reason)
{
    const PaymentState__Case *record = used->records[0];
    const struct payment_line lines[] = {{record->account, record->amount},
                                         {PAYMENT_PAYABLE, -record->amount}};
    const struct payment_cause cause = cause_of(used);
    uint64_t transfer = payment_transfer(txn, lines, MC_LEN(lines), &cause);

    give_back(payment, txn, used, record->amount, transfer, reason);
}

static void apply(struct payment *payment, struct mc_txn *txn, const struct used *used,
                  PaymentState__Order *order, const char *reason)
{
    const struct payment_cause cause = cause_of(used);
    int64_t excess = excess_of(used, order);
    const PaymentState__Case *record = used->records[0];
    struct payment_case c = {.order_id = mc_key_bytes(record->proposal->order_id), .order = order};
    struct payment_line lines[PAYMENT_LINES_MAX];
    size_t n = 0;

    if (!attempt_of(txn, record, &c))
        return;
    for (; n < used->n; n++)
        lines[n] = (struct payment_line){used->records[n]->account, used->records[n]->amount};
    n += payment_earned_lines(txn, c.order, -1, lines + n);
    if (excess > 0)
        lines[n++] = (struct payment_line){PAYMENT_PAYABLE, -excess};
    if (txn->status != MC_OK)
        return;
    uint64_t transfer = payment_transfer(txn, lines, n, &cause);
    payment_order_take(txn, &c, PAYMENT_ORDER_APPLY, PAYMENT_ATTEMPT_APPLY);
    if (excess > 0)
        give_back(payment, txn, used, excess, transfer, reason);
}

static void to_treasury(struct mc_txn *txn, const struct used *used)
{
    const PaymentState__Case *record = used->records[0];
    char account[PAYMENT_ACCOUNT_SIZE];

    (void)snprintf(account, sizeof account, "treasury:%s", record->unit);
    const struct payment_line lines[] = {{record->account, record->amount},
                                         {account, -record->amount}};
    const struct payment_cause cause = cause_of(used);

    (void)payment_transfer(txn, lines, MC_LEN(lines), &cause);
}

static void perform(struct payment *payment, struct mc_txn *txn, struct mc_bytes id,
                    PaymentState__Case *record, const char *reason)
{
    struct used used = {0};
    PaymentState__Order *order = prepare(txn, id, record, &used);

    if (txn->status != MC_OK)
        return;
    switch ((Payment__CaseAction)record->proposal->action) {
    case PAYMENT__CASE_ACTION__APPLY_TO_ORDER:
        apply(payment, txn, &used, order, reason);
        break;
    case PAYMENT__CASE_ACTION__TO_TREASURY:
        to_treasury(txn, &used);
        break;
    case PAYMENT__CASE_ACTION__REFUND_PAYER:
        send_back(payment, txn, &used, reason);
        break;
    case PAYMENT__CASE_ACTION__NO_ACTION:
    case PAYMENT__CASE_ACTION__CASE_ACTION_UNSPECIFIED:
    case _PAYMENT__CASE_ACTION_IS_INT_SIZE:
    default:
        (void)mc_fail(txn, MC_CORRUPT, "a proposal that is none");
        return;
    }
    for (size_t i = 0; i < used.n && txn->status == MC_OK; i++) {
        if (i > 0) /* what became of it is written in the first */
            used.records[i]->proposal = record->proposal;
        payment_case_end(txn, used.ids[i], used.records[i], reason);
    }
}

enum mc_status payment_approve_case(struct payment *payment, struct mc_txn *txn,
                                    const Payment__ApproveCaseRequest *req, Payment__Case *rep)
{
    struct mc_bytes id = mc_key_bytes(req->case_id);
    const char *reason = payment_line_read(txn, "reason", req->reason, !req->approve);
    PaymentState__Case *record = payment_case_take(txn, id, req->version);
    if (record == NULL)
        return txn->status;
    if (record->state != PAYMENT__CASE_STATE__CASE_PROPOSED || record->proposal == NULL)
        return mc_refuse(txn, MC_CONFLICT, "", "CASE_NOT_PROPOSED", NULL);
    if (strcmp(record->proposal->by, payment_actor(txn)) == 0)
        return mc_refuse(txn, MC_DENIED, "", "SECOND_PERSON_NEEDED", NULL);

    if (req->approve) {
        perform(payment, txn, id, record, reason);
    } else {
        record->state = record->assigned_to[0] != '\0' ? PAYMENT__CASE_STATE__CASE_ASSIGNED
                                                       : PAYMENT__CASE_STATE__CASE_OPEN;
        payment_case_put(txn, id, record, "payment.case_rejected", reason);
    }
    if (txn->status == MC_OK)
        payment_case_show(txn, id, record, rep);
    return txn->status;
}
