/*
 * Platform: the payment platform's side of protocol 1.0.6, the pure part of it.
 *
 * MaXacThuc is lower-case hex SHA-256 of the message's fields joined by '|' and the secret, in
 * the order below. Codes other than "00" and "0" are not published; ours are listed on the
 * sandbox's own page.
 */
#pragma once

#include "common/base.h"
#include "common/json.h"

enum {
    SANDBOX_HASH_SIZE = 65,
    SANDBOX_FIELDS_MAX = 14,
    SANDBOX_FIELD_MAX = 512,
    SANDBOX_REFERENCE_MAX = 64,
    SANDBOX_TRANSACTION_SIZE = 32,
    SANDBOX_BANK_SIZE = 21,
    SANDBOX_AMOUNT_MAX_DIGITS = 15,
    SANDBOX_PDF_SIZE = 1600,
    SANDBOX_REFUNDS_MAX = 4, /* of one payment */
};

#define SANDBOX_PROTOCOL "1.0.6"
#define SANDBOX_CURRENCY "VND"
#define SANDBOX_SECRET   "motcua-test-secret"

/* TrangThaiGD, and MaLoi of CONFIRM. */
#define SANDBOX_PAID    "00"
#define SANDBOX_PENDING "01"
#define SANDBOX_FAILED  "24"

/* error_code */
#define SANDBOX_ERROR_OK        "0"
#define SANDBOX_ERROR_UNKNOWN   "01" /* no such reference */
#define SANDBOX_ERROR_DUPLICATE "02" /* the reference was used before */
#define SANDBOX_ERROR_PARTNER   "03"
#define SANDBOX_ERROR_AMOUNT    "04"
#define SANDBOX_ERROR_UNPAID    "05" /* no receipt without payment */
#define SANDBOX_ERROR_HASH      "97"
#define SANDBOX_ERROR_FORMAT    "99"

/* Money that went back, by the partner's own reference. */
struct sandbox_refund {
    char reference[SANDBOX_REFERENCE_MAX + 1];
    int64_t amount;
};

struct sandbox_payment {
    char reference[SANDBOX_REFERENCE_MAX + 1];
    char partner[SANDBOX_REFERENCE_MAX + 1];
    char information[SANDBOX_FIELD_MAX + 1];
    int64_t amount; /* asked for */
    int64_t booked; /* what CONFIRM and QUERY tell; 0 until the payer chose */
    const char *state;
    char transaction[SANDBOX_TRANSACTION_SIZE];
    char bank[SANDBOX_BANK_SIZE];
    int64_t at_ms;
    int64_t chosen_ms;
    uint32_t bookings; /* how often money was booked: 0 or 1, or something is wrong */
    uint32_t confirms; /* CONFIRMs sent */
    bool confirmed;    /* one of them was answered "00" */
    struct sandbox_refund refunds[SANDBOX_REFUNDS_MAX];
    size_t refunds_len;
};

/* fields ends in NULL. */
void sandbox_hash(char out[SANDBOX_HASH_SIZE], const char *const *fields, const char *secret);

/* The hashed fields of INIT, QUERY, GET_BILL, CONFIRM, and of REFUND and QUERY_REFUND, which the
 * published protocol does not have, in their order; NULL: no such message. */
const char *const *sandbox_fields_of(const char *message);

/*
 * Reads the hashed fields of a message and checks its MaXacThuc. NULL when all is well, else an
 * error_code, and the field in *ret_field. Values are borrowed from the document.
 */
const char *sandbox_message_read(const struct mc_json *json, const char *secret,
                                 const char *values[SANDBOX_FIELDS_MAX + 1],
                                 const char **ret_field);

/* 1 to 64 letters, digits, dots, dashes and underscores: it stands in the page's address. */
bool sandbox_reference_ok(const char *text);

/* Digits without leading zero, at most 15. */
mc_nodiscard bool sandbox_amount_parse(const char *text, int64_t *ret_amount);

/* A receipt as the smallest PDF a viewer opens; ASCII only. Returns its length. */
size_t sandbox_receipt_pdf(char out[SANDBOX_PDF_SIZE], const struct sandbox_payment *payment);
