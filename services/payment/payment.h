/*
 * The payment room: what its files share. Nothing outside this folder includes it.
 *
 * The ctx lives as long as the process. Records and texts that functions return live in the
 * call's arena; a function that returns NULL or false has failed or refused the call.
 */
#pragma once

#include "common/money.h"
#include "common/service.h"

#include "dossier.pb-c.h"
#include "identity.pb-c.h"
#include "payment.pb-c.h"
#include "print.pb-c.h"
#include "state.pb-c.h"

#include "banks.h"
#include "cases.h"
#include "catalogue.h"
#include "ledger.h"
#include "platform.h"
#include "refunds.h"
#include "states.h"

enum payment_table {
    PAYMENT_ORDERS = MC_TABLE_ROOM,
    PAYMENT_ATTEMPTS,
    PAYMENT_REFERENCES,
    PAYMENT_TRANSACTIONS,
    PAYMENT_BY_OWNER,
    PAYMENT_BY_DOSSIER,
    PAYMENT_EXPIRY,
    PAYMENT_POSTINGS,
    PAYMENT_BALANCES,
    PAYMENT_RECEIPTS,
    PAYMENT_SERIES,
    PAYMENT_PAYERS,
    PAYMENT_UNPROVEN,
    PAYMENT_ALIASES,
    PAYMENT_BENEFICIARIES,
    PAYMENT_QR_REFERENCES,
    PAYMENT_TRANSFERS,
    PAYMENT_BY_ACCOUNT,
    PAYMENT_CAUSES,
    PAYMENT_CASES,
    PAYMENT_BY_UNIT,
    PAYMENT_REFUNDS,
    PAYMENT_RECEIPT_ENDS,
    PAYMENT_LINKS,
    PAYMENT_TAX_LOOK_UPS,
    PAYMENT_TAX_PAYMENTS,
    PAYMENT_TAX_DECISIONS,
    PAYMENT_CLIENT_KEYS,
    PAYMENT_CHECKS,
    PAYMENT_CHECK_SUMS,
    PAYMENT_LAND_DOSSIERS,
    PAYMENT_LAND_NOTICES,
    PAYMENT_LAND_LOOK_UPS,
    PAYMENT_RECEIPT_FILES,
    PAYMENT_RECEIPT_IDS,
    PAYMENT_BOOKED,
    PAYMENT_BOOKED_DAYS,
    PAYMENT_STATEMENT_ROWS,
    PAYMENT_RECONCILIATIONS,
    PAYMENT_DIFFERENCES,
    PAYMENT_PARTNERS,
    PAYMENT_BILLS,
    PAYMENT_CORRECTIONS,
    PAYMENT_TABLES_END
};

/* A query must not wait behind a crowd of new payments, so each has its lane. */
enum payment_lane {
    PAYMENT_LANE_INIT,
    PAYMENT_LANE_QUERY,
    PAYMENT_LANE_REFUND,
    PAYMENT_LANE_BILL,
    PAYMENT_LANE_LATER, /* rests for a day: it must not make the others' look old */
    PAYMENT_LANE_BANK,
    PAYMENT_LANE_TAX,
    PAYMENT_LANE_PRINT,
    PAYMENT_LANES_LEN
};

enum {
    PAYMENT_ITEMS_MAX = 20,
    PAYMENT_ITEM_CODE_MAX = 16,
    PAYMENT_TEXT_MAX = 500, /* bytes of a name or description */
    PAYMENT_CODE_MAX = 49,  /* bytes of a dossier code */
    PAYMENT_URL_MAX = 2048,
    PAYMENT_BANK_MAX = 20,
    PAYMENT_ADDRESS_MAX = 45,  /* an IPv6 address as text */
    PAYMENT_ATTEMPTS_MAX = 50, /* tries of one order */
    PAYMENT_PAGE_DEFAULT = 20,
    PAYMENT_PAGE_MAX = 100,
    PAYMENT_PAGE_ATTEMPTS = 200,          /* a page ends early when its orders have so many tries */
    PAYMENT_PAGE_SCAN = 1000,             /* rows looked at for a page */
    PAYMENT_TICK_ROWS = 100,              /* orders one tick ends */
    PAYMENT_POSTPONE_MS = 60 * 60 * 1000, /* an order is not ended while someone is paying it */

