/*
 * payment: orders, attempts at paying them, the ledger and receipts. Amounts are integer đồng.
 *
 * An order waits for payment; a dossier's own is made when it is accepted. StartPayment makes an
 * attempt and asks the national platform for a page (INIT 1.0.6); the payer goes there. What the
 * platform then tells (CONFIRM) is checked and never believed alone: a QUERY decides, and in one
 * transaction the order is PAID, the books hold it, and the receipts have their numbers.
 *
 *     attempt   STARTING -> WAITING -> CONFIRMING -> SUCCEEDED
 *                  |           |            |-------> SUSPENSE: money the order could not take
 *                  v           v            v
 *               UNKNOWN ---> (query) ---> FAILED ---> CONFIRMING, when it was paid after all
 *
 * INIT is sent once: a lost answer is asked about, never repeated. Money that came is never lost:
 * what has no place lies in suspense and is a case, which two officers resolve. An order keeps the
 * account it was made for; an account that this one was merged into sees and pays it.
 */
#include <stdio.h>
#include <string.h>

#include "common/file.h"

#include "land.h"
#include "payment.h"
#include "reconcile.h"
#include "transfer.h"

/* clang-format off */
#define PAYMENT_ROUTES(X)                                                                                                     \
    X(CreateOrder,     payment_create_order,     Payment__CreateOrderRequest,  Payment__Order,             MC_WRITE_SECRET, MC_ROOM | MC_OPERATOR,              NULL) \
    X(StartPayment,    payment_start_payment,    Payment__StartPaymentRequest, Payment__StartPaymentReply, MC_WRITE,        MC_CITIZEN | MC_OFFICER,            NULL) \
    X(GetOrder,        payment_get_order,        Payment__GetOrderRequest,     Payment__Order,             MC_READ,         MC_CITIZEN | MC_OFFICER | MC_ROOM,  NULL) \
    X(ListOrders,      payment_list_orders,      Payment__ListOrdersRequest,   Payment__ListOrdersReply,   MC_READ,         MC_CITIZEN | MC_OFFICER | MC_ROOM,  NULL) \
    X(PlatformConfirm, payment_platform_confirm, Motcua__WebhookRequest,       Motcua__WebhookReply,       MC_WRITE,        MC_ROOM,                            NULL) \
    X(GetReceipt,      payment_get_receipt,      Payment__GetReceiptRequest,   Payment__Receipt,           MC_READ,         RECEIPT_READERS,                    NULL) \
    X(CheckLedger,     payment_check_ledger,     Payment__CheckLedgerRequest,  Payment__CheckLedgerReply,  MC_READ,         MC_OPERATOR | MC_ROOM,              NULL) \
    X(ListBanks,       payment_list_banks,       Payment__ListBanksRequest,    Payment__ListBanksReply,   MC_READ,         MC_ANYONE,                          NULL) \
    X(GetBill,         payment_get_bill,         Payment__GetBillRequest,      Payment__Bill,              MC_READ,         MC_CITIZEN | MC_OFFICER | MC_ROOM,  NULL) \
    X(CancelOrder,     payment_cancel_order,     Payment__CancelOrderRequest,  Payment__Order,             MC_WRITE_SECRET, MC_OFFICER | MC_ROOM | MC_OPERATOR, "FEE_COLLECT") \
    X(RequestRefund,   payment_request_refund,   Payment__RequestRefundRequest, Payment__Refund,           MC_WRITE_SECRET, MC_OFFICER,                         "RECONCILE") \
    X(ApproveRefund,   payment_approve_refund,   Payment__ApproveRefundRequest, Payment__Refund,           MC_WRITE_SECRET, MC_OFFICER,                         "RECONCILE") \
    X(RecordRefund,    payment_record_refund,    Payment__RecordRefundRequest, Payment__Refund,            MC_WRITE_SECRET, MC_OFFICER,                         "RECONCILE") \
    X(GetRefund,       payment_get_refund,       Payment__GetRefundRequest,    Payment__Refund,            MC_READ,         MC_OFFICER | MC_OPERATOR,           "RECONCILE") \
    X(ListRefunds,     payment_list_refunds,     Payment__ListRefundsRequest,  Payment__ListRefundsReply,  MC_READ,         MC_OFFICER | MC_OPERATOR,           "RECONCILE") \
    X(RequestCorrection, payment_request_correction, Payment__RequestCorrectionRequest, Payment__Correction, MC_WRITE_SECRET, MC_OFFICER,            "RECONCILE") \
    X(ApproveCorrection, payment_approve_correction, Payment__ApproveCorrectionRequest, Payment__Correction, MC_WRITE_SECRET, MC_OFFICER,            "RECONCILE") \
    X(ListCorrections, payment_list_corrections, Payment__ListCorrectionsRequest, Payment__ListCorrectionsReply, MC_READ,     MC_OFFICER | MC_OPERATOR, "RECONCILE") \
    X(ListCases,       payment_list_cases,       Payment__ListCasesRequest,    Payment__ListCasesReply,   MC_READ,         MC_OFFICER | MC_OPERATOR,           "RECONCILE") \
    X(GetCase,         payment_get_case,         Payment__GetCaseRequest,      Payment__Case,             MC_READ,         MC_OFFICER | MC_OPERATOR,           "RECONCILE") \
    X(AssignCase,      payment_assign_case,      Payment__AssignCaseRequest,   Payment__Case,             MC_WRITE_SECRET, MC_OFFICER,                         "RECONCILE") \
    X(ResolveCase,     payment_resolve_case,     Payment__ResolveCaseRequest,  Payment__Case,             MC_WRITE_SECRET, MC_OFFICER,                         "RECONCILE") \
    X(ApproveCase,     payment_approve_case,     Payment__ApproveCaseRequest,  Payment__Case,             MC_WRITE_SECRET, MC_OFFICER,                         "RECONCILE")

