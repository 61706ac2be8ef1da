/* States: what an order and an attempt may become. Two tables, pure. */
#pragma once

#include "common/base.h"

#include "payment.pb-c.h"

enum payment_order_step {
    PAYMENT_ORDER_PAY,
    PAYMENT_ORDER_APPLY, /* officers let money that lay in suspense pay it */
    PAYMENT_ORDER_CANCEL,
    PAYMENT_ORDER_EXPIRE,
    PAYMENT_ORDER_REFUND, /* its money went back */
    PAYMENT_ORDER_STEPS_LEN
};

enum payment_attempt_step {
    PAYMENT_ATTEMPT_PAGE,      /* INIT answered with a page */
    PAYMENT_ATTEMPT_NO_ANSWER, /* INIT may have been done */
    PAYMENT_ATTEMPT_TOLD,      /* CONFIRM came: ask */
    PAYMENT_ATTEMPT_FAIL,      /* INIT refused, or QUERY says not paid */
    PAYMENT_ATTEMPT_PAY,       /* QUERY says paid, and the order takes it */
    PAYMENT_ATTEMPT_MISFIT,    /* QUERY says paid, and the order cannot take it */
    PAYMENT_ATTEMPT_APPLY,     /* its money, in suspense, is let pay the order after all */
    PAYMENT_ATTEMPT_STEPS_LEN
};

/* …_UNSPECIFIED: not allowed. */
Payment__OrderState payment_order_next(uint32_t state, enum payment_order_step step);
Payment__AttemptState payment_attempt_next(uint32_t state, enum payment_attempt_step step);

/* The code that says why an order in this state is not owed; NULL while it is. */
const char *payment_order_ended(uint32_t state);

/* Both and the refunds' as Markdown (states_text.c): STATES.md. Returns its length. */
enum { PAYMENT_STATES_TEXT_SIZE = 16384 };
size_t payment_states_text(char *text, size_t size);
