/*
 * Transfers: money that comes to an agency's own bank account, by VietQR or by hand. Nobody comes
 * back from a page: the bank's notice, or its statement, tells of it. Only the payment room's files
 * include it.
 *
 *     beneficiaries   unit                                         -> Beneficiary
 *     qr_references   short reference, or squeezed dossier code    -> order id
 *     transfers       "<bin>/<account>", 0, bank's transaction id  -> Transfer
 */
#pragma once

#include "payment.h"
#include "reference.h"

enum {
    PAYMENT_CONTENT_MAX = 500,     /* bytes of a transfer's words */
    PAYMENT_BANK_ACCOUNT_MAX = 19, /* VietQR, tag 38 */
    PAYMENT_BIN_LEN = 6,
    PAYMENT_NOTICE_SKEW_MS = 5 * 60 * 1000, /* how old a signed message may be */
};

/* One line of a notice or a statement; texts are borrowed. */
struct payment_credit {
    const char *bin;
    const char *account;
    const char *transaction_id;
    const char *content;
    int64_t amount;
    int64_t at_ms;
};

/* NULL when it can be taken; else the field that is wrong. */
mc_nodiscard const char *payment_credit_check(const struct payment_credit *credit);

struct mc_bytes payment_transfer_key(struct mc_txn *txn, const char *bin, const char *account,
                                     const char *transaction_id);

/*
 * Takes a credit once: an order is paid by it, or it goes to suspense. False: it was known; then
 * *ret_same says whether it was told in the same words about the money.
 */
bool payment_credit_take(struct payment *payment, struct mc_txn *txn,
                         const struct payment_credit *credit, bool *ret_same);

/* The account of the unit, or of the nearest agency above it that has one; NULL: none. */
mc_nodiscard const PaymentState__Beneficiary *payment_beneficiary_of(struct mc_txn *txn,
                                                                     const char *unit);

/* "bank:970415:990000000017", an account of the ledger; in the arena, NULL with the call failed. */
mc_nodiscard const char *payment_bank_account(struct mc_txn *txn, const char *bin,
                                              const char *account);

/*
 * Is it signed, and not too old? After Standard Webhooks: Webhook-Signature has "v1," and the
 * base64 of HMAC-SHA256 over "<Webhook-Id>.<Webhook-Timestamp>.<body>" (webhook.c).
 */
mc_nodiscard bool payment_webhook_signed(struct mc_txn *txn, const char *secret,
                                         const Motcua__WebhookRequest *req);
/* {"result": word}, with an HTTP status. */
enum mc_status payment_webhook_say(struct mc_txn *txn, Motcua__WebhookReply *rep, uint32_t status,
                                   const char *word);

enum mc_status payment_get_qr(struct payment *payment, struct mc_txn *txn,
                              const Payment__GetQrRequest *req, Payment__Qr *rep);
enum mc_status payment_save_beneficiary(struct payment *payment, struct mc_txn *txn,
                                        const Payment__Beneficiary *req, Payment__Beneficiary *rep);
enum mc_status payment_list_beneficiaries(struct payment *payment, struct mc_txn *txn,
                                          const Payment__ListBeneficiariesRequest *req,
                                          Payment__ListBeneficiariesReply *rep);
enum mc_status payment_bank_notice(struct payment *payment, struct mc_txn *txn,
                                   const Motcua__WebhookRequest *req, Motcua__WebhookReply *rep);
enum mc_status payment_list_transfers(struct payment *payment, struct mc_txn *txn,
                                      const Payment__ListTransfersRequest *req,
                                      Payment__ListTransfersReply *rep);