/* Transfers to agencies' own accounts. */
#define PAYMENT_TRANSFER_ROUTES(X) \
    X(GetQr,             payment_get_qr,             Payment__GetQrRequest,             Payment__Qr,                     MC_WRITE, MC_CITIZEN | MC_OFFICER | MC_ROOM, NULL) \
    X(SaveBeneficiary,   payment_save_beneficiary,   Payment__Beneficiary,              Payment__Beneficiary,            MC_WRITE, MC_OPERATOR,                       NULL) \
    X(ListBeneficiaries, payment_list_beneficiaries, Payment__ListBeneficiariesRequest, Payment__ListBeneficiariesReply, MC_READ,  MC_OPERATOR | MC_ROOM,             NULL) \
    X(BankNotice,        payment_bank_notice,        Motcua__WebhookRequest,            Motcua__WebhookReply,            MC_WRITE, MC_ROOM,                           NULL) \
    X(ListTransfers,     payment_list_transfers,     Payment__ListTransfersRequest,     Payment__ListTransfersReply,     MC_READ,  MC_OPERATOR | MC_ROOM,             NULL) \
    X(ImportStatement,   payment_import_statement,   Payment__ImportStatementRequest,   Payment__Reconciliation,         MC_WRITE, MC_OPERATOR | MC_ROOM,             NULL) \
    X(GetReconciliation, payment_get_reconciliation, Payment__GetReconciliationRequest, Payment__Reconciliation,         MC_READ,  MC_OPERATOR | MC_ROOM,             NULL)

#define PAYMENT_LINK_ROUTES(X) \
    X(StartLink,   payment_start_link,   Payment__StartLinkRequest,   Payment__BankLink, MC_WRITE_SECRET, MC_CITIZEN, NULL) \
    X(GetLink,     payment_get_link,     Payment__GetLinkRequest,     Payment__BankLink, MC_READ,         MC_CITIZEN, NULL) \
    X(ConfirmLink, payment_confirm_link, Payment__ConfirmLinkRequest, Payment__BankLink, MC_WRITE_SECRET, MC_CITIZEN, NULL) \
    X(Unlink,      payment_unlink,       Payment__UnlinkRequest,      Payment__BankLink, MC_WRITE_SECRET, MC_CITIZEN, NULL)

