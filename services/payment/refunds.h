/*
 * Refunds: money that goes back to who paid it. Two officers decide; the books take both steps.
 *
 *     REQUESTED -> APPROVED -> SENT -> DONE
 *         |           |  |       |-> UNKNOWN -> (asked again) -> DONE, REFUSED or SENT
 *         v           |  +-> DONE            an officer recorded how it was sent
 *      REFUSED <------+--------+             the platform does not do it: back where it was
 *
 * Approved: what the agency earned (or suspense held) -> refunds:payable. Done: from there to where
 * it left by. Refused: the first transfer is taken back by another.
 *
 * Protocol 1.0.6, as published, has no message for it. REFUND and QUERY_REFUND here are made after
 * its other messages and are off unless payment.platform_refunds says that the platform of this
 * installation has them; then the bank's own column decides. Else it is done by hand.
 */
#pragma once

#include "common/service.h"

#include "payment.pb-c.h"
#include "state.pb-c.h"

struct payment;

enum payment_refund_step {
    PAYMENT_REFUND_APPROVE,
    PAYMENT_REFUND_ACCEPT,  /* the platform is at it */
    PAYMENT_REFUND_SILENCE, /* it may have heard */
    PAYMENT_REFUND_FINISH,
    PAYMENT_REFUND_REFUSE,
    PAYMENT_REFUND_STEPS_LEN
};

/* …_UNSPECIFIED: not allowed (states.c). */
Payment__RefundState payment_refund_next(uint32_t state, enum payment_refund_step step);

/* What is sent back, and whose it was. */
struct payment_refund_spec {
    struct mc_bytes order_id; /* or of no bytes */
    struct mc_bytes case_id;  /* or of no bytes */
    struct mc_bytes attempt_id;
    const PaymentState__Attempt *attempt; /* or NULL */
    const char *unit;
    const char *dossier_code;
    const char *owner_account;
    const char *source; /* account by which the money came */
    int64_t amount;
    int64_t came; /* what the attempt's own transaction brought */
    const char *requested_by;
    const char *reason;
};

/* Makes the record, REQUESTED. The arena holds it. NULL when the call has failed. */
PaymentState__Refund *payment_refund_open(const struct payment *payment, struct mc_txn *txn,
                                          const struct payment_refund_spec *spec,
                                          struct mc_bytes *ret_id);

/* Set aside by the transfer (posted by the caller): from now on it is sent, or waits for a hand. */
void payment_refund_approve(struct payment *payment, struct mc_txn *txn, struct mc_bytes id,
                            PaymentState__Refund *refund, uint64_t set_aside, const char *decision);
/* It left: books, order, receipts. `by_hand`: not by the platform. */
void payment_refund_finish(struct mc_txn *txn, struct mc_bytes id, PaymentState__Refund *refund,
                           bool by_hand);
/* It will not be: what was set aside goes back. */
void payment_refund_refuse(struct mc_txn *txn, struct mc_bytes id, PaymentState__Refund *refund,
                           const char *error);
/* Any other step: saved and told. */
void payment_refund_step(struct mc_txn *txn, struct mc_bytes id, PaymentState__Refund *refund,
                         enum payment_refund_step step, const char *error);

mc_nodiscard PaymentState__Refund *payment_refund_get(struct mc_txn *txn, struct mc_bytes id);
/* For a change by an officer: his unit's, and of this version; refuses else. */
mc_nodiscard PaymentState__Refund *payment_refund_take(struct mc_txn *txn, struct mc_bytes id,
                                                       uint32_t version);
void payment_refund_show(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Refund *refund,
                         Payment__Refund *rep);

/* Effects (refund_send.c). */
void payment_refund_send(struct payment *payment, struct mc_txn *txn, struct mc_bytes id,
                         const PaymentState__Refund *refund);
enum mc_status payment_refund_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                   const ProtobufCMessage *payload,
                                   struct mc_http_request *ret_request);
enum mc_status payment_refund_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                   const ProtobufCMessage *payload, const struct mc_result *result,
                                   enum mc_verdict *ret_verdict);
enum mc_status payment_refund_query_http(void *ctx, struct mc_arena *arena,
                                         const struct mc_job *job, const ProtobufCMessage *payload,
                                         struct mc_http_request *ret_request);
enum mc_status payment_refund_query_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                         const ProtobufCMessage *payload,
                                         const struct mc_result *result,
                                         enum mc_verdict *ret_verdict);