    PAYMENT_HTTP_TIMEOUT_MS = 20000,
    PAYMENT_LEASE_MS = 45000, /* longer than the exchange can take */
    PAYMENT_ANSWER_MAX = 16 << 10,
    PAYMENT_INITS_MAX = 5, /* tries of INIT, of which nothing left this machine */
    PAYMENT_INIT_BACKOFF_MS = 2000,
    PAYMENT_INIT_LIFE_MS = 60000, /* an INIT that waited longer is not sent any more */

    PAYMENT_GUARD_MS = PAYMENT_INIT_LIFE_MS + PAYMENT_LEASE_MS + 15000, /* then INIT is over */
    PAYMENT_TRANSACTION_MAX = 64,
    PAYMENT_UNPROVEN_PER_MINUTE = 60, /* forged callbacks the audit hears of */

    PAYMENT_RECEIPT_NUMBER_MAX = 32,
    PAYMENT_PRINT_BACKOFF_MS = 1000,
    PAYMENT_PRINT_BACKOFF_MAX_MS = 5 * 60 * 1000,
    PAYMENT_FILE_WAIT_MAX_MS = 10000,

    PAYMENT_SECRET_MIN = 8,
    PAYMENT_SECRET_MAX = 128,
};

/* Where an attempt lies: order id, attempt id. */
enum { PAYMENT_PLACE_LEN = 2 * MC_ID_LEN };

struct payment {
    const char *platform_url;
    const char *partner;
    const char *secret_file;
    bool allow_plain_http;
    bool platform_refunds;
    const char *fine_service;
    int64_t check_hour;
    int64_t order_life_ms;
    int64_t attempt_life_ms;
    int64_t query_after_ms;
    int64_t query_backoff_ms;
    int64_t query_backoff_max_ms;
    const char *banks_file;
    char secret[PAYMENT_SECRET_MAX + 1];
    struct payment_banks banks;
    const char *bank_secret_file;
    const char *bank_gateway_url;
    const char *tax_url;
    const char *notice_key_file;
    const char *platform_tax_service;
    int64_t statement_due_ms;
    char notice_key[PAYMENT_SECRET_MAX + 1];  /* empty: no province may tell us anything */
    char bank_secret[PAYMENT_SECRET_MAX + 1]; /* empty: no bank may tell us anything */
    struct mc_config_list members;
    const uint8_t *sign_secret; /* of receipts' proofs; the frame's */
};

extern const struct mc_room payment_room;

/* Handlers, one file each. */
enum mc_status payment_create_order(struct payment *payment, struct mc_txn *txn,
                                    const Payment__CreateOrderRequest *req, Payment__Order *rep);
enum mc_status payment_start_payment(struct payment *payment, struct mc_txn *txn,
                                     const Payment__StartPaymentRequest *req,
                                     Payment__StartPaymentReply *rep);
enum mc_status payment_get_order(struct payment *payment, struct mc_txn *txn,
                                 const Payment__GetOrderRequest *req, Payment__Order *rep);
enum mc_status payment_list_orders(struct payment *payment, struct mc_txn *txn,
                                   const Payment__ListOrdersRequest *req,
                                   Payment__ListOrdersReply *rep);
enum mc_status payment_platform_confirm(struct payment *payment, struct mc_txn *txn,
                                        const Motcua__WebhookRequest *req,
                                        Motcua__WebhookReply *rep);
enum mc_status payment_get_receipt(struct payment *payment, struct mc_txn *txn,
                                   const Payment__GetReceiptRequest *req, Payment__Receipt *rep);
enum mc_status payment_get_receipt_file(struct payment *payment, struct mc_txn *txn,
                                        const Payment__GetReceiptFileRequest *req,
                                        Payment__ReceiptFile *rep);
enum mc_status payment_list_receipts(struct payment *payment, struct mc_txn *txn,
                                     const Payment__ListReceiptsRequest *req,
                                     Payment__ListReceiptsReply *rep);