#define PAYMENT_TAX_ROUTES(X) \
    X(StartTaxLookUp,  payment_start_tax_look_up, Payment__StartTaxLookUpRequest,  Payment__TaxInfo,             MC_WRITE_SECRET, MC_CITIZEN, NULL) \
    X(GetTaxInfo,      payment_get_tax_info,      Payment__GetTaxInfoRequest,      Payment__TaxInfo,             MC_READ,         MC_CITIZEN, NULL) \
    X(PayTax,          payment_pay_tax,           Payment__PayTaxRequest,          Payment__TaxPayment,          MC_WRITE_SECRET, MC_CITIZEN, NULL) \
    X(GetTaxPayment,   payment_get_tax_payment,   Payment__GetTaxPaymentRequest,   Payment__TaxPayment,          MC_READ,         MC_CITIZEN, NULL) \
    X(CheckTaxPayment, payment_check_tax_payment, Payment__GetTaxPaymentRequest,   Payment__TaxPayment,          MC_WRITE_SECRET, MC_CITIZEN, NULL) \
    X(ListTaxPayments, payment_list_tax_payments, Payment__ListTaxPaymentsRequest, Payment__ListTaxPaymentsReply, MC_READ,        MC_CITIZEN, NULL)

#define PAYMENT_LAND_ROUTES(X) \
    X(StartLandLookUp,    payment_start_land_look_up,   Payment__StartLandLookUpRequest,    Payment__LandLookUp,        MC_WRITE, MC_ANYONE,                         NULL) \
    X(GetLandLookUp,      payment_get_land_look_up,     Payment__GetLandLookUpRequest,      Payment__LandLookUp,        MC_READ,  MC_ANYONE,                         NULL) \
    X(PayLand,            payment_pay_land,             Payment__PayLandRequest,            Payment__Order,             MC_WRITE_SECRET, MC_CITIZEN,                        NULL) \
    X(TaxNotice,          payment_tax_notice,           Motcua__WebhookRequest,             Motcua__WebhookReply,       MC_WRITE, MC_ROOM,                           NULL) \
    X(ListVouchers,       payment_list_vouchers,        Payment__ListVouchersRequest,       Payment__ListVouchersReply, MC_READ,  MC_CITIZEN | MC_OFFICER | MC_ROOM, NULL) \
    X(SetVoucherDelivery, payment_set_voucher_delivery, Payment__SetVoucherDeliveryRequest, Payment__Voucher,           MC_WRITE_SECRET, MC_ROOM | MC_OPERATOR,             NULL)
/* Receipts, and the history they are printed from. */
#define RECEIPT_READERS (MC_CITIZEN | MC_OFFICER | MC_ROOM | MC_PORTAL)
#define PAYMENT_RECEIPT_ROUTES(X) \
    X(GetReceiptFile,   payment_get_receipt_file,   Payment__GetReceiptFileRequest,   Payment__ReceiptFile,           MC_READ,         RECEIPT_READERS,        NULL) \
    X(ListReceipts,     payment_list_receipts,      Payment__ListReceiptsRequest,     Payment__ListReceiptsReply,     MC_READ,         RECEIPT_READERS,        NULL) \
    X(CancelReceipt,    payment_cancel_receipt,     Payment__CancelReceiptRequest,    Payment__Receipt,               MC_WRITE_SECRET, MC_OFFICER,             "FEE_COLLECT") \
    X(ListTransactions, payment_list_transactions,  Payment__ListTransactionsRequest, Payment__ListTransactionsReply, MC_READ,         MC_CITIZEN | MC_OFFICER, NULL)

