#include "states.h"

#include "refunds.h"

#define ORDER(name)   PAYMENT__ORDER_STATE__##name
#define ATTEMPT(name) PAYMENT__ATTEMPT_STATE__##name
#define REFUND(name)  PAYMENT__REFUND_STATE__REFUND_##name

/* clang-format off */
static const struct {
    Payment__OrderState from;
    enum payment_order_step step;
    Payment__OrderState to;
} order_steps[] = {
    {ORDER(PENDING), PAYMENT_ORDER_PAY,    ORDER(PAID)},
    {ORDER(PENDING), PAYMENT_ORDER_APPLY,  ORDER(PAID)},
    {ORDER(PENDING), PAYMENT_ORDER_CANCEL, ORDER(CANCELLED)},
    {ORDER(PENDING), PAYMENT_ORDER_EXPIRE, ORDER(EXPIRED)},
    {ORDER(EXPIRED), PAYMENT_ORDER_APPLY,  ORDER(PAID)},
    {ORDER(PAID),    PAYMENT_ORDER_REFUND, ORDER(REFUNDED)},
};

/*
 * FAILED is not an end: the platform may say "paid" after it said "not paid", and money that came
 * must be seen. SUCCEEDED is an end, and so is SUSPENSE but for the officers who resolve its case.
 * Whatever the state, only a QUERY ends in money.
 */
static const struct {
    Payment__AttemptState from;
    enum payment_attempt_step step;
    Payment__AttemptState to;
} attempt_steps[] = {
    {ATTEMPT(STARTING),   PAYMENT_ATTEMPT_PAGE,      ATTEMPT(WAITING)},
    {ATTEMPT(STARTING),   PAYMENT_ATTEMPT_NO_ANSWER, ATTEMPT(UNKNOWN)},
    {ATTEMPT(STARTING),   PAYMENT_ATTEMPT_TOLD,      ATTEMPT(CONFIRMING)},
    {ATTEMPT(STARTING),   PAYMENT_ATTEMPT_FAIL,      ATTEMPT(FAILED)},
    {ATTEMPT(STARTING),   PAYMENT_ATTEMPT_PAY,       ATTEMPT(SUCCEEDED)},
    {ATTEMPT(STARTING),   PAYMENT_ATTEMPT_MISFIT,    ATTEMPT(SUSPENSE)},
    {ATTEMPT(WAITING),    PAYMENT_ATTEMPT_TOLD,      ATTEMPT(CONFIRMING)},
    {ATTEMPT(WAITING),    PAYMENT_ATTEMPT_FAIL,      ATTEMPT(FAILED)},
    {ATTEMPT(WAITING),    PAYMENT_ATTEMPT_PAY,       ATTEMPT(SUCCEEDED)},
    {ATTEMPT(WAITING),    PAYMENT_ATTEMPT_MISFIT,    ATTEMPT(SUSPENSE)},
    {ATTEMPT(UNKNOWN),    PAYMENT_ATTEMPT_TOLD,      ATTEMPT(CONFIRMING)},
    {ATTEMPT(UNKNOWN),    PAYMENT_ATTEMPT_FAIL,      ATTEMPT(FAILED)},
    {ATTEMPT(UNKNOWN),    PAYMENT_ATTEMPT_PAY,       ATTEMPT(SUCCEEDED)},
    {ATTEMPT(UNKNOWN),    PAYMENT_ATTEMPT_MISFIT,    ATTEMPT(SUSPENSE)},
    {ATTEMPT(CONFIRMING), PAYMENT_ATTEMPT_FAIL,      ATTEMPT(FAILED)},
    {ATTEMPT(CONFIRMING), PAYMENT_ATTEMPT_PAY,       ATTEMPT(SUCCEEDED)},
    {ATTEMPT(CONFIRMING), PAYMENT_ATTEMPT_MISFIT,    ATTEMPT(SUSPENSE)},
    {ATTEMPT(FAILED),     PAYMENT_ATTEMPT_TOLD,      ATTEMPT(CONFIRMING)},
    {ATTEMPT(SUSPENSE),   PAYMENT_ATTEMPT_APPLY,     ATTEMPT(SUCCEEDED)},
};

static const struct {
    Payment__RefundState from;
    enum payment_refund_step step;
    Payment__RefundState to;
} refund_steps[] = {
    {REFUND(REQUESTED), PAYMENT_REFUND_APPROVE, REFUND(APPROVED)},
    {REFUND(REQUESTED), PAYMENT_REFUND_REFUSE,  REFUND(REFUSED)},
    {REFUND(APPROVED),  PAYMENT_REFUND_ACCEPT,  REFUND(SENT)},
    {REFUND(APPROVED),  PAYMENT_REFUND_SILENCE, REFUND(UNKNOWN)},
    {REFUND(APPROVED),  PAYMENT_REFUND_FINISH,  REFUND(DONE)},
    {REFUND(APPROVED),  PAYMENT_REFUND_REFUSE,  REFUND(REFUSED)},
    {REFUND(SENT),      PAYMENT_REFUND_FINISH,  REFUND(DONE)},
    {REFUND(SENT),      PAYMENT_REFUND_REFUSE,  REFUND(REFUSED)},
    {REFUND(UNKNOWN),   PAYMENT_REFUND_ACCEPT,  REFUND(SENT)},
    {REFUND(UNKNOWN),   PAYMENT_REFUND_FINISH,  REFUND(DONE)},
    {REFUND(UNKNOWN),   PAYMENT_REFUND_REFUSE,  REFUND(REFUSED)},
};
/* clang-format on */

Payment__OrderState payment_order_next(uint32_t state, enum payment_order_step step)
{
    for (size_t i = 0; i < MC_LEN(order_steps); i++)
        if (order_steps[i].from == state && order_steps[i].step == step)
            return order_steps[i].to;
    return ORDER(ORDER_STATE_UNSPECIFIED);
}

const char *payment_order_ended(uint32_t state)
{
    static const char *const codes[] = {
        [ORDER(PAID)] = "ALREADY_PAID",
        [ORDER(CANCELLED)] = "ORDER_CANCELLED",
        [ORDER(EXPIRED)] = "ORDER_EXPIRED",
        [ORDER(REFUNDED)] = "ORDER_REFUNDED",
    };

    return state < MC_LEN(codes) ? codes[state] : NULL;
}

Payment__AttemptState payment_attempt_next(uint32_t state, enum payment_attempt_step step)
{
    for (size_t i = 0; i < MC_LEN(attempt_steps); i++)
        if (attempt_steps[i].from == state && attempt_steps[i].step == step)
            return attempt_steps[i].to;
    return ATTEMPT(ATTEMPT_STATE_UNSPECIFIED);
}

Payment__RefundState payment_refund_next(uint32_t state, enum payment_refund_step step)
{
    for (size_t i = 0; i < MC_LEN(refund_steps); i++)
        if (refund_steps[i].from == state && refund_steps[i].step == step)
            return refund_steps[i].to;
    return REFUND(STATE_UNSPECIFIED);
}