enum mc_status payment_cancel_receipt(struct payment *payment, struct mc_txn *txn,
                                      const Payment__CancelReceiptRequest *req,
                                      Payment__Receipt *rep);
enum mc_status payment_list_transactions(struct payment *payment, struct mc_txn *txn,
                                         const Payment__ListTransactionsRequest *req,
                                         Payment__ListTransactionsReply *rep);
enum mc_status payment_check_ledger(struct payment *payment, struct mc_txn *txn,
                                    const Payment__CheckLedgerRequest *req,
                                    Payment__CheckLedgerReply *rep);

enum mc_status payment_list_banks(struct payment *payment, struct mc_txn *txn,
                                  const Payment__ListBanksRequest *req,
                                  Payment__ListBanksReply *rep);

enum mc_status payment_list_cases(struct payment *payment, struct mc_txn *txn,
                                  const Payment__ListCasesRequest *req,
                                  Payment__ListCasesReply *rep);
enum mc_status payment_get_case(struct payment *payment, struct mc_txn *txn,
                                const Payment__GetCaseRequest *req, Payment__Case *rep);
enum mc_status payment_assign_case(struct payment *payment, struct mc_txn *txn,
                                   const Payment__AssignCaseRequest *req, Payment__Case *rep);
enum mc_status payment_resolve_case(struct payment *payment, struct mc_txn *txn,
                                    const Payment__ResolveCaseRequest *req, Payment__Case *rep);
enum mc_status payment_approve_case(struct payment *payment, struct mc_txn *txn,
                                    const Payment__ApproveCaseRequest *req, Payment__Case *rep);

enum mc_status payment_cancel_order(struct payment *payment, struct mc_txn *txn,
                                    const Payment__CancelOrderRequest *req, Payment__Order *rep);
enum mc_status payment_request_refund(struct payment *payment, struct mc_txn *txn,
                                      const Payment__RequestRefundRequest *req,
                                      Payment__Refund *rep);
enum mc_status payment_approve_refund(struct payment *payment, struct mc_txn *txn,
                                      const Payment__ApproveRefundRequest *req,
                                      Payment__Refund *rep);
enum mc_status payment_record_refund(struct payment *payment, struct mc_txn *txn,
                                     const Payment__RecordRefundRequest *req, Payment__Refund *rep);
enum mc_status payment_get_refund(struct payment *payment, struct mc_txn *txn,
                                  const Payment__GetRefundRequest *req, Payment__Refund *rep);
enum mc_status payment_list_refunds(struct payment *payment, struct mc_txn *txn,
                                    const Payment__ListRefundsRequest *req,
                                    Payment__ListRefundsReply *rep);

enum mc_status payment_get_bill(struct payment *payment, struct mc_txn *txn,
                                const Payment__GetBillRequest *req, Payment__Bill *rep);

enum mc_status payment_request_correction(struct payment *payment, struct mc_txn *txn,
                                          const Payment__RequestCorrectionRequest *req,
                                          Payment__Correction *rep);
enum mc_status payment_approve_correction(struct payment *payment, struct mc_txn *txn,
                                          const Payment__ApproveCorrectionRequest *req,
                                          Payment__Correction *rep);
enum mc_status payment_list_corrections(struct payment *payment, struct mc_txn *txn,
                                        const Payment__ListCorrectionsRequest *req,
                                        Payment__ListCorrectionsReply *rep);

/* Followed events. */
enum mc_status payment_dossier_accepted(struct payment *payment, struct mc_txn *txn,
                                        const Motcua__Event *event, const Dossier__Changed *body);
enum mc_status payment_dossier_moved(struct payment *payment, struct mc_txn *txn,
                                     const Motcua__Event *event, const Dossier__Changed *body);
enum mc_status payment_accounts_merged(struct payment *payment, struct mc_txn *txn,
                                       const Motcua__Event *event,
                                       const Identity__AccountsMerged *body);
enum mc_status payment_accounts_unmerged(struct payment *payment, struct mc_txn *txn,
                                         const Motcua__Event *event,
                                         const Identity__AccountsMerged *body);