static const char *const tables[PAYMENT_TABLES_END - MC_TABLE_ROOM] = {
    [PAYMENT_ORDERS - MC_TABLE_ROOM]       = "orders",       /* order id -> Order */
    [PAYMENT_ATTEMPTS - MC_TABLE_ROOM]     = "attempts",     /* order id, attempt id -> Attempt */
    [PAYMENT_REFERENCES - MC_TABLE_ROOM]   = "references",   /* reference -> order id, attempt id */
    [PAYMENT_TRANSACTIONS - MC_TABLE_ROOM] = "transactions", /* platform's id -> order id, attempt id */
    [PAYMENT_BY_OWNER - MC_TABLE_ROOM]     = "by_owner",     /* see order.c */
    [PAYMENT_BY_DOSSIER - MC_TABLE_ROOM]   = "by_dossier",   /* see order.c */
    [PAYMENT_EXPIRY - MC_TABLE_ROOM]       = "expiry",       /* time, order id -> nothing */
    [PAYMENT_POSTINGS - MC_TABLE_ROOM]     = "postings",     /* sequence -> Posting */
    [PAYMENT_BALANCES - MC_TABLE_ROOM]     = "balances",     /* account -> Balance */
    [PAYMENT_RECEIPTS - MC_TABLE_ROOM]     = "receipts",     /* number -> Receipt */
    [PAYMENT_SERIES - MC_TABLE_ROOM]       = "series",       /* agency -> receipt series */
    [PAYMENT_PAYERS - MC_TABLE_ROOM]       = "payers",       /* account id -> Payer */
    [PAYMENT_ALIASES - MC_TABLE_ROOM]      = "aliases",      /* merged account id -> the account it went into */
    [PAYMENT_BY_ACCOUNT - MC_TABLE_ROOM]   = "by_account",   /* account, 0, sequence -> nothing */
    [PAYMENT_CAUSES - MC_TABLE_ROOM]       = "causes",       /* kind, step, id -> transfer */
    [PAYMENT_CASES - MC_TABLE_ROOM]        = "cases",        /* case id -> Case */
    [PAYMENT_BY_UNIT - MC_TABLE_ROOM]      = "by_unit",      /* see units.c */
    [PAYMENT_REFUNDS - MC_TABLE_ROOM]      = "refunds",      /* refund id -> Refund */
    [PAYMENT_RECEIPT_ENDS - MC_TABLE_ROOM] = "receipt_ends", /* number -> ReceiptEnd */
    [PAYMENT_CLIENT_KEYS - MC_TABLE_ROOM]  = "client_keys",  /* caller, 0, key -> order id, hash */
    [PAYMENT_CHECKS - MC_TABLE_ROOM]       = "checks",       /* "book" -> BookCheck */
    [PAYMENT_CHECK_SUMS - MC_TABLE_ROOM]   = "check_sums",   /* account -> CheckSum */
    [PAYMENT_RECEIPT_FILES - MC_TABLE_ROOM] = "receipt_files", /* number -> ReceiptFile */
    [PAYMENT_RECEIPT_IDS - MC_TABLE_ROOM]  = "receipt_ids",  /* receipt id -> number */
    [PAYMENT_BILLS - MC_TABLE_ROOM]        = "bills",        /* order id -> Bill */
    [PAYMENT_CORRECTIONS - MC_TABLE_ROOM]  = "corrections",  /* correction id -> Correction */
    [PAYMENT_UNPROVEN - MC_TABLE_ROOM]     = "unproven",     /* "callbacks" -> Unproven */
    [PAYMENT_BENEFICIARIES - MC_TABLE_ROOM] = "beneficiaries", /* unit -> Beneficiary */
    [PAYMENT_QR_REFERENCES - MC_TABLE_ROOM] = "qr_references", /* see transfer.h */
    [PAYMENT_TRANSFERS - MC_TABLE_ROOM]     = "transfers",     /* see transfer.h */
    [PAYMENT_LINKS - MC_TABLE_ROOM]         = "links",         /* account id -> Link */
    [PAYMENT_TAX_LOOK_UPS - MC_TABLE_ROOM]  = "tax_look_ups",  /* see tax.h */
    [PAYMENT_TAX_PAYMENTS - MC_TABLE_ROOM]  = "tax_payments",  /* see tax.h */
    [PAYMENT_TAX_DECISIONS - MC_TABLE_ROOM] = "tax_decisions", /* see tax.h */
    [PAYMENT_LAND_DOSSIERS - MC_TABLE_ROOM] = "land_dossiers", /* see land.h */
    [PAYMENT_LAND_NOTICES - MC_TABLE_ROOM]  = "land_notices",  /* see land.h */
    [PAYMENT_LAND_LOOK_UPS - MC_TABLE_ROOM] = "land_look_ups", /* see land.h */
    [PAYMENT_BOOKED - MC_TABLE_ROOM]        = "booked",        /* see reconcile.h */
    [PAYMENT_BOOKED_DAYS - MC_TABLE_ROOM]   = "booked_days",   /* see reconcile.h */
    [PAYMENT_STATEMENT_ROWS - MC_TABLE_ROOM] = "statement_rows", /* see reconcile.h */
    [PAYMENT_RECONCILIATIONS - MC_TABLE_ROOM] = "reconciliations", /* see reconcile.h */
    [PAYMENT_DIFFERENCES - MC_TABLE_ROOM]   = "differences",   /* see reconcile.h */
    [PAYMENT_PARTNERS - MC_TABLE_ROOM]      = "partners",      /* partner -> the last day it was booked with */
};

