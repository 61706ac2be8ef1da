/*
 * Links: a person's account and his Internet-banking account, at most one at a time (BNK-11).
 *
 *     links   account id -> Link
 *
 * The bank is asked for the conditions (BNK-06 … BNK-08), sends its own one-time code, and gives
 * a token at the end, by which it lets the person in later. A new try takes the place of one that
 * was not confirmed, so of two devices the later one goes on. While a code is being confirmed, and
 * after it was, nothing takes its place.
 */
#pragma once

#include "outside.h"

enum {
    PAYMENT_LOGIN_NAME_MAX = 64,
    PAYMENT_BANK_CODE_MIN = 4, /* digits of a bank's one-time code */
    PAYMENT_BANK_CODE_MAX = 8,
    PAYMENT_LINK_LIFE_MS = 5 * 60 * 1000,          /* of a try that waits for its code */
    PAYMENT_LINK_ASK_MS = 60 * 1000,               /* how long the bank is asked */
    PAYMENT_LINK_CONFIRM_MS = 10 * 60 * 1000,      /* how long a lost answer is asked for */
    PAYMENT_LINK_REMOVE_MS = 7 * 24 * 3600 * 1000, /* how long a bank is told to forget */
};

mc_nodiscard PaymentState__Link *payment_link_load(struct mc_txn *txn, const char *account);
void payment_link_save(struct mc_txn *txn, const char *account, const PaymentState__Link *link);
/* payment.link_changed, for the audit and who follows. */
void payment_link_emit(struct mc_txn *txn, const char *account, const PaymentState__Link *link);
void payment_link_show(const struct payment *payment, struct mc_txn *txn,
                       const PaymentState__Link *link, Payment__BankLink *rep);
/* The bank is told to forget it; nobody waits for that. */
void payment_link_forget(struct mc_txn *txn, const char *account, const PaymentState__Link *link);

enum mc_status payment_start_link(struct payment *payment, struct mc_txn *txn,
                                  const Payment__StartLinkRequest *req, Payment__BankLink *rep);
enum mc_status payment_get_link(struct payment *payment, struct mc_txn *txn,
                                const Payment__GetLinkRequest *req, Payment__BankLink *rep);
enum mc_status payment_confirm_link(struct payment *payment, struct mc_txn *txn,
                                    const Payment__ConfirmLinkRequest *req, Payment__BankLink *rep);
enum mc_status payment_unlink(struct payment *payment, struct mc_txn *txn,
                              const Payment__UnlinkRequest *req, Payment__BankLink *rep);

/* Effects: bank.link_check, bank.link_confirm, bank.link_remove. */
#define PAYMENT_EFFECT(name)                                                                       \
    enum mc_status payment_##name##_http(                                                          \
        void *ctx, struct mc_arena *arena, const struct mc_job *job,                               \
        const ProtobufCMessage *payload, struct mc_http_request *ret_request);                     \
    enum mc_status payment_##name##_done(                                                          \
        void *ctx, struct mc_txn *txn, const struct mc_job *job, const ProtobufCMessage *payload,  \
        const struct mc_result *result, enum mc_verdict *ret_verdict)
PAYMENT_EFFECT(link_check);
PAYMENT_EFFECT(link_confirm);
PAYMENT_EFFECT(link_remove);