enum mc_status payment_tax_code_changed(struct payment *payment, struct mc_txn *txn,
                                        const Motcua__Event *event,
                                        const Identity__TaxCodeChanged *body);
enum mc_status payment_account_opened(struct payment *payment, struct mc_txn *txn,
                                      const Motcua__Event *event,
                                      const Identity__AccountOpened *body);

/* Effects. */
enum mc_status payment_init_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                 const ProtobufCMessage *payload,
                                 struct mc_http_request *ret_request);
enum mc_status payment_init_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                 const ProtobufCMessage *payload, const struct mc_result *result,
                                 enum mc_verdict *ret_verdict);
enum mc_status payment_query_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                  const ProtobufCMessage *payload,
                                  struct mc_http_request *ret_request);
enum mc_status payment_query_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                  const ProtobufCMessage *payload, const struct mc_result *result,
                                  enum mc_verdict *ret_verdict);

enum mc_status payment_receipt_call(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                    const ProtobufCMessage *payload, struct mc_room_call *ret_call);
enum mc_status payment_receipt_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                    const ProtobufCMessage *payload, const struct mc_result *result,
                                    enum mc_verdict *ret_verdict);

enum mc_status payment_boot(void *ctx, struct mc_boot *boot);
enum mc_status payment_tick(void *ctx, struct mc_txn *txn);

/* An order and one of its attempts, in hand. */
struct payment_case {
    struct mc_bytes order_id;
    struct mc_bytes attempt_id;
    PaymentState__Order *order;
    PaymentState__Attempt *attempt;
    const char *account; /* of the ledger, where the money lies; NULL: at the platform */
    bool misplaced;      /* it lies on an account that is not the order's */
};

/* Orders (order.c). */
struct mc_bytes payment_order_open(struct payment *payment, struct mc_txn *txn,
                                   PaymentState__Order *order);
mc_nodiscard PaymentState__Order *payment_order_load(struct mc_txn *txn, struct mc_bytes id);
void payment_order_save(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Order *order);
/* Ends a PENDING order otherwise than by money; emits `type`. */
void payment_order_end(struct mc_txn *txn, struct mc_bytes id, PaymentState__Order *order,
                       enum payment_order_step step, const char *type, const char *reason);
void payment_expiry_put(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Order *order);
void payment_expiry_drop(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Order *order);
void payment_emit(struct mc_txn *txn, const char *type, const struct payment_case *c,
                  const char *reason);
/* May the caller see it: its owner, an officer of its unit or above, a room. */
bool payment_visible(struct mc_txn *txn, const PaymentState__Order *order);
/* True, and refused with its code, when the order is not owed or its time is over. */
bool payment_refuse_unpayable(struct mc_txn *txn, const PaymentState__Order *order);
/* Fills a reply: the order with all its attempts, oldest first. */
void payment_order_show(struct mc_txn *txn, struct mc_bytes id, const PaymentState__Order *order,
                        Payment__Order *rep);

/* The keys by which orders of a dossier are found, newest last. */
struct mc_bytes payment_dossier_prefix(struct mc_txn *txn, const char *code);
/* It is this account's, or of one that was merged into it (accounts_merged.c). */
bool payment_is_owned(struct mc_txn *txn, const PaymentState__Order *order, const char *account);
/* The account an order is listed for beside its owner: NULL when there is none. */
const char *payment_merged_into(struct mc_txn *txn, const char *account);
struct mc_bytes payment_owner_prefix(struct mc_txn *txn, const char *account);
/* kind "e": the order its acceptance made; "d": a prefix of all its orders. */
struct mc_bytes payment_dossier_key(struct mc_txn *txn, const char *kind, struct mc_bytes id);

/* A message as bytes in the arena. */
struct mc_bytes payment_packed(struct mc_txn *txn, const ProtobufCMessage *message);

/* Attempts (attempt.c). */
mc_nodiscard bool payment_case_load(struct mc_txn *txn, struct mc_bytes order_id,
                                    struct mc_bytes attempt_id, struct payment_case *ret_case);