static const char *const lanes[PAYMENT_LANES_LEN] = {
    [PAYMENT_LANE_INIT]  = "init",
    [PAYMENT_LANE_QUERY] = "query",
    [PAYMENT_LANE_REFUND] = "refund",
    [PAYMENT_LANE_BILL] = "bill",
    [PAYMENT_LANE_LATER] = "later",
    [PAYMENT_LANE_BANK]  = "bank",
    [PAYMENT_LANE_TAX]   = "tax",
    [PAYMENT_LANE_PRINT] = "print",
};

#define AT(field) offsetof(struct payment, field)
static const struct mc_config_key config[] = {
    {"payment.platform_url",         MC_CONFIG_STRING,   AT(platform_url),         "https://platform.invalid/pay", 8, 512,        "The payment platform's address."},
    {"payment.partner",              MC_CONFIG_STRING,   AT(partner),              "DVCQG_TEST", 1, 64,              "MaDoiTac: our name at the platform."},
    {"payment.platform_secret_file", MC_CONFIG_PATH,     AT(secret_file),          "",     0, 1024,                  "The secret shared with the platform, as hex in a file of its own."},
    {"payment.allow_plain_http",     MC_CONFIG_BOOL,     AT(allow_plain_http),     "false", 0, 0,                    "Allow http:// to the platform and its pages: sandbox and tests."},
    {"payment.order_life",           MC_CONFIG_DURATION, AT(order_life_ms),        "30d",  60000, INT64_C(31622400000), "How long an order waits for payment."},
    {"payment.attempt_life",         MC_CONFIG_DURATION, AT(attempt_life_ms),      "24h",  10000, INT64_C(604800000),   "How long the platform's page may stay unpaid."},
    {"payment.query_after",          MC_CONFIG_DURATION, AT(query_after_ms),       "15m",  1000,  86400000,          "Ask the platform when no callback came for so long."},
    {"payment.query_backoff",        MC_CONFIG_DURATION, AT(query_backoff_ms),     "5s",   100,   3600000,           "The first pause between questions; it doubles each time."},
    {"payment.query_backoff_max",    MC_CONFIG_DURATION, AT(query_backoff_max_ms), "10m",  100,   86400000,          "The longest pause between questions."},
    {"payment.platform_refunds",     MC_CONFIG_BOOL,     AT(platform_refunds),     "false", 0, 0,                    "The platform takes REFUND and QUERY_REFUND, which its published protocol does not have."},
    {"payment.fine_service",         MC_CONFIG_STRING,   AT(fine_service),         "",     0, 8,                     "MaDichVu of fines at the platform, which is not published; without it fines are not paid there."},
    {"payment.check_hour",           MC_CONFIG_INT,      AT(check_hour),           "2",    0, 23,                    "From which hour of the day on the whole book is summed again."},
    {"payment.members",              MC_CONFIG_LIST,     AT(members),              "",     0, 100,                   "Members' own systems, which read their units' receipts: portal:tayninh=000.00.00.H53"},
    {"payment.banks_file",           MC_CONFIG_PATH,     AT(banks_file),           "",     0, 1024,                  "Banks and wallets, when not the table that is built in."},
    {"payment.bank_secret_file",     MC_CONFIG_PATH,     AT(bank_secret_file),     "",     0, 1024,                  "The secret shared with banks, in both directions, as hex in a file of its own; empty: none."},
    {"payment.bank_gateway_url",     MC_CONFIG_STRING,   AT(bank_gateway_url),     "",     0, 512,                   "Where banks are asked about links and tax payments; empty: nowhere."},
    {"payment.tax_url",              MC_CONFIG_STRING,   AT(tax_url),              "",     0, 512,                   "The tax office's gateway (GIP); empty: nobody can be asked what is owed."},
    {"payment.statement_due",        MC_CONFIG_DURATION, AT(statement_due_ms),     "10h",  60000, 86400000,         "So long after midnight a partner's statement of yesterday is missed."},
    {"payment.platform_tax_service", MC_CONFIG_STRING,   AT(platform_tax_service), "3",    1, 8,                     "MaDichVu of taxes at the platform; only that of fees, 2, is published."},
    {"payment.notice_key_file",      MC_CONFIG_PATH,     AT(notice_key_file),      "",     0, 1024,                  "SecurityKey of provinces that hand on tax notices, as hex in a file of its own; empty: none."},
};
/* clang-format on */

#define PAYMENT_CALL(method, fn, req, rep, ...) MC_ROUTE_CALL(struct payment, fn, req, rep)
PAYMENT_ROUTES(PAYMENT_CALL)
PAYMENT_TRANSFER_ROUTES(PAYMENT_CALL)
PAYMENT_LINK_ROUTES(PAYMENT_CALL)
PAYMENT_TAX_ROUTES(PAYMENT_CALL)
PAYMENT_LAND_ROUTES(PAYMENT_CALL)
PAYMENT_RECEIPT_ROUTES(PAYMENT_CALL)
MC_FOLLOW_CALL(struct payment, payment_accounts_merged, Identity__AccountsMerged)
MC_FOLLOW_CALL(struct payment, payment_accounts_unmerged, Identity__AccountsMerged)
MC_FOLLOW_CALL(struct payment, payment_dossier_accepted, Dossier__Changed)
MC_FOLLOW_CALL(struct payment, payment_dossier_moved, Dossier__Changed)
MC_FOLLOW_CALL(struct payment, payment_account_opened, Identity__AccountOpened)
MC_FOLLOW_CALL(struct payment, payment_tax_code_changed, Identity__TaxCodeChanged)

static const struct mc_route routes[] = {
    PAYMENT_ROUTES(MC_ROUTE_ROW) PAYMENT_TRANSFER_ROUTES(MC_ROUTE_ROW)
        PAYMENT_LINK_ROUTES(MC_ROUTE_ROW) PAYMENT_TAX_ROUTES(MC_ROUTE_ROW)
            PAYMENT_LAND_ROUTES(MC_ROUTE_ROW) PAYMENT_RECEIPT_ROUTES(MC_ROUTE_ROW)};

static const struct mc_follow follows[] = {
    {"dossier", "dossier.accepted", &dossier__changed__descriptor, payment_dossier_accepted_event},
    {"dossier", "dossier.advanced", &dossier__changed__descriptor, payment_dossier_moved_event},
    {"identity", "identity.account_opened", &identity__account_opened__descriptor,
     payment_account_opened_event},
    {"identity", "identity.contact_changed", &identity__account_opened__descriptor,
     payment_account_opened_event},
    {"identity", "identity.tax_code_changed", &identity__tax_code_changed__descriptor,
     payment_tax_code_changed_event},
    {"identity", "identity.accounts_merged", &identity__accounts_merged__descriptor,
     payment_accounts_merged_event},
    {"identity", "identity.accounts_unmerged", &identity__accounts_merged__descriptor,
     payment_accounts_unmerged_event},
};

#define OUTSIDE_EFFECT(lane_, name, type, fn)                                                      \
    {                                                                                              \
        .kind = (name), .lane = (lane_), .payload = &payment_state__##type##__descriptor,          \
        .http = payment_##fn##_http, .done = payment_##fn##_done, .lease_ms = PAYMENT_LEASE_MS,    \
        .concurrency = 16,                                                                         \
    }
#define BANK_EFFECT(name, type, fn) OUTSIDE_EFFECT(PAYMENT_LANE_BANK, name, type, fn)
#define TAX_EFFECT(name, type, fn)  OUTSIDE_EFFECT(PAYMENT_LANE_TAX, name, type, fn)