void payment_attempt_save(struct mc_txn *txn, const struct payment_case *c);
bool payment_attempt_open(const PaymentState__Attempt *attempt);
/* How many attempts the order has; is one of them still open? */
size_t payment_attempts_count(struct mc_txn *txn, struct mc_bytes order_id, bool *ret_open);
/* Plans the one query of an attempt; an earlier plan is dropped. */
void payment_query_plan(struct payment *payment, struct mc_txn *txn, struct payment_case *c,
                        int64_t due_ms);
/* The same for a failed attempt, once its page can no longer be paid. */
void payment_query_last(struct payment *payment, struct mc_txn *txn, struct payment_case *c,
                        int64_t due_ms);
/* Takes the step the table allows; a bug when it does not. */
void payment_attempt_step(struct payment_case *c, enum payment_attempt_step step);
void payment_attempt_fail(struct mc_txn *txn, struct payment_case *c, const char *error);
void payment_init_add(struct mc_txn *txn, const struct payment_case *c,
                      const PaymentState__Init *init);

/* An address we may send a browser to, or that may be kept. */
bool payment_url_valid(const struct payment *payment, const char *url);

/* A message that only asks about a reference: QUERY, GET_BILL (query.c). */
enum mc_status payment_question(const struct payment *payment, struct mc_arena *arena,
                                const char *message, const char *reference, int64_t at_ms,
                                struct mc_http_request *ret_request);

/* The platform's own e-receipt (bill.c). */
enum { PAYMENT_BILL_MAX = 512 << 10 };
void payment_bill_plan(const struct payment *payment, struct mc_txn *txn,
                       const struct payment_case *c);
enum mc_status payment_bill_http(void *ctx, struct mc_arena *arena, const struct mc_job *job,
                                 const ProtobufCMessage *payload,
                                 struct mc_http_request *ret_request);
enum mc_status payment_bill_done(void *ctx, struct mc_txn *txn, const struct mc_job *job,
                                 const ProtobufCMessage *payload, const struct mc_result *result,
                                 enum mc_verdict *ret_verdict);

/* Money came for the attempt, as the platform's own record says (settle.c). */
void payment_settle(struct mc_txn *txn, struct payment_case *c, int64_t amount);
/*
 * The order takes money that is posted by the caller: states, receipts, event. The steps say how:
 * PAY when it just came, APPLY when it lay in suspense.
 */
void payment_order_take(struct mc_txn *txn, struct payment_case *c, enum payment_order_step by,
                        enum payment_attempt_step how);
/* Lines that credit (sign -1) or debit (1) what the order's agency earns; how many they are. */
size_t payment_earned_lines(struct mc_txn *txn, const PaymentState__Order *order, int sign,
                            struct payment_line *lines);

/* The rehearsal of what ApproveCase will do: refuses what cannot be done now (approve_case.c). */
void payment_case_rehearse(struct mc_txn *txn, struct mc_bytes id, PaymentState__Case *record);

/*
 * The books (books.c): appends a transfer and keeps the balances. Returns its number, 0 when the
 * call has failed: with LEDGER_OVERDRAWN when an account would give what it does not have.
 */
uint64_t payment_transfer(struct mc_txn *txn, const struct payment_line *lines, size_t n,
                          const struct payment_cause *cause);
/* The transfer a cause was posted as; 0: none. */
uint64_t payment_transfer_of(struct mc_txn *txn, const struct payment_cause *cause);
/* Posts the opposite of a whole transfer; 0 when there is none or the call has failed. */
uint64_t payment_transfer_back(struct mc_txn *txn, uint64_t transfer,
                               const struct payment_cause *cause);
/*
 * One step of the nightly check of the whole book (check_books.c), from the tick; emits
 * payment.books_checked at its end.
 */
void payment_books_check(const struct payment *payment, struct mc_txn *txn);
/* The last check, or the one under way; NULL: none yet. */
const PaymentState__BookCheck *payment_books_last(struct mc_txn *txn);

/* The keys of an account's postings in PAYMENT_BY_ACCOUNT. */
struct mc_bytes payment_account_prefix(struct mc_txn *txn, const char *account);
/* A number kept as a key is: big-endian. 0: none. */
uint64_t payment_number_of(struct mc_txn *txn, unsigned table, struct mc_bytes key);