static const struct mc_effect effects[] = {
    {
        .kind = "platform.init",
        .lane = PAYMENT_LANE_INIT,
        .payload = &payment_state__init__descriptor,
        .http = payment_init_http,
        .done = payment_init_done,
        .lease_ms = PAYMENT_LEASE_MS,
        .concurrency = 16,
        .ask_first = true,
    },
    {
        .kind = "platform.query",
        .lane = PAYMENT_LANE_QUERY,
        .payload = &payment_state__query__descriptor,
        .http = payment_query_http,
        .done = payment_query_done,
        .lease_ms = PAYMENT_LEASE_MS,
        .concurrency = 16,
    },
    {
        .kind = "platform.last_query",
        .lane = PAYMENT_LANE_LATER,
        .payload = &payment_state__query__descriptor,
        .http = payment_query_http,
        .done = payment_query_done,
        .lease_ms = PAYMENT_LEASE_MS,
        .concurrency = 4,
    },
    {
        .kind = "platform.bill",
        .lane = PAYMENT_LANE_BILL,
        .payload = &payment_state__query__descriptor,
        .http = payment_bill_http,
        .done = payment_bill_done,
        .lease_ms = PAYMENT_LEASE_MS,
        .concurrency = 4,
    },
    {
        .kind = "platform.refund",
        .lane = PAYMENT_LANE_REFUND,
        .payload = &payment_state__refund_send__descriptor,
        .http = payment_refund_http,
        .done = payment_refund_done,
        .lease_ms = PAYMENT_LEASE_MS,
        .concurrency = 4,
        .ask_first = true,
    },
    {
        .kind = "platform.refund_query",
        .lane = PAYMENT_LANE_REFUND,
        .payload = &payment_state__refund_send__descriptor,
        .http = payment_refund_query_http,
        .done = payment_refund_query_done,
        .lease_ms = PAYMENT_LEASE_MS,
        .concurrency = 4,
    },
    BANK_EFFECT("bank.link_check", link_ask, link_check),
    BANK_EFFECT("bank.link_confirm", link_ask, link_confirm),
    BANK_EFFECT("bank.link_remove", link_ask, link_remove),
    BANK_EFFECT("bank.tax_start", tax_start, tax_start),
    BANK_EFFECT("bank.tax_query", tax_ask, tax_query),
    TAX_EFFECT("tax.debts", tax_ask, tax_debts),
    TAX_EFFECT("tax.land", land_ask, tax_land),
    {
        .kind = "receipt.print",
        .lane = PAYMENT_LANE_PRINT,
        .payload = &payment_state__receipt_print__descriptor,
        .call = payment_receipt_call,
        .done = payment_receipt_done,
        .lease_ms = PAYMENT_LEASE_MS,
        .concurrency = 4,
    },
};

/* The file holds hex, of a length only the other side knows. */
static enum mc_status secret_load(struct mc_boot *boot, const char *key, const char *path,
                                  char ret_secret[PAYMENT_SECRET_MAX + 1])
{
    enum mc_status status = MC_INVALID;
    size_t len = PAYMENT_SECRET_MIN;

    for (; len <= PAYMENT_SECRET_MAX; len++) {
        status = mc_key_load(path, (uint8_t *)ret_secret, len);
        if (status != MC_INVALID)
            break;
    }
    if (status == MC_OK && memchr(ret_secret, '\0', len) != NULL)
        status = MC_INVALID;
    if (status != MC_OK) {
        (void)snprintf(boot->why, sizeof boot->why, "%s: %s", key, mc_key_sentence(status));
        return status;
    }
    ret_secret[len] = '\0';
    return MC_OK;
}

extern const char mc_data_banks[];
extern const size_t mc_data_banks_len;

static enum mc_status banks_load(struct payment *payment, struct mc_boot *boot)
{
    char why[MC_LEN(boot->why) / 2] = "";
    struct mc_arena memory;
    struct mc_bytes text = {mc_data_banks, mc_data_banks_len};
    enum mc_status status = mc_arena_init(&memory, (size_t)2 * PAYMENT_BANKS_FILE_MAX);

    if (status != MC_OK)
        return status;
    if (payment->banks_file[0] != '\0') {
        status = mc_file_read(&memory, payment->banks_file, PAYMENT_BANKS_FILE_MAX, &text);
        if (status != MC_OK)
            (void)snprintf(why, sizeof why, "%s", mc_file_sentence(status));
    }
    if (status == MC_OK)
        status = payment_banks_read(&payment->banks, text, why, sizeof why);
    mc_arena_done(&memory);
    if (status != MC_OK)
        (void)snprintf(boot->why, sizeof boot->why, "payment.banks_file: %s", why);
    return status;
}

enum mc_status payment_boot(void *ctx, struct mc_boot *boot)
{
    struct payment *payment = ctx;

    payment->sign_secret = boot->sign_secret;
    if (!payment_url_valid(payment, payment->platform_url)) {
        (void)snprintf(boot->why, sizeof boot->why,
                       "payment.platform_url must be https:// (payment.allow_plain_http is off)");
        return MC_INVALID;
    }
    if (payment->bank_gateway_url[0] != '\0' &&
        (!payment_url_valid(payment, payment->bank_gateway_url) ||
         payment->bank_secret_file[0] == '\0')) {
        (void)snprintf(boot->why, sizeof boot->why,
                       "payment.bank_gateway_url must be https://, and needs bank_secret_file");
        return MC_INVALID;
    }
    if (payment->tax_url[0] != '\0' && !payment_url_valid(payment, payment->tax_url)) {
        (void)snprintf(boot->why, sizeof boot->why, "payment.tax_url must be https://");
        return MC_INVALID;
    }
    if (strchr(payment->partner, '|') != NULL) {
        (void)snprintf(boot->why, sizeof boot->why, "payment.partner may not contain '|'");
        return MC_INVALID;
    }
    if (payment->query_backoff_ms > payment->query_backoff_max_ms) {
        (void)snprintf(boot->why, sizeof boot->why,
                       "payment.query_backoff is above payment.query_backoff_max");
        return MC_INVALID;
    }
    if (payment->secret_file[0] == '\0') {
        (void)snprintf(boot->why, sizeof boot->why, "payment.platform_secret_file is needed");
        return MC_INVALID;
    }
    enum mc_status status = banks_load(payment, boot);
    if (status == MC_OK && payment->bank_secret_file[0] != '\0')
        status = secret_load(boot, "payment.bank_secret_file", payment->bank_secret_file,
                             payment->bank_secret);
    if (status == MC_OK && payment->notice_key_file[0] != '\0')
        status = secret_load(boot, "payment.notice_key_file", payment->notice_key_file,
                             payment->notice_key);
    return status == MC_OK ? secret_load(boot, "payment.platform_secret_file", payment->secret_file,
                                         payment->secret)
                           : status;
}

/* Jobs of the other lanes wait for a time of their own: late is what they are not. */
static int64_t lane_limit_ms(const void *ctx, unsigned lane)
{
    (void)ctx;
    switch (lane) {
    case PAYMENT_LANE_INIT:
        return INT64_C(5) * 60000;
    case PAYMENT_LANE_PRINT:
        return INT64_C(15) * 60000;
    default:
        return 0;
    }
}

/* OURS: no law that we know of names a time. */
#define OURS "ours"
/* clang-format off */
static const struct mc_retention retention[] = {
    {.rule = "land_look_ups", .what = "Answers of the tax system about land", .keep_ms = PAYMENT_LAND_LIFE_MS, .source = OURS, .table = PAYMENT_LAND_LOOK_UPS},
    {.rule = "books", .what = "Orders, attempts, receipts, the ledger", .until = "for ever", .source = OURS},
};
/* clang-format on */

const struct mc_room payment_room = {
    .name = "payment",
    .proto = &payment__payment__descriptor,
    .routes = routes,
    .routes_len = MC_LEN(routes),
    .tables = tables,
    .tables_len = MC_LEN(tables),
    .lanes = lanes,
    .lanes_len = MC_LEN(lanes),
    .lane_limit_ms = lane_limit_ms,
    .money = ~0U, /* every one of them */
    .follows = follows,
    .follows_len = MC_LEN(follows),
    .effects = effects,
    .effects_len = MC_LEN(effects),
    .config = config,
    .config_len = MC_LEN(config),
    .retention = retention,
    .retention_len = MC_LEN(retention),
    .ctx_size = sizeof(struct payment),
    .boot = payment_boot,
    .tick = payment_tick,
    .tick_ms = 60000,
};