/* The order a client key names; no bytes: none yet, or the call is refused (client_key.c). */
struct mc_bytes payment_client_order(struct mc_txn *txn, const Payment__CreateOrderRequest *req);
void payment_client_order_put(struct mc_txn *txn, const Payment__CreateOrderRequest *req,
                              struct mc_bytes order_id);

/* The request's fine as it is kept, sealed; it is there exactly when an item is one (fine.c). */
ProtobufCBinaryData payment_fine_read(struct mc_txn *txn, const Payment__CreateOrderRequest *req,
                                      const PaymentState__Order *order);
/* Never NULL: all empty when there is none. */
const Payment__Fine *payment_fine_open(struct mc_arena *arena, struct mc_bytes packed);

/*
 * A one-line text of a request as it is stored, at most PAYMENT_TEXT_MAX bytes; "" with the call
 * refused when it may not be (text.c).
 */
const char *payment_line_read(struct mc_txn *txn, const char *field, const char *text, bool needed);

struct payment_receipt_ending {
    const char *reason;      /* a stable code: REFUNDED, CORRECTED */
    const char *note;        /* the officer's own words; NULL: none */
    const char *replaced_by; /* a number; NULL: by none */
};

/* One receipt per kind in the order; their numbers are added to it (receipt.c). */
void payment_receipts_issue(struct mc_txn *txn, struct payment_case *c);
/*
 * The same money again, instead of a receipt that is cancelled by it; NULL when the call has
 * failed. The order's list has the new number; saving it is the caller's. payer "": as it was.
 */
mc_nodiscard char *payment_receipt_replace(struct mc_txn *txn, PaymentState__Order *order,
                                           const char *number, const PaymentState__Receipt *old,
                                           const char *payer);
/* NULL: there is none, or the caller may not see it; then `*ret_order` is not set. */
mc_nodiscard const PaymentState__Receipt *
payment_receipt_load(struct mc_txn *txn, const char *number, PaymentState__Order **ret_order);
void payment_receipt_show(struct payment *payment, struct mc_txn *txn, const char *number,
                          const PaymentState__Receipt *receipt, const PaymentState__Order *order,
                          Payment__Receipt *rep);
/* "lệ phí" */
const char *payment_kind_text(uint32_t kind);
/* Plans the effect that makes its file (receipt_print.c). */
void payment_receipt_print(struct mc_txn *txn, const char *number,
                           const PaymentState__Receipt *receipt, const PaymentState__Order *order);
/* What its QR code says; NULL: no memory. */
mc_nodiscard char *payment_receipt_proof(const struct payment *payment, struct mc_arena *arena,
                                         const PaymentState__ReceiptPrint *receipt);
/* The same facts as the effect has them; the texts are borrowed. */
PaymentState__ReceiptPrint payment_receipt_facts(struct mc_txn *txn, const char *number,
                                                 const PaymentState__Receipt *receipt,
                                                 const PaymentState__Order *order);
void payment_receipt_emit(struct mc_txn *txn, const char *type, const char *number,
                          const PaymentState__Receipt *receipt, const PaymentState__Order *order,
                          Payment__ReceiptChanged *event);
/*
 * A member's own system (payment.members) stands for its unit, as an officer of it would; a front
 * end without a session, for nobody: false, and the call is refused.
 */
mc_nodiscard bool payment_member_stand(const struct payment *payment, struct mc_txn *txn);
/* The business ids that events of an order carry, ended by NULL. */
enum { PAYMENT_KEYS_MAX = 4 };
void payment_order_keys(struct mc_txn *txn, struct mc_bytes order_id,
                        const PaymentState__Order *order, const char *keys[PAYMENT_KEYS_MAX]);

/*
 * The receipt is worth nothing from now on (receipt_cancel.c); `reason` is a stable code. False:
 * it had ended before.
 */
bool payment_receipt_cancel(struct mc_txn *txn, const char *number,
                            const struct payment_receipt_ending *how);
/* NULL while it is good. */
const PaymentState__ReceiptEnd *payment_receipt_end(struct mc_txn *txn, const char *number);
